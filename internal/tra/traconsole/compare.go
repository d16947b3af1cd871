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
	Is                       agreement
	Tag                      tagView
	How                      string // in words, beside the tag
	said                     string // the same as a predicate: "is different"
	// The two values, with what differs in them marked.
	ClaimedParts, RecordedParts []part
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
	Likely, Percent string      // of a candidate
	For, Against    string      // of a candidate: the evidence as sentences
	FoundBy         string      // of a search
	Rows            []rowView   // what can be compared
	Missing         string      // what cannot, since one side has nothing
	Facts           [][2]string // of a record without a claim beside it
	PreviousNames   string
	Active          bool
	QTS             string
	Alerts          *tagView // nil: the operator may not see them
	SameTRN         []requestView
	Why             []reasonView
	Bits            string
	Choose          bool
	Key             string // that leads to choosing it; empty: none
}

// requestView is another request.
type requestView struct {
	ID, Reference string
	State         tagView
}

func requestViews(list []tra.Request) []requestView {
	var out []requestView
	for _, r := range list {
		out = append(out, requestView{string(r.ID), string(r.Reference), stateTag(r, nil)})
	}
	return out
}

// levelView is what a level of the register's evidence means.
type levelView struct {
	is  agreement
	how string
	// inside says that the difference is one of letters, digits or parts of a date.
	inside bool
}

var levels = map[string]levelView{
	"equal":             {agrees, "is the same", false},
	"equal_default":     {near, "is the same, but 1 January often stands for “not known”", false},
	"earlier_name":      {near, "is the same as an earlier name", false},
	"one_part":          {near, "is the same in one part of a double name", false},
	"variant":           {near, "is a short form or another spelling", false},
	"middle_name":       {near, "is the other’s middle name", false},
	"swapped":           {near, "is the same with its parts in another order", false},
	"one_edit":          {near, "is one letter or digit off", true},
	"close":             {near, "is spelled almost the same", true},
	"initial":           {near, "agrees in the initial, and no more is given", false},
	"sounds_alike":      {near, "sounds the same", true},
	"similar":           {near, "is spelled similarly", true},
	"two_parts":         {near, "agrees in two of day, month and year", true},
	"same_year":         {differs, "agrees in the year only", true},
	"different":         {differs, "is different", true},
	"different_renamed": {differs, "is different, and the last name has changed before", true},
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
		return levelView{near, how, false}
	}
	return levelView{differs, how, true}
}

