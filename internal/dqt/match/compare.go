package match

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// comparison is what one record says about a claim: a level and a weight for
// each field. A field that is missing on either side has neither.
type comparison struct {
	levels [numFields]level
	cents  [numFields]int32
	total  int32
	// Which of the record's values agrees best.
	trn, nino, last int8 // last: 0 the present family name, i an earlier one's place from 1
}

// query is a claim with what its comparisons have in common.
type query struct {
	model *Model
	claim *Features
	size  int // of the register

	related []word           // names that the claim's first name is a form of
	equal   [numFields]int32 // weight of an equal value

	firstU         float64   // frequency of the first name among those of about that age
	pairU          float64   // the same among those with the family name; firstU where it is not known
	lastU          []float64 // of each family name of the claim, the present one first
	partU          [][]float64
	address        string // what stands before the @ of the claimant's email address, folded, in one word
	addressLetters uint32
	counted        map[Key]int // names beside the claim's own, once they were asked for
}

// usualU is the frequency of an equal value that the table gives for a field.
func (m *Model) usualU(f field) float64 { return m.u[f][equal] }

// newQuery makes a claim ready. count gives how many records are counted, or
// found, under a key.
func newQuery(m *Model, claim *Features, size int, count func(Key) int) *query {
	q := &query{model: m, claim: claim, size: size}
	for _, n := range relatedNames(claim.first.head.text) {
		q.related = append(q.related, wordOf(n))
	}
	q.frequencies(size, count)
	q.address = claim.address
	q.addressLetters = lettersOf(q.address)
	if len(claim.trns) > 0 {
		q.equal[trnField] = q.identifier(trnField, 1)
	}
	if len(claim.ninos) > 0 {
		q.equal[ninoField] = q.identifier(ninoField, count(keyOf(keyNINO, claim.ninos[0].stem)))
	}
	if claim.email != 0 {
		q.equal[emailField] = q.identifier(emailField, count(keyOfNumber(keyEmail, uint32(claim.email), "")))
	}
	if claim.born != 0 {
		u := frequency(count(countBornKey(claim.born)), size, m.usualU(bornField), bornFloor)
		q.equal[bornField] = cents(m.m[bornField][equal] / u)
	}
	q.equal[firstField] = cents(m.m[firstField][equal] / q.firstU)
	if len(q.lastU) > 0 {
		q.equal[lastField] = cents(m.m[lastField][equal] / q.lastU[0])
	}
	return q
}

// frequencies finds how common the claim's names are.
func (q *query) frequencies(size int, count func(Key) int) {
	m, f := q.model, q.claim
	head := f.first.head.text
	usual := m.usualU(firstField)
	overall := frequency(count(countFirstKey(head)), size, usual, nameFloor)
	q.firstU = overall
	if f.born != 0 {
		of, in := count(countCohortKey(f.born, head)), count(countCohortKey(f.born, ""))
		q.firstU = math.Max((float64(of)+cohortSmoothing*overall)/(float64(in)+cohortSmoothing), nameFloor)
	}
	q.pairU = q.firstU
	usualLast := m.usualU(lastField)
	for i, l := range append([]family{f.last}, f.previous...) {
		n := count(countLastKey(l.whole.text))
		q.lastU = append(q.lastU, frequency(n, size, usualLast, nameFloor))
		if i == 0 && n > 0 {
			both := count(countFirstLastKey(head, l.whole.text)) // the record itself is one of both
			q.pairU = math.Max((math.Max(float64(both-1), 0)+pairSmoothing*q.firstU)/(math.Max(float64(n-1), 0)+pairSmoothing), nameFloor)
		}
		var parts []float64
		for _, p := range l.parts {
			parts = append(parts, frequency(count(countLastKey(p.text)), size, usualLast, nameFloor))
		}
		q.partU = append(q.partU, parts)
	}
}

