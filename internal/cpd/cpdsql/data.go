package cpdsql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// Data gives a participant's newest validation data.
func (r reads) Data(ctx context.Context, id cpd.ParticipantID) (cpd.Data, error) {
	row, err := r.q.NewestData(ctx, string(id))
	return data(row, err)
}

// DataByID gives validation data by its id.
func (r reads) DataByID(ctx context.Context, id string) (cpd.Data, error) {
	row, err := r.q.DataByID(ctx, id)
	return data(row, err)
}

// AddData keeps what was typed.
func (x *tx) AddData(ctx context.Context, d cpd.Data) error {
	previous := make([][2]string, 0, len(d.Details.PreviousNames))
	for _, n := range d.Details.PreviousNames {
		previous = append(previous, [2]string{n.First.Reveal(), n.Last.Reveal()})
	}
	text, err := json.Marshal(previous)
	if err != nil {
		return fmt.Errorf("cpdsql: previous names: %w", err)
	}
	return wrote("add validation data", x.q.AddData(ctx, AddDataParams{
		ID: d.ID, ParticipantID: string(d.Participant), FirstName: d.Details.FirstName.Reveal(), LastName: d.Details.LastName.Reveal(),
		NameChanged: d.Details.NameChanged, PreviousNames: string(text), DateOfBirth: d.Details.DateOfBirth.Reveal(),
		Trn: d.Details.TRN.Reveal(), Nino: d.Details.NINO.Reveal(), Email: d.Details.Email.Reveal(), CreatedAt: sqldb.Time(d.CreatedAt),
	}))
}

// DeleteData deletes a participant's validation data but for the rows named.
func (x *tx) DeleteData(ctx context.Context, id cpd.ParticipantID, keep ...string) error {
	ids, err := x.q.DataIDs(ctx, string(id))
	if err != nil {
		return failed("validation data", err)
	}
	for _, id := range ids {
		if slices.Contains(keep, id) {
			continue
		}
		if err := x.DeleteDataByID(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// DeleteDataByID deletes validation data; nothing where it is gone already.
func (x *tx) DeleteDataByID(ctx context.Context, id string) error {
	return wrote("delete validation data", x.q.DeleteData(ctx, id))
}

func data(row ValidationDatum, err error) (cpd.Data, error) {
	if err != nil {
		return cpd.Data{}, failed("validation data", err)
	}
	var previous [][2]string
	var v values
	v.unreadable = json.Unmarshal([]byte(row.PreviousNames), &previous) != nil
	d := cpd.Data{
		ID: row.ID, Participant: cpd.ParticipantID(row.ParticipantID), CreatedAt: row.CreatedAt.UTC(),
		Details: cpd.Details{
			FirstName: stored(&v, person.ParseName, row.FirstName), LastName: stored(&v, person.ParseName, row.LastName),
			NameChanged: row.NameChanged, DateOfBirth: stored(&v, person.ParseDate, row.DateOfBirth),
			TRN: stored(&v, person.NewTRN, row.Trn), NINO: stored(&v, person.ParseNINO, row.Nino),
			Email: stored(&v, person.ParseEmail, row.Email),
		},
	}
	for _, n := range previous {
		d.Details.PreviousNames = append(d.Details.PreviousNames, person.FullName{
			First: stored(&v, person.ParseName, n[0]), Last: stored(&v, person.ParseName, n[1]),
		})
	}
	if v.unreadable { // a check of half of what was typed would not be that person's
		return cpd.Data{}, fmt.Errorf("cpdsql: validation data %s cannot be read", row.ID)
	}
	return d, nil
}
