package tra_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/tra"
	"traid/internal/zendesk"
)

// after gives a condition that never holds, and does something once the first
// answer to a call that fits is there and before it is handed on.
func after(method, part string, do func()) func(*http.Request) bool {
	fits := once(method, part)
	return func(r *http.Request) bool {
		if fits(r) {
			do()
		}
		return false
	}
}

// A reader holds what the ticket said before a decision came onto it.
func TestALookThatIsOutOfDateUndoesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.clock.move(2 * time.Minute) // so that the client's look reads the ticket
		written := false
		hook := after(http.MethodGet, "/tickets/", func() {
			r.ok(r.svc.Work(r.ctx, tra.TaskWrite, id))
			written = true
		})
		r.weather.set(func(w *weather) { w.lose = hook })
		if _, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id); err != nil || !written {
			t.Fatal(err, written)
		}
		if k := r.kase(id); k.Decision == nil || k.Decision.Stage != tra.StageOnTicket {
			t.Fatalf("the decision that came onto the ticket meanwhile is %+v", k.Decision)
		}
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("answer %+v", a)
		}
	})
}

// The operator undoes while the decision is on its way to the ticket.
func TestUndoWhileTheTicketIsBeingWrittenTakesItOffAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		hook := after(http.MethodPut, "/tickets/", func() {
			r.ok(r.svc.Undo(r.ctx, olive, id, r.kase(id).Request.Revision))
			r.ok(r.svc.Work(r.ctx, tra.TaskWrite, id)) // a second worker: the first has the row
		})
		r.weather.set(func(w *weather) { w.lose = hook })
		r.work(time.Second)
		r.work(time.Second)
		r.work(released)
		r.noAnswer()
		ticket := r.oneTicket(id)
		comments, err := r.agent.Comments(r.ctx, ticket.ID)
		r.ok(err)
		if ticket.Status == zendesk.StatusSolved || r.field(ticket, "TRN") != "" || len(comments) != 3 {
			t.Errorf("the ticket is %s with TRN %q and %d comments; want it open and empty, with our first word, the decision and its undoing",
				ticket.Status, r.field(ticket, "TRN"), len(comments))
		}
	})
}

func TestATicketThatIsRefusedIsMadeAnewWhenThatIsMended(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.weather.set(func(w *weather) {
			w.deny = func(q *http.Request) int {
				if q.Method == http.MethodPost {
					return http.StatusUnprocessableEntity
				}
				return 0
			}
		})
		id := r.open(first, claim())
		if !r.flagged(id, tra.TicketRefused) {
			t.Fatal("it is not flagged")
		}
		r.weather.set(func(w *weather) { w.deny = nil })
		r.work(time.Hour)
		r.oneTicket(id)
		if r.flagged(id, tra.TicketRefused) || r.kase(id).Request.State != tra.WithOperator {
			t.Errorf("it is still flagged, or %s", r.kase(id).Request.State)
		}
	})
}

// A decision that was agreed alone needs a second operator when the register
// says something else at its release.
func TestADecisionThatIsSentBackAtItsReleaseComesOffTheTicket(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "the school knows her"})
		r.work(time.Second)
		r.addRecord(zofia, func(record *tra.Record) { record.DateOfBirth = date("1984-02-18") })
		r.work(released)
		r.noAnswer()
		k := r.kase(id)
		if k.Request.State != tra.InSecondReview {
			t.Fatalf("the request is %s", k.Request.State)
		}
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: k.Request.Revision, Why: "it is somebody else"}))
		r.work(time.Second)
		if ticket := r.oneTicket(id); ticket.Status == zendesk.StatusSolved || r.field(ticket, "TRN") != "" {
			t.Errorf("the ticket is %s with TRN %q", ticket.Status, r.field(ticket, "TRN"))
		}
	})
}

func TestADecisionOfARegisterThatIsBehindIsToldSo(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.register.asAt = r.clock.now().Add(-25 * time.Hour)
		_, err := r.svc.Decide(r.ctx, olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Revision: r.kase(id).Request.Revision})
		if err == nil || !strings.Contains(err.Error(), "register_behind") {
			t.Errorf("got %v", err)
		}
	})
}

// twice runs every transaction once for nothing, as a database does that has to
// begin it again.
type twice struct{ tra.Store }

var errAgain = errors.New("again")

func (s twice) InTx(ctx context.Context, do func(ctx context.Context, tx tra.Tx) error) error {
	err := s.Store.InTx(ctx, func(ctx context.Context, tx tra.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return s.Store.InTx(ctx, do)
}

func TestATransactionThatHasToBeginAgainChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.again()
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		r.addRecord("0654321", nil)
		id := r.open(first, claim())
		r.ok(r.svc.Take(r.ctx, olive, id, ""))
		made := r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		if made.Request != id || made.TRN != trn(zofia) || made.Stage != tra.StageSecondReview {
			t.Fatalf("decided: %+v", made)
		}
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: r.kase(id).Request.Revision, Agree: true}))
		r.work(time.Second)
		r.ok(r.svc.Undo(r.ctx, olive, id, r.kase(id).Request.Revision))
		r.work(time.Second)
		made = r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn("0654321")})
		if made.Stage != tra.StageToWrite {
			t.Fatalf("decided: %+v", made)
		}
		r.work(time.Second)
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn("0654321") || a.Version != 1 || a.Position != 1 {
			t.Errorf("answer %+v", a)
		}
		r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "the school called"))
		if n := r.happened(id, tra.CaseReopened); n != 1 {
			t.Errorf("it was opened again %d times", n)
		}
		_, _, err := r.svc.Submit(r.ctx, tra.Submission{ID: second, Client: cpdClient, Kind: tra.TRNValidation, Claim: claim(), Replaces: id})
		r.ok(err)
		r.work(time.Second)
		r.oneTicket(second)
	})
}
