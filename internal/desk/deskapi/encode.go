package deskapi

import (
	"encoding/json"
	"html"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
)

// stamp is a time on the wire: UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func orNull[T ~int64](id T) *int64 {
	if id == 0 {
		return nil
	}
	v := int64(id)
	return &v
}

func textOrNull(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

type via struct {
	Channel string    `json:"channel"`
	Source  viaSource `json:"source"`
}

type viaSource struct {
	From viaFrom  `json:"from"`
	To   struct{} `json:"to"`
	Rel  *string  `json:"rel"`
}

type viaFrom struct {
	TicketID  int64   `json:"ticket_id,omitempty"`
	TicketIDs []int64 `json:"ticket_ids,omitempty"`
}

// viaOf says where an audit came from.
func viaOf(a desk.Audit) via {
	v := via{Channel: a.Channel}
	if a.Rel == "" {
		return v
	}
	v.Source.Rel = &a.Rel
	if len(a.Sources) == 1 {
		v.Source.From.TicketID = int64(a.Sources[0])
		return v
	}
	for _, id := range a.Sources {
		v.Source.From.TicketIDs = append(v.Source.From.TicketIDs, int64(id))
	}
	return v
}

// shape is what is the same for all tickets that an answer shows.
type shape struct {
	account desk.Account
	fields  []desk.Field
}

// shape reads it.
func (c *call) shape() (s shape, err error) {
	if s.account, err = c.svc.Account(c.ctx()); err != nil {
		return s, err
	}
	s.fields, err = c.svc.Fields(c.ctx())
	return s, err
}

type fieldValue struct {
	ID    int64   `json:"id"`
	Value *string `json:"value"`
}

// ticketJSON has every key of a ticket of Zendesk's; what the desk does not have is null, false or empty.
type ticketJSON struct {
	URL                  string       `json:"url"`
	ID                   int64        `json:"id"`
	ExternalID           *string      `json:"external_id"`
	Via                  via          `json:"via"`
	CreatedAt            string       `json:"created_at"`
	UpdatedAt            string       `json:"updated_at"`
	GeneratedTimestamp   *int64       `json:"generated_timestamp,omitempty"`
	Type                 *string      `json:"type"`
	Subject              *string      `json:"subject"`
	RawSubject           *string      `json:"raw_subject"`
	Description          string       `json:"description"`
	Priority             *string      `json:"priority"`
	Status               string       `json:"status"`
	Recipient            *string      `json:"recipient"`
	RequesterID          int64        `json:"requester_id"`
	SubmitterID          int64        `json:"submitter_id"`
	AssigneeID           *int64       `json:"assignee_id"`
	OrganizationID       *int64       `json:"organization_id"`
	GroupID              *int64       `json:"group_id"`
	CollaboratorIDs      []int64      `json:"collaborator_ids"`
	FollowerIDs          []int64      `json:"follower_ids"`
	EmailCCIDs           []int64      `json:"email_cc_ids"`
	ForumTopicID         *int64       `json:"forum_topic_id"`
	ProblemID            *int64       `json:"problem_id"`
	HasIncidents         bool         `json:"has_incidents"`
	IsPublic             bool         `json:"is_public"`
	DueAt                *string      `json:"due_at"`
	Tags                 []string     `json:"tags"`
	CustomFields         []fieldValue `json:"custom_fields"`
	SatisfactionRating   *string      `json:"satisfaction_rating"`
	SharingAgreementIDs  []int64      `json:"sharing_agreement_ids"`
	CustomStatusID       *int64       `json:"custom_status_id"`
	Fields               []fieldValue `json:"fields"`
	FollowupIDs          []int64      `json:"followup_ids"`
	TicketFormID         *int64       `json:"ticket_form_id"`
	BrandID              *int64       `json:"brand_id"`
	AllowChannelback     bool         `json:"allow_channelback"`
	AllowAttachments     bool         `json:"allow_attachments"`
	FromMessagingChannel bool         `json:"from_messaging_channel"`
	CommentCount         *int         `json:"comment_count,omitempty"`
}

func (a *api) ticket(t desk.Ticket, s shape) ticketJSON {
	none, followups := []int64{}, []int64{}
	for _, id := range t.Followups {
		followups = append(followups, int64(id))
	}
	came := via{Channel: desk.ChannelAPI}
	if t.FollowupOf != 0 {
		rel := desk.RelFollowUp
		came = via{Channel: desk.ChannelAPI, Source: viaSource{From: viaFrom{TicketID: int64(t.FollowupOf)}, Rel: &rel}}
	}
	out := ticketJSON{
		URL: a.urlOf("tickets", int64(t.ID)), ID: int64(t.ID), ExternalID: textOrNull(t.ExternalID), Via: came,
		CreatedAt: stamp(t.CreatedAt), UpdatedAt: stamp(t.UpdatedAt), Type: textOrNull(t.Type),
		Subject: textOrNull(t.Subject.Reveal()), RawSubject: textOrNull(t.Subject.Reveal()), Description: t.Description.Reveal(),
		Priority: textOrNull(t.Priority), Status: string(t.Status), RequesterID: int64(t.Requester), SubmitterID: int64(t.Submitter),
		AssigneeID: orNull(t.Assignee), GroupID: orNull(t.Group), CollaboratorIDs: none, FollowerIDs: none, EmailCCIDs: none,
		IsPublic: t.Public, Tags: append([]string{}, t.Tags...), CustomFields: []fieldValue{}, SharingAgreementIDs: none, FollowupIDs: followups,
		CustomStatusID: orNull(s.account.Statuses[t.Status]), TicketFormID: orNull(s.account.Form), BrandID: orNull(s.account.Brand),
	}
	for _, f := range s.fields {
		out.CustomFields = append(out.CustomFields, fieldValue{ID: int64(f.ID), Value: textOrNull(t.Fields[f.ID].Reveal())})
	}
	out.Fields = out.CustomFields
	if !t.DeletedAt.IsZero() {
		out.Status = string(desk.Deleted)
	}
	return out
}

type metadata struct {
	System struct {
		Client    string `json:"client"`
		IPAddress string `json:"ip_address"`
	} `json:"system"`
	Custom json.RawMessage `json:"custom"`
}

func metadataOf(a desk.Audit) metadata {
	m := metadata{Custom: json.RawMessage(`{}`)}
	m.System.Client, m.System.IPAddress = a.Program, a.Address
	if a.Custom != "" {
		m.Custom = json.RawMessage(a.Custom)
	}
	return m
}

type auditJSON struct {
	ID        int64    `json:"id"`
	TicketID  int64    `json:"ticket_id"`
	CreatedAt string   `json:"created_at"`
	AuthorID  int64    `json:"author_id"`
	Metadata  metadata `json:"metadata"`
	Events    []any    `json:"events"`
	Via       via      `json:"via"`
}

type createEvent struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	Value     any    `json:"value"`
	FieldName string `json:"field_name"`
}

