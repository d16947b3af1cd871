package tra_test

import (
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// noRecord is a decision that needs nothing.
func noRecord(revision int64) tra.Deciding {
	return tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check every name.", Revision: revision}
}

// forms are what an operator hands in for a case as it was at a revision.
var forms = map[string]func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error{
	"decide": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		_, err := r.svc.Decide(r.ctx, op, id, noRecord(revision))
		return err
	},
	"undo": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.Undo(r.ctx, op, id, revision)
	},
	"agree": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.Review(r.ctx, op, id, tra.Reviewing{Revision: revision, Agree: true})
	},
	"send back": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.Review(r.ctx, op, id, tra.Reviewing{Revision: revision, Why: "it is somebody else"})
	},
	"ask": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.Ask(r.ctx, op, id, tra.Asking{Revision: revision, Text: "What was your name when you trained?", AsksFor: tra.FieldPreviousNames})
	},
	"take back": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.TakeQuestionBack(r.ctx, op, id, revision)
	},
	"reopen": func(r *rig, op tra.Operator, id tra.RequestID, revision int64) error {
		return r.svc.Reopen(r.ctx, op, id, revision, "the wrong twin")
	},
}

// standings are how a case can stand; each gives it in that way.
var standings = map[string]func(r *rig) tra.RequestID{
	"open": func(r *rig) tra.RequestID {
		r.addRecord(zofia, nil)
		return r.open(first, claim())
	},
	"decided": func(r *rig) tra.RequestID {
		id := r.open(first, claim())
		r.decide(olive, id, noRecord(0))
		r.work(time.Second)
		return id
	},
	"in second review": func(r *rig) tra.RequestID {
		r.addRecord(zofia, func(record *tra.Record) { record.DateOfBirth = date("1984-02-18") })
		id := r.open(first, claim())
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "the school knows her"})
		return id
	},
	"asked": func(r *rig) tra.RequestID {
		id := r.open(first, claim())
		r.ok(forms["ask"](r, owen, id, r.kase(id).Request.Revision))
		return id
	},
	"answered": func(r *rig) tra.RequestID {
		id := r.open(first, claim())
		r.decide(olive, id, noRecord(0))
		r.work(time.Second)
		r.work(released)
		return id
	},
}

func TestWhoComesTooLateIsToldWhoWhenAndWhat(t *testing.T) {
	byForm := func(op tra.Operator, form string) func(r *rig, id tra.RequestID) {
		return func(r *rig, id tra.RequestID) {
			r.ok(r.svc.GiveBack(r.ctx, susan, id))
			r.ok(forms[form](r, op, id, r.kase(id).Request.Revision))
		}
	}
	for what, c := range map[string]struct {
		standing  string
		meanwhile func(r *rig, id tra.RequestID)
		late      string
		told      []string
	}{
		"another one decided":          {"open", byForm(owen, "decide"), "decide", []string{owen.Email + " decided this case", "failed"}},
		"another one asked the person": {"open", byForm(owen, "ask"), "decide", []string{"The person was asked a question", owen.Email}},
		"the question was taken back":  {"asked", byForm(owen, "take back"), "take back", []string{"The question to the person was taken back, by " + owen.Email}},
		"the client withdrew it":       {"open", func(r *rig, id tra.RequestID) { r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id)) }, "decide", []string{"Withdrawn by the client, by manage-cpd"}},
		"an agent answered": {"open", func(r *rig, id tra.RequestID) {
			r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
			r.work(3 * time.Minute)
		}, "decide", []string{"helpdesk agent", "decided this case", "TRN found"}},
		"another one undid it":           {"decided", byForm(olive, "undo"), "undo", []string{"The decision was undone, by " + olive.Email}},
		"it was undone, and decided":     {"open", func(r *rig, id tra.RequestID) { byForm(owen, "decide")(r, id); byForm(owen, "undo")(r, id) }, "decide", []string{"The decision was undone, by " + owen.Email}},
		"it was released":                {"decided", func(r *rig, _ tra.RequestID) { r.work(released) }, "undo", []string{"The answer has been released"}},
		"another one sent it back":       {"in second review", byForm(owen, "send back"), "agree", []string{"The second operator sent the decision back, by " + owen.Email}},
		"another one agreed":             {"in second review", byForm(owen, "agree"), "send back", []string{owen.Email + " agreed with the decision of " + olive.Email, "TRN found"}},
		"its maker undid it":             {"in second review", byForm(olive, "undo"), "agree", []string{"The decision was undone, by " + olive.Email}},
		"another one opened it again":    {"answered", byForm(owen, "reopen"), "reopen", []string{"The case was opened again for another answer, by " + owen.Email}},
		"an agent opened it again":       {"answered", func(r *rig, id tra.RequestID) { r.agentSets(id, zendesk.StatusOpen) }, "reopen", []string{"The ticket was reopened, by helpdesk"}},
		"another one opened and decided": {"answered", func(r *rig, id tra.RequestID) { byForm(owen, "reopen")(r, id); byForm(owen, "decide")(r, id) }, "reopen", []string{owen.Email + " decided this case"}},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := standings[c.standing](r)
				revision := r.kase(id).Request.Revision
				r.clock.move(time.Minute)
				c.meanwhile(r, id)
				before := r.kase(id).Request
				told := c.told
				if what != "it was released" {
					told = append(told, " on 2") // when
				}
				r.hears(forms[c.late](r, susan, id, revision), told...)
				if now := r.kase(id).Request; now.Revision != before.Revision || now.State != before.State {
					t.Errorf("it changed the case: %+v after %+v", now, before)
				}
			})
		})
	}
}

