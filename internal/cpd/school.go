package cpd

import (
	"context"
	"regexp"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/person"
)

// URN is a school's unique reference number in the register of schools.
type URN string

// School is one whose tutors invite people.
type School struct {
	URN          URN
	Name         string
	LeadProvider string // the client whose tokens read the school's participants; empty: none
}

// SchoolEvent is one step of what was done for a school. It holds no personal
// value but the address of whose account did it.
type SchoolEvent struct {
	At      time.Time
	School  URN
	Who     string // a tutor's email address, person or cpd
	What    SchoolWhat
	Subject string // the id of the invitation or the file
}

// SchoolWhat is a kind of step.
type SchoolWhat string

// The steps.
const (
	PersonInvited      SchoolWhat = "invited"
	PersonInvitedAgain SchoolWhat = "invited_again"
	PersonReminded     SchoolWhat = "reminded"
	PersonRemoved      SchoolWhat = "removed"
	InvitationUsed     SchoolWhat = "invitation_used"
	InvitationAccepted SchoolWhat = "invitation_accepted"
	FileRead           SchoolWhat = "file_read"
	FileBegun          SchoolWhat = "file_begun"
	FileDropped        SchoolWhat = "file_dropped"
	FileDone           SchoolWhat = "file_done"
)

var schoolTexts = map[SchoolWhat]string{
	PersonInvited:      "Invited",
	PersonInvitedAgain: "Invited again",
	PersonReminded:     "Reminded of the invitation",
	InvitationUsed:     "Used the link in the invitation",
	InvitationAccepted: "Handed in their details",
	FileRead:           "The file was read",
	FileBegun:          "The invitations were begun",
	FileDone:           "Every row is done",
}

// Text gives the step in words.
func (w SchoolWhat) Text() string { return schoolTexts[w] }

var urnShape = regexp.MustCompile(`^[0-9]{5,7}$`)

// PutSchool makes a school known, or changes what it is called and who its lead
// provider is.
func (s *Service) PutSchool(ctx context.Context, school School) error {
	school.Name, school.LeadProvider = strings.TrimSpace(school.Name), strings.TrimSpace(school.LeadProvider)
	if !urnShape.MatchString(string(school.URN)) {
		return fault.New(fault.Invalid, "A school's unique reference number (URN) has 5 to 7 digits.")
	}
	if school.Name == "" || len(school.Name) > 200 {
		return fault.New(fault.Invalid, "A school needs a name of at most 200 letters.")
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		before, _, err := found(tx.School(ctx, school.URN))
		if err != nil {
			return err
		}
		if before.LeadProvider != school.LeadProvider { // who reads them now has read nothing of them
			if err := tx.TouchSchoolsPeople(ctx, school.URN, s.now()); err != nil {
				return err
			}
		}
		return tx.SaveSchool(ctx, school)
	})
}

// Schools lists the schools.
func (s *Service) Schools(ctx context.Context) ([]School, error) { return s.store.Schools(ctx) }

// PutTutor binds whoever signs in with an email address to one school, which is
// known. NotFound where it is not.
func (s *Service) PutTutor(ctx context.Context, email string, urn URN) error {
	address, err := person.ParseEmail(email)
	if err != nil {
		return fault.New(fault.Invalid, "A tutor needs an email address.")
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := tx.School(ctx, urn); err != nil {
			return err
		}
		return tx.SaveTutor(ctx, address, urn)
	})
}

// SchoolOf gives the school of a tutor, by the address that they sign in with;
// Forbidden where they have none.
func (s *Service) SchoolOf(ctx context.Context, tutor string) (School, error) {
	address, err := person.ParseEmail(tutor)
	if err != nil {
		return School{}, errNoSchool
	}
	school, ok, err := found(s.store.SchoolOfTutor(ctx, address))
	if err == nil && !ok {
		err = errNoSchool
	}
	return school, err
}

var errNoSchool = fault.New(fault.Forbidden, "Your account is bound to no school.")

// did writes one step of what was done for a school.
func (s *Service) did(ctx context.Context, tx Tx, urn URN, who string, what SchoolWhat, subject string) error {
	return tx.AddSchoolEvent(ctx, SchoolEvent{At: s.now(), School: urn, Who: who, What: what, Subject: subject})
}
