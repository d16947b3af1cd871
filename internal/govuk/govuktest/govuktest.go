// Package govuktest looks at pages in Chromium, for tests. Chromium and axe-core come with `make deps`.
package govuktest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pageTimeout is for opening and inspecting one page on a busy machine.
const pageTimeout = time.Minute

// narrowest is the width in CSS pixels at which a page must not scroll sideways (WCAG 2.2, 1.4.10).
const narrowest = 320

// axeRun gives a line for each breach of WCAG 2.2 up to AA: the rule, what it
// is, where. One is let through: the design system's script puts aria-expanded
// on a radio that reveals more, which ARIA does not allow
// (github.com/alphagov/govuk-frontend/issues/979).
const axeRun = `axe.run(document, {
	runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
	rules: {'target-size': {enabled: true}}, resultTypes: ['violations'],
}).then(found => found.violations.flatMap(v => v.nodes.
	filter(n => !(v.id === 'aria-allowed-attr' && n.html.includes('govuk-radios__input'))).
	map(n => v.id + ': ' + v.help + ': ' + n.html)))`

// Browser starts Chromium for the test. Each chromedp.NewContext on it is a tab.
func Browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium-headless-shell") // the same engine without a window's work
	if err != nil {
		if path, err = exec.LookPath("chromium"); err != nil {
			t.Fatal("Chromium is missing: make deps")
		}
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox)...) // a sandbox cannot be had as root
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal("Chromium does not start:", err)
	}
	return browser
}

// Inspect opens pages of h, each with its scripts and without, and fails for
// what axe finds against WCAG 2.2 AA, for what the console complains of, such
// as something inline that the content policy refuses, and for a page that
// scrolls sideways on a narrow screen.
func Inspect(t *testing.T, h http.Handler, paths ...string) {
	t.Helper()
	axe := axeSource(t)
	browser := Browser(t)
	with, without := httptest.NewServer(h), httptest.NewServer(WithoutScripts(h))
	t.Cleanup(with.Close)
	t.Cleanup(without.Close)
	for _, path := range paths {
		t.Run(path+" with scripts", func(t *testing.T) { inspect(t, browser, axe, with.URL+path, "") })
		t.Run(path+" without scripts", func(t *testing.T) { inspect(t, browser, axe, without.URL+path, ".js") })
	}
}

// WithoutScripts answers for every script that it is not there.
func WithoutScripts(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".js") {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// inspect looks at one page; missing is how the addresses end that are not expected to be there.
func inspect(t *testing.T, browser context.Context, axe, url, missing string) {
	t.Helper()
	said := &complaints{page: url, missing: missing}
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithListener(said.hear))
	defer closeTab()
	tab, cancel := context.WithTimeout(tab, pageTimeout)
	defer cancel()
	if _, err := chromedp.Call(tab, log.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab, chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](axe)); err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(tab, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s breaks %s", url, f)
	}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(narrowest, 2*narrowest)); err != nil {
		t.Fatal(err)
	}
	width, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
	if err != nil {
		t.Fatal(err)
	}
	if width > narrowest {
		t.Errorf("%s is %d pixels wide on a screen of %d", url, width, narrowest)
	}
	for _, c := range said.all() {
		t.Errorf("%s: the console says %s", url, c)
	}
}

// complaints are what the browser reports of a page, but for the page's own status and for what is missing on purpose.
type complaints struct {
	page, missing string

	mu    sync.Mutex
	lines []string
}

func (c *complaints) hear(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		expected := e.Entry.URL == c.page || c.missing != "" && strings.HasSuffix(e.Entry.URL, c.missing)
		if e.Entry.Source != log.EntrySourceNetwork || !expected {
			c.lines = append(c.lines, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		c.lines = append(c.lines, e.ExceptionDetails.Text)
	}
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines
}

// axeSource looks for axe-core from the test's folder upwards.
func axeSource(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		source, err := os.ReadFile(filepath.Join(folder, "node_modules", "axe-core", "axe.min.js"))
		if err == nil {
			return string(source)
		}
		above := filepath.Dir(folder)
		if above == folder {
			t.Fatal("axe-core is missing: make deps")
		}
		folder = above
	}
}
