package tra_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

const (
	first  = "11111111-1111-4111-8111-111111111111"
	second = "22222222-2222-4222-8222-222222222222"
)

// released is long enough for a decision to be on its ticket and released.
const released = 6 * time.Minute

func TestADecisionOnTheConsoleReachesTheClientByItsTicket(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		ticket := r.oneTicket(id)
		if ticket.Status != zendesk.StatusNew || !strings.Contains(ticket.Subject, string(r.kase(id).Request.Reference)) {
			t.Errorf("the ticket is %s, %q", ticket.Status, ticket.Subject)
		}
		comments, err := r.agent.Comments(r.ctx, ticket.ID)
		r.ok(err)
		if len(comments) != 1 || comments[0].Public || !strings.Contains(comments[0].PlainBody, "http://console.example/cases/"+first) {
			t.Errorf("the ticket's first comment is %+v", comments)
		}
		page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
		r.ok(err)
		if len(page.Rows) != 1 || page.Rows[0].ID != id || page.Counts[tra.QueueUnassigned] != 1 {
			t.Fatalf("the queue has %d rows, %v", len(page.Rows), page.Counts)
		}
		checked, err := r.svc.Check(r.ctx, olive, id, trn(zofia))
		r.ok(err)
		if len(checked.Accepts) != 0 || checked.Review != "" || checked.Refused != "" {
			t.Errorf("checked: %+v", checked)
		}
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		ticket = r.oneTicket(id)
		if ticket.Status != zendesk.StatusSolved || r.field(ticket, "TRN") != zofia || r.field(ticket, "Outcome") != "trn_found" {
			t.Errorf("the ticket is %s with TRN %q, %q", ticket.Status, r.field(ticket, "TRN"), r.field(ticket, "Outcome"))
		}
		r.noAnswer()
		v, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id)
		r.ok(err)
		if v.Status != "in_progress" || v.Answer != nil {
			t.Errorf("before its release: %s, %v", v.Status, v.Answer)
		}
		r.work(released)
		a := r.oneAnswer()
		if a.Outcome != tra.TRNFound || a.TRN != trn(zofia) || a.Version != 1 || a.Request != id {
			t.Errorf("answer: %+v", a)
		}
		if v, err = r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id); err != nil || v.Status != "answered" || v.Answer == nil {
			t.Errorf("after its release: %s, %v, %v", v.Status, v.Answer, err)
		}
		if len(r.told.list) != 1 || r.told.list[0].Request != id {
			t.Errorf("the client was told of %v", r.told.list)
		}
		r.work(24 * time.Hour)
		r.oneAnswer()
	})
}

func TestASubmissionIsTakenOnceAndAnotherBodyIsRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		sub := tra.Submission{ID: first, Client: cpdClient, Kind: tra.TRNValidation, Claim: claim()}
		_, created, err := r.svc.Submit(r.ctx, sub)
		if err != nil || !created {
			t.Fatal(created, err)
		}
		if _, created, err = r.svc.Submit(r.ctx, sub); err != nil || created {
			t.Errorf("the same again: created %v, %v", created, err)
		}
		other := sub
		other.Claim.LastName = name("Another")
		_, _, err = r.svc.Submit(r.ctx, other)
		r.refused(err, fault.Conflict)
		other = sub
		other.Client = "somebody-else"
		_, _, err = r.svc.Submit(r.ctx, other)
		r.refused(err, fault.Conflict)
		_, err = r.svc.Get(r.ctx, "somebody-else", tra.TRNValidation, first)
		r.refused(err, fault.NotFound)
		_, err = r.svc.Get(r.ctx, cpdClient, tra.BarringCheck, first)
		r.refused(err, fault.NotFound)
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, first))
		if _, created, err = r.svc.Submit(r.ctx, sub); err != nil || created {
			t.Errorf("the same after its details are deleted: created %v, %v", created, err)
		}
	})
}

func TestALostResponseMakesNoSecondTicket(t *testing.T) {
	for when, wait := range map[string]time.Duration{"within the life of the key": 5 * time.Minute, "after it": 3 * time.Hour} {
		t.Run(when, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				lost := once(http.MethodPost, "/tickets")
				r.weather.set(func(w *weather) { w.lose = lost })
				id := r.open(first, claim())
				if got := r.kase(id).Request.State; got != tra.Received {
					t.Fatalf("after a lost response the request is %s", got)
				}
				r.work(wait)
				if got := r.kase(id).Request; got.State != tra.WithOperator || zendesk.TicketID(got.Ticket) != r.oneTicket(id).ID {
					t.Errorf("the request is %s", got.State)
				}
			})
		})
	}
}

