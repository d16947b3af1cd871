package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	hasTRNID = "has-trn"
	trnID    = "trn"
	unsure   = "unsure"
)

// trnForm is whether the person knows a TRN, yes, no or unsure, and with yes the TRN as typed.
type trnForm struct{ Has, TRN string }

func (f trnForm) parse() (person.TRN, govuk.Errors) {
	switch f.Has {
	case no, unsure:
		return person.TRN{}, nil
	case yes:
		t, err := person.ParseTRN(f.TRN)
		if err != nil {
			return t, govuk.Errors{{Field: trnID, Message: trnMessages.of(err)}}
		}
		return t, nil
	}
	return person.TRN{}, govuk.Errors{{Field: hasTRNID, Message: "Select yes if you know your TRN"}}
}

func (p *Pages) showTRN(w http.ResponseWriter, r *http.Request, v *visit) {
	p.trnPage(w, r, http.StatusOK, v, v.TRN, nil)
}

func (p *Pages) saveTRN(w http.ResponseWriter, r *http.Request, v *visit) {
	f := trnForm{Has: r.PostFormValue(hasTRNID), TRN: r.PostFormValue(trnID)}
	if _, errs := f.parse(); errs != nil {
		p.trnPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	if f.Has != yes {
		f.TRN = ""
	}
	v.TRN = f
	p.save(w, r, v)
}

func (p *Pages) trnPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f trnForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{
		Title: "Do you know your teacher reference number (TRN)?", BackLink: back(v.before(trnPath, p.today())), Errors: errs,
	}, trnPage(f, errs))
}
