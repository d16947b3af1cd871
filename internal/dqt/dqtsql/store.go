// Package dqtsql keeps the register in a service's own database, SQLite or
// PostgreSQL. It has no rules.
package dqtsql

import (
	"context"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/sqldb"
)

//go:embed migrations
var files embed.FS

// Migrations are the register's tables.
var Migrations = sqldb.Set{Name: "dqt", FS: files}

// Store is dqt.Store.
type Store struct {
	db *sqldb.DB
	statements
}

// NewStore gives the store in a migrated database.
func NewStore(db *sqldb.DB) *Store { return &Store{db: db, statements: newStatements(db)} }

// View reads one state of the register.
func (s *Store) View(ctx context.Context, do func(ctx context.Context, v dqt.View) error) error {
	return s.db.View(ctx, func(ctx context.Context, t *sql.Tx) error {
		v := &view{t: t, s: s}
		var err error
		if v.state, err = v.read(ctx); err != nil {
			return err
		}
		return do(ctx, v)
	})
}

// InTx runs do in one transaction.
func (s *Store) InTx(ctx context.Context, do func(ctx context.Context, tx dqt.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) error {
		return do(ctx, &tx{dialect: s.dialect, t: t, q: New(t)})
	})
}

// view is dqt.View: what one generation of the register holds.
type view struct {
	t     *sql.Tx
	s     *Store
	state dqt.State
}

// State says how large the register is and how new.
func (v *view) State(context.Context) (dqt.State, error) { return v.state, nil }

func (v *view) read(ctx context.Context) (dqt.State, error) {
	var out dqt.State
	rows, err := v.s.lastImport.query(ctx, v.t)
	if err != nil {
		return out, fmt.Errorf("dqtsql: state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&out.Generation, &out.AsAt, &out.Records); err != nil {
			return out, fmt.Errorf("dqtsql: state: %w", err)
		}
		out.AsAt = out.AsAt.UTC()
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("dqtsql: state: %w", err)
	}
	return out, nil
}

// newest reads rows that come in the order of their number and generation, and
// calls do with the newest of each number, unless it holds nothing.
func newest[N ~uint32](rows *sql.Rows, err error, do func(number N, packed string) error) error {
	if err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	defer rows.Close()
	var number, last int64
	var packed, kept string
	for rows.Next() {
		if err := rows.Scan(&number, &packed); err != nil {
			return fmt.Errorf("dqtsql: read: %w", err)
		}
		if number != last && kept != "" {
			if err := do(N(last), kept); err != nil {
				return err
			}
		}
		last, kept = number, packed
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	if kept != "" {
		return do(N(last), kept)
	}
	return nil
}

// Features calls do with what is compared of the records.
func (v *view) Features(ctx context.Context, ids []match.ID, do func(id match.ID, packed string) error) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := v.s.features.query(ctx, v.t, v.s.list(ids), v.state.Generation)
	return newest(rows, err, do)
}

// EachFeatures is Features for every record.
func (v *view) EachFeatures(ctx context.Context, do func(id match.ID, packed string) error) error {
	rows, err := v.s.allFeatures.query(ctx, v.t, v.state.Generation)
	return newest(rows, err, do)
}

// Pages calls do with the pages of keys.
func (v *view) Pages(ctx context.Context, pages []match.PageNumber, do func(page match.PageNumber, packed string) error) error {
	if len(pages) == 0 {
		return nil
	}
	rows, err := v.s.pages.query(ctx, v.t, v.s.list(pages), v.state.Generation)
	return newest(rows, err, do)
}

// EachPage is Pages for every page.
func (v *view) EachPage(ctx context.Context, do func(page match.PageNumber, packed string) error) error {
	rows, err := v.s.allPages.query(ctx, v.t, v.state.Generation)
	return newest(rows, err, do)
}

// Records gives the records with the numbers.
func (v *view) Records(ctx context.Context, ids []match.ID) ([]dqt.Record, error) {
	staged, err := v.Staged(ctx, v.state.Generation, ids)
	out := make([]dqt.Record, len(staged))
	for i, s := range staged {
		out[i] = s.Record
	}
	return out, err
}

// Staged is Records with what is staged up to a generation.
func (v *view) Staged(ctx context.Context, generation int64, ids []match.ID) ([]dqt.StagedRecord, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := v.s.records.query(ctx, v.t, v.s.list(ids), generation)
	if err != nil {
		return nil, fmt.Errorf("dqtsql: records: %w", err)
	}
	defer rows.Close()
	type row struct {
		trn, fingerprint, merged int64
		details                  string
	}
	var newest []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.trn, &r.fingerprint, &r.merged, &r.details); err != nil {
			return nil, fmt.Errorf("dqtsql: records: %w", err)
		}
		if n := len(newest); n > 0 && newest[n-1].trn == r.trn {
			newest = newest[:n-1]
		}
		newest = append(newest, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("dqtsql: records: %w", err)
	}
	out := make([]dqt.StagedRecord, 0, len(newest))
	for _, r := range newest {
		if r.details == "" {
			continue
		}
		record, err := unpackDetails(r.trn, r.merged, r.details)
		if err != nil {
			return nil, fmt.Errorf("dqtsql: records: %w", err)
		}
		out = append(out, dqt.StagedRecord{ID: match.ID(r.trn), Record: record, Fingerprint: uint64(r.fingerprint)})
	}
	return out, nil
}

