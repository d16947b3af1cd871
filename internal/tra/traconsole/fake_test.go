package traconsole_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/tra/traconsole"
)

var (
	_ traconsole.Console = (*tra.Service)(nil)
	_ traconsole.Console = (*fake)(nil)
)

// noon is when these tests play: a Wednesday in London.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const releaseAfter = 5 * time.Minute

// fake is the console's use cases in memory, with the rules that its pages tell of.
type fake struct {
	mu         sync.Mutex
	now        time.Time
	cases      map[tra.RequestID]*tra.Case
	records    map[string]tra.Record
	candidates []tra.Candidate
	down       bool          // the register does not answer
	sameTRN    []tra.Request // that another request holds the TRN that is checked
	next       string        // of the queue's page
	filters    []tra.QueueFilter
	given      []string // who gave cases to whom
	clients    []tra.Client
	searched   []string
	queries    []tra.Query
	decided    []tra.Deciding
	asked      []time.Time // of who took the next case
	broken     error       // what every call gives, when set
	away       bool        // the helpdesk is not reached
	reached    time.Time   // when it was last
	saved      []tra.SavedForm
	threads    map[tra.RequestID][]tra.Comment
	templates  []tra.Template
	purposes   []string // of searches without a case
	tooMany    bool     // searches
	figures    tra.Figures
}

