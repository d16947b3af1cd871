package tra

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

// Sizes of what an operator reads at once.
const (
	queueLimit     = 50
	candidateLimit = 5
	searchLimit    = 20
)

// openedAgain is how long one look at a case lasts: an operator who opens it
// again within it is not written down again.
const openedAgain = time.Hour

// Queue is arrow 4: the list of cases. fault.NotFound where no request was ever
// made by the filter's client.
func (s *Service) Queue(ctx context.Context, op Operator, f QueueFilter) (QueuePage, error) {
	if f.Queue == "" {
		f.Queue = QueueOpen
	}
	f.Operator, f.Barring, f.Now, f.Limit = op.Email, op.Barring, s.now(), queueLimit+1
	f.Query = strings.TrimSpace(f.Query)
	f.Soon = workday.After(f.Now, soon)
	day := f.Now.In(workday.London)
	f.Today = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, workday.London)
	if f.Days > 0 && !f.Queue.Done() {
		f.Queued = workday.Before(f.Now, time.Duration(f.Days)*workday.Day)
	}
	clients, err := s.store.Clients(ctx)
	if err != nil {
		return QueuePage{}, err
	}
	if f.Client != "" && !slices.Contains(clients, f.Client) {
		return QueuePage{}, fault.New(fault.NotFound, "There is no such client.")
	}
	rows, err := s.store.Queue(ctx, f)
	if err != nil {
		return QueuePage{}, err
	}
	out := QueuePage{Rows: rows, Clients: clients}
	if len(rows) > queueLimit {
		out.Rows = rows[:queueLimit]
		out.Next = out.Rows[queueLimit-1].place(f)
	}
	for i := range out.Rows {
		out.Rows[i].Request = s.withOwner(out.Rows[i].Request)
		out.Rows[i].Flags = append(out.Rows[i].Flags, s.clockFlags(out.Rows[i].Request)...)
	}
	if out.Counts, err = s.store.QueueCounts(ctx, f); err != nil {
		return QueuePage{}, err
	}
	sweep, err := s.store.Sweep(ctx)
	if err != nil {
		return QueuePage{}, err
	}
	out.HelpdeskAt, out.HelpdeskAway = sweep.LastAt, s.now().Sub(sweep.LastAt) > max(awayAfter, 3*s.o.SweepEvery)
	out.Saved, err = s.store.SavedForms(ctx, op.Email, savedShown)
	return out, err
}

// soon is how many working days before its promised day a case is due soon.
const soon = 2

// savedShown is how many of an operator's unfinished forms are listed.
const savedShown = 10

// awayAfter is how long the helpdesk may not have been reached before operators
// are told.
const awayAfter = 10 * time.Minute

// place is where a row stands in its queue, for QueueFilter.After.
func (r QueueRow) place(f QueueFilter) string {
	at := r.QueuedAt
	switch {
	case f.Queue.Done() && r.Decision != nil:
		at = r.Decision.ReleasedAt
	case f.Sort == SortDue && !r.ExpectedBy.IsZero():
		at = r.ExpectedBy
	case f.Sort == SortArrived:
		at = r.SubmittedAt
	}
	return at.UTC().Format(time.RFC3339Nano) + "|" + string(r.ID)
}

// failingAfter is how long a request may be without a ticket before people look at it.
const failingAfter = 4 * time.Hour

// clockFlags are the flags that follow from the time.
func (s *Service) clockFlags(r Request) []Flagged {
	now := s.now()
	var out []Flagged
	if r.State == Received && now.Sub(r.SubmittedAt) >= failingAfter {
		out = append(out, Flagged{
			Flag: TicketCreationFailing, Since: r.SubmittedAt.Add(failingAfter),
			Reason: "There is no ticket yet. It is tried again by itself; you can decide meanwhile, and the decision is put on the ticket when it is there.",
		})
	}
	if r.State.Working() && !r.ExpectedBy.IsZero() && r.ExpectedBy.Before(now) {
		out = append(out, Flagged{Flag: Overdue, Since: r.ExpectedBy, Reason: "The person was promised an answer by now."})
	}
	return out
}

// caseOf gives a request to an operator who may see it, with its claim (empty
// once it is deleted).
func (s *Service) caseOf(ctx context.Context, op Operator, id RequestID) (Request, Claim, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return Request{}, Claim{}, err
	}
	if r.Kind == BarringCheck && !op.Barring {
		return Request{}, Claim{}, fault.New(fault.Forbidden, "You may not see barring checks. Ask an administrator for the role.")
	}
	c, _, err := found(s.store.Claim(ctx, id))
	return r, c, err
}

