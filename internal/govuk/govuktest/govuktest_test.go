package govuktest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// sound is a page with which nothing is wrong.
const sound = `<!DOCTYPE html><html lang="en"><head><title>Sound</title><meta name="viewport" content="width=device-width, initial-scale=1"><style>
	body { margin: 0; font: 16px/1.5 arial } .govuk-skip-link:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
	:focus { outline: 3px solid black } a, button { display: inline-block; padding: 8px 0 }
	</style></head><body>
	<a class="govuk-skip-link" href="#main-content">Skip to main content</a>
	<header><a href="/">Home</a></header>
	<main id="main-content" tabindex="-1"><h1>Sound</h1><p>A text.</p>
	<form method="post" action="/send"><label for="name">Name</label> <input id="name" name="name" autocomplete="name"> <button>Send</button></form></main>
	<footer><a href="/privacy">Privacy</a></footer></body></html>`

// findings keeps what an inspection says.
type findings struct{ said []string }

func (f *findings) Helper() {}
func (f *findings) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *findings) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// TestWhatPeopleCannotUseIsFound breaks the sound page in one way after the other.
func TestWhatPeopleCannotUseIsFound(t *testing.T) {
	style := func(rule string) [2]string { return [2]string{"</style>", rule + "</style>"} }
	cases := map[string]struct {
		change [2]string // what stands on the sound page, and what instead
		want   string    // part of a finding; empty: there is none
	}{
		"nothing":                     {[2]string{"", ""}, ""},
		"a field without a label":     {[2]string{`<label for="name">Name</label>`, "Name"}, "breaks label"},
		"grey on white":               {style("p { color: #aaa }"), "breaks color-contrast"},
		"wider than a narrow screen":  {style("p { width: 400px }"), "at 320 pixels: the page scrolls sideways"},
		"off the screen":              {style("p { position: relative; left: -40px }"), "off the screen: p “A text.”"},
		"in a box that is too small":  {style("p { width: 20px; white-space: nowrap }"), "sticks out of p “A text.”"},
		"cut off":                     {style("p { height: 8px; overflow: hidden }"), "sticks out of p “A text.”"},
		"on one another":              {style("p { margin-top: -60px }"), "on one another"},
		"under a field":               {style("form { margin-top: -40px }"), "on one another"},
		"no room for wider spacing":   {style("p { width: 52px; white-space: nowrap }"), "and wider spacing: sticks out of p"},
		"a focus that is not seen":    {style("input:focus { outline: none }"), "the focus is not to be seen on input#name"},
		"a focus under something":     {style("header { position: relative } header::after { content: ''; position: absolute; inset: 0; background: #fff }"), "the focus is hidden on a"},
		"what no key reaches":         {[2]string{"<button>", `<button tabindex="-1">Other</button><button tabindex="1">`}, "Tab stops at"},
		"another order":               {style("form { display: flex; flex-direction: row-reverse; justify-content: flex-end }"), "stands before it"},
		"a trap":                      {[2]string{"</body>", `<script>document.getElementById('name').addEventListener('keydown', e => e.key === 'Tab' && e.preventDefault())</script></body>`}, "Tab stops at input#name"},
		"no way past the head":        {[2]string{`href="#main-content"`, `href="/elsewhere"`}, "the first stop does not lead to the main part"},
		"a form that is not sent":     {[2]string{"<button>", `<button onclick="return false">`}, "without scripts the form to /send is not sent"},
		"a link like a button":        {[2]string{"</form>", `</form><a href="/next" role="button">Next</a>`}, "by the space bar the link to /next is not sent"},
		"an error of a script":        {[2]string{"</body>", "<script>nobody()</script></body>"}, "the console says Uncaught"},
		"something that is not there": {[2]string{"</body>", `<img src="/nothing.png" alt="Nothing"></body>`}, "the console says Failed to load"},
	}
	album := NewAlbum("test")
	names := make([]string, 0, len(cases))
	for name, c := range cases {
		names = append(names, name)
		if !strings.Contains(sound, c.change[0]) {
			t.Fatalf("%s: the page has no %s", name, c.change[0])
		}
		album.Keep(name, Answer{http.MethodGet, "/page", http.StatusOK, http.Header{"Content-Type": {"text/html"}}, strings.Replace(sound, c.change[0], c.change[1], 1)})
	}
	tab := album.newTab(t, Browser(t), axeSource(t))
	for n, name := range names {
		var f findings
		tab.inspect(&f, n)
		want := cases[name].want
		switch {
		case want == "" && len(f.said) > 0:
			t.Errorf("%s: found %q", name, f.said)
		case want != "" && !slices.ContainsFunc(f.said, func(s string) bool { return strings.Contains(s, want) }):
			t.Errorf("%s: found %q, want %q", name, f.said, want)
		}
	}
}

