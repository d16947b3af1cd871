package journeys

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traid/internal/synth"
)

// answersGiven is the list of what was typed.
var answersGiven = regexp.MustCompile(`(?s)<dl class="govuk-summary-list.*?</dl>`)

// TestNobodyLearnsWhetherARecordExists compares the pages of people whom the
// automatic check does not match, each for another reason.
func TestNobodyLearnsWhetherARecordExists(t *testing.T) {
	each(t, func(w *world) {
		imogen, grace, tomasz := w.member(synth.MatchesAtOnce), w.member(synth.FitsTwo), w.member(synth.NeedsOperator)
		notMatched := func(m synth.Member) page {
			w.t.Helper()
			p := w.person(m)
			p.fillsIn()
			p.press("Register")
			p.at("/check-your-details")
			p.answered(http.StatusOK)
			trn, nino := m.TRN, m.NINO
			if trn == "" {
				trn = "Not given"
			}
			if nino == "" {
				nino = "Not given"
			}
			p.says("Teacher reference number (TRN)", trn)
			p.says("National Insurance number", nino)
			return p.page
		}
		w.step("the page is the same for every reason, but for what was typed", func() {
			wrongTRN, wrongName, wrongDay := imogen, imogen, imogen
			wrongTRN.TRN, wrongName.FirstName, wrongDay.DateOfBirth = "0990099", "Ottoline", "1984-02-18"
			othersNINO := synth.Member{FirstName: "Ottoline", LastName: "Vandermeer", DateOfBirth: "1971-03-08", NINO: "QQ 99 00 15 D", Email: "ottoline@example.org"}
			want := answersGiven.ReplaceAllString(notMatched(wrongTRN).body, "")
			for reason, m := range map[string]synth.Member{
				"another name stands on the record": wrongName, "another day stands on the record": wrongDay,
				"it fits several records": grace, "there is nothing to search by": tomasz, "somebody else has the NI number": othersNINO,
			} {
				if diff := cmp.Diff(want, answersGiven.ReplaceAllString(notMatched(m).body, "")); diff != "" {
					w.t.Errorf("%s: the page tells (-no record +this):\n%s", reason, diff)
				}
			}
		})
		w.step("the page is the same before a record exists and after, byte by byte", func() {
			m := synth.Member{FirstName: "Ottoline", LastName: "Vandermeer", DateOfBirth: "1969-05-05", TRN: "0890031", Email: "ottoline@example.org"}
			before := notMatched(m)
			w.imports("0890031,active,Georgiana,,Vandermeer,,1969-05-05,,,1993-08-01,")
			if diff := cmp.Diff(before.body, notMatched(m).body); diff != "" {
				w.t.Errorf("(-before +after):\n%s", diff)
			}
		})
	})
}
