package trasql

import (
	"context"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

func flagOf(f Flag) tra.Flagged {
	return tra.Flagged{Flag: tra.Flag(f.Flag), Reason: f.Reason, Since: f.Since.UTC()}
}

// Flags gives the flags that are set, the longest set first.
func (x reads) Flags(ctx context.Context, id tra.RequestID) ([]tra.Flagged, error) {
	rows, err := x.q.Flags(ctx, string(id))
	if err != nil {
		return nil, readError("flags", id, err)
	}
	out := make([]tra.Flagged, len(rows))
	for i, f := range rows {
		out[i] = flagOf(f)
	}
	return out, nil
}

// Flag sets a flag, or gives the one that is set another reason.
func (x *tx) Flag(ctx context.Context, id tra.RequestID, f tra.Flagged) error {
	return writeError("flag", id, x.q.SetFlag(ctx, SetFlagParams{
		Request: string(id), Flag: string(f.Flag), Reason: f.Reason, Since: sqldb.Time(f.Since),
	}))
}

// Unflag takes flags off.
func (x *tx) Unflag(ctx context.Context, id tra.RequestID, flags ...tra.Flag) error {
	for _, f := range flags {
		if err := x.q.ClearFlag(ctx, ClearFlagParams{Request: string(id), Flag: string(f)}); err != nil {
			return writeError("flag", id, err)
		}
	}
	return nil
}
