package deskapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/zendesk"
)

// grant asks for an access token.
func (r *rig) grant(body string, header ...string) answer {
	r.t.Helper()
	return r.send("POST", r.url+"/oauth/tokens", body, append([]string{"Authorization: "}, header...)...)
}

// with is the same desk by another token.
func (r *rig) with(token string) *rig {
	other := *r
	other.token = token
	return &other
}

func TestAClientGetsAccessTokensByItsSecret(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		secret := r.newToken("robot", deskapi.ScopeOAuth)
		got := r.grant(fmt.Sprintf(`{"grant_type":"client_credentials","client_id":"robot","client_secret":%q,"scope":"tickets:read tickets:write users:read"}`, secret)).want(200)
		if got.body["token_type"] != "bearer" || got.body["scope"] != "tickets:read tickets:write users:read" || id(got.body["expires_in"]) != 1800 {
			t.Errorf("the answer is %s", got.raw)
		}
		token, _ := got.body["access_token"].(string)
		robot := r.with(token)
		me := robot.get("/users/me").body["user"].(map[string]any)
		if me["name"] != "robot" || me["role"] != "agent" {
			t.Errorf("the token's agent is %v", me)
		}
		robot.make("")
		r.clock.move(30*time.Minute - time.Second)
		robot.get("/tickets/count")
		r.clock.move(time.Second)
		robot.send("GET", "/tickets/count", "").refused(401, "Couldn't authenticate you", "")

		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {secret}, "expires_in": {"300"}}
		got = r.grant(form.Encode(), "Content-Type: application/x-www-form-urlencoded").want(200)
		if id(got.body["expires_in"]) != 300 || got.body["scope"] != "read write" {
			t.Errorf("by a form: %s", got.raw)
		}
		got = r.grant(`{"grant_type":"client_credentials"}`, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("robot:"+secret))).want(200)
		r.with(got.body["access_token"].(string)).get("/tickets")
	})
}

func TestAnAccessTokenIsKeptAsAHash(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		secret := r.newToken("robot", deskapi.ScopeOAuth)
		got := r.grant(fmt.Sprintf(`{"grant_type":"client_credentials","client_id":"robot","client_secret":%q}`, secret)).want(200)
		var hashes []string
		rows, err := r.db.Reader().QueryContext(t.Context(), `SELECT id || ' ' || hash || ' ' || client FROM api_tokens WHERE client = 'robot'`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, row)
		}
		if all := strings.Join(hashes, "\n"); len(hashes) != 2 || strings.Contains(all, secret) || strings.Contains(all, got.body["access_token"].(string)) {
			t.Errorf("%d rows: %s", len(hashes), all)
		}
	})
}

func TestWhatIsNoGrantIsRefusedAsOAuthHasIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		secret, agents := r.newToken("robot", deskapi.ScopeOAuth), r.newToken("robot", deskapi.Scope)
		body := func(grant, client, secret, more string) string {
			return fmt.Sprintf(`{"grant_type":%q,"client_id":%q,"client_secret":%q%s}`, grant, client, secret, more)
		}
		for name, c := range map[string]struct {
			body   string
			status int
			want   string
		}{
			"a wrong secret":             {body("client_credentials", "robot", "nonsense", ""), 401, "invalid_client"},
			"no secret":                  {body("client_credentials", "robot", "", ""), 401, "invalid_client"},
			"another client's secret":    {body("client_credentials", "tra", secret, ""), 401, "invalid_client"},
			"an agent's token":           {body("client_credentials", "robot", agents, ""), 401, "invalid_client"},
			"a password's grant":         {body("password", "robot", secret, ""), 400, "unsupported_grant_type"},
			"no grant":                   {body("", "robot", secret, ""), 400, "invalid_request"},
			"a scope that is none":       {body("client_credentials", "robot", secret, `,"scope":"tickets:read agent"`), 400, "invalid_scope"},
			"the scope of another grant": {body("client_credentials", "robot", secret, `,"scope":"oauth"`), 400, "invalid_scope"},
			"too short a life":           {body("client_credentials", "robot", secret, `,"expires_in":299`), 400, "invalid_request"},
			"too long a life":            {body("client_credentials", "robot", secret, `,"expires_in":172801`), 400, "invalid_request"},
			"an endless life":            {body("client_credentials", "robot", secret, `,"expires_in":9223372036854775807`), 400, "invalid_request"},
			"no JSON":                    {`grant_type`, 400, "invalid_request"},
		} {
			got := r.grant(c.body)
			if got.status != c.status || got.body["error"] != c.want || got.body["error_description"] == nil {
				t.Errorf("%s: %d %s; want %d %s", name, got.status, got.raw, c.status, c.want)
			}
		}
		// The secret is no token.
		r.with(secret).send("GET", "/tickets", "").refused(403, "Forbidden", "tickets:read")
	})
}

func TestAnAccessTokenOpensWhatItsScopesSay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket := r.make("")
		for scopes, want := range map[string]struct{ read, write, users int }{
			"read":                       {200, 403, 200},
			"write":                      {403, 200, 403},
			"tickets:read":               {200, 403, 403},
			"tickets:write":              {403, 200, 403},
			"users:read":                 {403, 403, 200},
			"webhooks:read":              {403, 403, 403},
			"tickets:read tickets:write": {200, 200, 403},
			"read write":                 {200, 200, 200},
		} {
			by := r.with(r.newToken("robot", strings.Fields(scopes)...))
			for what, c := range map[string]struct {
				got  answer
				want int
			}{
				"reads a ticket":  {by.send("GET", fmt.Sprintf("/tickets/%d.json", ticket), ""), want.read},
				"reads fields":    {by.send("GET", "/ticket_fields", ""), want.read},
				"writes a ticket": {by.put(ticket, `"priority":"low"`), want.write},
				"reads users":     {by.send("GET", "/users/me", ""), want.users},
			} {
				if c.got.status != c.want {
					t.Errorf("%s: %s: %d, want %d", scopes, what, c.got.status, c.want)
				}
			}
		}
	})
}

// TestTheClientOfZendeskRenewsItsAccessToken has traid's own client work by
// OAuth beyond the life of a token.
func TestTheClientOfZendeskRenewsItsAccessToken(t *testing.T) {
	eachWith(t, desk.Options{}, deskapi.Options{PerMinute: 100_000}, func(t *testing.T, r *rig) {
		asked := 0
		c := zendesk.New(zendesk.Options{
			BaseURL: r.url, ClientID: "robot", ClientSecret: r.newToken("robot", deskapi.ScopeOAuth), Now: r.clock.now,
			HTTP: roundTripper(func(req *http.Request) (*http.Response, error) {
				if req.URL.Path == "/oauth/tokens" {
					asked++
				}
				return http.DefaultTransport.RoundTrip(req)
			}),
		})
		for range 4 {
			if me, err := c.Me(t.Context()); err != nil || me.Name != "robot" {
				t.Fatalf("%+v, %v", me, err)
			}
			if _, err := c.TicketsByExternalID(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			r.clock.move(31 * time.Minute)
		}
		if asked != 4 {
			t.Errorf("%d tokens, want one each half hour", asked)
		}
		wrong := zendesk.New(zendesk.Options{BaseURL: r.url, ClientID: "robot", ClientSecret: "nonsense"})
		if _, err := wrong.Me(t.Context()); !zendesk.Is(err, zendesk.Credentials) {
			t.Errorf("a wrong secret: %v", err)
		}
	})
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