// A sending that never arrived, and whose key is too old to be trusted: a new
// ticket only after several look-ups that found none.
func TestAnOldKeyIsNotTrusted(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.weather.set(func(w *weather) {
			w.deny = func(q *http.Request) int {
				if q.Method == http.MethodPost {
					return http.StatusBadGateway
				}
				return 0
			}
		})
		id := r.open(first, claim())
		r.weather.set(func(w *weather) { w.down = true })
		r.work(2 * time.Hour)
		r.weather.set(func(w *weather) { w.down, w.deny = false, nil })
		r.work(time.Hour)
		if len(r.tickets(id)) != 0 {
			t.Fatal("a ticket was created after one look-up")
		}
		for range 4 {
			r.work(2*time.Minute + 30*time.Second)
		}
		r.oneTicket(id)
		if got := r.kase(id).Request.State; got != tra.WithOperator {
			t.Errorf("the request is %s", got)
		}
	})
}

func TestTicketsMadeTwiceAreOneAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		lost := once(http.MethodPost, "/tickets")
		r.weather.set(func(w *weather) { w.lose = lost })
		id := r.open(first, claim())
		_, err := r.agent.CreateTicket(r.ctx, "", []byte(`{"ticket":{"subject":"again","external_id":"`+first+`","comment":{"body":"again","public":false}}}`))
		r.ok(err)
		r.work(5 * time.Minute)
		kept, open := r.kase(id).Request.Ticket, 0
		for _, each := range r.tickets(id) {
			if each.Status != zendesk.StatusSolved {
				open++
				if tra.TicketID(each.ID) != kept {
					t.Errorf("ticket %d was kept, %d is open", kept, each.ID)
				}
			}
		}
		if open != 1 || !r.flagged(id, tra.SeveralTickets) {
			t.Errorf("%d tickets are open; flagged %v", open, r.flagged(id, tra.SeveralTickets))
		}
	})
}

func TestOperatorsAreToldOfAHelpdeskThatIsAway(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		away := func() (bool, time.Time) {
			p, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
			r.ok(err)
			return p.HelpdeskAway, p.HelpdeskAt
		}
		if is, at := away(); !is || !at.IsZero() {
			t.Errorf("before the first time: %v, %v", is, at)
		}
		r.work(time.Second)
		reached := r.clock.now()
		r.weather.set(func(w *weather) { w.down = true })
		r.work(10 * time.Minute)
		if is, _ := away(); is {
			t.Error("it is away after ten minutes")
		}
		r.work(time.Second)
		if is, at := away(); !is || !at.Equal(reached) {
			t.Errorf("later: %v, %v; want the time when it was last reached", is, at)
		}
		r.weather.set(func(w *weather) { w.down = false })
		r.work(time.Minute)
		if is, _ := away(); is {
			t.Error("it is back")
		}
	})
}

func TestAHelpdeskThatIsAwayLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		r.weather.set(func(w *weather) { w.down = true })
		id := r.open(first, claim())
		r.work(5 * time.Hour)
		if !r.flagged(id, tra.TicketCreationFailing) {
			t.Error("nothing is said of a ticket that fails for five hours")
		}
		// An operator decides meanwhile: it is stored, and counts when the ticket carries it.
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(50 * time.Hour)
		r.noAnswer()
		r.weather.set(func(w *weather) { w.down = false })
		r.work(2 * time.Hour)
		r.work(released)
		r.work(released)
		r.work(released)
		if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusSolved {
			t.Errorf("the ticket is %s", ticket.Status)
		}
		r.oneAnswer()
	})
}

func TestALostResponseOfADecisionIsNotWrittenTwice(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		lost := once(http.MethodPut, "/tickets/")
		r.weather.set(func(w *weather) { w.lose = lost })
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.work(10 * time.Minute)
		r.work(10 * time.Minute)
		r.oneAnswer()
		comments, err := r.agent.Comments(r.ctx, r.oneTicket(id).ID)
		r.ok(err)
		if len(comments) != 2 {
			t.Errorf("there are %d comments; want our first one and one of the decision", len(comments))
		}
	})
}

func TestWhatDiffersNeedsAReasonAndASecondOperator(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.DateOfBirth = date("1984-02-18") })
		id := r.open(first, claim())
		d := tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Revision: r.kase(id).Request.Revision}
		_, err := r.svc.Decide(r.ctx, olive, id, d)
		r.refused(err, fault.Invalid)
		if f := fault.FieldsOf(err); len(f) != 1 || f[0].Pointer != "/why" {
			t.Errorf("refused for %v", f)
		}
		d.Why = "The record's date is a slip of the register, said the school."
		_, err = r.svc.Decide(r.ctx, olive, id, d)
		r.ok(err)
		r.work(time.Second)
		if ticket := r.oneTicket(id); r.kase(id).Request.State != tra.InSecondReview || ticket.Status == zendesk.StatusSolved || r.field(ticket, "TRN") != "" {
			t.Errorf("before anybody agreed it is %s, its ticket %s", r.kase(id).Request.State, ticket.Status)
		}
		r.work(released)
		r.noAnswer()
		k := r.kase(id)
		if k.Request.State != tra.InSecondReview || k.Decision == nil || k.Decision.ReviewFor == "" {
			t.Fatalf("the request is %s", k.Request.State)
		}
		agree := tra.Reviewing{Revision: k.Request.Revision, Agree: true}
		r.refused(r.svc.Review(r.ctx, olive, id, agree), fault.Forbidden)
		agree.Override, agree.Why = true, "nobody else is here"
		r.refused(r.svc.Review(r.ctx, olive, id, agree), fault.Forbidden)
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: k.Request.Revision, Agree: true}))
		r.work(time.Second)
		r.noAnswer()
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("answer %+v", a)
		}
	})
}

