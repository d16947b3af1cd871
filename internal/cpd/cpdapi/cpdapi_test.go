package cpdapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/cpd/cpdapi"
	"traid/internal/cpd/cpdsql"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	wire "traid/internal/wire/cpdv1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	north = "north-star"
	south = "south-downs"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is the API of two lead providers on a fresh database, on a clock that the test moves.
type world struct {
	*testing.T
	store  *cpdsql.Store
	svc    *cpd.Service
	server *httptest.Server
	tokens map[string]string
	now    time.Time
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := &world{T: t, store: cpdsql.NewStore(db, nil), tokens: map[string]string{}, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		clock := func() time.Time { return w.now }
		w.svc = cpd.New(w.store, nil, nil, []byte("key"), clock, cpd.Options{})
		accounts := access.New(db, clock)
		for _, client := range []string{north, south} {
			w.tokens[client] = must(accounts.CreateToken(t.Context(), client, []string{wire.ScopeParticipants}, 24*time.Hour))
		}
		w.tokens["scopeless"] = must(accounts.CreateToken(t.Context(), north, []string{"other"}, 24*time.Hour))
		mux := http.NewServeMux()
		cpdapi.Mount(httpd.NewAPI(mux, httpd.APIOptions{Title: "t", Version: "1", Auth: accounts}), w.svc)
		w.server = httptest.NewServer(must(httpd.Site(mux, httpd.SiteOptions{Service: "cpd"})))
		t.Cleanup(w.server.Close)
		for i, s := range []cpd.School{{URN: "900001", Name: "A", LeadProvider: north}, {URN: "900002", Name: "B", LeadProvider: south}, {URN: "900003", Name: "C"}} {
			w.do(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveSchool(ctx, s) })
			for j := range 3 {
				w.participant(fmt.Sprintf("%d%d", i+1, j), s.URN)
			}
		}
		w.now = w.now.Add(time.Minute)
		test(w)
	}, sqldb.TaskMigrations, access.Migrations, cpdsql.Migrations)
}

func (w *world) do(do func(ctx context.Context, tx cpd.Tx) error) {
	w.Helper()
	if err := w.store.InTx(w.Context(), do); err != nil {
		w.Fatal(err)
	}
}

// participant keeps somebody who accepted a school's invitation.
func (w *world) participant(name string, at cpd.URN) {
	w.Helper()
	w.now = w.now.Add(time.Second)
	email := must(person.ParseEmail("p" + name + "@example.org"))
	first := must(person.ParseName("Person"))
	p := cpd.Participant{
		ID: cpd.ParticipantID("p" + name), Reference: cpd.Reference("CPD-" + name), RegistrationID: cpd.RegistrationID("r" + name), FirstName: first, Email: email,
		CreatedAt: w.now, UpdatedAt: w.now, SubmittedAt: w.now, TRNAt: w.now, TRNStatus: cpd.TRNAwaitingManualValidation, TRNClaimed: true, AlertStatus: cpd.AlertNotChecked,
	}
	i := cpd.Invitation{ID: cpd.InvitationID("i" + name), School: at, Invitee: cpd.Invitee{FirstName: first, LastName: first, Email: email}, CreatedAt: w.now, SentAt: w.now, EndsAt: w.now}
	w.do(func(ctx context.Context, tx cpd.Tx) error {
		if err := tx.AddParticipant(ctx, p); err != nil {
			return err
		}
		if err := tx.AddInvitation(ctx, i); err != nil {
			return err
		}
		return tx.AcceptInvitation(ctx, i.ID, p.ID)
	})
}

// change changes somebody.
func (w *world) change(id cpd.ParticipantID, change func(p *cpd.Participant)) {
	w.Helper()
	w.do(func(ctx context.Context, tx cpd.Tx) error {
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		p.UpdatedAt = w.now
		change(&p)
		return tx.SaveParticipant(ctx, p)
	})
}

