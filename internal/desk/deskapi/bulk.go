package deskapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"traid/internal/desk"
	"traid/internal/fault"
)

// jobJSON is a job as Zendesk tells of it. Here it is done when it is first
// told of, and shown as queued then, as clients expect it.
type jobJSON struct {
	ID       string          `json:"id"`
	Kind     string          `json:"job_type"`
	URL      string          `json:"url"`
	Total    *int64          `json:"total"`
	Progress *int64          `json:"progress"`
	Status   string          `json:"status"`
	Message  *string         `json:"message"`
	Results  json.RawMessage `json:"results"`
}

func (a *api) job(j desk.Job, queued bool) jobJSON {
	out := jobJSON{ID: j.ID, Kind: j.Kind, URL: a.url("/job_statuses/" + j.ID + ".json"), Status: "queued", Results: json.RawMessage("null")}
	if j.Total >= 0 {
		out.Total = &j.Total
	}
	if queued {
		return out
	}
	message := "Completed at " + j.At.UTC().Format("2006-01-02 15:04:05 -0700")
	out.Status, out.Progress, out.Message, out.Results = "completed", out.Total, &message, json.RawMessage(j.Results)
	return out
}

// keep answers with a job that is done.
func (c *call) keep(kind string, total int, results any) error {
	raw, err := marshal(results)
	if err != nil {
		return err
	}
	j, err := c.svc.KeepJob(c.ctx(), kind, total, string(raw))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"job_status": c.job(j, true)})
}

func showJob(c *call) error {
	j, err := c.svc.Job(c.ctx(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"job_status": c.job(j, false)})
}

func showJobs(c *call) error {
	ids := split(c.query.Get("ids"))
	if len(ids) > maxPage {
		return tooMany("ids")
	}
	jobs := []jobJSON{}
	for _, id := range ids {
		j, err := c.svc.Job(c.ctx(), id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		jobs = append(jobs, c.job(j, false))
	}
	return c.answer(http.StatusOK, map[string]any{"job_statuses": jobs, "next_page": nil, "previous_page": nil, "count": len(jobs)})
}

// bulk reads {"tickets":[{…},…]}, up to a hundred.
func (c *call) bulk(members map[string]any) ([]map[string]any, error) {
	list, ok := members["tickets"].([]any)
	if !ok {
		return nil, badRequest("ParameterMissing", "Parameter tickets is required")
	}
	if len(list) > maxPage {
		return nil, tooMany("")
	}
	var out []map[string]any
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, badRequest("InvalidRequest", "Parameter tickets is not a list of tickets")
		}
		out = append(out, m)
	}
	return out, nil
}

// result is what became of one ticket of a bulk request.
type result struct {
	Index   *int   `json:"index,omitempty"`
	ID      int64  `json:"id,omitempty"`
	Account int64  `json:"account_id,omitempty"`
	Action  string `json:"action,omitempty"`
	Status  string `json:"status,omitempty"`
	Success *bool  `json:"success,omitempty"`
	Error   string `json:"error,omitempty"`
	Errors  string `json:"errors,omitempty"`
	Details string `json:"details,omitempty"`
}

// words tells what is wrong with one of many, without its values; false for an
// error that ends the whole.
func words(err error) (name, text string, ok bool) {
	if p, is := errors.AsType[*problem](err); is {
		for _, details := range p.Details {
			for _, d := range details {
				text += d.Description + " "
			}
		}
		return p.Name, text, true
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		for _, f := range fault.FieldsOf(err) {
			text += f.Reason + " "
		}
		return "RecordInvalid", text, true
	case fault.NotFound:
		return "RecordNotFound", "Not found", true
	case fault.Conflict:
		return "UpdateConflict", fault.SafeText(err), true
	}
	return "", "", false
}

func createTickets(c *call) error {
	_, members, err := c.body()
	if err != nil {
		return err
	}
	tickets, err := c.bulk(members)
	if err != nil {
		return err
	}
	account, err := c.svc.Account(c.ctx())
	if err != nil {
		return err
	}
	none := desk.Once{Answer: func(desk.Ticket, desk.Audit) ([]byte, error) { return nil, nil }}
	results := []result{}
	for i, m := range tickets {
		u, err := c.ticketMembers(m, true, account)
		var made desk.Created
		if err == nil {
			made, err = c.svc.Create(c.ctx(), c.by, u, none)
		}
		r := result{Index: &i, ID: int64(made.ID), Account: account.ID}
		if err != nil {
			name, text, ok := words(err)
			if !ok {
				return err
			}
			r = result{Index: &i, Error: name, Details: text}
		}
		results = append(results, r)
	}
	return c.keep("Bulk Create Ticket", len(tickets), results)
}

