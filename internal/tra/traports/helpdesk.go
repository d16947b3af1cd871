package traports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// Helpdesk is tra.Helpdesk on a Zendesk account, or on what speaks its API.
type Helpdesk struct {
	desk *zendesk.Client
	past Past
	now  func() time.Time

	mu    sync.Mutex
	known *account // nil: not read yet
}

var _ tra.Helpdesk = (*Helpdesk)(nil)

// Past keeps whom the helpdesk has known us as. What an earlier service account
// of ours did is ours, and no agent's.
type Past interface {
	// KeepUser keeps a user's id and gives all that were ever kept.
	KeepUser(ctx context.Context, id int64, at time.Time) ([]int64, error)
}

// NewHelpdesk gives a Helpdesk. What it needs to know of the account is read
// when it is needed first, so that it starts without one. Without a past only
// what the present service account did is ours.
func NewHelpdesk(desk *zendesk.Client, past Past, now func() time.Time) *Helpdesk {
	return &Helpdesk{desk: desk, past: past, now: now}
}

const (
	// requestTag is on every ticket that we create, for views and triggers.
	requestTag = "tra_request"
	// mergedTag is what Zendesk puts on a ticket that was merged into another one,
	// as tickets of public accounts show it; its API does not document it.
	mergedTag = "closed_by_merge"
	// opID is where our operations stand in an audit's metadata, and setsFields
	// whether one set the fields of an answer: all of them, also those that the
	// audit shows no change of because they were so already.
	opID       = "op_id"
	setsFields = "sets_fields"
	// channelRule is the channel of what a trigger or an automation did, whoever is named as the author.
	channelRule = "rule"
)

// Compose gives the exact bytes of a ticket's creation. Without a requester the
// ticket is the service account's own, and without a public comment nobody is
// mailed.
func (h *Helpdesk) Compose(ctx context.Context, d tra.Draft) ([]byte, error) {
	a, err := h.account(ctx)
	if err != nil {
		return nil, err
	}
	type ticket struct {
		Follows    tra.TicketID         `json:"via_followup_source_id,omitempty"`
		Subject    string               `json:"subject"`
		Comment    zendesk.NewComment   `json:"comment"`
		ExternalID string               `json:"external_id"`
		Tags       []string             `json:"tags"`
		GroupID    zendesk.GroupID      `json:"group_id,omitempty"`
		Fields     []zendesk.FieldValue `json:"custom_fields"`
	}
	fields := []zendesk.FieldValue{{ID: a.fields[tra.FieldNameRequest].id, Value: string(d.Reference)}}
	if d.Follows != 0 { // it begins with the fields of the ticket that it follows up, unless told otherwise
		for _, name := range answerFields(d.Kind) {
			fields = append(fields, zendesk.FieldValue{ID: a.fields[name].id})
		}
	}
	body, err := json.Marshal(map[string]ticket{"ticket": {
		Follows: d.Follows, Subject: d.Subject, Comment: zendesk.NewComment{Body: d.Body}, ExternalID: string(d.Key),
		Tags: []string{requestTag}, GroupID: a.group, Fields: fields,
	}})
	if err != nil {
		return nil, fmt.Errorf("traports: compose the ticket of %s: %w", d.Reference, err)
	}
	return body, nil
}

// Create creates a ticket of the bytes under a key.
func (h *Helpdesk) Create(ctx context.Context, key tra.TicketKey, body []byte) (tra.Ticket, error) {
	t, err := h.desk.CreateTicket(ctx, string(key), body)
	if err == nil {
		made := plain(t)
		made.Ours = true
		return made, nil
	}
	if e, ok := errors.AsType[*zendesk.Error](err); ok && e.Code == zendesk.CodeIdempotent {
		// The key made a ticket of other bytes, so there is one: to be looked for.
		return tra.Ticket{}, fault.Wrap(fault.Unavailable, "The helpdesk has another ticket under the key.", err)
	}
	if zendesk.Is(err, zendesk.Refused) {
		h.forget() // a field that is another now may be the reason, and the next ticket's bytes are right
	}
	return tra.Ticket{}, failed(err)
}

