package tra_test

import (
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
)

func TestTheListSaysWhyTheAutomaticCheckFailed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		says := func(want tra.Check) {
			t.Helper()
			page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{Check: want})
			r.ok(err)
			if len(page.Rows) != 1 || page.Rows[0].Check != want || page.Counts[tra.QueueOpen] != 1 {
				t.Fatalf("the case is not in the list of %q: %+v", want, page.Counts)
			}
		}
		r.register.down = true
		id := r.open(first, claim())
		says(tra.CheckUnknown) // and never "no record"
		r.work(10 * time.Minute)
		says(tra.CheckUnknown)
		r.register.down, r.register.check = false, tra.CheckFirstNameDiffers
		r.work(time.Hour)
		says(tra.CheckFirstNameDiffers)

		// What the person adds is asked about anew.
		kase := r.kase(id)
		r.ok(r.svc.Ask(r.ctx, olive, id, tra.Asking{Revision: kase.Request.Revision, Text: "Which TRN do you have?", AsksFor: tra.FieldTRN}))
		r.register.check = tra.CheckIdentifiersConflict
		_, err := r.svc.Reply(r.ctx, cpdClient, id, 1, tra.Reply{TRN: trn("1234567")})
		r.ok(err)
		says(tra.CheckUnknown)
		r.work(time.Second)
		says(tra.CheckIdentifiersConflict)

		_, err = r.svc.Queue(r.ctx, olive, tra.QueueFilter{Client: "nobody"})
		r.refused(err, fault.NotFound)
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.work(tra.DefaultRetain + 24*time.Hour)
		r.work(24 * time.Hour)
		if got := r.kase(id).Request.Check; got != tra.CheckNone {
			t.Errorf("a forgotten request says %q", got)
		}
	})
}

func TestWaitingIsCountedInWorkingDays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		at := func(day, hour, minute, days, want int) {
			t.Helper()
			r.clock.at = time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC)
			page, err := r.svc.Queue(r.ctx, olive, tra.QueueFilter{Days: days})
			r.ok(err)
			if len(page.Rows) != want || page.Counts[tra.QueueOpen] != want {
				t.Errorf("on the %dth at %d:%02d %d cases wait %d working days, want %d", day, hour, minute, len(page.Rows), days, want)
			}
		}
		r.clock.at = time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC) // a Friday
		r.submit(first, claim())
		at(29, 12, 0, 1, 0) // a Sunday
		at(30, 15, 59, 1, 0)
		at(30, 16, 0, 1, 1)
		at(30, 16, 0, 3, 0)
	})
}
