package cpdsql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
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

// AddMessage keeps a mail, with what it holds that is used once.
func (x *tx) AddMessage(ctx context.Context, m cpd.Message, s cpd.Secret) error {
	values, err := json.Marshal(m.Values)
	if err != nil {
		return fmt.Errorf("cpdsql: add message: %w", err)
	}
	return wrote("add message", x.q.AddMessage(ctx, AddMessageParams{
		ID: m.ID, ParticipantID: text(string(m.Participant)), At: sqldb.Time(m.At), Recipient: m.To, Kind: string(m.Kind), Subject: m.Subject, Body: m.Body,
		Link: m.Link, LinkHash: text(s.LinkHash), DraftKey: s.Draft, Code: m.Code, SecretEndsAt: sqldb.NullTime(s.EndsAt),
		Personalisation: string(values), State: string(m.State), StateAt: sqldb.NullTime(m.StateAt),
		InvitationID: string(s.Invitation),
	}))
}

// text gives a text that may be missing: NULL for an empty one.
func text(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// UseLink ends a link that is good at now, and its text, and gives what it leads to.
func (x *tx) UseLink(ctx context.Context, hash string, now time.Time) (cpd.LinkTarget, error) {
	row, err := x.q.UseLink(ctx, UseLinkParams{LinkHash: sql.NullString{String: hash, Valid: true}, SecretEndsAt: sqldb.NullTime(now)})
	if err != nil {
		return cpd.LinkTarget{}, failed("link", err)
	}
	return cpd.LinkTarget{Participant: cpd.ParticipantID(row.ParticipantID.String), Draft: row.DraftKey, Invitation: cpd.InvitationID(row.InvitationID)}, nil
}

// UseCode ends the code in a mail.
func (x *tx) UseCode(ctx context.Context, message string) error {
	return wrote("use code", x.q.UseCode(ctx, message))
}

func toMessage(row Message) (cpd.Message, error) {
	var values map[string]string
	if err := json.Unmarshal([]byte(row.Personalisation), &values); err != nil {
		return cpd.Message{}, fmt.Errorf("cpdsql: message %s cannot be read", row.ID)
	}
	if len(values) == 0 {
		values = nil
	}
	return cpd.Message{
		Values: values, State: cpd.MailState(row.State), StateAt: when(row.StateAt), Problem: row.Problem,
		ID: row.ID, Participant: cpd.ParticipantID(row.ParticipantID.String), Kind: cpd.MailKind(row.Kind), To: row.Recipient,
		Subject: row.Subject, Body: row.Body, Link: row.Link, Code: row.Code, At: row.At.UTC(),
	}, nil
}

// Sending gives a mail with how far sending it has come.
func (r reads) Sending(ctx context.Context, id string) (cpd.Sending, error) {
	row, err := r.q.MessageByID(ctx, id)
	if err != nil {
		return cpd.Sending{}, failed("message", err)
	}
	m, err := toMessage(row)
	return cpd.Sending{
		Message: m, SecretEndsAt: when(row.SecretEndsAt), TriedAt: when(row.TriedAt), Looked: row.Looked, SentID: row.SentID,
	}, err
}

// SaveSending keeps how far sending a mail has come, and what is left in it
// that is used once.
func (x *tx) SaveSending(ctx context.Context, m cpd.Sending) error {
	n, err := x.q.SaveSending(ctx, SaveSendingParams{
		State: string(m.State), StateAt: sqldb.NullTime(m.StateAt), Problem: m.Problem, TriedAt: sqldb.NullTime(m.TriedAt),
		Looked: m.Looked, SentID: m.SentID, Link: m.Link, Code: m.Code, ID: m.ID,
	})
	return changed("message", n, err)
}
