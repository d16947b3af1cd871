package dqt

import (
	"context"
	"runtime"

	"traid/internal/dqt/match"
	"traid/internal/table"
)

// readRow is a row of a register file that was read, with what the import
// needs of it.
type readRow struct {
	line        int
	id          match.ID
	record      Record
	warnings    []string
	refusal     string
	cells       []string // of a row that is, or may still be, refused; only where they are kept
	fingerprint uint64
	found       found // of a living record that is new or changed
}

// rowsAtOnce is how many rows a worker takes.
const rowsAtOnce = 500

// working reads a file's rows in their order and works on them on every core.
type working[T any] struct {
	parts  chan part[T] // in the order of the file
	cancel context.CancelFunc
	err    error // why the reading ended, when parts is closed
}

// part is what a worker makes of some rows, and how much of the file was read then.
type part[T any] struct {
	out  chan []T
	read int64
}

func parallel[T any](ctx context.Context, t *table.Table, work func(table.Row) T) *working[T] {
	ctx, cancel := context.WithCancel(ctx)
	workers := runtime.GOMAXPROCS(0)
	w := &working[T]{parts: make(chan part[T], 2*workers), cancel: cancel}
	type job struct {
		rows []table.Row
		out  chan []T
	}
	jobs := make(chan job, workers)
	for range workers {
		go func() {
			for j := range jobs {
				out := make([]T, len(j.rows))
				for i, r := range j.rows {
					out[i] = work(r)
				}
				j.out <- out // it has room
			}
		}()
	}
	go func() {
		defer close(w.parts)
		defer close(jobs)
		for {
			j := job{out: make(chan []T, 1)}
			var err error
			for len(j.rows) < rowsAtOnce && err == nil {
				var one table.Row
				if one, err = t.Next(); err == nil {
					j.rows = append(j.rows, one)
				}
			}
			if len(j.rows) > 0 {
				select {
				case jobs <- j:
				case <-ctx.Done():
					w.err = ctx.Err()
					return
				}
				select {
				case w.parts <- part[T]{j.out, t.Read()}:
				case <-ctx.Done():
					w.err = ctx.Err()
					return
				}
			}
			if err != nil {
				w.err = err
				return
			}
		}
	}()
	return w
}

// next gives the next of what was made, in order, and how much of the file was
// read for it; io.EOF after the last.
func (w *working[T]) next() ([]T, int64, error) {
	p, more := <-w.parts
	if !more {
		return nil, 0, w.err
	}
	return <-p.out, p.read, nil
}

// stop ends the work before its end.
func (w *working[T]) stop() { w.cancel() }

func parseRow(in table.Row, known map[match.ID]Known, values bool) readRow {
	out := readRow{line: in.Line}
	out.record, out.warnings, out.refusal = recordOf(in)
	out.id = IDOf(out.record.TRN)
	if values && (out.refusal != "" || out.record.Status == Merged) {
		out.cells = in.InOrder(registerColumns)
	}
	if out.refusal != "" {
		return out
	}
	out.fingerprint = fingerprint(out.record)
	if k, is := known[out.id]; out.record.Status != Merged && (!is || k.Fingerprint != out.fingerprint) {
		out.found = foundBy(out.record)
	}
	return out
}
