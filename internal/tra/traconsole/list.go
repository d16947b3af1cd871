package traconsole

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

type listView struct {
	Heading string
	Queues  []queueView
	Kinds   []kindView // empty: the operator sees one kind only
	Query   string     // what was searched for; empty: a queue is shown
	Rows    []listRow
	Next    string // of the following page
	Empty   string
	Asked   hidden // when
	Nobody  string // why there was no next case to take
	More    bool   // a search that found more than it shows
	Saved   []savedView
	Away    string // that the helpdesk is not reached; empty: it is
	errs    govuk.Errors
}

type queueView struct {
	Name, Href string
	Count      string
	Urgent     bool
	Current    bool
}

type kindView struct {
	Name, Href string
	Current    bool
}

type listRow struct {
	ID, Reference, Kind, Name, Waits, Due, Owner string
	Tags                                         []tagView
}

func queueURL(q tra.Queue, k tra.Kind, after string) string {
	v := url.Values{}
	if q != tra.QueueOpen {
		v.Set("queue", string(q))
	}
	if k != "" {
		v.Set("kind", string(k))
	}
	if after != "" {
		v.Set("after", after)
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

// list is a queue, a page of it at a time.
func (p *pages) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := tra.QueueFilter{Queue: tra.Queue(q.Get("queue")), Kind: tra.Kind(q.Get("kind")), After: q.Get("after")}
	if f.Queue == "" {
		f.Queue = tra.QueueOpen
	}
	if queueWords[f.Queue] == "" || f.Kind != "" && kindWords[f.Kind] == "" {
		ErrorPage(w, r, http.StatusNotFound)
		return
	}
	p.showList(w, r, f, http.StatusOK, nil)
}

// find looks for a reference. It is posted, since people paste names there too.
func (p *pages) find(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.PostFormValue("reference"))
	if query == "" {
		p.showList(w, r, tra.QueueFilter{Queue: tra.QueueOpen}, http.StatusUnprocessableEntity, func(v *listView) { v.errs.Add("reference", "Enter a reference or a part of it") })
		return
	}
	page, err := p.console.Queue(r.Context(), operator(r), tra.QueueFilter{Queue: tra.QueueAny, Query: query})
	switch {
	case err != nil:
		p.fail(w, r, err)
	case len(page.Rows) == 1:
		http.Redirect(w, r, caseURL(page.Rows[0].ID), http.StatusSeeOther)
	default:
		p.renderList(w, r, tra.QueueFilter{Query: query}, page, http.StatusOK, nil)
	}
}

func (p *pages) showList(w http.ResponseWriter, r *http.Request, f tra.QueueFilter, status int, change func(*listView)) {
	page, err := p.console.Queue(r.Context(), operator(r), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.renderList(w, r, f, page, status, change)
}

func (p *pages) renderList(w http.ResponseWriter, r *http.Request, f tra.QueueFilter, page tra.QueuePage, status int, change func(*listView)) {
	v := listView{Asked: p.asked(), Heading: queueWords[f.Queue] + " cases", Query: f.Query}
	for _, q := range tra.Queues() {
		n := page.Counts[q]
		v.Queues = append(v.Queues, queueView{
			Name: queueWords[q], Href: queueURL(q, f.Kind, ""), Count: strconv.Itoa(n),
			Urgent: n > 0 && (q == tra.QueueOverdue || q == tra.QueueAttention), Current: q == f.Queue && f.Query == "",
		})
	}
	if operator(r).Barring && f.Query == "" {
		for _, k := range []tra.Kind{"", tra.TRNValidation, tra.BarringCheck} {
			name := "Both kinds"
			if k != "" {
				name = kindWords[k] + "s"
			}
			v.Kinds = append(v.Kinds, kindView{Name: name, Href: queueURL(f.Queue, k, ""), Current: k == f.Kind})
		}
	}
	now := p.now()
	if page.HelpdeskAway {
		v.Away = awayText(page.HelpdeskAt)
	}
	for _, f := range page.Saved {
		v.Saved = append(v.Saved, savedOf(f))
	}
	for _, row := range page.Rows {
		v.Rows = append(v.Rows, listRowOf(row, now))
	}
	if f.Query != "" {
		v.Heading, v.More = "Search results", page.Next != ""
		v.Empty = "No case has this in its reference. Check it, or look through the queues."
	} else {
		v.Empty = emptyWords[f.Queue]
		if page.Next != "" {
			v.Next = queueURL(f.Queue, f.Kind, page.Next)
		}
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, v.Heading)
	o.Errors = v.errs
	httpd.Render(w, r, status, listPage(o, v))
}

// awayText says that the helpdesk is not reached, and what that means.
func awayText(last time.Time) string {
	text := "The helpdesk has not been reached yet."
	if !last.IsZero() {
		text = "The helpdesk was last reached on " + moment(last) + "."
	}
	return text + " Decide as always: decisions are kept, and are put onto the tickets and released when it answers."
}

// asked is when a page was asked for, in microseconds.
func (p *pages) asked() hidden { return hidden{"asked", strconv.FormatInt(p.now().UnixMicro(), 10)} }

// takeNext leads to the case that the operator is to work at.
func (p *pages) takeNext(w http.ResponseWriter, r *http.Request) {
	var asked time.Time
	if at, err := strconv.ParseInt(r.PostFormValue("asked"), 10, 64); err == nil {
		asked = time.UnixMicro(at)
	}
	id, err := p.console.TakeNext(r.Context(), operator(r), asked)
	switch {
	case err == nil:
		http.Redirect(w, r, caseURL(id), http.StatusSeeOther)
	case fault.Is(err, fault.NotFound):
		p.showList(w, r, tra.QueueFilter{Queue: tra.QueueOpen}, http.StatusOK, func(v *listView) { v.Nobody = fault.SafeText(err) })
	default:
		p.fail(w, r, err)
	}
}

func listRowOf(row tra.QueueRow, now time.Time) listRow {
	v := listRow{
		ID: string(row.ID), Reference: string(row.Reference), Kind: kindWords[row.Kind], Name: fullName(row.Name.First, row.Name.Last),
		Waits: lasted(now.Sub(row.QueuedAt)), Due: dayIn(row.ExpectedBy), Owner: row.Owner, Tags: []tagView{stateTag(row.Request, row.Decision)},
	}
	if row.Decision != nil {
		v.Owner = row.Decision.By
	}
	if row.State == tra.WaitingForPerson {
		v.Due = "Paused"
	}
	if !row.State.Open() {
		v.Waits = ""
		if row.Decision != nil && row.State == tra.Answered {
			v.Tags = append(v.Tags, tagView{outcomeWords[row.Decision.Outcome], grey})
		}
	}
	if v.Name == "" {
		v.Name = "Details deleted"
	}
	for _, f := range row.Flags {
		v.Tags = append(v.Tags, flagTag(f.Flag))
	}
	return v
}
