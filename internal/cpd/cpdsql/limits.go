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

// Clean ends the links and codes that are too old, with their text, and deletes
// what is over besides: confirmations, saved answers, counters of windows that
// began before, old mails to nobody who handed in, files, and what was entered
// of people who did not follow an invitation.
func (x *tx) Clean(ctx context.Context, now, windowsBefore, strangersBefore time.Time) error {
	at := sqldb.Time(now)
	return wrote("clean", errors.Join(
		x.q.EndSecrets(ctx, sqldb.NullTime(now)), x.q.ForgetEmailCodes(ctx, at), x.q.ForgetDrafts(ctx, at),
		x.q.EndInvitations(ctx, at), x.q.DeleteUploadRows(ctx, DeleteUploadRowsParams{Now: at}), x.q.DeleteUploads(ctx, DeleteUploadsParams{Now: at}),
		x.q.DropCounters(ctx, sqldb.Time(windowsBefore)), x.q.DeleteStrangersMessages(ctx, sqldb.Time(strangersBefore)),
	))
}
