package tra

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// longestNote is the most characters of a note or a reason.
const longestNote = 1000

// Check names what is wrong with a decision about a request of a kind, before
// the register is asked. Reasons: blank, not_for_this_kind, too_long,
// personal_number, and slot for what is left to be filled in.
func (d Deciding) Check(k Kind) []fault.Field {
	var wrong []fault.Field
	bad := func(pointer, reason string) { wrong = append(wrong, fault.Field{Pointer: pointer, Reason: reason}) }
	switch {
	case d.Outcome == "":
		bad("/outcome", "blank")
	case !slices.Contains(Outcomes(k), d.Outcome):
		bad("/outcome", "not_for_this_kind")
	}
	if d.Outcome == TRNFound && d.TRN.IsZero() {
		bad("/trn", "blank")
	}
	if d.Outcome == Failed {
		switch {
		case d.Reason == "":
			bad("/failure_reason", "blank")
		case !slices.Contains(FailureReasons(k), d.Reason):
			bad("/failure_reason", "not_for_this_kind")
		}
		if d.Note == "" {
			bad("/note", "blank")
		}
	}
	for pointer, text := range map[string]string{"/note": d.Note, "/why": d.Why} {
		switch {
		case utf8.RuneCountInString(text) > longestNote:
			bad(pointer, "too_long")
		case person.HasPersonalNumber(text):
			bad(pointer, "personal_number")
		case pointer == "/note" && strings.ContainsAny(text, "[]"):
			bad(pointer, "slot") // of a template, not filled
		}
	}
	return wrong
}

// Decide is arrow 6: an operator's decision is stored at once, so that it
// cannot be lost, and is then written onto the ticket. fault.Conflict when
// somebody else decided or changed the case since the operator saw it; the same
// decision by the same operator again gives what stands. fault.Unavailable when
// the register does not answer: then nothing is stored.
func (s *Service) Decide(ctx context.Context, op Operator, id RequestID, in Deciding) (Decision, error) {
	in.Note, in.Why = strings.TrimSpace(in.Note), strings.TrimSpace(in.Why)
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil {
		return Decision{}, err
	}
	wrong := in.Check(r.Kind)
	if len(wrong) > 0 {
		return Decision{}, fault.InvalidFields(wrong...)
	}
	d := Decision{
		ID: DecisionID(ident.NewUUID()), Request: id, Outcome: in.Outcome, TRN: in.TRN, Reason: in.Reason, Note: in.Note, Why: in.Why,
		By: op.Email, Via: ViaConsole,
	}
	if in.Outcome != TRNFound {
		d.TRN = person.TRN{}
	}
	if in.Outcome != Failed {
		d.Reason = ""
	}
	v, err := s.verify(ctx, r, claim, d)
	if err != nil {
		return Decision{}, err
	}
	switch {
	case v.Refused != "" && r.Kind == BarringCheck:
		return Decision{}, fault.InvalidFields(fault.Field{Pointer: "/outcome", Reason: "contradicts_record"})
	case v.behind:
		return Decision{}, fault.InvalidFields(fault.Field{Pointer: "/trn", Reason: "register_behind"})
	case v.Refused != "" && v.Record.TRN.IsZero():
		return Decision{}, fault.InvalidFields(fault.Field{Pointer: "/trn", Reason: "no_record"})
	case v.Refused != "":
		return Decision{}, fault.InvalidFields(fault.Field{Pointer: "/trn", Reason: "inactive"})
	case len(v.Accepts) > 0 && in.Why == "":
		return Decision{}, fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
	}
	if !v.Record.TRN.IsZero() && d.Outcome == TRNFound {
		d.TRN = v.Record.TRN
	}
	place, placed := s.placeOf(ctx, r, claim, d)
	var made Decision
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		open, decided, err := found(tx.OpenDecision(ctx, id))
		if err != nil {
			return err
		}
		if decided && open.By == op.Email && open.Via == ViaConsole && open.fields() == d.fields() && open.Why == d.Why {
			made = open // the second click
			return nil
		}
		if err := s.unchanged(ctx, tx, r, in.Revision, open, decided); err != nil {
			return err
		}
		if decided || r.State != Received && r.State != WithOperator {
			return fault.New(fault.Conflict, "This case is not open for a decision.")
		}
		if owner := r.OwnerAt(s.now()); owner != "" && owner != op.Email {
			return heldBy(r)
		}
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		r.Refusals = 0
		if err := s.unflag(ctx, tx, id, AnswerUnreadable, AnswerContradictsRecord, RegisterBehind); err != nil {
			return err
		}
		if err := s.story(ctx, tx, id, op.Email, DecisionMade, d.Why); err != nil {
			return err
		}
		next := d // the transaction may run again
		next.At = s.now()
		if err := s.proceed(ctx, tx, &r, next, v.Review); err != nil {
			return err
		}
		if made, err = tx.Decision(ctx, d.ID); err != nil {
			return err
		}
		if placed {
			if err := tx.AddPick(ctx, d.ID, next.At, place); err != nil {
				return err
			}
		}
		if err := tx.DropForm(ctx, id, op.Email); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
	return made, err
}

