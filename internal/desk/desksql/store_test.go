package desksql_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"traid/internal/desk"
	"traid/internal/desk/desksql"
	"traid/internal/fault"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// reveal lets a comparison see what hides itself.
var reveal = cmp.Options{
	cmp.Comparer(func(a, b desk.Text) bool { return a.Reveal() == b.Reveal() }),
	cmp.Comparer(func(a, b desk.Value) bool {
		la, isA := a.List()
		lb, isB := b.List()
		return a.Reveal() == b.Reveal() && isA == isB && slices.Equal(la, lb)
	}),
	cmpopts.EquateEmpty(),
}

func inTx(t *testing.T, s *desksql.Store, do func(ctx context.Context, tx desk.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func view[T any](t *testing.T, s *desksql.Store, read func(ctx context.Context, r desk.Reads) (T, error)) T {
	t.Helper()
	var out T
	if err := s.View(t.Context(), func(ctx context.Context, r desk.Reads) (err error) {
		out, err = read(ctx, r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func each(t *testing.T, test func(t *testing.T, s *desksql.Store)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { test(t, desksql.NewStore(db, nil)) }, desksql.Migrations)
}

func sample(id desk.TicketID) desk.Ticket {
	return desk.Ticket{
		ID: id, ExternalID: "ext", Subject: desk.NewText("Subject"), Description: desk.NewText("First\nłine"), Status: desk.Solved,
		Type: "task", Priority: "low", Requester: 1, Submitter: 2, Assignee: 3, Group: 4, Public: true, Tags: []string{"a", "b"},
		Fields:    map[desk.FieldID]desk.Text{11: desk.NewText("0000123"), 4_700_000_000_012: desk.NewText(`"quoted"`)},
		CreatedAt: noon, UpdatedAt: noon.Add(time.Second), GeneratedAt: noon.Add(2 * time.Second), SolvedAt: noon.Add(3 * time.Second),
	}
}

func TestEverythingComesBackAsItWasStored(t *testing.T) {
	each(t, func(t *testing.T, s *desksql.Store) {
		deleted := sample(2)
		deleted.DeletedAt, deleted.SolvedAt, deleted.Tags, deleted.Fields = noon.Add(time.Hour), time.Time{}, nil, nil
		audit := desk.Audit{
			ID: 20, Ticket: 1, At: noon, Author: 3, Channel: "api", Program: "p", Address: "127.0.0.1", Custom: `{"op_id":"x"}`,
			Comment: &desk.Comment{ID: 21, Author: 2, Body: desk.NewText("Body"), Public: true},
			Events: []desk.Event{
				{ID: 22, Create: true, Attribute: "subject", Value: desk.TextValue("Subject")},
				{ID: 23, Attribute: "tags", Value: desk.ListValue(nil), Previous: desk.ListValue([]string{"a"})},
				{ID: 24, Attribute: "11", Previous: desk.TextValue("0000123")},
			},
		}
		plain := desk.Audit{ID: 30, Ticket: 1, At: noon, Author: desk.System, Channel: "rule"}
		agent := desk.User{ID: 3, Client: "tra", Name: desk.NewText("tra"), Email: desk.NewText("Tra@desk.invalid"), Agent: true, CreatedAt: noon, UpdatedAt: noon}
		person := desk.User{ID: 1, Name: desk.NewText("Ann"), Email: desk.NewText("ann@example.org"), CreatedAt: noon, UpdatedAt: noon}
		field := desk.Field{
			ID: 11, Title: "T", Kind: desk.KindTagger, Pattern: "p", Position: 5, Active: true, CreatedAt: noon, UpdatedAt: noon,
			Options: []desk.Option{{ID: 12, Name: "n", Value: "v"}, {ID: 13, Name: "m", Value: "w"}},
		}
		key := desk.Key{Key: "k", Body: "b", Ticket: 1, Answer: []byte(`{"ticket":"<ł>"}`), UsedAt: noon.Add(time.Microsecond)}
		inTx(t, s, func(ctx context.Context, tx desk.Tx) error {
			return errors.Join(tx.AddTicket(ctx, sample(1)), tx.AddTicket(ctx, deleted), tx.AddAudit(ctx, plain), tx.AddAudit(ctx, audit),
				tx.AddUser(ctx, agent), tx.AddUser(ctx, person), tx.AddField(ctx, field), tx.AddGroup(ctx, desk.Group{ID: 4, Name: "G", CreatedAt: noon}),
				tx.AddKey(ctx, key))
		})
		same := func(what string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got, reveal); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		same("ticket", sample(1), view(t, s, func(ctx context.Context, r desk.Reads) (desk.Ticket, error) { return r.Ticket(ctx, 1) }))
		same("deleted ticket", deleted, view(t, s, func(ctx context.Context, r desk.Reads) (desk.Ticket, error) { return r.Ticket(ctx, 2) }))
		same("audits", []desk.Audit{audit, plain}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Audit, error) { return r.Audits(ctx, 1) }))
		same("tickets", []desk.Ticket{sample(1)}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Ticket, error) {
			return r.Tickets(ctx, []desk.TicketID{2, 1, 1, 9})
		}))
		same("solved", []desk.Ticket{sample(1)}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Ticket, error) {
			return r.SolvedBefore(ctx, noon.Add(3*time.Second), 10)
		}))
		same("solved later", []desk.Ticket{}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Ticket, error) {
			return r.SolvedBefore(ctx, noon.Add(3*time.Second-time.Microsecond), 10)
		}))
		same("user by client", agent, view(t, s, func(ctx context.Context, r desk.Reads) (desk.User, error) { return r.UserByClient(ctx, "tra") }))
		same("user by address", agent, view(t, s, func(ctx context.Context, r desk.Reads) (desk.User, error) {
			return r.UserByEmail(ctx, " tRA@desk.invalid")
		}))
		same("users", []desk.User{person, agent}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.User, error) {
			return r.Users(ctx, []desk.UserID{3, 1, 77})
		}))
		same("fields", []desk.Field{field}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Field, error) { return r.Fields(ctx) }))
		same("groups", []desk.Group{{ID: 4, Name: "G", CreatedAt: noon}}, view(t, s, func(ctx context.Context, r desk.Reads) ([]desk.Group, error) { return r.Groups(ctx) }))
		same("key", key, view(t, s, func(ctx context.Context, r desk.Reads) (desk.Key, error) { return r.Key(ctx, "k") }))

		changed := sample(1)
		changed.ExternalID, changed.Subject, changed.Status, changed.Type, changed.Priority = "", desk.Text{}, desk.Open, "", ""
		changed.Requester, changed.Assignee, changed.Group, changed.Public, changed.Tags = 7, 0, 0, false, []string{"c"}
		changed.Fields = map[desk.FieldID]desk.Text{11: desk.NewText("1")}
		changed.UpdatedAt, changed.GeneratedAt, changed.SolvedAt, changed.DeletedAt = noon.Add(time.Hour), noon.Add(2*time.Hour), time.Time{}, noon.Add(3*time.Hour)
		person.Client, person.Agent, person.UpdatedAt = "ann", true, noon.Add(time.Hour)
		inTx(t, s, func(ctx context.Context, tx desk.Tx) error {
			return errors.Join(tx.SaveTicket(ctx, changed), tx.SaveUser(ctx, person), tx.DropKeys(ctx, key.UsedAt))
		})
		same("saved ticket", changed, view(t, s, func(ctx context.Context, r desk.Reads) (desk.Ticket, error) { return r.Ticket(ctx, 1) }))
		same("saved user", person, view(t, s, func(ctx context.Context, r desk.Reads) (desk.User, error) { return r.UserByClient(ctx, "ann") }))
		if err := s.View(t.Context(), func(ctx context.Context, r desk.Reads) error { _, err := r.Key(ctx, "k"); return err }); !fault.Is(err, fault.NotFound) {
			t.Errorf("dropped key: %v", err)
		}
	})
}

