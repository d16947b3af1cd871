// Package dqtv1 is what goes over the wire to and from the register service:
// the types of its HTTP API and a small client. It holds no rule. Personal
// values are plain strings here; who sends and receives them turns them into
// person types, and never logs these structs.
package dqtv1

import "time"

// Results of the automatic check.
const (
	Match   = "match"
	NoMatch = "no_match"
)

// Bases of a match.
const (
	BasisTRN   = "trn"
	BasisNINO  = "nino"
	BasisModel = "model"
)

// Reasons why the automatic check found no match.
const (
	NothingToSearch     = "nothing_to_search"
	FirstNameMissing    = "first_name_missing"
	IdentifiersConflict = "identifiers_conflict"
	FirstNameDiffers    = "first_name_differs"
	SeveralRecords      = "several_records"
	NotFound            = "not_found"
)

// Statuses of a record.
const (
	Active   = "active"
	Inactive = "inactive"
	Merged   = "merged"
)

// Scopes of a token for the register service.
const (
	ScopeIdentify    = "identify"     // find, candidates and show
	ScopeAlertExists = "alert-exists" // whether there is an open alert
	ScopeAlerts      = "alerts"       // what the alerts are, in every record
	ScopeSearch      = "search"       // free search, and NI numbers unmasked in every record
)

// Name is a first and a last name; a previous name may have one of them only.
type Name struct {
	FirstName string `json:"first_name,omitempty" required:"false" nullable:"true" doc:"Empty when not known."`
	LastName  string `json:"last_name,omitempty" required:"false" nullable:"true" doc:"Empty when not known."`
}

// Claim is what a person says of themselves, as they typed it. It is read
// leniently: everything may be missing.
type Claim struct {
	FirstName               string `json:"first_name,omitempty" required:"false" nullable:"true" doc:"First name, with a title or middle names or without." example:"Zoë"`
	LastName                string `json:"last_name,omitempty" required:"false" nullable:"true" doc:"Family name." example:"Okoro-Marsh"`
	PreviousNames           []Name `json:"previous_names,omitempty" required:"false" nullable:"true" doc:"Names the person had before."`
	DateOfBirth             string `json:"date_of_birth,omitempty" required:"false" nullable:"true" doc:"As year, month, day." example:"1984-02-17"`
	NationalInsuranceNumber string `json:"national_insurance_number,omitempty" required:"false" nullable:"true" doc:"As typed." example:"QQ 12 34 56 C"`
	TRN                     string `json:"trn,omitempty" required:"false" nullable:"true" doc:"Teacher reference number, as typed." example:"RP 12/34567"`
	Email                   string `json:"email,omitempty" required:"false" nullable:"true" doc:"Email address."`
}

// Alert is a restriction or note on a record.
type Alert struct {
	Code        string  `json:"code" doc:"Code of the alert type." example:"T1"`
	Category    string  `json:"category" doc:"Category of the alert type; empty for an unknown code." example:"Prohibition from teaching"`
	Name        string  `json:"name" doc:"What the alert says; empty for an unknown code."`
	Prohibition bool    `json:"prohibition" doc:"The type counts as a prohibition from teaching."`
	Internal    bool    `json:"internal" doc:"The type is for the register's own people alone; false for an unknown code."`
	Start       string  `json:"start" doc:"Day it starts, as recorded; a day that cannot be read counts as begun." example:"2019-05-01"`
	End         *string `json:"end" doc:"Last day it is in force, as recorded; null while it has none."`
	Details     string  `json:"details" doc:"Note of the register."`
	Open        bool    `json:"open" doc:"It is in force in London today."`
}

// Record is a teacher's record.
type Record struct {
	TRN                      string   `json:"trn" example:"8400123"`
	Status                   string   `json:"status" enum:"active,inactive,merged"`
	FirstName                string   `json:"first_name"`
	MiddleName               string   `json:"middle_name"`
	LastName                 string   `json:"last_name"`
	PreviousNames            []Name   `json:"previous_names" nullable:"false" doc:"Names the record had before; the first name is empty where only the family name is kept."`
	DateOfBirth              *string  `json:"date_of_birth" doc:"Null when the register holds none." example:"1984-02-17"`
	NationalInsuranceNumbers []string `json:"national_insurance_numbers" nullable:"false" doc:"The current one first, then earlier ones. Masked without the scope search." example:"[\"******56C\"]"`
	QTSDate                  *string  `json:"qts_date" doc:"Day of qualified teacher status, null without."`
	Alerts                   []Alert  `json:"alerts,omitempty" required:"false" doc:"Only with the scope alerts; left out when there are none."`
}

// FindResult is the answer of the automatic check.
type FindResult struct {
	Result string `json:"result" enum:"match,no_match"`
	TRN    string `json:"trn,omitempty" required:"false" doc:"With a match."`
	Basis  string `json:"basis,omitempty" required:"false" enum:"trn,nino,model" doc:"With a match: which identifier found the record, or that all of the claim together did."`
	Reason string `json:"reason,omitempty" required:"false" enum:"nothing_to_search,first_name_missing,identifiers_conflict,first_name_differs,several_records,not_found" doc:"Without a match."`
}

