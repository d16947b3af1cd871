package dqt

import (
	"context"
	"time"

	"traid/internal/dqt/match"
	"traid/internal/person"
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

const (
	// keyLimit is how many records a key may bring; one that brings more tells nobody apart.
	keyLimit = 200
	// bornLimit is the same for the date of birth alone, which is followed further.
	bornLimit = 2000
	// convincing is the probability of the first candidate that makes the wider keys needless.
	convincing = 0.99
)

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
		ranked, err := rank(ctx, v, state, c, limit)
		out = Candidates{Candidates: ranked, AsAt: state.AsAt}
		return err
	}); err != nil {
		return Candidates{}, err
	}
	return out, s.audit(ctx, who, "candidates", len(out.Candidates))
}

func rank(ctx context.Context, v View, state State, c Claim, limit int) ([]Candidate, error) {
	claim := match.Describe(c.description())
	register := match.Register{Size: state.Records}
	var err error
	firsts, lasts := claim.CountedNames()
	if register.First, register.Last, err = v.NameCounts(ctx, firsts, lasts); err != nil {
		return nil, err
	}
	trns, err := v.KeyHolders(ctx, match.ClaimKeys(claim), keyLimit)
	if err != nil {
		return nil, err
	}
	if born, ok := match.BornKey(claim); ok {
		more, err := v.KeyHolders(ctx, []match.Key{born}, bornLimit)
		if err != nil {
			return nil, err
		}
		trns = append(trns, more...)
	}
	records, err := living(ctx, v, trns)
	if err != nil {
		return nil, err
	}
	ranked := match.Rank(claim, entriesOf(records), register)
	if len(ranked) == 0 || ranked[0].Probability < convincing {
		more, err := v.KeyHolders(ctx, match.WiderKeys(claim), keyLimit)
		if err != nil {
			return nil, err
		}
		if records, err = living(ctx, v, append(trns, more...)); err != nil {
			return nil, err
		}
		ranked = match.Rank(claim, entriesOf(records), register)
	}
	byTRN := make(map[string]Record, len(records))
	for _, r := range records {
		byTRN[r.TRN.Reveal()] = r
	}
	ranked = ranked[:min(max(limit, 0), len(ranked))]
	out := make([]Candidate, 0, len(ranked))
	for _, r := range ranked {
		out = append(out, Candidate{Record: byTRN[r.ID], Bits: r.Bits, Probability: r.Probability, Evidence: r.Evidence})
	}
	return out, nil
}

// living gives the records of the TRNs, each once, a merged one's survivor in
// its place, with what was merged into each.
func living(ctx context.Context, v View, trns []person.TRN) ([]Record, error) {
	seen := map[person.TRN]bool{}
	var records []Record
	for depth := 0; len(trns) > 0 && depth < mergeDepth; depth++ {
		var ask, next []person.TRN
		for _, t := range trns {
			if !seen[t] {
				seen[t] = true
				ask = append(ask, t)
			}
		}
		found, err := v.Records(ctx, ask)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if r.Status == Merged {
				next = append(next, r.MergedInto)
			} else {
				records = append(records, r)
			}
		}
		trns = next
	}
	return records, withMerged(ctx, v, records)
}

func entriesOf(records []Record) []match.Entry {
	entries := make([]match.Entry, len(records))
	for i, r := range records {
		entries[i] = match.Entry{ID: r.TRN.Reveal(), Last: r.Status != Active, Features: match.Describe(r.description())}
	}
	return entries
}
