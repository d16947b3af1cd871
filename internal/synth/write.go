package synth

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
)

// rowsAtOnce is how many rows one worker makes before they are written.
const rowsAtOnce = 4096

// write writes a header and n rows, made by every processor and written in
// their order. Row must give the same whoever calls it.
func write(ctx context.Context, w io.Writer, header string, n int, progress func(done int), row func(d *dice, i int) []string) error {
	if _, err := io.WriteString(w, header+"\n"); err != nil {
		return fmt.Errorf("synth: write: %w", err)
	}
	if progress == nil {
		progress = func(int) {}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type part struct {
		from int
		made chan []byte
	}
	workers := runtime.GOMAXPROCS(0)
	todo := make(chan part, workers)
	inOrder := make(chan part, 2*workers)
	go func() {
		defer close(inOrder)
		defer close(todo)
		for from := 0; from < n; from += rowsAtOnce {
			p := part{from, make(chan []byte, 1)}
			for _, to := range []chan part{inOrder, todo} {
				select {
				case to <- p:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	for range workers {
		go func() {
			d := newDice()
			for p := range todo {
				var b bytes.Buffer
				out := csv.NewWriter(&b)
				for i := p.from; i < min(p.from+rowsAtOnce, n); i++ {
					_ = out.Write(row(d, i)) // a buffer takes everything
				}
				out.Flush()
				p.made <- b.Bytes()
			}
		}()
	}
	done := 0
	for p := range inOrder {
		select {
		case b := <-p.made:
			if _, err := w.Write(b); err != nil {
				return fmt.Errorf("synth: write: %w", err)
			}
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("synth: write: %w", err)
		}
		done = min(p.from+rowsAtOnce, n)
		progress(done)
	}
	if done < n {
		return fmt.Errorf("synth: write: %w", context.Cause(ctx))
	}
	return nil
}
