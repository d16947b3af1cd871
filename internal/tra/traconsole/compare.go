package traconsole

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"traid/internal/person"
	"traid/internal/tra"
)

// agreement is how a value of the claim stands to the record's, to the eye of an operator.
type agreement int

const (
	missing agreement = iota // on either side: says nothing
	agrees
	near
	differs
)

var agreementTags = map[agreement]tagView{
	agrees: {"Agrees", green}, near: {"Near", yellow}, differs: {"Differs", red}, missing: {"Missing", grey},
}

// rowView is one field of the claim beside the record's.
type rowView struct {
	Field, Claimed, Recorded string
	Tag                      tagView
	How                      string // in words
}

// reasonView is one piece of evidence as a sentence.
type reasonView struct {
	Text, Bits string
	For        bool
	// X and Width draw it on a scale from 0 to 100 whose middle says nothing.
	X, Width string
}

// recordView is a record of the register beside the claim.
type recordView struct {
	Heading         string
	TRN             string
	Likely, Percent string // of a candidate
	FoundBy         string // of a search
	Rows            []rowView
	PreviousNames   string
	Active          bool
	QTS             string
	Why             []reasonView
	Bits            string
	Choose          bool
}

// levelView is what a level of the register's evidence means.
type levelView struct {
	is  agreement
	how string
}

var levels = map[string]levelView{
	"equal":             {agrees, "is the same"},
	"equal_default":     {near, "is the same, but 1 January often stands for “not known”"},
	"earlier_name":      {near, "is the same as an earlier name"},
	"one_part":          {near, "is the same in one part of a double name"},
	"variant":           {near, "is a short form or another spelling"},
	"middle_name":       {near, "is the other’s middle name"},
	"swapped":           {near, "is the same with its parts in another order"},
	"one_edit":          {near, "is one letter or digit off"},
	"close":             {near, "is spelled almost the same"},
	"initial":           {near, "agrees in the initial, and no more is given"},
	"sounds_alike":      {near, "sounds the same"},
	"similar":           {near, "is spelled similarly"},
	"two_parts":         {near, "agrees in two of day, month and year"},
	"same_year":         {differs, "agrees in the year only"},
	"different":         {differs, "is different"},
	"different_renamed": {differs, "is different, and the last name has changed before"},
}

// plain are the levels that the tag alone says.
var plain = map[string]bool{levels["equal"].how: true, levels["different"].how: true}

// levelOf reads a piece of evidence; of a level that this program does not know its weight tells.
func levelOf(e tra.Evidence) levelView {
	if l, ok := levels[e.Level]; ok {
		return l
	}
	how := "is compared as " + strings.ReplaceAll(e.Level, "_", " ")
	if e.Bits > 0 {
		return levelView{near, how}
	}
	return levelView{differs, how}
}

