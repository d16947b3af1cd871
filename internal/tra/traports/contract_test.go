package traports_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	"traid/internal/zendesk"
)

// helpdesk is what the contract is held to.
type helpdesk struct {
	client *zendesk.Client
	now    func() time.Time
	pass   func(d time.Duration) // lets time pass
}

// TestTheHelpdeskKeepsItsContract holds the desk, and a Zendesk account where one
// is set, to what the TRA API relies on. On an account it takes some minutes, and
// what it makes there it deletes for good.
func TestTheHelpdeskKeepsItsContract(t *testing.T) {
	t.Run("desk", func(t *testing.T) {
		w := newWorld(t)
		contract(t, helpdesk{w.us, w.clock.now, w.clock.move})
	})
	url := os.Getenv("TRAID_ZENDESK_URL")
	if url == "" {
		t.Log("no account: TRAID_ZENDESK_URL is not set")
		return
	}
	t.Run("account", func(t *testing.T) {
		client := zendesk.New(zendesk.Options{
			BaseURL: url, Now: time.Now, PerMinute: 150, Email: os.Getenv("TRAID_ZENDESK_EMAIL"), Token: os.Getenv("TRAID_ZENDESK_TOKEN"),
			ClientID: os.Getenv("TRAID_ZENDESK_CLIENT_ID"), ClientSecret: os.Getenv("TRAID_ZENDESK_CLIENT_SECRET"), Scopes: os.Getenv("TRAID_ZENDESK_SCOPES"),
		})
		contract(t, helpdesk{client, time.Now, func(d time.Duration) {
			select {
			case <-time.After(d):
			case <-t.Context().Done():
			}
		}})
	})
}

func contract(t *testing.T, on helpdesk) {
	t.Helper()
	ctx := t.Context()
	h := traports.NewHelpdesk(on.client, nil, on.now)
	id := ident.NewUUID()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var made []tra.TicketID
	deleted := func(ticket tra.TicketID) bool {
		for range 30 { // a job of Zendesk's
			gone, err := h.Delete(ctx, ticket)
			must(err)
			if gone {
				return true
			}
			on.pass(5 * time.Second)
		}
		return false
	}
	t.Cleanup(func() {
		for _, ticket := range made { // where it ended early
			if _, err := h.Delete(context.WithoutCancel(ctx), ticket); err != nil {
				t.Errorf("the ticket %d is still there: %v", ticket, err)
			}
		}
	})
	create := func(d tra.Draft) tra.Ticket {
		t.Helper()
		body, err := h.Compose(ctx, d)
		must(err)
		ticket, err := h.Create(ctx, d.Key, body)
		must(err)
		made = append(made, ticket.ID)
		again, err := h.Create(ctx, d.Key, body)
		must(err)
		found, err := h.ByKey(ctx, d.Key)
		must(err)
		if again.ID != ticket.ID || len(found) != 1 || found[0].ID != ticket.ID || !found[0].Ours || found[0].Key != d.Key {
			t.Errorf("created %d, again %d, found %+v; want one ticket of ours", ticket.ID, again.ID, found)
		}
		if _, err := h.Create(ctx, d.Key, append(slices.Clone(body), ' ')); !fault.Is(err, fault.Unavailable) {
			t.Errorf("other bytes under the key: %v", err)
		}
		return ticket
	}
	_, cursor, _, err := h.Changed(ctx, "")
	must(err)
	draft := tra.Draft{Key: tra.TicketKey(id), Reference: "TRA-TEST-CON", Kind: tra.TRNValidation, Subject: "TRA-TEST-CON traid's contract test", Body: "Made by traid's tests, and deleted by them."}
	ticket := create(draft)
	read := func(ticket tra.TicketID) tra.Ticket {
		t.Helper()
		got, err := h.Read(ctx, tra.TRNValidation, ticket)
		must(err)
		return got
	}
	if got := read(ticket.ID); got.Status.Done() || !got.Fields.IsEmpty() {
		t.Errorf("a new ticket is %+v", got)
	}
	if many, err := h.ReadMany(ctx, []tra.TicketID{ticket.ID, 999_999_999}); err != nil || len(many) != 1 || many[0].ID != ticket.ID {
		t.Errorf("many: %+v %v", many, err)
	}

	// An answer, once, whoever sends it again; and whose it is.
	on.pass(2 * time.Second)
	answer := tra.TicketFields{Outcome: tra.TRNFound, TRN: "0000001"}
	w := tra.Writing{Op: ident.NewUUID(), Kind: tra.TRNValidation, Fields: &answer, Status: tra.TicketSolved, Note: "A private note."}
	_, err = h.Write(ctx, ticket.ID, w)
	must(err)
	w.Again = true
	_, err = h.Write(ctx, ticket.ID, w)
	must(err)
	if got := read(ticket.ID); got.Status != tra.TicketSolved || got.Fields != answer || !got.Assigned {
		t.Errorf("the answered ticket is %+v", got)
	}
	settings, err := h.Settings(ctx, tra.TRNValidation, ticket.ID)
	must(err)
	for _, name := range []tra.FieldName{tra.FieldNameTRN, tra.FieldNameOutcome} {
		if settings[name].Op != w.Op || settings[name].Agent != "" {
			t.Errorf("the field %s was set by %+v", name, settings[name])
		}
	}
	comments, err := h.Comments(ctx, ticket.ID)
	must(err)
	if len(comments) != 2 || !comments[0].Ours || !comments[1].Ours || comments[1].Text != w.Note {
		t.Errorf("comments %+v", comments)
	}
	raw, err := on.client.Comments(ctx, zendesk.TicketID(ticket.ID))
	must(err)
	if slices.ContainsFunc(raw, func(c zendesk.Comment) bool { return c.Public }) {
		t.Error("a comment is public: its requester would be mailed")
	}

	// The export tells of it.
	told := false
	for range 6 {
		on.pass(30 * time.Second)
		for more := true; more && !told; {
			var ids []tra.TicketID
			ids, cursor, more, err = h.Changed(ctx, cursor)
			must(err)
			told = slices.Contains(ids, ticket.ID)
		}
		if told {
			break
		}
	}
	if !told {
		t.Error("the export does not tell of the ticket")
	}

	// Closed is final, and followed up once.
	_, err = on.client.UpdateTicket(ctx, zendesk.TicketID(ticket.ID), zendesk.TicketUpdate{Status: zendesk.StatusClosed})
	must(err)
	if _, err := h.Write(ctx, ticket.ID, tra.Writing{Op: ident.NewUUID(), Kind: tra.TRNValidation, Fields: &tra.TicketFields{}, Status: tra.TicketOpen}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a closed ticket is written on: %v", err)
	}
	draft.Key, draft.Follows = tra.TicketKey(id+"-contract"), ticket.ID
	if got := read(create(draft).ID); got.Status.Done() || !got.Fields.IsEmpty() || got.Merged {
		t.Errorf("the follow-up begins as %+v", got)
	}

	// What is deleted is gone for good.
	for _, ticket := range made {
		if !deleted(ticket) {
			t.Errorf("the ticket %d is not deleted for good", ticket)
		}
		if _, err := h.Read(ctx, tra.TRNValidation, ticket); !fault.Is(err, fault.NotFound) {
			t.Errorf("a deleted ticket is read: %v", err)
		}
	}
	made = nil
}
