package desk

import (
	"context"
	"crypto/rand"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is what a custom field holds.
type Kind string

// The kinds of the fields there are.
const (
	KindText     Kind = "text"
	KindTextarea Kind = "textarea"
	KindRegexp   Kind = "regexp" // a text that its pattern fits
	KindTagger   Kind = "tagger" // the value of one option, which is a tag of the ticket too
	KindInteger  Kind = "integer"
	KindDecimal  Kind = "decimal"
	KindDate     Kind = "date"
)

var kinds = []Kind{KindText, KindTextarea, KindRegexp, KindTagger, KindInteger, KindDecimal, KindDate}

// Field is a custom field.
type Field struct {
	ID        FieldID
	Title     string
	Kind      Kind
	Pattern   string   // of a regexp
	Options   []Option // of a tagger
	Position  int64
	Active    bool // one that is not is kept and has no say
	System    bool // a ticket's own attribute, listed among the fields as Zendesk does
	CreatedAt time.Time
	UpdatedAt time.Time
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
	case KindInteger, KindDecimal:
		if !numberShape[f.Kind].MatchString(value) {
			return f.Title + ": is not a number"
		}
	case KindDate:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return f.Title + ": is not a date such as 2026-11-23"
		}
	}
	return ""
}

var numberShape = map[Kind]*regexp.Regexp{
	KindInteger: regexp.MustCompile(`^-?\d{1,18}$`), KindDecimal: regexp.MustCompile(`^-?\d{1,18}(\.\d{1,18})?$`),
}

// system are a ticket's own attributes as they are listed among the fields: by
// their titles and kinds in Zendesk.
var system = []struct {
	title string
	kind  Kind
}{
	{"Subject", "subject"},
	{"Description", "description"},
	{"Status", "status"},
	{"Type", "tickettype"},
	{"Priority", "priority"},
	{"Group", "group"},
	{"Assignee", "assignee"},
	{"Ticket status", "custom_status"},
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

// RequestTag is what marks the tickets of requests, and RequestView the view of them.
const (
	RequestTag  = "tra_request"
	RequestView = "TRA requests"
)

// Seed makes what is missing of the account's own ids, the group, the fields
// and the view. What is there stays as it is, so the options' values stay the
// same for ever.
func (s *Service) Seed(ctx context.Context) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := s.seedAccount(ctx, tx); err != nil {
			return err
		}
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
		if err := s.seedFields(ctx, tx); err != nil {
			return err
		}
		views, err := tx.Views(ctx)
		if err != nil || slices.ContainsFunc(views, func(v View) bool { return v.Title == RequestView }) {
			return err
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		return tx.AddView(ctx, View{
			ID: id, Title: RequestView, Active: true, CreatedAt: s.at(), UpdatedAt: s.at(), Clauses: Clauses{All: []Clause{
				{Field: "current_tags", Operator: "includes", Value: RequestTag}, {Field: "status", Operator: "less_than", Value: string(Solved)},
			}},
		})
	})
}

func (s *Service) seedFields(ctx context.Context, tx Tx) error {
	there, err := tx.AllFields(ctx)
	if err != nil {
		return err
	}
	missing := func(title string) bool {
		return !slices.ContainsFunc(there, func(f Field) bool { return f.Title == title })
	}
	add := func(f Field, options ...string) error {
		id, err := tx.NextIDs(ctx, 1+len(options))
		if err != nil {
			return err
		}
		f.ID, f.Active, f.CreatedAt, f.UpdatedAt = FieldID(id), true, s.at(), s.at()
		for i, name := range options {
			f.Options = append(f.Options, Option{ID: id + 1 + int64(i), Name: name, Value: opaque()})
		}
		return tx.AddField(ctx, f)
	}
	for i, want := range seeded {
		if missing(want.title) {
			if err := add(Field{Title: want.title, Kind: want.kind, Pattern: want.pattern, Position: int64(i)}, want.options...); err != nil {
				return err
			}
		}
	}
	for i, want := range system {
		if missing(want.title) {
			if err := add(Field{Title: want.title, Kind: want.kind, Position: int64(i), System: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// opaque gives a tag that tells nothing, with 60 random bits.
func opaque() string { return "o" + strings.ToLower(rand.Text()[:12]) }

// Fields gives the custom fields that are active, in their order.
func (s *Service) Fields(ctx context.Context) (fields []Field, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		fields, err = r.Fields(ctx)
		return err
	})
	return fields, err
}

// AllFields gives every field, a ticket's own attributes first.
func (s *Service) AllFields(ctx context.Context) (fields []Field, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		fields, err = r.AllFields(ctx)
		return err
	})
	return fields, err
}

// Field gives a field; fault.NotFound where there is none.
func (s *Service) Field(ctx context.Context, id FieldID) (Field, error) {
	fields, err := s.AllFields(ctx)
	if err != nil {
		return Field{}, err
	}
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.ID == id }); i >= 0 {
		return fields[i], nil
	}
	return Field{}, errNothing
}

