package cpdweb_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/webhook"
)

func TestAWebhookOnlyBeginsAPoll(t *testing.T) {
	w := newWorld(t)
	body := []byte(`{"type":"answers.released"}`)
	send := func(body []byte, h http.Header) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/webhooks/tra", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range h {
			req.Header[name] = values
		}
		req.Header.Set("Content-Type", "application/json")
		b := w.browser()
		res, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	sign := func(secret string, at time.Time) http.Header {
		t.Helper()
		h, err := webhook.Sign([]string{secret}, "msg_1", at, body)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	now := w.clock()
	other := "whsec_" + strings.Repeat("QUJD", 11)
	for name, c := range map[string]struct {
		body  []byte
		h     http.Header
		want  int
		polls int
	}{
		"genuine":          {body, sign(webhookSecret, now), 204, 1},
		"another secret":   {body, sign(other, now), 401, 0},
		"another body":     {[]byte(`{}`), sign(webhookSecret, now), 401, 0},
		"not signed":       {body, nil, 401, 0},
		"too old":          {body, sign(webhookSecret, now.Add(-6*time.Minute)), 400, 0},
		"old, not genuine": {body, sign(other, now.Add(-6*time.Minute)), 401, 0},
		"too large":        {bytes.Repeat([]byte("x"), 20_000), sign(webhookSecret, now), 413, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := send(c.body, c.h); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
			if len(w.polls) != c.polls {
				t.Errorf("%d polls began, want %d", len(w.polls), c.polls)
			}
			for len(w.polls) > 0 {
				<-w.polls
			}
		})
	}
}
