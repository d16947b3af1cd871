package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"traid/internal/access"
)

// Provider is an OpenID provider that knows who somebody is. Who may come in, and
// what they may do, are the service's accounts.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	Base                           string           // the service's address: the provider sends people back to Base + CallbackPath
	Now                            func() time.Time // time.Now

	mu     sync.Mutex
	found  *oidc.Provider
	config *oauth2.Config // remembers how the provider wants the client's secret
}

// Where a sign-in at the provider begins, and where it comes back to.
const (
	startPath    = Path + "/start"
	CallbackPath = Path + "/callback"
)

const (
	// providerTakes bounds a call of the provider.
	providerTakes = 10 * time.Second
	// askedFor is how long somebody may take to sign in at the provider.
	askedFor = 15 * time.Minute
)

var (
	errAway       = errors.New("signin: the provider cannot be reached")
	errNotBegun   = errors.New("signin: this sign-in was not begun here, or is over")
	errUnverified = errors.New("signin: the provider has not verified the address")
)

// client is how the provider is called. It is found when it is first needed: a
// provider that is away keeps nothing from starting.
func (p *Provider) client(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		found, err := oidc.NewProvider(ctx, p.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errAway, err)
		}
		p.found, p.config = found, &oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(),
			RedirectURL: strings.TrimRight(p.Base, "/") + CallbackPath, Scopes: []string{oidc.ScopeOpenID, "email"},
		}
	}
	return p.found, p.config, nil
}

// calling bounds the provider's calls in a context.
func calling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, &http.Client{Timeout: providerTakes}), providerTakes)
}

// leaveAt gives where people end their session at the provider; empty where it
// has no such place, or was not found yet.
func (p *Provider) leaveAt() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var offers struct {
		End string `json:"end_session_endpoint"`
	}
	if p.found == nil || p.found.Claims(&offers) != nil {
		return ""
	}
	to, err := url.Parse(offers.End)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" {
		return ""
	}
	q := to.Query()
	q.Set("client_id", p.ClientID)
	q.Set("post_logout_redirect_uri", strings.TrimRight(p.Base, "/")+Path)
	to.RawQuery = q.Encode()
	return to.String()
}

func (p *Provider) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

// ask gives where somebody signs in, and what to remember until they come back.
func (p *Provider) ask(ctx context.Context, another bool) (to, remember string, err error) {
	ctx, cancel := calling(ctx)
	defer cancel()
	_, config, err := p.client(ctx)
	if err != nil {
		return "", "", err
	}
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if another {
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	return config.AuthCodeURL(state, options...), strings.Join([]string{state, nonce, verifier, p.now().UTC().Format(time.RFC3339)}, " "), nil
}

// answered gives who came back.
func (p *Provider) answered(ctx context.Context, remembered string, answer url.Values) (access.Identity, error) {
	parts := strings.Fields(remembered)
	if len(parts) != 4 {
		return access.Identity{}, errNotBegun
	}
	state, nonce, verifier := parts[0], parts[1], parts[2]
	begun, err := time.Parse(time.RFC3339, parts[3])
	if err != nil || p.now().Sub(begun) > askedFor || !equal(state, answer.Get("state")) || answer.Get("code") == "" {
		return access.Identity{}, errNotBegun
	}
	ctx, cancel := calling(ctx)
	defer cancel()
	found, config, err := p.client(ctx)
	if err != nil {
		return access.Identity{}, err
	}
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == "invalid_grant":
		return access.Identity{}, errNotBegun
	case errors.As(err, &refused): // its body may hold what was sent
		return access.Identity{}, fmt.Errorf("%w: it answered %d to the exchange of a code", errAway, refused.Response.StatusCode)
	case err != nil:
		return access.Identity{}, fmt.Errorf("%w: %w", errAway, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.Now}).Verify(ctx, raw)
	if err != nil {
		return access.Identity{}, fmt.Errorf("signin: the provider's token: %w", err)
	}
	if !equal(id.Nonce, nonce) {
		return access.Identity{}, errNotBegun
	}
	var says struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&says); err != nil || says.Email == "" || !says.Verified {
		return access.Identity{}, errUnverified
	}
	return access.Identity{Issuer: id.Issuer, Subject: id.Subject, Email: says.Email}, nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
