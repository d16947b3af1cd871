package cpd

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

// Question is what the TRA asks a person about their request.
type Question struct {
	Request  RequestID
	Number   int64 // in its request, from 1
	Text     string
	AsksFor  string // national_insurance_number, trn or previous_names; empty: an answer in words
	AskedAt  time.Time
	EndsAt   time.Time
	State    QuestionState
	Reply    Reply // until the request is over: the TRA may lose it
	Reminded int64 // how often
}

// QuestionState is where a question stands, seen from here.
type QuestionState string

// The states of a question.
const (
	QuestionOpen     QuestionState = "open"     // the person has to answer
	QuestionReplied  QuestionState = "replied"  // the reply is on its way to the TRA
	QuestionAnswered QuestionState = "answered" // the TRA has the reply
	QuestionEnded    QuestionState = "ended"    // without one
)

// Reply is what a person answers: words, a detail, or both.
type Reply struct {
	Text          person.Text
	NINO          person.NINO
	TRN           person.TRN
	PreviousNames []person.FullName
}

func (r Reply) isEmpty() bool {
	return r.Text.IsZero() && r.NINO.IsZero() && r.TRN.IsZero() && len(r.PreviousNames) == 0
}

// LongestReply is the most characters of a reply in words.
const LongestReply = 1000

// reminders are the working days after which a person is reminded of a question.
var reminders = [...]int{5, 10}

// hearQuestion stores what the TRA asks, or that it asks no more. A question that
// was answered before gets its answer again: a TRA that asks it has lost that, or
// what it says is older. The caller has the transaction in which it was heard.
func (s *Service) hearQuestion(ctx context.Context, tx Tx, r Request, p Participant, asked *Question) error {
	known, open, err := found(tx.OpenQuestion(ctx, r.ID))
	if err != nil {
		return err
	}
	if open && asked != nil && asked.sameAs(known) {
		return nil
	}
	if open && asked == nil && known.State == QuestionReplied {
		return nil // the reply is on its way, and tells by itself whether it came too late
	}
	if open {
		known.State = QuestionEnded
		if err := tx.SaveQuestion(ctx, known); err != nil {
			return err
		}
		for _, kind := range []TaskKind{TaskRemind, TaskReply} {
			if err := tx.DropTask(ctx, kind, string(r.ID)); err != nil {
				return err
			}
		}
	}
	if asked == nil || p.TRNRequest != r.ID || r.State != RequestSent {
		return nil
	}
	q := *asked
	q.Request, q.State = r.ID, QuestionOpen
	earlier, err := tx.Questions(ctx, r.ID)
	if err != nil {
		return err
	}
	standing := false
	for _, e := range earlier {
		if e.sameAs(q) && e.Reply.isEmpty() {
			return nil // it is over
		}
		standing = standing || e.Number == q.Number
		if e.Text == q.Text && e.AsksFor == q.AsksFor && !e.Reply.isEmpty() {
			q.State, q.Reply = QuestionReplied, e.Reply
		}
	}
	if !standing {
		if _, err := tx.AddQuestion(ctx, q); err != nil {
			return err
		}
	}
	if err := tx.SaveQuestion(ctx, q); err != nil {
		return err
	}
	if q.State == QuestionReplied {
		if err := s.story(ctx, tx, p.ID, byTRA, QuestionAskedAgain, r.ID, ""); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskReply, string(r.ID), s.now())
	}
	if err := s.story(ctx, tx, p.ID, byTRA, QuestionAsked, r.ID, ""); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, TaskRemind, string(r.ID), workday.After(q.AskedAt, reminders[0])); err != nil {
		return err
	}
	return s.mail(ctx, tx, p, p.Email, mailQuestion)
}

// sameAs tells whether two are one question. A TRA that has lost a question may
// give its number to another one.
func (q Question) sameAs(o Question) bool {
	return q.Number == o.Number && q.AskedAt.Sub(o.AskedAt).Abs() < time.Second
}

// Ask has the next poll ask for a request, of which the TRA says that there is
// something to read. Of an unknown one it does nothing.
func (s *Service) Ask(ctx context.Context, id RequestID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, known, err := found(tx.Request(ctx, id))
		if err != nil || !known || r.State != RequestSent {
			return err
		}
		return s.askSoon(ctx, tx, r)
	})
}

// askSoon has the next poll ask for a request.
func (s *Service) askSoon(ctx context.Context, tx Tx, r Request) error {
	r.AsOf = time.Unix(0, 0) // as if it had been silent for long
	return tx.SaveRequest(ctx, r)
}

