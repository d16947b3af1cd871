package journeys

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// browser is one person's: it keeps cookies, follows redirects, fills forms by
// the names of their fields and presses buttons and links by what stands on
// them. What does not go as expected ends the step, with what the page says.
type browser struct {
	w      *world
	base   string // the service it was opened for
	client *http.Client
	page   page
	typed  url.Values // not sent yet
}

// page is what a browser shows.
type page struct {
	url    *url.URL
	status int
	body   string
	doc    *html.Node
}

// browser opens a browser on a service; it shows nothing yet.
func (w *world) browser(service string) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w: w, base: w.app.URL(service), client: &http.Client{Jar: jar, Transport: people{wires}}, typed: url.Values{}}
}

// open goes to an address of the service, or to a whole URL.
func (b *browser) open(at string) {
	b.w.t.Helper()
	b.send(http.MethodGet, b.resolve(at), nil)
}

// resolve gives the URL that an address on the page at hand means.
func (b *browser) resolve(at string) string {
	b.w.t.Helper()
	from := b.page.url
	if from == nil {
		var err error
		if from, err = url.Parse(b.base + "/"); err != nil {
			b.w.t.Fatal(err)
		}
	}
	to, err := from.Parse(at)
	if err != nil {
		b.w.t.Fatal(err)
	}
	to.Fragment = ""
	return to.String()
}

func (b *browser) send(method, to string, form url.Values) {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(raw)))
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.page = page{url: res.Request.URL, status: res.StatusCode, body: string(raw), doc: doc}
	b.typed = url.Values{}
}

// fill types into a field, or chooses one of its options; press sends it.
func (b *browser) fill(namesAndValues ...string) {
	for i := 0; i < len(namesAndValues); i += 2 {
		b.typed.Set(namesAndValues[i], namesAndValues[i+1])
	}
}

// press presses the button on which all the words stand.
func (b *browser) press(words ...string) {
	b.w.t.Helper()
	var found []sending
	for form := range b.page.doc.Descendants() {
		if form.DataAtom != atom.Form {
			continue
		}
		for button := range form.Descendants() {
			if button.DataAtom == atom.Button && holds(text(button), words) && !hidden(button) {
				found = append(found, b.sending(form, button))
			}
		}
	}
	if len(found) == 0 {
		b.fatalf("there is no button %q", words)
	}
	for _, other := range found[1:] {
		if other.to != found[0].to || other.form.Encode() != found[0].form.Encode() {
			b.fatalf("there are %d different buttons %q", len(found), words)
		}
	}
	if missing := found[0].missing; missing != "" {
		b.fatalf("the form of %q has no field, or no choice, %s", words, missing)
	}
	b.send(found[0].method, found[0].to, found[0].form)
}

// follow follows the link on which all the words stand.
func (b *browser) follow(words ...string) {
	b.w.t.Helper()
	var to []string
	for link := range b.page.doc.Descendants() {
		if link.DataAtom == atom.A && holds(text(link), words) && !slices.Contains(to, attr(link, "href")) {
			to = append(to, attr(link, "href"))
		}
	}
	if len(to) != 1 {
		b.fatalf("there are %d links %q, want 1", len(to), words)
	}
	b.open(to[0])
}

// sending is what a form sends by one of its buttons.
type sending struct {
	method, to string
	form       url.Values
	missing    string // of what was typed: a field or a choice that the form does not have
}

func (b *browser) sending(form, button *html.Node) sending {
	b.w.t.Helper()
	out := sending{method: strings.ToUpper(attr(form, "method")), to: b.page.url.String(), form: url.Values{}}
	if action := attr(form, "action"); action != "" {
		out.to = b.resolve(action)
	}
	choices := map[string][]string{} // of radios and selects
	fields := map[string]bool{}
	for n := range form.Descendants() {
		name, value := attr(n, "name"), attr(n, "value")
		if name == "" {
			continue
		}
		switch n.DataAtom {
		case atom.Input:
			fields[name] = true
			switch attr(n, "type") {
			case "radio", "checkbox":
				choices[name] = append(choices[name], value)
				if has(n, "checked") {
					out.form.Add(name, value)
				}
			default:
				out.form.Add(name, value)
			}
		case atom.Textarea:
			fields[name] = true
			out.form.Add(name, strings.TrimPrefix(raw(n), "\n"))
		case atom.Select:
			fields[name] = true
			for o := range n.Descendants() {
				if o.DataAtom != atom.Option {
					continue
				}
				choices[name] = append(choices[name], attr(o, "value"))
				if has(o, "selected") {
					out.form.Set(name, attr(o, "value"))
				}
			}
			if !out.form.Has(name) && len(choices[name]) > 0 {
				out.form.Set(name, choices[name][0])
			}
		}
	}
	for name, values := range b.typed {
		if all, chosen := choices[name]; !fields[name] || chosen && !slices.Contains(all, values[0]) {
			out.missing = name + "=" + values[0]
		}
		out.form[name] = values
	}
	if name := attr(button, "name"); name != "" {
		out.form.Add(name, attr(button, "value"))
	}
	return out
}