func TestASecondOperatorSendsADecisionBack(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		k := r.kase(id)
		r.refused(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: k.Request.Revision}), fault.Invalid)
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: k.Request.Revision, Why: "not the same name"}))
		r.work(released)
		r.noAnswer()
		k = r.kase(id)
		if k.Request.State != tra.WithOperator || k.Decision != nil || len(k.Decisions) != 1 || k.Decisions[0].Stage != tra.StageSentBack {
			t.Fatalf("the request is %s with %d decisions", k.Request.State, len(k.Decisions))
		}
		r.decide(olive, id, tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "We found no record."})
		r.work(time.Second)
		r.work(released)
		if a := r.oneAnswer(); a.Outcome != tra.Failed || a.Reason != tra.NoRecord || a.Note == "" || !a.TRN.IsZero() {
			t.Errorf("answer %+v", a)
		}
	})
}

func TestASupervisorOverridesWithAReason(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		id := r.open(first, claim())
		r.decide(susan, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		rev := r.kase(id).Request.Revision
		r.refused(r.svc.Review(r.ctx, susan, id, tra.Reviewing{Revision: rev, Agree: true}), fault.Forbidden)
		r.refused(r.svc.Review(r.ctx, susan, id, tra.Reviewing{Revision: rev, Agree: true, Override: true}), fault.Invalid)
		r.ok(r.svc.Review(r.ctx, susan, id, tra.Reviewing{Revision: rev, Agree: true, Override: true, Why: "urgent, and proved by the certificate"}))
		r.work(time.Second)
		r.work(released)
		r.oneAnswer()
		if r.happened(id, tra.ReviewOverridden) != 1 {
			t.Error("that it was overridden is not in the history")
		}
	})
}

func TestUndoTakesADecisionBackUntilItsRelease(t *testing.T) {
	for at, written := range map[string]bool{"before the ticket has it": false, "after": true} {
		t.Run(at, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(zofia, nil)
				r.addRecord("0654321", nil)
				id := r.open(first, claim())
				r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
				if written {
					r.work(time.Second)
				}
				rev := r.kase(id).Request.Revision
				r.refused(r.svc.Undo(r.ctx, owen, id, rev), fault.Forbidden)
				r.ok(r.svc.Undo(r.ctx, olive, id, rev))
				r.work(released)
				r.noAnswer()
				ticket := r.oneTicket(id)
				if ticket.Status == zendesk.StatusSolved || r.field(ticket, "TRN") != "" {
					t.Errorf("the ticket is %s with TRN %q", ticket.Status, r.field(ticket, "TRN"))
				}
				r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn("0654321")})
				r.work(time.Second)
				r.work(released)
				if a := r.oneAnswer(); a.TRN != trn("0654321") || a.Version != 1 {
					t.Errorf("answer %+v", a)
				}
				r.refused(r.svc.Undo(r.ctx, olive, id, r.kase(id).Request.Revision), fault.Conflict)
			})
		})
	}
}

func TestOfTwoOperatorsTheSecondIsToldWhoWasFaster(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		rev := r.kase(id).Request.Revision
		d := tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Revision: rev}
		made, err := r.svc.Decide(r.ctx, olive, id, d)
		r.ok(err)
		again, err := r.svc.Decide(r.ctx, olive, id, d)
		if err != nil || again.ID != made.ID {
			t.Errorf("the second click: %v, %v", again.ID, err)
		}
		_, err = r.svc.Decide(r.ctx, owen, id, tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "none", Revision: rev})
		r.refused(err, fault.Conflict)
		if text := fault.SafeText(err); !strings.Contains(text, operatorEmail) || !strings.Contains(text, "TRN found") {
			t.Errorf("the second operator is told %q", text)
		}
	})
}

// byAgent has an agent fill the ticket's fields in the helpdesk and solve it.
func (r *rig) byAgent(id tra.RequestID, fields map[string]string) {
	r.t.Helper()
	u := zendesk.TicketUpdate{Status: zendesk.StatusSolved, AssigneeID: r.agentID}
	for title, value := range fields {
		if len(r.fields[title].Options) > 0 {
			value = r.option(title, value)
		}
		u.Fields = append(u.Fields, zendesk.FieldValue{ID: r.fields[title].ID, Value: value})
	}
	_, err := r.agent.UpdateTicket(r.ctx, r.oneTicket(id).ID, u)
	r.ok(err)
}

