package cpdweb_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
)

// crowd are the participants behind the pages, inList those on one school's list.
const (
	crowd  = 100_000
	inList = 10_000
)

// filling adds a crowd with everything that hangs on it, by statements of many
// rows. The table n has who they are: seven in ten were validated automatically,
// one awaits the TRA's answer, one could not be validated, one was by hand.
var filling = []string{
	`INSERT INTO participants (id, reference, registration_id, first_name, last_name, email, created_at, updated_at, trn_status, trn, trn_claimed, trn_at,
		trn_request, trn_version, submitted_at, alert_status, alert_request, alert_owner, joined_into, trn_reason)
	SELECT 'p' || i, reference, 'r' || i, first_name, last_name, email, at, at,
		CASE WHEN i % 10 < 7 THEN 'validated_automatically' WHEN i % 10 = 7 THEN 'awaiting_manual_validation' WHEN i % 10 = 8 THEN 'validation_failed' ELSE 'validated_manually' END,
		CASE WHEN i % 10 < 7 OR i % 10 = 9 THEN trn ELSE '' END, TRUE, at,
		CASE WHEN i % 10 < 7 THEN '' ELSE 'q' || i END, 1, at,
		CASE WHEN i % 10 < 7 OR i % 10 = 9 THEN 'none' ELSE 'not_checked' END, '', '', '', CASE WHEN i % 1000 = 8 THEN 'other' WHEN i % 10 = 8 THEN 'no_record' ELSE '' END FROM n`,
	`INSERT INTO search_words SELECT word, id FROM words`,
	`INSERT INTO emails SELECT email, 'p' || i FROM n`,
	`INSERT INTO requests (id, participant_id, position, kind, state, replaces, data_id, created_at, attempts, problem, status, version, outcome, reason, note)
	SELECT 'q' || i, 'p' || i, 1, 'trn_validation', CASE WHEN i % 10 = 7 THEN 'sent' ELSE 'answered' END, '', '', at, 1, '', '',
		1, CASE WHEN i % 10 = 9 THEN 'trn_found' ELSE 'failed' END, CASE WHEN i % 1000 = 8 THEN 'other' WHEN i % 10 = 8 THEN 'no_record' ELSE '' END, '' FROM n WHERE i % 10 >= 7`,
	`INSERT INTO validation_data SELECT 'd' || i, 'p' || i, 1, first_name, last_name, FALSE, '[]', '1984-02-17', '', '', email, at FROM n WHERE i % 10 IN (7, 8)`,
	`INSERT INTO events (participant_id, position, at, who, what, request_id, why) SELECT 'p' || n.i, k.i, n.at, 'person', 'registered', '', '' FROM n, (SELECT i FROM n WHERE i <= 3) k`,
	`INSERT INTO messages (id, participant_id, position, at, recipient, kind, subject, body, link, link_hash, draft_key, code, secret_ends_at)
	SELECT 'm' || i, 'p' || i, 1, at, email, 'confirmed', 'We have confirmed your details', 'Your reference is', '', NULL, '', '', NULL FROM n`,
	`INSERT INTO invitations (id, urn, position, email_key, email, first_name, last_name, search, date_of_birth, trn, invited_by, created_at, sent_at, ends_at, state, registration_id, participant_id)
	SELECT 'i' || i, '900001', i, email, email, first_name, last_name, LOWER(first_name) || ' ' || LOWER(last_name) || '
' || email, '', '', 'tess@example.org', at, at, at, CASE WHEN i % 4 = 0 THEN 'invited' WHEN i % 10 = 7 THEN 'being_checked' WHEN i % 10 = 8 THEN 'not_confirmed' ELSE 'confirmed' END, '',
		CASE WHEN i % 4 = 0 THEN NULL ELSE 'p' || i END FROM n WHERE i <= 10000`,
	`INSERT INTO school_events SELECT '900001', i, at, 'tess@example.org', 'invited', 'i' || i FROM n WHERE i <= 10000`,
	`ANALYZE`,
}

