package table_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"traid/internal/fault"
	"traid/internal/table"
)

func TestAFileIsRefusedByWhatIsWrongWithIt(t *testing.T) {
	columns := table.Columns{Required: []string{"name", "email"}, Optional: []string{"born"}}
	for why, c := range map[string]struct{ file, want string }{
		"nothing in it":                  {"", "empty"},
		"UTF-16":                         {"\xff\xfen\x00a\x00", "UTF-16"},
		"another encoding in the header": {"name,email,n\xe9\n", "Line 1 is not UTF-8"},
		"another encoding in a row":      {"name,email\na,b\nZo\xeb,z\n", "Line 3 is not UTF-8"},
		"a column missing":               {"name,born\na,b\n", "lacks the columns email"},
		"no header":                      {"Zoe,zoe@example.org\n", "must name the columns"},
		"a column that is not known":     {"name,email,shoe\n", "1 columns that are not known"},
		"a column twice":                 {"name,email,born,Born\n", "born twice"},
		"a quotation mark that is open":  {"name,email\n\"a,b\nc,d\n", "line 2 is not closed"},
	} {
		t.Run(why, func(t *testing.T) {
			tab, err := table.Open(strings.NewReader(c.file), columns)
			for err == nil {
				_, err = tab.Next()
			}
			if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.SafeText(err), c.want) {
				t.Errorf("got %v, want one that says %q", err, c.want)
			}
			if strings.Contains(err.Error(), "Zoe") || strings.Contains(err.Error(), "shoe") {
				t.Errorf("it repeats what stands in the file: %v", err)
			}
		})
	}
}

func TestRowsAreReadInAnyOrderOfTheirColumns(t *testing.T) {
	tab, err := table.Open(strings.NewReader("\xef\xbb\xbfEmail, NAME\nzoe@example.org, Zoë \nshort\n"), table.Columns{Required: []string{"name", "email"}, Optional: []string{"born"}})
	if err != nil {
		t.Fatal(err)
	}
	row, err := tab.Next()
	if err != nil || row.Line != 2 || row.Get("name") != "Zoë" || row.Get("email") != "zoe@example.org" || row.Get("born") != "" {
		t.Errorf("got %+v, %v", row, err)
	}
	if row, err = tab.Next(); err != nil || row.Line != 3 || row.Refusal == "" {
		t.Errorf("a row with a cell too few: %+v, %v", row, err)
	}
	if _, err = tab.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last row: %v", err)
	}
}

func TestNoCellIsRunByASpreadsheet(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+44 20": "'+44 20", "@cmd": "'@cmd", "-x": "'-x", " =x": "' =x", "\u00a0=x": "'\u00a0=x", "＝x": "'＝x", "|x": "'|x",
		"-1.5": "-1.5", "O'Hara": "O'Hara", "": "", "zoe@example.org": "zoe@example.org",
	} {
		if got := table.Cell(cell); got != want {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}
