package cpd

import (
	"context"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/workday"
)

// InvitationID is an invitation's UUID.
type InvitationID string

// Invitee is whom a school asks to register, as it says. Nothing of it is
// checked until the person has seen it and handed it in themselves.
type Invitee struct {
	FirstName   person.Name
	LastName    person.Name
	Email       person.Email
	DateOfBirth person.Date // zero: not given
	TRN         person.TRN  // zero: not given
}

// Invitation is an invitee of a school.
type Invitation struct {
	ID     InvitationID
	School URN
	Invitee
	InvitedBy    string // a tutor's email address
	CreatedAt    time.Time
	SentAt       time.Time      // when a tutor had it mailed last
	EndsAt       time.Time      // until when its link can be used
	OpenedAt     time.Time      // when a link was first used; zero: not yet
	Registration RegistrationID // that goes on from there; empty: none
	Participant  ParticipantID  // who handed in; empty: nobody yet
	State        InvitationState
	Reminded     int64 // how often, since SentAt
	Position     int64 // later ones of a school have higher ones
}

// InvitationState is what a school sees of somebody. It says nothing of why.
type InvitationState string

// The states.
const (
	StateInvited      InvitationState = "invited"       // has not handed in yet
	StateNoAnswer     InvitationState = "no_answer"     // did not come in time
	StateBeingChecked InvitationState = "being_checked" // has handed in
	StateConfirmed    InvitationState = "confirmed"
	StateNotConfirmed InvitationState = "not_confirmed" // the person was told what to do
)

// InvitationStates lists the states in the order in which people meet them.
func InvitationStates() []InvitationState {
	return []InvitationState{StateInvited, StateBeingChecked, StateConfirmed, StateNotConfirmed, StateNoAnswer}
}

// Bounds of invitations.
const (
	// invitationLife is how long the link in a mail about an invitation can be used.
	invitationLife = 14 * 24 * time.Hour
	// listLimit is how many people a school's list holds.
	listLimit = 20_000
	// schoolWindow and the numbers a school may do in one: people added by hand or
	// invited again, and files.
	schoolWindow = time.Hour
	byHandLimit  = 300
	filesLimit   = 20
)

var (
	errListFull      = fault.New(fault.Conflict, "Your list is full. Remove people from it first.")
	errNotInvited    = fault.New(fault.NotFound, "There is no such person on your list.")
	errAlreadyCame   = fault.New(fault.Conflict, "This person has handed in their details already.")
	errTooManyByHand = fault.New(fault.TooMany, "Your school has sent many invitations. Try again in an hour.")
)

// Invite puts somebody on the list of a tutor's school and mails them a link to
// confirm it by; false where they are on it already, and then nothing changes.
// What comes of it says nothing of whether anything is known of the person.
func (s *Service) Invite(ctx context.Context, tutor string, who Invitee) (Invitation, bool, error) {
	if who.Email.IsZero() || who.FirstName.IsZero() || who.LastName.IsZero() {
		return Invitation{}, false, fault.New(fault.Invalid, "A first name, a last name and an email address are needed.")
	}
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return Invitation{}, false, err
	}
	if i, known, err := found(s.store.InvitationTo(ctx, school.URN, who.Email)); err != nil || known {
		return i, false, err
	}
	if err := byHand(s.count(ctx, s.byHandLimits(school, who.Email))); err != nil {
		return Invitation{}, false, err
	}
	var out Invitation
	added := false
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.CountInvitations(ctx, school.URN)
		if err != nil {
			return err
		}
		if n >= listLimit {
			return errListFull
		}
		out, added, err = s.invite(ctx, tx, school, tutor, who)
		return err
	})
	return out, added, err
}

// byHandLimits count one invitation that a school sends by hand.
func (s *Service) byHandLimits(school School, to person.Email) []counter {
	return []counter{
		{s.hash("by_hand", string(school.URN)), schoolWindow, byHandLimit},
		{s.hash("mail", to.Key()), personWindow, s.o.ChecksPerPerson},
	}
}

// byHand says whose invitations are too many.
func byHand(err error) error {
	if fault.Is(err, fault.TooMany) {
		return errTooManyByHand
	}
	return err
}

// invite is Invite in a transaction, of somebody whose mail was counted.
func (s *Service) invite(ctx context.Context, tx Tx, school School, tutor string, who Invitee) (Invitation, bool, error) {
	i, known, err := found(tx.InvitationTo(ctx, school.URN, who.Email))
	if err != nil || known {
		return i, false, err
	}
	now := s.now()
	i = Invitation{
		ID: InvitationID(ident.NewUUID()), School: school.URN, Invitee: who, InvitedBy: tutor, CreatedAt: now, SentAt: now, EndsAt: now.Add(invitationLife), State: StateInvited,
	}
	if err := tx.AddInvitation(ctx, i); err != nil {
		return i, false, err
	}
	if err := s.did(ctx, tx, school.URN, tutor, PersonInvited, string(i.ID)); err != nil {
		return i, false, err
	}
	if err := s.remindLater(ctx, tx, i); err != nil {
		return i, false, err
	}
	return i, true, s.mailInvitation(ctx, tx, school, i, mailInvited)
}

