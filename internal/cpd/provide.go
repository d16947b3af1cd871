package cpd

import (
	"context"
	"time"

	"traid/internal/fault"
)

// settled is how old a change is at least when lead providers read it: what is
// being written at the moment may get an earlier time than what they have read.
const settled = 10 * time.Second

// Sizes of what lead providers read at once.
const (
	ProvidedLimit    = 100
	MaxProvidedLimit = 1000
)

// Provided is a participant as a lead provider sees them.
type Provided struct {
	Participant
	Schools []URN // of the provider
}

// Place is how far a lead provider has read.
type Place struct {
	At time.Time     // zero: the beginning
	ID ParticipantID // the last of those that changed at that time
}

var errNotProvided = fault.New(fault.NotFound, "There is no such participant at your schools.")

// ProvidedTo lists the participants at a lead provider's schools that changed
// since, after a place, in the order of change, and the place to go on from.
// A change is there after ten seconds.
func (s *Service) ProvidedTo(ctx context.Context, provider string, since time.Time, after Place, limit int) ([]Provided, Place, error) {
	if limit <= 0 {
		limit = ProvidedLimit
	}
	people, err := s.store.ProvidedTo(ctx, provider, since, after, s.now().Add(-settled), min(limit, MaxProvidedLimit))
	if n := len(people); n > 0 {
		after = Place{people[n-1].UpdatedAt, people[n-1].ID}
	}
	return people, after, err
}

// ProvidedParticipant gives a participant at a lead provider's schools, or the
// record that it was joined into; NotFound for everybody else.
func (s *Service) ProvidedParticipant(ctx context.Context, provider string, id ParticipantID) (Provided, error) {
	p, err := standing(ctx, s.store, id)
	if fault.Is(err, fault.NotFound) {
		return Provided{}, errNotProvided
	}
	if err != nil {
		return Provided{}, err
	}
	schools, err := s.store.ProvidedSchools(ctx, provider, p.ID)
	if err == nil && len(schools) == 0 {
		err = errNotProvided
	}
	return Provided{p, schools}, err
}
