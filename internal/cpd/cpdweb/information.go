package cpdweb

import (
	"net/http"

	"traid/internal/govuk"
)

func (p *Pages) showPrivacy(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Privacy"}, privacyPage())
}

func (p *Pages) showCookies(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Cookies"}, cookiesPage(p.o.Sessions.Cookie.Name))
}

func (p *Pages) showAccessibility(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Accessibility"}, accessibilityPage())
}

func (p *Pages) showContact(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Contact"}, contactPage(p.o.Contact))
}
