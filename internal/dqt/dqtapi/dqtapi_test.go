package dqtapi_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/dqt"
	"traid/internal/dqt/dqtapi"
	"traid/internal/dqt/dqtsql"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	wire "traid/internal/wire/dqtv1"
)

// london is noon of the day on which these tests play.
var london = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func now() time.Time { return london }

const header = "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts\n"

// register serves a register over HTTP.
type register struct {
	svc    *dqt.Service
	store  *dqtsql.Store
	access *access.Store
	db     *sqldb.DB
	url    string
}

func each(t *testing.T, test func(t *testing.T, r register)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		store := dqtsql.NewStore(db)
		r := register{svc: dqt.NewService(store, dqt.Options{Now: now}), store: store, access: access.New(db, now), db: db}
		mux := http.NewServeMux()
		dqtapi.Mount(httpd.NewAPI(mux, httpd.APIOptions{Title: "dqt", Version: "1", Auth: r.access, PerMinute: 100_000}), r.svc)
		site, err := httpd.Site(mux, httpd.SiteOptions{Service: "dqt"})
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(site)
		t.Cleanup(srv.Close)
		r.url = srv.URL
		test(t, r)
	}, access.Migrations, dqtsql.Migrations)
}

func (r register) client(t *testing.T, scopes ...string) *wire.Client {
	t.Helper()
	token, err := r.access.CreateToken(t.Context(), "test", scopes, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return wire.NewClient(httpd.ClientOptions{BaseURL: r.url, Token: token})
}

func (r register) load(t *testing.T, rows string) dqt.ImportReport {
	t.Helper()
	report, err := r.svc.Import(t.Context(), strings.NewReader(header+rows), dqt.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checkCase is one case of record_check.json: the records the register holds,
// a claim, and what the automatic check says.
type checkCase struct {
	ID       string `json:"id"`
	Register []struct {
		TRN                      string   `json:"trn"`
		Status                   string   `json:"status"`
		FirstName                string   `json:"first_name"`
		MiddleName               string   `json:"middle_name"`
		LastName                 string   `json:"last_name"`
		DateOfBirth              string   `json:"date_of_birth"`
		NationalInsuranceNumbers []string `json:"national_insurance_numbers"`
	} `json:"register"`
	Claim    wire.Claim `json:"claim"`
	Expected struct {
		Result, TRN, Basis, Reason string
	} `json:"expected"`
}

func checkCases(t *testing.T) []checkCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/record_check.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Cases []checkCase }
	if err := json.Unmarshal(raw, &f); err != nil || len(f.Cases) == 0 {
		t.Fatalf("record_check.json: %v, %d cases", err, len(f.Cases))
	}
	return f.Cases
}

func csvText(t *testing.T, rows ...[]string) string {
	t.Helper()
	var out strings.Builder
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGivenCasesOfTheAutomaticCheck plays every case over HTTP and as a line of
// a claims file, and wants the same answer of both.
func TestGivenCasesOfTheAutomaticCheck(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		client := r.client(t, wire.ScopeIdentify)
		for _, c := range checkCases(t) {
			known := map[string]bool{}
			var rows [][]string
			for _, rec := range c.Register {
				known[rec.TRN] = true
				rows = append(rows, []string{
					rec.TRN, rec.Status, rec.FirstName, rec.MiddleName, rec.LastName, "", rec.DateOfBirth,
					strings.Join(rec.NationalInsuranceNumbers, ";"), "", "", "",
				})
			}
			r.empty(t)
			if report := r.load(t, csvText(t, rows...)); len(report.Rejected) > 0 {
				t.Fatalf("%s: refused rows %+v", c.ID, report.Rejected)
			}
			got, err := client.Find(t.Context(), c.Claim)
			want := wire.FindResult{Result: c.Expected.Result, TRN: c.Expected.TRN, Basis: c.Expected.Basis, Reason: c.Expected.Reason}
			if err != nil || got != want {
				t.Errorf("%s over HTTP: got %+v %v, want %+v", c.ID, got, err, want)
			}
			claims := csvText(t,
				strings.Split("id,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_number,trn,email", ","),
				[]string{c.ID, c.Claim.FirstName, "", c.Claim.LastName, "", c.Claim.DateOfBirth, c.Claim.NationalInsuranceNumber, c.Claim.TRN, ""})
			var out bytes.Buffer
			if _, err := r.svc.MatchFile(t.Context(), strings.NewReader(claims), &out, dqt.MatchOptions{}); err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(lines) != 2 || fmt.Sprint(lines[1][:5]) != fmt.Sprint([]string{c.ID, want.Result, want.TRN, want.Basis, want.Reason}) {
				t.Errorf("%s in a file: got %v %v, want %+v", c.ID, lines, err, want)
			}
		}
	})
}

