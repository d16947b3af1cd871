package cpd_test

import (
	"context"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

func TestAFoundTRNIsStoredByTheNextPoll(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.pass(23 * time.Hour)
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.pass(59 * time.Minute)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.pass(time.Minute)
		p := w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
		w.mails(id, received, confirmed)
		w.progress(id, cpd.StatusConfirmed)
		w.history(id, cpd.AnswerTRNFound, cpd.DataDeleted, cpd.TRNValidatedByHand, cpd.AlertRead, cpd.AlertSettled)
		if r := w.request(request); r.State != cpd.RequestAnswered || r.Outcome != cpd.TRNFound || r.Version != 1 || r.Open() {
			w.Errorf("the request: got %+v", r)
		}
		if yes := p.EligibleForFunding(); yes == nil || !*yes {
			w.Error("a validated TRN without an alert is not eligible")
		}
		w.waits()
	})
}

func TestTheFeedIsPolledEvery24HoursAndAppliedOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		if w.tra.polls != 1 {
			w.Fatalf("polled %d times at first, want once", w.tra.polls)
		}
		for range 24 {
			w.pass(time.Hour)
		}
		if w.tra.polls != 2 {
			w.Errorf("polled %d times after a day, want twice", w.tra.polls)
		}
		w.answer(request, cpd.TRNFound, trn("0000001"))
		before := w.story(id)
		w.tra.down = true
		w.pass(day)
		state, err := w.PollState(w.Context())
		if err != nil || state.Problem != "unavailable" || !state.NextAt.Equal(w.now.Add(time.Minute)) || !state.LastAt.Equal(w.now.Add(-day)) {
			w.Errorf("after a failure: got %+v, %v, want to try again in a minute", state, err)
		}
		if len(w.story(id).History) != len(before.History) {
			w.Error("a poll that failed changed something")
		}
		w.tra.down = false
		w.pass(time.Minute)
		state, err = w.PollState(w.Context())
		if err != nil || state.Problem != "" || !state.NextAt.Equal(w.now.Add(day)) || !state.LastAt.Equal(w.now) {
			w.Errorf("after a success: got %+v, %v, want the next in a day", state, err)
		}
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
		w.pass(day)
		story := w.story(id)
		// The cursor is lost: everything is read again.
		w.ok("resetting the feed", w.store.InTx(w.Context(), func(ctx context.Context, tx cpd.Tx) error { return tx.SaveFeed(ctx, cpd.Feed{}) }))
		result, err := w.PollNow(w.Context(), admin)
		if err != nil || result.Answers != 1 {
			w.Errorf("polled now: got %+v, %v, want one answer", result, err)
		}
		w.ok("applied again", w.ApplyAnswer(w.Context(), w.tra.feed[0]))
		w.unchanged(id, story)
	})
}

