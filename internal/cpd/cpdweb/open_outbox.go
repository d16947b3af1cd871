package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
)

// showOpenOutbox shows the outbox to everybody, in a demonstration.
func (p *Pages) showOpenOutbox(w http.ResponseWriter, r *http.Request) {
	v, err := p.outbox(r, OpenOutboxPath)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Outbox"}, openOutboxPage(v))
}
