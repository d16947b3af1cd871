// Package traapi is the TRA API for its clients: it reads what they hand in
// strictly, turns it into the words of tra, and back. It has no rules beyond a
// value's own.
package traapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"traid/internal/httpd"
	"traid/internal/tra"
	wire "traid/internal/wire/trav1"
)

// Description stands at the head of the OpenAPI document.
const Description = "Identification requests to the TRA: who a person's record belongs to, and what the alert on a record means. Support operators answer them."

// requests is what the API needs of tra.Service.
type requests interface {
	// Submit hands a request in; created is false when the same stands already.
	Submit(ctx context.Context, s tra.Submission) (v tra.View, created bool, err error)
	Get(ctx context.Context, c tra.Client, k tra.Kind, id tra.RequestID) (tra.View, error)
	// Reply takes what a person answers to a question.
	Reply(ctx context.Context, c tra.Client, id tra.RequestID, number int64, in tra.Reply) (tra.View, error)
	Withdraw(ctx context.Context, c tra.Client, k tra.Kind, id tra.RequestID) error
	// List gives a client's requests after one, of a status or of any (""); next is empty on the last page.
	List(ctx context.Context, c tra.Client, status string, after tra.RequestID, limit int) (list []tra.Listed, next tra.RequestID, err error)
	// Answers gives the answers released after a cursor; next is always set.
	Answers(ctx context.Context, c tra.Client, after string, limit int) (answers []tra.Answer, next string, err error)
	webhooks
}

// kinds are the two kinds of request and where each stands.
var kinds = []struct {
	kind        tra.Kind
	path, id    string
	tag, phrase string
}{
	{tra.TRNValidation, "/api/v1/trn-validation-requests/{id}", "trn-validation-request", "TRN validation", "a TRN validation request"},
	{tra.BarringCheck, "/api/v1/barring-checks/{id}", "barring-check", "Barring check", "a barring check"},
}

