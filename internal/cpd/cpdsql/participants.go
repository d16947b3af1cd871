package cpdsql

import (
	"context"
	"errors"
	"fmt"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// Participant gives a participant by its id.
func (r reads) Participant(ctx context.Context, id cpd.ParticipantID) (cpd.Participant, error) {
	row, err := r.q.PersonByID(ctx, string(id))
	return participant(row, err)
}

// ParticipantByRegistration gives the participant that a registration made.
func (r reads) ParticipantByRegistration(ctx context.Context, id cpd.RegistrationID) (cpd.Participant, error) {
	row, err := r.q.PersonByRegistration(ctx, string(id))
	return participant(row, err)
}

// ParticipantByEmail gives the participant whose address it is, by now.
func (r reads) ParticipantByEmail(ctx context.Context, email person.Email) (cpd.Participant, error) {
	row, err := r.q.PersonByEmail(ctx, email.Key())
	return participant(row, err)
}

// ParticipantByTRN gives the participant on whom a TRN stands.
func (r reads) ParticipantByTRN(ctx context.Context, trn person.TRN) (cpd.Participant, error) {
	row, err := r.q.PersonByTRN(ctx, trn.Reveal())
	return participant(row, err)
}

// JoinedParticipants gives the records that were joined into a participant's, the oldest first.
func (s *Store) JoinedParticipants(ctx context.Context, id cpd.ParticipantID) ([]cpd.Participant, error) {
	rows, err := s.q.JoinedPeople(ctx, string(id))
	return each("participant", rows, err, toParticipant)
}

// Unsettled gives who is not checked, in conflict, or has an undetermined
// alert, the longest first. Who withdrew waits for nothing and is left out.
func (s *Store) Unsettled(ctx context.Context, limit int) ([]cpd.Participant, error) {
	rows, err := s.q.UnsettledPeople(ctx, int32(limit))
	return each("participant", rows, err, toParticipant)
}

// AddParticipant keeps a new participant. ErrTaken where its reference, its
// registration, its email address or its TRN stands already.
func (x *tx) AddParticipant(ctx context.Context, p cpd.Participant) error {
	if err := wrote("add participant", x.q.AddParticipant(ctx, AddParticipantParams{
		ID: string(p.ID), Reference: string(p.Reference), RegistrationID: string(p.RegistrationID),
		FirstName: p.FirstName.Reveal(), LastName: p.LastName.Reveal(), Email: p.Email.Reveal(),
		CreatedAt: sqldb.Time(p.CreatedAt), UpdatedAt: sqldb.Time(p.UpdatedAt),
		TrnStatus: string(p.TRNStatus), Trn: p.TRN.Reveal(), TrnClaimed: p.TRNClaimed, TrnAt: sqldb.Time(p.TRNAt),
		TrnRequest: string(p.TRNRequest), TrnVersion: p.TRNVersion,
		SubmittedAt: sqldb.Time(p.SubmittedAt), ExpectedBy: sqldb.NullTime(p.ExpectedBy), WithdrawnAt: sqldb.NullTime(p.WithdrawnAt),
		AlertStatus: string(p.AlertStatus), AlertAt: sqldb.NullTime(p.AlertAt), AlertRequest: string(p.AlertRequest), AlertOwner: p.AlertOwner,
		DeleteDataAt: sqldb.NullTime(p.DeleteDataAt), JoinedInto: string(p.JoinedInto), Epoch: p.Epoch, AlertState: p.AlertState,
	})); err != nil {
		return err
	}
	if err := x.q.AddEmail(ctx, AddEmailParams{EmailKey: p.Email.Key(), ParticipantID: string(p.ID)}); err != nil {
		return wrote("add email address", err)
	}
	return x.saveWords(ctx, p)
}

// SaveParticipant changes a participant, but for what it was registered with:
// id, reference, registration and email address. Whether validation data is
// held follows from the data, and so does what schools see: whoever changes the
// data saves the participant after it. ErrTaken where the TRN stands on another one.
func (x *tx) SaveParticipant(ctx context.Context, p cpd.Participant) error {
	n, err := x.q.SaveParticipant(ctx, SaveParticipantParams{
		FirstName: p.FirstName.Reveal(), LastName: p.LastName.Reveal(), UpdatedAt: sqldb.Time(p.UpdatedAt),
		TrnStatus: string(p.TRNStatus), Trn: p.TRN.Reveal(), TrnClaimed: p.TRNClaimed, TrnAt: sqldb.Time(p.TRNAt),
		TrnRequest: string(p.TRNRequest), TrnVersion: p.TRNVersion,
		SubmittedAt: sqldb.Time(p.SubmittedAt), ExpectedBy: sqldb.NullTime(p.ExpectedBy), WithdrawnAt: sqldb.NullTime(p.WithdrawnAt),
		AlertStatus: string(p.AlertStatus), AlertAt: sqldb.NullTime(p.AlertAt), AlertRequest: string(p.AlertRequest), AlertOwner: p.AlertOwner,
		DeleteDataAt: sqldb.NullTime(p.DeleteDataAt), JoinedInto: string(p.JoinedInto), Epoch: p.Epoch, AlertState: p.AlertState, ID: string(p.ID),
	})
	if err := changed("participant", n, err); err != nil {
		return err
	}
	if err := x.q.TellSchools(ctx, text(string(p.ID))); err != nil {
		return wrote("tell schools", err)
	}
	return x.saveWords(ctx, p)
}

// Join moves the email addresses, requests, invitations and joined records of one
// participant to another. The history and the mails stay where they are and
// are read from both.
func (x *tx) Join(ctx context.Context, from, into cpd.ParticipantID) error {
	return wrote("join participants", errors.Join(
		x.q.MoveEmails(ctx, MoveEmailsParams{IntoID: string(into), FromID: string(from)}),
		x.q.MoveRequests(ctx, MoveRequestsParams{IntoID: string(into), FromID: string(from)}),
		x.q.MoveInvitations(ctx, MoveInvitationsParams{IntoID: text(string(into)), FromID: text(string(from))}),
		x.q.MoveJoined(ctx, MoveJoinedParams{IntoID: string(into), FromID: string(from)}),
	))
}

func participant(row Person, err error) (cpd.Participant, error) {
	if err != nil {
		return cpd.Participant{}, failed("participant", err)
	}
	return toParticipant(row)
}

func toParticipant(row Person) (cpd.Participant, error) {
	var v values
	p := cpd.Participant{
		ID: cpd.ParticipantID(row.ID), Reference: cpd.Reference(row.Reference), RegistrationID: cpd.RegistrationID(row.RegistrationID),
		FirstName: stored(&v, person.ParseName, row.FirstName), LastName: stored(&v, person.ParseName, row.LastName),
		Email: stored(&v, person.ParseEmail, row.Email), CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		TRNStatus: cpd.TRNStatus(row.TrnStatus), TRN: stored(&v, person.NewTRN, row.Trn), TRNClaimed: row.TrnClaimed, TRNAt: row.TrnAt.UTC(),
		TRNRequest: cpd.RequestID(row.TrnRequest), TRNVersion: row.TrnVersion,
		SubmittedAt: row.SubmittedAt.UTC(), ExpectedBy: when(row.ExpectedBy), WithdrawnAt: when(row.WithdrawnAt),
		AlertStatus: cpd.AlertStatus(row.AlertStatus), AlertAt: when(row.AlertAt),
		AlertRequest: cpd.RequestID(row.AlertRequest), AlertOwner: row.AlertOwner,
		HoldsValidationData: row.HoldsData, DeleteDataAt: when(row.DeleteDataAt), JoinedInto: cpd.ParticipantID(row.JoinedInto),
		Epoch: row.Epoch, AlertState: row.AlertState,
	}
	if v.unreadable {
		return cpd.Participant{}, fmt.Errorf("cpdsql: participant %s holds a value that cannot be read", row.ID)
	}
	return p, nil
}

// values tells whether a stored value of a person could not be read.
type values struct{ unreadable bool }

// stored gives a value as it was parsed when it was stored; none for the empty text.
func stored[T any](v *values, parse func(string) (T, error), s string) T {
	var none T
	if s == "" {
		return none
	}
	out, err := parse(s)
	if err != nil {
		v.unreadable = true
		return none
	}
	return out
}
