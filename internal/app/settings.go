package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"traid/internal/desk/deskapi"
	"traid/internal/dqt"
	"traid/internal/notify"
	"traid/internal/webhook"
)

// setting is one setting of the program: an environment variable. A secret can
// also be read from the file that NAME_FILE names.
type setting struct {
	Name    string
	Default string
	Meaning string
	Secret  bool
	check   func(value string) error
}

// The settings' names.
const (
	setData         = "TRAID_DATA"
	setDatabase     = "TRAID_DATABASE_URL"
	setCPDAddr      = "TRAID_CPD_ADDR"
	setTRAAddr      = "TRAID_TRA_ADDR"
	setDeskAddr     = "TRAID_DESK_ADDR"
	setDQTAddr      = "TRAID_DQT_ADDR"
	setPublicCPD    = "TRAID_PUBLIC_CPD_URL"
	setPublicTRA    = "TRAID_PUBLIC_TRA_URL"
	setPublicDesk   = "TRAID_PUBLIC_DESK_URL"
	setTRAURL       = "TRAID_TRA_URL"
	setDQTURL       = "TRAID_DQT_URL"
	setCPDURL       = "TRAID_CPD_URL"
	setZendeskURL   = "TRAID_ZENDESK_URL"
	setCPDTRAToken  = "TRAID_CPD_TRA_TOKEN"
	setCPDDQTToken  = "TRAID_CPD_DQT_TOKEN"
	setTRADQTToken  = "TRAID_TRA_DQT_TOKEN"
	setZendeskEmail = "TRAID_ZENDESK_EMAIL"
	setZendeskToken = "TRAID_ZENDESK_TOKEN"
	setZendeskID    = "TRAID_ZENDESK_CLIENT_ID"
	setZendeskKey   = "TRAID_ZENDESK_CLIENT_SECRET"
	setZendeskScope = "TRAID_ZENDESK_SCOPES"
	setZendeskHook  = "TRAID_ZENDESK_WEBHOOK_SECRET"
	setDeskPlan     = "TRAID_DESK_PLAN"
	setDeskSearch   = "TRAID_DESK_SEARCH_LAG"
	setDeskNetworks = "TRAID_DESK_WEBHOOK_NETWORKS"
	setWebhookKey   = "TRAID_WEBHOOK_SECRET"
	setWebhookAllow = "TRAID_WEBHOOK_ALLOW"
	setCPDHashKey   = "TRAID_CPD_HASH_KEY"
	setTRAHashKey   = "TRAID_TRA_HASH_KEY"
	setPollEvery    = "TRAID_POLL_EVERY"
	setSweepEvery   = "TRAID_SWEEP_EVERY"
	setReleaseAfter = "TRAID_RELEASE_AFTER"
	setRetain       = "TRAID_RETAIN"
	setDetails      = "TRAID_TICKET_DETAILS"
	setTRAAddress   = "TRAID_TRA_EMAIL"
	setCheck        = "TRAID_AUTOMATIC_CHECK"
	setNotifyKey    = "TRAID_NOTIFY_KEY"
	setNotifyURL    = "TRAID_NOTIFY_URL"
	setCPDIssuer    = "TRAID_CPD_OIDC_ISSUER"
	setCPDClient    = "TRAID_CPD_OIDC_CLIENT_ID"
	setCPDClientKey = "TRAID_CPD_OIDC_CLIENT_SECRET"
	setTRAIssuer    = "TRAID_TRA_OIDC_ISSUER"
	setTRAClient    = "TRAID_TRA_OIDC_CLIENT_ID"
	setTRAClientKey = "TRAID_TRA_OIDC_CLIENT_SECRET"
	setLogLevel     = "TRAID_LOG_LEVEL"
)

