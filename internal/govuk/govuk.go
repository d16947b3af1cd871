// Package govuk draws the components of the GOV.UK Design System as templ
// components, held to the fixtures of npm's govuk-frontend, and serves its
// styles and scripts. Options are named as the Nunjucks macros' are: text is a
// string and escaped, HTML is a component and wins over the text, Classes are
// added to the component's own. It knows no word of the domain, draws the crown
// only where it was built in, and needs nothing inline.
package govuk

import "strings"

// classes joins what is not empty.
func classes(parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// when gives s if it holds and nothing otherwise.
func when(holds bool, s string) string {
	if holds {
		return s
	}
	return ""
}

// either gives s, or the default where s is empty.
func either(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}
