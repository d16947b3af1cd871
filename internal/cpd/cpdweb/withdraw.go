package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
)

func (p *Pages) showWithdraw(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	progress, err := p.svc.Progress(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	if !progress.CanWithdraw {
		goTo(w, r, progressPath)
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Take your details back", BackLink: back(progressPath)}, withdrawPage())
}

// withdraw takes the details back. Where the check has ended meanwhile the
// progress page tells.
func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	if err := p.svc.Withdraw(r.Context(), id); err != nil && !fault.Is(err, fault.Conflict) {
		p.failRegistered(w, r, err)
		return
	}
	p.o.Sessions.Remove(r.Context(), keyVisit)
	p.o.Sessions.Remove(r.Context(), keySaved)
	goTo(w, r, progressPath)
}
