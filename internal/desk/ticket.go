package desk

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
)

// Ticket is a ticket as it stands. Times are whole seconds.
type Ticket struct {
	ID          TicketID
	ExternalID  string // the creator's own reference; many tickets may have the same
	Subject     Text
	Description Text // the first comment
	Status      Status
	Type        string
	Priority    string
	Requester   UserID
	Submitter   UserID
	Assignee    UserID
	Group       GroupID
	Public      bool // has a public comment
	Tags        []string
	Fields      map[FieldID]Text // only those that are set
	CreatedAt   time.Time
	UpdatedAt   time.Time // of the last event
	GeneratedAt time.Time // of the last change of any kind; by it tickets are exported
	SolvedAt    time.Time // zero unless solved or closed
	DeletedAt   time.Time // zero unless deleted
	Scrubbed    bool      // deleted for good: what it said is gone
	FollowupOf  TicketID  // the closed ticket that it follows up; zero: none
	Followups   []TicketID
}

// Update is what a caller wants a ticket to be, or to become. What is nil stays as it is.
type Update struct {
	Subject       *Text
	Status        *Status
	Type          *string // empty: none
	Priority      *string // empty: none
	ExternalID    *string // empty: none
	RequesterID   *UserID
	Requester     *NewUser // creation only; wins over RequesterID
	AssigneeID    *UserID  // zero: nobody
	AssigneeEmail *Text    // wins over AssigneeID
	GroupID       *GroupID // zero: none
	Tags          *[]string
	AddTags       []string
	RemoveTags    []string
	Fields        map[FieldID]Text // an empty one is cleared
	Comment       *NewComment
	Custom        string    // JSON object, kept with the audit; empty for none
	FollowupOf    *TicketID // creation only; without effect unless that ticket is closed
	// IfUpdatedAt refuses the update, as a Conflict, unless the ticket was last updated in this second.
	IfUpdatedAt *time.Time
}

// NewComment is a comment to add.
type NewComment struct {
	Body   Text
	Public *bool  // nil: public at a creation, later as the ticket is
	Author UserID // zero: the caller
}

// Limits of texts. That of a comment is Zendesk's.
const (
	maxComment  = 65535
	maxShort    = 255
	maxTags     = 100
	maxTag      = 80
	maxLongText = 65535
)

var (
	errClosed = fault.InvalidFields(fault.Field{Pointer: "status", Reason: "Status: closed prevents ticket update"})
	errStale  = fault.New(fault.Conflict, "Safe Update prevented the update due to outdated ticket data.")
)

func invalid(pointer, reason string) error {
	return fault.InvalidFields(fault.Field{Pointer: pointer, Reason: reason})
}

// surroundings are what a rule needs to know beside the ticket.
type surroundings struct {
	caller User
	fields []Field
	groups []Group
	users  map[UserID]User // all that the update names and that there are
}

