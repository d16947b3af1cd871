package dqtapi_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/fault"
	wire "traid/internal/wire/dqtv1"
)

// people are n rows of a register, all with one family name.
func people(n int, last string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%07d,active,Ann%c,,%s,,19%02d-0%d-1%d,QQ%06dA,a%d@example.org,,\n", 4000001+i, 'a'+rune(i%26), last, 40+i%60, 1+i%9, i%10, i, i)
	}
	return b.String()
}

// rows counts every row that the register's tables hold.
func (r register) rows(t *testing.T) (n int) {
	t.Helper()
	if err := r.db.View(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"records", "features", "key_pages", "cohorts", "name_words", "importing"} {
			var some int
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&some); err != nil {
				return err
			}
			n += some
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAChangeOfTheRegisterIsFoundByTheNextSearch(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		client := r.client(t, wire.ScopeIdentify, wire.ScopeSearch)
		first := func(what, want string, claim wire.Claim) {
			t.Helper()
			got, err := client.Candidates(t.Context(), wire.CandidatesRequest{Case: "c1", Claim: claim, Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			trn := ""
			if len(got.Candidates) > 0 {
				trn = got.Candidates[0].Record.TRN
			}
			if trn != want {
				t.Errorf("%s: candidates begin with %q, want %q", what, trn, want)
			}
		}
		found := func(query, want string) {
			t.Helper()
			page, err := client.Search(t.Context(), wire.SearchRequest{Query: query, Purpose: "test", Limit: 20})
			if err != nil {
				t.Fatal(err)
			}
			var trns []string
			for _, f := range page.Records {
				trns = append(trns, f.Record.TRN)
			}
			if got := strings.Join(trns, " "); got != want {
				t.Errorf("%q: found %q, want %q", query, got, want)
			}
		}
		r.load(t, "5000001,active,Beth,,Quillfeather,,1980-01-01,QQ000031A,,,\n5000002,active,Elizabeth,,Marsh,,1980-01-01,QQ000032A,,,\n")
		before := r.rows(t)
		r.load(t, "5000001,active,Beth,,Okoro,Quillfeather,1980-01-01,QQ000031A;QQ987654B,,,\n")
		first("a new name", "5000001", wire.Claim{FirstName: "Beth", LastName: "Okoro", DateOfBirth: "1981-01-01"})
		first("the name before", "5000001", wire.Claim{FirstName: "Beth", LastName: "Quillfeather"})
		first("a new NI number", "5000001", wire.Claim{NationalInsuranceNumber: "QQ987654B"})
		found("okoro", "5000001")
		found("quillfeather", "5000001")
		if got, err := client.Find(t.Context(), wire.Claim{FirstName: "Beth", DateOfBirth: "1980-01-01", NationalInsuranceNumber: "QQ987654B"}); err != nil || got.TRN != "5000001" {
			t.Errorf("the automatic check by the new NI number: %+v %v", got, err)
		}
		r.load(t, "5000001,merged:5000002,Beth,,Okoro,Quillfeather,1980-01-01,QQ000031A;QQ987654B,,,\n")
		first("a merged record's name", "5000002", wire.Claim{FirstName: "Beth", LastName: "Okoro", DateOfBirth: "1980-01-01"})
		first("a merged record's NI number", "5000002", wire.Claim{NationalInsuranceNumber: "QQ987654B"})
		first("a merged record's TRN", "5000002", wire.Claim{TRN: "5000001"})
		found("okoro", "5000002")
		found("5000001", "5000002")
		r.load(t, "5000001,active,Beth,,Quillfeather,,1980-01-01,QQ000031A,,,\n")
		first("it stands for itself again", "5000001", wire.Claim{TRN: "5000001"})
		first("the NI number is gone", "", wire.Claim{NationalInsuranceNumber: "QQ987654B"})
		found("okoro", "")
		found("elizabeth marsh", "5000002")
		if after := r.rows(t); after > before+8 { // words and keys that are no longer held leave nothing
			t.Errorf("%d rows after the record was changed there and back, %d before", after, before)
		}
	})
}

func TestACrowdIsOutlinedAsTheRegisterIsNow(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		client := r.client(t, wire.ScopeIdentify)
		first := func() string {
			got, err := client.Candidates(t.Context(), wire.CandidatesRequest{
				Case: "c1", Claim: wire.Claim{FirstName: "Karen", LastName: "Smith", DateOfBirth: "1984-03-17"}, Limit: 1,
			})
			if err != nil || len(got.Candidates) != 1 {
				t.Fatalf("%+v %v", got, err)
			}
			return got.Candidates[0].Record.TRN
		}
		const hers = "5000999,active,Kate,,Smith,,%s,,,,\n"
		var crowd strings.Builder
		for i := range 190 {
			fmt.Fprintf(&crowd, "5000%03d,active,Kate,,Smith,,1984-%02d-%02d,,,,\n", i+1, 5+i%8, 18+i%10)
		}
		r.load(t, crowd.String()+fmt.Sprintf(hers, "1984-12-30"))
		if first() == "5000999" {
			t.Fatal("she is first among others like her")
		}
		r.load(t, fmt.Sprintf(hers, "1984-02-17"))
		if got := first(); got != "5000999" {
			t.Errorf("first is %s, not she whose date of birth is nearer now", got)
		}
	})
}

