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

const textsPath = "/texts"

// newText stands in the place of the id of a text that is to be added.
const newText = "new"

// textRow is a text in the list.
type textRow struct{ ID, Name, For, Text, Changed string }

// textView is the form of one text.
type textView struct {
	ID, Name, Text, For string
	Fors                []govuk.SelectItem // of a new one
	New                 bool
	errs                govuk.Errors
}

func (v textView) URL() string { return textsPath + "/" + v.ID }

func forWords(k tra.Kind, p tra.Purpose) string { return kindWords[k] + ": " + lower(p.Words()) }

// listTexts lists the texts that operators start from.
func (p *pages) listTexts(w http.ResponseWriter, r *http.Request) {
	all, err := p.console.Templates(r.Context(), "", "")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var rows []textRow
	for _, t := range all {
		row := textRow{string(t.ID), t.Name, forWords(t.Kind, t.Purpose), t.Text, ""}
		if t.ChangedBy != "" {
			row.Changed = t.ChangedBy + ", " + moment(t.ChangedAt)
		}
		rows = append(rows, row)
	}
	httpd.Render(w, r, http.StatusOK, textsPage(Page(r, "Texts"), rows))
}

// text gives one of the texts; false where there is none, or it could not be
// read: then it has written the page that says so.
func (p *pages) text(w http.ResponseWriter, r *http.Request) (tra.Template, bool) {
	all, err := p.console.Templates(r.Context(), "", "")
	if err != nil {
		p.fail(w, r, err)
		return tra.Template{}, false
	}
	i := slices.IndexFunc(all, func(t tra.Template) bool { return string(t.ID) == r.PathValue("text") })
	if i < 0 {
		ErrorPage(w, r, http.StatusNotFound)
		return tra.Template{}, false
	}
	return all[i], true
}

func (p *pages) editText(w http.ResponseWriter, r *http.Request) {
	v := textView{ID: r.PathValue("text"), New: r.PathValue("text") == newText}
	if !v.New {
		t, ok := p.text(w, r)
		if !ok {
			return
		}
		v.Name, v.Text, v.For = t.Name, t.Text, forWords(t.Kind, t.Purpose)
	}
	renderText(w, r, v, http.StatusOK)
}

func renderText(w http.ResponseWriter, r *http.Request, v textView, status int) {
	title := "Change this text"
	if v.New {
		title = "Add a text"
		v.Fors = []govuk.SelectItem{{Value: "", Text: "Select what it is for"}}
		for _, k := range []tra.Kind{tra.TRNValidation, tra.BarringCheck} {
			for _, purpose := range tra.Purposes(k) {
				v.Fors = append(v.Fors, govuk.SelectItem{Value: string(k) + " " + string(purpose), Text: forWords(k, purpose)})
			}
		}
	}
	o := Page(r, title)
	o.Errors = v.errs
	o.Breadcrumbs = []govuk.Breadcrumb{{Text: "Texts", Href: textsPath}, {Text: title}}
	httpd.Render(w, r, status, textPage(o, v, title))
}

func (p *pages) saveText(w http.ResponseWriter, r *http.Request) {
	v := textView{ID: r.PathValue("text"), Name: lines(r.PostFormValue("name")), Text: lines(r.PostFormValue("text")), For: r.PostFormValue("for")}
	v.New = v.ID == newText
	t := tra.Template{Name: v.Name, Text: v.Text}
	if v.New {
		kind, purpose, _ := strings.Cut(v.For, " ")
		t.Kind, t.Purpose = tra.Kind(kind), tra.Purpose(purpose)
	} else {
		old, ok := p.text(w, r)
		if !ok {
			return
		}
		t.ID, v.For = old.ID, forWords(old.Kind, old.Purpose)
	}
	err := p.console.SaveTemplate(r.Context(), operator(r), t)
	if fault.Is(err, fault.Invalid) {
		for _, f := range fault.FieldsOf(err) {
			v.errs.Add(formField[f.Pointer], wrongWords(f))
		}
		renderText(w, r, v, http.StatusUnprocessableEntity)
		return
	}
	p.toTexts(w, r, err)
}

func (p *pages) dropText(w http.ResponseWriter, r *http.Request) {
	p.toTexts(w, r, p.console.DropTemplate(r.Context(), operator(r), tra.TemplateID(r.PathValue("text"))))
}

func (p *pages) toTexts(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, textsPath, http.StatusSeeOther)
}