// apply makes of a ticket what the update asks for, by the rules. It gives the
// comment to add, nil for none, without its id. A creation applies to a ticket
// without an id.
func apply(t Ticket, u Update, in surroundings, now time.Time) (Ticket, *Comment, error) {
	create := t.ID == 0
	t.Tags, t.Fields = slices.Clone(t.Tags), maps.Clone(t.Fields)
	if t.Fields == nil {
		t.Fields = map[FieldID]Text{}
	}
	switch {
	case t.Status == Closed:
		return Ticket{}, nil, errClosed
	case u.IfUpdatedAt != nil && !u.IfUpdatedAt.UTC().Truncate(time.Second).Equal(t.UpdatedAt):
		return Ticket{}, nil, errStale
	}
	var wrong []fault.Field
	refuse := func(pointer, reason string) { wrong = append(wrong, fault.Field{Pointer: pointer, Reason: reason}) }

	if u.Subject != nil {
		t.Subject = *u.Subject
		if utf8.RuneCountInString(t.Subject.Reveal()) > maxShort {
			refuse("subject", "Subject: is too long (maximum is 255 characters)")
		}
	}
	if u.ExternalID != nil {
		t.ExternalID = *u.ExternalID
		if utf8.RuneCountInString(t.ExternalID) > maxShort {
			refuse("external_id", "External id: is too long (maximum is 255 characters)")
		}
	}
	if u.Type != nil {
		t.Type = *u.Type
		if t.Type != "" && !slices.Contains(types, t.Type) {
			refuse("type", "Type: is not problem, incident, question or task")
		}
	}
	if u.Priority != nil {
		t.Priority = *u.Priority
		if t.Priority != "" && !slices.Contains(priorities, t.Priority) {
			refuse("priority", "Priority: is not urgent, high, normal or low")
		}
	}
	if u.RequesterID != nil {
		t.Requester = *u.RequesterID
		switch u, ok := in.users[t.Requester]; {
		case !ok:
			refuse("requester", "Requester: is not known")
		case u.Suspended:
			refuse("requester", "Requester: is suspended.")
		}
	}
	if u.GroupID != nil {
		t.Group = *u.GroupID
		if t.Group != 0 && !slices.ContainsFunc(in.groups, func(g Group) bool { return g.ID == t.Group }) {
			refuse("group", "Group: is not known")
		}
	}
	if u.AssigneeID != nil {
		t.Assignee = *u.AssigneeID
		if u := in.users[t.Assignee]; t.Assignee != 0 && (!u.Agent || u.Suspended) {
			refuse("assignee", "Assignee: is not an agent")
		}
	}
	if t.Assignee != 0 && t.Group == 0 && len(in.groups) > 0 { // an agent works on it for their group
		t.Group = in.groups[0].ID
	}
	wrong = append(wrong, t.setTags(u, in.fields)...)
	wrong = append(wrong, t.setFields(u.Fields, in.fields)...)

	comment, mistakes := t.comment(u.Comment, in, create)
	wrong = append(wrong, mistakes...)
	wrong = append(wrong, t.setStatus(u.Status, comment != nil && !in.users[comment.Author].Agent)...)
	if len(wrong) > 0 {
		return Ticket{}, nil, fault.InvalidFields(wrong...)
	}
	switch {
	case t.Status != Solved && t.Status != Closed:
		t.SolvedAt = time.Time{}
	case t.SolvedAt.IsZero():
		t.SolvedAt = now
	}
	return t, comment, nil
}

// setStatus moves the ticket. Without a wish, an end user's comment opens what
// waited or was solved; a ticket with an assignee is not new.
func (t *Ticket) setStatus(wish *Status, commentedByEndUser bool) []fault.Field {
	was := t.Status
	if was == "" {
		was = New
		t.Status = New
	}
	switch {
	case wish == nil:
		if commentedByEndUser && (was == Pending || was == Hold || was == Solved) {
			t.Status = Open
		}
	case !slices.Contains(statuses, *wish):
		return []fault.Field{{Pointer: "status", Reason: "Status: is not new, open, pending, hold, solved or closed"}}
	case *wish == New && was != New:
		return []fault.Field{{Pointer: "status", Reason: "Status: cannot go back to new"}}
	default:
		t.Status = *wish
	}
	if t.Status == New && t.Assignee != 0 {
		t.Status = Open
	}
	if (t.Status == Solved || t.Status == Closed) && t.Assignee == 0 {
		return []fault.Field{{Pointer: "base", Reason: "Assignee: is required when solving a ticket"}}
	}
	return nil
}

// comment gives the comment to add and notes what it does to the ticket.
func (t *Ticket) comment(c *NewComment, in surroundings, create bool) (*Comment, []fault.Field) {
	if c == nil || blank(c.Body) {
		switch {
		case create:
			return nil, []fault.Field{{Pointer: "base", Reason: "Description: cannot be blank"}}
		case c != nil:
			return nil, []fault.Field{{Pointer: "comment", Reason: "Comment: cannot be blank"}}
		}
		return nil, nil
	}
	var wrong []fault.Field
	if utf8.RuneCountInString(c.Body.Reveal()) > maxComment {
		wrong = append(wrong, fault.Field{Pointer: "comment", Reason: "Comment: is too long (maximum is 65535 characters)"})
	}
	out := &Comment{Author: c.Author, Body: c.Body, Public: create || t.Public}
	if c.Author == 0 {
		out.Author = in.caller.ID
	}
	if _, ok := in.users[out.Author]; !ok {
		wrong = append(wrong, fault.Field{Pointer: "comment", Reason: "Comment: Author: is not known"})
	}
	if c.Public != nil {
		out.Public = *c.Public
	}
	if create {
		t.Description = c.Body
	}
	t.Public = t.Public || out.Public
	return out, wrong
}

