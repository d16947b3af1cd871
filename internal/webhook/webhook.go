// Package webhook signs and verifies webhooks by the Standard Webhooks
// specification (https://www.standardwebhooks.com), version 1.0.0, with shared
// secrets (v1), and guards who sends them to URLs that others chose. It neither
// sends nor receives them, and keeps no ids: a receiver for whom a repetition
// matters remembers webhook-id itself.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
)

// The headers that a signed webhook carries.
const (
	IDHeader        = "webhook-id"
	TimestampHeader = "webhook-timestamp"
	SignatureHeader = "webhook-signature"
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
	skew         = 5 * time.Minute // what the reference libraries tolerate

	// The specification's bounds of a secret, in bytes.
	minKey = 24
	maxKey = 64
)

// Sign gives the three headers of a webhook with exactly this body, signed with
// each of the secrets: several while one takes the place of another. The id
// stays the same however often it is sent; at is the time of this attempt.
func Sign(secrets []string, id string, at time.Time, body []byte) (http.Header, error) {
	if len(secrets) == 0 {
		return nil, errors.New("webhook: there is no secret to sign with")
	}
	if !goodID(id) {
		return nil, errors.New("webhook: an id is neither empty nor has a full stop")
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		key, err := keyOf(secret)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, version+base64.StdEncoding.EncodeToString(sum(key, id, stamp, body)))
	}
	h := http.Header{}
	h.Set(IDHeader, id)
	h.Set(TimestampHeader, stamp)
	h.Set(SignatureHeader, strings.Join(signatures, " "))
	return h, nil
}

// Verify tells whether one of the signatures was made with one of the secrets
// within five minutes of now: fault.Unauthenticated when not. Secrets are
// several while one takes the place of another; that they are unusable is
// another error.
func Verify(secrets []string, headers http.Header, body []byte, now time.Time) error {
	var keys [][]byte
	for _, s := range secrets {
		key, err := keyOf(s)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return errors.New("webhook: there is no secret to verify with")
	}
	id, stamp := headers.Get(IDHeader), headers.Get(TimestampHeader)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || !goodID(id) {
		return fault.New(fault.Unauthenticated, "The webhook's headers are missing or malformed.")
	}
	if at := time.Unix(seconds, 0); at.Before(now.Add(-skew)) || at.After(now.Add(skew)) {
		return fault.New(fault.Unauthenticated, "The webhook's timestamp is too far from now.")
	}
	for one := range strings.FieldsSeq(headers.Get(SignatureHeader)) {
		encoded, ok := strings.CutPrefix(one, version)
		if !ok {
			continue // of another version
		}
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue
		}
		for _, key := range keys {
			if hmac.Equal(signature, sum(key, id, stamp, body)) {
				return nil
			}
		}
	}
	return fault.New(fault.Unauthenticated, "The webhook's signature is not right.")
}

// goodID tells whether an id cannot be mistaken for another with a timestamp behind it.
func goodID(id string) bool { return id != "" && !strings.Contains(id, ".") }

func sum(key []byte, id, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// CheckSecret tells what is wrong with a secret, without repeating it.
func CheckSecret(secret string) error {
	_, err := keyOf(secret)
	return err
}

func keyOf(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("webhook: a secret is %s and %d to %d bytes in base64", secretPrefix, minKey, maxKey)
	}
	return key, nil
}
