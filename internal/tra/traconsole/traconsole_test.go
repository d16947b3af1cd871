package traconsole_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html/atom"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/tra/traconsole"
)

const (
	casePath    = "/cases/" + string(trnCase)
	barringPath = "/cases/" + string(barringCase)
)

func one(key, value string) url.Values { return url.Values{key: {value}} }

func TestTheListShowsWhoWaitsAndHowLong(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "bar@example.org", traconsole.RoleBarring)
	p := b.get("/").is(http.StatusOK)
	rows := p.table("traid-cases")
	want := [][]string{
		{"TRA-7KM4-T3X TRN validation", "Liz Marsh", "First name differs", "Sun 22 Nov", "56 hours", "Tue 24 Nov", "Nobody", "With operator Unreadable answer Overdue", ""},
		{"TRA-B4R1-2CK Barring check", "Joan Hale", "–", "Wed 25 Nov", "3 hours", "Tue 1 Dec", "bar @example.org", "With operator", "Select TRA-B4R1-2CK"},
	}
	if len(rows) != 3 || !slices.Equal(rows[1], want[0]) || !slices.Equal(rows[2], want[1]) {
		t.Errorf("got %q, want %q", rows, want)
	}
	p.says("2 Open", "1 Unassigned", "1 Mine", "0 Due soon", "1 Overdue", "0 Second review", "0 Person asked", "1 Needs attention", "0 Decided", "0 Answered today", "2 Answered")
	b.get("/?queue=mine").is(http.StatusOK).says("TRA-B4R1-2CK").saysNot("TRA-7KM4-T3X")
	b.get("/?kind=barring_check").says("TRA-B4R1-2CK").saysNot("TRA-7KM4-T3X")
	b.get("/?queue=answered").says("TRA-D0NE-999", "Liz Marsh", "TRA-G0NE-777", "Details deleted")
	b.get("/?queue=review").is(http.StatusOK).says("No decision waits for a second operator.")
	for _, path := range []string{"/?queue=nonsense", "/?kind=nonsense", "/?reason=nonsense", "/?days=2", "/?sort=nonsense"} {
		b.get(path).is(http.StatusNotFound)
	}
}

func TestTheListSaysThatTheHelpdeskIsNotReached(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "bar@example.org", traconsole.RoleBarring)
	const what = "decisions are kept"
	b.get("/").is(http.StatusOK).saysNot(what)
	c.away = true
	b.get("/").says("The helpdesk has not been reached yet.", what)
	c.reached = time.Date(2026, 11, 25, 9, 12, 0, 0, time.UTC)
	b.get("/?queue=review").says("The helpdesk was last reached on 25 November 2026, 09:12.", what)
}

func TestTheListGoesOnPageByPage(t *testing.T) {
	c := start(t)
	c.next = "2026-11-01T00:00:00Z|" + string(trnCase)
	b := c.signIn(t, "bar@example.org", traconsole.RoleBarring)
	p := b.get("/?queue=unassigned&kind=trn_validation&reason=first_name_differs&days=3&sort=due")
	next := ""
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.A && attr(n, "rel") == "next" {
			next = attr(n, "href")
		}
	}
	b.get(next).is(http.StatusOK)
	if got := c.filters[len(c.filters)-1]; got.After != c.next || got.Queue != tra.QueueUnassigned || got.Kind != tra.TRNValidation || got.Check != tra.CheckFirstNameDiffers || got.Days != 3 || got.Sort != tra.SortDue {
		t.Errorf("%q asks for %+v", next, got)
	}
}

func TestTheListIsNarrowedAndSortedWithoutScripts(t *testing.T) {
	c := start(t)
	c.clients = []tra.Client{"manage-cpd", "other"}
	b := c.signIn(t, "bar@example.org", traconsole.RoleBarring)
	asks := func(p *page, want tra.QueueFilter) *page {
		t.Helper()
		p.is(http.StatusOK)
		if got := c.filters[len(c.filters)-1]; got != want {
			t.Errorf("%s asks for %+v, want %+v", p.asked, got, want)
		}
		return p
	}
	plain := tra.QueueFilter{Queue: tra.QueueOverdue, Sort: tra.SortWaited}
	p := asks(b.get("/?queue=overdue"), plain).says("Overdue cases", "1 case").saysNot("Clear filters")
	if _, form := p.form("/", "Show", nil); form.Get("queue") != "overdue" || form.Get("sort") != "waited" {
		t.Errorf("the form asks for %v", form)
	}
	// As a browser sends the form: with every list in it.
	full := plain
	full.Kind, full.Client, full.Check, full.Days, full.Sort = tra.TRNValidation, "other", tra.CheckNotFound, 5, tra.SortDue
	p = asks(b.get("/?queue=overdue&kind=trn_validation&client=other&reason=not_found&days=5&sort=due"), full)
	p.says("0 cases: TRN validations, from other, automatic check: no record found, waiting 5 working days or longer Clear filters", "No case here fits these filters.", "0 Open")
	asks(b.get(p.link("Clear filters")), tra.QueueFilter{Queue: tra.QueueOverdue, Sort: tra.SortDue})
	to := full
	to.Queue = tra.QueueMine
	asks(b.get(p.link("Mine")), to)
	p = b.get("/?reason=first_name_differs&sort=arrived").says("1 case: automatic check: first name differs")
	for text, want := range map[string]string{"Arrived": "descending", "Has waited": "", "Due": ""} {
		if got := p.sorted(text); got != want {
			t.Errorf("%s is sorted %q, want %q", text, got, want)
		}
	}
	p = asks(b.get(p.link("Due")), tra.QueueFilter{Queue: tra.QueueOpen, Check: tra.CheckFirstNameDiffers, Sort: tra.SortDue})
	if got := p.sorted("Due"); got != "ascending" {
		t.Errorf("Due is sorted %q", got)
	}
	b.get("/?queue=answered_today&days=3").is(http.StatusOK).saysNot("Has waited Any time", "waiting 3")
}

// link is where the first link with a text leads, in the page's main part.
func (p *page) link(text string) string {
	p.t.Helper()
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.A && strings.HasSuffix(textOf(n), text) {
			return attr(n, "href")
		}
	}
	p.t.Fatalf("%s has no link %q", p.asked, text)
	return ""
}

// sorted is how the column with a heading is sorted.
func (p *page) sorted(heading string) string {
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Th && textOf(n) == heading {
			return attr(n, "aria-sort")
		}
	}
	return "no such column"
}

