package cpdweb_test

import (
	"net/http"
	"testing"

	"traid/internal/cpd"
)

func TestAPersonAnswersAQuestionOfTheTRA(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(sample{First: "Zoe", Last: "Bloggs", Email: "zoe@example.org"})
	b.get("/question").at("/progress") // nothing is asked
	w.asks(cpd.Question{Number: 1, Text: "Please give your National Insurance number.", AsksFor: "national_insurance_number"})
	b.get("/progress").says("We have a question for you", "Your place in the queue is kept").silent("National Insurance")
	b.get("/question").says("Please give your National Insurance number.")
	wrong := b.post("/question", "number", "1", "national-insurance-number", "QQ12", "answer", "It is on a payslip.").is("/question", http.StatusUnprocessableEntity)
	wrong.says("Enter a National Insurance number in the correct format", "It is on a payslip.")
	b.post("/question", "number", "1", "national-insurance-number", "", "answer", " ").is("/question", http.StatusUnprocessableEntity).says("Enter your answer")
	b.post("/question", "number", "1", "national-insurance-number", "qq 12 34 56 c").at("/progress").says("We have your answer", "We are checking your details")
	b.get("/progress").silent("We have your answer")
	b.post("/question", "number", "1", "national-insurance-number", "QQ123456C").at("/progress") // the second click
	w.work()
	if len(w.tra.replies) != 1 || w.tra.replies[0].NINO.Reveal() != "QQ123456C" {
		t.Errorf("the TRA has %d replies", len(w.tra.replies))
	}
}
