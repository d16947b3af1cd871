package match

import "math"

// Bits is a weight: log2 of how much likelier something is between two
// descriptions of one person than between two people.
type Bits float64

// Field names what was compared.
type Field string

// The fields.
const (
	FieldTRN         Field = "trn"
	FieldNINO        Field = "national_insurance_number"
	FieldEmail       Field = "email"
	FieldDateOfBirth Field = "date_of_birth"
	FieldFirstName   Field = "first_name"
	FieldMiddleName  Field = "middle_name"
	FieldLastName    Field = "last_name"
)

// Level names how two values of a field agree.
type Level string

// The levels. Not every field has every level.
const (
	Equal        Level = "equal"
	EarlierName  Level = "earlier_name"  // equal to a name that one side had before
	OnePart      Level = "one_part"      // one part of a double-barrelled name is equal
	Variant      Level = "variant"       // short form or another spelling of the name
	MiddleName   Level = "middle_name"   // one's first name is the other's middle name
	Swapped      Level = "swapped"       // first with family name, day with month
	OneEdit      Level = "one_edit"      // one letter or digit, or two neighbours swapped
	Close        Level = "close"         // Jaro-Winkler at least closeName
	Initial      Level = "initial"       // only an initial is given, and it agrees
	SoundsAlike  Level = "sounds_alike"  // same phonetic key
	Similar      Level = "similar"       // Jaro-Winkler at least similarName
	EqualDefault Level = "equal_default" // equal, but 1 January, which stands for "not known" too
	TwoParts     Level = "two_parts"     // two of year, month and day are equal
	SameYear     Level = "same_year"     // only the year is equal
	Different    Level = "different"
	// DifferentRenamed is a different family name against a side that had others before.
	DifferentRenamed Level = "different_renamed"
)

// odds says how often a level occurs: m between two descriptions of one
// person, u between two people.
type odds struct{ m, u float64 }

func (o odds) bits() float64 { return math.Log2(o.m / o.u) }

// weights is the engine's one table of parameters.
//
// Source: m and u of equal dates, family names and first names are the Office
// for National Statistics' from the duplicates of the 2021 census of England
// and Wales; every other number is a judgement until it is estimated. The u of
// an equal name or identifier is its frequency in the register (see Register).
var weights = map[Field]map[Level]odds{
	FieldLastName: {
		Equal: {.964, 6.9e-4}, EarlierName: {.02, 1.2e-4}, OnePart: {.01, 9e-4}, OneEdit: {.012, 1e-3}, Close: {.003, 1e-3},
		SoundsAlike: {.003, 1.5e-3}, Similar: {.003, 6e-3}, Different: {.02, .985}, DifferentRenamed: {.06, .985},
	},
	FieldFirstName: {
		Equal: {.780, 1.5e-3}, EarlierName: {.004, 1e-4}, Variant: {.06, 4e-3}, MiddleName: {.015, 4e-3}, OneEdit: {.02, 2e-3}, Close: {.01, 2e-3},
		Initial: {.01, .05}, SoundsAlike: {.01, 4e-3}, Similar: {.012, .012}, Different: {.05, .97},
	},
	FieldMiddleName:  {Equal: {.85, .02}, Initial: {.1, .07}, OneEdit: {.02, 3e-3}, Different: {.08, .95}},
	FieldDateOfBirth: {Equal: {.9927, 2.7e-5}, EqualDefault: {.9927, 2.2e-4}, Swapped: {.0028, 2.5e-5}, OneEdit: {.003, 9e-4}, TwoParts: {.001, 2e-3}, SameYear: {.0003, .02}, Different: {.0008, .975}},
	FieldNINO:        {Equal: {.97, 1e-6}, OneEdit: {.02, 2e-5}, Different: {.008, .9999}},
	FieldTRN:         {Equal: {.92, 1e-6}, OneEdit: {.03, 1e-3}, Different: {.05, .998}},
	FieldEmail:       {Equal: {.3, 1e-6}, Different: {.7, .9999}},
}

// swapPenalty is what it costs that first and family name must have changed
// places: log2 of how rarely people do that (0.4%, a judgement), half of it on each name.
var swapPenalty = math.Log2(.004) / 2

// Bounds of Jaro-Winkler, after matching.md's first trial.
const (
	closeName       = 0.92
	closeFirstName  = 0.90
	similarName     = 0.80
	identifierFloor = 1e-6 // least frequency of an identifier: slips and shared numbers exist
	nameFloor       = 1e-5 // least frequency of a name
	smoothing       = 1e4  // people that a name's usual frequency counts for beside the register
	leastRegister   = 1e5  // a register smaller than this says nothing about how rare an identifier is
	nobody          = 0.1  // share of claims of people in no record, a judgement
)

// Register says what the whole register looks like, so that a rare name weighs
// more than a common one.
type Register struct {
	Size  int            // records
	First map[string]int // how many records have a first name, by its folded first word; names of the claim only
	Last  map[string]int // likewise family names, by LastKey
}

// nameBits is the weight of an equal name that is as frequent as the register says.
func (r Register) nameBits(field Field, count int) float64 {
	o := weights[field][Equal]
	u := (float64(count) + smoothing*o.u) / (float64(r.Size) + smoothing)
	return math.Log2(o.m / math.Max(u, nameFloor))
}

// identifierBits is the weight of an equal identifier that so many records hold.
func (r Register) identifierBits(field Field, holders int) float64 {
	u := float64(max(holders, 1)) / math.Max(float64(r.Size), leastRegister)
	return math.Log2(weights[field][Equal].m / math.Max(u, identifierFloor))
}

// round makes weights that can be added up again by who reads them.
func round(bits float64) Bits { return Bits(math.Round(bits*100) / 100) }
