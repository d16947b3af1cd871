package cpd

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// The windows that checks are counted in.
const (
	personWindow  = 24 * time.Hour
	addressWindow = time.Hour
)

var errTooMany = fault.New(fault.TooMany, "You have tried too many times. Try again later.")

// countCheck counts one check against everything that it can be counted by,
// and refuses it with TooMany above a limit: the person named, the email
// address and the network address. Keys are hashes under a secret.
func (s *Service) countCheck(ctx context.Context, d Details, from string) error {
	now := s.now()
	type counter struct {
		key    string
		window time.Duration
		most   int
	}
	counters := []counter{}
	if from != "" {
		counters = append(counters, counter{s.hash("address", from), addressWindow, s.o.ChecksPerAddress})
	}
	if !d.DateOfBirth.IsZero() {
		counters = append(counters, counter{
			s.hash("person", person.Fold(d.FirstName.Reveal()), person.Fold(d.LastName.Reveal()), d.DateOfBirth.Reveal()), personWindow, s.o.ChecksPerPerson,
		})
	}
	if !d.Email.IsZero() {
		counters = append(counters, counter{s.hash("email", d.Email.Key()), personWindow, s.o.ChecksPerPerson})
	}
	over := false
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		over = false
		for _, c := range counters {
			n, err := tx.Count(ctx, c.key, now.Truncate(c.window))
			if err != nil {
				return err
			}
			over = over || n > int64(c.most)
		}
		return nil // the refused try counts too
	})
	if err == nil && over {
		return errTooMany
	}
	return err
}

// hash gives the keyed hash under which something is counted.
func (s *Service) hash(parts ...string) string {
	mac := hmac.New(sha256.New, s.hashKey)
	for _, part := range parts {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil))
}
