package cpdweb

import (
	"net/http"
	"net/url"
	"strconv"

	"traid/internal/cpd"
)

// The fields of the list's filters.
const (
	trnField   = "trn-status"
	alertField = "alert-status"
	ageField   = "age"
	whyField   = "why"
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
	Age    string
	Page   cpd.Page
	Next   string // empty: the last page, or a search
}

func (p *Pages) showParticipants(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.participantsPage(w, r, cpd.Filter{
		TRNStatus: cpd.TRNStatus(q.Get(trnField)), AlertStatus: cpd.AlertStatus(q.Get(alertField)), Reason: q.Get(whyField), After: q.Get(afterField),
	}, q.Get(ageField))
}

// searchParticipants answers a search with its page, and leads to the address
// of what is only filtered.
func (p *Pages) searchParticipants(w http.ResponseWriter, r *http.Request) {
	f := cpd.Filter{
		TRNStatus: cpd.TRNStatus(r.PostFormValue(trnField)), AlertStatus: cpd.AlertStatus(r.PostFormValue(alertField)),
		Reason: r.PostFormValue(whyField), Query: r.PostFormValue(queryField), After: r.PostFormValue(afterField),
	}
	age := r.PostFormValue(ageField)
	if f.Query == "" {
		goTo(w, r, listPath(f, age))
		return
	}
	p.participantsPage(w, r, f, age)
}

// ages are how long a TRN's status has stood at least, in days.
var ages = []struct{ Days, Text string }{{"1", "1 day or longer"}, {"7", "7 days or longer"}, {"28", "28 days or longer"}, {"90", "90 days or longer"}}

// reasons are why the TRA could not validate a TRN.
var reasons = []struct{ Reason, Text string }{
	{"no_record", "No record"},
	{"several_records", "Several records"},
	{"details_do_not_match", "Details do not match"},
	{"not_enough_details", "Not enough details"},
	{"cannot_tell", "Cannot tell"},
	{"other", "Another reason"},
}

func (p *Pages) participantsPage(w http.ResponseWriter, r *http.Request, f cpd.Filter, age string) {
	if days, err := strconv.Atoi(age); err == nil && days > 0 {
		f.Since = p.o.Now().AddDate(0, 0, -min(days, 10_000))
	}
	page, err := p.svc.Participants(r.Context(), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := participantsView{Filter: f, Age: age, Page: page}
	if page.Next != "" && f.Query == "" {
		f.After = page.Next
		v.Next = listPath(f, age)
	}
	p.showAdmin(w, r, http.StatusOK, p.admin(r, "Participants"), participantsPage(v))
}

// listPath gives the address of a filtered page of the list.
func listPath(f cpd.Filter, age string) string {
	q := url.Values{}
	for field, value := range map[string]string{
		trnField: string(f.TRNStatus), alertField: string(f.AlertStatus), ageField: age, whyField: f.Reason, afterField: f.After,
	} {
		if value != "" {
			q.Set(field, value)
		}
	}
	if len(q) == 0 {
		return participantsPath
	}
	return participantsPath + "?" + q.Encode()
}
