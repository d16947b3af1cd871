package drills

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/desksql"
	"traid/internal/dqt"
	"traid/internal/dqt/dqtapi"
	"traid/internal/dqt/dqtsql"
	"traid/internal/httpd"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/wire/dqtv1"
	"traid/internal/wire/trav1"
	"traid/internal/zendesk"
)

// atOnce is how many drills run at once: they wait far more than they work.
const atOnce = "32"

// built is the program and, filled, a data folder: both made once.
var built struct{ program, data, token, link string }

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "traid-drills-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.program, built.data = filepath.Join(dir, "traid"), filepath.Join(dir, "data")
	build := exec.Command("go", "build", "-o", built.program, "traid/cmd/traid")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	if built.token, built.link, err = admit([]string{"TRAID_DATA=" + built.data}); err == nil {
		err = flag.Set("test.parallel", atOnce)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// command runs a command of the program and gives what it prints.
func command(env []string, args ...string) (string, error) {
	cmd := exec.Command(built.program, args...)
	cmd.Env = env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("traid %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// admit lets a client and an operator in, and gives the client's token and the
// path of the operator's sign-in link.
func admit(env []string) (token, link string, err error) {
	if token, err = command(env, "token", "create", "tra", client, "--scopes", trav1.ScopeRequests); err != nil {
		return "", "", err
	}
	if link, err = command(env, "operator", "add", "olive@example.org", "--roles", "operator"); err != nil {
		return "", "", err
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", "", err
	}
	return token, u.Path, nil
}

const client = "drill"

// filled is the client's token and the operator's link in the PostgreSQL
// database that others are copies of; whoever has a copy may read it.
var filled struct{ token, link string }

// world is a helpdesk, a register, a database, and whoever takes part.
type world struct {
	*testing.T
	database string
	env      []string // of every child
	token    string
	link     string
	desk     http.Handler
	register http.Handler
	agent    *zendesk.Client
	agnes    zendesk.User
	fields   map[string]zendesk.Field
	browser  *http.Client // the operator's
	children []*child
}

// Zofia Marchbank's record, which the register can find by no rule in her claim.
const (
	zofia  = "0612345"
	record = "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts\n" +
		zofia + ",active,Zofia,,Marchbank,,1984-02-17,,,,\n"
)

func newWorld(t *testing.T, database string) *world {
	t.Helper()
	w := &world{T: t, database: database, fields: map[string]zendesk.Field{}}
	w.env = []string{
		"TRAID_TRA_ADDR=127.0.0.1:0", "TRAID_PUBLIC_TRA_URL=http://console.example", "TRAID_WEBHOOK_SECRET=whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret that every child has")),
		"TRAID_TRA_HASH_KEY=the key of every child", "TRAID_SWEEP_EVERY=2s", "TRAID_RELEASE_AFTER=2s",
	}
	switch database {
	case "sqlite":
		data := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(data, os.DirFS(built.data)); err != nil {
			t.Fatal(err)
		}
		w.env, w.token, w.link = append(w.env, "TRAID_DATA="+data), built.token, built.link
	case "postgres":
		at := sqldbtest.PostgresCopy(t, "drills", func(url string) (err error) {
			env := []string{"TRAID_DATABASE_URL=" + url}
			if _, err = command(env, "migrate"); err == nil {
				filled.token, filled.link, err = admit(env)
			}
			return err
		})
		w.env, w.token, w.link = append(w.env, "TRAID_DATABASE_URL="+at), filled.token, filled.link
	}
	w.openDesk()
	w.openRegister()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.browser = &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

// openDesk opens the helpdesk: the one that traid brings along.
func (w *world) openDesk() {
	w.Helper()
	db := sqldbtest.OpenSQLite(w, "desk", access.Migrations, desksql.Migrations)
	tokens := access.New(db, time.Now)
	svc := desk.NewService(desksql.NewStore(db, nil), desk.Options{ExportDelay: time.Second})
	w.ok(svc.Seed(w.Context()))
	server := httptest.NewUnstartedServer(nil)
	mux := http.NewServeMux()
	deskapi.Mount(mux, svc, tokens, deskapi.Options{PublicURL: "http://" + server.Listener.Addr().String()})
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "desk", LenientOrigin: true})
	w.ok(err)
	w.desk, server.Config.Handler = site, site
	server.Start()
	w.Cleanup(server.Close)
	token := func(who string) string {
		secret, err := tokens.CreateToken(w.Context(), who, []string{"agent"}, time.Hour)
		w.ok(err)
		return secret
	}
	w.env = append(w.env, "TRAID_ZENDESK_TOKEN="+token("tra-api"))
	w.agent = zendesk.New(zendesk.Options{BaseURL: server.URL, Token: token("agnes")})
	w.agnes, err = w.agent.Me(w.Context())
	w.ok(err)
	fields, err := w.agent.Fields(w.Context())
	w.ok(err)
	for _, f := range fields {
		w.fields[f.Title] = f
	}
}

