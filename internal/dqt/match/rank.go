package match

import (
	"cmp"
	"math"
	"slices"
)

// Entry is a record to be ranked.
type Entry struct {
	ID       string    // orders entries that are otherwise equal
	Last     bool      // stands behind an entry with the same weight
	Features *Features // what the record says
}

// Ranked is an entry with its weight, the sum of its evidence's, and the
// probability that it is the claimant's, against the others and against nobody.
type Ranked struct {
	Entry
	Bits        Bits
	Probability float64
	Evidence    []Evidence
}

// Rank orders entries by how likely each is the claimant's, the likeliest
// first. The order in which they come changes nothing.
func Rank(claim *Features, entries []Entry, register Register) []Ranked {
	c := comparing{claim: claim, register: register, holders: holders(claim, entries)}
	ranked := make([]Ranked, len(entries))
	for i, e := range entries {
		evidence := c.compare(e.Features)
		var sum float64
		for _, v := range evidence {
			sum += float64(v.Bits)
		}
		ranked[i] = Ranked{Entry: e, Bits: round(sum), Evidence: evidence}
	}
	slices.SortFunc(ranked, func(a, b Ranked) int {
		behind := 0
		switch {
		case a.Last && !b.Last:
			behind = 1
		case b.Last && !a.Last:
			behind = -1
		}
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), behind, cmp.Compare(a.ID, b.ID))
	})
	posterior(ranked, register.Size)
	return ranked
}

// posterior gives each candidate its share of all that may be true: it is one
// of them, or nobody in the register.
func posterior(ranked []Ranked, size int) {
	each := math.Log2((1 - nobody) / float64(max(size, len(ranked), 1)))
	total := nobody
	for i := range ranked {
		ranked[i].Probability = math.Exp2(float64(ranked[i].Bits) + each)
		total += ranked[i].Probability
	}
	total *= 1 + leftForNobody
	for i := range ranked {
		ranked[i].Probability /= total
	}
}

// leftForNobody is the least share that nobody keeps: no record is ever
// certain, and in floating point the rest would vanish beside fifty bits.
const leftForNobody = 1e-9

// holders counts how many entries hold each identifier of the claim.
func holders(claim *Features, entries []Entry) map[string]int {
	n := map[string]int{}
	for _, e := range entries {
		for _, pair := range [][2][]string{{claim.trns, e.Features.trns}, {claim.ninos, e.Features.ninos}, {{claim.email}, {e.Features.email}}} {
			if id := first(pair[0]); id != "" && slices.Contains(pair[1], id) {
				n[id]++
			}
		}
	}
	return n
}

// CountedNames gives the first and family names of a claim whose frequency in
// the register Rank wants to know.
func (f *Features) CountedNames() (firsts, lasts []string) {
	for _, n := range []string{f.first.head, f.last.whole} { // each may stand in the other's place
		if n != "" {
			firsts = append(firsts, n)
		}
	}
	for _, n := range []string{f.last.whole, f.first.joined} {
		if n != "" {
			lasts = append(lasts, n)
		}
	}
	return firsts, lasts
}

// NameKeys gives the keys by which a record's first and family name are counted.
func (f *Features) NameKeys() (first, last string) { return f.first.head, f.last.whole }
