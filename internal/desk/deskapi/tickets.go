package deskapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"traid/internal/desk"
)

type withAudit struct {
	Ticket ticketJSON `json:"ticket"`
	Audit  auditJSON  `json:"audit"`
}

const lookup = "x-idempotency-lookup"

func hash(v []byte) string {
	sum := sha256.Sum256(v)
	return hex.EncodeToString(sum[:])
}

func createTicket(c *call) error {
	raw, u, err := c.ticketBody(true)
	if err != nil {
		return err
	}
	s, err := c.shape()
	if err != nil {
		return err
	}
	once := desk.Once{Answer: func(t desk.Ticket, a desk.Audit) ([]byte, error) {
		return marshal(withAudit{Ticket: c.ticket(t, s), Audit: audit(a)})
	}}
	key := c.r.Header.Get("Idempotency-Key")
	if key != "" {
		once.Key, once.Body = hash([]byte(key)), hash(raw)
	}
	made, err := c.svc.Create(c.ctx(), c.by, u, once)
	if key != "" {
		found := "miss"
		if made.Repeated || errors.Is(err, desk.ErrOtherBody) {
			found = "hit"
		}
		c.w.Header().Set(lookup, found)
	}
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.urlOf("tickets", int64(made.ID)))
	c.answerRaw(http.StatusCreated, made.Answer)
	return nil
}

// countOf counts an update of a ticket by the caller.
func (c *call) countOf(id desk.TicketID) error {
	return c.count(limitUpdateOne, strconv.FormatInt(int64(id), 10)+" "+strconv.FormatInt(int64(c.by.User.ID), 10))
}

func (c *call) ticketID() (desk.TicketID, error) {
	id, err := c.id()
	return desk.TicketID(id), err
}

func showTicket(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	t, err := c.svc.Ticket(c.ctx(), id)
	if err != nil {
		return err
	}
	answer := map[string]any{}
	shown, err := c.tickets(answer, []desk.Ticket{t})
	if err != nil {
		return err
	}
	if c.includes("comment_count") {
		n, err := c.svc.CountComments(c.ctx(), id)
		if err != nil {
			return err
		}
		shown[0].CommentCount = &n
	}
	answer["ticket"] = shown[0]
	return c.answer(http.StatusOK, answer)
}

func (c *call) includes(what string) bool {
	return slices.Contains(strings.Split(c.query.Get("include"), ","), what)
}

