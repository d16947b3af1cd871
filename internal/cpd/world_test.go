package cpd_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	day   = 24 * time.Hour
	admin = "admin@example.org"
	here  = "192.0.2.1"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var noTRN person.TRN

func trn(s string) person.TRN { return must(person.NewTRN(s)) }

// details are those of an invented person who is known by the first name.
func details(first string) cpd.Details {
	return cpd.Details{
		FirstName: must(person.ParseName(first)), LastName: must(person.ParseName("Bloggs")),
		DateOfBirth: must(person.ParseDate("1984-02-17")), NINO: must(person.ParseNINO("QQ123456C")), TRN: trn("9999999"),
		Email: must(person.ParseEmail(strings.ToLower(first) + "@example.org")),
	}
}

// register is the register of teachers: whom it finds, by first name, and who
// has an open alert.
type register struct {
	mu     sync.Mutex
	down   bool
	finds  map[string]person.TRN
	alerts map[person.TRN]bool
	gone   map[person.TRN]bool   // no record has it
	states map[person.TRN]string // of the open alerts
	asked  int
	hangs  context.CancelFunc // ends the time of who asks
}

var errDown = fault.New(fault.Unavailable, "It does not answer.")

func (r *register) Find(_ context.Context, d cpd.Details) (cpd.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.hangs != nil {
		r.hangs()
	}
	if r.down {
		return cpd.Finding{}, errDown
	}
	if t, ok := r.finds[d.FirstName.Reveal()]; ok {
		return cpd.Finding{Match: true, TRN: t, Basis: "nino"}, nil
	}
	return cpd.Finding{Reason: "not_found"}, nil
}

func (r *register) OpenAlert(_ context.Context, t person.TRN) (cpd.AlertSeen, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return cpd.AlertSeen{}, errDown
	}
	if r.gone[t] {
		return cpd.AlertSeen{}, fault.New(fault.NotFound, "No record has this TRN.")
	}
	if !r.alerts[t] {
		return cpd.AlertSeen{}, nil
	}
	return cpd.AlertSeen{Open: true, State: "one" + r.states[t]}, nil
}

// tra is the TRA API, as strict as its contract: an id has one body, only what
// it knows can be replaced, and what is answered cannot be withdrawn.
type tra struct {
	down    bool // does not take the request
	refuses bool // new ones
	deaf    bool // takes it, and its answer is lost
	polls   int
	by      map[cpd.RequestID]*traRequest
	order   []cpd.RequestID
	feed    []cpd.Answer
	expects time.Time
	replies []cpd.Reply
}

type traRequest struct {
	cpd.Submission
	status   string
	version  int64
	answer   *cpd.Answer
	question *cpd.Question
}

func (t *tra) Submit(_ context.Context, s cpd.Submission) (cpd.RequestStatus, error) {
	if t.down {
		return cpd.RequestStatus{}, errDown
	}
	r, ok := t.by[s.ID]
	if ok && fmt.Sprint(revealed(r.Submission)) != fmt.Sprint(revealed(s)) {
		return cpd.RequestStatus{}, fault.New(fault.Conflict, "Another body.")
	}
	if !ok && t.refuses {
		return cpd.RequestStatus{}, fault.New(fault.Invalid, "Not like this.")
	}
	if !ok {
		if s.Replaces != "" {
			old, known := t.by[s.Replaces]
			if !known {
				return cpd.RequestStatus{}, fault.InvalidFields(fault.Field{Pointer: "/replaces", Reason: "is no request that you made"})
			}
			if old.status != "answered" {
				old.status = "withdrawn"
			}
		}
		r = &traRequest{Submission: s, status: "received"}
		t.by[s.ID], t.order = r, append(t.order, s.ID)
	}
	if t.deaf {
		return cpd.RequestStatus{}, errDown
	}
	return t.state(r), nil
}

func revealed(s cpd.Submission) []any {
	d := s.Details
	return []any{
		s.ID, s.Kind, s.Replaces, s.TRN.Reveal(), s.FirstName.Reveal(), s.LastName.Reveal(),
		d.FirstName.Reveal(), d.LastName.Reveal(), len(d.PreviousNames), d.DateOfBirth.Reveal(), d.NINO.Reveal(), d.TRN.Reveal(), d.Email.Reveal(),
	}
}

func (t *tra) state(r *traRequest) cpd.RequestStatus {
	return cpd.RequestStatus{Status: r.status, ExpectedBy: t.expects, Answer: r.answer, Question: r.question}
}

