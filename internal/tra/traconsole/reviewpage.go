package traconsole

import (
	"net/http"
	"strings"

	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/tra"
)

// reviewView is the second operator's page: the evidence first, then the first opinion.
type reviewView struct {
	headView
	Claim     []claimRow
	Evidence  evidenceView
	Picked    []rowView // the picked record beside the claim
	PickedTRN string
	Down      bool // the register did not answer for the picked record
	Decision  *decisionView
	Preview   previewView
	Own       bool // the first operator's own decision: another one has to agree
	Override  bool // a supervisor may agree alone
	Chosen    string
	Why       string
	Meanwhile string
	errs      govuk.Errors
}

func (p *pages) review(w http.ResponseWriter, r *http.Request) {
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	if c.Decision == nil || c.Decision.Stage != tra.StageSecondReview {
		backToCase(w, r)
		return
	}
	p.renderReview(w, r, c, http.StatusOK, nil)
}

func (p *pages) renderReview(w http.ResponseWriter, r *http.Request, c tra.Case, status int, change func(*reviewView)) {
	op, d := operator(r), *c.Decision
	v := reviewView{
		headView: headOf(c, operator(r)), Claim: claimRows(c), Decision: decisionOf(d, c.Request, op), PickedTRN: d.TRN.Reveal(),
		Preview: previewOf(c, tra.Deciding{Outcome: d.Outcome, TRN: d.TRN, Reason: d.Reason, Note: d.Note}),
		Own:     strings.EqualFold(d.By, op.Email),
	}
	v.Override = v.Own && op.Supervisor
	var err error
	if v.Evidence, err = p.evidence(r, c, false); err != nil {
		p.fail(w, r, err)
		return
	}
	if !d.TRN.IsZero() {
		checked, err := p.console.Check(r.Context(), op, c.Request.ID, d.TRN)
		switch {
		case fault.Is(err, fault.Unavailable), fault.Is(err, fault.NotFound):
			v.Down = true
		case err != nil:
			p.fail(w, r, err)
			return
		}
		if !v.Down {
			v.Picked, _ = compareRows(checkedRows(c.Claim, checked))
		}
	}
	if change != nil {
		change(&v)
	}
	o := Page(r, "Second review")
	o.Errors = v.errs
	o.Breadcrumbs = caseCrumbs(v.headView, "Second review")
	httpd.Render(w, r, status, reviewPage(o, v))
}

// What the second operator can answer.
const (
	reviewAgree    = "agree"
	reviewSendBack = "send_back"
	reviewOverride = "override"
)

func (p *pages) confirmReview(w http.ResponseWriter, r *http.Request) {
	chosen, why := r.PostFormValue("review"), lines(r.PostFormValue("why"))
	in := tra.Reviewing{Revision: revision(r), Agree: chosen != reviewSendBack, Override: chosen == reviewOverride, Why: why}
	var errs govuk.Errors
	var meanwhile string
	status := http.StatusUnprocessableEntity
	switch chosen {
	case reviewAgree, reviewSendBack, reviewOverride:
		err := p.console.Review(r.Context(), operator(r), caseID(r), in)
		if err == nil {
			backToCase(w, r)
			return
		}
		var ok bool
		if errs, meanwhile, ok = troubles(err); !ok {
			p.fail(w, r, err)
			return
		}
		status = httpd.Status(err)
	default:
		errs.Add("review", "Select whether you agree")
	}
	c, ok := p.open(w, r)
	if !ok {
		return
	}
	if c.Decision == nil || c.Decision.Stage != tra.StageSecondReview {
		p.renderCase(w, r, c, status, func(v *caseView) { v.Meanwhile, v.Typed = meanwhile, why })
		return
	}
	p.renderReview(w, r, c, status, func(v *reviewView) {
		v.errs, v.Meanwhile, v.Chosen, v.Why = errs, meanwhile, chosen, why
	})
}
