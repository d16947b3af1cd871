package trasql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
)

// requestColumns are those of a row of requests, in the order of scanRequest.
const requestColumns = `requests.id, requests.client, requests.kind, requests.reference, requests.state, requests.body_hash,
requests.submitted_at, requests.queued_at, requests.expected_by, requests.replaces, requests.replaced_by, requests.changed,
requests.owner, requests.revision, requests.version, requests.refusals, requests.ticket, requests.ticket_status,
requests.ticket_updated_at, requests.ticket_read_at, requests.held_since, requests.held_until, requests.over_at, requests.forgotten_at, requests.checked`

// scanRequest reads a row of requestColumns and of what is selected after them.
func scanRequest(rows *sql.Rows, more ...any) (tra.Request, error) {
	var r Request
	err := rows.Scan(append([]any{
		&r.ID, &r.Client, &r.Kind, &r.Reference, &r.State, &r.BodyHash,
		&r.SubmittedAt, &r.QueuedAt, &r.ExpectedBy, &r.Replaces, &r.ReplacedBy, &r.Changed,
		&r.Owner, &r.Revision, &r.Version, &r.Refusals, &r.Ticket, &r.TicketStatus,
		&r.TicketUpdatedAt, &r.TicketReadAt, &r.HeldSince, &r.HeldUntil, &r.OverAt, &r.ForgottenAt, &r.Checked,
	}, more...)...)
	return requestOf(r), err
}

func requestOf(r Request) tra.Request {
	out := tra.Request{
		ID: tra.RequestID(r.ID), Client: tra.Client(r.Client), Kind: tra.Kind(r.Kind), Reference: tra.Reference(r.Reference),
		State: tra.State(r.State), BodyHash: r.BodyHash,
		SubmittedAt: r.SubmittedAt.UTC(), QueuedAt: r.QueuedAt.UTC(), ExpectedBy: timeOf(r.ExpectedBy),
		Replaces: tra.RequestID(r.Replaces), ReplacedBy: tra.RequestID(r.ReplacedBy),
		Owner: r.Owner, Revision: r.Revision, Version: r.Version, Refusals: r.Refusals, Check: tra.Check(r.Checked),
		Ticket: tra.TicketID(r.Ticket.Int64), TicketStatus: tra.TicketStatus(r.TicketStatus),
		TicketUpdatedAt: timeOf(r.TicketUpdatedAt), TicketReadAt: timeOf(r.TicketReadAt),
		HeldSince: timeOf(r.HeldSince), HeldUntil: timeOf(r.HeldUntil), OverAt: timeOf(r.OverAt), ForgottenAt: timeOf(r.ForgottenAt),
	}
	if r.Changed != "" {
		for f := range strings.SplitSeq(r.Changed, ",") {
			out.Changed = append(out.Changed, tra.Field(f))
		}
	}
	return out
}

func requestRow(r tra.Request) AddRequestParams {
	fields := make([]string, len(r.Changed))
	for i, f := range r.Changed {
		fields[i] = string(f)
	}
	return AddRequestParams{
		ID: string(r.ID), Client: string(r.Client), Kind: string(r.Kind), Reference: string(r.Reference),
		State: string(r.State), BodyHash: r.BodyHash,
		SubmittedAt: sqldb.Time(r.SubmittedAt), QueuedAt: sqldb.Time(r.QueuedAt), ExpectedBy: sqldb.NullTime(r.ExpectedBy),
		Replaces: string(r.Replaces), ReplacedBy: string(r.ReplacedBy), Changed: strings.Join(fields, ","),
		Owner: r.Owner, Revision: r.Revision, Version: r.Version, Refusals: r.Refusals, Checked: string(r.Check),
		Ticket: sql.NullInt64{Int64: int64(r.Ticket), Valid: r.Ticket != 0}, TicketStatus: string(r.TicketStatus),
		TicketUpdatedAt: sqldb.NullTime(r.TicketUpdatedAt), TicketReadAt: sqldb.NullTime(r.TicketReadAt),
		HeldSince: sqldb.NullTime(r.HeldSince), HeldUntil: sqldb.NullTime(r.HeldUntil),
		OverAt: sqldb.NullTime(r.OverAt), ForgottenAt: sqldb.NullTime(r.ForgottenAt),
	}
}

// Request gives a request.
func (x reads) Request(ctx context.Context, id tra.RequestID) (tra.Request, error) {
	r, err := x.q.Request(ctx, string(id))
	return requestOf(r), readError("request", id, err)
}

// RequestByTicket gives the request that a ticket is for.
func (x reads) RequestByTicket(ctx context.Context, id tra.TicketID) (tra.Request, error) {
	r, err := x.q.RequestByTicket(ctx, sql.NullInt64{Int64: int64(id), Valid: true})
	return requestOf(r), readError("request", id, err)
}

// AddRequest keeps a new request and its claim.
func (x *tx) AddRequest(ctx context.Context, r tra.Request, c tra.Claim) error {
	if err := x.q.AddRequest(ctx, requestRow(r)); err != nil {
		return writeError("request", r.ID, err)
	}
	return writeError("claim", r.ID, x.q.AddClaim(ctx, claimRow(r.ID, c)))
}

// SaveRequest changes a request.
func (x *tx) SaveRequest(ctx context.Context, r tra.Request) error {
	n, err := x.q.SaveRequest(ctx, SaveRequestParams(requestRow(r)))
	return changed("request", r.ID, n, err)
}

// ClientRequests lists a client's requests by id, after one.
func (s *Store) ClientRequests(ctx context.Context, c tra.Client, states []tra.State, after tra.RequestID, limit int) ([]tra.Request, error) {
	var a args
	query := `SELECT ` + requestColumns + ` FROM requests WHERE client = ` + a.add(string(c)) + ` AND id > ` + a.add(string(after))
	if len(states) > 0 {
		query += ` AND state IN (` + list(&a, states) + `)`
	}
	var out []tra.Request
	err := each(ctx, s.db.Reader(), query+` ORDER BY id LIMIT `+a.add(limit), a, func(rows *sql.Rows) error {
		r, err := scanRequest(rows)
		out = append(out, r)
		return err
	})
	return out, readError("requests", c, err)
}

// SameTRN gives a client's other requests whose newest decision that is open or
// released has the TRN.
func (s *Store) SameTRN(ctx context.Context, c tra.Client, trn person.TRN, except tra.RequestID) ([]tra.Request, error) {
	rows, err := s.q.SameTRN(ctx, SameTRNParams{Trn: trn.Reveal(), Client: string(c), ID: string(except)})
	if err != nil {
		return nil, readError("requests with the TRN", except, err)
	}
	out := make([]tra.Request, len(rows))
	for i, r := range rows {
		out[i] = requestOf(r)
	}
	return out, nil
}

// args collects the values of a query that is put together.
type args []any

// add takes a value and gives its placeholder.
func (a *args) add(v any) string {
	*a = append(*a, v)
	return fmt.Sprintf("$%d", len(*a))
}

// list gives the placeholders of values for IN.
func list[T ~string](a *args, values []T) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = a.add(string(v))
	}
	return strings.Join(places, ",")
}

// each reads the rows of a query one by one.
func each(ctx context.Context, q sqldb.Querier, query string, a args, scan func(rows *sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, a...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