// remindLater makes the next reminder due, as of a question.
func (s *Service) remindLater(ctx context.Context, tx Tx, i Invitation) error {
	return tx.Enqueue(ctx, TaskRemindInvited, string(i.ID), workday.After(i.SentAt, reminders[i.Reminded]))
}

// remindInvited mails an invited person another link, after 5 working days and
// after 10, unless they have begun or it is over.
func (s *Service) remindInvited(ctx context.Context, id InvitationID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		task, due, err := tx.Lease(ctx, TaskRemindInvited, string(id), now, now.Add(leaseFor))
		if err != nil || !due {
			return err
		}
		i, known, err := found(tx.Invitation(ctx, id))
		if err != nil {
			return err
		}
		if !known || i.State != StateInvited || !i.OpenedAt.IsZero() || !i.EndsAt.After(now) || int(i.Reminded) >= len(reminders) {
			return tx.FinishTask(ctx, task)
		}
		school, err := tx.School(ctx, i.School)
		if err != nil {
			return err
		}
		i.Reminded++
		i.EndsAt = now.Add(invitationLife)
		if err := tx.InvitationReminded(ctx, i); err != nil {
			return err
		}
		if err := s.did(ctx, tx, school.URN, bySystem, PersonReminded, string(id)); err != nil {
			return err
		}
		if err := s.mailInvitation(ctx, tx, school, i, mailInvitedAgain); err != nil {
			return err
		}
		if int(i.Reminded) == len(reminders) {
			return tx.FinishTask(ctx, task)
		}
		return tx.DelayTask(ctx, task, workday.After(i.SentAt, reminders[i.Reminded]))
	})
}

// mailInvitation mails a link: beside those that were mailed before, which end
// when one of them is used.
func (s *Service) mailInvitation(ctx context.Context, tx Tx, school School, i Invitation, kind MailKind) error {
	_, err := s.post(ctx, tx, mail{
		kind: kind, to: i.Email.Reveal(), invitation: i.ID, ends: i.EndsAt,
		values: map[string]string{"school": school.Name, "until": dayOf(i.EndsAt)},
	})
	return err
}

// mailInvitations mails the links of an address's invitations anew.
func (s *Service) mailInvitations(ctx context.Context, tx Tx, to person.Email) error {
	open, err := tx.OpenInvitationsTo(ctx, to)
	for _, i := range open {
		school, err := tx.School(ctx, i.School)
		if err != nil {
			return err
		}
		if err := tx.EndInvitationLinks(ctx, i.ID); err != nil {
			return err
		}
		if err := s.mailInvitation(ctx, tx, school, i, mailInvited); err != nil {
			return err
		}
	}
	return err
}

// InvitationFilter narrows a school's list.
type InvitationFilter struct {
	State  InvitationState // empty: every one
	Query  string          // part of a name or an email address
	Before int64           // InvitationPage.Next of the page before
	Limit  int             // 50 when 0, at most 200
}

// InvitationPage is one page of a school's list, newest first.
type InvitationPage struct {
	Invitations []Invitation
	Next        int64                   // 0: the last page
	Counts      map[InvitationState]int // of everybody who fits the query
}

// Invitations lists whom a tutor's school has invited.
func (s *Service) Invitations(ctx context.Context, tutor string, f InvitationFilter) (InvitationPage, error) {
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return InvitationPage{}, err
	}
	f.Limit = within(f.Limit)
	list, counts, err := s.store.Invitations(ctx, school.URN, f, f.Limit+1)
	out := InvitationPage{Invitations: list, Counts: counts}
	if len(list) > f.Limit {
		out.Invitations = list[:f.Limit]
		out.Next = out.Invitations[f.Limit-1].Position
	}
	return out, err
}

// Invitation gives somebody on the list of a tutor's school, with what was done
// for them; NotFound for everybody else.
func (s *Service) Invitation(ctx context.Context, tutor string, id InvitationID) (Invitation, []SchoolEvent, error) {
	_, i, err := s.invited(ctx, s.store, tutor, id)
	if err != nil {
		return Invitation{}, nil, err
	}
	events, err := s.store.SchoolEvents(ctx, string(id))
	return i, events, err
}

func (s *Service) invited(ctx context.Context, r Reads, tutor string, id InvitationID) (School, Invitation, error) {
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return School{}, Invitation{}, err
	}
	i, ok, err := found(r.Invitation(ctx, id))
	if err == nil && (!ok || i.School != school.URN) {
		err = errNotInvited
	}
	return school, i, err
}

