package tra_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
)

// Search is one of the rig's register: every record answers.
func (r *register) Search(_ context.Context, why tra.Looking, _ tra.Query, _ int) ([]tra.Found, time.Time, error) {
	if r.down {
		return nil, time.Time{}, errDown
	}
	r.looked = append(r.looked, why)
	var out []tra.Found
	for _, record := range r.records {
		out = append(out, tra.Found{Record: record})
	}
	return out, r.asAt, nil
}

func TestEverySearchIsWrittenDownAndSearchesAreLimited(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, nil)
		id := r.open(first, claim())
		query := tra.Query{Text: person.NewText("zofia")}
		_, _, err := r.svc.Search(r.ctx, olive, id, query)
		r.ok(err)
		if n := r.happened(id, tra.RegisterSearched); n != 1 {
			t.Errorf("the case's history tells of %d searches, want 1", n)
		}
		for purpose, reason := range map[string]string{"": "blank", strings.Repeat("a", 101): "too_long", "TRN 1234567": "personal_number"} {
			_, _, err := r.svc.SearchFor(r.ctx, olive, purpose, query)
			if !slices.Contains(fault.FieldsOf(err), fault.Field{Pointer: "/purpose", Reason: reason}) {
				t.Errorf("the purpose %q: %v, want %s", purpose, err, reason)
			}
		}
		_, _, err = r.svc.SearchFor(r.ctx, olive, "a school called", query)
		r.ok(err)
		if want := []tra.Looking{{Case: id}, {Purpose: "a school called"}}; !slices.Equal(r.register.looked, want) {
			t.Errorf("the register was asked for %+v, want %+v", r.register.looked, want)
		}
		for q, pointer := range map[tra.Query]string{
			{Text: person.NewText(" ")}: "/query", {Text: query.Text, Born: 84}: "/born", {Text: query.Text, BornUpTo: 3000}: "/born_up_to",
			{Text: query.Text, Born: 1985, BornUpTo: 1984}: "/born_up_to",
		} {
			_, _, err := r.svc.Search(r.ctx, olive, id, q)
			if wrong := fault.FieldsOf(err); len(wrong) != 1 || wrong[0].Pointer != pointer {
				t.Errorf("%+v: %v, want %s refused", q, err, pointer)
			}
		}
		history, err := trasql.NewStore(r.db, nil).Events(r.ctx, "")
		r.ok(err)
		if len(history) != 1 || history[0].Who != operatorEmail || history[0].Why != "a school called" {
			t.Errorf("searches without a case: %+v", history)
		}
		for range 118 {
			_, _, err := r.svc.Search(r.ctx, olive, id, query)
			r.ok(err)
		}
		_, _, err = r.svc.Search(r.ctx, olive, id, query)
		r.refused(err, fault.TooMany)
		_, _, err = r.svc.SearchFor(r.ctx, olive, "a school called", query)
		r.refused(err, fault.TooMany)
		_, _, err = r.svc.Search(r.ctx, owen, id, query) // another operator's own
		r.ok(err)
		r.clock.move(time.Hour)
		_, _, err = r.svc.Search(r.ctx, olive, id, query)
		r.ok(err)
	})
}

func TestAlertsAndOtherRequestsStandBesideARecordAsFarAsTheyMayBeSeen(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.addRecord(zofia, func(record *tra.Record) { record.Alerts = []tra.Alert{{Code: "T1", Open: true}} })
		other := r.open(first, claim())
		r.decide(olive, other, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
		id := r.open(second, claim())
		plain := tra.Operator{Email: "plain@example.org"}
		for op, alerts := range map[tra.Operator]int{plain: 0, owen: 1} {
			list, _, err := r.svc.Candidates(r.ctx, op, id)
			r.ok(err)
			found, _, err := r.svc.Search(r.ctx, op, id, tra.Query{Text: person.NewText("zofia")})
			r.ok(err)
			checked, err := r.svc.Check(r.ctx, op, id, trn(zofia))
			r.ok(err)
			if len(list[0].Record.Alerts) != alerts || len(found[0].Record.Alerts) != alerts || len(checked.Record.Alerts) != alerts {
				t.Errorf("%s sees the alerts %v, %v and %v, want %d", op.Email, list[0].Record.Alerts, found[0].Record.Alerts, checked.Record.Alerts, alerts)
			}
			if len(list[0].SameTRN) != 1 || list[0].SameTRN[0].ID != other || len(found[0].SameTRN) != 1 || len(checked.SameTRN) != 1 {
				t.Errorf("other requests with the TRN: %v, %v, %v", list[0].SameTRN, found[0].SameTRN, checked.SameTRN)
			}
		}
	})
}

func TestTheThreadOfATicketIsReadForItsCase(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		list, err := r.svc.Thread(r.ctx, olive, id)
		r.ok(err)
		if len(list) != 1 || !list[0].Ours {
			t.Errorf("the thread is %+v", list)
		}
		r.weather.mu.Lock()
		r.weather.down = true
		r.weather.mu.Unlock()
		_, err = r.svc.Thread(r.ctx, olive, id)
		r.refused(err, fault.Unavailable)
	})
}