func (t *tra) Get(_ context.Context, _ cpd.Kind, id cpd.RequestID) (cpd.RequestStatus, error) {
	if t.down {
		return cpd.RequestStatus{}, errDown
	}
	r, ok := t.by[id]
	if !ok {
		return cpd.RequestStatus{}, fault.New(fault.NotFound, "No such request.")
	}
	return t.state(r), nil
}

func (t *tra) Reply(_ context.Context, id cpd.RequestID, number int64, in cpd.Reply) (cpd.RequestStatus, error) {
	if t.down {
		return cpd.RequestStatus{}, errDown
	}
	r, known := t.by[id]
	if !known {
		return cpd.RequestStatus{}, fault.New(fault.NotFound, "No such request.")
	}
	if r.question == nil || r.question.Number != number {
		return cpd.RequestStatus{}, fault.New(fault.Conflict, "It is over.")
	}
	r.question = nil
	t.replies = append(t.replies, in)
	return t.state(r), nil
}

func (t *tra) Withdraw(_ context.Context, _ cpd.Kind, id cpd.RequestID) error {
	if t.down {
		return errDown
	}
	r, ok := t.by[id]
	switch {
	case !ok:
		return fault.New(fault.NotFound, "No such request.")
	case r.status == "answered":
		return fault.New(fault.Conflict, "Answered.")
	}
	r.status = "withdrawn"
	return nil
}

func (t *tra) Answers(_ context.Context, after cpd.Cursor, limit int) ([]cpd.Answer, cpd.Cursor, error) {
	t.polls++
	if t.down {
		return nil, "", errDown
	}
	from, _ := strconv.Atoi(string(after))
	to := min(from+limit, len(t.feed))
	return slices.Clone(t.feed[from:to]), cpd.Cursor(strconv.Itoa(to)), nil
}

// decide releases an answer of the operator's.
func (t *tra) decide(id cpd.RequestID, outcome cpd.Outcome, found person.TRN, at time.Time) cpd.Answer {
	r := t.by[id]
	r.version++
	a := cpd.Answer{Request: id, Kind: r.Kind, Version: r.version, Outcome: outcome, TRN: found, AnsweredAt: at}
	if outcome == cpd.Failed {
		a.Reason, a.Note = "no_record", "No record fits."
	}
	r.status, r.answer = "answered", &a
	t.feed = append(t.feed, a)
	return a
}

// world is Manage CPD on a fresh database, between the two, on a clock that
// the test moves.
type world struct {
	*testing.T
	*cpd.Service
	store    *cpdsql.Store
	db       *sqldb.DB
	tra      *tra
	register *register
	now      time.Time
}

func newWorld(t *testing.T, db *sqldb.DB, o cpd.Options) *world {
	w := &world{T: t, db: db, store: cpdsql.NewStore(db, nil), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} // a Monday
	w.begin(o)
	return w
}

func (w *world) begin(o cpd.Options) {
	o.PublicURL = "https://cpd.example.org"
	w.tra = &tra{by: map[cpd.RequestID]*traRequest{}}
	w.register = &register{finds: map[string]person.TRN{}, alerts: map[person.TRN]bool{}, gone: map[person.TRN]bool{}, states: map[person.TRN]string{}}
	w.Service = cpd.New(w.store, w.tra, w.register, []byte("key"), func() time.Time { return w.now }, o)
}

func eachWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, cpd.Options{})
		test(w)
		w.holds()
	}, sqldb.TaskMigrations, cpdsql.Migrations)
}

// eachCase runs a test for each case on both databases, every time from nothing.
func eachCase[K ~string, C any](t *testing.T, cases map[K]C, test func(w *world, why K, c C)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for why, c := range cases {
			t.Run(string(why), func(t *testing.T) {
				w := newWorld(t, db, cpd.Options{})
				w.wipe()
				test(w, why, c)
				w.holds()
			})
		}
	}, sqldb.TaskMigrations, cpdsql.Migrations)
}

// tables are those of cpd, in an order in which they can be emptied.
var tables = []string{"tasks", "feed", "counters", "search_words", "messages", "events", "conflicts", "answers", "questions", "requests", "validation_data", "emails", "email_codes", "drafts", "upload_rows", "uploads", "invitations", "school_events", "tutors", "schools", "participants"}

func (w *world) wipe() {
	w.Helper()
	w.ok("wiping", w.db.InTx(w.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	}))
}

// exec changes the database behind the service's back.
func (w *world) exec(statement string) {
	w.Helper()
	w.ok(statement, w.db.InTx(w.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement)
		return err
	}))
}

// counted gives how many rows a table has.
func (w *world) counted(table string) (n int) {
	w.Helper()
	w.ok("counting", w.db.Reader().QueryRowContext(w.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n))
	return n
}