type changeEvent struct {
	createEvent
	PreviousValue any `json:"previous_value"`
}

type commentJSON struct {
	ID          int64     `json:"id"`
	Type        string    `json:"type"`
	AuthorID    int64     `json:"author_id"`
	Body        string    `json:"body"`
	HTMLBody    string    `json:"html_body"`
	PlainBody   string    `json:"plain_body"`
	Public      bool      `json:"public"`
	Attachments []string  `json:"attachments"`
	AuditID     int64     `json:"audit_id"`
	Via         *via      `json:"via,omitempty"` // not in an audit, which has its own
	CreatedAt   string    `json:"created_at,omitempty"`
	Metadata    *metadata `json:"metadata,omitempty"`
}

func commentEvent(a desk.Audit) commentJSON {
	body := a.Comment.Body.Reveal()
	return commentJSON{
		ID: a.Comment.ID, Type: "Comment", AuthorID: int64(a.Comment.Author), Body: body, HTMLBody: htmlBody(body), PlainBody: body,
		Public: a.Comment.Public, Attachments: []string{}, AuditID: a.ID,
	}
}

func comment(a desk.Audit) commentJSON {
	c := commentEvent(a)
	m := metadataOf(a)
	v := viaOf(a)
	c.Via, c.CreatedAt, c.Metadata = &v, stamp(a.At), &m
	return c
}

