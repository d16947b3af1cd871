// Package ident makes ids and references. It knows nothing of what they name.
package ident

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// NewUUID gives a random UUID (RFC 9562, version 4).
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// letters leaves out what is mistaken for another when read or heard in a
// hurry (0 O, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V) and the vowels, so that no word comes out.
const letters = "3479CDFHJKMNPQRTWXY"

// NewReference gives what people write down and read out, such as
// "CPD-7KM4-T3X": 19^7, nearly a thousand million; one that is taken already is
// drawn again.
func NewReference(prefix string) string {
	var b strings.Builder
	b.WriteString(prefix + "-")
	for i := range 7 {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[draw(len(letters))])
	}
	return b.String()
}

// draw gives an even number from 0 to n-1, n at most 256.
func draw(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:])
		if v := int(b[0]); v < 256-256%n {
			return v % n
		}
	}
}
