package cpd_test

import (
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
)

func (w *world) correct(id cpd.ParticipantID, first string, want cpd.CheckResult) cpd.Registered {
	w.Helper()
	out, err := w.Correct(w.Context(), id, details(first), here)
	if err != nil || out.Result != want {
		w.Fatalf("correcting: got %+v, %v, want %s", out, err, want)
	}
	return out
}

func TestACorrectionReplacesTheRequest(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, first := w.standBy("Ann")
		w.correct(id, "Anna", cpd.AwaitsManual)
		if r := w.request(first); r.State != cpd.RequestReplaced {
			w.Errorf("the old request is %s, want replaced", r.State)
		}
		w.work()
		second := w.last()
		if w.tra.by[second].Replaces != first || w.tra.by[second].Details.FirstName != details("Anna").FirstName {
			w.Error("the new request does not replace the old one with the new details")
		}
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.mails(id, received, received)
		w.history(id, cpd.Corrected, cpd.CheckNotMatched, cpd.RequestMade, cpd.RequestReached)
		p := w.story(id).Participant
		if p.FirstName != details("Anna").FirstName || p.Email != details("Ann").Email {
			w.Error("the new name, or the registered address, does not stand")
		}
		story := w.story(id)
		w.correct(id, "Anna", cpd.AwaitsManual)
		w.unchanged(id, story)

		w.tra.by[first].status = "with_operator" // answered all the same
		w.answer(first, cpd.TRNFound, trn("0000002"))
		w.pass(day)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.history(id, cpd.AnswerNotCounted)
		w.answer(second, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
		if out, err := w.Correct(w.Context(), id, details("Anne"), here); err != nil || out.Result != cpd.AlreadyKnown {
			w.Errorf("correcting what is validated: got %+v, %v", out, err)
		}
	})
}

func TestACorrectionOfWhatNeverLeftIsTheOnlyRequest(t *testing.T) {
	eachWorld(t, func(w *world) {
		id := w.waiting("Ann")
		w.correct(id, "Anna", cpd.AwaitsManual)
		w.work()
		if len(w.tra.order) != 1 || w.tra.by[w.last()].Replaces != "" || w.tra.by[w.last()].Details.FirstName != details("Anna").FirstName {
			w.Errorf("the TRA has %d requests, want the corrected one alone", len(w.tra.order))
		}
		var n int
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM validation_data`).Scan(&n); err != nil || n != 1 {
			w.Errorf("%d rows of validation data, %v, want the newest alone", n, err)
		}
	})
}

func TestACorrectionOfWhatMayHaveArrivedFollowsIt(t *testing.T) {
	eachCase(t, map[string]bool{"it had arrived": true, "it had not": false}, func(w *world, _ string, arrived bool) {
		w.tra.deaf, w.tra.down = arrived, !arrived
		id := w.waiting("Ann")
		w.work()
		w.correct(id, "Anna", cpd.AwaitsManual)
		w.correct(id, "Anne", cpd.AwaitsManual) // and once more
		w.tra.deaf, w.tra.down = false, false
		w.work()
		if len(w.tra.order) != 2 || w.tra.by[w.last()].Replaces != w.tra.order[0] || w.tra.by[w.last()].Details.FirstName != details("Anne").FirstName {
			w.Errorf("the TRA has %d requests, want the last correction to replace the first request", len(w.tra.order))
		}
		var n int
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM validation_data`).Scan(&n); err != nil || n != 1 {
			w.Errorf("%d rows of validation data, %v, want the newest alone", n, err)
		}
		w.waits(cpd.WaitsForAnswer)
	})
}

func TestACorrectionOfWhatTheTRARefusesDoesNotWaitForIt(t *testing.T) {
	eachCase(t, map[string]func(w *world, id cpd.ParticipantID){
		"it is refused after the correction": func(w *world, id cpd.ParticipantID) {
			w.correct(id, "Anne", cpd.AwaitsManual)
			w.tra.down, w.tra.refuses = false, true
			w.pass(time.Hour)
		},
		"it is refused before the correction's own request is made": func(w *world, id cpd.ParticipantID) {
			w.register.down = true
			w.correct(id, "Anne", cpd.CouldNotAsk)
			w.tra.down, w.tra.refuses = false, true
			w.pass(time.Hour)
			w.register.down = false
		},
	}, func(w *world, _ string, then func(w *world, id cpd.ParticipantID)) {
		id, first := w.standBy("Ann")
		w.tra.down = true
		w.correct(id, "Anna", cpd.AwaitsManual)
		w.work() // it may have arrived
		then(w, id)
		w.tra.refuses = false
		w.pass(2 * time.Hour)
		if len(w.tra.order) != 2 || w.tra.by[w.last()].Replaces != first || w.tra.by[w.last()].Details.FirstName != details("Anne").FirstName {
			w.Errorf("the TRA has %d requests, want the last correction to replace the first request", len(w.tra.order))
		}
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.waits(cpd.WaitsForAnswer)
	})
}

