package cpd

import (
	"context"
	"time"

	"traid/internal/fault"
)

// MailState is what became of a mail.
type MailState string

// The states of a mail.
const (
	MailInOutbox  MailState = "outbox"  // nothing sends it: it is read in the outbox
	MailWaiting   MailState = "waiting" // to be sent, or sent without a known result
	MailSent      MailState = "sent"
	MailDelivered MailState = "delivered"
	MailFailed    MailState = "failed"
)

// What a mail failed by, beside the kinds of fault that keep it waiting.
const (
	MailTooOld       = "too_old"       // what it held could no longer be used, or nobody knows whether it was sent
	MailRefused      = "refused"       // by the sending system
	MailNoSuchInbox  = "no_such_inbox" // the address is wrong
	MailInboxRefuses = "inbox_refuses" // full, or taken for spam
	MailNotSent      = "not_sent"      // a defect on the way
)

// Mailer sends mails. Errors are faults: Unavailable says that a mail may have
// been sent; after every other one it was not. Invalid: it never will be.
type Mailer interface {
	// Send sends a mail under its id. It may be sent twice when it is called twice.
	Send(ctx context.Context, m Mail) (sentID string, err error)
	// Find looks for a mail that was sent under an id of ours.
	Find(ctx context.Context, id string) (sentID string, found bool, err error)
	// Delivery tells what became of a mail that was sent: MailSent while it is
	// on its way; NotFound when that is not known any more.
	Delivery(ctx context.Context, sentID string) (Delivery, error)
}

// Mail is a mail as it is sent.
type Mail struct {
	ID     string
	Kind   MailKind
	To     string
	Values map[string]string // for the template's places, link and code included
}

// Delivery is what became of a mail that was sent.
type Delivery struct {
	State   MailState
	Problem string // with MailFailed
}

// Sending is a mail with how far sending it has come.
type Sending struct {
	Message
	SecretEndsAt time.Time // of what it holds that is used once; zero: it holds nothing, or that is over
	TriedAt      time.Time // of the first try whose result is not known; zero: there is none
	Looked       int64     // how often it was looked for in vain since
	SentID       string    // the sending system's id
}

// Bounds of sending.
const (
	// looksBeforeAgain is how often a mail whose sending has no known result is
	// looked for in vain before it is sent again: over five minutes, since a
	// sending system may list a mail a while after it took it.
	looksBeforeAgain = 3
	// longestDoubt is for how long a mail in doubt is sent again: well within the
	// time for which it can be looked for.
	longestDoubt = 3 * 24 * time.Hour
	// providerTries is for how long a mail that was sent may be on its way.
	providerTries = 73 * time.Hour
)

// deliveryAfter is when to ask what became of a mail, after an attempt counted from one.
func deliveryAfter(attempts int64) time.Duration {
	waits := [...]time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	return waits[min(max(attempts, 1), int64(len(waits)))-1]
}

