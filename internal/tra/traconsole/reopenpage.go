package traconsole

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

// reopenView asks why an answered case is opened again.
type reopenView struct {
	headView
	Why       string
	Answer    *answerView
	Meanwhile string
	errs      govuk.Errors
}

func (p *pages) reopen(w http.ResponseWriter, r *http.Request) {
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	if c.Request.State != tra.Answered {
		backToCase(w, r)
		return
	}
	p.renderReopen(w, r, c, http.StatusOK, nil)
}

func (p *pages) renderReopen(w http.ResponseWriter, r *http.Request, c tra.Case, status int, change func(*reopenView)) {
	v := reopenView{headView: headOf(c, operator(r)), Answer: answerOf(c.Answer)}
	if change != nil {
		change(&v)
	}
	o := Page(r, "Open this case again")
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, "Open again")
	httpd.Render(w, r, status, reopenPage(o, v))
}

func (p *pages) confirmReopen(w http.ResponseWriter, r *http.Request) {
	why := lines(r.PostFormValue("why"))
	err := p.console.Reopen(r.Context(), operator(r), caseID(r), revision(r), why)
	if err == nil {
		backToCase(w, r)
		return
	}
	errs, meanwhile, ok := troubles(err)
	if !ok {
		p.fail(w, r, err)
		return
	}
	if c, ok := p.open(w, r); ok {
		p.renderReopen(w, r, c, httpd.Status(err), func(v *reopenView) { v.errs, v.Meanwhile, v.Why = errs, meanwhile, why })
	}
}
