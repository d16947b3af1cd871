package cpdweb

import (
	"net/http"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

const (
	codeID  = "code"
	doAgain = "again" // the button for another code
)

// codeForm is a code as typed.
type codeForm struct{ Code string }

// parse gives the six digits, however they are grouped.
func (f codeForm) parse() (string, govuk.Errors) {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, f.Code)
	if digits == "" {
		return "", govuk.Errors{{Field: codeID, Message: "Enter the code that we sent you"}}
	}
	if len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		return "", govuk.Errors{{Field: codeID, Message: "The code must have 6 numbers, like 012345"}}
	}
	return digits, nil
}

func (p *Pages) showEmailCode(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.confirmed() {
		goTo(w, r, v.next(p.today()))
		return
	}
	p.emailCodePage(w, r, http.StatusOK, v, codeForm{}, nil)
}

// confirmEmail takes the code. Whose address is registered already comes to
// their registration: nobody else learns that it is.
func (p *Pages) confirmEmail(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.confirmed() { // a second click
		goTo(w, r, v.next(p.today()))
		return
	}
	if r.PostFormValue(doField) == doAgain {
		p.sendCode(w, r, v)
		return
	}
	f := codeForm{r.PostFormValue(codeID)}
	code, errs := f.parse()
	if errs != nil {
		p.emailCodePage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	email, _ := v.Email.parse()
	known, err := p.svc.ConfirmEmail(r.Context(), v.Registration, email, code)
	switch {
	case fault.Is(err, fault.Invalid):
		p.emailCodePage(w, r, http.StatusUnprocessableEntity, v, f, govuk.Errors{{Field: codeID, Message: "Enter the code from the newest email that we sent you. This is another one"}})
	case fault.Is(err, fault.Gone):
		p.emailCodePage(w, r, http.StatusUnprocessableEntity, v, f, govuk.Errors{{Field: codeID, Message: "This code can no longer be used. Ask for another one"}})
	case err != nil:
		p.fail(w, r, err)
	case known.Participant != "":
		p.handedIn(r.Context(), known)
		p.o.Sessions.Put(r.Context(), keyBack, true)
		goTo(w, r, progressPath)
	default:
		v.Confirmed = email.Key()
		p.save(w, r, v)
	}
}

// keyBack holds, for one page, that somebody registered who had registered before.
const keyBack = "back"

// sendCode mails a code to the visit's address and asks for it.
func (p *Pages) sendCode(w http.ResponseWriter, r *http.Request, v *visit) {
	email, _ := v.Email.parse()
	v.Confirmed = ""
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	if err := p.svc.SendCode(r.Context(), v.Registration, email, httpd.ClientAddress(r)); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, emailCodePath)
}

func (p *Pages) emailCodePage(w http.ResponseWriter, r *http.Request, status int, v *visit, f codeForm, errs govuk.Errors) {
	email, _ := v.Email.parse()
	p.show(w, r, status, govuk.PageOptions{
		Title: "Confirm your email address", BackLink: back(emailPath), Errors: errs,
	}, emailCodePage(email.Reveal(), f.Code, p.o.OpenOutbox, errs))
}

// confirmAgain leads back to the address, whose confirmation is too old.
func (p *Pages) confirmAgain(w http.ResponseWriter, r *http.Request, v *visit) {
	v.Confirmed = ""
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, emailPath)
}

// unconfirmed tells whether an error says that the address is to be confirmed again.
func unconfirmed(err error) bool { return fault.Is(err, fault.Forbidden) }
