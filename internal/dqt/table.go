package dqt

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

// table reads a CSV file row by row, in memory that its size does not change.
type table struct {
	in      *limited
	csv     *csv.Reader
	header  []string
	columns map[string]int
}

// row is one line of a table. Refusal says why it cannot be used.
type row struct {
	line    int
	cells   []string
	refusal string
	t       *table
}

func (r row) get(column string) string { return strings.TrimSpace(r.cells[r.t.columns[column]]) }

// openTable reads the header. Every required column must be there once, in any
// order; further columns only where extra is true.
func openTable(in io.Reader, required []string, extra bool) (*table, error) {
	l := &limited{in: in}
	b := bufio.NewReader(l)
	switch start, _ := b.Peek(3); {
	case strings.HasPrefix(string(start), "\xef\xbb\xbf"): // the mark that spreadsheets put before UTF-8
		_, _ = b.Discard(3)
	case strings.HasPrefix(string(start), "\xff\xfe"), strings.HasPrefix(string(start), "\xfe\xff"):
		return nil, refuse("The file is not UTF-8 but UTF-16. Save it as CSV UTF-8.")
	}
	t := &table{in: l, csv: csv.NewReader(b), columns: map[string]int{}}
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
		if _, twice := t.columns[name]; twice && slices.Contains(required, name) {
			return nil, refuse("The first line names the column " + name + " twice.")
		}
		t.columns[name] = i
		t.header = append(t.header, name)
		if !slices.Contains(required, name) {
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
	case unknown > 0 && !extra:
		return nil, refuse(fmt.Sprintf("The first line has %d columns that are not known. It must name: %s.", unknown, strings.Join(required, ",")))
	}
	return t, nil
}

// next gives the next row, io.EOF after the last. A row that cannot be used
// comes with its refusal; any other error refuses the file.
func (t *table) next() (row, error) {
	t.in.mark = t.in.read
	cells, err := t.csv.Read()
	r := row{cells: cells, t: t}
	if err != nil {
		if p, ok := errors.AsType[*csv.ParseError](err); ok && p.StartLine == p.Line {
			r.line, r.refusal = p.StartLine, "quotation marks: a quoted cell must be quoted whole, with quotation marks in it doubled"
			return r, nil
		}
		if errors.Is(err, io.EOF) {
			return row{}, io.EOF
		}
		line := 0
		if p, ok := errors.AsType[*csv.ParseError](err); ok {
			line = p.StartLine
		}
		return row{}, t.broken(err, line)
	}
	r.line, _ = t.csv.FieldPos(0)
	for _, c := range cells {
		if !utf8.ValidString(c) {
			return row{}, refuse(fmt.Sprintf("Line %d is not UTF-8. Save the file as CSV UTF-8.", r.line))
		}
		if len(c) > maxCell {
			r.refusal = "a cell is longer than " + strconv.Itoa(maxCell>>10) + " KiB"
		}
	}
	if len(cells) != len(t.header) {
		r.refusal = fmt.Sprintf("has %d columns, not %d", len(cells), len(t.header))
	}
	return r, nil
}

// broken says why the file cannot be read on.
func (t *table) broken(err error, line int) error {
	if errors.Is(err, errRowTooLong) {
		return refuse(fmt.Sprintf("A line is longer than %d KiB, or a quotation mark is not closed: this is not the file that is expected.", maxRow>>10))
	}
	if _, ok := errors.AsType[*csv.ParseError](err); ok {
		return refuse(fmt.Sprintf("The quotation mark that opens a cell in line %d is not closed.", line))
	}
	return fmt.Errorf("dqt: read file: %w", err)
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

// cell makes a text safe in a spreadsheet: what it would run as a formula
// begins with an apostrophe. Numbers stay as they are.
func cell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	if t := strings.TrimLeft(s, " \u00a0\u200b"); t != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}
