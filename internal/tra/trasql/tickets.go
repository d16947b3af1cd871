package trasql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// OpenTickets gives the tickets of open requests after one, by number.
func (s *Store) OpenTickets(ctx context.Context, after tra.TicketID, limit int) ([]tra.TicketID, error) {
	rows, err := s.q.OpenTickets(ctx, OpenTicketsParams{Ticket: sql.NullInt64{Int64: int64(after), Valid: true}, Limit: int32(limit)})
	if err != nil {
		return nil, readError("open tickets", after, err)
	}
	out := make([]tra.TicketID, len(rows))
	for i, t := range rows {
		out[i] = tra.TicketID(t)
	}
	return out, nil
}

// Creation gives how far the creation of a request's ticket has come.
func (x reads) Creation(ctx context.Context, id tra.RequestID) (tra.Creation, error) {
	c, err := x.q.Creation(ctx, string(id))
	if err != nil {
		return tra.Creation{}, readError("ticket to be created", id, err)
	}
	return tra.Creation{
		Request: id, Follows: tra.TicketID(c.Follows), Body: []byte(c.Body), FirstSentAt: timeOf(c.FirstSentAt),
		EmptyLookups: c.EmptyLookups, EmptySince: timeOf(c.EmptySince),
	}, nil
}

// SaveCreation keeps how far the creation has come.
func (x *tx) SaveCreation(ctx context.Context, c tra.Creation) error {
	return writeError("ticket to be created", c.Request, x.q.SaveCreation(ctx, SaveCreationParams{
		Request: string(c.Request), Body: string(c.Body), FirstSentAt: sqldb.NullTime(c.FirstSentAt),
		EmptyLookups: c.EmptyLookups, EmptySince: sqldb.NullTime(c.EmptySince), Follows: int64(c.Follows),
	}))
}

// DeleteCreation deletes it, with what the body holds of the person.
func (x *tx) DeleteCreation(ctx context.Context, id tra.RequestID) error {
	return writeError("ticket to be created", id, x.q.DeleteCreation(ctx, string(id)))
}

// KeepTicket keeps a ticket that a request had before its present one.
func (x *tx) KeepTicket(ctx context.Context, id tra.RequestID, t tra.TicketID) error {
	return writeError("earlier ticket", id, x.q.KeepTicket(ctx, KeepTicketParams{Ticket: int64(t), Request: string(id)}))
}

// AddOp adds a change of a ticket after all others.
func (x *tx) AddOp(ctx context.Context, o tra.Op) error {
	seq, err := x.q.NextNumber(ctx, "ops")
	if err != nil {
		return writeError("change of the ticket", o.Request, err)
	}
	return writeError("change of the ticket", o.Request, x.q.AddOp(ctx, AddOpParams{
		ID: o.ID, Seq: seq, Request: string(o.Request), Kind: string(o.Kind), Decision: string(o.Decision), Note: o.Note, Sent: o.Sent,
	}))
}

// NextOp gives the change that is to be made next to a request's ticket.
func (x *tx) NextOp(ctx context.Context, id tra.RequestID) (tra.Op, error) {
	o, err := x.q.NextOp(ctx, string(id))
	if err != nil {
		return tra.Op{}, readError("change of the ticket", id, err)
	}
	return tra.Op{
		ID: o.ID, Request: id, Seq: o.Seq, Kind: tra.OpKind(o.Kind), Decision: tra.DecisionID(o.Decision), Note: o.Note, Sent: o.Sent,
	}, nil
}

// OpSent notes that a change may have reached the helpdesk.
func (x *tx) OpSent(ctx context.Context, id string) error {
	return writeError("change of the ticket", id, x.q.OpSent(ctx, id))
}

// DropOp forgets a change: it was made, or is not to be made any more.
func (x *tx) DropOp(ctx context.Context, id string) error {
	return writeError("change of the ticket", id, x.q.DropOp(ctx, id))
}

// Sweep gives how far the helpdesk's changes are read: before the first time
// the zero Sweep.
func (x reads) Sweep(ctx context.Context) (tra.Sweep, error) {
	s, err := x.q.Sweep(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return tra.Sweep{}, nil
	}
	return tra.Sweep{Cursor: s.AfterCursor, LastAt: timeOf(s.LastAt), AllAt: timeOf(s.AllAt), AllAfter: tra.TicketID(s.AllAfter)}, readError("sweep", "the helpdesk", err)
}

// SaveSweep keeps how far they are read.
func (x *tx) SaveSweep(ctx context.Context, s tra.Sweep) error {
	return writeError("sweep", "the helpdesk", x.q.SaveSweep(ctx, SaveSweepParams{
		AfterCursor: s.Cursor, LastAt: sqldb.NullTime(s.LastAt), AllAt: sqldb.NullTime(s.AllAt), AllAfter: int64(s.AllAfter),
	}))
}

// AddHint keeps a hint's id; false when it was heard before.
func (x *tx) AddHint(ctx context.Context, id string, at time.Time) (fresh bool, err error) {
	n, err := x.q.AddHint(ctx, AddHintParams{ID: id, At: sqldb.Time(at)})
	return n > 0, writeError("hint", id, err)
}

// DropHints forgets the hints that were heard before an instant.
func (x *tx) DropHints(ctx context.Context, before time.Time) error {
	return writeError("hints", before, x.q.DropHints(ctx, sqldb.Time(before)))
}

// KeepUser keeps whom the helpdesk knows us as, and gives all that it ever did.
func (s *Store) KeepUser(ctx context.Context, id int64, at time.Time) (all []int64, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) (err error) {
		q := New(t)
		if err := q.AddHelpdeskUser(ctx, AddHelpdeskUserParams{ID: id, Since: sqldb.Time(at)}); err != nil {
			return err
		}
		all, err = q.HelpdeskUsers(ctx)
		return err
	})
	return all, writeError("user in the helpdesk", id, err)
}
