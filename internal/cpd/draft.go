package cpd

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// draftLife is how long saved answers are kept, and how long the link to them works.
const draftLife = linkLife

// Draft is answers that somebody wants to go on with later, as the pages keep
// them. There is one for an email address: what is saved later takes its place.
type Draft struct {
	Email       person.Email  // case-folded
	Participant ParticipantID // whose correction it is; empty: a registration's
	Answers     []byte
	EndsAt      time.Time
}

// SaveRegistration keeps the answers of a registration whose address is
// confirmed, and mails the link to go on. The same twice in a moment is once.
// TooMany when it was done too often.
func (s *Service) SaveRegistration(ctx context.Context, id RegistrationID, email person.Email, answers []byte, from string) error {
	return s.once(ctx, s.mailLimits(email, from), s.again("save", email.Key(), string(answers)), func(ctx context.Context, tx Tx) error {
		if _, err := s.confirmed(ctx, tx, id, email); err != nil {
			return err
		}
		return s.saveDraft(ctx, tx, Draft{Email: email, Answers: answers}, mail{kind: mailSaved, to: email.Reveal()})
	})
}

// SaveCorrection keeps the answers of a correction, and mails its participant
// the link to go on.
func (s *Service) SaveCorrection(ctx context.Context, id ParticipantID, answers []byte, from string) error {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return err
	}
	return s.once(ctx, s.mailLimits(p.Email, from), s.again("save", p.Email.Key(), string(answers)), func(ctx context.Context, tx Tx) error {
		return s.saveDraft(ctx, tx, Draft{Email: p.Email, Participant: p.ID, Answers: answers}, s.mailTo(p, p.Email, mailSaved))
	})
}

func (s *Service) saveDraft(ctx context.Context, tx Tx, d Draft, m mail) error {
	d.EndsAt = s.now().Add(draftLife)
	if err := tx.SaveDraft(ctx, d); err != nil {
		return err
	}
	m.draft = d.Email.Key()
	_, err := s.post(ctx, tx, m)
	return err
}

// draft gives the saved answers of an address that are still good.
func (s *Service) draft(ctx context.Context, r Reads, email person.Email) (Draft, bool, error) {
	d, ok, err := found(r.Draft(ctx, email))
	return d, ok && d.EndsAt.After(s.now()), err
}

// MailLink mails a link to go on where the address is registered, answers are
// saved under it or a school invited it, and does nothing otherwise; the caller cannot tell.
// Twice in a moment is once. TooMany when it was asked too often.
func (s *Service) MailLink(ctx context.Context, email person.Email, from string) error {
	return s.once(ctx, s.mailLimits(email, from), s.again("link", email.Key()), func(ctx context.Context, tx Tx) error {
		p, known, err := found(tx.ParticipantByEmail(ctx, email))
		if err != nil {
			return err
		}
		if known {
			return s.mailLink(ctx, tx, p, email)
		}
		_, saved, err := s.draft(ctx, tx, email)
		if err != nil {
			return err
		}
		if saved {
			_, err = s.post(ctx, tx, mail{kind: mailSaved, to: email.Reveal(), draft: email.Key()})
			return err
		}
		return s.mailInvitations(ctx, tx, email)
	})
}

// mailLink mails a link to go on to an address of the participant.
func (s *Service) mailLink(ctx context.Context, tx Tx, p Participant, to person.Email) error {
	p, err := standing(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if err := s.story(ctx, tx, p.ID, bySystem, LinkSent, "", ""); err != nil {
		return err
	}
	_, err = s.post(ctx, tx, s.mailTo(p, to, mailContinue))
	return err
}

var errLink = fault.New(fault.Gone, "This link has been used or is too old.")

// Opened is what a mailed link leads to.
type Opened struct {
	Visitor      Visitor        // who may see the participant from now on; zero: nobody has handed in
	Registration RegistrationID // with the answers of a registration, or an invitation: of its continuation, whose address is confirmed
	Answers      []byte         // that were saved; nil: none
	Invitee      *Invitee       // what a school entered, to begin with; nil: nothing
}

// OpenLink lets the owner of a mailed link go on, once, and nobody else any
// more who saw the participant's pages. fault.Gone for every link that cannot
// be used. Call it for a POST: programs that look into mails follow links.
func (s *Service) OpenLink(ctx context.Context, token string) (Opened, error) {
	var out Opened
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		out = Opened{}
		to, err := tx.UseLink(ctx, tokenHash(token), s.now())
		if fault.Is(err, fault.NotFound) {
			return errLink
		}
		if err != nil {
			return err
		}
		if to.Invitation != "" {
			return s.openInvitation(ctx, tx, to.Invitation, &out)
		}
		if to.Participant != "" {
			p, err := standing(ctx, tx, to.Participant)
			if err != nil {
				return err
			}
			return s.openParticipant(ctx, tx, p, &out)
		}
		email, err := person.ParseEmail(to.Draft)
		if err != nil {
			return err
		}
		p, known, err := found(tx.ParticipantByEmail(ctx, email))
		if err != nil {
			return err
		}
		if known { // handed in since, in another browser
			return s.openParticipant(ctx, tx, p, &out)
		}
		d, ok, err := s.draft(ctx, tx, email)
		if err != nil {
			return err
		}
		if !ok {
			return errLink
		}
		out.Registration, out.Answers = NewRegistrationID(), d.Answers
		return s.confirmByLink(ctx, tx, out.Registration, email)
	})
	return out, err
}

// confirmByLink says that the address of a registration is confirmed: who reads
// the mail that holds the link has it.
func (s *Service) confirmByLink(ctx context.Context, tx Tx, id RegistrationID, email person.Email) error {
	now := s.now()
	return tx.SaveEmailCode(ctx, EmailCode{
		Registration: id, Address: s.hash("email", email.Key()), EndsAt: now, ConfirmedAt: now, ForgetAt: now.Add(confirmedFor),
	})
}

// openParticipant lets the owner of a link see a participant, with the answers
// of a correction that were saved.
func (s *Service) openParticipant(ctx context.Context, tx Tx, p Participant, out *Opened) error {
	p, err := standing(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if out.Visitor, err = s.letIn(ctx, tx, p, LinkUsed); err != nil {
		return err
	}
	d, ok, err := s.draft(ctx, tx, p.Email)
	if err == nil && ok && d.Participant == p.ID {
		out.Answers = d.Answers
	}
	return err
}

var errSuperseded = fault.New(fault.Gone, "Somebody came by a mailed link since.")

// Admit gives the participant that a visitor may see: itself or the record that
// it was joined into. fault.Gone for one of an earlier epoch.
func (s *Service) Admit(ctx context.Context, v Visitor) (ParticipantID, error) {
	p, err := standing(ctx, s.store, v.Participant)
	if err != nil {
		return "", err
	}
	if p.Epoch != v.Epoch {
		return "", errSuperseded
	}
	return p.ID, nil
}
