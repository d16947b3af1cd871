package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
)

// showWithoutTRN tells who knows no TRN what it is and where it may be found,
// and lets them go on without it.
func (p *Pages) showWithoutTRN(w http.ResponseWriter, r *http.Request, v *visit) {
	trn, errs := v.TRN.parse()
	if errs != nil || !trn.IsZero() {
		goTo(w, r, v.next(p.today()))
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "You can register without a TRN", BackLink: back(trnPath)},
		withoutTRNPage(v.next(p.today())))
}
