package journeys

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/synth"
)

// TestNothingIsLostWhenServicesAreDown is flow 1 with each service off the
// network for hours, one after the other, and an answer of the helpdesk lost.
func TestNothingIsLostWhenServicesAreDown(t *testing.T) {
	each(t, func(w *world) {
		const trn = "0190012"
		tomasz := w.person(w.member(synth.NeedsOperator))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		olive := w.operator("olive.operator@example.org")
		var id string
		hours := func(n int) {
			w.t.Helper()
			for range n {
				w.pass(time.Hour)
			}
		}
		waitsFor := func(what string) {
			w.t.Helper()
			admin.open("/admin/waiting")
			for _, row := range admin.page.table("1 thing waiting, the longest first") {
				if row[1] == what && row[4] == "The other service does not answer" {
					return
				}
			}
			admin.fatalf("nobody waits for %q because a service does not answer", what)
		}

		w.step("1 Person → Manage CPD: the register is down", func() {
			w.cut("dqt")
			tomasz.fillsIn()
			tomasz.press("Register")
			tomasz.at("/could-not-check")
			tomasz.sees("That is our problem and says nothing about you.")
			tomasz.press("Hand in my details")
			tomasz.at("/progress")
			tomasz.sees("We have received your details")
			hours(3)
			waitsFor("The automatic check")
			tomasz.open("/progress")
			tomasz.sees("We have received your details")
		})
		w.step("2 Manage CPD → TRA API: the register is back, the TRA API is down", func() {
			w.mend("dqt")
			w.cut("tra")
			hours(3)
			tomasz.open("/progress")
			tomasz.sees("We are checking your details")
			waitsFor("A request, to be sent to the TRA")
			admin.participant(tomasz.Email)
			id = admin.request("TRN validation")
		})
		w.step("3 TRA API → Zendesk: the TRA API is back, the desk is down", func() {
			w.mend("tra")
			w.cut("desk")
			hours(6)
			admin.participant(tomasz.Email)
			admin.sees("With the TRA")
			if rows := olive.queue("Open"); len(rows) != 1 || !strings.Contains(rows[0][7], "Received") || !strings.Contains(rows[0][7], "No ticket") {
				olive.fatalf("the queue is %q", rows)
			}
		})
		w.step("3 TRA API → Zendesk: the desk is back and its answer to the creation is lost", func() {
			w.mend("desk")
			lost := 0
			w.wire("desk", func(h *host) {
				h.lose = func(r *http.Request) bool {
					if r.Method != http.MethodPost || r.URL.Path != "/api/v2/tickets" || lost > 0 {
						return false
					}
					lost++
					return true
				}
			})
			hours(1)
			if lost != 1 {
				w.t.Fatalf("%d answers were lost, want 1", lost)
			}
			w.cut("desk") // until the desk has forgotten the key that the creation was sent under
			hours(3)
			w.mend("desk")
			hours(1)
			agent.ticket(id)
			if rows := olive.queue("Open"); len(rows) != 1 || rows[0][7] != "With operator" {
				olive.fatalf("the queue is %q", rows)
			}
		})
		w.step("5 Operator → DQT: the register is down", func() {
			w.cut("dqt")
			olive.opens(id)
			olive.sees("The register does not answer. That says nothing about whether there is a record.")
			olive.seesNot("No record comes near these details")
			olive.fill("query", "Wilczynski")
			olive.press("Search")
			olive.sees("The register does not answer, so nothing was searched.")
			olive.seesNot("No record answers this search")
		})
		w.step("6 Operator → Zendesk: it goes down again before the decision, and before the release", func() {
			w.mend("dqt")
			olive.opens(id)
			olive.press("This is the person", trn)
			w.cut("dqt")
			olive.press("Confirm that this is the person")
			olive.answered(http.StatusServiceUnavailable)
			w.mend("dqt")
			olive.opens(id)
			olive.sees("Records that may be this person’s")
			olive.confirms(trn)
			w.work()
			w.cut("dqt")
			w.pass(releaseAfter)
			hours(3)
			olive.opens(id)
			olive.seesNot("The client has been answered")
			w.mend("dqt")
			hours(1)
			olive.opens(id)
			olive.sees("The client has been answered")
		})
		w.step("7 every 24 hours Manage CPD → TRA API: it is down when the poll is due", func() {
			w.cut("tra")
			w.pass(day)
			hours(3)
			admin.open("/admin/waiting")
			admin.sees("The last try failed. The other service does not answer.")
			admin.participant(tomasz.Email)
			admin.says("TRN", "Awaiting manual validation")
			w.mend("tra")
			w.cut("dqt")
			hours(1)
		})
		w.step("8 Manage CPD updates the record, and reads alerts once the register answers", func() {
			admin.participant(tomasz.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", trn)
			admin.says("Alert", "Not checked")
			waitsFor("Alerts, to be read from the register")
			w.mend("dqt")
			hours(1)
			admin.participant(tomasz.Email)
			admin.says("Alert", "None")
			tomasz.open("/progress")
			tomasz.sees("We have confirmed your details")
			agent.ticket(id)
			if answers := w.table("tra", "answers"); strings.Count(answers, "\n") != 1 {
				w.t.Error("there is not one answer")
			}
		})
	})
}
