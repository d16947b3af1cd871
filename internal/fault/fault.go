// Package fault names the kinds of error that a caller can act on, with text
// that is safe to show to a person. It never carries personal values: a text
// given to New or Wrap may be printed on a page, in a problem and in a log.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what a caller can do about an error.
type Kind int

// The kinds. Internal is what every other error is.
const (
	Internal        Kind = iota // a defect or an unexpected state: nobody outside can mend it
	Invalid                     // the input is wrong: mend it and send it again
	NotFound                    // there is no such thing, or not for this caller
	Conflict                    // it contradicts what is stored: read again, then decide
	Forbidden                   // the caller is known and may not
	Unauthenticated             // the caller is not known
	TooMany                     // too often: later
	Unavailable                 // it could not be asked: says nothing about the answer; later
	Gone                        // it was there and is not any more
)

var names = [...]string{"internal", "invalid", "not_found", "conflict", "forbidden", "unauthenticated", "too_many", "unavailable", "gone"}

// String gives the kind's stable name, as it stands in logs and problem types.
func (k Kind) String() string {
	if int(k) < 0 || int(k) >= len(names) {
		return "internal"
	}
	return names[k]
}

// Field is one wrong field of an input.
type Field struct {
	Pointer string // JSON pointer, such as "/date_of_birth"
	Reason  string // what is wrong, without the value
}

// Error is an error of a kind, with a text that is safe to show.
type Error struct {
	Kind   Kind
	Text   string
	Fields []Field // only with Invalid
	cause  error
}

// Error gives the safe text and the cause's, for a log line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Text)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " %s: %s", f.Pointer, f.Reason)
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// New makes an error of a kind. The text is shown to people: no values.
func New(kind Kind, safeText string) error { return &Error{Kind: kind, Text: safeText} }

// Wrap makes an error of a kind out of another. The text is shown to people, the cause is not.
func Wrap(kind Kind, safeText string, cause error) error {
	return &Error{Kind: kind, Text: safeText, cause: cause}
}

// InvalidFields makes an Invalid error that names each wrong field.
func InvalidFields(fields ...Field) error {
	return &Error{Kind: Invalid, Text: "The request has wrong fields.", Fields: fields}
}

// KindOf gives the kind of the first Error in err's chain, Internal without one.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// SafeText gives the text that may be shown for err; of an error without a
// kind nothing is told.
func SafeText(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Text
	}
	return "Something went wrong."
}

// FieldsOf gives the wrong fields that err names.
func FieldsOf(err error) []Field {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields
	}
	return nil
}

// RetryAfter gives the growing wait after an attempt, counted from one, at what
// could not be asked; hourly in the end.
func RetryAfter(attempts int64) time.Duration {
	waits := [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	if attempts > int64(len(waits)) {
		return time.Hour
	}
	return waits[max(attempts, 1)-1]
}
