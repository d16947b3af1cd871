// Package notifytest is GOV.UK Notify over HTTP, for tests, as its REST API
// documentation describes it: the JSON Web Token of each call is checked; a
// reference may come any number of times and is looked up; what is wrong is
// answered in Notify's words.
package notifytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What the key of the account is made of.
const (
	service = "26785a09-ab16-4eb0-8407-a37497a57506"
	secret  = "3d844edf-8d35-48ac-975b-e847b4f122b0"
	Key     = "traid-test-" + service + "-" + secret
)

// Template is one of the account.
type Template struct{ ID, Name, Subject, Body string }

// Email is one that was sent.
type Email struct {
	ID, To, Template, Reference, Status string
	Subject, Body                       string // as the person reads them
	CreatedAt                           time.Time
}

// Server is a Notify account.
type Server struct {
	*httptest.Server
	mu        sync.Mutex
	now       func() time.Time
	templates []Template
	emails    []Email
	calls     map[string]int
	trouble   map[string]int // by trouble, how often it still comes
}

// The troubles that the next calls can meet.
const (
	LoseAnswer = "lose the answer" // of a send that is done
	Down       = "be down"         // 500, nothing is done
	RateLimit  = "rate limit"
	DayLimit   = "day limit"
)

// retention is how long Notify keeps an email unless the account says otherwise.
const retention = 7 * 24 * time.Hour

// New opens an account with templates.
func New(t testing.TB, now func() time.Time, templates ...Template) *Server {
	t.Helper()
	s := &Server{now: now, templates: templates, calls: map[string]int{}, trouble: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/notifications/email", s.send)
	mux.HandleFunc("GET /v2/notifications", s.list)
	mux.HandleFunc("GET /v2/notifications/{id}", s.read)
	mux.HandleFunc("GET /v2/templates", s.listTemplates)
	s.Server = httptest.NewServer(s.guard(mux))
	t.Cleanup(s.Close)
	return s
}

// Meets has the next n calls meet a trouble.
func (s *Server) Meets(trouble string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble[trouble] = n
}

// Emails are those that were sent, the oldest first.
func (s *Server) Emails() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.emails)
}

// Calls counts the calls of a method and path without a query.
func (s *Server) Calls(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// Set changes what became of an email.
func (s *Server) Set(reference, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.emails {
		if s.emails[i].Reference == reference {
			s.emails[i].Status = status
		}
	}
}

// SetTemplates changes the account's templates.
func (s *Server) SetTemplates(templates ...Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates = templates
}

func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls[r.Method+" "+r.URL.Path]++
		if message := s.unauthorised(r.Header.Get("Authorization")); message != "" {
			refuse(w, http.StatusForbidden, "AuthError", message)
			return
		}
		switch {
		case s.meets(Down):
			refuse(w, http.StatusInternalServerError, "Exception", "Internal server error")
		case s.meets(RateLimit):
			refuse(w, http.StatusTooManyRequests, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *Server) meets(trouble string) bool {
	if s.trouble[trouble] == 0 {
		return false
	}
	s.trouble[trouble]--
	return true
}

// unauthorised says what is wrong with a token; empty when nothing is.
func (s *Server) unauthorised(header string) string {
	const invalid = "Invalid token: API key not found"
	token, ok := strings.CutPrefix(header, "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return "Unauthorized: authentication token must be provided"
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	given, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return invalid
	}
	var head struct{ Typ, Alg string }
	var claims struct {
		Iss string
		Iat int64
	}
	for i, into := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			return invalid
		}
	}
	if head.Alg != "HS256" || head.Typ != "JWT" || claims.Iss != service {
		return invalid
	}
	if off := s.now().Sub(time.Unix(claims.Iat, 0)).Abs(); off > 30*time.Second {
		return "Error: Your system clock must be accurate to within 30 seconds"
	}
	return ""
}

