package cpd_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

const (
	tutor     = "tutor@ashdown.example.org"
	elsewhere = "tutor@birch.example.org"
)

// schools makes two schools known, with a tutor each.
func (w *world) schools() {
	w.Helper()
	ctx := w.Context()
	w.ok("a school", w.PutSchool(ctx, cpd.School{URN: "900001", Name: "Ashdown School", LeadProvider: "north-star"}))
	w.ok("a tutor", w.PutTutor(ctx, tutor, "900001"))
	w.ok("a school", w.PutSchool(ctx, cpd.School{URN: "900002", Name: "Birch Primary"}))
	w.ok("a tutor", w.PutTutor(ctx, elsewhere, "900002"))
}

func invitee(first string) cpd.Invitee {
	d := details(first)
	return cpd.Invitee{FirstName: d.FirstName, LastName: d.LastName, Email: d.Email, DateOfBirth: d.DateOfBirth, TRN: d.TRN}
}

func (w *world) invites(by, first string) cpd.InvitationID {
	w.Helper()
	i, added, err := w.Invite(w.Context(), by, invitee(first))
	if err != nil || !added {
		w.Fatalf("inviting %s: %v, %v", first, added, err)
	}
	return i.ID
}

// invitedTo gives the token of the newest link in an invitation to an address.
func (w *world) invitedTo(first string) string {
	w.Helper()
	mails, _, err := w.Outbox(w.Context(), "", 200)
	if err != nil {
		w.Fatal(err)
	}
	for _, m := range mails {
		if m.Link != "" && m.To == details(first).Email.Reveal() && strings.HasPrefix(string(m.Kind), "invited") {
			return m.Link[strings.LastIndex(m.Link, "/")+1:]
		}
	}
	w.Fatalf("%s was mailed no invitation", first)
	return ""
}

// seesOf is what a tutor sees of somebody.
func (w *world) seesOf(by string, id cpd.InvitationID, want cpd.InvitationState) {
	w.Helper()
	i, _, err := w.Invitation(w.Context(), by, id)
	if err != nil || i.State != want {
		w.Errorf("the tutor sees %q, %v, want %q", i.State, err, want)
	}
	page, err := w.Invitations(w.Context(), by, cpd.InvitationFilter{State: want})
	if err != nil || page.Counts[want] == 0 || len(page.Invitations) == 0 {
		w.Errorf("the list by %q: %d, counts %v, %v", want, len(page.Invitations), page.Counts, err)
	}
}

// comesBy uses the link in an invitation and hands in.
func (w *world) comesBy(first string, handIn func(ctx context.Context, id cpd.RegistrationID, d cpd.Details, from string) (cpd.Registered, error)) cpd.Registered {
	w.Helper()
	opened, err := w.OpenLink(w.Context(), w.invitedTo(first))
	if err != nil || opened.Registration == "" || opened.Invitee == nil {
		w.Fatalf("using the link of %s: %+v, %v", first, opened, err)
	}
	out, err := handIn(w.Context(), opened.Registration, details(first), here)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func TestNothingIsCheckedBeforeTheInvitedPersonHandsIn(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		id := w.invites(tutor, "Jo")
		w.work()
		if w.register.asked != 0 {
			t.Errorf("the register was asked %d times about somebody who has not come", w.register.asked)
		}
		w.seesOf(tutor, id, cpd.StateInvited)
		w.comesBy("Jo", w.Service.StandBy)
		w.work()
		w.seesOf(tutor, id, cpd.StateBeingChecked)
		w.answer(w.last(), cpd.TRNFound, trn("0000001"))
		w.ok("polling", w.Poll(w.Context()))
		w.seesOf(tutor, id, cpd.StateConfirmed)
	})
}

