package access

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"

	"traid/internal/fault"
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
// over https. Its pages run inside LoadAndSave, this package's.
func NewSessions(s *Store, cookie string, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = &sessions{s, m.Codec}
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

// byItself is the header of what a page's script sends by itself: nobody did
// anything, and the session is not made longer.
const byItself = "Traid-By-Itself"

// LoadAndSave loads a request's session and saves it with the answer, as the
// manager's own does, but for what others did meanwhile: a session that ended or
// was given another name stays so, what was taken out of it stays out, and the
// browser keeps the newer cookie.
func LoadAndSave(m *scs.SessionManager) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Cookie")
			token := ""
			if cookie, err := r.Cookie(m.Cookie.Name); err == nil {
				token = cookie.Value
			}
			ctx, err := m.Load(context.WithValue(r.Context(), loadedKey{}, &loaded{}), token)
			if err != nil {
				m.ErrorFunc(w, r, err)
				return
			}
			r = r.WithContext(ctx)
			saving := &saver{ResponseWriter: w, m: m, r: r, token: token}
			next.ServeHTTP(saving, r)
			saving.save()
		})
	}
}

// saver saves the session before the first byte of the answer.
type saver struct {
	http.ResponseWriter
	m     *scs.SessionManager
	r     *http.Request
	token string // that came
	saved bool
}

func (w *saver) save() {
	if w.saved {
		return
	}
	w.saved = true
	ctx := w.r.Context()
	switch w.m.Status(ctx) {
	case scs.Modified:
		if l, _ := ctx.Value(loadedKey{}).(*loaded); l.token != "" && w.r.Header.Get(byItself) != "" {
			return
		}
		token, expiry, err := w.m.Commit(ctx)
		if err != nil {
			w.m.ErrorFunc(w.ResponseWriter, w.r, err)
			return
		}
		if token != w.token {
			w.m.WriteSessionCookie(ctx, w.ResponseWriter, token, expiry)
		}
	case scs.Destroyed:
		w.m.WriteSessionCookie(ctx, w.ResponseWriter, "", time.Time{})
	}
}

func (w *saver) WriteHeader(status int) {
	w.save()
	w.ResponseWriter.WriteHeader(status)
}

func (w *saver) Write(b []byte) (int, error) {
	w.save()
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer underneath.
func (w *saver) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type loadedKey struct{}

// loaded is the session as its request found it.
type loaded struct {
	token string // hashed; empty: none was found
	data  string
}

// sessions is scs's store on the service's database.
type sessions struct {
	s     *Store
	codec scs.Codec
}

func (st *sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data string
	err := st.s.db.Reader().QueryRowContext(ctx, `SELECT data FROM sessions WHERE token_hash = $1 AND expires_at > $2`, token, sqldb.Time(time.Now())).Scan(&data) // scs sets the expiry by the real clock
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if l, ok := ctx.Value(loadedKey{}).(*loaded); ok {
		l.token, l.data = token, data
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	return raw, err == nil, err
}

// CommitCtx keeps a new session, or what its request changed in the one that it
// found, as long as that is still there.
func (st *sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	l, ok := ctx.Value(loadedKey{}).(*loaded)
	if !ok {
		return errors.New("access: a session is saved that LoadAndSave did not load")
	}
	mine := base64.StdEncoding.EncodeToString(b)
	if token != l.token {
		return st.s.exec(ctx, `INSERT INTO sessions (token_hash, data, expires_at) VALUES ($1, $2, $3)`, token, mine, sqldb.Time(expiry))
	}
	for {
		var now string
		err := st.s.db.Reader().QueryRowContext(ctx, `SELECT data FROM sessions WHERE token_hash = $1`, token).Scan(&now)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it ended, or has another name
		}
		if err != nil {
			return err
		}
		next, err := st.merged(l.data, mine, now)
		if err != nil {
			return err
		}
		err = st.s.one(ctx, "session", `UPDATE sessions SET data = $1, expires_at = $2 WHERE token_hash = $3 AND data = $4`, next, sqldb.Time(expiry), token, now)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
}

// merged gives a session as it is now with what a request changed in the one
// that it found. What was taken out meanwhile stays out.
func (st *sessions) merged(found, mine, now string) (string, error) {
	var values [3]map[string]any
	var deadline time.Time
	for i, data := range []string{found, mine, now} {
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return "", err
		}
		if deadline, values[i], err = st.codec.Decode(raw); err != nil {
			return "", err
		}
	}
	before, after, current := values[0], values[1], values[2]
	changed := false
	for key := range before {
		if _, kept := after[key]; !kept {
			delete(current, key)
			changed = true
		}
	}
	for key, value := range after {
		old, had := before[key]
		_, has := current[key]
		if had && (reflect.DeepEqual(old, value) || !has) {
			continue
		}
		current[key] = value
		changed = true
	}
	if !changed {
		return now, nil
	}
	raw, err := st.codec.Encode(deadline, current)
	return base64.StdEncoding.EncodeToString(raw), err
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
