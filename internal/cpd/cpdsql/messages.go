package cpdsql

import (
	"context"
	"database/sql"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
)

// Messages gives the mails to a participant and to the joined records, the oldest first.
func (s *Store) Messages(ctx context.Context, id cpd.ParticipantID) ([]cpd.Message, error) {
	rows, err := s.q.MessagesOf(ctx, string(id))
	return each("message", rows, err, toMessage)
}

// Outbox gives every mail, the newest first, those after the one named; with
// an unknown one none.
func (s *Store) Outbox(ctx context.Context, after string, limit int) ([]cpd.Message, error) {
	if after == "" {
		rows, err := s.q.NewestMessages(ctx, int32(limit))
		return each("message", rows, err, toMessage)
	}
	rows, err := s.q.MessagesBefore(ctx, MessagesBeforeParams{After: after, AtMost: int32(limit)})
	return each("message", rows, err, toMessage)
}

// AddMessage keeps a mail, and with a hash the link in it, to be used until linkEnds.
func (x *tx) AddMessage(ctx context.Context, m cpd.Message, linkHash string, linkEnds time.Time) error {
	return wrote("add message", x.q.AddMessage(ctx, AddMessageParams{
		ID: m.ID, ParticipantID: string(m.Participant), At: sqldb.Time(m.At), Recipient: m.To, Subject: m.Subject, Body: m.Body, Link: m.Link,
		LinkHash: sql.NullString{String: linkHash, Valid: linkHash != ""}, LinkEndsAt: sqldb.NullTime(linkEnds),
	}))
}

// UseLink ends a link that is good at now, and its text, and gives its participant.
func (x *tx) UseLink(ctx context.Context, hash string, now time.Time) (cpd.ParticipantID, error) {
	id, err := x.q.UseLink(ctx, UseLinkParams{LinkHash: sql.NullString{String: hash, Valid: true}, LinkEndsAt: sqldb.NullTime(now)})
	if err != nil {
		return "", failed("link", err)
	}
	return cpd.ParticipantID(id), nil
}

func toMessage(row Message) (cpd.Message, error) {
	return cpd.Message{
		ID: row.ID, Participant: cpd.ParticipantID(row.ParticipantID), To: row.Recipient, Subject: row.Subject, Body: row.Body,
		Link: row.Link, At: row.At.UTC(),
	}, nil
}
