// Package trav1 is what goes over the wire to and from the TRA API: the types
// of its HTTP API and of its webhook, and a small client. It holds no rule.
// Personal values are plain strings here; who sends and receives them turns
// them into person types, and never logs these structs.
package trav1

import "time"

// ScopeRequests is the scope of a token for everything here.
const ScopeRequests = "requests"

// Kinds of request.
const (
	TRNValidation = "trn_validation"
	BarringCheck  = "barring_check"
)

// Statuses of a request, as its client sees them.
const (
	Received   = "received"
	InProgress = "in_progress"
	Answered   = "answered"
	Withdrawn  = "withdrawn"
)

// Outcomes: of a TRN validation trn_found or failed, of a barring check
// barred, not_barred or failed.
const (
	TRNFound  = "trn_found"
	Failed    = "failed"
	Barred    = "barred"
	NotBarred = "not_barred"
)

// Reasons of the outcome failed.
const (
	NoRecord          = "no_record"
	SeveralRecords    = "several_records"
	DetailsDoNotMatch = "details_do_not_match"
	NotEnoughDetails  = "not_enough_details"
	CannotTell        = "cannot_tell"
	Other             = "other"
)

// Name is a first and a last name; a previous name may have one of them only.
type Name struct {
	FirstName string `json:"first_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"Empty when not known."`
	LastName  string `json:"last_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"Empty when not known."`
}

// TRNValidationRequest asks for a person's TRN.
type TRNValidationRequest struct {
	FirstName               string `json:"first_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"First name; this or the last name is needed." example:"Zoë"`
	LastName                string `json:"last_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"Family name; this or the first name is needed." example:"Okoro-Marsh"`
	PreviousNames           []Name `json:"previous_names,omitempty" required:"false" nullable:"true" maxItems:"50" doc:"Names the person had before."`
	DateOfBirth             string `json:"date_of_birth" format:"date" doc:"As year, month, day." example:"1984-02-17"`
	NationalInsuranceNumber string `json:"national_insurance_number,omitempty" required:"false" nullable:"true" maxLength:"100" doc:"Null when not given." example:"QQ123456C"`
	TRN                     string `json:"trn,omitempty" required:"false" nullable:"true" maxLength:"100" doc:"Teacher reference number as the person gave it; null when not given." example:"8400123"`
	Email                   string `json:"email,omitempty" required:"false" nullable:"true" maxLength:"254" doc:"Email address; null when not given."`
	Replaces                string `json:"replaces,omitempty" required:"false" nullable:"true" pattern:"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" patternDescription:"a UUID" doc:"Id of an earlier request of the same client that this one corrects: it is withdrawn and its place in the queue passes on."`
}

// BarringCheckRequest asks what the alert on a record means.
type BarringCheckRequest struct {
	TRN       string `json:"trn" pattern:"^[0-9]{7}$" patternDescription:"seven digits" doc:"Teacher reference number of the record." example:"8400123"`
	FirstName string `json:"first_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"First name."`
	LastName  string `json:"last_name,omitempty" required:"false" nullable:"true" maxLength:"255" doc:"Family name."`
}

// Answer is the newest released version of the answer to a request.
type Answer struct {
	_             struct{}  `nullable:"true"` // for the OpenAPI document: null while there is none
	Version       int64     `json:"version" minimum:"1" doc:"Counts up; a later version takes the place of an earlier one."`
	Outcome       string    `json:"outcome" enum:"trn_found,failed,barred,not_barred"`
	TRN           *string   `json:"trn" doc:"With trn_found; null once it is deleted, as the outcome alone stays after the time for which requests are kept." example:"8400123"`
	FailureReason *string   `json:"failure_reason" doc:"With failed: no_record, several_records, details_do_not_match, not_enough_details, cannot_tell or other; null otherwise, and once it is deleted." example:"no_record"`
	Note          *string   `json:"note" doc:"For the client; never a TRN, an NI number or a date; null without one, and once it is deleted."`
	AnsweredAt    time.Time `json:"answered_at" doc:"When it was released."`
}

// Request is where a request stands.
type Request struct {
	ID          string     `json:"id" format:"uuid" doc:"Chosen by the client."`
	Kind        string     `json:"kind" enum:"trn_validation,barring_check"`
	Status      string     `json:"status" enum:"received,in_progress,answered,withdrawn"`
	SubmittedAt time.Time  `json:"submitted_at"`
	ExpectedBy  *time.Time `json:"expected_by" doc:"When an answer may be expected; may change; null when nothing is expected."`
	AsOf        time.Time  `json:"as_of" doc:"When this was last known to be so."`
	Answer      *Answer    `json:"answer" doc:"Null while there is none. Beside the status in_progress it is being looked at again: it stands until the next version."`
	Question    *Question  `json:"question" doc:"Null but while the person is asked something: then the status is in_progress, nothing is expected, and the reply is awaited."`
}

// Question is what an operator asks the person. The client puts it to them and
// hands in the reply.
type Question struct {
	_       struct{}  `nullable:"true"` // for the OpenAPI document: null while there is none
	Number  int64     `json:"number" minimum:"1" doc:"In its request: the reply names it."`
	Text    string    `json:"text" doc:"For the person; never a TRN, an NI number or a date."`
	AsksFor *string   `json:"asks_for" doc:"The detail that is asked for: national_insurance_number, trn or previous_names; null where words are."`
	AskedAt time.Time `json:"asked_at"`
	EndsAt  time.Time `json:"ends_at" doc:"Without a reply by then the request fails for not_enough_details."`
}

