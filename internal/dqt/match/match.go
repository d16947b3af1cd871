// Package match is the engine that says which records of the register may be a
// claimant's, how likely, and why. It compares what a person typed with what a
// record holds, field by field, and adds up weights after Fellegi and Sunter
// (1969). It is pure: it reads nothing and keeps nothing; who calls it brings
// the records that Keys lead to. It has no rule of the automatic check.
package match

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"traid/internal/person"
)

// Text is a value of a claim or a record as evidence shows it. It hides itself
// from logs.
type Text = person.Text

// NewText hides a value.
func NewText(v string) Text { return person.NewText(v) }

// Name is a first and a family name; either may be empty.
type Name struct{ First, Last string }

// Description is what one side, a claim or a record, says of a person. What is
// missing is empty.
type Description struct {
	First, Middle, Last string
	Previous            []Name
	DateOfBirth         string // "1984-02-17"
	NINOs               []string
	TRNs                []string // of a record also those merged into it
	Email               string
}

// Features are a description made ready for comparing: folded once, compared
// often. The zero value describes nobody.
type Features struct {
	shown Description

	first    word     // first word of the first name, or all of it joined
	middles  []string // further words of the first name, and the middle name's
	last     family
	previous []family // earlier family names
	firsts   []word   // earlier first names
	born     string   // eight digits, year first
	ninos    []string // without suffix
	trns     []string // seven digits
	email    string
}

// word is a first name: its first word and all its words joined ("mary", "maryjane").
type word struct{ head, joined string }

// family is a family name without spaces and its parts when it has several.
type family struct {
	whole string
	parts []string
	sound string
}

// Describe folds a description.
func Describe(d Description) *Features {
	f := &Features{shown: d}
	words := firstWords(d.First)
	if len(words) > 0 {
		f.first = word{words[0], strings.Join(words, "")}
		f.middles = words[1:]
	}
	f.middles = append(slices.Clip(f.middles), person.Words(d.Middle)...)
	f.last = familyOf(d.Last)
	for _, p := range d.Previous {
		if l := familyOf(p.Last); l.whole != "" && l.whole != f.last.whole {
			f.previous = append(f.previous, l)
		}
		if w := firstWords(p.First); len(w) > 0 && w[0] != f.first.head {
			f.firsts = append(f.firsts, word{w[0], strings.Join(w, "")})
		}
	}
	if d, err := person.ParseDate(strings.TrimSpace(norm.NFKC.String(d.DateOfBirth))); err == nil {
		f.born = strings.ReplaceAll(d.Reveal(), "-", "")
	}
	for _, n := range d.NINOs {
		if n := ninoStem(n); n != "" {
			f.ninos = append(f.ninos, n)
		}
	}
	for _, t := range d.TRNs {
		if t, ok := person.LenientTRN(t); ok {
			f.trns = append(f.trns, t.Reveal())
		}
	}
	if at := strings.IndexByte(d.Email, '@'); at > 0 {
		f.email = strings.ToLower(strings.TrimSpace(norm.NFKC.String(d.Email)))
	}
	return f
}

// LastKey gives a family name as it is compared and counted.
func LastKey(last string) string { return strings.Join(person.Words(last), "") }

// firstWords gives the folded words of a first name without its title.
func firstWords(first string) []string {
	words := person.Words(first)
	if len(words) > 1 && words[0] != person.FirstNameKey(first) {
		words = words[1:]
	}
	return words
}

// particles stand before family names and tell nobody apart.
var particles = map[string]bool{
	"van": true, "von": true, "der": true, "den": true, "del": true, "della": true, "bin": true, "ibn": true, "abu": true,
	"dos": true, "das": true, "los": true, "las": true, "mac": true,
}

// partLength is the least length of a part that speaks for itself.
const partLength = 3

func familyOf(last string) family {
	words := person.Words(last)
	f := family{whole: strings.Join(words, "")}
	f.sound = Sound(f.whole)
	if len(words) > 1 {
		for _, w := range words {
			if len(w) >= partLength && !particles[w] {
				f.parts = append(f.parts, w)
			}
		}
	}
	return f
}

// ninoStem gives two letters and six digits: the suffix tells nobody apart.
func ninoStem(nino string) string {
	s := person.LenientNINO(nino)
	if len(s) != 8 && len(s) != 9 {
		return ""
	}
	for i := range 8 {
		if c := s[i]; i < 2 && (c < 'A' || c > 'Z') || i >= 2 && (c < '0' || c > '9') {
			return ""
		}
	}
	return s[:8]
}
