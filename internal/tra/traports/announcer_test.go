package traports_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	"traid/internal/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestAReleasedAnswerIsAnnouncedSigned(t *testing.T) {
	now := time.Date(2026, 11, 23, 11, 55, 0, 0, time.UTC)
	var got []string
	ids := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := webhook.Verify([]string{secret}, r.Header, body, now); err != nil {
			t.Errorf("not signed: %v", err)
		}
		ids[r.Header.Get(webhook.IDHeader)] = true
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
	}))
	defer srv.Close()
	a := traports.NewAnnouncer(map[tra.Client]traports.Endpoint{"manage-cpd": {URL: srv.URL + "/webhooks/tra", Secret: secret}}, nil, func() time.Time { return now })
	for _, version := range []int64{1, 1, 2} {
		if err := a.Announce(t.Context(), "manage-cpd", tra.TRNValidation, id, version); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Announce(t.Context(), "another", tra.TRNValidation, id, 1); err != nil {
		t.Errorf("a client that is not to be told: got %v, want nothing done", err)
	}
	const want = `POST /webhooks/tra application/json {"type":"answer.released","timestamp":"2026-11-23T11:55:00Z","data":{"id":"` + string(id) + `","kind":"trn_validation"}}`
	if len(got) != 3 || got[0] != want || got[1] != want || got[2] != want || len(ids) != 2 {
		t.Errorf("got %q under %d ids, want thrice %s, each version under an id of its own", got, len(ids), want)
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
	a := traports.NewAnnouncer(map[tra.Client]traports.Endpoint{"manage-cpd": {URL: srv.URL + "/planted", Secret: secret}}, nil, time.Now)
	for want, statuses := range map[bool][]int{true: {200, 202, 204, 410}, false: {301, 307, 400, 401, 404, 422, 429, 500, 503}} {
		for _, status = range statuses {
			err := a.Announce(t.Context(), "manage-cpd", tra.BarringCheck, id, 1)
			if (err == nil) != want || err != nil && !fault.Is(err, fault.Unavailable) {
				t.Errorf("%d: got %v, want done: %t", status, err, want)
			}
		}
	}
	srv.Close()
	if err := a.Announce(t.Context(), "manage-cpd", tra.BarringCheck, id, 1); !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "planted") {
		t.Errorf("no receiver: got %v, want it for later, without the URL", err)
	}
}