// InviteAgain mails another link to somebody who has not handed in; links that
// were mailed before cannot be used any more. Twice in a moment is once.
// Conflict once they have.
func (s *Service) InviteAgain(ctx context.Context, tutor string, id InvitationID) error {
	school, i, err := s.invited(ctx, s.store, tutor, id)
	if err != nil {
		return err
	}
	if i.Participant != "" {
		return errAlreadyCame
	}
	err = s.once(ctx, s.byHandLimits(school, i.Email), s.again("invite", string(id)), func(ctx context.Context, tx Tx) error {
		i, err := tx.Invitation(ctx, id)
		if err != nil {
			return err
		}
		if i.Participant != "" {
			return errAlreadyCame
		}
		i.SentAt = s.now()
		i.EndsAt = i.SentAt.Add(invitationLife)
		if err := tx.InvitationSentAgain(ctx, i); err != nil {
			return err
		}
		if err := s.did(ctx, tx, school.URN, tutor, PersonInvitedAgain, string(id)); err != nil {
			return err
		}
		i.Reminded = 0
		if err := s.remindLater(ctx, tx, i); err != nil {
			return err
		}
		if err := tx.EndInvitationLinks(ctx, id); err != nil {
			return err
		}
		return s.mailInvitation(ctx, tx, school, i, mailInvited)
	})
	return byHand(err)
}

// Uninvite takes somebody off the list of a tutor's school. A link that was
// mailed leads nowhere any more; what the person handed in stays theirs.
func (s *Service) Uninvite(ctx context.Context, tutor string, id InvitationID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		school, i, err := s.invited(ctx, tx, tutor, id)
		if err != nil {
			return err
		}
		if err := tx.EndInvitationLinks(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteInvitation(ctx, id); err != nil {
			return err
		}
		if err := s.did(ctx, tx, school.URN, tutor, PersonRemoved, string(id)); err != nil {
			return err
		}
		return s.touch(ctx, tx, i.Participant)
	})
}

// touch says that what others read of a participant has changed.
func (s *Service) touch(ctx context.Context, tx Tx, id ParticipantID) error {
	if id == "" {
		return nil
	}
	p, err := standing(ctx, tx, id)
	if err != nil {
		return err
	}
	p.UpdatedAt = s.now()
	return tx.SaveParticipant(ctx, p)
}

// InvitingSchool gives the school whose invitation holds a link that can be
// used; false for every other link. It uses nothing up.
func (s *Service) InvitingSchool(ctx context.Context, token string) (School, bool, error) {
	i, ok, err := found(s.store.InvitationByLink(ctx, tokenHash(token), s.now()))
	if err != nil || !ok {
		return School{}, false, err
	}
	school, err := s.store.School(ctx, i.School)
	return school, err == nil, err
}

// openInvitation lets whoever has the link of an invitation go on: to the
// registration that stands under the address, or to a new one whose address is
// confirmed by the link, with what the school entered.
func (s *Service) openInvitation(ctx context.Context, tx Tx, id InvitationID, out *Opened) error {
	i, ok, err := found(tx.Invitation(ctx, id))
	if err != nil {
		return err
	}
	if !ok {
		return errLink
	}
	if err := tx.EndInvitationLinks(ctx, id); err != nil {
		return err
	}
	registration := NewRegistrationID()
	if err := tx.OpenInvitation(ctx, id, registration, s.now()); err != nil {
		return err
	}
	if err := s.did(ctx, tx, i.School, byPerson, InvitationUsed, string(id)); err != nil {
		return err
	}
	p, known, err := found(tx.ParticipantByEmail(ctx, i.Email))
	if err != nil {
		return err
	}
	if known {
		if p, err = standing(ctx, tx, p.ID); err != nil {
			return err
		}
		if err := s.accept(ctx, tx, i.ID, i.School, p.ID); err != nil {
			return err
		}
		if err := s.touch(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.openParticipant(ctx, tx, p, out)
	}
	out.Registration = registration
	if d, saved, err := s.draft(ctx, tx, i.Email); err != nil {
		return err
	} else if saved {
		out.Answers = d.Answers
	} else {
		out.Invitee = &i.Invitee
	}
	return s.confirmByLink(ctx, tx, registration, i.Email)
}

// accept ties a participant to the school that invited them.
func (s *Service) accept(ctx context.Context, tx Tx, id InvitationID, school URN, p ParticipantID) error {
	if err := tx.AcceptInvitation(ctx, id, p); err != nil {
		return err
	}
	if err := s.did(ctx, tx, school, byPerson, InvitationAccepted, string(id)); err != nil {
		return err
	}
	return s.story(ctx, tx, p, byPerson, CameByInvitation, "", "")
}

// acceptOpened ties a new participant to every school whose invitation was
// opened on the way, or in another browser by the same address.
func (s *Service) acceptOpened(ctx context.Context, tx Tx, p Participant) error {
	opened, err := tx.OpenedInvitations(ctx, p.RegistrationID, p.Email)
	for _, i := range opened {
		err = s.accept(ctx, tx, i.ID, i.School, p.ID)
		if err != nil {
			return err
		}
	}
	return err
}
