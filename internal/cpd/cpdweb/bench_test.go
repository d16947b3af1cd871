package cpdweb_test

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"testing"
	"time"

	"traid/internal/cpd"
)

// crowd are the participants behind the pages, inList those on one school's list.
const (
	crowd  = 100_000
	inList = 10_000
)

// filling adds a crowd with everything that hangs on it, by statements of many rows.
var filling = []string{
	`CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000) SELECT i FROM c`,
	`INSERT INTO participants (id, reference, registration_id, first_name, last_name, email, search, created_at, updated_at, trn_status, trn, trn_claimed, trn_at,
		trn_request, trn_version, submitted_at, alert_status, alert_request, alert_owner, joined_into)
	SELECT 'p' || i, 'CPD-' || i, 'r' || i, 'Person', 'Sample', 'p' || i || '@example.org', 'cpd-' || i || char(10) || 'person sample person' || char(10) || 'p' || i || '@example.org',
		datetime('2026-01-01', '+' || (i * 4) || ' minutes'), datetime('2026-01-01', '+' || (i * 4) || ' minutes'),
		CASE WHEN i % 10 < 7 THEN 'validated_automatically' WHEN i % 10 = 7 THEN 'awaiting_manual_validation' WHEN i % 10 = 8 THEN 'validation_failed' ELSE 'validated_manually' END,
		CASE WHEN i % 10 < 7 OR i % 10 = 9 THEN printf('%07d', i) ELSE '' END, TRUE, datetime('2026-01-01', '+' || (i * 4) || ' minutes'),
		CASE WHEN i % 10 < 7 THEN '' ELSE 'q' || i END, 1, datetime('2026-01-01', '+' || (i * 4) || ' minutes'),
		CASE WHEN i % 10 < 7 OR i % 10 = 9 THEN 'none' ELSE 'not_checked' END, '', '', '' FROM n`,
	`INSERT INTO emails SELECT 'p' || i || '@example.org', 'p' || i FROM n`,
	`INSERT INTO requests (id, participant_id, position, kind, state, replaces, data_id, created_at, attempts, problem, status, version, outcome, reason, note)
	SELECT 'q' || i, 'p' || i, 1, 'trn_validation', CASE WHEN i % 10 = 7 THEN 'sent' ELSE 'answered' END, '', '', datetime('2026-01-01', '+' || (i * 4) || ' minutes'), 1, '', '',
		1, CASE WHEN i % 10 = 9 THEN 'trn_found' ELSE 'failed' END, CASE WHEN i % 10 = 8 THEN 'no_record' ELSE '' END, '' FROM n WHERE i % 10 >= 7`,
	`INSERT INTO validation_data SELECT 'd' || i, 'p' || i, 1, 'Person', 'Sample', FALSE, '[]', '1984-02-17', '', '', 'p' || i || '@example.org', datetime('2026-01-01') FROM n WHERE i % 10 IN (7, 8)`,
	`INSERT INTO events (participant_id, position, at, who, what, request_id, why) SELECT 'p' || n.i, k.i, datetime('2026-01-01'), 'person', 'registered', '', '' FROM n, (SELECT i FROM n WHERE i <= 3) k`,
	`INSERT INTO messages (id, participant_id, position, at, recipient, kind, subject, body, link, link_hash, draft_key, code, secret_ends_at)
	SELECT 'm' || i, 'p' || i, 1, datetime('2026-01-01', '+' || (i * 4) || ' minutes'), 'p' || i || '@example.org', 'confirmed', 'We have confirmed your details', 'Your reference is', '', NULL, '', '', NULL FROM n`,
	`INSERT INTO invitations (id, urn, position, email_key, email, first_name, last_name, search, date_of_birth, trn, invited_by, created_at, sent_at, ends_at, ended, registration_id, participant_id)
	SELECT 'i' || i, '900001', i, 'p' || i || '@example.org', 'p' || i || '@example.org', 'Person', 'Sample', 'person sample' || char(10) || 'p' || i || '@example.org', '', '', 'tess@example.org',
		datetime('2026-01-01'), datetime('2026-01-01'), datetime('2026-02-01'), FALSE, '', CASE WHEN i % 4 = 0 THEN NULL ELSE 'p' || i END FROM n WHERE i <= 10000`,
	`INSERT INTO school_events SELECT '900001', i, datetime('2026-01-01'), 'tess@example.org', 'invited', 'i' || i FROM n WHERE i <= 10000`,
	`ANALYZE`,
}

// BenchmarkPages asks for every page with 100,000 participants behind it, of
// whom 10,000 are on one school's list: p50 and p99 in milliseconds, and the page's bytes.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b)
	tess := w.tutor("tess@example.org", cpd.School{URN: "900001", Name: "Ashdown School"})
	admin := w.administrator()
	if err := w.db.InTx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range filling {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
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
	for _, p := range []struct {
		name, method, path string
		by                 *browser
		form               []string
	}{
		{"start", http.MethodGet, "/", zoe, nil},
		{"question", http.MethodGet, "/name", zoe, nil},
		{"check answers", http.MethodGet, "/check-your-answers", zoe, nil},
		{"progress", http.MethodGet, "/progress", done, nil},
		{"school: people", http.MethodGet, "/school/people", tess, nil},
		{"school: being checked", http.MethodGet, "/school/people?state=being_checked", tess, nil},
		{"school: search", http.MethodPost, "/school/people", tess, []string{"search", "p777@"}},
		{"school: person", http.MethodGet, "/school/people/i777", tess, nil},
		{"school: files", http.MethodGet, "/school/files", tess, nil},
		{"admin: participants", http.MethodGet, "/admin/participants", admin, nil},
		{"admin: page 1000", http.MethodGet, "/admin/participants?after=p50000", admin, nil},
		{"admin: failed for no record", http.MethodGet, "/admin/participants?trn-status=validation_failed&why=no_record&age=28", admin, nil},
		{"admin: search", http.MethodPost, "/admin/participants", admin, []string{"search", "p77777@"}},
		{"admin: participant", http.MethodGet, "/admin/participants/p50007", admin, nil},
		{"admin: correct", http.MethodGet, "/admin/participants/p50007/correct", admin, nil},
		{"admin: waiting", http.MethodGet, "/admin/waiting", admin, nil},
		{"admin: outbox", http.MethodGet, "/admin/outbox", admin, nil},
	} {
		b.Run(p.name, func(b *testing.B) {
			took, size := make([]time.Duration, 0, b.N), 0
			for b.Loop() {
				begun := time.Now()
				var got page
				if p.method == http.MethodPost {
					got = p.by.post(p.path, p.form...)
				} else {
					got = p.by.get(p.path)
				}
				took, size = append(took, time.Since(begun)), max(size, len(got.Body))
				if got.Status != http.StatusOK {
					b.Fatalf("status %d at %s", got.Status, got.Path)
				}
			}
			slices.Sort(took)
			ms := func(p int) float64 { return float64(took[(len(took)*p)/100].Microseconds()) / 1000 }
			b.ReportMetric(ms(50), "p50-ms")
			b.ReportMetric(ms(99), "p99-ms")
			b.ReportMetric(float64(size), "page-bytes")
		})
	}
}
