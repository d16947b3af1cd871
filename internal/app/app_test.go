package app

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
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
			ok("synth", "--out", dir, "--records", "300", "--claims", "40", "--mix", "typical,hard")
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
			if out := ok("match", filepath.Join(dir, "claims-hard-1.csv"), "--out", result); !strings.HasPrefix(out, "40 claims: ") || !strings.Contains(out, " 0 refused.") {
				t.Errorf("match of invented claims: %q", out)
			}
			evaluation := filepath.Join(dir, "evaluation")
			out := ok("evaluate", filepath.Join(dir, "claims-hard-1.csv"), "--out", evaluation)
			if !strings.HasPrefix(out, "40 claims on 300 records, ") || !strings.Contains(out, "rule or gate") {
				t.Errorf("evaluate: %q", out)
			}
			for _, file := range []string{"evaluation.json", "evaluation.svg", "misses.md"} {
				if info, err := os.Stat(filepath.Join(evaluation, file)); err != nil || info.Size() == 0 {
					t.Errorf("evaluate: %s: %v", file, err)
				}
			}
			out = ok("evaluate", filepath.Join(dir, "claims-typical-1.csv"), "--out", evaluation, "--thresholds", filepath.Join(evaluation, "evaluation.json"))
			if !strings.Contains(out, "thresholds are those that were found on other claims") {
				t.Errorf("evaluate by other claims' thresholds: %q", out)
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
	env := map[string]string{setDatabase: "mysql://me:planted@host/db", setDQTAddr: "8083", setLogLevel: "loud", setWebhookKey: "planted", setTRAHashKey: "planted", setPollEvery: "24"}
	code, _, stderr := command(t, env, "config")
	if code != exitUsage || strings.Contains(stderr, "planted") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	for name := range env {
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

// TestOperatorsAreLetInAndKeptOut plays the operator commands.
func TestOperatorsAreLetInAndKeptOut(t *testing.T) {
	env := map[string]string{setData: t.TempDir()}
	for service, roles := range map[string]string{"tra": "operator,barring", "cpd": "administrator"} {
		code, out, stderr := command(t, env, "operator", "add", "Ann@example.org", "--roles", roles, "--service", service)
		if code != exitOK || !regexp.MustCompile(`^http://127\.0\.0\.1:808[01]/sign-in/[\w-]{43}\n$`).MatchString(out) {
			t.Fatalf("%s: exit %d, %q, %s", service, code, out, stderr)
		}
		if _, listed, _ := command(t, env, "operator", "list", "--service", service); !strings.Contains(listed, roles) || !strings.Contains(listed, "Ann@example.org") {
			t.Errorf("%s: listed %q", service, listed)
		}
		if code, _, _ := command(t, env, "operator", "disable", "ann@example.org", "--service", service); code != exitOK {
			t.Errorf("%s: disable: exit %d", service, code)
		}
		if code, _, _ := command(t, env, "operator", "add", "x@example.org", "--roles", "king", "--service", service); code != exitError {
			t.Errorf("%s: a role that is none: exit %d", service, code)
		}
	}
}

func TestTheDemonstrationKeepsToAFolderOfItsOwn(t *testing.T) {
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "tra.sqlite"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, env := range map[string]map[string]string{
		"a folder in use": {setData: used}, "PostgreSQL": {setData: t.TempDir(), setDatabase: "postgres://127.0.0.1:1/x"},
	} {
		if code, out, stderr := command(t, env, "demo"); code != exitError || out != "" || !strings.Contains(stderr, "traid serve") {
			t.Errorf("%s: exit %d, %q, %q", what, code, out, stderr)
		}
	}
}

// TestServeSaysAtOnceWhatIsMissing starts a part without the secrets that it needs.
func TestServeSaysAtOnceWhatIsMissing(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setDQTURL: "http://127.0.0.1:1"}
	code, _, stderr := command(t, env, "serve", "--roles", "tra,cpd")
	if code != exitError {
		t.Fatalf("exit %d, %q", code, stderr)
	}
	for _, name := range []string{setCPDTRAToken, setTRADQTToken, setTRAHashKey, setZendeskID, setZendeskKey, setWebhookKey} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%q does not name %s", stderr, name)
		}
	}
	if code, _, stderr := command(t, env, "serve", "--roles", "cpd,king"); code != exitError || !strings.Contains(stderr, "no such role") {
		t.Errorf("a role that is none: exit %d, %q", code, stderr)
	}
}

