package match

import (
	"cmp"
	"math/bits"
	"slices"
)

// isOneEdit tells whether a and b differ by one insertion, omission, replacement
// or swap of neighbours. Equal texts do not.
func isOneEdit[T comparable](a, b []T) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	ea, eb := len(a), len(b)
	for ea > i && eb > i && a[ea-1] == b[eb-1] {
		ea, eb = ea-1, eb-1
	}
	switch {
	case ea-i == 0 && eb-i == 1, ea-i == 1 && eb-i == 1:
		return true
	case ea-i == 2 && eb-i == 2:
		return a[i] == b[i+1] && a[i+1] == b[i]
	}
	return false
}

// jaroWinkler gives the similarity of two texts from 0 to 1 after Jaro (1989)
// and Winkler (1990), with a common beginning of up to four letters weighing a tenth each.
func jaroWinkler[T cmp.Ordered](a, b []T) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if slices.Compare(a, b) > 0 { // which letters pair off depends on where one begins
		a, b = b, a
	}
	window := max(max(len(a), len(b))/2-1, 0)
	var stackA, stackB [64]bool
	usedA, usedB := stackA[:], stackB[:]
	if len(a) > len(stackA) || len(b) > len(stackB) {
		usedA, usedB = make([]bool, len(a)), make([]bool, len(b))
	}
	matches := 0
	for i := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !usedB[j] && a[i] == b[j] {
				usedA[i], usedB[j] = true, true
				matches++
				break
			}
		}
	}
	if matches == 0 {
		return 0
	}
	swaps, j := 0, 0
	for i := range a {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if a[i] != b[j] {
			swaps++
		}
		j++
	}
	m := float64(matches)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swaps/2))/m) / 3
	return jaro + beginning(commonBeginning(a, b), jaro)
}

// beginning is what a common beginning adds to a similarity after Jaro.
func beginning(letters int, jaro float64) float64 { return float64(letters) * 0.1 * (1 - jaro) }

func commonBeginning[T comparable](a, b []T) (n int) {
	for n < min(len(a), len(b), 4) && a[n] == b[n] {
		n++
	}
	return n
}

// nearWords compares two different words and gives the strongest of the levels
// for near ones, similar ones only where similarFrom is below closeFrom.
func nearWords(a, b *word, closeFrom, similarFrom float64) level {
	onlyA, onlyB := a.letters&^b.letters, b.letters&^a.letters
	plain := (a.letters|b.letters)&otherLetters == 0
	if plain {
		// Each letter that only one side has costs it at least one agreement.
		goneA, goneB := bits.OnesCount32(onlyA), bits.OnesCount32(onlyB)
		la, lb := float64(len(a.text)), float64(len(b.text))
		m := min(la-float64(goneA), lb-float64(goneB))
		var stackA, stackB [64]byte // most names fit, and then nothing is allocated
		ba, bb := append(stackA[:0], a.text...), append(stackB[:0], b.text...)
		if best := (m/la + m/lb + 1) / 3; best+beginning(commonBeginning(ba, bb), best) < similarFrom {
			if m > 0 && goneA <= 1 && goneB <= 1 && isOneEdit(ba, bb) {
				return oneEdit
			}
			if a.sound == b.sound {
				return soundsAlike
			}
			return different
		}
		if goneA <= 1 && goneB <= 1 && isOneEdit(ba, bb) {
			return oneEdit
		}
		return graded(jaroWinkler(ba, bb), a, b, closeFrom, similarFrom)
	}
	ra, rb := []rune(a.text), []rune(b.text)
	if isOneEdit(ra, rb) {
		return oneEdit
	}
	return graded(jaroWinkler(ra, rb), a, b, closeFrom, similarFrom)
}

func graded(jw float64, a, b *word, closeFrom, similarFrom float64) level {
	switch {
	case jw >= closeFrom:
		return closeBy
	case a.sound == b.sound:
		return soundsAlike
	case jw >= similarFrom:
		return similar
	}
	return different
}
