package cpdweb_test

import (
	"io"
	"net/http"
	"testing"

	"traid/internal/cpd"
	"traid/internal/govuk"
	"traid/internal/govuk/govuktest"
	"traid/internal/person"
)

// album is pages as somebody met them, to be looked at again without their session.
type album map[string]page

func (a album) add(name string, p page) { a["/"+name] = p }

// ServeHTTP serves a page as it was, and the styles and scripts.
func (a album) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := a[r.URL.Path]
	if !ok {
		govuk.Assets().ServeHTTP(w, r)
		return
	}
	for name, values := range p.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(p.Status)
	_, _ = io.WriteString(w, p.Body)
}

// everyPage meets every page, the person's first, and holds each to what all pages promise.
func everyPage(t *testing.T) album {
	t.Helper()
	a := album{}
	w := newWorld(t)
	b := w.browser()
	a.add("start", b.get("/"))
	a.add("name", b.post("/start"))
	a.add("name-errors", b.post("/name"))
	a.add("changed-name", b.post("/name", "first-name", "Zephyrine", "last-name", "Quillfeather"))
	a.add("previous-names", b.post("/changed-name", "changed-name", "yes"))
	a.add("previous-names-two", b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks", "do", "add"))
	a.add("date-of-birth", b.post("/previous-names", "previous-first-name-1", "", "previous-last-name-1", "Marchbanks"))
	a.add("date-of-birth-errors", b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "", "date-of-birth-year", "1984"))
	a.add("trn", b.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984"))
	a.add("trn-errors", b.post("/trn", "has-trn", "yes", "trn", "12"))
	a.add("national-insurance-number", b.post("/trn", "has-trn", "no"))
	a.add("email", b.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ123456C"))
	a.add("check-your-answers", b.post("/email", "email", "zephyrine@example.com"))
	a.add("check-your-details", b.post("/check-your-answers"))
	w.register.down = true
	a.add("could-not-check", b.post("/check-your-answers"))
	w.register.down = false
	b.post("/check-your-answers").at("/check-your-details")
	a.add("progress-manual", b.post("/check-your-details"))
	a.add("withdraw", b.get("/progress/withdraw"))
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "No record fits the name and the date of birth."})
	a.add("progress-failed", b.get("/progress"))
	a.add("continue", b.get("/continue"))
	a.add("check-your-email", b.post("/continue", "email", "zephyrine@example.com"))
	a.add("link", b.get(w.link()))
	a.add("session-ended", b.get("/session-ended"))
	for _, path := range []string{"privacy", "cookies", "accessibility", "contact", "nothing-here"} {
		a.add(path, b.get("/"+path))
	}

	// Two people and one record, an alert that nobody could decide, and a request that cannot be sent.
	w.knows("Ada", "7300456")
	w.register.alert = true
	ada := w.browser()
	ada.fillIn(sample{First: "Ada", Last: "Sample", Email: "ada@example.org", TRN: "7300456"})
	a.add("progress-confirmed", ada.post("/check-your-answers").at("/progress"))
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "cannot_tell"})
	w.register.alert = false
	w.browser().standsBy(sample{First: "Adah", Last: "Sample", Email: "adah@example.org", NINO: "QQ222222A"})
	trn, err := person.NewTRN("7300456")
	if err != nil {
		t.Fatal(err)
	}
	w.answer(cpd.Answer{Outcome: cpd.TRNFound, TRN: trn})
	w.tra.down = true
	w.browser().standsBy(sample{First: "Edwin", Last: "Sample", Email: "edwin@example.org"})
	w.work()
	admin := w.administrator()
	a.add("admin-participants", admin.get("/admin/participants"))
	for _, p := range w.participants() {
		path := "/admin/participants/" + string(p.ID)
		a.add("admin-participant-"+p.FirstName.Reveal(), admin.get(path))
		if p.TRNStatus == cpd.TRNConflict {
			a.add("admin-conflict", admin.get(path+"/conflict"))
			a.add("admin-conflict-check", admin.post(path+"/conflict", "how", "different_people", "reason", "They were born in different years."))
		}
	}
	a.add("admin-waiting", admin.get("/admin/waiting"))
	a.add("admin-polled", admin.post("/admin/poll"))
	a.add("admin-outbox", admin.get("/admin/outbox"))
	a.add("sign-in", w.browser().get("/sign-in"))
	return a
}

// TestPagesCanBeUsedByEverybody looks at one page of each make.
func TestPagesCanBeUsedByEverybody(t *testing.T) {
	govuktest.Inspect(t, everyPage(t),
		"/start", "/name-errors", "/previous-names-two", "/date-of-birth-errors", "/trn-errors", "/check-your-details", "/progress-manual", "/progress-failed", "/cookies",
		"/admin-participants", "/admin-participant-Ada", "/admin-conflict", "/admin-polled", "/admin-outbox")
}
