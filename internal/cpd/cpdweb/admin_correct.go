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

// What a session holds of an administrator's work on a participant.
const (
	keyCorrecting = "correcting" // a correction that is to be confirmed
	keyDone       = "done"       // what was done, for one page
)

// correctionForm is an administrator's correction of a participant's details.
type correctionForm struct {
	proposal
	Participant cpd.ParticipantID
	Seen        string // the data that was looked at
	Name        nameForm
	Previous    []nameForm
	DateOfBirth dateOfBirthForm
	TRN         trnForm
	NINO        ninoForm
	Why         string
}

// correctionOf fills the form with what is held.
func correctionOf(id cpd.ParticipantID, data cpd.Data) correctionForm {
	v := visitOf(data.Details)
	return correctionForm{Participant: id, Seen: data.ID, Name: v.Name, Previous: v.PreviousNames.Names, DateOfBirth: v.DateOfBirth, TRN: v.TRN, NINO: v.NINO}
}

// visit is the form as answers, to be shown.
func (f correctionForm) visit() *visit {
	return &visit{
		Correcting: f.Participant, Name: f.Name, ChangedName: changedNameForm{yesOrNo(len(f.Previous) > 0)}, PreviousNames: previousNamesForm{Names: f.Previous, Given: true},
		DateOfBirth: f.DateOfBirth, TRN: f.TRN, NINO: f.NINO,
	}
}

// correctedDetails gives what the form says beside what is held, and what is wrong with it.
func (p *Pages) correctedDetails(f correctionForm, held cpd.Details) (cpd.Details, govuk.Errors) {
	d := held
	var errs govuk.Errors
	name, wrong := f.Name.parse()
	d.FirstName, d.LastName = name.First, name.Last
	errs = append(errs, wrong...)
	d.PreviousNames, wrong = previousNamesForm{Names: f.Previous}.parse(name)
	d.NameChanged = len(d.PreviousNames) > 0
	errs = append(errs, wrong...)
	d.DateOfBirth, wrong = f.DateOfBirth.parse(p.today())
	errs = append(errs, wrong...)
	d.TRN, wrong = f.TRN.parse()
	errs = append(errs, wrong...)
	d.NINO, wrong = f.NINO.parse()
	errs = append(errs, wrong...)
	switch why := strings.TrimSpace(f.Why); {
	case why == "":
		errs.Add(reasonField, "Enter the reason")
	case person.HasPersonalNumber(why):
		errs.Add(reasonField, "Reason must not contain a TRN, a National Insurance number or a date")
	}
	return d, errs
}

// correctable gives the participant of the page, and what is held of them.
// Where details cannot be corrected the participant's page tells why.
func (p *Pages) correctable(w http.ResponseWriter, r *http.Request) (cpd.Participant, cpd.Data, bool) {
	story, err := p.svc.Participant(r.Context(), cpd.ParticipantID(r.PathValue("id")))
	if err != nil {
		p.fail(w, r, err)
		return cpd.Participant{}, cpd.Data{}, false
	}
	data, held, err := p.svc.HeldData(r.Context(), story.Participant.ID)
	if err != nil {
		p.fail(w, r, err)
		return cpd.Participant{}, cpd.Data{}, false
	}
	if !held || !unsettled(story.Participant) {
		goTo(w, r, participantPath(story.Participant.ID))
		return cpd.Participant{}, cpd.Data{}, false
	}
	return story.Participant, data, true
}

// unsettled tells whether a participant's details can be checked or corrected.
func unsettled(p cpd.Participant) bool {
	return p.HoldsValidationData && !p.TRNStatus.Validated() && p.TRNStatus != cpd.TRNConflict
}

func (p *Pages) showCorrect(w http.ResponseWriter, r *http.Request) {
	who, data, ok := p.correctable(w, r)
	if !ok {
		return
	}
	f := p.correcting(r, who.ID, data)
	if f.Seen != data.ID {
		f = correctionOf(who.ID, data)
	}
	p.correctPage(w, r, http.StatusOK, who, f, nil)
}

