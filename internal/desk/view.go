package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
)

// Clause is one condition as views and triggers are written: an attribute, an
// operator and a value.
type Clause struct {
	Field    string
	Operator string
	Value    string
}

// Clauses hold when all of All do and, where there are any, one of Any.
type Clauses struct {
	All, Any []Clause
}

// updateType is what only triggers ask for: whether a ticket is created or changed.
const updateType = "update_type"

// parse makes conditions of clauses. by is whom "current_user" means. The
// clauses on the kind of update are left out.
func (c Clauses) parse(by UserID) (Conditions, error) {
	var out Conditions
	for _, part := range []struct {
		from []Clause
		to   *[]Match
	}{{c.All, &out.All}, {c.Any, &out.Any}} {
		for _, clause := range part.from {
			if clause.Field == updateType {
				continue
			}
			m, ok := clause.match(by)
			if !ok {
				return out, invalid("conditions", "Conditions: "+clause.words()+" is not supported by this desk")
			}
			*part.to = append(*part.to, m)
		}
	}
	return out, nil
}

// words names a clause by what is no value.
func (c Clause) words() string {
	keep := func(v string) string {
		if utf8.RuneCountInString(v) > 40 {
			v = string([]rune(v)[:40])
		}
		return strconv.QuoteToASCII(v)
	}
	return keep(c.Field) + " " + keep(c.Operator)
}

func (c Clause) match(by UserID) (Match, bool) {
	not := strings.HasPrefix(c.Operator, "not_") || strings.HasPrefix(c.Operator, "is_not")
	one := func(attribute Attribute, value string) (Match, bool) {
		return Match{By: attribute, In: []string{value}, Not: not}, c.Operator == "is" || c.Operator == "is_not"
	}
	id := func(attribute Attribute) (Match, bool) {
		value := c.Value
		switch value {
		case "":
			value = "0"
		case "current_user":
			value = strconv.FormatInt(int64(by), 10)
		default:
			if _, err := strconv.ParseInt(value, 10, 64); err != nil {
				return Match{}, false
			}
		}
		return one(attribute, value)
	}
	compared := map[string]string{"is": "", "is_not": "", "less_than": "<", "less_than_equal": "<=", "greater_than": ">", "greater_than_equal": ">="}
	switch c.Field {
	case "status":
		comparison, ok := compared[c.Operator]
		in, known := statusesIf(comparison, Status(c.Value))
		return Match{By: ByStatus, In: in, Not: not}, ok && known
	case "priority":
		return one(ByPriority, c.Value)
	case "type":
		return one(ByType, c.Value)
	case "group_id":
		return id(ByGroup)
	case "assignee_id":
		return id(ByAssignee)
	case "requester_id":
		return id(ByRequester)
	case "current_tags":
		m := Match{By: ByTag, Not: not}
		for _, tag := range strings.FieldsFunc(c.Value, func(r rune) bool { return r == ' ' || r == ',' }) {
			m.In = append(m.In, foldTag(tag))
		}
		return m, (c.Operator == "includes" || c.Operator == "not_includes") && len(m.In) > 0
	}
	digits, ok := strings.CutPrefix(c.Field, "custom_fields_")
	field, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return Match{}, false
	}
	m := Match{By: ByField, Field: FieldID(field), Not: not}
	switch c.Operator {
	case "present", "not_present":
	case "is", "is_not", "includes", "not_includes":
		m.In = []string{c.Value}
	default:
		return m, false
	}
	return m, true
}

// View is a list of tickets that meet conditions.
type View struct {
	ID        int64
	Title     string
	Active    bool
	Position  int64
	Clauses   Clauses
	Group     GroupID // whose view it is; zero: everybody's
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ViewUpdate is what a caller wants of a view. What is nil stays.
type ViewUpdate struct {
	Title    *string
	Active   *bool
	Position *int64
	All, Any *[]Clause
	Group    *GroupID
}

var errNothing = fault.New(fault.NotFound, "Not found")

// Views lists the views.
func (s *Service) Views(ctx context.Context) (views []View, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		views, err = r.Views(ctx)
		return err
	})
	return views, err
}