func name(t testing.TB, s string) person.Name {
	t.Helper()
	n, err := person.ParseName(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return n
}

func trn(t testing.TB, s string) person.TRN {
	t.Helper()
	v, err := person.NewTRN(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return v
}

func date(t testing.TB, s string) person.Date {
	t.Helper()
	d, err := person.ParseDate(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return d
}

// The requests of the sample.
const (
	trnCase     = tra.RequestID("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0001")
	barringCase = tra.RequestID("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0002")
	answered    = tra.RequestID("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0003")
	deleted     = tra.RequestID("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0004")
	earlier     = tra.RequestID("0e9d3a52-6a0f-4c55-9b1e-5f0f5b8c0005")
)

// sample is a small register and a few cases.
func sample(t testing.TB) *fake {
	t.Helper()
	nino, err := person.ParseNINO("QQ 12 34 56 C")
	if err != nil {
		t.Fatal(err)
	}
	email, err := person.ParseEmail("liz.marsh@example.org")
	if err != nil {
		t.Fatal(err)
	}
	claim := tra.Claim{
		FirstName: name(t, "Liz"), LastName: name(t, "Marsh"), PreviousNames: []person.FullName{{First: name(t, "Elizabeth"), Last: name(t, "Okoro")}},
		DateOfBirth: date(t, "1984-02-17"), NINO: nino, Email: email,
	}
	likely := tra.Record{
		TRN: trn(t, "8400123"), Active: true, FirstName: name(t, "Elizabeth"), MiddleName: name(t, "Mary"), LastName: name(t, "Okoro"),
		PreviousNames: []person.FullName{{Last: name(t, "Thompson")}}, DateOfBirth: date(t, "1984-02-17"), NINOs: []person.Text{person.NewText("QQ123456C")},
		QTSDate: date(t, "2006-07-01"),
	}
	other := tra.Record{TRN: trn(t, "9911999"), Active: true, FirstName: name(t, "Lizzie"), LastName: name(t, "Marsh"), DateOfBirth: date(t, "1984-03-17")}
	retired := tra.Record{TRN: trn(t, "7012345"), FirstName: name(t, "Liz"), LastName: name(t, "Marsh"), DateOfBirth: date(t, "1931-01-01")}
	barred := tra.Record{
		TRN: trn(t, "5550001"), Active: true, FirstName: name(t, "Joan"), LastName: name(t, "Hale"), DateOfBirth: date(t, "1970-05-05"),
		Alerts: []tra.Alert{
			{Code: "T1", Category: "Prohibition from teaching", Name: "Prohibition by the Secretary of State - misconduct", Prohibition: true, Start: "2019-05-01", Details: person.NewText("Panel of April 2019"), Open: true},
			{Code: "C2", Category: "Failed induction", Name: "Failed induction", Start: "1999-09-01", End: "2001-09-01"},
		},
	}
	text := person.NewText
	f := &fake{
		now: noon, cases: map[tra.RequestID]*tra.Case{}, records: map[string]tra.Record{},
		candidates: []tra.Candidate{
			{Record: likely, Bits: 21.4, Probability: 1, Evidence: []tra.Evidence{
				{Field: "national_insurance_number", Level: "equal", Bits: 19.9, Claimed: text("QQ123456C"), Recorded: text("QQ123456C")},
				{Field: "date_of_birth", Level: "equal", Bits: 15.2, Claimed: text("1984-02-17"), Recorded: text("1984-02-17")},
				{Field: "last_name", Level: "different_renamed", Bits: -4, Claimed: text("Marsh"), Recorded: text("Okoro")},
				{Field: "first_name", Level: "variant", Bits: 3.9, Claimed: text("Liz"), Recorded: text("Elizabeth")},
			}},
			{Record: other, Bits: -2.6, Probability: .004, Evidence: []tra.Evidence{
				{Field: "last_name", Level: "equal", Bits: 9.1, Claimed: text("Marsh"), Recorded: text("Marsh")},
				{Field: "date_of_birth", Level: "one_edit", Bits: 1.7, Claimed: text("1984-02-17"), Recorded: text("1984-03-17")},
			}},
		},
	}
	for _, r := range []tra.Record{likely, other, retired, barred} {
		f.records[r.TRN.Reveal()] = r
	}
	add := func(r tra.Request, c tra.Claim) *tra.Case {
		r.Client, r.Ticket, r.Revision = "manage-cpd", 41, 7
		if r.QueuedAt.IsZero() {
			r.QueuedAt = r.SubmittedAt
		}
		one := &tra.Case{
			Request: r, Claim: c, HasClaim: !c.FirstName.IsZero(),
			History: []tra.Event{{At: r.SubmittedAt, Request: r.ID, Who: "manage-cpd", What: tra.WasReceived}, {At: r.SubmittedAt.Add(time.Second), Request: r.ID, Who: "traid", What: tra.TicketCreated}},
		}
		f.cases[r.ID] = one
		return one
	}
	f.templates = []tra.Template{
		{ID: "text-0", Kind: tra.TRNValidation, Purpose: tra.Purpose(tra.NoRecord), Name: "No record", Text: "We found no record with these details. Ask the person to check their names."},
		{ID: "text-1", Kind: tra.TRNValidation, Purpose: tra.Purpose(tra.NoRecord), Name: "May have trained elsewhere", Text: "We found no record with these details. Ask them [where they trained]."},
		{ID: "text-2", Kind: tra.TRNValidation, Purpose: tra.Purpose(tra.CannotTell), Name: "Cannot tell", Text: "We cannot tell which record is this person's. Ask the person to check every detail."},
		{ID: "ask-0", Kind: tra.TRNValidation, Purpose: tra.PurposeQuestion, Name: "Earlier names", Text: "Have you had other names, for example when you trained? If so, which?"},
		{ID: "text-3", Kind: tra.BarringCheck, Purpose: tra.Purpose(tra.CannotTell), Name: "Cannot tell", Text: "We cannot tell from the record. Contact the TRA about this check."},
	}
	f.threads = map[tra.RequestID][]tra.Comment{trnCase: {
		{ID: "1", Ours: true, Text: "TRN validation. Answer by Tuesday.\n\nThe case: https://console.example/cases/1", At: noon.AddDate(0, 0, -3)},
		{ID: "2", Agent: "7", Text: "The school says that she married in spring.", At: noon.Add(-2 * time.Hour)},
	}}
	old := tra.Request{ID: earlier, Kind: tra.TRNValidation, Reference: "TRA-0LD0-NE2", State: tra.Withdrawn}
	one := add(tra.Request{
		ID: trnCase, Kind: tra.TRNValidation, Reference: "TRA-7KM4-T3X", State: tra.WithOperator, SubmittedAt: noon.AddDate(0, 0, -3), QueuedAt: noon.AddDate(0, 0, -9),
		ExpectedBy: noon.AddDate(0, 0, -1), Check: tra.CheckFirstNameDiffers, Replaces: earlier, Changed: []tra.Field{tra.FieldDateOfBirth},
	}, claim)
	one.Replaced = &old
	one.Flags = []tra.Flagged{
		{Flag: tra.AnswerUnreadable, Reason: "The ticket was solved without an answer. Decide on this page.", Since: noon.Add(-time.Hour)},
		{Flag: tra.Overdue, Reason: "The person was promised an answer by now.", Since: noon.AddDate(0, 0, -1)},
	}
	add(tra.Request{ID: barringCase, Kind: tra.BarringCheck, Reference: "TRA-B4R1-2CK", State: tra.WithOperator, SubmittedAt: noon.Add(-3 * time.Hour), ExpectedBy: noon.AddDate(0, 0, 6), Owner: "bar@example.org", HeldSince: noon.Add(-time.Hour), HeldUntil: noon.Add(10 * time.Minute)},
		tra.Claim{FirstName: name(t, "Joan"), LastName: name(t, "Hale"), TRN: trn(t, "5550001")})
	done := add(tra.Request{ID: answered, Kind: tra.TRNValidation, Reference: "TRA-D0NE-999", State: tra.Answered, SubmittedAt: noon.AddDate(0, 0, -5), Version: 1}, claim)
	done.Answer = &tra.Answer{Request: answered, Version: 1, Outcome: tra.TRNFound, TRN: trn(t, "8400123"), AnsweredAt: noon.AddDate(0, 0, -2)}
	gone := add(tra.Request{ID: deleted, Kind: tra.TRNValidation, Reference: "TRA-G0NE-777", State: tra.Answered, SubmittedAt: noon.AddDate(0, 0, -95), ForgottenAt: noon, Version: 1}, tra.Claim{})
	gone.Request.Ticket = 0
	gone.Answer = &tra.Answer{Request: deleted, Version: 1, Outcome: tra.TRNFound, AnsweredAt: noon.AddDate(0, 0, -90)}
	gone.History = []tra.Event{
		{At: noon.AddDate(0, 0, -95), Who: "manage-cpd", What: tra.WasReceived},
		{At: noon.AddDate(0, 0, -90), What: tra.DecisionMade},
		{At: noon, Who: "traid", What: tra.WasForgotten},
	}
	return f
}

func (f *fake) open(op tra.Operator, id tra.RequestID) (*tra.Case, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	c, ok := f.cases[id]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such request.")
	}
	if c.Request.Kind == tra.BarringCheck && !op.Barring {
		return nil, fault.New(fault.Forbidden, "You may not see barring checks. Ask an administrator for the role.")
	}
	return c, nil
}

func (f *fake) register() error {
	if f.down {
		return fault.New(fault.Unavailable, "The register does not answer.")
	}
	return nil
}

func (f *fake) Queue(_ context.Context, op tra.Operator, q tra.QueueFilter) (tra.QueuePage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return tra.QueuePage{}, f.broken
	}
	f.filters = append(f.filters, q)
	in := func(c *tra.Case, q tra.Queue) bool {
		r, waits := c.Request, (c.Request.State == tra.Received || c.Request.State == tra.WithOperator) && c.Decision == nil
		return map[tra.Queue]bool{
			tra.QueueOpen: waits, tra.QueueUnassigned: waits && r.Owner == "", tra.QueueMine: waits && r.Owner == op.Email,
			tra.QueueSoon: waits && !r.ExpectedBy.Before(f.now) && r.ExpectedBy.Before(f.now.AddDate(0, 0, 2)), tra.QueueOverdue: waits && r.ExpectedBy.Before(f.now), tra.QueueReview: r.State == tra.InSecondReview, tra.QueueAsked: r.State == tra.WaitingForPerson, tra.QueueAttention: len(c.Flags) > 0,
			tra.QueueDeciding: c.Decision != nil, tra.QueueToday: r.State == tra.Answered && c.Answer != nil && c.Answer.AnsweredAt.After(f.now.Add(-12*time.Hour)), tra.QueueAnswered: r.State == tra.Answered, tra.QueueAny: true,
		}[q]
	}
	out := tra.QueuePage{Clients: f.clients, Counts: map[tra.Queue]int{}, Next: f.next, HelpdeskAway: f.away, HelpdeskAt: f.reached}
	for _, saved := range f.saved {
		if saved.Operator == op.Email {
			out.Saved = append(out.Saved, saved)
		}
	}
	for _, c := range f.cases {
		if c.Request.Kind == tra.BarringCheck && !op.Barring {
			continue
		}
		for _, queue := range tra.Queues() {
			if in(c, queue) && (q.Check == tra.CheckNone || q.Check == c.Request.Check) {
				out.Counts[queue]++
			}
		}
		if in(c, q.Queue) && (q.Check == tra.CheckNone || q.Check == c.Request.Check) && (q.Kind == "" || q.Kind == c.Request.Kind) && strings.Contains(string(c.Request.Reference), strings.ToUpper(q.Query)) {
			out.Rows = append(out.Rows, tra.QueueRow{Request: c.Request, Name: person.FullName{First: c.Claim.FirstName, Last: c.Claim.LastName}, Flags: c.Flags, Decision: c.Decision})
		}
	}
	slices.SortFunc(out.Rows, func(a, b tra.QueueRow) int { return a.QueuedAt.Compare(b.QueuedAt) })
	return out, nil
}

func (f *fake) Case(_ context.Context, op tra.Operator, id tra.RequestID) (tra.Case, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err != nil {
		return tra.Case{}, err
	}
	out := *c
	for _, saved := range f.saved {
		if saved.Request == id && saved.Operator == op.Email {
			if saved.Revision != c.Request.Revision {
				saved.Changed = fault.SafeText(f.unchanged(c, saved.Revision))
			}
			out.Saved = &saved
		}
	}
	return out, nil
}

func (f *fake) Candidates(_ context.Context, op tra.Operator, id tra.RequestID) ([]tra.Candidate, time.Time, error) {
	if _, err := f.open(op, id); err != nil {
		return nil, time.Time{}, err
	}
	if err := f.register(); err != nil {
		return nil, time.Time{}, err
	}
	return f.candidates, noon.Add(-6 * time.Hour), nil
}

func (f *fake) Search(_ context.Context, op tra.Operator, id tra.RequestID, q tra.Query) ([]tra.Found, time.Time, error) {
	if _, err := f.open(op, id); err != nil {
		return nil, time.Time{}, err
	}
	if q.Text.Reveal() == "" {
		return nil, time.Time{}, fault.InvalidFields(fault.Field{Pointer: "/query", Reason: "blank"})
	}
	if q.Born < 0 {
		return nil, time.Time{}, fault.InvalidFields(fault.Field{Pointer: "/born", Reason: "not_a_year"})
	}
	if err := f.register(); err != nil {
		return nil, time.Time{}, err
	}
	f.searched = append(f.searched, q.Text.Reveal()+" after "+q.After.Reveal())
	f.queries = append(f.queries, q)
	return f.find(q.Text), noon, nil
}

func (f *fake) find(query person.Text) []tra.Found {
	var out []tra.Found
	for _, r := range f.records {
		if strings.Contains(strings.ToLower(query.Reveal()), strings.ToLower(r.LastName.Reveal())) {
			out = append(out, tra.Found{Record: r, FoundBy: []string{"last_name", "first_name_begins"}})
		}
	}
	slices.SortFunc(out, func(a, b tra.Found) int { return strings.Compare(a.Record.TRN.Reveal(), b.Record.TRN.Reveal()) })
	return out
}

func (f *fake) SearchFor(_ context.Context, _ tra.Operator, purpose string, q tra.Query) ([]tra.Found, time.Time, error) {
	var wrong []fault.Field
	switch {
	case purpose == "":
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "blank"})
	case person.HasPersonalNumber(purpose):
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "personal_number"})
	}
	if q.Text.Reveal() == "" {
		wrong = append(wrong, fault.Field{Pointer: "/query", Reason: "blank"})
	}
	switch {
	case len(wrong) > 0:
		return nil, time.Time{}, fault.InvalidFields(wrong...)
	case f.tooMany:
		return nil, time.Time{}, fault.New(fault.TooMany, "You have searched the register 120 times within an hour. Wait a few minutes, then search again.")
	}
	if err := f.register(); err != nil {
		return nil, time.Time{}, err
	}
	f.purposes = append(f.purposes, purpose)
	return f.find(q.Text), noon, nil
}

