package dqt

import (
	"context"
	"fmt"
	"time"

	"traid/internal/dqt/match"
)

// Candidate is a record that may be the claimant's.
type Candidate struct {
	Record      Record
	Bits        match.Bits
	Probability float64
	Evidence    []match.Evidence
}

// Candidates is a ranked list.
type Candidates struct {
	Candidates []Candidate // the likeliest first
	AsAt       time.Time
}

// Candidates ranks the records that may be the claimant's and gives at most limit of them.
func (s *Service) Candidates(ctx context.Context, who Asker, c Claim, limit int) (Candidates, error) {
	if err := who.check(); err != nil {
		return Candidates{}, err
	}
	var out Candidates
	if err := s.store.View(ctx, func(ctx context.Context, v View) error {
		var err error
		out.Candidates, err = s.candidates(ctx, v, c, limit)
		if err != nil {
			return err
		}
		state, err := v.State(ctx)
		out.AsAt = state.AsAt
		return err
	}); err != nil {
		return Candidates{}, err
	}
	return out, s.audit(ctx, who, "candidates", len(out.Candidates))
}

func (s *Service) candidates(ctx context.Context, v View, c Claim, limit int) ([]Candidate, error) {
	search, err := Match(ctx, s.Index(v), match.Default(), c)
	if err != nil {
		return nil, err
	}
	ranked := search.Ranked(limit)
	ids := make([]match.ID, len(ranked))
	for i, r := range ranked {
		ids[i] = r.ID
	}
	records, err := v.Records(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := withMembers(ctx, v, records); err != nil {
		return nil, err
	}
	by := make(map[match.ID]Record, len(records))
	for _, r := range records {
		by[IDOf(r.TRN)] = r
	}
	out := make([]Candidate, 0, len(ranked))
	for _, r := range ranked {
		record := by[r.ID]
		out = append(out, Candidate{Record: record, Bits: r.Bits, Probability: r.Probability, Evidence: search.Evidence(r, record.description())})
	}
	return out, nil
}

// Match looks for the records that may be the claimant's. The search then gives
// the candidates, and why.
func Match(ctx context.Context, in Index, model *match.Model, c Claim) (*match.Search, error) {
	search := model.Search(c.description())
	tell := Tell{Page: search.Page, Cohort: search.Members, Features: func(id match.ID, packed string) error {
		search.Record(id, packed)
		return nil
	}}
	for search.Wants() {
		if err := in.Look(ctx, Wanted{search.Pages(), search.Cohort(), search.Known()}, tell); err != nil {
			return nil, err
		}
		if search.Crowded() {
			outlines, err := in.Outlines(ctx)
			if err != nil {
				return nil, err
			}
			search.Outlined(outlines)
		}
		if more := search.Records(); len(more) > 0 {
			if err := in.Look(ctx, Wanted{IDs: more}, tell); err != nil {
				return nil, err
			}
		}
		size, err := in.Size(ctx)
		if err != nil {
			return nil, err
		}
		if err := search.Next(size); err != nil {
			return nil, fmt.Errorf("dqt: compare: %w", err)
		}
	}
	return search, nil
}
