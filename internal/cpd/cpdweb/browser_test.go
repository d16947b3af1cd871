package cpdweb_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdweb"
	"traid/internal/govuk/govuktest"
	"traid/internal/person"
	"traid/internal/signin"
)

// The longest that people can type, with no place to break a line at.
var (
	longName  = strings.Repeat("Wolfeschlegelstein", 15)[:255]
	longEmail = strings.Repeat("wolfeschlegelstein", 15)[:64] + "@" + strings.Repeat(strings.Repeat("hausenberger", 5)+".", 3)[:180] + "example"
	longText  = strings.Repeat("Nobody of this name was born on that day, "+strings.Repeat("and", 40)+" the search was made twice. ", 5)
)

// states keeps every page in each of its states: empty, with everything wrong,
// full, done. A page that is missing fails the test and is named; it gets a line
// here, where somebody meets it.
func states(t *testing.T) *govuktest.Album {
	t.Helper()
	w := newWorld(t)
	var routes []string
	for _, r := range w.pages.Routes() {
		if r.Who != cpdweb.TRA {
			routes = append(routes, r.Pattern)
		}
	}
	for _, r := range signin.Routes(false) {
		routes = append(routes, r.Pattern)
	}
	w.album = govuktest.NewAlbum("cpd", routes...)
	keep := func(name string, p page) page {
		w.album.Keep(name, p.answer())
		return p
	}

	// The administrator, before anybody has come.
	keep("sign-in", w.browser().get("/sign-in"))
	link, err := w.accounts.AddAccount(t.Context(), "other@example.org", []string{"operator"})
	if err != nil {
		t.Fatal(err)
	}
	other := w.browser()
	keep("sign-in: with a link", other.get("/sign-in/"+link))
	keep("sign-in: without the role", other.post("/sign-in/"+link).is("/admin/participants", 403))
	admin := w.administrator()
	admin.get("/admin")
	keep("participants: empty", admin.get("/admin/participants"))
	keep("waiting: empty", admin.get("/admin/waiting"))
	keep("outbox: empty", admin.get("/admin/outbox"))

	// The person.
	b := w.browser()
	keep("start", b.get("/"))
	keep("email", b.post("/start"))
	keep("email: errors", b.post("/email", "email", "zephyrine"))
	keep("email code", b.post("/email", "email", "zephyrine@example.com"))
	keep("email code: errors", b.post("/email-code", "code", "12345"))
	keep("name", b.post("/email-code", "code", b.code("zephyrine@example.com")))
	keep("name: errors", b.post("/name"))
	keep("changed name", b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather"))
	keep("changed name: errors", b.post("/changed-name"))
	keep("previous names", b.post("/changed-name", "changed-name", "yes"))
	keep("previous names: errors", b.post("/previous-names", "previous-first-name-1", "12", "previous-last-name-1", longName+"x"))
	keep("previous names: two", b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks", "do", "add"))
	keep("previous names: ten", b.post("/previous-names", manyNames("do", "add")...))
	keep("date of birth", b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks"))
	keep("date of birth: errors", b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "", "date-of-birth-year", "1984"))
	keep("trn", b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984"))
	keep("trn: nothing selected", b.post("/trn"))
	keep("trn: errors", b.post("/trn", "has-trn", "yes", "trn", "12"))
	keep("without trn", b.post("/trn", "has-trn", "no"))
	keep("nino", b.get("/national-insurance-number"))
	keep("nino: errors", b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ12"))
	keep("check answers", b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ123456C"))
	keep("saved", b.post("/check-your-answers", "save", "yes"))
	keep("check answers: gone on with", b.post(w.link()))
	keep("nino: kept", b.get("/national-insurance-number"))
	b.post("/trn", "has-trn", "yes", "trn", "8400123").at("/check-your-answers")
	b.post("/check-your-answers", "save", "yes")
	b.post(w.link()).at("/check-your-answers")
	keep("trn: kept", b.get("/trn"))
	b.post("/trn", "has-trn", "no")
	b.get("/check-your-answers").at("/check-your-answers")
	keep("not matched", b.post("/check-your-answers"))
	w.register.down = true
	keep("could not check", b.post("/check-your-answers"))
	w.register.down = false
	b.post("/check-your-answers").at("/check-your-details")
	keep("progress: with the TRA", b.post("/check-your-details"))
	keep("withdraw", b.get("/progress/withdraw"))
	for n, asksFor := range []string{"national_insurance_number", "trn", "previous_names", ""} {
		w.asks(cpd.Question{Number: int64(n) + 1, Text: longText, AsksFor: asksFor})
		keep("progress: asked for "+asksFor, b.get("/progress"))
		keep("question: "+asksFor, b.get("/question"))
		number := strconv.Itoa(n + 1)
		keep("question: errors, "+asksFor, b.post("/question", "number", number, "national-insurance-number", "QQ12", "trn", "12", "previous-first-name-1", "12", "answer", ""))
		keep("progress: answered "+asksFor, b.post("/question", "number", number, "answer", longText).at("/progress"))
	}
	w.move(30 * 24 * time.Hour)
	keep("progress: late", b.get("/progress"))
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: longText})
	keep("progress: failed", b.get("/progress"))
	keep("check answers: corrected", b.post("/progress/correct"))
	keep("continue", b.get("/continue"))
	keep("continue: errors", b.post("/continue", "email", ""))
	keep("check your email", b.post("/continue", "email", "zephyrine@example.com"))
	link = w.link()
	keep("link", w.browser().get(link))
	b.post(link).at("/progress")
	keep("link: used", w.browser().post(link))
	w.move(40 * 24 * time.Hour)
	w.work()
	keep("progress: failed, deleted", b.get("/progress"))
	again := w.browser()
	again.standsBy(sample{First: "Back", Last: "Again", Email: "back@example.org"})
	for i := range 20 { // a correction a day
		w.move(25 * time.Hour)
		again.post("/progress/correct").at("/check-your-answers")
		again.post("/name", "first-name", "Back"+string(rune('a'+i)), "last-name", "Again").at("/check-your-answers")
		again.post("/check-your-answers").at("/progress")
	}
	keep("progress: withdrawn", again.post("/progress/withdraw"))
	w.register.down = true
	later := w.browser()
	later.fillIn(sample{First: "Later", Last: "Sample", Email: "later@example.org"})
	later.post("/check-your-answers").at("/could-not-check")
	keep("progress: checking", later.post("/could-not-check").at("/progress"))
	w.register.down = false
	long := w.browser()
	keep("check answers: long", long.fillIn(sample{First: longName, Last: longName, Email: longEmail}))
	keep("not matched: long", long.post("/check-your-answers"))
	long.post("/check-your-details").at("/progress")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "several_records", Note: longText})
	back := w.browser()
	back.post("/start")
	back.post("/email", "email", "later@example.com")
	back.post("/email", "email", "later@example.org").at("/email-code")
	keep("progress: back", back.post("/email-code", "code", back.code("later@example.org")))
	keep("email code: long", longCode(w))
	keep("session ended", b.get("/session-ended"))
	for _, path := range []string{"/privacy", "/cookies", "/accessibility", "/contact"} {
		keep(path[1:], b.get(path))
	}

	// Two people and one record, an alert that nobody could decide, and requests that cannot be sent.
	conflict := inConflict(t, w)
	w.register.alert = true
	w.knows("Alma", "7300499")
	alma := w.browser()
	alma.fillIn(sample{First: "Alma", Last: "Sample", Email: "alma@example.org", TRN: "7300499"})
	keep("progress: confirmed", alma.post("/check-your-answers").at("/progress"))
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "cannot_tell"})
	w.register.alert = false
	checked := false
	for _, p := range w.participants() {
		path := "/admin/participants/" + string(p.ID)
		keep("participant: "+strings.Replace(p.FirstName.Reveal(), longName, "long", 1), admin.get(path))
		if p.HoldsValidationData && p.TRNStatus == cpd.TRNAwaitingManualValidation && !checked {
			checked = true
			keep("participant: checked", admin.post(path+"/check"))
			keep("correct", admin.get(path+"/correct"))
			keep("correct: errors", admin.post(path+"/correct", "first-name", longName+"x"))
			correct := []string{
				"first-name", longName, "last-name", "Sample", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984",
				"has-trn", "no", "has-national-insurance-number", "no", "reason", longText,
			}
			check := keep("correct: check", admin.post(path+"/correct", correct...))
			keep("correct: of another tab", admin.post(path+"/correct/check"))
			admin.post(path+"/correct/check", hidden(check)...).at(path)
		}
		if p.AlertStatus == cpd.AlertUndetermined {
			keep("participant: no owner", admin.post(path+"/alert-owner", "owner", " "))
			keep("participant: owner", admin.post(path+"/alert-owner", "owner", longEmail))
		}
	}
	w.work() // what was asked before reaches the TRA before
	w.browser().standsBy(sample{First: "Gone", Last: "Sample", Email: "gone@example.org"})
	w.answer(cpd.Answer{Outcome: cpd.TRNFound, Gone: true})
	late := ""
	for _, p := range w.participants() {
		if p.FirstName.Reveal() == "Gone" {
			late = "/admin/participants/" + string(p.ID)
		}
	}
	keep("participant: answered too late", admin.get(late).says("Ask the TRA again"))
	keep("waiting: answered too late", admin.get("/admin/waiting"))
	keep("participant: asked again", admin.post(late+"/ask-again").at(late))
	admin.post(late + "/ask-again").at(late).says("No answer of the TRA came too late.")
	keep("conflict", admin.get(conflict+"/conflict"))
	send := func(form ...string) page {
		return admin.post(conflict+"/conflict", append(form, hidden(admin.get(conflict+"/conflict"))...)...)
	}
	keep("conflict: errors", send("how", "", "reason", ""))
	keep("conflict: changed", admin.post(conflict+"/conflict", "how", "different_people", "reason", "They were born in different years."))
	end := keep("conflict: check", send("how", "different_people", "reason", longText))
	keep("conflict: of another tab", admin.post(conflict+"/conflict/check"))
	admin.post(conflict+"/conflict/check", hidden(end)...)
	w.tra.down = true
	for i := range 60 {
		d := cpd.Details{
			FirstName: must(person.ParseName("Many")), LastName: must(person.ParseName("Sample")), DateOfBirth: must(person.ParseDate("1990-03-01")),
			Email: must(person.ParseEmail(fmt.Sprintf("many%d@example.org", i))),
		}
		w.move(25 * time.Hour)
		w.handsIn(d)
	}
	w.work()
	keep("participants: full", admin.get("/admin/participants"))
	keep("participants: found", admin.post("/admin/participants", "search", "Sample"))
	keep("participants: nobody found", admin.post("/admin/participants", "search", "nobody"))
	keep("waiting: full", admin.get("/admin/waiting"))
	keep("waiting: not polled", admin.post("/admin/poll"))
	w.tra.down = false
	keep("waiting: polled", admin.post("/admin/poll"))
	keep("outbox: full", admin.get("/admin/outbox"))
	w.exec(`UPDATE messages SET state = 'failed', problem = 'no_such_inbox'`)
	keep("outbox: not delivered", admin.get("/admin/outbox"))
	schoolStates(w, keep)
	keep("admin: not found", admin.get("/admin/participants/nobody"))
	keep("admin: not text", admin.post("/admin/participants", "search", "a\x00b"))
	keep("too much", b.post("/name", "first-name", strings.Repeat("x", 70<<10)))
	keep("not like this", b.get("/start"))
	keep("not there", b.get("/nothing-here"))
	admin.post("/sign-out").at("/sign-in")
	admin.post("/sign-in/stay").at("/sign-in")
	keep("sign-in: gone", admin.get("/sign-in/nothing"))
	w.album.KeepErrors("error", "/error", w.pages.ErrorPage)
	return w.album
}

