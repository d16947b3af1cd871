package cpdsql

import (
	"context"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// DueTasks gives the tasks that are due and that nobody works at, the earliest first.
func (s *Store) DueTasks(ctx context.Context, now time.Time, limit int) ([]cpd.Task, error) {
	tasks, err := s.tasks.Due(ctx, s.db.Reader(), now, limit)
	if err != nil {
		return nil, err
	}
	out := make([]cpd.Task, 0, len(tasks))
	for _, t := range tasks {
		out = append(out, toTask(t))
	}
	return out, nil
}

// FailingAlertReads gives the reads of alerts that were tried and not done, the longest first.
func (s *Store) FailingAlertReads(ctx context.Context, limit int) ([]cpd.TaskOf, error) {
	rows, err := s.q.FailingTasks(ctx, FailingTasksParams{Kind: string(cpd.TaskAlert), Limit: int32(limit)})
	return each("task", rows, err, func(row FailingTasksRow) (cpd.TaskOf, error) {
		return cpd.TaskOf{
			Task: cpd.Task{
				Kind: cpd.TaskKind(row.Kind), Subject: row.Subject, Since: row.Since.UTC(), DueAt: row.DueAt.UTC(),
				Attempts: row.Attempts, Lease: when(row.LeasedUntil),
			},
			Reference: cpd.Reference(row.Reference),
		}, nil
	})
}

// Enqueue makes a task due, anew when there is one, and kicks it then.
func (x *tx) Enqueue(ctx context.Context, kind cpd.TaskKind, subject string, due time.Time) error {
	return x.tasks.Enqueue(ctx, x.t, string(kind), subject, due)
}

// DropTask forgets a task.
func (x *tx) DropTask(ctx context.Context, kind cpd.TaskKind, subject string) error {
	return x.tasks.Drop(ctx, x.t, string(kind), subject)
}

// Lease takes a task that is due at now and free, and counts the attempt.
func (x *tx) Lease(ctx context.Context, kind cpd.TaskKind, subject string, now, until time.Time) (cpd.Task, bool, error) {
	t, ok, err := x.tasks.Lease(ctx, x.t, string(kind), subject, now, until)
	return toTask(t), ok, err
}

// FinishTask forgets a task that was done, unless the lease is not its any more.
func (x *tx) FinishTask(ctx context.Context, t cpd.Task) error {
	return x.tasks.Finish(ctx, x.t, ofTask(t))
}

// DelayTask gives a task back until it is due again, unless the lease is not its any more.
func (x *tx) DelayTask(ctx context.Context, t cpd.Task, due time.Time) error {
	return x.tasks.Delay(ctx, x.t, ofTask(t), due)
}

func toTask(t sqldb.Task) cpd.Task {
	return cpd.Task{Kind: cpd.TaskKind(t.Kind), Subject: t.Subject, Since: t.Since, DueAt: t.DueAt, Attempts: t.Attempts, Lease: t.Lease}
}

func ofTask(t cpd.Task) sqldb.Task {
	return sqldb.Task{Kind: string(t.Kind), Subject: t.Subject, Since: t.Since, DueAt: t.DueAt, Attempts: t.Attempts, Lease: t.Lease}
}