func (f *fake) Figures(_ context.Context, op tra.Operator, filter tra.FigureFilter) (tra.Figures, error) {
	if !op.Supervisor {
		return tra.Figures{}, fault.New(fault.Forbidden, "Figures are for supervisors.")
	}
	out := f.figures
	out.From, out.To, out.Weekly = f.now.AddDate(0, 0, 1-filter.Days), f.now, filter.Days > 35
	return out, f.broken
}

func (f *fake) Ask(_ context.Context, op tra.Operator, id tra.RequestID, in tra.Asking) error {
	if wrong := in.Check(); len(wrong) > 0 {
		return fault.InvalidFields(wrong...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err == nil {
		err = f.unchanged(c, in.Revision)
	}
	if err != nil {
		return err
	}
	c.Questions = append(c.Questions, tra.Question{
		Request: id, Number: int64(len(c.Questions)) + 1, Text: in.Text, AsksFor: in.AsksFor, AskedBy: op.Email, AskedAt: f.now,
		EndsAt: f.now.AddDate(0, 0, 21), State: tra.QuestionOpen,
	})
	c.Request.State = tra.WaitingForPerson
	c.Request.Revision++
	f.releaseHold(c)
	return nil
}

func (f *fake) Reassign(_ context.Context, op tra.Operator, cases []tra.Seen, to tra.Operator) (given int, left []tra.LeftAlone, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, nil, f.broken
	}
	for _, seen := range cases {
		c := f.cases[seen.ID]
		switch {
		case c.Request.Owner != seen.Owner:
			left = append(left, tra.LeftAlone{ID: seen.ID, Reference: c.Request.Reference, Why: c.Request.Owner + " has it now."})
		case to.Email == "":
			f.releaseHold(c)
			given++
		default:
			f.hold(c, to)
			given++
		}
	}
	f.given = append(f.given, op.Email+" to "+to.Email)
	return given, left, nil
}

func (f *fake) releaseHold(c *tra.Case) {
	c.Request.Owner, c.Request.HeldSince, c.Request.HeldUntil = "", time.Time{}, time.Time{}
}

func (f *fake) TakeQuestionBack(_ context.Context, op tra.Operator, id tra.RequestID, revision int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err == nil {
		err = f.unchanged(c, revision)
	}
	if err != nil {
		return err
	}
	f.endQuestion(c, tra.QuestionWithdrawn, "")
	f.hold(c, op)
	return nil
}

// endQuestion ends the newest question of a case.
func (f *fake) endQuestion(c *tra.Case, state tra.QuestionState, reply string) {
	q := &c.Questions[len(c.Questions)-1]
	q.State, q.EndedAt, q.Reply = state, f.now, person.NewText(reply)
	c.Request.State = tra.WithOperator
	c.Request.Revision++
}

func (f *fake) Templates(_ context.Context, k tra.Kind, p tra.Purpose) ([]tra.Template, error) {
	var out []tra.Template
	for _, t := range f.templates {
		if k == "" || t.Kind == k && t.Purpose == p {
			out = append(out, t)
		}
	}
	return out, f.broken
}

func (f *fake) SaveTemplate(_ context.Context, op tra.Operator, t tra.Template) error {
	var wrong []fault.Field
	switch {
	case t.Name == "":
		wrong = append(wrong, fault.Field{Pointer: "/name", Reason: "blank"})
	case t.ID == "" && t.Purpose == "":
		wrong = append(wrong, fault.Field{Pointer: "/purpose", Reason: "not_for_this_kind"})
	}
	if person.HasPersonalNumber(t.Text) {
		wrong = append(wrong, fault.Field{Pointer: "/text", Reason: "personal_number"})
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong...)
	}
	t.ChangedBy, t.ChangedAt = op.Email, f.now
	for i, old := range f.templates {
		if old.ID == t.ID {
			t.Kind, t.Purpose = old.Kind, old.Purpose
			f.templates[i] = t
			return nil
		}
	}
	t.ID = tra.TemplateID(fmt.Sprint("text-", len(f.templates)))
	f.templates = append(f.templates, t)
	return nil
}

