package dqt

import (
	"context"
	"fmt"

	"traid/internal/dqt/match"
)

// outlined are the outlines of one generation of the register: of two million
// records forty megabytes at most.
type outlined struct {
	generation int64
	*match.Outlines
}

// index is a view with the outlines of its generation.
type index struct {
	View
	s *Service
}

// Index gives what leads from a claim to candidates in a view.
func (s *Service) Index(v View) Index { return index{v, s} }

// Outlines is Index's. They are read once a generation, of two million records
// in about two seconds, for which those wait who need them.
func (i index) Outlines(ctx context.Context) (*match.Outlines, error) {
	state, err := i.State(ctx)
	if err != nil {
		return nil, err
	}
	s := i.s
	s.outlining.Lock()
	defer s.outlining.Unlock()
	if s.outlined.Outlines != nil && s.outlined.generation == state.Generation {
		return s.outlined.Outlines, nil
	}
	fresh := outlined{state.Generation, &match.Outlines{}}
	if err := i.EachCohort(ctx, func(_ match.Day, packed string) error {
		return match.EachMember(packed, fresh.Add)
	}); err != nil {
		return nil, fmt.Errorf("dqt: outlines: %w", err)
	}
	s.outlined = fresh
	return fresh.Outlines, nil
}
