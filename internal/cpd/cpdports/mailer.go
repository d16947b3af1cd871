package cpdports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/notify"
)

// Mailer is cpd.Mailer over GOV.UK Notify. A kind of mail is sent by the
// template of the account that has its name.
type Mailer struct {
	client *notify.Client
	mu     sync.Mutex
	ids    map[cpd.MailKind]string // of the templates; nil until they were listed
}

var _ cpd.Mailer = (*Mailer)(nil)

// NewMailer gives a Mailer.
func NewMailer(client *notify.Client) *Mailer { return &Mailer{client: client} }

// TemplateName is what the template of a kind of mail is called in the account.
func TemplateName(kind cpd.MailKind) string { return "Manage CPD: " + string(kind) }

// Check lists the account's templates and holds them to the mails: Invalid
// names every one that is missing, or that has other placeholders, with which
// no mail could be sent. What is worded otherwise is given by name.
func (m *Mailer) Check(ctx context.Context) (worded []string, err error) {
	templates, err := m.client.EmailTemplates(ctx)
	if err != nil {
		return nil, mailFault(err)
	}
	ids := map[cpd.MailKind]string{}
	var wrong []string
	for _, want := range cpd.MailTemplates() {
		name := TemplateName(want.Kind)
		var same []notify.Template
		for _, t := range templates {
			if t.Name == name {
				same = append(same, t)
			}
		}
		switch {
		case len(same) == 0:
			wrong = append(wrong, fmt.Sprintf("there is no template %q", name))
			continue
		case len(same) > 1:
			wrong = append(wrong, fmt.Sprintf("there are %d templates %q", len(same), name))
			continue
		}
		t := same[0]
		ids[want.Kind] = t.ID
		if places := want.Placeholders(); !slices.Equal(t.Placeholders, places) {
			wrong = append(wrong, fmt.Sprintf("the template %q has the placeholders %s, and needs %s", name, strings.Join(t.Placeholders, ", "), strings.Join(places, ", ")))
		} else if t.Subject != want.Subject || strings.TrimSpace(t.Body) != strings.TrimSpace(want.Body) {
			worded = append(worded, name)
		}
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "The templates in GOV.UK Notify do not fit: "+strings.Join(wrong, "; ")+". traid notify templates prints them.")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids = ids
	return worded, nil
}

// template gives the id of the template of a kind of mail.
func (m *Mailer) template(ctx context.Context, kind cpd.MailKind) (string, error) {
	m.mu.Lock()
	known := m.ids != nil
	id := m.ids[kind]
	m.mu.Unlock()
	if known {
		return id, nil
	}
	if _, err := m.Check(ctx); err != nil { // Notify did not answer at start
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Unavailable) {
			return "", fault.Wrap(fault.Forbidden, "The templates in GOV.UK Notify are not known.", err) // nothing was sent
		}
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[kind], nil
}

// Send sends a mail under its id.
func (m *Mailer) Send(ctx context.Context, mail cpd.Mail) (string, error) {
	template, err := m.template(ctx, mail.Kind)
	if err != nil {
		return "", err
	}
	id, err := m.client.Send(ctx, notify.Email{To: mail.To, Template: template, Reference: mail.ID, Personalisation: mail.Values})
	return id, mailFault(err)
}

// Find looks for a mail that was sent under an id of ours.
func (m *Mailer) Find(ctx context.Context, id string) (string, bool, error) {
	found, err := m.client.ByReference(ctx, id)
	if err != nil || len(found) == 0 {
		return "", false, mailFault(err)
	}
	return found[0].ID, true, nil
}

// Delivery tells what became of a mail that was sent.
func (m *Mailer) Delivery(ctx context.Context, sentID string) (cpd.Delivery, error) {
	n, err := m.client.Notification(ctx, sentID)
	if err != nil {
		return cpd.Delivery{}, mailFault(err)
	}
	switch n.Status {
	case notify.Delivered:
		return cpd.Delivery{State: cpd.MailDelivered}, nil
	case notify.PermanentFailure:
		return cpd.Delivery{State: cpd.MailFailed, Problem: cpd.MailNoSuchInbox}, nil
	case notify.TemporaryFailure:
		return cpd.Delivery{State: cpd.MailFailed, Problem: cpd.MailInboxRefuses}, nil
	case notify.TechnicalFailure:
		return cpd.Delivery{State: cpd.MailFailed, Problem: cpd.MailNotSent}, nil
	}
	return cpd.Delivery{State: cpd.MailSent}, nil
}

// mailFault turns Notify's errors into faults.
func mailFault(err error) error {
	e, ok := errors.AsType[*notify.Error](err)
	if !ok {
		return err
	}
	switch e.Kind {
	case notify.RateLimited, notify.DayLimited:
		return fault.Wrap(fault.TooMany, "GOV.UK Notify takes no more at the moment.", err)
	case notify.Refused:
		return fault.Wrap(fault.Invalid, "GOV.UK Notify refused the email.", err)
	case notify.Missing:
		return fault.Wrap(fault.NotFound, "GOV.UK Notify does not know the email.", err)
	case notify.Credentials:
		return fault.Wrap(fault.Unauthenticated, "GOV.UK Notify refused our key.", err)
	}
	return fault.Wrap(fault.Unavailable, "GOV.UK Notify could not be asked.", err)
}