func TestWhatIsNotThereIsNotFoundAndWhatStandsIsTaken(t *testing.T) {
	each(t, func(t *testing.T, s *desksql.Store) {
		for name, read := range map[string]func(ctx context.Context, r desk.Reads) error{
			"ticket":          func(ctx context.Context, r desk.Reads) error { _, err := r.Ticket(ctx, 1); return err },
			"user":            func(ctx context.Context, r desk.Reads) error { _, err := r.User(ctx, 1); return err },
			"user by client":  func(ctx context.Context, r desk.Reads) error { _, err := r.UserByClient(ctx, ""); return err },
			"user by address": func(ctx context.Context, r desk.Reads) error { _, err := r.UserByEmail(ctx, "x"); return err },
			"key":             func(ctx context.Context, r desk.Reads) error { _, err := r.Key(ctx, "k"); return err },
		} {
			if err := s.View(t.Context(), read); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		u := desk.User{ID: 1, Client: "c", Email: desk.NewText("a@example.org")}
		inTx(t, s, func(ctx context.Context, tx desk.Tx) error {
			return errors.Join(tx.AddUser(ctx, u), tx.AddKey(ctx, desk.Key{Key: "k"}), tx.AddGroup(ctx, desk.Group{ID: 1, Name: "G"}))
		})
		for name, add := range map[string]func(ctx context.Context, tx desk.Tx) error{
			"client": func(ctx context.Context, tx desk.Tx) error { return tx.AddUser(ctx, desk.User{ID: 2, Client: "c"}) },
			"address": func(ctx context.Context, tx desk.Tx) error {
				return tx.AddUser(ctx, desk.User{ID: 2, Email: desk.NewText("A@example.org")})
			},
			"key":   func(ctx context.Context, tx desk.Tx) error { return tx.AddKey(ctx, desk.Key{Key: "k"}) },
			"group": func(ctx context.Context, tx desk.Tx) error { return tx.AddGroup(ctx, desk.Group{ID: 2, Name: "G"}) },
		} {
			if err := s.InTx(t.Context(), add); !errors.Is(err, desk.ErrTaken) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestIdsAreCountedUpAndGivenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *desksql.Store) {
		var mu sync.Mutex
		var tickets, others []int64
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				var id desk.TicketID
				var first int64
				err := s.InTx(t.Context(), func(ctx context.Context, tx desk.Tx) (err error) {
					if id, err = tx.NextTicketID(ctx); err != nil {
						return err
					}
					first, err = tx.NextIDs(ctx, 3)
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				tickets, others = append(tickets, int64(id)), append(others, first, first+1, first+2)
			})
		}
		wg.Wait()
		slices.Sort(tickets)
		slices.Sort(others)
		for i, id := range tickets {
			if id != 100_001+int64(i) {
				t.Fatalf("ticket ids %v", tickets)
			}
		}
		for i, id := range others {
			if id != 4_700_000_000_001+int64(i) {
				t.Fatalf("ids %v", others)
			}
		}
	})
}

// TestRandomUpdatesKeepTheRules plays updates on one ticket and checks after
// each: the audits replay to the ticket's state, an option is set exactly when
// its tag is there, nothing goes back to new, what is solved has an assignee,
// and what is closed does not change.
func TestRandomUpdatesKeepTheRules(t *testing.T) {
	each(t, func(t *testing.T, s *desksql.Store) {
		now := noon
		svc := desk.NewService(s, desk.Options{Now: func() time.Time { return now }})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(svc.Seed(t.Context()))
		fields, err := svc.Fields(t.Context())
		must(err)
		agent, err := svc.Agent(t.Context(), "tra")
		must(err)
		by := desk.Actor{User: agent}
		rapid.Check(t, func(rt *rapid.T) {
			public := false
			u := randomUpdate(rt, agent.ID, 0, fields)
			u.Status, u.Requester = nil, &desk.NewUser{Name: desk.NewText("Ann"), Email: desk.NewText("ann@example.org")}
			u.Comment = &desk.NewComment{Body: desk.NewText("B"), Public: &public}
			made, err := svc.Create(t.Context(), by, u, desk.Once{Answer: func(desk.Ticket, desk.Audit) ([]byte, error) { return nil, nil }})
			if err != nil {
				if fault.Is(err, fault.Invalid) {
					return
				}
				rt.Fatal(err)
			}
			before, err := svc.Ticket(t.Context(), made.ID)
			if err != nil {
				rt.Fatal(err)
			}
			for range rapid.IntRange(1, 6).Draw(rt, "updates") {
				now = now.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "seconds")) * time.Second)
				_, _, err := svc.Update(t.Context(), by, made.ID, randomUpdate(rt, agent.ID, before.Requester, fields))
				after, rerr := svc.Ticket(t.Context(), made.ID)
				if rerr != nil {
					rt.Fatal(rerr)
				}
				switch {
				case err != nil && !fault.Is(err, fault.Invalid):
					rt.Fatal(err)
				case err != nil || before.Status == desk.Closed:
					if diff := cmp.Diff(before, after, reveal); diff != "" || err == nil {
						rt.Fatalf("refused (%v), yet changed: %s", err, diff)
					}
				case after.Status == desk.New && before.Status != desk.New:
					rt.Fatalf("back to new from %s", before.Status)
				case after.UpdatedAt.Before(before.UpdatedAt) || after.GeneratedAt.Before(after.UpdatedAt):
					rt.Fatalf("times: %v, then %v, generated %v", before.UpdatedAt, after.UpdatedAt, after.GeneratedAt)
				}
				solved := after.Status == desk.Solved || after.Status == desk.Closed
				if solved && after.Assignee == 0 || solved == after.SolvedAt.IsZero() || after.Status == desk.New && after.Assignee != 0 {
					rt.Fatalf("status %s, assignee %d, solved at %v", after.Status, after.Assignee, after.SolvedAt)
				}
				for _, f := range fields {
					for _, o := range f.Options {
						if slices.Contains(after.Tags, o.Value) != (after.Fields[f.ID].Reveal() == o.Value) {
							rt.Fatalf("%s is %q, tags %v", f.Title, after.Fields[f.ID].Reveal(), after.Tags)
						}
					}
				}
				audits, aerr := svc.Audits(t.Context(), made.ID)
				if aerr != nil {
					rt.Fatal(aerr)
				}
				if diff := cmp.Diff(state(after), replay(rt, audits)); diff != "" {
					rt.Fatalf("the audits tell another story (-ticket +audits):\n%s", diff)
				}
				before = after
			}
		})
	})
}

