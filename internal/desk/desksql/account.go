package desksql

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"traid/internal/desk"
	"traid/internal/sqldb"
)

// ── the account ──

func (x *tx) AccountIDs(ctx context.Context) (map[string]desk.AccountID, error) {
	rows, err := x.q.AccountIDs(ctx)
	out := map[string]desk.AccountID{}
	for _, row := range rows {
		out[row.Name] = desk.AccountID{ID: row.ID, CreatedAt: row.CreatedAt.UTC()}
	}
	return out, failed("account", err)
}

func (x *tx) AddAccountID(ctx context.Context, name string, id int64, at time.Time) error {
	return failed("add to the account", x.q.AddAccountID(ctx, AddAccountIDParams{Name: name, ID: id, CreatedAt: sqldb.Time(at)}))
}

func (x *tx) AllUsers(ctx context.Context, agents bool) ([]desk.User, error) {
	rows, err := x.q.AllUsers(ctx)
	if agents {
		kept := rows[:0]
		for _, row := range rows {
			if row.Agent {
				kept = append(kept, row)
			}
		}
		rows = kept
	}
	return each("users", rows, err, userOf)
}

func (x *tx) UsersNamed(ctx context.Context, name string) ([]desk.User, error) {
	rows, err := x.q.AllUsers(ctx)
	kept := rows[:0]
	for _, row := range rows {
		if strings.EqualFold(row.Name, name) {
			kept = append(kept, row)
		}
	}
	return each("users", kept, err, userOf)
}

// ── tickets and audits ──

func (x *tx) Deleted(ctx context.Context, q desk.Query) ([]desk.Ticket, error) {
	beyond, direction := `>`, ``
	if q.Descending {
		beyond, direction = `<`, ` DESC`
	}
	end, args := `WHERE deleted_at IS NOT NULL AND scrubbed = FALSE`, []any{int64(q.Limit), int64(q.Offset)}
	if q.After != nil {
		end += ` AND id ` + beyond + ` $3`
		args = append(args, int64(q.After.ID))
	}
	return x.find(ctx, end+` ORDER BY id`+direction+` LIMIT $1 OFFSET $2`, args...)
}

func (x *tx) CountDeleted(ctx context.Context) (int, error) {
	n, err := x.q.CountDeleted(ctx)
	return int(n), failed("count deleted tickets", err)
}

func (x *tx) DeletedBefore(ctx context.Context, at time.Time, limit int) ([]desk.Ticket, error) {
	rows, err := x.q.DeletedBefore(ctx, DeletedBeforeParams{DeletedAt: sqldb.NullTime(at), Limit: int32(limit)})
	return each("deleted tickets", rows, err, ticketOf)
}

func (x *tx) CountComments(ctx context.Context, id desk.TicketID) (int, error) {
	n, err := x.q.CountComments(ctx, int64(id))
	return int(n), failed("count comments", err)
}

func (x *tx) ScrubAudits(ctx context.Context, id desk.TicketID) error {
	return failed("scrub audits", x.q.ScrubAudits(ctx, int64(id)))
}

func (x *tx) HideComment(ctx context.Context, id desk.TicketID, comment int64) error {
	return failed("hide a comment", x.q.HideComment(ctx, HideCommentParams{TicketID: int64(id), CommentID: comment}))
}

func (x *tx) AllAudits(ctx context.Context, after int64, descending bool, limit int) ([]desk.Audit, error) {
	if descending {
		rows, err := x.q.AuditsBefore(ctx, AuditsBeforeParams{ID: cmp.Or(after, math.MaxInt64), Limit: int32(limit)})
		return each("audits", rows, err, auditOf)
	}
	rows, err := x.q.AuditsAfter(ctx, AuditsAfterParams{ID: after, Limit: int32(limit)})
	return each("audits", rows, err, auditOf)
}

func (x *tx) ChangedBy(ctx context.Context, by desk.UserID, limit int) ([]desk.TicketID, error) {
	rows, err := x.q.ChangedBy(ctx, ChangedByParams{AuthorID: int64(by), Limit: int32(limit)})
	return each("changed tickets", rows, err, func(row ChangedByRow) (desk.TicketID, error) { return desk.TicketID(row.TicketID), nil })
}

