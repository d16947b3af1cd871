package traports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/webhook"
	wire "traid/internal/wire/trav1"
)

// Announcer is tra.Announcer by signed webhooks (Standard Webhooks 1.0.0).
type Announcer struct {
	guard webhook.Guard
	http  *http.Client
	now   func() time.Time
}

var _ tra.Announcer = (*Announcer)(nil)

// announceTimeout bounds one call; the specification advises 15 to 30 seconds.
const announceTimeout = 15 * time.Second

// NewAnnouncer gives an Announcer that calls what the guard allows.
func NewAnnouncer(guard webhook.Guard, now func() time.Time) *Announcer {
	return &Announcer{guard: guard, now: now, http: &http.Client{
		Transport: guard.Transport(), Timeout: announceTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CheckURL says what is wrong with a webhook's URL.
func (a *Announcer) CheckURL(url string) string { return a.guard.Check(url) }

// maxReceiver bounds what is read of a receiver's answer, which says nothing to us.
const maxReceiver = 64 << 10

// Announce makes one attempt. 410 Gone is a receiver that wants no more of it;
// anything else but success is later.
func (a *Announcer) Announce(ctx context.Context, to tra.Webhook, d tra.Delivery) (answer int, err error) {
	now := a.now()
	event := wire.Event{Type: string(d.Type), Timestamp: now.UTC(), Data: wire.EventData{ID: string(d.Request), Kind: string(d.Kind)}}
	body, err := json.Marshal(event)
	if err != nil {
		return 0, fmt.Errorf("traports: encode a webhook: %w", err)
	}
	// The same id for every attempt: a receiver who drops what it has had already
	// drops no more than that.
	headers, err := webhook.Sign(to.Secrets, string(d.ID), now, body)
	if err != nil {
		return 0, fmt.Errorf("traports: sign a webhook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("traports: a webhook's endpoint is no URL: %w", withoutURL(err))
	}
	req.Header = headers
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "traid")
	res, err := a.http.Do(req)
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, whyNot(err), withoutURL(err))
	}
	_, _ = io.CopyN(io.Discard, res.Body, maxReceiver)
	_ = res.Body.Close()
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		return res.StatusCode, nil
	case res.StatusCode == http.StatusGone:
		return res.StatusCode, fault.New(fault.Gone, "The receiver wants no more of it.")
	}
	return res.StatusCode, fault.New(fault.Unavailable, "The receiver answered "+strconv.Itoa(res.StatusCode)+".")
}

// whyNot says why there was no answer. What lies behind it is not told: whether a
// name or an address inside is there is nothing for a client to find out.
func whyNot(err error) string {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "The receiver did not answer in time."
	}
	return "The receiver could not be reached. It has to be at a public address."
}

// withoutURL leaves out the URL that http's errors repeat: it may hold a secret.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
