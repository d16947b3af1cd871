package deskapi

import (
	"net/http"

	"traid/internal/govuk"
	"traid/internal/httpd"
)

// PagePattern is the route of the desk's one page.
const PagePattern = "GET /{$}"

// page says what the desk is to somebody who opens it in a browser.
func page(w http.ResponseWriter, r *http.Request) {
	httpd.Render(w, r, http.StatusOK, aboutPage(govuk.PageOptions{
		Title: "Desk", ProductName: "traid", ServiceName: "Desk", ServiceURL: "/",
		Footer: govuk.FooterOptions{Links: []govuk.FooterLink{
			{Text: "Privacy", Href: "#privacy"}, {Text: "Cookies", Href: "#cookies"}, {Text: "Accessibility", Href: "#accessibility"}, {Text: "Contact", Href: "#contact"},
		}},
	}))
}
