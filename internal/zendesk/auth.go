package zendesk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// authorizer gives the Authorization header of a call.
type authorizer interface {
	// header tells also whether it was got anew for this call.
	header(ctx context.Context) (value string, renewed bool, err error)
	// drop forgets a header that was refused, false when there can be no other.
	drop(value string) bool
}

// fixed is the same header for every call.
type fixed string

func (f fixed) header(context.Context) (string, bool, error) { return string(f), false, nil }
func (fixed) drop(string) bool                               { return false }

const (
	// defaultScopes read everything: ticket fields and groups have no scope of their own.
	defaultScopes = "read tickets:write"
	// defaultLife is how long an access token lasts where its answer does not say (Zendesk's default for new clients).
	defaultLife = 30 * time.Minute
	// renewBefore is how long before its end a token is renewed, at most a tenth of its life.
	renewBefore = time.Minute
)

// oauth gets tokens by client credentials and renews them before they end.
type oauth struct {
	c    *Client
	body []byte

	turn  chan struct{} // holds one: who has it may read and change what follows
	value string
	renew time.Time
}

func newOAuth(c *Client, o Options) *oauth {
	if o.Scopes == "" {
		o.Scopes = defaultScopes
	}
	body, _ := json.Marshal(map[string]string{ // strings always can
		"grant_type": "client_credentials", "client_id": o.ClientID, "client_secret": o.ClientSecret, "scope": o.Scopes,
	})
	return &oauth{c: c, body: body, turn: make(chan struct{}, 1)}
}

const opToken = "get a token"

func (o *oauth) header(ctx context.Context) (string, bool, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return "", false, unknown(opToken, 0, ctx.Err())
	}
	now := o.c.now()
	if o.value != "" && now.Before(o.renew) {
		return o.value, false, nil
	}
	token, life, err := o.fetch(ctx)
	if err != nil {
		return "", false, err
	}
	o.value, o.renew = "Bearer "+token, now.Add(life-min(renewBefore, life/10))
	return o.value, true, nil
}

func (o *oauth) drop(value string) bool {
	o.turn <- struct{}{}
	defer func() { <-o.turn }()
	if o.value == value {
		o.value = ""
	}
	return true
}

func (o *oauth) fetch(ctx context.Context) (token string, life time.Duration, err error) {
	if wait, err := o.c.bucket.take(ctx, opToken); err != nil {
		return "", 0, &Error{Op: opToken, Kind: Transient, RetryAfter: wait, cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.c.base+"/oauth/tokens", bytes.NewReader(o.body))
	if err != nil {
		return "", 0, unknown(opToken, 0, cause(err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, raw, err := o.c.exchange(opToken, req)
	if err != nil {
		return "", 0, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		e := refusal(opToken, false, res, raw, o.c.now())
		o.c.bucket.heed(opToken, res.Header, e.RetryAfter)
		if e.Kind == Refused {
			e.Kind = Credentials // 400 invalid_client, invalid_scope and their like
		}
		return "", 0, e
	}
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if json.Unmarshal(raw, &got) != nil || got.AccessToken == "" {
		return "", 0, unknown(opToken, res.StatusCode, errors.New("the answer holds no token"))
	}
	life = defaultLife
	if got.ExpiresIn > 0 {
		life = time.Duration(got.ExpiresIn) * time.Second
	}
	return got.AccessToken, life, nil
}
