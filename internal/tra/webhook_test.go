package tra_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/tra/trasql"
)

const otherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// releaseOne has a request answered, and its client told where it wants to be.
func (r *rig) releaseOne(id string) tra.RequestID {
	r.t.Helper()
	r.addRecord(zofia, nil)
	request := r.open(id, claim())
	r.decide(olive, request, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia)})
	r.work(time.Second)
	r.work(released)
	return request
}

// deliveries gives what the client was told, or is to be.
func (r *rig) deliveries(status tra.DeliveryStatus) []tra.Delivery {
	r.t.Helper()
	list, next, err := r.svc.Deliveries(r.ctx, cpdClient, status, 0, 100)
	r.ok(err)
	if next != 0 {
		r.t.Fatalf("there is another page: %d", next)
	}
	return list
}

func TestAnAnswerAndWhatItsClientIsToldAreOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.again()
		id := r.releaseOne(first)
		list := r.deliveries("")
		want := tra.Delivery{
			ID: tra.DeliveryID(string(id) + "_1"), Seq: 1, Type: tra.DeliverAnswer, Client: cpdClient, Kind: tra.TRNValidation, Request: id,
			Status: tra.DeliveryDone, Attempts: 1, CreatedAt: r.clock.now(), LastAt: r.clock.now(), LastAnswer: http.StatusNoContent,
		}
		if len(list) != 1 || list[0] != want || len(r.told.list) != 1 || r.happened(id, tra.ClientTold) != 1 {
			t.Errorf("got %+v, told %+v; want %+v", list, r.told.list, want)
		}
		if _, _, err := r.svc.Deliveries(r.ctx, "another-client", "", 0, 100); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAClientThatIsNotToBeToldPolls(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.ok(r.svc.RemoveWebhook(r.ctx, cpdClient))
		r.ok(r.svc.RemoveWebhook(r.ctx, cpdClient))
		_, err := r.svc.Webhook(r.ctx, cpdClient)
		r.refused(err, fault.NotFound)
		_, err = r.svc.PingWebhook(r.ctx, cpdClient)
		r.refused(err, fault.NotFound)
		r.releaseOne(first)
		if list := r.deliveries(""); len(list) != 0 || len(r.told.list) != 0 {
			t.Errorf("got %+v, told %+v", list, r.told.list)
		}
		r.oneAnswer()
	})
}

func TestTwoSecretsAreGoodWhileOneTakesThePlaceOfTheOther(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		before, err := r.svc.Webhook(r.ctx, cpdClient)
		r.ok(err)
		for _, c := range []struct {
			url     string
			secrets []string
			changed bool
		}{
			{hookURL, []string{hookSecret}, false},
			{hookURL, []string{otherSecret, hookSecret}, true},
			{hookURL, []string{otherSecret, hookSecret}, false},
			{hookURL, []string{otherSecret}, true},
			{hookURL + "/new", []string{otherSecret}, true},
		} {
			r.clock.move(time.Hour)
			w, created, err := r.svc.RegisterWebhook(r.ctx, cpdClient, c.url, c.secrets)
			r.ok(err)
			kept, err := r.svc.Webhook(r.ctx, cpdClient)
			r.ok(err)
			if created || kept.URL != c.url || !slices.Equal(kept.Secrets, c.secrets) || !kept.CreatedAt.Equal(before.CreatedAt) || kept.UpdatedAt.Equal(r.clock.now()) != c.changed || !w.UpdatedAt.Equal(kept.UpdatedAt) {
				t.Errorf("%v: got %+v, created %t; changed %t", c.secrets, kept, created, c.changed)
			}
			d, err := r.svc.PingWebhook(r.ctx, cpdClient)
			if err != nil || d.Status != tra.DeliveryDone || !slices.Equal(r.told.with[len(r.told.with)-1], c.secrets) {
				t.Errorf("a ping: %+v %v, signed with %v", d, err, r.told.with)
			}
		}
		if _, created, err := r.svc.RegisterWebhook(r.ctx, "another-client", hookURL, []string{otherSecret}); err != nil || !created {
			t.Errorf("another client's: created %t, %v", created, err)
		}
		for name, c := range map[string]struct {
			url     string
			secrets []string
		}{
			"no secret": {hookURL, nil}, "three": {hookURL, []string{"a", "b", "c"}}, "one twice": {hookURL, []string{hookSecret, hookSecret}},
			"a URL that may not be called": {"http://10.0.0.1/", []string{hookSecret}},
		} {
			if _, _, err := r.svc.RegisterWebhook(r.ctx, cpdClient, c.url, c.secrets); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestTheDatabaseAloneDoesNotGiveSecretsAway(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var sealed string
		r.ok(r.db.Reader().QueryRowContext(r.ctx, `SELECT secrets FROM webhooks`).Scan(&sealed))
		if strings.Contains(sealed, hookSecret[6:]) || sealed == "" {
			t.Errorf("kept as %q", sealed)
		}
		other := tra.New(trasql.NewStore(r.db, nil), r.helpdesk(r.weather), r.register, r.told, []byte("another key"), r.clock.now, tra.Options{})
		_, err := other.Webhook(r.ctx, cpdClient)
		r.refused(err, fault.Gone)
		_, created, err := other.RegisterWebhook(r.ctx, cpdClient, hookURL, []string{hookSecret})
		if err != nil || created {
			t.Errorf("registered again: created %t, %v", created, err)
		}
		w, err := other.Webhook(r.ctx, cpdClient)
		if err != nil || !slices.Equal(w.Secrets, []string{hookSecret}) {
			t.Errorf("got %+v %v", w, err)
		}
	})
}

