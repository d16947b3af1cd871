package cpdsql

import (
	"context"
	"encoding/json"
	"fmt"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// reply is a reply as it is kept.
type reply struct {
	Text          string      `json:"text,omitempty"`
	NINO          string      `json:"nino,omitempty"`
	TRN           string      `json:"trn,omitempty"`
	PreviousNames [][2]string `json:"previous_names,omitempty"`
}

// OpenQuestion gives the question of a request that is not answered, or whose
// reply is on its way.
func (r reads) OpenQuestion(ctx context.Context, id cpd.RequestID) (cpd.Question, error) {
	row, err := r.q.OpenQuestion(ctx, string(id))
	if err != nil {
		return cpd.Question{}, failed("question", err)
	}
	return toQuestion(row)
}

// Questions gives every question of a request, in their order.
func (r reads) Questions(ctx context.Context, id cpd.RequestID) ([]cpd.Question, error) {
	rows, err := r.q.QuestionsOf(ctx, string(id))
	return each("question", rows, err, toQuestion)
}

func toQuestion(row Question) (cpd.Question, error) {
	q := cpd.Question{
		Request: cpd.RequestID(row.RequestID), Number: row.Number, Text: row.Body, AsksFor: row.AsksFor, AskedAt: row.AskedAt.UTC(),
		EndsAt: row.EndsAt.UTC(), State: cpd.QuestionState(row.State), Reminded: row.Reminded,
	}
	if row.Reply == "" {
		return q, nil
	}
	var kept reply
	var v values
	v.unreadable = json.Unmarshal([]byte(row.Reply), &kept) != nil
	q.Reply = cpd.Reply{Text: person.NewText(kept.Text), NINO: stored(&v, person.ParseNINO, kept.NINO), TRN: stored(&v, person.NewTRN, kept.TRN)}
	for _, n := range kept.PreviousNames {
		q.Reply.PreviousNames = append(q.Reply.PreviousNames, person.FullName{First: stored(&v, person.ParseName, n[0]), Last: stored(&v, person.ParseName, n[1])})
	}
	if v.unreadable {
		return cpd.Question{}, fmt.Errorf("cpdsql: the reply to a question of %s cannot be read", row.RequestID)
	}
	return q, nil
}

// AddQuestion keeps a question; false where it is known.
func (x *tx) AddQuestion(ctx context.Context, q cpd.Question) (bool, error) {
	n, err := x.q.AddQuestion(ctx, AddQuestionParams{
		RequestID: string(q.Request), Number: q.Number, Body: q.Text, AsksFor: q.AsksFor, AskedAt: sqldb.Time(q.AskedAt),
		EndsAt: sqldb.Time(q.EndsAt), State: string(q.State),
	})
	return n > 0, wrote("add question", err)
}

// SaveQuestion keeps what a question asks, and how far it has come.
func (x *tx) SaveQuestion(ctx context.Context, q cpd.Question) error {
	kept := reply{Text: q.Reply.Text.Reveal(), NINO: q.Reply.NINO.Reveal(), TRN: q.Reply.TRN.Reveal()}
	for _, n := range q.Reply.PreviousNames {
		kept.PreviousNames = append(kept.PreviousNames, [2]string{n.First.Reveal(), n.Last.Reveal()})
	}
	text := []byte{}
	if kept.Text != "" || kept.NINO != "" || kept.TRN != "" || len(kept.PreviousNames) > 0 {
		var err error
		if text, err = json.Marshal(kept); err != nil {
			return fmt.Errorf("cpdsql: save question: %w", err)
		}
	}
	n, err := x.q.SaveQuestion(ctx, SaveQuestionParams{
		Body: q.Text, AsksFor: q.AsksFor, AskedAt: sqldb.Time(q.AskedAt), EndsAt: sqldb.Time(q.EndsAt),
		State: string(q.State), Reply: string(text), Reminded: q.Reminded, RequestID: string(q.Request), Number: q.Number,
	})
	return changed("question", n, err)
}
