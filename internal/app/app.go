// Package app is the program: its commands, its settings, and the services
// wired together by hand. It is the one package that knows all the others.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"github.com/schollz/progressbar/v3"

	"traid/internal/access"
	"traid/internal/cpd"
	"traid/internal/cpd/cpdsql"
	"traid/internal/cpd/cpdweb"
	"traid/internal/dqt"
	"traid/internal/fault"
	"traid/internal/signin"
	"traid/internal/tra/traconsole"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// tokenLife is how long a token is good for unless said otherwise.
const tokenLife = 365 * 24 * time.Hour

type cli struct {
	Demo  struct{} `cmd:"" help:"Run everything with a sample register and sample people."`
	Serve struct {
		Roles []string `default:"cpd,tra,dqt,desk" help:"Which services run here: cpd, tra, dqt, desk."`
	} `cmd:"" help:"Run the services."`
	Migrate struct{} `cmd:"" help:"Bring the databases to this program's version."`
	Import  struct {
		File          string `arg:"" help:"Register CSV, UTF-8 with a header."`
		Complete      bool   `help:"The file is the whole register: records that are not in it go."`
		IncludeValues bool   `help:"Write the values of refused rows into FILE.rejected.csv too."`
	} `cmd:"" help:"Take a register file into the register."`
	Match struct {
		Claims string `arg:"" help:"Claims CSV, UTF-8 with a header."`
		Out    string `required:"" help:"File to write the results to."`
	} `cmd:"" help:"Check many claims at once."`
	Synth struct {
		Out        string   `required:"" help:"Folder to write the files into."`
		Records    int      `default:"20000" help:"How many records."`
		Seed       uint64   `default:"1" help:"The same seed gives the same register."`
		Sample     bool     `help:"Only NI numbers that nobody can have: they begin with QQ."`
		Claims     int      `help:"How many claims on it, of each mix."`
		Mix        []string `default:"typical" enum:"typical,hard,names" help:"What claims are like: typical, hard (three times the errors, fewer identifiers), names (name and date of birth alone)."`
		ClaimsSeed uint64   `default:"1" help:"The same seed gives the same claims."`
		Errors     float64  `default:"1" help:"How many times a mix's errors."`
		OnlyClaims bool     `help:"Leave the register's file unwritten."`
	} `cmd:"" help:"Write a register of invented teachers, and claims on it with the truth."`
	Evaluate struct {
		Claims     string `arg:"" help:"Claims CSV with the truth: the column true_trn, empty for who is in no record. Figures are also given by every further column."`
		Out        string `required:"" help:"Folder for evaluation.json, evaluation.svg and misses.md."`
		Thresholds string `help:"The evaluation.json of other claims, whose thresholds are tested on these."`
		Model      string `help:"Table of parameters to use in the place of the program's."`
		Fit        string `help:"File to write parameters to that are estimated from the claims, without their truth, for --model."`
	} `cmd:"" help:"Measure the engine on claims whose truth is known, with the register here."`
	Token struct {
		Create struct {
			Service string        `arg:"" enum:"tra,dqt,desk,cpd" help:"The service it is for: tra, dqt, desk or cpd (for a lead provider, which is the client)."`
			Client  string        `arg:"" help:"Who it is for."`
			Scopes  []string      `required:"" help:"What it may be used for, separated by commas."`
			Life    time.Duration `help:"How long it is good for; a year when left out."`
		} `cmd:"" help:"Make a token and print it, this once."`
		List struct {
			Service string `arg:"" enum:"tra,dqt,desk,cpd" help:"The service: tra, dqt, desk or cpd."`
		} `cmd:"" help:"List the tokens."`
		Revoke struct {
			Service string `arg:"" enum:"tra,dqt,desk,cpd" help:"The service: tra, dqt, desk or cpd."`
			ID      string `arg:"" help:"The token's id, from list."`
		} `cmd:"" help:"End a token at once."`
	} `cmd:"" help:"Tokens of programs that call a service."`
	Operator struct {
		Add struct {
			Email   string   `arg:"" help:"Whom."`
			Roles   []string `required:"" help:"What they may do, separated by commas. tra: operator, barring, supervisor, administrator; cpd: administrator, tutor."`
			Service string   `default:"tra" enum:"tra,cpd" help:"Where: tra (the console) or cpd (Manage CPD)."`
			School  string   `help:"A tutor's school, by its unique reference number (URN)."`
		} `cmd:"" help:"Let a person in, and print a sign-in link that works once."`
		List struct {
			Service string `default:"tra" enum:"tra,cpd" help:"Where: tra or cpd."`
		} `cmd:"" help:"List the people who may sign in."`
		Disable struct {
			Email   string `arg:"" help:"Whom."`
			Service string `default:"tra" enum:"tra,cpd" help:"Where: tra or cpd."`
		} `cmd:"" help:"Keep a person out from now on."`
	} `cmd:"" help:"People who sign in to the console or to Manage CPD's administration."`
	School struct {
		Add struct {
			URN          string `arg:"" help:"The school's unique reference number."`
			Name         string `arg:"" help:"What it is called."`
			LeadProvider string `help:"The client whose tokens read its participants."`
		} `cmd:"" help:"Make a school known, or change what is known of it."`
		List struct{} `cmd:"" help:"List the schools."`
	} `cmd:"" help:"Schools whose tutors invite people to Manage CPD."`
	Notify struct {
		Check     struct{} `cmd:"" help:"Hold the account's templates to the mails that are sent by them."`
		Templates struct{} `cmd:"" help:"Print the templates that the account needs."`
	} `cmd:"" help:"The GOV.UK Notify account that sends Manage CPD's mails."`
	Zendesk struct {
		Check struct{} `cmd:"" help:"Look whether the helpdesk is as it has to be; changes nothing."`
		Setup struct{} `cmd:"" help:"Make what the helpdesk lacks; what is there stays as it is."`
	} `cmd:"" help:"The TRA's Zendesk account, or the desk that runs here in its place."`
	Config struct{} `cmd:"" help:"Print every setting in force."`
}

