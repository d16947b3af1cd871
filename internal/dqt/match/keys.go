package match

// Key is a short key that a record is found under. Two records that share one
// may be alike; keys that collide by chance only bring a candidate too many.
type Key uint64

// The kinds of key. A kind's letter goes into the key, so it never changes its meaning.
const (
	keyAlias      = 'T' // TRN of a record that was merged into this one
	keyNINO       = 'N' // without suffix
	keyNINOHead   = 'n' // its first half
	keyNINOTail   = 'o' // its second half
	keyEmail      = 'E'
	keyBorn       = 'D'
	keyBornSound  = 'S' // date of birth, sound of the family name
	keyBornFirst  = 'F' // date of birth, first name
	keyYearSound  = 'Y' // year, sound of the family name, initial
	keyDaySound   = 'M' // day and month, sound of the family name, initial
	keyLastFirst  = 'L' // family name, first name
	keyYearMonth  = 'y' // year, month, first name
	keyMonthDay   = 'm' // month, day, first name
	keyYearDay    = 'd' // year, day, first name
	keySounds     = 'P' // sound of the family name, sound of the first name
	keyLastLetter = 'l' // family name, initial
	keyYearBegins = 'g' // year, first three letters of the family name
	keyBegins     = 'b' // first three letters of the family name, initial
	keyLast       = 'A' // family name alone: only a rare one leads anywhere
	keyFirst      = 'B' // first name alone, likewise
)

// The kinds of what is only counted: how many records have it.
const (
	countFirst     = '1' // first name
	countCohort    = '2' // first name, five years of birth
	countLast      = '3' // family name
	countFirstLast = '4' // both
	countBorn      = '5' // date of birth
)

// cohortYears is how many years of birth are counted together.
const cohortYears = 5

// keyLimit is how many records a key may lead to; one that leads to more tells
// nobody apart and is not followed. A date of birth alone is followed further.
const (
	keyLimit  = 200
	wideLimit = 4000
)

func keyOf(kind byte, parts ...string) Key { return keyOfHash(kind, hashed(kind, parts...)) }

// keyOfNumber is a key of a number and a text, without making a text of the number.
func keyOfNumber(kind byte, n uint32, text string) Key {
	return keyOfHash(kind, mixed(hashed(kind, text)^mixed(uint64(n)+1)))
}

// keyOfSound is a key of a number, a sound and an initial.
func keyOfSound(kind byte, n, sound uint32, initial rune) Key {
	return keyOfHash(kind, mixed(uint64(kind)<<32^uint64(initial)^mixed(uint64(n)<<32|uint64(sound))))
}

// A key stands on the page that its first bits name. What is asked for together
// stands together: at puts a key where its neighbours are.
func (k Key) at(place uint64) Key {
	const rest = 1<<(64-pageBits) - 1
	return Key(place&^rest) | k&rest
}

func placeOfBorn(born date) uint64    { return mixed(uint64(born)) }
func placeOfFirst(name string) uint64 { return hashed('f', name) }

// placeOfLast has a family name's initials apart: all of a common name would be too much.
func placeOfLast(last string, initial rune) uint64 { return hashed('n', last, string(initial)) }

func bornFirstKey(born date, form string) Key {
	return keyOfNumber(keyBornFirst, uint32(born), form).at(placeOfBorn(born))
}

func bornSoundKey(born date, sound uint32) Key {
	return keyOfSound(keyBornSound, uint32(born), sound, 0).at(placeOfBorn(born))
}

func countBornKey(born date) Key {
	return keyOfNumber(countBorn, uint32(born), "").at(placeOfBorn(born))
}

func countFirstKey(name string) Key { return keyOf(countFirst, name).at(placeOfFirst(name)) }

func countLastKey(name string) Key { return keyOf(countLast, name) }

func nameCountKey(f field, name string) Key {
	if f == firstField {
		return countFirstKey(name)
	}
	return countLastKey(name)
}