// QuestionReply is what the person answers: words, details, or both.
type QuestionReply struct {
	Text                    string `json:"text,omitempty" required:"false" nullable:"true" maxLength:"4000" doc:"In the person's words, 1,000 characters at most; null when there are none."`
	NationalInsuranceNumber string `json:"national_insurance_number,omitempty" required:"false" nullable:"true" maxLength:"100" doc:"Takes the place of the one in the request; null when not given."`
	TRN                     string `json:"trn,omitempty" required:"false" nullable:"true" maxLength:"100" doc:"Takes the place of the one in the request; null when not given."`
	PreviousNames           []Name `json:"previous_names,omitempty" required:"false" nullable:"true" maxItems:"10" doc:"Added to those in the request."`
}

// ListedRequest is one of the client's own requests.
type ListedRequest struct {
	ID     string `json:"id" format:"uuid"`
	Kind   string `json:"kind" enum:"trn_validation,barring_check"`
	Status string `json:"status" enum:"received,in_progress,answered,withdrawn"`
}

// RequestList is a page of the client's own requests, in the order of their ids.
type RequestList struct {
	Requests []ListedRequest `json:"requests" nullable:"false"`
	Next     *string         `json:"next" doc:"Where the next page begins; null on the last."`
}

// ReleasedAnswer is one version of an answer in the order of release.
type ReleasedAnswer struct {
	ID            string    `json:"id" format:"uuid" doc:"Of the request."`
	Kind          string    `json:"kind" enum:"trn_validation,barring_check"`
	Version       int64     `json:"version" minimum:"1" doc:"Counts up; a later version takes the place of an earlier one."`
	Outcome       string    `json:"outcome" enum:"trn_found,failed,barred,not_barred"`
	TRN           *string   `json:"trn" doc:"With trn_found; null once it is deleted, as the outcome alone stays after the time for which requests are kept." example:"8400123"`
	FailureReason *string   `json:"failure_reason" doc:"With failed: no_record, several_records, details_do_not_match, not_enough_details, cannot_tell or other; null otherwise, and once it is deleted." example:"no_record"`
	Note          *string   `json:"note" doc:"For the client; never a TRN, an NI number or a date; null without one, and once it is deleted."`
	AnsweredAt    time.Time `json:"answered_at" doc:"When it was released."`
}

// Answer gives what was answered, without to what.
func (a ReleasedAnswer) Answer() Answer {
	return Answer{
		Version: a.Version, Outcome: a.Outcome, TRN: a.TRN,
		FailureReason: a.FailureReason, Note: a.Note, AnsweredAt: a.AnsweredAt,
	}
}

// Answers is a page of released answers.
type Answers struct {
	Answers []ReleasedAnswer `json:"answers" nullable:"false" doc:"In the order of release."`
	Next    string           `json:"next" doc:"Where to go on from: the cursor given when there was nothing new. Never expires."`
}

// WebhookRequest says where a client wants to be told that an answer was released.
type WebhookRequest struct {
	URL     string   `json:"url" maxLength:"2000" doc:"Where to; https, at a public address." example:"https://cpd.example.org/webhooks/tra"`
	Secrets []string `json:"secrets" minItems:"1" maxItems:"2" nullable:"false" doc:"What each webhook is signed with (Standard Webhooks 1.0.0, whsec_ and 24 to 64 bytes in base64): one, or two while one takes the place of the other. They are not shown again."`
}

// Webhook is where a client is told.
type Webhook struct {
	URL       string    `json:"url"`
	Secrets   int       `json:"secrets" doc:"How many secrets it is signed with."`
	Status    string    `json:"status" enum:"enabled,disabled" doc:"Disabled since the receiver answered 410 Gone; registering again enables it."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Statuses of a Webhook.
const (
	WebhookEnabled  = "enabled"
	WebhookDisabled = "disabled"
)

// Delivery is one thing that a client is told.
type Delivery struct {
	ID            string     `json:"id" doc:"The webhook-id: the same for every attempt."`
	Type          string     `json:"type" enum:"answer.released,question.asked,ping"`
	RequestID     *string    `json:"request_id" doc:"What it is about; null of a ping."`
	Kind          *string    `json:"kind" doc:"trn_validation or barring_check; null of a ping."`
	Status        string     `json:"status" enum:"pending,delivered,failed" doc:"Failed: given up after about a day; it can be had anew."`
	Attempts      int64      `json:"attempts"`
	CreatedAt     time.Time  `json:"created_at"`
	LastAttemptAt *time.Time `json:"last_attempt_at" doc:"Null when none was made yet."`
	LastAnswer    *int       `json:"last_answer" doc:"The receiver's HTTP status; null without an answer."`
	LastError     *string    `json:"last_error" doc:"Why the last attempt failed; null when it did not."`
}

// DeliveryList is a page of deliveries, in the order in which they came to be.
type DeliveryList struct {
	Deliveries []Delivery `json:"deliveries" nullable:"false"`
	Next       *string    `json:"next" doc:"Where the next page begins; null on the last."`
}

// Types of the events that webhooks announce.
const (
	EventAnswerReleased = "answer.released"
	EventQuestionAsked  = "question.asked"
	EventPing           = "ping" // means nothing; its data is empty
)

// Event is the webhook's payload (Standard Webhooks). It is a hint and holds
// nobody's data: answers are read by the same call as the poll, a question with
// its request.
type Event struct {
	Type      string    `json:"type"` // answer.released, question.asked, ping
	Timestamp time.Time `json:"timestamp"`
	Data      EventData `json:"data"`
}

// EventData names the request that it is about.
type EventData struct {
	ID   string `json:"id,omitempty"`
	Kind string `json:"kind,omitempty"`
}