// TestDemoRunsEverythingAndCarriesOn starts the demonstration, follows what it
// says, stops it, and starts it again on the same folder.
func TestDemoRunsEverythingAndCarriesOn(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{setData: dir, setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	for _, which := range []string{"first", "again"} {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan int)
		go func() {
			done <- Run(ctx, []string{"demo"}, func(name string) string { return env[name] }, w, t.Output())
			_ = w.Close()
		}()
		var said strings.Builder
		buf := make([]byte, 4096)
		for !strings.Contains(said.String(), "/outbox") {
			n, err := r.Read(buf)
			if err != nil {
				t.Fatalf("%s: ended after %q: %v", which, said.String(), err)
			}
			said.Write(buf[:n])
		}
		for _, m := range synth.Cast() {
			if !strings.Contains(said.String(), m.FirstName+" "+m.LastName) {
				t.Errorf("%s: it does not tell of who %s", which, m.Part)
			}
		}
		for what, pattern := range map[string]string{"Manage CPD": `Manage CPD +(http://\S+)`, "the console": `console +(http://\S+)`, "the desk": `the desk +(http://\S+)`} {
			at := regexp.MustCompile(pattern).FindStringSubmatch(said.String())
			if at == nil {
				t.Fatalf("%s: it does not say where %s is: %s", which, what, said.String())
			}
			res, err := http.Get(at[1])
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s answers %d", which, what, res.StatusCode)
			}
		}
		if links := regexp.MustCompile(`http://\S+/sign-in/\S+`).FindAllString(said.String(), -1); len(links) != len(demoStaff) {
			t.Errorf("%s: %d sign-in links", which, len(links))
		}
		if info, err := os.Stat(filepath.Join(dir, secretsFile)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the secrets: %v, %v; want a file that only its owner reads", which, info, err)
		}
		stop()
		if code := <-done; code != exitOK {
			t.Errorf("%s: exit %d", which, code)
		}
	}
}

// TestAServiceIsReadyWhileItsDatabaseIsOfThisVersion asks each service whether
// it is alive and ready, before and after another program changed its tables.
func TestAServiceIsReadyWhileItsDatabaseIsOfThisVersion(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	status := func(service, path string) int {
		res, err := http.Get(h.URL(service) + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for _, name := range services {
		if alive, ready := status(name, "/healthz"), status(name, "/readyz"); alive != http.StatusOK || ready != http.StatusOK {
			t.Errorf("%s: alive %d, ready %d", name, alive, ready)
		}
	}
	if err := h.sys.open["tra"].db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO migrations_tra (version_id, is_applied) VALUES (99999, true)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if alive, ready := status("tra", "/healthz"), status("tra", "/readyz"); alive != http.StatusOK || ready != http.StatusServiceUnavailable {
		t.Errorf("with newer tables: alive %d, ready %d", alive, ready)
	}
}

// TestOpenAPIIsPinned keeps the documents as served in api/.
func TestOpenAPIIsPinned(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, service := range []string{"dqt", "tra", "cpd"} {
		got, err := h.sys.open[service].api.OpenAPI()
		if err != nil {
			t.Fatal(err)
		}
		pinned := "../../api/" + service + ".json"
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
}

// TestSettingsAreDocumented keeps docs/config.md as the table of the settings.
func TestSettingsAreDocumented(t *testing.T) {
	var want strings.Builder
	want.WriteString("# Settings\n\nEnvironment variables. A secret can also be read from the file that NAME_FILE\nnames. `traid config` prints what is in force and from where.\n\n| name | default | meaning |\n|---|---|---|\n")
	for _, s := range settingsTable {
		meaning := s.Meaning
		if s.Secret {
			meaning += " (secret)"
		}
		value := s.Default
		if demo, ok := demoDefaults[s.Name]; ok {
			value += "; " + demo + " in the demonstration"
		}
		want.WriteString("| `" + s.Name + "` | " + value + " | " + meaning + " |\n")
	}
	const path = "../../docs/config.md"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want.String() {
		t.Errorf("%s does not list the settings as they are (%v): run make generate", path, err)
	}
}