// beside sets a claim beside a record, field by field. Where the register gave
// evidence, that is shown; other fields are compared here.
func beside(c tra.Claim, r tra.Record, evidence []tra.Evidence) []rowView {
	said := map[string]tra.Evidence{}
	for _, e := range evidence {
		said[e.Field] = e
	}
	lasts := []string{person.Fold(r.LastName.Reveal())}
	for _, n := range r.PreviousNames {
		lasts = append(lasts, person.Fold(n.Last.Reveal()))
	}
	var rows []rowView
	add := func(field, claimed, recorded string, compare func() levelView) {
		row := rowView{Field: fieldName(field), Claimed: claimed, Recorded: recorded}
		e, given := said[field]
		level := levelView{missing, ""}
		switch {
		case given:
			level = levelOf(e)
			if recorded == "" {
				row.Recorded = e.Recorded.Reveal()
			}
			if claimed == "" {
				row.Claimed = e.Claimed.Reveal()
			}
			if e.Level == "earlier_name" {
				level.how += ": " + e.Recorded.Reveal()
			}
		case claimed == "":
			level.how = "not given"
		case recorded == "":
			level.how = "not on the record"
		default:
			level = compare()
		}
		row.Tag, row.How = agreementTags[level.is], strings.TrimPrefix(strings.TrimPrefix(level.how, "is "), "different, and ")
		if plain[level.how] {
			row.How = "" // the tag says it
		}
		rows = append(rows, row)
	}
	same := func(equal bool) func() levelView {
		return func() levelView {
			if equal {
				return levels["equal"]
			}
			return levels["different"]
		}
	}
	add("first_name", c.FirstName.Reveal(), r.FirstName.Reveal(), same(person.FirstNameKey(c.FirstName.Reveal()) == person.FirstNameKey(r.FirstName.Reveal())))
	if _, given := said["middle_name"]; given || !r.MiddleName.IsZero() {
		add("middle_name", "", r.MiddleName.Reveal(), nil)
	}
	add("last_name", c.LastName.Reveal(), r.LastName.Reveal(), func() levelView {
		switch slices.Index(lasts, person.Fold(c.LastName.Reveal())) {
		case -1:
			return levels["different"]
		case 0:
			return levels["equal"]
		}
		return levels["earlier_name"]
	})
	add("previous_names", names(c.PreviousNames), names(r.PreviousNames), func() levelView {
		for _, n := range c.PreviousNames {
			switch slices.Index(lasts, person.Fold(n.Last.Reveal())) {
			case -1:
			case 0:
				return levelView{agrees, "is the last name on the record"}
			default:
				return levels["equal"]
			}
		}
		return levels["different"]
	})
	add("date_of_birth", dayOf(c.DateOfBirth), dayOf(r.DateOfBirth), same(c.DateOfBirth == r.DateOfBirth))
	add("national_insurance_number", c.NINO.Reveal(), texts(r.NINOs), same(slices.ContainsFunc(r.NINOs, func(n person.Text) bool {
		return sameNINO(n.Reveal(), c.NINO.Reveal())
	})))
	add("trn", c.TRN.Reveal(), r.TRN.Reveal(), same(c.TRN == r.TRN))
	add("email", c.Email.Reveal(), "", nil)
	return rows
}

// ninoBody is how many characters of an NI number tell people apart: the suffix does not count.
const ninoBody = 8

func sameNINO(a, b string) bool {
	a, b = person.LenientNINO(a), person.LenientNINO(b)
	return len(a) >= ninoBody && len(b) >= ninoBody && a[:ninoBody] == b[:ninoBody]
}

func recordOf(r tra.Record, choose bool) recordView {
	return recordView{
		Heading: fullName(r.FirstName, r.LastName), TRN: r.TRN.Reveal(), PreviousNames: names(r.PreviousNames),
		Active: r.Active, QTS: dayOf(r.QTSDate), Choose: choose && r.Active,
	}
}

func candidateOf(c tra.Claim, x tra.Candidate, choose bool) recordView {
	v := recordOf(x.Record, choose)
	v.Rows = beside(c, x.Record, x.Evidence)
	v.Likely, v.Percent = likely(x.Probability)
	v.Bits = fmt.Sprintf("%+.1f", x.Bits)
	heaviest := 1.0
	for _, e := range x.Evidence {
		heaviest = max(heaviest, math.Abs(e.Bits))
	}
	for _, e := range x.Evidence {
		width := 50 * math.Abs(e.Bits) / heaviest
		reason := reasonView{
			Text: fieldName(e.Field) + " " + levelOf(e).how, Bits: fmt.Sprintf("%+.1f", e.Bits), For: e.Bits >= 0,
			X: "50", Width: fmt.Sprintf("%.1f", width),
		}
		if !reason.For {
			reason.X = fmt.Sprintf("%.1f", 50-width)
		}
		v.Why = append(v.Why, reason)
	}
	return v
}

func foundOf(c tra.Claim, f tra.Found, choose bool) recordView {
	v := recordOf(f.Record, choose)
	v.Rows = beside(c, f.Record, nil)
	words := make([]string, len(f.FoundBy))
	for i, by := range f.FoundBy {
		words[i] = foundBy(by)
	}
	v.FoundBy = strings.Join(words, ", ")
	return v
}

// foundBy says in words what in a record answers a query.
func foundBy(by string) string {
	for ending, words := range map[string]string{"_begins": " begins so", "_sounds_like": " sounds so"} {
		if field, ok := strings.CutSuffix(by, ending); ok {
			return lower(fieldName(field)) + words
		}
	}
	return lower(fieldName(by))
}

// lower makes a field's name part of a sentence.
func lower(name string) string {
	if name == fieldWords["trn"] || name == fieldWords["national_insurance_number"] || name == "" {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}
