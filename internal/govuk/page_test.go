package govuk_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"traid/internal/govuk"
	"traid/internal/govuk/govuktest"
	"traid/internal/httpd"
)

// sample is a page with every component that a page of the product uses.
func sample(errs govuk.Errors) templ.Component {
	form := templ.Join(
		govuk.DateInput(govuk.DateInputOptions{
			ID: "born", NamePrefix: "born", ErrorMessage: errs.Of("born-year"), Hint: govuk.Hint{Text: "For example, 27 3 1984"},
			Year:     govuk.DateInputItem{Value: "84", Error: true},
			Fieldset: govuk.FieldsetOptions{Legend: govuk.Legend{Text: "What is your date of birth?", Classes: "govuk-fieldset__legend--l", IsPageHeading: true}},
		}),
		govuk.Input(govuk.InputOptions{Name: "number", Label: govuk.Label{Text: "Number"}, Prefix: govuk.Affix{Text: "No"}, Spellcheck: new(false)}),
		govuk.Radios(govuk.RadiosOptions{
			Name: "sure", Value: "yes", Fieldset: govuk.FieldsetOptions{Legend: govuk.Legend{Text: "Are you sure?"}},
			Items: []govuk.RadioItem{
				{Value: "yes", Text: "Yes"},
				{Value: "no", Text: "No", Conditional: govuk.Input(govuk.InputOptions{Name: "why", Label: govuk.Label{Text: "Why not?"}})},
			},
		}),
		govuk.Checkboxes(govuk.CheckboxesOptions{
			Name: "by", Fieldset: govuk.FieldsetOptions{Legend: govuk.Legend{Text: "How may we write to you?"}},
			Items: []govuk.CheckboxItem{{Value: "email", Text: "Email"}, {Divider: "or"}, {Value: "none", Text: "Not at all", Behaviour: "exclusive"}},
		}),
		govuk.Select(govuk.SelectOptions{Name: "colour", Label: govuk.Label{Text: "Colour"}, Items: []govuk.SelectItem{{Text: "Choose"}, {Value: "red", Text: "Red"}}}),
		govuk.CharacterCount(govuk.CharacterCountOptions{Name: "note", MaxLength: 200, Label: govuk.Label{Text: "Note"}}),
		govuk.Button(govuk.ButtonOptions{Text: "Continue", PreventDoubleClick: true}),
	)
	rest := templ.Join(
		govuk.SummaryList(govuk.SummaryListOptions{
			Card: &govuk.SummaryCard{Title: govuk.SummaryCardTitle{Text: "Your details"}},
			Rows: []govuk.SummaryRow{
				{
					Key: govuk.SummaryCell{Text: "Name"}, Value: govuk.SummaryCell{Text: "Sam Sample"},
					Actions: govuk.SummaryActions{Items: []govuk.SummaryAction{{Href: "/name", Text: "Change", VisuallyHiddenText: "name"}}},
				},
				{Key: govuk.SummaryCell{Text: "State"}, Value: govuk.SummaryCell{HTML: govuk.Tag(govuk.TagOptions{Text: "Open", Classes: "govuk-tag--blue"})}},
			},
		}),
		govuk.Table(govuk.TableOptions{
			Caption: "Requests", FirstCellIsHeader: true, Head: []govuk.TableCell{{Text: "Request"}, {Text: "Days", Format: "numeric"}},
			Rows: [][]govuk.TableCell{{{Text: "First"}, {Text: "5", Format: "numeric"}}},
		}),
		govuk.WarningText(govuk.WarningTextOptions{Text: "Take care."}),
		govuk.InsetText(govuk.InsetTextOptions{Text: "It takes five days."}),
		govuk.Details(govuk.DetailsOptions{SummaryText: "Where is it?", Text: "On a letter."}),
		govuk.Tabs(govuk.TabsOptions{Items: []govuk.TabItem{
			{ID: "one", Label: "One", Panel: govuk.TabPanel{Text: "First panel"}}, {ID: "two", Label: "Two", Panel: govuk.TabPanel{Text: "Second panel"}},
		}}),
		govuk.Pagination(govuk.PaginationOptions{
			Next:  govuk.PaginationLink{Href: "/?page=2"},
			Items: []govuk.PaginationItem{{Number: "1", Href: "/", Current: true}, {Number: "2", Href: "/?page=2"}, {Ellipsis: true}, {Number: "9", Href: "/?page=9"}},
		}),
	)
	page := govuk.Page(govuk.PageOptions{
		Title: "What is your date of birth?", ProductName: "Records", ServiceName: "Register", ServiceURL: "/", Errors: errs,
		Navigation:    []govuk.NavigationItem{{Text: "Requests", Href: "/", Current: true}, {Text: "Search", Href: "/search"}},
		NavigationEnd: templ.Raw(`<li class="govuk-service-navigation__item"><form method="post" action="/sign-out"><button class="traid-link-button">Sign out</button></form></li>`),
		Phase:         govuk.PhaseBannerOptions{Tag: govuk.TagOptions{Text: "Beta"}, Text: "This is a new service."},
		BackLink:      govuk.BackLinkOptions{Href: "/name"},
		Banner:        govuk.NotificationBanner(govuk.NotificationBannerOptions{Text: "Saved."}),
		Footer:        govuk.FooterOptions{Links: []govuk.FooterLink{{Text: "Privacy", Href: "/privacy"}}, Text: "Free software."},
	})
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return page.Render(templ.WithChildren(ctx, templ.Join(form, rest)), w)
	})
}

