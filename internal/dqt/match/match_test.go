package match

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestJaroWinklerAgreesWithPublishedValues(t *testing.T) {
	// Winkler (1990), and the values that the literature repeats.
	for pair, want := range map[[2]string]float64{
		{"martha", "marhta"}: 0.961, {"dwayne", "duane"}: 0.840, {"dixon", "dicksonx"}: 0.813,
		{"jones", "johnson"}: 0.832, {"abc", "xyz"}: 0, {"same", "same"}: 1, {"", ""}: 0,
	} {
		if got := jaroWinkler([]rune(pair[0]), []rune(pair[1])); math.Abs(got-want) > 0.0006 {
			t.Errorf("jaroWinkler(%q, %q) = %.4f, want %.3f", pair[0], pair[1], got, want)
		}
	}
}

func TestOneEdit(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"smith", "smyth"}: true, {"smith", "smiht"}: true, {"smith", "smit"}: true, {"smith", "smiths"}: true, {"", "a"}: true,
		{"smith", "smith"}: false, {"smith", "smtiy"}: false, {"smith", "sm"}: false, {"ab", "cd"}: false, {"abc", "cba"}: false,
	} {
		if got := isOneEdit([]rune(pair[0]), []rune(pair[1])); got != want {
			t.Errorf("oneEdit(%q, %q) = %v, want %v", pair[0], pair[1], got, want)
		}
	}
}

func TestSoundJoinsNamesThatSoundAlike(t *testing.T) {
	for _, pair := range [][2]string{
		{"smith", "smyth"},
		{"philips", "filips"},
		{"reid", "read"},
		{"clark", "clarke"},
		{"shaw", "shore"},
		{"catherine", "kathryn"},
		{"thompson", "tompson"},
		{"wright", "rite"},
		{"knight", "night"},
		{"bailey", "bayley"},
		{"nielsen", "neilson"},
		{"hussain", "hussein"},
	} {
		a, b := Sound(pair[0]), Sound(pair[1])
		if (a == b) != (pair[0] != "shaw") {
			t.Errorf("Sound(%q) = %q, Sound(%q) = %q", pair[0], a, pair[1], b)
		}
	}
	if Sound("smith") == Sound("jones") {
		t.Error("Smith sounds like Jones")
	}
}

func TestFormsOfOneFirstName(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"liz", "elizabeth"}: true, {"elizabeth", "liz"}: true, {"beth", "lizzie"}: true, {"mohammed", "muhammad"}: true,
		{"stephen", "steven"}: true, {"bob", "rob"}: true, {"christine", "christopher"}: false, {"grace", "grayson"}: false,
	} {
		if got := slices.Contains(relatedNames(pair[0]), pair[1]); got != want {
			t.Errorf("sameName(%q, %q) = %v, want %v", pair[0], pair[1], got, want)
		}
	}
}

var record = Description{
	First: "Elizabeth", Middle: "Mary", Last: "Okoro-Marsh", Previous: []Name{{Last: "Thompson"}},
	DateOfBirth: "1984-02-17", NINOs: []string{"QQ123456C", "QQ999999A"}, TRNs: []string{"8400123"}, Email: "liz@example.org",
}