// becomes puts a participant into a state.
func (w *world) becomes(id cpd.ParticipantID, trn cpd.TRNStatus, alert cpd.AlertStatus) {
	w.Helper()
	w.ok("changing a participant", w.store.InTx(w.Context(), func(ctx context.Context, tx cpd.Tx) error {
		p, err := tx.Participant(ctx, id)
		if err != nil {
			return err
		}
		p.TRNStatus, p.AlertStatus = trn, alert
		return tx.SaveParticipant(ctx, p)
	}))
}

// TestATutorSeesTheSameOfEveryFailure holds what a school sees to what the
// person is told, at every state.
func TestATutorSeesTheSameOfEveryFailure(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		id := w.invites(tutor, "Jo")
		out := w.comesBy("Jo", w.Service.StandBy)
		for trnStatus, want := range map[cpd.TRNStatus]cpd.InvitationState{
			cpd.TRNValidatedAutomatically: cpd.StateConfirmed, cpd.TRNValidatedManually: cpd.StateConfirmed, cpd.TRNAwaitingManualValidation: cpd.StateBeingChecked,
			cpd.TRNConflict: cpd.StateBeingChecked, cpd.TRNValidationFailed: cpd.StateNotConfirmed, cpd.TRNNotChecked: cpd.StateBeingChecked,
		} {
			w.becomes(out.Participant, trnStatus, cpd.AlertNotChecked)
			w.seesOf(tutor, id, want)
			told, err := w.Progress(w.Context(), out.Participant)
			if same := map[cpd.PersonStatus]cpd.InvitationState{
				cpd.StatusConfirmed: cpd.StateConfirmed, cpd.StatusManual: cpd.StateBeingChecked, cpd.StatusChecking: cpd.StateBeingChecked, cpd.StatusFailed: cpd.StateNotConfirmed,
			}[told.Status]; err != nil || same != want {
				w.Errorf("%s: the tutor sees %q, the person is told %q, %v", trnStatus, want, told.Status, err)
			}
		}
		for _, alert := range []cpd.AlertStatus{cpd.AlertNone, cpd.AlertAwaitingBarringCheck, cpd.AlertBarred, cpd.AlertNotBarred, cpd.AlertUndetermined} {
			w.becomes(out.Participant, cpd.TRNValidatedManually, alert)
			w.seesOf(tutor, id, cpd.StateConfirmed)
		}
		w.becomes(out.Participant, cpd.TRNAwaitingManualValidation, cpd.AlertNotChecked)
		w.ok("taking the details back", w.Withdraw(w.Context(), out.Participant))
		w.seesOf(tutor, id, cpd.StateNotConfirmed)
	})
}

// TestATutorLearnsNothingOfARegisteredAddress invites one who is registered and
// one who is not: nothing that the tutor sees differs until the person comes.
func TestATutorLearnsNothingOfARegisteredAddress(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		known := w.matched("Known", trn("0000001"))
		a, b := w.invites(tutor, "Known"), w.invites(tutor, "Stranger")
		w.work()
		w.seesOf(tutor, a, cpd.StateInvited)
		w.seesOf(tutor, b, cpd.StateInvited)
		opened, err := w.OpenLink(w.Context(), w.invitedTo("Known"))
		if err != nil || opened.Visitor.Participant != known {
			t.Errorf("the link leads to %+v, %v, want to the registration", opened.Visitor, err)
		}
		w.seesOf(tutor, a, cpd.StateConfirmed)
		w.seesOf(tutor, b, cpd.StateInvited)
	})
}

