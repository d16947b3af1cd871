package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/cpd/cpdapi"
	"traid/internal/cpd/cpdports"
	"traid/internal/cpd/cpdsql"
	"traid/internal/cpd/cpdweb"
	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/deskports"
	"traid/internal/desk/desksql"
	"traid/internal/dqt"
	"traid/internal/dqt/dqtapi"
	"traid/internal/dqt/dqtsql"
	"traid/internal/fault"
	"traid/internal/govuk"
	"traid/internal/httpd"
	"traid/internal/signin"
	"traid/internal/sqldb"
	"traid/internal/tra"
	"traid/internal/tra/traapi"
	"traid/internal/tra/traconsole"
	"traid/internal/tra/traports"
	"traid/internal/tra/trasql"
	"traid/internal/webhook"
	"traid/internal/wire/dqtv1"
	"traid/internal/wire/trav1"
	"traid/internal/zendesk"
)

// services names the services, those that others call first.
var services = []string{"dqt", "desk", "tra", "cpd"}

// addrOf and publicOf are the settings of a service's address and of its URL
// for people; urlOf is where the others reach it.
var (
	addrOf   = map[string]string{"cpd": setCPDAddr, "tra": setTRAAddr, "desk": setDeskAddr, "dqt": setDQTAddr}
	publicOf = map[string]string{"cpd": setPublicCPD, "tra": setPublicTRA, "desk": setPublicDesk}
	urlOf    = map[string]string{"cpd": setCPDURL, "tra": setTRAURL, "desk": setZendeskURL, "dqt": setDQTURL}
)

// migrationsOf lists the tables of each service.
func migrationsOf(name string) []sqldb.Set {
	switch name {
	case "dqt":
		return []sqldb.Set{access.Migrations, dqtsql.Migrations}
	case "desk":
		return []sqldb.Set{access.Migrations, sqldb.TaskMigrations, desksql.Migrations}
	case "tra":
		return []sqldb.Set{access.Migrations, sqldb.TaskMigrations, trasql.Migrations}
	}
	return []sqldb.Set{access.Migrations, sqldb.TaskMigrations, cpdsql.Migrations}
}

// service is what each service stands on: a database of its own, who may call
// it, and, when it is served, an address, a handler and jobs.
type service struct {
	name     string
	db       *sqldb.DB
	access   *access.Store
	listener net.Listener
	handler  http.Handler
	api      *httpd.API // nil: none with a document
	jobs     *sqldb.Jobs
	work     map[string]sqldb.Work
	every    []sqldb.Every
}

