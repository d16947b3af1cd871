package signin

import "testing"

func TestALinkDoesNotLeadToAnotherSite(t *testing.T) {
	for to, want := range map[string]bool{
		"/": true, "/cases/7?queue=mine": true, "": false, "cases": false, "//elsewhere.example": false, `/\elsewhere.example`: false,
		"/\t/elsewhere.example": false, "https://elsewhere.example/": false,
	} {
		if got := local(to); got != want {
			t.Errorf("local(%q) is %t, want %t", to, got, want)
		}
	}
}
