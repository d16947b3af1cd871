package dqteval

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Bins of how sure the model is, in log2 of odds.
const (
	leastSure = -20
	mostSure  = 40
	binsABit  = 50
	bins      = (mostSure-leastSure)*binsABit + 2 // the last: settled whatever the threshold
	settledAt = bins - 1
)

// logOdds gives log2 of the odds of a probability.
func logOdds(p float64) float64 {
	return math.Log2(p / math.Max(1-p, 1e-12))
}

func binOf(sure float64) int {
	return int(math.Floor((min(max(sure, leastSure), mostSure) - leastSure) * binsABit))
}

// probabilityAt gives the least probability that falls into a bin.
func probabilityAt(bin int) float64 {
	return 1 / (1 + math.Exp2(-(float64(bin)/binsABit + leastSure)))
}

// bin counts the claims whose first candidate is so sure.
type bin struct {
	all          uint32
	right, wrong uint32 // whom it would be linked to
	inRecord     uint32 // of people in a record
	first, five  uint32 // of these: their record is first, among the first five
}

// policy is a way of settling claims: counts by what it would have to be sure of.
type policy [bins]bin

func (p *policy) add(at int, linked settled, o *outcome) { p[at].add(linked, o) }

func (b *bin) add(linked settled, o *outcome) {
	b.all++
	switch linked {
	case rightly:
		b.right++
	case wrongly:
		b.wrong++
	}
	if o.inRecord {
		b.inRecord++
		if o.rank == 1 {
			b.first++
		}
		if o.rank >= 1 && o.rank <= 5 {
			b.five++
		}
	}
}

// from sums what a threshold accepts, below what it leaves to a person.
func (p *policy) from(at int) (accepted, left bin) {
	for i := range p {
		to := &left
		if i >= at {
			to = &accepted
		}
		b := &p[i]
		to.all += b.all
		to.right += b.right
		to.wrong += b.wrong
		to.inRecord += b.inRecord
		to.first += b.first
		to.five += b.five
	}
	return accepted, left
}

// threshold gives the least bin from which on at most so many are wrong, never
// one that is likelier wrong than right. It is settledAt where what is settled
// whatever the threshold is wrong too often already.
func (p *policy) threshold(most float64) int {
	wrong, at := 0.0, settledAt
	for i := settledAt; i >= binOf(0); i-- {
		if wrong += float64(p[i].wrong); wrong > most {
			break
		}
		at = i
	}
	return at
}

// decided counts what a check without a threshold of its own came to.
type decided struct{ accepted, left bin }

func (d *decided) add(linked settled, o *outcome) {
	to := &d.accepted
	if linked == toNobody {
		to = &d.left
	}
	to.add(linked, o)
}

// tally counts the outcomes of a group of claims.
type tally struct {
	claims, inRecord, lost int
	retrieved, first, five int
	rule, check            decided
	model, gate            policy
}

func (t *tally) add(o *outcome) {
	t.claims++
	one := func(is bool, n *int) {
		if is {
			*n++
		}
	}
	one(o.inRecord, &t.inRecord)
	one(o.lost, &t.lost)
	one(o.retrieved, &t.retrieved)
	one(o.rank == 1, &t.first)
	one(o.rank >= 1 && o.rank <= 5, &t.five)
	t.rule.add(o.rule, o)
	t.check.add(o.check, o)
	at := 0
	if o.best != toNobody {
		at = binOf(o.sure)
	}
	t.model.add(at, o.best, o)
	switch {
	case o.rule != toNobody:
		t.gate.add(settledAt, o.rule, o)
	case o.best != toNobody && o.allowed:
		t.gate.add(at, o.best, o)
	default:
		t.gate.add(0, toNobody, o)
	}
}

// mostValues is how many values a column may have to be reported by.
const mostValues = 40

// column counts by the values of a column.
type column struct {
	name   string
	values map[string]*tally
	many   bool // too many values
}

// totals are all counts of an evaluation.
type totals struct {
	overall       tally
	refused       int
	columns       []column
	sex, changed  int // their places among the columns, -1 without
	renamed, rest tally
	weights       [2]weights // of claimants' records, of the best others
	nanos         latencies
	compared      int
	misses        misses
	errors        int // the place of the column errors, -1 without
}

func newTotals(f *claimsFile) *totals {
	t := &totals{
		sex: slices.Index(f.columns, "sex"), changed: slices.Index(f.columns, "changed_name"), errors: slices.Index(f.columns, columnErrors),
	}
	for _, name := range f.columns {
		t.columns = append(t.columns, column{name: name, values: map[string]*tally{}})
	}
	return t
}

func (t *totals) add(o *outcome) {
	if o.refused {
		t.refused++
		return
	}
	t.overall.add(o)
	for i := range t.columns {
		c := &t.columns[i]
		values := []string{o.values[i]}
		if i == t.errors {
			values = strings.Split(o.values[i], ";")
		}
		for _, v := range values {
			if c.many {
				break
			}
			if c.values[v] == nil {
				if c.many = len(c.values) == mostValues; c.many {
					clear(c.values)
					break
				}
				c.values[v] = &tally{}
			}
			c.values[v].add(o)
		}
	}
	if t.sex >= 0 && t.changed >= 0 && o.inRecord {
		if strings.EqualFold(o.values[t.sex], "F") && o.values[t.changed] == "yes" {
			t.renamed.add(o)
		} else {
			t.rest.add(o)
		}
	}
	if o.hasTrue {
		t.weights[0].add(o.trueBits)
	}
	if o.hasOther {
		t.weights[1].add(o.otherBits)
	}
	t.nanos.add(o.nanos)
	t.compared += o.compared
	errors := ""
	if t.errors >= 0 {
		errors = o.values[t.errors]
	}
	t.misses.add(o, t.overall.claims, errors)
}

// weights counts pairs by their weight.
const (
	leastWeight = -60
	mostWeight  = 100
	weightWidth = 2
)

type weights [(mostWeight - leastWeight) / weightWidth]int

func (w *weights) add(bits float64) {
	at := int(math.Floor((bits - leastWeight) / weightWidth))
	w[min(max(at, 0), len(w)-1)]++
}

// latencies counts durations, 32 bins for each doubling.
type latencies struct {
	counts [64 * perDoubling]int
	n      int
	sum    time.Duration
}

const perDoubling = 32

func (l *latencies) add(nanos int64) {
	at := int(math.Log2(float64(max(nanos, 1))) * perDoubling)
	l.counts[min(at, len(l.counts)-1)]++
	l.n++
	l.sum += time.Duration(nanos)
}

// at gives a quantile, as the upper end of its bin.
func (l *latencies) at(quantile float64) time.Duration {
	want := int(math.Ceil(quantile * float64(l.n)))
	for i, n := range l.counts {
		if want -= n; want <= 0 {
			return time.Duration(math.Exp2(float64(i+1) / perDoubling))
		}
	}
	return 0
}
