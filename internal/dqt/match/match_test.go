package match

import (
	"fmt"
	"math"
	"math/rand/v2"
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
		if got := oneEdit([]rune(pair[0]), []rune(pair[1])); got != want {
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
		if got := sameName(pair[0], pair[1]); got != want {
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
		"no date":                                  {with(func(d *Description) { d.DateOfBirth = "1984-02-71" }), FieldDateOfBirth, ""},
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
	for pair, want := range map[[2]string]Level{
		{"19840312", "19840312"}: Equal, {"19840101", "19840101"}: EqualDefault, {"19840312", "19841203"}: Swapped,
		{"19840312", "19840313"}: OneEdit, {"19840312", "19840321"}: OneEdit, {"19840312", "19480312"}: OneEdit,
		{"19840312", "19790312"}: TwoParts, {"19840312", "19841125"}: SameYear, {"19840312", "19770725"}: Different,
	} {
		if a, b := dateLevel(pair[0], pair[1]), dateLevel(pair[1], pair[0]); a != want || b != want {
			t.Errorf("%v: %q, and %q the other way; want %q", pair, a, b, want)
		}
	}
}

func rankOne(claim, rec Description) []Evidence {
	return Rank(Describe(claim), []Entry{{ID: "1", Features: Describe(rec)}}, Register{Size: 20_000})[0].Evidence
}

func TestACommonNameWeighsLessThanARareOne(t *testing.T) {
	r := Register{Size: 20_000, Last: map[string]int{"smith": 260, "quillfeather": 1}}
	common, rare := r.nameBits(FieldLastName, r.Last["smith"]), r.nameBits(FieldLastName, r.Last["quillfeather"])
	if rare-common < 4 {
		t.Errorf("Smith weighs %.1f bits, Quillfeather %.1f", common, rare)
	}
}

func TestNameAndDateOfBirthOfACommonNameAreNotCertain(t *testing.T) {
	probability := func(last string, held int) float64 {
		d := Describe(Description{First: "Sarah", Last: last, DateOfBirth: "1984-02-17"})
		r := Register{Size: 2_000_000, First: map[string]int{"sarah": 30_000}, Last: map[string]int{LastKey(last): held}}
		return Rank(d, []Entry{{ID: "1", Features: d}}, r)[0].Probability
	}
	// About 2,000,000 x .013 x .015 x .000027 = 0.01 others are born on that day with that name.
	if common, rare := probability("Smith", 26_000), probability("Quillfeather", 1); common > 0.999 || rare < 0.99999 {
		t.Errorf("Sarah Smith %.6f, Sarah Quillfeather %.6f; want under .999 and over .99999", common, rare)
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

func world(t *rapid.T) ([]Entry, Register) {
	people := rapid.SliceOfN(someone(), 1, 12).Draw(t, "register")
	entries := make([]Entry, len(people))
	r := Register{Size: rapid.SampledFrom([]int{1, 50, 20_000, 2_000_000}).Draw(t, "size"), First: map[string]int{}, Last: map[string]int{}}
	for i, p := range people {
		entries[i] = Entry{ID: fmt.Sprintf("%02d", i), Features: Describe(p)}
		r.First[entries[i].Features.first.head]++
		r.Last[entries[i].Features.last.whole]++
	}
	return entries, r
}

func TestLawAClaimEqualToARecordRanksItFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, r := world(t)
		want := entries[rapid.IntRange(0, len(entries)-1).Draw(t, "which")]
		ranked := Rank(want.Features, entries, r)
		for _, c := range ranked {
			if c.ID == want.ID {
				return
			}
			if at := slices.IndexFunc(ranked, func(x Ranked) bool { return x.ID == want.ID }); c.Bits > ranked[at].Bits {
				t.Fatalf("another record has %v bits, the claim's own %v: %+v", c.Bits, ranked[at].Bits, c.Evidence)
			}
		}
	})
}

func TestLawTheOrderOfTheRegisterChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, r := world(t)
		claim := Describe(someone().Draw(t, "claim"))
		a := Rank(claim, entries, r)
		shuffled := slices.Clone(entries)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(summary(a), summary(Rank(claim, shuffled, r))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func summary(ranked []Ranked) []string {
	var s []string
	for _, c := range ranked {
		line := fmt.Sprintf("%s %.2f %.9f", c.ID, c.Bits, c.Probability)
		for _, e := range c.Evidence {
			line += fmt.Sprintf(" %s %s %.2f", e.Field, e.Level, e.Bits)
		}
		s = append(s, line)
	}
	return s
}

func TestLawAgreeingEvidenceNeverLowersTheTrueRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(someone(), 1, 12).Draw(t, "register")
		r := Register{Size: 20_000}
		entries := make([]Entry, len(people))
		for i, p := range people {
			entries[i] = Entry{ID: fmt.Sprintf("%02d", i), Features: Describe(p)}
		}
		which := rapid.IntRange(0, len(people)-1).Draw(t, "which")
		truth := people[which]
		claim := someone().Draw(t, "claim")
		claim.TRNs, claim.NINOs, claim.Email, claim.DateOfBirth = nil, nil, "", ""
		before := ahead(Rank(Describe(claim), entries, r), entries[which].ID)
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
		if after := ahead(Rank(Describe(claim), entries, r), entries[which].ID); after > before {
			t.Fatalf("%d records were ahead of the true one, %d with more evidence for it", before, after)
		}
	})
}

