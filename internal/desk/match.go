package desk

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attribute is what a Match looks at.
type Attribute string

// The attributes. Those of ids hold their digits, nobody's and none's is "0".
const (
	ByID         Attribute = "id"
	ByStatus     Attribute = "status"
	ByType       Attribute = "type"
	ByPriority   Attribute = "priority"
	ByExternalID Attribute = "external_id"
	ByRequester  Attribute = "requester_id"
	BySubmitter  Attribute = "submitter_id"
	ByAssignee   Attribute = "assignee_id"
	ByGroup      Attribute = "group_id"
	ByTag        Attribute = "tag"
	ByField      Attribute = "field"
	ByCreated    Attribute = "created_at"
	ByUpdated    Attribute = "updated_at"
	BySolved     Attribute = "solved_at"
	ByWords      Attribute = "words"       // in the subject or in a comment
	BySubject    Attribute = "subject"     // words in it
	ByFirst      Attribute = "description" // words in it
	ByComment    Attribute = "comment"     // words in one
)

// Match is one condition of a search, a view or a trigger.
type Match struct {
	By    Attribute
	Field FieldID // with ByField
	// In holds what is looked for, any of it. With ByField, none means any value.
	In []string
	// From and Before bound a time: from an instant on, before another. Zero: unbounded.
	From, Before time.Time
	Not          bool
}

// Conditions hold when all of All do and, where there are any, one of Any.
type Conditions struct {
	All, Any []Match
}

// hold tells whether a ticket meets them. Words of comments are not known here:
// triggers do not look for them.
func (c Conditions) hold(t Ticket) bool {
	met := func(m Match) bool { return m.holds(t) }
	return !slices.ContainsFunc(c.All, func(m Match) bool { return !met(m) }) && (len(c.Any) == 0 || slices.ContainsFunc(c.Any, met))
}

func (m Match) holds(t Ticket) bool { return m.found(t) != m.Not }

func (m Match) found(t Ticket) bool {
	is := func(v string) bool { return slices.Contains(m.In, v) }
	id := func(v int64) bool { return is(strconv.FormatInt(v, 10)) }
	within := func(at time.Time) bool {
		return !at.IsZero() && !at.Before(m.From) && (m.Before.IsZero() || at.Before(m.Before))
	}
	switch m.By {
	case ByID:
		return id(int64(t.ID))
	case ByStatus:
		return is(string(t.Status))
	case ByType:
		return is(t.Type)
	case ByPriority:
		return is(t.Priority)
	case ByExternalID:
		return is(t.ExternalID)
	case ByRequester:
		return id(int64(t.Requester))
	case BySubmitter:
		return id(int64(t.Submitter))
	case ByAssignee:
		return id(int64(t.Assignee))
	case ByGroup:
		return id(int64(t.Group))
	case ByTag:
		return slices.ContainsFunc(t.Tags, is)
	case ByField:
		v, set := t.Fields[m.Field]
		return set && (len(m.In) == 0 || is(v.Reveal()))
	case ByCreated:
		return within(t.CreatedAt)
	case ByUpdated:
		return within(t.UpdatedAt)
	case BySolved:
		return within(t.SolvedAt)
	case BySubject, ByWords:
		return m.says(t.Subject)
	case ByFirst:
		return m.says(t.Description)
	}
	return false
}

func (m Match) says(text Text) bool {
	folded := strings.ToLower(text.Reveal())
	return slices.ContainsFunc(m.In, func(words string) bool { return strings.Contains(folded, strings.ToLower(words)) })
}

// statusesIf gives the statuses that stand to one as a comparison says: "<",
// "<=", ">", ">=", or "" for the same.
func statusesIf(comparison string, to Status) ([]string, bool) {
	i := slices.Index(statuses, to)
	if i < 0 {
		return nil, false
	}
	from, until := i, i+1
	switch comparison {
	case "<":
		from, until = 0, i
	case "<=":
		from, until = 0, i+1
	case ">":
		from, until = i+1, len(statuses)
	case ">=":
		until = len(statuses)
	}
	out := []string{}
	for _, s := range statuses[from:until] {
		out = append(out, string(s))
	}
	return out, true
}