// empty deletes every record of the register.
func (r register) empty(t *testing.T) {
	t.Helper()
	if err := r.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"records", "features", "key_pages", "cohorts", "name_words", "imports"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTheRuleFollowsMergesAndEveryNINumberHeld(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		r.load(t, `1000001,merged:1000002,Ann,,Lee,,1980-01-01,QQ000001A,,,
1000002,merged:1000003,Ann,,Lee,,1980-01-01,,,,
1000003,active,Ann,Jo,Lee,Ray;Zoe May,1980-01-01,QQ000003A;QQ000004A,,,T1:2020-01-01::in force
1000004,active,Bob,,Lee,,1980-01-01,QQ000004A,,,
1000005,merged:1000006,Cy,,Lee,,1980-01-01,,,,
1000006,inactive,Cy,,Lee,,1980-01-01,QQ000006A,,,
`)
		client := r.client(t, wire.ScopeIdentify, wire.ScopeAlertExists)
		claim := func(first, trn, nino string) wire.Claim {
			return wire.Claim{FirstName: first, LastName: "X", DateOfBirth: "1980-01-01", TRN: trn, NationalInsuranceNumber: nino}
		}
		for what, c := range map[string]struct {
			claim wire.Claim
			want  wire.FindResult
		}{
			"a merged TRN leads to the survivor":       {claim("Ann", "1000001", ""), wire.FindResult{Result: "match", TRN: "1000003", Basis: "trn"}},
			"an inactive survivor does not count":      {claim("Cy", "1000005", ""), wire.FindResult{Result: "no_match", Reason: "not_found"}},
			"a merged record's NI number is not live":  {claim("Ann", "", "QQ000001A"), wire.FindResult{Result: "no_match", Reason: "not_found"}},
			"an NI number held by two":                 {claim("Ann", "", "qq 00 00 04 a"), wire.FindResult{Result: "no_match", Reason: "several_records"}},
			"the TRN decides between the two":          {claim("Ann", "1000003", "QQ000004A"), wire.FindResult{Result: "match", TRN: "1000003", Basis: "trn"}},
			"identifiers of two people contradict":     {claim("Bob", "1000004", "QQ000003A"), wire.FindResult{Result: "no_match", Reason: "identifiers_conflict"}},
			"the suffix letter counts":                 {claim("Ann", "", "QQ000003B"), wire.FindResult{Result: "no_match", Reason: "not_found"}},
			"another date of birth":                    {wire.Claim{FirstName: "Ann", DateOfBirth: "1980-01-02", TRN: "1000003"}, wire.FindResult{Result: "no_match", Reason: "not_found"}},
			"a date that is none is refused by nobody": {wire.Claim{FirstName: "Ann", DateOfBirth: "soon", TRN: "1000003"}, wire.FindResult{Result: "no_match", Reason: "not_found"}},
		} {
			if got, err := client.Find(t.Context(), c.claim); err != nil || got != c.want {
				t.Errorf("%s: got %+v %v, want %+v", what, got, err, c.want)
			}
		}
		shown, err := client.Show(t.Context(), "1000001")
		if err != nil || shown.Record.TRN != "1000003" || shown.MergedFrom == nil || *shown.MergedFrom != "1000001" {
			t.Errorf("show of a merged TRN: got %+v %v", shown, err)
		}
		if n := shown.Record.NationalInsuranceNumbers; len(n) != 2 || n[0] != "******03A" || shown.Record.Alerts != nil {
			t.Errorf("without the scopes: got NI numbers %v and alerts %v, want masked and none", n, shown.Record.Alerts)
		}
		if got, err := client.AlertExists(t.Context(), "1000001"); err != nil || !got.OpenAlert {
			t.Errorf("alert of the survivor: got %+v %v, want open", got, err)
		}
		if _, err := client.Show(t.Context(), "7777777"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a TRN without a record: got %v, want not found", err)
		}
		all := r.client(t, wire.ScopeIdentify, wire.ScopeSearch, wire.ScopeAlerts)
		if shown, err := all.Show(t.Context(), "1000003"); err != nil || shown.Record.NationalInsuranceNumbers[0] != "QQ000003A" || len(shown.Record.Alerts) != 1 || !shown.Record.Alerts[0].Open {
			t.Errorf("with the scopes: got %+v %v", shown, err)
		}
		if _, err := client.Search(t.Context(), wire.SearchRequest{Query: "lee", Purpose: "test"}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("search without its scope: got %v, want our credentials refused", err)
		}
	})
}

