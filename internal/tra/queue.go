package tra

import (
	"time"

	"traid/internal/person"
)

// Operator is a signed-in user of the console.
type Operator struct {
	Email         string
	Barring       bool // may see and decide barring checks
	Supervisor    bool // may override second review and give anybody's case back
	Administrator bool // may change the texts that operators start from
}

// Queue is a part of the list of cases.
type Queue string

// The queues.
const (
	QueueOpen       Queue = "open"           // everything that waits for an operator
	QueueUnassigned Queue = "unassigned"     // of these, nobody's
	QueueMine       Queue = "mine"           // of these, the operator's own
	QueueSoon       Queue = "soon"           // of these, promised within two working days
	QueueOverdue    Queue = "overdue"        // of these, past the promised day
	QueueReview     Queue = "review"         // in second review
	QueueAsked      Queue = "asked"          // waiting for the person's answer
	QueueAttention  Queue = "attention"      // flagged
	QueueDeciding   Queue = "deciding"       // decided, not released yet
	QueueToday      Queue = "answered_today" // since midnight in London
	QueueAnswered   Queue = "answered"
	QueueAny        Queue = "any" // everything, withdrawn requests too: for finding one by its reference
)

// Queues lists the queues in the order of the console, but QueueAny.
func Queues() []Queue {
	return []Queue{QueueOpen, QueueUnassigned, QueueMine, QueueSoon, QueueOverdue, QueueReview, QueueAsked, QueueAttention, QueueDeciding, QueueToday, QueueAnswered}
}

// Done tells whether a queue holds what is answered: the newest answer first,
// and nobody waits.
func (q Queue) Done() bool { return q == QueueToday || q == QueueAnswered }

// Sort is an order of the list. What is answered has its own.
type Sort string

// The orders.
const (
	SortWaited  Sort = "waited"  // the oldest place in the queue first; the default
	SortDue     Sort = "due"     // the earliest promise first; a place in the queue where none is known
	SortArrived Sort = "arrived" // the newest request first
)

// QueueFilter narrows the list of cases. Withdrawn requests are in no other
// queue than QueueAny. Service sets what is marked so.
type QueueFilter struct {
	Queue    Queue  // QueueOpen when empty
	Operator string // whose QueueMine is; Service
	Kind     Kind   // empty: both
	Client   Client // empty: every
	Check    Check  // CheckNone: whatever the automatic check says
	Days     int    // who waits at least so many working days; 0: everybody. Of what is answered nobody waits
	Sort     Sort   // SortWaited when empty
	Barring  bool   // barring checks are left out without it; Service
	Query    string // part of a reference, or a request's id; empty: none
	Now      time.Time
	Soon     time.Time // until when QueueSoon is; Service
	Today    time.Time // since when QueueToday is; Service
	Queued   time.Time // until when those have their place who wait Days; Service
	After    string    // QueuePage.Next of the page before
	Limit    int
}

// QueueRow is a line of the list.
type QueueRow struct {
	Request
	Name     person.FullName
	Flags    []Flagged
	Decision *Decision // the open one, or of an answered request the released one; nil: none
}

// QueuePage is a page of the list.
type QueuePage struct {
	Rows    []QueueRow
	Next    string        // empty: the last page
	Counts  map[Queue]int // as the filter narrows them
	Clients []Client      // to narrow the list by
	// Whether the helpdesk has not been reached for some time, and when it was last; zero: never.
	HelpdeskAway bool
	HelpdeskAt   time.Time
	Saved        []SavedForm // what the operator typed and has not handed in
}

// Case is everything that an operator sees of a request, beside candidates.
type Case struct {
	Request   Request
	Claim     Claim
	HasClaim  bool // false once it is deleted
	Flags     []Flagged
	Decision  *Decision  // the open one; nil: none
	Decisions []Decision // all, oldest first
	Answer    *Answer    // the newest released one
	History   []Event
	Questions []Question // to the person, oldest first
	Replaced  *Request   // the request whose place it took
	Saved     *SavedForm // what the operator typed and has not handed in; nil: nothing
}

// Agreement tells how a value of the claim stands to the record's.
type Agreement string

// The agreements.
const (
	Agrees  Agreement = "agree"
	Differs Agreement = "differ"
	Missing Agreement = "missing" // on either side
)

// Difference is one field of a claim beside the record's.
type Difference struct {
	Field     Field
	Agreement Agreement
	Claimed   person.Text
	Recorded  person.Text
}

// Checked is what the check page shows of a record that an operator picked.
type Checked struct {
	Record     Record
	MergedFrom person.TRN   // the TRN that was picked, when its record was merged into this one
	Fields     []Difference // in the order of the claim
	Evidence   []Evidence   // the register's, heaviest first; none of a record that is no candidate
	Accepts    []Field      // those whose difference the operator has to give a reason for
	Review     string       // why a second operator will have to agree; empty: none
	Refused    string       // why this record cannot be the answer; empty: it can
	SameTRN    []Request    // other requests of this client with this TRN
	AsAt       time.Time    // of the register
}
