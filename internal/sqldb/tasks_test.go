package sqldb_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// bench is one worker's view of the tasks, on a clock that the test moves.
type bench struct {
	*testing.T
	db  *sqldb.DB
	now time.Time
	sqldb.Tasks
}

func (d *bench) tx(do func(ctx context.Context, tx *sql.Tx) error) {
	d.Helper()
	if err := d.db.InTx(d.Context(), do); err != nil {
		d.Fatal(err)
	}
}

func (d *bench) enqueue(subject string, in time.Duration) {
	d.Helper()
	d.tx(func(ctx context.Context, tx *sql.Tx) error { return d.Enqueue(ctx, tx, "send", subject, d.now.Add(in)) })
}

func (d *bench) lease(subject string) (task sqldb.Task, ok bool) {
	d.Helper()
	d.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		task, ok, err = d.Lease(ctx, tx, "send", subject, d.now, d.now.Add(time.Minute))
		return err
	})
	return task, ok
}

func (d *bench) finish(task sqldb.Task) {
	d.Helper()
	d.tx(func(ctx context.Context, tx *sql.Tx) error { return d.Finish(ctx, tx, task) })
}

func (d *bench) delay(task sqldb.Task, in time.Duration) {
	d.Helper()
	d.tx(func(ctx context.Context, tx *sql.Tx) error { return d.Delay(ctx, tx, task, d.now.Add(in)) })
}

func (d *bench) due() []string {
	d.Helper()
	tasks, err := d.Due(d.Context(), d.db.Reader(), d.now, 10)
	if err != nil {
		d.Fatal(err)
	}
	out := []string{}
	for _, task := range tasks {
		out = append(out, task.Subject)
	}
	return out
}

func (d *bench) wantDue(why string, want ...string) {
	d.Helper()
	if diff := cmp.Diff(append([]string{}, want...), d.due()); diff != "" {
		d.Errorf("due, %s (-want +got):\n%s", why, diff)
	}
}

func eachBench(t *testing.T, test func(d *bench)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		test(&bench{T: t, db: db, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)})
	}, sqldb.TaskMigrations)
}

func TestATaskIsDueFromItsTimeOnEarliestFirst(t *testing.T) {
	eachBench(t, func(d *bench) {
		d.enqueue("late", 2*time.Hour)
		d.enqueue("b", time.Minute)
		d.enqueue("a", time.Minute)
		d.enqueue("first", 0)
		d.wantDue("at once", "first")
		if _, ok := d.lease("b"); ok {
			d.Error("a task was leased before its time")
		}
		d.now = d.now.Add(time.Minute)
		d.wantDue("a minute later", "first", "a", "b")
		d.tx(func(ctx context.Context, tx *sql.Tx) error { return d.Drop(ctx, tx, "send", "a") })
		d.wantDue("one dropped", "first", "b")
		some, err := d.Due(d.Context(), d.db.Reader(), d.now, 1)
		if err != nil || len(some) != 1 || some[0].Subject != "first" {
			d.Errorf("at most one: got %v, %v", some, err)
		}
	})
}

func TestALeaseIsOneWorkersUntilItEnds(t *testing.T) {
	eachBench(t, func(d *bench) {
		start := d.now
		d.enqueue("a", 0)
		first, ok := d.lease("a")
		if !ok || first.Attempts != 1 || !first.Since.Equal(start) || !first.DueAt.Equal(start) {
			d.Fatalf("got %+v %v, want the first attempt", first, ok)
		}
		if _, ok := d.lease("a"); ok {
			d.Error("two workers have one task")
		}
		d.wantDue("leased")
		d.now = d.now.Add(time.Minute + time.Second) // the worker died
		d.wantDue("the lease is over", "a")
		second, ok := d.lease("a")
		if !ok || second.Attempts != 2 {
			d.Fatalf("got %+v %v, want the second attempt", second, ok)
		}
		d.finish(first)
		d.delay(first, time.Hour)
		d.wantDue("the first worker came back too late")
		d.delay(second, time.Minute)
		d.wantDue("delayed")
		d.now = d.now.Add(time.Minute)
		third, ok := d.lease("a")
		if !ok || third.Attempts != 3 || !third.Since.Equal(start) || !third.DueAt.Equal(d.now) {
			d.Errorf("got %+v %v, want the third attempt since %v", third, ok, start)
		}
		d.finish(third)
		d.now = d.now.Add(24 * time.Hour)
		d.wantDue("done")
	})
}

