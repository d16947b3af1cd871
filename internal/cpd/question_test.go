package cpd_test

import (
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

const (
	questionMail = "We have a question about your registration"
	reminderMail = "Please answer our question about your registration"
)

// asks has the TRA ask about a request, and the next poll hear it.
func (w *world) asks(id cpd.RequestID, q cpd.Question) {
	w.Helper()
	q.AskedAt, q.EndsAt = w.now, w.now.Add(21*day)
	w.tra.by[id].question = &q
	w.pass(25 * time.Hour)
}

// asked gives the question that the person has to answer; nil: none.
func (w *world) asked(id cpd.ParticipantID) *cpd.Question {
	w.Helper()
	return w.progress(id, cpd.StatusManual).Question
}

func (w *world) questions(where string) (n int) {
	w.Helper()
	w.ok("counting", w.db.Reader().QueryRowContext(w.Context(), `SELECT COUNT(*) FROM questions WHERE `+where).Scan(&n))
	return n
}

func TestAPersonIsAskedRemindedAndAnswers(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Zoe")
		asked := w.now
		w.asks(request, cpd.Question{Number: 1, Text: "Which other names have you had?", AsksFor: "previous_names"})
		if q := w.asked(id); q == nil || q.Text != "Which other names have you had?" {
			w.Fatalf("the person is asked %+v", q)
		}
		if m := w.mails(id, received, questionMail)[1]; m.Link == "" || strings.Contains(m.Body, "names have you had") {
			w.Errorf("the mail is %+v", m)
		}
		w.pass(25 * time.Hour) // heard again: nobody is told twice
		w.pass(workday.After(asked, 5).Sub(w.now) - time.Minute)
		w.mails(id, received, questionMail)
		w.pass(time.Minute)
		w.mails(id, received, questionMail, reminderMail)
		w.pass(workday.After(asked, 10).Sub(w.now) - time.Minute)
		w.mails(id, received, questionMail, reminderMail)
		w.pass(time.Minute)
		w.pass(4 * day)
		w.mails(id, received, questionMail, reminderMail, reminderMail)
		answer := cpd.Reply{Text: person.NewText(" When I trained. "), PreviousNames: []person.FullName{{Last: must(person.ParseName("Okoro"))}}}
		w.wantKind("an empty answer", w.AnswerQuestion(w.Context(), id, 1, cpd.Reply{}), fault.Invalid)
		w.wantKind("to another question", w.AnswerQuestion(w.Context(), id, 2, answer), fault.Conflict)
		w.tra.down = true
		w.ok("answering", w.AnswerQuestion(w.Context(), id, 1, answer))
		w.work()
		w.wantKind("a second answer", w.AnswerQuestion(w.Context(), id, 1, answer), fault.Conflict)
		if q := w.asked(id); q != nil {
			w.Errorf("who has answered is asked again: %+v", q)
		}
		w.tra.down = false
		w.pass(5 * time.Minute)
		if got := w.tra.replies; len(got) != 1 || got[0].Text.Reveal() != "When I trained." || len(got[0].PreviousNames) != 1 {
			w.Errorf("the TRA has %d replies", len(got))
		}
		w.answer(request, cpd.Failed, noTRN)
		w.pass(day)
		if w.questions(`reply <> ''`) != 0 {
			w.Error("the reply is kept after the request was answered")
		}
	})
}

func TestAQuestionThatTheTRATakesBackIsAskedNoMore(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Zoe")
		w.asks(request, cpd.Question{Number: 1, Text: "Who?"})
		w.tra.by[request].question = nil
		w.pass(25 * time.Hour)
		if q := w.asked(id); q != nil {
			w.Errorf("the person is asked %+v", q)
		}
		w.pass(10 * day)
		w.mails(id, received, questionMail) // and not reminded
	})
}

