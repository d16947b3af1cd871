package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

//go:embed migrations
var taskFiles embed.FS

// TaskMigrations are the table of tasks, for a service that has due work.
var TaskMigrations = Set{Name: "tasks", FS: taskFiles}

// Task says that there is something to do to a row, from DueAt on. There is
// one of a kind for a subject.
type Task struct {
	Kind     string    // also the name of the job that kicks it
	Subject  string    // the id of the row
	Since    time.Time // when it first was to be done
	DueAt    time.Time
	Attempts int64     // leases so far
	Lease    time.Time // until when somebody works at it, and by which the holder is known; zero: nobody
}

// Tasks keep what is due, and kick it. Without Jobs nothing is kicked, and Due
// has to be asked.
type Tasks struct{ Jobs *Jobs }

// Querier is a pool or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Enqueue makes a task due, anew when there is one. Somebody who works at it
// keeps it until they are through, and then it is due again: nobody works at it
// beside them, and what came meanwhile is looked at.
func (t Tasks) Enqueue(ctx context.Context, tx *sql.Tx, kind, subject string, due time.Time) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO tasks (kind, subject, since, due_at, attempts, leased_until) VALUES ($1, $2, $3, $3, 0, NULL)
ON CONFLICT (kind, subject) DO UPDATE SET since = excluded.since, due_at = excluded.due_at, attempts = 0`,
		kind, subject, Time(due)); err != nil {
		return fmt.Errorf("sqldb: enqueue %s %s: %w", kind, subject, err)
	}
	return t.kick(ctx, tx, kind, subject, due)
}

func (t Tasks) kick(ctx context.Context, tx *sql.Tx, kind, subject string, at time.Time) error {
	if t.Jobs == nil {
		return nil
	}
	return t.Jobs.InsertTx(ctx, tx, Job{Name: kind, ID: subject}, at)
}

// Drop forgets a task. Whoever holds it loses it.
func (t Tasks) Drop(ctx context.Context, tx *sql.Tx, kind, subject string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM tasks WHERE kind = $1 AND subject = $2`, kind, subject); err != nil {
		return fmt.Errorf("sqldb: drop %s %s: %w", kind, subject, err)
	}
	return nil
}

// Lease takes a task that is due at now and that nobody works at, and counts
// the attempt; false where there is none. Up to a second is added to until, at
// random, so that a lease is told from another one of the same instant. The
// task is kicked when the lease ends: whoever has it may have died.
func (t Tasks) Lease(ctx context.Context, tx *sql.Tx, kind, subject string, now, until time.Time) (Task, bool, error) {
	task := Task{Kind: kind, Subject: subject, Lease: Time(until.Add(rand.N(time.Second)))}
	err := tx.QueryRowContext(ctx, `UPDATE tasks SET attempts = attempts + 1, leased_until = $1
WHERE kind = $2 AND subject = $3 AND due_at <= $4 AND (leased_until IS NULL OR leased_until <= $4)
RETURNING since, due_at, attempts`, task.Lease, kind, subject, Time(now)).Scan(&task.Since, &task.DueAt, &task.Attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, false, nil
	}
	if err != nil {
		return Task{}, false, fmt.Errorf("sqldb: lease %s %s: %w", kind, subject, err)
	}
	task.Since, task.DueAt = task.Since.UTC(), task.DueAt.UTC()
	return task, true, t.kick(ctx, tx, kind, subject, task.Lease)
}

// Finish forgets a task that was done; one that was made due anew meanwhile is
// given back. It changes nothing when the lease is not task's any more.
func (t Tasks) Finish(ctx context.Context, tx *sql.Tx, task Task) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM tasks WHERE kind = $1 AND subject = $2 AND leased_until = $3 AND attempts = $4`,
		task.Kind, task.Subject, Time(task.Lease), task.Attempts)
	if err != nil {
		return fmt.Errorf("sqldb: finish %s %s: %w", task.Kind, task.Subject, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return t.giveBack(ctx, tx, task)
}

// Delay gives a task back that could not be done, due again later; one that was
// made due anew meanwhile keeps its new time. It changes nothing when the lease
// is not task's any more.
func (t Tasks) Delay(ctx context.Context, tx *sql.Tx, task Task, due time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE tasks SET due_at = $1, leased_until = NULL WHERE kind = $2 AND subject = $3 AND leased_until = $4 AND attempts = $5`,
		Time(due), task.Kind, task.Subject, Time(task.Lease), task.Attempts)
	if err != nil {
		return fmt.Errorf("sqldb: delay %s %s: %w", task.Kind, task.Subject, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return t.giveBack(ctx, tx, task)
	}
	return t.kick(ctx, tx, task.Kind, task.Subject, due)
}

// giveBack ends the lease of a task that was made due anew (its attempts began
// at nought again) while its holder worked at it.
func (t Tasks) giveBack(ctx context.Context, tx *sql.Tx, task Task) error {
	var due time.Time
	err := tx.QueryRowContext(ctx, `UPDATE tasks SET leased_until = NULL WHERE kind = $1 AND subject = $2 AND leased_until = $3 RETURNING due_at`,
		task.Kind, task.Subject, Time(task.Lease)).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqldb: give back %s %s: %w", task.Kind, task.Subject, err)
	}
	return t.kick(ctx, tx, task.Kind, task.Subject, due.UTC())
}

// Due lists the tasks that are due at now and that nobody works at, the
// earliest first.
func (t Tasks) Due(ctx context.Context, q Querier, now time.Time, limit int) ([]Task, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, subject, since, due_at, attempts, leased_until FROM tasks
WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) ORDER BY due_at, kind, subject LIMIT $2`, Time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("sqldb: due tasks: %w", err)
	}
	defer rows.Close()
	var out []Task
	for rows.Next() {
		var task Task
		var lease sql.NullTime
		if err := rows.Scan(&task.Kind, &task.Subject, &task.Since, &task.DueAt, &task.Attempts, &lease); err != nil {
			return nil, fmt.Errorf("sqldb: due tasks: %w", err)
		}
		task.Since, task.DueAt = task.Since.UTC(), task.DueAt.UTC()
		if lease.Valid {
			task.Lease = lease.Time.UTC()
		}
		out = append(out, task)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqldb: due tasks: %w", err)
	}
	return out, nil
}
