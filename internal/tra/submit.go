package tra

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// Submit is arrow 2: it takes a client's request under the id that the client
// chose. The same again gives what stands and created false. fault.Conflict
// for another body under the id, or another client's id. A request that
// replaces an earlier one of the client withdraws it in the same transaction
// and takes its place in the queue and its owner.
func (s *Service) Submit(ctx context.Context, sub Submission) (v View, created bool, err error) {
	if err := sub.check(); err != nil {
		return View{}, false, err
	}
	hash := s.bodyHash(sub)
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		created = false
		old, known, err := found(tx.Request(ctx, sub.ID))
		if err != nil {
			return err
		}
		if known {
			if old.Client != sub.Client || old.BodyHash != hash {
				return fault.New(fault.Conflict, "Another request has this id. Choose a new id for another request.")
			}
			v, err = s.view(ctx, tx, old)
			return err
		}
		now := s.now()
		r := Request{
			ID: sub.ID, Client: sub.Client, Kind: sub.Kind, Reference: Reference(ident.NewReference("TRA")), State: Received,
			BodyHash: hash, SubmittedAt: now, QueuedAt: now, ExpectedBy: expectedBy(now), Replaces: sub.Replaces, Revision: 1,
		}
		if sub.Kind == TRNValidation {
			r.Check = CheckUnknown
			if err := tx.Enqueue(ctx, TaskCheck, r.ID, now); err != nil {
				return err
			}
		}
		if sub.Replaces != "" {
			if err := s.takePlace(ctx, tx, &r, sub.Claim); err != nil {
				return err
			}
		}
		if err := tx.AddRequest(ctx, r, sub.Claim); err != nil {
			return err
		}
		if err := s.story(ctx, tx, r.ID, string(r.Client), WasReceived, ""); err != nil {
			return err
		}
		if r.Replaces != "" {
			if err := s.story(ctx, tx, r.ID, string(r.Client), ReplacesEarlier, ""); err != nil {
				return err
			}
		}
		if err := tx.Enqueue(ctx, TaskCreate, r.ID, now); err != nil {
			return err
		}
		created = true
		v, err = s.view(ctx, tx, r)
		return err
	})
	return v, created, err
}

// check refuses what cannot be worked on, whoever hands it in.
func (sub Submission) check() error {
	var wrong []fault.Field
	if sub.ID == "" {
		wrong = append(wrong, fault.Field{Pointer: "/id", Reason: "is missing"})
	}
	if sub.Claim.FirstName.IsZero() && sub.Claim.LastName.IsZero() {
		wrong = append(wrong, fault.Field{Pointer: "/first_name", Reason: "give a first name, a last name or both"})
	}
	if sub.Kind == TRNValidation && sub.Claim.DateOfBirth.IsZero() {
		wrong = append(wrong, fault.Field{Pointer: "/date_of_birth", Reason: "is missing"})
	}
	if sub.Kind == BarringCheck && sub.Claim.TRN.IsZero() {
		wrong = append(wrong, fault.Field{Pointer: "/trn", Reason: "is missing"})
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong...)
	}
	return nil
}

// bodyHash tells one body from another after the body is gone.
func (s *Service) bodyHash(sub Submission) string {
	c := sub.Claim
	parts := []string{
		string(sub.Kind), string(sub.Replaces), c.FirstName.Reveal(), c.LastName.Reveal(), c.DateOfBirth.Reveal(),
		c.NINO.Reveal(), c.TRN.Reveal(), c.Email.Reveal(), strconv.Itoa(len(c.PreviousNames)),
	}
	for _, p := range c.PreviousNames {
		parts = append(parts, p.First.Reveal(), p.Last.Reveal())
	}
	return s.hash(parts...)
}

// takePlace ends the request that r replaces and gives r its place.
func (s *Service) takePlace(ctx context.Context, tx Tx, r *Request, claim Claim) error {
	old, known, err := found(tx.Request(ctx, r.Replaces))
	if err != nil {
		return err
	}
	switch {
	case !known || old.Client != r.Client || old.Kind != r.Kind:
		return fault.InvalidFields(fault.Field{Pointer: "/replaces", Reason: "is no request of this kind that you made"})
	case old.ReplacedBy != "":
		return fault.InvalidFields(fault.Field{Pointer: "/replaces", Reason: "has been replaced already"})
	}
	r.QueuedAt, r.Owner, r.HeldSince, r.HeldUntil = old.QueuedAt, old.Owner, old.HeldSince, old.HeldUntil
	if earlier, held, err := found(tx.Claim(ctx, old.ID)); err != nil {
		return err
	} else if held {
		r.Changed = claim.changedFrom(earlier)
	}
	old.ReplacedBy = r.ID
	if old.State.Open() {
		if err := s.end(ctx, tx, &old, string(r.Client), WasReplaced,
			"The person corrected the details. The request "+string(r.Reference)+" has taken this one's place: "+s.caseURL(r.ID)); err != nil {
			return err
		}
		if !old.ExpectedBy.IsZero() {
			r.ExpectedBy = old.ExpectedBy // what was promised stays promised
		}
	} else if err := s.story(ctx, tx, old.ID, string(r.Client), WasReplaced, ""); err != nil {
		return err
	}
	if err := s.forget(ctx, tx, old.ID); err != nil {
		return err
	}
	return tx.SaveRequest(ctx, old)
}

