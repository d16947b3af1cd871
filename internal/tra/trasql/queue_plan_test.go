package trasql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
)

// SQLite takes a partial index only where the query repeats its condition. A
// condition that is changed in one place only shows here, not in the results.
func TestEveryQueueIsReadFromItsIndex(t *testing.T) {
	db := sqldbtest.OpenSQLite(t, "test", Migrations)
	for queue, want := range map[tra.Queue][]string{
		tra.QueueOpen:       {"requests_waiting"},
		tra.QueueUnassigned: {"requests_waiting"},
		tra.QueueMine:       {"requests_owner"},
		tra.QueueSoon:       {"requests_expected_by"},
		tra.QueueOverdue:    {"requests_expected_by"},
		tra.QueueReview:     {"requests_review"},
		tra.QueueAttention:  {"sqlite_autoindex_flags_1", "requests_received"},
		tra.QueueDeciding:   {"requests_deciding"},
		tra.QueueAnswered:   {"requests_answered"},
	} {
		for _, after := range []string{"", "2026-03-02T09:00:00Z|r1"} {
			query, a, err := pageQuery(tra.QueueFilter{Queue: queue, Operator: "me@example.com", Now: time.Now(), After: after, Limit: 50})
			if err != nil {
				t.Fatal(err)
			}
			var plan []string
			if err := each(t.Context(), db.Reader(), `EXPLAIN QUERY PLAN `+query, a, func(rows *sql.Rows) error {
				var id, parent, unused int
				var detail string
				err := rows.Scan(&id, &parent, &unused, &detail)
				plan = append(plan, detail)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "\n")
			for _, index := range want {
				if !strings.Contains(text, "INDEX "+index) {
					t.Errorf("%s is not read from %s:\n%s", queue, index, text)
				}
			}
			if strings.Contains(text, "SCAN requests\n") {
				t.Errorf("%s reads every request:\n%s", queue, text)
			}
		}
	}
}

// fill adds open requests, each with a claim, and as many answered ones, by
// statements of many rows.
func fill(b *testing.B, db *sqldb.DB, open int) {
	b.Helper()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const inOne = 500
	if err := db.InTx(b.Context(), func(ctx context.Context, t *sql.Tx) error {
		for from := 0; from < open; from += inOne {
			var requests, claims, decisions []string
			for i := from; i < min(from+inOne, open); i++ {
				day := at.Add(time.Duration(i) * time.Second).Format("2006-01-02 15:04:05-07:00")
				for _, state := range []tra.State{tra.WithOperator, tra.Answered} {
					id := fmt.Sprintf("%s-%08d", state, i*7919%open)
					owner, held, answered := "", "NULL", "NULL"
					if i%3 == 0 { // half of these once
						owner, held = "me@example.com", "'"+at.Add(time.Duration(open/2+open*(i%2))*time.Second).Format("2006-01-02 15:04:05-07:00")+"'"
					}
					if state == tra.Answered {
						answered = "'" + day + "'"
						decisions = append(decisions, fmt.Sprintf(`('%s', '%s', 1, 'failed', '', '', '', '', '', '', '%s', 'released', '', '', '', FALSE, '%[3]s', 1, '', '')`, id, id, day))
					}
					requests = append(requests, fmt.Sprintf(`('%s', 'cpd', 'trn_validation', 'TRA-%[1]s', '%s', '', '%[3]s', '%[3]s', '%[3]s', '', '', '', '%s', 0, 0, 0, '', FALSE, %s, %s)`, id, state, day, owner, answered, held))
					claims = append(claims, `('`+id+`', 'Ada', 'Example', '[]', '', '', '', '')`)
				}
			}
			for _, statement := range []string{
				`INSERT INTO requests (id, client, kind, reference, state, body_hash, submitted_at, queued_at, expected_by, replaces, replaced_by,
changed, owner, revision, version, refusals, ticket_status, deciding, answered_at, held_until) VALUES ` + strings.Join(requests, ","),
				`INSERT INTO claims (request, first_name, last_name, previous_names, date_of_birth, national_insurance_number, trn, email) VALUES ` + strings.Join(claims, ","),
				`INSERT INTO decisions (id, request, number, outcome, trn, reason, note, why, decided_by, via, decided_at, stage, review_for, reviewed_by,
review_why, overridden, released_at, version, ended_by, ended_why) VALUES ` + strings.Join(decisions, ","),
			} {
				if _, err := t.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkQueue reads one page of each queue and counts all of them, with as
// many requests open, and as many answered.
func BenchmarkQueue(b *testing.B) {
	for _, open := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("%d", open), func(b *testing.B) {
			db := sqldbtest.OpenSQLite(b, "test", Migrations)
			fill(b, db, open)
			benchmarkQueue(b, NewStore(db, nil), open)
		})
	}
}

func benchmarkQueue(b *testing.B, store *Store, open int) {
	b.Helper()
	middle := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(open/2) * time.Second)
	page := func(name string, rows int, f tra.QueueFilter) {
		f.Operator, f.Barring, f.Limit = "me@example.com", true, 51
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				got, err := store.Queue(b.Context(), f)
				if err != nil || len(got) != rows {
					b.Fatalf("got %d rows, %v, want %d", len(got), err, rows)
				}
			}
		})
	}
	for queue, rows := range map[tra.Queue]int{
		tra.QueueOpen: 51, tra.QueueUnassigned: 51, tra.QueueMine: 51, tra.QueueSoon: 51, tra.QueueOverdue: 51, tra.QueueReview: 0,
		tra.QueueAttention: 0, tra.QueueDeciding: 0, tra.QueueAnswered: 51,
	} {
		page(string(queue), rows, tra.QueueFilter{Queue: queue, Now: middle, Soon: middle.Add(time.Hour)})
	}
	page("open_in_the_middle", 51, tra.QueueFilter{Now: middle, After: middle.Format(time.RFC3339Nano) + "|r"})
	page("one_kind", 51, tra.QueueFilter{Kind: tra.TRNValidation, Now: middle})
	page("no_such_kind", 0, tra.QueueFilter{Kind: tra.BarringCheck, Now: middle})
	page("by_reference", 1, tra.QueueFilter{Query: fmt.Sprintf("with_operator-%08d", open-1), Now: middle})
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			counts, err := store.QueueCounts(b.Context(), tra.QueueFilter{Operator: "me@example.com", Barring: true, Now: middle})
			if err != nil || counts[tra.QueueOpen] != open {
				b.Fatalf("got %v, %v", counts, err)
			}
		}
	})
}