// ── views and triggers ──

// unread makes an error of JSON of our own that cannot be read.
func unread(what string, raw string, into any) error {
	if json.Unmarshal([]byte(raw), into) != nil {
		return errors.New(what + " cannot be read")
	}
	return nil
}

func written(v any) string {
	raw, _ := json.Marshal(v) // texts and numbers always marshal
	return string(raw)
}

func (x *tx) Views(ctx context.Context) ([]desk.View, error) {
	rows, err := x.q.Views(ctx)
	return each("views", rows, err, func(row View) (desk.View, error) {
		v := desk.View{
			ID: row.ID, Title: row.Title, Active: row.Active, Position: row.Position, Group: desk.GroupID(row.GroupID),
			CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		}
		return v, unread("a view", row.Clauses, &v.Clauses)
	})
}

func (x *tx) AddView(ctx context.Context, v desk.View) error {
	return failed("add view", x.q.AddView(ctx, AddViewParams{
		ID: v.ID, Title: v.Title, Active: v.Active, Position: v.Position, Clauses: written(v.Clauses), GroupID: int64(v.Group),
		CreatedAt: sqldb.Time(v.CreatedAt), UpdatedAt: sqldb.Time(v.UpdatedAt),
	}))
}

func (x *tx) SaveView(ctx context.Context, v desk.View) error {
	return failed("save view", x.q.SaveView(ctx, SaveViewParams{
		ID: v.ID, Title: v.Title, Active: v.Active, Position: v.Position, Clauses: written(v.Clauses), GroupID: int64(v.Group), UpdatedAt: sqldb.Time(v.UpdatedAt),
	}))
}

func (x *tx) DropView(ctx context.Context, id int64) error {
	return failed("drop view", x.q.DropView(ctx, id))
}

func (x *tx) Triggers(ctx context.Context) ([]desk.Trigger, error) {
	rows, err := x.q.Triggers(ctx)
	return each("triggers", rows, err, func(row Trigger) (desk.Trigger, error) {
		t := desk.Trigger{
			ID: row.ID, Title: row.Title, Active: row.Active, Position: row.Position, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		}
		return t, errors.Join(unread("a trigger", row.Clauses, &t.Clauses), unread("a trigger", row.Actions, &t.Actions))
	})
}

func (x *tx) AddTrigger(ctx context.Context, t desk.Trigger) error {
	return failed("add trigger", x.q.AddTrigger(ctx, AddTriggerParams{
		ID: t.ID, Title: t.Title, Active: t.Active, Position: t.Position, Clauses: written(t.Clauses), Actions: written(t.Actions),
		CreatedAt: sqldb.Time(t.CreatedAt), UpdatedAt: sqldb.Time(t.UpdatedAt),
	}))
}

func (x *tx) SaveTrigger(ctx context.Context, t desk.Trigger) error {
	return failed("save trigger", x.q.SaveTrigger(ctx, SaveTriggerParams{
		ID: t.ID, Title: t.Title, Active: t.Active, Position: t.Position, Clauses: written(t.Clauses), Actions: written(t.Actions), UpdatedAt: sqldb.Time(t.UpdatedAt),
	}))
}

func (x *tx) DropTrigger(ctx context.Context, id int64) error {
	return failed("drop trigger", x.q.DropTrigger(ctx, id))
}

// ── jobs ──

func (x *tx) Job(ctx context.Context, id string) (desk.Job, error) {
	row, err := x.q.Job(ctx, id)
	return desk.Job{ID: row.ID, Kind: row.Kind, Total: row.Total, Results: row.Results, At: row.At.UTC()}, failed("job", err)
}

func (x *tx) AddJob(ctx context.Context, j desk.Job) error {
	return failed("add job", x.q.AddJob(ctx, AddJobParams{ID: j.ID, Kind: j.Kind, Total: j.Total, Results: j.Results, At: sqldb.Time(j.At)}))
}

func (x *tx) DropJobs(ctx context.Context, before time.Time) error {
	return failed("drop jobs", x.q.DropJobs(ctx, sqldb.Time(before)))
}

// ── webhooks ──

