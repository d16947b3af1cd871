package traconsole_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"traid/internal/tra"
	"traid/internal/tra/traconsole"
)

// kept are what can be typed into the forms of a case, each reached anew, with
// the button that hands it in.
func kept(ann *browser) map[string]func() (p *page, action, button string, typed url.Values) {
	answeredPath := "/cases/" + string(answered)
	return map[string]func() (*page, string, string, url.Values){
		"a reason for a difference": func() (*page, string, string, url.Values) {
			return ann.get(casePath).press(casePath+"/check", "TRN 9911999", nil), casePath + "/check/confirm", "Confirm", one("why", "Her sister’s birthday stood in the form.")
		},
		"a note": func() (*page, string, string, url.Values) {
			return ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record")), casePath + "/answer/check", "Continue", one("note", "Send us the name on your certificate.")
		},
		"a barring check’s reason": func() (*page, string, string, url.Values) {
			return ann.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")), barringPath + "/answer/confirm", "Confirm", one("why", "The panel’s order is in force.")
		},
		"why a case is opened again": func() (*page, string, string, url.Values) {
			return ann.get(answeredPath + "/reopen"), answeredPath + "/reopen", "Open the case again", one("why", "The wrong twin.")
		},
	}
}

// typedIn fails the test unless the page's form to action holds what was typed.
func typedIn(p *page, action, button string, typed url.Values) {
	p.t.Helper()
	_, values := p.is(http.StatusOK).form(action, button, nil)
	for name, list := range typed {
		if !slices.Equal(values[name], list) {
			p.t.Errorf("%s: %s is %q, want %q as it was typed", p.asked, name, values[name], list)
		}
	}
}

func TestAFormThatMetAnEndedSessionComesBackFilledIn(t *testing.T) {
	for _, end := range []string{"signed out in another tab", "idle for too long"} {
		for what := range maps.Keys(kept(nil)) {
			t.Run(end+", "+what, func(t *testing.T) {
				c := start(t)
				c.free(barringCase)
				ann := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator)
				p, action, button, typed := kept(ann)[what]()
				if end == "idle for too long" {
					c.endSessions(t)
				} else {
					ann.post("/sign-out", nil).is(http.StatusSeeOther)
				}
				p.press(action, button, typed).follow("/sign-in").says("You are signed out, and what you typed is kept.")
				if len(c.decided) > 0 {
					t.Error("something was decided without a session")
				}
				typedIn(ann.enter("ann@example.org", traconsole.RoleAdministrator).follow("/cases/"+string(c.saved[0].Request)+"/saved"), action, button, typed)
			})
		}
	}
}

func TestAnotherPersonNeverSeesWhatWasTyped(t *testing.T) {
	c := start(t)
	ann := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p, action, button, typed := kept(ann)["a note"]()
	ann.post("/sign-out", nil)
	p.press(action, button, typed).follow("/sign-in")

	// Sue signs in to the same browser, and in her own.
	sue := ann.enter("sue@example.org", traconsole.RoleSupervisor)
	sue.follow(casePath+"/saved").follow(casePath).saysNot(typed.Get("note"), "is kept")
	p.press(action, button, typed).is(http.StatusConflict).says("This form is somebody else’s", "What they typed is kept for them")
	for _, path := range []string{"/", casePath, casePath + "/saved"} {
		c.signIn(t, "sue@example.org", traconsole.RoleSupervisor).get(path).saysNot(typed.Get("note"), "is kept", "have not handed in")
	}
	typedIn(c.signIn(t, "ann@example.org", traconsole.RoleOperator).get(casePath+"/saved"), action, button, typed)
}

func TestOnlyWhoMayComeInHasTheirFormKept(t *testing.T) {
	note := url.Values{"note": {"Send us more."}, "answer": {"no_record"}, "revision": {"7"}}
	for why, forge := range map[string]func(c *console, form url.Values){
		"nobody’s form":      func(_ *console, form url.Values) { form.Del("form_of") },
		"a forged owner":     func(_ *console, form url.Values) { form.Set("form_of", "someone.c29tZXRoaW5n") },
		"a disabled account": func(c *console, _ url.Values) { _ = c.accounts.DisableAccount(t.Context(), "ann@example.org") },
		"a role that is gone": func(c *console, _ url.Values) {
			_, _ = c.accounts.AddAccount(t.Context(), "ann@example.org", []string{"guest"})
		},
		"a case that is not seen": func(c *console, _ url.Values) { c.cases[trnCase].Request.Kind = tra.BarringCheck },
		"a case that is not there": func(c *console, _ url.Values) {
			delete(c.cases, trnCase)
		},
	} {
		t.Run(why, func(t *testing.T) {
			c := start(t)
			ann := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
			_, form := ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record")).form(casePath+"/answer/check", "Continue", note)
			ann.post("/sign-out", nil)
			forge(c, form)
			ann.post(casePath+"/answer/check", form).follow("/sign-in").saysNot("is kept")
			if len(c.saved) > 0 {
				t.Errorf("%+v is kept", c.saved)
			}
		})
	}
}

func TestAFormIsSavedAndGoneOnWithLater(t *testing.T) {
	for what := range maps.Keys(kept(nil)) {
		t.Run(what, func(t *testing.T) {
			c := start(t)
			c.free(barringCase)
			ann := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator)
			p, action, button, typed := kept(ann)[what]()
			p = p.press(action, "Save and come back later", typed).follow("/cases/" + string(c.saved[0].Request))
			p.says("What you typed is kept. Saved on 25 November 2026, 12:00.")
			ann.get("/").says("have not handed in", string(c.saved[0].Reference))
			typedIn(ann.get("/cases/"+string(c.saved[0].Request)+"/saved"), action, button, typed)
		})
	}
}

func TestWhatIsSavedWhileOneTypesAnswersNothing(t *testing.T) {
	c := start(t)
	ann := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p, action, button, typed := kept(ann)["a note"]()
	_, form := p.form(action, "Save and come back later", typed)
	form.Set("quiet", "yes")
	ann.post(casePath+"/saved", form).is(http.StatusNoContent)
	typedIn(ann.get(casePath+"/saved"), action, button, typed)
	ann.post("/sign-out", nil)
	form.Set("note", "Send us the name on your certificate, and a photograph.")
	ann.post(casePath+"/saved", form).is(http.StatusSeeOther)
	typedIn(ann.enter("ann@example.org", traconsole.RoleOperator).follow(casePath+"/saved"), action, button, one("note", form.Get("note")))
	ann.get(casePath).press(casePath+"/saved/delete", "Delete it", nil).follow(casePath).saysNot("is kept")
	form.Set("form", "nonsense")
	ann.post(casePath+"/saved", form).is(http.StatusUnprocessableEntity)
}

func TestASavedFormTellsWhatChangedMeanwhile(t *testing.T) {
	c := start(t)
	ann, sue := c.signIn(t, "ann@example.org", traconsole.RoleOperator), c.signIn(t, "sue@example.org", traconsole.RoleOperator)
	p, action, _, typed := kept(ann)["a reason for a difference"]()
	p.press(action, "Save and come back later", typed)
	c.free(trnCase)
	sue.get(casePath).press(casePath+"/check", "TRN 8400123", nil).press(casePath+"/check/confirm", "Confirm", nil).follow(casePath)
	ann.get(casePath+"/saved").is(http.StatusOK).says("The case has changed", "sue@example.org decided this case at", typed.Get("why"))
}