// Run runs one command and gives the exit code.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("traid"), kong.Description("Finds each teacher's record, with a person's help where a rule cannot."),
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { code = n }))
	if err != nil {
		fmt.Fprintln(stderr, "traid:", err)
		return exitError
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "traid: %v. See traid --help.\n", err)
		return exitUsage
	}
	settings, err := readSettings(getenv)
	if err != nil {
		fmt.Fprintf(stderr, "traid: these settings are wrong:\n%v\n", err)
		return exitUsage
	}
	p := &program{settings: settings, stdout: stdout, stderr: stderr, logger: newLogger(stderr, settings.get(setLogLevel)), now: time.Now}
	if err := p.run(ctx, parsed.Command(), &c); err != nil {
		fmt.Fprintf(stderr, "traid: %s\n", err)
		return exitError
	}
	return exitOK
}

func newLogger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // checked with the settings
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}

// program is one run of a command.
type program struct {
	settings       Settings
	stdout, stderr io.Writer
	logger         *slog.Logger
	now            func() time.Time
	exportDelay    time.Duration // of the desk; its default when zero
	openOutbox     bool          // everybody reads the mails of Manage CPD
}

func (p *program) run(ctx context.Context, command string, c *cli) error {
	name, _, _ := strings.Cut(command, " <")
	switch name {
	case "config":
		return p.config(ctx)
	case "notify check":
		return p.checkNotify(ctx)
	case "notify templates":
		return p.notifyTemplates()
	case "zendesk check":
		return p.checkHelpdesk(ctx)
	case "zendesk setup":
		return p.setUpHelpdesk(ctx)
	case "synth":
		return p.synth(ctx, c)
	case "migrate":
		return p.migrate(ctx)
	case "serve":
		return p.serve(ctx, c.Serve.Roles)
	case "demo":
		return p.demo(ctx)
	case "import":
		return p.with(ctx, "dqt", func(s *service) error {
			return p.importFile(ctx, p.register(s), c.Import.File, c.Import.Complete, c.Import.IncludeValues)
		})
	case "match":
		return p.with(ctx, "dqt", func(s *service) error { return p.matchFile(ctx, p.register(s), c.Match.Claims, c.Match.Out) })
	case "evaluate":
		return p.with(ctx, "dqt", func(s *service) error { return p.evaluate(ctx, p.register(s), c) })
	case "token create":
		t := c.Token.Create
		if t.Life == 0 {
			t.Life = tokenLife
		}
		return p.with(ctx, t.Service, func(s *service) error { return p.createToken(ctx, s, t.Client, t.Scopes, t.Life) })
	case "token list":
		return p.with(ctx, c.Token.List.Service, func(s *service) error { return p.listTokens(ctx, s.access) })
	case "token revoke":
		return p.with(ctx, c.Token.Revoke.Service, func(s *service) error { return s.access.RevokeToken(ctx, c.Token.Revoke.ID) })
	case "operator add":
		o := c.Operator.Add
		return p.with(ctx, o.Service, func(s *service) error { return p.addOperator(ctx, s, o.Email, o.Roles, o.School) })
	case "school add":
		o := c.School.Add
		return p.with(ctx, "cpd", func(s *service) error {
			return p.manageCPD(s).PutSchool(ctx, cpd.School{URN: cpd.URN(o.URN), Name: o.Name, LeadProvider: o.LeadProvider})
		})
	case "school list":
		return p.with(ctx, "cpd", func(s *service) error { return p.listSchools(ctx, p.manageCPD(s)) })
	case "operator list":
		return p.with(ctx, c.Operator.List.Service, func(s *service) error { return p.listOperators(ctx, s.access) })
	case "operator disable":
		o := c.Operator.Disable
		return p.with(ctx, o.Service, func(s *service) error { return s.access.DisableAccount(ctx, o.Email) })
	}
	return fmt.Errorf("there is no command %q", name)
}