func TestSearchAndCandidatesFindAndSayWhy(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		r.load(t, `2000001,active,Siobhan,,O'Neill,Murphy,1979-03-02,QQ000011A,siobhan@example.org,2001-08-01,
2000002,active,Peter,,Neal,,1979-03-02,,,,
2000003,active,Łukasz,,Nowak,,1990-12-24,QQ000013A,,,
2000004,inactive,Ann,,Neale,,1990-01-01,,,,
`)
		client := r.client(t, wire.ScopeIdentify, wire.ScopeSearch)
		for query, want := range map[string]string{
			"oneal siobh": "2000001 last_name_sounds_like", "murphy": "2000001 previous_name", "2 March 1979 peter": "2000002 date_of_birth",
			"QQ 00 00 13 A": "2000003 national_insurance_number", "lukasz": "2000003 first_name", "SIOBHAN@example.org": "2000001 email",
			"RP 20/00002": "2000002 trn", "24/12/90": "2000003 date_of_birth",
		} {
			page, err := client.Search(t.Context(), wire.SearchRequest{Query: query, Purpose: "test"})
			trn, by, _ := strings.Cut(want, " ")
			if err != nil || len(page.Records) == 0 || page.Records[0].Record.TRN != trn || !strings.Contains(strings.Join(page.Records[0].FoundBy, " "), by) {
				t.Errorf("%q: got %+v %v, want first %s", query, page.Records, err, want)
			}
		}
		for name, c := range map[string]struct {
			ask  wire.SearchRequest
			want string
		}{
			"everybody":               {wire.SearchRequest{}, "[2000002 2000004]"},
			"active records":          {wire.SearchRequest{Status: "active"}, "[2000002]"},
			"inactive records":        {wire.SearchRequest{Status: "inactive"}, "[2000004]"},
			"born in 1985 or later":   {wire.SearchRequest{BornFrom: 1985}, "[2000004]"},
			"born in 1985 or earlier": {wire.SearchRequest{BornTo: 1985}, "[2000002]"},
			"born from 1970 to 1979":  {wire.SearchRequest{BornFrom: 1970, BornTo: 1979, Status: "active"}, "[2000002]"},
		} {
			c.ask.Query, c.ask.Purpose = "neal", "test"
			page, err := client.Search(t.Context(), c.ask)
			var got []string
			for _, f := range page.Records {
				got = append(got, f.Record.TRN)
			}
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%s: got %v %v, want %s", name, got, err, c.want)
			}
		}
		if _, err := client.Search(t.Context(), wire.SearchRequest{Query: "neal", Purpose: "test", BornFrom: 1980, BornTo: 1979}); !fault.Is(err, fault.Invalid) {
			t.Errorf("years the wrong way round: %v, want them refused", err)
		}
		if page, err := client.Search(t.Context(), wire.SearchRequest{Query: "zzz", Purpose: "test"}); err != nil || len(page.Records) != 0 {
			t.Errorf("nobody: got %+v %v", page, err)
		}
		if _, err := client.Search(t.Context(), wire.SearchRequest{Query: "lee"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a purpose: got %v, want it refused", err)
		}
		got, err := client.Candidates(t.Context(), wire.CandidatesRequest{Case: "c1", Claim: wire.Claim{
			FirstName: "Shiobhan", LastName: "O’Neil", DateOfBirth: "1979-02-03", NationalInsuranceNumber: "QQ000011A",
		}})
		if err != nil || len(got.Candidates) == 0 || got.Candidates[0].Record.TRN != "2000001" || len(got.Candidates[0].Evidence) < 3 {
			t.Fatalf("candidates: got %+v %v, want 2000001 first with its evidence", got, err)
		}
		var sum float64
		for _, e := range got.Candidates[0].Evidence {
			sum += e.Bits
		}
		if d := sum - got.Candidates[0].Bits; d > 0.01 || d < -0.01 {
			t.Errorf("the evidence adds up to %.3f, the candidate has %.3f bits", sum, got.Candidates[0].Bits)
		}
	})
}

