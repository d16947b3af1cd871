package cpdsql

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"traid/internal/cpd"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// Invitation gives an invitation by its id.
func (r reads) Invitation(ctx context.Context, id cpd.InvitationID) (cpd.Invitation, error) {
	row, err := r.q.Invitation(ctx, string(id))
	return invitationOf(row, err)
}

// InvitationTo gives the invitation of a school to an address.
func (r reads) InvitationTo(ctx context.Context, urn cpd.URN, email person.Email) (cpd.Invitation, error) {
	row, err := r.q.InvitationTo(ctx, InvitationToParams{Urn: string(urn), EmailKey: email.Key()})
	return invitationOf(row, err)
}

// InvitationByLink gives the invitation that a link leads to that is good at now.
func (s *Store) InvitationByLink(ctx context.Context, hash string, now time.Time) (cpd.Invitation, error) {
	row, err := s.q.InvitationByLink(ctx, InvitationByLinkParams{LinkHash: text(hash), SecretEndsAt: sqldb.NullTime(now)})
	return invitationOf(row, err)
}

// Invitations lists those of a school that fit the filter, newest first, and
// counts everybody who fits the query by their state.
func (s *Store) Invitations(ctx context.Context, urn cpd.URN, f cpd.InvitationFilter, limit int) ([]cpd.Invitation, map[cpd.InvitationState]int, error) {
	if f.Before == 0 {
		f.Before = math.MaxInt64
	}
	counts := map[cpd.InvitationState]int{}
	var rows []Invitation
	var err error
	if query := strings.TrimSpace(f.Query); query != "" {
		typed, folded := likeOf(query)
		states, err := s.q.CountFoundInvited(ctx, CountFoundInvitedParams{Urn: string(urn), Typed: typed, Folded: folded})
		if err != nil {
			return nil, nil, failed("invitation", err)
		}
		for _, row := range states {
			counts[cpd.InvitationState(row.State)] = int(row.People)
		}
		rows, err = s.q.FindInvited(ctx, FindInvitedParams{
			Urn: string(urn), State: string(f.State), Typed: typed, Folded: folded, Before: f.Before, AtMost: int32(limit),
		})
		list, err := each("invitation", rows, err, toInvitation)
		return list, counts, err
	}
	states, err := s.q.CountInvited(ctx, string(urn))
	if err != nil {
		return nil, nil, failed("invitation", err)
	}
	for _, row := range states {
		counts[cpd.InvitationState(row.State)] = int(row.People)
	}
	if f.State == "" {
		rows, err = s.q.ListInvited(ctx, ListInvitedParams{Urn: string(urn), Before: f.Before, AtMost: int32(limit)})
	} else {
		rows, err = s.q.ListInvitedOf(ctx, ListInvitedOfParams{Urn: string(urn), State: string(f.State), Before: f.Before, AtMost: int32(limit)})
	}
	list, err := each("invitation", rows, err, toInvitation)
	return list, counts, err
}

// CountInvitations tells how many people are on a school's list.
func (x *tx) CountInvitations(ctx context.Context, urn cpd.URN) (int, error) {
	n, err := x.q.CountInvitations(ctx, string(urn))
	return int(n), wrote("count invitations", err)
}

// InvitedAddresses gives the addresses on a school's list.
func (x *tx) InvitedAddresses(ctx context.Context, urn cpd.URN) (map[string]bool, error) {
	keys, err := x.q.InvitedAddresses(ctx, string(urn))
	out := make(map[string]bool, len(keys))
	for _, key := range keys {
		out[key] = true
	}
	return out, wrote("read addresses", err)
}

// OpenInvitationsTo gives those to an address that nobody accepted in time, or yet.
func (x *tx) OpenInvitationsTo(ctx context.Context, email person.Email) ([]cpd.Invitation, error) {
	rows, err := x.q.OpenInvitationsTo(ctx, email.Key())
	return each("invitation", rows, err, toInvitation)
}

// AddInvitation keeps a new invitation. ErrTaken where its address is on the
// school's list.
func (x *tx) AddInvitation(ctx context.Context, i cpd.Invitation) error {
	return wrote("add invitation", x.q.AddInvitation(ctx, AddInvitationParams{
		ID: string(i.ID), Urn: string(i.School), EmailKey: i.Email.Key(), Email: i.Email.Reveal(), FirstName: i.FirstName.Reveal(), LastName: i.LastName.Reveal(),
		Search:      person.Fold(i.FirstName.Reveal()+" "+i.LastName.Reveal()) + "\n" + i.Email.Key(),
		DateOfBirth: i.DateOfBirth.Reveal(), Trn: i.TRN.Reveal(), InvitedBy: i.InvitedBy,
		CreatedAt: sqldb.Time(i.CreatedAt), SentAt: sqldb.Time(i.SentAt), EndsAt: sqldb.Time(i.EndsAt),
	}))
}

