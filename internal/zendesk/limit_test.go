package zendesk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// clock is a time that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// calls makes n calls of an account that answers with what answer writes, on the clock.
func calls(t *testing.T, perMinute int, c *clock, answer http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	z := New(Options{BaseURL: srv.URL, Token: "secret", PerMinute: perMinute, Now: c.now})
	z.bucket.sleep = c.sleep
	return z
}

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"user":{"id":7}}`) }

func TestCallsKeepWithinTheirRate(t *testing.T) {
	for name, c := range map[string]struct {
		perMinute int
		want      []time.Duration
	}{
		"thirty a minute is one every two seconds":         {30, []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}},
		"a hundred and twenty a minute come two at a time": {120, []time.Duration{500 * time.Millisecond, 500 * time.Millisecond}},
		"no limit": {0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			at := newClock()
			z := calls(t, c.perMinute, at, fine)
			for range 4 {
				if _, err := z.Me(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(at.slept, c.want) {
				t.Errorf("waited %v, want %v", at.slept, c.want)
			}
		})
	}
}

func TestEveryCallWaitsForAsLongAsZendeskAsks(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header string
		want   time.Duration
	}{
		"seconds with 429":      {429, "93", 93 * time.Second},
		"seconds with 503":      {503, "5", 5 * time.Second},
		"a date":                {429, "Mon, 23 Nov 2026 12:02:00 GMT", 2 * time.Minute},
		"a date that is past":   {429, "Mon, 23 Nov 2026 11:00:00 GMT", 0},
		"nothing":               {429, "", 0},
		"words":                 {429, "soon", 0},
		"a year, of which hour": {429, "31536000", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			at := newClock()
			first := true
			z := calls(t, 0, at, func(w http.ResponseWriter, r *http.Request) {
				if first {
					first = false
					w.Header().Set("Retry-After", c.header)
					w.WriteHeader(c.status)
					return
				}
				fine(w, r)
			})
			_, err := z.Me(t.Context())
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Unknown || e.RetryAfter != c.want {
				t.Fatalf("got %v, want it again after %v", err, c.want)
			}
			if len(at.slept) != 0 {
				t.Errorf("the call itself waited %v", at.slept)
			}
			if _, err := z.Me(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []time.Duration{c.want}
			if c.want == 0 {
				want = nil
			}
			if !slices.Equal(at.slept, want) {
				t.Errorf("the next call waited %v, want %v", at.slept, want)
			}
		})
	}
}

func TestAWaitGrowsWithWhatIsAskedMeanwhile(t *testing.T) {
	at := newClock()
	b := newBucket(0, at.now)
	b.hold(10 * time.Second)
	b.hold(5 * time.Second) // a shorter one changes nothing
	first := true
	b.sleep = func(ctx context.Context, d time.Duration) error {
		err := at.sleep(ctx, d)
		if first {
			first = false
			b.hold(3 * time.Second)
		}
		return err
	}
	if _, err := b.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{10 * time.Second, 3 * time.Second}; !slices.Equal(at.slept, want) {
		t.Errorf("waited %v, want %v", at.slept, want)
	}
}

// A clock that stands still, as one of a test does, must not hold a call for ever.
func TestAWaitEndsThoughTheClockStandsStill(t *testing.T) {
	at := newClock()
	b := newBucket(0, at.now)
	b.hold(time.Second)
	slept := 0
	b.sleep = func(context.Context, time.Duration) error { slept++; return nil }
	if _, err := b.take(t.Context()); err != nil || slept != 1 {
		t.Errorf("slept %d times, %v", slept, err)
	}
}

func TestAWaitBeyondTheDeadlineIsGivenBack(t *testing.T) {
	at := newClock()
	z := calls(t, 1, at, fine)
	if _, err := z.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := z.Me(ctx)
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Unknown || e.RetryAfter != time.Minute || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if len(at.slept) != 0 {
		t.Errorf("it waited %v", at.slept)
	}
	if _, err := z.Me(t.Context()); err != nil || !slices.Equal(at.slept, []time.Duration{time.Minute}) {
		t.Errorf("the next call waited %v, want a minute: the turn was not given back (%v)", at.slept, err)
	}
}

func TestACancelledCallIsNotSent(t *testing.T) {
	at := newClock()
	sent := false
	z := calls(t, 0, at, func(w http.ResponseWriter, r *http.Request) { sent = true; fine(w, r) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := z.Me(ctx); !Is(err, Unknown) || !errors.Is(err, context.Canceled) || sent {
		t.Errorf("sent %t, %v", sent, err)
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := sleep(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("got %v", err)
	}
}