// agentSets has an agent give the ticket a status, and it be seen.
func (r *rig) agentSets(id tra.RequestID, status string) {
	r.t.Helper()
	_, err := r.agent.UpdateTicket(r.ctx, r.oneTicket(id).ID, zendesk.TicketUpdate{Status: status})
	r.ok(err)
	r.work(3 * time.Minute)
}

func TestASecondClickChangesNothing(t *testing.T) {
	for form, standing := range map[string]string{
		"decide": "open", "undo": "decided", "agree": "in second review", "send back": "in second review", "reopen": "answered",
		"ask": "open", "take back": "asked",
	} {
		t.Run(form, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := standings[standing](r)
				op := owen
				if form == "undo" {
					op = olive
				}
				r.ok(r.svc.GiveBack(r.ctx, susan, id))
				revision := r.kase(id).Request.Revision
				r.ok(forms[form](r, op, id, revision))
				after := r.kase(id)
				r.ok(forms[form](r, op, id, revision))
				if again := r.kase(id); again.Request.Revision != after.Request.Revision || len(again.History) != len(after.History) || len(again.Decisions) != len(after.Decisions) {
					t.Errorf("the second click changed the case: %+v", again.History[len(after.History):])
				}
				r.refused(forms[form](r, susan, id, revision), fault.Conflict) // somebody else's is none
			})
		})
	}
}

func TestACaseIsDueSoonBeforeItIsOverdue(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		by := r.kase(id).Request.ExpectedBy
		stands := func(want tra.Queue) {
			t.Helper()
			page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
			r.ok(err)
			for _, q := range []tra.Queue{tra.QueueSoon, tra.QueueOverdue} {
				if got := page.Counts[q]; got != map[bool]int{true: 1}[q == want] {
					t.Errorf("at %s, due %s: %d in %s", r.clock.now(), by, got, q)
				}
			}
		}
		stands("")
		r.clock.move(by.AddDate(0, 0, -2).Sub(r.clock.now()) - time.Second) // a moment before two working days are left
		stands("")
		r.clock.move(time.Second)
		stands(tra.QueueSoon)
		r.clock.move(by.Sub(r.clock.now()))
		stands(tra.QueueSoon)
		r.clock.move(time.Second)
		stands(tra.QueueOverdue)
	})
}
