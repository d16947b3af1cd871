package traconsole_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"traid/internal/govuk/govuktest"
	"traid/internal/tra/traconsole"
)

// The page's script, in a real browser.
func TestWhatOneTypesIsSavedByItself(t *testing.T) {
	c := start(t)
	link, err := c.accounts.AddAccount(t.Context(), "ann@example.org", []string{traconsole.RoleOperator})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(govuktest.Browser(t), 30*time.Second)
	t.Cleanup(stop)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	says := func(what string) chromedp.Action[chromedp.Void] {
		return chromedp.WaitReady(fmt.Sprintf(`//*[@data-traid-saved][starts-with(., %q)]`, what))
	}
	kept := func(want string) {
		t.Helper()
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.saved) != 1 {
			t.Fatalf("%d forms are kept", len(c.saved))
		}
		values, err := url.ParseQuery(c.saved[0].Values.Reveal())
		if err != nil || !strings.HasPrefix(values.Get("note"), want) || values.Get("answer") != "no_record" {
			t.Errorf("kept: %q, %v, want a note that begins with %q", values, err, want)
		}
	}
	do("sign in", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitVisible(`.traid-cases`))
	do("begin", chromedp.Navigate(c.url+casePath), chromedp.Click(`input[value=no_record]`), chromedp.Click(`.traid-decide button`), chromedp.WaitVisible(`#note`))
	do("type", chromedp.SendKeys(`#note`, "Send us"), says("Saved at"))
	kept("Send us")
	c.endSessions(t)
	do("type on after the session ended", chromedp.SendKeys(`#note`, " the certificate."), says("You are signed out"))
	kept("Send us the certificate.")
	do("hand it in", chromedp.SendKeys(`#note`, " Thank you."), chromedp.Click(`form .govuk-button:not(.govuk-button--secondary)`), chromedp.WaitVisible(`.govuk-notification-banner`))
	kept("Send us the certificate. Thank you.")
	if link, err = c.accounts.AddAccount(t.Context(), "ann@example.org", []string{traconsole.RoleOperator}); err != nil {
		t.Fatal(err)
	}
	do("come back", chromedp.Navigate(c.url+"/sign-in/"+link), chromedp.Click(`main button`), chromedp.WaitVisible(`#note`))
	note, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('#note').value`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(note, "Send us the certificate. Thank you.") {
		t.Errorf("the note is %q", note)
	}
}
