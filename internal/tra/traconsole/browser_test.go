package traconsole_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/govuk/govuktest"
	"traid/internal/person"
	"traid/internal/signin"
	"traid/internal/tra"
	"traid/internal/tra/traconsole"
)

// The longest that a claim or an operator can bring, with no place to break a line at.
var (
	longName  = strings.Repeat("Wolfeschlegelstein", 15)[:255]
	longEmail = strings.Repeat("wolfeschlegelstein", 15)[:64] + "@" + strings.Repeat(strings.Repeat("hausenberger", 5)+".", 3)[:180] + "example"
	longText  = strings.TrimSpace(strings.Repeat("Nobody of this name was born then, "+strings.Repeat("and", 40)+" the search was made twice. ", 5))
)

// states keeps every page in each of its states: empty, with everything wrong,
// full, done, too late, without the register. A page that is missing fails the
// test and is named; it gets a line here, where an operator meets it.
func states(t *testing.T) (album *govuktest.Album, visited []string) {
	t.Helper()
	c := start(t)
	var routes []string
	for _, r := range traconsole.Routes() {
		routes = append(routes, r.Pattern)
	}
	for _, r := range signin.Routes(false) {
		routes = append(routes, r.Pattern)
	}
	c.album = govuktest.NewAlbum("console", routes...)
	keep := func(name string, p *page) *page {
		c.album.Keep(name, p.answer())
		return p
	}
	var people []*browser
	signIn := func(email string, roles ...string) *browser {
		b := c.signIn(t, email, roles...)
		people = append(people, b)
		return b
	}

	// The way in.
	stranger := c.stranger(t)
	keep("sign-in", stranger.get("/sign-in"))
	stranger.post("/sign-in/stay", nil).is(http.StatusSeeOther)
	link, err := c.accounts.AddAccount(t.Context(), "new@example.org", []string{"guest"})
	if err != nil {
		t.Fatal(err)
	}
	keep("sign-in: with a link", stranger.get("/sign-in/"+link))
	stranger.post("/sign-in/"+link, nil)
	keep("sign-in: without the role", stranger.get("/"))
	keep("sign-in: gone", c.stranger(t).get("/sign-in/"+link))
	signIn("leaver@example.org", traconsole.RoleOperator).post("/sign-out", nil)
	tired := signIn("tired@example.org", traconsole.RoleOperator)
	tiredNote := tired.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record"))
	tired.post("/sign-out", nil)
	keep("sign-in: what was typed is kept", tiredNote.press(casePath+"/answer/check", "Continue", one("note", longText)).follow("/sign-in"))
	tired.enter("leaver@example.org", traconsole.RoleOperator)
	keep("sign-in: a form of somebody else", tiredNote.press(casePath+"/answer/check", "Continue", nil))
	c.free(trnCase)
	ann, sue := signIn("ann@example.org", traconsole.RoleAdministrator), signIn("sue@example.org", traconsole.RoleBarring)
	eve := signIn(longEmail, traconsole.RoleOperator)

	// The list.
	keep("list", ann.get("/"))
	keep("list: one kind", eve.get("/"))
	keep("list: empty", ann.get("/?queue=review"))
	c.clients = []tra.Client{"manage-cpd", "another-client"}
	keep("list: narrowed", ann.get("/?kind=trn_validation&reason=first_name_differs&days=3&sort=due"))
	keep("list: narrowed to nobody", ann.get("/?client=manage-cpd&reason=several_records&days=5"))
	c.clients = nil
	c.hold(c.cases[trnCase], tra.Operator{Email: longEmail})
	keep("list: errors of giving", ann.get("/").press("/reassign", "Continue", nil))
	give := keep("reassign", ann.get("/").press("/reassign", "Continue", url.Values{"to": {"sue@example.org"}, "case": {
		string(trnCase) + "|7|TRA-7KM4-T3X|" + longEmail, string(barringCase) + "|7|TRA-B4R1-2CK|bar@example.org",
	}}))
	keep("reassign: back", eve.get("/").press("/reassign", "Give the selected cases back", one("case", string(trnCase)+"|7|TRA-7KM4-T3X|"+longEmail)))
	keep("reassign: no case of the list", ann.post("/reassign", one("case", "nonsense")))
	c.free(trnCase)
	keep("reassign: left alone", give.press("/reassign/confirm", "Confirm", one("case", string(trnCase)+"|7|TRA-7KM4-T3X|"+longEmail))).is(http.StatusConflict)
	c.hold(c.cases[barringCase], tra.Operator{Email: "bar@example.org"})
	ann.get("/").press("/reassign", "Continue", url.Values{"to": {"nobody"}, "case": {string(trnCase) + "|7|TRA-7KM4-T3X|"}}).press("/reassign/confirm", "Confirm", nil)
	keep("list: given", ann.get("/"))
	c.away, c.reached = true, noon.Add(-time.Hour)
	keep("list: the helpdesk is away", ann.get("/"))
	c.away = false
	keep("list: nobody waits", c.nobody(func() *page { return ann.get("/").press("/next", "Take the next case", nil) }))
	keep("list: errors", ann.get("/").press("/", "Find", nil))
	keep("list: found", ann.get("/").press("/", "Find", one("reference", "TRA")))
	keep("list: nobody found", ann.get("/").press("/", "Find", one("reference", "nobody")))

	// A case, from the search to the release.
	case1 := keep("case", ann.get(casePath))
	keep("case: found", case1.press(casePath+"/search", "Search", one("query", "Liz Marsh QQ123456C")))
	keep("case: nobody found", case1.press(casePath+"/search", "Search", one("query", "nobody")))
	keep("case: search narrowed", case1.press(casePath+"/search", "Search", url.Values{"query": {"Marsh"}, "status": {"active"}, "born": {"1980"}}))
	keep("case: search with a wrong year", case1.press(casePath+"/search", "Search", url.Values{"query": {"Marsh"}, "born": {"80s"}}))
	keep("case: no search", case1.press(casePath+"/search", "Search", nil))
	keep("case: nothing selected", case1.press(casePath+"/answer", "Continue", nil))
	case1.press(casePath+"/take", "Take this case", nil)
	keep("case: taken", ann.get(casePath))
	keep("case: taken by another", eve.post(casePath+"/take", nil).is(http.StatusConflict))
	ann.get(casePath).press(casePath+"/give-back", "Give it back", nil)
	c.sameTRN = []tra.Request{{ID: answered, Reference: "TRA-D0NE-999", State: tra.Answered}}
	late := eve.get(casePath).press(casePath+"/check", "TRN 9911999", nil)
	keep("check: held by another", case1.press(casePath+"/check", "TRN 9911999", nil)).says("Take it over and go on")
	keep("note: held by another", case1.press(casePath+"/answer", "Continue", one("answer", "no_record"))).says("Take it over and go on")
	keep("answer: held by another", ann.post(casePath+"/answer/check", url.Values{"answer": {"no_record"}, "note": {"Check every name."}})).says("Take it over and go on")
	c.free(trnCase)
	check := keep("check: differs", case1.press(casePath+"/check", "TRN 9911999", nil))
	c.sameTRN = nil
	keep("check: errors", check.press(casePath+"/check/confirm", "Confirm", nil))
	keep("check: refused", ann.post(casePath+"/check", url.Values{"trn": {"7012345"}, "revision": {"7"}}))
	keep("check: agrees", case1.press(casePath+"/check", "TRN 8400123", nil))
	note := keep("note", case1.press(casePath+"/answer", "Continue", one("answer", "no_record")))
	note.press(casePath+"/answer/check", "Save and come back later", one("note", longText))
	keep("case: a form is saved", ann.get(casePath))
	keep("list: a form is saved", ann.get("/"))
	keep("saved", ann.get(casePath+"/saved"))
	keep("saved: no form of this page", ann.post(casePath+"/saved", one("form", "nonsense")))
	ann.post(casePath+"/saved/delete", nil)
	keep("note: errors", note.press(casePath+"/answer/check", "Continue", one("note", "")))
	answer := keep("answer", note.press(casePath+"/answer/check", "Continue", nil))
	keep("answer: long", note.press(casePath+"/answer/check", "Continue", one("note", longText)))
	check.press(casePath+"/check/confirm", "Confirm", one("why", longText)).follow(casePath)
	keep("case: in second review", ann.get(casePath))
	keep("review: own", eve.get(casePath+"/review"))
	keep("review: a supervisor's own", ann.get(casePath+"/review"))
	review := keep("review", sue.get(casePath+"/review"))
	keep("review: errors", review.press(casePath+"/review", "Confirm", nil))
	keep("review: no reason", review.press(casePath+"/review", "Confirm", one("review", "send_back")))
	keep("answer: too late", answer.press(casePath+"/answer/confirm", "Confirm", nil))
	keep("check: too late", late.press(casePath+"/check/confirm", "Confirm", one("why", longText)))
	review.press(casePath+"/review", "Confirm", url.Values{"review": {"send_back"}, "why": {longText}})
	keep("case: sent back", ann.get(casePath))
	case1 = ann.get(casePath)
	case1.press(casePath+"/answer", "Continue", one("answer", "no_record")).press(casePath+"/answer/check", "Continue", nil).press(casePath+"/answer/confirm", "Confirm", nil).follow(casePath)
	keep("case: decided", ann.get(casePath))
	keep("case: decided by another", sue.get(casePath))
	keep("list: decided", ann.get("/?queue=deciding"))
	undone := ann.get(casePath)
	undone.press(casePath+"/undo", "Undo", nil)
	keep("case: too late to undo", undone.press(casePath+"/undo", "Undo", nil))

	// A question to the person.
	ask := keep("ask", ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "ask")))
	keep("ask: errors", ask.press(casePath+"/ask", "Ask the person", nil))
	ask = keep("ask: begun", ask.press(casePath+"/ask", "Earlier names", one("asks_for", "previous_names")))
	tooLate := ask
	ask.press(casePath+"/ask", "Ask the person", one("question", longText))
	keep("ask: too late", tooLate.press(casePath+"/ask", "Ask the person", nil))
	keep("list: asked", ann.get("/?queue=asked"))
	asked := keep("case: the person is asked", ann.get(casePath))
	asked.press(casePath+"/ask/take-back", "Take the question back", nil)
	ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "ask")).press(casePath+"/ask", "Ask the person", url.Values{"question": {"Which other names?"}, "asks_for": {"words"}})
	c.endQuestion(c.cases[trnCase], tra.QuestionAnswered, longText)
	keep("case: the person has answered", ann.get(casePath))
	c.free(trnCase)
	c.signIn(t, "held@example.org", traconsole.RoleOperator).post(casePath+"/take", nil)
	keep("ask: held by another", ann.get(casePath).b.post(casePath+"/answer", one("answer", "ask")))
	c.free(trnCase)

	// A barring check.
	keep("barring: held by another", ann.get(barringPath))
	c.free(barringCase)
	bar := keep("barring", ann.get(barringPath))
	keep("barring: answer", bar.press(barringPath+"/answer", "Continue", one("answer", "barred")))
	keep("barring: answer, errors", bar.press(barringPath+"/answer", "Continue", one("answer", "barred")).press(barringPath+"/answer/confirm", "Confirm", one("why", "Since 1 May 2019.")))
	keep("barring: not barred", bar.press(barringPath+"/answer", "Continue", one("answer", "not_barred")))
	keep("barring: note", bar.press(barringPath+"/answer", "Continue", one("answer", "cannot_tell")))
	keep("barring: without the role", eve.get(barringPath))
	bar.press(barringPath+"/answer", "Continue", one("answer", "barred")).press(barringPath+"/answer/confirm", "Confirm", one("why", "It is in force."))
	keep("barring: review", sue.get(barringPath+"/review"))

	for _, path := range []string{"/privacy", "/cookies", "/accessibility", "/contact"} {
		keep(path[1:], ann.get(path))
	}

	// A search without a case.
	search := keep("register", ann.get("/register"))
	keep("register: errors", search.press("/register", "Search", nil))
	keep("register: found", search.press("/register", "Search", url.Values{"purpose": {"A school called about a supply teacher"}, "query": {"Marsh"}}))
	keep("register: nobody found", search.press("/register", "Search", url.Values{"purpose": {"A school called"}, "query": {"nobody"}}))

	keys := keep("keyboard", ann.get("/keyboard"))
	keep("keyboard: errors", keys.press("/keyboard", "Save", one("keys", "")))
	keys.press("/keyboard", "Save", one("keys", "on"))

	// The texts.
	keep("figures: empty", ann.get("/figures"))
	c.figures = tra.Figures{
		Arrived: 1200, Answered: 1100, Waiting: 80, Overdue: 7, Outcomes: map[tra.Outcome]int{tra.TRNFound: 800, tra.Barred: 3, tra.NotBarred: 40, tra.Failed: 257},
		Reasons: map[tra.FailureReason]int{}, Again: 4, Reopened: 6, Reviewed: 44, SentBack: 5, Picked: map[int]int{0: 12, 1: 700, 2: 50, 3: 20, 7: 18}, Decisions: 800,
	}
	for i, reason := range tra.FailureReasons(tra.TRNValidation) {
		c.figures.Reasons[reason] = 20 + 9*i
	}
	for i := range 28 {
		c.figures.Steps = append(c.figures.Steps, tra.FigureStep{Begins: c.now.AddDate(0, 0, i-27), Arrived: 30 + i*i%47, Answered: 20 + i*i%53})
	}
	for i := range c.figures.Answered {
		c.figures.Taken = append(c.figures.Taken, i*13/c.figures.Answered)
	}
	keep("figures", ann.get("/figures"))
	keep("figures: a year", ann.get("/figures?days=364&kind=trn_validation"))
	ann.get("/figures.csv?days=28")
	keep("texts", ann.get("/texts"))
	text := keep("text", ann.get("/texts/text-1"))
	keep("text: errors", text.press("/texts/text-1", "Save", url.Values{"name": {""}, "text": {"Born on 17/02/1984"}}))
	add := keep("text: new", ann.get("/texts/new"))
	keep("text: new, errors", add.press("/texts/new", "Save", url.Values{"name": {""}, "text": {longText}}))
	add.press("/texts/new", "Save", url.Values{"name": {"Delete me"}, "text": {longText}, "for": {"trn_validation other"}})
	ann.get("/texts/text-5").press("/texts/text-5/delete", "Delete", nil)
	templates := c.templates
	c.templates = nil
	keep("texts: none", ann.get("/texts"))
	keep("note: without a text", ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record")))
	c.templates = templates

	// What has been answered.
	keep("answered", ann.get("/cases/"+string(answered)))
	keep("answered: deleted", ann.get("/cases/"+string(deleted)))
	reopen := keep("reopen", ann.get("/cases/"+string(answered)+"/reopen"))
	keep("reopen: errors", reopen.press("/cases/"+string(answered)+"/reopen", "Open the case again", nil))
	reopen.press("/cases/"+string(answered)+"/reopen", "Open the case again", one("why", "The wrong twin."))
	keep("reopen: too late", reopen.press("/cases/"+string(answered)+"/reopen", "Open the case again", one("why", longText)))

	// Everything at its longest.
	c.fill(t)
	keep("list: full", ann.get("/"))
	keep("texts: full", ann.get("/texts"))
	keep("case: long", ann.get(casePath))
	keep("case: long search", ann.get(casePath).press(casePath+"/search", "Search", one("query", "Wolfeschlegelstein")))
	c.free(trnCase)
	keep("check: long", ann.get(casePath).press(casePath+"/check", "TRN 8999999", nil))
	keep("answered: long", ann.get("/cases/"+string(answered)))
	c.cases[barringCase].Decision, c.cases[barringCase].Request.State = nil, tra.WithOperator
	keep("barring: full", ann.get(barringPath))
	keep("barring: answer, full", ann.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")))
	c.records["5550001"] = tra.Record{TRN: trn(t, "5550001"), Active: true, FirstName: name(t, "Joan"), LastName: name(t, "Hale"), DateOfBirth: date(t, "1970-05-05")}
	keep("barring: no alert", ann.get(barringPath))
	keep("barring: answer, no alert", ann.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "not_barred")))
	delete(c.records, "5550001")
	keep("barring: no record", ann.get(barringPath))
	c.candidates = nil
	keep("case: no candidates", ann.get(casePath))
	waits := ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "cannot_tell"))
	c.away = true
	keep("case: without the helpdesk", ann.get(casePath))
	c.away, c.down = false, true
	keep("register: without the register", search.press("/register", "Search", url.Values{"purpose": {"A school called"}, "query": {"Marsh"}}))
	keep("case: without the register", ann.get(casePath))
	keep("case: search without the register", ann.get(casePath).press(casePath+"/search", "Search", one("query", "Marsh")))
	keep("barring: without the register", ann.get(barringPath))
	keep("barring: answer, without the register", ann.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")))
	keep("check: without the register", ann.post(casePath+"/check", url.Values{"trn": {"8400123"}}))
	waits.press(casePath+"/answer/check", "Continue", nil).press(casePath+"/answer/confirm", "Confirm", nil)
	c.down = false

	// What went wrong.
	keep("not found", ann.get("/nothing"))
	keep("not like this", ann.get(casePath+"/check"))
	c.broken = errors.New("planted")
	keep("broken", ann.get(casePath))
	c.broken = fault.New(fault.Unavailable, "The database does not answer.")
	keep("unavailable", ann.get("/"))
	c.broken = nil
	c.album.KeepErrors("error", "/error", traconsole.ErrorPage)
	for _, b := range people {
		visited = append(visited, b.visited...)
	}
	return c.album, visited
}

