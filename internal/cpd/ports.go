package cpd

import (
	"context"
	"time"

	"traid/internal/person"
)

// TRA is the TRA API. Errors are faults: Unavailable says nothing about the answer.
type TRA interface {
	// Submit hands a request in; repeating it changes nothing.
	Submit(ctx context.Context, s Submission) (RequestStatus, error)
	// Get reads a request: NotFound where it never arrived.
	Get(ctx context.Context, kind Kind, id RequestID) (RequestStatus, error)
	// Withdraw takes a request back: Conflict once it is answered, NotFound where it never arrived.
	Withdraw(ctx context.Context, kind Kind, id RequestID) error
	// Reply hands in what a person answers to a question; repeating it changes
	// nothing. Conflict where the question is over.
	Reply(ctx context.Context, id RequestID, number int64, in Reply) (RequestStatus, error)
	// Answers gives the answers released after a cursor, in order, and the next cursor.
	Answers(ctx context.Context, after Cursor, limit int) ([]Answer, Cursor, error)
}

// Register is the register of teachers.
type Register interface {
	// Find is the automatic check.
	Find(ctx context.Context, d Details) (Finding, error)
	// OpenAlert tells whether the record with the TRN has an open alert.
	OpenAlert(ctx context.Context, trn person.TRN) (AlertSeen, error)
}

// AlertSeen is what the register says of the alerts on a record.
type AlertSeen struct {
	Open  bool
	State string // another one when the open alerts are others; what it says nobody here knows
	AsAt  time.Time
}

// Data is validation data: what a person typed, once.
type Data struct {
	ID          string
	Participant ParticipantID
	Details     Details
	CreatedAt   time.Time
}

// TaskKind is what is to be done to the row that a task names.
type TaskKind string

// The kinds of task, which are also the names of the jobs that kick them.
const (
	TaskCheck         TaskKind = "cpd_check"                  // a participant's automatic check, again
	TaskSend          TaskKind = "cpd_send_request"           // a request to the TRA
	TaskWithdraw      TaskKind = "cpd_withdraw_request"       // a request back from the TRA
	TaskAlert         TaskKind = "cpd_read_alert"             // of a participant's record
	TaskDeleteData    TaskKind = "cpd_delete_validation_data" // of a participant, after a failure
	TaskInvite        TaskKind = "cpd_invite"                 // the people of a file
	TaskMail          TaskKind = "cpd_send_mail"              // and what became of it
	TaskReply         TaskKind = "cpd_send_reply"             // to a question of the TRA
	TaskRemind        TaskKind = "cpd_remind"                 // a person of a question
	TaskRemindInvited TaskKind = "cpd_remind_invited"         // a person of an invitation
)

// Task says when to look at a row. The row decides what is done.
type Task struct {
	Kind     TaskKind
	Subject  string    // the id of the participant or the request
	Since    time.Time // when it was first made due
	DueAt    time.Time
	Attempts int64
	Lease    time.Time // until when somebody works at it: the holder's proof that it is still theirs
}

// Feed is how far the TRA's answers are read.
type Feed struct {
	Cursor   Cursor
	DueAt    time.Time // zero: never polled
	LastAt   time.Time // the last poll that succeeded
	Attempts int64     // failed since then
	Problem  string
}

