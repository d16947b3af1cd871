// Package synth invents teachers: registers of any size whose people have the
// names and ages of a real workforce and exist nowhere. The same seed gives the
// same bytes. NI numbers begin with QQ, which no real person's does. Tests, the
// demonstration and `traid synth` use it, the product itself does not.
package synth

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed data/given_names.csv
var givenNames string

//go:embed data/surnames.csv
var surnames string

// Rates of the register that is invented (the trial's table of the engine's design).
const (
	shareWomen         = 0.75
	shareChangedName   = 0.40 // of women: about the mean over the age bands
	shareDoubleBarrel  = 0.12 // of changes
	shareNotYetKnown   = 0.25 // of changes
	shareEarlierKept   = 0.80 // of changes that are known
	shareNINO          = 0.88
	shareEmail         = 0.70
	shareMiddle        = 0.60
	shareInactive      = 0.02
	shareTwoRecords    = 0.005
	shareAlert         = 0.004
	shareSpentAlert    = 0.002
	firstYear          = 1940 // of birth
	lastYear           = 2003
	cohort             = 5
	lastCohort         = 2000
	qualifiedAt        = 22 // years of age
	maxQQ              = 1_000_000
	runningNumberDigit = 100_000
)

// MaxRecords is the most that one register can have: there are a million numbers under QQ.
const MaxRecords = 500_000

// Header is the first line of a register file.
const Header = "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts"

// weighted draws names as often as they occur.
type weighted struct {
	names []string
	upTo  []float64
}

func (w *weighted) add(name string, weight float64) {
	sum := weight
	if n := len(w.upTo); n > 0 {
		sum += w.upTo[n-1]
	}
	w.names, w.upTo = append(w.names, name), append(w.upTo, sum)
}

func (w *weighted) draw(r *rand.Rand) string {
	at := sort.SearchFloat64s(w.upTo, r.Float64()*w.upTo[len(w.upTo)-1])
	return w.names[min(at, len(w.names)-1)]
}

type names struct {
	given map[string]*weighted // by sex and cohort, "F1960"
	last  weighted
}

var load = sync.OnceValues(func() (*names, error) {
	n := &names{given: map[string]*weighted{}}
	rows, err := csv.NewReader(strings.NewReader(givenNames)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("synth: given names: %w", err)
	}
	for _, r := range rows[1:] {
		weight, err := strconv.ParseFloat(r[3], 64)
		if err != nil {
			return nil, fmt.Errorf("synth: given names: %w", err)
		}
		key := r[1] + r[2]
		if n.given[key] == nil {
			n.given[key] = &weighted{}
		}
		n.given[key].add(title(r[0]), weight)
	}
	if rows, err = csv.NewReader(strings.NewReader(surnames)).ReadAll(); err != nil {
		return nil, fmt.Errorf("synth: surnames: %w", err)
	}
	for _, r := range rows[1:] {
		weight, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, fmt.Errorf("synth: surnames: %w", err)
		}
		n.last.add(title(r[0]), weight)
	}
	return n, nil
})

// title writes a name as people write it: "o'neill" is "O'Neill".
func title(name string) string {
	up := true
	return strings.Map(func(r rune) rune {
		if up {
			r = unicode.ToUpper(r)
		}
		up = !unicode.IsLetter(r)
		return r
	}, name)
}

// WriteRegister writes a register file of n invented teachers.
func WriteRegister(w io.Writer, seed uint64, n int) error {
	if n < 0 || n > MaxRecords {
		return fmt.Errorf("synth: a register has at most %d records", MaxRecords)
	}
	all, err := load()
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(strings.Split(Header, ",")); err != nil {
		return fmt.Errorf("synth: write register: %w", err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	running := map[int]int{}
	for i := range n {
		t := newTeacher(r, all, running)
		if shareTwoRecords > r.Float64() && i > 0 { // the same person again, under another TRN
			t.previousTRN = t.trn
			t.trn = nextTRN(t.qualified, running)
		}
		if err := out.Write(t.row(r, i)); err != nil {
			return fmt.Errorf("synth: write register: %w", err)
		}
		if t.previousTRN != "" {
			if err := out.Write([]string{t.previousTRN, "merged:" + t.trn, t.first, "", t.last, "", t.born.Format(time.DateOnly), "", "", "", ""}); err != nil {
				return fmt.Errorf("synth: write register: %w", err)
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("synth: write register: %w", err)
	}
	return nil
}

type teacher struct {
	trn, previousTRN    string
	first, middle, last string
	previous            string
	born                time.Time
	qualified           int // the year
}

func newTeacher(r *rand.Rand, all *names, running map[int]int) teacher {
	sex := "M"
	if r.Float64() < shareWomen {
		sex = "F"
	}
	born := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN((lastYear-firstYear+1)*365))
	given := all.given[sex+strconv.Itoa(min(born.Year()/cohort*cohort, lastCohort))]
	t := teacher{first: given.draw(r), last: all.last.draw(r), born: born, qualified: born.Year() + qualifiedAt + r.IntN(8)}
	if r.Float64() < shareMiddle {
		t.middle = given.draw(r)
	}
	if sex == "F" && r.Float64() < shareChangedName {
		newest := all.last.draw(r)
		if r.Float64() < shareDoubleBarrel {
			newest = t.last + "-" + newest
		}
		if r.Float64() >= shareNotYetKnown {
			if r.Float64() < shareEarlierKept {
				t.previous = t.last
			}
			t.last = newest
		}
	}
	t.trn = nextTRN(t.qualified, running)
	return t
}

// nextTRN gives two digits of the year and a running number.
func nextTRN(year int, running map[int]int) string {
	yy := year % 100
	running[yy]++
	return fmt.Sprintf("%02d%05d", yy, running[yy]%runningNumberDigit)
}

func (t teacher) row(r *rand.Rand, i int) []string {
	status, nino, email, alerts := "active", "", "", ""
	if r.Float64() < shareInactive {
		status = "inactive"
	}
	if r.Float64() < shareNINO {
		nino = fmt.Sprintf("QQ%06d%c", (i*7+1)%maxQQ, 'A'+rune(r.IntN(4)))
	}
	if r.Float64() < shareEmail {
		first, _ := utf8.DecodeRuneInString(strings.ToLower(t.first))
		email = fmt.Sprintf("%c.%s%d@example.org", first, strings.ToLower(strings.ReplaceAll(t.last, "'", "")), i)
	}
	switch at := r.Float64(); {
	case at < shareAlert:
		alerts = fmt.Sprintf("T1:%d-05-01::", 2010+r.IntN(14))
	case at < shareAlert+shareSpentAlert:
		alerts = fmt.Sprintf("T2:%d-05-01:%d-05-01:", 2005+r.IntN(5), 2012+r.IntN(5))
	}
	qts := time.Date(t.qualified, 8, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	return []string{t.trn, status, t.first, t.middle, t.last, t.previous, t.born.Format(time.DateOnly), nino, email, qts, alerts}
}
