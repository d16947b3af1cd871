// Package httpd is what every service's HTTP has in common: the server, the
// headers, request ids, logs without personal data, problems, bearer tokens,
// limits, health and metrics, and the client that one service calls another
// with. It knows no word of the domain.
package httpd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace/noop"
)

// SiteOptions say how a service's mux is served. Every field may be left out.
type SiteOptions struct {
	Service string
	Logger  *slog.Logger
	// Wrap stands between the headers and the mux: what loads and saves sessions.
	Wrap func(http.Handler) http.Handler
	// Ready tells whether the service's own database answers and is migrated; it never asks a neighbour.
	Ready func(ctx context.Context) error
	// ErrorPage writes the page for a status outside /api/; without it the answer is a problem.
	ErrorPage func(w http.ResponseWriter, r *http.Request, status int)
	// MaxBody bounds a request's body in bytes, 1 MiB by default.
	MaxBody int64
	// HTTPS says that people reach the service over https: browsers are told to use nothing else.
	HTTPS bool
	// LenientOrigin leaves out the cross-origin check, for an API that browsers do not sign in to.
	LenientOrigin bool
}

const (
	defaultMaxBody = 1 << 20
	readyTimeout   = 5 * time.Second
)

// contentPolicy allows what the pages use, all of it from the service itself, and nothing inline.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Site makes a service's handler out of its mux and adds /healthz, /readyz and /metrics to it.
func Site(mux *http.ServeMux, o SiteOptions) (http.Handler, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Wrap == nil {
		o.Wrap = func(h http.Handler) http.Handler { return h }
	}
	if o.ErrorPage == nil {
		o.ErrorPage = func(w http.ResponseWriter, _ *http.Request, status int) { WriteStatusProblem(w, status) }
	}
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("httpd: metrics: %w", err)
	}
	meters := metric.NewMeterProvider(metric.WithReader(exporter))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("alive\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if o.Ready != nil {
			if err := o.Ready(ctx); err != nil {
				o.Logger.WarnContext(ctx, "not ready", "service", o.Service, "error", err)
				http.Error(w, "not ready", http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = w.Write([]byte("ready\n"))
	})

	var h http.Handler = otelhttp.NewHandler(mux, o.Service, otelhttp.WithMeterProvider(meters), otelhttp.WithServerName(o.Service),
		otelhttp.WithTracerProvider(noop.NewTracerProvider())) // a trace would hold the addresses
	h = o.Wrap(h)
	if !o.LenientOrigin {
		cross := http.NewCrossOriginProtection()
		cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			writeError(o, w, r, http.StatusForbidden)
		}))
		h = cross.Handler(h)
	}
	return &site{mux: mux, next: h, o: o}, nil
}

type site struct {
	mux  *http.ServeMux
	next http.Handler
	o    SiteOptions
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := r.Header.Get(requestIDHeader)
	if !goodRequestID.MatchString(id) {
		id = rand.Text()
	}
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	_, pattern := s.mux.Handler(r) // the path itself may hold what does not belong in a log

	head := w.Header()
	head.Set(requestIDHeader, id)
	head.Set("Content-Security-Policy", contentPolicy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	head.Set("Cache-Control", "no-store") // assets set their own
	if s.o.HTTPS {
		head.Set("Strict-Transport-Security", "max-age=31536000") // a year, as browsers' makers advise
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBody)

	rec := &recorder{ResponseWriter: w}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.o.Logger.ErrorContext(r.Context(), "panic", "service", s.o.Service, "route", pattern, "request", id, "stack", string(debug.Stack()))
			if rec.status == 0 {
				writeError(s.o, rec, r, http.StatusInternalServerError)
			}
		}
		if pattern == "GET /healthz" || pattern == "GET /readyz" || pattern == "GET /metrics" {
			return
		}
		s.o.Logger.LogAttrs(r.Context(), levelOf(rec.status), "request",
			slog.String("service", s.o.Service), slog.String("method", r.Method), slog.String("route", pattern),
			slog.Int("status", rec.status), slog.Duration("took", time.Since(began)), slog.String("request", id))
	}()
	s.next.ServeHTTP(rec, r)
}

func levelOf(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func writeError(o SiteOptions, w http.ResponseWriter, r *http.Request, status int) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		WriteStatusProblem(w, status)
		return
	}
	o.ErrorPage(w, r, status)
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer underneath.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// RequestID gives the id of the request that ctx belongs to, empty outside one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// ClientAddress gives the network address of the caller, without its port. A
// proxy is believed only on this machine, and of X-Forwarded-For only the last
// address, which is the proxy's own word.
func ClientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if peer, err := netip.ParseAddr(host); err != nil || !peer.Unmap().IsLoopback() {
		return host
	}
	forwarded := r.Header.Values("X-Forwarded-For")
	if len(forwarded) == 0 {
		return host
	}
	all := strings.Split(forwarded[len(forwarded)-1], ",")
	if last, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
		return last.Unmap().String()
	}
	return host
}

// Render writes a page.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	templ.Handler(c, templ.WithStatus(status)).ServeHTTP(w, r)
}

// Server timeouts: a page or an answer is small, and the longest wait that a
// service promises is ten seconds.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	maxHeader         = 16 << 10
)

// Serve serves h on l until ctx ends, then lets running requests finish.
func Serve(ctx context.Context, l net.Listener, h http.Handler, logger *slog.Logger) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("httpd: serve: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("httpd: shut down: %w", err), srv.Close())
	}
	return nil
}
