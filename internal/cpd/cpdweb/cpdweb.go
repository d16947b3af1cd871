// Package cpdweb is Manage CPD's pages: those of the person who registers, one
// question a page, and those of administrators; and the webhook by which the
// TRA says that there is something to ask for. What is typed stays in the
// session on this side until it is handed in, and stands in no address. The
// pages decide nothing about a person: package cpd does.
package cpdweb

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/alexedwards/scs/v2"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/signin"
	"traid/internal/workday"
)

// WebhookPath is where the TRA announces that an answer was released.
const WebhookPath = "/webhooks/tra"

// OpenOutboxPath is the outbox that everybody reads, where Options.OpenOutbox is set.
const OpenOutboxPath = "/outbox"

// Administrator is the role of those who may see the pages below /admin.
const Administrator = "administrator"

// Tutor is the role of those who may see the pages below /school, each their own
// school's: cpd.Service.PutTutor binds them to it.
const Tutor = "tutor"

// Roles lists the roles of those who sign in here.
func Roles() []string { return []string{Administrator, Tutor} }

// What the pages are called at their head, and the sides of them.
const (
	productName = "Manage CPD"
	personSide  = "Register for training"
	adminSide   = "Administration"
	schoolSide  = "Your school"
)

// Options say what the pages stand on. Sessions and Accounts are needed, and
// the service's handler runs inside access.LoadAndSave (httpd.SiteOptions.Wrap).
type Options struct {
	Sessions       *scs.SessionManager
	Accounts       *access.Store
	SignInCommand  string           // what makes an administrator's sign-in link
	OpenOutbox     bool             // everybody reads the outbox: a demonstration, whose people are invented
	SignInRefused  bool             // administrators do not sign in here (signin.Options.Refused)
	SignInProvider *signin.Provider // by which they do; one-time links where nil
	Contact        string           // email address for people with a question; the contact page names none without it
	WebhookSecrets []string         // the TRA's; without one no webhook is taken
	TRARetain      time.Duration    // how long the TRA keeps what it was sent, after its end; 90 days
	Poll           func()           // begins a poll and does not wait for it; nothing
	Now            func() time.Time // time.Now
	Logger         *slog.Logger     // silent
}

// Pages are Manage CPD's pages.
type Pages struct {
	svc  *cpd.Service
	o    Options
	gate *signin.Gate
}

