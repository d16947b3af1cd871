package traports

import (
	"context"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// groupName is the group that tickets go to where the account has it.
const groupName = "TRA"

// account is what is the same for all tickets of an account: who we are there
// and how its fields are numbered.
type account struct {
	me     zendesk.UserID
	ours   map[zendesk.UserID]bool // me, and whom the account has known us as before
	group  zendesk.GroupID         // 0: none is called TRA
	fields map[tra.FieldName]field
	readAt time.Time
}

// field is a ticket field. Its options' values are opaque: what they mean
// stands in their names.
type field struct {
	id     zendesk.FieldID
	names  map[string]string // by value
	values map[string]string // by name
}

// titles lists the fields that an account must have.
var titles = []tra.FieldName{
	tra.FieldNameTRN, tra.FieldNameOutcome, tra.FieldNameBarring, tra.FieldNameReason, tra.FieldNameNote, tra.FieldNameRequest,
}

// answerFields lists the fields that an answer to a request of a kind is made of.
func answerFields(k tra.Kind) []tra.FieldName {
	return []tra.FieldName{tra.FieldNameTRN, tra.OutcomeField(k), tra.FieldNameReason, tra.FieldNameNote}
}

// account gives what is known of the account, read when it is needed first.
func (h *Helpdesk) account(ctx context.Context) (*account, error) {
	h.mu.Lock()
	known := h.known
	h.mu.Unlock()
	if known != nil {
		return known, nil
	}
	return h.read(ctx)
}

// trusted is how long after being read an account is not read again, whatever
// does not fit it.
const trusted = time.Minute

// newer gives the account anew, because something does not fit what is known
// of it; the same when that was read only now.
func (h *Helpdesk) newer(ctx context.Context, than *account) (*account, error) {
	if h.now().Sub(than.readAt) < trusted {
		return than, nil
	}
	return h.read(ctx)
}

func (h *Helpdesk) read(ctx context.Context) (*account, error) {
	a := &account{fields: map[tra.FieldName]field{}, readAt: h.now()}
	me, err := h.desk.Me(ctx)
	if err != nil {
		return nil, unasked(err)
	}
	a.me, a.ours = me.ID, map[zendesk.UserID]bool{me.ID: true}
	if h.past != nil {
		past, err := h.past.KeepUser(ctx, int64(me.ID), h.now())
		if err != nil {
			return nil, err
		}
		for _, id := range past {
			a.ours[zendesk.UserID(id)] = true
		}
	}
	groups, err := h.desk.Groups(ctx)
	if err != nil {
		return nil, unasked(err)
	}
	for _, g := range groups {
		if g.Name == groupName && !g.Deleted {
			a.group = g.ID
		}
	}
	fields, err := h.desk.Fields(ctx)
	if err != nil {
		return nil, unasked(err)
	}
	for _, title := range titles {
		n := 0
		for _, f := range fields {
			if f.Active && f.Title == string(title) {
				a.fields[title] = fieldOf(f)
				n++
			}
		}
		if n != 1 {
			return nil, fault.New(fault.Unavailable, "The helpdesk needs exactly one ticket field “"+string(title)+"”: an administrator sets it up.")
		}
	}
	h.mu.Lock()
	h.known = a
	h.mu.Unlock()
	return a, nil
}

// forget makes the account be read again when it is needed next.
func (h *Helpdesk) forget() {
	h.mu.Lock()
	h.known = nil
	h.mu.Unlock()
}

// ticketOf gives a ticket with the fields of a kind. Known is false when one
// holds an option that the account did not have when it was read.
func (a *account) ticketOf(kind tra.Kind, t zendesk.Ticket) (out tra.Ticket, known bool) {
	known = true
	read := func(name tra.FieldName) string {
		v, ok := a.fields[name].read(t)
		known = known && ok
		return v
	}
	out = plain(t)
	out.Ours = a.ours[t.SubmitterID]
	out.Fields = tra.TicketFields{
		Outcome: tra.Outcome(read(tra.OutcomeField(kind))), TRN: read(tra.FieldNameTRN),
		Reason: tra.FailureReason(read(tra.FieldNameReason)), Note: read(tra.FieldNameNote),
	}
	return out, known
}

// update says what changes a ticket from what it is now. An error is an option
// that the account did not have when it was read.
func (a *account) update(w tra.Writing, now zendesk.Ticket) (zendesk.TicketUpdate, error) {
	u := zendesk.TicketUpdate{Status: string(w.Status), Metadata: map[string]any{opID: w.Op}, IfUpdatedAt: now.UpdatedAt}
	if w.Status == tra.TicketSolved && now.AssigneeID == 0 { // no ticket is solved without an assignee
		u.AssigneeID = a.me
	}
	if w.Note != "" {
		u.Comment = &zendesk.NewComment{Body: w.Note}
	}
	if w.Fields == nil {
		return u, nil
	}
	u.Metadata[setsFields] = "yes"
	values := []string{w.Fields.TRN, string(w.Fields.Outcome), string(w.Fields.Reason), w.Fields.Note}
	for i, name := range answerFields(w.Kind) {
		v, known := a.fields[name].write(values[i])
		if !known {
			return u, fault.New(fault.Unavailable, "The helpdesk's field “"+string(name)+"” lacks the option “"+values[i]+"”: an administrator sets it up.")
		}
		u.Fields = append(u.Fields, v)
	}
	return u, nil
}

func fieldOf(f zendesk.Field) field {
	out := field{id: f.ID, names: map[string]string{}, values: map[string]string{}}
	for _, o := range f.Options {
		out.names[o.Value], out.values[o.Name] = o.Name, o.Value
	}
	return out
}

// read gives a field's value on a ticket, of a choice the name of its option.
// Known is false for an option that the account did not have when it was read.
func (f field) read(t zendesk.Ticket) (value string, known bool) {
	value = strings.TrimSpace(t.Text(f.id))
	if value == "" || len(f.names) == 0 {
		return value, true
	}
	name, known := f.names[value]
	if !known {
		return value, false
	}
	return name, true
}

// write gives a field's value for a ticket, nil to clear it; false for an
// option that the account did not have when it was read.
func (f field) write(value string) (zendesk.FieldValue, bool) {
	switch option, known := f.values[value]; {
	case value == "":
		return zendesk.FieldValue{ID: f.id}, true
	case len(f.values) == 0:
		return zendesk.FieldValue{ID: f.id, Value: value}, true
	default:
		return zendesk.FieldValue{ID: f.id, Value: option}, known
	}
}

// agents gives the active agents among users.
func (h *Helpdesk) agents(ctx context.Context, ids map[zendesk.UserID]bool) (map[zendesk.UserID]bool, error) {
	var ask []zendesk.UserID
	for id := range ids {
		if id > 0 { // -1 is what the helpdesk does by itself
			ask = append(ask, id)
		}
	}
	users, err := h.desk.Users(ctx, ask)
	if err != nil {
		return nil, unasked(err)
	}
	out := map[zendesk.UserID]bool{}
	for _, u := range users {
		out[u.ID] = u.Active && !u.Suspended && (u.Role == zendesk.RoleAgent || u.Role == zendesk.RoleAdmin)
	}
	return out, nil
}

// unasked is a failure that says nothing about any ticket.
func unasked(err error) error {
	return fault.Wrap(fault.Unavailable, "The helpdesk could not be asked.", err)
}
