package dqtsql

import (
	"context"
	"database/sql"
	"sync"
)

// statement is a query that is prepared when it is first asked.
type statement struct {
	db   *sql.DB
	text string
	long bool // reads much, and can be cancelled

	mu       sync.Mutex
	prepared *sql.Stmt
}

func (s *statement) query(ctx context.Context, t *sql.Tx, args ...any) (*sql.Rows, error) {
	s.mu.Lock()
	if s.prepared == nil {
		var err error
		if s.prepared, err = s.db.PrepareContext(context.WithoutCancel(ctx), s.text); err != nil {
			s.mu.Unlock()
			return nil, err
		}
	}
	prepared := s.prepared
	s.mu.Unlock()
	if !s.long { // the driver starts a goroutine for what can be cancelled, which takes longer than the query
		ctx = context.WithoutCancel(ctx)
	}
	return t.StmtContext(ctx, prepared).QueryContext(ctx, args...)
}
