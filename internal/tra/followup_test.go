package tra_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"traid/internal/desk"
	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// closeTicket closes a request's ticket, which is final.
func (r *rig) closeTicket(id tra.RequestID) zendesk.TicketID {
	r.t.Helper()
	ticket := zendesk.TicketID(r.kase(id).Request.Ticket)
	_, err := r.agent.UpdateTicket(r.ctx, ticket, zendesk.TicketUpdate{Status: zendesk.StatusClosed, AssigneeID: r.agentID})
	r.ok(err)
	r.work(3 * time.Minute)
	return ticket
}

// followUps gives the follow-up tickets of a request's ticket.
func (r *rig) followUps(id tra.RequestID, of zendesk.TicketID) []zendesk.Ticket {
	r.t.Helper()
	list, err := r.agent.TicketsByExternalID(r.ctx, fmt.Sprintf("%s-%d", id, of))
	r.ok(err)
	return list
}

// oneFollowUp gives the only follow-up of a ticket, which has to be the request's now.
func (r *rig) oneFollowUp(id tra.RequestID, of zendesk.TicketID) zendesk.Ticket {
	r.t.Helper()
	list := r.followUps(id, of)
	if len(list) != 1 || int64(list[0].ID) != int64(r.kase(id).Request.Ticket) {
		r.t.Fatalf("%d follows %d tickets, the request has %d; want one", of, len(list), r.kase(id).Request.Ticket)
	}
	return list[0]
}

const other = "0654321"

// correct has an answered case opened again, and another TRN decided.
func (r *rig) correct(id tra.RequestID) {
	r.t.Helper()
	r.addRecord(other, nil)
	r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "the school called"))
	r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(other)})
}

// corrected fails the test unless the other TRN is the second version and stands
// on one follow-up of the closed ticket, which still says what it said.
func (r *rig) corrected(id tra.RequestID, closed zendesk.TicketID) zendesk.Ticket {
	r.t.Helper()
	list := r.answers()
	if len(list) != 2 || list[1].Version != 2 || list[1].TRN != trn(other) {
		r.t.Fatalf("answers %+v", list)
	}
	ticket := r.oneFollowUp(id, closed)
	if ticket.Status != zendesk.StatusSolved || r.field(ticket, "TRN") != other || r.field(ticket, "Outcome") != "trn_found" {
		r.t.Errorf("the follow-up is %s, %q, %q", ticket.Status, r.field(ticket, "TRN"), r.field(ticket, "Outcome"))
	}
	old, err := r.agent.Ticket(r.ctx, closed)
	r.ok(err)
	if old.Status != zendesk.StatusClosed || r.field(old, "TRN") != zofia {
		r.t.Errorf("the closed ticket is %s with TRN %q", old.Status, r.field(old, "TRN"))
	}
	if k := r.kase(id); k.Request.State != tra.Answered || len(k.Flags) != 0 || r.happened(id, tra.TicketFollowedUp) != 1 {
		r.t.Errorf("it is %s, flags %v, followed up %d times", k.Request.State, k.Flags, r.happened(id, tra.TicketFollowedUp))
	}
	r.oneTicket(id) // by the request's own key
	return ticket
}

func TestACorrectionOfAClosedTicketIsOnOneFollowUpTicket(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		closed := r.closeTicket(id)
		r.correct(id)
		r.work(time.Second)
		r.work(time.Second)
		r.work(released)
		followUp := r.corrected(id, closed)
		if known, err := r.desk.Ticket(r.ctx, desk.TicketID(followUp.ID)); err != nil || int64(known.FollowupOf) != int64(closed) {
			t.Errorf("it follows up %d, %v; want %d", known.FollowupOf, err, closed)
		}
		// A change there is the request's, as on any ticket.
		_, err := r.agent.UpdateTicket(r.ctx, followUp.ID, zendesk.TicketUpdate{Fields: []zendesk.FieldValue{{ID: r.fields["TRN"].ID, Value: zofia}}})
		r.ok(err)
		r.work(3 * time.Minute)
		r.work(released)
		if list := r.answers(); len(list) != 3 || list[2].Version != 3 || list[2].TRN != trn(zofia) {
			t.Fatalf("answers %+v", list)
		}
		// It closes too, and is followed up like the first.
		second := r.closeTicket(id)
		r.correct(id)
		for range 3 {
			r.work(time.Second)
		}
		r.work(released)
		if ticket := r.oneFollowUp(id, second); r.field(ticket, "TRN") != other || len(r.followUps(id, closed)) != 1 {
			t.Errorf("the second follow-up says %q; %d follow the first ticket", r.field(ticket, "TRN"), len(r.followUps(id, closed)))
		}
	})
}

