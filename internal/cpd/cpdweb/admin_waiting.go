package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/httpd"
)

// keyPolled holds what a poll by an administrator brought, for one page.
const keyPolled = "polled"

// waitingView is what waits, and the poll.
type waitingView struct {
	Waiting []cpd.Waiting
	More    bool // than these, which have waited longest
	Poll    cpd.PollState
	Polled  string // what the administrator's poll brought just now; empty: none
}

func (p *Pages) showWaiting(w http.ResponseWriter, r *http.Request) {
	waiting, more, err := p.svc.Waiting(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	state, err := p.svc.PollState(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := waitingView{Waiting: waiting, More: more, Poll: state, Polled: p.o.Sessions.PopString(r.Context(), keyPolled)}
	p.showAdmin(w, r, http.StatusOK, p.admin(r, "Waiting"), waitingPage(v))
}

// pollNow polls the TRA and says on the page of what waits what that brought.
func (p *Pages) pollNow(w http.ResponseWriter, r *http.Request) {
	result, err := p.svc.PollNow(r.Context(), administrator(r))
	text := "The TRA was asked. " + counted(result.Answers, "answer") + " came, and " + counted(result.Asked, "request") + " that had been silent were asked for."
	if err != nil {
		kind := fault.KindOf(err)
		if kind == fault.Internal {
			p.fail(w, r, err)
			return
		}
		p.o.Logger.WarnContext(r.Context(), "a poll by an administrator failed", "request", httpd.RequestID(r.Context()), "kind", kind.String(), "error", err)
		text = "The TRA could not be asked. " + problemText(kind.String()) + ". It is asked again by itself."
	}
	p.o.Sessions.Put(r.Context(), keyPolled, text)
	goTo(w, r, waitingPath)
}
