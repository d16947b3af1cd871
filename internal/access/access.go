// Package access keeps who may call a service: bearer tokens of programs,
// local accounts of people with one-time sign-in links, and sessions. Each
// service has its own, in its own database. Secrets are shown once and kept as
// SHA-256. It knows no word of the domain: scopes and roles are the services'.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/sqldb"
)

//go:embed migrations
var files embed.FS

// Migrations are the tables of this package.
var Migrations = sqldb.Set{Name: "access", FS: files}

// Store keeps one service's tokens, accounts, links and sessions.
type Store struct {
	db  *sqldb.DB
	now func() time.Time
}

// New gives the store in a service's database.
func New(db *sqldb.DB, now func() time.Time) *Store { return &Store{db: db, now: now} }

// Token is what can be told of a bearer token; the token itself was shown once.
type Token struct {
	ID         string
	Client     string
	Scopes     []string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
}

// lastUsedEvery bounds how often a token's last use is written down.
const lastUsedEvery = time.Minute

// secret gives 256 random bits for a URL or a header, and their hash.
func secret() (plain, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	plain = base64.RawURLEncoding.EncodeToString(b[:])
	return plain, hashOf(plain)
}

// hashOf is what is kept of a secret. A secret is looked up by its hash, so no
// comparison of secrets takes a time that depends on them.
func hashOf(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// CreateToken makes a token for a client and gives it, this once.
func (s *Store) CreateToken(ctx context.Context, client string, scopes []string, ttl time.Duration) (string, error) {
	if strings.TrimSpace(client) == "" || len(scopes) == 0 || ttl <= 0 {
		return "", fault.New(fault.Invalid, "A token needs a client, at least one scope and a life.")
	}
	plain, hash := secret()
	now := sqldb.Time(s.now())
	if err := s.exec(ctx, `INSERT INTO api_tokens (id, hash, client, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		uuid.NewString(), hash, client, strings.Join(scopes, " "), now, sqldb.Time(now.Add(ttl))); err != nil {
		return "", fmt.Errorf("access: create token: %w", err)
	}
	return plain, nil
}

// KeepToken makes a token known that was made elsewhere, and good for ttl from
// now on; one that was revoked stays so. Only a token of 256 random bits is as
// safe as one of CreateToken.
func (s *Store) KeepToken(ctx context.Context, token, client string, scopes []string, ttl time.Duration) error {
	now := sqldb.Time(s.now())
	if err := s.exec(ctx, `INSERT INTO api_tokens (id, hash, client, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (hash) DO UPDATE SET scopes = excluded.scopes, expires_at = excluded.expires_at WHERE api_tokens.revoked_at IS NULL`,
		uuid.NewString(), hashOf(token), client, strings.Join(scopes, " "), now, sqldb.Time(now.Add(ttl))); err != nil {
		return fmt.Errorf("access: keep token: %w", err)
	}
	return nil
}

// Tokens lists the tokens, newest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, client, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_tokens ORDER BY created_at DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("access: list tokens: %w", err)
	}
	defer rows.Close()
	var out []Token
	for rows.Next() {
		var t Token
		var scopes string
		var used, revoked sql.NullTime
		if err := rows.Scan(&t.ID, &t.Client, &scopes, &t.CreatedAt, &t.ExpiresAt, &used, &revoked); err != nil {
			return nil, fmt.Errorf("access: list tokens: %w", err)
		}
		t.Scopes, t.LastUsedAt, t.RevokedAt = strings.Fields(scopes), used.Time, revoked.Time
		out = append(out, t)
	}
	return out, rows.Err()
}

// RevokeToken ends a token at once. fault.NotFound where there is none with the id.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	return s.one(ctx, "token", `UPDATE api_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, sqldb.Time(s.now()), id)
}

var errToken = fault.New(fault.Unauthenticated, "The token is unknown, expired or revoked.")

// Authenticate tells whose token it is; fault.Unauthenticated where it is nobody's.
func (s *Store) Authenticate(ctx context.Context, token string) (httpd.Caller, error) {
	if token == "" {
		return httpd.Caller{}, errToken
	}
	now := sqldb.Time(s.now())
	var id, client, scopes string
	var expires time.Time
	var used sql.NullTime
	err := s.db.Reader().QueryRowContext(ctx, `SELECT id, client, scopes, expires_at, last_used_at FROM api_tokens WHERE hash = $1 AND revoked_at IS NULL`, hashOf(token)).
		Scan(&id, &client, &scopes, &expires, &used)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !now.Before(expires) {
		return httpd.Caller{}, errToken
	}
	if err != nil {
		return httpd.Caller{}, fmt.Errorf("access: authenticate: %w", err)
	}
	if !used.Valid || now.Sub(used.Time) >= lastUsedEvery {
		if err := s.exec(ctx, `UPDATE api_tokens SET last_used_at = $1 WHERE id = $2`, now, id); err != nil {
			return httpd.Caller{}, fmt.Errorf("access: authenticate: %w", err)
		}
	}
	return httpd.Caller{Client: client, Scopes: strings.Fields(scopes)}, nil
}

// Account is a person who may sign in.
type Account struct {
	ID       string
	Email    string
	Roles    []string
	Disabled bool
	Epoch    int64 // counts how often it was disabled: sessions of an earlier epoch are over
}

// HasRole tells whether the account has one of the roles.
func (a Account) HasRole(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(a.Roles, r) })
}

