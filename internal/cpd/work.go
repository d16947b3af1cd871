package cpd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"traid/internal/fault"
)

// leaseFor is how long a worker has a task for itself: a little longer than the
// time after which its job is ended, so that what a worker who died had begun
// goes on within a minute.
const leaseFor = 50 * time.Second

// dueBatch is how many due tasks are read at a time.
const dueBatch = 100

// Work does one task, by its kind and the id of its row; nothing when it is
// not due. It may run twice and at several places at once.
func (s *Service) Work(ctx context.Context, kind TaskKind, subject string) error {
	switch kind {
	case TaskCheck:
		return s.checkAgain(ctx, ParticipantID(subject))
	case TaskSend:
		return s.SendRequest(ctx, RequestID(subject))
	case TaskWithdraw:
		return s.withdrawRequest(ctx, RequestID(subject))
	case TaskAlert:
		return s.ReadAlert(ctx, ParticipantID(subject))
	case TaskDeleteData:
		return s.deleteOldData(ctx, ParticipantID(subject))
	case TaskInvite:
		return s.inviteFrom(ctx, subject)
	case TaskMail:
		return s.SendMail(ctx, subject)
	case TaskReply:
		return s.SendReply(ctx, RequestID(subject))
	case TaskRemind:
		return s.Remind(ctx, RequestID(subject))
	case TaskRemindInvited:
		return s.remindInvited(ctx, InvitationID(subject))
	}
	return fmt.Errorf("cpd: there is no task %q", kind)
}

// TaskKinds lists every kind of task.
func TaskKinds() []TaskKind {
	return []TaskKind{TaskCheck, TaskSend, TaskWithdraw, TaskAlert, TaskDeleteData, TaskInvite, TaskMail, TaskReply, TaskRemind, TaskRemindInvited}
}

// WorkDue does everything that is due now: the poll, the deletion of what is
// over, and the tasks, those that they make due included. The tasks come last:
// where a service that hangs uses up the time, the poll does not miss its turn.
// What could not be done because another service did not answer is due again
// later and no error.
func (s *Service) WorkDue(ctx context.Context) error {
	var errs []error
	if err := s.PollDue(ctx); err != nil && !fault.Is(err, fault.Unavailable) {
		errs = append(errs, fmt.Errorf("cpd: poll: %w", err))
	}
	now := s.now()
	if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Clean(ctx, now, now.Add(-2*personWindow), now.Add(-confirmedFor))
	}); err != nil {
		errs = append(errs, fmt.Errorf("cpd: clean: %w", err))
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
				errs = append(errs, fmt.Errorf("cpd: %s %s: %w", t.Kind, t.Subject, err))
			}
		}
	}
	return errors.Join(errs...)
}
