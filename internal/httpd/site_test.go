package httpd_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"traid/internal/fault"
	"traid/internal/httpd"
)

// tracer writes down what it is asked to trace.
type tracer struct {
	embedded.TracerProvider
	spans []string
}

func (t *tracer) Tracer(string, ...trace.TracerOption) trace.Tracer { return spans{tracer: t} }

type spans struct {
	embedded.Tracer
	*tracer
}

func (s spans) Start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(o...)
	s.tracer.spans = append(s.tracer.spans, fmt.Sprint(name, c.Attributes()))
	return ctx, noop.Span{}
}

// An address may hold what belongs to nobody else, such as a link to sign in
// with, and a trace is kept elsewhere.
func TestNoTraceIsMade(t *testing.T) {
	seen := &tracer{}
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(seen)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in/{token}", func(http.ResponseWriter, *http.Request) {})
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "test"})
	if err != nil {
		t.Fatal(err)
	}
	site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sign-in/planted", nil))
	if len(seen.spans) > 0 {
		t.Errorf("traced: %q", seen.spans)
	}
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if body := answer.Body.String(); !strings.Contains(body, "http_server_request_duration") || strings.Contains(body, "planted") {
		t.Errorf("the metrics hold an address, or nothing of the request: %s", body)
	}
}

// anybody lets every client in by its name.
type anybody struct{}

func (anybody) Authenticate(_ context.Context, token string) (httpd.Caller, error) {
	if token == "" {
		return httpd.Caller{}, fault.New(fault.Unauthenticated, "The token is unknown.")
	}
	return httpd.Caller{Client: token, Scopes: []string{"look"}}, nil
}

func TestAClientIsLimitedByItselfAlone(t *testing.T) {
	mux := http.NewServeMux()
	api := httpd.NewAPI(mux, httpd.APIOptions{Title: "test", Version: "1", Auth: anybody{}, PerMinute: 3})
	httpd.Register(api, huma.Operation{OperationID: "look", Method: http.MethodGet, Path: "/api/v1/look", Security: httpd.Scope("look")},
		func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(client string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/look", nil)
		r.Header.Set("Authorization", "Bearer "+client)
		answer := httptest.NewRecorder()
		site.ServeHTTP(answer, r)
		return answer.Result()
	}
	for n := range 3 {
		if got := ask("one"); got.StatusCode != http.StatusNoContent || !strings.HasPrefix(got.Header.Get("RateLimit"), fmt.Sprintf(`"client";r=%d;`, 2-n)) {
			t.Fatalf("request %d: %d, %s", n+1, got.StatusCode, got.Header.Get("RateLimit"))
		}
	}
	got := ask("one")
	raw, _ := io.ReadAll(got.Body)
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "20" || !strings.Contains(string(raw), "urn:traid:problem:too_many") {
		t.Errorf("one too many: %d, Retry-After %q, %s", got.StatusCode, got.Header.Get("Retry-After"), raw)
	}
	if got := ask("another"); got.StatusCode != http.StatusNoContent {
		t.Errorf("another client: %d", got.StatusCode)
	}
}
