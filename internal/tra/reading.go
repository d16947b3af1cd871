package tra

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/person"
)

// saying is what a solved ticket's fields say, and by whom.
type saying struct {
	op      string // our operation that set them last; empty: an agent set one after us, or alone
	agent   string // the active agent who set one of them last
	auditID string // of that
	at      time.Time
	wrong   string // why they are no answer; empty: they are one
}

// readFields judges the fields of a solved ticket. A field
// counts only when an active agent, or our own operation, set it last.
func readFields(k Kind, f TicketFields, settings map[FieldName]Setting) saying {
	var out saying
	var newest time.Time // of our own operations
	for name, value := range map[FieldName]string{
		OutcomeField(k): string(f.Outcome), FieldNameTRN: f.TRN, FieldNameReason: string(f.Reason), FieldNameNote: f.Note,
	} {
		if value == "" {
			continue
		}
		set := settings[name]
		switch {
		case set.Op != "":
			if out.op == "" || set.At.After(newest) {
				out.op, newest = set.Op, set.At
			}
		case set.Agent != "":
			if out.agent == "" || set.At.After(out.at) || set.At.Equal(out.at) && laterAudit(set.AuditID, out.auditID) {
				out.agent, out.auditID, out.at = set.Agent, set.AuditID, set.At
			}
		default:
			out.wrong = "The field “" + string(name) + "” was set by somebody who is no active agent."
			return out
		}
	}
	if out.agent != "" {
		out.op = ""
	}
	_, err := person.NewTRN(f.TRN)
	switch {
	case f.Outcome != "" && !slices.Contains(Outcomes(k), f.Outcome):
		out.wrong = "The outcome is none that this kind of request can have."
	case f.Reason != "" && !slices.Contains(FailureReasons(k), f.Reason):
		out.wrong = "The failure reason is none that this kind of request can have."
	case f.Outcome == "":
		out.wrong = "The ticket was solved without an outcome."
	case f.Outcome == TRNFound && f.TRN == "":
		out.wrong = "The outcome is “trn_found” and the field “TRN” is empty."
	case f.Outcome == TRNFound && err != nil:
		out.wrong = "The field “TRN” does not hold the seven digits of a TRN."
	case f.Outcome != TRNFound && f.TRN != "":
		out.wrong = "The outcome is “" + string(f.Outcome) + "” and there is a TRN."
	case f.Outcome == Failed && f.Reason == "":
		out.wrong = "The outcome is “failed” and there is no failure reason."
	case f.Outcome == Failed && f.Note == "":
		out.wrong = "The outcome is “failed” and there is no note for the client."
	case f.Outcome != Failed && f.Reason != "":
		out.wrong = "The outcome is “" + string(f.Outcome) + "” and there is a failure reason."
	case utf8.RuneCountInString(f.Note) > longestNote || strings.ContainsAny(f.Note, "[]"):
		out.wrong = "The note for the client is too long, or has a part in square brackets that is to be filled in."
	case person.HasPersonalNumber(f.Note):
		out.wrong = "The note for the client holds what looks like a number or a date of a person."
	}
	return out
}

// laterAudit tells whether an audit's id is that of a later one: ids are numbers that grow.
func laterAudit(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// ReadTicket looks at a request's ticket and draws the consequences. It does
// nothing when it is not due.
func (s *Service) ReadTicket(ctx context.Context, id RequestID) error {
	var task Task
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		task, due, err = tx.Lease(ctx, TaskRead, id, now, now.Add(leaseFor))
		return err
	})
	if err != nil || !due {
		return err
	}
	readErr := s.readTicket(ctx, id)
	if readErr != nil && ctx.Err() != nil {
		return readErr
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if readErr != nil {
			s.o.Logger.WarnContext(ctx, "a ticket could not be read", "request", string(id), "attempt", task.Attempts,
				"kind", fault.KindOf(readErr).String(), "error", readErr)
			// At the sweep's pace and not with growing waits: what an agent did is
			// known within a sweep of the helpdesk's being back.
			return tx.DelayTask(ctx, task, s.now().Add(min(fault.RetryAfter(task.Attempts), s.o.SweepEvery)))
		}
		return tx.FinishTask(ctx, task)
	})
}