// tickets gives tickets as they are shown, and adds to the answer what is to be included.
func (c *call) tickets(answer map[string]any, found []desk.Ticket) ([]ticketJSON, error) {
	s, err := c.shape()
	if err != nil {
		return nil, err
	}
	out := []ticketJSON{}
	var users []desk.UserID
	for _, t := range found {
		out = append(out, c.ticket(t, s))
		users = append(users, t.Requester, t.Submitter, t.Assignee)
	}
	if c.includes("users") {
		if answer["users"], err = c.users(users); err != nil {
			return nil, err
		}
	}
	if c.includes("groups") {
		if answer["groups"], err = c.groups(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func showTickets(c *call) error {
	ids, err := c.ids()
	if err != nil {
		return err
	}
	var want []desk.TicketID
	for _, id := range ids {
		want = append(want, desk.TicketID(id))
	}
	found, err := c.svc.Tickets(c.ctx(), want)
	if err != nil {
		return err
	}
	answer := map[string]any{"next_page": nil, "previous_page": nil, "count": len(found)}
	if answer["tickets"], err = c.tickets(answer, found); err != nil {
		return err
	}
	return c.answer(http.StatusOK, answer)
}

// split splits a list of ids.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// ids reads the parameter ids. What is no id is the id of nothing.
func (c *call) ids() ([]int64, error) {
	parts := split(c.query.Get("ids"))
	if len(parts) > maxPage {
		return nil, tooMany("ids")
	}
	var out []int64
	for _, p := range parts {
		if id, err := strconv.ParseInt(p, 10, 64); err == nil {
			out = append(out, id)
		}
	}
	return out, nil
}

func tooMany(parameter string) error {
	return &problem{
		status: http.StatusBadRequest, Name: "TooManyValues",
		Description: "Parameter " + parameter + " cannot specify more than 100 values", MaxCount: maxPage,
	}
}

// deepPage is from where on the pages of tickets are limited by themselves.
const deepPage = 500

func listTickets(c *call) error {
	if page := number(c.query.Get("page"), 1, maxRows); page > deepPage {
		if err := c.count(limitDeepPage, ""); err != nil {
			return err
		}
	}
	p, err := c.paging()
	if err != nil {
		return err
	}
	q := desk.Query{Limit: p.size}
	q.ByUpdate, q.Descending = c.order(p.cursor)
	if c.query.Has("external_id") {
		v := c.query.Get("external_id")
		q.ExternalID = &v
	}
	answer := map[string]any{}
	if !p.cursor {
		q.Offset = (p.page - 1) * p.size
		found, err := c.svc.List(c.ctx(), q)
		if err != nil {
			return err
		}
		count, err := c.svc.Count(c.ctx(), q.ExternalID)
		if err != nil {
			return err
		}
		if answer["tickets"], err = c.tickets(answer, found); err != nil {
			return err
		}
		c.byNumber(answer, p, count)
		return c.answer(http.StatusOK, answer)
	}

	q.Limit = p.size + 1 // one more tells whether there is more
	backward := p.before != nil
	if at := p.after; at != nil || backward {
		if backward {
			at, q.Descending = p.before, !q.Descending
		}
		if q.After = at.position(q.ByUpdate); q.After == nil {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
	}
	found, err := c.svc.List(c.ctx(), q)
	if err != nil {
		return err
	}
	hasMore := len(found) > p.size
	found = found[:min(len(found), p.size)]
	if backward {
		slices.Reverse(found)
	}
	if answer["tickets"], err = c.tickets(answer, found); err != nil {
		return err
	}
	var first, last *place
	if n := len(found); n > 0 {
		first, last = ticketPlace(found[0], q.ByUpdate), ticketPlace(found[n-1], q.ByUpdate)
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}

func countTickets(c *call) error {
	n, err := c.svc.Count(c.ctx(), nil)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"count": map[string]any{"value": n, "refreshed_at": stamp(c.o.Now())}})
}

func updateTicket(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if err := c.countOf(id); err != nil {
		return err
	}
	_, u, err := c.ticketBody(false)
	if err != nil {
		return err
	}
	t, a, err := c.svc.Update(c.ctx(), c.by, id, u)
	if err != nil {
		return err
	}
	s, err := c.shape()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, withAudit{Ticket: c.ticket(t, s), Audit: audit(a)})
}

func deleteTicket(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if err := c.svc.Delete(c.ctx(), c.by, id); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// audits gives the audits of the ticket in the path, and whether they are asked for from the newest on.
func (c *call) audits() ([]desk.Audit, bool, error) {
	id, err := c.ticketID()
	if err != nil {
		return nil, false, err
	}
	audits, err := c.svc.Audits(c.ctx(), id)
	return audits, strings.HasPrefix(c.query.Get("sort"), "-") || c.query.Get("sort_order") == "desc", err
}

func listAudits(c *call) error {
	audits, descending, err := c.audits()
	if err != nil {
		return err
	}
	var authors []desk.UserID
	items := []auditJSON{}
	for _, a := range audits {
		items = append(items, audit(a))
		authors = append(authors, a.Author)
	}
	answer := map[string]any{}
	if c.includes("users") {
		if answer["users"], err = c.users(authors); err != nil {
			return err
		}
	}
	return paginate(c, answer, "audits", items, func(a auditJSON) int64 { return a.ID }, descending)
}

func listComments(c *call) error {
	audits, descending, err := c.audits()
	if err != nil {
		return err
	}
	var authors []desk.UserID
	items := []commentJSON{}
	for _, a := range audits {
		if a.Comment != nil {
			items = append(items, comment(a))
			authors = append(authors, a.Comment.Author)
		}
	}
	answer := map[string]any{}
	if c.includes("users") {
		if answer["users"], err = c.users(authors); err != nil {
			return err
		}
	}
	return paginate(c, answer, "comments", items, func(a commentJSON) int64 { return a.ID }, descending)
}

type tagsJSON struct {
	Tags []string `json:"tags"`
}

func showTags(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	t, err := c.svc.Ticket(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, tagsJSON{append([]string{}, t.Tags...)})
}

// changeTags does to the ticket's tags what is asked.
func changeTags(c *call, status int, ask func(u *desk.Update, tags []string)) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if err := c.countOf(id); err != nil {
		return err
	}
	tags, stamp, err := c.tagsBody()
	if err != nil {
		return err
	}
	u := desk.Update{IfUpdatedAt: stamp}
	ask(&u, tags)
	t, _, err := c.svc.Update(c.ctx(), c.by, id, u)
	if err != nil {
		return err
	}
	if status == http.StatusNoContent {
		c.setWarning()
		c.w.WriteHeader(status)
		return nil
	}
	return c.answer(status, tagsJSON{append([]string{}, t.Tags...)})
}

func addTags(c *call) error {
	return changeTags(c, http.StatusOK, func(u *desk.Update, tags []string) { u.AddTags = tags })
}

func replaceTags(c *call) error {
	return changeTags(c, http.StatusCreated, func(u *desk.Update, tags []string) { u.Tags = &tags })
}

func removeTags(c *call) error {
	return changeTags(c, http.StatusNoContent, func(u *desk.Update, tags []string) { u.RemoveTags = tags })
}
