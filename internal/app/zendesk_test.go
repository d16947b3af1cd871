package app

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"traid/internal/tra/traports"
)

// account is a Zendesk account as the commands see it: lists that POST adds to.
type account struct {
	mu    sync.Mutex
	lists map[string][]map[string]any
	key   string // of the OAuth client; anybody else is refused
}

func newAccount(t *testing.T) (*account, map[string]string) {
	a := &account{lists: map[string][]map[string]any{}, key: "right"}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	env := map[string]string{
		setData: t.TempDir(), setZendeskURL: srv.URL, setZendeskID: "tra", setZendeskKey: "right",
		setPublicTRA: "https://tra.example.org", setLogLevel: "warn",
	}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	return a, env
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&body)
	list := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	answer := map[string]any{}
	switch {
	case r.URL.Path == "/oauth/tokens":
		if body["client_secret"] != a.key {
			w.WriteHeader(http.StatusUnauthorized)
			answer["error"] = "invalid_client"
			break
		}
		answer["access_token"], answer["expires_in"] = "access", 1800
	case list == "me":
		answer["user"] = map[string]any{"id": 7, "role": "admin", "active": true}
	case list == "cursor":
		answer["tickets"], answer["after_cursor"], answer["end_of_stream"] = []any{}, "c", true
	case list == "signing_secret":
		answer["signing_secret"] = map[string]any{"secret": "the webhook's own"}
	case r.Method == http.MethodPost:
		for name, thing := range body {
			row := thing.(map[string]any)
			row["id"] = 100 + len(a.lists[list])
			if list == "webhooks" {
				row["id"] = "01H"
			}
			a.lists[list] = append(a.lists[list], row)
			w.WriteHeader(http.StatusCreated)
			answer[name] = row
		}
	default:
		name := list
		if list == "memberships" {
			name = "group_memberships"
		}
		answer[name] = append([]map[string]any{}, a.lists[name]...)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func TestTheAccountIsCheckedAndSetUpByCommand(t *testing.T) {
	_, env := newAccount(t)
	code, out, stderr := command(t, env, "zendesk", "check")
	if code != exitError || !strings.Contains(stderr, "not as it has to be") || !strings.Contains(out, "ticket field “TRN”") || !strings.Contains(out, "would be made") {
		t.Errorf("check: exit %d, %q, %q", code, out, stderr)
	}
	code, out, _ = command(t, env, "zendesk", "setup")
	if code != exitError || strings.Count(out, string(traports.Made)) < 9 || !strings.Contains(out, setZendeskHook+", here and where the TRA API runs, to the webhook's secret: the webhook's own") {
		t.Errorf("setup: exit %d, %q", code, out)
	}
	env[setZendeskHook] = "the webhook's own"
	for _, verb := range []string{"setup", "check"} {
		code, out, stderr = command(t, env, "zendesk", verb)
		if code != exitOK || strings.Contains(out, string(traports.Missing)) || strings.Contains(out, "the webhook's own") {
			t.Errorf("%s again: exit %d, %q, %q", verb, code, out, stderr)
		}
	}
	env[setZendeskKey] = "wrong"
	if code, out, stderr = command(t, env, "zendesk", "check"); code != exitError || out != "" || !strings.Contains(stderr, setZendeskKey) || strings.Contains(stderr, "wrong") {
		t.Errorf("wrong credentials: exit %d, %q, %q", code, out, stderr)
	}
	delete(env, setZendeskID)
	if code, _, stderr = command(t, env, "zendesk", "check"); code != exitError || !strings.Contains(stderr, setZendeskID) {
		t.Errorf("no credentials: exit %d, %q", code, stderr)
	}
	env = map[string]string{setData: t.TempDir(), setZendeskURL: "http://127.0.0.1:1", setZendeskID: "tra", setZendeskKey: "right"}
	if code, _, stderr = command(t, env, "zendesk", "setup"); code != exitError || !strings.Contains(stderr, "could not be asked") {
		t.Errorf("nobody there: exit %d, %q", code, stderr)
	}
}

// served starts everything, waits until it logs what it has to, and stops it.
func served(t *testing.T, env map[string]string, until string) (code int, logs string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, []string{"serve"}, func(name string) string { return env[name] }, io.Discard, w)
		_ = w.Close()
	}()
	var all strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if until != "" && strings.Contains(all.String(), until) {
			stop()
		}
	}
	return <-done, all.String()
}

func TestAStartGoesOnWithoutTheAccountAndFailsWhenItIsWrong(t *testing.T) {
	a, env := newAccount(t)
	if code, logs := served(t, env, ""); code != exitError || !strings.Contains(logs, "ticket field “TRN”") || !strings.Contains(logs, "traid zendesk setup") {
		t.Errorf("an account that is wrong: exit %d, %s", code, logs)
	}
	if code, _, _ := command(t, env, "zendesk", "setup"); code != exitError { // but for the webhook's secret, which no start needs
		t.Errorf("setup: exit %d", code)
	}
	env[setLogLevel] = "info"
	if code, logs := served(t, env, "msg=serving service=cpd"); code != exitOK || strings.Contains(logs, "30 April 2027") {
		t.Errorf("an account that is right: exit %d, %s", code, logs)
	}
	a.mu.Lock()
	a.key = "changed"
	a.mu.Unlock()
	if code, logs := served(t, env, ""); code != exitError || !strings.Contains(logs, "refuses our credentials") {
		t.Errorf("an account that does not know us: exit %d, %s", code, logs)
	}
	env[setZendeskURL] = "http://127.0.0.1:1"
	if code, logs := served(t, env, "msg=serving service=cpd"); code != exitOK || !strings.Contains(logs, "could not be reached") {
		t.Errorf("nobody there: exit %d, %s", code, logs)
	}
	delete(env, setZendeskID)
	env[setZendeskEmail], env[setZendeskToken] = "tra@example.org", "token"
	if code, logs := served(t, env, "msg=serving service=cpd"); code != exitOK || !strings.Contains(logs, "30 April 2027") {
		t.Errorf("with an API token: exit %d, %s", code, logs)
	}
}
