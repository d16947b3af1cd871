package tra

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/workday"
)

// leaseFor is how long a worker has a task for itself: a little longer than the
// 40 seconds after which its job is ended, so that what a worker who died had
// begun goes on within a minute.
const leaseFor = 50 * time.Second

// The helpdesk forgets an idempotency key after two hours. A key that is nearly
// so old is not trusted: then a ticket is created only after several look-ups,
// some time apart, that found none.
const (
	keyTrusted    = 110 * time.Minute
	emptyLookups  = 3
	lookupsWithin = 5 * time.Minute
)

// CreateTicket is arrow 3: exactly one ticket for a request, whatever breaks.
// One worker holds the request's lease; the bytes that are sent are stored
// before the first time and never change; and before any sending whose earlier
// result is unknown the ticket is looked for.
func (s *Service) CreateTicket(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	var c Creation
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskCreate, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		if c, _, err = found(tx.Creation(ctx, id)); err != nil {
			return err
		}
		c.Request = id
		if missing := r.Ticket == c.Follows; !missing || r.State == Withdrawn && c.FirstSentAt.IsZero() {
			due = false
			if missing { // withdrawn before it was sent for: nothing to end
				if err := s.neverMade(ctx, tx, c); err != nil {
					return err
				}
			}
			return tx.FinishTask(ctx, task)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	t, refused, err := s.createOrFind(ctx, r, c)
	if err != nil && ctx.Err() != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		switch {
		case err != nil:
			s.o.Logger.WarnContext(ctx, "a ticket was not created", "request", string(id), "attempt", task.Attempts,
				"kind", fault.KindOf(err).String(), "error", err)
			return tx.DelayTask(ctx, task, s.now().Add(createAgain(task.Attempts, c)))
		case refused:
			if err := s.flag(ctx, tx, id, TicketRefused, "The helpdesk refuses the ticket. Check its fields with an administrator; the request is tried again every hour."); err != nil {
				return err
			}
			return tx.DelayTask(ctx, task, s.now().Add(time.Hour))
		case t.ID == 0:
			return tx.DelayTask(ctx, task, s.now().Add(lookupsWithin/(emptyLookups-1)))
		}
		return s.adopt(ctx, tx, task, id, t)
	})
}

// createAgain gives the wait after a failure; while a look-up is being repeated
// it stays short.
func createAgain(attempts int64, c Creation) time.Duration {
	if c.EmptyLookups > 0 {
		return lookupsWithin / (emptyLookups - 1)
	}
	return fault.RetryAfter(attempts)
}

// createOrFind gives the request's ticket: zero when it is too early to create
// one. refused is the helpdesk's final no.
func (s *Service) createOrFind(ctx context.Context, r Request, c Creation) (t Ticket, refused bool, err error) {
	now := s.now()
	if !c.FirstSentAt.IsZero() {
		t, found, err := s.lookFor(ctx, c)
		if err != nil || found {
			return t, false, err
		}
		if r.State == Withdrawn || now.Sub(c.FirstSentAt) > keyTrusted {
			if c.EmptySince.IsZero() {
				c.EmptySince = now
			}
			c.EmptyLookups++
			if c.EmptyLookups < emptyLookups || now.Sub(c.EmptySince) < lookupsWithin {
				return Ticket{}, false, s.saveCreation(ctx, c)
			}
			c.FirstSentAt, c.EmptyLookups, c.EmptySince = now, 0, time.Time{} // a new key's life begins
		}
		if r.State == Withdrawn { // it was sent for and never came: nothing to end
			return Ticket{}, false, s.inTx(ctx, func(ctx context.Context, tx Tx) error {
				if err := s.neverMade(ctx, tx, c); err != nil {
					return err
				}
				return tx.DropTask(ctx, TaskCreate, r.ID)
			})
		}
	}
	if len(c.Body) == 0 {
		d, err := s.draft(ctx, r, c)
		if err != nil {
			return Ticket{}, false, err
		}
		if c.Body, err = s.helpdesk.Compose(ctx, d); err != nil {
			return Ticket{}, false, err
		}
	}
	if c.FirstSentAt.IsZero() {
		c.FirstSentAt = now
	}
	if err := s.saveCreation(ctx, c); err != nil {
		return Ticket{}, false, err
	}
	t, err = s.helpdesk.Create(ctx, c.key(), c.Body)
	if fault.Is(err, fault.Invalid) { // none was created: what was wrong with the body may have been mended
		c.Body = nil
		return Ticket{}, true, s.saveCreation(ctx, c)
	}
	return t, false, err
}

func (s *Service) saveCreation(ctx context.Context, c Creation) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.SaveCreation(ctx, c) })
}

