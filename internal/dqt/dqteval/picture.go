package dqteval

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// point is a threshold's share accepted, of people in a record, and how many of
// those that are linked are linked wrongly.
type point struct{ accepted, wrong float64 }

// curve gives a policy's points from the strictest threshold on.
func (p *policy) curve(inRecord int) []point {
	var points []point
	right, wrong := 0.0, 0.0
	for i := bins - 1; i > 0; i-- {
		if p[i].right+p[i].wrong == 0 {
			continue
		}
		right += float64(p[i].right)
		wrong += float64(p[i].wrong)
		points = append(points, point{right / float64(max(inRecord, 1)), wrong / (right + wrong)})
	}
	return points
}

// The picture's measures, in SVG's units.
const (
	pictureWidth, pictureHeight = 960, 900
	left, chartWidth            = 90, 820
	chartHeight                 = 300
	curveTop, weightsTop        = 90, 520
	leastWrong, mostWrong       = 1e-7, 1e-1 // wrong links of all links
)

// Colours with a contrast of at least 4.5 to 1 on white. Lines and areas differ by
// their dashes and words too.
const (
	blue, orange, grey = "#1d4f91", "#a8380b", "#505a5f"
)

// WritePicture writes the report as an SVG picture: precision against the share
// accepted, and how much the pairs of one person and of two weigh. It runs no script.
func (r *Report) WritePicture(w io.Writer) error {
	b := bufio.NewWriter(w)
	p := func(format string, a ...any) { fmt.Fprintf(b, format+"\n", a...) } // an error stays in b
	o := r.Overall
	p(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title description" font-family="Arial, Helvetica, sans-serif" font-size="15">`, pictureWidth, pictureHeight)
	p(`<title id="title">Evaluation on %s claims and %s records</title>`, thousands(o.Claims), thousands(r.Register.Records))
	p(`<desc id="description">%s</desc>`, r.description())
	p(`<rect width="%d" height="%d" fill="#ffffff"/>`, pictureWidth, pictureHeight)
	r.drawCurves(p)
	r.drawWeights(p)
	p(`</svg>`)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("dqteval: write picture: %w", err)
	}
	return nil
}

// description says in words what the picture shows.
func (r *Report) description() string {
	o := r.Overall
	m, g := o.Model[headline], o.Gate[headline]
	return fmt.Sprintf("Above: how many links are wrong against the share of claims that are accepted. The documented rule accepts %s, rule or gate %s, the model alone %s at %d wrong in a million. "+
		"Below: weights in bits; the true record's lie mostly above 20, those of the best other record mostly below.", o.Rule.Right, g.Right, m.Right, headline)
}

