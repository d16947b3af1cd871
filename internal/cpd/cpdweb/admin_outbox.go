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
	v, err := p.outbox(r, outboxPath)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.showAdmin(w, r, http.StatusOK, p.admin(r, "Outbox"), outboxPage(v))
}

// outbox gives the page of mails that an address asks for.
func (p *Pages) outbox(r *http.Request, path string) (outboxView, error) {
	messages, next, err := p.svc.Outbox(r.Context(), r.URL.Query().Get(afterField), 0)
	v := outboxView{Messages: messages}
	if next != "" {
		v.Next = path + "?" + url.Values{afterField: {next}}.Encode()
	}
	return v, err
}
