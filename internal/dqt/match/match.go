// Package match is the engine that says which records of the register may be a
// claimant's, how likely, and why. It compares what a person typed with what a
// record holds, field by field, and adds up weights after Fellegi and Sunter
// (1969). It is pure: it reads nothing and keeps nothing. Who calls it looks up
// the keys that a Search asks for and brings what they lead to. It has no rule
// of the automatic check.
package match

import (
	"strings"

	"traid/internal/person"
)

// Text is a value of a claim or a record as evidence shows it. It hides itself
// from logs.
type Text = person.Text

// NewText hides a value.
func NewText(v string) Text { return person.NewText(v) }

// ID is a record's number, the digits of its TRN.
type ID uint32

// Name is a first and a family name; either may be empty.
type Name struct{ First, Last string }

// Description is what one side, a claim or a record, says of a person. What is
// missing is empty.
type Description struct {
	First, Middle, Last string
	Previous            []Name
	DateOfBirth         string // "1984-02-17"
	NINOs               []string
	TRNs                []string
	Email               string
	Inactive            bool          // of a record: it stands behind an active one with the same weight
	Merged              []Description // records that were merged into this one
}

// Evidence is what one field says for a candidate or against it.
type Evidence struct {
	Field    Field
	Level    Level
	Bits     Bits
	Claimed  Text
	Recorded Text
}

// LastKey gives a family name as it is compared and counted.
func LastKey(last string) string { return strings.Join(person.Words(last), "") }

// NameWords gives the folded words of all names of a description, each once, for free search.
func NameWords(d Description) []string {
	var words []string
	add := func(name string) {
		for _, w := range person.Words(name) {
			if !contains(words, w) {
				words = append(words, w)
			}
		}
	}
	add(d.Last)
	add(d.First)
	add(d.Middle)
	for _, p := range d.Previous {
		add(p.First)
		add(p.Last)
	}
	return words
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// Word is a folded word of a name, made ready for comparing.
type Word struct{ w word }

// NewWord makes a folded word ready.
func NewWord(folded string) Word { return Word{wordOf(folded)} }

// Text gives the word.
func (a Word) Text() string { return a.w.text }

// Level tells how near two words are: Equal, OneEdit, Close, SoundsAlike or
// Different.
func (a *Word) Level(b *Word) Level {
	if a.w.text == b.w.text {
		return Equal
	}
	return levels[nearWords(&a.w, &b.w, closeName, closeName)]
}

// EachName calls do with every folded name that a record has, and what it is:
// a family name whole and its parts, first, middle and earlier names.
func (f *Features) EachName(do func(kind NameKind, name string)) {
	family := func(kind NameKind, l *family) {
		do(kind, l.whole.text)
		for i := range l.parts {
			do(kind, l.parts[i].text)
		}
	}
	family(LastName, &f.last)
	do(FirstName, f.first.head.text)
	for i := range f.middles {
		do(MiddleNames, f.middles[i].text)
	}
	for i := range f.previous {
		family(PreviousName, &f.previous[i])
	}
	for i := range f.firsts {
		do(PreviousName, f.firsts[i].head.text)
	}
}

// NameKind says what a name is to a person.
type NameKind int

// The kinds, the one that tells most first.
const (
	LastName NameKind = iota
	FirstName
	PreviousName
	MiddleNames
)