// openRegister opens the register with one record.
func (w *world) openRegister() {
	w.Helper()
	db := sqldbtest.OpenSQLite(w, "dqt", access.Migrations, dqtsql.Migrations)
	tokens := access.New(db, time.Now)
	svc := dqt.NewService(dqtsql.NewStore(db), dqt.Options{})
	if report, err := svc.Import(w.Context(), strings.NewReader(record), dqt.ImportOptions{}); err != nil || report.New != 1 {
		w.Fatalf("import: %+v, %v", report, err)
	}
	mux := http.NewServeMux()
	dqtapi.Mount(httpd.NewAPI(mux, httpd.APIOptions{Title: "register", Version: "1", Auth: tokens}), svc)
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "dqt"})
	w.ok(err)
	w.register = site
	token, err := tokens.CreateToken(w.Context(), "tra-api", []string{dqtv1.ScopeIdentify, dqtv1.ScopeAlerts, dqtv1.ScopeSearch}, time.Hour)
	w.ok(err)
	w.env = append(w.env, "TRAID_TRA_DQT_TOKEN="+token)
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// patience is how long a drill waits for what has to come: longer than the
// longest wait that the program takes after a failure or a crash.
const patience = 4 * time.Minute

// until waits for a condition, looking again and again.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-ctx.Done():
			w.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// child is a process of the program, with proxies of its own before the
// helpdesk and the register. They stay when it is started again.
type child struct {
	w        *world
	desk     *proxy
	register *proxy
	cmd      *exec.Cmd
	url      string
	said     *lines
	ended    chan struct{} // closed when the process is gone
	killed   bool
}

// start starts a process of the TRA API.
func (w *world) start() *child {
	w.Helper()
	c := &child{w: w, desk: newProxy(w.T, w.desk), register: newProxy(w.T, w.register)}
	c.start()
	w.Cleanup(c.stop)
	w.children = append(w.children, c)
	return c
}

var servingLine = regexp.MustCompile(`msg=serving service=tra address=(\S+)`)

func (c *child) start() {
	c.w.Helper()
	c.cmd = exec.Command(built.program, "serve", "--roles", "tra")
	c.cmd.Env = append([]string{"TRAID_ZENDESK_URL=" + c.desk.URL, "TRAID_DQT_URL=" + c.register.URL}, c.w.env...)
	stderr, err := c.cmd.StderrPipe()
	c.w.ok(err)
	c.w.ok(c.cmd.Start())
	c.said, c.ended, c.killed = &lines{}, make(chan struct{}), false
	address := make(chan string, 1)
	go func(said *lines, ended chan struct{}, cmd *exec.Cmd) {
		for in := bufio.NewScanner(stderr); in.Scan(); {
			said.add(in.Text())
			if at := servingLine.FindStringSubmatch(in.Text()); at != nil {
				address <- "http://" + at[1]
			}
		}
		_ = cmd.Wait()
		close(ended)
	}(c.said, c.ended, c.cmd)
	select {
	case c.url = <-address:
	case <-c.ended:
		c.w.Fatalf("it did not start: %s", c.said)
	}
}