func TestACaseIsFoundByItsReferenceInEveryQueue(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator)
	p := b.get("/")
	p.press("/", "Find", one("reference", " 7km4 ")).follow(casePath).says("Liz Marsh")
	p.press("/", "Find", one("reference", "d0ne")).follow("/cases/" + string(answered))
	p.press("/", "Find", one("reference", "TRA")).is(http.StatusOK).says("Search results", "TRA-7KM4-T3X", "TRA-B4R1-2CK", "TRA-D0NE-999", "TRA-G0NE-777")
	p.press("/", "Find", one("reference", "nobody")).is(http.StatusOK).says("No case has this in its reference.")
	p.press("/", "Find", one("reference", " ")).is(http.StatusUnprocessableEntity).says("There is a problem", "Enter a reference or a part of it", "Open cases")
}

func TestTheCaseStandsOnOnePage(t *testing.T) {
	c := start(t)
	p := c.signIn(t, "ann@example.org", traconsole.RoleOperator).get(casePath).is(http.StatusOK)
	p.says(
		"TRN validation request TRA-7KM4-T3X", "State With operator", "Has waited 56 hours of working time", "Automatic check First name differs", "Due Tue 24 Nov 2026 Overdue", "Owner Nobody",
		"Unreadable answer The ticket was solved without an answer. Decide on this page.",
		"Date of birth 17 February 1984 Changed", "Takes the place of TRA-0LD0-NE2",
		"Elizabeth Okoro TRN 8400123 Very likely , 99.9%", "Unlikely , under 1%",
		"Earlier last names: Thompson", "QTS 1 July 2006", "Why, in figures", "The register as at 25 November 2026, 06:00.",
		"Received from the client manage-cpd", "The ticket was created",
	).saysNot("100%", "certain")
	want := [][]string{
		{"Field", "Claim", "Record", "Compared"},
		{"First name", "Liz", "Elizabeth", "Near a short form or another spelling"},
		{"Last name", "Marsh", "Okoro", "Differs the last name has changed before"},
		{"Previous names", "Elizabeth Okoro", "Thompson", "Agrees the last name on the record"},
		{"Date of birth", "17 February 1984", "17 February 1984", "Agrees"},
		{"National Insurance number", "QQ123456C", "QQ123456C", "Agrees"},
	}
	if got := p.table("traid-compare"); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("compared: got %q, want %q", got, want)
	}
	p.says("Missing Not given: middle name, TRN.",
		"For The National Insurance number and date of birth are the same; the first name is a short form or another spelling.",
		"Against The last name is different, and the last name has changed before.")
	why := [][]string{
		{"What", "Against or for", "Bits"},
		{"National Insurance number is the same", "speaks for it", "+19.9"},
		{"Date of birth is the same", "speaks for it", "+15.2"},
		{"Last name is different, and the last name has changed before", "speaks against it", "-4.0"},
		{"First name is a short form or another spelling", "speaks for it", "+3.9"},
	}
	if got := p.table("traid-why"); !slices.EqualFunc(got, why, slices.Equal) {
		t.Errorf("why: got %q, want %q", got, why)
	}
	for n := range p.doc.Descendants() {
		if has(n, "checked") || has(n, "selected") {
			t.Errorf("something is preselected: %s", attr(n, "value"))
		}
		if has(n, "style") || has(n, "onclick") || n.DataAtom == atom.Style || n.DataAtom == atom.Script && !has(n, "src") {
			t.Errorf("something is inline: %+v", n.Attr)
		}
	}
}

func TestEveryFormOfACaseCarriesItsRevision(t *testing.T) {
	c := start(t)
	c.free(barringCase)
	b := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator)
	one1 := b.get(casePath)
	for _, p := range []*page{
		one1, one1.press(casePath+"/check", "TRN 8400123", nil), one1.press(casePath+"/answer", "Continue", one("answer", "no_record")),
		b.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")), b.get("/cases/" + string(answered) + "/reopen"),
	} {
		forms := 0
		for n := range p.doc.Descendants() {
			if n.DataAtom != atom.Form || !strings.HasPrefix(attr(n, "action"), "/cases/") {
				continue
			}
			forms++
			revision := ""
			for in := range n.Descendants() {
				if attr(in, "name") == "revision" {
					revision = attr(in, "value")
				}
			}
			if revision != "7" {
				t.Errorf("%s: the form to %s carries the revision %q", p.asked, attr(n, "action"), revision)
			}
		}
		if forms == 0 {
			t.Errorf("%s has no form", p.asked)
		}
	}
}

func TestARecordIsCheckedThenDecidedThenUndone(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	check := b.get(casePath).press(casePath+"/check", "TRN 8400123", nil).is(http.StatusOK)
	check.says("Check this record before you decide", "Elizabeth Okoro TRN 8400123", "Last name Marsh Okoro Differs", "The weakest point is the last name: it is different, and the last name has changed before.", "What the client will read Outcome TRN found TRN 8400123 Note None Version 1").
		saysNot("You accept", "Another operator")
	to, form := check.form(casePath+"/check/confirm", "Confirm", nil)
	for range 2 { // the second click changes nothing
		b.post(to, form).follow(casePath).is(http.StatusOK).says("Decided. It is released at 12:05:00.", "Outcome TRN found", "Decided by ann@example.org")
	}
	if len(c.decided) != 1 || c.decided[0].TRN != trn(t, "8400123") || c.decided[0].Revision != 7 {
		t.Errorf("decided %+v", c.decided)
	}
	b.get("/?queue=deciding").says("TRA-7KM4-T3X", "Decided")
	decided := b.get(casePath)
	decided.press(casePath+"/undo", "Undo", nil).follow(casePath).says("Records that may be this person’s").saysNot("Decided. It is released")
	decided.press(casePath+"/undo", "Undo", nil).is(http.StatusConflict).says("The case has changed", "The answer has been released.")
}

