package cpdsql

import (
	"context"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// ProvidedTo lists the participants at a lead provider's schools that changed
// since and until, after a place, in the order of change.
func (s *Store) ProvidedTo(ctx context.Context, provider string, since time.Time, after cpd.Place, until time.Time, limit int) ([]cpd.Provided, error) {
	rows, err := s.q.ProvidedPeople(ctx, ProvidedPeopleParams{
		After: sqldb.Time(after.At), AfterID: string(after.ID), Since: sqldb.Time(since), Until: sqldb.Time(until), Provider: provider, AtMost: int32(limit),
	})
	people, err := each("participant", rows, err, toParticipant)
	if err != nil {
		return nil, err
	}
	out := make([]cpd.Provided, len(people))
	for i, p := range people {
		schools, err := s.ProvidedSchools(ctx, provider, p.ID)
		if err != nil {
			return nil, err
		}
		out[i] = cpd.Provided{Participant: p, Schools: schools}
	}
	return out, nil
}

// ProvidedSchools gives a lead provider's schools that a participant is at.
func (s *Store) ProvidedSchools(ctx context.Context, provider string, id cpd.ParticipantID) ([]cpd.URN, error) {
	rows, err := s.q.ProvidedSchools(ctx, ProvidedSchoolsParams{ParticipantID: text(string(id)), LeadProvider: provider})
	return each("school", rows, err, func(urn string) (cpd.URN, error) { return cpd.URN(urn), nil })
}

// TouchSchoolsPeople says that what lead providers read of a school's
// participants has changed.
func (x *tx) TouchSchoolsPeople(ctx context.Context, urn cpd.URN, now time.Time) error {
	return wrote("touch participants", x.q.TouchSchoolsPeople(ctx, TouchSchoolsPeopleParams{Now: sqldb.Time(now), Urn: string(urn)}))
}
