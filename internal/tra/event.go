package tra

import "time"

// What is one kind of step in a request's history.
type What string

// The steps.
const (
	WasReceived       What = "received"
	WasReplaced       What = "replaced"
	ReplacesEarlier   What = "replaces_earlier_request"
	WasWithdrawn      What = "withdrawn"
	ClaimDeleted      What = "claim_deleted"
	WasForgotten      What = "forgotten"
	TicketCreated     What = "ticket_created"
	TicketAdopted     What = "ticket_adopted"
	TicketFollowedUp  What = "ticket_followed_up"
	CaseOpened        What = "case_opened"
	RegisterSearched  What = "register_searched"
	OwnerTook         What = "owner_took_case"
	OwnerTookOver     What = "owner_took_case_over"
	OwnerGaveBack     What = "owner_gave_case_back"
	OwnerIdle         What = "owner_idle"
	OwnerGiven        What = "owner_given_case"
	DecisionMade      What = "decision_made"
	DecisionRead      What = "decision_read_from_ticket"
	DecisionOnTicket  What = "decision_on_ticket"
	DecisionUndone    What = "decision_undone"
	DecisionOvertaken What = "decision_overtaken"
	DecisionRefused   What = "decision_refused"
	ReviewAgreed      What = "second_review_agreed"
	ReviewSentBack    What = "second_review_sent_back"
	ReviewOverridden  What = "second_review_overridden"
	AnswerReleased    What = "answer_released"
	RecordMerged      What = "record_merged"
	TicketReopened    What = "ticket_reopened"
	CaseReopened      What = "case_reopened"
	FlagSet           What = "flag_set"
	FlagCleared       What = "flag_cleared"
	ClientTold        What = "client_told"
	PersonAsked       What = "person_asked"
	QuestionTakenBack What = "question_taken_back"
	PersonAnswered    What = "person_answered"
	PersonSilent      What = "person_did_not_answer"
	TemplateChanged   What = "template_changed"
	TemplateDeleted   What = "template_deleted"
)

var whatTexts = map[What]string{
	WasReceived:       "Received from the client",
	WasReplaced:       "Replaced by a corrected request",
	ReplacesEarlier:   "Takes the place of an earlier request",
	WasWithdrawn:      "Withdrawn by the client",
	ClaimDeleted:      "The details were deleted",
	WasForgotten:      "Everything but the kind, the times and the outcome was deleted",
	TicketCreated:     "The ticket was created",
	TicketAdopted:     "The ticket was found and adopted",
	TicketFollowedUp:  "The ticket was closed: a follow-up ticket was created",
	CaseOpened:        "The case was opened",
	RegisterSearched:  "The register was searched",
	OwnerTook:         "The case was taken",
	OwnerTookOver:     "The case was taken over",
	OwnerGaveBack:     "The case was given back",
	OwnerIdle:         "The case was free again, since nobody went on with it",
	OwnerGiven:        "The case was given to an operator",
	DecisionMade:      "A decision was made",
	DecisionRead:      "A decision was read from the ticket",
	DecisionOnTicket:  "The ticket carries the decision",
	DecisionUndone:    "The decision was undone",
	DecisionOvertaken: "A later decision took the decision's place",
	DecisionRefused:   "The answer on the ticket was refused",
	ReviewAgreed:      "The second operator agreed",
	ReviewSentBack:    "The second operator sent the decision back",
	ReviewOverridden:  "A supervisor agreed without a second operator",
	AnswerReleased:    "The answer was released to the client",
	RecordMerged:      "The record of the released TRN was merged into one that agrees with the claim",
	TicketReopened:    "The ticket was reopened",
	CaseReopened:      "The case was opened again for another answer",
	FlagSet:           "Needs attention",
	FlagCleared:       "Needs attention no more",
	PersonAsked:       "The person was asked a question; the clock is paused",
	QuestionTakenBack: "The question to the person was taken back",
	PersonAnswered:    "The person answered the question",
	PersonSilent:      "The person did not answer in 15 working days",
	TemplateChanged:   "A text was changed",
	TemplateDeleted:   "A text was deleted",
	ClientTold:        "The client was told that there is something to read",
}

// Text gives the step as a sentence for operators.
func (w What) Text() string {
	if text, ok := whatTexts[w]; ok {
		return text
	}
	return string(w)
}

// Event is one step of a request's history. It holds no value of a person's
// claim or record.
type Event struct {
	At      time.Time
	Request RequestID // empty: of no request, such as a search without a case
	Who     string    // traid, the client's name, "helpdesk", "helpdesk agent N" or an operator's email address
	What    What
	Why     string
}

// Who can be the actor of an event, beside clients and operators.
const (
	bySystem   = "traid"
	byHelpdesk = "helpdesk"
)
