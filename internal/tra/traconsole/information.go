package traconsole

import (
	"net/http"

	"github.com/a-h/templ"

	"traid/internal/access"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// The pages about the console itself, linked at the end of every page.
const (
	privacyPath       = "/privacy"
	cookiesPath       = "/cookies"
	accessibilityPath = "/accessibility"
	contactPath       = "/contact"
)

func footer() govuk.FooterOptions {
	return govuk.FooterOptions{Links: []govuk.FooterLink{
		{Text: "Privacy", Href: privacyPath},
		{Text: "Cookies", Href: cookiesPath},
		{Text: "Accessibility", Href: accessibilityPath},
		{Text: "Contact", Href: contactPath},
	}}
}

func information(w http.ResponseWriter, r *http.Request, title string, content templ.Component) {
	httpd.Render(w, r, http.StatusOK, informationPage(Page(r, title), content))
}

func (p *pages) privacy(w http.ResponseWriter, r *http.Request) {
	information(w, r, "Privacy notice", privacyPage(govuk.Lasting(p.retain)))
}

func (p *pages) cookies(w http.ResponseWriter, r *http.Request) {
	information(w, r, "Cookies", govuk.CookiesPage(govuk.Cookie{Name: p.cookie, Does: "Keeps you signed in", Ends: access.SessionEnds}))
}

func (p *pages) accessibility(w http.ResponseWriter, r *http.Request) {
	information(w, r, "Accessibility statement", govuk.AccessibilityPage("the "+serviceName, contactPath))
}

func (p *pages) contact(w http.ResponseWriter, r *http.Request) {
	information(w, r, "Contact", contactPage(p.support))
}
