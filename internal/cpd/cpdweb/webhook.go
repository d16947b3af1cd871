package cpdweb

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/webhook"
	wire "traid/internal/wire/trav1"
)

// maxWebhook bounds a webhook's body, in bytes.
const maxWebhook = 16 << 10

// hearTRA takes the TRA's word that there is something to ask for, and believes
// nothing else of it: a poll reads the truth. A repetition does no harm.
func (p *Pages) hearTRA(w http.ResponseWriter, r *http.Request) {
	if len(p.o.WebhookSecrets) == 0 {
		httpd.WriteStatusProblem(w, http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		httpd.WriteStatusProblem(w, http.StatusRequestEntityTooLarge)
		return
	} else if err != nil {
		httpd.WriteStatusProblem(w, http.StatusBadRequest)
		return
	}
	if err := webhook.Verify(p.o.WebhookSecrets, r.Header, body, p.o.Now()); err != nil {
		if p.genuineThen(r.Header, body) {
			httpd.WriteStatusProblem(w, http.StatusBadRequest)
			return
		}
		if !fault.Is(err, fault.Unauthenticated) {
			p.o.Logger.ErrorContext(r.Context(), "a webhook could not be verified", "request", httpd.RequestID(r.Context()), "error", err)
		}
		httpd.WriteProblem(w, err)
		return
	}
	var event wire.Event
	if err := json.Unmarshal(body, &event); err == nil && event.Type == wire.EventQuestionAsked {
		if err := p.svc.Ask(r.Context(), cpd.RequestID(event.Data.ID)); err != nil {
			httpd.WriteProblem(w, err)
			return
		}
	}
	p.o.Poll()
	w.WriteHeader(http.StatusNoContent)
}

// genuineThen tells whether a webhook was right at the time that it names, so
// that only its age is wrong.
func (p *Pages) genuineThen(h http.Header, body []byte) bool {
	seconds, err := strconv.ParseInt(h.Get(webhook.TimestampHeader), 10, 64)
	return err == nil && webhook.Verify(p.o.WebhookSecrets, h, body, time.Unix(seconds, 0)) == nil
}
