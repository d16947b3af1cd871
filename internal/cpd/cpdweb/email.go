package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/person"
)

const emailID = "email"

// emailForm is an email address as typed.
type emailForm struct{ Email string }

func (f emailForm) parse() (person.Email, govuk.Errors) {
	e, err := person.ParseEmail(f.Email)
	if err != nil {
		return e, govuk.Errors{{Field: emailID, Message: emailMessages.of(err)}}
	}
	return e, nil
}

func (p *Pages) showEmail(w http.ResponseWriter, r *http.Request, v *visit) {
	p.emailPage(w, r, http.StatusOK, v, v.Email, nil)
}

func (p *Pages) saveEmail(w http.ResponseWriter, r *http.Request, v *visit) {
	f := emailForm{r.PostFormValue(emailID)}
	email, errs := f.parse()
	if errs != nil {
		p.emailPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	v.Email = f
	if v.Confirmed == email.Key() {
		p.save(w, r, v)
		return
	}
	v.Result = ""
	p.sendCode(w, r, v)
}

func (p *Pages) emailPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f emailForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{
		Title: "What is your email address?", BackLink: back(v.before(emailPath, p.today())), Errors: errs,
	}, emailPage(f, errs))
}