// SendMail sends a mail, once, and then asks what became of it. It does nothing
// when that is not due. A mail whose sending has no known result is looked for
// by its id before it is sent again.
func (s *Service) SendMail(ctx context.Context, id string) error {
	if s.o.Mailer == nil {
		return nil
	}
	var task Task
	var m Sending
	send, due := false, false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		send = false
		if task, due, err = tx.Lease(ctx, TaskMail, id, now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		var held bool
		if m, held, err = found(tx.Sending(ctx, id)); err != nil {
			return err
		}
		over := !held || m.State != MailWaiting && m.State != MailSent
		if held && m.State == MailWaiting && (m.holdsWhatIsOver(now) || !m.TriedAt.IsZero() && now.Sub(m.TriedAt) > longestDoubt) {
			over = true
			if err := s.became(ctx, tx, &m, MailFailed, MailTooOld); err != nil {
				return err
			}
		}
		if over {
			due = false
			return tx.FinishTask(ctx, task)
		}
		if send = m.State == MailWaiting && (m.TriedAt.IsZero() || m.Looked >= looksBeforeAgain); send {
			if m.TriedAt.IsZero() {
				m.TriedAt = now // before it is sent: whoever sends it may die
			}
			m.Looked = 0
			return tx.SaveSending(ctx, m)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	switch {
	case m.State == MailSent:
		return s.askDelivery(ctx, task, m)
	case send:
		return s.send(ctx, task, m)
	}
	return s.lookForMail(ctx, task, m)
}

// holdsWhatIsOver tells whether a mail is about a link or a code that can no
// longer be used.
func (m Sending) holdsWhatIsOver(now time.Time) bool {
	t, err := templateOf(m.Kind)
	if err != nil || !t.secret() {
		return false
	}
	return m.Link == "" && m.Code == "" || !m.SecretEndsAt.After(now)
}

func (s *Service) send(ctx context.Context, task Task, m Sending) error {
	values := map[string]string{}
	for name, value := range m.Values {
		values[name] = value
	}
	if m.Link != "" {
		values["link"] = m.Link
	}
	if m.Code != "" {
		values["code"] = m.Code
	}
	sentID, sendErr := s.o.Mailer.Send(ctx, Mail{ID: m.ID, Kind: m.Kind, To: m.To, Values: values})
	if sendErr != nil && ctx.Err() != nil {
		return sendErr
	}
	return s.mailChanged(ctx, task, func(ctx context.Context, tx Tx, m *Sending) (time.Duration, error) {
		switch fault.KindOf(sendErr) {
		case fault.Invalid:
			return 0, s.became(ctx, tx, m, MailFailed, MailRefused)
		case fault.Unavailable:
			m.Problem = fault.Unavailable.String()
			return fault.RetryAfter(1), tx.SaveSending(ctx, *m)
		}
		if sendErr != nil { // it was not sent
			s.o.Logger.WarnContext(ctx, "a mail was not sent", "mail", m.ID, "mail_kind", string(m.Kind), "kind", fault.KindOf(sendErr).String(), "error", sendErr)
			m.TriedAt, m.Problem = time.Time{}, fault.KindOf(sendErr).String()
			return fault.RetryAfter(task.Attempts), tx.SaveSending(ctx, *m)
		}
		return deliveryAfter(1), s.wasSent(ctx, tx, m, sentID)
	})
}

// lookForMail looks for a mail whose sending has no known result.
func (s *Service) lookForMail(ctx context.Context, task Task, m Sending) error {
	sentID, there, findErr := s.o.Mailer.Find(ctx, m.ID)
	if findErr != nil && ctx.Err() != nil {
		return findErr
	}
	return s.mailChanged(ctx, task, func(ctx context.Context, tx Tx, m *Sending) (time.Duration, error) {
		switch {
		case findErr != nil: // looking failed, which says nothing
			m.Problem = fault.KindOf(findErr).String()
			return fault.RetryAfter(task.Attempts), tx.SaveSending(ctx, *m)
		case there:
			return deliveryAfter(1), s.wasSent(ctx, tx, m, sentID)
		}
		m.Looked++
		wait := 2 * time.Minute
		if m.Looked >= looksBeforeAgain {
			wait = 0
		}
		return wait, tx.SaveSending(ctx, *m)
	})
}

func (s *Service) askDelivery(ctx context.Context, task Task, m Sending) error {
	d, askErr := s.o.Mailer.Delivery(ctx, m.SentID)
	if askErr != nil && ctx.Err() != nil {
		return askErr
	}
	return s.mailChanged(ctx, task, func(ctx context.Context, tx Tx, m *Sending) (time.Duration, error) {
		switch {
		case askErr == nil && (d.State == MailDelivered || d.State == MailFailed):
			return 0, s.became(ctx, tx, m, d.State, d.Problem)
		case fault.Is(askErr, fault.NotFound), s.now().Sub(m.StateAt) > providerTries:
			return 0, nil // what became of it will not be known
		}
		return deliveryAfter(task.Attempts), nil
	})
}

// mailChanged changes a mail in a transaction and says when to look at it
// again; with nothing to wait for its task is finished, unless it is to be sent
// again at once.
func (s *Service) mailChanged(ctx context.Context, task Task, change func(ctx context.Context, tx Tx, m *Sending) (time.Duration, error)) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		m, held, err := found(tx.Sending(ctx, task.Subject))
		if err != nil {
			return err
		}
		if !held {
			return tx.FinishTask(ctx, task)
		}
		wait, err := change(ctx, tx, &m)
		if err != nil {
			return err
		}
		if wait == 0 && m.State != MailWaiting {
			return tx.FinishTask(ctx, task)
		}
		return tx.DelayTask(ctx, task, s.now().Add(wait))
	})
}

// wasSent stores that a mail was sent. What it holds that is used once is the
// person's from now on, and not kept here.
func (s *Service) wasSent(ctx context.Context, tx Tx, m *Sending, sentID string) error {
	m.SentID = sentID
	return s.became(ctx, tx, m, MailSent, "")
}

func (s *Service) became(ctx context.Context, tx Tx, m *Sending, state MailState, problem string) error {
	if state == MailFailed {
		s.o.Logger.WarnContext(ctx, "a mail failed", "mail", m.ID, "mail_kind", string(m.Kind), "problem", problem)
	}
	m.State, m.StateAt, m.Problem, m.Link, m.Code = state, s.now(), problem, "", ""
	return tx.SaveSending(ctx, *m)
}

// shown is a mail as administrators see it: what is used once stands in it only
// where nothing sends it.
func (m Message) shown() Message {
	if m.State != MailInOutbox {
		m.Link, m.Code = "", ""
	}
	return m
}
