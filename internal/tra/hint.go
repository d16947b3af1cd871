package tra

import (
	"context"
	"time"
)

// hintsKept is how long a hint is remembered, so that one that is sent twice is
// heard once. An older one is refused by its signature's time.
const hintsKept = 24 * time.Hour

// Hint is the helpdesk's word that a ticket changed. Nothing of it is believed
// but which ticket to look at: it is read soon, no more than once a minute
// however many hints come. A hint that was heard before, or that is about a
// ticket of nobody's request, changes nothing.
func (s *Service) Hint(ctx context.Context, id string, ticket TicketID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		if err := tx.DropHints(ctx, now.Add(-hintsKept)); err != nil {
			return err
		}
		if first, err := tx.AddHint(ctx, id, now); err != nil || !first {
			return err
		}
		r, ours, err := found(tx.RequestByTicket(ctx, ticket))
		if err != nil || !ours || r.State == Withdrawn {
			return err
		}
		return tx.Enqueue(ctx, TaskRead, r.ID, later(now, r.TicketReadAt.Add(fresh)))
	})
}
