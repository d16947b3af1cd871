package trasql_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// start is the day on which the tests' requests come in.
var start = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)

// office is a store in a fresh database.
type office struct {
	*testing.T
	db    *sqldb.DB
	store *trasql.Store
}

func eachOffice(t *testing.T, test func(o *office)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		test(&office{T: t, db: db, store: trasql.NewStore(db, nil)})
	}, sqldb.TaskMigrations, trasql.Migrations)
}

// tx runs a transaction that has to succeed.
func (o *office) tx(do func(ctx context.Context, tx tra.Tx) error) {
	o.Helper()
	if err := o.store.InTx(o.Context(), do); err != nil {
		o.Fatal(err)
	}
}

// taken runs a transaction that has to find that something stands already.
func (o *office) taken(what string, do func(ctx context.Context, tx tra.Tx) error) {
	o.Helper()
	if err := o.store.InTx(o.Context(), do); !errors.Is(err, tra.ErrTaken) {
		o.Errorf("%s: got %v, want tra.ErrTaken", what, err)
	}
}

func (o *office) addRequests(requests ...tra.Request) {
	o.Helper()
	o.tx(func(ctx context.Context, tx tra.Tx) error {
		for _, r := range requests {
			if err := tx.AddRequest(ctx, r, claim(o.T)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *office) addDecisions(decisions ...tra.Decision) {
	o.Helper()
	o.tx(func(ctx context.Context, tx tra.Tx) error {
		for _, d := range decisions {
			if err := tx.AddDecision(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// request is one with the least that it can have.
func request(id tra.RequestID) tra.Request {
	return tra.Request{
		ID: id, Client: "cpd", Kind: tra.TRNValidation, Reference: tra.Reference("TRA-" + id), State: tra.WithOperator,
		SubmittedAt: start, QueuedAt: start,
	}
}

func decision(id tra.DecisionID, request tra.RequestID, stage tra.Stage) tra.Decision {
	return tra.Decision{
		ID: id, Request: request, Outcome: tra.Failed, Reason: tra.NoRecord, By: "op@example.com", Via: tra.ViaConsole, At: start, Stage: stage,
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func claim(t *testing.T) tra.Claim {
	t.Helper()
	return tra.Claim{
		FirstName: must(person.ParseName("Zoë  Ann")), LastName: must(person.ParseName(`O’Brien "Łuk"`)),
		PreviousNames: []person.FullName{
			{First: must(person.ParseName("Zoe")), Last: must(person.ParseName("Smith-Jones"))},
			{Last: must(person.ParseName("Ünal"))},
		},
		DateOfBirth: must(person.ParseDate("1984-02-17")), NINO: must(person.ParseNINO("QQ 12 34 56 C")),
		TRN: must(person.NewTRN("0012345")), Email: must(person.ParseEmail("Zoe.Obrien@example.com")),
	}
}

// same compares with what is hidden, and instants as instants in UTC.
func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantNotFound(t testing.TB, what string, err error) {
	t.Helper()
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("%s: got %v, want not found", what, err)
	}
}

func ids(requests []tra.Request) []string {
	out := []string{}
	for _, r := range requests {
		out = append(out, string(r.ID))
	}
	return out
}

func TestARequestIsReadAsItWasWritten(t *testing.T) {
	eachOffice(t, func(o *office) {
		full := tra.Request{
			ID: "r1", Client: "cpd", Kind: tra.TRNValidation, Reference: "TRA-7KM4-T3X", State: tra.WithOperator, BodyHash: "hash",
			SubmittedAt: start, QueuedAt: start.Add(-time.Hour), ExpectedBy: start.Add(time.Hour), Replaces: "r0", ReplacedBy: "r2",
			Changed: []tra.Field{tra.FieldLastName, tra.FieldNINO}, Owner: "op@example.com", HeldSince: start.Add(time.Second), HeldUntil: start.Add(time.Hour), Revision: 7, Version: 2, Refusals: 1,
			Ticket: 35, TicketStatus: tra.TicketOpen, TicketUpdatedAt: start.Add(time.Minute), TicketReadAt: start.Add(2 * time.Minute),
		}
		least := request("r3")
		o.addRequests(full, least)
		for _, want := range []tra.Request{full, least} {
			got, err := o.store.Request(o.Context(), want.ID)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "request", got, want)
		}
		byTicket, err := o.store.RequestByTicket(o.Context(), 35)
		if err != nil {
			o.Fatal(err)
		}
		same(o, "by ticket", byTicket, full)
		_, err = o.store.RequestByTicket(o.Context(), 36)
		wantNotFound(o, "another ticket", err)
		_, err = o.store.Request(o.Context(), "r9")
		wantNotFound(o, "another id", err)

		changed := tra.Request{
			ID: "r3", Client: "cpd", Kind: tra.BarringCheck, Reference: "TRA-NEW", State: tra.Answered, BodyHash: "other",
			SubmittedAt: start.Add(1 * time.Hour), QueuedAt: start.Add(2 * time.Hour), ExpectedBy: start.Add(3 * time.Hour), Replaces: "a", ReplacedBy: "b",
			Changed: []tra.Field{tra.FieldTRN}, Owner: "me@example.com", Revision: 1, Version: 3, Refusals: 4,
			Ticket: 36, TicketStatus: tra.TicketSolved, TicketUpdatedAt: start.Add(4 * time.Hour), TicketReadAt: start.Add(5 * time.Hour),
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			if err := tx.SaveRequest(ctx, changed); err != nil {
				return err
			}
			inside, err := tx.Request(ctx, "r3")
			same(o, "saved, inside the transaction", inside, changed)
			return err
		})
		after, err := o.store.Request(o.Context(), "r3")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "saved", after, changed)
		wantNotFound(o, "save what is not there", o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) error {
			return tx.SaveRequest(ctx, request("r9"))
		}))
	})
}

func TestARequestStandsOnce(t *testing.T) {
	eachOffice(t, func(o *office) {
		first := request("r1")
		first.Ticket = 35
		o.addRequests(first, request("r2"))

		again := request("r1")
		again.Reference = "TRA-OTHER"
		o.taken("the same id", func(ctx context.Context, tx tra.Tx) error { return tx.AddRequest(ctx, again, tra.Claim{}) })
		again = request("r3")
		again.Reference = first.Reference
		o.taken("the same reference", func(ctx context.Context, tx tra.Tx) error { return tx.AddRequest(ctx, again, tra.Claim{}) })
		again = request("r3")
		again.Ticket = 35
		o.taken("a new request with another one's ticket", func(ctx context.Context, tx tra.Tx) error { return tx.AddRequest(ctx, again, tra.Claim{}) })
		again = request("r2")
		again.Ticket = 35
		o.taken("another one's ticket", func(ctx context.Context, tx tra.Tx) error { return tx.SaveRequest(ctx, again) })

		_, err := o.store.Claim(o.Context(), "r3")
		wantNotFound(o, "the claim of one that was not added", err)
		o.addRequests(request("r3")) // two without a ticket
	})
}

func TestAClaimIsKeptUntilItIsDeletedAndTheRequestAfterIt(t *testing.T) {
	eachOffice(t, func(o *office) {
		full := claim(o.T)
		least := tra.Claim{LastName: must(person.ParseName("Nguyễn"))}
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			return errors.Join(tx.AddRequest(ctx, request("r1"), full), tx.AddRequest(ctx, request("r2"), least))
		})
		for id, want := range map[tra.RequestID]tra.Claim{"r1": full, "r2": least} {
			got, err := o.store.Claim(o.Context(), id)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "claim of "+string(id), got, want)
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DeleteClaim(ctx, "r1") })
		_, err := o.store.Claim(o.Context(), "r1")
		wantNotFound(o, "a deleted claim", err)
		if _, err := o.store.Request(o.Context(), "r1"); err != nil {
			o.Errorf("its request: %v", err)
		}
		if _, err := o.store.Claim(o.Context(), "r2"); err != nil {
			o.Errorf("the other claim: %v", err)
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DeleteClaim(ctx, "r1") }) // again changes nothing
	})
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	eachOffice(t, func(o *office) {
		broken := errors.New("broken")
		err := o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) error {
			if err := errors.Join(tx.AddRequest(ctx, request("r1"), claim(o.T)),
				tx.Enqueue(ctx, tra.TaskCreate, "r1", start)); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			o.Errorf("got %v, want the function's own error", err)
		}
		_, err = o.store.Request(o.Context(), "r1")
		wantNotFound(o, "request", err)
		if due, err := o.store.DueTasks(o.Context(), start, 10); err != nil || len(due) != 0 {
			o.Errorf("tasks: got %v, %v", due, err)
		}
	})
}

