package dqt

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"traid/internal/person"
)

// Basis says which identifier found the record of a match.
type Basis string

// The bases.
const (
	ByTRN  Basis = "trn"
	ByNINO Basis = "nino"
)

// NoMatch says why the automatic check found no match.
type NoMatch string

// The reasons.
const (
	NothingToSearch     NoMatch = "nothing_to_search"    // neither a TRN nor an NI number that can be used
	FirstNameMissing    NoMatch = "first_name_missing"   //
	IdentifiersConflict NoMatch = "identifiers_conflict" // TRN and NI number lead to different people
	FirstNameDiffers    NoMatch = "first_name_differs"   //
	SeveralRecords      NoMatch = "several_records"      // the NI number and the date of birth fit more than one
	NotFound            NoMatch = "not_found"            //
)

// FindResult is the answer of the automatic check: a match with its TRN and
// basis, or the reason why there is none.
type FindResult struct {
	TRN    person.TRN
	Basis  Basis
	Reason NoMatch
}

// Matched tells whether there is a match.
func (r FindResult) Matched() bool { return !r.TRN.IsZero() }

// Find is the automatic check by the documented rule: date of birth and first
// name agree, and either the TRN or the NI number. Whatever the claim holds, it
// is read leniently and not refused.
func (s *Service) Find(ctx context.Context, c Claim) (FindResult, error) {
	var result FindResult
	err := s.store.View(ctx, func(ctx context.Context, v View) error {
		var err error
		result, err = find(ctx, v, c)
		return err
	})
	return result, err
}

func find(ctx context.Context, v View, c Claim) (FindResult, error) {
	trn, hasTRN := person.LenientTRN(c.TRN.Reveal())
	nino := person.LenientNINO(c.NINO.Reveal())
	if !hasTRN && nino == "" {
		return FindResult{Reason: NothingToSearch}, nil
	}
	if person.FirstNameKey(c.FirstName.Reveal()) == "" {
		return FindResult{Reason: FirstNameMissing}, nil
	}
	var byTRN, byNINO []Record
	if hasTRN {
		r, found, err := survivor(ctx, v, trn)
		if err != nil {
			return FindResult{}, err
		}
		if found {
			byTRN = []Record{r}
		}
	}
	if nino != "" {
		holders, err := v.NINOHolders(ctx, nino)
		if err != nil {
			return FindResult{}, err
		}
		if byNINO, err = v.Records(ctx, holders); err != nil {
			return FindResult{}, err
		}
	}
	return rule(c, byTRN, byNINO), nil
}

// rule decides on the records that hold the claim's TRN (at most one, a merged
// one replaced by its survivor) and its NI number.
func rule(c Claim, byTRN, byNINO []Record) FindResult {
	first := person.FirstNameKey(c.FirstName.Reveal())
	born, err := person.ParseDate(strings.TrimSpace(norm.NFKC.String(c.DateOfBirth.Reveal())))
	counts := func(r Record) bool { return err == nil && r.Status == Active && r.DateOfBirth == born }
	byTRN, byNINO = only(byTRN, counts), only(byNINO, counts)

	switch {
	case len(byTRN) > 0 && len(byNINO) > 0 && !slices.ContainsFunc(byNINO, func(r Record) bool { return r.TRN == byTRN[0].TRN }):
		return FindResult{Reason: IdentifiersConflict}
	case len(byTRN) > 0:
		return byFirstName(first, byTRN[0], ByTRN)
	case len(byNINO) > 1:
		return FindResult{Reason: SeveralRecords}
	case len(byNINO) == 1:
		return byFirstName(first, byNINO[0], ByNINO)
	}
	return FindResult{Reason: NotFound}
}

func byFirstName(first string, r Record, basis Basis) FindResult {
	if person.FirstNameKey(r.FirstName.Reveal()) != first {
		return FindResult{Reason: FirstNameDiffers}
	}
	return FindResult{TRN: r.TRN, Basis: basis}
}

func only(records []Record, keep func(Record) bool) []Record {
	return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !keep(r) })
}

// mergeDepth bounds how many merges are followed from one record.
const mergeDepth = 20

// survivor gives the record of a TRN; of a merged one, the record that it was
// merged into, at the end of all merges.
func survivor(ctx context.Context, v View, trn person.TRN) (Record, bool, error) {
	var r Record
	for range mergeDepth {
		found, err := v.Records(ctx, []person.TRN{trn})
		if err != nil {
			return Record{}, false, err
		}
		if len(found) == 0 {
			break
		}
		r = found[0]
		if r.Status != Merged {
			break
		}
		trn = r.MergedInto
	}
	return r, !r.TRN.IsZero(), nil
}
