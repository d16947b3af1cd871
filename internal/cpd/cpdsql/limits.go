package cpdsql

import (
	"context"
	"errors"
	"time"

	"traid/internal/sqldb"
)

// Count adds one to a counter of a window of time and gives it.
func (x *tx) Count(ctx context.Context, key string, window time.Time) (int64, error) {
	n, err := x.q.Count(ctx, CountParams{Counted: key, BeginsAt: sqldb.Time(window)})
	return n, wrote("count", err)
}

// Clean ends the links that are too old, with their text, and drops the
// counters of windows that began before.
func (x *tx) Clean(ctx context.Context, now, windowsBefore time.Time) error {
	return wrote("clean", errors.Join(x.q.EndLinks(ctx, sqldb.NullTime(now)), x.q.DropCounters(ctx, sqldb.Time(windowsBefore))))
}
