package deskapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"traid/internal/desk"
	"traid/internal/fault"
)

// ── what there is one of: form, brand; and the statuses ──

type formJSON struct {
	URL                string   `json:"url"`
	ID                 int64    `json:"id"`
	Name               string   `json:"name"`
	RawName            string   `json:"raw_name"`
	DisplayName        string   `json:"display_name"`
	RawDisplayName     string   `json:"raw_display_name"`
	EndUserVisible     bool     `json:"end_user_visible"`
	Position           int64    `json:"position"`
	TicketFieldIDs     []int64  `json:"ticket_field_ids"`
	Active             bool     `json:"active"`
	Default            bool     `json:"default"`
	InAllBrands        bool     `json:"in_all_brands"`
	RestrictedBrandIDs []int64  `json:"restricted_brand_ids"`
	EndUserConditions  []string `json:"end_user_conditions"`
	AgentConditions    []string `json:"agent_conditions"`
	CreatedAt          string   `json:"created_at"`
	UpdatedAt          string   `json:"updated_at"`
}

func (c *call) form() (formJSON, error) {
	const name = "Default Ticket Form"
	account, err := c.svc.Account(c.ctx())
	if err != nil {
		return formJSON{}, err
	}
	fields, err := c.svc.AllFields(c.ctx())
	f := formJSON{
		URL: c.urlOf("ticket_forms", account.Form), ID: account.Form, Name: name, RawName: name, DisplayName: name, RawDisplayName: name,
		Active: true, Default: true, InAllBrands: true, TicketFieldIDs: []int64{}, RestrictedBrandIDs: []int64{}, EndUserConditions: []string{},
		AgentConditions: []string{}, CreatedAt: stamp(account.CreatedAt), UpdatedAt: stamp(account.CreatedAt),
	}
	for _, field := range fields {
		if field.Active {
			f.TicketFieldIDs = append(f.TicketFieldIDs, int64(field.ID))
		}
	}
	return f, err
}

func listForms(c *call) error {
	f, err := c.form()
	if err != nil {
		return err
	}
	return paginate(c, map[string]any{}, "ticket_forms", []formJSON{f}, func(f formJSON) int64 { return f.ID }, false)
}

func showForm(c *call) error {
	f, err := c.form()
	return showOne(c, "ticket_form", []formJSON{f}, func(f formJSON) int64 { return f.ID }, err)
}

// showOne answers with the one of a list that the path names.
func showOne[T any](c *call, name string, items []T, id func(T) int64, err error) error {
	if err != nil {
		return err
	}
	want, err := c.id()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(items, func(v T) bool { return id(v) == want })
	if i < 0 {
		return fault.New(fault.NotFound, "Not found")
	}
	return c.answer(http.StatusOK, map[string]any{name: items[i]})
}

type brandJSON struct {
	URL               string  `json:"url"`
	ID                int64   `json:"id"`
	Name              string  `json:"name"`
	BrandURL          string  `json:"brand_url"`
	Subdomain         string  `json:"subdomain"`
	HostMapping       *string `json:"host_mapping"`
	HasHelpCenter     bool    `json:"has_help_center"`
	HelpCenterState   string  `json:"help_center_state"`
	Active            bool    `json:"active"`
	Default           bool    `json:"default"`
	IsDeleted         bool    `json:"is_deleted"`
	Logo              *string `json:"logo"`
	TicketFormIDs     []int64 `json:"ticket_form_ids"`
	SignatureTemplate string  `json:"signature_template"`
	CreatedAt         string  `json:"created_at"`
	UpdatedAt         string  `json:"updated_at"`
}

func (c *call) brands() ([]brandJSON, error) {
	account, err := c.svc.Account(c.ctx())
	if err != nil {
		return nil, err
	}
	host := ""
	if u, err := url.Parse(c.o.PublicURL); err == nil {
		host, _, _ = strings.Cut(u.Hostname(), ".")
	}
	return []brandJSON{{
		URL: c.urlOf("brands", account.Brand), ID: account.Brand, Name: desk.GroupName, BrandURL: c.o.PublicURL, Subdomain: host, HelpCenterState: "disabled",
		Active: true, Default: true, TicketFormIDs: []int64{account.Form}, CreatedAt: stamp(account.CreatedAt), UpdatedAt: stamp(account.CreatedAt),
	}}, nil
}