func (w *world) clock() time.Time { return w.now }

// holds checks what holds whatever happened.
func (w *world) holds() {
	w.Helper()
	w.mailsTellNothing()
	var wrong int // schools see what the participant as it stands says
	w.ok("looking at what schools see", w.db.Reader().QueryRowContext(context.WithoutCancel(w.Context()), `SELECT COUNT(*) FROM invitations i JOIN people p ON p.id = i.participant_id WHERE i.state <> CASE
		WHEN p.trn_status IN ('validated_automatically', 'validated_manually') THEN 'confirmed'
		WHEN p.trn_status IN ('awaiting_manual_validation', 'conflict') OR (p.trn_status = 'not_checked' AND p.withdrawn_at IS NULL AND p.holds_data) THEN 'being_checked'
		ELSE 'not_confirmed' END`).Scan(&wrong))
	if wrong > 0 {
		w.Errorf("schools see of %d people what is not so", wrong)
	}
}

// mailsTellNothing looks for what no mail may tell.
func (w *world) mailsTellNothing() {
	w.Helper()
	mails, _, err := w.Outbox(context.WithoutCancel(w.Context()), "", 200)
	if err != nil {
		w.Error(err)
	}
	for _, m := range mails {
		text := strings.ToLower(m.Subject + m.Body)
		for _, secret := range []string{"barr", "alert", "prohibit", "bloggs", "1984", "qq123456c", "0000001", "0000002", "9999999", "no_record", "no record"} {
			if strings.Contains(text, secret) {
				w.Errorf("a mail tells %q: %s", secret, m.Body)
			}
		}
	}
}

// pass moves the clock and does what is due then.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.now = w.now.Add(d)
	w.work()
}

