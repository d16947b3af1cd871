package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CreateTicket creates a ticket of exactly these bytes. Within two hours the
// same key with the same body gives the same ticket again; with another body
// it is Refused with CodeIdempotent; later it makes a second ticket. After
// Unknown look for the ticket, then send the same again.
func (c *Client) CreateTicket(ctx context.Context, idempotencyKey string, body []byte) (Ticket, error) {
	return c.ticket(ctx, call{op: "create a ticket", method: http.MethodPost, path: "/tickets", body: body, key: idempotencyKey})
}

// Ticket reads a ticket; Gone when there is none or it was deleted.
func (c *Client) Ticket(ctx context.Context, id TicketID) (Ticket, error) {
	return c.ticket(ctx, call{op: "read a ticket", method: http.MethodGet, path: ticketPath(id), one: true})
}

// UpdateTicket changes a ticket. It is not idempotent: after Unknown look for
// the update's metadata in the audits. A closed ticket is Refused.
func (c *Client) UpdateTicket(ctx context.Context, id TicketID, u TicketUpdate) (Ticket, error) {
	const op = "update a ticket"
	body, err := json.Marshal(map[string]TicketUpdate{"ticket": u})
	if err != nil {
		return Ticket{}, fmt.Errorf("zendesk: %s: %w", op, err)
	}
	return c.ticket(ctx, call{op: op, method: http.MethodPut, path: ticketPath(id), body: body, one: true})
}

// DeleteTicket deletes a ticket; Gone when it is already.
func (c *Client) DeleteTicket(ctx context.Context, id TicketID) error {
	return c.do(ctx, call{op: "delete a ticket", method: http.MethodDelete, path: ticketPath(id), one: true}, nil)
}

// DestroyTicket has a deleted ticket deleted for good, which Zendesk does in a
// job; Gone where there is none, or none any more.
func (c *Client) DestroyTicket(ctx context.Context, id TicketID) error {
	return c.do(ctx, call{op: "delete a ticket for good", method: http.MethodDelete, path: fmt.Sprintf("/deleted_tickets/%d", id), one: true}, nil)
}

// maxIDs is how many ids one call may name.
const maxIDs = 100

// Tickets reads many tickets, a hundred a call. Those that are not there are
// left out; the order is Zendesk's.
func (c *Client) Tickets(ctx context.Context, ids []TicketID) ([]Ticket, error) {
	return showMany[TicketID, Ticket](ctx, c, "read tickets", "tickets", ids)
}

// TicketsByExternalID reads every live ticket with an external id, which is
// not unique. It asks the database, not the search index, which lags. Archived
// tickets, 120 days after their close, are left out.
func (c *Client) TicketsByExternalID(ctx context.Context, externalID string) ([]Ticket, error) {
	all, err := list[Ticket](ctx, c, "look a ticket up", "/tickets", "tickets", url.Values{"external_id": {externalID}}, false)
	// A filter that went unheard must not make another ticket this one's.
	return slices.DeleteFunc(all, func(t Ticket) bool { return t.ExternalID != externalID }), err
}

// Comments reads all comments of a ticket, oldest first.
func (c *Client) Comments(ctx context.Context, id TicketID) ([]Comment, error) {
	return list[Comment](ctx, c, "read comments", ticketPath(id)+"/comments", "comments", nil, true)
}

// Audits reads all audits of a ticket, oldest first.
func (c *Client) Audits(ctx context.Context, id TicketID) ([]Audit, error) {
	return list[Audit](ctx, c, "read audits", ticketPath(id)+"/audits", "audits", nil, true)
}

// Fields reads the account's ticket fields.
func (c *Client) Fields(ctx context.Context) ([]Field, error) {
	return list[Field](ctx, c, "read the ticket fields", "/ticket_fields", "ticket_fields", nil, false)
}

// Groups reads the account's groups.
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	return list[Group](ctx, c, "read the groups", "/groups", "groups", nil, false)
}

// Users reads many users, a hundred a call. Those that are not there are left out.
func (c *Client) Users(ctx context.Context, ids []UserID) ([]User, error) {
	return showMany[UserID, User](ctx, c, "read users", "users", ids)
}

// Me reads the user that the credentials belong to; Credentials when they belong to nobody.
func (c *Client) Me(ctx context.Context) (User, error) {
	const op = "read who we are"
	var out struct{ User User }
	if err := c.do(ctx, call{op: op, method: http.MethodGet, path: "/users/me"}, &out); err != nil {
		return User{}, err
	}
	if out.User.ID == 0 { // wrong credentials are answered with 200 and an anonymous user
		return User{}, &Error{Op: op, Kind: Credentials, Status: http.StatusOK}
	}
	return out.User, nil
}

// Exported is a page of the export.
type Exported struct {
	Tickets []Ticket // changed, created or deleted; one may come again
	Cursor  string   // where to go on from
	End     bool     // nothing more for now
}

