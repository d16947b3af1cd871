package tra_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traid/internal/desk"
	"traid/internal/ident"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/traapi"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

// The faults, each of which has to be hit.
const (
	lostAfterCommit = "response lost after the commit"
	cutBefore       = "connection cut before the call arrived"
	cutWithin       = "connection cut within the answer"
	tooMany         = "429"
	unavailable     = "503"
	dbConflict      = "409 DatabaseConflict"
	updateConflict  = "409 UpdateConflict"
	broken          = "500"
	brokenAfter     = "500 after the commit"
	slow            = "answer slower than the deadline"
	late            = "call that arrives after its deadline"
	killedBefore    = "killed with a call on its way"
	killedAfter     = "killed after the helpdesk's commit"
	killedAtRest    = "killed between two transactions"
	twoWorkers      = "two workers at once"
	leaseOver       = "a worker whose lease ends while its call is on its way"
	keyOver         = "key expired after two hours"
	hookLost        = "webhook lost"
	hookDoubled     = "webhook doubled"
	hookLate        = "webhook late"
	hookOutOfOrder  = "webhooks out of order"
)

// atCalls are those that a call meets at the proxy.
var atCalls = []string{
	lostAfterCommit, cutBefore, cutWithin, tooMany, unavailable, dbConflict, updateConflict, broken, brokenAfter, slow, late,
	killedBefore, killedAfter, leaseOver,
}

var everyFault = append([]string{killedAtRest, twoWorkers, keyOver, hookLost, hookDoubled, hookLate, hookOutOfOrder}, atCalls...)

// schedulesPerCheck makes thousands of rapid's hundred.
const schedulesPerCheck = 20

// TestOneTicketAndOneAnswerWhateverBreaks plays short schedules of what can
// break between the TRA API and the helpdesk, with the real rules on a real
// database and a real desk behind a proxy that does the breaking. For each: one
// ticket a request, one released answer that its client is told of, every change
// of ours made once, and no request silent for longer than a sweep.
func TestOneTicketAndOneAnswerWhateverBreaks(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // nothing here outlives a power cut
	}
	setFlag(t, "rapid.nofailfile", "true")
	asked, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	const rigs = 2
	setFlag(t, "rapid.checks", strconv.Itoa(max(1, asked*schedulesPerCheck/rigs)))
	counts := &tally{n: map[string]map[string]int{countFault: {}, countAction: {"correction of a closed ticket": 0}}}
	for _, name := range everyFault {
		counts.n[countFault][name] = 0
	}
	t.Run("schedules", func(t *testing.T) {
		for i := range rigs {
			r := newRig(t, sqldbtest.OpenSQLite(t, "test", sqldb.TaskMigrations, trasql.Migrations))
			p := newBreaker(t, r, counts)
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) { play(rt, p) })
			})
		}
	})
	t.Logf("%d schedules, %d calls of the helpdesk%s", counts.n[countAction]["schedule"], counts.n[countAction]["call"], counts.table())
	if missing := counts.missing(); !t.Failed() && len(missing) > 0 && asked >= 100 {
		t.Errorf("never hit: %s", strings.Join(missing, "; "))
	}
}

// breaker stands between the TRA API and the desk, over real HTTP on both sides.
type breaker struct {
	*rig
	counts *tally
	server *httptest.Server
	onward *http.Transport

	mu      sync.Mutex
	s       *schedule
	flights map[string]*flight
	number  int
}

// flight is a call on its way: whose it is, and what ends it as its deadline would.
type flight struct {
	process *process
	expire  context.CancelFunc
}

const flightHeader = "X-Flight"

func newBreaker(t *testing.T, r *rig, counts *tally) *breaker {
	b := &breaker{rig: r, counts: counts, onward: &http.Transport{}, flights: map[string]*flight{}}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.server.Close()
		b.onward.CloseIdleConnections()
	})
	r.addRecord(zofia, nil)
	r.addRecord(other, nil)
	return b
}

// process is one running TRA API: a service of its own on the common database.
type process struct {
	b       *breaker
	svc     *tra.Service
	hooks   http.Handler
	store   *trasql.Store
	through *http.Transport
	ctx     context.Context
	kill    context.CancelFunc
	commits atomic.Int64 // so many more and it is killed; never where negative
}

