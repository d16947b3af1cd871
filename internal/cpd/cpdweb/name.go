package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	firstNameID = "first-name"
	lastNameID  = "last-name"
)

// nameForm is a first and a last name as typed.
type nameForm struct{ First, Last string }

func (f nameForm) parse() (person.FullName, govuk.Errors) {
	var errs govuk.Errors
	first, err := person.ParseName(f.First)
	if err != nil {
		errs.Add(firstNameID, nameMessages("First name").of(err))
	}
	last, err := person.ParseName(f.Last)
	if err != nil {
		errs.Add(lastNameID, nameMessages("Last name").of(err))
	}
	return person.FullName{First: first, Last: last}, errs
}

func (p *Pages) showName(w http.ResponseWriter, r *http.Request, v *visit) {
	p.namePage(w, r, http.StatusOK, v, v.Name, nil)
}

func (p *Pages) saveName(w http.ResponseWriter, r *http.Request, v *visit) {
	f := nameForm{First: r.PostFormValue(firstNameID), Last: r.PostFormValue(lastNameID)}
	if _, errs := f.parse(); errs != nil && !leaving(r) {
		p.namePage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	v.Name = f
	p.save(w, r, v)
}

func (p *Pages) namePage(w http.ResponseWriter, r *http.Request, status int, v *visit, f nameForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{Title: "What is your name?", BackLink: back(v.before(namePath, p.today())), Errors: errs}, namePage(v.savable(), f, errs))
}
