package tra_test

import (
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
	"traid/internal/zendesk"
)

// survivor is the TRN of a record that another one is merged into.
const survivor = "0654321"

// aDay is long enough for the record of a released TRN to be looked at again.
const aDay = 24*time.Hour + time.Minute

// give opens a request and has it answered with zofia's TRN.
func (r *rig) give() tra.RequestID {
	r.t.Helper()
	r.addRecord(zofia, nil)
	id := r.open(first, claim())
	r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
	r.work(time.Second)
	r.work(released)
	if a := r.oneAnswer(); a.TRN != trn(zofia) {
		r.t.Fatalf("released %+v", a)
	}
	return id
}

// pass lets days pass, in each of which the register is brought up to date.
func (r *rig) pass(days int) {
	r.t.Helper()
	for range days {
		r.register.asAt = r.clock.now().Add(aDay)
		r.work(aDay)
		r.work(time.Second)
		r.work(released)
	}
}

func TestAReleasedTRNThatIsMergedLaterBecomesTheSurvivorsByItself(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		r.pass(2)
		r.oneAnswer()
		r.addRecord(survivor, nil)
		r.register.merged[zofia] = survivor
		r.pass(1)
		list := r.answers()
		if len(list) != 2 || list[1].Version != 2 || list[1].Outcome != tra.TRNFound || list[1].TRN != trn(survivor) {
			t.Fatalf("answers %+v", list)
		}
		if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusSolved || r.field(ticket, "TRN") != survivor {
			t.Errorf("the ticket is %s with the TRN %q", ticket.Status, r.field(ticket, "TRN"))
		}
		if k := r.kase(id); k.Request.State != tra.Answered || len(k.Flags) != 0 || r.happened(id, tra.RecordMerged) != 1 {
			t.Errorf("it is %s, flags %v", k.Request.State, k.Flags)
		}
		// The survivor may be merged too.
		r.addRecord("0600009", nil)
		r.register.merged[survivor] = "0600009"
		r.pass(2)
		if list := r.answers(); len(list) != 3 || list[2].TRN != trn("0600009") {
			t.Errorf("answers %+v", list)
		}
	})
}

func TestAMergedRecordThatDoesNotAgreeWithTheClaimIsForAnOperator(t *testing.T) {
	for what, change := range map[string]func(*tra.Record){
		"another date of birth": func(record *tra.Record) { record.DateOfBirth = date("1984-02-19") },
		"no date of birth":      func(record *tra.Record) { record.DateOfBirth = person.Date{} },
		"another first name":    func(record *tra.Record) { record.FirstName = name("Hannah") },
		"not active":            func(record *tra.Record) { record.Active = false },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := r.give()
				r.addRecord(survivor, change)
				r.register.merged[zofia] = survivor
				r.pass(1)
				r.outdated(id)
			})
		})
	}
}

func TestAReleasedTRNWhoseRecordIsInactiveOrGoneOpensItsCaseAgain(t *testing.T) {
	for what, change := range map[string]func(r *rig){
		"inactive": func(r *rig) { r.addRecord(zofia, func(record *tra.Record) { record.Active = false }) },
		"gone":     func(r *rig) { delete(r.register.records, zofia) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := r.give()
				change(r)
				r.pass(1)
				r.outdated(id)
				if ticket := r.oneTicket(id); ticket.Status != zendesk.StatusOpen || r.field(ticket, "TRN") != "" {
					t.Errorf("the ticket is %s with the TRN %q", ticket.Status, r.field(ticket, "TRN"))
				}
				r.decide(olive, id, tra.Deciding{Outcome: tra.Failed, Reason: tra.CannotTell, Note: "The record is not in use any more."})
				r.work(time.Second)
				r.work(released)
				if list := r.answers(); len(list) != 2 || list[1].Version != 2 || list[1].Outcome != tra.Failed {
					t.Errorf("answers %+v", list)
				}
				if r.flagged(id, tra.AnswerOutdated) {
					t.Error("it is still flagged")
				}
				r.pass(2)
				if n := len(r.answers()); n != 2 {
					t.Errorf("%d answers", n)
				}
			})
		})
	}
}

// outdated fails the test unless a case is open again: the client is told that
// it is in progress and has the earlier answer until the next.
func (r *rig) outdated(id tra.RequestID) {
	r.t.Helper()
	r.oneAnswer()
	k := r.kase(id)
	if k.Request.State != tra.WithOperator || !r.flagged(id, tra.AnswerOutdated) || k.Decision != nil {
		r.t.Fatalf("it is %s, flags %v, decision %v", k.Request.State, k.Flags, k.Decision)
	}
	v, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id)
	r.ok(err)
	if v.Status != "in_progress" || v.Answer == nil || v.Answer.Version != 1 || !v.ExpectedBy.After(r.clock.now()) {
		r.t.Errorf("the client sees %s, answer %+v, expected by %s", v.Status, v.Answer, v.ExpectedBy)
	}
	if r.flagged(id, tra.Overdue) {
		r.t.Error("it is overdue at once")
	}
}

