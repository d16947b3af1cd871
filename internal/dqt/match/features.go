package match

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"traid/internal/person"
)

// Features are a description made ready for comparing: folded once, compared
// often. The zero value describes nobody.
type Features struct {
	Inactive bool

	born    date
	email   uint64 // hashed: only equality is compared; zero for none
	address string // of a claim: what stands before the @, folded, in one word
	trns    []uint32
	ninos   []nino

	first    given
	middles  []word // further words of the first name, and the middle name's
	firsts   []given
	last     family
	previous []family // earlier family names
}

// date is a day as year*10000 + month*100 + day, zero for none.
type date uint32

func (d date) year() uint32  { return uint32(d) / 10000 }
func (d date) month() uint32 { return uint32(d) / 100 % 100 }
func (d date) day() uint32   { return uint32(d) % 100 }

// digit gives the i-th of the eight digits, the century first.
func (d date) digit(i int) uint32 { return uint32(d) / pow10[7-i] % 10 }

var pow10 = [...]uint32{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000}

// nino is an NI number: two letters and six digits, and the suffix where there
// is one, with a bit for what only a merged record held.
type nino struct {
	stem   string // "QQ123456"
	suffix byte
}

const inherited = 0x80

// word is one folded word of a name, with what rules out most comparisons.
type word struct {
	text    string
	letters uint32 // a bit for each letter that it holds
	sound   uint32 // hashed phonetic key
}

// given is a first name: its first word and all its words joined ("mary", "maryjane").
type given struct {
	head   word
	joined string
}

// family is a family name without spaces and its parts when it has several.
type family struct {
	whole word
	parts []word
}

func wordOf(text string) word {
	if text == "" {
		return word{}
	}
	return word{text: text, letters: lettersOf(text), sound: uint32(hashed('p', Sound(text)))}
}

// otherLetters is the bit of everything that is no letter from a to z.
const otherLetters = 1 << 26

func lettersOf(text string) uint32 {
	var bits uint32
	for i := range len(text) {
		if c := text[i] - 'a'; c < 26 {
			bits |= 1 << c
		} else {
			bits |= otherLetters
		}
	}
	return bits
}

// Describe folds a description.
func Describe(d Description) *Features {
	f := &Features{Inactive: d.Inactive}
	words := firstWords(d.First)
	if len(words) > 0 {
		f.first = given{wordOf(words[0]), strings.Join(words, "")}
		for _, w := range words[1:] {
			f.middles = append(f.middles, wordOf(w))
		}
	}
	for _, w := range person.Words(d.Middle) {
		f.middles = append(f.middles, wordOf(w))
	}
	f.last = familyOf(d.Last)
	for _, p := range d.Previous {
		if l := familyOf(p.Last); l.whole.text != "" && l.whole.text != f.last.whole.text && !holdsFamily(f.previous, l) {
			f.previous = append(f.previous, l)
		}
		if w := firstWords(p.First); len(w) > 0 && w[0] != f.first.head.text && !holdsGiven(f.firsts, w[0]) {
			f.firsts = append(f.firsts, given{wordOf(w[0]), strings.Join(w, "")})
		}
	}
	f.born = dateOf(d.DateOfBirth)
	f.email = emailOf(d.Email)
	if before, _, is := strings.Cut(d.Email, "@"); is {
		f.address = strings.ReplaceAll(person.Fold(before), " ", "")
	}
	f.identifiers(d, 0)
	for _, m := range d.Merged {
		f.merge(m)
	}
	return f
}

func (f *Features) identifiers(d Description, flag byte) {
	for _, n := range d.NINOs {
		if n, ok := ninoOf(n); ok {
			n.suffix |= flag
			f.ninos = append(f.ninos, n)
		}
	}
	for _, t := range d.TRNs {
		if t, ok := person.LenientTRN(t); ok {
			f.trns = append(f.trns, trnOf(t.Reveal()))
		}
	}
}

// merge adds what a merged record holds: its numbers, and its names as earlier ones.
func (f *Features) merge(d Description) {
	m := Describe(d)
	f.identifiers(d, inherited)
	for _, l := range append([]family{m.last}, m.previous...) {
		if l.whole.text != "" && l.whole.text != f.last.whole.text && !holdsFamily(f.previous, l) {
			f.previous = append(f.previous, l)
		}
	}
	for _, g := range append([]given{m.first}, m.firsts...) {
		if g.head.text != "" && g.head.text != f.first.head.text && !holdsGiven(f.firsts, g.head.text) {
			f.firsts = append(f.firsts, g)
		}
	}
	if f.email == 0 {
		f.email = m.email
	}
}

