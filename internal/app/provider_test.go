package app

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/oauth2-proxy/mockoidc"

	"traid/internal/govuk/govuktest"
)

func TestAnOperatorSignsInByAnOpenIDProvider(t *testing.T) {
	p, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Shutdown() })
	for service, roles := range map[string]string{"tra": "operator,supervisor", "cpd": "administrator"} {
		t.Run(service, func(t *testing.T) {
			names := providerOf[service]
			env := map[string]string{setData: t.TempDir(), setLogLevel: "error", names[0]: p.Issuer(), names[1]: p.ClientID, names[2]: p.ClientSecret}
			for _, name := range addrOf {
				env[name] = "127.0.0.1:0"
			}
			code, said, _ := command(t, env, "operator", "add", "ann@example.org", "--roles", roles, "--service", service)
			if code != exitOK || !strings.HasSuffix(strings.TrimSpace(said), "/sign-in") {
				t.Fatalf("operator add: %d %q", code, said)
			}
			h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Close() })
			wanted := map[string]string{"tra": "/figures", "cpd": "/admin/participants"}[service]
			b := newSurfer(t, govuktest.Browser(t), h.URL(service), 1280)
			p.QueueUser(&mockoidc.MockUser{Subject: "s-eve", Email: "eve@example.org", EmailVerified: true})
			b.open(wanted)
			b.sees("You sign in with your organisation’s account")
			b.do(chromedp.Click(`main .govuk-button`))
			b.sees("not one of those that may use this service")
			p.QueueUser(&mockoidc.MockUser{Subject: "s-ann", Email: "ann@example.org", EmailVerified: true})
			b.do(chromedp.Click(`main a[href$=another]`), chromedp.WaitVisible(`form[action="/sign-out"]`))
			if at, err := chromedp.Run(b.tab, chromedp.Location()); err != nil || !strings.HasSuffix(at, wanted) {
				t.Errorf("signed in, the browser is at %q (%v), want %s", at, err, wanted)
			}
			b.do(chromedp.Click(`form[action="/sign-out"] button`))
			b.sees("You are signed out of this service")
		})
	}
}

func TestHalfAProviderIsAMistake(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setTRAIssuer: "https://login.example.org", setCPDClient: "cpd"}
	code, _, said := command(t, env, "config")
	for _, name := range []string{setTRAClient, setTRAClientKey, setCPDIssuer, setCPDClientKey} {
		if code == exitOK || !strings.Contains(said, name+": is missing") {
			t.Errorf("exit %d, %q; want to be told that %s is missing", code, said, name)
		}
	}
}