// countKeys appends the keys of all counts that newQuery asks for.
func (f *Features) countKeys(keys []Key) []Key {
	head := f.first.head.text
	keys = append(keys, countFirstKey(head))
	if f.born != 0 {
		keys = append(keys, countCohortKey(f.born, head), countCohortKey(f.born, ""), countBornKey(f.born))
	}
	for i, l := range append([]family{f.last}, f.previous...) {
		if l.whole.text == "" {
			continue
		}
		keys = append(keys, countLastKey(l.whole.text))
		if i == 0 {
			keys = append(keys, countFirstLastKey(head, l.whole.text))
		}
		for _, p := range l.parts {
			keys = append(keys, countLastKey(p.text))
		}
	}
	return keys
}

// identifier is the weight of an equal identifier that so many records hold.
func (q *query) identifier(f field, holders int) int32 {
	u := float64(max(holders, 1)) / math.Max(float64(q.size), leastRegister)
	return cents(q.model.m[f][equal] / math.Max(u, identifierFloor))
}

// compare compares a record with the claim.
func (q *query) compare(r *Features, c *comparison) {
	*c = comparison{}
	f := q.claim
	if len(f.trns) > 0 && len(r.trns) > 0 {
		l, at := trnLevel(f.trns[0], r.trns)
		c.trn = int8(min(at, 127))
		q.set(c, trnField, l, q.equal[trnField])
	}
	if len(f.ninos) > 0 && len(r.ninos) > 0 {
		l, at := ninoLevel(f.ninos[0].stem, r.ninos)
		c.nino = int8(min(at, 127))
		q.set(c, ninoField, l, q.equal[ninoField])
	}
	if f.email != 0 && r.email != 0 {
		l := different
		if f.email == r.email {
			l = equal
		}
		q.set(c, emailField, l, q.equal[emailField])
	}
	if f.born != 0 && r.born != 0 {
		l := dateLevel(f.born, r.born)
		q.set(c, bornField, l, q.equal[bornField])
		if l == equal && uint32(f.born)%10000 == 101 { // as much weaker as the parameters say
			c.levels[bornField] = equalDefault
			c.cents[bornField] += q.model.cents[bornField][equalDefault] - q.model.cents[bornField][equal]
		}
	}
	q.names(r, c)
	if l := middleLevel(f.middles, r.middles); l != missing {
		c.levels[middleField], c.cents[middleField] = l, q.model.cents[middleField][l]
	}
	for _, v := range c.cents {
		c.total += v
	}
}

// set sets a field's level; a near value never weighs more than an equal one.
func (q *query) set(c *comparison, f field, l level, whenEqual int32) {
	c.levels[f] = l
	if l == equal {
		c.cents[f] = whenEqual
	} else {
		c.cents[f] = min(q.model.cents[f][l], whenEqual)
	}
}

// names compares first and family name, in their places or swapped, whichever
// says more.
func (q *query) names(r *Features, c *comparison) {
	m := q.model
	firstL := q.firstLevel(r)
	lastL, mine, part, theirs := q.lastLevel(r)
	if lastL != missing {
		c.levels[lastField], c.last = lastL, int8(min(theirs, 127))
		w := q.equal[lastField]
		switch lastL {
		case equal:
		case different, differentRenamed, similar, soundsAlike:
			if at := q.inEmail(r); at >= 0 {
				c.levels[lastField], c.last = inEmail, int8(at)
				lastL = inEmail
			}
			w = min(q.near(lastField, lastL, r.last.whole.text), w)
		case earlierName: // as much rarer than usual as the name is
			w = scaled(m, lastField, lastL, q.lastU[mine])
		case onePart:
			u := q.lastU[mine]
			if part >= 0 {
				u = q.partU[mine][part]
			}
			w = scaled(m, lastField, lastL, u)
		default:
			w = min(q.near(lastField, lastL, r.last.whole.text), w)
		}
		c.cents[lastField] = w
	}
	if firstL != missing {
		c.levels[firstField] = firstL
		w := q.equal[firstField]
		switch firstL {
		case equal:
			if lastL == equal || lastL == earlierName && mine == 0 {
				w = cents(m.m[firstField][equal] / q.pairU)
			}
		case earlierName:
			w = min(scaled(m, firstField, firstL, q.firstU), w)
		case variant:
			if u, is := q.known(firstField, r.first.head.text); is {
				w = cents(m.m[firstField][variant] / math.Max(u, m.usualU(firstField)))
			} else {
				w = min(m.cents[firstField][variant], w)
			}
		default:
			w = min(q.near(firstField, firstL, r.first.head.text), w)
		}
		c.cents[firstField] = w
	}
	if firstL == equal || lastL == equal || lastL == missing || firstL == missing {
		return
	}
	q.turned(r, c)
}

