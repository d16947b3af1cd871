package traports_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/tra/traports"
	"traid/internal/zendesk"
)

// office is an account as its administrators see it: lists of things by their
// path, which POST adds to. What it has no list of is no endpoint of it.
type office struct {
	t     *testing.T
	lists map[string][]map[string]any
	next  int
	me    map[string]any
	deny  string // a path that the credentials do not open
	posts []string
}

const (
	hookURL    = "https://tra.example.org/webhooks/zendesk"
	hookSecret = "the webhook's own"
)

func newOffice(t *testing.T) *office {
	o := &office{
		t: t, next: 100, me: map[string]any{"id": 7, "role": "admin", "active": true},
		lists: map[string][]map[string]any{},
	}
	for _, list := range []string{"ticket_fields", "groups", "views", "triggers", "automations", "webhooks", "custom_roles", "group_memberships", "users"} {
		o.lists[list] = nil
	}
	return o
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v2/")
	answer := func(status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	list := path
	switch {
	case path == o.deny:
		answer(http.StatusForbidden, map[string]any{"error": "Forbidden"})
		return
	case path == "users/me":
		answer(http.StatusOK, map[string]any{"user": o.me})
		return
	case path == "incremental/tickets/cursor":
		answer(http.StatusOK, map[string]any{"tickets": []any{}, "after_cursor": "c", "end_of_stream": true})
		return
	case strings.HasSuffix(path, "/signing_secret"):
		answer(http.StatusOK, map[string]any{"signing_secret": map[string]any{"secret": hookSecret, "algorithm": "SHA256"}})
		return
	case strings.HasSuffix(path, "/memberships"):
		list = "group_memberships"
	}
	rows, there := o.lists[list]
	if !there {
		answer(http.StatusNotFound, map[string]any{"error": "InvalidEndpoint", "description": "Not found"})
		return
	}
	if r.Method == http.MethodGet {
		answer(http.StatusOK, map[string]any{list: append([]map[string]any{}, rows...), "meta": map[string]any{"has_more": false}})
		return
	}
	var body map[string]map[string]any
	raw, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(raw, &body); err != nil || len(body) != 1 {
		o.t.Errorf("%s is sent %s", path, raw)
	}
	o.posts = append(o.posts, list)
	for name, thing := range body {
		o.next++
		thing["id"] = o.next
		switch list {
		case "webhooks":
			thing["id"] = fmt.Sprintf("01H%d", o.next)
		case "views":
			thing["conditions"] = map[string]any{"all": thing["all"], "any": thing["any"]}
		}
		o.lists[list] = append(o.lists[list], thing)
		answer(http.StatusCreated, map[string]any{name: thing})
	}
}

func (o *office) setup(hook, secret string) *traports.Setup {
	srv := httptest.NewServer(o)
	o.t.Cleanup(srv.Close)
	return traports.NewSetup(zendesk.New(zendesk.Options{BaseURL: srv.URL, Token: "secret"}), hook, secret, time.Now)
}

// field gives a field by its title.
func (o *office) field(title string) map[string]any {
	for _, f := range o.lists["ticket_fields"] {
		if f["title"] == title {
			return f
		}
	}
	o.t.Fatalf("there is no field %s", title)
	return nil
}

func (o *office) options(title string) []any { return o.field(title)["custom_field_options"].([]any) }

// agent adds somebody who works in the account.
func (o *office) agent(id int, change func(u map[string]any)) {
	u := map[string]any{"id": id, "role": "agent", "active": true, "ticket_restriction": nil, "custom_role_id": nil}
	change(u)
	o.lists["users"] = append(o.lists["users"], u)
}

// rule adds a trigger or an automation with an action.
func (o *office) rule(list, title string, active bool, action string, value any, conditions ...map[string]any) {
	o.lists[list] = append(o.lists[list], map[string]any{
		"id": len(o.lists[list]) + 1, "title": title, "active": active, "conditions": map[string]any{"all": conditions, "any": []any{}},
		"actions": []any{map[string]any{"field": "status", "value": "open"}, map[string]any{"field": action, "value": value}},
	})
}

func bad(found []traports.Finding) (out []string) {
	for _, f := range found {
		if f.Bad() {
			out = append(out, f.What+" "+string(f.Standing))
		}
	}
	return out
}

func TestAnEmptyAccountIsSetUpOnceAndIsRightThen(t *testing.T) {
	o := newOffice(t)
	s := o.setup(hookURL, hookSecret)
	before, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ticket field “TRN” missing", "ticket field “Outcome” missing", "ticket field “Barring outcome” missing", "ticket field “Failure reason” missing",
		"ticket field “Note for the client” missing", "ticket field “Request” missing", "group “TRA” missing", "view “TRA requests” missing", "webhook missing",
	}
	if got := bad(before); !slices.Equal(got, want) {
		t.Errorf("before: got %q\nwant %q", got, want)
	}
	if len(o.posts) != 0 {
		t.Fatalf("the check made %q", o.posts)
	}
	for _, f := range before {
		if f.Standing == traports.Missing && !strings.Contains(f.Why, "would be made") {
			t.Errorf("%s: it is not said what would be made: %q", f.What, f.Why)
		}
	}
	made, err := s.Make(t.Context())
	if err != nil || len(bad(made)) > 0 {
		t.Fatalf("got %v %q", err, bad(made))
	}
	n := 0
	for _, f := range made {
		if f.Standing == traports.Made {
			n++
		}
	}
	if posts := len(o.posts); n != 11 || posts != 11 { // the nine, the trigger and the membership
		t.Errorf("%d things are said to be made, %d were: %q", n, posts, o.posts)
	}
	again, err := s.Make(t.Context())
	if err != nil || len(bad(again)) > 0 || len(o.posts) != 11 {
		t.Errorf("again: %v %q, made %q", err, bad(again), o.posts)
	}
	values := map[any]bool{}
	for _, f := range o.lists["ticket_fields"] {
		options, _ := f["custom_field_options"].([]any)
		for _, option := range options {
			value := option.(map[string]any)["value"]
			if values[value] || len(value.(string)) < 10 {
				t.Errorf("the option value %v is short or stands twice", value)
			}
			values[value] = true
		}
	}
	if len(values) != 2+3+6 {
		t.Errorf("%d options", len(values))
	}
	if got := o.lists["groups"][0]["is_public"]; got != false {
		t.Errorf("the group is public: %v", got)
	}
	if got, err := s.Secret(t.Context()); err != nil || got != hookSecret {
		t.Errorf("the secret is %q %v", got, err)
	}
}

