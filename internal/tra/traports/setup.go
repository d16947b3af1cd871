package traports

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/tra"
	"traid/internal/zendesk"
)

// What an account gets beside its fields and its group.
const (
	viewTitle    = "TRA requests"
	triggerTitle = "traid: tell of a changed request"
	hookName     = "traid"
)

// Setup looks whether an account is as tra needs it, and makes what is missing.
// What is there it never changes: that is an administrator's to do.
type Setup struct {
	desk   *zendesk.Client
	now    func() time.Time
	hook   string // where the account's webhooks reach us; empty: nowhere
	secret string // that they are signed with, as it is set
}

// NewSetup gives a Setup. hook is the public URL of the webhook, empty where we
// cannot be reached from outside; secret its signing secret as it is set.
func NewSetup(desk *zendesk.Client, hook, secret string, now func() time.Time) *Setup {
	return &Setup{desk: desk, now: now, hook: hook, secret: secret}
}

// Standing says how one thing of an account is.
type Standing string

// The standings.
const (
	Right     Standing = "right"
	Missing   Standing = "missing"   // Make makes it
	Wrong     Standing = "wrong"     // an administrator has to change it
	Made      Standing = "made"      // it was missing
	Unchecked Standing = "unchecked" // it could not be asked, or there is no need of it
)

// Finding is one thing of an account.
type Finding struct {
	What     string
	Standing Standing
	Why      string // empty of what is right

	make func(ctx context.Context) (why string, err error) // of what is missing
}

// Bad tells whether a finding keeps an account from being used.
func (f Finding) Bad() bool { return f.Standing == Missing || f.Standing == Wrong }

