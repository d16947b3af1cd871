package person_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"traid/internal/person"
)

type entryCase struct {
	ID       string          `json:"id"`
	Input    json.RawMessage `json:"input"`
	Expected struct {
		Valid        bool    `json:"valid"`
		Reason       string  `json:"reason"`
		Normalised   string  `json:"normalised"`
		TRN          string  `json:"trn"`
		DOB          string  `json:"dob"`
		Accepted     bool    `json:"accepted"`
		PreviousName *string `json:"previous_name"`
	} `json:"expected"`
	Why string `json:"why"`
}

func cases(t *testing.T, file string) []entryCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Cases []entryCase }
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) == 0 {
		t.Fatalf("%s has no cases", file)
	}
	return f.Cases
}

func (c entryCase) text(t *testing.T) string {
	t.Helper()
	var s string
	if json.Unmarshal(c.Input, &s) == nil {
		return s
	}
	var r struct {
		Repeat string
		Times  int
	}
	if err := json.Unmarshal(c.Input, &r); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(r.Repeat, r.Times)
}

func (c entryCase) check(t *testing.T, got, want string, err error) {
	t.Helper()
	reason, refused := person.ReasonOf(err)
	switch {
	case refused == c.Expected.Valid, refused && string(reason) != c.Expected.Reason, !refused && got != want:
		t.Errorf("%s %s: got %q %q, want %q %q (%s)", c.ID, c.Input, got, reason, want, c.Expected.Reason, c.Why)
	}
}

func TestGivenCasesOfATRN(t *testing.T) {
	for _, c := range cases(t, "trn_entry.json") {
		got, err := person.ParseTRN(c.text(t))
		c.check(t, got.Reveal(), c.Expected.TRN, err)
	}
}

func TestGivenCasesOfANationalInsuranceNumber(t *testing.T) {
	for _, c := range cases(t, "nino_entry.json") {
		got, err := person.ParseNINO(c.text(t))
		c.check(t, got.Reveal(), c.Expected.Normalised, err)
	}
}

func TestGivenCasesOfADateOfBirth(t *testing.T) {
	for _, c := range cases(t, "date_of_birth_entry.json") {
		var in struct{ Day, Month, Year, Today string }
		if err := json.Unmarshal(c.Input, &in); err != nil {
			t.Fatal(err)
		}
		today, err := person.ParseDate(in.Today)
		if err != nil {
			t.Fatal(err)
		}
		got, err := person.ParseDateOfBirth(in.Day, in.Month, in.Year, today)
		c.check(t, got.Reveal(), c.Expected.DOB, err)
	}
}

func TestGivenCasesOfAName(t *testing.T) {
	for _, c := range cases(t, "name_entry.json") {
		var in struct {
			First, Last   string
			PreviousFirst string `json:"previous_first"`
			PreviousLast  string `json:"previous_last"`
		}
		if json.Unmarshal(c.Input, &in) == nil && in.First != "" {
			parse := func(s string) person.Name {
				n, _ := person.ParseName(s) // blank: none
				return n
			}
			got, ok := person.PreviousName(parse(in.PreviousFirst), parse(in.PreviousLast), person.FullName{First: parse(in.First), Last: parse(in.Last)})
			text := got.First.Reveal() + " " + got.Last.Reveal()
			if ok != (c.Expected.PreviousName != nil) || ok && text != *c.Expected.PreviousName {
				t.Errorf("%s: got %q %v (%s)", c.ID, text, ok, c.Why)
			}
			continue
		}
		got, err := person.ParseName(c.text(t))
		c.check(t, got.Reveal(), c.Expected.Normalised, err)
	}
}