// ByKey gives the live tickets of a key, with the outcome of either kind.
func (h *Helpdesk) ByKey(ctx context.Context, key tra.TicketKey) ([]tra.Ticket, error) {
	a, err := h.account(ctx)
	if err != nil {
		return nil, err
	}
	tickets, err := h.desk.TicketsByExternalID(ctx, string(key))
	if err != nil {
		return nil, unasked(err)
	}
	var out []tra.Ticket
	for _, t := range tickets {
		if t.Status == zendesk.StatusDeleted {
			continue
		}
		one, _ := a.ticketOf(tra.TRNValidation, t)
		if one.Fields.Outcome == "" {
			one, _ = a.ticketOf(tra.BarringCheck, t)
		}
		out = append(out, one)
	}
	return out, nil
}

// Read gives a ticket.
func (h *Helpdesk) Read(ctx context.Context, kind tra.Kind, id tra.TicketID) (tra.Ticket, error) {
	a, err := h.account(ctx)
	if err != nil {
		return tra.Ticket{}, err
	}
	t, err := h.live(ctx, id)
	if err != nil {
		return tra.Ticket{}, err
	}
	return h.ticketOf(ctx, a, kind, t)
}

// ReadMany gives those of the tickets that are there, without their fields.
func (h *Helpdesk) ReadMany(ctx context.Context, ids []tra.TicketID) ([]tra.Ticket, error) {
	ask := make([]zendesk.TicketID, len(ids))
	for i, id := range ids {
		ask[i] = zendesk.TicketID(id)
	}
	tickets, err := h.desk.Tickets(ctx, ask)
	if err != nil {
		return nil, unasked(err)
	}
	var out []tra.Ticket
	for _, t := range tickets {
		if t.Status != zendesk.StatusDeleted {
			out = append(out, plain(t))
		}
	}
	return out, nil
}

// Settings tells for each field that was ever set who set it last.
func (h *Helpdesk) Settings(ctx context.Context, kind tra.Kind, id tra.TicketID) (map[tra.FieldName]tra.Setting, error) {
	a, err := h.account(ctx)
	if err != nil {
		return nil, err
	}
	audits, err := h.desk.Audits(ctx, zendesk.TicketID(id))
	if err != nil {
		return nil, failed(err)
	}
	type setting struct {
		audit  zendesk.Audit
		byRule bool
	}
	last := map[tra.FieldName]setting{}
	byID := map[string]tra.FieldName{}
	for name, f := range a.fields {
		byID[strconv.FormatInt(int64(f.id), 10)] = name
	}
	authors := map[zendesk.UserID]bool{}
	for _, audit := range audits {
		for _, e := range audit.Events {
			name, ours := byID[e.FieldName]
			if !ours || e.Type != zendesk.EventCreate && e.Type != zendesk.EventChange {
				continue
			}
			last[name] = setting{audit, audit.Via.Channel == channelRule || e.Via.Channel == channelRule}
			authors[audit.AuthorID] = true
		}
		if a.ours[audit.AuthorID] && opOf(audit) != "" && audit.Metadata.Custom[setsFields] != nil {
			for _, name := range answerFields(kind) {
				if s, set := last[name]; !set || !s.byRule || s.audit.ID != audit.ID {
					last[name] = setting{audit: audit}
				}
			}
		}
	}
	agents, err := h.agents(ctx, authors)
	if err != nil {
		return nil, err
	}
	out := map[tra.FieldName]tra.Setting{}
	for name, s := range last {
		set := tra.Setting{AuditID: strconv.FormatInt(int64(s.audit.ID), 10), At: s.audit.CreatedAt}
		switch {
		case s.byRule:
		case a.ours[s.audit.AuthorID]:
			set.Op = opOf(s.audit) // without one it is nobody's: we set fields by operations alone
		case agents[s.audit.AuthorID]:
			set.Agent = userID(s.audit.AuthorID)
		}
		out[name] = set
	}
	return out, nil
}

