package tra_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
)

// seen is a case as the list shows it now.
func (r *rig) seen(id tra.RequestID) tra.Seen {
	r.t.Helper()
	q := r.kase(id).Request
	return tra.Seen{ID: id, Revision: q.Revision, Owner: q.Owner}
}

func TestManyCasesAreGivenInOneTransactionAndWhatChangedIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, id := range []string{first, second, third, fourth} {
			r.open(id, claim())
		}
		r.ok(r.svc.Take(r.ctx, owen, second, ""))
		cases := []tra.Seen{r.seen(first), r.seen(second), r.seen(third), r.seen(fourth)}
		r.ok(r.svc.Take(r.ctx, owen, third, "")) // after the list was seen
		_, err := r.svc.Decide(r.ctx, owen, fourth, tra.Deciding{Revision: r.seen(fourth).Revision, Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check every detail."})
		r.ok(err)

		_, _, err = r.svc.Reassign(r.ctx, olive, cases, olive)
		r.refused(err, fault.Forbidden)
		_, _, err = r.svc.Reassign(r.ctx, susan, nil, olive)
		r.refused(err, fault.Invalid)
		_, _, err = r.svc.Reassign(r.ctx, susan, []tra.Seen{cases[0], {ID: "nothing"}}, olive)
		r.refused(err, fault.NotFound)
		if r.owner(first) != "" {
			t.Fatal("one case was given though another one could not be looked at")
		}
		r.again()
		given, left, err := r.svc.Reassign(r.ctx, susan, cases, olive)
		r.ok(err)
		if given != 2 || r.owner(first) != operatorEmail || r.owner(second) != operatorEmail || r.owner(third) != secondEmail {
			t.Errorf("%d were given; they are with %q, %q and %q", given, r.owner(first), r.owner(second), r.owner(third))
		}
		if len(left) != 2 || left[0].ID != third || left[0].Why != "owen@example.org has it now." || left[1].ID != fourth || !strings.Contains(left[1].Why, "decided") {
			t.Errorf("left alone: %+v", left)
		}
		if given, left, err = r.svc.Reassign(r.ctx, susan, cases[:2], olive); err != nil || given != 2 || len(left) != 0 {
			t.Errorf("the second click: %d, %v, %v", given, left, err)
		}
		history := r.kase(second).History
		at := slices.IndexFunc(history, func(e tra.Event) bool { return e.What == tra.OwnerGiven })
		if at < 0 || history[at].Who != susan.Email || !strings.Contains(history[at].Why, "To olive@example.org. owen@example.org had it since") || r.happened(second, tra.OwnerGiven) != 1 {
			t.Errorf("the history tells %+v", history)
		}

		// It stays with whom it was given to until the next working day is over, also while they look at it.
		r.clock.move(20 * time.Hour)
		if _, err := r.svc.Case(r.ctx, olive, first); err != nil || r.owner(first) != operatorEmail {
			t.Errorf("the next morning it is with %q, %v", r.owner(first), err)
		}
		r.clock.at = time.Date(2026, 11, 26, 17, 0, 1, 0, time.UTC)
		if got := r.owner(first); got != "" {
			t.Errorf("in the evening it is with %q", got)
		}
	})
}

func TestOperatorsGiveBackTheirOwnOnly(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.open(first, claim())
		r.open(second, claim())
		r.ok(r.svc.Take(r.ctx, olive, first, ""))
		r.ok(r.svc.Take(r.ctx, owen, second, ""))
		given, left, err := r.svc.Reassign(r.ctx, olive, []tra.Seen{r.seen(first), r.seen(second)}, tra.Operator{})
		r.ok(err)
		if given != 1 || len(left) != 1 || left[0].ID != second || r.owner(first) != "" || r.owner(second) != secondEmail {
			t.Errorf("%d were given back, %+v were not", given, left)
		}
		// Who may not see barring checks is given none.
		_, _, err = r.svc.Submit(r.ctx, tra.Submission{ID: third, Client: cpdClient, Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn(zofia), FirstName: name("Zofia")}})
		r.ok(err)
		given, left, err = r.svc.Reassign(r.ctx, susan, []tra.Seen{r.seen(third)}, tra.Operator{Email: "ned@example.org"})
		if err != nil || given != 0 || len(left) != 1 || !strings.Contains(left[0].Why, "ned@example.org may not see barring checks") {
			t.Errorf("a barring check: %d, %+v, %v", given, left, err)
		}
	})
}

const fourth = "44444444-4444-4444-8444-444444444444"
