package deskapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	gozendesk "github.com/nukosuke/go-zendesk/zendesk"

	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/deskports"
)

// loopback is what a desk of a test may call.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// foreign gives a desk for clients that nobody here wrote: its webhooks may
// call this machine, and exports leave nothing out. Their clock runs.
func foreign(t *testing.T, test func(t *testing.T, r *rig, hook string)) {
	t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }))
	defer hook.Close()
	o := desk.Options{ExportDelay: time.Nanosecond, Sender: deskports.NewSender(loopback, time.Now)}
	eachWith(t, o, deskapi.Options{PerMinute: 100_000}, func(t *testing.T, r *rig) { test(t, r, hook.URL) })
}

// nodeCalls are what node-zendesk is documented to do on an account.
var nodeCalls = strings.Fields(`basic create idempotency show show_many list external_id update safe_update comments audits search
	search_export search_422 incremental tags fields webhooks jobs merge views delete 404 422 401 429`)

// TestNodeZendeskWorksOnTheDesk runs node-zendesk 6.0.1, which make deps
// installs, by node.
func TestNodeZendeskWorksOnTheDesk(t *testing.T) {
	foreign(t, func(t *testing.T, r *rig, hook string) {
		start := r.clock.now().Add(-time.Minute)
		limited := &rig{}
		eachOn(t, r.db, desk.Options{}, deskapi.Options{PerMinute: 3}, func(t *testing.T, other *rig) { limited = other })
		cmd := exec.CommandContext(t.Context(), "node", "testdata/node-zendesk.mjs")
		cmd.Env = append(os.Environ(), "DESK_URL="+r.url, "DESK_TOKEN="+r.token, "DESK_LIMITED_URL="+limited.url, "DESK_LIMITED_TOKEN="+limited.token,
			"DESK_HOOK="+hook, fmt.Sprint("DESK_START=", start.Unix()))
		// Exports leave out the second at hand: the clock goes on with every call.
		stop := r.clock.run()
		defer stop()
		var said, failed bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &failed
		err := cmd.Run()
		did := strings.Fields(said.String())
		if err != nil {
			t.Fatalf("after %v: %v (make deps installs node and its packages)\n%s", did, err, failed.String())
		}
		if !slices.Equal(did, nodeCalls) {
			t.Errorf("it did %v, want %v", did, nodeCalls)
		}
	})
}

