package cpdsql

import (
	"context"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// School gives a school by its number.
func (r reads) School(ctx context.Context, urn cpd.URN) (cpd.School, error) {
	row, err := r.q.School(ctx, string(urn))
	return schoolOf(row, err)
}

// SchoolOfTutor gives the school that an account is bound to.
func (r reads) SchoolOfTutor(ctx context.Context, tutor person.Email) (cpd.School, error) {
	row, err := r.q.SchoolOfTutor(ctx, tutor.Key())
	return schoolOf(row, err)
}

// Schools lists every school.
func (s *Store) Schools(ctx context.Context) ([]cpd.School, error) {
	rows, err := s.q.AllSchools(ctx)
	return each("school", rows, err, toSchool)
}

// SchoolsOf gives those whose invitations a participant accepted, the earliest first.
func (s *Store) SchoolsOf(ctx context.Context, id cpd.ParticipantID) ([]cpd.School, error) {
	rows, err := s.q.SchoolsOfParticipant(ctx, text(string(id)))
	return each("school", rows, err, toSchool)
}

// SchoolEvents gives what was done about an invitation or a file, the earliest first.
func (s *Store) SchoolEvents(ctx context.Context, subject string) ([]cpd.SchoolEvent, error) {
	rows, err := s.q.SchoolEvents(ctx, subject)
	return each("event", rows, err, func(row SchoolEvent) (cpd.SchoolEvent, error) {
		return cpd.SchoolEvent{At: row.At.UTC(), School: cpd.URN(row.Urn), Who: row.Who, What: cpd.SchoolWhat(row.What), Subject: row.Subject}, nil
	})
}

// SaveSchool keeps a school, in the place of what was known of it.
func (x *tx) SaveSchool(ctx context.Context, s cpd.School) error {
	return wrote("save school", x.q.SaveSchool(ctx, SaveSchoolParams{Urn: string(s.URN), Name: s.Name, LeadProvider: s.LeadProvider}))
}

// SaveTutor binds an account to a school.
func (x *tx) SaveTutor(ctx context.Context, tutor person.Email, urn cpd.URN) error {
	return wrote("save tutor", x.q.SaveTutor(ctx, SaveTutorParams{EmailKey: tutor.Key(), Urn: string(urn)}))
}

// AddSchoolEvent writes one step.
func (x *tx) AddSchoolEvent(ctx context.Context, e cpd.SchoolEvent) error {
	return wrote("add event", x.q.AddSchoolEvent(ctx, AddSchoolEventParams{
		Urn: string(e.School), At: sqldb.Time(e.At), Who: e.Who, What: string(e.What), Subject: e.Subject,
	}))
}

func schoolOf(row School, err error) (cpd.School, error) {
	if err != nil {
		return cpd.School{}, failed("school", err)
	}
	return toSchool(row)
}

func toSchool(row School) (cpd.School, error) {
	return cpd.School{URN: cpd.URN(row.Urn), Name: row.Name, LeadProvider: row.LeadProvider}, nil
}
