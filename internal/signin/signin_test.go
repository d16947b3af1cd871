package signin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/signin"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// service is a service with a page for everybody who is signed in and one for the role "chief".
type service struct {
	store *access.Store
	clock *time.Time
	url   string
}

func each(t *testing.T, test func(t *testing.T, s service)) {
	t.Helper()
	eachWith(t, func() *signin.Provider { return nil }, test)
}

// eachWith is each with an OpenID provider.
func eachWith(t *testing.T, by func() *signin.Provider, test func(t *testing.T, s service)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clock, provider := time.Now(), by()
		store := access.New(db, func() time.Time { return clock })
		sessions := access.NewSessions(store, "test", false)
		errorPage := func(w http.ResponseWriter, r *http.Request, status int) {
			who := "nobody"
			if a, ok := signin.AccountFrom(r.Context()); ok {
				who = a.Email
			}
			http.Error(w, http.StatusText(status)+" for "+who, status)
		}
		gate := signin.New(signin.Options{
			Accounts: store, Sessions: sessions, Home: "/home", Command: "make-me-a-link EMAIL", ErrorPage: errorPage, Provider: provider, Refused: provider != nil,
			Page: func(_ *http.Request, title string) govuk.PageOptions {
				return govuk.PageOptions{Title: title, ServiceName: "Test service"}
			},
		})
		mux := http.NewServeMux()
		gate.Mount(mux)
		show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a, _ := signin.AccountFrom(r.Context())
			_, _ = io.WriteString(w, r.URL.Path+" for "+a.Email)
		})
		mux.Handle("/", gate.Require()(show))
		mux.Handle("/chief", gate.Require("chief", "boss")(show))
		site, err := httpd.Site(mux, httpd.SiteOptions{Service: "test", Wrap: access.LoadAndSave(sessions), ErrorPage: errorPage})
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(site)
		t.Cleanup(srv.Close)
		if provider != nil {
			provider.Base = srv.URL
		}
		test(t, service{store: store, clock: &clock, url: srv.URL})
	}, access.Migrations)
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t   *testing.T
	url string
	c   *http.Client
}

func (s service) browser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, s.url, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b browser) do(method, path string) (status int, location, body string) {
	b.t.Helper()
	return b.send(method, path, nil)
}

// send is do with a form.
func (b browser) send(method, path string, form url.Values) (status int, location, body string) {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.url + path
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(raw)
}

// want makes a call and checks its status and either where it redirects to or a part of its page.
func (b browser) want(method, path string, status int, says string) {
	b.t.Helper()
	got, location, body := b.do(method, path)
	if got != status || status == http.StatusSeeOther && location != says || !strings.Contains(body+location, says) {
		b.t.Errorf("%s %s: got %d to %q: %.2000s\nwant %d, %q", method, path, got, location, body, status, says)
	}
}

func (b browser) cookie() string {
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.c.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

func (s service) link(t *testing.T, email string, roles ...string) string {
	t.Helper()
	link, err := s.store.AddAccount(t.Context(), email, roles)
	if err != nil {
		t.Fatal(err)
	}
	return signin.Path + "/" + link
}

func TestALinkLetsItsOwnerInOnceAndToThePageThatWasWanted(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		b.want("GET", "/cases/7?queue=mine", 303, "/sign-in")
		b.want("GET", "/sign-in", 200, "make-me-a-link EMAIL")
		link := s.link(t, "ann@example.org", "operator")
		for range 2 { // a program that follows links uses nothing up
			b.want("GET", link, 200, `<form method="post"`)
		}
		before := b.cookie()
		b.want("POST", link, 303, "/cases/7?queue=mine")
		if after := b.cookie(); after == before || before == "" {
			t.Errorf("the session is still called as before signing in")
		}
		b.want("GET", "/cases/7", 200, "/cases/7 for ann@example.org")
		b.want("GET", "/chief", 403, "Forbidden for ann@example.org")
		for _, method := range []string{"GET", "POST"} {
			b.want(method, link, 410, "This link cannot be used")
		}
		b.want("POST", "/sign-out", 303, "/sign-in")
		b.want("GET", "/cases/7", 303, "/sign-in")
		b.want("POST", s.link(t, "ann@example.org", "operator", "chief"), 303, "/cases/7")
		b.want("GET", "/chief", 200, "/chief for ann@example.org")
	})
}

