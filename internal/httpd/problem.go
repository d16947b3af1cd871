package httpd

import (
	"encoding/json"
	"net/http"
	"strings"

	"traid/internal/fault"
)

// Problem is an RFC 9457 problem. Its type never changes; it repeats no value of the request.
type Problem struct {
	Type   string         `json:"type" doc:"Which problem it is; stable." example:"urn:traid:problem:invalid"`
	Title  string         `json:"title" doc:"The same for every problem of the type."`
	Status int            `json:"status" doc:"The HTTP status."`
	Detail string         `json:"detail,omitempty" doc:"What to do about it."`
	Errors []ProblemField `json:"errors,omitempty" doc:"Every wrong field."`
}

// ProblemField names one wrong field.
type ProblemField struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the request's body, or the parameter's name." example:"/date_of_birth"`
	Detail  string `json:"detail" doc:"What is wrong with it, without its value."`
}

// Error gives the title.
func (p *Problem) Error() string { return p.Title }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives a problem's media type.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statusOf is the one table from kinds of fault to statuses of an API.
var statusOf = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Forbidden:       http.StatusForbidden,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.TooMany:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Gone:            http.StatusGone,
}

// Status gives the HTTP status of an error's kind.
func Status(err error) int { return statusOf[fault.KindOf(err)] }

// ProblemOf makes a problem of an error. Of an error without a kind nothing is told.
func ProblemOf(err error) *Problem {
	p := statusProblem(Status(err))
	p.Detail = fault.SafeText(err)
	for _, f := range fault.FieldsOf(err) {
		p.Errors = append(p.Errors, ProblemField{Pointer: f.Pointer, Detail: f.Reason})
	}
	return p
}

// problemName names the type of the problem for each status that an API answers with.
var problemName = map[int]string{
	http.StatusBadRequest:            "malformed",
	http.StatusUnauthorized:          "unauthenticated",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusNotAcceptable:         "not_acceptable",
	http.StatusConflict:              "conflict",
	http.StatusGone:                  "gone",
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "invalid",
	http.StatusTooManyRequests:       "too_many",
	http.StatusServiceUnavailable:    "unavailable",
}

func statusProblem(status int) *Problem {
	name := problemName[status]
	if name == "" {
		name = "internal"
	}
	return &Problem{Type: "urn:traid:problem:" + name, Title: http.StatusText(status), Status: status}
}

// WriteProblem writes the problem of an error.
func WriteProblem(w http.ResponseWriter, err error) { write(w, ProblemOf(err)) }

// WriteStatusProblem writes the bare problem of a status.
func WriteStatusProblem(w http.ResponseWriter, status int) { write(w, statusProblem(status)) }

func write(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// pointer makes a JSON pointer of huma's location: "body.previous_names[0].first_name"
// is "/previous_names/0/first_name"; what is not in the body keeps its place
// as a name, such as "query limit".
func pointer(location string) string {
	place, rest, _ := strings.Cut(location, ".")
	if place != "body" {
		if rest == "" {
			return place
		}
		return place + " " + rest
	}
	if rest == "" {
		return ""
	}
	return "/" + strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(rest)
}
