package journeys

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"traid/internal/cpd/cpdweb"
	"traid/internal/signin"
	"traid/internal/synth"
	"traid/internal/tra/traconsole"
	"traid/internal/zendesk"
)

// person is somebody who registers, in a browser of their own.
type person struct {
	*browser
	synth.Member
	reader *administrator // who reads them their mails; nil until then
}

// person lets somebody come. What they type is theirs.
func (w *world) person(m synth.Member) *person {
	w.t.Helper()
	digits := strings.ReplaceAll(m.NINO, " ", "")
	born := spoken(m.DateOfBirth)
	w.keepSecret(m.FirstName, m.LastName, m.Email, m.TRN, m.NINO, digits, m.DateOfBirth, born)
	return &person{browser: w.browser("cpd"), Member: m}
}

// confirmsEmail gives the email address and the code that is sent to it.
func (p *person) confirmsEmail() {
	p.w.t.Helper()
	p.at("/email")
	p.fill("email", p.Email)
	p.press("Continue")
	p.at("/email-code")
	if p.reader == nil {
		p.reader = p.w.administrator()
	}
	for _, m := range p.reader.mails(p.Email) {
		if m.code != "" {
			p.fill("code", m.code)
			p.press("Continue")
			return
		}
	}
	p.fatalf("no code was mailed")
}

// fillsIn answers every question, to the page of all answers.
func (p *person) fillsIn() {
	p.w.t.Helper()
	p.open("/")
	p.press("Start now")
	p.confirmsEmail()
	p.at("/name")
	p.fill("first-name", p.FirstName, "last-name", p.LastName)
	p.press("Continue")
	p.at("/changed-name")
	p.fill("changed-name", "no")
	p.press("Continue")
	p.at("/date-of-birth")
	born := strings.Split(p.DateOfBirth, "-")
	p.fill("date-of-birth-year", born[0], "date-of-birth-month", born[1], "date-of-birth-day", born[2])
	p.press("Continue")
	p.at("/trn")
	if p.TRN != "" {
		p.fill("has-trn", "yes", "trn", p.TRN)
		p.press("Continue")
	} else {
		p.fill("has-trn", "no")
		p.press("Continue")
		p.at("/without-trn")
		p.follow("Continue without a TRN")
		p.at("/national-insurance-number")
		if p.NINO != "" {
			p.fill("has-national-insurance-number", "yes", "national-insurance-number", p.NINO)
		} else {
			p.fill("has-national-insurance-number", "no")
		}
		p.press("Continue")
	}
	p.at("/check-your-answers")
	p.says("Name", p.FirstName+" "+p.LastName)
	p.says("Date of birth", spoken(p.DateOfBirth))
}

// isConfirmed registers with details that the automatic check confirms.
func (p *person) isConfirmed() {
	p.w.t.Helper()
	p.fillsIn()
	p.press("Register")
	p.at("/progress")
	p.sees("We have confirmed your details")
}

// standsBy registers with details that match nobody, and says that they are right.
func (p *person) standsBy() {
	p.w.t.Helper()
	p.fillsIn()
	p.press("Register")
	p.at("/check-your-details")
	p.sees("We could not confirm your details straight away")
	p.press("These details are right")
	p.at("/progress")
	p.sees("We are checking your details")
}

var reference = regexp.MustCompile(`CPD-\w{4}-\w{3}`)

// reference gives what the page calls the registration by.
func (p *person) reference() string {
	p.w.t.Helper()
	found := reference.FindString(p.page.text())
	if found == "" {
		p.fatalf("there is no reference")
	}
	return found
}

// signIn lets an account in, by its one-time link.
func (w *world) signIn(service, email string, roles ...string) *browser {
	w.t.Helper()
	link, err := w.app.Access(service).AddAccount(w.t.Context(), email, roles)
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser(service)
	b.open(signin.Path + "/" + link)
	b.press("Sign in")
	b.answered(http.StatusOK)
	return b
}

