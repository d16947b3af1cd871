package govuk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorsOfAForm(t *testing.T) {
	var errs Errors
	errs.Add("name", "Enter a name")
	errs.Add("born-year", "Year must have 4 digits")
	errs.Add("name", "Name is too long")
	errs.Add("", "Sign in again")

	if got := errs.Of("name").Text; got != "Enter a name" {
		t.Errorf("of one field: %q, want its first message", got)
	}
	if got := errs.Of("born-day", "born-month", "born-year").Text; got != "Year must have 4 digits" {
		t.Errorf("of a group: %q, want the message of the one that is wrong", got)
	}
	if errs.Of("email").given() || Errors(nil).Of("name").given() {
		t.Error("a field that is right has a message")
	}
	want := []ErrorLink{
		{Text: "Enter a name", Href: "#name"},
		{Text: "Year must have 4 digits", Href: "#born-year"},
		{Text: "Name is too long", Href: "#name"},
		{Text: "Sign in again"},
	}
	if d := cmp.Diff(want, errs.Summary().ErrorList); d != "" {
		t.Error(d)
	}
}
