// Package notify is a client of GOV.UK Notify's REST API, for email: what is
// sent, what became of it, and the templates of an account. It does not retry
// and decides nothing: an Error says what a caller can do. It knows no word of
// the domain, and logs nothing.
//
// Notify takes a reference with each email and does not hold it unique: who
// does not know the result of a send looks for the reference before sending again.
package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// BaseURL is where Notify is.
const BaseURL = "https://api.notifications.service.gov.uk"

// Options say which account is called.
type Options struct {
	Key     string            // an API key, as Notify shows it: {name}-{service id}-{secret}
	BaseURL string            // BaseURL by default
	Timeout time.Duration     // of one call, 15 seconds by default
	HTTP    http.RoundTripper // http.DefaultTransport by default
	Now     func() time.Time  // time.Now by default
}

const (
	defaultTimeout = 15 * time.Second
	maxAnswer      = 16 << 20
)

// Client calls one account. Its errors are *Error.
type Client struct {
	service, secret string
	base            string
	http            *http.Client
	now             func() time.Time
}

// keyShape is an API key: a name that may hold hyphens, and two UUIDs.
var keyShape = regexp.MustCompile(`^.+-([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})-([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$`)

// CheckKey gives an error, which repeats nothing of it, for what is no API key.
func CheckKey(key string) error {
	if !keyShape.MatchString(key) {
		return errors.New("must be an API key of GOV.UK Notify: its name, the service’s id and the secret, with hyphens between")
	}
	return nil
}

