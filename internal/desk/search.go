package desk

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
)

// Order is what found tickets are ordered by.
type Order string

// The orders. Of the same place, by id.
const (
	OrderID       Order = ""
	OrderCreated  Order = "created_at"
	OrderUpdated  Order = "updated_at"
	OrderStatus   Order = "status"
	OrderPriority Order = "priority"
	OrderType     Order = "ticket_type"
)

// Search asks for the tickets that meet conditions, deleted ones aside.
type Search struct {
	Conditions
	Order      Order
	Descending bool
	After      *Position // only with OrderCreated ascending
	Limit      int
	Offset     int
	// Until leaves out what changed later: the index lags behind. Zero: nothing.
	Until time.Time
}

// ErrQuery is a search that cannot be understood, or that this desk does not
// have. Its text says which part.
type ErrQuery struct{ Text string }

// Error gives the text.
func (e *ErrQuery) Error() string { return e.Text }

func badQuery(text string) error { return &ErrQuery{Text: text} }

// term is one word of a query: of a keyword with a comparison and a value, or a
// word alone.
type term struct {
	not        bool
	key        string // lower case; empty for a word alone
	comparison string // "<", "<=", ">", ">=", or "" for a colon
	value      string
}

var termShape = regexp.MustCompile(`^(-?)([A-Za-z_]\w*)(:|<=|>=|<|>)(.*)$`)

// terms splits a query at its blanks; what is in quotation marks stays together.
func terms(query string) []term {
	var out []term
	var word strings.Builder
	quoted, any := false, false
	end := func() {
		if !any {
			return
		}
		text := word.String()
		word.Reset()
		any = false
		if m := termShape.FindStringSubmatch(text); m != nil {
			t := term{not: m[1] != "", key: strings.ToLower(m[2]), comparison: strings.TrimPrefix(m[3], ":"), value: m[4]}
			if t.comparison == "" { // created:>2026-01-01 as created>2026-01-01
				for _, c := range []string{"<=", ">=", "<", ">"} {
					if rest, ok := strings.CutPrefix(t.value, c); ok {
						t.comparison, t.value = c, rest
						break
					}
				}
			}
			out = append(out, t)
			return
		}
		t := term{value: text}
		if rest, ok := strings.CutPrefix(text, "-"); ok && rest != "" {
			t.not, t.value = true, rest
		}
		out = append(out, t)
	}
	for _, r := range query {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case !quoted && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			end()
		default:
			word.WriteRune(r)
			any = true
		}
	}
	end()
	return out
}

// attributeOf tells which attribute a keyword compares, of those that hold a text.
var attributeOf = map[string]Attribute{
	"external_id": ByExternalID, "ticket_type": ByType, "priority": ByPriority, "subject": BySubject, "description": ByFirst, "comment": ByComment,
}

// timeOf and userOf do the same for times and users.
var (
	timeOf = map[string]Attribute{"created": ByCreated, "updated": ByUpdated, "solved": BySolved}
	userOf = map[string]Attribute{"requester": ByRequester, "submitter": BySubmitter, "assignee": ByAssignee}
)

// orders are the orders by their names in queries and parameters.
var orders = map[string]Order{
	"created_at": OrderCreated, "created": OrderCreated, "updated_at": OrderUpdated, "updated": OrderUpdated,
	"status": OrderStatus, "priority": OrderPriority, "ticket_type": OrderType,
}

const customField = "custom_field_"

// Find gives the tickets that a query asks for, and how many there are. by is
// who asks: "me" in it.
func (s *Service) Find(ctx context.Context, by User, query string, search Search) (found []Ticket, count int, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		if err := s.read(ctx, r, by, query, &search); err != nil {
			return err
		}
		if s.o.SearchDelay > 0 {
			search.Until = s.o.Now().UTC().Add(-s.o.SearchDelay)
		}
		var err error
		if count, err = r.CountFound(ctx, search); err != nil {
			return err
		}
		if search.Limit > 0 {
			found, err = r.Find(ctx, search)
		}
		return err
	})
	return found, count, err
}

// read adds to a search what a query asks for. Of one keyword that stands
// several times any value will do; all others have to hold.
func (s *Service) read(ctx context.Context, r Reads, by User, query string, search *Search) error {
	either := map[string]int{} // where in All a keyword's Match is
	for _, t := range terms(query) {
		m, err := s.match(ctx, r, by, t, search)
		if err != nil {
			return err
		}
		for _, one := range m {
			key := string(one.By) + strconv.FormatInt(int64(one.Field), 10)
			joins := len(m) == 1 && len(one.In) > 0 && !one.Not && t.key != "" && t.comparison == ""
			if i, there := either[key]; there && joins {
				search.All[i].In = append(search.All[i].In, one.In...)
				continue
			}
			search.All = append(search.All, one)
			if joins {
				either[key] = len(search.All) - 1
			}
		}
	}
	return nil
}

