package signin_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"traid/internal/signin"
)

// ann and eve are people at the provider.
func ann() *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "s-ann", Email: "Ann@example.org", EmailVerified: true}
}

func eve(email string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "s-eve", Email: email, EmailVerified: true}
}

// eachAtProvider is each with a provider on this machine.
func eachAtProvider(t *testing.T, test func(t *testing.T, s service, p *mockoidc.MockOIDC)) {
	t.Helper()
	p, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Shutdown() })
	eachWith(t, func() *signin.Provider {
		return &signin.Provider{Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret}
	}, func(t *testing.T, s service) { test(t, s, p) })
}

// begin goes to the provider and gives where that sends the browser back to.
func (b browser) begin() (back string) {
	b.t.Helper()
	status, to, page := b.do("GET", "/sign-in/start")
	if status != http.StatusSeeOther {
		b.t.Fatalf("start: %d %.2000s", status, page)
	}
	asked, err := url.Parse(to)
	if err != nil || asked.Query().Get("code_challenge_method") != "S256" || asked.Query().Get("nonce") == "" || asked.Query().Get("state") == "" {
		b.t.Fatalf("the provider is asked by %q (%v)", to, err)
	}
	status, back, page = b.do("GET", to)
	if status != http.StatusFound || !strings.HasPrefix(back, b.url+"/sign-in/callback?") {
		b.t.Fatalf("the provider answers %d to %q: %.2000s", status, back, page)
	}
	return back
}

func TestTheProviderSaysWhoComesInAndTheAccountsWhoMay(t *testing.T) {
	eachAtProvider(t, func(t *testing.T, s service, p *mockoidc.MockOIDC) {
		link := s.link(t, "ann@example.org", "operator")
		b := s.browser(t)
		b.want("GET", "/cases/7?queue=mine", 303, "/sign-in")
		b.want("GET", "/sign-in", 200, `href="/sign-in/start"`)
		p.QueueUser(ann())
		back, before := b.begin(), b.cookie()
		b.want("GET", back, 303, "/cases/7?queue=mine")
		if after := b.cookie(); after == before || before == "" {
			t.Error("the session is still called as before signing in")
		}
		b.want("GET", "/cases/7", 200, "/cases/7 for ann@example.org")
		b.want("GET", "/chief", 403, "Forbidden for ann@example.org")
		b.want("GET", back, 303, "/home")                // the back button
		for _, method := range []string{"GET", "POST"} { // links let nobody in here
			s.browser(t).want(method, link, 303, "/sign-in")
		}
		s.browser(t).want("GET", back, 400, "was not begun in this browser")
		b.want("POST", "/sign-out", 303, "/sign-in?signed-out")
		b.want("GET", "/sign-in?signed-out", 200, "You are signed out of this service")
		b.want("GET", "/home", 303, "/sign-in")
		b.want("GET", back, 400, "was not begun in this browser")

		p.QueueUser(eve("eve@example.org"))
		b.want("GET", b.begin(), 403, "not one of those that may use this service")
		b.want("GET", "/home", 303, "/sign-in")
	})
}

