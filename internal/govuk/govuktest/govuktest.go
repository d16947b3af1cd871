// Package govuktest looks at a site's pages in Chromium, for tests: an Album
// keeps every page in each of its states, and Inspect holds each to what all
// pages promise. Chromium and axe-core come with `make deps`.
package govuktest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pageTimeout is for inspecting one page on a busy machine.
const pageTimeout = 2 * time.Minute

// screen is what a page is looked at on, in CSS pixels.
type screen struct {
	name          string
	width, height int64
	scale         float64
}

// The screens, the widest first: one on either side of each place where the
// styles change, the narrowest as WCAG 2.2, 1.4.10 has it.
var (
	wide   = screen{"1280 pixels", 1280, 1024, 1}
	middle = screen{"768 pixels", 768, 1024, 1}
	narrow = screen{"320 pixels", 320, 640, 1}
	zoomed = screen{"1280 pixels at 400%", 320, 256, 4}
)

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

//go:embed look.js
var lookSource string

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

// Inspect fails for what the album lacks of the site, and for every page, in the
// state that it was kept in, that somebody could not use: for what axe finds
// against WCAG 2.2 AA at three widths; for what is cut off, covered or off the
// screen there, at 400% and with wider spacing; for what the keyboard does not
// reach, in another order than is seen or without being seen; for what the
// console complains of, such as something inline that the content policy
// refuses; for what weighs too much; and, with the scripts blocked, for a form that does not arrive.
//
// TRAID_PICTURES names a folder to put a picture of each page into, at 360 and
// 1280 pixels.
func (a *Album) Inspect(t *testing.T, o Options) {
	t.Helper()
	t.Run("every page was kept in each of its states", func(t *testing.T) { a.complete(t, o) })
	a.Look(t)
}

// Look holds each page of the album to what Inspect says of pages, whichever are there.
func (a *Album) Look(t *testing.T) {
	t.Helper()
	axe, browser := axeSource(t), Browser(t)
	tabs := make(chan *tab, runtime.GOMAXPROCS(0))
	for range cap(tabs) {
		tabs <- a.newTab(t, browser, axe)
	}
	t.Run("pages", func(t *testing.T) {
		for n, p := range a.pages {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				tab := <-tabs
				defer func() { tabs <- tab }()
				tab.inspect(t, n)
			})
		}
	})
}

// Axe fails for what axe finds on the page that a tab is at, in the state that it is in.
func Axe(t *testing.T, tab context.Context) {
	t.Helper()
	l := &look{t: t, ctx: tab}
	l.do(chromedp.Evaluate[chromedp.Void](axeSource(t)))
	for _, f := range lines(l, axeRun, chromedp.EvalAwaitPromise) {
		t.Errorf("it breaks %s", f)
	}
}

// tab is one tab of the browser, used for one page after the other.
type tab struct {
	album   *Album
	context context.Context
	axe     string
	said    *complaints

	scripted, scriptless       *replay
	scriptedURL, scriptlessURL string
}

func (a *Album) newTab(t *testing.T, browser context.Context, axe string) *tab {
	t.Helper()
	b := &tab{album: a, axe: axe, said: &complaints{}}
	b.scripted, b.scriptedURL = newReplay(t, a.pages, false)
	b.scriptless, b.scriptlessURL = newReplay(t, a.pages, true)
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithListener(b.said.hear))
	t.Cleanup(closeTab)
	b.context = ctx
	if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}
	// A tab behind another one has the focus too.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// failing is what an inspection tells its findings: a test.
type failing interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// look is one page, open in a tab.
type look struct {
	*tab
	t    failing
	ctx  context.Context
	n    int
	page kept
}

// inspect looks at the nth page.
func (b *tab) inspect(t failing, n int) {
	ctx, cancel := context.WithTimeout(b.context, pageTimeout)
	defer cancel()
	l := &look{b, t, ctx, n, b.album.pages[n]}
	l.open(b.scriptedURL+b.scripted.address(n), wide, "")
	l.weight()
	l.pictures()
	l.do(chromedp.Evaluate[chromedp.Void](b.axe))
	l.keyboard()
	l.links()
	l.run("look.open()")
	for _, s := range []screen{wide, middle, narrow} {
		l.at(s)
		l.layout(s.name)
		for _, f := range lines(l, axeRun, chromedp.EvalAwaitPromise) {
			t.Errorf("at %s it breaks %s", s.name, f)
		}
	}
	l.run("look.spaced(true)")
	for _, s := range []screen{narrow, wide} {
		l.at(s)
		l.layout(s.name + " and wider spacing")
	}
	l.quiet()

	l.open(b.scriptlessURL+b.scriptless.address(n), zoomed, ".js")
	l.keyboard()
	l.forms()
	l.run("look.open()")
	l.layout(zoomed.name + " without scripts")
	l.quiet()
}

// open goes to a page; missing is how the addresses end that are not expected to be there.
func (l *look) open(url string, s screen, missing string) {
	l.t.Helper()
	l.said.about(url, missing)
	l.at(s)
	l.do(chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](lookSource))
}

// quiet fails for what the console has said since the page was opened.
func (l *look) quiet() {
	l.t.Helper()
	for _, c := range l.said.all() {
		l.t.Errorf("the console says %s", c)
	}
}

func (l *look) at(s screen) {
	l.t.Helper()
	l.do(chromedp.EmulateViewport(s.width, s.height, chromedp.EmulateScale(s.scale)))
}

