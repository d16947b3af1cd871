package app

import (
	"context"
	"fmt"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdports"
	"traid/internal/fault"
	"traid/internal/notify"
)

// mailer gives what sends Manage CPD's mails; nil where no account is set, and
// they stay in the outbox. Templates by which no mail could be sent refuse the
// start; Notify that does not answer does not.
func (p *program) mailer(ctx context.Context) (cpd.Mailer, error) {
	if p.settings.get(setNotifyKey) == "" || p.openOutbox { // a demonstration writes to nobody
		return nil, nil
	}
	m, worded, err := p.checkedMailer(ctx)
	if fault.Is(err, fault.Invalid) {
		return nil, err
	}
	if err != nil {
		p.logger.Warn("the templates in GOV.UK Notify could not be checked: that is done before the first mail", "error", err)
	}
	for _, name := range worded {
		p.logger.Warn("a template in GOV.UK Notify is worded otherwise than the mail", "template", name)
	}
	return m, nil
}

func (p *program) checkedMailer(ctx context.Context) (m *cpdports.Mailer, worded []string, err error) {
	client, err := notify.New(notify.Options{Key: p.settings.get(setNotifyKey), BaseURL: p.settings.get(setNotifyURL)})
	if err != nil {
		return nil, nil, fault.Wrap(fault.Invalid, setNotifyKey+" is wrong.", err)
	}
	m = cpdports.NewMailer(client)
	worded, err = m.Check(ctx)
	return m, worded, err
}

// checkNotify holds the account's templates to the mails.
func (p *program) checkNotify(ctx context.Context) error {
	if p.settings.get(setNotifyKey) == "" {
		return fault.New(fault.Invalid, "No account is set: "+setNotifyKey+" is empty, and mails are read in the outbox.")
	}
	_, worded, err := p.checkedMailer(ctx)
	if err != nil {
		return err
	}
	for _, name := range worded {
		fmt.Fprintf(p.stdout, "The template %q is worded otherwise than the mail. See that it says nothing of alerts, nor why a check failed.\n", name)
	}
	fmt.Fprintln(p.stdout, "Every mail has its template.")
	return nil
}

// notifyTemplates prints the templates that the account needs.
func (p *program) notifyTemplates() error {
	for _, t := range cpd.MailTemplates() {
		if _, err := fmt.Fprintf(p.stdout, "Template name: %s\nSubject: %s\nMessage:\n\n%s\n\n----\n\n", cpdports.TemplateName(t.Kind), t.Subject, t.Body); err != nil {
			return err
		}
	}
	return nil
}