// View gives a view; fault.NotFound where there is none.
func (s *Service) View(ctx context.Context, id int64) (View, error) {
	views, err := s.Views(ctx)
	if i := slices.IndexFunc(views, func(v View) bool { return v.ID == id }); i >= 0 {
		return views[i], err
	}
	if err == nil {
		err = errNothing
	}
	return View{}, err
}

// InView gives the tickets of a view as an agent sees it, and how many there are.
func (s *Service) InView(ctx context.Context, by User, v View, search Search) (found []Ticket, count int, err error) {
	if search.Conditions, err = v.Clauses.parse(by.ID); err != nil {
		return nil, 0, err
	}
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		var err error
		if count, err = r.CountFound(ctx, search); err != nil || search.Limit == 0 {
			return err
		}
		found, err = r.Find(ctx, search)
		return err
	})
	return found, count, err
}

// firstPosition is where what is made comes in its list when it does not say.
const firstPosition = 10_000

// AddView makes a view.
func (s *Service) AddView(ctx context.Context, u ViewUpdate) (v View, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		v = View{ID: id, Active: true, Position: firstPosition, CreatedAt: s.at(), UpdatedAt: s.at()}
		if err := v.apply(u); err != nil {
			return err
		}
		return tx.AddView(ctx, v)
	})
	return v, err
}

// UpdateView changes a view; fault.NotFound where there is none.
func (s *Service) UpdateView(ctx context.Context, id int64, u ViewUpdate) (v View, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		views, err := tx.Views(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(views, func(v View) bool { return v.ID == id })
		if i < 0 {
			return errNothing
		}
		v = views[i]
		v.UpdatedAt = s.at()
		if err := v.apply(u); err != nil {
			return err
		}
		return tx.SaveView(ctx, v)
	})
	return v, err
}

// DeleteView takes a view away; fault.NotFound where there is none.
func (s *Service) DeleteView(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		views, err := tx.Views(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(views, func(v View) bool { return v.ID == id }) {
			return errNothing
		}
		return tx.DropView(ctx, id)
	})
}

func setIf[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// maxClauses bounds the conditions of a view or a trigger, and its actions.
const maxClauses = 50

func (v *View) apply(u ViewUpdate) error {
	setIf(&v.Title, u.Title)
	setIf(&v.Active, u.Active)
	setIf(&v.Position, u.Position)
	setIf(&v.Clauses.All, u.All)
	setIf(&v.Clauses.Any, u.Any)
	setIf(&v.Group, u.Group)
	if err := goodTitle(v.Title); err != nil {
		return err
	}
	if len(v.Clauses.All) == 0 {
		return invalid("conditions", "Conditions: a view needs at least one in all")
	}
	return v.Clauses.check(false)
}

func goodTitle(title string) error {
	if strings.TrimSpace(title) == "" {
		return invalid("title", "Title: cannot be blank")
	}
	if utf8.RuneCountInString(title) > maxShort {
		return invalid("title", "Title: is too long (maximum is 255 characters)")
	}
	return nil
}

// check says what is wrong with clauses; only triggers ask for the kind of update.
func (c Clauses) check(trigger bool) error {
	if len(c.All)+len(c.Any) > maxClauses {
		return invalid("conditions", "Conditions: are too many (maximum is 50)")
	}
	for _, clause := range append(slices.Clone(c.All), c.Any...) {
		if clause.Field == updateType && (!trigger || clause.Operator != "is" || clause.Value != updateCreate && clause.Value != updateChange) {
			return invalid("conditions", "Conditions: "+clause.words()+" is not supported by this desk")
		}
	}
	_, err := c.parse(0)
	return err
}

// Kinds of update that a trigger asks for.
const (
	updateCreate = "Create"
	updateChange = "Change"
)

// Trigger tells webhooks of tickets that meet conditions when they are created or changed.
type Trigger struct {
	ID        int64
	Title     string
	Active    bool
	Position  int64
	Clauses   Clauses
	Actions   []Action
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Action tells a webhook a text, in which placeholders stand for the ticket's own.
type Action struct {
	Webhook string
	Body    string
}

// TriggerUpdate is what a caller wants of a trigger. What is nil stays.
type TriggerUpdate struct {
	Title    *string
	Active   *bool
	Position *int64
	All, Any *[]Clause
	Actions  *[]Action
}

// Triggers lists the triggers.
func (s *Service) Triggers(ctx context.Context) (triggers []Trigger, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		triggers, err = r.Triggers(ctx)
		return err
	})
	return triggers, err
}

