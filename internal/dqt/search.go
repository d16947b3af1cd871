package dqt

import (
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

// Query is a free search. The zero filters let everybody through.
type Query struct {
	Text   Text
	Status Status // only records of this status
	From   int    // only people born in this year or later
	To     int    // only people born in this year or earlier
	Limit  int
	After  person.TRN // of the last record of the page before
}

// filtered tells whether some of what fits the text is left out.
func (q Query) filtered() bool { return q.Status != "" || q.From > 0 || q.To > 0 }

// lets tells whether a record passes the filters.
func (q Query) lets(f *match.Features) bool {
	year := int(f.Born() / 10000)
	return (q.Status == "" || (q.Status == Inactive) == f.Inactive) && (q.From == 0 || year >= q.From) && (q.To == 0 || year > 0 && year <= q.To)
}

// SearchResult is a page of records, best first.
type SearchResult struct {
	Records []Found
	AsAt    time.Time
}

const (
	// searchLimit bounds how many records one query brings to be ordered,
	// filteredLimit one of which the filters leave some out.
	searchLimit   = 300
	filteredLimit = 5000
	// fewFound is how few exact results make a search listen to names that are
	// written or sound alike.
	fewFound = 10
)

// Search finds records by whatever the query holds: names or their beginnings,
// a date of birth, a TRN, an NI number, an email address. A record must fit all
// of it; when none does, those that fit the most are given. A merged record is
// shown by its survivor.
func (s *Service) Search(ctx context.Context, who Asker, q Query) (SearchResult, error) {
	if err := who.check(); err != nil {
		return SearchResult{}, err
	}
	c := parseQuery(q.Text.Reveal(), s.now().In(workday.London).Year())
	if c.empty() {
		return SearchResult{}, fault.InvalidFields(fault.Field{Pointer: "/query", Reason: "holds nothing to search for"})
	}
	if q.To > 0 && q.From > q.To {
		return SearchResult{}, fault.InvalidFields(fault.Field{Pointer: "/born_to", Reason: "is before born_from"})
	}
	var out SearchResult
	if err := s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		words, err := s.dictionary(ctx, v, state)
		if err != nil {
			return err
		}
		found, err := (&searching{v: index{v, s}, q: q, c: c, words: words}).run(ctx)
		if err != nil {
			return err
		}
		from := 0
		if !q.After.IsZero() {
			if from = 1 + slices.Index(found, IDOf(q.After)); from == 0 {
				return fault.InvalidFields(fault.Field{Pointer: "/after", Reason: "is no record of this search any more: begin again"})
			}
		}
		out = SearchResult{AsAt: state.AsAt}
		out.Records, err = shownFound(ctx, v, c, found[from:min(from+q.Limit, len(found))])
		return err
	}); err != nil {
		return SearchResult{}, err
	}
	return out, s.audit(ctx, who, "search", len(out.Records))
}

// shownFound reads a page of what was found and says by what each was.
func shownFound(ctx context.Context, v View, c Criteria, ids []match.ID) ([]Found, error) {
	records, err := v.Records(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := withMembers(ctx, v, records); err != nil {
		return nil, err
	}
	found := make([]Found, 0, len(records))
	for _, id := range ids {
		if at := slices.IndexFunc(records, func(r Record) bool { return IDOf(r.TRN) == id }); at >= 0 {
			found = append(found, Found{Record: records[at], FoundBy: grade(c, records[at])})
		}
	}
	return found, nil
}

// grade says by what a record is found.
func grade(c Criteria, r Record) (by []string) {
	holds := func(what string, is func(Record) bool) bool {
		if is(r) {
			by = append(by, what)
			return true
		}
		return slices.ContainsFunc(r.members, is)
	}
	merged := false
	if !c.TRN.IsZero() && holds("trn", func(r Record) bool { return r.TRN == c.TRN }) {
		merged = merged || r.TRN != c.TRN
	}
	if c.NINO != "" && holds("national_insurance_number", func(r Record) bool {
		return slices.ContainsFunc(r.NINOs, func(n Text) bool { return strings.HasPrefix(ninoKey(n), c.NINO[:8]) })
	}) {
		merged = merged || !slices.Contains(by, "national_insurance_number")
	}
	if c.Email != "" {
		holds("email", func(r Record) bool { return strings.EqualFold(r.Email.Reveal(), c.Email) })
	}
	if c.Born != "" && fitsPattern(r.DateOfBirth.Reveal(), c.Born) {
		switch {
		case strings.HasPrefix(c.Born, anyYear):
			by = append(by, "birth_day")
		case strings.Contains(c.Born, anyDay):
			by = append(by, "birth_year")
		default:
			by = append(by, "date_of_birth")
		}
	}
	for _, w := range c.Words {
		what := gradeWord(w, r)
		for i := 0; what == "" && i < len(r.members); i++ {
			if gradeWord(w, r.members[i]) != "" {
				merged = true
				break
			}
		}
		if what != "" && !slices.Contains(by, what) {
			by = append(by, what)
		}
	}
	if merged {
		by = append(by, "merged_record")
	}
	return by
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

// gradeWord says which name of a record a word fits best, "" when none.
func gradeWord(w string, r Record) (what string) {
	points := 0
	claimed := match.NewWord(w)
	try := func(field, name string) {
		for _, word := range person.Words(name) {
			recorded := match.NewWord(word)
			p, suffix := 0, ""
			switch level := claimed.Level(&recorded); {
			case level == match.Equal:
				p = 4
			case strings.HasPrefix(word, w):
				p, suffix = 3, "_begins"
			case level == match.OneEdit, level == match.Close:
				p, suffix = 2, "_near"
			case level == match.SoundsAlike:
				p, suffix = 1, "_sounds_like"
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
	return what
}
