package dqt

import (
	"encoding/binary"

	"traid/internal/dqt/match"
)

// packIDs packs sorted numbers as the steps between them.
func packIDs(ids []match.ID) []byte {
	b := make([]byte, 0, 2*len(ids)+4)
	var last match.ID
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(id-last))
		last = id
	}
	return b
}

// eachID calls do with each of packed numbers.
func eachID(packed string, do func(match.ID)) {
	var last match.ID
	for i := 0; i < len(packed); {
		var step match.ID
		for shift := 0; i < len(packed); shift += 7 {
			c := packed[i]
			i++
			step |= match.ID(c&0x7f) << shift
			if c < 0x80 {
				break
			}
		}
		last += step
		do(last)
	}
}
