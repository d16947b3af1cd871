package cpdweb

import (
	"crypto/sha256"
	"encoding/hex"
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

// What a session holds of mailed links.
const (
	keyShown  = "link_shown"  // which one it was shown, so that it has another name since
	keyOpened = "link_opened" // which one it used
)

// linkOf names a link in the session, without what opens it.
func linkOf(r *http.Request) string {
	sum := sha256.Sum256([]byte(r.PathValue("token")))
	return hex.EncodeToString(sum[:])
}

// showLink uses nothing up: programs that look into mails follow links. The
// session gets another name here and not when the link is used: a second tap
// then still comes by the name that the first one came by.
func (p *Pages) showLink(w http.ResponseWriter, r *http.Request) {
	if err := p.o.Sessions.RenewToken(r.Context()); err != nil {
		p.fail(w, r, err)
		return
	}
	school, invited, err := p.svc.InvitingSchool(r.Context(), r.PathValue("token"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyShown, linkOf(r))
	if invited {
		p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Register for training"}, invitedPage(school))
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Continue your registration"}, linkPage())
}

// openLink lets the link's owner see the registration or go on with the answers
// that were saved, in a session with another name. A second tap leads on to where the first one did.
func (p *Pages) openLink(w http.ResponseWriter, r *http.Request) {
	ctx, link := r.Context(), linkOf(r)
	opened, err := p.svc.OpenLink(ctx, r.PathValue("token"))
	if fault.Is(err, fault.Gone) && p.o.Sessions.GetString(ctx, keyOpened) == link {
		if _, out := p.svc.Admit(ctx, p.visitor(ctx)); out == nil {
			goTo(w, r, progressPath)
			return
		}
		if v := p.visit(ctx); v != nil {
			goTo(w, r, v.next(p.today()))
			return
		}
	}
	if fault.Is(err, fault.Gone) {
		p.show(w, r, http.StatusGone, govuk.PageOptions{Title: "This link cannot be used"}, linkGonePage())
		return
	}
	if err == nil && p.o.Sessions.GetString(ctx, keyShown) != link {
		err = p.o.Sessions.RenewToken(ctx)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.leave(ctx)
	p.o.Sessions.Remove(ctx, keyVisit)
	p.o.Sessions.Remove(ctx, keySaved)
	p.o.Sessions.Put(ctx, keyOpened, link)
	if opened.Visitor.Participant != "" {
		p.handedIn(ctx, opened.Visitor)
	}
	if opened.Answers != nil || opened.Invitee != nil {
		p.resume(w, r, opened)
		return
	}
	goTo(w, r, progressPath)
}
