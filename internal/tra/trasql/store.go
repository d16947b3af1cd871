// Package trasql keeps tra's requests in the service's own database, SQLite or
// PostgreSQL. It has no rules: what may follow on what is tra's. It is the one
// place that reveals what persons said of themselves, to write it into its tables.
package trasql

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
)

//go:embed migrations
var files embed.FS

// Migrations are tra's tables. What is due stands in those of sqldb.TaskMigrations.
var Migrations = sqldb.Set{Name: "tra", FS: files}

// Store is tra.Store.
type Store struct {
	reads
	db    *sqldb.DB
	tasks sqldb.Tasks
}

// NewStore gives the store in a migrated database. jobs kick what becomes due;
// with nil nothing is kicked, and DueTasks has to be asked.
func NewStore(db *sqldb.DB, jobs *sqldb.Jobs) *Store {
	return &Store{reads: reads{q: New(db.Reader())}, db: db, tasks: sqldb.Tasks{Jobs: jobs}}
}

// InTx runs do in one transaction. After tra.ErrTaken do has to give up: on
// PostgreSQL nothing more can be done in the transaction.
func (s *Store) InTx(ctx context.Context, do func(ctx context.Context, tx tra.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) error {
		return do(ctx, &tx{reads: reads{q: New(t)}, t: t, tasks: s.tasks})
	})
}

// reads is tra.Reads, inside or outside of a transaction.
type reads struct{ q *Queries }

// tx is tra.Tx.
type tx struct {
	reads
	t     *sql.Tx
	tasks sqldb.Tasks
}

var (
	_ tra.Store = (*Store)(nil)
	_ tra.Tx    = (*tx)(nil)
)

// readError says what could not be read; of what is not there fault.NotFound.
func readError(what string, id any, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, "There is no such "+what+".")
	}
	return fmt.Errorf("trasql: read %s of %v: %w", what, id, err)
}

// writeError says what could not be written; tra.ErrTaken where something
// unique stands already.
func writeError(what string, id any, err error) error {
	switch {
	case err == nil:
		return nil
	case sqldb.IsUnique(err):
		return fmt.Errorf("trasql: write %s of %v: %w", what, id, tra.ErrTaken)
	}
	return fmt.Errorf("trasql: write %s of %v: %w", what, id, err)
}

// changed is writeError for a row that has to be there.
func changed(what string, id any, rows int64, err error) error {
	if err == nil && rows == 0 {
		return readError(what, id, sql.ErrNoRows)
	}
	return writeError(what, id, err)
}

func timeOf(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

// trnOf reads a stored TRN; none is none.
func trnOf(stored string) (person.TRN, error) {
	if stored == "" {
		return person.TRN{}, nil
	}
	return person.NewTRN(stored)
}

// all converts rows.
func all[R, T any](rows []R, one func(R) (T, error)) ([]T, error) {
	out := make([]T, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = one(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
