package zendesk_test

import (
	"net/http"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/zendesk"
)

// The secret is the one that Zendesk's documentation gives for testing; the
// signature is OpenSSL's:
//
//	printf %s "$timestamp$body" | openssl dgst -sha256 -hmac "$secret" -binary | base64
const (
	hookSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
	hookTime   = "2021-03-25T05:09:27Z"
	hookBody   = `{"event":"ticket.updated","id":123}`
	hookSign   = "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="
)

func TestAWebhooksSignatureIsZendesks(t *testing.T) {
	if got := zendesk.SignWebhook(hookSecret, hookTime, []byte(hookBody)); got != hookSign {
		t.Errorf("got %s; want %s", got, hookSign)
	}
}

func TestAWebhookIsAHintOfATicket(t *testing.T) {
	at, err := time.Parse(time.RFC3339, hookTime)
	if err != nil {
		t.Fatal(err)
	}
	read := func(secret, body, stamp, signature string, now time.Time) (zendesk.Hint, error) {
		h := http.Header{}
		h.Set("X-Zendesk-Webhook-Signature", signature)
		h.Set("X-Zendesk-Webhook-Signature-Timestamp", stamp)
		h.Set("X-Zendesk-Webhook-Invocation-Id", "01HANB4TZ0")
		return zendesk.ReadWebhook(secret, h, []byte(body), now)
	}
	sign := func(stamp, body string) string { return zendesk.SignWebhook(hookSecret, stamp, []byte(body)) }
	for name, body := range map[string]string{
		"a trigger's, with a text":   `{"ticket_id":"4014","external_id":"x"}`,
		"a trigger's, with a number": `{"ticket_id":4014}`,
		"an event's":                 `{"account_id":22,"subject":"zen:ticket:4014","type":"zen:event-type:ticket.status_changed","detail":{"id":"4014"}}`,
	} {
		for _, now := range []time.Time{at, at.Add(5 * time.Minute), at.Add(-5 * time.Minute)} {
			if got, err := read(hookSecret, body, hookTime, sign(hookTime, body), now); err != nil || got != (zendesk.Hint{ID: "01HANB4TZ0", Ticket: 4014}) {
				t.Errorf("%s at %v: got %+v %v", name, now, got, err)
			}
		}
	}
	good := `{"ticket_id":"4014"}`
	for name, c := range map[string]struct {
		secret, body, stamp, signature string
		now                            time.Time
		want                           fault.Kind
	}{
		"another secret":     {"other", good, hookTime, sign(hookTime, good), at, fault.Unauthenticated},
		"no secret":          {"", good, hookTime, zendesk.SignWebhook("", hookTime, []byte(good)), at, fault.Unauthenticated},
		"another body":       {hookSecret, `{"ticket_id":"4015"}`, hookTime, sign(hookTime, good), at, fault.Unauthenticated},
		"another time":       {hookSecret, good, "2021-03-25T05:09:28Z", sign(hookTime, good), at, fault.Unauthenticated},
		"body before time":   {hookSecret, good, hookTime, zendesk.SignWebhook(hookSecret, good, []byte(hookTime)), at, fault.Unauthenticated},
		"no signature":       {hookSecret, good, hookTime, "", at, fault.Unauthenticated},
		"old":                {hookSecret, good, hookTime, sign(hookTime, good), at.Add(5*time.Minute + time.Second), fault.Unauthenticated},
		"of the future":      {hookSecret, good, hookTime, sign(hookTime, good), at.Add(-5*time.Minute - time.Second), fault.Unauthenticated},
		"of no time":         {hookSecret, good, "yesterday", sign("yesterday", good), at, fault.Unauthenticated},
		"no JSON":            {hookSecret, "ticket 4014", hookTime, sign(hookTime, "ticket 4014"), at, fault.Invalid},
		"no ticket":          {hookSecret, hookBody, hookTime, hookSign, at, fault.Invalid},
		"a user's event":     {hookSecret, `{"subject":"zen:user:4014"}`, hookTime, sign(hookTime, `{"subject":"zen:user:4014"}`), at, fault.Invalid},
		"a ticket of nought": {hookSecret, `{"ticket_id":0}`, hookTime, sign(hookTime, `{"ticket_id":0}`), at, fault.Invalid},
	} {
		if got, err := read(c.secret, c.body, c.stamp, c.signature, c.now); !fault.Is(err, c.want) || got != (zendesk.Hint{}) {
			t.Errorf("%s: got %+v %v; want %s", name, got, err, c.want)
		}
	}
}

func TestAWebhookWithoutAnIDIsKnownByItsSignature(t *testing.T) {
	at, _ := time.Parse(time.RFC3339, hookTime)
	body := []byte(`{"ticket_id":1}`)
	h := http.Header{}
	h.Set(zendesk.WebhookTimestamp, hookTime)
	h.Set(zendesk.WebhookSignature, zendesk.SignWebhook(hookSecret, hookTime, body))
	got, err := zendesk.ReadWebhook(hookSecret, h, body, at)
	if err != nil || got.ID != h.Get(zendesk.WebhookSignature) {
		t.Errorf("got %+v %v", got, err)
	}
}
