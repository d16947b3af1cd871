package match

import "fmt"

// Outline is a record in four bytes, of which a register keeps one of each record
// in memory: it tells which of the records under a claim's keys are worth
// reading, and decides nothing else. It is 7 bits of year, 4 of month, 5 of day,
// 4 of the first name and 4 of its sound, 8 of the family name's sound.
type Outline uint32

// outlineYear is the year whose outline is zero; earlier and much later ones
// have another year's, which makes them no more than less likely to be read.
const outlineYear = 1900

// Outline gives a description's outline.
func (f *Features) Outline() Outline {
	first := hashed('o', f.first.head.text)
	return Outline((f.born.year()-outlineYear)&0x7f<<25 | f.born.month()&0xf<<21 | f.born.day()&0x1f<<16 |
		uint32(first)&0xf<<12 | f.first.head.sound&0xf<<8 | f.last.whole.sound&0xff)
}

func (o Outline) year() uint32  { return uint32(o) >> 25 }
func (o Outline) month() uint32 { return uint32(o) >> 21 & 0xf }
func (o Outline) day() uint32   { return uint32(o) >> 16 & 0x1f }
func (o Outline) first() uint32 { return uint32(o) >> 8 & 0xff }
func (o Outline) last() uint32  { return uint32(o) & 0xff }

// alike is about how many bits speak for two outlines being of one person. The
// numbers are those of matching.md's table, rounded.
func (o Outline) alike(other Outline) (bits float32) {
	if o.day() != 0 && other.day() != 0 {
		same := 0
		for _, is := range []bool{o.year() == other.year(), o.month() == other.month(), o.day() == other.day()} {
			if is {
				same++
			}
		}
		switch {
		case same == 3:
			bits += 14
		case same == 2, o.year() == other.year() && o.month() == other.day() && o.day() == other.month():
			bits += 6
		case same == 1:
			bits--
		default:
			bits -= 6
		}
	}
	switch {
	case o.first() == other.first():
		bits += 7
	case o.first()&0xf == other.first()&0xf: // they sound alike
		bits += 4
	default:
		bits -= 2
	}
	if o.last() == other.last() {
		bits += 9
	} else {
		bits -= 2
	}
	return bits
}

// Outlines are those of a register.
type Outlines struct {
	byID     []Outline
	features Features // of the record at hand
}

// Add adds a record with its features. A number is bounded by a TRN's seven digits.
func (o *Outlines) Add(id ID, packed string) error {
	if err := o.features.Unpack(packed); err != nil {
		return fmt.Errorf("match: outline: %w", err)
	}
	for int(id) >= len(o.byID) {
		o.byID = append(o.byID, make([]Outline, max(int(id)+1-len(o.byID), len(o.byID)/2))...)
	}
	o.byID[id] = o.features.Outline()
	return nil
}

func (o *Outlines) of(id ID) Outline {
	if o == nil || int(id) >= len(o.byID) {
		return 0
	}
	return o.byID[id]
}
