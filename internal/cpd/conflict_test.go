package cpd_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

const reason = "Checked by telephone."

func (w *world) end(id cpd.ParticipantID, how cpd.End) {
	w.Helper()
	w.ok("ending the conflict", w.EndConflict(w.Context(), admin, id, w.story(id).Seen(), how, reason))
}

// disputed makes two participants: the TRN of the first is answered for the second.
func (w *world) disputed() (holder, claimant cpd.ParticipantID) {
	w.Helper()
	holder = w.matched("Ann", trn("0000001"))
	w.work()
	w.now = w.now.Add(time.Second)
	claimant, request := w.standBy("Bob")
	w.answer(request, cpd.TRNFound, trn("0000001"))
	w.pass(day)
	return holder, claimant
}

func TestATRNThatStandsOnAnotherOpensAConflict(t *testing.T) {
	eachWorld(t, func(w *world) {
		holder, claimant := w.disputed()
		w.is(holder, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.is(claimant, cpd.TRNConflict, noTRN, cpd.AlertNotChecked, true)
		w.waits(cpd.WaitsForConflict)
		w.mails(claimant, received)
		if progress := w.progress(claimant, cpd.StatusManual); progress.CanCorrect || progress.CanWithdraw {
			w.Error("what an administrator has to end can be changed by the person")
		}
		story := w.story(claimant)
		if story.Conflict == nil || story.Conflict.TRN != trn("0000001") || story.Conflict.Holder != holder || story.Holder == nil || story.Holder.ID != holder {
			w.Errorf("the story shows %+v", story.Conflict)
		}
		_, err := w.Correct(w.Context(), claimant, details("Bo"), here)
		w.wantKind("correcting", err, fault.Conflict)
		w.wantKind("withdrawing", w.Withdraw(w.Context(), claimant), fault.Conflict)
		for what, err := range map[string]error{
			"no reason":             w.EndConflict(w.Context(), admin, claimant, w.story(claimant).Seen(), cpd.SamePerson, " "),
			"no end":                w.EndConflict(w.Context(), admin, claimant, w.story(claimant).Seen(), "", reason),
			"a reason with a TRN":   w.EndConflict(w.Context(), admin, claimant, w.story(claimant).Seen(), cpd.SamePerson, "It is 0000001."),
			"a reason with a birth": w.EndConflict(w.Context(), admin, claimant, w.story(claimant).Seen(), cpd.SamePerson, "Born 17/02/1984."),
		} {
			w.wantKind(what, err, fault.Invalid)
		}
		w.pass(40 * day)
		w.is(claimant, cpd.TRNConflict, noTRN, cpd.AlertNotChecked, true)
	})
}

func TestAMatchOnAnothersRecordIsAConflictAndToldAsACheckByHand(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.matched("Ann", trn("0000001"))
		w.register.finds["Bob"] = trn("0000001")
		out, err := w.Register(w.Context(), cpd.NewRegistrationID(), details("Bob"), here)
		if err != nil || out.Result != cpd.AwaitsManual || out.Status != cpd.StatusManual {
			w.Errorf("registering: got %+v, %v, want that it awaits a check by hand", out, err)
		}
		w.is(out.Participant, cpd.TRNConflict, noTRN, cpd.AlertNotChecked, true)
		w.mails(out.Participant, received)
		w.end(out.Participant, cpd.DifferentPeople)
		w.is(out.Participant, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
	})
}

