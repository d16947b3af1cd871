package cpdweb

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/signin"
)

// admin begins the options of a page of administrators.
func (p *Pages) admin(r *http.Request, title string) govuk.PageOptions {
	o := govuk.PageOptions{
		Title: title, ProductName: productName, ProductURL: participantsPath, ServiceName: adminSide, ServiceURL: participantsPath, Footer: footer(),
	}
	account, ok := signin.AccountFrom(r.Context())
	if !ok {
		return o
	}
	for _, item := range []govuk.NavigationItem{
		{Text: "Participants", Href: participantsPath}, {Text: "Waiting", Href: waitingPath}, {Text: "Outbox", Href: outboxPath},
	} {
		item.Current = r.URL.Path == item.Href
		item.Active = !item.Current && strings.HasPrefix(r.URL.Path, item.Href+"/")
		o.Navigation = append(o.Navigation, item)
	}
	o.NavigationEnd, o.SignsOut = signOut(signin.SignOutPath, account.Email), signin.SignsOut(r.Context())
	o.Wide = true
	return o
}

func (p *Pages) showAdmin(w http.ResponseWriter, r *http.Request, status int, o govuk.PageOptions, content templ.Component) {
	httpd.Render(w, r, status, adminLayout(o, content))
}

// administrator gives who is signed in, as the history names them.
func administrator(r *http.Request) string {
	account, _ := signin.AccountFrom(r.Context())
	return account.Email
}

// tag is a status as administrators see it.
type tag struct{ Text, Colour string }

func trnTag(s cpd.TRNStatus) tag {
	switch s {
	case cpd.TRNNotChecked:
		return tag{"Not checked", "grey"}
	case cpd.TRNValidatedAutomatically:
		return tag{"Validated automatically", "green"}
	case cpd.TRNAwaitingManualValidation:
		return tag{"Awaiting manual validation", "yellow"}
	case cpd.TRNValidatedManually:
		return tag{"Validated manually", "green"}
	case cpd.TRNValidationFailed:
		return tag{"Validation failed", "orange"}
	case cpd.TRNConflict:
		return tag{"Conflict", "red"}
	}
	return tag{string(s), "grey"}
}

func alertTag(s cpd.AlertStatus) tag {
	switch s {
	case cpd.AlertNotChecked:
		return tag{"Not checked", "grey"}
	case cpd.AlertNone:
		return tag{"None", "green"}
	case cpd.AlertAwaitingBarringCheck:
		return tag{"Awaiting barring check", "yellow"}
	case cpd.AlertBarred:
		return tag{"Barred", "red"}
	case cpd.AlertNotBarred:
		return tag{"Not barred", "green"}
	case cpd.AlertUndetermined:
		return tag{"Undetermined", "purple"}
	}
	return tag{string(s), "grey"}
}

func dataTag(held bool) tag {
	if held {
		return tag{"Held", "yellow"}
	}
	return tag{"Not held", "grey"}
}

// trnStatuses and alertStatuses are the choices of the list's filters.
var (
	trnStatuses = []cpd.TRNStatus{
		cpd.TRNNotChecked, cpd.TRNValidatedAutomatically, cpd.TRNAwaitingManualValidation, cpd.TRNValidatedManually, cpd.TRNValidationFailed, cpd.TRNConflict,
	}
	alertStatuses = []cpd.AlertStatus{
		cpd.AlertNotChecked, cpd.AlertNone, cpd.AlertAwaitingBarringCheck, cpd.AlertBarred, cpd.AlertNotBarred, cpd.AlertUndetermined,
	}
)

// problemTexts say what keeps something waiting.
var problemTexts = map[string]string{
	"unavailable":       "The other service does not answer",
	"unauthenticated":   "The other service does not know our token",
	"forbidden":         "Our token lacks a scope",
	"invalid":           "The other service refuses what we send",
	"conflict":          "The other service knows another request by this id",
	"too_many":          "We ask the other service too often",
	"not_found":         "The other service does not know the request",
	"answer_unreadable": "The answer cannot be read",
	"answer_too_late":   "The answer came too late",
}

func problemText(problem string) string {
	if problem == "" {
		return ""
	}
	if text, ok := problemTexts[problem]; ok {
		return text
	}
	return "Something unexpected: " + problem
}