// Known gives every record's number with what tells whether it changed.
func (v *view) Known(ctx context.Context, do func(id match.ID, k dqt.Known)) error {
	rows, err := v.s.known.query(ctx, v.t, v.state.Generation)
	if err != nil {
		return fmt.Errorf("dqtsql: known records: %w", err)
	}
	defer rows.Close()
	var trn, fingerprint, merged, last int64
	var gone bool
	var kept dqt.Known
	there := false
	for rows.Next() {
		if err := rows.Scan(&trn, &fingerprint, &merged, &gone); err != nil {
			return fmt.Errorf("dqtsql: known records: %w", err)
		}
		if there && trn != last {
			do(match.ID(last), kept)
		}
		last, there, kept = trn, !gone, dqt.Known{Fingerprint: uint64(fingerprint), MergedInto: match.ID(merged)}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: known records: %w", err)
	}
	if there {
		do(match.ID(last), kept)
	}
	return nil
}

// Words gives every word of a name, in order, with how many records have it.
func (v *view) Words(ctx context.Context, do func(word string, holders int)) error {
	rows, err := v.s.words.query(ctx, v.t, v.state.Generation)
	if err != nil {
		return fmt.Errorf("dqtsql: words: %w", err)
	}
	defer rows.Close()
	var word, last string
	var holders, kept int
	for rows.Next() {
		if err := rows.Scan(&word, &holders); err != nil {
			return fmt.Errorf("dqtsql: words: %w", err)
		}
		if last != "" && word != last {
			do(last, kept)
		}
		last, kept = word, holders
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: words: %w", err)
	}
	if last != "" {
		do(last, kept)
	}
	return nil
}

// WordHolders gives the records of each of the words, packed.
func (v *view) WordHolders(ctx context.Context, words []string, do func(word, packed string) error) error {
	if len(words) == 0 {
		return nil
	}
	rows, err := v.s.wordHolders.query(ctx, v.t, v.s.texts(words), v.state.Generation)
	if err != nil {
		return fmt.Errorf("dqtsql: words: %w", err)
	}
	defer rows.Close()
	var last, kept string
	for rows.Next() {
		var word, packed string
		if err := rows.Scan(&word, &packed); err != nil {
			return fmt.Errorf("dqtsql: words: %w", err)
		}
		if last != "" && word != last {
			if err := do(last, kept); err != nil {
				return err
			}
		}
		last, kept = word, packed
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: words: %w", err)
	}
	if last != "" {
		return do(last, kept)
	}
	return nil
}

// tx is dqt.Tx.
type tx struct {
	dialect
	t *sql.Tx
	q *Queries
}

// HoldImport begins an import or goes on with it until a time.
func (x *tx) HoldImport(ctx context.Context, holder string, now, until time.Time) (unfinished bool, err error) {
	had, err := x.q.Importing(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("dqtsql: hold import: %w", err)
	}
	if unfinished = err == nil && had.Holder != holder; unfinished && had.Until.After(now) {
		return false, dqt.ErrImporting
	}
	if err := x.q.HoldImport(ctx, HoldImportParams{Holder: holder, Until: sqldb.Time(until)}); err != nil {
		return false, fmt.Errorf("dqtsql: hold import: %w", err)
	}
	return unfinished, nil
}

// EndImport ends an import.
func (x *tx) EndImport(ctx context.Context, holder string) error {
	if err := x.q.EndImport(ctx, holder); err != nil {
		return fmt.Errorf("dqtsql: end import: %w", err)
	}
	return nil
}

