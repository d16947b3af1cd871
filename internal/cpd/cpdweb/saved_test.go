package cpdweb_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/person"
)

func TestTheAddressIsConfirmedByACode(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.post("/start")
	b.post("/email", "email", "zephyrine@example.com").at("/email-code").says("zephyrine@example.com", "15 minutes", "spam folder")
	code := w.code("zephyrine@example.com")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for typed, message := range map[string]string{
		"": "Enter the code that we sent you", "12345": "The code must have 6 numbers", "12345x": "The code must have 6 numbers",
		wrong: "Enter the code from the newest email that we sent you",
	} {
		refused(t, b.post("/email-code", "code", typed), "/email-code", message)
	}
	w.move(time.Minute)
	b.post("/email-code", "do", "again").at("/email-code")
	newest := w.code("zephyrine@example.com")
	if newest != code {
		refused(t, b.post("/email-code", "code", code), "/email-code", "Enter the code from the newest email that we sent you")
	}
	b.get("/email").at("/email") // the way back, to another address
	b.post("/email", "email", "other@example.com").at("/email-code").says("other@example.com").silent("zephyrine@example.com")
	refused(t, b.post("/email-code", "code", newest), "/email-code", "Enter the code from the newest email")
	for range 4 {
		b.post("/email-code", "code", wrong).is("/email-code", 422)
		w.move(time.Minute)
	}
	refused(t, b.post("/email-code", "code", wrong), "/email-code", "This code can no longer be used. Ask for another one")
	b.post("/email-code", "do", "again")
	typed := w.code("other@example.com")
	b.post("/email-code", "code", " "+typed[:3]+" "+typed[3:]+" ").at("/name")

	// Another address needs another code, and so does the first one then.
	b.post("/email", "email", "OTHER@example.com").at("/name") // the same address
	b.post("/email", "email", "third@example.com").at("/email-code")
	b.get("/name").at("/email-code")
	b.post("/email", "email", "other@example.com").at("/email-code")

	w.move(16 * time.Minute)
	refused(t, b.post("/email-code", "code", w.code("other@example.com")), "/email-code", "This code can no longer be used. Ask for another one")
	for range 20 {
		b.post("/email-code", "do", "again")
		w.move(time.Minute)
	}
	b.post("/email-code", "do", "again").is("/email-code", http.StatusTooManyRequests)
}

// What happened is told to who reads the mails alone: the pages before are the same.
func TestTheWayToTheCodeIsTheSameForRegisteredAddresses(t *testing.T) {
	w := newWorld(t)
	w.browser().standsBy(zephyrine)
	known, unknown := w.browser(), w.browser()
	pages := map[*browser]string{known: zephyrine.Email, unknown: "gephyrine@example.com"}
	var first, wrong []string
	for b, email := range pages {
		b.post("/start")
		strip := func(p page) string { return strings.ReplaceAll(p.Body, email, "") }
		first = append(first, strip(b.post("/email", "email", email).at("/email-code")))
		code := "000000"
		if w.code(email) == code {
			code = "000001"
		}
		wrong = append(wrong, strip(b.post("/email-code", "code", code).is("/email-code", 422)))
	}
	if first[0] != first[1] || wrong[0] != wrong[1] {
		t.Error("the pages differ")
	}
}

func TestAnAddressWhoseConfirmationIsTooOldIsConfirmedAgain(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/check-your-answers", "/check-your-details", "save"} {
		b := w.browser()
		b.fillIn(zephyrine)
		form := []string{}
		switch path {
		case "/check-your-details":
			b.post("/check-your-answers").at(path)
		case "save":
			path, form = "/check-your-answers", []string{"save", "yes"}
		}
		w.exec(`DELETE FROM email_codes`)
		b.post(path, form...).at("/email")
		b.post("/email", "email", zephyrine.Email).at("/email-code")
		b.post("/email-code", "code", w.code(zephyrine.Email)).at("/check-your-answers").says("Zephyrine Quillfeather")
	}
}