// Check looks at everything. An error is an account that could not be asked, or
// that does not know us (zendesk.Credentials).
func (s *Setup) Check(ctx context.Context) ([]Finding, error) {
	out, err := s.CheckFields(ctx)
	if err != nil {
		return nil, err
	}
	group, groupFound, err := s.group(ctx)
	if err != nil {
		return nil, err
	}
	out = append(out, groupFound)
	for _, check := range []func(ctx context.Context, group zendesk.Group) ([]Finding, error){s.view, s.webhook, s.mails, s.members} {
		found, err := check(ctx, group)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Make makes what is missing and gives what there is then. It may be repeated,
// also when it was broken off.
func (s *Setup) Make(ctx context.Context) ([]Finding, error) {
	made := map[string]Finding{}
	for { // what was made may be what something else needs
		found, err := s.Check(ctx)
		if err != nil {
			return nil, err
		}
		more := false
		for i, f := range found {
			m, before := made[f.What]
			switch {
			case before && f.Standing == Right:
				found[i] = m
			case !before && f.make != nil:
				why, err := f.make(ctx)
				if err != nil {
					return nil, fmt.Errorf("traports: make the %s: %w", f.What, err)
				}
				made[f.What], more = Finding{What: f.What, Standing: Made, Why: why}, true
			}
		}
		if !more {
			return found, nil
		}
	}
}

// none takes an endpoint that is not there for a list that is empty: our own
// desk has no automations, not every plan has roles of its own.
func none[T any](list []T, err error) ([]T, error) {
	if zendesk.NoEndpoint(err) {
		return nil, nil
	}
	return list, err
}

// ── fields ──

// wanted is a ticket field as it has to be.
type wanted struct {
	title   tra.FieldName
	kind    string
	options []string // names
}

// wantedFields lists the fields of an account.
func wantedFields() []wanted {
	names := func(outcomes []tra.Outcome) (out []string) {
		for _, o := range outcomes {
			out = append(out, string(o))
		}
		return out
	}
	var reasons []string
	for _, r := range tra.FailureReasons(tra.TRNValidation) {
		reasons = append(reasons, string(r))
	}
	return []wanted{
		{title: tra.FieldNameTRN, kind: zendesk.TypeRegexp},
		{title: tra.FieldNameOutcome, kind: zendesk.TypeTagger, options: names(tra.Outcomes(tra.TRNValidation))},
		{title: tra.FieldNameBarring, kind: zendesk.TypeTagger, options: names(tra.Outcomes(tra.BarringCheck))},
		{title: tra.FieldNameReason, kind: zendesk.TypeTagger, options: reasons},
		{title: tra.FieldNameNote, kind: zendesk.TypeTextarea},
		{title: tra.FieldNameRequest, kind: zendesk.TypeText},
	}
}

// trnPattern is what the field TRN takes.
const trnPattern = `^\d{7}$`

// CheckFields looks at what nothing works without: who we are and what we may,
// and the fields.
func (s *Setup) CheckFields(ctx context.Context) ([]Finding, error) {
	me, err := s.desk.Me(ctx)
	if err != nil {
		return nil, err
	}
	who := Finding{What: "service account", Standing: Right}
	if me.Role != zendesk.RoleAdmin && me.Role != zendesk.RoleAgent || me.Suspended {
		who.Standing, who.Why = Wrong, "The credentials are those of no agent: give the OAuth client to an agent or an administrator of its own."
	}
	export := Finding{What: "export of changes", Standing: Right}
	if _, err := s.desk.Export(ctx, "", s.now().Add(-exportFrom)); zendesk.Is(err, zendesk.Credentials) {
		export.Standing, export.Why = Wrong, "The service account may not export tickets, which only administrators may: make it one."
	} else if err != nil {
		return nil, err
	}
	fields, err := s.desk.Fields(ctx)
	if err != nil {
		return nil, err
	}
	out := []Finding{who, export}
	values := map[string]tra.FieldName{} // of the options of the fields before
	for _, w := range wantedFields() {
		f := Finding{What: "ticket field “" + string(w.title) + "”", Standing: Right}
		var active, inactive []zendesk.Field
		for _, each := range fields {
			switch {
			case each.Title != string(w.title):
			case each.Active:
				active = append(active, each)
			default:
				inactive = append(inactive, each)
			}
		}
		switch {
		case len(active) > 1:
			f.Standing, f.Why = Wrong, "There are several with this title: rename or deactivate all but one."
		case len(active) == 1:
			if f.Why = w.wrong(active[0], values); f.Why != "" {
				f.Standing = Wrong
			}
		case len(inactive) > 0:
			f.Standing, f.Why = Wrong, "It is not active: activate it."
		default:
			f.Standing, f.Why = Missing, "It would be made: "+w.words()+"."
			f.make = func(ctx context.Context) (string, error) {
				_, err := s.desk.CreateField(ctx, w.field())
				return w.words(), err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

func (w wanted) words() string {
	if len(w.options) > 0 {
		return "type " + w.kind + ", with the options " + strings.Join(w.options, ", ") + " and opaque values"
	}
	return "type " + w.kind
}

// field gives the field as it is made. Its options' values are random: Zendesk
// shows them as tags of the ticket.
func (w wanted) field() zendesk.Field {
	f := zendesk.Field{Type: w.kind, Title: string(w.title), Active: true}
	if w.kind == zendesk.TypeRegexp {
		f.Regexp = trnPattern
	}
	for _, name := range w.options {
		f.Options = append(f.Options, zendesk.FieldOption{Name: name, Value: opaque()})
	}
	return f
}

// wrong says what is wrong with a field. values are those of the fields before
// it, by their field; its own are added.
func (w wanted) wrong(f zendesk.Field, values map[string]tra.FieldName) string {
	switch {
	case f.Type != w.kind:
		return "Its type is " + f.Type + " and has to be " + w.kind + ": rename it, and have the right one made."
	case f.Required:
		return "It is required on solving: make it optional. What is missing is checked here."
	}
	if pattern, err := regexp.Compile(f.Regexp); w.kind == zendesk.TypeRegexp && err == nil && (!pattern.MatchString("0612345") || pattern.MatchString("12")) {
		return "Its pattern is not that of a TRN: make it " + trnPattern + "."
	}
	for _, name := range w.options {
		if !slices.ContainsFunc(f.Options, func(o zendesk.FieldOption) bool { return o.Name == name }) {
			return "It lacks the option " + name + ": add it, with a value that tells nothing."
		}
	}
	for _, o := range f.Options {
		if tells(o.Value) {
			return "The value of its option " + o.Name + " tells what it means, and Zendesk shows it as a tag: change the value to random letters."
		}
		if other, taken := values[o.Value]; taken {
			return "The value of its option " + o.Name + " is an option's of “" + string(other) + "” too: a ticket's tag would set both."
		}
		values[o.Value] = w.title
	}
	return ""
}

// tells tells whether an option's value says what it means: a word of an option's
// name or of a field's title stands in it, a short one by itself.
func tells(value string) bool {
	words := func(text string) []string {
		return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'z' })
	}
	parts := words(value)
	for _, w := range wantedFields() {
		for _, name := range append([]string{string(w.title)}, w.options...) {
			for _, word := range words(name) {
				if len(word) > 4 && strings.Contains(strings.ToLower(value), word) || len(word) > 2 && slices.Contains(parts, word) {
					return true
				}
			}
		}
	}
	return false
}

// opaque gives a value with 60 random bits that tells nothing, by chance either.
func opaque() string {
	for {
		if value := "o" + strings.ToLower(rand.Text()[:12]); !tells(value) {
			return value
		}
	}
}

// ── group and view ──

// group gives the group of the operators; the zero one when it is missing.
func (s *Setup) group(ctx context.Context) (zendesk.Group, Finding, error) {
	f := Finding{What: "group “" + groupName + "”", Standing: Right}
	groups, err := s.desk.Groups(ctx)
	if err != nil {
		return zendesk.Group{}, f, err
	}
	for _, g := range groups {
		if g.Name == groupName && !g.Deleted {
			return g, f, nil
		}
	}
	f.Standing, f.Why = Missing, "It would be made: private. Its members are for an administrator to add."
	f.make = func(ctx context.Context) (string, error) {
		_, err := s.desk.CreateGroup(ctx, zendesk.Group{Name: groupName})
		return "private; add the operators and the service account to it", err
	}
	return zendesk.Group{}, f, nil
}

// tagged is what every ticket of ours has.
var tagged = zendesk.Condition{Field: "current_tags", Operator: "includes", Value: requestTag}

func (s *Setup) view(ctx context.Context, group zendesk.Group) ([]Finding, error) {
	f := Finding{What: "view “" + viewTitle + "”", Standing: Right}
	views, err := s.desk.Views(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		if v.Title == viewTitle && v.Active {
			return []Finding{f}, nil
		}
	}
	f.Standing, f.Why = Missing, "It would be made: the open tickets with the tag "+requestTag+", for the group."
	if group.ID != 0 {
		f.make = func(ctx context.Context) (string, error) {
			return "the open tickets with the tag " + requestTag, s.desk.CreateView(ctx, zendesk.View{
				Title: viewTitle, Active: true, Group: group.ID,
				Conditions: zendesk.Conditions{All: []zendesk.Condition{tagged, {Field: "status", Operator: "less_than", Value: zendesk.StatusSolved}}},
			})
		}
	}
	return []Finding{f}, nil
}

// ── webhook ──

func (s *Setup) webhook(ctx context.Context, _ zendesk.Group) ([]Finding, error) {
	f := Finding{What: "webhook", Standing: Right}
	if s.hook == "" {
		f.Standing, f.Why = Unchecked, "We have no public address: what agents do is seen by the sweep alone."
		return []Finding{f}, nil
	}
	hooks, err := s.desk.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(hooks, func(w zendesk.Webhook) bool { return w.Endpoint == s.hook && w.Status == zendesk.WebhookActive })
	if i < 0 {
		f.Standing, f.Why = Missing, "It would be made: to "+s.hook+", with a trigger on the tag "+requestTag+"."
		f.make = func(ctx context.Context) (string, error) {
			_, err := s.desk.CreateWebhook(ctx, zendesk.Webhook{
				Name: hookName, Endpoint: s.hook, Method: http.MethodPost, Format: "json", Status: zendesk.WebhookActive,
				Subscriptions: []string{zendesk.SubscribedByTriggers},
			})
			return "to " + s.hook, err
		}
		return []Finding{f}, nil
	}
	hook := hooks[i]
	if secret, err := s.desk.SigningSecret(ctx, hook.ID); err != nil {
		return nil, err
	} else if secret != s.secret {
		f.Standing, f.Why = Wrong, "Its signing secret is not the one that is set here, so nothing that it says is heard."
	}
	if !slices.Contains(hook.Subscriptions, zendesk.SubscribedByTriggers) {
		return []Finding{f}, nil // events tell it
	}
	t, err := s.trigger(ctx, hook)
	return []Finding{f, t}, err
}

// Secret reads the signing secret of the account's webhook; empty without one.
func (s *Setup) Secret(ctx context.Context) (string, error) {
	hooks, err := s.desk.Webhooks(ctx)
	if err != nil {
		return "", err
	}
	for _, w := range hooks {
		if s.hook != "" && w.Endpoint == s.hook && w.Status == zendesk.WebhookActive {
			return s.desk.SigningSecret(ctx, w.ID)
		}
	}
	return "", nil
}

const actionWebhook = "notification_webhook"

// trigger is what has a webhook of triggers told.
func (s *Setup) trigger(ctx context.Context, hook zendesk.Webhook) (Finding, error) {
	f := Finding{What: "trigger “" + triggerTitle + "”", Standing: Right}
	triggers, err := s.desk.Triggers(ctx)
	if err != nil {
		return f, err
	}
	for _, t := range triggers {
		if t.Active && slices.ContainsFunc(t.Actions, func(a zendesk.Action) bool {
			return a.Field == actionWebhook && slices.Contains(texts(a.Value), hook.ID)
		}) {
			return f, nil
		}
	}
	f.Standing, f.Why = Missing, "It would be made: a changed ticket with the tag "+requestTag+" tells the webhook its number."
	f.make = func(ctx context.Context) (string, error) {
		return "a changed ticket with the tag " + requestTag + " tells the webhook its number", s.desk.CreateTrigger(ctx, zendesk.Rule{
			Title: triggerTitle, Active: true,
			Conditions: zendesk.Conditions{All: []zendesk.Condition{tagged, {Field: "update_type", Operator: "is", Value: "Change"}}},
			Actions:    []zendesk.Action{{Field: actionWebhook, Value: []string{hook.ID, `{"ticket_id":"{{ticket.id}}"}`}}},
		})
	}
	return f, nil
}

// texts gives the texts in an action's value, which is a text or a list.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, each := range v {
			out = append(out, texts(each)...)
		}
		return out
	}
	return nil
}

// ── what may not be ──

// content are the placeholders by which a rule sends what a ticket says. The
// subject is a reference and a kind, which tell nothing of anybody.
var content = regexp.MustCompile(`(?i)\{[{%][^}]*\b(ticket\.(description|verbatim_description|comments|public_comments|latest_\w*comment|ticket_field_)|comment\.)`)

// sends are the actions that send something out of the account.
var sends = []string{"notification_user", "notification_group", "notification_target", actionWebhook, "notification_sms_user", "notification_sms_group", "notification_messaging_csat", "notification_zis"}

// mails looks for triggers and automations that send what our tickets say.
func (s *Setup) mails(ctx context.Context, group zendesk.Group) ([]Finding, error) {
	triggers, err := none(s.desk.Triggers(ctx))
	if err != nil {
		return nil, err
	}
	automations, err := none(s.desk.Automations(ctx))
	if err != nil {
		return nil, err
	}
	var out []Finding
	for kind, rules := range map[string][]zendesk.Rule{"trigger": triggers, "automation": automations} {
		for _, r := range rules {
			if r.Active && !sparesOurs(r.Conditions, group.ID) && slices.ContainsFunc(r.Actions, func(a zendesk.Action) bool {
				return slices.Contains(sends, a.Field) && content.MatchString(strings.Join(texts(a.Value), "\n"))
			}) {
				out = append(out, Finding{
					What: kind + " “" + r.Title + "”", Standing: Wrong,
					Why: "It sends what a ticket says by mail or elsewhere: add the condition that the tags do not contain " + requestTag + ".",
				})
			}
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.What, b.What) })
	if len(out) == 0 {
		out = append(out, Finding{What: "no trigger or automation sends what a ticket says", Standing: Right})
	}
	return out, nil
}

