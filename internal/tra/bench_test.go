package tra_test

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

// eachBench runs a benchmark on both databases; the desk's is always SQLite.
func eachBench(b *testing.B, bench func(b *testing.B, r *rig)) {
	for name, open := range map[string]func() *sqldb.DB{
		"sqlite": func() *sqldb.DB { return sqldbtest.OpenSQLite(b, "tra", sqldb.TaskMigrations, trasql.Migrations) },
		"postgres": func() *sqldb.DB {
			return sqldbtest.OpenPostgres(b, sqldbtest.PostgresURL(b), "tra", sqldb.TaskMigrations, trasql.Migrations)
		},
	} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, open())
			r.addRecord(zofia, nil)
			b.ResetTimer()
			bench(b, r)
		})
	}
}

// manyID is the id of one request of many.
func manyID(i int) tra.RequestID {
	return tra.RequestID(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
}

// BenchmarkTickets creates tickets by eight workers, over HTTP on a real desk.
func BenchmarkTickets(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		b.StopTimer()
		for i := range b.N {
			r.submit(string(manyID(i)), claim())
		}
		b.StartTimer()
		next := make(chan tra.RequestID)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for id := range next {
					if err := r.svc.Work(r.ctx, tra.TaskCreate, id); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for i := range b.N {
			next <- manyID(i)
		}
		close(next)
		all.Wait()
		b.StopTimer()
		for i := range b.N {
			if r.kase(manyID(i)).Request.Ticket == 0 {
				b.Fatalf("%s has no ticket", manyID(i))
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
	})
}

// fill makes many requests with open tickets, as copies of one.
func (r *rig) fill(many int) {
	r.t.Helper()
	one := r.open(string(manyID(0)), claim())
	ticket := r.oneTicket(one).ID
	r.work(3 * time.Minute) // what is there already has been swept
	const copies = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `
	const id = `'00000000-0000-4000-8000-' || substr(CAST(1000000000000 + n.i AS TEXT), 2)`
	copyRows := func(db *sqldb.DB, table, where string, other map[string]string) {
		names, err := db.Reader().QueryContext(r.ctx, `SELECT * FROM `+table+` WHERE 1 = 0`)
		r.ok(err)
		columns, err := names.Columns()
		r.ok(err)
		r.ok(names.Close())
		into, from := "", ""
		for i, c := range columns {
			if i > 0 {
				into, from = into+", ", from+", "
			}
			value, is := other[c]
			if !is {
				value = table + "." + c
			}
			into, from = into+c, from+value
		}
		r.ok(db.InTx(r.ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf(copies, many-1)+
				`INSERT INTO `+table+` (`+into+`) SELECT `+from+` FROM `+table+` CROSS JOIN n WHERE `+where)
			return err
		}))
	}
	copyRows(r.db, "requests", fmt.Sprintf("requests.id = '%s'", one), map[string]string{
		"id": id, "reference": `'TRA-' || CAST(n.i AS TEXT)`, "ticket": "requests.ticket - n.i", // before the sweep's place
	})
	copyRows(r.db, "claims", fmt.Sprintf("claims.request = '%s'", one), map[string]string{"request": id})
	copyRows(r.deskDB, "tickets", fmt.Sprintf("tickets.id = %d", ticket), map[string]string{"id": "tickets.id - n.i", "external_id": id})
}

// BenchmarkSweep sweeps 100,000 open tickets: when nothing is new, when agents
// have answered 500, and the daily look at all of them.
func BenchmarkSweep(b *testing.B) {
	const open, answered = 100_000, 500
	eachBench(b, func(b *testing.B, r *rig) {
		b.StopTimer()
		r.fill(open)
		first := zendesk.TicketID(r.kase(manyID(0)).Request.Ticket)
		phase := func(name string, do func()) (calls int, took time.Duration) {
			r.weather.set(func(w *weather) { w.seen = nil })
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			began := time.Now()
			do()
			took = time.Since(began)
			runtime.ReadMemStats(&after)
			r.weather.set(func(w *weather) { calls = len(w.seen) })
			b.Logf("%s: %d calls, %v, %.1f MB allocated, %.1f MB of heap in use", name, calls, took.Round(time.Millisecond),
				float64(after.TotalAlloc-before.TotalAlloc)/1e6, float64(after.HeapInuse)/1e6)
			return calls, took
		}
		for i := range b.N {
			quiet, _ := phase("nothing new", func() { r.work(time.Minute) })
			for n := range answered {
				_, err := r.agent.UpdateTicket(r.ctx, first-zendesk.TicketID(i*answered+n), zendesk.TicketUpdate{
					Status: zendesk.StatusSolved, AssigneeID: r.agentID, Fields: []zendesk.FieldValue{
						{ID: r.fields["TRN"].ID, Value: zofia}, {ID: r.fields["Outcome"].ID, Value: r.option("Outcome", "trn_found")},
					},
				})
				r.ok(err)
			}
			r.clock.move(2 * time.Minute)
			b.StartTimer()
			calls, swept := phase(fmt.Sprintf("%d answers", answered), func() { r.work(0) })
			_, given := phase("their release", func() { r.work(released) })
			b.StopTimer()
			list, _, err := r.svc.Answers(r.ctx, cpdClient, "", 1_000_000)
			if err != nil || len(list) != (i+1)*answered {
				b.Fatalf("%d answers are released, %v; want %d", len(list), err, (i+1)*answered)
			}
			all := 0
			r.clock.move(24 * time.Hour)
			r.register.asAt = r.clock.now()
			for range 100 { // some thousands at a time, between other work
				n, _ := phase("of the daily look at all", func() { r.work(time.Minute) })
				if all += n; n < 5 {
					break
				}
			}
			b.ReportMetric(float64(quiet), "calls-nothing-new")
			b.ReportMetric(float64(calls), "calls")
			b.ReportMetric(swept.Seconds(), "s/sweep")
			b.ReportMetric(answered/(swept+given).Seconds(), "answers/s")
			b.ReportMetric(float64(all), "calls-daily")
		}
	})
}
