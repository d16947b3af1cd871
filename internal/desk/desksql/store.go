// Package desksql keeps the desk in a service's own database, SQLite or
// PostgreSQL. It has no rules.
package desksql

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"traid/internal/desk"
	"traid/internal/fault"
	"traid/internal/sqldb"
)

//go:embed migrations
var files embed.FS

// Migrations are the desk's tables. What is due to be delivered stands in those
// of sqldb.TaskMigrations.
var Migrations = sqldb.Set{Name: "desk", FS: files}

// Store is desk.Store.
type Store struct {
	db    *sqldb.DB
	tasks sqldb.Tasks
	// turn is held by the one that writes: all writers meet at the counters, and
	// on PostgreSQL those that meet there fail and begin anew. Other processes
	// still may.
	turn chan struct{}
}

// NewStore gives the store in a migrated database. jobs kick what becomes due;
// with nil nothing is kicked, and DueInvocations has to be asked.
func NewStore(db *sqldb.DB, jobs *sqldb.Jobs) *Store {
	return &Store{db: db, tasks: sqldb.Tasks{Jobs: jobs}, turn: make(chan struct{}, 1)}
}

// View reads one state of the desk.
func (s *Store) View(ctx context.Context, do func(ctx context.Context, r desk.Reads) error) error {
	return s.db.View(ctx, func(ctx context.Context, t *sql.Tx) error { return do(ctx, &tx{t: t, q: New(t)}) })
}

// InTx runs do in one transaction.
func (s *Store) InTx(ctx context.Context, do func(ctx context.Context, tx desk.Tx) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) error { return do(ctx, &tx{t: t, q: New(t), tasks: s.tasks}) })
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "40001" || pg.Code == "40P01") { // serialization, deadlock
		return errors.Join(desk.ErrCollision, err)
	}
	return err
}

// tx is desk.Reads and desk.Tx.
type tx struct {
	t     *sql.Tx
	q     *Queries
	tasks sqldb.Tasks
}

var (
	_ desk.Store = (*Store)(nil)
	_ desk.Tx    = (*tx)(nil)
)

// failed tells the store's errors in the desk's words; what names what was being done.
func failed(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fault.Wrap(fault.NotFound, "Not found", fmt.Errorf("desksql: %s", what))
	case sqldb.IsUnique(err):
		return errors.Join(desk.ErrTaken, fmt.Errorf("desksql: %s: %w", what, err))
	}
	return fmt.Errorf("desksql: %s: %w", what, err)
}

