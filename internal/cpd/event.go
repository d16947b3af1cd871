package cpd

// What is one kind of step in a participant's history.
type What string

// The steps.
const (
	HandedIn            What = "registered"
	StoodBy             What = "stood_by_details"
	Corrected           What = "details_corrected"
	CorrectedFor        What = "details_corrected_by_administrator"
	CheckedAgain        What = "automatic_check_again"
	Withdrew            What = "withdrew"
	CheckMatched        What = "automatic_check_matched"
	CheckNotMatched     What = "automatic_check_did_not_match"
	CheckNotMade        What = "automatic_check_was_not_made"
	CheckNotAsked       What = "automatic_check_could_not_be_made"
	RequestMade         What = "trn_validation_requested"
	RequestReached      What = "request_reached_tra"
	RequestLost         What = "request_unknown_to_tra"
	RequestTakenBack    What = "request_withdrawn"
	AnswerTRNFound      What = "answer_trn_found"
	AnswerFailed        What = "answer_failed"
	AnswerBarring       What = "answer_barring_check"
	AnswerNotCounted    What = "answer_not_counted"
	AnswerUnreadable    What = "answer_unreadable"
	AnswerRepeatsTRN    What = "answer_confirms_trn"
	TRNValidatedAuto    What = "trn_validated_automatically"
	TRNValidatedByHand  What = "trn_validated_manually"
	TRNReplaced         What = "trn_replaced"
	TRNTakenBack        What = "trn_taken_back"
	ValidationFailed    What = "trn_validation_failed"
	DataDeleted         What = "validation_data_deleted"
	AlertRead           What = "alert_read"
	AlertNoRecord       What = "alert_without_record"
	BarringCheckMade    What = "barring_check_requested"
	AlertSettled        What = "alert_status_changed"
	AlertAssigned       What = "alert_owner_changed"
	ConflictOpened      What = "conflict_opened"
	ConflictSamePerson  What = "conflict_ended_same_person"
	ConflictDifferent   What = "conflict_ended_different_people"
	ConflictWrongLink   What = "conflict_ended_wrong_link"
	ConflictOvertaken   What = "conflict_ended_by_a_later_answer"
	RecordsJoined       What = "records_joined"
	LinkSent            What = "link_mailed"
	LinkUsed            What = "link_used"
	EmailConfirmed      What = "email_confirmed"
	QuestionAsked       What = "question_asked"
	QuestionReminded    What = "question_reminded"
	QuestionWasAnswered What = "question_answered"
	ReplyReached        What = "reply_reached_tra"
	ReplyTooLate        What = "reply_too_late"
	ReplyKept           What = "reply_unknown_to_tra"
	QuestionAskedAgain  What = "question_asked_again"
	AnswerTooLate       What = "answer_read_too_late"
	AskedTRAAgain       What = "tra_asked_again_by_administrator"
	CameByInvitation    What = "came_by_invitation"
)

var whatTexts = map[What]string{
	HandedIn:            "Registered",
	StoodBy:             "Stood by the details after the automatic check found no match",
	Corrected:           "Corrected the details",
	CorrectedFor:        "An administrator corrected the details",
	CheckedAgain:        "An administrator had the automatic check made again",
	Withdrew:            "Took the details back",
	CheckMatched:        "The automatic check found the record",
	CheckNotMatched:     "The automatic check found no record",
	CheckNotMade:        "The automatic check was not made: too many were about the same person or number",
	CheckNotAsked:       "The automatic check could not be made: the register did not answer",
	RequestMade:         "A TRN validation request was made",
	RequestReached:      "The request reached the TRA",
	RequestLost:         "The TRA does not know the request: it is sent again",
	RequestTakenBack:    "The request was withdrawn",
	AnswerTRNFound:      "The TRA answered: a TRN was found",
	AnswerFailed:        "The TRA answered: the TRN could not be validated",
	AnswerBarring:       "The TRA answered the barring check",
	AnswerNotCounted:    "An answer was read that no longer counts",
	AnswerUnreadable:    "An answer was read that holds no usable outcome",
	AnswerRepeatsTRN:    "An answer was read that confirms the TRN",
	TRNValidatedAuto:    "The TRN was validated automatically",
	TRNValidatedByHand:  "The TRN was validated by the TRA",
	TRNReplaced:         "The TRN was replaced by a later version of the answer",
	TRNTakenBack:        "The TRN was taken back",
	ValidationFailed:    "The TRN could not be validated",
	DataDeleted:         "The validation data was deleted",
	AlertRead:           "The register was asked for open alerts",
	AlertNoRecord:       "The register has no record with the TRN any more: what is known of alerts is undetermined",
	BarringCheckMade:    "A barring check was made",
	AlertSettled:        "The alert status changed",
	AlertAssigned:       "The undetermined alert was given to somebody",
	ConflictOpened:      "A conflict was opened",
	ConflictSamePerson:  "The conflict was ended: the same person",
	ConflictDifferent:   "The conflict was ended: different people",
	ConflictWrongLink:   "The conflict was ended: wrong link",
	ConflictOvertaken:   "The conflict was ended by a later version of the answer",
	RecordsJoined:       "Two records of one person were joined",
	LinkSent:            "A link to go on was mailed",
	LinkUsed:            "The mailed link was used",
	QuestionAsked:       "The TRA asks the person a question",
	QuestionReminded:    "The person was reminded of the question",
	QuestionWasAnswered: "Answered the question",
	ReplyReached:        "The answer to the question reached the TRA",
	ReplyTooLate:        "The answer to the question came too late",
	ReplyKept:           "The TRA does not know the question: the answer is kept, and sent when it asks again",
	QuestionAskedAgain:  "The TRA asks a question that the person has answered: the answer is sent again",
	AnswerTooLate:       "The TRA had found a TRN, but the answer was read too late: the TRA has deleted the TRN",
	AskedTRAAgain:       "An administrator asked the TRA again",
	EmailConfirmed:      "The email address was confirmed by the mailed code",
	CameByInvitation:    "Came by an invitation of a school, which sees the status from now on",
}

// Text gives the step as a sentence for administrators.
func (w What) Text() string {
	if text, ok := whatTexts[w]; ok {
		return text
	}
	return string(w)
}

// Who can be the actor of an event, beside an administrator's email address.
const (
	byPerson = "person"
	bySystem = "cpd"
	byTRA    = "tra"
)
