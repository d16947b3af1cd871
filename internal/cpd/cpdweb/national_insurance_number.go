package cpdweb

import (
	"net/http"
	"strings"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	hasNINOID = "has-national-insurance-number"
	ninoID    = "national-insurance-number"
)

// ninoForm is whether the person has a National Insurance number to give, yes
// or no, and with yes the number as typed.
type ninoForm struct {
	Has, NINO string
	Kept      bool // it was typed in another session, and is not shown
}

// mask has a number that is kept not shown again; one that cannot be read goes.
func (f *ninoForm) mask() {
	if _, errs := f.parse(); errs != nil {
		f.NINO = ""
	}
	f.Kept = f.NINO != ""
}

// ends is the end of a number that is kept; empty where none is.
func (f ninoForm) ends() string {
	if n, errs := f.parse(); f.Kept && errs == nil {
		return lastOf(n.Reveal(), 3)
	}
	return ""
}

func (f ninoForm) parse() (person.NINO, govuk.Errors) {
	switch f.Has {
	case no:
		return person.NINO{}, nil
	case yes:
		n, err := person.ParseNINO(f.NINO)
		if err != nil {
			return n, govuk.Errors{{Field: ninoID, Message: ninoMessages.of(err)}}
		}
		return n, nil
	}
	return person.NINO{}, govuk.Errors{{Field: hasNINOID, Message: "Select yes if you can give your National Insurance number"}}
}

func (p *Pages) showNINO(w http.ResponseWriter, r *http.Request, v *visit) {
	p.ninoPage(w, r, http.StatusOK, v, v.NINO, nil)
}

func (p *Pages) saveNINO(w http.ResponseWriter, r *http.Request, v *visit) {
	f := ninoForm{Has: r.PostFormValue(hasNINOID), NINO: r.PostFormValue(ninoID)}
	if f.Has == yes && strings.TrimSpace(f.NINO) == "" && v.NINO.Kept {
		f = v.NINO
	}
	if _, errs := f.parse(); errs != nil && !leaving(r) {
		p.ninoPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	if f.Has != yes {
		f.NINO = ""
	}
	v.NINO = f
	p.save(w, r, v)
}

func (p *Pages) ninoPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f ninoForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{
		Title: "Do you have a National Insurance number?", BackLink: back(v.before(ninoPath, p.today())), Errors: errs,
	}, ninoPage(v.savable(), f, v.NINO.ends(), errs))
}
