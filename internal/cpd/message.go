package cpd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/workday"
)

// mailKind is which mail is written.
type mailKind string

// The mails. None tells a TRN, and none says anything of alerts or of why a check failed.
const (
	mailReceived    mailKind = "received"
	mailConfirmed   mailKind = "confirmed"
	mailFailed      mailKind = "failed"
	mailContinue    mailKind = "continue"
	mailNeedDetails mailKind = "need_details"
	mailWithdrawn   mailKind = "withdrawn"
)

// linkLife is how long a mailed link can be used.
const linkLife = 24 * time.Hour

// mail writes a mail in the transaction that it tells of; the outbox sends it.
func (s *Service) mail(ctx context.Context, tx Tx, p Participant, to person.Email, kind mailKind) error {
	now := s.now()
	m := Message{ID: ident.NewUUID(), Participant: p.ID, To: to.Reveal(), At: now}
	var lines []string
	linked := false
	again := "You can ask for a new link at any time at " + s.o.PublicURL + ContinuePath + "."
	switch kind {
	case mailReceived:
		m.Subject = "We have received your details"
		lines = []string{
			"We could not confirm your details straight away, so somebody will check them by hand. You do not need to do anything.",
		}
		if !p.ExpectedBy.IsZero() {
			lines = append(lines, "We expect to have an answer by "+p.ExpectedBy.In(workday.London).Format("2 January 2006")+".")
		}
		lines = append(lines, "To see where your registration stands, to change your details or to take them back, go to "+s.o.PublicURL+ContinuePath+".")
	case mailConfirmed:
		m.Subject = "We have confirmed your details"
		lines = []string{"We have confirmed your details. You do not need to do anything else."}
	case mailFailed:
		m.Subject = "Check your details and send them again"
		lines = []string{"We could not confirm your details. Check that:"}
		lines = append(lines, "* "+strings.Join(whatToCheck[:], "\n* "))
		if p.DeleteDataAt.IsZero() {
			lines = append(lines, "Then send them again.")
		} else {
			lines = append(lines, "Then send them again. If you do so within 28 days, what you entered before is still there.")
		}
		lines = append(lines, again, "Use this link within 24 hours to check your details:")
		linked = true
	case mailContinue:
		m.Subject = "Continue your registration"
		lines = []string{
			"Somebody, we expect you, entered this email address. It is registered already. If it was not you, you do not need to do anything.", again,
			"Use this link within 24 hours to go on. It works once:",
		}
		linked = true
	case mailNeedDetails:
		m.Subject = "Give us your details again"
		lines = []string{"We need to check your details again. Give them to us once more.", again, "Use this link within 24 hours:"}
		linked = true
	case mailWithdrawn:
		m.Subject = "You have taken your details back"
		lines = []string{
			"We have deleted the details that you gave us to check, and nobody checks them any more.",
			"To register again, go to " + s.o.PublicURL + ContinuePath + ".",
		}
	default:
		return fmt.Errorf("cpd: there is no mail %q", kind)
	}
	lines = append([]string{"Your reference is " + string(p.Reference) + "."}, lines...)
	m.Body = strings.Join(lines, "\n\n")
	if !linked {
		return tx.AddMessage(ctx, m, "", time.Time{})
	}
	token, hash := newToken()
	m.Link = s.o.PublicURL + ContinuePath + "/" + token
	return tx.AddMessage(ctx, m, hash, now.Add(linkLife))
}

// tellTRA writes a mail to the TRA's support, where there is an address: two
// people hold one record. It names requests and references, no person.
func (s *Service) tellTRA(ctx context.Context, tx Tx, p, holder Participant, request RequestID) error {
	if s.o.TRAAddress == "" {
		return nil
	}
	lines := []string{
		"An answer names the record of somebody else.",
		"The participant " + string(p.Reference) + " was given a TRN that stands on another participant, or that contradicts the one they have. An administrator found that these are different people. Nobody's TRN was changed.",
	}
	if request != "" {
		lines = append(lines, "The answer was to the request "+string(request)+".")
	}
	if holder.TRNRequest != "" {
		lines = append(lines, "The TRN stands on the participant of the request "+string(holder.TRNRequest)+".")
	}
	return tx.AddMessage(ctx, Message{
		ID: ident.NewUUID(), Participant: p.ID, To: s.o.TRAAddress, At: s.now(),
		Subject: "Two people with one record", Body: strings.Join(lines, "\n\n"),
	}, "", time.Time{})
}

// ContinuePath is the page where a person asks for a link to go on; followed
// by a slash and a token it is the link.
const ContinuePath = "/continue"

// mailLink mails a link to go on to an address of the participant.
func (s *Service) mailLink(ctx context.Context, tx Tx, p Participant, to person.Email) error {
	p, err := standing(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if err := s.story(ctx, tx, p.ID, bySystem, LinkSent, "", ""); err != nil {
		return err
	}
	return s.mail(ctx, tx, p, to, mailContinue)
}

// MailLink mails a link to go on where the address is registered, and does
// nothing where it is not; the caller cannot tell. TooMany when it was asked too often.
func (s *Service) MailLink(ctx context.Context, email person.Email, from string) error {
	if err := s.countCheck(ctx, Details{Email: email}, from); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, known, err := found(tx.ParticipantByEmail(ctx, email))
		if err != nil || !known {
			return err
		}
		return s.mailLink(ctx, tx, p, email)
	})
}

var errLink = fault.New(fault.Gone, "This link has been used or is too old.")

// OpenLink lets the owner of a mailed link go on, once, and nobody else any
// more who saw the participant's pages. fault.Gone for every link that cannot be used. Call it for a POST: programs that look into mails follow links.
func (s *Service) OpenLink(ctx context.Context, token string) (Visitor, error) {
	var out Visitor
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		by, ok, err := found(tx.UseLink(ctx, tokenHash(token), s.now()))
		if err != nil {
			return err
		}
		if !ok {
			return errLink
		}
		p, err := standing(ctx, tx, by)
		if err != nil {
			return err
		}
		p.Epoch++
		out = Visitor{p.ID, p.Epoch}
		if err := s.story(ctx, tx, p.ID, byPerson, LinkUsed, "", ""); err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
	return out, err
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
