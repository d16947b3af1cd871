package tra

import (
	"context"
	"errors"
	"fmt"
	"time"

	"traid/internal/fault"
)

// allEvery is how often everything open is looked at, whatever the helpdesk
// says has changed; manyTickets how many tickets at a time, and allPages how
// often at one sweep: the tasks that are due are not to wait for all of it.
const (
	allEvery    = 24 * time.Hour
	manyTickets = 100
	allPages    = 10
)

// SweepNow asks the helpdesk what changed and makes those tickets due to be
// read; once a day everything open. What it costs grows with the changes, not
// with what is open.
func (s *Service) SweepNow(ctx context.Context) error {
	for more := true; more; {
		at, err := s.store.Sweep(ctx)
		if err != nil {
			return err
		}
		var ids []TicketID
		var next string
		ids, next, more, err = s.helpdesk.Changed(ctx, at.Cursor)
		if fault.Is(err, fault.Invalid) && at.Cursor != "" {
			// It is not known any more. From now on, and everything open is looked at.
			s.o.Logger.WarnContext(ctx, "the helpdesk refuses the cursor of its changes: the sweep begins anew", "error", err)
			if err := s.sweepAnew(ctx, at.Cursor); err != nil {
				return err
			}
			more = true
			continue
		}
		if err != nil {
			return err
		}
		err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			now, err := tx.Sweep(ctx)
			if err != nil || now.Cursor != at.Cursor {
				more = false // another sweep was faster
				return err
			}
			for _, id := range ids {
				if err := s.readSoon(ctx, tx, id); err != nil {
					return err
				}
			}
			now.Cursor, now.LastAt = next, s.now()
			return tx.SaveSweep(ctx, now)
		})
		if err != nil {
			return err
		}
	}
	return s.sweepAll(ctx)
}

// sweepAnew forgets a cursor, and when everything open was last looked at.
func (s *Service) sweepAnew(ctx context.Context, cursor string) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now, err := tx.Sweep(ctx)
		if err != nil || now.Cursor != cursor {
			return err
		}
		now.Cursor, now.AllAt, now.AllAfter = "", s.now().Add(-allEvery), 0
		return tx.SaveSweep(ctx, now)
	})
}

// readSoon makes a ticket due to be read when it is one of ours.
func (s *Service) readSoon(ctx context.Context, tx Tx, id TicketID) error {
	r, ours, err := found(tx.RequestByTicket(ctx, id))
	if err != nil || !ours || r.State == Withdrawn {
		return err
	}
	return tx.Enqueue(ctx, TaskRead, r.ID, s.now())
}

// readOther is readSoon for a ticket that is not as it was when it was last read.
func (s *Service) readOther(ctx context.Context, tx Tx, id TicketID, is Ticket) error {
	r, ours, err := found(tx.RequestByTicket(ctx, id))
	if err != nil || !ours || is.UpdatedAt.Equal(r.TicketUpdatedAt) && is.Status == r.TicketStatus {
		return err
	}
	return s.readSoon(ctx, tx, id)
}

// sweepAll goes on with the look at everything open, which begins when a day
// has passed since the last one began. Where it has come to is stored, so that
// it ends however many are open and whatever interrupts it.
func (s *Service) sweepAll(ctx context.Context) error {
	for range allPages {
		at, err := s.store.Sweep(ctx)
		if err != nil || at.AllAfter == 0 && s.now().Sub(at.AllAt) < allEvery {
			return err
		}
		ids, err := s.store.OpenTickets(ctx, at.AllAfter, manyTickets)
		if err != nil {
			return err
		}
		var tickets []Ticket
		if len(ids) > 0 {
			if tickets, err = s.helpdesk.ReadMany(ctx, ids); err != nil {
				return err
			}
		}
		there := make(map[TicketID]Ticket, len(tickets)) // one that is missing is the zero ticket, and is read
		for _, t := range tickets {
			there[t.ID] = t
		}
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			now, err := tx.Sweep(ctx)
			if err != nil || now.AllAfter != at.AllAfter || !now.AllAt.Equal(at.AllAt) { // another sweep was faster
				return err
			}
			for _, id := range ids {
				if err := s.readOther(ctx, tx, id, there[id]); err != nil {
					return err
				}
			}
			if at.AllAfter == 0 {
				now.AllAt = s.now()
			}
			now.AllAfter = 0
			if len(ids) == manyTickets {
				now.AllAfter = ids[len(ids)-1]
			}
			return tx.SaveSweep(ctx, now)
		}); err != nil {
			return err
		}
	}
	return nil
}

// dueBatch is how many due tasks are read at a time.
const dueBatch = 100

// Work does one task, by its kind and the request, or the delivery, that it
// names; nothing when it is not due. It may run twice and at several places at once.
func (s *Service) Work(ctx context.Context, kind TaskKind, subject RequestID) error {
	switch kind {
	case TaskCreate:
		return s.CreateTicket(ctx, subject)
	case TaskWrite:
		return s.WriteTicket(ctx, subject)
	case TaskRead:
		return s.ReadTicket(ctx, subject)
	case TaskRelease:
		return s.ReleaseAnswer(ctx, subject)
	case TaskAnnounce:
		return s.AnnounceAnswer(ctx, DeliveryID(subject))
	case TaskEndQuestion:
		return s.EndQuestion(ctx, subject)
	case TaskCheck:
		return s.CheckClaim(ctx, subject)
	case TaskLookAgain:
		return s.LookAgain(ctx, subject)
	case TaskForget:
		return s.Forget(ctx, subject)
	}
	return fmt.Errorf("tra: there is no task %q", kind)
}

// WorkDue does everything that is due now: the sweep, and the tasks, those that
// they make due included. What could not be done because another system did
// not answer is due again later and no error.
func (s *Service) WorkDue(ctx context.Context) error {
	var errs []error
	at, err := s.store.Sweep(ctx)
	if err != nil {
		return err
	}
	if s.now().Sub(at.LastAt) >= s.o.SweepEvery*9/10 { // whoever asks at the interval is a little early or late
		if err := s.dropOldForms(ctx); err != nil {
			return err
		}
		if err := s.SweepNow(ctx); err != nil {
			s.o.Logger.WarnContext(ctx, "the helpdesk could not be asked for changes", "kind", fault.KindOf(err).String(), "error", err)
			if !fault.Is(err, fault.Unavailable) {
				errs = append(errs, fmt.Errorf("tra: sweep: %w", err))
			}
		}
	}
	if err := s.forgetOver(ctx); err != nil {
		errs = append(errs, err)
	}
	tried := map[Task]bool{}
	for more := true; more && ctx.Err() == nil; {
		tasks, err := s.store.DueTasks(ctx, s.now(), dueBatch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		more = false
		for _, t := range tasks {
			if tried[t] {
				continue
			}
			tried[t], more = true, true
			if err := s.Work(ctx, t.Kind, t.Subject); err != nil {
				errs = append(errs, fmt.Errorf("tra: %s %s: %w", t.Kind, t.Subject, err))
			}
		}
	}
	return errors.Join(errs...)
}
