package zendesk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
)

// The headers of a webhook, as they are delivered.
const (
	WebhookSignature  = "X-Zendesk-Webhook-Signature"
	WebhookTimestamp  = "X-Zendesk-Webhook-Signature-Timestamp"
	WebhookInvocation = "X-Zendesk-Webhook-Invocation-Id"
)

// webhookSkew is how far a webhook's time may be from ours. Zendesk names no bound.
const webhookSkew = 5 * time.Minute

// longestInvocation bounds an invocation's id; Zendesk's have 26 characters.
const longestInvocation = 100

// Hint is what is taken of a webhook: its own id, which is the same when it
// comes twice, and the ticket that it is about; 0: none.
type Hint struct {
	ID     string
	Ticket TicketID
}

// SignWebhook gives a webhook's signature: base64 of HMAC-SHA256 over the
// timestamp and the body, under the secret as it is written.
func SignWebhook(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// ReadWebhook verifies a webhook and reads the hint. The body is that of a
// ticket's event, or a trigger's with the member ticket_id.
// fault.Unauthenticated when it was not signed with the secret within five
// minutes of now, fault.Invalid when it does not say which ticket it is about.
func ReadWebhook(secret string, h http.Header, body []byte, now time.Time) (Hint, error) {
	stamp, id := h.Get(WebhookTimestamp), h.Get(WebhookInvocation)
	at, err := time.Parse(time.RFC3339, stamp)
	switch {
	case secret == "" || !hmac.Equal([]byte(h.Get(WebhookSignature)), []byte(SignWebhook(secret, stamp, body))):
		return Hint{}, fault.New(fault.Unauthenticated, "The webhook's signature is not right.")
	case err != nil || at.Before(now.Add(-webhookSkew)) || at.After(now.Add(webhookSkew)):
		return Hint{}, fault.New(fault.Unauthenticated, "The webhook's timestamp is too far from now.")
	}
	var b struct {
		TicketID any    `json:"ticket_id"` // of a trigger's body
		Subject  string `json:"subject"`   // of an event's: zen:ticket:123
	}
	if decode(body, &b) != nil {
		return Hint{}, fault.New(fault.Invalid, "The webhook's body is no JSON.")
	}
	text := Text(b.TicketID)
	if rest, ok := strings.CutPrefix(b.Subject, "zen:ticket:"); ok && text == "" {
		text = rest
	}
	ticket, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ticket <= 0 {
		return Hint{}, fault.New(fault.Invalid, "The webhook names no ticket.")
	}
	if id == "" || len(id) > longestInvocation {
		// Without a usable id of its own a webhook is known by its signature, which
		// a repetition of it has too.
		id = h.Get(WebhookSignature)
	}
	return Hint{ID: id, Ticket: TicketID(ticket)}, nil
}
