package cpdweb_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdweb"
)

func TestAJumpIntoTheMiddleLeadsToTheFirstQuestionWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/date-of-birth").at("/") // nobody has begun
	b.post("/start").at("/email")
	b.get("/email-code").at("/email")
	b.get("/name").at("/email")
	b.post("/email", "email", "ada@example.org").at("/email-code")
	b.get("/name").at("/email-code")
	b.post("/email-code", "code", b.code("ada@example.org")).at("/name")
	b.get("/email-code").at("/name")
	b.post("/email-code", "code", "000000").at("/name") // a second click
	b.get("/without-trn").at("/name")
	for _, path := range []string{"/changed-name", "/previous-names", "/date-of-birth", "/trn", "/national-insurance-number", "/check-your-answers", "/check-your-details", "/could-not-check"} {
		b.get(path).at("/name")
		b.post(path, "email", "a@example.com", "changed-name", "no").at("/name")
	}
	b.post("/name", "first-name", "Ada", "last-name", "Okoro")
	b.post("/changed-name", "changed-name", "no")
	b.get("/trn").at("/date-of-birth")
	b.get("/previous-names").at("/date-of-birth")
}

func TestTheWayBackIsTheWayThere(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for _, step := range []struct {
		p    page
		back string
	}{
		{b.post("/start"), "/"},
		{b.post("/email", "email", "ada@example.org"), "/email"},
		{b.post("/email-code", "code", b.code("ada@example.org")), "/email"},
		{b.post("/name", "first-name", "Ada", "last-name", "Okoro"), "/name"},
		{b.post("/changed-name", "changed-name", "yes"), "/changed-name"},
		{b.post("/previous-names", "previous-first-name-1", ""), "/previous-names"},
		{b.post("/date-of-birth", "date-of-birth-day", "1", "date-of-birth-month", "3", "date-of-birth-year", "1990"), "/date-of-birth"},
		{b.post("/trn", "has-trn", "no"), "/trn"},
		{b.get("/national-insurance-number"), "/trn"},
		{b.post("/trn", "has-trn", "yes", "trn", "1234567"), "/trn"},
		{b.get("/date-of-birth"), "/check-your-answers"},
	} {
		if !strings.Contains(step.p.Body, `<a href="`+step.back+`" class="govuk-back-link`) {
			t.Errorf("%s does not lead back to %s", step.p.Path, step.back)
		}
	}
	// Without a TRN the National Insurance number is needed after all.
	b.post("/trn", "has-trn", "no").at("/without-trn")
	b.get("/check-your-answers").at("/national-insurance-number")
}

func TestASecondClickMakesOneParticipant(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	b.post("/check-your-answers").at("/check-your-details")
	var clicks sync.WaitGroup
	for range 4 {
		clicks.Go(func() { b.send(http.MethodPost, "/check-your-details", url.Values{}) })
	}
	clicks.Wait()
	b.post("/check-your-details").at("/progress")
	w.work()
	if n := len(w.participants()); n != 1 || len(w.tra.asked) != 1 {
		t.Errorf("%d participants and %d requests, want one of each", n, len(w.tra.asked))
	}
}

func TestTheBackButtonAfterHandingInShowsNothingThatWasTyped(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	for _, path := range []string{"/name", "/check-your-answers", "/check-your-details"} {
		b.get(path).at("/progress").silent("Zephyrine")
		b.post(path, "first-name", "Other", "last-name", "Name").at("/progress")
	}
	b.get("/check-your-email").at("/check-your-email").silent("zephyrine@example.com")
	if n := len(w.participants()); n != 1 {
		t.Errorf("%d participants, want 1", n)
	}
}

func TestAnEndedSessionSaysSo(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	w.exec(`DELETE FROM sessions`)
	b.get("/check-your-answers").at("/session-ended").says("Your answers are no longer here", "Start again")
	b.post("/check-your-answers").at("/session-ended")
	b.get("/progress").at("/continue")
	b.post("/start").at("/email").silent("Zephyrine", "zephyrine")
}

func TestStartingAgainForgetsWhoWasThereBefore(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	b.post("/start").at("/email").silent("Zephyrine", "zephyrine")
	b.get("/progress").at("/continue")
}

func TestTheSessionHasAnotherNameOnceSomebodyBeginsOrFollowsALink(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	cookie := func() string {
		u, _ := url.Parse(w.server.URL)
		if c := b.client.Jar.Cookies(u); len(c) > 0 {
			return c[0].Value
		}
		return ""
	}
	b.post("/start")
	first := cookie()
	b.post("/start")
	second := cookie()
	b.standsBy(zephyrine)
	b.post("/continue", "email", zephyrine.Email)
	third := cookie()
	b.post(w.link()).at("/progress")
	if fourth := cookie(); first == "" || first == second || third == fourth {
		t.Error("the session keeps its name")
	}
}

func TestTooManyTries(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.fillIn(zephyrine)
	for range 20 {
		b.post("/check-your-answers").at("/check-your-details")
	}
	b.post("/check-your-answers").is("/check-your-answers", 429).says("You have tried too many times")
	w.move(25 * time.Hour)
	b.post("/check-your-answers").at("/check-your-details")
}

