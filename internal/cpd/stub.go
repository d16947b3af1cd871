package cpd

import (
	"context"

	"traid/internal/fault"
)

var errStub = fault.New(fault.Internal, "not yet")

type (
	Service struct{}
	What    string
)

// Text ...
func (w What) Text() string { return string(w) }

// Check makes the automatic check and stores nothing but its count. TooMany when asked too often.
func (s *Service) Check(ctx context.Context, d Details, from string) (CheckResult, error) {
	return "", errStub
}

// Register ...: Matched, CouldNotAsk (stored, checked again by itself), NotMatched (nothing stored: correct or StandBy), LinkMailed.
func (s *Service) Register(ctx context.Context, id RegistrationID, d Details, from string) (Registered, error) {
	return Registered{}, errStub
}

// StandBy ...: AwaitsManual, LinkMailed
func (s *Service) StandBy(ctx context.Context, id RegistrationID, d Details) (Registered, error) {
	return Registered{}, errStub
}

// Correct ...: Matched, AwaitsManual, CouldNotAsk. The email address stays as registered.
func (s *Service) Correct(ctx context.Context, id ParticipantID, d Details, from string) (Registered, error) {
	return Registered{}, errStub
}

// Withdraw ...
func (s *Service) Withdraw(ctx context.Context, id ParticipantID) error { return errStub }

// Progress ...
func (s *Service) Progress(ctx context.Context, id ParticipantID) (Progress, error) {
	return Progress{}, errStub
}

// HeldDetails gives what is held of the person's entries, to fill the form of a correction.
func (s *Service) HeldDetails(ctx context.Context, id ParticipantID) (Details, bool, error) {
	return Details{}, false, errStub
}

// OpenLink ... fault.Gone
func (s *Service) OpenLink(ctx context.Context, token string) (ParticipantID, error) {
	return "", errStub
}

// MailLink ... sends a continue link to a registered address; says nothing about whether it is registered
func (s *Service) MailLink(ctx context.Context, d Details, from string) error { return errStub }

func (s *Service) Participants(ctx context.Context, f Filter) (Page, error) { return Page{}, errStub }

func (s *Service) Participant(ctx context.Context, id ParticipantID) (Story, error) {
	return Story{}, errStub
}
func (s *Service) Waiting(ctx context.Context) ([]Waiting, error) { return nil, errStub }
func (s *Service) EndConflict(ctx context.Context, admin string, id ParticipantID, how End, why string) error {
	return errStub
}

func (s *Service) AssignAlert(ctx context.Context, admin string, id ParticipantID, owner string) error {
	return errStub
}

func (s *Service) Outbox(ctx context.Context, after string, limit int) (messages []Message, next string, err error) {
	return nil, "", errStub
}

func (s *Service) PollNow(ctx context.Context, admin string) (PollResult, error) {
	return PollResult{}, errStub
}
func (s *Service) PollState(ctx context.Context) (PollState, error) { return PollState{}, errStub }
