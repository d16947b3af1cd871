package desk

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Audit is one change of a ticket: who made it, by which program, and what it
// was. A ticket's audits, one after the other, give its state.
type Audit struct {
	ID        int64
	Ticket    TicketID
	At        time.Time
	Author    UserID
	Channel   string
	Rel       string     // RelMerge, or empty
	Sources   []TicketID // with RelMerge: the tickets on the other side
	Program   string     // the caller's name for itself
	Address   string     // the caller's network address
	Custom    string     // JSON object: what the caller noted with the change
	Comment   *Comment
	Events    []Event
	Private   int64 // the comment that was made private; zero: none
	PrivateID int64 // of the event that says so
}

// Where changes come from.
const (
	ChannelAPI  = "api"
	ChannelRule = "rule" // the desk itself
	ChannelWeb  = "web"  // an agent on the desk's pages
)

// How tickets stand to each other where a change came from.
const (
	RelMerge    = "merge"
	RelFollowUp = "follow_up"
)

// Comment is what somebody wrote. A ticket's first is its description.
type Comment struct {
	ID     int64
	Author UserID
	Body   Text
	Public bool
}

// Event is one attribute that a change set. The attributes are subject, status,
// type, priority, external_id, requester_id, assignee_id, group_id, tags, and
// a custom field's id in digits.
type Event struct {
	ID        int64
	Create    bool // with the ticket's creation
	Attribute string
	Value     Value
	Previous  Value
}

// attributes gives all that events are made of, by name; custom fields by their ids.
func (t Ticket) attributes() map[string]Value {
	out := map[string]Value{
		"subject": {Text: t.Subject}, "status": TextValue(string(t.Status)), "type": TextValue(t.Type),
		"priority": TextValue(t.Priority), "external_id": TextValue(t.ExternalID),
		"requester_id": idValue(int64(t.Requester)), "assignee_id": idValue(int64(t.Assignee)),
		"group_id": idValue(int64(t.Group)), "tags": ListValue(t.Tags),
	}
	for id, v := range t.Fields {
		out[strconv.FormatInt(int64(id), 10)] = Value{Text: v}
	}
	return out
}

func idValue(id int64) Value {
	if id == 0 {
		return Value{}
	}
	return TextValue(strconv.FormatInt(id, 10))
}

// order is the order of attributes in an audit; custom fields come after them.
var order = []string{"subject", "status", "type", "priority", "external_id", "requester_id", "assignee_id", "group_id", "tags"}

// changes gives the events that lead from one state of a ticket to the next,
// without ids. The zero Ticket is the state before its creation.
func changes(before, after Ticket) []Event {
	was, is := before.attributes(), after.attributes()
	create := before.ID == 0
	names := slices.Collect(maps.Keys(is))
	for name := range was {
		if _, ok := is[name]; !ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, byOrder)
	var out []Event
	for _, name := range names {
		if was[name].equal(is[name]) {
			continue
		}
		e := Event{Create: create, Attribute: name, Value: is[name]}
		if !create {
			e.Previous = was[name]
		}
		out = append(out, e)
	}
	return out
}

func byOrder(a, b string) int {
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
