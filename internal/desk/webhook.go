package desk

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
	"traid/internal/ident"
)

// Webhook is an address that is told of tickets: of events that it subscribes
// to, or by triggers.
type Webhook struct {
	ID            string // a ULID
	Name          string
	Description   string
	Active        bool
	Endpoint      string
	Method        string
	Subscriptions []string // Conditional alone, or types of events
	Auth          WebhookAuth
	Secret        string // signs what is sent, as it stands
	CreatedBy     UserID
	CreatedAt     time.Time
	UpdatedBy     UserID // zero: never updated
	UpdatedAt     time.Time
}

// WebhookAuth is what a webhook's calls carry beside their signature. The zero value: nothing.
type WebhookAuth struct {
	Kind     string // AuthBasic, AuthBearer or AuthKey
	Username string // of AuthBasic
	Name     string // of AuthKey: of the header
	Secret   string
}

// Kinds of WebhookAuth.
const (
	AuthBasic  = "basic_auth"
	AuthBearer = "bearer_token"
	AuthKey    = "api_key"
)

// Conditional subscribes a webhook to triggers.
const Conditional = "conditional_ticket_events"

// eventPrefix begins the types of events.
const eventPrefix = "zen:event-type:ticket."

// The events of tickets that there are here.
const (
	evCreated   = "created"
	evStatus    = "status_changed"
	evComment   = "comment_added"
	evPrivate   = "comment_made_private"
	evField     = "custom_field_changed"
	evTags      = "tags_changed"
	evAssignee  = "agent_assignment_changed"
	evGroup     = "group_assignment_changed"
	evPriority  = "priority_changed"
	evType      = "type_changed"
	evSubject   = "subject_changed"
	evExternal  = "external_id_changed"
	evRequester = "requester_changed"
	evMerged    = "merged"
	evDeleted   = "soft_deleted"
	evUndeleted = "undeleted"
	evDestroyed = "permanently_deleted"
)

var events = []string{
	evCreated, evStatus, evComment, evPrivate, evField, evTags, evAssignee, evGroup, evPriority, evType, evSubject, evExternal,
	evRequester, evMerged, evDeleted, evUndeleted, evDestroyed,
}

// EventTypes lists what a webhook can subscribe to, Conditional aside.
func EventTypes() []string {
	var out []string
	for _, e := range events {
		out = append(out, eventPrefix+e)
	}
	return out
}

// eventOf tells which event a changed attribute is; those of custom fields are digits.
var eventOf = map[string]string{
	"status": evStatus, "tags": evTags, "assignee_id": evAssignee, "group_id": evGroup, "priority": evPriority, "type": evType,
	"subject": evSubject, "external_id": evExternal, "requester_id": evRequester,
}

// WebhookUpdate is what a caller wants of a webhook. What is nil stays.
type WebhookUpdate struct {
	Name, Description, Endpoint, Method *string
	Active                              *bool
	Subscriptions                       *[]string
	Auth                                *WebhookAuth
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// maxEndpoint bounds an address.
const maxEndpoint = 2048

func (w *Webhook) apply(u WebhookUpdate, sender Sender) error {
	if u.Subscriptions != nil && len(w.Subscriptions) > 0 && slices.Contains(w.Subscriptions, Conditional) != slices.Contains(*u.Subscriptions, Conditional) {
		return invalid("subscriptions", "Subscriptions: a webhook stays one of triggers or one of events")
	}
	setIf(&w.Name, u.Name)
	setIf(&w.Description, u.Description)
	setIf(&w.Endpoint, u.Endpoint)
	setIf(&w.Method, u.Method)
	setIf(&w.Active, u.Active)
	setIf(&w.Subscriptions, u.Subscriptions)
	setIf(&w.Auth, u.Auth)
	var wrong []fault.Field
	refuse := func(pointer, reason string) { wrong = append(wrong, fault.Field{Pointer: pointer, Reason: reason}) }
	if strings.TrimSpace(w.Name) == "" || utf8.RuneCountInString(w.Name) > maxShort {
		refuse("name", "Name: is blank or too long (maximum is 255 characters)")
	}
	if utf8.RuneCountInString(w.Description) > maxLongText {
		refuse("description", "Description: is too long (maximum is 65535 characters)")
	}
	if reason := wrongEndpoint(w.Endpoint, sender); reason != "" {
		refuse("endpoint", "Endpoint: "+reason)
	}
	if !slices.Contains(methods, w.Method) {
		refuse("http_method", "Http method: is not GET, POST, PUT, PATCH or DELETE")
	}
	conditional := slices.Contains(w.Subscriptions, Conditional)
	switch {
	case len(w.Subscriptions) == 0:
		refuse("subscriptions", "Subscriptions: cannot be empty")
	case conditional && len(w.Subscriptions) > 1:
		refuse("subscriptions", "Subscriptions: triggers and events exclude each other")
	case !conditional && slices.ContainsFunc(w.Subscriptions, func(s string) bool { return !slices.Contains(EventTypes(), s) }):
		refuse("subscriptions", "Subscriptions: an event type is not known to this desk")
	case !conditional && w.Method != "POST":
		refuse("http_method", "Http method: events are told by POST")
	}
	switch w.Auth.Kind {
	case "", AuthBasic, AuthBearer:
	case AuthKey:
		if w.Auth.Name == "" || strings.ContainsAny(w.Auth.Name, " :\r\n\t") {
			refuse("authentication", "Authentication: the header's name is not valid")
		}
	default:
		refuse("authentication", "Authentication: is not basic_auth, bearer_token or api_key")
	}
	if strings.ContainsAny(w.Auth.Secret+w.Auth.Username, "\r\n") {
		refuse("authentication", "Authentication: is more than one line")
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong...)
	}
	return nil
}

