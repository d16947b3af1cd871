package match

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Evidence is what one field says for a candidate or against it.
type Evidence struct {
	Field    Field
	Level    Level
	Bits     Bits
	Claimed  Text
	Recorded Text
}

// comparing holds what one claim's comparisons have in common.
type comparing struct {
	claim    *Features
	register Register
	holders  map[string]int // of the claim's identifiers among the candidates
}

// compare gives the evidence on one record, the heaviest first. A field that is
// missing on either side gives none.
func (c *comparing) compare(r *Features) []Evidence {
	e := make([]Evidence, 0, 7)
	add := func(field Field, level Level, bits float64, claimed, recorded string) {
		e = append(e, Evidence{field, level, round(bits), NewText(claimed), NewText(recorded)})
	}
	q := c.claim
	if level, i := bestIdentifier(q.trns, r.trns); level != "" {
		add(FieldTRN, level, c.identifier(FieldTRN, level, first(q.trns)), q.shown.TRNs[0], r.trns[i])
	}
	if level, i := bestIdentifier(q.ninos, r.ninos); level != "" {
		add(FieldNINO, level, c.identifier(FieldNINO, level, first(q.ninos)), q.shown.NINOs[0], shownNINO(r, i))
	}
	if q.email != "" && r.email != "" {
		level := Different
		if q.email == r.email {
			level = Equal
		}
		add(FieldEmail, level, c.identifier(FieldEmail, level, q.email), q.shown.Email, r.shown.Email)
	}
	if q.born != "" && r.born != "" {
		level := dateLevel(q.born, r.born)
		add(FieldDateOfBirth, level, weights[FieldDateOfBirth][level].bits(), q.shown.DateOfBirth, r.shown.DateOfBirth)
	}
	c.names(r, add)
	if level := middleLevel(q.middles, r.middles); level != "" {
		add(FieldMiddleName, level, weights[FieldMiddleName][level].bits(), strings.Join(q.middles, " "), strings.Join(r.middles, " "))
	}
	slices.SortStableFunc(e, func(a, b Evidence) int { return cmp.Compare(b.Bits, a.Bits) })
	return e
}

// identifier gives the weight of a level of an identifier; a near one never
// weighs more than an equal one.
func (c *comparing) identifier(field Field, level Level, value string) float64 {
	equal := c.register.identifierBits(field, c.holders[value])
	if level == Equal {
		return equal
	}
	return min(weights[field][level].bits(), equal)
}

// names adds the evidence of first and family name, in their places or swapped,
// whichever says more.
func (c *comparing) names(r *Features, add func(Field, Level, float64, string, string)) {
	q := c.claim
	var firstBits, lastBits float64
	firstLevel, firstShown := firstLevel(q, r)
	if firstLevel != "" {
		equal := c.register.nameBits(FieldFirstName, c.register.First[q.first.head])
		firstBits = equal
		if firstLevel != Equal {
			firstBits = min(weights[FieldFirstName][firstLevel].bits(), equal)
		}
	}
	lastLevel, lastShown := lastLevel(q, r)
	if lastLevel != "" {
		equal := c.register.nameBits(FieldLastName, c.register.Last[q.last.whole])
		lastBits = equal
		if lastLevel != Equal {
			lastBits = min(weights[FieldLastName][lastLevel].bits(), equal)
		}
	}
	if q.first.joined != "" && q.last.whole != "" && q.first.joined == r.last.whole && q.last.whole == r.first.joined && firstLevel != Equal {
		first := c.register.nameBits(FieldFirstName, c.register.First[q.last.whole]) + swapPenalty
		last := c.register.nameBits(FieldLastName, c.register.Last[q.first.joined]) + swapPenalty
		if first+last > firstBits+lastBits {
			firstLevel, firstBits, firstShown = Swapped, first, r.shown.Last
			lastLevel, lastBits, lastShown = Swapped, last, r.shown.First
		}
	}
	if lastLevel != "" {
		add(FieldLastName, lastLevel, lastBits, q.shown.Last, lastShown)
	}
	if firstLevel != "" {
		add(FieldFirstName, firstLevel, firstBits, q.shown.First, firstShown)
	}
}

// firstLevel compares first names and gives the recorded name that agrees best.
func firstLevel(q, r *Features) (Level, string) {
	if q.first.head == "" || r.first.head == "" {
		return "", ""
	}
	if equalFirst(q.first, r.first) {
		return Equal, r.shown.First
	}
	for _, a := range append(slices.Clip(q.firsts), q.first) {
		for _, b := range append(slices.Clip(r.firsts), r.first) {
			if equalFirst(a, b) {
				return EarlierName, r.shown.First
			}
		}
	}
	a, b := q.first.head, r.first.head
	switch {
	case sameName(a, b):
		return Variant, r.shown.First
	case slices.Contains(r.middles, a):
		return MiddleName, r.shown.First + " " + strings.Join(r.middles, " ")
	case slices.Contains(q.middles, b):
		return MiddleName, r.shown.First
	case utf8.RuneCountInString(a) == 1 || utf8.RuneCountInString(b) == 1:
		if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
			return Initial, r.shown.First
		}
		return Different, r.shown.First
	}
	ra, rb := []rune(a), []rune(b)
	jw := jaroWinkler(ra, rb)
	switch {
	case oneEdit(ra, rb):
		return OneEdit, r.shown.First
	case jw >= closeFirstName:
		return Close, r.shown.First
	case Sound(a) == Sound(b):
		return SoundsAlike, r.shown.First
	case jw >= similarName:
		return Similar, r.shown.First
	}
	return Different, r.shown.First
}

