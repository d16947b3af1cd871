package cpdweb

import (
	"net/http"
	"net/url"

	"traid/internal/cpd"
)

// outboxView is a page of mails.
type outboxView struct {
	Messages []cpd.Message
	Next     string // empty: the last page
}

func (p *Pages) showOutbox(w http.ResponseWriter, r *http.Request) {
	messages, next, err := p.svc.Outbox(r.Context(), r.URL.Query().Get(afterField), 0)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := outboxView{Messages: messages}
	if next != "" {
		v.Next = outboxPath + "?" + url.Values{afterField: {next}}.Encode()
	}
	p.showAdmin(w, r, http.StatusOK, p.admin(r, "Outbox"), outboxPage(v))
}
