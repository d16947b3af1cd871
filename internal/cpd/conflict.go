package cpd

import (
	"context"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// openConflict puts a participant into conflict: trn, which comes from src,
// stands on the holder, or with an empty holder would change the participant's
// own. Nobody's TRN changes and the validation data is kept. The caller saves p.
func (s *Service) openConflict(ctx context.Context, tx Tx, p *Participant, trn person.TRN, holder ParticipantID, src source) error {
	now := s.now()
	if p.TRNRequest == src.Request && !p.TRN.IsZero() {
		// A later version of the answer: the TRN of the earlier one is gone in any case.
		if err := s.loseTRN(ctx, tx, p); err != nil {
			return err
		}
	}
	if p.TRN.IsZero() {
		p.TRNRequest, p.TRNVersion = src.Request, src.Version
	}
	for _, kind := range []TaskKind{TaskCheck, TaskDeleteData} {
		if err := tx.DropTask(ctx, kind, string(p.ID)); err != nil {
			return err
		}
	}
	p.TRNStatus, p.TRNAt, p.UpdatedAt, p.DeleteDataAt = TRNConflict, now, now, time.Time{}
	c := Conflict{ID: ident.NewUUID(), Participant: p.ID, Holder: holder, TRN: trn, Request: src.Request, Version: src.Version, OpenedAt: now}
	if err := tx.AddConflict(ctx, c); err != nil {
		return err
	}
	return s.story(ctx, tx, p.ID, bySystem, ConflictOpened, src.Request, "")
}

// closeConflict ends the conflict and gives the participant back the status
// that stood before it, for the caller to change. The TRN in dispute is forgotten.
func (s *Service) closeConflict(ctx context.Context, tx Tx, p *Participant, c Conflict, by string, how End, why string) error {
	c.EndedAt, c.EndedBy, c.How, c.Why, c.TRN = s.now(), by, how, why, person.TRN{}
	p.UpdatedAt, p.TRNAt = c.EndedAt, c.EndedAt
	p.TRNStatus = TRNNotChecked
	if !p.TRN.IsZero() {
		p.TRNStatus = source{Request: p.TRNRequest}.status()
	}
	return tx.SaveConflict(ctx, c)
}

// overtake ends a conflict that a later version of one of its answers arrived
// for: of the one that the TRN in dispute came from, or of the one that the
// participant's own did.
func (s *Service) overtake(ctx context.Context, tx Tx, p *Participant, request RequestID) error {
	if p.TRNStatus != TRNConflict {
		return nil
	}
	c, err := tx.OpenConflict(ctx, p.ID)
	if err != nil {
		return err
	}
	if c.Request != request && p.TRNRequest != request {
		return nil
	}
	if err := s.closeConflict(ctx, tx, p, c, bySystem, "", ""); err != nil {
		return err
	}
	return s.story(ctx, tx, p.ID, bySystem, ConflictOvertaken, request, "")
}

// EndConflict ends the open conflict of a participant, as it was seen, with a
// reason that holds no TRN, NI number or date. Conflict when it is ended
// already, or when another one is open or its TRN stands on somebody else by
// now: joining the wrong records cannot be undone.
//
//   - SamePerson: the records are joined and the older id is kept, with the TRN
//     in dispute; where that stands on nobody the participant gets it.
//   - DifferentPeople: nobody's TRN changes, the TRA is told, and for a
//     participant without a TRN asked again.
//   - WrongLink: the TRN is taken back from whom it stands on, who is checked
//     again; where that is another participant, this one gets it.
func (s *Service) EndConflict(ctx context.Context, admin string, id ParticipantID, seen Seen, how End, why string) error {
	why = strings.TrimSpace(why)
	switch {
	case how != SamePerson && how != DifferentPeople && how != WrongLink:
		return fault.InvalidFields(fault.Field{Pointer: "/how", Reason: string(person.Blank)})
	case why == "":
		return fault.InvalidFields(fault.Field{Pointer: "/reason", Reason: string(person.Blank)})
	case person.HasPersonalNumber(why):
		return fault.InvalidFields(fault.Field{Pointer: "/reason", Reason: "personal_number"})
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return err
		}
		c, open, err := found(tx.OpenConflict(ctx, p.ID))
		if err != nil {
			return err
		}
		if !open || p.TRNStatus != TRNConflict {
			return fault.New(fault.Conflict, "This conflict has been ended already.")
		}
		if c.ID != seen.Conflict {
			return fault.New(fault.Conflict, "The conflict that you looked at has ended, and another one is open. Look at it again.")
		}
		holder, held, err := found(tx.ParticipantByTRN(ctx, c.TRN)) // as it is now: it may have changed since
		if err != nil {
			return err
		}
		if !held {
			holder = Participant{}
		}
		if holder.ID != seen.Holder {
			return fault.New(fault.Conflict, "The TRN stands on somebody else than when you looked. Look at the conflict again.")
		}
		trn := c.TRN
		if err := s.closeConflict(ctx, tx, &p, c, admin, how, why); err != nil {
			return err
		}
		src := source{Request: c.Request, Version: c.Version}
		switch {
		case how == SamePerson && held:
			return s.endSamePerson(ctx, tx, p, holder, trn, admin, why)
		case how == DifferentPeople:
			return s.endDifferentPeople(ctx, tx, p, holder, src, admin, why)
		case how == WrongLink && held:
			if err := s.story(ctx, tx, p.ID, admin, ConflictWrongLink, c.Request, why); err != nil {
				return err
			}
			if err := s.askAgain(ctx, tx, holder); err != nil {
				return err
			}
		case how == WrongLink && !p.TRN.IsZero():
			if err := s.story(ctx, tx, p.ID, admin, ConflictWrongLink, c.Request, why); err != nil {
				return err
			}
			return s.askAgain(ctx, tx, p)
		default: // the TRN is free: the participant gets it
			what := ConflictSamePerson
			if how == WrongLink {
				what = ConflictWrongLink
			}
			if err := s.story(ctx, tx, p.ID, admin, what, c.Request, why); err != nil {
				return err
			}
		}
		if err := s.storeTRN(ctx, tx, &p, trn, src); err != nil {
			return err
		}
		return tx.SaveParticipant(ctx, p)
	})
}