func TestEachTutorSeesTheirOwnSchoolOnly(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		ctx := w.Context()
		id := w.invites(tutor, "Jo")
		up, err := w.ReadUpload(ctx, tutor, strings.NewReader(header+"Al,Sample,al@example.org,,\n"))
		w.ok("reading a file", err)
		_, _, err = w.Invitation(ctx, elsewhere, id)
		w.wantKind("reading", err, fault.NotFound)
		w.wantKind("inviting again", w.InviteAgain(ctx, elsewhere, id), fault.NotFound)
		w.wantKind("removing", w.Uninvite(ctx, elsewhere, id), fault.NotFound)
		_, _, err = w.Upload(ctx, elsewhere, up.ID)
		w.wantKind("reading a file", err, fault.NotFound)
		w.wantKind("beginning a file", w.BeginUpload(ctx, elsewhere, up.ID), fault.NotFound)
		w.wantKind("dropping a file", w.DropUpload(ctx, elsewhere, up.ID), fault.NotFound)
		_, err = w.WriteResult(ctx, elsewhere, up.ID, say)
		w.wantKind("a result", err, fault.NotFound)
		if page, err := w.Invitations(ctx, elsewhere, cpd.InvitationFilter{}); err != nil || len(page.Invitations) != 0 || len(page.Counts) != 0 {
			t.Errorf("the other school's list: %+v, %v", page, err)
		}
		if list, err := w.Uploads(ctx, elsewhere); err != nil || len(list) != 0 {
			t.Errorf("the other school's files: %v, %v", list, err)
		}
		_, err = w.Invitations(ctx, "nobody@example.org", cpd.InvitationFilter{})
		w.wantKind("an account without a school", err, fault.Forbidden)
		w.invites(elsewhere, "Jo") // the same address, at another school
	})
}

func TestAnInvitationsLink(t *testing.T) {
	eachCase(t, map[string]func(w *world, id cpd.InvitationID) bool{
		"works for two weeks": func(w *world, _ cpd.InvitationID) bool { w.pass(13 * day); return true },
		"and no longer":       func(w *world, _ cpd.InvitationID) bool { w.pass(14 * day); return false },
		"not after removing": func(w *world, id cpd.InvitationID) bool {
			w.ok("removing", w.Uninvite(w.Context(), tutor, id))
			return false
		},
		"not after a newer one": func(w *world, id cpd.InvitationID) bool {
			w.ok("inviting again", w.InviteAgain(w.Context(), tutor, id))
			return false
		},
		"once": func(w *world, id cpd.InvitationID) bool {
			_, err := w.OpenLink(w.Context(), w.invitedTo("Jo"))
			w.ok("the first time", err)
			return false
		},
	}, func(w *world, why string, c func(w *world, id cpd.InvitationID) bool) {
		w.schools()
		id := w.invites(tutor, "Jo")
		token := w.invitedTo("Jo")
		if school, ok, err := w.InvitingSchool(w.Context(), token); err != nil || !ok || school.Name != "Ashdown School" {
			w.Errorf("before: %v, %v, %v", school, ok, err)
		}
		works := c(w, id)
		if _, ok, err := w.InvitingSchool(w.Context(), token); err != nil || ok != works {
			w.Errorf("%s: the link is good: %v, %v", why, ok, err)
		}
		_, err := w.OpenLink(w.Context(), token)
		if works {
			w.ok(why, err)
		} else {
			w.wantKind(why, err, fault.Gone)
		}
	})
}

