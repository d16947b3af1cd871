package cpd

import (
	"time"

	"traid/internal/person"
)

// RequestID is the UUID of a request to the TRA, chosen here.
type RequestID string

// Kind is what a request asks.
type Kind string

// The kinds of request.
const (
	TRNValidation Kind = "trn_validation"
	BarringCheck  Kind = "barring_check"
)

// RequestState is where a request stands, seen from here.
type RequestState string

// The states of a request.
const (
	RequestWaiting   RequestState = "waiting"   // to be sent, or sent without a known result
	RequestSent      RequestState = "sent"      // the TRA has it
	RequestAnswered  RequestState = "answered"  // an answer was read
	RequestReplaced  RequestState = "replaced"  // by a correction; its answers no longer count
	RequestWithdrawn RequestState = "withdrawn" // by the person or because it is needless; its answers no longer count
)

// Request is a request to the TRA.
type Request struct {
	ID          RequestID
	Participant ParticipantID
	Kind        Kind
	State       RequestState
	Replaces    RequestID
	DataID      string // the validation data that it sends; empty for a barring check
	CreatedAt   time.Time
	Attempts    int64 // of sending
	SentAt      time.Time
	Problem     string // why sending fails: a kind of fault; empty when it does not
	Status      string // the TRA's word: received, in_progress, answered, withdrawn
	ExpectedBy  time.Time
	AsOf        time.Time // when the TRA was last asked for it
	Version     int64     // the newest version of an answer that was read; 0: none
	Outcome     Outcome
	Reason      string // the failure reason
	Note        string // the TRA's note, for administrators
	AnsweredAt  time.Time
}

// Open tells whether an answer is being waited for.
func (r Request) Open() bool { return r.State == RequestWaiting || r.State == RequestSent }

// Outcome is what the TRA answers.
type Outcome string

// The outcomes.
const (
	TRNFound  Outcome = "trn_found"
	Failed    Outcome = "failed"
	Barred    Outcome = "barred"
	NotBarred Outcome = "not_barred"
)

// Answer is one version of the TRA's answer to a request.
type Answer struct {
	Request    RequestID
	Kind       Kind
	Version    int64
	Outcome    Outcome
	TRN        person.TRN // with trn_found
	Gone       bool       // trn_found, and the TRA has deleted the TRN since: it was read too late
	Reason     string     // with failed
	Note       string
	AnsweredAt time.Time
}

// Cursor is a place in the TRA's feed of answers.
type Cursor string

// Submission is what goes to the TRA: for a TRN validation the details, for a
// barring check the TRN and the name and nothing else.
type Submission struct {
	ID        RequestID
	Kind      Kind
	Replaces  RequestID
	Details   Details
	TRN       person.TRN
	FirstName person.Name
	LastName  person.Name
}

// RequestStatus is what the TRA says of a request.
type RequestStatus struct {
	Status     string // received, in_progress, answered, withdrawn
	ExpectedBy time.Time
	AsOf       time.Time
	Answer     *Answer   // nil: none yet
	Question   *Question // nil: none is open
}

// Finding is the automatic check's result.
type Finding struct {
	Match  bool
	TRN    person.TRN
	Basis  string // trn, nino or model
	Reason string // why not, as the register says; never shown to a person
}
