package zendesk_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/fault"
	"traid/internal/zendesk"
)

// asked is one request as the account got it.
type asked struct {
	Method, Target, Body string
	Header               http.Header
}

// account answers with what handle writes and keeps what was asked.
type account struct {
	url string
	mu  sync.Mutex
	all []asked
}

func serve(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, body string)) *account {
	t.Helper()
	a := &account{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.all = append(a.all, asked{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		a.mu.Unlock()
		handle(w, r, string(body))
	}))
	t.Cleanup(srv.Close)
	a.url = srv.URL
	return a
}

// always answers every request the same.
func always(t *testing.T, status int, contentType, answer string) *account {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
}

func (a *account) asked() []asked {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func (a *account) client() *zendesk.Client {
	return zendesk.New(zendesk.Options{BaseURL: a.url + "/", Token: "secret"})
}

const (
	isJSON = "application/json; charset=utf-8"
	ticket = `{"ticket":{"url":"https://x.zendesk.com/api/v2/tickets/4014.json","id":4014,"external_id":"6f1c2a7e","via":{"channel":"api"},
		"created_at":"2026-09-18T23:25:58Z","updated_at":"2026-09-18T23:26:00Z","type":null,"subject":"a request","status":"open","assignee_id":null,
		"requester_id":6130907993114,"group_id":77,"tags":["a","b"],
		"custom_fields":[{"id":101,"value":"0000123"},{"id":102,"value":null},{"id":103,"value":1234567},{"id":104,"value":true},{"id":105,"value":["x"]}]},"audit":{"id":1}}`
)

func TestEachCallGoesToItsPlace(t *testing.T) {
	ctx := t.Context()
	stamp := time.Date(2026, 9, 18, 23, 26, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		call                         func(*zendesk.Client) error
		answer, method, target, body string
	}{
		"a ticket is created": {func(z *zendesk.Client) error { return drop(z.CreateTicket(ctx, "key", []byte(`{"ticket":{}}`))) }, ticket, "POST", "/api/v2/tickets", `{"ticket":{}}`},
		"a ticket is read":    {func(z *zendesk.Client) error { return drop(z.Ticket(ctx, 4014)) }, ticket, "GET", "/api/v2/tickets/4014", ""},
		"a ticket is deleted": {func(z *zendesk.Client) error { return z.DeleteTicket(ctx, 4014) }, "", "DELETE", "/api/v2/tickets/4014", ""},
		"a ticket is updated with everything": {func(z *zendesk.Client) error {
			return drop(z.UpdateTicket(ctx, 4014, zendesk.TicketUpdate{
				Status: zendesk.StatusSolved, AssigneeID: 9, Tags: []string{"a"}, IfUpdatedAt: stamp,
				Fields:   []zendesk.FieldValue{{ID: 101, Value: "0000123"}, {ID: 102}},
				Comment:  &zendesk.NewComment{Body: "why"},
				Metadata: map[string]any{"op": "1"},
			}))
		}, ticket, "PUT", "/api/v2/tickets/4014", `{"ticket":{"status":"solved","assignee_id":9,"tags":["a"],"custom_fields":[{"id":101,"value":"0000123"},{"id":102,"value":null}],` +
			`"comment":{"body":"why","public":false},"metadata":{"op":"1"},"safe_update":true,"updated_stamp":"2026-09-18T23:26:00Z"}}`},
		"a ticket is updated in one thing": {func(z *zendesk.Client) error {
			return drop(z.UpdateTicket(ctx, 4014, zendesk.TicketUpdate{Status: zendesk.StatusOpen}))
		}, ticket, "PUT", "/api/v2/tickets/4014", `{"ticket":{"status":"open"}}`},
		"tickets are read":           {func(z *zendesk.Client) error { return drop(z.Tickets(ctx, []zendesk.TicketID{1, 2})) }, `{"tickets":[]}`, "GET", "/api/v2/tickets/show_many?ids=1%2C2", ""},
		"a ticket is looked up":      {func(z *zendesk.Client) error { return drop(z.TicketsByExternalID(ctx, "a b")) }, `{"tickets":[]}`, "GET", "/api/v2/tickets?external_id=a+b&page%5Bsize%5D=100", ""},
		"comments are read":          {func(z *zendesk.Client) error { return drop(z.Comments(ctx, 4014)) }, `{"comments":[]}`, "GET", "/api/v2/tickets/4014/comments?page%5Bsize%5D=100", ""},
		"audits are read":            {func(z *zendesk.Client) error { return drop(z.Audits(ctx, 4014)) }, `{"audits":[]}`, "GET", "/api/v2/tickets/4014/audits?page%5Bsize%5D=100", ""},
		"fields are read":            {func(z *zendesk.Client) error { return drop(z.Fields(ctx)) }, `{"ticket_fields":[]}`, "GET", "/api/v2/ticket_fields?page%5Bsize%5D=100", ""},
		"groups are read":            {func(z *zendesk.Client) error { return drop(z.Groups(ctx)) }, `{"groups":[]}`, "GET", "/api/v2/groups?page%5Bsize%5D=100", ""},
		"users are read":             {func(z *zendesk.Client) error { return drop(z.Users(ctx, []zendesk.UserID{7})) }, `{"users":[]}`, "GET", "/api/v2/users/show_many?ids=7", ""},
		"views are read":             {func(z *zendesk.Client) error { return drop(z.Views(ctx)) }, `{"views":[]}`, "GET", "/api/v2/views?page%5Bsize%5D=100", ""},
		"triggers are read":          {func(z *zendesk.Client) error { return drop(z.Triggers(ctx)) }, `{"triggers":[]}`, "GET", "/api/v2/triggers?page%5Bsize%5D=100", ""},
		"automations are read":       {func(z *zendesk.Client) error { return drop(z.Automations(ctx)) }, `{"automations":[]}`, "GET", "/api/v2/automations?page%5Bsize%5D=100", ""},
		"members are read":           {func(z *zendesk.Client) error { return drop(z.Members(ctx, 7)) }, `{"group_memberships":[]}`, "GET", "/api/v2/groups/7/memberships?page%5Bsize%5D=100", ""},
		"agents are read":            {func(z *zendesk.Client) error { return drop(z.Agents(ctx)) }, `{"users":[]}`, "GET", "/api/v2/users?page%5Bsize%5D=100&role%5B%5D=agent&role%5B%5D=admin", ""},
		"roles are read":             {func(z *zendesk.Client) error { return drop(z.Roles(ctx)) }, `{"custom_roles":[]}`, "GET", "/api/v2/custom_roles?page%5Bsize%5D=100", ""},
		"webhooks are read":          {func(z *zendesk.Client) error { return drop(z.Webhooks(ctx)) }, `{"webhooks":[]}`, "GET", "/api/v2/webhooks?page%5Bsize%5D=100", ""},
		"a webhook's secret is read": {func(z *zendesk.Client) error { return drop(z.SigningSecret(ctx, "01HAN/x")) }, `{"signing_secret":{"secret":"s","algorithm":"SHA256"}}`, "GET", "/api/v2/webhooks/01HAN%2Fx/signing_secret", ""},
		"a choice is made a field": {func(z *zendesk.Client) error {
			return drop(z.CreateField(ctx, zendesk.Field{Type: zendesk.TypeTagger, Title: "Outcome", Active: true, Options: []zendesk.FieldOption{{Name: "failed", Value: "o1"}}}))
		}, `{"ticket_field":{"id":7}}`, "POST", "/api/v2/ticket_fields", `{"ticket_field":{"type":"tagger","title":"Outcome","active":true,"required":false,"custom_field_options":[{"name":"failed","value":"o1"}]}}`},
		"a text with a pattern is made a field": {func(z *zendesk.Client) error {
			return drop(z.CreateField(ctx, zendesk.Field{Type: zendesk.TypeRegexp, Title: "TRN", Active: true, Regexp: `^\d{7}$`}))
		}, `{"ticket_field":{"id":7}}`, "POST", "/api/v2/ticket_fields", `{"ticket_field":{"type":"regexp","title":"TRN","active":true,"required":false,"regexp_for_validation":"^\\d{7}$"}}`},
		"a group is made":   {func(z *zendesk.Client) error { return drop(z.CreateGroup(ctx, zendesk.Group{Name: "TRA"})) }, `{"group":{"id":7}}`, "POST", "/api/v2/groups", `{"group":{"is_public":false,"name":"TRA"}}`},
		"a member is added": {func(z *zendesk.Client) error { return z.AddMember(ctx, 7, 9) }, `{"group_membership":{"id":7}}`, "POST", "/api/v2/group_memberships", `{"group_membership":{"group_id":7,"user_id":9}}`},
		"a view is made": {func(z *zendesk.Client) error {
			return z.CreateView(ctx, zendesk.View{Title: "TRA requests", Active: true, Group: 7, Conditions: zendesk.Conditions{All: []zendesk.Condition{{Field: "status", Operator: "less_than", Value: "solved"}}}})
		}, `{"view":{"id":7}}`, "POST", "/api/v2/views", `{"view":{"active":true,"all":[{"field":"status","operator":"less_than","value":"solved"}],"any":[],"restriction":{"id":7,"type":"Group"},"title":"TRA requests"}}`},
		"a trigger is made": {func(z *zendesk.Client) error {
			return z.CreateTrigger(ctx, zendesk.Rule{Title: "tell", Active: true, Conditions: zendesk.Conditions{All: []zendesk.Condition{{Field: "current_tags", Operator: "includes", Value: "x"}}}, Actions: []zendesk.Action{{Field: "notification_webhook", Value: []string{"01H", "{}"}}}})
		}, `{"trigger":{"id":7}}`, "POST", "/api/v2/triggers", `{"trigger":{"title":"tell","active":true,"conditions":{"all":[{"field":"current_tags","operator":"includes","value":"x"}],"any":[]},"actions":[{"field":"notification_webhook","value":["01H","{}"]}]}}`},
		"a webhook is made": {func(z *zendesk.Client) error {
			return drop(z.CreateWebhook(ctx, zendesk.Webhook{Name: "traid", Endpoint: "https://x.example/hook", Method: "POST", Format: "json", Status: "active", Subscriptions: []string{zendesk.SubscribedByTriggers}}))
		}, `{"webhook":{"id":"01H"}}`, "POST", "/api/v2/webhooks", `{"webhook":{"name":"traid","endpoint":"https://x.example/hook","http_method":"POST","request_format":"json","status":"active","subscriptions":["conditional_ticket_events"]}}`},
		"who we are is read":            {func(z *zendesk.Client) error { return drop(z.Me(ctx)) }, `{"user":{"id":7}}`, "GET", "/api/v2/users/me", ""},
		"an export begins at a time":    {func(z *zendesk.Client) error { return drop(z.Export(ctx, "", stamp)) }, `{"tickets":[],"after_cursor":"c","end_of_stream":true}`, "GET", "/api/v2/incremental/tickets/cursor?per_page=500&start_time=1789773960", ""},
		"an export goes on from cursor": {func(z *zendesk.Client) error { return drop(z.Export(ctx, "MTY5=", stamp)) }, `{"tickets":[],"after_cursor":"c","end_of_stream":true}`, "GET", "/api/v2/incremental/tickets/cursor?cursor=MTY5%3D&per_page=500", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := always(t, http.StatusOK, isJSON, c.answer)
			if err := c.call(a.client()); err != nil {
				t.Fatal(err)
			}
			got := a.asked()
			if len(got) != 1 {
				t.Fatalf("%d requests, want 1", len(got))
			}
			if got[0].Method != c.method || got[0].Target != c.target || got[0].Body != c.body {
				t.Errorf("got  %s %s %s\nwant %s %s %s", got[0].Method, got[0].Target, got[0].Body, c.method, c.target, c.body)
			}
			wantType := ""
			if c.method != "GET" {
				wantType = "application/json"
			}
			if h := got[0].Header; h.Get("Accept") != "application/json" || h.Get("Content-Type") != wantType {
				t.Errorf("Accept %q, Content-Type %q", h.Get("Accept"), h.Get("Content-Type"))
			}
		})
	}
}

