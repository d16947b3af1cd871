package traconsole

import (
	"net/http"
	"slices"

	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

// choiceAsk is the choice on the case's page that decides nothing yet.
const choiceAsk = "ask"

// askView is the page on which a question to the person is written.
type askView struct {
	headView
	AsksFor   string
	Question  string
	Templates []templateView
	Meanwhile string
	errs      govuk.Errors
}

// asksForWords stands for a question that is answered in words.
const asksForWords = "words"

func askItems() []govuk.RadioItem {
	items := []govuk.RadioItem{{Value: asksForWords, Text: "An answer in words"}}
	for _, f := range tra.AskableFields() {
		items = append(items, govuk.RadioItem{Value: string(f), Text: "The " + f.Words() + ", with words or without"})
	}
	return items
}

// questionView is a question to the person on the case's page.
type questionView struct {
	Text, AsksFor, By, At, Until, Ended, Reply string
	Open                                       bool
}

var questionEnds = map[tra.QuestionState]string{
	tra.QuestionAnswered: "answered", tra.QuestionWithdrawn: "taken back", tra.QuestionUnanswered: "not answered in its time", tra.QuestionOvertaken: "overtaken",
}

func questionViews(list []tra.Question) []questionView {
	var out []questionView
	for _, q := range list {
		v := questionView{Text: q.Text, By: q.AskedBy, At: moment(q.AskedAt), Until: dayIn(q.EndsAt), Open: q.State == tra.QuestionOpen, Reply: q.Reply.Reveal()}
		if q.AsksFor != "" {
			v.AsksFor = "Asks for the " + q.AsksFor.Words() + "."
		}
		if !v.Open {
			v.Ended = questionEnds[q.State] + " on " + moment(q.EndedAt)
		}
		out = append(out, v)
	}
	return out
}

// ask asks the person, or fills the question with a text to start from.
func (p *pages) ask(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("template") != "" {
		if c, ok := p.working(w, r); ok {
			p.renderAsk(w, r, c, http.StatusOK, nil)
		}
		return
	}
	in := tra.Asking{Revision: revision(r), Text: lines(r.PostFormValue("question"))}
	switch chosen := r.PostFormValue("asks_for"); chosen {
	case asksForWords:
	case "":
		in.AsksFor = "?" // nothing was selected, which is none of the fields
	default:
		in.AsksFor = tra.Field(chosen)
	}
	err := p.console.Ask(r.Context(), operator(r), caseID(r), in)
	if err == nil {
		backToCase(w, r)
		return
	}
	errs, meanwhile, ok := troubles(err)
	if !ok {
		p.fail(w, r, err)
		return
	}
	if c, ok := p.working(w, r); ok {
		p.renderAsk(w, r, c, httpd.Status(err), func(v *askView) { v.errs, v.Meanwhile = errs, meanwhile })
	}
}

func (p *pages) renderAsk(w http.ResponseWriter, r *http.Request, c tra.Case, status int, change func(*askView)) {
	v := askView{headView: headOf(c, operator(r)), AsksFor: r.PostFormValue("asks_for"), Question: lines(r.PostFormValue("question"))}
	templates, err := p.console.Templates(r.Context(), c.Request.Kind, tra.PurposeQuestion)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, t := range templates {
		v.Templates = append(v.Templates, templateView{string(t.ID), t.Name, t.Text})
	}
	if i := slices.IndexFunc(v.Templates, func(t templateView) bool { return t.Value == r.PostFormValue("template") }); i >= 0 {
		v.Question = v.Templates[i].Text
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, "Ask the person")
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, "Ask the person")
	httpd.Render(w, r, status, askPage(o, v))
}

// takeQuestionBack makes a case that waits for the person an operator's again.
func (p *pages) takeQuestionBack(w http.ResponseWriter, r *http.Request) {
	p.moved(w, r, p.console.TakeQuestionBack(r.Context(), operator(r), caseID(r), revision(r)))
}
