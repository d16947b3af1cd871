package tra_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"traid/internal/desk"
	"traid/internal/fault"
	"traid/internal/sqldb"
	"traid/internal/tra"
	"traid/internal/zendesk"
)

// retained is how long what a request holds is kept, and a little more.
const retained = tra.DefaultRetain + time.Minute

// holds looks for values in every table of a database, and on SQLite in every
// byte of its file and its log.
func (r *rig) holds(db *sqldb.DB, values ...string) (found []string) {
	r.t.Helper()
	look := func(where string, text []byte) {
		for _, value := range values {
			if bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(value))) {
				found = append(found, fmt.Sprintf("%q in %s", value, where))
			}
		}
	}
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if db.Dialect == sqldb.Postgres {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	for _, table := range r.rows(db, tables) {
		for _, row := range r.rows(db, `SELECT * FROM "`+table+`"`) {
			look(table, []byte(row))
		}
	}
	if db.Dialect == sqldb.SQLite {
		r.ok(db.Checkpoint(r.ctx)) // as the program does every minute
		for _, path := range r.rows(db, `SELECT file FROM pragma_database_list`) {
			for _, end := range []string{"", "-wal"} {
				raw, err := os.ReadFile(path + end)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					r.t.Fatal(err)
				}
				look("the file"+end, raw)
			}
		}
	}
	return found
}

// rows gives rows as texts.
func (r *rig) rows(db *sqldb.DB, query string) (out []string) {
	r.t.Helper()
	rows, err := db.Reader().QueryContext(r.ctx, query)
	r.ok(err)
	defer rows.Close()
	columns, err := rows.Columns()
	r.ok(err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		r.ok(rows.Scan(into...))
		row := make([]string, len(columns))
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			row[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(row, " "))
	}
	r.ok(rows.Err())
	return out
}

// deleted tells whether a ticket is gone, also from the deleted ones.
func (r *rig) deleted(id zendesk.TicketID) bool {
	r.t.Helper()
	list, _, err := r.desk.Deleted(r.ctx, desk.Query{Limit: 100})
	r.ok(err)
	for _, t := range list {
		if int64(t.ID) == int64(id) {
			return false
		}
	}
	_, err = r.agent.Ticket(r.ctx, id)
	return zendesk.Is(err, zendesk.Gone)
}

const sayings = "the school knows her"

