package cpd

import (
	"context"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// alertEvery is how often a record is asked again for open alerts.
const alertEvery = 7 * 24 * time.Hour

// ReadAlert is the beginning of flow 2: whether the participant's record has an
// open alert is read whenever a TRN is stored and weekly from then on; an open
// one starts a barring check. It does nothing when it is not due.
func (s *Service) ReadAlert(ctx context.Context, id ParticipantID) error {
	var task Task
	var trn person.TRN
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskAlert, string(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		if trn = p.TRN; trn.IsZero() {
			due = false
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	seen, readErr := s.register.OpenAlert(ctx, trn)
	if readErr != nil && ctx.Err() != nil {
		return readErr
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		if p.TRN != trn {
			return tx.FinishTask(ctx, task) // another TRN came, with a task of its own
		}
		if fault.Is(readErr, fault.NotFound) {
			if err := s.recordGone(ctx, tx, &p); err != nil {
				return err
			}
			return tx.Enqueue(ctx, TaskAlert, string(id), s.now().Add(alertEvery))
		}
		if readErr != nil {
			s.o.Logger.WarnContext(ctx, "alerts could not be read", "participant", string(id), "kind", fault.KindOf(readErr).String(), "error", readErr)
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		if seen.AsAt.IsZero() {
			seen.AsAt = s.now()
		}
		if err := s.alertRead(ctx, tx, &p, seen); err != nil {
			return err
		}
		if err := tx.SaveParticipant(ctx, p); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskAlert, string(id), s.now().Add(alertEvery))
	})
}

// alertRead changes the alert axis by what the register says. An outcome that
// the TRA gave stands for as long as the same alerts are open: others are
// checked anew, and an unanswered check of the earlier ones is taken back.
func (s *Service) alertRead(ctx context.Context, tx Tx, p *Participant, seen AlertSeen) error {
	if err := s.story(ctx, tx, p.ID, bySystem, AlertRead, "", ""); err != nil {
		return err
	}
	if !seen.Open {
		if p.AlertStatus == AlertNone {
			p.AlertAt = seen.AsAt
			return nil
		}
		if err := s.unsettleAlert(ctx, tx, p); err != nil {
			return err
		}
		p.AlertStatus, p.AlertAt, p.UpdatedAt = AlertNone, seen.AsAt, s.now()
		return s.story(ctx, tx, p.ID, bySystem, AlertSettled, "", "")
	}
	if p.AlertStatus != AlertNotChecked && p.AlertStatus != AlertNone {
		if p.AlertState == seen.State {
			return nil
		}
		if err := s.unsettleAlert(ctx, tx, p); err != nil {
			return err
		}
	}
	now := s.now()
	r := Request{
		ID: RequestID(ident.NewUUID()), Participant: p.ID, Kind: BarringCheck, State: RequestWaiting,
		CreatedAt: now, ExpectedBy: expectedBy(now),
	}
	if err := tx.AddRequest(ctx, r); err != nil {
		return err
	}
	p.AlertStatus, p.AlertAt, p.AlertRequest, p.UpdatedAt = AlertAwaitingBarringCheck, seen.AsAt, r.ID, now
	p.AlertState = seen.State
	if err := tx.Enqueue(ctx, TaskSend, string(r.ID), now); err != nil {
		return err
	}
	return s.story(ctx, tx, p.ID, bySystem, BarringCheckMade, r.ID, "")
}

// recordGone is a read that found no record with the TRN any more: what is known
// of alerts is undetermined until somebody has looked after it, or the record is
// back. A check that is under way goes on, and who was barred stays barred.
func (s *Service) recordGone(ctx context.Context, tx Tx, p *Participant) error {
	if p.AlertStatus != AlertNotChecked && p.AlertStatus != AlertNone && p.AlertStatus != AlertNotBarred {
		return nil
	}
	now := s.now()
	p.AlertStatus, p.AlertAt, p.AlertOwner, p.AlertState, p.UpdatedAt = AlertUndetermined, now, s.o.AlertOwner, "", now
	if err := s.story(ctx, tx, p.ID, bySystem, AlertNoRecord, "", ""); err != nil {
		return err
	}
	return tx.SaveParticipant(ctx, *p)
}

// applyBarring records the outcome of a barring check with its date.
func (s *Service) applyBarring(ctx context.Context, tx Tx, p *Participant, a Answer) error {
	if p.AlertRequest != a.Request {
		return s.story(ctx, tx, p.ID, byTRA, AnswerNotCounted, a.Request, "")
	}
	p.AlertOwner = ""
	switch a.Outcome {
	case Barred:
		p.AlertStatus = AlertBarred
	case NotBarred:
		p.AlertStatus = AlertNotBarred
	default:
		p.AlertStatus, p.AlertOwner = AlertUndetermined, s.o.AlertOwner
	}
	p.AlertAt, p.UpdatedAt = a.AnsweredAt, s.now()
	if p.AlertAt.IsZero() {
		p.AlertAt = s.now()
	}
	return s.story(ctx, tx, p.ID, byTRA, AnswerBarring, a.Request, "")
}

// unsettleAlert makes nothing known of alerts, and takes back a barring check
// that is not answered. The caller saves p.
func (s *Service) unsettleAlert(ctx context.Context, tx Tx, p *Participant) error {
	if p.AlertRequest != "" {
		if err := s.takeBack(ctx, tx, p.AlertRequest); err != nil {
			return err
		}
	}
	p.AlertStatus, p.AlertAt, p.AlertRequest, p.AlertOwner, p.AlertState = AlertNotChecked, time.Time{}, "", "", ""
	return tx.DropTask(ctx, TaskAlert, string(p.ID))
}

// AssignAlert gives an undetermined alert to somebody to look after. Again
// to the same it changes nothing.
func (s *Service) AssignAlert(ctx context.Context, admin string, id ParticipantID, owner string) error {
	owner = strings.TrimSpace(owner)
	if owner == "" {
		return fault.InvalidFields(fault.Field{Pointer: "/owner", Reason: string(person.Blank)})
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.AlertStatus != AlertUndetermined {
			return fault.New(fault.Conflict, "This alert is not undetermined any more.")
		}
		if p.AlertOwner == owner {
			return nil
		}
		p.AlertOwner, p.UpdatedAt = owner, s.now()
		if err := s.story(ctx, tx, p.ID, admin, AlertAssigned, p.AlertRequest, ""); err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
}
