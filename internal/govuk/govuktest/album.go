package govuktest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"traid/internal/govuk"
)

// Answer is what a site answered to a request.
type Answer struct {
	Method, Path string // the path with its query
	Status       int
	Header       http.Header
	Body         string
}

// Album is a site's pages in their states, kept as people met them, so that they
// can be looked at again without their session. It knows the site's routes and
// which of them were met.
type Album struct {
	site  string
	mux   *http.ServeMux // leads from an address to its route
	met   map[string][]int
	files map[string]bool // routes that are answered by a file to keep
	pages []kept
}

// kept is a page in one of its states.
type kept struct {
	name, route string
	Answer
	doc *html.Node
}

// NewAlbum gives an empty album of a site whose pages and forms have these
// patterns, such as "GET /name".
func NewAlbum(site string, routes ...string) *Album {
	a := &Album{site: site, mux: http.NewServeMux(), met: map[string][]int{}, files: map[string]bool{}}
	for _, route := range routes {
		a.mux.HandleFunc(route, func(http.ResponseWriter, *http.Request) {})
		a.met[route] = nil
	}
	return a
}

// route gives the pattern that an address has, empty where no page is.
func (a *Album) route(method, path string) string {
	_, pattern := a.mux.Handler(httptest.NewRequest(method, path, nil))
	return pattern
}

// Saw notes an answer: its route was met. Harnesses call it for every answer.
func (a *Album) Saw(x Answer) {
	if route := a.route(x.Method, x.Path); route != "" {
		a.met[route] = append(a.met[route], x.Status)
		if strings.HasPrefix(x.Header.Get("Content-Disposition"), "attachment") {
			a.files[route] = true
		}
	}
}

// Keep keeps a page under a name of its own: the page, then its state.
func (a *Album) Keep(name string, x Answer) {
	doc, err := html.Parse(strings.NewReader(x.Body))
	if err != nil {
		panic(err) // a string can be read
	}
	a.pages = append(a.pages, kept{name, a.route(x.Method, x.Path), x, doc})
}

// KeepErrors keeps the error page of each status, as a site shows it at a path.
func (a *Album) KeepErrors(name, path string, page func(w http.ResponseWriter, r *http.Request, status int)) {
	for _, status := range Statuses() {
		rec, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		page(rec, r, status)
		a.Keep(fmt.Sprintf("%s %d", name, status), Answer{r.Method, path, rec.Code, rec.Header(), rec.Body.String()})
	}
}

