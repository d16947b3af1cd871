package match

import (
	"errors"
	"fmt"
)

// Outline is a record in four bytes, of which a register keeps one of each record
// in memory: it tells which of the records under a claim's keys are worth
// reading, and decides nothing else. It is 7 bits of year, 4 of month, 5 of day,
// 4 of the first name and 4 of its sound, 8 of the family name's sound.
type Outline uint32

// outlineYear is the year whose outline is zero; earlier and much later ones
// have another year's, which makes them no more than less likely to be read.
const outlineYear = 1900

// Outline gives a record's outline.
func (f *Features) Outline() Outline {
	return outlineOfBorn(f.born) | outlineOfFirst(&f.first.head) | outlineOfLast(&f.last.whole)
}

func outlineOfBorn(d date) Outline {
	return Outline((d.year()-outlineYear)&0x7f<<25 | d.month()&0xf<<21 | d.day()&0x1f<<16)
}

func outlineOfFirst(w *word) Outline {
	return Outline(hashed('o', w.text)&0xf<<12) | Outline(w.sound&0xf<<8)
}

func outlineOfLast(w *word) Outline { return Outline(w.sound & 0xff) }

func (o Outline) year() uint32  { return uint32(o) >> 25 }
func (o Outline) month() uint32 { return uint32(o) >> 21 & 0xf }
func (o Outline) day() uint32   { return uint32(o) >> 16 & 0x1f }
func (o Outline) first() uint32 { return uint32(o) >> 8 & 0xff }
func (o Outline) last() uint32  { return uint32(o) & 0xff }

// sketch is a claim, to be held against outlines: its date of birth, and every
// name that may stand in the place of the first or the family name.
type sketch struct {
	born          Outline
	firsts, lasts []Outline
}

func (f *Features) sketch() sketch {
	s := sketch{born: outlineOfBorn(f.born)}
	first := func(w *word) { s.firsts = append(s.firsts, outlineOfFirst(w)) }
	last := func(w *word) { s.lasts = append(s.lasts, outlineOfLast(w)) }
	first(&f.first.head)
	for _, n := range relatedNames(f.first.head.text) {
		w := wordOf(n)
		first(&w)
	}
	for i := range f.firsts {
		first(&f.firsts[i].head)
	}
	for i := range f.middles {
		first(&f.middles[i])
	}
	eachPart(f.last, f.previous, func(w word) { last(&w) })
	first(&f.last.whole) // they may have changed places
	last(&f.first.head)
	return s
}

// alike is about how many bits speak for a claim and a record being of one
// person. The numbers are those of matching.md's table, rounded.
func (s *sketch) alike(o Outline) (bits float32) {
	if s.born.day() != 0 && o.day() != 0 {
		same := 0
		for _, is := range []bool{s.born.year() == o.year(), s.born.month() == o.month(), s.born.day() == o.day()} {
			if is {
				same++
			}
		}
		switch {
		case same == 3:
			bits += 14
		case same == 2, s.born.year() == o.year() && s.born.month() == o.day() && s.born.day() == o.month():
			bits += 6
		case same == 1:
			bits--
		default:
			bits -= 6
		}
	}
	best := float32(-2)
	for _, first := range s.firsts {
		switch {
		case first.first() == o.first():
			best = max(best, 7)
		case first.first()&0xf == o.first()&0xf: // they sound alike
			best = max(best, 4)
		}
	}
	bits += best
	best = -2
	for _, last := range s.lasts {
		if last.last() == o.last() {
			best = 9
		}
	}
	return bits + best
}

// Outlines are those of a register.
type Outlines struct {
	byID     []Outline
	features Features // of the record at hand
}

// mostIDs is how many numbers a TRN of seven digits may be.
const mostIDs = 10_000_000

// Add adds a record with its features.
func (o *Outlines) Add(id ID, packed string) error {
	if id >= mostIDs {
		return errors.New("match: outline: a number of more than seven digits")
	}
	if err := o.features.Unpack(packed); err != nil {
		return fmt.Errorf("match: outline: %w", err)
	}
	if n := int(id) + 1; n > len(o.byID) {
		if n > 1<<16 { // room for all at once: growing would take as much again
			n = mostIDs
		}
		o.byID = append(make([]Outline, 0, n), o.byID...)[:n]
	}
	o.byID[id] = o.features.Outline()
	return nil
}

// MayBeBorn tells whether a record may be of somebody born in a year, a month, on a
// day; one that is zero is any.
func (o *Outlines) MayBeBorn(id ID, year, month, day uint32) bool {
	x := o.of(id)
	return x.day() != 0 && (year == 0 || x.year() == (year-outlineYear)&0x7f) && (month == 0 || x.month() == month&0xf) && (day == 0 || x.day() == day&0x1f)
}

func (o *Outlines) of(id ID) Outline {
	if o == nil || int(id) >= len(o.byID) {
		return 0
	}
	return o.byID[id]
}
