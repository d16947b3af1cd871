package desk

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"traid/internal/fault"
)

// Store keeps the desk.
type Store interface {
	// View reads one state of the desk, whatever is written meanwhile.
	View(ctx context.Context, do func(ctx context.Context, r Reads) error) error
	// InTx runs do in one transaction; do may run more than once. ErrCollision
	// when others kept it from being made.
	InTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error
	// DueInvocations gives the invocations that are due and that nobody delivers.
	DueInvocations(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Reads are what is read. What is not there is fault.NotFound.
type Reads interface {
	Ticket(ctx context.Context, id TicketID) (Ticket, error)       // deleted ones too
	Tickets(ctx context.Context, ids []TicketID) ([]Ticket, error) // without deleted ones, by id
	List(ctx context.Context, q Query) ([]Ticket, error)
	Count(ctx context.Context, externalID *string) (int, error) // without deleted ones
	// Export gives tickets in the order of their last change: after a position,
	// changed before an instant. A limit of zero is none.
	Export(ctx context.Context, after Position, before time.Time, deleted bool, limit int) ([]Ticket, error)
	SolvedBefore(ctx context.Context, at time.Time, limit int) ([]Ticket, error)
	Audits(ctx context.Context, id TicketID) ([]Audit, error) // oldest first
	User(ctx context.Context, id UserID) (User, error)
	UserByClient(ctx context.Context, client string) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)
	Users(ctx context.Context, ids []UserID) ([]User, error)
	Groups(ctx context.Context) ([]Group, error)
	Fields(ctx context.Context) ([]Field, error)    // those that are active, by position
	AllFields(ctx context.Context) ([]Field, error) // the system's first, then the custom ones
	Key(ctx context.Context, key string) (Key, error)
	AccountIDs(ctx context.Context) (map[string]AccountID, error)
	AllUsers(ctx context.Context, agents bool) ([]User, error)   // by id
	UsersNamed(ctx context.Context, name string) ([]User, error) // in any case
	Find(ctx context.Context, search Search) ([]Ticket, error)
	CountFound(ctx context.Context, search Search) (int, error)
	Deleted(ctx context.Context, q Query) ([]Ticket, error) // without those that are deleted for good
	CountDeleted(ctx context.Context) (int, error)
	DeletedBefore(ctx context.Context, at time.Time, limit int) ([]Ticket, error)
	CountComments(ctx context.Context, id TicketID) (int, error)
	AllAudits(ctx context.Context, after int64, descending bool, limit int) ([]Audit, error)
	ChangedBy(ctx context.Context, by UserID, limit int) ([]TicketID, error)
	Views(ctx context.Context) ([]View, error)       // by position, then by id
	Triggers(ctx context.Context) ([]Trigger, error) // the same
	Job(ctx context.Context, id string) (Job, error)
	Webhooks(ctx context.Context) ([]Webhook, error) // the newest first
	Webhook(ctx context.Context, id string) (Webhook, error)
	Invocation(ctx context.Context, id string) (Invocation, error)
	Invocations(ctx context.Context, webhook, before string, limit int) ([]Invocation, error) // the newest first, with ids below before
	Attempts(ctx context.Context, invocation string) ([]Attempt, error)                       // the first first
	// Failures counts the attempts of a webhook since an instant, and those that
	// failed, with the last of them.
	Failures(ctx context.Context, webhook string, since time.Time) (all, failed int, last time.Time, err error)
}

// Tx is what one transaction can do. ErrTaken where a key, a client or an email address stands already.
type Tx interface {
	Reads
	NextTicketID(ctx context.Context) (TicketID, error)
	NextIDs(ctx context.Context, n int) (first int64, err error) // n ids that nothing else has, one after the other
	AddTicket(ctx context.Context, t Ticket) error
	SaveTicket(ctx context.Context, t Ticket) error
	AddAudit(ctx context.Context, a Audit) error
	AddUser(ctx context.Context, u User) error
	SaveUser(ctx context.Context, u User) error
	AddGroup(ctx context.Context, g Group) error
	AddField(ctx context.Context, f Field) error
	SaveField(ctx context.Context, f Field) error
	AddAccountID(ctx context.Context, name string, id int64, at time.Time) error
	AddKey(ctx context.Context, k Key) error
	DropKeys(ctx context.Context, before time.Time) error
	DropKeyOf(ctx context.Context, id TicketID) error
	ScrubAudits(ctx context.Context, id TicketID) error
	HideComment(ctx context.Context, id TicketID, comment int64) error
	AddView(ctx context.Context, v View) error
	SaveView(ctx context.Context, v View) error
	DropView(ctx context.Context, id int64) error
	AddTrigger(ctx context.Context, t Trigger) error
	SaveTrigger(ctx context.Context, t Trigger) error
	DropTrigger(ctx context.Context, id int64) error
	AddJob(ctx context.Context, j Job) error
	DropJobs(ctx context.Context, before time.Time) error
	AddWebhook(ctx context.Context, w Webhook) error
	SaveWebhook(ctx context.Context, w Webhook) error
	DropWebhook(ctx context.Context, id string) error // with its invocations
	AddInvocation(ctx context.Context, i Invocation) error
	SaveInvocation(ctx context.Context, i Invocation) error // its status, code and end
	DropInvocations(ctx context.Context, before time.Time) error
	AddAttempt(ctx context.Context, a Attempt) error
	Tasks
}

// Tasks are what is due to be delivered.
type Tasks interface {
	// Enqueue has an invocation delivered from an instant on.
	Enqueue(ctx context.Context, invocation string, due time.Time) error
	// Lease takes an invocation that is due at now and that nobody delivers; false otherwise.
	Lease(ctx context.Context, invocation string, now, until time.Time) (Task, bool, error)
	// Finish and Delay change nothing when the lease is not the task's any more.
	Finish(ctx context.Context, t Task) error
	Delay(ctx context.Context, t Task, due time.Time) error
}

// Task is a lease on an invocation.
type Task struct {
	Invocation string
	Attempts   int64
	Lease      time.Time // until when it is held, and by which its holder is known
}

// Options of a Service; the zero value works.
type Options struct {
	Now             func() time.Time // time.Now
	IdempotencyLife time.Duration    // how long a creation's key is remembered; 2 hours, as in Zendesk
	ExportDelay     time.Duration    // the newest changes that an export leaves out; 1 minute, as in Zendesk
	SearchDelay     time.Duration    // the newest changes that the search does not know yet; none
	Sender          Sender           // sends what webhooks are told; nobody
}

// Service is the desk's use cases.
type Service struct {
	store   Store
	o       Options
	account atomic.Pointer[Account] // once it was read
}

// NewService gives the service.
func NewService(store Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.IdempotencyLife <= 0 {
		o.IdempotencyLife = 2 * time.Hour
	}
	if o.ExportDelay <= 0 {
		o.ExportDelay = time.Minute
	}
	return &Service{store: store, o: o}
}

// at is now as tickets tell the time: in whole seconds.
func (s *Service) at() time.Time { return s.o.Now().UTC().Truncate(time.Second) }

// inTx runs a use case's transaction, again when what has to be unique came to
// stand in the meantime: the next run reads it.
func (s *Service) inTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error {
	err := s.store.InTx(ctx, do)
	for try := 0; errors.Is(err, ErrTaken) && try < 3; try++ {
		err = s.store.InTx(ctx, do)
	}
	return err
}

// Actor is who changes a ticket, and by what.
type Actor struct {
	User    User
	Channel string     // ChannelAPI when empty
	Rel     string     // of a merge
	Sources []TicketID // of a merge
	Program string     // what the caller calls itself
	Address string     // network address
}

func (by Actor) channel() string {
	switch {
	case by.User.ID == System:
		return ChannelRule
	case by.Channel != "":
		return by.Channel
	}
	return ChannelAPI
}

// Key is a creation that its key repeats.
type Key struct {
	Key    string // a hash of it
	Body   string // a hash of the request's body
	Ticket TicketID
	Answer []byte
	UsedAt time.Time
}

// Once makes a creation safe to repeat. The answer is kept as it was given.
type Once struct {
	Key    string // a hash of the caller's key; empty: the creation is not to be remembered
	Body   string // a hash of the request's body
	Answer func(Ticket, Audit) ([]byte, error)
}

// Created is what a creation answers.
type Created struct {
	ID       TicketID
	Answer   []byte
	Repeated bool // by an earlier creation with the key
}

// ErrOtherBody refuses a key that was used with another body.
var ErrOtherBody = fault.New(fault.Conflict, "Request parameters don't match the given idempotency key")

// Create makes a ticket, once for a key within its life.
func (s *Service) Create(ctx context.Context, by Actor, u Update, once Once) (Created, error) {
	var out Created
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if once.Key != "" {
			k, err := s.used(ctx, tx, once)
			if err == nil {
				out = Created{ID: k.Ticket, Answer: k.Answer, Repeated: true}
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		t, audit, err := s.create(ctx, tx, by, u)
		if err != nil {
			return err
		}
		answer, err := once.Answer(t, audit)
		if err != nil {
			return err
		}
		out = Created{ID: t.ID, Answer: answer}
		if once.Key == "" {
			return nil
		}
		return tx.AddKey(ctx, Key{Key: once.Key, Body: once.Body, Ticket: t.ID, Answer: answer, UsedAt: s.o.Now()})
	})
	return out, err
}

// used gives the creation that the key repeats; fault.NotFound for a key that is new or over.
func (s *Service) used(ctx context.Context, tx Tx, once Once) (Key, error) {
	if err := tx.DropKeys(ctx, s.o.Now().Add(-s.o.IdempotencyLife)); err != nil {
		return Key{}, err
	}
	k, err := tx.Key(ctx, once.Key)
	if err == nil && k.Body != once.Body {
		return Key{}, ErrOtherBody
	}
	return k, err
}

func (s *Service) create(ctx context.Context, tx Tx, by Actor, u Update) (Ticket, Audit, error) {
	at := s.at()
	if u.Requester == nil && u.RequesterID == nil {
		u.RequesterID = &by.User.ID
	}
	empty := Ticket{Submitter: by.User.ID, CreatedAt: at, UpdatedAt: at}
	source, follows, err := s.followUp(ctx, tx, &empty, &u)
	if err != nil {
		return Ticket{}, Audit{}, err
	}
	in, err := s.surroundings(ctx, tx, by, &u)
	if err != nil {
		return Ticket{}, Audit{}, err
	}
	t, comment, err := apply(empty, u, in, at)
	if err != nil {
		return Ticket{}, Audit{}, err
	}
	if comment.Author != 0 { // the submitter is whoever wrote the first comment
		t.Submitter = comment.Author
	}
	if t.ID, err = tx.NextTicketID(ctx); err != nil {
		return Ticket{}, Audit{}, err
	}
	t.GeneratedAt = at
	if err := tx.AddTicket(ctx, t); err != nil {
		return Ticket{}, Audit{}, err
	}
	if follows {
		source.Followups, source.GeneratedAt = append(slices.Clone(source.Followups), t.ID), at
		if err := tx.SaveTicket(ctx, source); err != nil {
			return Ticket{}, Audit{}, err
		}
	}
	a, err := s.audit(ctx, tx, by, Ticket{}, t, comment, u.Custom)
	if err != nil {
		return Ticket{}, Audit{}, err
	}
	return t, a, s.tell(ctx, tx, by, Ticket{}, t, a, evCreated)
}

// surroundings gathers what the rules need to know, and puts users in place of
// the email addresses that the update names.
func (s *Service) surroundings(ctx context.Context, tx Tx, by Actor, u *Update) (surroundings, error) {
	in := surroundings{caller: by.User, users: map[UserID]User{by.User.ID: by.User}}
	var err error
	if in.fields, err = tx.Fields(ctx); err != nil {
		return in, err
	}
	if in.groups, err = tx.Groups(ctx); err != nil {
		return in, err
	}
	if u.Requester != nil {
		r, err := s.requester(ctx, tx, *u.Requester)
		if err != nil {
			return in, err
		}
		u.RequesterID = &r.ID
	}
	if u.AssigneeEmail != nil {
		a, err := tx.UserByEmail(ctx, u.AssigneeEmail.Reveal())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return in, err
		}
		if err != nil {
			return in, fault.InvalidFields(fault.Field{Pointer: "assignee", Reason: "Assignee: is not an agent"})
		}
		u.AssigneeID = &a.ID
	}
	var ids []UserID
	for _, id := range []*UserID{u.RequesterID, u.AssigneeID} {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	if u.Comment != nil {
		ids = append(ids, u.Comment.Author)
	}
	users, err := tx.Users(ctx, ids)
	for _, user := range users {
		in.users[user.ID] = user
	}
	return in, err
}

// audit writes down what led from one state to the next.
func (s *Service) audit(ctx context.Context, tx Tx, by Actor, before, after Ticket, comment *Comment, custom string) (Audit, error) {
	a := Audit{
		Ticket: after.ID, At: after.GeneratedAt, Author: by.User.ID, Channel: by.channel(), Rel: by.Rel, Sources: by.Sources,
		Program: by.Program, Address: by.Address, Custom: custom, Comment: comment, Events: changes(before, after),
	}
	id, err := tx.NextIDs(ctx, 2+len(a.Events))
	if err != nil {
		return Audit{}, err
	}
	a.ID = id
	if comment != nil {
		comment.ID = id + 1
	}
	for i := range a.Events {
		a.Events[i].ID = id + 2 + int64(i)
	}
	return a, tx.AddAudit(ctx, a)
}

var errNoTicket = fault.New(fault.NotFound, "Not found")

// ticket gives a ticket that is not deleted.
func ticket(ctx context.Context, r Reads, id TicketID) (Ticket, error) {
	t, err := r.Ticket(ctx, id)
	if err == nil && !t.DeletedAt.IsZero() {
		return Ticket{}, errNoTicket
	}
	return t, err
}

// Update changes a ticket. Every update that is let through makes an audit,
// without events when it changed nothing; only events move UpdatedAt.
func (s *Service) Update(ctx context.Context, by Actor, id TicketID, u Update) (Ticket, Audit, error) {
	var t Ticket
	var a Audit
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		before, err := ticket(ctx, tx, id)
		if err != nil {
			return err
		}
		in, err := s.surroundings(ctx, tx, by, &u)
		if err != nil {
			return err
		}
		at := s.at()
		after, comment, err := apply(before, u, in, at)
		if err != nil {
			return err
		}
		t, a, err = s.save(ctx, tx, by, before, after, comment, u.Custom, at)
		return err
	})
	return t, a, err
}

