package journeys

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/cpd"
	"traid/internal/synth"
	"traid/internal/zendesk"
)

// TestFlow1 is the manual validation of a TRN, arrow by arrow.
func TestFlow1(t *testing.T) {
	each(t, func(w *world) {
		const trn, email = "0190012", "olive.operator@example.org"
		tomasz := w.person(w.member(synth.NeedsOperator))
		w.keepSecret(trn)
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var olive *operator
		var id string

		w.step("1 Person → Manage CPD: registers and stands by the details", func() {
			tomasz.standsBy()
			tomasz.sees("We expect an answer by 30 November 2026", "You do not need to do anything")
			admin.participant(tomasz.Email)
			admin.sees(tomasz.reference())
			admin.says("TRN", "Awaiting manual validation", "answer expected by 30 November 2026")
			admin.says("Validation data", "Held")
			if m := admin.newestMail(tomasz.Email, "We have received your details"); !strings.Contains(m.text, "30 November 2026") || !strings.Contains(m.text, tomasz.reference()) {
				t.Errorf("the mail says neither the reference nor the day: %s", m.text)
			}
		})
		w.step("2 Manage CPD → TRA API: the request", func() {
			admin.participant(tomasz.Email)
			admin.sees("To be sent")
			w.round()
			admin.participant(tomasz.Email)
			admin.sees("With the TRA")
			id = admin.request("TRN validation")
		})
		w.step("3 TRA API → Zendesk: one ticket", func() {
			if tickets, err := agent.TicketsByExternalID(w.t.Context(), id); err != nil || len(tickets) != 0 {
				w.t.Fatalf("%d tickets before one was created, %v", len(tickets), err)
			}
			w.work()
			ticket := agent.ticket(id)
			first := agent.lastWord(ticket)
			if ticket.Status != zendesk.StatusNew || first.Public || !strings.Contains(first.PlainBody, w.app.URL("tra")+"/cases/"+id) || !strings.Contains(first.PlainBody, "30 November 2026") {
				w.t.Errorf("the ticket is %s, public %v, and says %q", ticket.Status, first.Public, first.PlainBody)
			}
			w.work()
			agent.ticket(id)
		})
		w.step("4 Operator → Zendesk: the queue shows the case and its ticket", func() {
			olive = w.operator(email)
			rows := olive.queue("Open")
			if len(rows) != 1 || rows[0][1] != "Tomasz Wilczynski" || !strings.HasSuffix(rows[0][0], "TRN validation") || rows[0][5] != "Mon 30 Nov" || rows[0][7] != "With operator" {
				olive.fatalf("the queue is %q", rows)
			}
			if got := agent.carries(agent.ticket(id), "Request"); got != referenceIn(rows[0]) {
				w.t.Errorf("the ticket's reference is %s, the case's %s", got, referenceIn(rows[0]))
			}
			olive.follow(referenceIn(rows[0]))
			olive.at("/cases/" + id)
			olive.says("Date of birth", "5 November 1979")
			olive.says("Email address", tomasz.Email)
		})
		w.step("5 Operator → DQT: candidates and search", func() {
			olive.sees("Records that may be this person’s", "TRN "+trn)
			const query = "wilczynski 5 nov 1979"
			w.keepSecret(query)
			olive.fill("query", query)
			olive.press("Search")
			olive.sees("1 record found", "Found by")
		})
		w.step("6 Operator → Zendesk: decides", func() {
			olive.confirms(trn)
			if status := agent.ticket(id).Status; status == zendesk.StatusSolved {
				w.t.Error("the ticket was changed in the operator's own request")
			}
			w.work()
			ticket := agent.ticket(id)
			note := agent.lastWord(ticket)
			if ticket.Status != zendesk.StatusSolved || agent.carries(ticket, "TRN") != trn || agent.carries(ticket, "Outcome") != "trn_found" {
				w.t.Errorf("the ticket is %s and says %s %s", ticket.Status, agent.carries(ticket, "Outcome"), agent.carries(ticket, "TRN"))
			}
			if note.Public || !strings.Contains(note.PlainBody, email) {
				w.t.Errorf("the note is public %v: %q; want a private one that names the operator", note.Public, note.PlainBody)
			}
			audits, err := agent.Audits(w.t.Context(), ticket.ID)
			if err != nil || audits[len(audits)-1].Metadata.Custom["op_id"] == nil {
				w.t.Errorf("the newest audit holds no operation of ours: %v", err)
			}
		})
		w.step("7 every 24 hours Manage CPD → TRA API: polls, and nothing is there before the release", func() {
			if said := admin.polls(); !strings.Contains(said, "0 answers came") {
				admin.fatalf("something came before the release")
			}
			w.pass(releaseAfter)
			olive.opens(id)
			olive.sees("The client has been answered")
			if jobs := w.table("cpd", "river_job"); !strings.Contains(jobs, "cpd_poll") {
				w.t.Error("Manage CPD did not hear that an answer was released")
			}
			admin.participant(tomasz.Email)
			admin.says("TRN", "Awaiting manual validation")
			w.pass(day)
		})
		w.step("8 Manage CPD updates the record, deletes the validation data, tells the person", func() {
			admin.participant(tomasz.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", trn)
			admin.says("Alert", "None")
			admin.says("Validation data", "Not held")
			w.forgotten("cpd", tomasz.DateOfBirth, "5 November 1979")
			if rows := w.table("cpd", "participants"); !strings.Contains(rows, tomasz.LastName) {
				w.t.Error("the tables cannot be read: the participant is not there")
			}
			if m := admin.newestMail(tomasz.Email, "We have confirmed your details"); strings.Contains(m.text, trn) {
				w.t.Error("the mail holds a TRN that the person did not type")
			}
			tomasz.open("/progress")
			tomasz.sees("We have confirmed your details")
			tomasz.seesNot(trn)
		})
		w.step("the administrator reads the story in order", func() {
			admin.participant(tomasz.Email)
			want := said(cpd.EmailConfirmed, cpd.HandedIn, cpd.StoodBy, cpd.RequestMade, cpd.RequestReached, cpd.AnswerTRNFound, cpd.DataDeleted, cpd.TRNValidatedByHand, cpd.AlertRead, cpd.AlertSettled)
			if diff := cmp.Diff(want, admin.story()); diff != "" {
				w.t.Errorf("the story (-want +got):\n%s", diff)
			}
		})
	})
}

func said(steps ...cpd.What) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.Text()
	}
	return out
}

