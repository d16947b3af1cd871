package dqteval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"traid/internal/fault"
)

// Report is what an evaluation found.
type Report struct {
	Register   Register   `json:"register"`
	Refused    int        `json:"refused"` // rows that cannot be read as a claim with its truth
	Lost       int        `json:"lost"`    // claimants whose true record the register does not hold
	Thresholds Thresholds `json:"thresholds"`
	Overall    Figures    `json:"overall"`
	Groups     []Group    `json:"groups,omitempty"`
	Fairness   *Fairness  `json:"fairness,omitempty"`
	Speed      Speed      `json:"speed"`

	curves  [2][]point
	weights [2]weights
	misses  misses
}

// Register says what the claims were matched with.
type Register struct {
	Records int       `json:"records"`
	AsAt    time.Time `json:"as_at"`
}

// Share is a part of a whole.
type Share struct {
	Count int     `json:"count"`
	Of    int     `json:"of"`
	Share float64 `json:"share"`
}

func share(count, of int) Share {
	s := Share{Count: count, Of: of}
	if of > 0 {
		s.Share = math.Round(float64(count)/float64(of)*1e6) / 1e6
	}
	return s
}

// String gives a percentage with the digits that the counts carry.
func (s Share) String() string {
	switch {
	case s.Of == 0:
		return "-"
	case s.Of < 1000:
		return fmt.Sprintf("%.1f%%", 100*float64(s.Count)/float64(s.Of))
	case s.Of < 100_000:
		return fmt.Sprintf("%.2f%%", 100*float64(s.Count)/float64(s.Of))
	}
	return fmt.Sprintf("%.3f%%", 100*float64(s.Count)/float64(s.Of))
}

// Rates are the false-match rates, wrong links in a million claims, for which
// thresholds are found.
var rates = []int{1, 10, 100}

// headline is the rate that what is left to a person, groups and fairness are told at.
const headline = 10

// Thresholds are the least probabilities at which a policy links a claim, by
// wrong links in a million claims. 1: never.
type Thresholds struct {
	Model map[int]float64 `json:"model"` // by the model alone
	Gate  map[int]float64 `json:"gate"`  // where the documented rule or, behind the gate, the model does
	Given bool            `json:"given"` // they are of other claims
}

// Figures are what came of a group of claims. Shares are of the claims of
// people in a record, unless said otherwise.
type Figures struct {
	Claims    int              `json:"claims"`
	InRecord  int              `json:"in_record"`
	Retrieved Share            `json:"retrieved"` // the true record is among the candidates
	First     Share            `json:"first"`     // it is ranked first
	FirstFive Share            `json:"first_five"`
	Rule      Accepted         `json:"rule"`  // by the documented rule
	Check     Accepted         `json:"check"` // by the rule and the model together, as the program does it
	Model     map[int]Accepted `json:"model"` // by the model alone, by the rate of its threshold
	Gate      map[int]Accepted `json:"gate"`  // by rule or gate
}

// Accepted says what a policy settles without a person.
type Accepted struct {
	Right         Share   `json:"right"`
	Wrong         int     `json:"wrong"`         // linked to another person, of all claims
	WrongMillion  float64 `json:"wrong_million"` // the same in a million claims
	AtMost        float64 `json:"at_most"`       // and its upper bound, at 95%
	Left          Share   `json:"left"`          // of all claims: left to a person
	LeftFirst     Share   `json:"left_first"`    // of these, of people in a record: it is ranked first
	LeftFirstFive Share   `json:"left_first_five"`
}

// Group is the claims with a value in a column.
type Group struct {
	Column  string  `json:"column"`
	Value   string  `json:"value"`
	Figures Figures `json:"figures"`
}

// Fairness compares women who changed their name with everybody else who is in
// a record.
type Fairness struct {
	Renamed  Figures `json:"renamed"`
	Others   Figures `json:"others"`
	GapCheck float64 `json:"gap_check"`
	GapRule  float64 `json:"gap_rule"` // in what is accepted, percentage points
	GapModel float64 `json:"gap_model"`
	GapGate  float64 `json:"gap_gate"`
}

// Speed is of the engine in memory.
type Speed struct {
	ClaimsPerSecond  float64       `json:"claims_per_second"`
	P50              time.Duration `json:"p50_ns"`
	P95              time.Duration `json:"p95_ns"`
	P99              time.Duration `json:"p99_ns"` // of one claim: the rule and the ranking
	ComparedPerClaim float64       `json:"compared_per_claim"`
	Processors       int           `json:"processors"`
	MemoryBytes      uint64        `json:"memory_bytes"` // of the whole program
}

