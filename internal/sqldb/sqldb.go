// Package sqldb opens a service's own database, SQLite in a data folder or a
// schema of PostgreSQL, and gives it transactions, migrations and durable jobs.
// It knows no table of any service, each brings its own migrations and queries,
// but for one that services have in common: what is due, and when.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect tells which database is behind a DB.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options say where a service's database is.
type Options struct {
	Service string // names the SQLite file and the PostgreSQL schema
	DataDir string // folder of the SQLite file; used when URL is empty
	URL     string // postgres://…; one database may hold every service, a schema each
	Logger  *slog.Logger
}

// DB is one service's database. On SQLite there is one connection that writes
// and a pool that reads; on PostgreSQL both are the same pool.
type DB struct {
	Dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	pool    *pgxpool.Pool // PostgreSQL: under writer, and for LISTEN
	logger  *slog.Logger
}

// serviceName is what may be a schema and a file name.
var serviceName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Open opens the database, creating the file, or the schema, when it is not
// there. It migrates nothing.
func Open(ctx context.Context, o Options) (*DB, error) {
	if !serviceName.MatchString(o.Service) {
		return nil, fmt.Errorf("sqldb: %q cannot name a database", o.Service)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.URL != "" {
		return openPostgres(ctx, o)
	}
	return openSQLite(ctx, o)
}

func openSQLite(ctx context.Context, o Options) (*DB, error) {
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("sqldb: data folder: %w", err)
	}
	path := filepath.Join(o.DataDir, o.Service+".sqlite")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // the driver would create it readable by others
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", o.Service, err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", o.Service, err)
	}
	// secure_delete: what is deleted is overwritten, since it may be personal data.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=cache_size(-65536)&_txlock=immediate&_time_format=sqlite"
	writer, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", o.Service, err)
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: %s: %w", o.Service, err), writer.Close())
	}
	// Readers begin deferred: one that began immediate would wait for the writer.
	// Each has a small cache of its own: the operating system keeps the file's pages once for all.
	reader, err := sql.Open("sqlite", strings.NewReplacer("_txlock=immediate", "_txlock=deferred", "cache_size(-65536)", "cache_size(-16384)").Replace(dsn)+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: %s: %w", o.Service, err), writer.Close())
	}
	reader.SetMaxOpenConns(8)
	reader.SetMaxIdleConns(8) // a new connection has an empty cache and prepares everything anew
	return &DB{Dialect: SQLite, writer: writer, reader: reader, logger: o.Logger}, nil
}

func openPostgres(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: the database URL cannot be read", o.Service) // pgx's text may repeat the password
	}
	cfg.ConnConfig.RuntimeParams["search_path"] = o.Service
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["application_name"] = "traid " + o.Service
	cfg.MaxConns = 12
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", o.Service, err)
	}
	db := stdlib.OpenDBFromPool(pool)
	if err := ensureSchema(ctx, db, o.Service); err != nil {
		pool.Close()
		return nil, errors.Join(fmt.Errorf("sqldb: %s: %w", o.Service, err), db.Close())
	}
	return &DB{Dialect: Postgres, writer: db, reader: db, pool: pool, logger: o.Logger}, nil
}

// ensureSchema makes the schema when it is not there: making one needs a right
// that a service which only serves need not have.
func ensureSchema(ctx context.Context, db *sql.DB, name string) error {
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, name).Scan(&there); err != nil || there {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS "`+name+`"`); err != nil && !IsUnique(err) {
		return err
	}
	return nil
}

// Close closes every connection.
func (db *DB) Close() error {
	err := db.writer.Close()
	if db.reader != db.writer {
		err = errors.Join(err, db.reader.Close())
	}
	if db.pool != nil {
		db.pool.Close()
	}
	return err
}

// Reader is the pool for reads outside a transaction. Never call it inside InTx.
func (db *DB) Reader() *sql.DB { return db.reader }

// Pool gives PostgreSQL's connections themselves, for what database/sql cannot
// say: several statements in one message. Nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	return nil
}

// Checkpoint moves what the write-ahead log holds into the file and empties the
// log, so that deleted data is in neither. PostgreSQL does that by itself.
func (db *DB) Checkpoint(ctx context.Context) error {
	if db.Dialect != SQLite {
		return nil
	}
	if _, err := db.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("sqldb: checkpoint: %w", err)
	}
	return nil
}

// txTries is how often a transaction is begun that another one made fail: often
// enough for as many as there are workers that all want one row.
const txTries = 12

// InTx runs do in one transaction: committed when do gives nil, otherwise
// rolled back and do's error returned as it is. PostgreSQL runs it serializable
// and again when another transaction was in its way, so do must be repeatable.
func (db *DB) InTx(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, do)
		if err == nil || !isSerialization(err) || try == txTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(time.Duration(try*try) * 5 * time.Millisecond)): // at random: those who failed together would do so again
		}
	}
}

func (db *DB) once(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) (err error) {
	var opts *sql.TxOptions
	if db.Dialect == Postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	tx, err := db.writer.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("sqldb: begin: %w", err)
	}
	done := false
	defer func() {
		if !done { // an error or a panic
			_ = tx.Rollback()
		}
	}()
	if err := do(ctx, tx); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqldb: commit: %w", err)
	}
	return nil
}

// View runs do on one state of the database, whatever is written meanwhile.
func (db *DB) View(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	var opts *sql.TxOptions
	if db.Dialect == Postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.reader.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("sqldb: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return do(ctx, tx)
}

// IsUnique tells whether err is a broken unique constraint, by its code.
func IsUnique(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

func isSerialization(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	return false
}

// Time gives t as it is stored: UTC, whole microseconds, the finest that both
// databases keep.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// NullTime gives t as it is stored, NULL for the zero time.
func NullTime(t time.Time) sql.NullTime {
	return sql.NullTime{Time: Time(t), Valid: !t.IsZero()}
}
