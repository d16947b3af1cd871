package drills

import (
	"net/http"
	"testing"

	"traid/internal/ident"
	"traid/internal/wire/trav1"
)

// TestKilled ends the program with SIGKILL at a step of a request's way, starts
// it again and wants the rest to happen by itself.
func TestKilled(t *testing.T) {
	t.Parallel()
	for step, drill := range map[string]struct {
		register bool // the call is to the register, otherwise to the helpdesk
		call     call
		when     when
		agent    bool // an agent answers on the ticket, otherwise an operator on the case's page
	}{
		"the ticket's creation, before it arrived":            {call: creation, when: before},
		"the ticket's creation, done, its answer lost":        {call: creation, when: committed, agent: true},
		"the ticket's creation, as its answer came":           {call: creation, when: answered},
		"the decision's writing, before it arrived":           {call: change, when: before},
		"the decision's writing, done, its answer lost":       {call: change, when: committed},
		"the decision's writing, as its answer came":          {call: change, when: answered},
		"a sweep, and an agent's answer that it would bring":  {call: export, when: committed, agent: true},
		"the verification, before the register answered":      {register: true, call: lookup, when: committed},
		"the verification, as the register answered":          {register: true, call: lookup, when: answered},
		"the verification of an agent's, before it is stored": {register: true, call: lookup, when: committed, agent: true},
	} {
		each(t, step, []string{"sqlite", "postgres"}, func(w *world) {
			c := w.start()
			c.signsIn()
			id := ident.NewUUID()
			at := c.desk
			if drill.register {
				at = c.register
			}
			die := func(spare int) {
				at.begin(&trouble{call: drill.call, when: drill.when, spare: spare, once: true, met: c.kill})
			}
			again := func() {
				w.until("it is killed", c.dead)
				c.start()
			}
			if drill.call == creation {
				die(0)
				_ = c.asks(id) // answered, unless the ticket was faster
				again()
			}
			w.ok(c.asks(id))
			c.untilStatus(id, trav1.InProgress)
			notes := 1
			if drill.agent {
				notes = 0
			}
			switch {
			case drill.call == creation && drill.agent:
				w.solves(id)
			case drill.call == creation:
				w.ok(c.decides(id))
			case drill.agent:
				die(0)
				w.solves(id)
				again()
			case drill.call == change:
				die(0)
				_ = c.decides(id) // answered, unless the ticket was faster
				again()
			default:
				die(whenDecided)
				w.ok(c.decides(id))
				again()
			}
			c.ends("killed during "+step, notes, id)
		})
	}
}

// whenDecided is how many look-ups a decision on the case's page itself makes.
const whenDecided = 1

// TestAway keeps the helpdesk, or the register, from the program for a while.
func TestAway(t *testing.T) {
	t.Parallel()
	both, one := []string{"sqlite", "postgres"}, []string{"sqlite"} // what tells one answer from another knows no database
	for what, drill := range map[string]struct {
		on       []string
		register bool
		trouble  trouble
		decided  bool // it is away from the decision on, otherwise from the request on
	}{
		"the helpdesk breaks off while a ticket is created":       {on: both, trouble: trouble{call: anything, when: before}},
		"the helpdesk loses its answer while a ticket is created": {on: one, trouble: trouble{call: creation, when: committed}},
		"the helpdesk is out of order while a ticket is created": {on: one, trouble: trouble{
			call: creation, when: before, status: http.StatusServiceUnavailable,
		}},
		"the helpdesk says too many while a ticket is created": {on: one, trouble: trouble{
			call: creation, when: before, status: http.StatusTooManyRequests,
		}},
		"the helpdesk collides while a ticket is created": {on: one, trouble: trouble{
			call: creation, when: before, status: http.StatusConflict, body: `{"error":"DatabaseConflict","description":"Database collision"}`,
		}},
		"the helpdesk is away from the decision on": {on: both, decided: true, trouble: trouble{call: anything, when: before, status: http.StatusBadGateway}},
		"the register is away from the decision on": {on: both, decided: true, register: true, trouble: trouble{
			call: lookup, when: before, status: http.StatusBadGateway, spare: whenDecided,
		}},
	} {
		each(t, what, drill.on, func(w *world) {
			c := w.start()
			c.signsIn()
			id := ident.NewUUID()
			at := c.desk
			if drill.register {
				at = c.register
			}
			trouble := drill.trouble
			if !drill.decided {
				at.begin(&trouble)
			}
			w.ok(c.asks(id))
			if drill.decided {
				c.untilStatus(id, trav1.InProgress)
				at.begin(&trouble)
				w.ok(c.decides(id))
			}
			w.until("a call met it", func() bool { return at.troubled() > 0 })
			if !drill.decided { // the person sees the same, and an operator may decide
				if status := c.status(id); status != trav1.Received {
					w.Errorf("the request is %s; want received", status)
				}
				w.ok(c.decides(id))
			}
			at.begin(nil)
			c.ends(what, 1, id)
		})
	}
}

// TestTwoAtOnce has two processes work on one PostgreSQL, and kills one of them
// in the midst of the work.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	const requests = 10
	w := newWorld(t, "postgres")
	c, victim := w.start(), w.start()
	victim.desk.begin(&trouble{call: creation, when: committed, once: true, met: victim.kill})
	var ids []string
	w.until("there are some requests, and one process is dead", func() bool {
		id := ident.NewUUID()
		w.ok(c.asks(id))
		ids = append(ids, id)
		return len(ids) >= requests && victim.dead()
	})
	for _, id := range ids {
		c.untilStatus(id, trav1.InProgress)
		w.solves(id)
	}
	c.ends("one of two killed during a ticket's creation, done, its answer lost", 0, ids...)
	w.Logf("the one created %d tickets, the other %d before it was killed", c.desk.count(creation), victim.desk.count(creation))
}

// each runs a drill on each database, side by side.
func each(t *testing.T, name string, databases []string, drill func(w *world)) {
	t.Helper()
	for _, database := range databases {
		t.Run(name+"/"+database, func(t *testing.T) {
			t.Parallel()
			drill(newWorld(t, database))
		})
	}
}
