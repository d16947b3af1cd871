package govuk

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// content is the HTML, or without it the text, with no white space around it.
func content(text string, html templ.Component) templ.Component {
	if html != nil {
		return html
	}
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(text))
		return err
	})
}
