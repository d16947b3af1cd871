package tra_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traid/internal/desk"
	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
	"traid/internal/workday"
	"traid/internal/zendesk"
)

// TestWhateverComesOneTicketAndOneAnswerAVersion lets everything happen in any
// order: clients, operators, agents in the helpdesk, the register, calls that
// fail in every way, time, and one or two workers; and one thing while another
// is on its way. What holds after every step is hold's and the watch's; what
// holds once the dust has settled is settled's.
func TestWhateverComesOneTicketAndOneAnswerAVersion(t *testing.T) {
	setFlag(t, "rapid.nofailfile", "true")
	asked, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, r *rig) {
		counts, checks, more := newTally(), max(1, asked/5), 48
		if strings.HasSuffix(t.Name(), "/postgres") { // the same rules: there it is about two workers at once
			checks, more = max(1, asked/25), 0
		}
		all := more > 0 // has to happen
		setFlag(t, "rapid.steps", "80")
		run := func(checks int) bool {
			setFlag(t, "rapid.checks", strconv.Itoa(checks))
			rapid.Check(t, func(rt *rapid.T) {
				m := newMachine(rt, r, counts)
				m.submitNew(rt)
				m.submitNew(rt)
				steps := m.steps()
				rt.Repeat(map[string]func(*rapid.T){"": m.hold, "step": func(rt *rapid.T) { oneOf(rt, "step", steps...)(rt) }})
				m.settle(rt)
			})
			return !t.Failed()
		}
		ok := run(checks)
		for ; ok && more > 0 && len(counts.missing()) > 0; more-- { // what seldom happens
			ok = run(max(1, checks/10))
		}
		t.Log(counts.table())
		if missing := counts.missing(); ok && len(missing) > 0 && all && asked >= 100 {
			t.Errorf("never happened: %s", strings.Join(missing, "; "))
		}
	})
}

func setFlag(t *testing.T, name, value string) {
	t.Helper()
	old := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(name, old); err != nil {
			t.Error(err)
		}
	})
}

// tally counts what happened, by what sort of thing it is and its name.
type tally struct {
	mu sync.Mutex
	n  map[string]map[string]int
}

// What is counted.
const (
	countAction     = "action"
	countRefused    = "refused" // an action that was, rightly
	countFault      = "fault"
	countMeanwhile  = "meanwhile" // while a call was on its way
	countTransition = "transition"
	countStage      = "stage of a decision"
	countFlag       = "flag"
	countRelease    = "released"
	countLease      = "lease of a case"
	countTicket     = "ticket"
	countQuestion   = "question to the person"
	countAfter      = "after the release" // what became of a released TRN
)

// newTally names everything that has to happen.
func newTally() *tally {
	y := &tally{n: map[string]map[string]int{}}
	expect := func(sort string, names ...string) {
		y.n[sort] = map[string]int{}
		for _, name := range names {
			y.n[sort][name] = 0
		}
	}
	expect(countRefused)
	expect(countFault, allFaults...)
	expect(countTransition, slices.Sorted(maps.Keys(arrows))...)
	expect(countStage,
		"second_review → to_be_written", "second_review → undone", "second_review → sent_back", "second_review → overtaken",
		"to_be_written → on_ticket", "to_be_written → undone", "to_be_written → overtaken",
		"to_be_written → released", "on_ticket → released", "on_ticket → undone", "on_ticket → refused", "on_ticket → overtaken", "on_ticket → second_review")
	expect(countFlag, string(tra.TicketMissing), string(tra.AnswerUnreadable), string(tra.AnswerContradictsRecord), string(tra.RegisterBehind),
		string(tra.AnswerOutdated), string(tra.AnswerNotOnTicket))
	expect(countRelease, "trn_found", "failed", "barred", "not_barred", "by one person", "by two people", "by a supervisor alone",
		"via console", "via fields", "via fields and the second review", "via comment", "via register", "via silence", "another version", "of a merged record")
	expect(countAfter, "merged", "inactive", "gone", "opened again", "the survivor's by itself", "the survivor's without its ticket")
	expect(countTicket, "followed up")
	expect(countQuestion, string(tra.QuestionOpen), string(tra.QuestionAnswered), string(tra.QuestionWithdrawn), string(tra.QuestionUnanswered),
		string(tra.QuestionOvertaken), "the second of a request", "answered twice", "answered otherwise", "over the day that was promised")
	expect(countLease, string(tra.OwnerIdle), string(tra.OwnerTookOver))
	expect(countAction, "agent: take off the ticket", "operator: take", "operator: take over", "operator: take next", "operator: give back")
	expect(countMeanwhile)
	return y
}

func (y *tally) count(sort, name string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.n[sort][name]++
}

