package cpd_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// TestTheAxesHoldWhateverComes lets everything happen in any order: people,
// operators, administrators, services that do not answer, and time.
func TestTheAxesHoldWhateverComes(t *testing.T) {
	w := newWorld(t, sqldbtest.OpenSQLite(t, "test", sqldb.TaskMigrations, cpdsql.Migrations), cpd.Options{})
	rapid.Check(t, func(r *rapid.T) {
		w.wipe()
		w.begin(cpd.Options{ChecksPerPerson: 1000, ChecksPerAddress: 1000})
		m := &machine{world: w, seen: map[cpd.ParticipantID]cpd.Story{}}
		r.Repeat(m.actions())
	})
}

type machine struct {
	*world
	people  []cpd.ParticipantID
	seen    map[cpd.ParticipantID]cpd.Story
	entered int
}

var trns = []person.TRN{trn("0000001"), trn("0000002"), trn("0000003")}

func (m *machine) somebody(r *rapid.T) cpd.ParticipantID {
	if len(m.people) == 0 {
		r.Skip("nobody is there")
	}
	return rapid.SampledFrom(m.people).Draw(r, "who")
}

// name draws a first name that the register finds, or does not.
func (m *machine) name(r *rapid.T) string {
	n := rapid.IntRange(0, 5).Draw(r, "name")
	first := fmt.Sprintf("Ann%c", 'a'+n)
	if n < len(trns) {
		m.register.finds[first] = trns[n]
	}
	return first
}

// allowed fails for an error that is not one a person or administrator is told.
func allowed(r *rapid.T, err error, may ...string) {
	if err != nil && !slices.Contains(may, err.Error()) {
		r.Fatalf("%v", err)
	}
}

const (
	beingChecked     = "We are checking your details. You cannot change them now."
	alreadyConfirmed = "Your details have been confirmed already."
	alreadyEnded     = "This conflict has been ended already."
)

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"register": func(r *rapid.T) {
			m.entered++
			id, d := cpd.NewRegistrationID(), details(m.name(r))
			d.Email = must(person.ParseEmail(fmt.Sprintf("p%d@example.org", m.entered)))
			out, err := m.Register(m.Context(), id, d, here)
			allowed(r, err)
			if out.Result == cpd.NotMatched {
				out, err = m.StandBy(m.Context(), id, d, here)
				allowed(r, err)
			}
			m.people = append(m.people, out.Participant)
		},
		"correct": func(r *rapid.T) {
			_, err := m.Correct(m.Context(), m.somebody(r), details(m.name(r)), here)
			allowed(r, err, beingChecked)
		},
		"withdraw": func(r *rapid.T) {
			allowed(r, m.Withdraw(m.Context(), m.somebody(r)), beingChecked, alreadyConfirmed)
		},
		"decide": func(r *rapid.T) {
			if len(m.tra.order) == 0 {
				r.Skip("no request")
			}
			q := m.tra.by[rapid.SampledFrom(m.tra.order).Draw(r, "request")]
			outcomes := []cpd.Outcome{cpd.TRNFound, cpd.Failed}
			if q.Kind == cpd.BarringCheck {
				outcomes = []cpd.Outcome{cpd.Barred, cpd.NotBarred, cpd.Failed}
			}
			outcome, found := rapid.SampledFrom(outcomes).Draw(r, "outcome"), noTRN
			if outcome == cpd.TRNFound {
				found = rapid.SampledFrom(trns).Draw(r, "TRN")
			}
			m.answer(q.ID, outcome, found)
		},
		"read an answer again": func(r *rapid.T) {
			if len(m.tra.feed) == 0 {
				r.Skip("no answer")
			}
			allowed(r, m.ApplyAnswer(m.Context(), rapid.SampledFrom(m.tra.feed).Draw(r, "answer")))
		},
		"alerts": func(r *rapid.T) {
			t := rapid.SampledFrom(trns).Draw(r, "TRN")
			m.register.alerts[t] = !m.register.alerts[t]
		},
		"another alert": func(r *rapid.T) { m.register.states[rapid.SampledFrom(trns).Draw(r, "TRN")] += "+" },
		"the register":  func(*rapid.T) { m.register.down = !m.register.down },
		"the TRA":       func(*rapid.T) { m.tra.down = !m.tra.down },
		"the network":   func(*rapid.T) { m.tra.deaf = !m.tra.deaf },
		"time": func(r *rapid.T) {
			m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute, time.Hour, day, 7 * day, 29 * day}).Draw(r, "passes"))
			allowed(r, m.WorkDue(m.Context()))
		},
		"end a conflict": func(r *rapid.T) {
			how := rapid.SampledFrom([]cpd.End{cpd.SamePerson, cpd.DifferentPeople, cpd.WrongLink}).Draw(r, "how")
			id := m.somebody(r)
			allowed(r, m.EndConflict(m.Context(), admin, id, m.story(id).Seen(), how, reason), alreadyEnded)
		},
		"": m.hold,
	}
}

