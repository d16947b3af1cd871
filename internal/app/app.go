// Package app is the program: its commands, its settings, and the services
// wired together by hand. It is the one package that knows all the others.
package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"github.com/schollz/progressbar/v3"

	"traid/internal/access"
	"traid/internal/dqt"
	"traid/internal/fault"
	"traid/internal/synth"
	"traid/internal/wire/dqtv1"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// demoRecords is the size of the demonstration's register, demoSeed what it is made of.
const (
	demoRecords = 20_000
	demoSeed    = 1
)

// tokenLife is how long a token is good for unless said otherwise.
const tokenLife = 365 * 24 * time.Hour

type cli struct {
	Demo    struct{} `cmd:"" help:"Run everything that there is, with a sample register."`
	Serve   struct{} `cmd:"" help:"Run the services."`
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
		Out     string `required:"" help:"Register file to write."`
		Records int    `default:"20000" help:"How many invented teachers."`
		Seed    uint64 `default:"1" help:"The same seed gives the same file."`
	} `cmd:"" help:"Write a register of invented teachers."`
	Token struct {
		Create struct {
			Service string        `arg:"" enum:"dqt" help:"The service it is for: dqt."`
			Client  string        `arg:"" help:"Who it is for."`
			Scopes  []string      `required:"" help:"What it may be used for, separated by commas."`
			Life    time.Duration `help:"How long it is good for; a year when left out."`
		} `cmd:"" help:"Make a token and print it, this once."`
		List struct {
			Service string `arg:"" enum:"dqt" help:"The service: dqt."`
		} `cmd:"" help:"List the tokens."`
		Revoke struct {
			Service string `arg:"" enum:"dqt" help:"The service: dqt."`
			ID      string `arg:"" help:"The token's id, from list."`
		} `cmd:"" help:"End a token at once."`
	} `cmd:"" help:"Tokens of programs that call a service."`
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
}

func (p *program) run(ctx context.Context, command string, c *cli) error {
	name, _, _ := strings.Cut(command, " <")
	switch name {
	case "config":
		return p.settings.print(p.stdout)
	case "synth":
		return writeFile(c.Synth.Out, 0o644, func(w io.Writer) error { return synth.WriteRegister(w, c.Synth.Seed, c.Synth.Records) })
	}
	register, err := p.openRegister(ctx, name == "migrate")
	if err != nil {
		return err
	}
	defer register.close(p.logger)
	switch name {
	case "migrate":
		fmt.Fprintln(p.stdout, "The databases are of this program's version.")
		return nil
	case "serve":
		return p.serve(ctx, register, nil)
	case "demo":
		return p.demo(ctx, register)
	case "import":
		return p.importFile(ctx, register.svc, c.Import.File, c.Import.Complete, c.Import.IncludeValues)
	case "match":
		return p.matchFile(ctx, register.svc, c.Match.Claims, c.Match.Out)
	case "token create":
		life := c.Token.Create.Life
		if life == 0 {
			life = tokenLife
		}
		return p.createToken(ctx, register.access, c.Token.Create.Client, c.Token.Create.Scopes, life)
	case "token list":
		return p.listTokens(ctx, register.access)
	case "token revoke":
		return register.access.RevokeToken(ctx, c.Token.Revoke.ID)
	}
	return fmt.Errorf("there is no command %q", name)
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

func (p *program) createToken(ctx context.Context, store *access.Store, client string, scopes []string, life time.Duration) error {
	known := []string{dqtv1.ScopeIdentify, dqtv1.ScopeAlertExists, dqtv1.ScopeAlerts, dqtv1.ScopeSearch}
	for _, s := range scopes {
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+s+" ") {
			return fault.New(fault.Invalid, "There is no such scope. The scopes of dqt are "+strings.Join(known, ", ")+".")
		}
	}
	token, err := store.CreateToken(ctx, client, scopes, life)
	if err == nil {
		fmt.Fprintln(p.stdout, token)
	}
	return err
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

// demo runs the services with a sample register, which is made at the first start.
func (p *program) demo(ctx context.Context, r *registerService) error {
	shown, err := r.svc.State(ctx)
	if err != nil {
		return err
	}
	if shown.Records == 0 {
		var sample bytes.Buffer
		if err := synth.WriteRegister(&sample, demoSeed, demoRecords); err != nil {
			return err
		}
		if _, err := r.svc.Import(ctx, &sample, dqt.ImportOptions{Size: int64(sample.Len()), Progress: p.progress()}); err != nil {
			return err
		}
	}
	return p.serve(ctx, r, func(address string) error {
		token, err := r.access.CreateToken(ctx, "demo", []string{dqtv1.ScopeIdentify, dqtv1.ScopeSearch}, 24*time.Hour)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, `
The register of %d invented teachers is at http://%s
Ask it, for a day, with this token:

  curl -s http://%s/api/v1/teachers/search -H 'Authorization: Bearer %s' \
    -H 'Content-Type: application/json' -d '{"query":"smith 1975","purpose":"a first look"}'

Its document: http://%s/api/v1/openapi.json    Stop with Ctrl-C.
`, max(demoRecords, shown.Records), address, address, token, address)
		return nil
	})
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
