package httpd

import (
	"net/http/httptest"
	"testing"
)

func TestTheCallersAddressIsTheProxysWordOnlyOnThisMachine(t *testing.T) {
	for what, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                       {"203.0.113.7:4711", nil, "203.0.113.7"},
		"a stranger's header":            {"203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		"a proxy here":                   {"127.0.0.1:4711", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy here, and a lie before": {"127.0.0.1:4711", []string{"192.0.2.1, 198.51.100.1"}, "198.51.100.1"},
		"two headers":                    {"[::1]:4711", []string{"192.0.2.1", "2001:db8::1"}, "2001:db8::1"},
		"a header that is none":          {"127.0.0.1:4711", []string{"somebody"}, "127.0.0.1"},
		"nobody in between":              {"127.0.0.1:4711", nil, "127.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := ClientAddress(r); got != c.want {
			t.Errorf("%s: got %s, want %s", what, got, c.want)
		}
	}
}
