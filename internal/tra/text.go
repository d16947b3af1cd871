package tra

import (
	"regexp"
	"slices"
	"strings"

	"traid/internal/person"
)

// TextOutcome is what agents' words on a ticket say.
type TextOutcome string

// The outcomes.
const (
	TextNone     TextOutcome = "none"     // nothing
	TextFound    TextOutcome = "found"    // one TRN
	TextFailed   TextOutcome = "failed"   // that there is no match
	TextConflict TextOutcome = "conflict" // more than one of these
)

// TextReading is what was read out of a ticket's comments: a proposal, never an
// answer by itself.
type TextReading struct {
	Outcome    TextOutcome
	TRN        person.TRN   // with found
	Candidates []person.TRN // with conflict
	Comment    Comment      // that decided
}

// ReadText reads agents' words, the fallback when a solved ticket's fields are
// empty. The first comment is our own and never read; the latest
// agent's comment that says something decides.
func ReadText(comments []Comment) TextReading {
	for i := len(comments) - 1; i >= 1; i-- {
		c := comments[i]
		if c.Agent == "" || c.Ours {
			continue
		}
		if r := readWords(c.Text); r.Outcome != TextNone {
			r.Comment = c
			return r
		}
	}
	return TextReading{Outcome: TextNone}
}

var (
	boldNumber     = regexp.MustCompile(`(?:\*\*|__|<b>|<strong>)\s*([0-9][0-9 \-]*[0-9])\s*(?:\*\*|__|</b>|</strong>)`)
	labelledNumber = regexp.MustCompile(`(?i)\b(?:trn|teacher(?:'s)? reference (?:number|no\.?))(?:\s*\(trn\))?[\s*_:=\-]*(?:number\b|no\.?)?[\s*_:=\-]*(?:is|was|should be)?[\s*_:=\-]*([0-9](?:[ \-]?[0-9])*)`)
	rpNumber       = regexp.MustCompile(`(?i)\bRP\s?([0-9]{2})\s?/\s?([0-9]{5})\b`)
	wholeNumber    = regexp.MustCompile(`^[\s*_]*([0-9](?:[ \-]?[0-9]){6})[\s*_.]*$`)
	noMatch        = regexp.MustCompile(`(?i)\b(?:no|not|cannot|can't|could ?n[o']t|couldn't|unable to)\b[^.\n]{0,40}\b(?:match|matches|matching|record|records|find|found|trace|locate|located|identify|identified)\b|\bno trace\b`)
	sevenASCII     = regexp.MustCompile(`^[0-9]{7}$`)
)

// readWords reads one comment.
func readWords(text string) TextReading {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") {
			lines = append(lines, line)
		}
	}
	text = strings.Join(lines, "\n")
	var candidates []person.TRN
	add := func(digits string) {
		digits = strings.NewReplacer(" ", "", "-", "").Replace(digits)
		if !sevenASCII.MatchString(digits) {
			return
		}
		if trn, err := person.NewTRN(digits); err == nil && !slices.Contains(candidates, trn) {
			candidates = append(candidates, trn)
		}
	}
	for _, re := range []*regexp.Regexp{boldNumber, labelledNumber, wholeNumber} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			add(m[1])
		}
	}
	for _, m := range rpNumber.FindAllStringSubmatch(text, -1) {
		add(m[1] + m[2])
	}
	failed := noMatch.MatchString(text)
	switch {
	case len(candidates) == 1 && !failed:
		return TextReading{Outcome: TextFound, TRN: candidates[0]}
	case len(candidates) > 0:
		return TextReading{Outcome: TextConflict, Candidates: candidates}
	case failed:
		return TextReading{Outcome: TextFailed}
	}
	return TextReading{Outcome: TextNone}
}
