package cpdweb_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"traid/internal/cpd"
	"traid/internal/govuk/govuktest"
)

// heaviest is the most that a page may weigh with its styles and scripts, in bytes.
const heaviest = 200_000

// hands are somebody's on a keyboard, in a browser of their own: nothing is
// clicked, and what is not reached by the Tab key is not there.
type hands struct {
	t   *testing.T
	w   *world
	tab context.Context
}

func (w *world) hands(t *testing.T, browser context.Context, wide int64) *hands {
	t.Helper()
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil { // the tab ends with the context that opens it
		t.Fatal(err)
	}
	h := &hands{t, w, tab}
	// A tab behind another one has the focus too.
	if _, err := chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	h.do(chromedp.EmulateViewport(wide, 800))
	return h
}

func (h *hands) do(steps ...chromedp.Action[chromedp.Void]) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		h.t.Fatalf("%v; the page says: %s", err, h.script(`document.body.innerText`))
	}
}

func (h *hands) script(source string, opts ...chromedp.EvaluateOption) string {
	ctx, cancel := context.WithTimeout(h.tab, 30*time.Second)
	defer cancel()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](source, opts...))
	if err != nil {
		h.t.Fatal(err)
	}
	return said
}

// open goes to an address, and sees its heading.
func (h *hands) open(path, heading string) {
	h.t.Helper()
	h.do(chromedp.Navigate(h.w.server.URL + path))
	h.sees(heading)
}