func holdsFamily(list []family, l family) bool {
	for _, f := range list {
		if f.whole.text == l.whole.text {
			return true
		}
	}
	return false
}

func holdsGiven(list []given, head string) bool {
	for _, g := range list {
		if g.head.text == head {
			return true
		}
	}
	return false
}

func dateOf(text string) date {
	if text == "" {
		return 0
	}
	if !ascii(text) {
		text = norm.NFKC.String(text)
	}
	// Also a date that is none is compared: it may be a slip of one that is.
	var n date
	digits := 0
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9':
			n = n*10 + date(r-'0')
			digits++
		case r != '-':
			return 0
		}
	}
	if digits != 8 {
		return 0
	}
	return n
}

func trnOf(digits string) uint32 {
	var n uint32
	for i := range len(digits) {
		n = n*10 + uint32(digits[i]-'0')
	}
	return n
}

func emailOf(email string) uint64 {
	if strings.IndexByte(email, '@') <= 0 {
		return 0
	}
	if !ascii(email) {
		email = norm.NFKC.String(email)
	}
	return hashed('e', strings.ToLower(strings.TrimSpace(email)))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

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
	if len(words) == 0 {
		return family{}
	}
	f := family{whole: wordOf(strings.Join(words, ""))}
	if len(words) > 1 {
		for _, w := range words {
			if len(w) >= partLength && !particles[w] {
				f.parts = append(f.parts, wordOf(w))
			}
		}
	}
	return f
}

// ninoOf reads an NI number: two letters and six digits, with or without a suffix.
func ninoOf(text string) (nino, bool) {
	s := person.LenientNINO(text)
	if len(s) != 8 && len(s) != 9 {
		return nino{}, false
	}
	for i := range 8 {
		if c := s[i]; i < 2 && (c < 'A' || c > 'Z') || i >= 2 && (c < '0' || c > '9') {
			return nino{}, false
		}
	}
	n := nino{stem: s[:8]}
	if len(s) == 9 {
		n.suffix = s[8]
	}
	return n, true
}

// hashed hashes texts of a kind with FNV-1a, 64 bits, finished so that every
// bit depends on every letter.
func hashed(kind byte, parts ...string) uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ uint64(kind)) * 1099511628211
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return mixed(h)
}

func mixed(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h
}

// packing is the version of the packed form; a store keeps it and makes its
// features anew when it changes.
const packing = 1

// Pack gives the features in the form in which a store keeps them: one read
// brings all that a comparison needs.
func (f *Features) Pack(b []byte) []byte {
	flags := byte(packing << 1)
	if f.Inactive {
		flags |= 1
	}
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint32(b, uint32(f.born))
	b = binary.LittleEndian.AppendUint64(b, f.email)
	b = append(b, byte(min(len(f.trns), 255)))
	for _, t := range f.trns[:min(len(f.trns), 255)] {
		b = binary.LittleEndian.AppendUint32(b, t)
	}
	b = append(b, byte(min(len(f.ninos), 255)))
	for _, n := range f.ninos[:min(len(f.ninos), 255)] {
		b = append(append(b, n.stem...), n.suffix)
	}
	b = packGiven(b, f.first)
	b = packWords(b, f.middles)
	b = append(b, byte(min(len(f.firsts), 255)))
	for _, g := range f.firsts[:min(len(f.firsts), 255)] {
		b = packGiven(b, g)
	}
	b = packFamily(b, f.last)
	b = append(b, byte(min(len(f.previous), 255)))
	for _, l := range f.previous[:min(len(f.previous), 255)] {
		b = packFamily(b, l)
	}
	return b
}

func packText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func packWord(b []byte, w word) []byte {
	b = packText(b, w.text)
	if w.text == "" {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, w.letters)
	return binary.LittleEndian.AppendUint32(b, w.sound)
}

func packWords(b []byte, words []word) []byte {
	b = append(b, byte(min(len(words), 255)))
	for _, w := range words[:min(len(words), 255)] {
		b = packWord(b, w)
	}
	return b
}

func packGiven(b []byte, g given) []byte {
	b = packWord(b, g.head)
	if g.joined == g.head.text {
		return packText(b, "")
	}
	return packText(b, g.joined)
}

func packFamily(b []byte, f family) []byte { return packWords(packWord(b, f.whole), f.parts) }

// errPacked says that a packed form is no packed form, or of another version.
var errPacked = errors.New("match: packed features cannot be read")