// beside sets a claim beside a record, field by field. Where the register gave
// evidence, that is shown; other fields are compared here. What is missing on
// one side says nothing.
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
		level := levelView{}
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
		row.said = level.how
		row.Is, row.Tag, row.How = level.is, agreementTags[level.is], strings.TrimPrefix(strings.TrimPrefix(level.how, "is "), "different, and ")
		if plain[level.how] {
			row.How = "" // the tag says it
		}
		row.ClaimedParts, row.RecordedParts = []part{{row.Claimed, false}}, []part{{row.Recorded, false}}
		if level.inside {
			row.ClaimedParts, row.RecordedParts = apart(row.Claimed, row.Recorded)
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
	add("previous_names", names(c.PreviousNames), earlierNames(r), func() levelView {
		for _, n := range c.PreviousNames {
			switch slices.Index(lasts, person.Fold(n.Last.Reveal())) {
			case -1:
			case 0:
				return levelView{agrees, "is the last name on the record", false}
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
	if _, given := said["email"]; given { // a record does not show its address
		add("email", c.Email.Reveal(), "", nil)
	}
	if born := indexOf(rows, "date_of_birth"); born >= 0 && rows[born].Is != missing && !c.DateOfBirth.IsZero() && !r.DateOfBirth.IsZero() {
		if how := datesApart(c.DateOfBirth, r.DateOfBirth); how != "" {
			rows[born].How, rows[born].said = how, how
		}
	}
	return rows
}

func indexOf(rows []rowView, field string) int {
	return slices.IndexFunc(rows, func(row rowView) bool { return row.Field == fieldName(field) })
}

// earlierNames are the family names that a record had before. An earlier first
// name is shown only where it explains an agreement: the evidence tells it then.
func earlierNames(r tra.Record) string {
	var out []string
	for _, n := range r.PreviousNames {
		if last := n.Last.Reveal(); last != "" && !slices.Contains(out, last) {
			out = append(out, last)
		}
	}
	return strings.Join(out, ", ")
}

// compared separates what can be compared from what is missing on one side.
func compareRows(rows []rowView) (both []rowView, without string) {
	lacks := map[string][]string{}
	for _, row := range rows {
		if row.Is != missing {
			both = append(both, row)
			continue
		}
		lacks[row.How] = append(lacks[row.How], lower(row.Field))
	}
	for _, how := range []string{"not given", "not on the record"} {
		if fields := lacks[how]; len(fields) > 0 {
			without += strings.ToUpper(how[:1]) + how[1:] + ": " + strings.Join(fields, ", ") + ". "
		}
	}
	return both, strings.TrimSpace(without)
}

// weakest is what speaks most against a record, as a sentence: by the weight of
// the evidence where there is some, otherwise by how much a field tells.
func weakest(rows []rowView, evidence []tra.Evidence) string {
	if n := len(evidence); n > 0 && evidence[n-1].Bits < 0 {
		e := evidence[n-1]
		for _, row := range rows {
			if row.Field == fieldName(e.Field) && row.Is != agrees {
				return weakText(row)
			}
		}
	}
	for _, is := range []agreement{differs, near} {
		for _, field := range []string{"date_of_birth", "first_name", "national_insurance_number", "trn", "last_name", "previous_names", "middle_name", "email"} {
			if i := indexOf(rows, field); i >= 0 && rows[i].Is == is {
				return weakText(rows[i])
			}
		}
	}
	return ""
}

func weakText(row rowView) string {
	said := orWord(row.said, levels["different"].how)
	for _, verb := range []string{"is ", "agrees ", "sounds "} {
		if strings.HasPrefix(said, verb) {
			said = "it " + said
			break
		}
	}
	return "The weakest point is the " + lower(row.Field) + ": " + said + "."
}

// ninoBody is how many characters of an NI number tell people apart: the suffix does not count.
const ninoBody = 8

func sameNINO(a, b string) bool {
	a, b = person.LenientNINO(a), person.LenientNINO(b)
	return len(a) >= ninoBody && len(b) >= ninoBody && a[:ninoBody] == b[:ninoBody]
}

func recordOf(r tra.Record, choose bool) recordView {
	return recordView{
		Heading: fullName(r.FirstName, r.LastName), TRN: r.TRN.Reveal(), PreviousNames: earlierNames(r),
		Active: r.Active, QTS: dayOf(r.QTSDate), Choose: choose && r.Active,
	}
}

func candidateOf(c tra.Claim, x tra.Candidate, choose bool) recordView {
	v := recordOf(x.Record, choose)
	v.Rows, v.Missing = compareRows(beside(c, x.Record, x.Evidence))
	v.SameTRN = requestViews(x.SameTRN)
	v.For, v.Against = sentences(x.Evidence)
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
	v.Rows, v.Missing = compareRows(beside(c, f.Record, nil))
	v.SameTRN = requestViews(f.SameTRN)
	v.FoundBy = foundByAll(f.FoundBy)
	return v
}

// alone is a found record without a claim.
func alone(f tra.Found) recordView {
	v := recordOf(f.Record, false)
	v.FoundBy = foundByAll(f.FoundBy)
	v.Facts = [][2]string{
		{"Date of birth", dayOf(f.Record.DateOfBirth)},
		{"Middle name", f.Record.MiddleName.Reveal()},
		{"National Insurance number", texts(f.Record.NINOs)},
	}
	return v
}

func foundByAll(by []string) string {
	words := make([]string, len(by))
	for i, each := range by {
		words[i] = foundBy(each)
	}
	return strings.Join(words, ", ")
}

// sentences says what speaks for a record and what against it, fields of which
// the same is to be said together.
func sentences(evidence []tra.Evidence) (speaksFor, against string) {
	say := func(wanted bool) string {
		var hows []string
		fields := map[string][]string{}
		for _, e := range evidence {
			if e.Bits >= 0 != wanted {
				continue
			}
			how := levelOf(e).how
			if e.Level == "earlier_name" {
				how += ", " + e.Recorded.Reveal()
			}
			if fields[how] == nil {
				hows = append(hows, how)
			}
			fields[how] = append(fields[how], lower(fieldName(e.Field)))
		}
		var out []string
		for _, how := range hows {
			names := fields[how]
			if n := len(names); n > 1 {
				how = strings.Replace(strings.Replace(how, "is ", "are ", 1), "agrees ", "agree ", 1)
				names = []string{strings.Join(names[:n-1], ", ") + " and " + names[n-1]}
			}
			out = append(out, "the "+names[0]+" "+how)
		}
		if len(out) == 0 {
			return ""
		}
		text := strings.Join(out, "; ") + "."
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return say(true), say(false)
}

// foundBy says in words what in a record answers a query.
func foundBy(by string) string {
	for ending, words := range map[string]string{"_begins": " begins so", "_near": " is nearly so", "_sounds_like": " sounds so"} {
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