// linkLife is how long a sign-in link can be used.
const linkLife = 24 * time.Hour

// AddAccount makes an account, or gives the one with the email these roles and
// lets it in again, and returns the token of a one-time sign-in link. One that was
// disabled is bound to no identity any more: its address may be somebody else's.
func (s *Store) AddAccount(ctx context.Context, email string, roles []string) (link string, err error) {
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") || len(roles) == 0 {
		return "", fault.New(fault.Invalid, "An account needs an email address and at least one role.")
	}
	plain, hash := secret()
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := sqldb.Time(s.now())
		if _, err := tx.ExecContext(ctx, `INSERT INTO accounts (id, email, email_key, roles, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (email_key) DO UPDATE SET roles = excluded.roles, disabled_at = NULL,
				identity = CASE WHEN accounts.disabled_at IS NULL THEN accounts.identity END`,
			uuid.NewString(), email, strings.ToLower(email), strings.Join(roles, " "), now); err != nil {
			return err
		}
		var id string
		if err := tx.QueryRowContext(ctx, `SELECT id FROM accounts WHERE email_key = $1`, strings.ToLower(email)).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_links WHERE account_id = $1`, id); err != nil { // one link at a time
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_in_links (hash, account_id, expires_at) VALUES ($1, $2, $3)`, hash, id, sqldb.Time(now.Add(linkLife)))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("access: add account: %w", err)
	}
	return plain, nil
}

// Accounts lists the accounts by email.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, email, roles, disabled_at, epoch FROM accounts ORDER BY email_key`)
	if err != nil {
		return nil, fmt.Errorf("access: list accounts: %w", err)
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var a Account
		var roles string
		var disabled sql.NullTime
		if err := rows.Scan(&a.ID, &a.Email, &roles, &disabled, &a.Epoch); err != nil {
			return nil, fmt.Errorf("access: list accounts: %w", err)
		}
		a.Roles, a.Disabled = strings.Fields(roles), disabled.Valid
		out = append(out, a)
	}
	return out, rows.Err()
}

// DisableAccount keeps a person out, at once also of the sessions that they
// have, and ends their sign-in links.
func (s *Store) DisableAccount(ctx context.Context, email string) error {
	key := strings.ToLower(strings.TrimSpace(email))
	if err := s.one(ctx, "account", `UPDATE accounts SET disabled_at = $1, epoch = epoch + 1 WHERE email_key = $2 AND disabled_at IS NULL`, sqldb.Time(s.now()), key); err != nil {
		return err
	}
	return s.exec(ctx, `DELETE FROM sign_in_links WHERE account_id IN (SELECT id FROM accounts WHERE email_key = $1)`, key)
}

