package traapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/tra/traapi"
	"traid/internal/zendesk"
)

// heard keeps what was hinted.
type heard []string

func (h *heard) Hint(_ context.Context, id string, ticket tra.TicketID) error {
	if ticket == 13 {
		return context.DeadlineExceeded
	}
	*h = append(*h, id)
	return nil
}

func TestOnlyTheHelpdesksWebhooksAreHeard(t *testing.T) {
	now := at("2026-11-25T09:00:00Z")
	for name, c := range map[string]struct {
		body, secret string
		want, heard  int
	}{
		"the helpdesk's":      {`{"ticket_id":"7"}`, "secret", http.StatusNoContent, 1},
		"another's":           {`{"ticket_id":"7"}`, "other", http.StatusUnauthorized, 0},
		"one about no ticket": {`{}`, "secret", http.StatusUnprocessableEntity, 0},
		"one that is too large": {
			`{"ticket_id":"7","x":"` + strings.Repeat("x", 300<<10) + `"}`, "secret", http.StatusRequestEntityTooLarge, 0,
		},
		"one that cannot be kept": {`{"ticket_id":"13"}`, "secret", http.StatusInternalServerError, 0},
	} {
		var svc heard
		mux := http.NewServeMux()
		traapi.MountWebhook(mux, &svc, "secret", func() time.Time { return now })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/zendesk", strings.NewReader(c.body))
		stamp := now.Format(time.RFC3339)
		r.Header.Set(zendesk.WebhookTimestamp, stamp)
		r.Header.Set(zendesk.WebhookInvocation, "01HANB4TZ0")
		r.Header.Set(zendesk.WebhookSignature, zendesk.SignWebhook(c.secret, stamp, []byte(c.body)))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != c.want || len(svc) != c.heard {
			t.Errorf("%s: answered %d, heard %v; want %d, %d", name, w.Code, svc, c.want, c.heard)
		}
		if strings.Contains(w.Body.String(), "ticket") && c.want != http.StatusUnprocessableEntity {
			t.Errorf("%s: the answer repeats the body: %s", name, w.Body)
		}
	}
}

func (a *answering) RegisterWebhook(_ context.Context, c tra.Client, url string, secrets []string) (tra.Webhook, bool, error) {
	a.asked = append(a.asked, "register", c, url, secrets)
	return a.webhook, a.created, a.err
}

func (a *answering) Webhook(_ context.Context, c tra.Client) (tra.Webhook, error) {
	a.asked = append(a.asked, "webhook", c)
	return a.webhook, a.err
}

func (a *answering) RemoveWebhook(_ context.Context, c tra.Client) error {
	a.asked = append(a.asked, "remove", c)
	return a.err
}

func (a *answering) PingWebhook(_ context.Context, c tra.Client) (tra.Delivery, error) {
	a.asked = append(a.asked, "ping", c)
	return a.told[0], a.err
}

func (a *answering) Deliveries(_ context.Context, c tra.Client, s tra.DeliveryStatus, after int64, limit int) ([]tra.Delivery, int64, error) {
	a.asked = append(a.asked, "deliveries", c, s, after, limit)
	return a.told, a.place, a.err
}