// Comments gives a ticket's comments, oldest first.
func (h *Helpdesk) Comments(ctx context.Context, id tra.TicketID) ([]tra.Comment, error) {
	a, err := h.account(ctx)
	if err != nil {
		return nil, err
	}
	comments, err := h.desk.Comments(ctx, zendesk.TicketID(id))
	if err != nil {
		return nil, failed(err)
	}
	authors := map[zendesk.UserID]bool{}
	for _, c := range comments {
		authors[c.AuthorID] = true
	}
	agents, err := h.agents(ctx, authors)
	if err != nil {
		return nil, err
	}
	out := make([]tra.Comment, 0, len(comments))
	for i, c := range comments {
		one := tra.Comment{
			ID: strconv.FormatInt(int64(c.ID), 10), Ours: i == 0 || a.ours[c.AuthorID], Text: c.PlainBody, At: c.CreatedAt,
		}
		if !one.Ours && agents[c.AuthorID] {
			one.Agent = userID(c.AuthorID)
		}
		out = append(out, one)
	}
	return out, nil
}

// writeTries bounds how often a change begins anew because the ticket was
// changed by somebody else between the look at it and the change.
const writeTries = 3

// Write makes one change of a ticket, of the ticket as it was looked at just
// before: what somebody else did meanwhile makes it look again, and so does the
// change itself when it arrives late a second time. Who repeats it says so: the
// change's operation is then looked for in the audits first.
func (h *Helpdesk) Write(ctx context.Context, id tra.TicketID, w tra.Writing) (tra.Ticket, error) {
	a, err := h.account(ctx)
	if err != nil {
		return tra.Ticket{}, err
	}
	again := w.Again
	for range writeTries {
		now, err := h.live(ctx, id)
		if err != nil {
			return tra.Ticket{}, err
		}
		done := false
		if again || now.UpdatedAt.After(w.Since.Add(-clocksApart)) { // after the ticket: what another worker makes from here on, changes it
			if done, err = h.wrote(ctx, a, id, w.Op); err != nil {
				return tra.Ticket{}, err
			}
		}
		if done && !plain(now).Merged { // what was written before a merger counts no more
			return h.ticketOf(ctx, a, w.Kind, now)
		}
		if now.Status == zendesk.StatusClosed {
			return tra.Ticket{}, errClosed
		}
		t, err := h.change(ctx, &a, w, now)
		if !zendesk.Is(err, zendesk.Conflict) {
			return t, err
		}
		again = true
	}
	return tra.Ticket{}, fault.New(fault.Unavailable, "The ticket was changed again and again meanwhile.")
}

// clocksApart is how far the helpdesk's clock and ours may be from each other.
const clocksApart = time.Minute

// change makes a change of a ticket that is as it was looked at. What is refused
// is tried again on what the account is now, where that is something else.
func (h *Helpdesk) change(ctx context.Context, a **account, w tra.Writing, now zendesk.Ticket) (tra.Ticket, error) {
	for {
		u, refused := (*a).update(w, now)
		if refused == nil {
			t, err := h.desk.UpdateTicket(ctx, now.ID, u)
			if err == nil {
				return h.ticketOf(ctx, *a, w.Kind, t)
			}
			if refused = failed(err); !zendesk.Is(err, zendesk.Refused) {
				return tra.Ticket{}, refused
			}
		}
		newer, err := h.newer(ctx, *a)
		if err != nil {
			return tra.Ticket{}, err
		}
		if newer == *a {
			return tra.Ticket{}, refused
		}
		*a = newer
	}
}

var errClosed = fault.New(fault.Conflict, "The ticket is closed and cannot be changed any more.")

