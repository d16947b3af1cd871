package match

import (
	"cmp"
	"math"
	"slices"
)

// Search looks for the records of one claim. It reads nothing itself: it says
// which pages of keys it wants, which cohort and which records, and when it has
// seen these, which records more, until it wants nothing.
//
//	s := model.Search(claim)
//	for s.Wants() {
//		for _, p := range s.Pages() { s.Page(p, …) }
//		if day := s.Cohort(); day != 0 { s.Members(…) }
//		for _, id := range s.Known() { s.Record(id, …) }
//		if s.Crowded() { s.Outlined(…) }
//		for _, id := range s.Records() { s.Record(id, …) }
//		s.Next(size)
//	}
//	ranked := s.Ranked(5)
type Search struct {
	model *Model
	claim Description
	f     *Features
	size  int

	pass   int
	keys   []Key
	pages  []PageNumber
	counts map[Key]int
	cohort []shown
	shown  []shown  // in this pass
	likely []likely // records under the keys
	seen   map[ID]struct{}

	again    []candidate // the best, to be weighed once more
	q        *query
	features Features // of the record at hand
	found    []candidate
}

// shown is a record that is there to be compared.
type shown struct {
	id     ID
	packed string
}

// candidate is a record that was compared.
type candidate struct {
	id       ID
	inactive bool
	packed   string
	comparison
}

// convincing is the probability of the first candidate that makes a wider
// search needless.
const convincing = 0.999

// A search asks up to three times: for what agrees exactly or by sound; unless
// that convinces, for what agrees in part; and for how common the names of the
// best candidates are, where they only nearly agree.
const (
	first = iota + 1
	wider
	refining
	done
)

// refined is how many of the best candidates are looked at more closely.
const refined = 3

// Search begins a search.
func (m *Model) Search(claim Description) *Search {
	s := &Search{model: m, claim: claim, f: Describe(claim), counts: make(map[Key]int, 16), seen: make(map[ID]struct{}, 64)}
	s.pass = first
	s.begin()
	return s
}

// Claim gives the claim as it is compared.
func (s *Search) Claim() *Features { return s.f }

func (s *Search) begin() {
	b := builder{keys: s.keys[:0]}
	f := s.f
	switch s.pass {
	case first:
		b.keys = f.countKeys(b.keys)
		for _, k := range b.keys {
			s.counts[k] = 0
		}
		for _, t := range f.trns {
			b.put(AliasKey(ID(t)))
		}
		for _, n := range f.ninos {
			b.put(keyOf(keyNINO, n.stem))
		}
		b.email(f.email)
		b.near(f.born, f.first.forms(), f.last, f.previous)
		for i := range f.firsts {
			b.near(f.born, f.firsts[i].forms(), family{}, nil)
		}
	case wider:
		b.wider(f)
	case refining:
		b.keys = s.refine(b.keys)
		for _, k := range b.keys {
			s.counts[k] = 0
		}
	}
	s.keys = b.keys
	s.pages = s.pages[:0]
	for _, k := range s.keys {
		s.pages = append(s.pages, k.Page())
	}
	slices.Sort(s.pages)
	s.pages = slices.Compact(s.pages)
}

// wider adds the keys of what agrees in part, and those of the claim with a
// part altered: day and month swapped, first and family name swapped, the
// middle name as first name, half of the NI number.
func (b *builder) wider(f *Features) {
	for _, n := range f.ninos {
		b.put(keyOf(keyNINOHead, n.stem[:4]))
		b.put(keyOf(keyNINOTail, n.stem[4:]))
	}
	forms := f.first.forms()
	b.far(f.born, forms, f.last, f.previous)
	b.days(f.born, forms)
	if f.born != 0 && f.born.day() <= 12 && f.born.day() != f.born.month() {
		other := date(f.born.year()*10000 + f.born.day()*100 + f.born.month())
		b.near(other, forms, f.last, f.previous)
	}
	for _, m := range f.middles {
		forms := nameForms(m.text)
		b.near(f.born, forms, family{}, nil)
		b.far(f.born, forms, f.last, f.previous)
	}
	if f.last.whole.text != "" && f.first.joined != "" {
		turned := family{whole: wordOf(f.first.joined)}
		b.near(f.born, nameForms(f.last.whole.text), turned, nil)
		b.far(f.born, nameForms(f.last.whole.text), turned, nil)
	}
}

// Wants tells whether the search asks for more.
func (s *Search) Wants() bool { return s.pass != done }

// Pages gives the pages of keys that the search wants to see now.
func (s *Search) Pages() []PageNumber { return s.pages }

