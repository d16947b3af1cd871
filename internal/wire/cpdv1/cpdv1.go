// Package cpdv1 is what goes over the wire between Manage CPD and lead
// providers: types, and no rules.
package cpdv1

import "time"

// ScopeParticipants lets a lead provider read the participants of its schools.
const ScopeParticipants = "participants"

// Participant is what a lead provider reads of somebody at one of its schools.
type Participant struct {
	ID                              string    `json:"id" doc:"Never changes. Where two records of one person were joined, that of the older one." example:"0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0001"`
	Reference                       string    `json:"reference" example:"CPD-7KM4-T3X"`
	FirstName                       string    `json:"first_name" doc:"May be empty." example:"Jo"`
	LastName                        string    `json:"last_name" doc:"May be empty." example:"Bloggs"`
	Email                           string    `json:"email" example:"jo@example.org"`
	TeacherReferenceNumber          *string   `json:"teacher_reference_number" doc:"The TRN; null unless validated." example:"1234567"`
	TeacherReferenceNumberValidated *bool     `json:"teacher_reference_number_validated" doc:"Null where no TRN was claimed."`
	EligibleForFunding              *bool     `json:"eligible_for_funding" doc:"Null while unknown or being checked. Never says why."`
	Schools                         []string  `json:"schools" doc:"Unique reference numbers (URN) of the provider's schools that the person is at."`
	CreatedAt                       time.Time `json:"created_at"`
	UpdatedAt                       time.Time `json:"updated_at"`
}

// Participants is a page of them, in the order of change.
type Participants struct {
	Participants []Participant `json:"participants"`
	Next         string        `json:"next" doc:"Goes on after this page, also later, with what has changed since; given with an empty page too."`
}