func TestTheSamePersonsRecordsAreJoinedAndTheOlderKept(t *testing.T) {
	eachCase(t, map[string]bool{"the older one holds the TRN": true, "the newer one does": false}, func(w *world, _ string, olderHolds bool) {
		var holder, claimant, older, newer cpd.ParticipantID
		if olderHolds {
			holder, claimant = w.disputed()
			older, newer = holder, claimant
		} else {
			id, request := w.standBy("Bob")
			claimant = id
			w.now = w.now.Add(1e6)
			holder = w.matched("Ann", trn("0000001"))
			w.answer(request, cpd.TRNFound, trn("0000001"))
			w.pass(day)
			older, newer = claimant, holder
		}
		w.is(claimant, cpd.TRNConflict, noTRN, cpd.AlertNotChecked, true)
		w.end(claimant, cpd.SamePerson)
		w.work()
		p := w.is(older, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		if p.ID != older || p.JoinedInto != "" {
			w.Error("the older record is not the one that stands")
		}
		if story := w.story(newer); story.Participant.ID != older || len(story.Joined) != 1 || story.Joined[0].ID != newer || story.Conflict != nil {
			w.Errorf("the newer record does not lead to the older: %+v", story.Participant)
		}
		for _, first := range []string{"Ann", "Bob"} {
			if got, err := w.store.ParticipantByEmail(w.Context(), details(first).Email); err != nil || got.ID != older {
				w.Errorf("the address of %s leads to %s, %v", first, got.ID, err)
			}
		}
		gone, err := w.store.Participant(w.Context(), newer)
		if err != nil || gone.JoinedInto != older || !gone.TRN.IsZero() || gone.HoldsValidationData {
			w.Errorf("the newer record: got %+v, %v", gone, err)
		}
		if page, err := w.Participants(w.Context(), cpd.Filter{}); err != nil || page.Total != 1 {
			w.Errorf("got %d participants, %v, want one", page.Total, err)
		}
		if n := len(w.story(older).Requests); n != 1 {
			w.Errorf("got %d requests, want the one that moved", n)
		}
		w.wantKind("ending it again", w.EndConflict(w.Context(), admin, claimant, w.story(claimant).Seen(), cpd.SamePerson, reason), fault.Conflict)
		w.waits()
		w.tellsWhy(older)
	})
}

func TestAConflictIsEndedAsItWasSeen(t *testing.T) {
	other := trn("0000002")
	eachCase(t, map[string]func(w *world, holder, claimant cpd.ParticipantID){
		"another conflict is open": func(w *world, _, _ cpd.ParticipantID) {
			w.matched("Cyd", other)
			w.answer(w.last(), cpd.TRNFound, other)
			w.pass(day)
		},
		"another conflict with the same holder is open": func(w *world, _, claimant cpd.ParticipantID) {
			w.end(claimant, cpd.DifferentPeople)
			w.correct(claimant, "Rob", cpd.AwaitsManual)
			w.work()
			w.answer(w.last(), cpd.TRNFound, trn("0000001"))
			w.pass(day)
		},
		"the TRN stands on somebody else": func(w *world, holder, _ cpd.ParticipantID) {
			w.ok("moving the TRN", w.store.InTx(w.Context(), func(ctx context.Context, tx cpd.Tx) error {
				p, err := tx.Participant(ctx, holder)
				if err != nil {
					return err
				}
				p.TRN, p.TRNStatus = person.TRN{}, cpd.TRNNotChecked
				return tx.SaveParticipant(ctx, p)
			}))
			w.matched("Cyd", trn("0000001"))
		},
		"the TRN stands on nobody": func(w *world, holder, _ cpd.ParticipantID) {
			w.ok("taking the TRN", w.store.InTx(w.Context(), func(ctx context.Context, tx cpd.Tx) error {
				p, err := tx.Participant(ctx, holder)
				if err != nil {
					return err
				}
				p.TRN, p.TRNStatus = person.TRN{}, cpd.TRNNotChecked
				return tx.SaveParticipant(ctx, p)
			}))
		},
	}, func(w *world, _ string, meanwhile func(w *world, holder, claimant cpd.ParticipantID)) {
		holder, claimant := w.disputed()
		seen := w.story(claimant).Seen()
		meanwhile(w, holder, claimant)
		before := w.story(claimant)
		if before.Conflict == nil {
			w.Fatal("no conflict is open")
		}
		for _, how := range []cpd.End{cpd.SamePerson, cpd.DifferentPeople, cpd.WrongLink} {
			err := w.EndConflict(w.Context(), admin, claimant, seen, how, reason)
			if w.wantKind("ending what was not seen", err, fault.Conflict); fault.SafeText(err) == alreadyEnded {
				w.Error("what changed is not told")
			}
		}
		w.unchanged(claimant, before)
		w.end(claimant, cpd.DifferentPeople)
	})
}

// tellsWhy looks for the administrator and the reason in a history.
func (w *world) tellsWhy(id cpd.ParticipantID) {
	w.Helper()
	told := false
	for _, e := range w.story(id).History {
		told = told || e.Who == admin && e.Why == reason
	}
	if !told {
		w.Error("the history does not tell who ended the conflict, and why")
	}
	w.tellsNoTRN()
}

func TestDifferentPeopleKeepWhatTheyHaveAndTheTRAIsAskedAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.begin(cpd.Options{TRAAddress: "tra@example.org"})
		holder, claimant := w.disputed()
		answered := w.last()
		w.end(claimant, cpd.DifferentPeople)
		w.is(holder, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.is(claimant, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		mails := w.mails(claimant, received, "Two people with one record", received)
		if mails[1].To != "tra@example.org" || !strings.Contains(mails[1].Body, string(answered)) || strings.Contains(mails[1].Body, "Bob") {
			w.Errorf("the TRA is told %q", mails[1].Body)
		}
		w.work()
		if w.tra.by[w.last()].Replaces != answered {
			w.Error("the TRA is not asked again")
		}
		w.tellsWhy(claimant)
		w.answer(w.last(), cpd.TRNFound, trn("0000002"))
		w.pass(day)
		w.is(claimant, cpd.TRNValidatedManually, trn("0000002"), cpd.AlertNone, false)
	})
}