// hold checks what always holds.
func (m *machine) hold(r *rapid.T) {
	holders := map[person.TRN]cpd.ParticipantID{}
	for _, id := range m.people {
		p, err := m.store.Participant(m.Context(), id)
		allowed(r, err)
		s, err := m.Participant(m.Context(), id)
		allowed(r, err)
		if other, stands := holders[p.TRN]; stands && !p.TRN.IsZero() {
			r.Fatalf("one TRN stands on %s and %s", other, id)
		}
		holders[p.TRN] = id
		m.holdsFor(r, p, s)
		before, known := m.seen[id]
		if known && before.Participant.ID == id && s.Participant.ID == id && before.Participant.TRNStatus != p.TRNStatus && len(s.History) == len(before.History) {
			r.Fatalf("%s became %s from %s without an event", id, p.TRNStatus, before.Participant.TRNStatus)
		}
		m.seen[id] = s
	}
}

func (m *machine) holdsFor(r *rapid.T, p cpd.Participant, s cpd.Story) {
	wrong := func(what string) {
		var steps []cpd.What
		for _, e := range s.History {
			steps = append(steps, e.What)
		}
		r.Fatalf("%s: %+v after %v", what, p, steps)
	}
	open := map[cpd.Kind][]cpd.RequestID{}
	for _, q := range s.Requests {
		if q.Open() {
			open[q.Kind] = append(open[q.Kind], q.ID)
		}
	}
	if p.JoinedInto != "" {
		if !p.TRN.IsZero() || p.HoldsValidationData {
			wrong("a joined record holds something")
		}
		return
	}
	has := !p.TRN.IsZero()
	switch p.TRNStatus {
	case cpd.TRNValidatedAutomatically, cpd.TRNValidatedManually:
		if !has || p.HoldsValidationData || len(open[cpd.TRNValidation]) > 0 {
			wrong("a validated TRN, with nothing held and nothing asked")
		}
	case cpd.TRNAwaitingManualValidation:
		if has || !p.HoldsValidationData || !slices.Equal(open[cpd.TRNValidation], []cpd.RequestID{p.TRNRequest}) {
			wrong("waiting needs the current request, open, and what it sends")
		}
	case cpd.TRNConflict:
		if s.Conflict == nil || s.Conflict.TRN == p.TRN || len(open[cpd.TRNValidation]) > 0 {
			wrong("a conflict is open and about another TRN")
		}
	case cpd.TRNNotChecked, cpd.TRNValidationFailed:
		if has || len(open[cpd.TRNValidation]) > 0 {
			wrong("no TRN, and nothing asked")
		}
		if p.TRNStatus == cpd.TRNValidationFailed && p.HoldsValidationData == p.DeleteDataAt.IsZero() {
			wrong("what is held after a failure has an end")
		}
	}
	if (p.TRNStatus == cpd.TRNConflict) != (s.Conflict != nil) {
		wrong("a conflict and its status go together")
	}
	if !p.WithdrawnAt.IsZero() && (p.TRNStatus != cpd.TRNNotChecked || p.HoldsValidationData) {
		wrong("a withdrawal leaves nothing")
	}
	if !has && p.AlertStatus != cpd.AlertNotChecked {
		wrong("an alert is known of nobody's TRN")
	}
	waits := p.AlertStatus == cpd.AlertAwaitingBarringCheck
	if waits != (len(open[cpd.BarringCheck]) > 0) || waits && !slices.Equal(open[cpd.BarringCheck], []cpd.RequestID{p.AlertRequest}) {
		wrong("awaiting a barring check goes with one that is open")
	}
	if (p.AlertStatus == cpd.AlertUndetermined) != (p.AlertOwner != "") {
		wrong("an undetermined alert has an owner")
	}
}