func TestEntries(t *testing.T) {
	today, _ := person.ParseDate("2026-11-23")
	trn := func(s string) (string, error) { v, err := person.ParseTRN(s); return v.Reveal(), err }
	nino := func(s string) (string, error) { v, err := person.ParseNINO(s); return v.Reveal(), err }
	name := func(s string) (string, error) { v, err := person.ParseName(s); return v.Reveal(), err }
	email := func(s string) (string, error) { v, err := person.ParseEmail(s); return v.Reveal(), err }
	dob := func(s string) (string, error) {
		p := strings.Split(s, "|")
		v, err := person.ParseDateOfBirth(p[0], p[1], p[2], today)
		return v.Reveal(), err
	}
	for what, c := range map[string]struct {
		parse func(string) (string, error)
		in    string
		want  string // a value, or a reason after "!"
	}{
		"trn plain":                   {trn, " 1234567 ", "1234567"},
		"trn spaced":                  {trn, "12 345-67", "1234567"},
		"trn with an en dash":         {trn, "123–4567", "1234567"},
		"trn after its label":         {trn, "TRN: 1234567", "1234567"},
		"trn label alone":             {trn, "TRN", "!format"},
		"trn in the older form":       {trn, "RP99/12345", "9912345"},
		"trn in the older form, both": {trn, "TRN RP 99/12345", "9912345"},
		"trn too short":               {trn, "123456", "!length"},
		"trn too long":                {trn, "12345678", "!length"},
		"trn blank":                   {trn, " \u00a0", "!blank"},
		"trn in Arabic digits":        {trn, "١٢٣٤٥٦٧", "!format"},
		"nino without suffix":         {nino, "qq 12 34 56", "QQ123456"},
		"nino with a wrong suffix":    {nino, "QQ123456E", "!suffix"},
		"nino with a second letter O": {nino, "AO123456A", "!prefix"},
		"nino blank":                  {nino, "\t", "!blank"},
		"email with NUL":              {email, "a\x00b@example.org", "!format"},
		"email with a control":        {email, "a\x1bb@example.org", "!format"},
		"email with a C1 control":     {email, "a\u0085b@example.org", "!format"},
		"email that is no UTF-8":      {email, "a\xffb@example.org", "!format"},
		"nino of dashes":              {nino, "--", "!format"},
		"nino with slashes":           {nino, "QQ/12/34/56/C", "QQ123456C"},
		"name of digits":              {name, "123", "!no_letters"},
		"name in Cyrillic":            {name, "Анна", "Анна"},
		"name of 255":                 {name, strings.Repeat("é", 255), strings.Repeat("é", 255)},
		"name with a newline inside":  {name, "Ann\na", "!control_chars"},
		"name that is not UTF-8":      {name, "Ann\xff", "!control_chars"},
		"name with spaces":            {name, "  Mary   Jane ", "Mary Jane"},
		"email":                       {email, " Ann@example.org ", "Ann@example.org"},
		"email without a dot":         {email, "ann@example", "!format"},
		"email with two ats":          {email, "a@b@example.org", "!format"},
		"email blank":                 {email, "", "!blank"},
		"email too long":              {email, strings.Repeat("a", 250) + "@example.org", "!too_long"},
		"dob month by name":           {dob, "1|March|1980", "1980-03-01"},
		"dob month abbreviated":       {dob, "1|SEPT|1980", "1980-09-01"},
		"dob ordinal day":             {dob, "22nd|2|1980", "1980-02-22"},
		"dob blank":                   {dob, " | | ", "!blank"},
		"dob no day":                  {dob, "|1|1980", "!missing_day"},
		"dob no year":                 {dob, "1|1|", "!missing_year"},
		"dob 32nd":                    {dob, "32|1|1980", "!bad_day"},
		"dob month 13":                {dob, "1|13|1980", "!bad_month"},
		"dob weekday":                 {dob, "1|Monday|1980", "!bad_month"},
		"dob year of letters":         {dob, "1|1|198o", "!bad_year"},
		"dob two digit year":          {dob, "1|1|80", "!year_4_digits"},
		"dob before 1900":             {dob, "31|12|1899", "!before_1900"},
		"dob tomorrow":                {dob, "24|11|2026", "!future"},
		"dob under 16":                {dob, "24|11|2010", "!under_16"},
		"dob 16 today":                {dob, "23|11|2010", "2010-11-23"},
		"dob in full-width digits":    {dob, "１|１|１９８０", "1980-01-01"},
	} {
		got, err := c.parse(c.in)
		if reason, refused := person.ReasonOf(err); refused {
			got = "!" + string(reason)
		}
		if got != c.want {
			t.Errorf("%s: %q: got %q, want %q", what, c.in, got, c.want)
		}
	}
}

