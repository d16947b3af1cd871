package traconsole

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"traid/internal/govuk"
	"traid/internal/httpd"
)

// keyboardPath is where the single keys are shown, and switched off and on.
const keyboardPath = "/keyboard"

// keyOff holds in a session that single keys do nothing.
const keyOff = "keys_off"

// The single keys. None decides anything: a link is followed, anything else
// gets the focus. Every one is done without them too.
const (
	keyHelp     = "?"
	keyCases    = "l"
	keyRegister = "r"
	keyNext     = "n"
	keySearch   = "s"
	keyAnswer   = "a"
	keyGoOn     = "c"
)

var keyWords = [][2]string{
	{keyHelp, "This page"},
	{keyCases, "The list of cases"},
	{keyRegister, "Search the register without a case"},
	{keyNext, "To “Take the next case”"},
	{"1 to 9", "To “This is the person” of the first record, the second and so on"},
	{keySearch, "To the search box of a case"},
	{keyAnswer, "To what else can be decided"},
	{keyGoOn, "To the button that confirms, or goes on"},
}

type keysOff struct{}

// key gives what has a single key lead to an element; nothing where they are off.
func key(ctx context.Context, k string) templ.Attributes {
	if off, _ := ctx.Value(keysOff{}).(bool); off || k == "" {
		return nil
	}
	return templ.Attributes{"data-traid-key": k}
}

// withKeys tells the pages whether the operator has switched single keys off.
func (p *pages) withKeys(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.sessions != nil {
			r = r.WithContext(context.WithValue(r.Context(), keysOff{}, p.sessions.GetBool(r.Context(), keyOff)))
		}
		next.ServeHTTP(w, r)
	})
}

// numbered gives the records that can be chosen the keys 1 to 9, in their order.
func numbered(lists ...[]recordView) {
	n := 0
	for _, list := range lists {
		for i := range list {
			if list[i].Choose && n < 9 {
				n++
				list[i].Key = string(rune('0' + n))
			}
		}
	}
}

func (p *pages) keyboard(w http.ResponseWriter, r *http.Request) {
	renderKeyboard(w, r, http.StatusOK, nil)
}

func renderKeyboard(w http.ResponseWriter, r *http.Request, status int, errs govuk.Errors) {
	o := Page(r, "Keyboard")
	o.Errors = errs
	off, _ := r.Context().Value(keysOff{}).(bool)
	httpd.Render(w, r, status, keyboardPage(o, map[bool]string{true: "off", false: "on"}[off], errs))
}

// setKeyboard switches single keys off or on, for as long as the session lasts.
func (p *pages) setKeyboard(w http.ResponseWriter, r *http.Request) {
	chosen := r.PostFormValue("keys")
	if !slices.Contains([]string{"on", "off"}, chosen) {
		renderKeyboard(w, r, http.StatusUnprocessableEntity, govuk.Errors{{Field: "keys", Message: "Select whether single keys do something"}})
		return
	}
	if p.sessions != nil {
		p.sessions.Put(r.Context(), keyOff, chosen == "off")
	}
	http.Redirect(w, r, keyboardPath, http.StatusSeeOther)
}
