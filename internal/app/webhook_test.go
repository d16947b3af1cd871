package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd/cpdweb"
	"traid/internal/tra"
)

// TestManageCPDAsksToBeTold starts everything, also with two secrets, and has
// the TRA API tell Manage CPD something.
func TestManageCPDAsksToBeTold(t *testing.T) {
	const two = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for secrets, want := range map[string]int{"": 1, two: 2} {
		env := map[string]string{setData: t.TempDir(), setLogLevel: "error", setWebhookKey: secrets}
		for _, name := range addrOf {
			env[name] = "127.0.0.1:0"
		}
		h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		w, err := h.sys.tra.Webhook(t.Context(), clientCPD)
		if err != nil || w.URL != h.URL("cpd")+cpdweb.WebhookPath || len(w.Secrets) != want {
			t.Errorf("got %s with %d secrets, %v; want Manage CPD's address and %d", w.URL, len(w.Secrets), err, want)
		}
		if d, err := h.sys.tra.PingWebhook(t.Context(), clientCPD); err != nil || d.Status != tra.DeliveryDone || d.LastAnswer != http.StatusNoContent {
			t.Errorf("a ping: %+v %v", d, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingElseHereCanBeToldByAClient(t *testing.T) {
	env := map[string]string{setData: t.TempDir(), setLogLevel: "error"}
	for _, name := range addrOf {
		env[name] = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), func(name string) string { return env[name] }, time.Now, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	secret := []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	for _, service := range []string{"dqt", "desk", "tra"} {
		url := h.URL(service) + "/metrics"
		if _, _, err := h.sys.tra.RegisterWebhook(t.Context(), "a-client", url, secret); err != nil {
			continue // refused at once
		}
		if d, err := h.sys.tra.PingWebhook(t.Context(), "a-client"); err != nil || d.Status != tra.DeliveryFailed || d.LastAnswer != 0 || strings.Contains(d.LastError, service) {
			t.Errorf("%s: a ping: %+v %v", service, d, err)
		}
	}
}