// says has an agent solve the ticket with words alone.
func (r *rig) says(id tra.RequestID, words string) {
	r.t.Helper()
	_, err := r.agent.UpdateTicket(r.ctx, r.oneTicket(id).ID, zendesk.TicketUpdate{
		Status: zendesk.StatusSolved, AssigneeID: r.agentID, Comment: &zendesk.NewComment{Body: words},
	})
	r.ok(err)
}

func TestAnAgentInTheHelpdeskAnswersByTheFields(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
		r.work(3 * time.Minute)
		r.noAnswer()
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("answer %+v", a)
		}
		if k := r.kase(id); len(k.Decisions) != 1 || k.Decisions[0].Via != tra.ViaFields || !strings.HasPrefix(k.Decisions[0].By, "helpdesk agent ") {
			t.Errorf("decisions %+v", k.Decisions)
		}
	})
}

func TestAnAgentsAnswerThatContradictsTheRecordIsRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Hannah") })
		id := r.open(first, claim())
		answer := map[string]string{"TRN": zofia, "Outcome": "trn_found"}
		r.byAgent(id, answer)
		r.work(3 * time.Minute)
		r.work(released)
		r.noAnswer()
		ticket := r.oneTicket(id)
		if ticket.Status != zendesk.StatusOpen || r.field(ticket, "TRN") != "" || !r.flagged(id, tra.AnswerContradictsRecord) {
			t.Fatalf("the ticket is %s with TRN %q", ticket.Status, r.field(ticket, "TRN"))
		}
		comments, err := r.agent.Comments(r.ctx, ticket.ID)
		r.ok(err)
		if last := comments[len(comments)-1]; last.Public || !strings.Contains(last.PlainBody, "first name") || !strings.Contains(last.PlainBody, "/cases/") {
			t.Errorf("the note says %q", last.PlainBody)
		}
		r.byAgent(id, answer) // a second refusal flags and does not reopen
		r.work(3 * time.Minute)
		r.work(released)
		r.noAnswer()
		if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusSolved || !r.flagged(id, tra.AnswerContradictsRecord) {
			t.Errorf("after the second the ticket is %s", ticket.Status)
		}
	})
}

func TestAnAgentsAnswerThatIsTakenOffTheTicketIsNotReviewed(t *testing.T) {
	const prohibitedTRN = "0612346"
	fields := func(r *rig, status string, values map[string]string) zendesk.TicketUpdate {
		u := zendesk.TicketUpdate{Status: status}
		for title, value := range values {
			u.Fields = append(u.Fields, zendesk.FieldValue{ID: r.fields[title].ID, Value: value})
		}
		return u
	}
	for what, c := range map[string]struct {
		off     func(r *rig) zendesk.TicketUpdate
		flagged bool
	}{
		"reopened": {off: func(r *rig) zendesk.TicketUpdate { return fields(r, zendesk.StatusOpen, nil) }},
		"emptied":  {off: func(r *rig) zendesk.TicketUpdate { return fields(r, "", map[string]string{"Barring outcome": ""}) }, flagged: true},
		"emptied in part": {off: func(r *rig) zendesk.TicketUpdate {
			return fields(r, "", map[string]string{"Barring outcome": "", "Note for the client": "It is not known."})
		}, flagged: true},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(prohibitedTRN, func(record *tra.Record) { record.Alerts = []tra.Alert{prohibited} })
				_, _, err := r.svc.Submit(r.ctx, tra.Submission{ID: first, Client: cpdClient, Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn(prohibitedTRN), FirstName: name("Zofia")}})
				r.ok(err)
				r.work(time.Second)
				r.byAgent(first, map[string]string{"Barring outcome": "barred"})
				r.work(3 * time.Minute)
				seen := r.kase(first)
				if seen.Request.State != tra.InSecondReview {
					t.Fatalf("it is %s", seen.Request.State)
				}
				_, err = r.agent.UpdateTicket(r.ctx, r.oneTicket(first).ID, c.off(r))
				r.ok(err)
				r.work(3 * time.Minute)
				k := r.kase(first)
				if k.Request.State != tra.WithOperator || k.Decision != nil || r.happened(first, tra.DecisionUndone) != 1 || r.flagged(first, tra.AnswerUnreadable) != c.flagged {
					t.Errorf("it is %s with the decision %+v, flagged %v; its history: %+v", k.Request.State, k.Decision, k.Flags, k.History)
				}
				r.refused(r.svc.Review(r.ctx, owen, first, tra.Reviewing{Revision: seen.Request.Revision, Agree: true}), fault.Conflict)
				r.work(released)
				r.noAnswer()
			})
		})
	}
}

func TestFieldsThatAreNoWholeAnswerAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.byAgent(id, map[string]string{"Outcome": "failed", "TRN": zofia})
		r.work(3 * time.Minute)
		r.work(released)
		r.noAnswer()
		if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusOpen || !r.flagged(id, tra.AnswerUnreadable) {
			t.Errorf("the ticket is %s", ticket.Status)
		}
	})
	failed := map[string]string{"Outcome": "failed", "Failure reason": "cannot_tell", "Note for the client": "Nothing fits."}
	with := func(changes map[string]string) map[string]string {
		out := maps.Clone(failed)
		maps.Copy(out, changes)
		maps.DeleteFunc(out, func(_, value string) bool { return value == "" })
		return out
	}
	for what, fields := range map[string]map[string]string{
		"found, without a TRN":               {"Outcome": "trn_found"},
		"found, with what is no TRN":         {"Outcome": "trn_found", "TRN": "0000000"},
		"found, with a failure reason":       {"Outcome": "trn_found", "TRN": zofia, "Failure reason": "cannot_tell"},
		"a TRN, without an outcome":          {"TRN": zofia},
		"a note, without an outcome":         {"Note for the client": "Nothing fits."},
		"failed, with a TRN":                 with(map[string]string{"TRN": zofia}),
		"failed, without a reason":           with(map[string]string{"Failure reason": ""}),
		"failed, without a note":             with(map[string]string{"Note for the client": ""}),
		"a note with a part to be filled in": with(map[string]string{"Note for the client": "Check [which detail]."}),
		"a note that is too long":            with(map[string]string{"Note for the client": strings.Repeat("a", 1001)}),
		"a note with a date of birth":        with(map[string]string{"Note for the client": "Born 17/02/1984."}),
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, sqldbtest.OpenSQLite(t, "test", sqldb.TaskMigrations, trasql.Migrations))
			r.addRecord(zofia, nil)
			id := r.open(first, claim())
			r.byAgent(id, fields)
			r.work(3 * time.Minute)
			r.work(released)
			r.noAnswer()
			if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusOpen || !r.flagged(id, tra.AnswerUnreadable) || r.kase(id).Decision != nil {
				t.Errorf("the ticket is %s", ticket.Status)
			}
		})
	}
}

func TestWordsOnASolvedTicketAreAProposal(t *testing.T) {
	for words, c := range map[string]struct {
		answered bool
		flagged  bool
	}{
		"Your TRN is **" + zofia + "**":            {answered: true},
		"No match found on DQT":                    {flagged: true},
		"Thank you":                                {flagged: true},
		"TRN " + zofia + " or perhaps TRN 0654321": {flagged: true},
	} {
		t.Run(words, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(zofia, nil)
				id := r.open(first, claim())
				r.says(id, words)
				r.work(3 * time.Minute)
				r.work(released)
				r.work(released)
				if got := len(r.answers()) == 1; got != c.answered {
					t.Errorf("answered %v, want %v", got, c.answered)
				}
				if got := r.flagged(id, tra.AnswerUnreadable); got != c.flagged {
					t.Errorf("flagged %v, want %v", got, c.flagged)
				}
				if c.answered && r.field(r.oneTicket(id), "TRN") != zofia {
					t.Error("the ticket's field does not hold what was read")
				}
			})
		})
	}
}

func TestADeletedTicketIsFlaggedWithinOneSweep(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.ok(r.agent.DeleteTicket(r.ctx, r.oneTicket(id).ID))
		r.work(3 * time.Minute)
		if !r.flagged(id, tra.TicketMissing) {
			t.Error("it is not flagged")
		}
	})
}

func TestWhatTheExportMissedIsSeenWithinADay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.ok(r.agent.DeleteTicket(r.ctx, r.oneTicket(id).ID))
		r.clock.move(5 * time.Minute)
		_, after, more, err := r.helpdesk(nil).Changed(r.ctx, "") // a cursor that has passed it
		if err != nil || more {
			t.Fatal(err, more)
		}
		r.ok(trasql.NewStore(r.db, nil).InTx(r.ctx, func(ctx context.Context, tx tra.Tx) error {
			at, err := tx.Sweep(ctx)
			if err != nil {
				return err
			}
			at.Cursor = after
			return tx.SaveSweep(ctx, at)
		}))
		r.work(time.Minute)
		r.work(23 * time.Hour)
		if r.flagged(id, tra.TicketMissing) {
			t.Fatal("the export did not miss it")
		}
		r.work(time.Hour)
		if !r.flagged(id, tra.TicketMissing) {
			t.Error("it is not flagged")
		}
	})
}

