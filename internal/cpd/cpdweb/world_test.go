package cpdweb_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"html"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/cpd/cpdweb"
	"traid/internal/fault"
	"traid/internal/govuk/govuktest"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")) // scs.New starts it for a store that is then replaced, and it cannot be stopped safely
}

const (
	adminEmail    = "admin@example.org"
	webhookSecret = "whsec_dHJhaWQgdGVzdCBzZWNyZXQgb2YgMzIgYnl0ZXMh"
)

// planted are what the sample people type; none may stand in an address, a
// title or a log.
var planted = []string{"Zephyrine", "Quillfeather", "Marchbanks", "8400123", "QQ123456C", "QQ 12 34 56 C", "1984", "zephyrine@example.com", "zephyrine%40example.com"}

// register is a hand-written register.
type register struct {
	mu    sync.Mutex
	trns  map[string]person.TRN // by first name
	alert bool
	down  bool
}

func (r *register) Find(_ context.Context, d cpd.Details) (cpd.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return cpd.Finding{}, fault.New(fault.Unavailable, "The register does not answer.")
	}
	trn, ok := r.trns[d.FirstName.Reveal()]
	return cpd.Finding{Match: ok, TRN: trn}, nil
}

func (r *register) OpenAlert(context.Context, person.TRN) (cpd.AlertSeen, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cpd.AlertSeen{Open: r.alert}, nil
}

// tra is a hand-written TRA API.
type tra struct {
	mu       sync.Mutex
	asked    []cpd.Submission
	answers  []cpd.Answer
	down     bool
	question *cpd.Question // what every request is asked
	replies  []cpd.Reply
}

var errDown = fault.New(fault.Unavailable, "The TRA does not answer.")

func (t *tra) Submit(_ context.Context, s cpd.Submission) (cpd.RequestStatus, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return cpd.RequestStatus{}, errDown
	}
	t.asked = append(t.asked, s)
	return cpd.RequestStatus{Status: "received"}, nil
}

func (t *tra) Get(context.Context, cpd.Kind, cpd.RequestID) (cpd.RequestStatus, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return cpd.RequestStatus{Status: "in_progress", Question: t.question}, nil
}

func (t *tra) Reply(_ context.Context, id cpd.RequestID, _ int64, in cpd.Reply) (cpd.RequestStatus, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.question = nil
	t.replies = append(t.replies, in)
	return cpd.RequestStatus{Status: "in_progress"}, nil
}

func (t *tra) Withdraw(context.Context, cpd.Kind, cpd.RequestID) error { return nil }

func (t *tra) Answers(_ context.Context, after cpd.Cursor, _ int) ([]cpd.Answer, cpd.Cursor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return nil, "", errDown
	}
	n, _ := strconv.Atoi(string(after))
	return slices.Clone(t.answers[n:]), cpd.Cursor(strconv.Itoa(len(t.answers))), nil
}

// asks has the TRA ask about every request, and the next poll hear it.
func (w *world) asks(q cpd.Question) {
	w.t.Helper()
	w.work() // it has reached the TRA
	q.AskedAt, q.EndsAt = w.clock(), w.clock().Add(21*24*time.Hour)
	w.tra.mu.Lock()
	w.tra.question = &q
	w.tra.mu.Unlock()
	w.move(25 * time.Hour)
	w.work()
}

// world is the service with its pages, on a clock that the test moves.
type world struct {
	t        testing.TB
	svc      *cpd.Service
	pages    *cpdweb.Pages
	accounts *access.Store
	db       *sqldb.DB
	register *register
	tra      *tra
	server   *httptest.Server
	log      *lockedBuffer
	polls    chan struct{}
	album    *govuktest.Album // nil: nobody looks at the pages

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, sqldbtest.OpenSQLite(t, "cpd", sets...))
}

// sets are the tables that a world stands on.
var sets = []sqldb.Set{sqldb.TaskMigrations, access.Migrations, cpdsql.Migrations}

