package cpdweb

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	previousFirstID = "previous-first-name-"
	previousLastID  = "previous-last-name-"

	// maxPreviousNames is how many can be typed; the TRA API takes 50.
	maxPreviousNames = 10

	doField  = "do" // which of the page's buttons was used
	doAdd    = "add"
	doRemove = "remove-" // and which of the names
)

// previousNamesForm is the other names, as typed. They may be left out.
type previousNamesForm struct {
	Names []nameForm
	Given bool // the question was met, whatever was typed
}

// parse reads the names; what is missing of one is taken from the current name.
func (f previousNamesForm) parse(current person.FullName) ([]person.FullName, govuk.Errors) {
	var names []person.FullName
	var errs govuk.Errors
	part := func(typed, id, label string) person.Name {
		n, err := person.ParseName(typed)
		if reason, refused := person.ReasonOf(err); refused && reason != person.Blank {
			errs.Add(id, nameMessages(label).of(err))
		}
		return n
	}
	for i, typed := range f.Names {
		n := strconv.Itoa(i + 1)
		first := part(typed.First, previousFirstID+n, "Previous first name")
		last := part(typed.Last, previousLastID+n, "Previous last name")
		if name, ok := person.PreviousName(first, last, current); ok {
			names = append(names, name)
		}
	}
	return names, errs
}

// typedNames gives the previous names of a form, those that are empty too.
func typedNames(r *http.Request) []nameForm {
	var names []nameForm
	for i := range maxPreviousNames {
		n := strconv.Itoa(i + 1)
		if !r.PostForm.Has(previousFirstID + n) {
			break
		}
		names = append(names, nameForm{First: r.PostFormValue(previousFirstID + n), Last: r.PostFormValue(previousLastID + n)})
	}
	return names
}

func withoutEmpty(names []nameForm) []nameForm {
	return slices.DeleteFunc(names, func(n nameForm) bool { return strings.TrimSpace(n.First+n.Last) == "" })
}

func (p *Pages) showPreviousNames(w http.ResponseWriter, r *http.Request, v *visit) {
	p.previousNamesPage(w, r, http.StatusOK, v, v.PreviousNames, nil)
}

func (p *Pages) savePreviousNames(w http.ResponseWriter, r *http.Request, v *visit) {
	f := previousNamesForm{Names: typedNames(r)}
	do := r.PostFormValue(doField)
	if which, ok := strings.CutPrefix(do, doRemove); ok {
		if n, err := strconv.Atoi(which); err == nil && n >= 1 && n <= len(f.Names) {
			f.Names = slices.Delete(f.Names, n-1, n)
		}
	}
	current, _ := v.Name.parse()
	if _, errs := f.parse(current); errs != nil && !leaving(r) {
		p.previousNamesPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	if leaving(r) {
		v.PreviousNames, v.Result = f, ""
		p.saveForLater(w, r, v)
		return
	}
	if do == "" {
		f.Given = true
		f.Names = withoutEmpty(f.Names)
	} else if do == doAdd {
		f.Names = append(f.Names, nameForm{})
	}
	v.PreviousNames, v.Result = f, ""
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	if f.Given {
		goTo(w, r, v.next(p.today()))
		return
	}
	goTo(w, r, previousNamesPath)
}

func (p *Pages) previousNamesPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f previousNamesForm, errs govuk.Errors) {
	if len(f.Names) == 0 {
		f.Names = []nameForm{{}}
	}
	p.show(w, r, status, govuk.PageOptions{
		Title: "What other names have you had?", BackLink: back(v.before(previousNamesPath, p.today())), Errors: errs,
	}, previousNamesPage(v.savable(), f.Names, errs))
}
