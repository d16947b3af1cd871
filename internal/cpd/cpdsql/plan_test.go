package cpdsql

import (
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// SQLite takes a partial index only where the query repeats its condition, and
// the wrong index where two fit. Either shows here, not in the results.
func TestEveryListIsReadFromItsIndex(t *testing.T) {
	db := sqldbtest.OpenSQLite(t, "test", sqldb.TaskMigrations, Migrations)
	found := func(dense bool, others ...span) *search {
		return &search{rarest: span{"a", "b"}, others: others, dense: dense}
	}
	last := &cpd.Participant{ID: "p1", CreatedAt: time.Now()}
	type query struct {
		text string
		args args
	}
	page := func(f cpd.Filter, last *cpd.Participant, s *search) query {
		f.Limit = 51
		text, a := pageQuery(f, last, s)
		return query{text, a}
	}
	count := func(f cpd.Filter, s *search) query {
		text, a := countQuery(f, s, 1001)
		return query{text, a}
	}
	status, alert := cpd.Filter{TRNStatus: cpd.TRNConflict}, cpd.Filter{AlertStatus: cpd.AlertBarred}
	both := cpd.Filter{TRNStatus: cpd.TRNConflict, AlertStatus: cpd.AlertBarred}
	reason := cpd.Filter{TRNStatus: cpd.TRNConflict, AlertStatus: cpd.AlertBarred, Reason: "other", Since: time.Now()}
	for name, c := range map[string]struct {
		query
		index string
	}{
		"everybody":                          {page(cpd.Filter{}, nil, nil), "participants_created_at"},
		"the next page":                      {page(cpd.Filter{}, last, nil), "participants_created_at"},
		"with an old status":                 {page(cpd.Filter{Since: time.Now()}, nil, nil), "participants_created_at"},
		"in a status":                        {page(status, last, nil), "participants_by_trn_status"},
		"in a status, counted":               {count(status, nil), "participants_by_"},
		"with an alert":                      {page(alert, last, nil), "participants_by_alert_status"},
		"in a status with an alert":          {page(both, last, nil), "participants_by_both"},
		"with a reason":                      {page(reason, last, nil), "participants_by_reason"},
		"with a reason, counted":             {count(reason, nil), "participants_by_reason"},
		"with a word":                        {page(cpd.Filter{}, last, found(false)), "PRIMARY KEY"},
		"with a word, counted":               {count(cpd.Filter{}, found(false)), "PRIMARY KEY"},
		"with a word in a status":            {page(both, last, found(false, span{"c", "d"})), "PRIMARY KEY"},
		"with a common word":                 {page(cpd.Filter{}, last, found(true, span{"c", "d"})), "participants_created_at"},
		"with a common word in a status":     {page(status, last, found(true, span{"c", "d"})), "participants_by_trn_status"},
		"what waits for somebody":            {query{unsettledPeople, args{200}}, "participants_unsettled"},
		"what waits for the TRA":             {query{openRequests, args{200}}, "requests_open"},
		"a school's list":                    {query{listInvited, args{"900001", 9, 51}}, "invitations_order"},
		"a school's list, counted":           {query{countInvited, args{"900001"}}, "invitations_state"},
		"a school's list of a state":         {query{listInvitedOf, args{"900001", "invited", 9, 51}}, "invitations_state"},
		"requests of which nothing is heard": {query{silentRequests, args{sqldb.Time(time.Now()), 9}}, "requests_silent"},
		"whose invitations are over":         {query{endInvitations, args{sqldb.Time(time.Now())}}, "invitations_ends_at"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := db.Reader().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+c.text, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var plan string
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				plan += detail + "\n"
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(plan, c.index) {
				t.Errorf("it is not read from %s:\n%s", c.index, plan)
			}
		})
	}
}
