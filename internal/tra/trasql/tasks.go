package trasql

import (
	"context"
	"time"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// DueTasks gives the tasks that are due and that nobody works at, the earliest first.
func (s *Store) DueTasks(ctx context.Context, now time.Time, limit int) ([]tra.Task, error) {
	due, err := s.tasks.Due(ctx, s.db.Reader(), now, limit)
	if err != nil {
		return nil, err
	}
	out := make([]tra.Task, len(due))
	for i, t := range due {
		out[i] = taskOf(t)
	}
	return out, nil
}

func taskOf(t sqldb.Task) tra.Task {
	return tra.Task{
		Kind: tra.TaskKind(t.Kind), Subject: tra.RequestID(t.Subject), Since: t.Since, DueAt: t.DueAt, Attempts: t.Attempts, Lease: t.Lease,
	}
}

func taskRow(t tra.Task) sqldb.Task {
	return sqldb.Task{
		Kind: string(t.Kind), Subject: string(t.Subject), Since: t.Since, DueAt: t.DueAt, Attempts: t.Attempts, Lease: t.Lease,
	}
}

// Enqueue makes a task due, and kicks it then.
func (x *tx) Enqueue(ctx context.Context, kind tra.TaskKind, subject tra.RequestID, due time.Time) error {
	return x.tasks.Enqueue(ctx, x.t, string(kind), string(subject), due)
}

// DropTask forgets a task.
func (x *tx) DropTask(ctx context.Context, kind tra.TaskKind, subject tra.RequestID) error {
	return x.tasks.Drop(ctx, x.t, string(kind), string(subject))
}

// Lease takes a task that is due and free.
func (x *tx) Lease(ctx context.Context, kind tra.TaskKind, subject tra.RequestID, now, until time.Time) (tra.Task, bool, error) {
	t, ok, err := x.tasks.Lease(ctx, x.t, string(kind), string(subject), now, until)
	if !ok {
		return tra.Task{}, false, err
	}
	return taskOf(t), true, err
}

// FinishTask forgets a task that was done.
func (x *tx) FinishTask(ctx context.Context, t tra.Task) error {
	return x.tasks.Finish(ctx, x.t, taskRow(t))
}

// DelayTask gives a task back, due again later.
func (x *tx) DelayTask(ctx context.Context, t tra.Task, due time.Time) error {
	return x.tasks.Delay(ctx, x.t, taskRow(t), due)
}
