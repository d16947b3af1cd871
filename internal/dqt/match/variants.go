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
	short   map[string][]string // a full name's short forms
	formal  map[string][]string // a short form's full names
	group   map[string]int      // a spelling's group, from 1
	members [][]string          // of each group
}

var known = sync.OnceValue(func() *variants {
	v := &variants{short: map[string][]string{}, formal: map[string][]string{}, group: map[string]int{}, members: [][]string{nil}}
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
			v.group[n] = len(v.members)
		}
		v.members = append(v.members, names)
	}
	return v
})

// relatedNames gives every name that a first name is a form of, or that is a
// form of it, without the name itself.
func relatedNames(first string) []string {
	if first == "" {
		return nil
	}
	v := known()
	var names []string
	add := func(list []string) {
		for _, n := range list {
			if n != first && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	add(v.formal[first])
	add(v.short[first])
	if g := v.group[first]; g != 0 {
		add(v.members[g])
	}
	for _, f := range v.formal[first] {
		add(v.short[f])
	}
	return names
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
		if g := v.group[f]; g != 0 && !slices.Contains(forms, v.members[g][0]) {
			forms = append(forms, v.members[g][0])
		}
	}
	return forms
}
