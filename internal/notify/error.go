package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Kind says what a caller can do about an Error.
type Kind int

// The kinds.
const (
	Unknown     Kind = iota // no answer, or none that says what happened: look for the reference, then send again
	RateLimited             // too many calls in a minute; nothing was done: again in a minute
	DayLimited              // too many emails today; nothing was done: again after midnight
	Refused                 // it will be refused however often it is sent
	Missing                 // Notify has no such thing, or not any more
	Credentials             // an administrator's matter: the key, or the clock
)

var kindNames = [...]string{"unknown", "rate limited", "day limited", "refused", "missing", "credentials"}

// String gives the kind's name, as it stands in logs.
func (k Kind) String() string { return kindNames[k] }

// Error is a call that failed. It repeats no value: Notify's own messages may.
type Error struct {
	Op     string // what was being done
	Kind   Kind
	Status int      // 0 without an answer
	Codes  []string // Notify's words for it, such as ValidationError
	cause  error
}

// Error gives a line for a log.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "notify: %s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	if len(e.Codes) > 0 {
		b.WriteString(", " + strings.Join(e.Codes, " "))
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause where there is one.
func (e *Error) Unwrap() error { return e.cause }

// Is tells whether err is an Error of the kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

var codeShape = regexp.MustCompile(`^[A-Za-z]{1,64}$`)

// refusal makes an Error of an answer that is no success. What decides is the
// status and Notify's word, which do not change; its messages do.
func refusal(op string, status int, raw []byte) *Error {
	e := &Error{Op: op, Status: status}
	var body struct {
		Errors []struct {
			Error string `json:"error"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(raw, &body)
	for _, each := range body.Errors {
		if codeShape.MatchString(each.Error) {
			e.Codes = append(e.Codes, each.Error)
		}
	}
	if len(e.Codes) == 0 {
		return e // something in between answered, not Notify
	}
	switch status {
	case http.StatusTooManyRequests:
		e.Kind = RateLimited
		if e.Codes[0] == "TooManyRequestsError" {
			e.Kind = DayLimited
		}
	case http.StatusBadRequest:
		e.Kind = Refused
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Kind = Credentials
	case http.StatusNotFound:
		e.Kind = Missing
	}
	return e
}
