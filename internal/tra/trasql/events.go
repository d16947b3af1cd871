package trasql

import (
	"context"
	"time"

	"github.com/google/uuid"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// Events gives a request's history, oldest first; of one instant as they were added.
func (x reads) Events(ctx context.Context, id tra.RequestID) ([]tra.Event, error) {
	rows, err := x.q.Events(ctx, string(id))
	if err != nil {
		return nil, readError("history", id, err)
	}
	out := make([]tra.Event, len(rows))
	for i, e := range rows {
		out[i] = tra.Event{At: e.At.UTC(), Request: id, Who: e.Who, What: tra.What(e.What), Why: e.Why}
	}
	return out, nil
}

// EventsBy counts the steps of a kind that somebody took since an instant.
func (s *Store) EventsBy(ctx context.Context, who string, what tra.What, since time.Time) (int, error) {
	n, err := s.q.EventsBy(ctx, EventsByParams{Who: who, What: string(what), At: sqldb.Time(since)})
	return int(n), readError("searches", who, err)
}

// AddEvent adds a step to a request's history. Its id grows (version 7), and
// needs no counter that two operators who open one case would wait for.
func (x *tx) AddEvent(ctx context.Context, e tra.Event) error {
	id, err := uuid.NewV7()
	if err != nil {
		return writeError("history", e.Request, err)
	}
	return writeError("history", e.Request, x.q.AddEvent(ctx, AddEventParams{
		ID: id.String(), At: sqldb.Time(e.At), Request: string(e.Request), Who: e.Who, What: string(e.What), Why: e.Why,
	}))
}
