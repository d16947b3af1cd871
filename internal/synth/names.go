package synth

import (
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

//go:embed data/*.csv
var data embed.FS

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

func (w *weighted) draw(d *dice) string {
	at := sort.SearchFloat64s(w.upTo, d.Float64()*w.upTo[len(w.upTo)-1])
	return w.names[min(at, len(w.names)-1)]
}

// tradition is a way in which a family's names are given.
type tradition struct {
	given, family map[byte]*weighted // by sex
}

// origin is where a person's names come from, with its share of the workforce.
type origin struct {
	name       string
	share      float64
	traditions []tradition
}

// Origins of names. The shares are England's, by ethnic group (Office for
// National Statistics, Census 2021); people whose names are British by custom, such as
// most from the Caribbean, count as british.
var originShares = []struct {
	name  string
	share float64
}{
	{british, .818},
	{"pakistani_bangladeshi", .040},
	{"indian", .044},
	{"african", .026},
	{"european", .052},
	{"chinese", .008},
	{"middle_eastern", .012},
}

const (
	british = "british"
	// givenBritish is the share of people whose family name is of another origin
	// and whose first name is a British one.
	givenBritish = 0.2
)

type names struct {
	given   map[byte][]weighted // by sex and cohort: British
	family  weighted            // British
	rare    []string
	origins []origin
	short   map[string][]string
	ear     []earRule
}

// Cohorts of given names: five years from each.
const (
	firstCohort = 1940
	cohort      = 5
	cohorts     = 13
)

func table(file string) ([][]string, error) {
	raw, err := data.ReadFile("data/" + file)
	if err != nil {
		return nil, fmt.Errorf("synth: %w", err)
	}
	in := csv.NewReader(strings.NewReader(string(raw)))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("synth: %s: %w", file, err)
	}
	return rows, nil
}

var load = sync.OnceValues(func() (*names, error) {
	n := &names{given: map[byte][]weighted{'F': make([]weighted, cohorts), 'M': make([]weighted, cohorts)}, short: map[string][]string{}}
	for _, read := range []func() error{n.readGiven, n.readFamily, n.readOrigins, n.readShort, n.readEar} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return n, nil
})

func (n *names) readGiven() error {
	rows, err := table("given_names.csv")
	if err != nil {
		return err
	}
	for _, r := range rows[1:] {
		for c, cell := range r[2:] {
			if cell == "" {
				continue
			}
			weight, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return fmt.Errorf("synth: given names: %w", err)
			}
			n.given[r[0][0]][c].add(title(r[1]), weight)
		}
	}
	return nil
}

func (n *names) readFamily() error {
	rows, err := table("surnames.csv")
	if err != nil {
		return err
	}
	for _, r := range rows[1:] {
		weight, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return fmt.Errorf("synth: family names: %w", err)
		}
		n.family.add(title(r[0]), weight)
	}
	if rows, err = table("surnames_rare.csv"); err != nil {
		return err
	}
	for _, r := range rows[1:] {
		n.rare = append(n.rare, title(r[0]))
	}
	return nil
}

func (n *names) readOrigins() error {
	rows, err := table("origins.csv")
	if err != nil {
		return err
	}
	n.origins = make([]origin, len(originShares))
	at := map[string]int{} // of a tradition in its origin
	for i, o := range originShares {
		n.origins[i] = origin{name: o.name, share: o.share}
	}
	for _, r := range rows[1:] {
		i := slices.IndexFunc(n.origins, func(o origin) bool { return o.name == r[0] })
		if i < 0 {
			return fmt.Errorf("synth: origins: %s has no share", r[0])
		}
		o := &n.origins[i]
		if _, seen := at[r[0]+r[1]]; !seen {
			at[r[0]+r[1]] = len(o.traditions)
			o.traditions = append(o.traditions, tradition{given: map[byte]*weighted{'F': {}, 'M': {}}, family: map[byte]*weighted{'F': {}, 'M': {}}})
		}
		t := o.traditions[at[r[0]+r[1]]]
		weight, err := strconv.ParseFloat(r[4], 64)
		if err != nil {
			return fmt.Errorf("synth: origins: %w", err)
		}
		switch r[2] {
		case "F", "M":
			t.given[r[2][0]].add(r[3], weight)
		case "family":
			t.family['F'].add(r[3], weight)
			t.family['M'].add(r[3], weight)
		default: // family_F, family_M
			t.family[r[2][len("family_")]].add(r[3], weight)
		}
	}
	return nil
}

func (n *names) readShort() error {
	rows, err := table("short_forms.csv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, s := range r[1:] {
			if s != r[0] {
				n.short[r[0]] = append(n.short[r[0]], title(s))
			}
		}
	}
	return nil
}

func (n *names) readEar() error {
	rows, err := table("by_ear.csv")
	if err != nil {
		return err
	}
	for _, r := range rows[1:] {
		n.ear = append(n.ear, earRule{where: r[0], from: r[1], to: r[2]})
	}
	return nil
}

// givenName draws a British given name of a birth cohort.
func (n *names) givenName(d *dice, sex byte, year int) string {
	c := min(max((year-firstCohort)/cohort, 0), cohorts-1)
	return n.given[sex][c].draw(d)
}

// familyName draws a British family name.
func (n *names) familyName(d *dice) string {
	if d.chance(shareRareName) {
		return one(d, n.rare)
	}
	return n.family.draw(d)
}

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
