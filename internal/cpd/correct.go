package cpd

import (
	"context"
	"slices"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
)

// Correct takes other details from a participant whose TRN is not validated:
// the automatic check is made again, and without a match a new request
// replaces the old one and keeps its place. Matched, AwaitsManual, CouldNotAsk
// (stored, checked again by itself) or AlreadyKnown. The email address stays
// the registered one. The details that are waiting already change nothing.
func (s *Service) Correct(ctx context.Context, id ParticipantID, d Details, from string) (Registered, error) {
	return s.correct(ctx, id, d, from, correction{by: byPerson, what: Corrected})
}

func (s *Service) correct(ctx context.Context, id ParticipantID, d Details, from string, c correction) (Registered, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return Registered{}, err
	}
	d.Email = p.Email
	if out, ok, err := s.needless(ctx, s.store, p, d); err != nil || ok {
		return out, err
	}
	if d.DateOfBirth.IsZero() || d.FirstName.IsZero() && d.LastName.IsZero() {
		return Registered{}, fault.New(fault.Invalid, "A name and a date of birth are needed.")
	}
	tooOften, err := s.countCheck(ctx, d, from)
	if err != nil {
		return Registered{}, err
	}
	f, asked := Finding{}, true
	if !tooOften {
		if f, asked, err = s.find(ctx, d); err != nil {
			return Registered{}, err
		}
	}
	var out Registered
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		var ok bool
		if out, ok, err = s.needless(ctx, tx, p, d); err != nil || ok {
			return err // an answer, or the same correction, came first
		}
		if err := c.stale(ctx, tx, p.ID); err != nil {
			return err
		}
		now := s.now()
		p.FirstName, p.LastName = d.FirstName, d.LastName
		p.TRNClaimed = !d.TRN.IsZero()
		p.SubmittedAt, p.UpdatedAt, p.WithdrawnAt, p.DeleteDataAt = now, now, time.Time{}, time.Time{}
		if err := tx.DropTask(ctx, TaskDeleteData, string(p.ID)); err != nil {
			return err
		}
		data := Data{ID: ident.NewUUID(), Participant: p.ID, Details: d, CreatedAt: now}
		if err := tx.AddData(ctx, data); err != nil {
			return err
		}
		p.HoldsValidationData = true
		if c.by == byPerson {
			if err := tx.DeleteDraft(ctx, p.Email); err != nil {
				return err
			}
		}
		if err := s.story(ctx, tx, p.ID, c.by, c.what, "", c.why); err != nil {
			return err
		}
		switch {
		case !asked:
			err = s.checkLater(ctx, tx, &p, data)
		case f.Match:
			err = s.settle(ctx, tx, &p, f.TRN, source{})
		default:
			what := CheckNotMatched
			if tooOften {
				what = CheckNotMade
			}
			if err = s.story(ctx, tx, p.ID, bySystem, what, "", ""); err == nil {
				err = s.askTRA(ctx, tx, &p, data)
			}
		}
		if err != nil {
			return err
		}
		out = registeredAs(p)
		return tx.SaveParticipant(ctx, p)
	})
	return out, err
}

// needless tells when a correction is not to be made: the TRN is validated, an
// administrator has to end a conflict first, or the same details wait already.
func (s *Service) needless(ctx context.Context, r Reads, p Participant, d Details) (Registered, bool, error) {
	switch p.TRNStatus {
	case TRNValidatedAutomatically, TRNValidatedManually:
		out := registeredAs(p)
		out.Result = AlreadyKnown
		return out, true, nil
	case TRNConflict:
		return Registered{}, true, errBeingChecked
	case TRNValidationFailed:
		return Registered{}, false, nil
	}
	data, held, err := found(r.Data(ctx, p.ID))
	if err != nil || !held || !data.Details.same(d) {
		return Registered{}, false, err
	}
	return registeredAs(p), true, nil
}

var errBeingChecked = fault.New(fault.Conflict, "We are checking your details. You cannot change them now.")

// Withdraw takes a participant's details back: the request is withdrawn and
// the validation data deleted. Again it changes nothing. Conflict once the TRN
// is validated or in conflict.
func (s *Service) Withdraw(ctx context.Context, id ParticipantID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case !p.WithdrawnAt.IsZero():
			return nil
		case p.TRNStatus.Validated():
			return fault.New(fault.Conflict, "Your details have been confirmed already.")
		case p.TRNStatus == TRNConflict:
			return errBeingChecked
		}
		now := s.now()
		if err := s.story(ctx, tx, p.ID, byPerson, Withdrew, p.TRNRequest, ""); err != nil {
			return err
		}
		if err := s.endCurrentRequest(ctx, tx, &p, ""); err != nil {
			return err
		}
		if err := s.forget(ctx, tx, &p); err != nil {
			return err
		}
		if err := tx.DeleteDraft(ctx, p.Email); err != nil {
			return err
		}
		p.TRNStatus, p.TRNAt, p.TRNRequest, p.TRNVersion = TRNNotChecked, now, "", 0
		p.TRNClaimed, p.ExpectedBy, p.WithdrawnAt, p.UpdatedAt = false, time.Time{}, now, now
		if err := tx.SaveParticipant(ctx, p); err != nil {
			return err
		}
		return s.mail(ctx, tx, p, p.Email, mailWithdrawn)
	})
}

// personStatus is what the person is told.
func (p Participant) personStatus() PersonStatus {
	switch p.TRNStatus {
	case TRNValidatedAutomatically, TRNValidatedManually:
		return StatusConfirmed
	case TRNAwaitingManualValidation, TRNConflict:
		return StatusManual
	case TRNValidationFailed:
		return StatusFailed
	}
	switch {
	case !p.WithdrawnAt.IsZero():
		return StatusWithdrawn
	case p.HoldsValidationData:
		return StatusChecking
	}
	return StatusNeedDetails
}

// whatToCheck is the same list for every failure, so that it tells nobody why.
var whatToCheck = [...]string{
	"your first and last name are as they were when you trained to teach",
	"you have given every other name that you have had",
	"your date of birth is right",
	"your National Insurance number is right, if you gave one",
	"your teacher reference number (TRN) is right, if you gave one",
}

// Progress tells a person where their registration stands.
func (s *Service) Progress(ctx context.Context, id ParticipantID) (Progress, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return Progress{}, err
	}
	out := Progress{Participant: p.ID, Reference: p.Reference, Status: p.personStatus(), SubmittedAt: p.SubmittedAt}
	switch out.Status {
	case StatusManual:
		out.ExpectedBy = p.ExpectedBy
		if out.Question, err = s.openQuestion(ctx, s.store, p); err != nil {
			return Progress{}, err
		}
	case StatusFailed:
		out.CheckList, out.HeldUntil = slices.Clone(whatToCheck[:]), p.DeleteDataAt
	}
	out.CanCorrect = !p.TRNStatus.Validated() && p.TRNStatus != TRNConflict
	out.CanWithdraw = out.CanCorrect && p.HoldsValidationData
	return out, nil
}

// HeldDetails gives what is held of a participant's entries, to fill the form
// of a correction; false when nothing is.
func (s *Service) HeldDetails(ctx context.Context, id ParticipantID) (Details, bool, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return Details{}, false, err
	}
	data, held, err := found(s.store.Data(ctx, p.ID))
	return data.Details, held, err
}