// openService opens a service's own database. A data folder is brought to this
// program's version by whoever opens it, PostgreSQL by `traid migrate` alone.
func (p *program) openService(ctx context.Context, name string, migrate bool) (*service, error) {
	db, err := sqldb.Open(ctx, sqldb.Options{Service: name, DataDir: p.settings.get(setData), URL: p.settings.get(setDatabase), Logger: p.logger})
	if err != nil {
		return nil, err
	}
	if migrate || db.Dialect == sqldb.SQLite {
		err = db.Migrate(ctx, migrationsOf(name)...)
	} else {
		err = db.CheckMigrated(ctx, migrationsOf(name)...)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &service{name: name, db: db, access: access.New(db, p.now)}, nil
}

// ready tells whether the service's own database answers and is of this
// program's version. It asks no other service.
func (s *service) ready(ctx context.Context) error {
	if err := s.db.Ping(ctx); err != nil {
		return err
	}
	return s.db.CheckMigrated(ctx, migrationsOf(s.name)...)
}

func (s *service) close(logger *slog.Logger) {
	if s.listener != nil {
		_ = s.listener.Close() // closed already when it was served
	}
	if err := s.db.Close(); err != nil {
		logger.Error("close a database", "service", s.name, "error", err)
	}
}

// register gives the register's use cases on its own database.
func (p *program) register(s *service) *dqt.Service {
	return dqt.NewService(dqtsql.NewStore(s.db), dqt.Options{Now: p.now, Check: dqt.Check(p.settings.get(setCheck))})
}

// system is the services that run here.
type system struct {
	p    *program
	open map[string]*service
	dqt  *dqt.Service
	desk *desk.Service
	tra  *tra.Service
	cpd  *cpd.Service

	account *zendesk.Client // as the TRA API calls the helpdesk
}

// build opens the services of the roles, gives each an address and wires them.
// Nothing runs yet.
func (p *program) build(ctx context.Context, roles map[string]bool) (sys *system, err error) {
	if p.settings.get(setZendeskURL) != "" {
		delete(roles, "desk") // the account takes its place
	}
	if err := p.secrets(roles); err != nil {
		return nil, err
	}
	sys = &system{p: p, open: map[string]*service{}}
	opened := sys // what is returned is nil after an error
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	for _, name := range services {
		if !roles[name] {
			continue
		}
		s, err := p.openService(ctx, name, false)
		if err != nil {
			return nil, err
		}
		sys.open[name] = s
		setting := addrOf[name]
		if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", p.settings.get(setting)); err != nil {
			return nil, fmt.Errorf("%s: %w", setting, err)
		}
		if s.jobs, err = sqldb.NewJobs(s.db, p.logger); err != nil {
			return nil, err
		}
		s.work = map[string]sqldb.Work{
			"clean_access": func(ctx context.Context, _ string) error { return s.access.DeleteExpired(ctx) },
			"keep_tokens":  func(ctx context.Context, _ string) error { return p.settings.keepOwnTokens(ctx, sys.open) },
			"checkpoint":   func(ctx context.Context, _ string) error { return s.db.Checkpoint(ctx) },
		}
		s.every = []sqldb.Every{{Name: "clean_access", Interval: cleanEvery}, {Name: "keep_tokens", Interval: 24 * time.Hour}, {Name: "checkpoint", Interval: time.Minute}}
	}
	if err := p.settings.keepOwnTokens(ctx, sys.open); err != nil {
		return nil, err
	}
	for _, name := range services {
		s, here := sys.open[name]
		if !here {
			continue
		}
		switch name {
		case "dqt":
			err = sys.buildDQT(s)
		case "desk":
			err = sys.buildDesk(ctx, s)
		case "tra":
			err = sys.buildTRA(s)
		case "cpd":
			err = sys.buildCPD(ctx, s)
		}
		if err != nil {
			return nil, err
		}
	}
	if govuk.Missing() {
		p.logger.Warn("the pages have no style: their assets are missing; make build brings them")
	}
	return sys, nil
}

// secrets makes what is missing where everything runs here, and refuses a start
// without it elsewhere.
func (p *program) secrets(roles map[string]bool) error {
	all := roles["cpd"] && roles["tra"] && roles["dqt"] && (roles["desk"] || p.settings.get(setZendeskURL) != "")
	if all && p.settings.get(setDatabase) == "" {
		if err := p.settings.generate(); err != nil {
			return err
		}
	}
	return p.settings.missing(roles)
}

// cleanEvery is how often sessions and links that are over are deleted.
const cleanEvery = 5 * time.Minute

func (sys *system) close() {
	for _, name := range services {
		if s, here := sys.open[name]; here {
			s.close(sys.p.logger)
		}
	}
}

// address is where a service that runs here is reached.
func (s *service) address() string { return "http://" + s.listener.Addr().String() }

// url is where the others reach a service.
func (sys *system) url(name string) (string, error) {
	if set := sys.p.settings.get(urlOf[name]); set != "" {
		return set, nil
	}
	if s, here := sys.open[name]; here {
		return s.address(), nil
	}
	return "", fmt.Errorf("%s is missing: %s does not run here", urlOf[name], name)
}

// https tells whether people reach a service over https.
func (sys *system) https(s *service) bool { return strings.HasPrefix(sys.public(s), "https:") }

// public is a service's URL for people.
func (sys *system) public(s *service) string {
	if set := sys.p.settings.get(publicOf[s.name]); set != "" {
		return strings.TrimRight(set, "/")
	}
	return s.address()
}

func (sys *system) buildDQT(s *service) (err error) {
	sys.dqt = sys.p.register(s)
	mux := http.NewServeMux()
	s.api = httpd.NewAPI(mux, httpd.APIOptions{Title: "traid register", Version: "1", Description: dqtapi.Description, Auth: s.access, Logger: sys.p.logger})
	dqtapi.Mount(s.api, sys.dqt)
	s.handler, err = httpd.Site(mux, httpd.SiteOptions{Service: s.name, Logger: sys.p.logger, Ready: s.ready})
	return err
}