// sparesOurs tells whether conditions are never met by a ticket of ours: by its
// tag, or because they are about another group's.
func sparesOurs(c zendesk.Conditions, group zendesk.GroupID) bool {
	return slices.ContainsFunc(c.All, func(one zendesk.Condition) bool {
		value := zendesk.Text(one.Value)
		ours := value == strconv.FormatInt(int64(group), 10)
		switch one.Field + " " + one.Operator {
		case "current_tags not_includes":
			return slices.Contains(strings.Fields(value), requestTag)
		case "group_id is":
			return value != "" && !ours
		case "group_id is_not":
			return ours
		}
		return false
	})
}

// shownReaders bounds how many agents a finding names.
const shownReaders = 20

// members looks whether we are in the group, and whether agents outside of it
// see its tickets.
func (s *Setup) members(ctx context.Context, group zendesk.Group) ([]Finding, error) {
	member := Finding{What: "the service account is in the group", Standing: Right}
	readers := Finding{What: "only the group's agents read its tickets", Standing: Right}
	both := func(standing Standing, why string) ([]Finding, error) {
		for _, f := range []*Finding{&member, &readers} {
			f.Standing, f.Why = standing, why
		}
		return []Finding{member, readers}, nil
	}
	if group.ID == 0 {
		return both(Unchecked, "There is no group yet.")
	}
	me, err := s.desk.Me(ctx)
	if err != nil {
		return nil, err
	}
	in, err := s.desk.Members(ctx, group.ID)
	if zendesk.NoEndpoint(err) {
		return both(Unchecked, "The helpdesk lists no members.")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(in, me.ID) {
		member.Standing, member.Why = Missing, "It would be added: what it solves is assigned to it."
		member.make = func(ctx context.Context) (string, error) {
			return "what it solves is assigned to it", s.desk.AddMember(ctx, group.ID, me.ID)
		}
	}
	outside, err := s.outsiders(ctx, group, in)
	if err != nil {
		return nil, err
	}
	if n := len(outside); n > 0 {
		readers.Standing = Wrong
		readers.Why = fmt.Sprintf("%d agents outside of the group see its tickets: give them access to the tickets of their groups only. Their ids: %s", n, strings.Join(outside[:min(n, shownReaders)], ", "))
		if n > shownReaders {
			readers.Why += " and more"
		}
		readers.Why += "."
	}
	return []Finding{member, readers}, nil
}

// outsiders gives the ids of agents who are not in the group and see its
// tickets. Administrators see everything, as Zendesk has it.
func (s *Setup) outsiders(ctx context.Context, group zendesk.Group, in []zendesk.UserID) ([]string, error) {
	agents, err := none(s.desk.Agents(ctx))
	if err != nil {
		return nil, err
	}
	access, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range agents {
		if a.Role != zendesk.RoleAgent || !a.Active || a.Suspended || slices.Contains(in, a.ID) {
			continue
		}
		sees := a.Restriction == ""
		if role, own := access[a.CustomRoleID]; own {
			sees = role == zendesk.AccessAll || role == zendesk.AccessPublic && group.Public
		}
		if sees {
			out = append(out, strconv.FormatInt(int64(a.ID), 10))
		}
	}
	return out, nil
}

// access gives the ticket access of the account's own roles; none where its plan
// has none.
func (s *Setup) access(ctx context.Context) (map[int64]string, error) {
	roles, err := s.desk.Roles(ctx)
	if e, refused := errors.AsType[*zendesk.Error](err); refused && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) {
		return nil, nil
	}
	out := map[int64]string{}
	for _, r := range roles {
		out[r.ID] = r.Configuration.TicketAccess
	}
	return out, err
}

// Hook gives the address of the webhook under our public URL; empty where that
// is none that an account could reach.
func Hook(public, path string) string {
	u, err := url.Parse(public)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	return strings.TrimRight(public, "/") + path
}
