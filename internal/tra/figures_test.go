package tra_test

import (
	"fmt"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
)

// TestFiguresTellTheWorkOfTheLastDays plays four cases, each to another end, and
// counts them by hand.
func TestFiguresTellTheWorkOfTheLastDays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		request := func(n int) string { return fmt.Sprintf("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c%04d", n) }
		found := r.open(request(1), claim())
		r.decide(olive, found, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		r.work(time.Second)
		r.work(released)

		r.addRecord(zofia, func(record *tra.Record) { record.FirstName = name("Sophie") })
		disputed := r.open(request(2), claim())
		r.decide(olive, disputed, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: "a short form"})
		k := r.kase(disputed)
		r.ok(r.svc.Review(r.ctx, owen, disputed, tra.Reviewing{Revision: k.Request.Revision, Why: "not the same name"}))
		r.work(24 * time.Hour)
		r.decide(olive, disputed, tra.Deciding{Outcome: tra.Failed, Reason: tra.NoRecord, Note: "We found no record."})
		r.work(time.Second)
		r.work(released)

		k = r.kase(disputed)
		r.ok(r.svc.Reopen(r.ctx, olive, disputed, k.Request.Revision, "the school has written"))
		r.work(time.Second)
		r.decide(olive, disputed, tra.Deciding{Outcome: tra.Failed, Reason: tra.CannotTell, Note: "We cannot tell."})
		r.work(time.Second)
		r.work(released)
		r.open(request(3), claim())

		got, err := r.svc.Figures(r.ctx, susan, tra.FigureFilter{})
		r.ok(err)
		if got.Arrived != 3 || got.Answered != 2 || got.Waiting != 1 || got.Overdue != 0 || got.Again != 1 || got.Reopened == 0 || got.Reviewed != 1 || got.SentBack != 1 {
			t.Errorf("figures: %+v", got)
		}
		if got.Outcomes[tra.TRNFound] != 1 || got.Outcomes[tra.Failed] != 1 || got.Reasons[tra.NoRecord] != 1 || got.Reasons[tra.CannotTell] != 0 {
			t.Errorf("outcomes %v, reasons %v: a later version is no first answer", got.Outcomes, got.Reasons)
		}
		if got.Picked[1] != 2 || got.Decisions != 2 {
			t.Errorf("picks: %v", got.Picked)
		}
		if p50, _ := got.Percentile(50); p50 != 0 {
			t.Errorf("half took %d working days", p50)
		}
		if p90, ok := got.Percentile(90); !ok || p90 != 1 {
			t.Errorf("nine of ten took %d working days, %v", p90, ok)
		}
		arrived, answered := 0, 0
		for _, s := range got.Steps {
			arrived, answered = arrived+s.Arrived, answered+s.Answered
		}
		if len(got.Steps) != 28 || arrived != got.Arrived || answered != got.Answered {
			t.Errorf("%d steps with %d arrived and %d answered", len(got.Steps), arrived, answered)
		}
		r.work(9 * 24 * time.Hour)
		if got, err = r.svc.Figures(r.ctx, susan, tra.FigureFilter{Days: 7}); err != nil || got.Arrived != 0 || got.Waiting != 1 || got.Overdue != 1 || got.Decisions != 0 {
			t.Errorf("nine days later: %+v, %v", got, err)
		}
		if got, err = r.svc.Figures(r.ctx, susan, tra.FigureFilter{Days: 364}); err != nil || !got.Weekly || len(got.Steps) != 52 || got.Arrived != 3 {
			t.Errorf("of a year: %d steps, %d arrived, %v", len(got.Steps), got.Arrived, err)
		}
		if got, err = r.svc.Figures(r.ctx, susan, tra.FigureFilter{Kind: tra.BarringCheck, Days: 364}); err != nil || got.Arrived != 0 || got.Decisions != 0 || got.Reviewed != 0 {
			t.Errorf("of barring checks: %+v, %v", got, err)
		}
		_, err = r.svc.Figures(r.ctx, olive, tra.FigureFilter{})
		r.refused(err, fault.Forbidden)
	})
}

func TestAPercentileIsOfTheNearestRank(t *testing.T) {
	f := tra.Figures{Taken: []int{0, 1, 1, 2, 3, 5, 8, 9, 10, 20}}
	for p, want := range map[int]int{50: 3, 75: 9, 90: 10, 100: 20, 1: 0} {
		if got, ok := f.Percentile(p); !ok || got != want {
			t.Errorf("p%d is %d, want %d", p, got, want)
		}
	}
	if _, ok := (tra.Figures{}).Percentile(50); ok {
		t.Error("there is a percentile of nothing")
	}
}
