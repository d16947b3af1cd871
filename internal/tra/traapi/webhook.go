package traapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"traid/internal/httpd"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// WebhookPath is where the helpdesk tells that a ticket changed.
const WebhookPath = "/webhooks/zendesk"

// maxWebhook bounds a webhook's body, in bytes.
const maxWebhook = 256 << 10

// hints is what the webhook needs of tra.Service.
type hints interface {
	Hint(ctx context.Context, id string, ticket tra.TicketID) error
}

// MountWebhook takes the helpdesk's webhooks that are signed with the secret.
// They are hints: the ticket is read by the same call as ever.
func MountWebhook(mux *http.ServeMux, svc hints, secret string, now func() time.Time) {
	mux.HandleFunc("POST "+WebhookPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			httpd.WriteStatusProblem(w, http.StatusRequestEntityTooLarge)
			return
		} else if err != nil {
			httpd.WriteStatusProblem(w, http.StatusBadRequest)
			return
		}
		hint, err := zendesk.ReadWebhook(secret, r.Header, body, now())
		if err == nil {
			err = svc.Hint(r.Context(), hint.ID, tra.TicketID(hint.Ticket))
		}
		if err != nil {
			httpd.WriteProblem(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
