package traconsole

import (
	"net/http"
	"net/url"
	"slices"
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
	Results string                // how many there are, and what they are narrowed to
	Filters []selectView          // empty: a search is shown
	Sorts   map[tra.Sort]sortView // links of the columns; empty: the list has one order
	Hidden  []hidden              // what the filters keep
	Clear   string                // leads to the list without filters; empty: it has none
	Query   string                // what was searched for; empty: a queue is shown
	Rows    []listRow
	Next    string // of the following page
	Empty   string
	Asked   hidden    // when
	Told    string    // what was done on the page before
	Give    *giveView // nil: there is nothing to give
	Nobody  string    // why there was no next case to take
	More    bool      // a search that found more than it shows
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

// selectView is one list of the form that narrows the cases.
type selectView struct {
	Name, Label, Value string
	Items              []govuk.SelectItem
}

// sortView is how a column sorts the list.
type sortView struct {
	Href, Aria string
	Current    bool
}

type listRow struct {
	ID, Reference, Kind, Name, Check, Arrived, Waits, Due, Owner string
	Tags                                                         []tagView
	Select                                                       string // what the check box sends; empty: there is none
	Selected                                                     bool
}

// filterDays are the waits, in working days, that the list is narrowed to.
var filterDays = []int{1, 3, 5}

// queueURL is the list's address. It holds codes only.
func queueURL(f tra.QueueFilter) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Queue != tra.QueueOpen {
		set("queue", string(f.Queue))
	}
	set("kind", string(f.Kind))
	set("client", string(f.Client))
	set("reason", string(f.Check))
	if f.Days > 0 {
		set("days", strconv.Itoa(f.Days))
	}
	if f.Sort != tra.SortWaited {
		set("sort", string(f.Sort))
	}
	set("after", f.After)
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

// filterOf reads what a list is narrowed to; false where there is no such thing.
func filterOf(q url.Values) (tra.QueueFilter, bool) {
	f := tra.QueueFilter{
		Queue: tra.Queue(q.Get("queue")), Kind: tra.Kind(q.Get("kind")), Client: tra.Client(q.Get("client")), Check: tra.Check(q.Get("reason")),
		Sort: tra.Sort(q.Get("sort")), After: q.Get("after"),
	}
	if f.Queue == "" {
		f.Queue = tra.QueueOpen
	}
	if f.Sort == "" {
		f.Sort = tra.SortWaited
	}
	days := true
	if text := q.Get("days"); text != "" {
		f.Days, _ = strconv.Atoi(text)
		days = slices.Contains(filterDays, f.Days)
	}
	return f, days && queueWords[f.Queue] != "" && sortWords[f.Sort] != "" && (f.Kind == "" || kindWords[f.Kind] != "") && (f.Check == tra.CheckNone || checkWords[f.Check] != "")
}

// list is a queue, a page of it at a time.
func (p *pages) list(w http.ResponseWriter, r *http.Request) {
	f, ok := filterOf(r.URL.Query())
	if !ok {
		ErrorPage(w, r, http.StatusNotFound)
		return
	}
	p.showList(w, r, f, http.StatusOK, nil)
}

// narrow fills the form that narrows a list, and says what it is narrowed to.
func (v *listView) narrow(f tra.QueueFilter, op tra.Operator, page tra.QueuePage) {
	var parts []string
	add := func(name, label, all, value, said string, items ...govuk.SelectItem) {
		items = append([]govuk.SelectItem{{Text: all}}, items...)
		v.Filters = append(v.Filters, selectView{name, label, value, items})
		if value != "" {
			parts = append(parts, said)
		}
	}
	if op.Barring {
		add("kind", "Kind", "Both kinds", string(f.Kind), kindWords[f.Kind]+"s",
			govuk.SelectItem{Value: string(tra.TRNValidation), Text: "TRN validations"}, govuk.SelectItem{Value: string(tra.BarringCheck), Text: "Barring checks"})
	}
	if len(page.Clients) > 1 {
		var items []govuk.SelectItem
		for _, c := range page.Clients {
			items = append(items, govuk.SelectItem{Value: string(c), Text: string(c)})
		}
		add("client", "Client", "Every client", string(f.Client), "from "+string(f.Client), items...)
	}
	var reasons []govuk.SelectItem
	for _, c := range tra.Checks() {
		reasons = append(reasons, govuk.SelectItem{Value: string(c), Text: checkWords[c]})
	}
	add("reason", "Automatic check", "Any result", string(f.Check), "automatic check: "+within(checkWords[f.Check]), reasons...)
	plain := f
	plain.Kind, plain.Client, plain.Check, plain.After = "", "", tra.CheckNone, ""
	if !f.Queue.Done() {
		plain.Days = 0
		days, value := []govuk.SelectItem{}, ""
		for _, n := range filterDays {
			days = append(days, govuk.SelectItem{Value: strconv.Itoa(n), Text: count(n, "working day") + " or longer"})
			if n == f.Days {
				value = strconv.Itoa(n)
			}
		}
		add("days", "Has waited", "Any time", value, "waiting "+count(f.Days, "working day")+" or longer", days...)
		v.Sorts = map[tra.Sort]sortView{}
		var sorts []govuk.SelectItem
		for _, s := range []tra.Sort{tra.SortWaited, tra.SortDue, tra.SortArrived} {
			by := f
			by.Sort, by.After = s, ""
			one := sortView{Href: queueURL(by), Current: s == f.Sort}
			if one.Current {
				one.Aria = map[bool]string{true: "ascending", false: "descending"}[s == tra.SortDue]
			}
			v.Sorts[s] = one
			sorts = append(sorts, govuk.SelectItem{Value: string(s), Text: sortWords[s]})
		}
		v.Filters = append(v.Filters, selectView{"sort", "Order", string(f.Sort), sorts})
	}
	if f.Queue != tra.QueueOpen {
		v.Hidden = []hidden{{"queue", string(f.Queue)}}
	}
	v.Results = count(page.Counts[f.Queue], "case")
	if len(parts) > 0 {
		v.Results += ": " + strings.Join(parts, ", ")
		v.Clear = queueURL(plain)
		v.Empty = "No case here fits these filters."
	}
}

// find looks for a reference. It is posted, since people paste names there too.
func (p *pages) find(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.PostFormValue("reference"))
	if query == "" {
		p.showList(w, r, tra.QueueFilter{Queue: tra.QueueOpen, Sort: tra.SortWaited}, http.StatusUnprocessableEntity, func(v *listView) { v.errs.Add("reference", "Enter a reference or a part of it") })
		return
	}
	page, err := p.console.Queue(r.Context(), operator(r), tra.QueueFilter{Queue: tra.QueueAny, Query: query})
	switch {
	case err != nil:
		p.fail(w, r, err)
	case len(page.Rows) == 1:
		http.Redirect(w, r, caseURL(page.Rows[0].ID), http.StatusSeeOther)
	default:
		p.renderList(w, r, tra.QueueFilter{Query: query, Sort: tra.SortWaited}, page, http.StatusOK, nil)
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
		n, to := page.Counts[q], f
		to.Queue, to.After = q, ""
		v.Queues = append(v.Queues, queueView{
			Name: queueWords[q], Href: queueURL(to), Count: strconv.Itoa(n),
			Urgent: n > 0 && (q == tra.QueueOverdue || q == tra.QueueAttention), Current: q == f.Queue && f.Query == "",
		})
	}
	now := p.now()
	if page.HelpdeskAway {
		v.Away = awayText(page.HelpdeskAt)
	}
	for _, f := range page.Saved {
		v.Saved = append(v.Saved, savedOf(f))
	}
	for _, row := range page.Rows {
		one := listRowOf(row, now)
		if mine := row.Owner == operator(r).Email; row.State.Working() && row.Decision == nil && f.Query == "" && (mine || operator(r).Supervisor) {
			one.Select = chosenCase{tra.Seen{ID: row.ID, Revision: row.Revision, Owner: row.Owner}, string(row.Reference)}.value()
			v.Give = &giveView{At: hidden{"at", queueURL(f)}}
		}
		v.Rows = append(v.Rows, one)
	}
	if v.Give != nil && operator(r).Supervisor {
		list, err := p.operators(r.Context())
		if err != nil {
			p.fail(w, r, err)
			return
		}
		v.Give.To = []govuk.SelectItem{{Text: "Choose"}, {Value: nobody, Text: "Nobody"}}
		for _, op := range list {
			v.Give.To = append(v.Give.To, govuk.SelectItem{Value: op.Email, Text: op.Email})
		}
	}
	if p.sessions != nil {
		v.Told = p.sessions.PopString(r.Context(), toldKey)
	}
	if f.Query != "" {
		v.Heading, v.More = "Search results", page.Next != ""
		v.Empty = "No case has this in its reference. Check it, or look through the queues."
	} else {
		v.Empty = emptyWords[f.Queue]
		v.narrow(f, operator(r), page)
		if page.Next != "" {
			next := f
			next.After = page.Next
			v.Next = queueURL(next)
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
		p.showList(w, r, tra.QueueFilter{Queue: tra.QueueOpen, Sort: tra.SortWaited}, http.StatusOK, func(v *listView) { v.Nobody = fault.SafeText(err) })
	default:
		p.fail(w, r, err)
	}
}

func listRowOf(row tra.QueueRow, now time.Time) listRow {
	v := listRow{
		ID: string(row.ID), Reference: string(row.Reference), Kind: kindWords[row.Kind], Name: fullName(row.Name.First, row.Name.Last),
		Check: checkWords[row.Check], Arrived: shortDay(row.SubmittedAt, now), Waits: waited(row.QueuedAt, now), Due: shortDay(row.ExpectedBy, now), Owner: row.Owner, Tags: []tagView{stateTag(row.Request, row.Decision)},
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
