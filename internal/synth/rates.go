package synth

import "fmt"

// The register's rates. Where no source is named they are judgements about a
// register of teachers.
const (
	shareWomen        = 0.75
	shareDoubleBarrel = 0.12 // of changes of name
	shareNotYetKnown  = 0.25 // of changes: the register has the earlier name
	shareEarlierKept  = 0.80 // of changes that it knows
	shareNINO         = 0.88
	shareEmail        = 0.70
	shareMiddle       = 0.60
	shareRareName     = 0.10 // family names from the rare tail
	recordNameSlip    = 0.004
	recordBornWrong   = 0.003
	shareTwoRecords   = 0.005
	shareTwins        = 0.001
	shareMerged       = 0.002 // records that were found to be a person's second one
	shareInactive     = 0.02
	shareNoQTS        = 0.08
	shareAlert        = 0.004
	shareSpentAlert   = 0.002
)

// ages at the given day, and the share of women of that age or more who have changed their name.
var changedName = []struct {
	from  int
	share float64
	band  string
}{
	{45, .62, "45 and over"},
	{35, .45, "35 to 44"},
	{28, .22, "28 to 34"},
	{0, .05, "under 28"},
}

// asAt is the year at whose beginning ages are counted.
const asAt = 2026

// Mix says what a file of claims is like.
type Mix string

// The mixes.
const (
	Typical Mix = "typical"
	Hard    Mix = "hard"  // three times the errors, and fewer identifiers
	Names   Mix = "names" // name and date of birth alone
)

// rates says how often claimants give what, and err.
type rates struct {
	nino, trn, email float64 // given

	// What people err in. Sources: firstSlip and lastSlip after the Office for
	// National Statistics' 1.7% of family names of the 2021 census that differ by
	// spelling; short after its 3.7 to 14% of first names; born after its 0.73%
	// of dates; newest after ALSPAC, where 18% of family names differ between
	// waves; byEar after pseudopeople; the others are judgements.
	newest           float64 // women: a name newer than any that the register can know
	earlierClaimed   float64 // of those who changed: their earlier name instead of the newest
	short            float64 // of first names that have one: the short form
	middle           float64 // goes by the middle name
	firstSlip        float64
	lastSlip         float64
	firstByEar       float64
	lastByEar        float64
	swapped          float64 // first and family name
	initial          float64 // of the first name, alone
	half             float64 // of double-barrelled names: one half
	born             float64
	ninoSlip         float64
	ninoOther        float64 // somebody else's
	trnSlip          float64
	trnOther         float64 // another number
	errorsTogether   float64 // share of claimants who are error-prone
	errorProneFactor float64
}

var typical = rates{
	nino: .85, trn: .55, email: .97,
	newest: .02, earlierClaimed: .12, short: .05, middle: .015,
	firstSlip: .012, lastSlip: .012, firstByEar: .005, lastByEar: .005,
	swapped: .004, initial: .002, half: .25,
	born: .008, ninoSlip: .02, ninoOther: .005, trnSlip: .03, trnOther: .04,
	errorsTogether: 1. / 25, errorProneFactor: 5,
}

// Shares that errors do not change.
const (
	shareNobody       = 0.10 // claims of people in no record
	shareRelative     = 0.05 // of these: near relatives of somebody in one
	earlierGiven      = 0.70 // of those who changed and claim the newest name: the earlier one, too
	livingTRN         = 0.30 // of other numbers given as a TRN: somebody's
	sameEmail         = 0.36 // gives about 22% of all claims the register's address
	middleGiven       = 0.10 // the middle name in its own column
	middleInFirst     = 0.05 // and after the first name
	secondSlip        = 0.12 // of slips: another one
	neighbouringKey   = 0.50 // of substitutions
	hardErrors        = 3
	slipSubstitution  = 45
	slipOmission      = 25
	slipInsertion     = 15
	slipSwap          = 15
	bornDayMonth      = 35
	bornDigit         = 35
	bornYear          = 12
	bornTwoParts      = 6
	bornFirstJanuary  = 5
	bornSomebodyElses = 7
)

// of gives the rates of a mix with its errors multiplied.
func (m Mix) rates(errors float64) (rates, error) {
	r := typical
	switch m {
	case Typical:
	case Hard:
		r.nino, r.trn, r.email = .45, .25, .90
		errors *= hardErrors
	case Names:
		r.nino, r.trn, r.email = 0, 0, 0
	default:
		return rates{}, fmt.Errorf("synth: there is no mix %q: there are %s, %s and %s", string(m), Typical, Hard, Names)
	}
	return r.times(errors), nil
}

// times multiplies what people err in. No rate goes beyond certainty.
func (r rates) times(f float64) rates {
	for _, p := range []*float64{
		&r.newest, &r.earlierClaimed, &r.short, &r.middle, &r.firstSlip, &r.lastSlip, &r.firstByEar, &r.lastByEar,
		&r.swapped, &r.initial, &r.half, &r.born, &r.ninoSlip, &r.ninoOther, &r.trnSlip, &r.trnOther,
	} {
		*p = min(*p*f, 1)
	}
	return r
}
