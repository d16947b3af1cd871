package dqtsql

import (
	"encoding/json"
	"errors"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/person"
)

// details is a record as it is stored: JSON with short names, since there are millions.
type details struct {
	Status   dqt.Status  `json:"s"`
	First    string      `json:"f,omitempty"`
	Middle   string      `json:"m,omitempty"`
	Last     string      `json:"l,omitempty"`
	Previous [][2]string `json:"p,omitempty"` // first, last
	Born     string      `json:"b,omitempty"`
	NINOs    []string    `json:"n,omitempty"`
	Email    string      `json:"e,omitempty"`
	QTS      string      `json:"q,omitempty"`
	Alerts   [][4]string `json:"a,omitempty"` // code, start, end, details
	Members  []match.ID  `json:"r,omitempty"` // merged into this one
}

func packDetails(r dqt.Record) (string, error) {
	d := details{
		Status: r.Status, First: r.FirstName.Reveal(), Middle: r.MiddleName.Reveal(), Last: r.LastName.Reveal(),
		Born: r.DateOfBirth.Reveal(), Email: r.Email.Reveal(), QTS: r.QTSDate.Reveal(), Members: r.Members,
	}
	for _, p := range r.PreviousNames {
		d.Previous = append(d.Previous, [2]string{p.First.Reveal(), p.Last.Reveal()})
	}
	for _, n := range r.NINOs {
		d.NINOs = append(d.NINOs, n.Reveal())
	}
	for _, a := range r.Alerts {
		d.Alerts = append(d.Alerts, [4]string{a.Code, a.Start.Reveal(), a.End.Reveal(), a.Details.Reveal()})
	}
	text, err := json.Marshal(d)
	return string(text), err
}

// unpackDetails gives the record. What stands here was parsed when it was
// stored; a value that does not parse any more is left out rather than believed.
func unpackDetails(trn int64, mergedInto int64, text string) (dqt.Record, error) {
	var d details
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return dqt.Record{}, errors.New("a record cannot be read")
	}
	r := dqt.Record{TRN: dqt.TRNOf(match.ID(trn)), Status: d.Status, Email: dqt.NewText(d.Email), Members: d.Members}
	if r.TRN.IsZero() {
		return dqt.Record{}, errors.New("a record's TRN cannot be read")
	}
	if mergedInto != 0 {
		r.MergedInto = dqt.TRNOf(match.ID(mergedInto))
	}
	r.FirstName, _ = person.ParseName(d.First)
	r.MiddleName, _ = person.ParseName(d.Middle)
	r.LastName, _ = person.ParseName(d.Last)
	r.DateOfBirth, _ = person.ParseDate(d.Born)
	r.QTSDate, _ = person.ParseDate(d.QTS)
	for _, p := range d.Previous {
		var n person.FullName
		n.First, _ = person.ParseName(p[0])
		n.Last, _ = person.ParseName(p[1])
		r.PreviousNames = append(r.PreviousNames, n)
	}
	for _, n := range d.NINOs {
		r.NINOs = append(r.NINOs, dqt.NewText(n))
	}
	for _, a := range d.Alerts {
		r.Alerts = append(r.Alerts, dqt.Alert{Code: a[0], Start: dqt.NewText(a[1]), End: dqt.NewText(a[2]), Details: dqt.NewText(a[3])})
	}
	return r, nil
}