func TestAnImportIsWholeOrNothingAndTheSameAgainChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		rows := "3000001,active,Ann,,Lee,,1980-01-01,QQ000021A,,,\n3000002,active,Bob,,Ray,,1981-01-01,,,,\n12,active,Cy,,X,,1981-01-01,,,,\n3000003,sleeping,Di,,Y,,1981-01-01,,,,\n"
		first := r.load(t, rows)
		if first.New != 2 || len(first.Rejected) != 2 || first.Rejected[0].Line != 4 || first.Rejected[1].Line != 5 {
			t.Errorf("first: got %+v, want 2 new and lines 4 and 5 refused", first)
		}
		again := r.load(t, rows)
		if again.New != 0 || again.Changed != 0 || again.Unchanged != 2 {
			t.Errorf("again: got %+v, want nothing changed", again)
		}
		changed := r.load(t, "3000001,active,Ann,,Lee-Ray,Lee,1980-01-01,QQ000021A,,,\n")
		if changed.Changed != 1 {
			t.Errorf("changed: got %+v", changed)
		}
		client := r.client(t, wire.ScopeSearch)
		if page, err := client.Search(t.Context(), wire.SearchRequest{Query: "lee-ray", Purpose: "test"}); err != nil || len(page.Records) != 1 || page.RegisterAsAt == nil || !page.RegisterAsAt.Equal(london) {
			t.Errorf("the new name: got %+v %v", page, err)
		}
		for what, file := range map[string]string{
			"UTF-16": "\xff\xfet\x00", "no header": "3000001,active\n", "a missing column": strings.Replace(header, ",alerts", "", 1) + "x\n",
			"not UTF-8": header + "3000009,active,Ann\xff,,Lee,,1980-01-01,,,,\n", "empty": "", "a million columns": strings.Repeat("a,", 1_000_000) + "\n",
			"a quotation mark that is not closed": header + "3000009,active,\"Ann" + strings.Repeat("x", 2<<20),
		} {
			if _, err := r.svc.Import(t.Context(), strings.NewReader(file), dqt.ImportOptions{}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want the file refused", what, err)
			}
		}
		if _, err := r.svc.Import(t.Context(), strings.NewReader(header+"3000001,active,Ann,,Lee-Ray,Lee,1980-01-01,QQ000021A,,,\n"), dqt.ImportOptions{Complete: true}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a complete file that lacks half: got %v, want it refused", err)
		}
	})
}

func TestProblemsNameEveryWrongFieldAndRepeatNoValue(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		token, err := r.access.CreateToken(t.Context(), "test", []string{wire.ScopeIdentify}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		send := func(token, path, body string) (*http.Response, string) {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Content-Type", "application/json")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var text bytes.Buffer
			_, _ = text.ReadFrom(res.Body)
			return res, text.String()
		}
		for what, c := range map[string]struct {
			token, path, body string
			status            int
			says              []string
		}{
			"wrong fields":     {token, "/api/v1/teachers/find", `{"first_name":7,"planted":"Zebedee","previous_names":[{"first_name":["Zebedee"]}]}`, 422, []string{`"/first_name"`, `"/planted"`, `"/previous_names/0/first_name"`}},
			"a TRN that is no": {token, "/api/v1/teachers/show", `{"trn":"Zebedee"}`, 422, []string{`"/trn"`}},
			"not JSON":         {token, "/api/v1/teachers/find", `{"first_name":"Zebedee`, 400, []string{"urn:traid:problem:malformed"}},
			"another's token":  {"Zebedee", "/api/v1/teachers/find", `{}`, 401, []string{"urn:traid:problem:unauthenticated"}},
			"without a scope":  {token, "/api/v1/teachers/search", `{"query":"Zebedee"}`, 403, []string{"urn:traid:problem:forbidden"}},
			"an unknown path":  {token, "/api/v1/teachers/zebedee", `{}`, 404, []string{"urn:traid:problem:not_found"}},
		} {
			res, text := send(c.token, c.path, c.body)
			if res.StatusCode != c.status || strings.Contains(text, "Zebedee") || res.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("%s: got %d %s %s, want %d, a problem, and no value of the request", what, res.StatusCode, res.Header, text, c.status)
			}
			for _, say := range c.says {
				if !strings.Contains(text, say) {
					t.Errorf("%s: %s does not name %s", what, text, say)
				}
			}
		}
	})
}