// Unpack reads a packed form into f, whose slices it uses again. What f then
// holds points into s.
func (f *Features) Unpack(s string) error {
	r := unpacker{s: s}
	flags := r.byte()
	if flags>>1 != packing {
		return errPacked
	}
	f.Inactive = flags&1 != 0
	f.born, f.email = date(r.uint32()), r.uint64()
	f.trns = f.trns[:0]
	for n := r.byte(); n > 0 && !r.bad; n-- {
		f.trns = append(f.trns, r.uint32())
	}
	f.ninos = f.ninos[:0]
	for n := r.byte(); n > 0 && !r.bad; n-- {
		stem := r.take(8)
		f.ninos = append(f.ninos, nino{stem, r.byte()})
	}
	f.first = r.given()
	f.middles = r.words(f.middles)
	f.firsts = f.firsts[:0]
	for n := r.byte(); n > 0 && !r.bad; n-- {
		f.firsts = append(f.firsts, r.given())
	}
	f.last.whole, f.last.parts = r.word(), r.words(f.last.parts)
	n := int(r.byte())
	for len(f.previous) < n && !r.bad {
		if len(f.previous) < cap(f.previous) {
			f.previous = f.previous[:len(f.previous)+1]
		} else {
			f.previous = append(f.previous, family{})
		}
	}
	if r.bad {
		return errPacked
	}
	f.previous = f.previous[:n]
	for i := range f.previous {
		p := &f.previous[i]
		p.whole, p.parts = r.word(), r.words(p.parts)
	}
	if r.bad || r.at != len(s) {
		return errPacked
	}
	return nil
}

// unpacker reads a packed form; bad once it ends too early.
type unpacker struct {
	s   string
	at  int
	bad bool
}

func (r *unpacker) take(n int) string {
	if n < 0 || len(r.s)-r.at < n {
		r.bad = true
		return ""
	}
	r.at += n
	return r.s[r.at-n : r.at]
}

func (r *unpacker) byte() byte {
	if r.at >= len(r.s) {
		r.bad = true
		return 0
	}
	r.at++
	return r.s[r.at-1]
}

func (r *unpacker) uint32() uint32 {
	if len(r.s)-r.at < 4 {
		r.bad = true
		return 0
	}
	b := r.s[r.at : r.at+4]
	r.at += 4
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func (r *unpacker) uint64() uint64 { return uint64(r.uint32()) | uint64(r.uint32())<<32 }

func (r *unpacker) text() string {
	n := int(r.byte())
	if n >= 0x80 {
		high := int(r.byte())
		n = n&0x7f | high&0x7f<<7
		if high >= 0x80 {
			n |= int(r.byte()) << 14
		}
	}
	return r.take(n)
}

func (r *unpacker) word() word {
	w := word{text: r.text()}
	if w.text != "" {
		w.letters, w.sound = r.uint32(), r.uint32()
	}
	return w
}

func (r *unpacker) words(into []word) []word {
	into = into[:0]
	for n := r.byte(); n > 0 && !r.bad; n-- {
		into = append(into, r.word())
	}
	return into
}

func (r *unpacker) given() given {
	g := given{head: r.word()}
	if g.joined = r.text(); g.joined == "" {
		g.joined = g.head.text
	}
	return g
}

// The rule of the automatic check reads these.

// FirstName gives the first word of the first name, folded.
func (f *Features) FirstName() string { return f.first.head.text }

// LastName gives the family name, folded, without spaces.
func (f *Features) LastName() string { return f.last.whole.text }

// HoldsStem tells whether one of the NI numbers is this one but for the suffix.
func (f *Features) HoldsStem(text string) bool {
	n, ok := ninoOf(text)
	return ok && slices.ContainsFunc(f.ninos, func(held nino) bool { return held.stem == n.stem })
}

// SameEmail tells whether both have the same email address.
func (f *Features) SameEmail(other *Features) bool { return f.email != 0 && f.email == other.email }

// Born gives a date as a record's is compared, zero for what is none.
func Born(text string) Day {
	if _, err := person.ParseDate(strings.TrimSpace(norm.NFKC.String(text))); err != nil {
		return 0
	}
	return uint32(dateOf(text))
}

// Born gives the date of birth as year*10000 + month*100 + day, zero when it is not known.
func (f *Features) Born() Day { return Day(f.born) }

// HoldsTRN tells whether the record is, or took in, the one with this number.
func (f *Features) HoldsTRN(id ID) bool { return slices.Contains(f.trns, uint32(id)) }

// HoldsNINO tells whether one of the NI numbers is this one, whole.
func (f *Features) HoldsNINO(whole string) bool {
	for _, n := range f.ninos {
		if len(whole) == 9 && n.suffix == whole[8] && n.stem == whole[:8] || len(whole) == 8 && n.suffix == 0 && n.stem == whole {
			return true
		}
	}
	return false
}
