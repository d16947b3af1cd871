package dqt

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"traid/internal/dqt/match"
	"traid/internal/person"
)

// Basis says which identifier found the record of a match.
type Basis string

// The bases.
const (
	ByTRN   Basis = "trn"
	ByNINO  Basis = "nino"
	ByModel Basis = "model" // all of it together, where the service extends the rule
)

// Check says how claims are settled without a person.
type Check string

// The checks.
const (
	Rule  Check = "rule"  // by the documented rule alone
	Model Check = "model" // also where the engine is sure enough and nothing contradicts
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
// name agree, and either the TRN or the NI number. Where the service's check is
// the model's, that may settle what the rule does not. Whatever the claim
// holds, it is read leniently and not refused.
func (s *Service) Find(ctx context.Context, c Claim) (FindResult, error) {
	var result FindResult
	err := s.store.View(ctx, func(ctx context.Context, v View) error {
		var err error
		result, err = find(ctx, v, c)
		if err != nil || s.check != Model {
			return err
		}
		search, err := Match(ctx, s.Index(v), match.Default(), c)
		if err != nil {
			return err
		}
		result = extended(result, search)
		return nil
	})
	return result, err
}

// extended gives what the model adds to the rule: the likeliest record, where
// the rule found no match and identifiers do not lead to different people.
func extended(byRule FindResult, search *match.Search) FindResult {
	if byRule.Matched() || byRule.Reason == IdentifiersConflict {
		return byRule
	}
	if best, sure := search.Accepted(); sure {
		return FindResult{TRN: TRNOf(best), Basis: ByModel}
	}
	return byRule
}

// holder is a record as far as the rule looks at it.
type holder struct {
	id        match.ID
	inactive  bool
	born      uint32
	first     string
	trn, nino bool // whether it holds the claim's
}

// find reads what the rule decides on: the record of the claim's TRN, a merged
// one's survivor in its place, and those that hold its NI number.
func find(ctx context.Context, v Looker, c Claim) (FindResult, error) {
	trn, hasTRN := person.LenientTRN(c.TRN.Reveal())
	nino := person.LenientNINO(c.NINO.Reveal())
	if !hasTRN && nino == "" {
		return FindResult{Reason: NothingToSearch}, nil
	}
	first := person.FirstNameKey(c.FirstName.Reveal())
	if first == "" {
		return FindResult{Reason: FirstNameMissing}, nil
	}
	held := map[match.ID]holder{}
	var byTRN, byNINO []match.ID
	tooMany := false
	var f match.Features
	w := Wanted{}
	alias := match.AliasKey(IDOf(trn))
	if hasTRN {
		w.Pages, w.IDs = append(w.Pages, alias.Page()), append(w.IDs, IDOf(trn))
	}
	ninoKey, isNINO := match.NINOKey(nino)
	if isNINO {
		w.Pages = append(w.Pages, ninoKey.Page())
	}
	tell := Tell{
		Page: func(page match.PageNumber, packed string) {
			if hasTRN && page == alias.Page() {
				byTRN, _ = match.Holders(packed, alias)
			}
			if isNINO && page == ninoKey.Page() {
				byNINO, tooMany = match.Holders(packed, ninoKey)
			}
		},
		Features: func(id match.ID, packed string) error {
			if err := f.Unpack(packed); err != nil {
				return fmt.Errorf("dqt: record: %w", err)
			}
			held[id] = holder{
				id: id, inactive: f.Inactive, born: f.Born(), first: strings.Clone(f.FirstName()), // f points into packed
				trn: hasTRN && f.HoldsTRN(IDOf(trn)), nino: f.HoldsNINO(nino),
			}
			return nil
		},
	}
	if err := v.Look(ctx, w, tell); err != nil {
		return FindResult{}, err
	}
	var more []match.ID
	for _, id := range slices.Concat(byTRN, byNINO) {
		if _, had := held[id]; !had {
			more = append(more, id)
		}
	}
	if len(more) > 0 {
		slices.Sort(more)
		if err := v.Look(ctx, Wanted{IDs: slices.Compact(more)}, tell); err != nil {
			return FindResult{}, err
		}
	}
	if hasTRN {
		byTRN = append(byTRN, IDOf(trn))
	}
	pick := func(ids []match.ID, keep func(holder) bool) (out []holder) {
		for _, id := range ids {
			if h, there := held[id]; there && keep(h) { // keys may collide: the record itself says
				out = append(out, h)
			}
		}
		return out
	}
	withTRN := pick(byTRN, func(h holder) bool { return h.trn })
	withNINO := pick(byNINO, func(h holder) bool { return h.nino })
	if tooMany { // so many hold the number that it tells nobody apart
		if len(withTRN) == 0 || !withTRN[0].nino {
			return FindResult{Reason: SeveralRecords}, nil
		}
		withNINO = withTRN
	}
	return rule(c, first, withTRN, withNINO), nil
}

// rule decides on the records that hold the claim's TRN (at most one, a merged
// one replaced by its survivor) and its NI number.
func rule(c Claim, first string, byTRN, byNINO []holder) FindResult {
	born := match.Born(c.DateOfBirth.Reveal())
	counts := func(h holder) bool { return born != 0 && !h.inactive && h.born == born }
	byTRN, byNINO = only(byTRN, counts), only(byNINO, counts)

	switch {
	case len(byTRN) > 0 && len(byNINO) > 0 && !slices.Contains(byNINO, byTRN[0]):
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

func byFirstName(first string, h holder, basis Basis) FindResult {
	if h.first != first {
		return FindResult{Reason: FirstNameDiffers}
	}
	return FindResult{TRN: TRNOf(h.id), Basis: basis}
}

func only(holders []holder, keep func(holder) bool) []holder {
	return slices.DeleteFunc(slices.Clone(holders), func(h holder) bool { return !keep(h) })
}

// mergeDepth bounds how many merges are followed from one record.
const mergeDepth = 20

// survivor gives the record of a number with what was merged into it; of a
// merged one, the record at the end of all merges. ErrNoRecord without one.
func survivor(ctx context.Context, v View, id match.ID) (Record, error) {
	for range mergeDepth {
		found, err := v.Records(ctx, []match.ID{id})
		switch {
		case err != nil:
			return Record{}, err
		case len(found) == 0:
			return Record{}, ErrNoRecord
		case found[0].Status != Merged:
			err := withMembers(ctx, v, found)
			return found[0], err
		}
		id = IDOf(found[0].MergedInto)
	}
	return Record{}, ErrNoRecord
}

// withMembers adds to each record those that were merged into it, and their alerts.
func withMembers(ctx context.Context, v View, records []Record) error {
	var ids []match.ID
	for _, r := range records {
		ids = append(ids, r.Members...)
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := v.Records(ctx, ids)
	if err != nil {
		return err
	}
	by := make(map[match.ID]Record, len(found))
	for _, f := range found {
		by[IDOf(f.TRN)] = f
	}
	for i := range records {
		r := &records[i]
		for _, id := range r.Members {
			if m, there := by[id]; there {
				r.members = append(r.members, m)
				r.Alerts = append(r.Alerts, m.Alerts...)
			}
		}
	}
	return nil
}