// key is the request's id, of a follow-up with the number of the ticket before it.
func (c Creation) key() TicketKey {
	if c.Follows == 0 {
		return TicketKey(c.Request)
	}
	return TicketKey(fmt.Sprintf("%s-%d", c.Request, c.Follows))
}

// neverMade ends what waited for a ticket that nobody needs any more.
func (s *Service) neverMade(ctx context.Context, tx Tx, c Creation) error {
	if err := tx.DeleteCreation(ctx, c.Request); err != nil { // its body may hold the claim
		return err
	}
	if c.Follows != 0 {
		return tx.Enqueue(ctx, TaskWrite, c.Request, s.now()) // which drops what the closed one cannot take
	}
	return s.dropUnsent(ctx, tx, c.Request)
}

// lookFor finds the ticket that was sent for. Of several it is the one with an answer,
// else with an assignee, else the oldest; the rest are closed with a note.
func (s *Service) lookFor(ctx context.Context, c Creation) (Ticket, bool, error) {
	tickets, err := s.helpdesk.ByKey(ctx, c.key())
	if err != nil || len(tickets) == 0 {
		return Ticket{}, false, err
	}
	rank := func(t Ticket) int {
		switch {
		case !t.Fields.IsEmpty():
			return 0
		case t.Assigned:
			return 1
		}
		return 2
	}
	slices.SortFunc(tickets, func(a, b Ticket) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID)) })
	for _, extra := range tickets[1:] {
		if extra.Status.Done() {
			continue
		}
		if _, err := s.helpdesk.Write(ctx, extra.ID, Writing{
			Op: "duplicate-" + string(c.key()), Status: TicketSolved, Again: true,
			Note: "There is another ticket for this request. Answer that one: " + s.caseURL(c.Request),
		}); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return Ticket{}, false, err
		}
	}
	if len(tickets) > 1 {
		err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			for _, extra := range tickets[1:] {
				if err := tx.KeepTicket(ctx, c.Request, extra.ID); err != nil {
					return err
				}
			}
			return s.flag(ctx, tx, c.Request, SeveralTickets, "There was more than one ticket for this request. One was kept and the others were closed with a note.")
		})
	}
	return tickets[0], true, err
}

// adopt stores the ticket of a request.
func (s *Service) adopt(ctx context.Context, tx Tx, task Task, id RequestID, t Ticket) error {
	r, err := tx.Request(ctx, id)
	if err != nil {
		return err
	}
	if r.Ticket == t.ID { // another worker was faster
		return tx.FinishTask(ctx, task)
	}
	c, _, err := found(tx.Creation(ctx, id))
	if err != nil {
		return err
	}
	if r.Ticket == c.Follows {
		what := TicketCreated
		if c.Follows != 0 {
			what = TicketFollowedUp
			if err := tx.KeepTicket(ctx, id, c.Follows); err != nil {
				return err
			}
		}
		r.Ticket, r.TicketStatus, r.TicketUpdatedAt, r.TicketReadAt = t.ID, t.Status, t.UpdatedAt, s.now()
		if r.State == Received {
			r.State = WithOperator
			if d, open, err := found(tx.OpenDecision(ctx, id)); err != nil {
				return err
			} else if open && d.Stage == StageSecondReview {
				r.State = InSecondReview
			}
		}
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
		if err := s.unflag(ctx, tx, id, TicketRefused, TicketMissing); err != nil {
			return err
		}
		if err := s.story(ctx, tx, id, bySystem, what, ""); err != nil {
			return err
		}
		if task.Attempts > 1 && r.State != Withdrawn { // an agent may have had it before it was known here, and no sweep read it
			if err := tx.Enqueue(ctx, TaskRead, id, s.now()); err != nil {
				return err
			}
		}
	}
	if r.Ticket != t.ID {
		if err := s.flag(ctx, tx, id, SeveralTickets, "There is another ticket for this request. Close it in the helpdesk."); err != nil {
			return err
		}
	}
	if err := tx.DeleteCreation(ctx, id); err != nil {
		return err
	}
	if _, pending, err := found(tx.NextOp(ctx, id)); err != nil {
		return err
	} else if pending {
		if err := tx.Enqueue(ctx, TaskWrite, id, s.now()); err != nil {
			return err
		}
	}
	return tx.FinishTask(ctx, task)
}

