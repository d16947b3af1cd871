package zendesk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// bucket keeps every call of a client within its rate, and holds all of them
// back for as long as Zendesk asked for.
type bucket struct {
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	rate  *rate.Limiter // nil: no limit

	mu    sync.Mutex
	until time.Time // no call before it
}

func newBucket(perMinute int, now func() time.Time) *bucket {
	b := &bucket{now: now, sleep: sleep}
	if perMinute > 0 {
		b.rate = rate.NewLimiter(rate.Limit(float64(perMinute)/60), max(1, perMinute/60))
	}
	return b
}

// hold lets no call go for d.
func (b *bucket) hold(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.now().Add(d); until.After(b.until) {
		b.until = until
	}
}

// take waits until a call may go. A wait that outlasts ctx's deadline is not
// begun: it is given back instead.
func (b *bucket) take(ctx context.Context) (tooLong time.Duration, err error) {
	for waited := (time.Time{}); ; {
		b.mu.Lock()
		until, now := b.until, b.now()
		b.mu.Unlock()
		if !until.After(now) || !until.After(waited) {
			break
		}
		if tooLong, err = b.wait(ctx, until.Sub(now)); err != nil {
			return tooLong, err
		}
		waited = until
	}
	if b.rate == nil {
		return 0, ctx.Err()
	}
	now := b.now()
	turn := b.rate.ReserveN(now, 1)
	if tooLong, err = b.wait(ctx, turn.DelayFrom(now)); err != nil {
		turn.CancelAt(b.now())
	}
	return tooLong, err
}

func (b *bucket) wait(ctx context.Context, d time.Duration) (tooLong time.Duration, err error) {
	if d <= 0 {
		return 0, ctx.Err()
	}
	if by, ok := ctx.Deadline(); ok && time.Until(by) < d {
		return d, fmt.Errorf("not sent, its turn comes too late: %w", context.DeadlineExceeded)
	}
	return 0, b.sleep(ctx, d)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
