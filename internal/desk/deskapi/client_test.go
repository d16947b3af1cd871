package deskapi_test

import (
	"fmt"
	"testing"
	"time"

	"traid/internal/zendesk"
)

// TestTheClientOfZendeskWorksOnTheDesk plays what traid does with a ticket, by
// the client that it uses on a Zendesk account too.
func TestTheClientOfZendeskWorksOnTheDesk(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		c := zendesk.New(zendesk.Options{BaseURL: r.url, Token: r.token, Now: r.clock.now})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		me, err := c.Me(ctx)
		must(err)
		fields, err := c.Fields(ctx)
		must(err)
		byTitle := map[string]zendesk.Field{}
		for _, f := range fields {
			byTitle[f.Title] = f
		}
		start := r.clock.now().Add(-time.Minute)
		body := []byte(`{"ticket":{"subject":"S","external_id":"ext-1","comment":{"body":"B","public":false}}}`)
		made, err := c.CreateTicket(ctx, "ext-1", body)
		must(err)
		again, err := c.CreateTicket(ctx, "ext-1", body)
		must(err)
		found, err := c.TicketsByExternalID(ctx, "ext-1")
		must(err)
		if again.ID != made.ID || len(found) != 1 || found[0].ID != made.ID {
			t.Fatalf("made %d, again %d, found %d tickets", made.ID, again.ID, len(found))
		}

		r.clock.move(time.Second)
		outcome := byTitle["Outcome"].Options[0]
		u := zendesk.TicketUpdate{
			Status: zendesk.StatusSolved, AssigneeID: me.ID, Comment: &zendesk.NewComment{Body: "answered"},
			Metadata: map[string]any{"op_id": "op-1"}, IfUpdatedAt: made.UpdatedAt,
			Fields: []zendesk.FieldValue{{ID: byTitle["TRN"].ID, Value: "0123456"}, {ID: byTitle["Outcome"].ID, Value: outcome.Value}},
		}
		_, err = c.UpdateTicket(ctx, made.ID, u)
		must(err)
		if _, err := c.UpdateTicket(ctx, made.ID, u); !zendesk.Is(err, zendesk.Conflict) {
			t.Errorf("the update of an outdated ticket: %v", err)
		}
		shown, err := c.Ticket(ctx, made.ID)
		must(err)
		if shown.Status != zendesk.StatusSolved || shown.AssigneeID != me.ID || shown.Text(byTitle["TRN"].ID) != "0123456" || shown.Text(byTitle["Outcome"].ID) != outcome.Value {
			t.Errorf("solved ticket %+v", shown)
		}
		comments, err := c.Comments(ctx, made.ID)
		must(err)
		if len(comments) != 2 || comments[1].PlainBody != "answered" || comments[1].Public || comments[1].AuthorID != me.ID {
			t.Errorf("comments %+v", comments)
		}
		audits, err := c.Audits(ctx, made.ID)
		must(err)
		if len(audits) != 2 || audits[1].Metadata.Custom["op_id"] != "op-1" || audits[1].AuthorID != me.ID {
			t.Fatalf("audits %+v", audits)
		}
		set := map[string]string{}
		for _, e := range audits[1].Events {
			set[e.FieldName] = zendesk.Text(e.Value)
		}
		if set[fmt.Sprint(byTitle["TRN"].ID)] != "0123456" || set["status"] != "solved" {
			t.Errorf("events %v", set)
		}

		r.clock.move(2 * time.Minute)
		page, err := c.Export(ctx, "", start)
		must(err)
		if len(page.Tickets) != 1 || page.Tickets[0].ID != made.ID || !page.End {
			t.Errorf("export %+v", page)
		}
		must(c.DeleteTicket(ctx, made.ID))
		if _, err := c.Ticket(ctx, made.ID); !zendesk.Is(err, zendesk.Gone) {
			t.Errorf("a deleted ticket: %v", err)
		}
		r.clock.move(2 * time.Minute)
		page, err = c.Export(ctx, page.Cursor, time.Time{})
		must(err)
		if len(page.Tickets) != 1 || page.Tickets[0].Status != zendesk.StatusDeleted {
			t.Errorf("export after the deletion %+v", page)
		}
		refused := zendesk.New(zendesk.Options{BaseURL: r.url, Email: "a@example.org", Token: "nonsense"})
		if _, err := refused.Me(ctx); !zendesk.Is(err, zendesk.Credentials) {
			t.Errorf("a wrong token: %v", err)
		}
	})
}
