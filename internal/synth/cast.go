package synth

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
)

// Member is one of the cast: an invented person, what they type, and what
// becomes of it. What is empty is not known to them.
type Member struct {
	Part                string // what they are there to show
	FirstName, LastName string
	DateOfBirth         string // "1984-02-17"
	TRN, NINO, Email    string
	Then                string // what happens
}

// The cast's parts.
const (
	MatchesAtOnce = "matches at once"
	NeedsOperator = "needs the operator"
	FitsTwo       = "fits two records"
	InNoRecord    = "is in no record"
	HasOpenAlert  = "has an open alert"
)

// Cast lists the sample people whom a demonstration is played with. Their
// numbers are beyond those that a Population has.
func Cast() []Member {
	return []Member{
		{
			Part: MatchesAtOnce, FirstName: "Imogen", LastName: "Farthing-Lowe", DateOfBirth: "1984-02-17", TRN: "0690011", Email: "imogen@example.org",
			Then: "the details are confirmed at once",
		},
		{
			Part: NeedsOperator, FirstName: "Tomasz", LastName: "Wilczynski", DateOfBirth: "1979-11-05", Email: "tomasz@example.org",
			Then: "an operator finds the record by name and date of birth",
		},
		{
			Part: FitsTwo, FirstName: "Grace", LastName: "Adebayo-Finch", DateOfBirth: "1990-06-23", NINO: "QQ 99 00 13 B", Email: "grace@example.org",
			Then: "an operator chooses the record with the qualification",
		},
		{
			Part: InNoRecord, FirstName: "Leopold", LastName: "Quillfeather", DateOfBirth: "1995-09-30", NINO: "QQ 99 00 14 A", Email: "leopold@example.org",
			Then: "an operator fails it with a note; Leopold corrects the details and sends them again",
		},
		{
			Part: HasOpenAlert, FirstName: "Desmond", LastName: "Carrowby", DateOfBirth: "1971-03-08", TRN: "9490015", Email: "desmond@example.org",
			Then: "the details are confirmed, and two operators decide a barring check",
		},
	}
}

// castRecords are the records of the cast that are in the register.
var castRecords = [][]string{
	{"0690011", "active", "Imogen", "Clare", "Farthing-Lowe", "Farthing", "1984-02-17", "QQ990011A", "imogen@example.org", "2006-08-01", ""},
	{"0190012", "active", "Tomasz", "Jan", "Wilczynski", "", "1979-11-05", "QQ990012C", "", "2001-08-01", ""},
	{"1290013", "active", "Grace", "Ifeoma", "Adebayo-Finch", "Adebayo", "1990-06-23", "QQ990013B", "", "2012-08-01", ""},
	{"1190113", "active", "Grace", "", "Adebayo", "", "1990-06-23", "QQ990013B", "", "", ""},
	{"9490015", "active", "Desmond", "", "Carrowby", "", "1971-03-08", "QQ990015D", "", "1994-08-01", "T1:2019-05-01::"},
}

// WriteSample writes a register file of n invented teachers and the cast. No NI
// number in it is one that a person could have.
func WriteSample(w io.Writer, seed uint64, n int) error {
	p, err := New(seed, n, Options{Sample: true})
	if err != nil {
		return err
	}
	if err := p.WriteRegister(context.Background(), w, nil); err != nil {
		return err
	}
	if err := csv.NewWriter(w).WriteAll(castRecords); err != nil {
		return fmt.Errorf("synth: write the cast: %w", err)
	}
	return nil
}