// FieldUpdate is what a caller wants of a field. What is nil stays.
type FieldUpdate struct {
	Kind    *Kind // at its creation only
	Title   *string
	Pattern *string
	Active  *bool
	Options *[]Option // all there are to be; by its id or its value one stays the same
}

// AddField makes a custom field.
func (s *Service) AddField(ctx context.Context, u FieldUpdate) (f Field, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		f = Field{ID: FieldID(id), Active: true, Position: firstPosition, CreatedAt: s.at(), UpdatedAt: s.at()}
		setIf(&f.Kind, u.Kind)
		if !slices.Contains(kinds, f.Kind) {
			return invalid("type", "Type: is not one that this desk supports")
		}
		if err := s.setField(ctx, tx, &f, u); err != nil {
			return err
		}
		return tx.AddField(ctx, f)
	})
	return f, err
}

// UpdateField changes a custom field; fault.NotFound where there is none. A
// value that a ticket has stays, whatever becomes of its option.
func (s *Service) UpdateField(ctx context.Context, id FieldID, u FieldUpdate) (f Field, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		all, err := tx.AllFields(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(f Field) bool { return f.ID == id })
		if i < 0 {
			return errNothing
		}
		if f = all[i]; f.System {
			return invalid("base", "Field: a system field of this desk does not change")
		}
		f.UpdatedAt = s.at()
		if err := s.setField(ctx, tx, &f, u); err != nil {
			return err
		}
		return tx.SaveField(ctx, f)
	})
	return f, err
}

// maxOptions bounds a tagger.
const maxOptions = 2000

func (s *Service) setField(ctx context.Context, tx Tx, f *Field, u FieldUpdate) error {
	setIf(&f.Title, u.Title)
	setIf(&f.Pattern, u.Pattern)
	setIf(&f.Active, u.Active)
	if err := goodTitle(f.Title); err != nil {
		return err
	}
	others, err := tx.AllFields(ctx)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(o Field) bool { return o.ID == f.ID })
	if slices.ContainsFunc(others, func(o Field) bool { return o.Title == f.Title }) {
		return invalid("title", "Title: has already been taken")
	}
	if f.Kind == KindRegexp {
		if _, err := regexp.Compile(f.Pattern); err != nil || f.Pattern == "" {
			return invalid("regexp_for_validation", "Regexp for validation: is invalid")
		}
	}
	if u.Options != nil {
		if err := setOptions(ctx, tx, f, *u.Options, others); err != nil {
			return err
		}
	}
	if f.Kind == KindTagger && len(f.Options) == 0 {
		return invalid("custom_field_options", "Custom field options: a drop-down needs at least one")
	}
	return nil
}

func setOptions(ctx context.Context, tx Tx, f *Field, options []Option, others []Field) error {
	refuse := func(reason string) error {
		return invalid("custom_field_options", "Custom field options: "+reason)
	}
	switch {
	case f.Kind != KindTagger && len(options) == 0:
		return nil
	case f.Kind != KindTagger:
		return refuse("only a drop-down has them")
	case len(options) > maxOptions:
		return refuse("are too many (maximum is 2000)")
	}
	var out []Option
	for _, o := range options {
		o.Value = foldTag(o.Value)
		if o.Value == "" || strings.TrimSpace(o.Name) == "" || utf8.RuneCountInString(o.Value) > maxTag || utf8.RuneCountInString(o.Name) > maxShort {
			return refuse("each needs a name of up to 255 and a value of up to 80 characters")
		}
		taken := func(f Field) bool { return f.hasOption(o.Value) }
		if slices.ContainsFunc(out, func(p Option) bool { return p.Value == o.Value }) || slices.ContainsFunc(others, taken) {
			return refuse("a value has already been taken")
		}
		i := slices.IndexFunc(f.Options, func(p Option) bool { return p.ID == o.ID || o.ID == 0 && p.Value == o.Value })
		if i >= 0 {
			o.ID = f.Options[i].ID
		} else {
			id, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			o.ID = id
		}
		out = append(out, o)
	}
	f.Options = out
	return nil
}
