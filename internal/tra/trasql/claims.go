package trasql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"traid/internal/person"
	"traid/internal/tra"
)

// Claim gives what the person says, as long as it is kept.
func (x reads) Claim(ctx context.Context, id tra.RequestID) (tra.Claim, error) {
	row, err := x.q.Claim(ctx, string(id))
	if err != nil {
		return tra.Claim{}, readError("claim", id, err)
	}
	c, err := claimOf(row)
	if err != nil {
		return tra.Claim{}, fmt.Errorf("trasql: claim of %s: %w", id, err)
	}
	return c, nil
}

// SaveClaim changes what the person says.
func (x *tx) SaveClaim(ctx context.Context, id tra.RequestID, c tra.Claim) error {
	n, err := x.q.SaveClaim(ctx, SaveClaimParams(claimRow(id, c)))
	return changed("claim", id, n, err)
}

// DeleteClaim deletes what the person says, also in reply to questions. The request stays.
func (x *tx) DeleteClaim(ctx context.Context, id tra.RequestID) error {
	if err := x.q.DeleteReplies(ctx, string(id)); err != nil {
		return writeError("claim", id, err)
	}
	return writeError("claim", id, x.q.DeleteClaim(ctx, string(id)))
}

func claimRow(id tra.RequestID, c tra.Claim) AddClaimParams {
	previous := make([][2]string, 0, len(c.PreviousNames))
	for _, p := range c.PreviousNames {
		previous = append(previous, [2]string{p.First.Reveal(), p.Last.Reveal()})
	}
	previousJSON, _ := json.Marshal(previous) // strings always marshal
	return AddClaimParams{
		Request: string(id), FirstName: c.FirstName.Reveal(), LastName: c.LastName.Reveal(), PreviousNames: string(previousJSON),
		DateOfBirth: c.DateOfBirth.Reveal(), NationalInsuranceNumber: c.NINO.Reveal(), Trn: c.TRN.Reveal(), Email: c.Email.Reveal(),
	}
}

// claimOf reads a stored claim. A value that cannot be read is an error rather
// than left out: an operator would decide without it.
func claimOf(row Claim) (tra.Claim, error) {
	var previous [][2]string
	if err := json.Unmarshal([]byte(row.PreviousNames), &previous); err != nil {
		return tra.Claim{}, errors.New("the previous names cannot be read") // json's text may repeat a value
	}
	var c tra.Claim
	errs := []error{
		parse(&c.FirstName, row.FirstName, person.ParseName),
		parse(&c.LastName, row.LastName, person.ParseName),
		parse(&c.DateOfBirth, row.DateOfBirth, person.ParseDate),
		parse(&c.NINO, row.NationalInsuranceNumber, person.ParseNINO),
		parse(&c.TRN, row.Trn, person.NewTRN),
		parse(&c.Email, row.Email, person.ParseEmail),
	}
	for _, p := range previous {
		var n person.FullName
		errs = append(errs, parse(&n.First, p[0], person.ParseName), parse(&n.Last, p[1], person.ParseName))
		c.PreviousNames = append(c.PreviousNames, n)
	}
	return c, errors.Join(errs...)
}

// parse reads one stored value; none is none.
func parse[T any](into *T, stored string, read func(string) (T, error)) (err error) {
	if stored != "" {
		*into, err = read(stored)
	}
	return err
}
