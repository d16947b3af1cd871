package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
)

const changedNameID = "changed-name"

// changedNameForm is whether the person has had other names: yes or no.
type changedNameForm struct{ Changed string }

func (f changedNameForm) parse() (bool, govuk.Errors) {
	if f.Changed != yes && f.Changed != no {
		return false, govuk.Errors{{Field: changedNameID, Message: "Select yes if you have had another name"}}
	}
	return f.Changed == yes, nil
}

func (p *Pages) showChangedName(w http.ResponseWriter, r *http.Request, v *visit) {
	p.changedNamePage(w, r, http.StatusOK, v, v.ChangedName, nil)
}

func (p *Pages) saveChangedName(w http.ResponseWriter, r *http.Request, v *visit) {
	f := changedNameForm{r.PostFormValue(changedNameID)}
	changed, errs := f.parse()
	if errs != nil && !leaving(r) {
		p.changedNamePage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	if v.ChangedName = f; errs == nil && !changed {
		v.PreviousNames = previousNamesForm{}
	}
	p.save(w, r, v)
}

func (p *Pages) changedNamePage(w http.ResponseWriter, r *http.Request, status int, v *visit, f changedNameForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{
		Title: "Have you ever had another name?", BackLink: back(v.before(changedNamePath, p.today())), Errors: errs,
	}, changedNamePage(v.savable(), f, errs))
}
