package tra

import (
	"context"
	"errors"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// ErrTaken is given by a store for a value that has to be unique and stands already.
var ErrTaken = errors.New("tra: it stands already")

// TicketStatus is a ticket's status in the helpdesk.
type TicketStatus string

// The statuses.
const (
	TicketNew     TicketStatus = "new"
	TicketOpen    TicketStatus = "open"
	TicketPending TicketStatus = "pending"
	TicketHold    TicketStatus = "hold"
	TicketSolved  TicketStatus = "solved"
	TicketClosed  TicketStatus = "closed"
	TicketDeleted TicketStatus = "deleted"
)

// Done tells whether an agent is through with the ticket.
func (s TicketStatus) Done() bool { return s == TicketSolved || s == TicketClosed }

// TicketFields are what a ticket says in its fields; the zero value is empty.
type TicketFields struct {
	Outcome Outcome // of the field that fits the request's kind
	TRN     string  // as it stands there
	Reason  FailureReason
	Note    string
}

// IsEmpty tells whether none says anything.
func (f TicketFields) IsEmpty() bool { return f == TicketFields{} }

// Ticket is a ticket as the helpdesk shows it.
type Ticket struct {
	ID        TicketID
	Key       TicketKey // its external id
	Status    TicketStatus
	Assigned  bool
	Merged    bool // into another one
	Ours      bool // we made it; not told by ReadMany
	UpdatedAt time.Time
	Fields    TicketFields
}

// Setting tells who last set a field of a ticket.
type Setting struct {
	Op      string // our operation; empty: not ours
	Agent   string // an active agent's id; empty: neither ours nor an agent's
	AuditID string
	At      time.Time
}

// Comment is a comment on a ticket. The first is our own.
type Comment struct {
	ID    string
	Agent string // an active agent's id; empty: somebody else's
	Ours  bool
	Text  string
	At    time.Time
}

// TicketKey is a ticket's external id and the key under which it is created.
type TicketKey string

// Draft is what a ticket is made of. Its text is the domain's.
type Draft struct {
	Key       TicketKey
	Follows   TicketID // the closed ticket that it follows up; 0: none
	Reference Reference
	Kind      Kind
	Subject   string
	Body      string
}

// Writing is one change of a ticket by us. It may be sent twice: Op tells
// whether it was done before.
type Writing struct {
	Op     string
	Kind   Kind
	Fields *TicketFields // nil: left as they are; empty: cleared
	Status TicketStatus  // empty: left as it is
	Note   string        // private comment; empty: none
	Again  bool          // it may have been sent before: look first
	Since  time.Time     // when it was taken up: a ticket that has changed since may carry it by another worker
}

// Helpdesk is the TRA's Zendesk. Errors are faults: Unavailable is "unknown
// result, or later"; NotFound "there is no such ticket (any more)"; Invalid
// "refused, and repeating does not help"; Conflict "it is closed".
type Helpdesk interface {
	// Compose gives the exact bytes of a ticket's creation, for Create.
	Compose(ctx context.Context, d Draft) ([]byte, error)
	// Create creates a ticket of the bytes under a key.
	Create(ctx context.Context, key TicketKey, body []byte) (Ticket, error)
	// ByKey gives the live tickets of a key, never from a search index.
	ByKey(ctx context.Context, key TicketKey) ([]Ticket, error)
	Read(ctx context.Context, kind Kind, id TicketID) (Ticket, error)
	// ReadMany gives those of the tickets that are there; their Fields are not read.
	ReadMany(ctx context.Context, ids []TicketID) ([]Ticket, error)
	// Settings tells for each field that was ever set who set it last.
	Settings(ctx context.Context, kind Kind, id TicketID) (map[FieldName]Setting, error)
	Comments(ctx context.Context, id TicketID) ([]Comment, error)
	Write(ctx context.Context, id TicketID, w Writing) (Ticket, error)
	// Delete deletes a ticket for good; gone is false while the helpdesk is at it.
	Delete(ctx context.Context, id TicketID) (gone bool, err error)
	// Changed gives the tickets that changed after a cursor ("": from now on)
	// and the next cursor; more tells that another page is ready. Invalid for a
	// cursor that is not known any more.
	Changed(ctx context.Context, cursor string) (ids []TicketID, next string, more bool, err error)
}

// FieldName names a field of a ticket by its title.
type FieldName string

// The fields.
const (
	FieldNameTRN     FieldName = "TRN"
	FieldNameOutcome FieldName = "Outcome"
	FieldNameBarring FieldName = "Barring outcome"
	FieldNameReason  FieldName = "Failure reason"
	FieldNameNote    FieldName = "Note for the client"
	FieldNameRequest FieldName = "Request"
)

// OutcomeField names the field that holds the outcome of a request of a kind.
func OutcomeField(k Kind) FieldName {
	if k == BarringCheck {
		return FieldNameBarring
	}
	return FieldNameOutcome
}

// Record is a record of the register.
type Record struct {
	TRN           person.TRN
	Active        bool
	FirstName     person.Name
	MiddleName    person.Name
	LastName      person.Name
	PreviousNames []person.FullName // the first name is missing where only the family name is kept
	DateOfBirth   person.Date       // zero: the register holds none
	NINOs         []person.Text     // the current one first
	QTSDate       person.Date
	Alerts        []Alert
}

// Alert is an alert on a record.
type Alert struct {
	Code, Category, Name string
	Prohibition          bool
	Internal             bool   // for the register's own people alone
	Start, End           string // as recorded; End empty while it has none
	Details              person.Text
	Open                 bool // in London today
}

// Evidence is what one field says for or against a candidate.
type Evidence struct {
	Field, Level      string // as the register names them
	Bits              float64
	Claimed, Recorded person.Text
}

// Candidate is a record that may be the claimant's.
type Candidate struct {
	Record      Record
	Bits        float64
	Probability float64
	Evidence    []Evidence // heaviest first
	SameTRN     []Request  // other requests of the client with this TRN; Service fills it
}

// Found is a record of a free search.
type Found struct {
	Record  Record
	FoundBy []string
	SameTRN []Request // as of a Candidate; none of a search without a case
}

// Looking is why the register is searched: for a case, or for a purpose.
type Looking struct {
	Case    RequestID
	Purpose string // holds no personal value
}

// Query is a free search of the register. Filters that are zero let everybody through.
type Query struct {
	Text           person.Text
	Status         string     // "active" or "inactive" records only
	Born, BornUpTo int        // the first and the last year of birth
	After          person.TRN // of the last record of the page before
}

// The years of birth that a search may name.
const (
	firstYear = 1900
	lastYear  = 2100
)

// check names what is wrong with a search.
func (q Query) check() (wrong []fault.Field) {
	if strings.TrimSpace(q.Text.Reveal()) == "" {
		wrong = append(wrong, fault.Field{Pointer: "/query", Reason: "blank"})
	}
	for pointer, year := range map[string]int{"/born": q.Born, "/born_up_to": q.BornUpTo} {
		if year != 0 && (year < firstYear || year > lastYear) {
			wrong = append(wrong, fault.Field{Pointer: pointer, Reason: "not_a_year"})
		}
	}
	if len(wrong) == 0 && q.BornUpTo != 0 && q.BornUpTo < q.Born {
		wrong = append(wrong, fault.Field{Pointer: "/born_up_to", Reason: "before"})
	}
	return wrong
}

// Register is the register of teachers. Unavailable says nothing about any record.
type Register interface {
	Candidates(ctx context.Context, id RequestID, c Claim, limit int) (list []Candidate, asAt time.Time, err error)
	// Find asks the automatic check about a claim; never CheckUnknown.
	Find(ctx context.Context, c Claim) (Check, error)
	// Search searches freely.
	Search(ctx context.Context, why Looking, q Query, limit int) (list []Found, asAt time.Time, err error)
	// Show gives the record of a TRN, of a merged one its survivor, with its alerts; NotFound without one.
	Show(ctx context.Context, trn person.TRN) (r Record, asAt time.Time, err error)
	// AsAt tells when the register was last brought up to date; the zero time when never.
	AsAt(ctx context.Context) (time.Time, error)
}

// Announcer tells clients that an answer was released. A hint: they read it by
// the same call as ever.
type Announcer interface {
	// CheckURL says what is wrong with a webhook's URL; empty: nothing.
	CheckURL(url string) string
	// Announce makes one attempt at a delivery, a ping where it is about no
	// request. answer is the receiver's HTTP status, 0 without one. fault.Gone is
	// a receiver that wants no more, fault.Unavailable anything else that is not
	// delivered; their texts say why.
	Announce(ctx context.Context, to Webhook, d Delivery) (answer int, err error)
}

// TaskKind is what is to be done to the request that a task names.
type TaskKind string

// The kinds of task, which are also the names of the jobs that kick them.
const (
	TaskCreate      TaskKind = "tra_create_ticket"
	TaskWrite       TaskKind = "tra_write_ticket"
	TaskRead        TaskKind = "tra_read_ticket"
	TaskRelease     TaskKind = "tra_release_answer"
	TaskAnnounce    TaskKind = "tra_announce_answer"
	TaskLookAgain   TaskKind = "tra_look_again"
	TaskForget      TaskKind = "tra_forget_request"
	TaskEndQuestion TaskKind = "tra_end_question"
	TaskCheck       TaskKind = "tra_check_claim"
)

// TaskKinds lists every kind of task.
func TaskKinds() []TaskKind {
	return []TaskKind{TaskCreate, TaskWrite, TaskRead, TaskRelease, TaskAnnounce, TaskLookAgain, TaskForget, TaskEndQuestion, TaskCheck}
}

// Task says when to look at a request. The request decides what is done.
type Task struct {
	Kind     TaskKind
	Subject  RequestID
	Since    time.Time // when it was first made due
	DueAt    time.Time
	Attempts int64
	Lease    time.Time // until when somebody works at it: the holder's proof that it is still theirs
}

// Creation is how far the creation of a request's ticket has come.
type Creation struct {
	Request      RequestID
	Follows      TicketID  // the closed ticket that it follows up; 0: it is the request's first
	Body         []byte    // exactly what is sent, every time
	FirstSentAt  time.Time // zero: never sent
	EmptyLookups int64     // in a row, since the key is too old to be trusted
	EmptySince   time.Time // the first of them
}

// OpKind is a kind of change that we make to a ticket.
type OpKind string

// The kinds.
const (
	OpAnswer OpKind = "answer" // fields, solved, private note
	OpReopen OpKind = "reopen" // fields cleared, open, private note
	OpEnd    OpKind = "end"    // solved without an answer: withdrawn or replaced
)

// Op is a change to be made to a request's ticket; they are made in their order.
type Op struct {
	ID       string // a UUID, which the ticket's audit carries; of an answer its decision's
	Request  RequestID
	Seq      int64 // order of all ops; given by the store
	Kind     OpKind
	Decision DecisionID // of an answer
	Note     string     // private comment; holds no personal value
	Sent     bool       // it may have reached the helpdesk
}

// Sweep is how far the helpdesk's changes are read.
type Sweep struct {
	Cursor string
	LastAt time.Time // the last that succeeded
	AllAt  time.Time // when the last look at everything open began
	// How far that has come: the ticket that was looked at last; 0: it is through.
	AllAfter TicketID
}

// Reads is what can be read inside and outside of a transaction. What is not
// there is fault.NotFound.
type Reads interface {
	Request(ctx context.Context, id RequestID) (Request, error)
	RequestByTicket(ctx context.Context, id TicketID) (Request, error)
	Claim(ctx context.Context, id RequestID) (Claim, error)
	Flags(ctx context.Context, id RequestID) ([]Flagged, error)
	OpenDecision(ctx context.Context, id RequestID) (Decision, error)
	Decision(ctx context.Context, id DecisionID) (Decision, error)
	NewestAnswer(ctx context.Context, id RequestID) (Answer, error)
	OpenQuestion(ctx context.Context, id RequestID) (Question, error)
	Questions(ctx context.Context, id RequestID) ([]Question, error) // oldest first
	Creation(ctx context.Context, id RequestID) (Creation, error)
	// EarlierTickets gives the tickets that a request had before its present one,
	// and those that are to be deleted.
	EarlierTickets(ctx context.Context, id RequestID) ([]EarlierTicket, error)
	Sweep(ctx context.Context) (Sweep, error)
	Webhook(ctx context.Context, c Client) (Webhook, error)
	Delivery(ctx context.Context, id DeliveryID) (Delivery, error)
	SavedForm(ctx context.Context, id RequestID, operator string) (SavedForm, error)
	Events(ctx context.Context, id RequestID) ([]Event, error) // oldest first
}

// Store keeps everything of tra.
type Store interface {
	Reads
	// InTx runs do in one transaction; do may run more than once.
	InTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error

	DueTasks(ctx context.Context, now time.Time, limit int) ([]Task, error) // due and not leased, earliest first
	// ClientRequests lists a client's requests by id, after one; every state where states is empty.
	ClientRequests(ctx context.Context, c Client, states []State, after RequestID, limit int) ([]Request, error)
	// Answers gives a client's released answers after a position, in order.
	Answers(ctx context.Context, c Client, after int64, limit int) ([]Answer, error)
	// Deliveries gives what a client is told, after a place and of a status or of any.
	Deliveries(ctx context.Context, c Client, status DeliveryStatus, after int64, limit int) ([]Delivery, error)
	// OverRequests gives requests that were answered last, or withdrawn, before an
	// instant and are not forgotten, the earliest first.
	OverRequests(ctx context.Context, before time.Time, limit int) ([]RequestID, error)
	// OpenTickets gives the tickets of open requests after one, by number.
	OpenTickets(ctx context.Context, after TicketID, limit int) ([]TicketID, error)

	Queue(ctx context.Context, f QueueFilter) ([]QueueRow, error)
	Clients(ctx context.Context) ([]Client, error) // who ever made a request, by name
	QueueCounts(ctx context.Context, f QueueFilter) (map[Queue]int, error)
	Decisions(ctx context.Context, id RequestID) ([]Decision, error) // oldest first
	// SavedForms gives what an operator typed and has not handed in, the newest first.
	SavedForms(ctx context.Context, operator string, limit int) ([]SavedForm, error)
	Templates(ctx context.Context) ([]Template, error) // of a kind and purpose together, as they came to be
	// EventsBy counts the steps of a kind that somebody took since an instant.
	EventsBy(ctx context.Context, who string, what What, since time.Time) (int, error)
	// FigureRows gives what figures of a kind, or of both, are counted from.
	FigureRows(ctx context.Context, kind Kind, since, now time.Time) (FigureRows, error)
	// SameTRN gives a client's other requests whose newest open or released decision has the TRN.
	SameTRN(ctx context.Context, c Client, trn person.TRN, except RequestID) ([]Request, error)
}

// Tx is what one transaction can do. ErrTaken is given for what is unique and
// stands already.
type Tx interface {
	Reads
	AddRequest(ctx context.Context, r Request, c Claim) error
	SaveRequest(ctx context.Context, r Request) error
	SaveClaim(ctx context.Context, id RequestID, c Claim) error
	DeleteClaim(ctx context.Context, id RequestID) error // with the replies to questions
	AddQuestion(ctx context.Context, q Question) error
	SaveQuestion(ctx context.Context, q Question) error
	// Flag sets a flag, or gives the one that is set another reason; its Since stays.
	Flag(ctx context.Context, id RequestID, f Flagged) error
	Unflag(ctx context.Context, id RequestID, flags ...Flag) error

	SaveCreation(ctx context.Context, c Creation) error
	DeleteCreation(ctx context.Context, id RequestID) error
	// KeepTicket keeps a ticket that a request had before its present one.
	KeepTicket(ctx context.Context, id RequestID, t TicketID) error
	TicketDeleting(ctx context.Context, t TicketID) error
	DropEarlierTicket(ctx context.Context, t TicketID) error
	// Forget deletes everything of a request but its row, the times and the
	// outcomes of its decisions and answers, and the steps of its history.
	Forget(ctx context.Context, r Request) error

	AddDecision(ctx context.Context, d Decision) error // ErrTaken beside an open one
	SaveDecision(ctx context.Context, d Decision) error
	// AddPick keeps which place a decision's record had among the candidates.
	AddPick(ctx context.Context, id DecisionID, at time.Time, place int) error
	AddOp(ctx context.Context, o Op) error
	NextOp(ctx context.Context, id RequestID) (Op, error)
	OpSent(ctx context.Context, id string) error
	DropOp(ctx context.Context, id string) error

	// AddAnswer keeps a released answer and gives its position in its client's
	// feed, in the order of commit.
	AddAnswer(ctx context.Context, a Answer) (int64, error)
	AddEvent(ctx context.Context, e Event) error
	Template(ctx context.Context, id TemplateID) (Template, error)
	SaveTemplate(ctx context.Context, t Template) error
	DropTemplate(ctx context.Context, id TemplateID) error
	SaveSweep(ctx context.Context, s Sweep) error
	// AddHint keeps a hint's id; false when it was heard before. DropHints forgets
	// those that were heard before an instant.
	AddHint(ctx context.Context, id string, at time.Time) (fresh bool, err error)
	DropHints(ctx context.Context, before time.Time) error

	SaveWebhook(ctx context.Context, w Webhook) error
	DropWebhook(ctx context.Context, c Client) error
	AddDelivery(ctx context.Context, d Delivery) error
	SaveDelivery(ctx context.Context, d Delivery) error
	DropDeliveries(ctx context.Context, before time.Time) error

	SaveForm(ctx context.Context, f SavedForm) error
	// DropForm forgets what an operator typed for a case; of every operator where it is empty.
	DropForm(ctx context.Context, id RequestID, operator string) error
	DropForms(ctx context.Context, before time.Time) error

	// Enqueue makes a task due, anew when there is one, and kicks it then.
	Enqueue(ctx context.Context, kind TaskKind, subject RequestID, due time.Time) error
	DropTask(ctx context.Context, kind TaskKind, subject RequestID) error
	// Lease takes a task that is due at now and free, and counts the attempt; false otherwise.
	Lease(ctx context.Context, kind TaskKind, subject RequestID, now, until time.Time) (Task, bool, error)
	// FinishTask and DelayTask change nothing when the lease is not the task's any more.
	FinishTask(ctx context.Context, t Task) error
	DelayTask(ctx context.Context, t Task, due time.Time) error
}
