// Package signin lets people into a service's pages, by one-time links or by an
// OpenID provider: the sign-in pages, and the guard before every page that is not
// for everybody. It keeps no accounts (package access does) and knows no word of
// the domain: roles are the services'.
package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"traid/internal/access"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// Path is where a person signs in; a one-time link is Path + "/" + its token.
const Path = "/sign-in"

// SignOutPath ends the session, by POST.
const SignOutPath = "/sign-out"

// stayPath is what a page's script calls for somebody who stays signed in.
const stayPath = Path + "/stay"

// warnBefore is how long before its end a session's pages say that it ends.
const warnBefore = 5 * time.Minute

// Options describe a service's sign-in. Only Logger may be left out.
type Options struct {
	Accounts *access.Store
	Sessions *scs.SessionManager
	Home     string // where a person goes who wanted nothing else, such as "/"
	Command  string // what an administrator runs to make a link
	// Page gives the service's layout for a page with the title.
	Page func(r *http.Request, title string) govuk.PageOptions
	// ErrorPage writes the service's page for a status: 403, 500.
	ErrorPage func(w http.ResponseWriter, r *http.Request, status int)
	// Refused keeps everybody out: local accounts sign in only where nobody but
	// this machine reaches the service.
	Refused bool
	// Provider knows who somebody is, instead of one-time links, which then let
	// nobody in.
	Provider *Provider
	// Keep keeps a form that came when its owner's session was over, and gives
	// the page on which they find it again; empty: it holds nothing to keep. Such
	// a form carries FormOwner in the field FormOf, which Key signs. Without Keep
	// no form is kept.
	Keep   func(r *http.Request, owner access.Account) (to string, err error)
	Key    []byte
	Logger *slog.Logger
}

// Gate is a service's sign-in. The service's handler runs inside access.LoadAndSave
// (httpd.SiteOptions.Wrap).
type Gate struct{ o Options }

// New gives a service's sign-in.
func New(o Options) *Gate {
	o.Refused = o.Refused && o.Provider == nil
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Gate{o}
}

// Route is a sign-in page or what its form calls. Everybody may call it.
type Route struct {
	Pattern string
	handle  func(*Gate, http.ResponseWriter, *http.Request)
}

// Routes lists the sign-in pages in the order people meet them, those of an OpenID
// provider or those of one-time links.
func Routes(byProvider bool) []Route {
	how, stay, leave := Route{"GET " + Path, (*Gate).how}, Route{"POST " + stayPath, (*Gate).stay}, Route{"POST " + SignOutPath, (*Gate).leave}
	if byProvider {
		return []Route{how, {"GET " + startPath, (*Gate).start}, {"GET " + CallbackPath, (*Gate).callback}, stay, leave}
	}
	return []Route{how, {"GET " + Path + "/{token}", (*Gate).ask}, {"POST " + Path + "/{token}", (*Gate).enter}, stay, leave}
}

// Mount puts the sign-in pages onto the mux.
func (g *Gate) Mount(mux *http.ServeMux) {
	for _, route := range Routes(g.o.Provider != nil) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { route.handle(g, w, r) })
		mux.Handle(route.Pattern, httpd.Form(h, g.o.ErrorPage))
	}
}

// What a session holds.
const (
	keyAccount = "account"
	keyEpoch   = "epoch"
	keyWanted  = "wanted" // the page that somebody wanted who was not signed in
	keyKept    = "kept"   // whether what they typed is kept there
	keyAsked   = "asked"  // of a sign-in at the provider
)

// longestWanted is the longest address that is remembered for somebody who is
// not signed in, and may be anybody.
const longestWanted = 512

type accountKey struct{}

type ownerKey struct{}

// AccountFrom gives the account behind Require or Recognise; false where nobody is signed in.
func AccountFrom(ctx context.Context) (access.Account, bool) {
	a, ok := ctx.Value(accountKey{}).(access.Account)
	return a, ok
}

// Require lets through who is signed in and has one of the roles; without roles
// everybody who is signed in. The account is looked up each time, so that what
// was taken from it counts at once. A form that is kept (Options.Keep) has to be
// read before (httpd.Form).
func (g *Gate) Require(roles ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a, ok, err := g.account(r.Context())
			switch {
			case err != nil:
				g.fail(w, r, err)
			case !ok:
				g.comeBack(w, r, roles)
			case len(roles) > 0 && !a.HasRole(roles...):
				g.o.ErrorPage(w, r.WithContext(g.withAccount(r.Context(), a)), http.StatusForbidden)
			case g.formOwner(r) != "" && g.formOwner(r) != a.ID:
				to, err := g.keep(r, roles)
				if err != nil {
					g.fail(w, r, err)
					return
				}
				r = r.WithContext(g.withAccount(r.Context(), a))
				httpd.Render(w, r, http.StatusConflict, othersPage(g.o.Page(r, "This form is somebody else’s"), g.o.Home, to != ""))
			default:
				next.ServeHTTP(w, r.WithContext(g.withAccount(r.Context(), a)))
			}
		})
	}
}

