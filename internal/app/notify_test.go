package app

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdports"
	"traid/internal/notify/notifytest"
)

// TestTheTemplatesAreCheckedAtStart has a start refused by templates that no
// mail could be sent by, and not by a Notify that does not answer.
func TestTheTemplatesAreCheckedAtStart(t *testing.T) {
	var out, errs bytes.Buffer
	env := map[string]string{setData: t.TempDir(), setLogLevel: "warn", setNotifyKey: notifytest.Key}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	getenv := func(name string) string { return env[name] }
	if code := Run(t.Context(), []string{"notify", "templates"}, getenv, &out, &errs); code != exitOK {
		t.Fatalf("notify templates: exit %d, %s", code, errs.String())
	}
	var templates []notifytest.Template
	for _, each := range cpd.MailTemplates() {
		name := cpdports.TemplateName(each.Kind)
		if !strings.Contains(out.String(), name) || !strings.Contains(out.String(), each.Body) {
			t.Errorf("it does not print %s", name)
		}
		templates = append(templates, notifytest.Template{ID: name, Name: name, Subject: each.Subject, Body: each.Body})
	}
	server := notifytest.New(t, time.Now, templates...)
	env[setNotifyURL] = server.URL
	opens := func() error {
		h, err := Open(t.Context(), getenv, time.Now, t.Output())
		if err == nil {
			err = h.Close()
		}
		return err
	}
	if err := opens(); err != nil {
		t.Errorf("with its templates it does not start: %v", err)
	}
	server.Meets(notifytest.Down, 1)
	if err := opens(); err != nil {
		t.Errorf("without an answer it does not start: %v", err)
	}
	out.Reset()
	if code := Run(t.Context(), []string{"notify", "check"}, getenv, &out, &errs); code != exitOK || !strings.Contains(out.String(), "Every mail has its template") {
		t.Errorf("notify check: exit %d, %s%s", code, out.String(), errs.String())
	}
	server.SetTemplates(templates[1:]...)
	if err := opens(); err == nil || !strings.Contains(err.Error(), templates[0].Name) {
		t.Errorf("without a template: got %v, want that it is named", err)
	}
	errs.Reset()
	if code := Run(t.Context(), []string{"notify", "check"}, getenv, &out, &errs); code != exitError || !strings.Contains(errs.String(), templates[0].Name) {
		t.Errorf("notify check without a template: exit %d, %s", code, errs.String())
	}
	env[setNotifyKey] = "no key"
	if code := Run(t.Context(), []string{"config"}, getenv, &out, &errs); code != exitUsage {
		t.Errorf("what is no key: exit %d", code)
	}
}
