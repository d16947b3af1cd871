package tra

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/ident"
	"traid/internal/person"
)

// Purpose is what a template is for: a note for the client with a failure
// reason, or a question to the person.
type Purpose string

// PurposeQuestion is the one purpose that is no failure reason.
const PurposeQuestion Purpose = "question"

// Purposes lists what templates can be for, of a request of a kind.
func Purposes(k Kind) []Purpose {
	var out []Purpose
	for _, reason := range FailureReasons(k) {
		out = append(out, Purpose(reason))
	}
	if k == TRNValidation {
		out = append(out, PurposeQuestion)
	}
	return out
}

// Words names a purpose for people.
func (p Purpose) Words() string {
	if p == PurposeQuestion {
		return "Question to the person"
	}
	return FailureReason(p).Words()
}

// TemplateID is a template's own.
type TemplateID string

// Template is a text that operators start from. What stands in square brackets
// has to be filled in or taken out.
type Template struct {
	ID        TemplateID // empty: a new one
	Kind      Kind
	Purpose   Purpose
	Name      string
	Text      string
	ChangedBy string    // empty: as it came with the program
	ChangedAt time.Time // zero: never
}

// longestName is the most characters of a template's name.
const longestTemplateName = 60

// check names what is wrong with a template. Reasons: blank, too_long,
// personal_number, not_for_this_kind, and slot for a bracket without its other.
func (t Template) check() []fault.Field {
	var wrong []fault.Field
	bad := func(pointer, reason string) { wrong = append(wrong, fault.Field{Pointer: pointer, Reason: reason}) }
	if !slices.Contains(Purposes(t.Kind), t.Purpose) {
		bad("/purpose", "not_for_this_kind")
	}
	for _, each := range []struct {
		pointer, text string
		longest       int
	}{{"/name", t.Name, longestTemplateName}, {"/text", t.Text, longestNote}} {
		switch {
		case each.text == "":
			bad(each.pointer, "blank")
		case utf8.RuneCountInString(each.text) > each.longest:
			bad(each.pointer, "too_long")
		case person.HasPersonalNumber(each.text):
			bad(each.pointer, "personal_number")
		}
	}
	open := false
	for _, r := range t.Text {
		if r == '[' && open || r == ']' && !open {
			bad("/text", "slot")
			return wrong
		}
		open = r == '[' || open && r != ']'
	}
	if open {
		bad("/text", "slot")
	}
	return wrong
}

// Templates gives the texts to start from for a purpose; of every kind and
// purpose where kind is empty.
func (s *Service) Templates(ctx context.Context, k Kind, p Purpose) ([]Template, error) {
	all, err := s.store.Templates(ctx)
	return slices.DeleteFunc(all, func(t Template) bool { return k != "" && (t.Kind != k || t.Purpose != p) }), err
}

// SaveTemplate adds a text or changes one; only an administrator may.
func (s *Service) SaveTemplate(ctx context.Context, op Operator, t Template) error {
	if !op.Administrator {
		return fault.New(fault.Forbidden, onlyAdministrators)
	}
	t.Name, t.Text = strings.TrimSpace(t.Name), strings.TrimSpace(t.Text)
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		t := t
		if t.ID != "" {
			old, err := tx.Template(ctx, t.ID)
			if err != nil {
				return err
			}
			t.Kind, t.Purpose = old.Kind, old.Purpose
		}
		if wrong := t.check(); len(wrong) > 0 {
			return fault.InvalidFields(wrong...)
		}
		if t.ID == "" {
			t.ID = TemplateID(ident.NewUUID())
		}
		t.ChangedBy, t.ChangedAt = op.Email, s.now()
		if err := tx.SaveTemplate(ctx, t); err != nil {
			return err
		}
		return s.story(ctx, tx, "", op.Email, TemplateChanged, string(t.ID))
	})
}

// DropTemplate deletes a text; only an administrator may. Again it changes nothing.
func (s *Service) DropTemplate(ctx context.Context, op Operator, id TemplateID) error {
	if !op.Administrator {
		return fault.New(fault.Forbidden, onlyAdministrators)
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.DropTemplate(ctx, id); err != nil {
			return err
		}
		return s.story(ctx, tx, "", op.Email, TemplateDeleted, string(id))
	})
}

const onlyAdministrators = "Only an administrator can change the texts."