func TestLevels(t *testing.T) {
	with := func(change func(*Description)) Description {
		d := record
		d.NINOs, d.Previous = d.NINOs[:1], nil
		change(&d)
		return d
	}
	cases := map[string]struct {
		claim Description
		field Field
		want  Level
	}{
		"the same last name":                       {with(func(*Description) {}), FieldLastName, Equal},
		"the last name in other letters":           {with(func(d *Description) { d.Last = "ÓKORO MARSH" }), FieldLastName, Equal},
		"the earlier last name":                    {with(func(d *Description) { d.Last = "Thompson" }), FieldLastName, EarlierName},
		"the record's name claimed as earlier":     {with(func(d *Description) { d.Last = "Shah"; d.Previous = []Name{{Last: "Okoro Marsh"}} }), FieldLastName, EarlierName},
		"half of the last name":                    {with(func(d *Description) { d.Last = "Marsh" }), FieldLastName, OnePart},
		"a slip in the earlier last name":          {with(func(d *Description) { d.Last = "Thomson" }), FieldLastName, OneEdit},
		"the earlier last name by ear":             {with(func(d *Description) { d.Last = "Tommpsonn" }), FieldLastName, SoundsAlike},
		"another last name":                        {with(func(d *Description) { d.Last = "Whitfield" }), FieldLastName, DifferentRenamed},
		"the same first name with a title":         {with(func(d *Description) { d.First = "Dr. Elizabeth" }), FieldFirstName, Equal},
		"the same first name with the middle name": {with(func(d *Description) { d.First, d.Middle = "Elizabeth Mary", "" }), FieldFirstName, Equal},
		"the middle name in the first name's box":  {with(func(d *Description) { d.First, d.Middle = "Elizabeth Mary", "" }), FieldMiddleName, Equal},
		"the short form":                           {with(func(d *Description) { d.First = "Liz" }), FieldFirstName, Variant},
		"another spelling":                         {with(func(d *Description) { d.First = "Elisabeth" }), FieldFirstName, Variant},
		"called by the middle name":                {with(func(d *Description) { d.First, d.Middle = "Mary", "" }), FieldFirstName, MiddleName},
		"a slip in the first name":                 {with(func(d *Description) { d.First = "Elizabteh" }), FieldFirstName, OneEdit},
		"an initial":                               {with(func(d *Description) { d.First = "E." }), FieldFirstName, Initial},
		"another initial":                          {with(func(d *Description) { d.First = "J" }), FieldFirstName, Different},
		"another first name":                       {with(func(d *Description) { d.First = "Oluwaseun" }), FieldFirstName, Different},
		"first and last name swapped":              {with(func(d *Description) { d.First, d.Last = "Okoro Marsh", "Elizabeth" }), FieldFirstName, Swapped},
		"swapped, seen on the last name":           {with(func(d *Description) { d.First, d.Last = "Okoro Marsh", "Elizabeth" }), FieldLastName, Swapped},
		"a middle initial":                         {with(func(d *Description) { d.Middle = "M" }), FieldMiddleName, Initial},
		"one digit of the date":                    {with(func(d *Description) { d.DateOfBirth = "1985-02-17" }), FieldDateOfBirth, OneEdit},
		"no date":                                  {with(func(d *Description) { d.DateOfBirth = "unknown" }), FieldDateOfBirth, ""},
		"a date that is none":                      {with(func(d *Description) { d.DateOfBirth = "1984-02-71" }), FieldDateOfBirth, OneEdit},
		"year wrong":                               {with(func(d *Description) { d.DateOfBirth = "1979-02-17" }), FieldDateOfBirth, TwoParts},
		"another date":                             {with(func(d *Description) { d.DateOfBirth = "1979-11-03" }), FieldDateOfBirth, Different},
		"the earlier NI number":                    {with(func(d *Description) { d.NINOs = []string{"qq 99 99 99 a"} }), FieldNINO, Equal},
		"the NI number with another suffix":        {with(func(d *Description) { d.NINOs = []string{"QQ123456D"} }), FieldNINO, Equal},
		"two digits of the NI number swapped":      {with(func(d *Description) { d.NINOs = []string{"QQ124356C"} }), FieldNINO, OneEdit},
		"another NI number":                        {with(func(d *Description) { d.NINOs = []string{"QQ555555C"} }), FieldNINO, Different},
		"what is no NI number":                     {with(func(d *Description) { d.NINOs = []string{"WRONG"} }), FieldNINO, ""},
		"the TRN":                                  {with(func(d *Description) { d.TRNs = []string{"RP 84/00123"} }), FieldTRN, Equal},
		"a digit of the TRN":                       {with(func(d *Description) { d.TRNs = []string{"8400124"} }), FieldTRN, OneEdit},
		"another TRN":                              {with(func(d *Description) { d.TRNs = []string{"9911999"} }), FieldTRN, Different},
		"no TRN":                                   {with(func(d *Description) { d.TRNs = nil }), FieldTRN, ""},
		"the email in capitals":                    {with(func(d *Description) { d.Email = "LIZ@EXAMPLE.ORG" }), FieldEmail, Equal},
	}
	for name, c := range cases {
		got := Level("")
		for _, e := range rankOne(c.claim, record) {
			if e.Field == c.field {
				got = e.Level
			}
		}
		if got != c.want {
			t.Errorf("%s: %s is %q, want %q", name, c.field, got, c.want)
		}
	}
}