// comeBack sends somebody who is not signed in to do so, and remembers what they
// wanted, or what they typed.
func (g *Gate) comeBack(w http.ResponseWriter, r *http.Request, roles []string) {
	to, err := g.keep(r, roles)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	switch {
	case to != "":
		g.o.Sessions.Put(r.Context(), keyWanted, to)
		g.o.Sessions.Put(r.Context(), keyKept, true)
	case r.Method == http.MethodGet && len(r.URL.RequestURI()) <= longestWanted:
		g.o.Sessions.Put(r.Context(), keyWanted, r.URL.RequestURI())
	}
	http.Redirect(w, r, Path, http.StatusSeeOther)
}

// keep keeps a form for its owner, who may still come in, and gives where they
// find it; empty: nothing is kept.
func (g *Gate) keep(r *http.Request, roles []string) (to string, err error) {
	id := g.formOwner(r)
	if id == "" || g.o.Refused {
		return "", nil
	}
	owner, err := g.o.Accounts.Account(r.Context(), id)
	if fault.Is(err, fault.NotFound) || err == nil && len(roles) > 0 && !owner.HasRole(roles...) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return g.o.Keep(r, owner)
}

// FormOf is the field of a form that says whose it is.
const FormOf = "form_of"

// FormOwner gives the value of FormOf for the forms of a page behind Require or
// Recognise; empty where none is to have it.
func FormOwner(ctx context.Context) string {
	v, _ := ctx.Value(ownerKey{}).(string)
	return v
}

// formOwner gives whose form came, the account's id; empty where it does not say.
func (g *Gate) formOwner(r *http.Request) string {
	if g.o.Keep == nil || r.Method != http.MethodPost {
		return ""
	}
	value := r.PostFormValue(FormOf)
	id, _, _ := strings.Cut(value, ".")
	if !hmac.Equal([]byte(value), []byte(g.signed(id))) {
		return ""
	}
	return id
}

// signed gives an account's id as forms carry it.
func (g *Gate) signed(id string) string {
	mac := hmac.New(sha256.New, g.o.Key)
	mac.Write([]byte(FormOf + "\n" + id))
	return id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (g *Gate) withAccount(ctx context.Context, a access.Account) context.Context {
	if g.o.Keep != nil {
		ctx = context.WithValue(ctx, ownerKey{}, g.signed(a.ID))
	}
	idle := g.o.Sessions.IdleTimeout
	ctx = context.WithValue(ctx, endKey{}, govuk.SignsOut{
		Account: a.ID, Idle: idle, Left: time.Until(g.o.Sessions.Deadline(ctx)), Warn: min(warnBefore, idle/2), StayURL: stayPath, SignInURL: Path,
	})
	return context.WithValue(ctx, accountKey{}, a)
}

type endKey struct{}

// SignsOut gives when the session of a page behind Require or Recognise ends; nil
// where nobody is signed in.
func SignsOut(ctx context.Context) *govuk.SignsOut {
	if end, ok := ctx.Value(endKey{}).(govuk.SignsOut); ok {
		return &end
	}
	return nil
}

// stay keeps a session from ending on idling, as every request does.
func (g *Gate) stay(w http.ResponseWriter, r *http.Request) {
	g.Require()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })).ServeHTTP(w, r)
}

// Recognise puts the account of whoever is signed in into the context and lets
// everybody through: for pages that look the same to all, such as "not found".
func (g *Gate) Recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok, err := g.account(r.Context())
		switch {
		case err != nil:
			g.fail(w, r, err)
		case !ok:
			next.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r.WithContext(g.withAccount(r.Context(), a)))
		}
	})
}

