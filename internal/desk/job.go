package desk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Job is what a bulk request did. It is done when it is first told of.
type Job struct {
	ID      string
	Kind    string
	Total   int64  // of the tickets; negative: not told
	Results string // JSON
	At      time.Time
}

// jobLife is how long a job is kept, as in Zendesk.
const jobLife = 24 * time.Hour

// KeepJob keeps what a bulk request did for a day, and gives it with its id.
func (s *Service) KeepJob(ctx context.Context, kind string, total int, results string) (Job, error) {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	j := Job{ID: "V3-" + hex.EncodeToString(b[:]), Kind: kind, Total: int64(total), Results: results, At: s.at()}
	return j, s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.AddJob(ctx, j) })
}

// Job gives a job; fault.NotFound where there is none, or not any more.
func (s *Service) Job(ctx context.Context, id string) (j Job, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		j, err = r.Job(ctx, id)
		return err
	})
	if err == nil && !j.At.After(s.o.Now().Add(-jobLife)) {
		return Job{}, errNothing
	}
	return j, err
}

// Clean forgets what is over: keys of creations, jobs, invocations of webhooks,
// and what deleted tickets said.
func (s *Service) Clean(ctx context.Context) error {
	now := s.o.Now()
	if err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.DropKeys(ctx, now.Add(-s.o.IdempotencyLife)); err != nil {
			return err
		}
		if err := tx.DropJobs(ctx, now.Add(-jobLife)); err != nil {
			return err
		}
		return tx.DropInvocations(ctx, now.Add(-invocationLife))
	}); err != nil {
		return err
	}
	return s.ScrubOld(ctx)
}