func randomUpdate(rt *rapid.T, agent, requester desk.UserID, fields []desk.Field) desk.Update {
	var u desk.Update
	maybe := func(what string) bool { return rapid.IntRange(0, 2).Draw(rt, what) == 0 }
	if maybe("set subject") {
		v := desk.NewText(rapid.SampledFrom([]string{"", "one", "two"}).Draw(rt, "subject"))
		u.Subject = &v
	}
	if maybe("set status") {
		v := rapid.SampledFrom([]desk.Status{desk.New, desk.Open, desk.Pending, desk.Hold, desk.Solved, desk.Closed, "odd"}).Draw(rt, "status")
		u.Status = &v
	}
	if maybe("set priority") {
		v := rapid.SampledFrom([]string{"", "low", "high", "odd"}).Draw(rt, "priority")
		u.Priority = &v
	}
	if maybe("set assignee") {
		v := rapid.SampledFrom([]desk.UserID{0, agent, agent, 5}).Draw(rt, "assignee")
		u.AssigneeID = &v
	}
	if maybe("comment") {
		u.Comment = &desk.NewComment{Body: desk.NewText("B"), Author: rapid.SampledFrom([]desk.UserID{0, requester}).Draw(rt, "author")}
	}
	tags := []string{"a", "B c"}
	for _, f := range fields {
		for _, o := range f.Options {
			tags = append(tags, o.Value)
		}
	}
	some := rapid.SliceOfN(rapid.SampledFrom(tags), 0, 4)
	if maybe("set tags") {
		v := some.Draw(rt, "tags")
		u.Tags = &v
	}
	if maybe("add tags") {
		u.AddTags = some.Draw(rt, "added tags")
	}
	if maybe("remove tags") {
		u.RemoveTags = some.Draw(rt, "removed tags")
	}
	u.Fields = map[desk.FieldID]desk.Text{}
	for _, f := range fields {
		if !maybe("set " + f.Title) {
			continue
		}
		values := []string{"", "1234567", "0000001"}
		for _, o := range f.Options {
			values = append(values, o.Value, o.Value)
		}
		if f.Kind == desk.KindTagger {
			values = slices.Delete(values, 1, 3)
		}
		u.Fields[f.ID] = desk.NewText(rapid.SampledFrom(values).Draw(rt, f.Title))
	}
	return u
}