func (y *tally) missing() []string {
	var out []string
	for sort, names := range y.n {
		for name, n := range names {
			if n == 0 {
				out = append(out, sort+" "+name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (y *tally) table() string {
	var b strings.Builder
	for _, sort := range slices.Sorted(maps.Keys(y.n)) {
		for _, name := range slices.Sorted(maps.Keys(y.n[sort])) {
			fmt.Fprintf(&b, "\n%-20s %-45s %6d", sort, name, y.n[sort][name])
		}
	}
	return b.String()
}

// arrows are those that a request's state may take. Without a ticket a case can be decided too, so
// that received leads to the second review and back, and a person asked. An
// answered case whose ticket gets another answer that needs one goes there at once.
var arrows = map[string]bool{
	"received → with_operator":           true,
	"received → in_second_review":        true,
	"received → waiting_for_person":      true,
	"received → withdrawn":               true,
	"with_operator → in_second_review":   true,
	"with_operator → waiting_for_person": true,
	"with_operator → answered":           true,
	"with_operator → withdrawn":          true,
	"in_second_review → with_operator":   true,
	"in_second_review → received":        true,
	"in_second_review → withdrawn":       true,
	"waiting_for_person → with_operator": true,
	"waiting_for_person → received":      true,
	"waiting_for_person → withdrawn":     true,
	"answered → with_operator":           true,
	"answered → in_second_review":        true,
}

// Faults of calls of the helpdesk.
const (
	faultDown       = "down"
	faultLostCreate = "lost answer of a creation"
	faultLostUpdate = "lost answer of an update"
	faultTooMany    = "429 with Retry-After"
	faultConflict   = "409 DatabaseConflict"
	faultUnavail    = "503"
	faultGateway    = "502"
	faultLateGate   = "502 after it was done"
)

var allFaults = []string{faultDown, faultLostCreate, faultLostUpdate, faultTooMany, faultConflict, faultUnavail, faultGateway, faultLateGate}

// storm is what happens to calls of the helpdesk, by what was armed.
type storm struct {
	counts *tally

	mu        sync.Mutex
	down      bool
	armed     []string
	meanwhile func() // done before the next call of the method goes on
	method    string
}

func (s *storm) RoundTrip(r *http.Request) (*http.Response, error) {
	write := r.Method != http.MethodGet
	s.mu.Lock()
	var meanwhile func()
	if s.meanwhile != nil && s.method == r.Method {
		meanwhile, s.meanwhile = s.meanwhile, nil
	}
	name := ""
	if s.down {
		name = faultDown
	} else if i := slices.IndexFunc(s.armed, func(f string) bool {
		switch f {
		case faultLostCreate:
			return r.Method == http.MethodPost
		case faultLostUpdate:
			return r.Method == http.MethodPut
		case faultConflict, faultLateGate:
			return write
		}
		return true
	}); i >= 0 {
		name = s.armed[i]
		s.armed = slices.Delete(s.armed, i, i+1)
	}
	s.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	if name != "" {
		s.counts.count(countFault, name)
	}
	answer := func(status int, header http.Header, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	html := http.Header{"Content-Type": {"text/html"}}
	switch name {
	case faultDown:
		return nil, io.ErrUnexpectedEOF
	case faultTooMany:
		return answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"60"}}, `{"error":"APIRateLimitExceeded"}`)
	case faultConflict:
		return answer(http.StatusConflict, http.Header{"Content-Type": {"application/json"}}, `{"error":"DatabaseConflict"}`)
	case faultUnavail:
		return answer(http.StatusServiceUnavailable, http.Header{"Retry-After": {"30"}}, "")
	case faultGateway:
		return answer(http.StatusBadGateway, html, "<html>")
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || name == "" {
		return res, err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if name == faultLateGate {
		return answer(http.StatusBadGateway, html, "<html>")
	}
	return nil, io.ErrUnexpectedEOF
}

// machine is one run.
type machine struct {
	*rig
	store  *watch
	svc    *tra.Service
	storm  *storm
	counts *tally

	ids     []tra.RequestID
	subs    map[tra.RequestID]tra.Submission
	touched map[tra.RequestID]bool // an agent changed the ticket of a request that had ended
	cursor  map[tra.Client]string
	polled  map[tra.Client][]tra.Answer
	replies map[tra.RequestID]map[int64]tra.Reply // that were taken, by the question's number
}

var clients = []tra.Client{cpdClient, "another-client"}

const lastNumber = 6

func number(n int) string { return fmt.Sprintf("060000%d", n) }

func newMachine(rt *rapid.T, r *rig, counts *tally) *machine {
	if err := r.empty(); err != nil {
		rt.Fatal(err)
	}
	m := &machine{
		rig: r, counts: counts, storm: &storm{counts: counts},
		subs: map[tra.RequestID]tra.Submission{}, touched: map[tra.RequestID]bool{},
		cursor: map[tra.Client]string{}, polled: map[tra.Client][]tra.Answer{},
		replies: map[tra.RequestID]map[int64]tra.Reply{},
	}
	m.store = &watch{Store: trasql.NewStore(r.db, nil), m: m}
	m.svc = tra.New(m.store, r.helpdesk(m.storm), r.register, r.told, []byte("key"), r.clock.now,
		tra.Options{PublicURL: "http://console.example", Details: tra.DetailsClaim, Retain: 10 * 365 * 24 * time.Hour}) // of what is forgotten nothing is left to hold
	r.register.records, r.register.merged = map[string]tra.Record{}, map[string]string{}
	r.register.asAt, r.register.down = r.clock.at, false
	for n, alerts := range [][]tra.Alert{{}, {prohibited}, {dbsOnly}} {
		r.addRecord(number(n+1), func(record *tra.Record) { record.Alerts = alerts })
	}
	r.addRecord(number(4), func(record *tra.Record) { record.FirstName = name("Hannah") })
	return m
}

// oneOf draws one of some.
func oneOf[T any](rt *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(rt, label) }

// rarely says yes once in n times.
func rarely(rt *rapid.T, n int) bool { return rapid.IntRange(1, n).Draw(rt, "rarely") == n }

func (m *machine) some(rt *rapid.T) tra.RequestID {
	return rapid.SampledFrom(m.ids).Draw(rt, "request")
}

// did counts an action, and fails for an error that is none a caller is told.
func (m *machine) did(rt *rapid.T, what string, err error, may ...fault.Kind) {
	switch {
	case err == nil:
		m.counts.count(countAction, what)
	case slices.Contains(may, fault.KindOf(err)):
		m.counts.count(countRefused, what)
	default:
		rt.Fatalf("%s: %v", what, err)
	}
}

// bounded is a call's time: no longer than a helpdesk asks us to wait.
func (m *machine) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(m.ctx, 25*time.Second)
}

// deed is something that is drawn first and done later.
type deed struct {
	what string
	do   func() error
	may  []fault.Kind
}

// step is one thing that happens, and how often beside the others.
type step struct {
	often int
	do    func(rt *rapid.T)
}

// steps are drawn from in this order, those that come first a little oftener.
func (m *machine) steps() []func(rt *rapid.T) {
	pass := func(waits ...time.Duration) func(rt *rapid.T) {
		return func(rt *rapid.T) {
			m.clock.move(oneOf(rt, "passes", waits...))
			m.work(rt, oneOf(rt, "workers", 1, 1, 2))
		}
	}
	const day = 24 * time.Hour
	var out []func(rt *rapid.T)
	for _, s := range append([]step{
		{6, pass(3*time.Minute, 3*time.Minute, 6*time.Minute, 6*time.Minute, 20*time.Minute)},
		{3, pass(time.Second, 20*time.Second, time.Minute)},
		{2, pass(time.Hour, time.Hour, 2*time.Hour+time.Minute, 2*time.Hour+time.Minute, day+2*time.Hour, day+2*time.Hour, 4*day+time.Hour)},
		{3, m.submitNew},
		{3, m.change},
		{3, m.fault},
		{3, m.meanwhile},
		{2, m.poll},
		{2, m.get},
		{1, m.submitAgain},
		{1, m.registerState},
		{1, m.atOnce},
		{1, m.askedAtOnce},
		{1, m.nobodyAnswers},
		{1, m.otherAnswer},
		{1, m.away},
		{2, m.afterwards},
		{1, m.otherRecord},
		{1, func(rt *rapid.T) {
			switch oneOf(rt, "seldom", 2, 1, 0) {
			case 1:
				m.close(rt)
			case 2:
				m.settle(rt)
				m.otherAnswer(rt)
				m.clock.move(6 * time.Minute)
				m.work(rt, 1)
			}
		}},
	}, m.deeds()...) {
		for range s.often {
			out = append(out, s.do)
		}
	}
	return out
}

// atOnce decides and has second thoughts, whether there is a ticket or not.
func (m *machine) atOnce(rt *rapid.T) {
	m.submitNew(rt)
	for _, draw := range []func(*rapid.T) deed{m.decide, oneOf(rt, "then", m.undo, m.review)} {
		d := draw(rt)
		m.did(rt, d.what, d.do(), d.may...)
	}
}

// askedAtOnce asks the person whether there is a ticket or not, and then
// something comes of it.
func (m *machine) askedAtOnce(rt *rapid.T) {
	m.submitNew(rt)
	for _, draw := range []func(*rapid.T) deed{m.ask, oneOf(rt, "then", m.reply, m.reply, m.takeBack, m.withdraw, m.fill)} {
		d := draw(rt)
		m.did(rt, d.what, d.do(), d.may...)
	}
}

// deeds are what operators, agents and clients do to a request, alone or while
// something is on its way.
func (m *machine) deeds() []step {
	var out []step
	for _, d := range m.drawDeeds() {
		out = append(out, step{d.often, func(rt *rapid.T) {
			d := d.draw(rt)
			m.did(rt, d.what, d.do(), d.may...)
		}})
	}
	return out
}

type drawDeed struct {
	often int
	draw  func(rt *rapid.T) deed
}

func (m *machine) drawDeeds() []drawDeed {
	return []drawDeed{
		{5, m.decide},
		{4, m.review},
		{4, m.fill},
		{2, m.undo},
		{2, m.words},
		{3, m.setStatus},
		{2, m.reopen},
		{1, m.owner},
		{1, m.withdraw},
		{1, m.endTicket},
		{1, m.takeOff},
		{2, m.ask},
		{2, m.reply},
		{1, m.takeBack},
	}
}

// meanwhile has a deed done while the next call of the helpdesk is on its way.
func (m *machine) meanwhile(rt *rapid.T) {
	d := oneOf(rt, "deed", m.drawDeeds()...).draw(rt)
	method := oneOf(rt, "during", http.MethodGet, http.MethodPut, http.MethodPut, http.MethodPost)
	m.storm.method = method
	m.storm.meanwhile = func() {
		m.counts.count(countMeanwhile, d.what)
		m.store.raced = true
		if err := d.do(); err != nil && !slices.Contains(d.may, fault.KindOf(err)) {
			m.store.wrong("meanwhile, %s: %v", d.what, err)
		}
	}
}

// work does what is due, by one worker or by two at once. One at a time meets
// what happens meanwhile.
func (m *machine) work(rt *rapid.T, workers int) {
	m.store.raced = workers > 1
	if workers > 1 {
		m.storm.mu.Lock()
		m.storm.meanwhile = nil
		m.storm.mu.Unlock()
	}
	errs := make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			ctx, cancel := m.bounded()
			defer cancel()
			errs[i] = m.svc.WorkDue(ctx)
		})
	}
	all.Wait()
	m.did(rt, "work by "+strconv.Itoa(workers), errors.Join(errs...))
}

// Clients.

func (m *machine) claimOf(rt *rapid.T, kind tra.Kind) tra.Claim {
	c := claim()
	if kind == tra.BarringCheck {
		return tra.Claim{TRN: trn(number(oneOf(rt, "TRN", 2, 2, 3, 1, 4))), FirstName: c.FirstName, LastName: c.LastName}
	}
	c.DateOfBirth = date(oneOf(rt, "born", "1984-02-17", "1984-02-17", "1984-02-19"))
	if rarely(rt, 3) {
		c.TRN = m.someTRN(rt)
	}
	return c
}

func (m *machine) submitNew(rt *rapid.T) {
	if len(m.ids) >= 6 {
		return
	}
	what := "client: submit"
	sub := tra.Submission{
		ID: tra.RequestID(ident.NewUUID()), Client: oneOf(rt, "client", clients...),
		Kind: oneOf(rt, "kind", tra.TRNValidation, tra.BarringCheck),
	}
	sub.Claim = m.claimOf(rt, sub.Kind)
	if len(m.ids) > 0 && rarely(rt, 3) {
		what = "client: replace"
		sub.Replaces = m.of(rt, slices.DeleteFunc(m.in(tra.Received, tra.WithOperator, tra.InSecondReview, tra.WaitingForPerson, tra.Answered), func(id tra.RequestID) bool {
			return m.subs[id].Client != sub.Client || m.subs[id].Kind != sub.Kind
		}))
	}
	_, created, err := m.svc.Submit(m.ctx, sub)
	m.did(rt, what, err, fault.Invalid)
	if err != nil {
		old, mine := m.subs[sub.Replaces]
		r, readErr := m.store.Request(m.ctx, sub.Replaces)
		if readErr != nil {
			rt.Fatal(readErr)
		}
		if mine && old.Client == sub.Client && old.Kind == sub.Kind && r.ReplacedBy == "" {
			rt.Fatalf("a replacement was refused: %v", err)
		}
		return
	}
	if !created {
		rt.Fatal("a new request was not created")
	}
	m.ids, m.subs[sub.ID] = append(m.ids, sub.ID), sub
}

func (m *machine) submitAgain(rt *rapid.T) {
	sub := m.subs[m.some(rt)]
	if rapid.Bool().Draw(rt, "another body") {
		sub.Claim.LastName = name("Another")
		_, _, err := m.svc.Submit(m.ctx, sub)
		if !fault.Is(err, fault.Conflict) {
			rt.Fatalf("another body: %v", err)
		}
		m.counts.count(countAction, "client: another body")
		return
	}
	_, created, err := m.svc.Submit(m.ctx, sub)
	if m.did(rt, "client: the same again", err); created {
		rt.Fatal("the same again created another")
	}
}

func (m *machine) withdraw(rt *rapid.T) deed {
	id := m.some(rt)
	sub := m.subs[id]
	if !rarely(rt, 3) {
		return m.owner(rt)
	}
	return deed{"client: withdraw", func() error { return m.svc.Withdraw(m.ctx, sub.Client, sub.Kind, id) }, []fault.Kind{fault.Conflict}}
}

// poll goes on from the cursor that the client remembers.
func (m *machine) poll(rt *rapid.T) {
	c := oneOf(rt, "client", clients...)
	list, next, err := m.svc.Answers(m.ctx, c, m.cursor[c], rapid.IntRange(1, 3).Draw(rt, "limit"))
	m.did(rt, "client: poll", err)
	m.cursor[c] = next
	m.polled[c] = append(m.polled[c], list...)
}

// get is a client's own look at a request: it sees the newest answer.
func (m *machine) get(rt *rapid.T) {
	id := m.some(rt)
	sub := m.subs[id]
	v, err := m.svc.Get(m.ctx, sub.Client, sub.Kind, id)
	m.did(rt, "client: get", err)
	r, err := m.store.Request(m.ctx, id)
	if err != nil {
		rt.Fatal(err)
	}
	switch {
	case v.Status != r.State.Status():
		rt.Fatalf("the client sees %s, it is %s", v.Status, r.State)
	case (v.Answer == nil) != (r.Version == 0) || v.Answer != nil && v.Answer.Version != r.Version:
		rt.Fatalf("the client sees the answer %+v, the newest version is %d", v.Answer, r.Version)
	case (v.Question != nil) != (r.State == tra.WaitingForPerson) || v.Question != nil && !v.ExpectedBy.IsZero():
		rt.Fatalf("the client of a request that is %s sees the question %+v, and an answer expected by %s", r.State, v.Question, v.ExpectedBy)
	}
}

// Operators.

var operators = []tra.Operator{susan, olive, owen}

// refusals are what an operator may be told of an action that has come too
// late, is not theirs, or is not right.
var refusals = []fault.Kind{fault.Conflict, fault.Forbidden, fault.Invalid, fault.Unavailable}

// revision is the request's, seldom an older one.
func (m *machine) revision(rt *rapid.T, id tra.RequestID) func() (int64, error) {
	old := int64(0)
	if rarely(rt, 10) {
		old = 1
	}
	return func() (int64, error) {
		r, err := m.store.Request(m.ctx, id)
		return r.Revision - old, err
	}
}

var (
	whys  = []string{"The register has a slip of the pen.", "The register has a slip of the pen.", ""}
	notes = []string{"Nothing fits.", "Nothing fits.", "Nothing fits.", "", "Born 17/02/1984."}
)

func (m *machine) someTRN(rt *rapid.T) person.TRN {
	return trn(number(rapid.IntRange(1, lastNumber).Draw(rt, "TRN")))
}

// in gives the requests in one of the states.
func (m *machine) in(states ...tra.State) []tra.RequestID {
	var out []tra.RequestID
	for _, id := range m.ids {
		if r, err := m.store.Request(m.ctx, id); err == nil && slices.Contains(states, r.State) {
			out = append(out, id)
		}
	}
	return out
}

// decided gives the open decisions.
func (m *machine) decided() []tra.Decision {
	var out []tra.Decision
	for _, id := range m.ids {
		if d, err := m.store.OpenDecision(m.ctx, id); err == nil {
			out = append(out, d)
		}
	}
	return out
}

// of draws one of these requests, and now and then, or where there is none, any.
func (m *machine) of(rt *rapid.T, these []tra.RequestID) tra.RequestID {
	if len(these) == 0 || rarely(rt, 8) {
		return m.some(rt)
	}
	return oneOf(rt, "request", these...)
}

func (m *machine) decide(rt *rapid.T) deed {
	undecided := m.in(tra.Received)
	if len(undecided) == 0 || rarely(rt, 2) {
		undecided = m.in(tra.Received, tra.WithOperator)
	}
	id := m.of(rt, undecided)
	op, revision := oneOf(rt, "operator", operators...), m.revision(rt, id)
	d := tra.Deciding{Outcome: oneOf(rt, "outcome", tra.Outcomes(m.subs[id].Kind)...), Why: oneOf(rt, "why", whys...)}
	if d.Outcome == tra.Barred && !m.prohibited(id) && !rarely(rt, 4) {
		d.Outcome = tra.NotBarred
	}
	if rarely(rt, 20) {
		d.Outcome = oneOf(rt, "any outcome", tra.TRNFound, tra.Failed, tra.Barred, tra.NotBarred, "")
	}
	if d.Outcome == tra.TRNFound {
		d.TRN = m.someTRN(rt)
	}
	if d.Outcome == tra.Failed {
		d.Reason, d.Note = oneOf(rt, "reason", tra.CannotTell, tra.CannotTell, tra.CannotTell, ""), oneOf(rt, "note", notes...)
	}
	return deed{"operator: decide " + string(d.Outcome), func() (err error) {
		if d.Revision, err = revision(); err != nil {
			return err
		}
		_, err = m.svc.Decide(m.ctx, op, id, d)
		return err
	}, refusals}
}

func (m *machine) undo(rt *rapid.T) deed {
	decided := m.decided()
	if len(decided) == 0 {
		return m.decide(rt)
	}
	slices.SortStableFunc(decided, func(a, b tra.Decision) int { return strings.Compare(string(a.Stage), string(b.Stage)) }) // on_ticket first
	d := oneOf(rt, "decision", decided...)
	if d.Stage == tra.StageSecondReview && !rarely(rt, 3) {
		return m.review(rt)
	}
	id, op := d.Request, oneOf(rt, "operator", operators...)
	if i := slices.IndexFunc(operators, func(o tra.Operator) bool { return o.Email == d.By }); i >= 0 && !rarely(rt, 4) {
		op = operators[i]
	}
	revision := m.revision(rt, id)
	return deed{"operator: undo", func() error {
		rev, err := revision()
		if err != nil {
			return err
		}
		return m.svc.Undo(m.ctx, op, id, rev)
	}, refusals}
}

func (m *machine) review(rt *rapid.T) deed {
	waiting := m.in(tra.InSecondReview)
	if len(waiting) == 0 && !rarely(rt, 8) {
		return m.decide(rt)
	}
	id := m.of(rt, waiting)
	in := tra.Reviewing{Why: oneOf(rt, "why", whys...)}
	what := oneOf(rt, "review", "agree", "agree", "override", "send back")
	in.Agree, in.Override = what != "send back", what == "override"
	op, revision := oneOf(rt, "operator", operators...), m.revision(rt, id)
	if in.Override && !rarely(rt, 4) {
		op = susan
	}
	return deed{"operator: review, " + what, func() (err error) {
		if in.Revision, err = revision(); err != nil {
			return err
		}
		return m.svc.Review(m.ctx, op, id, in)
	}, refusals}
}

// Questions to the person.

// askable gives the requests about which something can be asked.
func (m *machine) askable() []tra.RequestID {
	return slices.DeleteFunc(m.in(tra.Received, tra.WithOperator), func(id tra.RequestID) bool { return m.subs[id].Kind != tra.TRNValidation })
}

func (m *machine) ask(rt *rapid.T) deed {
	id := m.of(rt, m.askable())
	op, revision := oneOf(rt, "operator", operators...), m.revision(rt, id)
	in := tra.Asking{
		Text:    oneOf(rt, "question", "Which other names have you had?", "When did you train?", "Which other names have you had?", ""),
		AsksFor: oneOf(rt, "for", "", tra.FieldPreviousNames, tra.FieldNINO, tra.FieldTRN),
	}
	return deed{"operator: ask", func() (err error) {
		if in.Revision, err = revision(); err != nil {
			return err
		}
		return m.svc.Ask(m.ctx, op, id, in)
	}, refusals}
}

func (m *machine) takeBack(rt *rapid.T) deed {
	waiting := m.in(tra.WaitingForPerson)
	if len(waiting) == 0 && !rarely(rt, 8) {
		return m.ask(rt)
	}
	id := m.of(rt, waiting)
	op, revision := oneOf(rt, "operator", operators...), m.revision(rt, id)
	return deed{"operator: take the question back", func() error {
		rev, err := revision()
		if err != nil {
			return err
		}
		return m.svc.TakeQuestionBack(m.ctx, op, id, rev)
	}, refusals}
}

// reply is a client's answer to a question, with the same and another one right
// after it.
func (m *machine) reply(rt *rapid.T) deed {
	waiting := m.in(tra.WaitingForPerson)
	if len(waiting) == 0 && !rarely(rt, 8) {
		return m.ask(rt)
	}
	id := m.of(rt, waiting)
	asked, err := m.store.Questions(m.ctx, id)
	if err != nil {
		rt.Fatal(err)
	}
	number := int64(len(asked))
	if number > 1 && rarely(rt, 8) {
		number--
	}
	in := tra.Reply{Text: person.NewText(oneOf(rt, "reply", "Yes.", "No.", ""))}
	switch oneOf(rt, "with", "", "a name", "a TRN", "") {
	case "a name":
		in.PreviousNames = []person.FullName{{Last: name("Okoro")}}
	case "a TRN":
		in.TRN = m.someTRN(rt)
	}
	send := func(in tra.Reply) error {
		_, err := m.svc.Reply(m.ctx, m.subs[id].Client, id, number, in)
		return err
	}
	return deed{"client: reply", func() error {
		before, answered := m.replies[id][number]
		err := send(in)
		switch {
		case err != nil:
			return err
		case answered && fmt.Sprint(reveal(before)) != fmt.Sprint(reveal(in)):
			return fmt.Errorf("question %d of %s was answered twice", number, id)
		}
		if m.replies[id] == nil {
			m.replies[id] = map[int64]tra.Reply{}
		}
		m.replies[id][number] = in
		m.counts.count(countQuestion, "answered twice")
		if err := send(in); err != nil {
			return fmt.Errorf("the same reply again: %v", err) // no kind that may be
		}
		m.counts.count(countQuestion, "answered otherwise")
		in.Text = person.NewText("Otherwise.")
		if err := send(in); !fault.Is(err, fault.Conflict) {
			return fmt.Errorf("another reply: %v", err)
		}
		return nil
	}, []fault.Kind{fault.Conflict, fault.Invalid, fault.NotFound}}
}

// reveal gives all that a reply says.
func reveal(in tra.Reply) []string {
	out := []string{in.Text.Reveal(), in.NINO.Reveal(), in.TRN.Reveal()}
	for _, n := range in.PreviousNames {
		out = append(out, n.First.Reveal(), n.Last.Reveal())
	}
	return out
}

// nobodyAnswers lets the time of a question pass, which is after the day that
// was promised: before its end nothing is overdue.
func (m *machine) nobodyAnswers(rt *rapid.T) {
	m.register.down, m.storm.down = false, false
	if askable := m.askable(); len(m.in(tra.WaitingForPerson)) == 0 && len(askable) > 0 {
		d := m.ask(rt)
		m.did(rt, d.what, d.do(), d.may...)
	}
	waiting := m.in(tra.WaitingForPerson)
	if len(waiting) == 0 {
		return
	}
	q, err := m.store.OpenQuestion(m.ctx, waiting[0])
	if err != nil {
		rt.Fatal(err)
	}
	m.clock.move(max(q.EndsAt.Sub(m.clock.now())-time.Minute, 0))
	m.notOverdue(rt)
	for _, wait := range []time.Duration{2 * time.Minute, time.Minute, 6 * time.Minute} {
		m.clock.move(wait)
		m.register.asAt = m.clock.now()
		m.work(rt, 1)
	}
}

// notOverdue looks at the console's list of those who are asked: nobody's clock
// goes on meanwhile.
func (m *machine) notOverdue(rt *rapid.T) {
	waiting := m.in(tra.WaitingForPerson)
	if len(waiting) == 0 {
		return
	}
	page, err := m.svc.Queue(m.ctx, susan, tra.QueueFilter{Queue: tra.QueueAsked})
	if err != nil {
		rt.Fatal(err)
	}
	if len(page.Rows) != len(waiting) || page.Counts[tra.QueueAsked] != len(waiting) {
		rt.Fatalf("%d wait for the person, %d are listed so", len(waiting), len(page.Rows))
	}
	for _, row := range page.Rows {
		if slices.ContainsFunc(row.Flags, func(f tra.Flagged) bool { return f.Flag == tra.Overdue }) {
			rt.Fatalf("%s waits for the person and is overdue", row.ID)
		}
		if row.ExpectedBy.Before(m.clock.now()) {
			m.counts.count(countQuestion, "over the day that was promised")
		}
	}
	late, err := m.svc.Queue(m.ctx, susan, tra.QueueFilter{Queue: tra.QueueOverdue})
	if err != nil {
		rt.Fatal(err)
	}
	for _, row := range late.Rows {
		if slices.Contains(waiting, row.ID) {
			rt.Fatalf("%s waits for the person and stands among the overdue", row.ID)
		}
	}
}

func (m *machine) owner(rt *rapid.T) deed {
	id, op := m.some(rt), oneOf(rt, "operator", operators...)
	switch oneOf(rt, "how", "take", "take over", "next", "give back") {
	case "take":
		return deed{"operator: take", func() error { return m.svc.Take(m.ctx, op, id, "") }, refusals}
	case "take over":
		return deed{"operator: take over", func() error {
			r, err := m.store.Request(m.ctx, id)
			if err != nil {
				return err
			}
			return m.svc.Take(m.ctx, op, id, r.OwnerAt(m.clock.now()))
		}, refusals}
	case "next":
		return deed{"operator: take next", func() error {
			id, err := m.svc.TakeNext(m.ctx, op, time.Time{})
			if err != nil {
				return err
			}
			if r, err := m.store.Request(m.ctx, id); err != nil || r.OwnerAt(m.clock.now()) != op.Email {
				return fmt.Errorf("%s is not with %s but with %q: %w", id, op.Email, r.Owner, err)
			}
			return nil
		}, append([]fault.Kind{fault.NotFound}, refusals...)}
	}
	return deed{"operator: give back", func() error { return m.svc.GiveBack(m.ctx, op, id) }, refusals}
}

func (m *machine) reopen(rt *rapid.T) deed {
	answered := m.in(tra.Answered)
	if len(answered) == 0 && !rarely(rt, 8) {
		return m.decide(rt)
	}
	id := m.of(rt, answered)
	op, why := oneOf(rt, "operator", operators...), oneOf(rt, "why", whys...)
	revision := m.revision(rt, id)
	return deed{"operator: reopen", func() error {
		rev, err := revision()
		if err != nil {
			return err
		}
		return m.svc.Reopen(m.ctx, op, id, rev, why)
	}, refusals}
}

// Agents in the helpdesk.

// helpdeskRefusals are what an agent may be told: the ticket is closed or gone,
// or what was entered does not fit.
var helpdeskRefusals = []fault.Kind{fault.NotFound, fault.Internal}

// byHand has the agent change a request's ticket.
func (m *machine) byHand(what string, id tra.RequestID, do func(t zendesk.TicketID) error) deed {
	return deed{what, func() error {
		list, err := m.agent.TicketsByExternalID(m.ctx, string(id))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.New(fault.NotFound, "There is no ticket.")
		}
		r, err := m.store.Request(m.ctx, id)
		if err != nil {
			return err
		}
		if r.State == tra.Withdrawn {
			m.touched[id] = true
		}
		if r.Ticket != 0 {
			return do(zendesk.TicketID(r.Ticket))
		}
		return do(list[0].ID)
	}, helpdeskRefusals}
}

