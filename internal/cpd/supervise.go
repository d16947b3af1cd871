package cpd

import (
	"context"
	"strings"

	"traid/internal/fault"
	"traid/internal/person"
)

var (
	errNothingHeld  = fault.New(fault.Conflict, "Nothing is held of this participant that could be checked.")
	errConflictOpen = fault.New(fault.Conflict, "A conflict is open. End it first.")
	errNotTooLate   = fault.New(fault.Conflict, "No answer of the TRA came too late.")
	errChanged      = fault.New(fault.Conflict, "The details have changed since you looked. Look at them again.")
)

// HeldData gives the validation data that is held of a participant; false when
// none is. Its id tells whether it is still what somebody looked at.
func (s *Service) HeldData(ctx context.Context, id ParticipantID) (Data, bool, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return Data{}, false, err
	}
	return found(s.store.Data(ctx, p.ID))
}

// CheckNow makes the automatic check again for an administrator, with the
// details as they are held. Matched stores the TRN that the register gives;
// NotMatched and CouldNotAsk change nothing, and twice in a moment is once. Conflict where nothing can be
// checked: the TRN is validated, in conflict, or nothing is held.
func (s *Service) CheckNow(ctx context.Context, admin string, id ParticipantID) (CheckResult, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return "", err
	}
	data, err := s.checkable(ctx, s.store, p)
	if err != nil {
		return "", err
	}
	f, asked, err := s.find(ctx, data.Details)
	if err != nil {
		return "", err
	}
	result := NotMatched
	switch {
	case !asked:
		result = CouldNotAsk
	case f.Match:
		result = Matched
	}
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		current, err := s.checkable(ctx, tx, p)
		if err != nil {
			return err
		}
		if current.ID != data.ID {
			return errChanged
		}
		if again, err := s.again("check", admin, current.ID, string(result))(ctx, tx); err != nil || again {
			return err
		}
		if err := s.story(ctx, tx, p.ID, admin, CheckedAgain, "", ""); err != nil {
			return err
		}
		switch result {
		case Matched:
			err = s.settle(ctx, tx, &p, f.TRN, source{})
		case NotMatched:
			err = s.story(ctx, tx, p.ID, bySystem, CheckNotMatched, "", "")
		default:
			err = s.story(ctx, tx, p.ID, bySystem, CheckNotAsked, "", "")
		}
		if err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
	return result, err
}

// checkable gives what is held of a participant whose TRN is not settled.
func (s *Service) checkable(ctx context.Context, r Reads, p Participant) (Data, error) {
	if p.TRNStatus.Validated() {
		return Data{}, fault.New(fault.Conflict, "The TRN is validated already.")
	}
	if p.TRNStatus == TRNConflict {
		return Data{}, errConflictOpen
	}
	data, held, err := found(r.Data(ctx, p.ID))
	if err == nil && !held {
		err = errNothingHeld
	}
	return data, err
}

// AskTRAAgain asks the TRA again for an administrator, where its answer was read
// when the TRN in it had been deleted. The request that is made takes the place of
// the earlier one; a TRN that stands by an earlier version of that answer is taken
// back. asked is false where nothing is held any more: then the person is asked
// for their details. Conflict where no answer came too late, which is so after the first click.
func (s *Service) AskTRAAgain(ctx context.Context, admin string, id ParticipantID) (asked bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.TRNStatus == TRNConflict {
			return errConflictOpen
		}
		r, known, err := found(tx.Request(ctx, p.TRNRequest))
		if err != nil {
			return err
		}
		if !known || !r.ReadTooLate() {
			return errNotTooLate
		}
		if err := s.story(ctx, tx, p.ID, admin, AskedTRAAgain, r.ID, ""); err != nil {
			return err
		}
		data, held, err := found(tx.Data(ctx, p.ID))
		if err != nil {
			return err
		}
		if asked = held; !held {
			r.State, r.Problem = RequestAnswered, ""
			if err := tx.SaveRequest(ctx, r); err != nil {
				return err
			}
			return s.askAgain(ctx, tx, p)
		}
		if err := s.loseTRN(ctx, tx, &p); err != nil {
			return err
		}
		if err := s.askTRA(ctx, tx, &p, data); err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
	return asked, err
}

// CorrectFor takes other details of a participant from an administrator, with a
// reason that holds no TRN, NI number or date. What follows is what follows
// from a correction by the person: the automatic check, and without a match a
// request that takes the place of the old one. A TRN among the details is what
// is claimed: only one that the register gives is stored. seen is the id of the
// data that was looked at, empty when none was held; Conflict when it changed.
func (s *Service) CorrectFor(ctx context.Context, admin string, id ParticipantID, seen string, d Details, why string) (Registered, error) {
	why = strings.TrimSpace(why)
	switch {
	case why == "":
		return Registered{}, fault.InvalidFields(fault.Field{Pointer: "/reason", Reason: string(person.Blank)})
	case person.HasPersonalNumber(why):
		return Registered{}, fault.InvalidFields(fault.Field{Pointer: "/reason", Reason: "personal_number"})
	}
	return s.correct(ctx, id, d, "", correction{by: admin, what: CorrectedFor, why: why, seen: &seen})
}

// correction says who corrects, and what they looked at.
type correction struct {
	by   string
	what What
	why  string
	seen *string // the id of the data that was looked at; nil: whatever is held
}

// stale tells whether other details came since somebody looked.
func (c correction) stale(ctx context.Context, r Reads, id ParticipantID) error {
	if c.seen == nil {
		return nil
	}
	data, held, err := found(r.Data(ctx, id))
	if err != nil {
		return err
	}
	if now := map[bool]string{true: data.ID}[held]; now != *c.seen {
		return errChanged
	}
	return nil
}