// account gives whose session it is. A session whose account was disabled since
// it began is emptied.
func (g *Gate) account(ctx context.Context) (access.Account, bool, error) {
	if a, ok := AccountFrom(ctx); ok {
		return a, true, nil
	}
	id := g.o.Sessions.GetString(ctx, keyAccount)
	if id == "" || g.o.Refused {
		return access.Account{}, false, nil
	}
	a, err := g.o.Accounts.Account(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && a.Epoch != g.o.Sessions.GetInt64(ctx, keyEpoch) {
		return access.Account{}, false, g.o.Sessions.Clear(ctx)
	}
	return a, err == nil, err
}

func (g *Gate) how(w http.ResponseWriter, r *http.Request) {
	kept := g.o.Sessions.GetBool(r.Context(), keyKept)
	if p := g.o.Provider; p != nil {
		leave := ""
		if r.URL.Query().Has(signedOut) {
			leave = p.leaveAt()
		}
		httpd.Render(w, r, http.StatusOK, providerPage(g.o.Page(r, "Sign in"), kept, r.URL.Query().Has(signedOut), leave))
		return
	}
	httpd.Render(w, r, http.StatusOK, howPage(g.o.Page(r, "Sign in"), g.o.Command, kept))
}

// signedOut is in the query of the sign-in page after signing out.
const signedOut = "signed-out"

// start sends somebody to the provider; with "another" in the query, to choose
// another of their accounts there.
func (g *Gate) start(w http.ResponseWriter, r *http.Request) {
	to, remember, err := g.o.Provider.ask(r.Context(), r.URL.Query().Has("another"))
	if err != nil {
		g.notSignedIn(w, r, err)
		return
	}
	g.o.Sessions.Put(r.Context(), keyAsked, remember)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// callback is where people come back to from the provider.
func (g *Gate) callback(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	remembered := g.o.Sessions.PopString(ctx, keyAsked)
	if _, in, err := g.account(ctx); err == nil && in && remembered == "" { // the back button, or a second click
		http.Redirect(w, r, g.o.Home, http.StatusSeeOther)
		return
	}
	who, err := g.o.Provider.answered(ctx, remembered, r.URL.Query())
	if err != nil {
		g.notSignedIn(w, r, err)
		return
	}
	a, err := g.o.Accounts.SignInAs(ctx, who)
	if err != nil {
		g.notSignedIn(w, r, err)
		return
	}
	g.letIn(w, r, a)
}

// notSignedIn says why somebody does not come in by the provider, and what to do.
func (g *Gate) notSignedIn(w http.ResponseWriter, r *http.Request, err error) {
	page, status := g.o.Page(r, "You are not signed in"), 0
	var why string
	switch {
	case errors.Is(err, errNotBegun):
		why, status = whyNotBegun, http.StatusBadRequest
	case errors.Is(err, errUnverified):
		why, status = whyUnverified, http.StatusForbidden
	case errors.Is(err, access.ErrStranger):
		why, status = whyStranger, http.StatusForbidden
	case errors.Is(err, errAway):
		why, status = whyAway, http.StatusServiceUnavailable
	default:
		g.fail(w, r, err)
		return
	}
	g.o.Logger.WarnContext(r.Context(), "a sign-in at the provider let nobody in", "request", httpd.RequestID(r.Context()), "error", err)
	httpd.Render(w, r, status, notSignedInPage(page, why, g.o.Command))
}

// ask uses nothing up, so that programs that follow links in mail do no harm.
func (g *Gate) ask(w http.ResponseWriter, r *http.Request) {
	if g.o.Refused {
		g.refuse(w, r)
		return
	}
	if err := g.o.Accounts.CheckLink(r.Context(), r.PathValue("token")); err != nil {
		g.fail(w, r, err)
		return
	}
	httpd.Render(w, r, http.StatusOK, askPage(g.o.Page(r, "Sign in"), fieldPage, rand.Text()))
}

// fieldPage holds the secret of the page on which a link is used.
const fieldPage = "page"

func (g *Gate) enter(w http.ResponseWriter, r *http.Request) {
	if g.o.Refused {
		g.refuse(w, r)
		return
	}
	a, err := g.o.Accounts.UseLink(r.Context(), r.PathValue("token"), r.PostFormValue(fieldPage))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.letIn(w, r, a)
}

// letIn begins the account's session and sends its owner to what they wanted.
func (g *Gate) letIn(w http.ResponseWriter, r *http.Request, a access.Account) {
	ctx := r.Context()
	to := g.o.Sessions.PopString(ctx, keyWanted)
	if !local(to) {
		to = g.o.Home
	}
	// Another name for the session, and nothing of whoever had it before.
	if err := g.o.Sessions.Clear(ctx); err != nil {
		g.fail(w, r, err)
		return
	}
	if err := g.o.Sessions.RenewToken(ctx); err != nil {
		g.fail(w, r, err)
		return
	}
	g.o.Sessions.Put(ctx, keyAccount, a.ID)
	g.o.Sessions.Put(ctx, keyEpoch, a.Epoch)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (g *Gate) refuse(w http.ResponseWriter, r *http.Request) {
	g.o.Logger.WarnContext(r.Context(), "a local account was refused: the service is not on a loopback address")
	g.o.ErrorPage(w, r, http.StatusForbidden)
}

func (g *Gate) leave(w http.ResponseWriter, r *http.Request) {
	// The account's epoch too: a page that is still being answered in another tab
	// would write its session back.
	if id := g.o.Sessions.GetString(r.Context(), keyAccount); id != "" {
		if err := g.o.Accounts.EndSessions(r.Context(), id); err != nil {
			g.fail(w, r, err)
			return
		}
	}
	if err := g.o.Sessions.Destroy(r.Context()); err != nil {
		g.fail(w, r, err)
		return
	}
	to := Path
	if g.o.Provider != nil {
		to += "?" + signedOut
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// local tells whether a browser stays on this service when it is sent there.
func local(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\r\n\t")
}

func (g *Gate) fail(w http.ResponseWriter, r *http.Request, err error) {
	if fault.Is(err, fault.Gone) {
		httpd.Render(w, r, http.StatusGone, gonePage(g.o.Page(r, "This link cannot be used"), g.o.Command))
		return
	}
	g.o.Logger.ErrorContext(r.Context(), "sign-in failed", "request", httpd.RequestID(r.Context()), "error", err)
	g.o.ErrorPage(w, r, httpd.Status(err))
}
