package cpdsql_test

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// earlier gives the migrations before one.
func earlier(t *testing.T, before string) sqldb.Set {
	t.Helper()
	files := fstest.MapFS{}
	list, err := fs.ReadDir(cpdsql.Migrations.FS, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name() >= before {
			break
		}
		text, err := fs.ReadFile(cpdsql.Migrations.FS, "migrations/"+f.Name())
		if err != nil {
			t.Fatal(err)
		}
		files["migrations/"+f.Name()] = &fstest.MapFile{Data: text}
	}
	return sqldb.Set{Name: cpdsql.Migrations.Name, FS: files}
}

func TestWhoWasThereBeforeIsFoundAfterAMigration(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := db.Migrate(t.Context(), earlier(t, "00011")); err != nil {
			t.Fatal(err)
		}
		const at = `'2026-03-02 09:00:00+00:00'`
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for _, statement := range []string{
				`INSERT INTO participants (id, reference, registration_id, first_name, last_name, email, search, created_at, updated_at, trn_status, trn, trn_claimed, trn_at,
					trn_request, trn_version, submitted_at, alert_status, alert_request, alert_owner, joined_into)
				VALUES ('p1', 'CPD-7KM4-T3X', 'r1', 'Siân', 'O’Brien-Jones', 'Sian@example.org', 'cpd-7km4-t3x
cpd7km4t3x
sian obrien jones sian
sian@example.org', ` + at + `, ` + at + `, 'validation_failed', '', FALSE, ` + at + `, 'q1', 1, ` + at + `, 'not_checked', '', '', '')`,
				`INSERT INTO requests (id, participant_id, position, kind, state, replaces, data_id, created_at, attempts, problem, status, version, outcome, reason, note)
				VALUES ('q1', 'p1', 1, 'trn_validation', 'answered', '', '', ` + at + `, 1, '', '', 1, 'failed', 'no_record', '')`,
				`INSERT INTO schools VALUES ('900001', 'Ashdown School', '')`,
				`INSERT INTO invitations (id, urn, position, email_key, email, first_name, last_name, search, date_of_birth, trn, invited_by, created_at, sent_at, ends_at, ended, registration_id, participant_id)
				VALUES ('i1', '900001', 1, 'sian@example.org', 'sian@example.org', 'Siân', 'Jones', '', '', '', '', ` + at + `, ` + at + `, ` + at + `, FALSE, '', 'p1'),
				('i2', '900001', 2, 'no@example.org', 'no@example.org', 'No', 'Answer', '', '', '', '', ` + at + `, ` + at + `, ` + at + `, TRUE, '', NULL)`,
			} {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), cpdsql.Migrations); err != nil {
			t.Fatal(err)
		}
		store := cpdsql.NewStore(db, nil)
		for _, f := range []cpd.Filter{{Query: "sian jon"}, {Query: "sian@exam"}, {Query: "7km4t3x"}, {Reason: "no_record"}} {
			f.Limit = 10
			if list, _, _, err := store.Participants(t.Context(), f, 10); err != nil || ids(list) != "p1" {
				t.Errorf("%+v: %q, %v", f, ids(list), err)
			}
		}
		_, counts, err := store.Invitations(t.Context(), "900001", cpd.InvitationFilter{}, 10)
		if err != nil || counts[cpd.StateNotConfirmed] != 1 || counts[cpd.StateNoAnswer] != 1 {
			t.Errorf("the school sees %v, %v", counts, err)
		}
		var held []string // a save leaves of the words those that count
		if err := store.InTx(t.Context(), func(ctx context.Context, tx cpd.Tx) error {
			p, err := tx.Participant(ctx, "p1")
			if err != nil {
				return err
			}
			return tx.SaveParticipant(ctx, p)
		}); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Reader().QueryContext(t.Context(), `SELECT word FROM search_words ORDER BY word`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var word string
			if err := rows.Scan(&word); err != nil {
				t.Fatal(err)
			}
			held = append(held, word)
		}
		if got := strings.Join(held, " "); rows.Err() != nil || got != "jones obrien sian@example.org" {
			t.Errorf("the words are %q, %v", got, rows.Err())
		}
	})
}