func (sys *system) buildDesk(ctx context.Context, s *service) (err error) {
	p := sys.p
	allowed, err := webhook.ParseNetworks(p.settings.get(setDeskNetworks))
	if err != nil {
		return err
	}
	if s.loopback() { // whoever reaches the desk reaches this machine's services without it
		allowed = append(allowed, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	sys.desk = desk.NewService(desksql.NewStore(s.db, s.jobs), desk.Options{
		Now: p.now, ExportDelay: p.exportDelay, SearchDelay: p.settings.duration(setDeskSearch), Sender: deskports.NewSender(allowed, p.now),
	})
	if err := sys.desk.Seed(ctx); err != nil {
		return err
	}
	if traURL, err := sys.url("tra"); err == nil && p.settings.get(setZendeskHook) != "" { // the sweep sees everything in any case
		if err := sys.desk.KeepWebhook(ctx, "TRA API", strings.TrimRight(traURL, "/")+traapi.WebhookPath, p.settings.get(setZendeskHook)); err != nil {
			return err
		}
	}
	limits, _ := deskapi.PlanLimits(p.settings.get(setDeskPlan)) // without a plan none
	mux := http.NewServeMux()
	deskapi.Mount(mux, sys.desk, s.access, deskapi.Options{PublicURL: sys.public(s), Limits: limits, Logger: p.logger})
	s.work["close_old_tickets"] = func(ctx context.Context, _ string) error { return sys.desk.CloseOld(ctx) }
	s.work["clean_desk"] = func(ctx context.Context, _ string) error { return sys.desk.Clean(ctx) }
	s.work[desk.TaskDeliver] = sys.desk.Deliver
	s.work["deliver_due_webhooks"] = func(ctx context.Context, _ string) error { return sys.desk.DeliverDue(ctx) }
	s.every = append(s.every, sqldb.Every{Name: "close_old_tickets", Interval: time.Hour}, sqldb.Every{Name: "clean_desk", Interval: time.Hour},
		sqldb.Every{Name: "deliver_due_webhooks", Interval: time.Minute})
	s.handler, err = httpd.Site(mux, httpd.SiteOptions{Service: s.name, Logger: sys.p.logger, Ready: s.ready, HTTPS: sys.https(s), LenientOrigin: true})
	return err
}

func (sys *system) buildTRA(s *service) error {
	p := sys.p
	registerURL, err := sys.url("dqt")
	if err != nil {
		return err
	}
	deskURL, err := sys.url("desk")
	if err != nil {
		return err
	}
	account := p.settings.zendesk(deskURL, p.now)
	sys.account = zendesk.New(account)
	details := tra.DetailsClaim
	if p.settings.get(setZendeskURL) != "" {
		details = tra.DetailsReference
		if account.ClientID == "" && account.Email != "" {
			p.logger.Warn("the Zendesk account is called with an API token: Zendesk ends them on 30 April 2027; set " + setZendeskID + " and " + setZendeskKey)
		}
	}
	if set := p.settings.get(setDetails); set != "" {
		details = tra.Details(set)
	}
	register := traports.NewRegister(dqtv1.NewClient(httpd.ClientOptions{BaseURL: registerURL, Token: p.settings.get(setTRADQTToken)}))
	store := trasql.NewStore(s.db, s.jobs)
	sys.tra = tra.New(store, traports.NewHelpdesk(sys.account, store, p.now), register, traports.NewAnnouncer(sys.guard(), p.now),
		[]byte(p.settings.get(setTRAHashKey)), p.now, tra.Options{
			ReleaseAfter: p.settings.duration(setReleaseAfter), SweepEvery: p.settings.duration(setSweepEvery),
			Retain:  p.settings.duration(setRetain),
			Details: details, PublicURL: sys.public(s), Logger: p.logger,
		})
	for _, kind := range tra.TaskKinds() {
		s.work[string(kind)] = func(ctx context.Context, id string) error { return sys.tra.Work(ctx, kind, tra.RequestID(id)) }
	}
	s.work["tra_work_due"] = func(ctx context.Context, _ string) error { return sys.tra.WorkDue(ctx) }
	s.every = append(s.every, sqldb.Every{Name: "tra_work_due", Interval: p.settings.duration(setSweepEvery)})
	if p.settings.get(setZendeskURL) != "" {
		s.work["tra_check_helpdesk"] = func(ctx context.Context, _ string) error { return sys.watchHelpdesk(ctx) }
		s.every = append(s.every, sqldb.Every{Name: "tra_check_helpdesk", Interval: time.Hour})
	}

	mux := http.NewServeMux()
	s.api = httpd.NewAPI(mux, httpd.APIOptions{Title: "traid TRA API", Version: "1", Description: traapi.Description, Auth: s.access, Logger: p.logger})
	traapi.Mount(s.api, sys.tra)
	if secret := p.settings.get(setZendeskHook); secret != "" {
		traapi.MountWebhook(mux, sys.tra, secret, p.now)
	}
	sessions := access.NewSessions(s.access, "tra_session", sys.https(s))
	gate := signin.New(signin.Options{
		Accounts: s.access, Sessions: sessions, Home: "/", Command: "traid operator add EMAIL --roles operator --service tra",
		Page: traconsole.Page, ErrorPage: traconsole.ErrorPage, Refused: !s.loopback(), Provider: sys.provider(s), Logger: p.logger,
		Keep: traconsole.KeepForm(sys.tra), Key: []byte(p.settings.get(setTRAHashKey)),
	})
	gate.Mount(mux)
	traconsole.Mount(mux, sys.tra, gate, traconsole.Options{Cookie: sessions.Cookie.Name, Sessions: sessions, Accounts: s.access.Accounts, Contact: p.settings.get(setTRAAddress), Retain: p.settings.duration(setRetain), Now: p.now, Logger: p.logger})
	s.handler, err = httpd.Site(mux, httpd.SiteOptions{Service: s.name, Logger: p.logger, Ready: s.ready, HTTPS: sys.https(s), Wrap: access.LoadAndSave(sessions), ErrorPage: traconsole.ErrorPage})
	return err
}

func (sys *system) buildCPD(ctx context.Context, s *service) error {
	p := sys.p
	registerURL, err := sys.url("dqt")
	if err != nil {
		return err
	}
	traURL, err := sys.url("tra")
	if err != nil {
		return err
	}
	mailer, err := p.mailer(ctx)
	if err != nil {
		return err
	}
	theTRA := trav1.NewClient(httpd.ClientOptions{BaseURL: traURL, Token: p.settings.get(setCPDTRAToken)})
	sys.cpd = cpd.New(cpdsql.NewStore(s.db, s.jobs),
		cpdports.NewTRA(theTRA),
		cpdports.NewRegister(dqtv1.NewClient(httpd.ClientOptions{BaseURL: registerURL, Token: p.settings.get(setCPDDQTToken)})),
		[]byte(p.settings.get(setCPDHashKey)), p.now, cpd.Options{
			PollEvery: p.settings.duration(setPollEvery), PollJitter: p.settings.duration(setPollEvery) / jitterPart,
			PublicURL: sys.public(s), TRAAddress: p.settings.get(setTRAAddress), Mailer: mailer, Logger: p.logger,
		})
	for _, kind := range cpd.TaskKinds() {
		s.work[string(kind)] = func(ctx context.Context, id string) error { return sys.cpd.Work(ctx, kind, id) }
	}
	s.work["cpd_work_due"] = func(ctx context.Context, _ string) error { return sys.cpd.WorkDue(ctx) }
	s.work[pollJob] = func(ctx context.Context, _ string) error { return sys.cpd.Poll(ctx) }
	s.work[registerJob] = func(ctx context.Context, _ string) error { return sys.registerWebhook(ctx, theTRA) }
	s.every = append(s.every, sqldb.Every{Name: "cpd_work_due", Interval: time.Minute}, sqldb.Every{Name: registerJob, Interval: time.Hour})

	mux := http.NewServeMux()
	sessions := access.NewSessions(s.access, "cpd_session", sys.https(s))
	pages := cpdweb.New(sys.cpd, cpdweb.Options{
		Sessions: sessions, Accounts: s.access, SignInCommand: "traid operator add EMAIL --roles ROLE --service cpd", SignInRefused: !s.loopback(), SignInProvider: sys.provider(s), OpenOutbox: p.openOutbox && s.loopback(),
		Contact: p.settings.get(setTRAAddress), WebhookSecrets: strings.Fields(p.settings.get(setWebhookKey)),
		TRARetain: p.settings.duration(setRetain),
		Poll:      func() { sys.kick(s, pollJob) },
		Now:       p.now, Logger: p.logger,
	})
	pages.Mount(mux)
	s.api = httpd.NewAPI(mux, httpd.APIOptions{Title: "traid Manage CPD", Version: "1", Description: cpdapi.Description, Auth: s.access, Logger: p.logger})
	cpdapi.Mount(s.api, sys.cpd)
	s.handler, err = httpd.Site(mux, httpd.SiteOptions{Service: s.name, Logger: p.logger, Ready: s.ready, HTTPS: sys.https(s), Wrap: access.LoadAndSave(sessions), ErrorPage: pages.ErrorPage, MaxBody: cpdweb.MaxBody})
	return err
}

// provider gives the OpenID provider by which people sign in to a service, nil
// where one-time links let them in.
func (sys *system) provider(s *service) *signin.Provider {
	names := providerOf[s.name]
	if sys.p.settings.get(names[0]) == "" {
		return nil
	}
	return &signin.Provider{
		Issuer: sys.p.settings.get(names[0]), ClientID: sys.p.settings.get(names[1]), ClientSecret: sys.p.settings.get(names[2]),
		Base: sys.public(s), Now: sys.p.now,
	}
}

// guard says where clients may be told: at public addresses, where the setting
// allows it, and here.
func (sys *system) guard() webhook.Guard {
	networks, _ := webhook.ParseNetworks(sys.p.settings.get(setWebhookAllow)) // checked with the settings
	g := webhook.Guard{Networks: networks}
	if s, here := sys.open["cpd"]; here {
		if at, err := netip.ParseAddrPort(s.listener.Addr().String()); err == nil {
			g.Places = append(g.Places, at)
			if at.Addr().IsUnspecified() { // every address of this machine, of which one is called
				g.Places = append(g.Places, netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port()))
			}
		}
	}
	return g
}

// registerWebhook tells the TRA API where to announce answers to Manage CPD.
func (sys *system) registerWebhook(ctx context.Context, client *trav1.Client) error {
	at, err := sys.url("cpd")
	if err != nil {
		return err
	}
	_, err = client.PutWebhook(ctx, trav1.WebhookRequest{
		URL: strings.TrimRight(at, "/") + cpdweb.WebhookPath, Secrets: strings.Fields(sys.p.settings.get(setWebhookKey)),
	})
	if fault.Is(err, fault.Invalid) {
		sys.p.logger.WarnContext(ctx, "the TRA API does not announce answers to this address: they are polled; set "+setCPDURL+" here, or "+setWebhookAllow+" there", "error", err)
		return nil
	}
	return err
}

// kick has a job of a service done soon.
func (sys *system) kick(s *service, job string) {
	ctx, cancel := context.WithTimeout(context.Background(), jobsStopTimeout)
	defer cancel()
	if err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.jobs.InsertTx(ctx, tx, sqldb.Job{Name: job}, time.Time{})
	}); err != nil {
		sys.p.logger.Error("a job was not begun", "service", s.name, "job", job, "error", err)
	}
}

