package deskapi

import (
	"net/http"
	"slices"
	"strconv"

	"traid/internal/desk"
)

type clauseJSON struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type clausesJSON struct {
	All []clauseJSON `json:"all"`
	Any []clauseJSON `json:"any"`
}

func clauses(c desk.Clauses) clausesJSON {
	of := func(list []desk.Clause) []clauseJSON {
		out := []clauseJSON{}
		for _, one := range list {
			out = append(out, clauseJSON(one))
		}
		return out
	}
	return clausesJSON{All: of(c.All), Any: of(c.Any)}
}

// readClauses reads conditions as they are written: in all and any, or in
// conditions.
func readClauses(o object) (all, any *[]desk.Clause) {
	if inner := o.child("conditions"); inner != nil {
		all, any = inner.clauses("all"), inner.clauses("any")
		inner.done()
	}
	if v := o.clauses("all"); v != nil {
		all = v
	}
	if v := o.clauses("any"); v != nil {
		any = v
	}
	return all, any
}

func (o object) clauses(key string) *[]desk.Clause {
	v, ok := o.take(key)
	if !ok || v == nil {
		return nil
	}
	list, ok := v.([]any)
	out := []desk.Clause{}
	for _, item := range list {
		m, is := item.(map[string]any)
		field, isField := textOf(m["field"])
		operator, isOperator := textOf(m["operator"])
		value, isValue := textOf(m["value"])
		ok = ok && is && isField && isOperator && isValue
		out = append(out, desk.Clause{Field: field, Operator: operator, Value: value})
	}
	if !ok {
		o.refuse("conditions", "Conditions: "+key+" is not a list of conditions")
		return nil
	}
	return &out
}

type columnJSON struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Filterable bool   `json:"filterable"`
	Sortable   bool   `json:"sortable"`
}

// viewColumns are those of every view.
var viewColumns = []columnJSON{
	{"subject", "Subject", false, false},
	{"requester", "Requester", true, true},
	{"created", "Requested", false, true},
	{"updated", "Updated", true, true},
	{"group", "Group", true, true},
	{"assignee", "Assignee", true, true},
}

type executionJSON struct {
	GroupBy      *string      `json:"group_by"`
	GroupOrder   string       `json:"group_order"`
	SortBy       *string      `json:"sort_by"`
	SortOrder    string       `json:"sort_order"`
	Group        *string      `json:"group"`
	Sort         *string      `json:"sort"`
	Columns      []columnJSON `json:"columns"`
	Fields       []columnJSON `json:"fields"`
	CustomFields []columnJSON `json:"custom_fields"`
}

type viewJSON struct {
	URL         string        `json:"url"`
	ID          int64         `json:"id"`
	Title       string        `json:"title"`
	Active      bool          `json:"active"`
	UpdatedAt   string        `json:"updated_at"`
	CreatedAt   string        `json:"created_at"`
	Default     bool          `json:"default"`
	Position    int64         `json:"position"`
	Description *string       `json:"description"`
	Execution   executionJSON `json:"execution"`
	Conditions  clausesJSON   `json:"conditions"`
	Restriction any           `json:"restriction"`
	RawTitle    string        `json:"raw_title"`
}

func (a *api) view(v desk.View) viewJSON {
	out := viewJSON{
		URL: a.urlOf("views", v.ID), ID: v.ID, Title: v.Title, RawTitle: v.Title, Active: v.Active, Position: v.Position,
		UpdatedAt: stamp(v.UpdatedAt), CreatedAt: stamp(v.CreatedAt), Conditions: clauses(v.Clauses),
		Execution: executionJSON{GroupOrder: "desc", SortOrder: "desc", Columns: viewColumns, Fields: viewColumns, CustomFields: []columnJSON{}},
	}
	if v.Group != 0 {
		out.Restriction = map[string]any{"type": "Group", "id": int64(v.Group), "ids": []int64{int64(v.Group)}}
	}
	return out
}

// active tells whether only what is active is asked for.
func (c *call) active() bool {
	return c.query.Get("active") == "true" || c.r.URL.Path == base+"/views/active" || c.r.URL.Path == base+"/triggers/active"
}