func newWorldOn(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), log: &lockedBuffer{}, polls: make(chan struct{}, 10),
		register: &register{trns: map[string]person.TRN{}}, tra: &tra{}, db: db,
	}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.accounts = access.New(w.db, w.clock)
	w.server = httptest.NewUnstartedServer(nil)
	w.server.Start()
	w.svc = cpd.New(cpdsql.NewStore(w.db, nil), w.tra, w.register, []byte("a key of this test"), w.clock, cpd.Options{PublicURL: w.server.URL, Logger: logger})
	w.serve(cpdweb.Options{Logger: logger})
	t.Cleanup(func() {
		w.server.Close()
		for _, value := range planted {
			if value == "1984" { // may stand in a duration or an id
				value = "1984-02-17"
			}
			if strings.Contains(w.log.String(), value) {
				t.Errorf("the log holds %q", value)
			}
		}
	})
	return w
}

// serve serves the pages with these options and the world's own.
func (w *world) serve(o cpdweb.Options) {
	w.t.Helper()
	o.Sessions, o.Accounts = access.NewSessions(w.accounts, "cpd_session", false), w.accounts
	o.SignInCommand, o.WebhookSecrets, o.Poll, o.Now = "traid operator add", []string{webhookSecret}, func() { w.polls <- struct{}{} }, w.clock
	w.pages = cpdweb.New(w.svc, o)
	mux := http.NewServeMux()
	w.pages.Mount(mux)
	h, err := httpd.Site(mux, httpd.SiteOptions{Service: "cpd", Logger: o.Logger, Wrap: access.LoadAndSave(o.Sessions), ErrorPage: w.pages.ErrorPage})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server.Config.Handler = h
}

// demonstration serves the pages as in a demonstration.
func (w *world) demonstration() { w.serve(cpdweb.Options{OpenOutbox: true}) }

