package cpd

import (
	"time"

	"traid/internal/person"
)

// CheckResult is what the automatic check tells the pages. Why there was no
// match is never told: the page is the same for every non-match.
type CheckResult string

// The results.
const (
	Matched      CheckResult = "matched"
	NotMatched   CheckResult = "not_matched"
	CouldNotAsk  CheckResult = "could_not_ask" // nothing was learnt: neither match nor non-match
	LinkMailed   CheckResult = "link_mailed"   // the email address was registered meanwhile, by another registration: a link to go on was mailed
	AwaitsManual CheckResult = "awaits_manual" // handed in for a check by hand
	AlreadyKnown CheckResult = "already_known" // nothing to do: the details are confirmed already
)

// Registered is what became of a registration.
type Registered struct {
	Result      CheckResult
	Participant ParticipantID // empty with NotMatched and LinkMailed: nothing was stored
	Reference   Reference
	Status      PersonStatus
	ExpectedBy  time.Time // with AwaitsManual; zero: not known
}

// PersonStatus is what a person is told. It says nothing of alerts, nothing of
// why a check failed, and nothing of a conflict.
type PersonStatus string

// The statuses a person sees.
const (
	StatusConfirmed   PersonStatus = "confirmed"    // we have confirmed who you are
	StatusChecking    PersonStatus = "checking"     // the automatic check is still to be made: nothing to do
	StatusManual      PersonStatus = "manual_check" // somebody is checking by hand: nothing to do
	StatusFailed      PersonStatus = "failed"       // we could not find you: check these things and send again
	StatusNeedDetails PersonStatus = "need_details" // we need your details again
	StatusWithdrawn   PersonStatus = "withdrawn"    // you took your details back
)

// Progress is a participant's page.
type Progress struct {
	Participant ParticipantID
	Reference   Reference
	Status      PersonStatus
	SubmittedAt time.Time
	ExpectedBy  time.Time // with StatusManual; zero: not known
	CheckList   []string  // with StatusFailed: what to check, the same for every failure
	Question    *Question // with StatusManual: what we have to know; nil: nothing
	CanCorrect  bool
	CanWithdraw bool
	HeldUntil   time.Time // with StatusFailed: when what was typed is deleted; zero: it is not held
}

// Filter narrows the administrators' list.
type Filter struct {
	TRNStatus   TRNStatus   // empty: every one
	AlertStatus AlertStatus // empty: every one
	Reason      string      // why the TRA could not validate the TRN; empty: whatever it was
	Since       time.Time   // the TRN's status is at least as old; zero: of any age
	Query       string      // beginnings of words of a name or an email address, or a whole address, reference or TRN
	After       string      // Page.Next of the page before
	Limit       int         // 50 when 0, at most 200
}

// Page is one page of the administrators' list, newest first.
type Page struct {
	Participants []Participant
	Next         string // empty: the last page
	Total        int    // as far as they are counted, at most 1,000
	More         bool   // than Total
}

// Story is everything an administrator sees of a participant.
type Story struct {
	Participant Participant
	Schools     []School      // whose invitations the person accepted
	Joined      []Participant // records of the same person that were joined into it
	Requests    []Request     // oldest first
	History     []Event       // oldest first, with that of the joined records
	Messages    []Message     // oldest first, without links
	Conflict    *Conflict     // the open one
	Holder      *Participant  // with Conflict: on whom the TRN stands, nil where it stands on nobody
}

// Conflict is a TRN that an answer or a check gives to one participant while it
// stands on another, or that would change a validated TRN. Until it is ended
// nobody's TRN changes.
type Conflict struct {
	ID          string
	Participant ParticipantID // whose check or answer it is
	Holder      ParticipantID // on whom the TRN stands; empty: on nobody, Participant has another one
	TRN         person.TRN    // in dispute; forgotten when the conflict ends
	Request     RequestID     // the answer it comes from; empty: the automatic check
	Version     int64
	OpenedAt    time.Time
	EndedAt     time.Time // zero: open
	How         End
	EndedBy     string
	Why         string
}

// End is how a conflict ends.
type End string

// The ends.
const (
	SamePerson      End = "same_person"      // the records are joined, the older id is kept
	DifferentPeople End = "different_people" // nobody is displaced, the TRA is told and asked again
	WrongLink       End = "wrong_link"       // the TRN is taken back from where it stands, and that participant is checked again
)

// Seen is what an administrator looked at before ending a conflict.
type Seen struct {
	Conflict string
	Holder   ParticipantID // on whom the TRN stood; empty: on nobody
}

// Seen gives what the story shows of the open conflict; zero without one.
func (s Story) Seen() Seen {
	var out Seen
	if s.Conflict != nil {
		out.Conflict = s.Conflict.ID
	}
	if s.Holder != nil {
		out.Holder = s.Holder.ID
	}
	return out
}

// Event is one step of a participant's history. It holds no personal value.
type Event struct {
	At          time.Time
	Participant ParticipantID
	Who         string // person, cpd, tra, or an administrator's email address
	What        What
	Request     RequestID // empty: none
	Why         string    // an administrator's reason
}

// Message is a mail. In the default it is read here, by administrators.
type Message struct {
	ID          string
	Participant ParticipantID // empty: to nobody who has handed in
	Kind        MailKind
	To          string
	Subject     string
	Body        string
	Link        string // to be followed once; empty once it is used or too old
	Code        string // to be typed once; likewise
	At          time.Time
	Values      map[string]string // for the template's places, without link and code
	State       MailState
	StateAt     time.Time
	Problem     string // what it failed by, or a kind of fault that keeps it waiting; empty: none
}

// Secret is what a mail holds that is used once.
type Secret struct {
	LinkHash   string       // empty: it holds no link
	Draft      string       // the case-folded address whose saved answers the link leads to; empty: none
	Invitation InvitationID // that the link leads to; empty: none
	EndsAt     time.Time    // of the link or the code; zero: it holds neither
}

// LinkTarget is what a mailed link leads to: one of them.
type LinkTarget struct {
	Participant ParticipantID
	Draft       string // the case-folded address whose saved answers it leads to
	Invitation  InvitationID
}

// Waiting is one thing that waits, and since when.
type Waiting struct {
	Participant ParticipantID
	Reference   Reference
	What        WaitingFor
	Since       time.Time
	Request     RequestID // empty: none
	Problem     string    // a kind of fault that keeps it waiting; empty: none
	ExpectedBy  time.Time
	Overdue     bool
	Owner       string // of an undetermined alert
}

// WaitingFor is what is waited for.
type WaitingFor string

// What can wait.
const (
	WaitsForCheck       WaitingFor = "automatic_check"    // the register did not answer
	WaitsForSending     WaitingFor = "request_to_be_sent" // the TRA API did not take it
	WaitsForAnswer      WaitingFor = "answer"             // the TRA has it
	WaitsForBarring     WaitingFor = "barring_check"      // the TRA has it
	WaitsForAskingAgain WaitingFor = "asking_again"       // an administrator: the answer was read too late
	WaitsForAlertRead   WaitingFor = "alert_read"         // the register did not answer
	WaitsForConflict    WaitingFor = "conflict"           // an administrator
	WaitsForOwner       WaitingFor = "undetermined_alert" // its owner
	WaitsForPerson      WaitingFor = "details"            // the person, to give details again
)

// PollResult is what a poll brought.
type PollResult struct {
	Answers int // read from the feed
	Asked   int // requests asked for one by one
	At      time.Time
}

// PollState tells administrators about the poll.
type PollState struct {
	LastAt  time.Time // zero: never
	NextAt  time.Time
	Problem string // a kind of fault of the last try; empty: none
}