// Stage writes rows of a generation that is not yet seen.
func (x *tx) Stage(ctx context.Context, generation int64, rows dqt.Rows) error {
	records := make([][]any, len(rows.Records))
	for i, r := range rows.Records {
		var text string
		var merged match.ID
		if !r.TRN.IsZero() {
			var err error
			if text, err = packDetails(r.Record); err != nil {
				return fmt.Errorf("dqtsql: stage: %w", err)
			}
			merged = dqt.IDOf(r.MergedInto)
		}
		records[i] = []any{int64(r.ID), generation, int64(r.Fingerprint), int64(merged), text}
	}
	features := make([][]any, len(rows.Features))
	for i, r := range rows.Features {
		features[i] = []any{int64(r.ID), generation, bytesOf(r.Packed)}
	}
	pages := make([][]any, len(rows.Pages))
	for i, r := range rows.Pages {
		pages[i] = []any{int64(r.Page), generation, bytesOf(r.Packed)}
	}
	words := make([][]any, len(rows.Words))
	for i, r := range rows.Words {
		words[i] = []any{r.Word, generation, int64(r.Holders), bytesOf(r.Packed)}
	}
	return errors.Join(
		x.put(ctx, "records", []string{"trn", "generation", "fingerprint", "merged_into", "details"}, records),
		x.put(ctx, "features", []string{"trn", "generation", "packed"}, features),
		x.put(ctx, "key_pages", []string{"page", "generation", "packed"}, pages),
		x.put(ctx, "name_words", []string{"word", "generation", "holders", "packed"}, words),
	)
}

func bytesOf(packed []byte) []byte {
	if packed == nil {
		return []byte{}
	}
	return packed
}

// putAtOnce is how many rows one statement writes.
const putAtOnce = 20

// put writes rows, each in the place of the one with the same first two values.
func (x *tx) put(ctx context.Context, table string, columns []string, rows [][]any) error {
	ctx = context.WithoutCancel(ctx) // the driver starts a goroutine for each statement that can be cancelled
	whole := len(rows) / putAtOnce * putAtOnce
	for _, some := range []struct {
		rows   [][]any
		atOnce int
	}{{rows[:whole], putAtOnce}, {rows[whole:], 1}} {
		if len(some.rows) == 0 {
			continue
		}
		s, err := x.t.PrepareContext(ctx, putText(table, columns, some.atOnce))
		if err != nil {
			return fmt.Errorf("dqtsql: stage into %s: %w", table, err)
		}
		for part := range slices.Chunk(some.rows, some.atOnce) {
			if _, err := s.ExecContext(ctx, slices.Concat(part...)...); err != nil {
				return errors.Join(fmt.Errorf("dqtsql: stage into %s: %w", table, err), s.Close())
			}
		}
		if err := s.Close(); err != nil {
			return fmt.Errorf("dqtsql: stage into %s: %w", table, err)
		}
	}
	return nil
}

func putText(table string, columns []string, rows int) string {
	var text strings.Builder
	text.WriteString(`INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES `)
	n := 0
	for i := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		for j := range columns {
			text.WriteByte("(,"[min(j, 1)])
			n++
			text.WriteString("$" + strconv.Itoa(n))
		}
		text.WriteByte(')')
	}
	text.WriteString(` ON CONFLICT (` + columns[0] + `, ` + columns[1] + `) DO UPDATE SET `)
	for i, c := range columns[2:] {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(c + ` = excluded.` + c)
	}
	return text.String()
}

// Flip makes a staged generation the present one.
func (x *tx) Flip(ctx context.Context, holder string, i dqt.Imported) error {
	had, err := x.q.Importing(ctx)
	if errors.Is(err, sql.ErrNoRows) || err == nil && had.Holder != holder {
		return dqt.ErrImporting
	}
	if err != nil {
		return fmt.Errorf("dqtsql: flip: %w", err)
	}
	if err := x.q.AddImport(ctx, AddImportParams{
		Generation: i.Generation, At: sqldb.Time(i.At), Complete: i.Complete, Added: int64(i.New), Changed: int64(i.Changed),
		Gone: int64(i.Gone), Unchanged: int64(i.Unchanged), Rejected: int64(i.Rejected), Records: int64(i.Records),
	}); err != nil {
		return fmt.Errorf("dqtsql: flip: %w", err)
	}
	return nil
}

// versioned are the tables that are kept in generations, with what numbers
// their rows and what says that a row holds nothing.
var versioned = []struct{ table, number, empty string }{
	{"records", "trn", "details = ''"},
	{"features", "trn", "length(packed) = 0"},
	{"key_pages", "page", "length(packed) = 0"},
	{"name_words", "word", "holders = 0"},
}

// Sweep deletes rows that are staged beyond a generation, replaced up to it, or
// that hold nothing.
func (x *tx) Sweep(ctx context.Context, generation int64, limit int) (bool, error) {
	for _, v := range versioned {
		for _, which := range []string{
			`generation > $1`,
			`generation <= $1 AND EXISTS (SELECT 1 FROM ` + v.table + ` n WHERE n.` + v.number + ` = o.` + v.number + ` AND n.generation > o.generation AND n.generation <= $1)`,
			`generation <= $1 AND ` + v.empty,
		} {
			r, err := x.t.ExecContext(ctx, `DELETE FROM `+v.table+` WHERE (`+v.number+`, generation) IN (SELECT `+v.number+`, generation FROM `+v.table+` o WHERE `+which+` LIMIT $2)`, generation, limit)
			if err != nil {
				return false, fmt.Errorf("dqtsql: sweep %s: %w", v.table, err)
			}
			if n, err := r.RowsAffected(); err != nil || n > 0 {
				return false, err
			}
		}
	}
	return true, nil
}