func listViews(c *call) error {
	views, err := c.svc.Views(c.ctx())
	if err != nil {
		return err
	}
	items := []viewJSON{}
	for _, v := range views {
		if v.Active || !c.active() {
			items = append(items, c.view(v))
		}
	}
	return paginate(c, map[string]any{}, "views", items, func(v viewJSON) int64 { return v.ID }, false)
}

func countViews(c *call) error {
	views, err := c.svc.Views(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"count": map[string]any{"value": len(views), "refreshed_at": stamp(c.o.Now())}})
}

// inPath gives the view that the path names.
func (c *call) inPath() (desk.View, error) {
	id, err := c.id()
	if err != nil {
		return desk.View{}, err
	}
	return c.svc.View(c.ctx(), id)
}

func showView(c *call) error {
	v, err := c.inPath()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"view": c.view(v)})
}

func (c *call) readView() (desk.ViewUpdate, error) {
	var u desk.ViewUpdate
	o, finish, err := c.named("view")
	if err != nil {
		return u, err
	}
	u.Title, u.Active, u.Position = o.given("title"), o.boolean("active"), o.id("position")
	u.All, u.Any = readClauses(o)
	if v, ok := o.take("restriction"); ok {
		group := desk.GroupID(0)
		if m, is := v.(map[string]any); is {
			kind, _ := textOf(m["type"])
			id, isID := idOf(m["id"])
			if kind != "Group" || !isID {
				o.refuse("restriction", "Restriction: only one to a group is supported by this desk")
			}
			group = desk.GroupID(id)
		}
		u.Group = &group
	}
	o.take("output") // every view has the same columns
	o.take("description")
	return u, finish()
}

func createView(c *call) error {
	u, err := c.readView()
	if err != nil {
		return err
	}
	v, err := c.svc.AddView(c.ctx(), u)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.urlOf("views", v.ID))
	return c.answer(http.StatusCreated, map[string]any{"view": c.view(v)})
}

func updateView(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	u, err := c.readView()
	if err != nil {
		return err
	}
	v, err := c.svc.UpdateView(c.ctx(), id, u)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"view": c.view(v)})
}

