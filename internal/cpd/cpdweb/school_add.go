package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
)

// inviteeForm is somebody to invite, as typed.
type inviteeForm struct {
	Name        nameForm
	Email       emailForm
	DateOfBirth dateOfBirthForm
	TRN         string
}

// parse gives what the form says. Date of birth and TRN may be left out.
func (p *Pages) invitee(f inviteeForm) (cpd.Invitee, govuk.Errors) {
	var out cpd.Invitee
	name, errs := f.Name.parse()
	for i, e := range errs {
		errs[i].Message = theirs(e.Message)
	}
	out.FirstName, out.LastName = name.First, name.Last
	email, wrong := f.Email.parse()
	for _, e := range wrong {
		errs.Add(e.Field, theirs(e.Message))
	}
	out.Email = email
	if f.DateOfBirth != (dateOfBirthForm{}) {
		if out.DateOfBirth, wrong = f.DateOfBirth.parse(p.today()); wrong != nil {
			errs.Add(wrong[0].Field, theirs(wrong[0].Message))
		}
	}
	if f.TRN != "" {
		if out.TRN, wrong = (trnForm{Has: yes, TRN: f.TRN}).parse(); wrong != nil {
			errs.Add(wrong[0].Field, theirs(wrong[0].Message))
		}
	}
	return out, errs
}

func (p *Pages) showAddPerson(w http.ResponseWriter, r *http.Request) {
	p.addPersonPage(w, r, http.StatusOK, inviteeForm{}, nil)
}

func (p *Pages) addPerson(w http.ResponseWriter, r *http.Request) {
	f := inviteeForm{
		Name: nameForm{First: r.PostFormValue(firstNameID), Last: r.PostFormValue(lastNameID)}, Email: emailForm{r.PostFormValue(emailID)},
		DateOfBirth: dateOfBirthForm{Day: r.PostFormValue(dayID), Month: r.PostFormValue(monthID), Year: r.PostFormValue(yearID)}, TRN: r.PostFormValue(trnID),
	}
	who, errs := p.invitee(f)
	if errs != nil {
		p.addPersonPage(w, r, http.StatusUnprocessableEntity, f, errs)
		return
	}
	i, added, err := p.svc.Invite(r.Context(), tutor(r), who)
	if fault.Is(err, fault.Conflict) {
		p.addPersonPage(w, r, http.StatusUnprocessableEntity, f, govuk.Errors{{Field: emailID, Message: fault.SafeText(err)}})
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	text := "We sent the invitation."
	if !added {
		text = "This email address was on your list already. Nothing has changed."
	}
	p.o.Sessions.Put(r.Context(), keyNotice, text)
	goTo(w, r, invitationPath(i.ID))
}

func (p *Pages) addPersonPage(w http.ResponseWriter, r *http.Request, status int, f inviteeForm, errs govuk.Errors) {
	o := p.school(r, "Add a person")
	o.Errors, o.BackLink = errs, govuk.BackLinkOptions{Href: schoolPeoplePath, Text: "People"}
	p.showSchool(w, r, status, o, addPersonPage(f, errs))
}
