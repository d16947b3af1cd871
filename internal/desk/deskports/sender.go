// Package deskports calls what the desk's webhooks name. It has no rules.
package deskports

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
	"traid/internal/webhook"
)

// Sender is desk.Sender. It calls what a guard allows: whoever may make a webhook
// must not reach what only this machine reaches.
type Sender struct {
	webhook.Guard
	now  func() time.Time
	http *http.Client
}

var _ desk.Sender = (*Sender)(nil)

// maxAnswer is how much is kept of an answer.
const maxAnswer = 4 << 10

// NewSender gives a Sender that may call public addresses and these networks.
func NewSender(allowed []netip.Prefix, now func() time.Time) *Sender {
	g := webhook.Guard{Networks: allowed, HTTP: true}
	return &Sender{Guard: g, now: now, http: &http.Client{
		Timeout: desk.DeliveryTimeout, Transport: g.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send calls an endpoint. It follows no redirect.
func (s *Sender) Send(ctx context.Context, d desk.Delivery) desk.Answer {
	req, err := http.NewRequestWithContext(ctx, d.Method, d.Endpoint, strings.NewReader(d.Body))
	if err != nil {
		return desk.Answer{}
	}
	for _, h := range d.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	res, err := s.http.Do(req)
	if err != nil {
		timeout, is := errors.AsType[net.Error](err)
		return desk.Answer{Timeout: is && timeout.Timeout()}
	}
	defer res.Body.Close()
	a := desk.Answer{Code: res.StatusCode, RetryAfter: s.retryAfter(res.Header.Get("Retry-After"))}
	for name, values := range res.Header {
		a.Headers = append(a.Headers, desk.Header{Name: name, Value: strings.Join(values, ", ")})
	}
	slices.SortFunc(a.Headers, func(x, y desk.Header) int { return strings.Compare(x.Name, y.Name) })
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // what came of it will do
	a.Body = strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\x00", "")
	return a
}

func (s *Sender) retryAfter(header string) time.Duration {
	if n, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(time.Duration(n)*time.Second, 0)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(s.now()), 0)
	}
	return 0
}