func (a *answering) Redeliver(_ context.Context, c tra.Client, id tra.DeliveryID) error {
	a.asked = append(a.asked, "redeliver", c, id)
	return a.err
}

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestAWebhookIsRegisteredAndItsSecretsAreNotShown(t *testing.T) {
	kept := tra.Webhook{
		Client: "manage-cpd", URL: "https://cpd.example.org/hook", Secrets: []string{secret, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		CreatedAt: at("2026-11-20T10:00:00Z"), UpdatedAt: at("2026-11-21T10:00:00Z"),
	}
	const want = `{"url":"https://cpd.example.org/hook","secrets":2,"status":"enabled","created_at":"2026-11-20T10:00:00Z","updated_at":"2026-11-21T10:00:00Z"}`
	for _, created := range []bool{true, false} {
		s := serve(t, &answering{webhook: kept, created: created})
		got := s.send(t, "cpd", http.MethodPut, "/api/v1/webhook", `{"url":"https://cpd.example.org/hook","secrets":["`+secret+`"]}`)
		if status := map[bool]int{true: 201, false: 200}[created]; got.status != status || strings.TrimSpace(got.body) != want {
			t.Errorf("got %d %s; want %d %s", got.status, got.body, status, want)
		}
		if diff := cmp.Diff([]any{"register", tra.Client("manage-cpd"), "https://cpd.example.org/hook", []string{secret}}, s.svc.asked); diff != "" {
			t.Error(diff)
		}
	}
	kept.Disabled = true
	if got := serve(t, &answering{webhook: kept}).send(t, "cpd", http.MethodGet, "/api/v1/webhook", ""); got.status != 200 || !strings.Contains(got.body, `"status":"disabled"`) || strings.Contains(got.body, "whsec") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	for body, pointer := range map[string]string{
		`{"url":"https://x.example"}`:                                    "/secrets",
		`{"url":"https://x.example","secrets":[]}`:                       "/secrets",
		`{"url":"https://x.example","secrets":["planted"]}`:              "/secrets/0",
		`{"secrets":["` + secret + `"]}`:                                 "/url",
		`{"url":"https://x.example","secrets":["` + secret + `"],"x":1}`: "/x",
	} {
		s := serve(t, &answering{})
		if got := s.send(t, "cpd", http.MethodPut, "/api/v1/webhook", body); got.status != 422 || !strings.Contains(got.body, `"`+pointer+`"`) || strings.Contains(got.body, "planted") || len(s.svc.asked) > 0 {
			t.Errorf("%s: got %d %s; want it refused at %s", body, got.status, got.body, pointer)
		}
	}
	refused := serve(t, &answering{err: fault.InvalidFields(fault.Field{Pointer: "/url", Reason: "has to begin with https"})})
	if got := refused.send(t, "cpd", http.MethodPut, "/api/v1/webhook", `{"url":"http://x.example","secrets":["`+secret+`"]}`); got.status != 422 || !strings.Contains(got.body, `"/url"`) {
		t.Errorf("a URL that is not to be called: got %d %s", got.status, got.body)
	}
}

func TestDeliveriesAreListedAsTheyWent(t *testing.T) {
	s := serve(t, &answering{place: 18, told: []tra.Delivery{
		{ID: "a_1", Type: tra.DeliverAnswer, Kind: tra.BarringCheck, Request: id, Status: tra.DeliveryPending, CreatedAt: at("2026-11-20T10:00:00Z")},
		{ID: "ping_2", Type: tra.DeliverPing, Status: tra.DeliveryFailed, Attempts: 1, CreatedAt: at("2026-11-20T10:00:00Z"), LastAt: at("2026-11-20T10:00:01Z"), LastAnswer: 503, LastError: "The receiver answered 503."},
	}})
	const want = `{"deliveries":[` +
		`{"id":"a_1","type":"answer.released","request_id":"` + id + `","kind":"barring_check","status":"pending","attempts":0,"created_at":"2026-11-20T10:00:00Z","last_attempt_at":null,"last_answer":null,"last_error":null},` +
		`{"id":"ping_2","type":"ping","request_id":null,"kind":null,"status":"failed","attempts":1,"created_at":"2026-11-20T10:00:00Z","last_attempt_at":"2026-11-20T10:00:01Z","last_answer":503,"last_error":"The receiver answered 503."}],"next":"18"}`
	if got := s.send(t, "cpd", http.MethodGet, "/api/v1/webhook/deliveries", ""); strings.TrimSpace(got.body) != want {
		t.Errorf("got  %s\nwant %s", got.body, want)
	}
	if got := s.send(t, "cpd", http.MethodGet, "/api/v1/webhook/deliveries?after=x", ""); got.status != 422 {
		t.Errorf("a place that is none: got %d", got.status)
	}
	s.svc.err = fault.New(fault.NotFound, "There is no such delivery.")
	if got := s.send(t, "cpd", http.MethodPost, "/api/v1/webhook/deliveries/x/redeliver", ""); got.status != 404 {
		t.Errorf("one that is not there: got %d", got.status)
	}
}
