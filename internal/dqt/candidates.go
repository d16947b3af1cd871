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
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		out.AsAt = state.AsAt
		out.Candidates, err = candidates(ctx, v, state.Records, c, limit)
		return err
	}); err != nil {
		return Candidates{}, err
	}
	return out, s.audit(ctx, who, "candidates", len(out.Candidates))
}

func candidates(ctx context.Context, v View, size int, c Claim, limit int) ([]Candidate, error) {
	search, err := Match(ctx, v, match.Default(), size, c)
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

// Match looks for the records that may be the claimant's in a register of so
// many. The search then gives the candidates, and why.
func Match(ctx context.Context, in Index, model *match.Model, size int, c Claim) (*match.Search, error) {
	search := model.Search(c.description(), size)
	return search, look(ctx, in, search)
}

// look brings a search all that it wants to see.
func look(ctx context.Context, in Index, search *match.Search) error {
	for search.Wants() {
		if err := in.Pages(ctx, search.Pages(), func(page match.PageNumber, packed string) error {
			search.Page(page, packed)
			return nil
		}); err != nil {
			return err
		}
		if born, wants := search.Cohort(); wants {
			if err := in.Cohorts(ctx, []match.Day{born}, func(_ match.Day, packed string) error { return search.Members(packed) }); err != nil {
				return fmt.Errorf("dqt: compare: %w", err)
			}
		}
		if err := in.Features(ctx, search.Records(), func(id match.ID, packed string) error {
			return search.Record(id, packed)
		}); err != nil {
			return fmt.Errorf("dqt: compare: %w", err)
		}
		search.Next()
	}
	return nil
}
