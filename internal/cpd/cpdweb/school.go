package cpdweb

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/signin"
)

// The addresses of a school's pages.
const (
	schoolPath       = "/school"
	schoolPeoplePath = schoolPath + "/people"
	addPersonPath    = schoolPath + "/add"
	uploadPath       = schoolPath + "/files"
	templatePath     = schoolPath + "/template.csv"
)

// school begins the options of a page of a tutor.
func (p *Pages) school(r *http.Request, title string) govuk.PageOptions {
	o := govuk.PageOptions{
		Title: title, ProductName: productName, ProductURL: schoolPath, ServiceName: schoolSide, ServiceURL: schoolPath, Footer: footer(),
	}
	account, ok := signin.AccountFrom(r.Context())
	if !ok {
		return o
	}
	for _, item := range []govuk.NavigationItem{
		{Text: "People", Href: schoolPeoplePath}, {Text: "Add a person", Href: addPersonPath}, {Text: "Add from a file", Href: uploadPath},
	} {
		item.Current = r.URL.Path == item.Href
		item.Active = !item.Current && strings.HasPrefix(r.URL.Path, item.Href+"/")
		o.Navigation = append(o.Navigation, item)
	}
	o.NavigationEnd, o.SignsOut = signOut(signin.SignOutPath, account.Email), signin.SignsOut(r.Context())
	return o
}

func (p *Pages) showSchool(w http.ResponseWriter, r *http.Request, status int, o govuk.PageOptions, content templ.Component) {
	o.Wide = true
	p.showAdmin(w, r, status, o, content)
}

// tutor gives who is signed in, as package cpd knows them.
func tutor(r *http.Request) string { return administrator(r) }

func invitationTag(s cpd.InvitationState) tag {
	switch s {
	case cpd.StateInvited:
		return tag{"Invited", "blue"}
	case cpd.StateNoAnswer:
		return tag{"Has not answered", "grey"}
	case cpd.StateBeingChecked:
		return tag{"Being checked", "yellow"}
	case cpd.StateConfirmed:
		return tag{"Confirmed", "green"}
	case cpd.StateNotConfirmed:
		return tag{"Could not be confirmed", "orange"}
	}
	return tag{string(s), "grey"}
}

// invitationTexts say what a state means and what a tutor can do.
var invitationTexts = map[cpd.InvitationState]string{
	cpd.StateInvited:      "We sent an email with a link. Nothing is checked until they use it and hand in their details. We remind them after 5 working days and after 10.",
	cpd.StateNoAnswer:     "The link in the email can no longer be used. Ask whether the address is right, then invite them again.",
	cpd.StateBeingChecked: "They handed in their details, and we are checking them. You do not need to do anything.",
	cpd.StateConfirmed:    "Their details are confirmed. You do not need to do anything.",
	cpd.StateNotConfirmed: "We wrote to them what to do next. Only they can correct their details.",
}

const (
	stateField  = "state"
	beforeField = "before"
)

func invitationPath(id cpd.InvitationID) string {
	return schoolPeoplePath + "/" + url.PathEscape(string(id))
}

// peopleView is a page of a school's list. What was searched for stands in no
// address, so a search leads on by a form.
type peopleView struct {
	School cpd.School
	Filter cpd.InvitationFilter
	Page   cpd.InvitationPage
	Total  int    // who fit the search and the state
	Next   string // empty: the last page, or a search
	Notice string
}

// keyNotice holds what was done, for one page.
const keyNotice = "notice"

func (p *Pages) showPeople(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, _ := strconv.ParseInt(q.Get(beforeField), 10, 64) // what is no number begins at the newest
	p.peoplePage(w, r, cpd.InvitationFilter{State: cpd.InvitationState(q.Get(stateField)), Before: before})
}

// searchPeople answers a search with its page, and leads to the address of what
// is only filtered.
func (p *Pages) searchPeople(w http.ResponseWriter, r *http.Request) {
	before, _ := strconv.ParseInt(r.PostFormValue(beforeField), 10, 64)
	f := cpd.InvitationFilter{State: cpd.InvitationState(r.PostFormValue(stateField)), Query: r.PostFormValue(queryField), Before: before}
	if f.Query == "" {
		goTo(w, r, peoplePath(f))
		return
	}
	p.peoplePage(w, r, f)
}

func (p *Pages) peoplePage(w http.ResponseWriter, r *http.Request, f cpd.InvitationFilter) {
	ctx := r.Context()
	school, err := p.svc.SchoolOf(ctx, tutor(r))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page, err := p.svc.Invitations(ctx, tutor(r), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := peopleView{School: school, Filter: f, Page: page, Total: page.Counts[f.State], Notice: p.o.Sessions.PopString(ctx, keyNotice)}
	if f.State == "" {
		for _, n := range page.Counts {
			v.Total += n
		}
	}
	if page.Next != 0 && f.Query == "" {
		f.Before = page.Next
		v.Next = peoplePath(f)
	}
	p.showSchool(w, r, http.StatusOK, p.school(r, "People"), peoplePage(v))
}

func peoplePath(f cpd.InvitationFilter) string {
	q := url.Values{}
	if f.State != "" {
		q.Set(stateField, string(f.State))
	}
	if f.Before != 0 {
		q.Set(beforeField, strconv.FormatInt(f.Before, 10))
	}
	if len(q) == 0 {
		return schoolPeoplePath
	}
	return schoolPeoplePath + "?" + q.Encode()
}

func (p *Pages) showInvitation(w http.ResponseWriter, r *http.Request) {
	i, events, err := p.svc.Invitation(r.Context(), tutor(r), cpd.InvitationID(r.PathValue("id")))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	o := p.school(r, "A person on your list")
	o.BackLink = govuk.BackLinkOptions{Href: schoolPeoplePath, Text: "People"}
	p.showSchool(w, r, http.StatusOK, o, invitationPage(i, events, p.o.Sessions.PopString(r.Context(), keyNotice)))
}

func (p *Pages) inviteAgain(w http.ResponseWriter, r *http.Request) {
	id := cpd.InvitationID(r.PathValue("id"))
	text := "We sent another invitation. Earlier links can no longer be used."
	err := p.svc.InviteAgain(r.Context(), tutor(r), id)
	if fault.Is(err, fault.Conflict) {
		text, err = fault.SafeText(err), nil
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyNotice, text)
	goTo(w, r, invitationPath(id))
}

func (p *Pages) showRemove(w http.ResponseWriter, r *http.Request) {
	i, _, err := p.svc.Invitation(r.Context(), tutor(r), cpd.InvitationID(r.PathValue("id")))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	o := p.school(r, "Remove a person from your list")
	o.BackLink = back(invitationPath(i.ID))
	p.showSchool(w, r, http.StatusOK, o, removePage(i))
}

func (p *Pages) remove(w http.ResponseWriter, r *http.Request) {
	if err := p.svc.Uninvite(r.Context(), tutor(r), cpd.InvitationID(r.PathValue("id"))); err != nil && !fault.Is(err, fault.NotFound) {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyNotice, "The person is no longer on your list.")
	goTo(w, r, schoolPeoplePath)
}
