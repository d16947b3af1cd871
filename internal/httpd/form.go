package httpd

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxForm bounds a form, in bytes: far more than what a person types.
const maxForm = 64 << 10

// Form reads a form before its handler runs, so that one that is too large or
// no form at all is answered at one place, with the service's page for the
// status.
func Form(next http.Handler, errorPage func(w http.ResponseWriter, r *http.Request, status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				errorPage(w, r, refusedStatus(err))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// FileForm is Form of a form with a file, which is read into memory: at most max
// bytes of both.
func FileForm(next http.Handler, max int64, errorPage func(w http.ResponseWriter, r *http.Request, status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, max)
			err := r.ParseForm()
			if err == nil {
				err = r.ParseMultipartForm(max)
			}
			if err != nil && !errors.Is(err, http.ErrNotMultipart) {
				errorPage(w, r, refusedStatus(err))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// refusedStatus is how a form that cannot be read is answered.
func refusedStatus(err error) int {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// Text refuses what no browser sends and no database takes in texts: NUL, and
// bytes that are no UTF-8, in the address, its parameters or the form.
func Text(next http.Handler, errorPage func(w http.ResponseWriter, r *http.Request, status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isText(r.URL.Path) {
			errorPage(w, r, http.StatusNotFound)
			return
		}
		for _, values := range []url.Values{r.URL.Query(), r.PostForm} {
			for _, list := range values {
				if !isText(strings.Join(list, "")) {
					errorPage(w, r, http.StatusBadRequest)
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