// AddTrigger makes a trigger.
func (s *Service) AddTrigger(ctx context.Context, u TriggerUpdate) (t Trigger, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		t = Trigger{ID: id, Active: true, Position: firstPosition, CreatedAt: s.at(), UpdatedAt: s.at()}
		if err := t.apply(ctx, tx, u); err != nil {
			return err
		}
		return tx.AddTrigger(ctx, t)
	})
	return t, err
}

// UpdateTrigger changes a trigger; fault.NotFound where there is none.
func (s *Service) UpdateTrigger(ctx context.Context, id int64, u TriggerUpdate) (t Trigger, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		triggers, err := tx.Triggers(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(triggers, func(t Trigger) bool { return t.ID == id })
		if i < 0 {
			return errNothing
		}
		t = triggers[i]
		t.UpdatedAt = s.at()
		if err := t.apply(ctx, tx, u); err != nil {
			return err
		}
		return tx.SaveTrigger(ctx, t)
	})
	return t, err
}

// DeleteTrigger takes a trigger away; fault.NotFound where there is none.
func (s *Service) DeleteTrigger(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		triggers, err := tx.Triggers(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(triggers, func(t Trigger) bool { return t.ID == id }) {
			return errNothing
		}
		return tx.DropTrigger(ctx, id)
	})
}

func (t *Trigger) apply(ctx context.Context, tx Tx, u TriggerUpdate) error {
	setIf(&t.Title, u.Title)
	setIf(&t.Active, u.Active)
	setIf(&t.Position, u.Position)
	setIf(&t.Clauses.All, u.All)
	setIf(&t.Clauses.Any, u.Any)
	setIf(&t.Actions, u.Actions)
	if err := goodTitle(t.Title); err != nil {
		return err
	}
	if len(t.Actions) == 0 || len(t.Actions) > maxClauses {
		return invalid("actions", "Actions: a trigger needs one to fifty of them")
	}
	for _, a := range t.Actions {
		switch w, err := tx.Webhook(ctx, a.Webhook); {
		case fault.Is(err, fault.NotFound):
			return invalid("actions", "Actions: there is no such webhook")
		case err != nil:
			return err
		case !slices.Contains(w.Subscriptions, Conditional):
			return invalid("actions", "Actions: the webhook is told of events, not by triggers")
		}
	}
	return t.Clauses.check(true)
}

// fires tells whether a change of a ticket fires the trigger.
func (t Trigger) fires(after Ticket, created bool) bool {
	kind := updateChange
	if created {
		kind = updateCreate
	}
	asks := func(c Clause) bool { return c.Field == updateType }
	if slices.ContainsFunc(t.Clauses.All, func(c Clause) bool { return asks(c) && c.Value != kind }) {
		return false
	}
	c, err := t.Clauses.parse(0)
	if err != nil {
		return false
	}
	if len(t.Clauses.Any) > 0 && slices.ContainsFunc(t.Clauses.Any, func(c Clause) bool { return asks(c) && c.Value == kind }) {
		c.Any = nil // one of them holds already
	} else if len(t.Clauses.Any) > 0 && len(c.Any) == 0 {
		return false
	}
	return c.hold(after)
}