// CandidatesRequest asks which records may be the claimant's.
type CandidatesRequest struct {
	Claim   Claim  `json:"claim"`
	Case    string `json:"case,omitempty" required:"false" maxLength:"100" pattern:"^[A-Za-z0-9-]*$" doc:"Id of the case it is asked for; this or purpose is needed. Kept in the audit."`
	Purpose string `json:"purpose,omitempty" required:"false" maxLength:"100" doc:"Why it is asked, without personal values. Kept in the audit."`
	Limit   int    `json:"limit,omitempty" required:"false" minimum:"1" maximum:"50" default:"5" doc:"How many candidates at most."`
}

// Evidence is what one field says for or against a candidate.
type Evidence struct {
	Field    string  `json:"field" doc:"Which field was compared." example:"last_name"`
	Level    string  `json:"level" doc:"How the two agree." example:"earlier_name"`
	Bits     float64 `json:"bits" doc:"Weight: positive speaks for the candidate."`
	Claimed  string  `json:"claimed" doc:"The value in the claim."`
	Recorded string  `json:"recorded" doc:"The value in the record; NI numbers masked without the scope search."`
}

// Candidate is a record that may be the claimant's.
type Candidate struct {
	Record      Record     `json:"record"`
	Bits        float64    `json:"bits" doc:"Sum of the evidence's bits."`
	Probability float64    `json:"probability" doc:"That it is the claimant's record, against the other candidates and against nobody."`
	Evidence    []Evidence `json:"evidence" nullable:"false" doc:"Heaviest first."`
}

// CandidatesResult is a ranked list.
type CandidatesResult struct {
	Candidates   []Candidate `json:"candidates" nullable:"false" doc:"The likeliest first."`
	RegisterAsAt *time.Time  `json:"register_as_at" doc:"When the register was last brought up to date; null when never."`
}

// SearchRequest is a free search of the register.
type SearchRequest struct {
	Query   string `json:"query" maxLength:"200" doc:"Names or the beginning of names, a date of birth, a year, a TRN, an NI number, an email address, in any mixture."`
	Case    string `json:"case,omitempty" required:"false" maxLength:"100" pattern:"^[A-Za-z0-9-]*$" doc:"Id of the case it is asked for; this or purpose is needed. Kept in the audit."`
	Purpose string `json:"purpose,omitempty" required:"false" maxLength:"100" doc:"Why it is asked, without personal values. Kept in the audit."`
	Limit   int    `json:"limit,omitempty" required:"false" minimum:"1" maximum:"100" default:"20" doc:"How many records at most."`
	After   string `json:"after,omitempty" required:"false" maxLength:"7" doc:"TRN of the last record of the page before."`

	Status   string `json:"status,omitempty" required:"false" enum:"active,inactive" doc:"Only records of this status."`
	BornFrom int    `json:"born_from,omitempty" required:"false" minimum:"1900" maximum:"2100" doc:"Only people born in this year or later."`
	BornTo   int    `json:"born_to,omitempty" required:"false" minimum:"1900" maximum:"2100" doc:"Only people born in this year or earlier."`
}

// Found is one record of a search.
type Found struct {
	Record  Record   `json:"record"`
	FoundBy []string `json:"found_by" nullable:"false" doc:"What in the record answers the query: trn, national_insurance_number, email, date_of_birth, birth_year, birth_day, or first_name, middle_name, last_name, previous_name, each also with _begins or _sounds_like."`
}

// SearchResult is a page of records, best first. A page shorter than the limit is the last.
type SearchResult struct {
	Records      []Found    `json:"records" nullable:"false"`
	RegisterAsAt *time.Time `json:"register_as_at" doc:"When the register was last brought up to date; null when never."`
}

// TRNRequest names a record.
type TRNRequest struct {
	TRN string `json:"trn" pattern:"^[0-9]{7}$" patternDescription:"seven digits" doc:"Teacher reference number, seven digits."`
}

// ShowResult is one record; that of a merged TRN is its survivor.
type ShowResult struct {
	Record       Record     `json:"record"`
	MergedFrom   *string    `json:"merged_from" doc:"The TRN that was asked for, when it is merged into the record's."`
	RegisterAsAt *time.Time `json:"register_as_at" doc:"When the register was last brought up to date; null when never."`
}

// AlertExistsResult tells whether a record has an open alert.
type AlertExistsResult struct {
	OpenAlert bool       `json:"open_alert" doc:"An alert on the record, or on one merged into it, is in force in London today."`
	State     string     `json:"state" doc:"Another one when the record's open alerts are others, empty without one. It can be compared and tells nothing else."`
	AsAt      *time.Time `json:"as_at" doc:"When the register was last brought up to date."`
}
