package cpdweb

import (
	"net/http"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

func (p *Pages) showContinue(w http.ResponseWriter, r *http.Request) {
	p.continuePage(w, r, http.StatusOK, emailForm{}, nil)
}

// mailLink answers the same whether the address is registered or not.
func (p *Pages) mailLink(w http.ResponseWriter, r *http.Request) {
	f := emailForm{r.PostFormValue(emailID)}
	email, errs := f.parse()
	if errs != nil {
		p.continuePage(w, r, http.StatusUnprocessableEntity, f, errs)
		return
	}
	if err := p.svc.MailLink(r.Context(), email, httpd.ClientAddress(r)); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, checkEmailPath)
}

func (p *Pages) continuePage(w http.ResponseWriter, r *http.Request, status int, f emailForm, errs govuk.Errors) {
	p.show(w, r, status, govuk.PageOptions{Title: "Continue your registration", BackLink: back(startPath), Errors: errs}, continuePage(f, errs))
}

// showLink uses nothing up: programs that look into mails follow links.
func (p *Pages) showLink(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Continue your registration"}, linkPage())
}

// openLink lets the link's owner see the registration, in a session with another name.
func (p *Pages) openLink(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, err := p.svc.OpenLink(ctx, r.PathValue("token"))
	if fault.Is(err, fault.Gone) {
		p.show(w, r, http.StatusGone, govuk.PageOptions{Title: "This link cannot be used"}, linkGonePage())
		return
	}
	if err == nil {
		err = p.o.Sessions.RenewToken(ctx)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.handedIn(ctx, id)
	goTo(w, r, progressPath)
}