// pollJob is the poll that a webhook asks for; registerJob asks for the webhook.
const (
	pollJob     = "cpd_poll"
	registerJob = "cpd_register_webhook"
)

// jitterPart is which part of the time between two polls a poll may come
// earlier, so that clients do not all poll at once.
const jitterPart = 24

// loopback tells whether only this machine reaches the service: local accounts
// sign in nowhere else.
func (s *service) loopback() bool {
	at, err := netip.ParseAddrPort(s.listener.Addr().String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// serve serves until ctx ends or a service fails. started is called once
// everything answers.
func (sys *system) serve(ctx context.Context, jobs bool, started func() error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	errs := make(chan error, 3*len(sys.open)+1) // room for all that is ever sent: nobody waits
	for _, name := range services {
		s, here := sys.open[name]
		if !here {
			continue
		}
		sys.p.logger.Info("serving", "service", name, "address", s.listener.Addr().String())
		// Before it is called: what a process that died held is freed first. Its own
		// context: running jobs are let finish after ctx has ended.
		if jobs {
			if err := s.jobs.Start(context.WithoutCancel(ctx), s.work, s.every); err != nil {
				errs <- err
				stop()
				continue
			}
			wait.Go(func() {
				<-ctx.Done()
				end, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobsStopTimeout)
				defer cancel()
				if err := s.jobs.Stop(end); err != nil {
					errs <- err
				}
			})
		}
		wait.Go(func() {
			defer stop()
			if err := httpd.Serve(ctx, s.listener, s.handler, sys.p.logger); err != nil {
				errs <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	if started != nil && ctx.Err() == nil {
		if err := started(); err != nil {
			errs <- err
			stop()
		}
	}
	wait.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// jobsStopTimeout is how long running jobs are let finish.
const jobsStopTimeout = 10 * time.Second