// draft writes what stands on a ticket: what is asked, by when, how to answer
// and where the case is; of the person only what the setting allows, and never
// anything of another one.
func (s *Service) draft(ctx context.Context, r Request, c Creation) (Draft, error) {
	what, how := "Find the record of a teacher", "the field “TRN”, with “trn_found” in “Outcome”; or “failed” in “Outcome” with a “Failure reason” and a “Note for the client”"
	if r.Kind == BarringCheck {
		what, how = "Confirm whether a teacher is barred", "“Barring outcome”; for “failed” also a “Failure reason” and a “Note for the client”"
	}
	d := Draft{Key: c.key(), Follows: c.Follows, Reference: r.Reference, Kind: r.Kind, Subject: string(r.Reference) + " " + what}
	lines := []string{what + ".", "The case, with candidates and everything that is known: " + s.caseURL(r.ID)}
	if c.Follows != 0 {
		lines = append(lines, fmt.Sprintf("This takes the place of the ticket %d, which is closed.", c.Follows))
	}
	if !r.ExpectedBy.IsZero() {
		lines = append(lines, "Promised by "+r.ExpectedBy.In(workday.London).Format("Monday 2 January 2006")+".")
	}
	lines = append(lines, "Decide on the case's page. Or, here: fill "+how+", then set the ticket to solved. A TRN in a comment alone is only a fallback.")
	if s.o.Details == DetailsClaim {
		c, held, err := found(s.store.Claim(ctx, r.ID))
		if err != nil {
			return Draft{}, err
		}
		if held {
			lines = append(lines, "What is asked about:", strings.Join(ticketDetails(r.Kind, c), "\n"))
		}
	}
	d.Body = strings.Join(lines, "\n\n")
	return d, nil
}

// ticketDetails gives a claim as lines; of a barring check no name.
func ticketDetails(k Kind, c Claim) []string {
	var out []string
	line := func(what, value string) {
		if value != "" {
			out = append(out, what+": "+value)
		}
	}
	if k == TRNValidation {
		line("First name", c.FirstName.Reveal())
		line("Last name", c.LastName.Reveal())
		line("Previous names", namesOf(c.PreviousNames).Reveal())
		line("Date of birth", c.DateOfBirth.Reveal())
		line("National Insurance number", c.NINO.Reveal())
	}
	line("TRN given", c.TRN.Reveal())
	if k == TRNValidation {
		line("Email address", c.Email.Reveal())
	}
	return out
}

// WriteTicket makes the next pending change of a request's ticket, and then the
// one after it. It may be repeated: the ticket's audit tells what was made.
func (s *Service) WriteTicket(ctx context.Context, id RequestID) error {
	var task Task
	var r Request
	var op Op
	var w Writing
	due := false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskWrite, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		var pending bool
		if op, pending, err = found(tx.NextOp(ctx, id)); err != nil {
			return err
		}
		c, making, err := found(tx.Creation(ctx, id))
		if err != nil {
			return err
		}
		if !pending || r.Ticket == 0 || making && r.Ticket == c.Follows { // a ticket that comes to be makes it due again
			due = false
			return tx.FinishTask(ctx, task)
		}
		if w, err = s.writing(ctx, tx, r, op); err != nil {
			return err
		}
		w.Since = now
		return tx.OpSent(ctx, op.ID)
	})
	if err != nil || !due {
		return err
	}
	t, writeErr := s.helpdesk.Write(ctx, r.Ticket, w)
	if writeErr != nil && ctx.Err() != nil {
		return writeErr
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if writeErr != nil {
			return s.notWritten(ctx, tx, task, r.Ticket, op, writeErr)
		}
		return s.written(ctx, tx, task, op, t)
	})
}

// writing is the same for every attempt at an op.
func (s *Service) writing(ctx context.Context, tx Tx, r Request, op Op) (Writing, error) {
	w := Writing{Op: op.ID, Kind: r.Kind, Note: op.Note, Again: op.Sent}
	switch op.Kind {
	case OpAnswer:
		d, err := tx.Decision(ctx, op.Decision)
		if err != nil {
			return Writing{}, err
		}
		f := d.fields()
		w.Fields, w.Status = &f, TicketSolved
	case OpReopen:
		w.Fields, w.Status = &TicketFields{}, TicketOpen
	case OpEnd:
		w.Status = TicketSolved
	}
	return w, nil
}

// fields is what a ticket that carries the decision says.
func (d Decision) fields() TicketFields {
	return TicketFields{Outcome: d.Outcome, TRN: d.TRN.Reveal(), Reason: d.Reason, Note: d.Note}
}

// written stores that the ticket has a change.
func (s *Service) written(ctx context.Context, tx Tx, task Task, op Op, t Ticket) error {
	r, err := tx.Request(ctx, op.Request)
	if err != nil {
		return err
	}
	if r.Ticket != t.ID { // a follow-up took its place meanwhile
		return s.nextOp(ctx, tx, task)
	}
	r.TicketStatus, r.TicketUpdatedAt, r.TicketReadAt = t.Status, t.UpdatedAt, s.now()
	if err := tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	if err := s.opDone(ctx, tx, op); err != nil {
		return err
	}
	if err := s.unflag(ctx, tx, op.Request, TicketMissing, TicketRefused); err != nil {
		return err
	}
	return s.nextOp(ctx, tx, task)
}