func drop[T any](_ T, err error) error { return err }

func TestATicketIsRead(t *testing.T) {
	got, err := always(t, http.StatusOK, isJSON, ticket).client().Ticket(t.Context(), 4014)
	if err != nil {
		t.Fatal(err)
	}
	want := zendesk.Ticket{
		ID: 4014, ExternalID: "6f1c2a7e", Subject: "a request", Status: zendesk.StatusOpen, RequesterID: 6130907993114, GroupID: 77, Tags: []string{"a", "b"},
		Fields: []zendesk.FieldValue{
			{ID: 101, Value: "0000123"},
			{ID: 102},
			{ID: 103, Value: json.Number("1234567")},
			{ID: 104, Value: true},
			{ID: 105, Value: []any{"x"}},
		},
		CreatedAt: time.Date(2026, 9, 18, 23, 25, 58, 0, time.UTC), UpdatedAt: time.Date(2026, 9, 18, 23, 26, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[zendesk.FieldID]string{101: "0000123", 102: "", 103: "1234567", 104: "", 105: "", 999: ""} {
		if got := got.Text(id); got != want {
			t.Errorf("field %d is %q, want %q", id, got, want)
		}
	}
}

func TestATicketIsCreatedOfExactlyTheBytesUnderItsKey(t *testing.T) {
	const key = "6f1c2a7e-0b1d-4c55-9a7e-3d2f10c4b8aa"
	const body = "{ \"ticket\" : {\"subject\":\"\\u00e9 <&> é\",\t\"z\":1, \"a\":2}}\n"
	a := always(t, http.StatusCreated, isJSON, ticket)
	z := a.client()
	for range 2 {
		got, err := z.CreateTicket(t.Context(), key, []byte(body))
		if err != nil || got.ID != 4014 {
			t.Fatalf("%v, %v", got.ID, err)
		}
	}
	for _, r := range a.asked() {
		if r.Body != body || r.Header.Get("Idempotency-Key") != key {
			t.Errorf("sent %q under %q", r.Body, r.Header.Get("Idempotency-Key"))
		}
	}
	if _, err := z.Ticket(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if last := a.asked()[2]; len(last.Header.Values("Idempotency-Key")) != 0 {
		t.Error("a key goes with a call that creates nothing")
	}
}

func TestEachFailureHasItsKind(t *testing.T) {
	const html = "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		status            int
		contentType, body string
		want              zendesk.Kind
		fault             fault.Kind
		code              string
		fields            []string
	}{
		"too many requests":                  {429, "text/plain", "Number of allowed API requests per minute exceeded", zendesk.Transient, fault.Unavailable, "", nil},
		"an error of theirs":                 {500, isJSON, `{"error":"InternalError"}`, zendesk.Unknown, fault.Unavailable, "InternalError", nil},
		"an empty error of theirs":           {502, "", "", zendesk.Unknown, fault.Unavailable, "", nil},
		"a page of something in between":     {503, html, "<html>Down</html>", zendesk.Unknown, fault.Unavailable, "", nil},
		"a redirect":                         {302, html, "", zendesk.Unknown, fault.Unavailable, "", nil},
		"a collision in their database":      {409, isJSON, `{"error":"DatabaseConflict","description":"Database collision"}`, zendesk.Transient, fault.Unavailable, "DatabaseConflict", nil},
		"a conflict without a word":          {409, "text/plain", "Conflict", zendesk.Unknown, fault.Unavailable, "", nil},
		"a request that timed out":           {408, "", "", zendesk.Unknown, fault.Unavailable, "", nil},
		"a safe update too late":             {409, isJSON, `{"error":"UpdateConflict","description":"Safe Update prevented the update"}`, zendesk.Conflict, fault.Conflict, "UpdateConflict", nil},
		"wrong fields":                       {422, isJSON, `{"error":"RecordInvalid","details":{"requester":[{"description":"Requester: Ada is suspended."}],"status":[{"description":"closed"}]}}`, zendesk.Refused, fault.Internal, "RecordInvalid", []string{"requester", "status"}},
		"fields required on solving":         {422, isJSON, `{"error":"RecordInvalid","details":{"base":[{"ticket_field_id":101,"description":"Outcome: is required"},{"ticket_field_id":102},{"ticket_field_id":101}]}}`, zendesk.Refused, fault.Internal, "RecordInvalid", []string{"base", "ticket_field_101", "ticket_field_102"}},
		"a key with another body":            {400, isJSON, `{"error":"IdempotentRequestError","description":"Request parameters don't match the given idempotency key"}`, zendesk.Refused, fault.Internal, zendesk.CodeIdempotent, nil},
		"too large":                          {413, "", "", zendesk.Refused, fault.Internal, "", nil},
		"an error that is an object":         {400, isJSON, `{"error":{"title":"Ada","message":"Lovelace"}}`, zendesk.Refused, fault.Internal, "", nil},
		"details that are a list":            {422, isJSON, `{"error":"RecordInvalid","details":["Ada"]}`, zendesk.Refused, fault.Internal, "RecordInvalid", nil},
		"an error in words with a value":     {422, isJSON, `{"error":"Ada Lovelace, 8400123","details":{"Ada Lovelace":[]}}`, zendesk.Refused, fault.Internal, "", nil},
		"no such ticket":                     {404, isJSON, `{"error":"RecordNotFound","description":"Not found"}`, zendesk.Gone, fault.NotFound, "RecordNotFound", nil},
		"no such ticket, without a word":     {404, "", "", zendesk.Gone, fault.NotFound, "", nil},
		"no such path":                       {404, isJSON, `{"error":"InvalidEndpoint","description":"Not found"}`, zendesk.Unknown, fault.Unavailable, "InvalidEndpoint", nil},
		"no such account":                    {404, html, "<html>No help desk here</html>", zendesk.Unknown, fault.Unavailable, "", nil},
		"wrong credentials":                  {401, isJSON, `{"error":"Couldn't authenticate you"}`, zendesk.Credentials, fault.Unavailable, "", nil},
		"not allowed":                        {403, isJSON, `{"error":"Forbidden","description":"You do not have access to this page"}`, zendesk.Credentials, fault.Unavailable, "Forbidden", nil},
		"success that is no JSON":            {200, html, "<html>Signed out</html>", zendesk.Unknown, fault.Unavailable, "", nil},
		"success that is empty":              {200, isJSON, "", zendesk.Unknown, fault.Unavailable, "", nil},
		"success without a ticket":           {200, isJSON, "{}", zendesk.Unknown, fault.Unavailable, "", nil},
		"success whose ticket is unreadable": {200, isJSON, `{"ticket":{"id":1,"subject":["Ada"]}}`, zendesk.Unknown, fault.Unavailable, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := always(t, c.status, c.contentType, c.body)
			_, err := a.client().UpdateTicket(t.Context(), 4014, zendesk.TicketUpdate{Status: zendesk.StatusSolved})
			e, ok := errors.AsType[*zendesk.Error](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if e.Kind != c.want || e.Status != c.status || e.Code != c.code || !slices.Equal(e.Fields, c.fields) || !zendesk.Is(err, c.want) {
				t.Errorf("got %v, want %v %d %q %v", e, c.want, c.status, c.code, c.fields)
			}
			if !fault.Is(err, c.fault) {
				t.Errorf("as a fault it is %v, want %v", fault.KindOf(err), c.fault)
			}
			if text := err.Error() + fault.SafeText(err); strings.Contains(text, "Ada") || strings.Contains(text, "Lovelace") || strings.Contains(text, "8400123") {
				t.Errorf("the error repeats a value: %s", text)
			}
			if n := len(a.asked()); n != 1 {
				t.Errorf("it was asked %d times, want once", n)
			}
		})
	}
}

func TestA404OnWhatIsNoTicketSaysNothing(t *testing.T) {
	a := always(t, http.StatusNotFound, isJSON, `{"error":"RecordNotFound"}`)
	_, lookUp := a.client().TicketsByExternalID(t.Context(), "x")
	_, create := a.client().CreateTicket(t.Context(), "x", nil)
	_, export := a.client().Export(t.Context(), "c", time.Time{})
	for _, err := range []error{lookUp, create, export} {
		if !zendesk.Is(err, zendesk.Unknown) {
			t.Errorf("got %v, want unknown", err)
		}
	}
}

func TestNoAnswerIsUnknownAndKeepsItsCause(t *testing.T) {
	t.Run("nobody there", func(t *testing.T) {
		a := always(t, 200, isJSON, "")
		z := zendesk.New(zendesk.Options{BaseURL: a.url, Token: "secret", HTTP: broken{}})
		_, err := z.TicketsByExternalID(t.Context(), "planted")
		if !zendesk.Is(err, zendesk.Unknown) || !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "http") {
			t.Errorf("the error repeats the URL: %v", err)
		}
	})
	t.Run("too slow", func(t *testing.T) {
		done := make(chan struct{})
		a := serve(t, func(http.ResponseWriter, *http.Request, string) { <-done })
		defer close(done)
		z := zendesk.New(zendesk.Options{BaseURL: a.url, Token: "secret", Timeout: time.Millisecond})
		if _, err := z.CreateTicket(t.Context(), "k", nil); !zendesk.Is(err, zendesk.Unknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("broken off", func(t *testing.T) {
		a := serve(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.Header().Set("Content-Length", "2000")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, ticket)
		})
		_, err := a.client().CreateTicket(t.Context(), "k", nil)
		if e, ok := errors.AsType[*zendesk.Error](err); !ok || e.Kind != zendesk.Unknown || e.Status != http.StatusCreated {
			t.Errorf("got %v", err)
		}
	})
}

var errBroken = errors.New("no route")

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := always(t, 200, isJSON, ticket)
	a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		http.Redirect(w, r, elsewhere.url, http.StatusTemporaryRedirect)
	})
	if _, err := a.client().Ticket(t.Context(), 1); !zendesk.Is(err, zendesk.Unknown) {
		t.Errorf("got %v", err)
	}
	if n := len(elsewhere.asked()); n != 0 {
		t.Error("the token went elsewhere")
	}
}