// each does one thing to each of many tickets.
func (c *call) each(ids []int64, action, done string, do func(i int, id desk.TicketID) error) ([]result, error) {
	results := []result{}
	yes, no := true, false
	for i, id := range ids {
		r := result{ID: id, Action: action, Status: done, Success: &yes}
		if err := do(i, desk.TicketID(id)); err != nil {
			_, text, ok := words(err)
			if !ok {
				return nil, err
			}
			r = result{ID: id, Action: action, Status: "Failed", Success: &no, Errors: text}
		}
		results = append(results, r)
	}
	return results, nil
}

// updateTickets serves both forms: one ticket for many ids, and many tickets
// that each have their id.
func updateTickets(c *call) error {
	_, members, err := c.body()
	if err != nil {
		return err
	}
	account, err := c.svc.Account(c.ctx())
	if err != nil {
		return err
	}
	var ids []int64
	var tickets []map[string]any
	if c.query.Has("ids") {
		if ids, err = c.ids(); err != nil {
			return err
		}
		one, ok := members["ticket"].(map[string]any)
		if !ok {
			return badRequest("ParameterMissing", "Parameter ticket is required")
		}
		tickets = slices.Repeat([]map[string]any{one}, len(ids))
	} else {
		if tickets, err = c.bulk(members); err != nil {
			return err
		}
		for _, m := range tickets {
			id, ok := idOf(m["id"])
			if !ok || id == 0 {
				return badRequest("ParameterMissing", "Each ticket needs its id")
			}
			ids = append(ids, id)
		}
	}
	results, err := c.each(ids, "update", "Updated", func(i int, id desk.TicketID) error {
		u, err := c.ticketMembers(tickets[i], false, account)
		if err == nil {
			_, _, err = c.svc.Update(c.ctx(), c.by, id, u)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.keep("Bulk Update Ticket", len(ids), results)
}

func deleteTickets(c *call) error {
	return c.many("delete", "Deleted", func(id desk.TicketID) error { return c.svc.Delete(c.ctx(), c.by, id) })
}

func restoreTickets(c *call) error {
	ids, err := c.ids()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.svc.Restore(c.ctx(), c.by, desk.TicketID(id)); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return c.answer(http.StatusOK, struct{}{})
}

func (c *call) many(action, done string, do func(id desk.TicketID) error) error {
	ids, err := c.ids()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return badRequest("ParameterMissing", "Parameter ids is required")
	}
	results, err := c.each(ids, action, done, func(_ int, id desk.TicketID) error { return do(id) })
	if err != nil {
		return err
	}
	return c.keep("Bulk Update Ticket", len(ids), results)
}

// destroyed is what a job of a deletion for good tells.
type destroyed struct {
	Success bool `json:"success"`
}

func destroyTickets(c *call) error {
	ids, err := c.ids()
	if err != nil {
		return err
	}
	all := len(ids) > 0
	for _, id := range ids {
		err := c.svc.Destroy(c.ctx(), c.by, desk.TicketID(id))
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		all = all && err == nil
	}
	return c.keep("Ticket Deletion", -1, destroyed{all})
}

func destroyTicket(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if err := c.svc.Destroy(c.ctx(), c.by, id); err != nil {
		return err
	}
	return c.keep("Ticket Deletion", -1, destroyed{true})
}

func restoreTicket(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if err := c.svc.Restore(c.ctx(), c.by, id); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct{}{})
}

// deletedJSON is a deleted ticket in its list.
type deletedJSON struct {
	ID             int64  `json:"id"`
	Subject        string `json:"subject"`
	Description    string `json:"description"`
	DeletedAt      string `json:"deleted_at"`
	PreviousStatus string `json:"previous_state"`
	Actor          any    `json:"actor"`
}

func listDeleted(c *call) error {
	p, err := c.paging()
	if err != nil {
		return err
	}
	q, answer := desk.Query{Limit: p.size}, map[string]any{}
	backward := p.before != nil
	if !p.cursor {
		q.Offset = (p.page - 1) * p.size
	} else {
		q.Limit++
		if at := p.after; at != nil || backward {
			if backward {
				at, q.Descending = p.before, true
			}
			if q.After = at.position(false); q.After == nil {
				return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
			}
		}
	}
	found, count, err := c.svc.Deleted(c.ctx(), q)
	if err != nil {
		return err
	}
	hasMore := len(found) > p.size
	found = found[:min(len(found), p.size)]
	if backward {
		slices.Reverse(found)
	}
	items := []deletedJSON{}
	for _, t := range found {
		items = append(items, deletedJSON{
			ID: int64(t.ID), Subject: t.Subject.Reveal(), Description: t.Description.Reveal(), DeletedAt: stamp(t.DeletedAt), PreviousStatus: string(t.Status),
		})
	}
	answer["deleted_tickets"] = items
	if !p.cursor {
		c.byNumber(answer, p, count)
		return c.answer(http.StatusOK, answer)
	}
	var first, last *place
	if n := len(found); n > 0 {
		first, last = ticketPlace(found[0], false), ticketPlace(found[n-1], false)
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}

func mergeTickets(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	_, members, err := c.body()
	if err != nil {
		return err
	}
	var wrong []fault.Field
	o := newObject("merge", members, &wrong, &c.warn)
	m := desk.Merge{Into: id, TargetComment: deref(o.given("target_comment")), SourceComment: deref(o.given("source_comment"))}
	if v := o.boolean("target_comment_is_public"); v != nil {
		m.TargetPublic = *v
	}
	if v := o.boolean("source_comment_is_public"); v != nil {
		m.Public = *v
	}
	list := o.texts("ids")
	o.done()
	if list == nil && len(wrong) == 0 {
		return badRequest("ParameterMissing", "Parameter ids is required")
	}
	if len(wrong) > 0 {
		return recordInvalid(wrong)
	}
	if len(*list) > maxPage {
		return tooMany("ids")
	}
	for _, text := range *list {
		source, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return recordInvalid([]fault.Field{{Pointer: "ids", Reason: "Ids: is not a list of ids"}})
		}
		if !slices.Contains(m.From, desk.TicketID(source)) {
			m.From = append(m.From, desk.TicketID(source))
		}
	}
	if err := c.svc.MergeTickets(c.ctx(), c.by, m); err != nil {
		return err
	}
	yes, results := true, []result{}
	for _, t := range append([]desk.TicketID{m.Into}, m.From...) {
		results = append(results, result{ID: int64(t), Action: "update", Status: "Updated", Success: &yes})
	}
	return c.keep("Ticket Merge", len(results), results)
}

func makePrivate(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	comment, err := strconv.ParseInt(c.r.PathValue("comment"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "Not found")
	}
	if err := c.svc.MakePrivate(c.ctx(), c.by, id, comment); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct{}{})
}

