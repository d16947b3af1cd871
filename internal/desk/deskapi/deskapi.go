// Package deskapi serves the desk as a subset of the Zendesk Support API, as
// leniently as Zendesk does; api/zendesk-subset.md says what of it. It holds
// no rule of tickets.
package deskapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// Scope is what a token needs that is no access token of OAuth: it opens everything.
const Scope = "agent"

// Options have defaults that work.
type Options struct {
	// PublicURL is where clients reach the desk, without a slash at the end: it
	// begins the url of everything. Some clients write to that url.
	PublicURL string
	Now       func() time.Time // time.Now
	Logger    *slog.Logger     // silent
	// PerMinute bounds the requests of a client; 600 by default.
	PerMinute int
	// Limits are Zendesk's own, beside it. None by default.
	Limits Limits
}

type api struct {
	svc     *desk.Service
	auth    Access
	o       Options
	mux     *http.ServeMux
	clients *window
	account *window
	single  map[limit]*window
}

const (
	base             = "/api/v2"
	defaultPerMinute = 600
)

// Mount puts the desk's paths onto a mux: everything under /api/v2,
// /oauth/tokens, and a page at / that says what it is.
func Mount(mux *http.ServeMux, svc *desk.Service, auth Access, o Options) {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.PerMinute <= 0 {
		o.PerMinute = defaultPerMinute
	}
	a := &api{svc: svc, auth: auth, o: o, mux: http.NewServeMux()}
	a.setLimits()
	for _, route := range routes {
		a.mux.HandleFunc(route.method+" "+base+route.path, a.serve(resourceOf(route.path), route.method != "GET", route.limit, route.handle))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
	})
	mux.Handle(base+"/", a)
	mux.HandleFunc("POST /oauth/tokens", a.issueToken)
	mux.HandleFunc(PagePattern, page)
	mux.Handle("GET /assets/", govuk.Assets())
}

// route is an endpoint, served with .json behind its path and without.
type route struct {
	method, path string
	handle       func(c *call) error
	limit        limit
}

// routes are the endpoints, as api/zendesk-subset.md lists them.
var routes = []route{
	{"POST", "/tickets", createTicket, unlimited},
	{"GET", "/tickets", listTickets, unlimited},
	{"GET", "/tickets/count", countTickets, unlimited},
	{"GET", "/tickets/recent", recentTickets, unlimited},
	{"GET", "/tickets/show_many", showTickets, unlimited},
	{"POST", "/tickets/create_many", createTickets, unlimited},
	{"PUT", "/tickets/update_many", updateTickets, unlimited},
	{"DELETE", "/tickets/destroy_many", deleteTickets, unlimited},
	{"GET", "/tickets/{id}", showTicket, unlimited},
	{"PUT", "/tickets/{id}", updateTicket, limitUpdate},
	{"DELETE", "/tickets/{id}", deleteTicket, limitDelete},
	{"POST", "/tickets/{id}/merge", mergeTickets, unlimited},
	{"GET", "/tickets/{id}/comments", listComments, unlimited},
	{"GET", "/tickets/{id}/comments/count", countComments, unlimited},
	{"PUT", "/tickets/{id}/comments/{comment}/make_private", makePrivate, unlimited},
	{"GET", "/tickets/{id}/audits", listAudits, unlimited},
	{"GET", "/tickets/{id}/audits/{audit}", showAudit, unlimited},
	{"GET", "/tickets/{id}/tags", showTags, unlimited},
	{"PUT", "/tickets/{id}/tags", addTags, limitUpdate},
	{"POST", "/tickets/{id}/tags", replaceTags, limitUpdate},
	{"DELETE", "/tickets/{id}/tags", removeTags, limitUpdate},
	{"GET", "/ticket_audits", listAllAudits, unlimited},
	{"GET", "/deleted_tickets", listDeleted, limitDeleted},
	{"PUT", "/deleted_tickets/restore_many", restoreTickets, unlimited},
	{"DELETE", "/deleted_tickets/destroy_many", destroyTickets, unlimited},
	{"PUT", "/deleted_tickets/{id}/restore", restoreTicket, unlimited},
	{"DELETE", "/deleted_tickets/{id}", destroyTicket, unlimited},
	{"GET", "/job_statuses/{id}", showJob, unlimited},
	{"GET", "/job_statuses/show_many", showJobs, unlimited},
	{"GET", "/search", search, unlimited},
	{"GET", "/search/count", countFound, unlimited},
	{"GET", "/search/export", exportFound, limitSearchExport},
	{"GET", "/incremental/tickets/cursor", exportTickets, limitExport},
	{"GET", "/incremental/tickets", exportSince, limitExport},
	{"GET", "/ticket_fields", listFields, unlimited},
	{"POST", "/ticket_fields", createField, unlimited},
	{"GET", "/ticket_fields/{id}", showField, unlimited},
	{"PUT", "/ticket_fields/{id}", updateField, unlimited},
	{"GET", "/ticket_forms", listForms, unlimited},
	{"GET", "/ticket_forms/{id}", showForm, unlimited},
	{"GET", "/custom_statuses", listStatuses, unlimited},
	{"GET", "/custom_statuses/{id}", showStatus, unlimited},
	{"GET", "/brands", listBrands, unlimited},
	{"GET", "/brands/{id}", showBrand, unlimited},
	{"GET", "/groups", listGroups, unlimited},
	{"GET", "/groups/{id}", showGroup, unlimited},
	{"GET", "/groups/{id}/memberships", listMemberships, unlimited},
	{"GET", "/group_memberships", listMemberships, unlimited},
	{"GET", "/users", listUsers, unlimited},
	{"GET", "/users/me", showMe, unlimited},
	{"GET", "/users/show_many", showUsers, unlimited},
	{"GET", "/users/{id}", showUser, unlimited},
	{"PUT", "/users/{id}", updateUser, unlimited},
	{"GET", "/views", listViews, unlimited},
	{"POST", "/views", createView, unlimited},
	{"GET", "/views/active", listViews, unlimited},
	{"GET", "/views/count", countViews, unlimited},
	{"GET", "/views/{id}", showView, unlimited},
	{"PUT", "/views/{id}", updateView, unlimited},
	{"DELETE", "/views/{id}", deleteView, unlimited},
	{"GET", "/views/{id}/tickets", listViewed, unlimited},
	{"GET", "/views/{id}/count", countViewed, unlimited},
	{"GET", "/triggers", listTriggers, unlimited},
	{"POST", "/triggers", createTrigger, unlimited},
	{"GET", "/triggers/active", listTriggers, unlimited},
	{"GET", "/triggers/{id}", showTrigger, unlimited},
	{"PUT", "/triggers/{id}", updateTrigger, unlimited},
	{"DELETE", "/triggers/{id}", deleteTrigger, unlimited},
	{"GET", "/webhooks", listWebhooks, unlimited},
	{"POST", "/webhooks", createWebhook, unlimited},
	{"POST", "/webhooks/test", testWebhook, unlimited},
	{"GET", "/webhooks/{id}", showWebhook, unlimited},
	{"PUT", "/webhooks/{id}", updateWebhook, unlimited},
	{"PATCH", "/webhooks/{id}", updateWebhook, unlimited},
	{"DELETE", "/webhooks/{id}", deleteWebhook, unlimited},
	{"GET", "/webhooks/{id}/signing_secret", showSecret, unlimited},
	{"POST", "/webhooks/{id}/signing_secret", resetSecret, unlimited},
	{"GET", "/webhooks/{id}/invocations", listInvocations, unlimited},
	{"GET", "/webhooks/{id}/invocations/{invocation}/attempts", listAttempts, unlimited},
}

