package cpd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/table"
	"traid/internal/workday"
)

// Upload is a file of people to invite. It is read once and looked at by its
// tutor before anybody is invited.
type Upload struct {
	ID        string
	School    URN
	By        string // a tutor's email address
	CreatedAt time.Time
	State     UploadState
	People    int // rows that can be invited
	Wrong     int // rows that cannot be
	Known     int // of People: on the list already when the file was read
	Done      int // of People
	Invited   int // of Done
	EndsAt    time.Time
}

// UploadState is how far a file has come.
type UploadState string

// The states of a file.
const (
	UploadPreview UploadState = "preview"
	UploadWorking UploadState = "working"
	UploadDone    UploadState = "done"
)

// UploadRow is a row of a file, with what is wrong with it or became of it.
type UploadRow struct {
	Line      int // in the file, from one
	FirstName string
	LastName  string
	Email     string
	Invitee   Invitee // of a row that can be invited, until it is done
	Field     string  // the column that is wrong; empty: none, or the row as a whole
	Problem   string  // a person.Reason, ProblemTwice, or a sentence about the row; empty: nothing is wrong
	Result    RowResult
}

// ProblemTwice is that an address stands in an earlier row too.
const ProblemTwice = "twice"

// RowResult is what became of a row.
type RowResult string

// What can become of a row that is not wrong.
const (
	RowInvited RowResult = "invited"
	RowKnown   RowResult = "on_the_list_already"
	RowFull    RowResult = "list_is_full"
	RowLater   RowResult = "too_many_mails" // to that address, today
)

// The columns of a file.
const (
	ColumnFirstName   = "first_name"
	ColumnLastName    = "last_name"
	ColumnEmail       = "email"
	ColumnDateOfBirth = "date_of_birth"
	ColumnTRN         = "trn"
)

var uploadColumns = table.Columns{Required: []string{ColumnFirstName, ColumnLastName, ColumnEmail}, Optional: []string{ColumnDateOfBirth, ColumnTRN}}

// UploadColumns lists the columns of a file, those that may be left out last.
func UploadColumns() []string {
	return append(append([]string{}, uploadColumns.Required...), uploadColumns.Optional...)
}

// Bounds of a file.
const (
	MaxUploadRows = 10_000
	previewLife   = 24 * time.Hour
	uploadLife    = 28 * 24 * time.Hour
	uploadBatch   = 100 // rows in one transaction
	longestCell   = 255 // letters that are kept of a cell that is wrong
)

// ReadUpload reads a file, keeps its rows to be looked at, and invites nobody.
// The same file twice in a moment is read once. Invalid says what is wrong with
// the file as a whole.
func (s *Service) ReadUpload(ctx context.Context, tutor string, file io.Reader) (Upload, error) {
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return Upload{}, err
	}
	if err := s.count(ctx, []counter{{s.hash("file", string(school.URN)), schoolWindow, filesLimit}}); err != nil {
		return Upload{}, err
	}
	sum := sha256.New()
	rows, err := s.readRows(io.TeeReader(file, sum))
	if err != nil {
		return Upload{}, err
	}
	now := s.now()
	var out Upload
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if again, err := s.again("file", tutor, string(sum.Sum(nil)))(ctx, tx); err != nil {
			return err
		} else if again {
			list, err := tx.Uploads(ctx, school.URN, pageLimit)
			if err != nil {
				return err
			}
			for _, u := range list {
				if u.By == tutor && u.State == UploadPreview && u.People+u.Wrong == len(rows) && !u.CreatedAt.Add(2*aMoment).Before(now) {
					out = u
					return nil
				}
			}
		}
		out = Upload{ID: ident.NewUUID(), School: school.URN, By: tutor, CreatedAt: now, State: UploadPreview, EndsAt: now.Add(previewLife)}
		known, err := tx.InvitedAddresses(ctx, school.URN)
		if err != nil {
			return err
		}
		for _, r := range rows {
			switch {
			case r.Problem != "":
				out.Wrong++
				continue
			case known[r.Invitee.Email.Key()]:
				out.Known++
			}
			out.People++
		}
		if err := tx.AddUpload(ctx, out, rows); err != nil {
			return err
		}
		return s.did(ctx, tx, school.URN, tutor, FileRead, out.ID)
	})
	return out, err
}