func TestWhatBecomesDueDuringTheWorkIsNotLost(t *testing.T) {
	eachBench(t, func(d *bench) {
		d.enqueue("a", 0)
		old, _ := d.lease("a")
		d.enqueue("a", 0)
		if _, ok := d.lease("a"); ok {
			d.Error("made due anew under a worker, another one works at it beside them")
		}
		d.finish(old)
		d.wantDue("made due anew under a worker", "a")
		d.delay(old, time.Hour)
		d.wantDue("made due anew under a worker who could not do it", "a")
		fresh, ok := d.lease("a") // in the same instant as the old lease
		if !ok || fresh.Attempts != 1 {
			d.Errorf("got %+v %v, want a first attempt", fresh, ok)
		}
		d.finish(old)
		if err := d.db.InTx(d.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM tasks`).Scan(&n); err != nil || n != 1 {
				d.Errorf("the old worker ended the new one's task: %d rows, %v", n, err)
			}
			return nil
		}); err != nil {
			d.Fatal(err)
		}
	})
}

func TestATaskIsKicked(t *testing.T) {
	eachBench(t, func(d *bench) {
		jobs, err := sqldb.NewJobs(d.db, nil)
		if err != nil {
			d.Fatal(err)
		}
		d.Jobs, d.now = jobs, time.Now().Add(-time.Second)
		kicked := make(chan string, 10)
		if err := jobs.Start(d.Context(), map[string]sqldb.Work{
			"send": func(_ context.Context, id string) error { kicked <- id; return nil },
		}, nil); err != nil {
			d.Fatal(err)
		}
		defer func() {
			if err := jobs.Stop(context.WithoutCancel(d.Context())); err != nil {
				d.Error(err)
			}
		}()
		d.enqueue("a", 0)
		if got := <-kicked; got != "a" {
			d.Errorf("kicked %q, want a", got)
		}
		task, _ := d.lease("a")
		d.delay(task, 0)
		if got := <-kicked; got != "a" {
			d.Errorf("kicked after a delay: %q, want a", got)
		}
	})
}

// On SQLite a process that starts is the only one. On PostgreSQL a lease stands
// until it ends, since others may be alive.
func TestWhatADeadProcessHeldIsFreeAtStart(t *testing.T) {
	eachBench(t, func(d *bench) {
		d.enqueue("a", 0)
		d.lease("a")
		lite := d.db.Dialect == sqldb.SQLite
		if lite {
			d.tx(func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO river_leader (elected_at, expires_at, leader_id, name) VALUES ($1, $2, 'dead', 'default')`,
					sqldb.Time(time.Now()), sqldb.Time(time.Now().Add(time.Hour)))
				return err
			})
		}
		jobs, err := sqldb.NewJobs(d.db, nil)
		if err != nil {
			d.Fatal(err)
		}
		led := make(chan struct{}, 1)
		if err := jobs.Start(d.Context(), map[string]sqldb.Work{
			"every": func(context.Context, string) error { led <- struct{}{}; return nil },
		}, []sqldb.Every{{Name: "every", Interval: time.Hour}}); err != nil {
			d.Fatal(err)
		}
		defer func() {
			if err := jobs.Stop(context.WithoutCancel(d.Context())); err != nil {
				d.Error(err)
			}
		}()
		if _, free := d.lease("a"); free != lite {
			d.Errorf("the dead process's task is free: %v, want %v", free, lite)
		}
		select {
		case <-led: // only who leads kicks
		case <-time.After(30 * time.Second):
			d.Error("nobody leads")
		}
	})
}

func TestATaskIsKickedWhenItsLeaseEnds(t *testing.T) {
	eachBench(t, func(d *bench) {
		jobs, err := sqldb.NewJobs(d.db, nil)
		if err != nil {
			d.Fatal(err)
		}
		d.enqueue("a", 0) // kicks nobody yet
		d.Jobs, d.now = jobs, time.Now().Add(-time.Minute)
		task, ok := d.lease("a")
		if !ok {
			d.Fatal("not leased")
		}
		var at time.Time
		if err := d.db.Reader().QueryRowContext(d.Context(), `SELECT scheduled_at FROM river_job`).Scan(&at); err != nil || at.Before(task.Lease.Truncate(time.Millisecond)) {
			d.Errorf("kicked at %v, %v; want at %v", at, err, task.Lease)
		}
	})
}
