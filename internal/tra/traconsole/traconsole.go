// Package traconsole is the operators' console: the pages on which a support
// operator finds a case, compares the claim with the register, decides, and
// reviews what another one decided. It owns forms, words and layout; every rule
// is tra's. A person's name, TRN or a query stands in forms and pages, never in
// a URL.
package traconsole

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"traid/internal/access"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/signin"
	"traid/internal/tra"
)

// Console is what the pages need of the TRA API's use cases; tra.Service has it.
type Console interface {
	Queue(ctx context.Context, op tra.Operator, f tra.QueueFilter) (tra.QueuePage, error)
	Case(ctx context.Context, op tra.Operator, id tra.RequestID) (tra.Case, error)
	Candidates(ctx context.Context, op tra.Operator, id tra.RequestID) ([]tra.Candidate, time.Time, error)
	Search(ctx context.Context, op tra.Operator, id tra.RequestID, q tra.Query) ([]tra.Found, time.Time, error)
	SearchFor(ctx context.Context, op tra.Operator, purpose string, q tra.Query) ([]tra.Found, time.Time, error)
	Thread(ctx context.Context, op tra.Operator, id tra.RequestID) ([]tra.Comment, error)
	BarringRecord(ctx context.Context, op tra.Operator, id tra.RequestID) (tra.Record, time.Time, error)
	Check(ctx context.Context, op tra.Operator, id tra.RequestID, trn person.TRN) (tra.Checked, error)
	CheckOutcome(ctx context.Context, op tra.Operator, id tra.RequestID, o tra.Outcome) (tra.Checked, error)
	Decide(ctx context.Context, op tra.Operator, id tra.RequestID, in tra.Deciding) (tra.Decision, error)
	Undo(ctx context.Context, op tra.Operator, id tra.RequestID, revision int64) error
	Review(ctx context.Context, op tra.Operator, id tra.RequestID, in tra.Reviewing) error
	Figures(ctx context.Context, op tra.Operator, f tra.FigureFilter) (tra.Figures, error)
	Ask(ctx context.Context, op tra.Operator, id tra.RequestID, in tra.Asking) error
	TakeQuestionBack(ctx context.Context, op tra.Operator, id tra.RequestID, revision int64) error
	Templates(ctx context.Context, k tra.Kind, p tra.Purpose) ([]tra.Template, error)
	SaveTemplate(ctx context.Context, op tra.Operator, t tra.Template) error
	DropTemplate(ctx context.Context, op tra.Operator, id tra.TemplateID) error
	Reopen(ctx context.Context, op tra.Operator, id tra.RequestID, revision int64, why string) error
	TakeNext(ctx context.Context, op tra.Operator, asked time.Time) (tra.RequestID, error)
	Take(ctx context.Context, op tra.Operator, id tra.RequestID, from string) error
	Hold(ctx context.Context, op tra.Operator, id tra.RequestID) error
	Reassign(ctx context.Context, op tra.Operator, cases []tra.Seen, to tra.Operator) (given int, left []tra.LeftAlone, err error)
	GiveBack(ctx context.Context, op tra.Operator, id tra.RequestID) error
	SaveForm(ctx context.Context, op tra.Operator, f tra.SavedForm) error
	DropForm(ctx context.Context, op tra.Operator, id tra.RequestID) error
}

// The roles of accounts on the console.
const (
	RoleOperator      = "operator"      // TRN validations
	RoleBarring       = "barring"       // barring checks too
	RoleSupervisor    = "supervisor"    // both, and may override a second review
	RoleAdministrator = "administrator" // everything
)

// Roles lists the roles that an account can be given.
func Roles() []string { return []string{RoleOperator, RoleBarring, RoleSupervisor, RoleAdministrator} }

// Route is one page or one form's end.
type Route struct {
	Pattern string
	Roles   []string // any of them, none: everybody; what they may see of a case is tra's to say
	handle  func(*pages, http.ResponseWriter, *http.Request)
}

// Routes lists the pages in the order people meet them, with who may call each.
func Routes() []Route {
	every, supervisors := Roles(), []string{RoleSupervisor, RoleAdministrator}
	return []Route{
		{"GET /{$}", every, (*pages).list},
		{"POST /{$}", every, (*pages).find},
		{"POST /next", every, (*pages).takeNext},
		{"POST /reassign", every, (*pages).reassign},
		{"POST /reassign/confirm", every, (*pages).confirmReassign},
		{"GET /register", every, (*pages).askRegister},
		{"POST /register", every, (*pages).searchRegister},
		{"GET /cases/{id}", every, (*pages).showCase},
		{"POST /cases/{id}/take", every, (*pages).take},
		{"POST /cases/{id}/give-back", every, (*pages).giveBack},
		{"POST /cases/{id}/search", every, (*pages).search},
		{"POST /cases/{id}/check", every, (*pages).check},
		{"POST /cases/{id}/check/confirm", every, (*pages).confirmCheck},
		{"POST /cases/{id}/answer", every, (*pages).answer},
		{"POST /cases/{id}/answer/check", every, (*pages).checkAnswer},
		{"POST /cases/{id}/answer/confirm", every, (*pages).confirmAnswer},
		{"POST /cases/{id}/saved", every, (*pages).saveForm},
		{"GET /cases/{id}/saved", every, (*pages).continueForm},
		{"POST /cases/{id}/saved/delete", every, (*pages).dropForm},
		{"POST /cases/{id}/ask", every, (*pages).ask},
		{"POST /cases/{id}/ask/take-back", every, (*pages).takeQuestionBack},
		{"POST /cases/{id}/undo", every, (*pages).undo},
		{"GET /cases/{id}/review", every, (*pages).review},
		{"POST /cases/{id}/review", every, (*pages).confirmReview},
		{"GET /cases/{id}/reopen", every, (*pages).reopen},
		{"POST /cases/{id}/reopen", every, (*pages).confirmReopen},
		{"GET " + figuresPath, supervisors, (*pages).figures},
		{"GET " + figuresPath + ".csv", supervisors, (*pages).figuresCSV},
		{"GET /texts", []string{RoleAdministrator}, (*pages).listTexts},
		{"GET /texts/{text}", []string{RoleAdministrator}, (*pages).editText},
		{"POST /texts/{text}", []string{RoleAdministrator}, (*pages).saveText},
		{"POST /texts/{text}/delete", []string{RoleAdministrator}, (*pages).dropText},

		{"GET " + keyboardPath, every, (*pages).keyboard},
		{"POST " + keyboardPath, every, (*pages).setKeyboard},

		{"GET " + privacyPath, nil, (*pages).privacy},
		{"GET " + cookiesPath, nil, (*pages).cookies},
		{"GET " + accessibilityPath, nil, (*pages).accessibility},
		{"GET " + contactPath, nil, (*pages).contact},
	}
}