func (m *machine) update(t zendesk.TicketID, u zendesk.TicketUpdate) error {
	if u.Status == zendesk.StatusSolved || u.Status == zendesk.StatusClosed {
		u.AssigneeID = m.agentID
	}
	_, err := m.agent.UpdateTicket(m.ctx, t, u)
	return err
}

// fill has the agent fill the fields: rightly, wrongly or in part.
func (m *machine) fill(rt *rapid.T) deed {
	how := oneOf(rt, "how", "right", "right", "right", "right", "in part", "wrong", "cleared", "right")
	return m.fillFor(rt, m.of(rt, m.in(tra.WithOperator, tra.WaitingForPerson, tra.Answered)), how)
}

// otherAnswer has somebody prohibited after the answer, and the agent say so on the ticket.
func (m *machine) otherAnswer(rt *rapid.T) {
	answered := slices.DeleteFunc(m.in(tra.Answered), func(id tra.RequestID) bool { return m.subs[id].Kind != tra.BarringCheck })
	if len(answered) == 0 {
		return
	}
	id := oneOf(rt, "request", answered...)
	m.addRecord(m.register.survivor(m.subs[id].Claim.TRN.Reveal()), func(record *tra.Record) { record.Alerts = []tra.Alert{prohibited} })
	d := m.fillFor(rt, id, "right")
	m.did(rt, d.what, d.do(), d.may...)
}