// looked is what a look at a ticket brought, all of it read before the
// transaction that draws the consequences.
type looked struct {
	since   seen // what was stored when the look began
	gone    bool // the ticket was deleted
	ticket  Ticket
	said    saying      // of a solved ticket's fields
	text    TextReading // of a solved ticket without any
	made    *Decision   // a decision that was made on the ticket and is not known yet
	verdict verdict     // the register's, of made
}

// seen tells whether anything of a request came to be known after a look at its
// ticket began. Such a look is out of date.
type seen struct {
	readAt, updatedAt time.Time
	status            TicketStatus
	revision          int64
}

func (r Request) seen() seen {
	return seen{r.TicketReadAt.UTC(), r.TicketUpdatedAt.UTC(), r.TicketStatus, r.Revision}
}

// readTicket looks at a request's ticket. An error changes nothing: another
// system did not answer.
func (s *Service) readTicket(ctx context.Context, id RequestID) error {
	r, err := s.store.Request(ctx, id)
	if err != nil || r.Ticket == 0 || r.State == Withdrawn {
		return err
	}
	l, err := s.look(ctx, r)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		fresh, err := s.ticketRead(ctx, tx, id, l)
		if err != nil || fresh {
			return err
		}
		return tx.Enqueue(ctx, TaskRead, id, s.now())
	})
}

// look reads a request's ticket and all that its consequences need.
func (s *Service) look(ctx context.Context, r Request) (looked, error) {
	l := looked{since: r.seen()}
	var err error
	l.ticket, err = s.helpdesk.Read(ctx, r.Kind, r.Ticket)
	if fault.Is(err, fault.NotFound) {
		l.gone = true
		return l, nil
	}
	if err == nil && l.ticket.Status.Done() && !l.ticket.Merged {
		err = s.listen(ctx, r, &l)
	}
	return l, err
}

// listen reads what a solved ticket says, and asks the register of what is new.
func (s *Service) listen(ctx context.Context, r Request, l *looked) error {
	claim, held, err := found(s.store.Claim(ctx, r.ID))
	if err != nil || !held {
		return err
	}
	if l.ticket.Fields.IsEmpty() {
		comments, err := s.helpdesk.Comments(ctx, r.Ticket)
		if err != nil {
			return err
		}
		if l.text = ReadText(comments); l.text.Outcome != TextFound || r.Kind != TRNValidation {
			return nil
		}
		c := l.text.Comment
		l.made = &Decision{ID: DecisionID("comment-" + c.ID), Outcome: TRNFound, TRN: l.text.TRN, By: agentName(c.Agent), Via: ViaComment}
	} else {
		settings, err := s.helpdesk.Settings(ctx, r.Kind, r.Ticket)
		if err != nil {
			return err
		}
		if l.said = readFields(r.Kind, l.ticket.Fields, settings); l.said.wrong != "" || l.said.op != "" {
			return nil
		}
		f := l.ticket.Fields
		d := Decision{
			ID: DecisionID("audit-" + l.said.auditID), Outcome: f.Outcome, Reason: f.Reason, Note: f.Note,
			By: agentName(l.said.agent), Via: ViaFields,
		}
		d.TRN, _ = person.NewTRN(f.TRN)
		l.made = &d
	}
	if _, known, err := found(s.store.Decision(ctx, l.made.ID)); err != nil || known {
		l.made = nil
		return err
	}
	l.made.Request, l.made.At = r.ID, s.now()
	l.verdict, err = s.verify(ctx, r, claim, *l.made)
	return err
}

func agentName(id string) string { return "helpdesk agent " + id }

// ticketRead draws the consequences of a look at a ticket. A look that something
// overtook has none: fresh is false, and the ticket has to be looked at again.
func (s *Service) ticketRead(ctx context.Context, tx Tx, id RequestID, l looked) (fresh bool, err error) {
	r, err := tx.Request(ctx, id)
	if err != nil || r.State == Withdrawn {
		return true, err
	}
	if r.seen() != l.since {
		return false, nil
	}
	return true, s.consequences(ctx, tx, r, l)
}

