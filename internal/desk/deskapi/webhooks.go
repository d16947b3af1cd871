package deskapi

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
)

type authJSON struct {
	Type        string            `json:"type"`
	Data        map[string]string `json:"data"`
	AddPosition string            `json:"add_position"`
}

type webhookJSON struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Description   string    `json:"description,omitempty"`
	Status        string    `json:"status"`
	Subscriptions []string  `json:"subscriptions"`
	CreatedAt     string    `json:"created_at"`
	CreatedBy     string    `json:"created_by"`
	UpdatedAt     string    `json:"updated_at,omitempty"`
	UpdatedBy     string    `json:"updated_by,omitempty"`
	Endpoint      string    `json:"endpoint"`
	Method        string    `json:"http_method"`
	Format        string    `json:"request_format"`
	Auth          *authJSON `json:"authentication,omitempty"`
}

// What a webhook's status and format can be.
const (
	hookActive   = "active"
	hookInactive = "inactive"
	hookJSON     = "json"
)

// webhook shows a webhook without what it authenticates itself with.
func webhook(w desk.Webhook) webhookJSON {
	out := webhookJSON{
		ID: w.ID, Name: w.Name, Description: w.Description, Status: hookActive, Subscriptions: w.Subscriptions, Endpoint: w.Endpoint, Method: w.Method,
		Format: hookJSON, CreatedAt: stamp(w.CreatedAt), CreatedBy: strconv.FormatInt(int64(w.CreatedBy), 10),
	}
	if !w.Active {
		out.Status = hookInactive
	}
	if w.UpdatedBy != 0 {
		out.UpdatedAt, out.UpdatedBy = stamp(w.UpdatedAt), strconv.FormatInt(int64(w.UpdatedBy), 10)
	}
	if w.Auth.Kind != "" {
		out.Auth = &authJSON{Type: w.Auth.Kind, Data: map[string]string{}, AddPosition: "header"}
		switch w.Auth.Kind {
		case desk.AuthBasic:
			out.Auth.Data["username"] = w.Auth.Username
		case desk.AuthKey:
			out.Auth.Data["name"] = w.Auth.Name
		}
	}
	return out
}

// listWebhooks lists the webhooks, the newest first. Unlike other lists it has
// no page numbers.
func listWebhooks(c *call) error {
	hooks, err := c.svc.Webhooks(c.ctx())
	if err != nil {
		return err
	}
	if part := c.query.Get("filter[name_contains]"); part != "" {
		hooks = slices.DeleteFunc(hooks, func(w desk.Webhook) bool { return !strings.Contains(w.Name, part) })
	}
	if status := c.query.Get("filter[status]"); status != "" {
		hooks = slices.DeleteFunc(hooks, func(w desk.Webhook) bool { return (status == hookActive) != w.Active })
	}
	size := number(c.query.Get("page[size]"), maxPage, maxPage)
	if after := c.query.Get("page[after]"); after != "" {
		id, err := base64.StdEncoding.DecodeString(after)
		if err != nil {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
		hooks = slices.DeleteFunc(hooks, func(w desk.Webhook) bool { return w.ID >= string(id) })
	}
	more := len(hooks) > size
	items := []webhookJSON{}
	for _, w := range hooks[:min(len(hooks), size)] {
		items = append(items, webhook(w))
	}
	answer := map[string]any{"webhooks": items, "meta": map[string]any{"has_more": more}}
	if more {
		c.pageAfter(answer, items[len(items)-1].ID)
	}
	return c.answer(http.StatusOK, answer)
}

// pageAfter adds to an answer where its next page begins.
func (c *call) pageAfter(answer map[string]any, id string) {
	after := base64.StdEncoding.EncodeToString([]byte(id))
	answer["meta"] = map[string]any{"has_more": true, "after_cursor": after}
	q := c.query
	q.Set("page[after]", after)
	answer["links"] = map[string]any{"next": c.url(strings.TrimPrefix(c.r.URL.Path, base)) + "?" + q.Encode()}
}

func (c *call) readWebhook() (desk.WebhookUpdate, error) {
	var u desk.WebhookUpdate
	o, finish, err := c.named("webhook")
	if err != nil {
		return u, err
	}
	u.Name, u.Description, u.Endpoint, u.Method = o.given("name"), o.given("description"), o.given("endpoint"), o.given("http_method")
	if v := o.given("status"); v != nil {
		active := *v == hookActive
		if !active && *v != hookInactive {
			o.refuse("status", "Status: is not active or inactive")
		}
		u.Active = &active
	}
	if v := o.given("request_format"); v != nil && *v != hookJSON {
		o.refuse("request_format", "Request format: only json is supported by this desk")
	}
	if _, there := o.members["subscriptions"]; there {
		u.Subscriptions = o.texts("subscriptions")
	}
	if v, ok := o.take("authentication"); ok {
		auth := desk.WebhookAuth{}
		if m, is := v.(map[string]any); is {
			data, _ := m["data"].(map[string]any)
			part := func(name string) string { s, _ := textOf(data[name]); return s }
			auth.Kind, _ = textOf(m["type"])
			switch auth.Kind {
			case desk.AuthBasic:
				auth.Username, auth.Secret = part("username"), part("password")
			case desk.AuthBearer:
				auth.Secret = part("token")
			case desk.AuthKey:
				auth.Name, auth.Secret = part("name"), part("value")
			case "":
				o.refuse("authentication", "Authentication: has no type")
			}
		} else if v != nil {
			o.refuse("authentication", "Authentication: is not an object")
		}
		u.Auth = &auth
	}
	o.unsupported("custom_headers", "signing_secret", "external_source")
	return u, finish()
}

func createWebhook(c *call) error {
	if id := c.query.Get("clone_webhook_id"); id != "" {
		return c.cloneWebhook(id)
	}
	u, err := c.readWebhook()
	if err != nil {
		return err
	}
	w, err := c.svc.AddWebhook(c.ctx(), c.by, u)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, map[string]any{"webhook": webhook(w)})
}

