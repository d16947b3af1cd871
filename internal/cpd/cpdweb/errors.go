package cpdweb

import (
	"net/http"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
)

// errorText is what a page says about a status.
type errorText struct {
	Title string
	Lines []string
}

const tryLater = "Try again in a few minutes."

var errorTexts = map[int]errorText{
	http.StatusBadRequest: {"We could not read what your browser sent", []string{"Go back and try again."}},
	http.StatusForbidden: {"You cannot use this page", []string{
		"If you came here by a link or a form on another website, go to the page yourself.",
		"If you are signed in, your account does not have the role that this page needs.",
	}},
	http.StatusNotFound: {"Page not found", []string{
		"If you typed the web address, check it is correct.", "If you pasted the web address, check you copied all of it.",
	}},
	http.StatusMethodNotAllowed:      {"This page cannot be used like this", []string{"Go to the start of the service and try again."}},
	http.StatusConflict:              {"Somebody else was faster", []string{"What you wanted to change has changed meanwhile. Go back, load the page again, and look at it once more."}},
	http.StatusRequestEntityTooLarge: {"That is too much text", []string{"Go back and enter less."}},
	http.StatusTooManyRequests: {"You have tried too many times", []string{
		"To protect people’s details we limit how often they can be checked.", "Try again in an hour. If you see this page then too, try again tomorrow.",
	}},
	http.StatusServiceUnavailable:  {"Sorry, the service is unavailable", []string{tryLater}},
	http.StatusInternalServerError: {"Sorry, there is a problem with the service", []string{tryLater, "We do not know yet whether what you sent has arrived. Sending it again does no harm."}},
}

// ErrorPage writes the page for a status; below /api/ and /webhooks/ a problem.
func (p *Pages) ErrorPage(w http.ResponseWriter, r *http.Request, status int) {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/webhooks/") {
		httpd.WriteStatusProblem(w, status)
		return
	}
	text, ok := errorTexts[status]
	if !ok {
		text = errorTexts[http.StatusInternalServerError]
	}
	code := ""
	if status >= http.StatusInternalServerError { // only then the log tells more
		code = httpd.RequestID(r.Context())
	}
	if strings.HasPrefix(r.URL.Path, "/admin/") {
		p.showAdmin(w, r, status, p.admin(r, text.Title), errorPage(text, participantsPath, code))
		return
	}
	if strings.HasPrefix(r.URL.Path, schoolPath+"/") {
		p.showSchool(w, r, status, p.school(r, text.Title), errorPage(text, schoolPath, code))
		return
	}
	p.show(w, r, status, govuk.PageOptions{Title: text.Title}, errorPage(text, startPath, code))
}

// fail answers an error by its kind. What only the log may know goes there.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := httpd.Status(err)
	if status >= http.StatusInternalServerError {
		p.o.Logger.ErrorContext(r.Context(), "a page failed", "route", r.Pattern, "request", httpd.RequestID(r.Context()),
			"kind", fault.KindOf(err).String(), "error", err)
	}
	p.ErrorPage(w, r, status)
}

// missing answers for every address that no page has, and for methods that a
// page does not take.
func (p *Pages) missing(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if allowed == nil {
			p.ErrorPage(w, r, http.StatusNotFound)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p.ErrorPage(w, r, http.StatusMethodNotAllowed)
	}
}