// upperBound gives the upper end of a one-sided 95% interval of a count: the
// mean of a Poisson distribution that gives so few with that chance (Garwood,
// 1936); of a high count by the approximation of Wilson and Hilferty (1931).
func upperBound(count int) float64 {
	if n := float64(count) + 1; count > 100 {
		return n * math.Pow(1-1/(9*n)+1.6449/(3*math.Sqrt(n)), 3)
	}
	lo, hi := float64(count), float64(count)+10*math.Sqrt(float64(count)+1)+10
	for range 60 {
		mean := (lo + hi) / 2
		term, sum := math.Exp(-mean), 0.0
		for k := 0; k <= count; k++ {
			if k > 0 {
				term *= mean / float64(k)
			}
			sum += term
		}
		if sum > .05 {
			lo = mean
		} else {
			hi = mean
		}
	}
	return hi
}

func perMillion(n float64, claims int) float64 {
	return math.Round(n/float64(claims)*1e8) / 100
}

func accepted(a, left bin, claims, inRecord int) Accepted {
	return Accepted{
		Right: share(int(a.right), inRecord), Wrong: int(a.wrong), WrongMillion: perMillion(float64(a.wrong), claims), AtMost: perMillion(upperBound(int(a.wrong)), claims),
		Left: share(int(left.all), claims), LeftFirst: share(int(left.first), int(left.inRecord)), LeftFirstFive: share(int(left.five), int(left.inRecord)),
	}
}

// figures reads a tally at thresholds.
func (t *tally) figures(th thresholdBins) Figures {
	f := Figures{
		Claims: t.claims, InRecord: t.inRecord,
		Retrieved: share(t.retrieved, t.inRecord), First: share(t.first, t.inRecord), FirstFive: share(t.five, t.inRecord),
		Rule: accepted(t.rule.accepted, t.rule.left, t.claims, t.inRecord), Check: accepted(t.check.accepted, t.check.left, t.claims, t.inRecord),
		Model: map[int]Accepted{}, Gate: map[int]Accepted{},
	}
	for _, rate := range rates {
		a, left := t.model.from(th.model[rate])
		f.Model[rate] = accepted(a, left, t.claims, t.inRecord)
		a, left = t.gate.from(th.gate[rate])
		f.Gate[rate] = accepted(a, left, t.claims, t.inRecord)
	}
	return f
}

type thresholdBins struct{ model, gate map[int]int }

// report makes the report. Without thresholds of other claims it finds them.
func (t *totals) report(given *Thresholds) *Report {
	th := thresholdBins{map[int]int{}, map[int]int{}}
	r := &Report{Refused: t.refused, Lost: t.overall.lost, Thresholds: Thresholds{Model: map[int]float64{}, Gate: map[int]float64{}, Given: given != nil}, weights: t.weights, misses: t.misses}
	for _, rate := range rates {
		for _, p := range []struct {
			counts *policy
			bins   map[int]int
			given  func() float64
			tell   map[int]float64
		}{
			{&t.overall.model, th.model, func() float64 { return given.Model[rate] }, r.Thresholds.Model},
			{&t.overall.gate, th.gate, func() float64 { return given.Gate[rate] }, r.Thresholds.Gate},
		} {
			if given != nil {
				p.tell[rate] = p.given()
				p.bins[rate] = settledAt
				if v := p.given(); v < 1 {
					p.bins[rate] = int(math.Round((logOdds(v) - leastSure) * binsABit))
				}
				continue
			}
			at := p.counts.threshold(float64(rate) * float64(t.overall.claims) / 1e6)
			p.bins[rate], p.tell[rate] = at, 1
			if at < settledAt {
				p.tell[rate] = probabilityAt(at)
			}
		}
	}
	r.Overall = t.overall.figures(th)
	for _, c := range t.columns {
		var groups []Group
		for v, counts := range c.values {
			groups = append(groups, Group{c.name, cmp.Or(v, "none"), counts.figures(th)})
		}
		slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Value, b.Value) })
		r.Groups = append(r.Groups, groups...)
	}
	if t.renamed.inRecord > 0 && t.rest.inRecord > 0 {
		f := Fairness{Renamed: t.renamed.figures(th), Others: t.rest.figures(th)}
		gap := func(a, b Accepted) float64 { return math.Round((a.Right.Share-b.Right.Share)*1e4) / 100 }
		f.GapRule, f.GapCheck, f.GapModel, f.GapGate = gap(f.Others.Rule, f.Renamed.Rule), gap(f.Others.Check, f.Renamed.Check), gap(f.Others.Model[headline], f.Renamed.Model[headline]), gap(f.Others.Gate[headline], f.Renamed.Gate[headline])
		r.Fairness = &f
	}
	r.curves = [2][]point{t.overall.model.curve(t.overall.inRecord), t.overall.gate.curve(t.overall.inRecord)}
	return r
}

