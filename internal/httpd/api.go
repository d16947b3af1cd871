package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/validation"
	"golang.org/x/time/rate"

	"traid/internal/fault"
)

// Caller is who a bearer token belongs to.
type Caller struct {
	Client string // the client's name; what it owns is kept under it
	Scopes []string
}

// Has tells whether the caller has the scope.
func (c Caller) Has(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Authenticator tells who a token belongs to: fault.Unauthenticated for a
// token that is unknown, expired or revoked.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (Caller, error)
}

// APIOptions describe an API.
type APIOptions struct {
	Title, Version, Description string
	Auth                        Authenticator
	PerMinute                   int // requests a client may make in a minute, 600 by default
	Logger                      *slog.Logger
}

// defaultPerMinute is a client's limit where no other is set.
const defaultPerMinute = 600

// OpenAPIPath is where an API's own document is served.
const OpenAPIPath = "/api/v1/openapi.json"

// API is a JSON API under /api/v1 whose OpenAPI 3.1 document is made of its code.
type API struct {
	huma   huma.API
	o      APIOptions
	limits *limits
}

var setErrors sync.Once

// NewAPI puts an API onto the mux: its document, and a problem for every
// unknown path under /api/.
func NewAPI(mux *http.ServeMux, o APIOptions) *API {
	if o.PerMinute == 0 {
		o.PerMinute = defaultPerMinute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	// huma's own error type echoes values and bodies; its constructor is a package variable.
	setErrors.Do(func() {
		huma.NewError = newProblem
		huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
			return newProblem(status, msg, errs...)
		}
	})
	cfg := huma.DefaultConfig(o.Title, o.Version)
	cfg.Info.Description = o.Description
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil
	cfg.RejectUnknownQueryParameters = true
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A token from `traid token create`."},
	}
	a := &API{huma: humago.New(mux, cfg), o: o, limits: &limits{perMinute: o.PerMinute, clients: map[string]*rate.Limiter{}}}
	mux.HandleFunc("GET "+OpenAPIPath, func(w http.ResponseWriter, _ *http.Request) {
		doc, err := a.OpenAPI()
		if err != nil {
			WriteProblem(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(doc)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) { WriteStatusProblem(w, http.StatusNotFound) })
	return a
}

// OpenAPI gives the document as served, indented.
func (a *API) OpenAPI() ([]byte, error) {
	raw, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("httpd: openapi: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("httpd: openapi: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Scope is the security of an operation that needs a token with the scope.
func Scope(scope string) []map[string][]string {
	return []map[string][]string{{"bearer": {scope}}}
}

// Register adds an operation. Its security says which scope the caller's token
// needs; an error of the handler becomes a problem by its kind.
func Register[I, O any](a *API, op huma.Operation, handle func(ctx context.Context, in *I) (*O, error)) {
	if len(op.Security) == 0 {
		panic("httpd: an operation without a scope: " + op.OperationID)
	}
	op.Errors = append([]int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable,
	}, op.Errors...)
	op.Middlewares = append(huma.Middlewares{a.guard}, op.Middlewares...)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err == nil {
			return out, nil
		}
		var p *Problem
		if errors.As(err, &p) {
			return nil, p
		}
		if fault.KindOf(err) == fault.Internal {
			a.o.Logger.ErrorContext(ctx, "operation failed", "operation", op.OperationID, "request", RequestID(ctx), "error", err)
		}
		return nil, ProblemOf(err)
	})
}

type callerKey struct{}

// CallerFrom gives the caller of an API's operation, or of a handler behind Bearer.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// WithCaller gives a context with the caller in it.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// guard lets a caller with the operation's scope through, within its limit.
func (a *API) guard(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	token, ok := strings.CutPrefix(hc.Header("Authorization"), "Bearer ")
	caller, err := Caller{}, fault.New(fault.Unauthenticated, "Send a bearer token.")
	if ok {
		caller, err = a.o.Auth.Authenticate(r.Context(), strings.TrimSpace(token))
	}
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			hc.SetHeader("WWW-Authenticate", `Bearer realm="`+a.o.Title+`"`)
		} else {
			a.o.Logger.ErrorContext(r.Context(), "token check failed", "request", RequestID(r.Context()), "error", err)
		}
		WriteProblem(w, err)
		return
	}
	if !a.limits.allow(w, caller.Client) {
		return
	}
	for _, scheme := range hc.Operation().Security {
		for _, scope := range scheme["bearer"] {
			if !caller.Has(scope) {
				WriteProblem(w, fault.New(fault.Forbidden, "The token lacks the scope "+scope+"."))
				return
			}
		}
	}
	next(huma.WithContext(hc, WithCaller(hc.Context(), caller)))
}

// newProblem is what huma makes its errors with. The texts are huma's, which
// name what was expected; the values are left out.
func newProblem(status int, msg string, errs ...error) huma.StatusError {
	p := statusProblem(status)
	switch {
	case status == http.StatusBadRequest:
		p.Detail = "The request's body is not the JSON that is expected."
	case status < http.StatusInternalServerError:
		p.Detail = strings.ToUpper(msg[:min(1, len(msg))]) + msg[min(1, len(msg)):]
	default:
		p.Detail = "Something went wrong."
	}
	if status != http.StatusUnprocessableEntity {
		return p
	}
	p.Detail = "The request has wrong fields."
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		detail := d.ErrorDetail()
		f := ProblemField{Pointer: pointer(detail.Location), Detail: detail.Message}
		if name, ok := missing(detail.Message); ok {
			f = ProblemField{Pointer: f.Pointer + "/" + name, Detail: "is missing"}
		}
		// The schema's reason comes first; what an operation has to say of the same field follows from it.
		if !slices.ContainsFunc(p.Errors, func(have ProblemField) bool { return have.Pointer == f.Pointer }) {
			p.Errors = append(p.Errors, f)
		}
	}
	return p
}

// missing gives the name of a property that is required and not there: huma
// points at what should hold it, and names it in its text alone.
func missing(message string) (string, bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	name, ok := strings.CutPrefix(message, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, after)
}

// limits holds one bucket a client.
type limits struct {
	perMinute int
	mu        sync.Mutex
	clients   map[string]*rate.Limiter
}

// allow takes one request from the client's bucket, says in the headers what
// is left, and answers 429 itself when nothing is.
func (l *limits) allow(w http.ResponseWriter, client string) bool {
	l.mu.Lock()
	bucket, ok := l.clients[client]
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.clients[client] = bucket
	}
	l.mu.Unlock()
	now := time.Now()
	ok = bucket.AllowN(now, 1)
	left := max(bucket.TokensAt(now), 0)
	full := int(math.Ceil((float64(l.perMinute) - left) / (float64(l.perMinute) / 60)))
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"client";q=%d;w=60`, l.perMinute))
	w.Header().Set("RateLimit", fmt.Sprintf(`"client";r=%d;t=%d`, int(left), full))
	if !ok {
		w.Header().Set("Retry-After", fmt.Sprint(max(1, 60/l.perMinute)))
		WriteProblem(w, fault.New(fault.TooMany, "Too many requests. Wait, then go on."))
	}
	return ok
}