// turned looks for first and family name in each other's places, both or only
// one of them, and takes that where it says more.
func (q *query) turned(r *Features, c *comparison) {
	m, f := q.model, q.claim
	if f.first.head.text == "" || f.last.whole.text == "" || r.first.head.text == "" || r.last.whole.text == "" {
		return
	}
	near := func(a, b string, wa, wb *word) (isNear, isEqual bool) {
		if a == b {
			return true, true
		}
		l := nearWords(wa, wb, closeName, similarName)
		return l == oneEdit || l == closeBy, false
	}
	// The claim's first name in the place of the family name, and the other way.
	firstNear, firstEqual := near(f.first.joined, r.last.whole.text, &f.first.head, &r.last.whole)
	lastNear, lastEqual := near(f.last.whole.text, r.first.joined, &f.last.whole, &r.first.head)
	if !firstNear && !lastNear {
		return
	}
	first, last := m.cents[firstField][swapped], m.cents[lastField][swapped]
	if u, is := q.known(firstField, f.last.whole.text); is {
		first = scaled(m, firstField, swapped, u)
	}
	if u, is := q.known(lastField, f.first.joined); is {
		last = scaled(m, lastField, swapped, u)
	}
	if !firstEqual {
		first = min(first, m.cents[firstField][oneEdit])
	}
	if !lastEqual {
		last = min(last, m.cents[lastField][oneEdit])
	}
	firstL, lastL := swapped, swapped
	if !firstNear {
		firstL, first = different, m.cents[firstField][different]
	}
	if !lastNear {
		lastL, last = different, m.cents[lastField][different]
		first = min(first, m.cents[lastField][swapped]) // that they changed places is weighed with the family name
	}
	if first+last > c.cents[firstField]+c.cents[lastField] {
		c.levels[firstField], c.cents[firstField] = firstL, first
		c.levels[lastField], c.cents[lastField] = lastL, last
		c.last = 0
	}
}

// inEmail gives the place of a family name of the record that stands in the
// claimant's email address, -1 for none: an address often keeps a name that its
// owner no longer uses.
func (q *query) inEmail(r *Features) int {
	if q.address == "" {
		return -1
	}
	for i := -1; i < len(r.previous); i++ {
		l := &r.last
		if i >= 0 {
			l = &r.previous[i]
		}
		if len(l.whole.text) >= addressName && l.whole.letters&^q.addressLetters == 0 && strings.Contains(q.address, l.whole.text) {
			return i + 1
		}
	}
	return -1
}

// addressName is how long a family name is at least that is not in an address by chance.
const addressName = 4

// near is the weight of a level at which a name nearly agrees. That somebody
// else's does is as likely as the recorded name is common, where that is known.
func (q *query) near(f field, l level, recorded string) int32 {
	u := q.model.u[f][l]
	if l.isNear() {
		if known, is := q.known(f, recorded); is {
			u = math.Max(known, u/nearAtLeast)
		}
	}
	return cents(q.model.m[f][l] / u)
}

// nearAtLeast bounds how much rarer than usual a near name may count for: what
// was typed is near other names too.
const nearAtLeast = 4

func (l level) isNear() bool {
	return l == oneEdit || l == closeBy || l == soundsAlike || l == similar
}

