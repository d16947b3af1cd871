// Package sqldbtest gives tests a fresh, migrated database of each kind. It is
// imported by tests only.
package sqldbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"traid/internal/sqldb"
)

// Each runs test twice, as "sqlite" and as "postgres", on a fresh database
// with the sets and the job tables in it.
func Each(t *testing.T, test func(t *testing.T, db *sqldb.DB), sets ...sqldb.Set) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, OpenSQLite(t, "test", sets...)) })
	t.Run("postgres", func(t *testing.T) { test(t, OpenPostgresCopy(t, "test", sets)) })
}

// OpenPostgresCopy gives the same as OpenPostgres on a fresh database, sooner: the
// first of a service and its sets is migrated, and the others are its copies.
func OpenPostgresCopy(t testing.TB, service string, sets []sqldb.Set) *sqldb.DB {
	t.Helper()
	name := service
	for _, set := range sets {
		name += " " + set.Name
	}
	at := PostgresCopy(t, name, func(url string) error {
		db, err := sqldb.Open(context.Background(), sqldb.Options{Service: service, URL: url})
		if err != nil {
			return err
		}
		return errors.Join(db.Migrate(context.Background(), sets...), db.Close())
	})
	return open(t, sqldb.Options{Service: service, URL: at}, nil)
}

// PostgresCopy gives the URL of a fresh copy of the database that fill filled
// when the name came for the first time, dropped after the test. fill leaves no
// connection behind.
func PostgresCopy(t testing.TB, name string, fill func(url string) error) string {
	t.Helper()
	templates.mu.Lock()
	from, ok := templates.of[name]
	if !ok {
		from = newDatabase(t, "")
		if err := fill(urlOf(t, from)); err != nil {
			templates.mu.Unlock()
			t.Fatalf("fill the database of %s: %v", name, err)
		}
		templates.of[name] = from
	}
	templates.mu.Unlock()
	return urlOf(t, dropAfter(t, newDatabase(t, from)))
}

// templates are the filled databases that others are copies of. They live as
// long as the server; one that is named by TRAID_TEST_POSTGRES keeps them.
var templates = struct {
	mu sync.Mutex
	of map[string]string
}{of: map[string]string{}}

// OpenSQLite gives a migrated SQLite database in a folder that the test removes.
func OpenSQLite(t testing.TB, service string, sets ...sqldb.Set) *sqldb.DB {
	t.Helper()
	return open(t, sqldb.Options{Service: service, DataDir: t.TempDir()}, append([]sqldb.Set{}, sets...))
}

// OpenPostgres gives the migrated schema of a service in the database at url.
func OpenPostgres(t testing.TB, url, service string, sets ...sqldb.Set) *sqldb.DB {
	t.Helper()
	return open(t, sqldb.Options{Service: service, URL: url}, append([]sqldb.Set{}, sets...))
}

func open(t testing.TB, o sqldb.Options, sets []sqldb.Set) *sqldb.DB {
	t.Helper()
	ctx := context.Background()
	db, err := sqldb.Open(ctx, o)
	if err != nil {
		t.Fatalf("open %s: %v", o.Service, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", o.Service, err)
		}
	})
	if sets == nil { // a copy
		return db
	}
	if err := db.Migrate(ctx, sets...); err != nil {
		t.Fatalf("migrate %s: %v", o.Service, err)
	}
	return db
}

// PostgresURL gives a fresh, empty PostgreSQL database, dropped after the test.
// TRAID_TEST_POSTGRES names a running server (a postgres:// URL); without it,
// Debian's binaries start one in a temporary folder that lives as long as the
// test program. Without either the test fails.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return urlOf(t, dropAfter(t, newDatabase(t, "")))
}

// admin runs a statement on the test server.
func admin(t testing.TB, statement string) error {
	t.Helper()
	at, err := server()
	if err != nil {
		t.Fatalf("PostgreSQL for tests (install Debian's postgresql, or set TRAID_TEST_POSTGRES): %v", err)
	}
	db, err := sql.Open("pgx", at)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// newDatabase makes a database, a copy of another one where that is named.
func newDatabase(t testing.TB, template string) string {
	t.Helper()
	name := "traid_test_" + strings.ToLower(rand.Text()[:16])
	statement := `CREATE DATABASE ` + name
	if template != "" {
		statement += ` TEMPLATE ` + template
	}
	if err := admin(t, statement); err != nil {
		t.Fatalf("create database: %v", err)
	}
	return name
}

func dropAfter(t testing.TB, name string) string {
	t.Cleanup(func() {
		if err := admin(t, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return name
}

func urlOf(t testing.TB, database string) string {
	t.Helper()
	at, err := server()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatalf("server URL: %v", err)
	}
	u.Path = "/" + database
	return u.String()
}

var server = sync.OnceValues(func() (string, error) {
	if named := os.Getenv("TRAID_TEST_POSTGRES"); named != "" {
		return named, nil
	}
	return startCluster()
})

// startCluster starts a cluster that ends with this process: a small shell
// waits for the process's end of a pipe to close, so that it is stopped even
// when the test program is killed.
func startCluster() (string, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return "", fmt.Errorf("no PostgreSQL under /usr/lib/postgresql")
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "traid-postgres-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 { // initdb refuses root
		u, err := user.Lookup("postgres")
		if err != nil {
			return "", err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
	}
	const script = `cd "$2" && "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$2/log" 2>&1 || { cat "$2/log"; exit 1; }
"$1/postgres" -D "$2/data" -c listen_addresses= -c unix_socket_directories="$2" -c fsync=off -c full_page_writes=off -c max_connections=200 >>"$2/log" 2>&1 &
pg=$!
while ! "$1/pg_isready" -q -h "$2" ; do kill -0 $pg || { cat "$2/log"; exit 1; }; sleep 0.1; done
echo ready
cat >/dev/null
kill -INT $pg; wait $pg; rm -rf "$2"`
	cmd := exec.Command("sh", "-c", script, "sh", bin, dir)
	cmd.SysProcAttr = attr
	cmd.Dir = dir
	keep, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	hold = keep
	ready := make(chan string, 1)
	go func() {
		text := make([]byte, 4096)
		n, _ := out.Read(text)
		ready <- string(text[:n])
	}()
	select {
	case said := <-ready:
		if !strings.HasPrefix(said, "ready") {
			return "", fmt.Errorf("start: %s", said)
		}
	case <-time.After(time.Minute):
		return "", fmt.Errorf("start: no answer within a minute")
	}
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(dir), nil
}

// hold is the pipe whose end with the process stops the cluster.
//
//lint:ignore U1000 it is held, not read: collected, it would close
var hold interface{ Close() error }
