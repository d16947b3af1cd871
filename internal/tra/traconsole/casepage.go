package traconsole

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/person"
	"traid/internal/tra"
)

// headView is what every page of a case begins with.
type headView struct {
	ID, Reference, Kind, Name string
	Revision                  hidden
	Other                     *holderView // who else holds the case; nil: nobody else does
}

// holderView is who holds a case, since when, and until when if they do nothing.
type holderView struct{ Email, Since, Until string }

func headOf(c tra.Case, op tra.Operator) headView {
	v := headView{
		ID: string(c.Request.ID), Reference: string(c.Request.Reference), Kind: kindWords[c.Request.Kind],
		Name:     fullName(c.Claim.FirstName, c.Claim.LastName),
		Revision: hidden{"revision", strconv.FormatInt(c.Request.Revision, 10)},
	}
	if r := c.Request; r.State.Open() && c.Decision == nil && r.Owner != "" && r.Owner != op.Email {
		v.Other = holderOf(r)
	}
	return v
}

// holderOf says who holds a case; the day too where it is not one and the same.
func holderOf(r tra.Request) *holderView {
	say := minute
	if dayIn(r.HeldSince) != dayIn(r.HeldUntil) {
		say = moment
	}
	return &holderView{r.Owner, say(r.HeldSince), say(r.HeldUntil)}
}

func (h headView) URL() string { return "/cases/" + h.ID }

type caseView struct {
	headView
	State    tagView
	Due      string
	Overdue  bool
	Waits    string
	Check    string // why the automatic check found no record
	Owner    string
	Held     *holderView // by the operator
	Take     bool
	GiveBack bool
	Replaced *tra.Request
	Flags    []flagView
	Claim    []claimRow
	// Forgotten is when everything but the kind, the times and the outcome was deleted; empty: not yet.
	Forgotten string
	HasClaim  bool
	Decision  *decisionView
	SentBack  *decisionView // the newest one, when nothing has been decided since
	Answer    *answerView
	Reopen    bool
	Decide    bool // nothing is decided yet, and something can be
	Evidence  evidenceView
	Search    searchView
	Thread    threadView
	Questions []questionView
	Choices   []choiceView
	History   []eventView
	Sequence  sequenceView
	Asked     hidden // when
	Saved     *savedView
	// Meanwhile says what somebody else did before this operator's form came, and
	// Typed is what stood in it, where it cannot be handed in any more.
	Meanwhile string
	Typed     string
	errs      govuk.Errors
}

type flagView struct {
	Tag    tagView
	Reason string
	Since  string
}

type claimRow struct {
	Field, Value string
	Changed      bool
}

// evidenceView is what the register says about a case.
type evidenceView struct {
	Barring    bool
	Candidates []recordView
	Several    bool             // more than one of them may well be the person's
	Record     *alertRecordView // of a barring check
	NoRecord   bool             // of a barring check: no record has the TRN
	Down       bool             // the register did not answer
	AsAt       string
}

type alertRecordView struct {
	recordView
	Alerts []alertView
	Open   int
}

type alertView struct {
	Category, Name, Start, End, Details string
	Open, Prohibition, Internal         bool
}

// threadView is what stands on the case's ticket.
type threadView struct {
	Ticket   string // its number; empty: there is none
	Status   string
	Comments []commentView
	Agents   int  // how many of them are not ours
	Down     bool // the helpdesk did not answer
}

type commentView struct{ Who, At, Text string }

type choiceView struct{ Value, Text, Hint string }

type eventView struct{ At, Who, What, Why string }

type decisionView struct {
	Outcome, TRN, Reason, Note, Why, By, At, Stage string
	Mine                                           bool
	Review                                         string // why another operator has to agree; empty: none has to any more
	ReviewedBy, ReviewWhy                          string
	Override                                       bool
	ReleaseAt                                      string
	NoTicket                                       bool
	Undo                                           bool
	MayReview                                      bool
	EndedBy, EndedWhy                              string
}

type answerView struct {
	Version, Outcome, TRN, Reason, Note, At string
}

// showCase is the case on one page.
func (p *pages) showCase(w http.ResponseWriter, r *http.Request) {
	if c, ok := p.open(w, r); ok {
		p.renderCase(w, r, c, http.StatusOK, nil)
	}
}

// renderCase draws a case's page; change, where given, adds what a form brought.
func (p *pages) renderCase(w http.ResponseWriter, r *http.Request, c tra.Case, status int, change func(*caseView)) {
	v, err := p.caseView(r, c)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if change != nil {
		change(&v)
	}
	numbered(v.Evidence.Candidates, v.Search.Found)
	o := Page(r, v.Reference+" "+v.Kind)
	o.Breadcrumbs = []govuk.Breadcrumb{{Text: "Cases", Href: "/"}, {Text: v.Reference}}
	o.Errors = v.errs
	httpd.Render(w, r, status, casePage(o, v))
}

