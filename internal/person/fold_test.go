package person

import "testing"

func FuzzFoldingIsTheSameForPlainText(f *testing.F) {
	f.Add("O'Brien-Smith  Jr.")
	f.Fuzz(func(t *testing.T, s string) {
		if !isASCII(s) {
			return
		}
		// A letter that decomposes to nothing takes the text the long way.
		if got, want := Fold(s), Fold(s+"\u0301"); got != want {
			t.Errorf("Fold(%q) = %q, the long way %q", s, got, want)
		}
		if got, want := clean(s), clean("\u200d"+s); got != want {
			t.Errorf("clean(%q) = %q, the long way %q", s, got, want)
		}
	})
}