// known is how frequent a name is that is not the claim's own, or not in its
// place, once it was counted.
func (q *query) known(f field, name string) (u float64, is bool) {
	if len(q.counted) == 0 {
		return 0, false
	}
	n, is := q.counted[nameCountKey(f, name)]
	return frequency(n, q.size, q.model.usualU(f), nameFloor), is
}

// unknown appends the keys of the names that known needs counted for a record.
func (q *query) unknown(r *Features, c *comparison, keys []Key) []Key {
	first, last := c.levels[firstField], c.levels[lastField]
	if first.isNear() || first == variant {
		keys = append(keys, nameCountKey(firstField, r.first.head.text))
	}
	if last.isNear() {
		keys = append(keys, nameCountKey(lastField, r.last.whole.text))
	}
	if first == swapped || last == swapped {
		keys = append(keys, nameCountKey(firstField, q.claim.last.whole.text), nameCountKey(lastField, q.claim.first.joined))
	}
	return keys
}

// scaled is the weight of a level at which a name agrees: its u is as much less
// or more than usual as the name is rarer or more common.
func scaled(m *Model, f field, l level, frequency float64) int32 {
	return cents(m.m[f][l] / math.Min(m.u[f][l]*frequency/m.usualU(f), 1))
}

// firstLevel compares first names.
func (q *query) firstLevel(r *Features) level {
	a, b := &q.claim.first, &r.first
	if a.head.text == "" || b.head.text == "" {
		return missing
	}
	if equalFirst(a, b) {
		return equal
	}
	for i := range r.firsts {
		if equalFirst(a, &r.firsts[i]) {
			return earlierName
		}
	}
	for i := range q.claim.firsts {
		if equalFirst(&q.claim.firsts[i], b) {
			return earlierName
		}
		for j := range r.firsts {
			if equalFirst(&q.claim.firsts[i], &r.firsts[j]) {
				return earlierName
			}
		}
	}
	for i := range q.related {
		if q.related[i].letters == b.head.letters && q.related[i].text == b.head.text {
			return variant
		}
	}
	for i := range r.middles {
		if r.middles[i].letters == a.head.letters && r.middles[i].text == a.head.text {
			return middleName
		}
	}
	for i := range q.claim.middles {
		if q.claim.middles[i].letters == b.head.letters && q.claim.middles[i].text == b.head.text {
			return middleName
		}
	}
	if isInitial(a.head.text) || isInitial(b.head.text) {
		if firstRune(a.head.text) == firstRune(b.head.text) {
			return initial
		}
		return different
	}
	return nearWords(&a.head, &b.head, closeFirstName, similarName)
}

func isInitial(s string) bool { return len(s) <= utf8.UTFMax && utf8.RuneCountInString(s) == 1 }

func equalFirst(a, b *given) bool {
	return a.head.letters == b.head.letters && a.head.text == b.head.text || a.joined == b.joined
}

// lastLevel compares family names, each that either side has or had. It gives
// the places of the two that agree best, the present ones' is 0; part is the
// place of a part of the claim's name, -1 where its whole agrees.
func (q *query) lastLevel(r *Features) (best level, mine, part, theirs int) {
	f := q.claim
	if f.last.whole.text == "" && len(f.previous) == 0 || r.last.whole.text == "" && len(r.previous) == 0 {
		return missing, 0, -1, 0
	}
	if f.last.whole.letters == r.last.whole.letters && f.last.whole.text == r.last.whole.text && f.last.whole.text != "" {
		return equal, 0, -1, 0
	}
	best, part = different, -1
	for i := -1; i < len(f.previous); i++ {
		a := &f.last
		if i >= 0 {
			a = &f.previous[i]
		}
		for j := -1; j < len(r.previous); j++ {
			b := &r.last
			if j >= 0 {
				b = &r.previous[j]
			}
			if a.whole.text == "" || b.whole.text == "" {
				continue
			}
			l, p := familyLevel(a, b)
			if lastOrder[l] < lastOrder[best] {
				best, mine, part, theirs = l, i+1, p, j+1
			}
		}
	}
	if best == different && len(f.previous)+len(r.previous) > 0 {
		best = differentRenamed
	}
	return best, mine, part, theirs
}

