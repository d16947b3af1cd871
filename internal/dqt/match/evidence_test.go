package match

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// pairs are claims and records that a clerk would know what to say of.
var pairs = []struct {
	what          string
	claim, record Description
}{
	{"everything agrees", saying("Grace", "Adeyemi", "1991-06-04", "QQ111111A", "9110001", "grace@example.org"), saying("Grace", "Adeyemi", "1991-06-04", "QQ111111A", "9110001", "grace@example.org")},
	{"a married name, the maiden name claimed too", changed(saying("Sarah", "Whitfield", "1984-02-17", "QQ222222B", "", ""), func(d *Description) { d.Previous = []Name{{Last: "Marsh"}} }), saying("Sarah", "Marsh", "1984-02-17", "QQ222222B", "8400002", "")},
	{"a married name that the register has, claimed by the maiden name", saying("Sarah", "Marsh", "1984-02-17", "", "", ""), changed(saying("Sarah", "Whitfield", "1984-02-17", "", "8400003", ""), func(d *Description) { d.Previous = []Name{{Last: "Marsh"}} })},
	{"a married name that nobody knew, in the email address", saying("Sarah", "Whitfield", "1984-02-17", "", "", "sarah.marsh84@example.org"), saying("Sarah", "Marsh", "1984-02-17", "", "8400004", "")},
	{"a short form", saying("Liz", "Okoro", "1979-11-30", "QQ333333C", "", ""), saying("Elizabeth", "Okoro", "1979-11-30", "QQ333333C", "7900005", "")},
	{"called by the middle name", saying("James", "Pritchard", "1966-01-09", "", "6600006", ""), changed(saying("Owen", "Pritchard", "1966-01-09", "", "6600006", ""), func(d *Description) { d.Middle = "James" })},
	{"day and month swapped", saying("Fatima", "Begum", "1990-04-07", "QQ444444D", "", ""), saying("Fatima", "Begum", "1990-07-04", "QQ444444D", "9000007", "")},
	{"the year mistyped", saying("Tomasz", "Wójcik", "1985-10-12", "", "8500008", ""), saying("Tomasz", "Wojcik", "1986-10-12", "", "8500008", "")},
	{"a slip in the family name", saying("Peter", "Thomspon", "1972-03-21", "QQ555555A", "", ""), saying("Peter", "Thompson", "1972-03-21", "QQ555555A", "7200009", "")},
	{"spelt by ear", saying("Siobhan", "Neil", "1979-03-02", "", "7900010", ""), saying("Shivaun", "Neal", "1979-03-02", "", "7900010", "")},
	{"first and family name swapped", saying("Nguyen", "Linh", "1995-08-15", "QQ666666B", "", ""), saying("Linh", "Nguyen", "1995-08-15", "QQ666666B", "9500011", "")},
	{"half of a double-barrelled name", saying("Amara", "Marsh", "1988-12-01", "", "", "amara@example.org"), saying("Amara", "Okoro-Marsh", "1988-12-01", "", "8800012", "amara@example.org")},
	{"two digits of the NI number swapped", saying("Harriet", "Lindqvist", "1982-05-05", "QQ123465C", "", ""), saying("Harriet", "Lindqvist", "1982-05-05", "QQ123456C", "8200013", "")},
	{"a digit of the TRN", saying("Mohammed", "Rahman", "1993-09-19", "", "9300041", ""), saying("Muhammad", "Rahman", "1993-09-19", "", "9300014", "")},
	{"somebody else's TRN", saying("Joanne", "Castle", "1970-06-30", "QQ777777C", "8812345", ""), saying("Joanne", "Castle", "1970-06-30", "QQ777777C", "7000015", "")},
	{"an initial", saying("J", "Castle", "1970-06-30", "", "", ""), saying("Joanne", "Castle", "1970-06-30", "", "7000016", "")},
	{"a twin", saying("Maria", "Petrov", "1998-01-22", "QQ888888D", "", ""), saying("Elena", "Petrov", "1998-01-22", "QQ888889D", "9800017", "")},
	{"a parent of the same name", saying("David", "Hughes", "1988-03-14", "QQ999999A", "", ""), saying("David", "Hughes", "1959-11-02", "QQ121212A", "5900018", "")},
	{"1 January on both sides", saying("Ahmed", "Osman", "1985-01-01", "", "", ""), saying("Ahmed", "Osman", "1985-01-01", "", "8500019", "")},
	{"nothing but the date of birth", saying("Oluwaseun", "Balogun", "1984-02-17", "", "", ""), saying("Karen", "Smith", "1984-02-17", "QQ131313B", "8400020", "karen@example.org")},
}

func saying(first, last, born, nino, trn, email string) Description {
	d := Description{First: first, Last: last, DateOfBirth: born, Email: email}
	if nino != "" {
		d.NINOs = []string{nino}
	}
	if trn != "" {
		d.TRNs = []string{trn}
	}
	return d
}

func changed(d Description, change func(*Description)) Description {
	change(&d)
	return d
}

// TestEvidenceReadsAsAClerkWouldSayIt pins levels and weights in a register of
// two million in which a few names are common.
func TestEvidenceReadsAsAClerkWouldSayIt(t *testing.T) {
	common := map[Key]int{
		countLastKey("smith"): 26_000, countLastKey("hughes"): 4_000, countLastKey("begum"): 3_000, countLastKey("thompson"): 6_000,
		countFirstKey("sarah"): 30_000, countFirstKey("david"): 26_000, countFirstKey("peter"): 12_000, countFirstKey("karen"): 9_000,
		countFirstKey("fatima"): 3_000, countFirstKey("elizabeth"): 11_000,
	}
	var out strings.Builder
	for _, p := range pairs {
		evidence, total := compared(p.claim, p.record, 2_000_000, func(k Key) int { return common[k] })
		fmt.Fprintf(&out, "%s: %.2f\n", p.what, total)
		for _, e := range evidence {
			fmt.Fprintf(&out, "\t%-26s %-18s %7.2f  %s | %s\n", e.Field, e.Level, e.Bits, e.Claimed.Reveal(), e.Recorded.Reveal())
		}
	}
	const golden = "testdata/evidence.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != out.String() {
		t.Errorf("evidence (%v); UPDATE_GOLDEN=1 writes it anew:\n%s", err, out.String())
	}
}