func TestOfWhatIsOverOnlyKindTimesAndOutcomeStay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		said := claim()
		said.DateOfBirth = date("1984-02-19")
		r.addRecord(zofia, func(record *tra.Record) { record.FirstName, record.DateOfBirth = name("Sophie"), said.DateOfBirth })
		id := r.open(first, said)
		r.decide(olive, id, tra.Deciding{Outcome: tra.TRNFound, TRN: trn(zofia), Why: sayings})
		r.ok(r.svc.Review(r.ctx, owen, id, tra.Reviewing{Revision: r.kase(id).Request.Revision, Agree: true, Why: "so do I"}))
		r.work(time.Second)
		r.work(released)
		closed := r.closeTicket(id)
		r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "the school called"))
		r.decide(olive, id, tra.Deciding{Outcome: tra.Failed, Reason: tra.CannotTell, Note: "Give every earlier name."})
		for range 3 {
			r.work(time.Second)
		}
		r.work(released)
		followUp := r.oneFollowUp(id, closed).ID
		before := r.answers()
		if len(before) != 2 {
			t.Fatalf("answers %+v", before)
		}
		values := []string{
			"Zofia", "Marchbank", "1984-02-19", zofia, sayings, "so do I", "the school called", "every earlier name", operatorEmail, secondEmail,
		}
		if found := r.holds(r.db, values...); len(found) < len(values) {
			t.Fatalf("before, only %v is found", found)
		}
		// Of others: a ticket that an agent made under our key, and one that has nothing to do with us.
		others := []zendesk.TicketID{}
		for _, body := range []string{
			`{"ticket":{"subject":"By hand","external_id":"` + string(id) + `-7","comment":{"body":"Mine."}}}`, `{"ticket":{"subject":"Another","comment":{"body":"Mine."}}}`,
		} {
			made, err := r.agent.CreateTicket(r.ctx, "", []byte(body))
			r.ok(err)
			others = append(others, made.ID)
		}

		r.register.asAt = r.clock.now().Add(tra.DefaultRetain)
		r.work(tra.DefaultRetain - 10*time.Minute)
		if v, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id); err != nil || v.Answer.Note == "" {
			t.Fatalf("too early: %+v, %v", v.Answer, err)
		}
		r.work(10 * time.Minute)
		for range 3 {
			r.work(2 * time.Minute)
		}
		if found := r.holds(r.db, values...); len(found) > 0 {
			t.Errorf("the TRA API's database still holds %v", found)
		}
		if found := r.holds(r.deskDB, "Zofia", "Marchbank", "1984-02-19", zofia, "every earlier name", operatorEmail); len(found) > 0 {
			t.Errorf("the desk's database still holds %v", found)
		}
		for _, ticket := range []zendesk.TicketID{closed, followUp} {
			if !r.deleted(ticket) {
				t.Errorf("the ticket %d is not deleted for good", ticket)
			}
		}
		for _, ticket := range others {
			if other, err := r.agent.Ticket(r.ctx, ticket); err != nil || other.Status == zendesk.StatusDeleted {
				t.Errorf("somebody else's ticket %d: %v", ticket, err)
			}
		}

		// What stays: kind, times, outcomes, the feed's places and the body's hash.
		v, created, err := r.svc.Submit(r.ctx, tra.Submission{ID: id, Client: cpdClient, Kind: tra.TRNValidation, Claim: said})
		if err != nil || created || v.Status != "answered" || v.Answer == nil || v.Answer.Version != 2 || v.Answer.Outcome != tra.Failed || v.Answer.Note != "" || v.Answer.Reason != "" {
			t.Errorf("the same body again: created %v, %+v, %v", created, v.Answer, err)
		}
		another := said
		another.FirstName = name("Hannah")
		_, _, err = r.svc.Submit(r.ctx, tra.Submission{ID: id, Client: cpdClient, Kind: tra.TRNValidation, Claim: another})
		r.refused(err, fault.Conflict)
		list := r.answers()
		for i, a := range list {
			was := before[i]
			was.TRN, was.Note, was.Reason = a.TRN, "", ""
			if a != was || !a.TRN.IsZero() {
				t.Errorf("answer %d is %+v; want %+v", i, a, was)
			}
		}
		k := r.kase(id)
		if len(list) != 2 || k.HasClaim || k.Request.Ticket != 0 || k.Request.ForgottenAt.IsZero() || r.happened(id, tra.DecisionMade) != 2 || r.happened(id, tra.WasForgotten) != 1 {
			t.Errorf("%d answers, the case %+v, its history %v", len(list), k.Request, k.History)
		}
		for _, d := range k.Decisions {
			if d.Reason != "" {
				t.Errorf("a decision still says %s", d.Reason)
			}
		}
		r.refused(r.svc.Reopen(r.ctx, olive, id, k.Request.Revision, "why"), fault.Conflict)
		r.work(retained)
		if n := r.happened(id, tra.WasForgotten); n != 1 {
			t.Errorf("it is forgotten %d times", n)
		}
		if left := r.rows(r.db, `SELECT kind FROM tasks UNION ALL SELECT request FROM earlier_tickets`); len(left) > 0 {
			t.Errorf("left to be done: %v", left)
		}
	})
}

func TestAWithdrawnRequestIsForgottenToo(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.open(first, claim())
		ticket := r.oneTicket(id).ID
		r.ok(r.svc.Withdraw(r.ctx, cpdClient, tra.TRNValidation, id))
		r.work(time.Second)
		for range 4 {
			r.work(retained / 2)
		}
		if found := r.holds(r.deskDB, "Zofia", "1984-02-17"); len(found) > 0 || !r.deleted(ticket) {
			t.Errorf("the desk still holds %v", found)
		}
		if v, err := r.svc.Get(r.ctx, cpdClient, tra.TRNValidation, id); err != nil || v.Status != "withdrawn" {
			t.Errorf("got %+v, %v", v, err)
		}
	})
}