// An alert is in force from its first day to its last one, both as London has
// them, and so is one whose days cannot be read.
func TestAnAlertIsOpenInLondonToday(t *testing.T) {
	const noon, beforeMidnight, afterMidnight = "2026-07-10T11:00:00Z", "2026-07-09T22:59:59Z", "2026-07-09T23:00:00Z" // 10 July begins at 23:00
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var clock time.Time
		trn, err := person.NewTRN("1000001")
		if err != nil {
			t.Fatal(err)
		}
		svc := dqt.NewService(dqtsql.NewStore(db), dqt.Options{Now: func() time.Time { return clock }})
		for what, c := range map[string]struct {
			at, alert string
			open      bool
		}{
			"its first day, in London before it is one in UTC": {afterMidnight, "T1:2026-07-10::x", true},
			"the evening before its first day":                 {beforeMidnight, "T1:2026-07-10::x", false},
			"its last day":                                     {noon, "T1:2020-01-01:2026-07-10:x", true},
			"the last second of its last day":                  {beforeMidnight, "T1:2020-01-01:2026-07-09:x", true},
			"the day after, in London before it is one in UTC": {afterMidnight, "T1:2020-01-01:2026-07-09:x", false},
			"without an end":                                   {noon, "T1:2020-01-01::x", true},
			"without a beginning":                              {noon, "T1:::x", true},
			"an end that cannot be read":                       {noon, "T1:2020-01-01:31/02/2021:x", true},
			"a beginning that cannot be":                       {noon, "T1:soon::x", true},
			"over, from an unread day on":                      {noon, "T1:soon:2020-01-01:x", false},
			"in winter, London is at UTC":                      {"2026-12-09T23:59:59Z", "T1:2020-01-01:2026-12-09:x", true},
		} {
			clock, _ = time.Parse(time.RFC3339, c.at)
			if _, err := svc.Import(t.Context(), strings.NewReader(header+"1000001,active,Ann,,Lee,,1980-01-01,,,,"+c.alert+"\n"), dqt.ImportOptions{}); err != nil {
				t.Fatal(err)
			}
			shown, err := svc.Show(t.Context(), trn)
			if err != nil || len(shown.Record.Alerts) != 1 {
				t.Fatalf("%s: %d alerts, %v", what, len(shown.Record.Alerts), err)
			}
			if got := svc.HasOpenAlert(shown.Record); got != c.open {
				t.Errorf("%s: open %t at %s, want %t", what, got, c.at, c.open)
			}
		}
	}, dqtsql.Migrations)
}

func TestTheStateOfAlertsChangesWithTheOpenOnesAndTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, r register) {
		client := r.client(t, wire.ScopeAlertExists)
		state := func(trn, alerts string) string {
			t.Helper()
			r.load(t, trn+",active,Ann,,Lee,,1980-01-01,,,,"+alerts+"\n")
			got, err := client.AlertExists(t.Context(), trn)
			if err != nil || got.OpenAlert == (got.State == "") {
				t.Fatalf("%s: got %+v %v, want a state with an open alert alone", alerts, got, err)
			}
			return got.State
		}
		const one, ended = "T1:2020-01-01::in force", "T2:2019-01-01:2019-02-01:over"
		first := state("1000001", one)
		for alerts, same := range map[string]bool{
			one:                               true,
			"T1:2020-01-01::as it was said":   true,
			one + ";" + ended:                 true,
			one + ";T2:2021-01-01::another":   false,
			"T2:2020-01-01::another":          false,
			"T1:2020-01-02::from another day": false,
			ended:                             false,
		} {
			if got := state("1000001", alerts); (got == first) != same {
				t.Errorf("%s: got %s after %s, want the same: %t", alerts, got, first, same)
			}
		}
		if state("1000002", one) == first {
			t.Error("two records with the same alert can be told")
		}
	})
}
