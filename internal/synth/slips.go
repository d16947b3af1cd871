package synth

import (
	"strings"
	"unicode"

	"traid/internal/person"
)

// keyboard has the neighbours of each letter on a British keyboard, and of each digit.
var keyboard = map[rune]string{
	'q': "wa", 'w': "qeas", 'e': "wrsd", 'r': "etdf", 't': "ryfg", 'y': "tugh", 'u': "yihj", 'i': "uojk", 'o': "ipkl", 'p': "ol",
	'a': "qwsz", 's': "wedaxz", 'd': "erfscx", 'f': "rtgdvc", 'g': "tyhfbv", 'h': "yujgnb", 'j': "uikhmn", 'k': "iojlm", 'l': "opk",
	'z': "asx", 'x': "zsdc", 'c': "xdfv", 'v': "cfgb", 'b': "vghn", 'n': "bhjm", 'm': "njk",
	'0': "9", '1': "2", '2': "13", '3': "24", '4': "35", '5': "46", '6': "57", '7': "68", '8': "79", '9': "80",
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// typed gives a name with a slip of the fingers, and with a second one now and then.
func typed(d *dice, name string) string {
	s := slipped(d, name)
	if d.chance(secondSlip) {
		s = slipped(d, s)
	}
	if s == name { // the second took the first back
		s = slipped(d, name)
	}
	return s
}

// slipped gives a name with one letter wrong.
func slipped(d *dice, name string) string {
	r := []rune(name)
	var at []int // letters
	for i, c := range r {
		if unicode.IsLetter(c) {
			at = append(at, i)
		}
	}
	kind := d.among(slipSubstitution, slipOmission, slipInsertion, slipSwap)
	i := one(d, at)
	switch {
	case kind == 1 && len(at) > 1: // omission
		return string(append(append([]rune{}, r[:i]...), r[i+1:]...))
	case kind == 2: // insertion, of the same letter again or of a neighbouring key
		extra := []rune(letters + string(unicode.ToLower(r[i])))[d.IntN(len(letters)+1)]
		if n := keyboard[unicode.ToLower(r[i])]; n != "" && d.chance(neighbouringKey) {
			extra = rune(n[d.IntN(len(n))])
		}
		return string(r[:i+1]) + string(extra) + string(r[i+1:])
	case kind == 3: // swap
		for range len(at) * 4 {
			j := d.IntN(len(at))
			if a := at[j]; j+1 < len(at) && at[j+1] == a+1 && unicode.ToLower(r[a]) != unicode.ToLower(r[a+1]) {
				first, next := r[a], r[a+1]
				if unicode.IsUpper(first) && unicode.IsLower(next) {
					first, next = unicode.ToLower(first), unicode.ToUpper(next)
				}
				r[a], r[a+1] = next, first
				return string(r)
			}
		}
	}
	r[i] = wrongKey(d, r[i], letters)
	return string(r)
}

// wrongKey gives another key than was meant, in half of the cases a neighbouring one.
func wrongKey(d *dice, meant rune, alphabet string) rune {
	low := unicode.ToLower(meant)
	wrong := low
	if n := keyboard[low]; n != "" && d.chance(neighbouringKey) {
		wrong = rune(n[d.IntN(len(n))])
	}
	for wrong == low {
		wrong = rune(alphabet[d.IntN(len(alphabet))])
	}
	if unicode.IsUpper(meant) {
		return unicode.ToUpper(wrong)
	}
	return wrong
}

// mistyped gives a number with one character wrong, or two neighbours swapped,
// and with a second such slip now and then. What it gives is of valid form,
// since the page takes nothing else, and another number.
func mistyped(d *dice, number string, valid func(string) bool) string {
	for {
		s := numberSlip(d, number)
		if d.chance(secondSlip) {
			s = numberSlip(d, s)
		}
		if s != number && valid(s) {
			return s
		}
	}
}

func numberSlip(d *dice, number string) string {
	b := []byte(number)
	if i := d.IntN(len(b)); d.among(slipSubstitution, slipSwap) == 0 {
		alphabet := letters
		if b[i] >= '0' && b[i] <= '9' {
			alphabet = digits
		}
		b[i] = byte(wrongKey(d, rune(b[i]), alphabet))
	} else if i+1 < len(b) {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

func validNINO(s string) bool {
	n, err := person.ParseNINO(s)
	return err == nil && n.HasSuffix()
}

func validTRN(s string) bool {
	_, err := person.NewTRN(s)
	return err == nil
}

// earRule says which letters are heard like which others.
type earRule struct {
	where    string // ALL, START, MIDDLE or END
	from, to string
}

// heard gives a name as somebody would spell it who only heard it.
func (n *names) heard(d *dice, name string) string {
	low := strings.ToLower(name)
	for range len(n.ear) * 4 {
		rule := n.ear[d.IntN(len(n.ear))]
		i := strings.Index(low, rule.from)
		switch rule.where {
		case "START":
			if i != 0 {
				continue
			}
		case "END":
			if i = len(low) - len(rule.from); !strings.HasSuffix(low, rule.from) {
				continue
			}
		case "MIDDLE":
			if i <= 0 || i+len(rule.from) >= len(low) {
				continue
			}
		}
		if i < 0 {
			continue
		}
		if s := low[:i] + rule.to + low[i+len(rule.from):]; s != low && strings.ContainsFunc(s, unicode.IsLetter) {
			return title(s)
		}
	}
	return typed(d, name)
}

// Years of birth that a page takes from somebody who works.
const (
	earliestBorn = 1925
	latestBorn   = asAt - 17
)

func believable(d date) bool { return d.real() && d.year >= earliestBorn && d.year <= latestBorn }

// swappable is the share of days whose day and month can change places.
const swappable = 12 * 11 / 365.25

// wrongBorn tells whether a date of birth goes wrong, at a rate, and how:
// the result is another date. somebodyElses gives another person's.
func wrongBorn(d *dice, born date, rate float64, somebodyElses func() date) (date, string) {
	const all = bornDayMonth + bornDigit + bornYear + bornTwoParts + bornFirstJanuary + bornSomebodyElses
	swap := date{born.year, born.day, born.month}
	if d.chance(rate*bornDayMonth/all/swappable) && swap.real() && swap != born {
		return swap, "born_swapped"
	}
	if !d.chance(rate * (all - bornDayMonth) / all) {
		return born, ""
	}
	for {
		wrong, kind := born, ""
		switch d.among(bornDigit, bornYear, bornTwoParts, bornFirstJanuary, bornSomebodyElses) {
		case 0:
			wrong, kind = digitWrong(d, born), "born_digit"
		case 1:
			wrong.year += one(d, []int{-1, 1, -10, 10})
			kind = "born_year"
		case 2:
			parts := [3]bool{true, true, true}
			parts[d.IntN(3)] = false
			if parts[0] {
				wrong.year += one(d, []int{-3, -2, -1, 1, 2, 3})
			}
			if parts[1] {
				wrong.month = 1 + (born.month+d.IntN(11))%12
			}
			if parts[2] {
				wrong.day = 1 + (born.day+d.IntN(27))%28
			}
			kind = "born_two_parts"
		case 3:
			if wrong, kind = (date{born.year, 1, 1}), "born_january"; wrong == born {
				return born, ""
			}
		default:
			wrong, kind = somebodyElses(), "born_other"
		}
		if wrong != born && believable(wrong) {
			return wrong, kind
		}
	}
}

func digitWrong(d *dice, born date) date {
	for {
		b := []byte(born.String())
		i := one(d, []int{2, 3, 5, 6, 8, 9})
		b[i] = byte(wrongKey(d, rune(b[i]), digits))
		two := func(at int) int { return int(b[at]-'0')*10 + int(b[at+1]-'0') }
		if wrong := (date{two(0)*100 + two(2), two(5), two(8)}); believable(wrong) {
			return wrong
		}
	}
}