func (r *Report) drawCurves(p func(string, ...any)) {
	x := func(accepted float64) float64 { return left + accepted*chartWidth }
	y := func(wrong float64) float64 {
		at := math.Log10(min(max(wrong, leastWrong), mostWrong)/leastWrong) / math.Log10(mostWrong/leastWrong)
		return curveTop + at*chartHeight
	}
	heading(p, 30, "Precision against the share accepted without a person")
	p(`<text x="%d" y="%d" fill="%s">share of links that are right; from each line to the next one down ten times as many are wrong</text>`, left, 56, grey)
	for e := -7; e <= -1; e++ {
		wrong := math.Pow(10, float64(e))
		p(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#b1b4b6"/>`, left, left+chartWidth, y(wrong), y(wrong))
		label := strconv.FormatFloat(100*(1-wrong), 'f', max(-e-2, 0), 64) + "%"
		if wrong <= leastWrong {
			label = "none wrong"
		}
		p(`<text x="%d" y="%.1f" text-anchor="end">%s</text>`, left-8, y(wrong)+5, label)
	}
	for tenth := 0; tenth <= 10; tenth++ {
		at := x(float64(tenth) / 10)
		p(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#b1b4b6"/>`, at, at, curveTop+chartHeight, curveTop+chartHeight+6)
		p(`<text x="%.1f" y="%d" text-anchor="middle">%d%%</text>`, at, curveTop+chartHeight+24, tenth*10)
	}
	p(`<text x="%d" y="%d" text-anchor="middle">accepted, of the claims of people in a record</text>`, left+chartWidth/2, curveTop+chartHeight+46)
	for i, c := range []struct{ colour, dash string }{{blue, "none"}, {orange, "9 4"}} {
		var path strings.Builder
		for j, at := range r.curves[i] {
			verb := 'L'
			if j == 0 {
				verb = 'M'
			}
			fmt.Fprintf(&path, "%c%.1f %.1f", verb, x(at.accepted), y(at.wrong))
		}
		if path.Len() > 0 {
			p(`<path d="%s" fill="none" stroke="%s" stroke-width="3" stroke-dasharray="%s"/>`, path.String(), c.colour, c.dash)
		}
	}
	rule := r.Overall.Rule
	if linked := rule.Right.Count + rule.Wrong; linked > 0 {
		at, wrong := x(rule.Right.Share), y(float64(rule.Wrong)/float64(linked))
		p(`<circle cx="%.1f" cy="%.1f" r="7" fill="%s" stroke="#ffffff" stroke-width="2"/>`, at, wrong, "#0b0c0c")
	}
	key(p, left+20, curveTop+chartHeight-76, 410, []string{
		`<line x1="0" x2="36" y1="-5" y2="-5" stroke="` + blue + `" stroke-width="3"/>`, "the model alone",
		`<line x1="0" x2="36" y1="-5" y2="-5" stroke="` + orange + `" stroke-width="3" stroke-dasharray="9 4"/>`, "the documented rule, or the model behind the gate",
		`<circle cx="18" cy="-5" r="7" fill="#0b0c0c"/>`, "the documented rule",
	})
}

func (r *Report) drawWeights(p func(string, ...any)) {
	x := func(bits float64) float64 {
		return left + (bits-leastWeight)/(mostWeight-leastWeight)*chartWidth
	}
	most := 1
	for _, w := range r.weights {
		for _, n := range w {
			most = max(most, n)
		}
	}
	decades := int(math.Ceil(math.Log10(float64(most)))) + 1
	y := func(n float64) float64 {
		at := 0.0
		if n > 0 {
			at = (math.Log10(n) + 1) / float64(decades)
		}
		return weightsTop + (1-at)*chartHeight
	}
	heading(p, weightsTop-50, "Weight of the claimant's own record, and of the best of somebody else's")
	p(`<text x="%d" y="%d" fill="%s">claims, each line ten-fold more</text>`, left, weightsTop-24, grey)
	for d := 0; d < decades; d++ {
		n := math.Pow(10, float64(d))
		p(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#b1b4b6"/>`, left, left+chartWidth, y(n), y(n))
		p(`<text x="%d" y="%.1f" text-anchor="end">%s</text>`, left-8, y(n)+5, thousands(int(n)))
	}
	for bits := leastWeight; bits <= mostWeight; bits += 20 {
		p(`<text x="%.1f" y="%d" text-anchor="middle">%d</text>`, x(float64(bits)), weightsTop+chartHeight+24, bits)
	}
	p(`<text x="%d" y="%d" text-anchor="middle">weight in bits</text>`, left+chartWidth/2, weightsTop+chartHeight+46)
	for i, c := range []struct{ colour, dash, opacity string }{{blue, "none", "0.25"}, {orange, "5 3", "0.25"}} {
		var path strings.Builder
		fmt.Fprintf(&path, "M%d %.1f", left, y(0))
		for j, n := range r.weights[i] {
			from := float64(leastWeight + j*weightWidth)
			fmt.Fprintf(&path, "L%.1f %.1fL%.1f %.1f", x(from), y(float64(n)), x(from+weightWidth), y(float64(n)))
		}
		fmt.Fprintf(&path, "L%d %.1fZ", left+chartWidth, y(0))
		p(`<path d="%s" fill="%s" fill-opacity="%s" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`, path.String(), c.colour, c.opacity, c.colour, c.dash)
	}
	key(p, left+20, weightsTop+24, 210, []string{
		`<rect x="0" y="-14" width="36" height="16" fill="` + orange + `" fill-opacity="0.25" stroke="` + orange + `" stroke-width="2" stroke-dasharray="5 3"/>`, "somebody else's best",
		`<rect x="0" y="-14" width="36" height="16" fill="` + blue + `" fill-opacity="0.25" stroke="` + blue + `" stroke-width="2"/>`, "the claimant's own",
	})
}

func heading(p func(string, ...any), y int, text string) {
	p(`<text x="%d" y="%d" font-size="20" font-weight="bold">%s</text>`, left, y, text)
}

// key explains drawings, each followed by its words, on a white ground.
func key(p func(string, ...any), x, y, width int, entries []string) {
	p(`<rect x="%d" y="%d" width="%d" height="%d" fill="#ffffff" fill-opacity="0.85"/>`, x-8, y-22, width, len(entries)/2*26+8)
	for i := 0; i+1 < len(entries); i += 2 {
		p(`<g transform="translate(%d %d)">%s<text x="46" y="0">%s</text></g>`, x, y+i/2*26, entries[i], entries[i+1])
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