func TestADifferenceIsNamedAndNeedsAReasonAndASecondOperator(t *testing.T) {
	c := start(t)
	c.sameTRN = []tra.Request{{ID: answered, Reference: "TRA-D0NE-999", State: tra.Answered}}
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	check := b.get(casePath).press(casePath+"/check", "TRN 9911999", nil).is(http.StatusOK)
	check.says("The weakest point is the date of birth: the month is different.", "You accept a difference Date of birth : 17 February 1984 in the claim, 17 March 1984 on the record",
		"Another operator will have to agree. The record does not agree with the claim in the date of birth.",
		"This TRN stands in 1 other request of the same client.", "TRA-D0NE-999 Answered")
	check.press(casePath+"/check/confirm", "Confirm", nil).is(http.StatusUnprocessableEntity).says("There is a problem Enter your reason", "What the client will read")
	typed := "The month was mistyped:\nshe says so <here> on 17/02/1984"
	wrong := check.press(casePath+"/check/confirm", "Confirm", one("why", typed)).is(http.StatusUnprocessableEntity)
	wrong.says("Your reason must not hold a TRN")
	if _, form := wrong.form(casePath+"/check/confirm", "Confirm", nil); form.Get("why") != typed {
		t.Errorf("typed %q, kept %q", typed, form.Get("why"))
	}
	wrong.press(casePath+"/check/confirm", "Confirm", one("why", "The month was mistyped.")).follow(casePath).
		says("Another operator has to agree.", "Nothing is released before.").saysNot("It is released at", "Review this decision")
	b.get(casePath + "/review").is(http.StatusOK).says("You made this decision, so another operator has to review it.")
	b.get("/?queue=review").says("TRA-7KM4-T3X")
}

func TestARecordThatCannotBeTheAnswerIsNotConfirmed(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	b.post(casePath+"/check", url.Values{"trn": {"7012345"}, "revision": {"7"}}).is(http.StatusOK).
		says("The record is not active. It cannot be the answer.").saysNot("Confirm that this is the person", "What the client will read")
	b.post(casePath+"/check", url.Values{"trn": {"1111111"}, "revision": {"7"}}).is(http.StatusNotFound)
	b.post(casePath+"/check", url.Values{"trn": {"nonsense"}}).is(http.StatusUnprocessableEntity).says("The form was not complete")
	b.post(casePath+"/check/confirm", url.Values{}).is(http.StatusUnprocessableEntity)
}

func TestTheRegisterIsSearchedOnTheCasesPage(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get(casePath)
	found := p.press(casePath+"/search", "Search", one("query", " Marsh 1984 ")).is(http.StatusOK)
	found.says("2 records found", "Found by last name, first name begins so", "Lizzie Marsh TRN 9911999", "Not active", "Records that may be this person’s", "What the person says")
	if _, form := found.form(casePath+"/search", "Search", nil); form.Get("query") != "Marsh 1984" {
		t.Errorf("the query is not kept: %q", form)
	}
	found.press(casePath+"/check", "TRN 9911999", nil).is(http.StatusOK).says("Check this record")
	if n := strings.Count(found.raw, `value="7012345"`); n != 0 {
		t.Errorf("a record that is not active can be chosen")
	}
	p.press(casePath+"/search", "Search", one("query", "nobody")).is(http.StatusOK).says("No record answers this search.")
	p.press(casePath+"/search", "Search", nil).is(http.StatusUnprocessableEntity).says("There is a problem", "Enter a name, a date of birth, a TRN")
	if want := []string{"Marsh 1984 after ", "nobody after "}; !slices.Equal(c.searched, want) {
		t.Errorf("searched %q, want %q", c.searched, want)
	}
	narrowed := p.press(casePath+"/search", "Search", url.Values{"query": {"Marsh"}, "status": {"active"}, "born": {"1980"}, "born_up_to": {"1989"}}).is(http.StatusOK)
	if got := c.queries[len(c.queries)-1]; got.Status != "active" || got.Born != 1980 || got.BornUpTo != 1989 {
		t.Errorf("the filters that were asked for: %+v", got)
	}
	if _, form := narrowed.form(casePath+"/search", "Search", nil); form.Get("status") != "active" || form.Get("born") != "1980" || form.Get("born_up_to") != "1989" {
		t.Errorf("the filters are not kept: %q", form)
	}
	p.press(casePath+"/search", "Search", url.Values{"query": {"Marsh"}, "born": {"the eighties"}}).is(http.StatusUnprocessableEntity).says("The first year of birth must be a year from 1900")
	b.post(casePath+"/search", url.Values{"query": {"Marsh"}, "status": {"any"}}).is(http.StatusUnprocessableEntity)
}

func TestTheDifferenceInsideAValueIsMarked(t *testing.T) {
	c := start(t)
	p := c.signIn(t, "ann@example.org", traconsole.RoleOperator).get(casePath)
	var got []string
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Mark {
			got = append(got, textOf(n))
		}
	}
	// The last name differs as a whole, the dates of birth in the month; what agrees is not marked.
	if want := []string{"Marsh", "Okoro", "zie", "February", "March"}; !slices.Equal(got, want) {
		t.Errorf("marked %q, want %q", got, want)
	}
	p.says("Near the month is different")
}

func TestAnEarlierFirstNameIsShownOnlyWhereItExplainsAnAgreement(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	r := c.candidates[0].Record
	r.PreviousNames = []person.FullName{{First: name(t, "Formerly"), Last: name(t, "Thompson")}}
	c.candidates[0].Record, c.records["8400123"] = r, r
	b.get(casePath).says("Thompson").saysNot("Formerly")
	b.get(casePath).press(casePath+"/search", "Search", one("query", "Okoro")).says("TRN 8400123", "Thompson").saysNot("Formerly")
	b.post("/register", url.Values{"purpose": {"A school called"}, "query": {"Okoro"}}).says("TRN 8400123", "Thompson").saysNot("Formerly")
	c.candidates[0].Evidence[3] = tra.Evidence{Field: "first_name", Level: "earlier_name", Bits: 8, Claimed: person.NewText("Liz"), Recorded: person.NewText("Formerly")}
	b.get(casePath).says("the same as an earlier name: Formerly", "the first name is the same as an earlier name, Formerly")
}

func TestOtherRequestsWithTheTRNAreShownBesideItsRecord(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	b.get(casePath).saysNot("Same TRN")
	c.candidates[0].SameTRN = []tra.Request{{ID: answered, Reference: "TRA-D0NE-999", State: tra.Answered}}
	b.get(casePath).says("Same TRN Decided for this record in 1 other request of the same client: TRA-D0NE-999 Answered")
}

func TestAlertsAreShownToThoseWhoMaySeeThem(t *testing.T) {
	c := start(t)
	c.candidates[0].Record.Alerts = c.records["5550001"].Alerts
	c.signIn(t, "bar@example.org", traconsole.RoleBarring).get(casePath).says("1 open alert", "No alert")
	c.signIn(t, "ann@example.org", traconsole.RoleOperator).get(casePath).saysNot("open alert", "No alert")
}

