// Package cpd is Manage CPD: participants, the automatic check of who they
// are, the requests it makes of the TRA, the poll for answers and what follows
// from them. It owns the CPD record of a person and three facts about it that
// are never merged into one: the TRN, the alert, and what is still held to
// check. It does not decide who somebody is: the register's rule does, or an
// operator. It imports no database, no HTTP and no page.
package cpd

import (
	"time"

	"traid/internal/person"
)

// ParticipantID is a participant's own UUID: one for one person.
type ParticipantID string

// RegistrationID is the UUID of one visit to the registration pages. Sent
// twice, it makes one participant.
type RegistrationID string

// Reference is what a person writes down: short, without look-alikes, such as "CPD-7KM4-T2".
type Reference string

// Details are what a person says of themselves: the claim.
type Details struct {
	FirstName     person.Name // as when they trained
	LastName      person.Name
	NameChanged   bool
	PreviousNames []person.FullName
	DateOfBirth   person.Date
	TRN           person.TRN  // zero: not given
	NINO          person.NINO // zero: not given
	Email         person.Email
}

// TRNStatus is the first axis: what is known of a participant's TRN.
type TRNStatus string

// The TRN's statuses.
const (
	TRNNotChecked               TRNStatus = "not_checked"
	TRNValidatedAutomatically   TRNStatus = "validated_automatically"
	TRNAwaitingManualValidation TRNStatus = "awaiting_manual_validation"
	TRNValidatedManually        TRNStatus = "validated_manually"
	TRNValidationFailed         TRNStatus = "validation_failed"
	TRNConflict                 TRNStatus = "conflict"
)

// Validated tells whether the TRN is known to be the participant's.
func (s TRNStatus) Validated() bool {
	return s == TRNValidatedAutomatically || s == TRNValidatedManually
}

// AlertStatus is the second axis: what is known of alerts on the record.
type AlertStatus string

// The alert's statuses.
const (
	AlertNotChecked           AlertStatus = "not_checked"
	AlertNone                 AlertStatus = "none"
	AlertAwaitingBarringCheck AlertStatus = "awaiting_barring_check"
	AlertBarred               AlertStatus = "barred"
	AlertNotBarred            AlertStatus = "not_barred"
	AlertUndetermined         AlertStatus = "undetermined"
)

// Participant is a person's CPD record.
type Participant struct {
	ID             ParticipantID
	Reference      Reference
	RegistrationID RegistrationID
	FirstName      person.Name
	LastName       person.Name
	Email          person.Email
	CreatedAt      time.Time
	UpdatedAt      time.Time

	TRNStatus   TRNStatus
	TRN         person.TRN // zero unless it stands on this participant; while in conflict it may still stand
	TRNClaimed  bool       // a TRN was given, whatever became of it
	TRNAt       time.Time  // when TRNStatus became what it is
	TRNRequest  RequestID  // the request that TRNStatus follows from or waits for; empty for the automatic check
	TRNVersion  int64      // the version of that request's answer
	SubmittedAt time.Time  // when the details were last handed in
	ExpectedBy  time.Time  // when an answer may be expected; zero: not known
	WithdrawnAt time.Time  // zero unless the person withdrew and has not come back

	AlertStatus  AlertStatus
	AlertAt      time.Time // as at when AlertStatus is known
	AlertRequest RequestID // the barring check that AlertStatus follows from or waits for
	AlertOwner   string    // who looks after an undetermined alert
	AlertState   string    // AlertSeen.State that AlertRequest was made for; empty without one

	HoldsValidationData bool          // the third axis: what was typed is still held
	DeleteDataAt        time.Time     // when it goes, after a failure; zero: when the check ends
	JoinedInto          ParticipantID // another record of the same person has taken this one's place
	Epoch               int64         // counts the mailed links that were used: who came by less is a visitor no more
}

// Visitor is who may see a participant's pages: who registered it (epoch
// zero), until a mailed link is used, and from then on who used the last one.
// Whoever enters an address that is not theirs is out once its owner comes.
type Visitor struct {
	Participant ParticipantID
	Epoch       int64
}

// TeacherReferenceNumber is what lead providers read: the TRN, zero unless validated.
func (p Participant) TeacherReferenceNumber() person.TRN {
	if !p.TRNStatus.Validated() {
		return person.TRN{}
	}
	return p.TRN
}

// TeacherReferenceNumberValidated is what lead providers read: nil when no TRN
// was claimed, otherwise whether it is validated.
func (p Participant) TeacherReferenceNumberValidated() *bool {
	validated := p.TRNStatus.Validated()
	if !validated && !p.TRNClaimed {
		return nil
	}
	return &validated
}

// EligibleForFunding is what lead providers read: nil while it is unknown or
// being checked, and never a reason.
func (p Participant) EligibleForFunding() *bool {
	if !p.TRNStatus.Validated() {
		return nil
	}
	var eligible bool
	switch p.AlertStatus {
	case AlertNone, AlertNotBarred:
		eligible = true
	case AlertBarred:
	default:
		return nil
	}
	return &eligible
}
