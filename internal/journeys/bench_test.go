package journeys

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"traid/internal/app"
	"traid/internal/dqt"
	"traid/internal/signin"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
	"traid/internal/tra/traconsole"
)

// behind are the requests behind the console's pages, half of them open.
const behind = 100_000

// BenchmarkConsole asks for the console's pages with 100,000 requests behind
// them and RECORDS records (200,000) in the register: p50 and p99 in
// milliseconds, and the page's bytes.
func BenchmarkConsole(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkConsole(b, "") })
	b.Run("postgres", func(b *testing.B) { benchmarkConsole(b, sqldbtest.PostgresURL(b)) })
}

func benchmarkConsole(b *testing.B, database string) {
	records := 200_000
	if n, err := strconv.Atoi(os.Getenv("RECORDS")); err == nil {
		records = n
	}
	dir, ctx := b.TempDir(), b.Context()
	set := environment(dir, database)
	h, err := app.Open(ctx, func(name string) string {
		if name == "TRAID_LOG_LEVEL" {
			return "error"
		}
		return set(name)
	}, (&clock{now: began}).Now, b.Output())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := h.Close(); err != nil {
			b.Error(err)
		}
	})
	population, err := synth.New(1, records, synth.Options{})
	if err != nil {
		b.Fatal(err)
	}
	register, into := io.Pipe()
	go func() { into.CloseWithError(population.WriteRegister(ctx, into, nil)) }()
	if _, err := h.Register().Import(ctx, register, dqt.ImportOptions{Complete: true}); err != nil {
		b.Fatal(err)
	}
	db, err := sqldb.Open(ctx, sqldb.Options{Service: "tra", DataDir: dir, URL: database})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(fillConsole(ctx, db, population), db.Close()); err != nil {
		b.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	operator := &http.Client{Jar: jar, Transport: &http.Transport{}}
	b.Cleanup(operator.CloseIdleConnections)
	link, err := h.Access("tra").AddAccount(ctx, "me@example.org", []string{
		traconsole.RoleOperator, traconsole.RoleBarring, traconsole.RoleSupervisor, traconsole.RoleAdministrator,
	})
	if err != nil {
		b.Fatal(err)
	}
	ask := func(method, path string, form url.Values) (string, error) {
		req, err := http.NewRequestWithContext(ctx, method, h.URL("tra")+path, strings.NewReader(form.Encode()))
		if err != nil {
			return "", err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := operator.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, body)
		}
		return string(body), err
	}
	if _, err := ask(http.MethodPost, signin.Path+"/"+link, nil); err != nil {
		b.Fatal(err)
	}
	open, answered := 0, 0 // which of the many cases comes next
	for _, p := range []struct {
		name, method string
		path         func() string
		form         url.Values
	}{
		{"list", http.MethodGet, func() string { return "/" }, nil},
		{"list: due soon", http.MethodGet, func() string { return "/?queue=soon" }, nil},
		{"list: answered", http.MethodGet, func() string { return "/?queue=answered" }, nil},
		{"list: find", http.MethodPost, func() string { return "/" }, url.Values{"reference": {"TRA-050001"}}},
		{"case, with its candidates", http.MethodGet, func() string { open++; return "/cases/" + caseID(open%(behind/2)) }, nil},
		{"case, answered", http.MethodGet, func() string { answered++; return "/cases/" + caseID(behind/2+answered%(behind/2)) }, nil},
		{"figures", http.MethodGet, func() string { return "/figures" }, nil},
		{"figures: 52 weeks", http.MethodGet, func() string { return "/figures?days=364" }, nil},
		{"figures as CSV", http.MethodGet, func() string { return "/figures.csv?days=364" }, nil},
		{"register", http.MethodGet, func() string { return "/register" }, nil},
		{"texts", http.MethodGet, func() string { return "/texts" }, nil},
	} {
		b.Run(p.name, func(b *testing.B) {
			took, size := make([]time.Duration, 0, b.N), 0
			for b.Loop() {
				path, begun := p.path(), time.Now()
				body, err := ask(p.method, path, p.form)
				if err != nil {
					b.Fatal(err)
				}
				took, size = append(took, time.Since(begun)), max(size, len(body))
			}
			slices.Sort(took)
			ms := func(p int) float64 { return float64(took[(len(took)*p)/100].Microseconds()) / 1000 }
			b.ReportMetric(ms(50), "p50-ms")
			b.ReportMetric(ms(99), "p99-ms")
			b.ReportMetric(float64(size), "page-bytes")
		})
	}
}