// Remind mails a person that a question waits, after 5 working days and after 10.
func (s *Service) Remind(ctx context.Context, id RequestID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		task, due, err := tx.Lease(ctx, TaskRemind, string(id), now, now.Add(leaseFor))
		if err != nil || !due {
			return err
		}
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		q, open, err := found(tx.OpenQuestion(ctx, id))
		if err != nil {
			return err
		}
		if !open || q.State != QuestionOpen || !r.Open() || int(q.Reminded) >= len(reminders) {
			return tx.FinishTask(ctx, task)
		}
		p, err := standing(ctx, tx, r.Participant)
		if err != nil {
			return err
		}
		q.Reminded++
		if err := tx.SaveQuestion(ctx, q); err != nil {
			return err
		}
		if err := s.story(ctx, tx, p.ID, bySystem, QuestionReminded, id, ""); err != nil {
			return err
		}
		if err := s.mail(ctx, tx, p, p.Email, mailReminder); err != nil {
			return err
		}
		if int(q.Reminded) == len(reminders) {
			return tx.FinishTask(ctx, task)
		}
		return tx.DelayTask(ctx, task, workday.After(q.AskedAt, reminders[q.Reminded]))
	})
}

// openQuestion gives the question that a participant has to answer; nil: none.
func (s *Service) openQuestion(ctx context.Context, r Reads, p Participant) (*Question, error) {
	if p.TRNRequest == "" || p.TRNStatus != TRNAwaitingManualValidation {
		return nil, nil
	}
	q, open, err := found(r.OpenQuestion(ctx, p.TRNRequest))
	if err != nil || !open || q.State != QuestionOpen {
		return nil, err
	}
	return &q, nil
}

// AnswerQuestion takes a person's reply. It goes to the TRA by itself. Invalid
// where it holds nothing; Conflict where there is no such question any more.
func (s *Service) AnswerQuestion(ctx context.Context, id ParticipantID, number int64, in Reply) error {
	in.Text = person.NewText(strings.TrimSpace(in.Text.Reveal()))
	switch {
	case in.isEmpty():
		return fault.InvalidFields(fault.Field{Pointer: "/text", Reason: "blank"})
	case utf8.RuneCountInString(in.Text.Reveal()) > LongestReply:
		return fault.InvalidFields(fault.Field{Pointer: "/text", Reason: "too_long"})
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		q, err := s.openQuestion(ctx, tx, p)
		if err != nil {
			return err
		}
		if q == nil || q.Number != number {
			return fault.New(fault.Conflict, "There is no question to answer.")
		}
		q.State, q.Reply = QuestionReplied, in
		if err := tx.SaveQuestion(ctx, *q); err != nil {
			return err
		}
		if err := s.story(ctx, tx, p.ID, byPerson, QuestionWasAnswered, q.Request, ""); err != nil {
			return err
		}
		if err := tx.DropTask(ctx, TaskRemind, string(q.Request)); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskReply, string(q.Request), s.now())
	})
}

// SendReply brings a person's reply to the TRA; it may be repeated.
func (s *Service) SendReply(ctx context.Context, id RequestID) error {
	var task Task
	var q Question
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskReply, string(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		var open bool
		if q, open, err = found(tx.OpenQuestion(ctx, id)); err != nil {
			return err
		}
		if !open || q.State != QuestionReplied {
			due = false
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	status, sendErr := s.tra.Reply(ctx, id, q.Number, q.Reply)
	if sendErr != nil && ctx.Err() != nil {
		return sendErr
	}
	lost := fault.Is(sendErr, fault.NotFound) // the request, or the question
	over := slices.Contains([]fault.Kind{fault.Conflict, fault.Gone, fault.Invalid}, fault.KindOf(sendErr))
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if sendErr != nil && !over && !lost {
			s.o.Logger.WarnContext(ctx, "a reply was not sent", "request", string(id), "attempt", task.Attempts, "kind", fault.KindOf(sendErr).String(), "error", sendErr)
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		q.State = QuestionAnswered
		what := ReplyReached
		switch {
		case lost:
			what = ReplyKept
		case over:
			q.Reply, q.State, what = Reply{}, QuestionEnded, ReplyTooLate
		}
		if err := tx.SaveQuestion(ctx, q); err != nil {
			return err
		}
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if err := s.story(ctx, tx, r.Participant, bySystem, what, id, ""); err != nil {
			return err
		}
		if err := tx.FinishTask(ctx, task); err != nil || over {
			return err
		}
		if lost {
			return s.askSoon(ctx, tx, r)
		}
		return s.heard(ctx, tx, r, status)
	})
}