// Case is everything of a request but candidates. That an operator saw it is
// written down.
func (s *Service) Case(ctx context.Context, op Operator, id RequestID) (Case, error) {
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil {
		return Case{}, err
	}
	if err := s.renew(ctx, op, r); err != nil {
		return Case{}, err
	}
	if r, err = s.store.Request(ctx, id); err != nil {
		return Case{}, err
	}
	out := Case{Request: s.withOwner(r), Claim: claim, HasClaim: claim.fullName() != person.FullName{}}
	if out.History, err = s.store.Events(ctx, id); err != nil {
		return Case{}, err
	}
	now, seen := s.now(), !r.ForgottenAt.IsZero() // there is nothing of anybody left to see
	for _, e := range out.History {
		seen = seen || e.What == CaseOpened && e.Who == op.Email && now.Sub(e.At) < openedAgain
	}
	if !seen {
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			if out.HasClaim && r.Check == CheckUnknown { // also of what came before it was asked
				if err := tx.Enqueue(ctx, TaskCheck, id, now); err != nil {
					return err
				}
			}
			return s.story(ctx, tx, id, op.Email, CaseOpened, "")
		}); err != nil {
			return Case{}, err
		}
	}
	if out.Flags, err = s.store.Flags(ctx, id); err != nil {
		return Case{}, err
	}
	out.Flags = append(out.Flags, s.clockFlags(r)...)
	if out.Decisions, err = s.store.Decisions(ctx, id); err != nil {
		return Case{}, err
	}
	for i, d := range out.Decisions {
		if d.Stage.Open() {
			out.Decision = &out.Decisions[i]
		}
	}
	if out.Saved, err = s.savedForm(ctx, op, r, out.Decision); err != nil {
		return Case{}, err
	}
	if out.Questions, err = s.store.Questions(ctx, id); err != nil {
		return Case{}, err
	}
	if a, answered, err := found(s.store.NewestAnswer(ctx, id)); err != nil {
		return Case{}, err
	} else if answered {
		out.Answer = &a
	}
	if r.Replaces != "" {
		old, known, err := found(s.store.Request(ctx, r.Replaces))
		if err != nil {
			return Case{}, err
		}
		if known {
			out.Replaced = &old
		}
	}
	return out, nil
}

// Candidates is arrow 5: the records that may be the claimant's, the likeliest
// first. fault.Unavailable when the register does not answer.
func (s *Service) Candidates(ctx context.Context, op Operator, id RequestID) ([]Candidate, time.Time, error) {
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil || r.Kind != TRNValidation || (claim.fullName() == person.FullName{}) {
		return nil, time.Time{}, err
	}
	list, asAt, err := s.register.Candidates(ctx, id, claim, candidateLimit)
	for i := 0; i < len(list) && err == nil; i++ {
		list[i].Record = seenBy(op, list[i].Record)
		list[i].SameTRN, err = s.store.SameTRN(ctx, r.Client, list[i].Record.TRN, id)
	}
	return list, asAt, err
}

// seenBy leaves out of a record what an operator may not see.
func seenBy(op Operator, r Record) Record {
	if !op.Barring {
		r.Alerts = nil
	}
	return r
}

// Search searches the register freely for a case. That it was searched is
// written down, for what is not. fault.TooMany after too many searches.
func (s *Service) Search(ctx context.Context, op Operator, id RequestID, q Query) ([]Found, time.Time, error) {
	r, _, err := s.caseOf(ctx, op, id)
	if err != nil {
		return nil, time.Time{}, err
	}
	if wrong := q.check(); len(wrong) > 0 {
		return nil, time.Time{}, fault.InvalidFields(wrong...)
	}
	list, asAt, err := s.search(ctx, op, Looking{Case: id}, q)
	for i := 0; i < len(list) && err == nil; i++ {
		list[i].SameTRN, err = s.store.SameTRN(ctx, r.Client, list[i].Record.TRN, id)
	}
	return list, asAt, err
}

// longestPurpose is the most characters of a purpose.
const longestPurpose = 100

// SearchFor searches the register freely without a case, for a purpose that is
// written down with the search. fault.TooMany after too many searches.
func (s *Service) SearchFor(ctx context.Context, op Operator, purpose string, q Query) ([]Found, time.Time, error) {
	purpose = strings.TrimSpace(purpose)
	var wrong []fault.Field
	switch {
	case purpose == "":
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "blank"})
	case utf8.RuneCountInString(purpose) > longestPurpose:
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "too_long"})
	case person.HasPersonalNumber(purpose):
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "personal_number"})
	}
	if wrong = append(wrong, q.check()...); len(wrong) > 0 {
		return nil, time.Time{}, fault.InvalidFields(wrong...)
	}
	return s.search(ctx, op, Looking{Purpose: purpose}, q)
}

