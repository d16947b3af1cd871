package cpdweb_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/webhook"
)

// click submits a form and follows nothing.
type click func() page

// clicked is a form that somebody submits twice.
type clicked struct {
	meet    func(w *world) click
	nothing string // why it leaves nothing in the database; empty: it does
	tells   string // what the second answer says, where it does not lead to where the first one does
}

const (
	readsOnly   = "it only reads"
	sessionOnly = "what was typed stays in the session until it is handed in"
)

// form gives the click that sends a form of names and values in turn.
func (b *browser) form(path string, form ...string) click {
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return func() page { return b.send(http.MethodPost, path, values) }
}

// after brings somebody who has just begun past the first pages.
func (w *world) after(form ...[]string) *browser {
	b := w.browser()
	b.begins(zephyrine.Email)
	for _, f := range form {
		b.post(f[0], f[1:]...)
	}
	return b
}

var (
	typedName  = []string{"/name", "first-name", "Zephyrine", "last-name", "Quillfeather"}
	noOther    = []string{"/changed-name", "changed-name", "no"}
	another    = []string{"/changed-name", "changed-name", "yes"}
	typedBirth = []string{"/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984"}
	noTRN      = []string{"/trn", "has-trn", "no"}
	anything   = cpd.Question{Number: 1, Text: "Please tell us more.", AsksFor: "other"}
	invitee    = []string{"/school/add", "first-name", "Jo", "last-name", "Sample", "email", "jo@example.org"}
	people     = "first_name,last_name,email\nAl,Sample,al@example.org\n"
)

func typed(f []string) func(b *browser) click {
	return func(b *browser) click { return b.form(f[0], f[1:]...) }
}

// waiting is somebody whose details an administrator can look at.
func (w *world) waiting() (*browser, string) {
	w.browser().standsBy(zephyrine)
	w.work()
	return w.administrator(), "/admin/participants/" + string(w.participants()[0].ID)
}