// get gives the status and the body of an answer.
func (w *world) get(client, path string, query ...string) (int, string) {
	w.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	r := must(http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.URL+"/api/v1/participants"+path+"?"+values.Encode(), nil))
	if token := w.tokens[client]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := w.server.Client().Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	var body json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		w.Fatal(err)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		w.Errorf("%s may be kept", path)
	}
	return res.StatusCode, string(body)
}

func (w *world) page(client string, query ...string) (ids, next string) {
	w.Helper()
	status, body := w.get(client, "", query...)
	var out wire.Participants
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != http.StatusOK {
		w.Fatalf("%d %s %v", status, body, err)
	}
	for _, p := range out.Participants {
		ids += p.ID + " "
	}
	return strings.TrimSpace(ids), out.Next
}

func TestALeadProviderReadsItsOwnSchoolsOnly(t *testing.T) {
	each(t, func(w *world) {
		if got, _ := w.page(north); got != "p10 p11 p12" {
			t.Errorf("%s reads %q", north, got)
		}
		if got, _ := w.page(south); got != "p20 p21 p22" {
			t.Errorf("%s reads %q", south, got)
		}
		for _, id := range []string{"p20", "p30", "nobody"} {
			if status, body := w.get(north, "/"+id); status != http.StatusNotFound || strings.Contains(body, "p20@") {
				t.Errorf("%s reads %s: %d %s", north, id, status, body)
			}
		}
		if status, body := w.get(north, "/p10"); status != http.StatusOK || !strings.Contains(body, `"schools":["900001"]`) {
			t.Errorf("its own: %d %s", status, body)
		}
		if status, _ := w.get("", ""); status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", status)
		}
		if status, _ := w.get("scopeless", ""); status != http.StatusForbidden {
			t.Errorf("without the scope: %d", status)
		}
	})
}

// TestNoChangeIsSkipped follows next from page to page while people change.
func TestNoChangeIsSkipped(t *testing.T) {
	each(t, func(w *world) {
		got, next := w.page(north, "page[size]", "2")
		if got != "p10 p11" {
			t.Errorf("the first page: %q", got)
		}
		w.change("p10", func(p *cpd.Participant) {})
		if got, _ := w.page(north, "page[after]", next); got != "p12" {
			t.Errorf("the second page, a change being new: %q", got)
		}
		w.now = w.now.Add(20 * time.Second)
		if got, next = w.page(north, "page[after]", next); got != "p12 p10" {
			t.Errorf("the second page later: %q", got)
		}
		since := w.now.Format(time.RFC3339)
		if got, next = w.page(north, "page[after]", next); got != "" || next == "" {
			t.Errorf("nothing has changed: %q, next %q", got, next)
		}
		w.now = w.now.Add(time.Minute)
		w.change("p12", func(p *cpd.Participant) {})
		w.now = w.now.Add(time.Minute)
		if got, _ = w.page(north, "page[after]", next); got != "p12" {
			t.Errorf("later: %q", got)
		}
		if got, _ = w.page(north, "updated_since", since); got != "p12" {
			t.Errorf("since %s: %q", since, got)
		}
		if err := w.svc.PutSchool(w.Context(), cpd.School{URN: "900003", Name: "C", LeadProvider: north}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Minute)
		if got, _ = w.page(north, "updated_since", since); got != "p12 p30 p31 p32" {
			t.Errorf("with another school: %q", got)
		}
	})
}

