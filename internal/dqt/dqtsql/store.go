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
	"hash/fnv"
	"slices"
	"strings"

	"github.com/google/uuid"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/person"
	"traid/internal/sqldb"
)

//go:embed migrations
var files embed.FS

// Migrations are the register's tables.
var Migrations = sqldb.Set{Name: "dqt", FS: files}

// Store is dqt.Store.
type Store struct{ db *sqldb.DB }

// NewStore gives the store in a migrated database.
func NewStore(db *sqldb.DB) *Store { return &Store{db: db} }

// View reads one state of the register.
func (s *Store) View(ctx context.Context, do func(ctx context.Context, v dqt.View) error) error {
	return s.db.View(ctx, func(ctx context.Context, t *sql.Tx) error { return do(ctx, &tx{t: t, q: New(t)}) })
}

// InTx runs do in one transaction.
func (s *Store) InTx(ctx context.Context, do func(ctx context.Context, tx dqt.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context, t *sql.Tx) error { return do(ctx, &tx{t: t, q: New(t)}) })
}

// tx is dqt.View and dqt.Tx.
type tx struct {
	t *sql.Tx
	q *Queries
}

// inAtOnce bounds how many values one IN list has.
const inAtOnce = 500

// in calls do with a list of placeholders and its values, for each part of values.
func in[T any](values []T, do func(list string, args []any) error) error {
	for part := range slices.Chunk(values, inAtOnce) {
		args := make([]any, len(part))
		var list strings.Builder
		for i, v := range part {
			args[i] = v
			if i > 0 {
				list.WriteByte(',')
			}
			fmt.Fprintf(&list, "$%d", i+1)
		}
		if err := do(list.String(), args); err != nil {
			return err
		}
	}
	return nil
}