func listBrands(c *call) error {
	items, err := c.brands()
	if err != nil {
		return err
	}
	return paginate(c, map[string]any{}, "brands", items, func(b brandJSON) int64 { return b.ID }, false)
}

func showBrand(c *call) error {
	items, err := c.brands()
	return showOne(c, "brand", items, func(b brandJSON) int64 { return b.ID }, err)
}

type statusJSON struct {
	URL                string  `json:"url"`
	ID                 int64   `json:"id"`
	StatusCategory     string  `json:"status_category"`
	AgentLabel         string  `json:"agent_label"`
	RawAgentLabel      string  `json:"raw_agent_label"`
	EndUserLabel       string  `json:"end_user_label"`
	RawEndUserLabel    string  `json:"raw_end_user_label"`
	Description        *string `json:"description"`
	RawDescription     *string `json:"raw_description"`
	EndUserDescription *string `json:"end_user_description"`
	RawEndUserDesc     *string `json:"raw_end_user_description"`
	Active             bool    `json:"active"`
	Default            bool    `json:"default"`
	CreatedAt          string  `json:"created_at"`
	UpdatedAt          string  `json:"updated_at"`
}

// statusLabels are what agents and end users see.
var statusLabels = map[desk.Status][2]string{
	desk.New: {"New", "Open"}, desk.Open: {"Open", "Open"}, desk.Pending: {"Pending", "Awaiting your reply"},
	desk.Hold: {"On-hold", "Open"}, desk.Solved: {"Solved", "Solved"},
}

func (c *call) statuses() ([]statusJSON, error) {
	account, err := c.svc.Account(c.ctx())
	items := []statusJSON{}
	for _, status := range desk.CustomStatuses() {
		id, label := account.Statuses[status], statusLabels[status]
		items = append(items, statusJSON{
			URL: c.urlOf("custom_statuses", id), ID: id, StatusCategory: string(status), AgentLabel: label[0], RawAgentLabel: label[0],
			EndUserLabel: label[1], RawEndUserLabel: label[1], Active: true, Default: true, CreatedAt: stamp(account.CreatedAt), UpdatedAt: stamp(account.CreatedAt),
		})
	}
	return items, err
}

func listStatuses(c *call) error {
	items, err := c.statuses()
	if err != nil {
		return err
	}
	if categories := c.query.Get("status_categories"); categories != "" {
		items = slices.DeleteFunc(items, func(s statusJSON) bool { return !slices.Contains(split(categories), s.StatusCategory) })
	}
	return c.answer(http.StatusOK, map[string]any{"custom_statuses": items})
}

func showStatus(c *call) error {
	items, err := c.statuses()
	return showOne(c, "custom_status", items, func(s statusJSON) int64 { return s.ID }, err)
}

// ── groups and users ──

func showGroup(c *call) error {
	items, err := c.groups()
	return showOne(c, "group", items, func(g groupJSON) int64 { return g.ID }, err)
}