func TestACorrectionTakesThePlaceOfTheRequestThatItReplaces(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		old := r.open(first, claim())
		r.ok(r.svc.Take(r.ctx, olive, old, ""))
		r.decide(olive, old, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		corrected := claim()
		corrected.DateOfBirth = date("1984-02-19")
		r.clock.move(time.Minute)
		sub := tra.Submission{ID: second, Client: cpdClient, Kind: tra.TRNValidation, Claim: corrected, Replaces: old}
		_, _, err := r.svc.Submit(r.ctx, sub)
		r.ok(err)
		_, created, err := r.svc.Submit(r.ctx, sub)
		if err != nil || created {
			t.Errorf("sent again: %v, %v", created, err)
		}
		was, now := r.kase(old), r.kase(second)
		switch {
		case was.Request.State != tra.Withdrawn || was.HasClaim || was.Decision != nil:
			t.Errorf("the old request is %s, claim %v, decision %v", was.Request.State, was.HasClaim, was.Decision)
		case !now.Request.QueuedAt.Equal(was.Request.QueuedAt) || now.Request.Owner != operatorEmail || !now.Request.ExpectedBy.Equal(was.Request.ExpectedBy):
			t.Errorf("the new request has not its place: %+v", now.Request)
		case !slices.Equal(now.Request.Changed, []tra.Field{tra.FieldDateOfBirth}):
			t.Errorf("changed: %v", now.Request.Changed)
		}
		r.work(released)
		r.work(released)
		r.noAnswer()
		if ticket := r.oneTicket(old); ticket.Status != zendesk.StatusSolved || r.field(ticket, "TRN") != "" {
			t.Errorf("the old ticket is %s with TRN %q", ticket.Status, r.field(ticket, "TRN"))
		}
		if ticket := r.oneTicket(second); ticket.Status == zendesk.StatusSolved {
			t.Errorf("the new ticket is %s", ticket.Status)
		}
		for why, replaces := range map[string]tra.RequestID{"replaced already": old, "unknown": "33333333-3333-4333-8333-333333333333"} {
			_, _, err = r.svc.Submit(r.ctx, tra.Submission{ID: "44444444-4444-4444-8444-444444444444", Client: cpdClient, Kind: tra.TRNValidation, Claim: claim(), Replaces: replaces})
			if f := fault.FieldsOf(err); len(f) != 1 || f[0].Pointer != "/replaces" {
				t.Errorf("%s: %v", why, err)
			}
		}
	})
}

func TestAWithdrawnRequestIsNeverAnswered(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.work(released)
		r.work(24 * time.Hour)
		r.noAnswer()
		if k := r.kase(id); k.HasClaim || k.Request.State != tra.Withdrawn || k.Decision != nil {
			t.Errorf("the request is %s, its claim held %v, decided %v", k.Request.State, k.HasClaim, k.Decision)
		}
		answered := r.open(second, claim())
		r.decide(olive, answered, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.work(released)
		r.refused(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, answered), fault.Conflict)
	})
}

func TestARequestThatIsWithdrawnWhileItsTicketIsOnTheWayLeavesNoOpenTicket(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		lost := once(http.MethodPost, "/tickets")
		r.weather.set(func(w *weather) { w.lose = lost })
		id := r.open(first, claim())
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.work(time.Hour)
		r.work(time.Hour)
		if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusSolved {
			t.Errorf("the ticket is %s", ticket.Status)
		}
	})
}

func TestARegisterThatDoesNotAnswerIsNoRefusal(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.register.down = true
		r.work(released)
		r.noAnswer()
		if r.flagged(id, tra.AnswerContradictsRecord) || r.kase(id).Decision == nil {
			t.Error("the decision was refused because the register was away")
		}
		_, _, err := r.svc.Candidates(r.ctx, olive, id)
		r.refused(err, fault.Unavailable)
		r.register.down = false
		r.work(time.Hour)
		r.oneAnswer()
	})
}

func TestWhatTheRegisterSaysAtTheReleaseCounts(t *testing.T) {
	for what, c := range map[string]struct {
		change func(r *rig)
		want   string // the released TRN; empty: none
		flag   tra.Flag
	}{
		"merged meanwhile":   {func(r *rig) { r.addRecord("0654321", nil); r.register.merged[zofia] = "0654321" }, "0654321", ""},
		"inactive meanwhile": {func(r *rig) { r.addRecord(zofia, func(record *tra.Record) { record.Active = false }) }, "", tra.AnswerContradictsRecord},
		"gone meanwhile":     {func(r *rig) { delete(r.register.records, zofia) }, "", tra.AnswerContradictsRecord},
		"gone from a register that is old": {func(r *rig) {
			delete(r.register.records, zofia)
			r.register.asAt = r.clock.now().Add(-25 * time.Hour)
		}, "", tra.RegisterBehind},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(zofia, nil)
				id := r.open(first, claim())
				r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
				r.work(time.Second)
				c.change(r)
				r.work(released)
				if c.flag != "" {
					r.noAnswer()
					if !r.flagged(id, c.flag) {
						t.Errorf("it is not flagged %s", c.flag)
					}
					return
				}
				if a := r.oneAnswer(); a.TRN != trn(c.want) {
					t.Errorf("released %s", a.TRN.Reveal())
				}
			})
		})
	}
}

