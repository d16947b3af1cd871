package zendesk

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// bucket keeps every call of a client within its rate, and holds calls back for
// as long as Zendesk asked for: all of them, or those of one operation.
type bucket struct {
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	rate  *rate.Limiter // nil: no limit

	mu    sync.Mutex
	until map[string]time.Time // no call of an operation before it; of everything: none
}

// everything is the operation that stands for all of them.
const everything = ""

func newBucket(perMinute int, now func() time.Time) *bucket {
	b := &bucket{now: now, sleep: sleep, until: map[string]time.Time{}}
	if perMinute > 0 {
		b.rate = rate.NewLimiter(perSecond(perMinute), max(1, perMinute/60))
	}
	return b
}

func perSecond(perMinute int) rate.Limit { return rate.Limit(float64(perMinute) / 60) }

// hold lets no call of an operation go for d.
func (b *bucket) hold(op string, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.now().Add(d); until.After(b.until[op]) {
		b.until[op] = until
	}
}

// heed does what an answer's headers ask for. Of an endpoint whose own calls are
// used up only its calls wait; of an account whose calls are used up all do. An
// account that allows less than we would take is asked for no more than that.
func (b *bucket) heed(op string, h http.Header, refused time.Duration) {
	number := func(names ...string) (int, bool) {
		for _, name := range names {
			if n, err := strconv.Atoi(h.Get(name)); err == nil && n >= 0 {
				return n, true
			}
		}
		return 0, false
	}
	if limit, ok := number("ratelimit-limit", "X-Rate-Limit"); ok && limit > 0 && b.rate != nil && perSecond(limit) < b.rate.Limit() {
		b.rate.SetLimitAt(b.now(), perSecond(limit))
	}
	left, told := number("ratelimit-remaining", "X-Rate-Limit-Remaining")
	reset, _ := number("ratelimit-reset")
	wait, ofEndpoint := endpointWait(h)
	switch {
	case ofEndpoint, refused > 0 && told && left > 0:
		b.hold(op, max(refused, wait))
	case refused > 0:
		b.hold(everything, refused)
	case told && left == 0:
		b.hold(everything, min(time.Duration(reset)*time.Second, longestWait))
	}
}

// endpointWait reads the header of an endpoint's own limit, such as
// "zendesk-ratelimit-tickets-index: total=100; remaining=0; resets=41".
func endpointWait(h http.Header) (wait time.Duration, usedUp bool) {
	for name, values := range h {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "zendesk-ratelimit-") && !strings.HasPrefix(name, "zendesk-rate-limit-") {
			continue
		}
		said := map[string]int{}
		for part := range strings.SplitSeq(strings.Join(values, ";"), ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if n, err := strconv.Atoi(value); err == nil {
				said[key] = n
			}
		}
		if left, told := said["remaining"]; told && left <= 0 {
			wait, usedUp = max(wait, min(time.Duration(said["resets"])*time.Second, longestWait)), true
		}
	}
	return wait, usedUp
}

// take waits until a call of an operation may go. A wait that outlasts ctx's
// deadline is not begun: it is given back instead.
func (b *bucket) take(ctx context.Context, op string) (tooLong time.Duration, err error) {
	for waited := (time.Time{}); ; {
		b.mu.Lock()
		until, now := b.until[everything], b.now()
		if own := b.until[op]; own.After(until) {
			until = own
		}
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