// TestWhatIsReadOfAParticipant holds every status to what a lead provider reads.
func TestWhatIsReadOfAParticipant(t *testing.T) {
	each(t, func(w *world) {
		for why, c := range map[string]struct {
			change func(p *cpd.Participant)
			want   string
		}{
			"being checked": {func(p *cpd.Participant) {}, `null,"teacher_reference_number_validated":false,"eligible_for_funding":null`},
			"none claimed":  {func(p *cpd.Participant) { p.TRNClaimed = false }, `null,"teacher_reference_number_validated":null,"eligible_for_funding":null`},
			"failed":        {func(p *cpd.Participant) { p.TRNStatus = cpd.TRNValidationFailed }, `null,"teacher_reference_number_validated":false,"eligible_for_funding":null`},
			"in conflict":   {func(p *cpd.Participant) { p.TRNStatus = cpd.TRNConflict }, `null,"teacher_reference_number_validated":false,"eligible_for_funding":null`},
			"validated":     {func(p *cpd.Participant) {}, `"1234567","teacher_reference_number_validated":true,"eligible_for_funding":null`},
			"no alert": {
				func(p *cpd.Participant) { p.AlertStatus = cpd.AlertNone },
				`"1234567","teacher_reference_number_validated":true,"eligible_for_funding":true`,
			},
			"a barring check": {
				func(p *cpd.Participant) { p.AlertStatus = cpd.AlertAwaitingBarringCheck },
				`"1234567","teacher_reference_number_validated":true,"eligible_for_funding":null`,
			},
			"nobody could tell": {
				func(p *cpd.Participant) { p.AlertStatus = cpd.AlertUndetermined },
				`"1234567","teacher_reference_number_validated":true,"eligible_for_funding":null`,
			},
			"not barred": {
				func(p *cpd.Participant) { p.AlertStatus = cpd.AlertNotBarred },
				`"1234567","teacher_reference_number_validated":true,"eligible_for_funding":true`,
			},
			"barred": {
				func(p *cpd.Participant) { p.AlertStatus = cpd.AlertBarred },
				`"1234567","teacher_reference_number_validated":true,"eligible_for_funding":false`,
			},
		} {
			w.change("p10", func(p *cpd.Participant) {
				p.TRNStatus, p.TRNClaimed, p.TRN, p.AlertStatus = cpd.TRNAwaitingManualValidation, true, person.TRN{}, cpd.AlertNotChecked
				if strings.HasPrefix(c.want, `"`) {
					p.TRNStatus, p.TRN = cpd.TRNValidatedManually, must(person.NewTRN("1234567"))
				}
				c.change(p)
			})
			status, body := w.get(north, "/p10")
			if status != http.StatusOK || !strings.Contains(body, `"teacher_reference_number":`+c.want) {
				t.Errorf("%s: %d %s, want %s", why, status, body, c.want)
			}
			for _, secret := range []string{"alert", "barr", "undetermined", "conflict", "failed"} {
				if strings.Contains(body, secret) {
					t.Errorf("%s: it tells %q: %s", why, secret, body)
				}
			}
		}
	})
}

func TestAJoinedRecordIsReadAsTheOneThatTookItsPlace(t *testing.T) {
	each(t, func(w *world) {
		w.change("p11", func(p *cpd.Participant) { p.JoinedInto = "p10" })
		if status, body := w.get(north, "/p11"); status != http.StatusOK || !strings.Contains(body, `"id":"p10"`) {
			t.Errorf("%d %s", status, body)
		}
		if got, _ := w.page(north); got != "p10 p12" {
			t.Errorf("the list: %q", got)
		}
	})
}

func TestEveryWrongParameterIsNamed(t *testing.T) {
	each(t, func(w *world) {
		for why, c := range map[string]struct {
			query   []string
			pointer string
		}{
			"no time":           {[]string{"updated_since", "yesterday"}, "query updated_since"},
			"no cursor":         {[]string{"page[after]", "!"}, "query page[after]"},
			"another cursor":    {[]string{"page[after]", "bm90aGluZw"}, "query page[after]"},
			"too many":          {[]string{"page[size]", "5000"}, "query page[size]"},
			"no number":         {[]string{"page[size]", "many"}, "query page[size]"},
			"what is not there": {[]string{"name", "Person"}, "query name"},
		} {
			status, body := w.get(north, "", c.query...)
			var problem struct {
				Errors []struct{ Pointer string }
			}
			if err := json.Unmarshal([]byte(body), &problem); err != nil || status != http.StatusUnprocessableEntity || len(problem.Errors) != 1 || problem.Errors[0].Pointer != c.pointer {
				t.Errorf("%s: %d %s, want 422 that points at %s", why, status, body, c.pointer)
			}
			if strings.Contains(body, c.query[1]) && c.query[1] != "!" {
				t.Errorf("%s: the value is repeated: %s", why, body)
			}
		}
	})
}
