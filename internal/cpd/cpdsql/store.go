// Package cpdsql keeps Manage CPD in the service's own database, SQLite or
// PostgreSQL. It has no rules but what is unique.
package cpdsql

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/sqldb"
)

//go:embed migrations
var files embed.FS

// Migrations are the tables of cpd. The store needs sqldb.TaskMigrations too.
var Migrations = sqldb.Set{Name: "cpd", FS: files}

// Store is cpd.Store.
type Store struct {
	reads
	db    *sqldb.DB
	tasks sqldb.Tasks
	dense int
}

// NewStore gives the store in a migrated database. Without jobs nothing is
// kicked: somebody has to ask for what is due.
func NewStore(db *sqldb.DB, jobs *sqldb.Jobs) *Store {
	return &Store{reads: reads{New(db.Reader())}, db: db, tasks: sqldb.Tasks{Jobs: jobs}, dense: dense}
}

// InTx runs do in one transaction; do may run more than once.
func (s *Store) InTx(ctx context.Context, do func(ctx context.Context, tx cpd.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) error {
		return do(ctx, &tx{reads: reads{New(t)}, t: t, tasks: s.tasks})
	})
}

// reads is cpd.Reads on the pool or on a transaction.
type reads struct{ q *Queries }

// tx is cpd.Tx.
type tx struct {
	reads
	t     *sql.Tx
	tasks sqldb.Tasks
}

// failed tells what could not be read; what is not there is fault.NotFound.
func failed(what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "There is no such "+what+".")
	}
	return fmt.Errorf("cpdsql: read %s: %w", what, err)
}

// wrote gives the error of a write: cpd.ErrTaken for what is unique and stands already.
func wrote(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case sqldb.IsUnique(err):
		return fmt.Errorf("cpdsql: %s: %w", what, cpd.ErrTaken)
	}
	return fmt.Errorf("cpdsql: %s: %w", what, err)
}

// changed is wrote for a change of one row, which has to be there.
func changed(what string, rows int64, err error) error {
	if err == nil && rows == 0 {
		return fault.New(fault.NotFound, "There is no such "+what+".")
	}
	return wrote("save "+what, err)
}

// each makes a list of what stands in rows.
func each[R, T any](what string, rows []R, err error, of func(R) (T, error)) ([]T, error) {
	if err != nil {
		return nil, failed(what, err)
	}
	out := make([]T, 0, len(rows))
	for _, row := range rows {
		v, err := of(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// when gives a stored time that may be missing: zero then.
func when(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

var (
	_ cpd.Store = (*Store)(nil)
	_ cpd.Tx    = (*tx)(nil)
)
