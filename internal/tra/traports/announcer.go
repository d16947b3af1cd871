package traports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/webhook"
	wire "traid/internal/wire/trav1"
)

// Endpoint is where a client wants to be told.
type Endpoint struct {
	URL    string
	Secret string // of Standard Webhooks, "whsec_…"
}

// Announcer is tra.Announcer by signed webhooks (Standard Webhooks 1.0.0).
type Announcer struct {
	endpoints map[tra.Client]Endpoint
	http      *http.Client
	now       func() time.Time
}

var _ tra.Announcer = (*Announcer)(nil)

// announceTimeout bounds one call; the specification advises 15 to 30 seconds.
const announceTimeout = 15 * time.Second

// NewAnnouncer gives an Announcer to the endpoints of the clients that want to
// be told. A nil transport is http.DefaultTransport.
func NewAnnouncer(endpoints map[tra.Client]Endpoint, transport http.RoundTripper, now func() time.Time) *Announcer {
	return &Announcer{endpoints: endpoints, now: now, http: &http.Client{
		Transport: transport, Timeout: announceTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Announce tells a client that a version of the answer to a request was released. 410 Gone is
// a receiver that wants no more of it; anything else but success is later.
func (a *Announcer) Announce(ctx context.Context, client tra.Client, kind tra.Kind, id tra.RequestID, version int64) error {
	to, ok := a.endpoints[client]
	if !ok {
		return nil
	}
	now := a.now()
	body, err := json.Marshal(wire.AnswerReleased{
		Type: wire.EventAnswerReleased, Timestamp: now.UTC(), Data: wire.AnswerReleasedData{ID: string(id), Kind: string(kind)},
	})
	if err != nil {
		return fmt.Errorf("traports: encode a webhook: %w", err)
	}
	// The same id for every attempt, and another for a later version: a receiver
	// who drops what it has had already drops no more than that.
	headers, err := webhook.Sign(to.Secret, fmt.Sprintf("%s_%d", id, version), now, body)
	if err != nil {
		return fmt.Errorf("traports: sign a webhook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("traports: a webhook's endpoint is no URL: %w", withoutURL(err))
	}
	req.Header = headers
	req.Header.Set("Content-Type", "application/json")
	res, err := a.http.Do(req)
	if err != nil {
		return notTold(withoutURL(err))
	}
	_ = res.Body.Close()
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299, res.StatusCode == http.StatusGone:
		return nil
	}
	return notTold(fmt.Errorf("the receiver answered %d", res.StatusCode))
}

func notTold(cause error) error {
	return fault.Wrap(fault.Unavailable, "The client could not be told.", cause)
}

// withoutURL leaves out the URL that http's errors repeat: it may hold a secret.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