func texts(trns []person.TRN) []string {
	out := make([]string, len(trns))
	for i, t := range trns {
		out[i] = t.Reveal()
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const recordColumns = `trn, status, merged_into, first_name, middle_name, last_name, previous_names, date_of_birth, national_insurance_numbers, email, qts_date`

// query reads the rows of a query one by one.
func (x *tx) query(ctx context.Context, query string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := x.t.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("dqtsql: read: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("dqtsql: read: %w", err)
	}
	return nil
}

// Records gives the records of the TRNs, by TRN.
func (x *tx) Records(ctx context.Context, trns []person.TRN) ([]dqt.Record, error) {
	var out []dqt.Record
	err := in(texts(trns), func(list string, args []any) error {
		return x.query(ctx, `SELECT `+recordColumns+` FROM records WHERE trn IN (`+list+`) ORDER BY trn`, args, func(rows *sql.Rows) error {
			r, err := scanRecord(rows)
			out = append(out, r)
			return err
		})
	})
	return out, err
}

func scanRecord(rows *sql.Rows) (dqt.Record, error) {
	var row Record
	if err := rows.Scan(&row.Trn, &row.Status, &row.MergedInto, &row.FirstName, &row.MiddleName, &row.LastName, &row.PreviousNames,
		&row.DateOfBirth, &row.NationalInsuranceNumbers, &row.Email, &row.QtsDate); err != nil {
		return dqt.Record{}, err
	}
	var previous [][2]string
	var ninos []string
	if err := errors.Join(json.Unmarshal([]byte(row.PreviousNames), &previous), json.Unmarshal([]byte(row.NationalInsuranceNumbers), &ninos)); err != nil {
		return dqt.Record{}, errors.New("a record's lists cannot be read")
	}
	// What stands here was parsed when it was stored; a value that does not
	// parse any more is left out rather than believed.
	trn, err := person.NewTRN(row.Trn)
	if err != nil {
		return dqt.Record{}, errors.New("a record's TRN cannot be read")
	}
	r := dqt.Record{TRN: trn, Status: dqt.Status(row.Status), Email: dqt.NewText(row.Email)}
	r.MergedInto, _ = person.NewTRN(row.MergedInto)
	r.FirstName, _ = person.ParseName(row.FirstName)
	r.MiddleName, _ = person.ParseName(row.MiddleName)
	r.LastName, _ = person.ParseName(row.LastName)
	r.DateOfBirth, _ = person.ParseDate(row.DateOfBirth)
	r.QTSDate, _ = person.ParseDate(row.QtsDate)
	for _, p := range previous {
		var n person.FullName
		n.First, _ = person.ParseName(p[0])
		n.Last, _ = person.ParseName(p[1])
		r.PreviousNames = append(r.PreviousNames, n)
	}
	for _, n := range ninos {
		r.NINOs = append(r.NINOs, dqt.NewText(n))
	}
	return r, nil
}

// Alerts gives the alerts on the records of the TRNs.
func (x *tx) Alerts(ctx context.Context, trns []person.TRN) (map[person.TRN][]dqt.Alert, error) {
	out := map[person.TRN][]dqt.Alert{}
	err := in(texts(trns), func(list string, args []any) error {
		return x.query(ctx, `SELECT trn, code, start_day, end_day, details FROM alerts WHERE trn IN (`+list+`) ORDER BY trn, position`, args, func(rows *sql.Rows) error {
			var trn, code, start, end, details string
			if err := rows.Scan(&trn, &code, &start, &end, &details); err != nil {
				return err
			}
			t, err := person.NewTRN(trn)
			out[t] = append(out[t], dqt.Alert{Code: code, Start: dqt.NewText(start), End: dqt.NewText(end), Details: dqt.NewText(details)})
			return err
		})
	})
	return out, err
}

// MergedInto gives, for each of the TRNs, those merged into it directly.
func (x *tx) MergedInto(ctx context.Context, trns []person.TRN) (map[person.TRN][]person.TRN, error) {
	out := map[person.TRN][]person.TRN{}
	err := in(texts(trns), func(list string, args []any) error {
		return x.query(ctx, `SELECT merged_into, trn FROM records WHERE merged_into IN (`+list+`) ORDER BY merged_into, trn`, args, func(rows *sql.Rows) error {
			var into, trn string
			if err := rows.Scan(&into, &trn); err != nil {
				return err
			}
			i, err1 := person.NewTRN(into)
			t, err2 := person.NewTRN(trn)
			out[i] = append(out[i], t)
			return errors.Join(err1, err2)
		})
	})
	return out, err
}

// NINOHolders gives the records that hold an NI number, now or earlier.
func (x *tx) NINOHolders(ctx context.Context, nino string) ([]person.TRN, error) {
	found, err := x.q.NINOHolders(ctx, nino)
	if err != nil {
		return nil, fmt.Errorf("dqtsql: NI number: %w", err)
	}
	return trnsOf(found)
}

func trnsOf(found []string) ([]person.TRN, error) {
	out := make([]person.TRN, len(found))
	for i, f := range found {
		t, err := person.NewTRN(f)
		if err != nil {
			return nil, errors.New("dqtsql: a stored TRN cannot be read")
		}
		out[i] = t
	}
	return out, nil
}

// KeyHolders gives the records under any of the keys; a key with more than
// atMost is left out.
func (x *tx) KeyHolders(ctx context.Context, keys []match.Key, atMost int) ([]person.TRN, error) {
	var found []string
	for _, k := range keys {
		some, err := x.q.KeyHolders(ctx, KeyHoldersParams{Key: int64(k), Limit: int32(atMost + 1)})
		if err != nil {
			return nil, fmt.Errorf("dqtsql: key: %w", err)
		}
		if len(some) <= atMost {
			found = append(found, some...)
		}
	}
	slices.Sort(found)
	return trnsOf(slices.Compact(found))
}

// NameCounts tells how many records have each of the names.
func (x *tx) NameCounts(ctx context.Context, firsts, lasts []string) (first, last map[string]int, err error) {
	count := func(kind string, names []string) (map[string]int, error) {
		out := map[string]int{}
		for _, name := range names {
			n, err := x.q.NameCount(ctx, NameCountParams{Kind: kind, Name: name})
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, fmt.Errorf("dqtsql: name counts: %w", err)
			}
			out[name] = int(n)
		}
		return out, nil
	}
	if first, err = count("first", firsts); err != nil {
		return nil, nil, err
	}
	last, err = count("last", lasts)
	return first, last, err
}

// State says how large the register is and how new.
func (x *tx) State(ctx context.Context) (dqt.State, error) {
	row, err := x.q.LastImport(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return dqt.State{}, nil
	}
	if err != nil {
		return dqt.State{}, fmt.Errorf("dqtsql: state: %w", err)
	}
	return dqt.State{Records: int(row.Records), AsAt: row.At.UTC()}, nil
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

// Matching gives at most limit records that fit all the criteria.
func (x *tx) Matching(ctx context.Context, c dqt.Criteria, limit int) ([]dqt.Record, error) {
	var where []string
	var args []any
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	if !c.TRN.IsZero() {
		where = append(where, `trn = `+arg(c.TRN.Reveal()))
	}
	for _, k := range []match.Key{c.NINO, c.Email} {
		if k != 0 {
			where = append(where, `trn IN (SELECT trn FROM record_keys WHERE key = `+arg(int64(k))+`)`)
		}
	}
	switch {
	case c.Born == "":
	case !strings.Contains(c.Born, "_"):
		where = append(where, `date_of_birth = `+arg(c.Born))
	default:
		where = append(where, `date_of_birth LIKE `+arg(c.Born))
	}
	for _, w := range c.Words {
		from, to := headRange(w)
		test := `SELECT trn FROM name_words WHERE head >= ` + arg(from) + ` AND head <= ` + arg(to)
		if c.Sounds {
			test += ` UNION SELECT trn FROM name_words WHERE sound = ` + arg(soundOf(w))
		}
		where = append(where, `trn IN (`+test+`)`)
	}
	if len(where) == 0 {
		return nil, nil
	}
	var out []dqt.Record
	err := x.query(ctx, `SELECT `+recordColumns+` FROM records WHERE `+strings.Join(where, " AND ")+` ORDER BY trn LIMIT `+arg(limit), args, func(rows *sql.Rows) error {
		r, err := scanRecord(rows)
		out = append(out, r)
		return err
	})
	return out, err
}

// headLength is how many bytes of a word its head holds: as many as a positive
// 64-bit number has room for.
const headLength = 7

// headRange gives the least and the greatest head of the words that begin with w.
func headRange(w string) (from, to int64) {
	for i := range headLength {
		from, to = from<<8, to<<8
		if i < len(w) {
			from, to = from|int64(w[i]), to|int64(w[i])
		} else {
			to |= 0xff
		}
	}
	return from, to
}

func headOf(w string) int64 { head, _ := headRange(w); return head }

func soundOf(w string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(match.Sound(w)))
	return int64(h.Sum64() >> 1)
}

// Known gives every record's TRN with what tells whether it changed.
func (x *tx) Known(ctx context.Context) (map[person.TRN]dqt.Known, error) {
	rows, err := x.q.Known(ctx)
	if err != nil {
		return nil, fmt.Errorf("dqtsql: known records: %w", err)
	}
	out := make(map[person.TRN]dqt.Known, len(rows))
	for _, r := range rows {
		trn, err := person.NewTRN(r.Trn)
		if err != nil {
			return nil, errors.New("dqtsql: a stored TRN cannot be read")
		}
		into, _ := person.NewTRN(r.MergedInto)
		out[trn] = dqt.Known{Fingerprint: r.Fingerprint, MergedInto: into}
	}
	return out, nil
}

// Put stores records with all that they are found by.
func (x *tx) Put(ctx context.Context, entries []dqt.Entry) error {
	trns := make([]person.TRN, len(entries))
	for i, e := range entries {
		trns[i] = e.TRN
	}
	if err := x.Delete(ctx, trns); err != nil {
		return err
	}
	var records, alerts, ninos, keys, words [][]any
	for _, e := range entries {
		trn := e.TRN.Reveal()
		previous := make([][2]string, 0, len(e.PreviousNames))
		for _, p := range e.PreviousNames {
			previous = append(previous, [2]string{p.First.Reveal(), p.Last.Reveal()})
		}
		held := make([]string, 0, len(e.NINOs))
		for _, n := range e.NINOs {
			held = append(held, n.Reveal())
		}
		previousJSON, _ := json.Marshal(previous) // strings always marshal
		heldJSON, _ := json.Marshal(held)
		records = append(records, []any{
			trn, string(e.Status), e.Record.MergedInto.Reveal(), e.FirstName.Reveal(), e.MiddleName.Reveal(), e.LastName.Reveal(),
			string(previousJSON), e.DateOfBirth.Reveal(), string(heldJSON), e.Email.Reveal(), e.QTSDate.Reveal(), e.FirstKey, e.LastKey, e.Fingerprint,
		})
		for i, a := range e.Alerts {
			alerts = append(alerts, []any{trn, int64(i), a.Code, a.Start.Reveal(), a.End.Reveal(), a.Details.Reveal()})
		}
		for _, n := range e.NINOKeys {
			ninos = append(ninos, []any{n, trn})
		}
		for _, k := range e.Keys {
			keys = append(keys, []any{int64(k), trn})
		}
		seen := map[[2]int64]bool{}
		for _, w := range e.Words {
			id := [2]int64{headOf(w), soundOf(w)}
			if !seen[id] {
				seen[id] = true
				words = append(words, []any{id[0], id[1], trn})
			}
		}
	}
	return errors.Join(
		x.insert(ctx, `records (`+recordColumns+`, first_key, last_key, fingerprint)`, records),
		x.insert(ctx, `alerts (trn, position, code, start_day, end_day, details)`, alerts),
		x.insert(ctx, `nino_holders (nino, trn)`, ninos),
		x.insert(ctx, `record_keys (key, trn)`, keys),
		x.insert(ctx, `name_words (head, sound, trn)`, words),
	)
}

// valuesAtOnce bounds how many values one statement inserts: SQLite's driver
// looks each one up by its name among the others.
const valuesAtOnce = 200

func (x *tx) insert(ctx context.Context, into string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	for part := range slices.Chunk(rows, max(1, valuesAtOnce/len(rows[0]))) {
		var text strings.Builder
		text.WriteString(`INSERT INTO ` + into + ` VALUES `)
		args := make([]any, 0, len(part)*len(rows[0]))
		for i, row := range part {
			if i > 0 {
				text.WriteByte(',')
			}
			for j, v := range row {
				text.WriteByte("(,"[min(j, 1)])
				args = append(args, v)
				fmt.Fprintf(&text, "$%d", len(args))
			}
			text.WriteByte(')')
		}
		if _, err := x.t.ExecContext(ctx, text.String(), args...); err != nil {
			table, _, _ := strings.Cut(into, " ")
			return fmt.Errorf("dqtsql: insert into %s: %w", table, err)
		}
	}
	return nil
}

// Delete deletes records with all that they are found by.
func (x *tx) Delete(ctx context.Context, trns []person.TRN) error {
	for _, table := range []string{"records", "alerts", "nino_holders", "record_keys", "name_words"} {
		if err := in(texts(trns), func(list string, args []any) error {
			_, err := x.t.ExecContext(ctx, `DELETE FROM `+table+` WHERE trn IN (`+list+`)`, args...)
			return err
		}); err != nil {
			return fmt.Errorf("dqtsql: delete from %s: %w", table, err)
		}
	}
	return nil
}

// Imported notes an import and counts the names anew.
func (x *tx) Imported(ctx context.Context, i dqt.Imported) error {
	if err := errors.Join(x.q.DropNameCounts(ctx), x.q.CountNames(ctx)); err != nil {
		return fmt.Errorf("dqtsql: count names: %w", err)
	}
	if err := x.q.AddImport(ctx, AddImportParams{
		ID: uuid.NewString(), At: sqldb.Time(i.At), Complete: i.Complete, Added: int64(i.New), Changed: int64(i.Changed),
		Gone: int64(i.Gone), Unchanged: int64(i.Unchanged), Rejected: int64(i.Rejected), Records: int64(i.Records),
	}); err != nil {
		return fmt.Errorf("dqtsql: note import: %w", err)
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