// correcting gives the correction that is to be confirmed; an empty one for
// none. Numbers that stay are not in the session, but where they are held.
func (p *Pages) correcting(r *http.Request, id cpd.ParticipantID, data cpd.Data) correctionForm {
	var f correctionForm
	if json.Unmarshal(p.o.Sessions.GetBytes(r.Context(), keyCorrecting), &f) != nil || f.Participant != id {
		return correctionForm{}
	}
	held := correctionOf(id, data)
	if f.TRN.Kept {
		f.TRN = held.TRN
	}
	if f.NINO.Kept {
		f.NINO = held.NINO
	}
	return f
}

// proposeCorrection takes a correction, to be confirmed on a page of its own.
func (p *Pages) proposeCorrection(w http.ResponseWriter, r *http.Request) {
	who, data, ok := p.correctable(w, r)
	if !ok {
		return
	}
	held := correctionOf(who.ID, data)
	f := correctionForm{
		proposal: p.propose(r), Participant: who.ID, Seen: data.ID, Why: r.PostFormValue(reasonField),
		Name:        nameForm{First: r.PostFormValue(firstNameID), Last: r.PostFormValue(lastNameID)},
		Previous:    held.Previous,
		DateOfBirth: dateOfBirthForm{Day: r.PostFormValue(dayID), Month: r.PostFormValue(monthID), Year: r.PostFormValue(yearID)},
		TRN:         trnForm{Has: r.PostFormValue(hasTRNID), TRN: r.PostFormValue(trnID)},
		NINO:        ninoForm{Has: r.PostFormValue(hasNINOID), NINO: r.PostFormValue(ninoID)},
	}
	if typed := typedNames(r); typed != nil {
		f.Previous = withoutEmpty(typed)
	}
	if f.TRN.Has == yes && strings.TrimSpace(f.TRN.TRN) == "" && held.TRN.Kept {
		f.TRN = held.TRN
	}
	if f.NINO.Has == yes && strings.TrimSpace(f.NINO.NINO) == "" && held.NINO.Kept {
		f.NINO = held.NINO
	}
	if _, errs := p.correctedDetails(f, data.Details); errs != nil {
		p.correctPage(w, r, http.StatusUnprocessableEntity, who, f, errs)
		return
	}
	if f.TRN.Kept {
		f.TRN.TRN = ""
	}
	if f.NINO.Kept {
		f.NINO.NINO = ""
	}
	raw, err := json.Marshal(f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyCorrecting, raw)
	goTo(w, r, participantPath(who.ID)+"/correct/check")
}

func (p *Pages) correctPage(w http.ResponseWriter, r *http.Request, status int, who cpd.Participant, f correctionForm, errs govuk.Errors) {
	o := p.admin(r, "Correct details of "+string(who.Reference))
	o.Errors, o.BackLink = errs, govuk.BackLinkOptions{Href: participantPath(who.ID), Text: "Participant " + string(who.Reference)}
	p.showAdmin(w, r, status, o, correctPage(f, errs))
}

// change is one detail that a correction changes.
type change struct{ What, From, To string }

// proposed gives the correction that is to be confirmed, as long as it is about
// what is held. Where none is, a page to confirm leads to the form and a second
// click to the participant's page, which tells what became of the first.
func (p *Pages) proposed(w http.ResponseWriter, r *http.Request) (cpd.Participant, correctionForm, cpd.Details, []change, bool) {
	who, data, ok := p.correctable(w, r)
	if !ok {
		return who, correctionForm{}, cpd.Details{}, nil, false
	}
	f := p.correcting(r, who.ID, data)
	d, errs := p.correctedDetails(f, data.Details)
	if r.Method == http.MethodPost && (f.Participant == "" || f.Seen != data.ID && errs == nil && p.changes(f, data) == nil) {
		goTo(w, r, participantPath(who.ID))
		return who, f, d, nil, false
	}
	if f.Seen != data.ID || errs != nil {
		goTo(w, r, participantPath(who.ID)+"/correct")
		return who, f, d, nil, false
	}
	return who, f, d, p.changes(f, data), true
}