// with opens a service's database for one command.
func (p *program) with(ctx context.Context, name string, do func(s *service) error) error {
	s, err := p.openService(ctx, name, false)
	if err != nil {
		return err
	}
	defer s.close(p.logger)
	return do(s)
}

// migrate brings every service's database to this program's version.
func (p *program) migrate(ctx context.Context) error {
	for _, name := range services {
		s, err := p.openService(ctx, name, true)
		if err != nil {
			return err
		}
		s.close(p.logger)
	}
	fmt.Fprintln(p.stdout, "The databases are of this program's version.")
	return nil
}

// serve runs the services of the roles.
func (p *program) serve(ctx context.Context, names []string) error {
	roles := map[string]bool{}
	for _, name := range names {
		if !slices.Contains(services, name) {
			return fault.New(fault.Invalid, "There is no such role. The roles are "+strings.Join(services, ", ")+".")
		}
		roles[name] = true
	}
	sys, err := p.build(ctx, roles)
	if err != nil {
		return err
	}
	defer sys.close()
	if err := sys.meetHelpdesk(ctx); err != nil {
		return err
	}
	return sys.serve(ctx, true, nil)
}

// allRoles has every service run here.
func allRoles() map[string]bool {
	roles := map[string]bool{}
	for _, name := range services {
		roles[name] = true
	}
	return roles
}

// config prints the settings in force, what the data folder holds of them included.
func (p *program) config(context.Context) error {
	if err := p.settings.readKept(); err != nil {
		return err
	}
	return p.settings.print(p.stdout)
}

// importFile takes a register file in, and writes the refused rows beside it.
func (p *program) importFile(ctx context.Context, svc *dqt.Service, path string, complete, values bool) error {
	file, size, err := openFile(path)
	if err != nil {
		return err
	}
	defer file.Close()
	report, err := svc.Import(ctx, file, dqt.ImportOptions{Complete: complete, Values: values, Size: size, Progress: p.progress()})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d rows: %d new, %d changed (%d merged), %d unchanged, %d gone, %d refused.\n",
		report.Rows, report.New, report.Changed, report.Merged, report.Unchanged, report.Gone, len(report.Rejected))
	for _, w := range report.Warnings[:min(len(report.Warnings), warningsShown)] {
		fmt.Fprintf(p.stdout, "line %d: %s\n", w.Line, w.Reason)
	}
	if more := len(report.Warnings) - warningsShown; more > 0 {
		fmt.Fprintf(p.stdout, "and %d more warnings.\n", more)
	}
	if report.Kept > 0 {
		fmt.Fprintf(p.stdout, "%d records that are not in the file were kept, because the TRN of a refused row cannot be read: mend the file and import it again.\n", report.Kept)
	}
	refused := path + ".rejected.csv"
	if len(report.Rejected) == 0 {
		if err := os.Remove(refused); err != nil && !errors.Is(err, os.ErrNotExist) { // of an earlier try
			return fmt.Errorf("remove the earlier list of refused rows: %w", err)
		}
		return nil
	}
	fmt.Fprintf(p.stdout, "The refused rows are in %s.\n", refused)
	return writeFile(refused, 0o600, func(w io.Writer) error { return dqt.WriteRejections(w, report.Rejected, values) })
}

// warningsShown bounds how many warnings of an import are printed.
const warningsShown = 20