// ahead counts the candidates with more bits than the one with the id.
func ahead(ranked []Ranked, id string) int {
	at := slices.IndexFunc(ranked, func(r Ranked) bool { return r.ID == id })
	n := 0
	for _, r := range ranked {
		if r.Bits > ranked[at].Bits {
			n++
		}
	}
	return n
}

func TestLawTheSumOfThePartsIsTheWholeAndTheRestIsNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, r := world(t)
		var all float64
		for _, c := range Rank(Describe(someone().Draw(t, "claim")), entries, r) {
			var sum float64
			for i, e := range c.Evidence {
				sum += float64(e.Bits)
				if i > 0 && e.Bits > c.Evidence[i-1].Bits {
					t.Fatalf("evidence is not in the order of weight: %v", c.Evidence)
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

func TestLawComparisonsAreSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-e]{1,8}`).Draw(t, "a"), rapid.StringMatching(`[a-e]{1,8}`).Draw(t, "b")
		ra, rb := []rune(a), []rune(b)
		if jaroWinkler(ra, rb) != jaroWinkler(rb, ra) || oneEdit(ra, rb) != oneEdit(rb, ra) || sameName(a, b) != sameName(b, a) {
			t.Fatalf("%q and %q compare differently the other way round", a, b)
		}
		x, y := Describe(someone().Draw(t, "x")), Describe(someone().Draw(t, "y"))
		if l, m := func() (Level, Level) { l, _ := lastLevel(x, y); m, _ := lastLevel(y, x); return l, m }(); l != m {
			t.Fatalf("last names: %q one way, %q the other", l, m)
		}
	})
}

func TestLawARecordIsFoundUnderTheKeysOfAClaimLikeIt(t *testing.T) {
	for name, change := range map[string]func(*Description){
		"the same":                   func(*Description) {},
		"short form, no identifiers": func(d *Description) { d.First, d.TRNs, d.NINOs, d.Email = "Liz", nil, nil, "" },
		"earlier name, wrong birthday": func(d *Description) {
			d.Last, d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "Tomson", "1984-06-05", nil, nil, ""
		},
		"wrong year, half the name": func(d *Description) {
			d.Last, d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "Marsh", "1964-02-17", nil, nil, ""
		},
		"no birthday":                func(d *Description) { d.DateOfBirth, d.TRNs, d.NINOs, d.Email = "", nil, nil, "" },
		"NI number only":             func(d *Description) { *d = Description{NINOs: []string{"QQ 12 34 56 B"}} },
		"email only":                 func(d *Description) { *d = Description{Email: "Liz@Example.org"} },
		"another name, the birthday": func(d *Description) { *d = Description{First: "Ann", Last: "Shah", DateOfBirth: d.DateOfBirth} },
	} {
		d := record
		change(&d)
		if !share(ClaimKeys(Describe(d)), RecordKeys(Describe(record))) {
			t.Errorf("%s: no key in common", name)
		}
	}
	for name, change := range map[string]func(*Description){
		"day and month swapped": func(d *Description) { d.DateOfBirth = "1984-12-03" },
		"names swapped":         func(d *Description) { d.First, d.Last, d.DateOfBirth = "Okoro Marsh", "Elizabeth", "" },
		"NI number's last half": func(d *Description) { *d = Description{NINOs: []string{"QQ193456C"}} },
	} {
		d, rec := record, record
		rec.DateOfBirth = "1984-03-12"
		d.TRNs, d.NINOs, d.Email = nil, nil, ""
		change(&d)
		if share(ClaimKeys(Describe(d)), RecordKeys(Describe(rec))) && name != "day and month swapped" {
			t.Errorf("%s: found without the wider keys", name)
		}
		if !share(WiderKeys(Describe(d)), RecordKeys(Describe(rec))) {
			t.Errorf("%s: no wider key in common", name)
		}
	}
}

func share(a, b []Key) bool {
	return slices.ContainsFunc(a, func(k Key) bool { return slices.Contains(b, k) })
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
		RecordKeys(x)
		WiderKeys(x)
		NameWords(x)
		Rank(x, []Entry{{ID: "a", Features: x}, {ID: "b", Features: Describe(record)}}, Register{Size: 2})
		Rank(Describe(record), []Entry{{ID: "a", Features: x}}, Register{Size: 2})
		for _, n := range []string{first, last} {
			k := LastKey(n)
			if again := LastKey(k); again != k {
				t.Errorf("folding again gives %q, not %q", again, k)
			}
		}
	})
}
