package cpd

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/workday"
)

// ErrTaken is given by a store for a value that has to be unique and stands already.
var ErrTaken = errors.New("cpd: it stands already")

// Options have defaults that work.
type Options struct {
	PollEvery        time.Duration // 24 hours
	PollJitter       time.Duration // a poll comes up to this much earlier; none
	PublicURL        string        // of the pages, for links in mails, without a slash at the end
	ChecksPerPerson  int           // automatic checks a day for one person, and mails a day that are asked for to one address; 20
	ChecksPerAddress int           // automatic checks and mails an hour from one network address; 100
	AlertOwner       string        // who looks after an undetermined alert until it is assigned; "CPD administrators"
	TRAAddress       string        // email address of the TRA's support, told when a conflict ends with different people; nobody is told by mail
	Mailer           Mailer        // sends the mails; without one they are read in the outbox
	Logger           *slog.Logger  // silent
}

func (o Options) withDefaults() Options {
	if o.PollEvery <= 0 {
		o.PollEvery = 24 * time.Hour
	}
	o.PollJitter = min(max(o.PollJitter, 0), o.PollEvery/2)
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.ChecksPerPerson <= 0 {
		o.ChecksPerPerson = 20
	}
	if o.ChecksPerAddress <= 0 {
		o.ChecksPerAddress = 100
	}
	if o.AlertOwner == "" {
		o.AlertOwner = "CPD administrators"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Service is Manage CPD.
type Service struct {
	store    Store
	tra      TRA
	register Register
	hashKey  []byte
	now      func() time.Time
	o        Options
}

// New gives the service. hashKey is a secret that is kept outside of the
// database: network addresses and people are counted by hashes under it.
func New(store Store, tra TRA, register Register, hashKey []byte, now func() time.Time, o Options) *Service {
	return &Service{store: store, tra: tra, register: register, hashKey: hashKey, now: now, o: o.withDefaults()}
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

// person gives the participant that now stands for id: itself or the record it was joined into.
func standing(ctx context.Context, r Reads, id ParticipantID) (Participant, error) {
	p, err := r.Participant(ctx, id)
	for err == nil && p.JoinedInto != "" {
		p, err = r.Participant(ctx, p.JoinedInto)
	}
	return p, err
}

// expectedBy is the expectation until the TRA gives its own; zero beyond the
// table of bank holidays.
func expectedBy(at time.Time) time.Time {
	by, err := workday.ExpectedBy(at)
	if err != nil {
		return time.Time{}
	}
	return by
}

// story writes one step of a participant's history.
func (s *Service) story(ctx context.Context, tx Tx, id ParticipantID, who string, what What, request RequestID, why string) error {
	return tx.AddEvent(ctx, Event{At: s.now(), Participant: id, Who: who, What: what, Request: request, Why: why})
}