func TestTheTicketsThreadStandsOnTheCasesPage(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	b.get(casePath).says("Ticket 41", "2 comments, 1 by agents", "traid 22 November 2026, 12:00 TRN validation. Answer by Tuesday.", "Helpdesk agent 7 25 November 2026, 10:00 The school says that she married in spring.")
	c.away = true
	b.get(casePath).is(http.StatusOK).says("The helpdesk does not answer", "Elizabeth Okoro TRN 8400123")
}

func TestTheClaimIsSearchedWithByOnePress(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get(casePath).saysNot("Or search with the claim’s TRN")
	for _, part := range []string{"name and date of birth", "previous names", "National Insurance number", "email address"} {
		p.press(casePath+"/search", part, nil).is(http.StatusOK)
	}
	want := []string{"Liz Marsh 1984-02-17 after ", "Elizabeth Okoro after ", "QQ123456C after ", "liz.marsh@example.org after "}
	if !slices.Equal(c.searched, want) {
		t.Errorf("searched %q, want %q", c.searched, want)
	}
}

func TestASearchOutsideOfACaseSaysWhatItIsFor(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get("/register").is(http.StatusOK)
	p.press("/register", "Search", nil).is(http.StatusUnprocessableEntity).says("Enter why you are searching", "Enter a name, a date of birth")
	wrong := p.press("/register", "Search", url.Values{"purpose": {"Born 17/02/1984"}, "query": {"Marsh"}}).is(http.StatusUnprocessableEntity).says("must not hold a TRN")
	if _, form := wrong.form("/register", "Search", nil); form.Get("query") != "Marsh" || form.Get("purpose") != "Born 17/02/1984" {
		t.Errorf("what was typed is not kept: %q", form)
	}
	p.press("/register", "Search", url.Values{"purpose": {"A school called"}, "query": {"Marsh"}}).is(http.StatusOK).
		says("2 records found", "Lizzie Marsh TRN 9911999", "Date of birth: 17 March 1984").saysNot("This is the person")
	if want := []string{"A school called"}; !slices.Equal(c.purposes, want) {
		t.Errorf("for %q, want %q", c.purposes, want)
	}
	c.tooMany = true
	p.press("/register", "Search", url.Values{"purpose": {"A school called"}, "query": {"Marsh"}}).is(http.StatusTooManyRequests).says("120 times within an hour")
}

func TestALongSearchGoesOn(t *testing.T) {
	c := start(t)
	for n := range 20 {
		r := c.records["9911999"]
		r.TRN = trn(t, "80000"+string(rune('0'+n/10))+string(rune('0'+n%10)))
		c.records[r.TRN.Reveal()] = r
	}
	delete(c.records, "9911999")
	delete(c.records, "7012345")
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get(casePath).press(casePath+"/search", "Search", one("query", "Marsh")).says("20 records on this page")
	p.press(casePath+"/search", "Show the next records", nil).is(http.StatusOK)
	if got := c.searched[len(c.searched)-1]; got != "Marsh after 8000019" {
		t.Errorf("the next page asks for %q", got)
	}
}

