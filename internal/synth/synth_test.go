package synth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"traid/internal/dqt"
	"traid/internal/dqt/dqtsql"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/synth"
)

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	sum := func(seed uint64) [32]byte {
		var out bytes.Buffer
		if err := synth.WriteRegister(&out, seed, 500); err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(out.Bytes())
	}
	first, again, other := sum(1), sum(1), sum(2)
	if first != again {
		t.Error("one seed gave two registers")
	}
	if first == other {
		t.Error("two seeds gave one register")
	}
}

// TestEveryInventedTeacherIsTakenIn imports a register and wants no row refused,
// no TRN or NI number twice, and no NI number that a person could have.
func TestEveryInventedTeacherIsTakenIn(t *testing.T) {
	const n = 2000
	var out bytes.Buffer
	if err := synth.WriteRegister(&out, 7, n); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	trns, ninos := map[string]bool{}, map[string]bool{}
	for _, r := range rows[1:] {
		if trns[r[0]] || r[7] != "" && ninos[r[7]] || r[7] != "" && !strings.HasPrefix(r[7], "QQ") {
			t.Errorf("row %v: an identifier stands twice, or could be somebody's", r)
		}
		trns[r[0]], ninos[r[7]] = true, true
	}
	db := sqldbtest.OpenSQLite(t, "test", dqtsql.Migrations)
	svc := dqt.NewService(dqtsql.NewStore(db), dqt.Options{Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }})
	report, err := svc.Import(t.Context(), &out, dqt.ImportOptions{})
	if err != nil || len(report.Rejected) > 0 || len(report.Warnings) > 0 || report.New != len(rows)-1 || report.New < n {
		t.Errorf("got %+v %v, want every row taken in", report, err)
	}
}
