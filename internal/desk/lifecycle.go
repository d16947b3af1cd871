package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"traid/internal/fault"
)

// Deleted gives tickets that are deleted and not yet for good, by id, and how many there are.
func (s *Service) Deleted(ctx context.Context, q Query) (found []Ticket, count int, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		if found, err = r.Deleted(ctx, q); err != nil {
			return err
		}
		count, err = r.CountDeleted(ctx)
		return err
	})
	return found, count, err
}

// restorable gives a ticket that is deleted and not for good.
func restorable(ctx context.Context, tx Tx, id TicketID) (Ticket, error) {
	t, err := tx.Ticket(ctx, id)
	if err == nil && (t.DeletedAt.IsZero() || t.Scrubbed) {
		return Ticket{}, errNoTicket
	}
	return t, err
}

// Restore brings a deleted ticket back as it was.
func (s *Service) Restore(ctx context.Context, by Actor, id TicketID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		t, err := restorable(ctx, tx, id)
		if err != nil {
			return err
		}
		at := s.at()
		before, after := t, t
		before.Status = Deleted
		after.DeletedAt, after.GeneratedAt = time.Time{}, at
		a, err := s.audit(ctx, tx, by, before, after, nil, "")
		if err != nil {
			return err
		}
		after.UpdatedAt = at
		if err := s.tell(ctx, tx, by, before, after, a, evUndeleted); err != nil {
			return err
		}
		return tx.SaveTicket(ctx, after)
	})
}

// Destroy deletes a deleted ticket for good: what it said is gone, also from
// its audits. It stays in exports, as deleted.
func (s *Service) Destroy(ctx context.Context, by Actor, id TicketID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		t, err := restorable(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.scrub(ctx, tx, by, t)
	})
}

// Scrubbed stands where a ticket said something before it was deleted for good.
const Scrubbed = "SCRUBBED"

func (s *Service) scrub(ctx context.Context, tx Tx, by Actor, t Ticket) error {
	if err := tx.ScrubAudits(ctx, t.ID); err != nil {
		return err
	}
	if err := tx.DropKeyOf(ctx, t.ID); err != nil {
		return err
	}
	t.Subject, t.Description, t.ExternalID = NewText(Scrubbed), NewText(Scrubbed), ""
	t.Tags, t.Fields, t.Scrubbed, t.GeneratedAt = nil, map[FieldID]Text{}, true, s.at()
	if err := s.tell(ctx, tx, by, t, t, Audit{Ticket: t.ID, At: t.GeneratedAt, Author: by.User.ID}, evDestroyed); err != nil {
		return err
	}
	return tx.SaveTicket(ctx, t)
}

// scrubAfter is when a deleted ticket is deleted for good, as Zendesk has it.
const scrubAfter = 30 * 24 * time.Hour

// ScrubOld deletes for good what has been deleted for long enough.
func (s *Service) ScrubOld(ctx context.Context) error {
	for {
		done := 0
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			old, err := tx.DeletedBefore(ctx, s.at().Add(-scrubAfter), closedAtOnce)
			if err != nil {
				return err
			}
			for _, t := range old {
				if err := s.scrub(ctx, tx, Actor{User: User{ID: System}}, t); err != nil {
					return err
				}
			}
			done = len(old)
			return nil
		}); err != nil || done < closedAtOnce {
			return err
		}
	}
}

// followUp makes of a creation a follow-up of a closed ticket: the tags are its
// where the creation names none. For a ticket that is not closed it does nothing.
func (s *Service) followUp(ctx context.Context, tx Tx, t *Ticket, u *Update) (source Ticket, follows bool, err error) {
	if u.FollowupOf == nil || *u.FollowupOf == 0 {
		return Ticket{}, false, nil
	}
	source, err = ticket(ctx, tx, *u.FollowupOf)
	if fault.Is(err, fault.NotFound) {
		return Ticket{}, false, invalid("via_followup_source_id", "Followup source: is not known")
	}
	if err != nil || source.Status != Closed {
		return Ticket{}, false, err
	}
	t.FollowupOf = source.ID
	if u.Tags == nil {
		tags := slices.Clone(source.Tags)
		u.Tags = &tags
	}
	return source, true, nil
}

// MakePrivate makes a public comment private, for good.
func (s *Service) MakePrivate(ctx context.Context, by Actor, id TicketID, comment int64) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		before, err := ticket(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Status == Closed {
			return errClosed
		}
		audits, err := tx.Audits(ctx, id)
		if err != nil {
			return err
		}
		found, public := false, false
		for _, a := range audits {
			switch c := a.Comment; {
			case c == nil:
			case c.ID == comment:
				found = true
				if !c.Public {
					return nil
				}
			default:
				public = public || c.Public
			}
		}
		if !found {
			return errNoTicket
		}
		if err := tx.HideComment(ctx, id, comment); err != nil {
			return err
		}
		after, at := before, s.at()
		after.Public = public
		return s.private(ctx, tx, by, before, after, comment, at)
	})
}