// state is what audits tell of a ticket.
func state(t desk.Ticket) map[string]string {
	out := map[string]string{}
	set := func(name, v string) {
		if v != "" && v != "0" {
			out[name] = v
		}
	}
	set("subject", t.Subject.Reveal())
	set("status", string(t.Status))
	set("type", t.Type)
	set("priority", t.Priority)
	set("external_id", t.ExternalID)
	set("requester_id", strconv.FormatInt(int64(t.Requester), 10))
	set("assignee_id", strconv.FormatInt(int64(t.Assignee), 10))
	set("group_id", strconv.FormatInt(int64(t.Group), 10))
	if len(t.Tags) > 0 {
		set("tags", fmt.Sprintf("%q", t.Tags))
	}
	for id, v := range t.Fields {
		set(strconv.FormatInt(int64(id), 10), v.Reveal())
	}
	return out
}

func replay(rt *rapid.T, audits []desk.Audit) map[string]string {
	out := map[string]string{}
	text := func(v desk.Value) string {
		if list, ok := v.List(); ok {
			if len(list) == 0 {
				return ""
			}
			return fmt.Sprintf("%q", list)
		}
		return v.Reveal()
	}
	for _, a := range audits {
		for _, e := range a.Events {
			if was := text(e.Previous); was != out[e.Attribute] {
				rt.Fatalf("%s was %q, the event says %q", e.Attribute, out[e.Attribute], was)
			}
			if is := text(e.Value); is != "" {
				out[e.Attribute] = is
			} else {
				delete(out, e.Attribute)
			}
		}
	}
	return out
}