// InvitationSentAgain keeps that another link was mailed.
func (x *tx) InvitationSentAgain(ctx context.Context, i cpd.Invitation) error {
	n, err := x.q.InvitationSentAgain(ctx, InvitationSentAgainParams{SentAt: sqldb.Time(i.SentAt), EndsAt: sqldb.Time(i.EndsAt), ID: string(i.ID)})
	return changed("invitation", n, err)
}

// InvitationReminded keeps that a person was reminded, and until when the link is good.
func (x *tx) InvitationReminded(ctx context.Context, i cpd.Invitation) error {
	n, err := x.q.InvitationReminded(ctx, InvitationRemindedParams{Reminded: i.Reminded, EndsAt: sqldb.Time(i.EndsAt), ID: string(i.ID)})
	return changed("invitation", n, err)
}

// OpenInvitation keeps that a link was used, and which registration goes on.
func (x *tx) OpenInvitation(ctx context.Context, id cpd.InvitationID, registration cpd.RegistrationID, at time.Time) error {
	n, err := x.q.OpenInvitation(ctx, OpenInvitationParams{OpenedAt: sqldb.NullTime(at), RegistrationID: string(registration), ID: string(id)})
	return changed("invitation", n, err)
}

// OpenedInvitations gives those that were opened on the way to a registration.
func (x *tx) OpenedInvitations(ctx context.Context, id cpd.RegistrationID, email person.Email) ([]cpd.Invitation, error) {
	rows, err := x.q.OpenedInvitations(ctx, OpenedInvitationsParams{RegistrationID: string(id), EmailKey: email.Key()})
	return each("invitation", rows, err, func(row OpenedInvitationsRow) (cpd.Invitation, error) {
		return cpd.Invitation{ID: cpd.InvitationID(row.ID), School: cpd.URN(row.Urn)}, nil
	})
}

// AcceptInvitation ties a participant to an invitation; nothing where somebody is tied to it.
func (x *tx) AcceptInvitation(ctx context.Context, id cpd.InvitationID, p cpd.ParticipantID) error {
	if _, err := x.q.AcceptInvitation(ctx, AcceptInvitationParams{ParticipantID: text(string(p)), ID: string(id)}); err != nil {
		return wrote("accept invitation", err)
	}
	return wrote("accept invitation", x.q.TellSchools(ctx, text(string(p))))
}

// DeleteInvitation deletes an invitation.
func (x *tx) DeleteInvitation(ctx context.Context, id cpd.InvitationID) error {
	return wrote("delete invitation", x.q.DeleteInvitation(ctx, string(id)))
}

// EndInvitationLinks ends every link that leads to an invitation.
func (x *tx) EndInvitationLinks(ctx context.Context, id cpd.InvitationID) error {
	return wrote("end links", x.q.EndInvitationLinks(ctx, string(id)))
}

func invitationOf(row Invitation, err error) (cpd.Invitation, error) {
	if err != nil {
		return cpd.Invitation{}, failed("invitation", err)
	}
	return toInvitation(row)
}

func toInvitation(row Invitation) (cpd.Invitation, error) {
	var v values
	i := cpd.Invitation{
		ID: cpd.InvitationID(row.ID), School: cpd.URN(row.Urn), InvitedBy: row.InvitedBy, Position: row.Position, Reminded: row.Reminded, State: cpd.InvitationState(row.State),
		CreatedAt: row.CreatedAt.UTC(), SentAt: row.SentAt.UTC(), EndsAt: row.EndsAt.UTC(), OpenedAt: when(row.OpenedAt),
		Registration: cpd.RegistrationID(row.RegistrationID), Participant: cpd.ParticipantID(row.ParticipantID.String),
		Invitee: cpd.Invitee{
			FirstName: stored(&v, person.ParseName, row.FirstName), LastName: stored(&v, person.ParseName, row.LastName), Email: stored(&v, person.ParseEmail, row.Email),
			DateOfBirth: stored(&v, person.ParseDate, row.DateOfBirth), TRN: stored(&v, person.NewTRN, row.Trn),
		},
	}
	if v.unreadable {
		return cpd.Invitation{}, fmt.Errorf("cpdsql: invitation %s holds a value that cannot be read", row.ID)
	}
	return i, nil
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// likeOf gives what a query is looked for by: as it was typed, and folded.
func likeOf(query string) (typed, folded string) {
	typed, folded = strings.ToLower(strings.TrimSpace(query)), person.Fold(query)
	if folded == "" {
		folded = typed
	}
	return "%" + likeEscape.Replace(typed) + "%", "%" + likeEscape.Replace(folded) + "%"
}