func TestWhoIsBornOnADayThatStandsForAnUnknownOneIsFoundByOtherKeysAlone(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		const many = 12_000
		var rows strings.Builder
		for i := range many {
			fmt.Fprintf(&rows, "%07d,active,Ann%c%c,,Jones%c,,1901-01-01,,,,\n", 5000001+i, 'a'+rune(i%26), 'a'+rune(i/26%26), 'a'+rune(i%23))
		}
		r.load(t, rows.String()+"5999999,active,Wilhelmina,,Quillfeather,,1901-01-01,,,,\n")
		if err := r.store.View(t.Context(), func(ctx context.Context, v dqt.View) error {
			size := 0
			if err := v.Cohorts(ctx, []match.Day{19010101}, func(_ match.Day, packed string) error {
				size = len(packed)
				return nil
			}); err != nil || size <= dqt.CohortLimit {
				t.Fatalf("a cohort of %d bytes %v", size, err)
			}
			search, err := dqt.Match(ctx, r.svc.Index(v), match.Default(), dqt.Claim{
				FirstName: dqt.NewText("Wilhelmina"), LastName: dqt.NewText("Quilfeather"), DateOfBirth: dqt.NewText("1901-01-01"),
			})
			if err != nil {
				return err
			}
			if all, found := search.Found(5999999); !found || all > 200 {
				t.Errorf("compared %d, the claim's own among them: %v", all, found)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// breaking is a store whose transactions fail from the n-th on.
type breaking struct {
	dqt.Store
	left atomic.Int64
}

var errBroken = errors.New("the process was killed")

func (b *breaking) InTx(ctx context.Context, do func(ctx context.Context, tx dqt.Tx) error) error {
	if b.left.Add(-1) < 0 {
		return errBroken
	}
	return b.Store.InTx(ctx, do)
}

func TestAnImportThatIsKilledLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		r.load(t, people(8, "Before"))
		clean := r.rows(t)
		client := r.client(t, wire.ScopeIdentify, wire.ScopeSearch)
		clock := london
		for n := int64(1); ; n++ {
			b := &breaking{Store: r.store}
			b.left.Store(n)
			svc := dqt.NewService(b, dqt.Options{Now: func() time.Time { return clock }})
			_, err := svc.Import(t.Context(), strings.NewReader(header+people(8, "After")), dqt.ImportOptions{})
			page, searchErr := client.Search(t.Context(), wire.SearchRequest{Query: "before", Purpose: "test", Limit: 50})
			if searchErr != nil {
				t.Fatal(searchErr)
			}
			after, searchErr := client.Search(t.Context(), wire.SearchRequest{Query: "after", Purpose: "test", Limit: 50})
			if searchErr != nil {
				t.Fatal(searchErr)
			}
			flipped := len(after.Records) == 8 && len(page.Records) == 0
			if !flipped && (len(page.Records) != 8 || len(after.Records) != 0) {
				t.Fatalf("killed at its transaction %d: %d records as before and %d as after it", n, len(page.Records), len(after.Records))
			}
			if err == nil {
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			if n > 50 {
				t.Fatal("the import never ends")
			}
			if _, err := r.svc.Import(t.Context(), strings.NewReader(header), dqt.ImportOptions{}); !errors.Is(err, dqt.ErrImporting) && n > 1 {
				t.Errorf("while a killed import may still be at work: %v", err)
			}
			clock = clock.Add(time.Minute)
			again := dqt.NewService(r.store, dqt.Options{Now: func() time.Time { return clock }})
			if _, err := again.Import(t.Context(), strings.NewReader(header+people(8, "Before")), dqt.ImportOptions{}); err != nil {
				t.Fatal(err)
			}
			if rows := r.rows(t); rows != clean {
				t.Fatalf("killed at its transaction %d and begun again: %d rows, want %d", n, rows, clean)
			}
		}
	})
}

func TestReadersSeeAnImportWholeOrNotAtAllWhileItIsAtWork(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		const n = 100
		r.load(t, people(n, "Before"))
		done := make(chan error, 1)
		go func() {
			var err error
			for i := 0; i < 4 && err == nil; i++ {
				_, err = r.svc.Import(t.Context(), strings.NewReader(header+people(n, []string{"After", "Before"}[i%2])), dqt.ImportOptions{})
			}
			done <- err
		}()
		looks := 0
		for {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				if looks == 0 {
					t.Error("nothing was read while the imports were at work")
				}
				return
			default:
			}
			looks++
			seen := map[string]int{}
			if err := r.store.View(t.Context(), func(ctx context.Context, v dqt.View) error {
				var f match.Features
				return v.EachCohort(ctx, func(_ match.Day, packed string) error {
					return match.EachMember(packed, func(_ match.ID, features string) error {
						err := f.Unpack(features)
						seen[strings.Clone(f.LastName())]++
						return err
					})
				})
			}); err != nil {
				t.Fatal(err)
			}
			if len(seen) != 1 || seen["before"]+seen["after"] != n {
				t.Fatalf("one look at the register saw %v", seen)
			}
			if err := r.store.InTx(t.Context(), func(ctx context.Context, tx dqt.Tx) error {
				return tx.Audit(ctx, dqt.Audit{At: london, Client: "test", Action: "search"})
			}); err != nil { // nor does a writer wait for the import's end
				t.Fatal(err)
			}
		}
	})
}

