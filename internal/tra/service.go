package tra

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/workday"
)

// Details says what of a claim stands on its ticket.
type Details string

// The settings of TRAID_TICKET_DETAILS.
const (
	DetailsReference Details = "reference" // a link to the case and nothing of the person
	DetailsClaim     Details = "claim"     // what the person says
)

// Options have defaults that work.
type Options struct {
	ReleaseAfter time.Duration // between a decision and its release, for Undo; 5 minutes, none when negative
	SweepEvery   time.Duration // 1 minute
	Retain       time.Duration // how long what a request holds is kept after its end; DefaultRetain
	Details      Details       // DetailsReference
	PublicURL    string        // of the console, for links on tickets, without a slash at the end
	Logger       *slog.Logger  // silent
}

func (o Options) withDefaults() Options {
	if o.ReleaseAfter == 0 {
		o.ReleaseAfter = 5 * time.Minute
	}
	o.ReleaseAfter = max(o.ReleaseAfter, 0)
	if o.SweepEvery <= 0 {
		o.SweepEvery = time.Minute
	}
	if o.Retain <= 0 {
		o.Retain = DefaultRetain
	}
	if o.Details == "" {
		o.Details = DetailsReference
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Service is the TRA API's use cases and those of its console.
type Service struct {
	store     Store
	helpdesk  Helpdesk
	register  Register
	announcer Announcer
	hashKey   []byte
	now       func() time.Time
	o         Options
}

// New gives the service. hashKey is a secret that is kept outside of the
// database: bodies are told apart by hashes under it.
func New(store Store, helpdesk Helpdesk, register Register, announcer Announcer, hashKey []byte, now func() time.Time, o Options) *Service {
	return &Service{store: store, helpdesk: helpdesk, register: register, announcer: announcer, hashKey: hashKey, now: now, o: o.withDefaults()}
}

// inTx runs a use case's transaction, once more when what has to be unique
// came to stand in the meantime: the second run reads it.
func (s *Service) inTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error {
	err := s.store.InTx(ctx, do)
	for try := 0; errors.Is(err, ErrTaken) && try < 3; try++ {
		err = s.store.InTx(ctx, do)
	}
	return err
}

// found separates "there is none" from a failure.
func found[T any](v T, err error) (T, bool, error) {
	if fault.Is(err, fault.NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// expectedBy is what is promised for a request; zero beyond the table of bank holidays.
func expectedBy(at time.Time) time.Time {
	by, err := workday.ExpectedBy(at)
	if err != nil {
		return time.Time{}
	}
	return by
}

// story writes one step of a request's history.
func (s *Service) story(ctx context.Context, tx Tx, id RequestID, who string, what What, why string) error {
	return tx.AddEvent(ctx, Event{At: s.now(), Request: id, Who: who, What: what, Why: why})
}

// flag sets a flag, and tells it once in the history.
func (s *Service) flag(ctx context.Context, tx Tx, id RequestID, f Flag, reason string) error {
	set, err := tx.Flags(ctx, id)
	if err != nil {
		return err
	}
	for _, each := range set {
		if each.Flag == f && each.Reason == reason {
			return nil
		}
	}
	if err := tx.Flag(ctx, id, Flagged{Flag: f, Reason: reason, Since: s.now()}); err != nil {
		return err
	}
	return s.story(ctx, tx, id, bySystem, FlagSet, reason)
}

// unflag takes flags off, and tells so where one was set.
func (s *Service) unflag(ctx context.Context, tx Tx, id RequestID, flags ...Flag) error {
	set, err := tx.Flags(ctx, id)
	if err != nil {
		return err
	}
	for _, each := range set {
		for _, f := range flags {
			if each.Flag != f {
				continue
			}
			if err := tx.Unflag(ctx, id, f); err != nil {
				return err
			}
			if err := s.story(ctx, tx, id, bySystem, FlagCleared, each.Reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// hash gives the keyed hash of parts.
func (s *Service) hash(parts ...string) string {
	mac := hmac.New(sha256.New, s.hashKey)
	for _, part := range parts {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// caseURL is the console's page of a request.
func (s *Service) caseURL(id RequestID) string { return s.o.PublicURL + "/cases/" + string(id) }