// work does everything that is due.
func (w *world) work() {
	w.t.Helper()
	if err := w.svc.WorkDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// exec changes the database behind the service's back.
func (w *world) exec(statement string) {
	w.t.Helper()
	err := w.db.InTx(w.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// participants gives everybody.
func (w *world) participants() []cpd.Participant {
	w.t.Helper()
	page, err := w.svc.Participants(w.t.Context(), cpd.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Participants
}

// link gives the newest link that was mailed.
func (w *world) link() string {
	w.t.Helper()
	messages, _, err := w.svc.Outbox(w.t.Context(), "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Link != "" {
			return strings.TrimPrefix(m.Link, w.server.URL)
		}
	}
	w.t.Fatal("no link was mailed")
	return ""
}

// linkTo gives the newest link that was mailed to an address.
func (w *world) linkTo(to string) string {
	w.t.Helper()
	messages, _, err := w.svc.Outbox(w.t.Context(), "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range messages {
		if m.To == to && m.Link != "" {
			return strings.TrimPrefix(m.Link, w.server.URL)
		}
	}
	w.t.Fatalf("no link was mailed to %s", to)
	return ""
}

// mailed counts the mails.
func (w *world) mailed() int {
	w.t.Helper()
	messages, _, err := w.svc.Outbox(w.t.Context(), "", 200)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(messages)
}

// code gives the newest code that was mailed to an address.
func (w *world) code(to string) string {
	w.t.Helper()
	messages, _, err := w.svc.Outbox(w.t.Context(), "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range messages {
		if m.To == to && m.Code != "" {
			return m.Code
		}
	}
	w.t.Fatal("no code was mailed")
	return ""
}

// answer makes the TRA answer the newest request, and polls.
func (w *world) answer(a cpd.Answer) {
	w.t.Helper()
	w.work()
	last := w.tra.asked[len(w.tra.asked)-1]
	a.Request, a.Kind, a.AnsweredAt = last.ID, last.Kind, w.clock()
	if a.Version == 0 {
		a.Version = 1
	}
	w.tra.answers = append(w.tra.answers, a)
	if err := w.svc.Poll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

// browser is somebody's, with their cookies.
type browser struct {
	*world
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &browser{w, &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is what a browser shows.
type page struct {
	t      testing.TB
	Method string
	Status int
	Path   string // where the redirects led
	Body   string
	Header http.Header
}

func (p page) answer() govuktest.Answer {
	return govuktest.Answer{Method: p.Method, Path: p.Path, Status: p.Status, Header: p.Header, Body: p.Body}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	return b.follow(b.send(http.MethodGet, path, nil))
}

// post sends a form of names and values in turn, and follows where it leads.
func (b *browser) post(path string, form ...string) page {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return b.follow(b.send(http.MethodPost, path, values))
}

// upload sends a form with a file, and follows where it leads.
func (b *browser) upload(path, content string) page {
	b.t.Helper()
	return b.follow(b.sendFile(path, content))
}

func (b *browser) sendFile(path, content string) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "people.csv")
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = io.WriteString(part, content) // into memory
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.sendBody(http.MethodPost, path, form.FormDataContentType(), &body)
}

func (b *browser) send(method, path string, form url.Values) page {
	b.t.Helper()
	kind := ""
	if form != nil || method == http.MethodPost {
		kind = "application/x-www-form-urlencoded"
	}
	return b.sendBody(method, path, kind, strings.NewReader(form.Encode()))
}

func (b *browser) sendBody(method, path, kind string, content io.Reader) page {
	b.t.Helper()
	return b.sendWith(method, path, kind, content, nil)
}

func (b *browser) sendWith(method, path, kind string, content io.Reader, header http.Header) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	p := page{b.t, method, res.StatusCode, path, string(body), res.Header}
	p.check()
	if b.album != nil {
		b.album.Saw(p.answer())
	}
	return p
}

func (b *browser) follow(p page) page {
	b.t.Helper()
	for range 10 {
		if p.Status < 300 || p.Status > 399 {
			return p
		}
		if p.Status != http.StatusSeeOther {
			b.t.Errorf("%s: status %d, want 303", p.Path, p.Status)
		}
		p = b.send(http.MethodGet, p.Header.Get("Location"), nil)
	}
	b.t.Fatalf("%s: redirects without end", p.Path)
	return p
}

var (
	tags       = regexp.MustCompile(`<[^>]*>`)
	spaces     = regexp.MustCompile(`\s+`)
	titles     = regexp.MustCompile(`(?s)<title>(.*?)</title>`)
	idAttr     = regexp.MustCompile(`\sid="([^"]*)"`)
	references = regexp.MustCompile(`(?:aria-describedby|aria-labelledby|for|href)="(#?[^"]*)"`)
	inline     = regexp.MustCompile(`(?i)\sstyle="|\son[a-z]+="|<style|<script[^>]*>[^<]`)
	links      = regexp.MustCompile(`(?:href|action)="([^"]*)"`)
	uuids      = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`) // drawn at random: they may hold any four digits
)

// check holds every page to what all pages promise.
func (p page) check() {
	p.t.Helper()
	for _, value := range planted {
		if strings.Contains(uuids.ReplaceAllString(p.Path+" "+p.Header.Get("Location"), ""), value) {
			p.t.Errorf("an address holds %q: %s %s", value, p.Path, p.Header.Get("Location"))
		}
	}
	if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") || strings.HasPrefix(p.Path, "/assets/") {
		return
	}
	for _, found := range append(titles.FindAllString(p.Body, -1), links.FindAllString(p.Body, -1)...) {
		for _, value := range planted {
			if strings.Contains(uuids.ReplaceAllString(found, ""), value) && !strings.Contains(found, "/continue/") {
				p.t.Errorf("%s: %s holds %q", p.Path, found, value)
			}
		}
	}
	if p.Header.Get("Cache-Control") != "no-store" {
		p.t.Errorf("%s may be kept: Cache-Control %q", p.Path, p.Header.Get("Cache-Control"))
	}
	if p.Status >= 300 && p.Status < 400 {
		return
	}
	if n := strings.Count(p.Body, "<h1"); n != 1 {
		p.t.Errorf("%s has %d first headings", p.Path, n)
	}
	if found := inline.FindString(p.Body); found != "" {
		p.t.Errorf("%s has something inline: %s", p.Path, found)
	}
	ids := map[string]bool{}
	for _, m := range idAttr.FindAllStringSubmatch(p.Body, -1) {
		if ids[m[1]] {
			p.t.Errorf("%s has the id %q twice", p.Path, m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range references.FindAllStringSubmatch(p.Body, -1) {
		if strings.HasPrefix(m[0], "href") && !strings.HasPrefix(m[1], "#") {
			continue
		}
		for id := range strings.FieldsSeq(strings.TrimPrefix(m[1], "#")) {
			if !ids[id] {
				p.t.Errorf("%s points to the id %q, which is not there", p.Path, id)
			}
		}
	}
}

// text gives what the page says.
func (p page) text() string {
	return strings.TrimSpace(html.UnescapeString(spaces.ReplaceAllString(tags.ReplaceAllString(p.Body, " "), " ")))
}

func (p page) title() string {
	return html.UnescapeString(titles.FindStringSubmatch(p.Body)[1])
}

// at fails unless the page is at the path with status 200.
func (p page) at(path string) page {
	p.t.Helper()
	return p.is(path, http.StatusOK)
}

func (p page) is(path string, status int) page {
	p.t.Helper()
	if p.Path != path || p.Status != status {
		p.t.Fatalf("at %s with status %d, want %s with %d: %s", p.Path, p.Status, path, status, p.text())
	}
	return p
}

func (p page) says(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text(), text) {
			p.t.Errorf("%s does not say %q: %s", p.Path, text, p.text())
		}
	}
	return p
}

func (p page) silent(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.Body, text) {
			p.t.Errorf("%s says %q", p.Path, text)
		}
	}
	return p
}

// sample is what somebody types.
type sample struct{ First, Last, Email, TRN, NINO string }

var zephyrine = sample{First: "Zephyrine", Last: "Quillfeather", Email: "zephyrine@example.com", TRN: "8400123"}

// begins begins to register and confirms the address, and ends at the first question.
func (b *browser) begins(email string) page {
	b.t.Helper()
	b.post("/start").at("/email")
	b.post("/email", "email", email).at("/email-code")
	return b.post("/email-code", "code", b.code(email)).at("/name")
}

// fillIn answers every question, and ends at all answers.
func (b *browser) fillIn(s sample) page {
	b.t.Helper()
	b.get("/").at("/")
	b.begins(s.Email)
	b.post("/name", "first-name", s.First, "last-name", s.Last).at("/changed-name")
	b.post("/changed-name", "changed-name", "no").at("/date-of-birth")
	b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984").at("/trn")
	if s.TRN != "" {
		return b.post("/trn", "has-trn", "yes", "trn", s.TRN).at("/check-your-answers")
	}
	b.post("/trn", "has-trn", "no").at("/without-trn")
	b.get("/national-insurance-number").at("/national-insurance-number")
	if s.NINO != "" {
		return b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", s.NINO).at("/check-your-answers")
	}
	return b.post("/national-insurance-number", "has-national-insurance-number", "no").at("/check-your-answers")
}

// handsIn hands in details that match nobody, without a browser.
func (w *world) handsIn(d cpd.Details) {
	w.t.Helper()
	ctx, id := w.t.Context(), cpd.NewRegistrationID()
	if err := w.svc.SendCode(ctx, id, d.Email, ""); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.svc.ConfirmEmail(ctx, id, d.Email, w.code(d.Email.Reveal())); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.svc.StandBy(ctx, id, d, ""); err != nil {
		w.t.Fatal(err)
	}
}

// standsBy hands in what matches nobody.
func (b *browser) standsBy(s sample) page {
	b.t.Helper()
	b.fillIn(s)
	b.post("/check-your-answers").at("/check-your-details")
	return b.post("/check-your-details").at("/progress")
}

// administrator signs in.
func (w *world) administrator() *browser {
	w.t.Helper()
	token, err := w.accounts.AddAccount(w.t.Context(), adminEmail, []string{cpdweb.Administrator})
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser()
	b.post("/sign-in/" + token).at("/admin/participants")
	return b
}

// tutor signs in a tutor of a school of their own.
func (w *world) tutor(email string, school cpd.School) *browser {
	w.t.Helper()
	ctx := w.t.Context()
	if err := errors.Join(w.svc.PutSchool(ctx, school), w.svc.PutTutor(ctx, email, school.URN)); err != nil {
		w.t.Fatal(err)
	}
	token, err := w.accounts.AddAccount(ctx, email, []string{cpdweb.Tutor})
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser()
	b.post("/sign-in/" + token).at("/school/people")
	return b
}

func (w *world) knows(first, trn string) {
	w.t.Helper()
	n, err := person.NewTRN(trn)
	if err != nil {
		w.t.Fatal(err)
	}
	w.register.trns[first] = n
}

var referenceShape = regexp.MustCompile(`CPD-[0-9A-Z]{4}-[0-9A-Z]{3}`)

func (p page) reference() string {
	p.t.Helper()
	r := referenceShape.FindString(p.Body)
	if r == "" {
		p.t.Fatalf("%s has no reference: %s", p.Path, p.text())
	}
	return r
}
