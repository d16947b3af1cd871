package cpdsql

import (
	"context"
	"database/sql"
	"errors"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// Feed gives how far the TRA's answers are read; the zero Feed before the first poll.
func (r reads) Feed(ctx context.Context) (cpd.Feed, error) {
	row, err := r.q.ReadFeed(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return cpd.Feed{}, nil
	}
	if err != nil {
		return cpd.Feed{}, failed("feed", err)
	}
	return cpd.Feed{
		Cursor: cpd.Cursor(row.Place), DueAt: when(row.DueAt), LastAt: when(row.LastAt), Attempts: row.Attempts, Problem: row.Problem,
	}, nil
}

// SaveFeed keeps how far the answers are read.
func (x *tx) SaveFeed(ctx context.Context, f cpd.Feed) error {
	return wrote("save feed", x.q.SaveFeed(ctx, SaveFeedParams{
		Place: string(f.Cursor), DueAt: sqldb.NullTime(f.DueAt), LastAt: sqldb.NullTime(f.LastAt), Attempts: f.Attempts, Problem: f.Problem,
	}))
}
