package traconsole

import (
	"net/http"
	"slices"
	"strconv"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/tra"
)

// checkView is the record that an operator picked, beside the claim, before it is decided.
type checkView struct {
	headView
	Record     recordView
	MergedFrom string
	Rows       []rowView
	Missing    string
	Accepts    []rowView // those whose difference needs a reason
	Review     string
	Refused    string
	SameTRN    []requestView
	Weakest    string // the field that speaks most against it
	AsAt       string
	Preview    previewView
	Why        string
	TRN        hidden
	Decidable  bool
	Confirm    bool // it is decidable, and nobody else holds the case
	Meanwhile  string
	errs       govuk.Errors
}

// previewView is exactly what the client will read.
type previewView struct{ Version, Outcome, TRN, Reason, Note string }

// check sets the picked record beside the claim. It is posted, since a TRN stands in no URL.
func (p *pages) check(w http.ResponseWriter, r *http.Request) {
	if c, ok := p.working(w, r); ok {
		p.renderCheck(w, r, c, http.StatusOK, nil)
	}
}

func (p *pages) renderCheck(w http.ResponseWriter, r *http.Request, c tra.Case, status int, change func(*checkView)) {
	trn, err := person.NewTRN(r.PostFormValue("trn"))
	if err != nil {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	checked, err := p.console.Check(r.Context(), operator(r), c.Request.ID, trn)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := checkView{
		headView: headOf(c, operator(r)), Record: recordOf(checked.Record, false), MergedFrom: checked.MergedFrom.Reveal(),
		Review: checked.Review, Refused: checked.Refused, SameTRN: requestViews(checked.SameTRN), AsAt: moment(checked.AsAt),
		Preview: previewOf(c, tra.Deciding{Outcome: tra.TRNFound, TRN: checked.Record.TRN}),
		Why:     r.PostFormValue("why"), TRN: hidden{"trn", trn.Reveal()},
		Decidable: checked.Refused == "" && c.Request.State.Working() && c.Decision == nil,
	}
	v.Confirm = v.Decidable && v.Other == nil
	v.Record.Alerts = alertsTag(operator(r), checked.Record)
	v.Rows, v.Missing = compareRows(checkedRows(c.Claim, checked))
	v.Weakest = weakest(v.Rows, checked.Evidence)
	for _, d := range checked.Fields {
		if slices.Contains(checked.Accepts, d.Field) {
			v.Accepts = append(v.Accepts, differenceRow(d))
		}
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, "Check this record")
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, "Check this record")
	httpd.Render(w, r, status, checkPage(o, v))
}

func caseCrumbs(h headView, page string) []govuk.Breadcrumb {
	return []govuk.Breadcrumb{{Text: "Cases", Href: "/"}, {Text: h.Reference, Href: h.URL()}, {Text: page}}
}

// checkedRows sets a claim beside the picked record: how they agree is the
// register's evidence, and whether they do is tra's.
func checkedRows(c tra.Claim, checked tra.Checked) []rowView {
	rows := beside(c, checked.Record, checked.Evidence)
	for _, d := range checked.Fields {
		i := indexOf(rows, string(d.Field))
		if i < 0 {
			continue
		}
		switch row := &rows[i]; {
		case d.Agreement == tra.Agrees && row.Is == differs:
			row.Is, row.Tag, row.How, row.said = agrees, agreementTags[agrees], "leads to this record", ""
			row.ClaimedParts, row.RecordedParts = []part{{row.Claimed, false}}, []part{{row.Recorded, false}}
		case d.Agreement == tra.Differs && row.Is == agrees:
			row.Is, row.Tag, row.How, row.said = differs, agreementTags[differs], "", ""
		}
	}
	return rows
}

func differenceRow(d tra.Difference) rowView {
	v := rowView{Field: fieldName(string(d.Field)), Claimed: d.Claimed.Reveal(), Recorded: d.Recorded.Reveal()}
	if d.Field == tra.FieldDateOfBirth {
		v.Claimed, v.Recorded = recordedDay(v.Claimed), recordedDay(v.Recorded)
	}
	is := map[tra.Agreement]agreement{tra.Agrees: agrees, tra.Differs: differs, tra.Missing: missing}[d.Agreement]
	v.Tag = agreementTags[is]
	switch {
	case is != missing:
	case v.Claimed == "":
		v.How = "not given"
	default:
		v.How = "not on the record"
	}
	return v
}

func previewOf(c tra.Case, d tra.Deciding) previewView {
	return previewView{strconv.FormatInt(c.Request.Version+1, 10), outcomeWords[d.Outcome], d.TRN.Reveal(), reasonWords(d.Reason), d.Note}
}

