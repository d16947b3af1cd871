package desk

import (
	"context"
	"crypto/rand"
	"regexp"
	"slices"
	"strings"
	"time"

	"traid/internal/fault"
)

// Kind is what a custom field holds.
type Kind string

// The kinds of the fields there are.
const (
	KindText     Kind = "text"
	KindTextarea Kind = "textarea"
	KindRegexp   Kind = "regexp" // a text that its pattern fits
	KindTagger   Kind = "tagger" // the value of one option, which is a tag of the ticket too
)

// Field is a custom field.
type Field struct {
	ID        FieldID
	Title     string
	Kind      Kind
	Pattern   string   // of a regexp
	Options   []Option // of a tagger
	Position  int64
	CreatedAt time.Time
}

// Option is one choice of a tagger. Its value is opaque, since tickets show it
// as a tag: what it means stands in its name alone.
type Option struct {
	ID    int64
	Name  string
	Value string
}

func (f Field) hasOption(value string) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}

// wrong says what is wrong with a value, "" for nothing.
func (f Field) wrong(value string) string {
	switch f.Kind {
	case KindTagger:
		if !f.hasOption(value) {
			return f.Title + ": is not one of the field's options"
		}
	case KindRegexp:
		if ok, err := regexp.MatchString(f.Pattern, value); err != nil || !ok {
			return f.Title + ": is invalid"
		}
	case KindText:
		if strings.ContainsAny(value, "\r\n") {
			return f.Title + ": has more than one line"
		}
	}
	return ""
}

// seeded are the fields of a new desk, by the titles that they are found by.
var seeded = []struct {
	title   string
	kind    Kind
	pattern string
	options []string
}{
	{title: "TRN", kind: KindRegexp, pattern: `^\d{7}$`},
	{title: "Outcome", kind: KindTagger, options: []string{"trn_found", "failed"}},
	{title: "Barring outcome", kind: KindTagger, options: []string{"barred", "not_barred", "failed"}},
	{title: "Failure reason", kind: KindTagger, options: []string{
		"no_record", "several_records", "details_do_not_match", "not_enough_details", "cannot_tell", "other",
	}},
	{title: "Note for the client", kind: KindTextarea},
	{title: "Request", kind: KindText},
}

// Seed makes the fields and the group that are missing. What is there stays as
// it is, so the options' values stay the same for ever.
func (s *Service) Seed(ctx context.Context) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		groups, err := tx.Groups(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(groups, func(g Group) bool { return g.Name == GroupName }) {
			id, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if err := tx.AddGroup(ctx, Group{ID: GroupID(id), Name: GroupName, CreatedAt: s.at()}); err != nil {
				return err
			}
		}
		there, err := tx.Fields(ctx)
		if err != nil {
			return err
		}
		for i, want := range seeded {
			if slices.ContainsFunc(there, func(f Field) bool { return f.Title == want.title }) {
				continue
			}
			id, err := tx.NextIDs(ctx, 1+len(want.options))
			if err != nil {
				return err
			}
			f := Field{ID: FieldID(id), Title: want.title, Kind: want.kind, Pattern: want.pattern, Position: int64(i), CreatedAt: s.at()}
			for j, name := range want.options {
				f.Options = append(f.Options, Option{ID: id + 1 + int64(j), Name: name, Value: opaque()})
			}
			if err := tx.AddField(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// opaque gives a tag that tells nothing, with 60 random bits.
func opaque() string { return "o" + strings.ToLower(rand.Text()[:12]) }

// Fields gives the custom fields in their order.
func (s *Service) Fields(ctx context.Context) (fields []Field, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		fields, err = r.Fields(ctx)
		return err
	})
	return fields, err
}

// Field gives a custom field; fault.NotFound where there is none.
func (s *Service) Field(ctx context.Context, id FieldID) (Field, error) {
	fields, err := s.Fields(ctx)
	if err != nil {
		return Field{}, err
	}
	for _, f := range fields {
		if f.ID == id {
			return f, nil
		}
	}
	return Field{}, fault.New(fault.NotFound, "There is no such field.")
}
