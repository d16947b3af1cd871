package deskapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	"traid/internal/httpd"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// clock is a clock that the test moves.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	step time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.step)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// run has the clock go on by a second with every look at it, until stop.
func (c *clock) run() (stop func()) {
	set := func(step time.Duration) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.step = step
	}
	set(time.Second)
	return func() { set(0) }
}

// rig is a desk served over HTTP.
type rig struct {
	t      *testing.T
	db     *sqldb.DB
	svc    *desk.Service
	access *access.Store
	clock  *clock
	url    string
	token  string
	fields map[string]deskField // by title
}

type deskField struct {
	ID      int64
	options map[string]string // values by names
}

func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	eachWith(t, desk.Options{}, deskapi.Options{PerMinute: 100_000}, test)
}

func eachWith(t *testing.T, o desk.Options, ao deskapi.Options, test func(t *testing.T, r *rig)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { eachOn(t, db, o, ao, test) }, access.Migrations, sqldb.TaskMigrations, desksql.Migrations)
}

// eachOn runs test on a desk in a database, which may have been one before.
func eachOn(t *testing.T, db *sqldb.DB, o desk.Options, ao deskapi.Options, test func(t *testing.T, r *rig)) {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	o.Now, ao.Now = c.now, c.now
	r := &rig{t: t, db: db, svc: desk.NewService(desksql.NewStore(db, nil), o), access: access.New(db, c.now), clock: c, fields: map[string]deskField{}}
	if err := r.svc.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	ao.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	mux := http.NewServeMux()
	srv := httptest.NewUnstartedServer(nil)
	ao.PublicURL = "http://" + srv.Listener.Addr().String()
	deskapi.Mount(mux, r.svc, r.access, ao)
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "desk", LenientOrigin: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = site
	srv.Start()
	t.Cleanup(srv.Close)
	r.url, r.token = srv.URL, r.newToken("tra", deskapi.Scope)
	for _, f := range r.get("/ticket_fields").body["ticket_fields"].([]any) {
		f := f.(map[string]any)
		if f["removable"] == false { // a ticket's own attribute
			continue
		}
		field := deskField{ID: id(f["id"]), options: map[string]string{}}
		options, _ := f["custom_field_options"].([]any)
		for _, o := range options {
			o := o.(map[string]any)
			field.options[o["name"].(string)] = o["value"].(string)
		}
		r.fields[f["title"].(string)] = field
	}
	test(t, r)
}

func (r *rig) newToken(client string, scopes ...string) string {
	r.t.Helper()
	token, err := r.access.CreateToken(r.t.Context(), client, scopes, 1000*time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// as is the same desk for another client.
func (r *rig) as(client string) *rig {
	other := *r
	other.token = r.newToken(client, deskapi.Scope)
	return &other
}

// answer is what the desk answered.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send sends a request; body is JSON text, header is "Name: value" lines.
func (r *rig) send(method, path, body string, header ...string) answer {
	r.t.Helper()
	a, err := r.try(method, path, body, header...)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func (r *rig) try(method, path, body string, header ...string) (answer, error) {
	if strings.HasPrefix(path, "/") {
		path = r.url + "/api/v2" + path
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "desk-test/1")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{t: r.t, status: res.StatusCode, header: res.Header, raw: string(raw)}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	_ = dec.Decode(&a.body) // an answer without JSON has none
	return a, nil
}

func (r *rig) get(path string) answer { r.t.Helper(); return r.send("GET", path, "").want(200) }

// make creates a ticket with further members, and gives its id.
func (r *rig) make(members string) int64 {
	r.t.Helper()
	return id(r.send("POST", "/tickets", `{"ticket":{"subject":"S","comment":{"body":"B","public":false}`+members+`}}`).want(201).ticket()["id"])
}

func (r *rig) put(ticket int64, members string) answer {
	r.t.Helper()
	return r.send("PUT", fmt.Sprintf("/tickets/%d", ticket), `{"ticket":{`+members+`}}`)
}

func (r *rig) show(ticket int64) map[string]any {
	r.t.Helper()
	return r.get(fmt.Sprintf("/tickets/%d", ticket)).ticket()
}

func (r *rig) me() int64 {
	r.t.Helper()
	return id(r.get("/users/me").body["user"].(map[string]any)["id"])
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// refused wants an error by its name, and a text in the answer.
func (a answer) refused(status int, name, text string) answer {
	a.t.Helper()
	a.want(status)
	if a.body["error"] != name || !strings.Contains(a.raw, text) {
		a.t.Errorf("refused with %s, want the error %q and %q in it", a.raw, name, text)
	}
	return a
}

func (a answer) ticket() map[string]any {
	a.t.Helper()
	t, ok := a.body["ticket"].(map[string]any)
	if !ok {
		a.t.Fatalf("no ticket in %s", a.raw)
	}
	return t
}

func id(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return i
}

// value gives what a custom field of a ticket holds.
func (r *rig) value(ticket map[string]any, title string) any {
	r.t.Helper()
	for _, f := range ticket["custom_fields"].([]any) {
		if f := f.(map[string]any); id(f["id"]) == r.fields[title].ID {
			return f["value"]
		}
	}
	r.t.Fatalf("no field %q", title)
	return nil
}

func TestATicketIsMadeShownChangedAndItsAuditsTellWho(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.send("POST", "/tickets.json", `{"ticket":{"subject":"S","external_id":"ext-1","comment":{"body":"one\n\ntwo <b>"}}}`).want(201)
		ticket := id(made.ticket()["id"])
		if got, want := made.header.Get("Location"), made.ticket()["url"]; got != want {
			t.Errorf("Location %q, url %q", got, want)
		}
		if r.send("GET", made.header.Get("Location"), "").want(200).ticket()["external_id"] != "ext-1" {
			t.Error("the url of the ticket does not lead to it")
		}
		trn := r.fields["TRN"].ID
		operator := r.as("operator@example.org")
		r.clock.move(time.Minute)
		operator.put(ticket, fmt.Sprintf(`"custom_fields":[{"id":%d,"value":"1234567"}],"metadata":{"op_id":"op-1"},"status":"open"`, trn)).want(200)
		r.clock.move(time.Minute)
		r.put(ticket, fmt.Sprintf(`"custom_fields":[{"id":%d,"value":"7654321"}]`, trn)).want(200)

		audits := r.get(fmt.Sprintf("/tickets/%d/audits.json", ticket)).body["audits"].([]any)
		if len(audits) != 3 {
			t.Fatalf("%d audits", len(audits))
		}
		second, third := audits[1].(map[string]any), audits[2].(map[string]any)
		if custom := second["metadata"].(map[string]any)["custom"].(map[string]any); custom["op_id"] != "op-1" {
			t.Errorf("custom metadata %v", custom)
		}
		if id(second["author_id"]) != operator.me() || id(third["author_id"]) != r.me() || operator.me() == r.me() {
			t.Errorf("authors %v, %v", second["author_id"], third["author_id"])
		}
		want := map[string]any{"type": "Change", "field_name": fmt.Sprint(trn), "value": "7654321", "previous_value": "1234567"}
		events := third["events"].([]any)
		if len(events) != 1 {
			t.Fatalf("events %v", events)
		}
		for k, v := range want {
			if got := events[0].(map[string]any)[k]; got != v {
				t.Errorf("event's %s is %v, want %v", k, got, v)
			}
		}
	})
}