func TestAFailureHasANoteFromATemplateAndAPreviewOfIt(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get(casePath)
	p.press(casePath+"/answer", "Continue", nil).is(http.StatusUnprocessableEntity).says("There is a problem Select what you found")
	p.press(casePath+"/answer", "Continue", one("answer", "barred")).is(http.StatusUnprocessableEntity) // not for this kind
	templates := c.templates
	note := p.press(casePath+"/answer", "Continue", one("answer", "no_record")).is(http.StatusOK)
	if _, form := note.form(casePath+"/answer/check", "Continue", nil); form.Get("note") != templates[0].Text {
		t.Errorf("the note begins with %q", form.Get("note"))
	}
	other := note.press(casePath+"/answer", templates[1].Name, nil).is(http.StatusOK)
	if _, form := other.form(casePath+"/answer/check", "Continue", nil); form.Get("note") != templates[1].Text {
		t.Errorf("the other template gives %q", form.Get("note"))
	}
	for typed, says := range map[string]string{
		templates[1].Text: "Fill in or take out what stands in square brackets", " ": "Enter a note for the client",
		"Your TRN is 8400123": "The note must not hold a TRN", strings.Repeat("a", 1001): "The note must be 1,000 characters or fewer",
	} {
		wrong := other.press(casePath+"/answer/check", "Continue", one("note", typed)).is(http.StatusUnprocessableEntity).says("There is a problem " + says)
		if _, form := wrong.form(casePath+"/answer/check", "Continue", nil); form.Get("note") != strings.TrimSpace(typed) {
			t.Errorf("typed %q, kept %q", typed, form.Get("note"))
		}
	}
	typed := "Ask them where they trained.\r\nThen <send> it again."
	check := other.press(casePath+"/answer/check", "Continue", one("note", typed)).is(http.StatusOK)
	check.says("What the client will read Outcome Failed Reason No record Note Ask them where they trained. Then <send> it again. Version 1")
	again := check.press(casePath+"/answer", "Change the note", nil).is(http.StatusOK)
	if _, form := again.form(casePath+"/answer/check", "Continue", nil); form.Get("note") != "Ask them where they trained.\nThen <send> it again." {
		t.Errorf("to be changed: %q", form.Get("note"))
	}
	check.press(casePath+"/answer/confirm", "Confirm", nil).follow(casePath).says("Decided. It is released at 12:05:00.")
	want := tra.Deciding{Revision: 7, Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Ask them where they trained.\nThen <send> it again."}
	if len(c.decided) != 1 || c.decided[0] != want {
		t.Errorf("decided %+v, want %+v", c.decided, want)
	}
}

func TestThePersonIsAskedAndTheCaseGoesOnWithTheAnswer(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	ask := b.get(casePath).press(casePath+"/answer", "Continue", one("answer", "ask")).is(http.StatusOK).says("Ask the person", "Earlier names")
	filled := ask.press(casePath+"/ask", "Earlier names", one("asks_for", "previous_names")).is(http.StatusOK)
	if _, form := filled.form(casePath+"/ask", "Ask the person", nil); form.Get("question") != c.templates[3].Text || form.Get("asks_for") != "previous_names" {
		t.Errorf("the form holds %q", form)
	}
	wrong := filled.press(casePath+"/ask", "Ask the person", url.Values{"question": {"Is 8400123 yours?"}}).is(http.StatusUnprocessableEntity).says("The question must not hold a TRN")
	if _, form := wrong.form(casePath+"/ask", "Ask the person", nil); form.Get("question") != "Is 8400123 yours?" {
		t.Errorf("what was typed is not kept: %q", form)
	}
	ask.press(casePath+"/ask", "Ask the person", one("question", "Who?")).is(http.StatusUnprocessableEntity).says("Select what you need")
	waits := filled.press(casePath+"/ask", "Ask the person", nil).follow(casePath).is(http.StatusOK)
	waits.says("Waits for the person", "Due Paused", "Asks for the previous names. Asked by ann @example.org").saysNot("Take this case", "This is the person", "Due Tue 24 Nov 2026")
	b.get("/?queue=asked").says("TRA-7KM4-T3X", "Waits for the person")
	waits.press(casePath+"/ask/take-back", "Take the question back", nil).follow(casePath).says("taken back on 25 November 2026", "This is the person")
	waits.press(casePath+"/ask/take-back", "Take the question back", nil).is(http.StatusConflict).says("The case has changed")
	again := b.get(casePath).press(casePath+"/answer", "Continue", one("answer", "ask"))
	again.press(casePath+"/ask", "Ask the person", url.Values{"question": {"Which names?"}, "asks_for": {"words"}}).follow(casePath)
	c.endQuestion(c.cases[trnCase], tra.QuestionAnswered, "Okoro, when I trained")
	c.cases[trnCase].Request.Changed = []tra.Field{tra.FieldPreviousNames}
	b.get(casePath).says("Which names?", "answered on 25 November 2026", "Okoro, when I trained", "Previous names Elizabeth Okoro Changed", "This is the person")
}

func TestAHistoryIsDrawnAsTheSequenceThatItWas(t *testing.T) {
	c := start(t)
	history := &c.cases[trnCase].History
	*history = append(*history,
		tra.Event{Who: "ann@example.org", What: tra.RegisterSearched}, tra.Event{Who: "traid", What: tra.FlagSet},
		tra.Event{Who: "helpdesk", What: tra.DecisionUndone}, tra.Event{Who: "traid", What: tra.AnswerReleased})
	p := c.signIn(t, "ann@example.org", traconsole.RoleOperator).get(casePath)
	var lanes, texts []string
	var arrows [][2]string
	for n := range p.doc.Descendants() {
		switch attr(n, "class") {
		case "traid-sequence__lane":
			lanes = append(lanes, textOf(n))
		case "traid-sequence__text":
			texts = append(texts, textOf(n))
		case "traid-sequence__step":
			arrows = append(arrows, [2]string{attr(n, "x1"), attr(n, "x2")})
		}
	}
	if want := []string{"Client", "TRA API", "Zendesk", "Operator", "DQT"}; !slices.Equal(lanes, want) {
		t.Errorf("the lanes are %q, want %q", lanes, want)
	}
	var want []string // the steps of the table, in its order
	for _, e := range *history {
		want = append(want, e.What.Text())
	}
	if !slices.Equal(texts, want) {
		t.Errorf("drawn %q, want %q", texts, want)
	}
	client, api, zendesk, operator, dqt := "80", "230", "380", "530", "680"
	if want := [][2]string{{client, api}, {api, zendesk}, {operator, dqt}, {zendesk, api}, {api, client}}; !slices.Equal(arrows, want) {
		t.Errorf("the arrows are %q, want %q", arrows, want)
	}
}

func TestAlertsSayWhatIsInForceAndWhatIsInternal(t *testing.T) {
	c := start(t)
	c.free(barringCase)
	r := c.records["5550001"]
	r.Alerts = []tra.Alert{
		{Code: "C2", Category: "Failed induction", Name: "Failed induction", Start: "1999-09-01", End: "2001-09-01"},
		{Code: "T9", Category: "Flag", Name: "For internal information", Internal: true, Start: "2020-01-01", Open: true},
		{Code: "T1", Category: "Prohibition from teaching", Name: "Prohibition", Prohibition: true, Start: "2019-05-01", Open: true},
		{Code: "T2", Category: "EEA Decision", Name: "Later", Start: "2030-01-01"},
	}
	c.records["5550001"] = r
	p := c.signIn(t, "bar@example.org", traconsole.RoleBarring).get(barringPath).is(http.StatusOK)
	p.says("4 alerts, 2 open", "Flag For internal information 1 January 2020 None Open Internal", "Prohibition from teaching Prohibition 1 May 2019 None Open", "Later 1 January 2030 None Not begun", "1 September 2001 Spent")
	text := p.text()
	before := 0
	for _, name := range []string{"Prohibition from teaching Prohibition", "For internal", "EEA Decision Later", "Failed induction Failed"} {
		at := strings.Index(text, name)
		if at < before {
			t.Errorf("%q is out of its order", name)
		}
		before = at
	}
}

func TestAnAdministratorChangesTheTextsThatOperatorsStartFrom(t *testing.T) {
	c := start(t)
	ann, b := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator), c.signIn(t, "bob@example.org", traconsole.RoleSupervisor)
	b.get("/").saysNot("Texts")
	b.get("/texts").is(http.StatusForbidden)
	b.post("/texts/text-0", url.Values{"name": {"x"}, "text": {"y"}}).is(http.StatusForbidden)
	form := ann.get("/texts").is(http.StatusOK).says("No record", "TRN validation: no record").b.get("/texts/text-0").is(http.StatusOK).says("TRN validation: no record")
	wrong := form.press("/texts/text-0", "Save", url.Values{"name": {""}, "text": {"Your TRN is 8400123"}}).is(http.StatusUnprocessableEntity)
	wrong.says("Enter a name", "The text must not hold a TRN", "TRN validation: no record")
	if _, kept := wrong.form("/texts/text-0", "Save", nil); kept.Get("text") != "Your TRN is 8400123" {
		t.Errorf("what was typed is not kept: %q", kept)
	}
	form.press("/texts/text-0", "Save", url.Values{"name": {"Nobody"}, "text": {"Nobody is there."}}).follow("/texts").says("Nobody", "Nobody is there.", "ann @example.org")
	note := b.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record")).is(http.StatusOK)
	if _, form := note.form(casePath+"/answer/check", "Continue", nil); form.Get("note") != "Nobody is there." {
		t.Errorf("the note begins with %q", form.Get("note"))
	}
	add := ann.get("/texts/new").is(http.StatusOK)
	add.press("/texts/new", "Save", url.Values{"name": {"x"}, "text": {"y"}, "for": {""}}).is(http.StatusUnprocessableEntity).says("Select what the text is for")
	add.press("/texts/new", "Save", url.Values{"name": {"Abroad"}, "text": {"Trained abroad."}, "for": {"trn_validation other"}}).follow("/texts").says("Abroad", "TRN validation: another reason")
	ann.get("/texts/text-0").press("/texts/text-0/delete", "Delete", nil).follow("/texts").saysNot("Nobody is there.")
	ann.get("/texts/text-0").is(http.StatusNotFound)
}

