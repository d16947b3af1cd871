package cpd_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

func TestAMatchIsStoredAndTheRestDeleted(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.register.finds["Ann"] = trn("0000001")
		result, err := w.Check(w.Context(), details("Ann"), here)
		if err != nil || result != cpd.Matched {
			w.Errorf("check: got %v, %v, want a match", result, err)
		}
		id := w.matched("Ann", trn("0000001"))
		p := w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNotChecked, false)
		w.history(id, cpd.HandedIn, cpd.CheckMatched, cpd.DataDeleted, cpd.TRNValidatedAuto)
		w.mails(id, confirmed)
		w.progress(id, cpd.StatusConfirmed)
		if _, held, err := w.HeldDetails(w.Context(), id); held || err != nil {
			w.Errorf("details are held: %v, %v", held, err)
		}
		if yes := p.TeacherReferenceNumberValidated(); yes == nil || !*yes || p.TeacherReferenceNumber() != trn("0000001") || p.EligibleForFunding() != nil {
			w.Error("lead providers do not read a validated TRN with eligibility unknown")
		}
		w.work()
		w.is(id, cpd.TRNValidatedAutomatically, trn("0000001"), cpd.AlertNone, false)
		w.waits()
	})
}

func TestWithoutAMatchNothingIsStoredUntilThePersonStandsBy(t *testing.T) {
	eachWorld(t, func(w *world) {
		registration, d := cpd.NewRegistrationID(), details("Ann")
		if result, err := w.Check(w.Context(), d, here); err != nil || result != cpd.NotMatched {
			w.Errorf("check: got %v, %v, want no match", result, err)
		}
		out, err := w.Register(w.Context(), registration, d, here)
		if err != nil || out != (cpd.Registered{Result: cpd.NotMatched}) {
			w.Errorf("registering: got %+v, %v, want no match and nothing else", out, err)
		}
		if page, err := w.Participants(w.Context(), cpd.Filter{}); err != nil || page.Total != 0 {
			w.Errorf("got %d participants, %v, want none", page.Total, err)
		}
		out, err = w.StandBy(w.Context(), registration, d, here)
		if err != nil || out.Result != cpd.AwaitsManual || out.Status != cpd.StatusManual || out.ExpectedBy.IsZero() {
			w.Errorf("standing by: got %+v, %v", out, err)
		}
		w.is(out.Participant, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		w.history(out.Participant, cpd.HandedIn, cpd.StoodBy, cpd.RequestMade)
		w.mails(out.Participant, received)
		w.waits(cpd.WaitsForSending)

		w.tra.expects = w.now.Add(3 * day)
		w.work()
		sub := w.tra.by[w.last()]
		if sub.Kind != cpd.TRNValidation || sub.Details.FirstName != d.FirstName || sub.Details.NINO != d.NINO || sub.Details.DateOfBirth != d.DateOfBirth {
			w.Error("the request does not hold what was typed")
		}
		w.waits(cpd.WaitsForAnswer)
		w.history(out.Participant, cpd.RequestReached)
		if got := w.progress(out.Participant, cpd.StatusManual); !got.ExpectedBy.Equal(w.tra.expects) || !got.CanCorrect || !got.CanWithdraw {
			w.Errorf("got %+v, want the TRA's own expectation", got)
		}
		w.pass(4 * day)
		if list := w.waits(cpd.WaitsForAnswer); !list[0].Overdue {
			w.Error("what is late is not shown as overdue")
		}
		if yes := w.story(out.Participant).Participant.TeacherReferenceNumberValidated(); yes == nil || *yes {
			w.Error("a claimed TRN reads as anything but not validated")
		}
	})
}

func TestARegisterThatDoesNotAnswerSaysNothing(t *testing.T) {
	type want struct {
		finds  person.TRN
		status cpd.TRNStatus
		told   cpd.PersonStatus
		mail   string
	}
	eachCase(t, map[string]want{
		"it finds the record later": {trn("0000001"), cpd.TRNValidatedAutomatically, cpd.StatusConfirmed, confirmed},
		"it finds none later":       {noTRN, cpd.TRNAwaitingManualValidation, cpd.StatusManual, received},
	}, func(w *world, _ string, c want) {
		w.register.down = true
		registration, d := cpd.NewRegistrationID(), details("Ann")
		if result, err := w.Check(w.Context(), d, here); err != nil || result != cpd.CouldNotAsk {
			w.Errorf("check: got %v, %v, want that it could not be asked", result, err)
		}
		out, err := w.Register(w.Context(), registration, d, here)
		if err != nil || out.Result != cpd.CouldNotAsk || out.Status != cpd.StatusChecking || out.Participant == "" {
			w.Errorf("registering: got %+v, %v, want that it could not be asked", out, err)
		}
		if again, err := w.Register(w.Context(), registration, d, here); err != nil || again != out {
			w.Errorf("again: got %+v, %v, want %+v", again, err, out)
		}
		w.is(out.Participant, cpd.TRNNotChecked, noTRN, cpd.AlertNotChecked, true)
		w.waits(cpd.WaitsForCheck)
		asked := w.register.asked
		w.pass(30 * time.Second)
		if w.register.asked != asked {
			w.Error("it was asked again at once")
		}
		for range 5 {
			w.pass(time.Hour)
		}
		if n := w.register.asked - asked; n != 5 {
			w.Errorf("it was asked again %d times, want 5", n)
		}
		w.progress(out.Participant, cpd.StatusChecking)
		w.mails(out.Participant)
		w.register.down = false
		if !c.finds.IsZero() {
			w.register.finds["Ann"] = c.finds
		}
		w.pass(time.Hour)
		p := w.story(out.Participant).Participant
		if p.TRNStatus != c.status || p.TRN != c.finds || p.HoldsValidationData != c.finds.IsZero() {
			w.Errorf("got %s, data held %v, want %s", p.TRNStatus, p.HoldsValidationData, c.status)
		}
		w.progress(out.Participant, c.told)
		w.mails(out.Participant, c.mail)
		if c.finds.IsZero() {
			w.history(out.Participant, cpd.CheckNotMatched, cpd.RequestMade, cpd.RequestReached)
		}
	})
}

func TestARegistrationSentTwiceMakesOneParticipant(t *testing.T) {
	eachWorld(t, func(w *world) {
		registration := cpd.NewRegistrationID()
		var all sync.WaitGroup
		outs, errs := make([]cpd.Registered, 4), make([]error, 4)
		for n := range outs {
			all.Go(func() { outs[n], errs[n] = w.StandBy(w.Context(), registration, details("Ann"), here) })
		}
		all.Wait()
		w.ok("standing by", errors.Join(errs...))
		for _, out := range outs {
			if out != outs[0] || out.Participant == "" {
				w.Errorf("got %+v and %+v, want the same", out, outs[0])
			}
		}
		if page, err := w.Participants(w.Context(), cpd.Filter{}); err != nil || page.Total != 1 {
			w.Errorf("got %d participants, %v, want one", page.Total, err)
		}
		w.mails(outs[0].Participant, received)
		if n := len(w.story(outs[0].Participant).Requests); n != 1 {
			w.Errorf("got %d requests, want one", n)
		}
	})
}

func TestAKnownAddressIsMailedALinkThatWorksOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, _ := w.standBy("Ann")
		other := details("Bob")
		other.Email = must(person.ParseEmail("ANN@Example.org"))
		w.register.finds["Bob"] = trn("0000001")
		for what, call := range map[string]func() (cpd.Registered, error){
			"registering": func() (cpd.Registered, error) {
				return w.Register(w.Context(), cpd.NewRegistrationID(), other, here)
			},
			"standing by": func() (cpd.Registered, error) {
				return w.StandBy(w.Context(), cpd.NewRegistrationID(), other, here)
			},
		} {
			if out, err := call(); err != nil || out != (cpd.Registered{Result: cpd.LinkMailed}) {
				w.Errorf("%s: got %+v, %v, want a link mailed and nothing told", what, out, err)
			}
		}
		w.ok("asking for a link", w.MailLink(w.Context(), other.Email, here))
		w.ok("asking for a link to an unknown address", w.MailLink(w.Context(), details("Eve").Email, here))
		w.is(id, cpd.TRNAwaitingManualValidation, noTRN, cpd.AlertNotChecked, true)
		mails := w.mails(id, received, goOn, goOn, goOn)
		if mails[1].To != "ANN@Example.org" || strings.Contains(mails[1].Body, mails[1].Link) {
			w.Error("the link is not mailed to who asked, apart from the text")
		}
		token := func(m cpd.Message) string {
			s, ok := strings.CutPrefix(m.Link, "https://cpd.example.org"+cpd.ContinuePath+"/")
			if !ok {
				w.Errorf("the link is %q", m.Link)
			}
			return s
		}
		got, err := w.OpenLink(w.Context(), token(mails[1]))
		if want := (cpd.Visitor{Participant: id, Epoch: 1}); err != nil || got.Visitor != want || got.Answers != nil {
			w.Errorf("the link: got %+v, %v, want %+v", got, err, want)
		}
		if admitted, err := w.Admit(w.Context(), got.Visitor); err != nil || admitted != id {
			w.Errorf("who used the link: admitted to %q, %v", admitted, err)
		}
		_, err = w.Admit(w.Context(), cpd.Visitor{Participant: id})
		w.wantKind("who registered, after the link was used", err, fault.Gone)
		_, err = w.Admit(w.Context(), cpd.Visitor{Participant: "nobody"})
		w.wantKind("a visitor of nobody", err, fault.NotFound)
		w.history(id, cpd.LinkUsed)
		_, err = w.OpenLink(w.Context(), token(mails[1]))
		w.wantKind("the used link", err, fault.Gone)
		_, err = w.OpenLink(w.Context(), "nonsense")
		w.wantKind("nonsense", err, fault.Gone)
		w.now = w.now.Add(day)
		_, err = w.OpenLink(w.Context(), token(mails[2]))
		w.wantKind("the old link", err, fault.Gone)
		w.work()
		for _, m := range w.story(id).Messages {
			if m.Link != "" {
				w.Error("a link outlives its end")
			}
		}
	})
}