func TestCredentials(t *testing.T) {
	a := always(t, 200, isJSON, `{"user":{"id":7,"name":"TRA API","email":"api@example.org","role":"admin","active":true}}`)
	for name, c := range map[string]struct {
		options zendesk.Options
		want    string
	}{
		"an agent's token":  {zendesk.Options{Email: "api@example.org", Token: "tok"}, "Basic " + base64.StdEncoding.EncodeToString([]byte("api@example.org/token:tok"))},
		"a bearer token":    {zendesk.Options{Token: "tok"}, "Bearer tok"},
		"an OAuth client's": {zendesk.Options{ClientID: "id", ClientSecret: "secret", Email: "api@example.org", Token: "tok"}, "Bearer oauth"},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
				if r.URL.Path == "/oauth/tokens" {
					_, _ = io.WriteString(w, `{"access_token":"oauth","token_type":"bearer","expires_in":1800}`)
					return
				}
				_, _ = io.WriteString(w, `{"user":{"id":7,"role":"admin"}}`)
			})
			c.options.BaseURL = b.url
			if _, err := zendesk.New(c.options).Me(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := b.asked()
			if got := all[len(all)-1].Header.Get("Authorization"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	me, err := a.client().Me(t.Context())
	if want := (zendesk.User{ID: 7, Name: "TRA API", Email: "api@example.org", Role: zendesk.RoleAdmin, Active: true}); err != nil || me != want {
		t.Errorf("we are %+v, %v", me, err)
	}
	nobody := always(t, 200, isJSON, `{"user":{"id":null,"name":"Anonymous user","role":"end-user"}}`)
	if _, err := nobody.client().Me(t.Context()); !zendesk.Is(err, zendesk.Credentials) {
		t.Errorf("the anonymous user: %v", err)
	}
}

// oauth is an account that gives out tokens t1, t2, … and accepts the newest.
type oauth struct {
	*account
	mu      sync.Mutex
	given   int
	revoked bool
}

func (o *oauth) tokens() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.given
}

