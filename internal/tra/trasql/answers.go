package trasql

import (
	"context"
	"fmt"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

func answerOf(a Answer) (tra.Answer, error) {
	trn, err := trnOf(a.Trn)
	if err != nil {
		return tra.Answer{}, fmt.Errorf("trasql: TRN of answer %d of %s: %w", a.Version, a.Request, err)
	}
	return tra.Answer{
		Request: tra.RequestID(a.Request), Client: tra.Client(a.Client), Kind: tra.Kind(a.Kind), Version: a.Version,
		Outcome: tra.Outcome(a.Outcome), TRN: trn, Reason: tra.FailureReason(a.Reason), Note: a.Note,
		AnsweredAt: a.AnsweredAt.UTC(), Position: a.Position,
	}, nil
}

// NewestAnswer gives the newest released answer of a request.
func (x reads) NewestAnswer(ctx context.Context, id tra.RequestID) (tra.Answer, error) {
	a, err := x.q.NewestAnswer(ctx, string(id))
	if err != nil {
		return tra.Answer{}, readError("answer", id, err)
	}
	return answerOf(a)
}

// Answers gives a client's released answers after a position.
func (s *Store) Answers(ctx context.Context, c tra.Client, after int64, limit int) ([]tra.Answer, error) {
	rows, err := s.q.Answers(ctx, AnswersParams{Client: string(c), Position: after, Limit: int32(limit)})
	if err != nil {
		return nil, readError("answers", c, err)
	}
	return all(rows, answerOf)
}

// AddAnswer keeps a released answer and gives its position in its client's feed.
// The counter's row is held until the transaction ends, and its number given
// back when that fails: so the positions follow the commits, without a gap.
func (x *tx) AddAnswer(ctx context.Context, a tra.Answer) (int64, error) {
	position, err := x.q.NextNumber(ctx, "answers/"+string(a.Client))
	if err != nil {
		return 0, writeError("answer", a.Request, err)
	}
	return position, writeError("answer", a.Request, x.q.AddAnswer(ctx, AddAnswerParams{
		Client: string(a.Client), Position: position, Request: string(a.Request), Kind: string(a.Kind), Version: a.Version,
		Outcome: string(a.Outcome), Trn: a.TRN.Reveal(), Reason: string(a.Reason), Note: a.Note, AnsweredAt: sqldb.Time(a.AnsweredAt),
	}))
}