func webhookOf(row Webhook) (desk.Webhook, error) {
	w := desk.Webhook{
		ID: row.ID, Name: row.Name, Description: row.Description, Active: row.Active, Endpoint: row.Endpoint, Method: row.Method, Secret: row.Secret,
		CreatedBy: desk.UserID(row.CreatedBy), CreatedAt: row.CreatedAt.UTC(), UpdatedBy: desk.UserID(row.UpdatedBy),
	}
	if row.UpdatedAt.Valid {
		w.UpdatedAt = row.UpdatedAt.Time.UTC()
	}
	return w, errors.Join(unread("a webhook", row.Subscriptions, &w.Subscriptions), unread("a webhook", row.Auth, &w.Auth))
}

func (x *tx) Webhooks(ctx context.Context) ([]desk.Webhook, error) {
	rows, err := x.q.Webhooks(ctx)
	return each("webhooks", rows, err, webhookOf)
}

func (x *tx) Webhook(ctx context.Context, id string) (desk.Webhook, error) {
	row, err := x.q.Webhook(ctx, id)
	if err != nil {
		return desk.Webhook{}, failed("webhook", err)
	}
	return webhookOf(row)
}

func (x *tx) AddWebhook(ctx context.Context, w desk.Webhook) error {
	return failed("add webhook", x.q.AddWebhook(ctx, AddWebhookParams{
		ID: w.ID, Name: w.Name, Description: w.Description, Active: w.Active, Endpoint: w.Endpoint, Method: w.Method,
		Subscriptions: written(w.Subscriptions), Auth: written(w.Auth), Secret: w.Secret, CreatedBy: int64(w.CreatedBy),
		CreatedAt: sqldb.Time(w.CreatedAt), UpdatedBy: int64(w.UpdatedBy), UpdatedAt: sqldb.NullTime(w.UpdatedAt),
	}))
}

func (x *tx) SaveWebhook(ctx context.Context, w desk.Webhook) error {
	return failed("save webhook", x.q.SaveWebhook(ctx, SaveWebhookParams{
		ID: w.ID, Name: w.Name, Description: w.Description, Active: w.Active, Endpoint: w.Endpoint, Method: w.Method,
		Subscriptions: written(w.Subscriptions), Auth: written(w.Auth), Secret: w.Secret, UpdatedBy: int64(w.UpdatedBy), UpdatedAt: sqldb.NullTime(w.UpdatedAt),
	}))
}

func (x *tx) DropWebhook(ctx context.Context, id string) error {
	return failed("drop webhook", x.q.DropWebhook(ctx, id))
}

func invocationOf(row Invocation) (desk.Invocation, error) {
	i := desk.Invocation{
		ID: row.ID, Webhook: row.WebhookID, Event: row.Event, Body: row.Body, Status: row.Status, Code: int(row.Code), At: row.At.UTC(),
	}
	if row.EndedAt.Valid {
		i.EndedAt = row.EndedAt.Time.UTC()
	}
	return i, nil
}

func (x *tx) Invocation(ctx context.Context, id string) (desk.Invocation, error) {
	row, err := x.q.Invocation(ctx, id)
	if err != nil {
		return desk.Invocation{}, failed("invocation", err)
	}
	return invocationOf(row)
}

// lastID is behind every ULID.
const lastID = "~"

func (x *tx) Invocations(ctx context.Context, webhook, before string, limit int) ([]desk.Invocation, error) {
	rows, err := x.q.Invocations(ctx, InvocationsParams{WebhookID: webhook, ID: cmp.Or(before, lastID), Limit: int32(limit)})
	return each("invocations", rows, err, invocationOf)
}

func (x *tx) AddInvocation(ctx context.Context, i desk.Invocation) error {
	return failed("add invocation", x.q.AddInvocation(ctx, AddInvocationParams{
		ID: i.ID, WebhookID: i.Webhook, Event: i.Event, Body: i.Body, Status: i.Status, Code: int64(i.Code), At: sqldb.Time(i.At), EndedAt: sqldb.NullTime(i.EndedAt),
	}))
}

