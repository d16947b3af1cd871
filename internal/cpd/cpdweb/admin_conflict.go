package cpdweb

import (
	"encoding/json"
	"net/http"
	"strings"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	howField      = "how"
	reasonField   = "reason"
	conflictField = "conflict" // which one is shown
	holderField   = "holder"   // on whom the shown page says that the TRN stands

	keyEnding = "ending" // the end of a conflict that an administrator is to confirm
)

// endingForm is how an administrator means to end a conflict.
type endingForm struct {
	proposal
	Participant cpd.ParticipantID
	Seen        cpd.Seen
	How         cpd.End
	Why         string
}

// ends says what each end does.
var ends = []struct {
	How        cpd.End
	Text, Does string
}{
	{cpd.SamePerson, "The same person", "The two records are joined. The older one is kept, with the TRN."},
	{cpd.DifferentPeople, "Different people", "Nobody’s TRN changes. The TRA is told, and asked again for this participant if they have no TRN."},
	{cpd.WrongLink, "A wrong link", "The TRN is taken back from whom it stands on, and they are asked for their details again."},
}

func (f endingForm) parse() govuk.Errors {
	var errs govuk.Errors
	if endText(f.How) == "" {
		errs.Add(howField, "Select how the conflict ends")
	}
	switch why := strings.TrimSpace(f.Why); {
	case why == "":
		errs.Add(reasonField, "Enter the reason")
	case person.HasPersonalNumber(why):
		errs.Add(reasonField, "Reason must not contain a TRN, a National Insurance number or a date")
	}
	return errs
}

func endText(how cpd.End) string {
	for _, e := range ends {
		if e.How == how {
			return e.Text
		}
	}
	return ""
}

// inConflict gives the participant of the page where a conflict is open. Where
// none is, the participant's page tells what became of it.
func (p *Pages) inConflict(w http.ResponseWriter, r *http.Request) (cpd.Story, bool) {
	story, err := p.svc.Participant(r.Context(), cpd.ParticipantID(r.PathValue("id")))
	if err != nil {
		p.fail(w, r, err)
		return story, false
	}
	if story.Conflict == nil {
		goTo(w, r, participantPath(story.Participant.ID))
		return story, false
	}
	return story, true
}

// ending gives what is to be confirmed about a participant, empty for nothing.
func (p *Pages) ending(r *http.Request, id cpd.ParticipantID) endingForm {
	var f endingForm
	raw := p.o.Sessions.GetBytes(r.Context(), keyEnding)
	if json.Unmarshal(raw, &f) != nil || f.Participant != id {
		return endingForm{Participant: id}
	}
	return f
}

func (p *Pages) showConflict(w http.ResponseWriter, r *http.Request) {
	if story, ok := p.inConflict(w, r); ok {
		p.conflictPage(w, r, http.StatusOK, story, p.ending(r, story.Participant.ID), nil)
	}
}

// proposeEnd takes how the conflict is to end, to be confirmed on a page of its own.
func (p *Pages) proposeEnd(w http.ResponseWriter, r *http.Request) {
	story, ok := p.inConflict(w, r)
	if !ok {
		return
	}
	f := endingForm{proposal: p.propose(r), Participant: story.Participant.ID, Seen: seen(r), How: cpd.End(r.PostFormValue(howField)), Why: r.PostFormValue(reasonField)}
	if f.Seen != story.Seen() {
		p.lookAgain(w, r, story)
		return
	}
	if errs := f.parse(); errs != nil {
		p.conflictPage(w, r, http.StatusUnprocessableEntity, story, f, errs)
		return
	}
	raw, err := json.Marshal(f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyEnding, raw)
	goTo(w, r, participantPath(f.Participant)+"/conflict/check")
}

// seen gives the conflict that the form was shown with.
func seen(r *http.Request) cpd.Seen {
	return cpd.Seen{Conflict: r.PostFormValue(conflictField), Holder: cpd.ParticipantID(r.PostFormValue(holderField))}
}

// lookAgain shows a conflict that is not the one that was looked at. What was
// found about the other one is let go of.
func (p *Pages) lookAgain(w http.ResponseWriter, r *http.Request, story cpd.Story) {
	p.o.Sessions.Remove(r.Context(), keyEnding)
	p.conflictPage(w, r, http.StatusConflict, story, endingForm{Participant: story.Participant.ID},
		govuk.Errors{{Field: howField, Message: "The conflict has changed since you looked at it. " + latest(story) + ". Look at it again"}})
}

func (p *Pages) conflictPage(w http.ResponseWriter, r *http.Request, status int, story cpd.Story, f endingForm, errs govuk.Errors) {
	o := p.admin(r, "End a conflict")
	o.Errors, o.BackLink = errs, back(participantPath(story.Participant.ID))
	p.showAdmin(w, r, status, o, conflictPage(story, f, errs))
}

func (p *Pages) showEnd(w http.ResponseWriter, r *http.Request) {
	story, ok := p.inConflict(w, r)
	if !ok {
		return
	}
	path := participantPath(story.Participant.ID) + "/conflict"
	f := p.ending(r, story.Participant.ID)
	if f.How == "" {
		goTo(w, r, path)
		return
	}
	if f.Seen != story.Seen() {
		p.lookAgain(w, r, story)
		return
	}
	p.endPage(w, r, http.StatusOK, story, f, nil)
}

func (p *Pages) endPage(w http.ResponseWriter, r *http.Request, status int, story cpd.Story, f endingForm, errs govuk.Errors) {
	o := p.admin(r, "Check how the conflict ends")
	o.Errors, o.BackLink = errs, back(participantPath(story.Participant.ID)+"/conflict")
	p.showAdmin(w, r, status, o, endPage(story, f))
}

// endConflict ends the conflict as confirmed. One that changed meanwhile is
// shown again; where it has ended the participant's page tells.
func (p *Pages) endConflict(w http.ResponseWriter, r *http.Request) {
	story, ok := p.inConflict(w, r)
	if !ok {
		return
	}
	f := p.ending(r, story.Participant.ID)
	if f.How == "" {
		goTo(w, r, participantPath(story.Participant.ID)+"/conflict")
		return
	}
	if f.isAnother(r) {
		p.endPage(w, r, http.StatusConflict, story, f, f.another("an end: "+endText(f.How)))
		return
	}
	err := p.svc.EndConflict(r.Context(), administrator(r), f.Participant, seen(r), f.How, f.Why)
	if fault.Is(err, fault.Conflict) {
		if story, ok = p.inConflict(w, r); ok {
			p.lookAgain(w, r, story)
		}
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Remove(r.Context(), keyEnding)
	goTo(w, r, participantPath(f.Participant))
}