func TestBarredWaitsForAnotherOperatorWhoSeesTheEvidenceFirst(t *testing.T) {
	c := start(t)
	c.free(barringCase)
	first := c.signIn(t, "first@example.org", traconsole.RoleBarring)
	p := first.get(barringPath).is(http.StatusOK)
	p.says("Is a prohibition from teaching in force today on this record?", "Joan Hale TRN 5550001", "2 alerts, 1 open",
		"Prohibition from teaching Prohibition by the Secretary of State - misconduct 1 May 2019 None Open Panel of April 2019",
		"Failed induction Failed induction 1 September 1999 1 September 2001 Spent").saysNot("Search the register")
	check := p.press(barringPath+"/answer", "Continue", one("answer", "barred")).is(http.StatusOK)
	check.says("Alerts that are in force", "What the client will read Outcome Barred Note None", "Another operator will have to agree. Barred always needs a second operator.")
	p.press(barringPath+"/answer", "Continue", one("answer", "not_barred")).says("Outcome Not barred", "Another operator will have to agree. A prohibition or a DBS match is open on the record.")
	check.press(barringPath+"/answer/confirm", "Confirm", one("why", "The alert is in force.")).follow(barringPath).
		says("Decided: Barred. Another operator has to agree.").saysNot("Review this decision")
	own := first.get(barringPath + "/review").says("You made this decision")
	first.post(barringPath+"/review", url.Values{"review": {"agree"}, "revision": {"8"}}).is(http.StatusForbidden).says("Another operator has to review your decision.")
	if strings.Contains(own.raw, `name="review"`) {
		t.Error("the first operator can review")
	}

	second := c.signIn(t, "second@example.org", traconsole.RoleBarring)
	second.get(barringPath).says("Review this decision")
	review := second.get(barringPath + "/review").is(http.StatusOK)
	text := review.text()
	evidence, opinion := strings.Index(text, "The record and its alerts"), strings.Index(text, "Outcome Barred")
	if evidence < 0 || opinion < evidence {
		t.Errorf("the first opinion does not stand below the evidence: %s", text)
	}
	review.press(barringPath+"/review", "Confirm", nil).is(http.StatusUnprocessableEntity).says("Select whether you agree")
	back := review.press(barringPath+"/review", "Confirm", one("review", "send_back")).is(http.StatusUnprocessableEntity).says("Enter your reason")
	back.press(barringPath+"/review", "Confirm", url.Values{"review": {"send_back"}, "why": {"Look at the end date."}}).follow(barringPath).
		says("second@example.org sent this decision back: Barred", "Look at the end date.", "first @example.org took this case")

	first.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")).press(barringPath+"/answer/confirm", "Confirm", nil).follow(barringPath)
	second.get(barringPath+"/review").press(barringPath+"/review", "Confirm", one("review", "agree")).follow(barringPath).
		says("Decided. It is released at 12:05:00.", "Agreed by second@example.org")
	second.get(barringPath + "/review").follow(barringPath)
}

func TestASupervisorMayAgreeAloneWithAReason(t *testing.T) {
	c := start(t)
	c.free(barringCase)
	b := c.signIn(t, "sue@example.org", traconsole.RoleSupervisor)
	b.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")).press(barringPath+"/answer/confirm", "Confirm", nil).follow(barringPath).says("Review this decision")
	review := b.get(barringPath + "/review").says("Agree without a second operator").saysNot("Send it back")
	review.press(barringPath+"/review", "Confirm", one("review", "override")).is(http.StatusUnprocessableEntity).says("Enter your reason")
	review.press(barringPath+"/review", "Confirm", url.Values{"review": {"override"}, "why": {"Nobody else is here."}}).follow(barringPath).says("Their reason Nobody else is here.")
	if !c.cases[barringCase].Decision.Override {
		t.Error("not an override")
	}
}

func TestAnOperatorWithoutTheRoleSeesNoBarringCheck(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	b.get("/").saysNot("TRA-B4R1-2CK", "Joan", "Barring checks")
	b.get("/").press("/", "Find", one("reference", "B4R1")).saysNot("TRA-B4R1-2CK", "Joan Hale")
	for _, r := range traconsole.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if !strings.Contains(path, "{id}") {
			continue
		}
		path = strings.ReplaceAll(path, "{id}", string(barringCase))
		form := url.Values{"trn": {"5550001"}, "answer": {"barred"}, "review": {"agree"}, "query": {"Hale"}, "why": {"x"}, "revision": {"7"}, "form": {"reopen"}}
		if method == http.MethodGet {
			form = nil
		}
		p := b.do(method, path, form).is(http.StatusForbidden)
		p.saysNot("Joan", "5550001", "Prohibition")
	}
	if len(c.decided) > 0 {
		t.Errorf("decided %+v", c.decided)
	}
}

func TestAnAnsweredCaseIsOpenedAgainWithAReason(t *testing.T) {
	c := start(t)
	path := "/cases/" + string(answered)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	b.get(path).says("The client has been answered Outcome TRN found TRN 8400123 Released 23 November 2026, 12:00 Version 1", "open the case again").saysNot("Continue", "Take this case")
	p := b.get(path + "/reopen").says("The client keeps the answer that it has until another one is released.")
	p.press(path+"/reopen", "Open the case again", nil).is(http.StatusUnprocessableEntity).says("Enter your reason")
	p.press(path+"/reopen", "Open the case again", one("why", "The wrong twin.")).follow(path).says("Records that may be this person’s", "The client has been answered")
	b.get(path + "/reopen").follow(path)
	if check := b.get(path).press(path+"/check", "TRN 8400123", nil); !strings.Contains(check.text(), "Version 2") {
		t.Errorf("the preview does not say the second version: %s", check.text())
	}
	b.get("/cases/"+string(deleted)).is(http.StatusOK).says("Details deleted", "What this case held was deleted on 25 November 2026, 12:00.").saysNot("open the case again")
}