// Statuses are those of the error pages that somebody with a browser can come to.
func Statuses() []int {
	return []int{
		http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusGone,
		http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
}

// Options are a site's exceptions from what every album holds, each with its reason.
type Options struct {
	// Lenient are forms with fields that take whatever is in them.
	Lenient map[string]string
	// Steady are the beginnings of captions of tables that are never empty or never long.
	Steady map[string]string
	// Statuses is why the site has no error pages.
	Statuses string
	// Footer are the links that every page ends with.
	Footer []string
}

// full is how many rows a table has at least in the state that shows it full.
const full = 20

// complete fails for every route, state and error page that the album lacks, and names it.
func (a *Album) complete(t failing, o Options) {
	shown := map[string]map[int]bool{} // statuses that were kept, by route
	names, statuses := map[string]bool{}, map[int]bool{}
	for _, p := range a.pages {
		if names[p.name] {
			t.Errorf("two pages are called %q", p.name)
		}
		names[p.name], statuses[p.Status] = true, true
		if shown[p.route] == nil {
			shown[p.route] = map[int]bool{}
		}
		shown[p.route][p.Status] = true
		if p.route != "" && !slices.Contains(a.met[p.route], p.Status) {
			t.Errorf("%s: the harness has not noted this answer", p.name)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(a.met)) {
		met := a.met[route]
		taken := slices.ContainsFunc(met, func(status int) bool { return status < http.StatusBadRequest })
		switch {
		case !taken:
			t.Errorf("%s was not visited: keep a page of it in each of its states", route)
		case slices.Contains(met, http.StatusOK) && !shown[route][http.StatusOK] && !a.files[route]:
			t.Errorf("%s was visited and no page of it was kept", route)
		}
	}
	fields := map[string]bool{} // of forms that somebody fills in
	longest := map[string]int{} // of the tables of a caption
	at := map[string]map[string]bool{}
	for _, p := range a.pages {
		if p.Status >= 300 && p.Status < 400 || !strings.Contains(p.Body, "<main") {
			t.Errorf("%s is no page: status %d", p.name, p.Status)
		}
		for caption, n := range tables(p.doc) {
			longest[caption] = max(longest[caption], n)
			if at[caption] == nil {
				at[caption] = map[string]bool{}
			}
			at[caption][p.route] = true
		}
		for n := range p.doc.Descendants() {
			if n.DataAtom == atom.Form && posted(n) && filledIn(n) {
				fields[a.route(http.MethodPost, formAction(n, p.Path))] = true
			}
		}
		a.leads(t, p)
		for _, link := range o.Footer {
			if !strings.Contains(p.Body, `class="govuk-footer__link" href="`+link+`"`) {
				t.Errorf("%s does not end with a link to %s", p.name, link)
			}
		}
	}
	for route := range fields {
		if why := o.Lenient[route]; why == "" && !shown[route][http.StatusUnprocessableEntity] {
			t.Errorf("%s has fields, and was not kept with errors in them", route)
		}
	}
	for caption, n := range longest {
		steady := func(beginning string) bool { return strings.HasPrefix(caption, beginning) }
		if slices.ContainsFunc(slices.Collect(maps.Keys(o.Steady)), steady) {
			continue
		}
		if n < full {
			t.Errorf("the table %q was not kept full: it has %d rows at most, want %d", caption, n, full)
		}
		if !slices.ContainsFunc(a.pages, func(p kept) bool { _, there := tables(p.doc)[caption]; return at[caption][p.route] && !there }) {
			t.Errorf("the table %q was not kept empty: it is on every page of %v", caption, slices.Sorted(maps.Keys(at[caption])))
		}
	}
	for _, status := range Statuses() {
		if o.Statuses == "" && !statuses[status] {
			t.Errorf("no page was kept with the status %d", status)
		}
	}
}

// tables gives how many rows each table of a page has, by its caption.
func tables(doc *html.Node) map[string]int {
	out := map[string]int{}
	for table := range doc.Descendants() {
		if table.DataAtom != atom.Table {
			continue
		}
		caption, n := "", 0
		for d := range table.Descendants() {
			switch {
			case d.DataAtom == atom.Caption:
				caption = text(d)
			case d.DataAtom == atom.Tr && d.Parent.DataAtom == atom.Tbody:
				n++
			}
		}
		out[caption] = max(out[caption], n)
	}
	return out
}

// filledIn tells whether a form has a field that somebody fills in.
func filledIn(form *html.Node) bool {
	for n := range form.Descendants() {
		if n.DataAtom == atom.Select || n.DataAtom == atom.Textarea || n.DataAtom == atom.Input && attr(n, "type") != "hidden" {
			return true
		}
	}
	return false
}

// posted tells how a form goes.
func posted(form *html.Node) bool { return strings.EqualFold(attr(form, "method"), http.MethodPost) }

// typedIn tells whether a form has a field in which somebody types, rather than chooses.
func typedIn(form *html.Node) bool {
	for n := range form.Descendants() {
		chosen := slices.Contains([]string{"hidden", "radio", "checkbox", "submit"}, attr(n, "type"))
		if n.DataAtom == atom.Textarea || n.DataAtom == atom.Input && !chosen {
			return true
		}
	}
	return false
}

func formAction(form *html.Node, page string) string {
	action, _, _ := strings.Cut(attr(form, "action"), "#")
	if action == "" {
		return page
	}
	return action
}

// leads fails for a link or a form that leads to no page of the site.
func (a *Album) leads(t failing, p kept) {
	for n := range p.doc.Descendants() {
		method, to := http.MethodGet, ""
		switch n.DataAtom {
		case atom.A:
			to = attr(n, "href")
		case atom.Form:
			if to = formAction(n, p.Path); posted(n) {
				method = http.MethodPost
			} else if typedIn(n) {
				t.Errorf("%s: a form is not posted, so that what is typed would stand in the address", p.name)
			}
		case atom.Button:
			if method, to = http.MethodPost, attr(n, "formaction"); to == "" {
				continue
			}
		default:
			continue
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Errorf("%s: %q is no address", p.name, to)
			continue
		}
		if u.Scheme != "" || strings.HasPrefix(to, "#") { // to somebody else, by mail, or on the page
			continue
		}
		if a.route(method, u.RequestURI()) == "" {
			t.Errorf("%s leads to %s %s, which is no page of the site", p.name, method, to)
		}
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// replay serves an album's pages as they were, with the styles and the scripts.
// Each page has its own address; which state is meant stands behind it. A form
// that is sent and a link that is followed are noted and leave the page where it is.
type replay struct {
	pages []kept
	sent  chan sent
}

type sent struct {
	path string
	form url.Values
}

// newReplay serves an album until the test ends.
func newReplay(t *testing.T, pages []kept, blocked bool) (*replay, string) {
	t.Helper()
	s := &replay{pages: pages, sent: make(chan sent, 1)}
	var h http.Handler = s
	if blocked {
		h = WithoutScripts(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return s, server.URL
}

const stateKey = "state"

// address gives where a page is served.
func (s *replay) address(n int) string {
	path, _, _ := strings.Cut(s.pages[n].Path, "?")
	return path + "?" + stateKey + "=" + strconv.Itoa(n)
}

func (s *replay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get(stateKey))
	switch {
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		govuk.Assets().ServeHTTP(w, r)
	case r.Method == http.MethodGet && err == nil && n < len(s.pages):
		for name, values := range s.pages[n].Header {
			if name != "Content-Length" && name != "Set-Cookie" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(s.pages[n].Status)
		_, _ = io.WriteString(w, s.pages[n].Body)
	case r.Method == http.MethodPost || r.Header.Get("Sec-Fetch-Dest") == "document":
		_ = r.ParseMultipartForm(1 << 20) // what is missing is seen by who waits for it; a form without a file is read too
		if r.MultipartForm != nil {
			for name := range r.MultipartForm.File {
				r.PostForm.Add(name, "")
			}
		}
		form := r.PostForm
		if r.Method == http.MethodGet {
			form = r.Form
		}
		select {
		case s.sent <- sent{r.URL.Path, form}:
		default: // nobody waits for it
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}

// WithoutScripts answers for every script that it is not there.
func WithoutScripts(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".js") {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}