// wrote tells whether an operation of ours stands in a ticket's audits.
func (h *Helpdesk) wrote(ctx context.Context, a *account, id tra.TicketID, op string) (bool, error) {
	audits, err := h.desk.Audits(ctx, zendesk.TicketID(id))
	if err != nil {
		return false, failed(err)
	}
	return slices.ContainsFunc(audits, func(audit zendesk.Audit) bool { return a.ours[audit.AuthorID] && opOf(audit) == op }), nil
}

// Delete deletes a ticket for good: softly, and then what Zendesk would keep of
// it for 30 days. It does that in a job, so gone is what was gone before.
func (h *Helpdesk) Delete(ctx context.Context, id tra.TicketID) (gone bool, err error) {
	if err := h.desk.DeleteTicket(ctx, zendesk.TicketID(id)); err != nil && !zendesk.Is(err, zendesk.Gone) {
		return false, failed(err)
	}
	err = h.desk.DestroyTicket(ctx, zendesk.TicketID(id))
	if zendesk.Is(err, zendesk.Gone) {
		return true, nil
	}
	if err != nil {
		return false, failed(err)
	}
	return false, nil
}

// ticketOf gives a ticket with the fields of a kind. An option that is not
// known makes the account be read again; one that is not known then either is
// given as it stands, which is neither an outcome nor a reason.
func (h *Helpdesk) ticketOf(ctx context.Context, a *account, kind tra.Kind, t zendesk.Ticket) (tra.Ticket, error) {
	out, known := a.ticketOf(kind, t)
	if known {
		return out, nil
	}
	a, err := h.newer(ctx, a)
	if err != nil {
		return tra.Ticket{}, err
	}
	out, _ = a.ticketOf(kind, t)
	return out, nil
}

// exportFrom is how far back the first export begins: a minute at least, and
// another for the clocks.
const exportFrom = 2 * time.Minute

// Changed gives the tickets that changed after a cursor.
func (h *Helpdesk) Changed(ctx context.Context, cursor string) (ids []tra.TicketID, next string, more bool, err error) {
	page, err := h.desk.Export(ctx, cursor, h.now().Add(-exportFrom))
	if err != nil {
		return nil, cursor, false, failed(err)
	}
	for _, t := range page.Tickets {
		if t.ExternalID == "" && t.Status != zendesk.StatusDeleted {
			continue // not one of ours
		}
		if id := tra.TicketID(t.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, page.Cursor, !page.End, nil
}

// live reads a ticket that is not deleted.
func (h *Helpdesk) live(ctx context.Context, id tra.TicketID) (zendesk.Ticket, error) {
	t, err := h.desk.Ticket(ctx, zendesk.TicketID(id))
	if err != nil {
		return zendesk.Ticket{}, failed(err)
	}
	if t.Status == zendesk.StatusDeleted {
		return zendesk.Ticket{}, errNoTicket
	}
	return t, nil
}

var errNoTicket = fault.New(fault.NotFound, "There is no such ticket.")

// plain gives a ticket without its fields.
func plain(t zendesk.Ticket) tra.Ticket {
	return tra.Ticket{
		ID: tra.TicketID(t.ID), Key: tra.TicketKey(t.ExternalID), Status: tra.TicketStatus(t.Status),
		Assigned: t.AssigneeID != 0, Merged: t.Status == zendesk.StatusClosed && slices.Contains(t.Tags, mergedTag), UpdatedAt: t.UpdatedAt,
	}
}

// opOf gives the operation that an audit's metadata names; empty: none.
func opOf(audit zendesk.Audit) string {
	op, _ := audit.Metadata.Custom[opID].(string)
	return op
}

func userID(id zendesk.UserID) string { return strconv.FormatInt(int64(id), 10) }

// failed puts a failed call about a ticket into the words of tra.Helpdesk.
func failed(err error) error {
	switch {
	case zendesk.Is(err, zendesk.Gone):
		return fault.Wrap(fault.NotFound, "There is no such ticket.", err)
	case zendesk.Is(err, zendesk.Refused):
		return fault.Wrap(fault.Invalid, "The helpdesk refused the request.", err)
	}
	return unasked(err)
}
