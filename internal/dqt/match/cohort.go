package match

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// A cohort is everybody who was born on one day, with their features, in one
// piece: to read it takes no longer than to read a few records one by one. Who
// has no date of birth is in the cohort of day zero, which no search reads.

// Day is a date as year*10000 + month*100 + day, zero for none.
type Day = uint32

// Member is a record of a cohort; without features, one that leaves it.
type Member struct {
	Born   Day
	ID     ID
	Packed []byte
}

// MergeCohort gives a cohort after changes, of which a later one of the same
// record replaces an earlier one. Its members stand in the order of their numbers.
func MergeCohort(packed string, changes []Member) ([]byte, error) {
	now := map[ID][]byte{}
	if err := EachMember(packed, func(id ID, features string) error {
		now[id] = []byte(features)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, m := range changes {
		now[m.ID] = m.Packed
	}
	var out []byte
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if features := now[id]; len(features) > 0 {
			out = binary.AppendUvarint(out, uint64(id))
			out = binary.AppendUvarint(out, uint64(len(features)))
			out = append(out, features...)
		}
	}
	return out, nil
}

// EachMember calls do with each record of a cohort and its features.
func EachMember(packed string, do func(id ID, features string) error) error {
	for packed != "" {
		id, features, rest, err := NextMember(packed)
		if err != nil {
			return err
		}
		if err := do(id, features); err != nil {
			return err
		}
		packed = rest
	}
	return nil
}

// NextMember gives the first record of a cohort, its features, and the others.
func NextMember(packed string) (id ID, features, rest string, err error) {
	number, n := uvarint(packed)
	size, m := uvarint(packed[n:])
	if n == 0 || m == 0 || size > uint64(len(packed)-n-m) {
		return 0, "", "", errors.New("match: a cohort cannot be read")
	}
	packed = packed[n+m:]
	return ID(number), packed[:size], packed[size:], nil
}

// uvarint is binary.Uvarint of a text; no bytes when it cannot be read.
func uvarint(s string) (n uint64, bytes int) {
	for i := 0; i < len(s) && i < binary.MaxVarintLen32; i++ {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, i + 1
		}
	}
	return 0, 0
}