// fill adds the crowd, with the names that a workforce has.
func (w *world) fill() {
	w.t.Helper()
	population, err := synth.New(1, crowd+1, synth.Options{Sample: true})
	if err != nil {
		w.t.Fatal(err)
	}
	var register bytes.Buffer
	if err := population.WriteRegister(w.t.Context(), &register, nil); err != nil {
		w.t.Fatal(err)
	}
	rows, err := csv.NewReader(&register).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	first, last := at("first_name"), at("last_name")
	statements := []string{`CREATE TEMP TABLE n (i BIGINT PRIMARY KEY, reference TEXT, first_name TEXT, last_name TEXT, email TEXT, trn TEXT, at TIMESTAMP)`, `CREATE TEMP TABLE words (word TEXT, id TEXT)`}
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	var people, words []string
	add := func(into string, values *[]string) {
		if len(*values) > 0 {
			statements = append(statements, `INSERT INTO `+into+` VALUES `+strings.Join(*values, ","))
			*values = nil
		}
	}
	for i := 1; i <= crowd; i++ {
		row := rows[i]
		email := strings.ReplaceAll(person.Fold(row[first]), " ", "") + "." + strings.ReplaceAll(person.Fold(row[last]), " ", "") + fmt.Sprintf("%d@example.org", i)
		reference := fmt.Sprintf("CPD-%04X-%03X", i/16, i%16)
		people = append(people, fmt.Sprintf("(%d, '%s', %s, %s, %s, '%07d', '%s')", i, reference, quoted(row[first]), quoted(row[last]), quoted(email), i,
			time.Date(2026, 1, 1, 0, i*4, 0, 0, time.UTC).Format("2006-01-02 15:04:05-07:00")))
		local, _, _ := strings.Cut(email, "@")
		found := slices.Concat([]string{email}, person.Words(row[first]), person.Words(row[last]), person.Words(local))
		slices.Sort(found)
		for j, word := range found {
			if j+1 == len(found) || !strings.HasPrefix(found[j+1], word) {
				words = append(words, fmt.Sprintf("('%s', 'p%d')", word, i))
			}
		}
		if i%500 == 0 {
			add("n", &people)
			add("words", &words)
		}
	}
	if err := w.db.InTx(w.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range append(statements, filling...) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%.60s: %w", statement, err)
			}
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
}

// BenchmarkPages asks for every page with 100,000 participants behind it, of
// whom 10,000 are on one school's list: p50 and p99 in milliseconds, and the page's bytes.
func BenchmarkPages(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkPages(b, sqldbtest.OpenSQLite(b, "cpd", sets...)) })
	b.Run("postgres", func(b *testing.B) {
		benchmarkPages(b, sqldbtest.OpenPostgres(b, sqldbtest.PostgresURL(b), "cpd", sets...))
	})
}

// asked is a page that is asked for.
type asked struct {
	name, method, path string
	by                 *browser
	form               []string
}

