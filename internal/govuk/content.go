package govuk

import (
	"context"
	"fmt"
	"io"
	"time"

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

// Lasting gives a time in words: in days where it is whole ones, otherwise in hours.
func Lasting(d time.Duration) string {
	n, unit := int(d/(24*time.Hour)), "day"
	if d%(24*time.Hour) != 0 {
		n, unit = int((d+time.Hour-1)/time.Hour), "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