func TestARegisterThatDoesNotAnswerSaysNothingOfAReleasedTRN(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		delete(r.register.records, zofia)
		r.register.down = true
		r.pass(2)
		if k := r.kase(id); k.Request.State != tra.Answered || len(k.Flags) != 0 {
			t.Errorf("while it is away: %s, flags %v", k.Request.State, k.Flags)
		}
		// It is back, and too old to say that there is no such record.
		r.register.down, r.register.asAt = false, r.clock.now().Add(-25*time.Hour)
		r.work(2 * time.Hour)
		if k := r.kase(id); k.Request.State != tra.Answered || !r.flagged(id, tra.RegisterBehind) {
			t.Errorf("while it is behind: %s, flags %v", k.Request.State, k.Flags)
		}
		r.addRecord(zofia, nil)
		r.work(2 * time.Hour)
		if k := r.kase(id); k.Request.State != tra.Answered || len(k.Flags) != 0 {
			t.Errorf("the record is there again: %s, flags %v", k.Request.State, k.Flags)
		}
		r.oneAnswer()
	})
}

func TestAMergedRecordIsGivenAlsoWhereTheTicketIsClosedOrDeleted(t *testing.T) {
	for what, end := range map[string]func(r *rig, ticket zendesk.TicketID) error{
		"closed": func(r *rig, ticket zendesk.TicketID) error {
			_, err := r.agent.UpdateTicket(r.ctx, ticket, zendesk.TicketUpdate{Status: zendesk.StatusClosed})
			return err
		},
		"deleted": func(r *rig, ticket zendesk.TicketID) error { return r.agent.DeleteTicket(r.ctx, ticket) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := r.give()
				r.addRecord(survivor, nil)
				r.register.merged[zofia] = survivor
				ticket := r.oneTicket(id).ID
				r.ok(end(r, ticket)) // while it was last seen solved
				r.pass(2)
				list := r.answers()
				if len(list) != 2 || list[1].TRN != trn(survivor) {
					t.Fatalf("answers %+v", list)
				}
				if k := r.kase(id); k.Request.State != tra.Answered || r.flagged(id, tra.AnswerNotOnTicket) != (what == "deleted") {
					t.Errorf("it is %s, flags %v", k.Request.State, k.Flags)
				}
				if what == "closed" && r.field(r.oneFollowUp(id, ticket), "TRN") != survivor {
					t.Error("the follow-up does not carry it")
				}
			})
		})
	}
}

func TestOnlyReleasedTRNsThatAreDueAreLookedAtAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		r.work(12 * time.Hour)
		delete(r.register.records, zofia)
		r.register.asAt = r.clock.now()
		r.work(11 * time.Hour)
		if state := r.kase(id).Request.State; state != tra.Answered {
			t.Errorf("before a day has passed it is %s", state)
		}
		// A request that was replaced since is nobody's business.
		_, _, err := r.svc.Submit(r.ctx, tra.Submission{ID: second, Client: cpdClient, Kind: tra.TRNValidation, Claim: claim(), Replaces: id})
		r.ok(err)
		r.pass(2)
		if state := r.kase(id).Request.State; state != tra.Answered {
			t.Errorf("it was replaced and is %s", state)
		}
		tasks, err := trasql.NewStore(r.db, nil).DueTasks(r.ctx, r.clock.now().Add(1000*time.Hour), 100)
		r.ok(err)
		for _, task := range tasks {
			if task.Kind == tra.TaskLookAgain {
				t.Errorf("it is looked at for ever: %+v", task)
			}
		}
	})
}

func TestASupervisorUndoesWhatTheRegisterMadeOfAMergedRecord(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		r.addRecord(survivor, nil)
		r.register.merged[zofia] = survivor
		r.work(aDay)
		r.refused(r.svc.Undo(r.ctx, olive, id, r.kase(id).Request.Revision), fault.Forbidden)
		r.ok(r.svc.Undo(r.ctx, susan, id, r.kase(id).Request.Revision))
		r.work(time.Second)
		r.work(released)
		r.oneAnswer()
		if k := r.kase(id); k.Request.State != tra.WithOperator {
			t.Errorf("it is %s", k.Request.State)
		}
		if text := tra.RecordMerged.Text(); !strings.Contains(text, "merged") {
			t.Errorf("the history says %q", text)
		}
	})
}