type membershipJSON struct {
	URL       string `json:"url"`
	ID        int64  `json:"id"`
	UserID    int64  `json:"user_id"`
	GroupID   int64  `json:"group_id"`
	Default   bool   `json:"default"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

// listMemberships lists who is in the group: every agent. A membership has its
// agent's id.
func listMemberships(c *call) error {
	groups, err := c.svc.Groups(c.ctx())
	if err != nil {
		return err
	}
	if c.r.PathValue("id") != "" {
		want, err := c.id()
		if err != nil {
			return err
		}
		groups = slices.DeleteFunc(groups, func(g desk.Group) bool { return int64(g.ID) != want })
		if len(groups) == 0 {
			return fault.New(fault.NotFound, "Not found")
		}
	}
	agents, err := c.svc.UsersOf(c.ctx(), true)
	if err != nil {
		return err
	}
	items := []membershipJSON{}
	for _, u := range agents {
		items = append(items, membershipJSON{
			URL: c.urlOf("group_memberships", int64(u.ID)), ID: int64(u.ID), UserID: int64(u.ID), GroupID: int64(groups[0].ID), Default: true,
			CreatedAt: stamp(u.CreatedAt), UpdatedAt: stamp(u.CreatedAt),
		})
	}
	return paginate(c, map[string]any{}, "group_memberships", items, func(m membershipJSON) int64 { return m.ID }, false)
}

// listUsers lists the users, of the roles that are asked for.
func listUsers(c *call) error {
	roles := append(slices.Clone(c.query["role[]"]), c.query["role"]...)
	users, err := c.svc.UsersOf(c.ctx(), false)
	if err != nil {
		return err
	}
	groups, err := c.svc.Groups(c.ctx())
	if err != nil {
		return err
	}
	items := []userJSON{}
	for _, u := range users {
		if shown := c.user(u, groups); len(roles) == 0 || slices.Contains(roles, shown.Role) {
			items = append(items, shown)
		}
	}
	return paginate(c, map[string]any{}, "users", items, func(u userJSON) int64 { return u.ID }, false)
}

func updateUser(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	o, finish, err := c.named("user")
	if err != nil {
		return err
	}
	var u desk.UserUpdate
	if v := o.given("name"); v != nil {
		u.Name = hidden(v)
	}
	u.Suspended = o.boolean("suspended")
	o.unsupported("role", "email", "password", "phone", "organization_id", "user_fields", "tags", "external_id")
	if err := finish(); err != nil {
		return err
	}
	user, err := c.svc.UpdateUser(c.ctx(), desk.UserID(id), u)
	if err != nil {
		return err
	}
	groups, err := c.svc.Groups(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"user": c.user(user, groups)})
}

// named reads {"name":{…}}. finish gives what was wrong with it.
func (c *call) named(name string) (o object, finish func() error, err error) {
	_, members, err := c.body()
	if err != nil {
		return o, nil, err
	}
	inner, ok := members[name].(map[string]any)
	if !ok {
		return o, nil, badRequest("ParameterMissing", "Parameter "+name+" is required")
	}
	for key := range members {
		if key != name {
			c.warn = append(c.warn, key)
		}
	}
	var wrong []fault.Field
	o = newObject(name, inner, &wrong, &c.warn)
	return o, func() error {
		o.done()
		if len(wrong) > 0 {
			return recordInvalid(wrong)
		}
		return nil
	}, nil
}

// ── fields ──

func readField(o object, create bool) desk.FieldUpdate {
	var u desk.FieldUpdate
	if kind := o.given("type"); kind != nil && create {
		k := desk.Kind(*kind)
		u.Kind = &k
	}
	u.Title, u.Pattern, u.Active = o.given("title"), o.given("regexp_for_validation"), o.boolean("active")
	if v, ok := o.take("custom_field_options"); ok && v != nil {
		list, ok := v.([]any)
		options := []desk.Option{}
		for _, item := range list {
			m, is := item.(map[string]any)
			id, isID := idOf(m["id"])
			name, isName := textOf(m["name"])
			value, isValue := textOf(m["value"])
			ok = ok && is && isID && isName && isValue
			options = append(options, desk.Option{ID: id, Name: name, Value: value})
		}
		if !ok {
			o.refuse("custom_field_options", "Custom field options: is not a list of options")
		}
		u.Options = &options
	}
	o.unsupported("required", "required_in_portal", "visible_in_portal", "editable_in_portal", "relationship_target_type", "relationship_filter")
	return u
}

func createField(c *call) error {
	o, finish, err := c.named("ticket_field")
	if err != nil {
		return err
	}
	u := readField(o, true)
	if err := finish(); err != nil {
		return err
	}
	f, err := c.svc.AddField(c.ctx(), u)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.urlOf("ticket_fields", int64(f.ID)))
	return c.answer(http.StatusCreated, map[string]any{"ticket_field": c.field(f)})
}

func updateField(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	o, finish, err := c.named("ticket_field")
	if err != nil {
		return err
	}
	u := readField(o, false)
	if err := finish(); err != nil {
		return err
	}
	f, err := c.svc.UpdateField(c.ctx(), desk.FieldID(id), u)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"ticket_field": c.field(f)})
}
