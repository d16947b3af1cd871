package cpdweb

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/person"
)

const (
	fileField = "file"
	// MaxBody bounds what a page takes, a file of 10,000 rows of 200 bytes, in bytes.
	MaxBody = 2 << 20
)

// theirs says a message about somebody else.
func theirs(message string) string {
	return strings.NewReplacer(
		"Enter your ", "Enter their ", " your own ", " their own ", "You must be", "They must be", " you entered", "", " of your ", " of their ",
	).Replace(message)
}

// rowProblem says what to mend in a row; empty where nothing is wrong.
func rowProblem(r cpd.UploadRow) string {
	switch {
	case r.Problem == "":
		return map[cpd.RowResult]string{
			cpd.RowFull:  "Your list is full. Remove people from it, then add this row again.",
			cpd.RowLater: "This address was sent many emails today. Add this row again tomorrow.",
		}[r.Result]
	case r.Field == "": // the row as a whole
		return "Row: " + r.Problem
	case r.Problem == cpd.ProblemTwice:
		return "This email address is in an earlier row too. Remove one of them"
	}
	m := map[string]messages{
		cpd.ColumnFirstName: nameMessages("First name"), cpd.ColumnLastName: nameMessages("Last name"), cpd.ColumnEmail: emailMessages,
		cpd.ColumnDateOfBirth: dateOfBirthMessages, cpd.ColumnTRN: trnMessages,
	}[r.Field]
	if r.Field == cpd.ColumnDateOfBirth {
		switch person.Reason(r.Problem) {
		case person.Under16, person.Future, person.Before1900, person.NotARealDate, person.Year4Digits:
		default:
			return "Enter the date of birth like 17/02/1984 or 1984-02-17, or leave it out"
		}
	}
	return theirs(m[person.Reason(r.Problem)])
}

func filePath(id string) string { return uploadPath + "/" + url.PathEscape(id) }

func (p *Pages) showUploads(w http.ResponseWriter, r *http.Request) {
	p.uploadsPage(w, r, http.StatusOK, nil)
}

// readFile takes a file, to be looked at on a page of its own.
func (p *Pages) readFile(w http.ResponseWriter, r *http.Request) {
	file, _, err := r.FormFile(fileField)
	if err != nil {
		p.uploadsPage(w, r, http.StatusUnprocessableEntity, govuk.Errors{{Field: fileField, Message: "Select a file"}})
		return
	}
	defer file.Close()
	u, err := p.svc.ReadUpload(r.Context(), tutor(r), file)
	if fault.Is(err, fault.Invalid) {
		p.uploadsPage(w, r, http.StatusUnprocessableEntity, govuk.Errors{{Field: fileField, Message: fault.SafeText(err)}})
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	goTo(w, r, filePath(u.ID))
}

func (p *Pages) uploadsPage(w http.ResponseWriter, r *http.Request, status int, errs govuk.Errors) {
	list, err := p.svc.Uploads(r.Context(), tutor(r))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	o := p.school(r, "Add people from a file")
	o.Errors = errs
	p.showSchool(w, r, status, o, uploadsPage(list, errs))
}

// template gives an empty file with its columns.
func (p *Pages) template(w http.ResponseWriter, r *http.Request) {
	csvFile(w, "people.csv", []byte(strings.Join(cpd.UploadColumns(), ",")+"\r\n"))
}

func csvFile(w http.ResponseWriter, name string, content []byte) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content)
}

func (p *Pages) showFile(w http.ResponseWriter, r *http.Request) {
	u, wrong, err := p.svc.Upload(r.Context(), tutor(r), r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	o := p.school(r, fileTitles[u.State])
	o.BackLink = govuk.BackLinkOptions{Href: uploadPath, Text: "Add people from a file"}
	p.showSchool(w, r, http.StatusOK, o, filePage(u, wrong))
}

var fileTitles = map[cpd.UploadState]string{
	cpd.UploadPreview: "Check your file",
	cpd.UploadWorking: "We are sending the invitations",
	cpd.UploadDone:    "The invitations are sent",
}

func (p *Pages) beginFile(w http.ResponseWriter, r *http.Request) {
	p.changeFile(w, r, filePath(r.PathValue("id")), p.svc.BeginUpload(r.Context(), tutor(r), r.PathValue("id")))
}

func (p *Pages) dropFile(w http.ResponseWriter, r *http.Request) {
	p.changeFile(w, r, uploadPath, p.svc.DropUpload(r.Context(), tutor(r), r.PathValue("id")))
}

func (p *Pages) changeFile(w http.ResponseWriter, r *http.Request, then string, err error) {
	if err != nil && !(then == uploadPath && fault.Is(err, fault.NotFound)) { // dropped already
		p.fail(w, r, err)
		return
	}
	goTo(w, r, then)
}

// result gives what became of a file's rows as CSV.
func (p *Pages) result(w http.ResponseWriter, r *http.Request) {
	content, err := p.svc.WriteResult(r.Context(), tutor(r), r.PathValue("id"), rowProblem)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	csvFile(w, "result.csv", content)
}
