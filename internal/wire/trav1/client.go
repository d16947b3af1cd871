package trav1

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"traid/internal/httpd"
)

// Client calls the TRA API. Errors are faults: fault.NotFound is "no such
// request of this client", fault.Conflict "it contradicts what is stored",
// fault.Unavailable is "could not ask", which says nothing about any request.
type Client struct{ http, slow *httpd.Client }

const (
	defaultTimeout = 15 * time.Second
	sweepWait      = 10 * time.Second // how long Answers may wait at the other end before it begins
)

// NewClient gives a client. Name, when empty, becomes "TRA"; Timeout, when
// zero, 15 seconds, and Answers has ten more.
func NewClient(o httpd.ClientOptions) *Client {
	if o.Name == "" {
		o.Name = "TRA"
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	slow := o
	slow.Timeout += sweepWait
	return &Client{http: httpd.NewClient(o), slow: httpd.NewClient(slow)}
}

// PutTRNValidation hands a request in under an id of the caller's choice.
// Repeating it changes nothing; fault.Conflict with another body or another
// client's id.
func (c *Client) PutTRNValidation(ctx context.Context, id string, in TRNValidationRequest) (Request, error) {
	return c.one(ctx, http.MethodPut, trnValidation(id), in)
}

// GetTRNValidation reads a request.
func (c *Client) GetTRNValidation(ctx context.Context, id string) (Request, error) {
	return c.one(ctx, http.MethodGet, trnValidation(id), nil)
}

// WithdrawTRNValidation takes a request back; fault.Conflict once it is answered.
func (c *Client) WithdrawTRNValidation(ctx context.Context, id string) error {
	return c.http.Do(ctx, http.MethodDelete, trnValidation(id), nil, nil)
}

// ReplyToQuestion hands in what the person answers to a question. Repeating it
// changes nothing; fault.Conflict with another reply or when the question is over.
func (c *Client) ReplyToQuestion(ctx context.Context, id string, number int64, in QuestionReply) (Request, error) {
	return c.one(ctx, http.MethodPut, trnValidation(id)+"/questions/"+strconv.FormatInt(number, 10)+"/reply", in)
}

// PutBarringCheck is PutTRNValidation for a barring check.
func (c *Client) PutBarringCheck(ctx context.Context, id string, in BarringCheckRequest) (Request, error) {
	return c.one(ctx, http.MethodPut, barringCheck(id), in)
}

// GetBarringCheck reads a request.
func (c *Client) GetBarringCheck(ctx context.Context, id string) (Request, error) {
	return c.one(ctx, http.MethodGet, barringCheck(id), nil)
}

// WithdrawBarringCheck takes a request back; fault.Conflict once it is answered.
func (c *Client) WithdrawBarringCheck(ctx context.Context, id string) error {
	return c.http.Do(ctx, http.MethodDelete, barringCheck(id), nil, nil)
}

// Requests lists the client's own requests after a place, of one status or of
// any (""); limit 0 is the other end's own.
func (c *Client) Requests(ctx context.Context, status, after string, limit int) (RequestList, error) {
	q := page(after, limit)
	if status != "" {
		q.Set("status", status)
	}
	var out RequestList
	err := c.http.Do(ctx, http.MethodGet, path("/api/v1/requests", q), nil, &out)
	return out, err
}

// Answers gives the answers released after a cursor, "" for all, in the order
// of release; limit 0 is the other end's own.
func (c *Client) Answers(ctx context.Context, after string, limit int) (Answers, error) {
	var out Answers
	err := c.slow.Do(ctx, http.MethodGet, path("/api/v1/answers", page(after, limit)), nil, &out)
	return out, err
}

// PutWebhook has the client told at a URL that an answer was released. The same
// again changes nothing.
func (c *Client) PutWebhook(ctx context.Context, in WebhookRequest) (Webhook, error) {
	var out Webhook
	err := c.http.Do(ctx, http.MethodPut, "/api/v1/webhook", in, &out)
	return out, err
}

func (c *Client) one(ctx context.Context, method, path string, in any) (Request, error) {
	var out Request
	err := c.http.Do(ctx, method, path, in, &out)
	return out, err
}

func trnValidation(id string) string { return "/api/v1/trn-validation-requests/" + url.PathEscape(id) }
func barringCheck(id string) string  { return "/api/v1/barring-checks/" + url.PathEscape(id) }

func page(after string, limit int) url.Values {
	q := url.Values{}
	if after != "" {
		q.Set("after", after)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

func path(base string, q url.Values) string {
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}