func (m *machine) fillFor(rt *rapid.T, id tra.RequestID, how string) deed {
	kind := m.subs[id].Kind
	u := zendesk.TicketUpdate{Status: oneOf(rt, "status", zendesk.StatusSolved, zendesk.StatusSolved, zendesk.StatusSolved, "")}
	set := func(title, value string) {
		if len(m.fields[title].Options) > 0 && value != "" {
			for _, o := range m.fields[title].Options {
				if o.Name == value {
					value = o.Value
				}
			}
		}
		u.Fields = append(u.Fields, zendesk.FieldValue{ID: m.fields[title].ID, Value: value})
	}
	switch outcome := oneOf(rt, "outcome", tra.Outcomes(kind)...); how {
	case "right":
		number, reason, note := "", "", ""
		switch {
		case kind == tra.TRNValidation && outcome == tra.TRNFound:
			number = m.someTRN(rt).Reveal()
			if merged := slices.Sorted(maps.Keys(m.register.merged)); len(merged) > 0 && !rarely(rt, 3) {
				number = oneOf(rt, "merged", merged...)
			}
		case outcome == tra.NotBarred && m.prohibited(id):
			outcome = tra.Barred
		case outcome == tra.Failed:
			reason, note = string(tra.CannotTell), "Nothing fits."
		}
		set(string(tra.OutcomeField(kind)), string(outcome))
		set("TRN", number)
		set("Failure reason", reason)
		set("Note for the client", note)
	case "in part":
		title := oneOf(rt, "field", "TRN", "Failure reason", "Note for the client", string(tra.OutcomeField(kind)))
		set(title, map[string]string{"TRN": number(2), "Failure reason": "other", "Note for the client": "Nothing fits.", string(tra.OutcomeField(kind)): string(outcome)}[title])
	case "wrong":
		set(string(tra.OutcomeField(kind)), string(tra.Failed))
		set("TRN", oneOf(rt, "TRN", number(1), "12"))
		set("Note for the client", oneOf(rt, "note", notes...))
	case "cleared":
		for _, title := range []string{"TRN", string(tra.OutcomeField(kind)), "Failure reason", "Note for the client"} {
			set(title, "")
		}
	}
	return m.byHand("agent: fill, "+how, id, func(t zendesk.TicketID) error { return m.update(t, u) })
}

func (m *machine) setStatus(rt *rapid.T) deed {
	status := oneOf(rt, "status", zendesk.StatusOpen, zendesk.StatusOpen, zendesk.StatusSolved, zendesk.StatusSolved, zendesk.StatusPending, zendesk.StatusHold)
	return m.byHand("agent: set "+status, m.of(rt, m.in(tra.WithOperator, tra.Answered)), func(t zendesk.TicketID) error {
		return m.update(t, zendesk.TicketUpdate{Status: status})
	})
}

