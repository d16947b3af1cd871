package tra_test

import (
	"slices"
	"strings"
	"testing"

	"traid/internal/fault"
	"traid/internal/tra"
)

func TestTextsAreChangedByAdministratorsAndHoldNoPersonalNumber(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, k := range []tra.Kind{tra.TRNValidation, tra.BarringCheck} {
			for _, p := range tra.Purposes(k) {
				if list, err := r.svc.Templates(r.ctx, k, p); err != nil || len(list) == 0 {
					t.Errorf("there is no text to start from for %s of a %s: %v", p, k, err)
				}
			}
		}
		list, err := r.svc.Templates(r.ctx, tra.TRNValidation, tra.Purpose(tra.NoRecord))
		r.ok(err)
		text := list[0]
		r.refused(r.svc.SaveTemplate(r.ctx, susan, text), fault.Forbidden)
		r.refused(r.svc.DropTemplate(r.ctx, susan, text.ID), fault.Forbidden)
		admin := tra.Operator{Email: "ann@example.org", Administrator: true}
		for written, reason := range map[string]string{
			" ": "blank", strings.Repeat("a", 1001): "too_long", "Your TRN is 8400123": "personal_number", "It is QQ 12 34 56 C": "personal_number",
			"Born on 17 February": "personal_number", "Ask [which": "slot", "Ask which]": "slot", "Ask [which [one]]": "slot",
		} {
			text.Text = written
			if err := r.svc.SaveTemplate(r.ctx, admin, text); !slices.Contains(fault.FieldsOf(err), fault.Field{Pointer: "/text", Reason: reason}) {
				t.Errorf("%.20q: %v, want %s", written, err, reason)
			}
		}
		text.Text, text.Purpose = " Ask them [where they trained]. ", tra.PurposeQuestion // what it is for stays
		r.ok(r.svc.SaveTemplate(r.ctx, admin, text))
		again, err := r.svc.Templates(r.ctx, tra.TRNValidation, tra.Purpose(tra.NoRecord))
		r.ok(err)
		if got := again[0]; len(again) != len(list) || got.Text != "Ask them [where they trained]." || got.ChangedBy != admin.Email || !got.ChangedAt.Equal(r.clock.now()) {
			t.Errorf("the texts are %+v", again)
		}
		// A slot that is not filled is never sent.
		id := r.open(first, claim())
		_, err = r.svc.Decide(r.ctx, olive, id, tra.Deciding{Revision: r.kase(id).Request.Revision, Outcome: tra.Failed, Reason: tra.NoRecord, Note: again[0].Text})
		if !slices.Contains(fault.FieldsOf(err), fault.Field{Pointer: "/note", Reason: "slot"}) {
			t.Errorf("a note with a slot: %v", err)
		}
		r.ok(r.svc.SaveTemplate(r.ctx, admin, tra.Template{Kind: tra.BarringCheck, Purpose: tra.Purpose(tra.OtherReason), Name: "New", Text: "New."}))
		r.refused(r.svc.SaveTemplate(r.ctx, admin, tra.Template{Kind: tra.BarringCheck, Purpose: tra.PurposeQuestion, Name: "New", Text: "New."}), fault.Invalid)
		for range 2 {
			r.ok(r.svc.DropTemplate(r.ctx, admin, text.ID))
		}
		if left, err := r.svc.Templates(r.ctx, tra.TRNValidation, tra.Purpose(tra.NoRecord)); err != nil || len(left) != len(list)-1 {
			t.Errorf("left: %+v, %v", left, err)
		}
	})
}