// New gives a client.
func New(o Options) (*Client, error) {
	parts := keyShape.FindStringSubmatch(o.Key)
	if parts == nil {
		return nil, fmt.Errorf("notify: the key %w", CheckKey(o.Key))
	}
	if o.BaseURL == "" {
		o.BaseURL = BaseURL
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{
		service: parts[1], secret: parts[2], base: strings.TrimRight(o.BaseURL, "/"), now: o.Now,
		http: &http.Client{
			Transport: o.HTTP, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Email is one to be sent.
type Email struct {
	To              string
	Template        string            // its id
	Reference       string            // the sender's own; holds nothing of a person
	Personalisation map[string]string // by the template's placeholders
}

// Status is what became of an email.
type Status string

// The statuses of an email.
const (
	Created          Status = "created"           // queued at Notify
	Sending          Status = "sending"           // with Notify's provider, who tries for up to 72 hours
	Delivered        Status = "delivered"         //
	PermanentFailure Status = "permanent-failure" // there is no such address
	TemporaryFailure Status = "temporary-failure" // a full inbox, or taken for spam
	TechnicalFailure Status = "technical-failure" // between Notify and its provider
)

// Notification is an email that Notify has.
type Notification struct {
	ID        string
	Reference string
	Status    Status
	CreatedAt time.Time
}

// Send sends an email and gives Notify's id for it. After an Unknown error it
// may have been sent.
func (c *Client) Send(ctx context.Context, e Email) (string, error) {
	const op = "send an email"
	var out struct {
		ID string `json:"id"`
	}
	err := c.do(ctx, op, http.MethodPost, "/v2/notifications/email", map[string]any{
		"email_address": e.To, "template_id": e.Template, "reference": e.Reference, "personalisation": e.Personalisation,
	}, &out)
	if err == nil && out.ID == "" {
		err = &Error{Op: op, Kind: Unknown, cause: errors.New("the answer has no id")}
	}
	return out.ID, err
}

type notification struct {
	ID        string    `json:"id"`
	Reference *string   `json:"reference"`
	Status    Status    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
}

func (n notification) value() Notification {
	out := Notification{ID: n.ID, Status: n.Status, CreatedAt: n.CreatedAt.UTC()}
	if n.Reference != nil {
		out.Reference = *n.Reference
	}
	return out
}

// ByReference gives the emails with a reference, the newest first. Notify keeps
// them for as long as the account says: 7 days where it says nothing.
func (c *Client) ByReference(ctx context.Context, reference string) ([]Notification, error) {
	const op = "look for a reference"
	var page struct {
		Notifications []notification `json:"notifications"`
	}
	q := url.Values{"reference": {reference}, "template_type": {"email"}}
	if err := c.do(ctx, op, http.MethodGet, "/v2/notifications?"+q.Encode(), nil, &page); err != nil {
		return nil, err
	}
	if page.Notifications == nil {
		return nil, &Error{Op: op, Kind: Unknown, cause: errors.New("the answer has no notifications")}
	}
	out := make([]Notification, 0, len(page.Notifications))
	for _, n := range page.Notifications {
		if v := n.value(); v.Reference == reference {
			out = append(out, v)
		}
	}
	return out, nil
}

// Notification gives an email by Notify's id for it; Missing when it is older
// than Notify keeps them.
func (c *Client) Notification(ctx context.Context, id string) (Notification, error) {
	const op = "read an email"
	var n notification
	if err := c.do(ctx, op, http.MethodGet, "/v2/notifications/"+url.PathEscape(id), nil, &n); err != nil {
		return Notification{}, err
	}
	if n.ID == "" || n.Status == "" {
		return Notification{}, &Error{Op: op, Kind: Unknown, cause: errors.New("the answer has no status")}
	}
	return n.value(), nil
}

// Template is a template of the account, in its newest version.
type Template struct {
	ID            string
	Name          string
	Subject, Body string   // with placeholders as ((name)), lines ended by \n
	Placeholders  []string // in order of the alphabet
}

// EmailTemplates lists the account's templates of emails.
func (c *Client) EmailTemplates(ctx context.Context) ([]Template, error) {
	const op = "list the templates"
	var page struct {
		Templates []struct {
			ID              string                     `json:"id"`
			Name            string                     `json:"name"`
			Subject         string                     `json:"subject"`
			Body            string                     `json:"body"`
			Personalisation map[string]json.RawMessage `json:"personalisation"`
		} `json:"templates"`
	}
	if err := c.do(ctx, op, http.MethodGet, "/v2/templates?type=email", nil, &page); err != nil {
		return nil, err
	}
	if page.Templates == nil {
		return nil, &Error{Op: op, Kind: Unknown, cause: errors.New("the answer has no templates")}
	}
	out := make([]Template, 0, len(page.Templates))
	for _, t := range page.Templates {
		v := Template{ID: t.ID, Name: t.Name, Subject: unix(t.Subject), Body: unix(t.Body)}
		for name := range t.Personalisation {
			v.Placeholders = append(v.Placeholders, name)
		}
		slices.Sort(v.Placeholders)
		out = append(out, v)
	}
	return out, nil
}

func unix(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// do sends a call and reads the answer's JSON into out.
func (c *Client) do(ctx context.Context, op, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return &Error{Op: op, Kind: Refused, cause: errors.New("it cannot be written as JSON")}
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return &Error{Op: op, Kind: Refused, cause: errors.New("the address cannot be called")}
	}
	token, err := c.token()
	if err != nil {
		return &Error{Op: op, Kind: Credentials, cause: err}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil { // http's errors repeat the URL
			err = inner
		}
		return &Error{Op: op, Kind: Unknown, cause: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return &Error{Op: op, Kind: Unknown, Status: res.StatusCode, cause: errors.New("the answer broke off or is too large")}
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return refusal(op, res.StatusCode, raw)
	}
	if json.Unmarshal(raw, out) != nil {
		return &Error{Op: op, Kind: Unknown, Status: res.StatusCode, cause: errors.New("the answer is not the JSON that was expected")}
	}
	return nil
}

// token is a JSON Web Token (RFC 7519) for one call: Notify takes it within 30
// seconds of iat.
func (c *Client) token() (string, error) {
	payload, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		IssuedAt int64  `json:"iat"`
	}{c.service, c.now().Unix()})
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + enc.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(signed))
	return signed + "." + enc.EncodeToString(mac.Sum(nil)), nil
}