// kill ends the process as a power cut does.
func (c *child) kill() {
	c.killed = true
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// dead tells whether the process has ended.
func (c *child) dead() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// stop ends the process as an operator does.
func (c *child) stop() {
	if !c.killed {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		<-c.ended
		if code := c.cmd.ProcessState.ExitCode(); code != 0 {
			c.w.Errorf("asked to end, it exits with %d", code)
		}
	}
	if c.w.Failed() {
		c.w.Logf("the process said:\n%s", c.said)
	}
}

// lines is what a process said.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

// client calls the process's API as the client.
func (c *child) client() *trav1.Client {
	return trav1.NewClient(httpd.ClientOptions{BaseURL: c.url, Token: c.w.token})
}

// asks hands in a request about Zofia Marchbank; the same again changes nothing.
func (c *child) asks(id string) error {
	_, err := c.client().PutTRNValidation(c.w.Context(), id, trav1.TRNValidationRequest{
		FirstName: "Zofia", LastName: "Marchbank", DateOfBirth: "1984-02-17",
	})
	return err
}

// status is what the client is told of a request by the list of its own, which
// makes nobody look anywhere.
func (c *child) status(id string) string {
	c.w.Helper()
	list, err := c.client().Requests(c.w.Context(), "", "", 0)
	c.w.ok(err)
	for _, r := range list.Requests {
		if r.ID == id {
			return r.Status
		}
	}
	c.w.Fatal("the request is not in the client's list")
	return ""
}

func (c *child) untilStatus(id, status string) {
	c.w.Helper()
	c.w.until("the request is "+status, func() bool { return c.status(id) == status })
}

var revision = regexp.MustCompile(`name="revision" value="(\d+)"`)

// decides has the operator decide for Zofia's record on the case's page.
func (c *child) decides(id string) error {
	at := c.url + "/cases/" + id
	page, _, err := c.sends(http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	found := revision.FindStringSubmatch(page)
	if found == nil {
		return errors.New("the case's page has no revision")
	}
	_, status, err := c.sends(http.MethodPost, at+"/check/confirm", url.Values{"trn": {zofia}, "revision": {found[1]}})
	if err == nil && status != http.StatusSeeOther {
		err = fmt.Errorf("the decision is answered with %d", status)
	}
	return err
}

// signsIn has the operator sign in by their link.
func (c *child) signsIn() {
	c.w.Helper()
	if _, status, err := c.sends(http.MethodPost, c.url+c.w.link, nil); err != nil || status != http.StatusSeeOther {
		c.w.Fatalf("signing in is answered with %d, %v", status, err)
	}
}

// sends is one request of the operator's browser.
func (c *child) sends(method, to string, form url.Values) (page string, status int, err error) {
	req, err := http.NewRequestWithContext(c.w.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.w.browser.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return string(raw), res.StatusCode, err
}

// solves has an agent answer on the ticket.
func (w *world) solves(id string) {
	w.Helper()
	u := zendesk.TicketUpdate{Status: zendesk.StatusSolved, AssigneeID: w.agnes.ID, Fields: []zendesk.FieldValue{{ID: w.fields["TRN"].ID, Value: zofia}}}
	for _, o := range w.fields["Outcome"].Options {
		if o.Name == trav1.TRNFound {
			u.Fields = append(u.Fields, zendesk.FieldValue{ID: w.fields["Outcome"].ID, Value: o.Value})
		}
	}
	_, err := w.agent.UpdateTicket(w.Context(), w.ticket(id).ID, u)
	w.ok(err)
}

// ticket gives the only ticket of a request.
func (w *world) ticket(id string) zendesk.Ticket {
	w.Helper()
	tickets, err := w.agent.TicketsByExternalID(w.Context(), id)
	w.ok(err)
	if len(tickets) != 1 {
		w.Fatalf("the request has %d tickets; want 1", len(tickets))
	}
	return tickets[0]
}

// ends waits until the requests are answered, and for further sweeps to pass,
// and looks at what is left of each: one ticket, asked for once, solved, with the
// notes that belong there, and one answer, of version 1.
func (c *child) ends(after string, notes int, ids ...string) {
	c.w.Helper()
	began := time.Now()
	for _, id := range ids {
		c.untilStatus(id, trav1.Answered)
	}
	took := time.Since(began)
	swept := c.desk.count(export)
	c.w.until("two more sweeps are over", func() bool { return c.desk.count(export) >= swept+3 })
	feed, err := c.client().Answers(c.w.Context(), "", 0)
	c.w.ok(err)
	asked, tickets, noted := 0, 0, 0
	for _, each := range c.w.children {
		asked += each.desk.count(creation)
	}
	if asked != len(ids) {
		c.w.Errorf("the helpdesk took %d requests for %d tickets", asked, len(ids))
	}
	for _, id := range ids {
		versions := 0
		for _, a := range feed.Answers {
			if a.ID != id {
				continue
			}
			if versions++; a.Version != 1 || a.TRN == nil || *a.TRN != zofia {
				c.w.Errorf("the answer is of version %d, %s", a.Version, a.Outcome)
			}
		}
		if versions != 1 {
			c.w.Errorf("the request has %d answers; want 1", versions)
		}
		t := c.w.ticket(id)
		comments, err := c.w.agent.Comments(c.w.Context(), t.ID)
		c.w.ok(err)
		if t.Status != zendesk.StatusSolved || len(comments) != 1+notes {
			c.w.Errorf("the ticket is %s with %d comments; want solved with %d", t.Status, len(comments), 1+notes)
		}
		for _, each := range comments {
			if each.Public {
				c.w.Error("a comment on the ticket is public")
			}
		}
		tickets, noted = tickets+1, noted+len(comments)-1
	}
	c.w.Logf("%s: %s; answered within %s. Requests %d, tickets %d, notes %d, answers %d.",
		c.w.database, after, took.Round(time.Second), len(ids), tickets, noted, len(feed.Answers))
}
