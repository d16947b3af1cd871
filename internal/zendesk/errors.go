package zendesk

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
)

// Kind says what a caller can do about an Error.
type Kind int

// The kinds.
const (
	Unknown     Kind = iota // no answer, or none that says what happened: look, then try again
	Transient               // not now, and nothing was done: try again later
	Conflict                // a safe update met a ticket that had changed: read again, then decide
	Refused                 // it will be refused however often it is sent
	Gone                    // there is no such ticket, or not any more
	Credentials             // an administrator's matter
)

var kindNames = [...]string{"unknown", "transient", "conflict", "refused", "gone", "credentials"}

// String gives the kind's name, as it stands in logs.
func (k Kind) String() string { return kindNames[k] }

// faultOf is what a caller is told who knows only faults. A refusal is nothing
// that whoever waits for the call could mend.
func faultOf(k Kind) error {
	switch k {
	case Conflict:
		return fault.New(fault.Conflict, "The ticket was changed meanwhile.")
	case Refused:
		return fault.New(fault.Internal, "Zendesk refused the request.")
	case Gone:
		return fault.New(fault.NotFound, "There is no such ticket.")
	case Credentials:
		return fault.New(fault.Unavailable, "Zendesk refused our credentials.")
	default:
		return fault.New(fault.Unavailable, "Zendesk could not be asked.")
	}
}

// CodeIdempotent is the code of a creation whose key was used with another body.
const CodeIdempotent = "IdempotentRequestError"

// Codes that decide a kind.
const (
	codeUpdateConflict  = "UpdateConflict"
	codeDatabase        = "DatabaseConflict"
	codeInvalidEndpoint = "InvalidEndpoint"
)

// Error is a call that failed. It names the fields that Zendesk names and
// repeats no value: Zendesk's own descriptions do.
type Error struct {
	Op         string // what was being done
	Kind       Kind
	Status     int           // 0 without an answer
	Code       string        // Zendesk's word for it; empty when it gave none
	Fields     []string      // names of fields it found wrong; a ticket field as "ticket_field_123"
	RetryAfter time.Duration // what Zendesk asked for; 0: nothing
	cause      error         // without an answer
}

// Error gives a line for a log.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "zendesk: %s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(", " + e.Code)
	}
	if len(e.Fields) > 0 {
		b.WriteString(", fields " + strings.Join(e.Fields, " "))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", again after %s", e.RetryAfter)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the fault of the kind, and the cause where there is one.
func (e *Error) Unwrap() []error {
	out := []error{faultOf(e.Kind)}
	if e.cause != nil {
		out = append(out, e.cause)
	}
	return out
}

// Is tells whether err is an Error of the kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

// unknown is an Error without a usable answer.
func unknown(op string, status int, cause error) *Error {
	return &Error{Op: op, Kind: Unknown, Status: status, cause: cause}
}

// refusal makes an Error of an answer that is no success. One says whether the
// call names one thing, so that 404 speaks of that.
func refusal(op string, one bool, res *http.Response, raw []byte, now time.Time) *Error {
	e := &Error{Op: op, Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"), now)}
	e.Code, e.Fields = readProblem(raw)
	page := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") // of something in between, or of no account
	switch s := res.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.Kind = Credentials
	case s == http.StatusNotFound && one && !page && e.Code != codeInvalidEndpoint:
		e.Kind = Gone
	case s == http.StatusConflict && e.Code == codeUpdateConflict:
		e.Kind = Conflict
	case s == http.StatusConflict && e.Code == codeDatabase, s == http.StatusTooEarly, s == http.StatusTooManyRequests:
		e.Kind = Transient
	case s == http.StatusNotFound, s == http.StatusConflict, s == http.StatusRequestTimeout, s < 400, s > 499:
		e.Kind = Unknown
	default:
		e.Kind = Refused
	}
	return e
}

var (
	codeShape  = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,63}$`)
	fieldShape = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)
)

// maxFields is how many wrong fields an Error names.
const maxFields = 20

// readProblem takes from an error's body what is a name: the body may be JSON
// of several shapes, text or nothing, and any text in it may repeat a value.
func readProblem(raw []byte) (code string, fields []string) {
	var p struct {
		Error   any             `json:"error"`
		Details json.RawMessage `json:"details"`
	}
	if json.Unmarshal(raw, &p) != nil {
		return "", nil
	}
	if s, ok := p.Error.(string); ok && codeShape.MatchString(s) {
		code = s
	}
	var details map[string]json.RawMessage
	_ = json.Unmarshal(p.Details, &details)
	for name, reasons := range details {
		if fieldShape.MatchString(name) {
			fields = append(fields, name)
		}
		var wrong []struct {
			TicketField FieldID `json:"ticket_field_id"`
		}
		_ = json.Unmarshal(reasons, &wrong)
		for _, w := range wrong {
			if w.TicketField != 0 {
				fields = append(fields, "ticket_field_"+strconv.FormatInt(int64(w.TicketField), 10))
			}
		}
	}
	slices.Sort(fields)
	fields = slices.Compact(fields)
	return code, fields[:min(len(fields), maxFields)]
}

// longestWait bounds what is made of Retry-After: a strange value must not stop everything.
const longestWait = time.Hour

// retryAfter reads the header's seconds or its date.
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseInt(header, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestWait)
}
