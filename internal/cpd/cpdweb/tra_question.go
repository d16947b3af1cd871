package cpdweb

import (
	"net/http"
	"strconv"
	"strings"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/person"
)

// traQuestionPath is where a person answers what the TRA asks them.
const traQuestionPath = "/question"

const replyID = "answer"

// keyReplied holds, for one page, that a question was answered.
const keyReplied = "replied"

// replyForm is the answer to a question, as typed.
type replyForm struct {
	Number                 string
	Text, NINO, TRN        string
	PreviousFirst, Surname string
}

func (f replyForm) parse(asksFor string) (cpd.Reply, govuk.Errors) {
	var errs govuk.Errors
	out := cpd.Reply{Text: person.NewText(f.Text)}
	switch {
	case asksFor == "national_insurance_number" && strings.TrimSpace(f.NINO) != "":
		n, err := person.ParseNINO(f.NINO)
		if err != nil {
			errs.Add(ninoID, ninoMessages.of(err))
		}
		out.NINO = n
	case asksFor == "trn" && strings.TrimSpace(f.TRN) != "":
		n, err := person.ParseTRN(f.TRN)
		if err != nil {
			errs.Add(trnID, trnMessages.of(err))
		}
		out.TRN = n
	case asksFor == "previous_names":
		part := func(typed, id, label string) person.Name {
			n, err := person.ParseName(typed)
			if reason, refused := person.ReasonOf(err); refused && reason != person.Blank {
				errs.Add(id, nameMessages(label).of(err))
			}
			return n
		}
		n := person.FullName{First: part(f.PreviousFirst, previousFirstID+"1", "Previous first name"), Last: part(f.Surname, previousLastID+"1", "Previous last name")}
		if n != (person.FullName{}) {
			out.PreviousNames = []person.FullName{n}
		}
	}
	return out, errs
}

func (p *Pages) showTRAQuestion(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	p.traQuestionPage(w, r, id, http.StatusOK, nil, nil)
}

// traQuestionPage shows the question that is open. Where none is, the progress
// page tells where the registration stands.
func (p *Pages) traQuestionPage(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID, status int, f *replyForm, errs govuk.Errors) {
	progress, err := p.svc.Progress(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	if progress.Question == nil {
		goTo(w, r, progressPath)
		return
	}
	if f == nil {
		f = &replyForm{Number: strconv.FormatInt(progress.Question.Number, 10)}
	}
	p.show(w, r, status, govuk.PageOptions{Title: "Answer our question", BackLink: back(progressPath), Errors: errs}, traQuestionPage(*progress.Question, *f, errs))
}

func (p *Pages) answerTRAQuestion(w http.ResponseWriter, r *http.Request, id cpd.ParticipantID) {
	progress, err := p.svc.Progress(r.Context(), id)
	if err != nil {
		p.failRegistered(w, r, err)
		return
	}
	f := replyForm{
		Number: r.PostFormValue("number"), Text: strings.ReplaceAll(r.PostFormValue(replyID), "\r\n", "\n"), NINO: r.PostFormValue(ninoID), TRN: r.PostFormValue(trnID),
		PreviousFirst: r.PostFormValue(previousFirstID + "1"), Surname: r.PostFormValue(previousLastID + "1"),
	}
	number, err := strconv.ParseInt(f.Number, 10, 64)
	if progress.Question == nil || err != nil || number != progress.Question.Number {
		goTo(w, r, progressPath) // answered, or over
		return
	}
	reply, errs := f.parse(progress.Question.AsksFor)
	if errs == nil {
		err := p.svc.AnswerQuestion(r.Context(), id, number, reply)
		switch {
		case fault.Is(err, fault.Invalid):
			for _, wrong := range fault.FieldsOf(err) {
				errs.Add(replyID, map[string]string{"blank": "Enter your answer", "too_long": "Your answer must be 1,000 characters or fewer"}[wrong.Reason])
			}
		case err != nil && !fault.Is(err, fault.Conflict):
			p.failRegistered(w, r, err)
			return
		default:
			if err == nil {
				p.o.Sessions.Put(r.Context(), keyReplied, true)
			}
			goTo(w, r, progressPath)
			return
		}
	}
	p.traQuestionPage(w, r, id, http.StatusUnprocessableEntity, &f, errs)
}
