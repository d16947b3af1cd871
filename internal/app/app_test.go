package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"traid/internal/sqldb/sqldbtest"
)

// command runs a command in its own folder and environment.
func command(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Run(t.Context(), args, func(name string) string { return env[name] }, &out, &err)
	return code, out.String(), err.String()
}

func TestImportMatchAndTokensOnBothDatabases(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"sqlite":   {setData: filepath.Join(t.TempDir(), "data")},
		"postgres": {setDatabase: sqldbtest.PostgresURL(t)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "register.csv")
			ok := func(args ...string) string {
				t.Helper()
				code, out, stderr := command(t, env, args...)
				if code != exitOK {
					t.Fatalf("%v: exit %d: %s", args, code, stderr)
				}
				return out
			}
			ok("synth", "--out", file, "--records", "300")
			if name == "postgres" {
				if code, _, stderr := command(t, env, "import", file); code == exitOK || !strings.Contains(stderr, "run traid migrate") {
					t.Errorf("before migrating: exit %d, %q; want to be told to migrate", code, stderr)
				}
				ok("migrate")
			}
			if out := ok("import", file); !strings.Contains(out, " 0 unchanged, 0 gone, 0 refused.") {
				t.Errorf("first import: %s", out)
			}
			if out := ok("import", file); !strings.Contains(out, " 0 new, 0 changed (0 merged), ") {
				t.Errorf("the same file again: %s", out)
			}
			broken := filepath.Join(dir, "broken.csv")
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfterN(string(raw), "\n", 3)
			if err := os.WriteFile(broken, []byte(lines[0]+strings.Replace(lines[1], "active", "=cmd()", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			ok("import", broken)
			refused, err := os.ReadFile(broken + ".rejected.csv")
			if err != nil || !strings.Contains(string(refused), "2,") || strings.Contains(string(refused), "cmd()") {
				t.Errorf("refused rows: %q %v, want line 2 and no value", refused, err)
			}
			if info, err := os.Stat(broken + ".rejected.csv"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("refused rows: %v %v, want a file that only its owner reads", info, err)
			}
			cells := strings.Split(lines[1], ",")
			claims := filepath.Join(dir, "claims.csv")
			if err := os.WriteFile(claims, []byte("id,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_number,trn,email\n=1+1,"+cells[2]+",,X,,"+cells[6]+",,"+cells[0]+",\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			result := filepath.Join(dir, "out.csv")
			ok("match", claims, "--out", result)
			matched, err := os.ReadFile(result)
			if err != nil || !strings.Contains(string(matched), "'=1+1,match,"+cells[0]+",trn,,") {
				t.Errorf("match: %q %v", matched, err)
			}

			token := strings.TrimSpace(ok("token", "create", "dqt", "tester", "--scopes", "identify"))
			listed := ok("token", "list", "dqt")
			id := regexp.MustCompile(`(?m)^([0-9a-f-]{36})\s+tester`).FindStringSubmatch(listed)
			if id == nil || strings.Contains(listed, token) || len(token) < 40 {
				t.Fatalf("tokens: %q after %q", listed, token)
			}
			ok("token", "revoke", "dqt", id[1])
			if code, _, _ := command(t, env, "token", "revoke", "dqt", id[1]); code != exitError {
				t.Error("a token was revoked twice")
			}
		})
	}
}

func TestMistakesAreReportedAtOnceWithoutSecrets(t *testing.T) {
	env := map[string]string{setDatabase: "mysql://me:planted@host/db", setDQTAddr: "8083", setLogLevel: "loud"}
	code, _, stderr := command(t, env, "config")
	if code != exitUsage || strings.Contains(stderr, "planted") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	for _, name := range []string{setDatabase, setDQTAddr, setLogLevel} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%q does not name %s", stderr, name)
		}
	}
	if code, out, _ := command(t, map[string]string{setDatabase: "postgres://me:planted@host/db"}, "config"); code != exitOK || strings.Contains(out, "planted") || !strings.Contains(out, "(set)") {
		t.Errorf("config: exit %d, %q; want the secret masked", code, out)
	}
	for what, args := range map[string][]string{
		"no such file": {"import", filepath.Join(t.TempDir(), "none.csv")}, "no such scope": {"token", "create", "dqt", "x", "--scopes", "all"},
	} {
		if code, _, stderr := command(t, map[string]string{setData: t.TempDir()}, args...); code != exitError || stderr == "" {
			t.Errorf("%s: exit %d, %q", what, code, stderr)
		}
	}
	if code, _, stderr := command(t, nil, "nonsense"); code != exitUsage || !strings.Contains(stderr, "traid --help") {
		t.Errorf("no such command: exit %d, %q", code, stderr)
	}
}

// TestDemoServesASampleRegisterAndCarriesOn starts the demonstration, asks it
// as it says, stops it, and starts it again on the same folder.
func TestDemoServesASampleRegisterAndCarriesOn(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setDQTAddr: "127.0.0.1:0", setLogLevel: "error"}
	for _, time := range []string{"first", "again"} {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan int)
		go func() {
			done <- Run(ctx, []string{"demo"}, func(name string) string { return env[name] }, w, io.Discard)
			_ = w.Close()
		}()
		var said strings.Builder
		buf := make([]byte, 4096)
		for !strings.Contains(said.String(), "Ctrl-C") {
			n, err := r.Read(buf)
			if err != nil {
				t.Fatalf("%s: ended after %q: %v", time, said.String(), err)
			}
			said.Write(buf[:n])
		}
		address := regexp.MustCompile(`at (http://\S+)`).FindStringSubmatch(said.String())
		token := regexp.MustCompile(`Bearer ([\w-]+)`).FindStringSubmatch(said.String())
		if address == nil || token == nil {
			t.Fatalf("%s: said %q", time, said.String())
		}
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, address[1]+"/api/v1/teachers/search", strings.NewReader(`{"query":"smith","purpose":"test"}`))
		req.Header.Set("Authorization", "Bearer "+token[1])
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct{ Records []json.RawMessage }
		if err := json.NewDecoder(res.Body).Decode(&page); err != nil || res.StatusCode != http.StatusOK || len(page.Records) != 20 {
			t.Errorf("%s: got %d, %d records, %v; want a full page of Smiths", time, res.StatusCode, len(page.Records), err)
		}
		_ = res.Body.Close()
		stop()
		if code := <-done; code != exitOK {
			t.Errorf("%s: exit %d", time, code)
		}
	}
}

// TestOpenAPIIsPinned keeps the document as served in api/.
func TestOpenAPIIsPinned(t *testing.T) {
	p := &program{settings: Settings{values: map[string]string{setData: t.TempDir()}}, logger: newLogger(io.Discard, "error"), now: nil}
	r, err := p.openRegister(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close(p.logger)
	_, api, err := r.handler(p.logger)
	if err != nil {
		t.Fatal(err)
	}
	got, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	const pinned = "../../api/dqt.json"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(pinned, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pinned)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not the document as served (%v): run make generate and review the difference", pinned, err)
	}
}