func (p asked) request(b *testing.B, w *world) *http.Request {
	form := url.Values{}
	for i := 0; i < len(p.form); i += 2 {
		form.Add(p.form[i], p.form[i+1])
	}
	req, err := http.NewRequestWithContext(b.Context(), p.method, w.server.URL+p.path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func benchmarkPages(b *testing.B, db *sqldb.DB) {
	w := newWorldOn(b, db)
	tess := w.tutor("tess@example.org", cpd.School{URN: "900001", Name: "Ashdown School"})
	admin := w.administrator()
	w.fill()
	all, err := w.svc.Participants(b.Context(), cpd.Filter{Limit: 1})
	if err != nil || !all.More {
		b.Fatalf("%d participants, %v", all.Total, err)
	}
	if list, err := w.svc.Invitations(b.Context(), "tess@example.org", cpd.InvitationFilter{}); err != nil || list.Counts[cpd.StateInvited] != inList/4 {
		b.Fatalf("invitations %v, %v", list.Counts, err)
	}
	zoe := w.browser()
	zoe.fillIn(zephyrine)
	done := w.browser()
	done.standsBy(sample{First: "Done", Last: "Sample", Email: "done@example.org"})
	for _, p := range []asked{
		{"start", http.MethodGet, "/", zoe, nil},
		{"question", http.MethodGet, "/name", zoe, nil},
		{"check answers", http.MethodGet, "/check-your-answers", zoe, nil},
		{"progress", http.MethodGet, "/progress", done, nil},
		{"school: people", http.MethodGet, "/school/people", tess, nil},
		{"school: being checked", http.MethodGet, "/school/people?state=being_checked", tess, nil},
		{"school: search by email", http.MethodPost, "/school/people", tess, []string{"search", "a"}},
		{"school: search by name", http.MethodPost, "/school/people", tess, []string{"search", "smith"}},
		{"school: search for nobody", http.MethodPost, "/school/people", tess, []string{"search", "nobody at all"}},
		{"school: person", http.MethodGet, "/school/people/i777", tess, nil},
		{"school: files", http.MethodGet, "/school/files", tess, nil},
		{"admin: participants", http.MethodGet, "/admin/participants", admin, nil},
		{"admin: page 1000", http.MethodGet, "/admin/participants?after=p50000", admin, nil},
		{"admin: awaiting", http.MethodGet, "/admin/participants?trn-status=awaiting_manual_validation", admin, nil},
		{"admin: no conflict", http.MethodGet, "/admin/participants?trn-status=conflict", admin, nil},
		{"admin: nobody barred", http.MethodGet, "/admin/participants?alert-status=barred", admin, nil},
		{"admin: old", http.MethodGet, "/admin/participants?age=90", admin, nil},
		{"admin: failed for no record", http.MethodGet, "/admin/participants?trn-status=validation_failed&why=no_record&age=28", admin, nil},
		{"admin: a rare reason", http.MethodGet, "/admin/participants?why=other", admin, nil},
		{"admin: a reason that nobody has", http.MethodGet, "/admin/participants?why=cannot_tell", admin, nil},
		{"admin: search by email", http.MethodPost, "/admin/participants", admin, []string{"search", "sarah.smith"}},
		{"admin: search by name", http.MethodPost, "/admin/participants", admin, []string{"search", "smith"}},
		{"admin: search by both names", http.MethodPost, "/admin/participants", admin, []string{"search", "Sarah Smith"}},
		{"admin: search by a letter", http.MethodPost, "/admin/participants", admin, []string{"search", "s"}},
		{"admin: search by a letter in a status", http.MethodPost, "/admin/participants", admin, []string{"search", "s", "trn-status", "conflict"}},
		{"admin: search by reference", http.MethodPost, "/admin/participants", admin, []string{"search", "CPD-0C35-00"}},
		{"admin: search by TRN", http.MethodPost, "/admin/participants", admin, []string{"search", "0050001"}},
		{"admin: search for nobody", http.MethodPost, "/admin/participants", admin, []string{"search", "nobody at all"}},
		{"admin: participant", http.MethodGet, "/admin/participants/p50007", admin, nil},
		{"admin: correct", http.MethodGet, "/admin/participants/p50007/correct", admin, nil},
		{"admin: waiting", http.MethodGet, "/admin/waiting", admin, nil},
		{"admin: outbox", http.MethodGet, "/admin/outbox", admin, nil},
	} {
		b.Run(p.name, func(b *testing.B) {
			took, size := make([]time.Duration, 0, b.N), 0
			for b.Loop() {
				begun := time.Now()
				res, err := p.by.client.Do(p.request(b, w))
				if err != nil {
					b.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatalf("status %d, %v", res.StatusCode, err)
				}
				took, size = append(took, time.Since(begun)), max(size, len(body))
				_ = res.Body.Close() // it was read whole
			}
			slices.Sort(took)
			ms := func(p int) float64 { return float64(took[(len(took)*p)/100].Microseconds()) / 1000 }
			b.ReportMetric(ms(50), "p50-ms")
			b.ReportMetric(ms(99), "p99-ms")
			b.ReportMetric(float64(size), "page-bytes")
		})
	}
}