func (f *fake) DropTemplate(_ context.Context, _ tra.Operator, id tra.TemplateID) error {
	f.templates = slices.DeleteFunc(f.templates, func(t tra.Template) bool { return t.ID == id })
	return nil
}

func (f *fake) Thread(_ context.Context, op tra.Operator, id tra.RequestID) ([]tra.Comment, error) {
	if _, err := f.open(op, id); err != nil {
		return nil, err
	}
	if f.away {
		return nil, fault.New(fault.Unavailable, "The helpdesk does not answer.")
	}
	return f.threads[id], nil
}

func (f *fake) BarringRecord(_ context.Context, op tra.Operator, id tra.RequestID) (tra.Record, time.Time, error) {
	c, err := f.open(op, id)
	if err != nil {
		return tra.Record{}, time.Time{}, err
	}
	if err := f.register(); err != nil {
		return tra.Record{}, time.Time{}, err
	}
	r, ok := f.records[c.Claim.TRN.Reveal()]
	if !ok {
		return tra.Record{}, time.Time{}, fault.New(fault.NotFound, "No record has this TRN.")
	}
	return r, noon, nil
}

func (f *fake) CheckOutcome(_ context.Context, op tra.Operator, id tra.RequestID, o tra.Outcome) (tra.Checked, error) {
	c, err := f.open(op, id)
	if err == nil {
		err = f.register()
	}
	if err != nil {
		return tra.Checked{}, err
	}
	out := tra.Checked{Record: f.records[c.Claim.TRN.Reveal()], AsAt: noon}
	switch {
	case o == tra.Barred:
		out.Review = "Barred always needs a second operator."
	case slices.ContainsFunc(out.Record.Alerts, func(a tra.Alert) bool { return a.Open && a.Prohibition }):
		out.Review = "A prohibition or a DBS match is open on the record."
	}
	return out, nil
}

