package trasql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"traid/internal/tra"
)

func TestTheCreationOfATicketIsKeptByteByByte(t *testing.T) {
	eachOffice(t, func(o *office) {
		want := tra.Creation{Request: "r1", Body: []byte(`{"ticket": {"subject":"Zoë é \n"} }` + "\n")}
		save := func(c tra.Creation) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveCreation(ctx, c) })
			got, err := o.store.Creation(o.Context(), c.Request)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "creation", got, c)
		}
		save(want)
		want.FirstSentAt, want.EmptyLookups, want.EmptySince = start, 2, start.Add(time.Minute)
		save(want)
		want.EmptyLookups, want.EmptySince = 0, time.Time{}
		save(want)
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DeleteCreation(ctx, "r1") })
		_, err := o.store.Creation(o.Context(), "r1")
		wantNotFound(o, "a deleted one", err)
	})
}

func TestATicketsChangesAreMadeInTheirOrder(t *testing.T) {
	eachOffice(t, func(o *office) {
		add := func(op tra.Op) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.AddOp(ctx, op) })
		}
		do := func(do func(ctx context.Context, tx tra.Tx) error) { o.Helper(); o.tx(do) }
		next := func(request tra.RequestID) (op tra.Op, err error) {
			o.Helper()
			err = o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) (err error) {
				op, err = tx.NextOp(ctx, request)
				return err
			})
			return op, err
		}
		want := func(request tra.RequestID, want tra.Op) {
			o.Helper()
			got, err := next(request)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "next of "+string(request), got, want)
		}
		first := tra.Op{ID: "z", Request: "r1", Kind: tra.OpAnswer, Decision: "d1", Note: "note"}
		add(first)
		add(tra.Op{ID: "y", Request: "r2", Kind: tra.OpEnd})
		add(tra.Op{ID: "a", Request: "r1", Kind: tra.OpReopen})
		o.taken("the same id", func(ctx context.Context, tx tra.Tx) error { return tx.AddOp(ctx, first) })

		first.Seq = 1
		want("r1", first)
		do(func(ctx context.Context, tx tra.Tx) error { return tx.OpSent(ctx, "z") })
		first.Sent = true
		want("r1", first)
		want("r2", tra.Op{ID: "y", Request: "r2", Seq: 2, Kind: tra.OpEnd})
		do(func(ctx context.Context, tx tra.Tx) error { return tx.DropOp(ctx, "z") })
		want("r1", tra.Op{ID: "a", Request: "r1", Seq: 3, Kind: tra.OpReopen})
		do(func(ctx context.Context, tx tra.Tx) error { return tx.DropOp(ctx, "a") })
		_, err := next("r1")
		wantNotFound(o, "another change", err)
	})
}

func TestTheTicketsOfOpenRequestsAreListedByNumber(t *testing.T) {
	eachOffice(t, func(o *office) {
		for id, c := range map[tra.RequestID]struct {
			ticket tra.TicketID
			state  tra.State
		}{
			"r1": {9, tra.WithOperator}, "r2": {10, tra.Received}, "r3": {2, tra.InSecondReview}, "r4": {3, tra.Answered},
			"r5": {4, tra.Withdrawn}, "r6": {0, tra.Received}, "r7": {1 << 40, tra.WithOperator},
		} {
			r := request(id)
			r.Ticket, r.State = c.ticket, c.state
			o.addRequests(r)
		}
		for _, c := range []struct {
			after tra.TicketID
			limit int
			want  []tra.TicketID
		}{{0, 10, []tra.TicketID{2, 9, 10, 1 << 40}}, {0, 2, []tra.TicketID{2, 9}}, {9, 2, []tra.TicketID{10, 1 << 40}}, {1 << 40, 2, []tra.TicketID{}}} {
			got, err := o.store.OpenTickets(o.Context(), c.after, c.limit)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "tickets", got, c.want)
		}
	})
}

