package drills

import (
	"net/http"
	"testing"
	"time"

	"traid/internal/ident"
	"traid/internal/wire/trav1"
)

// TestKilled ends the program with SIGKILL at a step of a request's way, starts
// it again and wants the rest to happen by itself.
func TestKilled(t *testing.T) {
	for name, drill := range map[string]struct {
		register bool // the call is to the register, otherwise to the helpdesk
		call     call
		when     when
		agent    bool // an agent answers on the ticket, otherwise an operator on the case's page
	}{
		"the ticket's creation, before it arrived":                     {call: creation, when: before},
		"the ticket's creation, done, its answer lost":                 {call: creation, when: committed, agent: true},
		"the ticket's creation, as its answer came":                    {call: creation, when: answered},
		"the decision on its way to the ticket, before it arrived":     {call: change, when: before},
		"the decision on its way to the ticket, done, its answer lost": {call: change, when: committed},
		"the decision on its way to the ticket, as its answer came":    {call: change, when: answered},
		"the verification, before the register answered":               {register: true, call: lookup, when: committed},
		"the verification, as the register answered":                   {register: true, call: lookup, when: answered},
		"the verification of an agent's answer":                        {register: true, call: lookup, when: committed, agent: true},
	} {
		each(t, name, func(w *world) {
			c := w.start()
			c.signsIn()
			id := ident.NewUUID()
			killing := &trouble{call: drill.call, when: drill.when, once: true, met: c.kill}
			at := c.desk
			if drill.register {
				at = c.register
			}
			dies := func() {
				<-c.ended
				c.start()
			}
			if drill.call == creation {
				at.begin(killing)
				_ = c.asks(id) // answered, unless the ticket was faster
				dies()
			}
			w.ok(c.asks(id))
			c.untilStatus(id, trav1.InProgress)
			notes := 0
			if drill.agent {
				if drill.call != creation {
					at.begin(killing)
				}
				w.solves(id)
			} else {
				notes = 1
				if drill.call == change {
					at.begin(killing)
				}
				if err := c.decides(id); err != nil && drill.call != change { // which may be faster than the page
					w.Fatal(err)
				}
				if drill.register {
					at.begin(killing)
				}
			}
			if drill.call != creation {
				dies()
			}
			restarted := time.Now()
			c.ends(notes, id)
			w.reports(c, restarted)
			if made := c.desk.count(creation); made != 1 {
				w.Errorf("the helpdesk was asked %d times for a ticket; want once", made)
			}
		})
	}
}

// TestAway keeps the helpdesk, or the register, from the program for a while.
func TestAway(t *testing.T) {
	for name, drill := range map[string]struct {
		register bool
		trouble  trouble
		decided  bool // it is away from the decision on, otherwise from the request on
	}{
		"the helpdesk breaks off while a ticket is created":       {trouble: trouble{call: anything, when: before}},
		"the helpdesk loses its answer while a ticket is created": {trouble: trouble{call: creation, when: committed}},
		"the helpdesk is out of order while a ticket is created":  {trouble: trouble{call: creation, when: before, status: http.StatusServiceUnavailable}},
		"the helpdesk says too many while a ticket is created":    {trouble: trouble{call: creation, when: before, status: http.StatusTooManyRequests}},
		"the helpdesk collides while a ticket is created": {trouble: trouble{
			call: creation, when: before, status: http.StatusConflict, body: `{"error":"DatabaseConflict","description":"Database collision"}`,
		}},
		"the helpdesk is away from the decision on": {trouble: trouble{call: anything, when: before, status: http.StatusBadGateway}, decided: true},
		"the register is away from the decision on": {register: true, trouble: trouble{call: anything, when: before, status: http.StatusBadGateway}, decided: true},
	} {
		each(t, name, func(w *world) {
			c := w.start()
			c.signsIn()
			id := ident.NewUUID()
			at := c.desk
			if drill.register {
				at = c.register
			}
			if !drill.decided {
				at.begin(&drill.trouble)
			}
			w.ok(c.asks(id))
			if drill.decided {
				c.untilStatus(id, trav1.InProgress)
				w.ok(c.decides(id))
				at.begin(&drill.trouble)
			}
			w.until("a call met it", func() bool { return at.troubled() > 0 })
			if !drill.decided { // the person sees the same, and an operator may decide
				if status := c.status(id); status != trav1.Received {
					w.Errorf("the request is %s; want received", status)
				}
				w.ok(c.decides(id))
			}
			at.begin(nil)
			began := time.Now()
			c.ends(1, id)
			w.reports(c, began)
		})
	}
}

// TestTwoAtOnce has two processes work on one PostgreSQL, and kills one of them
// in the midst of the work.
func TestTwoAtOnce(t *testing.T) {
	const requests = 10
	t.Parallel()
	w := newWorld(t, "postgres")
	c, victim := w.start(), w.start()
	victim.desk.begin(&trouble{call: creation, when: committed, once: true, met: victim.kill})
	var ids []string
	for range requests {
		ids = append(ids, ident.NewUUID())
		w.ok(c.asks(ids[len(ids)-1]))
	}
	for _, id := range ids {
		c.untilStatus(id, trav1.InProgress)
		w.solves(id)
	}
	began := time.Now()
	c.ends(0, ids...)
	w.Logf("killed %t; %d and %d tickets were created by the two", victim.killed, c.desk.count(creation), victim.desk.count(creation))
	if made := c.desk.count(creation) + victim.desk.count(creation); made != requests {
		w.Errorf("the helpdesk was asked %d times for %d tickets", made, requests)
	}
	w.reports(c, began)
}

// each runs a drill on both databases.
func each(t *testing.T, name string, drill func(w *world)) {
	t.Helper()
	for _, database := range databases {
		t.Run(name+"/"+database, func(t *testing.T) {
			t.Parallel()
			drill(newWorld(t, database))
		})
	}
}

// reports says how a drill ended.
func (w *world) reports(c *child, since time.Time) {
	w.Helper()
	w.Logf("%s: answered after %s; %d creations, %d changes and %d look-ups reached the others",
		w.database, time.Since(since).Round(time.Second), c.desk.count(creation), c.desk.count(change), c.register.count(lookup))
}
