package trasql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
)

// How many rows of a queue are given when no limit is, and at most.
const (
	defaultRows = 50
	mostRows    = 101
)

// creationFailsAfter is from when on a request without a ticket needs
// attention.
const creationFailsAfter = 4 * time.Hour

// waiting is what waits for an operator. Each condition here is that of an
// index in the migrations, word for word: otherwise the index is not used.
const waiting = `state IN ('received', 'with_operator') AND NOT deciding`

// inQueue is the condition of one queue.
func inQueue(queue tra.Queue, f tra.QueueFilter, a *args) (string, error) {
	switch queue {
	case tra.QueueOpen:
		return waiting, nil
	case tra.QueueUnassigned:
		return waiting + ` AND (held_until IS NULL OR held_until <= ` + a.add(sqldb.Time(f.Now)) + `)`, nil
	case tra.QueueMine:
		return waiting + ` AND owner = ` + a.add(f.Operator) + ` AND owner <> '' AND held_until > ` + a.add(sqldb.Time(f.Now)), nil
	case tra.QueueSoon:
		return `state IN ('received', 'with_operator', 'in_second_review') AND NOT deciding AND expected_by >= ` + a.add(sqldb.Time(f.Now)) + ` AND expected_by <= ` + a.add(sqldb.Time(f.Soon)), nil
	case tra.QueueOverdue:
		return `state IN ('received', 'with_operator', 'in_second_review') AND NOT deciding AND expected_by < ` + a.add(sqldb.Time(f.Now)), nil
	case tra.QueueReview:
		return `state = 'in_second_review'`, nil
	case tra.QueueAsked:
		return `state = 'waiting_for_person'`, nil
	case tra.QueueAttention:
		return `state <> 'withdrawn' AND id IN (SELECT request FROM flags UNION ALL SELECT id FROM requests WHERE state = 'received' AND submitted_at < ` +
			a.add(sqldb.Time(f.Now.Add(-creationFailsAfter))) + `)`, nil
	case tra.QueueDeciding:
		return `deciding AND state <> 'withdrawn'`, nil
	case tra.QueueToday:
		return `state = 'answered' AND answered_at >= ` + a.add(sqldb.Time(f.Today)), nil
	case tra.QueueAnswered:
		return `state = 'answered'`, nil
	case tra.QueueAny:
		return `1 = 1`, nil
	}
	return "", fault.New(fault.Invalid, "There is no such queue.")
}

// narrowed is the condition on what the operator sees and asks for in a queue.
func narrowed(queue tra.Queue, f tra.QueueFilter, a *args) string {
	var out string
	if f.Kind != "" {
		out += ` AND kind = ` + a.add(string(f.Kind))
	}
	if !f.Barring {
		out += ` AND kind <> 'barring_check'`
	}
	if f.Client != "" {
		out += ` AND client = ` + a.add(string(f.Client))
	}
	if f.Check != tra.CheckNone {
		out += ` AND checked = ` + a.add(string(f.Check))
	}
	if !f.Queued.IsZero() && !queue.Done() {
		out += ` AND queued_at <= ` + a.add(sqldb.Time(f.Queued))
	}
	return out
}

// likePart makes a pattern of what is searched for, whose own signs stand for themselves.
var likePart = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pageQuery is the query of one page: the columns of scanRequest, and the name.
func pageQuery(f tra.QueueFilter) (string, args, error) {
	var a args
	where, err := inQueue(f.Queue, f, &a)
	if err != nil {
		return "", nil, err
	}
	where += narrowed(f.Queue, f, &a)
	if f.Query != "" {
		query := strings.ToUpper(f.Query)
		where += ` AND (UPPER(reference) LIKE ` + a.add(`%`+likePart.Replace(query)+`%`) + ` ESCAPE '\' OR UPPER(id) = ` + a.add(query) + `)`
	}
	by, beyond, direction := orderOf(f)
	order := by + direction + `, id` + direction
	if f.After != "" {
		text, id, _ := strings.Cut(f.After, "|")
		after, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || id == "" {
			return "", nil, fault.New(fault.Invalid, "There is no such page of the queue.")
		}
		at := a.add(sqldb.Time(after))
		where += ` AND ` + by + ` ` + beyond + `= ` + at + ` AND (` + by + ` ` + beyond + ` ` + at + ` OR id ` + beyond + ` ` + a.add(id) + `)`
	}
	// The ids first: what is sorted or passed over is not read whole.
	return `SELECT ` + requestColumns + `, COALESCE(claims.first_name, ''), COALESCE(claims.last_name, '')
FROM requests LEFT JOIN claims ON claims.request = requests.id
WHERE requests.id IN (SELECT id FROM requests WHERE ` + where + ` ORDER BY ` + order + ` LIMIT ` + a.add(min(f.Limit, mostRows)) + `)
ORDER BY ` + order, a, nil
}

// orderOf gives what a list is sorted by, the sign of what comes later in it, and
// the direction. Each expression is that of an index, word for word.
func orderOf(f tra.QueueFilter) (by, beyond, direction string) {
	switch {
	case f.Queue.Done():
		return `answered_at`, `<`, ` DESC`
	case f.Sort == tra.SortDue:
		return `COALESCE(expected_by, queued_at)`, `>`, ``
	case f.Sort == tra.SortArrived:
		return `submitted_at`, `<`, ` DESC`
	}
	return `queued_at`, `>`, ``
}

