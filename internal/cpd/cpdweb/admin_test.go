package cpdweb_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/cpd/cpdweb"
	"traid/internal/person"
	"traid/internal/workday"
)

// inConflict makes two people who hold one record, and gives the one who waits.
func inConflict(t testing.TB, w *world) (path string) {
	t.Helper()
	w.knows("Ada", "7300456")
	ada := w.browser()
	ada.fillIn(sample{First: "Ada", Last: "Sample", Email: "ada@example.org", TRN: "7300456"})
	ada.post("/check-your-answers").at("/progress")
	w.move(time.Hour)
	w.browser().standsBy(sample{First: "Adah", Last: "Sample", Email: "adah@example.org", NINO: "QQ222222A"})
	trn, err := person.NewTRN("7300456")
	if err != nil {
		t.Fatal(err)
	}
	w.answer(cpd.Answer{Outcome: cpd.TRNFound, TRN: trn})
	for _, p := range w.participants() {
		if p.TRNStatus == cpd.TRNConflict {
			return "/admin/participants/" + string(p.ID)
		}
	}
	t.Fatal("nobody is in conflict")
	return ""
}

func TestOnlyAdministratorsSeeTheirPages(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/admin").at("/sign-in")
	token, err := w.accounts.AddAccount(t.Context(), "other@example.org", []string{"operator"})
	if err != nil {
		t.Fatal(err)
	}
	b.post("/sign-in/"+token).is("/admin", 403).says("You cannot use this page")
	admin := w.administrator()
	admin.get("/admin").at("/admin/participants").says(adminEmail)
	admin.post("/sign-out").at("/sign-in")
	admin.get("/admin/outbox").at("/sign-in")
}

func TestNobodySignsInWhereLocalAccountsAreRefused(t *testing.T) {
	w := newWorld(t)
	link, err := w.accounts.AddAccount(t.Context(), adminEmail, []string{cpdweb.Administrator})
	if err != nil {
		t.Fatal(err)
	}
	sessions, mux := access.NewSessions(w.accounts, "cpd_session", false), http.NewServeMux()
	cpdweb.New(w.svc, cpdweb.Options{Sessions: sessions, Accounts: w.accounts, SignInRefused: true, Now: w.clock}).Mount(mux)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer := httptest.NewRecorder()
		access.LoadAndSave(sessions)(mux).ServeHTTP(answer, httptest.NewRequest(method, "/sign-in/"+link, nil))
		if answer.Code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", method, answer.Code)
		}
	}
}

func TestTheListIsFilteredSearchedAndPaged(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/progress")
	w.browser().standsBy(sample{First: "Edwin", Last: "Sample", Email: "edwin@example.org"})
	admin := w.administrator()
	admin.get("/admin/participants").says("2 participants", "Zephyrine Quillfeather", "Validated automatically", "Edwin Sample", "Awaiting manual validation", "Held", "Not held")
	admin.post("/admin/participants", "trn-status", "validated_automatically").
		is("/admin/participants?trn-status=validated_automatically", 200).says("1 participant", "Zephyrine").silent("Edwin")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "Nobody."})
	w.move(8 * 24 * time.Hour)
	for age, want := range map[string]string{"7": "2 participants", "28": "0 participants", "soon": "2 participants", "-3": "2 participants"} {
		admin.post("/admin/participants", "age", age).is("/admin/participants?age="+age, 200).says(want)
	}
	admin.post("/admin/participants", "why", "no_record").is("/admin/participants?why=no_record", 200).says("1 participant", "Edwin")
	admin.post("/admin/participants", "why", "cannot_tell", "search", "edwin").at("/admin/participants").says("0 participants")
	w.move(-8 * 24 * time.Hour)
	admin.post("/admin/participants", "search", "edwin@").at("/admin/participants").says("1 participant", "Edwin").silent("Zephyrine")
	admin.post("/admin/participants", "search", "nobody").at("/admin/participants").says("Nobody was found")

	for i := range 50 {
		email := "many" + string(rune('a'+i/10)) + string(rune('a'+i%10)) + "@example.org"
		d := cpd.Details{}
		d.FirstName, _ = person.ParseName("Many")
		d.LastName, _ = person.ParseName("Sample")
		d.DateOfBirth, _ = person.ParseDate("1990-03-01")
		d.Email, _ = person.ParseEmail(email)
		w.move(25 * time.Hour)
		w.handsIn(d)
	}
	first := admin.get("/admin/participants").says("52 participants")
	next := links.FindAllStringSubmatch(first.Body, -1)
	var second page
	for _, m := range next {
		if strings.Contains(m[1], "after=") {
			second = admin.get(m[1])
		}
	}
	second.says("Zephyrine", "Edwin").silent("Many", "after=")
	first = admin.post("/admin/participants", "search", "Sample").says("51 participants")
	after := between(t, first.Body, `name="after" value="`, `"`)
	admin.post("/admin/participants", "search", "Sample", "after", after).says("Edwin").silent("Many Sample", `name="after"`)
}

