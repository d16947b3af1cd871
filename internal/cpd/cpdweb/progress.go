package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/workday"
)

// progressView is where a registration stands.
type progressView struct {
	cpd.Progress
	ExpectedBy string // empty: not known
	InDays     string // how long until then, in working days; empty: not known
	HandedIn   string // when
	Late       bool   // the expectation has passed
	Back       bool   // they began to register and had registered before
	HeldUntil  string // empty: nothing is held
	Replied    bool   // they have answered a question
	AnswerBy   string // with Question
}

var progressTitles = map[cpd.PersonStatus]string{
	cpd.StatusConfirmed:   "We have confirmed your details",
	cpd.StatusChecking:    "We have received your details",
	cpd.StatusManual:      "We are checking your details",
	cpd.StatusFailed:      "Check your details and send them again",
	cpd.StatusNeedDetails: "We need your details again",
	cpd.StatusWithdrawn:   "You have taken your details back",
}

func (p *Pages) showProgress(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	progress, err := p.svc.Progress(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	v := progressView{Progress: progress, HandedIn: day(progress.SubmittedAt), Back: p.o.Sessions.PopBool(r.Context(), keyBack)}
	if !progress.ExpectedBy.IsZero() {
		v.ExpectedBy, v.Late = day(progress.ExpectedBy), p.o.Now().After(progress.ExpectedBy)
		if n, err := workday.Until(p.o.Now(), progress.ExpectedBy); err == nil {
			v.InDays = inDays(n)
		}
	}
	v.Replied = p.o.Sessions.PopBool(r.Context(), keyReplied)
	title := progressTitles[v.Status]
	if progress.Question != nil {
		v.AnswerBy, title = day(progress.Question.EndsAt), "We have a question for you"
	}
	if !progress.HeldUntil.IsZero() {
		v.HeldUntil = day(progress.HeldUntil)
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: title}, progressPage(v))
}

// inDays says how long it is until a day.
func inDays(n int) string {
	if n == 0 {
		return "today"
	}
	return "in " + counted(n, "working day")
}

// beginCorrection begins a visit with what is still held of the answers.
func (p *Pages) beginCorrection(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	progress, err := p.svc.Progress(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	if !progress.CanCorrect {
		goTo(w, r, progressPath)
		return
	}
	d, held, err := p.svc.HeldDetails(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	v := &visit{}
	if held {
		v = visitOf(d)
	}
	v.Correcting, v.Epoch = progress.Participant, p.visitor(r.Context()).Epoch
	v.KeepsPlace = keepsPlace(progress.Status)
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, v.next(p.today()))
}

// keepsPlace tells whether a correction takes the place in the queue of what it corrects.
func keepsPlace(s cpd.PersonStatus) bool { return s == cpd.StatusManual || s == cpd.StatusFailed }

// failRegistered answers whose participant cannot be read. One that is not
// there any more, or that somebody came for by a mailed link since, is let go
// of, with what was typed or shown of it.
func (p *Pages) failRegistered(w http.ResponseWriter, r *http.Request, err error) {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		p.leave(r.Context())
		p.o.Sessions.Remove(r.Context(), keyVisit)
		goTo(w, r, cpd.ContinuePath)
		return
	}
	p.fail(w, r, err)
}
