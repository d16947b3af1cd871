package app

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"traid/internal/govuk/govuktest"
	"traid/internal/synth"
)

// demonstration is a running `traid demo` and what it said.
type demonstration struct{ said string }

func startDemo(t *testing.T) demonstration {
	t.Helper()
	env := map[string]string{setData: t.TempDir(), setLogLevel: "warn", setReleaseAfter: "1s", setSweepEvery: "1s"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int)
	go func() {
		done <- Run(ctx, []string{"demo"}, func(name string) string { return env[name] }, w, t.Output())
		_ = w.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitOK {
			t.Errorf("the demonstration ended with %d", code)
		}
	})
	var said strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(said.String(), "/outbox") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("it ended after %q: %v", said.String(), err)
		}
		said.Write(buf[:n])
	}
	return demonstration{said.String()}
}

// find gives what the demonstration said at a place.
func (d demonstration) find(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(d.said)
	if m == nil {
		t.Fatalf("the demonstration does not say %s", pattern)
	}
	return m[1]
}

// surfer is one person with a browser of their own.
type surfer struct {
	t    *testing.T
	tab  context.Context
	base string
}

// longestPage bounds the wait for a page to say what it should.
const longestPage = 30 * time.Second

func newSurfer(t *testing.T, browser context.Context, base string, wide int64) *surfer {
	t.Helper()
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil { // the tab ends with the context that opens it
		t.Fatal(err)
	}
	s := &surfer{t: t, tab: tab, base: base}
	s.do(chromedp.EmulateViewport(wide, 900))
	return s
}

func (s *surfer) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, longestPage)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.t.Fatalf("%v; the page says:\n%s", err, s.text("body"))
	}
}

func (s *surfer) open(path string) {
	s.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = s.base + path
	}
	s.do(chromedp.Navigate(path))
}

// text gives what a part of the page says.
func (s *surfer) text(part string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, longestPage)
	defer cancel()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`(document.querySelector(%q) || {innerText: ""}).innerText`, part)))
	if err != nil {
		s.t.Fatal(err)
	}
	return said
}

// sees waits for the page to say a text.
func (s *surfer) sees(text string) {
	s.t.Helper()
	s.do(chromedp.WaitReady(fmt.Sprintf(`//body[contains(normalize-space(.), %q)]`, text)))
}

// reloads asks for the page again until it says a text.
func (s *surfer) reloads(text string) {
	s.t.Helper()
	deadline := time.Now().Add(longestPage)
	for {
		body := s.text("body")
		if strings.Contains(body, text) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("it does not come to say %q; the page says:\n%s", text, body)
		}
		s.do(chromedp.Reload())
	}
}

// not fails the test when the page says a text.
func (s *surfer) not(text string) {
	s.t.Helper()
	if strings.Contains(s.text("body"), text) {
		s.t.Errorf("the page says %q", text)
	}
}

func (s *surfer) fill(id, value string) {
	s.t.Helper()
	s.do(chromedp.SetValue("#"+id, value))
}

func (s *surfer) choose(name, value string) {
	s.t.Helper()
	s.do(chromedp.Click(fmt.Sprintf(`input[name="%s"][value="%s"]`, name, value)))
}

// press clicks a button or a link by what stands on it.
func (s *surfer) press(text string) {
	s.t.Helper()
	s.do(chromedp.Click(fmt.Sprintf(`//main//*[self::a or self::button][starts-with(normalize-space(.), %q)]`, text)))
}

// row follows the link of the line of a table that names somebody.
func (s *surfer) row(name string) {
	s.t.Helper()
	s.do(chromedp.Click(fmt.Sprintf(`(//tr[contains(., %q)]//a)[1]`, name)))
}

func (s *surfer) signIn(link string) {
	s.t.Helper()
	s.open(link)
	s.press("Sign in")
	s.sees("Sign out")
}

// registers answers the questions as a member of the cast.
func (s *surfer) registers(m synth.Member) {
	s.t.Helper()
	s.open("/")
	s.press("Start now")
	s.sees("What is your email address?")
	s.fill("email", m.Email)
	s.press("Continue")
	s.sees("Confirm your email address")
	s.fill("code", s.mailed(m.Email))
	s.press("Continue")
	s.sees("First name")
	s.fill("first-name", m.FirstName)
	s.fill("last-name", m.LastName)
	s.press("Continue")
	s.sees("Have you ever had another name?")
	s.choose("changed-name", "no")
	s.press("Continue")
	s.sees("What is your date of birth?")
	born, err := time.Parse(time.DateOnly, m.DateOfBirth)
	if err != nil {
		s.t.Fatal(err)
	}
	s.fill("date-of-birth-day", fmt.Sprint(born.Day()))
	s.fill("date-of-birth-month", fmt.Sprint(int(born.Month())))
	s.fill("date-of-birth-year", fmt.Sprint(born.Year()))
	s.press("Continue")
	s.sees("Do you know your teacher reference number (TRN)?")
	if m.TRN != "" {
		s.choose("has-trn", "yes")
		s.fill("trn", m.TRN)
		s.press("Continue")
	} else {
		s.choose("has-trn", "no")
		s.press("Continue")
		s.sees("You can register without a TRN")
		s.press("Continue without a TRN")
		s.sees("Do you have a National Insurance number?")
		if m.NINO != "" {
			s.choose("has-national-insurance-number", "yes")
			s.fill("national-insurance-number", m.NINO)
		} else {
			s.choose("has-national-insurance-number", "no")
		}
		s.press("Continue")
	}
	s.sees("Check your answers")
	s.press("Register")
}