// TestWhatIsMissingOfASiteIsNamed takes one page after the other out of the album
// of a site, of which then something is not looked at.
func TestWhatIsMissingOfASiteIsNamed(t *testing.T) {
	const footer = `<a class="govuk-footer__link" href="/privacy">Privacy</a>`
	table := func(rows int) string {
		return "<table><caption>People</caption><tbody>" + strings.Repeat("<tr><td>Ann</td></tr>", rows) + "</tbody></table>"
	}
	form := `<form method="post" action="/people"><input name="name"></form>`
	type page struct {
		method, path string
		status       int
		main         string
	}
	pages := map[string]page{
		"privacy": {"GET", "/privacy", 200, ""}, "people: empty": {"GET", "/people", 200, form}, "people: full": {"GET", "/people", 200, form + table(full)},
		"people: errors": {"POST", "/people", 422, form},
	}
	for _, status := range Statuses() {
		pages[fmt.Sprint("error ", status)] = page{"GET", "/error", status, ""}
	}
	look := func(change func(pages map[string]page)) string {
		these := maps.Clone(pages)
		change(these)
		a := NewAlbum("test", "GET /privacy", "GET /people", "POST /people")
		a.Saw(Answer{Method: "POST", Path: "/people", Status: 303})
		for name, p := range these {
			answer := Answer{Method: p.method, Path: p.path, Status: p.status, Body: "<main>" + p.main + "</main>" + footer}
			a.Saw(answer)
			a.Keep(name, answer)
		}
		var f findings
		a.complete(&f, Options{Footer: []string{"/privacy"}})
		return strings.Join(f.said, "; ")
	}
	if said := look(func(map[string]page) {}); said != "" {
		t.Errorf("of a whole site it says %s", said)
	}
	for what, c := range map[string]struct {
		change func(pages map[string]page)
		want   string
	}{
		"a page":           {func(p map[string]page) { delete(p, "privacy") }, "GET /privacy was not visited"},
		"an error page":    {func(p map[string]page) { delete(p, "error 413") }, "no page was kept with the status 413"},
		"wrong fields":     {func(p map[string]page) { delete(p, "people: errors") }, "POST /people has fields, and was not kept with errors in them"},
		"an empty list":    {func(p map[string]page) { delete(p, "people: empty") }, `the table "People" was not kept empty`},
		"a full list":      {func(p map[string]page) { p["people: full"] = page{"GET", "/people", 200, table(3)} }, `the table "People" was not kept full: it has 3 rows`},
		"where links lead": {func(p map[string]page) { p["privacy"] = page{"GET", "/privacy", 200, `<a href="/gone">x</a>`} }, "privacy leads to GET /gone"},
		"a posted form": {func(p map[string]page) {
			p["privacy"] = page{"GET", "/privacy", 200, `<form action="/people"><input name="name"></form>`}
		}, "a form is not posted"},
		"a page at all": {func(p map[string]page) { p["privacy"] = page{"GET", "/privacy", 303, ""} }, "privacy is no page"},
	} {
		if said := look(c.change); !strings.Contains(said, c.want) {
			t.Errorf("without %s it says %q, want %q", what, said, c.want)
		}
	}
}
