package cpdweb_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"traid/internal/person"
)

// entryCase is a case of ../../person/testdata; what is typed differs by kind.
type entryCase struct {
	ID       string          `json:"id"`
	Input    json.RawMessage `json:"input"`
	Expected struct {
		Valid        bool          `json:"valid"`
		Reason       person.Reason `json:"reason"`
		PreviousName string        `json:"previous_name"`
	} `json:"expected"`
}

func entryCases(t *testing.T, kind string) []entryCase {
	t.Helper()
	raw, err := os.ReadFile("../../person/testdata/" + kind + "_entry.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []entryCase }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// typed gives what a case types, false for a case that is not one entry.
func (c entryCase) typed() (string, bool) {
	var s string
	if json.Unmarshal(c.Input, &s) == nil {
		return s, true
	}
	var many struct {
		Repeat string
		Times  int
	}
	if json.Unmarshal(c.Input, &many) == nil && many.Times > 0 {
		return strings.Repeat(many.Repeat, many.Times), true
	}
	return "", false
}

// entry is a field on its page.
type entry struct {
	path     string
	form     func(typed string) []string
	messages map[person.Reason]string
}

func entries() map[string]entry {
	name := func(label string) map[person.Reason]string {
		return map[person.Reason]string{
			person.Blank: "Enter your " + label + " name", person.TooLong: "name must be 255 characters or fewer",
			person.ControlChars: "Type it again without pasting it", person.NoLetters: "name must contain at least one letter",
		}
	}
	return map[string]entry{
		"first name": {"/name", func(s string) []string { return []string{"last-name", "Okoro", "first-name", s} }, name("first")},
		"last name":  {"/name", func(s string) []string { return []string{"first-name", "Ada", "last-name", s} }, name("last")},
		"trn": {"/trn", func(s string) []string { return []string{"has-trn", "yes", "trn", s} }, map[person.Reason]string{
			person.Blank: "Enter your TRN", person.Format: "Enter a TRN in the correct format, like 1234567 or RP12/34567",
			person.Length: "TRN must have 7 numbers", person.NotATRN: "Enter your own TRN. A number of zeros is not one",
		}},
		"nino": {"/national-insurance-number", func(s string) []string {
			return []string{"has-national-insurance-number", "yes", "national-insurance-number", s}
		}, map[person.Reason]string{
			person.Blank: "Enter your National Insurance number", person.Format: "Enter a National Insurance number in the correct format",
			person.Prefix: "Check the first 2 letters", person.Suffix: "Check the last letter",
		}},
		"email": {"/email", func(s string) []string { return []string{"email", s} }, map[person.Reason]string{
			person.Blank: "Enter your email address", person.TooLong: "Email address must be 254 characters or fewer",
			person.Format: "Enter an email address in the correct format, like name@example.com",
		}},
	}
}

// here gives a browser on whose visit every question can be met.
func here(t *testing.T) *browser {
	t.Helper()
	b := newWorld(t).browser()
	b.begins("ada@example.org")
	b.post("/name", "first-name", "Ada", "last-name", "Okoro")
	b.post("/changed-name", "changed-name", "no")
	b.post("/date-of-birth", "date-of-birth-day", "1", "date-of-birth-month", "3", "date-of-birth-year", "1990")
	b.post("/trn", "has-trn", "no")
	b.post("/national-insurance-number", "has-national-insurance-number", "no")
	return b
}

// refused fails unless the page says a message twice, in the summary and at the
// field, and its title says so too.
func refused(t *testing.T, p page, path, message string) {
	t.Helper()
	p.is(path, 422)
	if n := strings.Count(p.text(), message); n != 2 {
		t.Errorf("%s says %q %d times, want 2: %s", path, message, n, p.text())
	}
	if !strings.HasPrefix(p.title(), "Error: ") {
		t.Errorf("%s has the title %q", path, p.title())
	}
}

func TestEveryReasonHasItsMessage(t *testing.T) {
	b := here(t)
	e := entries()
	own := map[string]map[person.Reason]string{ // for the reasons that no given case has
		"first name": {person.NoLetters: "12"}, "last name": {person.NoLetters: "-"},
		"trn":   {person.Blank: " "},
		"nino":  {person.Blank: "", person.Suffix: "QQ123456E"},
		"email": {person.Blank: "", person.TooLong: strings.Repeat("a", 250) + "@example.com", person.Format: "ada"},
	}
	for field, f := range e {
		ownWords(t, field, f.messages)
		kind := map[string]string{"first name": "name", "last name": "name", "trn": "trn", "nino": "nino"}[field]
		typed := own[field]
		if kind != "" {
			for _, c := range entryCases(t, kind) {
				s, ok := c.typed()
				switch {
				case !ok: // names together: TestGivenNamesTogether
				case c.Expected.Valid:
					if p := b.post(f.path, f.form(s)...); p.Status != 200 || p.Path == f.path {
						t.Errorf("%s %s: valid, and the page answers %d at %s", field, c.ID, p.Status, p.Path)
					}
				default:
					refused(t, b.post(f.path, f.form(s)...), f.path, f.messages[c.Expected.Reason])
					typed[c.Expected.Reason] = s
				}
			}
		}
		for reason, message := range f.messages {
			s, ok := typed[reason]
			if !ok {
				t.Errorf("%s: nothing is refused as %s", field, reason)
				continue
			}
			refused(t, b.post(f.path, f.form(s)...), f.path, message)
		}
	}
}

// ownWords fails where two reasons share a message.
func ownWords(t *testing.T, field string, messages map[person.Reason]string) {
	t.Helper()
	said := map[string]person.Reason{}
	for reason, message := range messages {
		if other, twice := said[message]; twice || message == "" {
			t.Errorf("%s: %s and %s are told by the same words, %q", field, reason, other, message)
		}
		said[message] = reason
	}
}

func TestGivenNamesTogether(t *testing.T) {
	met := 0
	for _, c := range entryCases(t, "name") {
		var in struct {
			First, Last   string
			PreviousFirst string `json:"previous_first"`
			PreviousLast  string `json:"previous_last"`
		}
		if _, one := c.typed(); one || json.Unmarshal(c.Input, &in) != nil {
			continue
		}
		met++
		if c.Expected.Reason != "" {
			t.Fatalf("%s is refused, and no page knows how", c.ID)
		}
		want := "Previous names " + c.Expected.PreviousName
		if c.Expected.PreviousName == "" {
			want += "Not given"
		}
		b := here(t)
		b.post("/name", "first-name", in.First, "last-name", in.Last)
		b.post("/changed-name", "changed-name", "yes").at("/previous-names")
		b.post("/previous-names", "previous-first-name-1", in.PreviousFirst, "previous-last-name-1", in.PreviousLast).at("/check-your-answers").says(want)
	}
	if met == 0 {
		t.Error("no case has names together")
	}
}

func TestWhatWasTypedWronglyStays(t *testing.T) {
	b := here(t)
	stays := func(path string, form ...string) {
		typed := form[1]
		if p := b.post(path, form...).is(path, 422); !strings.Contains(p.Body, `value="`+typed+`"`) {
			t.Errorf("%s has forgotten %q", path, typed)
		}
	}
	stays("/name", "first-name", "Ada 1", "last-name", "")
	stays("/trn", "trn", "12 34", "has-trn", "yes")
	stays("/national-insurance-number", "national-insurance-number", "QQ 12", "has-national-insurance-number", "yes")
	stays("/email", "email", "ada at example")
	stays("/date-of-birth", "date-of-birth-day", "32", "date-of-birth-month", "3", "date-of-birth-year", "1990")
	b.post("/changed-name", "changed-name", "yes").at("/previous-names")
	stays("/previous-names", "previous-first-name-1", "4711", "previous-last-name-1", "Okoro")
}

func TestNothingSelectedIsRefused(t *testing.T) {
	b := here(t)
	for path, message := range map[string]string{
		"/changed-name":              "Select yes if you have had another name",
		"/trn":                       "Select yes if you know your TRN",
		"/national-insurance-number": "Select yes if you can give your National Insurance number",
	} {
		refused(t, b.post(path), path, message)
	}
}

func TestEveryReasonOfADateOfBirthHasItsMessage(t *testing.T) {
	b := here(t)
	type boxes struct{ Day, Month, Year string }
	messages := map[person.Reason]string{
		person.Blank: "Enter your date of birth", person.MissingDay: "Date of birth must include a day",
		person.MissingMonth: "Date of birth must include a month", person.MissingYear: "Date of birth must include a year",
		person.BadDay: "Day must be a number from 1 to 31", person.BadMonth: "Month must be a number from 1 to 12, or the name of a month",
		person.BadYear: "Year must be a number, like 1984", person.Year4Digits: "Year must have 4 numbers, like 1984",
		person.NotARealDate: "Date of birth must be a real date", person.Before1900: "Year must be 1900 or later",
		person.Future: "Date of birth must be in the past", person.Under16: "You must be at least 16 years old",
	}
	typed := map[person.Reason]boxes{
		person.Blank: {}, person.MissingDay: {"", "3", "1990"}, person.MissingYear: {"1", "3", ""}, person.BadYear: {"1", "3", "MCM"},
		person.Before1900: {"1", "3", "1899"}, person.Future: {"1", "3", "2027"}, person.Under16: {"1", "3", "2015"},
	}
	post := func(x boxes) page {
		return b.post("/date-of-birth", "date-of-birth-day", x.Day, "date-of-birth-month", x.Month, "date-of-birth-year", x.Year)
	}
	for _, c := range entryCases(t, "date_of_birth") {
		var x boxes
		if err := json.Unmarshal(c.Input, &x); err != nil {
			t.Fatal(err)
		}
		if c.Expected.Valid {
			post(x).at("/check-your-answers")
			continue
		}
		refused(t, post(x), "/date-of-birth", messages[c.Expected.Reason])
		typed[c.Expected.Reason] = x
	}
	ownWords(t, "date of birth", messages)
	marks := map[person.Reason]int{ // all three boxes where the date as a whole is wrong
		person.Blank: 3, person.NotARealDate: 3, person.Future: 3,
	}
	for reason, message := range messages {
		x, ok := typed[reason]
		if !ok {
			t.Errorf("nothing is refused as %s", reason)
			continue
		}
		p := post(x)
		refused(t, p, "/date-of-birth", message)
		if got, want := strings.Count(p.Body, "govuk-input--error"), max(marks[reason], 1); got != want {
			t.Errorf("%s marks %d boxes, want %d", reason, got, want)
		}
	}
}