// exportPage is how many tickets one page holds at most.
const exportPage = 500

// Export gives a page of all tickets in the order of change, from a cursor on,
// or without one from a time that is at least a minute past. Changes of the
// last minute come later. Ten calls a minute are allowed.
func (c *Client) Export(ctx context.Context, cursor string, start time.Time) (Exported, error) {
	const op = "export tickets"
	q := url.Values{"per_page": {strconv.Itoa(exportPage)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	} else {
		q.Set("start_time", strconv.FormatInt(start.Unix(), 10))
	}
	var out struct {
		Tickets []Ticket `json:"tickets"`
		Cursor  string   `json:"after_cursor"`
		End     *bool    `json:"end_of_stream"`
	}
	if err := c.do(ctx, call{op: op, method: http.MethodGet, path: "/incremental/tickets/cursor", query: q}, &out); err != nil {
		return Exported{}, err
	}
	if out.Cursor == "" {
		out.Cursor = cursor
	}
	if out.End == nil || !*out.End && out.Cursor == cursor {
		return Exported{}, unknown(op, http.StatusOK, errors.New("the page does not say where it ends"))
	}
	return Exported{Tickets: out.Tickets, Cursor: out.Cursor, End: *out.End}, nil
}

func ticketPath(id TicketID) string { return "/tickets/" + strconv.FormatInt(int64(id), 10) }

// ticket sends a call that is answered with one ticket.
func (c *Client) ticket(ctx context.Context, k call) (Ticket, error) {
	var out struct{ Ticket Ticket }
	if err := c.do(ctx, k, &out); err != nil {
		return Ticket{}, err
	}
	if out.Ticket.ID == 0 {
		return Ticket{}, unknown(k.op, http.StatusOK, errors.New("the answer holds no ticket"))
	}
	return out.Ticket, nil
}

// showMany reads many things by their ids.
func showMany[ID ~int64, T any](ctx context.Context, c *Client, op, what string, ids []ID) ([]T, error) {
	var all []T
	for some := range slices.Chunk(ids, maxIDs) {
		text := make([]string, len(some))
		for i, id := range some {
			text[i] = strconv.FormatInt(int64(id), 10)
		}
		k := call{op: op, method: http.MethodGet, path: "/" + what + "/show_many", query: url.Values{"ids": {strings.Join(text, ",")}}}
		p, err := getPage[T](ctx, c, k, what)
		if err != nil {
			return nil, err
		}
		all = append(all, p.rows...)
	}
	return all, nil
}

const (
	pageSize = 100
	maxPages = 1000 // an answer that has no end is none
)

// list reads all pages of a list: by cursor, or by number where that is how it
// is answered. It builds each page's URL itself and follows none.
func list[T any](ctx context.Context, c *Client, op, path, what string, q url.Values, one bool) ([]T, error) {
	var all []T
	query := url.Values{"page[size]": {strconv.Itoa(pageSize)}}
	for k, v := range q {
		query[k] = v
	}
	number := 0 // of the page, where pages are numbered
	for range maxPages {
		p, err := getPage[T](ctx, c, call{op: op, method: http.MethodGet, path: path, query: query, one: one}, what)
		if err != nil {
			return nil, err
		}
		all = append(all, p.rows...)
		switch {
		case p.Meta.HasMore && p.Meta.AfterCursor != "" && p.Meta.AfterCursor != query.Get("page[after]"):
			query.Set("page[after]", p.Meta.AfterCursor)
		case p.Meta.HasMore:
			return nil, unknown(op, http.StatusOK, errors.New("the page does not say where the next begins"))
		case p.NextPage == nil:
			return all, nil
		default:
			if number == 0 { // from the start, since that page may have had another size
				query.Del("page[size]")
				query.Set("per_page", strconv.Itoa(pageSize))
				all = nil
			}
			number++
			query.Set("page", strconv.Itoa(number))
		}
	}
	return nil, unknown(op, http.StatusOK, errors.New("the list has no end"))
}

// page is one page of a list, in either of Zendesk's envelopes.
type page[T any] struct {
	rows []T
	Meta struct {
		HasMore     bool   `json:"has_more"`
		AfterCursor string `json:"after_cursor"`
	} `json:"meta"`
	NextPage *string `json:"next_page"`
}

// getPage reads one page, whose rows stand under the name what.
func getPage[T any](ctx context.Context, c *Client, k call, what string) (page[T], error) {
	var raw json.RawMessage
	if err := c.do(ctx, k, &raw); err != nil {
		return page[T]{}, err
	}
	var p page[T]
	var rows map[string]json.RawMessage
	if json.Unmarshal(raw, &p) != nil || json.Unmarshal(raw, &rows) != nil || decode(rows[what], &p.rows) != nil {
		return page[T]{}, unknown(k.op, http.StatusOK, errors.New("the answer is not the list that was expected"))
	}
	return p, nil
}
