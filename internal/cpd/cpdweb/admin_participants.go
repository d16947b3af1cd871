package cpdweb

import (
	"net/http"
	"net/url"

	"traid/internal/cpd"
)

// The fields of the list's filters.
const (
	trnField   = "trn-status"
	alertField = "alert-status"
	queryField = "search"
	afterField = "after"
)

func participantPath(id cpd.ParticipantID) string {
	return participantsPath + "/" + url.PathEscape(string(id))
}

// participantsView is a page of the list. What was searched for stands in no
// address, so a search leads on by a form.
type participantsView struct {
	Filter cpd.Filter
	Page   cpd.Page
	Next   string // empty: the last page, or a search
}

func (p *Pages) showParticipants(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.participantsPage(w, r, cpd.Filter{
		TRNStatus: cpd.TRNStatus(q.Get(trnField)), AlertStatus: cpd.AlertStatus(q.Get(alertField)), After: q.Get(afterField),
	})
}

// searchParticipants answers a search with its page, and leads to the address
// of what is only filtered.
func (p *Pages) searchParticipants(w http.ResponseWriter, r *http.Request) {
	f := cpd.Filter{
		TRNStatus: cpd.TRNStatus(r.PostFormValue(trnField)), AlertStatus: cpd.AlertStatus(r.PostFormValue(alertField)),
		Query: r.PostFormValue(queryField), After: r.PostFormValue(afterField),
	}
	if f.Query == "" {
		goTo(w, r, listPath(f))
		return
	}
	p.participantsPage(w, r, f)
}

func (p *Pages) participantsPage(w http.ResponseWriter, r *http.Request, f cpd.Filter) {
	page, err := p.svc.Participants(r.Context(), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := participantsView{Filter: f, Page: page}
	if page.Next != "" && f.Query == "" {
		f.After = page.Next
		v.Next = listPath(f)
	}
	p.showAdmin(w, r, http.StatusOK, p.admin(r, "Participants"), participantsPage(v))
}

// listPath gives the address of a filtered page of the list.
func listPath(f cpd.Filter) string {
	q := url.Values{}
	for field, value := range map[string]string{trnField: string(f.TRNStatus), alertField: string(f.AlertStatus), afterField: f.After} {
		if value != "" {
			q.Set(field, value)
		}
	}
	if len(q) == 0 {
		return participantsPath
	}
	return participantsPath + "?" + q.Encode()
}
