package traconsole

import (
	"net/http"
	"strconv"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/person"
	"traid/internal/tra"
)

// searchView is a search of the register, and what it found.
type searchView struct {
	Asked  bool
	Query  string
	With   []choiceView // parts of the claim to search with
	Status string
	Born   [2]string // the first and the last year, as typed
	Found  []recordView
	Down   bool
	Next   string // TRN of the last record, when there may be more
	Later  bool   // not the first page
}

// narrowed tells whether a filter is set.
func (s searchView) narrowed() bool { return s.Status != "" || s.Born != [2]string{} }

// again gives the fields of a form that asks the same again.
func (s searchView) again() []hidden {
	return []hidden{{"query", s.Query}, {"status", s.Status}, {"born", s.Born[0]}, {"born_up_to", s.Born[1]}}
}

// asked reads the form of a search. Not ok when no page of ours sent it.
func asked(r *http.Request) (s searchView, q tra.Query, ok bool) {
	field := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	s = searchView{Asked: true, Query: field("query"), Status: field("status"), Born: [2]string{field("born"), field("born_up_to")}, Later: field("after") != ""}
	q = tra.Query{Text: person.NewText(s.Query), Status: s.Status, Born: yearOf(s.Born[0]), BornUpTo: yearOf(s.Born[1])}
	var err error
	if s.Later {
		q.After, err = person.NewTRN(field("after"))
	}
	return s, q, err == nil && (s.Status == "" || s.Status == "active" || s.Status == "inactive")
}

// yearOf gives a year as a number, one that no year is when it cannot be read.
func yearOf(text string) int {
	if text == "" {
		return 0
	}
	year, err := strconv.Atoi(text)
	if err != nil || year == 0 {
		return -1
	}
	return year
}

// searchErrors says what is wrong with a search. A field that is not on a page
// is the query's.
func searchErrors(err error) (errs govuk.Errors) {
	for _, f := range fault.FieldsOf(err) {
		field := strings.TrimPrefix(f.Pointer, "/")
		if text, ok := wrongTexts[f]; ok {
			errs.Add(field, text)
		} else {
			errs.Add("query", nothingToSearch)
		}
	}
	if len(errs) == 0 {
		errs.Add("query", fault.SafeText(err))
	}
	return errs
}

// nothingToSearch is said of a query that holds nothing to search for.
const nothingToSearch = "Enter a name, a date of birth, a TRN, a National Insurance number or an email address"

// statusItems are the statuses that a search may be narrowed to.
var statusItems = []govuk.SelectItem{{Text: "Active or not"}, {Value: "active", Text: "Active"}, {Value: "inactive", Text: "Not active"}}
