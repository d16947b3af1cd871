package dqtsql

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"traid/internal/dqt"
)

// On PostgreSQL a claim takes as long as its messages there and back. A view
// begins with its first query, in the same message, and nobody waits for its end.

func (s *Store) viewPostgres(ctx context.Context, pool *pgxpool.Pool, do func(ctx context.Context, v dqt.View) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("dqtsql: begin: %w", err)
	}
	v := &view{s: s, pg: conn.Conn()}
	defer func() { go v.end(ctx, conn) }()
	return do(ctx, v)
}

// begin begins the view, reads its state and, with lists, has the first look.
func (v *view) begin(ctx context.Context, lists []any, read func(rows) error) error {
	v.begun = true
	var b pgx.Batch
	b.Queue("begin isolation level repeatable read read only")
	b.Queue("set local plan_cache_mode = force_generic_plan") // planning a look anew takes as long as the look
	b.Queue(v.s.lastImport.text)
	if read != nil {
		b.Queue(v.s.firstLook, lists...)
	}
	sent := v.pg.SendBatch(ctx, &b)
	defer sent.Close()
	for range 2 {
		if _, err := sent.Exec(); err != nil {
			return fmt.Errorf("dqtsql: begin: %w", err)
		}
	}
	state, err := sent.Query()
	if err != nil {
		return fmt.Errorf("dqtsql: state: %w", err)
	}
	if v.state, err = readState(pgRows{state}); err != nil || read == nil {
		return err
	}
	looked, err := sent.Query()
	if err != nil {
		return fmt.Errorf("dqtsql: look: %w", err)
	}
	return read(pgRows{looked})
}

func (v *view) queryPostgres(ctx context.Context, text string, args ...any) (rows, error) {
	found, err := v.pg.Query(ctx, text, args...)
	return pgRows{found}, err
}

// endWithin bounds how long a view's end takes.
const endWithin = 5 * time.Second

// end ends the view; a connection that does not is closed by its pool.
func (v *view) end(ctx context.Context, conn *pgxpool.Conn) {
	defer conn.Release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	if v.begun {
		_, _ = v.pg.Exec(ctx, "rollback")
	}
}

// pgRows are pgx's rows with database/sql's way to close.
type pgRows struct{ pgx.Rows }

func (r pgRows) Close() error {
	r.Rows.Close()
	return r.Err()
}
