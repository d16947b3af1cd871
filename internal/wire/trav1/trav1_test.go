package trav1_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"traid/internal/fault"
	"traid/internal/httpd"
	wire "traid/internal/wire/trav1"
)

const id = "6f1c2a7e-0b1d-4c55-9a7e-3d2f10c4b8aa"

// asked is what one call sent.
type asked struct{ Method, Target, Auth, Body string }

// serve answers every call the same and keeps what was asked.
func serve(t *testing.T, status int, answer string) (*wire.Client, *asked) {
	t.Helper()
	var got asked
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = asked{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), string(body)}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return wire.NewClient(httpd.ClientOptions{BaseURL: srv.URL, Token: "secret"}), &got
}

const answered = `{"id":"` + id + `","kind":"trn_validation","status":"answered","submitted_at":"2026-11-20T10:00:00Z",
	"expected_by":"2026-11-27T17:00:00Z","as_of":"2026-11-23T12:00:00Z",
	"answer":{"version":2,"outcome":"trn_found","trn":"8400123","failure_reason":null,"note":null,"answered_at":"2026-11-23T11:55:00Z"}}`

func text(s string) *string { return &s }

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestEachCallGoesToItsPlace(t *testing.T) {
	const bearer = "Bearer secret"
	for name, c := range map[string]struct {
		call func(context.Context, *wire.Client) error
		want asked
	}{
		"a TRN validation is handed in with what is known": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.PutTRNValidation(ctx, id, wire.TRNValidationRequest{FirstName: "Zoë", DateOfBirth: "1984-02-17", PreviousNames: []wire.Name{{LastName: "Marsh"}}})
			return err
		}, asked{"PUT", "/api/v1/trn-validation-requests/" + id, bearer, `{"first_name":"Zoë","previous_names":[{"last_name":"Marsh"}],"date_of_birth":"1984-02-17"}`}},
		"a TRN validation is read": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.GetTRNValidation(ctx, id)
			return err
		}, asked{"GET", "/api/v1/trn-validation-requests/" + id, bearer, ""}},
		"a TRN validation is withdrawn": {func(ctx context.Context, c *wire.Client) error {
			return c.WithdrawTRNValidation(ctx, id)
		}, asked{"DELETE", "/api/v1/trn-validation-requests/" + id, bearer, ""}},
		"a barring check is handed in": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.PutBarringCheck(ctx, id, wire.BarringCheckRequest{TRN: "8400123", FirstName: "Zoë", LastName: "Okoro"})
			return err
		}, asked{"PUT", "/api/v1/barring-checks/" + id, bearer, `{"trn":"8400123","first_name":"Zoë","last_name":"Okoro"}`}},
		"a barring check is read": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.GetBarringCheck(ctx, id)
			return err
		}, asked{"GET", "/api/v1/barring-checks/" + id, bearer, ""}},
		"a barring check is withdrawn": {func(ctx context.Context, c *wire.Client) error {
			return c.WithdrawBarringCheck(ctx, id)
		}, asked{"DELETE", "/api/v1/barring-checks/" + id, bearer, ""}},
		"all requests are listed": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.Requests(ctx, "", "", 0)
			return err
		}, asked{"GET", "/api/v1/requests", bearer, ""}},
		"a page of the requests of a status is listed": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.Requests(ctx, wire.InProgress, "a/b", 50)
			return err
		}, asked{"GET", "/api/v1/requests?after=a%2Fb&limit=50&status=in_progress", bearer, ""}},
		"answers are read from a cursor on": {func(ctx context.Context, c *wire.Client) error {
			_, err := c.Answers(ctx, "17", 100)
			return err
		}, asked{"GET", "/api/v1/answers?after=17&limit=100", bearer, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			client, got := serve(t, http.StatusOK, `{}`)
			if err := c.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAnsweredRequestIsRead(t *testing.T) {
	client, _ := serve(t, http.StatusOK, answered)
	got, err := client.GetTRNValidation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	expected := at("2026-11-27T17:00:00Z")
	want := wire.Request{
		ID: id, Kind: wire.TRNValidation, Status: wire.Answered,
		SubmittedAt: at("2026-11-20T10:00:00Z"), ExpectedBy: &expected, AsOf: at("2026-11-23T12:00:00Z"),
		Answer: &wire.Answer{Version: 2, Outcome: wire.TRNFound, TRN: text("8400123"), AnsweredAt: at("2026-11-23T11:55:00Z")},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(wire.Answer{})); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersAreReadInTheirOrder(t *testing.T) {
	client, _ := serve(t, http.StatusOK, `{"answers":[
		{"id":"a","kind":"trn_validation","version":1,"outcome":"failed","trn":null,"failure_reason":"no_record","note":"Nobody of this name.","answered_at":"2026-11-23T11:55:00Z"},
		{"id":"b","kind":"barring_check","version":1,"outcome":"not_barred","trn":null,"failure_reason":null,"note":null,"answered_at":"2026-11-23T11:56:00Z"}],"next":"18"}`)
	got, err := client.Answers(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Answers{Next: "18", Answers: []wire.ReleasedAnswer{
		{ID: "a", Kind: wire.TRNValidation, Version: 1, Outcome: wire.Failed, FailureReason: text(wire.NoRecord), Note: text("Nobody of this name."), AnsweredAt: at("2026-11-23T11:55:00Z")},
		{ID: "b", Kind: wire.BarringCheck, Version: 1, Outcome: wire.NotBarred, AnsweredAt: at("2026-11-23T11:56:00Z")},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wire.Answer{Version: 1, Outcome: wire.Failed, FailureReason: text(wire.NoRecord), Note: text("Nobody of this name."), AnsweredAt: at("2026-11-23T11:55:00Z")}, got.Answers[0].Answer(), cmpopts.IgnoreUnexported(wire.Answer{})); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersHaveTenSecondsMoreThanOtherCalls(t *testing.T) {
	deadlines := make(chan time.Duration, 2)
	client := wire.NewClient(httpd.ClientOptions{BaseURL: "http://tra.invalid", Timeout: time.Minute, HTTP: transport(func(r *http.Request) (*http.Response, error) {
		by, _ := r.Context().Deadline()
		deadlines <- time.Until(by)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
	})})
	if _, err := client.Requests(t.Context(), "", "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Answers(t.Context(), "", 0); err != nil {
		t.Fatal(err)
	}
	if first, second := <-deadlines, <-deadlines; second-first < 5*time.Second || second > 70*time.Second {
		t.Errorf("a list may take %v, answers %v", first, second)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorsAreFaults(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		want   fault.Kind
	}{
		"no such request":           {404, fault.NotFound},
		"answered already":          {409, fault.Conflict},
		"wrong fields":              {422, fault.Invalid},
		"too often":                 {429, fault.Unavailable},
		"our credentials are wrong": {401, fault.Unavailable},
		"it is down":                {503, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := serve(t, c.status, `{"type":"urn:traid:problem:x","detail":"Because."}`)
			if err := client.WithdrawTRNValidation(t.Context(), id); !fault.Is(err, c.want) {
				t.Errorf("%d is %v, want %v", c.status, err, c.want)
			}
		})
	}
}

func TestTheWebhooksPayloadHoldsNobodysData(t *testing.T) {
	got, err := json.Marshal(wire.Event{
		Type: wire.EventAnswerReleased, Timestamp: at("2026-11-23T11:55:00Z"),
		Data: wire.EventData{ID: id, Kind: wire.TRNValidation},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"answer.released","timestamp":"2026-11-23T11:55:00Z","data":{"id":"` + id + `","kind":"trn_validation"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

type anybody struct{}

func (anybody) Authenticate(context.Context, string) (httpd.Caller, error) {
	return httpd.Caller{Client: "cpd", Scopes: []string{wire.ScopeRequests}}, nil
}

type (
	put struct {
		ID   string `path:"id"`
		Body wire.TRNValidationRequest
	}
	one     struct{ Body wire.Request }
	answers struct{ Body wire.Answers }
)

// TestTheTypesMakeTheContractsDocument serves the types as the TRA API does.
func TestTheTypesMakeTheContractsDocument(t *testing.T) {
	mux := http.NewServeMux()
	api := httpd.NewAPI(mux, httpd.APIOptions{Title: "tra", Version: "1", Auth: anybody{}})
	var got wire.TRNValidationRequest
	httpd.Register(api, huma.Operation{OperationID: "put", Method: http.MethodPut, Path: "/api/v1/trn-validation-requests/{id}", Security: httpd.Scope(wire.ScopeRequests)},
		func(_ context.Context, in *put) (*one, error) {
			got = in.Body
			return &one{wire.Request{ID: in.ID}}, nil
		})
	httpd.Register(api, huma.Operation{OperationID: "answers", Method: http.MethodGet, Path: "/api/v1/answers", Security: httpd.Scope(wire.ScopeRequests)},
		func(context.Context, *struct{}) (*answers, error) { return &answers{}, nil })
	srv := httptest.NewServer(mux)
	defer srv.Close()

	send := func(body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL+"/api/v1/trn-validation-requests/"+id, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw)
	}
	status, body := send(`{"first_name":"Zoë","last_name":null,"previous_names":null,"date_of_birth":"1984-02-17",
		"national_insurance_number":null,"trn":null,"email":null,"replaces":null}`)
	if want := (wire.TRNValidationRequest{FirstName: "Zoë", DateOfBirth: "1984-02-17"}); status != 200 || !cmp.Equal(got, want) {
		t.Errorf("with nulls: %d %s, read as %+v", status, body, got)
	}
	if !strings.Contains(body, `"expected_by":null`) || !strings.Contains(body, `"answer":null`) {
		t.Errorf("what is not known is not null: %s", body)
	}
	for wrong, pointer := range map[string]string{
		`{"first_name":"Zoë"}`:                                                               `"/date_of_birth"`,
		`{"first_name":"Zoë","date_of_birth":"17.2.1984"}`:                                   "/date_of_birth",
		`{"first_name":"` + strings.Repeat("x", 256) + `","date_of_birth":"1984-02-17"}`:     "/first_name",
		`{"first_name":"Zoë","date_of_birth":"1984-02-17","replaces":"the one before"}`:      "/replaces",
		`{"first_name":"Zoë","date_of_birth":"1984-02-17","favourite_colour":"blue"}`:        "/favourite_colour",
		`{"previous_names":[{"last_name":7}],"first_name":"Z","date_of_birth":"1984-02-17"}`: "/previous_names/0/last_name",
	} {
		if status, body := send(wrong); status != 422 || !strings.Contains(body, pointer) {
			t.Errorf("%s: %d %s, want 422 naming %s", wrong, status, body, pointer)
		}
	}

	raw, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Type       any
				Required   []string
				Properties map[string]struct{ Type any }
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	schemas := doc.Components.Schemas
	null := func(t any) []any { return []any{t, "null"} }
	if diff := cmp.Diff([]string{"date_of_birth"}, schemas["TRNValidationRequest"].Required); diff != "" {
		t.Errorf("required of a TRN validation: %s", diff)
	}
	if diff := cmp.Diff(any(null("object")), schemas["Answer"].Type); diff != "" {
		t.Errorf("an answer: %s", diff)
	}
	if diff := cmp.Diff(any("object"), schemas["ReleasedAnswer"].Type); diff != "" {
		t.Errorf("a released answer: %s", diff)
	}
	for _, field := range []string{"trn", "failure_reason", "note"} {
		if diff := cmp.Diff(any(null("string")), schemas["ReleasedAnswer"].Properties[field].Type); diff != "" {
			t.Errorf("%s of a released answer: %s", field, diff)
		}
	}
	if diff := cmp.Diff(any(null("string")), schemas["Request"].Properties["expected_by"].Type); diff != "" {
		t.Errorf("expected_by: %s", diff)
	}
}