// Queue gives at most f.Limit rows of a queue after f.After, which is made of
// the last row that was seen: its time as time.RFC3339Nano in UTC, a bar, its
// id. The time is what the list is sorted by: QueuedAt, ExpectedBy (QueuedAt
// where it is zero) or SubmittedAt; of what is answered Decision.ReleasedAt. A
// row's Decision is the open one, otherwise of an answered request the newest
// released one; in the queues of what is answered always that.
// fault.Invalid for an unknown queue or After. Limit is 50 when zero, and 101
// at most: a page of 100 and one more, so that a caller sees whether another follows.
func (s *Store) Queue(ctx context.Context, f tra.QueueFilter) ([]tra.QueueRow, error) {
	if f.Queue == "" {
		f.Queue = tra.QueueOpen
	}
	if f.Limit <= 0 {
		f.Limit = defaultRows
	}
	query, a, err := pageQuery(f)
	if err != nil {
		return nil, err
	}
	var out []tra.QueueRow
	err = s.db.View(ctx, func(ctx context.Context, t *sql.Tx) error {
		if err := each(ctx, t, query, a, func(rows *sql.Rows) error {
			var first, last string
			r, err := scanRequest(rows, &first, &last)
			row := tra.QueueRow{Request: r}
			// A name that cannot be read is none here: the case itself tells of it.
			row.Name.First, _ = person.ParseName(first)
			row.Name.Last, _ = person.ParseName(last)
			out = append(out, row)
			return err
		}); err != nil || len(out) == 0 {
			return err
		}
		return complete(ctx, t, f.Queue, out)
	})
	if err != nil {
		return nil, fmt.Errorf("trasql: queue %s: %w", f.Queue, err)
	}
	return out, nil
}

// complete adds flags and decisions to rows of a queue.
func complete(ctx context.Context, t *sql.Tx, queue tra.Queue, out []tra.QueueRow) error {
	byID := map[string]*tra.QueueRow{}
	ids := make([]tra.RequestID, len(out))
	for i := range out {
		ids[i], byID[string(out[i].ID)] = out[i].ID, &out[i]
	}
	var a args
	if err := each(ctx, t, `SELECT request, flag, reason, since FROM flags WHERE request IN (`+list(&a, ids)+`) ORDER BY request, since, flag`, a,
		func(rows *sql.Rows) error {
			var f Flag
			err := rows.Scan(&f.Request, &f.Flag, &f.Reason, &f.Since)
			row := byID[f.Request]
			row.Flags = append(row.Flags, flagOf(f))
			return err
		}); err != nil {
		return err
	}
	a = nil
	query := `SELECT id, request, outcome, trn, reason, note, why, decided_by, via, decided_at, stage, review_for, reviewed_by, reviewed_at,
review_why, overridden, release_at, released_at, version, ended_at, ended_by, ended_why FROM decisions
WHERE request IN (` + list(&a, ids) + `) AND stage IN ('second_review', 'to_be_written', 'on_ticket', 'released')
ORDER BY request, CASE WHEN stage = 'released' THEN 1 ELSE 0 END, released_at DESC, version DESC` // the first that fits is the row's
	return each(ctx, t, query, a, func(rows *sql.Rows) error {
		var d Decision
		if err := rows.Scan(&d.ID, &d.Request, &d.Outcome, &d.Trn, &d.Reason, &d.Note, &d.Why, &d.DecidedBy, &d.Via, &d.DecidedAt, &d.Stage,
			&d.ReviewFor, &d.ReviewedBy, &d.ReviewedAt, &d.ReviewWhy, &d.Overridden, &d.ReleaseAt, &d.ReleasedAt, &d.Version,
			&d.EndedAt, &d.EndedBy, &d.EndedWhy); err != nil {
			return err
		}
		decision, err := decisionOf(d)
		if err != nil {
			return err
		}
		row := byID[d.Request]
		fits := row.State == tra.Answered
		if decision.Stage.Open() {
			fits = !queue.Done()
		}
		if fits && row.Decision == nil {
			row.Decision = &decision
		}
		return nil
	})
}

// QueueCounts counts the rows of every queue, as Queue lists them for f's
// Operator, what it is narrowed by, and times.
func (s *Store) QueueCounts(ctx context.Context, f tra.QueueFilter) (map[tra.Queue]int, error) {
	var a args
	var parts []string
	out := map[tra.Queue]int{}
	for _, queue := range tra.Queues() {
		where, err := inQueue(queue, f, &a)
		if err != nil {
			return nil, err
		}
		parts = append(parts, `SELECT '`+string(queue)+`', COUNT(*) FROM requests WHERE `+where+narrowed(queue, f, &a))
	}
	err := each(ctx, s.db.Reader(), strings.Join(parts, ` UNION ALL `), a, func(rows *sql.Rows) error {
		var queue string
		var n int
		err := rows.Scan(&queue, &n)
		out[tra.Queue(queue)] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("trasql: count queues: %w", err)
	}
	return out, nil
}

// Clients gives who ever made a request, by name: one step in the index for each.
func (s *Store) Clients(ctx context.Context) ([]tra.Client, error) {
	var out []tra.Client
	err := each(ctx, s.db.Reader(), `WITH RECURSIVE names(name) AS (
SELECT MIN(client) FROM requests UNION ALL SELECT (SELECT MIN(client) FROM requests WHERE client > name) FROM names WHERE name IS NOT NULL
) SELECT name FROM names WHERE name IS NOT NULL`, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, tra.Client(name))
		return err
	})
	return out, readError("clients", "requests", err)
}
