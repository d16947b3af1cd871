package dqteval

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/person"
)

// Columns of a file of claims with the truth. Any others are reported by.
const (
	columnTruth  = "true_trn"   // empty: in no record
	columnSecond = "second_trn" // another record of the same person; the column may be missing
	columnErrors = "errors"     // several values in a cell, separated by semicolons
)

var claimColumns = []string{"id", "first_name", "middle_name", "last_name", "previous_names", "date_of_birth", "national_insurance_number", "trn", "email", columnTruth}

var (
	errNoClaim    = fault.New(fault.Invalid, "The file holds no claim that can be evaluated.")
	errNoRegister = fault.New(fault.Invalid, "The register is empty. Bring one in with traid import first.")
)

// claim is one row.
type claim struct {
	id      string
	claim   dqt.Claim
	truth   []match.ID
	values  []string
	refused bool
}

// claimsFile reads a file of claims row by row.
type claimsFile struct {
	in      *counted
	csv     *csv.Reader
	at      map[string]int
	columns []string // that are reported by
}

type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func openClaims(in io.Reader) (*claimsFile, error) {
	f := &claimsFile{in: &counted{Reader: in}, at: map[string]int{}}
	buffered := bufio.NewReaderSize(f.in, 1<<16)
	if mark, _ := buffered.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = buffered.Discard(3)
	}
	f.csv = csv.NewReader(buffered)
	f.csv.FieldsPerRecord = -1
	f.csv.ReuseRecord = true
	header, err := f.csv.Read()
	if err != nil {
		return nil, fault.New(fault.Invalid, "The file of claims cannot be read as CSV with a header.")
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := f.at[name]; twice {
			return nil, fault.New(fault.Invalid, "The first line of the claims names a column twice.")
		}
		f.at[name] = i
		if !slices.Contains(claimColumns, name) && name != columnSecond {
			f.columns = append(f.columns, name)
		}
	}
	for _, name := range claimColumns {
		if _, there := f.at[name]; !there {
			return nil, fault.New(fault.Invalid, "The claims lack the column "+name+". An evaluation needs: "+strings.Join(claimColumns, ",")+". Further columns are reported by.")
		}
	}
	return f, nil
}

func (f *claimsFile) read() int64 { return f.in.n }

// next gives up to n rows, io.EOF with the last.
func (f *claimsFile) next(n int) ([]claim, error) {
	var rows []claim
	for len(rows) < n {
		cells, err := f.csv.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, err
		case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
			line, _ := f.csv.FieldPos(0)
			return rows, fault.New(fault.Invalid, fmt.Sprintf("Line %d of the claims: the quotation marks are wrong.", line))
		case err != nil:
			return rows, fmt.Errorf("dqteval: read claims: %w", err)
		}
		rows = append(rows, f.row(cells))
	}
	return rows, nil
}

func (f *claimsFile) row(cells []string) claim {
	if len(cells) != len(f.at) {
		return claim{refused: true}
	}
	get := func(column string) string { return strings.Clone(strings.TrimSpace(cells[f.at[column]])) }
	text := func(column string) dqt.Text { return dqt.NewText(get(column)) }
	c := claim{id: get("id"), claim: dqt.Claim{
		FirstName: text("first_name"), MiddleName: text("middle_name"), LastName: text("last_name"),
		DateOfBirth: text("date_of_birth"), NINO: text("national_insurance_number"), TRN: text("trn"), Email: text("email"),
	}}
	for name := range strings.SplitSeq(get("previous_names"), ";") {
		if name = strings.TrimSpace(name); name != "" {
			c.claim.PreviousNames = append(c.claim.PreviousNames, previousName(name, c.claim))
		}
	}
	for _, column := range []string{columnTruth, columnSecond} {
		at, there := f.at[column]
		if !there || strings.TrimSpace(cells[at]) == "" {
			continue
		}
		trn, err := person.ParseTRN(cells[at])
		if err != nil {
			c.refused = true
			return c
		}
		c.truth = append(c.truth, dqt.IDOf(trn))
	}
	for _, column := range f.columns {
		c.values = append(c.values, get(column))
	}
	return c
}

// previousName reads an earlier name: the family name alone, or in full behind
// the claimant's own first or middle name.
func previousName(name string, c dqt.Claim) dqt.ClaimedName {
	first, rest, several := strings.Cut(name, " ")
	own := slices.Concat(person.Words(c.FirstName.Reveal()), person.Words(c.MiddleName.Reveal()))
	if several && slices.Contains(own, person.Fold(first)) {
		return dqt.ClaimedName{First: dqt.NewText(first), Last: dqt.NewText(strings.TrimSpace(rest))}
	}
	return dqt.ClaimedName{Last: dqt.NewText(name)}
}
