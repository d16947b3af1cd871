package journeys

import (
	"strings"
	"testing"

	"traid/internal/synth"
	"traid/internal/zendesk"
)

// TestAnAgentInsideTheHelpdeskAnswers is flow 1 without the console: the
// ticket's fields alone, of which a wrong answer is refused first.
func TestAnAgentInsideTheHelpdeskAnswers(t *testing.T) {
	each(t, func(w *world) {
		const trn, somebodyElses = "0190012", "0690011"
		tomasz := w.person(w.member(synth.NeedsOperator))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		olive := w.operator("olive.operator@example.org")
		var id string
		w.step("1 to 4: the agent sees the ticket, with what the person says", func() {
			tomasz.standsBy()
			w.work()
			admin.participant(tomasz.Email)
			id = admin.request("TRN validation")
			if said := agent.lastWord(agent.ticket(id)).PlainBody; !strings.Contains(said, "Wilczynski") || !strings.Contains(said, "1979-11-05") || strings.Contains(said, trn) {
				w.t.Errorf("the ticket says %q; want the claim and no candidate", said)
			}
		})
		w.step("6 Operator → Zendesk: an answer that contradicts the record is refused", func() {
			agent.solves(id, "TRN", somebodyElses, "Outcome", "trn_found")
			w.pass(exportDelay + sweepEvery)
			ticket := agent.ticket(id)
			if ticket.Status != zendesk.StatusOpen || agent.carries(ticket, "TRN") != "" || agent.carries(ticket, "Outcome") != "" {
				w.t.Errorf("the ticket is %s and says %q; want it open again and empty", ticket.Status, agent.carries(ticket, "Outcome"))
			}
			if note := agent.lastWord(ticket); note.Public || !strings.Contains(note.PlainBody, "This answer was not taken") || !strings.Contains(note.PlainBody, "/cases/"+id) {
				w.t.Errorf("the note is public %v: %q", note.Public, note.PlainBody)
			}
			if rows := olive.queue("Needs attention"); len(rows) != 1 || !strings.Contains(rows[0][7], "Contradicts the record") {
				olive.fatalf("the queue is %q", rows)
			}
			w.pass(releaseAfter)
			if answers := w.table("tra", "answers"); answers != "" {
				w.t.Error("a refused answer was released")
			}
		})
		w.step("6 Operator → Zendesk: the right one is taken and verified", func() {
			agent.solves(id, "TRN", trn, "Outcome", "trn_found")
			w.pass(exportDelay + sweepEvery)
			olive.opens(id)
			olive.sees("Decided. It is released at", "helpdesk agent")
			if ticket := agent.ticket(id); ticket.Status != zendesk.StatusSolved {
				w.t.Errorf("the ticket is %s", ticket.Status)
			}
			if answers := w.table("tra", "answers"); answers != "" {
				w.t.Error("it was released at once")
			}
		})
		w.step("7 and 8: it is released and reaches the person", func() {
			w.pass(releaseAfter)
			olive.opens(id)
			olive.sees("The client has been answered", "Needs attention no more")
			w.pass(day)
			admin.participant(tomasz.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", trn)
			tomasz.open("/progress")
			tomasz.sees("We have confirmed your details")
		})
	})
}