func TestAFollowUpIsMadeOnceWhateverBreaks(t *testing.T) {
	for what, breaks := range map[string]func(r *rig, id tra.RequestID){
		"the response is lost": func(r *rig, _ tra.RequestID) {
			lose := once(http.MethodPost, "/tickets")
			r.weather.set(func(w *weather) { w.lose = lose })
			r.work(time.Second)
			r.work(time.Second)
		},
		"killed after the helpdesk's commit, and for longer than a key lives": func(r *rig, _ tra.RequestID) {
			die, died := once(http.MethodPost, "/tickets"), false
			r.weather.set(func(w *weather) {
				w.lose = func(q *http.Request) bool {
					now := die(q)
					died = died || now
					return now
				}
			})
			r.work(time.Second) // the closed ticket is seen to be closed, and what follows is made
			if !died {
				r.t.Error("it was not killed")
			}
			r.clock.move(3 * time.Hour)
			r.svc = r.start() // another process
		},
		"the key is forgotten and nothing was made": func(r *rig, _ tra.RequestID) {
			deny := once(http.MethodPost, "/tickets")
			r.weather.set(func(w *weather) {
				w.deny = func(q *http.Request) int {
					if deny(q) {
						return http.StatusInternalServerError
					}
					return 0
				}
			})
			r.work(time.Second)
			r.work(time.Second)
			r.clock.move(3 * time.Hour)
			for range 3 { // look-ups that find none
				r.work(3 * time.Minute)
			}
		},
		"two workers": func(r *rig, _ tra.RequestID) {
			two := after(http.MethodPost, "/tickets", func() {
				r.clock.move(2 * time.Minute) // the first one's lease ends while its call is on its way
				r.ok(r.start().WorkDue(r.ctx))
			})
			r.weather.set(func(w *weather) { w.lose = two })
			r.work(time.Second)
			r.work(time.Second)
		},
		"the helpdesk is away": func(r *rig, _ tra.RequestID) {
			r.weather.set(func(w *weather) { w.down = true })
			r.work(time.Second)
			r.work(5 * time.Hour)
			r.weather.set(func(w *weather) { w.down = false })
		},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := r.give()
				closed := r.closeTicket(id)
				r.correct(id)
				breaks(r, id)
				for range 3 {
					r.work(time.Hour)
				}
				r.work(released)
				r.corrected(id, closed)
			})
		})
	}
}

func TestWhatAMergedTicketCannotCarryIsOnAFollowUp(t *testing.T) {
	merge := func(r *rig, id tra.RequestID) zendesk.TicketID {
		ticket := zendesk.TicketID(r.kase(id).Request.Ticket)
		into, err := r.agent.CreateTicket(r.ctx, "", []byte(`{"ticket":{"subject":"Another","comment":{"body":"Another."}}}`))
		r.ok(err)
		agnes, err := r.desk.User(r.ctx, desk.UserID(r.agentID))
		r.ok(err)
		r.ok(r.desk.MergeTickets(r.ctx, desk.Actor{User: agnes}, desk.Merge{Into: desk.TicketID(into.ID), From: []desk.TicketID{desk.TicketID(ticket)}}))
		return ticket
	}
	t.Run("a correction", func(t *testing.T) {
		each(t, func(t *testing.T, r *rig) {
			id := r.give()
			merged := merge(r, id)
			r.work(3 * time.Minute)
			r.correct(id)
			for range 3 {
				r.work(time.Second)
			}
			r.work(released)
			r.corrected(id, merged)
		})
	})
	t.Run("the first answer", func(t *testing.T) {
		each(t, func(t *testing.T, r *rig) {
			r.addRecord(zofia, nil)
			id := r.open(first, claim())
			merged := merge(r, id)
			r.work(3 * time.Minute)
			if !r.flagged(id, tra.TicketMissing) {
				t.Error("it is not flagged")
			}
			r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
			for range 3 {
				r.work(time.Second)
			}
			r.work(released)
			if a := r.oneAnswer(); a.TRN != trn(zofia) || r.field(r.oneFollowUp(id, merged), "TRN") != zofia || len(r.kase(id).Flags) != 0 {
				t.Errorf("answer %+v, flags %v", a, r.kase(id).Flags)
			}
		})
	})
	t.Run("between the decision and its release", func(t *testing.T) {
		for what, decided := range map[string]func(r *rig, id tra.RequestID){
			"on the console": func(r *rig, id tra.RequestID) {
				r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
			},
			"by an agent": func(r *rig, id tra.RequestID) { r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"}) },
		} {
			t.Run(what, func(t *testing.T) {
				each(t, func(t *testing.T, r *rig) {
					r.addRecord(zofia, nil)
					id := r.open(first, claim())
					decided(r, id)
					r.work(3 * time.Minute)
					merged := merge(r, id)
					r.work(released)
					r.noAnswer()
					for range 3 {
						r.work(time.Second)
					}
					r.work(released)
					if a := r.oneAnswer(); a.TRN != trn(zofia) || r.field(r.oneFollowUp(id, merged), "TRN") != zofia {
						t.Errorf("answer %+v", a)
					}
				})
			})
		}
	})
}

func TestARequestThatIsWithdrawnWaitsForNoFollowUp(t *testing.T) {
	for what, sent := range map[string]bool{"before it was sent for": false, "while it was on its way": true} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(zofia, nil)
				id := r.open(first, claim())
				closed := r.closeTicket(id)
				r.weather.set(func(w *weather) {
					lose := once(http.MethodPost, "/tickets")
					w.lose = func(q *http.Request) bool { return sent && lose(q) }
					w.deny = func(q *http.Request) int {
						if !sent && q.Method == http.MethodPost {
							return http.StatusServiceUnavailable
						}
						return 0
					}
				})
				r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
				r.ok(r.svc.Work(r.ctx, tra.TaskWrite, id))
				if sent {
					r.work(0)
				}
				r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
				r.weather.set(func(w *weather) { w.deny = nil })
				for range 4 {
					r.work(time.Hour)
				}
				for _, ticket := range r.followUps(id, closed) {
					if ticket.Status != zendesk.StatusSolved || !sent {
						t.Errorf("there is the ticket %d, %s", ticket.ID, ticket.Status)
					}
				}
				var left int
				r.ok(r.db.Reader().QueryRowContext(r.ctx, `SELECT (SELECT count(*) FROM ops) + (SELECT count(*) FROM creations) + (SELECT count(*) FROM tasks)`).Scan(&left))
				if left != 0 {
					t.Errorf("%d things are left to be done", left)
				}
				r.refused(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "why"), fault.Conflict)
			})
		})
	}
}
