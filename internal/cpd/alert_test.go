package cpd_test

import (
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

// alerted registers somebody with an open alert and gives the barring check at the TRA.
func (w *world) alerted(first string, t person.TRN) (cpd.ParticipantID, cpd.RequestID) {
	w.Helper()
	w.register.alerts[t] = true
	id := w.matched(first, t)
	w.work()
	return id, w.last()
}

func TestAnOpenAlertStartsABarringCheckWithTheTRNAndTheNameAlone(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.alerted("Ann", trn("0000001"))
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertAwaitingBarringCheck, false)
		if p.EligibleForFunding() != nil {
			w.Error("eligibility is told while it is being checked")
		}
		sub := w.tra.by[request].Submission
		if sub.Kind != cpd.BarringCheck || sub.TRN != trn("0000001") || sub.FirstName != p.FirstName || sub.LastName != p.LastName ||
			!sub.Details.DateOfBirth.IsZero() || !sub.Details.NINO.IsZero() || !sub.Details.Email.IsZero() {
			w.Error("the barring check holds anything but the TRN and the name")
		}
		w.waits(cpd.WaitsForBarring)
		w.mails(id, confirmed)
		w.progress(id, cpd.StatusConfirmed)
		w.pass(7 * day)
		if len(w.tra.order) != 1 {
			w.Errorf("%d barring checks, want one for an alert", len(w.tra.order))
		}
	})
}

func TestTheOutcomeOfABarringCheck(t *testing.T) {
	yes, no := true, false
	type want struct {
		status   cpd.AlertStatus
		eligible *bool
	}
	eachCase(t, map[cpd.Outcome]want{
		cpd.Barred:    {cpd.AlertBarred, &no},
		cpd.NotBarred: {cpd.AlertNotBarred, &yes},
		cpd.Failed:    {cpd.AlertUndetermined, nil},
	}, func(w *world, outcome cpd.Outcome, c want) {
		id, request := w.alerted("Ann", trn("0000001"))
		w.now = w.now.Add(time.Hour)
		w.answer(request, outcome, noTRN)
		answered := w.now
		w.pass(day)
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), c.status, false)
		if !p.AlertAt.Equal(answered) {
			w.Errorf("known as at %v, want %v", p.AlertAt, answered)
		}
		if got := p.EligibleForFunding(); (got == nil) != (c.eligible == nil) || got != nil && *got != *c.eligible {
			w.Errorf("eligible: got %v, want %v", got, c.eligible)
		}
		w.mails(id, confirmed) // nothing is told of it
		w.progress(id, cpd.StatusConfirmed)
		w.history(id, cpd.AnswerBarring)
		w.pass(14 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), c.status, false)
		if len(w.tra.order) != 1 {
			w.Error("a settled alert was asked about again")
		}
		w.answer(request, cpd.NotBarred, noTRN) // a later version
		w.pass(day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotBarred, false)
		w.register.alerts[trn("0000001")] = false
		w.pass(7 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.register.alerts[trn("0000001")] = true // another one
		w.pass(7 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertAwaitingBarringCheck, false)
	})
}

func TestAnUndeterminedAlertHasAnOwner(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.alerted("Ann", trn("0000001"))
		w.wantKind("assigning what is not undetermined", w.AssignAlert(w.Context(), admin, id, "Sam"), fault.Conflict)
		w.answer(request, cpd.Failed, noTRN)
		w.pass(day)
		if list := w.waits(cpd.WaitsForOwner); list[0].Owner != "CPD administrators" {
			w.Errorf("the owner is %q", list[0].Owner)
		}
		w.wantKind("assigning to nobody", w.AssignAlert(w.Context(), admin, id, " "), fault.Invalid)
		w.ok("assigning", w.AssignAlert(w.Context(), admin, id, "Sam"))
		if list := w.waits(cpd.WaitsForOwner); list[0].Owner != "Sam" {
			w.Errorf("the owner is %q, want Sam", list[0].Owner)
		}
		w.history(id, cpd.AlertAssigned)
	})
}

func TestAlertsAreReadWeekly(t *testing.T) {
	eachWorld(t, func(w *world) {
		id := w.matched("Ann", trn("0000001"))
		w.work()
		first := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false).AlertAt
		w.register.alerts[trn("0000001")] = true
		w.pass(7*day - time.Second)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.register.down = true
		w.pass(time.Second)
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		if !p.AlertAt.Equal(first) {
			w.Error("a read that failed tells a newer state")
		}
		w.waits(cpd.WaitsForAlertRead)
		w.register.down = false
		w.pass(time.Hour)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertAwaitingBarringCheck, false)
		w.waits(cpd.WaitsForBarring)
	})
}

func TestARecordThatIsGoneLeavesTheAlertUndetermined(t *testing.T) {
	eachWorld(t, func(w *world) {
		id := w.matched("Ann", trn("0000001"))
		w.work()
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.register.gone[trn("0000001")] = true
		w.pass(7 * day)
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertUndetermined, false)
		if p.EligibleForFunding() != nil || p.AlertOwner == "" {
			w.Errorf("eligible %v, looked after by %q", p.EligibleForFunding(), p.AlertOwner)
		}
		w.waits(cpd.WaitsForOwner)
		w.history(id, cpd.AlertNoRecord)
		w.register.gone[trn("0000001")] = false
		w.register.alerts[trn("0000001")] = true
		w.pass(7 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertAwaitingBarringCheck, false)
		w.answer(w.last(), cpd.Barred, noTRN)
		w.pass(day)
		w.register.gone[trn("0000001")] = true
		w.pass(14 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertBarred, false) // nothing is known that takes it away
	})
}

func TestABarringCheckOfAnAlertThatEndedIsTakenBack(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, request := w.alerted("Ann", trn("0000001"))
		w.register.alerts[trn("0000001")] = false
		w.pass(7 * day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.work()
		if got := w.tra.by[request].status; got != "withdrawn" {
			w.Errorf("the barring check at the TRA is %s, want withdrawn", got)
		}
		w.waits()
	})
}

func TestAnotherAlertIsCheckedToo(t *testing.T) {
	eachCase(t, map[cpd.Outcome]cpd.AlertStatus{
		cpd.Barred: cpd.AlertBarred, cpd.NotBarred: cpd.AlertNotBarred, cpd.Failed: cpd.AlertUndetermined, "": cpd.AlertAwaitingBarringCheck,
	}, func(w *world, outcome cpd.Outcome, before cpd.AlertStatus) {
		id, first := w.alerted("Ann", trn("0000001"))
		if outcome != "" {
			w.answer(first, outcome, noTRN)
		}
		w.pass(day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), before, false)
		w.pass(14 * day)
		if w.last() != first {
			w.Fatal("the same alert was checked again")
		}
		w.register.states[trn("0000001")] = " and a prohibition"
		w.pass(7 * day)
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertAwaitingBarringCheck, false)
		if p.EligibleForFunding() != nil || w.last() == first || p.AlertRequest != w.last() {
			w.Errorf("the other alert is not checked: %+v", p)
		}
		if got := w.tra.by[first].status; outcome == "" && got != "withdrawn" {
			w.Errorf("the check of the earlier alert is %s, want it taken back", got)
		}
		w.answer(w.last(), cpd.Barred, noTRN)
		w.pass(day)
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertBarred, false)
		second := w.last()
		w.pass(14 * day)
		if w.last() != second {
			w.Error("it was checked once more")
		}
	})
}
