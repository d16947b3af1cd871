package journeys

import (
	"strings"
	"testing"

	"traid/internal/synth"
)

// TestThePersonIsAskedAndTheCaseGoesOn plays the question to a person: asked on
// the console, mailed and answered at Manage CPD, and back in the same case.
func TestThePersonIsAskedAndTheCaseGoesOn(t *testing.T) {
	each(t, func(w *world) {
		const trn = "0190012"
		tomasz := w.person(w.member(synth.NeedsOperator))
		w.keepSecret(trn)
		admin := w.administrator()
		olive := w.operator("olive.operator@example.org")
		var id string

		w.step("the person waits, and the case is with the operators", func() {
			tomasz.standsBy()
			w.round()
			w.work()
			admin.participant(tomasz.Email)
			id = admin.request("TRN validation")
			olive.opens(id)
			olive.says("Due", "Mon 30 Nov 2026")
		})
		w.step("the operator asks; the clock is paused, the place kept", func() {
			olive.fill("answer", "ask")
			olive.press("Continue")
			olive.fill("asks_for", "previous_names", "question", "Which other names have you had?")
			olive.press("Ask the person")
			olive.sees("Waits for the person", "Which other names have you had?", "Paused")
			if rows := olive.queue("Person asked"); len(rows) != 1 {
				olive.fatalf("the queue of those who are asked is %q", rows)
			}
		})
		w.step("Manage CPD hears of it by the TRA's word, and mails the person", func() {
			w.work()
			if jobs := w.table("cpd", "river_job"); !strings.Contains(jobs, "cpd_poll") {
				w.t.Error("Manage CPD did not hear that a question was asked")
			}
			admin.polls()
			m := admin.newestMail(tomasz.Email, "We have a question about your registration")
			if strings.Contains(m.text, "other names have you had") {
				t.Errorf("the mail tells the question: %s", m.text)
			}
		})
		w.step("the person answers on their own page", func() {
			tomasz.open("/progress")
			tomasz.sees("We have a question for you", "Your place in the queue is kept")
			tomasz.follow("Read the question")
			tomasz.sees("Which other names have you had?")
			const words = "Kowalczyk until I married, Kowalska on one certificate"
			w.keepSecret("Kowalczyk", "Kowalska")
			tomasz.fill("previous-last-name-1", "Kowalczyk", "answer", words)
			tomasz.press("Send my answer")
			tomasz.sees("We have your answer", "We are checking your details")
			tomasz.open("/question") // answered once
			tomasz.at("/progress")
		})
		w.step("the answer is in the same case, its changes marked, and the case is decided", func() {
			w.round()
			w.work()
			olive.opens(id)
			olive.sees("Kowalska on one certificate", "With operator", "Records that may be this person’s")
			olive.says("Previous names", "Kowalczyk", "Changed")
			olive.says("Due", "Mon 30 Nov 2026") // asked and answered on one day
			olive.confirms(trn)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			tomasz.open("/progress")
			tomasz.sees("We have confirmed your details")
		})
	})
}