func (l *look) do(steps ...chromedp.Action[chromedp.Void]) {
	l.t.Helper()
	if err := chromedp.Do(l.ctx, steps...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *look) run(expression string) {
	l.t.Helper()
	l.do(chromedp.Evaluate[chromedp.Void](expression))
}

// evaluate gives what an expression of the page is.
func evaluate[T any](l *look, expression string, opts ...chromedp.EvaluateOption) T {
	l.t.Helper()
	out, err := chromedp.Run(l.ctx, chromedp.Evaluate[T](expression, opts...))
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

func lines(l *look, expression string, opts ...chromedp.EvaluateOption) []string {
	l.t.Helper()
	return evaluate[[]string](l, expression, opts...)
}

// heaviest is the most that a page may weigh with its styles and scripts, in
// bytes as they are sent.
const heaviest = 200_000

func (l *look) weight() {
	l.t.Helper()
	n := evaluate[int](l, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.encodedBodySize, 0)`)
	if n == 0 || n > heaviest {
		l.t.Errorf("it weighs %d bytes, want at most %d", n, heaviest)
	}
}

func (l *look) layout(where string) {
	l.t.Helper()
	for _, wrong := range lines(l, "look.layout()") {
		l.t.Errorf("at %s: %s", where, wrong)
	}
}

// The keys, with what the protocol wants to know of them.
var (
	keyTab   = input.DispatchKeyEventParams{Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9}
	keyEnter = input.DispatchKeyEventParams{Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, Text: "\r"}
	keySpace = input.DispatchKeyEventParams{Key: " ", Code: "Space", WindowsVirtualKeyCode: 32, Text: " "}
)

func (l *look) press(key input.DispatchKeyEventParams) {
	l.t.Helper()
	for _, part := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		key.Type = part
		if part == input.DispatchKeyEventTypeKeyUp {
			key.Text = ""
		}
		if _, err := chromedp.Call(l.ctx, input.DispatchKeyEvent, key); err != nil {
			l.t.Fatal(err)
		}
	}
}

// keyboard walks through the page by Tab alone: everything that can be used is
// reached, in the order in which it is seen, and seen to be reached; the first
// stop leads past what every page begins with.
func (l *look) keyboard() {
	l.t.Helper()
	stops := evaluate[int](l, "look.begin()")
	for _, wrong := range lines(l, "look.order()") {
		l.t.Errorf("by keyboard: %s", wrong)
	}
	for n := range stops + 1 {
		l.press(keyTab)
		if wrong := evaluate[string](l, fmt.Sprintf("look.at(%d)", n)); wrong != "" {
			l.t.Errorf("by keyboard, stop %d of %d: %s", n+1, stops, wrong)
			break
		}
	}
	l.run("look.rest()")
	l.press(keyTab)
	l.press(keyEnter)
	if hash := evaluate[string](l, "location.hash"); hash != "#main-content" {
		l.t.Errorf("the first stop does not lead to the main part, but to %q", hash)
	}
	l.press(keyTab)
	if evaluate[bool](l, "document.querySelector('header').contains(document.activeElement)") {
		l.t.Errorf("after the first stop the focus is at the head of the page again")
	}
	l.run("look.rest()")
}

// arrival bounds the wait for a form.
const arrival = 10 * time.Second

// button is something that looks like a button, with what it sends and to where.
type button struct {
	Path  string   `json:"path"`
	Names []string `json:"names"`
}

// forms sends every form of the page by each of its buttons, by the Enter key and
// the space bar in turn.
func (l *look) forms() {
	l.t.Helper()
	for n, b := range evaluate[[]button](l, "look.buttons()") {
		key := keyEnter
		if n%2 == 1 {
			key = keySpace
		}
		l.run(fmt.Sprintf("look.focusButton(%d)", n))
		l.arrives(l.scriptless, key, "without scripts the form", b)
	}
}

// links presses the space bar on every link that looks like a button.
func (l *look) links() {
	l.t.Helper()
	for n, b := range evaluate[[]button](l, "look.links()") {
		l.run(fmt.Sprintf("look.focusLink(%d)", n))
		l.arrives(l.scripted, keySpace, "by the space bar the link", b)
	}
}

// arrives presses a key on what has the focus, and fails unless what it sends arrives.
func (l *look) arrives(at *replay, key input.DispatchKeyEventParams, what string, b button) {
	l.t.Helper()
	select {
	case <-at.sent: // of something before
	default:
	}
	l.press(key)
	select {
	case got := <-at.sent:
		if got.path != b.Path {
			l.t.Errorf("%s leads to %s, want %s", what, got.path, b.Path)
		}
		for _, name := range b.Names {
			if !got.form.Has(name) {
				l.t.Errorf("%s to %s arrives without %q", what, b.Path, name)
			}
		}
	case <-time.After(arrival):
		l.t.Errorf("%s to %s is not sent", what, b.Path)
	}
}

// noName is what does not belong into a file's name.
var noName = regexp.MustCompile(`[^a-z0-9]+`)

// pictures keeps what the page looks like.
func (l *look) pictures() {
	l.t.Helper()
	folder := os.Getenv("TRAID_PICTURES")
	if folder == "" {
		return
	}
	for _, width := range []int64{360, wide.width} {
		l.do(chromedp.EmulateViewport(width, 800))
		raw, err := chromedp.Run(l.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			l.t.Fatal(err)
		}
		name := noName.ReplaceAllString(strings.ToLower(l.album.site+" "+l.page.name), "-")
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d.png", name, width)), raw, 0o644); err != nil {
			l.t.Fatal(err)
		}
	}
}

// complaints are what the browser reports of a page, but for the page's own status and for what is missing on purpose.
type complaints struct {
	mu            sync.Mutex
	page, missing string
	lines         []string
}

// about begins a new page.
func (c *complaints) about(page, missing string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page, c.missing, c.lines = page, missing, nil
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
	case *cdpruntime.EventExceptionThrown:
		c.lines = append(c.lines, e.ExceptionDetails.Text)
	}
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
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
