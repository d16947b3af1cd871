package cpdweb

import (
	"net/http"
	"strings"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	hasTRNID = "has-trn"
	trnID    = "trn"
	unsure   = "unsure"
)

// trnForm is whether the person knows a TRN, yes, no or unsure, and with yes the TRN as typed.
type trnForm struct {
	Has, TRN string
	Kept     bool // it was typed in another session, and is not shown
}

// mask has a number that is kept not shown again; one that cannot be read goes.
func (f *trnForm) mask() {
	if _, errs := f.parse(); errs != nil {
		f.TRN = ""
	}
	f.Kept = f.TRN != ""
}

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

// ends is the end of a number that is kept; empty where none is.
func (f trnForm) ends() string {
	if t, errs := f.parse(); f.Kept && errs == nil {
		return lastOf(t.Reveal(), 2)
	}
	return ""
}

func (p *Pages) showTRN(w http.ResponseWriter, r *http.Request, v *visit) {
	p.trnPage(w, r, http.StatusOK, v, v.TRN, nil)
}

func (p *Pages) saveTRN(w http.ResponseWriter, r *http.Request, v *visit) {
	f := trnForm{Has: r.PostFormValue(hasTRNID), TRN: r.PostFormValue(trnID)}
	if f.Has == yes && strings.TrimSpace(f.TRN) == "" && v.TRN.Kept {
		f = v.TRN
	}
	trn, errs := f.parse()
	if errs != nil && !leaving(r) {
		p.trnPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	if f.Has != yes {
		f.TRN = ""
	}
	v.TRN = f
	if errs == nil && trn.IsZero() && !leaving(r) {
		p.saveTo(w, r, v, withoutTRNPath)
		return
	}
	p.save(w, r, v)
}

func (p *Pages) trnPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f trnForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{
		Title: "Do you know your teacher reference number (TRN)?", BackLink: back(v.before(trnPath, p.today())), Errors: errs,
	}, trnPage(v.savable(), f, v.TRN.ends(), errs))
}