// unchanged refuses what an operator hands in for a case that changed since,
// and tells who changed it, when and what.
func (s *Service) unchanged(ctx context.Context, tx Tx, r Request, revision int64, open Decision, decided bool) error {
	if r.Revision == revision {
		return nil
	}
	stands := &open
	if !decided {
		stands = nil
	}
	text, err := s.changed(ctx, tx, r, stands)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, text+" What you entered has not been used.")
}

// changed says who changed a case, when and what.
func (s *Service) changed(ctx context.Context, reads Reads, r Request, open *Decision) (string, error) {
	switch {
	case open != nil && open.ReviewedBy != "":
		return open.ReviewedBy + " agreed with the decision of " + open.By + " at " + clock(open.ReviewedAt) + ": " + open.Outcome.Words() + ".", nil
	case open != nil:
		return open.By + " decided this case at " + clock(open.At) + ": " + open.Outcome.Words() + ".", nil
	case r.State == Answered:
		a, err := reads.NewestAnswer(ctx, r.ID)
		return "This case was answered at " + clock(a.AnsweredAt) + ": " + a.Outcome.Words() + ".", err
	}
	e, err := lastChange(ctx, reads, r.ID)
	if err != nil || e.What == "" {
		return "This case has changed since you opened it.", err
	}
	return e.What.Text() + ", by " + e.Who + " at " + clock(e.At) + ".", nil
}

// changes are the steps after which a case is another one for who works at it.
var changes = []What{
	WasReceived, WasReplaced, WasWithdrawn, DecisionMade, DecisionRead, DecisionUndone, DecisionOvertaken, DecisionRefused,
	ReviewAgreed, ReviewSentBack, ReviewOverridden, AnswerReleased, RecordMerged, TicketReopened, CaseReopened,
	PersonAsked, QuestionTakenBack, PersonAnswered, FlagSet,
}

// lastChange gives the newest of the changes of a case.
func lastChange(ctx context.Context, reads Reads, id RequestID) (Event, error) {
	history, err := reads.Events(ctx, id)
	if err != nil {
		return Event{}, err
	}
	for _, e := range slices.Backward(history) {
		if slices.Contains(changes, e.What) {
			return e, nil
		}
	}
	return Event{}, nil
}

// done tells whether what an operator hands in is what they did a moment ago:
// the second click, or the way back.
func done(ctx context.Context, tx Tx, r Request, revision int64, op Operator, what What) (bool, error) {
	if r.Revision != revision+1 {
		return false, nil
	}
	e, err := lastChange(ctx, tx, r.ID)
	return e.Who == op.Email && e.What == what, err
}

// Words names an outcome for people.
func (o Outcome) Words() string {
	switch o {
	case TRNFound:
		return "TRN found"
	case Failed:
		return "failed"
	case Barred:
		return "barred"
	case NotBarred:
		return "not barred"
	}
	return string(o)
}

// Words names a failure reason for people.
func (f FailureReason) Words() string {
	switch f {
	case NoRecord:
		return "No record"
	case SeveralRecords:
		return "Several records that cannot be told apart"
	case DetailsDiffer:
		return "The details do not match the record"
	case NotEnoughDetails:
		return "Not enough details"
	case CannotTell:
		return "Cannot tell"
	case OtherReason:
		return "Another reason"
	}
	return string(f)
}

// proceed stores a decision and what is due next: a second operator's review,
// the change of the ticket, or, where the ticket carries it already, the
// release. The caller saves r.
func (s *Service) proceed(ctx context.Context, tx Tx, r *Request, d Decision, review string) error {
	if r.State == Answered {
		r.ExpectedBy = expectedBy(s.now())
	}
	if err := s.endQuestion(ctx, tx, r, QuestionOvertaken); err != nil {
		return err
	}
	r.Revision++
	d.ReviewFor, d.ReleaseAt = review, s.now().Add(s.o.ReleaseAfter)
	if review != "" {
		r.State, d.Stage = InSecondReview, StageSecondReview
		return tx.AddDecision(ctx, d)
	}
	r.State = withTicket(*r)
	d.Stage = StageToWrite
	if err := tx.AddDecision(ctx, d); err != nil {
		return err
	}
	return s.carry(ctx, tx, *r, d)
}