// sees waits for a page whose heading begins so, and looks at its weight and
// whether it fits its screen.
func (h *hands) sees(heading string) {
	h.t.Helper()
	h.do(chromedp.WaitReady(fmt.Sprintf(`//html[not(@data-left)]//h1[starts-with(normalize-space(.), %q)]`, heading)), chromedp.WaitReady(`footer`))
	// What is pressed before a page was painted is lost.
	if _, err := chromedp.Run(h.tab, chromedp.Evaluate[string](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done("painted"))))`, chromedp.EvalAwaitPromise)); err != nil {
		h.t.Fatal(err)
	}
	if wide := h.script(`String(document.documentElement.scrollWidth > window.innerWidth)`); wide == "true" {
		h.t.Errorf("%q scrolls sideways", heading)
	}
	weight := h.script(`String([...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.encodedBodySize, 0))`)
	if n, err := strconv.Atoi(weight); err != nil || n == 0 || n > heaviest {
		h.t.Errorf("%q weighs %s bytes", heading, weight)
	}
}

// says fails unless the page shows all of this.
func (h *hands) says(texts ...string) {
	h.t.Helper()
	page := strings.Join(strings.Fields(h.script(`document.querySelector("main").innerText`)), " ")
	for _, text := range texts {
		if !strings.Contains(page, text) {
			h.t.Errorf("the page does not say %q: %s", text, page)
		}
	}
}

// silent fails where the page shows any of this.
func (h *hands) silent(texts ...string) {
	h.t.Helper()
	page := h.script(`document.querySelector("main").innerText`)
	for _, text := range texts {
		if strings.Contains(page, text) {
			h.t.Errorf("the page says %q", text)
		}
	}
}

const focused = `(() => {
	const e = document.activeElement || document.documentElement, label = e.labels && e.labels[0]
	return ((label && label.innerText) || e.innerText || e.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ")
})()`

// to reaches what is called so, or begins so where an ellipsis follows, by the Tab key.
func (h *hands) to(name string) {
	h.t.Helper()
	for range 80 {
		h.do(chromedp.KeyEvent("\t"))
		beginning, begins := strings.CutSuffix(name, "…")
		if at := h.script(focused); at == name || begins && strings.HasPrefix(at, beginning) {
			return
		}
	}
	h.t.Fatalf("the Tab key does not reach %q; the page says: %s", name, h.script(`document.body.innerText`))
}

func (h *hands) fill(label, text string) {
	h.t.Helper()
	h.to(label)
	h.do(chromedp.KeyEvent(text))
}

// press presses a button or follows a link, and sees where it leads.
func (h *hands) press(name, heading string) {
	h.t.Helper()
	h.to(name)
	h.script(`document.documentElement.dataset.left = "yes"`)
	h.do(chromedp.KeyEvent("\r"))
	h.sees(heading)
}

// choose selects the nth of the choices that begin with the first one.
func (h *hands) choose(first string, n int) {
	h.t.Helper()
	h.to(first)
	h.do(chromedp.KeyEvent(" "))
	for range n {
		h.do(chromedp.KeyEvent("\u0301")) // the arrow down
	}
}

// TestARealBrowserPlaysThePersonsAndTheTutorsJourney plays both by the keyboard
// alone, on a phone and on a desktop, with scripts and without.
func TestARealBrowserPlaysThePersonsAndTheTutorsJourney(t *testing.T) {
	browser := govuktest.Browser(t)
	for what, c := range map[string]struct {
		wide    int64
		scripts bool
	}{
		"a phone": {360, true}, "a desktop": {1280, true}, "a phone without scripts": {360, false}, "a desktop without scripts": {1280, false},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if pages := w.server.Config.Handler; !c.scripts {
				w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, ".js") {
						http.NotFound(rw, r)
						return
					}
					pages.ServeHTTP(rw, r)
				})
			}
			theTutorsJourney(t, w, w.hands(t, browser, c.wide), w.hands(t, browser, c.wide), c.scripts)
			thePersonsJourney(t, w, w.hands(t, browser, c.wide))
		})
	}
}

func thePersonsJourney(t *testing.T, w *world, h *hands) {
	h.open("/", "Register for")
	h.press("Start now", "What is your email address?")
	h.press("Continue", "What is your email address?") // with an error, and the focus on its summary
	h.fill("What is your email address?", "zephyrine@example.com")
	h.press("Continue", "Confirm your email address")
	h.fill("Code", w.code("zephyrine@example.com"))
	h.press("Continue", "What is your name?")
	h.fill("First name", "Zephyrine")
	h.fill("Last name", "Quillfeather")
	h.press("Continue", "Have you ever had another name?")
	h.choose("Yes", 1)
	h.press("Continue", "What is your date of birth?")
	h.fill("Day", "17")
	h.fill("Month", "2")
	h.fill("Year", "1984")
	h.press("Continue", "Do you know your teacher reference number")
	h.choose("Yes", 1)
	h.press("Continue", "You can register without a TRN")
	h.press("Continue without a TRN", "Do you have a National Insurance number?")
	h.press("Back", "Do you know your teacher reference number")
	h.press("Continue", "You can register without a TRN")
	h.press("Continue without a TRN", "Do you have a National Insurance number?")
	h.choose("Yes", 1)
	h.press("Continue", "Check your answers")
	h.press("Change name", "What is your name?")
	h.press("Continue", "Check your answers")
	h.press("Register", "We could not confirm your details straight away")
	h.press("These details are right…", "We are checking your details")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "Nobody of this name."})
	h.open("/progress", "Check your details and send them again")
	h.press("Check my details", "Check your answers")
	w.knows("Zephyrina", "7300456")
	h.press("Change name", "What is your name?")
	h.to("First name")
	h.do(chromedp.KeyEvent("Zephyrina")) // the Tab key selects what stands in a box
	h.press("Continue", "Check your answers")
	h.press("Send…", "We have confirmed your details")
}

func theTutorsJourney(t *testing.T, w *world, tess, jo *hands, scripts bool) {
	school := cpd.School{URN: "900001", Name: "Ashdown School"}
	w.tutor("tess@example.org", school)
	link, err := w.accounts.AddAccount(t.Context(), "tess@example.org", []string{"tutor"})
	if err != nil {
		t.Fatal(err)
	}
	tess.open("/sign-in/"+link, "Sign in")
	tess.press("Sign in", "People")
	tess.open("/school/add", "Add a person")
	tess.press("Send the invitation", "Add a person") // with errors
	tess.fill("First name", "Jo")
	tess.fill("Last name", "Sample")
	tess.fill("Email address", "jo@example.org")
	tess.press("Send the invitation", "Jo Sample")

	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("first_name,last_name,email\nAl,Sample,al@example.org\nBo,12,bo@example.org\nCy,Sample,cy@\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reads := func() {
		t.Helper()
		tess.open("/school/files", "Add people from a file")
		tess.do(chromedp.SetUploadFiles("#file", []string{file})) // the system's dialogue is not the page's
		tess.press("Read the file", "Check your file")
	}
	tess.open("/school/files", "Add people from a file")
	tess.press("Read the file", "Add people from a file") // with an error: no file
	tess.says("Select a file")
	reads()
	tess.says("To be invited 1", "On your list already 0", "Rows to mend 2", "3 Bo 12", "4 Cy Sample cy@", "Enter an email address in the correct format")
	tess.press("Invite 1 person", "We are sending the invitations")
	if scripts {
		tess.to("Stop updating this page")
		tess.do(chromedp.KeyEvent("\r"))
		w.work()
		tess.says("Update this page by itself", "0 of 1 rows are done")
		tess.do(chromedp.KeyEvent(" "))
		tess.sees("The invitations are sent") // by itself
	} else {
		tess.silent("Stop updating this page")
		w.work()
		tess.press("See how far it is now", "The invitations are sent")
	}
	tess.to("Download what became of each row (CSV)")
	result := tess.script(`fetch(document.activeElement.href).then(answer => answer.text())`, chromedp.EvalAwaitPromise)
	if want := "line,first_name,last_name,email,result,column,what_to_mend\n2,Al,Sample,al@example.org,invited,,\n3,Bo,12,bo@example.org,not_invited,last_name,"; !strings.HasPrefix(result, want) {
		t.Errorf("the result is %q, want that it begins %q", result, want)
	}

	// The same file once more changes nothing.
	mails := w.mailed()
	reads()
	tess.says("To be invited 0", "On your list already 1", "There is nobody in this file to invite.")
	tess.press("Forget this file", "Add people from a file")
	w.work()
	if n := w.mailed(); n != mails {
		t.Errorf("the same file again: %d mails, want %d", n, mails)
	}

	jo.open(w.linkTo("jo@example.org"), "Register for training")
	jo.press("Continue", "Have you ever had another name?")
	tess.open("/school/people", "People")
	tess.press("Jo Sample", "Jo Sample")
}
