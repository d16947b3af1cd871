// Package tra is the TRA API's use cases: requests of two kinds, their tickets,
// the operators' decisions, verification, second review and the release of
// answers. It owns what a client asked and what it was answered. Its own rows
// are the truth; the ticket is where operators' organisation works, and an
// answer counts only when the ticket carries it. It decides nothing about a
// person: an operator does. It imports no database, no HTTP and no page.
package tra

import (
	"slices"
	"time"

	"traid/internal/person"
)

// RequestID is the UUID of a request, chosen by its client.
type RequestID string

// Client is the name of a program that makes requests: that of its token.
type Client string

// Reference is what people call a request, such as "TRA-7KM4-T3X".
type Reference string

// TicketID is a ticket's number in the helpdesk; zero: none.
type TicketID int64

// Kind is what a request asks.
type Kind string

// The kinds of request.
const (
	TRNValidation Kind = "trn_validation"
	BarringCheck  Kind = "barring_check"
)

// State is where a request stands.
type State string

// The states of a request.
const (
	Received       State = "received" // no ticket yet
	WithOperator   State = "with_operator"
	InSecondReview State = "in_second_review"
	// WaitingForPerson: a question to the person is open, the clock is paused.
	WaitingForPerson State = "waiting_for_person"
	Answered         State = "answered"
	Withdrawn        State = "withdrawn"
)

// Open tells whether an answer is still to come.
func (s State) Open() bool { return s.Working() || s == WaitingForPerson }

// Working tells whether an operator is to go on.
func (s State) Working() bool { return s == Received || s == WithOperator || s == InSecondReview }

// Status is what a client sees of a state.
func (s State) Status() string {
	switch s {
	case WithOperator, InSecondReview, WaitingForPerson:
		return "in_progress"
	}
	return string(s)
}

// Claim is what a person says of themselves, or of a barring check the TRN and
// the name on the record.
type Claim struct {
	FirstName     person.Name
	LastName      person.Name
	PreviousNames []person.FullName
	DateOfBirth   person.Date
	NINO          person.NINO  // zero: not given
	TRN           person.TRN   // zero: not given
	Email         person.Email // zero: not given
}

// Field names a part of a claim, as the API names it.
type Field string

// The fields of a claim.
const (
	FieldFirstName     Field = "first_name"
	FieldLastName      Field = "last_name"
	FieldPreviousNames Field = "previous_names"
	FieldDateOfBirth   Field = "date_of_birth"
	FieldNINO          Field = "national_insurance_number"
	FieldTRN           Field = "trn"
	FieldEmail         Field = "email"
)

// changedFrom lists the fields in which c differs from an earlier claim.
func (c Claim) changedFrom(old Claim) []Field {
	var out []Field
	for _, f := range []struct {
		name    Field
		changed bool
	}{
		{FieldFirstName, c.FirstName != old.FirstName},
		{FieldLastName, c.LastName != old.LastName},
		{FieldPreviousNames, !slices.Equal(c.PreviousNames, old.PreviousNames)},
		{FieldDateOfBirth, c.DateOfBirth != old.DateOfBirth},
		{FieldNINO, c.NINO != old.NINO},
		{FieldTRN, c.TRN != old.TRN},
		{FieldEmail, c.Email != old.Email},
	} {
		if f.changed {
			out = append(out, f.name)
		}
	}
	return out
}

// Request is a client's request. Its claim is kept beside it.
type Request struct {
	ID          RequestID
	Client      Client
	Kind        Kind
	Reference   Reference
	State       State
	BodyHash    string // keyed: tells a repeated body from another, also when the claim is deleted
	SubmittedAt time.Time
	QueuedAt    time.Time // its place in the queue: that of the request which it replaces
	ExpectedBy  time.Time // zero: not known
	Replaces    RequestID
	ReplacedBy  RequestID
	Changed     []Field // what differs from the request that it replaces
	Owner       string  // the operator who holds it, or held it last (OwnerAt)
	HeldSince   time.Time
	HeldUntil   time.Time // the end of the owner's lease
	Revision    int64     // counts every change that an operator has to have seen before deciding
	Version     int64     // of the newest released answer; 0: none
	Refusals    int64     // answers on the ticket that were refused since the last decision on the console
	Check       Check     // what the automatic check says of its claim

	Ticket          TicketID
	TicketStatus    TicketStatus
	TicketUpdatedAt time.Time // as the helpdesk says
	TicketReadAt    time.Time // when it was last read

	OverAt      time.Time // when it was answered last or withdrawn; zero: neither yet
	ForgottenAt time.Time // when everything but its kind, times and outcome was deleted; zero: not yet
}

// Check is what the register's automatic check says of a claim: why it finds no
// record (contract, 5).
type Check string

// What it says.
const (
	CheckNone                Check = ""        // nothing is asked: of a barring check, or once a request is forgotten
	CheckUnknown             Check = "unknown" // the register has not answered yet
	CheckMatch               Check = "match"   // it finds a record now, and did not when the client asked
	CheckNothingToSearch     Check = "nothing_to_search"
	CheckFirstNameMissing    Check = "first_name_missing"
	CheckIdentifiersConflict Check = "identifiers_conflict"
	CheckFirstNameDiffers    Check = "first_name_differs"
	CheckSeveralRecords      Check = "several_records"
	CheckNotFound            Check = "not_found"
)

// Checks lists what can be said of a claim.
func Checks() []Check {
	return []Check{
		CheckNotFound, CheckFirstNameDiffers, CheckSeveralRecords, CheckIdentifiersConflict, CheckNothingToSearch, CheckFirstNameMissing,
		CheckMatch, CheckUnknown,
	}
}

// Flag is a reason for a person to look at a request, beside its state.
type Flag string

// The flags. Two more are no rows but follow from the clock: overdue, and
// ticket creation that fails for four hours.
const (
	TicketCreationFailing   Flag = "ticket_creation_failing"
	TicketRefused           Flag = "ticket_refused" // the helpdesk refuses the ticket's content
	TicketMissing           Flag = "ticket_missing"
	SeveralTickets          Flag = "several_tickets"
	AnswerUnreadable        Flag = "answer_unreadable"
	AnswerContradictsRecord Flag = "answer_contradicts_record"
	AnswerOutdated          Flag = "answer_outdated" // since its release the record has changed
	AnswerNotOnTicket       Flag = "answer_not_on_ticket"
	RegisterBehind          Flag = "register_behind"
	Overdue                 Flag = "overdue"
)

// Flagged is a flag on a request, and why.
type Flagged struct {
	Flag   Flag
	Reason string // what happened and what to do; holds no personal value
	Since  time.Time
}

// Submission is a request as a client hands it in.
type Submission struct {
	ID       RequestID
	Client   Client
	Kind     Kind
	Claim    Claim
	Replaces RequestID // empty: none
}

// View is a request as its client sees it.
type View struct {
	ID          RequestID
	Kind        Kind
	Status      string // received, in_progress, answered, withdrawn
	SubmittedAt time.Time
	ExpectedBy  time.Time // zero: not known
	AsOf        time.Time // until when what the ticket says is known
	Answer      *Answer   // the newest released one; nil: none
	Question    *Question // the open one; nil: none
}

// Listed is a request in its client's list.
type Listed struct {
	ID     RequestID
	Kind   Kind
	Status string
}
