package cpdweb

import (
	"net/http"

	"traid/internal/access"
	"traid/internal/govuk"
)

func (p *Pages) showPrivacy(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Privacy notice"}, privacyPage(govuk.Lasting(p.o.TRARetain)))
}

func (p *Pages) showCookies(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Cookies"}, govuk.CookiesPage(govuk.Cookie{
		Name: p.o.Sessions.Cookie.Name, Does: "Connects you to the answers that you have given", Ends: access.SessionEnds,
	}))
}

func (p *Pages) showAccessibility(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Accessibility statement"}, govuk.AccessibilityPage(productName, contactPath))
}

func (p *Pages) showContact(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Contact"}, contactPage(p.o.Contact))
}
