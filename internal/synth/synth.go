// Package synth invents teachers: registers of any size whose people have the
// names and ages of a real workforce and exist nowhere, and files of claims as
// such people would type them, with the truth beside each. The same seed gives
// the same bytes. Tests, the demonstration, `traid synth` and `traid evaluate`
// use it, the product itself does not.
//
// A register and its claims are made of the same people: each side describes a
// person on its own, with its own errors, at the rates in rates.go. A person is
// drawn from the register's seed and their place in it alone, so a register of
// any size is made in little memory, and claims on it without it.
package synth

import (
	"fmt"
	"math/rand/v2"
)

// Bounds of a register.
const (
	// MaxRecords is the most that a register can have: a year's TRNs have five digits.
	MaxRecords = 5_000_000
	// MaxSample is the most with NI numbers that no real person has: there are a million under QQ.
	MaxSample = 500_000
)

// Options of a Population; the zero value works.
type Options struct {
	Sample bool // NI numbers begin with QQ, which no real person's does
}

// Population is a number of invented teachers and what a register holds of them.
type Population struct {
	seed    uint64
	records int
	sample  bool
	names   *names
	starts  []int        // by year from firstTRNYear on: the first place of the year
	special map[int]slot // places of what is not a person's first record
	second  map[int]int  // the place of a person's second record, by that of the first
	twins   map[int]int  // the place of a person's twin, both ways
}

// slot says what a place of the register is: the record of a twin, or another
// record of a person who has one already.
type slot struct {
	kind byte
	of   int // the place of the twin, or of the person's first record
}

// The kinds of slot.
const (
	first  = iota // a person's own record
	twin          // of somebody who is a twin of another
	second        // the second record of a person
	merged        // a record that was merged into the person's own
)

// What the draws are for: each purpose has its own stream.
const (
	drawPlan = iota + 1
	drawPerson
	drawRecord
	drawClaim
	drawNINO
)

// New gives the population of a seed. The people of a larger population are
// others than those of a smaller one.
func New(seed uint64, records int, o Options) (*Population, error) {
	most := MaxRecords
	if o.Sample {
		most = MaxSample
	}
	if records < 0 || records > most {
		return nil, fmt.Errorf("synth: a register has at most %d records", most)
	}
	all, err := load()
	if err != nil {
		return nil, err
	}
	p := &Population{seed: seed, records: records, sample: o.Sample, names: all, special: map[int]slot{}, second: map[int]int{}, twins: map[int]int{}}
	p.starts = yearStarts(records)
	p.plan()
	return p, nil
}

// nearby is the part of the register, in records, within which a person's other record or
// twin lies: of a register in the order of TRNs it is a few years.
const nearby = 20

// plan says which places are not a person's first record. Everything that
// others refer to stays a person's first and only other one.
func (p *Population) plan() {
	d := newDice()
	d.seed(p.seed, drawPlan, 0)
	within := max(p.records/nearby, 1)
	taken := map[int]bool{}
	for i := 1; i < p.records; i++ {
		at := d.Float64()
		kind := byte(first)
		switch {
		case at < shareTwoRecords:
			kind = second
		case at < shareTwoRecords+shareTwins:
			kind = twin
		case at < shareTwoRecords+shareTwins+shareMerged:
			kind = merged
		default:
			continue
		}
		of := i - 1 - d.IntN(min(within, i))
		if _, is := p.special[of]; is || taken[of] {
			of = i - 1 // the nearest that is free
			for of > 0 && (taken[of] || p.special[of].kind != first) {
				of--
			}
			if taken[of] {
				continue
			}
		}
		taken[of] = true
		p.special[i] = slot{kind: kind, of: of}
		switch kind {
		case second:
			p.second[of] = i
		case twin:
			p.twins[i], p.twins[of] = of, i
		}
	}
}

// dice draws. Each purpose and place has a stream of its own.
type dice struct {
	*rand.Rand
	source *rand.PCG
}

func newDice() *dice {
	source := rand.NewPCG(0, 0)
	return &dice{Rand: rand.New(source), source: source}
}

func (d *dice) seed(seed, purpose, place uint64) {
	a := scramble(scramble(scramble(seed)^purpose) ^ place)
	d.source.Seed(a, scramble(a))
}

// scramble is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014):
// neighbouring numbers give unrelated ones.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d *dice) chance(p float64) bool { return d.Float64() < p }

// among gives an index with the chances that the weights have.
func (d *dice) among(weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := d.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func one[T any](d *dice, of []T) T { return of[d.IntN(len(of))] }