// Mount puts the operations onto an API.
func Mount(api *httpd.API, svc requests) {
	h := handlers{svc}
	for _, k := range kinds {
		op := func(method, verb, summary string, errors ...int) huma.Operation {
			return huma.Operation{
				OperationID: verb + "-" + k.id, Method: method, Path: k.path, Summary: summary + " " + k.phrase,
				Security: httpd.Scope(wire.ScopeRequests), Tags: []string{k.tag}, Errors: errors,
			}
		}
		put := op(http.MethodPut, "put", "Hand in", http.StatusConflict)
		put.Description = "Under an id that the client chose. The same again changes nothing; another body under the same id is refused."
		put.Responses = map[string]*huma.Response{
			"200": {Description: "It stands already."},
			"201": {Description: "It was handed in.", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Request"}}}},
		}
		switch k.kind {
		case tra.TRNValidation:
			httpd.Register(api, put, h.putTRNValidation)
		case tra.BarringCheck:
			httpd.Register(api, put, h.putBarringCheck)
		}

		get := op(http.MethodGet, "get", "Read", http.StatusNotFound)
		get.Responses = map[string]*huma.Response{"304": {Description: "Nothing but as_of is other than it was with the ETag."}}
		httpd.Register(api, get, h.get(k.kind))

		withdraw := op(http.MethodDelete, "withdraw", "Withdraw", http.StatusNotFound, http.StatusConflict)
		withdraw.Description = "Again changes nothing. Refused once it is answered."
		httpd.Register(api, withdraw, h.withdraw(k.kind))
	}
	httpd.Register(api, huma.Operation{
		OperationID: "put-question-reply", Method: http.MethodPut, Path: "/api/v1/trn-validation-requests/{id}/questions/{number}/reply",
		Summary:     "Hand in what the person answers to a question",
		Description: "Replaces or adds the details that it gives, and the request is an operator's again. The same again changes nothing; another reply, or one to a question that is over, is refused.",
		Security:    httpd.Scope(wire.ScopeRequests), Tags: []string{"trn-validation-request"}, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.reply)
	httpd.Register(api, huma.Operation{
		OperationID: "list-requests", Method: http.MethodGet, Path: "/api/v1/requests",
		Summary:  "The client's own requests, by id",
		Security: httpd.Scope(wire.ScopeRequests), Tags: []string{"Reconciliation"},
	}, h.list)
	httpd.Register(api, huma.Operation{
		OperationID: "list-answers", Method: http.MethodGet, Path: "/api/v1/answers",
		Summary:     "Released answers, in the order of release",
		Description: "Waits up to ten seconds when what the tickets say was last read more than a minute ago.",
		Security:    httpd.Scope(wire.ScopeRequests), Tags: []string{"Reconciliation"},
	}, h.answers)
	h.mountWebhooks(api)
}

type handlers struct{ svc requests }

// Place is where one request stands. It is exported because huma passes over
// embedded types that are not.
type Place struct {
	ID string `path:"id" pattern:"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" patternDescription:"a UUID" doc:"UUID that the client chose."`
}

func (p Place) id() tra.RequestID { return idOf(p.ID) }

// idOf gives a UUID in the one case that ids are kept in.
func idOf(uuid string) tra.RequestID { return tra.RequestID(strings.ToLower(uuid)) }

// one is a request as it is answered with.
type one struct {
	Status int
	ETag   string `header:"ETag" doc:"Stays the same while nothing but as_of changes."`
	Body   wire.Request
}

// client is whose requests an operation is about.
func client(ctx context.Context) tra.Client { return tra.Client(httpd.CallerFrom(ctx).Client) }

func (h handlers) submit(ctx context.Context, s tra.Submission) (*one, error) {
	s.Client = client(ctx)
	v, created, err := h.svc.Submit(ctx, s)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return &one{Status: status, ETag: etag(v), Body: requestOf(v)}, nil
}

func (h handlers) putTRNValidation(ctx context.Context, in *trnValidation) (*one, error) {
	return h.submit(ctx, tra.Submission{ID: in.id(), Kind: tra.TRNValidation, Claim: in.claim, Replaces: idOf(in.Body.Replaces)})
}

func (h handlers) putBarringCheck(ctx context.Context, in *barringCheck) (*one, error) {
	return h.submit(ctx, tra.Submission{ID: in.id(), Kind: tra.BarringCheck, Claim: in.claim})
}

// reading is a request that the client may know already.
type reading struct {
	Place
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag: the answer is 304 while it still fits."`
}

func (h handlers) get(k tra.Kind) func(context.Context, *reading) (*one, error) {
	return func(ctx context.Context, in *reading) (*one, error) {
		v, err := h.svc.Get(ctx, client(ctx), k, in.id())
		if err != nil {
			return nil, err
		}
		out := &one{Status: http.StatusOK, ETag: etag(v), Body: requestOf(v)}
		if known(in.IfNoneMatch, out.ETag) {
			out.Status = http.StatusNotModified
		}
		return out, nil
	}
}

func (h handlers) reply(ctx context.Context, in *questionReply) (*one, error) {
	v, err := h.svc.Reply(ctx, client(ctx), in.id(), in.Number, in.reply)
	if err != nil {
		return nil, err
	}
	return &one{Status: http.StatusOK, ETag: etag(v), Body: requestOf(v)}, nil
}

func (h handlers) withdraw(k tra.Kind) func(context.Context, *Place) (*struct{}, error) {
	return func(ctx context.Context, in *Place) (*struct{}, error) {
		return nil, h.svc.Withdraw(ctx, client(ctx), k, in.id())
	}
}

type listing struct {
	Status string `query:"status" enum:"received,in_progress,answered,withdrawn" doc:"Any when left out."`
	After  string `query:"after" pattern:"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" patternDescription:"a UUID" doc:"next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
}

type listed struct{ Body wire.RequestList }

func (h handlers) list(ctx context.Context, in *listing) (*listed, error) {
	list, next, err := h.svc.List(ctx, client(ctx), in.Status, idOf(in.After), in.Limit)
	if err != nil {
		return nil, err
	}
	out := wire.RequestList{Requests: []wire.ListedRequest{}, Next: text(string(next))}
	for _, r := range list {
		out.Requests = append(out.Requests, wire.ListedRequest{ID: string(r.ID), Kind: string(r.Kind), Status: r.Status})
	}
	return &listed{out}, nil
}

type feed struct {
	After string `query:"after" maxLength:"200" doc:"next of the call before; from the first answer on when left out."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
}

type released struct{ Body wire.Answers }

func (h handlers) answers(ctx context.Context, in *feed) (*released, error) {
	list, next, err := h.svc.Answers(ctx, client(ctx), in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := wire.Answers{Answers: []wire.ReleasedAnswer{}, Next: next}
	for _, a := range list {
		w := answerOf(a)
		out.Answers = append(out.Answers, wire.ReleasedAnswer{
			ID: string(a.Request), Kind: string(a.Kind), Version: w.Version, Outcome: w.Outcome, TRN: w.TRN,
			FailureReason: w.FailureReason, Note: w.Note, AnsweredAt: w.AnsweredAt,
		})
	}
	return &released{out}, nil
}

func requestOf(v tra.View) wire.Request {
	out := wire.Request{ID: string(v.ID), Kind: string(v.Kind), Status: v.Status, SubmittedAt: v.SubmittedAt.UTC(), AsOf: v.AsOf.UTC()}
	if !v.ExpectedBy.IsZero() {
		by := v.ExpectedBy.UTC()
		out.ExpectedBy = &by
	}
	if v.Answer != nil {
		a := answerOf(*v.Answer)
		out.Answer = &a
	}
	if q := v.Question; q != nil {
		out.Question = &wire.Question{Number: q.Number, Text: q.Text, AsksFor: text(string(q.AsksFor)), AskedAt: q.AskedAt.UTC(), EndsAt: q.EndsAt.UTC()}
	}
	return out
}

func answerOf(a tra.Answer) wire.Answer {
	return wire.Answer{
		Version: a.Version, Outcome: string(a.Outcome), TRN: text(a.TRN.Reveal()),
		FailureReason: text(string(a.Reason)), Note: text(a.Note), AnsweredAt: a.AnsweredAt.UTC(),
	}
}

// text gives what there is, null for nothing.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// etag tells two states of a request apart by what can change, as_of aside. A
// version of an answer never changes, so its number stands for it: a header
// that holds nothing of anybody.
func etag(v tra.View) string {
	version := int64(0)
	if v.Answer != nil {
		version = v.Answer.Version
	}
	by := "never"
	if !v.ExpectedBy.IsZero() {
		by = v.ExpectedBy.UTC().Format(time.RFC3339)
	}
	if v.Question != nil {
		by = "question-" + strconv.FormatInt(v.Question.Number, 10)
	}
	return `"` + v.Status + "." + strconv.FormatInt(version, 10) + "." + by + `"`
}

// known tells whether an If-None-Match names the ETag (RFC 9110, 13.1.2: compared weakly).
func known(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}
