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
	"syscall"
	"time"

	"traid/internal/desk"
)

// Sender is desk.Sender. It calls no address of a private network but those
// that it is allowed: whoever may make a webhook must not reach what only this
// machine reaches.
type Sender struct {
	allowed []netip.Prefix
	now     func() time.Time
	http    *http.Client
}

var _ desk.Sender = (*Sender)(nil)

// maxAnswer is how much is kept of an answer.
const maxAnswer = 4 << 10

// NewSender gives a Sender that may call public addresses and these networks.
func NewSender(allowed []netip.Prefix, now func() time.Time) *Sender {
	s := &Sender{allowed: allowed, now: now}
	// The address is looked at when it is called: a name may lead elsewhere by then.
	dialer := &net.Dialer{Timeout: desk.DeliveryTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !s.reaches(at.Addr()) {
			return errPrivate
		}
		return nil
	}}
	s.http = &http.Client{
		Timeout:       desk.DeliveryTimeout,
		Transport:     &http.Transport{Proxy: nil, DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: desk.DeliveryTimeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

var errPrivate = errors.New("deskports: the address is in a private network")

// notPublic are networks that netip does not tell: of carriers, of tests, of
// documentation, and those that lead into IPv4 (IANA's registries of special-purpose addresses).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

func (s *Sender) reaches(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(at) }
	switch {
	case slices.ContainsFunc(s.allowed, in):
		return true
	case at.IsLoopback(), at.IsPrivate(), at.IsLinkLocalUnicast(), at.IsMulticast(), at.IsUnspecified():
		return false
	}
	return !slices.ContainsFunc(notPublic, in)
}

// Reaches tells whether a host may be called, as far as it is an address or
// this machine's own name.
func (s *Sender) Reaches(host string) bool {
	if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return s.reaches(netip.IPv6Loopback()) || s.reaches(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	at, err := netip.ParseAddr(host)
	return err != nil || s.reaches(at)
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