// Without scripts nothing drops a second click: the browser forgets the first
// answer, with the session in it, and follows the second.
func TestASecondClickOnSignInIsTheFirstOneAgain(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b, other := s.browser(t), s.browser(t)
		link := s.link(t, "ann@example.org", "operator")
		_, _, page := b.do("GET", link)
		_, secret, _ := strings.Cut(page, `name="page" value="`)
		secret, _, _ = strings.Cut(secret, `"`)
		if secret == "" {
			t.Fatalf("the page has no secret: %.2000s", page)
		}
		lost := *b.c
		lost.Jar = nil // its answer does not arrive
		if status, _, _ := (browser{t, b.url, &lost}).send("POST", link, url.Values{"page": {secret}}); status != 303 {
			t.Fatalf("the first click: %d", status)
		}
		for _, form := range []url.Values{nil, {"page": {""}}, {"page": {"another"}}} {
			if status, _, _ := other.send("POST", link, form); status != 410 {
				t.Errorf("elsewhere with %v: %d, want 410", form, status)
			}
		}
		if status, to, _ := b.send("POST", link, url.Values{"page": {secret}}); status != 303 || to != "/home" {
			t.Errorf("the second click: %d to %q", status, to)
		}
		b.want("GET", "/home", 200, "for ann@example.org")
		*s.clock = s.clock.Add(31 * time.Second)
		if status, _, _ := b.send("POST", link, url.Values{"page": {secret}}); status != 410 {
			t.Errorf("half a minute later: %d, want 410", status)
		}
	})
}

func TestWhoWantedNothingElseGoesHome(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		b.want("POST", "/cases/7", 303, "/sign-in") // what was posted is not asked for again
		b.want("POST", s.link(t, "ann@example.org", "operator"), 303, "/home")
	})
}

func TestALinkIsTooOldAfterADay(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		link := s.link(t, "ann@example.org", "operator")
		*s.clock = s.clock.Add(24 * time.Hour)
		for _, method := range []string{"GET", "POST"} {
			b.want(method, link, 410, "This link cannot be used")
			b.want(method, "/sign-in/nonsense", 410, "make-me-a-link EMAIL")
		}
	})
}

func TestADisabledAccountLosesItsSessionsForGood(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		used, unused := s.browser(t), s.browser(t)
		used.want("POST", s.link(t, "ann@example.org", "operator"), 303, "/home")
		unused.want("POST", s.link(t, "ann@example.org", "operator"), 303, "/home")
		left := s.link(t, "ann@example.org", "operator")
		if err := s.store.DisableAccount(t.Context(), "Ann@example.org"); err != nil {
			t.Fatal(err)
		}
		used.want("GET", "/home", 303, "/sign-in")
		used.want("GET", left, 410, "This link cannot be used")
		used.want("POST", left, 410, "This link cannot be used")
		again := s.link(t, "ann@example.org", "operator")
		for _, b := range []browser{used, unused} {
			b.want("GET", "/home", 303, "/sign-in")
		}
		used.want("POST", again, 303, "/home")
		used.want("GET", "/home", 200, "for ann@example.org")
	})
}

// Signing out ends the account's other sessions too, and one that a slow answer
// writes back afterwards.
func TestSigningOutEndsEverySession(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		here, there := s.browser(t), s.browser(t)
		here.want("POST", s.link(t, "ann@example.org", "operator"), 303, "/home")
		there.want("POST", s.link(t, "ann@example.org", "operator"), 303, "/home")
		here.do("POST", "/sign-out")
		for _, b := range []browser{here, there} {
			b.want("GET", "/home", 303, "/sign-in")
		}
	})
}

func TestANewLinkEndsTheOneBefore(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		old := s.link(t, "ann@example.org", "operator")
		s.link(t, "ann@example.org", "operator")
		b.want("POST", old, 410, "This link cannot be used")
	})
}

func TestOfALongAddressNothingIsRemembered(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		b.want("GET", "/home?"+strings.Repeat("x", 600), 303, "/sign-in")
		if b.cookie() != "" {
			t.Error("a stranger's long address made a session")
		}
	})
}

func TestARoleThatWasTakenAwayCountsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		b := s.browser(t)
		b.want("POST", s.link(t, "ann@example.org", "boss"), 303, "/home")
		b.want("GET", "/chief", 200, "for ann@example.org")
		s.link(t, "ann@example.org", "operator")
		b.want("GET", "/chief", 403, "Forbidden")
	})
}

func TestSigningInByAnotherSitesFormIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		link := s.link(t, "ann@example.org", "operator")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("got %d, want 403", resp.StatusCode)
		}
		s.browser(t).want("POST", link, 303, "/home")
	})
}
