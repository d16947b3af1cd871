package tra

import (
	"context"
	"strings"
	"time"

	"traid/internal/fault"
)

// DefaultRetain is how long what a request holds is kept after its end.
const DefaultRetain = 90 * 24 * time.Hour

// EarlierTicket is a ticket that a request had, or that is to be deleted.
type EarlierTicket struct {
	ID       TicketID
	Deleting bool // it was seen to be ours, and may be deleted already
}

// forgetOver makes those requests due to be forgotten whose time has come.
func (s *Service) forgetOver(ctx context.Context) error {
	ids, err := s.store.OverRequests(ctx, s.now().Add(-s.o.Retain), dueBatch)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, id := range ids {
			if err := tx.Enqueue(ctx, TaskForget, id, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget deletes what a request held, once it is over for long enough: its kind,
// its times and its outcomes stay, and the hash by which the same body is known
// again. Its tickets are then deleted for good in the helpdesk, however long
// that takes.
func (s *Service) Forget(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	var tickets []EarlierTicket
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskForget, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		if r.ForgottenAt.IsZero() {
			if due, err = s.forgetRows(ctx, tx, task, &r); err != nil || !due {
				return err
			}
		}
		tickets, err = tx.EarlierTickets(ctx, id)
		return err
	})
	if err != nil || !due {
		return err
	}
	left := 0
	for _, t := range tickets {
		gone, err := s.deleteTicket(ctx, r, t)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			s.o.Logger.WarnContext(ctx, "a ticket could not be deleted", "request", string(id), "ticket", int64(t.ID), "attempt", task.Attempts,
				"kind", fault.KindOf(err).String(), "error", err)
			return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
				return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
			})
		}
		if !gone {
			left++
		}
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if left > 0 {
			return tx.DelayTask(ctx, task, s.now().Add(deletedWithin))
		}
		return tx.FinishTask(ctx, task)
	})
}

// deletedWithin is when it is looked again whether a ticket is deleted for good,
// which the helpdesk does in its own time.
const deletedWithin = time.Minute

// forgetRows deletes what our own tables hold; false when it is not the time.
func (s *Service) forgetRows(ctx context.Context, tx Tx, task Task, r *Request) (bool, error) {
	if r.State.Open() || r.OverAt.IsZero() || s.now().Before(r.OverAt.Add(s.o.Retain)) { // opened again since
		return false, tx.FinishTask(ctx, task)
	}
	if _, sent, err := found(tx.Creation(ctx, r.ID)); err != nil || sent { // there may be a ticket that is not known yet
		if err != nil {
			return false, err
		}
		return false, tx.DelayTask(ctx, task, s.now().Add(time.Hour))
	}
	for _, kind := range TaskKinds() {
		if kind == TaskForget {
			continue
		}
		if err := tx.DropTask(ctx, kind, r.ID); err != nil {
			return false, err
		}
	}
	if err := tx.DropForm(ctx, r.ID, ""); err != nil {
		return false, err
	}
	if err := tx.Forget(ctx, *r); err != nil {
		return false, err
	}
	if r.Ticket != 0 {
		if err := tx.KeepTicket(ctx, r.ID, r.Ticket); err != nil {
			return false, err
		}
	}
	r.Ticket, r.TicketStatus, r.TicketUpdatedAt = 0, "", time.Time{}
	r.Owner, r.HeldSince, r.HeldUntil, r.Changed, r.Check = "", time.Time{}, time.Time{}, nil, CheckNone
	r.ForgottenAt = s.now()
	r.Revision++
	if err := s.story(ctx, tx, r.ID, bySystem, WasForgotten, ""); err != nil {
		return false, err
	}
	return true, tx.SaveRequest(ctx, *r)
}

// deleteTicket deletes a ticket that we made for a request; gone is true once
// that is done. One that is not ours, or that somebody else deleted, is let be.
func (s *Service) deleteTicket(ctx context.Context, r Request, t EarlierTicket) (gone bool, err error) {
	if !t.Deleting {
		is, err := s.helpdesk.Read(ctx, r.Kind, t.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return false, err
		}
		if err != nil || !is.Ours || !is.Key.of(r.ID) {
			return true, s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.DropEarlierTicket(ctx, t.ID) })
		}
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.TicketDeleting(ctx, t.ID) }); err != nil {
			return false, err
		}
	}
	if gone, err = s.helpdesk.Delete(ctx, t.ID); err != nil || !gone {
		return false, err
	}
	return true, s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.DropEarlierTicket(ctx, t.ID) })
}

// of tells whether a key is that of one of a request's tickets.
func (k TicketKey) of(id RequestID) bool {
	return string(k) == string(id) || strings.HasPrefix(string(k), string(id)+"-")
}
