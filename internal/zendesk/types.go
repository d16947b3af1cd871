package zendesk

import (
	"encoding/json"
	"time"
)

// TicketID, FieldID, UserID, GroupID, CommentID and AuditID are an account's
// own numbers. 0 is none.
type (
	TicketID  int64
	FieldID   int64
	UserID    int64
	GroupID   int64
	CommentID int64
	AuditID   int64
)

// Statuses of a ticket.
const (
	StatusNew     = "new"
	StatusOpen    = "open"
	StatusPending = "pending"
	StatusHold    = "hold"
	StatusSolved  = "solved"
	StatusClosed  = "closed"
	StatusDeleted = "deleted" // in the export only
)

// Ticket is what is relied on of a ticket. Its comments are read apart.
type Ticket struct {
	ID          TicketID     `json:"id"`
	ExternalID  string       `json:"external_id"` // not unique
	Subject     string       `json:"subject"`
	Status      string       `json:"status"`
	RequesterID UserID       `json:"requester_id"`
	SubmitterID UserID       `json:"submitter_id"` // who made it
	AssigneeID  UserID       `json:"assignee_id"`  // 0: nobody
	GroupID     GroupID      `json:"group_id"`
	Tags        []string     `json:"tags"`
	Fields      []FieldValue `json:"custom_fields"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"` // what TicketUpdate.IfUpdatedAt is compared with
}

// FieldValue is the value of a ticket field: a string, a json.Number, a bool,
// a list or nil.
type FieldValue struct {
	ID    FieldID `json:"id"`
	Value any     `json:"value"`
}

// Text gives the value of a field as text, a number by its digits; "" when it
// is empty, absent or no text.
func (t Ticket) Text(id FieldID) string {
	for _, f := range t.Fields {
		if f.ID == id {
			return Text(f.Value)
		}
	}
	return ""
}

// Text gives a field's or an event's value as text, as Ticket.Text does.
func Text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// Comment is a comment on a ticket; the first one is its description.
type Comment struct {
	ID        CommentID `json:"id"`
	AuthorID  UserID    `json:"author_id"`
	Public    bool      `json:"public"`
	PlainBody string    `json:"plain_body"` // without the HTML that body and html_body may have
	AuditID   AuditID   `json:"audit_id"`
	CreatedAt time.Time `json:"created_at"`
}

// Audit is one change of a ticket: who made it, when, and what became of it.
type Audit struct {
	ID        AuditID   `json:"id"`
	TicketID  TicketID  `json:"ticket_id"`
	AuthorID  UserID    `json:"author_id"`
	CreatedAt time.Time `json:"created_at"`
	Metadata  struct {
		Custom map[string]any `json:"custom"` // TicketUpdate.Metadata
	} `json:"metadata"`
	Via    Via     `json:"via"`
	Events []Event `json:"events"`
}

// Via says how a change came about.
type Via struct {
	Channel string `json:"channel"` // "web", "api"; "rule" for what a trigger did, whoever is the author
}

// Types of event.
const (
	EventCreate  = "Create"
	EventChange  = "Change"
	EventComment = "Comment"
)

// Event is one thing in a change.
type Event struct {
	Type          string `json:"type"`
	FieldName     string `json:"field_name"` // of a ticket field its id as text
	Value         any    `json:"value"`
	PreviousValue any    `json:"previous_value"`
	Via           Via    `json:"via"` // empty where it is the audit's
}

// Types of a ticket field.
const (
	TypeText     = "text"
	TypeTextarea = "textarea"
	TypeRegexp   = "regexp" // a text that Field.Regexp fits
	TypeTagger   = "tagger" // one of Field.Options
)

// Field is a ticket field.
type Field struct {
	ID       FieldID       `json:"id,omitempty"`
	Type     string        `json:"type"` // text, textarea, regexp, tagger, …
	Title    string        `json:"title"`
	Active   bool          `json:"active"`
	Required bool          `json:"required"` // on solving
	Regexp   string        `json:"regexp_for_validation,omitempty"`
	Options  []FieldOption `json:"custom_field_options,omitempty"`
}

// FieldOption is one choice of a tagger.
type FieldOption struct {
	Name  string `json:"name"`
	Value string `json:"value"` // the field's value, and a tag of the ticket
}

// Roles of a user.
const (
	RoleEndUser = "end-user"
	RoleAgent   = "agent"
	RoleAdmin   = "admin"
)

// User is a user of the account.
type User struct {
	ID        UserID `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	Active    bool   `json:"active"` // false: deleted
	Suspended bool   `json:"suspended"`
	// Which tickets an agent sees: groups, assigned, organization; empty: all.
	// With a role of the account's own that role says it.
	Restriction  string `json:"ticket_restriction"`
	CustomRoleID int64  `json:"custom_role_id"` // 0: none
}

// Group is a group of agents.
type Group struct {
	ID      GroupID `json:"id"`
	Name    string  `json:"name"`
	Public  bool    `json:"is_public"` // false: its tickets are seen by its members, where roles allow no more
	Deleted bool    `json:"deleted"`
}

// TicketUpdate changes a ticket; what is left out stays.
type TicketUpdate struct {
	Status     string
	AssigneeID UserID
	Tags       []string // take the place of the ticket's
	Fields     []FieldValue
	Comment    *NewComment
	Metadata   map[string]any // found again in the audit's Metadata.Custom
	// IfUpdatedAt is the ticket's UpdatedAt as last read: the update is made
	// only if it is still so (Conflict otherwise). Zero: made anyway.
	IfUpdatedAt time.Time
}

// NewComment is a comment to be made. A private one is seen by agents only.
type NewComment struct {
	Body   string `json:"body"`
	Public bool   `json:"public"` // always sent: Zendesk's default is public
}

// MarshalJSON gives the update as Zendesk reads it.
func (u TicketUpdate) MarshalJSON() ([]byte, error) {
	type wire struct {
		Status       string         `json:"status,omitempty"`
		AssigneeID   UserID         `json:"assignee_id,omitempty"`
		Tags         []string       `json:"tags,omitempty"`
		Fields       []FieldValue   `json:"custom_fields,omitempty"`
		Comment      *NewComment    `json:"comment,omitempty"`
		Metadata     map[string]any `json:"metadata,omitempty"`
		SafeUpdate   bool           `json:"safe_update,omitempty"`
		UpdatedStamp *time.Time     `json:"updated_stamp,omitempty"`
	}
	w := wire{
		Status: u.Status, AssigneeID: u.AssigneeID, Tags: u.Tags, Fields: u.Fields, Comment: u.Comment, Metadata: u.Metadata,
	}
	if !u.IfUpdatedAt.IsZero() {
		stamp := u.IfUpdatedAt.UTC()
		w.SafeUpdate, w.UpdatedStamp = true, &stamp
	}
	return json.Marshal(w)
}
