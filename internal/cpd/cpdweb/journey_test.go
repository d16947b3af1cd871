package cpdweb_test

import (
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/person"
)

func TestAMatchIsConfirmedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	b := w.browser()
	b.fillIn(zephyrine).says("Zephyrine Quillfeather", "17 February 1984", "8400123", "zephyrine@example.com").silent("National Insurance")
	b.post("/check-your-answers").at("/progress").says("We have confirmed your details", "Your reference").silent("8400123")
	got := w.participants()
	if len(got) != 1 || got[0].TRNStatus != cpd.TRNValidatedAutomatically {
		t.Fatalf("participants %v, want one validated automatically", got)
	}
}

func TestANumberThatWasNotTypedIsNeverShown(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	b := w.browser()
	s := zephyrine
	s.TRN, s.NINO = "", "QQ 12 34 56 C"
	b.fillIn(s).says("QQ 12 34 56 C", "Not given")
	b.post("/check-your-answers").at("/progress").silent("8400123", "QQ")
	w.work()
	b.get("/progress").silent("8400123", "QQ")
	messages, _, err := w.svc.Outbox(t.Context(), "", 0)
	if err != nil || len(messages) == 0 {
		t.Fatalf("%d mails, error %v", len(messages), err)
	}
	for _, m := range messages {
		if strings.Contains(m.Body, "8400123") {
			t.Errorf("a mail holds the TRN: %s", m.Subject)
		}
	}
}

func TestNoMatchAndStandingByTheDetails(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/check-your-details").
		says("We could not confirm your details straight away", "Zephyrine Quillfeather", "17 February 1984", "8400123", "National Insurance number", "Not given")
	if n := len(w.participants()); n != 0 {
		t.Fatalf("%d participants before the person stood by the details", n)
	}
	p := b.post("/check-your-details").at("/progress")
	p.says("We are checking your details", "30 November 2026", "5 working days", "You do not need to do anything")
	w.work()
	if len(w.tra.asked) != 1 || string(w.participants()[0].Reference) != p.reference() {
		t.Errorf("%d requests, reference %s", len(w.tra.asked), p.reference())
	}
	w.move(8 * 24 * time.Hour)
	b.get("/progress").says("It is taking longer than we thought").silent("It takes up to 5 working days")

	trn, _ := person.NewTRN("7300456")
	w.answer(cpd.Answer{Outcome: cpd.TRNFound, TRN: trn})
	b.get("/progress").says("We have confirmed your details").silent("7300456")
}

// The page must not tell one non-match from another.
func TestThePageOfANonMatchIsTheSameForEveryReason(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	first := b.post("/check-your-answers").at("/check-your-details").text()
	w.knows("Somebody", "8400123") // now another record has the number
	if second := b.post("/check-your-answers").at("/check-your-details").text(); second != first {
		t.Errorf("the pages differ:\n%s\n%s", first, second)
	}
}

func TestANonMatchIsCorrected(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	b := w.browser()
	s := zephyrine
	s.First = "Zefyrine"
	b.fillIn(s)
	b.post("/check-your-answers").at("/check-your-details")
	b.get("/name").at("/name").says("What is your name?")
	if p := b.get("/name"); !strings.Contains(p.Body, `value="Zefyrine"`) || !strings.Contains(p.Body, `href="/check-your-details"`) {
		t.Error("the question does not hold what was typed, or does not lead back")
	}
	b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather").at("/check-your-answers")
	b.get("/check-your-details").at("/check-your-answers") // other answers were not checked yet
	b.post("/check-your-details").at("/check-your-answers")
	b.post("/check-your-answers").at("/progress").says("We have confirmed your details")
}

func TestANonMatchGetsANationalInsuranceNumber(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/check-your-details")
	b.get("/national-insurance-number").at("/national-insurance-number")
	b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "qq123456c").at("/check-your-answers").says("QQ 12 34 56 C")
	b.post("/check-your-answers").at("/check-your-details")
	b.post("/check-your-details").at("/progress")
	w.work()
	if got := w.tra.asked[0].Details; got.NINO.Reveal() != "QQ123456C" || got.TRN.Reveal() != "8400123" {
		t.Errorf("the TRA was given NI number %q and TRN %q", got.NINO.Reveal(), got.TRN.Reveal())
	}
}

