package traconsole_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"traid/internal/govuk/govuktest"
	"traid/internal/tra/traconsole"
)

// An operator who does nothing for a while, in a real browser whose clock is moved.
func TestASessionWarnsBeforeItEndsAndLosesNothing(t *testing.T) {
	c := start(t)
	link, err := c.accounts.AddAccount(t.Context(), "ann@example.org", []string{traconsole.RoleOperator})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(govuktest.Browser(t), 90*time.Second)
	t.Cleanup(stop)
	do := func(tab context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(tab, steps...); err != nil {
			said, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
			t.Fatalf("%s: %v; the page says: %s", what, err, said)
		}
	}
	has := func(what, expression string) {
		t.Helper()
		if got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err != nil || !got {
			t.Errorf("not so: %s: %v", what, err)
		}
	}
	ends := func() (at string) {
		t.Helper()
		if err := c.db.Reader().QueryRowContext(t.Context(), `SELECT expires_at FROM sessions ORDER BY expires_at DESC LIMIT 1`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	later := chromedp.Evaluate[chromedp.Void](`{ const real = Date.now.bind(Date); Date.now = () => real() + 56 * 60 * 1000 }`)
	saved := chromedp.WaitReady(`//dialog[@open]//p[. = "What you typed is saved."]`)

	do(ctx, "sign in", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitVisible(`.traid-cases`))
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	do(ctx, "begin", chromedp.Navigate(c.url+casePath), chromedp.Click(`input[value=no_record]`), chromedp.Click(`.traid-decide button`), chromedp.WaitVisible(`#note`))
	do(ctx, "type", chromedp.SendKeys(`#note`, "Send us"), chromedp.WaitReady(`//*[@data-traid-saved][starts-with(., "Saved at")]`))
	has("no warning yet", `!document.querySelector('dialog').open`)
	before := ends()
	do(ctx, "do nothing", later, saved)
	has("it says when", `document.querySelector('#signs-out-text').innerText.includes('in 4 minutes')`)
	has("the button has the focus", `document.activeElement.innerText === 'Stay signed in'`)
	if after := ends(); after != before {
		t.Errorf("what the page saved by itself made the session longer: %s to %s", before, after)
	}
	govuktest.Axe(t, ctx)
	do(ctx, "stay", chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(`dialog:not([open])`))
	if after := ends(); after <= before {
		t.Errorf("the session was not made longer: %s to %s", before, after)
	}
	has("the focus is where it was", `document.activeElement.id === 'note'`)

	do(ctx, "type on", chromedp.SendKeys(`#note`, " the certificate."))
	c.endSessions(t)
	do(ctx, "the session has ended", later, chromedp.WaitVisible(`dialog button`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`dialog a`))
	has("it says so", `document.querySelector('dialog').innerText.includes('You are signed out')`)
	govuktest.Axe(t, ctx)
	if link, err = c.accounts.AddAccount(t.Context(), "ann@example.org", []string{traconsole.RoleOperator}); err != nil {
		t.Fatal(err)
	}
	do(ctx, "the clock is right again", chromedp.Evaluate[chromedp.Void](`delete Date.now; Date.now = () => performance.timeOrigin + performance.now()`))
	other, closeOther := chromedp.NewContext(ctx)
	t.Cleanup(closeOther)
	do(other, "sign in elsewhere", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitReady(`form[action="/sign-out"]`))
	do(ctx, "go on", chromedp.WaitReady(`dialog:not([open])`))
	has("what was typed is there", `document.querySelector('#note').value.startsWith('Send us the certificate.')`)
}
