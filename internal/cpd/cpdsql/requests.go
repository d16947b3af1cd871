package cpdsql

import (
	"context"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// Request gives a request by its id.
func (r reads) Request(ctx context.Context, id cpd.RequestID) (cpd.Request, error) {
	row, err := r.q.RequestByID(ctx, string(id))
	if err != nil {
		return cpd.Request{}, failed("request", err)
	}
	return toRequest(row)
}

// Requests gives a participant's requests, the oldest first.
func (r reads) Requests(ctx context.Context, id cpd.ParticipantID) ([]cpd.Request, error) {
	rows, err := r.q.RequestsOf(ctx, string(id))
	return each("request", rows, err, toRequest)
}

// Successor gives the waiting request that replaces this one.
func (x *tx) Successor(ctx context.Context, id cpd.RequestID) (cpd.Request, error) {
	row, err := x.q.WaitingSuccessor(ctx, string(id))
	if err != nil {
		return cpd.Request{}, failed("request", err)
	}
	return toRequest(row)
}

// SilentRequests gives the requests that the TRA has and was not asked for
// since, the longest silent first.
func (s *Store) SilentRequests(ctx context.Context, askedBefore time.Time, limit int) ([]cpd.Request, error) {
	rows, err := s.q.SilentRequests(ctx, SilentRequestsParams{AskedBefore: sqldb.NullTime(askedBefore), AtMost: int32(limit)})
	return each("request", rows, err, toRequest)
}

// OpenRequests gives the requests whose answer is waited for, the oldest first.
func (s *Store) OpenRequests(ctx context.Context, limit int) ([]cpd.RequestOf, error) {
	rows, err := s.q.OpenRequests(ctx, int32(limit))
	return each("request", rows, err, func(row OpenRequestsRow) (cpd.RequestOf, error) {
		r, err := toRequest(row.Request)
		return cpd.RequestOf{Request: r, Reference: cpd.Reference(row.Reference)}, err
	})
}

// AddRequest keeps a new request.
func (x *tx) AddRequest(ctx context.Context, r cpd.Request) error {
	return wrote("add request", x.q.AddRequest(ctx, AddRequestParams{
		ID: string(r.ID), ParticipantID: string(r.Participant), Kind: string(r.Kind), State: string(r.State), Replaces: string(r.Replaces),
		DataID: r.DataID, CreatedAt: sqldb.Time(r.CreatedAt), Attempts: r.Attempts, SentAt: sqldb.NullTime(r.SentAt), Problem: r.Problem,
		Status: r.Status, ExpectedBy: sqldb.NullTime(r.ExpectedBy), AsOf: sqldb.NullTime(r.AsOf), Version: r.Version,
		Outcome: string(r.Outcome), Reason: r.Reason, Note: r.Note, AnsweredAt: sqldb.NullTime(r.AnsweredAt),
	}))
}

// SaveRequest changes a request, but for whose it is and what it asks. The replies
// to the questions of one that is over are forgotten.
func (x *tx) SaveRequest(ctx context.Context, r cpd.Request) error {
	n, err := x.q.SaveRequest(ctx, SaveRequestParams{
		State: string(r.State), Replaces: string(r.Replaces), Attempts: r.Attempts, SentAt: sqldb.NullTime(r.SentAt), Problem: r.Problem,
		Status: r.Status, ExpectedBy: sqldb.NullTime(r.ExpectedBy), AsOf: sqldb.NullTime(r.AsOf), Version: r.Version,
		Outcome: string(r.Outcome), Reason: r.Reason, Note: r.Note, AnsweredAt: sqldb.NullTime(r.AnsweredAt), ID: string(r.ID),
	})
	if err := changed("request", n, err); err != nil || r.Open() {
		return err
	}
	return wrote("forget replies", x.q.ForgetReplies(ctx, string(r.ID)))
}

// AddAnswer keeps that a version was read, false when it was read before.
func (x *tx) AddAnswer(ctx context.Context, a cpd.Answer, readAt time.Time) (bool, error) {
	n, err := x.q.AddAnswer(ctx, AddAnswerParams{
		RequestID: string(a.Request), Version: a.Version, Outcome: string(a.Outcome), Reason: a.Reason, Note: a.Note,
		AnsweredAt: sqldb.NullTime(a.AnsweredAt), ReadAt: sqldb.Time(readAt),
	})
	return n > 0, wrote("add answer", err)
}

func toRequest(row Request) (cpd.Request, error) {
	return cpd.Request{
		ID: cpd.RequestID(row.ID), Participant: cpd.ParticipantID(row.ParticipantID), Kind: cpd.Kind(row.Kind),
		State: cpd.RequestState(row.State), Replaces: cpd.RequestID(row.Replaces), DataID: row.DataID, CreatedAt: row.CreatedAt.UTC(),
		Attempts: row.Attempts, SentAt: when(row.SentAt), Problem: row.Problem, Status: row.Status,
		ExpectedBy: when(row.ExpectedBy), AsOf: when(row.AsOf), Version: row.Version,
		Outcome: cpd.Outcome(row.Outcome), Reason: row.Reason, Note: row.Note, AnsweredAt: when(row.AnsweredAt),
	}, nil
}
