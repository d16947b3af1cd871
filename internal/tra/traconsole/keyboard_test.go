package traconsole_test

import (
	"net/http"
	"slices"
	"testing"

	"traid/internal/tra/traconsole"
)

// keys gives the single keys of a page with what they lead to.
func (p *page) keys() []string {
	var out []string
	for n := range p.doc.Descendants() {
		if k := attr(n, "data-traid-key"); k != "" {
			out = append(out, k)
		}
	}
	return out
}

func TestSingleKeysAreShownAndCanBeSwitchedOff(t *testing.T) {
	c := start(t)
	ann, bob := c.signIn(t, "ann@example.org", traconsole.RoleOperator), c.signIn(t, "bob@example.org", traconsole.RoleOperator)
	if got, want := ann.get(casePath).keys(), []string{"l", "r", "?", "1", "2", "s", "a"}; !slices.Equal(got, want) {
		t.Errorf("the case's page has the keys %q, want %q", got, want)
	}
	p := ann.get("/keyboard").is(http.StatusOK).says("? This page", "1 to 9", "n To “Take the next case”")
	p.press("/keyboard", "Save", one("keys", "")).is(http.StatusUnprocessableEntity).says("Select whether single keys do something")
	p.press("/keyboard", "Save", one("keys", "off")).follow("/keyboard")
	for _, path := range []string{"/", casePath, "/keyboard"} {
		if got := ann.get(path).is(http.StatusOK).keys(); len(got) != 0 {
			t.Errorf("%s has the keys %q for who has switched them off", path, got)
		}
	}
	if len(bob.get(casePath).keys()) == 0 {
		t.Error("another operator's keys are off too")
	}
	ann.get("/keyboard").press("/keyboard", "Save", one("keys", "on")).follow("/keyboard")
	if len(ann.get(casePath).keys()) == 0 {
		t.Error("the keys are not on again")
	}
}
