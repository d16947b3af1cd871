package app

import (
	"strings"
	"testing"
	"time"

	"traid/internal/desk/deskapi"
	"traid/internal/tra/traports"
)

// TestTheDeskIsAsAnAccountHasToBe has the command look at the desk as at any
// Zendesk account: there is nothing to make and nothing to mend.
func TestTheDeskIsAsAnAccountHasToBe(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	token, err := h.Access("desk").CreateToken(t.Context(), "tra-api", []string{deskapi.Scope}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	outside := map[string]string{
		setData: t.TempDir(), setZendeskURL: h.URL("desk"), setZendeskEmail: "tra@example.org", setZendeskToken: token, setPublicTRA: h.URL("tra"), setLogLevel: "error",
		setZendeskHook: h.sys.p.settings.get(setZendeskHook),
	}
	check := func(verb string) string {
		t.Helper()
		code, out, stderr := command(t, outside, "zendesk", verb)
		if code != exitOK || strings.Contains(out, string(traports.Missing)) || strings.Contains(out, string(traports.Wrong)) || strings.Contains(out, string(traports.Made)) {
			t.Errorf("%s: exit %d, %s%s", verb, code, out, stderr)
		}
		return out
	}
	for _, verb := range []string{"check", "setup", "check"} {
		check(verb)
	}
	// Where the console has an address outside, its webhook and trigger are made too.
	outside[setPublicTRA] = "https://tra.example.org"
	_, out, _ := command(t, outside, "zendesk", "setup")
	_, rest, told := strings.Cut(out, "to the webhook's secret: ")
	secret, _, _ := strings.Cut(rest, "\n")
	if !told || !strings.Contains(out, string(traports.Made)) {
		t.Fatalf("setup: %s", out)
	}
	outside[setZendeskHook] = secret
	if out = check("check"); strings.Contains(out, string(traports.Unchecked)) || !strings.Contains(out, "webhook") || !strings.Contains(out, "trigger") {
		t.Errorf("check: %s", out)
	}
}
