package app

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd/cpdweb"
	"traid/internal/desk/deskapi"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/signin"
	"traid/internal/tra/traapi"
	"traid/internal/tra/traconsole"
)

// mounted are the expressions that the services mount handlers by, and where the
// routes behind them are listed for the tests of this file. Another one fails
// TestEveryRouteIsListed: list its routes in routesOf.
var mounted = map[string]string{
	`route.Pattern`:                    "Routes of cpdweb, traconsole, signin",
	`route.method+" "+base+route.path`: "Routes of deskapi",
	`"GET "+OpenAPIPath`:               "below",
	`"POST "+WebhookPath`:              "below",
	`PagePattern`:                      "below",
	`"POST /oauth/tokens"`:             "below",
	`"GET /assets/"`:                   "below",
	`"GET /metrics"`:                   "below",
	`"GET /healthz"`:                   "below",
	`"GET /readyz"`:                    "below",
	`"/"`:                              "below, as what is not there",
	`"/api/"`:                          "below, as what is not there",
	`base+"/"`:                         "Routes of deskapi",
}

var mounting = regexp.MustCompile(`\b\w*[mM]ux\.Handle(?:Func)?\(([^,\n]+),`)

func TestEveryRouteIsListed(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		helper := strings.HasSuffix(filepath.Dir(path), "test") // which tests alone import, as internal/arch holds
		if err != nil || helper || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range mounting.FindAllStringSubmatch(string(code), -1) {
			seen[m[1]] = true
			if mounted[m[1]] == "" {
				t.Errorf("%s mounts %s, whose routes no test of security knows", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for expression := range mounted {
		if !seen[expression] {
			t.Errorf("nothing is mounted by %s any more", expression)
		}
	}
}

// site is one of the services with everything that it answers to.
type site struct {
	name, url string
	routes    []string
	visitor   *http.Client // signed in, where people sign in
	stranger  *http.Client
	token     string // of a program with every scope
	pages     bool   // signed in by a cookie
}

// routesOf lists the patterns of a service.
func routesOf(t *testing.T, s *service) []string {
	t.Helper()
	out := []string{"GET /healthz", "GET /readyz", "GET /metrics", "GET /nothing-here", "POST /nothing-here", "GET /api/v1/nothing-here", "GET /assets/nothing-here"}
	if s.api != nil {
		raw, err := s.api.OpenAPI()
		if err != nil {
			t.Fatal(err)
		}
		var document struct{ Paths map[string]map[string]any }
		if err := json.Unmarshal(raw, &document); err != nil {
			t.Fatal(err)
		}
		for path, methods := range document.Paths {
			for method := range methods {
				out = append(out, strings.ToUpper(method)+" "+path)
			}
		}
		out = append(out, "GET "+httpd.OpenAPIPath)
	}
	switch s.name {
	case "cpd":
		for _, r := range new(cpdweb.Pages).Routes() {
			out = append(out, r.Pattern)
		}
		for _, r := range signin.Routes(false) {
			out = append(out, r.Pattern)
		}
		out = append(out, "GET "+govuk.AssetURL("traid.css"))
	case "tra":
		for _, r := range traconsole.Routes() {
			out = append(out, r.Pattern)
		}
		for _, r := range signin.Routes(false) {
			out = append(out, r.Pattern)
		}
		out = append(out, "POST "+traapi.WebhookPath, "GET "+govuk.AssetURL("traid.css"))
	case "desk":
		out = append(out, deskapi.Routes()...)
		out = append(out, deskapi.PagePattern, "POST /oauth/tokens", "GET "+govuk.AssetURL("traid.css"))
	}
	slices.Sort(out)
	return out
}

// sites serves everything, with somebody signed in who may see all of it.
func sites(t *testing.T) []site {
	t.Helper()
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	var out []site
	for _, name := range services {
		s := h.sys.open[name]
		one := site{name: name, url: s.address(), routes: routesOf(t, s), visitor: client(t), stranger: client(t), pages: name == "cpd" || name == "tra"}
		if one.token, err = s.access.CreateToken(t.Context(), "agent", scopesOf(name), time.Hour); err != nil {
			t.Fatal(err)
		}
		if one.pages {
			link, err := s.access.AddAccount(t.Context(), "ann@example.org", rolesOf(name))
			if err != nil {
				t.Fatal(err)
			}
			if got := one.ask(t, one.visitor, "POST", signin.Path+"/"+link, "application/x-www-form-urlencoded", "", nil); got.StatusCode != http.StatusSeeOther {
				t.Fatalf("%s: signing in is answered by %d", name, got.StatusCode)
			}
		}
		out = append(out, one)
	}
	return out
}

func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask gives a route's answer, whose body was read.
func (s site) ask(t *testing.T, by *http.Client, method, path, kind, body string, header http.Header) *http.Response {
	t.Helper()
	path = strings.NewReplacer("{$}", "", "{id}", "0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0001", "{token}", "nothing").Replace(path)
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	maps.Copy(r.Header, header)
	answer, err := by.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	return answer
}

// guards are what every answer carries.
var guards = map[string]string{
	"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "camera=(), geolocation=(), microphone=()",
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}

// guarded fails for an answer without what every answer carries, or that leads away.
func guarded(t *testing.T, what string, answer *http.Response) {
	t.Helper()
	for name, want := range guards {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
	if answer.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: no request id", what)
	}
	kept := answer.Header.Get("Cache-Control")
	if asset := strings.HasSuffix(what, ".css"); asset != strings.Contains(kept, "immutable") || !asset && kept != "no-store" {
		t.Errorf("%s: Cache-Control %q", what, kept)
	}
	if to := answer.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`)) {
		t.Errorf("%s leads away, to %q", what, to)
	}
	if kind := answer.Header.Get("Content-Type"); kind == "" && answer.ContentLength > 0 {
		t.Errorf("%s: a body without a type", what)
	}
}

// TestEveryAnswerIsGuarded asks every route of every site, and what is none, as a
// stranger and signed in.
func TestEveryAnswerIsGuarded(t *testing.T) {
	asked := 0
	for _, s := range sites(t) {
		for _, route := range s.routes {
			method, path, _ := strings.Cut(route, " ")
			for who, by := range map[string]*http.Client{"a stranger": s.stranger, "somebody signed in": s.visitor} {
				if path == signin.SignOutPath && by == s.visitor {
					continue
				}
				guarded(t, s.name+": "+who+": "+route, s.ask(t, by, method, path, "", "", nil))
				asked++
			}
		}
		for _, path := range []string{"//elsewhere.example/..", "//elsewhere.example/%2e%2e/x", `/%5celsewhere.example/../y`, "/assets//elsewhere.example", "/sign-in/../..//elsewhere.example"} {
			guarded(t, s.name+": "+path, s.ask(t, s.stranger, "GET", path, "", "", nil))
		}
	}
	if asked < 150 {
		t.Errorf("only %d answers were looked at", asked)
	}
}

// TestNoFormIsTakenFromAnotherSite sends every change as a page of another site
// would have a browser send it.
func TestNoFormIsTakenFromAnotherSite(t *testing.T) {
	refused := 0
	for _, s := range sites(t) {
		for _, route := range s.routes {
			method, path, _ := strings.Cut(route, " ")
			if method == http.MethodGet {
				continue
			}
			for what, header := range map[string]http.Header{
				"a browser of today":    {"Sec-Fetch-Site": {"cross-site"}},
				"a site beside it":      {"Sec-Fetch-Site": {"same-site"}},
				"a browser of long ago": {"Origin": {"https://elsewhere.example"}},
			} {
				answer := s.ask(t, s.visitor, method, path, "application/x-www-form-urlencoded", "", header)
				guarded(t, s.name+": from another site: "+route, answer)
				switch {
				case s.name == "desk": // for programs: no browser holds anything that it would send along
					if answer.StatusCode < 400 || len(answer.Cookies()) > 0 {
						t.Errorf("desk: %s: %s: %d", what, route, answer.StatusCode)
					}
				case answer.StatusCode != http.StatusForbidden:
					t.Errorf("%s: %s: %s is answered by %d, want 403", s.name, what, route, answer.StatusCode)
				default:
					refused++
				}
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d were refused", refused)
	}
}

// TestNoBodyIsTakenWithoutABound sends a body without an end to every route that takes one.
func TestNoBodyIsTakenWithoutABound(t *testing.T) {
	for _, s := range sites(t) {
		for _, route := range s.routes {
			method, path, _ := strings.Cut(route, " ")
			if method == http.MethodGet || method == http.MethodDelete || path == signin.SignOutPath || strings.HasSuffix(path, "nothing-here") {
				continue
			}
			kind, header := "application/x-www-form-urlencoded", http.Header{}
			if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/oauth") || strings.HasPrefix(path, "/webhooks") {
				kind = "application/json"
				header.Set("Authorization", "Bearer "+s.token)
			}
			body := "x=" + strings.Repeat("y", 2<<20)
			if kind == "application/json" {
				body = `{"first_name":"` + strings.Repeat("y", 2<<20) + `"}`
			}
			want := http.StatusRequestEntityTooLarge
			switch {
			case s.name == "desk" && strings.Contains(path, "{id}") && !strings.HasSuffix(path, "/webhooks/{id}"):
				want = http.StatusNotFound // there is nothing with such an id: nothing is read
			case s.name == "desk" && strings.HasSuffix(path, "/restore_many"):
				want = http.StatusOK // it reads no body
			case s.name == "desk" && path == "/oauth/tokens":
				want = http.StatusBadRequest // it has one word for all that is no request for a token
			case s.name == "tra" && strings.HasPrefix(path, "/api/v1/webhook/"):
				want = http.StatusNotFound // these take no body, and there is no webhook: nothing is read
			}
			if answer := s.ask(t, s.visitor, method, path, kind, body, header); answer.StatusCode != want {
				t.Errorf("%s: %s takes 2 MiB: %d, want %d", s.name, route, answer.StatusCode, want)
			}
		}
	}
}

// TestSessionsAreKeptByOneCookieOfTheService looks at what signing in sets, on
// loopback and where the service is reached over https.
func TestSessionsAreKeptByOneCookieOfTheService(t *testing.T) {
	for _, public := range []string{"", "https://traid.example"} {
		env := map[string]string{setData: t.TempDir(), setLogLevel: "error", setPublicCPD: public, setPublicTRA: public}
		for _, name := range addrOf {
			env[name] = "127.0.0.1:0"
		}
		h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"cpd", "tra"} {
			s := site{name: name, url: h.URL(name), visitor: client(t)}
			link, err := h.Access(name).AddAccount(t.Context(), "ann@example.org", rolesOf(name))
			if err != nil {
				t.Fatal(err)
			}
			answer := s.ask(t, s.visitor, "POST", signin.Path+"/"+link, "application/x-www-form-urlencoded", "", nil)
			cookies, want := answer.Cookies(), name+"_session"
			if public != "" {
				want = "__Host-" + want
			}
			if len(cookies) != 1 || cookies[0].Name != want || !cookies[0].HttpOnly || cookies[0].Secure != (public != "") ||
				cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != "/" || cookies[0].Domain != "" || cookies[0].MaxAge != 0 || !cookies[0].Expires.IsZero() {
				t.Errorf("%s at %q sets %v", name, public, cookies)
			}
			if got := answer.Header.Get("Strict-Transport-Security"); (got != "") != (public != "") {
				t.Errorf("%s at %q: Strict-Transport-Security %q", name, public, got)
			}
			for _, c := range cookies {
				page := s.ask(t, s.visitor, "GET", "/cookies", "", "", nil)
				if raw, _ := io.ReadAll(page.Body); !strings.Contains(string(raw), ">"+c.Name+"<") {
					t.Errorf("%s: the page about cookies does not name %s", name, c.Name)
				}
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLocalAccountsAreRefusedOffTheLoopbackAddress listens on every address, and
// opens a good link from this machine.
func TestLocalAccountsAreRefusedOffTheLoopbackAddress(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "0.0.0.0:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	for _, name := range []string{"cpd", "tra"} {
		s := h.sys.open[name]
		_, port, err := net.SplitHostPort(s.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		one := site{name: name, url: "http://127.0.0.1:" + port}
		link, err := s.access.AddAccount(t.Context(), "ann@example.org", rolesOf(name))
		if err != nil {
			t.Fatal(err)
		}
		by := client(t)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := one.ask(t, by, method, signin.Path+"/"+link, "application/x-www-form-urlencoded", "", nil); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s of a link is answered by %d, want 403", name, method, got.StatusCode)
			}
		}
		if err := s.access.CheckLink(t.Context(), link); err != nil {
			t.Errorf("%s: the link was used up: %v", name, err)
		}
	}
}