// forms are the forms of the site, under the route that takes them, and what
// tells the cases of one route apart.
var forms = map[string]clicked{
	"/start": {nothing: sessionOnly, meet: func(w *world) click { return w.browser().form("/start") }},
	"/email": {meet: func(w *world) click {
		b := w.browser()
		b.post("/start")
		return b.form("/email", "email", zephyrine.Email)
	}},
	"/email-code": {meet: func(w *world) click {
		b := w.browser()
		b.post("/start")
		b.post("/email", "email", zephyrine.Email)
		return b.form("/email-code", "code", w.code(zephyrine.Email))
	}},
	"/email-code, of a registered address": {meet: func(w *world) click {
		w.browser().standsBy(zephyrine)
		w.move(time.Hour)
		b := w.browser()
		b.post("/start")
		b.post("/email", "email", zephyrine.Email)
		return b.form("/email-code", "code", w.code(zephyrine.Email))
	}},
	"/email-code, a wrong one": {tells: "Enter the code from the newest email", meet: func(w *world) click {
		b := w.browser()
		b.post("/start")
		b.post("/email", "email", zephyrine.Email)
		wrong := "000000"
		if w.code(zephyrine.Email) == wrong {
			wrong = "000001"
		}
		return b.form("/email-code", "code", wrong)
	}},
	"/email-code, another code": {meet: func(w *world) click {
		b := w.browser()
		b.post("/start")
		b.post("/email", "email", zephyrine.Email)
		w.move(time.Minute)
		return b.form("/email-code", "do", "again")
	}},
	"/name":                  {nothing: sessionOnly, meet: func(w *world) click { return typed(typedName)(w.after()) }},
	"/name, saved for later": {meet: func(w *world) click { return w.after().form("/name", "first-name", "Zephyrine", "save", "") }},
	"/changed-name":          {nothing: sessionOnly, meet: func(w *world) click { return typed(noOther)(w.after(typedName)) }},
	"/previous-names": {nothing: sessionOnly, meet: func(w *world) click {
		return w.after(typedName, another).form("/previous-names", "previous-first-name-1", "Zephyrine", "previous-last-name-1", "Marchbanks")
	}},
	"/date-of-birth": {nothing: sessionOnly, meet: func(w *world) click { return typed(typedBirth)(w.after(typedName, noOther)) }},
	"/trn":           {nothing: sessionOnly, meet: func(w *world) click { return typed(noTRN)(w.after(typedName, noOther, typedBirth)) }},
	"/national-insurance-number": {nothing: sessionOnly, meet: func(w *world) click {
		return w.after(typedName, noOther, typedBirth, noTRN).form("/national-insurance-number", "has-national-insurance-number", "no")
	}},
	"/check-your-answers": {meet: func(w *world) click {
		w.knows("Zephyrine", zephyrine.TRN)
		b := w.browser()
		b.fillIn(zephyrine)
		return b.form("/check-your-answers")
	}},
	"/check-your-answers, no match": {nothing: "the person is asked first", meet: func(w *world) click {
		b := w.browser()
		b.fillIn(zephyrine)
		return b.form("/check-your-answers")
	}},
	"/check-your-answers, saved for later": {meet: func(w *world) click {
		b := w.browser()
		b.fillIn(zephyrine)
		return b.form("/check-your-answers", "save", "")
	}},
	"/check-your-answers, a correction": {meet: func(w *world) click {
		b := w.browser()
		b.standsBy(zephyrine)
		w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record"})
		b.post("/progress/correct")
		b.post("/name", "first-name", "Zephyrina", "last-name", "Quillfeather").at("/check-your-answers")
		return b.form("/check-your-answers")
	}},
	"/check-your-answers, a correction saved for later": {meet: func(w *world) click {
		b := w.browser()
		b.standsBy(zephyrine)
		b.post("/progress/correct")
		return b.form("/check-your-answers", "save", "")
	}},
	"/check-your-details": {meet: func(w *world) click {
		b := w.browser()
		b.fillIn(zephyrine)
		b.post("/check-your-answers").at("/check-your-details")
		return b.form("/check-your-details")
	}},
	"/could-not-check": {meet: func(w *world) click {
		w.register.down = true
		b := w.browser()
		b.fillIn(zephyrine)
		b.post("/check-your-answers").at("/could-not-check")
		return b.form("/could-not-check")
	}},
	"/progress/correct": {nothing: sessionOnly, meet: func(w *world) click {
		b := w.browser()
		b.standsBy(zephyrine)
		return b.form("/progress/correct")
	}},
	"/question": {meet: func(w *world) click {
		b := w.browser()
		b.standsBy(zephyrine)
		w.asks(anything)
		return b.form("/question", "number", "1", "answer", "It was on a payslip.")
	}},
	"/progress/withdraw": {meet: func(w *world) click {
		b := w.browser()
		b.standsBy(zephyrine)
		return b.form("/progress/withdraw")
	}},
	"/continue": {meet: func(w *world) click {
		w.browser().standsBy(zephyrine)
		return w.browser().form("/continue", "email", zephyrine.Email)
	}},
	"/continue, to saved answers": {meet: func(w *world) click {
		w.after(typedName).post("/changed-name", "save", "").at("/saved")
		return w.browser().form("/continue", "email", zephyrine.Email)
	}},
	"/continue, to an invitation": {meet: func(w *world) click {
		typed(invitee)(w.tutor("tess@example.org", ashdown))()
		return w.browser().form("/continue", "email", "jo@example.org")
	}},
	"/continue/{token}": {tells: "It has been used already", meet: func(w *world) click {
		w.browser().standsBy(zephyrine)
		b := w.browser()
		b.post("/continue", "email", zephyrine.Email)
		link := w.link()
		b.get(link)
		return b.form(link)
	}},
	"/continue/{token}, to saved answers": {tells: "It has been used already", meet: func(w *world) click {
		b := w.after(typedName)
		b.post("/changed-name", "save", "").at("/saved")
		link := w.link()
		b.get(link)
		return b.form(link)
	}},
	"/continue/{token}, to an invitation": {tells: "It has been used already", meet: func(w *world) click {
		typed(invitee)(w.tutor("tess@example.org", ashdown))()
		b, link := w.browser(), w.link()
		b.get(link)
		return b.form(link)
	}},

	"/school/people": {nothing: readsOnly, tells: "People", meet: func(w *world) click {
		return w.tutor("tess@example.org", ashdown).form("/school/people", "search", "Jo")
	}},
	"/school/add": {meet: func(w *world) click { return typed(invitee)(w.tutor("tess@example.org", ashdown)) }},
	"/school/people/{id}/again": {meet: func(w *world) click {
		b := w.tutor("tess@example.org", ashdown)
		return b.form(b.post(invitee[0], invitee[1:]...).Path + "/again")
	}},
	"/school/people/{id}/remove": {meet: func(w *world) click {
		b := w.tutor("tess@example.org", ashdown)
		return b.form(b.post(invitee[0], invitee[1:]...).Path + "/remove")
	}},
	"/school/files": {meet: func(w *world) click {
		b := w.tutor("tess@example.org", ashdown)
		return func() page { return b.sendFile("/school/files", people) }
	}},
	"/school/files/{id}": {meet: func(w *world) click {
		b := w.tutor("tess@example.org", ashdown)
		return b.form(b.upload("/school/files", people).Path)
	}},
	"/school/files/{id}/drop": {meet: func(w *world) click {
		b := w.tutor("tess@example.org", ashdown)
		return b.form(b.upload("/school/files", people).Path + "/drop")
	}},

	"/admin/participants": {nothing: readsOnly, tells: "Nobody was found", meet: func(w *world) click {
		return w.administrator().form("/admin/participants", "search", "Nobody")
	}},
	"/admin/participants/{id}/alert-owner": {meet: func(w *world) click {
		w.knows("Zephyrine", zephyrine.TRN)
		w.register.alert = true
		b := w.browser()
		b.fillIn(zephyrine)
		b.post("/check-your-answers").at("/progress")
		w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "cannot_tell"})
		return w.administrator().form("/admin/participants/"+string(w.participants()[0].ID)+"/alert-owner", "owner", "safeguarding@example.org")
	}},
	"/admin/participants/{id}/check": {meet: func(w *world) click {
		admin, path := w.waiting()
		return admin.form(path + "/check")
	}},
	"/admin/participants/{id}/check, that finds the record": {meet: func(w *world) click {
		admin, path := w.waiting()
		w.knows("Zephyrine", zephyrine.TRN)
		return admin.form(path + "/check")
	}},
	"/admin/participants/{id}/ask-again": {meet: func(w *world) click {
		w.browser().standsBy(zephyrine)
		w.answer(cpd.Answer{Outcome: cpd.TRNFound, Gone: true})
		return w.administrator().form("/admin/participants/" + string(w.participants()[0].ID) + "/ask-again")
	}},
	"/admin/participants/{id}/correct": {nothing: sessionOnly, meet: func(w *world) click {
		admin, path := w.waiting()
		return admin.form(path+"/correct", correctionTo("Zephyrina")...)
	}},
	"/admin/participants/{id}/correct/check": {meet: func(w *world) click {
		admin, path := w.waiting()
		return admin.form(path+"/correct/check", hidden(admin.post(path+"/correct", correctionTo("Zephyrina")...))...)
	}},
	"/admin/participants/{id}/conflict": {nothing: sessionOnly, meet: func(w *world) click {
		path, admin := inConflict(w.t, w), w.administrator()
		return admin.form(path+"/conflict", append(hidden(admin.get(path+"/conflict")), "how", "different_people", "reason", "I asked them both.")...)
	}},
	"/admin/participants/{id}/conflict/check": {meet: func(w *world) click {
		path, admin := inConflict(w.t, w), w.administrator()
		check := admin.post(path+"/conflict", append(hidden(admin.get(path+"/conflict")), "how", "different_people", "reason", "I asked them both.")...)
		return admin.form(path+"/conflict/check", hidden(check)...)
	}},
	"/admin/poll": {meet: func(w *world) click {
		w.browser().standsBy(zephyrine)
		w.work()
		last := w.tra.asked[0]
		w.tra.answers = append(w.tra.answers, cpd.Answer{Request: last.ID, Kind: last.Kind, AnsweredAt: w.clock(), Version: 1, Outcome: cpd.Failed, Reason: "no_record"})
		return w.administrator().form("/admin/poll")
	}},

	"/webhooks/tra": {nothing: "it only begins a poll", meet: func(w *world) click {
		body := []byte(`{"type":"answers.released"}`)
		h := must(webhook.Sign([]string{webhookSecret}, "msg_1", w.clock(), body))
		b := w.browser()
		return func() page {
			return b.sendWith(http.MethodPost, "/webhooks/tra", "application/json", bytes.NewReader(body), h)
		}
	}},
}

