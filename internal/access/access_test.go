package access_test

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"traid/internal/access"
	"traid/internal/fault"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// Secrets are looked up by their hashes, so that no comparison takes a time that
// depends on them, and a copy of the database lets nobody in.
func TestSecretsAreKeptAsHashesAlone(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clock := time.Now()
		store := access.New(db, func() time.Time { return clock })
		token, err := store.CreateToken(t.Context(), "client", []string{"look"}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		link, err := store.AddAccount(t.Context(), "ann@example.org", []string{"operator"})
		if err != nil {
			t.Fatal(err)
		}
		var hash, linkHash string
		for query, into := range map[string]*string{`SELECT hash FROM api_tokens`: &hash, `SELECT hash FROM sign_in_links`: &linkHash} {
			if err := db.Reader().QueryRowContext(t.Context(), query).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
		if len(token) < 43 || len(link) < 43 || len(hash) != 64 || len(linkHash) != 64 || strings.Contains(hash, token) || strings.Contains(linkHash, link) {
			t.Errorf("a token of %d and a link of %d characters are kept as %q and %q", len(token), len(link), hash, linkHash)
		}
		if caller, err := store.Authenticate(t.Context(), token); err != nil || caller.Client != "client" || !caller.Has("look") {
			t.Errorf("the token is %+v's, %v", caller, err)
		}
		for what, wrong := range map[string]string{"what is kept": hash, "a part": token[:42], "nothing": "", "another case": strings.ToLower(token) + "x"} {
			if _, err := store.Authenticate(t.Context(), wrong); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s as a token: %v", what, err)
			}
		}
		if _, err := store.UseLink(t.Context(), linkHash, ""); !fault.Is(err, fault.Gone) {
			t.Errorf("what is kept as a link: %v", err)
		}
		clock = clock.Add(time.Hour)
		if _, err := store.Authenticate(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a token after its life: %v", err)
		}
	}, access.Migrations)
}

func TestASessionIsKeptUnderAHash(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.ask("/put/answer/typed")
		cookie := o.cookies()[0]
		err := o.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var kept string
			if err := tx.QueryRowContext(ctx, `SELECT token_hash FROM sessions`).Scan(&kept); err != nil {
				return err
			}
			if kept == cookie.Value {
				t.Error("the session is kept under its cookie's value")
			}
			o.jar.SetCookies(o.at(), []*http.Cookie{{Name: cookie.Name, Value: kept}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		o.holds("answer", "")
	})
}