// consequences is ticketRead of a fresh look.
func (s *Service) consequences(ctx context.Context, tx Tx, r Request, l looked) error {
	id := r.ID
	if l.gone {
		r.TicketStatus, r.TicketReadAt = TicketDeleted, s.now()
		if r.State.Open() {
			if err := s.flag(ctx, tx, id, TicketMissing, missingTicket); err != nil {
				return err
			}
		}
		return tx.SaveRequest(ctx, r)
	}
	changed := !r.TicketUpdatedAt.Equal(l.ticket.UpdatedAt)
	r.TicketStatus, r.TicketUpdatedAt, r.TicketReadAt = l.ticket.Status, l.ticket.UpdatedAt, s.now()
	if l.ticket.Merged {
		if r.State.Open() {
			if err := s.flag(ctx, tx, id, TicketMissing, mergedTicket); err != nil {
				return err
			}
		}
		return tx.SaveRequest(ctx, r)
	}
	d, open, err := found(tx.OpenDecision(ctx, id))
	if err != nil {
		return err
	}
	_, pending, err := found(tx.NextOp(ctx, id))
	if err != nil {
		return err
	}
	if err := s.unflag(ctx, tx, id, TicketMissing); err != nil {
		return err
	}
	if open && !pending && l.made == nil && d.leftTicket(l.ticket) {
		if err := s.takenOff(ctx, tx, &r, d, "the answer was taken off the ticket"); err != nil {
			return err
		}
		open = false
	}
	switch {
	case !l.ticket.Status.Done():
		err = s.ticketOpen(ctx, tx, &r, d, open, pending)
	case l.said.op != "" && l.said.wrong == "" && open && string(d.ID) == l.said.op && d.Stage == StageToWrite:
		err = s.opDone(ctx, tx, Op{ID: l.said.op, Request: id, Kind: OpAnswer, Decision: d.ID}) // the helpdesk's answer was lost
	case l.made != nil:
		err = s.decidedOnTicket(ctx, tx, &r, *l.made, l.verdict)
	case pending || r.State == Answered && l.ticket.Fields.IsEmpty():
		// Our own change is on its way; or an answer was read from words, and stands.
	case l.said.wrong != "" && r.State == Answered:
		err = s.unlikeAnswer(ctx, tx, id, l)
	case l.said.wrong != "":
		if changed || r.Refusals == 0 {
			err = s.refuse(ctx, tx, &r, AnswerUnreadable, l.said.wrong)
		}
	case l.ticket.Fields.IsEmpty() && !open && r.State.Open():
		err = s.flag(ctx, tx, id, AnswerUnreadable, unreadable(l.text))
	case !open && r.State.Open():
		err = s.solvedAgain(ctx, tx, id)
	}
	if err != nil {
		return err
	}
	return tx.SaveRequest(ctx, r)
}

// solvedAgain flags a request whose ticket was solved with fields that were
// dealt with before: whether they are the answer once more is for people to say.
// Where they were refused, or are out of date, it is flagged already.
func (s *Service) solvedAgain(ctx context.Context, tx Tx, id RequestID) error {
	set, err := tx.Flags(ctx, id)
	if err != nil || slices.ContainsFunc(set, func(f Flagged) bool {
		return f.Flag == AnswerContradictsRecord || f.Flag == AnswerUnreadable || f.Flag == AnswerOutdated
	}) {
		return err
	}
	return s.flag(ctx, tx, id, AnswerUnreadable, "The ticket was solved again and its fields say what they said before. Decide on this page.")
}

// unlikeAnswer flags a ticket that says something else than the answer that was
// released by it, and that is no answer. Who set the fields was judged then: an
// agent who has left since changes nothing.
func (s *Service) unlikeAnswer(ctx context.Context, tx Tx, id RequestID, l looked) error {
	a, err := tx.NewestAnswer(ctx, id)
	if err != nil || l.ticket.Fields == (TicketFields{Outcome: a.Outcome, TRN: a.TRN.Reveal(), Reason: a.Reason, Note: a.Note}) {
		return err
	}
	return s.flag(ctx, tx, id, AnswerUnreadable, l.said.wrong+" The released answer stands. Open the case again to give another one.")
}

// unreadable says why a solved ticket without fields is no answer, and what to do.
func unreadable(t TextReading) string {
	const decide = " Decide on this page."
	switch t.Outcome {
	case TextFailed:
		return "The ticket was solved with words that say there is no match, and without the fields." + decide
	case TextConflict:
		return "The ticket was solved with words that can be read in more than one way, and without the fields." + decide
	case TextFound:
		return "The ticket was solved with a number in words that this kind of request has no use for." + decide
	}
	return "The ticket was solved without an answer." + decide
}

