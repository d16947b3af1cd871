package deskapi

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limits are how many requests Zendesk takes; zero is without a limit
// (developer.zendesk.com/api-reference/introduction/rate-limits).
type Limits struct {
	PerMinute       int // of the account, all clients together
	Updates         int // of tickets, a minute
	UpdatesOfOne    int // of one ticket by one agent, in ten minutes
	Exports         int // incremental ones, a minute
	SearchExports   int // a minute
	DeepPages       int // of the list of tickets, beyond page 500, a minute
	DeletedTickets  int // of their list, a minute
	TicketDeletions int // a minute
}

// PlanLimits gives the limits of an account of a plan: team, professional,
// enterprise or enterprise_plus.
func PlanLimits(plan string) (Limits, bool) {
	l := Limits{Updates: 100, UpdatesOfOne: 30, Exports: 10, SearchExports: 100, DeepPages: 50, DeletedTickets: 10, TicketDeletions: 400}
	var ok bool
	if l.PerMinute, ok = map[string]int{"team": 200, "professional": 400, "enterprise": 700, "enterprise_plus": 2500}[plan]; !ok {
		return Limits{}, false
	}
	if plan == "enterprise_plus" { // with the add-on High Volume
		l.Updates, l.Exports = 300, 30
	}
	return l, true
}

// limit names what is counted by itself.
type limit int

const (
	unlimited limit = iota
	limitUpdate
	limitUpdateOne
	limitExport
	limitSearchExport
	limitDeepPage
	limitDeleted
	limitDelete
)

// limitNames are the names in the headers zendesk-ratelimit-….
var limitNames = map[limit]string{
	limitUpdate: "tickets-update", limitExport: "incremental-tickets", limitSearchExport: "search-export", limitDeepPage: "tickets-index",
	limitDeleted: "deleted-tickets-index", limitDelete: "tickets-destroy",
}

func (a *api) setLimits() {
	l := a.o.Limits
	a.clients, a.account = newWindow(a.o.PerMinute, time.Minute), newWindow(l.PerMinute, time.Minute)
	a.single = map[limit]*window{
		limitUpdate: newWindow(l.Updates, time.Minute), limitUpdateOne: newWindow(l.UpdatesOfOne, 10*time.Minute),
		limitExport: newWindow(l.Exports, time.Minute), limitSearchExport: newWindow(l.SearchExports, time.Minute),
		limitDeepPage: newWindow(l.DeepPages, time.Minute), limitDeleted: newWindow(l.DeletedTickets, time.Minute),
		limitDelete: newWindow(l.TicketDeletions, time.Minute),
	}
}

// window counts requests in whole periods of the clock.
type window struct {
	limit  int
	period time.Duration
	mu     sync.Mutex
	began  time.Time
	used   map[string]int
}

func newWindow(limit int, period time.Duration) *window { return &window{limit: limit, period: period} }

// taken is what a request took of a window.
type taken struct {
	limit, left int // left is negative for a request that is one too many
	reset       int // seconds until the next period
}

// take takes one request of a name's; false where there is no limit.
func (l *window) take(name string, now time.Time) (taken, bool) {
	if l == nil || l.limit <= 0 {
		return taken{}, false
	}
	began := now.Truncate(l.period)
	l.mu.Lock()
	if !began.Equal(l.began) {
		l.began, l.used = began, map[string]int{}
	}
	l.used[name]++
	left := l.limit - l.used[name]
	l.mu.Unlock()
	return taken{limit: l.limit, left: left, reset: int(began.Add(l.period).Sub(now).Round(time.Second).Seconds())}, true
}

// refused refuses a request that is one too many. Only then is Retry-After
// told: some clients take every answer that has it for a refusal.
func (t taken) refused(w http.ResponseWriter, what string) error {
	if t.left >= 0 {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(max(t.reset, 1)))
	return &problem{status: http.StatusTooManyRequests, Name: "APIRateLimitExceeded", Description: "Number of allowed " + what + " per minute exceeded"}
}

// countCall counts the request of a client, and of the account where that is limited.
func (c *call) countCall(client string) error {
	now := c.o.Now()
	told, limited := c.account.take("", now)
	mine, _ := c.clients.take(client, now)
	if !limited || mine.left < 0 && told.left >= 0 {
		told = mine
	}
	h, left := c.w.Header(), strconv.Itoa(max(told.left, 0))
	h.Set("X-Rate-Limit", strconv.Itoa(told.limit))
	h.Set("X-Rate-Limit-Remaining", left)
	h.Set("ratelimit-limit", strconv.Itoa(told.limit))
	h.Set("ratelimit-remaining", left)
	h.Set("ratelimit-reset", strconv.Itoa(told.reset))
	return told.refused(c.w, "API requests")
}

// count counts what is limited by itself; name tells apart whose it is.
func (c *call) count(what limit, name string) error {
	t, limited := c.single[what].take(name, c.o.Now())
	if !limited {
		return nil
	}
	if header, told := limitNames[what]; told {
		c.w.Header().Set("zendesk-ratelimit-"+header, fmt.Sprintf("total=%d; remaining=%d; resets=%d", t.limit, max(t.left, 0), t.reset))
	}
	return t.refused(c.w, "requests of this kind")
}