func (f *fake) Check(_ context.Context, op tra.Operator, id tra.RequestID, picked person.TRN) (tra.Checked, error) {
	c, err := f.open(op, id)
	if err != nil {
		return tra.Checked{}, err
	}
	if err := f.register(); err != nil {
		return tra.Checked{}, err
	}
	r, ok := f.records[picked.Reveal()]
	if !ok {
		return tra.Checked{}, fault.New(fault.NotFound, "No record has this TRN.")
	}
	out := tra.Checked{Record: r, SameTRN: f.sameTRN, AsAt: noon}
	for _, candidate := range f.candidates {
		if candidate.Record.TRN == picked {
			out.Evidence = candidate.Evidence
		}
	}
	add := func(field tra.Field, claimed, recorded string, same bool) {
		d := tra.Difference{Field: field, Agreement: tra.Differs, Claimed: person.NewText(claimed), Recorded: person.NewText(recorded)}
		switch {
		case claimed == "" || recorded == "":
			d.Agreement = tra.Missing
		case same:
			d.Agreement = tra.Agrees
		}
		out.Fields = append(out.Fields, d)
	}
	add(tra.FieldFirstName, c.Claim.FirstName.Reveal(), r.FirstName.Reveal(), c.Claim.FirstName.Reveal()[0] == r.FirstName.Reveal()[0])
	add(tra.FieldLastName, c.Claim.LastName.Reveal(), r.LastName.Reveal(), c.Claim.LastName == r.LastName)
	add(tra.FieldDateOfBirth, c.Claim.DateOfBirth.Reveal(), r.DateOfBirth.Reveal(), c.Claim.DateOfBirth == r.DateOfBirth)
	add(tra.FieldTRN, c.Claim.TRN.Reveal(), r.TRN.Reveal(), c.Claim.TRN == r.TRN)
	if !r.Active {
		out.Refused = "The record is not active."
	}
	if c.Claim.DateOfBirth != r.DateOfBirth {
		out.Accepts = []tra.Field{tra.FieldDateOfBirth}
		out.Review = "The record does not agree with the claim in the date of birth."
	}
	return out, nil
}

