package match

import "strings"

// spoken replaces groups of letters that sound alike in English names, the
// longest first; replacements are in the letters that classes knows.
var spoken = strings.NewReplacer(
	"tch", "x", "sch", "s", "ough", "o", "augh", "o", "igh", "i",
	"ph", "f", "ck", "k", "ch", "x", "sh", "x", "th", "t", "gh", "g", "wh", "w", "kn", "n", "wr", "r", "gn", "n", "ps", "s",
	"ce", "s", "ci", "s", "cy", "s", "ge", "j", "gi", "j", "dg", "j", "qu", "k", "q", "k", "x", "ks", "z", "s",
)

// classes maps each consonant to how it is heard; vowels, h, w and y are left out after the first letter.
var classes = map[rune]byte{
	'b': 'p', 'p': 'p', 'f': 'f', 'v': 'f', 'c': 'k', 'g': 'k', 'k': 'k', 'd': 't', 't': 't',
	'j': 'j', 'l': 'l', 'm': 'm', 'n': 'n', 'r': 'r', 's': 's', 'x': 'x',
}

// soundLength bounds a key: what comes later in a name is heard less surely.
const soundLength = 6

// Sound gives a phonetic key of a folded name: names that sound alike in
// English mostly share it. Letters outside a to z stand for themselves. Empty for nothing.
func Sound(folded string) string {
	if folded == "" {
		return ""
	}
	s := spoken.Replace(folded)
	var b strings.Builder
	var last byte
	n := 0
	for i, r := range s {
		class, known := classes[r]
		switch {
		case known:
			if class != last {
				b.WriteByte(class)
				n++
			}
			last = class
		case r >= 'a' && r <= 'z': // a vowel, h, w or y
			if i == 0 {
				b.WriteByte('a')
				n++
			}
			if r != 'h' && r != 'w' {
				last = 0
			}
		default:
			b.WriteRune(r)
			last = 0
			n++
		}
		if n == soundLength {
			break
		}
	}
	return b.String()
}
