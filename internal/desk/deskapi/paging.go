package deskapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
)

const (
	maxPage = 100
	maxRows = 10_000 // as far as page numbers lead
)

// paging is which part of a list is asked for: by cursor when page[size],
// page[after] or page[before] is there, otherwise by page number.
type paging struct {
	cursor        bool
	size          int
	after, before *place
	page          int
}

// place is where a cursor points: at an item of a list in an order.
type place struct {
	Order string `json:"o"`
	Value string `json:"v"`
}

func (p place) String() string {
	raw, _ := json.Marshal(p) // two strings always marshal
	return base64.StdEncoding.EncodeToString(raw)
}

func parsePlace(v string) (*place, error) {
	var p place
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return nil, badRequest("InvalidPaginationParameter", "The cursor is not valid.")
	}
	return &p, nil
}

// number reads a positive number, or def for anything else.
func number(v string, def, most int) int {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		n = def
	}
	return min(n, most)
}

func (c *call) paging() (paging, error) {
	q := c.query
	p := paging{cursor: q.Has("page[size]") || q.Has("page[after]") || q.Has("page[before]")}
	if !p.cursor {
		p.size, p.page = number(q.Get("per_page"), maxPage, maxPage), number(q.Get("page"), 1, maxRows)
		if p.page*p.size > maxRows {
			return p, badRequest("InvalidPaginationDepth", "Page numbers lead as far as 10000 rows. Use cursors.")
		}
		return p, nil
	}
	p.size = number(q.Get("page[size]"), maxPage, maxPage)
	for name, to := range map[string]**place{"page[after]": &p.after, "page[before]": &p.before} {
		if v := q.Get(name); v != "" {
			at, err := parsePlace(v)
			if err != nil {
				return p, err
			}
			*to = at
		}
	}
	if p.after != nil && p.before != nil {
		return p, badRequest("InvalidPaginationParameter", "page[after] and page[before] exclude each other.")
	}
	return p, nil
}

type meta struct {
	HasMore      bool    `json:"has_more"`
	AfterCursor  *string `json:"after_cursor"`
	BeforeCursor *string `json:"before_cursor"`
}

type links struct {
	Prev *string `json:"prev"`
	Next *string `json:"next"`
}

// link gives the request's own address with other parameters.
func (c *call) link(set map[string]string) *string {
	q := url.Values{}
	for name, vs := range c.query {
		q[name] = vs
	}
	for name, v := range set {
		q.Del("page[after]")
		q.Del("page[before]")
		q.Set(name, v)
	}
	path := strings.TrimPrefix(c.r.URL.Path, base)
	link := c.url(path+".json") + "?" + q.Encode()
	return &link
}

// byCursor adds to an answer where its page stands; first and last are nil for an empty page.
func (c *call) byCursor(answer map[string]any, hasMore bool, first, last *place) {
	m, l := meta{HasMore: hasMore}, links{}
	if first != nil && last != nil {
		before, after := first.String(), last.String()
		m.BeforeCursor, m.AfterCursor = &before, &after
		l.Prev, l.Next = c.link(map[string]string{"page[before]": before}), c.link(map[string]string{"page[after]": after})
	}
	answer["meta"], answer["links"] = m, l
}

// byNumber adds to an answer which page of how many rows it is.
func (c *call) byNumber(answer map[string]any, p paging, count int) {
	answer["next_page"], answer["previous_page"], answer["count"] = nil, nil, count
	if p.page*p.size < count {
		answer["next_page"] = c.link(map[string]string{"page": strconv.Itoa(p.page + 1)})
	}
	if p.page > 1 {
		answer["previous_page"] = c.link(map[string]string{"page": strconv.Itoa(p.page - 1)})
	}
}

// paginate answers a part of a list that is at hand, in the order of ids or, descending, from the newest.
func paginate[T any](c *call, answer map[string]any, name string, items []T, id func(T) int64, descending bool) error {
	p, err := c.paging()
	if err != nil {
		return err
	}
	if descending {
		slices.Reverse(items)
	}
	if !p.cursor {
		from := min((p.page-1)*p.size, len(items))
		to := min(from+p.size, len(items))
		answer[name] = slices.Clip(items[from:to])
		c.byNumber(answer, p, len(items))
		return c.answer(http.StatusOK, answer)
	}
	at := func(of *place) (int, error) {
		want, err := strconv.ParseInt(of.Value, 10, 64)
		if err != nil {
			return 0, badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
		i := slices.IndexFunc(items, func(v T) bool { return id(v) == want })
		if i < 0 {
			return 0, badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
		return i, nil
	}
	var from, to int
	var hasMore bool
	if p.before != nil {
		if to, err = at(p.before); err != nil {
			return err
		}
		from = max(0, to-p.size)
		hasMore = from > 0
	} else {
		if p.after != nil {
			if from, err = at(p.after); err != nil {
				return err
			}
			from++
		}
		to = min(from+p.size, len(items))
		hasMore = to < len(items)
	}
	part := items[from:to]
	answer[name] = part
	var first, last *place
	if len(part) > 0 {
		first = &place{Order: "id", Value: strconv.FormatInt(id(part[0]), 10)}
		last = &place{Order: "id", Value: strconv.FormatInt(id(part[len(part)-1]), 10)}
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}

// order reads how tickets are to be ordered: sort with a cursor, sort_by and
// sort_order with page numbers. What is not known is ordered by id.
func (c *call) order(cursor bool) (byUpdate, descending bool) {
	by, descending := c.query.Get("sort_by"), c.query.Get("sort_order") == "desc"
	if s := c.query.Get("sort"); s != "" || cursor {
		by, descending = strings.CutPrefix(s, "-")
	}
	return by == "updated_at", descending
}

// Orders that cursors name.
const (
	orderID      = "nice_id"
	orderUpdated = "updated_at"
)

func ticketPlace(t desk.Ticket, byUpdate bool) *place {
	if !byUpdate {
		return &place{Order: orderID, Value: strconv.FormatInt(int64(t.ID), 10)}
	}
	return timePlace(orderUpdated, t.UpdatedAt, t.ID)
}

func timePlace(order string, at time.Time, id desk.TicketID) *place {
	return &place{Order: order, Value: strconv.FormatInt(at.Unix(), 10) + "|" + strconv.FormatInt(int64(id), 10)}
}

// position reads a cursor of tickets; nil for one of another order.
func (p *place) position(byUpdate bool) *desk.Position {
	if byUpdate {
		return p.timed(orderUpdated)
	}
	id, err := strconv.ParseInt(p.Value, 10, 64)
	if err != nil || p.Order != orderID {
		return nil
	}
	return &desk.Position{ID: desk.TicketID(id)}
}

// timed reads a cursor of an order by time; nil for one of another order.
func (p *place) timed(order string) *desk.Position {
	seconds, rest, _ := strings.Cut(p.Value, "|")
	at, err1 := strconv.ParseInt(seconds, 10, 64)
	id, err2 := strconv.ParseInt(rest, 10, 64)
	if err1 != nil || err2 != nil || p.Order != order {
		return nil
	}
	return &desk.Position{At: time.Unix(at, 0).UTC(), ID: desk.TicketID(id)}
}
