package cpdports

import (
	"context"
	"fmt"
	"time"

	"traid/internal/cpd"
	wire "traid/internal/wire/trav1"
)

// TRA is cpd.TRA over HTTP.
type TRA struct{ client *wire.Client }

var _ cpd.TRA = (*TRA)(nil)

// NewTRA gives a TRA.
func NewTRA(client *wire.Client) *TRA { return &TRA{client} }

// Submit hands a request in; repeating it changes nothing.
func (t *TRA) Submit(ctx context.Context, s cpd.Submission) (cpd.RequestStatus, error) {
	var res wire.Request
	var err error
	switch s.Kind {
	case cpd.TRNValidation:
		res, err = t.client.PutTRNValidation(ctx, string(s.ID), validationOf(s))
	case cpd.BarringCheck:
		res, err = t.client.PutBarringCheck(ctx, string(s.ID), wire.BarringCheckRequest{
			TRN: s.TRN.Reveal(), FirstName: s.FirstName.Reveal(), LastName: s.LastName.Reveal(),
		})
	default:
		return cpd.RequestStatus{}, noKind(s.Kind)
	}
	if err != nil {
		return cpd.RequestStatus{}, err
	}
	return statusOf(s.Kind, s.ID, res)
}

// Get reads a request.
func (t *TRA) Get(ctx context.Context, kind cpd.Kind, id cpd.RequestID) (cpd.RequestStatus, error) {
	var res wire.Request
	var err error
	switch kind {
	case cpd.TRNValidation:
		res, err = t.client.GetTRNValidation(ctx, string(id))
	case cpd.BarringCheck:
		res, err = t.client.GetBarringCheck(ctx, string(id))
	default:
		return cpd.RequestStatus{}, noKind(kind)
	}
	if err != nil {
		return cpd.RequestStatus{}, err
	}
	return statusOf(kind, id, res)
}

// Reply hands in what a person answers to a question.
func (t *TRA) Reply(ctx context.Context, id cpd.RequestID, number int64, in cpd.Reply) (cpd.RequestStatus, error) {
	body := wire.QuestionReply{Text: in.Text.Reveal(), NationalInsuranceNumber: in.NINO.Reveal(), TRN: in.TRN.Reveal()}
	for _, n := range in.PreviousNames {
		body.PreviousNames = append(body.PreviousNames, wire.Name{FirstName: n.First.Reveal(), LastName: n.Last.Reveal()})
	}
	res, err := t.client.ReplyToQuestion(ctx, string(id), number, body)
	if err != nil {
		return cpd.RequestStatus{}, err
	}
	return statusOf(cpd.TRNValidation, id, res)
}

// Withdraw takes a request back.
func (t *TRA) Withdraw(ctx context.Context, kind cpd.Kind, id cpd.RequestID) error {
	switch kind {
	case cpd.TRNValidation:
		return t.client.WithdrawTRNValidation(ctx, string(id))
	case cpd.BarringCheck:
		return t.client.WithdrawBarringCheck(ctx, string(id))
	}
	return noKind(kind)
}

// Answers gives the answers released after a cursor, in order, and the next cursor.
func (t *TRA) Answers(ctx context.Context, after cpd.Cursor, limit int) ([]cpd.Answer, cpd.Cursor, error) {
	res, err := t.client.Answers(ctx, string(after), limit)
	if err != nil {
		return nil, after, err
	}
	if len(res.Answers) > 0 && (res.Next == "" || res.Next == string(after)) {
		return nil, after, unreadable("TRA") // the same answers would come again for ever
	}
	out := make([]cpd.Answer, 0, len(res.Answers))
	for _, a := range res.Answers {
		out = append(out, answerOf(cpd.Kind(a.Kind), cpd.RequestID(a.ID), a.Answer()))
	}
	return out, cpd.Cursor(res.Next), nil
}

func validationOf(s cpd.Submission) wire.TRNValidationRequest {
	d := s.Details
	out := wire.TRNValidationRequest{
		FirstName: d.FirstName.Reveal(), LastName: d.LastName.Reveal(), DateOfBirth: d.DateOfBirth.Reveal(),
		NationalInsuranceNumber: d.NINO.Reveal(), TRN: d.TRN.Reveal(), Email: d.Email.Reveal(),
		Replaces: string(s.Replaces),
	}
	for _, n := range d.PreviousNames {
		out.PreviousNames = append(out.PreviousNames, wire.Name{FirstName: n.First.Reveal(), LastName: n.Last.Reveal()})
	}
	return out
}

func statusOf(kind cpd.Kind, id cpd.RequestID, r wire.Request) (cpd.RequestStatus, error) {
	if r.ID != string(id) || r.Kind != string(kind) || r.Status == "" {
		return cpd.RequestStatus{}, unreadable("TRA")
	}
	out := cpd.RequestStatus{Status: r.Status, ExpectedBy: instant(r.ExpectedBy), AsOf: r.AsOf}
	if r.Answer != nil {
		a := answerOf(kind, id, *r.Answer)
		out.Answer = &a
	}
	if q := r.Question; q != nil {
		out.Question = &cpd.Question{Request: id, Number: q.Number, Text: q.Text, AsksFor: text(q.AsksFor), AskedAt: q.AskedAt, EndsAt: q.EndsAt}
	}
	return out, nil
}

// answerOf keeps an answer whatever it says: cpd shows one that it cannot use.
func answerOf(kind cpd.Kind, id cpd.RequestID, a wire.Answer) cpd.Answer {
	out := cpd.Answer{
		Request: id, Kind: kind, Version: a.Version, Outcome: cpd.Outcome(a.Outcome),
		Reason: text(a.FailureReason), Note: text(a.Note), AnsweredAt: a.AnsweredAt,
	}
	if out.Outcome == cpd.TRNFound {
		out.TRN, out.Gone = trnOf(a.TRN), a.TRN == nil
	}
	return out
}

func noKind(kind cpd.Kind) error { return fmt.Errorf("cpdports: there is no kind of request %q", kind) }

func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
