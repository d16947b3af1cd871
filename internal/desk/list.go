package desk

import (
	"context"
	"time"
)

// Position is a ticket's place in an order by time and id. By id alone, the time is zero.
type Position struct {
	At time.Time
	ID TicketID
}

// Query asks for tickets in an order.
type Query struct {
	ExternalID *string
	ByUpdate   bool // by the time of the last event, then by id; otherwise by id alone
	Descending bool
	After      *Position // in the order asked for
	Limit      int
	Offset     int
}

// List gives tickets that are not deleted.
func (s *Service) List(ctx context.Context, q Query) (found []Ticket, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		found, err = r.List(ctx, q)
		return err
	})
	return found, err
}

// Count says how many tickets there are that are not deleted, with an external id or, when it is nil, in all.
func (s *Service) Count(ctx context.Context, externalID *string) (n int, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		n, err = r.Count(ctx, externalID)
		return err
	})
	return n, err
}

// Exported is one page of an export.
type Exported struct {
	Tickets []Ticket
	Next    Position // the page after this one begins after it
	End     bool     // there is no more for now
}

// minExportAge is how old the start of an export has to be at least.
const minExportAge = time.Minute

// ExportStart gives the position of the first page of an export of all that
// changed at an instant or later; false for one that is too recent.
func (s *Service) ExportStart(at time.Time) (Position, bool) {
	return Position{At: at.UTC().Truncate(time.Second)}, !at.After(s.o.Now().Add(-minExportAge))
}

// Export gives the tickets that changed after a position, each once, as they
// stand now. The newest changes are left out: a transaction that began before
// them may not have ended yet.
func (s *Service) Export(ctx context.Context, after Position, deleted bool, limit int) (Exported, error) {
	out := Exported{Next: after, End: true}
	err := s.store.View(ctx, func(ctx context.Context, r Reads) error {
		found, err := r.Export(ctx, after, s.o.Now().UTC().Add(-s.o.ExportDelay).Truncate(time.Second), deleted, limit+1)
		if err != nil {
			return err
		}
		if out.End = len(found) <= limit; !out.End {
			found = found[:limit]
		}
		out.Tickets = found
		if n := len(found); n > 0 {
			out.Next = Position{At: found[n-1].GeneratedAt, ID: found[n-1].ID}
		}
		return nil
	})
	return out, err
}

// ExportedSince is one page of an export by time.
type ExportedSince struct {
	Tickets []Ticket
	EndTime time.Time // where the next page begins
	End     bool
}

// ExportSince gives the tickets that changed at an instant or later. A page
// holds at least limit tickets where there are as many, and a second is never
// split: one that fills the page is in it whole, and otherwise the page's last
// second comes again with the next page.
func (s *Service) ExportSince(ctx context.Context, start time.Time, deleted bool, limit int) (ExportedSince, error) {
	out := ExportedSince{EndTime: start, End: true}
	err := s.store.View(ctx, func(ctx context.Context, r Reads) error {
		before := s.o.Now().UTC().Add(-s.o.ExportDelay).Truncate(time.Second)
		found, err := r.Export(ctx, Position{At: start}, before, deleted, limit+1)
		if err != nil || len(found) == 0 {
			return err
		}
		out.End = len(found) <= limit
		found = found[:min(len(found), limit)]
		last := found[len(found)-1].GeneratedAt
		if whole := found[0].GeneratedAt.Equal(last); whole {
			next := last.Add(time.Second)
			if !out.End {
				until := next
				if before.Before(until) {
					until = before
				}
				if found, err = r.Export(ctx, Position{At: last}, until, deleted, 0); err != nil {
					return err
				}
				rest, err := r.Export(ctx, Position{At: next}, before, deleted, 1)
				if err != nil {
					return err
				}
				out.End = len(rest) == 0
			}
			last = next
		}
		out.Tickets, out.EndTime = found, last
		return nil
	})
	return out, err
}
