package app

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"traid/internal/dqt"
	"traid/internal/dqt/dqteval"
	"traid/internal/dqt/match"
)

// evaluate measures the engine on claims whose truth is known.
func (p *program) evaluate(ctx context.Context, register *dqt.Service, c *cli) error {
	o := c.Evaluate
	options := dqteval.Options{Progress: p.progress()}
	if o.Model != "" {
		model, err := readModel(o.Model)
		if err != nil {
			return err
		}
		options.Model = model
	}
	if o.Thresholds != "" {
		file, _, err := openFile(o.Thresholds)
		if err != nil {
			return err
		}
		defer file.Close()
		if options.Thresholds, err = dqteval.ReadThresholds(file); err != nil {
			return err
		}
	}
	claims, size, err := openFile(o.Claims)
	if err != nil {
		return err
	}
	defer claims.Close()
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	snapshot, err := register.Snapshot(ctx, p.progress())
	if err != nil {
		return err
	}
	if o.Fit != "" {
		parameters, err := dqteval.Fit(ctx, snapshot, claims, dqteval.FitOptions{Model: options.Model, Progress: p.progress()})
		if err != nil {
			return err
		}
		if err := writeFile(o.Fit, 0o644, func(w io.Writer) error { return match.WriteParameters(w, parameters) }); err != nil {
			return err
		}
		if _, err := claims.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	options.Size = size
	report, err := dqteval.Evaluate(ctx, snapshot, claims, options)
	if err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"evaluation.json": report.WriteJSON, "evaluation.svg": report.WritePicture, "misses.md": report.WriteMisses,
	} {
		if err := writeFile(filepath.Join(o.Out, name), 0o644, write); err != nil {
			return err
		}
	}
	return report.WriteTable(p.stdout)
}

func readModel(path string) (*match.Model, error) {
	file, _, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	parameters, err := match.ReadParameters(file)
	if err != nil {
		return nil, err
	}
	return match.NewModel(parameters)
}
