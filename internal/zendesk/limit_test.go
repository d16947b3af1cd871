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
		kind   Kind
		header string
		want   time.Duration
	}{
		"seconds with 429":      {429, Transient, "93", 93 * time.Second},
		"seconds with 503":      {503, Unknown, "5", 5 * time.Second},
		"a date":                {429, Transient, "Mon, 23 Nov 2026 12:02:00 GMT", 2 * time.Minute},
		"a date that is past":   {429, Transient, "Mon, 23 Nov 2026 11:00:00 GMT", 0},
		"nothing":               {429, Transient, "", 0},
		"words":                 {429, Transient, "soon", 0},
		"a year, of which hour": {429, Transient, "31536000", time.Hour},
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
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != c.kind || e.RetryAfter != c.want {
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

func TestTheHeadersOfLimitsAreHeeded(t *testing.T) {
	const endpoint = "zendesk-ratelimit-incremental-exports-cursor"
	for name, c := range map[string]struct {
		status      int
		headers     map[string]string
		same, other time.Duration // how long the next call of the operation waits, and one of another
	}{
		"an account that is used up": {200, map[string]string{"ratelimit-remaining": "0", "ratelimit-reset": "17"}, 17 * time.Second, 17 * time.Second},
		"one that is not":            {200, map[string]string{"ratelimit-remaining": "1", "ratelimit-reset": "17"}, 0, 0},
		"by its older name":          {200, map[string]string{"X-Rate-Limit-Remaining": "0", "ratelimit-reset": "17"}, 17 * time.Second, 17 * time.Second},
		"without a time":             {200, map[string]string{"X-Rate-Limit-Remaining": "0"}, 0, 0},
		"an endpoint that is used up": {
			200, map[string]string{"ratelimit-remaining": "300", endpoint: "total=10; remaining=0; resets=41"}, 41 * time.Second, 0,
		},
		"one that is not used up": {200, map[string]string{endpoint: "total=10; remaining=9; resets=41"}, 0, 0},
		"an endpoint's refusal":   {429, map[string]string{"Retry-After": "50", endpoint: "total=10; remaining=0; resets=41"}, 50 * time.Second, 0},
		"a refusal of an account that has calls left is an endpoint's": {429, map[string]string{"Retry-After": "50", "X-Rate-Limit-Remaining": "12"}, 50 * time.Second, 0},
		"an account's refusal": {429, map[string]string{"Retry-After": "50", "ratelimit-remaining": "0", "ratelimit-reset": "9"}, 50 * time.Second, 50 * time.Second},
		"what cannot be read":  {200, map[string]string{"ratelimit-remaining": "none", endpoint: "some"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for what, want := range map[string]time.Duration{"the same": c.same, "another": c.other} {
				at, first := newClock(), true
				z := calls(t, 0, at, func(w http.ResponseWriter, _ *http.Request) {
					if first {
						first = false
						for k, v := range c.headers {
							w.Header().Set(k, v)
						}
						w.WriteHeader(c.status)
					}
					_, _ = io.WriteString(w, `{"tickets":[],"after_cursor":"c","end_of_stream":true,"user":{"id":7}}`)
				})
				export := func() error { _, err := z.Export(t.Context(), "c", time.Time{}); return err }
				me := func() error { _, err := z.Me(t.Context()); return err }
				next := export
				if what == "another" {
					next = me
				}
				if err := export(); (err == nil) != (c.status == 200) {
					t.Fatal(err)
				}
				if err := errors.Join(next(), me()); err != nil {
					t.Fatal(err)
				}
				var slept time.Duration
				for _, d := range at.slept {
					slept += d
				}
				if slept != want {
					t.Errorf("%s operation waited %v; want %v", what, at.slept, want)
				}
			}
		})
	}
}

func TestAnAccountThatAllowsLessIsAskedLess(t *testing.T) {
	at := newClock()
	z := calls(t, 600, at, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Rate-Limit", "30")
		fine(w, r)
	})
	for range 14 { // ten at once, as 600 a minute allow, then one every two seconds
		if _, err := z.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(at.slept); n == 0 || at.slept[n-1] != 2*time.Second {
		t.Errorf("waited %v; want two seconds in the end", at.slept)
	}
}

func TestAWaitGrowsWithWhatIsAskedMeanwhile(t *testing.T) {
	at := newClock()
	b := newBucket(0, at.now)
	b.hold(everything, 10*time.Second)
	b.hold(everything, 5*time.Second) // a shorter one changes nothing
	first := true
	b.sleep = func(ctx context.Context, d time.Duration) error {
		err := at.sleep(ctx, d)
		if first {
			first = false
			b.hold(everything, 3*time.Second)
		}
		return err
	}
	if _, err := b.take(t.Context(), "x"); err != nil {
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
	b.hold(everything, time.Second)
	slept := 0
	b.sleep = func(context.Context, time.Duration) error { slept++; return nil }
	if _, err := b.take(t.Context(), "x"); err != nil || slept != 1 {
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
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Transient || e.RetryAfter != time.Minute || !errors.Is(err, context.DeadlineExceeded) {
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
	if _, err := z.Me(ctx); !Is(err, Transient) || !errors.Is(err, context.Canceled) || sent {
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