func (p *pages) caseView(r *http.Request, c tra.Case) (caseView, error) {
	op, now, req := operator(r), p.now(), c.Request
	v := caseView{
		headView: headOf(c, op), Asked: p.asked(), State: stateTag(req, c.Decision), Due: dayIn(req.ExpectedBy),
		Overdue: req.State.Working() && !req.ExpectedBy.IsZero() && req.ExpectedBy.Before(now),
		Owner:   req.Owner, Replaced: c.Replaced, HasClaim: c.HasClaim, Claim: claimRows(c), Check: checkWords[req.Check],
		Decide: req.State.Working() && c.Decision == nil && c.HasClaim,
		Reopen: req.State == tra.Answered && c.HasClaim,
	}
	if !req.ForgottenAt.IsZero() {
		v.Forgotten = moment(req.ForgottenAt)
	}
	if req.State == tra.WaitingForPerson {
		v.Due = "Paused"
	}
	if req.State.Open() {
		v.Waits = waited(req.QueuedAt, now)
	}
	if req.State.Working() && c.Decision == nil {
		v.Take = req.Owner != op.Email
		v.GiveBack = req.Owner != "" && (req.Owner == op.Email || op.Supervisor)
		if req.Owner == op.Email {
			v.Held = holderOf(req)
		}
	}
	for _, f := range c.Flags {
		v.Flags = append(v.Flags, flagView{flagTag(f.Flag), f.Reason, moment(f.Since)})
	}
	for _, e := range c.History {
		v.History = append(v.History, eventView{moment(e.At), orWord(e.Who, "Name deleted"), e.What.Text(), e.Why})
	}
	v.Sequence = sequenceOf(c.History)
	if c.Decision != nil {
		v.Decision = decisionOf(*c.Decision, c.Request, op)
	} else if n := len(c.Decisions); n > 0 && c.Decisions[n-1].Stage == tra.StageSentBack {
		v.SentBack = decisionOf(c.Decisions[n-1], c.Request, op)
	}
	if c.Saved != nil {
		saved := savedOf(*c.Saved)
		v.Saved = &saved
	}
	v.Answer, v.Questions = answerOf(c.Answer), questionViews(c.Questions)
	var err error
	if v.Thread, err = p.thread(r, req); err != nil || !v.Decide {
		return v, err
	}
	v.Choices = choicesOf(req.Kind)
	v.Search.With = searchParts(c.Claim)
	v.Evidence, err = p.evidence(r, c, v.Other == nil)
	return v, err
}

// thread reads what stands on a case's ticket.
func (p *pages) thread(r *http.Request, req tra.Request) (threadView, error) {
	if req.Ticket == 0 {
		return threadView{}, nil
	}
	v := threadView{Ticket: strconv.FormatInt(int64(req.Ticket), 10), Status: string(req.TicketStatus)}
	list, err := p.console.Thread(r.Context(), operator(r), req.ID)
	if fault.Is(err, fault.Unavailable) {
		v.Down = true
		return v, nil
	}
	for _, c := range list {
		who := "Somebody who is no agent"
		switch {
		case c.Ours:
			who = "traid"
		case c.Agent != "":
			who = "Helpdesk agent " + c.Agent
		}
		if !c.Ours {
			v.Agents++
		}
		v.Comments = append(v.Comments, commentView{who, moment(c.At), strings.TrimSpace(c.Text)})
	}
	return v, err
}

// The parts of a claim that the register can be searched with by one press.
const (
	withNameAndBirth = "name_and_date_of_birth"
	withNINO         = "national_insurance_number"
	withTRN          = "trn"
	withPrevious     = "previous_names"
	withEmail        = "email"
)

// searchParts lists those that a claim has.
func searchParts(c tra.Claim) []choiceView {
	var out []choiceView
	for _, each := range []choiceView{
		{withNameAndBirth, "Name and date of birth", ""},
		{withPrevious, "Previous names", ""},
		{withNINO, "National Insurance number", ""},
		{withTRN, "TRN", ""},
		{withEmail, "Email address", ""},
	} {
		if searchWith(c, each.Value) != "" {
			out = append(out, each)
		}
	}
	return out
}

// searchWith is the query of a part of a claim.
func searchWith(c tra.Claim, part string) string {
	switch part {
	case withNameAndBirth:
		return strings.TrimSpace(fullName(c.FirstName, c.LastName) + " " + c.DateOfBirth.Reveal())
	case withPrevious:
		if len(c.PreviousNames) > 0 {
			return fullName(c.PreviousNames[0].First, c.PreviousNames[0].Last)
		}
	case withNINO:
		return c.NINO.Reveal()
	case withTRN:
		return c.TRN.Reveal()
	case withEmail:
		return c.Email.Reveal()
	}
	return ""
}