func between(t *testing.T, s, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		t.Fatalf("there is no %s", before)
	}
	rest, _, _ = strings.Cut(rest, after)
	return rest
}

func TestAParticipantIsShownWithEverythingThatHappened(t *testing.T) {
	w := newWorld(t)
	w.browser().standsBy(zephyrine)
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "No record fits the name."})
	admin := w.administrator()
	p := admin.get("/admin/participants/" + string(w.participants()[0].ID))
	p.says("Zephyrine Quillfeather", "Validation failed", "deleted on 21 December 2026", "TRN validation", "Answered", "no record", "No record fits the name.",
		"Registered", "Stood by the details", "A TRN validation request was made", "The request reached the TRA", "The TRN could not be validated",
		"We have received your details", "Check your details and send them again")
	history := p.text()[strings.Index(p.text(), "History"):]
	if strings.Index(history, "Registered") > strings.Index(history, "The request reached the TRA") {
		t.Error("the history is not in order")
	}
	p.silent("/continue/") // a link is only in the outbox
	admin.get("/admin/participants/8c7ff4b0-0f3b-4a3a-9a53-0f6f9d3f7b11").is("/admin/participants/8c7ff4b0-0f3b-4a3a-9a53-0f6f9d3f7b11", 404)
}

func TestAConflictEndsInEachOfThreeWays(t *testing.T) {
	for how, want := range map[cpd.End]string{
		cpd.SamePerson:      "The conflict was ended: the same person",
		cpd.DifferentPeople: "The conflict was ended: different people",
		cpd.WrongLink:       "The conflict was ended: wrong link",
	} {
		t.Run(string(how), func(t *testing.T) {
			w := newWorld(t)
			path := inConflict(t, w)
			admin := w.administrator()
			admin.get(path).at(path).says("Conflict", "The TRN that was found for this participant stands on")
			admin.get(path+"/conflict").at(path+"/conflict").says("7300456", "Ada Sample", "Adah Sample")
			admin.get(path + "/conflict/check").at(path + "/conflict") // nothing was chosen yet
			send := func(form ...string) page {
				return admin.post(path+"/conflict", append(form, hidden(admin.get(path+"/conflict"))...)...)
			}
			refused(t, send("reason", " "), path+"/conflict", "Select how the conflict ends")
			refused(t, send("how", string(how), "reason", " "), path+"/conflict", "Enter the reason")
			refused(t, send("how", string(how), "reason", "It is 7300456."), path+"/conflict", "Reason must not contain a TRN")
			check := send("how", string(how), "reason", "I asked them both.").at(path+"/conflict/check").says("I asked them both.", "This cannot be undone here.")
			if got, err := w.svc.Participant(t.Context(), cpd.ParticipantID(strings.TrimPrefix(path, "/admin/participants/"))); err != nil || got.Conflict == nil {
				t.Fatalf("the conflict has ended before it was confirmed (%v)", err)
			}
			p := admin.post(path+"/conflict/check", hidden(check)...)
			p.says(want, "I asked them both.", adminEmail).silent("End this conflict")
			admin.post(path+"/conflict/check", hidden(check)...).is(p.Path, 200) // a second click
		})
	}
}

var hiddenInput = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// hidden gives what a page's form carries unseen, as names and values in turn.
func hidden(p page) []string {
	var out []string
	for _, m := range hiddenInput.FindAllStringSubmatch(p.Body, -1) {
		out = append(out, m[1], m[2])
	}
	return out
}

func TestAConflictThatChangedIsLookedAtAgain(t *testing.T) {
	w := newWorld(t)
	path := inConflict(t, w)
	admin := w.administrator()
	choice := append([]string{"how", "same_person", "reason", "I asked them both."}, hidden(admin.get(path+"/conflict"))...)
	check := admin.post(path+"/conflict", choice...).at(path + "/conflict/check")
	other := must(person.NewTRN("7300457"))
	w.answer(cpd.Answer{Version: 2, Outcome: cpd.TRNFound, TRN: other}) // free: it ends the conflict
	w.answer(cpd.Answer{Version: 3, Outcome: cpd.TRNFound, TRN: must(person.NewTRN("7300456"))})
	const again = "The conflict has changed since you looked at it."
	admin.post(path+"/conflict/check", hidden(check)...).is(path+"/conflict/check", 409).says(again, "Ada Sample")
	admin.get(path + "/conflict/check").at(path + "/conflict") // nothing is to be confirmed any more
	admin.post(path+"/conflict", choice...).is(path+"/conflict", 409).says(again)
	admin.post(path+"/conflict", "how", "same_person", "reason", "I asked them both.").is(path+"/conflict", 409).says(again)

	choice = append([]string{"how", "different_people", "reason", "I asked them both."}, hidden(admin.get(path+"/conflict"))...)
	admin.post(path+"/conflict", choice...).at(path + "/conflict/check")
	w.answer(cpd.Answer{Version: 4, Outcome: cpd.TRNFound, TRN: other})
	w.answer(cpd.Answer{Version: 5, Outcome: cpd.TRNFound, TRN: must(person.NewTRN("7300456"))})
	admin.get(path+"/conflict/check").is(path+"/conflict/check", 409).says(again)
	if n := len(w.participants()); n != 2 {
		t.Errorf("%d participants, want two still", n)
	}
}