func TestAnswersAreSavedAndGoneOnWith(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.post("/start").silent("Save and come back later") // nobody knows yet whose answers they are
	b.post("/email", "email", zephyrine.Email).silent("Save and come back later")
	b.post("/email-code", "code", w.code(zephyrine.Email)).at("/name").says("Save and come back later")
	b.post("/name", "first-name", zephyrine.First, "last-name", zephyrine.Last).at("/changed-name").says("Save and come back later")
	b.post("/changed-name", "changed-name", "yes")
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks").at("/date-of-birth")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984")
	b.post("/trn", "has-trn", "yes", "trn", zephyrine.TRN).at("/check-your-answers").says("Save and come back later", zephyrine.TRN)
	b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ 12 34 56 C")
	// What is half typed when somebody leaves is kept too.
	b.post("/date-of-birth", "date-of-birth-day", "18", "date-of-birth-month", "", "date-of-birth-year", "1984", "save", "yes").at("/saved").
		says("Your answers are saved", "24 hours", "It works once").silent(zephyrine.Email)
	b.get("/name").at("/saved").silent("Zephyrine")
	b.post("/name", "first-name", "Other", "last-name", "Other").at("/saved")
	w.browser().get("/saved").at("/")

	link := w.link()
	other := w.browser()
	other.get(link).is(link, 200)
	p := other.post(link).at("/date-of-birth")
	if !strings.Contains(p.Body, `value="18"`) {
		t.Error("what was half typed is gone")
	}
	other.post(link).at("/date-of-birth") // a second tap
	w.browser().post(link).is(link, http.StatusGone)
	hidden := []string{zephyrine.TRN, "QQ123456C", "QQ 12 34 56 C"}
	p = other.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984").at("/check-your-answers").
		says("Zephyrine Marchbanks", "17 February 1984", "Ends in 23", "Ends in 56C", zephyrine.Email).silent(hidden...)
	other.get("/trn").at("/trn").says("ends in 23. Leave the box empty to keep it, or type it again to change it").silent(hidden...)
	other.post("/trn", "has-trn", "yes", "trn", "12").is("/trn", 422).says("ends in 23").silent(hidden...)
	other.post("/trn", "has-trn", "yes", "trn", "").at("/check-your-answers").says("Ends in 23").silent(hidden...)
	other.get("/national-insurance-number").says("ends in 56C").silent("QQ123456C", `value="QQ`)
	other.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ222222A").at("/check-your-answers").
		says("QQ 22 22 22 A").silent(hidden...)
	other.post("/check-your-answers").at("/check-your-details").silent(hidden...)
	other.post("/check-your-details").at("/progress")
	w.work()
	if d := w.tra.asked[0].Details; d.TRN.Reveal() != zephyrine.TRN || d.NINO.Reveal() != "QQ222222A" || len(d.PreviousNames) != 1 {
		t.Errorf("the TRA was given TRN %q, NI number %q and %d previous names", d.TRN.Reveal(), d.NINO.Reveal(), len(d.PreviousNames))
	}
}

func TestSavedAnswersCanBeAskedForAgain(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.begins(zephyrine.Email)
	b.post("/name", "first-name", zephyrine.First, "last-name", zephyrine.Last, "save", "yes").at("/saved")
	b.post(w.link()).at("/changed-name")
	b.post("/start").at("/email").silent("Zephyrine") // begins again, and changes their mind
	b.post("/continue", "email", zephyrine.Email).at("/check-your-email")
	b.post(w.link()).at("/changed-name")
	b.get("/name").says("What is your name?")
	if p := b.get("/name"); !strings.Contains(p.Body, `value="Zephyrine"`) {
		t.Error("the answers are not the saved ones")
	}
	w.move(24 * time.Hour)
	w.work()
	late := w.browser()
	late.post("/continue", "email", zephyrine.Email).at("/check-your-email")
	messages, _, err := w.svc.Outbox(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if m.Link != "" {
			t.Error("a link leads to answers that are too old")
		}
	}
}

