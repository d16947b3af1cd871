package cpdports_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdports"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/wire/dqtv1"
	"traid/internal/wire/trav1"
)

const id = cpd.RequestID("6f1c2a7e-0b1d-4c55-9a7e-3d2f10c4b8aa")

// must gives a value that its test wrote itself.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	trn     = must(person.NewTRN("0400123"))
	details = cpd.Details{
		FirstName: must(person.ParseName("Zoë")), LastName: must(person.ParseName("Okoro-Marsh")), NameChanged: true,
		PreviousNames: []person.FullName{{First: must(person.ParseName("Zoë")), Last: must(person.ParseName("Marsh"))}},
		DateOfBirth:   must(person.ParseDate("1984-02-17")), TRN: trn,
		NINO: must(person.ParseNINO("QQ123456C")), Email: must(person.ParseEmail("zoe@example.org")),
	}
)

// server answers every request the same and keeps the last as "METHOD target body".
type server struct{ url, asked string }

func serve(t *testing.T, status int, answer string) *server {
	t.Helper()
	s := &server{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.asked = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body))
		if status >= 400 {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *server) tra() *cpdports.TRA {
	return cpdports.NewTRA(trav1.NewClient(httpd.ClientOptions{BaseURL: s.url, Token: "t"}))
}

func (s *server) register() *cpdports.Register {
	return cpdports.NewRegister(dqtv1.NewClient(httpd.ClientOptions{BaseURL: s.url, Token: "t"}))
}

func TestFindSendsTheClaim(t *testing.T) {
	s := serve(t, 200, `{"result":"no_match","reason":"not_found"}`)
	if _, err := s.register().Find(t.Context(), details); err != nil {
		t.Fatal(err)
	}
	const want = `POST /api/v1/teachers/find {"first_name":"Zoë","last_name":"Okoro-Marsh","previous_names":[{"first_name":"Zoë","last_name":"Marsh"}],` +
		`"date_of_birth":"1984-02-17","national_insurance_number":"QQ123456C","trn":"0400123","email":"zoe@example.org"}`
	if s.asked != want {
		t.Errorf("got  %s\nwant %s", s.asked, want)
	}
}

func TestFindReadsTheResult(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		want   cpd.Finding
		fault  fault.Kind // Internal: no error
	}{
		"a match":               {200, `{"result":"match","trn":"0400123","basis":"nino"}`, cpd.Finding{Match: true, TRN: trn, Basis: "nino"}, 0},
		"no match":              {200, `{"result":"no_match","reason":"several_records"}`, cpd.Finding{Reason: "several_records"}, 0},
		"a match without a TRN": {200, `{"result":"match","basis":"trn"}`, cpd.Finding{}, fault.Unavailable},
		"a TRN of six digits":   {200, `{"result":"match","trn":"400123","basis":"trn"}`, cpd.Finding{}, fault.Unavailable},
		"a TRN that is none":    {200, `{"result":"match","trn":"0000000","basis":"trn"}`, cpd.Finding{}, fault.Unavailable},
		"a TRN with spaces":     {200, `{"result":"match","trn":"040 0123","basis":"trn"}`, cpd.Finding{}, fault.Unavailable},
		"no match with a TRN":   {200, `{"result":"no_match","trn":"0400123"}`, cpd.Finding{}, fault.Unavailable},
		"another word":          {200, `{"result":"perhaps","trn":"0400123"}`, cpd.Finding{}, fault.Unavailable},
		"nothing":               {200, `{}`, cpd.Finding{}, fault.Unavailable},
		"no JSON":               {200, `<html>`, cpd.Finding{}, fault.Unavailable},
		"down":                  {503, ``, cpd.Finding{}, fault.Unavailable},
		"too often":             {429, ``, cpd.Finding{}, fault.Unavailable},
		"wrong credentials":     {401, ``, cpd.Finding{}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, c.status, c.answer).register().Find(t.Context(), details)
			if got != c.want || fault.KindOf(err) != c.fault || (err == nil) != (c.fault == fault.Internal) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, c.want, c.fault)
			}
		})
	}
}