func (p *program) matchFile(ctx context.Context, svc *dqt.Service, claims, out string) error {
	file, size, err := openFile(claims)
	if err != nil {
		return err
	}
	defer file.Close()
	var report dqt.MatchReport
	if err := writeFile(out, 0o600, func(w io.Writer) (err error) {
		report, err = svc.MatchFile(ctx, file, w, dqt.MatchOptions{Size: size, Progress: p.progress()})
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d claims: %d matched, %d not matched, %d refused.\n", report.Claims, report.Matched, report.NotMatched, report.Refused)
	return nil
}

// progress draws a bar on a terminal's standard error, a new one for each stage.
func (p *program) progress() func(dqt.Progress) {
	var bar *progressbar.ProgressBar
	stage := ""
	return func(at dqt.Progress) {
		if at.Stage != stage {
			if bar != nil {
				_ = bar.Finish()
			}
			total := at.Total
			if total == 0 {
				total = -1
			}
			stage = at.Stage
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.stderr), progressbar.OptionSetDescription(stage),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(40), progressbar.OptionShowCount(),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(p.stderr) }))
		}
		_ = bar.Set64(at.Done)
	}
}

func (p *program) createToken(ctx context.Context, s *service, client string, scopes []string, life time.Duration) error {
	known := scopesOf(s.name)
	for _, scope := range scopes {
		if !slices.Contains(known, scope) {
			return fault.New(fault.Invalid, "There is no such scope. The scopes of "+s.name+" are "+strings.Join(known, ", ")+".")
		}
	}
	token, err := s.access.CreateToken(ctx, client, scopes, life)
	if err == nil {
		fmt.Fprintln(p.stdout, token)
	}
	return err
}

// rolesOf lists the roles that a service's people can have.
func rolesOf(service string) []string {
	if service == "cpd" {
		return cpdweb.Roles()
	}
	return traconsole.Roles()
}

// manageCPD is Manage CPD's use cases that ask nobody, on its own database.
func (p *program) manageCPD(s *service) *cpd.Service {
	return cpd.New(cpdsql.NewStore(s.db, nil), nil, nil, nil, p.now, cpd.Options{Logger: p.logger})
}

func (p *program) listSchools(ctx context.Context, svc *cpd.Service) error {
	schools, err := svc.Schools(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "URN\tNAME\tLEAD PROVIDER")
	for _, s := range schools {
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.URN, s.Name, orDash(s.LeadProvider))
	}
	return t.Flush()
}

// addOperator lets a person in and prints a link that signs them in once, or where
// they sign in by the OpenID provider. A tutor is of one school.
func (p *program) addOperator(ctx context.Context, s *service, email string, roles []string, school string) error {
	known := rolesOf(s.name)
	for _, role := range roles {
		if !slices.Contains(known, role) {
			return fault.New(fault.Invalid, "There is no such role. The roles of "+s.name+" are "+strings.Join(known, ", ")+".")
		}
	}
	if tutor := s.name == "cpd" && slices.Contains(roles, cpdweb.Tutor); tutor != (school != "") {
		return fault.New(fault.Invalid, "A tutor, and nobody else, is of a school: give its number by --school.")
	} else if tutor {
		if err := p.manageCPD(s).PutTutor(ctx, email, cpd.URN(school)); fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "There is no such school. Make it known by traid school add.")
		} else if err != nil {
			return err
		}
	}
	link, err := s.access.AddAccount(ctx, email, roles)
	if err != nil {
		return err
	}
	base := p.settings.get(publicOf[s.name])
	if base == "" {
		base = "http://" + p.settings.get(addrOf[s.name])
	}
	at := strings.TrimRight(base, "/") + signin.Path
	if p.settings.get(providerOf[s.name][0]) == "" {
		at += "/" + link // elsewhere links let nobody in
	}
	fmt.Fprintln(p.stdout, at)
	return nil
}

func (p *program) listOperators(ctx context.Context, store *access.Store) error {
	accounts, err := store.Accounts(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "EMAIL\tROLES\tDISABLED")
	for _, a := range accounts {
		disabled := "-"
		if a.Disabled {
			disabled = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", a.Email, strings.Join(a.Roles, ","), disabled)
	}
	return t.Flush()
}

func (p *program) listTokens(ctx context.Context, store *access.Store) error {
	tokens, err := store.Tokens(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tCLIENT\tSCOPES\tEXPIRES\tLAST USED\tREVOKED")
	for _, k := range tokens {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Client, strings.Join(k.Scopes, ","), when(k.ExpiresAt), when(k.LastUsedAt), when(k.RevokedAt))
	}
	return t.Flush()
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func openFile(path string) (*os.File, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return nil, 0, errors.Join(err, file.Close(), errors.New(path+" is no file"))
	}
	return file, info.Size(), nil
}

// writeFile writes a file whole or not at all: beside its place first, then into it.
func writeFile(path string, mode os.FileMode, write func(io.Writer) error) error {
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, path)
}