// administrator is one of Manage CPD.
type administrator struct{ *browser }

func (w *world) administrator() *administrator {
	w.t.Helper()
	return &administrator{w.signIn("cpd", "ada.admin@example.org", cpdweb.Administrator)}
}

// participant opens the page of somebody.
func (a *administrator) participant(email string) {
	a.w.t.Helper()
	a.open("/admin/participants")
	a.fill("search", email)
	a.press("Search")
	a.follow("CPD-")
	a.answered(http.StatusOK)
}

// polls asks the TRA now, and gives what the page says of it.
func (a *administrator) polls() string {
	a.w.t.Helper()
	a.open("/admin/waiting")
	a.press("Poll now")
	a.at("/admin/waiting")
	a.answered(http.StatusOK)
	return a.page.text()
}

// story gives what happened to the participant on the page, in order.
func (a *administrator) story() []string { return column(a.page.table("History"), 2) }

// request gives the id of the newest request of the participant on the page.
func (a *administrator) request(kind string) string {
	a.w.t.Helper()
	rows := a.page.table("Requests to the TRA")
	for _, row := range slices.Backward(rows) {
		if name, id, ok := strings.Cut(row[0], kind+" "); ok && name == "" {
			return id
		}
	}
	a.fatalf("there is no request of the kind %q", kind)
	return ""
}

// mail is a mail in the outbox.
type mail struct{ subject, text, link, code string }

// mails gives the mails to an address, newest first.
func (a *administrator) mails(to string) []mail {
	a.w.t.Helper()
	a.open("/admin/outbox")
	var out []mail
	for n := range a.page.doc.Descendants() {
		if n.DataAtom != atom.H2 || !strings.Contains(text(n.Parent), "To "+to+",") {
			continue
		}
		m := mail{subject: text(n), text: text(n.Parent)}
		for link := range n.Parent.Descendants() {
			if link.DataAtom == atom.A && strings.HasPrefix(attr(link, "href"), "http") {
				m.link = attr(link, "href")
			}
			if link.DataAtom == atom.Strong {
				m.code = text(link)
			}
		}
		out = append(out, m)
	}
	return out
}

// newestMail wants the newest mail to an address to be about this.
func (a *administrator) newestMail(to, subject string) mail {
	a.w.t.Helper()
	mails := a.mails(to)
	if len(mails) == 0 || mails[0].subject != subject {
		a.fatalf("the newest mail to %s is not %q", to, subject)
	}
	return mails[0]
}

// operator works on the TRA's console.
type operator struct{ *browser }

func (w *world) operator(email string, roles ...string) *operator {
	w.t.Helper()
	return &operator{w.signIn("tra", email, append(roles, traconsole.RoleOperator)...)}
}

// queue opens one of the queues and gives its rows: reference, name, kind, how
// long it waits, when it is due, owner, status.
func (o *operator) queue(name string) [][]string {
	o.w.t.Helper()
	o.open("/")
	if name != "Open" {
		o.follow(name)
	}
	o.answered(http.StatusOK)
	return o.page.table(name + " cases")
}

// opens opens a case.
func (o *operator) opens(id string) {
	o.w.t.Helper()
	o.open("/cases/" + id)
	o.answered(http.StatusOK)
}

// finds searches the register on the page of a case, picks the record and confirms it.
func (o *operator) finds(query, trn string) {
	o.w.t.Helper()
	o.w.keepSecret(query, trn)
	o.fill("query", query)
	o.press("Search")
	o.answered(http.StatusOK)
	o.confirms(trn)
}

// confirms picks a record on the page of a case and confirms it.
func (o *operator) confirms(trn string) {
	o.w.t.Helper()
	o.w.keepSecret(trn)
	o.press("This is the person", trn)
	o.answered(http.StatusOK)
	o.sees("Check this record before you decide", trn, "What the client will read")
	o.press("Confirm that this is the person")
	o.answered(http.StatusOK)
	o.sees("Decided. It is released at")
}

