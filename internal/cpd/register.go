package cpd

import (
	"context"
	"slices"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// Check makes the automatic check and stores nothing but that it was made.
// Matched, NotMatched or CouldNotAsk; Forbidden until the email address is
// confirmed; TooMany when it was asked for too often by the email address or from
// the network address. NotMatched, and the register is not asked, when it was
// made too often about the person or a number.
func (s *Service) Check(ctx context.Context, id RegistrationID, d Details, from string) (CheckResult, error) {
	if _, err := s.confirmed(ctx, s.store, id, d.Email); err != nil {
		return "", err
	}
	tooOften, err := s.countCheck(ctx, d, from)
	if err != nil {
		return "", err
	}
	if tooOften {
		return NotMatched, nil
	}
	f, asked, err := s.find(ctx, d)
	switch {
	case err != nil:
		return "", err
	case !asked:
		return CouldNotAsk, nil
	case f.Match:
		return Matched, nil
	}
	return NotMatched, nil
}

// find makes the automatic check; asked is false when the register did not
// answer, which says nothing about the person.
func (s *Service) find(ctx context.Context, d Details) (f Finding, asked bool, err error) {
	f, err = s.register.Find(ctx, d)
	if err == nil && f.Match && f.TRN.IsZero() {
		err = fault.New(fault.Unavailable, "The register's answer cannot be read.")
	}
	if err == nil {
		return f, true, nil
	}
	if ctx.Err() != nil {
		return Finding{}, false, err
	}
	s.o.Logger.WarnContext(ctx, "the automatic check could not be made", "kind", fault.KindOf(err).String(), "error", err)
	return Finding{}, false, nil
}

// Register is arrow 1: the details of somebody whose email address is confirmed
// are checked again and a match is stored as validated. CouldNotAsk stores the participant and checks again by itself.
// NotMatched stores nothing: the person corrects the details or stands by
// them. LinkMailed: the email address is registered, and its owner can go on
// by the mailed link. The same registration sent again gives what it gave.
func (s *Service) Register(ctx context.Context, id RegistrationID, d Details, from string) (Registered, error) {
	if p, ok, err := s.registration(ctx, s.store, id); err != nil || ok {
		return registeredAs(p), err
	}
	if err := s.mayEnter(ctx, id, d); err != nil {
		return Registered{}, err
	}
	tooOften, err := s.countCheck(ctx, d, from)
	if err != nil {
		return Registered{}, err
	}
	if out, ok, err := s.continued(ctx, id, d.Email); err != nil || ok {
		return out, err
	}
	if tooOften {
		return Registered{Result: NotMatched}, nil
	}
	f, asked, err := s.find(ctx, d)
	if err != nil {
		return Registered{}, err
	}
	if asked && !f.Match {
		return Registered{Result: NotMatched}, nil
	}
	return s.enter(ctx, id, d, func(ctx context.Context, tx Tx, p *Participant, data Data) error {
		if !asked {
			return s.checkLater(ctx, tx, p, data)
		}
		return s.settle(ctx, tx, p, f.TRN, source{})
	})
}

// StandBy is arrow 1 of a person whose details matched nobody and who stands
// by them: one transaction stores the participant as awaiting manual
// validation, the request and what is due next. The same registration sent
// again gives what it gave.
func (s *Service) StandBy(ctx context.Context, id RegistrationID, d Details, from string) (Registered, error) {
	if p, ok, err := s.registration(ctx, s.store, id); err != nil || ok {
		return registeredAs(p), err
	}
	if err := s.mayEnter(ctx, id, d); err != nil {
		return Registered{}, err
	}
	if _, err := s.countCheck(ctx, d, from); err != nil {
		return Registered{}, err
	}
	if out, ok, err := s.continued(ctx, id, d.Email); err != nil || ok {
		return out, err
	}
	return s.enter(ctx, id, d, func(ctx context.Context, tx Tx, p *Participant, data Data) error {
		if err := s.story(ctx, tx, p.ID, byPerson, StoodBy, "", ""); err != nil {
			return err
		}
		return s.askTRA(ctx, tx, p, data)
	})
}

// mayEnter refuses what lacks something, and an email address that is not confirmed.
func (s *Service) mayEnter(ctx context.Context, id RegistrationID, d Details) error {
	if d.Email.IsZero() || d.DateOfBirth.IsZero() || d.FirstName.IsZero() && d.LastName.IsZero() {
		return fault.New(fault.Invalid, "A name, a date of birth and an email address are needed.")
	}
	_, err := s.confirmed(ctx, s.store, id, d.Email)
	return err
}

// enter stores a new participant and what then makes of it, in one transaction.
func (s *Service) enter(ctx context.Context, id RegistrationID, d Details, then func(context.Context, Tx, *Participant, Data) error) (Registered, error) {
	var out Registered
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if p, ok, err := s.registration(ctx, tx, id); err != nil || ok {
			out = registeredAs(p)
			return err
		}
		if known, ok, err := found(tx.ParticipantByEmail(ctx, d.Email)); err != nil || ok {
			out = Registered{Result: LinkMailed}
			if err != nil {
				return err
			}
			return s.mailLink(ctx, tx, known, d.Email)
		}
		confirmed, err := s.confirmed(ctx, tx, id, d.Email)
		if err != nil {
			return err
		}
		now := s.now()
		p := Participant{
			ID: ParticipantID(ident.NewUUID()), Reference: newReference(), RegistrationID: id,
			FirstName: d.FirstName, LastName: d.LastName, Email: d.Email,
			CreatedAt: now, UpdatedAt: now, SubmittedAt: now,
			TRNStatus: TRNNotChecked, TRNAt: now, TRNClaimed: !d.TRN.IsZero(),
			AlertStatus: AlertNotChecked,
		}
		if err := tx.AddParticipant(ctx, p); err != nil {
			return err
		}
		data := Data{ID: ident.NewUUID(), Participant: p.ID, Details: d, CreatedAt: now}
		if err := tx.AddData(ctx, data); err != nil {
			return err
		}
		p.HoldsValidationData = true
		if err := tx.DeleteDraft(ctx, d.Email); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, Event{At: confirmed, Participant: p.ID, Who: byPerson, What: EmailConfirmed}); err != nil {
			return err
		}
		if err := s.story(ctx, tx, p.ID, byPerson, HandedIn, "", ""); err != nil {
			return err
		}
		if err := s.acceptOpened(ctx, tx, p); err != nil {
			return err
		}
		if err := then(ctx, tx, &p, data); err != nil {
			return err
		}
		out = registeredAs(p)
		return tx.SaveParticipant(ctx, p)
	})
	return out, err
}

