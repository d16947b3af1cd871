package cpdweb_test

import (
	"strings"
	"testing"

	"traid/internal/cpd"
)

var (
	ashdown = cpd.School{URN: "900001", Name: "Ashdown School"}
	birch   = cpd.School{URN: "900002", Name: "Birch Primary"}
)

// TestATutorInvitesAndThePersonConfirms plays a tutor and the person they
// invite, whose mail is the only way in.
func TestATutorInvitesAndThePersonConfirms(t *testing.T) {
	w := newWorld(t)
	tess := w.tutor("tess@example.org", ashdown)
	tess.post("/school/add", "first-name", "Zephyrine").is("/school/add", 422).says("Enter their last name")
	added := tess.post("/school/add", "first-name", "Zephyrine", "last-name", "Quillfeather", "email", "zephyrine@example.com", "trn", "8400123").says("We sent the invitation", "Invited")
	if len(w.participants()) != 0 {
		t.Error("a participant was made before the person came")
	}
	zoe := w.browser()
	zoe.get(w.link()).says("Ashdown School")
	zoe.post(w.link()).at("/changed-name")
	zoe.post("/changed-name", "changed-name", "no").at("/date-of-birth")
	zoe.post("/date-of-birth", "date-of-birth-day", "17", "date-of-birth-month", "2", "date-of-birth-year", "1984").at("/check-your-answers").says("Ends in 23").silent("8400123")
	tess.get(added.Path).says("Invited").silent("1984")
	zoe.post("/check-your-answers").at("/check-your-details")
	zoe.post("/check-your-details").at("/progress")
	tess.get(added.Path).says("Being checked").silent("8400123", "CPD-")
	w.answer(cpd.Answer{Outcome: cpd.Failed, Reason: "no_record", Note: "Nobody of this name was born on that day."})
	tess.get(added.Path).says("Could not be confirmed").silent("Nobody of this name", "no_record")
	w.administrator().get("/admin/participants/"+string(w.participants()[0].ID)).says("Ashdown School", "Came by an invitation")
}

// TestEachTutorsPagesAreTheirSchools asks for a school's pages as a tutor of
// another one, as an administrator and as nobody.
func TestEachTutorsPagesAreTheirSchools(t *testing.T) {
	w := newWorld(t)
	tess, bo, admin := w.tutor("tess@example.org", ashdown), w.tutor("bo@example.org", birch), w.administrator()
	person := tess.post("/school/add", "first-name", "Jo", "last-name", "Sample", "email", "jo@example.org").Path
	file := tess.upload("/school/files", "first_name,last_name,email\nAl,Sample,al@example.org\n").Path
	for _, path := range []string{person, person + "/remove", file, file + "/result.csv"} {
		tess.get(path).is(path, 200)
		bo.get(path).is(path, 404)
		admin.get(path).is(path, 403)
		w.browser().get(path).at("/sign-in")
	}
	for _, path := range []string{person + "/again", file} {
		bo.post(path).is(path, 404)
	}
	bo.post(person + "/remove")
	bo.post(file + "/drop").at("/school/files")
	tess.get(file).at(file)
	tess.get(person).says("Invited")
	bo.get("/school/people").silent("Jo Sample", "jo@example.org")
	tess.get("/admin/participants").is("/admin/participants", 403)
}

func TestAFileIsLookedAtThenInvitedFrom(t *testing.T) {
	w := newWorld(t)
	tess := w.tutor("tess@example.org", ashdown)
	tess.post("/school/files").is("/school/files", 422).says("Select a file")
	tess.upload("/school/files", "first_name,last_name\nJo,Sample\n").is("/school/files", 422).says("lacks the columns email")
	tess.upload("/school/files", "first_name,last_name,email\nZo\xeb,Sample,zoe@example.org\n").is("/school/files", 422).says("not UTF-8")
	tess.upload("/school/files", "x"+strings.Repeat(" ", 3<<20)).is("/school/files", 413)
	read := tess.upload("/school/files", "first_name,last_name,email\nAl,Sample,al@example.org\n=cmd,12,bo@example.org\n").says("Nobody has been invited yet", "Last name must contain at least one letter")
	if mails, _, err := w.svc.Outbox(t.Context(), "", 0); err != nil || len(mails) != 0 {
		t.Errorf("%d mails before the file was begun, %v", len(mails), err)
	}
	tess.post(read.Path).says("0 of 1 rows are done")
	w.work()
	tess.get(read.Path).says("We invited 1 person")
	result := tess.get(read.Path + "/result.csv").Body
	if want := "2,Al,Sample,al@example.org,invited,,\n3,'=cmd,12,bo@example.org,not_invited,last_name,Last name must contain at least one letter\n"; !strings.HasSuffix(result, want) {
		t.Errorf("the result is %q", result)
	}
	tess.upload("/school/files", "first_name,last_name,email\nAl,Sample,al@example.org\n").says("There is nobody in this file to invite")
}
