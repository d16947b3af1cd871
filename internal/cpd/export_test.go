package cpd

import (
	"context"

	"traid/internal/person"
)

// ApplyAnswer applies an answer in a transaction of its own.
func (s *Service) ApplyAnswer(ctx context.Context, a Answer) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return s.apply(ctx, tx, a) })
}

// Confirm has the address of a registration confirmed, without a mail.
func (s *Service) Confirm(ctx context.Context, id RegistrationID, email person.Email) error {
	now := s.now()
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.SaveEmailCode(ctx, EmailCode{
			Registration: id, Address: s.hash("email", email.Key()), EndsAt: now, ConfirmedAt: now, ForgetAt: now.Add(confirmedFor),
		})
	})
}