// end withdraws an open request: nothing is released for it any more, and its
// ticket is told so. The caller saves r.
func (s *Service) end(ctx context.Context, tx Tx, r *Request, who string, what What, note string) error {
	if err := s.endQuestion(ctx, tx, r, QuestionOvertaken); err != nil {
		return err
	}
	if d, open, err := found(tx.OpenDecision(ctx, r.ID)); err != nil {
		return err
	} else if open {
		if err := s.endDecision(ctx, tx, d, StageOvertaken, who, "the request was withdrawn"); err != nil {
			return err
		}
	}
	for _, kind := range []TaskKind{TaskRelease, TaskRead} {
		if err := tx.DropTask(ctx, kind, r.ID); err != nil {
			return err
		}
	}
	if err := s.dropUnsent(ctx, tx, r.ID); err != nil {
		return err
	}
	if err := tx.DropForm(ctx, r.ID, ""); err != nil {
		return err
	}
	r.State, r.OverAt = Withdrawn, s.now()
	r.Revision++
	if err := s.story(ctx, tx, r.ID, who, what, ""); err != nil {
		return err
	}
	if err := tx.AddOp(ctx, newOp(r.ID, OpEnd, note)); err != nil {
		return err
	}
	if r.Ticket != 0 {
		return tx.Enqueue(ctx, TaskWrite, r.ID, s.now())
	}
	return nil // TaskCreate sees that it is withdrawn: a ticket that was sent for is found and told
}

// dropUnsent drops the changes of a ticket that were not sent yet.
func (s *Service) dropUnsent(ctx context.Context, tx Tx, id RequestID) error {
	for {
		op, ok, err := found(tx.NextOp(ctx, id))
		if err != nil || !ok || op.Sent {
			return err
		}
		if err := tx.DropOp(ctx, op.ID); err != nil {
			return err
		}
	}
}

// forget deletes the claim.
func (s *Service) forget(ctx context.Context, tx Tx, id RequestID) error {
	if _, held, err := found(tx.Claim(ctx, id)); err != nil || !held {
		return err
	}
	if err := tx.DeleteClaim(ctx, id); err != nil {
		return err
	}
	return s.story(ctx, tx, id, bySystem, ClaimDeleted, "")
}

// Withdraw takes a client's request back: nothing is asked any more and the
// claim is deleted. Again it changes nothing. fault.Conflict once it was
// answered, fault.NotFound where the client has none with the id.
func (s *Service) Withdraw(ctx context.Context, c Client, kind Kind, id RequestID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := s.own(ctx, tx, c, kind, id)
		if err != nil {
			return err
		}
		switch {
		case r.State == Withdrawn:
			return nil
		case r.Version > 0:
			return fault.New(fault.Conflict, "This request has been answered.")
		}
		if err := s.end(ctx, tx, &r, string(c), WasWithdrawn, "The client has withdrawn this request. There is nothing to do."); err != nil {
			return err
		}
		if err := s.forget(ctx, tx, id); err != nil {
			return err
		}
		return tx.SaveRequest(ctx, r)
	})
}

// own gives a client's own request: another one's is not there for it.
func (s *Service) own(ctx context.Context, r Reads, c Client, kind Kind, id RequestID) (Request, error) {
	req, err := r.Request(ctx, id)
	if err == nil && (req.Client != c || req.Kind != kind) {
		err = fault.New(fault.NotFound, "You have made no request with this id.")
	}
	return req, err
}

// fresh is how old what is known of a ticket may be when its client asks, and
// longestWait how long the client waits for the helpdesk.
const (
	fresh       = time.Minute
	longestWait = 10 * time.Second
)