// SweepReplaced deletes what a generation replaced.
func (x *tx) SweepReplaced(ctx context.Context, generation int64, r dqt.Replaced) error {
	for _, v := range versioned {
		list := x.list(r.IDs)
		switch v.table {
		case "key_pages":
			list = x.list(r.Pages)
		case "name_words":
			list = x.texts(r.Words)
		}
		for _, which := range []string{`generation < $2`, `generation <= $2 AND ` + v.empty} {
			if _, err := x.t.ExecContext(ctx, `DELETE FROM `+v.table+` WHERE `+v.number+` `+x.in+` AND `+which, list, generation); err != nil {
				return fmt.Errorf("dqtsql: sweep %s: %w", v.table, err)
			}
		}
	}
	return nil
}

// Audit keeps who asked for people's data.
func (x *tx) Audit(ctx context.Context, a dqt.Audit) error {
	if err := x.q.AddAudit(ctx, AddAuditParams{
		ID: uuid.NewString(), At: sqldb.Time(a.At), Client: a.Client, Action: a.Action, CaseID: a.Case, Purpose: a.Purpose, Records: int64(a.Records),
	}); err != nil {
		return fmt.Errorf("dqtsql: audit: %w", err)
	}
	return nil
}

// AlertKey gives the secret under which open alerts are hashed: fresh, where none is kept yet.
func (x *tx) AlertKey(ctx context.Context, fresh []byte) ([]byte, error) {
	if err := x.q.AddAlertKey(ctx, hex.EncodeToString(fresh)); err != nil {
		return nil, fmt.Errorf("dqtsql: add alert key: %w", err)
	}
	kept, err := x.q.AlertKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("dqtsql: alert key: %w", err)
	}
	key, err := hex.DecodeString(kept)
	if err != nil {
		return nil, fmt.Errorf("dqtsql: alert key: %w", err)
	}
	return key, nil
}

// statements are the reads. Each is prepared once a connection: parsing one
// takes longer than running it.
type statements struct {
	dialect
	lastImport, features, allFeatures, pages, allPages, records, known, words, wordHolders *statement
}

func newStatements(db *sqldb.DB) statements {
	d := dialect{name: db.Dialect, in: "IN (SELECT value FROM json_each($1))"}
	if db.Dialect == sqldb.Postgres {
		d.in = "= ANY($1)"
	}
	in := d.in
	prepare := func(text string) *statement { return &statement{db: db.Reader(), text: text} }
	return statements{
		dialect:     d,
		lastImport:  prepare(`SELECT generation, at, records FROM imports ORDER BY generation DESC LIMIT 1`),
		features:    prepare(`SELECT trn, packed FROM features WHERE trn ` + in + ` AND generation <= $2 ORDER BY trn, generation`),
		allFeatures: prepare(`SELECT trn, packed FROM features WHERE generation <= $1 ORDER BY trn, generation`),
		pages:       prepare(`SELECT page, packed FROM key_pages WHERE page ` + in + ` AND generation <= $2 ORDER BY page, generation`),
		allPages:    prepare(`SELECT page, packed FROM key_pages WHERE generation <= $1 ORDER BY page, generation`),
		records:     prepare(`SELECT trn, fingerprint, merged_into, details FROM records WHERE trn ` + in + ` AND generation <= $2 ORDER BY trn, generation`),
		known:       prepare(`SELECT trn, fingerprint, merged_into, details = '' FROM records WHERE generation <= $1 ORDER BY trn, generation`),
		words:       prepare(`SELECT word, holders FROM name_words WHERE generation <= $1 ORDER BY word, generation`),
		wordHolders: prepare(`SELECT word, packed FROM name_words WHERE word ` + in + ` AND generation <= $2 ORDER BY word, generation`),
	}
}

// dialect is what the databases say in their own ways: that a column's value is
// one of a list, which is one value of a statement.
type dialect struct {
	name sqldb.Dialect
	in   string // for $1
}

// list gives numbers as a list.
func (d dialect) list(ids any) any {
	if d.name == sqldb.Postgres {
		switch ids := ids.(type) {
		case []match.ID:
			return wide(ids)
		case []match.PageNumber:
			return wide(ids)
		}
	}
	text, _ := json.Marshal(ids) // numbers always marshal
	return string(text)
}

func wide[T ~uint32](ids []T) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// texts gives texts as a list.
func (d dialect) texts(words []string) any {
	if d.name == sqldb.Postgres {
		return words
	}
	text, _ := json.Marshal(words) // texts always marshal
	return string(text)
}