func (m *machine) words(rt *rapid.T) deed {
	words := oneOf(rt, "words", "Your TRN is **"+number(1)+"**", "TRN: "+m.someTRN(rt).Reveal(),
		"No match found on DQT", "Thank you", "TRN "+number(1)+" or perhaps TRN "+number(2))
	status := oneOf(rt, "status", zendesk.StatusSolved, zendesk.StatusSolved, "")
	return m.byHand("agent: words", m.of(rt, m.in(tra.WithOperator)), func(t zendesk.TicketID) error {
		return m.update(t, zendesk.TicketUpdate{Status: status, Comment: &zendesk.NewComment{Body: words}})
	})
}

func (m *machine) endTicket(rt *rapid.T) deed {
	id := m.some(rt)
	if !rarely(rt, 5) {
		return m.byHand("agent: look", id, func(zendesk.TicketID) error { return nil })
	}
	switch how := oneOf(rt, "how", "delete", "merge", "close"); how {
	case "delete":
		return m.byHand("agent: delete", id, func(t zendesk.TicketID) error { return m.agent.DeleteTicket(m.ctx, t) })
	case "merge":
		return m.byHand("agent: merge", id, func(t zendesk.TicketID) error {
			return m.update(t, zendesk.TicketUpdate{Status: zendesk.StatusClosed, Tags: []string{"closed_by_merge"}})
		})
	default:
		return m.byHand("agent: close", id, func(t zendesk.TicketID) error {
			return m.update(t, zendesk.TicketUpdate{Status: zendesk.StatusClosed})
		})
	}
}

// The register.

// prohibited tells whether barred is what a request's record says.
func (m *machine) prohibited(id tra.RequestID) bool {
	return slices.ContainsFunc(m.register.records[m.register.survivor(m.subs[id].Claim.TRN.Reveal())].Alerts, isProhibition)
}

// isProhibition tells an open prohibition other than a DBS match.
func isProhibition(a tra.Alert) bool { return a.Open && a.Prohibition && a.Code != "G1" }

var (
	prohibited = tra.Alert{Code: "T1", Category: "Prohibition from teaching", Prohibition: true, Open: true}
	dbsOnly    = tra.Alert{Code: "G1", Category: "Restricted/DBS", Prohibition: true, Open: true}
	spentAlert = tra.Alert{Code: "T2", Category: "Prohibition from teaching", Prohibition: true}
)

func (m *machine) change(rt *rapid.T) {
	at := m.someTRN(rt).Reveal()
	hows := []string{"back", "prohibited", "merged", "inactive", "gone", "born otherwise", "called otherwise", "prohibited", "DBS match", "spent", "back"}
	after := false
	if given := m.given(); len(given) > 0 && rarely(rt, 3) {
		at, after = oneOf(rt, "released", given...), true
		hows = []string{"back", "merged", "merged", "inactive", "gone"}
	} else if decided := m.decidedOn(); len(decided) > 0 && !rarely(rt, 3) {
		at = oneOf(rt, "decided on", decided...)
	}
	m.changeRecord(rt, at, oneOf(rt, "how", hows...), after)
}

// changeRecord changes a record, or the one that the TRN leads to; after says
// that its TRN was released.
func (m *machine) changeRecord(rt *rapid.T, at, how string, after bool) {
	alerts := func(a tra.Alert) func(*tra.Record) {
		return func(record *tra.Record) { record.Alerts = []tra.Alert{a} }
	}
	delete(m.register.merged, at)
	switch how {
	case "back":
		m.addRecord(at, nil)
	case "inactive":
		m.addRecord(at, func(record *tra.Record) { record.Active = false })
	case "gone":
		delete(m.register.records, at)
	case "merged":
		into := number(1)
		if at == into {
			into = number(2)
		}
		if m.register.survivor(into) == at { // no circle
			delete(m.register.merged, into)
		}
		m.register.merged[at] = into
		if after && !rarely(rt, 3) {
			delete(m.register.merged, into)
			m.addRecord(into, nil)
		}
	case "born otherwise":
		m.addRecord(at, func(record *tra.Record) { record.DateOfBirth = date("1984-02-19") })
	case "called otherwise":
		m.addRecord(at, func(record *tra.Record) { record.FirstName = name("Hannah") })
	case "prohibited":
		m.addRecord(at, alerts(prohibited))
	case "DBS match":
		m.addRecord(at, alerts(dbsOnly))
	case "spent":
		m.addRecord(at, alerts(spentAlert))
	}
	m.counts.count(countAction, "register: "+how)
	if after && slices.Contains([]string{"merged", "inactive", "gone"}, how) {
		m.counts.count(countAfter, how)
	}
}

