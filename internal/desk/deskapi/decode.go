package deskapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
	"traid/internal/fault"
)

// body reads the request's JSON object, and an empty body as an empty object.
func (c *call) body() (raw []byte, members map[string]any, err error) {
	raw, err = io.ReadAll(c.r.Body)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, nil, &problem{status: http.StatusRequestEntityTooLarge, Name: "PayloadTooLarge", Description: "The body is too large."}
	}
	if err != nil {
		return nil, nil, badRequest("InvalidRequest", "The body could not be read.")
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return raw, map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil || members == nil {
		return nil, nil, badRequest("InvalidRequest", "The body is not a JSON object.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, badRequest("InvalidRequest", "The body is not one JSON object.")
	}
	return raw, members, nil
}

// object reads the members of a JSON object leniently: what is wrong is
// gathered, what is not known is noted.
type object struct {
	name    string // of the object, for keys that are not heeded
	members map[string]any
	read    map[string]bool
	wrong   *[]fault.Field
	warn    *[]string
}

func newObject(name string, members map[string]any, wrong *[]fault.Field, warn *[]string) object {
	return object{name: name, members: members, read: map[string]bool{}, wrong: wrong, warn: warn}
}

// take gives a member that is there; null is there.
func (o object) take(key string) (any, bool) {
	v, ok := o.members[key]
	o.read[key] = true
	return v, ok
}

func (o object) refuse(key, reason string) {
	*o.wrong = append(*o.wrong, fault.Field{Pointer: key, Reason: reason})
}

// text reads a text, a number as its digits; null is the empty text. nil when it is not there.
func (o object) text(key string) *string {
	v, ok := o.take(key)
	if !ok {
		return nil
	}
	s, ok := textOf(v)
	if !ok {
		o.refuse(key, key+": is not a text")
		return nil
	}
	return &s
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return cleanText(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// given is a text that is there and not null.
func (o object) given(key string) *string {
	if v, ok := o.members[key]; ok && v == nil {
		o.read[key] = true
		return nil
	}
	return o.text(key)
}

// id reads an id, as a number or its digits; null is zero.
func (o object) id(key string) *int64 {
	v, ok := o.take(key)
	if !ok {
		return nil
	}
	id, ok := idOf(v)
	if !ok {
		o.refuse(key, key+": is not an id")
		return nil
	}
	return &id
}

func idOf(v any) (int64, bool) {
	s, ok := textOf(v)
	if s == "" {
		return 0, ok
	}
	id, err := strconv.ParseInt(s, 10, 64)
	return id, ok && err == nil
}

// boolean reads true and false, also as texts; null as not there.
func (o object) boolean(key string) *bool {
	v, ok := o.take(key)
	if !ok || v == nil {
		return nil
	}
	b, is := v.(bool)
	if s, text := v.(string); text {
		parsed, err := strconv.ParseBool(s)
		b, is = parsed, err == nil
	}
	if !is {
		o.refuse(key, key+": is not true or false")
		return nil
	}
	return &b
}

// texts reads a list of texts, or a text of several words; null is the empty list.
func (o object) texts(key string) *[]string {
	v, ok := o.take(key)
	if !ok {
		return nil
	}
	out := []string{}
	switch v := v.(type) {
	case nil:
	case string:
		out = strings.Fields(strings.ReplaceAll(cleanText(v), ",", " "))
	case []any:
		for _, item := range v {
			s, ok := textOf(item)
			if !ok {
				o.refuse(key, key+": is not a list of texts")
				return nil
			}
			out = append(out, s)
		}
	default:
		o.refuse(key, key+": is not a list of texts")
		return nil
	}
	return &out
}

// child reads an object; nil when it is not there or null.
func (o object) child(key string) *object {
	v, ok := o.take(key)
	if !ok || v == nil {
		return nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		o.refuse(key, key+": is not an object")
		return nil
	}
	child := newObject(o.name+"."+key, members, o.wrong, o.warn)
	return &child
}

// unsupported refuses features that are asked for and not there. Empty is not asked for.
func (o object) unsupported(keys ...string) {
	for _, key := range keys {
		v, ok := o.take(key)
		if !ok || empty(v) {
			continue
		}
		o.refuse(key, key+": is not supported by this desk")
	}
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v.String() == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// done notes the members that nobody read.
func (o object) done() {
	for key := range o.members {
		if !o.read[key] {
			*o.warn = append(*o.warn, o.name+"."+key)
		}
	}
	slices.Sort(*o.warn)
}

// ticketBody reads {"ticket":{…}}.
func (c *call) ticketBody(create bool) (raw []byte, u desk.Update, err error) {
	raw, members, err := c.body()
	if err != nil {
		return nil, u, err
	}
	inner, ok := members["ticket"].(map[string]any)
	if !ok {
		return nil, u, badRequest("ParameterMissing", "Parameter ticket is required")
	}
	for key := range members {
		if key != "ticket" {
			c.warn = append(c.warn, key)
		}
	}
	account, err := c.svc.Account(c.ctx())
	if err != nil {
		return nil, u, err
	}
	u, err = c.ticketMembers(inner, create, account)
	return raw, u, err
}

// ticketMembers reads what a ticket is to be.
func (c *call) ticketMembers(members map[string]any, create bool, account desk.Account) (desk.Update, error) {
	var wrong []fault.Field
	o := newObject("ticket", members, &wrong, &c.warn)
	u := readUpdate(o, create)
	readAccount(o, &u, account, create)
	o.done()
	if len(wrong) > 0 {
		return u, recordInvalid(wrong)
	}
	return u, nil
}

// readAccount reads what names a thing of the account's own: there is one brand
// and one form, and a status of its own for each status.
func readAccount(o object, u *desk.Update, account desk.Account, create bool) {
	for key, only := range map[string]int64{"brand_id": account.Brand, "ticket_form_id": account.Form} {
		if id := o.id(key); id != nil && *id != 0 && *id != only {
			o.refuse(key, key+": is not known")
		}
	}
	if id := o.id("custom_status_id"); id != nil && *id != 0 {
		status, ok := account.StatusOf(*id)
		if !ok {
			o.refuse("custom_status_id", "custom_status_id: is not known")
		} else if u.Status == nil {
			u.Status = &status
		}
	}
	if !create {
		return // a follow-up is one from its creation on: named in the warning
	}
	if id := o.id("via_followup_source_id"); id != nil && *id != 0 {
		source := desk.TicketID(*id)
		u.FollowupOf = &source
	}
}

// notThere are attributes of Zendesk's that this desk cannot set.
var notThere = []string{
	"macro_id", "macro_ids", "followers", "email_ccs", "collaborators", "additional_collaborators", "collaborator_ids", "follower_ids", "email_cc_ids",
	"organization_id", "due_at", "problem_id", "recipient",
	"sharing_agreement_ids", "voice_comment", "attribute_value_ids", "satisfaction_rating",
}

func readUpdate(o object, create bool) desk.Update {
	var u desk.Update
	for _, key := range []string{"raw_subject", "subject"} { // the second wins
		if v := o.text(key); v != nil {
			u.Subject = hidden(v)
		}
	}
	if v := o.given("status"); v != nil {
		s := desk.Status(*v)
		u.Status = &s
	}
	u.Type, u.Priority, u.ExternalID = o.text("type"), o.text("priority"), o.text("external_id")
	if id := o.id("requester_id"); id != nil && *id != 0 {
		r := desk.UserID(*id)
		u.RequesterID = &r
	}
	if id := o.id("assignee_id"); id != nil {
		a := desk.UserID(*id)
		u.AssigneeID = &a
	}
	if v := o.given("assignee_email"); v != nil && *v != "" {
		u.AssigneeEmail = hidden(v)
	}
	if id := o.id("group_id"); id != nil {
		g := desk.GroupID(*id)
		u.GroupID = &g
	}
	if r := o.child("requester"); r != nil {
		if create {
			u.Requester = &desk.NewUser{Name: deref(r.text("name")), Email: deref(r.text("email"))}
			r.done()
		} else {
			o.refuse("requester", "requester: is taken at creation only")
		}
	}
	u.Tags = o.texts("tags")
	if v := o.texts("additional_tags"); v != nil {
		u.AddTags = *v
	}
	if v := o.texts("remove_tags"); v != nil {
		u.RemoveTags = *v
	}
	u.Fields = map[desk.FieldID]desk.Text{}
	for _, key := range []string{"fields", "custom_fields"} { // the second wins
		readFields(o, key, u.Fields)
	}
	u.Comment = readComment(o, create)
	u.Custom = readMetadata(o)
	if !create {
		u.IfUpdatedAt = readStamp(o)
	}
	o.unsupported(notThere...)
	return u
}

func hidden(v *string) *desk.Text {
	t := desk.NewText(*v)
	return &t
}

func deref(v *string) desk.Text {
	if v == nil {
		return desk.Text{}
	}
	return desk.NewText(*v)
}

// readComment reads the comment, or a creation's description in its place.
func readComment(o object, create bool) *desk.NewComment {
	description := o.given("description")
	v, there := o.take("comment")
	if there && v == nil {
		there = false
	}
	if !there {
		if create && description != nil {
			return &desk.NewComment{Body: desk.NewText(*description)}
		}
		return nil
	}
	if s, ok := v.(string); ok {
		return &desk.NewComment{Body: desk.NewText(cleanText(s))}
	}
	c := o.child("comment")
	if c == nil {
		return nil
	}
	out := &desk.NewComment{Public: c.boolean("public")}
	if id := c.id("author_id"); id != nil {
		out.Author = desk.UserID(*id)
	}
	rich := c.given("html_body")
	for _, key := range []string{"value", "body"} { // the second wins
		if t := c.given(key); t != nil && *t != "" {
			out.Body = desk.NewText(*t)
		}
	}
	if out.Body.IsZero() && rich != nil {
		out.Body = desk.NewText(plain(*rich))
	}
	if out.Body.IsZero() && create && description != nil {
		out.Body = desk.NewText(*description)
	}
	c.unsupported("uploads")
	c.done()
	return out
}

// plain takes the tags out of HTML: lines and paragraphs stay, formatting goes.
func plain(rich string) string {
	var b strings.Builder
	for rich != "" {
		text, rest, tagged := strings.Cut(rich, "<")
		b.WriteString(html.UnescapeString(text))
		if !tagged {
			break
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !closed { // a lone <
			b.WriteString("<" + html.UnescapeString(rest))
			break
		}
		switch name, _, _ := strings.Cut(strings.ToLower(strings.TrimRight(tag, " /")), " "); name {
		case "br", "/div", "/li", "/tr":
			b.WriteString("\n")
		case "/p", "/h1", "/h2", "/h3", "/h4", "/ul", "/ol", "/table":
			b.WriteString("\n\n")
		}
		rich = after
	}
	return strings.TrimSpace(cleanText(b.String()))
}

// readFields reads custom fields in each of the four shapes that clients send:
// [{"id":1,"value":"v"}], the same without a value, {"id":"1","value":"v"} and {"1":"v"}.
func readFields(o object, key string, into map[desk.FieldID]desk.Text) {
	v, ok := o.take(key)
	if !ok || v == nil {
		return
	}
	one := func(id, value any) {
		n, ok := idOf(id)
		if !ok || n == 0 {
			o.refuse(key, "Custom field: is not known")
			return
		}
		s, ok := textOf(value)
		if list, is := value.([]any); is && len(list) == 0 {
			ok = true
		}
		if !ok {
			o.refuse(fmt.Sprintf("%s/%d", "custom_fields", n), "Custom field: is not a text")
			return
		}
		into[desk.FieldID(n)] = desk.NewText(s)
	}
	pair := func(m map[string]any) {
		if value, ok := m["value"]; ok { // without one, nothing is asked for
			one(m["id"], value)
		}
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				o.refuse(key, key+": is not a list of fields")
				return
			}
			pair(m)
		}
	case map[string]any:
		if _, ok := v["id"]; ok {
			pair(v)
			return
		}
		for id, value := range v {
			one(id, value)
		}
	default:
		o.refuse(key, key+": is not a list of fields")
	}
}

// maxMetadata bounds what is kept with an audit.
const maxMetadata = 16 << 10

func readMetadata(o object) string {
	m := o.child("metadata")
	if m == nil {
		return ""
	}
	members := m.members
	if custom, ok := members["custom"].(map[string]any); ok && len(members) == 1 {
		members = custom
	}
	if len(members) == 0 {
		return ""
	}
	raw, err := marshal(members)
	if err != nil || len(raw) > maxMetadata {
		o.refuse("metadata", "metadata: is too long")
		return ""
	}
	return string(raw)
}

// readStamp reads the second in which the caller saw the ticket updated, when it asks to be safe.
func readStamp(o object) *time.Time {
	safe, stamp := o.boolean("safe_update"), o.given("updated_stamp")
	if safe == nil || !*safe {
		return nil
	}
	if stamp == nil || *stamp == "" {
		o.refuse("updated_stamp", "updated_stamp: is required with safe_update")
		return nil
	}
	at, err := time.Parse(time.RFC3339, *stamp) // also with fractions of a second
	if err != nil {
		o.refuse("updated_stamp", "updated_stamp: is not a time")
		return nil
	}
	return &at
}

// tagsBody reads {"tags":[…]} of the tags' own endpoints.
func (c *call) tagsBody() ([]string, *time.Time, error) {
	_, members, err := c.body()
	if err != nil {
		return nil, nil, err
	}
	var wrong []fault.Field
	o := newObject("tags", members, &wrong, &c.warn)
	tags, stamp := o.texts("tags"), readStamp(o)
	o.done()
	if tags == nil && len(wrong) == 0 {
		return nil, nil, badRequest("ParameterMissing", "Parameter tags is required")
	}
	if len(wrong) > 0 {
		return nil, nil, recordInvalid(wrong)
	}
	return *tags, stamp, nil
}
