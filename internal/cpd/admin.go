package cpd

import (
	"context"
	"slices"
)

// Sizes of what administrators read at once.
const (
	pageLimit    = 50
	maxPageLimit = 200
	waitingLimit = 100
	countLimit   = 1000
)

func within(limit int) int {
	if limit <= 0 {
		return pageLimit
	}
	return min(limit, maxPageLimit)
}

// Participants lists participants, newest first; records that were joined into
// another are left out.
func (s *Service) Participants(ctx context.Context, f Filter) (Page, error) {
	f.Limit = within(f.Limit) + 1
	list, total, more, err := s.store.Participants(ctx, f, countLimit)
	if err != nil {
		return Page{}, err
	}
	out := Page{Participants: list, Total: total, More: more}
	if len(list) == f.Limit {
		out.Participants = list[:f.Limit-1]
		out.Next = string(out.Participants[len(out.Participants)-1].ID)
	}
	return out, nil
}

// Participant tells everything about a participant, or about the record that
// it was joined into.
func (s *Service) Participant(ctx context.Context, id ParticipantID) (Story, error) {
	p, err := standing(ctx, s.store, id)
	if err != nil {
		return Story{}, err
	}
	out := Story{Participant: p}
	if out.Schools, err = s.store.SchoolsOf(ctx, p.ID); err != nil {
		return Story{}, err
	}
	if out.Joined, err = s.store.JoinedParticipants(ctx, p.ID); err != nil {
		return Story{}, err
	}
	if out.Requests, err = s.store.Requests(ctx, p.ID); err != nil {
		return Story{}, err
	}
	if out.History, err = s.store.Events(ctx, p.ID); err != nil {
		return Story{}, err
	}
	if out.Messages, err = s.store.Messages(ctx, p.ID); err != nil {
		return Story{}, err
	}
	c, open, err := found(s.store.OpenConflict(ctx, p.ID))
	if err != nil || !open {
		return out, err
	}
	out.Conflict = &c
	holder, held, err := found(s.store.ParticipantByTRN(ctx, c.TRN))
	if err != nil {
		return Story{}, err
	}
	if held {
		out.Holder = &holder
	}
	return out, nil
}

// Waiting lists what waits for somebody or something, the longest first: at most
// a hundred things; more tells that there are more.
func (s *Service) Waiting(ctx context.Context) (list []Waiting, more bool, err error) {
	now := s.now()
	people, err := s.store.Unsettled(ctx, waitingLimit+1)
	if err != nil {
		return nil, false, err
	}
	var out []Waiting
	for _, p := range people {
		w := Waiting{Participant: p.ID, Reference: p.Reference, Since: p.TRNAt}
		switch {
		case p.TRNStatus == TRNConflict:
			w.What, w.Request = WaitsForConflict, p.TRNRequest
			out = append(out, w)
		case p.TRNStatus == TRNNotChecked && p.HoldsValidationData:
			w.What, w.Problem = WaitsForCheck, "unavailable"
			out = append(out, w)
		case p.TRNStatus == TRNNotChecked && p.WithdrawnAt.IsZero():
			w.What = WaitsForPerson
			out = append(out, w)
		}
		if p.AlertStatus == AlertUndetermined {
			out = append(out, Waiting{
				Participant: p.ID, Reference: p.Reference, What: WaitsForOwner, Since: p.AlertAt,
				Request: p.AlertRequest, Owner: p.AlertOwner,
			})
		}
	}
	requests, err := s.store.OpenRequests(ctx, waitingLimit+1)
	if err != nil {
		return nil, false, err
	}
	for _, r := range requests {
		w := Waiting{
			Participant: r.Participant, Reference: r.Reference, What: WaitsForAnswer, Since: r.CreatedAt, Request: r.ID,
			Problem: r.Problem, ExpectedBy: r.ExpectedBy, Overdue: !r.ExpectedBy.IsZero() && r.ExpectedBy.Before(now),
		}
		switch {
		case r.ReadTooLate():
			w.What = WaitsForAskingAgain
		case r.State == RequestWaiting:
			w.What = WaitsForSending
		case r.Kind == BarringCheck:
			w.What = WaitsForBarring
		}
		out = append(out, w)
	}
	reads, err := s.store.FailingAlertReads(ctx, waitingLimit+1)
	if err != nil {
		return nil, false, err
	}
	for _, t := range reads {
		out = append(out, Waiting{
			Participant: ParticipantID(t.Subject), Reference: t.Reference, What: WaitsForAlertRead,
			Since: t.Since, Problem: "unavailable",
		})
	}
	slices.SortStableFunc(out, func(a, b Waiting) int { return a.Since.Compare(b.Since) })
	if len(out) > waitingLimit {
		return out[:waitingLimit], true, nil
	}
	return out, false, nil
}

// Outbox lists the mails, newest first, those after the one with the id.
func (s *Service) Outbox(ctx context.Context, after string, limit int) (messages []Message, next string, err error) {
	limit = within(limit)
	messages, err = s.store.Outbox(ctx, after, limit+1)
	if err == nil && len(messages) > limit {
		messages = messages[:limit]
		next = messages[limit-1].ID
	}
	for i, m := range messages {
		messages[i] = m.shown()
	}
	return messages, next, err
}

// PollState tells when the TRA was polled and will be.
func (s *Service) PollState(ctx context.Context) (PollState, error) {
	f, err := s.store.Feed(ctx)
	return PollState{LastAt: f.LastAt, NextAt: f.DueAt, Problem: f.Problem}, err
}