// New gives the pages of a service.
func New(svc *cpd.Service, o Options) *Pages {
	if o.TRARetain == 0 {
		o.TRARetain = 90 * 24 * time.Hour
	}
	if o.Poll == nil {
		o.Poll = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Pages{svc: svc, o: o}
	p.gate = signin.New(signin.Options{
		Accounts: o.Accounts, Sessions: o.Sessions, Home: homePath, Command: o.SignInCommand,
		Page: p.admin, ErrorPage: p.ErrorPage, Refused: o.SignInRefused, Provider: o.SignInProvider, Logger: o.Logger,
	})
	return p
}

// Who says who may call a page.
type Who int

// Who may call.
const (
	Anyone         Who = iota
	Registering        // has begun to register, or to correct, and not handed in
	Registered         // has handed in, in this session or by a mailed link
	Tutors             // signed in with the role, of a school
	Administrators     // signed in with the role
	SignedIn           // with any role
	TRA                // signs what it sends
)

// Route is a page or what its form calls, with who may.
type Route struct {
	Pattern string
	Who     Who
	handle  http.HandlerFunc
}

// The addresses of the pages that others lead to.
const (
	startPath         = "/"
	homePath          = "/home" // of who is signed in
	namePath          = "/name"
	changedNamePath   = "/changed-name"
	previousNamesPath = "/previous-names"
	dateOfBirthPath   = "/date-of-birth"
	trnPath           = "/trn"
	withoutTRNPath    = "/without-trn"
	ninoPath          = "/national-insurance-number"
	emailPath         = "/email"
	emailCodePath     = "/email-code"
	checkPath         = "/check-your-answers"
	notMatchedPath    = "/check-your-details"
	couldNotCheckPath = "/could-not-check"
	checkEmailPath    = "/check-your-email"
	sessionEndedPath  = "/session-ended"
	savedPath         = "/saved"
	progressPath      = "/progress"
	correctPath       = "/progress/correct"
	withdrawPath      = "/progress/withdraw"
	participantsPath  = "/admin/participants"
	waitingPath       = "/admin/waiting"
	pollPath          = "/admin/poll"
	outboxPath        = "/admin/outbox"
	privacyPath       = "/privacy"
	cookiesPath       = "/cookies"
	accessibilityPath = "/accessibility"
	contactPath       = "/contact"
)

// Routes lists the pages in the order in which people meet them.
func (p *Pages) Routes() []Route {
	routes := []Route{
		{"GET /{$}", Anyone, p.showStart},
		{"POST /start", Anyone, p.start},
		{"GET " + emailPath, Registering, p.question(emailPath, p.showEmail)},
		{"POST " + emailPath, Registering, p.question(emailPath, p.saveEmail)},
		{"GET " + emailCodePath, Registering, p.question(emailCodePath, p.showEmailCode)},
		{"POST " + emailCodePath, Registering, p.question(emailCodePath, p.confirmEmail)},
		{"GET " + namePath, Registering, p.question(namePath, p.showName)},
		{"POST " + namePath, Registering, p.question(namePath, p.saveName)},
		{"GET " + changedNamePath, Registering, p.question(changedNamePath, p.showChangedName)},
		{"POST " + changedNamePath, Registering, p.question(changedNamePath, p.saveChangedName)},
		{"GET " + previousNamesPath, Registering, p.question(previousNamesPath, p.showPreviousNames)},
		{"POST " + previousNamesPath, Registering, p.question(previousNamesPath, p.savePreviousNames)},
		{"GET " + dateOfBirthPath, Registering, p.question(dateOfBirthPath, p.showDateOfBirth)},
		{"POST " + dateOfBirthPath, Registering, p.question(dateOfBirthPath, p.saveDateOfBirth)},
		{"GET " + trnPath, Registering, p.question(trnPath, p.showTRN)},
		{"POST " + trnPath, Registering, p.question(trnPath, p.saveTRN)},
		{"GET " + withoutTRNPath, Registering, p.question(trnPath, p.showWithoutTRN)},
		{"GET " + ninoPath, Registering, p.question(ninoPath, p.showNINO)},
		{"POST " + ninoPath, Registering, p.question(ninoPath, p.saveNINO)},
		{"GET " + checkPath, Registering, p.answered(p.showCheck)},
		{"POST " + checkPath, Registering, p.answered(p.handIn)},
		{"GET " + notMatchedPath, Registering, p.answered(p.showNotMatched)},
		{"POST " + notMatchedPath, Registering, p.answered(p.standBy)},
		{"GET " + couldNotCheckPath, Registering, p.answered(p.showCouldNotCheck)},
		{"POST " + couldNotCheckPath, Registering, p.answered(p.handInUnchecked)},
		{"GET " + checkEmailPath, Anyone, p.showCheckEmail},
		{"GET " + savedPath, Anyone, p.showSaved},
		{"GET " + sessionEndedPath, Anyone, p.showSessionEnded},

		{"GET " + progressPath, Registered, p.registered(p.showProgress)},
		{"POST " + correctPath, Registered, p.registered(p.beginCorrection)},
		{"GET " + traQuestionPath, Registered, p.registered(p.showTRAQuestion)},
		{"POST " + traQuestionPath, Registered, p.registered(p.answerTRAQuestion)},
		{"GET " + withdrawPath, Registered, p.registered(p.showWithdraw)},
		{"POST " + withdrawPath, Registered, p.registered(p.withdraw)},
		{"GET " + cpd.ContinuePath, Anyone, p.showContinue},
		{"POST " + cpd.ContinuePath, Anyone, p.mailLink},
		{"GET " + cpd.ContinuePath + "/{token}", Anyone, p.showLink},
		{"POST " + cpd.ContinuePath + "/{token}", Anyone, p.openLink},

		{"GET " + privacyPath, Anyone, p.showPrivacy},
		{"GET " + cookiesPath, Anyone, p.showCookies},
		{"GET " + accessibilityPath, Anyone, p.showAccessibility},
		{"GET " + contactPath, Anyone, p.showContact},

		{"GET " + homePath, SignedIn, p.home},
		{"GET " + schoolPath, Tutors, redirectTo(schoolPeoplePath)},
		{"GET " + schoolPeoplePath, Tutors, p.showPeople},
		{"POST " + schoolPeoplePath, Tutors, p.searchPeople},
		{"GET " + addPersonPath, Tutors, p.showAddPerson},
		{"POST " + addPersonPath, Tutors, p.addPerson},
		{"GET " + schoolPeoplePath + "/{id}", Tutors, p.showInvitation},
		{"POST " + schoolPeoplePath + "/{id}/again", Tutors, p.inviteAgain},
		{"GET " + schoolPeoplePath + "/{id}/remove", Tutors, p.showRemove},
		{"POST " + schoolPeoplePath + "/{id}/remove", Tutors, p.remove},
		{"GET " + templatePath, Tutors, p.template},
		{"GET " + uploadPath, Tutors, p.showUploads},
		{"POST " + uploadPath, Tutors, p.readFile},
		{"GET " + uploadPath + "/{id}", Tutors, p.showFile},
		{"POST " + uploadPath + "/{id}", Tutors, p.beginFile},
		{"POST " + uploadPath + "/{id}/drop", Tutors, p.dropFile},
		{"GET " + uploadPath + "/{id}/result.csv", Tutors, p.result},

		{"GET /admin", Administrators, redirectTo(participantsPath)},
		{"GET " + participantsPath, Administrators, p.showParticipants},
		{"POST " + participantsPath, Administrators, p.searchParticipants},
		{"GET " + participantsPath + "/{id}", Administrators, p.showParticipant},
		{"POST " + participantsPath + "/{id}/alert-owner", Administrators, p.assignAlert},
		{"POST " + participantsPath + "/{id}/check", Administrators, p.checkNow},
		{"POST " + participantsPath + "/{id}/ask-again", Administrators, p.askTRAAgain},
		{"GET " + participantsPath + "/{id}/correct", Administrators, p.showCorrect},
		{"POST " + participantsPath + "/{id}/correct", Administrators, p.proposeCorrection},
		{"GET " + participantsPath + "/{id}/correct/check", Administrators, p.showCorrection},
		{"POST " + participantsPath + "/{id}/correct/check", Administrators, p.correctFor},
		{"GET " + participantsPath + "/{id}/conflict", Administrators, p.showConflict},
		{"POST " + participantsPath + "/{id}/conflict", Administrators, p.proposeEnd},
		{"GET " + participantsPath + "/{id}/conflict/check", Administrators, p.showEnd},
		{"POST " + participantsPath + "/{id}/conflict/check", Administrators, p.endConflict},
		{"GET " + waitingPath, Administrators, p.showWaiting},
		{"POST " + pollPath, Administrators, p.pollNow},
		{"GET " + outboxPath, Administrators, p.showOutbox},

		{"POST " + WebhookPath, TRA, p.hearTRA},
	}
	if p.o.OpenOutbox {
		routes = append(routes, Route{"GET " + OpenOutboxPath, Anyone, p.showOpenOutbox})
	}
	return routes
}

// Mount puts the pages, sign-in, the styles and the pages for what is not there onto the mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	gates := map[Who]func(http.Handler) http.Handler{
		Administrators: p.gate.Require(Administrator), Tutors: p.gate.Require(Tutor), SignedIn: p.gate.Require(),
	}
	for _, route := range p.Routes() {
		var h http.Handler = route.handle
		gate, gated := gates[route.Who]
		if gated { // what people type about themselves is refused field by field
			h = httpd.Text(h, p.ErrorPage)
		}
		switch {
		case route.Pattern == "POST "+uploadPath:
			h = httpd.FileForm(h, MaxBody, p.ErrorPage)
		case route.Who != TRA:
			h = httpd.Form(h, p.ErrorPage)
		}
		if gated {
			h = gate(h)
		}
		mux.Handle(route.Pattern, h)
	}
	p.gate.Mount(mux)
	mux.Handle("GET /assets/", govuk.Assets())
	mux.HandleFunc("/", p.missing(mux))
}

