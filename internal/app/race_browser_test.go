package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"traid/internal/dqt"
	"traid/internal/govuk/govuktest"
	"traid/internal/httpd"
	"traid/internal/tra/traconsole"
	"traid/internal/wire/trav1"
)

// Two operators in real browsers decide one case at the same moment, with the
// real services behind them.
func TestTwoBrowsersRaceForOneCase(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error", setReleaseAfter: "1s"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	const register = "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts\n" +
		"8400123,active,Zoë,,Okoro-Marsh,,1984-02-17,QQ123456C,,,\n"
	if _, err := h.Register().Import(t.Context(), strings.NewReader(register), dqt.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := h.Access("tra").CreateToken(t.Context(), "a client", []string{trav1.ScopeRequests}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	client := trav1.NewClient(httpd.ClientOptions{BaseURL: h.URL("tra"), Token: token})
	id := uuid.NewString()
	if _, err := client.PutTRNValidation(t.Context(), id, trav1.TRNValidationRequest{FirstName: "Zoë", LastName: "Okoro-Marsh", DateOfBirth: "1984-02-17"}); err != nil {
		t.Fatal(err)
	}
	if err := h.WorkDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	operator := func(email string) *surfer {
		t.Helper()
		link, err := h.Access("tra").AddAccount(t.Context(), email, []string{traconsole.RoleOperator})
		if err != nil {
			t.Fatal(err)
		}
		s := newSurfer(t, govuktest.Browser(t), h.URL("tra"), 1280)
		s.signIn("/sign-in/" + link)
		s.open("/cases/" + id)
		return s
	}
	ann := operator("ann@example.org")
	ann.choose("answer", "no_record")
	ann.press("Continue")
	ann.sees("Note for the client")
	ann.fill("note", "Check every name that you have had.")
	ann.press("Continue")
	ann.sees("Confirm this answer")
	ben := operator("ben@example.org")
	ben.sees("ann@example.org took this case")
	ben.press("Take it over")
	ben.press("This is the person")
	ben.sees("Confirm that this is the person")

	pressed := make(chan error, 2)
	for s, text := range map[*surfer]string{ann: "Confirm this answer", ben: "Confirm that this is the person"} {
		go func() {
			ctx, cancel := context.WithTimeout(s.tab, longestPage)
			defer cancel()
			pressed <- chromedp.Do(ctx, chromedp.Click(fmt.Sprintf(`//main//button[starts-with(normalize-space(.), %q)]`, text)))
		}()
	}
	if err := errors.Join(<-pressed, <-pressed); err != nil {
		t.Fatal(err)
	}
	ben.sees("Decided.")
	ann.sees("The case has changed")
	ann.sees("ben@example.org")
	ann.sees("Check every name that you have had.") // her own work
	ann.not("Confirm this answer")
	ann.open("/cases/" + id)
	ann.sees("ben@example.org")

	deadline := time.Now().Add(longestPage)
	for {
		if err := h.WorkDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := client.GetTRNValidation(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.Answer != nil {
			if got.Answer.Version != 1 || got.Answer.Outcome != "trn_found" || got.Answer.TRN == nil || *got.Answer.TRN != "8400123" {
				t.Errorf("answered %+v", got.Answer)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not answered: %+v", got)
		}
	}
}