func (c *call) cloneWebhook(id string) error {
	from, err := c.svc.Webhook(c.ctx(), id)
	if err != nil {
		return err
	}
	name := from.Name + " (copy)"
	w, err := c.svc.AddWebhook(c.ctx(), c.by, desk.WebhookUpdate{
		Name: &name, Description: &from.Description, Endpoint: &from.Endpoint, Method: &from.Method, Active: &from.Active,
		Subscriptions: &from.Subscriptions, Auth: &from.Auth,
	})
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, map[string]any{"webhook": webhook(w)})
}

func showWebhook(c *call) error {
	w, err := c.svc.Webhook(c.ctx(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"webhook": webhook(w)})
}

// updateWebhook serves PUT and PATCH: what is not named stays.
func updateWebhook(c *call) error {
	u, err := c.readWebhook()
	if err != nil {
		return err
	}
	if err := c.svc.UpdateWebhook(c.ctx(), c.by, c.r.PathValue("id"), u); err != nil {
		return err
	}
	c.setWarning()
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func deleteWebhook(c *call) error {
	if err := c.svc.DeleteWebhook(c.ctx(), c.r.PathValue("id")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func secret(w desk.Webhook) map[string]any {
	return map[string]any{"signing_secret": map[string]string{"secret": w.Secret, "algorithm": "SHA256"}}
}

func showSecret(c *call) error {
	w, err := c.svc.Webhook(c.ctx(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, secret(w))
}

func resetSecret(c *call) error {
	w, err := c.svc.ResetSecret(c.ctx(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, secret(w))
}

func testWebhook(c *call) error {
	o, finish, err := c.named("request")
	if err != nil {
		return err
	}
	t := desk.Trial{Webhook: c.query.Get("webhook_id")}
	for key, to := range map[string]*string{"endpoint": &t.Endpoint, "http_method": &t.Method, "payload": &t.Body} {
		if v := o.given(key); v != nil {
			*to = *v
		}
	}
	if v := o.given("request_format"); v != nil && *v != hookJSON {
		o.refuse("request_format", "Request format: only json is supported by this desk")
	}
	o.unsupported("custom_headers")
	o.take("authentication")
	if err := finish(); err != nil {
		return err
	}
	a, err := c.svc.Try(c.ctx(), t)
	if err != nil {
		return err
	}
	if a.Code == 0 {
		a.Code = http.StatusGatewayTimeout
	}
	return c.answer(http.StatusOK, map[string]any{"response": map[string]any{"status_code": a.Code, "headers": headers(a.Headers), "payload": a.Body}})
}

func headers(list []desk.Header) []desk.Header { return append([]desk.Header{}, list...) }

type invocationJSON struct {
	ID        string `json:"id"`
	Code      int    `json:"status_code,omitempty"`
	Status    string `json:"status"`
	EventType string `json:"event_type,omitempty"`
	EndedAt   string `json:"latest_completed_at,omitempty"`
}

func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func listInvocations(c *call) error {
	size := number(c.query.Get("page[size]"), maxPage, maxPage)
	before := ""
	if v := c.query.Get("page[after]"); v != "" {
		id, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
		before = string(id)
	}
	found, err := c.svc.Invocations(c.ctx(), c.r.PathValue("id"), before, size+1)
	if err != nil {
		return err
	}
	more := len(found) > size
	items := []invocationJSON{}
	for _, i := range found[:min(len(found), size)] {
		items = append(items, invocationJSON{ID: i.ID, Code: i.Code, Status: i.Status, EventType: i.Event, EndedAt: stampOrNone(i.EndedAt)})
	}
	answer := map[string]any{"invocations": items, "meta": map[string]any{"has_more": more}}
	if more {
		c.pageAfter(answer, items[len(items)-1].ID)
	}
	return c.answer(http.StatusOK, answer)
}

type messageJSON struct {
	Headers []desk.Header `json:"headers"`
	Payload string        `json:"payload"`
}

type attemptJSON struct {
	ID           string       `json:"id"`
	InvocationID string       `json:"invocation_id"`
	Code         int          `json:"status_code,omitempty"`
	Status       string       `json:"status"`
	Request      *messageJSON `json:"request,omitempty"`
	Response     *messageJSON `json:"response,omitempty"`
	CompletedAt  string       `json:"completed_at"`
}

func listAttempts(c *call) error {
	invocation, found, err := c.svc.Attempts(c.ctx(), c.r.PathValue("id"), c.r.PathValue("invocation"))
	if err != nil {
		return err
	}
	items := []attemptJSON{}
	for _, a := range found {
		item := attemptJSON{ID: a.Webhook, InvocationID: a.Invocation, Code: a.Answer.Code, Status: a.Status, CompletedAt: stamp(a.At)}
		if len(a.Sent.Headers) > 0 {
			item.Request = &messageJSON{Headers: a.Sent.Headers, Payload: invocation.Body}
		}
		if a.Answer.Code != 0 {
			item.Response = &messageJSON{Headers: headers(a.Answer.Headers), Payload: a.Answer.Body}
		}
		items = append(items, item)
	}
	return c.answer(http.StatusOK, map[string]any{"attempts": items})
}