// confirmCheck decides for the picked record.
func (p *pages) confirmCheck(w http.ResponseWriter, r *http.Request) {
	trn, err := person.NewTRN(r.PostFormValue("trn"))
	if err != nil {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	_, err = p.console.Decide(r.Context(), operator(r), caseID(r), tra.Deciding{
		Revision: revision(r), Outcome: tra.TRNFound, TRN: trn, Why: lines(r.PostFormValue("why")),
	})
	if err == nil {
		backToCase(w, r)
		return
	}
	errs, meanwhile, ok := troubles(err)
	if !ok {
		p.fail(w, r, err)
		return
	}
	if c, ok := p.open(w, r); ok {
		p.renderCheck(w, r, c, httpd.Status(err), func(v *checkView) { v.errs, v.Meanwhile = errs, meanwhile })
	}
}

// troubles makes of an error what a form's page can say of it; false for one that is none of the form's.
func troubles(err error) (errs govuk.Errors, meanwhile string, ok bool) {
	switch fault.KindOf(err) {
	case fault.Conflict:
		return nil, fault.SafeText(err), true
	case fault.Unavailable:
		errs.Add("", "The register does not answer, so nothing has been decided. What you entered is kept: try again in a minute")
		return errs, "", true
	case fault.Invalid:
		for _, f := range fault.FieldsOf(err) {
			errs.Add(formField[f.Pointer], wrongWords(f))
		}
		return errs, "", true
	}
	return nil, "", false
}

// formField leads from a field of a decision to the id of its input; others have none.
var formField = map[string]string{"/why": "why", "/note": "note", "/name": "name", "/text": "text", "/purpose": "for", "/question": "question", "/asks_for": "asks_for"}

var wrongTexts = map[fault.Field]string{
	{Pointer: "/purpose", Reason: "blank"}:                    "Enter why you are searching",
	{Pointer: "/purpose", Reason: "too_long"}:                 "Why you are searching must be 100 characters or fewer",
	{Pointer: "/purpose", Reason: "personal_number"}:          "Why you are searching must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/purpose", Reason: "not_for_this_kind"}:        "Select what the text is for",
	{Pointer: "/name", Reason: "blank"}:                       "Enter a name",
	{Pointer: "/name", Reason: "too_long"}:                    "The name must be 60 characters or fewer",
	{Pointer: "/name", Reason: "personal_number"}:             "The name must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/text", Reason: "blank"}:                       "Enter the text",
	{Pointer: "/text", Reason: "too_long"}:                    "The text must be 1,000 characters or fewer",
	{Pointer: "/text", Reason: "personal_number"}:             "The text must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/text", Reason: "slot"}:                        "Every square bracket must have its other one, and none may stand inside of another pair",
	{Pointer: "/question", Reason: "blank"}:                   "Enter the question",
	{Pointer: "/question", Reason: "too_long"}:                "The question must be 1,000 characters or fewer",
	{Pointer: "/question", Reason: "personal_number"}:         "The question must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/question", Reason: "slot"}:                    "Fill in or take out what stands in square brackets",
	{Pointer: "/asks_for", Reason: "not_for_this_kind"}:       "Select what you need",
	{Pointer: "/query", Reason: "blank"}:                      nothingToSearch,
	{Pointer: "/born", Reason: "not_a_year"}:                  "The first year of birth must be a year from 1900, like 1984",
	{Pointer: "/born_up_to", Reason: "not_a_year"}:            "The last year of birth must be a year from 1900, like 1984",
	{Pointer: "/born_up_to", Reason: "before"}:                "The last year of birth must not be before the first",
	{Pointer: "/why", Reason: "blank"}:                        "Enter your reason",
	{Pointer: "/why", Reason: "too_long"}:                     "Your reason must be 1,000 characters or fewer",
	{Pointer: "/why", Reason: "personal_number"}:              "Your reason must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/note", Reason: "blank"}:                       "Enter a note for the client",
	{Pointer: "/note", Reason: "too_long"}:                    "The note must be 1,000 characters or fewer",
	{Pointer: "/note", Reason: "personal_number"}:             "The note must not hold a TRN, a National Insurance number or a date",
	{Pointer: "/note", Reason: "slot"}:                        "Fill in or take out what stands in square brackets",
	{Pointer: "/trn", Reason: "no_record"}:                    "No record has this TRN any more",
	{Pointer: "/trn", Reason: "register_behind"}:              "No record has this TRN, in a register that is older than a day. Try again when it has been brought up to date",
	{Pointer: "/trn", Reason: "inactive"}:                     "This record is not active, so it cannot be the answer",
	{Pointer: "/outcome", Reason: "contradicts_record"}:       "This outcome contradicts the record: no prohibition from teaching is in force on it today, or there is no record",
	{Pointer: "/outcome", Reason: "blank"}:                    "Select what you found",
	{Pointer: "/outcome", Reason: "not_for_this_kind"}:        "Select what you found",
	{Pointer: "/failure_reason", Reason: "blank"}:             "Select what you found",
	{Pointer: "/failure_reason", Reason: "not_for_this_kind"}: "Select what you found",
}

func wrongWords(f fault.Field) string {
	if text, ok := wrongTexts[f]; ok {
		return text
	}
	return "This cannot be decided: " + f.Reason
}