// save stores a ticket's next state with its audit, and has it told. more are
// events that do not show in the ticket.
func (s *Service) save(ctx context.Context, tx Tx, by Actor, before, after Ticket, comment *Comment, custom string, at time.Time, more ...string) (Ticket, Audit, error) {
	after.GeneratedAt = at
	a, err := s.audit(ctx, tx, by, before, after, comment, custom)
	if err != nil {
		return Ticket{}, Audit{}, err
	}
	if comment != nil || len(a.Events) > 0 {
		after.UpdatedAt = at
	}
	if err := s.tell(ctx, tx, by, before, after, a, more...); err != nil {
		return Ticket{}, Audit{}, err
	}
	return after, a, tx.SaveTicket(ctx, after)
}

// Delete takes a ticket away. It stays in exports, as deleted.
func (s *Service) Delete(ctx context.Context, by Actor, id TicketID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		before, err := ticket(ctx, tx, id)
		if err != nil {
			return err
		}
		at := s.at()
		after := before
		after.DeletedAt = at
		shown := after
		shown.Status, shown.GeneratedAt = Deleted, at
		a, err := s.audit(ctx, tx, by, before, shown, nil, "")
		if err != nil {
			return err
		}
		after.UpdatedAt, after.GeneratedAt = at, at
		if err := s.tell(ctx, tx, by, before, after, a, evDeleted); err != nil {
			return err
		}
		return tx.SaveTicket(ctx, after)
	})
}