// htmlBody makes HTML of a plain text: paragraphs and lines.
func htmlBody(body string) string {
	var b strings.Builder
	b.WriteString(`<div class="zd-comment" dir="auto">`)
	for p := range strings.SplitSeq(strings.ReplaceAll(body, "\r\n", "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			b.WriteString(`<p dir="auto">` + strings.ReplaceAll(html.EscapeString(p), "\n", "<br>") + `</p>`)
		}
	}
	b.WriteString(`</div>`)
	return b.String()
}

func value(v desk.Value) any {
	if list, ok := v.List(); ok {
		return list
	}
	if v.IsZero() {
		return nil
	}
	return v.Reveal()
}

func audit(a desk.Audit) auditJSON {
	out := auditJSON{
		ID: a.ID, TicketID: int64(a.Ticket), CreatedAt: stamp(a.At), AuthorID: int64(a.Author), Metadata: metadataOf(a),
		Events: []any{}, Via: viaOf(a),
	}
	if a.Comment != nil {
		out.Events = append(out.Events, commentEvent(a))
	}
	for _, e := range a.Events {
		event := createEvent{ID: e.ID, Type: "Create", Value: value(e.Value), FieldName: e.Attribute}
		if e.Create {
			out.Events = append(out.Events, event)
			continue
		}
		event.Type = "Change"
		out.Events = append(out.Events, changeEvent{createEvent: event, PreviousValue: value(e.Previous)})
	}
	if a.Private != 0 {
		out.Events = append(out.Events, privacyEvent{ID: a.PrivateID, Type: "CommentPrivacyChange", CommentID: a.Private})
	}
	return out
}

// privacyEvent says that a comment was made private.
type privacyEvent struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	CommentID int64  `json:"comment_id"`
	Public    bool   `json:"public"`
}

type userJSON struct {
	ID                   int64    `json:"id"`
	URL                  string   `json:"url"`
	Name                 string   `json:"name"`
	Email                string   `json:"email"`
	CreatedAt            string   `json:"created_at"`
	UpdatedAt            string   `json:"updated_at"`
	TimeZone             string   `json:"time_zone"`
	IANATimeZone         string   `json:"iana_time_zone"`
	Phone                *string  `json:"phone"`
	SharedPhoneNumber    *bool    `json:"shared_phone_number"`
	Photo                *string  `json:"photo"`
	LocaleID             int64    `json:"locale_id"`
	Locale               string   `json:"locale"`
	OrganizationID       *int64   `json:"organization_id"`
	Role                 string   `json:"role"`
	Verified             bool     `json:"verified"`
	ExternalID           *string  `json:"external_id"`
	Tags                 []string `json:"tags"`
	Alias                *string  `json:"alias"`
	Active               bool     `json:"active"`
	Shared               bool     `json:"shared"`
	SharedAgent          bool     `json:"shared_agent"`
	LastLoginAt          *string  `json:"last_login_at"`
	Signature            *string  `json:"signature"`
	Details              *string  `json:"details"`
	Notes                *string  `json:"notes"`
	RoleType             *int64   `json:"role_type"`
	CustomRoleID         *int64   `json:"custom_role_id"`
	Moderator            bool     `json:"moderator"`
	TicketRestriction    *string  `json:"ticket_restriction"`
	OnlyPrivateComments  bool     `json:"only_private_comments"`
	RestrictedAgent      bool     `json:"restricted_agent"`
	Suspended            bool     `json:"suspended"`
	DefaultGroupID       *int64   `json:"default_group_id"`
	UserFields           struct{} `json:"user_fields"`
	TwoFactorAuthEnabled *bool    `json:"two_factor_auth_enabled"`
}

// usLocale is Zendesk's id of the locale en-US.
const usLocale = 1