func TestOpenAlertAsksByTRN(t *testing.T) {
	asAt := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status int
		answer string
		want   cpd.AlertSeen
		fault  fault.Kind
	}{
		"open":                        {200, `{"open_alert":true,"state":"5e","as_at":"2026-11-22T03:00:00Z"}`, cpd.AlertSeen{Open: true, State: "5e", AsAt: asAt}, 0},
		"none":                        {200, `{"open_alert":false,"state":"","as_at":"2026-11-22T03:00:00Z"}`, cpd.AlertSeen{AsAt: asAt}, 0},
		"a register never imported":   {200, `{"open_alert":false,"state":"","as_at":null}`, cpd.AlertSeen{}, 0},
		"no record":                   {404, `{"type":"urn:traid:problem:not_found","detail":"There is no record with this TRN."}`, cpd.AlertSeen{}, fault.NotFound},
		"a page of something between": {404, `<html>`, cpd.AlertSeen{}, fault.Unavailable},
		"down":                        {500, ``, cpd.AlertSeen{}, fault.Unavailable},
		"an answer that says neither": {200, `{}`, cpd.AlertSeen{}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.status, c.answer)
			got, err := s.register().OpenAlert(t.Context(), trn)
			if got != c.want || fault.KindOf(err) != c.fault || (err == nil) != (c.fault == fault.Internal) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			if want := `POST /api/v1/teachers/alert-exists {"trn":"0400123"}`; s.asked != want {
				t.Errorf("asked %s, want %s", s.asked, want)
			}
		})
	}
}

func request(kind, status, answer string) string {
	return `{"id":"` + string(id) + `","kind":"` + kind + `","status":"` + status + `","submitted_at":"2026-11-20T10:00:00Z",
		"expected_by":"2026-11-27T17:00:00Z","as_of":"2026-11-23T12:00:00Z","answer":` + answer + `}`
}