func TestPreviousNamesAreTyped(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.begins("zephyrine@example.com")
	b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather")
	b.post("/changed-name", "changed-name", "yes").at("/previous-names")
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks", "do", "add").at("/previous-names").says("Previous name 2")
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks", "previous-first-name-2", "Zeph", "previous-last-name-2", "", "do", "add").says("Previous name 3")
	p := b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks",
		"previous-first-name-2", "Zeph", "previous-last-name-2", "", "previous-first-name-3", "Nobody", "previous-last-name-3", "", "do", "remove-3").at("/previous-names")
	p.silent("Nobody", "previous-first-name-3")
	b.get("/date-of-birth").at("/previous-names") // not left yet
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks", "previous-first-name-2", "Zeph", "previous-last-name-2", "").at("/date-of-birth")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "feb", "date-of-birth-year", "1984")
	b.post("/trn", "has-trn", "unsure").at("/without-trn")
	b.post("/national-insurance-number", "has-national-insurance-number", "no").at("/check-your-answers").says("Zephyrine Marchbanks", "Zeph Quillfeather")
	b.post("/check-your-answers").at("/check-your-details")
	b.post("/check-your-details")
	w.work()
	if got := w.tra.asked[0].Details; !got.NameChanged || len(got.PreviousNames) != 2 {
		t.Errorf("the TRA was given %d previous names, changed %v", len(got.PreviousNames), got.NameChanged)
	}

	b.post("/progress/correct").at("/check-your-answers")
	b.post("/changed-name", "changed-name", "no").at("/check-your-answers").silent("Marchbanks")
	b.post("/changed-name", "changed-name", "yes").at("/previous-names").silent("Marchbanks")
	b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "").at("/check-your-answers").says("Previous names Not given")
}

func TestAFailureIsCorrectedInTheSamePlace(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	reference := b.standsBy(zephyrine).reference()
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "several_records", Note: "Two records fit."})
	b.get("/progress").at("/progress").says("Check your details and send them again", "your date of birth is right", "until 21 December 2026").silent("Two records", "several")

	// By the mailed link too, in another browser.
	b = w.browser()
	link := w.link()
	b.get(link).is(link, 200)
	b.get(link).is(link, 200) // looking uses nothing up
	if got := b.post(link).at("/progress").reference(); got != reference {
		t.Errorf("the link leads to %s, want %s", got, reference)
	}
	b.post(link).at("/progress") // a second tap
	w.browser().post(link).is(link, 410).says("This link cannot be used")

	b.post("/progress/correct").at("/check-your-answers").
		says("Zephyrine Quillfeather", "17 February 1984", "Ends in 23", "National Insurance number", "you keep your place").silent("zephyrine@example.com", "8400123")
	b.get("/email").at("/check-your-answers") // the address stays the registered one
	b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ123456C").at("/check-your-answers")
	if got := b.post("/check-your-answers").at("/progress").says("We are checking your details").reference(); got != reference {
		t.Errorf("the correction has the reference %s, want %s", got, reference)
	}
	w.work()
	if len(w.tra.asked) != 2 || w.tra.asked[1].Replaces != w.tra.asked[0].ID {
		t.Errorf("%d requests, the newest replaces %q", len(w.tra.asked), w.tra.asked[len(w.tra.asked)-1].Replaces)
	}
}

func TestACorrectionAfterTheDataIsDeletedAsksForEverything(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record"})
	w.move(29 * 24 * time.Hour)
	w.work()
	b.get("/progress").says("We have deleted what you entered before")
	b.post("/progress/correct").at("/name").silent("Zephyrine")
	b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather").at("/changed-name")
	b.post("/changed-name", "changed-name", "no")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984")
	b.post("/trn", "has-trn", "yes", "trn", "8400123").at("/check-your-answers")
	b.post("/check-your-answers").at("/progress").says("We are checking your details")
}

