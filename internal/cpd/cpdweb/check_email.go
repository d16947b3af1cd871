package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/govuk"
)

// showCheckEmail is the one answer to whoever may own a registered address: the
// page is the same whether it is registered or not.
func (p *Pages) showCheckEmail(w http.ResponseWriter, r *http.Request) {
	other := cpd.ContinuePath
	if p.visit(r.Context()) != nil {
		other = emailPath
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Check your email"}, checkEmailPage(other, p.o.OpenOutbox))
}