// Routes lists the patterns of the endpoints.
func Routes() []string {
	out := make([]string, len(routes))
	for i, route := range routes {
		out[i] = route.method + " " + base + route.path
	}
	return out
}

// ServeHTTP serves a path with .json as without.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutSuffix(r.URL.Path, ".json"); ok {
		to := *r.URL
		to.Path, to.RawPath = path, ""
		again := *r
		again.URL = &to
		r = &again
	}
	w.Header().Set("X-Zendesk-Api-Version", "v2")
	a.mux.ServeHTTP(w, r)
}

// call is one request.
type call struct {
	*api
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	by    desk.Actor
	warn  []string // keys that were not heeded
}

// resourceOf says by which scopes an endpoint is guarded.
func resourceOf(path string) string {
	for _, resource := range scoped {
		if strings.HasPrefix(path, "/"+resource) {
			return resource
		}
	}
	return resTickets
}

func (a *api) serve(resource string, write bool, what limit, handle func(c *call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, query: clean(r.URL.Query())}
		err := c.authenticate(resource, write)
		if err == nil {
			err = c.count(what, "")
		}
		if err == nil {
			err = handle(c)
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// clean takes out of parameters what no database takes.
func clean(values url.Values) url.Values {
	for _, vs := range values {
		for i, v := range vs {
			vs[i] = cleanText(v)
		}
	}
	return values
}

func cleanText(v string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "")
}

// maxProgram bounds what is kept of the caller's name for itself.
const maxProgram = 255

var errAuth = &problem{status: http.StatusUnauthorized, Name: "Couldn't authenticate you"}

// authenticate makes the caller an agent. The email address before a token says nothing: the token tells who it is.
func (c *call) authenticate(resource string, write bool) error {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		user, password, basic := c.r.BasicAuth()
		if !basic || !strings.HasSuffix(user, "/token") {
			return errAuth
		}
		token = password
	}
	caller, err := c.auth.Authenticate(c.r.Context(), strings.TrimSpace(token))
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return errAuth
	case err != nil:
		return err
	case !may(caller, resource, write):
		scope := resource + ":" + scopeRead
		if write {
			scope = resource + ":" + scopeWrite
		}
		return &problem{status: http.StatusForbidden, Name: "Forbidden", Description: "You are missing the following required scopes: " + scope}
	}
	if err := c.countCall(caller.Client); err != nil {
		return err
	}
	agent, err := c.svc.Agent(c.r.Context(), caller.Client)
	if err != nil {
		return err
	}
	program := cleanText(c.r.UserAgent())
	if len(program) > maxProgram {
		program = strings.ToValidUTF8(program[:maxProgram], "")
	}
	c.by = desk.Actor{User: agent, Program: program, Address: httpd.ClientAddress(c.r)}
	return nil
}

