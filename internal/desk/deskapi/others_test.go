package deskapi_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traid/internal/desk"
	"traid/internal/desk/deskapi"
)

func TestATokenTellsWhichAgentItIsWhateverAddressStandsBeforeIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		basic := func(user, password string) string {
			return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		}
		operator, other := r.newToken("operator@example.org", deskapi.Scope), r.newToken("requests only", "requests")
		for name, c := range map[string]struct {
			header string
			status int
			agent  string
		}{
			"bearer":                 {"Authorization: Bearer " + operator, 200, "operator@example.org"},
			"basic":                  {basic("somebody@else.example/token", operator), 200, "operator@example.org"},
			"basic with a password":  {basic("operator@example.org", operator), 401, ""},
			"nothing":                {"Authorization: ", 401, ""},
			"unknown token":          {"Authorization: Bearer nonsense", 401, ""},
			"unknown token as basic": {basic("operator@example.org/token", "nonsense"), 401, ""},
			"another scope":          {"Authorization: Bearer " + other, 403, ""},
		} {
			t.Run(name, func(t *testing.T) {
				got := r.send("GET", "/users/me.json", "", c.header).want(c.status)
				switch c.status {
				case 200:
					user := got.body["user"].(map[string]any)
					if user["email"] != c.agent || user["role"] != "agent" || user["active"] != true {
						t.Errorf("agent %v", user)
					}
				case 401:
					if got.raw != `{"error":"Couldn't authenticate you"}` || got.header.Get("WWW-Authenticate") == "" {
						t.Errorf("401 with %s", got.raw)
					}
				}
				r.send("POST", "/tickets", `{"ticket":{"description":"d"}}`, c.header).want(map[int]int{200: 201, 401: 401, 403: 403}[c.status])
			})
		}
	})
}

func TestUsersAreMadeOnceAndShown(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		me := r.get("/users/me").body["user"].(map[string]any)
		if me["name"] != "tra" || me["email"] != "tra@desk.invalid" || id(me["default_group_id"]) == 0 {
			t.Errorf("me %v", me)
		}
		again := r.as("tra").me()
		if again != id(me["id"]) {
			t.Error("another token of one client is another agent")
		}
		twin := r.as("TRA!").get("/users/me").body["user"].(map[string]any)
		if twin["email"] == me["email"] || id(twin["id"]) == again {
			t.Errorf("two clients are one agent: %v", twin)
		}
		if diff := cmp.Diff(me, r.get(fmt.Sprintf("/users/%d.json", again)).body["user"]); diff != "" {
			t.Errorf("by id: %s", diff)
		}
		many := r.get(fmt.Sprintf("/users/show_many?ids=%v,1,%v", twin["id"], me["id"]))
		if diff := cmp.Diff([]any{twin, me}, many.body["users"]); diff != "" {
			t.Errorf("show_many: %s", diff)
		}
		r.send("GET", "/users/12", "").refused(404, "RecordNotFound", "")
		r.send("GET", "/users/x", "").refused(404, "RecordNotFound", "")

		// An end user whose address becomes an agent's client is that agent.
		ticket := r.make(`,"requester":{"name":"Olu Example","email":"olu@example.org"}`)
		olu := r.as("olu@example.org")
		if got := r.show(ticket)["requester_id"]; id(got) != olu.me() {
			t.Errorf("requester %v, agent %d", got, olu.me())
		}
	})
}

func TestTheFieldsAreSeededOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		before := r.get("/ticket_fields")
		if err := r.svc.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := r.get("/ticket_fields"); after.raw != before.raw {
			t.Errorf("seeding again changed the fields: %s", after.raw)
		}
		want := map[string][]string{
			"TRN": nil, "Outcome": {"failed", "trn_found"}, "Barring outcome": {"barred", "failed", "not_barred"},
			"Failure reason":      {"cannot_tell", "details_do_not_match", "no_record", "not_enough_details", "other", "several_records"},
			"Note for the client": nil, "Request": nil,
		}
		got := map[string][]string{}
		for title, f := range r.fields {
			got[title] = slices.Sorted(maps.Keys(f.options))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fields (-want +got): %s", diff)
		}
		trn := r.get(fmt.Sprintf("/ticket_fields/%d.json", r.fields["TRN"].ID)).body["ticket_field"].(map[string]any)
		if trn["type"] != "regexp" || trn["regexp_for_validation"] != `^\d{7}$` || trn["required"] != false || trn["active"] != true {
			t.Errorf("TRN: %v", trn)
		}
		r.send("GET", "/ticket_fields/5", "").refused(404, "RecordNotFound", "")
		groups := r.get("/groups").body["groups"].([]any)
		if len(groups) != 1 || groups[0].(map[string]any)["name"] != "TRA" {
			t.Errorf("groups %v", groups)
		}
	})
}

func TestWhatIsNotThereIsInvalidEndpoint(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, c := range [][2]string{
			{"GET", "/macros"}, {"GET", "/uploads"}, {"GET", "/nonsense.json"}, {"POST", "/tickets/1"}, {"PATCH", "/tickets"}, {"GET", "/"}, {"GET", "/tickets/"}, {"DELETE", "/ticket_fields/1"},
		} {
			if got := r.send(c[0], c[1], "").refused(404, "InvalidEndpoint", "Not found").header.Get("Content-Type"); got != "application/json; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
		}
		page := r.send("GET", r.url+"/", "", "Authorization: ").want(200)
		if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.Contains(page.raw, "api/zendesk-subset.md") {
			t.Errorf("the page: %s", page.raw)
		}
	})
}

func TestAClientIsLimited(t *testing.T) {
	eachWith(t, desk.Options{}, deskapi.Options{PerMinute: 3}, func(t *testing.T, r *rig) { // one was used to read the fields
		for _, left := range []string{"1", "0"} {
			got := r.get("/groups")
			if got.header.Get("X-Rate-Limit-Remaining") != left || got.header.Get("ratelimit-remaining") != left || got.header.Get("Retry-After") != "" {
				t.Errorf("headers %v, want %s left and no Retry-After", got.header, left)
			}
		}
		if got := r.send("GET", "/groups", "").refused(429, "APIRateLimitExceeded", "").header.Get("Retry-After"); got != "60" {
			t.Errorf("Retry-After %q", got)
		}
		r.as("another").get("/groups")
	})
}