// TestCreationsAtOnceInTwoCopiesMakeOneTicket has two copies of the program on
// one database. One that is in the other's way may fail, as a collision.
func TestCreationsAtOnceInTwoCopiesMakeOneTicket(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		copies := []*desk.Service{desk.NewService(desksql.NewStore(db, nil), desk.Options{}), desk.NewService(desksql.NewStore(db, nil), desk.Options{})}
		var mu sync.Mutex
		made := map[desk.TicketID]int{}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				svc := copies[i%2]
				agent, err := svc.Agent(t.Context(), "tra")
				var out desk.Created
				if err == nil {
					out, err = svc.Create(t.Context(), desk.Actor{User: agent}, desk.Update{
						Comment:   &desk.NewComment{Body: desk.NewText("B")},
						Requester: &desk.NewUser{Name: desk.NewText("Ann"), Email: desk.NewText("ann@example.org")},
					}, desk.Once{Key: "k", Body: "b", Answer: func(t desk.Ticket, _ desk.Audit) ([]byte, error) {
						return strconv.AppendInt(nil, int64(t.ID), 10), nil
					}})
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, desk.ErrCollision):
				case err != nil:
					t.Error(err)
				case string(out.Answer) != strconv.FormatInt(int64(out.ID), 10):
					t.Errorf("ticket %d answered with %s", out.ID, out.Answer)
				default:
					made[out.ID]++
				}
			})
		}
		wg.Wait()
		tickets, err := copies[0].List(t.Context(), desk.Query{Limit: 10})
		if err != nil || len(tickets) != 1 || len(made) != 1 {
			t.Errorf("%d tickets, answers %v, %v", len(tickets), made, err)
		}
	}, desksql.Migrations)
}