// TestAMatchIsConfirmedAtOnce is flow 1 for most people: it ends at its first arrow.
func TestAMatchIsConfirmedAtOnce(t *testing.T) {
	each(t, func(w *world) {
		imogen := w.person(w.member(synth.MatchesAtOnce))
		admin := w.administrator()
		w.step("1 Person → Manage CPD: registers and is confirmed", func() {
			imogen.isConfirmed()
			w.work()
			admin.participant(imogen.Email)
			admin.says("TRN", "Validated automatically")
			admin.says("Teacher reference number", imogen.TRN)
			admin.says("Alert", "None")
			admin.says("Validation data", "Not held")
			admin.sees("Requests to the TRA None.")
			w.forgotten("cpd", imogen.DateOfBirth)
			if m := admin.newestMail(imogen.Email, "We have confirmed your details"); !strings.Contains(m.text, imogen.reference()) {
				w.t.Errorf("the mail does not tell the reference: %s", m.text)
			}
		})
	})
}

// TestAFailureIsCorrectedAndThenFound ends in a failure first.
func TestAFailureIsCorrectedAndThenFound(t *testing.T) {
	each(t, func(w *world) {
		const note = "We found no record. Ask Marmaduke at the lead provider to check the birthday."
		const trn, corrected = "0790014", "1995-09-03"
		leopold, tomasz := w.person(w.member(synth.InNoRecord)), w.person(w.member(synth.NeedsOperator))
		w.keepSecret(trn, corrected, spoken(corrected))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var olive *operator
		var first, second string

		w.step("1 to 3: the request and its ticket, and an hour later somebody else's", func() {
			leopold.standsBy()
			w.work()
			admin.participant(leopold.Email)
			first = admin.request("TRN validation")
			w.clock.move(time.Hour)
			tomasz.standsBy()
			w.work()
		})
		w.step("6 Operator → Zendesk: fails it, with a reason and a note", func() {
			olive = w.operator("olive.operator@example.org")
			olive.opens(first)
			olive.fails("no_record", note)
			w.work()
			ticket := agent.ticket(first)
			if agent.carries(ticket, "Outcome") != "failed" || agent.carries(ticket, "Failure reason") != "no_record" || agent.carries(ticket, "Note for the client") != note {
				w.t.Errorf("the ticket does not carry the decision: %s %s", agent.carries(ticket, "Outcome"), agent.carries(ticket, "Failure reason"))
			}
		})
		w.step("7 every 24 hours Manage CPD → TRA API: the failure note", func() {
			w.pass(releaseAfter)
			w.pass(day)
		})
		w.step("8 Manage CPD keeps the details for a correction and tells the person what to check", func() {
			admin.participant(leopold.Email)
			admin.says("TRN", "Validation failed")
			admin.says("Validation data", "Held", "deleted on 22 December 2026")
			admin.sees(note, "no record")
			leopold.open("/progress")
			leopold.sees("Check your details and send them again", "your date of birth is right", "until 22 December 2026")
			leopold.seesNot("Marmaduke", "no record")
		})
		w.step("1 Person → Manage CPD: corrects, by the mailed link, what was typed before", func() {
			// Meanwhile the register was brought up to date.
			w.imports("0790014,active,Leopold,,Quillfeather,," + corrected + ",,,2019-08-01,")
			m := admin.newestMail(leopold.Email, "Check your details and send them again")
			if strings.Contains(m.text, "Marmaduke") {
				w.t.Error("the mail holds the TRA's note, which is for administrators")
			}
			was := leopold.reference()
			leopold.browser = w.browser("cpd")
			leopold.open(m.link)
			leopold.press("Continue")
			leopold.at("/progress")
			if now := leopold.reference(); now != was {
				w.t.Errorf("the link leads to %s, want %s", now, was)
			}
			leopold.press("Check my details")
			leopold.at("/check-your-answers")
			leopold.says("Name", "Leopold Quillfeather")
			leopold.says("National Insurance number", "Ends in 14A")
			leopold.follow("Change", "date of birth")
			leopold.fill("date-of-birth-day", "3")
			leopold.press("Continue")
			leopold.at("/check-your-answers")
			leopold.says("Date of birth", "3 September 1995")
			leopold.sees("you keep your place in the queue")
			leopold.press("Send your details")
			leopold.at("/progress")
			leopold.sees("We are checking your details")
		})
		w.step("2 and 3: a new request replaces the old one, with a ticket of its own", func() {
			w.work()
			admin.participant(leopold.Email)
			if second = admin.request("TRN validation"); second == first {
				w.t.Fatal("there is no new request")
			}
			agent.ticket(second)
			agent.ticket(first)
		})
		w.step("4 Operator → Zendesk: the queue keeps its place and the changes are marked", func() {
			rows := olive.queue("Open")
			if got := strings.Join(column(rows, 1), ", "); got != "Leopold Quillfeather, Tomasz Wilczynski" {
				olive.fatalf("the queue is %s", got)
			}
			if rows[0][4] != "9 hours" || rows[0][6] != "Nobody" { // the owner's lease ended a day ago
				olive.fatalf("the case waits %s and is %s's; want the old one's place, and that it is free", rows[0][4], rows[0][6])
			}
			olive.follow(referenceIn(rows[0]))
			olive.at("/cases/" + second)
			olive.sees("Takes the place of")
			olive.says("Date of birth", "3 September 1995 Changed")
			if name := olive.page.row("Last name"); name != "Quillfeather" {
				olive.fatalf("the last name is marked: %q", name)
			}
		})
		w.step("5 to 8: it is found", func() {
			olive.confirms(trn)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			admin.participant(leopold.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", trn)
			admin.says("Validation data", "Not held")
			w.forgotten("cpd", corrected, leopold.DateOfBirth, "QQ990014A", "QQ 99 00 14 A")
			admin.newestMail(leopold.Email, "We have confirmed your details")
			leopold.open("/progress")
			leopold.sees("We have confirmed your details")
		})
	})
}

// TestDetailsAreTakenBack ends flow 1 between the decision and its release.
func TestDetailsAreTakenBack(t *testing.T) {
	each(t, func(w *world) {
		const trn = "0190012"
		tomasz := w.person(w.member(synth.NeedsOperator))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var olive *operator
		var id string
		w.step("1 to 6: the request is decided and not released yet", func() {
			tomasz.standsBy()
			w.work()
			admin.participant(tomasz.Email)
			id = admin.request("TRN validation")
			olive = w.operator("olive.operator@example.org")
			olive.opens(id)
			olive.confirms(trn)
			w.work()
		})
		w.step("Person → Manage CPD: takes the details back", func() {
			tomasz.open("/progress")
			tomasz.follow("Take my details back")
			tomasz.at("/progress/withdraw")
			tomasz.press("Take my details back")
			tomasz.at("/progress")
			tomasz.sees("You have taken your details back")
			admin.newestMail(tomasz.Email, "You have taken your details back")
			w.forgotten("cpd", tomasz.DateOfBirth)
		})
		w.step("the ticket is ended", func() {
			w.work()
			ticket := agent.ticket(id)
			if word := agent.lastWord(ticket); ticket.Status != zendesk.StatusSolved || word.Public || !strings.Contains(word.PlainBody, "withdrawn") {
				w.t.Errorf("the ticket is %s and its last word is %q", ticket.Status, word.PlainBody)
			}
			olive.opens(id)
			olive.sees("Withdrawn", "The details were deleted")
			if rows := olive.queue("Open"); len(rows) != 0 {
				olive.fatalf("the case is still in the queue")
			}
		})
		w.step("7 every 24 hours Manage CPD → TRA API: nothing is ever released", func() {
			w.pass(releaseAfter)
			w.pass(day)
			w.pass(day)
			if answers := w.table("tra", "answers"); answers != "" {
				w.t.Error("an answer was released to a withdrawn request")
			}
			w.forgotten("tra", tomasz.DateOfBirth)
			admin.participant(tomasz.Email)
			admin.says("TRN", "Not checked")
			admin.says("Validation data", "Not held")
			want := said(cpd.EmailConfirmed, cpd.HandedIn, cpd.StoodBy, cpd.RequestMade, cpd.RequestReached, cpd.Withdrew, cpd.RequestTakenBack, cpd.DataDeleted)
			if diff := cmp.Diff(want, admin.story()); diff != "" {
				w.t.Errorf("the story (-want +got):\n%s", diff)
			}
		})
	})
}

// TestOfTwoRecordsTheQualifiedOneIsPicked is flow 1 for details that fit two records.
func TestOfTwoRecordsTheQualifiedOneIsPicked(t *testing.T) {
	each(t, func(w *world) {
		const qualified, other = "1290013", "1190113"
		grace := w.person(w.member(synth.FitsTwo))
		w.keepSecret(other)
		admin := w.administrator()
		var olive *operator
		w.step("1 to 4: the request is in the queue", func() {
			grace.standsBy()
			w.work()
			admin.participant(grace.Email)
			olive = w.operator("olive.operator@example.org")
			olive.opens(admin.request("TRN validation"))
		})
		w.step("5 Operator → DQT: both records are candidates, one with a qualification", func() {
			olive.sees("TRN "+qualified, "TRN "+other, "QTS 1 August 2012", "No QTS date")
		})
		w.step("6 to 8: the qualified one is answered", func() {
			olive.confirms(qualified)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			admin.participant(grace.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", qualified)
			w.forgotten("cpd", "QQ990013B", grace.DateOfBirth)
			grace.open("/progress")
			grace.sees("We have confirmed your details")
			grace.seesNot(qualified)
		})
	})
}

// TestALaterAnswerReplacesAnEarlierOne takes a decision back before its
// release, and an answer after it.
func TestALaterAnswerReplacesAnEarlierOne(t *testing.T) {
	each(t, func(w *world) {
		const qualified, other = "1290013", "1190113"
		grace := w.person(w.member(synth.FitsTwo))
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var olive *operator
		var id string
		w.step("6 Operator → Zendesk: decides, and undoes it before the release", func() {
			grace.standsBy()
			w.work()
			admin.participant(grace.Email)
			id = admin.request("TRN validation")
			olive = w.operator("olive.operator@example.org")
			olive.opens(id)
			olive.confirms(other)
			w.work()
			olive.opens(id)
			olive.press("Undo")
			olive.sees("Records that may be this person’s")
			w.work()
			if ticket := agent.ticket(id); ticket.Status != zendesk.StatusOpen || agent.carries(ticket, "TRN") != "" {
				w.t.Errorf("the ticket is %s and says %q; want it open again and empty", ticket.Status, agent.carries(ticket, "TRN"))
			}
			w.pass(releaseAfter)
			if w.table("tra", "answers") != "" {
				w.t.Error("what was undone was released")
			}
		})
		w.step("6 to 8: the first answer", func() {
			olive.opens(id)
			olive.confirms(other)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			admin.participant(grace.Email)
			admin.says("Teacher reference number", other)
		})
		w.step("the case is opened again, and the client keeps the answer that it has", func() {
			olive.opens(id)
			olive.follow("open the case again for another answer")
			olive.fill("why", "The record without a qualification is a stray one.")
			olive.press("Open the case again")
			olive.at("/cases/" + id)
			w.work()
			if status := agent.ticket(id).Status; status != zendesk.StatusOpen {
				w.t.Errorf("the ticket is %s", status)
			}
			w.pass(day)
			admin.participant(grace.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", other)
		})
		w.step("6 to 8: the second version of the answer replaces the TRN, and nothing changes for the person", func() {
			olive.opens(id)
			olive.confirms(qualified)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			admin.participant(grace.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", qualified)
			admin.sees("TRN found (version 2)", cpd.TRNReplaced.Text())
			if mails := admin.mails(grace.Email); len(mails) != 2 { // received, confirmed
				w.t.Errorf("%d mails, want 2", len(mails))
			}
		})
	})
}

// TestAReleasedTRNIsFollowedWhereItsRecordIsMerged has the register change
// after an answer: it is followed without anybody asking, or asked about again.
func TestAReleasedTRNIsFollowedWhereItsRecordIsMerged(t *testing.T) {
	each(t, func(w *world) {
		const trn, survivor = "0190012", "0190099"
		tomasz := w.person(w.member(synth.NeedsOperator))
		w.keepSecret(trn, survivor)
		admin, agent := w.administrator(), w.agent("quinn.agent@example.org")
		var olive *operator
		var id string
		w.step("1 to 8: the first answer", func() {
			tomasz.standsBy()
			w.work()
			admin.participant(tomasz.Email)
			id = admin.request("TRN validation")
			olive = w.operator("olive.operator@example.org")
			olive.opens(id)
			olive.confirms(trn)
			w.work()
			w.pass(releaseAfter)
			w.pass(day)
			admin.participant(tomasz.Email)
			admin.says("Teacher reference number", trn)
		})
		w.step("the record is merged: the survivor is the next version by itself", func() {
			w.imports(
				survivor+",active,Tomasz,Jan,Wilczynski,,1979-11-05,QQ990012C,,2001-08-01,",
				trn+",merged:"+survivor+",Tomasz,Jan,Wilczynski,,1979-11-05,QQ990012C,,2001-08-01,",
			)
			w.pass(day)
			w.pass(releaseAfter)
			if ticket := agent.ticket(id); agent.carries(ticket, "TRN") != survivor || ticket.Status != zendesk.StatusSolved {
				w.t.Errorf("the ticket is %s and says %q", ticket.Status, agent.carries(ticket, "TRN"))
			}
			w.pass(day)
			admin.participant(tomasz.Email)
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", survivor)
			admin.sees("TRN found (version 2)", cpd.TRNReplaced.Text())
			if mails := admin.mails(tomasz.Email); len(mails) != 2 { // received, confirmed
				w.t.Errorf("%d mails, want 2", len(mails))
			}
		})
		w.step("the survivor is deactivated: an operator is asked, and the answer stands until the next", func() {
			w.imports(survivor + ",inactive,Tomasz,Jan,Wilczynski,,1979-11-05,QQ990012C,,2001-08-01,")
			w.pass(day)
			w.pass(day)
			olive.opens(id)
			olive.sees("Record changed since", "The record is not active.", "Until then the client has the earlier answer.")
			admin.participant(tomasz.Email)
			admin.says("Teacher reference number", survivor)
			if status := agent.ticket(id).Status; status != zendesk.StatusOpen {
				w.t.Errorf("the ticket is %s", status)
			}
		})
	})
}
