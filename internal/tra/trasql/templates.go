package trasql

import (
	"context"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

func templateOf(t Template) (tra.Template, error) {
	return tra.Template{
		ID: tra.TemplateID(t.ID), Kind: tra.Kind(t.Kind), Purpose: tra.Purpose(t.Purpose), Name: t.Name, Text: t.Body,
		ChangedBy: t.ChangedBy, ChangedAt: timeOf(t.ChangedAt),
	}, nil
}

// Templates gives the texts that operators start from.
func (s *Store) Templates(ctx context.Context) ([]tra.Template, error) {
	rows, err := s.q.Templates(ctx)
	if err != nil {
		return nil, readError("templates", "all", err)
	}
	return all(rows, templateOf)
}

// Template gives one of them.
func (x *tx) Template(ctx context.Context, id tra.TemplateID) (tra.Template, error) {
	t, err := x.q.Template(ctx, string(id))
	if err != nil {
		return tra.Template{}, readError("template", id, err)
	}
	return templateOf(t)
}

// SaveTemplate adds one, or changes its name and text.
func (x *tx) SaveTemplate(ctx context.Context, t tra.Template) error {
	return writeError("template", t.ID, x.q.SaveTemplate(ctx, SaveTemplateParams{
		ID: string(t.ID), Kind: string(t.Kind), Purpose: string(t.Purpose), Name: t.Name, Body: t.Text,
		ChangedBy: t.ChangedBy, ChangedAt: sqldb.NullTime(t.ChangedAt),
	}))
}

// DropTemplate deletes one.
func (x *tx) DropTemplate(ctx context.Context, id tra.TemplateID) error {
	return writeError("template", id, x.q.DropTemplate(ctx, string(id)))
}