func TestASetupThatWasBrokenOffGoesOn(t *testing.T) {
	o := newOffice(t)
	o.deny = "group_memberships"
	if _, err := o.setup(hookURL, hookSecret).Make(t.Context()); err == nil || !strings.Contains(err.Error(), "the service account is in the group") {
		t.Fatalf("got %v; want to be told what could not be made", err)
	}
	o.deny = ""
	if found, err := o.setup(hookURL, hookSecret).Make(t.Context()); err != nil || len(bad(found)) > 0 || len(o.posts) != 11 {
		t.Errorf("got %v %q, made %q", err, bad(found), o.posts)
	}
}

// TestAnAccountThatIsWrongIsSaidSo changes one thing of an account that is right.
func TestAnAccountThatIsWrongIsSaidSo(t *testing.T) {
	const mail = "Notify all agents"
	ours := map[string]any{"field": "current_tags", "operator": "not_includes", "value": "vip tra_request"}
	for name, c := range map[string]struct {
		change func(o *office)
		want   string // empty: nothing is wrong
		why    string
	}{
		"a field of another type":       {func(o *office) { o.field("TRN")["type"] = "text" }, "ticket field “TRN” wrong", "has to be regexp"},
		"a pattern that takes anything": {func(o *office) { o.field("TRN")["regexp_for_validation"] = ".*" }, "ticket field “TRN” wrong", `^\d{7}$`},
		"a pattern in other words":      {func(o *office) { o.field("TRN")["regexp_for_validation"] = `\A[0-9]{7}\z` }, "", ""},
		"a field that is required":      {func(o *office) { o.field("Outcome")["required"] = true }, "ticket field “Outcome” wrong", "optional"},
		"a field that is not active":    {func(o *office) { o.field("Request")["active"] = false }, "ticket field “Request” wrong", "activate"},
		"a title that stands twice": {func(o *office) {
			o.lists["ticket_fields"] = append(o.lists["ticket_fields"], map[string]any{"id": 1, "type": "text", "title": "Request", "active": true})
		}, "ticket field “Request” wrong", "several"},
		"an option that is missing":                 {func(o *office) { o.field("Outcome")["custom_field_options"] = o.options("Outcome")[:1] }, "ticket field “Outcome” wrong", "lacks the option failed"},
		"a value that tells":                        {func(o *office) { o.options("Barring outcome")[0].(map[string]any)["value"] = "x_barred_y" }, "ticket field “Barring outcome” wrong", "tells what it means"},
		"a value that tells in a short word":        {func(o *office) { o.options("Failure reason")[1].(map[string]any)["value"] = "cannot-tell" }, "ticket field “Failure reason” wrong", "tells what it means"},
		"a value that holds a short word by chance": {func(o *office) { o.options("Outcome")[0].(map[string]any)["value"] = "oxtrnqtellz7" }, "", ""},
		"a value that stands in two fields": {func(o *office) {
			o.options("Failure reason")[0].(map[string]any)["value"] = o.options("Outcome")[0].(map[string]any)["value"]
		}, "ticket field “Failure reason” wrong", "“Outcome”"},
		"a view that nobody sees":      {func(o *office) { o.lists["views"][0]["active"] = false }, "view “TRA requests” missing", ""},
		"a group that was deleted":     {func(o *office) { o.lists["groups"][0]["deleted"] = true }, "group “TRA” missing", ""},
		"a webhook to somewhere else":  {func(o *office) { o.lists["webhooks"][0]["endpoint"] = "https://other.example.org" }, "webhook missing", ""},
		"a webhook that is off":        {func(o *office) { o.lists["webhooks"][0]["status"] = "inactive" }, "webhook missing", ""},
		"a webhook that nothing tells": {func(o *office) { o.lists["triggers"] = nil }, "trigger “traid: tell of a changed request” missing", ""},
		"a webhook that events tell": {func(o *office) {
			o.lists["triggers"] = nil
			o.lists["webhooks"][0]["subscriptions"] = []string{"zen:event-type:ticket.status_changed"}
		}, "", ""},
		"a service account that is no agent":     {func(o *office) { o.me["role"] = "end-user" }, "service account wrong", "agent"},
		"a service account that may not export":  {func(o *office) { o.deny = "incremental/tickets/cursor" }, "export of changes wrong", "administrators"},
		"a service account outside of the group": {func(o *office) { o.lists["group_memberships"] = nil }, "the service account is in the group missing", "added"},
		"an agent who sees everything":           {func(o *office) { o.agent(900, func(map[string]any) {}) }, "only the group's agents read its tickets wrong", "900"},
		"agents who do not": {func(o *office) {
			o.lists["custom_roles"] = []map[string]any{
				{"id": 1, "configuration": map[string]any{"ticket_access": "within-groups"}},
				{"id": 2, "configuration": map[string]any{"ticket_access": "within-groups-and-public-groups"}},
			}
			o.agent(1, func(u map[string]any) { u["ticket_restriction"] = "groups" })
			o.agent(2, func(u map[string]any) { u["suspended"] = true })
			o.agent(3, func(u map[string]any) { u["active"] = false })
			o.agent(4, func(u map[string]any) { u["role"] = "admin" })
			o.agent(5, func(u map[string]any) { u["custom_role_id"] = 1 })
			o.agent(6, func(u map[string]any) { u["custom_role_id"] = 2 })
			o.agent(7, func(map[string]any) {}) // a member
		}, "", ""},
		"an agent whose role sees public groups, and the group is public": {func(o *office) {
			o.lists["custom_roles"] = []map[string]any{{"id": 2, "configuration": map[string]any{"ticket_access": "within-groups-and-public-groups"}}}
			o.lists["groups"][0]["is_public"] = true
			o.agent(6, func(u map[string]any) { u["custom_role_id"] = 2; u["ticket_restriction"] = "groups" })
		}, "only the group's agents read its tickets wrong", "6"},
		"an account whose plan has no roles": {func(o *office) { o.deny = "custom_roles" }, "", ""},
		"a trigger that mails what a ticket says": {func(o *office) {
			o.rule("triggers", mail, true, "notification_user", []any{"all_agents", "A request", "See {{ticket.comments_formatted}}"})
		}, "trigger “" + mail + "” wrong", "tra_request"},
		"an automation that does": {func(o *office) {
			o.rule("automations", mail, true, "notification_group", []any{"1", "{{ticket.title}}", "{{ ticket.description }}"})
		}, "automation “" + mail + "” wrong", "tra_request"},
		"a trigger that sends a field elsewhere": {func(o *office) {
			o.rule("triggers", mail, true, "notification_webhook", []any{"01HX", `{"trn":"{{ticket.ticket_field_101}}"}`})
		}, "trigger “" + mail + "” wrong", "tra_request"},
		"a loop over comments": {func(o *office) {
			o.rule("triggers", mail, true, "notification_target", []any{"1", "{% for comment in ticket.comments %}{{comment.value}}{% endfor %}"})
		}, "trigger “" + mail + "” wrong", "tra_request"},
		"a trigger that spares ours": {func(o *office) {
			o.rule("triggers", mail, true, "notification_user", []any{"all_agents", "A request", "{{ticket.comments}}"}, ours)
		}, "", ""},
		"a trigger of another group": {func(o *office) {
			o.rule("triggers", mail, true, "notification_user", []any{"all_agents", "A request", "{{ticket.comments}}"}, map[string]any{"field": "group_id", "operator": "is", "value": "12345"})
		}, "", ""},
		"a trigger of ours": {func(o *office) {
			o.rule("triggers", mail, true, "notification_user", []any{"all_agents", "A request", "{{ticket.comments}}"}, map[string]any{"field": "group_id", "operator": "is", "value": o.lists["groups"][0]["id"]})
		}, "trigger “" + mail + "” wrong", "tra_request"},
		"a trigger that is off": {func(o *office) {
			o.rule("triggers", mail, false, "notification_user", []any{"all_agents", "A request", "{{ticket.comments}}"})
		}, "", ""},
		"a trigger that tells no more than that there is one": {func(o *office) {
			o.rule("triggers", mail, true, "notification_user", []any{"all_agents", "{{ticket.title}}", "There is a request: {{ticket.link}}"})
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			s := o.setup(hookURL, hookSecret)
			if _, err := s.Make(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.change(o)
			found, err := s.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			got := bad(found)
			if strings.HasPrefix(c.want, "group") { // what belongs to the group is missing with it
				got = got[:1]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %q; want %q", got, want)
			}
			for _, f := range found {
				if f.Bad() && !strings.Contains(f.Why, c.why) {
					t.Errorf("%s: %q does not say %q", f.What, f.Why, c.why)
				}
				if (f.Why == "") != (f.Standing == traports.Right) {
					t.Errorf("%s is %s: %q", f.What, f.Standing, f.Why)
				}
			}
		})
	}
}

func TestAnAccountThatCannotReachUsIsCheckedWithoutAWebhook(t *testing.T) {
	o := newOffice(t)
	found, err := o.setup("", "").Make(t.Context())
	if err != nil || len(bad(found)) > 0 || len(o.lists["webhooks"]) > 0 {
		t.Errorf("got %v %q, %d webhooks", err, bad(found), len(o.lists["webhooks"]))
	}
	if i := slices.IndexFunc(found, func(f traports.Finding) bool { return f.What == "webhook" }); i < 0 || found[i].Standing != traports.Unchecked {
		t.Error("it is not said that there is no webhook")
	}
	for public, want := range map[string]string{
		"https://tra.example.org/": "https://tra.example.org/webhooks/zendesk", "http://127.0.0.1:8081": "", "": "", "https://tra.example.org": hookURL,
	} {
		if got := traports.Hook(public, "/webhooks/zendesk"); got != want {
			t.Errorf("%q: got %q; want %q", public, got, want)
		}
	}
}

func TestASecretThatIsNotTheWebhooksIsSaidSo(t *testing.T) {
	o := newOffice(t)
	found, err := o.setup(hookURL, "another").Make(t.Context())
	if err != nil || !slices.Equal(bad(found), []string{"webhook wrong"}) {
		t.Errorf("got %v %q", err, bad(found))
	}
}

func TestAnAccountThatCannotBeAskedIsNoFinding(t *testing.T) {
	for path, want := range map[string]zendesk.Kind{"users/me": zendesk.Credentials, "ticket_fields": zendesk.Credentials, "groups": zendesk.Credentials, "triggers": zendesk.Credentials} {
		o := newOffice(t)
		s := o.setup(hookURL, hookSecret)
		o.deny = path
		if found, err := s.Check(t.Context()); !zendesk.Is(err, want) || found != nil {
			t.Errorf("%s: got %v %v", path, found, err)
		}
	}
}