// ── answers ──

// problem is an error as Zendesk tells it.
type problem struct {
	status      int
	Name        string              `json:"error"`
	Description string              `json:"description,omitempty"`
	Details     map[string][]detail `json:"details,omitempty"`
	MaxCount    int                 `json:"max_count,omitempty"`
}

type detail struct {
	Description string       `json:"description"`
	Field       desk.FieldID `json:"ticket_field_id,omitempty"`
}

func (p *problem) Error() string { return p.Name }

func badRequest(name, description string) error {
	return &problem{status: http.StatusBadRequest, Name: name, Description: description}
}

// recordInvalid refuses with every wrong field.
func recordInvalid(fields []fault.Field) *problem {
	p := &problem{status: http.StatusUnprocessableEntity, Name: "RecordInvalid", Description: "Record validation errors", Details: map[string][]detail{}}
	for _, f := range fields {
		name, d := f.Pointer, detail{Description: f.Reason}
		if id, ok := desk.WrongField(f.Pointer); ok {
			name, d.Field = "base", id
		}
		p.Details[name] = append(p.Details[name], d)
	}
	return p
}

// fail answers with an error.
func (c *call) fail(err error) {
	p, known := errors.AsType[*problem](err)
	query, isQuery := errors.AsType[*desk.ErrQuery](err)
	switch {
	case known:
	case isQuery:
		p = &problem{status: http.StatusUnprocessableEntity, Name: "invalid", Description: query.Text}
	case errors.Is(err, desk.ErrOtherBody):
		p = &problem{status: http.StatusBadRequest, Name: "IdempotentRequestError", Description: fault.SafeText(err)}
	case errors.Is(err, desk.ErrCollision):
		p = &problem{status: http.StatusConflict, Name: "DatabaseConflict", Description: "Database collision"}
	default:
		switch fault.KindOf(err) {
		case fault.Invalid:
			p = recordInvalid(fault.FieldsOf(err))
		case fault.NotFound:
			p = &problem{status: http.StatusNotFound, Name: "RecordNotFound", Description: "Not found"}
		case fault.Conflict:
			p = &problem{status: http.StatusConflict, Name: "UpdateConflict", Description: fault.SafeText(err)}
		default:
			c.o.Logger.ErrorContext(c.r.Context(), "operation failed", "route", c.r.Pattern, "request", httpd.RequestID(c.r.Context()), "error", err)
			p = &problem{status: http.StatusInternalServerError, Name: "InternalError", Description: "Something went wrong."}
		}
	}
	if p.status == http.StatusUnauthorized {
		c.w.Header().Set("WWW-Authenticate", `Basic realm="desk"`)
	}
	writeJSON(c.w, p.status, p)
}

func writeError(w http.ResponseWriter, status int, name, description string) {
	writeJSON(w, status, &problem{Name: name, Description: description})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"InternalError"}`)
	}
	writeRaw(w, status, raw)
}

func writeRaw(w http.ResponseWriter, status int, raw []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// marshal leaves <, > and & as they are.
func marshal(body any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(body)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// answer writes a body, with the keys of the request that were not heeded.
func (c *call) answer(status int, body any) error {
	raw, err := marshal(body)
	if err != nil {
		return err
	}
	c.answerRaw(status, raw)
	return nil
}

func (c *call) answerRaw(status int, raw []byte) {
	c.setWarning()
	writeRaw(c.w, status, raw)
}

// Limits of the warning header.
const (
	maxWarned  = 30
	maxWarning = 60
)

func (c *call) setWarning() {
	if len(c.warn) == 0 {
		return
	}
	var keys []string
	for _, k := range c.warn[:min(len(c.warn), maxWarned)] {
		keys = append(keys, strconv.QuoteToASCII(k[:min(len(k), maxWarning)]))
	}
	c.w.Header().Set("X-Zendesk-Api-Warn", "Removed restricted keys ["+strings.Join(keys, ", ")+"] from parameters according to whitelist")
}

// url gives the address of a thing.
func (a *api) url(path string) string { return a.o.PublicURL + base + path }

func (a *api) urlOf(kind string, id int64) string {
	return a.url("/" + kind + "/" + strconv.FormatInt(id, 10) + ".json")
}

// id reads the id in the path. What is no number is the id of nothing.
func (c *call) id() (int64, error) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, fault.New(fault.NotFound, "Not found")
	}
	return id, nil
}

// ctx is the context of the request.
func (c *call) ctx() context.Context { return c.r.Context() }