// setTags sets the tags as asked. A tagger's value is a tag too, so a tag that
// is an option sets its field, and a field whose tag is gone is cleared.
func (t *Ticket) setTags(u Update, fields []Field) []fault.Field {
	tags := slices.Clone(t.Tags)
	if u.Tags != nil {
		tags = *u.Tags
	}
	tags = append(slices.Clone(tags), u.AddTags...)
	for i, tag := range tags {
		tags[i] = foldTag(tag)
	}
	for _, gone := range u.RemoveTags {
		tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == foldTag(gone) })
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == "" })
	for _, f := range fields {
		if f.Kind != KindTagger {
			continue
		}
		value := ""
		for _, tag := range tags { // of several options the last added stands
			if f.hasOption(tag) && (value == "" || tag != t.Fields[f.ID].Reveal()) {
				value = tag
			}
		}
		t.set(f.ID, NewText(value))
		tags = slices.DeleteFunc(tags, func(tag string) bool { return tag != value && f.hasOption(tag) })
	}
	slices.Sort(tags)
	t.Tags = slices.Compact(tags)
	if len(t.Tags) > maxTags || slices.ContainsFunc(t.Tags, func(tag string) bool { return utf8.RuneCountInString(tag) > maxTag }) {
		return []fault.Field{{Pointer: "tags", Reason: "Tags: are too many (maximum is 100) or too long (maximum is 80 characters)"}}
	}
	return nil
}

// foldTag makes a tag of what was sent as one: lower case, one word.
func foldTag(tag string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' || r == '\r' }), "_")
}

func (t *Ticket) set(id FieldID, v Text) {
	if v.IsZero() {
		delete(t.Fields, id)
		return
	}
	t.Fields[id] = v
}

// setFields sets the custom fields as asked, with the tags of taggers.
func (t *Ticket) setFields(values map[FieldID]Text, fields []Field) []fault.Field {
	var wrong []fault.Field
	for _, id := range slices.Sorted(maps.Keys(values)) {
		pointer := fieldPointer + strconv.FormatInt(int64(id), 10)
		i := slices.IndexFunc(fields, func(f Field) bool { return f.ID == id })
		if i < 0 {
			wrong = append(wrong, fault.Field{Pointer: pointer, Reason: "Custom field: is not known"})
			continue
		}
		f, v := fields[i], values[id]
		if blank(v) {
			v = Text{}
		} else if why := f.wrong(v.Reveal()); why != "" {
			wrong = append(wrong, fault.Field{Pointer: pointer, Reason: why})
			continue
		}
		if utf8.RuneCountInString(v.Reveal()) > maxLongText {
			wrong = append(wrong, fault.Field{Pointer: pointer, Reason: f.Title + ": is too long (maximum is 65535 characters)"})
		}
		t.set(id, v)
		if f.Kind == KindTagger {
			t.Tags = slices.DeleteFunc(t.Tags, f.hasOption)
			if !v.IsZero() {
				t.Tags = append(t.Tags, v.Reveal())
			}
			slices.Sort(t.Tags)
		}
	}
	return wrong
}

// fieldPointer begins the pointer of a wrong custom field; its id follows.
const fieldPointer = "custom_fields/"

// WrongField gives the custom field that a wrong field's pointer names.
func WrongField(pointer string) (FieldID, bool) {
	digits, ok := strings.CutPrefix(pointer, fieldPointer)
	id, err := strconv.ParseInt(digits, 10, 64)
	return FieldID(id), ok && err == nil
}