func deleteView(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.svc.DeleteView(c.ctx(), id); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// listViewed lists the tickets of a view, by page or by cursor.
func listViewed(c *call) error {
	v, err := c.inPath()
	if err != nil {
		return err
	}
	p, err := c.paging()
	if err != nil {
		return err
	}
	s, answer := desk.Search{Limit: p.size}, map[string]any{}
	if !p.cursor {
		if by := c.query.Get("sort_by"); by != "" {
			s.Order, _ = desk.OrderNamed(by)
		}
		s.Descending, s.Offset = c.query.Get("sort_order") == "desc", (p.page-1)*p.size
		found, count, err := c.svc.InView(c.ctx(), c.by.User, v, s)
		if err != nil {
			return err
		}
		if answer["tickets"], err = c.tickets(answer, found); err != nil {
			return err
		}
		c.byNumber(answer, p, count)
		return c.answer(http.StatusOK, answer)
	}
	s.Limit++
	backward := p.before != nil
	if at := p.after; at != nil || backward {
		if backward {
			at, s.Descending = p.before, true
		}
		if s.After = at.position(false); s.After == nil {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
	}
	found, _, err := c.svc.InView(c.ctx(), c.by.User, v, s)
	if err != nil {
		return err
	}
	hasMore := len(found) > p.size
	found = found[:min(len(found), p.size)]
	if backward {
		slices.Reverse(found)
	}
	if answer["tickets"], err = c.tickets(answer, found); err != nil {
		return err
	}
	var first, last *place
	if n := len(found); n > 0 {
		first, last = ticketPlace(found[0], false), ticketPlace(found[n-1], false)
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}

func countViewed(c *call) error {
	v, err := c.inPath()
	if err != nil {
		return err
	}
	_, n, err := c.svc.InView(c.ctx(), c.by.User, v, desk.Search{})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"view_count": map[string]any{
		"url": c.url("/views/" + strconv.FormatInt(v.ID, 10) + "/count.json"), "view_id": v.ID, "value": n, "pretty": strconv.Itoa(n), "fresh": true,
	}})
}

// ── triggers ──

type actionJSON struct {
	Field string   `json:"field"`
	Value []string `json:"value"`
}

// actionWebhook is the one action that triggers have here.
const actionWebhook = "notification_webhook"

type triggerJSON struct {
	URL         string       `json:"url"`
	ID          int64        `json:"id"`
	Title       string       `json:"title"`
	Active      bool         `json:"active"`
	UpdatedAt   string       `json:"updated_at"`
	CreatedAt   string       `json:"created_at"`
	Default     bool         `json:"default"`
	Actions     []actionJSON `json:"actions"`
	Conditions  clausesJSON  `json:"conditions"`
	Description *string      `json:"description"`
	Position    int64        `json:"position"`
	RawTitle    string       `json:"raw_title"`
}

func (a *api) trigger(t desk.Trigger) triggerJSON {
	out := triggerJSON{
		URL: a.urlOf("triggers", t.ID), ID: t.ID, Title: t.Title, RawTitle: t.Title, Active: t.Active, Position: t.Position, Actions: []actionJSON{},
		Conditions: clauses(t.Clauses), UpdatedAt: stamp(t.UpdatedAt), CreatedAt: stamp(t.CreatedAt),
	}
	for _, action := range t.Actions {
		out.Actions = append(out.Actions, actionJSON{actionWebhook, []string{action.Webhook, action.Body}})
	}
	return out
}

func (c *call) triggers() ([]triggerJSON, error) {
	triggers, err := c.svc.Triggers(c.ctx())
	items := []triggerJSON{}
	for _, t := range triggers {
		items = append(items, c.trigger(t))
	}
	return items, err
}

func listTriggers(c *call) error {
	items, err := c.triggers()
	if err != nil {
		return err
	}
	if c.active() {
		items = slices.DeleteFunc(items, func(t triggerJSON) bool { return !t.Active })
	}
	return paginate(c, map[string]any{}, "triggers", items, func(t triggerJSON) int64 { return t.ID }, false)
}

func showTrigger(c *call) error {
	items, err := c.triggers()
	return showOne(c, "trigger", items, func(t triggerJSON) int64 { return t.ID }, err)
}

func (c *call) readTrigger() (desk.TriggerUpdate, error) {
	var u desk.TriggerUpdate
	o, finish, err := c.named("trigger")
	if err != nil {
		return u, err
	}
	u.Title, u.Active, u.Position = o.given("title"), o.boolean("active"), o.id("position")
	u.All, u.Any = readClauses(o)
	if v, ok := o.take("actions"); ok {
		list, _ := v.([]any)
		actions := []desk.Action{}
		for _, item := range list {
			m, _ := item.(map[string]any)
			field, _ := textOf(m["field"])
			value, _ := m["value"].([]any)
			if field != actionWebhook || len(value) != 2 {
				o.refuse("actions", "Actions: only "+actionWebhook+" with a webhook and a body is supported by this desk")
				break
			}
			hook, _ := textOf(value[0])
			body, isText := textOf(value[1])
			if !isText {
				o.refuse("actions", "Actions: the body is not a text")
			}
			actions = append(actions, desk.Action{Webhook: hook, Body: body})
		}
		u.Actions = &actions
	}
	o.take("description")
	o.take("category_id")
	return u, finish()
}

func createTrigger(c *call) error {
	u, err := c.readTrigger()
	if err != nil {
		return err
	}
	t, err := c.svc.AddTrigger(c.ctx(), u)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.urlOf("triggers", t.ID))
	return c.answer(http.StatusCreated, map[string]any{"trigger": c.trigger(t)})
}

func updateTrigger(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	u, err := c.readTrigger()
	if err != nil {
		return err
	}
	t, err := c.svc.UpdateTrigger(c.ctx(), id, u)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"trigger": c.trigger(t)})
}

func deleteTrigger(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.svc.DeleteTrigger(c.ctx(), id); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