// TestGoZendeskWorksOnTheDesk has go-zendesk v0.18.0 do the same.
func TestGoZendeskWorksOnTheDesk(t *testing.T) {
	foreign(t, func(t *testing.T, r *rig, hook string) {
		ctx := t.Context()
		start := r.clock.now().Add(-time.Minute).Unix()
		header := http.Header{}
		z := newGoZendesk(t, r.url, r.token, header)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		wantStatus := func(what string, err error, status int, text string) {
			t.Helper()
			e, ok := errors.AsType[gozendesk.Error](err)
			if !ok || e.Status() != status || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %d %s", what, err, status, text)
			}
		}

		header.Set("Idempotency-Key", "go-1")
		draft := gozendesk.Ticket{Subject: "Go", ExternalID: "go-1", Comment: &gozendesk.TicketComment{Body: "one"}, Tags: []string{"go"}}
		made, err := z.CreateTicket(ctx, draft)
		must(err)
		again, err := z.CreateTicket(ctx, draft)
		must(err)
		draft.Subject = "Other"
		_, err = z.CreateTicket(ctx, draft)
		wantStatus("another body under the key", err, 400, "IdempotentRequestError")
		header.Del("Idempotency-Key")
		if made.ID == 0 || again.ID != made.ID || made.ExternalID != "go-1" {
			t.Fatalf("made %+v, again %d", made, again.ID)
		}

		shown, err := z.GetTicket(ctx, made.ID)
		must(err)
		two, err := z.CreateTicket(ctx, gozendesk.Ticket{Subject: "Two", Comment: &gozendesk.TicketComment{Body: "b"}})
		must(err)
		many, err := z.GetMultipleTickets(ctx, []int64{made.ID, two.ID, 1})
		must(err)
		list, _, err := z.GetTickets(ctx, &gozendesk.TicketListOptions{PageOptions: gozendesk.PageOptions{PerPage: 1}})
		must(err)
		if shown.Subject != "Go" || len(many) != 2 || len(list) != 1 {
			t.Errorf("shown %q, many %d, a page of %d", shown.Subject, len(many), len(list))
		}
		all := 0
		for it := z.GetTicketsIterator(ctx, &gozendesk.PaginationOptions{PageSize: 1, IsCBP: true}); it.HasMore(); { // it sends Access=&Category=0&Id=0 along
			page, err := it.GetNext()
			must(err)
			all += len(page)
		}
		if all != 2 {
			t.Errorf("%d tickets by cursor, want 2", all)
		}
		byExternal := getRaw[struct{ Tickets []gozendesk.Ticket }](ctx, t, z, "/tickets.json?external_id=go-1")
		if len(byExternal.Tickets) != 1 || byExternal.Tickets[0].ID != made.ID {
			t.Errorf("by external id: %+v", byExternal.Tickets)
		}

		r.clock.move(time.Second)
		changed, err := z.UpdateTicket(ctx, made.ID, gozendesk.Ticket{Priority: "high", SafeUpdate: true, UpdatedStamp: made.UpdatedAt})
		must(err)
		if changed.Priority != "high" {
			t.Errorf("updated to %q", changed.Priority)
		}
		_, err = z.UpdateTicket(ctx, made.ID, gozendesk.Ticket{Priority: "low", SafeUpdate: true, UpdatedStamp: made.UpdatedAt})
		wantStatus("an outdated safe update", err, 409, "UpdateConflict")
		_, err = z.UpdateTicket(ctx, made.ID, gozendesk.Ticket{Priority: "odd"})
		wantStatus("a wrong priority", err, 422, "RecordInvalid")

		public := false
		_, err = z.CreateTicketComment(ctx, made.ID, gozendesk.TicketComment{Body: "two", Public: &public})
		must(err)
		comments, err := z.ListTicketComments(ctx, made.ID, nil)
		must(err)
		if len(comments.TicketComments) != 2 || comments.TicketComments[1].Body != "two" {
			t.Fatalf("comments %+v", comments.TicketComments)
		}
		must(z.MakeCommentPrivate(ctx, made.ID, comments.TicketComments[0].ID))
		audits, _, err := z.GetTicketAudits(ctx, made.ID, gozendesk.PageOptions{})
		must(err)
		everybodys, _, err := z.GetAllTicketAuditsCBP(ctx, &gozendesk.CBPOptions{CursorPagination: gozendesk.CursorPagination{PageSize: 100}})
		must(err)
		if len(audits) != 4 || len(everybodys) != 5 {
			t.Errorf("%d audits of the ticket, %d in all", len(audits), len(everybodys))
		}

		results, _, err := z.Search(ctx, &gozendesk.SearchOptions{Query: "type:ticket external_id:go-1"})
		must(err)
		count, err := z.SearchCount(ctx, &gozendesk.CountOptions{Query: "type:ticket tags:go"})
		must(err)
		if len(results.List()) != 1 || count != 1 {
			t.Errorf("found %+v, counted %d", results.List(), count)
		}
		_, _, err = z.Search(ctx, &gozendesk.SearchOptions{Query: "nonsense:x"})
		wantStatus("a search that is not there", err, 422, "invalid")
		exported := getRaw[struct{ Results []struct{ ID int64 } }](ctx, t, z, "/search/export.json?query=external_id:go-1&filter[type]=ticket")
		r.clock.move(time.Minute)
		changes := getRaw[struct{ Tickets []gozendesk.Ticket }](ctx, t, z, fmt.Sprintf("/incremental/tickets/cursor.json?start_time=%d", start))
		since := getRaw[struct{ Tickets []gozendesk.Ticket }](ctx, t, z, fmt.Sprintf("/incremental/tickets.json?start_time=%d", start))
		if len(exported.Results) != 1 || len(changes.Tickets) != 2 || len(since.Tickets) != 2 {
			t.Errorf("exported %d by the search, %d and %d changes", len(exported.Results), len(changes.Tickets), len(since.Tickets))
		}

		tags, err := z.AddTicketTags(ctx, made.ID, []gozendesk.Tag{"more"})
		must(err)
		if !slices.Equal(tags, []gozendesk.Tag{"go", "more"}) {
			t.Errorf("tags %v", tags)
		}
		if tags, err = z.GetTicketTags(ctx, made.ID); err != nil || len(tags) != 2 {
			t.Errorf("tags %v, %v", tags, err)
		}

		fields, _, err := z.GetTicketFields(ctx)
		must(err)
		i := slices.IndexFunc(fields, func(f gozendesk.TicketField) bool { return f.Title == "Outcome" })
		field, err := z.CreateTicketField(ctx, gozendesk.TicketField{Type: "tagger", Title: "Go's", CustomFieldOptions: []gozendesk.CustomFieldOption{{Name: "A", Value: "go_a"}}})
		must(err)
		values, err := z.UpdateTicket(ctx, made.ID, gozendesk.Ticket{CustomFields: []gozendesk.CustomField{
			{ID: field.ID, Value: "go_a"}, {ID: fields[i].ID, Value: fields[i].CustomFieldOptions[0].Value},
		}})
		must(err)
		set := map[int64]any{}
		for _, f := range values.CustomFields {
			set[f.ID] = f.Value
		}
		if set[field.ID] != "go_a" || set[fields[i].ID] != fields[i].CustomFieldOptions[0].Value {
			t.Errorf("fields %v", set)
		}

		w, err := z.CreateWebhook(ctx, &gozendesk.Webhook{
			Name: "Go", Endpoint: hook, HTTPMethod: "POST", RequestFormat: "json", Status: "active", Subscriptions: []string{"conditional_ticket_events"},
			Authentication: &gozendesk.WebhookAuthentication{Type: "bearer_token", Data: map[string]string{"token": "t"}, AddPosition: "header"},
		})
		must(err)
		w.Name = "Go 2"
		must(z.UpdateWebhook(ctx, w.ID, w))
		if w, err = z.GetWebhook(ctx, w.ID); err != nil || w.Name != "Go 2" {
			t.Errorf("webhook %+v, %v", w, err)
		}
		if secret, err := z.GetWebhookSigningSecret(ctx, w.ID); err != nil || secret.Secret == "" {
			t.Errorf("secret %+v, %v", secret, err)
		}
		trigger, err := z.CreateTrigger(ctx, goTrigger(w.ID))
		must(err)
		triggers, _, err := z.GetTriggers(ctx, &gozendesk.TriggerListOptions{})
		must(err)
		if len(triggers) != 1 || triggers[0].ID != trigger.ID {
			t.Errorf("triggers %+v", triggers)
		}
		must(z.DeleteTrigger(ctx, trigger.ID))
		must(z.DeleteWebhook(ctx, w.ID))
		_, err = z.GetWebhook(ctx, w.ID)
		wantStatus("a deleted webhook", err, 404, "RecordNotFound")

		views, _, err := z.GetViews(ctx)
		must(err)
		if _, _, err = z.GetTicketsFromView(ctx, views[0].ID, &gozendesk.TicketListOptions{}); err != nil {
			t.Error(err)
		}
		users, _, err := z.GetUsers(ctx, &gozendesk.UserListOptions{Roles: []string{"agent"}})
		must(err)
		if len(users) != 1 {
			t.Errorf("%d agents", len(users))
		}

		solved, err := z.UpdateTicket(ctx, two.ID, gozendesk.Ticket{Status: "closed", AssigneeID: users[0].ID})
		must(err)
		_, err = z.UpdateTicket(ctx, solved.ID, gozendesk.Ticket{Subject: "late"})
		wantStatus("a closed ticket", err, 422, "closed prevents ticket update")
		must(z.DeleteTicket(ctx, made.ID))
		_, err = z.GetTicket(ctx, made.ID)
		wantStatus("a deleted ticket", err, 404, "RecordNotFound")
		wantStatus("a deletion of nothing", z.DeleteTicket(ctx, 1), 404, "RecordNotFound")
		_, err = newGoZendesk(t, r.url, "nonsense", nil).GetTicket(ctx, made.ID)
		wantStatus("a wrong token", err, 401, "Couldn't authenticate you")
		eachOn(t, r.db, desk.Options{}, deskapi.Options{PerMinute: 1}, func(t *testing.T, limited *rig) {
			_, err := newGoZendesk(t, limited.url, limited.token, nil).GetTicket(t.Context(), two.ID)
			e, ok := errors.AsType[gozendesk.Error](err)
			if !ok || e.Status() != 429 || e.Headers().Get("Retry-After") == "" {
				t.Errorf("over the limit: %v", err)
			}
		})
	})
}

func goTrigger(hook string) gozendesk.Trigger {
	var t gozendesk.Trigger
	t.Title, t.Active = "Go", true
	t.Conditions.All = []gozendesk.TriggerCondition{{Field: "status", Operator: "is", Value: "solved"}}
	t.Actions = []gozendesk.TriggerAction{{Field: "notification_webhook", Value: []string{hook, `{"ticket_id":"{{ticket.id}}"}`}}}
	return t
}

// newGoZendesk gives go-zendesk on a desk. Its own SetHeader is one for all
// clients, so headers are added on the way.
func newGoZendesk(t *testing.T, url, token string, header http.Header) *gozendesk.Client {
	t.Helper()
	z, err := gozendesk.NewClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		for name := range header {
			r.Header.Set(name, header.Get(name))
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	if err != nil {
		t.Fatal(err)
	}
	if err := z.SetEndpointURL(url + "/api/v2"); err != nil {
		t.Fatal(err)
	}
	z.SetCredential(gozendesk.NewAPITokenCredential("somebody@example.org", token))
	return z
}

func getRaw[T any](ctx context.Context, t *testing.T, z *gozendesk.Client, path string) (out T) {
	t.Helper()
	raw, err := z.Get(ctx, path)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
