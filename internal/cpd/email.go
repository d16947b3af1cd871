package cpd

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// Bounds of a code. Six digits, five tries a code and ChecksPerPerson codes a
// day leave whoever guesses a chance of one in ten thousand a day.
const (
	codeLife  = 15 * time.Minute
	codeTries = 5
	// confirmedFor is how long a registration can be handed in after its address
	// was confirmed: longer than a session lasts.
	confirmedFor = 48 * time.Hour
)

// EmailCode is a code on its way to the address of a registration, and that it
// came back. Address and code are keyed hashes.
type EmailCode struct {
	Registration RegistrationID
	Address      string
	Code         string    // empty: none is good any more
	Message      string    // the mail that holds it
	EndsAt       time.Time // of the code
	Wrong        int64     // codes that were typed and are not the one
	ConfirmedAt  time.Time // zero: it did not come back
	ForgetAt     time.Time
}

var (
	// errCode is told for every code that cannot be used any more.
	errCode = fault.New(fault.Gone, "This code can no longer be used. Ask for another one.")
	// errWrongCode is told for a code that is not the one that was mailed.
	errWrongCode = fault.InvalidFields(fault.Field{Pointer: "/code", Reason: "wrong"})
	// errNotConfirmed is told to who goes on without having typed the code.
	errNotConfirmed = fault.New(fault.Forbidden, "Confirm your email address first.")
)

// SendCode mails a code to the address that a registration is to have. Only the
// newest code of a registration is good. Whether the address is registered
// changes nothing that anybody sees. Twice in a moment is once. TooMany when it
// was asked too often.
func (s *Service) SendCode(ctx context.Context, id RegistrationID, email person.Email, from string) error {
	to := s.hash("email", email.Key())
	onItsWay := func(ctx context.Context, tx Tx) (bool, error) {
		old, ok, err := found(tx.EmailCode(ctx, id))
		return ok && old.Address == to && old.Code != "" && old.ConfirmedAt.IsZero() && old.EndsAt.After(s.now().Add(codeLife-aMoment)), err
	}
	return s.once(ctx, s.mailLimits(email, from), onItsWay, func(ctx context.Context, tx Tx) error {
		old, earlier, err := found(tx.EmailCode(ctx, id))
		if err != nil {
			return err
		}
		if earlier {
			if err := tx.UseCode(ctx, old.Message); err != nil {
				return err
			}
		}
		code, ends := newCode(), s.now().Add(codeLife)
		m, err := s.post(ctx, tx, mail{kind: mailCode, to: email.Reveal(), code: code})
		if err != nil {
			return err
		}
		return tx.SaveEmailCode(ctx, EmailCode{
			Registration: id, Address: to, Code: s.codeHash(id, code), Message: m.ID, EndsAt: ends, ForgetAt: ends,
		})
	})
}

// ConfirmEmail takes the code that was mailed for a registration. Where the
// address is registered already it gives who may see that participant from now
// on, and otherwise a zero Visitor: only who reads the mail learns which. The
// same code again changes nothing. Invalid for a wrong code, fault.Gone when no
// code is good any more: it is too old, or too many were tried.
func (s *Service) ConfirmEmail(ctx context.Context, id RegistrationID, email person.Email, code string) (Visitor, error) {
	var out Visitor
	var refused error
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		out, refused = Visitor{}, nil
		now := s.now()
		c, ok, err := found(tx.EmailCode(ctx, id))
		if err != nil {
			return err
		}
		if !ok || c.Code == "" || !c.EndsAt.After(now) || c.Address != s.hash("email", email.Key()) {
			refused = errCode
			return nil
		}
		if !hmac.Equal([]byte(c.Code), []byte(s.codeHash(id, code))) {
			refused = errWrongCode
			if again, err := s.again("wrong code", string(id), c.Message, code)(ctx, tx); err != nil || again {
				return err
			}
			if c.Wrong++; c.Wrong >= codeTries {
				refused, c.Code = errCode, ""
				if err := tx.UseCode(ctx, c.Message); err != nil {
					return err
				}
			}
			return tx.SaveEmailCode(ctx, c) // the wrong try counts
		}
		first := c.ConfirmedAt.IsZero()
		if first {
			c.ConfirmedAt, c.ForgetAt = now, now.Add(confirmedFor)
			if err := tx.UseCode(ctx, c.Message); err != nil {
				return err
			}
			if err := tx.SaveEmailCode(ctx, c); err != nil {
				return err
			}
		}
		p, known, err := found(tx.ParticipantByEmail(ctx, email))
		if err != nil || !known {
			return err
		}
		if p, err = standing(ctx, tx, p.ID); err != nil {
			return err
		}
		if first {
			out, err = s.letIn(ctx, tx, p, EmailConfirmed)
			return err
		}
		out = Visitor{p.ID, p.Epoch}
		return nil
	})
	if err == nil {
		err = refused
	}
	return out, err
}

// letIn lets somebody see the participant whose mails they read, and nobody
// any more who saw its pages before.
func (s *Service) letIn(ctx context.Context, tx Tx, p Participant, how What) (Visitor, error) {
	p.Epoch++
	if err := s.story(ctx, tx, p.ID, byPerson, how, "", ""); err != nil {
		return Visitor{}, err
	}
	return Visitor{p.ID, p.Epoch}, tx.SaveParticipant(ctx, p)
}

// confirmed gives when the address of a registration was confirmed; Forbidden
// where it was not.
func (s *Service) confirmed(ctx context.Context, r Reads, id RegistrationID, email person.Email) (time.Time, error) {
	c, ok, err := found(r.EmailCode(ctx, id))
	if err != nil {
		return time.Time{}, err
	}
	if !ok || c.ConfirmedAt.IsZero() || c.Address != s.hash("email", email.Key()) {
		return time.Time{}, errNotConfirmed
	}
	return c.ConfirmedAt, nil
}

// newCode gives six random digits.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil { // never: the system's source of random bits does not fail
		panic(err)
	}
	return fmt.Sprintf("%06d", n)
}

func (s *Service) codeHash(id RegistrationID, code string) string {
	return s.hash("code", string(id), code)
}
