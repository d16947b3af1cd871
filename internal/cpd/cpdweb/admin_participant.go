package cpdweb

import (
	"net/http"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
)

const ownerField = "owner"

func (p *Pages) showParticipant(w http.ResponseWriter, r *http.Request) {
	p.participantPage(w, r, http.StatusOK, "", nil)
}

// assignAlert gives an undetermined alert to somebody to look after.
func (p *Pages) assignAlert(w http.ResponseWriter, r *http.Request) {
	id, owner := cpd.ParticipantID(r.PathValue("id")), r.PostFormValue(ownerField)
	err := p.svc.AssignAlert(r.Context(), administrator(r), id, owner)
	switch {
	case fault.Is(err, fault.Invalid):
		p.participantPage(w, r, http.StatusUnprocessableEntity, owner, govuk.Errors{{Field: ownerField, Message: "Enter who looks after the alert"}})
	case err != nil:
		p.fail(w, r, err)
	default:
		goTo(w, r, participantPath(id))
	}
}

// askTRAAgain asks the TRA again whose answer came too late, and says on the
// participant's page what follows.
func (p *Pages) askTRAAgain(w http.ResponseWriter, r *http.Request) {
	id := cpd.ParticipantID(r.PathValue("id"))
	asked, err := p.svc.AskTRAAgain(r.Context(), administrator(r), id)
	text := "The TRA is asked again."
	switch {
	case fault.Is(err, fault.Conflict):
		text = fault.SafeText(err)
	case err != nil:
		p.fail(w, r, err)
		return
	case !asked:
		text = "Nothing is held that could be checked. We have asked the person for their details again."
	}
	p.o.Sessions.Put(r.Context(), keyDone, text)
	goTo(w, r, participantPath(id))
}

// participantPage shows a participant, with an owner of the alert that was refused.
func (p *Pages) participantPage(w http.ResponseWriter, r *http.Request, status int, owner string, errs govuk.Errors) {
	id := cpd.ParticipantID(r.PathValue("id"))
	story, err := p.svc.Participant(r.Context(), id)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if story.Participant.ID != id && errs == nil { // the record that this one was joined into
		goTo(w, r, participantPath(story.Participant.ID))
		return
	}
	if errs == nil {
		owner = story.Participant.AlertOwner
	}
	o := p.admin(r, "Participant "+string(story.Participant.Reference))
	o.Errors, o.BackLink = errs, govuk.BackLinkOptions{Href: participantsPath, Text: "All participants"}
	p.showAdmin(w, r, status, o, participantPage(story, owner, p.o.Sessions.PopString(r.Context(), keyDone), errs))
}