func TestWhatIsMissingIsRefused(t *testing.T) {
	eachWorld(t, func(w *world) {
		for what, change := range map[string]func(d *cpd.Details){
			"no name":          func(d *cpd.Details) { d.FirstName, d.LastName = person.Name{}, person.Name{} },
			"no date of birth": func(d *cpd.Details) { d.DateOfBirth = person.Date{} },
			"no email address": func(d *cpd.Details) { d.Email = person.Email{} },
		} {
			d := details("Ann")
			change(&d)
			_, err := w.StandBy(w.Context(), cpd.NewRegistrationID(), d, here)
			w.wantKind(what, err, fault.Invalid)
		}
	})
}

func TestChecksAreLimitedByPersonAndByAddress(t *testing.T) {
	eachWorld(t, func(w *world) {
		for n := range 20 {
			if _, err := w.Check(w.Context(), details("Ann"), ""); err != nil {
				w.Fatalf("check %d: %v", n+1, err)
			}
		}
		_, err := w.Check(w.Context(), details("Ann"), "")
		w.wantKind("one too many for a person", err, fault.TooMany)
		_, err = w.Register(w.Context(), cpd.NewRegistrationID(), details("Ann"), "")
		w.wantKind("registering", err, fault.TooMany)
		// About the person and the numbers nothing is asked any more, and nobody is refused.
		notAsked := func(what string, d cpd.Details) {
			w.Helper()
			before := w.register.asked
			if result, err := w.Check(w.Context(), d, ""); err != nil || result != cpd.NotMatched || w.register.asked != before {
				w.Errorf("%s: %s, %v, and the register was asked %d times", what, result, err, w.register.asked-before)
			}
		}
		other := details("Ann")
		other.Email = details("Bob").Email
		notAsked("the same person by another email address", other)
		someone := details("Cat")
		someone.DateOfBirth = must(person.ParseDate("1990-03-01"))
		notAsked("another name and date of birth for the same numbers", someone)
		someone.NINO = must(person.ParseNINO("QQ999999A"))
		notAsked("for the same TRN", someone)
		someone.NINO, someone.TRN, someone.Email = must(person.ParseNINO("QQ123456A")), noTRN, details("Dan").Email
		notAsked("for the same NI number with another suffix", someone)
		someone.NINO = must(person.ParseNINO("QQ999999A"))
		asked := w.register.asked
		_, err = w.Check(w.Context(), someone, "")
		w.ok("somebody else", err)
		if w.register.asked != asked+1 {
			w.Error("somebody else was not checked")
		}
		w.pass(day)
		_, err = w.Check(w.Context(), details("Ann"), "")
		w.ok("the next day", err)
		for n := range 20 {
			if err := w.MailLink(w.Context(), details("Ann").Email, ""); err != nil {
				w.Fatalf("link %d: %v", n+1, err)
			}
			w.now = w.now.Add(time.Minute)
		}
		w.wantKind("one link too many", w.MailLink(w.Context(), details("Ann").Email, ""), fault.TooMany)
		w.wantKind("a code after too many links", w.SendCode(w.Context(), cpd.NewRegistrationID(), details("Ann").Email, ""), fault.TooMany)
	})
	eachWorld(t, func(w *world) {
		w.begin(cpd.Options{ChecksPerAddress: 3})
		for _, first := range []string{"Ann", "Bob", "Cat"} {
			_, err := w.Check(w.Context(), details(first), here)
			w.ok(first, err)
		}
		_, err := w.Check(w.Context(), details("Dan"), here)
		w.wantKind("one too many from an address", err, fault.TooMany)
		_, err = w.Check(w.Context(), details("Eve"), "192.0.2.2")
		w.ok("from elsewhere", err)
		for n, from := range []string{"2001:db8:1:2::1", "2001:DB8:1:2:ffff::2", "2001:db8:1:2::3%eth0"} {
			_, err := w.Check(w.Context(), details(fmt.Sprintf("Fay%c", 'a'+n)), from)
			w.ok(from, err)
		}
		_, err = w.Check(w.Context(), details("Gus"), "2001:db8:1:2:3:4:5:6")
		w.wantKind("one too many from a network", err, fault.TooMany)
		_, err = w.Check(w.Context(), details("Hal"), "2001:db8:1:3::1")
		w.ok("from another network", err)
		_, err = w.Check(w.Context(), details("Ivy"), "::ffff:192.0.2.1")
		w.wantKind("the same address written as IPv6", err, fault.TooMany)
		var kept string
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT MIN(counted) FROM counters`).Scan(&kept); err != nil || len(kept) != 64 {
			w.Errorf("counters are kept under %q, %v, want a hash", kept, err)
		}
	})
}

// Whoever knows somebody's TRN can use up how often it may be asked about.
func TestNobodyIsShutOutByWhoTriesTheirNumbers(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.begin(cpd.Options{ChecksPerPerson: 3})
		for n := range 10 {
			tries := details("Eve")
			tries.Email = must(person.ParseEmail(fmt.Sprintf("eve%d@example.org", n)))
			tries.DateOfBirth = must(person.ParseDate(fmt.Sprintf("1984-01-%02d", n+1)))
			_, err := w.Check(w.Context(), tries, "")
			w.ok("trying", err)
		}
		if w.register.asked != 3 {
			w.Errorf("the register was asked %d times about one TRN, want 3", w.register.asked)
		}
		ann := details("Ann")
		w.register.finds["Ann"] = ann.TRN
		id := cpd.NewRegistrationID()
		w.ok("confirming", w.Confirm(w.Context(), id, ann.Email))
		out, err := w.Service.Register(w.Context(), id, ann, "")
		if err != nil || out.Result != cpd.NotMatched {
			w.Fatalf("registering: %+v, %v; want what everybody is told who is not matched", out, err)
		}
		out, err = w.Service.StandBy(w.Context(), id, ann, "")
		if err != nil || out.Result != cpd.AwaitsManual {
			w.Fatalf("standing by the details: %+v, %v", out, err)
		}
		ann.LastName = must(person.ParseName("Otherwise"))
		out, err = w.Service.Correct(w.Context(), out.Participant, ann, "")
		if err != nil || out.Result != cpd.AwaitsManual {
			w.Fatalf("correcting: %+v, %v", out, err)
		}
		w.history(out.Participant, cpd.CheckNotMade, cpd.RequestMade)
	})
}

func TestTheChangeItsEventItsMailAndItsTaskAreOneTransaction(t *testing.T) {
	eachCase(t, map[string]string{
		"a mail": "message", "its first event": "event " + string(cpd.HandedIn), "its last event": "event " + string(cpd.RequestMade),
		"its task": "task " + string(cpd.TaskSend),
	}, func(w *world, _, at string) {
		s := cpd.New(breaks{w.store, at}, w.tra, w.register, []byte("key"), func() time.Time { return w.now }, cpd.Options{})
		id := cpd.NewRegistrationID()
		w.ok("confirming", w.Confirm(w.Context(), id, details("Ann").Email))
		if _, err := s.StandBy(w.Context(), id, details("Ann"), here); !errors.Is(err, errBroken) {
			w.Fatalf("got %v, want the broken write's error", err)
		}
		for _, table := range tables {
			var n int
			if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 && table != "counters" && table != "email_codes" {
				w.Errorf("%s: got %d rows, %v, want none", table, n, err)
			}
		}
	})
}