// withTicket is the state of a request that waits for nothing but an operator.
func withTicket(r Request) State {
	if r.Ticket == 0 {
		return Received
	}
	return WithOperator
}

// carry brings a decision that stands onto the ticket, where it is not there
// by the agent's own hand.
func (s *Service) carry(ctx context.Context, tx Tx, r Request, d Decision) error {
	if d.Via == ViaFields {
		return s.onTicket(ctx, tx, d)
	}
	return s.put(ctx, tx, r, d)
}

// put has a decision written onto the ticket.
func (s *Service) put(ctx context.Context, tx Tx, r Request, d Decision) error {
	note := "Decided on the case's page by " + d.By
	if d.ReviewedBy != "" {
		note += ", agreed by " + d.ReviewedBy
	}
	switch d.Via {
	case ViaFields:
		note = "Decided on the ticket before this one by " + d.By
	case ViaComment:
		note = "Read from the comment of " + d.By
	case ViaSilence:
		note = "The question to the person was not answered in its time"
	case ViaRegister:
		note = "The register has merged the record with the released TRN into this one, which agrees with the claim"
	}
	if err := tx.AddOp(ctx, Op{ID: string(d.ID), Request: r.ID, Kind: OpAnswer, Decision: d.ID, Note: note + "."}); err != nil {
		return err
	}
	if r.Ticket == 0 {
		return nil // the ticket's creation goes on with it
	}
	return tx.Enqueue(ctx, TaskWrite, r.ID, s.now())
}

// endDecision ends a decision that is not to be released.
func (s *Service) endDecision(ctx context.Context, tx Tx, d Decision, stage Stage, by, why string) error {
	d.Stage, d.EndedAt, d.EndedBy, d.EndedWhy = stage, s.now(), by, why
	if err := tx.SaveDecision(ctx, d); err != nil {
		return err
	}
	if err := tx.DropTask(ctx, TaskRelease, d.Request); err != nil {
		return err
	}
	what := DecisionUndone
	switch stage {
	case StageOvertaken:
		what = DecisionOvertaken
	case StageRefused:
		what = DecisionRefused
	case StageSentBack:
		what = ReviewSentBack
	}
	return s.story(ctx, tx, d.Request, by, what, why)
}

// takeOff takes a decision off the ticket, or keeps it from getting there.
func (s *Service) takeOff(ctx context.Context, tx Tx, r Request, d Decision, note string) error {
	if r.Ticket == 0 {
		return s.dropUnsent(ctx, tx, r.ID)
	}
	op, pending, err := found(tx.NextOp(ctx, r.ID))
	if err != nil {
		return err
	}
	sent := pending && op.Decision == d.ID && op.Sent // another one's turn comes first: then d's was not
	if pending && op.Decision == d.ID && !op.Sent {
		if err := tx.DropOp(ctx, op.ID); err != nil {
			return err
		}
	}
	if d.Stage == StageToWrite && !sent || d.Stage == StageSecondReview && d.Via == ViaConsole && !r.TicketStatus.Done() {
		// The ticket never had it. What it says without it may need somebody's attention.
		return tx.Enqueue(ctx, TaskRead, r.ID, s.now())
	}
	if err := tx.AddOp(ctx, newOp(r.ID, OpReopen, note)); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskWrite, r.ID, s.now())
}

// Undo takes a decision back before its release. Its maker may, and a
// supervisor. fault.Conflict once it is released.
func (s *Service) Undo(ctx context.Context, op Operator, id RequestID, revision int64) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if again, err := done(ctx, tx, r, revision, op, DecisionUndone); err != nil || again {
			return err
		}
		d, open, err := found(tx.OpenDecision(ctx, id))
		switch {
		case err != nil:
			return err
		case !open && r.State == Answered:
			return fault.New(fault.Conflict, "The answer has been released. Open the case again to give another one.")
		case r.Revision != revision:
			return s.unchanged(ctx, tx, r, revision, d, open)
		case !open:
			return fault.New(fault.Conflict, "There is no decision to undo.")
		case d.By != op.Email && !op.Supervisor:
			return fault.New(fault.Forbidden, "Only "+d.By+" or a supervisor can undo this decision.")
		}
		if err := s.endDecision(ctx, tx, d, StageUndone, op.Email, ""); err != nil {
			return err
		}
		if err := s.takeOff(ctx, tx, r, d, "The decision was undone by "+op.Email+"."); err != nil {
			return err
		}
		r.State = withTicket(r)
		r.Revision++
		if d.By == op.Email { // who goes on with it
			if err := s.hold(ctx, tx, &r, op); err != nil {
				return err
			}
		}
		return tx.SaveRequest(ctx, r)
	})
}

