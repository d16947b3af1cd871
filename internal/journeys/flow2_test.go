package journeys

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html/atom"

	"traid/internal/cpd"
	"traid/internal/synth"
	"traid/internal/tra/traconsole"
	"traid/internal/zendesk"
)

// TestFlow2 is the confirmation of a barring alert, arrow by arrow.
func TestFlow2(t *testing.T) {
	each(t, func(w *world) {
		desmond := w.person(w.member(synth.HasOpenAlert))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var bea, sam *operator
		var id, before, asAt string

		w.step("1 Person → Manage CPD: registers and is confirmed", func() {
			desmond.isConfirmed()
			before = desmond.page.body
			for _, word := range []string{"alert", "barr", "prohibit"} {
				if strings.Contains(strings.ToLower(before), word) {
					w.t.Errorf("the page says %q", word)
				}
			}
			admin.participant(desmond.Email)
			admin.says("TRN", "Validated automatically")
			admin.says("Alert", "Not checked")
		})
		w.step("2 Manage CPD → TRA API: an open alert starts a barring check", func() {
			w.round()
			admin.participant(desmond.Email)
			admin.says("Alert", "Awaiting barring check")
			admin.sees("With the TRA")
			id = admin.request("Barring check")
			claims := w.table("tra", "claims")
			if !strings.Contains(claims, desmond.TRN) || !strings.Contains(claims, desmond.LastName) || strings.Contains(claims, desmond.DateOfBirth) || strings.Contains(claims, desmond.Email) {
				w.t.Error("the check was not asked with the TRN, the name and nothing else")
			}
		})
		w.step("3 TRA API → Zendesk: one ticket, without a name", func() {
			w.work()
			ticket := agent.ticket(id)
			for _, said := range []string{ticket.Subject, agent.lastWord(ticket).PlainBody} {
				if strings.Contains(said, desmond.FirstName) || strings.Contains(said, desmond.LastName) {
					w.t.Errorf("the ticket names the person: %q", said)
				}
			}
		})
		w.step("4 Operator → Zendesk: only those with the role see the case", func() {
			olive := w.operator("olive.operator@example.org")
			if rows := olive.queue("Open"); len(rows) != 0 {
				olive.fatalf("the case is in the queue of somebody without the role")
			}
			olive.open("/cases/" + id)
			olive.answered(http.StatusForbidden)
			olive.sees("You may not see barring checks")
			olive.seesNot(desmond.FirstName, desmond.LastName, desmond.TRN)
			bea = w.operator("bea.barring@example.org", traconsole.RoleBarring)
			rows := bea.queue("Open")
			if len(rows) != 1 || !strings.HasSuffix(rows[0][0], "Barring check") {
				bea.fatalf("the queue is %q", rows)
			}
			bea.follow(referenceIn(rows[0]))
			bea.at("/cases/" + id)
		})
		w.step("5 Operator → DQT: the record and its alerts", func() {
			bea.sees("Is a prohibition from teaching in force today on this record?", "TRN "+desmond.TRN, "1 alert, 1 open")
			alerts := bea.page.table("Alerts")
			if len(alerts) != 1 || !strings.Contains(alerts[0][0], "Prohibition") || alerts[0][1] != "1 May 2019" || alerts[0][2] != "None" || alerts[0][3] != "Open" {
				bea.fatalf("the alerts are %q", alerts)
			}
		})
		w.step("6 Operator → Zendesk: the first operator says barred, and nothing is on the ticket", func() {
			bea.fill("answer", "barred")
			bea.press("Continue")
			bea.sees("Check your answer", "Another operator will have to agree. Barred always needs a second operator.")
			bea.press("Confirm this answer")
			bea.sees("Decided: Barred. Another operator has to agree.")
			w.work()
			if ticket := agent.ticket(id); ticket.Status == zendesk.StatusSolved || agent.carries(ticket, "Barring outcome") != "" {
				w.t.Errorf("the ticket is %s and says %q", ticket.Status, agent.carries(ticket, "Barring outcome"))
			}
			w.pass(day)
			admin.participant(desmond.Email)
			admin.says("Alert", "Awaiting barring check")
		})
		w.step("6 Operator → Zendesk: the same operator cannot agree", func() {
			bea.opens(id)
			bea.seesNot("Review this decision")
			revision := ""
			for n := range bea.page.doc.Descendants() {
				if n.DataAtom == atom.Input && attr(n, "name") == "revision" {
					revision = attr(n, "value")
				}
			}
			bea.open("/cases/" + id + "/review")
			bea.sees("You made this decision, so another operator has to review it.")
			bea.send(http.MethodPost, bea.resolve("/cases/"+id+"/review"), url.Values{"revision": {revision}, "review": {"agree"}})
			bea.answered(http.StatusForbidden)
			bea.sees("Another operator has to review your decision.")
			bea.opens(id)
			bea.sees("Another operator has to agree.")
		})
		w.step("6 Operator → Zendesk: a second operator sees the evidence, then agrees", func() {
			sam = w.operator("sam.second@example.org", traconsole.RoleBarring)
			rows := sam.queue("Second review")
			if len(rows) != 1 || rows[0][7] != "Second review" {
				sam.fatalf("the queue is %q", rows)
			}
			sam.follow(referenceIn(rows[0]))
			sam.follow("Review this decision")
			if said := sam.page.text(); strings.Index(said, "1 alert, 1 open") > strings.Index(said, "The first operator’s decision") || !strings.Contains(said, "bea.barring@example.org") {
				sam.fatalf("the evidence does not stand before the first opinion")
			}
			sam.fill("review", "agree")
			sam.press("Confirm")
			sam.at("/cases/" + id)
			sam.sees("Decided. It is released at", "Agreed by sam.second@example.org")
			w.work()
			ticket := agent.ticket(id)
			if ticket.Status != zendesk.StatusSolved || agent.carries(ticket, "Barring outcome") != "barred" {
				w.t.Errorf("the ticket is %s and says %q", ticket.Status, agent.carries(ticket, "Barring outcome"))
			}
			if slices.ContainsFunc(ticket.Tags, func(tag string) bool { return strings.Contains(tag, "barred") }) {
				w.t.Errorf("the outcome shows as a tag: %q", ticket.Tags)
			}
			if note := agent.lastWord(ticket); note.Public || !strings.Contains(note.PlainBody, "bea.barring@example.org, agreed by sam.second@example.org") {
				w.t.Errorf("the note is public %v: %q", note.Public, note.PlainBody)
			}
		})
		w.step("7 every 24 hours Manage CPD → TRA API: the outcome", func() {
			if said := admin.polls(); !strings.Contains(said, "0 answers came") {
				admin.fatalf("something came before the release")
			}
			w.pass(releaseAfter)
			asAt = w.clock.Now().Format("2 Jan 2006, 15:04")
			admin.participant(desmond.Email)
			admin.says("Alert", "Awaiting barring check")
			w.pass(day)
		})
		w.step("8 Manage CPD records the outcome with its date, and the person sees what they saw before", func() {
			admin.participant(desmond.Email)
			admin.says("Alert", "Barred", "as at "+asAt)
			admin.says("TRN", "Validated automatically")
			want := said(cpd.EmailConfirmed, cpd.HandedIn, cpd.CheckMatched, cpd.DataDeleted, cpd.TRNValidatedAuto, cpd.AlertRead, cpd.BarringCheckMade, cpd.RequestReached, cpd.AnswerBarring)
			if diff := cmp.Diff(want, admin.story()); diff != "" {
				w.t.Errorf("the story (-want +got):\n%s", diff)
			}
			desmond.open("/progress")
			if diff := cmp.Diff(before, desmond.page.body); diff != "" {
				w.t.Errorf("the person's page changed (-before +after):\n%s", diff)
			}
			if mails := admin.mails(desmond.Email); len(mails) != 1 || mails[0].subject != "We have confirmed your details" {
				w.t.Errorf("%d mails; want the one that the details are confirmed", len(mails))
			}
		})
	})
}