func TestWhatIsOpenedAgainIsNotForgotten(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.give()
		r.ok(r.svc.Reopen(r.ctx, olive, id, r.kase(id).Request.Revision, "the school called"))
		r.work(retained)
		r.work(time.Minute)
		if k := r.kase(id); !k.HasClaim || !k.Request.ForgottenAt.IsZero() {
			t.Errorf("it is forgotten while it is %s", k.Request.State)
		}
		r.oneTicket(id)
	})
}

func TestATicketThatAnAgentMadeUnderOurKeyIsNotDeleted(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		lost := once(http.MethodPost, "/tickets")
		r.weather.set(func(w *weather) { w.lose = lost })
		id := r.open(first, claim())
		ours := r.oneTicket(id).ID
		theirs, err := r.agent.CreateTicket(r.ctx, "", []byte(`{"ticket":{"subject":"By hand","external_id":"`+first+`","comment":{"body":"Mine."}}}`))
		r.ok(err)
		r.work(5 * time.Minute)
		if !r.flagged(id, tra.SeveralTickets) {
			t.Fatal("the agent's ticket was not seen")
		}
		r.decide(olive, id, noRecord(0))
		r.work(time.Second)
		r.work(released)
		for range 4 {
			r.work(retained / 2)
		}
		if other, err := r.agent.Ticket(r.ctx, theirs.ID); err != nil || other.Status == zendesk.StatusDeleted {
			t.Errorf("the agent's ticket: %v", err)
		}
		if !r.deleted(ours) {
			t.Error("ours is not deleted for good")
		}
	})
}

func TestTicketsAreDeletedWhateverBreaks(t *testing.T) {
	for what, c := range map[string]struct {
		breaks func(r *rig, ticket zendesk.TicketID)
		stays  bool
	}{
		"the helpdesk is away": {breaks: func(r *rig, _ zendesk.TicketID) {
			r.weather.set(func(w *weather) { w.down = true })
			r.work(time.Minute)
			if found := r.holds(r.db, "Zofia"); len(found) > 0 {
				r.t.Errorf("our own database waits for it with %v", found)
			}
			r.work(24 * time.Hour)
			r.weather.set(func(w *weather) { w.down = false })
		}},
		"a response is lost": {breaks: func(r *rig, _ zendesk.TicketID) {
			lose := once("DELETE", "/tickets/")
			r.weather.set(func(w *weather) { w.lose = lose })
		}},
		"a response of the deletion for good is lost": {breaks: func(r *rig, _ zendesk.TicketID) {
			lose := once("DELETE", "/deleted_tickets/")
			r.weather.set(func(w *weather) { w.lose = lose })
		}},
		"an agent deleted it before, who may restore it": {breaks: func(r *rig, ticket zendesk.TicketID) { r.ok(r.agent.DeleteTicket(r.ctx, ticket)) }, stays: true},
		"the number is somebody else's ticket in another account": {breaks: func(r *rig, ticket zendesk.TicketID) {
			r.ok(r.deskDB.InTx(r.ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE tickets SET external_id = 'another' WHERE id = $1`, int64(ticket))
				return err
			}))
		}, stays: true},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				id := r.give()
				ticket := r.oneTicket(id).ID
				r.clock.move(retained)
				c.breaks(r, ticket)
				for range 4 {
					r.work(time.Hour)
				}
				if r.deleted(ticket) == c.stays {
					t.Errorf("it is deleted for good: %v", !c.stays)
				}
				if left := r.rows(r.db, `SELECT kind FROM tasks UNION ALL SELECT request FROM earlier_tickets`); len(left) > 0 {
					t.Errorf("left to be done: %v", left)
				}
			})
		})
	}
}