// ticketOpen: an agent took an answer back by reopening the ticket, or a
// released answer is looked at again.
func (s *Service) ticketOpen(ctx context.Context, tx Tx, r *Request, d Decision, open, pending bool) error {
	if pending {
		return nil // our own change is on its way
	}
	switch {
	case open && (d.Stage == StageOnTicket || d.reviewedFromTicket()):
		if err := s.takenOff(ctx, tx, r, d, "the ticket was reopened"); err != nil {
			return err
		}
		return s.story(ctx, tx, r.ID, byHelpdesk, TicketReopened, "")
	case r.State == Answered && r.ReplacedBy == "":
		r.ExpectedBy = expectedBy(s.now())
	default:
		return nil
	}
	r.State = WithOperator
	r.Revision++
	return s.story(ctx, tx, r.ID, byHelpdesk, TicketReopened, "")
}

// reviewedFromTicket tells whether a second operator is to agree with what an
// agent answered on the ticket.
func (d Decision) reviewedFromTicket() bool {
	return d.Stage == StageSecondReview && (d.Via == ViaFields || d.Via == ViaComment)
}

// leftTicket tells whether a solved ticket does not carry an agent's answer any
// more that waits for a second operator. Comments stay.
func (d Decision) leftTicket(t Ticket) bool {
	return d.Via == ViaFields && d.reviewedFromTicket() && t.Status.Done() && t.Fields != d.fields()
}

// takenOff ends a decision that an agent took off the ticket. The caller saves r.
func (s *Service) takenOff(ctx context.Context, tx Tx, r *Request, d Decision, how string) error {
	r.State = WithOperator
	r.Revision++
	return s.endDecision(ctx, tx, d, StageUndone, byHelpdesk, how)
}

// decidedOnTicket takes a decision that an agent made on the ticket.
func (s *Service) decidedOnTicket(ctx context.Context, tx Tx, r *Request, d Decision, v verdict) error {
	if _, known, err := found(tx.Decision(ctx, d.ID)); err != nil || known {
		return err
	}
	if v.behind { // not believed either way: asked again until the register is newer
		if err := s.flag(ctx, tx, r.ID, RegisterBehind, "The TRN on the ticket is not in the register, which is older than a day. It is checked again by itself every hour."); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskRead, r.ID, s.now().Add(time.Hour))
	}
	if err := s.unflag(ctx, tx, r.ID, RegisterBehind); err != nil {
		return err
	}
	if earlier, open, err := found(tx.OpenDecision(ctx, r.ID)); err != nil {
		return err
	} else if open {
		if err := s.endDecision(ctx, tx, earlier, StageOvertaken, d.By, "the ticket's fields were changed"); err != nil {
			return err
		}
		r.State = withTicket(*r) // where that one was in second review
	}
	if err := s.dropUnsent(ctx, tx, r.ID); err != nil { // what was to be written was for what stood there before
		return err
	}
	if err := s.story(ctx, tx, r.ID, d.By, DecisionRead, ""); err != nil {
		return err
	}
	wrong := v.Refused
	if wrong == "" && len(v.Accepts) > 0 {
		wrong = v.Review + " Decide on the case's page, where the reason for accepting it can be given."
	}
	if wrong != "" {
		d.Stage, d.EndedAt, d.EndedBy, d.EndedWhy = StageRefused, s.now(), bySystem, wrong
		if err := tx.AddDecision(ctx, d); err != nil {
			return err
		}
		return s.refuse(ctx, tx, r, AnswerContradictsRecord, wrong)
	}
	return s.proceed(ctx, tx, r, d, v.Review)
}

// refuse takes an answer off the ticket that is none, with a note that says
// why; the second time it only flags. The caller saves r.
func (s *Service) refuse(ctx context.Context, tx Tx, r *Request, f Flag, why string) error {
	if err := s.flag(ctx, tx, r.ID, f, why); err != nil {
		return err
	}
	r.Refusals++
	r.Revision++
	if r.Refusals > 1 {
		return nil
	}
	if err := tx.AddOp(ctx, newOp(r.ID, OpReopen, "This answer was not taken: "+why+" The case: "+s.caseURL(r.ID))); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskWrite, r.ID, s.now())
}
