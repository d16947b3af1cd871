package tra

import (
	"time"

	"traid/internal/person"
)

// Outcome is what an operator finds.
type Outcome string

// The outcomes: trn_found or failed for a TRN validation;
// barred, not_barred or failed for a barring check.
const (
	TRNFound  Outcome = "trn_found"
	Failed    Outcome = "failed"
	Barred    Outcome = "barred"
	NotBarred Outcome = "not_barred"
)

// Outcomes lists the outcomes that a request of a kind can have.
func Outcomes(k Kind) []Outcome {
	if k == BarringCheck {
		return []Outcome{Barred, NotBarred, Failed}
	}
	return []Outcome{TRNFound, Failed}
}

// FailureReason says why a request failed.
type FailureReason string

// The reasons.
const (
	NoRecord         FailureReason = "no_record"
	SeveralRecords   FailureReason = "several_records"
	DetailsDiffer    FailureReason = "details_do_not_match"
	NotEnoughDetails FailureReason = "not_enough_details"
	CannotTell       FailureReason = "cannot_tell"
	OtherReason      FailureReason = "other"
)

// FailureReasons lists the reasons that a request of a kind can fail for.
func FailureReasons(k Kind) []FailureReason {
	if k == BarringCheck {
		return []FailureReason{CannotTell, OtherReason}
	}
	return []FailureReason{NoRecord, SeveralRecords, DetailsDiffer, NotEnoughDetails, CannotTell, OtherReason}
}

// DecisionID is a decision's own id: for one of the console a UUID, which the
// ticket's audit carries; for one read from the ticket the audit's or comment's.
type DecisionID string

// Via is where a decision was made.
type Via string

// The places.
const (
	ViaConsole  Via = "console"  // here
	ViaFields   Via = "fields"   // an agent filled the ticket's fields
	ViaComment  Via = "comment"  // an agent wrote a TRN into a comment
	ViaSilence  Via = "silence"  // nobody answered a question to the person
	ViaRegister Via = "register" // the register merged the released TRN's record into another one, which agrees with the claim
)

// Stage is how far a decision has come.
type Stage string

// The stages. A request has at most one decision in the first three.
const (
	StageSecondReview Stage = "second_review" // another operator has to agree
	StageToWrite      Stage = "to_be_written" // the ticket does not carry it yet
	StageOnTicket     Stage = "on_ticket"     // to be released at ReleaseAt
	StageReleased     Stage = "released"
	StageUndone       Stage = "undone"    // by an operator, or because the ticket was reopened
	StageSentBack     Stage = "sent_back" // by the second operator
	StageRefused      Stage = "refused"   // it did not pass verification
	StageOvertaken    Stage = "overtaken" // by a later decision
)

// Open tells whether a decision is on its way to its release.
func (s Stage) Open() bool { return s == StageSecondReview || s == StageToWrite || s == StageOnTicket }

// Decision is one operator's decision about a request.
type Decision struct {
	ID      DecisionID
	Request RequestID
	Outcome Outcome
	TRN     person.TRN    // with trn_found
	Reason  FailureReason // with failed
	Note    string        // for the client
	Why     string        // why differences from the record are accepted; stays here
	By      string        // the operator's email address, "helpdesk agent N" or "traid"
	Via     Via
	At      time.Time
	Stage   Stage

	ReviewFor  string // why a second operator has to agree; empty: none has to
	ReviewedBy string
	ReviewedAt time.Time
	ReviewWhy  string // the second operator's reason, or the supervisor's for overriding
	Override   bool   // a supervisor agreed alone

	ReleaseAt  time.Time // with on_ticket
	ReleasedAt time.Time
	Version    int64

	EndedAt  time.Time // undone, sent back, refused, overtaken
	EndedBy  string
	EndedWhy string
}

// Answer is one released version of an answer.
type Answer struct {
	Request    RequestID
	Client     Client
	Kind       Kind
	Version    int64
	Outcome    Outcome
	TRN        person.TRN
	Reason     FailureReason
	Note       string
	AnsweredAt time.Time
	Position   int64 // in its client's feed, from 1, in the order of release
}

// Deciding is what an operator hands in on the check page.
type Deciding struct {
	Revision int64 // of the request as the operator saw it
	Outcome  Outcome
	TRN      person.TRN
	Reason   FailureReason
	Note     string
	Why      string
}

// Reviewing is what the second operator hands in.
type Reviewing struct {
	Revision int64
	Agree    bool
	Why      string // needed to send it back, and for a supervisor who overrides
	Override bool   // a supervisor agrees with their own decision
}
