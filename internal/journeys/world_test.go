package journeys

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/app"
	"traid/internal/dqt"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
)

// services are all four.
var services = []string{"cpd", "tra", "desk", "dqt"}

// began is when every journey begins: a Monday morning.
var began = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// Settings of every journey, as `traid config` shows them.
const (
	releaseAfter = 5 * time.Minute
	sweepEvery   = time.Minute
	exportDelay  = time.Minute // the newest changes that the desk's export leaves out
	day          = 24 * time.Hour
	support      = "support@tra.example.org" // who is told of two people with one record
)

// registerSize is how many invented teachers stand in the register beside the cast.
const registerSize = 300

// world is everything that `traid serve` runs, on a clock and with work that
// the test drives.
type world struct {
	t       *testing.T // of the step at hand
	app     *app.ByHand
	clock   *clock
	logs    *logs
	dir     string
	url     string // of PostgreSQL; empty: SQLite
	secrets []string
}

// each plays a journey on both databases, in a world of its own.
func each(t *testing.T, play func(w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		if err := sqliteSample(); err != nil {
			t.Fatal(err)
		}
		play(begin(t, sampleDir("sqlite"), ""))
	})
	t.Run("postgres", func(t *testing.T) {
		at := sqldbtest.PostgresCopy(t, "journeys", func(url string) error { return fill(sampleDir("postgres"), url) })
		play(begin(t, sampleDir("postgres"), at))
	})
}

// sampleDir is the data folder of a filled system that journeys get copies of.
func sampleDir(database string) string { return filepath.Join(samples, database) }

var sqliteSample = sync.OnceValue(func() error { return fill(sampleDir("sqlite"), "") })

// fill makes a system whose register holds the sample and the cast.
func fill(dir, url string) error {
	h, err := app.Open(context.Background(), environment(dir, url), (&clock{now: began}).Now, io.Discard)
	if err != nil {
		return err
	}
	var sample bytes.Buffer
	err = synth.WriteSample(&sample, 1, registerSize)
	if err == nil {
		_, err = h.Register().Import(context.Background(), &sample, dqt.ImportOptions{})
	}
	return errors.Join(err, h.Close())
}

func environment(dir, url string) func(name string) string {
	set := map[string]string{"TRAID_DATA": dir, "TRAID_DATABASE_URL": url, "TRAID_LOG_LEVEL": "debug", "TRAID_TRA_EMAIL": support}
	for _, service := range services {
		set["TRAID_"+strings.ToUpper(service)+"_ADDR"] = "127.0.0.1:0"
	}
	return func(name string) string { return set[name] }
}

// begin opens a copy of a filled system. When the test ends it is looked
// through for what belongs to the people who were in it.
func begin(t *testing.T, sample, url string) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: began}, logs: &logs{}, dir: filepath.Join(t.TempDir(), "data"), url: url}
	err := os.CopyFS(w.dir, os.DirFS(sample))
	if err != nil {
		t.Fatal(err)
	}
	if w.app, err = app.Open(t.Context(), environment(w.dir, url), w.clock.Now, w.logs); err != nil {
		t.Fatal(err)
	}
	for _, service := range services { // an earlier world's service may have had the address
		w.wire(service, func(h *host) { *h = host{} })
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("what the services complained of:\n" + w.logs.lines("level=WARN", "level=ERROR"))
		} else {
			w.nothingLeaked()
		}
		wires.next.CloseIdleConnections()
		if err := w.app.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// step is one arrow of a diagram. Where it fails the journey ends.
func (w *world) step(arrow string, do func()) {
	journey := w.t
	journey.Helper()
	if !journey.Run(arrow, func(t *testing.T) {
		w.t = t
		defer func() { w.t = journey }()
		do()
	}) {
		journey.FailNow()
	}
}

// round has every service do what is due now, once: what one hands to another
// is done in the next round.
func (w *world) round() {
	w.t.Helper()
	if err := w.app.WorkDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// work does everything that is due now.
func (w *world) work() {
	w.t.Helper()
	w.round()
	w.round()
}

// pass moves the clock and does what is due then.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.move(d)
	w.work()
}

// imports brings records into the register, as a file that adds to it.
func (w *world) imports(rows ...string) {
	w.t.Helper()
	file := "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts\n" + strings.Join(rows, "\n") + "\n"
	report, err := w.app.Register().Import(w.t.Context(), strings.NewReader(file), dqt.ImportOptions{})
	if err != nil || len(report.Rejected) > 0 || len(report.Warnings) > 0 {
		w.t.Fatalf("import: %v, rejected %v, warnings %v", err, report.Rejected, report.Warnings)
	}
}

// member gives one of the cast, by what they are there to show.
func (w *world) member(part string) synth.Member {
	w.t.Helper()
	for _, m := range synth.Cast() {
		if m.Part == part {
			return m
		}
	}
	w.t.Fatalf("nobody of the cast %s", part)
	return synth.Member{}
}

// cut takes a service off the network, for the other services, until it is mended.
func (w *world) cut(service string)  { w.wire(service, func(h *host) { h.down = true }) }
func (w *world) mend(service string) { w.wire(service, func(h *host) { h.down = false }) }

