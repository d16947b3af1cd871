package traports_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	"traid/internal/webhook"
)

const (
	secret      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// here lets the announcer call a server of the test's own.
func here(srv *httptest.Server) webhook.Guard {
	return webhook.Guard{Places: []netip.AddrPort{netip.MustParseAddrPort(srv.Listener.Addr().String())}}
}

func TestAReleasedAnswerIsAnnouncedSignedWithEachSecret(t *testing.T) {
	now := time.Date(2026, 11, 23, 11, 55, 0, 0, time.UTC)
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, each := range []string{secret, otherSecret} {
			if err := webhook.Verify([]string{each}, r.Header, body, now); err != nil {
				t.Errorf("not signed: %v", err)
			}
		}
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+r.Header.Get(webhook.IDHeader)+" "+string(body))
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	a := traports.NewAnnouncer(here(srv), func() time.Time { return now })
	to := tra.Webhook{URL: srv.URL + "/webhooks/tra", Secrets: []string{secret, otherSecret}}
	for _, d := range []tra.Delivery{{ID: tra.DeliveryID(id + "_1"), Type: tra.DeliverAnswer, Kind: tra.TRNValidation, Request: id}, {ID: "ping_7", Type: tra.DeliverPing}} {
		if answer, err := a.Announce(t.Context(), to, d); err != nil || answer != http.StatusAccepted {
			t.Fatal(answer, err)
		}
	}
	want := []string{
		`POST /webhooks/tra application/json ` + string(id) + `_1 {"type":"answer.released","timestamp":"2026-11-23T11:55:00Z","data":{"id":"` + string(id) + `","kind":"trn_validation"}}`,
		`POST /webhooks/tra application/json ping_7 {"type":"ping","timestamp":"2026-11-23T11:55:00Z","data":{}}`,
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestAnAnnouncementThatDoesNotArriveIsForLater(t *testing.T) {
	status := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/elsewhere" {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}
	}))
	a := traports.NewAnnouncer(here(srv), time.Now)
	to, d := tra.Webhook{URL: srv.URL + "/planted", Secrets: []string{secret}}, tra.Delivery{ID: "x", Kind: tra.BarringCheck, Request: id}
	for want, statuses := range map[fault.Kind][]int{fault.Unavailable: {301, 307, 400, 401, 404, 422, 429, 500, 503}, fault.Gone: {410}} {
		for _, status = range statuses {
			if answer, err := a.Announce(t.Context(), to, d); !fault.Is(err, want) || answer != status {
				t.Errorf("%d: got %d %v, want it %s", status, answer, err, want)
			}
		}
	}
	for _, status = range []int{200, 202, 204} {
		if answer, err := a.Announce(t.Context(), to, d); err != nil || answer != status {
			t.Errorf("%d: got %d %v", status, answer, err)
		}
	}
	srv.Close()
	if answer, err := a.Announce(t.Context(), to, d); !fault.Is(err, fault.Unavailable) || answer != 0 || strings.Contains(err.Error(), "planted") {
		t.Errorf("no receiver: got %d %v, want it for later, without the URL", answer, err)
	}
}

func TestNothingInsideIsCalledForAClient(t *testing.T) {
	called := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer srv.Close()
	a := traports.NewAnnouncer(webhook.Guard{}, time.Now)
	for _, url := range []string{srv.URL, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)} {
		answer, err := a.Announce(t.Context(), tra.Webhook{URL: url, Secrets: []string{secret}}, tra.Delivery{ID: "x"})
		if !fault.Is(err, fault.Unavailable) || answer != 0 || called || a.CheckURL(url) == "" {
			t.Errorf("%s: called %t, %d %v", url, called, answer, err)
		}
	}
}
