// Package cpdapi is what lead providers read of Manage CPD over HTTP: the
// participants at their own schools. A token's client is the provider. It has no
// rules.
package cpdapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/httpd"
	wire "traid/internal/wire/cpdv1"
)

// Description stands at the head of the OpenAPI document.
const Description = "For lead providers: the participants at a provider's schools, their TRN once it is validated, and whether they are eligible for funding. " +
	"A token belongs to one provider. Read changes by following next: it never skips one, and a change is there after ten seconds."

// Participants is what the API reads from.
type Participants interface {
	ProvidedTo(ctx context.Context, provider string, since time.Time, after cpd.Place, limit int) ([]cpd.Provided, cpd.Place, error)
	ProvidedParticipant(ctx context.Context, provider string, id cpd.ParticipantID) (cpd.Provided, error)
}

// Mount puts the operations onto an API.
func Mount(api *httpd.API, svc Participants) {
	h := handlers{svc}
	op := func(id, path, summary string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: "/api/v1/participants" + path, Summary: summary,
			Security: httpd.Scope(wire.ScopeParticipants), Tags: []string{"participants"}, Errors: errors,
		}
	}
	httpd.Register(api, op("list-participants", "", "Participants at the provider's schools, in the order of change"), h.list)
	httpd.Register(api, op("get-participant", "/{id}", "A participant, or the record that it was joined into", http.StatusNotFound), h.get)
}

type handlers struct{ svc Participants }

type listing struct {
	UpdatedSince string `query:"updated_since" format:"date-time" maxLength:"40" doc:"Those that changed then or later; everybody when left out." example:"2026-11-23T09:00:00Z"`
	Size         int    `query:"page[size]" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
	After        string `query:"page[after]" maxLength:"200" doc:"next of the page before."`
}

type page struct{ Body wire.Participants }

func (h handlers) list(ctx context.Context, in *listing) (*page, error) {
	var since time.Time
	var wrong []fault.Field
	if in.UpdatedSince != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, in.UpdatedSince); err != nil {
			wrong = append(wrong, fault.Field{Pointer: "query updated_since", Reason: "is not a time like 2026-11-23T09:00:00Z"})
		}
	}
	after, ok := placeOf(in.After)
	if !ok {
		wrong = append(wrong, fault.Field{Pointer: "query page[after]", Reason: "is not next of an earlier page"})
	}
	if wrong != nil {
		return nil, fault.InvalidFields(wrong...)
	}
	people, next, err := h.svc.ProvidedTo(ctx, httpd.CallerFrom(ctx).Client, since, after, in.Size)
	if err != nil {
		return nil, err
	}
	out := wire.Participants{Participants: make([]wire.Participant, 0, len(people)), Next: cursorOf(next)}
	for _, p := range people {
		out.Participants = append(out.Participants, participantOf(p))
	}
	return &page{out}, nil
}

type one struct{ Body wire.Participant }

func (h handlers) get(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"100" doc:"The participant's id."`
},
) (*one, error) {
	p, err := h.svc.ProvidedParticipant(ctx, httpd.CallerFrom(ctx).Client, cpd.ParticipantID(in.ID))
	if err != nil {
		return nil, err
	}
	return &one{participantOf(p)}, nil
}

func participantOf(p cpd.Provided) wire.Participant {
	out := wire.Participant{
		ID: string(p.ID), Reference: string(p.Reference), FirstName: p.FirstName.Reveal(), LastName: p.LastName.Reveal(), Email: p.Email.Reveal(),
		TeacherReferenceNumberValidated: p.TeacherReferenceNumberValidated(), EligibleForFunding: p.EligibleForFunding(),
		Schools: make([]string, 0, len(p.Schools)), CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if trn := p.TeacherReferenceNumber(); !trn.IsZero() {
		number := trn.Reveal()
		out.TeacherReferenceNumber = &number
	}
	for _, urn := range p.Schools {
		out.Schools = append(out.Schools, string(urn))
	}
	return out
}

// cursorOf writes a place, which tells nothing of whom it is about but an id.
func cursorOf(p cpd.Place) string {
	if p.At.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(p.At.UTC().Format(time.RFC3339Nano) + " " + string(p.ID)))
}

// placeOf reads a cursor; false for what is none. An empty one is the beginning.
func placeOf(cursor string) (cpd.Place, bool) {
	if cursor == "" {
		return cpd.Place{}, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return cpd.Place{}, false
	}
	at, id, ok := strings.Cut(string(raw), " ")
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || !ok || strings.ContainsRune(id, 0) {
		return cpd.Place{}, false
	}
	return cpd.Place{At: t, ID: cpd.ParticipantID(id)}, true
}
