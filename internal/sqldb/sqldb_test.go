package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) {
	// The cluster's pipe reader lives as long as the program.
	goleak.VerifyTestMain(m)
}

var things = sqldb.Set{Name: "things", FS: fstest.MapFS{"migrations/00001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE things (id TEXT PRIMARY KEY, seen TIMESTAMP NOT NULL, big BIGINT NOT NULL, ok BOOLEAN NOT NULL);
-- +goose Down
DROP TABLE things;
`)}}}

func TestATransactionCommitsWholeOrNotAtAll(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		at := sqldb.Time(time.Now())
		insert := func(id string) func(context.Context, *sql.Tx) error {
			return func(ctx context.Context, tx *sql.Tx) error {
				// $2 before $1: SQLite's other drivers bind this wrongly.
				_, err := tx.ExecContext(ctx, `INSERT INTO things (seen, id, big, ok) VALUES ($2, $1, $3, $4)`, id, at, int64(1)<<53, true)
				return err
			}
		}
		if err := db.InTx(ctx, insert("a")); err != nil {
			t.Fatal(err)
		}
		if err := db.InTx(ctx, insert("a")); !sqldb.IsUnique(err) {
			t.Errorf("the same key again: got %v, want a unique violation", err)
		}
		broken := errors.New("broken")
		if err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := insert("b")(ctx, tx); err != nil {
				return err
			}
			return broken
		}); !errors.Is(err, broken) {
			t.Errorf("got %v, want the function's own error", err)
		}
		var n int
		var big int64
		var ok bool
		var seen time.Time
		if err := db.Reader().QueryRowContext(ctx, `SELECT count(*) FROM things`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := db.Reader().QueryRowContext(ctx, `SELECT big, ok, seen FROM things WHERE seen <= $1`, at).Scan(&big, &ok, &seen); err != nil {
			t.Fatal(err)
		}
		if n != 1 || big != 1<<53 || !ok || !seen.Equal(at) {
			t.Errorf("got %d rows, %d %v %v, want 1 row, %d true %v", n, big, ok, seen, int64(1)<<53, at)
		}
	}, things)
}

func TestADatabaseNewerThanTheProgramIsRefused(t *testing.T) {
	newer := sqldb.Set{Name: "things", FS: fstest.MapFS{
		"migrations/00001_things.sql": things.FS.(fstest.MapFS)["migrations/00001_things.sql"],
		"migrations/00002_more.sql":   {Data: []byte("-- +goose Up\nALTER TABLE things ADD COLUMN more TEXT;\n-- +goose Down\nALTER TABLE things DROP COLUMN more;\n")},
	}}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := db.CheckMigrated(ctx, things); err != nil {
			t.Errorf("migrated: %v", err)
		}
		if err := db.CheckMigrated(ctx, newer); err == nil || !strings.Contains(err.Error(), "run traid migrate") {
			t.Errorf("older database: got %v, want to be told to migrate", err)
		}
		if err := db.Migrate(ctx, newer); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{"check": db.CheckMigrated(ctx, things), "migrate": db.Migrate(ctx, things)} {
			if err == nil || !strings.Contains(err.Error(), "newer than this program") {
				t.Errorf("%s of a newer database: got %v, want a refusal", name, err)
			}
		}
	}, things)
}

func TestAJobIsWorkedWhenItsTransactionCommits(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		jobs, err := sqldb.NewJobs(db, nil)
		if err != nil {
			t.Fatal(err)
		}
		worked, swept := make(chan string, 10), make(chan struct{}, 10)
		if err := jobs.Start(ctx, map[string]sqldb.Work{
			"one":   func(_ context.Context, id string) error { worked <- id; return nil },
			"sweep": func(context.Context, string) error { swept <- struct{}{}; return nil },
		}, []sqldb.Every{{Name: "sweep", Interval: time.Hour}}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := jobs.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		}()
		_ = db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := jobs.InsertTx(ctx, tx, sqldb.Job{Name: "one", ID: "rolled back"}, time.Time{}); err != nil {
				t.Error(err)
			}
			return errors.New("no")
		})
		if err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return jobs.InsertTx(ctx, tx, sqldb.Job{Name: "one", ID: "42"}, time.Time{})
		}); err != nil {
			t.Fatal(err)
		}
		if got := <-worked; got != "42" {
			t.Errorf("worked %q, want 42", got)
		}
		<-swept
	}, things)
}