// changes lists what a correction changes of what is held.
func (p *Pages) changes(f correctionForm, data cpd.Data) []change {
	before, after := p.answers(correctionOf(f.Participant, data).visit()), p.answers(f.visit())
	was, is := linesOf(before), linesOf(after)
	var changes []change
	for _, key := range keysOf(before, after) {
		if from, to := was[key], is[key]; from != to {
			changes = append(changes, change{key, orNone(from), orNone(to)})
		}
	}
	return changes
}

// linesOf gives what stands behind each key.
func linesOf(answers []answer) map[string]string {
	out := map[string]string{}
	for _, a := range answers {
		out[a.Key] = strings.Join(a.Lines, ", ")
	}
	return out
}

// keysOf gives the keys of what was and what is, in their order on the page.
func keysOf(before, after []answer) []string {
	longer := after
	if len(before) > len(after) {
		longer = before
	}
	out := make([]string, 0, len(longer))
	for _, a := range longer {
		out = append(out, a.Key)
	}
	return out
}

func orNone(lines string) string {
	if lines == "" {
		return notGiven
	}
	return lines
}

func (p *Pages) showCorrection(w http.ResponseWriter, r *http.Request) {
	who, f, _, changes, ok := p.proposed(w, r)
	if !ok {
		return
	}
	p.correctionPage(w, r, http.StatusOK, who, f, changes, nil)
}

func (p *Pages) correctionPage(w http.ResponseWriter, r *http.Request, status int, who cpd.Participant, f correctionForm, changes []change, errs govuk.Errors) {
	o := p.admin(r, "Check the correction of "+string(who.Reference))
	o.Errors, o.BackLink = errs, govuk.BackLinkOptions{Href: participantPath(who.ID) + "/correct"}
	p.showAdmin(w, r, status, o, correctionPage(changes, f))
}

func (p *Pages) correctFor(w http.ResponseWriter, r *http.Request) {
	who, f, d, changes, ok := p.proposed(w, r)
	if !ok {
		return
	}
	if len(changes) == 0 {
		goTo(w, r, participantPath(who.ID)+"/correct/check")
		return
	}
	if f.isAnother(r) {
		p.correctionPage(w, r, http.StatusConflict, who, f, changes, f.another("a correction"))
		return
	}
	_, err := p.svc.CorrectFor(r.Context(), administrator(r), who.ID, f.Seen, d, f.Why)
	if fault.Is(err, fault.Conflict) {
		if story, err := p.svc.Participant(r.Context(), who.ID); err == nil {
			p.correctPage(w, r, http.StatusConflict, who, f, govuk.Errors{{Field: firstNameID, Message: "The details have changed since you looked at them. " + latest(story) + ". Look at them again"}})
			return
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Remove(r.Context(), keyCorrecting)
	goTo(w, r, participantPath(who.ID))
}

var checkedTexts = map[cpd.CheckResult]string{
	cpd.Matched:     "The automatic check found the record, and the TRN is stored.",
	cpd.NotMatched:  "The automatic check found no record. Nothing has changed.",
	cpd.CouldNotAsk: "The register did not answer. Nothing has changed.",
}

// checkNow has the automatic check made again, and says on the participant's
// page what it gave.
func (p *Pages) checkNow(w http.ResponseWriter, r *http.Request) {
	id := cpd.ParticipantID(r.PathValue("id"))
	result, err := p.svc.CheckNow(r.Context(), administrator(r), id)
	text := checkedTexts[result]
	if fault.Is(err, fault.Conflict) {
		text, err = fault.SafeText(err), nil
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.o.Sessions.Put(r.Context(), keyDone, text)
	goTo(w, r, participantPath(id))
}
