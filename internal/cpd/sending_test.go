package cpd_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

// mailer is a sending system: what it was given, by our ids, and what goes wrong.
type mailer struct {
	sent     []cpd.Mail
	fails    error // nothing is done
	deaf     bool  // it is done, and the answer is lost
	lags     int   // so many look-ups find nothing yet
	looked   int
	delivery cpd.Delivery
	asked    int
}

func (m *mailer) Send(_ context.Context, x cpd.Mail) (string, error) {
	if m.fails != nil {
		return "", m.fails
	}
	m.sent = append(m.sent, x)
	if m.deaf {
		return "", errDown
	}
	return "sent " + x.ID, nil
}

func (m *mailer) Find(_ context.Context, id string) (string, bool, error) {
	m.looked++
	if m.lags > 0 {
		m.lags--
		return "", false, nil
	}
	for _, x := range m.sent {
		if x.ID == id {
			return "sent " + id, true, nil
		}
	}
	return "", false, nil
}

func (m *mailer) Delivery(context.Context, string) (cpd.Delivery, error) {
	m.asked++
	return m.delivery, nil
}

// eachPost is a world that sends its mails.
func eachPost(t *testing.T, test func(w *world, m *mailer)) {
	t.Helper()
	eachWorld(t, func(w *world) {
		m := &mailer{delivery: cpd.Delivery{State: cpd.MailSent}}
		w.begin(cpd.Options{Mailer: m})
		test(w, m)
	})
}

func (w *world) mailIs(id cpd.ParticipantID, state cpd.MailState, problem string) cpd.Message {
	w.Helper()
	messages := w.story(id).Messages
	m := messages[len(messages)-1]
	if m.State != state || m.Problem != problem {
		w.Errorf("the mail is %s, %q, want %s, %q", m.State, m.Problem, state, problem)
	}
	return m
}

func TestAMailIsSentOnceAndFollowed(t *testing.T) {
	eachPost(t, func(w *world, m *mailer) {
		id := w.matched("Ann", trn("0000001"))
		w.mailIs(id, cpd.MailWaiting, "")
		w.work()
		w.work()
		sent := w.mailIs(id, cpd.MailSent, "")
		if len(m.sent) != 1 || m.sent[0].ID != sent.ID || m.sent[0].To != "ann@example.org" || m.sent[0].Values["reference"] == "" {
			w.Errorf("sent %+v, want the mail once", m.sent)
		}
		w.pass(time.Minute)
		m.delivery = cpd.Delivery{State: cpd.MailDelivered}
		w.pass(10 * time.Minute)
		w.mailIs(id, cpd.MailDelivered, "")
		asked := m.asked
		w.pass(3 * day)
		if m.asked != asked {
			w.Error("a delivered mail is asked for")
		}
	})
}

func TestAMailWhoseSendingHasNoKnownResultIsLookedForBeforeItIsSentAgain(t *testing.T) {
	eachPost(t, func(w *world, m *mailer) {
		m.deaf, m.lags = true, 1
		id := w.matched("Ann", trn("0000001"))
		w.work()
		w.mailIs(id, cpd.MailWaiting, "unavailable")
		m.deaf = false
		w.pass(time.Minute)
		w.mailIs(id, cpd.MailWaiting, "unavailable")
		w.pass(2 * time.Minute)
		w.mailIs(id, cpd.MailSent, "")
		if len(m.sent) != 1 || m.looked != 2 {
			w.Errorf("sent %d times and looked for %d times, want once and twice", len(m.sent), m.looked)
		}
	})
	eachPost(t, func(w *world, m *mailer) { // it was never sent
		m.fails = errDown
		id := w.matched("Ann", trn("0000001"))
		w.work()
		m.fails = nil
		w.pass(time.Minute)
		w.pass(2 * time.Minute)
		if len(m.sent) != 0 {
			w.Error("it is sent again before it was looked for three times")
		}
		w.pass(2 * time.Minute)
		w.mailIs(id, cpd.MailSent, "")
		if len(m.sent) != 1 || m.looked != 3 {
			w.Errorf("sent %d times and looked for %d times, want once and three times", len(m.sent), m.looked)
		}
	})
}

func TestAMailThatIsNotTakenIsSentLaterOrFails(t *testing.T) {
	eachPost(t, func(w *world, m *mailer) {
		for i, kind := range []fault.Kind{fault.TooMany, fault.Unauthenticated} {
			m.fails = fault.New(kind, "Not now.")
			id := w.matched([]string{"Ann", "Bob"}[i], []person.TRN{trn("0000001"), trn("0000002")}[i])
			w.work()
			w.mailIs(id, cpd.MailWaiting, kind.String())
			m.fails = nil
			w.pass(2 * time.Minute)
			w.mailIs(id, cpd.MailSent, "")
		}
		if m.looked != 0 {
			w.Error("what was not taken was looked for")
		}
		m.fails = fault.New(fault.Invalid, "No.")
		id := w.matched("Cat", trn("0000003"))
		w.work()
		w.mailIs(id, cpd.MailFailed, cpd.MailRefused)
	})
}

func TestWhatIsUsedOnceIsNotSentTooLateNorKept(t *testing.T) {
	eachPost(t, func(w *world, m *mailer) {
		ann := details("Ann").Email
		id := cpd.NewRegistrationID()
		w.ok("asking for a code", w.SendCode(w.Context(), id, ann, here))
		if seen := w.newest(ann); seen.Code != "" {
			w.Error("an administrator reads a code that is to be sent")
		}
		w.work()
		code := m.sent[0].Values["code"]
		if len(code) != 6 {
			w.Fatalf("sent %+v, want the code", m.sent[0])
		}
		var kept string
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT code || link FROM messages`).Scan(&kept); err != nil || kept != "" {
			w.Errorf("%q is kept of a mail that was sent, %v", kept, err)
		}
		if _, err := w.ConfirmEmail(w.Context(), id, ann, code); err != nil {
			w.Errorf("the sent code: %v", err)
		}
		m.fails = fault.New(fault.TooMany, "Not now.")
		w.now = w.now.Add(time.Minute)
		w.ok("asking for a code", w.SendCode(w.Context(), cpd.NewRegistrationID(), ann, here))
		w.work()
		m.fails = nil
		w.now = w.now.Add(15 * time.Minute)
		w.work()
		if late := w.newest(ann); late.State != cpd.MailFailed || late.Problem != cpd.MailTooOld || len(m.sent) != 1 {
			w.Errorf("a code that is too old is %s, %q, and %d mails were sent", late.State, late.Problem, len(m.sent))
		}
	})
	eachPost(t, func(w *world, m *mailer) { // a link is good after it was sent
		id, _ := w.standBy("Ann")
		w.now = w.now.Add(time.Minute)
		w.ok("asking for a link", w.MailLink(w.Context(), details("Ann").Email, here))
		w.work()
		link := m.sent[len(m.sent)-1].Values["link"]
		got, err := w.OpenLink(w.Context(), strings.TrimPrefix(link, "https://cpd.example.org"+cpd.ContinuePath+"/"))
		if err != nil || got.Visitor.Participant != id {
			w.Errorf("the link %q: got %+v, %v", link, got, err)
		}
	})
}