func TestNoRecordAndAnInactiveOneCannotBeDecided(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord("0600001", func(record *tra.Record) { record.Active = false })
		id := r.open(first, claim())
		for number, reason := range map[string]string{"0600001": "inactive", "0600002": "no_record"} {
			_, err := r.svc.Decide(r.ctx, olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(number), Revision: r.kase(id).Request.Revision})
			if f := fault.FieldsOf(err); len(f) != 1 || f[0] != (fault.Field{Pointer: "/trn", Reason: reason}) {
				t.Errorf("%s: %v", number, err)
			}
		}
	})
}

func TestADecisionIsCheckedFieldByField(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		for what, c := range map[string]struct {
			in   tra.Deciding
			want fault.Field
		}{
			"no outcome":            {tra.Deciding{}, fault.Field{Pointer: "/outcome", Reason: "blank"}},
			"another kind's":        {tra.Deciding{Outcome: tra.Barred}, fault.Field{Pointer: "/outcome", Reason: "not_for_this_kind"}},
			"no TRN":                {tra.Deciding{Outcome: tra.TRNFound}, fault.Field{Pointer: "/trn", Reason: "blank"}},
			"no reason":             {tra.Deciding{Outcome: tra.Failed, Note: "none"}, fault.Field{Pointer: "/failure_reason", Reason: "blank"}},
			"no note":               {tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord}, fault.Field{Pointer: "/note", Reason: "blank"}},
			"a TRN in the note":     {tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "It is 0612345"}, fault.Field{Pointer: "/note", Reason: "personal_number"}},
			"a date in the note":    {tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "born 17/02/1984"}, fault.Field{Pointer: "/note", Reason: "personal_number"}},
			"an empty slot":         {tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check [which detail]."}, fault.Field{Pointer: "/note", Reason: "slot"}},
			"an NI number in why":   {tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "QQ123456C"}, fault.Field{Pointer: "/why", Reason: "personal_number"}},
			"a note without an end": {tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: strings.Repeat("a", 1001)}, fault.Field{Pointer: "/note", Reason: "too_long"}},
		} {
			c.in.Revision = r.kase(id).Request.Revision
			_, err := r.svc.Decide(r.ctx, olive, id, c.in)
			if f := fault.FieldsOf(err); len(f) != 1 || f[0] != c.want {
				t.Errorf("%s: got %v, want %v", what, f, c.want)
			}
		}
	})
}

func TestBarringChecks(t *testing.T) {
	prohibition := tra.Alert{Code: "T1", Category: "Prohibition from teaching", Prohibition: true, Open: true}
	dbs := tra.Alert{Code: "G1", Category: "Restricted/DBS", Prohibition: true, Open: true}
	spent := tra.Alert{Code: "T2", Category: "Prohibition from teaching", Prohibition: true}
	for what, c := range map[string]struct {
		alerts  []tra.Alert
		outcome tra.Outcome
		refused bool
		review  bool
	}{
		"barred":                          {[]tra.Alert{prohibition}, tra.Barred, false, true},
		"barred by a DBS match alone":     {[]tra.Alert{dbs}, tra.Barred, true, false},
		"barred by a spent prohibition":   {[]tra.Alert{spent}, tra.Barred, true, false},
		"not barred over a prohibition":   {[]tra.Alert{prohibition}, tra.NotBarred, false, true},
		"not barred over a DBS match":     {[]tra.Alert{dbs}, tra.NotBarred, false, true},
		"failed over a prohibition":       {[]tra.Alert{prohibition}, tra.Failed, false, true},
		"not barred with nothing serious": {[]tra.Alert{spent}, tra.NotBarred, false, false},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				r.addRecord(zofia, func(record *tra.Record) { record.Alerts = c.alerts })
				_, _, err := r.svc.Submit(r.ctx, tra.Submission{
					ID: first, Client: cpdClient, Kind: tra.BarringCheck,
					Claim: tra.Claim{TRN: trn(zofia), FirstName: name("Zofia"), LastName: name("Marchbank")},
				})
				r.ok(err)
				r.work(time.Second)
				comments, err := r.agent.Comments(r.ctx, r.oneTicket(first).ID)
				r.ok(err)
				if strings.Contains(comments[0].PlainBody, "Marchbank") {
					t.Error("a barring check's ticket carries the name")
				}
				_, err = r.svc.Case(r.ctx, tra.Operator{Email: operatorEmail}, first)
				r.refused(err, fault.Forbidden)
				in := tra.Deciding{Outcome: c.outcome, Revision: r.kase(first).Request.Revision}
				if c.outcome == tra.Failed {
					in.Reason, in.Note = tra.CannotTell, "We cannot tell."
				}
				_, err = r.svc.Decide(r.ctx, olive, first, in)
				if c.refused {
					r.refused(err, fault.Invalid)
					return
				}
				r.ok(err)
				if got := r.kase(first).Request.State == tra.InSecondReview; got != c.review {
					t.Fatalf("in second review %v, want %v", got, c.review)
				}
				if c.review {
					r.work(released)
					r.noAnswer()
					r.ok(r.svc.Review(r.ctx, owen, first, tra.Reviewing{Revision: r.kase(first).Request.Revision, Agree: true}))
				}
				r.work(time.Second)
				r.work(released)
				if a := r.oneAnswer(); a.Outcome != c.outcome || a.Kind != tra.BarringCheck || !a.TRN.IsZero() {
					t.Errorf("answer %+v", a)
				}
			})
		})
	}
}