func wrongEndpoint(endpoint string, sender Sender) string {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.User != nil, len(endpoint) > maxEndpoint:
		return "is not a URL of http or https"
	case sender != nil && !sender.Reaches(u.Hostname()):
		return "is in a private network that this desk does not call"
	}
	return ""
}

// newULID gives an id that is sorted by time: 48 bits of milliseconds and 80 random ones.
func newULID(at time.Time) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's
	ms := uint64(at.UnixMilli())
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	var out [26]byte
	for i := 9; i >= 0; i-- {
		out[i] = letters[ms&31]
		ms >>= 5
	}
	for i := range 16 { // 5 bits each
		bit := i * 5
		v := uint16(random[bit/8]) << 8
		if bit/8+1 < len(random) {
			v |= uint16(random[bit/8+1])
		}
		out[10+i] = letters[v>>(11-bit%8)&31]
	}
	return string(out[:])
}

// newSecret gives what a webhook's calls are signed with.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// Webhooks lists the webhooks, the newest first.
func (s *Service) Webhooks(ctx context.Context) (hooks []Webhook, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		hooks, err = r.Webhooks(ctx)
		return err
	})
	return hooks, err
}

// Webhook gives a webhook; fault.NotFound where there is none.
func (s *Service) Webhook(ctx context.Context, id string) (w Webhook, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		w, err = r.Webhook(ctx, id)
		return err
	})
	return w, err
}

// AddWebhook makes a webhook.
func (s *Service) AddWebhook(ctx context.Context, by Actor, u WebhookUpdate) (w Webhook, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		w = Webhook{ID: newULID(s.o.Now()), Active: true, Method: "POST", Secret: newSecret(), CreatedBy: by.User.ID, CreatedAt: s.at()}
		if err := w.apply(u, s.o.Sender); err != nil {
			return err
		}
		return tx.AddWebhook(ctx, w)
	})
	return w, err
}

// UpdateWebhook changes a webhook; fault.NotFound where there is none.
func (s *Service) UpdateWebhook(ctx context.Context, by Actor, id string, u WebhookUpdate) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		w, err := tx.Webhook(ctx, id)
		if err != nil {
			return err
		}
		if err := w.apply(u, s.o.Sender); err != nil {
			return err
		}
		w.UpdatedBy, w.UpdatedAt = by.User.ID, s.at()
		return tx.SaveWebhook(ctx, w)
	})
}

// ResetSecret gives a webhook another secret; the old one is over at once.
func (s *Service) ResetSecret(ctx context.Context, by Actor, id string) (w Webhook, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if w, err = tx.Webhook(ctx, id); err != nil {
			return err
		}
		w.Secret, w.UpdatedBy, w.UpdatedAt = newSecret(), by.User.ID, s.at()
		return tx.SaveWebhook(ctx, w)
	})
	return w, err
}

// DeleteWebhook takes a webhook away; what is on its way to it is not sent any more.
func (s *Service) DeleteWebhook(ctx context.Context, id string) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := tx.Webhook(ctx, id); err != nil {
			return err
		}
		return tx.DropWebhook(ctx, id)
	})
}

