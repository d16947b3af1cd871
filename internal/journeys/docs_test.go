package journeys

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkedFunction = regexp.MustCompile("\\[`(?:\\w+\\.)*(\\w+)`\\]\\((\\.\\./[^)#]+\\.go)\\)")
	steps          = regexp.MustCompile(`w\.step\("([^"]+)"`)
)

const docs = "../../docs"

// linked gives a page of the documents, whose links to functions all lead to one.
func linked(t *testing.T, page string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(docs, page))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	links := linkedFunction.FindAllStringSubmatch(doc, -1)
	if len(links) == 0 {
		t.Fatal("no function is linked")
	}
	for _, link := range links {
		code, err := os.ReadFile(filepath.Join(docs, link[2]))
		if err != nil {
			t.Error(err)
		} else if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + link[1] + `\(`).Match(code) {
			t.Errorf("%s has no function %s", link[2], link[1])
		}
	}
	return doc
}

func TestThePromisesAreTests(t *testing.T) { linked(t, "promises.md") }

// TestTheArrowsAreDocumented holds docs/journeys.md to the code: every function
// that it links is in the file, and every step of the two flows is named.
func TestTheArrowsAreDocumented(t *testing.T) {
	doc := linked(t, "journeys.md")
	for _, file := range []string{"flow1_test.go", "flow2_test.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, flow, _ := strings.Cut(string(code), "func TestFlow")
		flow, _, _ = strings.Cut(flow, "\nfunc ")
		for _, step := range steps.FindAllStringSubmatch(flow, -1) {
			if !strings.Contains(doc, step[1]) {
				t.Errorf("journeys.md does not name the step %q", step[1])
			}
		}
	}
}