// askAgain takes the TRN back from a participant and asks for the details
// again: those that led to it were deleted when it was stored.
func (s *Service) askAgain(ctx context.Context, tx Tx, p Participant) error {
	if err := s.loseTRN(ctx, tx, &p); err != nil {
		return err
	}
	now := s.now()
	if c, open, err := found(tx.OpenConflict(ctx, p.ID)); err != nil {
		return err
	} else if open {
		if err := s.closeConflict(ctx, tx, &p, c, bySystem, "", ""); err != nil {
			return err
		}
	}
	p.TRNStatus, p.TRNAt, p.TRNRequest, p.TRNVersion, p.UpdatedAt = TRNNotChecked, now, "", 0, now
	if err := s.forget(ctx, tx, &p); err != nil {
		return err
	}
	if err := tx.SaveParticipant(ctx, p); err != nil {
		return err
	}
	return s.mail(ctx, tx, p, p.Email, mailNeedDetails)
}

// endDifferentPeople leaves everybody's TRN as it stands. The TRA is told, by
// mail where it has an address and by a request that replaces the answered one
// where the participant has no TRN.
func (s *Service) endDifferentPeople(ctx context.Context, tx Tx, p, holder Participant, src source, admin, why string) error {
	if err := s.story(ctx, tx, p.ID, admin, ConflictDifferent, src.Request, why); err != nil {
		return err
	}
	if err := s.tellTRA(ctx, tx, p, holder, src.Request); err != nil {
		return err
	}
	if p.TRN.IsZero() {
		data, held, err := found(tx.Data(ctx, p.ID))
		if err != nil {
			return err
		}
		if !held {
			return s.askAgain(ctx, tx, p)
		}
		if err := s.askTRA(ctx, tx, &p, data); err != nil {
			return err
		}
	}
	return tx.SaveParticipant(ctx, p)
}

// endSamePerson joins two records of one person: the older id is kept and has
// the TRN that the holder has.
func (s *Service) endSamePerson(ctx context.Context, tx Tx, p, holder Participant, trn person.TRN, admin, why string) error {
	keep, go_ := p, holder
	if holder.CreatedAt.Before(p.CreatedAt) || holder.CreatedAt.Equal(p.CreatedAt) && holder.ID < p.ID {
		keep, go_ = holder, p
	}
	if err := s.story(ctx, tx, keep.ID, admin, ConflictSamePerson, "", why); err != nil {
		return err
	}
	// Nothing is asked any more for either: the TRN is known.
	for _, each := range []*Participant{&keep, &go_} {
		if !each.TRNStatus.Validated() {
			if err := s.endCurrentRequest(ctx, tx, each, ""); err != nil {
				return err
			}
		}
		if err := s.forget(ctx, tx, each); err != nil {
			return err
		}
	}
	now := s.now()
	moved := keep.ID != holder.ID
	if moved {
		if err := s.unsettleAlert(ctx, tx, &keep); err != nil { // that of a TRN it may have had
			return err
		}
		keep.TRN, keep.TRNStatus, keep.TRNAt = trn, source{Request: holder.TRNRequest}.status(), now
		keep.TRNRequest, keep.TRNVersion = holder.TRNRequest, holder.TRNVersion
		if holder.AlertStatus != AlertAwaitingBarringCheck && holder.AlertStatus != AlertNotChecked {
			keep.AlertStatus, keep.AlertAt, keep.AlertRequest, keep.AlertOwner = holder.AlertStatus, holder.AlertAt, holder.AlertRequest, holder.AlertOwner
			keep.AlertState = holder.AlertState
		}
	}
	if err := s.unsettleAlert(ctx, tx, &go_); err != nil {
		return err
	}
	go_.TRN, go_.TRNStatus, go_.TRNAt, go_.TRNRequest, go_.TRNVersion = person.TRN{}, TRNNotChecked, now, "", 0
	go_.JoinedInto, go_.UpdatedAt = keep.ID, now
	if c, open, err := found(tx.OpenConflict(ctx, go_.ID)); err != nil {
		return err
	} else if open {
		if err := s.closeConflict(ctx, tx, &Participant{}, c, bySystem, SamePerson, ""); err != nil {
			return err
		}
	}
	if err := tx.SaveParticipant(ctx, go_); err != nil { // first: a TRN stands on one
		return err
	}
	if err := tx.Join(ctx, go_.ID, keep.ID); err != nil {
		return err
	}
	keep.TRNClaimed = keep.TRNClaimed || go_.TRNClaimed
	keep.WithdrawnAt, keep.ExpectedBy, keep.UpdatedAt = time.Time{}, time.Time{}, now
	if err := tx.SaveParticipant(ctx, keep); err != nil {
		return err
	}
	if moved {
		if err := tx.Enqueue(ctx, TaskAlert, string(keep.ID), now); err != nil {
			return err
		}
	}
	if err := s.story(ctx, tx, keep.ID, bySystem, RecordsJoined, "", ""); err != nil {
		return err
	}
	return s.mail(ctx, tx, keep, p.Email, mailConfirmed)
}
