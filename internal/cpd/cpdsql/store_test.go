package cpdsql_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC) // a Monday

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func name(s string) person.Name   { return must(person.ParseName(s)) }
func email(s string) person.Email { return must(person.ParseEmail(s)) }
func trn(s string) person.TRN     { return must(person.NewTRN(s)) }

// shelf is a store on a fresh database.
type shelf struct {
	*testing.T
	*cpdsql.Store
	db *sqldb.DB
}

func eachShelf(t *testing.T, test func(s *shelf)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		test(&shelf{T: t, Store: cpdsql.NewStore(db, nil), db: db})
	}, sqldb.TaskMigrations, cpdsql.Migrations)
}

// tx runs do in a transaction that has to succeed.
func (s *shelf) tx(do func(ctx context.Context, tx cpd.Tx) error) {
	s.Helper()
	if err := s.InTx(s.Context(), do); err != nil {
		s.Fatal(err)
	}
}

// taken runs do in a transaction that has to fail with ErrTaken.
func (s *shelf) taken(why string, do func(ctx context.Context, tx cpd.Tx) error) {
	s.Helper()
	if err := s.InTx(s.Context(), do); !errors.Is(err, cpd.ErrTaken) {
		s.Errorf("%s: got %v, want ErrTaken", why, err)
	}
}

