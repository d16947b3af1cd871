package synth

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Header is the first line of a register file.
const Header = "trn,status,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_numbers,email,qts_date,alerts"

// WriteRegister writes the register file. Progress, if any, hears how many
// records are written.
func (p *Population) WriteRegister(ctx context.Context, w io.Writer, progress func(done int)) error {
	return write(ctx, w, Header, p.records, progress, func(d *dice, place int) []string { return p.record(d, place).row() })
}

// record is what the register holds at a place.
type record struct {
	trn, status         string
	first, middle, last string
	previous            string
	born                date
	nino, mail          string
	qts, alerts         string

	errors []string // what is not as it is with the person
}

func (r record) row() []string {
	return []string{r.trn, r.status, r.first, r.middle, r.last, r.previous, r.born.String(), r.nino, r.mail, r.qts, r.alerts}
}

// record gives the record at a place.
func (p *Population) record(d *dice, place int) record {
	owner := p.owner(place)
	v := p.person(d, owner)
	d.seed(p.seed, drawRecord, uint64(place))
	r := record{trn: p.trn(place), status: p.status(d, place), first: v.first, middle: v.middle, last: v.birthLast, born: v.born}
	if v.newest != "" {
		switch {
		case d.chance(shareNotYetKnown):
			r.errors = append(r.errors, "record_without_newest_name")
		default:
			r.last = v.newest
			if d.chance(shareEarlierKept) {
				r.previous = v.birthLast
			} else {
				r.errors = append(r.errors, "record_without_earlier_name")
			}
		}
	}
	slip := func(name *string, kind string) {
		if d.chance(recordNameSlip) && *name != "" {
			*name = typed(d, *name)
			r.errors = append(r.errors, kind)
		}
	}
	slip(&r.first, "record_first_slip")
	slip(&r.middle, "record_middle_slip")
	slip(&r.last, "record_last_slip")
	born, kind := wrongBorn(d, v.born, recordBornWrong, func() date { return bornFor(d, p.trnYear(place)) })
	if r.born = born; kind != "" {
		r.errors = append(r.errors, "record_"+kind)
	}
	if d.chance(shareNINO) {
		r.nino = v.nino
	}
	if d.chance(shareEmail) {
		r.mail = v.mails[0]
	}
	year := p.trnYear(place) + 1
	if year < asAt && place == owner && !d.chance(shareNoQTS) {
		r.qts = strconv.Itoa(year) + "-08-01"
	}
	switch at := d.Float64(); {
	case at < shareAlert:
		r.alerts = "T1:" + strconv.Itoa(2010+d.IntN(14)) + "-05-01::"
	case at < shareAlert+shareSpentAlert:
		r.alerts = fmt.Sprintf("T2:%d-05-01:%d-05-01:", 2005+d.IntN(5), 2012+d.IntN(5))
	}
	if strings.HasPrefix(r.status, "merged") {
		r.nino, r.mail, r.qts, r.alerts = "", "", "", ""
	}
	return r
}

// status draws a record's status, first of all: claimants hears it without the rest.
// The first record is always active.
func (p *Population) status(d *dice, place int) string {
	inactive := d.chance(shareInactive)
	switch s := p.special[place]; {
	case s.kind == merged:
		return "merged:" + p.trn(s.of)
	case inactive && s.kind == first && place > 0:
		return "inactive"
	}
	return "active"
}

// claims tells whether the person whose first record is at a place may claim it:
// an inactive record's does not.
func (p *Population) claims(d *dice, place int) bool {
	if p.owner(place) != place {
		return false
	}
	d.seed(p.seed, drawRecord, uint64(place))
	return p.status(d, place) == "active"
}
