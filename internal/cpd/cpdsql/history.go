package cpdsql

import (
	"context"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// Events gives a participant's history with that of the joined records, the oldest first.
func (s *Store) Events(ctx context.Context, id cpd.ParticipantID) ([]cpd.Event, error) {
	rows, err := s.q.Events(ctx, string(id))
	return each("event", rows, err, func(row Event) (cpd.Event, error) {
		return cpd.Event{
			At: row.At.UTC(), Participant: cpd.ParticipantID(row.ParticipantID), Who: row.Who, What: cpd.What(row.What),
			Request: cpd.RequestID(row.RequestID), Why: row.Why,
		}, nil
	})
}

// AddEvent writes one step of a history.
func (x *tx) AddEvent(ctx context.Context, e cpd.Event) error {
	return wrote("add event", x.q.AddEvent(ctx, AddEventParams{
		ParticipantID: string(e.Participant), At: sqldb.Time(e.At), Who: e.Who, What: string(e.What), RequestID: string(e.Request), Why: e.Why,
	}))
}
