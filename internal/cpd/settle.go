package cpd

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// source says where a TRN comes from: a version of an answer, or with the zero
// value the automatic check.
type source struct {
	Request RequestID
	Version int64
}

func (src source) status() TRNStatus {
	if src.Request == "" {
		return TRNValidatedAutomatically
	}
	return TRNValidatedManually
}

// settle stores a TRN on a participant and deletes the rest of the validation
// data in the same transaction, or opens a conflict where the TRN stands on
// somebody else: then neither is displaced and the data is kept for the end of
// it. The caller saves p.
func (s *Service) settle(ctx context.Context, tx Tx, p *Participant, trn person.TRN, src source) error {
	if src.Request == "" {
		if err := s.story(ctx, tx, p.ID, bySystem, CheckMatched, "", ""); err != nil {
			return err
		}
	}
	if err := s.endCurrentRequest(ctx, tx, p, src.Request); err != nil {
		return err
	}
	holder, stands, err := found(tx.ParticipantByTRN(ctx, trn))
	if err != nil {
		return err
	}
	if stands && holder.ID != p.ID {
		if err := s.openConflict(ctx, tx, p, trn, holder.ID, src); err != nil || src.Request != "" {
			return err
		}
		return s.mail(ctx, tx, *p, p.Email, mailReceived) // the person is told what everybody is whom a check by hand awaits
	}
	return s.storeTRN(ctx, tx, p, trn, src)
}

// storeTRN is settle where the TRN is known to be free.
func (s *Service) storeTRN(ctx context.Context, tx Tx, p *Participant, trn person.TRN, src source) error {
	now := s.now()
	replaced := !p.TRN.IsZero() && p.TRN != trn
	p.TRN, p.TRNStatus, p.TRNAt = trn, src.status(), now
	p.TRNRequest, p.TRNVersion = src.Request, src.Version
	p.WithdrawnAt, p.UpdatedAt = time.Time{}, now
	if err := s.forget(ctx, tx, p); err != nil {
		return err
	}
	if err := s.unsettleAlert(ctx, tx, p); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, TaskAlert, string(p.ID), now); err != nil {
		return err
	}
	what := TRNValidatedAuto
	switch {
	case replaced:
		what = TRNReplaced
	case src.Request != "":
		what = TRNValidatedByHand
	}
	if err := s.story(ctx, tx, p.ID, bySystem, what, src.Request, ""); err != nil {
		return err
	}
	if replaced {
		return nil // nothing changes for the person
	}
	return s.mail(ctx, tx, *p, p.Email, mailConfirmed)
}

// forget deletes the validation data of a participant. The caller saves p.
func (s *Service) forget(ctx context.Context, tx Tx, p *Participant) error {
	for _, kind := range []TaskKind{TaskCheck, TaskDeleteData} {
		if err := tx.DropTask(ctx, kind, string(p.ID)); err != nil {
			return err
		}
	}
	p.DeleteDataAt = time.Time{}
	if _, held, err := found(tx.Data(ctx, p.ID)); err != nil || !held {
		return err
	}
	if err := tx.DeleteData(ctx, p.ID); err != nil {
		return err
	}
	p.HoldsValidationData = false
	return s.story(ctx, tx, p.ID, bySystem, DataDeleted, "", "")
}

// checkLater stores that the register could not be asked, which is never "no record".
func (s *Service) checkLater(ctx context.Context, tx Tx, p *Participant, data Data) error {
	replaces, err := s.supersede(ctx, tx, p)
	if err != nil {
		return err
	}
	if err := s.keepOnly(ctx, tx, p.ID, data, replaces); err != nil {
		return err
	}
	now := s.now()
	p.TRNStatus, p.TRNAt, p.TRNRequest, p.TRNVersion, p.ExpectedBy = TRNNotChecked, now, replaces, 0, time.Time{}
	if err := s.story(ctx, tx, p.ID, bySystem, CheckNotAsked, "", ""); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskCheck, string(p.ID), now.Add(fault.RetryAfter(1)))
}

// checkAgain makes the automatic check of a participant whom it could not be
// made for. Without a match the person, who is not there to correct or to
// stand by, is taken to stand by the details and told so: a correction stays possible.
func (s *Service) checkAgain(ctx context.Context, id ParticipantID) error {
	var task Task
	var data Data
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskCheck, string(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		var held bool
		data, held, err = found(tx.Data(ctx, id))
		if err != nil {
			return err
		}
		if p.TRNStatus != TRNNotChecked || !held {
			due = false
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	f, asked, err := s.find(ctx, data.Details)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		current, held, err := found(tx.Data(ctx, id))
		if err != nil {
			return err
		}
		if p.TRNStatus != TRNNotChecked || !held || current.ID != data.ID {
			return tx.FinishTask(ctx, task) // other details came meanwhile, with a task of their own
		}
		if !asked {
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts+1)))
		}
		if err := tx.FinishTask(ctx, task); err != nil {
			return err
		}
		if f.Match {
			err = s.settle(ctx, tx, &p, f.TRN, source{})
		} else if err = s.story(ctx, tx, p.ID, bySystem, CheckNotMatched, "", ""); err == nil {
			err = s.askTRA(ctx, tx, &p, data)
		}
		if err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
}

// deleteOldData deletes the validation data of a participant when nobody came
// to correct it in time.
func (s *Service) deleteOldData(ctx context.Context, id ParticipantID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		task, due, err := tx.Lease(ctx, TaskDeleteData, string(id), now, now.Add(leaseFor))
		if err != nil || !due {
			return err
		}
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		if p.TRNStatus != TRNValidationFailed {
			return tx.FinishTask(ctx, task)
		}
		if err := s.forget(ctx, tx, &p); err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
}
