package cpdweb

import (
	"net/http"
	"strings"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/person"
)

const notGiven = "Not given"

// answer is one row of what was typed, with the page that changes it.
type answer struct {
	Key    string
	Lines  []string
	Path   string
	Change string // what the link changes, for whom the row is not seen
	Add    bool   // nothing was given yet
}

// answers lists what a visit says, as it is handed in.
func (p *Pages) answers(v *visit) []answer {
	d := v.details(p.today())
	var out []answer
	if v.Correcting == "" {
		out = append(out, answer{Key: "Email address", Lines: []string{d.Email.Reveal()}, Path: emailPath, Change: "email address"})
	}
	out = append(
		out,
		answer{Key: "Name", Lines: []string{fullName(person.FullName{First: d.FirstName, Last: d.LastName})}, Path: namePath, Change: "name"},
		answer{Key: "Had another name", Lines: []string{map[bool]string{true: "Yes", false: "No"}[d.NameChanged]}, Path: changedNamePath, Change: "whether you have had another name"},
	)
	if d.NameChanged {
		a := answer{Key: "Previous names", Path: previousNamesPath, Change: "previous names"}
		for _, n := range d.PreviousNames {
			a.Lines = append(a.Lines, fullName(n))
		}
		out = append(out, a.orAdd())
	}
	out = append(out, answer{Key: "Date of birth", Lines: []string{d.DateOfBirth.Time().Format("2 January 2006")}, Path: dateOfBirthPath, Change: "date of birth"})
	trn := answer{Key: "Teacher reference number (TRN)", Lines: givenOrKept(d.TRN.Reveal(), v.TRN.ends()), Path: trnPath, Change: "teacher reference number (TRN)"}
	out = append(out, trn.orAdd())
	if d.TRN.IsZero() || v.offersNINO() {
		nino := answer{Key: "National Insurance number", Lines: givenOrKept(spaced(d.NINO.Reveal()), v.NINO.ends()), Path: ninoPath, Change: "National Insurance number"}
		out = append(out, nino.orAdd())
	}
	return out
}

// orAdd says that nothing was given, where it was not.
func (a answer) orAdd() answer {
	if len(a.Lines) == 0 {
		a.Lines, a.Add = []string{notGiven}, true
	}
	return a
}

func given(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// givenOrKept is a number, or how it ends where it is not shown.
func givenOrKept(number, ends string) []string {
	if ends != "" {
		return []string{"Ends in " + ends}
	}
	return given(number)
}

func fullName(n person.FullName) string {
	return strings.TrimSpace(n.First.Reveal() + " " + n.Last.Reveal())
}

// spaced writes a National Insurance number in pairs, as on its letter.
func spaced(nino string) string {
	var b strings.Builder
	for i, r := range nino {
		if i > 0 && i%2 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *Pages) showCheck(w http.ResponseWriter, r *http.Request, v *visit) {
	before := progressPath
	if v.Correcting == "" {
		before = v.last(p.today())
	}
	p.show(w, r, http.StatusOK, govuk.PageOptions{Title: "Check your answers", BackLink: back(before)}, checkPage(p.answers(v), v.Correcting != "", v.KeepsPlace, v.savable()))
}

// handIn makes the automatic check, and hands in what matches. A correction is
// handed in whatever the check finds.
func (p *Pages) handIn(w http.ResponseWriter, r *http.Request, v *visit) {
	if leaving(r) {
		p.saveForLater(w, r, v)
		return
	}
	d, from := v.details(p.today()), httpd.ClientAddress(r)
	if v.Correcting != "" {
		out, err := p.svc.Correct(r.Context(), v.Correcting, d, from)
		if fault.Is(err, fault.Conflict) { // the check has gone on: the progress page tells
			out, err = cpd.Registered{Participant: v.Correcting}, nil
		}
		p.became(w, r, v, out, err)
		return
	}
	result, err := p.svc.Check(r.Context(), v.Registration, d, from)
	if err == nil && result == cpd.Matched {
		p.register(w, r, v, d)
		return
	}
	p.became(w, r, v, cpd.Registered{Result: result}, err)
}

func (p *Pages) register(w http.ResponseWriter, r *http.Request, v *visit, d cpd.Details) {
	out, err := p.svc.Register(r.Context(), v.Registration, d, httpd.ClientAddress(r))
	p.became(w, r, v, out, err)
}

// became leads to what became of a visit. Where a participant was stored, what
// was typed goes out of the session.
func (p *Pages) became(w http.ResponseWriter, r *http.Request, v *visit, out cpd.Registered, err error) {
	if unconfirmed(err) {
		p.confirmAgain(w, r, v)
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if out.Participant != "" {
		p.handedIn(r.Context(), cpd.Visitor{Participant: out.Participant, Epoch: v.Epoch})
		goTo(w, r, progressPath)
		return
	}
	v.Result = out.Result
	if err := p.keep(r.Context(), v); err != nil {
		p.fail(w, r, err)
		return
	}
	switch out.Result {
	case cpd.NotMatched:
		goTo(w, r, notMatchedPath)
	case cpd.CouldNotAsk:
		goTo(w, r, couldNotCheckPath)
	default:
		goTo(w, r, checkEmailPath)
	}
}
