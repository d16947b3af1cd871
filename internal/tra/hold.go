package tra

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/workday"
)

// holdFor is how long a case stays with an operator who does nothing on its
// pages: time for a phone call, and not for a lunch.
const holdFor = 20 * time.Minute

// renewAfter is how old a lease is before a page renews it, so that reading
// does not write each time.
const renewAfter = time.Minute

// OwnerAt gives the operator who holds a case at a time; empty: nobody.
func (r Request) OwnerAt(now time.Time) string {
	if r.HeldUntil.After(now) {
		return r.Owner
	}
	return ""
}

// withOwner gives the request with the owner that it has now.
func (s *Service) withOwner(r Request) Request {
	if r.OwnerAt(s.now()) == "" {
		r.Owner, r.HeldSince, r.HeldUntil = "", time.Time{}, time.Time{}
	}
	return r
}

// hold gives a case to an operator, or prolongs the lease that they have. The
// caller saves r.
func (s *Service) hold(ctx context.Context, tx Tx, r *Request, op Operator) error {
	now := s.now()
	if before := r.OwnerAt(now); before != op.Email {
		if err := s.freed(ctx, tx, *r); err != nil {
			return err
		}
		what, why := OwnerTook, ""
		if before != "" {
			what, why = OwnerTookOver, before+" had it since "+clock(r.HeldSince)+"."
		}
		if err := s.story(ctx, tx, r.ID, op.Email, what, why); err != nil {
			return err
		}
		r.Owner, r.HeldSince, r.HeldUntil = op.Email, now, now
	}
	r.HeldUntil = later(r.HeldUntil, now.Add(holdFor)) // what a supervisor gave is kept longer
	return nil
}

// freed writes down that a lease has ended, at the time when it did.
func (s *Service) freed(ctx context.Context, tx Tx, r Request) error {
	if r.Owner == "" || r.HeldUntil.IsZero() || r.HeldUntil.After(s.now()) {
		return nil
	}
	return tx.AddEvent(ctx, Event{At: r.HeldUntil, Request: r.ID, Who: bySystem, What: OwnerIdle, Why: r.Owner + " had it since " + clock(r.HeldSince) + "."})
}

// clock writes an instant for operators, as they read it on the wall.
func clock(t time.Time) string { return t.In(workday.London).Format("15:04 on 2 January") }

// heldBy is what somebody is told who is not a case's owner.
func heldBy(r Request) error {
	return fault.New(fault.Conflict, r.Owner+" took this case at "+clock(r.HeldSince)+" and is working at it. What you entered has not been used.")
}

// takeable refuses a case that nobody is to hold.
func (r Request) takeable() error {
	if r.State == WaitingForPerson {
		return fault.New(fault.Conflict, "This case waits for the person’s answer. Take the question back to go on without it.")
	}
	if !r.State.Open() {
		return fault.New(fault.Conflict, "This case is not open any more.")
	}
	return nil
}

// Take gives an operator an open case: one that nobody holds, or one of the
// operator from, whom they saw on its page and take it over from. fault.Conflict
// when somebody else holds it by now.
func (s *Service) Take(ctx context.Context, op Operator, id RequestID, from string) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if err := r.takeable(); err != nil {
			return err
		}
		if owner := r.OwnerAt(s.now()); owner != "" && owner != op.Email && owner != from {
			return heldBy(r)
		}
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// Hold is Take by who begins to decide: it changes nothing where somebody else
// holds the case, or where there is nothing to decide.
func (s *Service) Hold(ctx context.Context, op Operator, id RequestID) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		_, decided, err := found(tx.OpenDecision(ctx, id))
		if err != nil || decided || r.takeable() != nil {
			return err
		}
		if owner := r.OwnerAt(s.now()); owner != "" && owner != op.Email {
			return nil
		}
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// nextTries is how many of the first cases are tried for somebody who takes the
// next, since others take cases at the same time.
const nextTries = 20

// TakeNext gives an operator the case with the oldest place in the queue that
// nobody holds. Again from a page that was asked for at the same time it gives
// the same case. fault.NotFound when every open case is held.
func (s *Service) TakeNext(ctx context.Context, op Operator, asked time.Time) (RequestID, error) {
	f := QueueFilter{Queue: QueueMine, Operator: op.Email, Barring: op.Barring, Now: s.now(), Limit: queueLimit}
	mine, err := s.store.Queue(ctx, f)
	if err != nil {
		return "", err
	}
	for _, row := range mine {
		if !asked.IsZero() && row.HeldSince.After(asked) {
			return row.ID, nil
		}
	}
	f.Queue, f.Limit = QueueUnassigned, nextTries
	free, err := s.store.Queue(ctx, f)
	if err != nil {
		return "", err
	}
	for _, row := range free {
		switch err := s.Take(ctx, op, row.ID, ""); {
		case err == nil:
			return row.ID, nil
		case !fault.Is(err, fault.Conflict):
			return "", err
		}
	}
	return "", fault.New(fault.NotFound, "Nobody is waiting: every open case has an operator.")
}

// GiveBack makes a case nobody's. Its owner may, and a supervisor.
func (s *Service) GiveBack(ctx context.Context, op Operator, id RequestID) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		switch owner := r.OwnerAt(s.now()); {
		case owner == "":
			return nil
		case owner != op.Email && !op.Supervisor:
			return heldBy(r)
		}
		why := ""
		if r.Owner != op.Email {
			why = r.Owner + " had it since " + clock(r.HeldSince) + "."
		}
		r.Owner, r.HeldSince, r.HeldUntil = "", time.Time{}, time.Time{}
		if err := s.story(ctx, tx, id, op.Email, OwnerGaveBack, why); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// renew prolongs the lease of an operator who looks at a case that they hold.
func (s *Service) renew(ctx context.Context, op Operator, r Request) error {
	now := s.now()
	if r.OwnerAt(now) != op.Email || r.HeldUntil.Sub(now) > holdFor-renewAfter {
		return nil
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, r.ID)
		if err != nil || r.OwnerAt(now) != op.Email {
			return err
		}
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}