// uncounted are the tables that hold no effect.
var uncounted = map[string]string{
	"sessions": "of who clicks", "counters": "limits count every click", "search_words": "they stand for participants",
}

// effects counts what stands in the database and what others were told.
func (w *world) effects() map[string]string {
	w.t.Helper()
	out := map[string]string{"requests that reached the TRA": fmt.Sprint(len(w.tra.asked)), "replies that reached the TRA": fmt.Sprint(len(w.tra.replies))}
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if w.db.Dialect == sqldb.Postgres {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	count := map[string]string{
		"codes that are good":      `SELECT COUNT(*) FROM messages WHERE code <> ''`,
		"links that are good":      `SELECT COUNT(*) FROM messages WHERE link <> ''`,
		"wrong codes":              `SELECT COALESCE(SUM(wrong), 0) FROM email_codes`,
		"addresses confirmed":      `SELECT COUNT(*) FROM email_codes WHERE confirmed_at IS NOT NULL`,
		"times that somebody came": `SELECT COALESCE(SUM(epoch), 0) FROM participants`,
	}
	rows, err := w.db.Reader().QueryContext(w.t.Context(), tables)
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		if _, known := uncounted[name]; !known && !strings.HasPrefix(name, "sqlite_") && !strings.HasPrefix(name, "river_") && !strings.Contains(name, "version") {
			count[name] = `SELECT COUNT(*) FROM ` + name
		}
	}
	if err := rows.Close(); err != nil {
		w.t.Fatal(err)
	}
	for what, query := range count {
		var n int
		if err := w.db.Reader().QueryRowContext(w.t.Context(), query).Scan(&n); err != nil {
			w.t.Fatal(what, err)
		}
		out[what] = fmt.Sprint(n)
	}
	return out
}