// registration gives the participant that a registration made.
func (s *Service) registration(ctx context.Context, r Reads, id RegistrationID) (Participant, bool, error) {
	p, ok, err := found(r.ParticipantByRegistration(ctx, id))
	if err != nil || !ok {
		return p, false, err
	}
	p, err = standing(ctx, r, p.ID)
	return p, err == nil, err
}

// continued mails a link to go on when the email address is registered already.
func (s *Service) continued(ctx context.Context, id RegistrationID, email person.Email) (Registered, bool, error) {
	if _, ok, err := found(s.store.ParticipantByEmail(ctx, email)); err != nil || !ok {
		return Registered{}, false, err
	}
	out := Registered{Result: LinkMailed}
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if p, ok, err := s.registration(ctx, tx, id); err != nil || ok { // this very registration, in another tab
			out = registeredAs(p)
			return err
		}
		p, err := tx.ParticipantByEmail(ctx, email)
		if err != nil {
			return err
		}
		return s.mailLink(ctx, tx, p, email)
	})
	return out, err == nil, err
}

// registeredAs tells the pages where a participant stands.
func registeredAs(p Participant) Registered {
	out := Registered{Participant: p.ID, Reference: p.Reference, Status: p.personStatus(), ExpectedBy: p.ExpectedBy}
	switch out.Status {
	case StatusConfirmed:
		out.Result = Matched
	case StatusChecking:
		out.Result = CouldNotAsk
	default:
		out.Result = AwaitsManual
	}
	return out
}

// same tells whether two people's details are the same, the email address aside.
func (d Details) same(e Details) bool {
	return d.FirstName == e.FirstName && d.LastName == e.LastName && d.NameChanged == e.NameChanged &&
		slices.Equal(d.PreviousNames, e.PreviousNames) && d.DateOfBirth == e.DateOfBirth && d.TRN == e.TRN && d.NINO == e.NINO
}