// start starts a process. As on SQLite nothing else runs then, what a dead one
// had leased is free again; as on PostgreSQL its leases have to end by themselves.
func (b *breaker) start(freesLeases bool) (*process, error) {
	p := &process{b: b, store: trasql.NewStore(b.db, nil), through: &http.Transport{}}
	p.ctx, p.kill = context.WithCancel(b.ctx)
	p.commits.Store(-1)
	if freesLeases {
		if err := b.db.InTx(p.ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE tasks SET leased_until = NULL`)
			return err
		}); err != nil {
			return nil, err
		}
	}
	p.svc = tra.New(mortal{p.store, p}, b.helpdesk(p), b.register, b.told, []byte("key"), b.clock.now, tra.Options{PublicURL: "http://console.example"})
	mux := http.NewServeMux()
	traapi.MountWebhook(mux, p.svc, webhookSecret, b.clock.now)
	p.hooks = mux
	return p, nil
}

const webhookSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

func (p *process) dead() bool { return p.ctx.Err() != nil }

// RoundTrip sends a call to the proxy, which may end it as its deadline does.
func (p *process) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, expire := context.WithCancel(r.Context())
	b := p.b
	b.mu.Lock()
	b.number++
	id := strconv.Itoa(b.number)
	b.flights[id] = &flight{p, expire}
	b.mu.Unlock()
	out := r.Clone(ctx)
	out.URL.Host = strings.TrimPrefix(b.server.URL, "http://")
	out.Header.Set(flightHeader, id)
	b.counts.count(countAction, "call")
	res, err := p.through.RoundTrip(out)
	if err != nil {
		expire()
		return nil, err
	}
	res.Body = &landing{res.Body, expire}
	return res, nil
}

// landing is a body whose end ends its flight.
type landing struct {
	io.ReadCloser
	done context.CancelFunc
}

func (l *landing) Close() error {
	defer l.done()
	return l.ReadCloser.Close()
}

// mortal is the store of a process that may be killed after a transaction.
type mortal struct {
	tra.Store
	p *process
}

var errKilled = errors.New("the process was killed")

func (m mortal) InTx(ctx context.Context, do func(ctx context.Context, tx tra.Tx) error) error {
	if m.p.dead() {
		return errKilled
	}
	err := m.Store.InTx(ctx, do)
	if err == nil && m.p.commits.Add(-1) == 0 {
		m.p.b.counts.count(countFault, killedAtRest)
		m.p.kill()
		return errKilled
	}
	return err
}

// ServeHTTP does what the schedule has armed to the call, or passes it on.
func (b *breaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller died while it sent
	}
	b.mu.Lock()
	f, s := b.flights[r.Header.Get(flightHeader)], b.s
	b.mu.Unlock()
	r.Header.Del(flightHeader)
	s.keys(r)
	name := s.meets(r)
	if name != "" {
		b.counts.count(countFault, name)
	}
	answer := func(status int, header, value, body string) {
		if header != "" {
			w.Header().Set(header, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	switch name {
	case cutBefore:
		panic(http.ErrAbortHandler)
	case killedBefore:
		f.process.kill()
		panic(http.ErrAbortHandler)
	case tooMany:
		answer(http.StatusTooManyRequests, "Retry-After", "60", `{"error":"APIRateLimitExceeded"}`)
		return
	case unavailable:
		answer(http.StatusServiceUnavailable, "Retry-After", "30", "")
		return
	case dbConflict:
		answer(http.StatusConflict, "", "", `{"error":"DatabaseConflict","description":"Database collision"}`)
		return
	case broken:
		answer(http.StatusInternalServerError, "", "", "")
		return
	case late:
		s.keep(r, body)
		f.expire()
		panic(http.ErrAbortHandler)
	case updateConflict:
		s.touch(r.URL.Path)
	case leaseOver:
		s.overtake(f.process)
	}
	res, raw, err := b.pass(r, body)
	if err != nil {
		s.wrong("pass on %s %s: %v", r.Method, r.URL.Path, err)
		panic(http.ErrAbortHandler)
	}
	switch name {
	case lostAfterCommit:
		panic(http.ErrAbortHandler)
	case killedAfter:
		f.process.kill()
		panic(http.ErrAbortHandler)
	case brokenAfter:
		answer(http.StatusInternalServerError, "", "", "")
		return
	case slow:
		f.expire()
		panic(http.ErrAbortHandler)
	case updateConflict:
		if res.StatusCode != http.StatusConflict {
			s.wrong("a change of a ticket that was changed meanwhile is answered %d", res.StatusCode)
		}
	}
	maps.Copy(w.Header(), res.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(res.StatusCode)
	if name == cutWithin {
		_, _ = w.Write(raw[:len(raw)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(raw)
}

// pass passes a call on to the desk, once, and notes what it changed.
func (b *breaker) pass(r *http.Request, body []byte) (*http.Response, []byte, error) {
	out, err := http.NewRequestWithContext(b.ctx, r.Method, b.deskURL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	out.Header, out.GetBody = r.Header.Clone(), nil // without GetBody nothing is sent twice
	res, err := b.onward.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil && r.Method != http.MethodGet && res.StatusCode < 300 {
		b.s.changed()
	}
	return res, raw, err
}

// schedule is one of the thousands.
type schedule struct {
	*breaker
	processes [2]*process // the second only while two work at once
	ids       []tra.RequestID
	agents    map[tra.RequestID]bool // an agent answers on the ticket, otherwise an operator on the console
	answered  map[tra.RequestID]bool // by the agent

	mu         sync.Mutex
	armed      []string
	first      map[string]time.Time // when a key was first sent
	kept       []func()             // calls that arrive late
	hooks      []hook               // webhooks that are on their way
	violations []string
}

type hook struct {
	id     string
	ticket int64
	stamp  string
}

func (s *schedule) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// keys looks whether a creation, or the look-up before it, comes when the key is forgotten.
func (s *schedule) keys(r *http.Request) {
	key := r.URL.Query().Get("external_id")
	if r.Method == http.MethodPost {
		key = r.Header.Get("Idempotency-Key")
	}
	if key == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, sent := s.first[key]
	switch {
	case sent && s.clock.now().Sub(at) > 2*time.Hour:
		s.counts.count(countFault, keyOver)
	case !sent && r.Method == http.MethodPost:
		s.first[key] = s.clock.now()
	}
}

// meets gives the fault that a call meets; empty: none.
func (s *schedule) meets(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.armed, func(armed string) bool {
		method, name, _ := strings.Cut(armed, " ")
		if method == ofATicket {
			return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/v2/tickets/")
		}
		return method == "any" || method == r.Method && (name != leaseOver || s.processes[1] == nil)
	})
	if i < 0 {
		return ""
	}
	_, name, _ := strings.Cut(s.armed[i], " ")
	s.armed = slices.Delete(s.armed, i, i+1)
	return name
}

// keep keeps a call that arrives later.
func (s *schedule) keep(r *http.Request, body []byte) {
	again := r.Clone(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, func() {
		if _, _, err := s.pass(again, body); err != nil {
			s.wrong("a late call: %v", err)
		}
	})
}

// arrive lets the calls that were kept arrive.
func (s *schedule) arrive() {
	s.mu.Lock()
	kept := s.kept
	s.kept = nil
	s.mu.Unlock()
	for _, call := range kept {
		call()
	}
}

// touch has the agent write something onto a ticket that is about to be changed.
func (s *schedule) touch(path string) {
	s.clock.move(time.Second)
	id, err := strconv.ParseInt(path[strings.LastIndex(path, "/")+1:], 10, 64)
	if err == nil {
		_, err = s.agent.UpdateTicket(s.ctx, zendesk.TicketID(id), zendesk.TicketUpdate{Comment: &zendesk.NewComment{Body: "I am looking at it."}})
	}
	if err != nil {
		s.wrong("the agent's comment: %v", err)
	}
	s.changed()
}

// overtake has another worker work while a call of one is on its way, until the
// one's lease has ended.
func (s *schedule) overtake(slowly *process) {
	other, err := s.start(false)
	if err != nil {
		s.wrong("%v", err)
		return
	}
	for range 2 {
		s.clock.move(time.Minute)
		s.run(other)
	}
	other.kill()
}

// changed sends a webhook for every ticket that there is: which of them changed
// makes no difference to a hint.
func (s *schedule) changed() {
	list, err := s.desk.List(s.ctx, desk.Query{Limit: 10})
	if err != nil {
		s.wrong("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range list {
		s.hooks = append(s.hooks, hook{ident.NewUUID(), int64(t.ID), s.clock.now().UTC().Format(time.RFC3339)})
	}
}

// run has a process do what is due. One that is killed meanwhile leaves
// everything as it is.
func (s *schedule) run(p *process) {
	ctx, cancel := context.WithTimeout(p.ctx, 25*time.Second)
	defer cancel()
	if err := p.svc.WorkDue(ctx); err != nil && !p.dead() {
		s.wrong("work: %v", err)
	}
}

// alive gives the first process, started anew where it was killed.
func (s *schedule) alive(rt *rapid.T) *process {
	if p := s.processes[0]; p == nil || p.dead() {
		p, err := s.start(rapid.Bool().Draw(rt, "as on SQLite"))
		if err != nil {
			rt.Fatal(err)
		}
		s.processes[0] = p
	}
	return s.processes[0]
}

// work has one process do what is due, or two of them at once.
func (s *schedule) work(rt *rapid.T, two bool) {
	s.alive(rt)
	if two {
		var err error
		if s.processes[1], err = s.start(false); err != nil {
			rt.Fatal(err)
		}
		s.counts.count(countFault, twoWorkers)
	}
	var all sync.WaitGroup
	for _, p := range s.processes {
		if p != nil {
			all.Go(func() { s.run(p) })
		}
	}
	all.Wait()
	if two {
		s.processes[1].kill()
		s.processes[1] = nil
	}
}

func play(rt *rapid.T, b *breaker) {
	if err := b.empty(); err != nil {
		rt.Fatal(err)
	}
	s := &schedule{breaker: b, agents: map[tra.RequestID]bool{}, answered: map[tra.RequestID]bool{}, first: map[string]time.Time{}}
	b.mu.Lock()
	b.s, b.flights = s, map[string]*flight{}
	b.mu.Unlock()
	b.register.asAt = b.clock.now()
	defer func() {
		for _, p := range s.processes {
			if p != nil {
				p.kill()
				p.through.CloseIdleConnections()
			}
		}
	}()
	s.submit(rt)
	if rarely(rt, 4) {
		s.submit(rt)
	}
	s.arm(rt)
	steps := []func(*rapid.T){s.pass1, s.pass1, s.pass1, s.arm, s.decide, s.decide, s.deliver, s.die}
	for range rapid.IntRange(2, 6).Draw(rt, "steps") {
		oneOf(rt, "step", steps...)(rt)
		s.hold(rt)
	}
	s.settle(rt)
	if rarely(rt, 4) {
		s.correct(rt)
	}
	s.counts.count(countAction, "schedule")
}

func (s *schedule) submit(rt *rapid.T) {
	id := tra.RequestID(ident.NewUUID())
	if _, _, err := s.alive(rt).svc.Submit(s.ctx, tra.Submission{ID: id, Client: cpdClient, Kind: tra.TRNValidation, Claim: claim()}); err != nil {
		rt.Fatal(err)
	}
	s.ids = append(s.ids, id)
	s.agents[id] = rapid.Bool().Draw(rt, "by an agent")
}

// ofATicket is a look at one ticket.
const ofATicket = "LOOK"

// arm arms a fault for one or two of the calls to come.
func (s *schedule) arm(rt *rapid.T) {
	name := oneOf(rt, "fault", atCalls...)
	method := oneOf(rt, "of", "POST", "POST", "PUT", "PUT", ofATicket, "GET", "any")
	if name == updateConflict || name == leaseOver && (method == "any" || method == ofATicket) {
		method = "PUT"
	}
	for range rapid.IntRange(1, 2).Draw(rt, "times") {
		s.armed = append(s.armed, method+" "+name)
	}
}

// pass1 lets time pass and has what is due done.
func (s *schedule) pass1(rt *rapid.T) {
	s.clock.move(oneOf(rt, "passes", time.Second, time.Minute, 2*time.Minute, 2*time.Minute, 6*time.Minute, time.Hour, 2*time.Hour+time.Minute))
	before := rapid.Bool().Draw(rt, "late calls arrive first")
	if before {
		s.arrive()
	}
	s.work(rt, rarely(rt, 4))
	if !before {
		s.arrive()
	}
}

// die kills the process after one of its next transactions.
func (s *schedule) die(rt *rapid.T) {
	s.alive(rt).commits.Store(int64(rapid.IntRange(1, 6).Draw(rt, "commits")))
}

// decide has the next request answered that is not yet.
func (s *schedule) decide(rt *rapid.T) {
	for _, id := range s.ids {
		if s.agents[id] && !s.answered[id] {
			s.solve(rt, id)
			return
		}
		if !s.agents[id] && s.onConsole(rt, id) {
			return
		}
	}
}

// onConsole has an operator decide; false when that was done before.
func (s *schedule) onConsole(rt *rapid.T, id tra.RequestID) bool {
	p := s.alive(rt)
	list, err := p.store.Decisions(s.ctx, id)
	if err != nil {
		rt.Fatal(err)
	}
	if len(list) > 0 {
		return false
	}
	r, err := p.store.Request(s.ctx, id)
	if err != nil {
		rt.Fatal(err)
	}
	if _, err := p.svc.Decide(p.ctx, olive, id, tra.Deciding{Revision: r.Revision, Outcome: tra.TRNFound, TRN: trn(zofia)}); err != nil && !p.dead() {
		rt.Fatal(err)
	}
	return true
}

// solve has the agent answer on the ticket, where there is one.
func (s *schedule) solve(rt *rapid.T, id tra.RequestID) {
	list, err := s.agent.TicketsByExternalID(s.ctx, string(id))
	if err != nil {
		rt.Fatal(err)
	}
	if len(list) == 0 {
		return
	}
	if _, err := s.agent.UpdateTicket(s.ctx, list[0].ID, zendesk.TicketUpdate{
		Status: zendesk.StatusSolved, AssigneeID: s.agentID, Fields: []zendesk.FieldValue{
			{ID: s.fields["TRN"].ID, Value: zofia}, {ID: s.fields["Outcome"].ID, Value: s.option("Outcome", "trn_found")},
		},
	}); err != nil {
		rt.Fatal(err)
	}
	s.answered[id] = true
	s.changed()
}

// deliver delivers the webhooks that are on their way: some never, some twice,
// some later, and in any order.
func (s *schedule) deliver(rt *rapid.T) {
	p := s.alive(rt)
	s.mu.Lock()
	hooks := s.hooks
	s.hooks = nil
	s.mu.Unlock()
	if len(hooks) > 1 && rapid.Bool().Draw(rt, "out of order") {
		slices.Reverse(hooks)
		s.counts.count(countFault, hookOutOfOrder)
	}
	for _, h := range hooks[:min(len(hooks), 4)] {
		times := 1
		switch oneOf(rt, "webhook", "", hookLost, hookDoubled, hookLate) {
		case hookLost:
			times = 0
			s.counts.count(countFault, hookLost)
		case hookDoubled:
			times = 2
			s.counts.count(countFault, hookDoubled)
		case hookLate:
			s.clock.move(oneOf(rt, "late", time.Minute, 10*time.Minute))
			s.counts.count(countFault, hookLate)
		}
		for range times {
			s.send(rt, p, h)
		}
	}
}

func (s *schedule) send(rt *rapid.T, p *process, h hook) {
	body := fmt.Appendf(nil, `{"ticket_id":"%d"}`, h.ticket)
	q := httptest.NewRequestWithContext(p.ctx, http.MethodPost, traapi.WebhookPath, bytes.NewReader(body))
	q.Header.Set(zendesk.WebhookInvocation, h.id)
	q.Header.Set(zendesk.WebhookTimestamp, h.stamp)
	q.Header.Set(zendesk.WebhookSignature, zendesk.SignWebhook(webhookSecret, h.stamp, body))
	w := httptest.NewRecorder()
	p.hooks.ServeHTTP(w, q)
	at, _ := time.Parse(time.RFC3339, h.stamp)
	want := http.StatusNoContent
	if s.clock.now().Sub(at) > 5*time.Minute {
		want = http.StatusUnauthorized
	}
	if w.Code != want && !p.dead() {
		rt.Fatalf("a webhook is answered %d; want %d", w.Code, want)
	}
}

// hold checks that nothing was forgotten: whatever is to be done to a request
// is due some time.
func (s *schedule) hold(rt *rapid.T) {
	s.mu.Lock()
	violations := s.violations
	s.mu.Unlock()
	if len(violations) > 0 {
		rt.Fatal(strings.Join(violations, "\n"))
	}
	store := s.alive(rt).store
	for _, id := range s.ids {
		r, err := store.Request(s.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		d, err := store.OpenDecision(s.ctx, id)
		var need []tra.TaskKind // one of them
		switch {
		case r.State == tra.Received:
			need = []tra.TaskKind{tra.TaskCreate}
		case err == nil && d.Stage == tra.StageToWrite:
			need = []tra.TaskKind{tra.TaskWrite, tra.TaskCreate}
		case err == nil && d.Stage == tra.StageOnTicket:
			need = []tra.TaskKind{tra.TaskRelease}
		default:
			continue
		}
		due := s.tasks(rt, id)
		if !slices.ContainsFunc(need, func(kind tra.TaskKind) bool { return slices.Contains(due, kind) }) {
			rt.Fatalf("%s is %s, its decision %+v, and no %s is due", id, r.State, d, need)
		}
	}
}

// tasks gives what is to be done to a request.
func (s *schedule) tasks(rt *rapid.T, id tra.RequestID) []tra.TaskKind {
	rows, err := s.db.Reader().QueryContext(s.ctx, `SELECT kind FROM tasks WHERE subject = $1`, string(id))
	if err != nil {
		rt.Fatal(err)
	}
	defer rows.Close()
	var out []tra.TaskKind
	for rows.Next() {
		var kind tra.TaskKind
		if err := rows.Scan(&kind); err != nil {
			rt.Fatal(err)
		}
		out = append(out, kind)
	}
	if err := rows.Err(); err != nil {
		rt.Fatal(err)
	}
	return out
}

// clear lets the weather clear up, and gives what lets time pass.
func (s *schedule) clear(rt *rapid.T) (wait func(d time.Duration, times int)) {
	s.mu.Lock()
	s.armed, s.hooks = nil, nil
	s.mu.Unlock()
	s.arrive()
	s.alive(rt).commits.Store(-1)
	return func(d time.Duration, times int) {
		for range times {
			s.clock.move(d)
			s.work(rt, false)
			s.hold(rt)
		}
	}
}

// correct has an answered request's ticket closed and its answer corrected while
// everything breaks once more. The correction is on one follow-up ticket.
func (s *schedule) correct(rt *rapid.T) {
	id := oneOf(rt, "corrected", s.ids...)
	p := s.alive(rt)
	r, err := p.store.Request(s.ctx, id)
	if err != nil {
		rt.Fatal(err)
	}
	closed := r.Ticket
	if _, err := s.agent.UpdateTicket(s.ctx, zendesk.TicketID(closed), zendesk.TicketUpdate{Status: zendesk.StatusClosed, AssigneeID: s.agentID}); err != nil {
		rt.Fatal(err)
	}
	if err := p.svc.Reopen(s.ctx, olive, id, r.Revision, "the school called"); err != nil {
		rt.Fatal(err)
	}
	if r, err = p.store.Request(s.ctx, id); err != nil {
		rt.Fatal(err)
	}
	if _, err := p.svc.Decide(s.ctx, olive, id, tra.Deciding{Revision: r.Revision, Outcome: tra.TRNFound, TRN: trn(other)}); err != nil {
		rt.Fatal(err)
	}
	s.arm(rt)
	for range rapid.IntRange(1, 4).Draw(rt, "steps") {
		oneOf(rt, "step", s.pass1, s.pass1, s.arm, s.deliver, s.die)(rt)
		s.hold(rt)
	}
	wait := s.clear(rt)
	wait(time.Hour+time.Minute, 1)
	wait(3*time.Minute, 3)
	wait(released, 2)
	answers, _, err := s.alive(rt).svc.Answers(s.ctx, cpdClient, "", 100)
	if err != nil {
		rt.Fatal(err)
	}
	if last := answers[len(answers)-1]; len(answers) != len(s.ids)+1 || last.Request != id || last.Version != 2 || last.TRN != trn(other) {
		rt.Fatalf("%s is corrected, and the answers are %+v", id, answers)
	}
	key := fmt.Sprintf("%s-%d", id, closed)
	followUps, err := s.desk.List(s.ctx, desk.Query{ExternalID: &key, Limit: 10})
	if err != nil || len(followUps) != 1 {
		rt.Fatalf("%d tickets follow up %d of %s, %v; want one", len(followUps), closed, id, err)
	}
	s.madeOnce(rt, id, followUps[0].ID, 2) // opened again, and answered
	s.nothingLeft(rt, id)
	s.counts.count(countAction, "correction of a closed ticket")
}

// settle lets the weather clear up, and checks what has to have come of it.
func (s *schedule) settle(rt *rapid.T) {
	wait := s.clear(rt)
	wait(time.Minute+5*time.Second, 2) // a sweep, and the minute that the export leaves out
	store := s.alive(rt).store
	for _, id := range s.ids {
		r, err := store.Request(s.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		decisions, err := store.Decisions(s.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		if s.answered[id] && r.Ticket != 0 && len(decisions) == 0 {
			rt.Fatalf("%s: nobody has heard the agent's answer within a sweep", id)
		}
	}
	wait(time.Hour+time.Minute, 1)
	wait(3*time.Minute, 2) // three look-ups that find none, before another ticket
	wait(time.Minute, 1)
	for _, id := range s.ids {
		switch {
		case !s.agents[id]:
			s.onConsole(rt, id)
		case !s.answered[id]:
			s.solve(rt, id)
		}
	}
	wait(2*time.Minute, 1)
	wait(released, 2)
	s.settled(rt)
}

func (s *schedule) settled(rt *rapid.T) {
	p := s.alive(rt)
	answers, _, err := p.svc.Answers(s.ctx, cpdClient, "", 100)
	if err != nil {
		rt.Fatal(err)
	}
	if len(answers) != len(s.ids) {
		rt.Errorf("%d answers to %d requests", len(answers), len(s.ids))
	}
	told, err := p.store.Deliveries(s.ctx, cpdClient, tra.DeliveryDone, 0, 100)
	if err != nil {
		rt.Fatal(err)
	}
	if len(told) != len(s.ids) {
		rt.Errorf("the client was told of %d answers to %d requests", len(told), len(s.ids))
	}
	for _, id := range s.ids {
		external := string(id)
		tickets, err := s.desk.List(s.ctx, desk.Query{ExternalID: &external, Limit: 10})
		if err != nil {
			rt.Fatal(err)
		}
		i := slices.IndexFunc(answers, func(a tra.Answer) bool { return a.Request == id })
		switch {
		case len(tickets) != 1:
			rt.Errorf("%s has %d tickets", id, len(tickets))
		case i < 0 || answers[i].TRN != trn(zofia) || answers[i].Version != 1:
			rt.Errorf("%s is not answered rightly: %d of %+v", id, i, answers)
		default:
			want := 1
			if s.agents[id] {
				want = 0
			}
			s.madeOnce(rt, id, tickets[0].ID, want)
		}
		s.nothingLeft(rt, id)
	}
}

func (s *schedule) nothingLeft(rt *rapid.T, id tra.RequestID) {
	left := slices.DeleteFunc(s.tasks(rt, id), func(kind tra.TaskKind) bool { return kind == tra.TaskLookAgain }) // tomorrow
	if len(left) > 0 {
		rt.Errorf("%s: left to be done: %v", id, left)
	}
}

// madeOnce checks that so many changes of ours were made, each once.
func (s *schedule) madeOnce(rt *rapid.T, id tra.RequestID, t desk.TicketID, want int) {
	audits, err := s.desk.Audits(s.ctx, t)
	if err != nil {
		rt.Fatal(err)
	}
	made := map[string]int{}
	for _, a := range audits {
		if strings.Contains(a.Custom, "op_id") {
			made[a.Custom]++
		}
	}
	if len(made) != want {
		rt.Errorf("%s: %d changes of ours were made: %v", id, len(made), made)
	}
	for op, n := range made {
		if n != 1 {
			rt.Errorf("%s: %s was made %d times", id, op, n)
		}
	}
}