func TestATabConfirmsNothingThatAnotherTabProposed(t *testing.T) {
	for what, at := range map[string]struct {
		path          string
		first, second []string
		tells         string
	}{
		"the end of a conflict": {
			path: "/conflict", first: []string{"how", "same_person", "reason", "I asked them both."},
			second: []string{"how", "different_people", "reason", "They were born in different years."}, tells: "an end: Different people",
		},
		"a correction": {
			path: "/correct", first: correctionTo("Zephyrina"), second: correctionTo("Zephira"), tells: "a correction",
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			var path string
			if at.path == "/conflict" {
				path = inConflict(t, w)
			} else {
				w.browser().standsBy(zephyrine)
				path = "/admin/participants/" + string(w.participants()[0].ID)
			}
			admin := w.administrator()
			propose := func(form []string) page {
				return admin.post(path+at.path, append(slices.Clone(form), hidden(admin.get(path+at.path))...)...).at(path + at.path + "/check")
			}
			older := propose(at.first)
			w.move(time.Hour)
			newer := propose(at.second)
			reason := at.second[len(at.second)-1]
			p := admin.post(path+at.path+"/check", hidden(older)...).is(path+at.path+"/check", http.StatusConflict)
			p.says(adminEmail+" chose "+at.tells+", in another tab on "+w.clock().In(workday.London).Format("2 Jan 2006, 15:04"), reason)
			admin.get(path).silent(reason)
			admin.post(path+at.path+"/check", hidden(newer)...).at(path).says(reason, adminEmail)
		})
	}
}

