package traconsole

import (
	"net/http"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// registerView is a search of the register without a case.
type registerView struct {
	Purpose string
	Search  searchView
	AsAt    string
	errs    govuk.Errors
}

func (p *pages) askRegister(w http.ResponseWriter, r *http.Request) {
	p.renderRegister(w, r, registerView{}, http.StatusOK)
}

func (p *pages) renderRegister(w http.ResponseWriter, r *http.Request, v registerView, status int) {
	o := Page(r, "Search the register")
	o.Errors = v.errs
	httpd.Render(w, r, status, registerPage(o, v))
}

// searchRegister searches for a purpose, which is written down with who searched.
func (p *pages) searchRegister(w http.ResponseWriter, r *http.Request) {
	v := registerView{Purpose: strings.TrimSpace(r.PostFormValue("purpose"))}
	search, q, ok := asked(r)
	if !ok {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	v.Search = search
	status := http.StatusOK
	found, asAt, err := p.console.SearchFor(r.Context(), operator(r), v.Purpose, q)
	switch {
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.TooMany):
		status, v.Search.Asked, v.errs = httpd.Status(err), false, searchErrors(err)
	case fault.Is(err, fault.Unavailable):
		v.Search.Down = true
	case err != nil:
		p.fail(w, r, err)
		return
	}
	for _, f := range found {
		one := alone(f)
		one.Alerts = alertsTag(operator(r), f.Record)
		v.Search.Found = append(v.Search.Found, one)
	}
	if len(found) == searchPage {
		v.Search.Next = found[len(found)-1].Record.TRN.Reveal()
	}
	v.AsAt = moment(asAt)
	p.renderRegister(w, r, v, status)
}
