package synth

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// measured counts how often something is so, of how many.
type measured struct{ is, of int }

func (m *measured) count(is bool) {
	m.of++
	if is {
		m.is++
	}
}

// holds wants a share, within what chance and a small part of it explain.
func (m measured) holds(t *testing.T, what string, want float64) {
	t.Helper()
	got := float64(m.is) / float64(m.of)
	by := 4*math.Sqrt(want*(1-want)/float64(m.of)) + want/100
	if math.Abs(got-want) > by || math.IsNaN(got) {
		t.Errorf("%s: got %.5f (%d of %d), want %.5f within %.5f", what, got, m.is, m.of, want, by)
	}
}

const sampleSize = 100_000

// TestTheRegisterHasTheRatesOfTheTable compares records with the people behind
// them. The numbers stand here a second time on purpose.
func TestTheRegisterHasTheRatesOfTheTable(t *testing.T) {
	p, err := New(11, sampleSize, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var women, rare, double, notKnown, kept, nino, mail, slips, born, seconds, twins, british measured
	changed := map[string]*measured{}
	rareNames := map[string]bool{}
	for _, n := range p.names.rare {
		rareNames[n] = true
	}
	d := newDice()
	for place := range sampleSize {
		kind := p.special[place].kind
		seconds.count(kind == second)
		twins.count(kind == twin)
		if kind != first {
			continue
		}
		v, r := p.person(d, place), p.record(d, place)
		women.count(v.sex == 'F')
		british.count(v.tradition == nil)
		if v.tradition == nil {
			rare.count(rareNames[v.birthLast])
		}
		if _, band := v.band(); v.sex == 'F' {
			if changed[band] == nil {
				changed[band] = &measured{}
			}
			changed[band].count(v.newest != "")
		}
		if v.newest != "" {
			double.count(strings.Contains(v.newest, "-"))
			known := r.last != v.birthLast && !slices.Contains(r.errors, "record_last_slip") || r.previous != ""
			if !slices.Contains(r.errors, "record_last_slip") {
				notKnown.count(!known)
			}
			if known {
				kept.count(r.previous == v.birthLast)
			}
		} else if r.previous != "" {
			t.Errorf("record %s has an earlier name that its person never had", r.trn)
		}
		nino.count(r.nino != "")
		mail.count(r.mail != "")
		slips.count(r.first != v.first)
		if v.middle != "" {
			slips.count(r.middle != v.middle)
		}
		born.count(r.born != v.born)
		if v.born.year < 1940 || v.born.year > 2003 || p.owner(place) != place {
			t.Fatalf("record %s: born in %d", r.trn, v.born.year)
		}
	}
	women.holds(t, "women", .75)
	british.holds(t, "British names", .818)
	rare.holds(t, "rare family names", .10)
	double.holds(t, "double-barrelled changes", .12)
	notKnown.holds(t, "changes that are not known", .25)
	kept.holds(t, "earlier names kept", .80)
	nino.holds(t, "NI number", .88)
	mail.holds(t, "email", .70)
	slips.holds(t, "slips in names", .004)
	born.holds(t, "date of birth wrong", .003)
	seconds.holds(t, "two records for one person", .005)
	twins.holds(t, "twins", .001)
	for band, want := range map[string]float64{"45 and over": .62, "35 to 44": .45, "28 to 34": .22, "under 28": .05} {
		changed[band].holds(t, "women who changed their name, "+band, want)
	}
}

// TestTheClaimsHaveTheRatesOfTheTable compares claims with the people behind
// them: what is wrong on a claim is told by its values, not by what it says of itself.
func TestTheClaimsHaveTheRatesOfTheTable(t *testing.T) {
	p, err := New(12, 20_000, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		mix             Mix
		doubled         float64
		nino, trn, mail float64
		times           float64
	}{
		"typical":         {mix: Typical, doubled: 1, nino: .85, trn: .55, mail: .97, times: 1},
		"hard":            {mix: Hard, doubled: 1, nino: .45, trn: .25, mail: .90, times: 3},
		"names":           {mix: Names, doubled: 1, times: 1},
		"typical doubled": {mix: Typical, doubled: 2, nino: .85, trn: .55, mail: .97, times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := c.mix.rates(c.doubled)
			if err != nil {
				t.Fatal(err)
			}
			// rate is what a rate of the table comes to when one claimant in 25 errs five times as often.
			rate := func(r float64) float64 { return .96*min(r*c.times, 1) + .04*min(r*c.times*5, 1) }
			seen := map[string]*measured{}
			count := func(what string, is bool) {
				if seen[what] == nil {
					seen[what] = &measured{}
				}
				seen[what].count(is)
			}
			d, other := newDice(), newDice()
			kinds := map[string]int{}
			for n := range sampleSize {
				claim, v := p.claim(d, e, 5, n)
				has := func(kind string) bool { return slices.Contains(claim.errors, kind) }
				nobody := claim.trueTRN == ""
				count("nobody", nobody)
				count("prone", claim.prone)
				if nobody {
					count("relative", claim.relative != "")
					kinds[claim.relative]++
				}
				count("nino given", claim.nino != "")
				count("trn given", claim.trn != "")
				count("mail given", claim.mail != "")
				if claim.nino != "" {
					count("nino wrong", claim.nino != v.nino)
					count("nino other", has("nino_other"))
					if near := apart(claim.nino, v.nino) <= 4; has("nino_slip") != (claim.nino != v.nino && near) && !has("nino_other") {
						t.Errorf("claim %d: NI number and errors %v disagree", n, claim.errors)
					}
				}
				if claim.trn != "" {
					own := claim.trn == claim.trueTRN || claim.trn == claim.secondTRN
					if own == (has("trn_slip") || has("trn_other") || has("trn_living")) {
						t.Errorf("claim %d: TRN and errors %v disagree", n, claim.errors)
					}
					if !nobody {
						count("trn slip", has("trn_slip"))
						count("trn other", has("trn_other") || has("trn_living"))
					}
					if has("trn_other") || has("trn_living") {
						count("trn living", p.living(claim.trn))
					}
				}
				if !nobody && claim.mail != "" {
					if r := p.record(other, claim.place); r.mail != "" {
						count("mail same", r.mail == claim.mail)
					}
				}
				count("born wrong", claim.born != v.born)
				if claim.born != v.born {
					count("of which swapped", claim.born == date{v.born.year, v.born.day, v.born.month})
					count("of which 1 January", has("born_january"))
					count("of which somebody else's", has("born_other"))
					count("of which year", has("born_year") && claim.born.month == v.born.month && claim.born.day == v.born.day)
					count("of which two parts", has("born_two_parts"))
				}
				if v.sex == 'F' {
					count("newest", has("newest_name"))
				} else {
					count("newest of men", has("newest_name"))
				}
				if claim.changed {
					count("earlier", has("earlier_name"))
					if !has("earlier_name") {
						count("earlier given", claim.previous != "")
					}
				}
				if len(p.names.short[strings.ToLower(v.first)]) > 0 {
					count("short", has("short_form"))
				}
				count("middle", has("middle_name"))
				count("first slip", has("first_slip") || has("initial"))
				count("last slip", has("last_slip"))
				count("first ear", has("first_by_ear") || has("initial"))
				count("last ear", has("last_by_ear"))
				count("swapped", has("swapped"))
				count("initial", has("initial"))
				if double := strings.Contains(v.last(), "-"); double && !has("earlier_name") && !has("newest_name") {
					count("half", has("half_name"))
				}
				differs := claim.last != v.last()
				said := slices.ContainsFunc([]string{"newest_name", "earlier_name", "half_name", "last_slip", "last_by_ear", "swapped"}, has)
				if differs != said && !has("newest_name") && !has("last_by_ear") && !has("last_slip") && claim.first != claim.last { // two errors may undo one another
					t.Errorf("claim %d: family name and errors %v disagree", n, claim.errors)
				}
			}
			want := map[string]float64{
				"nobody": .10, "relative": .05, "prone": .04,
				"nino given": c.nino, "trn given": c.trn, "mail given": c.mail,
				"newest": rate(.02), "newest of men": 0, "earlier": rate(.12), "earlier given": .70,
				"short": rate(.05), "first slip": rate(.012), "last slip": rate(.012),
				"first ear": rate(.005), "last ear": rate(.005), "swapped": rate(.004), "initial": rate(.002), "half": rate(.25),
				"born wrong": rate(.008), "of which swapped": .35, "of which 1 January": .05, "of which somebody else's": .07, "of which year": .12, "of which two parts": .06,
				"nino other": rate(.005), "nino wrong": rate(.025), "trn other": rate(.04), "trn slip": rate(.03), "trn living": .30, "mail same": .36,
			}
			for what, share := range want {
				if m := seen[what]; m != nil {
					if what == "first slip" || what == "first ear" { // an initial has neither
						m.is -= seen["initial"].is
						m.of -= seen["initial"].is
					}
					m.holds(t, what, share)
				} else if c.mix != Names || !strings.Contains("nino other nino wrong trn other trn slip trn living mail same", what) {
					t.Errorf("%s: nothing was counted", what)
				}
			}
			for _, kind := range []string{isTwin, isSpouse, isParentOrChild, isSibling} {
				measured{kinds[kind], seen["relative"].is}.holds(t, kind, .25)
			}
			// Who has no middle name cannot go by it, and who goes by a short form does not.
			if m := seen["middle"]; float64(m.is)/float64(m.of) < .9*rate(.015)*(1-rate(.05)) || float64(m.is)/float64(m.of) > 1.02*rate(.015) {
				t.Errorf("middle name: got %d of %d, want about %.4f", m.is, m.of, rate(.015))
			}
		})
	}
}

