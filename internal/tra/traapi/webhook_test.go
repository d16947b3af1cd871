package traapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
