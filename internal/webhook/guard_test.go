package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"traid/internal/webhook"
)

func TestOnlyPublicAddressesAreCalledThatNobodyNamed(t *testing.T) {
	var g webhook.Guard
	for _, addr := range []string{
		"0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.8",
		"192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "fec0::1",
	} {
		host := addr
		if strings.Contains(addr, ":") {
			host = "[" + addr + "]"
		}
		if g.Check("https://"+host+"/x") == "" {
			t.Errorf("%s may be called", addr)
		}
	}
	for _, addr := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]", "example.org", "example.org:8443"} {
		if why := g.Check("https://" + addr + "/x"); why != "" {
			t.Errorf("%s: %s", addr, why)
		}
	}
}

func TestAURLIsJudgedBeforeItIsKept(t *testing.T) {
	inside := webhook.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Places: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:8080")}}
	for raw, want := range map[string][2]bool{ // by the zero guard, by one that names what is inside
		"https://cpd.example.org/webhooks/tra":             {true, true},
		"http://cpd.example.org/webhooks/tra":              {false, true}, // that it is inside is seen when it is called
		"http://127.0.0.1:8080/webhooks/tra":               {false, true},
		"https://10.1.2.3/x":                               {false, true},
		"https://10.2.2.3/x":                               {false, false},
		"https://192.168.0.1/x":                            {false, false},
		"ftp://example.org":                                {false, false},
		"//example.org/x":                                  {false, false},
		"https://":                                         {false, false},
		"https://:443/x":                                   {false, false},
		"https://localhost/x":                              {false, true},
		"https://user:pw@example.org/":                     {false, false},
		"https://example.org/#part":                        {false, false},
		"https://example.org/" + strings.Repeat("x", 2000): {false, false},
		"":                            {false, false},
		"https://example.org/%zz":     {false, false},
		"javascript:alert(1)":         {false, false},
		"https://[::1%25lo]/webhooks": {false, false},
	} {
		for i, g := range []webhook.Guard{{}, inside} {
			if got := g.Check(raw) == ""; got != want[i] {
				t.Errorf("%q by %+v: %q", raw, g, g.Check(raw))
			}
		}
	}
}

func TestAPrivateNetworkIsReachedOnlyWhereItIsNamed(t *testing.T) {
	none := webhook.Guard{}
	some := webhook.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for host, want := range map[string]struct{ none, some bool }{
		"example.org": {true, true}, "93.184.216.34": {true, true}, "2606:2800:220:1::1": {true, true},
		"127.0.0.1": {false, true}, "localhost": {false, true}, "LOCALHOST.": {false, true}, "app.localhost": {false, true}, "::1": {false, true},
		"::ffff:127.0.0.1": {false, true}, "10.1.2.3": {false, true}, "::ffff:10.1.2.3": {false, true},
		"10.2.0.1": {false, false}, "172.16.0.1": {false, false}, "192.168.0.1": {false, false}, "169.254.169.254": {false, false},
		"fe80::1": {false, false}, "fe80::1%eth0": {false, false}, "fd00::1": {false, false}, "0.0.0.0": {false, false}, "::": {false, false}, "0.1.2.3": {false, false},
		"100.64.0.1": {false, false}, "64:ff9b::a00:1": {false, false}, "2002:7f00:1::": {false, false}, "224.0.0.1": {false, false},
	} {
		if got := none.Reaches(host); got != want.none {
			t.Errorf("%s, nothing allowed: %t", host, got)
		}
		if got := some.Reaches(host); got != want.some {
			t.Errorf("%s, some allowed: %t", host, got)
		}
	}
}

// TestWhatANameLeadsToIsLookedAtWhenItIsConnectedTo plays a name that led
// somewhere else when it was registered.
func TestWhatANameLeadsToIsLookedAtWhenItIsConnectedTo(t *testing.T) {
	called := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }))
	defer srv.Close()
	tls := httptest.NewTLSServer(srv.Config.Handler)
	defer tls.Close()
	place, tlsPlace := netip.MustParseAddrPort(srv.Listener.Addr().String()), netip.MustParseAddrPort(tls.Listener.Addr().String())
	byName := func(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }
	call := func(g webhook.Guard, url string) error {
		res, err := (&http.Client{Transport: g.Transport()}).Get(url)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	for name, g := range map[string]webhook.Guard{
		"nothing named":   {},
		"another network": {Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		"another port":    {Places: []netip.AddrPort{netip.AddrPortFrom(place.Addr(), 1)}},
	} {
		for _, url := range []string{srv.URL, byName(srv.URL), tls.URL, byName(tls.URL)} {
			if err := call(g, url); !errors.Is(err, webhook.ErrAddress) {
				t.Errorf("%s: %s: got %v", name, url, err)
			}
		}
	}
	if called != 0 {
		t.Errorf("it was called %d times", called)
	}
	for name, g := range map[string]webhook.Guard{
		"its network": {Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}},
		"its place":   {Places: []netip.AddrPort{place, tlsPlace}},
	} {
		if err := call(g, srv.URL); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		if err := call(g, tls.URL); err == nil || errors.Is(err, webhook.ErrAddress) { // its certificate is nobody's
			t.Errorf("%s: with TLS: got %v", name, err)
		}
	}
	if called != 2 {
		t.Errorf("it was called %d times; want 2", called)
	}
}

func TestNetworksAreRead(t *testing.T) {
	got, err := webhook.ParseNetworks("10.1.2.3/16, ::1 127.0.0.1")
	want := []string{"10.1.0.0/16", "::1/128", "127.0.0.1/32"}
	if err != nil || len(got) != 3 || got[0].String() != want[0] || got[1].String() != want[1] || got[2].String() != want[2] {
		t.Errorf("got %v %v; want %v", got, err, want)
	}
	for _, wrong := range []string{"example.org", "10.0.0.0/33", "10.0.0"} {
		if _, err := webhook.ParseNetworks(wrong); err == nil || strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: got %v", wrong, err)
		}
	}
}