// An operator's searches in searchWindow are at most mostSearches: more is no
// work at cases.
const (
	mostSearches = 120
	searchWindow = time.Hour
)

func (s *Service) search(ctx context.Context, op Operator, why Looking, q Query) ([]Found, time.Time, error) {
	n, err := s.store.EventsBy(ctx, op.Email, RegisterSearched, s.now().Add(-searchWindow))
	if err != nil {
		return nil, time.Time{}, err
	}
	if n >= mostSearches {
		return nil, time.Time{}, fault.New(fault.TooMany, "You have searched the register "+strconv.Itoa(n)+" times within an hour. Wait a few minutes, then search again.")
	}
	// Written down first: what was seen is never left out.
	if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return s.story(ctx, tx, why.Case, op.Email, RegisterSearched, why.Purpose)
	}); err != nil {
		return nil, time.Time{}, err
	}
	list, asAt, err := s.register.Search(ctx, why, q, searchLimit)
	for i := range list {
		list[i].Record = seenBy(op, list[i].Record)
	}
	return list, asAt, err
}

// threadWait is how long a case's page waits for its ticket's thread.
const threadWait = 2 * time.Second

// Thread gives the comments on a case's ticket, the first of which is our own;
// none where there is no ticket. fault.Unavailable when the helpdesk does not answer.
func (s *Service) Thread(ctx context.Context, op Operator, id RequestID) ([]Comment, error) {
	r, _, err := s.caseOf(ctx, op, id)
	if err != nil || r.Ticket == 0 || r.TicketStatus == TicketDeleted {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, threadWait)
	defer cancel()
	list, _, err := found(s.helpdesk.Comments(wait, r.Ticket))
	if err != nil && ctx.Err() == nil {
		s.o.Logger.WarnContext(ctx, "a ticket's thread could not be read", "request", string(id), "kind", fault.KindOf(err).String(), "error", err)
		return nil, fault.New(fault.Unavailable, "The helpdesk does not answer.")
	}
	return list, err
}

// BarringRecord gives the record of a barring check with its alerts.
// fault.NotFound when no record has the TRN.
func (s *Service) BarringRecord(ctx context.Context, op Operator, id RequestID) (Record, time.Time, error) {
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil {
		return Record{}, time.Time{}, err
	}
	if r.Kind != BarringCheck || claim.TRN.IsZero() {
		return Record{}, time.Time{}, fault.New(fault.NotFound, "There is no record to show for this case.")
	}
	return s.register.Show(ctx, claim.TRN)
}

// Check sets the record that an operator picked beside the claim.
// fault.NotFound when no record has the TRN.
func (s *Service) Check(ctx context.Context, op Operator, id RequestID, trn person.TRN) (Checked, error) {
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil {
		return Checked{}, err
	}
	v, err := s.verifyTRN(ctx, claim, trn)
	if err != nil {
		return Checked{}, err
	}
	if v.Record.TRN.IsZero() {
		return Checked{}, fault.New(fault.NotFound, "No record has this TRN.")
	}
	v.Record = seenBy(op, v.Record)
	if r.Kind == TRNValidation && (claim.fullName() != person.FullName{}) {
		list, _, err := s.register.Candidates(ctx, id, claim, candidateLimit)
		if err != nil {
			return Checked{}, err
		}
		for _, c := range list {
			if c.Record.TRN == v.Record.TRN {
				v.Evidence = c.Evidence
			}
		}
	}
	v.SameTRN, err = s.store.SameTRN(ctx, r.Client, v.Record.TRN, id)
	return v.Checked, err
}

// CheckOutcome says what the register means for the outcome of a barring check:
// the record with its alerts, whether a second operator will have to agree, or
// why it cannot be the answer.
func (s *Service) CheckOutcome(ctx context.Context, op Operator, id RequestID, o Outcome) (Checked, error) {
	r, claim, err := s.caseOf(ctx, op, id)
	if err != nil {
		return Checked{}, err
	}
	if r.Kind != BarringCheck {
		return Checked{}, fault.New(fault.Invalid, "This is no barring check.")
	}
	v, err := s.verifyBarring(ctx, claim, o)
	return v.Checked, err
}
