package signin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/oauth2-proxy/mockoidc"

	"traid/internal/govuk/govuktest"
	"traid/internal/signin"
)

// The pages of one-time links are looked at where the services show them; these
// are what people meet who sign in by a provider.
func TestThePagesOfAProviderCanBeUsedByEverybody(t *testing.T) {
	var album *govuktest.Album
	eachAtProvider(t, func(t *testing.T, s service, p *mockoidc.MockOIDC) {
		routes := []string{"GET /"} // the service's own
		for _, r := range signin.Routes(true) {
			routes = append(routes, r.Pattern)
		}
		album = govuktest.NewAlbum("sign-in", routes...)
		b := s.browser(t)
		keep := func(name, method, path string) {
			t.Helper()
			u, err := url.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			status, location, body := b.do(method, path)
			answer := govuktest.Answer{
				Method: method, Path: u.RequestURI(), Status: status, Body: body,
				Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Location": {location}},
			}
			album.Saw(answer)
			if status != http.StatusSeeOther {
				album.Keep(name, answer)
			}
		}
		s.link(t, "ann@example.org", "operator")
		keep("sign-in", "GET", "/sign-in")
		keep("", "POST", "/sign-in/stay")
		unverified := ann()
		unverified.EmailVerified = false
		p.QueueUser(unverified)
		keep("sign-in unverified", "GET", b.begin())
		p.QueueUser(eve("eve@example.org"))
		keep("sign-in stranger", "GET", b.begin())
		keep("sign-in not begun", "GET", "/sign-in/callback?code=x&state=x")
		p.QueueUser(ann())
		keep("", "GET", b.begin())
		keep("", "POST", "/sign-out")
		keep("sign-in signed out", "GET", "/sign-in?signed-out")
		p.QueueUser(ann())
		back := b.begin()
		p.QueueError(&mockoidc.ServerError{Code: http.StatusServiceUnavailable, Error: mockoidc.InternalServerError})
		keep("sign-in away", "GET", back)
		keep("", "GET", "/sign-in/start")
		keep("", "GET", "/")
	})
	album.Inspect(t, govuktest.Options{Statuses: "the error pages are the services'"})
}
