package match

import (
	"hash/fnv"
	"slices"
	"unicode/utf8"

	"traid/internal/person"
)

// Key is a short key that a record is found under. Two records that share one
// may be alike; keys that collide by chance only bring a candidate too many.
type Key int64

// The kinds of key. A kind's letter goes into the key, so it never changes its meaning.
const (
	keyTRN       = 'T'
	keyNINO      = 'N' // without suffix
	keyNINOHead  = 'n' // its first half
	keyNINOTail  = 'o' // its second half
	keyEmail     = 'E'
	keyBorn      = 'D'
	keyBornSound = 'S' // date of birth, sound of the family name
	keyBornFirst = 'F' // date of birth, first name
	keyYearSound = 'Y' // year, sound of the family name, initial
	keyDaySound  = 'M' // day and month, sound of the family name, initial
	keyLastFirst = 'L' // family name, first name
)

// usualKeys is about how many keys a record has.
const usualKeys = 20

func keyOf(kind byte, parts ...string) Key {
	h := fnv.New64a()
	_, _ = h.Write([]byte{kind})
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return Key(h.Sum64())
}

// NINOKey is the key of an NI number without its suffix, false for what is none.
func NINOKey(nino string) (Key, bool) {
	stem := ninoStem(nino)
	return keyOf(keyNINO, stem), stem != ""
}

// EmailKey is the key of an email address.
func EmailKey(email string) Key {
	return keyOf(keyEmail, Describe(Description{Email: email}).email)
}

// RecordKeys gives every key that a record is found under.
func RecordKeys(f *Features) []Key {
	b := builder{keys: make([]Key, 0, usualKeys)}
	for _, t := range f.trns {
		b.add(keyTRN, t)
	}
	for _, n := range f.ninos {
		b.add(keyNINO, n)
		b.add(keyNINOHead, n[:4])
		b.add(keyNINOTail, n[4:])
	}
	b.add(keyEmail, f.email)
	b.names(f, f.born, f.first.head)
	return b.sorted()
}

// ClaimKeys gives the keys that lead from a claim to records: what agrees
// exactly or by sound.
func ClaimKeys(f *Features) []Key {
	b := builder{keys: make([]Key, 0, usualKeys)}
	for _, t := range f.trns {
		b.add(keyTRN, t)
	}
	for _, n := range f.ninos {
		b.add(keyNINO, n)
	}
	b.add(keyEmail, f.email)
	b.names(f, f.born, f.first.head)
	return b.sorted()
}

// WiderKeys gives further keys of a claim with one part altered, for when
// ClaimKeys led to nobody convincing: day and month swapped, first and family
// name swapped, the middle name as first name, half of the NI number.
func WiderKeys(f *Features) []Key {
	b := builder{keys: make([]Key, 0, usualKeys)}
	for _, n := range f.ninos {
		b.add(keyNINOHead, n[:4])
		b.add(keyNINOTail, n[4:])
	}
	if f.born != "" {
		b.names(f, f.born[:4]+f.born[6:]+f.born[4:6], f.first.head)
	}
	for _, m := range f.middles {
		b.names(f, f.born, m)
	}
	if f.last.whole != "" && f.first.joined != "" {
		swapped := &Features{last: familyOf(f.first.joined)}
		b.names(swapped, f.born, f.last.whole)
	}
	had := ClaimKeys(f)
	return slices.DeleteFunc(b.sorted(), func(k Key) bool { return slices.Contains(had, k) })
}

// BornKey is the key of a date of birth alone, the one that is followed
// however many records it leads to; false without a date.
func BornKey(f *Features) (Key, bool) { return keyOf(keyBorn, f.born), f.born != "" }

type builder struct{ keys []Key }

// add adds a key unless one of its parts is missing.
func (b *builder) add(kind byte, parts ...string) {
	if !slices.Contains(parts, "") {
		b.keys = append(b.keys, keyOf(kind, parts...))
	}
}

// names adds the keys of names and date of birth.
func (b *builder) names(f *Features, born, firstName string) {
	b.add(keyBorn, born)
	year, day := "", ""
	if born != "" {
		year, day = born[:4], born[4:]
	}
	forms := nameForms(firstName)
	for _, form := range forms {
		b.add(keyBornFirst, born, form)
	}
	for _, fam := range append([]family{f.last}, f.previous...) {
		if fam.whole == "" {
			continue
		}
		for _, form := range forms {
			b.add(keyLastFirst, fam.whole, form)
		}
		for _, part := range append([]string{fam.whole}, fam.parts...) {
			sound := Sound(part)
			b.add(keyBornSound, born, sound)
			for _, initial := range initials(forms) {
				b.add(keyYearSound, year, sound, initial)
				b.add(keyDaySound, day, sound, initial)
			}
		}
	}
}

// initials gives the different first letters of names.
func initials(names []string) []string {
	var letters []string
	for _, n := range names {
		r, _ := utf8.DecodeRuneInString(n)
		if l := string(r); !slices.Contains(letters, l) {
			letters = append(letters, l)
		}
	}
	return letters
}

func (b *builder) sorted() []Key {
	slices.Sort(b.keys)
	return slices.Compact(b.keys)
}

// NameWords gives the folded words of a record's names, each once, for free search.
func NameWords(f *Features) []string {
	words := slices.Concat(person.Words(f.shown.First), person.Words(f.shown.Middle), person.Words(f.shown.Last))
	for _, p := range f.shown.Previous {
		words = slices.Concat(words, person.Words(p.First), person.Words(p.Last))
	}
	slices.Sort(words)
	return slices.Compact(words)
}