func TestAnAddressThatChangesHandsOpensNoAccount(t *testing.T) {
	eachAtProvider(t, func(t *testing.T, s service, p *mockoidc.MockOIDC) {
		s.link(t, "ann@example.org", "operator")
		b := s.browser(t)
		p.QueueUser(ann())
		b.want("GET", b.begin(), 303, "/home")
		for _, who := range []*mockoidc.MockUser{eve("ann@example.org"), eve("ANN@example.org")} {
			p.QueueUser(who)
			other := s.browser(t)
			other.want("GET", other.begin(), 403, "not one of those that may use this service")
		}
		married := ann()
		married.Email = "ann.marsh@example.org"
		p.QueueUser(married)
		again := s.browser(t)
		again.want("GET", again.begin(), 303, "/home") // the same person by another address
		again.want("GET", "/home", 200, "for ann@example.org")

		if err := s.store.DisableAccount(t.Context(), "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		again.want("GET", "/home", 303, "/sign-in")
		p.QueueUser(ann())
		again.want("GET", again.begin(), 403, "not one of those that may use this service")
		s.link(t, "ann@example.org", "operator") // whoever has the address now
		p.QueueUser(eve("ann@example.org"))
		other := s.browser(t)
		other.want("GET", other.begin(), 303, "/home")
		p.QueueUser(ann())
		again.want("GET", again.begin(), 403, "not one of those that may use this service")
	})
}

func TestAnAddressThatNobodyVerifiedOpensNoAccount(t *testing.T) {
	eachAtProvider(t, func(t *testing.T, s service, p *mockoidc.MockOIDC) {
		s.link(t, "ann@example.org", "operator")
		who := ann()
		who.EmailVerified = false
		p.QueueUser(who)
		b := s.browser(t)
		b.want("GET", b.begin(), 403, "no email address that was verified")
		b.want("GET", "/home", 303, "/sign-in")
	})
}

func TestASignInIsOfTheBrowserThatBeganItAndOfNow(t *testing.T) {
	eachAtProvider(t, func(t *testing.T, s service, p *mockoidc.MockOIDC) {
		s.link(t, "ann@example.org", "operator")
		begun := func(b browser) *url.URL {
			t.Helper()
			p.QueueUser(ann())
			back, err := url.Parse(b.begin())
			if err != nil {
				t.Fatal(err)
			}
			return back
		}
		with := func(u *url.URL, key, value string) string {
			q := u.Query()
			q.Set(key, value)
			return u.Path + "?" + q.Encode()
		}
		b, other := s.browser(t), s.browser(t)
		mine, theirs := begun(b), begun(other)
		other.want("GET", with(theirs, "code", mine.Query().Get("code")), 400, "was not begun in this browser") // the verifier is another
		other.want("GET", theirs.RequestURI(), 400, "was not begun in this browser")                            // once
		b.want("GET", with(mine, "state", "another"), 400, "was not begun in this browser")
		b.want("GET", begun(b).Path+"?error=access_denied&state=x", 400, "Sign in again")
		b.want("GET", "/home", 303, "/sign-in")
		b.want("GET", with(begun(b), "next", "https://elsewhere.example/"), 303, "/home")
	})
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	p, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	away := true
	if err := p.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if away {
				http.Error(w, "away", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}); err != nil {
		t.Fatal(err)
	}
	ln := listen(t)
	if err := p.Start(ln, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Shutdown() })
	eachWith(t, func() *signin.Provider {
		return &signin.Provider{Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret}
	}, func(t *testing.T, s service) {
		s.link(t, "ann@example.org", "operator")
		b := s.browser(t)
		away = true
		b.want("GET", "/cases/7", 303, "/sign-in")
		b.want("GET", "/sign-in", 200, "Sign in") // the page needs no provider
		b.want("GET", "/sign-in/start", 503, "cannot be reached")
		away = false
		p.QueueUser(ann())
		back := b.begin()
		away = true
		b.want("GET", back, 503, "cannot be reached")
		away = false
		p.QueueUser(ann())
		b.want("GET", b.begin(), 303, "/cases/7")
	})
}

func TestASignInThatTookTooLongBeginsAgain(t *testing.T) {
	p, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Shutdown() })
	clock := time.Now()
	eachWith(t, func() *signin.Provider {
		return &signin.Provider{Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret, Now: func() time.Time { return clock }}
	}, func(t *testing.T, s service) {
		s.link(t, "ann@example.org", "operator")
		b := s.browser(t)
		p.QueueUser(ann())
		back := b.begin()
		clock = clock.Add(16 * time.Minute)
		b.want("GET", back, 400, "took longer than 15 minutes")
		clock = clock.Add(-16 * time.Minute)
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}
