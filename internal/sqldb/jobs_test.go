package sqldb_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// A job with a time of its own waits for River's scheduler, which looks every
// few seconds and only where it leads; one whose time has come must not.
func TestAJobThatIsDueWaitsForNoScheduler(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		jobs, err := sqldb.NewJobs(db, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, at := range map[string]time.Time{"available": time.Now(), "scheduled": time.Now().Add(time.Hour)} {
			if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				return jobs.InsertTx(ctx, tx, sqldb.Job{Name: name}, at)
			}); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE state = '`+name+`'`).Scan(&n); err != nil || n != 1 {
				t.Errorf("a job for %v: %d are %s, %v; want it alone", at, n, name, err)
			}
		}
	})
}
