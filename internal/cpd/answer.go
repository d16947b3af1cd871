package cpd

import (
	"context"
	"time"

	"traid/internal/person"
)

// DaysAfterFailure is how long validation data is kept for a correction after a failure.
const DaysAfterFailure = 28

const keepAfterFailure = DaysAfterFailure * 24 * time.Hour

// apply is arrow 8, in the transaction of whoever read the answer: one version
// of it changes the participant. The same version again changes nothing.
func (s *Service) apply(ctx context.Context, tx Tx, a Answer) error {
	r, known, err := found(tx.Request(ctx, a.Request))
	if err != nil {
		return err
	}
	if !known || r.Kind != a.Kind {
		s.o.Logger.ErrorContext(ctx, "an answer was read to a request that was never made", "request", string(a.Request), "version", a.Version)
		return nil // nothing here waits for it, and the feed goes on
	}
	now := s.now()
	if fresh, err := tx.AddAnswer(ctx, a, now); err != nil || !fresh {
		return err
	}
	p, err := standing(ctx, tx, r.Participant)
	if err != nil {
		return err
	}
	note := func(what What, by string) error { return s.story(ctx, tx, p.ID, by, what, r.ID, "") }
	if a.Version <= r.Version {
		return note(AnswerNotCounted, byTRA) // a later version was read before it
	}
	counts := r.State != RequestWithdrawn && r.State != RequestReplaced
	if a.Gone && counts {
		// The request is open: it shows among what waits, for somebody to ask again.
		r.Problem, r.State = tooLate, RequestSent
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		return note(AnswerTooLate, byTRA)
	}
	if !a.usable() {
		// The request stays open: it shows among what waits, with its problem.
		s.o.Logger.ErrorContext(ctx, "an answer cannot be read", "request", string(a.Request), "version", a.Version)
		r.Problem = unreadable
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		return note(AnswerUnreadable, byTRA)
	}
	r.Version, r.Outcome, r.Reason, r.Note, r.AnsweredAt, r.Problem = a.Version, a.Outcome, a.Reason, a.Note, a.AnsweredAt, ""
	if counts {
		r.State = RequestAnswered
		for _, kind := range []TaskKind{TaskSend, TaskWithdraw} {
			if err := tx.DropTask(ctx, kind, string(r.ID)); err != nil {
				return err
			}
		}
	}
	if r.SentAt.IsZero() {
		r.SentAt = now
	}
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	if !counts {
		return note(AnswerNotCounted, byTRA)
	}
	switch {
	case a.Kind == BarringCheck:
		err = s.applyBarring(ctx, tx, &p, a)
	case p.TRNRequest == a.Request && p.TRNStatus == TRNNotChecked:
		err = note(AnswerNotCounted, byTRA) // other details were handed in since, and wait for the automatic check
	case a.Outcome == TRNFound:
		if err = note(AnswerTRNFound, byTRA); err == nil {
			err = s.applyFound(ctx, tx, &p, a)
		}
	default:
		if err = note(AnswerFailed, byTRA); err == nil {
			err = s.applyFailed(ctx, tx, &p, a)
		}
	}
	if err != nil {
		return err
	}
	return tx.SaveParticipant(ctx, p)
}

// unreadable is the problem of a request whose answer holds no usable outcome.
const unreadable = "answer_unreadable"

// tooLate is the problem of a request whose answer held a TRN that the TRA had
// deleted when it was read.
const tooLate = "answer_too_late"

// ReadTooLate tells whether the answer to a request was read when the TRA had
// deleted the TRN in it.
func (r Request) ReadTooLate() bool { return r.Open() && r.Problem == tooLate }

func (a Answer) usable() bool {
	if a.Kind == BarringCheck {
		return a.Outcome == Barred || a.Outcome == NotBarred || a.Outcome == Failed
	}
	return a.Outcome == TRNFound && !a.TRN.IsZero() || a.Outcome == Failed
}

// applyFound applies a found TRN. A version of the answer that the status
// follows from replaces what its earlier version said; any other change of a
// validated TRN is a conflict.
func (s *Service) applyFound(ctx context.Context, tx Tx, p *Participant, a Answer) error {
	src := source{Request: a.Request, Version: a.Version}
	if err := s.overtake(ctx, tx, p, a.Request); err != nil {
		return err
	}
	if p.TRNRequest == a.Request {
		if p.TRNStatus.Validated() && p.TRN == a.TRN {
			p.TRNVersion = a.Version
			return s.story(ctx, tx, p.ID, byTRA, AnswerRepeatsTRN, a.Request, "")
		}
		return s.settle(ctx, tx, p, a.TRN, src)
	}
	switch {
	case !p.TRNStatus.Validated() && p.TRNStatus != TRNConflict:
		return s.story(ctx, tx, p.ID, byTRA, AnswerNotCounted, a.Request, "") // the participant waits for another request
	case p.TRN == a.TRN:
		return s.story(ctx, tx, p.ID, byTRA, AnswerRepeatsTRN, a.Request, "")
	case p.TRNStatus == TRNConflict:
		return s.story(ctx, tx, p.ID, byTRA, AnswerNotCounted, a.Request, "") // one conflict at a time: its end asks again
	}
	holder, stands, err := found(tx.ParticipantByTRN(ctx, a.TRN))
	if err != nil {
		return err
	}
	if !stands {
		holder.ID = ""
	}
	return s.openConflict(ctx, tx, p, a.TRN, holder.ID, src)
}

// applyFailed applies a failure to the participant who waits for it, or who has
// a TRN by an earlier version of the same answer.
func (s *Service) applyFailed(ctx context.Context, tx Tx, p *Participant, a Answer) error {
	if err := s.overtake(ctx, tx, p, a.Request); err != nil {
		return err
	}
	if p.TRNRequest != a.Request {
		return s.story(ctx, tx, p.ID, byTRA, AnswerNotCounted, a.Request, "")
	}
	again := p.TRNStatus == TRNValidationFailed
	now := s.now()
	if err := s.loseTRN(ctx, tx, p); err != nil {
		return err
	}
	p.TRNStatus, p.TRNAt, p.TRNVersion, p.UpdatedAt = TRNValidationFailed, now, a.Version, now
	p.ExpectedBy = time.Time{}
	if _, held, err := found(tx.Data(ctx, p.ID)); err != nil {
		return err
	} else if held && !again {
		p.DeleteDataAt = now.Add(keepAfterFailure)
		if err := tx.Enqueue(ctx, TaskDeleteData, string(p.ID), p.DeleteDataAt); err != nil {
			return err
		}
	}
	if again {
		return nil // the person was told, and another reason changes nothing for them
	}
	if err := s.story(ctx, tx, p.ID, bySystem, ValidationFailed, a.Request, ""); err != nil {
		return err
	}
	return s.mail(ctx, tx, *p, p.Email, mailFailed)
}

// loseTRN takes the TRN off a participant, and with it what is known of alerts.
// The caller sets the new status and saves p.
func (s *Service) loseTRN(ctx context.Context, tx Tx, p *Participant) error {
	if p.TRN.IsZero() {
		return nil
	}
	p.TRN = person.TRN{}
	if err := s.unsettleAlert(ctx, tx, p); err != nil {
		return err
	}
	return s.story(ctx, tx, p.ID, bySystem, TRNTakenBack, p.TRNRequest, "")
}