func TestEachRequestGoesToItsPlace(t *testing.T) {
	validation := cpd.Submission{ID: id, Kind: cpd.TRNValidation, Replaces: "11111111-2222-4333-8444-555555555555", Details: details}
	barring := cpd.Submission{ID: id, Kind: cpd.BarringCheck, TRN: trn, FirstName: details.FirstName, LastName: details.LastName, Details: details}
	for name, c := range map[string]struct {
		kind string
		call func(*cpdports.TRA) error
		want string
	}{
		"a TRN validation is handed in": {
			"trn_validation", func(tra *cpdports.TRA) error { return second(tra.Submit(t.Context(), validation)) },
			`PUT /api/v1/trn-validation-requests/` + string(id) + ` {"first_name":"Zoë","last_name":"Okoro-Marsh","previous_names":[{"first_name":"Zoë","last_name":"Marsh"}],` +
				`"date_of_birth":"1984-02-17","national_insurance_number":"QQ123456C","trn":"0400123","email":"zoe@example.org","replaces":"11111111-2222-4333-8444-555555555555"}`,
		},
		"a barring check is handed in with the TRN, the name and nothing else": {
			"barring_check", func(tra *cpdports.TRA) error { return second(tra.Submit(t.Context(), barring)) },
			`PUT /api/v1/barring-checks/` + string(id) + ` {"trn":"0400123","first_name":"Zoë","last_name":"Okoro-Marsh"}`,
		},
		"a TRN validation is read":      {"trn_validation", func(tra *cpdports.TRA) error { return second(tra.Get(t.Context(), cpd.TRNValidation, id)) }, `GET /api/v1/trn-validation-requests/` + string(id)},
		"a barring check is read":       {"barring_check", func(tra *cpdports.TRA) error { return second(tra.Get(t.Context(), cpd.BarringCheck, id)) }, `GET /api/v1/barring-checks/` + string(id)},
		"a TRN validation is withdrawn": {"", func(tra *cpdports.TRA) error { return tra.Withdraw(t.Context(), cpd.TRNValidation, id) }, `DELETE /api/v1/trn-validation-requests/` + string(id)},
		"a barring check is withdrawn":  {"", func(tra *cpdports.TRA) error { return tra.Withdraw(t.Context(), cpd.BarringCheck, id) }, `DELETE /api/v1/barring-checks/` + string(id)},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, 200, request(c.kind, "received", "null"))
			if err := c.call(s.tra()); err != nil {
				t.Fatal(err)
			}
			if s.asked != c.want {
				t.Errorf("got  %s\nwant %s", s.asked, c.want)
			}
		})
	}
	s := serve(t, 200, "{}")
	for name, err := range map[string]error{
		"Submit":   second(s.tra().Submit(t.Context(), cpd.Submission{ID: id, Kind: "other"})),
		"Get":      second(s.tra().Get(t.Context(), "other", id)),
		"Withdraw": s.tra().Withdraw(t.Context(), "other", id),
	} {
		if err == nil || s.asked != "" {
			t.Errorf("%s of another kind: %v, asked %q", name, err, s.asked)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnAnswerIsKeptWhateverItSays(t *testing.T) {
	at := time.Date(2026, 11, 23, 11, 55, 0, 0, time.UTC)
	answer := func(outcome, trn, reason, note string) string {
		return `"version":2,"outcome":"` + outcome + `","trn":` + trn + `,"failure_reason":` + reason + `,"note":` + note + `,"answered_at":"2026-11-23T11:55:00Z"`
	}
	for name, c := range map[string]struct {
		kind   cpd.Kind
		answer string
		want   cpd.Answer
	}{
		"a TRN":                   {cpd.TRNValidation, answer("trn_found", `"0400123"`, "null", "null"), cpd.Answer{Outcome: cpd.TRNFound, TRN: trn}},
		"a failure":               {cpd.TRNValidation, answer("failed", "null", `"no_record"`, `"Nobody."`), cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "Nobody."}},
		"barred":                  {cpd.BarringCheck, answer("barred", "null", "null", "null"), cpd.Answer{Outcome: cpd.Barred}},
		"not barred":              {cpd.BarringCheck, answer("not_barred", "null", "null", "null"), cpd.Answer{Outcome: cpd.NotBarred}},
		"a TRN that cannot be":    {cpd.TRNValidation, answer("trn_found", `"12345"`, "null", "null"), cpd.Answer{Outcome: cpd.TRNFound}},
		"a TRN that was deleted":  {cpd.TRNValidation, answer("trn_found", "null", "null", "null"), cpd.Answer{Outcome: cpd.TRNFound, Gone: true}},
		"a TRN beside a failure":  {cpd.TRNValidation, answer("failed", `"0400123"`, `"other"`, "null"), cpd.Answer{Outcome: cpd.Failed, Reason: "other"}},
		"an outcome nobody knows": {cpd.TRNValidation, answer("perhaps", `"0400123"`, "null", "null"), cpd.Answer{Outcome: "perhaps"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.want
			want.Request, want.Kind, want.Version, want.AnsweredAt = id, c.kind, 2, at
			t.Run("in a request", func(t *testing.T) {
				got, err := serve(t, 200, request(string(c.kind), "answered", "{"+c.answer+"}")).tra().Get(t.Context(), c.kind, id)
				if err != nil {
					t.Fatal(err)
				}
				if got.Answer == nil || *got.Answer != want {
					t.Errorf("got %+v, want %+v", got.Answer, want)
				}
			})
			t.Run("in the feed", func(t *testing.T) {
				s := serve(t, 200, `{"answers":[{"id":"`+string(id)+`","kind":"`+string(c.kind)+`",`+c.answer+`}],"next":"18"}`)
				got, next, err := s.tra().Answers(t.Context(), "17", 100)
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 1 || got[0] != want || next != "18" {
					t.Errorf("got %+v, next %q, want %+v", got, next, want)
				}
				if want := "GET /api/v1/answers?after=17&limit=100"; s.asked != want {
					t.Errorf("asked %s, want %s", s.asked, want)
				}
			})
		})
	}
}

func TestARequestsStatusIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   cpd.RequestStatus
		fault  fault.Kind
	}{
		"in progress": {
			request("trn_validation", "in_progress", "null"),
			cpd.RequestStatus{Status: "in_progress", ExpectedBy: time.Date(2026, 11, 27, 17, 0, 0, 0, time.UTC), AsOf: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)},
			0,
		},
		"nothing is expected": {
			strings.Replace(request("trn_validation", "withdrawn", "null"), `"2026-11-27T17:00:00Z"`, "null", 1),
			cpd.RequestStatus{Status: "withdrawn", AsOf: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)},
			0,
		},
		"another request":  {strings.Replace(request("trn_validation", "received", "null"), string(id), "other", 1), cpd.RequestStatus{}, fault.Unavailable},
		"another kind":     {request("barring_check", "received", "null"), cpd.RequestStatus{}, fault.Unavailable},
		"without a status": {request("trn_validation", "", "null"), cpd.RequestStatus{}, fault.Unavailable},
		"nothing":          {"{}", cpd.RequestStatus{}, fault.Unavailable},
		"no JSON":          {"<html>", cpd.RequestStatus{}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, 200, c.answer)
			read, readErr := s.tra().Get(t.Context(), cpd.TRNValidation, id)
			sent, sentErr := s.tra().Submit(t.Context(), cpd.Submission{ID: id, Kind: cpd.TRNValidation, Details: details})
			if read != c.want || sent != c.want {
				t.Errorf("read %+v, sent %+v, want %+v", read, sent, c.want)
			}
			for _, err := range []error{readErr, sentErr} {
				if fault.KindOf(err) != c.fault || (err == nil) != (c.fault == fault.Internal) {
					t.Errorf("got %v, want %v", err, c.fault)
				}
			}
		})
	}
}