// leads gives where an answer leads to, whatever the ids are.
func (p page) leads() string { return uuids.ReplaceAllString(p.Header.Get("Location"), "{id}") }

// TestASecondClickHasNoEffect submits every form twice, at once and one after
// the other, and finds the effects of one.
func TestASecondClickHasNoEffect(t *testing.T) {
	known := map[string]bool{}
	for name := range forms {
		route, _, _ := strings.Cut(name, ",")
		known[route] = true
	}
	for _, route := range newWorld(t).pages.Routes() {
		if path, post := strings.CutPrefix(route.Pattern, "POST "); post && !known[path] {
			t.Errorf("the form of %s is not submitted twice", path)
		}
	}
	twice := map[string]func(click) [2]page{
		"one after the other": func(c click) [2]page { return [2]page{c(), c()} },
		"at once": func(c click) [2]page {
			var out [2]page
			var clicks sync.WaitGroup
			for i := range out {
				clicks.Go(func() { out[i] = c() })
			}
			clicks.Wait()
			return out
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			click := form.meet(w)
			w.work()
			before := w.effects()
			first := click()
			w.work()
			want := w.effects()
			if maps.Equal(before, want) != (form.nothing != "") {
				t.Errorf("one click leaves %v, before %v", want, before)
			}
			for how, twice := range twice {
				for _, dialect := range []string{"sqlite", "postgres"} {
					if dialect == "postgres" && (form.nothing != "" || how != "at once") {
						continue
					}
					t.Run(how+" on "+dialect, func(t *testing.T) {
						w := newWorldOn(t, map[string]func() *sqldb.DB{
							"sqlite":   func() *sqldb.DB { return sqldbtest.OpenSQLite(t, "cpd", sets...) },
							"postgres": func() *sqldb.DB { return sqldbtest.OpenPostgresCopy(t, "cpd", sets) },
						}[dialect]())
						click := form.meet(w)
						w.work()
						answers := twice(click)
						w.work()
						got := w.effects()
						for what, n := range want {
							if got[what] != n {
								t.Errorf("two clicks leave %s: %s, one leaves %s", what, got[what], n)
							}
						}
						for _, a := range answers {
							switch {
							case a.Status == first.Status && a.leads() == first.leads():
							case form.tells != "" && a.Status < 500 && a.leads() == "":
								a.says(form.tells)
							default:
								t.Errorf("answered %d to %q, one click %d to %q: %s", a.Status, a.leads(), first.Status, first.leads(), a.text())
							}
						}
					})
				}
			}
		})
	}
}
