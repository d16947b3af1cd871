package match

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed data/short_forms.csv
var shortForms string

//go:embed data/spellings.csv
var spellings string

// variants holds which first names stand for one another.
type variants struct {
	short  map[string][]string // a full name's short forms
	formal map[string][]string // a short form's full names
	group  map[string]int      // a spelling's group, from 1
	lead   []string            // a group's first spelling
}

var known = sync.OnceValue(func() *variants {
	v := &variants{short: map[string][]string{}, formal: map[string][]string{}, group: map[string]int{}, lead: []string{""}}
	for line := range strings.Lines(shortForms) {
		names := strings.Split(strings.TrimSpace(line), ",")
		for _, short := range names[1:] {
			if short == names[0] {
				continue
			}
			v.short[names[0]] = append(v.short[names[0]], short)
			v.formal[short] = append(v.formal[short], names[0])
		}
	}
	for line := range strings.Lines(spellings) {
		names := strings.Split(strings.TrimSpace(line), ",")
		for _, n := range names {
			v.group[n] = len(v.lead)
		}
		v.lead = append(v.lead, names[0])
	}
	return v
})

// sameName tells whether two different first names are forms of one: a short
// form and its full name, two short forms of one full name, or two spellings.
func sameName(a, b string) bool {
	v := known()
	if slices.Contains(v.short[a], b) || slices.Contains(v.short[b], a) {
		return true
	}
	if g := v.group[a]; g != 0 && g == v.group[b] {
		return true
	}
	for _, f := range v.formal[a] {
		if slices.Contains(v.formal[b], f) {
			return true
		}
	}
	return false
}

// formalNames bounds how many full names a short form stands for in keys.
const formalNames = 4

// nameForms gives the names that a first name is found under: itself, the full
// names it may be short for, and the first spelling of its group.
func nameForms(first string) []string {
	if first == "" {
		return nil
	}
	v := known()
	forms := []string{first}
	for _, f := range v.formal[first] {
		if len(forms) > formalNames {
			break
		}
		forms = append(forms, f)
	}
	for _, f := range forms {
		if g := v.group[f]; g != 0 && !slices.Contains(forms, v.lead[g]) {
			forms = append(forms, v.lead[g])
		}
	}
	return forms
}
