package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Guard keeps URLs that others choose from reaching what is inside: it looks at
// each address that is connected to, whatever a name led to a moment ago. What
// is inside and may be called all the same has to be named. The zero value
// allows public addresses by https alone.
type Guard struct {
	Networks []netip.Prefix   // may be called, also by http
	Places   []netip.AddrPort // so may these
	HTTP     bool             // public addresses may be called by http too
}

// ErrAddress is an address that may not be called.
var ErrAddress = errors.New("webhook: the address is not one that may be called")

// longestURL bounds a webhook's URL, in bytes.
const longestURL = 2000

// ParseNetworks reads addresses and networks, such as "10.0.0.0/8, ::1", with
// commas or spaces between.
func ParseNetworks(text string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for one := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(one)
		if addr, addrErr := netip.ParseAddr(one); addrErr == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, errors.New("must be addresses and networks with commas between, such as 10.1.0.0/16")
		}
		out = append(out, network.Masked())
	}
	return out, nil
}

// Check says what is wrong with a URL, before any name in it is looked up; empty: nothing.
func (g Guard) Check(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "is no URL, such as https://example.org/webhooks"
	case len(raw) > longestURL:
		return "is too long"
	case u.User != nil || u.Fragment != "":
		return "holds a user, a password or a part after #"
	case u.Scheme != "https" && (u.Scheme != "http" || !g.HTTP && len(g.Networks)+len(g.Places) == 0):
		return "has to begin with https"
	}
	if !g.Reaches(u.Hostname()) {
		return "is an address that may not be called"
	}
	return ""
}

// Reaches tells whether some port of a host may be called, as far as the host is
// an address or this machine's own name. Where another name leads is seen when
// it is called.
func (g Guard) Reaches(host string) bool {
	reaches := func(addr netip.Addr) bool { return public(addr) || g.inside(addr) }
	if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return reaches(netip.IPv6Loopback()) || reaches(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	addr, err := netip.ParseAddr(host)
	return err != nil || reaches(addr)
}

// inside tells whether some port of an address that is not public may be called.
func (g Guard) inside(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(g.Networks, func(n netip.Prefix) bool { return n.Contains(addr) }) ||
		slices.ContainsFunc(g.Places, func(p netip.AddrPort) bool { return p.Addr().Unmap() == addr })
}

// allows tells whether a place may be connected to, by http where plain.
func (g Guard) allows(place netip.AddrPort, plain bool) bool {
	addr := place.Addr().Unmap().WithZone("")
	named := slices.ContainsFunc(g.Networks, func(n netip.Prefix) bool { return n.Contains(addr) }) ||
		slices.ContainsFunc(g.Places, func(p netip.AddrPort) bool { return p.Addr().Unmap() == addr && p.Port() == place.Port() })
	return named || (g.HTTP || !plain) && public(addr)
}

// special are the networks that are no place on the internet beside those that
// netip knows (IANA's special-purpose address registries).
var special = func() (out []netip.Prefix) {
	for _, n := range strings.Fields("0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
		"::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fec0::/10") {
		out = append(out, netip.MustParsePrefix(n))
	}
	return out
}()

// public tells whether an address is one of the internet.
func public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && !slices.ContainsFunc(special, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// plainHTTP marks the context of a call without TLS.
type plainHTTP struct{}

// Transport gives a transport that connects to nothing else than the guard
// allows (ErrAddress). It uses no proxy: one would connect in its place.
func (g Guard) Transport() http.RoundTripper {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, plain := ctx.Value(plainHTTP{}).(bool)
		d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
			place, err := netip.ParseAddrPort(address)
			if err != nil || !g.allows(place, plain) {
				return ErrAddress
			}
			return nil
		}}
		return d.DialContext(ctx, network, address)
	}
	return &guarded{&http.Transport{
		DialContext: dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute,
		MaxIdleConnsPerHost: 2, MaxResponseHeaderBytes: 64 << 10,
	}}
}

type guarded struct{ next *http.Transport }

// RoundTrip makes one call.
func (t *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		r = r.WithContext(context.WithValue(r.Context(), plainHTTP{}, true))
	}
	return t.next.RoundTrip(r) // its errors as they are: http.Client looks for timeouts in them
}
