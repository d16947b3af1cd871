package cpdweb

import (
	"net/http"
	"time"

	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/ident"
)

// proposal marks what an administrator has proposed and is to confirm. A session
// holds one of a kind, which its tabs share: a page confirms the one that it shows.
type proposal struct {
	ID string
	By string
	At time.Time
}

const proposalField = "proposal"

func (p *Pages) propose(r *http.Request) proposal {
	return proposal{ID: ident.NewUUID(), By: administrator(r), At: p.o.Now()}
}

// isAnother tells whether the form that came shows another proposal.
func (m proposal) isAnother(r *http.Request) bool { return r.PostFormValue(proposalField) != m.ID }

// another tells who proposed what the page shows now, and when.
func (m proposal) another(what string) govuk.Errors {
	var errs govuk.Errors
	errs.Add("", m.By+" chose "+what+", in another tab on "+minute(m.At)+". This page shows that now. Check it before you confirm it, or go back")
	return errs
}

// latest tells who did what to a participant last, and when.
func latest(s cpd.Story) string {
	if len(s.History) == 0 {
		return "It is not known by whom"
	}
	e := s.History[len(s.History)-1]
	return e.What.Text() + " (" + whoText(e.Who) + ", " + minute(e.At) + ")"
}