// Reads is what can be read inside and outside of a transaction. What is not
// there is fault.NotFound.
type Reads interface {
	Participant(ctx context.Context, id ParticipantID) (Participant, error)
	ParticipantByRegistration(ctx context.Context, id RegistrationID) (Participant, error)
	ParticipantByEmail(ctx context.Context, email person.Email) (Participant, error) // case-folded; of any address that was joined
	ParticipantByTRN(ctx context.Context, trn person.TRN) (Participant, error)       // on whom it stands
	Data(ctx context.Context, id ParticipantID) (Data, error)                        // the newest
	DataByID(ctx context.Context, id string) (Data, error)
	Request(ctx context.Context, id RequestID) (Request, error)
	Requests(ctx context.Context, id ParticipantID) ([]Request, error) // oldest first
	OpenConflict(ctx context.Context, id ParticipantID) (Conflict, error)
	OpenQuestion(ctx context.Context, id RequestID) (Question, error) // or whose reply is on its way
	Questions(ctx context.Context, id RequestID) ([]Question, error)  // every one, in their order
	Feed(ctx context.Context) (Feed, error)
	EmailCode(ctx context.Context, id RegistrationID) (EmailCode, error)
	Draft(ctx context.Context, email person.Email) (Draft, error)
	Sending(ctx context.Context, id string) (Sending, error)
	School(ctx context.Context, urn URN) (School, error)
	SchoolOfTutor(ctx context.Context, tutor person.Email) (School, error)
	Invitation(ctx context.Context, id InvitationID) (Invitation, error)
	InvitationTo(ctx context.Context, urn URN, email person.Email) (Invitation, error)
	Upload(ctx context.Context, id string) (Upload, error)
	Uploads(ctx context.Context, urn URN, limit int) ([]Upload, error) // newest first
}

// Store keeps everything of cpd.
type Store interface {
	Reads
	// InTx runs do in one transaction; do may run more than once.
	InTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error

	DueTasks(ctx context.Context, now time.Time, limit int) ([]Task, error) // due and not leased, earliest first
	SilentRequests(ctx context.Context, askedBefore time.Time, limit int) ([]Request, error)

	Participants(ctx context.Context, f Filter, countAtMost int) (list []Participant, total int, more bool, err error)
	JoinedParticipants(ctx context.Context, id ParticipantID) ([]Participant, error)
	Events(ctx context.Context, id ParticipantID) ([]Event, error)     // with those of the joined records, oldest first
	Messages(ctx context.Context, id ParticipantID) ([]Message, error) // likewise
	Outbox(ctx context.Context, after string, limit int) ([]Message, error)
	Unsettled(ctx context.Context, limit int) ([]Participant, error)  // not checked, in conflict, or with an undetermined alert
	OpenRequests(ctx context.Context, limit int) ([]RequestOf, error) // waiting or sent
	FailingAlertReads(ctx context.Context, limit int) ([]TaskOf, error)

	Schools(ctx context.Context) ([]School, error)
	SchoolsOf(ctx context.Context, id ParticipantID) ([]School, error) // whose invitations a participant accepted
	SchoolEvents(ctx context.Context, subject string) ([]SchoolEvent, error)
	InvitationByLink(ctx context.Context, hash string, now time.Time) (Invitation, error)
	Invitations(ctx context.Context, urn URN, f InvitationFilter, limit int) ([]Invitation, map[InvitationState]int, error)
	ProvidedTo(ctx context.Context, provider string, since time.Time, after Place, until time.Time, limit int) ([]Provided, error)
	ProvidedSchools(ctx context.Context, provider string, id ParticipantID) ([]URN, error)
	WrongRows(ctx context.Context, upload string, limit int) ([]UploadRow, error)
	Rows(ctx context.Context, upload string, afterLine, limit int) ([]UploadRow, error)
}

// RequestOf is a request with its participant's reference.
type RequestOf struct {
	Request
	Reference Reference
}

// TaskOf is a participant's task with the participant's reference.
type TaskOf struct {
	Task
	Reference Reference
}

