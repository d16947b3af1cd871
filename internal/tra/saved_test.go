package tra_test

import (
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
)

// typed has an operator type into a form of a case and leave it.
func (r *rig) typed(op tra.Operator, id tra.RequestID, what string) {
	r.t.Helper()
	r.ok(r.svc.SaveForm(r.ctx, op, tra.SavedForm{Request: id, Form: "note", Values: person.NewText(what), Revision: r.kase(id).Request.Revision}))
}

// finds fails the test unless the operator finds what they typed; empty: nothing.
func (r *rig) finds(op tra.Operator, id tra.RequestID, want string) *tra.SavedForm {
	r.t.Helper()
	c, err := r.svc.Case(r.ctx, op, id)
	r.ok(err)
	got := ""
	if c.Saved != nil {
		got = c.Saved.Values.Reveal()
	}
	if got != want {
		r.t.Errorf("%s finds %q, want %q", op.Email, got, want)
	}
	return c.Saved
}

func TestWhatAnOperatorTypedIsKeptForThemAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.typed(olive, id, "half a")
		r.typed(olive, id, "half a sentence")
		r.typed(owen, id, "another's")
		f := r.finds(olive, id, "half a sentence")
		if f.Form != "note" || f.Changed != "" || f.At.IsZero() {
			t.Errorf("kept as %+v", f)
		}
		page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
		r.ok(err)
		if len(page.Saved) != 1 || page.Saved[0].Reference != r.kase(id).Request.Reference {
			t.Errorf("the list says %+v", page.Saved)
		}
		r.ok(r.svc.DropForm(r.ctx, olive, id))
		r.finds(olive, id, "")
		r.finds(owen, id, "another's")

		barring, _, err := r.svc.Submit(r.ctx, tra.Submission{ID: second, Client: cpdClient, Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn(zofia), FirstName: name("Zofia")}})
		r.ok(err)
		r.refused(r.svc.SaveForm(r.ctx, tra.Operator{Email: "ned@example.org"}, tra.SavedForm{Request: barring.ID}), fault.Forbidden)
	})
}

func TestWhatWasTypedGoesWithTheDecisionAndTheRequestAndInTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.typed(olive, id, "mine")
		r.typed(owen, id, "another's")
		r.decide(olive, id, tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check every name."})
		r.finds(olive, id, "")
		if f := r.finds(owen, id, "another's"); f != nil { // who came too late loses nothing
			r.hears(fault.New(fault.Conflict, f.Changed), operatorEmail, "decided this case", "failed")
		}
		r.work(10 * time.Minute)
		r.typed(olive, id, "why it is opened again")
		r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "The wrong twin."))
		r.finds(olive, id, "")

		other := r.open(second, claim())
		r.typed(olive, other, "mine")
		r.typed(owen, other, "another's")
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, other))
		r.finds(olive, other, "")
		r.finds(owen, other, "")

		r.work(9 * 24 * time.Hour)
		r.finds(owen, id, "another's")
		r.work(24*time.Hour + time.Minute)
		r.finds(owen, id, "")
	})
}

func TestWhoTypesKeepsTheCase(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.ok(r.svc.Take(r.ctx, olive, id, ""))
		for range 3 {
			r.clock.move(15 * time.Minute)
			r.ok(r.svc.SaveForm(r.ctx, olive, tra.SavedForm{Request: id, Form: "note"}))
		}
		r.clock.move(15 * time.Minute)
		r.hears(r.svc.Take(r.ctx, owen, id, ""), operatorEmail)
	})
}