func TestEveryQuestionCanBeLeftWithoutAnAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.begins(zephyrine.Email)
	leaves := func(path string, form ...string) {
		b.post(path, append(form, "save", "yes")...).at("/saved")
		b.post(w.link())
	}
	leaves("/name", "first-name", "", "last-name", "Quillfeather")
	if p := b.get("/name").at("/name"); !strings.Contains(p.Body, `value="Quillfeather"`) {
		t.Error("half a name is gone")
	}
	b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather")
	leaves("/changed-name")
	b.get("/changed-name").at("/changed-name")
	b.post("/changed-name", "changed-name", "yes")
	leaves("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks")
	if p := b.get("/previous-names").at("/previous-names"); !strings.Contains(p.Body, `value="Marchbanks"`) {
		t.Error("a previous name is gone")
	}
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks").at("/date-of-birth")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984")
	leaves("/trn", "has-trn", "yes", "trn", "84001")
	b.get("/trn").at("/trn").silent("84001")
	b.post("/trn", "has-trn", "no").at("/without-trn")
	leaves("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ 12")
	b.get("/national-insurance-number").at("/national-insurance-number").silent("QQ 12\"")
	b.post("/national-insurance-number", "has-national-insurance-number", "no").at("/check-your-answers")
	leaves("/check-your-answers")
	b.get("/check-your-answers").at("/check-your-answers")
	b.post("/check-your-answers").at("/check-your-details")
	leaves("/check-your-details")
	b.get("/check-your-answers").at("/check-your-answers").says("Zephyrine Marchbanks")
	if len(w.participants()) != 0 {
		t.Error("somebody was handed in")
	}
}

func TestACorrectionIsSavedAndGoneOnWith(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	w.work()
	b.post("/progress/correct").at("/check-your-answers").says("Save and come back later")
	b.post("/name", "first-name", "Zephyrin", "last-name", zephyrine.Last, "save", "yes").at("/saved")
	b.get("/progress").at("/progress")
	b.get("/name").at("/progress")
	other := w.browser()
	other.post(w.link()).at("/check-your-answers").says("Zephyrin Quillfeather", "Ends in 23", "you keep your place").silent(zephyrine.TRN)
	other.post("/check-your-answers").at("/progress").says("We are checking your details")
	w.work()
	last := w.tra.asked[len(w.tra.asked)-1]
	if d := last.Details; d.FirstName.Reveal() != "Zephyrin" || d.TRN.Reveal() != zephyrine.TRN || last.Replaces != w.tra.asked[0].ID {
		t.Errorf("the TRA was given %q, TRN %q, in the place of %q", d.FirstName.Reveal(), d.TRN.Reveal(), last.Replaces)
	}

	// Answered while the answers were saved: there is nothing to correct any more.
	other.post("/progress/correct")
	other.post("/check-your-answers", "save", "yes").at("/saved")
	trn, err := person.NewTRN("7300456")
	if err != nil {
		t.Fatal(err)
	}
	w.answer(cpd.Answer{Outcome: cpd.TRNFound, TRN: trn})
	w.browser().post(w.link()).at("/progress").says("We have confirmed your details")
}

func TestWhoKnowsNoTRNIsToldWhatItIsAndNotStopped(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.begins(zephyrine.Email)
	b.post("/name", "first-name", zephyrine.First, "last-name", zephyrine.Last)
	b.post("/changed-name", "changed-name", "no")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984")
	for _, answer := range []string{"no", "unsure"} {
		p := b.post("/trn", "has-trn", answer).at("/without-trn").
			says("You can register without a TRN", "7 numbers", "Where to find it", "If you have never had one, go on without it")
		if !strings.Contains(p.Body, `href="/national-insurance-number" role="button"`) {
			t.Error("the page does not lead on")
		}
	}
	b.get("/national-insurance-number").says("You do not have to give it", "would rather not give it")
	b.post("/national-insurance-number", "has-national-insurance-number", "no").at("/check-your-answers").says("Teacher reference number (TRN) Not given", "National Insurance number Not given")
	b.post("/trn", "has-trn", "no").at("/without-trn")
	if p := b.get("/without-trn"); !strings.Contains(p.Body, `href="/check-your-answers" role="button"`) {
		t.Error("the page does not lead back to all answers")
	}
	b.post("/check-your-answers").at("/check-your-details")
	b.post("/check-your-details").at("/progress").says("We are checking your details")
}

func TestTheOutboxIsOpenInADemonstrationAlone(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/outbox").is("/outbox", http.StatusNotFound)
	b.post("/start")
	b.post("/email", "email", zephyrine.Email).silent("demonstration", "/outbox")

	w.demonstration()
	b = w.browser()
	b.post("/start")
	b.post("/email", "email", zephyrine.Email).at("/email-code").says("This is a demonstration")
	b.get("/outbox").at("/outbox").says("Confirm your email address", w.code(zephyrine.Email)).silent("/admin")
}
