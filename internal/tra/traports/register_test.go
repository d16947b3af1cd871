package traports_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/access"
	"traid/internal/dqt"
	"traid/internal/dqt/dqtapi"
	"traid/internal/dqt/dqtsql"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
	"traid/internal/tra/traports"
	wire "traid/internal/wire/dqtv1"
)

const rows = `trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts
2000001,active,Siobhan,Ann,O'Neill,Mary Murphy;Byrne,1979-03-02,QQ000011A,siobhan@example.org,2001-08-01,T1:2020-01-01::in force
2000002,inactive,Peter,,Neal,,,,,,
2000003,merged:2000001,Siobhan,,Neill,,1979-03-02,,,,
`

// newRegister serves a register and gives it as tra sees it.
func newRegister(t *testing.T, now func() time.Time, csv string) *traports.Register {
	t.Helper()
	db := sqldbtest.OpenSQLite(t, "dqt", access.Migrations, dqtsql.Migrations)
	svc := dqt.NewService(dqtsql.NewStore(db), dqt.Options{Now: now})
	if csv != "" {
		if report, err := svc.Import(t.Context(), strings.NewReader(csv), dqt.ImportOptions{}); err != nil || len(report.Rejected) > 0 {
			t.Fatalf("import: %+v %v", report.Rejected, err)
		}
	}
	tokens := access.New(db, now)
	token, err := tokens.CreateToken(t.Context(), "tra", []string{wire.ScopeIdentify, wire.ScopeSearch, wire.ScopeAlerts}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	dqtapi.Mount(httpd.NewAPI(mux, httpd.APIOptions{Title: "dqt", Version: "1", Auth: tokens}), svc)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return traports.NewRegister(wire.NewClient(httpd.ClientOptions{BaseURL: srv.URL, Token: token}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// see lets cmp look into person's values, which hide themselves.
var see = cmp.Options{
	cmp.Transformer("reveal", func(v person.Name) string { return v.Reveal() }),
	cmp.Transformer("reveal", func(v person.TRN) string { return v.Reveal() }),
	cmp.Transformer("reveal", func(v person.Date) string { return v.Reveal() }),
	cmp.Transformer("reveal", func(v person.Text) string { return v.Reveal() }),
}

func TestTheRegistersRecordsAreReadWhole(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r := newRegister(t, func() time.Time { return at }, rows)
	name := func(s string) person.Name { return must(person.ParseName(s)) }
	neal := tra.Record{TRN: must(person.NewTRN("2000002")), FirstName: name("Peter"), LastName: name("Neal")}
	siobhan := tra.Record{
		TRN: must(person.NewTRN("2000001")), Active: true, FirstName: name("Siobhan"), MiddleName: name("Ann"), LastName: name("O'Neill"),
		PreviousNames: []person.FullName{{First: name("Mary"), Last: name("Murphy")}, {Last: name("Byrne")}},
		DateOfBirth:   must(person.ParseDate("1979-03-02")), QTSDate: must(person.ParseDate("2001-08-01")),
		NINOs: []person.Text{person.NewText("QQ000011A")},
	}
	for trn, want := range map[string]tra.Record{"2000001": siobhan, "2000003": siobhan, "2000002": neal} {
		got, asAt, err := r.Show(t.Context(), must(person.NewTRN(trn)))
		if trn != "2000002" {
			if len(got.Alerts) != 1 || got.Alerts[0].Code != "T1" || !got.Alerts[0].Open || !got.Alerts[0].Prohibition || got.Alerts[0].Internal || got.Alerts[0].Start != "2020-01-01" || got.Alerts[0].End != "" || got.Alerts[0].Details.Reveal() != "in force" || got.Alerts[0].Name == "" || got.Alerts[0].Category == "" {
				t.Errorf("%s: got the alerts %+v, want T1 in force", trn, got.Alerts)
			}
			got.Alerts = nil
		}
		if diff := cmp.Diff(want, got, see); err != nil || diff != "" || !asAt.Equal(at) {
			t.Errorf("%s: %v as at %v %s", trn, err, asAt, diff)
		}
	}
	if _, _, err := r.Show(t.Context(), must(person.NewTRN("7777777"))); !fault.Is(err, fault.NotFound) {
		t.Errorf("no record: got %v, want not found", err)
	}

	found, asAt, err := r.Search(t.Context(), tra.Looking{Case: id}, tra.Query{Text: person.NewText("neal")}, 20)
	if err != nil || len(found) == 0 || found[0].Record.LastName.Reveal() != "Neal" || len(found[0].FoundBy) == 0 || !asAt.Equal(at) {
		t.Errorf("search: got %d found %v as at %v, want Neal and why", len(found), err, asAt)
	}
	if one, _, err := r.Search(t.Context(), tra.Looking{Case: id}, tra.Query{Text: person.NewText("siobhan peter")}, 1); err != nil || len(one) != 1 {
		t.Errorf("a page of one: got %d %v", len(one), err)
	} else if next, _, err := r.Search(t.Context(), tra.Looking{Case: id}, tra.Query{Text: person.NewText("siobhan peter"), After: one[0].Record.TRN}, 1); err != nil || len(next) != 1 || next[0].Record.TRN == one[0].Record.TRN {
		t.Errorf("the next page: got %+v %v, want the other", next, err)
	}

	list, asAt, err := r.Candidates(t.Context(), id, tra.Claim{
		FirstName: name("Shivaun"), LastName: name("O'Neill"), PreviousNames: []person.FullName{{Last: name("Murphy")}},
		DateOfBirth: must(person.ParseDate("1979-03-02")), NINO: must(person.ParseNINO("QQ000011A")),
	}, 5)
	if err != nil || len(list) == 0 || list[0].Record.TRN.Reveal() != "2000001" || list[0].Bits <= 0 || list[0].Probability <= 0 || !asAt.Equal(at) {
		t.Fatalf("candidates: got %d %v as at %v, want 2000001 first", len(list), err, asAt)
	}
	for _, e := range list[0].Evidence {
		if e.Field == "national_insurance_number" && (e.Claimed.Reveal() != "QQ000011A" || e.Recorded.Reveal() != "QQ000011A" || e.Bits <= 0 || e.Level == "") {
			t.Errorf("evidence: got %q %q, want the NI number on both sides", e.Claimed.Reveal(), e.Recorded.Reveal())
		}
	}
}

func TestTheRegistersAgeIsToldWithoutARecord(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	now := at
	clock := func() time.Time { return now }
	filled, empty := newRegister(t, clock, rows), newRegister(t, clock, "")
	now = at.Add(time.Minute)
	if got, err := filled.AsAt(t.Context()); err != nil || !got.Equal(at) {
		t.Errorf("got %v %v, want %v", got, err, at)
	}
	if got, err := empty.AsAt(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("an empty one: got %v %v, want never", got, err)
	}
}

// everyQuestion asks the register everything.
func everyQuestion(ctx context.Context, r *traports.Register) map[string]error {
	out := map[string]error{}
	_, _, out["candidates"] = r.Candidates(ctx, id, tra.Claim{}, 5)
	_, _, out["search"] = r.Search(ctx, tra.Looking{Case: id}, tra.Query{Text: person.NewText("x")}, 5)
	_, _, out["show"] = r.Show(ctx, must(person.NewTRN("2000001")))
	return out
}

func TestARegisterThatDoesNotAnswerSaysNothing(t *testing.T) {
	record := func(change string) string {
		whole := map[string]any{}
		for _, raw := range []string{`{"trn":"2000001","status":"active","first_name":"Ann","last_name":"Lee","previous_names":[],"national_insurance_numbers":[]}`, change} {
			if err := json.Unmarshal([]byte(raw), &whole); err != nil {
				t.Fatal(err)
			}
		}
		one := string(must(json.Marshal(whole)))
		return `{"record":` + one + `,"records":[{"record":` + one + `}],"candidates":[{"record":` + one + `}]}`
	}
	for what, c := range map[string]struct {
		status int
		body   string
		fails  bool
	}{
		"one that can be read":         {200, record(`{}`), false},
		"a TRN that is none":           {200, record(`{"trn":"12"}`), true},
		"no TRN":                       {200, record(`{"trn":""}`), true},
		"a name that is none":          {200, record(`{"last_name":"17"}`), true},
		"a previous name that is none": {200, record(`{"previous_names":[{"last_name":"?"}]}`), true},
		"a birthday that is none":      {200, record(`{"date_of_birth":"soon"}`), true},
		"a QTS date that is none":      {200, record(`{"qts_date":"2001"}`), true},
		"one that is down":             {503, `{}`, true},
		"one that knows us no more":    {401, `{}`, true},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		r := traports.NewRegister(wire.NewClient(httpd.ClientOptions{BaseURL: srv.URL}))
		for question, err := range everyQuestion(t.Context(), r) {
			if fault.Is(err, fault.Unavailable) != c.fails || !c.fails && err != nil {
				t.Errorf("%s, %s: got %v", what, question, err)
			}
		}
		if _, err := r.AsAt(t.Context()); (err != nil) != (c.status != 200) {
			t.Errorf("%s, as at: got %v", what, err)
		}
		srv.Close()
	}
}

func TestTheAutomaticChecksReasonIsRead(t *testing.T) {
	csv := "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts\n" +
		"1234567,active,Zofia,,Nowak,,1984-02-17,,,,\n"
	r := newRegister(t, time.Now, csv)
	claim := tra.Claim{FirstName: must(person.ParseName("Zofia")), LastName: must(person.ParseName("Nowak")), DateOfBirth: must(person.ParseDate("1984-02-17"))}
	for want, change := range map[tra.Check]func(c *tra.Claim){
		tra.CheckNothingToSearch: func(*tra.Claim) {},
		tra.CheckMatch:           func(c *tra.Claim) { c.TRN = must(person.NewTRN("1234567")) },
		tra.CheckNotFound:        func(c *tra.Claim) { c.TRN = must(person.NewTRN("7654321")) },
		tra.CheckFirstNameDiffers: func(c *tra.Claim) {
			c.TRN, c.FirstName = must(person.NewTRN("1234567")), must(person.ParseName("Anna"))
		},
	} {
		c := claim
		change(&c)
		if got, err := r.Find(t.Context(), c); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}
