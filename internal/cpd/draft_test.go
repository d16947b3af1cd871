package cpd_test

import (
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

// follows opens the link in the newest mail to an address.
func (w *world) follows(email person.Email) (cpd.Opened, error) {
	w.Helper()
	return w.OpenLink(w.Context(), strings.TrimPrefix(w.newest(email).Link, "https://cpd.example.org"+cpd.ContinuePath+"/"))
}

func (w *world) noDrafts(when string) {
	w.Helper()
	var rows int
	if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM drafts`).Scan(&rows); err != nil || rows != 0 {
		w.Errorf("%d drafts are kept %s, %v", rows, when, err)
	}
}

func TestSavedAnswersAreReachedByALinkOnceWithin24Hours(t *testing.T) {
	eachWorld(t, func(w *world) {
		d := details("Ann")
		id := cpd.NewRegistrationID()
		w.ok("confirming", w.Confirm(w.Context(), id, d.Email))
		w.ok("saving", w.SaveRegistration(w.Context(), id, d.Email, []byte(`{"n":1}`), here))
		w.now = w.now.Add(time.Minute)
		w.ok("saving again", w.SaveRegistration(w.Context(), id, d.Email, []byte(`{"n":2}`), here))
		link := w.newest(d.Email)
		if strings.Contains(link.Body, link.Link) || !strings.Contains(link.Body, "24 hours") {
			w.Errorf("the mail says %q", link.Body)
		}
		got, err := w.follows(d.Email)
		if err != nil || string(got.Answers) != `{"n":2}` || got.Visitor != (cpd.Visitor{}) || got.Registration == "" || got.Registration == id {
			w.Fatalf("the link: got %+v, %v, want the newest answers in a visit of their own", got, err)
		}
		_, err = w.OpenLink(w.Context(), strings.TrimPrefix(link.Link, "https://cpd.example.org"+cpd.ContinuePath+"/"))
		w.wantKind("the used link", err, fault.Gone)

		// The answers stay until they are handed in or too old: another link can be asked for.
		w.now = w.now.Add(time.Minute)
		w.ok("asking for another link", w.MailLink(w.Context(), d.Email, here))
		again, err := w.follows(d.Email)
		if err != nil || string(again.Answers) != `{"n":2}` {
			w.Errorf("another link: got %+v, %v", again, err)
		}
		out, err := w.Service.StandBy(w.Context(), got.Registration, d, here)
		if err != nil || out.Result != cpd.AwaitsManual {
			w.Fatalf("handing in by the link's visit: got %+v, %v", out, err)
		}
		w.noDrafts("after handing in")
		w.now = w.now.Add(time.Minute)
		w.ok("asking after handing in", w.MailLink(w.Context(), d.Email, here))
		opened, err := w.follows(d.Email)
		if err != nil || opened.Answers != nil || opened.Visitor.Participant != out.Participant {
			w.Errorf("after handing in: got %+v, %v, want the participant and no answers", opened, err)
		}
	})
	eachWorld(t, func(w *world) {
		d := details("Ann")
		id := cpd.NewRegistrationID()
		w.ok("confirming", w.Confirm(w.Context(), id, d.Email))
		w.ok("saving", w.SaveRegistration(w.Context(), id, d.Email, []byte(`{}`), here))
		w.now = w.now.Add(day)
		_, err := w.follows(d.Email)
		w.wantKind("the link after 24 hours", err, fault.Gone)
		w.ok("asking after 24 hours", w.MailLink(w.Context(), d.Email, here))
		if m := w.newest(d.Email); !m.At.Before(w.now) {
			w.Error("a link is mailed to answers that are too old")
		}
		w.work()
		w.noDrafts("after 24 hours")
	})
}

func TestASavedCorrectionIsReachedByItsParticipantsLink(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, _ := w.standBy("Ann")
		ann := details("Ann").Email
		w.now = w.now.Add(time.Minute)
		w.ok("saving", w.SaveCorrection(w.Context(), id, []byte(`{"n":1}`), here))
		got, err := w.follows(ann)
		if want := (cpd.Visitor{Participant: id, Epoch: 1}); err != nil || got.Visitor != want || string(got.Answers) != `{"n":1}` {
			w.Fatalf("the link: got %+v, %v", got, err)
		}
		w.now = w.now.Add(time.Minute)
		w.ok("asking for another link", w.MailLink(w.Context(), ann, here))
		if got, err = w.follows(ann); err != nil || string(got.Answers) != `{"n":1}` {
			w.Errorf("another link: got %+v, %v", got, err)
		}
		_, err = w.Correct(w.Context(), id, details("Bea"), here)
		w.ok("correcting", err)
		w.now = w.now.Add(time.Minute)
		w.ok("asking once more", w.MailLink(w.Context(), ann, here))
		if got, err = w.follows(ann); err != nil || got.Answers != nil {
			w.Errorf("after the correction: got %+v, %v, want no answers", got, err)
		}
	})
}

// What was saved before somebody else's hand-in under the same address leads to the participant.
func TestALinkToAnswersThatWereHandedInSinceLeadsToTheParticipant(t *testing.T) {
	eachWorld(t, func(w *world) {
		d := details("Ann")
		id := cpd.NewRegistrationID()
		w.ok("confirming", w.Confirm(w.Context(), id, d.Email))
		w.ok("saving", w.SaveRegistration(w.Context(), id, d.Email, []byte(`{}`), here))
		token := strings.TrimPrefix(w.newest(d.Email).Link, "https://cpd.example.org"+cpd.ContinuePath+"/")
		p := w.waiting("Ann")
		got, err := w.OpenLink(w.Context(), token)
		if err != nil || got.Visitor.Participant != p || got.Answers != nil {
			w.Errorf("got %+v, %v, want the participant", got, err)
		}
	})
}