// KeepWebhook has the desk's own webhook of a name be there, with an endpoint
// and a secret. It tells of everything that may change an answer on a ticket.
func (s *Service) KeepWebhook(ctx context.Context, name, endpoint, secret string) error {
	told := []string{evStatus, evComment, evField, evTags, evMerged, evDeleted, evUndeleted}
	var types []string
	for _, e := range told {
		types = append(types, eventPrefix+e)
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		hooks, err := tx.Webhooks(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(hooks, func(w Webhook) bool { return w.Name == name && w.CreatedBy == System })
		if i >= 0 {
			w := hooks[i]
			if w.Endpoint == endpoint && w.Secret == secret && slices.Equal(w.Subscriptions, types) {
				return nil
			}
			w.Endpoint, w.Secret, w.Subscriptions, w.UpdatedBy, w.UpdatedAt = endpoint, secret, types, System, s.at()
			return tx.SaveWebhook(ctx, w)
		}
		return tx.AddWebhook(ctx, Webhook{
			ID: newULID(s.o.Now()), Name: name, Active: true, Endpoint: endpoint, Method: "POST", Subscriptions: types, Secret: secret,
			CreatedBy: System, CreatedAt: s.at(),
		})
	})
}

// Invocation is one thing that a webhook is told, by one or more attempts.
type Invocation struct {
	ID      string // a ULID; a receiver knows it by this when it comes twice
	Webhook string
	Event   string // empty: by a trigger
	Body    string // exactly what is sent, every time; empty: nothing
	Status  string
	Code    int // of the last answer; zero: none
	At      time.Time
	EndedAt time.Time // of the last attempt; zero: none yet
}

// How invocations and attempts stand.
const (
	InvocationWaits     = "pending"
	InvocationDone      = "success"
	InvocationRefused   = "terminated" // by an answer that says no
	InvocationTimeout   = "timeout"
	InvocationFailed    = "failed"         // no connection
	InvocationBroken    = "circuit broken" // not tried: too much has failed
	InvocationRetryable = "retry"          // of an attempt: another one follows
)

// invocationLife is how long invocations are kept.
const invocationLife = 7 * 24 * time.Hour

// Attempt is one try to tell.
type Attempt struct {
	Invocation string
	Number     int
	Webhook    string
	Status     string
	Sent       Delivery // without what authenticates
	Answer     Answer
	At         time.Time // when it ended
}

// Header is one header.
type Header struct {
	Name  string `json:"key"`
	Value string `json:"value"`
}

// Delivery is a call to an endpoint.
type Delivery struct {
	Method, Endpoint string
	Headers          []Header
	Body             string
}

// Answer is what came of a Delivery.
type Answer struct {
	Code       int // zero: no answer
	Headers    []Header
	Body       string // its beginning
	Timeout    bool
	RetryAfter time.Duration // as the answer asks; zero: it does not
}

// Sender sends to endpoints.
type Sender interface {
	// Reaches tells whether a host may be called, as far as its name or address tells.
	Reaches(host string) bool
	// Send calls an endpoint, within DeliveryTimeout.
	Send(ctx context.Context, d Delivery) Answer
}

// DeliveryTimeout is how long an endpoint may take. (Zendesk: 10 to 12 seconds.)
const DeliveryTimeout = 12 * time.Second

// ── what is told ──

// tell has webhooks told of a change, once it is committed. more are events
// that do not show in the audit.
func (s *Service) tell(ctx context.Context, tx Tx, by Actor, before, after Ticket, a Audit, more ...string) error {
	hooks, err := tx.Webhooks(ctx)
	if err != nil || len(hooks) == 0 {
		return err
	}
	shown := after
	if !shown.DeletedAt.IsZero() {
		shown.Status = Deleted
	}
	shown.UpdatedAt = a.At
	var told []event
	for _, what := range more {
		told = append(told, event{what: what, body: eventBody(what, a)})
	}
	if !slices.Contains(more, evCreated) {
		changed, err := s.changed(ctx, tx, a)
		if err != nil {
			return err
		}
		told = append(told, changed...)
	}
	for _, w := range hooks {
		if !w.Active {
			continue
		}
		for i, e := range told {
			if !slices.Contains(w.Subscriptions, eventPrefix+e.what) {
				continue
			}
			body, err := s.payload(ctx, tx, by, shown, a, e, i+1, len(told))
			if err != nil {
				return err
			}
			if err := s.invoke(ctx, tx, w, eventPrefix+e.what, body); err != nil {
				return err
			}
		}
	}
	if !after.DeletedAt.IsZero() || slices.Contains(more, evUndeleted) {
		return nil // triggers see neither
	}
	return s.fire(ctx, tx, hooks, after, slices.Contains(more, evCreated))
}