func (x *tx) SaveInvocation(ctx context.Context, i desk.Invocation) error {
	return failed("save invocation", x.q.SaveInvocation(ctx, SaveInvocationParams{
		ID: i.ID, Status: i.Status, Code: int64(i.Code), EndedAt: sqldb.NullTime(i.EndedAt),
	}))
}

func (x *tx) DropInvocations(ctx context.Context, before time.Time) error {
	return failed("drop invocations", x.q.DropInvocations(ctx, sqldb.Time(before)))
}

// answer is how an attempt's answer is stored.
type answer struct {
	Headers []desk.Header `json:"headers"`
	Body    string        `json:"body"`
}

func (x *tx) Attempts(ctx context.Context, invocation string) ([]desk.Attempt, error) {
	rows, err := x.q.Attempts(ctx, invocation)
	return each("attempts", rows, err, func(row Attempt) (desk.Attempt, error) {
		a := desk.Attempt{
			Invocation: row.InvocationID, Number: int(row.Number), Webhook: row.WebhookID, Status: row.Status, At: row.At.UTC(),
			Answer: desk.Answer{Code: int(row.Code), Timeout: row.TimedOut, RetryAfter: time.Duration(row.RetryAfter) * time.Second},
		}
		var got answer
		err := errors.Join(unread("an attempt", row.Sent, &a.Sent.Headers), unread("an attempt", row.Answer, &got))
		a.Answer.Headers, a.Answer.Body = got.Headers, got.Body
		return a, err
	})
}

func (x *tx) AddAttempt(ctx context.Context, a desk.Attempt) error {
	return failed("add attempt", x.q.AddAttempt(ctx, AddAttemptParams{
		InvocationID: a.Invocation, Number: int64(a.Number), WebhookID: a.Webhook, Status: a.Status, Code: int64(a.Answer.Code),
		TimedOut: a.Answer.Timeout, RetryAfter: int64(a.Answer.RetryAfter / time.Second), Sent: written(a.Sent.Headers),
		Answer: written(answer{Headers: a.Answer.Headers, Body: a.Answer.Body}), At: sqldb.Time(a.At),
	}))
}

func (x *tx) Failures(ctx context.Context, webhook string, since time.Time) (all, bad int, last time.Time, err error) {
	from := sqldb.Time(since)
	n, err := x.q.CountAttempts(ctx, CountAttemptsParams{WebhookID: webhook, At: from})
	if err != nil || n == 0 {
		return 0, 0, last, failed("count attempts", err)
	}
	m, err := x.q.CountFailures(ctx, CountFailuresParams{WebhookID: webhook, At: from})
	if err != nil || m == 0 {
		return int(n), 0, last, failed("count failures", err)
	}
	last, err = x.q.LastFailure(ctx, LastFailureParams{WebhookID: webhook, At: from})
	return int(n), int(m), last.UTC(), failed("last failure", err)
}

// ── what is due ──

// DueInvocations gives the invocations that are due and that nobody delivers, the earliest first.
func (s *Store) DueInvocations(ctx context.Context, now time.Time, limit int) ([]string, error) {
	due, err := s.tasks.Due(ctx, s.db.Reader(), now, limit)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range due {
		out = append(out, t.Subject)
	}
	return out, nil
}

func taskRow(t desk.Task) sqldb.Task {
	return sqldb.Task{Kind: desk.TaskDeliver, Subject: t.Invocation, Attempts: t.Attempts, Lease: t.Lease}
}

func (x *tx) Enqueue(ctx context.Context, invocation string, due time.Time) error {
	return x.tasks.Enqueue(ctx, x.t, desk.TaskDeliver, invocation, due)
}

func (x *tx) Lease(ctx context.Context, invocation string, now, until time.Time) (desk.Task, bool, error) {
	t, free, err := x.tasks.Lease(ctx, x.t, desk.TaskDeliver, invocation, now, until)
	return desk.Task{Invocation: invocation, Attempts: t.Attempts, Lease: t.Lease}, free, err
}

func (x *tx) Finish(ctx context.Context, t desk.Task) error {
	return x.tasks.Finish(ctx, x.t, taskRow(t))
}

func (x *tx) Delay(ctx context.Context, t desk.Task, due time.Time) error {
	return x.tasks.Delay(ctx, x.t, taskRow(t), due)
}