// schoolStates keeps the pages of a tutor.
func schoolStates(w *world, keep func(name string, p page) page) {
	school := cpd.School{URN: "900001", Name: longName[:190], LeadProvider: "north-star"}
	email := strings.Replace(longEmail, "wolfe", "ottos", 1) // nobody's yet
	tess := w.tutor("tess.tutor@example.org", school)
	keep("people: empty", tess.get("/school"))
	keep("add person", tess.get("/school/add"))
	keep("add person: errors", tess.post("/school/add", "first-name", "12", "email", "jo", "date-of-birth-day", "1", "trn", "12"))
	keep("files: empty", tess.get("/school/files"))
	keep("files: none chosen", tess.post("/school/files"))
	keep("files: refused", tess.upload("/school/files", "name\nJo\n"))
	one := keep("person: invited", tess.post("/school/add", "first-name", longName, "last-name", longName, "email", email, "trn", "8400123",
		"date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984"))
	keep("person: on the list", tess.post("/school/add", "first-name", "Jo", "last-name", "Sample", "email", email))
	keep("person: invited again", tess.post(one.Path+"/again"))
	keep("link: of an invitation", w.browser().get(w.link()))
	invited := w.browser()
	invited.post(w.link()).at("/changed-name")
	invited.post("/changed-name", "changed-name", "no").at("/check-your-answers")
	keep("check answers: invited", invited.get("/check-your-answers"))
	invited.post("/check-your-answers").at("/check-your-details")
	invited.post("/check-your-details").at("/progress")
	keep("person: being checked", tess.get(one.Path))
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: longText})
	keep("person: not confirmed", tess.get(one.Path))
	keep("remove person: handed in", tess.get(one.Path+"/remove"))
	never := tess.post("/school/add", "first-name", "Ned", "last-name", "Never", "email", "ned@example.org")
	w.move(15 * 24 * time.Hour)
	w.work()
	keep("person: no answer", tess.get(never.Path))
	keep("remove person", tess.get(never.Path+"/remove"))
	var file strings.Builder
	file.WriteString("first_name,last_name,email,date_of_birth,trn\n")
	for i := range 120 {
		fmt.Fprintf(&file, "Many,Sample,many%d@example.org,,\n", i)
	}
	for range 60 {
		fmt.Fprintf(&file, "%s,12,%s,soon,\n", longName, email)
	}
	for range 25 {
		w.move(50 * time.Minute)
		tess.upload("/school/files", "first_name,last_name,email\nJo,12,jo@example.org\n")
	}
	keep("file: nobody to invite", tess.upload("/school/files", "first_name,last_name,email\nNed,Never,ned@example.org\n"))
	read := keep("file: read", tess.upload("/school/files", file.String()))
	keep("file: working", tess.post(read.Path))
	w.work()
	keep("file: done", tess.get(read.Path))
	tess.get(read.Path + "/result.csv")
	tess.get("/school/template.csv")
	keep("files: full", tess.get("/school/files"))
	keep("people: full", tess.get("/school/people"))
	keep("people: found", tess.post("/school/people", "search", "many"))
	keep("people: nobody found", tess.post("/school/people", "search", "nobody"))
	dropped := tess.upload("/school/files", file.String())
	tess.post(dropped.Path + "/drop").at("/school/files")
	keep("people: removed", tess.post(never.Path+"/remove").at("/school/people"))
	keep("school: not found", tess.get("/school/people/nobody"))
	tess.post("/sign-out").at("/sign-in")
}

// manyNames fills every place for another name.
func manyNames(more ...string) []string {
	for i := 1; i <= 9; i++ {
		more = append(more, fmt.Sprintf("previous-first-name-%d", i), longName, fmt.Sprintf("previous-last-name-%d", i), longName)
	}
	return more
}

// longCode asks for a code at the longest address.
func longCode(w *world) page {
	b := w.browser()
	b.post("/start")
	return b.post("/email", "email", longEmail)
}

func TestPagesCanBeUsedByEverybody(t *testing.T) {
	states(t).Inspect(t, govuktest.Options{
		Footer: []string{"/privacy", "/cookies", "/accessibility", "/contact"},
		Lenient: map[string]string{
			"POST /admin/participants": "a search that finds nobody is answered so",
			"POST /school/people":      "a search that finds nobody is answered so",
		},
		Steady: map[string]string{
			"What changes": "there are five details",
			"History":      "something has happened to everybody",
			"Cookies":      "there is one",
		},
	})
}