func (s *Service) private(ctx context.Context, tx Tx, by Actor, before, after Ticket, comment int64, at time.Time) error {
	after.GeneratedAt, after.UpdatedAt = at, at
	a := Audit{Ticket: after.ID, At: at, Author: by.User.ID, Channel: ChannelAPI, Program: by.Program, Address: by.Address, Private: comment}
	id, err := tx.NextIDs(ctx, 2)
	if err != nil {
		return err
	}
	a.ID, a.PrivateID = id, id+1
	if err := tx.AddAudit(ctx, a); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, by, before, after, a, evPrivate); err != nil {
		return err
	}
	return tx.SaveTicket(ctx, after)
}

// MergedTag is what a ticket gets that was merged into another one.
const MergedTag = "closed_by_merge"

// Merge says how tickets become one.
type Merge struct {
	Into                 TicketID
	From                 []TicketID
	TargetComment        Text // empty: the desk says what happened
	SourceComment        Text
	TargetPublic, Public bool // of the two comments; only when every ticket is public
}

// CheckMerge says what is wrong with a merge before it is begun.
func (s *Service) CheckMerge(ctx context.Context, m Merge) error {
	return s.store.View(ctx, func(ctx context.Context, r Reads) error {
		_, _, err := m.tickets(ctx, r)
		return err
	})
}

func (m Merge) tickets(ctx context.Context, r Reads) (into Ticket, from []Ticket, err error) {
	if into, err = ticket(ctx, r, m.Into); err != nil {
		return into, nil, err
	}
	if into.Status == Closed {
		return into, nil, errClosed
	}
	if len(m.From) == 0 {
		return into, nil, invalid("ids", "Ids: name the tickets to merge")
	}
	for _, id := range m.From {
		t, err := ticket(ctx, r, id)
		switch {
		case fault.Is(err, fault.NotFound):
			return into, nil, invalid("ids", "Ids: a ticket is not known")
		case err != nil:
			return into, nil, err
		case t.ID == into.ID:
			return into, nil, invalid("ids", "Ids: a ticket is not merged into itself")
		case t.Status == Closed:
			return into, nil, invalid("ids", "Ids: a closed ticket is not merged")
		}
		from = append(from, t)
	}
	return into, from, nil
}

// MergeTickets closes tickets in favour of another one, with a comment on each
// side, all in one transaction.
func (s *Service) MergeTickets(ctx context.Context, by Actor, m Merge) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		into, from, err := m.tickets(ctx, tx)
		if err != nil {
			return err
		}
		public := into.Public && !slices.ContainsFunc(from, func(t Ticket) bool { return !t.Public })
		by.Channel, by.Rel = ChannelWeb, RelMerge
		says := func(text Text, otherwise string, shown bool) *NewComment {
			shown = shown && public
			if blank(text) {
				text = NewText(otherwise)
			}
			return &NewComment{Body: text, Public: &shown}
		}
		var names string
		for i, t := range from {
			if i > 0 {
				names += ", "
			}
			names += "#" + strconv.FormatInt(int64(t.ID), 10)
		}
		verb := "was"
		if len(from) > 1 {
			verb = "were"
		}
		at := s.at()
		by.Sources = m.From
		target := Update{Comment: says(m.TargetComment, fmt.Sprintf("%s %s merged into this ticket.", names, verb), m.TargetPublic)}
		if err := s.change(ctx, tx, by, into, target, at); err != nil {
			return err
		}
		by.Sources = []TicketID{into.ID}
		for _, t := range from {
			closed := Closed
			u := Update{
				Status: &closed, AddTags: []string{MergedTag},
				Comment: says(m.SourceComment, fmt.Sprintf("This ticket was merged into #%d.", into.ID), m.Public),
			}
			if t.Assignee == 0 { // whoever merges takes it: closing needs an assignee
				u.AssigneeID = &by.User.ID
			}
			if err := s.change(ctx, tx, by, t, u, at, evMerged); err != nil {
				return err
			}
		}
		return nil
	})
}

// change applies an update to a ticket inside a transaction. more are the
// events that do not show in the ticket.
func (s *Service) change(ctx context.Context, tx Tx, by Actor, before Ticket, u Update, at time.Time, more ...string) error {
	in, err := s.surroundings(ctx, tx, by, &u)
	if err != nil {
		return err
	}
	after, comment, err := apply(before, u, in, at)
	if err != nil {
		return err
	}
	_, _, err = s.save(ctx, tx, by, before, after, comment, u.Custom, at, more...)
	return err
}

// CountComments tells the number of a ticket's comments without reading them.
func (s *Service) CountComments(ctx context.Context, id TicketID) (n int, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		n, err = r.CountComments(ctx, id)
		return err
	})
	return n, err
}

// AllAudits gives the audits of all tickets that are not deleted, in the order
// of their ids, after one or, with descending, before one; zero: from the end.
func (s *Service) AllAudits(ctx context.Context, after int64, descending bool, limit int) (audits []Audit, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		audits, err = r.AllAudits(ctx, after, descending, limit)
		return err
	})
	return audits, err
}

// Recent gives the tickets that an agent changed last, the latest first.
func (s *Service) Recent(ctx context.Context, by UserID, limit int) (found []Ticket, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		ids, err := r.ChangedBy(ctx, by, limit)
		if err != nil {
			return err
		}
		found, err = r.Tickets(ctx, ids)
		slices.SortFunc(found, func(a, b Ticket) int {
			return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
		})
		return err
	})
	return found, err
}
