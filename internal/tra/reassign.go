package tra

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/workday"
)

// Seen is a case as an operator saw it in the list.
type Seen struct {
	ID       RequestID
	Revision int64
	Owner    string // empty: nobody
}

// LeftAlone is a case that was not given to anybody, and why.
type LeftAlone struct {
	ID        RequestID
	Reference Reference
	Why       string
}

// mostReassigned is how many cases are given at once: those of a page.
const mostReassigned = queueLimit

// Reassign gives cases to an operator, or to nobody where to is the zero value,
// in one transaction. Supervisors may; an operator may give their own back. What
// changed since it was seen, or cannot be given, is left alone and named. Cases
// that are with to already count as given: the second click.
func (s *Service) Reassign(ctx context.Context, op Operator, cases []Seen, to Operator) (given int, left []LeftAlone, err error) {
	switch {
	case to.Email != "" && !op.Supervisor:
		return 0, nil, fault.New(fault.Forbidden, "Only a supervisor can give cases to somebody.")
	case len(cases) == 0 || len(cases) > mostReassigned:
		return 0, nil, fault.InvalidFields(fault.Field{Pointer: "/cases", Reason: "blank"})
	}
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		given, left = 0, nil // the transaction may run again
		for _, seen := range cases {
			r, err := tx.Request(ctx, seen.ID)
			if err != nil {
				return err
			}
			why, err := s.reassign(ctx, tx, op, r, seen, to)
			if err != nil {
				return err
			}
			if why == "" {
				given++
			} else {
				left = append(left, LeftAlone{r.ID, r.Reference, why})
			}
		}
		return nil
	})
	return given, left, err
}

// reassign gives one case; why says why it is left alone.
func (s *Service) reassign(ctx context.Context, tx Tx, op Operator, r Request, seen Seen, to Operator) (why string, err error) {
	owner := r.OwnerAt(s.now())
	_, decided, err := found(tx.OpenDecision(ctx, r.ID))
	if err != nil {
		return "", err
	}
	switch {
	case r.Kind == BarringCheck && !op.Barring:
		return "You may not see it.", nil
	case decided:
		return "It has been decided.", nil
	case r.takeable() != nil:
		return fault.SafeText(r.takeable()), nil
	case owner == to.Email:
		return "", nil
	case owner != seen.Owner && owner == "":
		return "Nobody has it any more.", nil
	case owner != seen.Owner:
		return owner + " has it now.", nil
	case owner != op.Email && !op.Supervisor:
		return "It is not yours to give back.", nil
	case r.Revision != seen.Revision:
		return "It has changed since you opened the list.", nil
	case r.Kind == BarringCheck && to.Email != "" && !to.Barring:
		return to.Email + " may not see barring checks.", nil
	}
	if err := s.freed(ctx, tx, r); err != nil {
		return "", err
	}
	what, story := OwnerGaveBack, ""
	if to.Email != "" {
		what, story = OwnerGiven, "To "+to.Email+"."
	}
	if owner != "" && owner != op.Email {
		story += " " + owner + " had it since " + clock(r.HeldSince) + "."
	}
	if err := s.story(ctx, tx, r.ID, op.Email, what, story); err != nil {
		return "", err
	}
	r.Owner, r.HeldSince, r.HeldUntil = "", time.Time{}, time.Time{}
	if to.Email != "" {
		r.Owner, r.HeldSince, r.HeldUntil = to.Email, s.now(), givenUntil(s.now())
	}
	return "", tx.SaveRequest(ctx, r)
}

// givenUntil is how long a case stays with whom a supervisor gave it to, who may
// not be there: until the end of the next working day.
func givenUntil(now time.Time) time.Time {
	day := workday.After(now, 1).In(workday.London)
	return time.Date(day.Year(), day.Month(), day.Day(), 17, 0, 0, 0, workday.London).UTC()
}
