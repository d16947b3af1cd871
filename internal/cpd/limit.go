package cpd

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
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

// mailLimits count one mail that somebody asks for to an address.
func (s *Service) mailLimits(email person.Email, from string) []counter {
	counters := []counter{{s.hash("mail", email.Key()), personWindow, s.o.ChecksPerPerson}}
	if from != "" {
		counters = append(counters, counter{s.hash("address", network(from)), addressWindow, s.o.ChecksPerAddress})
	}
	return counters
}

// aMoment is how soon the same is asked for twice by a second click.
const aMoment = 10 * time.Second

// again gives what tells whether the same was asked for a moment ago. Whatever is
// asked for twice within a moment falls twice into one of two windows of two
// moments, which begin a moment apart.
func (s *Service) again(what ...string) func(ctx context.Context, tx Tx) (bool, error) {
	return func(ctx context.Context, tx Tx) (bool, error) {
		key, now, often := s.hash(append([]string{"again"}, what...)...), s.now(), false
		for _, begins := range []time.Time{now.Truncate(2 * aMoment), now.Add(aMoment).Truncate(2 * aMoment).Add(-aMoment)} {
			n, err := tx.Count(ctx, key, begins)
			if err != nil {
				return false, err
			}
			often = often || n > 1
		}
		return often, nil
	}
}

// once does what somebody asks for within limits, and nothing where again
// says that it was asked for a moment ago. What is refused counts too.
func (s *Service) once(ctx context.Context, limits []counter, again func(ctx context.Context, tx Tx) (bool, error), do func(ctx context.Context, tx Tx) error) error {
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if again, err := again(ctx, tx); err != nil || again {
			return err
		}
		if err := s.countIn(ctx, tx, limits); err != nil {
			return err
		}
		return do(ctx, tx)
	})
	if fault.Is(err, fault.TooMany) {
		return s.count(ctx, limits)
	}
	return err
}

// counter is how often something may happen in a window of time.
type counter struct {
	key    string
	window time.Duration
	most   int
}

// countCheck counts one check against everything that it can be counted by. It
// refuses who asks, by their confirmed email address and their network address,
// with TooMany above a limit. What is asked about is counted too, the person
// named, and the TRN and the NI number by themselves, so that nobody tries dates
// of birth against one that they know. Anybody can use those up, so that nobody
// is refused for them: above a limit tooOften says that the automatic check is
// not to be made, and people look. Keys are hashes under a secret.
func (s *Service) countCheck(ctx context.Context, d Details, from string) (tooOften bool, err error) {
	var asking, about []counter
	if from != "" {
		asking = append(asking, counter{s.hash("address", network(from)), addressWindow, s.o.ChecksPerAddress})
	}
	if !d.Email.IsZero() {
		asking = append(asking, counter{s.hash("email", d.Email.Key()), personWindow, s.o.ChecksPerPerson})
	}
	if err := s.count(ctx, asking); err != nil {
		return false, err
	}
	if !d.DateOfBirth.IsZero() {
		about = append(about, counter{
			s.hash("person", person.Fold(d.FirstName.Reveal()), person.Fold(d.LastName.Reveal()), d.DateOfBirth.Reveal()), personWindow, s.o.ChecksPerPerson,
		})
	}
	if !d.TRN.IsZero() {
		about = append(about, counter{s.hash("trn", d.TRN.Reveal()), personWindow, s.o.ChecksPerPerson})
	}
	if !d.NINO.IsZero() {
		about = append(about, counter{s.hash("nino", d.NINO.Reveal()[:ninoStem]), personWindow, s.o.ChecksPerPerson})
	}
	if err = s.count(ctx, about); fault.Is(err, fault.TooMany) {
		return true, nil
	}
	return false, err
}

// count counts one try against each counter, also one that is refused.
func (s *Service) count(ctx context.Context, counters []counter) error {
	var refused error
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if refused = s.countIn(ctx, tx, counters); fault.Is(refused, fault.TooMany) {
			return nil
		}
		return refused
	})
	if err == nil {
		err = refused
	}
	return err
}

// countIn is count in a transaction, which keeps what was counted.
func (s *Service) countIn(ctx context.Context, tx Tx, counters []counter) error {
	over, now := false, s.now()
	for _, c := range counters {
		n, err := tx.Count(ctx, c.key, now.Truncate(c.window))
		if err != nil {
			return err
		}
		over = over || n > int64(c.most)
	}
	if over {
		return errTooMany
	}
	return nil
}

// ninoStem is how much of an NI number tells whose it is: all but the suffix.
const ninoStem = 8

// network gives what a network address is counted by: of IPv6, where one
// subscriber has at least a /64 of them (RFC 6177), that network.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
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
