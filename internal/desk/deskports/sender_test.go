package deskports_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"traid/internal/desk"
	"traid/internal/desk/deskports"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// A name says nothing of where it leads: the address that is called is looked at.
func TestTheAddressThatIsCalledIsLookedAt(t *testing.T) {
	called := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }))
	defer srv.Close()
	d := desk.Delivery{Method: "POST", Endpoint: srv.URL}
	if a := deskports.NewSender(nil, time.Now).Send(t.Context(), d); a.Code != 0 || a.Timeout || called != 0 {
		t.Errorf("not allowed: %+v, called %d times", a, called)
	}
	if a := deskports.NewSender(loopback, time.Now).Send(t.Context(), d); a.Code != 200 || called != 1 {
		t.Errorf("allowed: %+v, called %d times", a, called)
	}
}

func TestADeliveryIsSentAsItIsAndItsAnswerRead(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/moved" {
			t.Error("a redirect was followed")
		}
		w.Header().Set("Location", "/moved")
		w.Header().Set("Retry-After", r.Header.Get("X-Wait"))
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("X-One")+" "+string(body)+strings.Repeat(".", 10_000))
	}))
	defer srv.Close()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := deskports.NewSender(loopback, func() time.Time { return now })
	for wait, want := range map[string]time.Duration{
		"7": 7 * time.Second, "Mon, 23 Nov 2026 12:00:09 GMT": 9 * time.Second, "Mon, 23 Nov 2026 11:00:00 GMT": 0, "-1": 0, "soon": 0, "": 0,
	} {
		a := s.Send(t.Context(), desk.Delivery{Method: "PUT", Endpoint: srv.URL, Headers: []desk.Header{{Name: "X-One", Value: "1"}, {Name: "X-Wait", Value: wait}}, Body: `{"a":1}`})
		if a.Code != 302 || a.RetryAfter != want || !strings.HasPrefix(a.Body, `PUT 1 {"a":1}....`) || len(a.Body) > 5000 || len(a.Headers) == 0 {
			t.Errorf("Retry-After %q: %d, %v, %d bytes %.20q", wait, a.Code, a.RetryAfter, len(a.Body), a.Body)
		}
	}
}

func TestNoAnswerInTimeIsATimeout(t *testing.T) {
	stay := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stay:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(stay)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := deskports.NewSender(loopback, time.Now)
	if a := s.Send(ctx, desk.Delivery{Method: "POST", Endpoint: srv.URL}); a.Code != 0 || !a.Timeout {
		t.Errorf("%+v, want a timeout", a)
	}
	if a := s.Send(t.Context(), desk.Delivery{Method: "POST", Endpoint: "http://127.0.0.1:1"}); a.Code != 0 || a.Timeout {
		t.Errorf("%+v, want nobody there", a)
	}
}