func (f *fake) Decide(ctx context.Context, op tra.Operator, id tra.RequestID, in tra.Deciding) (tra.Decision, error) {
	review := ""
	if in.Outcome == tra.TRNFound {
		checked, err := f.Check(ctx, op, id, in.TRN)
		if err != nil {
			return tra.Decision{}, err
		}
		if len(checked.Accepts) > 0 && in.Why == "" {
			return tra.Decision{}, fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
		}
		review = checked.Review
	}
	if in.Outcome == tra.Barred {
		review = "Barred always needs a second operator."
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err != nil {
		return tra.Decision{}, err
	}
	if c.Request.Kind == tra.BarringCheck && f.down {
		return tra.Decision{}, f.register()
	}
	for pointer, text := range map[string]string{"/note": in.Note, "/why": in.Why} {
		if person.HasPersonalNumber(text) {
			return tra.Decision{}, fault.InvalidFields(fault.Field{Pointer: pointer, Reason: "personal_number"})
		}
	}
	if owner := c.Request.Owner; c.Decision == nil && owner != "" && owner != op.Email {
		return tra.Decision{}, f.held(c)
	}
	if d := c.Decision; d != nil && d.By == op.Email && d.Outcome == in.Outcome && d.TRN == in.TRN && d.Note == in.Note {
		return *d, nil
	}
	if err := f.unchanged(c, in.Revision); err != nil {
		return tra.Decision{}, err
	}
	f.decided = append(f.decided, in)
	d := tra.Decision{
		ID: "d1", Request: id, Outcome: in.Outcome, TRN: in.TRN, Reason: in.Reason, Note: in.Note, Why: in.Why, By: op.Email, Via: tra.ViaConsole, At: f.now,
		Stage: tra.StageOnTicket, ReleaseAt: f.now.Add(releaseAfter), ReviewFor: review,
	}
	if review != "" {
		d.Stage, c.Request.State = tra.StageSecondReview, tra.InSecondReview
	}
	c.Decision, c.Decisions = &d, append(c.Decisions, d)
	c.Request.Revision++
	return d, nil
}

func (f *fake) unchanged(c *tra.Case, revision int64) error {
	if c.Request.Revision == revision {
		return nil
	}
	text := "This case has changed since you opened it."
	if d := c.Decision; d != nil {
		text = fmt.Sprintf("%s decided this case at %s: %s.", d.By, d.At.Format("15:04 on 2 January"), d.Outcome.Words())
	}
	return fault.New(fault.Conflict, text+" What you entered has not been used.")
}

// end takes the open decision away.
func (f *fake) end(c *tra.Case, stage tra.Stage, by, why string) {
	d := *c.Decision
	d.Stage, d.EndedBy, d.EndedWhy = stage, by, why
	c.Decisions[len(c.Decisions)-1] = d
	c.Decision, c.Request.State = nil, tra.WithOperator
	c.Request.Revision++
}

func (f *fake) Undo(_ context.Context, op tra.Operator, id tra.RequestID, revision int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err != nil {
		return err
	}
	if c.Decision == nil {
		return fault.New(fault.Conflict, "The answer has been released. Open the case again to give another one.")
	}
	if err := f.unchanged(c, revision); err != nil {
		return err
	}
	f.end(c, tra.StageUndone, op.Email, "")
	return nil
}

func (f *fake) Review(_ context.Context, op tra.Operator, id tra.RequestID, in tra.Reviewing) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	switch {
	case err != nil:
		return err
	case in.Why == "" && (!in.Agree || in.Override):
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
	case c.Decision == nil || c.Request.Revision != in.Revision:
		return fault.New(fault.Conflict, "second@example.org has reviewed this case. What you entered has not been used.")
	case c.Decision.By == op.Email && !in.Override, in.Override && !op.Supervisor:
		return fault.New(fault.Forbidden, "Another operator has to review your decision.")
	case !in.Agree:
		f.end(c, tra.StageSentBack, op.Email, in.Why)
		return nil
	}
	c.Decision.Stage, c.Decision.ReviewedBy, c.Decision.ReviewWhy, c.Decision.Override = tra.StageOnTicket, op.Email, in.Why, in.Override
	c.Decision.ReleaseAt, c.Request.State = f.now.Add(releaseAfter), tra.WithOperator
	c.Request.Revision++
	return nil
}

