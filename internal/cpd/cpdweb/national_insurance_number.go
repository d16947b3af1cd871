package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	hasNINOID = "has-national-insurance-number"
	ninoID    = "national-insurance-number"
)

// ninoForm is whether the person has a National Insurance number to give, yes
// or no, and with yes the number as typed.
type ninoForm struct{ Has, NINO string }

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
	if _, errs := f.parse(); errs != nil {
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
	}, ninoPage(f, errs))
}
