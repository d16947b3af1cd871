// Package zendesk is a client of the Zendesk Support API: tickets, comments,
// audits, fields, users and groups, the incremental export, webhooks, and what an
// account is set up with. It does not retry and decides nothing: an Error says
// what a caller can do.
//
// What it reads may be people's data: its types are never logged whole.
package zendesk

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say which account is called and as whom: with ClientID and
// ClientSecret by OAuth client credentials, else with Email and Token by
// Basic, else with Token as a bearer token.
type Options struct {
	BaseURL      string // such as https://example.zendesk.com
	ClientID     string
	ClientSecret string
	Scopes       string // of the OAuth token, "read tickets:write" by default
	Email        string
	Token        string
	Timeout      time.Duration     // of one call, not counting the wait for its turn; 30 seconds by default
	HTTP         http.RoundTripper // http.DefaultTransport by default
	PerMinute    int               // calls, of everyone who uses this client; 0: no limit
	Now          func() time.Time  // time.Now by default
}

const (
	defaultTimeout = 30 * time.Second
	maxAnswer      = 64 << 20 // a page of the export holds whole descriptions
)

// Client calls one account. It is safe for use by several goroutines. Its
// errors are *Error.
type Client struct {
	base   string
	http   *http.Client
	now    func() time.Time
	bucket *bucket
	auth   authorizer
}

// New gives a client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{
		base: strings.TrimRight(o.BaseURL, "/"), now: o.Now, bucket: newBucket(o.PerMinute, o.Now),
		http: &http.Client{
			Transport: o.HTTP, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	switch {
	case o.ClientID != "":
		c.auth = newOAuth(c, o)
	case o.Email != "":
		c.auth = fixed("Basic " + base64.StdEncoding.EncodeToString([]byte(o.Email+"/token:"+o.Token)))
	default:
		c.auth = fixed("Bearer " + o.Token)
	}
	return c
}

// call is one request.
type call struct {
	op     string // for errors
	method string
	path   string // under /api/v2
	query  url.Values
	body   []byte
	key    string // Idempotency-Key
	one    bool   // the path names one thing: 404 says that it is gone
}

// do sends a call and reads the answer's JSON into out (unread when nil).
func (c *Client) do(ctx context.Context, k call, out any) error {
	if wait, err := c.bucket.take(ctx, k.op); err != nil {
		return &Error{Op: k.op, Kind: Transient, RetryAfter: wait, cause: err} // not sent
	}
	for again := true; ; again = false {
		header, renewed, err := c.auth.header(ctx)
		if err != nil {
			return err
		}
		res, raw, err := c.send(ctx, k, header)
		if err != nil {
			return err
		}
		if res.StatusCode == http.StatusUnauthorized && c.auth.drop(header) && again && !renewed {
			continue // the token ended early; nothing was done
		}
		if res.StatusCode < 200 || res.StatusCode > 299 {
			e := refusal(k.op, k.one, res, raw, c.now())
			c.bucket.heed(k.op, res.Header, e.RetryAfter)
			return e
		}
		c.bucket.heed(k.op, res.Header, 0)
		if out == nil {
			return nil
		}
		if err := decode(raw, out); err != nil {
			return unknown(k.op, res.StatusCode, err)
		}
		return nil
	}
}

// decode reads JSON and leaves numbers as they are written. Its error repeats nothing.
func decode(raw []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(out) != nil {
		return errors.New("the answer is not the JSON that was expected")
	}
	return nil
}

func (c *Client) send(ctx context.Context, k call, authorization string) (*http.Response, []byte, error) {
	target := c.base + "/api/v2" + k.path
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, target, bytes.NewReader(k.body))
	if err != nil {
		return nil, nil, unknown(k.op, 0, cause(err))
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Accept", "application/json")
	if k.method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.key != "" {
		// Not by its canonical name: net/http would send what has one again by
		// itself when the connection breaks, before anybody has looked.
		req.Header["idempotency-key"] = []string{k.key}
	}
	return c.exchange(k.op, req)
}

func (c *Client) exchange(op string, req *http.Request) (*http.Response, []byte, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, unknown(op, 0, cause(err))
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return nil, nil, unknown(op, res.StatusCode, errors.New("the answer broke off or is too large"))
	}
	return res, raw, nil
}

// cause leaves out the URL that http's errors repeat.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
