package tra_test

import (
	"cmp"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/desksql"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

// clock is a clock that the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// register is a hand-written register of a few records.
type register struct {
	records map[string]tra.Record
	merged  map[string]string // a TRN and its survivor's
	asAt    time.Time
	down    bool
	looked  []tra.Looking // why it was searched
	check   tra.Check     // of every claim; not_found when empty
}

var errDown = fault.New(fault.Unavailable, "The register service could not be asked.")

func (r *register) Show(_ context.Context, trn person.TRN) (tra.Record, time.Time, error) {
	if r.down {
		return tra.Record{}, time.Time{}, errDown
	}
	record, ok := r.records[r.survivor(trn.Reveal())]
	if !ok {
		return tra.Record{}, time.Time{}, fault.New(fault.NotFound, "No record has this TRN.")
	}
	return record, r.asAt, nil
}

// survivor gives the TRN of the record that a TRN leads to.
func (r *register) survivor(at string) string {
	for range r.merged {
		into, ok := r.merged[at]
		if !ok {
			break
		}
		at = into
	}
	return at
}

func (r *register) AsAt(context.Context) (time.Time, error) {
	if r.down {
		return time.Time{}, errDown
	}
	return r.asAt, nil
}

func (r *register) Candidates(_ context.Context, _ tra.RequestID, c tra.Claim, _ int) ([]tra.Candidate, time.Time, error) {
	if r.down {
		return nil, time.Time{}, errDown
	}
	var out []tra.Candidate
	for _, record := range r.records {
		if record.DateOfBirth == c.DateOfBirth {
			out = append(out, tra.Candidate{Record: record, Probability: 0.5})
		}
	}
	return out, r.asAt, nil
}

func (r *register) Find(context.Context, tra.Claim) (tra.Check, error) {
	if r.down {
		return tra.CheckNone, errDown
	}
	return cmp.Or(r.check, tra.CheckNotFound), nil
}

// told keeps what clients are told, and answers as the test has it.
type told struct {
	mu     sync.Mutex
	list   []tra.Delivery
	with   [][]string // secrets, of each
	answer int
	err    error
}

func (a *told) CheckURL(url string) string {
	if !strings.HasPrefix(url, "https://") {
		return "has to begin with https"
	}
	return ""
}

func (a *told) Announce(_ context.Context, to tra.Webhook, d tra.Delivery) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list, a.with = append(a.list, d), append(a.with, to.Secrets)
	return a.answer, a.err
}

// weather is what happens to calls of the helpdesk. The zero value lets all through.
type weather struct {
	mu   sync.Mutex
	down bool                       // nothing arrives
	lose func(r *http.Request) bool // the helpdesk did it, the answer is lost
	deny func(r *http.Request) int  // a status instead of an answer; 0: none
	seen []string                   // method and path
}