// Options have defaults that work.
type Options struct {
	Cookie  string           // name of the sessions' cookie, for the page that tells of it
	Contact string           // email address for operators with a question; the contact page names none without it
	Retain  time.Duration    // how long what a case holds is kept after its end; tra.DefaultRetain
	Now     func() time.Time // time.Now
	Logger  *slog.Logger     // silent
	// Sessions keep that an operator has switched single keys off; without them they are on.
	Sessions *scs.SessionManager
	// Accounts lists those that cases can be given to; without it cases are only given back.
	Accounts func(ctx context.Context) ([]access.Account, error)
}

type pages struct {
	console         Console
	cookie, support string
	retain          time.Duration
	now             func() time.Time
	logger          *slog.Logger
	sessions        *scs.SessionManager
	accounts        func(ctx context.Context) ([]access.Account, error)
}

// Mount puts the console's pages, their styles and scripts, and the pages for
// what is not there onto the mux. Its sign-in pages are the gate's own.
func Mount(mux *http.ServeMux, console Console, gate *signin.Gate, o Options) {
	if o.Retain == 0 {
		o.Retain = tra.DefaultRetain
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &pages{console: console, cookie: o.Cookie, support: o.Contact, retain: o.Retain, now: o.Now, logger: o.Logger, sessions: o.Sessions, accounts: o.Accounts}
	for _, route := range Routes() {
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { route.handle(p, w, r) })
		if route.Roles != nil {
			h = gate.Require(route.Roles...)(h)
		}
		mux.Handle(route.Pattern, gate.Recognise(p.withKeys(httpd.Form(httpd.Text(h, ErrorPage), ErrorPage))))
	}
	mux.Handle("GET /assets/", govuk.Assets())
	mux.Handle("/", gate.Recognise(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if allowed := allowed(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			ErrorPage(w, r, http.StatusMethodNotAllowed)
			return
		}
		ErrorPage(w, r, http.StatusNotFound)
	})))
}

// allowed lists the methods that the mux has pages for at a path, when it has none for the request's.
func allowed(mux *http.ServeMux, r *http.Request) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			out = append(out, method)
		}
	}
	return out
}

// operator is who calls the page, as tra knows them.
func operator(r *http.Request) tra.Operator {
	a, _ := signin.AccountFrom(r.Context())
	return operatorOf(a)
}

func operatorOf(a access.Account) tra.Operator {
	return tra.Operator{
		Email:         a.Email,
		Barring:       a.HasRole(RoleBarring, RoleSupervisor, RoleAdministrator),
		Supervisor:    a.HasRole(RoleSupervisor, RoleAdministrator),
		Administrator: a.HasRole(RoleAdministrator),
	}
}

func caseID(r *http.Request) tra.RequestID { return tra.RequestID(r.PathValue("id")) }

func caseURL(id tra.RequestID) string { return "/cases/" + string(id) }

// open reads a case for whoever may see it; otherwise it has written the page that says so.
func (p *pages) open(w http.ResponseWriter, r *http.Request) (tra.Case, bool) {
	c, err := p.console.Case(r.Context(), operator(r), caseID(r))
	if err != nil {
		p.fail(w, r, err)
		return tra.Case{}, false
	}
	return c, true
}

// working is open for the pages on which a case is decided: it holds the case
// for the operator, or takes it over where the form says from whom. Where
// somebody else holds it by now, the page tells so.
func (p *pages) working(w http.ResponseWriter, r *http.Request) (tra.Case, bool) {
	var err error
	if from := r.PostFormValue(takeFrom); from != "" {
		err = p.console.Take(r.Context(), operator(r), caseID(r), from)
	} else {
		err = p.console.Hold(r.Context(), operator(r), caseID(r))
	}
	if err != nil && !fault.Is(err, fault.Conflict) {
		p.fail(w, r, err)
		return tra.Case{}, false
	}
	return p.open(w, r)
}

// takeFrom is the field of a form that takes a case over: who holds it.
const takeFrom = "take_from"

// backToCase is where every form that was taken leads.
func backToCase(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, caseURL(caseID(r)), http.StatusSeeOther)
}

// fail writes the page for an error that the page at hand has no words for.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	if fault.KindOf(err) == fault.Internal {
		p.logger.ErrorContext(r.Context(), "page failed", "request", httpd.RequestID(r.Context()), "error", err)
	}
	text := ""
	if slices.Contains([]fault.Kind{fault.Forbidden, fault.Conflict, fault.Unavailable}, fault.KindOf(err)) {
		text = fault.SafeText(err)
	}
	writeError(w, r, httpd.Status(err), text)
}
