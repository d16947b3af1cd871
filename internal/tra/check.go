package tra

import (
	"context"

	"traid/internal/fault"
)

// CheckClaim asks the register why the automatic check finds no record for a
// claim, and keeps what it says with the request: the operators' list shows it.
// A register that does not answer says nothing; it is asked again later.
func (s *Service) CheckClaim(ctx context.Context, id RequestID) error {
	var task Task
	var claim Claim
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskCheck, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		var held bool
		if claim, held, err = found(tx.Claim(ctx, id)); err != nil {
			return err
		}
		if !held { // deleted: there is nothing to ask about any more
			due = false
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	check, askErr := s.register.Find(ctx, claim)
	if askErr != nil && ctx.Err() != nil {
		return askErr
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if askErr != nil {
			s.o.Logger.WarnContext(ctx, "the automatic check of a claim was not answered", "request", string(id), "attempt", task.Attempts,
				"kind", fault.KindOf(askErr).String(), "error", askErr)
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		is, held, err := found(tx.Claim(ctx, id))
		if err != nil {
			return err
		}
		if held && len(is.changedFrom(claim)) == 0 { // a changed one has made the task due anew
			r, err := tx.Request(ctx, id)
			if err != nil {
				return err
			}
			r.Check = check
			if err := tx.SaveRequest(ctx, r); err != nil {
				return err
			}
		}
		return tx.FinishTask(ctx, task)
	})
}