// lastOrder is the order of strength of the levels of a family name.
var lastOrder = [numLevels]uint8{earlierName: 0, onePart: 1, oneEdit: 2, closeBy: 3, soundsAlike: 4, similar: 5, different: 6}

// familyLevel compares two family names of which at least one is an earlier
// one, or which are not equal.
func familyLevel(a, b *family) (l level, part int) {
	if a.whole.letters == b.whole.letters && a.whole.text == b.whole.text {
		return earlierName, -1
	}
	for i := range b.parts {
		if b.parts[i].letters == a.whole.letters && b.parts[i].text == a.whole.text {
			return onePart, -1
		}
	}
	for i := range a.parts {
		p := &a.parts[i]
		if p.letters == b.whole.letters && p.text == b.whole.text {
			return onePart, i
		}
		for j := range b.parts {
			if b.parts[j].letters == p.letters && b.parts[j].text == p.text {
				return onePart, i
			}
		}
	}
	return nearWords(&a.whole, &b.whole, closeName, similarName), -1
}

// middleLevel compares middle names; the best pair counts.
func middleLevel(a, b []word) level {
	if len(a) == 0 || len(b) == 0 {
		return missing
	}
	best := different
	for i := range a {
		for j := range b {
			x, y := &a[i], &b[j]
			ix, iy := isInitial(x.text), isInitial(y.text)
			switch {
			case x.text == y.text && !ix:
				return equal
			case (ix || iy) && firstRune(x.text) == firstRune(y.text):
				best = initial
			case best == different && bits.OnesCount32(x.letters&^y.letters) <= 1 && bits.OnesCount32(y.letters&^x.letters) <= 1 && isOneEdit([]rune(x.text), []rune(y.text)):
				best = oneEdit
			}
		}
	}
	return best
}

// dateLevel compares two dates.
func dateLevel(a, b date) level {
	if a == b {
		return equal
	}
	same := 0
	for _, eq := range [...]bool{a.year() == b.year(), a.month() == b.month(), a.day() == b.day()} {
		if eq {
			same++
		}
	}
	switch {
	case a.year() == b.year() && a.month() == b.day() && a.day() == b.month():
		return swapped
	case nearDigits(a, b):
		return oneEdit
	case same == 2:
		return twoParts
	case a.year() == b.year():
		return sameYear
	}
	return different
}

// nearDigits tells whether the eight digits of two different dates differ by
// one digit or by two neighbours that are swapped.
func nearDigits(a, b date) bool {
	differ, at := 0, 0
	for i := range 8 {
		if a.digit(i) != b.digit(i) {
			if differ == 0 {
				at = i
			}
			differ++
		}
	}
	return differ == 1 || differ == 2 && at < 7 && a.digit(at) == b.digit(at+1) && a.digit(at+1) == b.digit(at)
}

// trnLevel compares the claim's TRN with all that a record holds and gives the
// place of the one that agrees best.
func trnLevel(claimed uint32, recorded []uint32) (level, int) {
	if i := slices.Index(recorded, claimed); i >= 0 {
		return equal, i
	}
	for i, r := range recorded {
		if nearDigits(date(claimed), date(r)) {
			return oneEdit, i
		}
	}
	return different, 0
}

// ninoLevel does the same for NI numbers.
func ninoLevel(claimed string, recorded []nino) (level, int) {
	for i := range recorded {
		if recorded[i].stem == claimed {
			return equal, i
		}
	}
	for i := range recorded {
		if nearStems(claimed, recorded[i].stem) {
			return oneEdit, i
		}
	}
	return different, 0
}

