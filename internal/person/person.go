// Package person holds the values that identify a person: teacher reference
// numbers (TRN), National Insurance numbers, names, dates of birth and email
// addresses. Each is parsed strictly from what a person types, read leniently
// where the register is asked, and hidden from logs: String, GoString and
// LogValue never show a value, Reveal is the one way out.
package person

import (
	"errors"
	"log/slog"
	"strings"
	"time"
)

// Reason says why an entry was refused. Each has its own message on the pages.
type Reason string

// The reasons, by what was typed.
const (
	Blank        Reason = "blank"
	Format       Reason = "format"
	Length       Reason = "length"
	NotATRN      Reason = "not_a_trn"
	Prefix       Reason = "prefix"
	Suffix       Reason = "suffix"
	MissingDay   Reason = "missing_day"
	MissingMonth Reason = "missing_month"
	MissingYear  Reason = "missing_year"
	BadDay       Reason = "bad_day"
	BadMonth     Reason = "bad_month"
	BadYear      Reason = "bad_year"
	Year4Digits  Reason = "year_4_digits"
	NotARealDate Reason = "not_a_real_date"
	Before1900   Reason = "before_1900"
	Future       Reason = "future"
	Under16      Reason = "under_16"
	TooLong      Reason = "too_long"
	ControlChars Reason = "control_chars"
	NoLetters    Reason = "no_letters"
)

// EntryError is an entry that was refused. It never holds what was typed.
type EntryError struct{ Reason Reason }

// Error gives the reason.
func (e *EntryError) Error() string { return "person: " + string(e.Reason) }

// ReasonOf gives the reason in err's chain.
func ReasonOf(err error) (Reason, bool) {
	if e, ok := errors.AsType[*EntryError](err); ok {
		return e.Reason, true
	}
	return "", false
}

func refuse(r Reason) error { return &EntryError{Reason: r} }

// hidden is what every value of a person has in common: it can be compared and
// revealed, and shows itself to nobody else.
type hidden struct{ v string }

// Reveal gives the value itself. Who calls it keeps it out of logs, URLs and errors.
func (h hidden) Reveal() string { return h.v }

// IsZero tells whether there is no value.
func (h hidden) IsZero() bool { return h.v == "" }

// String hides the value.
func (h hidden) String() string { return "[hidden]" }

// GoString hides the value from %#v.
func (h hidden) GoString() string { return "[hidden]" }

// LogValue hides the value from slog.
func (h hidden) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// TRN is a teacher reference number: seven digits, leading zeros kept.
type TRN struct{ hidden }

// NINO is a National Insurance number: two letters, six digits and, unless it
// was left out, a suffix A to D. Upper case, no spaces.
type NINO struct{ hidden }

// HasSuffix tells whether the suffix letter was given.
func (n NINO) HasSuffix() bool { return len(n.v) == 9 }

// Name is a first or a family name as a person wrote it, without invisible
// characters and without spaces around it.
type Name struct{ hidden }

// Email is an email address as a person wrote it.
type Email struct{ hidden }

// Key gives the address as it is compared: case-folded.
func (e Email) Key() string { return strings.ToLower(e.v) }

// Date is a calendar date, such as a birthday: no time and no zone.
type Date struct{ hidden }

const isoDate = "2006-01-02"

// DateOf gives the date on the calendar of t's own location.
func DateOf(t time.Time) Date { return Date{hidden{t.Format(isoDate)}} }

// ParseDate reads a date as it goes over the wire, "1984-02-17".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(isoDate, s)
	if err != nil {
		return Date{}, refuse(Format)
	}
	if t.Year() < 1900 {
		return Date{}, refuse(Before1900)
	}
	return Date{hidden{s}}, nil
}

// Time gives midnight UTC of the date, the zero time for no date.
func (d Date) Time() time.Time {
	t, err := time.Parse(isoDate, d.v)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Before tells whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.v < e.v }

// FullName is a first and a family name.
type FullName struct{ First, Last Name }

// IsZero tells whether both are missing.
func (n FullName) IsZero() bool { return n.First.IsZero() && n.Last.IsZero() }

// PreviousName makes a previous name of what was typed: a missing half is
// filled from the current name; with both missing there is none (a person may
// say that the name changed and not give it).
func PreviousName(first, last Name, current FullName) (FullName, bool) {
	if first.IsZero() && last.IsZero() {
		return FullName{}, false
	}
	if first.IsZero() {
		first = current.First
	}
	if last.IsZero() {
		last = current.Last
	}
	return FullName{First: first, Last: last}, true
}

// Text is a value of a person without a shape of its own, such as what an
// operator searches for.
type Text struct{ hidden }

// NewText hides a value.
func NewText(v string) Text { return Text{hidden{v}} }