// correctionTo is a correction of the sample's first name.
func correctionTo(first string) []string {
	return []string{
		"first-name", first, "last-name", "Sample", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984",
		"has-trn", "no", "has-national-insurance-number", "no", "reason", "Her passport says " + first + ".",
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAnUndeterminedAlertGetsAnOwner(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	w.register.alert = true
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/progress")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "cannot_tell"})
	b.get("/progress").says("We have confirmed your details").silent("alert", "barr")
	admin := w.administrator()
	path := "/admin/participants/" + string(w.participants()[0].ID)
	admin.get("/admin/waiting").says("The owner of an undetermined alert: CPD administrators")
	refused(t, admin.post(path+"/alert-owner", "owner", " "), path+"/alert-owner", "Enter who looks after the alert")
	admin.post(path+"/alert-owner", "owner", "safeguarding@example.org").at(path).says("looked after by safeguarding@example.org")
	w.register.alert = false
	w.move(8 * 24 * time.Hour)
	w.work()
	admin.post(path+"/alert-owner", "owner", "late@example.org").is(path+"/alert-owner", 409)
}

func TestWhatWaitsAndThePoll(t *testing.T) {
	w := newWorld(t)
	w.tra.down = true
	w.browser().standsBy(zephyrine)
	w.work()
	admin := w.administrator()
	admin.get("/admin/waiting").at("/admin/waiting").says("1 thing waiting", "A request, to be sent to the TRA", "The other service does not answer", "The last try failed")
	admin.post("/admin/poll").at("/admin/waiting").says("The TRA could not be asked.")
	admin.get("/admin/waiting").silent("The TRA could not be asked.")

	w.tra.down = false
	w.move(time.Hour)
	w.work()
	w.tra.answers = append(w.tra.answers, cpd.Answer{Request: w.tra.asked[0].ID, Kind: cpd.TRNValidation, Version: 1, Outcome: cpd.Failed, Reason: "no_record", AnsweredAt: w.clock()})
	admin.post("/admin/poll").at("/admin/waiting").says("1 answer came", "It will be asked next on 24 Nov 2026, 11:00", "Nothing waits for anybody.")
	w.browser().standsBy(sample{First: "Edwin", Last: "Sample", Email: "edwin@example.org"})
	w.work()
	w.move(10 * 24 * time.Hour)
	admin.get("/admin/waiting").says("The TRA’s answer", "Overdue")
}

func TestTheOutboxHasTheMailsWithTheirLinks(t *testing.T) {
	w := newWorld(t)
	w.browser().standsBy(zephyrine)
	b := w.browser()
	b.post("/continue", "email", zephyrine.Email)
	p := w.administrator().get("/admin/outbox").at("/admin/outbox").says("We have received your details", "Continue your registration", "zephyrine@example.com")
	u, err := url.Parse(w.link())
	if err != nil || !strings.Contains(p.Body, w.server.URL+u.Path) {
		t.Error("the outbox does not have the link")
	}
}

func TestSigningInForgetsWhatSomebodyElseTyped(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	token, err := w.accounts.AddAccount(t.Context(), adminEmail, []string{cpdweb.Administrator})
	if err != nil {
		t.Fatal(err)
	}
	b.post("/sign-in/" + token).at("/admin/participants")
	b.get("/check-your-answers").at("/session-ended").silent("Zephyrine")
}

func TestAdministratorsSendTextAlone(t *testing.T) {
	w := newWorld(t)
	path := inConflict(t, w)
	admin := w.administrator()
	for what, bad := range map[string]string{"NUL": "a\x00b", "no UTF-8": "a\xffb"} {
		for _, field := range []string{"search", "trn-status", "alert-status", "after"} {
			if p := admin.post("/admin/participants", "search", "a", field, bad); p.Status != http.StatusBadRequest {
				t.Errorf("%s in %s: %d, want 400", what, field, p.Status)
			}
			if p := admin.get("/admin/participants?" + url.Values{field: {bad}}.Encode()); p.Status != http.StatusBadRequest {
				t.Errorf("%s in the address, in %s: %d, want 400", what, field, p.Status)
			}
		}
		if p := admin.get("/admin/participants/" + url.PathEscape(bad)); p.Status != http.StatusNotFound {
			t.Errorf("%s as an id: %d, want 404", what, p.Status)
		}
		if p := admin.post(path+"/conflict", append(hidden(admin.get(path+"/conflict")), "how", "wrong_link", "reason", bad)...); p.Status != http.StatusBadRequest {
			t.Errorf("%s in a reason: %d, want 400", what, p.Status)
		}
		if p := admin.post(path+"/alert-owner", "owner", bad); p.Status != http.StatusBadRequest {
			t.Errorf("%s in an owner: %d, want 400", what, p.Status)
		}
	}
	admin.post("/admin/participants", "search", "Zoë’s").at("/admin/participants")
}

func TestAnAdministratorCorrectsAndChecksAgain(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	s := zephyrine
	s.NINO = ""
	b.standsBy(s)
	w.work()
	admin := w.administrator()
	path := "/admin/participants/" + string(w.participants()[0].ID)
	admin.get(path).says("Try the automatic check again", "Correct details")
	admin.post(path+"/check").at(path).says("The automatic check found no record. Nothing has changed.", "An administrator had the automatic check made again")

	admin.get(path + "/correct").at(path + "/correct").says("ends in 23").silent(zephyrine.TRN)
	p := admin.post(path+"/correct", "first-name", "", "last-name", "Quillfeather", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984",
		"has-trn", "yes", "trn", "", "has-national-insurance-number", "no", "reason", "")
	p.is(path+"/correct", 422).says("Enter your first name", "Enter the reason").silent(zephyrine.TRN)
	form := []string{
		"first-name", "Zefyrine", "last-name", "Quillfeather", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984",
		"has-trn", "yes", "trn", "", "has-national-insurance-number", "no", "reason", "The school spells it so.",
	}
	admin.post(path+"/correct", form...).at(path+"/correct/check").
		says("Name Zephyrine Quillfeather Zefyrine Quillfeather", "The school spells it so.", "What happens then").silent(zephyrine.TRN, "Date of birth")
	check := admin.post(path+"/correct", append(form, "previous-first-name-1", "", "previous-last-name-1", "Marchbanks")...).at(path+"/correct/check").
		says("Had another name No Yes", "Previous names Not given Zefyrine Marchbanks")
	admin.get(path + "/correct").says("Previous names: 1")
	w.knows("Zefyrine", "7300456")
	admin.post(path+"/correct/check", hidden(check)...).at(path).says("An administrator corrected the details", adminEmail, "The school spells it so.", "Validated automatically", "7300456")
	admin.post(path+"/correct/check", hidden(check)...).at(path) // a second click
	admin.get(path + "/correct").at(path)
	admin.get(path).silent("Correct details")
	admin.post(path + "/check").at(path).says("The TRN is validated already.")
	if got := w.participants()[0]; got.TRN.Reveal() != "7300456" {
		t.Errorf("the TRN is %q, want the register's", got.TRN.Reveal())
	}
}
