package cpd_test

import (
	"testing"

	"traid/internal/cpd"
	"traid/internal/fault"
)

func (w *world) seen(id cpd.ParticipantID) string {
	w.Helper()
	data, _, err := w.HeldData(w.Context(), id)
	w.ok("what is held", err)
	return data.ID
}

func TestAnAdministratorHasTheAutomaticCheckMadeAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, _ := w.standBy("Ann")
		check := func(want cpd.CheckResult) {
			w.Helper()
			if got, err := w.CheckNow(w.Context(), admin, id); err != nil || got != want {
				w.Errorf("got %v, %v, want %v", got, err, want)
			}
		}
		check(cpd.NotMatched)
		w.history(id, cpd.CheckedAgain, cpd.CheckNotMatched)
		w.register.down = true
		check(cpd.CouldNotAsk)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.register.down = false
		w.register.finds["Ann"] = trn("0000001") // it has the record now
		check(cpd.Matched)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotChecked, false)
		if e := w.story(id).History; e[len(e)-5].Who != admin {
			w.Errorf("the check is by %q", e[len(e)-5].Who)
		}
		w.work()
		if w.tra.by[w.last()].status != "withdrawn" {
			w.Error("the request is left with the TRA")
		}
		_, err := w.CheckNow(w.Context(), admin, id)
		w.wantKind("what is validated", err, fault.Conflict)
		other := w.waiting("Bob")
		w.ok("withdrawing", w.Withdraw(w.Context(), other))
		_, err = w.CheckNow(w.Context(), admin, other)
		w.wantKind("what is not held", err, fault.Conflict)
	})
}

func TestAnAdministratorCorrectsDetailsWithAReason(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, first := w.standBy("Ann")
		d := details("Anne")
		for what, why := range map[string]string{"no reason": " ", "a reason with a TRN": "It is 0000001."} {
			_, err := w.CorrectFor(w.Context(), admin, id, w.seen(id), d, why)
			w.wantKind(what, err, fault.Invalid)
		}
		looked := w.seen(id)
		out, err := w.CorrectFor(w.Context(), admin, id, looked, d, "The school misspelt it.")
		if err != nil || out.Result != cpd.AwaitsManual {
			w.Fatalf("got %+v, %v", out, err)
		}
		w.work()
		if r := w.tra.by[w.last()]; r.Replaces != first || r.Details.FirstName.Reveal() != "Anne" || r.Details.Email != details("Ann").Email {
			w.Errorf("the TRA was given %+v", r.Submission)
		}
		var told bool
		for _, e := range w.story(id).History {
			told = told || e.What == cpd.CorrectedFor && e.Who == admin && e.Why == "The school misspelt it."
		}
		if !told {
			w.Error("the history does not tell who corrected, and why")
		}
		_, err = w.CorrectFor(w.Context(), admin, id, looked, details("Anna"), "Again.")
		w.wantKind("a page that is out of date", err, fault.Conflict)
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
	})
}

// What an administrator types is a claim like everybody's.
func TestATRNThatAnAdministratorTypesIsNotStoredUnlessTheRegisterAgrees(t *testing.T) {
	eachWorld(t, func(w *world) {
		id := w.waiting("Ann")
		d := details("Ann")
		d.TRN = trn("0000002")
		if _, err := w.CorrectFor(w.Context(), admin, id, w.seen(id), d, "Told by telephone."); err != nil {
			w.Fatal(err)
		}
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.register.finds["Ann"] = trn("0000001") // the register knows better
		d.TRN = trn("0000003")
		if _, err := w.CorrectFor(w.Context(), admin, id, w.seen(id), d, "Told again."); err != nil {
			w.Fatal(err)
		}
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotChecked, false)
		d.TRN = trn("0000002")
		out, err := w.CorrectFor(w.Context(), admin, id, w.seen(id), d, "Once more.")
		if err != nil || out.Result != cpd.AlreadyKnown {
			w.Errorf("a validated TRN: got %+v, %v, want that nothing changes", out, err)
		}
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotChecked, false)
	})
}