func TestFirstNameKey(t *testing.T) {
	for in, want := range map[string]string{
		"Mr Nelson": "nelson", "Mr. Nelson": "nelson", "Mr": "mr", "Rev": "rev", "Zoë": "zoe", "D’Arcy": "darcy", "D'Arcy": "darcy",
		"Anne-Marie": "anne", "Łukasz": "lukasz", "  ": "", "MARY JANE": "mary", "Prof. Dr Ann": "dr", "Ø": "o", "İbrahim": "ibrahim",
	} {
		if got := person.FirstNameKey(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestReadingLeniently(t *testing.T) {
	for in, want := range map[string]string{"123-45": "0012345", "1234": "", "12345678": "", "00000": "", " 1234567": "1234567", "RP99/12345": "9912345"} {
		got, ok := person.LenientTRN(in)
		if got.Reveal() != want || ok != (want != "") {
			t.Errorf("TRN %q: got %q %v, want %q", in, got.Reveal(), ok, want)
		}
	}
	if got := person.LenientNINO(" qq-12.34 56 a"); got != "QQ123456A" {
		t.Errorf("NINO: got %q", got)
	}
}

func TestANoteWithAPersonalNumberIsSeen(t *testing.T) {
	for note, want := range map[string]bool{
		"Please check your name and date of birth.": false, "We need 2 more details, in 5 working days.": false,
		"Your TRN is 1234567": true, "it is 12 345 67": true, "QQ 12 34 56 C": true, "born 17/02/1984": true, "on 17 February": true, "1984-02-17": true, "１２３４５６７": true,
		"You may have had an earlier name": false,
	} {
		if got := person.HasPersonalNumber(note); got != want {
			t.Errorf("%q: got %v, want %v", note, got, want)
		}
	}
}

func TestValuesAreHidden(t *testing.T) {
	trn, _ := person.NewTRN("1234567")
	name, _ := person.ParseName("Zebedee")
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "trn", trn, "name", name)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", trn, name, trn, name, trn)
	for _, planted := range []string{"1234567", "Zebedee"} {
		if strings.Contains(out.String(), planted) {
			t.Errorf("%q shows in %s", planted, out.String())
		}
	}
}

func FuzzFoldingTwiceIsFoldingOnce(f *testing.F) {
	for _, s := range []string{"", "Łukasz O’Brien-Smith", "İ", "ǅ", "Ａ", "ß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := person.Fold(s)
		if twice := person.Fold(once); twice != once {
			t.Errorf("%q: once %q, twice %q", s, once, twice)
		}
	})
}

func FuzzWhatIsReadIsReadAgainAlike(f *testing.F) {
	for _, s := range []string{"1234567", "RP99/12345", "QQ123456C", "Ann", "a@example.org", "\u200bAnna"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := person.ParseTRN(s); err == nil {
			if again, err := person.ParseTRN(v.Reveal()); err != nil || again != v {
				t.Errorf("TRN %q", s)
			}
		}
		if v, err := person.ParseNINO(s); err == nil {
			if again, err := person.ParseNINO(v.Reveal()); err != nil || again != v {
				t.Errorf("NINO %q", s)
			}
		}
		if v, err := person.ParseName(s); err == nil {
			if again, err := person.ParseName(v.Reveal()); err != nil || again != v || !utf8.ValidString(v.Reveal()) {
				t.Errorf("name %q", s)
			}
		}
		if v, err := person.ParseEmail(s); err == nil {
			if again, err := person.ParseEmail(v.Reveal()); err != nil || again != v {
				t.Errorf("email %q", s)
			}
		}
	})
}
