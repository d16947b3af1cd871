package traconsole

import (
	"net/http"
	"slices"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

// answerForm is an answer without a picked record: a failure with its note, or a barring check's outcome.
type answerForm struct {
	Outcome tra.Outcome
	Reason  tra.FailureReason
	Note    string
	Why     string
}

// answerFormOf reads the form; false when nothing that the case can be answered with was chosen.
func answerFormOf(r *http.Request, k tra.Kind) (answerForm, bool) {
	f := answerForm{Note: lines(r.PostFormValue("note")), Why: lines(r.PostFormValue("why"))}
	chosen := r.PostFormValue("answer")
	if k == tra.BarringCheck && (chosen == string(tra.Barred) || chosen == string(tra.NotBarred)) {
		f.Outcome = tra.Outcome(chosen)
		return f, true
	}
	f.Outcome, f.Reason = tra.Failed, tra.FailureReason(chosen)
	return f, slices.Contains(tra.FailureReasons(k), f.Reason)
}

// lines gives a text with the line ends that we keep; browsers send others.
func lines(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func (f answerForm) chosen() hidden {
	if f.Reason != "" {
		return hidden{"answer", string(f.Reason)}
	}
	return hidden{"answer", string(f.Outcome)}
}

func (f answerForm) deciding(revision int64) tra.Deciding {
	return tra.Deciding{Revision: revision, Outcome: f.Outcome, Reason: f.Reason, Note: f.Note, Why: f.Why}
}

// noteView is the page on which the note for the client is written.
type noteView struct {
	headView
	Reason    string
	Chosen    hidden
	Note      string
	Templates []templateView
	Meanwhile string
	errs      govuk.Errors
}

type templateView struct{ Value, Name, Text string }

// answer leads from a choice on the case's page to its note, or to its check page where no note is needed.
func (p *pages) answer(w http.ResponseWriter, r *http.Request) {
	c, ok := p.working(w, r)
	if !ok {
		return
	}
	if r.PostFormValue("answer") == choiceAsk && c.Request.Kind == tra.TRNValidation {
		p.renderAsk(w, r, c, http.StatusOK, nil)
		return
	}
	f, ok := answerFormOf(r, c.Request.Kind)
	if !ok {
		p.renderCase(w, r, c, http.StatusUnprocessableEntity, func(v *caseView) { v.errs.Add("answer", "Select what you found") })
		return
	}
	if f.Outcome != tra.Failed {
		p.renderAnswerCheck(w, r, c, f, http.StatusOK, nil)
		return
	}
	p.renderNote(w, r, c, f, http.StatusOK, func(v *noteView) { v.begin(r) })
}

// begin fills a note with the template that was chosen, or an empty one with the first.
func (v *noteView) begin(r *http.Request) {
	chosen := slices.IndexFunc(v.Templates, func(t templateView) bool { return t.Value == r.PostFormValue("template") })
	if chosen < 0 && v.Note == "" {
		chosen = 0
	}
	if chosen >= 0 && chosen < len(v.Templates) {
		v.Note = v.Templates[chosen].Text
	}
}

func (p *pages) renderNote(w http.ResponseWriter, r *http.Request, c tra.Case, f answerForm, status int, change func(*noteView)) {
	v := noteView{headView: headOf(c, operator(r)), Reason: f.Reason.Words(), Chosen: f.chosen(), Note: f.Note}
	templates, err := p.console.Templates(r.Context(), c.Request.Kind, tra.Purpose(f.Reason))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, t := range templates {
		v.Templates = append(v.Templates, templateView{string(t.ID), t.Name, t.Text})
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, "Note for the client")
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, "Note for the client")
	httpd.Render(w, r, status, notePage(o, v))
}

// answerCheckView is the last look at an answer without a picked record.
type answerCheckView struct {
	headView
	Title     string
	Chosen    hidden
	Note      hidden
	Why       string
	Preview   previewView
	HasNote   bool
	Barring   bool
	Review    string
	Open      []alertView // alerts that are in force
	Down      bool        // the register did not answer: the alerts are not known
	Decidable bool
	Confirm   bool // it is decidable, and nobody else holds the case
	Meanwhile string
	errs      govuk.Errors
}

// checkAnswer shows what the client will read.
func (p *pages) checkAnswer(w http.ResponseWriter, r *http.Request) {
	c, ok := p.working(w, r)
	if !ok {
		return
	}
	f, ok := answerFormOf(r, c.Request.Kind)
	if !ok {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	for _, wrong := range f.deciding(0).Check(c.Request.Kind) { // so that no preview shows a note that will be refused
		if wrong.Pointer == "/note" {
			p.renderNote(w, r, c, f, http.StatusUnprocessableEntity, func(v *noteView) { v.errs.Add("note", wrongWords(wrong)) })
			return
		}
	}
	p.renderAnswerCheck(w, r, c, f, http.StatusOK, nil)
}

func (p *pages) renderAnswerCheck(w http.ResponseWriter, r *http.Request, c tra.Case, f answerForm, status int, change func(*answerCheckView)) {
	v := answerCheckView{
		headView: headOf(c, operator(r)), Title: "Check your answer", Chosen: f.chosen(), Note: hidden{"note", f.Note}, Why: f.Why,
		Preview: previewOf(c, f.deciding(0)), HasNote: f.Outcome == tra.Failed, Barring: c.Request.Kind == tra.BarringCheck,
		Decidable: c.Request.State.Working() && c.Decision == nil,
	}
	v.Confirm = v.Decidable && v.Other == nil
	if v.Barring {
		e, err := p.evidence(r, c, false)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		v.Down = e.Down
		if e.Record != nil {
			v.Open = slices.DeleteFunc(slices.Clone(e.Record.Alerts), func(a alertView) bool { return !a.Open })
		}
		checked, err := p.console.CheckOutcome(r.Context(), operator(r), c.Request.ID, f.Outcome)
		switch {
		case fault.Is(err, fault.Unavailable):
			v.Down = true
		case err != nil:
			p.fail(w, r, err)
			return
		}
		v.Review = checked.Review
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, v.Title)
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, v.Title)
	httpd.Render(w, r, status, answerCheckPage(o, v))
}

// confirmAnswer decides.
func (p *pages) confirmAnswer(w http.ResponseWriter, r *http.Request) {
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	f, ok := answerFormOf(r, c.Request.Kind)
	if !ok {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	_, err := p.console.Decide(r.Context(), operator(r), c.Request.ID, f.deciding(revision(r)))
	if err == nil {
		backToCase(w, r)
		return
	}
	errs, meanwhile, ok := troubles(err)
	if !ok {
		p.fail(w, r, err)
		return
	}
	if slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Pointer == "/note" }) {
		p.renderNote(w, r, c, f, http.StatusUnprocessableEntity, func(v *noteView) { v.errs = errs })
		return
	}
	p.renderAnswerCheck(w, r, c, f, httpd.Status(err), func(v *answerCheckView) { v.errs, v.Meanwhile = errs, meanwhile })
}
