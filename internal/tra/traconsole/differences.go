package traconsole

import (
	"slices"
	"strings"
	"unicode"

	"traid/internal/person"
)

// part is a run of letters of a value.
type part struct {
	Text    string
	Differs bool
}

// longestCompared is how many letters are compared one by one.
const longestCompared = 300

// apart marks in two values what differs between them, letter by letter, in
// words of digits and months word by word. Where less than half is shared,
// everything differs.
func apart(a, b string) (inA, inB []part) {
	whole := func() ([]part, []part) { return []part{{a, true}}, []part{{b, true}} }
	x, y := pieces(a), pieces(b)
	if len(x) > longestCompared || len(y) > longestCompared || len(x) == 0 || len(y) == 0 {
		return whole()
	}
	// long[i][j] is how many pieces x[i:] and y[j:] share in their order.
	long := make([][]int, len(x)+1)
	for i := range long {
		long[i] = make([]int, len(y)+1)
	}
	same := func(i, j int) bool { return strings.EqualFold(x[i], y[j]) }
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if same(i, j) {
				long[i][j] = 1 + long[i+1][j+1]
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	if 2*long[0][0] < max(len(x), len(y)) {
		return whole()
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && same(i, j):
			inA, inB = join(inA, x[i], false), join(inB, y[j], false)
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && long[i+1][j] >= long[i][j+1]:
			inA = join(inA, x[i], true)
			i++
		default:
			inB = join(inB, y[j], true)
			j++
		}
	}
	return inA, inB
}

// pieces splits a value into what is compared: letters; of a day such as 17
// February 1984 its words.
func pieces(s string) []string {
	if words := strings.Split(s, " "); len(words) == 3 && isNumber(words[0]) && isNumber(words[2]) {
		return []string{words[0], " ", words[1], " ", words[2]}
	}
	return strings.Split(s, "")
}

func isNumber(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
}

func join(parts []part, text string, differs bool) []part {
	if n := len(parts); n > 0 && parts[n-1].Differs == differs {
		parts[n-1].Text += text
		return parts
	}
	return append(parts, part{text, differs})
}

// datesApart says in what two dates differ; empty when they do not.
func datesApart(a, b person.Date) string {
	x, y := strings.Split(a.Reveal(), "-"), strings.Split(b.Reveal(), "-")
	if len(x) != 3 || len(y) != 3 {
		return ""
	}
	if x[0] == y[0] && x[1] == y[2] && x[2] == y[1] && x[1] != x[2] {
		return "day and month are swapped"
	}
	var differ []string
	for i, name := range []string{"year", "month", "day"} {
		if x[i] != y[i] {
			differ = append(differ, "the "+name)
		}
	}
	slices.Reverse(differ)
	switch len(differ) {
	case 0:
		return ""
	case 1:
		return differ[0] + " is different"
	}
	return strings.Join(differ[:len(differ)-1], ", ") + " and " + differ[len(differ)-1] + " are different"
}