// countCohortKey counts a first name among those born in the same years, or with
// no name all of them.
func countCohortKey(born date, name string) Key {
	return keyOfNumber(countCohort, born.year()/cohortYears, name).at(placeOfFirst(name))
}

func countFirstLastKey(first, last string) Key {
	return keyOf(countFirstLast, first, last).at(placeOfLast(last, firstRune(first)))
}

func lastFirstKey(last, form string) Key {
	return keyOf(keyLastFirst, last, form).at(placeOfLast(last, firstRune(form)))
}

func lastLetterKey(last string, initial rune) Key {
	return keyOf(keyLastLetter, last, string(initial)).at(placeOfLast(last, initial))
}

// keyOfHash marks what a kind of key may lead to.
func keyOfHash(kind byte, hash uint64) Key {
	hash &^= wideBit | countBit
	switch {
	case kind == keyBorn, kind == keyNINO: // the automatic check wants all holders of a number
		hash |= wideBit
	case kind >= countFirst && kind <= countBorn:
		hash |= countBit
	}
	return Key(hash)
}

// NINOKey is the key of an NI number without its suffix, false for what is none.
func NINOKey(text string) (Key, bool) {
	n, ok := ninoOf(text)
	return keyOf(keyNINO, n.stem), ok
}

// EmailKey is the key of an email address; false for what is none.
func EmailKey(email string) (Key, bool) {
	h := emailOf(email)
	return keyOfNumber(keyEmail, uint32(h), ""), h != 0
}

// AliasKey leads from the number of a merged record to its survivor.
func AliasKey(id ID) Key { return keyOfNumber(keyAlias, uint32(id), "") }

// BornKey is the key of a date of birth, the one that is followed further;
// false without one.
func (f *Features) BornKey() (Key, bool) {
	return keyOfNumber(keyBorn, uint32(f.born), ""), f.born != 0
}

// Keys appends every key that a record is found under, each once.
func (f *Features) Keys(id ID, keys []Key) []Key {
	b := builder{keys: keys}
	for _, t := range f.trns {
		if ID(t) != id {
			b.put(keyOfNumber(keyAlias, t, ""))
		}
	}
	for _, n := range f.ninos {
		b.put(keyOf(keyNINO, n.stem))
		b.put(keyOf(keyNINOHead, n.stem[:4]))
		b.put(keyOf(keyNINOTail, n.stem[4:]))
	}
	b.email(f.email)
	if f.born != 0 {
		b.put(keyOfNumber(keyBorn, uint32(f.born), ""))
	}
	b.given(f.born, &f.first, f.last, f.previous)
	for i := range f.firsts {
		b.given(f.born, &f.firsts[i], f.last, f.previous)
	}
	return unique(b.keys, len(keys))
}

// Counts appends what a record is counted under.
func (f *Features) Counts(keys []Key) []Key {
	if f.first.head.text != "" {
		keys = append(keys, countFirstKey(f.first.head.text))
		if f.born != 0 {
			keys = append(keys, countCohortKey(f.born, f.first.head.text), countCohortKey(f.born, ""))
		}
		if f.last.whole.text != "" {
			keys = append(keys, countFirstLastKey(f.first.head.text, f.last.whole.text))
		}
	}
	if f.last.whole.text != "" {
		keys = append(keys, countLastKey(f.last.whole.text))
	}
	if f.born != 0 {
		keys = append(keys, countBornKey(f.born))
	}
	return keys
}

type builder struct{ keys []Key }

func (b *builder) put(k Key) { b.keys = append(b.keys, k) }

func (b *builder) email(h uint64) {
	if h != 0 {
		b.put(keyOfNumber(keyEmail, uint32(h), ""))
	}
}

// given adds all keys of a first name.
func (b *builder) given(born date, g *given, last family, previous []family) {
	forms := g.forms()
	b.near(born, forms, last, previous)
	b.far(born, forms, last, previous)
	b.days(born, forms)
}

