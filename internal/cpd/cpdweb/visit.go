package cpdweb

import (
	"context"
	"encoding/json"
	"net/http"

	"traid/internal/cpd"
	"traid/internal/person"
)

// visit is what a person typed on the way to handing in. It lives in the
// session and nowhere else, as typed: an answer is one that can be read.
type visit struct {
	Registration  cpd.RegistrationID
	Correcting    cpd.ParticipantID // empty: a first registration
	Epoch         int64             // of who corrects
	KeepsPlace    bool              // the correction replaces a request and takes its place in the queue
	Name          nameForm
	ChangedName   changedNameForm
	PreviousNames previousNamesForm
	DateOfBirth   dateOfBirthForm
	TRN           trnForm
	NINO          ninoForm
	Email         emailForm
	Confirmed     string          // the case-folded address whose code came back
	Result        cpd.CheckResult // of the automatic check of these answers; empty: it was not made
}

// What a session holds.
const (
	keyVisit       = "visit"
	keyParticipant = "participant" // whose pages it may see: who handed in, or followed a mailed link
	keyEpoch       = "epoch"       // as of which mailed link
)

// visit gives the session's visit, nil where there is none.
func (p *Pages) visit(ctx context.Context) *visit {
	raw := p.o.Sessions.GetBytes(ctx, keyVisit)
	if raw == nil {
		return nil
	}
	var v visit
	if json.Unmarshal(raw, &v) != nil {
		return nil // of another version of the program
	}
	return &v
}

func (p *Pages) keep(ctx context.Context, v *visit) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	p.o.Sessions.Put(ctx, keyVisit, raw)
	return nil
}

// begin gives the session another name and this visit. The name changes here
// and not when the answers are handed in: a second click then still comes by
// the name that the first one came by.
func (p *Pages) begin(ctx context.Context, v *visit) error {
	if err := p.o.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	p.o.Sessions.Remove(ctx, keySaved)
	return p.keep(ctx, v)
}

// handedIn takes what was typed out of the session, and lets it see the participant.
func (p *Pages) handedIn(ctx context.Context, by cpd.Visitor) {
	p.o.Sessions.Remove(ctx, keyVisit)
	p.o.Sessions.Remove(ctx, keySaved)
	p.o.Sessions.Put(ctx, keyParticipant, string(by.Participant))
	p.o.Sessions.Put(ctx, keyEpoch, by.Epoch)
}

// visitor gives whose pages the session may see, as it was told.
func (p *Pages) visitor(ctx context.Context) cpd.Visitor {
	return cpd.Visitor{Participant: cpd.ParticipantID(p.o.Sessions.GetString(ctx, keyParticipant)), Epoch: p.o.Sessions.GetInt64(ctx, keyEpoch)}
}

// leave takes out of the session who handed in.
func (p *Pages) leave(ctx context.Context) {
	p.o.Sessions.Remove(ctx, keyParticipant)
	p.o.Sessions.Remove(ctx, keyEpoch)
}

// step is a question's place in a visit.
type step struct {
	path     string
	asked    bool
	answered bool
}

// steps lists the questions in their order.
func (v *visit) steps(today person.Date) []step {
	_, name := v.Name.parse()
	changed, changedName := v.ChangedName.parse()
	_, dateOfBirth := v.DateOfBirth.parse(today)
	trn, trnErrs := v.TRN.parse()
	_, nino := v.NINO.parse()
	_, email := v.Email.parse()
	first := v.Correcting == ""
	// The National Insurance number is needed where there is no TRN; otherwise it may be added.
	needed := trnErrs == nil && trn.IsZero()
	return []step{
		{emailPath, first, email == nil},
		{emailCodePath, first, v.confirmed()},
		{namePath, true, name == nil},
		{changedNamePath, true, changedName == nil},
		{previousNamesPath, changed, v.PreviousNames.Given},
		{dateOfBirthPath, true, dateOfBirth == nil},
		{trnPath, true, trnErrs == nil},
		{ninoPath, needed || v.offersNINO(), !needed || nino == nil},
	}
}

// confirmed tells whether the code came back from the visit's address.
func (v *visit) confirmed() bool {
	email, errs := v.Email.parse()
	return errs == nil && v.Confirmed == email.Key()
}

// offersNINO tells whether a National Insurance number is shown among the
// answers although a TRN was given.
func (v *visit) offersNINO() bool {
	return v.NINO.Has != "" || v.Correcting != "" || v.Result == cpd.NotMatched
}

// open gives the first question that has no answer, empty where all have one.
func (v *visit) open(today person.Date) string {
	for _, s := range v.steps(today) {
		if s.asked && !s.answered {
			return s.path
		}
	}
	return ""
}

// instead gives where to go instead of to a question that cannot be met yet, or
// not in this visit; empty where it can.
func (v *visit) instead(path string, today person.Date) string {
	for _, s := range v.steps(today) {
		if s.path == path {
			if s.asked || path == ninoPath {
				return ""
			}
			break
		}
		if s.asked && !s.answered {
			return s.path
		}
	}
	return v.next(today)
}

// next gives where an answer leads to: the first question without one, or all answers.
func (v *visit) next(today person.Date) string {
	if path := v.open(today); path != "" {
		return path
	}
	return checkPath
}

// before gives the page before a question: all answers where there are all,
// since then it was met from there.
func (v *visit) before(path string, today person.Date) string {
	switch {
	case v.Result == cpd.NotMatched:
		return notMatchedPath
	case v.open(today) == "":
		return checkPath
	}
	return v.asked(path, today)
}

