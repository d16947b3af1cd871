// Package table reads CSV files that people hand in, row by row, and makes cells
// safe for the spreadsheets that people open files with. What it says of a file
// names columns and lines and repeats no cell.
package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"traid/internal/fault"
)

// Bounds of a file that is read. What is longer is no register or claim.
const (
	maxColumns = 200
	maxRow     = 1 << 20  // bytes
	maxCell    = 64 << 10 // bytes
)

// Columns are those that a file has, in any order.
type Columns struct {
	Required []string
	Optional []string
	Others   bool // further ones may be there
}

// Table reads a CSV file row by row, in memory that its size does not change.
type Table struct {
	Header  []string // as it is, in lower case
	in      *limited
	csv     *csv.Reader
	columns map[string]int
}

// Row is one line of a table.
type Row struct {
	Line    int
	Cells   []string
	Refusal string // why it cannot be used; empty: it can
	t       *Table
}

// Get gives what stands in a column, without the spaces around it; nothing where
// the row has no such column.
func (r Row) Get(column string) string { return strings.TrimSpace(r.Raw(column)) }

// Read gives how many bytes of the file were read.
func (t *Table) Read() int64 { return t.in.read }

// Raw gives what stands in a column as it stands.
func (r Row) Raw(column string) string {
	if at, ok := r.t.columns[column]; ok && at < len(r.Cells) {
		return r.Cells[at]
	}
	return ""
}

// InOrder gives the cells in the order of columns; as they stand where the row
// has not as many as the header.
func (r Row) InOrder(columns []string) []string {
	if len(r.Cells) != len(r.t.Header) {
		return slices.Clone(r.Cells)
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = r.Cells[r.t.columns[c]]
	}
	return out
}

// Open reads the header. An error of the kind fault.Invalid says what is wrong
// with the file.
func Open(in io.Reader, c Columns) (*Table, error) {
	required := c.Required
	l := &limited{in: in}
	b := bufio.NewReader(l)
	switch start, _ := b.Peek(3); {
	case strings.HasPrefix(string(start), "\xef\xbb\xbf"): // the mark that spreadsheets put before UTF-8
		_, _ = b.Discard(3)
	case strings.HasPrefix(string(start), "\xff\xfe"), strings.HasPrefix(string(start), "\xfe\xff"):
		return nil, refuse("The file is not UTF-8 but UTF-16. Save it as CSV UTF-8.")
	}
	t := &Table{in: l, csv: csv.NewReader(b), columns: map[string]int{}}
	t.csv.FieldsPerRecord = -1
	header, err := t.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, refuse("The file is empty. Its first line must name the columns.")
	case err != nil:
		return nil, t.broken(err, 1)
	case len(header) > maxColumns:
		return nil, refuse(fmt.Sprintf("The first line has %d columns, more than %d: this is not the file that is expected.", len(header), maxColumns))
	case slices.ContainsFunc(header, func(h string) bool { return !utf8.ValidString(h) }):
		return nil, refuse("Line 1 is not UTF-8. Save the file as CSV UTF-8.")
	}
	unknown := 0
	for i, h := range header {
		name := strings.ToLower(strings.TrimSpace(h))
		if _, twice := t.columns[name]; twice && c.knows(name) {
			return nil, refuse("The first line names the column " + name + " twice.")
		}
		t.columns[name] = i
		t.Header = append(t.Header, name)
		if !c.knows(name) {
			unknown++
		}
	}
	// The header that was found is not repeated: it may be a line of people's data.
	var missing []string
	for _, name := range required {
		if _, ok := t.columns[name]; !ok {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == len(required):
		return nil, refuse("The first line must name the columns, separated by commas: " + strings.Join(required, ",") + ".")
	case len(missing) > 0:
		return nil, refuse("The first line lacks the columns " + strings.Join(missing, ", ") + ".")
	case unknown > 0 && !c.Others && len(c.Optional) > 0:
		return nil, refuse(fmt.Sprintf("The first line has %d columns that are not known. It must name: %s; and may name: %s.", unknown, strings.Join(required, ","), strings.Join(c.Optional, ",")))
	case unknown > 0 && !c.Others:
		return nil, refuse(fmt.Sprintf("The first line has %d columns that are not known. It must name: %s.", unknown, strings.Join(required, ",")))
	}
	return t, nil
}

func (c Columns) knows(name string) bool {
	return slices.Contains(c.Required, name) || slices.Contains(c.Optional, name)
}

// Next gives the next row, io.EOF after the last. A row that cannot be used
// comes with its refusal; any other error refuses the file.
func (t *Table) Next() (Row, error) {
	t.in.mark = t.in.read
	cells, err := t.csv.Read()
	r := Row{Cells: cells, t: t}
	if err != nil {
		if p, ok := errors.AsType[*csv.ParseError](err); ok && p.StartLine == p.Line {
			r.Line, r.Refusal = p.StartLine, "quotation marks: a quoted cell must be quoted whole, with quotation marks in it doubled"
			return r, nil
		}
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		line := 0
		if p, ok := errors.AsType[*csv.ParseError](err); ok {
			line = p.StartLine
		}
		return Row{}, t.broken(err, line)
	}
	r.Line, _ = t.csv.FieldPos(0)
	for _, c := range cells {
		if !utf8.ValidString(c) {
			return Row{}, refuse(fmt.Sprintf("Line %d is not UTF-8. Save the file as CSV UTF-8.", r.Line))
		}
		if len(c) > maxCell {
			r.Refusal = "a cell is longer than " + strconv.Itoa(maxCell>>10) + " KiB"
		}
	}
	if len(cells) != len(t.Header) {
		r.Refusal = fmt.Sprintf("has %d columns, not %d", len(cells), len(t.Header))
	}
	return r, nil
}

// broken says why the file cannot be read on.
func (t *Table) broken(err error, line int) error {
	if errors.Is(err, errRowTooLong) {
		return refuse(fmt.Sprintf("A line is longer than %d KiB, or a quotation mark is not closed: this is not the file that is expected.", maxRow>>10))
	}
	if _, ok := errors.AsType[*csv.ParseError](err); ok {
		return refuse(fmt.Sprintf("The quotation mark that opens a cell in line %d is not closed.", line))
	}
	return fmt.Errorf("table: read file: %w", err)
}

func refuse(text string) error { return fault.New(fault.Invalid, text) }

var errRowTooLong = errors.New("row too long")

// limited counts what is read and ends when a row goes on for too long.
type limited struct {
	in         io.Reader
	read, mark int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.read-l.mark > maxRow {
		return 0, errRowTooLong
	}
	n, err := l.in.Read(p)
	l.read += int64(n)
	return n, err
}

// Cell makes a text safe in a spreadsheet: what it would run as a formula
// begins with an apostrophe. Numbers stay as they are.
func Cell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	if t := strings.TrimLeft(s, " \u00a0\u200b"); t != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}
