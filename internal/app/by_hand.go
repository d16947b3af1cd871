package app

import (
	"context"
	"errors"
	"io"
	"time"

	"traid/internal/access"
	"traid/internal/dqt"
)

// ByHand is everything that `traid serve` runs, over the same HTTP borders, but
// with a clock and with jobs that whoever opened it drives: the journeys.
type ByHand struct {
	sys  *system
	stop context.CancelFunc
	done chan error
}

// Open serves everything on addresses of loopback until Close.
func Open(ctx context.Context, getenv func(string) string, now func() time.Time, logs io.Writer) (*ByHand, error) {
	settings, err := readSettings(getenv)
	if err != nil {
		return nil, err
	}
	p := &program{settings: settings, stdout: io.Discard, stderr: io.Discard, logger: newLogger(logs, settings.get(setLogLevel)), now: now}
	if settings.get(setDatabase) != "" {
		if err := errors.Join(p.migrate(ctx), settings.generate()); err != nil {
			return nil, err
		}
	}
	sys, err := p.build(ctx, allRoles())
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &ByHand{sys: sys, stop: stop, done: make(chan error, 1)}
	go func() { h.done <- sys.serve(ctx, false, nil) }()
	if err := sys.open["cpd"].work[registerJob](ctx, ""); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// URL is where a service is reached: cpd, tra, desk or dqt.
func (h *ByHand) URL(service string) string { return h.sys.open[service].address() }

// Access keeps who may call a service.
func (h *ByHand) Access(service string) *access.Store { return h.sys.open[service].access }

// Register is the register's use cases.
func (h *ByHand) Register() *dqt.Service { return h.sys.dqt }

// WorkDue does everything that is due now: the desk's webhooks, the TRA API's
// work, and then Manage CPD's.
func (h *ByHand) WorkDue(ctx context.Context) error {
	return errors.Join(h.sys.desk.DeliverDue(ctx), h.sys.tra.WorkDue(ctx), h.sys.cpd.WorkDue(ctx))
}

// Close stops everything.
func (h *ByHand) Close() error {
	h.stop()
	err := <-h.done
	h.sys.close()
	return err
}
