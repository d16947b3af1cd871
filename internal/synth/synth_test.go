package synth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"traid/internal/dqt"
	"traid/internal/dqt/dqtsql"
	"traid/internal/person"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
)

func population(t *testing.T, seed uint64, records int, o synth.Options) *synth.Population {
	t.Helper()
	p, err := synth.New(seed, records, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func register(t *testing.T, p *synth.Population) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteRegister(t.Context(), &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func claims(t *testing.T, p *synth.Population, c synth.Claims) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteClaims(t.Context(), &out, c, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rows gives the lines of a file as maps from column to cell.
func rows(t *testing.T, file []byte) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = l[i]
		}
		all = append(all, row)
	}
	return all
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	const n = 9000 // more than the workers take at once
	register := func(seed uint64) [32]byte { return sha256.Sum256(register(t, population(t, seed, n, synth.Options{}))) }
	if once, again := register(1), register(1); once != again {
		t.Error("one seed gave two registers")
	}
	if register(1) == register(2) {
		t.Error("two seeds gave one register")
	}
	claims := func(p *synth.Population, seed uint64) [32]byte {
		return sha256.Sum256(claims(t, p, synth.Claims{Number: n, Seed: seed, Mix: synth.Typical}))
	}
	p := population(t, 1, n, synth.Options{})
	if claims(p, 1) != claims(population(t, 1, n, synth.Options{}), 1) {
		t.Error("one seed gave two files of claims")
	}
	if claims(p, 1) == claims(p, 2) {
		t.Error("two seeds gave one file of claims")
	}
}

// TestALongerFileOfClaimsBeginsWithTheShorterOne holds that a file is not made
// otherwise because it is longer.
func TestALongerFileOfClaimsBeginsWithTheShorterOne(t *testing.T) {
	p := population(t, 1, 1000, synth.Options{})
	short := claims(t, p, synth.Claims{Number: 100, Seed: 1, Mix: synth.Hard})
	long := claims(t, p, synth.Claims{Number: 5000, Seed: 1, Mix: synth.Hard})
	if !bytes.HasPrefix(long, short) {
		t.Error("the claims of a longer file are others")
	}
}

// TestEveryInventedTeacherIsTakenIn imports registers, the smallest too, and
// wants no row refused or warned of.
func TestEveryInventedTeacherIsTakenIn(t *testing.T) {
	for _, n := range []int{1, 2, 3, 30, 4000} {
		file := register(t, population(t, 7, n, synth.Options{}))
		db := sqldbtest.OpenSQLite(t, "test", dqtsql.Migrations)
		svc := dqt.NewService(dqtsql.NewStore(db), dqt.Options{Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }})
		report, err := svc.Import(t.Context(), bytes.NewReader(file), dqt.ImportOptions{})
		if err != nil || len(report.Rejected) > 0 || len(report.Warnings) > 0 || report.New != n {
			t.Errorf("%d records: got %+v %v, want every row taken in", n, report, err)
		}
	}
}

// TestSamplesHaveNumbersThatNobodyHas holds that samples name no real person's NI number.
func TestSamplesHaveNumbersThatNobodyHas(t *testing.T) {
	var out bytes.Buffer
	if err := synth.WriteSample(&out, 1, 5000); err != nil {
		t.Fatal(err)
	}
	trns := map[string]bool{}
	withNINO := 0
	for _, r := range rows(t, out.Bytes()) {
		if trns[r["trn"]] {
			t.Errorf("the TRN %s stands twice", r["trn"])
		}
		trns[r["trn"]] = true
		if nino := r["national_insurance_numbers"]; nino != "" {
			withNINO++
			if !strings.HasPrefix(nino, "QQ") {
				t.Errorf("record %s: the NI number could be somebody's", r["trn"])
			}
		}
	}
	if len(trns) != 5005 || withNINO < 4000 {
		t.Errorf("got %d records, %d with an NI number, want 5005, more than 4000", len(trns), withNINO)
	}
}

// TestEveryClaimIsOneThatThePageTakes holds that errors are those that pass the
// entry's checks: nobody can send others.
func TestEveryClaimIsOneThatThePageTakes(t *testing.T) {
	p := population(t, 3, 5000, synth.Options{})
	today := person.DateOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, mix := range []synth.Mix{synth.Typical, synth.Hard, synth.Names} {
		for _, r := range rows(t, claims(t, p, synth.Claims{Number: 5000, Seed: 1, Mix: mix, Errors: 2})) {
			check := func(column string, err error) {
				t.Helper()
				if reason, _ := person.ReasonOf(err); err != nil && (column == "first_name" || column == "last_name" || reason != person.Blank) {
					t.Errorf("%s, claim %s: %s: %v", mix, r["id"], column, err)
				}
			}
			for _, column := range []string{"first_name", "last_name", "middle_name", "previous_names"} {
				_, err := person.ParseName(r[column])
				check(column, err)
			}
			year, rest, _ := strings.Cut(r["date_of_birth"], "-")
			month, day, _ := strings.Cut(rest, "-")
			_, err := person.ParseDateOfBirth(day, month, year, today)
			check("date_of_birth", err)
			_, err = person.ParseNINO(r["national_insurance_number"])
			check("national_insurance_number", err)
			_, err = person.ParseTRN(r["trn"])
			check("trn", err)
			_, err = person.ParseEmail(r["email"])
			check("email", err)
			if mix == synth.Names && r["national_insurance_number"]+r["trn"]+r["email"] != "" {
				t.Errorf("claim %s has an identifier", r["id"])
			}
		}
	}
}

func TestWhatCannotBeMadeIsRefused(t *testing.T) {
	for name, make := range map[string]func() error{
		"too many records":   func() error { _, err := synth.New(1, synth.MaxRecords+1, synth.Options{}); return err },
		"too large a sample": func() error { _, err := synth.New(1, synth.MaxSample+1, synth.Options{Sample: true}); return err },
		"fewer than none":    func() error { _, err := synth.New(1, -1, synth.Options{}); return err },
		"claims on nobody": func() error {
			return population(t, 1, 0, synth.Options{}).WriteClaims(t.Context(), io.Discard, synth.Claims{Number: 1, Mix: synth.Hard}, nil)
		},
		"a mix that is none": func() error {
			return population(t, 1, 9, synth.Options{}).WriteClaims(t.Context(), io.Discard, synth.Claims{Number: 1, Mix: "soft"}, nil)
		},
		"a file that is full": func() error { return population(t, 1, 9, synth.Options{}).WriteRegister(t.Context(), full{}, nil) },
		"fewer than no errors": func() error {
			return population(t, 1, 9, synth.Options{}).WriteClaims(t.Context(), io.Discard, synth.Claims{Mix: synth.Hard, Errors: -1}, nil)
		},
	} {
		if make() == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
