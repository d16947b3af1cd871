package traports

import (
	"context"
	"slices"
	"time"

	"traid/internal/person"
	"traid/internal/tra"
	wire "traid/internal/wire/dqtv1"
)

// Register is tra.Register over HTTP. Its token needs the scopes identify,
// search and alerts.
type Register struct{ client *wire.Client }

var _ tra.Register = (*Register)(nil)

// NewRegister gives a Register.
func NewRegister(client *wire.Client) *Register { return &Register{client} }

// Candidates gives the records that may be the claimant's, the likeliest first.
func (r *Register) Candidates(ctx context.Context, id tra.RequestID, c tra.Claim, limit int) (list []tra.Candidate, asAt time.Time, err error) {
	res, err := r.client.Candidates(ctx, wire.CandidatesRequest{Claim: claimOf(c), Case: string(id), Limit: limit})
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, c := range res.Candidates {
		one := tra.Candidate{Bits: c.Bits, Probability: c.Probability}
		if one.Record, err = recordOf(c.Record); err != nil {
			return nil, time.Time{}, err
		}
		for _, e := range c.Evidence {
			one.Evidence = append(one.Evidence, tra.Evidence{
				Field: e.Field, Level: e.Level, Bits: e.Bits, Claimed: person.NewText(e.Claimed), Recorded: person.NewText(e.Recorded),
			})
		}
		list = append(list, one)
	}
	return list, instant(res.RegisterAsAt), nil
}

// Find asks the automatic check about a claim.
func (r *Register) Find(ctx context.Context, c tra.Claim) (tra.Check, error) {
	res, err := r.client.Find(ctx, claimOf(c))
	if err != nil {
		return tra.CheckNone, err
	}
	check := tra.Check(res.Reason)
	if res.Result == "match" {
		check = tra.CheckMatch
	}
	if check == tra.CheckUnknown || !slices.Contains(tra.Checks(), check) {
		return tra.CheckNone, unreadable("register")
	}
	return check, nil
}

func claimOf(c tra.Claim) wire.Claim {
	claim := wire.Claim{
		FirstName: c.FirstName.Reveal(), LastName: c.LastName.Reveal(), DateOfBirth: c.DateOfBirth.Reveal(),
		NationalInsuranceNumber: c.NINO.Reveal(), TRN: c.TRN.Reveal(), Email: c.Email.Reveal(),
	}
	for _, n := range c.PreviousNames {
		claim.PreviousNames = append(claim.PreviousNames, wire.Name{FirstName: n.First.Reveal(), LastName: n.Last.Reveal()})
	}
	return claim
}

// Search searches the register freely.
func (r *Register) Search(ctx context.Context, why tra.Looking, q tra.Query, limit int) (list []tra.Found, asAt time.Time, err error) {
	res, err := r.client.Search(ctx, wire.SearchRequest{
		Query: q.Text.Reveal(), Case: string(why.Case), Purpose: why.Purpose, Limit: limit, After: q.After.Reveal(),
		Status: q.Status, BornFrom: q.Born, BornTo: q.BornUpTo,
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, f := range res.Records {
		one := tra.Found{FoundBy: f.FoundBy}
		if one.Record, err = recordOf(f.Record); err != nil {
			return nil, time.Time{}, err
		}
		list = append(list, one)
	}
	return list, instant(res.RegisterAsAt), nil
}

// Show gives the record of a TRN; fault.NotFound without one.
func (r *Register) Show(ctx context.Context, trn person.TRN) (rec tra.Record, asAt time.Time, err error) {
	res, err := r.client.Show(ctx, trn.Reveal())
	if err != nil {
		return tra.Record{}, time.Time{}, err
	}
	rec, err = recordOf(res.Record)
	return rec, instant(res.RegisterAsAt), err
}

// nobody is an address that no record holds (RFC 6761, 6.4): the register's
// age comes with every search, also with one that finds nothing.
const nobody = "nobody@register.invalid"

// AsAt tells when the register was last brought up to date.
func (r *Register) AsAt(ctx context.Context) (time.Time, error) {
	res, err := r.client.Search(ctx, wire.SearchRequest{Query: nobody, Purpose: "as at", Limit: 1})
	return instant(res.RegisterAsAt), err
}

// recordOf reads a record. One that holds what cannot be read is not shown in part.
func recordOf(w wire.Record) (tra.Record, error) {
	ok := true
	name := func(s string) person.Name { return optional(s, person.ParseName, &ok) }
	day := func(s *string) person.Date { return optional(text(s), person.ParseDate, &ok) }
	out := tra.Record{
		TRN: optional(w.TRN, person.NewTRN, &ok), Active: w.Status == wire.Active,
		FirstName: name(w.FirstName), MiddleName: name(w.MiddleName), LastName: name(w.LastName),
		DateOfBirth: day(w.DateOfBirth), QTSDate: day(w.QTSDate),
	}
	for _, n := range w.PreviousNames {
		out.PreviousNames = append(out.PreviousNames, person.FullName{First: name(n.FirstName), Last: name(n.LastName)})
	}
	for _, n := range w.NationalInsuranceNumbers {
		out.NINOs = append(out.NINOs, person.NewText(n))
	}
	for _, a := range w.Alerts {
		out.Alerts = append(out.Alerts, tra.Alert{
			Code: a.Code, Category: a.Category, Name: a.Name, Prohibition: a.Prohibition, Internal: a.Internal,
			Start: a.Start, End: text(a.End), Details: person.NewText(a.Details), Open: a.Open,
		})
	}
	if !ok || out.TRN.IsZero() {
		return tra.Record{}, unreadable("register")
	}
	return out, nil
}

// optional reads a value that may be missing.
func optional[T any](s string, parse func(string) (T, error), ok *bool) T {
	var none T
	if s == "" {
		return none
	}
	v, err := parse(s)
	if err != nil {
		*ok = false
		return none
	}
	return v
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
