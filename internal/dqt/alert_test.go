package dqt_test

import (
	"testing"

	"traid/internal/dqt"
)

func TestAnAlertsTypeSaysWhomItIsFor(t *testing.T) {
	for code, want := range map[string]struct{ internal, prohibition bool }{"T9": {true, false}, "T1": {false, true}, "C2": {false, false}} {
		got, ok := dqt.AlertTypeOf(code)
		if !ok || got.Internal != want.internal || got.Prohibition != want.prohibition {
			t.Errorf("%s is %+v, want %+v", code, got, want)
		}
	}
}
