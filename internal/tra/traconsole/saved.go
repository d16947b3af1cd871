package traconsole

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"traid/internal/access"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/signin"
	"traid/internal/tra"
)

// The forms of a case whose text is kept when it is not handed in, by where they
// lead to.
const (
	formSearch       = "search"
	formCheck        = "check"
	formConfirmCheck = "check/confirm"
	formAnswer       = "answer"
	formNote         = "answer/check"
	formConfirm      = "answer/confirm"
	formReview       = "review"
	formReopen       = "reopen"
	formAsk          = "ask"
)

var keptForms = []string{formSearch, formCheck, formConfirmCheck, formAnswer, formNote, formConfirm, formReview, formReopen, formAsk}

// The fields of saving: which form, and that a script does it while one types.
const (
	fieldForm  = "form"
	fieldQuiet = "quiet"
)

func savedURL(id tra.RequestID) string { return caseURL(id) + "/saved" }

// KeepForm is signin.Options.Keep of the console: what an operator typed comes
// back on the page that it gives.
func KeepForm(console Console) func(r *http.Request, owner access.Account) (string, error) {
	return func(r *http.Request, owner access.Account) (string, error) {
		_, form, _ := strings.Cut(r.Pattern, "{id}/")
		if form == "saved" {
			form = r.PostFormValue(fieldForm)
		}
		if !slices.Contains(keptForms, form) {
			return "", nil
		}
		err := console.SaveForm(r.Context(), operatorOf(owner), savedForm(r, form))
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
			return "", nil
		}
		return savedURL(caseID(r)), err
	}
}

func savedForm(r *http.Request, form string) tra.SavedForm {
	values := url.Values{}
	for name, list := range r.PostForm {
		if name != signin.FormOf && name != fieldForm && name != fieldQuiet {
			values[name] = list
		}
	}
	return tra.SavedForm{Request: caseID(r), Form: form, Values: person.NewText(values.Encode()), Revision: revision(r)}
}

// saveForm keeps a form that is not handed in yet.
func (p *pages) saveForm(w http.ResponseWriter, r *http.Request) {
	form := r.PostFormValue(fieldForm)
	if !slices.Contains(keptForms, form) {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	if err := p.console.SaveForm(r.Context(), operator(r), savedForm(r, form)); err != nil {
		p.fail(w, r, err)
		return
	}
	if r.PostFormValue(fieldQuiet) != "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	backToCase(w, r)
}

func (p *pages) dropForm(w http.ResponseWriter, r *http.Request) {
	p.moved(w, r, p.console.DropForm(r.Context(), operator(r), caseID(r)))
}

// continueForm shows a form as its operator left it, and what has changed since.
func (p *pages) continueForm(w http.ResponseWriter, r *http.Request) {
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	if c.Saved == nil {
		backToCase(w, r)
		return
	}
	values, err := url.ParseQuery(c.Saved.Values.Reveal())
	if err != nil {
		p.fail(w, r, fault.New(fault.Internal, "a saved form cannot be read"))
		return
	}
	r = r.Clone(r.Context())
	r.PostForm = values
	changed, why := c.Saved.Changed, r.PostFormValue("why")
	f, chosen := answerFormOf(r, c.Request.Kind)
	note := func(v *noteView) { v.Meanwhile = changed }
	answer := func(v *answerCheckView) { v.Meanwhile = changed }
	switch form := c.Saved.Form; form {
	case formCheck, formConfirmCheck:
		p.renderCheck(w, r, c, http.StatusOK, func(v *checkView) { v.Meanwhile = changed })
		return
	case formAnswer, formNote, formConfirm:
		switch {
		case !chosen:
		case form == formConfirm || f.Outcome != tra.Failed:
			p.renderAnswerCheck(w, r, c, f, http.StatusOK, answer)
			return
		case form == formAnswer:
			p.renderNote(w, r, c, f, http.StatusOK, func(v *noteView) {
				v.begin(r)
				note(v)
			})
			return
		default:
			p.renderNote(w, r, c, f, http.StatusOK, note)
			return
		}
	case formReview:
		if c.Decision != nil && c.Decision.Stage == tra.StageSecondReview {
			p.renderReview(w, r, c, http.StatusOK, func(v *reviewView) {
				v.Meanwhile, v.Chosen, v.Why = changed, r.PostFormValue("review"), why
			})
			return
		}
	case formAsk:
		if c.Request.State.Working() && c.Decision == nil {
			p.renderAsk(w, r, c, http.StatusOK, func(v *askView) { v.Meanwhile = changed })
			return
		}
	case formReopen:
		if c.Request.State == tra.Answered {
			p.renderReopen(w, r, c, http.StatusOK, func(v *reopenView) { v.Meanwhile, v.Why = changed, why })
			return
		}
	}
	p.renderCase(w, r, c, http.StatusOK, func(v *caseView) {
		v.Meanwhile, v.Typed, v.Search.Query = changed, why, r.PostFormValue("query")
	})
}

// savedView is what an operator has not handed in.
type savedView struct{ Reference, At, CaseURL, URL string }

func savedOf(f tra.SavedForm) savedView {
	return savedView{Reference: string(f.Reference), At: moment(f.At), CaseURL: caseURL(f.Request), URL: savedURL(f.Request)}
}