func (w *weather) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	down, lose, deny := w.down, w.lose, w.deny
	w.seen = append(w.seen, r.Method+" "+r.URL.Path)
	w.mu.Unlock()
	if down {
		return nil, io.ErrUnexpectedEOF
	}
	if deny != nil {
		if status := deny(r); status != 0 {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && lose != nil && lose(r) {
		_ = res.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return res, err
}

func (w *weather) set(change func(w *weather)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// once gives a condition that holds for the first call that fits.
func once(method, part string) func(*http.Request) bool {
	done := false
	return func(r *http.Request) bool {
		if done || r.Method != method || !strings.Contains(r.URL.Path, part) {
			return false
		}
		done = true
		return true
	}
}

// rig is the TRA API's use cases on a real database, before a real desk over
// HTTP, with a register and a clock of the test's own.
type rig struct {
	t        testing.TB
	ctx      context.Context
	svc      *tra.Service
	clock    *clock
	register *register
	told     *told
	weather  *weather
	db       *sqldb.DB
	desk     *desk.Service
	deskDB   *sqldb.DB
	helpdesk func(http.RoundTripper) tra.Helpdesk // of a program that starts
	agent    *zendesk.Client                      // somebody who works in the helpdesk itself
	agentID  zendesk.UserID
	deskURL  string
	fields   map[string]zendesk.Field
	again    func()              // from now on every transaction runs twice
	start    func() *tra.Service // another process
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { test(t, newRig(t, db)) }, sqldb.TaskMigrations, trasql.Migrations)
}

const operatorEmail, secondEmail = "olive@example.org", "owen@example.org"

var (
	olive = tra.Operator{Email: operatorEmail, Barring: true}
	owen  = tra.Operator{Email: secondEmail, Barring: true}
	susan = tra.Operator{Email: "susan@example.org", Barring: true, Supervisor: true}
)

// morning is a Wednesday's.
var morning = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func newRig(t testing.TB, db *sqldb.DB) *rig {
	t.Helper()
	c := &clock{at: morning}
	r := &rig{t: t, ctx: t.Context(), clock: c, told: &told{answer: http.StatusNoContent}, weather: &weather{}, register: &register{
		records: map[string]tra.Record{}, merged: map[string]string{}, asAt: c.at,
	}}
	deskDB := sqldbtest.OpenSQLite(t, "desk", access.Migrations, desksql.Migrations)
	tokens := access.New(deskDB, c.now)
	token := func(client string) string {
		secret, err := tokens.CreateToken(r.ctx, client, []string{"agent"}, 1000*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	d := desk.NewService(desksql.NewStore(deskDB, nil), desk.Options{Now: c.now})
	if err := d.Seed(r.ctx); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	deskapi.Mount(mux, d, tokens, deskapi.Options{PublicURL: server.URL, PerMinute: 1_000_000})
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "desk", LenientOrigin: true})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = site
	client := func(token string, transport http.RoundTripper) *zendesk.Client {
		return zendesk.New(zendesk.Options{BaseURL: server.URL, Token: token, Now: c.now, HTTP: transport})
	}
	ours := token("tra-api")
	r.helpdesk = func(transport http.RoundTripper) tra.Helpdesk {
		return traports.NewHelpdesk(client(ours, transport), trasql.NewStore(db, nil), c.now)
	}
	r.db, r.desk, r.deskDB, r.agent = db, d, deskDB, client(token("agnes"), nil)
	me, err := r.agent.Me(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	r.agentID, r.deskURL = me.ID, server.URL
	fields, err := r.agent.Fields(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	r.fields = map[string]zendesk.Field{}
	for _, f := range fields {
		r.fields[f.Title] = f
	}
	store := trasql.NewStore(db, nil)
	helpdesk := r.helpdesk(r.weather)
	over := func(store tra.Store) *tra.Service {
		return tra.New(store, helpdesk, r.register, r.told, []byte("key"), c.now,
			tra.Options{PublicURL: "http://console.example", Details: tra.DetailsClaim, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	}
	r.svc = over(store)
	r.start = func() *tra.Service { return over(store) }
	r.again = func() { r.svc = over(twice{store}) }
	_, _, err = r.svc.RegisterWebhook(r.ctx, cpdClient, hookURL, []string{hookSecret})
	r.ok(err)
	return r
}

// empty makes the rig as it was in the morning, without a request and a ticket.
func (r *rig) empty() error {
	r.clock.at = morning
	for db, tables := range map[*sqldb.DB]string{
		r.db:     "requests claims questions flags decisions answers creations ops counters sweep hints deliveries events tasks earlier_tickets",
		r.deskDB: "audits tickets idempotency_keys",
	} {
		if err := db.InTx(r.ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, table := range strings.Fields(tables) {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// ok fails the test on an error.
func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// refused fails the test unless err is of the kind.
func (r *rig) refused(err error, kind fault.Kind) {
	r.t.Helper()
	if !fault.Is(err, kind) {
		r.t.Fatalf("got %v; want to be refused as %s", err, kind)
	}
}

// work does what is due, after some time has passed.
func (r *rig) work(after time.Duration) {
	r.t.Helper()
	r.clock.move(after)
	if err := r.svc.WorkDue(r.ctx); err != nil {
		r.t.Fatal(err)
	}
}

func name(s string) person.Name {
	n, err := person.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

func trn(s string) person.TRN {
	t, err := person.NewTRN(s)
	if err != nil {
		panic(err)
	}
	return t
}

func date(s string) person.Date {
	d, err := person.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func nino(s string) person.NINO {
	n, err := person.ParseNINO(s)
	if err != nil {
		panic(err)
	}
	return n
}

// claim is what Zofia Marchbank says of herself, and zofia her record.
func claim() tra.Claim {
	return tra.Claim{FirstName: name("Zofia"), LastName: name("Marchbank"), DateOfBirth: date("1984-02-17")}
}

const zofia = "0612345"

func (r *rig) addRecord(number string, change func(*tra.Record)) {
	record := tra.Record{TRN: trn(number), Active: true, FirstName: name("Zofia"), LastName: name("Marchbank"), DateOfBirth: date("1984-02-17")}
	if change != nil {
		change(&record)
	}
	r.register.records[number] = record
}

const cpdClient tra.Client = "manage-cpd"

// hookURL and hookSecret are what the client registers.
const (
	hookURL    = "https://cpd.example.org/webhooks/tra"
	hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// submit hands in a TRN validation.
func (r *rig) submit(id string, c tra.Claim) tra.RequestID {
	r.t.Helper()
	_, created, err := r.svc.Submit(r.ctx, tra.Submission{ID: tra.RequestID(id), Client: cpdClient, Kind: tra.TRNValidation, Claim: c})
	if err != nil || !created {
		r.t.Fatalf("created %v, %v", created, err)
	}
	return tra.RequestID(id)
}

// open hands in a request and has its ticket made.
func (r *rig) open(id string, c tra.Claim) tra.RequestID {
	r.t.Helper()
	r.submit(id, c)
	r.work(time.Second)
	return tra.RequestID(id)
}

func (r *rig) kase(id tra.RequestID) tra.Case {
	r.t.Helper()
	c, err := r.svc.Case(r.ctx, susan, id)
	r.ok(err)
	return c
}

func (r *rig) tickets(id tra.RequestID) []zendesk.Ticket {
	r.t.Helper()
	list, err := r.agent.TicketsByExternalID(r.ctx, string(id))
	r.ok(err)
	return list
}

// oneTicket gives the only ticket of a request.
func (r *rig) oneTicket(id tra.RequestID) zendesk.Ticket {
	r.t.Helper()
	list := r.tickets(id)
	if len(list) != 1 {
		r.t.Fatalf("there are %d tickets; want one", len(list))
	}
	return list[0]
}

// field gives what a ticket's field says, an option by its name.
func (r *rig) field(t zendesk.Ticket, title string) string {
	r.t.Helper()
	f := r.fields[title]
	text := t.Text(f.ID)
	for _, o := range f.Options {
		if o.Value == text {
			return o.Name
		}
	}
	return text
}

// option gives the value of a field's option.
func (r *rig) option(title, name string) string {
	r.t.Helper()
	for _, o := range r.fields[title].Options {
		if o.Name == name {
			return o.Value
		}
	}
	r.t.Fatalf("the field %s has no option %s", title, name)
	return ""
}

// decide decides a case as an operator sees it now.
func (r *rig) decide(op tra.Operator, id tra.RequestID, d tra.Deciding) tra.Decision {
	r.t.Helper()
	d.Revision = r.kase(id).Request.Revision
	made, err := r.svc.Decide(r.ctx, op, id, d)
	r.ok(err)
	return made
}

// answers gives everything that was released to the client.
func (r *rig) answers() []tra.Answer {
	r.t.Helper()
	list, _, err := r.svc.Answers(r.ctx, cpdClient, "", 100)
	r.ok(err)
	return list
}

// noAnswer fails the test when anything was released.
func (r *rig) noAnswer() {
	r.t.Helper()
	if list := r.answers(); len(list) != 0 {
		r.t.Fatalf("%d answers were released; want none", len(list))
	}
}

// oneAnswer gives the only released answer.
func (r *rig) oneAnswer() tra.Answer {
	r.t.Helper()
	list := r.answers()
	if len(list) != 1 {
		r.t.Fatalf("%d answers were released; want one", len(list))
	}
	return list[0]
}

// flagged tells whether a flag is set on a request.
func (r *rig) flagged(id tra.RequestID, f tra.Flag) bool {
	r.t.Helper()
	for _, each := range r.kase(id).Flags {
		if each.Flag == f {
			return true
		}
	}
	return false
}

// happened counts a step in a request's history.
func (r *rig) happened(id tra.RequestID, what tra.What) int {
	r.t.Helper()
	n := 0
	for _, e := range r.kase(id).History {
		if e.What == what {
			n++
		}
	}
	return n
}
