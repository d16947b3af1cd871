package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/webhook"
)

// The example of the specification's own reference libraries
// (github.com/standard-webhooks/standard-webhooks, libraries/go/webhook_test.go
// at 449485c, TestWebhookSign). OpenSSL agrees:
//
//	printf '%s.%s.%s' "$id" "$timestamp" "$body" |
//	  openssl dgst -sha256 -mac HMAC -macopt hexkey:"$(printf %s "${secret#whsec_}" | base64 -d | xxd -p -c99)" -binary | base64
const (
	secret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	timestamp = 1614265330
	body      = `{"test": 2432232314}`
	signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

const otherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

var sent = time.Unix(timestamp, 0)

func TestSignsThePublishedExample(t *testing.T) {
	h, err := webhook.Sign([]string{secret}, id, sent, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"webhook-id": id, "webhook-timestamp": "1614265330", "webhook-signature": signature,
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func headers(id, timestamp, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", signature)
	return h
}

func TestVerifies(t *testing.T) {
	const stamp = "1614265330"
	wrong := "v1," + strings.Repeat("A", 43) + "="
	for name, c := range map[string]struct {
		secrets []string
		headers http.Header
		body    string
		now     time.Time
		good    bool
	}{
		"the published example":              {[]string{secret}, headers(id, stamp, signature), body, sent, true},
		"five minutes late":                  {[]string{secret}, headers(id, stamp, signature), body, sent.Add(5 * time.Minute), true},
		"five minutes early":                 {[]string{secret}, headers(id, stamp, signature), body, sent.Add(-5 * time.Minute), true},
		"the second of two signatures":       {[]string{secret}, headers(id, stamp, wrong+" "+signature), body, sent, true},
		"beside a signature of another kind": {[]string{secret}, headers(id, stamp, "v1a,AAAA "+signature), body, sent, true},
		"beside a broken signature":          {[]string{secret}, headers(id, stamp, "v1,*** "+signature), body, sent, true},
		"with the second of two secrets":     {[]string{otherSecret, secret}, headers(id, stamp, signature), body, sent, true},

		"later than five minutes":   {[]string{secret}, headers(id, stamp, signature), body, sent.Add(5*time.Minute + time.Second), false},
		"earlier than five minutes": {[]string{secret}, headers(id, stamp, signature), body, sent.Add(-5*time.Minute - time.Second), false},
		"another body":              {[]string{secret}, headers(id, stamp, signature), body + " ", sent, false},
		"another id":                {[]string{secret}, headers("msg_other", stamp, signature), body, sent, false},
		"another timestamp":         {[]string{secret}, headers(id, "1614265331", signature), body, sent, false},
		"another secret":            {[]string{otherSecret}, headers(id, stamp, signature), body, sent, false},
		"another signature":         {[]string{secret}, headers(id, stamp, wrong), body, sent, false},
		"as another version":        {[]string{secret}, headers(id, stamp, "v2"+strings.TrimPrefix(signature, "v1")), body, sent, false},
		"no signature":              {[]string{secret}, headers(id, stamp, ""), body, sent, false},
		"an empty signature":        {[]string{secret}, headers(id, stamp, "v1,"), body, sent, false},
		"no id":                     {[]string{secret}, headers("", stamp, signature), body, sent, false},
		"no timestamp":              {[]string{secret}, headers(id, "", signature), body, sent, false},
		"a timestamp in words":      {[]string{secret}, headers(id, "2021-02-25T15:02:10Z", signature), body, sent, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := webhook.Verify(c.secrets, c.headers, []byte(c.body), c.now)
			if (err == nil) != c.good || err != nil && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("got %v, want it good: %t", err, c.good)
			}
		})
	}
}

// A full stop in an id would let a timestamp slip into it.
func TestAnIDHasNoFullStop(t *testing.T) {
	if h, err := webhook.Sign([]string{secret}, "a.1", sent, []byte(body)); err == nil {
		t.Errorf("it was signed: %v", h)
	}
	h, err := webhook.Sign([]string{secret}, "a", sent, []byte("1614265330.rest"))
	if err != nil {
		t.Fatal(err)
	}
	h.Set("webhook-id", "a.1614265330")
	if err := webhook.Verify([]string{secret}, h, []byte("rest"), sent); err == nil {
		t.Error("the beginning of the body was taken for the timestamp")
	}
}

func TestUnusableSecretsAreNoRefusal(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none":             nil,
		"without a prefix": {strings.TrimPrefix(secret, "whsec_")},
		"not base64":       {"whsec_***"},
		"too short":        {"whsec_AAECAwQF"},
		"too long":         {"whsec_" + strings.Repeat("AAAA", 22)},
		"one of two":       {secret, "whsec_"},
	} {
		t.Run(name, func(t *testing.T) {
			err := webhook.Verify(secrets, headers(id, "1614265330", signature), []byte(body), sent)
			if err == nil || fault.KindOf(err) != fault.Internal {
				t.Errorf("got %v, want an error that is no refusal", err)
			}
			for _, s := range secrets {
				if len(s) > 10 && strings.Contains(err.Error(), s) {
					t.Errorf("the error repeats a secret: %v", err)
				}
			}
		})
	}
	if _, err := webhook.Sign([]string{secret, "whsec_AAECAwQF"}, id, sent, []byte(body)); err == nil {
		t.Error("signed with a secret that is too short")
	}
}
