package cpd

import (
	"context"
	"slices"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
)

// askTRA makes a TRN validation request with the data; it replaces the one
// that the participant's status followed from. The caller saves p.
func (s *Service) askTRA(ctx context.Context, tx Tx, p *Participant, data Data) error {
	replaces, err := s.supersede(ctx, tx, p)
	if err != nil {
		return err
	}
	if err := s.keepOnly(ctx, tx, p.ID, data, replaces); err != nil {
		return err
	}
	for _, kind := range []TaskKind{TaskCheck, TaskDeleteData} {
		if err := tx.DropTask(ctx, kind, string(p.ID)); err != nil {
			return err
		}
	}
	now := s.now()
	r := Request{
		ID: RequestID(ident.NewUUID()), Participant: p.ID, Kind: TRNValidation, State: RequestWaiting,
		Replaces: replaces, DataID: data.ID, CreatedAt: now, ExpectedBy: expectedBy(now),
	}
	if err := tx.AddRequest(ctx, r); err != nil {
		return err
	}
	p.TRNStatus, p.TRNAt, p.UpdatedAt = TRNAwaitingManualValidation, now, now
	p.TRNRequest, p.TRNVersion, p.ExpectedBy = r.ID, 0, r.ExpectedBy
	p.DeleteDataAt, p.WithdrawnAt = time.Time{}, time.Time{}
	first := r.ID
	if old, ok, err := found(tx.Request(ctx, replaces)); err != nil {
		return err
	} else if ok && old.inDoubt() {
		first = old.ID // the TRA has to know it before it can be replaced
	}
	if err := tx.Enqueue(ctx, TaskSend, string(first), now); err != nil {
		return err
	}
	if err := s.story(ctx, tx, p.ID, bySystem, RequestMade, r.ID, ""); err != nil {
		return err
	}
	return s.mail(ctx, tx, *p, p.Email, mailReceived)
}

// inDoubt tells whether a replaced request may or may not have reached the TRA.
func (r Request) inDoubt() bool { return r.State == RequestReplaced && r.SentAt.IsZero() }

// supersede ends the counting of the participant's current request, because
// other details take its place, and gives the request that the next one
// replaces: empty when the TRA knows of none.
func (s *Service) supersede(ctx context.Context, tx Tx, p *Participant) (RequestID, error) {
	if p.TRNRequest == "" {
		return "", nil
	}
	r, err := tx.Request(ctx, p.TRNRequest)
	if err != nil {
		return "", err
	}
	switch {
	case r.State == RequestWithdrawn: // refused before its successor was made
		return r.Replaces, nil
	case !r.Open():
		return r.ID, nil
	case r.State == RequestWaiting && r.Attempts == 0:
		r.State = RequestWithdrawn
		if err := tx.SaveRequest(ctx, r); err != nil {
			return "", err
		}
		return r.Replaces, tx.DropTask(ctx, TaskSend, string(r.ID))
	}
	r.State = RequestReplaced
	return r.ID, tx.SaveRequest(ctx, r)
}

// keepOnly deletes earlier validation data, but for that of a replaced request
// that has to be sent to its end.
func (s *Service) keepOnly(ctx context.Context, tx Tx, id ParticipantID, data Data, replaces RequestID) error {
	old, ok, err := found(tx.Request(ctx, replaces))
	if err != nil {
		return err
	}
	if ok && old.inDoubt() {
		return tx.DeleteData(ctx, id, data.ID, old.DataID)
	}
	return tx.DeleteData(ctx, id, data.ID)
}

// endCurrentRequest takes back what the participant's TRN still waits for,
// because it is needless now. The request named by except was answered.
func (s *Service) endCurrentRequest(ctx context.Context, tx Tx, p *Participant, except RequestID) error {
	if p.TRNRequest == "" || p.TRNRequest == except {
		return nil
	}
	return s.takeBack(ctx, tx, p.TRNRequest)
}

// takeBack withdraws a request that is not answered, and where it did not
// reach the TRA the one that it would have replaced there.
func (s *Service) takeBack(ctx context.Context, tx Tx, id RequestID) error {
	r, err := tx.Request(ctx, id)
	if err != nil {
		return err
	}
	if r.State == RequestAnswered || r.State == RequestWithdrawn {
		return nil
	}
	r.State = RequestWithdrawn
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	if err := tx.DropTask(ctx, TaskSend, string(id)); err != nil {
		return err
	}
	if err := s.story(ctx, tx, r.Participant, bySystem, RequestTakenBack, id, ""); err != nil {
		return err
	}
	if r.Attempts > 0 {
		if err := tx.Enqueue(ctx, TaskWithdraw, string(id), s.now()); err != nil {
			return err
		}
	}
	if r.SentAt.IsZero() && r.Replaces != "" {
		return s.takeBack(ctx, tx, r.Replaces)
	}
	return nil
}

// SendRequest is arrow 2: a request goes to the TRA under the id that was
// chosen here. It does nothing for one that is not due, and may be repeated.
func (s *Service) SendRequest(ctx context.Context, id RequestID) error {
	var task Task
	var sub Submission
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskSend, string(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if r.State != RequestWaiting && !r.inDoubt() {
			due = false
			return tx.FinishTask(ctx, task)
		}
		if sub, err = s.submission(ctx, tx, r); err != nil {
			return err
		}
		r.Attempts++
		return tx.SaveRequest(ctx, r)
	})
	if err != nil || !due {
		return err
	}
	status, sendErr := s.tra.Submit(ctx, sub)
	if sendErr != nil && ctx.Err() != nil {
		return sendErr
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if sendErr != nil {
			return s.notSent(ctx, tx, task, r, sendErr)
		}
		return s.sent(ctx, tx, task, r, status)
	})
}