// nearStems is nearDigits for NI numbers without suffix.
func nearStems(a, b string) bool {
	differ, at := 0, 0
	for i := range len(a) {
		if a[i] != b[i] {
			if differ == 0 {
				at = i
			}
			if differ++; differ > 2 {
				return false
			}
		}
	}
	return differ == 1 || differ == 2 && at < 7 && a[at] == b[at+1] && a[at+1] == b[at]
}

// evidence gives a comparison in words, the heaviest first.
func (q *query) evidence(c *comparison, claim, record Description) []Evidence {
	out := make([]Evidence, 0, numFields)
	for f, l := range c.levels {
		if l == missing {
			continue
		}
		e := Evidence{Field: fields[f], Level: levels[l], Bits: bitsOf(c.cents[f])}
		claimed, recorded := q.shown(field(f), c, claim, record)
		e.Claimed, e.Recorded = NewText(claimed), NewText(recorded)
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Evidence) int {
		switch {
		case a.Bits > b.Bits:
			return -1
		case a.Bits < b.Bits:
			return 1
		}
		return 0
	})
	return out
}

// shown gives the two values of a field as they were given.
func (q *query) shown(f field, c *comparison, claim, record Description) (claimed, recorded string) {
	l := c.levels[f]
	switch f {
	case trnField:
		return claim.TRNs[0], trnShown(Describe(record).trns, int(c.trn))
	case ninoField:
		all := Describe(record).ninos
		want := all[min(int(c.nino), len(all)-1)].stem
		for _, d := range append([]Description{record}, record.Merged...) {
			for _, n := range d.NINOs {
				if got, ok := ninoOf(n); ok && got.stem == want {
					return claim.NINOs[0], n
				}
			}
		}
		return claim.NINOs[0], ""
	case emailField:
		return claim.Email, record.Email
	case bornField:
		return claim.DateOfBirth, record.DateOfBirth
	case middleField:
		return joined(q.claim.middles), joined(Describe(record).middles)
	case lastField:
		switch {
		case l == swapped:
			return claim.Last, record.First
		case c.last > 0:
			want := Describe(record).previous
			if int(c.last) <= len(want) {
				return claim.Last, previousShown(record, want[c.last-1].whole.text)
			}
		}
		return claim.Last, record.Last
	}
	switch {
	case l == swapped:
		return claim.First, record.Last
	case l == middleName && record.Middle != "":
		return claim.First, strings.TrimSpace(record.First + " " + record.Middle)
	case l == earlierName:
		for _, d := range append([]Description{record}, record.Merged...) {
			for _, n := range append([]Name{{First: d.First}}, d.Previous...) {
				if w := firstWords(n.First); len(w) > 0 && (w[0] == q.claim.first.head.text) {
					return claim.First, n.First
				}
			}
		}
	}
	return claim.First, record.First
}

func trnShown(trns []uint32, at int) string {
	t := trns[min(at, len(trns)-1)]
	digits := make([]byte, 7)
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i], t = byte('0'+t%10), t/10
	}
	return string(digits)
}

func joined(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

func previousShown(record Description, whole string) string {
	for _, d := range append([]Description{record}, record.Merged...) {
		for _, p := range append([]Name{{Last: d.Last}}, d.Previous...) {
			if LastKey(p.Last) == whole {
				return p.Last
			}
		}
	}
	return record.Last
}

// FieldLevel is the level at which a field of a claim and of a record agree.
type FieldLevel struct {
	Field Field
	Level Level
}

// Levels compares a claim with a record without weighing anything: what
// parameters are estimated from. A field that is missing on either side is left out.
func (m *Model) Levels(claim, record *Features) []FieldLevel {
	var c comparison
	newQuery(m, claim, 0, func(Key) int { return 0 }).compare(record, &c)
	out := make([]FieldLevel, 0, numFields)
	for f, l := range c.levels {
		if l != missing {
			out = append(out, FieldLevel{fields[f], levels[l]})
		}
	}
	return out
}