func (a *api) user(u desk.User, groups []desk.Group) userJSON {
	out := userJSON{
		ID: int64(u.ID), URL: a.urlOf("users", int64(u.ID)), Name: u.Name.Reveal(), Email: u.Email.Reveal(),
		CreatedAt: stamp(u.CreatedAt), UpdatedAt: stamp(u.UpdatedAt), TimeZone: "London", IANATimeZone: "Europe/London",
		LocaleID: usLocale, Locale: "en-US", Role: "end-user", Tags: []string{}, Active: true, Suspended: u.Suspended,
	}
	if u.Agent {
		out.Role, out.Verified, out.Moderator = "agent", true, true
		if len(groups) > 0 {
			out.DefaultGroupID = orNull(groups[0].ID)
		}
	}
	return out
}

type groupJSON struct {
	URL         string `json:"url"`
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Default     bool   `json:"default"`
	Deleted     bool   `json:"deleted"`
	IsPublic    bool   `json:"is_public"`
	CreatedAt   string `json:"created_at"`
	UpdatedAt   string `json:"updated_at"`
}

func (a *api) group(g desk.Group) groupJSON {
	return groupJSON{
		URL: a.urlOf("groups", int64(g.ID)), ID: int64(g.ID), Name: g.Name, Default: true, IsPublic: true,
		CreatedAt: stamp(g.CreatedAt), UpdatedAt: stamp(g.CreatedAt),
	}
}

type optionJSON struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	RawName string `json:"raw_name"`
	Value   string `json:"value"`
	Default bool   `json:"default"`
}

type fieldJSON struct {
	URL                 string       `json:"url"`
	ID                  int64        `json:"id"`
	Type                string       `json:"type"`
	Title               string       `json:"title"`
	RawTitle            string       `json:"raw_title"`
	Description         string       `json:"description"`
	RawDescription      string       `json:"raw_description"`
	Position            int64        `json:"position"`
	Active              bool         `json:"active"`
	Required            bool         `json:"required"`
	CollapsedForAgents  bool         `json:"collapsed_for_agents"`
	RegexpForValidation *string      `json:"regexp_for_validation"`
	TitleInPortal       string       `json:"title_in_portal"`
	RawTitleInPortal    string       `json:"raw_title_in_portal"`
	VisibleInPortal     bool         `json:"visible_in_portal"`
	EditableInPortal    bool         `json:"editable_in_portal"`
	RequiredInPortal    bool         `json:"required_in_portal"`
	Tag                 *string      `json:"tag"`
	CreatedAt           string       `json:"created_at"`
	UpdatedAt           string       `json:"updated_at"`
	Removable           bool         `json:"removable"`
	Key                 *string      `json:"key"`
	AgentDescription    *string      `json:"agent_description"`
	CustomFieldOptions  []optionJSON `json:"custom_field_options,omitempty"`
}

func (a *api) field(f desk.Field) fieldJSON {
	out := fieldJSON{
		URL: a.urlOf("ticket_fields", int64(f.ID)), ID: int64(f.ID), Type: string(f.Kind), Title: f.Title, RawTitle: f.Title,
		Description: f.Title, RawDescription: f.Title, Position: f.Position, Active: f.Active, RegexpForValidation: textOrNull(f.Pattern),
		TitleInPortal: f.Title, RawTitleInPortal: f.Title, CreatedAt: stamp(f.CreatedAt), UpdatedAt: stamp(f.UpdatedAt), Removable: !f.System,
	}
	for _, o := range f.Options {
		out.CustomFieldOptions = append(out.CustomFieldOptions, optionJSON{ID: o.ID, Name: o.Name, RawName: o.Name, Value: o.Value})
	}
	return out
}

// cursorText is an export's position as Zendesk writes it: "<seconds>.0||<ticket id>|".
func cursorText(p desk.Position) string {
	return strconv.FormatInt(p.At.Unix(), 10) + ".0||" + strconv.FormatInt(int64(p.ID), 10) + "|"
}
