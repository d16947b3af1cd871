package cpdports

import (
	"context"

	"traid/internal/cpd"
	"traid/internal/person"
	wire "traid/internal/wire/dqtv1"
)

// Register is cpd.Register over HTTP.
type Register struct{ client *wire.Client }

var _ cpd.Register = (*Register)(nil)

// NewRegister gives a Register.
func NewRegister(client *wire.Client) *Register { return &Register{client} }

// Find is the automatic check.
func (r *Register) Find(ctx context.Context, d cpd.Details) (cpd.Finding, error) {
	claim := wire.Claim{
		FirstName: d.FirstName.Reveal(), LastName: d.LastName.Reveal(), DateOfBirth: d.DateOfBirth.Reveal(),
		NationalInsuranceNumber: d.NINO.Reveal(), TRN: d.TRN.Reveal(), Email: d.Email.Reveal(),
	}
	for _, n := range d.PreviousNames {
		claim.PreviousNames = append(claim.PreviousNames, wire.Name{FirstName: n.First.Reveal(), LastName: n.Last.Reveal()})
	}
	res, err := r.client.Find(ctx, claim)
	if err != nil {
		return cpd.Finding{}, err
	}
	switch trn := trnOf(&res.TRN); {
	case res.Result == wire.NoMatch && res.TRN == "":
		return cpd.Finding{Reason: res.Reason}, nil
	case res.Result == wire.Match && !trn.IsZero():
		return cpd.Finding{Match: true, TRN: trn, Basis: res.Basis}, nil
	}
	return cpd.Finding{}, unreadable("register")
}

// OpenAlert tells whether the record with the TRN has an open alert.
// AsAt is zero while the register was never brought up to date.
func (r *Register) OpenAlert(ctx context.Context, trn person.TRN) (cpd.AlertSeen, error) {
	res, err := r.client.AlertExists(ctx, trn.Reveal())
	if err != nil {
		return cpd.AlertSeen{}, err
	}
	return cpd.AlertSeen{Open: res.OpenAlert, State: res.State, AsAt: instant(res.AsAt)}, nil
}
