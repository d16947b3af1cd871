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
	"sync"
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
	// ExportsPerMinute bounds the export's requests, all clients together: 10 in Zendesk. Unbounded by default.
	ExportsPerMinute int
}

type api struct {
	svc     *desk.Service
	auth    Access
	o       Options
	mux     *http.ServeMux
	clients window
	exports window
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
	a.clients.limit, a.exports.limit = o.PerMinute, o.ExportsPerMinute
	for _, route := range routes {
		a.mux.HandleFunc(route.method+" "+base+route.path, a.serve(resourceOf(route.path), route.method != "GET", route.handle))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
	})
	mux.Handle(base+"/", a)
	mux.HandleFunc("POST /oauth/tokens", a.issueToken)
	mux.HandleFunc(PagePattern, page)
	mux.Handle("GET /assets/", govuk.Assets())
}

// routes are the endpoints; each also with .json behind its path.
var routes = []struct {
	method, path string
	handle       func(c *call) error
}{
	{"POST", "/tickets", createTicket},
	{"GET", "/tickets", listTickets},
	{"GET", "/tickets/count", countTickets},
	{"GET", "/tickets/show_many", showTickets},
	{"GET", "/tickets/{id}", showTicket},
	{"PUT", "/tickets/{id}", updateTicket},
	{"DELETE", "/tickets/{id}", deleteTicket},
	{"GET", "/tickets/{id}/comments", listComments},
	{"GET", "/tickets/{id}/audits", listAudits},
	{"GET", "/tickets/{id}/tags", showTags},
	{"PUT", "/tickets/{id}/tags", addTags},
	{"POST", "/tickets/{id}/tags", replaceTags},
	{"DELETE", "/tickets/{id}/tags", removeTags},
	{"GET", "/ticket_fields", listFields},
	{"GET", "/ticket_fields/{id}", showField},
	{"GET", "/users/me", showMe},
	{"GET", "/users/show_many", showUsers},
	{"GET", "/users/{id}", showUser},
	{"GET", "/groups", listGroups},
	{"GET", "/incremental/tickets/cursor", exportTickets},
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

func (a *api) serve(resource string, write bool, handle func(c *call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, query: clean(r.URL.Query())}
		err := c.authenticate(resource, write)
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
	if err := c.clients.take(c.w, caller.Client, c.o.Now(), true); err != nil {
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
	switch {
	case known:
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

// ── limits ──

// window counts requests in whole minutes of the clock.
type window struct {
	limit  int
	mu     sync.Mutex
	minute time.Time
	used   map[string]int
}

// take takes one request of a name's, or refuses it. A limit of zero is none.
func (l *window) take(w http.ResponseWriter, name string, now time.Time, tell bool) error {
	if l.limit <= 0 {
		return nil
	}
	minute := now.Truncate(time.Minute)
	l.mu.Lock()
	if !minute.Equal(l.minute) {
		l.minute, l.used = minute, map[string]int{}
	}
	l.used[name]++
	left := l.limit - l.used[name]
	l.mu.Unlock()
	reset := strconv.Itoa(int(minute.Add(time.Minute).Sub(now).Round(time.Second).Seconds()))
	if tell {
		h := w.Header()
		h.Set("X-Rate-Limit", strconv.Itoa(l.limit))
		h.Set("X-Rate-Limit-Remaining", strconv.Itoa(max(left, 0)))
		h.Set("ratelimit-limit", strconv.Itoa(l.limit))
		h.Set("ratelimit-remaining", strconv.Itoa(max(left, 0)))
		h.Set("ratelimit-reset", reset)
	}
	if left < 0 {
		w.Header().Set("Retry-After", reset)
		return &problem{status: http.StatusTooManyRequests, Name: "APIRateLimitExceeded", Description: "Number of allowed API requests per minute exceeded"}
	}
	return nil
}

// ctx is the context of the request.
func (c *call) ctx() context.Context { return c.r.Context() }