// fire runs the triggers on a change.
func (s *Service) fire(ctx context.Context, tx Tx, hooks []Webhook, after Ticket, created bool) error {
	triggers, err := tx.Triggers(ctx)
	if err != nil {
		return err
	}
	for _, t := range triggers {
		if !t.Active || !t.fires(after, created) {
			continue
		}
		for _, action := range t.Actions {
			i := slices.IndexFunc(hooks, func(w Webhook) bool { return w.ID == action.Webhook && w.Active })
			if i < 0 {
				continue
			}
			if err := s.invoke(ctx, tx, hooks[i], "", fill(action.Body, after)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) invoke(ctx context.Context, tx Tx, w Webhook, eventType, body string) error {
	i := Invocation{ID: newULID(s.o.Now()), Webhook: w.ID, Event: eventType, Body: body, Status: InvocationWaits, At: s.o.Now().UTC()}
	if w.Method == "GET" || w.Method == "DELETE" {
		i.Body = ""
	}
	if err := tx.AddInvocation(ctx, i); err != nil {
		return err
	}
	return tx.Enqueue(ctx, i.ID, s.o.Now())
}

// event is one thing to tell, with what is its own.
type event struct {
	what string
	body any
}

// changed gives the events of an audit.
func (s *Service) changed(ctx context.Context, tx Tx, a Audit) ([]event, error) {
	var out []event
	if c := a.Comment; c != nil {
		author, err := tx.User(ctx, c.Author)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		out = append(out, event{evComment, map[string]any{"comment": map[string]any{
			"author": map[string]any{"id": digits(c.Author), "is_staff": author.Agent, "name": author.Name.Reveal()},
			"body":   c.Body.Reveal(), "id": digits(c.ID), "is_public": c.Public,
		}}})
	}
	for _, e := range a.Events {
		what, known := eventOf[e.Attribute]
		switch {
		case e.Attribute == "status" && (e.Value.Reveal() == string(Deleted) || e.Previous.Reveal() == string(Deleted)):
			// soft_deleted and undeleted tell
		case e.Attribute == "tags":
			was, _ := e.Previous.List()
			is, _ := e.Value.List()
			out = append(out, event{what, map[string]any{"tags_added": without(is, was), "tags_removed": without(was, is)}})
		case known:
			upper := e.Attribute == "status" || e.Attribute == "priority" || e.Attribute == "type"
			out = append(out, event{what, map[string]any{"current": told(e.Value, upper), "previous": told(e.Previous, upper)}})
		default:
			out = append(out, event{evField, map[string]any{
				"current": told(e.Value, false), "previous": told(e.Previous, false), "field": map[string]any{"id": e.Attribute},
			}})
		}
	}
	return out, nil
}

func eventBody(what string, a Audit) any {
	switch {
	case what == evMerged && len(a.Sources) > 0:
		return map[string]any{"target_ticket_id": digits(a.Sources[0])}
	case what == evPrivate:
		return map[string]any{"comment": map[string]any{"id": digits(a.Private), "is_public": false}}
	}
	return struct{}{}
}

func without(from, those []string) []string {
	out := []string{}
	for _, v := range from {
		if !slices.Contains(those, v) {
			out = append(out, v)
		}
	}
	return out
}

func told(v Value, upper bool) any {
	switch text := v.Reveal(); {
	case text == "":
		return nil
	case upper:
		return strings.ToUpper(text)
	default:
		return text
	}
}

func digits[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }

func digitsOrNull[T ~int64](id T) any {
	if id == 0 {
		return nil
	}
	return digits(id)
}

func textOrNull(v string) any {
	if v == "" {
		return nil
	}
	return v
}

// payload writes an event as it is told; ids are texts in it.
func (s *Service) payload(ctx context.Context, tx Tx, by Actor, t Ticket, a Audit, e event, position, total int) (string, error) {
	ids, err := tx.AccountIDs(ctx)
	if err != nil {
		return "", err
	}
	stamp := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
	body := map[string]any{
		"account_id": ids[accountItself].ID,
		"detail": map[string]any{
			"actor_id": digits(by.User.ID), "assignee_id": digitsOrNull(t.Assignee), "brand_id": digits(ids[accountBrand].ID),
			"created_at": stamp(t.CreatedAt), "custom_status": digits(ids[accountStatus+string(customStatusOf(t.Status))].ID),
			"description": t.Description.Reveal(), "external_id": textOrNull(t.ExternalID), "form_id": digits(ids[accountForm].ID),
			"group_id": digitsOrNull(t.Group), "id": digits(t.ID), "is_public": t.Public, "organization_id": nil,
			"priority": textOrNull(strings.ToUpper(t.Priority)), "requester_id": digits(t.Requester),
			"status": strings.ToUpper(string(t.Status)), "subject": t.Subject.Reveal(), "submitter_id": digits(t.Submitter),
			"tags": append([]string{}, t.Tags...), "type": textOrNull(strings.ToUpper(t.Type)), "updated_at": stamp(a.At),
			"via": map[string]any{"channel": by.channel()},
		},
		"event": e.body, "id": ident.NewUUID(), "subject": "zen:ticket:" + digits(t.ID), "time": s.o.Now().UTC().Format(time.RFC3339Nano),
		"type": eventPrefix + e.what, "zendesk_event_version": "2022-11-06",
	}
	if m, ok := e.body.(map[string]any); ok {
		m["meta"] = map[string]any{"sequence": map[string]any{"id": digits(a.ID), "position": position, "total": total}}
	}
	raw, err := json.Marshal(body)
	return string(raw), err
}

// customStatusOf gives the status whose account's own one a ticket has.
func customStatusOf(status Status) Status {
	if status == Closed || status == Deleted {
		return Solved
	}
	return status
}

// fill puts a ticket's own in the place of placeholders, as they stand in the
// texts of JSON. What is not known is left out.
func fill(body string, t Ticket) string {
	values := map[string]string{
		"ticket.id": digits(t.ID), "ticket.external_id": t.ExternalID, "ticket.status": string(t.Status), "ticket.title": t.Subject.Reveal(),
		"ticket.tags": strings.Join(t.Tags, " "), "ticket.priority": t.Priority, "ticket.ticket_type": t.Type,
		"ticket.created_at_with_timestamp": t.CreatedAt.Format(time.RFC3339), "ticket.updated_at_with_timestamp": t.UpdatedAt.Format(time.RFC3339),
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(body, "{{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			b.WriteString("{{" + rest)
			return b.String()
		}
		quoted, _ := json.Marshal(values[strings.TrimSpace(name)]) // a text always marshals
		b.Write(quoted[1 : len(quoted)-1])
		body = after
	}
}

// ── how it is delivered ──

// TaskDeliver names the job that delivers an invocation.
const TaskDeliver = "desk_deliver_webhook"

// deliveryLease is how long an invocation is somebody's: longer than its delivery takes.
const deliveryLease = 30 * time.Second

// Deliver tells a webhook what an invocation says, if it is due. When it has
// to be tried again, it is due again.
func (s *Service) Deliver(ctx context.Context, id string) error {
	if s.o.Sender == nil {
		return nil
	}
	var task Task
	var i Invocation
	var w Webhook
	var account Account
	var number int
	send := false
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		send = false
		now := s.o.Now()
		var free bool
		var err error
		if task, free, err = tx.Lease(ctx, id, now, now.Add(deliveryLease)); err != nil || !free {
			return err
		}
		if i, err = tx.Invocation(ctx, id); fault.Is(err, fault.NotFound) {
			return tx.Finish(ctx, task) // its webhook is gone
		} else if err != nil {
			return err
		}
		if w, err = tx.Webhook(ctx, i.Webhook); err != nil {
			return err
		}
		tried, err := tx.Attempts(ctx, id)
		if err != nil {
			return err
		}
		number = len(tried) + 1
		if !w.Active {
			i.Status, i.EndedAt = InvocationRefused, now
			return finish(ctx, tx, task, i)
		}
		open, err := s.broken(ctx, tx, w.ID)
		if err != nil {
			return err
		}
		if open {
			a := Attempt{Invocation: id, Number: number, Webhook: w.ID, Status: InvocationBroken, At: now}
			if err := tx.AddAttempt(ctx, a); err != nil {
				return err
			}
			i.Status, i.EndedAt = InvocationBroken, now
			return finish(ctx, tx, task, i)
		}
		send = true
		return nil
	})
	if err != nil || !send {
		return err
	}
	if account, err = s.Account(ctx); err != nil {
		return err
	}
	d := s.delivery(w, i, account.ID)
	answer := s.o.Sender.Send(ctx, w.authenticated(d))
	if err := ctx.Err(); err != nil {
		return err // nobody knows what became of it: the lease ends, and it is sent again
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		tried, err := tx.Attempts(ctx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Invocation(ctx, id); fault.Is(err, fault.NotFound) {
			return tx.Finish(ctx, task)
		} else if err != nil {
			return err
		}
		now := s.o.Now()
		a := Attempt{Invocation: id, Number: len(tried) + 1, Webhook: w.ID, Sent: d, Answer: answer, At: now}
		a.Status = statusOf(answer)
		wait, again := retry(append(tried, a))
		if again {
			a.Status = InvocationRetryable
		}
		if err := tx.AddAttempt(ctx, a); err != nil {
			return err
		}
		i.Code, i.EndedAt = answer.Code, now
		if again {
			if err := tx.SaveInvocation(ctx, i); err != nil {
				return err
			}
			return tx.Delay(ctx, task, now.Add(wait))
		}
		i.Status = a.Status
		return finish(ctx, tx, task, i)
	})
}

func finish(ctx context.Context, tx Tx, task Task, i Invocation) error {
	if err := tx.SaveInvocation(ctx, i); err != nil {
		return err
	}
	return tx.Finish(ctx, task)
}

// DeliverDue delivers every invocation that is due.
func (s *Service) DeliverDue(ctx context.Context) error {
	for {
		due, err := s.store.DueInvocations(ctx, s.o.Now(), closedAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, id := range due {
			if err := s.Deliver(ctx, id); err != nil {
				return err
			}
		}
		if s.o.Sender == nil {
			return nil
		}
	}
}

func statusOf(a Answer) string {
	switch {
	case a.Code >= 200 && a.Code <= 299:
		return InvocationDone
	case a.Timeout:
		return InvocationTimeout
	case a.Code == 0:
		return InvocationFailed
	}
	return InvocationRefused
}

// How often is tried again: after a timeout, after 409, and after 429 or 503
// that ask for less than a minute (developer.zendesk.com/api-reference/webhooks/introduction,
// "Webhook retries"; how long Zendesk waits, it does not say).
const (
	timeoutRetries  = 5
	conflictRetries = 3
	askedRetries    = 5 // ours: Zendesk does not say
	longestAsked    = time.Minute
)

// retry tells whether and when there is another attempt after these. What
// finds nobody there is taken for a timeout: a receiver that is being started anew.
func retry(tried []Attempt) (wait time.Duration, again bool) {
	last := tried[len(tried)-1].Answer
	count := func(same func(a Answer) bool) int {
		n := 0
		for _, a := range tried {
			if same(a.Answer) {
				n++
			}
		}
		return n
	}
	backoff := func(n int) time.Duration { return time.Second << (n - 1) }
	switch {
	case last.Code == 0:
		n := count(func(a Answer) bool { return a.Code == 0 })
		return backoff(n), n <= timeoutRetries
	case last.Code == 409:
		n := count(func(a Answer) bool { return a.Code == 409 })
		return backoff(n), n <= conflictRetries
	case last.Code == 429 || last.Code == 503:
		n := count(func(a Answer) bool { return a.Code == 429 || a.Code == 503 })
		return last.RetryAfter, last.RetryAfter > 0 && last.RetryAfter < longestAsked && n <= askedRetries
	}
	return 0, false
}

// The circuit breaker: within five minutes seven of ten attempts failed, or a
// thousand. It opens for a while after the last failure. (That is Zendesk's
// measure; the smallest number that is judged and the while are ours.)
const (
	circuitWindow = 5 * time.Minute
	circuitShare  = 0.7
	circuitMany   = 1000
	circuitFew    = 10
	circuitPause  = 5 * time.Second
)

func (s *Service) broken(ctx context.Context, tx Tx, webhook string) (bool, error) {
	now := s.o.Now()
	all, failed, last, err := tx.Failures(ctx, webhook, now.Add(-circuitWindow))
	if err != nil {
		return false, err
	}
	tripped := failed > circuitMany || all >= circuitFew && float64(failed) >= circuitShare*float64(all)
	return tripped && now.Before(last.Add(circuitPause)), nil
}

// delivery gives the call of an invocation, signed at this moment.
func (s *Service) delivery(w Webhook, i Invocation, account int64) Delivery {
	stamp := s.o.Now().UTC().Format("2006-01-02T15:04:05Z")
	return Delivery{
		Method: w.Method, Endpoint: w.Endpoint, Body: i.Body, Headers: []Header{
			{"X-Zendesk-Webhook-Signature-Timestamp", stamp},
			{"X-Zendesk-Webhook-Signature", Sign(w.Secret, stamp, i.Body)},
			{"Content-Type", "application/json; charset=utf-8"},
			{"User-Agent", "Zendesk Webhook"},
			{"X-Zendesk-Account-Id", strconv.FormatInt(account, 10)},
			{"X-Zendesk-Webhook-Id", w.ID},
			{"X-Zendesk-Webhook-Invocation-Id", i.ID},
		},
	}
}

// Sign signs a body that is sent at a time: base64 of HMAC-SHA256 over both,
// keyed with the secret as it stands.
func Sign(secret, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticated adds to a call what the webhook authenticates itself with.
func (w Webhook) authenticated(d Delivery) Delivery {
	h := Header{Name: "Authorization"}
	switch w.Auth.Kind {
	case AuthBasic:
		h.Value = "Basic " + base64.StdEncoding.EncodeToString([]byte(w.Auth.Username+":"+w.Auth.Secret))
	case AuthBearer:
		h.Value = "Bearer " + w.Auth.Secret
	case AuthKey:
		h.Name, h.Value = w.Auth.Name, w.Auth.Secret
	default:
		return d
	}
	d.Headers = append(slices.Clone(d.Headers), h)
	return d
}

// testSecret signs what is sent to try an endpoint that no webhook has
// (developer.zendesk.com/documentation/webhooks/verifying).
const testSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

// Trial is a call to try an endpoint. What is empty is the webhook's, if one is named.
type Trial struct {
	Webhook, Endpoint, Method, Body string
}

// Try calls an endpoint once, at once. Another endpoint than the webhook's is
// not given its secrets.
func (s *Service) Try(ctx context.Context, t Trial) (Answer, error) {
	w := Webhook{ID: newULID(s.o.Now()), Method: "POST", Secret: testSecret}
	if t.Webhook != "" {
		known, err := s.Webhook(ctx, t.Webhook)
		if err != nil {
			return Answer{}, err
		}
		if t.Endpoint != "" && t.Endpoint != known.Endpoint {
			known.Secret, known.Auth = testSecret, WebhookAuth{}
		}
		w = known
	}
	w.Endpoint, w.Method = cmp.Or(t.Endpoint, w.Endpoint), cmp.Or(t.Method, w.Method)
	if reason := wrongEndpoint(w.Endpoint, s.o.Sender); reason != "" {
		return Answer{}, invalid("endpoint", "Endpoint: "+reason)
	}
	if !slices.Contains(methods, w.Method) {
		return Answer{}, invalid("http_method", "Http method: is not GET, POST, PUT, PATCH or DELETE")
	}
	account, err := s.Account(ctx)
	if err != nil {
		return Answer{}, err
	}
	if s.o.Sender == nil {
		return Answer{}, invalid("webhook", "Webhook: this desk sends none")
	}
	i := Invocation{ID: newULID(s.o.Now()), Webhook: w.ID, Body: t.Body}
	if w.Method == "GET" || w.Method == "DELETE" {
		i.Body = ""
	}
	return s.o.Sender.Send(ctx, w.authenticated(s.delivery(w, i, account.ID))), nil
}

// Invocations gives what a webhook was told, the newest first, with ids below
// one; empty: from the newest.
func (s *Service) Invocations(ctx context.Context, webhook, before string, limit int) (out []Invocation, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		if _, err := r.Webhook(ctx, webhook); err != nil {
			return err
		}
		out, err = r.Invocations(ctx, webhook, before, limit)
		return err
	})
	return out, err
}

// Attempts gives the attempts of an invocation, the last first.
func (s *Service) Attempts(ctx context.Context, webhook, invocation string) (i Invocation, out []Attempt, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		if i, err = r.Invocation(ctx, invocation); err != nil {
			return err
		}
		if i.Webhook != webhook {
			return errNothing
		}
		out, err = r.Attempts(ctx, invocation)
		slices.Reverse(out)
		return err
	})
	return i, out, err
}