// opDone drops a change that the ticket has; a decision that it was is on the
// ticket now.
func (s *Service) opDone(ctx context.Context, tx Tx, op Op) error {
	if err := tx.DropOp(ctx, op.ID); err != nil || op.Kind != OpAnswer {
		return err
	}
	d, err := tx.Decision(ctx, op.Decision)
	if err != nil || d.Stage != StageToWrite {
		return err // undone while it was on its way: a change after this one takes it off again
	}
	return s.onTicket(ctx, tx, d)
}

// onTicket lets a decision that its ticket carries be released when its time comes.
func (s *Service) onTicket(ctx context.Context, tx Tx, d Decision) error {
	d.Stage = StageOnTicket
	if err := tx.SaveDecision(ctx, d); err != nil {
		return err
	}
	if err := s.story(ctx, tx, d.Request, bySystem, DecisionOnTicket, ""); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskRelease, d.Request, later(d.ReleaseAt, s.now()))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nextOp goes on with the next change, or ends the task.
func (s *Service) nextOp(ctx context.Context, tx Tx, task Task) error {
	if _, pending, err := found(tx.NextOp(ctx, task.Subject)); err != nil || !pending {
		if err != nil {
			return err
		}
		return tx.FinishTask(ctx, task)
	}
	return tx.DelayTask(ctx, task, s.now())
}

// notWritten stores why a change did not reach a ticket and when it is tried
// again. What a closed one cannot take goes onto a follow-up.
func (s *Service) notWritten(ctx context.Context, tx Tx, task Task, on TicketID, op Op, cause error) error {
	kind := fault.KindOf(cause)
	s.o.Logger.WarnContext(ctx, "a ticket was not changed", "request", string(op.Request), "attempt", task.Attempts, "kind", kind.String(), "error", cause)
	wait := fault.RetryAfter(task.Attempts)
	r, err := tx.Request(ctx, op.Request)
	if err != nil {
		return err
	}
	idle := op.Kind == OpEnd || op.Kind == OpReopen && (kind == fault.NotFound || r.State == Withdrawn)
	var d Decision
	if op.Kind == OpAnswer {
		if d, err = tx.Decision(ctx, op.Decision); err != nil {
			return err
		}
		idle = !d.Stage.Open() // undone or withdrawn since it was sent
	}
	switch {
	case r.Ticket != on: // a follow-up took its place meanwhile
		return s.nextOp(ctx, tx, task)
	case !idle && kind == fault.Conflict:
		if err := tx.SaveCreation(ctx, Creation{Request: r.ID, Follows: r.Ticket}); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, TaskCreate, r.ID, s.now()); err != nil {
			return err
		}
		return tx.FinishTask(ctx, task)
	case !idle && d.Via == ViaRegister && kind == fault.NotFound:
		if err := tx.DropOp(ctx, op.ID); err != nil {
			return err
		}
		if err := s.unwritable(ctx, tx, d); err != nil {
			return err
		}
		return s.nextOp(ctx, tx, task)
	case idle && (kind == fault.NotFound || kind == fault.Conflict):
		// A ticket that is gone or closed needs no reopening, no end, and no answer that is none any more.
		if err := tx.DropOp(ctx, op.ID); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, TaskRead, op.Request, s.now()); err != nil { // what it says stays, and may need somebody's attention
			return err
		}
		return s.nextOp(ctx, tx, task)
	case kind == fault.NotFound:
		err, wait = s.flag(ctx, tx, op.Request, TicketMissing, missingTicket), time.Hour
	case kind == fault.Invalid:
		err, wait = s.flag(ctx, tx, op.Request, TicketRefused, "The helpdesk refuses to put the answer on the ticket. Check its fields with an administrator; it is tried again every hour."), time.Hour
	}
	if err != nil {
		return err
	}
	return tx.DelayTask(ctx, task, s.now().Add(wait))
}

// What the console says of tickets that cannot be worked with.
const (
	missingTicket = "The ticket was deleted. Ask an administrator of the helpdesk to restore it; nothing is released without it."
	mergedTicket  = "The ticket was merged into another one, which is not read. Decide on this page: the answer goes onto a follow-up ticket."
)

// newOp gives an op of a request.
func newOp(id RequestID, kind OpKind, note string) Op {
	return Op{ID: ident.NewUUID(), Request: id, Kind: kind, Note: note}
}
