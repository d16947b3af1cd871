package tra

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
)

// lookAgainEvery is how often the record of a released TRN is looked at again.
// Clients poll every 24 hours: oftener would tell them nothing sooner.
const lookAgainEvery = 24 * time.Hour

// LookAgain looks at the record of a released TRN once more. A record that was
// merged leads to its survivor, which has to agree with the claim as the first
// one had: then its TRN is the next version by itself. Where it does not agree,
// or the record is not active or gone, the case is opened again for an operator,
// and the client has the released version until the next. A register that does
// not answer says nothing.
func (s *Service) LookAgain(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	var a Answer
	var claim Claim
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskLookAgain, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		var held bool
		if claim, held, err = found(tx.Claim(ctx, id)); err != nil {
			return err
		}
		if r.State != Answered || !held { // the next release begins again; of a replaced one nothing is asked any more
			due = false
			return tx.FinishTask(ctx, task)
		}
		if a, err = tx.NewestAnswer(ctx, id); err != nil {
			return err
		}
		if a.Outcome != TRNFound {
			due = false
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	v, err := s.verifyTRN(ctx, claim, a.TRN)
	if err != nil && ctx.Err() != nil {
		return err
	}
	next := DecisionID(ident.NewUUID())
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if err != nil {
			s.o.Logger.WarnContext(ctx, "a released TRN could not be looked at again", "request", string(id), "attempt", task.Attempts,
				"kind", fault.KindOf(err).String(), "error", err)
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		now, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if now.Revision != r.Revision {
			return tx.DelayTask(ctx, task, s.now())
		}
		return s.lookedAgain(ctx, tx, task, now, v, next)
	})
}

// lookedAgain draws the consequences of LookAgain. next is the id of a decision
// that it makes.
func (s *Service) lookedAgain(ctx context.Context, tx Tx, task Task, r Request, v verdict, next DecisionID) error {
	if v.behind {
		if err := s.flag(ctx, tx, r.ID, RegisterBehind, "The released TRN is not in the register, which is older than a day. It is looked for again by itself every hour."); err != nil {
			return err
		}
		return tx.DelayTask(ctx, task, s.now().Add(time.Hour))
	}
	if err := s.unflag(ctx, tx, r.ID, RegisterBehind); err != nil {
		return err
	}
	switch {
	case v.Refused == "" && v.MergedFrom.IsZero():
		return tx.Enqueue(ctx, TaskLookAgain, r.ID, s.now().Add(lookAgainEvery))
	case v.Refused == "" && len(v.Accepts) == 0:
		d := Decision{ID: next, Request: r.ID, Outcome: TRNFound, TRN: v.Record.TRN, By: bySystem, Via: ViaRegister, At: s.now()}
		if err := s.story(ctx, tx, r.ID, bySystem, RecordMerged, ""); err != nil {
			return err
		}
		if r.TicketStatus == TicketDeleted {
			if err := s.giveWithoutTicket(ctx, tx, r, d); err != nil {
				return err
			}
			return tx.FinishTask(ctx, task)
		}
		if err := s.proceed(ctx, tx, &r, d, ""); err != nil {
			return err
		}
	default:
		if err := s.outdated(ctx, tx, &r, v); err != nil {
			return err
		}
	}
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	return tx.FinishTask(ctx, task)
}

// giveWithoutTicket releases what the register itself says, where the ticket is
// gone: no operator's decision waits for anybody to write it down.
func (s *Service) giveWithoutTicket(ctx context.Context, tx Tx, r Request, d Decision) error {
	d.Stage, d.ReleaseAt = StageToWrite, d.At
	if err := tx.AddDecision(ctx, d); err != nil {
		return err
	}
	if err := s.give(ctx, tx, r, d, d.TRN, notOnTicket); err != nil {
		return err
	}
	return s.flag(ctx, tx, r.ID, AnswerNotOnTicket, notOnTicket)
}

// notOnTicket says of what was released without its ticket why.
const notOnTicket = "The ticket is deleted and had the TRN of the record that was merged into another one. The client has the other one's TRN; whoever works by the ticket has to be told."

// unwritable takes back what the register made, where the ticket turned out to
// be gone: the record is looked at once more, and given without it.
func (s *Service) unwritable(ctx context.Context, tx Tx, d Decision) error {
	r, err := tx.Request(ctx, d.Request)
	if err != nil {
		return err
	}
	if err := s.endDecision(ctx, tx, d, StageOvertaken, bySystem, "the ticket is deleted"); err != nil {
		return err
	}
	r.State, r.TicketStatus = Answered, TicketDeleted
	r.Revision++
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskLookAgain, r.ID, s.now())
}

// outdated opens a case again whose released TRN is not to be trusted any more.
// The caller saves r.
func (s *Service) outdated(ctx context.Context, tx Tx, r *Request, v verdict) error {
	what := v.Refused
	if what == "" {
		what = "It was merged into another record. " + v.Review
	}
	what = "Since the answer the record of the released TRN has changed. " + what
	if err := s.flag(ctx, tx, r.ID, AnswerOutdated, what+" Find out who the person's record is and answer again. Until then the client has the earlier answer."); err != nil {
		return err
	}
	return s.openAgain(ctx, tx, r, bySystem, what, what+" The case: "+s.caseURL(r.ID))
}

// openAgain opens an answered case for another version of its answer, which
// stands until that one is released. The caller saves r.
func (s *Service) openAgain(ctx context.Context, tx Tx, r *Request, by, why, note string) error {
	r.State, r.ExpectedBy = WithOperator, expectedBy(s.now())
	r.Revision++
	if err := s.story(ctx, tx, r.ID, by, CaseReopened, why); err != nil {
		return err
	}
	if err := tx.AddOp(ctx, newOp(r.ID, OpReopen, note)); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskWrite, r.ID, s.now())
}