// caseID is the id of one of the many.
func caseID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// fillConsole adds requests with claims on the register: the first half is with
// an operator, the other half was answered, over the last 250 days.
func fillConsole(ctx context.Context, db *sqldb.DB, population *synth.Population) error {
	var file bytes.Buffer
	if err := population.WriteClaims(ctx, &file, synth.Claims{Number: behind, Seed: 7, Mix: synth.Hard}, nil); err != nil {
		return err
	}
	rows, err := csv.NewReader(&file).ReadAll()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	when := func(t time.Time) string { return "'" + t.Format("2006-01-02 15:04:05-07:00") + "'" }
	const many = 500
	return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for from := 0; from < behind; from += many {
			values := map[string][]string{}
			add := func(table, format string, a ...any) { values[table] = append(values[table], fmt.Sprintf(format, a...)) }
			for i := from; i < from+many; i++ {
				id, claim := caseID(i), rows[i+1]
				state, over, submitted := "with_operator", "NULL", began.Add(-time.Duration(i)*time.Minute)
				if i >= behind/2 {
					submitted = began.Add(-time.Duration(i-behind/2) * 7 * time.Minute).Add(-72 * time.Hour)
					state, over = "answered", when(submitted.Add(48*time.Hour))
				}
				add("requests", "('%s','cpd','trn_validation','TRA-%06d','%s','',%s,%[4]s,%[5]s,'','','','',0,1,0,'',FALSE,%[6]s,%[6]s)", id, i, state, when(submitted), when(submitted.Add(7*24*time.Hour)), over)
				get := func(column string) string { return quoted(claim[at[column]]) }
				add("claims", "('%s',%s,%s,'[]',%s,%s,%s,%s)", id, get("first_name"), get("last_name"), get("date_of_birth"), get("national_insurance_number"), get("trn"), get("email"))
				for k, what := range []string{"submitted", "ticket_created", "case_seen"} {
					add("events", "('%s-%d',%s,'%[1]s','traid','%[4]s','')", id, k, when(submitted.Add(time.Duration(k)*time.Second)), what)
				}
				if state == "answered" {
					trn := claim[at["true_trn"]]
					outcome, reason := "trn_found", ""
					if trn == "" {
						outcome, reason = "failed", "no_record"
					}
					add("decisions", "('%s','%[1]s',1,'%s','%s','%s','','','one@example.org','console',%s,'released','','','',FALSE,%[5]s,1,'','')", id, outcome, trn, reason, over)
					add("answers", "('cpd',%d,'%s','trn_validation',1,'%s','%s','%s','',%s)", i-behind/2+1, id, outcome, trn, reason, over)
					add("picks", "('%s',%s,%d)", id, over, 1+i%3)
				}
			}
			for _, t := range []struct{ table, columns string }{
				{"requests", `id, client, kind, reference, state, body_hash, submitted_at, queued_at, expected_by, replaces, replaced_by, changed, owner, revision, version, refusals, ticket_status, deciding, answered_at, over_at`},
				{"claims", `request, first_name, last_name, previous_names, date_of_birth, national_insurance_number, trn, email`},
				{"events", `id, at, request, who, what, why`},
				{"decisions", `id, request, number, outcome, trn, reason, note, why, decided_by, via, decided_at, stage, review_for, reviewed_by, review_why, overridden, released_at, version, ended_by, ended_why`},
				{"answers", `client, position, request, kind, version, outcome, trn, reason, note, answered_at`},
				{"picks", `decision, at, place`},
			} {
				if len(values[t.table]) == 0 {
					continue
				}
				if _, err := tx.ExecContext(ctx, `INSERT INTO `+t.table+` (`+t.columns+`) VALUES `+strings.Join(values[t.table], ",")); err != nil {
					return fmt.Errorf("%s: %w", t.table, err)
				}
			}
		}
		return nil
	})
}
