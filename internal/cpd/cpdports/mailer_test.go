package cpdports_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdports"
	"traid/internal/fault"
	"traid/internal/notify"
	"traid/internal/notify/notifytest"
)

// account is a Notify account that has every template as it should be.
func account() []notifytest.Template {
	var out []notifytest.Template
	for i, t := range cpd.MailTemplates() {
		out = append(out, notifytest.Template{
			ID:   "f33517ff-2a88-4f6e-b855-c550268ce0" + string("0123456789abcdef"[i/16]) + string("0123456789abcdef"[i%16]),
			Name: cpdports.TemplateName(t.Kind), Subject: t.Subject, Body: t.Body,
		})
	}
	return out
}

func newMailer(t *testing.T) (*cpdports.Mailer, *notifytest.Server) {
	t.Helper()
	server := notifytest.New(t, time.Now, account()...)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := notify.New(notify.Options{Key: notifytest.Key, BaseURL: server.URL, HTTP: transport})
	if err != nil {
		t.Fatal(err)
	}
	return cpdports.NewMailer(client), server
}

func TestTheTemplatesAreListedAndChecked(t *testing.T) {
	m, server := newMailer(t)
	if worded, err := m.Check(t.Context()); err != nil || len(worded) != 0 {
		t.Errorf("as they should be: got %v, %v", worded, err)
	}
	change := func(do func(t []notifytest.Template) []notifytest.Template) ([]string, error) {
		server.SetTemplates(do(account())...)
		return m.Check(t.Context())
	}
	worded, err := change(func(t []notifytest.Template) []notifytest.Template { t[0].Body = "Type ((code))"; return t })
	if err != nil || len(worded) != 1 || worded[0] != "Manage CPD: code" {
		t.Errorf("another wording: got %v, %v", worded, err)
	}
	for what, do := range map[string]func(t []notifytest.Template) []notifytest.Template{
		`there is no template "Manage CPD: code"`:                           func(t []notifytest.Template) []notifytest.Template { return t[1:] },
		`there are 2 templates "Manage CPD: code"`:                          func(t []notifytest.Template) []notifytest.Template { return append(t, t[0]) },
		`"Manage CPD: code" has the placeholders , and needs code`:          func(t []notifytest.Template) []notifytest.Template { t[0].Body = "Type it"; return t },
		`"Manage CPD: code" has the placeholders code, trn, and needs code`: func(t []notifytest.Template) []notifytest.Template { t[0].Body = "((code)) ((trn))"; return t },
	} {
		if _, err := change(do); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want that %s", err, what)
		}
	}
	server.Meets(notifytest.Down, 1)
	if _, err := m.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Notify is down: got %v", err)
	}
}

func TestAMailGoesByItsTemplateUnderItsID(t *testing.T) {
	m, server := newMailer(t)
	mail := cpd.Mail{ID: "m1", Kind: "code", To: "ann@example.org", Values: map[string]string{"code": "012345"}}
	server.Meets(notifytest.Down, 1) // the templates are not known yet
	if _, err := m.Send(t.Context(), mail); err == nil || fault.Is(err, fault.Unavailable) {
		t.Errorf("without templates: got %v, want that it was not sent", err)
	}
	id, err := m.Send(t.Context(), mail)
	if err != nil {
		t.Fatal(err)
	}
	sent := server.Emails()
	if len(sent) != 1 || sent[0].Template != "Manage CPD: code" || sent[0].Reference != "m1" || !strings.HasSuffix(sent[0].Body, "012345") {
		t.Errorf("sent %+v", sent)
	}
	if got, there, err := m.Find(t.Context(), "m1"); err != nil || !there || got != id {
		t.Errorf("found %q, %v, %v", got, there, err)
	}
	if _, there, err := m.Find(t.Context(), "m2"); err != nil || there {
		t.Errorf("found what was not sent: %v", err)
	}
	for status, want := range map[string]cpd.Delivery{
		"created": {State: cpd.MailSent}, "sending": {State: cpd.MailSent}, "delivered": {State: cpd.MailDelivered},
		"permanent-failure": {State: cpd.MailFailed, Problem: cpd.MailNoSuchInbox},
		"temporary-failure": {State: cpd.MailFailed, Problem: cpd.MailInboxRefuses},
		"technical-failure": {State: cpd.MailFailed, Problem: cpd.MailNotSent},
	} {
		server.Set("m1", status)
		if got, err := m.Delivery(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", status, got, err, want)
		}
	}
	for trouble, kind := range map[string]fault.Kind{
		notifytest.LoseAnswer: fault.Unavailable, notifytest.Down: fault.Unavailable, notifytest.RateLimit: fault.TooMany, notifytest.DayLimit: fault.TooMany,
	} {
		server.Meets(trouble, 1)
		if _, err := m.Send(t.Context(), mail); !fault.Is(err, kind) {
			t.Errorf("%s: got %v, want %s", trouble, err, kind)
		}
	}
	mail.To = "ann"
	if _, err := m.Send(t.Context(), mail); !fault.Is(err, fault.Invalid) {
		t.Errorf("no address: got %v", err)
	}
	if _, err := m.Delivery(t.Context(), "740e5834-3a29-46b4-9a6f-16142fde533a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown one: got %v", err)
	}
}