func equalFirst(a, b word) bool { return a.head == b.head || a.joined == b.joined }

// lastLevel compares family names, each that either side has or had, and gives
// the recorded name that agrees best.
func lastLevel(q, r *Features) (Level, string) {
	if q.last.whole == "" && len(q.previous) == 0 || r.last.whole == "" && len(r.previous) == 0 {
		return "", ""
	}
	if q.last.whole != "" && q.last.whole == r.last.whole {
		return Equal, r.shown.Last
	}
	level := Different
	if len(q.previous) > 0 || len(r.previous) > 0 {
		level = DifferentRenamed
	}
	best := Different
	shown := r.shown.Last
	for i, b := range append([]family{r.last}, r.previous...) {
		for _, a := range append([]family{q.last}, q.previous...) {
			if l := familyLevel(a, b); stronger(l, best) {
				best, shown = l, r.shown.Last
				if i > 0 {
					shown = previousShown(r, b)
				}
			}
		}
	}
	if best == Different {
		return level, shown
	}
	return best, shown
}

// lastOrder is the order of strength of the levels of a family name.
var lastOrder = []Level{EarlierName, OnePart, OneEdit, Close, SoundsAlike, Similar, Different}

func stronger(a, b Level) bool {
	return slices.Index(lastOrder, a) < slices.Index(lastOrder, b)
}

// familyLevel compares two family names of which at least one is an earlier
// one, or which are not equal.
func familyLevel(a, b family) Level {
	if a.whole == "" || b.whole == "" {
		return Different
	}
	if a.whole == b.whole {
		return EarlierName
	}
	for _, p := range append(slices.Clip(a.parts), a.whole) {
		for _, q := range append(slices.Clip(b.parts), b.whole) {
			if p == q {
				return OnePart
			}
		}
	}
	ra, rb := []rune(a.whole), []rune(b.whole)
	jw := jaroWinkler(ra, rb)
	switch {
	case oneEdit(ra, rb):
		return OneEdit
	case jw >= closeName:
		return Close
	case a.sound == b.sound:
		return SoundsAlike
	case jw >= similarName:
		return Similar
	}
	return Different
}

func previousShown(r *Features, f family) string {
	for _, p := range r.shown.Previous {
		if LastKey(p.Last) == f.whole {
			return p.Last
		}
	}
	return r.shown.Last
}

// middleLevel compares middle names; the best pair counts.
func middleLevel(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return ""
	}
	best := Different
	for _, x := range a {
		for _, y := range b {
			switch {
			case x == y && utf8.RuneCountInString(x) > 1:
				return Equal
			case x == y, (utf8.RuneCountInString(x) == 1 || utf8.RuneCountInString(y) == 1) && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)):
				best = Initial
			case best == Different && oneEdit([]rune(x), []rune(y)):
				best = OneEdit
			}
		}
	}
	return best
}

// dateLevel compares two dates of eight digits, the year first.
func dateLevel(a, b string) Level {
	if a == b {
		if strings.HasSuffix(a, "0101") {
			return EqualDefault
		}
		return Equal
	}
	ay, am, ad := a[:4], a[4:6], a[6:]
	by, bm, bd := b[:4], b[4:6], b[6:]
	same := 0
	for _, eq := range []bool{ay == by, am == bm, ad == bd} {
		if eq {
			same++
		}
	}
	switch {
	case ay == by && am == bd && ad == bm:
		return Swapped
	case oneEdit([]byte(a), []byte(b)):
		return OneEdit
	case same == 2:
		return TwoParts
	case ay == by:
		return SameYear
	}
	return Different
}

// bestIdentifier compares the one identifier of a claim with all that a record
// holds and gives the level with the place of the one that agrees best; no
// level where either side has none.
func bestIdentifier(claimed, recorded []string) (Level, int) {
	if len(claimed) == 0 || len(recorded) == 0 {
		return "", 0
	}
	if i := slices.Index(recorded, claimed[0]); i >= 0 {
		return Equal, i
	}
	for i, r := range recorded {
		if oneEdit([]byte(claimed[0]), []byte(r)) {
			return OneEdit, i
		}
	}
	return Different, 0
}

// shownNINO gives the NI number, as recorded, whose stem is the i-th of r.
func shownNINO(r *Features, i int) string {
	for _, n := range r.shown.NINOs {
		if ninoStem(n) == r.ninos[i] {
			return n
		}
	}
	return ""
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
