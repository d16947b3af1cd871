package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// Set is one owner's migrations: goose files in the folder "migrations", the
// same text for both databases, but for what follows "-- sqlite:" in a line,
// which only SQLite sees.
type Set struct {
	Name string // the owner; its versions are kept in a table of its own
	FS   fs.FS
}

func (db *DB) provider(set Set) (*goose.Provider, error) {
	files, err := fs.Sub(set.FS, "migrations")
	if err != nil {
		return nil, fmt.Errorf("sqldb: migrations of %s: %w", set.Name, err)
	}
	dialect := goose.DialectPostgres
	if db.Dialect == SQLite {
		dialect, files = goose.DialectSQLite3, forSQLite{files}
	}
	p, err := goose.NewProvider(dialect, db.writer, files,
		goose.WithTableName("migrations_"+set.Name), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("sqldb: migrations of %s: %w", set.Name, err)
	}
	return p, nil
}

// forSQLite shows files with what is meant for SQLite alone.
type forSQLite struct{ fs.FS }

// Open opens a file whose lines have lost the mark before SQLite's own words.
func (f forSQLite) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return &shown{bytes.NewReader(bytes.ReplaceAll(text, []byte("-- sqlite:"), nil)), info}, nil
}

// shown is an open file with another text.
type shown struct {
	*bytes.Reader
	info fs.FileInfo
}

func (s *shown) Stat() (fs.FileInfo, error) { return s.info, nil }
func (s *shown) Close() error               { return nil }

// Migrate brings the database to the newest version of every set and of the
// job tables. It refuses a database that is newer than the program.
func (db *DB) Migrate(ctx context.Context, sets ...Set) error {
	for _, set := range sets {
		p, err := db.provider(set)
		if err != nil {
			return err
		}
		if err := refuseNewer(ctx, p, set); err != nil {
			return err
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("sqldb: migrate %s: %w", set.Name, err)
		}
	}
	m, err := db.riverMigrator()
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("sqldb: migrate jobs: %w", err)
	}
	return nil
}

// CheckMigrated says with an error what is missing or too new.
func (db *DB) CheckMigrated(ctx context.Context, sets ...Set) error {
	for _, set := range sets {
		p, err := db.provider(set)
		if err != nil {
			return err
		}
		if err := refuseNewer(ctx, p, set); err != nil {
			return err
		}
		pending, err := p.HasPending(ctx)
		if err != nil {
			return fmt.Errorf("sqldb: version of %s: %w", set.Name, err)
		}
		if pending {
			return fmt.Errorf("the database's %s tables are older than this program: run traid migrate", set.Name)
		}
	}
	m, err := db.riverMigrator()
	if err != nil {
		return err
	}
	res, err := m.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqldb: version of jobs: %w", err)
	}
	if !res.OK {
		return fmt.Errorf("the database's job tables are older than this program: run traid migrate")
	}
	return nil
}

func refuseNewer(ctx context.Context, p *goose.Provider, set Set) error {
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("sqldb: version of %s: %w", set.Name, err)
	}
	sources := p.ListSources()
	if n := len(sources); n > 0 && version > sources[n-1].Version {
		return fmt.Errorf("the database's %s tables (version %d) are newer than this program (version %d): use the newer program",
			set.Name, version, sources[n-1].Version)
	}
	return nil
}

func (db *DB) riverDriver() riverdriver.Driver[*sql.Tx] {
	if db.Dialect == SQLite {
		return riversqlite.New(db.writer)
	}
	return riverdatabasesql.NewWithPgxListener(db.writer, db.pool)
}

func (db *DB) riverMigrator() (*rivermigrate.Migrator[*sql.Tx], error) {
	m, err := rivermigrate.New(db.riverDriver(), &rivermigrate.Config{Logger: quiet(db.logger)})
	if err != nil {
		return nil, fmt.Errorf("sqldb: job tables: %w", err)
	}
	return m, nil
}