// mailed reads the newest code to an address in the demonstration's outbox, as
// somebody does who has it open in another tab.
func (s *surfer) mailed(to string) string {
	s.t.Helper()
	tab, closeTab := chromedp.NewContext(s.tab)
	defer closeTab()
	if err := chromedp.Do(tab); err != nil { // the tab ends with the context that opens it
		s.t.Fatal(err)
	}
	outbox := &surfer{s.t, tab, s.base}
	outbox.open("/outbox")
	outbox.sees("To " + to)
	code := regexp.MustCompile(`To ` + regexp.QuoteMeta(to) + `(?s:.*?)\b(\d{6})\b`).FindStringSubmatch(outbox.text("main"))
	if code == nil {
		s.t.Fatalf("no code was mailed; the outbox says:\n%s", outbox.text("main"))
	}
	return code[1]
}

func member(t *testing.T, part string) synth.Member {
	t.Helper()
	for _, m := range synth.Cast() {
		if m.Part == part {
			return m
		}
	}
	t.Fatalf("nobody %s", part)
	return synth.Member{}
}

// TestARealBrowserPlaysBothFlowsOnTheDemonstration follows what `traid demo`
// says: three people register, two operators decide, an administrator looks on.
func TestARealBrowserPlaysBothFlowsOnTheDemonstration(t *testing.T) {
	demo := startDemo(t)
	browser := govuktest.Browser(t)
	cpd := demo.find(t, `Manage CPD +(http://\S+)`)
	tra := demo.find(t, `console +(http://\S+)`)
	const phone, desktop = 390, 1280

	// One who matches at once.
	imogen := newSurfer(t, browser, cpd, phone)
	imogen.registers(member(t, synth.MatchesAtOnce))
	imogen.sees("We have confirmed your details")

	// Flow 1: one who needs the operator.
	tomasz := newSurfer(t, browser, cpd, phone)
	tomasz.registers(member(t, synth.NeedsOperator))
	tomasz.sees("We could not confirm your details straight away")
	tomasz.press("These details are right")
	tomasz.sees("CPD-")

	olive := newSurfer(t, browser, tra, desktop)
	olive.signIn(demo.find(t, `an operator +(http://\S+)`))
	olive.reloads("Tomasz Wilczynski")
	olive.row("Tomasz Wilczynski")
	olive.sees("Records that may be this person’s")
	olive.fill("query", "wilczynski 1979")
	olive.press("Search")
	olive.sees("1 record")
	olive.press("This is the person")
	olive.sees("What the client will read")
	olive.press("Confirm that this is the person")
	olive.sees("Decided")
	olive.reloads("The client has been answered")

	ada := newSurfer(t, browser, cpd, desktop)
	ada.signIn(demo.find(t, `an administrator of Manage CPD +(http://\S+)`))
	ada.open("/admin/waiting")
	ada.press("Poll now")
	ada.sees("The TRA was asked")
	ada.open("/admin/participants")
	ada.row("Tomasz Wilczynski")
	ada.sees("History")
	ada.reloads("The TRN was validated by the TRA")
	tomasz.reloads("We have confirmed your details")

	// Flow 2: one with an open alert; the person sees nothing of it.
	desmond := newSurfer(t, browser, cpd, phone)
	desmond.registers(member(t, synth.HasOpenAlert))
	desmond.sees("We have confirmed your details")
	before := desmond.text("main")
	olive.open("/")
	olive.reloads("Desmond Carrowby")
	olive.row("Desmond Carrowby")
	olive.sees("Prohibition")
	olive.choose("answer", "barred")
	olive.press("Continue")
	olive.sees("Another operator will have to agree")
	olive.press("Confirm this answer")
	olive.sees("Another operator has to agree")
	owen := newSurfer(t, browser, tra, desktop)
	owen.signIn(demo.find(t, `a second operator, for second review +(http://\S+)`))
	owen.open("/?queue=review")
	owen.reloads("Desmond Carrowby")
	owen.row("Desmond Carrowby")
	owen.press("Review this decision")
	owen.sees("Do you agree with this decision?")
	owen.choose("review", "agree")
	owen.press("Confirm")
	owen.sees("Agreed by")
	owen.reloads("The client has been answered")

	ada.open("/admin/waiting")
	ada.press("Poll now")
	ada.sees("The TRA was asked")
	ada.open("/admin/participants")
	ada.row("Desmond Carrowby")
	ada.sees("History")
	ada.reloads("The TRA answered the barring check")
	desmond.do(chromedp.Reload())
	desmond.sees("We have confirmed your details")
	desmond.not("barred")
	if after := desmond.text("main"); after != before {
		t.Errorf("the person's page says other words than before: %q, then %q", before, after)
	}
	ada.open("/admin/outbox")
	ada.sees("We have confirmed your details")
}