// Page shows the search a page that it wants; an empty one needs not be shown.
func (s *Search) Page(page PageNumber, packed string) {
	for _, k := range s.keys {
		if k.Page() != page {
			continue
		}
		if k&countBit != 0 {
			find(packed, k, func(v uint32) { s.counts[k] = int(v) })
			continue
		}
		ids, many := Holders(packed, k)
		if s.counts[k] = len(ids); many {
			s.counts[k] = wideLimit
		}
		if len(ids) > keyLimit {
			continue
		}
		few := float32(typicalSize - math.Log2(float64(max(len(ids), 1))))
		for _, id := range ids {
			s.likely = append(s.likely, likely{id: id, bits: few, rarest: few})
		}
	}
}

// likely is a record that keys lead to, and about how much speaks for it: the
// more keys lead to it and the fewer others each of them leads to.
type likely struct {
	id     ID
	bits   float32
	rarest float32 // of the one key that leads to the fewest
	alike  float32 // how near its outline is to the claim
}

const (
	// typicalSize is log2 of how many records a register has.
	typicalSize = 20
	// One pass looks at mostLikely records under its keys, those that most speaks
	// for, and at mostRare others, those under the rarest keys: who has changed
	// their name shares few keys with the claim. Fewer lose true records: with 40
	// and 20 it is six in a million more.
	mostLikely = 50
	mostRare   = 30
)

// Cohort gives the day of birth whose cohort the search wants to see now, zero for none.
func (s *Search) Cohort() Day {
	if s.pass == first {
		return s.f.Born()
	}
	return 0
}

// Members shows the search a cohort that it wants.
func (s *Search) Members(packed string) error {
	return EachMember(packed, func(id ID, features string) error {
		s.cohort = append(s.cohort, shown{id, features})
		return nil
	})
}

// Known gives the records that the claim itself names.
func (s *Search) Known() []ID {
	if s.pass != first {
		return nil
	}
	ids := make([]ID, len(s.f.trns))
	for i, t := range s.f.trns {
		ids[i] = ID(t)
	}
	return ids
}

// Record shows the search a record that it wants. One that is not there needs
// not be shown.
func (s *Search) Record(id ID, packed string) {
	if _, had := s.seen[id]; !had {
		s.seen[id] = struct{}{}
		s.shown = append(s.shown, shown{id, packed})
	}
}

// Crowded tells whether the keys lead to more records than the search wants to
// see: then outlines say which.
func (s *Search) Crowded() bool {
	slices.SortFunc(s.likely, func(a, b likely) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.bits, b.bits)) })
	all := s.likely[:0]
	for _, l := range s.likely {
		if n := len(all); n > 0 && all[n-1].id == l.id {
			all[n-1].bits += l.bits
			all[n-1].rarest = max(all[n-1].rarest, l.rarest)
		} else if _, had := s.seen[l.id]; !had {
			all = append(all, l)
		}
	}
	s.likely = all
	return len(all) > mostLikely+mostRare
}

// Outlined keeps of the records that the keys lead to those that the search wants to see.
func (s *Search) Outlined(o *Outlines) {
	all := s.likely
	like := s.f.sketch()
	for i := range all {
		all[i].alike = like.alike(o.of(all[i].id))
	}
	order := func(l []likely, weight func(likely) float32) {
		slices.SortFunc(l, func(a, b likely) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a.id, b.id)) })
	}
	order(all, func(l likely) float32 { return l.alike + l.bits })
	order(all[mostLikely:], func(l likely) float32 { return l.alike + l.rarest })
	s.likely = all[:mostLikely+mostRare]
}

// Records gives the records that the search wants to see too, in order.
func (s *Search) Records() (wanted []ID) {
	slices.SortFunc(s.likely, func(a, b likely) int { return cmp.Compare(a.id, b.id) })
	if s.pass == wider {
		for _, m := range s.cohort {
			s.Record(m.id, m.packed)
		}
	}
	for _, l := range s.likely {
		at, is := slices.BinarySearchFunc(s.cohort, l.id, func(m shown, id ID) int { return cmp.Compare(m.id, id) })
		if is {
			s.Record(l.id, s.cohort[at].packed)
		} else {
			wanted = append(wanted, l.id)
		}
	}
	s.likely = s.likely[:0]
	return wanted
}

// compare compares what was shown.
func (s *Search) compare() error {
	if s.q == nil {
		s.q = newQuery(s.model, s.f, s.size, func(k Key) int { return s.counts[k] })
	}
	for _, r := range s.shown {
		if err := s.features.Unpack(r.packed); err != nil {
			return err
		}
		s.found = append(s.found, candidate{id: r.id, inactive: s.features.Inactive, packed: r.packed})
		s.q.compare(&s.features, &s.found[len(s.found)-1].comparison)
	}
	s.shown = s.shown[:0]
	return nil
}

