package tra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/tra"
)

// reads counts the looks at one ticket.
func (r *rig) reads() int {
	n := 0
	for _, call := range r.weather.seen {
		method, path, _ := strings.Cut(call, " ")
		if method == http.MethodGet && strings.HasPrefix(path, "/api/v2/tickets/") && !strings.HasSuffix(path, "audits") {
			n++
		}
	}
	return n
}

func TestAHintBringsATicketsReadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.clock.move(2 * time.Minute)
		r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
		r.ok(r.svc.Hint(r.ctx, "hint-1", tra.TicketID(r.oneTicket(id).ID)))
		r.ok(r.svc.Work(r.ctx, tra.TaskRead, id))
		if k := r.kase(id); k.Decision == nil || k.Decision.Stage != tra.StageOnTicket {
			t.Errorf("the decision is %+v", k.Decision)
		}
	})
}

func TestHintsReadATicketOnceAMinuteAndEachOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		ticket := tra.TicketID(r.oneTicket(id).ID)
		hint := func(name string, of tra.TicketID) {
			r.ok(r.svc.Hint(r.ctx, name, of))
			r.ok(r.svc.Work(r.ctx, tra.TaskRead, id))
		}
		r.clock.move(2 * time.Minute)
		for _, c := range []struct {
			name  string
			of    tra.TicketID
			after time.Duration
			reads int
		}{
			{"nobody's ticket", ticket + 1, 0, 0},
			{"one", ticket, 0, 1},
			{"one", ticket, 2 * time.Minute, 1},   // heard before
			{"two", ticket, 0, 2},                 // the last read is over a minute old
			{"three", ticket, time.Second, 2},     // it is not
			{"four", ticket, 58 * time.Second, 2}, // nor is it now
			{"four", ticket, time.Second, 3},      // what three asked for is due
			{"four", ticket, 23 * time.Hour, 3},   // heard before
			{"four", ticket, 2 * time.Hour, 4},    // over a day ago: forgotten
		} {
			r.clock.move(c.after)
			hint(c.name, c.of)
			if got := r.reads(); got != c.reads {
				t.Errorf("%s after %v: the ticket was read %d times; want %d", c.name, c.after, got, c.reads)
			}
		}
	})
}

func TestAHintOfAnEndedRequestChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		ticket := tra.TicketID(r.oneTicket(id).ID)
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.work(time.Second)
		r.clock.move(2 * time.Minute)
		before := r.reads()
		r.ok(r.svc.Hint(r.ctx, "hint", ticket))
		r.ok(r.svc.Work(r.ctx, tra.TaskRead, id))
		if got := r.reads(); got != before {
			t.Errorf("%d reads", got-before)
		}
	})
}

func TestWhatChangedBeforeTheFirstSweepIsSeen(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		r.weather.set(func(w *weather) {
			w.deny = func(q *http.Request) int { // no sweep has ever succeeded
				if strings.Contains(q.URL.Path, "/incremental/") {
					return http.StatusBadGateway
				}
				return 0
			}
		})
		id := r.open(first, claim())
		r.clock.move(time.Minute)
		r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
		r.work(time.Hour)
		r.weather.set(func(w *weather) { w.deny = nil })
		r.work(2 * time.Minute)
		r.work(released)
		r.oneAnswer()
	})
}
