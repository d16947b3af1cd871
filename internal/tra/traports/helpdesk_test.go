package traports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/access"
	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/desksql"
	"traid/internal/fault"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

const (
	id    = tra.RequestID("6f1c2a7e-0b1d-4c55-9a7e-3d2f10c4b8aa")
	other = tra.RequestID("0d2c9a51-7f43-4b0e-8a6d-51c3f6b7e102")
)

// clock is moved by the test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time        { return c.at }
func (c *clock) move(by time.Duration) { c.at = c.at.Add(by) }

// front stands between the adapter and the desk: it can be down, lose an
// answer after the desk has acted, and show something else than the desk says.
type front struct {
	desk http.Handler

	mu      sync.Mutex
	down    bool
	lose    string                // the next answer to this method
	before  func(r *http.Request) // a call goes on
	rewrite func(path string, body map[string]any)
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.before != nil {
		f.before(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	if strings.Contains(r.URL.Query().Get("ids"), "-1") { // nobody's, and no id to ask for
		http.Error(w, "no id", http.StatusBadRequest)
		return
	}
	rec := httptest.NewRecorder()
	f.desk.ServeHTTP(rec, r)
	if f.lose == r.Method {
		f.lose = ""
		http.Error(w, "lost", http.StatusGatewayTimeout)
		return
	}
	body := rec.Body.Bytes()
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if f.rewrite != nil && rec.Code == http.StatusOK && dec.Decode(&members) == nil {
		f.rewrite(strings.TrimPrefix(r.URL.Path, "/api/v2"), members)
		body, _ = json.Marshal(members)
	}
	for k, vs := range rec.Header() {
		w.Header()[k] = vs
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// world is a desk, the adapter that is tested, and an agent who works on the desk.
type world struct {
	t     *testing.T
	clock *clock
	front *front
	desk  *desk.Service
	h     *traports.Helpdesk
	agent *zendesk.Client
	us    *zendesk.Client // what the adapter's own user sees
	// client gives what somebody of a name sees.
	client func(name string) *zendesk.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	db := sqldbtest.OpenSQLite(t, "desk", access.Migrations, desksql.Migrations)
	w.desk = desk.NewService(desksql.NewStore(db, nil), desk.Options{Now: w.clock.now})
	if err := w.desk.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	tokens := access.New(db, w.clock.now)
	mux := http.NewServeMux()
	w.front = &front{desk: mux}
	srv := httptest.NewServer(w.front)
	t.Cleanup(srv.Close)
	deskapi.Mount(mux, w.desk, tokens, deskapi.Options{PublicURL: srv.URL, Now: w.clock.now, PerMinute: 100_000})
	client := func(name string) *zendesk.Client {
		token, err := tokens.CreateToken(t.Context(), name, []string{deskapi.Scope}, 365*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return zendesk.New(zendesk.Options{BaseURL: srv.URL, Token: token, Now: w.clock.now})
	}
	w.client, w.us, w.agent = client, client("tra"), client("ann@tra.example")
	w.h = traports.NewHelpdesk(w.us, nil, w.clock.now)
	return w
}

func (w *world) draft(id tra.RequestID) tra.Draft {
	return tra.Draft{Key: tra.TicketKey(id), Reference: "TRA-7KM4-T3X", Kind: tra.TRNValidation, Subject: "TRA-7KM4-T3X: find a record", Body: "Answer in the fields <below> & solve."}
}

func (w *world) create(id tra.RequestID) tra.Ticket {
	w.t.Helper()
	body, err := w.h.Compose(w.t.Context(), w.draft(id))
	if err != nil {
		w.t.Fatal(err)
	}
	t, err := w.h.Create(w.t.Context(), tra.TicketKey(id), body)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// field gives a field's id and the value of its option of a name.
func (w *world) field(name tra.FieldName, option string) (zendesk.FieldID, string) {
	w.t.Helper()
	fields, err := w.agent.Fields(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range fields {
		if f.Title != string(name) {
			continue
		}
		for _, o := range f.Options {
			if o.Name == option {
				return f.ID, o.Value
			}
		}
		return f.ID, option
	}
	w.t.Fatalf("no field %q", name)
	return 0, ""
}

func (w *world) set(name tra.FieldName, option string) zendesk.FieldValue {
	w.t.Helper()
	f, v := w.field(name, option)
	if v == "" {
		return zendesk.FieldValue{ID: f}
	}
	return zendesk.FieldValue{ID: f, Value: v}
}

func (w *world) agentDoes(id tra.TicketID, u zendesk.TicketUpdate) {
	w.t.Helper()
	w.clock.move(time.Second)
	if _, err := w.agent.UpdateTicket(w.t.Context(), zendesk.TicketID(id), u); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(id tra.TicketID, wr tra.Writing) tra.Ticket {
	w.t.Helper()
	w.clock.move(time.Second)
	t, err := w.h.Write(w.t.Context(), id, wr)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) audits(id tra.TicketID) []zendesk.Audit {
	w.t.Helper()
	all, err := w.us.Audits(w.t.Context(), zendesk.TicketID(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) me(c *zendesk.Client) zendesk.UserID {
	w.t.Helper()
	u, err := c.Me(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return u.ID
}

func decision(op string) tra.Writing {
	return tra.Writing{
		Op: op, Kind: tra.TRNValidation, Status: tra.TicketSolved, Note: "Decided by ann@tra.example on the console.",
		Fields: &tra.TicketFields{Outcome: tra.TRNFound, TRN: "8400123"},
	}
}

func TestATicketIsComposedTheSameEveryTimeAndTellsNobody(t *testing.T) {
	w := newWorld(t)
	first, err := w.h.Compose(t.Context(), w.draft(id))
	if err != nil {
		t.Fatal(err)
	}
	again, err := traports.NewHelpdesk(w.us, nil, w.clock.now).Compose(t.Context(), w.draft(id))
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("got %s %v, want %s", again, err, first)
	}
	var body struct {
		Ticket map[string]any
	}
	if err := json.Unmarshal(first, &body); err != nil {
		t.Fatal(err)
	}
	request, _ := w.field(tra.FieldNameRequest, "")
	groups, err := w.us.Groups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"subject": "TRA-7KM4-T3X: find a record", "external_id": string(id), "tags": []any{"tra_request"}, "group_id": float64(groups[0].ID),
		"comment":       map[string]any{"body": "Answer in the fields <below> & solve.", "public": false},
		"custom_fields": []any{map[string]any{"id": float64(request), "value": "TRA-7KM4-T3X"}},
	}
	if diff := cmp.Diff(want, body.Ticket); diff != "" {
		t.Error(diff)
	}

	w.front.rewrite = func(_ string, body map[string]any) {
		groups, _ := body["groups"].([]any)
		for _, g := range groups {
			g.(map[string]any)["deleted"] = true
		}
	}
	if none, err := traports.NewHelpdesk(w.us, nil, w.clock.now).Compose(t.Context(), w.draft(id)); err != nil || bytes.Contains(none, []byte("group_id")) {
		t.Errorf("the group is deleted: got %s %v, want no group", none, err)
	}
}

func TestOneTicketForAKeyHoweverOftenItIsSent(t *testing.T) {
	w := newWorld(t)
	body, err := w.h.Compose(t.Context(), w.draft(id))
	if err != nil {
		t.Fatal(err)
	}
	w.front.lose = http.MethodPost
	if _, err := w.h.Create(t.Context(), tra.TicketKey(id), body); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a lost answer: got %v, want it unknown", err)
	}
	found, err := w.h.ByKey(t.Context(), tra.TicketKey(id))
	if err != nil || len(found) != 1 {
		t.Fatalf("after the lost answer: got %+v %v, want one ticket", found, err)
	}
	for range 2 {
		got, err := w.h.Create(t.Context(), tra.TicketKey(id), body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(found[0], got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := w.h.Create(t.Context(), tra.TicketKey(id), append(body, ' ')); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the key with other bytes: got %v, want it to be looked for", err)
	}
	want := tra.Ticket{ID: found[0].ID, Key: tra.TicketKey(id), Status: tra.TicketNew, Ours: true, UpdatedAt: w.clock.at}
	if found, err = w.h.ByKey(t.Context(), tra.TicketKey(id)); err != nil || len(found) != 1 || found[0] != want {
		t.Errorf("got %+v %v, want %+v", found, err, want)
	}
	comments, err := w.us.Comments(t.Context(), zendesk.TicketID(want.ID))
	if err != nil || len(comments) != 1 || comments[0].Public {
		t.Errorf("got %+v %v, want one private comment", comments, err)
	}
}

func TestATicketThatIsRefusedIsInvalid(t *testing.T) {
	w := newWorld(t)
	d := w.draft(id)
	d.Body = " "
	body, err := w.h.Compose(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.h.Create(t.Context(), tra.TicketKey(id), body); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want it refused for good", err)
	}
}

func TestFieldsAreReadByTitleAndChoicesByName(t *testing.T) {
	for what, c := range map[string]struct {
		kind tra.Kind
		set  map[tra.FieldName]string
		want tra.TicketFields
	}{
		"a TRN": {tra.TRNValidation, map[tra.FieldName]string{tra.FieldNameOutcome: "trn_found", tra.FieldNameTRN: "0400123"}, tra.TicketFields{Outcome: tra.TRNFound, TRN: "0400123"}},
		"a failure": {
			tra.TRNValidation,
			map[tra.FieldName]string{tra.FieldNameOutcome: "failed", tra.FieldNameReason: "cannot_tell", tra.FieldNameNote: "Ask again.\n"},
			tra.TicketFields{Outcome: tra.Failed, Reason: tra.CannotTell, Note: "Ask again."},
		},
		"a barring outcome":              {tra.BarringCheck, map[tra.FieldName]string{tra.FieldNameBarring: "not_barred"}, tra.TicketFields{Outcome: tra.NotBarred}},
		"the other kind's is not looked": {tra.TRNValidation, map[tra.FieldName]string{tra.FieldNameBarring: "barred"}, tra.TicketFields{}},
		"nothing":                        {tra.BarringCheck, nil, tra.TicketFields{}},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			ticket := w.create(id)
			var u zendesk.TicketUpdate
			for name, value := range c.set {
				u.Fields = append(u.Fields, w.set(name, value))
			}
			w.agentDoes(ticket.ID, u)
			got, err := w.h.Read(t.Context(), c.kind, ticket.ID)
			if err != nil || got.Fields != c.want {
				t.Errorf("got %+v %v, want %+v", got.Fields, err, c.want)
			}
		})
	}
}

func TestTicketsOfARequestCarryTheOutcomeOfEitherKind(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	w.create(other)
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Fields: []zendesk.FieldValue{w.set(tra.FieldNameBarring, "barred")}, AssigneeID: w.me(w.agent), Tags: []string{"closed_by_merge"}})
	// Replacing the tags took the outcome's tag away again, as Zendesk does.
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Status: zendesk.StatusClosed, Fields: []zendesk.FieldValue{w.set(tra.FieldNameBarring, "barred")}})
	got, err := w.h.ByKey(t.Context(), tra.TicketKey(id))
	if err != nil || len(got) != 1 || got[0].Fields.Outcome != tra.Barred || !got[0].Assigned || !got[0].Merged || got[0].Status != tra.TicketClosed {
		t.Errorf("got %+v %v, want one assigned, merged ticket that says barred", got, err)
	}
}

func TestAnAnswerIsWrittenWithOnePrivateChange(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	before := len(w.audits(ticket.ID))
	got := w.write(ticket.ID, decision("op-1"))
	want := tra.Ticket{ID: ticket.ID, Key: tra.TicketKey(id), Status: tra.TicketSolved, Assigned: true, Ours: true, UpdatedAt: w.clock.at, Fields: tra.TicketFields{Outcome: tra.TRNFound, TRN: "8400123"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	audits := w.audits(ticket.ID)
	if len(audits) != before+1 || audits[before].Metadata.Custom["op_id"] != "op-1" {
		t.Errorf("got %+v, want one more audit with the operation", audits)
	}
	now, err := w.us.Ticket(t.Context(), zendesk.TicketID(ticket.ID))
	if err != nil || now.AssigneeID != w.me(w.us) {
		t.Errorf("assigned to %d %v, want us", now.AssigneeID, err)
	}
	comments, err := w.us.Comments(t.Context(), zendesk.TicketID(ticket.ID))
	if err != nil || len(comments) != 2 || comments[1].Public || comments[1].PlainBody != "Decided by ann@tra.example on the console." {
		t.Errorf("got %+v %v, want a private note", comments, err)
	}

	got = w.write(ticket.ID, tra.Writing{Op: "op-2", Kind: tra.TRNValidation, Fields: &tra.TicketFields{}, Status: tra.TicketOpen, Note: "Look again."})
	if got.Status != tra.TicketOpen || !got.Fields.IsEmpty() {
		t.Errorf("reopened: got %+v, want it open and empty", got)
	}
	got = w.write(ticket.ID, tra.Writing{Op: "op-3", Kind: tra.TRNValidation, Status: tra.TicketSolved})
	if got.Status != tra.TicketSolved || !got.Fields.IsEmpty() {
		t.Errorf("ended: got %+v, want it solved without an answer", got)
	}
}

func TestWhoHasATicketKeepsIt(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	agent := w.me(w.agent)
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{AssigneeID: agent})
	w.write(ticket.ID, decision("op-1"))
	if now, err := w.us.Ticket(t.Context(), zendesk.TicketID(ticket.ID)); err != nil || now.AssigneeID != agent {
		t.Errorf("assigned to %d %v, want %d", now.AssigneeID, err, agent)
	}
}

func TestAChangeIsMadeOnceHoweverOftenItIsSent(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	lost := decision("op-1")
	w.front.lose = http.MethodPut
	if _, err := w.h.Write(t.Context(), ticket.ID, lost); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a lost answer: got %v, want it unknown", err)
	}
	audits := len(w.audits(ticket.ID))
	lost.Again = true
	for range 2 {
		got := w.write(ticket.ID, lost)
		if got.Status != tra.TicketSolved || got.Fields.TRN != "8400123" {
			t.Errorf("got %+v, want what was written the first time", got)
		}
	}
	if n := len(w.audits(ticket.ID)); n != audits {
		t.Errorf("%d audits, want %d as before", n, audits)
	}
	never := decision("op-2")
	never.Again, never.Fields.TRN = true, "8400124"
	if got := w.write(ticket.ID, never); got.Fields.TRN != "8400124" {
		t.Errorf("one that never arrived: got %+v, want it written now", got)
	}
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Metadata: map[string]any{"op_id": "op-3"}})
	never.Op, never.Fields.TRN = "op-3", "8400125"
	if got := w.write(ticket.ID, never); got.Fields.TRN != "8400125" {
		t.Errorf("one that an agent claims: got %+v, want it written now", got)
	}
}

func TestATicketThatWasChangedMeanwhileIsLookedAtAgain(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	busy, theirs := 2, false // how often an agent is faster; whether a call is the agent's
	w.front.before = func(r *http.Request) {
		if r.Method == http.MethodPut && busy > 0 && !theirs {
			busy--
			theirs = true
			w.agentDoes(ticket.ID, zendesk.TicketUpdate{Comment: &zendesk.NewComment{Body: "I am looking at it."}})
			theirs = false
		}
	}
	if got := w.write(ticket.ID, decision("op-1")); got.Status != tra.TicketSolved || busy != 0 {
		t.Errorf("got %+v, the agent was faster %d times too few", got, busy)
	}
	made := 0
	for _, a := range w.audits(ticket.ID) {
		if a.Metadata.Custom["op_id"] == "op-1" {
			made++
		}
	}
	if made != 1 {
		t.Errorf("the change was made %d times", made)
	}
	busy = 100
	if _, err := w.h.Write(t.Context(), ticket.ID, decision("op-2")); !fault.Is(err, fault.Unavailable) || busy < 90 {
		t.Errorf("an agent who is always faster: got %v after %d tries; want later", err, 100-busy)
	}
}

func TestSettingsTellWhoSetAFieldLast(t *testing.T) {
	ours := tra.Setting{Op: "op-1"}
	type step func(w *world, ticket tra.TicketID)
	weWrite := func(w *world, ticket tra.TicketID) { w.write(ticket, decision("op-1")) }
	agentSets := func(name tra.FieldName, value string) step {
		return func(w *world, ticket tra.TicketID) {
			w.agentDoes(ticket, zendesk.TicketUpdate{Fields: []zendesk.FieldValue{w.set(name, value)}})
		}
	}
	// shown changes what the desk says of every user that is asked for.
	shown := func(key string, value any) step {
		return func(w *world, _ tra.TicketID) {
			w.front.rewrite = func(path string, body map[string]any) {
				if users, ok := body["users"].([]any); ok && path == "/users/show_many" {
					for _, u := range users {
						u.(map[string]any)[key] = value
					}
				}
			}
		}
	}
	// byTrigger makes the desk show every change of the TRN as a trigger's, by an author or by whose it was.
	byTrigger := func(author any) step {
		return func(w *world, _ tra.TicketID) {
			trn, _ := w.field(tra.FieldNameTRN, "")
			w.front.rewrite = func(_ string, body map[string]any) {
				audits, _ := body["audits"].([]any)
				for _, a := range audits {
					a := a.(map[string]any)
					for _, e := range a["events"].([]any) {
						if e := e.(map[string]any); e["field_name"] == digits(trn) {
							e["via"] = map[string]any{"channel": "rule"}
							if author != nil {
								a["author_id"] = author
							}
						}
					}
				}
			}
		}
	}
	for what, c := range map[string]struct {
		steps []step
		want  map[tra.FieldName]tra.Setting // "agent" stands for the agent's id
	}{
		"nobody": {nil, map[tra.FieldName]tra.Setting{}},
		"we": {[]step{weWrite}, map[tra.FieldName]tra.Setting{
			tra.FieldNameTRN: ours, tra.FieldNameOutcome: ours, tra.FieldNameReason: ours, tra.FieldNameNote: ours,
		}},
		"an agent": {[]step{agentSets(tra.FieldNameOutcome, "failed")}, map[tra.FieldName]tra.Setting{tra.FieldNameOutcome: {Agent: "agent"}}},
		"an agent after us": {[]step{weWrite, agentSets(tra.FieldNameTRN, "8400199")}, map[tra.FieldName]tra.Setting{
			tra.FieldNameTRN: {Agent: "agent"}, tra.FieldNameOutcome: ours, tra.FieldNameReason: ours, tra.FieldNameNote: ours,
		}},
		"we, what an agent had set so already": {[]step{agentSets(tra.FieldNameTRN, "8400123"), weWrite}, map[tra.FieldName]tra.Setting{
			tra.FieldNameTRN: ours, tra.FieldNameOutcome: ours, tra.FieldNameReason: ours, tra.FieldNameNote: ours,
		}},
		"an agent by a tag": {[]step{func(w *world, ticket tra.TicketID) {
			_, tag := w.field(tra.FieldNameBarring, "barred")
			w.agentDoes(ticket, zendesk.TicketUpdate{Tags: []string{"tra_request", tag}})
		}}, map[tra.FieldName]tra.Setting{tra.FieldNameBarring: {Agent: "agent"}}},
		"an end user":           {[]step{agentSets(tra.FieldNameTRN, "8400199"), shown("role", "end-user")}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"an administrator":      {[]step{agentSets(tra.FieldNameTRN, "8400199"), shown("role", "admin")}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {Agent: "agent"}}},
		"a suspended agent":     {[]step{agentSets(tra.FieldNameTRN, "8400199"), shown("suspended", true)}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"an agent who has left": {[]step{agentSets(tra.FieldNameTRN, "8400199"), shown("active", false)}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"an agent who says it was us": {[]step{func(w *world, ticket tra.TicketID) {
			w.agentDoes(ticket, zendesk.TicketUpdate{
				Fields:   []zendesk.FieldValue{w.set(tra.FieldNameTRN, "8400199")},
				Metadata: map[string]any{"op_id": "op-1", "sets_fields": "yes"},
			})
		}}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {Agent: "agent"}}},
		"our user without an operation": {[]step{func(w *world, ticket tra.TicketID) {
			if _, err := w.us.UpdateTicket(w.t.Context(), zendesk.TicketID(ticket), zendesk.TicketUpdate{Fields: []zendesk.FieldValue{w.set(tra.FieldNameTRN, "8400199")}}); err != nil {
				w.t.Fatal(err)
			}
		}}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"a trigger on an agent's change": {[]step{agentSets(tra.FieldNameTRN, "8400199"), byTrigger(nil)}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"the helpdesk itself":            {[]step{agentSets(tra.FieldNameTRN, "8400199"), byTrigger(json.Number("-1"))}, map[tra.FieldName]tra.Setting{tra.FieldNameTRN: {}}},
		"a trigger on our change": {[]step{weWrite, byTrigger(nil)}, map[tra.FieldName]tra.Setting{
			tra.FieldNameTRN: {}, tra.FieldNameOutcome: ours, tra.FieldNameReason: ours, tra.FieldNameNote: ours,
		}},
		"we, what a trigger had set so already": {[]step{agentSets(tra.FieldNameTRN, "8400123"), byTrigger(nil), weWrite}, map[tra.FieldName]tra.Setting{
			tra.FieldNameTRN: ours, tra.FieldNameOutcome: ours, tra.FieldNameReason: ours, tra.FieldNameNote: ours,
		}},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			ticket := w.create(id)
			for _, do := range c.steps {
				do(w, ticket.ID)
			}
			got, err := w.h.Settings(t.Context(), tra.TRNValidation, ticket.ID)
			if err != nil {
				t.Fatal(err)
			}
			delete(got, tra.FieldNameRequest) // set with the creation
			for name, s := range got {
				if s.AuditID == "" || s.At.IsZero() {
					t.Errorf("%s: got %+v, want an audit and its time", name, s)
				}
				s.AuditID, s.At = "", time.Time{}
				if s.Agent == digits(w.me(w.agent)) {
					s.Agent = "agent"
				}
				got[name] = s
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func digits[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }

// TestWhatAnEarlierServiceAccountDidIsOurs has the credentials changed to those
// of another user, while the earlier one stays an active agent.
func TestWhatAnEarlierServiceAccountDidIsOurs(t *testing.T) {
	w := newWorld(t)
	past := trasql.NewStore(sqldbtest.OpenSQLite(t, "tra", sqldb.TaskMigrations, trasql.Migrations), nil)
	w.h = traports.NewHelpdesk(w.us, past, w.clock.now)
	ticket := w.create(id)
	w.write(ticket.ID, decision("op-1"))
	audits := len(w.audits(ticket.ID))
	now := traports.NewHelpdesk(w.client("tra-anew"), past, w.clock.now)
	set, err := now.Settings(t.Context(), tra.TRNValidation, ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range set {
		if name != tra.FieldNameRequest && (s.Op != "op-1" || s.Agent != "") {
			t.Errorf("%s was set by %+v; want our operation", name, s)
		}
	}
	comments, err := now.Comments(t.Context(), ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comments {
		if !c.Ours || c.Agent != "" {
			t.Errorf("a comment is %+v; want it ours", c)
		}
	}
	again := decision("op-1")
	again.Again = true
	if _, err := now.Write(t.Context(), ticket.ID, again); err != nil || len(w.audits(ticket.ID)) != audits {
		t.Errorf("sent again: %v, %d audits more", err, len(w.audits(ticket.ID))-audits)
	}
}

func TestCommentsTellWhoseTheyAre(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Comment: &zendesk.NewComment{Body: "TRN is 8400123"}})
	w.write(ticket.ID, tra.Writing{Op: "op-1", Note: "From the console."})
	got, err := w.h.Comments(t.Context(), ticket.ID)
	if err != nil || len(got) != 3 {
		t.Fatalf("got %+v %v, want three", got, err)
	}
	agent := digits(w.me(w.agent))
	for i, want := range []tra.Comment{
		{Ours: true, Text: "Answer in the fields <below> & solve."},
		{Agent: agent, Text: "TRN is 8400123"},
		{Ours: true, Text: "From the console."},
	} {
		if got[i].ID == "" || got[i].At.IsZero() {
			t.Errorf("comment %d has no id or time: %+v", i, got[i])
		}
		got[i].ID, got[i].At = "", time.Time{}
		if got[i] != want {
			t.Errorf("comment %d: got %+v, want %+v", i, got[i], want)
		}
	}
	w.front.rewrite = func(path string, body map[string]any) {
		if users, ok := body["users"].([]any); ok && path == "/users/show_many" {
			for _, u := range users {
				u.(map[string]any)["role"] = "end-user"
			}
		}
	}
	if got, err := w.h.Comments(t.Context(), ticket.ID); err != nil || got[1].Agent != "" || got[1].Ours {
		t.Errorf("an end user's: got %+v %v, want nobody's", got, err)
	}
	w.front.rewrite = func(_ string, body map[string]any) {
		if comments, ok := body["comments"].([]any); ok {
			comments[0].(map[string]any)["author_id"] = comments[1].(map[string]any)["author_id"]
		}
	}
	if got, err := w.h.Comments(t.Context(), ticket.ID); err != nil || !got[0].Ours || got[0].Agent != "" {
		t.Errorf("the first, whoever is named: got %+v %v, want ours", got, err)
	}
}

// everyCall makes each call about one ticket.
func everyCall(ctx context.Context, h *traports.Helpdesk, ticket tra.TicketID) map[string]error {
	out := map[string]error{}
	_, out["read"] = h.Read(ctx, tra.TRNValidation, ticket)
	_, out["settings"] = h.Settings(ctx, tra.TRNValidation, ticket)
	_, out["comments"] = h.Comments(ctx, ticket)
	_, out["write"] = h.Write(ctx, ticket, decision("op-1"))
	again := decision("op-1")
	again.Again = true
	_, out["write again"] = h.Write(ctx, ticket, again)
	return out
}

func TestADeletedTicketIsNotFound(t *testing.T) {
	w := newWorld(t)
	ticket, stays := w.create(id), w.create(other)
	stays.Ours = false // which ReadMany does not tell
	if err := w.agent.DeleteTicket(t.Context(), zendesk.TicketID(ticket.ID)); err != nil {
		t.Fatal(err)
	}
	for call, err := range everyCall(t.Context(), w.h, ticket.ID) {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: got %v, want that there is none", call, err)
		}
	}
	if got, err := w.h.ByKey(t.Context(), tra.TicketKey(id)); err != nil || len(got) != 0 {
		t.Errorf("by request: got %+v %v, want none", got, err)
	}
	got, err := w.h.ReadMany(t.Context(), []tra.TicketID{ticket.ID, stays.ID, 999_999})
	if diff := cmp.Diff([]tra.Ticket{stays}, got); err != nil || diff != "" {
		t.Errorf("many: %v %s", err, diff)
	}
}

func TestADeskThatIsDownSaysNothing(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	body, err := w.h.Compose(t.Context(), w.draft(other))
	if err != nil {
		t.Fatal(err)
	}
	w.front.down = true
	for what, h := range map[string]*traports.Helpdesk{"known before": w.h, "never seen": traports.NewHelpdesk(w.us, nil, w.clock.now)} {
		calls := everyCall(t.Context(), h, ticket.ID)
		_, calls["create"] = h.Create(t.Context(), tra.TicketKey(other), body)
		_, calls["by request"] = h.ByKey(t.Context(), tra.TicketKey(id))
		_, calls["many"] = h.ReadMany(t.Context(), []tra.TicketID{ticket.ID})
		_, _, _, calls["changed"] = h.Changed(t.Context(), "")
		for call, err := range calls {
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s, %s: got %v, want it unknown", what, call, err)
			}
		}
	}
	w.front.down = false
	for call, err := range everyCall(t.Context(), w.h, ticket.ID) {
		if err != nil {
			t.Errorf("up again, %s: %v", call, err)
		}
	}
}

func TestAClosedTicketCannotBeWrittenOn(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	w.write(ticket.ID, decision("op-1"))
	w.clock.move(5 * 24 * time.Hour)
	if err := w.desk.CloseOld(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.h.Write(t.Context(), ticket.ID, decision("op-2")); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	again := decision("op-1")
	again.Again = true
	if got, err := w.h.Write(t.Context(), ticket.ID, again); err != nil || got.Status != tra.TicketClosed {
		t.Errorf("what was written before it closed: got %+v %v, want the ticket as it is", got, err)
	}
}

func TestWhatWasWrittenOnATicketBeforeItWasMergedCountsNoMore(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	w.write(ticket.ID, decision("op-1"))
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Status: zendesk.StatusClosed, Tags: []string{"closed_by_merge"}})
	again := decision("op-1")
	again.Again = true
	if got, err := w.h.Write(t.Context(), ticket.ID, again); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %+v %v, want a conflict", got, err)
	}
}

func TestAChangeThatIsRefusedIsInvalid(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	wrong := decision("op-1")
	wrong.Fields.TRN = "12"
	w.clock.move(time.Hour) // so that the account is read again, and the change sent again
	if _, err := w.h.Write(t.Context(), ticket.ID, wrong); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want it refused for good", err)
	}
	if n := len(w.audits(ticket.ID)); n != 1 {
		t.Errorf("%d audits, want the creation's only", n)
	}
}

func TestChangesAreReadFromNowOn(t *testing.T) {
	w := newWorld(t)
	old := w.create(id)
	w.clock.move(time.Hour)
	ids, cursor, more, err := w.h.Changed(t.Context(), "")
	if err != nil || len(ids) != 0 || more || cursor == "" {
		t.Fatalf("at first: got %v %q %t %v, want a cursor and nothing", ids, cursor, more, err)
	}
	created := w.create(other)
	w.agentDoes(old.ID, zendesk.TicketUpdate{Comment: &zendesk.NewComment{Body: "Looking."}})
	if _, err := w.agent.CreateTicket(t.Context(), "", []byte(`{"ticket":{"subject":"another matter","comment":{"body":"not ours"}}}`)); err != nil {
		t.Fatal(err)
	}
	w.clock.move(2 * time.Minute)
	ids, cursor, _, err = w.h.Changed(t.Context(), cursor)
	if diff := cmp.Diff([]tra.TicketID{created.ID, old.ID}, ids); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if err := w.agent.DeleteTicket(t.Context(), zendesk.TicketID(old.ID)); err != nil {
		t.Fatal(err)
	}
	w.clock.move(2 * time.Minute)
	ids, next, _, err := w.h.Changed(t.Context(), cursor)
	if diff := cmp.Diff([]tra.TicketID{old.ID}, ids); err != nil || diff != "" {
		t.Errorf("a deleted one: %v %s", err, diff)
	}
	if ids, _, _, err = w.h.Changed(t.Context(), next); err != nil || len(ids) != 0 {
		t.Errorf("nothing new: got %v %v", ids, err)
	}
	if _, _, _, err = w.h.Changed(t.Context(), "???"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cursor that is none: got %v, want it refused", err)
	}
}

func TestAnAccountThatLacksAFieldIsAnAdministratorsMatter(t *testing.T) {
	w := newWorld(t)
	title := func(from, to string) {
		w.front.rewrite = func(_ string, body map[string]any) {
			fields, _ := body["ticket_fields"].([]any)
			for _, f := range fields {
				if f := f.(map[string]any); f["title"] == from {
					f["title"] = to
				}
			}
		}
	}
	for _, to := range []string{"Result", "Outcome"} { // it has none, or two
		title("Barring outcome", to)
		if _, err := w.h.Compose(t.Context(), w.draft(id)); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.SafeText(err), "utcome”") {
			t.Errorf("titled %s: got %v, want the field named", to, err)
		}
	}
	w.front.rewrite = func(_ string, body map[string]any) {
		if fields, ok := body["ticket_fields"].([]any); ok {
			old := maps.Clone(fields[0].(map[string]any))
			old["active"], old["id"] = false, 77
			body["ticket_fields"] = append(fields, old)
		}
	}
	if _, err := w.h.Compose(t.Context(), w.draft(id)); err != nil {
		t.Errorf("with an old field that is put away: %v", err)
	}
}

// renumber makes the desk show other ids, or other values, than it has.
func renumber(from tra.FieldName, change func(f map[string]any)) func(string, map[string]any) {
	return func(_ string, body map[string]any) {
		fields, _ := body["ticket_fields"].([]any)
		for _, f := range fields {
			if f := f.(map[string]any); f["title"] == string(from) {
				change(f)
			}
		}
	}
}

func TestARefusalMakesTheAccountBeReadAgain(t *testing.T) {
	w := newWorld(t)
	w.front.rewrite = renumber(tra.FieldNameRequest, func(f map[string]any) { f["id"] = 77 })
	body, err := w.h.Compose(t.Context(), w.draft(id))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.h.Create(t.Context(), tra.TicketKey(id), body); !fault.Is(err, fault.Invalid) {
		t.Fatalf("a field that is not there: got %v, want it refused", err)
	}
	w.front.rewrite = renumber(tra.FieldNameNote, func(f map[string]any) { f["id"] = 77 })
	ticket := w.create(other) // composed of the account as it is now
	w.front.rewrite = nil
	note := tra.Writing{Op: "op-1", Kind: tra.TRNValidation, Status: tra.TicketSolved, Fields: &tra.TicketFields{Outcome: tra.Failed, Reason: tra.CannotTell, Note: "Ask again."}}
	if _, err := w.h.Write(t.Context(), ticket.ID, note); !fault.Is(err, fault.Invalid) {
		t.Fatalf("within a minute: got %v, want it refused", err)
	}
	w.clock.move(2 * time.Minute)
	if got := w.write(ticket.ID, note); got.Fields != *note.Fields {
		t.Errorf("later: got %+v, want it written", got.Fields)
	}
}

func TestOptionsThatChangedAreReadAgain(t *testing.T) {
	w := newWorld(t)
	w.front.rewrite = func(_ string, body map[string]any) { // the account before an administrator made it right
		fields, _ := body["ticket_fields"].([]any)
		for _, f := range fields {
			options, _ := f.(map[string]any)["custom_field_options"].([]any)
			for _, o := range options {
				if o := o.(map[string]any); o["name"] == "trn_found" {
					o["name"], o["value"] = "found", "was"
				}
			}
		}
	}
	ticket := w.create(id)
	if _, err := w.h.Write(t.Context(), ticket.ID, decision("op-1")); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.SafeText(err), "trn_found") {
		t.Errorf("an option that is not there: got %v, want it named", err)
	}
	w.front.rewrite = nil
	w.agentDoes(ticket.ID, zendesk.TicketUpdate{Fields: []zendesk.FieldValue{w.set(tra.FieldNameOutcome, "trn_found")}})
	got, err := w.h.Read(t.Context(), tra.TRNValidation, ticket.ID)
	if err != nil || got.Fields.Outcome == "" || slices.Contains(tra.Outcomes(tra.TRNValidation), got.Fields.Outcome) {
		t.Errorf("within a minute: got %+v %v, want what stands there and no outcome of ours", got.Fields, err)
	}
	w.clock.move(2 * time.Minute)
	if got, err = w.h.Read(t.Context(), tra.TRNValidation, ticket.ID); err != nil || got.Fields.Outcome != tra.TRNFound {
		t.Errorf("later: got %+v %v, want trn_found", got.Fields, err)
	}
	if got := w.write(ticket.ID, decision("op-2")); got.Fields.Outcome != tra.TRNFound {
		t.Errorf("written: got %+v, want trn_found", got.Fields)
	}
}

func TestATicketIsDeletedForGood(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(id)
	if gone, err := w.h.Delete(t.Context(), ticket.ID); gone || err != nil {
		t.Fatalf("gone %v %v, want the helpdesk to be at it", gone, err)
	}
	if gone, err := w.h.Delete(t.Context(), ticket.ID); !gone || err != nil {
		t.Errorf("again: gone %v %v, want it gone", gone, err)
	}
	if _, err := w.h.Read(t.Context(), tra.TRNValidation, ticket.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("it is read: %v", err)
	}
	w.front.desk = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	if gone, err := w.h.Delete(t.Context(), ticket.ID); gone || !fault.Is(err, fault.Unavailable) {
		t.Errorf("not let: gone %v %v, want later", gone, err)
	}
}

func TestOnlyWhatWeMadeIsOurs(t *testing.T) {
	w := newWorld(t)
	made, err := w.agent.CreateTicket(t.Context(), "", []byte(`{"ticket":{"subject":"x","external_id":"`+string(id)+`","comment":{"body":"y"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.h.Read(t.Context(), tra.TRNValidation, tra.TicketID(made.ID))
	if err != nil || got.Ours {
		t.Errorf("an agent's ticket: ours %v %v", got.Ours, err)
	}
}
