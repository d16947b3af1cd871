package cpdweb

import (
	"net/http"
	"strconv"

	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	dateOfBirthID = "date-of-birth"
	dayID         = dateOfBirthID + "-day"
	monthID       = dateOfBirthID + "-month"
	yearID        = dateOfBirthID + "-year"
)

// dateOfBirthForm is a date of birth as typed in three boxes.
type dateOfBirthForm struct{ Day, Month, Year string }

func dateOfBirthFormOf(d person.Date) dateOfBirthForm {
	if d.IsZero() {
		return dateOfBirthForm{}
	}
	t := d.Time()
	return dateOfBirthForm{Day: strconv.Itoa(t.Day()), Month: strconv.Itoa(int(t.Month())), Year: strconv.Itoa(t.Year())}
}

func (f dateOfBirthForm) parse(today person.Date) (person.Date, govuk.Errors) {
	d, err := person.ParseDateOfBirth(f.Day, f.Month, f.Year, today)
	if err == nil {
		return d, nil
	}
	field := boxOf(err)
	if field == "" {
		field = dayID
	}
	return d, govuk.Errors{{Field: field, Message: dateOfBirthMessages.of(err)}}
}

// boxOf gives the one box that is wrong, empty where the date as a whole is.
func boxOf(err error) string {
	switch reason, _ := person.ReasonOf(err); reason {
	case person.MissingDay, person.BadDay:
		return dayID
	case person.MissingMonth, person.BadMonth:
		return monthID
	case person.MissingYear, person.BadYear, person.Year4Digits, person.Before1900, person.Under16:
		return yearID
	}
	return ""
}

func (p *Pages) showDateOfBirth(w http.ResponseWriter, r *http.Request, v *visit) {
	p.dateOfBirthPage(w, r, http.StatusOK, v, v.DateOfBirth, nil)
}

func (p *Pages) saveDateOfBirth(w http.ResponseWriter, r *http.Request, v *visit) {
	f := dateOfBirthForm{Day: r.PostFormValue(dayID), Month: r.PostFormValue(monthID), Year: r.PostFormValue(yearID)}
	if _, errs := f.parse(p.today()); errs != nil && !leaving(r) {
		p.dateOfBirthPage(w, r, http.StatusUnprocessableEntity, v, f, errs)
		return
	}
	v.DateOfBirth = f
	p.save(w, r, v)
}

func (p *Pages) dateOfBirthPage(w http.ResponseWriter, r *http.Request, status int, v *visit, f dateOfBirthForm, errs govuk.Errors) {
	box := ""
	if errs != nil {
		_, err := person.ParseDateOfBirth(f.Day, f.Month, f.Year, p.today())
		box = boxOf(err)
	}
	p.show(w, r, status, govuk.PageOptions{
		Title: "What is your date of birth?", BackLink: back(v.before(dateOfBirthPath, p.today())), Errors: errs,
	}, dateOfBirthPage(v.savable(), f, box, errs))
}
