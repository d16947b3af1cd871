package traconsole_test

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"traid/internal/access"
	"traid/internal/govuk/govuktest"
	"traid/internal/httpd"
	"traid/internal/signin"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra/traconsole"
)

// console is the pages over HTTP, in front of the fake.
type console struct {
	*fake
	db       *sqldb.DB
	accounts *access.Store
	url      string
	album    *govuktest.Album // nil: nobody looks at the pages
}

func start(t *testing.T) *console {
	t.Helper()
	c := &console{fake: sample(t), db: sqldbtest.OpenSQLite(t, "test", access.Migrations)}
	c.accounts = access.New(c.db, time.Now)
	sessions := access.NewSessions(c.accounts, "tra", false)
	gate := signin.New(signin.Options{
		Accounts: c.accounts, Sessions: sessions, Home: "/", Command: "traid operator add EMAIL --roles operator --service tra",
		Page: traconsole.Page, ErrorPage: traconsole.ErrorPage, Keep: traconsole.KeepForm(c.fake), Key: []byte("a key for tests"),
	})
	mux := http.NewServeMux()
	gate.Mount(mux)
	traconsole.Mount(mux, c.fake, gate, traconsole.Options{Cookie: sessions.Cookie.Name, Now: func() time.Time { return c.now }, Sessions: sessions, Accounts: c.accounts.Accounts})
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "tra", Wrap: access.LoadAndSave(sessions), ErrorPage: traconsole.ErrorPage})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(site)
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

// browser is somebody who is signed in. It follows redirects by hand and keeps every address it was at.
type browser struct {
	t       *testing.T
	c       *console
	http    *http.Client
	visited []string
}

func (c *console) signIn(t *testing.T, email string, roles ...string) *browser {
	t.Helper()
	link, err := c.accounts.AddAccount(t.Context(), email, roles)
	if err != nil {
		t.Fatal(err)
	}
	b := c.stranger(t)
	b.post("/sign-in/"+link, nil).is(http.StatusSeeOther)
	return b
}

// enter signs somebody in to a browser that somebody may have used before.
func (b *browser) enter(email string, roles ...string) *page {
	b.t.Helper()
	link, err := b.c.accounts.AddAccount(b.t.Context(), email, roles)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post("/sign-in/"+link, nil).is(http.StatusSeeOther)
}

// endSessions ends everybody's sessions, as idling does.
func (c *console) endSessions(t *testing.T) {
	t.Helper()
	err := c.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET expires_at = $1`, sqldb.Time(time.Now()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *console) stranger(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, c: c, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is an answer.
type page struct {
	t      *testing.T
	b      *browser
	asked  string
	status int
	to     string // where it redirects to
	header http.Header
	raw    string
	doc    *html.Node
}

func (b *browser) do(method, path string, form url.Values) *page {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.c.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	b.visited = append(b.visited, path)
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(raw)))
	if err != nil {
		b.t.Fatal(err)
	}
	p := &page{t: b.t, b: b, asked: method + " " + path, status: resp.StatusCode, to: resp.Header.Get("Location"), header: resp.Header, raw: string(raw), doc: doc}
	if p.to != "" {
		b.visited = append(b.visited, p.to)
	}
	if b.c.album != nil {
		b.c.album.Saw(p.answer())
	}
	for n := range doc.Descendants() { // whatever can be followed from here
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "action" || a.Key == "src" || a.Key == "formaction" {
				b.visited = append(b.visited, a.Val)
			}
		}
		if n.DataAtom == atom.Form && attr(n, "method") != "post" {
			for field := range n.Descendants() { // codes can stand in an address, what is typed cannot
				if typed := field.DataAtom == atom.Textarea || field.DataAtom == atom.Input && attr(field, "type") != "hidden"; typed || attr(n, "action") != "/" {
					b.t.Errorf("%s: a form is not posted", p.asked)
				}
			}
		}
	}
	return p
}

func (p *page) answer() govuktest.Answer {
	method, path, _ := strings.Cut(p.asked, " ")
	return govuktest.Answer{Method: method, Path: path, Status: p.status, Header: p.header, Body: p.raw}
}

func (b *browser) get(path string) *page { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, form url.Values) *page {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.do(http.MethodPost, path, form)
}

func (p *page) is(status int) *page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: got %d, want %d: %s", p.asked, p.status, status, p.text())
	}
	return p
}

// follow goes where the answer leads to, which has to be want.
func (p *page) follow(want string) *page {
	p.t.Helper()
	p.is(http.StatusSeeOther)
	if p.to != want {
		p.t.Fatalf("%s: leads to %q, want %q", p.asked, p.to, want)
	}
	return p.b.get(p.to)
}

// text is what a reader reads of the page's main part.
func (p *page) text() string {
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Main {
			return textOf(n)
		}
	}
	return textOf(p.doc)
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.DataAtom != atom.Script {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (p *page) says(parts ...string) *page {
	p.t.Helper()
	text := p.text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			p.t.Errorf("%s does not say %q: %s", p.asked, part, text)
		}
	}
	return p
}

func (p *page) saysNot(parts ...string) *page {
	p.t.Helper()
	text := p.text()
	for _, part := range parts {
		if strings.Contains(text, part) {
			p.t.Errorf("%s says %q: %s", p.asked, part, text)
		}
	}
	return p
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// form gives the values of the form with the button as a browser would send
// them, with what the test adds.
func (p *page) form(action, button string, more url.Values) (string, url.Values) {
	p.t.Helper()
	for f := range p.doc.Descendants() {
		if f.DataAtom != atom.Form || !strings.HasPrefix(attr(f, "action"), action) {
			continue
		}
		values, pressed := url.Values{}, false
		to := attr(f, "action")
		for n := range f.Descendants() {
			key := attr(n, "name")
			switch {
			case n.DataAtom == atom.Button:
				if strings.Contains(textOf(n), button) {
					pressed = true
					if has(n, "formaction") {
						to = attr(n, "formaction")
					}
					if key != "" {
						values.Set(key, attr(n, "value"))
					}
				}
			case n.DataAtom == atom.Option && has(n, "selected"):
				values.Set(attr(n.Parent, "name"), attr(n, "value"))
			case n.DataAtom == atom.Textarea:
				values.Set(key, strings.TrimPrefix(rawText(n), "\n"))
			case n.DataAtom == atom.Input && (attr(n, "type") != "radio" || has(n, "checked")):
				values.Set(key, attr(n, "value"))
			}
		}
		if !pressed {
			continue
		}
		for k, v := range more {
			values[k] = v
		}
		to, _, _ = strings.Cut(to, "#")
		return to, values
	}
	p.t.Fatalf("%s has no form to %s with the button %q: %s", p.asked, action, button, p.text())
	return "", nil
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// press sends the form to action with the button.
func (p *page) press(action, button string, more url.Values) *page {
	p.t.Helper()
	to, values := p.form(action, button, more)
	return p.b.post(to, values)
}

// table gives the rows of the first table of a class as texts.
func (p *page) table(class string) [][]string {
	for n := range p.doc.Descendants() {
		if n.DataAtom != atom.Table || !strings.Contains(" "+attr(n, "class")+" ", " "+class+" ") {
			continue
		}
		var rows [][]string
		for tr := range n.Descendants() {
			if tr.DataAtom != atom.Tr {
				continue
			}
			var row []string
			for cell := range tr.ChildNodes() {
				if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
					row = append(row, textOf(cell))
				}
			}
			rows = append(rows, row)
		}
		return rows
	}
	return nil
}
