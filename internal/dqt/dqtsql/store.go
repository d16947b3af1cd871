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
	"github.com/jackc/pgx/v5"

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
	if pool := s.db.Pool(); pool != nil {
		return s.viewPostgres(ctx, pool, do)
	}
	return s.db.View(ctx, func(ctx context.Context, t *sql.Tx) error {
		v := &view{s: s, t: t}
		rows, err := v.query(ctx, s.lastImport)
		if err != nil {
			return fmt.Errorf("dqtsql: state: %w", err)
		}
		if v.state, err = readState(rows); err != nil {
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
	s     *Store
	t     *sql.Tx   // SQLite
	pg    *pgx.Conn // PostgreSQL, see postgres.go
	begun bool      // likewise
	state dqt.State
}

// rows are what a query gives, by database/sql or by pgx.
type rows interface {
	Next() bool
	Scan(to ...any) error
	Err() error
	Close() error
}

func (v *view) query(ctx context.Context, what *statement, args ...any) (rows, error) {
	if v.pg != nil {
		return v.queryPostgres(ctx, what.text, args...)
	}
	return what.query(ctx, v.t, args...)
}

// State says how large the register is and how new.
func (v *view) State(ctx context.Context) (dqt.State, error) {
	if v.pg != nil && !v.begun {
		if err := v.begin(ctx, nil, nil); err != nil {
			return dqt.State{}, err
		}
	}
	return v.state, nil
}

// Size gives how many records there are.
func (v *view) Size(ctx context.Context) (int, error) {
	state, err := v.State(ctx)
	return state.Records, err
}

func readState(rows rows) (dqt.State, error) {
	var out dqt.State
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

// packed is a column of bytes, as a text.
type packed string

// Scan is sql.Scanner's.
func (p *packed) Scan(from any) error {
	switch from := from.(type) {
	case []byte:
		*p = packed(from)
	case string:
		*p = packed(from)
	default:
		return fmt.Errorf("dqtsql: bytes are %T", from)
	}
	return nil
}

// ScanBytes is pgtype.BytesScanner's.
func (p *packed) ScanBytes(from []byte) error {
	*p = packed(from)
	return nil
}

// The kinds of rows that a look reads.
const (
	ofPages = iota
	ofFeatures
	ofCohorts
)

// Look reads all that is wanted at once.
func (v *view) Look(ctx context.Context, w dqt.Wanted, tell dqt.Tell) error {
	var born []match.Day
	if w.Born != 0 {
		born = append(born, w.Born)
	}
	lists := []any{list(v.s.dialect, w.Pages), list(v.s.dialect, w.IDs), list(v.s.dialect, born)}
	if v.pg != nil && !v.begun {
		return v.begin(ctx, lists, func(rows rows) error { return told(rows, tell) })
	}
	rows, err := v.query(ctx, v.s.look, append([]any{v.state.Generation}, lists...)...)
	if err != nil {
		return fmt.Errorf("dqtsql: look: %w", err)
	}
	return told(rows, tell)
}

func told(rows rows, tell dqt.Tell) error {
	defer rows.Close()
	var kind int
	var id int64
	var content packed
	for rows.Next() {
		if err := rows.Scan(&kind, &id, &content); err != nil {
			return fmt.Errorf("dqtsql: look: %w", err)
		}
		if content == "" {
			continue
		}
		var err error
		switch number := uint32(id >> generationBits); kind {
		case ofPages:
			tell.Page(match.PageNumber(number), string(content))
		case ofFeatures:
			err = tell.Features(match.ID(number), string(content))
		case ofCohorts:
			err = tell.Cohort(string(content))
		}
		if err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: look: %w", err)
	}
	return nil
}

// generationBits are the bits of a row's id that hold its generation; those
// above hold its number.
const generationBits = 32

func rowID[N ~uint32](number N, generation int64) int64 {
	return int64(number)<<generationBits | generation
}

// newestOf reads rows of which those of one number come together, the newest
// last, and calls do with the newest of each number, unless it holds nothing.
func newestOf[N ~uint32](rows rows, err error, do func(number N, packed string) error) error {
	if err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	defer rows.Close()
	var id int64
	var last N
	var content packed
	var kept string
	for rows.Next() {
		if err := rows.Scan(&id, &content); err != nil {
			return fmt.Errorf("dqtsql: read: %w", err)
		}
		number := N(id >> generationBits)
		if number != last && kept != "" {
			if err := do(last, kept); err != nil {
				return err
			}
		}
		last, kept = number, string(content)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	if kept != "" {
		return do(last, kept)
	}
	return nil
}

// EachPage calls do with every page of keys.
func (v *view) EachPage(ctx context.Context, do func(page match.PageNumber, packed string) error) error {
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.allPages, v.state.Generation)
	return newestOf(rows, err, do)
}

// Cohorts calls do with the cohorts of the days.
func (v *view) Cohorts(ctx context.Context, born []match.Day, do func(born match.Day, packed string) error) error {
	if len(born) == 0 {
		return nil
	}
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.cohorts, v.state.Generation, list(v.s.dialect, born))
	return newestOf(rows, err, do)
}

// EachCohort is Cohorts for every cohort.
func (v *view) EachCohort(ctx context.Context, do func(born match.Day, packed string) error) error {
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.allCohorts, v.state.Generation)
	return newestOf(rows, err, do)
}

// Records gives the records with the numbers.
func (v *view) Records(ctx context.Context, ids []match.ID) ([]dqt.Record, error) {
	state, err := v.State(ctx)
	if err != nil {
		return nil, err
	}
	staged, err := v.Staged(ctx, state.Generation, ids)
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
	if _, err := v.State(ctx); err != nil {
		return nil, err
	}
	rows, err := v.query(ctx, v.s.records, generation, list(v.s.dialect, ids))
	if err != nil {
		return nil, fmt.Errorf("dqtsql: records: %w", err)
	}
	defer rows.Close()
	out := make([]dqt.StagedRecord, 0, len(ids))
	for rows.Next() {
		var id, fingerprint, merged int64
		var text string
		if err := rows.Scan(&id, &fingerprint, &merged, &text); err != nil {
			return nil, fmt.Errorf("dqtsql: records: %w", err)
		}
		if text == "" {
			continue
		}
		number := match.ID(id >> generationBits)
		record, err := unpackDetails(int64(number), merged, text)
		if err != nil {
			return nil, fmt.Errorf("dqtsql: records: %w", err)
		}
		out = append(out, dqt.StagedRecord{ID: number, Record: record, Fingerprint: uint64(fingerprint)})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("dqtsql: records: %w", err)
	}
	return out, nil
}

// Known gives every record's number with what tells whether it changed.
func (v *view) Known(ctx context.Context, do func(id match.ID, k dqt.Known)) error {
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.known, v.state.Generation)
	if err != nil {
		return fmt.Errorf("dqtsql: known records: %w", err)
	}
	defer rows.Close()
	var id, fingerprint, merged int64
	var last match.ID
	var gone bool
	var kept dqt.Known
	there := false
	for rows.Next() {
		if err := rows.Scan(&id, &fingerprint, &merged, &gone); err != nil {
			return fmt.Errorf("dqtsql: known records: %w", err)
		}
		number := match.ID(id >> generationBits)
		if there && number != last {
			do(last, kept)
		}
		last, there, kept = number, !gone, dqt.Known{Fingerprint: uint64(fingerprint), MergedInto: match.ID(merged)}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: known records: %w", err)
	}
	if there {
		do(last, kept)
	}
	return nil
}

