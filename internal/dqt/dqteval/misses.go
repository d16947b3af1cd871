package dqteval

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"traid/internal/dqt/match"
)

// The classes of misses, the worst first.
const (
	ruleWrong = iota
	modelWrong
	notRetrieved
	behindFive
	behindFirst
	unsure
	classes
)

var classNames = [classes]struct{ title, meaning string }{
	{"Linked wrongly by the documented rule", "The rule gives another person's record."},
	{"Another person's record is likelier than not", "Most sure first. Those above a threshold would be linked wrongly."},
	{"Not among the candidates", "The true record shares no key with the claim, or only such as too many share."},
	{"Behind the first five", "An operator would have to search for the record."},
	{"In the first five, but not first", ""},
	{"First, but not sure", "Left to a person although the record is right; the least sure first."},
}

// missesKept is how many of each class are shown.
const missesKept = 10

// miss is one claim of a class, without any of its values.
type miss struct {
	id                string
	order             int
	worse             float64 // higher is shown first
	sure              float64
	rank              int
	errors            string
	evidence, instead []match.Evidence
}

// misses counts claims by class and by what is wrong with them, and keeps the worst.
type misses struct {
	counts [classes]int
	errors [classes]map[string]int
	worst  [classes][]miss
}

func (m *misses) add(o *outcome, order int, errors string) {
	put := func(class int, worse float64) {
		m.counts[class]++
		if m.errors[class] == nil {
			m.errors[class] = map[string]int{}
		}
		if _, had := m.errors[class][errors]; had || len(m.errors[class]) < 10_000 {
			m.errors[class][errors]++
		}
		kept := m.worst[class]
		if len(kept) == missesKept && kept[len(kept)-1].worse >= worse {
			return
		}
		kept = append(kept, miss{id: o.id, order: order, worse: worse, sure: o.sure, rank: o.rank, errors: errors, evidence: o.evidence, instead: o.instead})
		slices.SortStableFunc(kept, func(a, b miss) int { return cmp.Compare(b.worse, a.worse) })
		m.worst[class] = kept[:min(len(kept), missesKept)]
	}
	if o.rule == wrongly {
		put(ruleWrong, 0)
	}
	if o.best == wrongly && o.sure > 0 {
		put(modelWrong, o.sure)
	}
	switch {
	case !o.inRecord:
	case !o.retrieved:
		put(notRetrieved, 0)
	case o.rank > 5:
		put(behindFive, float64(o.rank))
	case o.rank > 1:
		put(behindFirst, float64(o.rank))
	case o.best == rightly && o.sure < unsureBelow:
		put(unsure, -o.sure)
	}
}

// unsureBelow is about the threshold of one wrong link in a million, in bits of odds.
const unsureBelow = 15

// WriteMisses writes a page, in Markdown, of where the engine fails: by class, how
// often, with what wrong, and the worst with their evidence. It holds ids, levels
// and weights, and no value of a claim or a record.
func (r *Report) WriteMisses(w io.Writer) error {
	b := bufio.NewWriter(w)
	p := func(format string, a ...any) { fmt.Fprintf(b, format+"\n", a...) } // an error stays in b
	p("# Where the engine fails")
	p("")
	p("%s claims on %s records.", thousands(r.Overall.Claims), thousands(r.Register.Records))
	for class, name := range classNames {
		p("")
		p("## %s: %s", name.title, thousands(r.misses.counts[class]))
		if name.meaning != "" {
			p("")
			p("%s", name.meaning)
		}
		if r.misses.counts[class] == 0 {
			continue
		}
		r.misses.writeErrors(p, class)
		p("")
		p("| claim | what is wrong | rank | sure (bits) | the true record | put before it |")
		p("|---|---|---|---|---|---|")
		for _, m := range r.misses.worst[class] {
			rank := "-"
			if m.rank > 0 {
				rank = fmt.Sprint(m.rank)
			}
			p("| %s | %s | %s | %.1f | %s | %s |", cell(m.id), cell(words(m.errors)), rank, m.sure, inWords(m.evidence), inWords(m.instead))
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("dqteval: write misses: %w", err)
	}
	return nil
}

// errorsShown is how many sorts of claims are named in each class.
const errorsShown = 8

func (m *misses) writeErrors(p func(string, ...any), class int) {
	type sort struct {
		errors string
		n      int
	}
	var sorts []sort
	for e, n := range m.errors[class] {
		sorts = append(sorts, sort{e, n})
	}
	slices.SortFunc(sorts, func(a, b sort) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.errors, b.errors)) })
	if len(sorts) == 1 && sorts[0].errors == "" {
		return
	}
	p("")
	for _, s := range sorts[:min(len(sorts), errorsShown)] {
		p("- %s: %s", thousands(s.n), cell(words(s.errors)))
	}
	if more := len(sorts) - errorsShown; more > 0 {
		p("- and %s other sorts", thousands(more))
	}
}

func words(errors string) string {
	if errors == "" {
		return "nothing is said to be"
	}
	return strings.ReplaceAll(strings.ReplaceAll(errors, ";", ", "), "_", " ")
}

// cell makes a text safe in a cell of a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "'").Replace(s)
}

func inWords(evidence []match.Evidence) string {
	if len(evidence) == 0 {
		return "-"
	}
	parts := make([]string, len(evidence))
	for i, e := range evidence {
		parts[i] = fmt.Sprintf("%s %s %+.1f", strings.ReplaceAll(string(e.Field), "_", " "), strings.ReplaceAll(string(e.Level), "_", " "), float64(e.Bits))
	}
	return strings.Join(parts, ", ")
}
