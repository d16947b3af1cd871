package tra

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/workday"
)

// answerWithin is how many working days a person has to answer a question.
const answerWithin = 15

// QuestionState is how far a question has come.
type QuestionState string

// The states of a question. A request has at most one that is open.
const (
	QuestionOpen       QuestionState = "open"
	QuestionAnswered   QuestionState = "answered"
	QuestionWithdrawn  QuestionState = "withdrawn"  // by an operator
	QuestionUnanswered QuestionState = "unanswered" // in its time
	QuestionOvertaken  QuestionState = "overtaken"  // by a decision in the helpdesk, or the end of its request
)

// Question is what an operator asks the person of a request. While it is open
// the request waits for the person, its clock is paused and its place kept.
type Question struct {
	Request  RequestID
	Number   int64 // in its request, from 1
	Text     string
	AsksFor  Field // a missing detail; empty: an answer in words
	AskedBy  string
	AskedAt  time.Time
	EndsAt   time.Time // without an answer
	State    QuestionState
	EndedAt  time.Time
	Reply    person.Text // in words; goes with the claim
	BodyHash string      // of the reply, keyed; empty: there is none
}

// Asking is what an operator hands in to ask a question.
type Asking struct {
	Revision int64 // of the request as the operator saw it
	Text     string
	AsksFor  Field
}

// AskableFields are the details that a question can ask for.
func AskableFields() []Field { return []Field{FieldNINO, FieldTRN, FieldPreviousNames} }

// Check names what is wrong with a question. Reasons: blank, too_long,
// personal_number, slot, not_for_this_kind.
func (a Asking) Check() []fault.Field {
	var wrong []fault.Field
	bad := func(pointer, reason string) { wrong = append(wrong, fault.Field{Pointer: pointer, Reason: reason}) }
	switch {
	case strings.TrimSpace(a.Text) == "":
		bad("/question", "blank")
	case utf8.RuneCountInString(a.Text) > longestNote:
		bad("/question", "too_long")
	case person.HasPersonalNumber(a.Text):
		bad("/question", "personal_number")
	case strings.ContainsAny(a.Text, "[]"):
		bad("/question", "slot")
	}
	if a.AsksFor != "" && !slices.Contains(AskableFields(), a.AsksFor) {
		bad("/asks_for", "not_for_this_kind")
	}
	return wrong
}

// Ask asks the person of a request. fault.Conflict when the case changed since
// the operator saw it, or somebody else holds it.
func (s *Service) Ask(ctx context.Context, op Operator, id RequestID, in Asking) error {
	in.Text = strings.TrimSpace(in.Text)
	if wrong := in.Check(); len(wrong) > 0 {
		return fault.InvalidFields(wrong...)
	}
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if q, open, err := found(tx.OpenQuestion(ctx, id)); err != nil || open && q.AskedBy == op.Email && q.Text == in.Text && q.AsksFor == in.AsksFor {
			return err // the second click
		}
		d, decided, err := found(tx.OpenDecision(ctx, id))
		if err != nil {
			return err
		}
		if err := s.unchanged(ctx, tx, r, in.Revision, d, decided); err != nil {
			return err
		}
		if decided || r.Kind != TRNValidation || r.State != Received && r.State != WithOperator {
			return fault.New(fault.Conflict, "Nothing can be asked about this case now.")
		}
		now := s.now()
		if owner := r.OwnerAt(now); owner != "" && owner != op.Email {
			return heldBy(r)
		}
		n, err := tx.Questions(ctx, id)
		if err != nil {
			return err
		}
		q := Question{
			Request: id, Number: int64(len(n)) + 1, Text: in.Text, AsksFor: in.AsksFor, AskedBy: op.Email,
			AskedAt: now, EndsAt: workday.After(now, answerWithin), State: QuestionOpen,
		}
		if err := tx.AddQuestion(ctx, q); err != nil {
			return err
		}
		r.State, r.Owner, r.HeldSince, r.HeldUntil = WaitingForPerson, "", time.Time{}, time.Time{}
		r.Revision++
		if err := s.story(ctx, tx, id, op.Email, PersonAsked, ""); err != nil {
			return err
		}
		if err := tx.DropForm(ctx, id, op.Email); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, TaskEndQuestion, id, q.EndsAt); err != nil {
			return err
		}
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		return s.tell(ctx, tx, Delivery{
			ID: DeliveryID(string(id) + "_question_" + strconv.FormatInt(q.Number, 10)), Type: DeliverQuestion, Client: r.Client, Kind: r.Kind, Request: id,
		})
	})
}

// TakeQuestionBack ends an open question: the case is an operator's again.
func (s *Service) TakeQuestionBack(ctx context.Context, op Operator, id RequestID, revision int64) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if again, err := done(ctx, tx, r, revision, op, QuestionTakenBack); err != nil || again {
			return err
		}
		if err := s.unchanged(ctx, tx, r, revision, Decision{}, false); err != nil {
			return err
		}
		if r.State != WaitingForPerson {
			return fault.New(fault.Conflict, "There is no question to take back.")
		}
		if err := s.endQuestion(ctx, tx, &r, QuestionWithdrawn); err != nil {
			return err
		}
		r.State = withTicket(r)
		r.Revision++
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		if err := s.story(ctx, tx, id, op.Email, QuestionTakenBack, ""); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// endQuestion ends a request's open question, if there is one, and lets its
// clock go on: what was promised moves by the working days of the pause. The
// caller saves r.
func (s *Service) endQuestion(ctx context.Context, tx Tx, r *Request, state QuestionState) error {
	q, open, err := found(tx.OpenQuestion(ctx, r.ID))
	if err != nil || !open {
		return err
	}
	q.State, q.EndedAt = state, s.now()
	if err := tx.SaveQuestion(ctx, q); err != nil {
		return err
	}
	s.resume(r, q)
	return tx.DropTask(ctx, TaskEndQuestion, r.ID)
}

