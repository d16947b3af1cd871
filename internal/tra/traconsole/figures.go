package traconsole

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"traid/internal/httpd"
	"traid/internal/tra"
	"traid/internal/workday"
)

const figuresPath = "/figures"

// figureTimes are the times that figures are of, in days until now.
var figureTimes = []struct {
	days int
	name string
}{{7, "7 days"}, {28, "28 days"}, {91, "13 weeks"}, {364, "52 weeks"}}

// figureKinds are the kinds that figures are of.
var figureKinds = []struct {
	kind tra.Kind
	name string
}{{"", "All"}, {tra.TRNValidation, "TRN validations"}, {tra.BarringCheck, "Barring checks"}}

type figuresView struct {
	Times, Kinds []spanView
	Span         string
	Numbers      []numberView
	Flow         flowView
	Charts       []chartView
	CSV          string
	Empty        bool
}

// spanView is a link that changes what the page shows.
type spanView struct {
	Name, Href string
	Current    bool
}

// numberView is one figure and what it is.
type numberView struct{ Value, Name string }

// barView is one bar of a chart, as wide as its part of the longest.
type barView struct {
	Name   string
	Value  int
	Width  string // of 100
	Beside string // the part of all, in words
}

// chartView is bars with a table of the same numbers.
type chartView struct {
	Heading, Column string
	Bars            []barView
}

// Label says the chart to whom it is read.
func (c chartView) Label() string {
	var out []string
	for _, b := range c.Bars {
		out = append(out, b.Name+" "+strconv.Itoa(b.Value))
	}
	return c.Heading + ": " + strings.Join(out, ", ") + "."
}

// flowView is what came and went, step by step.
type flowView struct {
	Unit        string // day or week
	First, Last string
	Most        int
	Steps       []flowStep
}

type flowStep struct {
	Begins            string
	Arrived, Answered int
	X, XAnswered      string
	YArrived, HArrived,
	YAnswered, HAnswered string
}

// The box that a flow is drawn in.
const (
	flowWidth  = 600
	flowHeight = 160
)

func (f flowView) Label() string {
	return fmt.Sprintf("Arrived and answered by %s from %s to %s; at most %d. The table has the numbers.", f.Unit, f.First, f.Last, f.Most)
}

func (p *pages) filter(r *http.Request) tra.FigureFilter {
	q := r.URL.Query()
	f := tra.FigureFilter{Days: figureTimes[1].days}
	for _, t := range figureTimes {
		if q.Get("days") == strconv.Itoa(t.days) {
			f.Days = t.days
		}
	}
	for _, k := range figureKinds {
		if q.Get("kind") == string(k.kind) {
			f.Kind = k.kind
		}
	}
	return f
}

func figuresHref(path string, f tra.FigureFilter) string {
	q := url.Values{"days": {strconv.Itoa(f.Days)}}
	if f.Kind != "" {
		q.Set("kind", string(f.Kind))
	}
	return path + "?" + q.Encode()
}