func TestErrorPages(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/nothing-here").is("/nothing-here", 404).says("Page not found", "Register for training")
	b.get("/admin/nothing").is("/admin/nothing", 404).silent(adminEmail)
	w.administrator().get("/admin/nothing").is("/admin/nothing", 404).says("Page not found", "Administration")
	p := b.post("/privacy").is("/privacy", 405).says("This page cannot be used like this")
	if got := p.Header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow %q", got)
	}
	p = b.get("/start").is("/start", 405)
	if got := p.Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
	b.post("/start", "x", strings.Repeat("x", 70_000)).is("/start", 413).says("That is too much text")
	b.get("/api/v1/nothing").is("/api/v1/nothing", 404)

	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/start", strings.NewReader("%zz"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("a broken form: %d", res.StatusCode)
	}

	req, _ = http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/start", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err = b.client.Do(req); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("another site's form: %d", res.StatusCode)
	}

	for status, says := range map[int]string{
		403: "You cannot use this page", 409: "Somebody else was faster", 429: "You have tried too many times",
		500: "Sorry, there is a problem with the service", 503: "Sorry, the service is unavailable", 418: "Sorry, there is a problem",
	} {
		rec := &recorder{header: http.Header{}}
		w.pages.ErrorPage(rec, req, status)
		if rec.status != status || !strings.Contains(rec.body.String(), says) {
			t.Errorf("status %d: %d without %q", status, rec.status, says)
		}
	}
}

// recorder is a response.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func TestALostDatabaseIsAProblemOfTheService(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.standsBy(zephyrine)
	w.exec(`DROP VIEW people`)
	b.get("/progress").is("/progress", 500).says("Sorry, there is a problem with the service", "say this code")
	if !strings.Contains(w.log.String(), "a page failed") {
		t.Error("the log does not say that the page failed")
	}
}

func TestEveryRouteIsGuarded(t *testing.T) {
	w := newWorld(t)
	for _, route := range w.pages.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.ReplaceAll(strings.ReplaceAll(path, "{$}", ""), "{id}", "8c7ff4b0-0f3b-4a3a-9a53-0f6f9d3f7b11")
		path = strings.ReplaceAll(path, "{token}", "none")
		b := w.browser()
		p := b.follow(b.send(method, path, url.Values{}))
		want := map[cpdweb.Who]string{cpdweb.Registering: "/session-ended", cpdweb.Registered: cpd.ContinuePath, cpdweb.Administrators: "/sign-in"}[route.Who]
		if route.Who == cpdweb.Registering && method == http.MethodGet && path != "/email" {
			want = "/"
		}
		switch {
		case want != "" && p.Path != want:
			t.Errorf("%s leads a stranger to %s, want %s", route.Pattern, p.Path, want)
		case route.Who == cpdweb.TRA && p.Status != http.StatusUnauthorized:
			t.Errorf("%s answers a stranger %d", route.Pattern, p.Status)
		}
	}
}

func TestAMailedLinkEndsEveryOtherSessionOfTheParticipant(t *testing.T) {
	w := newWorld(t)
	stranger := w.browser()
	stranger.standsBy(sample{First: "Junk", Last: "Junk", Email: zephyrine.Email, NINO: "QQ222222A"})
	stranger.post("/progress/correct").at("/check-your-answers").says("Junk")

	owner := w.browser()
	owner.post("/continue", "email", zephyrine.Email).at("/check-your-email")
	link := w.link()
	owner.get(link).is(link, 200)
	owner.post(link).at("/progress")
	stranger.post("/check-your-answers").at("/continue") // nothing is handed in for somebody else
	owner.post("/progress/correct").at("/check-your-answers")
	owner.post("/name", "first-name", zephyrine.First, "last-name", zephyrine.Last)
	owner.post("/national-insurance-number", "has-national-insurance-number", "yes", "national-insurance-number", "QQ123456C").at("/check-your-answers")
	owner.post("/check-your-answers").at("/progress").says("We are checking your details")

	for _, path := range []string{"/progress", "/progress/withdraw", "/check-your-answers"} {
		stranger.get(path).silent("Zephyrine", "QQ 12 34 56 C", "CPD-")
	}
	stranger.get("/progress").at("/continue")
	for _, path := range []string{"/progress/correct", "/progress/withdraw"} {
		stranger.post(path).at("/continue")
	}
	if p := w.participants()[0]; !p.HoldsValidationData || p.FirstName.Reveal() != zephyrine.First {
		t.Error("somebody else changed what the owner handed in")
	}
	owner.get("/progress").at("/progress")

	w.move(time.Minute)
	again := w.browser() // the owner's, later
	again.post("/continue", "email", zephyrine.Email)
	later := w.link()
	again.post(later).at("/progress")
	owner.get("/progress").at("/continue")
	owner.post(link).is(link, 410) // the tap on the earlier link leads on no more
}

func TestASecondTapOnTheMailedLinkLeadsOn(t *testing.T) {
	w := newWorld(t)
	w.browser().standsBy(zephyrine)
	b := w.browser()
	b.post("/continue", "email", zephyrine.Email)
	link := w.link()
	b.post("/start")
	name := func() string {
		site, err := url.Parse(w.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		return b.client.Jar.Cookies(site)[0].Value
	}
	before := name()
	b.get(link).is(link, 200)
	shown := name()
	if shown == before {
		t.Error("the session keeps the name that it came by")
	}
	b.post(link).at("/progress")
	if name() != shown {
		t.Error("the second tap comes by a name that is not known any more")
	}
	b.post(link).at("/progress")

	w.move(time.Minute)
	direct := w.browser() // never shown the link's page
	direct.post("/start")
	direct.post("/continue", "email", zephyrine.Email)
	b = direct
	before = name()
	b.post(w.link()).at("/progress")
	if name() == before {
		t.Error("the session keeps its name where the link lets it in")
	}
}