func (f *fake) Reopen(_ context.Context, op tra.Operator, id tra.RequestID, revision int64, why string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	switch {
	case err != nil:
		return err
	case why == "":
		return fault.InvalidFields(fault.Field{Pointer: "/why", Reason: "blank"})
	}
	if err := f.unchanged(c, revision); err != nil {
		return err
	}
	c.Request.State = tra.WithOperator
	c.Request.Revision++
	return nil
}

func (f *fake) SaveForm(_ context.Context, op tra.Operator, saved tra.SavedForm) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, saved.Request)
	if err != nil {
		return err
	}
	saved.Operator, saved.At, saved.Reference = op.Email, f.now, c.Request.Reference
	f.forget(op, saved.Request)
	f.saved = append(f.saved, saved)
	return nil
}

func (f *fake) DropForm(_ context.Context, op tra.Operator, id tra.RequestID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.open(op, id); err != nil {
		return err
	}
	f.forget(op, id)
	return nil
}

func (f *fake) forget(op tra.Operator, id tra.RequestID) {
	f.saved = slices.DeleteFunc(f.saved, func(s tra.SavedForm) bool { return s.Request == id && s.Operator == op.Email })
}

func (f *fake) Take(_ context.Context, op tra.Operator, id tra.RequestID, from string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err != nil {
		return err
	}
	if owner := c.Request.Owner; owner != "" && owner != op.Email && owner != from {
		return f.held(c)
	}
	f.hold(c, op)
	return nil
}

