// Package dqt is the register of teachers: records with the names and National
// Insurance numbers they have had, alerts, the automatic check by the documented
// rule, candidates, search, and the import of extracts. It decides nothing
// about a person beyond that rule, and knows nothing of requests or tickets.
package dqt

import (
	"fmt"
	"strconv"

	"traid/internal/dqt/match"
	"traid/internal/person"
)

// Status is a record's status.
type Status string

// The statuses.
const (
	Active   Status = "active"
	Inactive Status = "inactive"
	Merged   Status = "merged" // stands for the record it was merged into
)

// Text is a value that is kept as it was given, without a shape of its own. It
// hides itself from logs.
type Text = match.Text

// NewText hides a value.
func NewText(v string) Text { return match.NewText(v) }

// Record is a teacher's record.
type Record struct {
	TRN                             person.TRN
	Status                          Status
	MergedInto                      person.TRN // with status Merged
	FirstName, MiddleName, LastName person.Name
	PreviousNames                   []person.FullName // the first name is missing where only the family name is kept
	DateOfBirth                     person.Date       // zero when the register holds none
	NINOs                           []Text            // the current one first; what is no NI number stands here as recorded, and nothing is found by it
	Email                           Text
	QTSDate                         person.Date
	Alerts                          []Alert

	// Members are the numbers of the records that were merged into this one,
	// directly or through others. Of what is shown of a record their alerts are a part.
	Members []match.ID
	members []Record
}

// IDOf gives a TRN as the engine's number of its record.
func IDOf(trn person.TRN) match.ID {
	n, _ := strconv.ParseUint(trn.Reveal(), 10, 32) // seven digits
	return match.ID(n)
}

// TRNOf gives the TRN of a number.
func TRNOf(id match.ID) person.TRN {
	trn, _ := person.NewTRN(fmt.Sprintf("%07d", id)) // the zero TRN for none
	return trn
}

// description is what the engine compares.
func (r Record) description() match.Description {
	d := match.Description{
		First: r.FirstName.Reveal(), Middle: r.MiddleName.Reveal(), Last: r.LastName.Reveal(),
		DateOfBirth: r.DateOfBirth.Reveal(), TRNs: []string{r.TRN.Reveal()}, Email: r.Email.Reveal(), Inactive: r.Status != Active,
	}
	for _, p := range r.PreviousNames {
		d.Previous = append(d.Previous, match.Name{First: p.First.Reveal(), Last: p.Last.Reveal()})
	}
	for _, n := range r.NINOs {
		if key := ninoKey(n); key != "" {
			d.NINOs = append(d.NINOs, key)
		}
	}
	for _, m := range r.members {
		d.Merged = append(d.Merged, m.description())
	}
	return d
}

// ninoKey gives an NI number of a record as the automatic check compares it,
// whole; empty for what is none.
func ninoKey(recorded Text) string {
	n, err := person.ParseNINO(recorded.Reveal())
	if err != nil {
		return ""
	}
	return person.LenientNINO(n.Reveal())
}

// Claim is what a person says of themselves, as they typed it.
type Claim struct {
	FirstName, MiddleName, LastName Text
	PreviousNames                   []ClaimedName
	DateOfBirth, NINO, TRN, Email   Text
}

// ClaimedName is a name that a person says they had before.
type ClaimedName struct{ First, Last Text }

func (c Claim) description() match.Description {
	d := match.Description{
		First: c.FirstName.Reveal(), Middle: c.MiddleName.Reveal(), Last: c.LastName.Reveal(),
		DateOfBirth: c.DateOfBirth.Reveal(), Email: c.Email.Reveal(),
	}
	for _, p := range c.PreviousNames {
		d.Previous = append(d.Previous, match.Name{First: p.First.Reveal(), Last: p.Last.Reveal()})
	}
	if !c.NINO.IsZero() {
		d.NINOs = []string{c.NINO.Reveal()}
	}
	if !c.TRN.IsZero() {
		d.TRNs = []string{c.TRN.Reveal()}
	}
	return d
}