func TestWhatCouldNotBeDeliveredIsTriedForADayThenListedAndHadAnew(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.told.answer, r.told.err = http.StatusInternalServerError, fault.New(fault.Unavailable, "The receiver answered 500.")
		id := r.releaseOne(first)
		began := r.clock.now()
		for len(r.deliveries(tra.DeliveryPending)) > 0 {
			if r.clock.now().Sub(began) > 48*time.Hour {
				t.Fatal("it is still tried after two days")
			}
			r.work(30 * time.Minute)
		}
		lasted := r.clock.now().Sub(began)
		failed := r.deliveries(tra.DeliveryFailed)
		if lasted < 20*time.Hour || len(failed) != 1 || failed[0].Attempts != 28 || failed[0].LastAnswer != 500 || failed[0].LastError != "The receiver answered 500." {
			t.Errorf("after %v: %+v", lasted, failed)
		}
		r.refused(r.svc.Redeliver(r.ctx, "another-client", failed[0].ID), fault.NotFound)
		r.refused(r.svc.Redeliver(r.ctx, cpdClient, "nothing"), fault.NotFound)
		r.told.answer, r.told.err = http.StatusNoContent, nil
		r.ok(r.svc.Redeliver(r.ctx, cpdClient, failed[0].ID))
		r.work(time.Second)
		if done := r.deliveries(tra.DeliveryDone); len(done) != 1 || done[0].Attempts != 29 || done[0].LastError != "" || r.happened(id, tra.ClientTold) != 1 {
			t.Errorf("had anew: %+v", r.deliveries(""))
		}
		r.ok(r.svc.Redeliver(r.ctx, cpdClient, failed[0].ID)) // what was delivered may be had anew too
		r.work(time.Second)
		if r.told.list[len(r.told.list)-1].ID != failed[0].ID || len(r.told.list) != 30 {
			t.Errorf("told %d times", len(r.told.list))
		}
	})
}

func TestDeliveriesAreKeptFor30Days(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.releaseOne(first)
		old := r.deliveries("")[0].ID
		r.clock.move(30*24*time.Hour - time.Hour)
		r.releaseOne(second)
		if list := r.deliveries(""); len(list) != 2 {
			t.Errorf("within 30 days: %+v", list)
		}
		r.clock.move(2 * time.Hour)
		third := r.releaseOne("9d4b8f8e-3a45-4f19-8a7c-0c1fbb2de333")
		if list := r.deliveries(""); len(list) != 2 || list[1].Request != third {
			t.Errorf("after 30 days: %+v", list)
		}
		r.refused(r.svc.Redeliver(r.ctx, cpdClient, old), fault.NotFound)
	})
}

func TestAReceiverThatWantsNoMoreIsToldNothingUntilItRegistersAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.told.answer, r.told.err = http.StatusGone, fault.New(fault.Gone, "The receiver wants no more of it.")
		r.releaseOne(first)
		w, err := r.svc.Webhook(r.ctx, cpdClient)
		if err != nil || !w.Disabled || len(r.deliveries(tra.DeliveryFailed)) != 1 {
			t.Fatalf("got %+v %v, %+v", w, err, r.deliveries(""))
		}
		r.told.answer, r.told.err = http.StatusNoContent, nil
		r.releaseOne(second)
		if n := len(r.told.list); n != 1 || len(r.deliveries("")) != 1 {
			t.Errorf("it was told %d times", n)
		}
		_, _, err = r.svc.RegisterWebhook(r.ctx, cpdClient, hookURL, []string{hookSecret})
		r.ok(err)
		if w, err := r.svc.Webhook(r.ctx, cpdClient); err != nil || w.Disabled {
			t.Errorf("registered again: %+v %v", w, err)
		}
		r.ok(r.svc.Redeliver(r.ctx, cpdClient, r.deliveries("")[0].ID))
		r.work(time.Second)
		if n := len(r.deliveries(tra.DeliveryDone)); n != 1 {
			t.Errorf("%d were delivered", n)
		}
	})
}

func TestWhatIsAskedForIsThereWithoutAskingTheHelpdesk(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.releaseOne(first)
		r.clock.move(time.Hour)
		r.weather.set(func(w *weather) { w.seen = nil })
		list, cursor, err := r.svc.Answers(r.ctx, cpdClient, "", 100)
		if err != nil || len(list) != 1 || len(r.weather.seen) != 0 {
			t.Errorf("got %d answers %v after %d calls of the helpdesk", len(list), err, len(r.weather.seen))
		}
		if _, _, err := r.svc.Answers(r.ctx, cpdClient, cursor, 100); err != nil || len(r.weather.seen) == 0 {
			t.Errorf("where there is nothing new the helpdesk is asked: %d calls, %v", len(r.weather.seen), err)
		}
	})
}