// closeAfter is when a solved ticket closes, as Zendesk's standard automation has it.
const closeAfter = 4 * 24 * time.Hour

// closedAtOnce bounds how many tickets one transaction closes.
const closedAtOnce = 100

// CloseOld closes the tickets that have been solved for long enough, and
// forgets the keys that are over.
func (s *Service) CloseOld(ctx context.Context) error {
	for {
		closed := 0
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			if err := tx.DropKeys(ctx, s.o.Now().Add(-s.o.IdempotencyLife)); err != nil {
				return err
			}
			at := s.at()
			old, err := tx.SolvedBefore(ctx, at.Add(-closeAfter), closedAtOnce)
			if err != nil {
				return err
			}
			for _, before := range old {
				after := before
				after.Status = Closed
				if _, _, err := s.save(ctx, tx, Actor{User: User{ID: System}}, before, after, nil, "", at); err != nil {
					return err
				}
			}
			closed = len(old)
			return nil
		}); err != nil || closed < closedAtOnce {
			return err
		}
	}
}

// Ticket gives a ticket; fault.NotFound for a deleted one.
func (s *Service) Ticket(ctx context.Context, id TicketID) (t Ticket, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		t, err = ticket(ctx, r, id)
		return err
	})
	return t, err
}

// Tickets gives the tickets of the ids that there are, in the order of the ids.
func (s *Service) Tickets(ctx context.Context, ids []TicketID) (found []Ticket, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		found, err = r.Tickets(ctx, ids)
		return err
	})
	place := map[TicketID]int{}
	for i, id := range ids {
		if _, ok := place[id]; !ok {
			place[id] = i
		}
	}
	slices.SortFunc(found, func(a, b Ticket) int { return place[a.ID] - place[b.ID] })
	return found, err
}

// Audits gives a ticket's audits, oldest first.
func (s *Service) Audits(ctx context.Context, id TicketID) (audits []Audit, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		if _, err := ticket(ctx, r, id); err != nil {
			return err
		}
		audits, err = r.Audits(ctx, id)
		return err
	})
	return audits, err
}