// match reads one term.
func (s *Service) match(ctx context.Context, r Reads, by User, t term, search *Search) ([]Match, error) {
	unknown := func() ([]Match, error) {
		return nil, badQuery("Invalid search: this desk does not search by " + t.key)
	}
	wrong := func() ([]Match, error) {
		return nil, badQuery("Invalid search: the value of " + t.key + " is not valid")
	}
	if t.comparison != "" && t.key != "status" && t.key != "priority" && timeOf[t.key] == "" {
		return unknown()
	}
	if at, ok := timeOf[t.key]; ok {
		m, ok := s.period(at, t)
		if !ok {
			return wrong()
		}
		return []Match{m}, nil
	}
	if who, ok := userOf[t.key]; ok {
		ids, err := s.named(ctx, r, by, t.value)
		return []Match{{By: who, In: ids, Not: t.not}}, err
	}
	if attribute, ok := attributeOf[t.key]; ok && t.comparison == "" {
		value := t.value
		if attribute == ByType || attribute == ByPriority {
			if value = strings.ToLower(value); value == "none" {
				value = ""
			}
		}
		return []Match{{By: attribute, In: []string{value}, Not: t.not}}, nil
	}
	switch t.key {
	case "":
		if id, err := strconv.ParseInt(t.value, 10, 64); err == nil && id > 0 && !t.not {
			return []Match{{By: ByID, In: []string{t.value}}}, nil
		}
		return []Match{{By: ByWords, In: []string{t.value}, Not: t.not}}, nil
	case "type":
		if t.value != "ticket" || t.not {
			return nil, badQuery("Invalid search: this desk searches tickets only")
		}
		return nil, nil
	case "status":
		in, ok := statusesIf(t.comparison, Status(strings.ToLower(t.value)))
		if !ok {
			return wrong()
		}
		return []Match{{By: ByStatus, In: in, Not: t.not}}, nil
	case "priority":
		order := slices.Clone(priorities)
		slices.Reverse(order)
		i := slices.Index(order, strings.ToLower(t.value))
		if i < 0 {
			return wrong()
		}
		in := map[string][]string{"<": order[:i], "<=": order[:i+1], ">": order[i+1:], ">=": order[i:]}[t.comparison]
		return []Match{{By: ByPriority, In: append([]string{}, in...), Not: t.not}}, nil
	case "tags":
		var all []Match // every tag of one term has to be there
		for _, tag := range strings.Fields(t.value) {
			all = append(all, Match{By: ByTag, In: []string{foldTag(tag)}, Not: t.not})
		}
		if t.value == "none" {
			return nil, badQuery("Invalid search: this desk does not search for tickets without tags")
		}
		return all, nil
	case "group":
		groups, err := r.Groups(ctx)
		if err != nil {
			return nil, err
		}
		m := Match{By: ByGroup, Not: t.not, In: []string{}}
		if t.value == "none" {
			m.In = []string{"0"}
		}
		for _, g := range groups {
			if strings.EqualFold(g.Name, t.value) || strconv.FormatInt(int64(g.ID), 10) == t.value {
				m.In = append(m.In, strconv.FormatInt(int64(g.ID), 10))
			}
		}
		return []Match{m}, nil
	case "order_by", "sort":
		if t.key == "sort" {
			search.Descending = t.value == "desc"
			return nil, nil
		}
		order, ok := orders[t.value]
		if !ok {
			return wrong()
		}
		search.Order = order
		return nil, nil
	}
	if digits, ok := strings.CutPrefix(t.key, customField); ok && t.comparison == "" {
		id, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return wrong()
		}
		m := Match{By: ByField, Field: FieldID(id), Not: t.not}
		if t.value == "none" {
			m.Not = !m.Not
		} else if t.value != "*" {
			m.In = []string{t.value}
		}
		return []Match{m}, nil
	}
	return unknown()
}

// OrderNamed gives the order with a name, false for none.
func OrderNamed(name string) (Order, bool) {
	order, ok := orders[name]
	return order, ok
}

// named gives the ids of the users that a query names: by id, email address or
// name, "me" and "none".
func (s *Service) named(ctx context.Context, r Reads, by User, name string) ([]string, error) {
	switch name {
	case "me":
		return []string{strconv.FormatInt(int64(by.ID), 10)}, nil
	case "none":
		return []string{"0"}, nil
	}
	if _, err := strconv.ParseInt(name, 10, 64); err == nil {
		return []string{name}, nil
	}
	var users []User
	var err error
	if strings.Contains(name, "@") {
		var u User
		if u, err = r.UserByEmail(ctx, name); err == nil {
			users = []User{u}
		} else if fault.Is(err, fault.NotFound) {
			err = nil
		}
	} else {
		users, err = r.UsersNamed(ctx, name)
	}
	out := []string{}
	for _, u := range users {
		out = append(out, strconv.FormatInt(int64(u.ID), 10))
	}
	return out, err
}

var ageShape = regexp.MustCompile(`^(\d{1,6})(minute|hour|day|week|month|year)s?$`)

// period reads a time: a day, an instant, or an age such as 4hours.
func (s *Service) period(by Attribute, t term) (Match, bool) {
	m := Match{By: by, Not: t.not}
	var from, until time.Time // the value is from..until
	if age := ageShape.FindStringSubmatch(strings.ReplaceAll(t.value, " ", "")); age != nil {
		n, _ := strconv.Atoi(age[1])
		now := s.o.Now().UTC()
		units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour}
		switch unit, ok := units[age[2]]; {
		case ok && n <= 1_000_000:
			from = now.Add(-time.Duration(n) * unit)
		case age[2] == "month":
			from = now.AddDate(0, -n, 0)
		default:
			from = now.AddDate(-n, 0, 0)
		}
		until = from.Add(time.Second)
	} else if day, err := time.Parse(time.DateOnly, t.value); err == nil {
		from, until = day, day.AddDate(0, 0, 1)
	} else if at, err := time.Parse(time.RFC3339, t.value); err == nil {
		from = at.UTC().Truncate(time.Second)
		until = from.Add(time.Second)
	} else {
		return m, false
	}
	switch cmp.Or(t.comparison, ":") {
	case "<":
		m.Before = from
	case "<=":
		m.Before = until
	case ">":
		m.From = until
	case ">=":
		m.From = from
	default:
		m.From, m.Before = from, until
	}
	return m, true
}