// each makes the desk's values of rows.
func each[R, T any](what string, rows []R, err error, as func(R) (T, error)) ([]T, error) {
	if err != nil {
		return nil, failed(what, err)
	}
	out := []T{}
	for _, row := range rows {
		v, err := as(row)
		if err != nil {
			return nil, failed(what, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func (x *tx) NextTicketID(ctx context.Context) (desk.TicketID, error) {
	id, err := x.q.Count(ctx, CountParams{Value: 1, Name: "ticket"})
	return desk.TicketID(id), failed("count a ticket", err)
}

func (x *tx) NextIDs(ctx context.Context, n int) (int64, error) {
	last, err := x.q.Count(ctx, CountParams{Value: int64(n), Name: "object"})
	return last - int64(n) + 1, failed("count ids", err)
}

// ── tickets ──

func ticketOf(row Ticket) (desk.Ticket, error) {
	t := desk.Ticket{
		ID: desk.TicketID(row.ID), ExternalID: row.ExternalID, Subject: desk.NewText(row.Subject), Description: desk.NewText(row.Description),
		Status: desk.Status(row.Status), Type: row.Type, Priority: row.Priority,
		Requester: desk.UserID(row.RequesterID), Submitter: desk.UserID(row.SubmitterID), Assignee: desk.UserID(row.AssigneeID), Group: desk.GroupID(row.GroupID),
		Public: row.Public, Fields: map[desk.FieldID]desk.Text{},
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(), GeneratedAt: row.GeneratedAt.UTC(),
	}
	if row.SolvedAt.Valid {
		t.SolvedAt = row.SolvedAt.Time.UTC()
	}
	if row.DeletedAt.Valid {
		t.DeletedAt = row.DeletedAt.Time.UTC()
	}
	t.Scrubbed, t.FollowupOf = row.Scrubbed, desk.TicketID(row.FollowupOf)
	var fields map[desk.FieldID]string
	if err := errors.Join(json.Unmarshal([]byte(row.Tags), &t.Tags), json.Unmarshal([]byte(row.CustomFields), &fields), ids(row.Followups, &t.Followups)); err != nil {
		return desk.Ticket{}, errors.New("a ticket's lists cannot be read")
	}
	for id, v := range fields {
		t.Fields[id] = desk.NewText(v)
	}
	return t, nil
}

// ids reads a list of ticket ids; an empty one is nil.
func ids(list string, into *[]desk.TicketID) error {
	if list == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(list), into)
}

func idList(ids []desk.TicketID) string {
	raw, _ := json.Marshal(append([]desk.TicketID{}, ids...)) // numbers always marshal
	return string(raw)
}

func lists(t desk.Ticket) (tags, fields string) {
	values := map[desk.FieldID]string{}
	for id, v := range t.Fields {
		values[id] = v.Reveal()
	}
	tagsJSON, _ := json.Marshal(append([]string{}, t.Tags...)) // strings always marshal
	fieldsJSON, _ := json.Marshal(values)
	return string(tagsJSON), string(fieldsJSON)
}

func (x *tx) Ticket(ctx context.Context, id desk.TicketID) (desk.Ticket, error) {
	row, err := x.q.Ticket(ctx, int64(id))
	if err != nil {
		return desk.Ticket{}, failed("ticket", err)
	}
	t, err := ticketOf(row)
	return t, failed("ticket", err)
}

const ticketColumns = `id, external_id, subject, description, status, type, priority, requester_id, submitter_id, assignee_id, group_id,
	public, tags, custom_fields, created_at, updated_at, generated_at, solved_at, deleted_at, scrubbed, followup_of, followups`

// find reads tickets by a query's end, whose placeholders are for args.
func (x *tx) find(ctx context.Context, end string, args ...any) ([]desk.Ticket, error) {
	rows, err := x.t.QueryContext(ctx, `SELECT `+ticketColumns+` FROM tickets `+end, args...)
	if err != nil {
		return nil, failed("find tickets", err)
	}
	defer rows.Close()
	out := []desk.Ticket{}
	for rows.Next() {
		var r Ticket
		if err := rows.Scan(&r.ID, &r.ExternalID, &r.Subject, &r.Description, &r.Status, &r.Type, &r.Priority, &r.RequesterID, &r.SubmitterID,
			&r.AssigneeID, &r.GroupID, &r.Public, &r.Tags, &r.CustomFields, &r.CreatedAt, &r.UpdatedAt, &r.GeneratedAt, &r.SolvedAt, &r.DeletedAt,
			&r.Scrubbed, &r.FollowupOf, &r.Followups); err != nil {
			return nil, failed("find tickets", err)
		}
		t, err := ticketOf(r)
		if err != nil {
			return nil, failed("find tickets", err)
		}
		out = append(out, t)
	}
	return out, failed("find tickets", rows.Err())
}

// in gives a list of placeholders for ids, each id once, and the ids as its arguments.
func in[T ~int64](ids []T) (list string, args []any) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = "$" + strconv.Itoa(i+1)
		args = append(args, int64(id))
	}
	return strings.Join(places, ", "), args
}

func (x *tx) Tickets(ctx context.Context, ids []desk.TicketID) ([]desk.Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, args := in(ids)
	return x.find(ctx, `WHERE id IN (`+list+`) AND deleted_at IS NULL ORDER BY id`, args...)
}

func (x *tx) List(ctx context.Context, q desk.Query) ([]desk.Ticket, error) {
	var args []any
	arg := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	end := `WHERE deleted_at IS NULL`
	if q.ExternalID != nil {
		end += ` AND external_id = ` + arg(*q.ExternalID)
	}
	beyond, direction := `>`, ``
	if q.Descending {
		beyond, direction = `<`, ` DESC`
	}
	if p := q.After; p != nil && q.ByUpdate {
		at := sqldb.Time(p.At)
		end += ` AND (updated_at ` + beyond + ` ` + arg(at) + ` OR (updated_at = ` + arg(at) + ` AND id ` + beyond + ` ` + arg(int64(p.ID)) + `))`
	} else if p != nil {
		end += ` AND id ` + beyond + ` ` + arg(int64(p.ID))
	}
	if q.ByUpdate {
		end += ` ORDER BY updated_at` + direction + `, id` + direction
	} else {
		end += ` ORDER BY id` + direction
	}
	return x.find(ctx, end+` LIMIT `+arg(int64(q.Limit))+` OFFSET `+arg(int64(q.Offset)), args...)
}

func (x *tx) Count(ctx context.Context, externalID *string) (int, error) {
	if externalID != nil {
		n, err := x.q.CountTicketsByExternalID(ctx, *externalID)
		return int(n), failed("count tickets", err)
	}
	n, err := x.q.CountTickets(ctx)
	return int(n), failed("count tickets", err)
}

func (x *tx) Export(ctx context.Context, after desk.Position, before time.Time, deleted bool, limit int) ([]desk.Ticket, error) {
	at := sqldb.Time(after.At)
	end := `WHERE (generated_at > $1 OR (generated_at = $2 AND id > $3)) AND generated_at < $4`
	if !deleted {
		end += ` AND deleted_at IS NULL`
	}
	args := []any{at, at, int64(after.ID), sqldb.Time(before)}
	end += ` ORDER BY generated_at, id`
	if limit > 0 {
		end += ` LIMIT $5`
		args = append(args, int64(limit))
	}
	return x.find(ctx, end, args...)
}

func (x *tx) SolvedBefore(ctx context.Context, at time.Time, limit int) ([]desk.Ticket, error) {
	rows, err := x.q.SolvedBefore(ctx, SolvedBeforeParams{SolvedAt: sqldb.NullTime(at), Limit: int32(limit)})
	return each("solved tickets", rows, err, ticketOf)
}

func (x *tx) AddTicket(ctx context.Context, t desk.Ticket) error {
	tags, fields := lists(t)
	return failed("add ticket", x.q.AddTicket(ctx, AddTicketParams{
		ID: int64(t.ID), ExternalID: t.ExternalID, Subject: t.Subject.Reveal(), Description: t.Description.Reveal(), Status: string(t.Status),
		Type: t.Type, Priority: t.Priority, RequesterID: int64(t.Requester), SubmitterID: int64(t.Submitter), AssigneeID: int64(t.Assignee),
		GroupID: int64(t.Group), Public: t.Public, Tags: tags, CustomFields: fields, CreatedAt: sqldb.Time(t.CreatedAt), UpdatedAt: sqldb.Time(t.UpdatedAt),
		GeneratedAt: sqldb.Time(t.GeneratedAt), SolvedAt: sqldb.NullTime(t.SolvedAt), DeletedAt: sqldb.NullTime(t.DeletedAt),
		Scrubbed: t.Scrubbed, FollowupOf: int64(t.FollowupOf), Followups: idList(t.Followups),
	}))
}

func (x *tx) SaveTicket(ctx context.Context, t desk.Ticket) error {
	tags, fields := lists(t)
	return failed("save ticket", x.q.SaveTicket(ctx, SaveTicketParams{
		ID: int64(t.ID), ExternalID: t.ExternalID, Subject: t.Subject.Reveal(), Description: t.Description.Reveal(), Status: string(t.Status),
		Type: t.Type, Priority: t.Priority, RequesterID: int64(t.Requester), AssigneeID: int64(t.Assignee),
		GroupID: int64(t.Group), Public: t.Public, Tags: tags, CustomFields: fields, UpdatedAt: sqldb.Time(t.UpdatedAt),
		GeneratedAt: sqldb.Time(t.GeneratedAt), SolvedAt: sqldb.NullTime(t.SolvedAt), DeletedAt: sqldb.NullTime(t.DeletedAt),
		Scrubbed: t.Scrubbed, Followups: idList(t.Followups),
	}))
}

// ── audits ──

// event is how an event is stored.
type event struct {
	ID        int64    `json:"id"`
	Create    bool     `json:"create,omitempty"`
	Attribute string   `json:"attribute"`
	Value     string   `json:"value,omitempty"`
	List      []string `json:"list"` // null unless the value is a list
	Previous  string   `json:"previous,omitempty"`
	WasList   []string `json:"was_list"`
}

func valueOf(text string, list []string) desk.Value {
	if list != nil {
		return desk.ListValue(list)
	}
	return desk.TextValue(text)
}

func (x *tx) Audits(ctx context.Context, id desk.TicketID) ([]desk.Audit, error) {
	rows, err := x.q.Audits(ctx, int64(id))
	return each("audits", rows, err, auditOf)
}

func auditOf(row Audit) (desk.Audit, error) {
	a := desk.Audit{
		ID: row.ID, Ticket: desk.TicketID(row.TicketID), At: row.At.UTC(), Author: desk.UserID(row.AuthorID),
		Channel: row.Channel, Rel: row.Rel, Program: row.Program, Address: row.Address, Custom: row.Custom,
		Private: row.PrivateComment, PrivateID: row.PrivateEvent,
	}
	if row.CommentID != 0 {
		a.Comment = &desk.Comment{ID: row.CommentID, Author: desk.UserID(row.CommentAuthor), Body: desk.NewText(row.CommentBody), Public: row.CommentPublic}
	}
	var events []event
	if err := errors.Join(json.Unmarshal([]byte(row.Events), &events), ids(row.Sources, &a.Sources)); err != nil {
		return desk.Audit{}, errors.New("an audit's lists cannot be read")
	}
	for _, e := range events {
		a.Events = append(a.Events, desk.Event{
			ID: e.ID, Create: e.Create, Attribute: e.Attribute, Value: valueOf(e.Value, e.List), Previous: valueOf(e.Previous, e.WasList),
		})
	}
	return a, nil
}

func (x *tx) AddAudit(ctx context.Context, a desk.Audit) error {
	events := []event{}
	for _, e := range a.Events {
		stored := event{ID: e.ID, Create: e.Create, Attribute: e.Attribute, Value: e.Value.Reveal(), Previous: e.Previous.Reveal()}
		stored.List, _ = e.Value.List()
		stored.WasList, _ = e.Previous.List()
		events = append(events, stored)
	}
	eventsJSON, _ := json.Marshal(events) // strings and numbers always marshal
	p := AddAuditParams{
		ID: a.ID, TicketID: int64(a.Ticket), At: sqldb.Time(a.At), AuthorID: int64(a.Author), Channel: a.Channel,
		Program: a.Program, Address: a.Address, Custom: a.Custom, Events: string(eventsJSON),
		Rel: a.Rel, Sources: idList(a.Sources), PrivateComment: a.Private, PrivateEvent: a.PrivateID,
	}
	if c := a.Comment; c != nil {
		p.CommentID, p.CommentAuthor, p.CommentBody, p.CommentPublic = c.ID, int64(c.Author), c.Body.Reveal(), c.Public
	}
	return failed("add audit", x.q.AddAudit(ctx, p))
}

// ── users, groups, fields ──

func userOf(row User) (desk.User, error) {
	return desk.User{
		ID: desk.UserID(row.ID), Client: row.Client.String, Name: desk.NewText(row.Name), Email: desk.NewText(row.Email), Agent: row.Agent,
		Suspended: row.Suspended, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}, nil
}

func (x *tx) User(ctx context.Context, id desk.UserID) (desk.User, error) {
	row, err := x.q.User(ctx, int64(id))
	if err != nil {
		return desk.User{}, failed("user", err)
	}
	return userOf(row)
}

func (x *tx) UserByClient(ctx context.Context, client string) (desk.User, error) {
	row, err := x.q.UserByClient(ctx, sql.NullString{String: client, Valid: true})
	if err != nil {
		return desk.User{}, failed("user by client", err)
	}
	return userOf(row)
}

func (x *tx) UserByEmail(ctx context.Context, email string) (desk.User, error) {
	row, err := x.q.UserByEmail(ctx, desk.EmailKey(email))
	if err != nil {
		return desk.User{}, failed("user by email", err)
	}
	return userOf(row)
}

func (x *tx) Users(ctx context.Context, ids []desk.UserID) ([]desk.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, args := in(ids)
	rows, err := x.t.QueryContext(ctx, `SELECT id, client, name, email, email_key, agent, created_at, updated_at, suspended FROM users WHERE id IN (`+list+`) ORDER BY id`, args...)
	if err != nil {
		return nil, failed("users", err)
	}
	defer rows.Close()
	var out []desk.User
	for rows.Next() {
		var r User
		if err := rows.Scan(&r.ID, &r.Client, &r.Name, &r.Email, &r.EmailKey, &r.Agent, &r.CreatedAt, &r.UpdatedAt, &r.Suspended); err != nil {
			return nil, failed("users", err)
		}
		u, err := userOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, failed("users", rows.Err())
}

func nullText(v string) sql.NullString { return sql.NullString{String: v, Valid: v != ""} }

func (x *tx) AddUser(ctx context.Context, u desk.User) error {
	return failed("add user", x.q.AddUser(ctx, AddUserParams{
		ID: int64(u.ID), Client: nullText(u.Client), Name: u.Name.Reveal(), Email: u.Email.Reveal(), EmailKey: desk.EmailKey(u.Email.Reveal()),
		Agent: u.Agent, Suspended: u.Suspended, CreatedAt: sqldb.Time(u.CreatedAt), UpdatedAt: sqldb.Time(u.UpdatedAt),
	}))
}

func (x *tx) SaveUser(ctx context.Context, u desk.User) error {
	return failed("save user", x.q.SaveUser(ctx, SaveUserParams{
		ID: int64(u.ID), Client: nullText(u.Client), Name: u.Name.Reveal(), Agent: u.Agent, Suspended: u.Suspended, UpdatedAt: sqldb.Time(u.UpdatedAt),
	}))
}

func (x *tx) Groups(ctx context.Context) ([]desk.Group, error) {
	rows, err := x.q.Groups(ctx)
	return each("groups", rows, err, func(row AgentGroup) (desk.Group, error) {
		return desk.Group{ID: desk.GroupID(row.ID), Name: row.Name, CreatedAt: row.CreatedAt.UTC()}, nil
	})
}

func (x *tx) AddGroup(ctx context.Context, g desk.Group) error {
	return failed("add group", x.q.AddGroup(ctx, AddGroupParams{ID: int64(g.ID), Name: g.Name, CreatedAt: sqldb.Time(g.CreatedAt)}))
}

func (x *tx) AllFields(ctx context.Context) ([]desk.Field, error) {
	options := map[int64][]desk.Option{}
	rows, err := x.q.FieldOptions(ctx)
	if err != nil {
		return nil, failed("field options", err)
	}
	for _, o := range rows {
		options[o.FieldID] = append(options[o.FieldID], desk.Option{ID: o.ID, Name: o.Name, Value: o.Value})
	}
	fields, err := x.q.Fields(ctx)
	return each("fields", fields, err, func(row TicketField) (desk.Field, error) {
		return desk.Field{
			ID: desk.FieldID(row.ID), Title: row.Title, Kind: desk.Kind(row.Kind), Pattern: row.Pattern, Options: options[row.ID],
			Position: row.Position, Active: row.Active, System: row.System, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.Time.UTC(),
		}, nil
	})
}

func (x *tx) Fields(ctx context.Context) ([]desk.Field, error) {
	fields, err := x.AllFields(ctx)
	return slices.DeleteFunc(fields, func(f desk.Field) bool { return f.System || !f.Active }), err
}

func (x *tx) AddField(ctx context.Context, f desk.Field) error {
	if err := x.q.AddField(ctx, AddFieldParams{
		ID: int64(f.ID), Title: f.Title, Kind: string(f.Kind), Pattern: f.Pattern, Position: f.Position, CreatedAt: sqldb.Time(f.CreatedAt),
		Active: f.Active, System: f.System, UpdatedAt: sqldb.NullTime(f.UpdatedAt),
	}); err != nil {
		return failed("add field", err)
	}
	return x.addOptions(ctx, f)
}

func (x *tx) addOptions(ctx context.Context, f desk.Field) error {
	for _, o := range f.Options {
		if err := x.q.AddFieldOption(ctx, AddFieldOptionParams{ID: o.ID, FieldID: int64(f.ID), Name: o.Name, Value: o.Value}); err != nil {
			return failed("add field option", err)
		}
	}
	return nil
}

func (x *tx) SaveField(ctx context.Context, f desk.Field) error {
	if err := x.q.SaveField(ctx, SaveFieldParams{
		ID: int64(f.ID), Title: f.Title, Pattern: f.Pattern, Active: f.Active, UpdatedAt: sqldb.NullTime(f.UpdatedAt),
	}); err != nil {
		return failed("save field", err)
	}
	if err := x.q.DropFieldOptions(ctx, int64(f.ID)); err != nil {
		return failed("save field", err)
	}
	return x.addOptions(ctx, f)
}

// ── keys of creations ──

func (x *tx) Key(ctx context.Context, key string) (desk.Key, error) {
	row, err := x.q.KeyUsed(ctx, key)
	if err != nil {
		return desk.Key{}, failed("key", err)
	}
	return desk.Key{Key: row.Key, Body: row.Body, Ticket: desk.TicketID(row.TicketID), Answer: []byte(row.Answer), UsedAt: row.UsedAt.UTC()}, nil
}

func (x *tx) AddKey(ctx context.Context, k desk.Key) error {
	return failed("add key", x.q.AddKey(ctx, AddKeyParams{Key: k.Key, Body: k.Body, TicketID: int64(k.Ticket), Answer: string(k.Answer), UsedAt: sqldb.Time(k.UsedAt)}))
}

func (x *tx) DropKeys(ctx context.Context, before time.Time) error {
	return failed("drop keys", x.q.DropKeys(ctx, sqldb.Time(before)))
}

func (x *tx) DropKeyOf(ctx context.Context, id desk.TicketID) error {
	return failed("drop key", x.q.DropKeyOf(ctx, int64(id)))
}