func TestAClientsRequestsAreListedByID(t *testing.T) {
	eachOffice(t, func(o *office) {
		states := []tra.State{tra.Received, tra.WithOperator, tra.InSecondReview, tra.Answered, tra.Withdrawn}
		for i, s := range states {
			r := request(tra.RequestID(fmt.Sprintf("r%d", i)))
			r.State = s
			o.addRequests(r)
		}
		other := request("r2a")
		other.Client = "another"
		o.addRequests(other)
		for name, c := range map[string]struct {
			states []tra.State
			after  tra.RequestID
			limit  int
			want   []string
		}{
			"all":           {nil, "", 10, []string{"r0", "r1", "r2", "r3", "r4"}},
			"two":           {nil, "", 2, []string{"r0", "r1"}},
			"after one":     {nil, "r1", 2, []string{"r2", "r3"}},
			"of two states": {[]tra.State{tra.WithOperator, tra.InSecondReview}, "", 10, []string{"r1", "r2"}},
			"of one, after": {[]tra.State{tra.Answered}, "r3", 10, []string{}},
		} {
			got, err := o.store.ClientRequests(o.Context(), "cpd", c.states, c.after, c.limit)
			if err != nil {
				o.Fatal(err)
			}
			same(o, name, ids(got), c.want)
		}
	})
}