func TestACorrectionThatMatchesTakesTheRequestBack(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.register.finds["Anna"] = trn("0000001")
		w.correct(id, "Anna", cpd.Matched)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotChecked, false)
		w.work()
		if got := w.tra.by[request].status; got != "withdrawn" {
			w.Errorf("the request at the TRA is %s, want withdrawn", got)
		}
		w.mails(id, received, confirmed)
		w.waits()
	})
}

func TestACorrectionWhileTheRegisterIsDownKeepsThePlace(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.register.down = true
		out := w.correct(id, "Anna", cpd.CouldNotAsk)
		if !out.ExpectedBy.IsZero() {
			w.Error("an answer is expected of a check that is still to be made")
		}
		w.is(id, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, true)
		w.progress(id, cpd.StatusChecking)
		w.register.down = false
		w.pass(time.Hour)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		if w.tra.by[w.last()].Replaces != request {
			w.Error("the new request does not replace the old one")
		}
	})
}

func TestACorrectionAfterAFailureAsksAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.Failed, noTRN)
		w.pass(day)
		w.correct(id, "Ann", cpd.AwaitsManual) // the same details again are a correction here
		w.work()
		if w.tra.by[w.last()].Replaces != request {
			w.Error("the new request does not replace the answered one")
		}
		w.pass(29 * day)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
	})
}

func TestAWithdrawalTakesEverythingBack(t *testing.T) {
	type want struct {
		before func(w *world) // with the request waiting
		atTRA  string
	}
	eachCase(t, map[string]want{
		"of a request that the TRA has": {func(w *world) { w.work() }, "withdrawn"},
		"of one that never left":        {func(*world) {}, ""},
		"of one that may have arrived": {func(w *world) {
			w.tra.deaf = true
			w.work()
			w.tra.deaf = false
		}, "withdrawn"},
		"while the TRA is down": {func(w *world) {
			w.work()
			w.tra.down = true
		}, "withdrawn"},
	}, func(w *world, _ string, c want) {
		id := w.waiting("Ann")
		c.before(w)
		w.ok("withdrawing", w.Withdraw(w.Context(), id))
		p := w.is(id, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, false)
		if p.WithdrawnAt.IsZero() || p.TeacherReferenceNumberValidated() != nil {
			w.Error("a claim is left")
		}
		w.progress(id, cpd.StatusWithdrawn)
		w.mails(id, received, withdrawn)
		story := w.story(id)
		w.ok("withdrawing again", w.Withdraw(w.Context(), id))
		w.unchanged(id, story)
		w.work()
		w.tra.down = false
		w.pass(time.Hour)
		got := ""
		if len(w.tra.order) > 0 {
			got = w.tra.by[w.last()].status
		}
		if got != c.atTRA {
			w.Errorf("at the TRA it is %q, want %q", got, c.atTRA)
		}
		w.waits()
		// The person comes back.
		w.correct(id, "Ann", cpd.AwaitsManual)
		w.work()
		if w.tra.by[w.last()].Replaces != "" {
			w.Error("the new request replaces one that was withdrawn")
		}
		w.progress(id, cpd.StatusManual)
	})
}

func TestAnAnswerAfterAWithdrawalDoesNotCount(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.ok("withdrawing", w.Withdraw(w.Context(), id))
		w.pass(day)
		w.is(id, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, false)
		w.history(id, cpd.AnswerNotCounted)
		w.waits()
	})
}

func TestWhatIsValidatedCannotBeWithdrawn(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.wantKind("withdrawing", w.Withdraw(w.Context(), w.matched("Ann", trn("0000001"))), fault.Conflict)
	})
}