// Next says that all that was wanted has been shown, of a register of so many records.
func (s *Search) Next(size int) error {
	s.size = size
	if err := s.compare(); err != nil {
		return err
	}
	switch {
	case s.pass == refining:
		s.weighAnew()
		s.pass = done
		return nil
	case s.pass == first && !s.convinced():
		s.pass = wider
	default:
		s.pass = refining
	}
	if s.begin(); s.pass == refining && len(s.keys) == 0 {
		s.pass = done
	}
	return nil
}

// refine gives the keys that count the names of the best candidates which do not
// simply agree with the claim's.
func (s *Search) refine(keys []Key) []Key {
	s.again = best(s.found, refined, inOrder)
	var f Features
	for _, c := range s.again {
		if f.Unpack(c.packed) == nil {
			keys = s.q.unknown(&f, &c.comparison, keys)
		}
	}
	return keys
}

// weighAnew compares the best candidates again, now that their names are counted.
func (s *Search) weighAnew() {
	s.q.counted = make(map[Key]int, len(s.keys))
	for _, k := range s.keys {
		s.q.counted[k] = s.counts[k]
	}
	var f Features
	for _, again := range s.again {
		for i := range s.found {
			if s.found[i].id == again.id && f.Unpack(again.packed) == nil {
				s.q.compare(&f, &s.found[i].comparison)
			}
		}
	}
}

func (s *Search) convinced() bool {
	if len(s.found) == 0 {
		return false
	}
	best := &s.found[0]
	for i := range s.found {
		if s.found[i].total > best.total {
			best = &s.found[i]
		}
	}
	return math.Exp2(float64(best.total)/100+s.each())/s.whole() >= convincing
}

// each is log2 of a record's probability before anything is compared.
func (s *Search) each() float64 {
	return math.Log2((1 - nobody) / float64(max(s.size, len(s.found), 1)))
}

// whole is what the probabilities are shares of: all that may be true, that it
// is one of the candidates, nobody in the register, or a near relative.
func (s *Search) whole() float64 {
	each, total := s.each(), float64(nobody)
	for i := range s.found {
		if bits := float64(s.found[i].total)/100 + each; bits > -30 { // less changes nothing
			total += math.Exp2(bits)
		}
	}
	return (total + s.others()) * (1 + leftForNobody)
}

// leftForNobody is the least share that nobody keeps: no record is ever
// certain, and in floating point the rest would vanish beside fifty bits.
const leftForNobody = 1e-9

// Ranked is a candidate with its weight, the sum of its evidence's, and the
// probability that it is the claimant's, against the others and against nobody.
type Ranked struct {
	ID          ID
	Bits        Bits
	Probability float64
	Inactive    bool
	Safe        bool // passes the gate, see gate.go

	comparison comparison
}

// Ranked gives at most limit candidates, the likeliest first. The order in
// which records were shown changes nothing.
func (s *Search) Ranked(limit int) []Ranked {
	top := s.found
	if limit = min(max(limit, 0), len(top)); limit < len(top)/4 {
		top = best(top, limit, inOrder)
	} else {
		slices.SortFunc(top, inOrder)
	}
	each, whole := s.each(), s.whole()
	ranked := make([]Ranked, limit)
	for i, c := range top[:limit] {
		ranked[i] = Ranked{
			ID: c.id, Bits: bitsOf(c.total), Probability: math.Exp2(float64(c.total)/100+each) / whole,
			Inactive: c.inactive, Safe: c.safe(), comparison: c.comparison,
		}
	}
	return ranked
}

// inOrder puts the likelier candidate first, of two that weigh the same an active one.
func inOrder(a, b candidate) int {
	behind := 0
	if a.inactive != b.inactive {
		behind = -1
		if a.inactive {
			behind = 1
		}
	}
	return cmp.Or(cmp.Compare(b.total, a.total), behind, cmp.Compare(a.id, b.id))
}

// best gives the first n of what is much longer, in order.
func best(all []candidate, n int, order func(a, b candidate) int) []candidate {
	top := make([]candidate, 0, n+1)
	for _, c := range all {
		if len(top) == n && (n == 0 || order(c, top[n-1]) >= 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, c, order)
		top = slices.Insert(top, at, c)
		top = top[:min(len(top), n)]
	}
	return top
}

// Evidence gives what speaks for a candidate and against it, the heaviest
// first. The description is that of the record which was shown.
func (s *Search) Evidence(r Ranked, record Description) []Evidence {
	return s.q.evidence(&r.comparison, s.claim, record)
}

// Found tells how many records were compared, and whether one of them has the id.
func (s *Search) Found(id ID) (all int, found bool) {
	return len(s.found), slices.ContainsFunc(s.found, func(c candidate) bool { return c.id == id })
}
