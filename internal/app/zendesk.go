package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"traid/internal/fault"
	"traid/internal/tra/traapi"
	"traid/internal/tra/traports"
	"traid/internal/zendesk"
)

// How many calls a minute the helpdesk is asked to take: of a Zendesk account
// less than its smallest limit, 200; of our own desk what it gives a client.
const (
	zendeskPerMinute = 150
	deskPerMinute    = 600
)

// zendesk says how the TRA API calls the helpdesk at url.
func (s Settings) zendesk(url string, now func() time.Time) zendesk.Options {
	o := zendesk.Options{
		BaseURL: url, Now: now, PerMinute: deskPerMinute, Email: s.get(setZendeskEmail), Token: s.get(setZendeskToken),
		ClientID: s.get(setZendeskID), ClientSecret: s.get(setZendeskKey), Scopes: s.get(setZendeskScope),
	}
	if s.get(setZendeskURL) != "" {
		o.PerMinute = zendeskPerMinute
	}
	return o
}

// setupScopes are those that an account is set up with, where none are set.
const setupScopes = "read write"

// accountSetup looks at the account, or at the desk that runs here.
func (p *program) accountSetup(scopes string) (*traports.Setup, error) {
	if err := p.settings.readKept(); err != nil {
		return nil, err
	}
	at := p.settings.get(setZendeskURL)
	if at == "" {
		at = "http://" + p.settings.get(setDeskAddr)
	}
	o := p.settings.zendesk(at, p.now)
	o.PerMinute = 0 // a few dozen calls, by hand
	if scopes != "" && p.settings.from[setZendeskScope] == "default" {
		o.Scopes = scopes
	}
	if o.ClientID == "" && o.Token == "" {
		return nil, fault.New(fault.Invalid, "There are no credentials for the helpdesk: set "+setZendeskID+" and "+setZendeskKey+".")
	}
	return p.setup(zendesk.New(o)), nil
}

func (p *program) setup(account *zendesk.Client) *traports.Setup {
	return traports.NewSetup(account, traports.Hook(p.settings.get(setPublicTRA), traapi.WebhookPath), p.settings.get(setZendeskHook), p.now)
}

// checkHelpdesk prints how the account is; an error when it is not as it has to be.
func (p *program) checkHelpdesk(ctx context.Context) error {
	s, err := p.accountSetup("")
	if err != nil {
		return err
	}
	found, err := s.Check(ctx)
	if err != nil {
		return notMet(err)
	}
	return p.printFindings(found)
}

// setUpHelpdesk makes what the account lacks, and says what is to be set here.
func (p *program) setUpHelpdesk(ctx context.Context) error {
	s, err := p.accountSetup(setupScopes)
	if err != nil {
		return err
	}
	found, err := s.Make(ctx)
	if err != nil {
		return notMet(err)
	}
	wrong := p.printFindings(found)
	secret, err := s.Secret(ctx)
	if err != nil {
		return notMet(err)
	}
	if secret != "" && secret != p.settings.get(setZendeskHook) {
		fmt.Fprintf(p.stdout, "Set %s, here and where the TRA API runs, to the webhook's secret: %s\n", setZendeskHook, secret)
	}
	return wrong
}

// notMet says that an account could not be asked, and what may mend it.
func notMet(err error) error {
	e, known := errors.AsType[*zendesk.Error](err)
	switch {
	case known && e.Kind == zendesk.Credentials:
		return fmt.Errorf("the helpdesk was reached and refuses our credentials, or what we ask with them: check %s, %s and the scopes: %w", setZendeskID, setZendeskKey, err)
	case known:
		return fmt.Errorf("the helpdesk could not be asked: %w", err)
	}
	return err
}

func (p *program) printFindings(found []traports.Finding) error {
	t := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	bad := 0
	for _, f := range found {
		if f.Bad() {
			bad++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Standing, f.What, f.Why)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("The helpdesk is not as it has to be, in %d things.", bad))
	}
	return nil
}

// meetTimeout bounds how long a start waits for the account.
const meetTimeout = 20 * time.Second

// meetHelpdesk looks at the account before anything is served. One that cannot
// be reached is looked at again every hour, and what is to be done waits for it;
// one that was reached and is wrong keeps the start from going on.
func (sys *system) meetHelpdesk(ctx context.Context) error {
	if _, here := sys.open["tra"]; !here || sys.p.settings.get(setZendeskURL) == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, meetTimeout)
	defer cancel()
	wrong, err := sys.lookAtHelpdesk(ctx)
	if zendesk.Is(err, zendesk.Credentials) {
		return notMet(err)
	}
	if err != nil {
		sys.p.logger.Warn("the Zendesk account could not be reached: requests are taken, and their tickets are made when it answers", "error", err)
		return nil
	}
	if len(wrong) > 0 {
		return fault.New(fault.Conflict, "The Zendesk account is not as it has to be; traid zendesk check says more, traid zendesk setup makes what is missing.\n"+strings.Join(wrong, "\n"))
	}
	return nil
}

// watchHelpdesk looks at the account again while everything runs.
func (sys *system) watchHelpdesk(ctx context.Context) error {
	wrong, err := sys.lookAtHelpdesk(ctx)
	if err != nil {
		sys.p.logger.WarnContext(ctx, "the Zendesk account could not be looked at", "error", err)
	}
	for _, each := range wrong {
		sys.p.logger.ErrorContext(ctx, "the Zendesk account is not as it has to be", "what", each)
	}
	return nil
}

// lookAtHelpdesk gives what keeps the account from being used.
func (sys *system) lookAtHelpdesk(ctx context.Context) ([]string, error) {
	found, err := sys.p.setup(sys.account).CheckFields(ctx)
	var wrong []string
	for _, f := range found {
		if f.Bad() {
			wrong = append(wrong, f.What+": "+f.Why)
		}
	}
	return wrong, err
}