func (f *fake) hold(c *tra.Case, op tra.Operator) {
	c.Request.Owner, c.Request.HeldSince, c.Request.HeldUntil = op.Email, f.now, f.now.Add(20*time.Minute)
}

// nobody shows a page while every case is held.
func (f *fake) nobody(show func() *page) *page {
	f.hold(f.cases[trnCase], tra.Operator{Email: "late@example.org"})
	defer f.free(trnCase)
	return show()
}

// free makes a case nobody's.
func (f *fake) free(id tra.RequestID) {
	r := &f.cases[id].Request
	r.Owner, r.HeldSince, r.HeldUntil = "", time.Time{}, time.Time{}
}

func (f *fake) held(c *tra.Case) error {
	return fault.New(fault.Conflict, c.Request.Owner+" took this case and is working at it.")
}

func (f *fake) Hold(_ context.Context, op tra.Operator, id tra.RequestID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err == nil && c.Request.Owner == "" {
		f.hold(c, op)
	}
	return err
}

func (f *fake) TakeNext(_ context.Context, op tra.Operator, asked time.Time) (tra.RequestID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, asked)
	for _, id := range []tra.RequestID{trnCase, barringCase} {
		if c := f.cases[id]; c.Request.Owner == "" && c.Decision == nil && (op.Barring || c.Request.Kind != tra.BarringCheck) {
			f.hold(c, op)
			return id, nil
		}
	}
	return "", fault.New(fault.NotFound, "Nobody is waiting: every open case has an operator.")
}

func (f *fake) GiveBack(_ context.Context, op tra.Operator, id tra.RequestID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.open(op, id)
	if err == nil {
		c.Request.Owner = ""
	}
	return err
}
