package traapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/tra/traapi"
	wire "traid/internal/wire/trav1"
)

const (
	id      = "6f1c2a7e-0b1d-4c55-9a7e-3d2f10c4b8aa"
	earlier = "0d2c9a51-7f43-4b0e-8a6d-51c3f6b7e102"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// tokens are clients by their tokens; "reader" lacks the scope.
type tokens map[string]httpd.Caller

func (m tokens) Authenticate(_ context.Context, token string) (httpd.Caller, error) {
	c, ok := m[token]
	if !ok {
		return httpd.Caller{}, fault.New(fault.Unauthenticated, "The token is not known.")
	}
	return c, nil
}

// answering is a service that answers every call the same and keeps what it was asked.
type answering struct {
	view    tra.View
	created bool
	list    []tra.Listed
	next    tra.RequestID
	answers []tra.Answer
	cursor  string
	webhook tra.Webhook
	told    []tra.Delivery
	place   int64
	err     error

	submitted []tra.Submission
	replies   []tra.Reply
	asked     []any
}

func (a *answering) Submit(_ context.Context, s tra.Submission) (tra.View, bool, error) {
	a.submitted = append(a.submitted, s)
	return a.view, a.created, a.err
}

func (a *answering) Get(_ context.Context, c tra.Client, k tra.Kind, id tra.RequestID) (tra.View, error) {
	a.asked = append(a.asked, "get", c, k, id)
	return a.view, a.err
}

func (a *answering) Withdraw(_ context.Context, c tra.Client, k tra.Kind, id tra.RequestID) error {
	a.asked = append(a.asked, "withdraw", c, k, id)
	return a.err
}

func (a *answering) Reply(_ context.Context, c tra.Client, id tra.RequestID, number int64, in tra.Reply) (tra.View, error) {
	a.asked = append(a.asked, "reply", c, id, number)
	a.replies = append(a.replies, in)
	return a.view, a.err
}

func (a *answering) List(_ context.Context, c tra.Client, status string, after tra.RequestID, limit int) ([]tra.Listed, tra.RequestID, error) {
	a.asked = append(a.asked, "list", c, status, after, limit)
	return a.list, a.next, a.err
}

func (a *answering) Answers(_ context.Context, c tra.Client, after string, limit int) ([]tra.Answer, string, error) {
	a.asked = append(a.asked, "answers", c, after, limit)
	return a.answers, a.cursor, a.err
}

type server struct {
	svc *answering
	url string
}

func serve(t *testing.T, svc *answering) server {
	t.Helper()
	mux := http.NewServeMux()
	traapi.Mount(httpd.NewAPI(mux, httpd.APIOptions{Title: "tra", Version: "1", Auth: tokens{
		"cpd": {Client: "manage-cpd", Scopes: []string{wire.ScopeRequests}}, "reader": {Client: "reader"},
	}}), svc)
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "tra"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(site)
	t.Cleanup(srv.Close)
	return server{svc, srv.URL}
}

type response struct {
	status int
	header http.Header
	body   string
}

func (s server) send(t *testing.T, token, method, target, body string, headers ...string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, string(raw)}
}

const (
	validation = "/api/v1/trn-validation-requests/" + id
	barring    = "/api/v1/barring-checks/" + id
)

func name(s string) person.Name { return must(person.ParseName(s)) }
func trn(s string) person.TRN   { return must(person.NewTRN(s)) }
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
	cmp.Transformer("reveal", func(v person.NINO) string { return v.Reveal() }),
	cmp.Transformer("reveal", func(v person.Email) string { return v.Reveal() }),
	cmp.Transformer("reveal", func(v person.Date) string { return v.Reveal() }),
	cmpopts.EquateEmpty(),
}

func received() tra.View {
	return tra.View{
		ID: id, Kind: tra.TRNValidation, Status: wire.Received,
		SubmittedAt: at("2026-11-20T10:00:00Z"), ExpectedBy: at("2026-11-27T17:00:00Z"), AsOf: at("2026-11-20T10:00:00Z"),
	}
}

