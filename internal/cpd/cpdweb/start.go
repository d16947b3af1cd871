package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/govuk"
)

func (p *Pages) showStart(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: personSide}, startPage())
}

// start begins a registration, and forgets whoever used this browser before.
func (p *Pages) start(w http.ResponseWriter, r *http.Request) {
	p.leave(r.Context())
	if err := p.begin(r.Context(), &visit{Registration: cpd.NewRegistrationID()}); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, emailPath)
}

func (p *Pages) showSessionEnded(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Your answers are no longer here"}, sessionEndedPage())
}