// readRows reads a file's rows, each with what is wrong with its form.
func (s *Service) readRows(file io.Reader) ([]UploadRow, error) {
	t, err := table.Open(file, uploadColumns)
	if err != nil {
		return nil, err
	}
	today := person.DateOf(s.now().In(workday.London))
	var out []UploadRow
	seen := map[string]bool{}
	for {
		in, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(strings.Join(in.Cells, "")) == "" && in.Refusal == "" {
			continue // an empty line of a spreadsheet
		}
		if len(out) == MaxUploadRows {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("The file has more than %d rows. Split it into several.", MaxUploadRows))
		}
		r := UploadRow{Line: in.Line, FirstName: kept(in.Get(ColumnFirstName)), LastName: kept(in.Get(ColumnLastName)), Email: kept(in.Get(ColumnEmail))}
		if r.Problem = in.Refusal; r.Problem == "" {
			r.Invitee, r.Field, r.Problem = inviteeOf(in, today)
		}
		if key := r.Invitee.Email.Key(); r.Problem == "" && seen[key] {
			r.Field, r.Problem = ColumnEmail, ProblemTwice
		} else if r.Problem == "" {
			seen[key] = true
		}
		if r.Problem != "" {
			r.Invitee = Invitee{}
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "The file names its columns and nobody.")
	}
	return out, nil
}

// kept is a cell as it is kept to be shown: no more of it than a line, and
// nothing that no database takes.
func kept(cell string) string {
	cell = strings.ReplaceAll(cell, "\x00", string(utf8.RuneError))
	if letters := []rune(cell); len(letters) > longestCell {
		return string(letters[:longestCell]) + "…"
	}
	return cell
}

// inviteeOf reads a row, or says which column is wrong and why: the first one.
func inviteeOf(in table.Row, today person.Date) (who Invitee, field, problem string) {
	for _, column := range UploadColumns() {
		var err error
		cell := in.Get(column)
		switch column {
		case ColumnFirstName:
			who.FirstName, err = person.ParseName(cell)
		case ColumnLastName:
			who.LastName, err = person.ParseName(cell)
		case ColumnEmail:
			who.Email, err = person.ParseEmail(cell)
		case ColumnDateOfBirth:
			if cell != "" {
				day, month, year := dateParts(cell)
				who.DateOfBirth, err = person.ParseDateOfBirth(day, month, year, today)
			}
		case ColumnTRN:
			if cell != "" {
				who.TRN, err = person.ParseTRN(cell)
			}
		}
		if err != nil {
			reason, _ := person.ReasonOf(err)
			return Invitee{}, column, string(reason)
		}
	}
	return who, "", ""
}

// dateParts takes a date apart, as spreadsheets write it: 1984-02-17 or 17/02/1984.
func dateParts(cell string) (day, month, year string) {
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	if len(parts) != 3 {
		return cell, cell, cell
	}
	if len(parts[0]) == 4 {
		return parts[2], parts[1], parts[0]
	}
	return parts[0], parts[1], parts[2]
}

var errNoUpload = fault.New(fault.NotFound, "There is no such file.")

// Upload gives a file of a tutor's school, with the first rows that are wrong.
func (s *Service) Upload(ctx context.Context, tutor, id string) (Upload, []UploadRow, error) {
	u, err := s.upload(ctx, s.store, tutor, id)
	if err != nil {
		return Upload{}, nil, err
	}
	wrong, err := s.store.WrongRows(ctx, id, pageLimit)
	return u, wrong, err
}

func (s *Service) upload(ctx context.Context, r Reads, tutor, id string) (Upload, error) {
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return Upload{}, err
	}
	u, ok, err := found(r.Upload(ctx, id))
	if err == nil && (!ok || u.School != school.URN || !u.EndsAt.After(s.now())) {
		err = errNoUpload
	}
	return u, err
}

// Uploads lists the files of a tutor's school that are still kept, newest first.
func (s *Service) Uploads(ctx context.Context, tutor string) ([]Upload, error) {
	school, err := s.SchoolOf(ctx, tutor)
	if err != nil {
		return nil, err
	}
	return s.store.Uploads(ctx, school.URN, pageLimit)
}