func site(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", govuk.Assets())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { httpd.Render(w, r, http.StatusOK, sample(nil)) })
	mux.HandleFunc("GET /wrong", func(w http.ResponseWriter, r *http.Request) {
		httpd.Render(w, r, http.StatusUnprocessableEntity, sample(govuk.Errors{{Field: "born-year", Message: "Year must have 4 digits"}}))
	})
	h, err := httpd.Site(mux, httpd.SiteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAPageIsAccessible(t *testing.T) {
	album, h := govuktest.NewAlbum("components"), site(t)
	for _, path := range []string{"/", "/wrong"} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		album.Keep("page at "+path, govuktest.Answer{Method: http.MethodGet, Path: path, Status: rec.Code, Header: rec.Header(), Body: rec.Body.String()})
	}
	album.Look(t)
}

func TestAPageWorksWithScriptsAndWithout(t *testing.T) {
	if govuk.Missing() {
		t.Fatal("the design system's assets are missing: make assets")
	}
	browser := govuktest.Browser(t)
	for name, c := range map[string]struct {
		handler http.Handler
		want    string
	}{
		"with":    {site(t), "focus govuk-error-summary, why hidden, second panel hidden, count You have 200 characters remaining"},
		"without": {govuktest.WithoutScripts(site(t)), "focus govuk-template__body, why shown, second panel shown, count You can enter up to 200 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			tab, closeTab := chromedp.NewContext(browser)
			defer closeTab()
			if err := chromedp.Do(tab, chromedp.Navigate(server.URL+"/wrong")); err != nil {
				t.Fatal(err)
			}
			got, err := chromedp.Run(tab, chromedp.Evaluate[string](`(() => {
				const state = id => document.getElementById(id).checkVisibility() ? 'shown' : 'hidden'
				const count = [...document.querySelectorAll('.govuk-character-count__message')].find(m => m.checkVisibility() && !m.classList.contains('govuk-visually-hidden'))
				return 'focus ' + document.activeElement.classList[0] + ', why ' + state('why') + ', second panel ' + state('two') + ', count ' + count.textContent.trim()
			})()`))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%s scripts: %s; want %s", name, got, c.want)
			}
		})
	}
}

func TestAPageSaysWhatItIs(t *testing.T) {
	for name, c := range map[string]struct {
		o    govuk.PageOptions
		want []string
	}{
		"the page and the service": {
			govuk.PageOptions{Title: "Name", ServiceName: "Register"},
			[]string{`<html lang="en"`, "<title>Name - Register</title>", `<main class="govuk-main-wrapper" id="main-content">`, `href="#main-content"`},
		},
		"an error first": {
			govuk.PageOptions{Title: "Name", ServiceName: "Register", Errors: govuk.Errors{{Field: "name", Message: "Enter <a> name"}}},
			[]string{"<title>Error: Name - Register</title>", `<a href="#name">Enter &lt;a&gt; name</a>`},
		},
		"the service alone": {govuk.PageOptions{Title: "Register", ServiceName: "Register"}, []string{"<title>Register</title>"}},
		"another language":  {govuk.PageOptions{Title: "Enw", Lang: "cy"}, []string{`<html lang="cy"`, "<title>Enw</title>"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := govuk.Page(c.o).Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s lacks %s", b.String(), want)
				}
			}
		})
	}
}