func TestAWrongLinkIsTakenBackAndChecked(t *testing.T) {
	eachWorld(t, func(w *world) {
		holder, claimant := w.disputed()
		w.end(claimant, cpd.WrongLink)
		w.is(claimant, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNotChecked, false)
		w.is(holder, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, false)
		w.mails(claimant, received, confirmed)
		mails := w.mails(holder, confirmed, needDetails)
		if mails[1].Link == "" {
			w.Error("the holder gets no link to give the details again")
		}
		w.progress(holder, cpd.StatusNeedDetails)
		w.waits(cpd.WaitsForPerson)
		w.tellsWhy(claimant)
		delete(w.register.finds, "Ann")
		w.correct(holder, "Ann", cpd.AwaitsManual)
		w.work()
		w.is(holder, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.is(claimant, cpd.TRNValidatedManually, trn("0000001"), cpd.AlertNone, false)
	})
}

// contradicted gives a participant whose validated TRN an answer to another
// request of theirs would change.
func (w *world) contradicted(held, answered person.TRN) cpd.ParticipantID {
	w.Helper()
	id, request := w.standBy("Ann")
	w.register.finds["Anna"] = held
	w.correct(id, "Anna", cpd.Matched)
	// The TRA answered before it heard of the withdrawal, and cpd thinks that the request counts.
	r := w.request(request)
	r.State = cpd.RequestSent
	w.ok("reviving the request", w.store.InTx(w.Context(), func(ctx context.Context, tx cpd.Tx) error { return tx.SaveRequest(ctx, r) }))
	w.tra.by[request].status = "with_operator"
	w.answer(request, cpd.TRNFound, answered)
	w.ok("the answer", w.ApplyAnswer(w.Context(), w.tra.feed[len(w.tra.feed)-1]))
	return id
}

func TestAnyOtherChangeOfAValidatedTRNIsAConflict(t *testing.T) {
	type want struct {
		status cpd.TRNStatus
		trn    person.TRN
	}
	eachCase(t, map[cpd.End]want{
		cpd.SamePerson:      {cpd.TRNValidatedManually, trn("0000002")}, // the person has the answered record
		cpd.DifferentPeople: {cpd.TRNValidatedAutomatically, trn("0000001")},
		cpd.WrongLink:       {cpd.TRNNotChecked, noTRN},
	}, func(w *world, how cpd.End, c want) {
		id := w.contradicted(trn("0000001"), trn("0000002"))
		p := w.is(id, cpd.TRNConflict, trn("0000001"), cpd.AlertNotChecked, false)
		if !p.TeacherReferenceNumber().IsZero() {
			w.Error("lead providers read a TRN that is in conflict")
		}
		w.waits(cpd.WaitsForConflict)
		w.end(id, how)
		w.is(id, c.status, c.trn, cpd.AlertNotChecked, false)
		w.tellsWhy(id)
	})
}

func TestALaterVersionEndsTheConflictOfAnEarlier(t *testing.T) {
	type want struct {
		status cpd.TRNStatus
		trn    person.TRN
		alert  cpd.AlertStatus
		held   bool
	}
	eachCase(t, map[cpd.Outcome]want{
		cpd.TRNFound: {cpd.TRNValidatedManually, trn("0000002"), cpd.AlertNone, false},
		cpd.Failed:   {cpd.TRNValidationFailed, noTRN, cpd.AlertNotChecked, true},
	}, func(w *world, outcome cpd.Outcome, c want) {
		holder, claimant := w.disputed()
		w.answer(w.last(), outcome, c.trn)
		w.pass(day)
		w.is(claimant, c.status, c.trn, c.alert, c.held)
		w.is(holder, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		if w.story(claimant).Conflict != nil {
			w.Error("the conflict is still open")
		}
		w.tellsNoTRN()
	})
}

func TestATRNThatTheTRATookBackIsDisputedNoMore(t *testing.T) {
	type want struct {
		outcome cpd.Outcome
		trn     person.TRN
		status  cpd.TRNStatus
	}
	eachCase(t, map[string]want{
		"it failed":                     {cpd.Failed, noTRN, cpd.TRNValidatedAutomatically},
		"it confirms the one they have": {cpd.TRNFound, trn("0000001"), cpd.TRNValidatedAutomatically},
		"it names a third":              {cpd.TRNFound, trn("0000003"), cpd.TRNConflict},
	}, func(w *world, _ string, c want) {
		id := w.contradicted(trn("0000001"), trn("0000002"))
		w.answer(w.last(), c.outcome, c.trn)
		w.ok("the later version", w.ApplyAnswer(w.Context(), w.tra.feed[len(w.tra.feed)-1]))
		w.is(id, c.status, trn("0000001"), cpd.AlertNotChecked, false)
		if open := w.story(id).Conflict; (open != nil) != (c.status == cpd.TRNConflict) || open != nil && open.TRN != c.trn {
			w.Errorf("open is %+v, want nothing of the TRN that was taken back", open)
		}
		w.tellsNoTRN()
	})
}

// tellsNoTRN looks for a TRN in a conflict that is ended.
func (w *world) tellsNoTRN() {
	w.Helper()
	var n int
	if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM conflicts WHERE trn <> '' AND ended_at IS NOT NULL`).Scan(&n); err != nil || n != 0 {
		w.Errorf("%d ended conflicts hold a TRN, %v", n, err)
	}
}