// at ends the step when the browser is not at the path.
func (b *browser) at(path string) {
	b.w.t.Helper()
	if b.page.url.Path != path {
		b.fatalf("this is not %s", path)
	}
}

// answered ends the step when the page has another status.
func (b *browser) answered(status int) {
	b.w.t.Helper()
	if b.page.status != status {
		b.fatalf("the status is not %d", status)
	}
}

// sees wants every text on the page.
func (b *browser) sees(texts ...string) {
	b.w.t.Helper()
	for _, want := range texts {
		if !strings.Contains(b.page.text(), want) {
			b.fatalf("the page does not say %q", want)
		}
	}
}

// seesNot wants none of the texts anywhere in the page, its code included.
func (b *browser) seesNot(texts ...string) {
	b.w.t.Helper()
	for _, bad := range texts {
		if strings.Contains(b.page.body, bad) || strings.Contains(b.page.text(), bad) {
			b.fatalf("the page holds %q", bad)
		}
	}
}

// fatalf ends the step and tells where the browser is and what stands there:
// what is wrong with the form, or else the whole page.
func (b *browser) fatalf(format string, args ...any) {
	b.w.t.Helper()
	said := ""
	for n := range b.page.doc.Descendants() {
		if strings.HasPrefix(attr(n, "class"), "govuk-error-summary") && said == "" {
			said = text(n)
		}
	}
	if said == "" {
		said = b.page.text()
	}
	b.w.t.Fatalf("at %s (%d): "+format+"\n%s", append(append([]any{b.page.url.Path, b.page.status}, args...), said)...)
}

// text gives what stands in the page's main part, and its title.
func (p page) text() string {
	var out []string
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Title || n.DataAtom == atom.Main {
			out = append(out, text(n))
		}
	}
	return strings.Join(out, " ")
}

// table gives the cells of the table that follows a heading or has it as its caption.
func (p page) table(heading string) [][]string {
	var rows [][]string
	met := false
	for n := range p.doc.Descendants() {
		switch n.DataAtom {
		case atom.H1, atom.H2, atom.H3:
			met = met || text(n) == heading
		case atom.Caption:
			met = met || strings.HasPrefix(text(n), heading)
		case atom.Tbody:
			if !met {
				continue
			}
			for tr := range n.ChildNodes() {
				if tr.DataAtom != atom.Tr {
					continue
				}
				var cells []string
				for cell := range tr.ChildNodes() {
					if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
						cells = append(cells, text(cell))
					}
				}
				rows = append(rows, cells)
			}
			return rows
		}
	}
	return nil
}

// row gives what a summary list says beside a key.
func (p page) row(key string) string {
	for n := range p.doc.Descendants() {
		if n.DataAtom != atom.Dt || text(n) != key {
			continue
		}
		for dd := n.NextSibling; dd != nil; dd = dd.NextSibling {
			if dd.DataAtom == atom.Dd {
				return text(dd)
			}
		}
	}
	return ""
}

// says wants a summary list to say it beside the key.
func (b *browser) says(key string, want ...string) {
	b.w.t.Helper()
	if got := b.page.row(key); !holds(got, want) {
		b.fatalf("beside %q stands %q, want %q", key, got, want)
	}
}

func holds(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

var space = regexp.MustCompile(`\s+`)

// text gives what people read of a node, on one line.
func text(n *html.Node) string { return strings.TrimSpace(space.ReplaceAllString(raw(n), " ")) }

// raw gives the text of a node as it stands. Where another element begins, words end.
func raw(n *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.DataAtom == atom.Script || n.DataAtom == atom.Style:
			return
		case n.Type == html.ElementNode && n.DataAtom != atom.Wbr && n.DataAtom != atom.Textarea:
			b.WriteByte(' ')
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(n)
	return b.String()
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
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func hidden(n *html.Node) bool { return attr(n, "aria-hidden") == "true" }
