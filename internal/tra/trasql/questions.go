package trasql

import (
	"context"

	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/tra"
)

func questionOf(q Question) (tra.Question, error) {
	return tra.Question{
		Request: tra.RequestID(q.Request), Number: q.Number, Text: q.Body, AsksFor: tra.Field(q.AsksFor), AskedBy: q.AskedBy,
		AskedAt: q.AskedAt.UTC(), EndsAt: q.EndsAt.UTC(), State: tra.QuestionState(q.State), EndedAt: timeOf(q.EndedAt),
		Reply: person.NewText(q.Reply), BodyHash: q.BodyHash,
	}, nil
}

// OpenQuestion gives the question that a request waits for.
func (x reads) OpenQuestion(ctx context.Context, id tra.RequestID) (tra.Question, error) {
	q, err := x.q.OpenQuestion(ctx, string(id))
	if err != nil {
		return tra.Question{}, readError("question", id, err)
	}
	return questionOf(q)
}

// Questions gives all of a request, oldest first.
func (x reads) Questions(ctx context.Context, id tra.RequestID) ([]tra.Question, error) {
	rows, err := x.q.Questions(ctx, string(id))
	if err != nil {
		return nil, readError("questions", id, err)
	}
	return all(rows, questionOf)
}

// AddQuestion keeps a new question; tra.ErrTaken beside an open one.
func (x *tx) AddQuestion(ctx context.Context, q tra.Question) error {
	return writeError("question", q.Request, x.q.AddQuestion(ctx, AddQuestionParams{
		Request: string(q.Request), Number: q.Number, Body: q.Text, AsksFor: string(q.AsksFor), AskedBy: q.AskedBy,
		AskedAt: sqldb.Time(q.AskedAt), EndsAt: sqldb.Time(q.EndsAt), State: string(q.State), EndedAt: sqldb.NullTime(q.EndedAt),
		Reply: q.Reply.Reveal(), BodyHash: q.BodyHash,
	}))
}

// SaveQuestion keeps how far a question has come, and its reply.
func (x *tx) SaveQuestion(ctx context.Context, q tra.Question) error {
	n, err := x.q.SaveQuestion(ctx, SaveQuestionParams{
		Request: string(q.Request), Number: q.Number, State: string(q.State), EndedAt: sqldb.NullTime(q.EndedAt),
		Reply: q.Reply.Reveal(), BodyHash: q.BodyHash,
	})
	return changed("question", q.Request, n, err)
}