func (p *pages) figures(w http.ResponseWriter, r *http.Request) {
	f := p.filter(r)
	got, err := p.console.Figures(r.Context(), operator(r), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := figuresView{
		Span: workdate(got.From) + " to " + workdate(got.To), CSV: figuresHref(figuresPath+".csv", f), Flow: flowOf(got),
		Empty: got.Arrived+got.Answered+got.Again == 0,
	}
	for _, t := range figureTimes {
		other := f
		other.Days = t.days
		v.Times = append(v.Times, spanView{t.name, figuresHref(figuresPath, other), t.days == f.Days})
	}
	for _, k := range figureKinds {
		other := f
		other.Kind = k.kind
		v.Kinds = append(v.Kinds, spanView{k.name, figuresHref(figuresPath, other), k.kind == f.Kind})
	}
	number := func(value int, name string) { v.Numbers = append(v.Numbers, numberView{strconv.Itoa(value), name}) }
	number(got.Arrived, "arrived")
	number(got.Answered, "answered")
	number(got.Waiting, "waiting now")
	number(got.Overdue, "of them overdue")
	for _, percent := range figurePercentiles {
		days := "none"
		if n, ok := got.Percentile(percent); ok {
			days = strconv.Itoa(n)
		}
		v.Numbers = append(v.Numbers, numberView{days, fmt.Sprintf("working days until %d%% were answered", percent)})
	}
	number(got.Reopened, "opened again")
	number(got.Again, "answered again")
	v.Numbers = append(v.Numbers,
		numberView{fmt.Sprintf("%d of %d", got.SentBack, got.Reviewed), "second reviews disagreed"},
		numberView{fmt.Sprintf("%d of %d", got.Picked[1], got.Decisions), "picks were the first candidate"})
	for _, c := range chartsOf(got) {
		v.Charts = append(v.Charts, scaled(c))
	}
	o := Page(r, "Figures")
	httpd.Render(w, r, http.StatusOK, figuresPage(o, v))
}

var figurePercentiles = []int{50, 75, 90}

func workdate(t time.Time) string { return t.In(workday.London).Format("2 January 2006") }

// chartsOf gives the charts, those that have no bar left out.
func chartsOf(f tra.Figures) []chartView {
	outcomes := chartView{Heading: "Outcomes", Column: "Outcome"}
	for _, o := range []tra.Outcome{tra.TRNFound, tra.Barred, tra.NotBarred, tra.Failed} {
		if n := f.Outcomes[o]; n > 0 {
			outcomes.Bars = append(outcomes.Bars, barView{Name: outcomeWords[o], Value: n})
		}
	}
	reasons := chartView{Heading: "Reasons of failures", Column: "Reason"}
	for _, reason := range tra.FailureReasons(tra.TRNValidation) {
		if n := f.Reasons[reason]; n > 0 {
			reasons.Bars = append(reasons.Bars, barView{Name: reason.Words(), Value: n})
		}
	}
	taken := chartView{Heading: "Working days until the answer", Column: "Working days"}
	for days := range 11 {
		n := 0
		for _, t := range f.Taken {
			if t == days || days == 10 && t > days {
				n++
			}
		}
		name := strconv.Itoa(days)
		if days == 10 {
			name = "10 or more"
		}
		taken.Bars = append(taken.Bars, barView{Name: name, Value: n})
	}
	picked := chartView{Heading: "Which candidate was picked", Column: "Candidate"}
	for _, place := range []struct {
		name     string
		from, to int
	}{{"First", 1, 1}, {"Second", 2, 2}, {"Third", 3, 3}, {"A later one", 4, 1000}, {"None of them: found by search", 0, 0}} {
		n := 0
		for at, picks := range f.Picked {
			if at >= place.from && at <= place.to {
				n += picks
			}
		}
		picked.Bars = append(picked.Bars, barView{Name: place.name, Value: n})
	}
	var out []chartView
	for _, c := range []chartView{outcomes, reasons, taken, picked} {
		sum := 0
		for _, b := range c.Bars {
			sum += b.Value
		}
		if sum > 0 {
			out = append(out, c)
		}
	}
	return out
}

// scaled gives each bar its width and its part of all.
func scaled(c chartView) chartView {
	most, sum := 0, 0
	for _, b := range c.Bars {
		most, sum = max(most, b.Value), sum+b.Value
	}
	for i, b := range c.Bars {
		c.Bars[i].Width = part100(b.Value, most)
		c.Bars[i].Beside = strconv.Itoa((b.Value*200+sum)/(2*sum)) + "%"
	}
	return c
}

func part100(n, of int) string {
	return strconv.FormatFloat(float64(n)*100/float64(max(of, 1)), 'f', 1, 64)
}

func flowOf(f tra.Figures) flowView {
	v := flowView{Unit: "day", First: workdate(f.From), Last: workdate(f.To)}
	if f.Weekly {
		v.Unit = "week"
	}
	for _, s := range f.Steps {
		v.Most = max(v.Most, s.Arrived, s.Answered)
	}
	wide := float64(flowWidth) / float64(max(len(f.Steps), 1))
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	for i, s := range f.Steps {
		x := float64(i) * wide
		arrived, answered := height(s.Arrived, v.Most), height(s.Answered, v.Most)
		v.Steps = append(v.Steps, flowStep{
			Begins: workdate(s.Begins), Arrived: s.Arrived, Answered: s.Answered, X: number(x + wide*0.1), XAnswered: number(x + wide*0.5),
			YArrived: number(flowHeight - arrived), HArrived: number(arrived), YAnswered: number(flowHeight - answered), HAnswered: number(answered),
		})
	}
	return v
}

// Bar is how wide one of the two bars of a step is.
func (f flowView) Bar() string {
	return strconv.FormatFloat(float64(flowWidth)/float64(max(len(f.Steps), 1))*0.38, 'f', 1, 64)
}

func height(n, most int) float64 { return float64(n) * flowHeight / float64(max(most, 1)) }

// figuresCSV gives the figures as measure, what and value.
func (p *pages) figuresCSV(w http.ResponseWriter, r *http.Request) {
	f := p.filter(r)
	got, err := p.console.Figures(r.Context(), operator(r), f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var out bytes.Buffer
	c := csv.NewWriter(&out)
	write := func(measure, what string, value any) { _ = c.Write([]string{measure, what, fmt.Sprint(value)}) } // an error stays in c
	_ = c.Write([]string{"measure", "what", "value"})
	kind := "all"
	if f.Kind != "" {
		kind = string(f.Kind)
	}
	write("kind", "", kind)
	write("from", "", got.From.In(workday.London).Format(time.DateOnly))
	write("to", "", got.To.In(workday.London).Format(time.DateOnly))
	for _, m := range []struct {
		name  string
		value int
	}{
		{"arrived", got.Arrived},
		{"answered", got.Answered},
		{"waiting_now", got.Waiting},
		{"overdue_now", got.Overdue},
		{"opened_again", got.Reopened},
		{"answered_again", got.Again},
		{"second_reviews", got.Reviewed},
		{"second_reviews_that_disagreed", got.SentBack},
		{"picks", got.Decisions},
		{"picks_of_the_first_candidate", got.Picked[1]},
	} {
		write(m.name, "", m.value)
	}
	for _, percent := range figurePercentiles {
		if n, ok := got.Percentile(percent); ok {
			write("working_days_until_answered", fmt.Sprintf("p%d", percent), n)
		}
	}
	for _, s := range got.Steps {
		begins := s.Begins.In(workday.London).Format(time.DateOnly)
		write("arrived_from", begins, s.Arrived)
		write("answered_from", begins, s.Answered)
	}
	for _, chart := range chartsOf(got) {
		for _, b := range chart.Bars {
			write(strings.ReplaceAll(strings.ToLower(chart.Heading), " ", "_"), b.Name, b.Value)
		}
	}
	c.Flush()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="figures.csv"`)
	_, _ = w.Write(out.Bytes())
}