func TestRefusalsKeepTheirMeaning(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		want   fault.Kind
	}{
		"it never arrived":          {404, fault.NotFound},
		"it contradicts":            {409, fault.Conflict},
		"wrong fields":              {422, fault.Invalid},
		"too often":                 {429, fault.Unavailable},
		"down":                      {503, fault.Unavailable},
		"our credentials are wrong": {403, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tra := serve(t, c.status, `{"type":"urn:traid:problem:x","detail":"Because."}`).tra()
			_, _, answers := tra.Answers(t.Context(), "17", 1)
			for what, err := range map[string]error{
				"Submit":   second(tra.Submit(t.Context(), cpd.Submission{ID: id, Kind: cpd.BarringCheck, TRN: trn})),
				"Get":      second(tra.Get(t.Context(), cpd.TRNValidation, id)),
				"Withdraw": tra.Withdraw(t.Context(), cpd.TRNValidation, id),
				"Answers":  answers,
			} {
				if err == nil || fault.KindOf(err) != c.want {
					t.Errorf("%s: %v, want %v", what, err, c.want)
				}
			}
		})
	}
}

// A 404 of something in between must not end a withdrawal.
func TestWhatIsNoAnswerOfTheServiceIsCouldNotAsk(t *testing.T) {
	for _, status := range []int{404, 409, 410, 422} {
		if err := serve(t, status, `<html>`).tra().Withdraw(t.Context(), cpd.TRNValidation, id); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%d: %v, want unavailable", status, err)
		}
	}
}

func TestTheFeedNeverStandsStill(t *testing.T) {
	const one = `{"id":"a","kind":"trn_validation","version":1,"outcome":"failed","answered_at":"2026-11-23T11:55:00Z"}`
	for name, c := range map[string]struct {
		answer string
		fault  fault.Kind
	}{
		"nothing new":                        {`{"answers":[],"next":"17"}`, 0},
		"answers and the same place again":   {`{"answers":[` + one + `],"next":"17"}`, fault.Unavailable},
		"answers and no place to go on from": {`{"answers":[` + one + `],"next":""}`, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			got, next, err := serve(t, 200, c.answer).tra().Answers(t.Context(), "17", 1)
			if len(got) != 0 || next != "17" || fault.KindOf(err) != c.fault || (err == nil) != (c.fault == fault.Internal) {
				t.Errorf("got %+v, %q, %v", got, next, err)
			}
		})
	}
}