// apart counts the places in which two numbers differ.
func apart(a, b string) int {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// TestSlipsAreAsTheTableSaysThem measures single slips of a name that every kind shows on.
func TestSlipsAreAsTheTableSaysThem(t *testing.T) {
	d := newDice()
	d.seed(1, 99, 0)
	const name = "Wingback" // no letter twice, none neighbouring the next on the keyboard
	var longer, shorter, swaps, substitutions, near measured
	const n = 40_000
	for range n {
		s := slipped(d, name)
		swap := len(s) == len(name) && sorted(s) == sorted(name)
		longer.count(len(s) > len(name))
		shorter.count(len(s) < len(name))
		swaps.count(swap)
		substitutions.count(len(s) == len(name) && !swap)
		if len(s) == len(name) && !swap {
			for i := range s {
				if s[i] != name[i] {
					near.count(strings.Contains(keyboard[rune(name[i]|0x20)], string(s[i]|0x20)))
				}
			}
		}
	}
	substitutions.holds(t, "substitution", .45)
	shorter.holds(t, "omission", .25)
	longer.holds(t, "insertion", .15)
	swaps.holds(t, "swap", .15)
	if share := float64(near.is) / float64(near.of); share < .5 || share > .65 { // any key may be a neighbouring one
		t.Errorf("neighbouring keys: got %.3f, want a half and what chance adds", share)
	}
	var twice measured
	for range n {
		s := typed(d, name)
		twice.count(len(s) == len(name)+2 || len(s) == len(name)-2)
	}
	twice.holds(t, "two insertions or two omissions", .12*(.25*.25+.15*.15))
}

func sorted(s string) string {
	b := []byte(strings.ToLower(s))
	slices.Sort(b)
	return string(b)
}