func TestFlagsKeepSinceWhenTheyAreSet(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.addRequests(request("r1"), request("r2"))
		flag := func(id tra.RequestID, f tra.Flag, reason string, since time.Time) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) error {
				return tx.Flag(ctx, id, tra.Flagged{Flag: f, Reason: reason, Since: since})
			})
		}
		want := func(id tra.RequestID, want ...tra.Flagged) {
			o.Helper()
			got, err := o.store.Flags(o.Context(), id)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "flags of "+string(id), append([]tra.Flagged{}, got...), append([]tra.Flagged{}, want...))
		}
		flag("r1", tra.TicketMissing, "gone", start.Add(time.Hour))
		flag("r1", tra.RegisterBehind, "old", start)
		flag("r2", tra.TicketMissing, "gone", start)
		flag("r1", tra.TicketMissing, "still gone", start.Add(2*time.Hour))
		behind := tra.Flagged{Flag: tra.RegisterBehind, Reason: "old", Since: start}
		missing := tra.Flagged{Flag: tra.TicketMissing, Reason: "still gone", Since: start.Add(time.Hour)}
		want("r1", behind, missing)
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			return tx.Unflag(ctx, "r1", tra.TicketMissing, tra.AnswerUnreadable) // the other is not set
		})
		want("r1", behind)
		want("r2", tra.Flagged{Flag: tra.TicketMissing, Reason: "gone", Since: start})
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.Unflag(ctx, "r1") })
		want("r1", behind)
	})
}

func TestTheHistoryIsInOrder(t *testing.T) {
	eachOffice(t, func(o *office) {
		var want []tra.Event
		for i, what := range []tra.What{tra.WasReceived, tra.TicketCreated, tra.OwnerTook, tra.DecisionMade, tra.AnswerReleased} {
			want = append(want, tra.Event{At: start.Add(time.Duration(i/3) * time.Second), Request: "r1", Who: "traid", What: what, Why: "because"})
		}
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			return errors.Join(tx.AddEvent(ctx, want[3]), tx.AddEvent(ctx, want[0]), tx.AddEvent(ctx, want[1]), tx.AddEvent(ctx, want[2]),
				tx.AddEvent(ctx, tra.Event{At: start, Request: "r2", Who: "cpd", What: tra.WasReceived}))
		})
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.AddEvent(ctx, want[4]) })
		got, err := o.store.Events(o.Context(), "r1")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "history", got, want)
	})
}