// Tx is what one transaction can do. ErrTaken is given for what is unique and
// stands already.
type Tx interface {
	Reads
	AddParticipant(ctx context.Context, p Participant) error
	SaveParticipant(ctx context.Context, p Participant) error
	// Join moves the email addresses, requests, invitations and joined records of one participant to another.
	Join(ctx context.Context, from, into ParticipantID) error

	AddData(ctx context.Context, d Data) error
	// DeleteData deletes a participant's validation data but for the rows named.
	DeleteData(ctx context.Context, id ParticipantID, keep ...string) error
	DeleteDataByID(ctx context.Context, id string) error

	AddRequest(ctx context.Context, r Request) error
	// SaveRequest forgets the replies to the questions of a request that is over.
	SaveRequest(ctx context.Context, r Request) error
	Successor(ctx context.Context, id RequestID) (Request, error) // the waiting request that replaces this one
	// AddAnswer keeps that a version was read, false when it was read before. It keeps no TRN.
	AddAnswer(ctx context.Context, a Answer, readAt time.Time) (bool, error)

	AddQuestion(ctx context.Context, q Question) (bool, error) // false where it is known
	SaveQuestion(ctx context.Context, q Question) error
	AddConflict(ctx context.Context, c Conflict) error
	SaveConflict(ctx context.Context, c Conflict) error

	AddEvent(ctx context.Context, e Event) error
	AddMessage(ctx context.Context, m Message, s Secret) error
	SaveSending(ctx context.Context, m Sending) error
	// UseLink ends a link that is good at now and gives what it leads to.
	UseLink(ctx context.Context, hash string, now time.Time) (LinkTarget, error)
	// UseCode ends the code in a mail.
	UseCode(ctx context.Context, message string) error
	SaveEmailCode(ctx context.Context, c EmailCode) error
	// SaveDraft keeps answers, in the place of those saved earlier under the address.
	SaveDraft(ctx context.Context, d Draft) error
	DeleteDraft(ctx context.Context, email person.Email) error
	// Clean deletes what is over at now: links and codes and their text,
	// confirmations, saved answers, counters of windows that began before, mails
	// to nobody who handed in that are older than strangersBefore, files, and what
	// was entered of people who did not follow an invitation.
	Clean(ctx context.Context, now, windowsBefore, strangersBefore time.Time) error
	// Count adds one to a counter of a window of time and gives it.
	Count(ctx context.Context, key string, window time.Time) (int64, error)

	// Enqueue makes a task due, anew when there is one, and kicks it then.
	Enqueue(ctx context.Context, kind TaskKind, subject string, due time.Time) error
	DropTask(ctx context.Context, kind TaskKind, subject string) error
	// Lease takes a task that is due at now and free, and counts the attempt; false otherwise.
	Lease(ctx context.Context, kind TaskKind, subject string, now, until time.Time) (Task, bool, error)
	// FinishTask and DelayTask change nothing when the lease is not the task's any more.
	FinishTask(ctx context.Context, t Task) error
	DelayTask(ctx context.Context, t Task, due time.Time) error

	SaveFeed(ctx context.Context, f Feed) error

	SaveSchool(ctx context.Context, s School) error
	TouchSchoolsPeople(ctx context.Context, urn URN, now time.Time) error
	SaveTutor(ctx context.Context, tutor person.Email, urn URN) error
	AddSchoolEvent(ctx context.Context, e SchoolEvent) error
	CountInvitations(ctx context.Context, urn URN) (int, error)
	InvitedAddresses(ctx context.Context, urn URN) (map[string]bool, error) // case-folded
	OpenInvitationsTo(ctx context.Context, email person.Email) ([]Invitation, error)
	AddInvitation(ctx context.Context, i Invitation) error
	InvitationSentAgain(ctx context.Context, i Invitation) error
	InvitationReminded(ctx context.Context, i Invitation) error
	OpenInvitation(ctx context.Context, id InvitationID, registration RegistrationID, at time.Time) error
	// OpenedInvitations gives those whose link was used on the way to a
	// registration, or by its address, and that nobody accepted.
	OpenedInvitations(ctx context.Context, id RegistrationID, email person.Email) ([]Invitation, error)
	// AcceptInvitation ties a participant to an invitation and forgets what was entered to be checked.
	AcceptInvitation(ctx context.Context, id InvitationID, p ParticipantID) error
	DeleteInvitation(ctx context.Context, id InvitationID) error
	EndInvitationLinks(ctx context.Context, id InvitationID) error

	AddUpload(ctx context.Context, u Upload, rows []UploadRow) error
	SaveUpload(ctx context.Context, u Upload) error
	DeleteUpload(ctx context.Context, id string) error
	RowsToDo(ctx context.Context, upload string, limit int) ([]UploadRow, error)
	RowDone(ctx context.Context, upload string, line int, result RowResult) error
}
