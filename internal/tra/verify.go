package tra

import (
	"context"
	"slices"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// staleAfter is how old the register may be for "there is no such record" to
// be believed.
const staleAfter = 24 * time.Hour

// verdict is what the register says of a decision.
type verdict struct {
	Checked
	behind bool // the register is too old to say that there is no such record
}

// verifyTRN checks a TRN against the register and the claim. An
// error says that the register did not answer, which says nothing about the TRN.
func (s *Service) verifyTRN(ctx context.Context, c Claim, trn person.TRN) (verdict, error) {
	var v verdict
	record, asAt, err := s.register.Show(ctx, trn)
	if fault.Is(err, fault.NotFound) {
		if v.AsAt, err = s.register.AsAt(ctx); err != nil {
			return verdict{}, err
		}
		v.Refused = "No record has this TRN."
		v.behind = s.now().Sub(v.AsAt) > staleAfter
		return v, nil
	}
	if err != nil {
		return verdict{}, err
	}
	v.Record, v.AsAt = record, asAt
	if record.TRN != trn {
		v.MergedFrom = trn
	}
	if !record.Active {
		v.Refused = "The record is not active."
	}
	v.Fields = compare(c, record)
	for i, f := range v.Fields {
		if f.Field == FieldTRN && f.Agreement == Differs {
			same, err := s.leadsTo(ctx, c.TRN, record.TRN)
			if err != nil {
				return verdict{}, err
			}
			if same {
				v.Fields[i].Agreement = Agrees
			}
		}
	}
	var contradicts []string
	for _, f := range v.Fields {
		switch {
		case f.Agreement == Agrees:
		case f.Field == FieldFirstName, f.Field == FieldDateOfBirth:
			// What is missing does not agree either.
			v.Accepts = append(v.Accepts, f.Field)
			contradicts = append(contradicts, fieldWords[f.Field])
		case f.Agreement == Differs && (f.Field == FieldTRN || f.Field == FieldNINO):
			v.Accepts = append(v.Accepts, f.Field)
			contradicts = append(contradicts, fieldWords[f.Field])
		}
	}
	if len(contradicts) > 0 {
		v.Review = "The record does not agree with the claim in the " + strings.Join(contradicts, ", the ") + "."
	}
	return v, nil
}

// leadsTo tells whether a TRN's record is, or was merged into, the one of another.
func (s *Service) leadsTo(ctx context.Context, trn, into person.TRN) (bool, error) {
	record, _, err := s.register.Show(ctx, trn)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && record.TRN == into, err
}

var fieldWords = map[Field]string{
	FieldFirstName: "first name", FieldLastName: "last name", FieldPreviousNames: "previous names", FieldDateOfBirth: "date of birth",
	FieldNINO: "National Insurance number", FieldTRN: "TRN", FieldEmail: "email address",
}

// Words names a field for people.
func (f Field) Words() string { return fieldWords[f] }

// compare sets a claim beside a record, field by field, in the claim's order.
func compare(c Claim, r Record) []Difference {
	out := []Difference{
		beside(FieldFirstName, c.FirstName.Reveal(), r.FirstName.Reveal(), func(a, b string) bool {
			return person.FirstNameKey(a) == person.FirstNameKey(b)
		}),
		beside(FieldLastName, c.LastName.Reveal(), r.LastName.Reveal(), func(a, b string) bool {
			return slices.Contains(lastNames(r.LastName, r.PreviousNames), person.Fold(a))
		}),
		{Field: FieldPreviousNames, Agreement: Missing, Claimed: namesOf(c.PreviousNames), Recorded: namesOf(r.PreviousNames)},
		beside(FieldDateOfBirth, c.DateOfBirth.Reveal(), r.DateOfBirth.Reveal(), func(a, b string) bool { return a == b }),
		{Field: FieldNINO, Agreement: Missing, Claimed: person.NewText(c.NINO.Reveal())},
		beside(FieldTRN, c.TRN.Reveal(), r.TRN.Reveal(), func(a, b string) bool { return a == b }),
	}
	if previous := &out[2]; !previous.Claimed.IsZero() {
		previous.Agreement = Differs
		known := lastNames(r.LastName, r.PreviousNames)
		for _, n := range c.PreviousNames {
			if slices.Contains(known, person.Fold(n.Last.Reveal())) {
				previous.Agreement = Agrees
			}
		}
	}
	nino := &out[4]
	var held []string
	for _, n := range r.NINOs {
		held = append(held, n.Reveal())
	}
	nino.Recorded = person.NewText(strings.Join(held, ", "))
	if !c.NINO.IsZero() && len(held) > 0 {
		nino.Agreement = Differs
		if slices.ContainsFunc(held, func(n string) bool { return sameNINO(n, c.NINO.Reveal()) }) {
			nino.Agreement = Agrees
		}
	}
	return out
}

func beside(f Field, claimed, recorded string, same func(a, b string) bool) Difference {
	d := Difference{Field: f, Agreement: Differs, Claimed: person.NewText(claimed), Recorded: person.NewText(recorded)}
	switch {
	case claimed == "" || recorded == "":
		d.Agreement = Missing
	case same(claimed, recorded):
		d.Agreement = Agrees
	}
	return d
}

// ninoBody is how many characters of an NI number tell people apart: the
// suffix does not count.
const ninoBody = 8

func sameNINO(a, b string) bool {
	a, b = person.LenientNINO(a), person.LenientNINO(b)
	return len(a) >= ninoBody && len(b) >= ninoBody && a[:ninoBody] == b[:ninoBody]
}

// lastNames gives every family name that a record has had, folded.
func lastNames(last person.Name, previous []person.FullName) []string {
	out := []string{person.Fold(last.Reveal())}
	for _, p := range previous {
		if !p.Last.IsZero() {
			out = append(out, person.Fold(p.Last.Reveal()))
		}
	}
	return out
}

func namesOf(names []person.FullName) person.Text {
	var out []string
	for _, n := range names {
		out = append(out, strings.TrimSpace(n.First.Reveal()+" "+n.Last.Reveal()))
	}
	return person.NewText(strings.Join(out, ", "))
}

// dbsMatch is the type of an alert that says no more than that the DBS has to
// be asked: alone it never makes somebody barred.
const dbsMatch = "G1"

// verifyBarring checks the outcome of a barring check against the alerts on the
// record.
func (s *Service) verifyBarring(ctx context.Context, c Claim, o Outcome) (verdict, error) {
	var v verdict
	record, asAt, err := s.register.Show(ctx, c.TRN)
	if fault.Is(err, fault.NotFound) {
		if v.AsAt, err = s.register.AsAt(ctx); err != nil {
			return verdict{}, err
		}
		v.behind = s.now().Sub(v.AsAt) > staleAfter
		if o == Failed {
			v.behind = false
			return v, nil
		}
		v.Refused = "No record has the TRN that is asked for."
		return v, nil
	}
	if err != nil {
		return verdict{}, err
	}
	v.Record, v.AsAt = record, asAt
	prohibited, serious := false, false
	for _, a := range record.Alerts {
		if a.Open && a.Prohibition {
			serious = true
			prohibited = prohibited || a.Code != dbsMatch
		}
	}
	switch {
	case o == Barred && !prohibited:
		v.Refused = "No prohibition from teaching is in force on the record today."
	case o == Barred:
		v.Review = "Barred always needs a second operator."
	case serious:
		v.Review = "A prohibition or a DBS match is open on the record."
	}
	return v, nil
}

// verify checks a decision against the register; nothing is checked of a
// failed TRN validation.
func (s *Service) verify(ctx context.Context, r Request, c Claim, d Decision) (verdict, error) {
	switch {
	case r.Kind == BarringCheck:
		return s.verifyBarring(ctx, c, d.Outcome)
	case d.Outcome == TRNFound:
		return s.verifyTRN(ctx, c, d.TRN)
	}
	return verdict{}, nil
}
