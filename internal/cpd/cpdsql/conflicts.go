package cpdsql

import (
	"context"
	"fmt"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// OpenConflict gives a participant's open conflict; there is one at most.
func (r reads) OpenConflict(ctx context.Context, id cpd.ParticipantID) (cpd.Conflict, error) {
	row, err := r.q.OpenConflict(ctx, string(id))
	if err != nil {
		return cpd.Conflict{}, failed("conflict", err)
	}
	var v values
	c := cpd.Conflict{
		ID: row.ID, Participant: cpd.ParticipantID(row.ParticipantID), Holder: cpd.ParticipantID(row.HolderID),
		TRN: stored(&v, person.NewTRN, row.Trn), Request: cpd.RequestID(row.RequestID), Version: row.Version,
		OpenedAt: row.OpenedAt.UTC(), EndedAt: when(row.EndedAt), How: cpd.End(row.How), EndedBy: row.EndedBy, Why: row.Why,
	}
	if v.unreadable {
		return cpd.Conflict{}, fmt.Errorf("cpdsql: conflict %s holds a TRN that cannot be read", row.ID)
	}
	return c, nil
}

// AddConflict keeps a new conflict; ErrTaken where the participant has an open one.
func (x *tx) AddConflict(ctx context.Context, c cpd.Conflict) error {
	return wrote("add conflict", x.q.AddConflict(ctx, AddConflictParams{
		ID: c.ID, ParticipantID: string(c.Participant), HolderID: string(c.Holder), Trn: c.TRN.Reveal(), RequestID: string(c.Request),
		Version: c.Version, OpenedAt: sqldb.Time(c.OpenedAt), EndedAt: sqldb.NullTime(c.EndedAt), How: string(c.How), EndedBy: c.EndedBy, Why: c.Why,
	}))
}

// SaveConflict changes a conflict: its TRN and its end.
func (x *tx) SaveConflict(ctx context.Context, c cpd.Conflict) error {
	n, err := x.q.SaveConflict(ctx, SaveConflictParams{
		Trn: c.TRN.Reveal(), EndedAt: sqldb.NullTime(c.EndedAt), How: string(c.How), EndedBy: c.EndedBy, Why: c.Why, ID: c.ID,
	})
	return changed("conflict", n, err)
}