func TestWhatIsHandedInReachesTheServiceInItsOwnWords(t *testing.T) {
	for what, c := range map[string]struct {
		target, body string
		want         tra.Submission
	}{
		"a TRN validation with everything": {
			validation, `{"first_name":" Zoë ","last_name":"Okoro-Marsh","previous_names":[{"last_name":"Marsh"},{"first_name":"Zo","last_name":null}],
				"date_of_birth":"1984-02-17","national_insurance_number":"qq 12 34 56 c","trn":"8400123","email":"zoe@example.org","replaces":"` + strings.ToUpper(earlier) + `"}`,
			tra.Submission{ID: id, Client: "manage-cpd", Kind: tra.TRNValidation, Replaces: earlier, Claim: tra.Claim{
				FirstName: name("Zoë"), LastName: name("Okoro-Marsh"), PreviousNames: []person.FullName{{Last: name("Marsh")}, {First: name("Zo")}},
				DateOfBirth: must(person.ParseDate("1984-02-17")), NINO: must(person.ParseNINO("QQ123456C")), TRN: trn("8400123"), Email: must(person.ParseEmail("zoe@example.org")),
			}},
		},
		"a TRN validation with what is needed": {
			validation, `{"first_name":null,"last_name":"Okoro","previous_names":null,"date_of_birth":"1984-02-17","national_insurance_number":null,"trn":null,"email":null,"replaces":null}`,
			tra.Submission{ID: id, Client: "manage-cpd", Kind: tra.TRNValidation, Claim: tra.Claim{LastName: name("Okoro"), DateOfBirth: must(person.ParseDate("1984-02-17"))}},
		},
		"a barring check": {
			barring, `{"trn":"8400123","first_name":"Zoë","last_name":"Okoro"}`,
			tra.Submission{ID: id, Client: "manage-cpd", Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn("8400123"), FirstName: name("Zoë"), LastName: name("Okoro")}},
		},
		"an id in capitals": {
			strings.ToUpper(strings.TrimPrefix(barring, "/api/v1/barring-checks/")), `{"trn":"8400123","first_name":"Zoë"}`,
			tra.Submission{ID: id, Client: "manage-cpd", Kind: tra.BarringCheck, Claim: tra.Claim{TRN: trn("8400123"), FirstName: name("Zoë")}},
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := serve(t, &answering{view: received(), created: true})
			if !strings.HasPrefix(c.target, "/") {
				c.target = "/api/v1/barring-checks/" + c.target
			}
			if got := s.send(t, "cpd", http.MethodPut, c.target, c.body); got.status != http.StatusCreated {
				t.Fatalf("got %d %s, want 201", got.status, got.body)
			}
			if diff := cmp.Diff([]tra.Submission{c.want}, s.svc.submitted, see); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHandingInAgainIsToldByTheStatus(t *testing.T) {
	const body = `{"first_name":"Zoë","date_of_birth":"1984-02-17"}`
	for what, c := range map[string]struct {
		svc    answering
		status int
	}{
		"the first time":              {answering{view: received(), created: true}, http.StatusCreated},
		"the same again":              {answering{view: received()}, http.StatusOK},
		"another body, or another's":  {answering{err: fault.New(fault.Conflict, "Another request has this id.")}, http.StatusConflict},
		"what only the service knows": {answering{err: fault.InvalidFields(fault.Field{Pointer: "/replaces", Reason: "is no request of yours"})}, http.StatusUnprocessableEntity},
	} {
		s := serve(t, &c.svc)
		got := s.send(t, "cpd", http.MethodPut, validation, body)
		if got.status != c.status || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %s %s, want %d", what, got.status, got.header, got.body, c.status)
		}
		if c.status == http.StatusUnprocessableEntity && !strings.Contains(got.body, `"/replaces"`) {
			t.Errorf("%s: %s does not name /replaces", what, got.body)
		}
	}
}

func TestEveryOperationAsksForTheTokensOwnClientAndKind(t *testing.T) {
	c, up := tra.Client("manage-cpd"), strings.ToUpper(id)
	for target, want := range map[string]struct {
		method string
		status int
		asked  []any
	}{
		validation:                              {http.MethodGet, 200, []any{"get", c, tra.TRNValidation, tra.RequestID(id)}},
		"/api/v1/trn-validation-requests/" + up: {http.MethodDelete, 204, []any{"withdraw", c, tra.TRNValidation, tra.RequestID(id)}},
		barring:                                 {http.MethodGet, 200, []any{"get", c, tra.BarringCheck, tra.RequestID(id)}},
		"/api/v1/barring-checks/" + up:          {http.MethodDelete, 204, []any{"withdraw", c, tra.BarringCheck, tra.RequestID(id)}},
		"/api/v1/requests":                      {http.MethodGet, 200, []any{"list", c, "", tra.RequestID(""), 100}},
		"/api/v1/requests?status=in_progress&after=" + up + "&limit=7": {http.MethodGet, 200, []any{"list", c, "in_progress", tra.RequestID(id), 7}},
		"/api/v1/answers":                   {http.MethodGet, 200, []any{"answers", c, "", 100}},
		"/api/v1/answers?after=MTc&limit=3": {http.MethodGet, 200, []any{"answers", c, "MTc", 3}},
		"/api/v1/webhook":                   {http.MethodDelete, 204, []any{"remove", c}},
		"/api/v1/webhook/ping":              {http.MethodPost, 200, []any{"ping", c}},
		"/api/v1/webhook/deliveries":        {http.MethodGet, 200, []any{"deliveries", c, tra.DeliveryStatus(""), int64(0), 100}},
		"/api/v1/webhook/deliveries?status=failed&after=17&limit=3": {http.MethodGet, 200, []any{"deliveries", c, tra.DeliveryFailed, int64(17), 3}},
		"/api/v1/webhook/deliveries/" + id + "_1/redeliver":         {http.MethodPost, 202, []any{"redeliver", c, tra.DeliveryID(id + "_1")}},
	} {
		s := serve(t, &answering{view: received(), told: []tra.Delivery{{}}})
		got := s.send(t, "cpd", want.method, target, "")
		if diff := cmp.Diff(want.asked, s.svc.asked); got.status != want.status || diff != "" {
			t.Errorf("%s %s: got %d %s, want %d and asked %s", want.method, target, got.status, got.body, want.status, diff)
		}
	}
}

func TestAReplyToAQuestionReachesTheServiceInItsOwnWords(t *testing.T) {
	s := serve(t, &answering{view: received()})
	body := `{"text":" When I trained. ","national_insurance_number":"qq 12 34 56 c","trn":null,"previous_names":[{"last_name":"Okoro"}]}`
	got := s.send(t, "cpd", http.MethodPut, validation+"/questions/2/reply", body)
	if want := []any{"reply", tra.Client("manage-cpd"), tra.RequestID(id), int64(2)}; got.status != http.StatusOK || !cmp.Equal(want, s.svc.asked) {
		t.Fatalf("got %d %s, asked %v", got.status, got.body, s.svc.asked)
	}
	in := s.svc.replies[0]
	if in.Text.Reveal() != "When I trained." || in.NINO.Reveal() != "QQ123456C" || !in.TRN.IsZero() || len(in.PreviousNames) != 1 || in.PreviousNames[0].Last.Reveal() != "Okoro" {
		t.Errorf("the reply was read otherwise")
	}
	for body, pointer := range map[string]string{
		`{"trn":"12"}`: "/trn", `{"national_insurance_number":"QQ12"}`: "/national_insurance_number", `{"previous_names":[{}]}`: "/previous_names/0", `{"first_name":"Ann"}`: "/first_name",
	} {
		got := s.send(t, "cpd", http.MethodPut, validation+"/questions/2/reply", body)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"`+pointer+`"`) {
			t.Errorf("%s: got %d %s, want %s named", body, got.status, got.body, pointer)
		}
	}
}

func TestWhatTheServiceRefusesIsAProblem(t *testing.T) {
	for what, c := range map[string]struct {
		method, target string
		err            error
		status         int
	}{
		"another client's request":         {http.MethodGet, validation, fault.New(fault.NotFound, "There is no such request."), 404},
		"a withdrawal of what is not":      {http.MethodDelete, barring, fault.New(fault.NotFound, "There is no such request."), 404},
		"a withdrawal of what is answered": {http.MethodDelete, validation, fault.New(fault.Conflict, "It is answered."), 409},
		"a cursor that is none":            {http.MethodGet, "/api/v1/answers?after=x", fault.New(fault.Invalid, "The cursor is none of ours."), 422},
		"a database that is down":          {http.MethodGet, "/api/v1/requests", fault.New(fault.Unavailable, "Later."), 503},
	} {
		s := serve(t, &answering{err: c.err})
		got := s.send(t, "cpd", c.method, c.target, "")
		if got.status != c.status || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s %s, want the problem %d", what, got.status, got.header, got.body, c.status)
		}
	}
}

func TestATokenWithoutTheScopeGetsNothing(t *testing.T) {
	for _, target := range []string{validation, barring, "/api/v1/requests", "/api/v1/answers", "/api/v1/webhook", "/api/v1/webhook/deliveries"} {
		for token, want := range map[string]int{"reader": 403, "nobody": 401} {
			s := serve(t, &answering{view: received()})
			if got := s.send(t, token, http.MethodGet, target, ""); got.status != want || len(s.svc.asked) > 0 {
				t.Errorf("%s with %s: got %d, want %d and nothing asked", target, token, got.status, want)
			}
		}
	}
}

func TestAnUnchangedRequestIsNotSentAgain(t *testing.T) {
	s := serve(t, &answering{view: received()})
	first := s.send(t, "cpd", http.MethodGet, validation, "")
	tag := first.header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		t.Fatalf("got the ETag %q, want a strong one", tag)
	}
	s.svc.view.AsOf = s.svc.view.AsOf.Add(time.Hour)
	for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		got := s.send(t, "cpd", http.MethodGet, validation, "", "If-None-Match", header)
		if got.status != http.StatusNotModified || got.body != "" || got.header.Get("ETag") != tag {
			t.Errorf("only as_of is new, If-None-Match %s: got %d %q ETag %s, want 304", header, got.status, got.body, got.header.Get("ETag"))
		}
	}
	answer := tra.Answer{Request: id, Kind: tra.TRNValidation, Version: 1, Outcome: tra.Failed, Reason: tra.NoRecord, AnsweredAt: at("2026-11-23T11:55:00Z")}
	for what, change := range map[string]func(*tra.View){
		"its status":      func(v *tra.View) { v.Status = wire.InProgress },
		"its promise":     func(v *tra.View) { v.ExpectedBy = v.ExpectedBy.Add(time.Hour) },
		"no promise more": func(v *tra.View) { v.ExpectedBy = time.Time{} },
		"an answer":       func(v *tra.View) { v.Answer = &answer },
	} {
		s.svc.view = received()
		change(&s.svc.view)
		if got := s.send(t, "cpd", http.MethodGet, validation, "", "If-None-Match", tag); got.status != http.StatusOK || got.body == "" {
			t.Errorf("%s changed: got %d, want 200", what, got.status)
		}
	}
	second := answer
	second.Version = 2
	s.svc.view.Answer = &answer
	tag = s.send(t, "cpd", http.MethodGet, validation, "").header.Get("ETag")
	s.svc.view.Answer = &second
	if got := s.send(t, "cpd", http.MethodGet, validation, "", "If-None-Match", tag); got.status != http.StatusOK {
		t.Errorf("another version of the answer: got %d, want 200", got.status)
	}
}

func TestWhatGoesOverTheWireIsPinned(t *testing.T) {
	in := received()
	in.Status = wire.InProgress
	asked := in
	asked.ExpectedBy = time.Time{}
	asked.Question = &tra.Question{
		Request: id, Number: 2, Text: "Which other names have you had?", AsksFor: tra.FieldPreviousNames,
		AskedAt: at("2026-11-23T10:00:00Z"), EndsAt: at("2026-12-14T10:00:00Z"),
	}
	found := in
	found.Status = wire.Answered
	found.Answer = &tra.Answer{Request: id, Kind: tra.TRNValidation, Version: 2, Outcome: tra.TRNFound, TRN: trn("0400123"), AnsweredAt: at("2026-11-23T11:55:00Z")}
	failed := found
	failed.Answer = &tra.Answer{Request: id, Kind: tra.TRNValidation, Version: 1, Outcome: tra.Failed, Reason: tra.NotEnoughDetails, Note: "Please send the name at the time of training.", AnsweredAt: at("2026-11-23T11:55:00Z")}
	barred := tra.View{
		ID: earlier, Kind: tra.BarringCheck, Status: wire.Answered, SubmittedAt: at("2026-11-20T10:00:00Z"), AsOf: at("2026-11-23T12:00:00Z"),
		Answer: &tra.Answer{Request: earlier, Kind: tra.BarringCheck, Version: 1, Outcome: tra.NotBarred, AnsweredAt: at("2026-11-23T11:56:00Z")},
	}
	for file, c := range map[string]struct {
		target string
		svc    answering
	}{
		"asked.json":         {validation, answering{view: asked}},
		"in_progress.json":   {validation, answering{view: in}},
		"trn_found.json":     {validation, answering{view: found}},
		"failed.json":        {validation, answering{view: failed}},
		"not_barred.json":    {"/api/v1/barring-checks/" + earlier, answering{view: barred}},
		"requests.json":      {"/api/v1/requests", answering{next: id, list: []tra.Listed{{ID: earlier, Kind: tra.BarringCheck, Status: wire.Withdrawn}, {ID: id, Kind: tra.TRNValidation, Status: wire.InProgress}}}},
		"requests_none.json": {"/api/v1/requests", answering{}},
		"answers.json":       {"/api/v1/answers", answering{answers: []tra.Answer{*found.Answer, *failed.Answer, *barred.Answer}, cursor: "MTc"}},
		"answers_none.json":  {"/api/v1/answers?after=MTc", answering{cursor: "MTc"}},
	} {
		got := serve(t, &c.svc).send(t, "cpd", http.MethodGet, c.target, "")
		if got.status != http.StatusOK {
			t.Errorf("%s: got %d %s", file, got.status, got.body)
			continue
		}
		golden(t, file, got.body)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(got), "", "  "); err != nil {
		t.Fatalf("%s: %v in %s", file, err, got)
	}
	path := filepath.Join("testdata", file)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
}

// planted stands in every value of what is refused.
const planted = "Zebedee"

func TestAProblemNamesEveryWrongFieldAndRepeatsNoValue(t *testing.T) {
	long := strings.Repeat(planted, 60)
	for what, c := range map[string]struct {
		method, target, body string
		status               int
		want                 map[string]string // pointer: what is said of it; "": anything
	}{
		"everything at once": {
			http.MethodPut, validation, `{"first_name":"` + planted + `\nX","last_name":"4711","previous_names":[{"first_name":"1","last_name":"` + planted + `\u0000"},{},"` + planted + `"],
				"date_of_birth":"` + planted + `","national_insurance_number":"` + planted + `","trn":"` + planted + `","email":"` + planted + `","replaces":"urn:uuid:` + planted + `","favourite":"` + planted + `"}`,
			422,
			map[string]string{
				"/first_name": "holds a line break or another control character", "/last_name": "holds no letter",
				"/previous_names/0/first_name": "holds no letter", "/previous_names/0/last_name": "holds a line break or another control character",
				"/previous_names/1": "holds neither a first nor a last name", "/previous_names/2": "",
				"/date_of_birth": "", "/national_insurance_number": "is not two letters, six digits and a letter", "/trn": "is not seven digits",
				"/email": "is not an email address", "/replaces": "expected string to be a UUID", "/favourite": "",
			},
		},
		"values of a shape that are none": {
			http.MethodPut, validation, `{"first_name":"  ","last_name":"` + long + `","date_of_birth":"1884-02-17","national_insurance_number":"BG123456A","trn":"0000000","email":"` + long + `@example.org"}`,
			422,
			map[string]string{
				"/first_name": "is blank", "/last_name": "", "/date_of_birth": "is before 1900",
				"/national_insurance_number": "begins with letters that no National Insurance number begins with", "/trn": "is not a TRN", "/email": "",
			},
		},
		"a suffix, and too few digits": {
			http.MethodPut, validation, `{"first_name":"Zoë","date_of_birth":"1984-02-30","national_insurance_number":"QQ123456X","trn":"840012"}`,
			422,
			map[string]string{"/date_of_birth": "", "/national_insurance_number": "ends with another letter than A, B, C or D", "/trn": "is not seven digits"},
		},
		"a TRN as only people write it": {
			http.MethodPut, validation, `{"first_name":"Zoë","date_of_birth":"1984-02-17","trn":"84 00123"}`,
			422,
			map[string]string{"/trn": "is not seven digits"},
		},
		"nothing": {
			http.MethodPut, validation, `{}`,
			422,
			map[string]string{"/first_name": "is needed, or a last name", "/date_of_birth": "is missing"},
		},
		"other types": {
			http.MethodPut, validation, `{"first_name":{"` + planted + `":1},"last_name":["` + planted + `"],"previous_names":"` + planted + `","date_of_birth":null}`,
			422,
			map[string]string{"/first_name": "", "/last_name": "", "/previous_names": "", "/date_of_birth": ""},
		},
		"a barring check's": {
			http.MethodPut, barring, `{"trn":"` + planted + `","date_of_birth":"` + planted + `"}`,
			422,
			map[string]string{"/trn": "expected string to be seven digits", "/first_name": "is needed, or a last name", "/date_of_birth": ""},
		},
		"a barring check of no TRN": {
			http.MethodPut, barring, `{"trn":"0000000","last_name":"7"}`,
			422,
			map[string]string{"/trn": "is not a TRN", "/last_name": "holds no letter"},
		},
		"an id that is none":       {http.MethodPut, "/api/v1/barring-checks/" + planted, `{"trn":"8400123","first_name":"Zoë"}`, 422, map[string]string{"path id": "expected string to be a UUID"}},
		"a status that is none":    {http.MethodGet, "/api/v1/requests?status=" + planted, "", 422, map[string]string{"query status": ""}},
		"a place that is none":     {http.MethodGet, "/api/v1/requests?after=" + planted, "", 422, map[string]string{"query after": "expected string to be a UUID"}},
		"a limit that is none":     {http.MethodGet, "/api/v1/requests?limit=" + planted, "", 422, map[string]string{"query limit": ""}},
		"a limit out of bounds":    {http.MethodGet, "/api/v1/answers?limit=501", "", 422, map[string]string{"query limit": ""}},
		"a parameter that is none": {http.MethodGet, "/api/v1/answers?name=" + planted, "", 422, map[string]string{"query name": ""}},
		"no JSON":                  {http.MethodPut, validation, `{"first_name":"` + planted, 400, nil},
	} {
		t.Run(what, func(t *testing.T) {
			s := serve(t, &answering{view: received()})
			got := s.send(t, "cpd", c.method, c.target, c.body)
			var p httpd.Problem
			if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != c.status || len(s.svc.submitted)+len(s.svc.asked) > 0 {
				t.Fatalf("got %d %s, want the problem %d and the service not asked", got.status, got.body, c.status)
			}
			if strings.Contains(got.body, planted) {
				t.Errorf("repeats a value: %s", got.body)
			}
			said := map[string]string{}
			for _, f := range p.Errors {
				if _, twice := said[f.Pointer]; twice {
					t.Errorf("%s is named twice", f.Pointer)
				}
				said[f.Pointer] = f.Detail
			}
			for pointer, want := range c.want {
				if have, ok := said[pointer]; !ok || have == "" || want != "" && have != want {
					t.Errorf("%s: got %q, want %q", pointer, have, want)
				}
				delete(said, pointer)
			}
			if len(said) > 0 {
				t.Errorf("also says %v", said)
			}
		})
	}
}

// TestEveryGivenEntryIsTakenOrNamed hands in what the given cases say that people
// type. What is no name or no National Insurance number is named by its pointer;
// so is a TRN in any other form than seven digits, which only pages take.
func TestEveryGivenEntryIsTakenOrNamed(t *testing.T) {
	for field, kind := range map[string]string{"first_name": "name", "last_name": "name", "national_insurance_number": "nino", "trn": "trn"} {
		raw, err := os.ReadFile("../../person/testdata/" + kind + "_entry.json")
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Cases []struct {
				ID       string
				Input    json.RawMessage
				Expected struct {
					Valid      bool
					Normalised json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, c := range file.Cases {
			var typed string
			var many struct {
				Repeat string
				Times  int
			}
			if json.Unmarshal(c.Input, &typed) != nil {
				if json.Unmarshal(c.Input, &many); many.Times == 0 {
					continue // names together, which only a page asks for
				}
				typed = strings.Repeat(many.Repeat, many.Times)
			}
			body := map[string]any{"first_name": "Ada", "last_name": "Okoro", "date_of_birth": "1984-02-17"}
			body[field] = typed
			sent, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, &answering{view: received()}).send(t, "cpd", http.MethodPut, validation, string(sent))
			if c.Expected.Valid && (field != "trn" || len(typed) == 7) {
				if got.status >= 300 {
					t.Errorf("%s as %s: got %d %s, want it taken", c.ID, field, got.status, got.body)
				}
				continue
			}
			refused++
			var p httpd.Problem
			if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Pointer != "/"+field || p.Errors[0].Detail == "" {
				t.Errorf("%s as %s: got %d %s, want 422 that names /%s alone", c.ID, field, got.status, got.body, field)
			}
			if value := strings.TrimSpace(typed); value != "" && strings.Contains(got.body, value) {
				t.Errorf("%s as %s: the answer repeats it: %s", c.ID, field, got.body)
			}
		}
		if refused == 0 {
			t.Errorf("%s: no case is refused", field)
		}
	}
}

func TestTheDocumentKnowsEveryOperation(t *testing.T) {
	mux := http.NewServeMux()
	api := httpd.NewAPI(mux, httpd.APIOptions{Title: "tra", Version: "1", Auth: tokens{}})
	traapi.Mount(api, &answering{})
	raw, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Security  []map[string][]string
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"/api/v1/trn-validation-requests/{id} put":                          "200 201 409 422",
		"/api/v1/trn-validation-requests/{id} get":                          "200 304 404",
		"/api/v1/trn-validation-requests/{id} delete":                       "204 404 409",
		"/api/v1/trn-validation-requests/{id}/questions/{number}/reply put": "200 404 409 422",
		"/api/v1/barring-checks/{id} put":                                   "200 201 409 422",
		"/api/v1/barring-checks/{id} get":                                   "200 304 404",
		"/api/v1/barring-checks/{id} delete":                                "204 404 409",
		"/api/v1/requests get":                                              "200 422",
		"/api/v1/answers get":                                               "200 422",
		"/api/v1/webhook put":                                               "200 201 422",
		"/api/v1/webhook get":                                               "200 404",
		"/api/v1/webhook delete":                                            "204",
		"/api/v1/webhook/ping post":                                         "200 404",
		"/api/v1/webhook/deliveries get":                                    "200 422",
		"/api/v1/webhook/deliveries/{id}/redeliver post":                    "202 404",
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			statuses, ok := want[path+" "+method]
			if !ok {
				t.Errorf("also has %s %s", method, path)
			}
			delete(want, path+" "+method)
			for status := range strings.FieldsSeq(statuses) {
				if _, ok := op.Responses[status]; !ok {
					t.Errorf("%s %s does not answer %s", method, path, status)
				}
			}
			if op.Responses["201"].Content != nil && op.Responses["201"].Content["application/json"].Schema.Ref != op.Responses["200"].Content["application/json"].Schema.Ref {
				t.Errorf("%s %s answers 201 and 200 with two schemas", method, path)
			}
			if !slices.Equal(op.Security[0]["bearer"], []string{wire.ScopeRequests}) {
				t.Errorf("%s %s needs %v", method, path, op.Security)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("lacks %v", want)
	}
}