func TestACompleteFileTakesAwayWhatItLacks(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		r.load(t, people(200, "Lee"))
		rows := strings.SplitAfter(people(200, "Lee"), "\n")
		report, err := r.svc.Import(t.Context(), strings.NewReader(header+strings.Join(rows[1:], "")), dqt.ImportOptions{Complete: true})
		if err != nil || report.Gone != 1 || report.Unchanged != 199 {
			t.Fatalf("%+v %v", report, err)
		}
		client := r.client(t, wire.ScopeIdentify, wire.ScopeSearch)
		if _, err := client.Show(t.Context(), "4000001"); !fault.Is(err, fault.NotFound) {
			t.Errorf("the record that is gone: %v", err)
		}
		if got, err := client.Candidates(t.Context(), wire.CandidatesRequest{Case: "c1", Claim: wire.Claim{NationalInsuranceNumber: "QQ000000A", TRN: "4000001"}, Limit: 20}); err != nil || strings.Contains(fmt.Sprint(got.Candidates), "TRN:4000001") {
			t.Errorf("it is a candidate still: %+v %v", got, err)
		}
		if err := r.db.View(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var left int
			err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM records WHERE id >> 32 = 4000001").Scan(&left)
			if left != 0 {
				t.Errorf("%d rows of it are left", left)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