// settingsTable lists every setting there is.
var settingsTable = []setting{
	{Name: setData, Default: "traid-data", Meaning: "folder of the SQLite files, one a service, and of what is generated at first start"},
	{Name: setDatabase, Meaning: "PostgreSQL, a schema a service; SQLite when empty", Secret: true, check: checkPostgres},
	{Name: setCPDAddr, Default: "127.0.0.1:8080", Meaning: "address of Manage CPD", check: checkAddr},
	{Name: setTRAAddr, Default: "127.0.0.1:8081", Meaning: "address of the TRA API and the operators' console", check: checkAddr},
	{Name: setDeskAddr, Default: "127.0.0.1:8082", Meaning: "address of the desk", check: checkAddr},
	{Name: setDQTAddr, Default: "127.0.0.1:8083", Meaning: "address of the register service", check: checkAddr},
	{Name: setPublicCPD, Meaning: "URL of Manage CPD for links in mails; that of its address when empty", check: checkURL},
	{Name: setPublicTRA, Meaning: "URL of the console for links on tickets; that of its address when empty", check: checkURL},
	{Name: setPublicDesk, Meaning: "URL of the desk in its tickets; that of its address when empty", check: checkURL},
	{Name: setCPDURL, Meaning: "where the TRA API reaches Manage CPD, which tells it so; its address when empty", check: checkURL},
	{Name: setTRAURL, Meaning: "where Manage CPD reaches the TRA API; here when empty", check: checkURL},
	{Name: setDQTURL, Meaning: "where both reach the register; here when empty", check: checkURL},
	{Name: setZendeskURL, Meaning: "the TRA's Zendesk account; the desk here when empty", check: checkURL},
	{Name: setCPDTRAToken, Meaning: "Manage CPD's token for the TRA API (scope requests)", Secret: true},
	{Name: setCPDDQTToken, Meaning: "Manage CPD's token for the register (scopes identify, alert-exists)", Secret: true},
	{Name: setTRADQTToken, Meaning: "the TRA API's token for the register (scopes identify, alerts, search)", Secret: true},
	{Name: setZendeskEmail, Meaning: "the Zendesk agent whose API token it is, where there is no OAuth client; Zendesk ends API tokens on 30 April 2027"},
	{Name: setZendeskToken, Meaning: "the TRA API's token for Zendesk or the desk (scope agent), where there is no OAuth client", Secret: true},
	{Name: setZendeskID, Meaning: "OAuth client of the TRA API in Zendesk or the desk"},
	{Name: setZendeskKey, Meaning: "secret of the OAuth client (of the desk: a token of the scope oauth)", Secret: true},
	{Name: setZendeskScope, Default: "read tickets:write", Meaning: "OAuth scopes that are asked for; traid zendesk setup asks for read write"},
	{Name: setZendeskHook, Meaning: "signing secret of the webhook by which Zendesk or the desk tells that a ticket changed; without it the sweep alone sees it", Secret: true},
	{Name: setDeskPlan, Meaning: "Zendesk plan whose rate limits the desk keeps: team, professional, enterprise or enterprise_plus; none when empty", check: checkPlan},
	{Name: setDeskSearch, Default: "0s", Meaning: "how far the desk's search lags behind, as Zendesk's does by a minute or more", check: checkLag},
	{Name: setDeskNetworks, Meaning: "private networks that the desk's webhooks may call, such as 10.1.0.0/16, separated by commas; this machine too where the desk serves it alone", check: checkNetworks},
	{Name: setWebhookKey, Meaning: "secret that Manage CPD has the TRA API's announcements signed with (whsec_…); two with a space between, the new one first, while one takes the place of the other", Secret: true, check: checkSecrets},
	{Name: setWebhookAllow, Meaning: "addresses and networks that are not public and that clients may be told at all the same, such as 10.1.0.0/16; Manage CPD here needs none", check: checkNetworks},
	{Name: setCPDHashKey, Meaning: "secret under which Manage CPD counts tries", Secret: true, check: checkKey},
	{Name: setTRAHashKey, Meaning: "secret under which the TRA API tells bodies apart; keep it", Secret: true, check: checkKey},
	{Name: setPollEvery, Default: "24h", Meaning: "how often Manage CPD polls the TRA API", check: checkDuration},
	{Name: setSweepEvery, Default: "1m", Meaning: "how often the TRA API asks the helpdesk what changed", check: checkDuration},
	{Name: setReleaseAfter, Default: "5m", Meaning: "between a decision and its release, for undoing it", check: checkDuration},
	{Name: setRetain, Default: "2160h", Meaning: "how long after its last answer, or its withdrawal, what a request of the TRA API holds is deleted, its tickets too; 90 days", check: checkDuration},
	{Name: setDetails, Meaning: "what stands on a ticket: claim or reference; claim on the desk, reference on a Zendesk account when empty", check: checkDetails},
	{Name: setTRAAddress, Meaning: "email address of the TRA's support, told when two people hold one record", check: checkEmail},
	{Name: setCheck, Default: "rule", Meaning: "how the register settles claims without a person: rule, or model, which adds to the rule where it is sure and nothing contradicts", check: checkCheck},
	{Name: setNotifyKey, Meaning: "API key of GOV.UK Notify, which then sends Manage CPD's mails; they are read in the outbox when empty", Secret: true, check: notify.CheckKey},
	{Name: setNotifyURL, Default: notify.BaseURL, Meaning: "where GOV.UK Notify is", check: checkURL},
	{Name: setCPDIssuer, Meaning: "OpenID provider by which administrators and tutors sign in to Manage CPD; its redirect URI is TRAID_PUBLIC_CPD_URL/sign-in/callback; one-time links on this machine when empty", check: checkURL},
	{Name: setCPDClient, Meaning: "Manage CPD's client at that provider"},
	{Name: setCPDClientKey, Meaning: "that client's secret", Secret: true},
	{Name: setTRAIssuer, Meaning: "OpenID provider by which operators sign in to the console; its redirect URI is TRAID_PUBLIC_TRA_URL/sign-in/callback; one-time links on this machine when empty", check: checkURL},
	{Name: setTRAClient, Meaning: "the console's client at that provider"},
	{Name: setTRAClientKey, Meaning: "that client's secret", Secret: true},
	{Name: setLogLevel, Default: "info", Meaning: "debug, info, warn or error", check: checkLevel},
}