func TestWhoIsTooLateReadsWhoWasFasterAndKeepsWhatTheyTyped(t *testing.T) {
	c := start(t)
	late, fast := c.signIn(t, "late@example.org", traconsole.RoleBarring), c.signIn(t, "fast@example.org", traconsole.RoleBarring)
	check := late.get(casePath).press(casePath+"/check", "TRN 9911999", nil)
	note := late.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record")).press(casePath+"/answer/check", "Continue", one("note", "Check every name."))
	fast.get(casePath).press(casePath+"/take", "Take it over", nil).follow(casePath).press(casePath+"/check", "TRN 8400123", nil).press(casePath+"/check/confirm", "Confirm", nil).follow(casePath)
	const who = "fast@example.org decided this case at 12:00 on 25 November: TRN found."
	tooLate := check.press(casePath+"/check/confirm", "Confirm", one("why", "It is her.")).is(http.StatusConflict).says("The case has changed", who, "Your reason It is her.")
	tooLate.saysNot("Confirm that this is the person")
	note.press(casePath+"/answer/confirm", "Confirm", nil).is(http.StatusConflict).says(who, "What you entered Outcome Failed", "Check every name.").saysNot("Confirm this answer")
	late.get(casePath).saysNot("Undo It")
	stale := late.post(casePath+"/undo", one("revision", "7")).is(http.StatusConflict)
	stale.says("The case has changed", who)
	fast.post(barringPath+"/take", nil).is(http.StatusConflict).says("bar@example.org took this case and is working at it.")
}

func TestTheNextCaseIsTakenFromTheListAndAfterADecision(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get("/")
	p.press("/next", "Take the next case", nil).follow(casePath).says("Owner ann @example.org since 12:00, until 12:20")
	if len(c.asked) != 1 || !c.asked[0].Equal(c.now) {
		t.Errorf("it was asked for at %v, the page at %s", c.asked, c.now)
	}
	p.press("/next", "Take the next case", nil).is(http.StatusOK).says("Nobody is waiting: every open case has an operator.", "Open cases")
	b.post("/next", nil).is(http.StatusOK)
	if got := c.asked[2]; !got.IsZero() {
		t.Errorf("no time was given, and it asked for %s", got)
	}
	decided := b.get(casePath).press(casePath+"/check", "TRN 8400123", nil).press(casePath+"/check/confirm", "Confirm", one("why", "It is her.")).follow(casePath)
	decided.says("Take the next case")
}

func TestWhoDecidesIsToldWhoElseHoldsTheCaseAndTakesItOverWithTheirWork(t *testing.T) {
	c := start(t)
	ann, ben := c.signIn(t, "ann@example.org", traconsole.RoleOperator), c.signIn(t, "ben@example.org", traconsole.RoleOperator)
	check := ann.get(casePath).press(casePath+"/check", "TRN 8400123", nil).says("Confirm that this is the person")
	ben.get(casePath).says("ann @example.org took this case").press(casePath+"/take", "Take it over", nil).follow(casePath)
	held := check.press(casePath+"/check/confirm", "Confirm", one("why", "It is her.")).is(http.StatusConflict)
	held.says("The case has changed", "ben@example.org took this case", "It is free again at 12:20").saysNot("Confirm that this is the person")
	over := held.press(casePath+"/check", "Take it over and go on", nil).is(http.StatusOK).saysNot("is working at it")
	over.press(casePath+"/check/confirm", "Confirm", nil).follow(casePath)
	if d := c.decided[len(c.decided)-1]; d.Why != "It is her." {
		t.Errorf("decided with the reason %q", d.Why)
	}
	c.decided = nil
	// A note too: begun, taken over by somebody else, taken back.
	c = start(t)
	ann, ben = c.signIn(t, "ann@example.org", traconsole.RoleOperator), c.signIn(t, "ben@example.org", traconsole.RoleOperator)
	note := ann.get(casePath).press(casePath+"/answer", "Continue", one("answer", "no_record"))
	ben.get(casePath).press(casePath+"/take", "Take it over", nil)
	held = note.press(casePath+"/answer/check", "Continue", one("note", "Check every name.")).is(http.StatusOK).says("ben @example.org took this case", "Check every name.").saysNot("Confirm this answer")
	held.press(casePath+"/answer/check", "Take it over and go on", nil).is(http.StatusOK).press(casePath+"/answer/confirm", "Confirm", nil).follow(casePath)
	if d := c.decided[len(c.decided)-1]; d.Note != "Check every name." {
		t.Errorf("decided with the note %q", d.Note)
	}
}

func TestACaseIsTakenAndGivenBack(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	p := b.get(casePath).press(casePath+"/take", "Take this case", nil).follow(casePath).says("Owner ann @example.org").saysNot("Take this case")
	p.press(casePath+"/give-back", "Give it back", nil).follow(casePath).says("Owner Nobody")
	eve := c.signIn(t, "eve@example.org", traconsole.RoleBarring).get(barringPath)
	eve.says("bar @example.org took this case at 11:00 and is working at it.", "It is free again at 12:10 unless they go on.", "Take it over").saysNot("Give it back", "What did you find?")
	c.signIn(t, "sue@example.org", traconsole.RoleSupervisor).get(barringPath).says("Take it over", "Give it back")
	eve.press(barringPath+"/take", "Take it over", nil).follow(barringPath).says("Owner eve @example.org", "What did you find?").saysNot("is working at it")
}

