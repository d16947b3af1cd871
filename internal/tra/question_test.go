package tra_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/workday"
)

func (r *rig) ask(op tra.Operator, id tra.RequestID, in tra.Asking) {
	r.t.Helper()
	in.Revision = r.kase(id).Request.Revision
	r.ok(r.svc.Ask(r.ctx, op, id, in))
}

func (r *rig) get(id tra.RequestID) tra.View {
	r.t.Helper()
	v, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id)
	r.ok(err)
	return v
}

func TestAQuestionPausesTheClockAndKeepsThePlace(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		before := r.get(id)
		_, _, err := r.svc.RegisterWebhook(r.ctx, cpdClient, "https://cpd.example/hook", []string{"whsec_a"})
		r.ok(err)
		r.ask(olive, id, tra.Asking{Text: "Which other names have you had?", AsksFor: tra.FieldPreviousNames})
		r.ok(r.svc.Ask(r.ctx, olive, id, tra.Asking{Text: "Which other names have you had?", AsksFor: tra.FieldPreviousNames})) // the second click
		r.work(time.Second)
		if told := r.told.list; len(told) != 1 || told[0].Type != tra.DeliverQuestion || told[0].Request != id {
			t.Errorf("the client was told %+v", told)
		}
		k := r.kase(id)
		if k.Request.State != tra.WaitingForPerson || k.Request.Owner != "" || len(k.Questions) != 1 {
			t.Fatalf("the request is %s with %q, questions %+v", k.Request.State, k.Request.Owner, k.Questions)
		}
		v := r.get(id)
		if v.Status != "in_progress" || !v.ExpectedBy.IsZero() || v.Question == nil || v.Question.Number != 1 || v.Question.Text != "Which other names have you had?" {
			t.Errorf("the client sees %+v", v)
		}
		// It is in no operator's queue, cannot be decided or taken, and is not overdue.
		page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{})
		r.ok(err)
		if page.Counts[tra.QueueOpen] != 0 || page.Counts[tra.QueueAsked] != 1 {
			t.Errorf("the queues hold %v", page.Counts)
		}
		r.refused(r.svc.Take(r.ctx, olive, id, ""), fault.Conflict)
		_, err = r.svc.Decide(r.ctx, olive, id, tra.Deciding{Revision: k.Request.Revision, Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.refused(err, fault.Conflict)
		r.clock.move(14 * 24 * time.Hour) // ten working days
		if r.flagged(id, tra.Overdue) {
			t.Error("a request that waits for the person is overdue")
		}
		v, err = r.svc.Reply(r.ctx, cpdClient, id, 1, tra.Reply{Text: person.NewText("When I trained."), PreviousNames: []person.FullName{{Last: name("Okoro")}}})
		r.ok(err)
		if want := workday.After(before.ExpectedBy, 10); v.Question != nil || !v.ExpectedBy.Equal(want) || v.Status != "in_progress" {
			t.Errorf("after the reply the client sees %+v, want it by %s", v, want)
		}
		k = r.kase(id)
		if k.Request.State != tra.WithOperator || !slices.Equal(k.Request.Changed, []tra.Field{tra.FieldPreviousNames}) || len(k.Claim.PreviousNames) != 1 ||
			k.Claim.PreviousNames[0].Last != name("Okoro") || k.Questions[0].Reply.Reveal() != "When I trained." || k.Questions[0].State != tra.QuestionAnswered {
			t.Errorf("the case is %+v with the claim's names %v", k.Request, k.Claim.PreviousNames)
		}
		if !k.Request.QueuedAt.Equal(before.SubmittedAt) {
			t.Errorf("its place is %s, want %s", k.Request.QueuedAt, before.SubmittedAt)
		}
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(3 * time.Minute)
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("the answer is %+v", a)
		}
	})
}