// EndSessions ends every session of an account, also one that is being written
// back at this moment.
func (s *Store) EndSessions(ctx context.Context, id string) error {
	return s.exec(ctx, `UPDATE accounts SET epoch = epoch + 1 WHERE id = $1`, id)
}

var errLink = fault.New(fault.Gone, "This sign-in link has been used or is too old.")

// clickedTwice is how long a second click on one page is the first one again.
const clickedTwice = 30 * time.Second

// UseLink lets the link's owner in, once; page is a secret of the page on which
// they do, which may send it twice. fault.Gone for every link that cannot be used.
func (s *Store) UseLink(ctx context.Context, link, page string) (Account, error) {
	var id string
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := sqldb.Time(s.now())
		res, err := tx.ExecContext(ctx, `UPDATE sign_in_links SET used_at = $1, used_on = $2 WHERE hash = $3 AND expires_at > $4
			AND (used_at IS NULL OR used_at > $5 AND used_on = $6 AND $7 <> '')`,
			now, hashOf(page), hashOf(link), now, sqldb.Time(now.Add(-clickedTwice)), hashOf(page), page)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errLink)
		}
		return tx.QueryRowContext(ctx, `SELECT account_id FROM sign_in_links WHERE hash = $1`, hashOf(link)).Scan(&id)
	})
	if err != nil {
		return Account{}, fmt.Errorf("access: use link: %w", err)
	}
	a, err := s.Account(ctx, id)
	if fault.Is(err, fault.NotFound) {
		err = errLink
	}
	return a, err
}

// Identity is who somebody is at an OpenID provider, and the address that the
// provider has seen to be theirs.
type Identity struct{ Issuer, Subject, Email string }

// ErrStranger says that nobody let the identity in, or that its account is
// disabled or somebody else's.
var ErrStranger = fault.New(fault.Forbidden, "There is no account for this identity.")

// SignInAs gives the account of an identity. The first to come with an
// account's address is bound to it: whoever has the address later is not let in
// by it. ErrStranger for everybody else.
func (s *Store) SignInAs(ctx context.Context, who Identity) (Account, error) {
	identity := who.Issuer + " " + who.Subject
	var id string
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT id FROM accounts WHERE identity = $1`, identity).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT id FROM accounts WHERE email_key = $1 AND identity IS NULL AND disabled_at IS NULL`, strings.ToLower(who.Email)).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrStranger
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE accounts SET identity = $1 WHERE id = $2`, identity, id)
		return err
	})
	if err != nil {
		return Account{}, fmt.Errorf("access: sign in: %w", err)
	}
	a, err := s.Account(ctx, id)
	if fault.Is(err, fault.NotFound) {
		err = ErrStranger
	}
	return a, err
}

// CheckLink gives nil for a link that can be used, without using it;
// fault.Gone for every other one.
func (s *Store) CheckLink(ctx context.Context, link string) error {
	var one int
	err := s.db.Reader().QueryRowContext(ctx, `SELECT 1 FROM sign_in_links l JOIN accounts a ON a.id = l.account_id
		WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND a.disabled_at IS NULL`, hashOf(link), sqldb.Time(s.now())).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return errLink
	}
	if err != nil {
		return fmt.Errorf("access: check link: %w", err)
	}
	return nil
}

// Account gives an account that may come in; fault.NotFound where there is none
// with the id, or it is disabled.
func (s *Store) Account(ctx context.Context, id string) (Account, error) {
	a := Account{ID: id}
	var roles string
	err := s.db.Reader().QueryRowContext(ctx, `SELECT email, roles, epoch FROM accounts WHERE id = $1 AND disabled_at IS NULL`, id).Scan(&a.Email, &roles, &a.Epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, "There is no such account, or it has been disabled.")
	}
	if err != nil {
		return Account{}, fmt.Errorf("access: account: %w", err)
	}
	a.Roles = strings.Fields(roles)
	return a, nil
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

func (s *Store) one(ctx context.Context, what, query string, args ...any) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "There is no such "+what+", or it has ended already.")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("access: end %s: %w", what, err)
	}
	return nil
}
