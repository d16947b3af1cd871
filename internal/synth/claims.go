package synth

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
)

// ClaimsHeader is the first line of a file of claims: the claim, the truth, and
// what figures are reported by.
const ClaimsHeader = "id,first_name,middle_name,last_name,previous_names,date_of_birth,national_insurance_number,trn,email," +
	"true_trn,second_trn,sex,changed_name,name_origin,age_band,relative,error_prone,errors"

// Claims says which file of claims is made.
type Claims struct {
	Number int
	Seed   uint64 // another one gives other claims on the same register
	Mix    Mix
	Errors float64 // how many times the mix's errors; zero: once
}

// claim is a line of the file.
type claim struct {
	first, middle, last, previous string
	born                          date
	nino, trn, mail               string

	place              int    // of the claimant's first record, -1: in no record
	trueTRN, secondTRN string // empty: in no record; has no second one
	changed            bool
	relative           string // how the claimant, who is in no record, is related to somebody in one
	prone              bool
	errors             []string
}

// WriteClaims writes a file of claims by people of the population and by people
// in no record. Progress, if any, hears how many are written.
//
// Truth: true_trn is the claimant's first record, second_trn another one of the
// same person, both empty for who is in no record. Relative says of these
// whether they are a twin, the spouse, a sibling, or a parent or child of the
// same name of somebody in one. Errors lists how the claim differs from the
// person, and, with record_ before it, how their record does.
func (p *Population) WriteClaims(ctx context.Context, w io.Writer, c Claims, progress func(done int)) error {
	if c.Errors == 0 {
		c.Errors = 1
	}
	switch {
	case p.records == 0:
		return errors.New("synth: claims need a register with a record")
	case c.Number < 0 || c.Errors < 0:
		return errors.New("synth: a number of claims and of errors is not below zero")
	}
	r, err := c.Mix.rates(c.Errors)
	if err != nil {
		return err
	}
	return write(ctx, w, ClaimsHeader, c.Number, progress, func(d *dice, n int) []string {
		claim, v := p.claim(d, r, c.Seed, n)
		_, band := v.band()
		return []string{
			"c" + strconv.Itoa(n+1), claim.first, claim.middle, claim.last, claim.previous, claim.born.String(), claim.nino, claim.trn, claim.mail,
			claim.trueTRN, claim.secondTRN, string(v.sex), yes(claim.changed), v.origin.name, band, claim.relative, yes(claim.prone), strings.Join(claim.errors, ";"),
		}
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// somebody gives the place of a person who may claim.
func (p *Population) somebody(at, d *dice) int {
	for {
		if place := at.IntN(p.records); p.claims(d, place) {
			return place
		}
	}
}

// The kinds of near relatives, equally many.
const (
	isTwin          = "twin"
	isSpouse        = "spouse"
	isParentOrChild = "parent_or_child"
	isSibling       = "sibling"
)

// claimant gives the person behind a claim with the place of their record, or
// of their relative's; neither: -1, -1.
func (p *Population) claimant(d, other *dice, seed uint64, n int) (v individual, place, relativeOf int, kind string) {
	if !d.chance(shareNobody) {
		place = p.somebody(d, other)
		return p.person(other, place), place, -1, ""
	}
	number := MaxRecords + scramble(seed^scramble(uint64(n)))%(MaxRecords*10)
	v = p.stranger(d, p.trnYear(d.IntN(p.records)), number)
	if !d.chance(shareRelative) {
		return v, -1, -1, ""
	}
	relativeOf = p.somebody(d, other)
	of := p.person(other, relativeOf)
	kind = one(d, []string{isTwin, isSpouse, isParentOrChild, isSibling})
	switch kind {
	case isTwin:
		v.become(d, p.names, &of, of.born)
	case isSibling:
		v.become(d, p.names, &of, nearBorn(d, of.born, 300, 8*365))
	case isSpouse:
		v.sex = 'F'
		if of.sex == 'F' {
			v.sex = 'M'
		}
		v.origin, v.tradition, v.born = of.origin, of.tradition, nearBorn(d, of.born, 1, 6*365)
		v.givenNames(d, p.names)
		v.birthLast, v.newest = v.familyName(d, p.names), of.last()
		if v.sex == 'M' {
			v.birthLast, v.newest = of.last(), ""
		}
	default: // of the same name and sex, a generation away
		v.sex, v.origin, v.tradition = of.sex, of.origin, of.tradition
		v.born = nearBorn(d, of.born, 20*365, 38*365)
		v.first, v.birthLast, v.newest = of.first, of.birthLast, of.newest
	}
	v.addresses(d, number)
	return v, -1, relativeOf, kind
}

// nearBorn draws a date of birth so many days before another one, or after it.
func nearBorn(d *dice, of date, least, most int) date {
	for {
		days := least + d.IntN(most-least)
		if d.chance(.5) {
			days = -days
		}
		if born := dateOf(of.time().AddDate(0, 0, days)); believable(born) {
			return born
		}
	}
}

// claim gives the n-th claim of a seed, and who makes it.
func (p *Population) claim(d *dice, r rates, seed uint64, n int) (claim, individual) {
	d.seed(scramble(p.seed)^seed, drawClaim, uint64(n))
	other := newDice() // for what is drawn from the population
	v, place, relativeOf, kind := p.claimant(d, other, seed, n)
	c := claim{place: place, relative: kind, prone: d.chance(r.errorsTogether)}
	e := r
	if c.prone {
		e = r.times(r.errorProneFactor)
	}
	err := func(kind string) { c.errors = append(c.errors, kind) }
	if place >= 0 {
		c.trueTRN = p.trn(place)
		if at, has := p.second[place]; has {
			c.secondTRN = p.trn(at)
		}
		c.errors = append(c.errors, p.record(other, place).errors...)
	}
	p.claimNames(d, &c, &v, e, err)

	somebodyElses := func() date {
		at := relativeOf
		if at < 0 {
			at = p.somebody(d, other)
		}
		return p.person(other, at).born
	}
	born, how := wrongBorn(d, v.born, e.born, somebodyElses)
	if c.born = born; how != "" {
		err(how)
	}
	if d.chance(r.nino) {
		c.nino = v.nino
		switch at := d.Float64(); {
		case at < e.ninoOther:
			of := relativeOf
			if of < 0 {
				of = p.twinOr(d, other, place)
			}
			c.nino = p.person(other, of).nino
			err("nino_other")
		case at < e.ninoOther+e.ninoSlip:
			c.nino = mistyped(d, v.nino, validNINO)
			err("nino_slip")
		}
	}
	if d.chance(r.trn) {
		p.claimTRN(d, other, &c, e, err)
	}
	if d.chance(r.email) {
		c.mail = v.mails[1]
		if d.chance(sameEmail) {
			c.mail = v.mails[0]
		}
	}
	return c, v
}

// twinOr gives the place of a person's twin, of anybody else when they have none.
func (p *Population) twinOr(d, other *dice, place int) int {
	if at, has := p.twins[place]; has {
		return at
	}
	for {
		if at := p.somebody(d, other); at != place || p.records < 3 {
			return at
		}
	}
}

// claimTRN gives the claimant's TRN, or what they take for it. People in no
// record have none, and so give another number.
func (p *Population) claimTRN(d, other *dice, c *claim, e rates, err func(string)) {
	own := c.trueTRN
	if c.secondTRN != "" && d.chance(.5) {
		own = c.secondTRN
	}
	at := d.Float64()
	switch {
	case own == "" || at < e.trnOther:
		if d.chance(livingTRN) {
			for c.trn == "" || c.trn == own && p.records > 2 {
				c.trn = p.trn(p.somebody(d, other))
			}
			err("trn_living")
			return
		}
		for c.trn == "" || !validTRN(c.trn) || p.living(c.trn) {
			c.trn = strconv.Itoa(10_000_000 + d.IntN(10_000_000))[1:]
		}
		err("trn_other")
	case at < e.trnOther+e.trnSlip:
		c.trn = mistyped(d, own, validTRN)
		err("trn_slip")
	default:
		c.trn = own
	}
}

// claimNames gives the names as the claimant types them.
func (p *Population) claimNames(d *dice, c *claim, v *individual, e rates, err func(string)) {
	earlier := "" // the name before the newest
	c.first, c.last = v.first, v.last()
	if v.newest != "" {
		earlier = v.birthLast
	}
	if v.sex == 'F' && d.chance(e.newest) {
		earlier, c.last = c.last, v.nextName(d, p.names, c.last)
		err("newest_name")
	}
	if c.changed = earlier != ""; c.changed {
		switch {
		case d.chance(e.earlierClaimed):
			c.last = earlier
			err("earlier_name")
		case d.chance(earlierGiven):
			c.previous = earlier
		}
	}
	if a, b, double := strings.Cut(c.last, "-"); double && d.chance(e.half) {
		c.last = one(d, []string{a, b})
		err("half_name")
	}

	short := p.names.short[strings.ToLower(v.first)]
	switch {
	case len(short) > 0 && d.chance(e.short):
		c.first = one(d, short)
		err("short_form")
	case v.middle != "" && d.chance(e.middle/shareMiddle):
		c.first = v.middle
		err("middle_name")
	case v.middle == "":
	case d.chance(middleGiven):
		c.middle = v.middle
	case d.chance(middleInFirst):
		c.first += " " + v.middle
	}
	if d.chance(e.initial) {
		c.first = string([]rune(c.first)[:1])
		err("initial")
	} else {
		if d.chance(e.firstByEar) {
			c.first = p.names.heard(d, c.first)
			err("first_by_ear")
		}
		if d.chance(e.firstSlip) {
			c.first = typed(d, c.first)
			err("first_slip")
		}
	}
	if d.chance(e.lastByEar) {
		c.last = p.names.heard(d, c.last)
		err("last_by_ear")
	}
	if d.chance(e.lastSlip) {
		c.last = typed(d, c.last)
		err("last_slip")
	}
	if d.chance(e.swapped) {
		c.first, c.last = c.last, c.first
		err("swapped")
	}
}