// otherRecord has a record merged between a decision for it and the release, or
// the date of birth on it changed.
func (m *machine) otherRecord(rt *rapid.T) {
	m.register.down, m.storm.down, m.register.asAt = false, false, m.clock.now()
	for _, id := range m.in(tra.WithOperator) {
		claim := m.subs[id].Claim
		if m.subs[id].Kind != tra.TRNValidation || !claim.TRN.IsZero() {
			continue
		}
		agrees := func(record *tra.Record) { record.DateOfBirth = claim.DateOfBirth }
		into := number(oneOf(rt, "into", 1, 2))
		delete(m.register.merged, number(5))
		m.addRecord(number(5), agrees)
		r, err := m.store.Request(m.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		_, err = m.svc.Decide(m.ctx, olive, id, tra.Deciding{Revision: r.Revision, Outcome: tra.TRNFound, TRN: trn(number(5)), Why: "the school knows her"})
		m.did(rt, "operator: decide "+string(tra.TRNFound), err, refusals...)
		m.clock.move(time.Minute)
		m.work(rt, 1)
		if oneOf(rt, "how", "merged", "born otherwise") == "merged" {
			delete(m.register.merged, into)
			m.addRecord(into, agrees)
			m.register.merged[number(5)] = into
		} else {
			m.addRecord(number(5), func(record *tra.Record) { record.DateOfBirth = date("1984-02-20") })
		}
		m.clock.move(6 * time.Minute)
		m.work(rt, 1)
		return
	}
}

// takeOff has the agent take an answer off the ticket that waits for a second operator.
func (m *machine) takeOff(rt *rapid.T) deed {
	waiting := slices.DeleteFunc(m.in(tra.InSecondReview), func(id tra.RequestID) bool {
		d, err := m.store.OpenDecision(m.ctx, id)
		return err != nil || d.Via == tra.ViaConsole
	})
	if len(waiting) == 0 {
		return m.fill(rt)
	}
	id := oneOf(rt, "request", waiting...)
	if rarely(rt, 2) {
		d := m.fillFor(rt, id, "cleared")
		d.what = "agent: take off the ticket"
		return d
	}
	return m.byHand("agent: take off the ticket", id, func(t zendesk.TicketID) error {
		return m.update(t, zendesk.TicketUpdate{Status: zendesk.StatusOpen})
	})
}

// afterwards has a released TRN merged, deactivated or gone, and lets the time
// pass in which that is seen, its ticket closed or not.
func (m *machine) afterwards(rt *rapid.T) {
	waits := []time.Duration{time.Minute, 6 * time.Minute}
	m.register.down = false
	for _, id := range m.in(tra.WithOperator) {
		if sub := m.subs[id]; len(m.given()) == 0 && sub.Kind == tra.TRNValidation {
			m.addRecord(number(5), func(record *tra.Record) { record.DateOfBirth = sub.Claim.DateOfBirth })
			r, err := m.store.Request(m.ctx, id)
			if err != nil {
				rt.Fatal(err)
			}
			_, err = m.svc.Decide(m.ctx, olive, id, tra.Deciding{Revision: r.Revision, Outcome: tra.TRNFound, TRN: trn(number(5))})
			m.did(rt, "operator: decide "+string(tra.TRNFound), err, refusals...)
			for _, wait := range waits {
				m.clock.move(wait)
				m.work(rt, 1)
			}
		}
	}
	given := m.given()
	if len(given) == 0 {
		return
	}
	m.changeRecord(rt, oneOf(rt, "released", given...), oneOf(rt, "how", "merged", "merged", "inactive", "gone"), true)
	switch oneOf(rt, "its ticket", "", "closed", "deleted") {
	case "closed":
		m.clock.move(5 * 24 * time.Hour)
		m.close(rt)
	case "deleted":
		for _, id := range m.in(tra.Answered) {
			d := m.byHand("agent: delete", id, func(t zendesk.TicketID) error { return m.agent.DeleteTicket(m.ctx, t) })
			m.did(rt, d.what, d.do(), d.may...)
		}
	}
	m.clock.move(25 * time.Hour)
	m.register.asAt = m.clock.now()
	m.work(rt, 1)
	for _, wait := range waits {
		m.clock.move(wait)
		m.work(rt, 1)
	}
}

// given gives the TRNs of the answers that stand.
func (m *machine) given() []string {
	var out []string
	for _, id := range m.in(tra.Answered) {
		if a, err := m.store.NewestAnswer(m.ctx, id); err == nil && a.Outcome == tra.TRNFound {
			out = append(out, a.TRN.Reveal())
		}
	}
	return out
}

// decidedOn gives the TRNs whose records count for what is decided and not
// released yet.
func (m *machine) decidedOn() []string {
	var out []string
	for _, d := range m.decided() {
		if sub := m.subs[d.Request]; sub.Kind == tra.BarringCheck {
			out = append(out, sub.Claim.TRN.Reveal())
		} else if !d.TRN.IsZero() {
			out = append(out, d.TRN.Reveal())
		}
	}
	return out
}

func (m *machine) registerState(rt *rapid.T) {
	how := oneOf(rt, "how", "down", "up", "behind", "fresh")
	switch how {
	case "down", "up":
		m.register.down = how == "down"
	case "behind":
		m.register.asAt = m.clock.now().Add(-25 * time.Hour)
	case "fresh":
		m.register.asAt = m.clock.now()
	}
	m.counts.count(countAction, "register: "+how)
}

// away takes the helpdesk away, or brings it back.
func (m *machine) away(rt *rapid.T) { m.storm.down = oneOf(rt, "down", false, false, true) }

// close is the helpdesk's own automation.
func (m *machine) close(rt *rapid.T) { m.did(rt, "the desk closes", m.desk.CloseOld(m.ctx)) }

// fault arms a fault for some of the calls that come.
func (m *machine) fault(rt *rapid.T) {
	name := oneOf(rt, "fault", allFaults[1:]...)
	for range rapid.IntRange(1, 3).Draw(rt, "times") {
		m.storm.armed = append(m.storm.armed, name)
	}
}

// watch is the store, and looks at every transaction that commits.
type watch struct {
	tra.Store
	m     *machine
	raced bool // something happened while the worker's call was on its way

	mu         sync.Mutex
	violations []string
}

func (w *watch) wrong(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

func (w *watch) InTx(ctx context.Context, do func(ctx context.Context, tx tra.Tx) error) error {
	var seen *watchedTx
	err := w.Store.InTx(ctx, func(ctx context.Context, tx tra.Tx) error {
		seen = &watchedTx{Tx: tx, w: w}
		return do(ctx, seen)
	})
	if err == nil && seen != nil {
		for _, c := range seen.counted {
			w.m.counts.count(c[0], c[1])
		}
		for _, v := range seen.violations {
			w.wrong("%s", v)
		}
	}
	return err
}

// watchedTx holds what a transaction did until it commits.
type watchedTx struct {
	tra.Tx
	w          *watch
	counted    [][2]string
	violations []string
}

func (x *watchedTx) count(sort, name string) { x.counted = append(x.counted, [2]string{sort, name}) }

func (x *watchedTx) wrong(format string, args ...any) {
	x.violations = append(x.violations, fmt.Sprintf(format, args...))
}

func (x *watchedTx) AddRequest(ctx context.Context, r tra.Request, c tra.Claim) error {
	if r.State != tra.Received || r.Version != 0 {
		x.wrong("%s begins as %s, version %d", r.ID, r.State, r.Version)
	}
	return x.Tx.AddRequest(ctx, r, c)
}

func (x *watchedTx) SaveRequest(ctx context.Context, r tra.Request) error {
	old, err := x.Tx.Request(ctx, r.ID)
	if err != nil {
		return err
	}
	if old.State != r.State {
		arrow := string(old.State) + " → " + string(r.State)
		if x.count(countTransition, arrow); !arrows[arrow] {
			x.wrong("%s: %s is no arrow", r.ID, arrow)
		}
		if old.State == tra.Answered && !r.ExpectedBy.After(x.w.m.clock.now()) {
			x.wrong("%s: it is opened again and expected by %s", r.ID, r.ExpectedBy)
		}
	}
	if r.Version != old.Version && r.Version != old.Version+1 {
		x.wrong("%s: version %d follows on %d", r.ID, r.Version, old.Version)
	}
	if old.Ticket != 0 && r.Ticket != old.Ticket {
		x.count(countTicket, "followed up")
		if t, err := x.w.m.desk.Ticket(ctx, desk.TicketID(old.Ticket)); err == nil && t.Status != desk.Closed {
			x.wrong("%s: ticket %d took the place of %d, which is %s", r.ID, r.Ticket, old.Ticket, t.Status)
		}
	}
	if old.ReplacedBy != "" && r.ReplacedBy != old.ReplacedBy {
		x.wrong("%s was replaced twice", r.ID)
	}
	if !r.QueuedAt.Equal(old.QueuedAt) {
		x.wrong("%s: its place is %s and was %s", r.ID, r.QueuedAt, old.QueuedAt)
	}
	if old.State == tra.WaitingForPerson && r.State.Working() {
		if err := x.resumed(ctx, old, r); err != nil {
			return err
		}
	}
	return x.Tx.SaveRequest(ctx, r)
}

// resumed looks at the promise of a request that waited for the person: as many
// working days are left as when they were asked.
func (x *watchedTx) resumed(ctx context.Context, old, r tra.Request) error {
	asked, err := x.Tx.Questions(ctx, r.ID)
	if err != nil || old.ExpectedBy.Before(asked[len(asked)-1].AskedAt) {
		return err
	}
	before, err := workday.Until(asked[len(asked)-1].AskedAt, old.ExpectedBy)
	if err != nil {
		return err
	}
	after, err := workday.Until(x.w.m.clock.now(), r.ExpectedBy)
	if err == nil && after != before {
		x.wrong("%s: %d working days were left when the person was asked, %d when it went on", r.ID, before, after)
	}
	return err
}

// AddQuestion is one that no other is open beside.
func (x *watchedTx) AddQuestion(ctx context.Context, q tra.Question) error {
	if _, err := x.Tx.OpenQuestion(ctx, q.Request); !fault.Is(err, fault.NotFound) || q.State != tra.QuestionOpen {
		x.wrong("%s: a %s question beside an open one: %v", q.Request, q.State, err)
	}
	x.count(countQuestion, string(q.State))
	if q.Number > 1 {
		x.count(countQuestion, "the second of a request")
	}
	return x.Tx.AddQuestion(ctx, q)
}

func (x *watchedTx) SaveQuestion(ctx context.Context, q tra.Question) error {
	if open, err := x.Tx.OpenQuestion(ctx, q.Request); err != nil || open.Number != q.Number || q.State == tra.QuestionOpen {
		x.wrong("%s: question %d became %s, open is %d, %v", q.Request, q.Number, q.State, open.Number, err)
	}
	if q.State == tra.QuestionUnanswered && x.w.m.clock.now().Before(q.EndsAt) {
		x.wrong("%s: question %d ended before its time", q.Request, q.Number)
	}
	x.count(countQuestion, string(q.State))
	return x.Tx.SaveQuestion(ctx, q)
}

func (x *watchedTx) SaveDecision(ctx context.Context, d tra.Decision) error {
	old, err := x.Tx.Decision(ctx, d.ID)
	if err != nil {
		return err
	}
	if old.Stage != d.Stage {
		x.count(countStage, string(old.Stage)+" → "+string(d.Stage))
		if !old.Stage.Open() || d.Stage == tra.StageReleased && old.Stage != tra.StageOnTicket && d.Via != tra.ViaRegister {
			x.wrong("decision %s was %s and became %s", d.ID, old.Stage, d.Stage)
		}
	}
	return x.Tx.SaveDecision(ctx, d)
}

func (x *watchedTx) Flag(ctx context.Context, id tra.RequestID, f tra.Flagged) error {
	x.count(countFlag, string(f.Flag))
	if f.Flag == tra.AnswerOutdated {
		x.count(countAfter, "opened again")
	}
	return x.Tx.Flag(ctx, id, f)
}

// AddDecision is nobody's who does not hold the case.
func (x *watchedTx) AddDecision(ctx context.Context, d tra.Decision) error {
	r, err := x.Tx.Request(ctx, d.Request)
	if err != nil {
		return err
	}
	if owner := r.OwnerAt(x.w.m.clock.now()); d.Via == tra.ViaConsole && owner != "" && owner != d.By {
		x.wrong("%s decided %s, which is with %s", d.By, d.Request, owner)
	}
	return x.Tx.AddDecision(ctx, d)
}

func (x *watchedTx) AddEvent(ctx context.Context, e tra.Event) error {
	if e.What == tra.OwnerIdle || e.What == tra.OwnerTookOver {
		x.count(countLease, string(e.What))
	}
	return x.Tx.AddEvent(ctx, e)
}

// AddAnswer is a release: what may be released is looked at here, at its
// instant, by rules of the test's own.
func (x *watchedTx) AddAnswer(ctx context.Context, a tra.Answer) (int64, error) {
	r, err := x.Tx.Request(ctx, a.Request)
	if err != nil {
		return 0, err
	}
	d, err := x.Tx.OpenDecision(ctx, a.Request)
	if err != nil {
		return 0, err
	}
	claim, err := x.Tx.Claim(ctx, a.Request)
	if err != nil {
		return 0, err
	}
	m := x.w.m
	bad := func(what string) { x.wrong("%s, released %s: %s; decision %+v", a.Request, a.Outcome, what, d) }
	alone := d.ReviewedBy == "" || strings.EqualFold(d.ReviewedBy, d.By)
	overridden := d.Override && d.ReviewedBy == susan.Email && d.ReviewWhy != ""
	two := !alone || overridden
	// What the register alone makes of a merged record needs no ticket where that is gone.
	without := d.Via == tra.ViaRegister && d.Stage == tra.StageToWrite
	if d.Via == tra.ViaRegister {
		x.byRegister(ctx, r, without, bad)
	}
	if d.Via == tra.ViaSilence {
		asked, err := x.Tx.Questions(ctx, a.Request)
		if err != nil {
			return 0, err
		}
		if len(asked) == 0 || asked[len(asked)-1].State != tra.QuestionUnanswered || a.Outcome != tra.Failed || a.Reason != tra.NotEnoughDetails {
			bad(fmt.Sprintf("the questions are %+v", asked))
		}
	}
	switch {
	case without:
	case r.State != tra.WithOperator || r.ReplacedBy != "":
		bad("the request is " + string(r.State))
	case a.Version != r.Version+1:
		bad(fmt.Sprintf("version %d after %d", a.Version, r.Version))
	case d.Stage != tra.StageOnTicket || d.ReleaseAt.After(m.clock.now()) || m.clock.now().Sub(d.At) < 5*time.Minute:
		bad("it was not its time")
	case a.Outcome != d.Outcome || a.Reason != d.Reason || a.Note != d.Note:
		bad("it is not what was decided")
	case a.Outcome != tra.TRNFound && !a.TRN.IsZero():
		bad("a TRN")
	}
	if m.register.down && (a.Outcome == tra.TRNFound || a.Kind == tra.BarringCheck) {
		bad("the register did not answer")
	}
	if a.Outcome == tra.TRNFound {
		record, there := m.register.records[a.TRN.Reveal()]
		survived := d.TRN != a.TRN && m.register.survivor(d.TRN.Reveal()) == a.TRN.Reveal()
		_, merged := m.register.merged[a.TRN.Reveal()]
		if survived {
			x.count(countRelease, "of a merged record")
		}
		differs := record.FirstName != claim.FirstName || record.DateOfBirth != claim.DateOfBirth
		contradicts := !claim.TRN.IsZero() && claim.TRN != a.TRN && m.register.survivor(claim.TRN.Reveal()) != a.TRN.Reveal()
		switch {
		case !there || !record.Active || merged:
			bad("no active record")
		case d.TRN != a.TRN && !survived:
			bad("another TRN than was decided")
		case (differs || contradicts) && (d.Why == "" || !two):
			bad("it differs, without a reason and a second operator")
		}
	}
	if a.Kind == tra.BarringCheck {
		prohibition, serious := false, false
		record, there := m.register.records[m.register.survivor(claim.TRN.Reveal())]
		for _, alert := range record.Alerts {
			serious = serious || alert.Open && alert.Prohibition
			prohibition = prohibition || isProhibition(alert)
		}
		switch {
		case a.Outcome == tra.Barred && !prohibition:
			bad("no prohibition is open")
		case (a.Outcome == tra.Barred || serious) && !two:
			bad("one person alone")
		case a.Outcome == tra.NotBarred && !there:
			bad("no record")
		}
	}
	if !x.w.raced && !without {
		m.carries(ctx, x, r, a)
	}
	x.count(countRelease, string(a.Outcome))
	x.count(countRelease, "via "+string(d.Via))
	switch {
	case overridden && alone:
		x.count(countRelease, "by a supervisor alone")
	case two:
		x.count(countRelease, "by two people")
	default:
		x.count(countRelease, "by one person")
	}
	if two && d.Via == tra.ViaFields {
		x.count(countRelease, "via fields and the second review")
	}
	if a.Version > 1 {
		x.count(countRelease, "another version")
	}
	return x.Tx.AddAnswer(ctx, a)
}

// byRegister looks at a version that nobody but the register decided.
func (x *watchedTx) byRegister(ctx context.Context, r tra.Request, without bool, bad func(string)) {
	earlier, err := x.Tx.NewestAnswer(ctx, r.ID)
	switch {
	case err != nil || earlier.Outcome != tra.TRNFound:
		bad("no TRN stood before")
	case without && (r.State != tra.Answered || r.TicketStatus != tra.TicketDeleted):
		bad("its ticket could carry it")
	case without:
		x.count(countAfter, "the survivor's without its ticket")
	default:
		x.count(countAfter, "the survivor's by itself")
	}
}

// carries looks whether the ticket says what is released.
func (m *machine) carries(ctx context.Context, x *watchedTx, r tra.Request, a tra.Answer) {
	t, err := m.desk.Ticket(ctx, desk.TicketID(r.Ticket))
	if err != nil {
		x.wrong("%s is released, its ticket: %v", a.Request, err)
		return
	}
	says := func(title string) string {
		f := m.rig.fields[title]
		value := t.Fields[desk.FieldID(f.ID)].Reveal()
		for _, o := range f.Options {
			if o.Value == value {
				return o.Name
			}
		}
		return value
	}
	ended := t.Status == desk.Solved || t.Status == desk.Closed
	if !ended || says(string(tra.OutcomeField(a.Kind))) != string(a.Outcome) || says("Note for the client") != a.Note || (says("TRN") == "") != a.TRN.IsZero() {
		x.wrong("%s is released as %s, its ticket is %s and says %q", a.Request, a.Outcome, t.Status, says(string(tra.OutcomeField(a.Kind))))
	}
}

// hold checks what holds after every step.
func (m *machine) hold(rt *rapid.T) {
	if len(m.store.violations) > 0 {
		rt.Fatal(strings.Join(m.store.violations, "\n"))
	}
	tickets := m.byRequest(rt)
	versions := map[tra.RequestID][]tra.Answer{}
	for _, c := range clients {
		list, err := m.store.Answers(m.ctx, c, 0, 1000)
		if err != nil {
			rt.Fatal(err)
		}
		for i, a := range list {
			if a.Position != int64(i+1) || i > 0 && a.AnsweredAt.Before(list[i-1].AnsweredAt) {
				rt.Fatalf("the feed of %s: position %d at place %d", c, a.Position, i+1)
			}
			if versions[a.Request] = append(versions[a.Request], a); a.Version != int64(len(versions[a.Request])) {
				rt.Fatalf("%s: version %d is the answer number %d", a.Request, a.Version, len(versions[a.Request]))
			}
		}
		if got := m.polled[c]; len(got) > len(list) || !slices.Equal(got, list[:len(got)]) {
			rt.Fatalf("by its cursors %s got %+v of %+v", c, got, list)
		}
	}
	for _, id := range m.ids {
		r, err := m.store.Request(m.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		decisions, err := m.store.Decisions(m.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		_, err = m.store.Claim(m.ctx, id)
		m.holdsFor(rt, r, decisions, err == nil, versions[id])
		m.holdsForQuestions(rt, r, err == nil)
		live := 0
		for _, t := range tickets[id] {
			if t.Status != desk.Solved && t.Status != desk.Closed {
				live++
			}
		}
		if r.State.Open() && live > 1 {
			rt.Fatalf("%s: %d tickets are open", id, live)
		}
	}
	m.notOverdue(rt)
}

// holdsForQuestions: a request waits for the person exactly while one question is
// open, its history tells every question and its end once, and what was answered
// goes with the claim.
func (m *machine) holdsForQuestions(rt *rapid.T, r tra.Request, claimHeld bool) {
	asked, err := m.store.Questions(m.ctx, r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	if len(asked) == 0 && r.State != tra.WaitingForPerson {
		return
	}
	states := map[tra.QuestionState]int{}
	for i, q := range asked {
		states[q.State]++
		if q.Number != int64(i+1) || (q.BodyHash != "") != (q.State == tra.QuestionAnswered) || q.EndedAt.IsZero() != (q.State == tra.QuestionOpen) || !claimHeld && !q.Reply.IsZero() {
			rt.Fatalf("%s: question %d is %+v, its claim held %v", r.ID, i+1, q, claimHeld)
		}
	}
	if states[tra.QuestionOpen] > 1 || (states[tra.QuestionOpen] == 1) != (r.State == tra.WaitingForPerson) {
		rt.Fatalf("%s is %s with %d open questions", r.ID, r.State, states[tra.QuestionOpen])
	}
	events, err := m.store.Events(m.ctx, r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	told := map[tra.What]int{}
	for _, e := range events {
		told[e.What]++
	}
	for what, want := range map[tra.What]int{
		tra.PersonAsked: len(asked), tra.PersonAnswered: states[tra.QuestionAnswered], tra.PersonSilent: states[tra.QuestionUnanswered],
		tra.QuestionTakenBack: states[tra.QuestionWithdrawn],
	} {
		if told[what] != want {
			rt.Fatalf("%s: the history says %d times %s, the questions are %+v", r.ID, told[what], what, asked)
		}
	}
}

func (m *machine) holdsFor(rt *rapid.T, r tra.Request, decisions []tra.Decision, claimHeld bool, answers []tra.Answer) {
	var open []tra.Decision
	released := map[int64]tra.Decision{}
	for _, d := range decisions {
		if d.Stage.Open() {
			open = append(open, d)
		}
		if d.Stage == tra.StageReleased {
			if _, twice := released[d.Version]; twice {
				rt.Fatalf("%s: two decisions of version %d", r.ID, d.Version)
			}
			released[d.Version] = d
		}
	}
	reviewed := len(open) == 1 && open[0].Stage == tra.StageSecondReview
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{len(open) > 1, "more than one decision is open"},
		{r.State.Open() && (r.State == tra.InSecondReview) != reviewed, "its state and the second review do not go together"},
		{r.State == tra.WaitingForPerson && (len(open) > 0 || r.OwnerAt(m.clock.now()) != ""), "it waits for the person, and is decided or somebody's"},
		{r.State == tra.Received && r.Ticket != 0, "received, with a ticket"},
		{r.State == tra.WithOperator && r.Ticket == 0, "with an operator, without a ticket"},
		{!r.State.Open() && len(open) > 0, "a decision is open"},
		{r.State == tra.Answered && r.Version == 0, "answered, without an answer"},
		{r.Version != int64(len(answers)) || len(released) != len(answers), "its answers, its decisions and its version do not agree"},
		{(r.State == tra.Withdrawn || r.ReplacedBy != "") == claimHeld, "its claim"},
	} {
		if c.wrong {
			rt.Fatalf("%s: %s: %+v, open decisions %+v", r.ID, c.what, r, open)
		}
	}
}

// byRequest gives all tickets that are not deleted, by their request.
func (m *machine) byRequest(rt *rapid.T) map[tra.RequestID][]desk.Ticket {
	list, err := m.desk.List(m.ctx, desk.Query{Limit: 1000})
	if err != nil {
		rt.Fatal(err)
	}
	out := map[tra.RequestID][]desk.Ticket{}
	for _, t := range list {
		id := tra.RequestID(t.ExternalID[:len(first)]) // of a follow-up more comes after it
		out[id] = append(out[id], t)
	}
	return out
}

// settle mends everything and lets time pass, until nothing is left to be done.
func (m *machine) settle(rt *rapid.T) {
	m.storm.mu.Lock()
	m.storm.down, m.storm.armed, m.storm.meanwhile = false, nil, nil
	m.storm.mu.Unlock()
	m.register.down = false
	for i, wait := range []time.Duration{
		25 * time.Hour, 3 * time.Minute, 3 * time.Minute, 3 * time.Minute, time.Hour, 3 * time.Minute, 3 * time.Minute, 3 * time.Minute, 3 * time.Minute,
		time.Hour, 3 * time.Minute, 3 * time.Minute, 3 * time.Minute,
	} {
		m.clock.move(wait)
		m.register.asAt = m.clock.now()
		m.work(rt, 1+i%2)
	}
	m.hold(rt)
	m.settled(rt)
	m.counts.count(countAction, "the dust settles")
}

// settled checks what holds once the dust has settled.
func (m *machine) settled(rt *rapid.T) {
	var due int
	if err := m.db.Reader().QueryRowContext(m.ctx, `SELECT count(*) FROM tasks WHERE due_at <= $1`, sqldb.Time(m.clock.now())).Scan(&due); err != nil {
		rt.Fatal(err)
	}
	if due > 0 {
		rt.Fatalf("%d tasks are overdue", due)
	}
	tickets := m.byRequest(rt)
	for _, id := range m.ids {
		r, err := m.store.Request(m.ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		m.settledFor(rt, r, tickets[id])
	}
	for _, c := range clients {
		for {
			list, next, err := m.svc.Answers(m.ctx, c, m.cursor[c], 100)
			if err != nil {
				rt.Fatal(err)
			}
			if m.polled[c], m.cursor[c] = append(m.polled[c], list...), next; len(list) == 0 {
				break
			}
		}
	}
	m.hold(rt)
}

func (m *machine) settledFor(rt *rapid.T, r tra.Request, tickets []desk.Ticket) {
	list, err := m.store.Flags(m.ctx, r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	flags := map[tra.Flag]bool{}
	for _, f := range list {
		flags[f.Flag] = true
	}
	var pending int
	if err := m.db.Reader().QueryRowContext(m.ctx, `SELECT count(*) FROM ops WHERE request = $1`, string(r.ID)).Scan(&pending); err != nil {
		rt.Fatal(err)
	}
	d, err := m.store.OpenDecision(m.ctx, r.ID)
	decided := err == nil
	bad := func(what string) {
		events, _ := m.store.Events(m.ctx, r.ID)
		var steps []string
		for _, e := range events {
			steps = append(steps, e.At.Format("02T15:04:05 ")+string(e.What)+" by "+e.Who+" "+e.Why)
		}
		rt.Fatalf("%s: %s: %s, ticket %d %s; flags %v; %d changes pending; decision %v %+v; tickets %v\n%s", r.ID, what, r.State, r.Ticket, r.TicketStatus, flags, pending, decided, d, tickets, strings.Join(steps, "\n"))
	}
	asked, err := m.store.Questions(m.ctx, r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	if told := m.toldOf(r.ID); r.Client == cpdClient && told != len(asked) {
		bad(fmt.Sprintf("%d questions, its client was told of %d", len(asked), told))
	}
	if q, err := m.store.OpenQuestion(m.ctx, r.ID); err == nil && !q.EndsAt.After(m.clock.now()) {
		bad("a question is open after its time")
	}
	if r.State == tra.Withdrawn {
		for _, t := range tickets {
			if t.Status != desk.Solved && t.Status != desk.Closed && !m.touched[r.ID] {
				bad("withdrawn, and its ticket is open")
			}
		}
		if pending > 0 {
			bad("changes of an ended request are pending")
		}
		return
	}
	if r.Ticket == 0 {
		bad("no ticket")
	}
	keys := map[string]bool{}
	for _, t := range tickets {
		if keys[t.ExternalID] {
			bad("more than one ticket")
		}
		if keys[t.ExternalID] = true; int64(t.ID) != int64(r.Ticket) && t.Status != desk.Closed {
			bad("another ticket")
		}
	}
	at := slices.IndexFunc(tickets, func(t desk.Ticket) bool { return int64(t.ID) == int64(r.Ticket) })
	gone := at < 0
	merged := !gone && slices.Contains(tickets[at].Tags, "closed_by_merge")
	done := !gone && (tickets[at].Status == desk.Solved || tickets[at].Status == desk.Closed)
	if pending > 0 && !flags[tra.TicketMissing] {
		bad("changes are pending")
	}
	if !r.State.Open() {
		m.stands(r, bad)
		return
	}
	switch {
	case gone || merged:
		if !flags[tra.TicketMissing] {
			bad("its ticket is missing and it is not flagged")
		}
	case r.State == tra.InSecondReview && d.Via == tra.ViaFields && (!done || tickets[at].Fields[desk.FieldID(m.fields[string(tra.OutcomeField(r.Kind))].ID)].Reveal() == ""):
		bad("in second review, and its ticket does not carry the agent's answer")
	case done && r.State == tra.InSecondReview:
	case done && decided:
		bad("decided, on its ticket, and not released")
	case done:
		if !flags[tra.AnswerUnreadable] && !flags[tra.AnswerContradictsRecord] && !flags[tra.TicketMissing] && !flags[tra.AnswerOutdated] {
			bad("solved without an answer, and not flagged")
		}
	case decided && r.State != tra.InSecondReview:
		bad("decided, and its ticket is open")
	}
}

// toldOf counts how often a client was told of a question.
func (m *machine) toldOf(id tra.RequestID) int {
	m.told.mu.Lock()
	defer m.told.mu.Unlock()
	n := 0
	for _, d := range m.told.list {
		if d.Type == tra.DeliverQuestion && d.Request == id {
			n++
		}
	}
	return n
}

// stands looks at the answer of a request that waits for nothing.
func (m *machine) stands(r tra.Request, bad func(string)) {
	a, err := m.store.NewestAnswer(m.ctx, r.ID)
	if err != nil || a.Outcome != tra.TRNFound || r.ReplacedBy != "" {
		return
	}
	record, there := m.register.records[a.TRN.Reveal()]
	if _, merged := m.register.merged[a.TRN.Reveal()]; merged || !there || !record.Active {
		bad("the TRN that stands has no active record")
	}
}

// What the machine found once.

func TestATicketThatIsSolvedBeforeItIsKnownIsRead(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		lost := once(http.MethodPost, "/tickets")
		r.weather.set(func(w *weather) { w.lose = lost })
		id := r.open(first, claim())
		r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
		r.weather.set(func(w *weather) {
			w.deny = func(q *http.Request) int { // it is found long after the sweep has passed it
				if q.Method == http.MethodGet && !strings.Contains(q.URL.Path, "/incremental/") {
					return http.StatusBadGateway
				}
				return 0
			}
		})
		r.work(3 * time.Minute)
		r.weather.set(func(w *weather) { w.deny = nil })
		r.work(time.Hour)
		r.work(released)
		r.oneAnswer()
	})
}

func TestATicketThatIsSolvedAgainWithWhatItSaidIsFlagged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.work(released)
		_, err := r.agent.UpdateTicket(r.ctx, r.oneTicket(id).ID, zendesk.TicketUpdate{Status: zendesk.StatusOpen})
		r.ok(err)
		r.work(3 * time.Minute)
		r.byAgent(id, nil)
		r.work(3 * time.Minute)
		if state := r.kase(id).Request.State; state != tra.WithOperator || !r.flagged(id, tra.AnswerUnreadable) {
			t.Errorf("it is %s, flagged %v", state, r.flagged(id, tra.AnswerUnreadable))
		}
	})
}

func TestFieldsThatAreNoAnswerLeaveTheSecondReviewAsItIs(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		r.byAgent(id, map[string]string{"TRN": zofia})
		r.work(3 * time.Minute)
		if k := r.kase(id); k.Request.State != tra.InSecondReview || k.Decision == nil || !r.flagged(id, tra.AnswerUnreadable) {
			t.Errorf("it is %s, with the decision %v", k.Request.State, k.Decision)
		}
	})
}

func TestADecisionThatNeverReachedADeletedTicketEndsWithItsRequest(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.ok(r.agent.DeleteTicket(r.ctx, r.oneTicket(id).ID))
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		for range 3 {
			r.work(time.Hour)
		}
		var pending int
		r.ok(r.db.Reader().QueryRowContext(r.ctx, `SELECT count(*) FROM ops`).Scan(&pending))
		if pending != 0 {
			t.Errorf("%d changes are still to be made", pending)
		}
	})
}

func TestASolvedTicketIsNotForgottenWhenItsDecisionIsSentBack(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		id := r.open(first, claim())
		r.byAgent(id, nil)
		r.work(3 * time.Minute)
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		if r.flagged(id, tra.AnswerUnreadable) {
			t.Fatal("it is flagged beside a decision")
		}
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: r.kase(id).Request.Revision, Why: "not the same name"}))
		r.work(time.Second)
		if r.oneTicket(id).Status == zendesk.StatusSolved && !r.flagged(id, tra.AnswerUnreadable) {
			t.Error("nothing says that its ticket is solved without an answer")
		}
	})
}
