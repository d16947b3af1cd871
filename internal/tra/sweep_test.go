package tra_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
)

// crowd is a helpdesk with a great many tickets, of which nothing is told by itself.
type crowd struct {
	tra.Helpdesk
	at    time.Time
	gone  tra.TicketID
	asked map[tra.TicketID]int
	calls int
	fails int // the call that fails; 0: none
}

func (c *crowd) Changed(context.Context, string) ([]tra.TicketID, string, bool, error) {
	return nil, "cursor", false, nil
}

func (c *crowd) ReadMany(_ context.Context, ids []tra.TicketID) ([]tra.Ticket, error) {
	if c.calls++; c.calls == c.fails {
		return nil, fault.New(fault.Unavailable, "The helpdesk could not be asked.")
	}
	var out []tra.Ticket
	for _, id := range ids {
		if c.asked[id]++; id != c.gone {
			out = append(out, tra.Ticket{ID: id, Status: tra.TicketOpen, UpdatedAt: c.at})
		}
	}
	return out, nil
}

// openRequest gives a request that is with an operator.
func openRequest(n int, at time.Time) tra.Request {
	return tra.Request{
		ID: tra.RequestID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", n)), Client: cpdClient, Kind: tra.TRNValidation,
		Reference: tra.Reference(fmt.Sprintf("TRA-%d", n)), State: tra.WithOperator, SubmittedAt: at, QueuedAt: at, Revision: 1,
		Ticket: tra.TicketID(n), TicketStatus: tra.TicketOpen, TicketUpdatedAt: at, TicketReadAt: at,
	}
}

// fill adds open requests with the tickets 1 to n.
func fill(ctx context.Context, store *trasql.Store, n int, at time.Time) error {
	return store.InTx(ctx, func(ctx context.Context, tx tra.Tx) error {
		for i := range n {
			if err := tx.AddRequest(ctx, openRequest(i+1, at), claim()); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheLookAtEverythingOpenEndsHoweverManyAreOpen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		const open = 2345
		store, c := trasql.NewStore(db, nil), &clock{at: morning}
		if err := fill(t.Context(), store, open, morning); err != nil {
			t.Fatal(err)
		}
		h := &crowd{at: morning, gone: 2000, asked: map[tra.TicketID]int{}, fails: 4}
		start := func() *tra.Service {
			return tra.New(store, h, &register{}, &told{}, []byte("key"), c.now, tra.Options{})
		}
		for i, want := range []int{3, 13, 23, 24} { // pages looked at: the fourth call fails, then ten a sweep, and the rest
			c.move(time.Minute)
			err := start().SweepNow(t.Context()) // each time by a program that was started anew
			if (err != nil) != (i == 0) || i == 0 && !fault.Is(err, fault.Unavailable) {
				t.Fatal(i, err)
			}
			if want := min(want*100, open); len(h.asked) != want {
				t.Fatalf("sweep %d: %d tickets were looked at; want %d", i, len(h.asked), want)
			}
		}
		c.move(time.Hour)
		if err := start().SweepNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, n := range h.asked {
			if n != 1 {
				t.Fatalf("ticket %d was looked at %d times in one day", id, n)
			}
		}
		due, err := store.DueTasks(t.Context(), c.now(), 10)
		if err != nil || len(due) != 1 || due[0].Kind != tra.TaskRead || due[0].Subject != openRequest(2000, morning).ID {
			t.Errorf("due: %+v %v; want the one whose ticket is gone", due, err)
		}
		c.move(24 * time.Hour)
		if err := start().SweepNow(t.Context()); err != nil || h.asked[1] != 2 || h.asked[1000] != 2 || h.asked[1001] != 1 {
			t.Errorf("the next day: %v, the first was looked at %d times", err, h.asked[1])
		}
	}, sqldb.TaskMigrations, trasql.Migrations)
}

func TestALookAtEverythingOpenThatIsCutOffKeepsItsPlace(t *testing.T) {
	db := sqldbtest.OpenSQLite(t, "test", sqldb.TaskMigrations, trasql.Migrations)
	store, c := trasql.NewStore(db, nil), &clock{at: morning}
	if err := fill(t.Context(), store, 250, morning); err != nil {
		t.Fatal(err)
	}
	ctx, cut := context.WithCancel(t.Context())
	h := &crowd{at: morning, asked: map[tra.TicketID]int{}}
	svc := tra.New(store, &cutting{h, cut}, &register{}, &told{}, []byte("key"), c.now, tra.Options{})
	if err := svc.SweepNow(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	svc = tra.New(store, h, &register{}, &told{}, []byte("key"), c.now, tra.Options{})
	if err := svc.SweepNow(t.Context()); err != nil || len(h.asked) != 250 || h.asked[1] != 1 || h.asked[101] != 2 {
		t.Errorf("%v: %d tickets, the first %d times, the first that was cut off %d times", err, len(h.asked), h.asked[1], h.asked[101])
	}
}

// cutting ends its caller's time within the second page.
type cutting struct {
	*crowd
	cut context.CancelFunc
}

func (c *cutting) ReadMany(ctx context.Context, ids []tra.TicketID) ([]tra.Ticket, error) {
	if ids[0] > 1 {
		c.cut()
	}
	return c.crowd.ReadMany(ctx, ids)
}
