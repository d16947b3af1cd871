package access

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"traid/internal/sqldb"
)

// Session lives.
const (
	sessionIdle = time.Hour
	sessionLife = 12 * time.Hour

	// SessionEnds says that on a page about cookies.
	SessionEnds = "When you do nothing for an hour, after 12 hours, or when you close your browser"
)

// NewSessions gives a session manager whose cookie is named for its service
// and whose tokens are kept as hashes. secure says that the service is reached
// over https.
func NewSessions(s *Store, cookie string, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = &sessions{s}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLife
	m.Cookie.Name = cookie
	if secure {
		m.Cookie.Name = "__Host-" + cookie
	}
	m.Cookie.Secure = secure
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode // a mailed link must find the session
	m.Cookie.Persist = false
	return m
}

// sessions is scs's store on the service's database.
type sessions struct{ s *Store }

func (st *sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data string
	err := st.s.db.Reader().QueryRowContext(ctx, `SELECT data FROM sessions WHERE token_hash = $1 AND expires_at > $2`, token, sqldb.Time(time.Now())).Scan(&data) // scs sets the expiry by the real clock
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	return raw, err == nil, err
}

func (st *sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return st.s.exec(ctx, `INSERT INTO sessions (token_hash, data, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		token, base64.StdEncoding.EncodeToString(b), sqldb.Time(expiry))
}

func (st *sessions) DeleteCtx(ctx context.Context, token string) error {
	return st.s.exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, token)
}

func (st *sessions) Find(token string) ([]byte, bool, error) {
	return st.FindCtx(context.Background(), token)
}

func (st *sessions) Commit(token string, b []byte, expiry time.Time) error {
	return st.CommitCtx(context.Background(), token, b, expiry)
}

func (st *sessions) Delete(token string) error { return st.DeleteCtx(context.Background(), token) }

// expiredTokensStay is how long a token is listed after its end: long enough
// that somebody sees why it is refused, and no longer, since clients of OAuth
// get a new one every half hour.
const expiredTokensStay = 7 * 24 * time.Hour

// DeleteExpired deletes the sessions and links that are over, and the tokens
// that have been over for a week.
func (s *Store) DeleteExpired(ctx context.Context) error {
	now := sqldb.Time(s.now())
	return errors.Join(
		s.exec(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, now),
		s.exec(ctx, `DELETE FROM sign_in_links WHERE expires_at <= $1`, now),
		s.exec(ctx, `DELETE FROM api_tokens WHERE expires_at <= $1`, sqldb.Time(now.Add(-expiredTokensStay))))
}
