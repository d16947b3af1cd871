package deskapi

import (
	"net/http"

	"traid/internal/desk"
)

// found is a ticket among the results of a search.
type foundJSON struct {
	ticketJSON
	ResultType string `json:"result_type"`
}

const (
	// maxFound is as far as the pages of a search lead.
	maxFound = 1000
	// maxFoundPage is how many tickets a page of a search's export holds at most.
	maxFoundPage = 1000
)

var errTooFar = &problem{
	status: http.StatusUnprocessableEntity, Name: "invalid",
	Description: "Invalid search: Requested response size was greater than Search Response Limits",
}

func (c *call) results(tickets []desk.Ticket) ([]foundJSON, error) {
	s, err := c.shape()
	out := []foundJSON{}
	for _, t := range tickets {
		out = append(out, foundJSON{ticketJSON: c.ticket(t, s), ResultType: "ticket"})
	}
	return out, err
}

// query reads what is searched for. Clients leave it out by mistake.
func (c *call) searched() (string, error) {
	if !c.query.Has("query") {
		return "", badRequest("ParameterMissing", "Parameter query is required")
	}
	return c.query.Get("query"), nil
}

func search(c *call) error {
	query, err := c.searched()
	if err != nil {
		return err
	}
	p := paging{size: number(c.query.Get("per_page"), maxPage, maxPage), page: number(c.query.Get("page"), 1, maxRows)}
	if p.page*p.size > maxFound {
		return errTooFar
	}
	s := desk.Search{Descending: true, Limit: p.size, Offset: (p.page - 1) * p.size}
	if by := c.query.Get("sort_by"); by != "" && by != "relevance" {
		order, ok := desk.OrderNamed(by)
		if !ok {
			return &problem{status: http.StatusUnprocessableEntity, Name: "invalid", Description: "Invalid search: sort_by is not valid"}
		}
		s.Order = order
	}
	if c.query.Get("sort_order") == "asc" {
		s.Descending = false
	}
	tickets, count, err := c.svc.Find(c.ctx(), c.by.User, query, s)
	if err != nil {
		return err
	}
	answer := map[string]any{"facets": nil}
	if answer["results"], err = c.results(tickets); err != nil {
		return err
	}
	c.byNumber(answer, p, count)
	return c.answer(http.StatusOK, answer)
}

func countFound(c *call) error {
	query, err := c.searched()
	if err != nil {
		return err
	}
	_, count, err := c.svc.Find(c.ctx(), c.by.User, query, desk.Search{})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"count": count})
}

// orderCreated names a cursor of a search's export.
const orderCreated = "created_at"

// exportFound serves a whole search by cursor, the newest first.
func exportFound(c *call) error {
	query, err := c.searched()
	if err != nil {
		return err
	}
	switch c.query.Get("filter[type]") {
	case "ticket":
	case "":
		return badRequest("ParameterMissing", "Parameter filter[type] is required")
	default:
		return &problem{status: http.StatusUnprocessableEntity, Name: "invalid", Description: "Invalid search: this desk exports tickets only"}
	}
	size := number(c.query.Get("page[size]"), maxPage, maxFoundPage)
	s := desk.Search{Order: desk.OrderCreated, Descending: true, Limit: size + 1}
	if v := c.query.Get("page[after]"); v != "" {
		at, err := parsePlace(v)
		if err != nil {
			return err
		}
		if s.After = at.created(); s.After == nil {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
	}
	tickets, _, err := c.svc.Find(c.ctx(), c.by.User, query, s)
	if err != nil {
		return err
	}
	hasMore := len(tickets) > size
	tickets = tickets[:min(len(tickets), size)]
	answer := map[string]any{"facets": nil}
	if answer["results"], err = c.results(tickets); err != nil {
		return err
	}
	var first, last *place
	if n := len(tickets); n > 0 {
		first, last = createdPlace(tickets[0]), createdPlace(tickets[n-1])
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}

func createdPlace(t desk.Ticket) *place {
	return timePlace(orderCreated, t.CreatedAt, t.ID)
}

func (p *place) created() *desk.Position { return p.timed(orderCreated) }

// recentlyChanged is how many tickets are listed as the caller's recent ones.
const recentlyChanged = 20

func recentTickets(c *call) error {
	found, err := c.svc.Recent(c.ctx(), c.by.User.ID, recentlyChanged)
	if err != nil {
		return err
	}
	answer := map[string]any{"next_page": nil, "previous_page": nil, "count": len(found)}
	if answer["tickets"], err = c.tickets(answer, found); err != nil {
		return err
	}
	return c.answer(http.StatusOK, answer)
}
