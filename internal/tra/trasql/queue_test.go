package trasql_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
)

// now is when the queues are looked at.
var now = start.Add(48 * time.Hour)

// desk fills an office with one request for each way to stand in a queue or
// not, in the order of their places. Their names say why they are there.
func (o *office) desk() {
	o.Helper()
	place := start
	add := func(id tra.RequestID, change func(r *tra.Request), decisions ...tra.Decision) {
		o.Helper()
		r := request(id)
		r.SubmittedAt, r.QueuedAt, r.ExpectedBy = now.Add(-time.Hour), place, now.Add(time.Hour)
		place = place.Add(time.Minute)
		if change != nil {
			change(&r)
		}
		o.addRequests(r)
		for _, d := range decisions {
			d.Request, d.ID = id, d.ID+tra.DecisionID(id)
			if d.Stage == tra.StageReleased {
				d.ReleasedAt, d.Version = place, 1
			}
			o.addDecisions(d)
		}
	}
	in := func(s tra.State) func(r *tra.Request) { return func(r *tra.Request) { r.State = s } }
	dec := func(s tra.Stage) tra.Decision { return decision(tra.DecisionID(s+"-"), "", s) }

	add("received", in(tra.Received))
	add("received-long-ago", func(r *tra.Request) { r.State, r.SubmittedAt = tra.Received, now.Add(-4*time.Hour-time.Second) })
	add("received-4h", func(r *tra.Request) { r.State, r.SubmittedAt = tra.Received, now.Add(-4*time.Hour) })
	held := func(owner string, until time.Time) func(r *tra.Request) {
		return func(r *tra.Request) { r.Owner, r.HeldSince, r.HeldUntil = owner, now.Add(-time.Hour), until }
	}
	add("mine", held("me@example.com", now.Add(time.Second)))
	add("theirs", held("they@example.com", now.Add(time.Second)))
	add("was-mine", held("me@example.com", now))
	add("late", func(r *tra.Request) { r.ExpectedBy = now.Add(-time.Second) })
	add("due-now", func(r *tra.Request) { r.ExpectedBy = now })
	add("no-promise", func(r *tra.Request) { r.ExpectedBy = time.Time{} })
	add("undone", nil, dec(tra.StageUndone))
	add("review", in(tra.InSecondReview), dec(tra.StageSecondReview))
	add("review-late", func(r *tra.Request) {
		r.State, r.ExpectedBy, r.Owner = tra.InSecondReview, now.Add(-time.Second), "me@example.com"
	}, dec(tra.StageSecondReview))
	add("to-write", func(r *tra.Request) { r.ExpectedBy, r.Owner = now.Add(-time.Second), "me@example.com" }, dec(tra.StageToWrite))
	add("on-ticket", nil, dec(tra.StageOnTicket))
	add("flagged", nil)
	add("flagged-deciding", nil, dec(tra.StageOnTicket))
	overtaken := dec(tra.StageOvertaken)
	overtaken.ReleasedAt = now // says nothing of the answer
	add("answered", in(tra.Answered), dec(tra.StageReleased), overtaken)
	add("answered-flagged", in(tra.Answered), dec(tra.StageReleased))
	add("reopened", nil, dec(tra.StageReleased))
	add("answered-deciding", in(tra.Answered), dec(tra.StageReleased), dec(tra.StageOnTicket))
	add("withdrawn", in(tra.Withdrawn))
	add("withdrawn-deciding", in(tra.Withdrawn), dec(tra.StageOnTicket))
	add("barring", func(r *tra.Request) { r.Kind = tra.BarringCheck })
	add("barring-answered", func(r *tra.Request) { r.Kind, r.State = tra.BarringCheck, tra.Answered }, dec(tra.StageReleased))
	o.tx(func(ctx context.Context, tx tra.Tx) error {
		for _, id := range []tra.RequestID{"flagged", "flagged-deciding", "answered-flagged", "withdrawn"} {
			for i, f := range []tra.Flag{tra.RegisterBehind, tra.TicketMissing} {
				if err := tx.Flag(ctx, id, tra.Flagged{Flag: f, Reason: "reason", Since: start.Add(-time.Duration(i) * time.Second)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (o *office) queue(f tra.QueueFilter) []tra.QueueRow {
	o.Helper()
	if f.Now.IsZero() {
		f.Now = now
	}
	f.Soon, f.Today = now.Add(30*time.Minute), start.Add(17*time.Minute)
	rows, err := o.store.Queue(o.Context(), f)
	if err != nil {
		o.Fatal(err)
	}
	return rows
}

func rowIDs(rows []tra.QueueRow) string {
	var out []string
	for _, r := range rows {
		out = append(out, string(r.ID))
	}
	return strings.Join(out, " ")
}

// wantQueues says what stands where, without barring checks, and which the
// operator who sees them has besides.
var wantQueues = map[tra.Queue][2]string{
	tra.QueueOpen:       {"received received-long-ago received-4h mine theirs was-mine late due-now no-promise undone flagged reopened", " barring"},
	tra.QueueUnassigned: {"received received-long-ago received-4h was-mine late due-now no-promise undone flagged reopened", " barring"},
	tra.QueueMine:       {"mine", ""},
	tra.QueueSoon:       {"due-now", ""},
	tra.QueueOverdue:    {"late review-late", ""},
	tra.QueueReview:     {"review review-late", ""},
	tra.QueueAttention:  {"received-long-ago flagged flagged-deciding answered-flagged", ""},
	tra.QueueDeciding:   {"to-write on-ticket flagged-deciding answered-deciding", ""},
	tra.QueueToday:      {"answered-deciding answered-flagged answered", "barring-answered "},
	tra.QueueAnswered:   {"answered-deciding answered-flagged answered", "barring-answered "},
}

func TestEveryQueueHasItsRequestsInOrder(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.desk()
		for _, barring := range []bool{false, true} {
			f := tra.QueueFilter{Operator: "me@example.com", Barring: barring, Now: now, Soon: now.Add(30 * time.Minute), Today: start.Add(17 * time.Minute)}
			counts, err := o.store.QueueCounts(o.Context(), f)
			if err != nil {
				o.Fatal(err)
			}
			for _, queue := range tra.Queues() {
				want := wantQueues[queue][0]
				switch {
				case barring && queue.Done():
					want = wantQueues[queue][1] + want
				case barring:
					want += wantQueues[queue][1]
				}
				f.Queue = queue
				same(o, string(queue), rowIDs(o.queue(f)), want)
				if got := counts[queue]; got != len(strings.Fields(want)) {
					o.Errorf("%s with barring checks %v: counted %d, want %d", queue, barring, got, len(strings.Fields(want)))
				}
			}
		}
		same(o, "no queue named", rowIDs(o.queue(tra.QueueFilter{})), wantQueues[tra.QueueOpen][0])
		same(o, "nobody's own", rowIDs(o.queue(tra.QueueFilter{Queue: tra.QueueMine})), "")
		same(o, "only barring checks", rowIDs(o.queue(tra.QueueFilter{Kind: tra.BarringCheck, Barring: true})), "barring")
		same(o, "only barring checks, not to be seen", rowIDs(o.queue(tra.QueueFilter{Kind: tra.BarringCheck})), "")
		same(o, "no barring checks", rowIDs(o.queue(tra.QueueFilter{Kind: tra.TRNValidation, Barring: true})), wantQueues[tra.QueueOpen][0])
		counts, err := o.store.QueueCounts(o.Context(), tra.QueueFilter{Kind: tra.BarringCheck, Barring: true, Now: now})
		if err != nil || counts[tra.QueueOpen] != 1 || counts[tra.QueueAnswered] != 1 {
			o.Errorf("count of barring checks: got %v, %v", counts, err)
		}
	})
}

// after makes a cursor of a row as tra does.
func after(f tra.QueueFilter, r tra.QueueRow) string {
	at := r.QueuedAt
	switch {
	case f.Queue.Done():
		at = r.Decision.ReleasedAt
	case f.Sort == tra.SortArrived:
		at = r.SubmittedAt
	case f.Sort == tra.SortDue && !r.ExpectedBy.IsZero():
		at = r.ExpectedBy
	}
	return at.UTC().Format(time.RFC3339Nano) + "|" + string(r.ID)
}

func TestPagesOfAQueueMakeUpTheWhole(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.desk()
		for _, id := range []tra.RequestID{"tie-b", "tie-a", "tie-c"} { // one place, told apart by id
			r := request(id)
			r.QueuedAt = start.Add(time.Minute)
			o.addRequests(r)
			answered := request("answered-" + id)
			answered.State = tra.Answered
			o.addRequests(answered)
			d := decision(tra.DecisionID(id), answered.ID, tra.StageReleased)
			d.ReleasedAt = start.Add(18 * time.Minute)
			o.addDecisions(d)
		}
		for i := range 3 * len(tra.Queues()) {
			queue, sort := tra.Queues()[i/3], []tra.Sort{tra.SortWaited, tra.SortDue, tra.SortArrived}[i%3]
			whole := rowIDs(o.queue(tra.QueueFilter{Queue: queue, Sort: sort, Operator: "me@example.com", Barring: true}))
			for _, size := range []int{1, 2, 3} {
				var pages []tra.QueueRow
				f := tra.QueueFilter{Queue: queue, Sort: sort, Operator: "me@example.com", Barring: true, Limit: size}
				for {
					page := o.queue(f)
					if len(page) == 0 {
						break
					}
					if len(page) > size {
						o.Fatalf("%s: %d rows, asked for %d", queue, len(page), size)
					}
					pages = append(pages, page...)
					if len(pages) > 100 {
						o.Fatalf("%s does not end: %s", queue, rowIDs(pages))
					}
					f.After = after(f, page[len(page)-1])
				}
				same(o, string(queue)+" by pages, "+string(sort), rowIDs(pages), whole)
			}
		}
		for name, f := range map[string]tra.QueueFilter{
			"no queue":           {Queue: "elsewhere"},
			"an After of words":  {After: "yesterday"},
			"an After of a time": {After: start.Format(time.RFC3339Nano)},
			"an After of an id":  {After: "|received"},
		} {
			if _, err := o.store.Queue(o.Context(), f); !fault.Is(err, fault.Invalid) {
				o.Errorf("%s: got %v, want invalid", name, err)
			}
		}
	})
}

func TestAQueueIsNarrowedAndSorted(t *testing.T) {
	eachOffice(t, func(o *office) {
		for i, r := range []tra.Request{
			{ID: "first", Client: "b", Check: tra.CheckNotFound},
			{ID: "second", Client: "a", Check: tra.CheckNotFound},
			{ID: "third", Client: "b", Check: tra.CheckUnknown},
			{ID: "no-promise", Client: "c", Check: tra.CheckUnknown},
		} {
			one := request(r.ID)
			one.Client, one.Check = r.Client, r.Check
			one.QueuedAt = start.Add(time.Duration(i) * time.Hour)
			one.SubmittedAt = start.Add(time.Duration(10*(i%2)+i) * time.Hour) // first, third, second, no-promise
			one.ExpectedBy = start.Add(time.Duration(100-i) * time.Hour)
			if r.ID == "no-promise" {
				one.ExpectedBy = time.Time{}
			}
			o.addRequests(one)
		}
		for want, f := range map[string]tra.QueueFilter{
			"first second third no-promise": {},
			"no-promise third second first": {Sort: tra.SortDue},
			"no-promise second third first": {Sort: tra.SortArrived},
			"first third":                   {Client: "b"},
			"first second":                  {Check: tra.CheckNotFound},
			"third first":                   {Client: "b", Sort: tra.SortDue},
			"first":                         {Client: "b", Check: tra.CheckNotFound, Sort: tra.SortArrived},
			"second first":                  {Queued: start.Add(time.Hour), Sort: tra.SortArrived},
			"":                              {Client: "nobody"},
		} {
			same(o, want, rowIDs(o.queue(f)), want)
			f.Now = now
			counts, err := o.store.QueueCounts(o.Context(), f)
			if err != nil || counts[tra.QueueOpen] != len(strings.Fields(want)) {
				o.Errorf("%+v: counted %d, %v", f, counts[tra.QueueOpen], err)
			}
		}
		clients, err := o.store.Clients(o.Context())
		if err != nil || !slices.Equal(clients, []tra.Client{"a", "b", "c"}) {
			o.Errorf("the clients are %v, %v", clients, err)
		}
	})
}

func TestAPageOfAQueueHasAnEnd(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.tx(func(ctx context.Context, tx tra.Tx) error {
			for i := range 105 {
				if err := tx.AddRequest(ctx, request(tra.RequestID(strings.Repeat("r", i+1))), tra.Claim{}); err != nil {
					return err
				}
			}
			return nil
		})
		for limit, want := range map[int]int{0: 50, -1: 50, 20: 20, 101: 101, 1000: 101} {
			if got := len(o.queue(tra.QueueFilter{Limit: limit})); got != want {
				o.Errorf("limit %d: got %d rows, want %d", limit, got, want)
			}
		}
	})
}

func TestARowOfAQueueSaysWhoWhatAndWhy(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.desk()
		row := func(queue tra.Queue, id tra.RequestID) tra.QueueRow {
			o.Helper()
			for _, r := range o.queue(tra.QueueFilter{Queue: queue}) {
				if r.ID == id {
					return r
				}
			}
			o.Fatalf("%s is not in %s", id, queue)
			return tra.QueueRow{}
		}
		flagged := row(tra.QueueOpen, "flagged")
		stored, err := o.store.Request(o.Context(), "flagged")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "request", flagged.Request, stored)
		want := claim(o.T)
		same(o, "first name", flagged.Name.First, want.FirstName)
		same(o, "last name", flagged.Name.Last, want.LastName)
		same(o, "flags", flagged.Flags, []tra.Flagged{
			{Flag: tra.TicketMissing, Reason: "reason", Since: start.Add(-time.Second)}, {Flag: tra.RegisterBehind, Reason: "reason", Since: start},
		})
		for _, c := range []struct {
			queue tra.Queue
			id    tra.RequestID
			want  tra.DecisionID // empty: none
		}{
			{tra.QueueOpen, "flagged", ""},
			{tra.QueueOpen, "undone", ""},
			{tra.QueueOpen, "reopened", ""},
			{tra.QueueReview, "review", "second_review-review"},
			{tra.QueueDeciding, "to-write", "to_be_written-to-write"},
			{tra.QueueDeciding, "answered-deciding", "on_ticket-answered-deciding"},
			{tra.QueueAnswered, "answered-deciding", "released-answered-deciding"},
			{tra.QueueAttention, "answered-flagged", "released-answered-flagged"},
		} {
			var got tra.DecisionID
			if d := row(c.queue, c.id).Decision; d != nil {
				got = d.ID
				stored, err := o.store.Decision(o.Context(), d.ID)
				if err != nil {
					o.Fatal(err)
				}
				same(o, "decision", *d, stored)
			}
			if got != c.want {
				o.Errorf("decision of %s in %s: got %q, want %q", c.id, c.queue, got, c.want)
			}
		}

		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DeleteClaim(ctx, "answered") })
		if got := row(tra.QueueAnswered, "answered"); !got.Name.IsZero() {
			o.Error("a row shows the name of a deleted claim")
		}
		newer := decision("newer", "answered", tra.StageReleased)
		newer.ReleasedAt, newer.Version = now, 2
		o.addDecisions(newer)
		first := o.queue(tra.QueueFilter{Queue: tra.QueueAnswered})[0]
		if first.ID != "answered" || first.Decision.ID != "newer" {
			o.Errorf("the newest answer: got %s of %s", first.Decision.ID, first.ID)
		}
	})
}