func TestDateLevels(t *testing.T) {
	for pair, want := range map[[2]date]level{
		{19840312, 19840312}: equal, {19840312, 19841203}: swapped,
		{19840312, 19840313}: oneEdit, {19840312, 19840321}: oneEdit, {19840312, 19480312}: oneEdit,
		{19840312, 19790312}: twoParts, {19840312, 19841125}: sameYear, {19840312, 19770725}: different,
	} {
		if a, b := dateLevel(pair[0], pair[1]), dateLevel(pair[1], pair[0]); a != want || b != want {
			t.Errorf("%v: %q, and %q the other way; want %q", pair, levels[a], levels[b], levels[want])
		}
	}
}

// memory is a register as a store keeps it.
type memory struct {
	size     int
	pages    map[PageNumber]string
	features map[ID]string
	cohorts  map[Day]string
	people   map[ID]Description
	outlines *Outlines
}

func registerOf(people map[ID]Description, size int) *memory {
	m := &memory{size: size, pages: map[PageNumber]string{}, features: map[ID]string{}, cohorts: map[Day]string{}, people: people, outlines: &Outlines{}}
	var c Change
	for id, d := range people {
		f := Describe(d)
		m.features[id] = string(f.Pack(nil))
		if err := m.outlines.Add(id, m.features[id]); err != nil {
			panic(err)
		}
		cohort, err := MergeCohort(m.cohorts[f.Born()], []Member{{f.Born(), id, []byte(m.features[id])}})
		if err != nil {
			panic(err)
		}
		m.cohorts[f.Born()] = string(cohort)
		for _, k := range f.Keys(id, nil) {
			c.Added = append(c.Added, ItemOf(k, id))
		}
		for _, k := range f.Counts(nil) {
			c.CountedUp = append(c.CountedUp, ItemOf(k, 0))
		}
	}
	c.Sort()
	_ = c.Each(func(page PageNumber, part Change) error {
		m.pages[page] = string(MergePage(page, m.pages[page], part))
		return nil
	})
	return m
}

// search lets a search see all that it wants.
func (m *memory) search(claim Description) *Search {
	s := Default().Search(claim)
	show := func(ids []ID) {
		for _, id := range ids {
			if packed := m.features[id]; packed != "" {
				s.Record(id, packed)
			}
		}
	}
	for s.Wants() {
		for _, p := range s.Pages() {
			s.Page(p, m.pages[p])
		}
		err := s.Members(m.cohorts[s.Cohort()])
		show(s.Known())
		if s.Crowded() {
			s.Outlined(m.outlines)
		}
		show(s.Records())
		if err = errors.Join(err, s.Next(m.size)); err != nil {
			panic(err)
		}
	}
	return s
}

func (m *memory) rank(claim Description) []Ranked { return m.search(claim).Ranked(1000) }

func (m *memory) evidence(claim Description, id ID) []Evidence {
	s := m.search(claim)
	for _, r := range s.Ranked(1000) {
		if r.ID == id {
			return s.Evidence(r, m.people[id])
		}
	}
	return nil
}

// compared is the evidence on one record, whether or not a key leads to it.
func compared(claim, record Description, size int, count func(Key) int) (evidence []Evidence, total Bits) {
	q := newQuery(Default(), Describe(claim), size, count)
	r := Describe(record)
	var c comparison
	q.compare(r, &c)
	if unknown := q.unknown(r, &c, nil); len(unknown) > 0 {
		q.counted = map[Key]int{}
		for _, k := range unknown {
			q.counted[k] = count(k)
		}
		q.compare(r, &c)
	}
	return q.evidence(&c, claim, record), bitsOf(c.total)
}

func rankOne(claim, record Description) []Evidence {
	e, _ := compared(claim, record, 20_000, func(Key) int { return 0 })
	return e
}

func TestACommonNameWeighsLessThanARareOne(t *testing.T) {
	bits := func(last string, held int) Bits {
		d := Description{Last: last}
		_, b := compared(d, d, 20_000, func(k Key) int {
			if k == countLastKey(LastKey(last)) {
				return held
			}
			return 0
		})
		return b
	}
	if common, rare := bits("Smith", 260), bits("Quillfeather", 1); rare-common < 4 {
		t.Errorf("Smith weighs %.1f bits, Quillfeather %.1f", common, rare)
	}
}

