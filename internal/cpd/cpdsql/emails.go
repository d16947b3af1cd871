package cpdsql

import (
	"context"
	"errors"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// EmailCode gives the code of a registration, and whether it came back.
func (r reads) EmailCode(ctx context.Context, id cpd.RegistrationID) (cpd.EmailCode, error) {
	row, err := r.q.EmailCode(ctx, string(id))
	if err != nil {
		return cpd.EmailCode{}, failed("code", err)
	}
	return cpd.EmailCode{
		Registration: cpd.RegistrationID(row.RegistrationID), Address: row.AddressHash, Code: row.CodeHash, Message: row.MessageID,
		EndsAt: row.EndsAt.UTC(), Wrong: row.Wrong, ConfirmedAt: when(row.ConfirmedAt), ForgetAt: row.ForgetAt.UTC(),
	}, nil
}

// SaveEmailCode keeps the code of a registration, in the place of an earlier one.
func (x *tx) SaveEmailCode(ctx context.Context, c cpd.EmailCode) error {
	return wrote("save code", x.q.SaveEmailCode(ctx, SaveEmailCodeParams{
		RegistrationID: string(c.Registration), AddressHash: c.Address, CodeHash: c.Code, MessageID: c.Message,
		EndsAt: sqldb.Time(c.EndsAt), Wrong: c.Wrong, ConfirmedAt: sqldb.NullTime(c.ConfirmedAt), ForgetAt: sqldb.Time(c.ForgetAt),
	}))
}

// Draft gives the answers that are saved under an address.
func (r reads) Draft(ctx context.Context, email person.Email) (cpd.Draft, error) {
	row, err := r.q.Draft(ctx, email.Key())
	if err != nil {
		return cpd.Draft{}, failed("draft", err)
	}
	address, err := person.ParseEmail(row.EmailKey)
	if err != nil {
		return cpd.Draft{}, errors.New("cpdsql: a draft is kept under what is no address")
	}
	return cpd.Draft{Email: address, Participant: cpd.ParticipantID(row.ParticipantID), Answers: []byte(row.Answers), EndsAt: row.EndsAt.UTC()}, nil
}

// SaveDraft keeps answers, in the place of those saved earlier under the address.
func (x *tx) SaveDraft(ctx context.Context, d cpd.Draft) error {
	return wrote("save draft", x.q.SaveDraft(ctx, SaveDraftParams{
		EmailKey: d.Email.Key(), ParticipantID: string(d.Participant), Answers: string(d.Answers), EndsAt: sqldb.Time(d.EndsAt),
	}))
}

// DeleteDraft deletes the answers that are saved under an address; nothing where none are.
func (x *tx) DeleteDraft(ctx context.Context, email person.Email) error {
	return wrote("delete draft", x.q.DeleteDraft(ctx, email.Key()))
}