// Review is the second operator's word on a decision: somebody
// else than its maker agrees or sends it back with a reason. A supervisor may
// override with a reason.
func (s *Service) Review(ctx context.Context, op Operator, id RequestID, in Reviewing) error {
	in.Why = strings.TrimSpace(in.Why)
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	switch {
	case in.Why == "" && (!in.Agree || in.Override):
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
	case utf8.RuneCountInString(in.Why) > longestNote:
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "too_long"})
	case person.HasPersonalNumber(in.Why):
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "personal_number"})
	case in.Override && !op.Supervisor:
		return fault.New(fault.Forbidden, "Only a supervisor can agree without a second operator.")
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		if again, err := done(ctx, tx, r, in.Revision, op, ReviewSentBack); err != nil || again && !in.Agree {
			return err
		}
		d, open, err := found(tx.OpenDecision(ctx, id))
		switch {
		case err != nil:
			return err
		case open && d.ReviewedBy == op.Email && in.Agree:
			return nil // the second click
		case r.Revision != in.Revision || !open || d.Stage != StageSecondReview:
			if r.Revision == in.Revision {
				return fault.New(fault.Conflict, "There is no decision to review.")
			}
			return s.unchanged(ctx, tx, r, in.Revision, d, open)
		case strings.EqualFold(d.By, op.Email) && !in.Override:
			return fault.New(fault.Forbidden, "Another operator has to review your decision.")
		}
		if err := tx.DropForm(ctx, id, op.Email); err != nil {
			return err
		}
		r.Revision++
		if !in.Agree {
			if err := s.endDecision(ctx, tx, d, StageSentBack, op.Email, in.Why); err != nil {
				return err
			}
			if err := s.takeOff(ctx, tx, r, d, "The second operator sent the decision back. The case: "+s.caseURL(id)); err != nil {
				return err
			}
			r.State = withTicket(r)
			return tx.SaveRequest(ctx, r)
		}
		now := s.now()
		d.ReviewedBy, d.ReviewedAt, d.ReviewWhy, d.Override = op.Email, now, in.Why, in.Override
		d.Stage, d.ReleaseAt = StageToWrite, now.Add(s.o.ReleaseAfter)
		if err := tx.SaveDecision(ctx, d); err != nil {
			return err
		}
		what := ReviewAgreed
		if in.Override {
			what = ReviewOverridden
		}
		if err := s.story(ctx, tx, id, op.Email, what, in.Why); err != nil {
			return err
		}
		r.State = withTicket(r)
		if err := s.carry(ctx, tx, r, d); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// Reopen opens an answered case for another version of its answer. The answer
// stands until the next one is released.
func (s *Service) Reopen(ctx context.Context, op Operator, id RequestID, revision int64, why string) error {
	why = strings.TrimSpace(why)
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	switch {
	case why == "":
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
	case utf8.RuneCountInString(why) > longestNote:
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "too_long"})
	case person.HasPersonalNumber(why):
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "personal_number"})
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		again, err := done(ctx, tx, r, revision, op, CaseReopened)
		if err != nil || again {
			return err
		}
		open, decided, err := found(tx.OpenDecision(ctx, id))
		if err != nil {
			return err
		}
		switch {
		case r.Revision != revision:
			return s.unchanged(ctx, tx, r, revision, open, decided)
		case r.State != Answered:
			return fault.New(fault.Conflict, "This case is not answered.")
		}
		if _, held, err := found(tx.Claim(ctx, id)); err != nil {
			return err
		} else if !held {
			return fault.New(fault.Conflict, "The person's details are deleted: there is nothing to decide on any more.")
		}
		if err := tx.DropForm(ctx, id, op.Email); err != nil {
			return err
		}
		if err := s.hold(ctx, tx, &r, op); err != nil {
			return err
		}
		if err := s.openAgain(ctx, tx, &r, op.Email, why, "Opened again by "+op.Email+" for another answer."); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}