func TestManyCasesAreGivenToAnotherAtOnce(t *testing.T) {
	c := start(t)
	c.signIn(t, "owen@example.org", traconsole.RoleBarring)
	sue := c.signIn(t, "sue@example.org", traconsole.RoleSupervisor)
	p := sue.get("/?kind=trn_validation&sort=due")
	both := url.Values{"to": {"owen@example.org"}, "case": {string(trnCase) + "|7|TRA-7KM4-T3X|", string(barringCase) + "|7|TRA-B4R1-2CK|bar@example.org"}}
	p.press("/reassign", "Continue", one("to", "owen@example.org")).is(http.StatusUnprocessableEntity).says("Select at least one case", "TRN validations")
	p.press("/reassign", "Continue", url.Values{"to": {""}, "case": both["case"]}).is(http.StatusUnprocessableEntity).says("Select who the cases are for")
	p.press("/reassign", "Continue", url.Values{"to": {"stranger@example.org"}, "case": both["case"]}).is(http.StatusUnprocessableEntity)
	sue.post("/reassign", one("case", "nonsense")).is(http.StatusUnprocessableEntity)
	check := p.press("/reassign", "Continue", both).is(http.StatusOK)
	check.says("Give 2 cases to owen @example.org", "TRA-7KM4-T3X Nobody", "TRA-B4R1-2CK bar @example.org", "until the end of the next working day")
	to, form := check.form("/reassign/confirm", "Confirm", nil)
	form["case"] = both["case"]
	sue.post(to, form).follow("/?kind=trn_validation&sort=due").says("2 cases given to owen @example.org.")
	sue.get("/").saysNot("cases given")
	if got := c.cases[trnCase].Request.Owner + " " + c.cases[barringCase].Request.Owner; got != "owen@example.org owen@example.org" {
		t.Errorf("they are with %s", got)
	}
	// From a list that is old by now.
	form["case"] = []string{string(trnCase) + "|7|TRA-7KM4-T3X|"}
	sue.post(to, form).is(http.StatusConflict).says("1 case left alone", "TRA-7KM4-T3X owen @example.org has it now.")

	// An operator gives back their own, and nothing else.
	ann := c.signIn(t, "ann@example.org", traconsole.RoleBarring)
	ann.get("/").is(http.StatusOK).saysNot("Give the selected cases")
	c.free(trnCase)
	ann.post(casePath+"/take", nil)
	mine := one("case", string(trnCase)+"|7|TRA-7KM4-T3X|ann@example.org")
	back := ann.get("/").press("/reassign", "Give the selected cases back", mine).is(http.StatusOK).says("Give 1 case back, so that nobody has them")
	back.press("/reassign/confirm", "Confirm", nil).follow("/").says("1 case given back.")
}

func TestWithoutTheRegisterEverythingElseWorks(t *testing.T) {
	c := start(t)
	c.free(barringCase)
	c.down = true
	b := c.signIn(t, "ann@example.org", traconsole.RoleAdministrator)
	p := b.get(casePath).is(http.StatusOK).says("The register does not answer. That says nothing about whether there is a record.", "Try again", "What the person says", "Or: none of these records", "History").
		saysNot("No record comes near")
	p.press(casePath+"/search", "Search", one("query", "Marsh")).is(http.StatusOK).says("The register does not answer, so nothing was searched.").saysNot("No record answers")
	b.get(barringPath).is(http.StatusOK).says("The register does not answer.", "What did you find?").saysNot("There is no alert")
	bar := b.get(barringPath).press(barringPath+"/answer", "Continue", one("answer", "barred")).is(http.StatusOK).says("the alerts cannot be shown").saysNot("No alert is in force")
	bar.press(barringPath+"/answer/confirm", "Confirm", one("why", "It is in force.")).is(http.StatusServiceUnavailable).says("nothing has been decided", "Outcome Barred")
	b.post(casePath+"/check", url.Values{"trn": {"8400123"}}).is(http.StatusServiceUnavailable).says("The register does not answer.")
	c.down = false
	check := b.get(casePath).press(casePath+"/check", "TRN 9911999", nil)
	c.down = true
	check.press(casePath+"/check/confirm", "Confirm", one("why", "It is her.")).is(http.StatusServiceUnavailable)
	p.press(casePath+"/answer", "Continue", one("answer", "cannot_tell")).press(casePath+"/answer/check", "Continue", nil).press(casePath+"/answer/confirm", "Confirm", nil).follow(casePath).says("Decided.")
}

func TestEveryPageIsForSignedInPeopleWithARole(t *testing.T) {
	c := start(t)
	stranger, other := c.stranger(t), c.signIn(t, "guest@example.org", "guest")
	for _, r := range traconsole.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		path = strings.ReplaceAll(strings.ReplaceAll(path, "{$}", ""), "{id}", string(trnCase))
		if r.Roles == nil {
			stranger.do(method, path, nil).is(http.StatusOK).saysNot("Marsh")
			continue
		}
		if p := stranger.do(method, path, nil).is(http.StatusSeeOther); p.to != "/sign-in" || strings.Contains(p.raw, "Marsh") {
			t.Errorf("%s leads a stranger to %q", r.Pattern, p.to)
		}
		other.do(method, path, nil).is(http.StatusForbidden).says("You cannot see this page").saysNot("Marsh")
		for _, role := range r.Roles {
			if !slices.Contains(traconsole.Roles(), role) {
				t.Errorf("%s: %q is no role", r.Pattern, role)
			}
		}
	}
	if len(c.filters)+len(c.decided) > 0 {
		t.Error("a use case was called for somebody who may not")
	}
}

func TestErrorsStandInTheSameLayoutAndTellNothingInside(t *testing.T) {
	c := start(t)
	b := c.signIn(t, "ann@example.org", traconsole.RoleOperator)
	for name, e := range map[string]struct {
		broken       error
		method, path string
		status       int
		says         string
	}{
		"no such page":     {nil, "GET", "/nothing", 404, "Page not found"},
		"no such case":     {nil, "GET", "/cases/none", 404, "Page not found"},
		"a form's address": {nil, "GET", casePath + "/check", 405, "This page is part of a form"},
		"another method":   {nil, "DELETE", casePath, 405, "This page is part of a form"},
		"a defect":         {errors.New("planted 8400123"), "GET", casePath, 500, "Something went wrong"},
		"a neighbour":      {fault.Wrap(fault.Unavailable, "The database does not answer.", errors.New("planted")), "GET", "/", 503, "The database does not answer."},
		"not allowed":      {fault.New(fault.Forbidden, "You may not."), "GET", casePath, 403, "You may not."},
	} {
		c.broken = e.broken
		p := b.do(e.method, e.path, nil).is(e.status).says(e.says, "Go to the list of cases").saysNot("planted")
		if !strings.Contains(p.raw, "Sign out") || !strings.Contains(p.raw, "TRA support console") {
			t.Errorf("%s: not in the console's layout", name)
		}
		if e.status == http.StatusMethodNotAllowed && p.header.Get("Allow") == "" {
			t.Errorf("%s: does not say what is allowed", name)
		}
	}
	c.broken = nil
	c.stranger(t).get("/nothing").is(http.StatusNotFound)
}

func TestNoPersonalValueStandsInAURL(t *testing.T) {
	_, visited := states(t)
	if len(visited) < 1000 {
		t.Fatalf("saw %d addresses", len(visited))
	}
	for _, address := range visited {
		plain, err := url.QueryUnescape(address)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"8400123", "9911999", "7012345", "5550001", "liz", "marsh", "okoro", "joan", "hale", "qq123456", "1984", "it is her"} {
			if strings.Contains(strings.ToLower(plain), value) {
				t.Errorf("%q stands in %q", value, address)
			}
		}
	}
}
