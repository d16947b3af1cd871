// Package arch holds the import rules of the tree as a test.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

type listed struct {
	ImportPath string
	Imports    []string
}

// domain packages hold the rules; they know no database, no HTTP, no page.
var domain = map[string]bool{
	"traid/internal/person": true, "traid/internal/fault": true, "traid/internal/workday": true, "traid/internal/ident": true, "traid/internal/table": true,
	"traid/internal/cpd": true, "traid/internal/tra": true, "traid/internal/desk": true, "traid/internal/dqt": true, "traid/internal/dqt/match": true,
}

// foundations know no word of the domain.
var foundations = map[string]bool{
	"traid/internal/sqldb": true, "traid/internal/httpd": true, "traid/internal/access": true, "traid/internal/signin": true,
	"traid/internal/zendesk": true, "traid/internal/notify": true, "traid/internal/webhook": true, "traid/internal/govuk": true,
}

var services = []string{"cpd", "tra", "dqt", "desk"}

func serviceOf(path string) string {
	rest, ok := strings.CutPrefix(path, "traid/internal/")
	if !ok {
		return ""
	}
	head, _, _ := strings.Cut(rest, "/")
	for _, s := range services {
		if head == s {
			return s
		}
	}
	return ""
}

// broken says which rule an import breaks, "" for none.
func broken(from, to string) string {
	standard := !strings.Contains(strings.SplitN(to, "/", 2)[0], ".") && !strings.HasPrefix(to, "traid/")
	whole := from == "traid/internal/app" || strings.HasPrefix(from, "traid/cmd/")
	switch {
	case domain[from] && (to == "database/sql" || to == "net/http" || to == "os"):
		return "a domain package does no I/O"
	case domain[from] && !standard && !strings.HasPrefix(to, "golang.org/x/text/") && !domain[to]:
		return "a domain package imports domain packages and golang.org/x/text"
	case foundations[from] && (serviceOf(to) != "" || to == "traid/internal/person" || strings.HasPrefix(to, "traid/internal/wire/")):
		return "a foundation knows no word of the domain"
	case serviceOf(from) != "" && serviceOf(to) != "" && serviceOf(from) != serviceOf(to):
		return "a service never imports another service"
	case to == "traid/internal/app" && !strings.HasPrefix(from, "traid/cmd/"):
		return "only cmd imports app"
	case to == "traid/internal/synth" && !whole, strings.HasSuffix(to, "test") && strings.HasPrefix(to, "traid/"):
		return "samples and test helpers are for tests, demo and synth"
	}
	return ""
}

func TestImportsKeepTheRules(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "traid/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, to := range p.Imports {
			seen++
			if why := broken(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
	}
	if seen == 0 {
		t.Error("no import was read")
	}
}

func TestTheRulesSeeWhatBreaksThem(t *testing.T) {
	for _, c := range [][2]string{
		{"traid/internal/dqt", "net/http"},
		{"traid/internal/cpd", "traid/internal/sqldb"},
		{"traid/internal/cpd", "github.com/google/uuid"},
		{"traid/internal/cpd/cpdports", "traid/internal/dqt"},
		{"traid/internal/httpd", "traid/internal/person"},
		{"traid/internal/dqt/dqtapi", "traid/internal/app"},
		{"traid/internal/dqt", "traid/internal/synth"},
	} {
		if broken(c[0], c[1]) == "" {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
}
