package synth

import (
	"strconv"
	"strings"
	"time"
)

// date is a calendar date.
type date struct{ year, month, day int }

func dateOf(t time.Time) date { return date{t.Year(), int(t.Month()), t.Day()} }

func (d date) time() time.Time {
	return time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
}

// real tells whether there is such a day.
func (d date) real() bool {
	return d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31 && dateOf(d.time()) == d
}

func (d date) String() string {
	b := [10]byte{0, 0, 0, 0, '-', 0, 0, '-', 0, 0}
	for at, v := range map[int]int{0: d.year / 100, 2: d.year % 100, 5: d.month, 8: d.day} {
		b[at], b[at+1] = byte('0'+v/10), byte('0'+v%10)
	}
	return string(b[:])
}

// Years of birth, and of TRNs, which are given when training begins.
const (
	firstBorn    = 1940
	lastBorn     = 2003
	firstTRNYear = firstBorn + 21
	lastTRNYear  = asAt - 1
)

// startAges are the ages at which people begin to train, with their shares: a
// judgement. The last stands for the years up to latestStart.
var startAges = []float64{21: .30, 22: .25, 23: .12, 24: .08, 25: .03, 26: .03, 27: .03, 28: .03, 29: .03, 30: .10}

const latestStart = 44

func startShare(age int) float64 {
	switch {
	case age < len(startAges)-1:
		return startAges[age]
	case age <= latestStart:
		return startAges[len(startAges)-1] / float64(latestStart-len(startAges)+2)
	}
	return 0
}

// yearStarts gives the first place of each year's TRNs in a register of so many
// records, such that people of every year of birth are equally many.
func yearStarts(records int) []int {
	var upTo []float64
	sum := 0.0
	for y := firstTRNYear; y <= lastTRNYear; y++ {
		for age := 21; age <= latestStart; age++ {
			if b := y - age; b >= firstBorn && b <= lastBorn {
				sum += startShare(age)
			}
		}
		upTo = append(upTo, sum)
	}
	starts := []int{0}
	for _, u := range upTo {
		starts = append(starts, int(u/sum*float64(records)+.5))
	}
	return starts
}

// trnYear gives the year of the TRN at a place.
func (p *Population) trnYear(place int) int {
	lo, hi := 0, len(p.starts)-1
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; p.starts[mid] <= place {
			lo = mid
		} else {
			hi = mid
		}
	}
	return firstTRNYear + lo
}

// trn gives the TRN of a place: two digits of the year and a running number.
func (p *Population) trn(place int) string {
	y := p.trnYear(place)
	running := place - p.starts[y-firstTRNYear] + 1
	s := strconv.Itoa(10_000_000 + y%100*100_000 + running)
	return s[1:]
}

// living tells whether a number is a TRN of the register.
func (p *Population) living(trn string) bool {
	n, _ := strconv.Atoi(trn)
	y, running := n/100_000, n%100_000
	if y >= firstTRNYear%100 {
		y += 1900
	} else {
		y += 2000
	}
	at := y - firstTRNYear
	return at >= 0 && at+1 < len(p.starts) && running >= 1 && running <= p.starts[at+1]-p.starts[at]
}

// individual is one person as they are.
type individual struct {
	sex           byte
	origin        *origin
	tradition     *tradition // nil: British
	born          date
	first, middle string
	birthLast     string
	newest        string // the family name since it changed; empty when it has not
	nino          string
	mails         [2]string // the register, if any, has the first
}

func (v *individual) last() string {
	if v.newest != "" {
		return v.newest
	}
	return v.birthLast
}

// owner is the place of the first record of the person at a place.
func (p *Population) owner(place int) int {
	if s, is := p.special[place]; is && (s.kind == second || s.kind == merged) {
		return s.of
	}
	return place
}

// person gives the person whose first record is at a place.
func (p *Population) person(d *dice, place int) individual {
	d.seed(p.seed, drawPerson, uint64(place))
	v := p.stranger(d, p.trnYear(place), uint64(place))
	if s := p.special[place]; s.kind == twin {
		other := p.person(d, s.of)
		d.seed(p.seed, drawPerson, uint64(place)+MaxRecords)
		v.become(d, p.names, &other, other.born)
	}
	return v
}

// stranger draws a person who began to train in a year, or would have.
func (p *Population) stranger(d *dice, year int, number uint64) individual {
	v := individual{sex: 'M'}
	if d.chance(shareWomen) {
		v.sex = 'F'
	}
	v.born = bornFor(d, year)
	at := d.Float64()
	v.origin = &p.names.origins[0]
	for i := range p.names.origins {
		if at -= p.names.origins[i].share; at < 0 {
			v.origin = &p.names.origins[i]
			break
		}
	}
	if len(v.origin.traditions) > 0 {
		v.tradition = &v.origin.traditions[d.IntN(len(v.origin.traditions))]
	}
	v.givenNames(d, p.names)
	v.birthLast = v.familyName(d, p.names)
	v.changeName(d, p.names)
	v.nino = p.ninoOf(d, number)
	v.addresses(d, number)
	return v
}