func (w *world) wire(service string, do func(h *host)) {
	w.t.Helper()
	u, err := url.Parse(w.app.URL(service))
	if err != nil {
		w.t.Fatal(err)
	}
	wires.change(u.Host, do)
}

// keepSecret names what nothing but forms, pages, mails and the tables that are
// made for it may hold.
func (w *world) keepSecret(values ...string) {
	for _, v := range values {
		for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v)} {
			if v != "" && !slices.Contains(w.secrets, form) {
				w.secrets = append(w.secrets, form)
			}
		}
	}
}

// nothingLeaked looks for the people's values where none may be: the log, the
// addresses, the jobs, the histories and the metrics.
func (w *world) nothingLeaked() {
	w.t.Helper()
	places := map[string]string{"the log": w.logs.lines("")}
	for _, service := range services {
		w.wire(service, func(h *host) { places["the addresses of "+service] = strings.Join(h.urls, "\n") })
		places["the metrics of "+service] = w.metrics(service)
		for name, rows := range w.tables(service, "river_job", "tasks", "events", "audit") {
			places[service+"'s table "+name] = rows
		}
	}
	for place, holds := range map[string]string{
		"the log": "level=DEBUG", "the addresses of cpd": "/check-your-answers", "the addresses of dqt": "/api/v1/teachers/find", "the metrics of cpd": "http_",
		"cpd's table river_job": "", "cpd's table events": "", "tra's table events": "", "dqt's table audit": "",
	} {
		if held, there := places[place]; !there || !strings.Contains(held, holds) {
			w.t.Errorf("%s: it is not what was to be looked through", place)
		}
	}
	for place, held := range places {
		for _, secret := range w.secrets {
			if strings.Contains(strings.ToLower(held), strings.ToLower(secret)) {
				w.t.Errorf("%s: %q is there", place, secret)
			}
		}
	}
	if failed := w.logs.lines("level=ERROR"); failed != "" {
		w.t.Errorf("the services failed:\n%s", failed)
	}
}

func (w *world) metrics(service string) string {
	w.t.Helper()
	res, err := (&http.Client{Transport: people{wires}}).Get(w.app.URL(service) + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("the metrics of %s: %d, %v", service, res.StatusCode, err)
	}
	return string(raw)
}

// forgotten wants none of the values anywhere in a service's database, its
// sessions included; on SQLite also in no byte of the file and of its log.
func (w *world) forgotten(service string, values ...string) {
	w.t.Helper()
	if w.url == "" {
		db, err := sqldb.Open(context.Background(), sqldb.Options{Service: service, DataDir: w.dir})
		if err != nil {
			w.t.Fatal(err)
		}
		if err := errors.Join(db.Checkpoint(context.Background()), db.Close()); err != nil { // as the program does every minute
			w.t.Fatal(err)
		}
		for _, end := range []string{"", "-wal"} {
			raw, err := os.ReadFile(filepath.Join(w.dir, service+".sqlite"+end))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				w.t.Fatal(err)
			}
			for _, value := range values {
				if value != "" && bytes.Contains(raw, []byte(value)) {
					w.t.Errorf("the file %s.sqlite%s still holds %q", service, end, value)
				}
			}
		}
	}
	for name, rows := range w.tables(service) {
		for _, value := range values {
			if value != "" && strings.Contains(strings.ToLower(rows), strings.ToLower(value)) {
				w.t.Errorf("%s still holds %q in %s", service, value, name)
			}
		}
	}
}

// table gives a table's rows as text.
func (w *world) table(service, name string) string {
	w.t.Helper()
	rows, there := w.tables(service, name)[name]
	if !there {
		w.t.Fatalf("%s has no table %s", service, name)
	}
	return rows
}

// tables gives the tables of a service's database as text; with names those of
// them that there are.
func (w *world) tables(service string, names ...string) map[string]string {
	w.t.Helper()
	db, err := sqldb.Open(context.Background(), sqldb.Options{Service: service, DataDir: w.dir, URL: w.url})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if db.Dialect == sqldb.Postgres {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	out := map[string]string{}
	for _, row := range w.query(db, query) {
		if name := row[0]; names == nil || slices.Contains(names, name) {
			var rows strings.Builder
			for _, row := range w.query(db, `SELECT * FROM "`+name+`"`) {
				rows.WriteString(strings.Join(row, " ") + "\n")
			}
			out[name] = rows.String()
		}
	}
	return out
}

// query gives rows as texts. What was encoded is decoded beside it.
func (w *world) query(db *sqldb.DB, query string) [][]string {
	w.t.Helper()
	rows, err := db.Reader().QueryContext(context.Background(), query) // also after the test's own has ended
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		var row []string
		for _, v := range values {
			row = append(row, string(v))
			if decoded, err := base64.StdEncoding.DecodeString(string(v)); err == nil && len(decoded) > 0 {
				row = append(row, string(decoded))
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// clock is what every service and the test read the time from.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logs keeps what the services write.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// lines gives the lines that hold one of the words.
func (l *logs) lines(words ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out strings.Builder
	for line := range strings.Lines(l.b.String()) {
		for _, word := range words {
			if strings.Contains(line, word) {
				out.WriteString(line)
				break
			}
		}
	}
	return out.String()
}

// spoken writes a day as pages do.
func spoken(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(fmt.Sprintf("%q is no day of a sample person", day))
	}
	return t.Format("2 January 2006")
}