func TestAReplyThatComesTooLateIsNotTriedForEver(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Zoe")
		w.asks(request, cpd.Question{Number: 1, Text: "Who?"})
		w.tra.by[request].question = nil
		w.ok("answering", w.AnswerQuestion(w.Context(), id, 1, cpd.Reply{Text: person.NewText("Me.")}))
		w.work()
		if n := w.questions(`state = 'ended' AND reply = ''`); n != 1 || len(w.tra.replies) != 0 {
			w.Errorf("%d questions are over, the TRA has %d replies", n, len(w.tra.replies))
		}
	})
}

// lost tells the tests of a TRA that lost something how it asks afterwards.
type lost struct {
	lose  func(w *world, id cpd.RequestID)
	asks  cpd.Question // once more; its time is the test's where it has none
	again bool         // the person is asked
}

func TestAReplyThatTheTRALostIsSentAgain(t *testing.T) {
	first := cpd.Question{Number: 1, Text: "Who?"}
	nothing := func(*world, cpd.RequestID) {}
	gone := func(w *world, id cpd.RequestID) { delete(w.tra.by, id) }
	eachCase(t, map[string]lost{
		"a backup from before the answer": {nothing, first, false},
		"the whole request":               {gone, cpd.Question{Number: 1, Text: "Who?", AskedAt: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}, false},
		"the whole request, and it asks something else": {
			gone, cpd.Question{Number: 1, Text: "When?", AskedAt: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}, true,
		},
	}, func(w *world, _ string, c lost) {
		id, request := w.standBy("Zoe")
		w.asks(request, first)
		asked := *w.tra.by[request].question
		w.ok("answering", w.AnswerQuestion(w.Context(), id, 1, cpd.Reply{Text: person.NewText("Me.")}))
		w.work()
		if len(w.tra.replies) != 1 {
			w.Fatalf("the TRA has %d replies", len(w.tra.replies))
		}
		w.tra.replies = nil
		c.lose(w, request)
		w.pass(25 * time.Hour) // where it has lost it, it is sent again
		w.work()
		r := w.tra.by[request]
		if r == nil {
			w.Fatal("the request was not sent again")
		}
		if c.asks.AskedAt.IsZero() {
			c.asks.AskedAt = asked.AskedAt
		}
		c.asks.EndsAt = c.asks.AskedAt.Add(21 * day)
		r.question = &c.asks
		w.pass(25 * time.Hour)
		w.work()
		if q := w.asked(id); (q != nil) != c.again {
			w.Errorf("the person is asked %+v", q)
		}
		if got := w.tra.replies; !c.again && (len(got) != 1 || got[0].Text.Reveal() != "Me.") {
			w.Errorf("the TRA has %d replies, want the one again", len(got))
		}
		if c.again && len(w.tra.replies) != 0 {
			w.Error("the answer to another question was sent")
		}
	})
}

func TestAReplyToAQuestionThatTheTRALostIsKept(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Zoe")
		w.asks(request, cpd.Question{Number: 1, Text: "Who?"})
		delete(w.tra.by, request)
		w.ok("answering", w.AnswerQuestion(w.Context(), id, 1, cpd.Reply{Text: person.NewText("Me.")}))
		w.work() // the TRA does not know it
		w.pass(day)
		w.work()
		r := w.tra.by[request]
		if r == nil {
			w.Fatal("the request was not sent again")
		}
		r.question = &cpd.Question{Number: 1, Text: "Who?", AskedAt: w.now, EndsAt: w.now.Add(21 * day)}
		w.pass(25 * time.Hour)
		w.work()
		if got := w.tra.replies; len(got) != 1 || got[0].Text.Reveal() != "Me." {
			w.Errorf("the TRA has %d replies, want the one that was kept", len(got))
		}
	})
}

func TestTheTRAsWordOfAQuestionHasItAskedForAtOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Zoe")
		w.tra.by[request].question = &cpd.Question{Number: 1, Text: "Who?", AskedAt: w.now, EndsAt: w.now.Add(21 * day)}
		w.ok("an unknown one", w.Ask(w.Context(), "unknown"))
		w.ok("asking", w.Ask(w.Context(), request))
		w.ok("polling", w.Poll(w.Context()))
		if w.asked(id) == nil {
			w.Error("the person is not asked")
		}
	})
}
