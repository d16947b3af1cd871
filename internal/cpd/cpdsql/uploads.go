package cpdsql

import (
	"context"
	"fmt"
	"time"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// Upload gives a file by its id.
func (r reads) Upload(ctx context.Context, id string) (cpd.Upload, error) {
	row, err := r.q.Upload(ctx, id)
	if err != nil {
		return cpd.Upload{}, failed("file", err)
	}
	return toUpload(row)
}

// Uploads lists the files of a school, newest first.
func (r reads) Uploads(ctx context.Context, urn cpd.URN, limit int) ([]cpd.Upload, error) {
	rows, err := r.q.UploadsOf(ctx, UploadsOfParams{Urn: string(urn), Limit: int32(limit)})
	return each("file", rows, err, toUpload)
}

// WrongRows gives the first rows of a file that are wrong.
func (s *Store) WrongRows(ctx context.Context, upload string, limit int) ([]cpd.UploadRow, error) {
	rows, err := s.q.WrongUploadRows(ctx, WrongUploadRowsParams{UploadID: upload, Limit: int32(limit)})
	return each("row", rows, err, toUploadRow)
}

// Rows gives the rows of a file after a line, in their order.
func (s *Store) Rows(ctx context.Context, upload string, afterLine, limit int) ([]cpd.UploadRow, error) {
	rows, err := s.q.UploadRows(ctx, UploadRowsParams{UploadID: upload, Line: int64(afterLine), Limit: int32(limit)})
	return each("row", rows, err, toUploadRow)
}

// AddUpload keeps a file that was read.
func (x *tx) AddUpload(ctx context.Context, u cpd.Upload, rows []cpd.UploadRow) error {
	if err := wrote("add file", x.q.AddUpload(ctx, AddUploadParams{
		ID: u.ID, Urn: string(u.School), ByWhom: u.By, CreatedAt: sqldb.Time(u.CreatedAt), State: string(u.State),
		People: int64(u.People), Wrong: int64(u.Wrong), Known: int64(u.Known), Done: int64(u.Done), Invited: int64(u.Invited), EndsAt: sqldb.Time(u.EndsAt),
	})); err != nil {
		return err
	}
	for _, r := range rows {
		if err := wrote("add row", x.q.AddUploadRow(ctx, AddUploadRowParams{
			UploadID: u.ID, Line: int64(r.Line), FirstName: r.FirstName, LastName: r.LastName, Email: r.Email,
			DateOfBirth: r.Invitee.DateOfBirth.Reveal(), Trn: r.Invitee.TRN.Reveal(), Field: r.Field, Problem: r.Problem, Result: string(r.Result),
		})); err != nil {
			return err
		}
	}
	return nil
}

// SaveUpload keeps how far a file has come.
func (x *tx) SaveUpload(ctx context.Context, u cpd.Upload) error {
	n, err := x.q.SaveUpload(ctx, SaveUploadParams{State: string(u.State), Done: int64(u.Done), Invited: int64(u.Invited), EndsAt: sqldb.Time(u.EndsAt), ID: u.ID})
	return changed("file", n, err)
}

// DeleteUpload deletes a file with its rows.
func (x *tx) DeleteUpload(ctx context.Context, id string) error {
	never := sqldb.Time(time.Time{})
	if err := x.q.DeleteUploadRows(ctx, DeleteUploadRowsParams{ID: id, Now: never}); err != nil {
		return wrote("delete rows", err)
	}
	return wrote("delete file", x.q.DeleteUploads(ctx, DeleteUploadsParams{ID: id, Now: never}))
}

// RowsToDo gives the next rows of a file that nobody was invited from.
func (x *tx) RowsToDo(ctx context.Context, upload string, limit int) ([]cpd.UploadRow, error) {
	rows, err := x.q.UploadRowsToDo(ctx, UploadRowsToDoParams{UploadID: upload, Limit: int32(limit)})
	return each("row", rows, err, toUploadRow)
}

// RowDone keeps what became of a row, and forgets what was entered to be checked.
func (x *tx) RowDone(ctx context.Context, upload string, line int, result cpd.RowResult) error {
	return wrote("save row", x.q.UploadRowDone(ctx, UploadRowDoneParams{Result: string(result), UploadID: upload, Line: int64(line)}))
}

func toUpload(row Upload) (cpd.Upload, error) {
	return cpd.Upload{
		ID: row.ID, School: cpd.URN(row.Urn), By: row.ByWhom, CreatedAt: row.CreatedAt.UTC(), State: cpd.UploadState(row.State),
		People: int(row.People), Wrong: int(row.Wrong), Known: int(row.Known), Done: int(row.Done), Invited: int(row.Invited), EndsAt: row.EndsAt.UTC(),
	}, nil
}

func toUploadRow(row UploadRow) (cpd.UploadRow, error) {
	out := cpd.UploadRow{
		Line: int(row.Line), FirstName: row.FirstName, LastName: row.LastName, Email: row.Email,
		Field: row.Field, Problem: row.Problem, Result: cpd.RowResult(row.Result),
	}
	if row.Problem != "" {
		return out, nil
	}
	var v values
	out.Invitee = cpd.Invitee{
		FirstName: stored(&v, person.ParseName, row.FirstName), LastName: stored(&v, person.ParseName, row.LastName), Email: stored(&v, person.ParseEmail, row.Email),
		DateOfBirth: stored(&v, person.ParseDate, row.DateOfBirth), TRN: stored(&v, person.NewTRN, row.Trn),
	}
	if v.unreadable {
		return cpd.UploadRow{}, fmt.Errorf("cpdsql: row %d of file %s cannot be read", row.Line, row.UploadID)
	}
	return out, nil
}
