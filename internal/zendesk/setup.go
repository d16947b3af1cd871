package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Condition is one condition of a rule or a view, such as "current_tags
// includes x" or "status less_than solved".
type Condition struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

// Conditions hold when all of All do and, where there are any, one of Any.
type Conditions struct {
	All []Condition `json:"all"`
	Any []Condition `json:"any"`
}

// Action is what a rule does, such as "notification_user", with a value of its kind.
type Action struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// Rule is a trigger or an automation.
type Rule struct {
	ID         json.Number `json:"id,omitempty"`
	Title      string      `json:"title"`
	Active     bool        `json:"active"`
	Conditions Conditions  `json:"conditions"`
	Actions    []Action    `json:"actions"`
}

// View is a list of tickets that agents open.
type View struct {
	ID         json.Number
	Title      string
	Active     bool
	Conditions Conditions
	Group      GroupID // whose view it is; 0: everybody's
}

// Webhook is an address that triggers or events are told to.
type Webhook struct {
	ID            string   `json:"id,omitempty"`
	Name          string   `json:"name"`
	Endpoint      string   `json:"endpoint"`
	Method        string   `json:"http_method"`
	Format        string   `json:"request_format"`
	Status        string   `json:"status"` // active, inactive
	Subscriptions []string `json:"subscriptions"`
}

// What a webhook can be for, and when it is in use.
const (
	SubscribedByTriggers = "conditional_ticket_events"
	WebhookActive        = "active"
)

// MarshalJSON gives lists that are lists when they are empty too.
func (c Conditions) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string][]Condition{"all": some(c.All), "any": some(c.Any)})
}

func some(list []Condition) []Condition { return append([]Condition{}, list...) }

// Role is a role of the account's own.
type Role struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	Configuration struct {
		TicketAccess string `json:"ticket_access"`
	} `json:"configuration"`
}

// Kinds of a role's ticket access that reach beyond an agent's groups.
const (
	AccessAll    = "all"
	AccessPublic = "within-groups-and-public-groups"
)

// Views reads the account's shared views.
func (c *Client) Views(ctx context.Context) ([]View, error) {
	type wire struct {
		ID          json.Number `json:"id"`
		Title       string      `json:"title"`
		Active      bool        `json:"active"`
		Conditions  Conditions  `json:"conditions"`
		Restriction *struct {
			Type string  `json:"type"`
			ID   GroupID `json:"id"`
		} `json:"restriction"`
	}
	rows, err := list[wire](ctx, c, "read the views", "/views", "views", nil, false)
	var out []View
	for _, w := range rows {
		v := View{ID: w.ID, Title: w.Title, Active: w.Active, Conditions: w.Conditions}
		if w.Restriction != nil && w.Restriction.Type == "Group" {
			v.Group = w.Restriction.ID
		}
		out = append(out, v)
	}
	return out, err
}

// CreateView makes a view.
func (c *Client) CreateView(ctx context.Context, v View) error {
	body := map[string]any{"title": v.Title, "active": v.Active, "all": some(v.Conditions.All), "any": some(v.Conditions.Any)}
	if v.Group != 0 {
		body["restriction"] = map[string]any{"type": "Group", "id": v.Group}
	}
	return c.create(ctx, "create a view", "/views", "view", body, nil)
}

// Triggers reads the account's triggers.
func (c *Client) Triggers(ctx context.Context) ([]Rule, error) {
	return list[Rule](ctx, c, "read the triggers", "/triggers", "triggers", nil, false)
}

// Automations reads the account's automations.
func (c *Client) Automations(ctx context.Context) ([]Rule, error) {
	return list[Rule](ctx, c, "read the automations", "/automations", "automations", nil, false)
}

// CreateTrigger makes a trigger.
func (c *Client) CreateTrigger(ctx context.Context, r Rule) error {
	return c.create(ctx, "create a trigger", "/triggers", "trigger", r, nil)
}

// CreateField makes a ticket field.
func (c *Client) CreateField(ctx context.Context, f Field) (out Field, err error) {
	err = c.create(ctx, "create a ticket field", "/ticket_fields", "ticket_field", f, &out)
	return out, err
}

// CreateGroup makes a group, private where it is not public.
func (c *Client) CreateGroup(ctx context.Context, g Group) (out Group, err error) {
	err = c.create(ctx, "create a group", "/groups", "group", map[string]any{"name": g.Name, "is_public": g.Public}, &out)
	return out, err
}

// Members reads who is in a group.
func (c *Client) Members(ctx context.Context, id GroupID) ([]UserID, error) {
	type wire struct {
		User UserID `json:"user_id"`
	}
	rows, err := list[wire](ctx, c, "read a group's members", "/groups/"+strconv.FormatInt(int64(id), 10)+"/memberships", "group_memberships", nil, true)
	var out []UserID
	for _, w := range rows {
		out = append(out, w.User)
	}
	return out, err
}

// AddMember puts a user into a group.
func (c *Client) AddMember(ctx context.Context, group GroupID, user UserID) error {
	return c.create(ctx, "add a member to a group", "/group_memberships", "group_membership", map[string]any{"user_id": user, "group_id": group}, nil)
}

// Agents reads the account's agents and administrators.
func (c *Client) Agents(ctx context.Context) ([]User, error) {
	return list[User](ctx, c, "read the agents", "/users", "users", url.Values{"role[]": {RoleAgent, RoleAdmin}}, false)
}

// Roles reads the account's own roles; not every plan has them.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	return list[Role](ctx, c, "read the roles", "/custom_roles", "custom_roles", nil, false)
}

// Webhooks reads the account's webhooks.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	return list[Webhook](ctx, c, "read the webhooks", "/webhooks", "webhooks", nil, false)
}

// CreateWebhook makes a webhook and gives it with its id.
func (c *Client) CreateWebhook(ctx context.Context, w Webhook) (out Webhook, err error) {
	err = c.create(ctx, "create a webhook", "/webhooks", "webhook", w, &out)
	return out, err
}

// SigningSecret reads the secret that a webhook is signed with, for ReadWebhook.
func (c *Client) SigningSecret(ctx context.Context, id string) (string, error) {
	const op = "read a webhook's secret"
	var out struct {
		Secret struct {
			Secret string `json:"secret"`
		} `json:"signing_secret"`
	}
	err := c.do(ctx, call{op: op, method: http.MethodGet, path: "/webhooks/" + url.PathEscape(id) + "/signing_secret", one: true}, &out)
	return out.Secret.Secret, err
}

// create makes a thing that stands under its name in the body and in the answer.
func (c *Client) create(ctx context.Context, op, path, name string, in, out any) error {
	body, err := json.Marshal(map[string]any{name: in})
	if err != nil {
		return fmt.Errorf("zendesk: %s: %w", op, err)
	}
	var answer map[string]json.RawMessage
	if err := c.do(ctx, call{op: op, method: http.MethodPost, path: path, body: body}, &answer); err != nil || out == nil {
		return err
	}
	if err := decode(answer[name], out); err != nil {
		return unknown(op, http.StatusCreated, err)
	}
	return nil
}

// NoEndpoint tells whether what was called does not have the endpoint at all.
func NoEndpoint(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound && e.Code == codeInvalidEndpoint
}