func (w *world) work() {
	w.Helper()
	if err := w.WorkDue(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// Check is the service's, of somebody whose address is confirmed.
func (w *world) Check(ctx context.Context, d cpd.Details, from string) (cpd.CheckResult, error) {
	w.Helper()
	id := cpd.NewRegistrationID()
	w.ok("confirming", w.Confirm(ctx, id, d.Email))
	return w.Service.Check(ctx, id, d, from)
}

// Register is the service's, of somebody whose address is confirmed.
func (w *world) Register(ctx context.Context, id cpd.RegistrationID, d cpd.Details, from string) (cpd.Registered, error) {
	w.Helper()
	w.ok("confirming", w.Confirm(ctx, id, d.Email))
	return w.Service.Register(ctx, id, d, from)
}

// StandBy is the service's, of somebody whose address is confirmed.
func (w *world) StandBy(ctx context.Context, id cpd.RegistrationID, d cpd.Details, from string) (cpd.Registered, error) {
	w.Helper()
	w.ok("confirming", w.Confirm(ctx, id, d.Email))
	return w.Service.StandBy(ctx, id, d, from)
}

// standBy registers somebody whom the register does not find, and hands the
// request in.
func (w *world) standBy(first string) (cpd.ParticipantID, cpd.RequestID) {
	w.Helper()
	id := w.waiting(first)
	w.work()
	return id, w.last()
}

// waiting is standBy without handing the request in.
func (w *world) waiting(first string) cpd.ParticipantID {
	w.Helper()
	out, err := w.StandBy(w.Context(), cpd.NewRegistrationID(), details(first), here)
	if err != nil || out.Result != cpd.AwaitsManual {
		w.Fatalf("standing by: got %+v, %v", out, err)
	}
	return out.Participant
}

// matched registers somebody whom the register finds.
func (w *world) matched(first string, t person.TRN) cpd.ParticipantID {
	w.Helper()
	w.register.finds[first] = t
	out, err := w.Register(w.Context(), cpd.NewRegistrationID(), details(first), here)
	if err != nil || out.Result != cpd.Matched {
		w.Fatalf("registering: got %+v, %v", out, err)
	}
	return out.Participant
}

// last is the request that reached the TRA last.
func (w *world) last() cpd.RequestID {
	w.Helper()
	if len(w.tra.order) == 0 {
		w.Fatal("no request reached the TRA")
	}
	return w.tra.order[len(w.tra.order)-1]
}

func (w *world) answer(id cpd.RequestID, outcome cpd.Outcome, t person.TRN) {
	w.tra.decide(id, outcome, t, w.now)
}

func (w *world) story(id cpd.ParticipantID) cpd.Story {
	w.Helper()
	s, err := w.Participant(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *world) request(id cpd.RequestID) cpd.Request {
	w.Helper()
	r, err := w.store.Request(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// is checks the three axes of a participant.
func (w *world) is(id cpd.ParticipantID, status cpd.TRNStatus, t person.TRN, alert cpd.AlertStatus, held bool) cpd.Participant {
	w.Helper()
	p := w.story(id).Participant
	if p.TRNStatus != status || p.TRN != t || p.AlertStatus != alert || p.HoldsValidationData != held {
		w.Errorf("got %s, TRN %q, alert %s, data held %v, want %s, TRN %q, alert %s, data held %v",
			p.TRNStatus, p.TRN.Reveal(), p.AlertStatus, p.HoldsValidationData, status, t.Reveal(), alert, held)
	}
	return p
}

// history checks the last steps of a participant's history.
func (w *world) history(id cpd.ParticipantID, want ...cpd.What) {
	w.Helper()
	var got []cpd.What
	for _, e := range w.story(id).History {
		got = append(got, e.What)
	}
	if n := len(got) - len(want); n > 0 {
		got = got[n:]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("history ends (-want +got):\n%s", diff)
	}
}

// mails checks the subjects of the mails to a participant.
func (w *world) mails(id cpd.ParticipantID, want ...string) []cpd.Message {
	w.Helper()
	messages := w.story(id).Messages
	got := []string{}
	for _, m := range messages {
		got = append(got, m.Subject)
	}
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		w.Errorf("mails (-want +got):\n%s", diff)
	}
	return messages
}

// The subjects of the mails.
const (
	received    = "We have received your details"
	confirmed   = "We have confirmed your details"
	failedMail  = "Check your details and send them again"
	goOn        = "Continue your registration"
	needDetails = "Give us your details again"
	withdrawn   = "You have taken your details back"
)

// progress checks what the person is told.
func (w *world) progress(id cpd.ParticipantID, want cpd.PersonStatus) cpd.Progress {
	w.Helper()
	got, err := w.Progress(w.Context(), id)
	if err != nil || got.Status != want {
		w.Errorf("the person is told %q, %v, want %q", got.Status, err, want)
	}
	return got
}

// waits checks what waits, the longest first.
func (w *world) waits(want ...cpd.WaitingFor) []cpd.Waiting {
	w.Helper()
	list, _, err := w.Waiting(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	got := []cpd.WaitingFor{}
	for _, x := range list {
		got = append(got, x.What)
	}
	if diff := cmp.Diff(append([]cpd.WaitingFor{}, want...), got); diff != "" {
		w.Errorf("waiting (-want +got):\n%s", diff)
	}
	return list
}

func (w *world) wantKind(what string, err error, want fault.Kind) {
	w.Helper()
	if !fault.Is(err, want) {
		w.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func (w *world) ok(what string, err error) {
	w.Helper()
	if err != nil {
		w.Errorf("%s: %v", what, err)
	}
}

// unchanged checks that nothing happened to a participant since.
func (w *world) unchanged(id cpd.ParticipantID, since cpd.Story) {
	w.Helper()
	now := w.story(id)
	if len(now.Messages) != len(since.Messages) || now.Participant != since.Participant {
		w.Errorf("got %+v and %d mails, want as before: %+v and %d mails", now.Participant, len(now.Messages), since.Participant, len(since.Messages))
	}
	if diff := cmp.Diff(since.History, now.History); diff != "" {
		w.Errorf("history (-before +after):\n%s", diff)
	}
}

// breaks is a store on which a write fails.
type breaks struct {
	*cpdsql.Store
	at string // which
}

var errBroken = errors.New("broken")

func (b breaks) InTx(ctx context.Context, do func(context.Context, cpd.Tx) error) error {
	return b.Store.InTx(ctx, func(ctx context.Context, tx cpd.Tx) error { return do(ctx, breakingTx{tx, b.at}) })
}

type breakingTx struct {
	cpd.Tx
	at string
}

func (b breakingTx) AddMessage(ctx context.Context, m cpd.Message, secret cpd.Secret) error {
	if err := b.Tx.AddMessage(ctx, m, secret); err != nil || b.at != "message" {
		return err
	}
	return errBroken
}

func (b breakingTx) AddEvent(ctx context.Context, e cpd.Event) error {
	if err := b.Tx.AddEvent(ctx, e); err != nil || b.at != "event "+string(e.What) {
		return err
	}
	return errBroken
}

func (b breakingTx) Enqueue(ctx context.Context, kind cpd.TaskKind, subject string, due time.Time) error {
	if err := b.Tx.Enqueue(ctx, kind, subject, due); err != nil || b.at != "task "+string(kind) {
		return err
	}
	return errBroken
}
