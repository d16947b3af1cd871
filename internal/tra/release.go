package tra

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// ReleaseAnswer gives a decision to its client when its time has come: the
// ticket still carries it, and the register, asked once more, agrees. A system
// that does not answer is no refusal: later.
func (s *Service) ReleaseAnswer(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	var d Decision
	var claim Claim
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskRelease, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		var open bool
		if d, open, err = found(tx.OpenDecision(ctx, id)); err != nil {
			return err
		}
		if !open || d.Stage != StageOnTicket {
			due = false
			return tx.FinishTask(ctx, task)
		}
		if d.ReleaseAt.After(now) {
			due = false
			return tx.DelayTask(ctx, task, d.ReleaseAt)
		}
		if claim, err = tx.Claim(ctx, id); err != nil {
			return err
		}
		r, err = tx.Request(ctx, id)
		return err
	})
	if err != nil || !due {
		return err
	}
	l, err := s.look(ctx, r)
	var v verdict
	if err == nil {
		v, err = s.verify(ctx, r, claim, d)
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if err != nil {
			s.o.Logger.WarnContext(ctx, "an answer could not be verified", "request", string(id), "attempt", task.Attempts,
				"kind", fault.KindOf(err).String(), "error", err)
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		fresh, err := s.ticketRead(ctx, tx, id, l)
		if err != nil {
			return err
		}
		if !fresh {
			return tx.DelayTask(ctx, task, s.now())
		}
		return s.release(ctx, tx, task, d, l, v)
	})
}

// release is ReleaseAnswer's transaction. checked is the decision that l and v
// were read for.
func (s *Service) release(ctx context.Context, tx Tx, task Task, checked Decision, l looked, v verdict) error {
	r, err := tx.Request(ctx, checked.Request)
	if err != nil {
		return err
	}
	d, open, err := found(tx.OpenDecision(ctx, r.ID))
	if err != nil {
		return err
	}
	if !open || d.ID != checked.ID || d.Stage != StageOnTicket { // undone, or overtaken by the ticket
		return tx.FinishTask(ctx, task)
	}
	if l.gone { // flagged; looked for again
		return tx.DelayTask(ctx, task, s.now().Add(time.Hour))
	}
	if l.ticket.Merged { // with the decision on it, which goes onto a follow-up
		d.Stage = StageToWrite
		if err := tx.SaveDecision(ctx, d); err != nil {
			return err
		}
		if err := s.put(ctx, tx, r, d); err != nil {
			return err
		}
		return tx.FinishTask(ctx, task)
	}
	refused, flagged := v.Refused, AnswerContradictsRecord
	switch {
	case !l.ticket.Status.Done() || l.ticket.Fields != d.fields() || l.said.wrong != "":
		refused, flagged = "The ticket does not carry the decision any more.", AnswerUnreadable
	case v.behind:
		if err := s.flag(ctx, tx, r.ID, RegisterBehind, "The TRN is not in the register, which is older than a day. It is checked again by itself every hour."); err != nil {
			return err
		}
		return tx.DelayTask(ctx, task, s.now().Add(time.Hour))
	case refused == "" && len(v.Accepts) > 0 && d.Why == "":
		refused = v.Review
	}
	if refused != "" {
		if err := s.endDecision(ctx, tx, d, StageRefused, bySystem, refused); err != nil {
			return err
		}
		if err := s.refuse(ctx, tx, &r, flagged, refused); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	}
	if v.Review != "" && d.ReviewedBy == "" { // the register changed since the decision
		d.Stage, d.ReviewFor = StageSecondReview, v.Review
		if err := tx.SaveDecision(ctx, d); err != nil {
			return err
		}
		r.State = InSecondReview
		r.Revision++
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		return tx.FinishTask(ctx, task)
	}
	trn := d.TRN
	if d.Outcome == TRNFound {
		trn = v.Record.TRN // of a merged record its survivor's
	}
	if err := s.give(ctx, tx, r, d, trn, ""); err != nil {
		return err
	}
	return tx.FinishTask(ctx, task)
}

// give makes a decision its client's next version of the answer.
func (s *Service) give(ctx context.Context, tx Tx, r Request, d Decision, trn person.TRN, why string) error {
	now := s.now()
	a := Answer{
		Request: r.ID, Client: r.Client, Kind: r.Kind, Version: r.Version + 1, Outcome: d.Outcome, TRN: trn,
		Reason: d.Reason, Note: d.Note, AnsweredAt: now,
	}
	if _, err := tx.AddAnswer(ctx, a); err != nil {
		return err
	}
	d.Stage, d.ReleasedAt, d.Version = StageReleased, now, a.Version
	if err := tx.SaveDecision(ctx, d); err != nil {
		return err
	}
	r.State, r.Version, r.Refusals, r.OverAt = Answered, a.Version, 0, now
	r.Revision++
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	if err := s.unflag(ctx, tx, r.ID, AnswerUnreadable, AnswerContradictsRecord, AnswerOutdated, RegisterBehind, TicketMissing, SeveralTickets); err != nil {
		return err
	}
	if err := s.story(ctx, tx, r.ID, bySystem, AnswerReleased, why); err != nil {
		return err
	}
	if a.Outcome == TRNFound {
		if err := tx.Enqueue(ctx, TaskLookAgain, r.ID, now.Add(lookAgainEvery)); err != nil {
			return err
		}
	}
	return s.announce(ctx, tx, a)
}