// Words gives every word of a name, in order, with how many records have it.
func (v *view) Words(ctx context.Context, do func(word string, holders int)) error {
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.words, v.state.Generation)
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
	if _, err := v.State(ctx); err != nil {
		return err
	}
	rows, err := v.query(ctx, v.s.wordHolders, v.s.texts(words), v.state.Generation)
	if err != nil {
		return fmt.Errorf("dqtsql: words: %w", err)
	}
	defer rows.Close()
	var last, kept string
	for rows.Next() {
		var word string
		var content packed
		if err := rows.Scan(&word, &content); err != nil {
			return fmt.Errorf("dqtsql: words: %w", err)
		}
		if last != "" && word != last {
			if err := do(last, kept); err != nil {
				return err
			}
		}
		last, kept = word, string(content)
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
		records[i] = []any{rowID(r.ID, generation), int64(r.Fingerprint), int64(merged), text}
	}
	features := make([][]any, len(rows.Features))
	for i, r := range rows.Features {
		features[i] = []any{rowID(r.ID, generation), bytesOf(r.Packed)}
	}
	pages := make([][]any, len(rows.Pages))
	for i, r := range rows.Pages {
		pages[i] = []any{rowID(r.Page, generation), bytesOf(r.Packed)}
	}
	cohorts := make([][]any, len(rows.Cohorts))
	for i, r := range rows.Cohorts {
		cohorts[i] = []any{rowID(r.Born, generation), bytesOf(r.Packed)}
	}
	words := make([][]any, len(rows.Words))
	for i, r := range rows.Words {
		words[i] = []any{r.Word, generation, int64(r.Holders), bytesOf(r.Packed)}
	}
	return errors.Join(
		x.put(ctx, "records", []string{"id"}, []string{"fingerprint", "merged_into", "details"}, records),
		x.put(ctx, "features", []string{"id"}, []string{"packed"}, features),
		x.put(ctx, "key_pages", []string{"id"}, []string{"packed"}, pages),
		x.put(ctx, "cohorts", []string{"id"}, []string{"packed"}, cohorts),
		x.put(ctx, "name_words", []string{"word", "generation"}, []string{"holders", "packed"}, words),
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

// put writes rows, each in the place of the one with the same key.
func (x *tx) put(ctx context.Context, table string, key, rest []string, rows [][]any) error {
	ctx = context.WithoutCancel(ctx) // the driver starts a goroutine for each statement that can be cancelled
	whole := len(rows) / putAtOnce * putAtOnce
	for _, some := range []struct {
		rows   [][]any
		atOnce int
	}{{rows[:whole], putAtOnce}, {rows[whole:], 1}} {
		if len(some.rows) == 0 {
			continue
		}
		s, err := x.t.PrepareContext(ctx, putText(table, key, rest, some.atOnce))
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

func putText(table string, key, rest []string, rows int) string {
	columns := slices.Concat(key, rest)
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
	text.WriteString(` ON CONFLICT (` + strings.Join(key, ", ") + `) DO UPDATE SET `)
	for i, c := range rest {
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

// versioned are the tables that are kept in generations: what their rows are
// known by, the generation of one, what says that it holds nothing, and that of
// two rows of one number n is newer than o but not newer than a generation.
var versioned = []struct{ table, key, generation, empty, newer string }{
	{"records", "id", generationOf, "details = ''", newerID},
	{"features", "id", generationOf, "length(packed) = 0", newerID},
	{"key_pages", "id", generationOf, "length(packed) = 0", newerID},
	{"cohorts", "id", generationOf, "length(packed) = 0", newerID},
	{"name_words", "word, generation", "generation", "holders = 0", "n.word = o.word AND n.generation > o.generation AND n.generation <= $1"},
}

const (
	generationOf = "(id & 4294967295)"
	newerID      = "n.id > o.id AND n.id <= o.id - (o.id & 4294967295) + $1"
)

// Sweep deletes rows that are staged beyond a generation, replaced up to it, or
// that hold nothing.
func (x *tx) Sweep(ctx context.Context, generation int64, limit int) (bool, error) {
	for _, v := range versioned {
		for _, which := range []string{
			v.generation + ` > $1`,
			v.generation + ` <= $1 AND EXISTS (SELECT 1 FROM ` + v.table + ` n WHERE ` + v.newer + `)`,
			v.generation + ` <= $1 AND ` + v.empty,
		} {
			r, err := x.t.ExecContext(ctx, `DELETE FROM `+v.table+` WHERE (`+v.key+`) IN (SELECT `+v.key+` FROM `+v.table+` o WHERE `+which+` LIMIT $2)`, generation, limit)
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
		of := `word ` + x.in
		listed := x.texts(r.Words)
		switch v.table {
		case "records", "features":
			listed = list(x.dialect, r.IDs)
		case "key_pages":
			listed = list(x.dialect, r.Pages)
		case "cohorts":
			listed = list(x.dialect, r.Born)
		}
		if v.key == "id" {
			of = `id IN (SELECT o.id FROM ` + x.each("$1") + ` CROSS JOIN ` + v.table + ` AS o WHERE o.id BETWEEN k.value AND k.value + $2)`
		}
		for _, which := range []string{v.generation + ` < $2`, v.generation + ` <= $2 AND ` + v.empty} {
			if _, err := x.t.ExecContext(ctx, `DELETE FROM `+v.table+` WHERE `+of+` AND `+which, listed, generation); err != nil {
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
	lastImport, look, cohorts, allCohorts, allPages, records, known, words, wordHolders *statement

	firstLook string // PostgreSQL's, which finds the generation itself
}

// newest gives of a listed number k.value what a column holds in the row that is
// not newer than a generation.
func newest(column, table, generation string) string {
	return `(SELECT ` + column + ` FROM ` + table + ` WHERE id BETWEEN k.value AND k.value + ` + generation + ` ORDER BY id DESC LIMIT 1)`
}

func newStatements(db *sqldb.DB) statements {
	d := dialect{name: db.Dialect, in: "IN (SELECT value FROM json_each($1))"}
	if db.Dialect == sqldb.Postgres {
		d.in = "= ANY($1)"
	}
	prepare := func(text string) *statement { return &statement{db: db.Reader(), text: text} }
	look := func(generation, pages, features, cohorts string) string {
		from := func(kind int, table, list, packed string) string {
			return `SELECT ` + strconv.Itoa(kind) + `, k.value, coalesce(` + newest(packed, table, generation) + `, '') FROM ` + d.each(list)
		}
		return from(ofPages, "key_pages", pages, "packed") + ` UNION ALL ` + from(ofFeatures, "features", features, "packed") +
			` UNION ALL ` + from(ofCohorts, "cohorts", cohorts, `CASE WHEN length(packed) <= `+strconv.Itoa(dqt.CohortLimit)+` THEN packed END`)
	}
	all := func(columns, table string) *statement {
		s := prepare(`SELECT ` + columns + ` FROM ` + table + ` WHERE ` + generationOf + ` <= $1 ORDER BY id`)
		s.long = true
		return s
	}
	return statements{
		dialect:     d,
		lastImport:  prepare(`SELECT generation, at, records FROM imports ORDER BY generation DESC LIMIT 1`),
		look:        prepare(look("$1", "$2", "$3", "$4")),
		firstLook:   look("(SELECT coalesce(max(generation), 0) FROM imports)", "$1", "$2", "$3"),
		cohorts:     prepare(`SELECT k.value, coalesce(` + newest("packed", "cohorts", "$1") + `, '') FROM ` + d.each("$2")),
		allCohorts:  all("id, packed", "cohorts"),
		allPages:    all("id, packed", "key_pages"),
		records:     prepare(`SELECT t.id, t.fingerprint, t.merged_into, t.details FROM ` + d.each("$2") + ` CROSS JOIN records AS t WHERE t.id = ` + newest("id", "records", "$1")),
		known:       all("id, fingerprint, merged_into, details = ''", "records"),
		words:       prepare(`SELECT word, holders FROM name_words WHERE generation <= $1 ORDER BY word, generation`),
		wordHolders: prepare(`SELECT word, packed FROM name_words WHERE word ` + d.in + ` AND generation <= $2 ORDER BY word, generation`),
	}
}

// dialect is what the databases say in their own ways of a list, which is one
// value of a statement, $1.
type dialect struct {
	name sqldb.Dialect
	in   string // that a column's value is one of it
}

// each gives a list's values as rows k.
func (d dialect) each(list string) string {
	if d.name == sqldb.Postgres {
		return "unnest(" + list + "::bigint[]) AS k(value)"
	}
	return "json_each(" + list + ") AS k"
}

// list gives numbers as the list of the ids that their rows have in generation 0.
func list[N ~uint32](d dialect, numbers []N) any {
	ids := make([]int64, len(numbers))
	for i, n := range numbers {
		ids[i] = rowID(n, 0)
	}
	if d.name == sqldb.Postgres {
		return ids
	}
	text := make([]byte, 1, 2+20*len(ids))
	text[0] = '['
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, ']'))
}

// texts gives texts as a list.
func (d dialect) texts(words []string) any {
	if d.name == sqldb.Postgres {
		return words
	}
	text, _ := json.Marshal(words) // texts always marshal
	return string(text)
}