func TestAFirstNameWeighsLessWhereItIsCommonAmongThoseOfItsYearsOrItsFamilyName(t *testing.T) {
	d := Description{First: "Karen", Last: "Khan", DateOfBirth: "1964-02-17"}
	bits := func(counts map[Key]int) Bits {
		e, _ := compared(d, d, 2_000_000, func(k Key) int { return counts[k] })
		for _, v := range e {
			if v.Field == FieldFirstName {
				return v.Bits
			}
		}
		return 0
	}
	overall := map[Key]int{countFirstKey("karen"): 8000}
	cohort := map[Key]int{countFirstKey("karen"): 8000, countCohortKey(19640101, "karen"): 6000, countCohortKey(19640101, ""): 160_000}
	pair := map[Key]int{countFirstKey("karen"): 8000, countLastKey("khan"): 10_000, countFirstLastKey("karen", "khan"): 900}
	if o, c, p := bits(overall), bits(cohort), bits(pair); o-c < 2 || o-p < 2 {
		t.Errorf("overall %.1f bits, among those of about that age %.1f, with that family name %.1f", o, c, p)
	}
}

func TestNameAndDateOfBirthOfACommonNameAreNotCertain(t *testing.T) {
	probability := func(last string, held int) float64 {
		d := Description{First: "Sarah", Last: last, DateOfBirth: "1984-02-17"}
		s := Default().Search(d)
		s.size = 2_000_000
		s.q = newQuery(s.model, s.f, s.size, func(k Key) int {
			switch k {
			case countFirstKey("sarah"):
				return 30_000
			case countLastKey(LastKey(last)):
				return held
			case countFirstLastKey("sarah", LastKey(last)):
				return max(held*3/200, 1)
			case countBornKey(19840217):
				return 87
			}
			return 0
		})
		s.Record(1, string(Describe(d).Pack(nil)))
		if err := s.compare(); err != nil {
			t.Fatal(err)
		}
		return s.Ranked(1)[0].Probability
	}
	// About 2,000,000 x .013 x .015 x .000027 = 0.01 others are born on that day with that name.
	if common, rare := probability("Smith", 26_000), probability("Quillfeather", 1); common > 0.999 || rare < 0.9999 {
		t.Errorf("Sarah Smith %.6f, Sarah Quillfeather %.6f; want under .999 and over .9999", common, rare)
	}
}

// A small world of names, so that generated people resemble one another.
func someone() *rapid.Generator[Description] {
	pick := func(s string) *rapid.Generator[string] { return rapid.SampledFrom(strings.Split(s, ",")) }
	return rapid.Custom(func(t *rapid.T) Description {
		d := Description{
			First:       pick("Elizabeth,Liz,Mary,Marie,Jon,John,Zoë,Mary Jane,D’Arcy,Smith,E,Muhammad").Draw(t, "first"),
			Middle:      pick(",,Mary,Ann,J").Draw(t, "middle"),
			Last:        pick("Smith,Smyth,Okoro-Marsh,Marsh,Okoro,Jones,O'Brien,van der Berg,Łuczak,John").Draw(t, "last"),
			DateOfBirth: pick("1984-02-17,1984-07-12,1984-12-07,1985-02-17,1970-01-01,").Draw(t, "born"),
			Email:       pick(",a@example.org,b@example.org").Draw(t, "email"),
			TRNs:        []string{fmt.Sprintf("84%05d", rapid.IntRange(1, 40).Draw(t, "trn"))},
		}
		if n := pick(",QQ123456C,QQ123465C,QQ555555A").Draw(t, "nino"); n != "" {
			d.NINOs = []string{n}
		}
		if p := pick(",,Smith,Marsh,Thompson").Draw(t, "previous"); p != "" {
			d.Previous = []Name{{Last: p}}
		}
		return d
	})
}

func world(t *rapid.T) *memory {
	people := map[ID]Description{}
	for i, p := range rapid.SliceOfN(someone(), 1, 12).Draw(t, "register") {
		people[ID(i+1)] = p
	}
	return registerOf(people, rapid.SampledFrom([]int{1, 50, 20_000, 2_000_000}).Draw(t, "size"))
}

func TestLawAClaimEqualToARecordRanksItFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := world(t)
		want := ID(rapid.IntRange(1, len(m.people)).Draw(t, "which"))
		ranked := m.rank(m.people[want])
		at := slices.IndexFunc(ranked, func(x Ranked) bool { return x.ID == want })
		if at < 0 {
			t.Fatalf("the claim's own record is no candidate: %+v", m.people[want])
		}
		if ranked[0].Bits > ranked[at].Bits {
			t.Fatalf("another record has %v bits, the claim's own %v: %+v", ranked[0].Bits, ranked[at].Bits, m.evidence(m.people[want], ranked[0].ID))
		}
	})
}

func TestLawTheOrderOfTheRegisterChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := world(t)
		claim := someone().Draw(t, "claim")
		a := m.rank(claim)
		s := Default().Search(claim)
		for s.Wants() {
			for _, p := range slices.Backward(s.Pages()) {
				s.Page(p, m.pages[p])
			}
			_ = s.Members(m.cohorts[s.Cohort()])
			if s.Crowded() {
				s.Outlined(m.outlines)
			}
			for _, id := range slices.Backward(append(s.Known(), s.Records()...)) {
				if packed := m.features[id]; packed != "" {
					s.Record(id, packed)
				}
			}
			_ = s.Next(m.size)
		}
		if diff := cmp.Diff(summary(a), summary(s.Ranked(1000))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func summary(ranked []Ranked) []string {
	var s []string
	for _, c := range ranked {
		s = append(s, fmt.Sprintf("%d %.2f %.9f %v", c.ID, c.Bits, c.Probability, c.comparison))
	}
	return s
}

func TestLawAgreeingEvidenceNeverLowersTheTrueRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := world(t)
		which := ID(rapid.IntRange(1, len(m.people)).Draw(t, "which"))
		truth := m.people[which]
		claim := someone().Draw(t, "claim")
		claim.TRNs, claim.NINOs, claim.Email, claim.DateOfBirth = nil, nil, "", ""
		before := m.ahead(claim, which)
		switch rapid.IntRange(0, 3).Draw(t, "added") {
		case 0:
			claim.TRNs = truth.TRNs
		case 1:
			claim.NINOs = truth.NINOs
		case 2:
			claim.Email = truth.Email
		case 3:
			claim.DateOfBirth = truth.DateOfBirth
		}
		if after := m.ahead(claim, which); after > before {
			t.Fatalf("%d records were ahead of the true one, %d with more evidence for it", before, after)
		}
	})
}

// ahead counts the records that weigh more than the one with the id, whether or
// not a key leads to them.
func (m *memory) ahead(claim Description, id ID) (n int) {
	count := func(k Key) (n int) {
		find(m.pages[k.Page()], k, func(v uint32) {
			if n++; k&countBit != 0 {
				n = int(v)
			}
		})
		return n
	}
	_, own := compared(claim, m.people[id], m.size, count)
	for _, d := range m.people {
		if _, bits := compared(claim, d, m.size, count); bits > own {
			n++
		}
	}
	return n
}

func TestLawTheSumOfThePartsIsTheWholeAndTheRestIsNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := world(t)
		claim := someone().Draw(t, "claim")
		s := m.search(claim)
		var all float64
		for _, c := range s.Ranked(1000) {
			var sum float64
			evidence := s.Evidence(c, m.people[c.ID])
			for i, e := range evidence {
				sum += float64(e.Bits)
				if i > 0 && e.Bits > evidence[i-1].Bits {
					t.Fatalf("evidence is not in the order of weight: %v", evidence)
				}
			}
			if math.Abs(sum-float64(c.Bits)) > 1e-6 {
				t.Fatalf("evidence adds up to %v, the candidate has %v", sum, c.Bits)
			}
			all += c.Probability
		}
		if all >= 1 || math.IsNaN(all) {
			t.Fatalf("the candidates' probabilities add up to %v: nothing is left for nobody", all)
		}
	})
}

func TestLawWhatIsPackedIsWhatWasDescribed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someone().Draw(t, "a"), someone().Draw(t, "b")
		a.Merged = append(a.Merged, someone().Draw(t, "merged"))
		var f Features
		for _, d := range []Description{b, a} { // the second time into what the first one left
			if err := f.Unpack(string(Describe(d).Pack(nil))); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(f.Pack(nil)), string(Describe(a).Pack(nil)); got != want {
			t.Fatalf("packed again: %q, want %q", got, want)
		}
		packed := string(Describe(a).Pack(nil))
		for n := range packed {
			if err := f.Unpack(packed[:n]); err == nil {
				t.Fatalf("the first %d of %d bytes are read as a whole", n, len(packed))
			}
		}
	})
}

func TestLawPagesHoldWhatWasPutThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		page := map[PageNumber]string{}
		want := map[Key]map[ID]bool{}
		counts := map[Key]int{}
		key := rapid.Custom(func(t *rapid.T) Key {
			return keyOfNumber(keyBornFirst, uint32(rapid.IntRange(1, 6).Draw(t, "key")), "ann")
		})
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			var c Change
			for range rapid.IntRange(0, 20).Draw(t, "items") {
				k, id := key.Draw(t, "key"), ID(rapid.IntRange(1, 9).Draw(t, "id"))
				count := keyOfNumber(countCohort, uint32(k), "")
				if want[k] == nil {
					want[k] = map[ID]bool{}
				}
				if want[k][id] && !slices.Contains(c.Added, ItemOf(k, id)) {
					c.Removed, c.CountedDown = append(c.Removed, ItemOf(k, id)), append(c.CountedDown, ItemOf(count, 0))
					delete(want[k], id)
					counts[count]--
				} else if !want[k][id] && !slices.Contains(c.Removed, ItemOf(k, id)) {
					c.Added, c.CountedUp = append(c.Added, ItemOf(k, id)), append(c.CountedUp, ItemOf(count, 0))
					want[k][id] = true
					counts[count]++
				}
			}
			c.Sort()
			_ = c.Each(func(n PageNumber, part Change) error {
				page[n] = string(MergePage(n, page[n], part))
				return nil
			})
		}
		for k, ids := range want {
			got, many := Holders(page[k.Page()], k)
			if many || len(got) != len(ids) {
				t.Fatalf("under a key: %v, want %v", got, ids)
			}
			for _, id := range got {
				if !ids[id] {
					t.Fatalf("under a key: %v, want %v", got, ids)
				}
			}
		}
		for k, n := range counts {
			got := 0
			find(page[k.Page()], k, func(v uint32) { got = int(v) })
			if got != n {
				t.Fatalf("counted %d, want %d", got, n)
			}
		}
	})
}

func TestAKeyThatLeadsToTooManyIsNotFollowed(t *testing.T) {
	k := keyOfNumber(keyBornFirst, 1, "ann")
	var c Change
	for id := range ID(keyLimit + 1) {
		c.Added = append(c.Added, ItemOf(k, id+1))
	}
	page := string(MergePage(k.Page(), "", c))
	if ids, many := Holders(page, k); len(ids) != 0 || !many {
		t.Errorf("%d records, too many: %v", len(ids), many)
	}
	page = string(MergePage(k.Page(), page, Change{Removed: c.Added[:5], Added: []Item{ItemOf(k, 7_000_000)}}))
	if ids, many := Holders(page, k); len(ids) != 0 || !many {
		t.Errorf("after a change: %d records, too many: %v", len(ids), many)
	}
	born, _ := Describe(record).BornKey()
	for i := range c.Added {
		c.Added[i] = ItemOf(born, ID(i+1))
	}
	if ids, many := Holders(string(MergePage(born.Page(), "", c)), born); len(ids) != keyLimit+1 || many {
		t.Errorf("of a date of birth: %d records, too many: %v", len(ids), many)
	}
}

func TestOfACrowdThoseAreReadWhoseOutlinesAreNearest(t *testing.T) {
	const crowd = 190
	people := map[ID]Description{}
	for i := range crowd {
		people[ID(i+1)] = Description{First: "Kate", Last: "Smith", DateOfBirth: fmt.Sprintf("1984-%02d-%02d", 5+i%8, 18+i%10)}
	}
	const hers ID = crowd + 1
	people[hers] = Description{First: "Kate", Last: "Smith", DateOfBirth: "1984-02-17"}
	m := registerOf(people, 2_000_000)
	claim := Description{First: "Karen", Last: "Smith", DateOfBirth: "1984-03-17"}
	if all, found := m.search(claim).Found(hers); !found || all > 2*(mostLikely+mostRare) {
		t.Errorf("compared %d, the one whose month differs among them: %v", all, found)
	}
	m.outlines = nil
	if _, found := m.search(claim).Found(hers); found {
		t.Error("found without outlines too: this crowd tells nothing of them")
	}
}

