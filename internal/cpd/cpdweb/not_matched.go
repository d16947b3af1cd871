package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// showNotMatched is the same for every non-match: it shows what was typed and
// nothing of what the register holds.
func (p *Pages) showNotMatched(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.Result != cpd.NotMatched {
		goTo(w, r, checkPath)
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Check your details", BackLink: back(checkPath)}, notMatchedPage(p.answers(v), v.savable()))
}

// standBy hands in details that matched nobody and that the person says are right.
func (p *Pages) standBy(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.Result != cpd.NotMatched {
		goTo(w, r, checkPath)
		return
	}
	if leaving(r) {
		p.saveForLater(w, r, v)
		return
	}
	out, err := p.svc.StandBy(r.Context(), v.Registration, v.details(p.today()), httpd.ClientAddress(r))
	p.became(w, r, v, out, err)
}
