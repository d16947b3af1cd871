package cpdweb

import (
	"encoding/json"
	"net/http"

	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// saveField is the button by which somebody leaves and comes back later.
const saveField = "save"

// keySaved holds that the session's answers were saved, and are not here any more.
const keySaved = "saved"

// leaving tells whether somebody saves their answers to come back later. Then
// what is missing or wrong on the page may stay so.
func leaving(r *http.Request) bool { return r.PostForm.Has(saveField) }

// savable tells whether the answers can be saved: once it is known whose they are.
func (v *visit) savable() bool { return v.Correcting != "" || v.confirmed() }

// saveForLater keeps the answers, mails the link to them, and takes them out of
// the session.
func (p *Pages) saveForLater(w http.ResponseWriter, r *http.Request, v *visit) {
	ctx, from := r.Context(), httpd.ClientAddress(r)
	if err := p.keep(ctx, v); err != nil { // they stay here when they cannot be saved
		p.fail(w, r, err)
		return
	}
	answers, err := json.Marshal(v)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if v.Correcting != "" {
		err = p.svc.SaveCorrection(ctx, v.Correcting, answers, from)
	} else {
		email, _ := v.Email.parse()
		err = p.svc.SaveRegistration(ctx, v.Registration, email, answers, from)
	}
	switch {
	case unconfirmed(err):
		p.confirmAgain(w, r, v)
	case err != nil:
		p.fail(w, r, err)
	default:
		p.o.Sessions.Remove(ctx, keyVisit)
		p.o.Sessions.Put(ctx, keySaved, true)
		goTo(w, r, savedPath)
	}
}

func (p *Pages) showSaved(w http.ResponseWriter, r *http.Request) {
	if !p.o.Sessions.GetBool(r.Context(), keySaved) {
		goTo(w, r, startPath)
		return
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Your answers are saved"}, savedPage(p.o.OpenOutbox))
}

// resume gives the session the answers that a mailed link leads to, or what a
// school entered of whom it invites. Numbers
// that tell who somebody is are not shown again: a mailbox is read by more
// people than its owner.
func (p *Pages) resume(w http.ResponseWriter, r *http.Request, opened cpd.Opened) {
	var v visit
	if opened.Invitee != nil {
		v = invitedVisit(*opened.Invitee)
	} else if json.Unmarshal(opened.Answers, &v) != nil { // of another version of the program
		v = visit{}
	}
	v.TRN.mask()
	v.NINO.mask()
	v.Registration, v.Confirmed, v.Correcting, v.Epoch, v.Result = opened.Registration, "", opened.Visitor.Participant, opened.Visitor.Epoch, ""
	if v.Correcting != "" {
		progress, err := p.svc.Progress(r.Context(), v.Correcting)
		if err != nil {
			p.failRegistered(w, r, err)
			return
		}
		if !progress.CanCorrect { // answered since
			goTo(w, r, progressPath)
			return
		}
		v.KeepsPlace = keepsPlace(progress.Status)
	} else if email, errs := v.Email.parse(); errs == nil {
		v.Confirmed = email.Key()
	}
	if err := p.keep(r.Context(), &v); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, v.next(p.today()))
}

// lastOf gives the last characters of a number that is not shown.
func lastOf(number string, n int) string { return number[max(len(number)-n, 0):] }
