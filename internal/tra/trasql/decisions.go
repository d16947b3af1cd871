package trasql

import (
	"context"
	"fmt"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

func decisionOf(d Decision) (tra.Decision, error) {
	trn, err := trnOf(d.Trn)
	if err != nil {
		return tra.Decision{}, fmt.Errorf("trasql: TRN of decision %s: %w", d.ID, err)
	}
	return tra.Decision{
		ID: tra.DecisionID(d.ID), Request: tra.RequestID(d.Request), Outcome: tra.Outcome(d.Outcome), TRN: trn,
		Reason: tra.FailureReason(d.Reason), Note: d.Note, Why: d.Why, By: d.DecidedBy, Via: tra.Via(d.Via), At: d.DecidedAt.UTC(),
		Stage: tra.Stage(d.Stage), ReviewFor: d.ReviewFor, ReviewedBy: d.ReviewedBy, ReviewedAt: timeOf(d.ReviewedAt),
		ReviewWhy: d.ReviewWhy, Override: d.Overridden, ReleaseAt: timeOf(d.ReleaseAt), ReleasedAt: timeOf(d.ReleasedAt),
		Version: d.Version, EndedAt: timeOf(d.EndedAt), EndedBy: d.EndedBy, EndedWhy: d.EndedWhy,
	}, nil
}

func decisionRow(d tra.Decision) AddDecisionParams {
	return AddDecisionParams{
		ID: string(d.ID), Request: string(d.Request), Outcome: string(d.Outcome), Trn: d.TRN.Reveal(),
		Reason: string(d.Reason), Note: d.Note, Why: d.Why, DecidedBy: d.By, Via: string(d.Via), DecidedAt: sqldb.Time(d.At),
		Stage: string(d.Stage), ReviewFor: d.ReviewFor, ReviewedBy: d.ReviewedBy, ReviewedAt: sqldb.NullTime(d.ReviewedAt),
		ReviewWhy: d.ReviewWhy, Overridden: d.Override, ReleaseAt: sqldb.NullTime(d.ReleaseAt), ReleasedAt: sqldb.NullTime(d.ReleasedAt),
		Version: d.Version, EndedAt: sqldb.NullTime(d.EndedAt), EndedBy: d.EndedBy, EndedWhy: d.EndedWhy,
	}
}

// OpenDecision gives the decision of a request that is on its way to its release.
func (x reads) OpenDecision(ctx context.Context, id tra.RequestID) (tra.Decision, error) {
	d, err := x.q.OpenDecision(ctx, string(id))
	if err != nil {
		return tra.Decision{}, readError("open decision", id, err)
	}
	return decisionOf(d)
}

// Decision gives a decision.
func (x reads) Decision(ctx context.Context, id tra.DecisionID) (tra.Decision, error) {
	d, err := x.q.Decision(ctx, string(id))
	if err != nil {
		return tra.Decision{}, readError("decision", id, err)
	}
	return decisionOf(d)
}

// Decisions gives all of a request, in the order in which they came to stand here.
func (s *Store) Decisions(ctx context.Context, id tra.RequestID) ([]tra.Decision, error) {
	rows, err := s.q.Decisions(ctx, string(id))
	if err != nil {
		return nil, readError("decisions", id, err)
	}
	return all(rows, decisionOf)
}

// AddDecision keeps a new decision; tra.ErrTaken beside an open one.
func (x *tx) AddDecision(ctx context.Context, d tra.Decision) error {
	if err := x.q.AddDecision(ctx, decisionRow(d)); err != nil {
		return writeError("decision", d.Request, err)
	}
	return writeError("request", d.Request, x.q.NoteDecided(ctx, string(d.Request)))
}

// SaveDecision changes a decision.
func (x *tx) SaveDecision(ctx context.Context, d tra.Decision) error {
	n, err := x.q.SaveDecision(ctx, SaveDecisionParams(decisionRow(d)))
	if err := changed("decision", d.Request, n, err); err != nil {
		return err
	}
	return writeError("request", d.Request, x.q.NoteDecided(ctx, string(d.Request)))
}