// TestAnInvitedPersonIsReminded plays what becomes of the reminders after 5 and
// 10 working days, which are the 7th and the 14th day after a Monday.
func TestAnInvitedPersonIsReminded(t *testing.T) {
	eachCase(t, map[string]struct {
		meanwhile func(w *world, id cpd.InvitationID)
		days      []int // from then on
	}{
		"who does not come": {func(*world, cpd.InvitationID) {}, []int{7, 14}},
		"not who has begun": {func(w *world, _ cpd.InvitationID) {
			_, err := w.OpenLink(w.Context(), w.invitedTo("Jo"))
			w.ok("opening", err)
		}, nil},
		"not who has handed in":          {func(w *world, _ cpd.InvitationID) { w.comesBy("Jo", w.Service.StandBy) }, nil},
		"not who was taken off the list": {func(w *world, id cpd.InvitationID) { w.ok("removing", w.Uninvite(w.Context(), tutor, id)) }, nil},
		"anew after another invitation": {func(w *world, id cpd.InvitationID) {
			w.pass(8 * day)
			w.ok("inviting again", w.InviteAgain(w.Context(), tutor, id))
		}, []int{7, 14}},
	}, func(w *world, why string, c struct {
		meanwhile func(w *world, id cpd.InvitationID)
		days      []int
	},
	) {
		w.schools()
		id := w.invites(tutor, "Jo")
		first := w.invitedTo("Jo")
		reminded := func() (n int) {
			messages, _, err := w.Outbox(w.Context(), "", 200)
			w.ok("reading the outbox", err)
			for _, m := range messages {
				if m.Kind != "invited_again" {
					continue
				}
				if n++; !strings.Contains(m.Body, "Ashdown School") {
					w.Errorf("%s: a reminder says %q", why, m.Body)
				}
			}
			return n
		}
		c.meanwhile(w, id)
		var days []int
		for today := range 60 {
			before := reminded()
			w.pass(day - time.Minute)
			if reminded() > before {
				w.Errorf("%s: a reminder came before day %d was over", why, today+1)
			}
			if w.pass(time.Minute); reminded() > before {
				days = append(days, today+1)
			}
		}
		if !slices.Equal(days, c.days) {
			w.Errorf("%s: reminded on the days %v, want %v", why, days, c.days)
		}
		if why != "who does not come" {
			return
		}
		w.seesOf(tutor, id, cpd.StateNoAnswer)
		i, events, err := w.Invitation(w.Context(), tutor, id)
		if err != nil || !i.EndsAt.Equal(i.SentAt.Add(28*day)) || events[1].What != cpd.PersonReminded || events[1].Who != "cpd" {
			w.Errorf("%+v, %+v, %v", i, events, err)
		}
		_, err = w.OpenLink(w.Context(), first)
		w.wantKind("the first link", err, fault.Gone)
	})
}

func TestTheFirstLinkIsGoodBesideAReminder(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		w.invites(tutor, "Jo")
		first := w.invitedTo("Jo")
		w.pass(8 * day)
		second := w.invitedTo("Jo")
		if first == second {
			w.Fatal("no reminder was mailed")
		}
		_, err := w.OpenLink(w.Context(), first)
		w.ok("the first link", err)
		_, err = w.OpenLink(w.Context(), second)
		w.wantKind("the other one", err, fault.Gone)
	})
}

func TestWhatASchoolEnteredIsForgotten(t *testing.T) {
	eachCase(t, map[string]func(w *world, id cpd.InvitationID){
		"when the person hands in": func(w *world, id cpd.InvitationID) { w.comesBy("Jo", w.Service.StandBy) },
		"when nobody comes": func(w *world, id cpd.InvitationID) {
			w.pass(15 * day)
			w.seesOf(tutor, id, cpd.StateNoAnswer)
		},
	}, func(w *world, why string, c func(w *world, id cpd.InvitationID)) {
		w.schools()
		id := w.invites(tutor, "Jo")
		c(w, id)
		i, _, err := w.Invitation(w.Context(), tutor, id)
		if err != nil || !i.TRN.IsZero() || !i.DateOfBirth.IsZero() {
			w.Errorf("%s: the TRN and the date of birth are kept: %v", why, err)
		}
	})
}

func TestAnotherAddressOnTheWayStillComesToTheSchool(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		id := w.invites(tutor, "Jo")
		opened, err := w.OpenLink(w.Context(), w.invitedTo("Jo"))
		w.ok("opening", err)
		d := details("Jo")
		d.Email = must(person.ParseEmail("private@example.net"))
		w.ok("confirming", w.Confirm(w.Context(), opened.Registration, d.Email))
		_, err = w.Service.StandBy(w.Context(), opened.Registration, d, here)
		w.ok("handing in", err)
		w.seesOf(tutor, id, cpd.StateBeingChecked)
	})
}

