package trasql

import (
	"context"
	"time"

	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
)

// SavedForm gives what an operator typed for a case.
func (x reads) SavedForm(ctx context.Context, id tra.RequestID, operator string) (tra.SavedForm, error) {
	row, err := x.q.SavedForm(ctx, SavedFormParams{Request: string(id), Operator: operator})
	if err != nil {
		return tra.SavedForm{}, readError("saved form", id, err)
	}
	return savedFormOf(SavedFormsRow(row))
}

// SavedForms gives what an operator typed for any case, the newest first.
func (s *Store) SavedForms(ctx context.Context, operator string, limit int) ([]tra.SavedForm, error) {
	rows, err := s.q.SavedForms(ctx, SavedFormsParams{Operator: operator, Limit: int32(limit)})
	if err != nil {
		return nil, readError("saved forms", "an operator", err)
	}
	return all(rows, savedFormOf)
}

func savedFormOf(row SavedFormsRow) (tra.SavedForm, error) {
	return tra.SavedForm{
		Request: tra.RequestID(row.Request), Reference: tra.Reference(row.Reference), Operator: row.Operator, Form: row.Form,
		Values: person.NewText(row.Typed), Revision: row.Revision, At: row.SavedAt.UTC(),
	}, nil
}

// SaveForm keeps what an operator typed, in the place of what they typed before.
func (x *tx) SaveForm(ctx context.Context, f tra.SavedForm) error {
	return writeError("saved form", f.Request, x.q.SaveForm(ctx, SaveFormParams{
		Request: string(f.Request), Operator: f.Operator, Form: f.Form, Typed: f.Values.Reveal(), Revision: f.Revision, SavedAt: sqldb.Time(f.At),
	}))
}

// DropForm forgets what an operator typed for a case; of every operator where it is empty.
func (x *tx) DropForm(ctx context.Context, id tra.RequestID, operator string) error {
	if operator == "" {
		return writeError("saved form", id, x.q.DropFormsOf(ctx, string(id)))
	}
	return writeError("saved form", id, x.q.DropForm(ctx, DropFormParams{Request: string(id), Operator: operator}))
}

// DropForms forgets what was typed before an instant.
func (x *tx) DropForms(ctx context.Context, before time.Time) error {
	return writeError("saved forms", before, x.q.DropForms(ctx, sqldb.Time(before)))
}
