package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheReportFailsWhenItShould(t *testing.T) {
	for what, c := range map[string]struct {
		in    string
		code  int
		lines string
	}{
		"passed":       {`{"Action":"pass","Package":"p","Test":"A"}` + "\n" + `{"Action":"pass","Package":"p"}`, 0, "1 passed, 0 failed, 0 skipped\n"},
		"failed":       {`{"Action":"output","Package":"p","Test":"A","Output":"why\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"A"}`, 1, "why\n0 passed, 1 failed, 0 skipped\n"},
		"not built":    {`{"Action":"pass","Package":"p","Test":"A"}` + "\n" + `{"Action":"build-fail","ImportPath":"q"}`, 1, "1 passed"},
		"a dead one":   {`{"Action":"pass","Package":"p","Test":"A"}` + "\n" + `{"Action":"fail","Package":"q"}`, 1, "fail  q"},
		"nothing ran":  {``, 1, "0 passed"},
		"one skipped":  {`{"Action":"pass","Package":"p","Test":"A"}` + "\n" + `{"Action":"skip","Package":"p","Test":"B"}`, 0, "1 passed, 0 failed, 1 skipped\n"},
		"not an event": {"panic: dead", 1, "panic: dead\n"},
	} {
		var out bytes.Buffer
		if code := report(strings.NewReader(c.in), &out); code != c.code || !strings.Contains(out.String(), c.lines) {
			t.Errorf("%s: got %d %q, want %d and %q", what, code, out.String(), c.code, c.lines)
		}
	}
}
