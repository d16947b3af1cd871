package match

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
)

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
	InEmail      Level = "in_email"      // the recorded family name stands in the claimant's email address
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

// field and level are Field and Level as numbers, by which weights are found
// without looking up a text. fieldMissing says that one side has no value.
type (
	field uint8
	level uint8
)

const (
	trnField field = iota
	ninoField
	emailField
	bornField
	firstField
	middleField
	lastField
	numFields
)

var fields = [numFields]Field{FieldTRN, FieldNINO, FieldEmail, FieldDateOfBirth, FieldFirstName, FieldMiddleName, FieldLastName}

const (
	missing level = iota
	equal
	earlierName
	onePart
	variant
	middleName
	inEmail
	swapped
	oneEdit
	closeBy
	initial
	soundsAlike
	similar
	equalDefault
	twoParts
	sameYear
	different
	differentRenamed
	numLevels
)

var levels = [numLevels]Level{
	"", Equal, EarlierName, OnePart, Variant, MiddleName, InEmail, Swapped, OneEdit, Close, Initial, SoundsAlike, Similar, EqualDefault, TwoParts, SameYear, Different, DifferentRenamed,
}

// Parameter says how often a level of a field occurs: M between two
// descriptions of one person, U between two people. Source says where the
// numbers come from.
type Parameter struct {
	Field  Field
	Level  Level
	M, U   float64
	Source string
}

// Model is a table of parameters made ready for use.
type Model struct {
	parameters []Parameter
	m, u       [numFields][numLevels]float64
	cents      [numFields][numLevels]int32 // hundredths of a bit
}

//go:embed data/weights.csv
var weightsCSV string

// Default is the model that the program uses.
var Default = sync.OnceValue(func() *Model {
	parameters, err := ReadParameters(strings.NewReader(weightsCSV))
	if err != nil {
		panic("match: data/weights.csv: " + err.Error())
	}
	m, err := NewModel(parameters)
	if err != nil {
		panic("match: data/weights.csv: " + err.Error())
	}
	return m
})

// parameterColumns are the columns of a table of parameters.
var parameterColumns = []string{"field", "level", "m", "u", "source"}

// ReadParameters reads a table of parameters, a CSV file.
func ReadParameters(in io.Reader) ([]Parameter, error) {
	rows := csv.NewReader(in)
	rows.FieldsPerRecord = len(parameterColumns)
	all, err := rows.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("match: parameters: %w", err)
	}
	var out []Parameter
	for i, r := range all {
		if i == 0 {
			continue
		}
		m, err1 := strconv.ParseFloat(r[2], 64)
		u, err2 := strconv.ParseFloat(r[3], 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("match: parameters, line %d: m and u are numbers", i+1)
		}
		out = append(out, Parameter{Field(r[0]), Level(r[1]), m, u, r[4]})
	}
	return out, nil
}

// WriteParameters writes a table of parameters as ReadParameters reads it.
func WriteParameters(out io.Writer, parameters []Parameter) error {
	w := csv.NewWriter(out)
	_ = w.Write(parameterColumns) // the error stays in w
	for _, p := range parameters {
		_ = w.Write([]string{string(p.Field), string(p.Level), number(p.M), number(p.U), p.Source})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("match: parameters: %w", err)
	}
	return nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// NewModel makes a model of parameters, one for each field and level that Default has.
func NewModel(parameters []Parameter) (*Model, error) {
	m := &Model{parameters: parameters}
	for _, p := range parameters {
		f, l := fieldNumber(p.Field), levelNumber(p.Level)
		if f == numFields || l == missing {
			return nil, fmt.Errorf("match: parameters: %s %s is not known", p.Field, p.Level)
		}
		if !(p.M > 0 && p.M <= 1 && p.U > 0 && p.U <= 1) {
			return nil, fmt.Errorf("match: parameters: %s %s: m and u are over 0 and at most 1", p.Field, p.Level)
		}
		m.m[f][l], m.u[f][l] = p.M, p.U
		m.cents[f][l] = cents(p.M / p.U)
	}
	for f, has := range fieldLevels {
		for _, l := range has {
			if m.m[f][l] == 0 {
				return nil, fmt.Errorf("match: parameters: %s %s is missing", fields[f], levels[l])
			}
		}
	}
	return m, nil
}

// Parameters gives the model's table.
func (m *Model) Parameters() []Parameter { return m.parameters }

// fieldLevels says which levels each field has.
var fieldLevels = [numFields][]level{
	trnField:    {equal, oneEdit, different},
	ninoField:   {equal, oneEdit, different},
	emailField:  {equal, different},
	bornField:   {equal, equalDefault, swapped, oneEdit, twoParts, sameYear, different},
	firstField:  {equal, earlierName, variant, middleName, oneEdit, closeBy, initial, soundsAlike, similar, different, swapped},
	middleField: {equal, initial, oneEdit, different},
	lastField:   {equal, earlierName, onePart, inEmail, oneEdit, closeBy, soundsAlike, similar, different, differentRenamed, swapped},
}

func fieldNumber(name Field) field {
	for i, f := range fields {
		if f == name {
			return field(i)
		}
	}
	return numFields
}

func levelNumber(name Level) level {
	for i, l := range levels {
		if l == name {
			return level(i)
		}
	}
	return missing
}

// cents gives odds as a weight in hundredths of a bit: weights that can be
// added up again by who reads them, in any order.
func cents(odds float64) int32 { return int32(math.Round(math.Log2(odds) * 100)) }

func bitsOf(cents int32) Bits { return Bits(float64(cents) / 100) }

// Bounds. Those of Jaro-Winkler are customary in record linkage after Winkler
// (1990); the others are judgements, each measured by the evaluation.
const (
	closeName       = 0.92
	closeFirstName  = 0.90
	similarName     = 0.80
	identifierFloor = 1e-6 // least frequency of an identifier: slips and shared numbers exist
	nameFloor       = 5e-6 // least frequency of a name
	bornFloor       = 1e-5 // least frequency of a date of birth
	smoothing       = 1e4  // people that a value's usual frequency counts for beside the register
	cohortSmoothing = 1e3  // people that a first name's overall frequency counts for beside those of its years
	pairSmoothing   = 100  // people that a first name's frequency counts for beside those of a family name
	leastRegister   = 1e5  // a register smaller than this says nothing about how rare an identifier is
	nobody          = 0.1  // share of claims of people in no record
)

// frequency is how frequent a value is that so many of size records have, with
// its usual frequency for those that the register does not hold.
func frequency(count, size int, usual, floor float64) float64 {
	return math.Max((float64(count)+smoothing*usual)/(float64(size)+smoothing), floor)
}
