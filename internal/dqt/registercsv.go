package dqt

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"traid/internal/person"
	"traid/internal/table"
)

// registerColumns are the columns of a register file.
var registerColumns = []string{"trn", "status", "first_name", "middle_name", "last_name", "previous_names", "date_of_birth", "national_insurance_numbers", "email", "qts_date", "alerts"}

// Rejection is a row of a file that was refused.
type Rejection struct {
	Line   int
	Reason string // without values
	values []string
}

// Warning is something about a row that was taken all the same.
type Warning struct {
	Line   int
	Reason string
}

// WriteRejections writes refused rows as CSV: line and reason, and the row as
// it was where values is true.
func WriteRejections(w io.Writer, rejections []Rejection, values bool) error {
	out := csv.NewWriter(w)
	header := []string{"line", "reason"}
	if values {
		header = append(header, registerColumns...)
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("dqt: write rejected rows: %w", err)
	}
	for _, r := range rejections {
		line := []string{fmt.Sprint(r.Line), table.Cell(r.Reason)}
		if values {
			for _, v := range r.values {
				line = append(line, table.Cell(v))
			}
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("dqt: write rejected rows: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("dqt: write rejected rows: %w", err)
	}
	return nil
}

// Bounds of lists in a cell.
const (
	maxNames  = 50
	maxNINOs  = 20
	maxAlerts = 100
)

// recordOf reads a row of a register file. Of a row that is refused it gives
// the TRN, if that can be read, and the reason.
func recordOf(r table.Row) (rec Record, warnings []string, refusal string) {
	if r.Refusal != "" {
		return Record{}, nil, r.Refusal
	}
	trn, err := person.NewTRN(r.Get("trn"))
	if err != nil {
		return Record{}, nil, "trn: not seven digits of a TRN"
	}
	rec = Record{TRN: trn}
	no := func(column, reason string) (Record, []string, string) { return rec, nil, column + ": " + reason }

	switch status, into, _ := strings.Cut(r.Get("status"), ":"); Status(strings.ToLower(strings.TrimSpace(status))) {
	case Active:
		rec.Status = Active
	case Inactive:
		rec.Status = Inactive
	case Merged:
		rec.Status = Merged
		if rec.MergedInto, err = person.NewTRN(strings.TrimSpace(into)); err != nil {
			return no("status", "merged needs the TRN of the other record, as in merged:1234567")
		}
	default:
		return no("status", "neither active, inactive nor merged:TRN")
	}
	for i, name := range []*person.Name{&rec.FirstName, &rec.MiddleName, &rec.LastName} {
		column := [...]string{"first_name", "middle_name", "last_name"}[i]
		if *name, err = nameOf(r.Get(column)); err != nil {
			return no(column, reasonOf(err))
		}
	}
	if rec.FirstName.IsZero() && rec.LastName.IsZero() {
		return no("last_name", "neither a first nor a last name")
	}
	for _, p := range list(r.Get("previous_names")) {
		n, err := previousName(p, rec)
		if err != nil {
			return no("previous_names", reasonOf(err))
		}
		rec.PreviousNames = append(rec.PreviousNames, n)
	}
	if len(rec.PreviousNames) > maxNames {
		return no("previous_names", fmt.Sprintf("more than %d", maxNames))
	}
	for i, date := range []*person.Date{&rec.DateOfBirth, &rec.QTSDate} {
		column := [...]string{"date_of_birth", "qts_date"}[i]
		text := r.Get(column)
		if text == "" {
			continue
		}
		if *date, err = person.ParseDate(text); err != nil {
			return no(column, "not a date such as 1984-02-17")
		}
	}
	if rec.DateOfBirth.IsZero() {
		warnings = append(warnings, "date_of_birth: missing: the automatic check can never match the record")
	}
	for _, n := range list(r.Get("national_insurance_numbers")) {
		if hasControl(n) {
			return no("national_insurance_numbers", "control characters")
		}
		if ninoKey(NewText(n)) == "" {
			warnings = append(warnings, "national_insurance_numbers: one is no National Insurance number: kept, but nothing is found by it")
		} else {
			n = ninoKey(NewText(n))
		}
		if t := NewText(n); !slices.Contains(rec.NINOs, t) {
			rec.NINOs = append(rec.NINOs, t)
		}
	}
	if len(rec.NINOs) > maxNINOs {
		return no("national_insurance_numbers", fmt.Sprintf("more than %d", maxNINOs))
	}
	if email := r.Get("email"); email != "" {
		if hasControl(email) {
			return no("email", "control characters")
		}
		if _, err := person.ParseEmail(email); err != nil {
			warnings = append(warnings, "email: no email address: kept as it is")
		}
		rec.Email = NewText(email)
	}
	for _, text := range list(r.Get("alerts")) {
		a, warning, ok := alertOf(text)
		if !ok {
			return no("alerts", "one is not CODE:start:end:details")
		}
		if warning != "" {
			warnings = append(warnings, "alerts: "+warning)
		}
		rec.Alerts = append(rec.Alerts, a)
	}
	if len(rec.Alerts) > maxAlerts {
		return no("alerts", fmt.Sprintf("more than %d", maxAlerts))
	}
	return rec, warnings, ""
}

func list(s string) []string {
	var parts []string
	for _, p := range strings.Split(s, ";") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

func nameOf(s string) (person.Name, error) {
	if s == "" {
		return person.Name{}, nil
	}
	return person.ParseName(s)
}

// reasonOf says in words why a name was refused.
func reasonOf(err error) string {
	reason, _ := person.ReasonOf(err)
	switch reason {
	case person.TooLong:
		return fmt.Sprintf("longer than %d characters", person.MaxName)
	case person.ControlChars:
		return "control characters"
	case person.NoLetters:
		return "no letters"
	}
	return "cannot be read as a name"
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// previousName reads an earlier name that is written in full or as the family
// name alone. Of several words the record's own first and middle names, or the
// first words, are the first name; the last word, with what belongs before it, the family name.
func previousName(text string, rec Record) (person.FullName, error) {
	words := strings.Fields(text)
	own := slices.Concat(person.Words(rec.FirstName.Reveal()), person.Words(rec.MiddleName.Reveal()))
	isOwn := func(w string) bool {
		parts := person.Words(w)
		return len(parts) > 0 && slices.Contains(own, parts[0])
	}
	split := 0
	for split < len(words)-1 && isOwn(words[split]) {
		split++
	}
	if split == 0 && len(words) > 1 && !beforeFamilyName[person.Fold(words[0])] {
		split = len(words) - 1
		for split > 1 && beforeFamilyName[person.Fold(words[split-1])] {
			split--
		}
	}
	first, err := nameOf(strings.Join(words[:split], " "))
	if err != nil {
		return person.FullName{}, err
	}
	last, err := person.ParseName(strings.Join(words[split:], " "))
	return person.FullName{First: first, Last: last}, err
}

var beforeFamilyName = map[string]bool{
	"van": true, "von": true, "der": true, "den": true, "de": true, "del": true, "della": true, "di": true, "da": true, "dos": true, "du": true,
	"la": true, "le": true, "el": true, "al": true, "bin": true, "ibn": true, "abu": true, "st": true, "mac": true, "mc": true, "o": true, "ter": true, "ap": true,
}

// alertOf reads CODE:start:end:details. A code that is not known is kept: an
// alert is never lost because of how it is written.
func alertOf(text string) (a Alert, warning string, ok bool) {
	parts := strings.SplitN(text, ":", 4)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	code := strings.ToUpper(parts[0])
	if code == "" || len(code) > 8 || hasControl(text) || strings.ContainsFunc(code, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return Alert{}, "", false
	}
	if _, known := AlertTypeOf(code); !known {
		warning = "a code is not known: kept, and it counts as an alert"
	}
	for _, day := range parts[1:3] {
		if day == "" {
			continue
		}
		if _, err := person.ParseDate(day); err != nil {
			warning = "a day cannot be read: it counts as open"
		}
	}
	return Alert{Code: code, Start: NewText(parts[1]), End: NewText(parts[2]), Details: NewText(parts[3])}, warning, true
}