func TestDetailsAreTakenBack(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	b.get("/progress/withdraw").at("/progress/withdraw").says("Do you want to take your details back?")
	b.post("/progress/withdraw").at("/progress").says("You have taken your details back")
	b.post("/progress/withdraw").at("/progress") // a second click
	b.get("/progress/withdraw").at("/progress")
	if got := w.participants()[0]; got.HoldsValidationData {
		t.Error("the validation data is still held")
	}
	b.post("/progress/correct").at("/name")
}

func TestWhatIsConfirmedCannotBeChanged(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/progress").silent("/progress/correct", "/progress/withdraw")
	b.post("/progress/correct").at("/progress")
	b.post("/progress/withdraw").at("/progress").says("We have confirmed your details")
}

func TestTheRegisterDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	w.register.down = true
	b := w.browser()
	b.fillIn(zephyrine)
	b.get("/could-not-check").at("/check-your-answers")
	b.post("/could-not-check").at("/check-your-answers")
	b.post("/check-your-answers").at("/could-not-check").says("We cannot check your details at the moment", "says nothing about you")
	if n := len(w.participants()); n != 0 {
		t.Fatalf("%d participants before the person agreed", n)
	}
	b.post("/could-not-check").at("/progress").says("We have received your details", "We try again by ourselves")
	w.register.down = false
	w.move(2 * time.Minute)
	w.work()
	b.get("/progress").says("We have confirmed your details")
}

func TestAKnownEmailAddressLeadsItsOwnerToTheRegistration(t *testing.T) {
	w := newWorld(t)
	w.knows("Zephyrine", "8400123")
	first := w.browser()
	first.fillIn(zephyrine)
	reference := first.post("/check-your-answers").at("/progress").reference()

	second := w.browser()
	second.post("/start")
	second.post("/email", "email", "Zephyrine@Example.com").at("/email-code").silent(reference)
	second.get("/progress").at("/continue") // not let in before the mail is read
	p := second.post("/email-code", "code", w.code("Zephyrine@Example.com")).at("/progress").says("You have registered with this email address before")
	if got := p.reference(); got != reference {
		t.Errorf("the code leads to %s, want %s", got, reference)
	}
	second.get("/progress").silent("registered with this email address before")
	first.get("/progress").at("/continue") // whoever reads the mail is its owner
	if n := len(w.participants()); n != 1 {
		t.Errorf("%d participants, want 1", n)
	}
}

func TestAskingForALinkIsAlwaysAnsweredTheSame(t *testing.T) {
	w := newWorld(t)
	w.browser().standsBy(zephyrine)
	known, unknown := w.browser(), w.browser()
	a := known.post("/continue", "email", "ZEPHYRINE@example.com").at("/check-your-email")
	b := unknown.post("/continue", "email", "nobody@example.com").at("/check-your-email")
	if a.Body != b.Body {
		t.Error("the pages differ")
	}
	known.post(w.link()).at("/progress")
	unknown.post("/continue", "email", "nobody").is("/continue", 422).says("Enter an email address in the correct format, like name@example.com")
}

func TestEveryEndIsToldInPlainWords(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine).says("We are checking your details", "Your reference", "What happens next", "Details handed in 23 November 2026",
		"Expected by 30 November 2026, in 5 working days", "You can change your details while you wait", "takes the place of what you sent before")
	w.move(6 * 24 * time.Hour) // a Sunday
	b.get("/progress").says("Expected by 30 November 2026, in 1 working day").silent("working days.Expected")
	w.move(24 * time.Hour)
	b.get("/progress").says("Expected by 30 November 2026, today")
	w.move(24 * time.Hour)
	b.get("/progress").says("Expected by 30 November 2026, and late", "Your details are still in the queue")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record"})
	b.get("/progress").says("Check your details and send them again", "your date of birth is right", "your teacher reference number (TRN) is right", "Your reference is").
		silent("no_record", "no record", "working day")
	b.post("/progress/correct").at("/check-your-answers") // one click

	w.knows("Ada", "7300456")
	ada := w.browser()
	ada.fillIn(sample{First: "Ada", Last: "Sample", Email: "ada@example.org", TRN: "7300456"})
	ada.post("/check-your-answers").at("/progress").says("We have confirmed your details", "What happens next", "You do not need to do anything else", "Your reference")
}
