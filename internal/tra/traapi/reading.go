package traapi

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"traid/internal/person"
	"traid/internal/tra"
	wire "traid/internal/wire/trav1"
)

// trnValidation is a TRN validation request as it comes in.
type trnValidation struct {
	Place
	Body  wire.TRNValidationRequest
	claim tra.Claim
}

// Resolve reads the claim. huma calls it beside its own checks, so that every
// wrong field is named at once.
func (in *trnValidation) Resolve(huma.Context) []error {
	var r reader
	b := in.Body
	in.claim = tra.Claim{
		FirstName: read(&r, "first_name", b.FirstName, person.ParseName),
		LastName:  read(&r, "last_name", b.LastName, person.ParseName),
		NINO:      read(&r, "national_insurance_number", b.NationalInsuranceNumber, person.ParseNINO),
		TRN:       read(&r, "trn", b.TRN, person.NewTRN),
		Email:     read(&r, "email", b.Email, person.ParseEmail),
		// The day itself is judged by tra, which knows what day it is.
		DateOfBirth: read(&r, "date_of_birth", b.DateOfBirth, person.ParseDate),
	}
	r.needName(b.FirstName, b.LastName)
	in.claim.PreviousNames = r.names(b.PreviousNames)
	return r.wrong
}

// names reads previous names.
func (r *reader) names(list []wire.Name) []person.FullName {
	var out []person.FullName
	for i, n := range list {
		place := "previous_names[" + strconv.Itoa(i) + "]"
		if n == (wire.Name{}) {
			r.refuse(place, "holds neither a first nor a last name")
			continue
		}
		out = append(out, person.FullName{
			First: read(r, place+".first_name", n.FirstName, person.ParseName),
			Last:  read(r, place+".last_name", n.LastName, person.ParseName),
		})
	}
	return out
}

// questionReply is what a person answers, as it comes in.
type questionReply struct {
	Place
	Number int64 `path:"number" minimum:"1" doc:"Of the question."`
	Body   wire.QuestionReply
	reply  tra.Reply
}

// Resolve reads the reply.
func (in *questionReply) Resolve(huma.Context) []error {
	var r reader
	in.reply = tra.Reply{
		Text: person.NewText(strings.TrimSpace(in.Body.Text)),
		NINO: read(&r, "national_insurance_number", in.Body.NationalInsuranceNumber, person.ParseNINO),
		TRN:  read(&r, "trn", in.Body.TRN, person.NewTRN), PreviousNames: r.names(in.Body.PreviousNames),
	}
	return r.wrong
}

// barringCheck is a barring check as it comes in.
type barringCheck struct {
	Place
	Body  wire.BarringCheckRequest
	claim tra.Claim
}

// Resolve reads the claim.
func (in *barringCheck) Resolve(huma.Context) []error {
	var r reader
	in.claim = tra.Claim{
		TRN:       read(&r, "trn", in.Body.TRN, person.NewTRN),
		FirstName: read(&r, "first_name", in.Body.FirstName, person.ParseName),
		LastName:  read(&r, "last_name", in.Body.LastName, person.ParseName),
	}
	r.needName(in.Body.FirstName, in.Body.LastName)
	return r.wrong
}

// reader collects what is wrong.
type reader struct{ wrong []error }

// refuse notes a wrong field by its place in the body, as huma writes it.
func (r *reader) refuse(place, why string) {
	r.wrong = append(r.wrong, &huma.ErrorDetail{Location: "body." + place, Message: why})
}

// needName refuses a claim with neither name.
func (r *reader) needName(first, last string) {
	if first == "" && last == "" {
		r.refuse("first_name", "is needed, or a last name")
	}
}

// read reads one value; what was left out stays zero.
func read[T any](r *reader, place, value string, parse func(string) (T, error)) T {
	var none T
	if value == "" {
		return none
	}
	v, err := parse(value)
	if err == nil {
		return v
	}
	why := "is wrong"
	if reason, ok := person.ReasonOf(err); ok {
		if why = words[reason]; reason == person.Format {
			why = shapes[place]
		}
	}
	r.refuse(place, why)
	return none
}

// words say why a value was refused.
var words = map[person.Reason]string{
	person.Blank:        "is blank",
	person.Length:       "is not seven digits",
	person.NotATRN:      "is not a TRN",
	person.Prefix:       "begins with letters that no National Insurance number begins with",
	person.Suffix:       "ends with another letter than A, B, C or D",
	person.Before1900:   "is before 1900",
	person.TooLong:      "is too long",
	person.ControlChars: "holds a line break or another control character",
	person.NoLetters:    "holds no letter",
}

// shapes say what a value of a field looks like.
var shapes = map[string]string{
	"trn":                       "is not seven digits",
	"national_insurance_number": "is not two letters, six digits and a letter",
	"email":                     "is not an email address",
	"date_of_birth":             "is not a date like 1984-02-17",
}