// submission is the same for every attempt: what it is made of does not change
// while the request waits.
func (s *Service) submission(ctx context.Context, tx Tx, r Request) (Submission, error) {
	sub := Submission{ID: r.ID, Kind: r.Kind, Replaces: r.Replaces}
	if r.Kind == BarringCheck {
		p, err := tx.Participant(ctx, r.Participant)
		sub.TRN, sub.FirstName, sub.LastName = p.TRN, p.FirstName, p.LastName
		return sub, err
	}
	data, err := tx.DataByID(ctx, r.DataID)
	sub.Details = data.Details
	return sub, err
}

// sent stores that the TRA has a request.
func (s *Service) sent(ctx context.Context, tx Tx, task Task, r Request, status RequestStatus) error {
	now := s.now()
	first := r.SentAt.IsZero()
	if first {
		r.SentAt = now
	}
	r.Problem = ""
	switch r.State {
	case RequestWaiting:
		r.State = RequestSent
	case RequestReplaced: // now its place can be taken
		if err := tx.DeleteDataByID(ctx, r.DataID); err != nil {
			return err
		}
		if err := s.freeSuccessor(ctx, tx, r.ID, r.ID); err != nil {
			return err
		}
	case RequestWithdrawn: // taken back while it was on its way
		if err := tx.Enqueue(ctx, TaskWithdraw, string(r.ID), now); err != nil {
			return err
		}
	}
	if first {
		if err := s.story(ctx, tx, r.Participant, bySystem, RequestReached, r.ID, ""); err != nil {
			return err
		}
	}
	if err := tx.FinishTask(ctx, task); err != nil {
		return err
	}
	return s.heard(ctx, tx, r, status)
}

// notSent stores why a request did not reach the TRA and when it is tried
// again. A refusal is tried again like no answer: nothing is dropped, and
// administrators see what waits and why. Where only what it would replace is
// refused, because the TRA has lost it, the request goes by itself at once.
func (s *Service) notSent(ctx context.Context, tx Tx, task Task, r Request, cause error) error {
	kind := fault.KindOf(cause)
	s.o.Logger.WarnContext(ctx, "a request was not sent", "request", string(r.ID), "request_kind", string(r.Kind),
		"attempt", task.Attempts, "kind", kind.String(), "error", cause)
	r.Problem = kind.String()
	if r.State == RequestReplaced && (kind == fault.Invalid || kind == fault.Conflict) {
		// Refused, so it is not there to be replaced; what it replaced is.
		r.State = RequestWithdrawn
		if err := tx.DeleteDataByID(ctx, r.DataID); err != nil {
			return err
		}
		if err := s.freeSuccessor(ctx, tx, r.ID, r.Replaces); err != nil {
			return err
		}
	}
	alone := r.State == RequestWaiting && r.Replaces != "" && kind == fault.Invalid && refusesReplacing(cause)
	if alone {
		r.Replaces = ""
	}
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	switch {
	case alone:
		return tx.DelayTask(ctx, task, s.now())
	case r.State != RequestWaiting && !r.inDoubt():
		return tx.FinishTask(ctx, task)
	}
	return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
}

// refusesReplacing tells whether the TRA refused what a request replaces.
func refusesReplacing(err error) bool {
	return slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Pointer == "/replaces" })
}

// freeSuccessor lets the request go that waited for the fate of another one.
func (s *Service) freeSuccessor(ctx context.Context, tx Tx, id, replaces RequestID) error {
	next, ok, err := found(tx.Successor(ctx, id))
	if err != nil || !ok {
		return err
	}
	next.Replaces = replaces
	if err := tx.SaveRequest(ctx, next); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskSend, string(next.ID), s.now())
}

// heard stores what the TRA says of a request, its answer included.
func (s *Service) heard(ctx context.Context, tx Tx, r Request, status RequestStatus) error {
	r.Status, r.AsOf = status.Status, s.now()
	if !status.ExpectedBy.IsZero() {
		r.ExpectedBy = status.ExpectedBy
	}
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	p, err := standing(ctx, tx, r.Participant)
	if err != nil {
		return err
	}
	if p.TRNRequest == r.ID && p.TRNStatus == TRNAwaitingManualValidation && !p.ExpectedBy.Equal(r.ExpectedBy) {
		p.ExpectedBy = r.ExpectedBy
		if err := tx.SaveParticipant(ctx, p); err != nil {
			return err
		}
	}
	if err := s.hearQuestion(ctx, tx, r, p, status.Question); err != nil {
		return err
	}
	if status.Answer == nil {
		return nil
	}
	return s.apply(ctx, tx, *status.Answer)
}

// withdrawRequest tells the TRA that a request is taken back. One that never
// arrived may still be on its way, so that is asked a few times.
func (s *Service) withdrawRequest(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskWithdraw, string(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		r, err = tx.Request(ctx, id)
		return err
	})
	if err != nil || !due {
		return err
	}
	traErr := s.tra.Withdraw(ctx, r.Kind, id)
	if traErr != nil && ctx.Err() != nil {
		return traErr
	}
	again := false
	switch fault.KindOf(traErr) {
	case fault.NotFound:
		again = r.SentAt.IsZero() && task.Attempts < lateArrivals
	case fault.Conflict, fault.Gone: // answered: the answer will not count
	default:
		again = traErr != nil
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if again {
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		return tx.FinishTask(ctx, task)
	})
}

// lateArrivals is how often a request that may still be on its way is taken
// back: over eight minutes, far longer than a call lasts.
const lateArrivals = 4
