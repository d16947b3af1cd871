package cpd

import (
	"context"
	"math/rand/v2"
	"time"

	"traid/internal/fault"
)

// pollBatch is how many answers are read, and applied in one transaction, at a time.
const pollBatch = 100

// Poll is arrow 7: every answer that was released since the last poll is read
// and applied, the answers of a batch and the place in the feed in one
// transaction. Then requests that are silent for longer than a poll are asked
// for one by one.
func (s *Service) Poll(ctx context.Context) error {
	_, err := s.poll(ctx)
	return err
}

// PollNow is Poll by an administrator.
func (s *Service) PollNow(ctx context.Context, admin string) (PollResult, error) {
	s.o.Logger.InfoContext(ctx, "an administrator polls now")
	return s.poll(ctx)
}

// PollDue polls when it is time to.
func (s *Service) PollDue(ctx context.Context) error {
	due := false
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.Feed(ctx)
		if err != nil {
			return err
		}
		now := s.now()
		if due = !f.DueAt.After(now); !due {
			return nil
		}
		f.DueAt = now.Add(leaseFor) // nobody else meanwhile; and again soon should this one die
		return tx.SaveFeed(ctx, f)
	})
	if err != nil || !due {
		return err
	}
	return s.Poll(ctx)
}

func (s *Service) poll(ctx context.Context) (PollResult, error) {
	var out PollResult
	for more := true; more; {
		f, err := s.store.Feed(ctx)
		if err != nil {
			return out, err
		}
		answers, next, err := s.tra.Answers(ctx, f.Cursor, pollBatch)
		if err != nil {
			return out, s.pollFailed(ctx, err)
		}
		if len(answers) == 0 || next == f.Cursor {
			break
		}
		applied := 0
		err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			applied = 0
			now, err := tx.Feed(ctx)
			if err != nil || now.Cursor != f.Cursor {
				return err // another poll was faster: on from where it is
			}
			for _, a := range answers {
				if err := s.apply(ctx, tx, a); err != nil {
					return err
				}
			}
			applied, now.Cursor = len(answers), next
			return tx.SaveFeed(ctx, now)
		})
		if err != nil {
			return out, err
		}
		out.Answers += applied
	}
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.Feed(ctx)
		if err != nil {
			return err
		}
		out.At = s.now()
		f.LastAt, f.Attempts, f.Problem = out.At, 0, ""
		f.DueAt = out.At.Add(s.o.PollEvery - jitter(s.o.PollJitter))
		return tx.SaveFeed(ctx, f)
	})
	if err != nil {
		return out, err
	}
	out.Asked, err = s.askSilent(ctx)
	return out, err
}

// pollFailed stores that the TRA could not be asked, and when it is asked again.
func (s *Service) pollFailed(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return cause
	}
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		f, err := tx.Feed(ctx)
		if err != nil {
			return err
		}
		f.Attempts++
		f.Problem = fault.KindOf(cause).String()
		f.DueAt = s.now().Add(fault.RetryAfter(f.Attempts))
		return tx.SaveFeed(ctx, f)
	})
	if err != nil {
		return err
	}
	return cause
}

// askSilent asks for requests of which nothing was heard for longer than a
// poll: their answer may have been missed, their expectation may have changed,
// or the TRA may have lost them.
func (s *Service) askSilent(ctx context.Context) (int, error) {
	silent, err := s.store.SilentRequests(ctx, s.now().Add(-s.o.PollEvery), silentBatch)
	if err != nil {
		return 0, err
	}
	for i, r := range silent {
		status, err := s.tra.Get(ctx, r.Kind, r.ID)
		lost := fault.Is(err, fault.NotFound)
		if err != nil && !lost {
			if ctx.Err() == nil {
				s.o.Logger.WarnContext(ctx, "a silent request could not be asked for", "request", string(r.ID), "kind", fault.KindOf(err).String(), "error", err)
				err = nil // the next poll asks again
			}
			return i, err
		}
		err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
			now, err := tx.Request(ctx, r.ID)
			if err != nil || now.State != RequestSent {
				return err
			}
			if !lost {
				return s.heard(ctx, tx, now, status)
			}
			now.State, now.SentAt, now.AsOf = RequestWaiting, time.Time{}, s.now() // as if it had never arrived
			if err := tx.SaveRequest(ctx, now); err != nil {
				return err
			}
			if err := s.story(ctx, tx, now.Participant, byTRA, RequestLost, now.ID, ""); err != nil {
				return err
			}
			return tx.Enqueue(ctx, TaskSend, string(now.ID), s.now())
		})
		if err != nil {
			return i, err
		}
	}
	return len(silent), nil
}

// silentBatch bounds how many requests one poll asks for one by one, the longest silent first.
const silentBatch = 500

// jitter gives a random time up to most, so that clients do not all poll at once.
func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most)
}
