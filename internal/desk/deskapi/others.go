package deskapi

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
)

func listFields(c *call) error {
	fields, err := c.svc.AllFields(c.ctx())
	if err != nil {
		return err
	}
	items := []fieldJSON{}
	for _, f := range fields {
		items = append(items, c.field(f))
	}
	return paginate(c, map[string]any{}, "ticket_fields", items, func(f fieldJSON) int64 { return f.ID }, false)
}

func showField(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	f, err := c.svc.Field(c.ctx(), desk.FieldID(id))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"ticket_field": c.field(f)})
}

func (c *call) groups() ([]groupJSON, error) {
	groups, err := c.svc.Groups(c.ctx())
	out := []groupJSON{}
	for _, g := range groups {
		out = append(out, c.group(g))
	}
	return out, err
}

func listGroups(c *call) error {
	items, err := c.groups()
	if err != nil {
		return err
	}
	return paginate(c, map[string]any{}, "groups", items, func(g groupJSON) int64 { return g.ID }, false)
}

// users gives the users of the ids that there are, each once.
func (c *call) users(ids []desk.UserID) ([]userJSON, error) {
	found, err := c.svc.Users(c.ctx(), ids)
	if err != nil {
		return nil, err
	}
	groups, err := c.svc.Groups(c.ctx())
	out := []userJSON{}
	for _, u := range found {
		out = append(out, c.user(u, groups))
	}
	return out, err
}

func showMe(c *call) error {
	me, err := c.users([]desk.UserID{c.by.User.ID})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"user": me[0]})
}

func showUser(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	u, err := c.svc.User(c.ctx(), desk.UserID(id))
	if err != nil {
		return err
	}
	groups, err := c.svc.Groups(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"user": c.user(u, groups)})
}

func showUsers(c *call) error {
	ids, err := c.ids()
	if err != nil {
		return err
	}
	var want []desk.UserID
	for _, id := range ids {
		want = append(want, desk.UserID(id))
	}
	users, err := c.users(want)
	if err != nil {
		return err
	}
	slices.SortFunc(users, func(a, b userJSON) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return c.answer(http.StatusOK, map[string]any{"users": users, "next_page": nil, "previous_page": nil, "count": len(users)})
}

const maxExport = 1000

type exportJSON struct {
	Tickets      []ticketJSON `json:"tickets"`
	AfterURL     string       `json:"after_url"`
	BeforeURL    *string      `json:"before_url"`
	AfterCursor  string       `json:"after_cursor"`
	BeforeCursor *string      `json:"before_cursor"`
	EndOfStream  bool         `json:"end_of_stream"`
}

func exportTickets(c *call) error {
	after, err := c.exportFrom()
	if err != nil {
		return err
	}
	size := number(c.query.Get("per_page"), maxExport, maxExport)
	found, err := c.svc.Export(c.ctx(), after, c.query.Get("exclude_deleted") != "true", size)
	if err != nil {
		return err
	}
	out := exportJSON{EndOfStream: found.End}
	out.AfterCursor = base64.StdEncoding.EncodeToString([]byte(cursorText(found.Next)))
	out.AfterURL = c.url("/incremental/tickets/cursor.json") + "?" + url.Values{"cursor": {out.AfterCursor}, "per_page": {strconv.Itoa(size)}}.Encode()
	if out.Tickets, err = c.exported(found.Tickets); err != nil {
		return err
	}
	return c.answer(http.StatusOK, out)
}

// exported shows tickets as exports do.
func (c *call) exported(tickets []desk.Ticket) ([]ticketJSON, error) {
	s, err := c.shape()
	out := []ticketJSON{}
	for _, t := range tickets {
		shown := c.ticket(t, s)
		generated := t.GeneratedAt.Unix()
		shown.GeneratedTimestamp = &generated
		out = append(out, shown)
	}
	return out, err
}

// exportSince serves the export by time: a page tells where the next begins,
// also the last one.
func exportSince(c *call) error {
	start, err := c.startTime()
	if err != nil {
		return err
	}
	size := number(c.query.Get("per_page"), maxExport, maxExport)
	found, err := c.svc.ExportSince(c.ctx(), start.At, c.query.Get("exclude_deleted") != "true", size)
	if err != nil {
		return err
	}
	tickets, err := c.exported(found.Tickets)
	if err != nil {
		return err
	}
	next := url.Values{"start_time": {strconv.FormatInt(found.EndTime.Unix(), 10)}}
	for _, name := range []string{"per_page", "exclude_deleted"} {
		if v := c.query.Get(name); v != "" {
			next.Set(name, v)
		}
	}
	return c.answer(http.StatusOK, map[string]any{
		"tickets": tickets, "count": len(tickets), "end_of_stream": found.End, "end_time": found.EndTime.Unix(),
		"next_page": c.url("/incremental/tickets.json") + "?" + next.Encode(),
	})
}

// exportFrom reads where the export goes on, or where it begins.
func (c *call) exportFrom() (desk.Position, error) {
	if cursor := c.query.Get("cursor"); cursor != "" && cursor != "undefined" { // some clients send the latter
		raw, err := base64.StdEncoding.DecodeString(cursor)
		if err != nil {
			raw, err = base64.RawStdEncoding.DecodeString(cursor)
		}
		seconds, rest, ok := strings.Cut(string(raw), ".0||")
		at, err1 := strconv.ParseInt(seconds, 10, 64)
		id, err2 := strconv.ParseInt(strings.TrimSuffix(rest, "|"), 10, 64)
		if err != nil || !ok || err1 != nil || err2 != nil {
			return desk.Position{}, badRequest("InvalidCursor", "The cursor is not valid.")
		}
		return desk.Position{At: time.Unix(at, 0).UTC(), ID: desk.TicketID(id)}, nil
	}
	return c.startTime()
}

// startTime reads from when on is exported.
func (c *call) startTime() (desk.Position, error) {
	seconds, err := strconv.ParseInt(c.query.Get("start_time"), 10, 64)
	if err != nil || seconds < 0 {
		return desk.Position{}, badRequest("InvalidValue", "Parameter start_time is required, as seconds since 1970, or cursor.")
	}
	at, ok := c.svc.ExportStart(time.Unix(seconds, 0))
	if !ok {
		return desk.Position{}, &problem{
			status: http.StatusUnprocessableEntity, Name: "StartTimeTooRecent",
			Description: "Too recent start_time. Use a start_time older than 60 seconds",
		}
	}
	return at, nil
}
