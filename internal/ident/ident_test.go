package ident

import (
	"regexp"
	"testing"
)

func TestIdsHaveTheirShapeAndDiffer(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	reference := regexp.MustCompile(`^TRA-[3479CDFHJKMNPQRTWXY]{4}-[3479CDFHJKMNPQRTWXY]{3}$`)
	seen := map[string]bool{}
	for range 1000 {
		id, ref := NewUUID(), NewReference("TRA")
		if !uuid.MatchString(id) || !reference.MatchString(ref) {
			t.Fatalf("got %q, %q", id, ref)
		}
		if seen[id] || seen[ref] {
			t.Fatalf("%q or %q came twice", id, ref)
		}
		seen[id], seen[ref] = true, true
	}
}
