package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"traid/internal/fault"
)

// ClientOptions say whom a Client calls.
type ClientOptions struct {
	Name    string // the other service, for errors
	BaseURL string
	Token   string
	Timeout time.Duration     // of one call, 15 seconds by default
	HTTP    http.RoundTripper // http.DefaultTransport by default
}

// Client calls another service's JSON API. Errors are faults: a network
// failure, 429, 5xx and whatever is no problem of the service's are
// fault.Unavailable, that is "could not ask".
type Client struct {
	o    ClientOptions
	http *http.Client
}

const (
	defaultTimeout = 15 * time.Second
	maxAnswer      = 16 << 20
)

// NewClient gives a client.
func NewClient(o ClientOptions) *Client {
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{o: o, http: &http.Client{
		Transport: o.HTTP, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends in as JSON (nothing when nil) and reads the answer into out (unread when nil).
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	_, err := c.DoStatus(ctx, method, path, in, out)
	return err
}

// DoStatus is Do that also gives the status, for calls where 200 and 201 differ.
func (c *Client) DoStatus(ctx context.Context, method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return 0, fmt.Errorf("httpd: encode for %s: %w", c.o.Name, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.o.BaseURL+path, body)
	if err != nil {
		return 0, fmt.Errorf("httpd: request to %s: %w", c.o.Name, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.o.Token)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if id := RequestID(ctx); id != "" {
		req.Header.Set(requestIDHeader, id)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, c.unavailable(fmt.Errorf("no answer: %w", cause(err)))
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return res.StatusCode, c.unavailable(errors.New("the answer broke off or is too large"))
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, c.problem(res.StatusCode, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			return res.StatusCode, c.unavailable(errors.New("the answer is not the JSON that was expected"))
		}
	}
	return res.StatusCode, nil
}

func (c *Client) unavailable(err error) error {
	return fault.Wrap(fault.Unavailable, "The "+c.o.Name+" service could not be asked.", err)
}

// problem turns an answer's status into a fault; its text is kept because the
// services' problems repeat no values.
func (c *Client) problem(status int, raw []byte) error {
	var p Problem
	_ = json.Unmarshal(raw, &p)
	kind := fault.Unavailable
	for k, s := range statusOf {
		if s == status && k != fault.Internal && k != fault.TooMany && k != fault.Unavailable {
			kind = k
		}
	}
	if status == http.StatusBadRequest {
		kind = fault.Invalid
	}
	if p.Type == "" {
		kind = fault.Unavailable // something in between answered, not the service
	}
	cause := fmt.Errorf("%s answered %d", c.o.Name, status)
	switch kind {
	case fault.Unavailable:
		return c.unavailable(cause)
	case fault.Invalid:
		e := &fault.Error{Kind: kind, Text: c.o.Name + " refused the request: " + p.Detail}
		for _, f := range p.Errors {
			e.Fields = append(e.Fields, fault.Field{Pointer: f.Pointer, Reason: f.Detail})
		}
		return e
	case fault.Unauthenticated, fault.Forbidden:
		// Our own credentials are wrong: an administrator's matter, and no answer to the question.
		return fault.Wrap(fault.Unavailable, "The "+c.o.Name+" service refused our credentials.", cause)
	}
	return fault.Wrap(kind, p.Detail, cause)
}

// cause leaves out the URL that http's errors repeat.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
