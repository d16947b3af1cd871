package dqt

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

// Found is a record of a search, with what in it answers the query.
type Found struct {
	Record  Record
	FoundBy []string
}

// SearchResult is a page of records, best first.
type SearchResult struct {
	Records []Found
	AsAt    time.Time
}

const (
	// searchLimit bounds how many records one query brings to be ordered.
	searchLimit = 1000
	// fewFound is how few exact results make a search listen to names that sound alike.
	fewFound = 10
)

// Search finds records by whatever the query holds: names or their beginnings,
// a date of birth, a TRN, an NI number, an email address. A record must fit all
// of it; when none does, those that fit the most are given. After is the TRN of
// the last record of the page before. A merged record is shown by its survivor.
func (s *Service) Search(ctx context.Context, who Asker, query Text, limit int, after person.TRN) (SearchResult, error) {
	if err := who.check(); err != nil {
		return SearchResult{}, err
	}
	c := parseQuery(query.Reveal(), s.now().In(workday.London).Year())
	if c.empty() {
		return SearchResult{}, fault.InvalidFields(fault.Field{Pointer: "/query", Reason: "holds nothing to search for"})
	}
	var out SearchResult
	if err := s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		found, err := search(ctx, v, c)
		if err != nil {
			return err
		}
		from := 0
		if !after.IsZero() {
			if from = 1 + slices.IndexFunc(found, func(f Found) bool { return f.Record.TRN == after }); from == 0 {
				return fault.InvalidFields(fault.Field{Pointer: "/after", Reason: "is no record of this search any more: begin again"})
			}
		}
		page := found[from:min(from+limit, len(found))]
		records := make([]Record, len(page))
		for i, f := range page {
			records[i] = f.Record
		}
		if err := withMerged(ctx, v, records); err != nil {
			return err
		}
		for i := range page {
			page[i].Record = records[i]
		}
		out = SearchResult{Records: page, AsAt: state.AsAt}
		return nil
	}); err != nil {
		return SearchResult{}, err
	}
	return out, s.audit(ctx, who, "search", len(out.Records))
}

// search gives everything that is found, best first.
func search(ctx context.Context, v View, c Criteria) ([]Found, error) {
	records, err := v.Matching(ctx, c, searchLimit)
	if err != nil {
		return nil, err
	}
	if len(records) < fewFound && len(c.Words) > 0 {
		c.Sounds = true
		if records, err = v.Matching(ctx, c, searchLimit); err != nil {
			return nil, err
		}
	}
	if len(records) == 0 {
		for _, part := range c.parts() {
			some, err := v.Matching(ctx, part, searchLimit)
			if err != nil {
				return nil, err
			}
			records = append(records, some...)
		}
	}
	return order(ctx, v, c, records)
}

// parts gives each criterion alone, the words of a name together.
func (c Criteria) parts() []Criteria {
	parts := []Criteria{{TRN: c.TRN}, {NINO: c.NINO}, {Email: c.Email}, {Born: c.Born}, {Words: c.Words, Sounds: c.Sounds}}
	if len(c.Words) > 1 {
		for _, w := range c.Words {
			parts = append(parts, Criteria{Words: []string{w}, Sounds: c.Sounds})
		}
	}
	return slices.DeleteFunc(parts, Criteria.empty)
}

// order grades each record, keeps those that fit the most, best first, and puts
// survivors in the place of merged records.
func order(ctx context.Context, v View, c Criteria, records []Record) ([]Found, error) {
	type graded struct {
		Found
		fits, score int
	}
	best := 0
	byTRN := map[person.TRN]graded{}
	for _, r := range records {
		by, fits, score := grade(c, r)
		if r.Status == Merged {
			s, found, err := survivor(ctx, v, r.TRN)
			if err != nil {
				return nil, err
			}
			if found && s.TRN != r.TRN {
				r, by = s, append(by, "merged_record")
			}
		}
		if had, ok := byTRN[r.TRN]; !ok || fits > had.fits || fits == had.fits && score > had.score {
			byTRN[r.TRN] = graded{Found{Record: r, FoundBy: by}, fits, score}
		}
		best = max(best, fits)
	}
	var all []graded
	for _, g := range byTRN {
		if g.fits == best && best > 0 {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b graded) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(behind(a.Record), behind(b.Record)),
			cmp.Compare(person.Fold(a.Record.LastName.Reveal()), person.Fold(b.Record.LastName.Reveal())),
			cmp.Compare(person.Fold(a.Record.FirstName.Reveal()), person.Fold(b.Record.FirstName.Reveal())),
			cmp.Compare(a.Record.TRN.Reveal(), b.Record.TRN.Reveal()))
	})
	found := make([]Found, len(all))
	for i, g := range all {
		found[i] = g.Found
	}
	return found, nil
}

func behind(r Record) int {
	if r.Status == Active {
		return 0
	}
	return 1
}

// What a criterion adds to a record's place in the list.
const (
	scoreIdentifier = 16
	scoreBorn       = 8
	scoreBornPart   = 3
	scoreWord       = 4
	scoreBegins     = 2
	scoreSounds     = 1
)

// grade says by what a record is found, how many criteria it fits, and how well.
func grade(c Criteria, r Record) (by []string, fits, score int) {
	add := func(what string, points int) { by, fits, score = append(by, what), fits+1, score+points }
	if !c.TRN.IsZero() && r.TRN == c.TRN {
		add("trn", scoreIdentifier)
	}
	if c.NINO != 0 && slices.ContainsFunc(r.NINOs, func(n Text) bool { k, ok := match.NINOKey(ninoKey(n)); return ok && k == c.NINO }) {
		add("national_insurance_number", scoreIdentifier)
	}
	if c.Email != 0 && !r.Email.IsZero() && match.EmailKey(r.Email.Reveal()) == c.Email {
		add("email", scoreIdentifier)
	}
	if c.Born != "" && fitsPattern(r.DateOfBirth.Reveal(), c.Born) {
		switch {
		case strings.HasPrefix(c.Born, anyYear):
			add("birth_day", scoreBornPart)
		case strings.Contains(c.Born, anyDay):
			add("birth_year", scoreBornPart)
		default:
			add("date_of_birth", scoreBorn)
		}
	}
	for _, w := range c.Words {
		if what, points := gradeWord(w, r); points > 0 {
			fits, score = fits+1, score+points
			if !slices.Contains(by, what) {
				by = append(by, what)
			}
		}
	}
	return by, fits, score
}

func fitsPattern(date, pattern string) bool {
	if len(date) != len(pattern) {
		return false
	}
	for i := range len(date) {
		if pattern[i] != '_' && pattern[i] != date[i] {
			return false
		}
	}
	return true
}

// gradeWord finds the name of a record that a word fits best.
func gradeWord(w string, r Record) (what string, points int) {
	try := func(field, name string) {
		for _, word := range person.Words(name) {
			p, suffix := 0, ""
			switch {
			case word == w:
				p = scoreWord
			case strings.HasPrefix(word, w):
				p, suffix = scoreBegins, "_begins"
			case match.Sound(word) == match.Sound(w):
				p, suffix = scoreSounds, "_sounds_like"
			}
			if p > points {
				what, points = field+suffix, p
			}
		}
	}
	try("last_name", r.LastName.Reveal())
	try("first_name", r.FirstName.Reveal())
	for _, p := range r.PreviousNames {
		try("previous_name", p.First.Reveal()+" "+p.Last.Reveal())
	}
	try("middle_name", r.MiddleName.Reveal())
	return what, points
}