func (s *Service) resume(r *Request, q Question) {
	paused, err := workday.Until(q.AskedAt, s.now())
	if err == nil && !r.ExpectedBy.IsZero() {
		r.ExpectedBy = workday.After(r.ExpectedBy, paused)
	}
}

// Reply is what a person answers to a question: words, details, or both.
type Reply struct {
	Text          person.Text
	NINO          person.NINO
	TRN           person.TRN
	PreviousNames []person.FullName
}

func (in Reply) check() []fault.Field {
	switch n := utf8.RuneCountInString(in.Text.Reveal()); {
	case n > longestNote:
		return []fault.Field{{Pointer: "/text", Reason: "has over 1,000 characters"}}
	case strings.TrimSpace(in.Text.Reveal()) == "" && in.NINO.IsZero() && in.TRN.IsZero() && len(in.PreviousNames) == 0:
		return []fault.Field{{Pointer: "/text", Reason: "give words, a detail or both"}}
	}
	return nil
}

// Reply takes a client's answer to a question: the case is an operator's again,
// with what changed in the claim. The same again changes nothing. fault.Conflict
// for another reply, or where the question is over; fault.NotFound where the
// client has no such question.
func (s *Service) Reply(ctx context.Context, c Client, id RequestID, number int64, in Reply) (View, error) {
	if wrong := in.check(); len(wrong) > 0 {
		return View{}, fault.InvalidFields(wrong...)
	}
	parts := []string{"reply", strconv.FormatInt(number, 10), in.Text.Reveal(), in.NINO.Reveal(), in.TRN.Reveal()}
	for _, n := range in.PreviousNames {
		parts = append(parts, n.First.Reveal(), n.Last.Reveal())
	}
	hash := s.hash(parts...)
	var v View
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := s.own(ctx, tx, c, TRNValidation, id)
		if err != nil {
			return err
		}
		all, err := tx.Questions(ctx, id)
		if err != nil {
			return err
		}
		if number < 1 || number > int64(len(all)) {
			return fault.New(fault.NotFound, "There is no such question.")
		}
		switch q := all[number-1]; {
		case q.BodyHash == hash:
			v, err = s.view(ctx, tx, r)
			return err
		case q.BodyHash != "":
			return fault.New(fault.Conflict, "This question has been answered otherwise.")
		case q.State != QuestionOpen:
			return fault.New(fault.Conflict, "This question is over.")
		default:
			q.State, q.EndedAt, q.Reply, q.BodyHash = QuestionAnswered, s.now(), in.Text, hash
			if err := tx.SaveQuestion(ctx, q); err != nil {
				return err
			}
			s.resume(&r, q)
		}
		claim, err := tx.Claim(ctx, id)
		if err != nil {
			return err
		}
		if changed := in.into(claim); len(changed.changedFrom(claim)) > 0 {
			r.Changed, r.Check = changed.changedFrom(claim), CheckUnknown
			if err := tx.Enqueue(ctx, TaskCheck, id, s.now()); err != nil {
				return err
			}
			if err := tx.SaveClaim(ctx, id, changed); err != nil {
				return err
			}
		}
		r.State = withTicket(r)
		r.Revision++
		if err := tx.DropTask(ctx, TaskEndQuestion, id); err != nil {
			return err
		}
		if err := s.story(ctx, tx, id, string(c), PersonAnswered, ""); err != nil {
			return err
		}
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		v, err = s.view(ctx, tx, r)
		return err
	})
	return v, err
}

// into gives a claim with what a reply adds.
func (in Reply) into(c Claim) Claim {
	if !in.NINO.IsZero() {
		c.NINO = in.NINO
	}
	if !in.TRN.IsZero() {
		c.TRN = in.TRN
	}
	c.PreviousNames = slices.Clone(c.PreviousNames)
	for _, n := range in.PreviousNames {
		if !slices.Contains(c.PreviousNames, n) {
			c.PreviousNames = append(c.PreviousNames, n)
		}
	}
	return c
}

// unansweredNote is what the client reads where nobody answered.
const unansweredNote = "We asked the person a question and had no answer. Ask the person to send their details again, with everything that they know."

// EndQuestion fails a request whose question was not answered in its time, for
// want of details. It does nothing when it is not due.
func (s *Service) EndQuestion(ctx context.Context, id RequestID) error {
	now := s.now()
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		task, due, err := tx.Lease(ctx, TaskEndQuestion, id, now, now.Add(leaseFor))
		if err != nil || !due {
			return err
		}
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		q, open, err := found(tx.OpenQuestion(ctx, id))
		switch {
		case err != nil:
			return err
		case open && q.EndsAt.After(now):
			return tx.DelayTask(ctx, task, q.EndsAt)
		case !open || r.State != WaitingForPerson:
			return tx.FinishTask(ctx, task)
		}
		if err := tx.FinishTask(ctx, task); err != nil {
			return err
		}
		if err := s.endQuestion(ctx, tx, &r, QuestionUnanswered); err != nil {
			return err
		}
		if err := s.story(ctx, tx, id, bySystem, PersonSilent, ""); err != nil {
			return err
		}
		if err := s.proceed(ctx, tx, &r, Decision{
			ID: DecisionID(ident.NewUUID()), Request: id, Outcome: Failed, Reason: NotEnoughDetails, Note: unansweredNote,
			By: bySystem, Via: ViaSilence, At: now,
		}, ""); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}