// forms gives the names that a first name is found under: its first word in all
// its forms, and all its words joined.
func (g *given) forms() []string {
	forms := nameForms(g.head.text)
	if g.joined != g.head.text {
		forms = append(forms, g.joined)
	}
	return forms
}

// near adds the keys of a date of birth with a name: they lead to few.
func (b *builder) near(born date, forms []string, last family, previous []family) {
	if born == 0 {
		return
	}
	for _, form := range forms {
		b.put(bornFirstKey(born, form))
	}
	eachPart(last, previous, func(w word) { b.put(bornSoundKey(born, w.sound)) })
}

// far adds the keys of a name with a part of the date, or alone.
func (b *builder) far(born date, forms []string, last family, previous []family) {
	initials := initialsOf(forms)
	eachPart(last, previous, func(w word) {
		if born == 0 {
			return
		}
		if len(w.text) >= begins {
			b.put(keyOfNumber(keyYearBegins, born.year(), w.text[:begins]))
		}
		for _, i := range initials {
			b.put(keyOfSound(keyYearSound, born.year(), w.sound, i))
			b.put(keyOfSound(keyDaySound, uint32(born)%10000, w.sound, i))
		}
	})
	each(last, previous, func(w word) {
		for _, form := range forms {
			b.put(lastFirstKey(w.text, form))
		}
	})
	b.undated(forms, last, previous)
}

// begins is how many letters of a family name are seldom all mistyped.
const begins = 3

// undated adds the keys of names that are near, or that are rare.
func (b *builder) undated(forms []string, last family, previous []family) {
	for _, form := range forms {
		b.put(keyOf(keyFirst, form))
	}
	eachPart(last, previous, func(w word) {
		b.put(keyOf(keyLast, w.text))
		for _, form := range forms {
			b.put(keyOfSound(keySounds, uint32(hashed('p', Sound(form))), w.sound, 0))
		}
		for _, i := range initialsOf(forms) {
			b.put(lastLetterKey(w.text, i))
			if len(w.text) >= begins {
				b.put(keyOf(keyBegins, w.text[:begins], string(i)))
			}
		}
	})
}

// days adds the keys of a first name with two parts of the date.
func (b *builder) days(born date, forms []string) {
	if born == 0 {
		return
	}
	for _, form := range forms {
		b.put(keyOfNumber(keyYearMonth, uint32(born)/100, form))
		b.put(keyOfNumber(keyMonthDay, uint32(born)%10000, form))
		b.put(keyOfNumber(keyYearDay, born.year()*100+born.day(), form))
	}
}

// each goes through the family names, the present one first.
func each(last family, previous []family, do func(word)) {
	if last.whole.text != "" {
		do(last.whole)
	}
	for i := range previous {
		do(previous[i].whole)
	}
}

// eachPart goes through the family names and the parts of each.
func eachPart(last family, previous []family, do func(word)) {
	one := func(f *family) {
		if f.whole.text == "" {
			return
		}
		do(f.whole)
		for _, p := range f.parts {
			do(p)
		}
	}
	one(&last)
	for i := range previous {
		one(&previous[i])
	}
}

// initialsOf gives the different first letters of names.
func initialsOf(names []string) []rune {
	letters := make([]rune, 0, 4)
	for _, n := range names {
		l := firstRune(n)
		seen := false
		for _, had := range letters {
			seen = seen || had == l
		}
		if !seen {
			letters = append(letters, l)
		}
	}
	return letters
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// unique drops what stands twice behind from; there are few.
func unique(keys []Key, from int) []Key {
	n := from
	for i := from; i < len(keys); i++ {
		twice := false
		for j := from; j < n; j++ {
			twice = twice || keys[j] == keys[i]
		}
		if !twice {
			keys[n] = keys[i]
			n++
		}
	}
	return keys[:n]
}