// bornFor draws a date of birth that fits the year in which training began.
func bornFor(d *dice, year int) date {
	for {
		age := 21
		at := d.Float64()
		for at -= startShare(age); at >= 0 && age < latestStart; at -= startShare(age) {
			age++
		}
		if b := year - age; b >= firstBorn && b <= lastBorn {
			days := 365
			if (date{b, 2, 29}).real() {
				days = 366
			}
			return dateOf(time.Date(b, 1, 1+d.IntN(days), 0, 0, 0, 0, time.UTC))
		}
	}
}

func (v *individual) givenNames(d *dice, n *names) {
	draw := func() string {
		if v.tradition == nil || d.chance(givenBritish) {
			return n.givenName(d, v.sex, v.born.year)
		}
		return v.tradition.given[v.sex].draw(d)
	}
	v.first, v.middle = draw(), ""
	if d.chance(shareMiddle) {
		for v.middle = draw(); v.middle == v.first; {
			v.middle = draw()
		}
	}
}

func (v *individual) familyName(d *dice, n *names) string {
	if v.tradition == nil {
		return n.familyName(d)
	}
	return v.tradition.family[v.sex].draw(d)
}

// age is the person's at the given day.
func (v *individual) age() int { return asAt - v.born.year - 1 }

func (v *individual) band() (share float64, band string) {
	for _, b := range changedName {
		if v.age() >= b.from {
			return b.share, b.band
		}
	}
	return 0, ""
}

// changeName has a woman's name changed, as often as at her age.
func (v *individual) changeName(d *dice, n *names) {
	v.newest = ""
	if share, _ := v.band(); v.sex == 'F' && d.chance(share) {
		v.newest = v.nextName(d, n, v.birthLast)
	}
}

// nextName draws the name that follows another.
func (v *individual) nextName(d *dice, n *names, before string) string {
	for {
		next := v.familyName(d, n)
		if next == before {
			continue
		}
		if d.chance(shareDoubleBarrel) && !strings.Contains(before, "-") {
			return before + "-" + next
		}
		return next
	}
}

// become makes a sibling of a person, with another date of birth or the same.
func (v *individual) become(d *dice, n *names, of *individual, born date) {
	v.origin, v.tradition, v.born = of.origin, of.tradition, born
	v.givenNames(d, n)
	for v.first == of.first {
		v.givenNames(d, n)
	}
	v.birthLast = of.birthLast
	v.changeName(d, n)
}

// providers are domains that nobody's mail goes to (RFC 2606).
var providers = []string{"example.com", "example.net", "example.org"}

// addresses gives a person two addresses of their own.
func (v *individual) addresses(d *dice, number uint64) {
	plain := func(name string) string {
		return strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, strings.ToLower(name))
	}
	first, last, birth := plain(v.first), plain(v.last()), plain(v.birthLast)
	for i := range v.mails {
		local := ""
		switch d.IntN(4) {
		case 0:
			local = first + "." + last
		case 1:
			local = first[:min(1, len(first))] + last
		case 2:
			local = first + birth
		default:
			local = last + "." + first[:min(1, len(first))]
		}
		if local = strings.Trim(local, "."); local == "" {
			local = "teacher"
		}
		v.mails[i] = local + strconv.FormatUint(number*2+uint64(i), 36) + "@" + one(d, providers)
	}
}

// The prefixes of NI numbers that are given out (HMRC, National Insurance Manual NIM39110).
var ninoPrefixes = func() []string {
	var all []string
	for _, a := range "ABCEGHJKLMNOPRSTWXYZ" {
		for _, b := range "ABCEGHJKLMNPRSTWXYZ" {
			if p := string(a) + string(b); !strings.Contains("BG GB KN NK NT TN ZZ", p) {
				all = append(all, p)
			}
		}
	}
	return all
}()

const (
	perPrefix  = 1_000_000
	samplePart = 990_000 // of the numbers under QQ: the rest is the cast's
)

// ninoOf gives a number its own NI number: no two have the same.
func (p *Population) ninoOf(d *dice, number uint64) string {
	suffix := string(rune('A' + d.IntN(4)))
	if p.sample {
		return "QQ" + strconv.FormatUint(perPrefix+number*7%samplePart, 10)[1:] + suffix
	}
	n := shuffle(p.seed, number, uint64(len(ninoPrefixes))*perPrefix)
	return ninoPrefixes[n/perPrefix] + strconv.FormatUint(perPrefix+n%perPrefix, 10)[1:] + suffix
}

// shuffle gives each number below size another one below size: a Feistel
// network of four rounds over 30 bits, walked until it is within the size.
func shuffle(seed, n, size uint64) uint64 {
	const half, mask = 15, 1<<15 - 1
	for {
		l, r := n>>half, n&mask
		for round := range uint64(4) {
			l, r = r, l^scramble(seed^drawNINO<<56^round<<32^r)&mask
		}
		if n = l<<half | r; n < size {
			return n
		}
	}
}