func TestAReplyIsTakenOnceAndOnlyToAnOpenQuestion(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		yes := tra.Reply{Text: person.NewText("Yes.")}
		_, err := r.svc.Reply(r.ctx, cpdClient, id, 1, yes)
		r.refused(err, fault.NotFound)
		r.ask(olive, id, tra.Asking{Text: "Is your date of birth right?"})
		_, err = r.svc.Reply(r.ctx, "another", id, 1, yes)
		r.refused(err, fault.NotFound)
		_, err = r.svc.Reply(r.ctx, cpdClient, id, 1, tra.Reply{})
		r.refused(err, fault.Invalid)
		for range 2 {
			_, err = r.svc.Reply(r.ctx, cpdClient, id, 1, yes)
			r.ok(err)
		}
		_, err = r.svc.Reply(r.ctx, cpdClient, id, 1, tra.Reply{Text: person.NewText("No.")})
		r.refused(err, fault.Conflict)
		if n := r.happened(id, tra.PersonAnswered); n != 1 {
			t.Errorf("the history tells of %d answers, want 1", n)
		}
		r.ask(olive, id, tra.Asking{Text: "Are you sure?"})
		k := r.kase(id)
		r.ok(r.svc.TakeQuestionBack(r.ctx, owen, id, k.Request.Revision))
		_, err = r.svc.Reply(r.ctx, cpdClient, id, 2, yes)
		r.refused(err, fault.Conflict)
		if k := r.kase(id); k.Request.State != tra.WithOperator || k.Request.Owner != secondEmail {
			t.Errorf("the request is %s with %q", k.Request.State, k.Request.Owner)
		}
		// What was answered goes with the claim.
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		if k := r.kase(id); !k.Questions[0].Reply.IsZero() {
			t.Error("the reply outlives the claim")
		}
	})
}

func TestAQuestionThatNobodyAnswersFailsForWantOfDetails(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		r.ask(olive, id, tra.Asking{Text: "Which first name did you use?"})
		asked := r.kase(id).Questions[0]
		if want := workday.After(asked.AskedAt, 15); !asked.EndsAt.Equal(want) {
			t.Fatalf("it ends at %s, want %s", asked.EndsAt, want)
		}
		r.work(asked.EndsAt.Sub(r.clock.now()) - time.Minute)
		r.noAnswer()
		if k := r.kase(id); k.Request.State != tra.WaitingForPerson {
			t.Fatalf("before its time the request is %s", k.Request.State)
		}
		r.work(2 * time.Minute)
		r.work(released)
		a := r.oneAnswer()
		if a.Outcome != tra.Failed || a.Reason != tra.NotEnoughDetails || !strings.Contains(a.Note, "had no answer") {
			t.Errorf("the answer is %+v", a)
		}
		if k := r.kase(id); k.Questions[0].State != tra.QuestionUnanswered || r.happened(id, tra.PersonSilent) != 1 {
			t.Errorf("the question is %s", k.Questions[0].State)
		}
	})
}

func TestOneQuestionIsAskedAndItHoldsNothingOfAnybody(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		revision := r.kase(id).Request.Revision
		for text, reason := range map[string]string{" ": "blank", "Is 8400123 yours?": "personal_number", "Is it [which]?": "slot", strings.Repeat("a", 1001): "too_long"} {
			err := r.svc.Ask(r.ctx, olive, id, tra.Asking{Revision: revision, Text: text})
			if !slices.Contains(fault.FieldsOf(err), fault.Field{Pointer: "/question", Reason: reason}) {
				t.Errorf("%.20q: %v, want %s", text, err, reason)
			}
		}
		r.refused(r.svc.Ask(r.ctx, olive, id, tra.Asking{Revision: revision, Text: "Who?", AsksFor: tra.FieldEmail}), fault.Invalid)
		r.ok(r.svc.Take(r.ctx, owen, id, ""))
		r.refused(r.svc.Ask(r.ctx, olive, id, tra.Asking{Revision: revision, Text: "Who?"}), fault.Conflict) // another holds it
		r.ask(owen, id, tra.Asking{Text: "Who?"})
		r.refused(r.svc.Ask(r.ctx, owen, id, tra.Asking{Revision: r.kase(id).Request.Revision, Text: "And who else?"}), fault.Conflict)
		// An agent inside the helpdesk may know the answer meanwhile.
		r.addRecord(zofia, nil)
		r.byAgent(id, map[string]string{"TRN": zofia, "Outcome": "trn_found"})
		r.work(3 * time.Minute)
		r.work(released)
		if a := r.oneAnswer(); a.TRN != trn(zofia) {
			t.Errorf("the answer is %+v", a)
		}
		if q := r.kase(id).Questions[0]; q.State != tra.QuestionOvertaken {
			t.Errorf("the question is %s", q.State)
		}
	})
}
