package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"traid/internal/dqt"
	"traid/internal/fault"
	"traid/internal/synth"
)

// synth writes an invented register, and claims on it with the truth.
func (p *program) synth(ctx context.Context, c *cli) error {
	o := c.Synth
	switch {
	case o.OnlyClaims && o.Claims == 0:
		return fault.New(fault.Invalid, "Only claims, and none: say how many with --claims.")
	case o.Errors <= 0:
		return fault.New(fault.Invalid, "--errors is a number above 0.")
	}
	people, err := synth.New(o.Seed, o.Records, synth.Options{Sample: o.Sample})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	progress := p.progress()
	file := func(name string, rows int, write func(w io.Writer, progress func(int)) error) error {
		path := filepath.Join(o.Out, name)
		if err := writeFile(path, 0o644, func(w io.Writer) error {
			out := bufio.NewWriterSize(w, 1<<20)
			return errors.Join(write(out, func(done int) {
				progress(dqt.Progress{Stage: name, Done: int64(done), Total: int64(rows)})
			}), out.Flush())
		}); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.stdout, path)
		return err
	}
	if !o.OnlyClaims {
		if err := file("register.csv", o.Records, func(w io.Writer, progress func(int)) error {
			return people.WriteRegister(ctx, w, progress)
		}); err != nil {
			return err
		}
	}
	if o.Claims == 0 {
		return nil
	}
	for _, mix := range o.Mix {
		claims := synth.Claims{Number: o.Claims, Seed: o.ClaimsSeed, Mix: synth.Mix(mix), Errors: o.Errors}
		if err := file(claimsFile(claims), o.Claims, func(w io.Writer, progress func(int)) error {
			return people.WriteClaims(ctx, w, claims, progress)
		}); err != nil {
			return err
		}
	}
	return nil
}

// claimsFile names a file of claims by what it is made of: claims-hard-2.csv,
// claims-hard-2-errors-1.5.csv.
func claimsFile(c synth.Claims) string {
	name := "claims-" + string(c.Mix) + "-" + strconv.FormatUint(c.Seed, 10)
	if c.Errors != 1 {
		name += "-errors-" + strconv.FormatFloat(c.Errors, 'g', -1, 64)
	}
	return name + ".csv"
}
