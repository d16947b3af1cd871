package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/govuk"
)

// showCouldNotCheck says that nothing was learnt, which is never "no record".
func (p *Pages) showCouldNotCheck(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.Result != cpd.CouldNotAsk {
		goTo(w, r, checkPath)
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "We cannot check your details at the moment", BackLink: back(checkPath)}, couldNotCheckPage())
}

// handInUnchecked hands in details that are checked later.
func (p *Pages) handInUnchecked(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.Result != cpd.CouldNotAsk {
		goTo(w, r, checkPath)
		return
	}
	p.register(w, r, v, v.details(p.today()))
}
