package tra_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
)

// owner gives who holds a case, as its page shows it.
func (r *rig) owner(id tra.RequestID) string {
	r.t.Helper()
	return r.kase(id).Request.Owner
}

// hears fails the test unless err is a conflict that says all of the parts.
func (r *rig) hears(err error, parts ...string) {
	r.t.Helper()
	r.refused(err, fault.Conflict)
	for _, part := range parts {
		if text := fault.SafeText(err); !strings.Contains(text, part) {
			r.t.Errorf("they are told %q; want %q in it", text, part)
		}
	}
}

func TestTakeNextGivesTheOldestCaseThatNobodyHolds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		_, err := r.svc.TakeNext(r.ctx, olive, r.clock.now())
		r.refused(err, fault.NotFound)
		r.open(first, claim())
		r.open(second, claim())
		_, _, err = r.svc.Submit(r.ctx, tra.Submission{ID: third, Client: cpdClient, Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn(zofia), FirstName: name("Zofia")}})
		r.ok(err)
		asked := r.clock.now()
		r.clock.move(time.Second)
		next := func(op tra.Operator, asked time.Time, want tra.RequestID) {
			t.Helper()
			id, err := r.svc.TakeNext(r.ctx, op, asked)
			if err != nil || id != want || r.owner(id) != op.Email {
				t.Fatalf("%s took %s, %v; want %s", op.Email, id, err, want)
			}
		}
		next(olive, asked, first)
		next(olive, asked, first) // the second click on the same page
		next(tra.Operator{Email: secondEmail}, asked, second)
		_, err = r.svc.TakeNext(r.ctx, tra.Operator{Email: "ned@example.org"}, asked)
		r.refused(err, fault.NotFound) // what is left is a barring check
		next(owen, r.clock.now(), third)
		if n := r.happened(first, tra.OwnerTook); n != 1 {
			t.Errorf("the history says %d times that it was taken", n)
		}
		page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
		r.ok(err)
		if page.Counts[tra.QueueMine] != 1 || page.Counts[tra.QueueUnassigned] != 0 || page.Rows[0].Owner != operatorEmail {
			t.Errorf("counts %v, the first row is with %q", page.Counts, page.Rows[0].Owner)
		}
	})
}

const third = "33333333-3333-4333-8333-333333333333"

func TestTwoWhoTakeTheNextAtOnceGetTwoCases(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.open(first, claim())
		r.open(second, claim())
		var all sync.WaitGroup
		var took [2]tra.RequestID
		var errs [2]error
		for i, op := range []tra.Operator{olive, owen} {
			all.Go(func() { took[i], errs[i] = r.svc.TakeNext(r.ctx, op, r.clock.now()) })
		}
		all.Wait()
		if errs[0] != nil || errs[1] != nil || took[0] == took[1] {
			t.Errorf("they took %v, %v", took, errs)
		}
	})
}

func TestACaseIsFreeAgainWhenNobodyGoesOnWithIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.ok(r.svc.Take(r.ctx, olive, id, ""))
		look := func(op tra.Operator) {
			t.Helper()
			_, err := r.svc.Case(r.ctx, op, id)
			r.ok(err)
		}
		for range 4 { // working renews the lease; somebody else's look does not
			r.clock.move(15 * time.Minute)
			look(olive)
		}
		r.clock.move(15 * time.Minute)
		look(owen)
		if owner := r.owner(id); owner != operatorEmail {
			t.Fatalf("it is with %q", owner)
		}
		r.hears(r.svc.Take(r.ctx, owen, id, ""), operatorEmail, "09:00 on 25 November")
		r.clock.move(5 * time.Minute)
		if owner := r.owner(id); owner != "" {
			t.Fatalf("it is still with %q", owner)
		}
		freed := r.clock.now()
		r.clock.move(time.Hour)
		next, err := r.svc.TakeNext(r.ctx, owen, r.clock.now())
		if err != nil || next != id {
			t.Fatalf("took %s, %v", next, err)
		}
		history := r.kase(id).History
		i := slices.IndexFunc(history, func(e tra.Event) bool { return e.What == tra.OwnerIdle })
		if i < 0 || !history[i].At.Equal(freed) || !strings.Contains(history[i].Why, operatorEmail) {
			t.Errorf("the history does not tell when it was free again: %+v", history)
		}
	})
}

func TestACaseIsTakenOverFromWhomItWasSeenWith(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.ok(r.svc.Take(r.ctx, olive, id, ""))
		r.hears(r.svc.Take(r.ctx, owen, id, ""), operatorEmail)          // they saw it free
		r.hears(r.svc.Take(r.ctx, owen, id, susan.Email), operatorEmail) // or with somebody else
		r.hears(r.svc.GiveBack(r.ctx, owen, id), operatorEmail)
		r.ok(r.svc.Take(r.ctx, owen, id, operatorEmail))
		r.ok(r.svc.Take(r.ctx, owen, id, operatorEmail)) // the second click
		if owner := r.owner(id); owner != secondEmail {
			t.Fatalf("it is with %q", owner)
		}
		history := r.kase(id).History
		i := slices.IndexFunc(history, func(e tra.Event) bool { return e.What == tra.OwnerTookOver })
		if i < 0 || history[i].Who != secondEmail || !strings.Contains(history[i].Why, operatorEmail) {
			t.Errorf("the history does not tell who took it over from whom: %+v", history)
		}
		r.ok(r.svc.GiveBack(r.ctx, susan, id))
		if owner := r.owner(id); owner != "" {
			t.Errorf("a supervisor gave it back, and it is with %q", owner)
		}
	})
}

func TestWhoDoesNotHoldACaseCannotDecideIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.ok(r.svc.Hold(r.ctx, olive, id)) // begins to decide
		r.ok(r.svc.Hold(r.ctx, owen, id))  // changes nothing
		in := tra.Deciding{Revision: r.kase(id).Request.Revision, Outcome: tra.TRNFound, TRN: trn(zofia)}
		_, err := r.svc.Decide(r.ctx, owen, id, in)
		r.hears(err, operatorEmail, "took this case at 09:00 on 25 November", "has not been used")
		if r.kase(id).Decision != nil {
			t.Fatal("it is decided")
		}
		r.ok(r.svc.Take(r.ctx, owen, id, operatorEmail))
		_, err = r.svc.Decide(r.ctx, olive, id, in)
		r.hears(err, secondEmail)
		_, err = r.svc.Decide(r.ctx, owen, id, in)
		r.ok(err)
		// A lease that has ended, with nobody after it, keeps nothing from its owner.
		other := r.open(second, claim())
		r.ok(r.svc.Take(r.ctx, olive, other, ""))
		in.Revision = r.kase(other).Request.Revision
		r.clock.move(time.Hour)
		_, err = r.svc.Decide(r.ctx, olive, other, in)
		r.ok(err)
	})
}