func TestASchoolInvitesWithinBounds(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		id := w.invites(tutor, "Jo")
		var err error
		for range 25 {
			if err = w.InviteAgain(w.Context(), tutor, id); err != nil {
				break
			}
			w.now = w.now.Add(day / (24 * 60))
		}
		w.wantKind("mails to one address", err, fault.TooMany)
		for range 25 {
			if _, err = w.ReadUpload(w.Context(), tutor, strings.NewReader(header+"A,B,ab@example.org,,\n")); err != nil {
				break
			}
		}
		w.wantKind("files of one school", err, fault.TooMany)
	})
}

const header = "first_name,last_name,email,date_of_birth,trn\n"

func say(r cpd.UploadRow) string { return r.Problem }

func (w *world) reads(file string) cpd.Upload {
	w.Helper()
	u, err := w.ReadUpload(w.Context(), tutor, strings.NewReader(file))
	if err != nil {
		w.Fatal(err)
	}
	return u
}

func (w *world) upload(id string) cpd.Upload {
	w.Helper()
	u, _, err := w.Upload(w.Context(), tutor, id)
	if err != nil {
		w.Fatal(err)
	}
	return u
}

func (w *world) result(id string) [][]string {
	w.Helper()
	raw, err := w.WriteResult(w.Context(), tutor, id, say)
	if err != nil {
		w.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		w.Fatal(err)
	}
	return rows[1:]
}

func TestRowsOfAFileAreHeldToTheirForm(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, cpd.Options{})
		w.schools()
		for row, want := range map[string][2]string{
			"Jo,Bloggs,jo@example.org,1984-02-17,1234567":  {"", ""},
			"Jo,Bloggs,jo@example.org,17/02/1984,":         {"", ""},
			",Bloggs,jo@example.org,,":                     {"first_name", "blank"},
			"Jo,12,jo@example.org,,":                       {"last_name", "no_letters"},
			"Jo,Bloggs,jo,,":                               {"email", "format"},
			"Jo,Bloggs,jo@example.org,soon,":               {"date_of_birth", "bad_day"},
			"Jo,Bloggs,jo@example.org,31/02/1984,":         {"date_of_birth", "not_a_real_date"},
			"Jo,Bloggs,jo@example.org,,12":                 {"trn", "length"},
			"Jo,Bloggs,jo@example.org,,0000000":            {"trn", "not_a_trn"},
			strings.Repeat("J", 300) + ",Bloggs,j@x.org,,": {"first_name", "too_long"},
		} {
			w.exec(`DELETE FROM counters`)
			u := w.reads(header + row + "\n")
			got := w.result(u.ID)[0]
			if got[5] != want[0] || got[6] != want[1] || (want[1] == "") != (u.People == 1 && u.Wrong == 0) {
				t.Errorf("%s: column %q is %q, want %q", row, got[5], got[6], want)
			}
		}
		w.exec(`DELETE FROM counters`)
		u := w.reads(header + "Jo,Bloggs,Jo@example.org,,\n\nAl,Bloggs,jo@EXAMPLE.org,,\nshort\n\"=cmd\x00\",+1 2,@x,,\n")
		rows := w.result(u.ID)
		if u.People != 1 || u.Wrong != 3 || rows[1][6] != cpd.ProblemTwice || rows[1][0] != "4" {
			t.Errorf("got %+v: %q", u, rows)
		}
		if last := rows[3]; last[1] != "'=cmd\uFFFD" || last[2] != "'+1 2" || last[3] != "'@x" {
			t.Errorf("a spreadsheet would run %q", last)
		}
		for why, file := range map[string]string{
			"nobody": header, "another header": "name\nJo\n", "a column too many": strings.TrimSpace(header) + ",nino\nJo,B,jo@example.org,,,\n",
			"not UTF-8": header + "Zo\xeb,B,z@example.org,,\n", "too many": header + strings.Repeat("a,b,c,,\n", cpd.MaxUploadRows+1),
		} {
			w.exec(`DELETE FROM counters`)
			_, err := w.ReadUpload(w.Context(), tutor, strings.NewReader(file))
			w.wantKind(why, err, fault.Invalid)
		}
	}, sqldb.TaskMigrations, cpdsql.Migrations)
}

