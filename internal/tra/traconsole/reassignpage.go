package traconsole

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

// giveView is the form below the list that gives the selected cases to somebody.
type giveView struct {
	At     hidden             // the list's address
	To     []govuk.SelectItem // empty: only back
	Chosen string
}

// nobody stands in a form for no operator.
const nobody = "nobody"

// chosenCase is a case as a list's check box names it.
type chosenCase struct {
	tra.Seen
	Reference string
}

func (c chosenCase) value() string {
	return strings.Join([]string{string(c.ID), strconv.FormatInt(c.Revision, 10), c.Reference, c.Owner}, "|")
}

// chosen reads the cases that were selected; false where the list sent none of them.
func chosen(r *http.Request) ([]chosenCase, bool) {
	var out []chosenCase
	for _, value := range r.PostForm["case"] {
		parts := strings.SplitN(value, "|", 4)
		if len(parts) != 4 {
			return nil, false
		}
		revision, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			return nil, false
		}
		out = append(out, chosenCase{tra.Seen{ID: tra.RequestID(parts[0]), Revision: revision, Owner: parts[3]}, parts[2]})
	}
	return out, len(out) <= casesAPage
}

// casesAPage is how many cases tra gives at a time.
const casesAPage = 50

// operators lists those that cases can be given to.
func (p *pages) operators(ctx context.Context) ([]tra.Operator, error) {
	if p.accounts == nil {
		return nil, nil
	}
	list, err := p.accounts(ctx)
	var out []tra.Operator
	for _, a := range list {
		if !a.Disabled && a.HasRole(Roles()...) {
			out = append(out, operatorOf(a))
		}
	}
	return out, err
}

// receiver is whom a form gives cases to; false where there is no such operator.
func (p *pages) receiver(r *http.Request) (to tra.Operator, ok bool, err error) {
	email := r.PostFormValue("to")
	if email == nobody {
		return tra.Operator{}, true, nil
	}
	list, err := p.operators(r.Context())
	for _, op := range list {
		if op.Email == email {
			return op, true, err
		}
	}
	return tra.Operator{}, false, err
}

// listAt is the list that a form was sent from.
func listAt(r *http.Request) tra.QueueFilter {
	if u, err := url.Parse(r.PostFormValue("at")); err == nil {
		if f, ok := filterOf(u.Query()); ok {
			return f
		}
	}
	f, _ := filterOf(nil)
	return f
}

type reassignView struct {
	Heading, Text, Back string
	Cases               []chosenCase
	Hidden              []hidden
	Left                []tra.LeftAlone // what was not given
}

// reassign asks whether the selected cases are to be given to somebody.
func (p *pages) reassign(w http.ResponseWriter, r *http.Request) {
	cases, ok := chosen(r)
	to, known, err := p.receiver(r)
	switch {
	case err != nil:
		p.fail(w, r, err)
		return
	case !ok:
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	case len(cases) == 0 || !known:
		f := listAt(r)
		p.showList(w, r, f, http.StatusUnprocessableEntity, func(v *listView) {
			if v.Give == nil {
				return
			}
			if v.Give.Chosen = r.PostFormValue("to"); !known {
				v.errs.Add("to", "Select who the cases are for")
			}
			for i, row := range v.Rows {
				for _, c := range cases {
					v.Rows[i].Selected = v.Rows[i].Selected || row.ID == string(c.ID)
				}
				if len(cases) == 0 && row.Select != "" && len(v.errs) == 0 {
					v.errs.Add("case-"+row.ID, "Select at least one case")
				}
			}
		})
		return
	}
	v := reassignView{Heading: gives(len(cases), to.Email), Cases: cases, Back: queueURL(listAt(r)), Hidden: []hidden{{"to", r.PostFormValue("to")}, {"at", r.PostFormValue("at")}}}
	if to.Email != "" {
		v.Text = "They keep them until the end of the next working day, and longer while they go on."
	}
	for _, c := range cases {
		v.Hidden = append(v.Hidden, hidden{"case", c.value()})
	}
	httpd.Render(w, r, http.StatusOK, reassignPage(Page(r, v.Heading), v))
}

func gives(n int, to string) string {
	if to == "" {
		return "Give " + count(n, "case") + " back, so that nobody has them"
	}
	return "Give " + count(n, "case") + " to " + to
}

// confirmReassign gives them.
func (p *pages) confirmReassign(w http.ResponseWriter, r *http.Request) {
	cases, ok := chosen(r)
	to, known, err := p.receiver(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !ok || !known || len(cases) == 0 {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	seen := make([]tra.Seen, len(cases))
	for i, c := range cases {
		seen[i] = c.Seen
	}
	given, left, err := p.console.Reassign(r.Context(), operator(r), seen, to)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	told := count(given, "case") + " given back."
	if to.Email != "" {
		told = count(given, "case") + " given to " + to.Email + "."
	}
	back := queueURL(listAt(r))
	if len(left) > 0 {
		v := reassignView{Heading: count(len(left), "case") + " left alone", Text: told + " These were not, since they changed meanwhile or cannot be:", Left: left, Back: back}
		httpd.Render(w, r, http.StatusConflict, reassignPage(Page(r, v.Heading), v))
		return
	}
	p.tell(r, told)
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// toldKey holds in a session what the list says once.
const toldKey = "told"

// tell has the list say what was done, once.
func (p *pages) tell(r *http.Request, text string) {
	if p.sessions != nil {
		p.sessions.Put(r.Context(), toldKey, text)
	}
}