// evidence asks the register about a case. That it does not answer is shown, and says nothing about any record.
func (p *pages) evidence(r *http.Request, c tra.Case, choose bool) (evidenceView, error) {
	v := evidenceView{Barring: c.Request.Kind == tra.BarringCheck}
	var asAt time.Time
	var err error
	if v.Barring {
		var record tra.Record
		record, asAt, err = p.console.BarringRecord(r.Context(), operator(r), c.Request.ID)
		if fault.Is(err, fault.NotFound) {
			v.NoRecord, err = true, nil
		} else if err == nil {
			v.Record = alertRecordOf(c.Claim, record)
		}
	} else {
		var list []tra.Candidate
		list, asAt, err = p.console.Candidates(r.Context(), operator(r), c.Request.ID)
		for _, each := range list {
			one := candidateOf(c.Claim, each, choose)
			one.Alerts = alertsTag(operator(r), each.Record)
			v.Candidates = append(v.Candidates, one)
		}
		v.Several = len(list) > 1 && list[1].Probability >= severalFrom
	}
	if fault.Is(err, fault.Unavailable) {
		v.Down, err = true, nil
	}
	v.AsAt = moment(asAt)
	return v, err
}

// severalFrom is how likely the second candidate is when the first one's being
// first says little.
const severalFrom = .1

// alertsTag says what alerts a record has, to who may see them.
func alertsTag(op tra.Operator, r tra.Record) *tagView {
	if !op.Barring {
		return nil
	}
	open := 0
	for _, a := range r.Alerts {
		if a.Open {
			open++
		}
	}
	switch {
	case open > 0:
		return &tagView{count(open, "open alert"), red}
	case len(r.Alerts) > 0:
		return &tagView{count(len(r.Alerts), "alert") + ", none open", grey}
	}
	return &tagView{"No alert", grey}
}

func rank(a alertView) int {
	switch {
	case a.Open && a.Prohibition:
		return 2
	case a.Open:
		return 1
	}
	return 0
}

func alertRecordOf(c tra.Claim, r tra.Record) *alertRecordView {
	v := &alertRecordView{recordView: recordOf(r, false)}
	v.Rows = beside(tra.Claim{FirstName: c.FirstName, LastName: c.LastName, TRN: c.TRN}, r, nil)
	// A barring check holds a name and a TRN, nothing else.
	v.Rows, v.Missing = compareRows(slices.DeleteFunc(v.Rows, func(row rowView) bool {
		return !slices.Contains([]string{fieldWords["first_name"], fieldWords["last_name"], fieldWords["trn"]}, row.Field)
	}))
	for _, a := range r.Alerts {
		one := alertView{
			Category: orWord(a.Category, "Unknown type "+a.Code), Name: a.Name, Start: recordedDay(a.Start), End: recordedDay(a.End),
			Details: a.Details.Reveal(), Open: a.Open, Prohibition: a.Prohibition, Internal: a.Internal,
		}
		if a.Open {
			v.Open++
		}
		v.Alerts = append(v.Alerts, one)
	}
	slices.SortStableFunc(v.Alerts, func(a, b alertView) int { // what is in force first, of that the prohibitions, then by category
		return cmp.Or(rank(b)-rank(a), strings.Compare(a.Category, b.Category))
	})
	return v
}

func claimRows(c tra.Case) []claimRow {
	if !c.HasClaim {
		return nil
	}
	claim := c.Claim
	type field struct {
		name  tra.Field
		value string
	}
	fields := []field{{tra.FieldFirstName, claim.FirstName.Reveal()}, {tra.FieldLastName, claim.LastName.Reveal()}}
	if c.Request.Kind == tra.BarringCheck {
		fields = append(fields, field{tra.FieldTRN, claim.TRN.Reveal()})
	} else {
		fields = append(fields,
			field{tra.FieldPreviousNames, names(claim.PreviousNames)}, field{tra.FieldDateOfBirth, dayOf(claim.DateOfBirth)},
			field{tra.FieldNINO, claim.NINO.Reveal()}, field{tra.FieldTRN, claim.TRN.Reveal()}, field{tra.FieldEmail, claim.Email.Reveal()})
	}
	rows := make([]claimRow, len(fields))
	for i, f := range fields {
		rows[i] = claimRow{fieldName(string(f.name)), orWord(f.value, "Not given"), slices.Contains(c.Request.Changed, f.name)}
	}
	return rows
}