func countComments(c *call) error {
	id, err := c.ticketID()
	if err != nil {
		return err
	}
	if _, err := c.svc.Ticket(c.ctx(), id); err != nil {
		return err
	}
	n, err := c.svc.CountComments(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"count": map[string]any{"value": n, "refreshed_at": stamp(c.o.Now())}})
}

func showAudit(c *call) error {
	audits, _, err := c.audits()
	if err != nil {
		return err
	}
	for _, a := range audits {
		if strconv.FormatInt(a.ID, 10) == c.r.PathValue("audit") {
			return c.answer(http.StatusOK, map[string]any{"audit": audit(a)})
		}
	}
	return fault.New(fault.NotFound, "Not found")
}

// listAllAudits lists the audits of all tickets, the oldest first.
func listAllAudits(c *call) error {
	p, err := c.paging()
	if err != nil {
		return err
	}
	if !p.cursor && p.page > 1 {
		return badRequest("InvalidPaginationParameter", "The audits of all tickets are listed by cursor: page[size].")
	}
	descending := p.before != nil
	var from int64
	if at := p.after; at != nil || descending {
		if descending {
			at = p.before
		}
		if from, err = strconv.ParseInt(at.Value, 10, 64); err != nil || at.Order != "id" {
			return badRequest("InvalidPaginationParameter", "The cursor is not valid.")
		}
	}
	found, err := c.svc.AllAudits(c.ctx(), from, descending, p.size+1)
	if err != nil {
		return err
	}
	hasMore := len(found) > p.size
	found = found[:min(len(found), p.size)]
	if descending {
		slices.Reverse(found)
	}
	items, answer := []auditJSON{}, map[string]any{}
	for _, a := range found {
		items = append(items, audit(a))
	}
	answer["audits"] = items
	var first, last *place
	if n := len(found); n > 0 {
		first = &place{Order: "id", Value: strconv.FormatInt(found[0].ID, 10)}
		last = &place{Order: "id", Value: strconv.FormatInt(found[n-1].ID, 10)}
	}
	c.byCursor(answer, hasMore, first, last)
	return c.answer(http.StatusOK, answer)
}
