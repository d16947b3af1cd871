package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"traid/internal/access"
	"traid/internal/dqt"
	"traid/internal/dqt/dqtapi"
	"traid/internal/dqt/dqtsql"
	"traid/internal/httpd"
	"traid/internal/sqldb"
)

// registerService is the service dqt.
type registerService struct {
	db     *sqldb.DB
	access *access.Store
	svc    *dqt.Service
}

// openRegister opens dqt's own database. A data folder is brought to this
// program's version by whoever opens it, PostgreSQL by `traid migrate` alone.
func (p *program) openRegister(ctx context.Context, migrate bool) (*registerService, error) {
	db, err := sqldb.Open(ctx, sqldb.Options{Service: "dqt", DataDir: p.settings.get(setData), URL: p.settings.get(setDatabase), Logger: p.logger})
	if err != nil {
		return nil, err
	}
	sets := []sqldb.Set{access.Migrations, dqtsql.Migrations}
	if migrate || db.Dialect == sqldb.SQLite {
		err = db.Migrate(ctx, sets...)
	} else {
		err = db.CheckMigrated(ctx, sets...)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &registerService{
		db: db, access: access.New(db, p.now),
		svc: dqt.NewService(dqtsql.NewStore(db), dqt.Options{Now: p.now}),
	}, nil
}

func (r *registerService) close(logger *slog.Logger) {
	if err := r.db.Close(); err != nil {
		logger.Error("close the register's database", "error", err)
	}
}

// handler is everything that dqt serves.
func (r *registerService) handler(logger *slog.Logger) (http.Handler, *httpd.API, error) {
	mux := http.NewServeMux()
	api := httpd.NewAPI(mux, httpd.APIOptions{Title: "traid register", Version: "1", Description: dqtapi.Description, Auth: r.access, Logger: logger})
	dqtapi.Mount(api, r.svc)
	h, err := httpd.Site(mux, httpd.SiteOptions{Service: "dqt", Logger: logger, Ready: r.db.Ping})
	return h, api, err
}

// serve serves the services until ctx ends. started is told the address.
func (p *program) serve(ctx context.Context, r *registerService, started func(address string) error) error {
	h, _, err := r.handler(p.logger)
	if err != nil {
		return err
	}
	address := p.settings.get(setDQTAddr)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%s: %w", setDQTAddr, err)
	}
	p.logger.Info("serving", "service", "dqt", "address", l.Addr().String())
	if started != nil {
		if err := started(l.Addr().String()); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return httpd.Serve(ctx, l, h, p.logger)
}
