package traconsole_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"traid/internal/govuk/govuktest"
	"traid/internal/tra/traconsole"
)

// mostActions is how many presses lead a new operator from the list to a decided case.
const mostActions = 6

// A new operator, in a real browser, with nothing but the keyboard.
func TestACaseIsDecidedByKeyboardInAtMostSixActions(t *testing.T) {
	for scripts, disabled := range map[string]bool{"with scripts": false, "without scripts": true} {
		t.Run(scripts, func(t *testing.T) {
			c := start(t)
			link, err := c.accounts.AddAccount(t.Context(), "new@example.org", []string{traconsole.RoleOperator})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(govuktest.Browser(t), 60*time.Second)
			t.Cleanup(stop)
			do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				if err := chromedp.Do(ctx, steps...); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			do("begin", chromedp.Navigate("about:blank"))
			if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: disabled}); err != nil {
				t.Fatal(err)
			}
			do("sign in", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitVisible(`.traid-cases`))
			var actions []string
			// presses goes to a button by Tab alone, and presses it.
			presses := func(text, then string) {
				t.Helper()
				for range 60 {
					do("Tab", chromedp.KeyEvent(kb.Tab))
					at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.innerText || ""`))
					if err != nil {
						t.Fatal(err)
					}
					if !strings.HasPrefix(at, text) {
						continue
					}
					actions = append(actions, at)
					do(text, chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(fmt.Sprintf(`//main[contains(normalize-space(.), %q)]`, then)))
					return
				}
				t.Fatalf("60 times Tab do not lead to %q; done so far: %q", text, actions)
			}
			began := time.Now()
			presses("Take the next case", "Records that may be this person’s")
			presses("This is the person", "Check this record before you decide")
			presses("Confirm that this is the person", "Decided. It is released at")
			t.Logf("%d actions, %s with a keyboard that never waits: %q", len(actions), time.Since(began).Round(time.Millisecond), actions)
			if len(actions) > mostActions {
				t.Errorf("%d actions, want %d at most", len(actions), mostActions)
			}
			if len(c.decided) != 1 || c.decided[0].TRN != trn(t, "8400123") {
				t.Errorf("decided %+v", c.decided)
			}
		})
	}
}

// A single key leads to a button and presses nothing; where one types it is a letter.
func TestASingleKeyLeadsToAButtonAndPressesNothing(t *testing.T) {
	c := start(t)
	link, err := c.accounts.AddAccount(t.Context(), "new@example.org", []string{traconsole.RoleOperator})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(govuktest.Browser(t), 60*time.Second)
	t.Cleanup(stop)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	has := func(what, expression string) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err != nil || !got {
			t.Errorf("%s: %v", what, err)
		}
	}
	do("sign in", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitVisible(`.traid-cases`))
	do("n", chromedp.KeyEvent("n"))
	has("n leads to the next case", `document.activeElement.innerText.startsWith("Take the next case")`)
	if len(c.asked) != 0 {
		t.Error("n has taken a case")
	}
	do("Enter", chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(`#candidates`))
	do("2", chromedp.KeyEvent("2"))
	has("2 leads to the second record", `document.activeElement.innerText.includes("9911999")`)
	do("s", chromedp.KeyEvent("s"))
	do("typing", chromedp.KeyEvent("lr1"))
	has("where one types it is a letter", `document.activeElement.name === "query" && document.activeElement.value.endsWith("lr1")`)
	do("?", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.KeyEvent("?"), chromedp.WaitReady(`//h1[. = "Keyboard"]`))
}
