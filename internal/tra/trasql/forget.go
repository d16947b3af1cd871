package trasql

import (
	"context"
	"time"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// OverRequests gives requests that were answered last, or withdrawn, before an
// instant and are not forgotten, the earliest first.
func (s *Store) OverRequests(ctx context.Context, before time.Time, limit int) ([]tra.RequestID, error) {
	rows, err := s.q.OverRequests(ctx, OverRequestsParams{OverAt: sqldb.NullTime(before), Limit: int32(limit)})
	if err != nil {
		return nil, readError("requests that are over", before, err)
	}
	out := make([]tra.RequestID, len(rows))
	for i, id := range rows {
		out[i] = tra.RequestID(id)
	}
	return out, nil
}

// Forget deletes everything of a request but its kind, its times and its
// outcomes. The row itself and its tickets are the caller's.
func (x *tx) Forget(ctx context.Context, r tra.Request) error {
	id := string(r.ID)
	for _, one := range []func() error{
		func() error { return x.q.DeleteClaim(ctx, id) },
		func() error { return x.q.DeleteCreation(ctx, id) },
		func() error { return x.q.ForgetQuestions(ctx, id) },
		func() error { return x.q.ForgetFlags(ctx, id) },
		func() error { return x.q.ForgetOps(ctx, id) },
		func() error { return x.q.ForgetDeliveries(ctx, id) },
		func() error { return x.q.ForgetDecisions(ctx, id) },
		func() error { return x.q.ForgetAnswers(ctx, id) },
		func() error { return x.q.ForgetEvents(ctx, ForgetEventsParams{Request: id, Who: string(r.Client)}) },
	} {
		if err := one(); err != nil {
			return writeError("what is to be forgotten", id, err)
		}
	}
	return nil
}

// EarlierTickets gives the tickets that a request had.
func (x reads) EarlierTickets(ctx context.Context, id tra.RequestID) ([]tra.EarlierTicket, error) {
	rows, err := x.q.EarlierTickets(ctx, string(id))
	if err != nil {
		return nil, readError("earlier tickets", id, err)
	}
	out := make([]tra.EarlierTicket, len(rows))
	for i, row := range rows {
		out[i] = tra.EarlierTicket{ID: tra.TicketID(row.Ticket), Deleting: row.Deleting}
	}
	return out, nil
}

// TicketDeleting notes that a ticket was seen to be ours and is being deleted.
func (x *tx) TicketDeleting(ctx context.Context, t tra.TicketID) error {
	return writeError("earlier ticket", t, x.q.TicketDeleting(ctx, int64(t)))
}

// DropEarlierTicket forgets a ticket.
func (x *tx) DropEarlierTicket(ctx context.Context, t tra.TicketID) error {
	return writeError("earlier ticket", t, x.q.DropEarlierTicket(ctx, int64(t)))
}
