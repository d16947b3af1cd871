package cpd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
)

// code asks for a code, and gives the one that was mailed.
func (w *world) code(id cpd.RegistrationID, email person.Email) string {
	w.Helper()
	w.ok("asking for a code", w.SendCode(w.Context(), id, email, here))
	return w.newest(email).Code
}

// newest is the newest mail to an address.
func (w *world) newest(to person.Email) cpd.Message {
	w.Helper()
	mails, _, err := w.Outbox(w.Context(), "", 200)
	w.ok("the outbox", err)
	var found cpd.Message
	for _, m := range mails {
		if m.To == to.Reveal() && m.At.After(found.At) {
			found = m
		}
	}
	if found.ID == "" {
		w.Fatal("no mail was written to the address")
	}
	return found
}

// other is a code that is not the one.
func other(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

func TestNothingIsCheckedBeforeTheAddressIsConfirmed(t *testing.T) {
	eachWorld(t, func(w *world) {
		d := details("Ann")
		w.register.finds["Ann"] = trn("0000001")
		id, elsewhere := cpd.NewRegistrationID(), cpd.NewRegistrationID()
		calls := map[string]func(id cpd.RegistrationID, d cpd.Details) error{
			"checking": func(id cpd.RegistrationID, d cpd.Details) error {
				_, err := w.Service.Check(w.Context(), id, d, here)
				return err
			},
			"registering": func(id cpd.RegistrationID, d cpd.Details) error {
				_, err := w.Service.Register(w.Context(), id, d, here)
				return err
			},
			"standing by": func(id cpd.RegistrationID, d cpd.Details) error {
				_, err := w.Service.StandBy(w.Context(), id, d, here)
				return err
			},
			"saving": func(id cpd.RegistrationID, d cpd.Details) error {
				return w.SaveRegistration(w.Context(), id, d.Email, []byte("{}"), here)
			},
		}
		refused := func(when string, id cpd.RegistrationID, d cpd.Details) {
			for what, call := range calls {
				w.wantKind(what+" "+when, call(id, d), fault.Forbidden)
			}
		}
		refused("without a code", id, d)
		code := w.code(id, d.Email)
		refused("before the code is typed", id, d)
		if _, err := w.ConfirmEmail(w.Context(), id, d.Email, other(code)); err == nil {
			w.Error("a wrong code confirms")
		}
		refused("after a wrong code", id, d)
		if w.register.asked != 0 {
			w.Errorf("the register was asked %d times", w.register.asked)
		}
		if got, err := w.ConfirmEmail(w.Context(), id, d.Email, code); err != nil || got != (cpd.Visitor{}) {
			w.Errorf("the code: got %+v, %v, want that it is good and nobody is registered", got, err)
		}
		bob := d
		bob.Email = details("Bob").Email
		refused("with another address", id, bob)
		refused("in another visit", elsewhere, d)
		out, err := w.Service.Register(w.Context(), id, d, here)
		if err != nil || out.Result != cpd.Matched {
			w.Fatalf("registering: got %+v, %v", out, err)
		}
		w.history(out.Participant, cpd.EmailConfirmed, cpd.HandedIn, cpd.CheckMatched, cpd.DataDeleted, cpd.TRNValidatedAuto)
	})
}

func TestACodeHasFewTriesAndAShortLife(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := details("Ann").Email
		try := func(id cpd.RegistrationID, code string) error {
			_, err := w.ConfirmEmail(w.Context(), id, ann, code)
			return err
		}
		id := cpd.NewRegistrationID()
		w.wantKind("before one was asked for", try(id, "123456"), fault.Gone)
		code := w.code(id, ann)
		if len(code) != 6 {
			w.Errorf("the code is %q, want six digits", code)
		}
		for n := range 4 {
			w.wantKind(fmt.Sprint("wrong try ", n+1), try(id, other(code)), fault.Invalid)
			w.wantKind("a second click, which does not count", try(id, other(code)), fault.Invalid)
			w.now = w.now.Add(time.Minute)
		}
		w.wantKind("the fifth wrong try", try(id, other(code)), fault.Gone)
		w.wantKind("the right code after five wrong ones", try(id, code), fault.Gone)

		w.now = w.now.Add(time.Second)
		first := w.code(id, ann)
		w.now = w.now.Add(time.Second)
		second := w.code(id, ann)
		if first != second {
			w.wantKind("an earlier code", try(id, first), fault.Invalid)
		}
		w.now = w.now.Add(15 * time.Minute)
		w.wantKind("a code that is too old", try(id, second), fault.Gone)

		third := w.code(id, ann)
		w.wantKind("the code in another visit", try(cpd.NewRegistrationID(), third), fault.Gone)
		_, err := w.ConfirmEmail(w.Context(), id, details("Bob").Email, third)
		w.wantKind("the code for another address", err, fault.Gone)
		w.ok("the newest code", try(id, third))
		w.ok("a second click", try(id, third))
		if m := w.newest(ann); m.Code != "" {
			w.Error("a used code stays in the outbox")
		}
		w.pass(48 * time.Hour)
		mails, _, err := w.Outbox(w.Context(), "", 0)
		if err != nil || len(mails) != 0 {
			w.Errorf("%d mails to somebody who did not hand in are kept, %v", len(mails), err)
		}
		var rows int
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT count(*) FROM email_codes`).Scan(&rows); err != nil || rows != 0 {
			w.Errorf("%d confirmations are kept, %v", rows, err)
		}
	})
}

func TestCodesAreKeptHashedAndAskedForSeldom(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.begin(cpd.Options{ChecksPerPerson: 2})
		ann := details("Ann").Email
		id := cpd.NewRegistrationID()
		code := w.code(id, ann)
		var address, kept string
		if err := w.db.Reader().QueryRowContext(w.Context(), `SELECT address_hash, code_hash FROM email_codes`).Scan(&address, &kept); err != nil {
			w.Fatal(err)
		}
		if len(address) != 64 || len(kept) != 64 || strings.Contains(address+kept, code) || strings.Contains(address, "ann") {
			w.Errorf("address and code are kept as %q and %q, want hashes", address, kept)
		}
		w.ok("another visit", w.SendCode(w.Context(), cpd.NewRegistrationID(), ann, here))
		w.wantKind("a third code in a day", w.SendCode(w.Context(), cpd.NewRegistrationID(), ann, here), fault.TooMany)
		w.ok("another address", w.SendCode(w.Context(), cpd.NewRegistrationID(), details("Bob").Email, here))
		w.pass(day)
		w.ok("the next day", w.SendCode(w.Context(), id, ann, here))
	})
}

// Before the code is typed nothing tells whether the address is registered.
func TestOnlyWhoReadsTheMailLearnsWhoIsRegistered(t *testing.T) {
	eachWorld(t, func(w *world) {
		id, _ := w.standBy("Ann")
		ann, bob := details("Ann").Email, details("Bob").Email
		w.now = w.now.Add(time.Second)
		known, unknown := cpd.NewRegistrationID(), cpd.NewRegistrationID()
		since := w.story(id)
		knownCode, unknownCode := w.code(known, ann), w.code(unknown, bob)
		a, b := w.newest(ann), w.newest(bob)
		if a.Subject != b.Subject || a.Body != b.Body || a.Participant != b.Participant {
			w.Errorf("the mails differ:\n%+v\n%+v", a, b)
		}
		_, err := w.ConfirmEmail(w.Context(), known, ann, other(knownCode))
		_, err2 := w.ConfirmEmail(w.Context(), unknown, bob, other(unknownCode))
		if err == nil || err.Error() != err2.Error() {
			w.Errorf("a wrong code: got %v for a registered address and %v for another", err, err2)
		}
		w.unchanged(id, since)
		got, err := w.ConfirmEmail(w.Context(), known, ann, knownCode)
		if want := (cpd.Visitor{Participant: id, Epoch: 1}); err != nil || got != want {
			w.Errorf("the owner: got %+v, %v, want %+v", got, err, want)
		}
		again, err := w.ConfirmEmail(w.Context(), known, ann, knownCode)
		if err != nil || again != got {
			w.Errorf("a second click: got %+v, %v, want %+v", again, err, got)
		}
		w.history(id, cpd.EmailConfirmed)
		_, err = w.Admit(w.Context(), cpd.Visitor{Participant: id})
		w.wantKind("who registered, after the owner came", err, fault.Gone)
	})
}