// Settings are the settings in force.
type Settings struct {
	values map[string]string
	from   map[string]string // "environment", "file", "default" or "data folder"
}

// readSettings reads the environment and reports every mistake at once.
func readSettings(getenv func(string) string) (Settings, error) {
	s := Settings{values: map[string]string{}, from: map[string]string{}}
	var errs []error
	for _, d := range settingsTable {
		value, from := getenv(d.Name), "environment"
		if path := getenv(d.Name + "_FILE"); d.Secret && value == "" && path != "" {
			raw, err := os.ReadFile(path)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s_FILE: %w", d.Name, err))
			}
			value, from = strings.TrimSpace(string(raw)), "file"
		}
		if value == "" {
			value, from = d.Default, "default"
		}
		if d.check != nil && value != "" {
			if err := d.check(value); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", d.Name, err)) // the value may be a secret: it is not repeated
			}
		}
		s.values[d.Name], s.from[d.Name] = value, from
	}
	for _, provider := range providerOf {
		for _, name := range provider {
			if s.values[name] == "" && s.values[provider[0]]+s.values[provider[1]]+s.values[provider[2]] != "" {
				errs = append(errs, fmt.Errorf("%s: is missing: an OpenID provider needs %s", name, strings.Join(provider[:], ", ")))
			}
		}
	}
	return s, errors.Join(errs...)
}

// providerOf names the settings of a service's OpenID provider.
var providerOf = map[string][3]string{
	"cpd": {setCPDIssuer, setCPDClient, setCPDClientKey},
	"tra": {setTRAIssuer, setTRAClient, setTRAClientKey},
}

func (s Settings) get(name string) string { return s.values[name] }

// duration gives a setting that was checked to be one.
func (s Settings) duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.values[name])
	return d
}

// print writes every setting in force; secrets are masked.
func (s Settings) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tVALUE\tFROM\tMEANING")
	for _, d := range settingsTable {
		value := s.values[d.Name]
		switch {
		case value == "":
			value = "(empty)"
		case d.Secret:
			value = "(set)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", d.Name, value, s.from[d.Name], d.Meaning)
	}
	return t.Flush()
}

func checkPostgres(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("must be a URL such as postgres://user:password@host/database")
	}
	return nil
}

func checkAddr(value string) error {
	if _, _, err := net.SplitHostPort(value); err != nil {
		return errors.New("must be host:port, such as 127.0.0.1:8083")
	}
	return nil
}

func checkURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("must be a URL such as https://cpd.example.org")
	}
	return nil
}

// shortest keeps a mistyped unit from turning into a flood of requests.
const shortest = time.Second

func checkDuration(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < shortest {
		return errors.New("must be a time of a second or more, such as 90s, 5m or 24h")
	}
	return nil
}

// shortestKey is as many characters as 16 random bytes have in base64.
const shortestKey = 22

func checkKey(value string) error {
	if len(value) < shortestKey {
		return fmt.Errorf("must be a random text of at least %d characters", shortestKey)
	}
	return nil
}

func checkSecrets(value string) error {
	secrets := strings.Fields(value)
	if len(secrets) > 2 {
		return errors.New("must be one secret, or two with a space between")
	}
	for _, each := range secrets {
		if err := webhook.CheckSecret(each); err != nil {
			return err
		}
	}
	return nil
}

func checkNetworks(value string) error {
	_, err := webhook.ParseNetworks(value)
	return err
}

func checkDetails(value string) error {
	if value != "claim" && value != "reference" {
		return errors.New("must be claim or reference")
	}
	return nil
}

func checkCheck(value string) error {
	if value != string(dqt.Rule) && value != string(dqt.Model) {
		return errors.New("must be rule or model")
	}
	return nil
}

func checkPlan(value string) error {
	if _, ok := deskapi.PlanLimits(value); !ok {
		return errors.New("must be team, professional, enterprise or enterprise_plus")
	}
	return nil
}

func checkLag(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < 0 {
		return errors.New("must be a time such as 0s or 60s")
	}
	return nil
}

func checkEmail(value string) error {
	if !strings.Contains(value, "@") {
		return errors.New("must be an email address")
	}
	return nil
}

func checkLevel(value string) error {
	if !strings.Contains(" debug info warn error ", " "+value+" ") {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}