func (t *totals) speed(elapsed time.Duration, processors int, memory uint64) Speed {
	n := max(t.nanos.n, 1)
	return Speed{
		ClaimsPerSecond: math.Round(float64(t.nanos.n) / elapsed.Seconds()), P50: t.nanos.at(.50), P95: t.nanos.at(.95), P99: t.nanos.at(.99),
		ComparedPerClaim: math.Round(float64(t.compared)/float64(n)*10) / 10, Processors: processors, MemoryBytes: memory,
	}
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("dqteval: write report: %w", err)
	}
	if _, err := w.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("dqteval: write report: %w", err)
	}
	return nil
}

// ReadThresholds reads the thresholds of a report that WriteJSON wrote.
func ReadThresholds(in io.Reader) (*Thresholds, error) {
	var r Report
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return nil, fault.New(fault.Invalid, "This is not the JSON report of an evaluation.")
	}
	for _, rate := range rates {
		for _, v := range []float64{r.Thresholds.Model[rate], r.Thresholds.Gate[rate]} {
			if v <= 0 || v > 1 {
				return nil, fault.New(fault.Invalid, fmt.Sprintf("The report has no thresholds for %d wrong links in a million.", rate))
			}
		}
	}
	r.Thresholds.Given = true
	return &r.Thresholds, nil
}

// WriteTable writes the report as tables of text.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	line := func(cells ...any) {
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = fmt.Sprint(c)
		}
		fmt.Fprintln(t, strings.Join(texts, "\t")) // an error stays in w
	}
	o := r.Overall
	line(fmt.Sprintf("%d claims on %d records, %d of people in one.", o.Claims, r.Register.Records, o.InRecord))
	if r.Refused > 0 {
		line(fmt.Sprintf("%d rows were left out: they have too few or too many cells, or a true TRN that is none.", r.Refused))
	}
	if r.Lost > 0 {
		line(fmt.Sprintf("%d claimants' true records are not in the register: they count as not found.", r.Lost))
	}
	line()
	line("the true record is among the candidates", o.Retrieved)
	line("ranked first", o.First)
	line("in the first five", o.FirstFive)
	line()
	line("ACCEPTED WITHOUT A PERSON", "WRONG IN A MILLION", "THRESHOLD", "ACCEPTED", "WRONG", "IN A MILLION (95% AT MOST)", "LEFT", "OF THESE FIRST", "FIRST FIVE")
	row := func(name, rate, threshold string, a Accepted) {
		line(name, rate, threshold, a.Right, a.Wrong, fmt.Sprintf("%.2f (%.2f)", a.WrongMillion, a.AtMost), a.Left, a.LeftFirst, a.LeftFirstFive)
	}
	row("documented rule", "", "", o.Rule)
	row("this program's check by the model", "", "", o.Check)
	of := func(name string, th map[int]float64, a map[int]Accepted) {
		for _, rate := range rates {
			row(name, fmt.Sprintf("at most %d", rate), probability(th[rate]), a[rate])
		}
	}
	of("model alone", r.Thresholds.Model, o.Model)
	of("rule or gate", r.Thresholds.Gate, o.Gate)
	if r.Thresholds.Given {
		line("The thresholds are those that were found on other claims.")
	}
	line()
	s := r.Speed
	line(fmt.Sprintf("%.0f claims a second on %d processors; one claim: p50 %s, p95 %s, p99 %s; %.1f records compared; %.0f MB.",
		s.ClaimsPerSecond, s.Processors, s.P50.Round(time.Microsecond), s.P95.Round(time.Microsecond), s.P99.Round(time.Microsecond), s.ComparedPerClaim, float64(s.MemoryBytes)/1e6))
	if f := r.Fairness; f != nil {
		line()
		line(fmt.Sprintf("Accepted less often of women who changed their name than of everybody else, in points: rule %.2f, check by the model %.2f, model alone %.2f, rule or gate %.2f.", f.GapRule, f.GapCheck, f.GapModel, f.GapGate))
	}
	last := ""
	for _, g := range r.Groups {
		if g.Column != last {
			line()
			line(strings.ToUpper(g.Column), "CLAIMS", "CANDIDATE", "FIRST", "FIRST FIVE", "RULE", "MODEL ALONE", "WRONG", "RULE OR GATE", "WRONG")
			last = g.Column
		}
		f := g.Figures
		line(g.Value, f.Claims, f.Retrieved, f.First, f.FirstFive, f.Rule.Right, f.Model[headline].Right, f.Model[headline].Wrong, f.Gate[headline].Right, f.Gate[headline].Wrong)
	}
	if len(r.Groups) > 0 {
		line()
		line(fmt.Sprintf("The figures of groups are at the thresholds for at most %d wrong in a million.", headline))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("dqteval: write report: %w", err)
	}
	return nil
}

// probability writes a threshold with the digits by which it differs from 1.
func probability(p float64) string {
	if p >= 1 {
		return "never"
	}
	digits := max(int(math.Ceil(-math.Log10(1-p)))+1, 2)
	return fmt.Sprintf("%.*f", min(digits, 12), p)
}