// same compares two values, those of persons by what they hold.
func (s *shelf) same(what string, want, got any, err error) {
	s.Helper()
	if err != nil {
		s.Errorf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got, reveal, cmp.Transformer("zone", func(t time.Time) string { return t.Format(time.RFC3339Nano) })); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

var reveal = cmp.Options{
	cmp.Comparer(func(a, b person.Name) bool { return a == b }), cmp.Comparer(func(a, b person.Email) bool { return a == b }),
	cmp.Comparer(func(a, b person.TRN) bool { return a == b }), cmp.Comparer(func(a, b person.NINO) bool { return a == b }),
	cmp.Comparer(func(a, b person.Date) bool { return a == b }),
}

func (s *shelf) missing(what string, err error) {
	s.Helper()
	if !fault.Is(err, fault.NotFound) {
		s.Errorf("%s: got %v, want that it is not found", what, err)
	}
}

func bloggs(n int) cpd.Participant {
	at := start.Add(time.Duration(n) * time.Minute)
	return cpd.Participant{
		ID: cpd.ParticipantID(fmt.Sprintf("p%d", n)), Reference: cpd.Reference(fmt.Sprintf("CPD-7KM4-T3%d", n)),
		RegistrationID: cpd.RegistrationID(fmt.Sprintf("r%d", n)), FirstName: name("Jo"), LastName: name("Bloggs"),
		Email: email(fmt.Sprintf("Jo.%d@example.org", n)), CreatedAt: at, UpdatedAt: at,
		TRNStatus: cpd.TRNNotChecked, TRNAt: at, SubmittedAt: at, AlertStatus: cpd.AlertNotChecked,
	}
}

func (s *shelf) add(people ...cpd.Participant) {
	s.Helper()
	s.tx(func(ctx context.Context, tx cpd.Tx) error {
		for _, p := range people {
			if err := tx.AddParticipant(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestAParticipantIsReadAsItWasKept(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		p := bloggs(1)
		s.add(p)
		got, err := s.Participant(ctx, p.ID)
		s.same("new", p, got, err)
		p.FirstName, p.LastName = name("Zoë"), person.Name{}
		p.UpdatedAt = start.Add(time.Hour)
		p.TRNStatus, p.TRN, p.TRNClaimed, p.TRNAt = cpd.TRNValidatedManually, trn("0012345"), true, start.Add(2*time.Hour)
		p.TRNRequest, p.TRNVersion = "q1", 3
		p.SubmittedAt, p.ExpectedBy, p.WithdrawnAt = start.Add(3*time.Hour), start.Add(4*time.Hour), start.Add(5*time.Hour)
		p.AlertStatus, p.AlertAt, p.AlertRequest, p.AlertOwner = cpd.AlertUndetermined, start.Add(6*time.Hour), "q2", "Sam"
		p.DeleteDataAt, p.JoinedInto, p.Epoch, p.AlertState = start.Add(7*time.Hour), "p2", 3, "e5"
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveParticipant(ctx, p) })
		got, err = s.Participant(ctx, p.ID)
		s.same("changed", p, got, err)
		got, err = s.ParticipantByRegistration(ctx, "r1")
		s.same("by registration", p, got, err)
		got, err = s.ParticipantByTRN(ctx, trn("0012345"))
		s.same("by TRN", p, got, err)
		got, err = s.ParticipantByEmail(ctx, email("jO.1@EXAMPLE.org"))
		s.same("by email address", p, got, err)

		s.add(bloggs(2))
		_, err = s.ParticipantByTRN(ctx, person.TRN{})
		s.missing("nobody's TRN", err)
		_, err = s.Participant(ctx, "p9")
		s.missing("participant", err)
		_, err = s.ParticipantByRegistration(ctx, "r9")
		s.missing("registration", err)
		_, err = s.ParticipantByEmail(ctx, email("jo.9@example.org"))
		s.missing("email address", err)
		s.missing("saved", s.InTx(ctx, func(ctx context.Context, tx cpd.Tx) error { return tx.SaveParticipant(ctx, bloggs(9)) }))
	})
}

func TestWhatIsOneParticipantsIsNoOthers(t *testing.T) {
	for why, change := range map[string]func(p *cpd.Participant){
		"the same registration":             func(p *cpd.Participant) { p.RegistrationID = "r1" },
		"the same reference":                func(p *cpd.Participant) { p.Reference = bloggs(1).Reference },
		"the same address in other letters": func(p *cpd.Participant) { p.Email = email("JO.1@example.ORG") },
		"the same TRN":                      func(p *cpd.Participant) { p.TRN = trn("1234567") },
	} {
		t.Run(why, func(t *testing.T) {
			eachShelf(t, func(s *shelf) {
				first := bloggs(1)
				first.TRN = trn("1234567")
				s.add(first)
				second := bloggs(2)
				change(&second)
				s.taken(why, func(ctx context.Context, tx cpd.Tx) error { return tx.AddParticipant(ctx, second) })
				_, err := s.Participant(s.Context(), second.ID)
				s.missing("the refused one", err)
			})
		})
	}
	t.Run("the same TRN later", func(t *testing.T) {
		eachShelf(t, func(s *shelf) {
			first, second := bloggs(1), bloggs(2)
			first.TRN = trn("1234567")
			s.add(first, second)
			second.TRN = first.TRN
			s.taken("a TRN stands on one", func(ctx context.Context, tx cpd.Tx) error { return tx.SaveParticipant(ctx, second) })
			s.tx(func(ctx context.Context, tx cpd.Tx) error { // it moves
				first.TRN = person.TRN{}
				return errors.Join(tx.SaveParticipant(ctx, first), tx.SaveParticipant(ctx, second))
			})
		})
	})
}

func TestJoinedRecordsAreReadTogether(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		oldest, middle, newest := bloggs(1), bloggs(2), bloggs(3)
		s.add(oldest, middle, newest)
		step := func(p cpd.Participant, what cpd.What, at time.Duration) func(context.Context, cpd.Tx) error {
			return func(ctx context.Context, tx cpd.Tx) error {
				return errors.Join(tx.AddEvent(ctx, cpd.Event{At: start.Add(at), Participant: p.ID, Who: "cpd", What: what}),
					tx.AddMessage(ctx, cpd.Message{ID: string(what), Participant: p.ID, At: start.Add(at)}, cpd.Secret{}))
			}
		}
		s.tx(step(oldest, "a", 0))
		s.tx(step(newest, "b", time.Second))
		s.tx(step(middle, "c", 2*time.Second))
		s.tx(step(oldest, "d", 2*time.Second+time.Microsecond))
		join := func(from, into cpd.Participant) {
			s.tx(func(ctx context.Context, tx cpd.Tx) error {
				r := cpd.Request{ID: cpd.RequestID("q" + from.ID), Participant: from.ID, Kind: cpd.TRNValidation, State: cpd.RequestSent, CreatedAt: from.CreatedAt}
				if err := tx.AddRequest(ctx, r); err != nil {
					return err
				}
				from.JoinedInto = into.ID
				return errors.Join(tx.SaveParticipant(ctx, from), tx.Join(ctx, from.ID, into.ID))
			})
		}
		join(newest, middle)
		join(middle, oldest)
		for _, p := range []cpd.Participant{oldest, middle, newest} {
			got, err := s.ParticipantByEmail(ctx, p.Email)
			if err != nil || got.ID != oldest.ID {
				s.Errorf("the address of %s: got %s, %v, want %s", p.ID, got.ID, err, oldest.ID)
			}
		}
		joined, err := s.JoinedParticipants(ctx, oldest.ID)
		if err != nil || len(joined) != 2 || joined[0].ID != middle.ID || joined[1].ID != newest.ID {
			s.Errorf("joined: got %d, %v, want the two others", len(joined), err)
		}
		requests, err := s.Requests(ctx, oldest.ID)
		if err != nil || len(requests) != 2 || requests[0].ID != "qp2" || requests[1].ID != "qp3" {
			s.Errorf("requests: got %d, %v, want both, oldest first", len(requests), err)
		}
		events, err := s.Events(ctx, oldest.ID)
		var whats string
		for _, e := range events {
			whats += string(e.What)
		}
		s.same("history", "abcd", whats, err)
		messages, err := s.Messages(ctx, oldest.ID)
		whats = ""
		for _, m := range messages {
			whats += m.ID
		}
		s.same("mails", "abcd", whats, err)
		alone, err := s.Events(ctx, middle.ID)
		s.same("history of a joined record alone", 1, len(alone), err)
		list, total, _, err := s.Participants(ctx, cpd.Filter{Limit: 10}, 1000)
		if err != nil || total != 1 || len(list) != 1 || list[0].ID != oldest.ID {
			s.Errorf("list: got %d of %d, %v, want the one that stands", len(list), total, err)
		}
	})
}

