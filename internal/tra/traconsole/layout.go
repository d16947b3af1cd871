package traconsole

import (
	"net/http"
	"strings"

	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/signin"
)

const serviceName = "TRA support console"

// Page is the console's layout, also for its sign-in pages.
func Page(r *http.Request, title string) govuk.PageOptions {
	o := govuk.PageOptions{Title: title, ProductName: "traid", ServiceName: serviceName, ServiceURL: "/", Wide: true, Footer: footer()}
	if a, ok := signin.AccountFrom(r.Context()); ok {
		section := "/"
		for _, other := range []string{"/register", figuresPath, textsPath, keyboardPath} {
			if strings.HasPrefix(r.URL.Path, other) {
				section = other
			}
		}
		for _, item := range []govuk.NavigationItem{{Text: "Cases", Href: "/"}, {Text: "Search the register", Href: "/register"}, {Text: "Figures", Href: figuresPath}, {Text: "Texts", Href: textsPath}, {Text: "Keyboard", Href: keyboardPath}} {
			item.Active = item.Href == section
			item.Attributes = key(r.Context(), map[string]string{"/": keyCases, "/register": keyRegister, keyboardPath: keyHelp}[item.Href])
			switch {
			case item.Href == textsPath && !a.HasRole(RoleAdministrator), item.Href == figuresPath && !a.HasRole(RoleSupervisor, RoleAdministrator):
			default:
				o.Navigation = append(o.Navigation, item)
			}
		}
		o.NavigationEnd, o.SignsOut = signOut(a.Email), signin.SignsOut(r.Context())
	}
	return o
}

type errorView struct {
	Heading string
	Text    string
	Next    string
}

var errorPages = map[int]errorView{
	http.StatusBadRequest:            {"The form could not be read", "What your browser sent is not what the page’s form sends.", "Go back and try again."},
	http.StatusUnauthorized:          {"Sign in first", "You are not signed in.", ""},
	http.StatusForbidden:             {"You cannot see this page", "Your account does not have the role for it.", "If you need it for your work, ask an administrator."},
	http.StatusNotFound:              {"Page not found", "There is no page at this address, or the case has gone.", "If you typed the address, check it. If you followed a link, tell an administrator."},
	http.StatusMethodNotAllowed:      {"This page is part of a form", "It cannot be opened by its address or reloaded.", "Go back to the case and start the step again."},
	http.StatusConflict:              {"Somebody else was faster", "The case has changed since you opened it.", "Open it again to see how it stands."},
	http.StatusUnprocessableEntity:   {"The form was not complete", "Something that the page sends by itself was missing.", "Go back to the case and start the step again."},
	http.StatusRequestEntityTooLarge: {"That was too much text", "The form was longer than this service takes.", "Go back and shorten it."},
	http.StatusTooManyRequests:       {"Too many requests", "You asked for more than this service gives in a minute.", "Wait a minute, then try again."},
	http.StatusServiceUnavailable:    {"Part of the service does not answer", "Nothing was changed.", "Try again in a minute."},
}

// ErrorPage writes the console's page for a status.
func ErrorPage(w http.ResponseWriter, r *http.Request, status int) { writeError(w, r, status, "") }

// writeError writes the page for a status, with a text of its own where one is given.
func writeError(w http.ResponseWriter, r *http.Request, status int, text string) {
	v, ok := errorPages[status]
	if !ok {
		v = errorView{"Something went wrong", "This is not your mistake. Nothing was changed unless the case says so.", "Try again. If it happens again, give an administrator the number below."}
	}
	if text != "" {
		v.Text = text
	}
	httpd.Render(w, r, status, errorPage(Page(r, v.Heading), v, httpd.RequestID(r.Context())))
}