func TestARequestMovesBetweenQueuesWithItsDecision(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.addRequests(request("r1"))
		where := func() string {
			o.Helper()
			var out []string
			for _, queue := range tra.Queues() {
				if rowIDs(o.queue(tra.QueueFilter{Queue: queue})) == "r1" {
					out = append(out, string(queue))
				}
			}
			return strings.Join(out, " ")
		}
		same(o, "at first", where(), "open unassigned")
		d := decision("d1", "r1", tra.StageToWrite)
		o.addDecisions(d)
		save := func(stage tra.Stage, state tra.State) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) error {
				r, err := tx.Request(ctx, "r1")
				if err != nil {
					return err
				}
				d.Stage, r.State = stage, state
				if stage == tra.StageReleased {
					d.ReleasedAt = now
				}
				if err := tx.SaveDecision(ctx, d); err != nil {
					return err
				}
				return tx.SaveRequest(ctx, r)
			})
		}
		same(o, "decided", where(), "deciding")
		save(tra.StageOnTicket, tra.WithOperator)
		same(o, "on the ticket", where(), "deciding")
		save(tra.StageUndone, tra.WithOperator)
		same(o, "undone", where(), "open unassigned")
		save(tra.StageSecondReview, tra.InSecondReview)
		same(o, "in second review", where(), "review")
		save(tra.StageReleased, tra.Answered)
		same(o, "answered", where(), "answered_today answered")
		save(tra.StageReleased, tra.WithOperator)
		same(o, "reopened", where(), "open unassigned")
		save(tra.StageReleased, tra.Withdrawn)
		same(o, "withdrawn", where(), "")
	})
}

func TestACaseIsFoundByItsReferenceOrID(t *testing.T) {
	eachOffice(t, func(o *office) {
		for id, reference := range map[tra.RequestID]tra.Reference{
			"0b8f4a9e-0000-4000-8000-00000000000a": "TRA-7KM4-T3X", "0b8f4a9e-0000-4000-8000-00000000000b": "TRA-7KM5-T3X", "c": "TRA_100%", "d": `TRA\1`,
		} {
			r := request(id)
			r.Reference = reference
			o.addRequests(r)
		}
		const a, b = "0b8f4a9e-0000-4000-8000-00000000000a", "0b8f4a9e-0000-4000-8000-00000000000b"
		for query, want := range map[string]string{
			"TRA-7KM4-T3X": a, "7km4": a, "tra-7km": a + " " + b, "T3X": a + " " + b, a: a, strings.ToUpper(b): b,
			"0b8f4a9e": "", "A_1": "c", "0%": "c", "%": "c", "_": "c", `\`: "d", `\1`: "d", "x'y": "",
		} {
			same(o, "query "+query, rowIDs(o.queue(tra.QueueFilter{Query: query})), want)
		}
	})
}
