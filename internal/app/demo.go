package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"traid/internal/cpd"
	"traid/internal/cpd/cpdweb"
	"traid/internal/dqt"
	"traid/internal/fault"
	"traid/internal/signin"
	"traid/internal/synth"
	"traid/internal/tra/traconsole"
)

// demoRecords is the size of the demonstration's register, demoSeed what it is made of.
const (
	demoRecords = 20_000
	demoSeed    = 1
)

// What is shorter in a demonstration than elsewhere, unless it is set.
var demoDefaults = map[string]string{setReleaseAfter: "10s", setSweepEvery: "5s"}

// demoExportDelay is the desk's in a demonstration; Zendesk leaves out a minute.
const demoExportDelay = 2 * time.Second

// demoSchool is the school of a demonstration's tutor.
var demoSchool = cpd.School{URN: "900001", Name: "Ashdown School", LeadProvider: "north-star"}

// The people who work in a demonstration.
var demoStaff = []struct {
	service, email, as string
	roles              []string
}{
	{"tra", "olive.operator@example.org", "an operator", traconsole.Roles()},
	{"tra", "owen.second@example.org", "a second operator, for second review", traconsole.Roles()},
	{"cpd", "ada.admin@example.org", "an administrator of Manage CPD", []string{cpdweb.Administrator}},
	{"cpd", "tess.tutor@example.org", "an induction tutor of " + demoSchool.Name, []string{cpdweb.Tutor}},
}

// demo runs everything with a sample register, which is made at the first
// start, and tells who to be and what to type.
func (p *program) demo(ctx context.Context) error {
	if p.settings.get(setDatabase) != "" {
		return fault.New(fault.Invalid, "The demonstration lets sample people in, so it runs on SQLite in a folder of its own. Unset "+setDatabase+", or use traid serve.")
	}
	if err := p.ownFolder(); err != nil {
		return err
	}
	for name, value := range demoDefaults {
		if p.settings.from[name] == "default" {
			p.settings.values[name], p.settings.from[name] = value, "demo"
		}
	}
	p.exportDelay, p.openOutbox = demoExportDelay, true
	sys, err := p.build(ctx, allRoles())
	if err != nil {
		return err
	}
	defer sys.close()
	state, err := sys.dqt.State(ctx)
	if err != nil {
		return err
	}
	if state.Records == 0 {
		if err := p.importSample(ctx, sys.dqt); err != nil {
			return err
		}
		if state, err = sys.dqt.State(ctx); err != nil {
			return err
		}
	}
	return sys.serve(ctx, true, func() error { return sys.introduce(ctx, state.Records) })
}

// demoMark is the file that marks a data folder as a demonstration's.
const demoMark = "demonstration"

// ownFolder refuses a data folder that is in use for something else.
func (p *program) ownFolder() error {
	dir := p.settings.get(setData)
	mark := filepath.Join(dir, demoMark)
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fault.New(fault.Invalid, "The data folder is in use and is no demonstration's. Set "+setData+" to another one, or use traid serve.")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte("The data here is a demonstration's.\n"), 0o600)
}

// importSample brings the invented teachers and the cast into the register.
func (p *program) importSample(ctx context.Context, register *dqt.Service) error {
	var sample bytes.Buffer
	if err := synth.WriteSample(&sample, demoSeed, demoRecords); err != nil {
		return err
	}
	_, err := register.Import(ctx, &sample, dqt.ImportOptions{Size: int64(sample.Len()), Progress: p.progress()})
	return err
}

// introduce prints the addresses, the cast and how to sign in.
func (sys *system) introduce(ctx context.Context, records int) error {
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)
	line := func(cells ...string) { fmt.Fprintln(t, "  "+strings.Join(cells, "\t")) }
	section := func(title string) { fmt.Fprintf(t, "\n%s\n", title) }

	section("Everything runs. Stop with Ctrl-C; started again it carries on.")
	line("Manage CPD", sys.open["cpd"].address(), "where a person registers")
	line("the TRA API and console", sys.open["tra"].address(), "where operators work")
	if s, here := sys.open["desk"]; here {
		line("the desk", s.address(), "in the place of the TRA's Zendesk")
	}
	line("the register", sys.open["dqt"].address(), fmt.Sprintf("%d invented teachers", records))

	section("Register at " + sys.open["cpd"].address() + " as one of these. What is not given is not known to them: say so.")
	line("WHO", "NAME", "BORN", "TRN", "NI NUMBER", "EMAIL", "AND THEN")
	for _, m := range synth.Cast() {
		born, err := time.Parse(time.DateOnly, m.DateOfBirth)
		if err != nil {
			return err
		}
		line(m.Part, m.FirstName+" "+m.LastName, born.Format("2 1 2006"), orDash(m.TRN), orDash(m.NINO), m.Email, m.Then)
	}
	section("Sign in by these links, each once within a day:")
	for _, who := range demoStaff {
		s := sys.open[who.service]
		if slices.Contains(who.roles, cpdweb.Tutor) {
			if err := errors.Join(sys.cpd.PutSchool(ctx, demoSchool), sys.cpd.PutTutor(ctx, who.email, demoSchool.URN)); err != nil {
				return err
			}
		}
		link, err := s.access.AddAccount(ctx, who.email, who.roles)
		if err != nil {
			return err
		}
		line(who.as, sys.public(s)+signin.Path+"/"+link)
	}
	section("Mails go to nobody. Read them, with the codes and links in them, at " + sys.public(sys.open["cpd"]) + cpdweb.OpenOutboxPath)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := sys.p.stdout.Write(out.Bytes())
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