// BeginUpload has everybody invited whom a file names. Again it changes nothing.
func (s *Service) BeginUpload(ctx context.Context, tutor, id string) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		u, err := s.upload(ctx, tx, tutor, id)
		if err != nil || u.State != UploadPreview || u.People == 0 {
			return err
		}
		u.State, u.EndsAt = UploadWorking, s.now().Add(uploadLife)
		if err := tx.SaveUpload(ctx, u); err != nil {
			return err
		}
		if err := s.did(ctx, tx, u.School, tutor, FileBegun, id); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskInvite, id, s.now())
	})
}

// DropUpload forgets a file that nobody was invited from yet.
func (s *Service) DropUpload(ctx context.Context, tutor, id string) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		u, err := s.upload(ctx, tx, tutor, id)
		if err != nil || u.State != UploadPreview {
			return err
		}
		if err := s.did(ctx, tx, u.School, tutor, FileDropped, id); err != nil {
			return err
		}
		return tx.DeleteUpload(ctx, id)
	})
}

// inviteFrom invites the next rows of a file, in one transaction with how far it
// has come: whoever dies in the middle leaves nothing half done.
func (s *Service) inviteFrom(ctx context.Context, id string) error {
	for more := true; more; {
		if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			more = false
			now := s.now()
			task, due, err := tx.Lease(ctx, TaskInvite, id, now, now.Add(leaseFor))
			if err != nil || !due {
				return err
			}
			u, held, err := found(tx.Upload(ctx, id))
			if err != nil {
				return err
			}
			if !held || u.State != UploadWorking {
				return tx.FinishTask(ctx, task)
			}
			if more, err = s.inviteBatch(ctx, tx, &u); err != nil {
				return err
			}
			if more {
				return tx.DelayTask(ctx, task, now)
			}
			return tx.FinishTask(ctx, task)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) inviteBatch(ctx context.Context, tx Tx, u *Upload) (more bool, err error) {
	school, err := tx.School(ctx, u.School)
	if err != nil {
		return false, err
	}
	rows, err := tx.RowsToDo(ctx, u.ID, uploadBatch)
	if err != nil {
		return false, err
	}
	listed, err := tx.CountInvitations(ctx, u.School)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		result, err := s.inviteRow(ctx, tx, school, u.By, r, listed)
		if err != nil {
			return false, err
		}
		u.Done++
		if result == RowInvited {
			listed++
			u.Invited++
		}
		if err := tx.RowDone(ctx, u.ID, r.Line, result); err != nil {
			return false, err
		}
	}
	if more = len(rows) == uploadBatch; !more {
		u.State = UploadDone
		if err := s.did(ctx, tx, u.School, bySystem, FileDone, u.ID); err != nil {
			return false, err
		}
	}
	return more, tx.SaveUpload(ctx, *u)
}

func (s *Service) inviteRow(ctx context.Context, tx Tx, school School, tutor string, r UploadRow, listed int) (RowResult, error) {
	if _, known, err := found(tx.InvitationTo(ctx, school.URN, r.Invitee.Email)); err != nil || known {
		return RowKnown, err
	}
	if listed >= listLimit {
		return RowFull, nil
	}
	n, err := tx.Count(ctx, s.hash("mail", r.Invitee.Email.Key()), s.now().Truncate(personWindow))
	if err != nil {
		return "", err
	}
	if n > int64(s.o.ChecksPerPerson) {
		return RowLater, nil
	}
	_, _, err = s.invite(ctx, tx, school, tutor, r.Invitee)
	return RowInvited, err
}

// WriteResult writes what became of a file's rows as CSV: line, first_name,
// last_name, email, result, column, what_to_mend. say puts a problem in words.
// What a spreadsheet would run is neutralised.
func (s *Service) WriteResult(ctx context.Context, tutor, id string, say func(UploadRow) string) ([]byte, error) {
	if _, err := s.upload(ctx, s.store, tutor, id); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"line", ColumnFirstName, ColumnLastName, ColumnEmail, "result", "column", "what_to_mend"}) // an error stays in w
	for after := 0; ; {
		rows, err := s.store.Rows(ctx, id, after, maxPageLimit)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			result := string(r.Result)
			if r.Problem != "" {
				result = "not_invited"
			} else if result == "" {
				result = "waiting"
			}
			_ = w.Write([]string{
				strconv.Itoa(r.Line), table.Cell(r.FirstName), table.Cell(r.LastName), table.Cell(r.Email), result, r.Field, table.Cell(say(r)),
			})
			after = r.Line
		}
		if len(rows) < maxPageLimit {
			break
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
