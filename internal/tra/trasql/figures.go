package trasql

import (
	"context"
	"time"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// AddPick keeps which place a decision's record had among the candidates.
func (x *tx) AddPick(ctx context.Context, id tra.DecisionID, at time.Time, place int) error {
	return writeError("pick", id, x.q.AddPick(ctx, AddPickParams{Decision: string(id), At: sqldb.Time(at), Place: int64(place)}))
}

// FigureRows gives what figures of a kind, or of both, are counted from.
func (s *Store) FigureRows(ctx context.Context, kind tra.Kind, since, now time.Time) (tra.FigureRows, error) {
	var out tra.FigureRows
	from := sqldb.Time(since)
	var err error
	if out.Arrivals, err = s.q.FigureArrivals(ctx, FigureArrivalsParams{Since: from, Kind: string(kind)}); err != nil {
		return out, readError("figures", "arrivals", err)
	}
	answers, err := s.q.FigureAnswers(ctx, FigureAnswersParams{Since: from, Kind: string(kind)})
	if err != nil {
		return out, readError("figures", "answers", err)
	}
	for _, a := range answers {
		out.Answers = append(out.Answers, tra.FigureAnswer{
			Version: a.Version, Outcome: tra.Outcome(a.Outcome), Reason: tra.FailureReason(a.Reason), AnsweredAt: a.AnsweredAt.UTC(), SubmittedAt: a.SubmittedAt.UTC(),
		})
	}
	open, err := s.q.FigureWaiting(ctx, FigureWaitingParams{Now: sqldb.NullTime(now), Kind: string(kind)})
	if err != nil {
		return out, readError("figures", "waiting", err)
	}
	reviews, err := s.q.FigureReviews(ctx, FigureReviewsParams{Since: sqldb.NullTime(since), Kind: string(kind)})
	if err != nil {
		return out, readError("figures", "reviews", err)
	}
	reopened, err := s.q.FigureReopened(ctx, FigureReopenedParams{Since: from, Kind: string(kind)})
	if err != nil {
		return out, readError("figures", "reopened", err)
	}
	out.Waiting, out.Overdue, out.Reopened = int(open.Waiting), int(open.Overdue), int(reopened)
	out.Reviewed, out.SentBack, out.Picked = int(reviews.Reviewed), int(reviews.SentBack), map[int]int{}
	if kind == tra.BarringCheck { // its records are not picked
		return out, nil
	}
	picks, err := s.q.FigurePicks(ctx, from)
	if err != nil {
		return out, readError("figures", "picks", err)
	}
	for _, p := range picks {
		out.Picked[int(p.Place)] = int(p.Decisions)
	}
	return out, nil
}