var (
	placeholder = regexp.MustCompile(`\(\(([^()]+)\)\)`)
	address     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	var in struct {
		EmailAddress    string            `json:"email_address"`
		TemplateID      string            `json:"template_id"`
		Reference       string            `json:"reference"`
		Personalisation map[string]string `json:"personalisation"`
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || r.Header.Get("Content-Type") != "application/json" {
		refuse(w, http.StatusBadRequest, "ValidationError", "the body is not what is documented")
		return
	}
	if s.meets(DayLimit) {
		refuse(w, http.StatusTooManyRequests, "TooManyRequestsError", "Exceeded send limits (250000) for today")
		return
	}
	if !address.MatchString(in.EmailAddress) {
		refuse(w, http.StatusBadRequest, "ValidationError", "email_address is not a valid email address: "+in.EmailAddress)
		return
	}
	at := slices.IndexFunc(s.templates, func(t Template) bool { return t.ID == in.TemplateID })
	if at < 0 {
		refuse(w, http.StatusBadRequest, "BadRequestError", "Template not found")
		return
	}
	t := s.templates[at]
	for _, m := range placeholder.FindAllStringSubmatch(t.Subject+t.Body, -1) {
		if _, ok := in.Personalisation[m[1]]; !ok {
			refuse(w, http.StatusBadRequest, "BadRequestError", "Missing personalisation: "+m[1])
			return
		}
	}
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(p string) string { return in.Personalisation[p[2:len(p)-2]] })
	}
	e := Email{
		ID: uuid.NewString(), To: in.EmailAddress, Template: t.Name, Reference: in.Reference, Status: "created",
		Subject: fill(t.Subject), Body: fill(t.Body), CreatedAt: s.now(),
	}
	s.emails = append(s.emails, e)
	if s.meets(LoseAnswer) {
		panic(http.ErrAbortHandler)
	}
	answer(w, http.StatusCreated, map[string]any{
		"id": e.ID, "reference": e.Reference, "uri": s.URL + "/v2/notifications/" + e.ID,
		"content":  map[string]string{"subject": e.Subject, "body": e.Body, "from_email": "traid@notifications.service.gov.uk"},
		"template": map[string]any{"id": t.ID, "version": 1, "uri": s.URL + "/v2/template/" + t.ID},
	})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	found := []any{}
	for _, e := range slices.Backward(s.emails) {
		if reference := r.URL.Query().Get("reference"); s.now().Sub(e.CreatedAt) <= retention && (reference == "" || e.Reference == reference) {
			found = append(found, shown(e))
		}
	}
	answer(w, http.StatusOK, map[string]any{"notifications": found, "links": map[string]string{"current": s.URL + r.URL.RequestURI()}})
}

func (s *Server) read(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := uuid.Parse(id); err != nil {
		refuse(w, http.StatusBadRequest, "ValidationError", "id is not a valid UUID")
		return
	}
	for _, e := range s.emails {
		if e.ID == id && s.now().Sub(e.CreatedAt) <= retention {
			answer(w, http.StatusOK, shown(e))
			return
		}
	}
	refuse(w, http.StatusNotFound, "NoResultFound", "No result found")
}

func shown(e Email) map[string]any {
	return map[string]any{
		"id": e.ID, "reference": e.Reference, "email_address": e.To, "type": "email", "status": e.Status,
		"subject": e.Subject, "body": e.Body, "created_at": e.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
}

func (s *Server) listTemplates(w http.ResponseWriter, r *http.Request) {
	if kind := r.URL.Query().Get("type"); kind != "email" {
		refuse(w, http.StatusBadRequest, "ValidationError", fmt.Sprintf("type %s is not one of [sms, email, letter]", kind))
		return
	}
	out := []any{}
	for _, t := range s.templates {
		personalisation := map[string]any{}
		for _, m := range placeholder.FindAllStringSubmatch(t.Subject+t.Body, -1) {
			personalisation[m[1]] = map[string]bool{"required": true}
		}
		out = append(out, map[string]any{
			"id": t.ID, "name": t.Name, "type": "email", "version": 1, "subject": t.Subject, "postage": nil,
			"body": strings.ReplaceAll(t.Body, "\n", "\r\n"), "personalisation": personalisation,
		})
	}
	answer(w, http.StatusOK, map[string]any{"templates": out})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"status_code": status, "errors": []any{map[string]string{"error": code, "message": message}}})
}