func TestAnAgentsBarredWaitsForASecondOperatorOfTheConsole(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) {
			record.Alerts = []tra.Alert{{Code: "T1", Prohibition: true, Open: true}}
		})
		_, _, err := r.svc.Submit(r.ctx, tra.Submission{
			ID: first, Client: cpdClient, Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn(zofia), LastName: name("Marchbank")},
		})
		r.ok(err)
		r.work(time.Second)
		r.byAgent(first, map[string]string{"Barring outcome": "barred"})
		r.work(3 * time.Minute)
		r.work(released)
		r.noAnswer()
		r.ok(r.svc.Review(r.ctx, owen, first, tra.Reviewing{Revision: r.kase(first).Request.Revision, Agree: true}))
		r.work(released)
		if a := r.oneAnswer(); a.Outcome != tra.Barred {
			t.Errorf("answer %+v", a)
		}
	})
}

func TestAReopenedCaseGivesANewVersion(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		r.addRecord("0654321", nil)
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.work(released)
		r.refused(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, ""), fault.Invalid)
		r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "the school called"))
		r.work(3 * time.Minute)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("the first answer does not stand: %+v", a)
		}
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn("0654321")})
		r.work(time.Second)
		r.work(released)
		list := r.answers()
		if len(list) != 2 || list[1].Version != 2 || list[1].TRN != trn("0654321") {
			t.Errorf("answers %+v", list)
		}
		// An agent who reopens the ticket opens the case again too.
		_, err := r.agent.UpdateTicket(r.ctx, r.oneTicket(id).ID, zendesk.TicketUpdate{Status: zendesk.StatusOpen})
		r.ok(err)
		r.work(3 * time.Minute)
		if got := r.kase(id).Request.State; got != tra.WithOperator {
			t.Errorf("after the ticket was reopened the request is %s", got)
		}
	})
}

func TestACursorIsItsClientsOwnAndNeverSkips(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		ids := []string{first, second, "33333333-3333-4333-8333-333333333333"}
		for _, id := range ids {
			r.open(id, claim())
			r.decide(olive, tra.RequestID(id), tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
			r.work(time.Second)
			r.work(released)
		}
		cursor := ""
		var got []string
		for range ids {
			list, next, err := r.svc.Answers(r.ctx, cpdClient, cursor, 1)
			r.ok(err)
			if len(list) != 1 {
				t.Fatalf("a page has %d answers", len(list))
			}
			got, cursor = append(got, string(list[0].Request)), next
		}
		if !slices.Equal(got, ids) {
			t.Errorf("in the order %v", got)
		}
		if list, next, err := r.svc.Answers(r.ctx, cpdClient, cursor, 1); err != nil || len(list) != 0 || next != cursor {
			t.Errorf("at the end: %d, %v", len(list), err)
		}
		_, _, err := r.svc.Answers(r.ctx, "somebody-else", cursor, 1)
		r.refused(err, fault.Invalid)
		_, _, err = r.svc.Answers(r.ctx, cpdClient, "nonsense", 1)
		r.refused(err, fault.Invalid)
	})
}

func TestATicketSaysOfThePersonWhatTheSettingAllows(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := claim()
		c.NINO, c.PreviousNames = nino("QQ123456C"), []person.FullName{{First: name("Zofia"), Last: name("Grabska")}}
		id := r.open(first, c)
		comments, err := r.agent.Comments(r.ctx, r.oneTicket(id).ID)
		r.ok(err)
		values := []string{"Zofia", "Marchbank", "Grabska", "1984-02-17", "QQ123456C"}
		for _, want := range values {
			if !strings.Contains(comments[0].PlainBody, want) {
				t.Errorf("the ticket does not say %s", want)
			}
		}
		// By default it says nothing of the person, and leads to the case.
		r.svc = tra.New(trasql.NewStore(r.db, nil), r.helpdesk(r.weather), r.register, r.told, []byte("key"), r.clock.now,
			tra.Options{PublicURL: "http://console.example"})
		id = r.open(second, c)
		ticket := r.oneTicket(id)
		if comments, err = r.agent.Comments(r.ctx, ticket.ID); err != nil || !strings.Contains(comments[0].PlainBody, "http://console.example/cases/"+second) {
			t.Errorf("the ticket says %+v, %v", comments, err)
		}
		for _, value := range values {
			if strings.Contains(comments[0].PlainBody+ticket.Subject, value) {
				t.Errorf("the ticket says %s", value)
			}
		}
	})
}
