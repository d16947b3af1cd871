package dqteval_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traid/internal/dqt/dqteval"
	"traid/internal/dqt/match"
	"traid/internal/synth"
)

// TestTheFitFindsTheRatesThatClaimsWereMadeWith begins with a table that is
// wrong about identifiers and dates, and hides the truth of the claims.
func TestTheFitFindsTheRatesThatClaimsWereMadeWith(t *testing.T) {
	people, err := synth.New(5, 3000, synth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var file, made bytes.Buffer
	if err := errors.Join(people.WriteRegister(t.Context(), &file, nil), people.WriteClaims(t.Context(), &made, synth.Claims{Number: 5000, Seed: 1, Mix: synth.Typical}, nil)); err != nil {
		t.Fatal(err)
	}
	var hidden strings.Builder
	hidden.WriteString(strings.TrimSuffix(claimsHead, ",second_trn,sex,changed_name,errors\n") + "\n")
	for _, r := range strings.Split(made.String(), "\n")[1:] {
		if cells := strings.Split(r, ","); len(cells) > 9 {
			hidden.WriteString(strings.Join(cells[:9], ",") + ",\n")
		}
	}
	prior := append([]match.Parameter(nil), match.Default().Parameters()...)
	for i, p := range prior {
		switch {
		case p.Level == match.Equal && (p.Field == match.FieldTRN || p.Field == match.FieldNINO || p.Field == match.FieldDateOfBirth):
			prior[i].M = .7
		case p.Level == match.OneEdit && p.Field == match.FieldTRN:
			prior[i].M = .2
		}
	}
	wrong, err := match.NewModel(prior)
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, &file)
	fit := func(claims int) []match.Parameter {
		t.Helper()
		parameters, err := dqteval.Fit(t.Context(), s, strings.NewReader(hidden.String()), dqteval.FitOptions{Model: wrong, Claims: claims})
		if err != nil {
			t.Fatal(err)
		}
		return parameters
	}
	parameters := fit(0)
	// One claimant in 25 errs five times as often: the rates of the table times 1.16.
	want := map[string]float64{
		"trn equal":                       1 - 1.16*.07,
		"trn one_edit":                    1.16 * .03 * .88, // a second slip in 12%
		"national_insurance_number equal": 1 - 1.16*.025,
		"date_of_birth equal":             1 - 1.16*.008 - .003,
	}
	for i, p := range parameters {
		name := string(p.Field) + " " + string(p.Level)
		if w, asked := want[name]; asked {
			delete(want, name)
			if math.Abs(p.M-w) > .2*math.Abs(prior[i].M-w) { // the prior counts for some hundred claims
				t.Errorf("%s: got m %.4f from %.1f, want it most of the way to %.4f", name, p.M, prior[i].M, w)
			}
			if !strings.HasPrefix(p.Source, "EM: ") || !strings.Contains(p.Source, "before: ") {
				t.Errorf("%s: the source does not say where it comes from: %q", name, p.Source)
			}
		}
		if p.Field == match.FieldDateOfBirth && p.Level == match.Different && math.Abs(p.U-.98) > .01 {
			t.Errorf("different dates of birth of two people: got u %.4f, want about .98", p.U)
		}
	}
	if len(want) > 0 {
		t.Errorf("not estimated: %v", want)
	}
	if _, err := match.NewModel(parameters); err != nil {
		t.Errorf("the table is none: %v", err)
	}
	if diff := cmp.Diff(fit(400), fit(400)); diff != "" {
		t.Errorf("the same claims gave another estimate:\n%s", diff)
	}
}