func TestHowFarTheHelpdesksChangesAreRead(t *testing.T) {
	eachOffice(t, func(o *office) {
		want := func(want tra.Sweep) {
			o.Helper()
			got, err := o.store.Sweep(o.Context())
			if err != nil {
				o.Fatal(err)
			}
			same(o, "sweep", got, want)
		}
		want(tra.Sweep{})
		for _, s := range []tra.Sweep{{Cursor: "a", LastAt: start}, {Cursor: "b", LastAt: start.Add(time.Minute), AllAt: start}} {
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveSweep(ctx, s) })
			want(s)
		}
	})
}

func TestATaskIsDoneByOneWorkerAndOnlyWhenItIsCommitted(t *testing.T) {
	eachOffice(t, func(o *office) {
		now := start
		due := func(want ...tra.TaskKind) {
			o.Helper()
			tasks, err := o.store.DueTasks(o.Context(), now, 10)
			if err != nil {
				o.Fatal(err)
			}
			got := []tra.TaskKind{}
			for _, task := range tasks {
				got = append(got, task.Kind)
			}
			same(o, "due", got, append([]tra.TaskKind{}, want...))
		}
		lease := func(kind tra.TaskKind) (task tra.Task, ok bool) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) (err error) {
				task, ok, err = tx.Lease(ctx, kind, "r1", now, now.Add(time.Minute))
				return err
			})
			return task, ok
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			return errors.Join(
				tx.Enqueue(ctx, tra.TaskRead, "r1", now.Add(-time.Second)), tx.Enqueue(ctx, tra.TaskWrite, "r1", now),
				tx.Enqueue(ctx, tra.TaskRelease, "r1", now.Add(time.Minute)), tx.Enqueue(ctx, tra.TaskCreate, "r1", now),
				tx.DropTask(ctx, tra.TaskCreate, "r1"))
		})
		due(tra.TaskRead, tra.TaskWrite)
		task, ok := lease(tra.TaskRead)
		if !ok {
			o.Fatal("a due task was not leased")
		}
		if task.Lease.Before(now.Add(time.Minute)) {
			o.Errorf("leased until %v, want a minute", task.Lease)
		}
		same(o, "task", tra.Task{Kind: task.Kind, Subject: task.Subject, Since: task.Since, DueAt: task.DueAt, Attempts: task.Attempts},
			tra.Task{Kind: tra.TaskRead, Subject: "r1", Since: now.Add(-time.Second), DueAt: now.Add(-time.Second), Attempts: 1})
		if _, ok := lease(tra.TaskRead); ok {
			o.Error("two workers have one task")
		}
		if _, ok := lease(tra.TaskRelease); ok {
			o.Error("a task was leased before its time")
		}
		due(tra.TaskWrite)
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DelayTask(ctx, task, now.Add(time.Second)) })
		due(tra.TaskWrite)
		now = now.Add(time.Second)
		due(tra.TaskWrite, tra.TaskRead)
		old := task
		if task, ok = lease(tra.TaskRead); !ok || task.Attempts != 2 {
			o.Errorf("got %+v, %v, want the second attempt", task, ok)
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.FinishTask(ctx, old) }) // its lease is another's
		now = now.Add(2 * time.Minute)
		due(tra.TaskWrite, tra.TaskRead, tra.TaskRelease)
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.FinishTask(ctx, task) })
		due(tra.TaskWrite, tra.TaskRelease)
	})
}

func TestAHintIsHeardOnceUntilItIsForgotten(t *testing.T) {
	eachOffice(t, func(o *office) {
		heard := func(id string, at time.Time) (first bool) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) (err error) {
				first, err = tx.AddHint(ctx, id, at)
				return err
			})
			return first
		}
		if !heard("a", start) || heard("a", start.Add(time.Minute)) || !heard("b", start.Add(time.Minute)) {
			o.Error("a hint is not heard once")
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DropHints(ctx, start.Add(time.Second)) })
		if !heard("a", start) || heard("b", start) {
			o.Error("not what came before was forgotten")
		}
	})
}