// fails fails the case on the page, with a reason and a note.
func (o *operator) fails(reason, note string) {
	o.w.t.Helper()
	o.w.keepSecret(note)
	o.fill("answer", reason)
	o.press("Continue")
	o.sees("Note for the client")
	o.fill("note", note)
	o.press("Continue")
	o.sees("Check your answer", note)
	o.press("Confirm this answer")
	o.answered(http.StatusOK)
	o.sees("Decided. It is released at")
}

// agent works inside the helpdesk, by its API and a token of their own.
type agent struct {
	*zendesk.Client
	w *world
}

func (w *world) agent(email string) *agent {
	w.t.Helper()
	token, err := w.app.Access("desk").CreateToken(w.t.Context(), email, []string{"agent"}, 365*day)
	if err != nil {
		w.t.Fatal(err)
	}
	return &agent{zendesk.New(zendesk.Options{BaseURL: w.app.URL("desk"), Token: token, HTTP: people{wires}, Now: w.clock.Now}), w}
}

// ticket gives the ticket of a request, of which there is exactly one.
func (a *agent) ticket(request string) zendesk.Ticket {
	a.w.t.Helper()
	tickets, err := a.TicketsByExternalID(a.w.t.Context(), request)
	if err != nil || len(tickets) != 1 {
		a.w.t.Fatalf("%d tickets of the request, %v; want 1", len(tickets), err)
	}
	return tickets[0]
}

// field gives a field of the account by its title.
func (a *agent) field(title string) zendesk.Field {
	a.w.t.Helper()
	fields, err := a.Fields(a.w.t.Context())
	if err != nil {
		a.w.t.Fatal(err)
	}
	for _, f := range fields {
		if f.Title == title {
			return f
		}
	}
	a.w.t.Fatalf("there is no field %q", title)
	return zendesk.Field{}
}

// carries gives what a ticket says in a field; of a choice its name.
func (a *agent) carries(t zendesk.Ticket, title string) string {
	a.w.t.Helper()
	f := a.field(title)
	value := t.Text(f.ID)
	for _, o := range f.Options {
		if o.Value == value {
			return o.Name
		}
	}
	return value
}

// solves takes a ticket, fills fields by their titles and the names of their choices, and solves it.
func (a *agent) solves(request string, titlesAndValues ...string) {
	a.w.t.Helper()
	me, err := a.Me(a.w.t.Context())
	if err != nil {
		a.w.t.Fatal(err)
	}
	u := zendesk.TicketUpdate{Status: zendesk.StatusSolved, AssigneeID: me.ID}
	for i := 0; i < len(titlesAndValues); i += 2 {
		f, value := a.field(titlesAndValues[i]), titlesAndValues[i+1]
		if len(f.Options) == 0 {
			a.w.keepSecret(value)
		}
		for _, o := range f.Options {
			if o.Name == value {
				value = o.Value
			}
		}
		u.Fields = append(u.Fields, zendesk.FieldValue{ID: f.ID, Value: value})
	}
	if _, err := a.UpdateTicket(a.w.t.Context(), a.ticket(request).ID, u); err != nil {
		a.w.t.Fatal(err)
	}
}

// lastWord gives the newest comment on a ticket.
func (a *agent) lastWord(t zendesk.Ticket) zendesk.Comment {
	a.w.t.Helper()
	comments, err := a.Comments(a.w.t.Context(), t.ID)
	if err != nil || len(comments) == 0 {
		a.w.t.Fatalf("%d comments, %v", len(comments), err)
	}
	return comments[len(comments)-1]
}

func column(rows [][]string, n int) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row[n]
	}
	return out
}

// referenceIn gives that of a case in a row of the queue, which says its kind below it.
func referenceIn(row []string) string {
	ref, _, _ := strings.Cut(row[0], " ")
	return ref
}