func TestParticipantsAreFoundAndPaged(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		var people []cpd.Participant
		for n := range 6 {
			people = append(people, bloggs(n))
		}
		people[4].CreatedAt = people[3].CreatedAt // the id decides
		people[1].FirstName, people[1].LastName = name("Siân"), name("O’Brien-Jones")
		people[2].TRNStatus, people[2].AlertStatus = cpd.TRNConflict, cpd.AlertBarred
		people[3].TRNStatus = cpd.TRNConflict
		people[4].TRN = trn("8400123")
		people[5].Email = email("100%_sure@example.org")
		s.add(people...)
		joined := bloggs(7)
		joined.FirstName, joined.LastName, joined.Email = name("Elder"), name("Elder"), email("old@example.org")
		s.add(joined)
		joined.JoinedInto = people[0].ID
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			r := cpd.Request{ID: "q1", Participant: people[0].ID, Kind: cpd.TRNValidation, State: cpd.RequestAnswered, Reason: "no_record", CreatedAt: start}
			people[0].TRNRequest = r.ID
			return errors.Join(tx.SaveParticipant(ctx, joined), tx.Join(ctx, joined.ID, people[0].ID), tx.AddRequest(ctx, r), tx.SaveParticipant(ctx, people[0]))
		})
		for why, c := range map[string]struct {
			f    cpd.Filter
			want string
		}{
			"everybody, newest first":        {cpd.Filter{}, "p5 p4 p3 p2 p1 p0"},
			"by one axis":                    {cpd.Filter{TRNStatus: cpd.TRNConflict}, "p3 p2"},
			"by both axes":                   {cpd.Filter{TRNStatus: cpd.TRNConflict, AlertStatus: cpd.AlertBarred}, "p2"},
			"by a name without its accents":  {cpd.Filter{Query: "sian o'brien"}, "p1"},
			"by a name with them":            {cpd.Filter{Query: " SIÂN "}, "p1"},
			"by a family name before":        {cpd.Filter{Query: "Jones Siân"}, "p1"},
			"by the beginnings of both":      {cpd.Filter{Query: "jon s"}, "p1"},
			"by an address and a name":       {cpd.Filter{Query: "jo.1@ obrien"}, "p1"},
			"by another's name":              {cpd.Filter{Query: "jo.1@ bloggs"}, ""},
			"by the beginning of an address": {cpd.Filter{Query: "JO.3@exam"}, "p3"},
			"by an address":                  {cpd.Filter{Query: " JO.3@example.org "}, "p3"},
			"by the middle of an address":    {cpd.Filter{Query: "sure"}, "p5"},
			"by a joined record's address":   {cpd.Filter{Query: "old@example.org"}, "p0"},
			"by a joined record's name":      {cpd.Filter{Query: "Elder"}, ""},
			"by a reference":                 {cpd.Filter{Query: "cpd-7km4-t32"}, "p2"},
			"by a reference without hyphens": {cpd.Filter{Query: "7km4t32"}, "p2"},
			"by no reference":                {cpd.Filter{Query: "CPD-7KM4-T39"}, ""},
			"by a TRN":                       {cpd.Filter{Query: " 84/00 123"}, ""},
			"by a TRN as it is typed":        {cpd.Filter{Query: "RP 84/00123"}, "p4"},
			"by a TRN in another status":     {cpd.Filter{Query: "8400123", TRNStatus: cpd.TRNConflict}, ""},
			"by a name in a status":          {cpd.Filter{Query: "bloggs", TRNStatus: cpd.TRNConflict}, "p3 p2"},
			"by a name and a reason":         {cpd.Filter{Query: "bloggs", Reason: "no_record"}, "p0"},
			"by a reason":                    {cpd.Filter{Reason: "no_record"}, "p0"},
			"by a reason that nobody has":    {cpd.Filter{Reason: "cannot_tell"}, ""},
			"by a reason and another status": {cpd.Filter{Reason: "no_record", TRNStatus: cpd.TRNConflict}, ""},
			"by an old status":               {cpd.Filter{Since: start.Add(time.Minute)}, "p1 p0"},
			"percent is no wildcard":         {cpd.Filter{Query: "100%_"}, "p5"},
			"underscore is no wildcard":      {cpd.Filter{Query: "b_oggs"}, ""},
			"what is no word":                {cpd.Filter{Query: `\`}, ""},
			"nobody":                         {cpd.Filter{Query: "nobody"}, ""},
		} {
			c.f.Limit = 10
			for _, dense := range []int{2000, 0} {
				s.Dense(dense)
				list, total, more, err := s.Participants(s.Context(), c.f, 1000)
				s.same(fmt.Sprintf("%s, dense from %d", why, dense), c.want, ids(list), err)
				if total != len(list) || more {
					s.Errorf("%s: got a total of %d, more %v, want %d", why, total, more, len(list))
				}
			}
		}
		for _, dense := range []int{2000, 0} {
			s.Dense(dense)
			f := cpd.Filter{Query: "bloggs", Limit: 3}
			list, total, more, err := s.Participants(s.Context(), f, 4)
			s.same("a search's page", "p5 p4 p3", ids(list), err)
			if want := map[int]int{2000: 4, 0: 2}[dense]; total != want || !more {
				s.Errorf("a search's page: got a total of %d, more %v, want more than %d", total, more, want)
			}
			f.After = "p3"
			list, _, _, err = s.Participants(s.Context(), f, 4)
			s.same("its next page", "p2 p0", ids(list), err)
		}
		var pages []string
		f := cpd.Filter{Limit: 4}
		for {
			list, total, more, err := s.Participants(s.Context(), f, 1000)
			if more {
				s.Error("a page of six: more than six")
			}
			if err != nil || total != 6 {
				s.Fatalf("page: total %d, %v", total, err)
			}
			if len(list) == 0 {
				break
			}
			pages = append(pages, ids(list))
			f.After = string(list[len(list)-1].ID)
		}
		s.same("pages", []string{"p5 p4 p3 p2", "p1 p0"}, pages, nil)
	})
}

func TestAParticipantIsFoundByWhatStandsNow(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		p, other := bloggs(1), bloggs(2)
		s.add(p, other)
		finds := func(query, want string) {
			s.Helper()
			list, _, _, err := s.Participants(s.Context(), cpd.Filter{Query: query, Limit: 10}, 10)
			s.same(query, want, ids(list), err)
		}
		words := func() (n int) {
			s.Helper()
			if err := s.db.Reader().QueryRowContext(s.Context(), `SELECT COUNT(*) FROM search_words WHERE participant_id = 'p1'`).Scan(&n); err != nil {
				s.Fatal(err)
			}
			return n
		}
		finds("Bloggs", "p2 p1")
		p.LastName = name("Quill")
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveParticipant(ctx, p) })
		finds("Bloggs", "p2")
		finds("Quill", "p1")
		p.JoinedInto = other.ID
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveParticipant(ctx, p) })
		finds("Quill", "")
		if n := words(); n != 0 {
			s.Errorf("of a record that was joined into another %d words are kept", n)
		}
	})
}

func ids(people []cpd.Participant) (out string) {
	for i, p := range people {
		if i > 0 {
			out += " "
		}
		out += string(p.ID)
	}
	return out
}

func TestWhoIsUnsettled(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		var people []cpd.Participant
		for n := range 7 {
			p := bloggs(n)
			p.TRNStatus = cpd.TRNValidatedAutomatically
			people = append(people, p)
		}
		people[1].TRNStatus = cpd.TRNConflict
		people[2].TRNStatus = cpd.TRNNotChecked
		people[3].AlertStatus = cpd.AlertUndetermined
		people[4].TRNStatus, people[4].WithdrawnAt = cpd.TRNNotChecked, start
		people[5].TRNStatus, people[5].JoinedInto = cpd.TRNNotChecked, "p1"
		people[6].TRNStatus = cpd.TRNValidationFailed
		people[3].TRNAt = start.Add(-time.Hour)
		s.add(people...)
		list, err := s.Unsettled(s.Context(), 10)
		s.same("unsettled, the longest first", "p3 p1 p2", ids(list), err)
		list, err = s.Unsettled(s.Context(), 1)
		s.same("at most one", "p3", ids(list), err)
	})
}

func TestValidationDataGoes(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1), bloggs(2))
		details := cpd.Details{
			FirstName: name("Jo"), LastName: name("Bloggs"), NameChanged: true,
			PreviousNames: []person.FullName{{First: name("Jo"), Last: name("Smith")}, {Last: name("Łukasz")}},
			DateOfBirth:   must(person.ParseDate("1984-02-17")), TRN: trn("0012345"), NINO: must(person.ParseNINO("QQ123456C")), Email: email("jo@example.org"),
		}
		all := []cpd.Data{
			{ID: "z", Participant: "p1", Details: details, CreatedAt: start},
			{ID: "y", Participant: "p1", Details: cpd.Details{LastName: name("Bloggs"), DateOfBirth: details.DateOfBirth}, CreatedAt: start},
			{ID: "x", Participant: "p1", Details: details, CreatedAt: start}, // in the same instant: the last one is the newest
			{ID: "w", Participant: "p2", Details: details, CreatedAt: start},
		}
		s.tx(func(ctx context.Context, tx cpd.Tx) (err error) {
			for _, d := range all {
				err = errors.Join(err, tx.AddData(ctx, d))
			}
			return err
		})
		got, err := s.Data(ctx, "p1")
		s.same("the newest", all[2], got, err)
		got, err = s.DataByID(ctx, "y")
		s.same("by its id", all[1], got, err)
		if p, err := s.Participant(ctx, "p1"); err != nil || !p.HoldsValidationData {
			s.Errorf("got %v, %v, want that data is held", p.HoldsValidationData, err)
		}
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.DeleteData(ctx, "p1", "y", "z") })
		got, err = s.Data(ctx, "p1")
		s.same("the newest that was kept", all[1], got, err)
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.DeleteDataByID(ctx, "y") })
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			return errors.Join(tx.DeleteData(ctx, "p1"), tx.DeleteDataByID(ctx, "gone"))
		})
		_, err = s.Data(ctx, "p1")
		s.missing("the data of a participant", err)
		_, err = s.DataByID(ctx, "x")
		s.missing("the data itself", err)
		if p, err := s.Participant(ctx, "p1"); err != nil || p.HoldsValidationData {
			s.Errorf("got %v, %v, want that nothing is held", p.HoldsValidationData, err)
		}
		var rows int
		if err := s.db.Reader().QueryRowContext(ctx, `SELECT count(*) FROM validation_data`).Scan(&rows); err != nil || rows != 1 {
			s.Errorf("got %d rows, %v, want the other participant's alone", rows, err)
		}
	})
}

func TestARequestIsReadAsItWasKept(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1))
		r := cpd.Request{
			ID: "q1", Participant: "p1", Kind: cpd.TRNValidation, State: cpd.RequestWaiting, DataID: "d1", CreatedAt: start,
			ExpectedBy: start.Add(time.Hour),
		}
		second := r
		second.ID, second.Replaces = "q0", "q1" // made in the same instant, with a lesser id
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			return errors.Join(tx.AddRequest(ctx, r), tx.AddRequest(ctx, second))
		})
		s.taken("the same id", func(ctx context.Context, tx cpd.Tx) error { return tx.AddRequest(ctx, r) })
		got, err := s.Request(ctx, "q1")
		s.same("new", r, got, err)
		r.State, r.Replaces, r.Attempts, r.SentAt, r.Problem, r.Status = cpd.RequestAnswered, "q9", 2, start.Add(1), "unavailable", "answered"
		r.SentAt, r.AsOf, r.AnsweredAt = start.Add(time.Second), start.Add(2*time.Second), start.Add(3*time.Second)
		r.ExpectedBy, r.Version, r.Outcome, r.Reason, r.Note = time.Time{}, 2, cpd.Failed, "no_record", "A note."
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveRequest(ctx, r) })
		got, err = s.Request(ctx, "q1")
		s.same("changed", r, got, err)
		list, err := s.Requests(ctx, "p1")
		s.same("of the participant", []cpd.Request{r, second}, list, err)
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			next, err := tx.Successor(ctx, "q1")
			s.same("successor", second, next, err)
			_, err = tx.Successor(ctx, "q0")
			s.missing("successor of the last", err)
			_, err = tx.Successor(ctx, "")
			s.missing("successor of none", err)
			second.State = cpd.RequestSent
			return tx.SaveRequest(ctx, second)
		})
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			_, err := tx.Successor(ctx, "q1")
			s.missing("successor that is sent", err)
			return nil
		})
		_, err = s.Request(ctx, "q7")
		s.missing("request", err)
		s.missing("saved", s.InTx(ctx, func(ctx context.Context, tx cpd.Tx) error { return tx.SaveRequest(ctx, cpd.Request{ID: "q7"}) }))
	})
}

func TestSilentAndOpenRequests(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1))
		add := func(id cpd.RequestID, state cpd.RequestState, created, asOf time.Duration) {
			s.tx(func(ctx context.Context, tx cpd.Tx) error {
				r := cpd.Request{ID: id, Participant: "p1", Kind: cpd.TRNValidation, State: state, CreatedAt: start.Add(created)}
				if asOf != 0 {
					r.AsOf = start.Add(asOf)
				}
				return tx.AddRequest(ctx, r)
			})
		}
		add("waiting", cpd.RequestWaiting, 1*time.Hour, 0)
		add("fresh", cpd.RequestSent, 2*time.Hour, 10*time.Hour)
		add("silent", cpd.RequestSent, 3*time.Hour, 5*time.Hour)
		add("longer", cpd.RequestSent, 4*time.Hour, 4*time.Hour)
		add("answered", cpd.RequestAnswered, 0, 4*time.Hour)
		silent, err := s.SilentRequests(ctx, start.Add(10*time.Hour), 10)
		got := ""
		for _, r := range silent {
			got += string(r.ID) + " "
		}
		s.same("silent", "longer silent ", got, err)
		silent, err = s.SilentRequests(ctx, start.Add(10*time.Hour), 1)
		s.same("at most", 1, len(silent), err)
		open, err := s.OpenRequests(ctx, 3)
		got = ""
		for _, r := range open {
			got += string(r.ID) + " " + string(r.Reference) + " "
		}
		s.same("open", "waiting CPD-7KM4-T31 fresh CPD-7KM4-T31 silent CPD-7KM4-T31 ", got, err)
	})
}

func TestAnAnswersVersionIsReadOnceAndItsTRNNotKept(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		s.add(bloggs(1))
		a := cpd.Answer{Request: "q1", Kind: cpd.TRNValidation, Version: 1, Outcome: cpd.TRNFound, TRN: trn("7654321"), Note: "n", AnsweredAt: start}
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			return tx.AddRequest(ctx, cpd.Request{ID: "q1", Participant: "p1", CreatedAt: start})
		})
		read := func(version int64) (fresh bool) {
			s.tx(func(ctx context.Context, tx cpd.Tx) (err error) {
				a.Version = version
				fresh, err = tx.AddAnswer(ctx, a, start)
				return err
			})
			return fresh
		}
		if got := [...]bool{read(1), read(1), read(2), read(2)}; got != [...]bool{true, false, true, false} {
			s.Errorf("got %v, want each version once", got)
		}
		var rows int
		err := s.db.Reader().QueryRowContext(s.Context(), `SELECT count(*) FROM answers WHERE outcome <> '7654321' AND reason <> '7654321' AND note <> '7654321'`).Scan(&rows)
		s.same("answers without a TRN", 2, rows, err)
	})
}

func TestAParticipantHasOneOpenConflict(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1), bloggs(2))
		c := cpd.Conflict{ID: "c1", Participant: "p1", Holder: "p2", TRN: trn("1234567"), Request: "q1", Version: 2, OpenedAt: start}
		add := func(id string, p cpd.ParticipantID) func(context.Context, cpd.Tx) error {
			return func(ctx context.Context, tx cpd.Tx) error {
				return tx.AddConflict(ctx, cpd.Conflict{ID: id, Participant: p, OpenedAt: start})
			}
		}
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.AddConflict(ctx, c) })
		got, err := s.OpenConflict(ctx, "p1")
		s.same("open", c, got, err)
		s.taken("a second one", add("c2", "p1"))
		s.tx(add("c3", "p2"))
		c.EndedAt, c.How, c.EndedBy, c.Why, c.TRN = start.Add(time.Hour), cpd.SamePerson, "a@example.org", "Married.", person.TRN{}
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveConflict(ctx, c) })
		_, err = s.OpenConflict(ctx, "p1")
		s.missing("ended", err)
		s.tx(add("c4", "p1"))
		s.missing("saved", s.InTx(ctx, func(ctx context.Context, tx cpd.Tx) error { return tx.SaveConflict(ctx, cpd.Conflict{ID: "c9"}) }))
	})
}

func TestHistoryIsInOrderWithinAnInstant(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		s.add(bloggs(1))
		var want []cpd.Event
		for n := range 12 {
			e := cpd.Event{At: start, Participant: "p1", Who: "a@example.org", What: cpd.What(fmt.Sprint(n)), Request: "q1", Why: "Because."}
			want = append(want, e)
			s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.AddEvent(ctx, e) })
		}
		got, err := s.Events(s.Context(), "p1")
		s.same("history", want, got, err)
	})
}

func TestALinkIsUsedOnceAndEnds(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1))
		link := func(id string, ends time.Duration) cpd.Message {
			m := cpd.Message{ID: id, Participant: "p1", To: "jo@example.org", Subject: "S", Body: "B", Link: "https://example.org/" + id, At: start}
			s.tx(func(ctx context.Context, tx cpd.Tx) error {
				return tx.AddMessage(ctx, m, cpd.Secret{LinkHash: "hash of " + id, Draft: "draft of " + id, EndsAt: start.Add(ends)})
			})
			return m
		}
		use := func(id string, at time.Duration) (p cpd.ParticipantID, err error) {
			err = s.InTx(ctx, func(ctx context.Context, tx cpd.Tx) (err error) {
				to, err := tx.UseLink(ctx, "hash of "+id, start.Add(at))
				if err == nil && to.Draft != "draft of "+id {
					s.Errorf("the link leads to the draft %q", to.Draft)
				}
				p = to.Participant
				return err
			})
			return p, err
		}
		a, b, c := link("a", time.Hour), link("b", time.Hour), link("c", 2*time.Hour)
		plain := cpd.Message{ID: "d", Participant: "p1", At: start}
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.AddMessage(ctx, plain, cpd.Secret{}) })
		s.taken("the same link", func(ctx context.Context, tx cpd.Tx) error {
			return tx.AddMessage(ctx, cpd.Message{ID: "e", Participant: "p1", At: start}, cpd.Secret{LinkHash: "hash of a", EndsAt: start})
		})
		got, err := use("a", 59*time.Minute)
		s.same("a good link", cpd.ParticipantID("p1"), got, err)
		_, err = use("a", 59*time.Minute)
		s.missing("a used link", err)
		_, err = use("b", time.Hour)
		s.missing("an old link", err)
		_, err = use("z", 0)
		s.missing("an unknown link", err)
		_, err = use("", 0)
		s.missing("no link", err)
		a.Link = ""
		list, err := s.Messages(ctx, "p1")
		s.same("the used one is gone", []cpd.Message{a, b, c, plain}, list, err)
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.Clean(ctx, start.Add(time.Hour), start, start) })
		b.Link = ""
		list, err = s.Messages(ctx, "p1")
		s.same("the old one is cleaned", []cpd.Message{a, b, c, plain}, list, err)
		got, err = use("c", time.Hour)
		s.same("a good one was not", cpd.ParticipantID("p1"), got, err)
	})
}

func TestTheOutboxIsPagedNewestFirst(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1), bloggs(2))
		for n, at := range []int{0, 1, 1, 1, 2} {
			s.tx(func(ctx context.Context, tx cpd.Tx) error {
				return tx.AddMessage(ctx, cpd.Message{
					ID: fmt.Sprint("m", 9-n), Participant: cpd.ParticipantID(fmt.Sprint("p", 1+n/4)), At: start.Add(time.Duration(at) * time.Second),
				}, cpd.Secret{})
			})
		}
		var pages []string
		after := ""
		for {
			list, err := s.Outbox(ctx, after, 2)
			if err != nil {
				s.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			page := ""
			for _, m := range list {
				page += m.ID
			}
			pages, after = append(pages, page), list[len(list)-1].ID
		}
		s.same("pages", []string{"m5m6", "m7m8", "m9"}, pages, nil)
	})
}

func TestCountersCountInTheirWindow(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		count := func(key string, window time.Time) (n int64) {
			s.tx(func(ctx context.Context, tx cpd.Tx) (err error) {
				n, err = tx.Count(ctx, key, window)
				return err
			})
			return n
		}
		later := start.Add(time.Hour)
		if got := [...]int64{count("a", start), count("a", start), count("b", start), count("a", later)}; got != [...]int64{1, 2, 1, 1} {
			s.Errorf("got %v, want 1 2 1 1", got)
		}
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.Clean(ctx, later, later, later) })
		if got := [...]int64{count("a", start), count("a", later)}; got != [...]int64{1, 2} {
			s.Errorf("after a clean: got %v, want 1 2", got)
		}
	})
}

func TestTheFeedIsOneRow(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		got, err := s.Feed(s.Context())
		s.same("before the first poll", cpd.Feed{}, got, err)
		for _, f := range []cpd.Feed{
			{Cursor: "7", DueAt: start, LastAt: start.Add(time.Hour), Attempts: 3, Problem: "unavailable"},
			{Cursor: "8", DueAt: start.Add(time.Hour)},
		} {
			s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.SaveFeed(ctx, f) })
			got, err := s.Feed(s.Context())
			s.same("feed", f, got, err)
		}
	})
}

func TestTasksAreLeasedFinishedAndDelayed(t *testing.T) {
	eachShelf(t, func(s *shelf) {
		ctx := s.Context()
		s.add(bloggs(1), bloggs(2))
		due := func(at time.Duration) string {
			tasks, err := s.DueTasks(ctx, start.Add(at), 10)
			if err != nil {
				s.Fatal(err)
			}
			out := ""
			for _, task := range tasks {
				out += string(task.Kind) + " " + task.Subject + ";"
			}
			return out
		}
		s.tx(func(ctx context.Context, tx cpd.Tx) error {
			return errors.Join(tx.Enqueue(ctx, cpd.TaskAlert, "p1", start), tx.Enqueue(ctx, cpd.TaskAlert, "p2", start), tx.Enqueue(ctx, cpd.TaskCheck, "p2", start))
		})
		s.same("due", "cpd_check p2;cpd_read_alert p1;cpd_read_alert p2;", due(0), nil)
		failing, err := s.FailingAlertReads(ctx, 10)
		s.same("none was tried", 0, len(failing), err)
		var task cpd.Task
		s.tx(func(ctx context.Context, tx cpd.Tx) (err error) {
			var ok bool
			if task, ok, err = tx.Lease(ctx, cpd.TaskAlert, "p1", start, start.Add(time.Minute)); !ok {
				s.Error("a due task was not leased")
			}
			if _, again, err := tx.Lease(ctx, cpd.TaskAlert, "p1", start, start.Add(time.Minute)); again || err != nil {
				s.Errorf("a leased task was leased: %v", err)
			}
			return errors.Join(err, tx.DropTask(ctx, cpd.TaskCheck, "p2"))
		})
		s.same("being tried", "cpd_read_alert p2;", due(0), nil)
		failing, err = s.FailingAlertReads(ctx, 10)
		s.same("the first try goes on", 0, len(failing), err)
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.DelayTask(ctx, task, start.Add(time.Hour)) })
		failing, err = s.FailingAlertReads(ctx, 10)
		if err != nil || len(failing) != 1 || failing[0].Subject != "p1" || failing[0].Reference != bloggs(1).Reference || !failing[0].Since.Equal(start) {
			s.Errorf("failing: got %+v, %v, want p1", failing, err)
		}
		s.same("delayed", "cpd_read_alert p2;", due(0), nil)
		s.tx(func(ctx context.Context, tx cpd.Tx) error { return tx.FinishTask(ctx, task) })
		s.same("the lease was over", "cpd_read_alert p2;cpd_read_alert p1;", due(time.Hour), nil)
		s.tx(func(ctx context.Context, tx cpd.Tx) (err error) {
			task, _, err = tx.Lease(ctx, cpd.TaskAlert, "p1", start.Add(time.Hour), start.Add(2*time.Hour))
			return errors.Join(err, tx.FinishTask(ctx, task))
		})
		s.same("finished", "cpd_read_alert p2;", due(time.Hour), nil)
	})
}