// last gives the last question.
func (v *visit) last(today person.Date) string { return v.asked(checkPath, today) }

// asked gives the question that is asked before a page.
func (v *visit) asked(path string, today person.Date) string {
	last := startPath
	for _, s := range v.steps(today) {
		if s.path == path {
			break
		}
		if s.asked && s.path != emailCodePath { // which is met once
			last = s.path
		}
	}
	return last
}

// details gives what the answers say, all of which can be read.
func (v *visit) details(today person.Date) cpd.Details {
	name, _ := v.Name.parse()
	d := cpd.Details{FirstName: name.First, LastName: name.Last}
	if d.NameChanged, _ = v.ChangedName.parse(); d.NameChanged {
		d.PreviousNames, _ = v.PreviousNames.parse(name)
	}
	d.DateOfBirth, _ = v.DateOfBirth.parse(today)
	d.TRN, _ = v.TRN.parse()
	d.NINO, _ = v.NINO.parse()
	d.Email, _ = v.Email.parse()
	return d
}

// visitOf is the visit of a correction, filled with what is still held. Its
// numbers are not shown.
func visitOf(d cpd.Details) *visit {
	v := &visit{Name: nameForm{First: d.FirstName.Reveal(), Last: d.LastName.Reveal()}}
	v.ChangedName.Changed = yesOrNo(d.NameChanged)
	v.PreviousNames.Given = true
	for _, n := range d.PreviousNames {
		v.PreviousNames.Names = append(v.PreviousNames.Names, nameForm{First: n.First.Reveal(), Last: n.Last.Reveal()})
	}
	v.DateOfBirth = dateOfBirthFormOf(d.DateOfBirth)
	v.TRN = trnForm{Has: yesOrNo(!d.TRN.IsZero()), TRN: d.TRN.Reveal()}
	v.NINO = ninoForm{Has: yesOrNo(!d.NINO.IsZero()), NINO: d.NINO.Reveal()}
	v.TRN.mask()
	v.NINO.mask()
	return v
}

// invitedVisit is the visit of somebody whom a school invited, with what it entered.
func invitedVisit(i cpd.Invitee) visit {
	v := visit{Name: nameForm{First: i.FirstName.Reveal(), Last: i.LastName.Reveal()}, Email: emailForm{i.Email.Reveal()}, DateOfBirth: dateOfBirthFormOf(i.DateOfBirth)}
	if !i.TRN.IsZero() {
		v.TRN = trnForm{Has: yes, TRN: i.TRN.Reveal()}
	}
	return v
}

// The answers to a question of yes or no.
const (
	yes = "yes"
	no  = "no"
)

func yesOrNo(b bool) string {
	if b {
		return yes
	}
	return no
}

// withVisit is a handler of somebody who is on the way to handing in.
type withVisit func(w http.ResponseWriter, r *http.Request, v *visit)

// registering calls a handler with the session's visit. Without one the
// answers were handed in already, or the session has ended, or it never began.
func (p *Pages) registering(h withVisit) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r.Context())
		_, noCookie := r.Cookie(p.o.Sessions.Cookie.Name)
		switch {
		case v != nil && v.Correcting != "":
			if _, err := p.svc.Admit(r.Context(), cpd.Visitor{Participant: v.Correcting, Epoch: v.Epoch}); err != nil {
				p.failRegistered(w, r, err)
				return
			}
			h(w, r, v)
		case v != nil:
			h(w, r, v)
		case p.o.Sessions.GetBool(r.Context(), keySaved) && (r.Method == http.MethodPost || !p.o.Sessions.Exists(r.Context(), keyParticipant)):
			goTo(w, r, savedPath)
		case p.o.Sessions.Exists(r.Context(), keyParticipant):
			goTo(w, r, progressPath)
		case noCookie == nil || r.Method == http.MethodPost || r.URL.Path == emailPath:
			goTo(w, r, sessionEndedPath)
		default:
			goTo(w, r, startPath)
		}
	}
}

// question calls a question's handler where the questions before it have answers.
func (p *Pages) question(path string, h withVisit) http.HandlerFunc {
	return p.registering(func(w http.ResponseWriter, r *http.Request, v *visit) {
		if other := v.instead(path, p.today()); other != "" {
			goTo(w, r, other)
			return
		}
		h(w, r, v)
	})
}

// answered calls a handler where every question has an answer.
func (p *Pages) answered(h withVisit) http.HandlerFunc {
	return p.registering(func(w http.ResponseWriter, r *http.Request, v *visit) {
		if path := v.open(p.today()); path != "" {
			goTo(w, r, path)
			return
		}
		h(w, r, v)
	})
}

// save keeps a visit whose answers changed and leads on, or leaves.
func (p *Pages) save(w http.ResponseWriter, r *http.Request, v *visit) {
	p.saveTo(w, r, v, v.next(p.today()))
}

// saveTo is save that leads to a page.
func (p *Pages) saveTo(w http.ResponseWriter, r *http.Request, v *visit, path string) {
	v.Result = ""
	if leaving(r) && v.savable() {
		p.saveForLater(w, r, v)
		return
	}
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, path)
}

// registered calls a handler with the participant that the session may see.
func (p *Pages) registered(h func(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visitor(r.Context())
		if v.Participant == "" {
			goTo(w, r, cpd.ContinuePath)
			return
		}
		id, err := p.svc.Admit(r.Context(), v)
		if err != nil {
			p.failRegistered(w, r, err)
			return
		}
		h(w, r, id)
	}
}
