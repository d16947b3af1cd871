package dqtsql_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"traid/internal/dqt"
	"traid/internal/dqt/dqtsql"
	"traid/internal/dqt/match"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
)

// sizes are the registers that are measured, one ten times the other, so that
// growth is seen; TRAID_BENCH_RECORDS names one size to measure instead.
func sizes() []int {
	if n, err := strconv.Atoi(os.Getenv("TRAID_BENCH_RECORDS")); err == nil {
		return []int{n}
	}
	return []int{200_000, 2_000_000}
}

// filled is a register of so many invented teachers, and claims on it.
type filled struct {
	db       *sqldb.DB
	store    *dqtsql.Store
	svc      *dqt.Service
	register []byte // the file
	claims   []dqt.Claim
}

func fill(b *testing.B, kind string, size int) *filled {
	b.Helper()
	p, err := synth.New(1, size, synth.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var register, claims bytes.Buffer
	if err := errors.Join(
		p.WriteRegister(b.Context(), &register, nil),
		p.WriteClaims(b.Context(), &claims, synth.Claims{Number: 20_000, Seed: 2, Mix: synth.Typical}, nil),
	); err != nil {
		b.Fatal(err)
	}
	f := &filled{register: register.Bytes()}
	if kind == "postgres" {
		f.db = sqldbtest.OpenPostgres(b, sqldbtest.PostgresURL(b), "dqt", dqtsql.Migrations)
	} else {
		f.db = sqldbtest.OpenSQLite(b, "dqt", dqtsql.Migrations)
	}
	f.store = dqtsql.NewStore(f.db)
	f.svc = dqt.NewService(f.store, dqt.Options{})
	rows, err := csv.NewReader(&claims).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rows[1:] {
		c := dqt.Claim{
			FirstName: dqt.NewText(r[1]), MiddleName: dqt.NewText(r[2]), LastName: dqt.NewText(r[3]), DateOfBirth: dqt.NewText(r[5]),
			NINO: dqt.NewText(r[6]), TRN: dqt.NewText(r[7]), Email: dqt.NewText(r[8]),
		}
		if r[4] != "" {
			c.PreviousNames = []dqt.ClaimedName{{Last: dqt.NewText(r[4])}}
		}
		f.claims = append(f.claims, c)
	}
	return f
}

func (f *filled) importAll(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	if _, err := f.svc.Import(b.Context(), bytes.NewReader(f.register), dqt.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// queries are what operators type, made of records of the file.
func (f *filled) queries(b *testing.B) []string {
	b.Helper()
	var out []string
	rows := csv.NewReader(bytes.NewReader(f.register))
	for n := 0; len(out) < 2000; n++ {
		r, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		first, last, born := r[2], r[4], r[6]
		if n%97 != 1 || len(first) < 4 || len(last) < 5 {
			continue
		}
		switch len(out) % 8 {
		case 0:
			out = append(out, first+" "+last)
		case 1:
			out = append(out, last)
		case 2:
			out = append(out, first[:3]+" "+last[:3])
		case 3:
			out = append(out, last[:2]+last[3:]+" "+first) // a letter is missing
		case 4:
			out = append(out, first+" "+born[8:]+"/"+born[5:7]+"/"+born[:4])
		case 5:
			out = append(out, r[0])
		case 6:
			out = append(out, last+" "+born[:4])
		case 7:
			out = append(out, first)
		}
	}
	return out
}

// percentiles reports how long single calls took.
func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	for name, at := range map[string]int{"p50-µs": 50, "p95-µs": 95, "p99-µs": 99} {
		b.ReportMetric(float64(took[len(took)*at/100].Nanoseconds())/1000, name)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRegister measures an import, one claim, one search of an operator,
// and what else a claim could be looked up by, on each database and at two sizes.
func BenchmarkRegister(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, size := range sizes() {
			b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) {
				f := fill(b, kind, size)
				took := f.importAll(b)
				b.Run("import", func(b *testing.B) {
					for b.Loop() {
					}
					b.ReportMetric(took.Seconds(), "s")
					b.ReportMetric(0, "ns/op")
				})
				who := dqt.Asker{Client: "bench", Purpose: "benchmark"}
				f.measure(b, "claim", func(ctx context.Context, i int) error {
					return f.rank(ctx, f.claims[i%len(f.claims)])
				})
				f.measure(b, "rule", func(ctx context.Context, i int) error {
					_, err := f.svc.Find(ctx, f.claims[i%len(f.claims)])
					return err
				})
				queries := f.queries(b)
				f.measure(b, "search", func(ctx context.Context, i int) error {
					_, err := f.svc.Search(ctx, who, dqt.Query{Text: dqt.NewText(queries[i%len(queries)]), Limit: 20})
					return err
				})
				if kind == "postgres" {
					f.others(b)
				}
			})
		}
	}
}

// rank does what candidates does for a claim, but for showing the records and
// noting who asked.
func (f *filled) rank(ctx context.Context, c dqt.Claim) error {
	return f.store.View(ctx, func(ctx context.Context, v dqt.View) error {
		_, err := dqt.Match(ctx, f.svc.Index(v), match.Default(), c)
		return err
	})
}

func (f *filled) measure(b *testing.B, name string, call func(ctx context.Context, i int) error) {
	b.Run(name, func(b *testing.B) {
		var took []time.Duration
		for i := 0; b.Loop(); i++ {
			began := time.Now()
			if err := call(b.Context(), i); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		percentiles(b, took)
	})
}

// others measures two ways in which registers are searched without an engine: by
// the similarity of trigrams, and by exact words with the date or the number.
func (f *filled) others(b *testing.B) {
	if err := f.db.InTx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_trgm`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE plain (trn TEXT, name TEXT, words TEXT[], born TEXT, nino TEXT)`); err != nil {
			return err
		}
		rows := csv.NewReader(bytes.NewReader(f.register))
		_, _ = rows.Read()
		const atOnce = 1000
		var text strings.Builder
		var args []any
		n := 0
		flush := func() error {
			if len(args) == 0 {
				return nil
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO plain VALUES `+text.String(), args...)
			text.Reset()
			args, n = nil, 0
			return err
		}
		for {
			r, err := rows.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if n > 0 {
				text.WriteByte(',')
			}
			k := len(args)
			fmt.Fprintf(&text, "($%d,$%d,$%d,$%d,$%d)", k+1, k+2, k+3, k+4, k+5)
			nino, _, _ := strings.Cut(r[7], ";")
			args = append(args, r[0], strings.ToLower(r[2]+" "+r[4]), strings.Fields(strings.ToLower(r[2]+" "+r[4])), r[6], nino)
			if n++; n == atOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
		for _, index := range []string{`USING gin (name gin_trgm_ops)`, `USING gin (words)`, `(born)`, `(nino)`} {
			if _, err := tx.ExecContext(ctx, `CREATE INDEX ON plain `+index); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if _, err := f.db.Reader().ExecContext(b.Context(), `ANALYZE plain`); err != nil {
		b.Fatal(err)
	}
	read := func(ctx context.Context, query string, args ...any) error {
		rows, err := f.db.Reader().QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return rows.Err()
	}
	f.measure(b, "trigrams", func(ctx context.Context, i int) error {
		c := f.claims[i%len(f.claims)]
		name := strings.ToLower(c.FirstName.Reveal() + " " + c.LastName.Reveal())
		return read(ctx, `SELECT trn FROM plain WHERE name % $1 ORDER BY similarity(name, $1) DESC LIMIT 5`, name)
	})
	f.measure(b, "exact-words", func(ctx context.Context, i int) error {
		c := f.claims[i%len(f.claims)]
		return read(ctx, `SELECT trn FROM plain WHERE words @> $1 AND born = $2 OR nino = $3 LIMIT 5`,
			strings.Fields(strings.ToLower(c.FirstName.Reveal()+" "+c.LastName.Reveal())), c.DateOfBirth.Reveal(), c.NINO.Reveal())
	})
}