// Get gives a client's request as it stands, after a look at its ticket when
// the last one is over a minute old. A helpdesk that does not answer changes
// nothing but AsOf.
func (s *Service) Get(ctx context.Context, c Client, kind Kind, id RequestID) (View, error) {
	r, err := s.own(ctx, s.store, c, kind, id)
	if err != nil {
		return View{}, err
	}
	if r.Ticket != 0 && r.State.Open() && s.now().Sub(r.TicketReadAt) > fresh {
		wait, cancel := context.WithTimeout(ctx, longestWait)
		defer cancel()
		if err := s.readTicket(wait, id); err != nil {
			s.o.Logger.WarnContext(ctx, "a ticket could not be read", "request", string(id), "kind", fault.KindOf(err).String(), "error", err)
		}
		if r, err = s.own(ctx, s.store, c, kind, id); err != nil {
			return View{}, err
		}
	}
	return s.view(ctx, s.store, r)
}

func (s *Service) view(ctx context.Context, r Reads, req Request) (View, error) {
	v := View{ID: req.ID, Kind: req.Kind, Status: req.State.Status(), SubmittedAt: req.SubmittedAt, ExpectedBy: req.ExpectedBy, AsOf: req.TicketReadAt}
	if v.AsOf.IsZero() {
		v.AsOf = s.now() // no ticket yet: our own rows are all there is to know
	}
	a, answered, err := found(r.NewestAnswer(ctx, req.ID))
	if answered {
		v.Answer = &a
	}
	if err != nil || req.State != WaitingForPerson {
		return v, err
	}
	v.ExpectedBy = time.Time{} // nothing is, before the person answers
	q, open, err := found(r.OpenQuestion(ctx, req.ID))
	if open {
		v.Question = &q
	}
	return v, err
}

// List gives a client's requests by id, those after one, and the id to go on
// after; empty at the end. status is empty or what a View says.
func (s *Service) List(ctx context.Context, c Client, status string, after RequestID, limit int) ([]Listed, RequestID, error) {
	var states []State
	for _, each := range []State{Received, WithOperator, InSecondReview, WaitingForPerson, Answered, Withdrawn} {
		if status != "" && each.Status() == status {
			states = append(states, each)
		}
	}
	if status != "" && len(states) == 0 {
		return nil, "", fault.InvalidFields(fault.Field{Pointer: "status", Reason: "is received, in_progress, answered or withdrawn"})
	}
	requests, err := s.store.ClientRequests(ctx, c, states, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	var next RequestID
	if len(requests) > limit {
		requests = requests[:limit]
		next = requests[limit-1].ID
	}
	out := make([]Listed, len(requests))
	for i, r := range requests {
		out[i] = Listed{ID: r.ID, Kind: r.Kind, Status: r.State.Status()}
	}
	return out, next, nil
}

// Answers is arrow 7: a client's answers after a cursor, in the order of their
// release, and the cursor to go on after. Where there are none, and the helpdesk
// was last asked over a minute ago, it is asked first, for ten seconds at most.
func (s *Service) Answers(ctx context.Context, c Client, after string, limit int) ([]Answer, string, error) {
	position, ok := s.position(c, after)
	if !ok {
		return nil, "", fault.InvalidFields(fault.Field{Pointer: "after", Reason: "is no cursor that you were given"})
	}
	answers, err := s.store.Answers(ctx, c, position, limit)
	if err != nil {
		return nil, "", err
	}
	if len(answers) == 0 {
		sweep, err := s.store.Sweep(ctx)
		if err != nil {
			return nil, "", err
		}
		if s.now().Sub(sweep.LastAt) > fresh {
			wait, cancel := context.WithTimeout(ctx, longestWait)
			defer cancel()
			if err := s.WorkDue(wait); err != nil {
				s.o.Logger.WarnContext(ctx, "the helpdesk could not be asked for changes", "kind", fault.KindOf(err).String(), "error", err)
			}
		}
		if answers, err = s.store.Answers(ctx, c, position, limit); err != nil {
			return nil, "", err
		}
	}
	if len(answers) > 0 {
		position = answers[len(answers)-1].Position
	}
	return answers, s.cursor(c, position), nil
}

// cursor names a place in a client's feed; nobody else can use it.
func (s *Service) cursor(c Client, position int64) string {
	at := strconv.FormatInt(position, 10)
	return base64.RawURLEncoding.EncodeToString([]byte(at + "." + s.hash("cursor", string(c), at)[:16]))
}

func (s *Service) position(c Client, cursor string) (int64, bool) {
	if cursor == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, _, _ := strings.Cut(string(raw), ".")
	position, numErr := strconv.ParseInt(at, 10, 64)
	return position, err == nil && numErr == nil && s.cursor(c, position) == cursor
}

// fullName gives the name of a claim.
func (c Claim) fullName() person.FullName {
	return person.FullName{First: c.FirstName, Last: c.LastName}
}