func TestAFailureKeepsWhatWasTypedFor28Days(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.Failed, noTRN)
		w.pass(day)
		failedAt := w.now
		p := w.is(id, cpd.TRNValidationFailed, noTRN, cpd.AlertNotChecked, true)
		if !p.ExpectedBy.IsZero() {
			w.Error("an answer is still expected")
		}
		mails := w.mails(id, received, failedMail)
		if mails[1].Link == "" {
			w.Error("the mail of a failure has no link to go on")
		}
		progress := w.progress(id, cpd.StatusFailed)
		if len(progress.CheckList) == 0 || !progress.CanCorrect || !progress.HeldUntil.Equal(failedAt.Add(28*day)) {
			w.Errorf("got %+v, want what to check, and until when it is held", progress)
		}
		if d, held, err := w.HeldDetails(w.Context(), id); err != nil || !held || d.NINO != details("Ann").NINO {
			w.Errorf("what was typed is not held: %v, %v", held, err)
		}
		w.pass(28*day - time.Second)
		w.is(id, cpd.TRNValidationFailed, noTRN, cpd.AlertNotChecked, true)
		w.pass(time.Second)
		w.is(id, cpd.TRNValidationFailed, noTRN, cpd.AlertNotChecked, false)
		w.history(id, cpd.AnswerFailed, cpd.ValidationFailed, cpd.DataDeleted)
		if progress := w.progress(id, cpd.StatusFailed); !progress.HeldUntil.IsZero() || !progress.CanCorrect || progress.CanWithdraw {
			w.Errorf("got %+v, want a correction from scratch", progress)
		}
		var n int
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM validation_data`).Scan(&n); err != nil || n != 0 {
			w.Errorf("%d rows of validation data are left, %v", n, err)
		}
		w.waits()
	})
}

func TestALaterVersionOfAnAnswerTakesTheEarliersPlace(t *testing.T) {
	type step struct {
		outcome cpd.Outcome
		trn     person.TRN
	}
	type want struct {
		steps  []step
		status cpd.TRNStatus
		trn    person.TRN
		mails  []string
	}
	eachCase(t, map[string]want{
		"another TRN":           {[]step{{cpd.TRNFound, trn("0000001")}, {cpd.TRNFound, trn("0000002")}}, cpd.TRNValidatedManually, trn("0000002"), []string{received, confirmed}},
		"the same TRN":          {[]step{{cpd.TRNFound, trn("0000001")}, {cpd.TRNFound, trn("0000001")}}, cpd.TRNValidatedManually, trn("0000001"), []string{received, confirmed}},
		"a failure after a TRN": {[]step{{cpd.TRNFound, trn("0000001")}, {cpd.Failed, noTRN}}, cpd.TRNValidationFailed, noTRN, []string{received, confirmed, failedMail}},
		"a TRN after a failure": {[]step{{cpd.Failed, noTRN}, {cpd.TRNFound, trn("0000001")}}, cpd.TRNValidatedManually, trn("0000001"), []string{received, failedMail, confirmed}},
		"a failure again":       {[]step{{cpd.Failed, noTRN}, {cpd.Failed, noTRN}}, cpd.TRNValidationFailed, noTRN, []string{received, failedMail}},
	}, func(w *world, _ string, c want) {
		id, request := w.standBy("Ann")
		for _, s := range c.steps {
			w.answer(request, s.outcome, s.trn)
			w.pass(day)
		}
		w.work()
		p := w.story(id).Participant
		if p.TRNStatus != c.status || p.TRN != c.trn || p.TRNVersion != 2 {
			w.Errorf("got %s, TRN %q by version %d, want %s, %q by 2", p.TRNStatus, p.TRN.Reveal(), p.TRNVersion, c.status, c.trn.Reveal())
		}
		want := cpd.AlertNone
		if c.trn.IsZero() {
			want = cpd.AlertNotChecked
		}
		if p.AlertStatus != want {
			w.Errorf("alert %s, want %s", p.AlertStatus, want)
		}
		w.mails(id, c.mails...)
		story := w.story(id)
		w.ok("the earlier version read late", w.ApplyAnswer(w.Context(), w.tra.feed[0]))
		w.unchanged(id, story)
	})
}

func TestAVersionThatWasOvertakenOnTheWayDoesNotCount(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.Failed, noTRN)
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.ok("the second first", w.ApplyAnswer(w.Context(), w.tra.feed[1]))
		w.ok("the first second", w.ApplyAnswer(w.Context(), w.tra.feed[0]))
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNotChecked, false)
		w.history(id, cpd.TRNValidatedByHand, cpd.AnswerNotCounted)
	})
}

func TestAnAnswerThatSaysNothingUsableLeavesTheRequestOpen(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.TRNFound, noTRN) // not one that was deleted: one that cannot be read
		w.answer(request, "perhaps", trn("0000001"))
		w.pass(day)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		if list := w.waits(cpd.WaitsForAnswer); list[0].Problem != "answer_unreadable" {
			w.Errorf("got the problem %q, want that the answer is unreadable", list[0].Problem)
		}
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		if p := w.story(id).Participant; p.TRN != trn("0000001") {
			w.Error("the next version was not applied")
		}
	})
}

// tooLate has the TRA answer, and delete the TRN before anybody reads it.
func (w *world) tooLate(id cpd.RequestID) {
	w.Helper()
	w.answer(id, cpd.TRNFound, noTRN)
	r := w.tra.by[id]
	r.answer.Gone = true
	w.tra.feed[len(w.tra.feed)-1].Gone = true
}

func TestAnAnswerThatIsReadTooLateIsAskedForAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.tooLate(request)
		w.pass(day)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		if list := w.waits(cpd.WaitsForAskingAgain); list[0].Problem != "answer_too_late" || list[0].Participant != id {
			w.Errorf("what waits: %+v", list[0])
		}
		w.progress(id, cpd.StatusManual)
		w.pass(25 * time.Hour) // the request is asked for by itself: the same answer
		if n := len(w.story(id).Requests); n != 1 {
			w.Fatalf("%d requests, want that somebody asks again", n)
		}
		if asked, err := w.AskTRAAgain(w.Context(), admin, id); err != nil || !asked {
			w.Fatalf("asking again: %v, %v", asked, err)
		}
		_, err := w.AskTRAAgain(w.Context(), admin, id)
		w.wantKind("a second click", err, fault.Conflict)
		w.work()
		again := w.last()
		if sub := w.tra.by[again].Submission; again == request || sub.Replaces != request || sub.Details.NINO != details("Ann").NINO {
			w.Errorf("the TRA was asked %+v", sub)
		}
		w.waits(cpd.WaitsForAnswer)
		w.history(id, cpd.AnswerTooLate, cpd.AskedTRAAgain, cpd.RequestMade, cpd.RequestReached)
		w.answer(again, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
		w.waits()
	})
}

func TestALaterVersionThatIsReadTooLateIsAskedForAgainOfThePerson(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		w.tooLate(request)
		w.pass(day)
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
		w.waits(cpd.WaitsForAskingAgain)
		if asked, err := w.AskTRAAgain(w.Context(), admin, id); err != nil || asked {
			w.Fatalf("asking again, with nothing held: %v, %v", asked, err)
		}
		w.is(id, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, false)
		w.progress(id, cpd.StatusNeedDetails)
	})
}

func TestAnAnswerThatIsReadTooLateAndCountsNoMoreWaitsForNobody(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.ok("taking the details back", w.Withdraw(w.Context(), id))
		w.tooLate(request)
		w.pass(day)
		w.waits()
		_, err := w.AskTRAAgain(w.Context(), admin, id)
		w.wantKind("asking again", err, fault.Conflict)
	})
}

func TestAnAnswerToNoRequestOfOursDoesNotStopTheFeed(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.tra.feed = append(w.tra.feed, cpd.Answer{Request: "nobody's", Kind: cpd.TRNValidation, Version: 1, Outcome: cpd.Failed})
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		if p := w.story(id).Participant; p.TRN != trn("0000001") {
			w.Error("the feed stopped")
		}
	})
}

func TestALaterVersionLeavesACorrectionThatIsToBeChecked(t *testing.T) {
	eachCase(t, map[cpd.Outcome]person.TRN{cpd.Failed: noTRN, cpd.TRNFound: trn("0000002")}, func(w *world, outcome cpd.Outcome, found person.TRN) {
		id, request := w.standBy("Ann")
		w.answer(request, cpd.Failed, noTRN)
		w.pass(day)
		w.register.down = true
		w.correct(id, "Anna", cpd.CouldNotAsk)
		w.answer(request, outcome, found)
		w.ok("the later version", w.ApplyAnswer(w.Context(), w.tra.feed[len(w.tra.feed)-1]))
		w.is(id, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, true)
		w.history(id, cpd.CheckNotAsked, cpd.AnswerNotCounted)
		w.mails(id, received, failedMail)
		w.register.down = false
		w.register.finds["Anna"] = trn("0000001")
		w.pass(time.Hour)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
	})
}

func TestAnAnswerThatTheFeedMissedIsAskedFor(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		w.tra.expects = w.now.Add(9 * day)
		w.pass(2 * day)
		if got := w.progress(id, cpd.StatusManual); !got.ExpectedBy.Equal(w.tra.expects) {
			w.Errorf("got %v, want the revised expectation %v", got.ExpectedBy, w.tra.expects)
		}
		w.answer(request, cpd.TRNFound, trn("0000001"))
		w.tra.feed = nil
		w.pass(2 * day)
		if p := w.story(id).Participant; p.TRN != trn("0000001") {
			w.Error("the missed answer was not asked for")
		}
	})
}

func TestARequestThatTheTRALostIsSentAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.standBy("Ann")
		delete(w.tra.by, request)
		w.now = w.now.Add(2 * day)
		w.ok("polling", w.Poll(w.Context()))
		if r := w.request(request); r.State != cpd.RequestWaiting {
			w.Errorf("the lost request is %s, want waiting", r.State)
		}
		// Corrected before it is sent again: it goes there first, to be replaced.
		if out, err := w.Correct(w.Context(), id, details("Anna"), here); err != nil || out.Result != cpd.AwaitsManual {
			w.Fatalf("correcting: got %+v, %v", out, err)
		}
		w.work()
		w.work()
		if w.tra.by[request] == nil || w.tra.by[w.last()].Replaces != request {
			w.Error("the correction did not follow the request that it replaces")
		}
		w.answer(w.last(), cpd.TRNFound, trn("0000001"))
		w.pass(day)
		if p := w.story(id).Participant; p.TRN != trn("0000001") {
			w.Error("the answer was not applied")
		}
	})
}

func TestARequestWhosePlaceTheTRALostIsSentByItself(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, first := w.standBy("Ann")
		w.answer(first, cpd.Failed, noTRN)
		w.pass(day)
		delete(w.tra.by, first) // it was restored from before
		w.correct(id, "Anna", cpd.AwaitsManual)
		w.work()
		second := w.last()
		if r := w.request(second); second == first || r.State != cpd.RequestSent || r.Replaces != "" || w.tra.by[second].Replaces != "" {
			w.Errorf("got %+v, want it sent, and to replace nothing", r)
		}
		w.answer(second, cpd.TRNFound, trn("0000001"))
		w.pass(day)
		w.is(id, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
	})
}

func TestAServiceThatHangsDoesNotKeepThePollWaiting(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.work()
		w.register.down = true
		if out, err := w.Register(w.Context(), cpd.NewRegistrationID(), details("Ann"), here); err != nil || out.Result != cpd.CouldNotAsk {
			w.Fatalf("registering: got %+v, %v", out, err)
		}
		polls := w.tra.polls
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		w.register.hangs = cancel // until the time is used up
		w.now = w.now.Add(day)
		_ = w.WorkDue(ctx) // what did not end in time is due again
		if ctx.Err() == nil {
			w.Fatal("the register was not asked")
		}
		if w.tra.polls != polls+1 {
			w.Error("the poll missed its turn")
		}
	})
}

func TestARequestIsSentUntilTheTRAHasIt(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.tra.down = true
		id := w.waiting("Ann")
		w.work()
		if list := w.waits(cpd.WaitsForSending); list[0].Problem != "unavailable" {
			w.Errorf("got the problem %q, want why it is not sent", list[0].Problem)
		}
		w.tra.down, w.tra.deaf = false, true
		w.pass(time.Minute)
		w.tra.deaf = false
		w.pass(time.Hour)
		if len(w.tra.order) != 1 {
			w.Errorf("the TRA has %d requests, want one", len(w.tra.order))
		}
		r := w.request(w.last())
		if r.State != cpd.RequestSent || r.Problem != "" || r.Attempts != 3 {
			w.Errorf("got %+v, want it sent by the third attempt", r)
		}
		w.history(id, cpd.StoodBy, cpd.RequestMade, cpd.RequestReached)
		w.wantKind("an unknown participant", func() error { _, err := w.Participant(w.Context(), "nobody"); return err }(), fault.NotFound)
	})
}