func decisionOf(d tra.Decision, r tra.Request, op tra.Operator) *decisionView {
	mine := strings.EqualFold(d.By, op.Email)
	v := &decisionView{
		Outcome: outcomeWords[d.Outcome], TRN: d.TRN.Reveal(), Reason: reasonWords(d.Reason), Note: d.Note, Why: d.Why,
		By: d.By, At: moment(d.At), Stage: stageWords[d.Stage], Mine: mine,
		ReviewedBy: d.ReviewedBy, ReviewWhy: d.ReviewWhy, Override: d.Override,
		NoTicket: r.Ticket == 0, Undo: d.Stage.Open() && (mine || op.Supervisor),
		EndedBy: d.EndedBy, EndedWhy: d.EndedWhy,
	}
	if d.Stage == tra.StageSecondReview {
		v.Review = d.ReviewFor
		v.MayReview = !mine || op.Supervisor
	} else {
		v.ReleaseAt = clock(d.ReleaseAt)
	}
	return v
}

func answerOf(a *tra.Answer) *answerView {
	if a == nil {
		return nil
	}
	return &answerView{strconv.FormatInt(a.Version, 10), outcomeWords[a.Outcome], a.TRN.Reveal(), reasonWords(a.Reason), a.Note, moment(a.AnsweredAt)}
}

func reasonWords(f tra.FailureReason) string {
	if f == "" {
		return ""
	}
	return f.Words()
}

// choicesOf lists what can be decided without picking a record.
func choicesOf(k tra.Kind) []choiceView {
	var out []choiceView
	if k == tra.BarringCheck {
		out = []choiceView{
			{string(tra.Barred), "Barred", "A prohibition from teaching is in force today. A second operator has to agree."},
			{string(tra.NotBarred), "Not barred", "No prohibition from teaching is in force today."},
		}
	}
	hints := map[tra.FailureReason]string{
		tra.NoRecord:         "The search brings nobody who can be this person.",
		tra.SeveralRecords:   "More than one person fits, and nothing tells them apart.",
		tra.DetailsDiffer:    "The record that the details lead to is somebody else’s, or contradicts them.",
		tra.NotEnoughDetails: "A National Insurance number, a TRN or earlier names are needed.",
		tra.CannotTell:       "You have looked, and it stays open.",
	}
	if k == tra.TRNValidation {
		out = append(out, choiceView{choiceAsk, "Ask the person", "One question, or one missing detail. The clock stops until they answer."})
	}
	for _, reason := range tra.FailureReasons(k) {
		out = append(out, choiceView{string(reason), reason.Words(), hints[reason]})
	}
	return out
}

// search searches the register for a case, and shows what it found on the case's page.
func (p *pages) search(w http.ResponseWriter, r *http.Request) {
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	s, q, ok := asked(r)
	if !ok {
		ErrorPage(w, r, http.StatusUnprocessableEntity)
		return
	}
	if with := r.PostFormValue("with"); with != "" {
		s.Query = searchWith(c.Claim, with)
		q.Text = person.NewText(s.Query)
	}
	status := http.StatusOK
	var errs govuk.Errors
	found, _, err := p.console.Search(r.Context(), operator(r), c.Request.ID, q)
	switch {
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.TooMany):
		status, s.Asked, errs = httpd.Status(err), false, searchErrors(err)
	case fault.Is(err, fault.Unavailable):
		s.Down = true
	case err != nil:
		p.fail(w, r, err)
		return
	}
	choose := c.Request.State.Working() && c.Decision == nil && headOf(c, operator(r)).Other == nil
	for _, f := range found {
		one := foundOf(c.Claim, f, choose)
		one.Alerts = alertsTag(operator(r), f.Record)
		s.Found = append(s.Found, one)
	}
	if len(found) == searchPage {
		s.Next = found[len(found)-1].Record.TRN.Reveal()
	}
	p.renderCase(w, r, c, status, func(v *caseView) {
		s.With = v.Search.With
		v.Search, v.errs = s, errs
	})
}

// searchPage is how many records tra gives at a time.
const searchPage = 20

func (p *pages) take(w http.ResponseWriter, r *http.Request) {
	p.moved(w, r, p.console.Take(r.Context(), operator(r), caseID(r), r.PostFormValue(takeFrom)))
}

func (p *pages) giveBack(w http.ResponseWriter, r *http.Request) {
	p.moved(w, r, p.console.GiveBack(r.Context(), operator(r), caseID(r)))
}

func (p *pages) undo(w http.ResponseWriter, r *http.Request) {
	p.moved(w, r, p.console.Undo(r.Context(), operator(r), caseID(r), revision(r)))
}

// moved leads back to the case, or tells on it what somebody else did first.
func (p *pages) moved(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case err == nil:
		backToCase(w, r)
	case fault.Is(err, fault.Conflict):
		if c, ok := p.open(w, r); ok {
			p.renderCase(w, r, c, http.StatusConflict, func(v *caseView) { v.Meanwhile = fault.SafeText(err) })
		}
	default:
		p.fail(w, r, err)
	}
}

// revision is the case's as the operator saw it. What is no number is no revision of any case.
func revision(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