func serveOAuth(t *testing.T, expires string) *oauth {
	t.Helper()
	o := &oauth{}
	o.account = serve(t, func(w http.ResponseWriter, r *http.Request, body string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		switch {
		case r.URL.Path == "/oauth/tokens":
			var in map[string]string
			want := map[string]string{"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret", "scope": "read tickets:write"}
			if json.Unmarshal([]byte(body), &in) != nil || !maps.Equal(in, want) || r.Method != http.MethodPost || r.Header.Get("Authorization") != "" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"secret"}`)
				return
			}
			o.given++
			o.revoked = false
			_, _ = fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","scope":"read"%s}`, o.given, expires)
		case o.revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", o.given):
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"invalid_token"}`)
		default:
			_, _ = io.WriteString(w, `{"user":{"id":7}}`)
		}
	})
	return o
}

func TestOAuthTokensAreRenewedBeforeTheyEnd(t *testing.T) {
	for name, c := range map[string]struct {
		expires string
		good    time.Duration // still the same token
		renewed time.Duration // another one
	}{
		"half an hour":                        {`,"expires_in":1800`, 28*time.Minute + 59*time.Second, 29 * time.Minute},
		"five minutes, of which a tenth":      {`,"expires_in":300`, 4*time.Minute + 29*time.Second, 4*time.Minute + 30*time.Second},
		"not said, which is half an hour too": {"", 28*time.Minute + 59*time.Second, 29 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			o := serveOAuth(t, c.expires)
			begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			now := begin
			z := zendesk.New(zendesk.Options{BaseURL: o.url, ClientID: "id", ClientSecret: "secret", Now: func() time.Time { return now }})
			for _, step := range []struct {
				at   time.Duration
				want int
			}{{0, 1}, {c.good, 1}, {c.renewed, 2}} {
				now = begin.Add(step.at)
				if _, err := z.Me(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := o.tokens(); got != step.want {
					t.Errorf("after %v: %d tokens, want %d", step.at, got, step.want)
				}
			}
		})
	}
}

func TestAnOAuthTokenThatEndedEarlyIsRenewedOnce(t *testing.T) {
	o := serveOAuth(t, `,"expires_in":1800`)
	z := zendesk.New(zendesk.Options{BaseURL: o.url, ClientID: "id", ClientSecret: "secret"})
	if _, err := z.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	o.revoked = true
	o.mu.Unlock()
	if _, err := z.Me(t.Context()); err != nil || o.tokens() != 2 {
		t.Errorf("%d tokens, %v", o.tokens(), err)
	}
}

func TestAFreshOAuthTokenThatIsRefusedIsAnAdministratorsMatter(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.URL.Path == "/oauth/tokens" {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":1800}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	z := zendesk.New(zendesk.Options{BaseURL: a.url, ClientID: "id", ClientSecret: "secret"})
	for call := 1; call <= 2; call++ {
		if _, err := z.Me(t.Context()); !zendesk.Is(err, zendesk.Credentials) {
			t.Errorf("got %v", err)
		}
		if n := len(a.asked()); n != 2*call {
			t.Errorf("%d requests after %d calls, want a token and a call for each", n, call)
		}
	}
}

func TestWithoutAnOAuthTokenNothingIsCalled(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   zendesk.Kind
	}{
		"a wrong secret":     {401, `{"error":"invalid_client","error_description":"secret"}`, zendesk.Credentials},
		"a wrong client":     {400, `{"error":"invalid_client","error_description":"secret"}`, zendesk.Credentials},
		"too many":           {429, "", zendesk.Transient},
		"down":               {503, "", zendesk.Unknown},
		"success without it": {200, `{"token":"x"}`, zendesk.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			a := always(t, c.status, isJSON, c.body)
			z := zendesk.New(zendesk.Options{BaseURL: a.url, ClientID: "id", ClientSecret: "secret"})
			_, err := z.CreateTicket(t.Context(), "k", nil)
			if !zendesk.Is(err, c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := a.asked(); len(got) != 1 || got[0].Target != "/oauth/tokens" {
				t.Errorf("asked %v", got)
			}
		})
	}
}

func TestManyTicketsAreReadAHundredACall(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		ids := strings.Split(r.URL.Query().Get("ids"), ",")
		_, _ = fmt.Fprintf(w, `{"tickets":[{"id":%s},{"id":%s}],"next_page":null,"count":2}`, ids[0], ids[len(ids)-1])
	})
	var ids []zendesk.TicketID
	for id := zendesk.TicketID(1); id <= 250; id++ {
		ids = append(ids, id)
	}
	got, err := a.client().Tickets(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	var read []zendesk.TicketID
	for _, one := range got {
		read = append(read, one.ID)
	}
	if want := []zendesk.TicketID{1, 100, 101, 200, 201, 250}; !slices.Equal(read, want) {
		t.Errorf("got %v, want %v", read, want)
	}
	if none, err := a.client().Tickets(t.Context(), nil); err != nil || len(none) != 0 || len(a.asked()) != 3 {
		t.Errorf("no ids: %v, %v, %d requests", none, err, len(a.asked()))
	}
}

func TestALookUpTakesOnlyTicketsOfTheID(t *testing.T) {
	a := always(t, 200, isJSON, `{"tickets":[{"id":1,"external_id":"mine"},{"id":2,"external_id":"other"},{"id":3,"external_id":null},{"id":4,"external_id":"mine"}],"meta":{"has_more":false}}`)
	got, err := a.client().TicketsByExternalID(t.Context(), "mine")
	if err != nil || len(got) != 2 || got[0].ID != 1 || got[1].ID != 4 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAllPagesAreRead(t *testing.T) {
	t.Run("by cursor, until there is no more, whatever the links say", func(t *testing.T) {
		a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
			pages := map[string]string{
				"":    `{"audits":[{"id":1},{"id":2}],"meta":{"has_more":true,"after_cursor":"b=="},"links":{"next":"https://elsewhere.example"}}`,
				"b==": `{"audits":[{"id":3}],"meta":{"has_more":false,"after_cursor":"c=="},"links":{"next":"https://elsewhere.example"}}`,
			}
			_, _ = io.WriteString(w, pages[r.URL.Query().Get("page[after]")])
		})
		got, err := a.client().Audits(t.Context(), 1)
		if err != nil || len(got) != 3 || got[2].ID != 3 || len(a.asked()) != 2 {
			t.Errorf("got %v, %v in %d requests", got, err, len(a.asked()))
		}
	})
	t.Run("by number, from the start again because the sizes may differ", func(t *testing.T) {
		a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
			pages := map[string]string{
				"":  `{"groups":[{"id":1}],"next_page":"https://elsewhere.example?page=2","count":3}`,
				"1": `{"groups":[{"id":1},{"id":2}],"next_page":"https://elsewhere.example?page=2","count":3}`,
				"2": `{"groups":[{"id":3}],"next_page":null,"count":3}`,
			}
			_, _ = io.WriteString(w, pages[r.URL.Query().Get("page")])
		})
		got, err := a.client().Groups(t.Context())
		if want := []zendesk.Group{{ID: 1}, {ID: 2}, {ID: 3}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v", got, err)
		}
	})
	for name, c := range map[string]struct {
		answer   string
		requests int
	}{
		"a cursor that stands still": {`{"audits":[{"id":1}],"meta":{"has_more":true,"after_cursor":"same"}}`, 2},
		"no cursor":                  {`{"audits":[{"id":1}],"meta":{"has_more":true,"after_cursor":null}}`, 1},
		"numbers without end":        {`{"audits":[],"next_page":"https://x.example?page=2"}`, 1000},
		"another list":               {`{"comments":[]}`, 1},
		"no list":                    {`{"audits":{}}`, 1},
	} {
		t.Run(name+" is no answer", func(t *testing.T) {
			a := always(t, 200, isJSON, c.answer)
			if got, err := a.client().Audits(t.Context(), 1); !zendesk.Is(err, zendesk.Unknown) || got != nil {
				t.Errorf("got %v, %v", got, err)
			}
			if n := len(a.asked()); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestAnAuditTellsWhoSetWhat(t *testing.T) {
	a := always(t, 200, isJSON, `{"audits":[{"id":6,"ticket_id":4014,"created_at":"2026-09-18T23:26:00Z","author_id":9,
		"metadata":{"system":{"client":"x","ip_address":"192.0.2.1"},"custom":{"op":"1"}},"via":{"channel":"api","source":{"from":{},"to":{},"rel":null}},
		"events":[{"id":7,"type":"Change","field_name":"101","value":"0000123","previous_value":null},
			{"id":8,"type":"Change","field_name":"tags","value":["a"],"previous_value":[],"via":{"channel":"rule","source":{"rel":"trigger"}}},
			{"id":9,"type":"Comment","author_id":9,"body":"why","public":false}]}],"meta":{"has_more":false}}`)
	got, err := a.client().Audits(t.Context(), 4014)
	if err != nil {
		t.Fatal(err)
	}
	want := zendesk.Audit{
		ID: 6, TicketID: 4014, AuthorID: 9, CreatedAt: time.Date(2026, 9, 18, 23, 26, 0, 0, time.UTC), Via: zendesk.Via{Channel: "api"},
		Events: []zendesk.Event{
			{Type: zendesk.EventChange, FieldName: "101", Value: "0000123"},
			{Type: zendesk.EventChange, FieldName: "tags", Value: []any{"a"}, PreviousValue: []any{}, Via: zendesk.Via{Channel: "rule"}},
			{Type: zendesk.EventComment},
		},
	}
	want.Metadata.Custom = map[string]any{"op": "1"}
	if diff := cmp.Diff([]zendesk.Audit{want}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListsHoldWhatIsReliedOn(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		_, _ = io.WriteString(w, map[string]string{
			"/api/v2/ticket_fields":      `{"ticket_fields":[{"id":101,"type":"regexp","title":"TRN","active":true,"required":false,"regexp_for_validation":"^[0-9]{7}$"},{"id":102,"type":"tagger","title":"Outcome","active":true,"required":true,"regexp_for_validation":null,"custom_field_options":[{"id":1,"name":"found","value":"x1"}]}]}`,
			"/api/v2/users/show_many":    `{"users":[{"id":9,"name":"An Agent","email":"agent@example.org","role":"agent","active":true,"suspended":true}]}`,
			"/api/v2/groups":             `{"groups":[{"id":77,"name":"TRA","deleted":true}]}`,
			"/api/v2/tickets/1/comments": `{"comments":[{"id":5,"type":"Comment","author_id":9,"body":"<p>b</p>","plain_body":"b","public":true,"audit_id":6,"created_at":"2026-09-18T23:26:00Z"}]}`,
		}[r.URL.Path])
	})
	z := a.client()
	fields, err := z.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]zendesk.Field{
		{ID: 101, Type: "regexp", Title: "TRN", Active: true, Regexp: "^[0-9]{7}$"},
		{ID: 102, Type: "tagger", Title: "Outcome", Active: true, Required: true, Options: []zendesk.FieldOption{{Name: "found", Value: "x1"}}},
	}, fields); diff != "" {
		t.Error(diff)
	}
	users, err := z.Users(t.Context(), []zendesk.UserID{9})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]zendesk.User{{ID: 9, Name: "An Agent", Email: "agent@example.org", Role: zendesk.RoleAgent, Active: true, Suspended: true}}, users); diff != "" {
		t.Error(diff)
	}
	groups, err := z.Groups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]zendesk.Group{{ID: 77, Name: "TRA", Deleted: true}}, groups); diff != "" {
		t.Error(diff)
	}
	comments, err := z.Comments(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]zendesk.Comment{{ID: 5, AuthorID: 9, Public: true, PlainBody: "b", AuditID: 6, CreatedAt: time.Date(2026, 9, 18, 23, 26, 0, 0, time.UTC)}}, comments); diff != "" {
		t.Error(diff)
	}
}

func TestAPageOfTheExport(t *testing.T) {
	for name, c := range map[string]struct {
		cursor, answer string
		want           zendesk.Exported
		err            bool
	}{
		"more to come":                {"a", `{"tickets":[{"id":1,"status":"deleted"}],"after_cursor":"b","end_of_stream":false}`, zendesk.Exported{Tickets: []zendesk.Ticket{{ID: 1, Status: zendesk.StatusDeleted}}, Cursor: "b"}, false},
		"the last":                    {"a", `{"tickets":[],"after_cursor":"b","end_of_stream":true}`, zendesk.Exported{Tickets: []zendesk.Ticket{}, Cursor: "b", End: true}, false},
		"the last without a cursor":   {"a", `{"tickets":[],"after_cursor":null,"end_of_stream":true}`, zendesk.Exported{Tickets: []zendesk.Ticket{}, Cursor: "a", End: true}, false},
		"more, but not from where":    {"a", `{"tickets":[{"id":1}],"after_cursor":null,"end_of_stream":false}`, zendesk.Exported{}, true},
		"nothing about where it ends": {"a", `{"tickets":[{"id":1}],"after_cursor":"b"}`, zendesk.Exported{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := always(t, 200, isJSON, c.answer).client().Export(t.Context(), c.cursor, time.Time{})
			if (err != nil) != c.err || err != nil && !zendesk.Is(err, zendesk.Unknown) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