// home leads who is signed in to where they work.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) {
	if account, _ := signin.AccountFrom(r.Context()); !account.HasRole(Administrator) && account.HasRole(Tutor) {
		goTo(w, r, schoolPath)
		return
	}
	goTo(w, r, participantsPath)
}

func redirectTo(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { goTo(w, r, path) }
}

// goTo leads to a page; after a form too, so that reading it again sends nothing again.
func goTo(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// today is the day in London.
func (p *Pages) today() person.Date { return person.DateOf(p.o.Now().In(workday.London)) }

// day writes a date for people.
func day(t time.Time) string { return t.In(workday.London).Format("2 January 2006") }

// minute writes an instant for administrators.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(workday.London).Format("2 Jan 2006, 15:04")
}

// show writes a page of the person.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, o govuk.PageOptions, content templ.Component) {
	o.ProductName, o.ServiceName, o.ServiceURL, o.Footer = productName, personSide, startPath, footer()
	httpd.Render(w, r, status, layout(o, content))
}

func footer() govuk.FooterOptions {
	return govuk.FooterOptions{Links: []govuk.FooterLink{
		{Text: "Privacy", Href: privacyPath},
		{Text: "Cookies", Href: cookiesPath},
		{Text: "Accessibility", Href: accessibilityPath},
		{Text: "Contact", Href: contactPath},
	}}
}

// back is the link to the page before.
func back(path string) govuk.BackLinkOptions { return govuk.BackLinkOptions{Href: path} }