// full is how many rows a list has at its fullest.
const full = 25

// fill makes everything of the sample as long as it can be.
func (c *console) fill(t *testing.T) {
	t.Helper()
	long := tra.Record{
		TRN: trn(t, "8999999"), Active: true, FirstName: name(t, longName), MiddleName: name(t, longName), LastName: name(t, longName),
		DateOfBirth: date(t, "1984-02-17"), NINOs: []person.Text{person.NewText("QQ123456C"), person.NewText("QQ222222A")}, QTSDate: date(t, "2006-07-01"),
	}
	for range 2 {
		long.PreviousNames = append(long.PreviousNames, person.FullName{First: name(t, longName), Last: name(t, longName)})
	}
	c.records["8999999"] = long
	email, err := person.ParseEmail(longEmail)
	if err != nil {
		t.Fatal(err)
	}
	one := c.cases[trnCase]
	one.Claim.FirstName, one.Claim.LastName, one.Claim.Email, one.Claim.PreviousNames = long.FirstName, long.LastName, email, long.PreviousNames
	one.Request.Owner = longEmail
	one.Request.Changed = []tra.Field{tra.FieldFirstName, tra.FieldLastName, tra.FieldPreviousNames, tra.FieldDateOfBirth, tra.FieldEmail}
	one.Flags = nil
	for _, f := range []tra.Flag{
		tra.TicketCreationFailing, tra.TicketRefused, tra.TicketMissing, tra.SeveralTickets, tra.AnswerUnreadable, tra.AnswerContradictsRecord, tra.RegisterBehind, tra.Overdue,
	} {
		one.Flags = append(one.Flags, tra.Flagged{Flag: f, Reason: longText, Since: noon})
	}
	for i := range full {
		one.History = append(one.History, tra.Event{At: noon.Add(time.Duration(i) * time.Hour), Request: trnCase, Who: "ann@example.org", What: tra.RegisterSearched})
	}
	one.History = append(one.History, tra.Event{At: noon.AddDate(0, 0, 2), Request: trnCase, Who: longEmail, What: tra.CaseReopened, Why: longText})
	c.candidates = slices.Insert(c.candidates, 0, tra.Candidate{Record: long, Bits: 40, Probability: 1, Evidence: []tra.Evidence{
		{Field: "last_name", Level: "earlier_name", Bits: 9.1, Claimed: person.NewText(longName), Recorded: person.NewText(longName)},
	}})
	for i := range full {
		owner, claim := "ann@example.org", c.cases[answered].Claim
		if i == 0 {
			owner, claim = longEmail, one.Claim
		}
		id := tra.RequestID(fmt.Sprintf("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8d%04d", i))
		c.cases[id] = &tra.Case{
			Request: tra.Request{
				ID: id, Kind: tra.TRNValidation, Reference: tra.Reference(fmt.Sprintf("TRA-FULL-%03d", i)), State: tra.WithOperator, Owner: owner,
				SubmittedAt: noon.AddDate(0, 0, -i), QueuedAt: noon.AddDate(0, 0, -i), ExpectedBy: noon.AddDate(0, 0, 5-i), Client: "manage-cpd",
			},
			Claim: claim, HasClaim: true, Flags: one.Flags[:i%len(one.Flags)],
		}
	}
	for i := range full {
		c.templates = append(c.templates, tra.Template{ID: tra.TemplateID(fmt.Sprint("long-", i)), Kind: tra.TRNValidation, Purpose: tra.PurposeQuestion, Name: longName[:60], Text: longText, ChangedBy: longEmail, ChangedAt: noon})
	}
	c.next = "2026-11-01T00:00:00Z|" + string(trnCase)
	c.threads[trnCase] = append(c.threads[trnCase], tra.Comment{ID: "3", Agent: "7", Text: longText, At: noon})
	c.candidates[0].SameTRN, c.candidates[0].Record.Alerts = []tra.Request{{ID: answered, Reference: "TRA-D0NE-999", State: tra.Answered}, {ID: deleted, Reference: "TRA-G0NE-777", State: tra.Withdrawn}}, []tra.Alert{{Code: "T1", Open: true}}
	answer := c.cases[answered]
	answer.Answer = &tra.Answer{Request: answered, Version: 12, Outcome: tra.Failed, Reason: tra.NotEnoughDetails, Note: longText, AnsweredAt: noon}
	answer.Request.State = tra.Answered
	barred := c.records["5550001"]
	for i := range full {
		details := "Panel of April"
		if i == 0 {
			details = longText
		}
		barred.Alerts = append(barred.Alerts, tra.Alert{
			Code: "T9", Category: "Restriction", Name: "Conditional registration order - unacceptable professional conduct", Prohibition: true,
			Start: fmt.Sprintf("20%02d-01-01", i), Details: person.NewText(details), Open: i%3 == 0,
		})
	}
	c.records["5550001"] = barred
}

func TestThePagesCanBeUsedByEverybody(t *testing.T) {
	album, _ := states(t)
	album.Inspect(t, govuktest.Options{
		Footer: []string{"/privacy", "/cookies", "/accessibility", "/contact"},
		Lenient: map[string]string{
			"POST /cases/{id}/check": "takes over a case with what was typed, and asks for it before the decision",
		},
		Steady: map[string]string{
			"The claim beside the record": "a record has the fields that it has",
			"Evidence for and against":    "there is no more evidence than fields",
			"What happened":               "something has happened to every case",
			"Cookies":                     "there is one",
			"Single keys":                 "there are these",
			"Outcomes":                    "there are four",
			"Reasons of failures":         "there are six",
			"Working days until":          "there are eleven bars",
			"Which candidate":             "there are five bars",
			"Cases that are given":        "its rows are the list's, which was kept full",
			"Cases that were left alone":  "likewise, and it is there where some were",
			"Arrived and answered, by w":  "the weeks of a year are shown by days in the test",
		},
	})
}
