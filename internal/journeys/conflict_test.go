package journeys

import (
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/synth"
)

// pair is two registrations that one record is found for, and how that ends.
type pair struct {
	first, second *person
	how           cpd.End
	id            string // of the second one's request
}

// TestTwoParticipantsAndOneRecord plays the three ends of a conflict, at the
// end of flow 1: nobody is displaced before an administrator has looked.
func TestTwoParticipantsAndOneRecord(t *testing.T) {
	each(t, func(w *world) {
		w.imports(
			"0890021,active,Philomena,,Oakenshaw,,1982-04-11,,,2004-08-01,",
			"0890022,active,Bartholomew,,Tregenza,,1976-12-01,,,1999-08-01,",
			"0890023,active,Seraphina,,Lindqvist,,1988-07-30,,,2010-08-01,")
		two := func(how cpd.End, first, last, born, trn, otherLast string) *pair {
			at := strings.ToLower(first) + "@"
			return &pair{
				how:    how,
				first:  w.person(synth.Member{FirstName: first, LastName: last, DateOfBirth: born, TRN: trn, Email: at + "one.example.org"}),
				second: w.person(synth.Member{FirstName: first, LastName: otherLast, DateOfBirth: born, Email: at + "two.example.org"}),
			}
		}
		same := two(cpd.SamePerson, "Philomena", "Oakenshaw", "1982-04-11", "0890021", "Oakenshaw")
		different := two(cpd.DifferentPeople, "Bartholomew", "Tregenza", "1976-12-01", "0890022", "Penhaligon")
		wrong := two(cpd.WrongLink, "Seraphina", "Lindqvist", "1988-07-30", "0890023", "Lindqvist")
		pairs := []*pair{same, different, wrong}
		admin, olive := w.administrator(), w.operator("olive.operator@example.org")

		w.step("1 Person → Manage CPD: each record's first is confirmed, its second is not", func() {
			for _, p := range pairs {
				p.first.isConfirmed()
				w.clock.move(time.Minute) // the older one is known
				p.second.standsBy()
			}
			w.work()
			for _, p := range pairs {
				admin.participant(p.second.Email)
				p.id = admin.request("TRN validation")
			}
		})
		w.step("6 Operator → Zendesk: gives the second the TRN that stands on the first", func() {
			for _, p := range pairs {
				olive.opens(p.id)
				olive.finds(p.first.FirstName+" "+p.first.DateOfBirth, p.first.TRN)
			}
			w.work()
			w.pass(releaseAfter)
		})
		w.step("7 and 8: Manage CPD opens a conflict and displaces nobody", func() {
			w.pass(day)
			for _, p := range pairs {
				admin.participant(p.second.Email)
				admin.says("TRN", "Conflict")
				admin.sees(p.first.reference())
				admin.participant(p.first.Email)
				admin.says("Teacher reference number", p.first.TRN)
				p.second.open("/progress")
				p.second.sees("We are checking your details")
			}
			admin.open("/admin/waiting")
			if n := strings.Count(admin.page.text(), "An administrator, to end a conflict"); n != len(pairs) {
				admin.fatalf("%d conflicts wait, want %d", n, len(pairs))
			}
		})
		ends := func(p *pair, reason string) {
			admin.participant(p.second.Email)
			admin.follow("End this conflict")
			admin.sees("TRN in dispute", p.first.TRN, p.first.Email, p.second.Email)
			admin.fill("how", string(p.how), "reason", reason)
			admin.press("Continue")
			admin.sees("Check how the conflict ends", reason)
			admin.press("End the conflict")
			admin.sees(reason)
		}
		w.step("an administrator finds one person", func() {
			older, younger := same.first.reference(), same.second.reference()
			ends(same, "They registered twice and told us so.")
			admin.sees(older)
			admin.says("Records joined into this one", younger)
			same.second.open("/progress")
			same.second.sees("We have confirmed your details", older)
			same.first.open("/progress")
			same.first.sees("We have confirmed your details", older)
		})
		w.step("an administrator finds different people", func() {
			ends(different, "They teach at two schools at the same time.")
			admin.says("TRN", "Awaiting manual validation")
			if m := admin.newestMail(support, "Two people with one record"); strings.Contains(m.text, different.first.TRN) || strings.Contains(m.text, different.second.LastName) {
				w.t.Error("the mail to the TRA names a person")
			}
			admin.participant(different.first.Email)
			admin.says("TRN", "Validated automatically")
			admin.says("Teacher reference number", different.first.TRN)
			w.work()
			admin.participant(different.second.Email)
			again := admin.request("TRN validation")
			if again == different.id {
				w.t.Fatal("the TRA was not asked again")
			}
			olive.opens(again)
			olive.sees("Takes the place of", "Penhaligon")
		})
		w.step("an administrator finds a wrong link", func() {
			ends(wrong, "The first one gave a number that is not theirs.")
			admin.says("TRN", "Validated manually")
			admin.says("Teacher reference number", wrong.first.TRN)
			admin.participant(wrong.first.Email)
			admin.says("TRN", "Not checked")
			admin.newestMail(wrong.first.Email, "Give us your details again")
			wrong.first.open("/progress")
			wrong.first.sees("We need your details again")
			wrong.second.open("/progress")
			wrong.second.sees("We have confirmed your details")
		})
	})
}
