package deskapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/httpd"
)

// ScopeOAuth is what makes a token the secret of an OAuth client: it gets
// access tokens and opens nothing itself. The client's id is the token's client.
const ScopeOAuth = "oauth"

// Access keeps who may call the desk.
type Access interface {
	httpd.Authenticator
	// CreateToken makes a token and gives it, this once.
	CreateToken(ctx context.Context, client string, scopes []string, life time.Duration) (string, error)
}

// The life of an access token, as Zendesk has it for new clients, and the lives that may be asked for.
const (
	tokenLife    = 30 * time.Minute
	minTokenLife = 300 * time.Second
	maxTokenLife = 172_800 * time.Second
)

// Whole scopes, and the resources whose names with :read and :write are scopes.
const (
	scopeRead  = "read"
	scopeWrite = "write"
)

var scoped = []string{resTickets, resUsers, resWebhooks, resTriggers}

// Resources by which access is told apart.
const (
	resTickets  = "tickets" // and what tickets are made of
	resUsers    = "users"
	resWebhooks = "webhooks"
	resTriggers = "triggers"
)

// oauthProblem is an error as OAuth tells it (RFC 6749, 5.2).
type oauthProblem struct {
	status      int
	Name        string `json:"error"`
	Description string `json:"error_description"`
}

// issueToken serves POST /oauth/tokens for the grant client_credentials.
func (a *api) issueToken(w http.ResponseWriter, r *http.Request) {
	answer, problem := a.grant(r)
	if problem != nil {
		writeJSON(w, problem.status, problem)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

type tokenJSON struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
	ExpiresIn   int64  `json:"expires_in"`
}

func (a *api) grant(r *http.Request) (tokenJSON, *oauthProblem) {
	refuse := func(name, description string) (tokenJSON, *oauthProblem) {
		return tokenJSON{}, &oauthProblem{status: http.StatusBadRequest, Name: name, Description: description}
	}
	in, ok := grantParameters(r)
	if !ok {
		return refuse("invalid_request", "The body is neither a JSON object nor a form.")
	}
	switch in["grant_type"] {
	case "client_credentials":
	case "":
		return refuse("invalid_request", "Missing required parameter: grant_type.")
	default:
		return refuse("unsupported_grant_type", "The authorization grant type is not supported by this desk: client_credentials is.")
	}
	scopes := strings.Fields(in["scope"])
	if len(scopes) == 0 {
		scopes = []string{scopeRead, scopeWrite}
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return !isScope(s) }) {
		return refuse("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
	}
	life := tokenLife
	if asked := in["expires_in"]; asked != "" {
		seconds, err := strconv.ParseInt(asked, 10, 64)
		life = time.Duration(seconds) * time.Second
		if err != nil || seconds > int64(maxTokenLife/time.Second) || life < minTokenLife {
			return refuse("invalid_request", "expires_in is not between 300 and 172800 seconds.")
		}
	}
	caller, err := a.auth.Authenticate(r.Context(), in["client_secret"])
	switch {
	case fault.Is(err, fault.Unauthenticated), err == nil && (!caller.Has(ScopeOAuth) || caller.Client != in["client_id"]):
		return tokenJSON{}, &oauthProblem{
			status: http.StatusUnauthorized, Name: "invalid_client",
			Description: "Client authentication failed: the client is unknown, or its secret is not right.",
		}
	case err == nil:
		var token string
		if token, err = a.auth.CreateToken(r.Context(), caller.Client, scopes, life); err == nil {
			return tokenJSON{AccessToken: token, TokenType: "bearer", Scope: strings.Join(scopes, " "), ExpiresIn: int64(life / time.Second)}, nil
		}
	}
	a.o.Logger.ErrorContext(r.Context(), "no access token", "request", httpd.RequestID(r.Context()), "error", err)
	return tokenJSON{}, &oauthProblem{status: http.StatusInternalServerError, Name: "server_error", Description: "Something went wrong."}
}

// grantParameters reads the parameters of a token's request, of a JSON object or of a form.
func grantParameters(r *http.Request) (map[string]string, bool) {
	out := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if r.ParseForm() != nil {
			return nil, false
		}
		for name := range r.PostForm {
			out[name] = r.PostForm.Get(name)
		}
	} else {
		raw, err := io.ReadAll(r.Body)
		var members map[string]any
		if err != nil || unmarshalNumbers(raw, &members) != nil || members == nil {
			return nil, false
		}
		for name, v := range members {
			if s, ok := textOf(v); ok {
				out[name] = s
			}
		}
	}
	if id, secret, ok := r.BasicAuth(); ok && out["client_secret"] == "" { // the other way of RFC 6749, 2.3.1
		out["client_id"], out["client_secret"] = id, secret
	}
	return out, true
}

func unmarshalNumbers(raw []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	return dec.Decode(into)
}

func isScope(s string) bool {
	if s == scopeRead || s == scopeWrite {
		return true
	}
	resource, what, ok := strings.Cut(s, ":")
	return ok && (what == scopeRead || what == scopeWrite) && slices.Contains(scoped, resource)
}

// may tells whether a caller may read or write a resource.
func may(caller httpd.Caller, resource string, write bool) bool {
	whole := scopeRead
	if write {
		whole = scopeWrite
	}
	return caller.Has(Scope) || caller.Has(whole) || caller.Has(resource+":"+whole)
}