// file is one of n people.
func file(n int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, "Person,Number %c,p%d@example.org,,\n", 'A'+i%26, i)
	}
	return b.String()
}

func TestTheSameFileTwiceChangesNothing(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		u := w.reads(file(250))
		w.ok("beginning", w.BeginUpload(w.Context(), tutor, u.ID))
		w.ok("beginning again", w.BeginUpload(w.Context(), tutor, u.ID))
		w.work()
		if got := w.upload(u.ID); got.State != cpd.UploadDone || got.Invited != 250 || got.Done != 250 {
			t.Errorf("the first time: %+v", got)
		}
		mails := w.counted("messages")
		again := w.reads(file(250))
		if again.Known != 250 {
			t.Errorf("the preview knows %d of them", again.Known)
		}
		w.ok("beginning", w.BeginUpload(w.Context(), tutor, again.ID))
		w.work()
		if got := w.upload(again.ID); got.State != cpd.UploadDone || got.Invited != 0 || got.Done != 250 {
			t.Errorf("the second time: %+v", got)
		}
		if now := w.counted("messages"); now != mails || w.counted("invitations") != 250 {
			t.Errorf("%d mails, %d before; %d on the list", now, mails, w.counted("invitations"))
		}
	})
}

// TestAFileGoesOnAfterADeath has the worker die in the middle of a hundred rows:
// when another one goes on, everybody is invited once.
func TestAFileGoesOnAfterADeath(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		u := w.reads(file(250))
		w.ok("beginning", w.BeginUpload(w.Context(), tutor, u.ID))
		dying := cpd.New(dies{w.store}, w.tra, w.register, []byte("key"), w.clock, cpd.Options{})
		if err := dying.Work(w.Context(), cpd.TaskInvite, u.ID); err == nil {
			t.Error("nobody died")
		}
		if got := w.upload(u.ID); got.Done != 100 || got.State != cpd.UploadWorking || w.counted("invitations") != 100 {
			t.Errorf("after the death: %+v, %d invited", got, w.counted("invitations"))
		}
		w.pass(day / 24)
		if got := w.upload(u.ID); got.Done != 250 || got.State != cpd.UploadDone || w.counted("invitations") != 250 || w.counted("messages") != 250 {
			t.Errorf("afterwards: %+v, %d invited, %d mails", got, w.counted("invitations"), w.counted("messages"))
		}
	})
}

// dies is a store on which the second hundred of a file's rows is never written.
type dies struct{ cpd.Store }

func (d dies) InTx(ctx context.Context, do func(context.Context, cpd.Tx) error) error {
	return d.Store.InTx(ctx, func(ctx context.Context, tx cpd.Tx) error { return do(ctx, dyingTx{tx}) })
}

type dyingTx struct{ cpd.Tx }

func (d dyingTx) RowDone(ctx context.Context, upload string, line int, result cpd.RowResult) error {
	if err := d.Tx.RowDone(ctx, upload, line, result); err != nil {
		return err
	}
	if line > 150 {
		return errBroken
	}
	return nil
}

func TestAFileThatNobodyBeginsIsForgotten(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.schools()
		dropped, left := w.reads(file(3)), w.reads(file(3))
		w.ok("dropping", w.DropUpload(w.Context(), tutor, dropped.ID))
		_, _, err := w.Upload(w.Context(), tutor, dropped.ID)
		w.wantKind("a dropped file", err, fault.NotFound)
		w.pass(25 * day / 24)
		_, _, err = w.Upload(w.Context(), tutor, left.ID)
		w.wantKind("an old file", err, fault.NotFound)
		if n := w.counted("upload_rows"); n != 0 {
			t.Errorf("%d rows are kept", n)
		}
	})
}