func TestWhoHasNoDateOfBirthIsBornInNoYear(t *testing.T) {
	var o Outlines
	for id, born := range map[ID]string{1: "1920-02-17", 2: ""} {
		if err := o.Add(id, string(Describe(Description{First: "Ann", DateOfBirth: born}).Pack(nil))); err != nil {
			t.Fatal(err)
		}
	}
	if !o.MayBeBorn(1, 1920, 0, 0) || !o.MayBeBorn(1, 0, 2, 17) || o.MayBeBorn(1, 1921, 0, 0) || o.MayBeBorn(2, 1920, 0, 0) {
		t.Error("a year, or a day, leads to others than those born in it")
	}
}

func TestNoOutlineIsNearerThanOnesOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := Describe(someone().Draw(t, "a")), Describe(someone().Draw(t, "b"))
		s := a.sketch()
		if own, other := s.alike(a.Outline()), s.alike(b.Outline()); other > own {
			t.Fatalf("%v, another's %v", own, other)
		}
	})
}

func TestWhatIsAskedTogetherStandsTogether(t *testing.T) {
	claim := Description{First: "Karen", Last: "Smith", DateOfBirth: "1984-03-17", NINOs: []string{"QQ123456C"}, TRNs: []string{"8400001"}, Email: "k@example.org"}
	if n := len(Default().Search(claim).Pages()); n > 8 {
		t.Errorf("the first look reads %d pages", n)
	}
}

func TestLawComparisonsAreSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-e]{1,8}`).Draw(t, "a"), rapid.StringMatching(`[a-e]{1,8}`).Draw(t, "b")
		wa, wb := NewWord(a), NewWord(b)
		if wa.Level(&wb) != wb.Level(&wa) || slices.Contains(relatedNames(a), b) != slices.Contains(relatedNames(b), a) {
			t.Fatalf("%q and %q compare differently the other way round", a, b)
		}
		level := func(x, y Description) (first, last level) {
			q := newQuery(Default(), Describe(x), 1, func(Key) int { return 0 })
			first = q.firstLevel(Describe(y))
			last, _, _, _ = q.lastLevel(Describe(y))
			return first, last
		}
		x, y := someone().Draw(t, "x"), someone().Draw(t, "y")
		f1, l1 := level(x, y)
		if f2, l2 := level(y, x); f1 != f2 || l1 != l2 {
			t.Fatalf("names: %q %q one way, %q %q the other", levels[f1], levels[l1], levels[f2], levels[l2])
		}
	})
}

func TestARecordIsFoundByAClaimLikeIt(t *testing.T) {
	recorded := record
	recorded.DateOfBirth = "1984-03-12"
	m := registerOf(map[ID]Description{8400123: recorded}, 2_000_000)
	for name, change := range map[string]func(*Description){
		"the same":                   func(*Description) {},
		"short form, no identifiers": func(d *Description) { d.First, d.TRNs, d.NINOs, d.Email = "Liz", nil, nil, "" },
		"earlier name, wrong birthday": func(d *Description) {
			d.Last, d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "Tomson", "1984-06-05", nil, nil, ""
		},
		"wrong year, half the name": func(d *Description) {
			d.Last, d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "Marsh", "1964-03-12", nil, nil, ""
		},
		"another family name, wrong month": func(d *Description) {
			d.Last, d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "Shah", "1984-08-12", nil, nil, ""
		},
		"no birthday":                func(d *Description) { d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "", nil, nil, "" },
		"NI number only":             func(d *Description) { *d = Description{NINOs: []string{"QQ 12 34 56 B"}} },
		"the TRN only":               func(d *Description) { *d = Description{TRNs: d.TRNs} },
		"email only":                 func(d *Description) { *d = Description{Email: "Liz@Example.org"} },
		"another name, the birthday": func(d *Description) { *d = Description{First: "Ann", Last: "Shah", DateOfBirth: d.DateOfBirth} },
		"day and month swapped":      func(d *Description) { d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "1984-12-03", nil, nil, "" },
		"names swapped": func(d *Description) {
			d.First, d.Last, d.TRNs, d.NINOs, d.Email = "Okoro Marsh", "Elizabeth", nil, nil, ""
		},
		"NI number's last half": func(d *Description) { *d = Description{NINOs: []string{"QQ193456C"}} },
	} {
		d := recorded
		change(&d)
		if got := m.rank(d); len(got) != 1 {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestAMergedRecordIsFoundInItsSurvivor(t *testing.T) {
	survivor := record
	survivor.Merged = []Description{{First: "Beth", Last: "Quillfeather", DateOfBirth: "1984-02-17", NINOs: []string{"QQ777777A"}, TRNs: []string{"7700001"}}}
	m := registerOf(map[ID]Description{8400123: survivor}, 2_000_000)
	for what, d := range map[string]Description{
		"its TRN":       {TRNs: []string{"7700001"}},
		"its NI number": {NINOs: []string{"QQ777777A"}},
		"its name":      {First: "Beth", Last: "Quillfeather", DateOfBirth: "1984-02-17"},
	} {
		got := m.rank(d)
		if len(got) != 1 || got[0].ID != 8400123 || got[0].Bits < 8 {
			t.Errorf("%s: got %+v", what, got)
		}
	}
	f := Describe(survivor)
	if f.HoldsNINO("QQ777777A") || !f.HoldsNINO("QQ123456C") || !f.HoldsTRN(7700001) {
		t.Error("the automatic check takes a merged record's NI number for the survivor's")
	}
}

func TestTextsHide(t *testing.T) {
	e := rankOne(record, record)
	for _, s := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), e[0].Claimed.LogValue().String()} {
		if strings.Contains(s, "Okoro") || strings.Contains(s, "8400123") || strings.Contains(s, "1984") {
			t.Errorf("shows a value: %s", s)
		}
	}
}

func FuzzNothingPanics(f *testing.F) {
	f.Add("Zoë", "O’Brien-\u200dØst", "1984-02-17", "QQ 12 34 56 C", "RP 12/34567", "a@b")
	f.Add("\xff", " - ", "0000-00-00", "ｑｑ１２３４５６ｃ", "٣", "@")
	f.Fuzz(func(t *testing.T, first, last, born, nino, trn, email string) {
		d := Description{First: first, Middle: last, Last: last, Previous: []Name{{first, first}}, DateOfBirth: born, NINOs: []string{nino}, TRNs: []string{trn}, Email: email}
		x := Describe(d)
		var back Features
		if err := back.Unpack(string(x.Pack(nil))); err != nil {
			t.Errorf("packed features: %v", err)
		}
		NameWords(d)
		registerOf(map[ID]Description{1: d, 2: record}, 2).rank(d)
		registerOf(map[ID]Description{1: d}, 2).evidence(record, 1)
		for _, n := range []string{first, last} {
			k := LastKey(n)
			if again := LastKey(k); again != k {
				t.Errorf("folding again gives %q, not %q", again, k)
			}
		}
	})
}

func TestACohortIsWhoJoinedAndDidNotLeaveInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[ID]string{}
		packed := ""
		for range rapid.IntRange(1, 4).Draw(t, "imports") {
			var changes []Member
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				id, features := ID(rapid.IntRange(1, 400).Draw(t, "id")), rapid.StringN(0, 200, -1).Draw(t, "features")
				if changes = append(changes, Member{ID: id, Packed: []byte(features)}); features == "" {
					delete(want, id)
				} else {
					want[id] = features
				}
			}
			merged, err := MergeCohort(packed, changes)
			if err != nil {
				t.Fatal(err)
			}
			packed = string(merged)
		}
		got, last := map[ID]string{}, ID(0)
		if err := EachMember(packed, func(id ID, features string) error {
			if id <= last {
				t.Fatalf("%d stands behind %d", id, last)
			}
			got[id], last = features, id
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzACohortThatCannotBeReadSaysSo(f *testing.F) {
	whole, _ := MergeCohort("", []Member{{ID: 1, Packed: []byte("ann")}, {ID: 1_000_000, Packed: []byte("bob")}})
	f.Add(string(whole))
	f.Add(string(whole[:len(whole)-1]))
	f.Add("\xff\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, packed string) {
		read := 0
		err := EachMember(packed, func(_ ID, features string) error {
			read += len(features) + 2
			return nil
		})
		if err == nil && read > len(packed) {
			t.Errorf("%d bytes were read of %d", read, len(packed))
		}
	})
}
