package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"traid/internal/desk/deskapi"
	"traid/internal/wire/cpdv1"
	"traid/internal/wire/dqtv1"
	"traid/internal/wire/trav1"
)

// Scopes of the desk's tokens; those of the others are on the wire. An OAuth
// client's secret gets access tokens, an agent's token is one for good.
const (
	scopeAgent = deskapi.Scope
	scopeOAuth = deskapi.ScopeOAuth
)

// The names under which the services call each other.
const (
	clientCPD = "manage-cpd"
	clientTRA = "tra-api"
)

// ownToken is a token that one service here has for another.
type ownToken struct {
	setting, service, client string
	scopes                   []string
}

// ownTokens lists them.
var ownTokens = []ownToken{
	{setCPDTRAToken, "tra", clientCPD, []string{trav1.ScopeRequests}},
	{setCPDDQTToken, "dqt", clientCPD, []string{dqtv1.ScopeIdentify, dqtv1.ScopeAlertExists}},
	{setTRADQTToken, "dqt", clientTRA, []string{dqtv1.ScopeIdentify, dqtv1.ScopeAlerts, dqtv1.ScopeSearch}},
	{setZendeskKey, "desk", clientTRA, []string{scopeOAuth}},
}

// scopesOf lists the scopes that a service's tokens can have.
func scopesOf(service string) []string {
	switch service {
	case "dqt":
		return []string{dqtv1.ScopeIdentify, dqtv1.ScopeAlertExists, dqtv1.ScopeAlerts, dqtv1.ScopeSearch}
	case "tra":
		return []string{trav1.ScopeRequests}
	case "cpd":
		return []string{cpdv1.ScopeParticipants}
	case "desk":
		return []string{scopeAgent, scopeOAuth}
	}
	return nil
}

// secretsFile keeps what was generated, in the data folder.
const secretsFile = "secrets.json"

// kept reads what was generated in the data folder before.
func (s Settings) kept() (map[string]string, error) {
	path := filepath.Join(s.get(setData), secretsFile)
	out := map[string]string{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("%s cannot be read: mend it, or delete it to have new secrets made", path)
	}
	return out, nil
}

// readKept fills in the secrets that are not set from the data folder.
func (s Settings) readKept() error {
	kept, err := s.kept()
	for name, value := range kept {
		if s.values[name] == "" {
			s.values[name], s.from[name] = value, fromFolder
		}
	}
	return err
}

// fromFolder is where generated secrets come from.
const fromFolder = "data folder"

// generate fills in the secrets that are not set, when everything runs in one
// process on SQLite: made at the first start, kept in the data folder.
func (s Settings) generate() error {
	if err := s.readKept(); err != nil {
		return err
	}
	kept, err := s.kept()
	if err != nil {
		return err
	}
	fresh := false
	need := []string{setCPDTRAToken, setCPDDQTToken, setTRADQTToken, setWebhookKey, setCPDHashKey, setTRAHashKey}
	if s.get(setZendeskURL) == "" {
		if s.values[setZendeskToken] != "" && s.from[setZendeskToken] == fromFolder {
			// Of an earlier version, which had an agent's token made. OAuth takes its place.
			s.values[setZendeskToken], s.from[setZendeskToken] = "", "default"
		}
		if s.values[setZendeskID] == "" {
			s.values[setZendeskID], s.from[setZendeskID] = clientTRA, fromFolder
		}
		need = append(need, setZendeskKey, setZendeskHook)
	}
	for _, name := range need {
		if s.values[name] == "" {
			kept[name], fresh = newSecret(name), true
			s.values[name], s.from[name] = kept[name], fromFolder
		}
	}
	if !fresh {
		return nil
	}
	raw, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.get(setData), 0o700); err != nil {
		return err
	}
	return writeFile(filepath.Join(s.get(setData), secretsFile), 0o600, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
}

func newSecret(name string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	if name == setWebhookKey {
		return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// missing says which secrets the roles need that are not set.
func (s Settings) missing(roles map[string]bool) error {
	need := map[string][]string{
		"cpd": {setCPDTRAToken, setCPDDQTToken, setWebhookKey, setCPDHashKey},
		"tra": {setTRADQTToken, setTRAHashKey},
	}
	var out []string
	for _, service := range services {
		for _, name := range need[service] {
			if roles[service] && s.values[name] == "" {
				out = append(out, name)
			}
		}
	}
	if roles["tra"] && s.values[setZendeskToken] == "" && (s.values[setZendeskID] == "" || s.values[setZendeskKey] == "") {
		out = append(out, setZendeskID, setZendeskKey)
	}
	if len(out) > 0 {
		return errors.New("these settings are missing (traid token create makes tokens; each can be read from a file by NAME_FILE): " + strings.Join(out, ", "))
	}
	return nil
}

// keepOwnTokens makes the tokens that the services here have for each other
// known to those that take them.
func (s Settings) keepOwnTokens(ctx context.Context, open map[string]*service) error {
	for _, t := range ownTokens {
		taker, here := open[t.service]
		if !here || s.from[t.setting] != fromFolder {
			continue
		}
		if err := taker.access.KeepToken(ctx, s.get(t.setting), t.client, t.scopes, tokenLife); err != nil {
			return err
		}
	}
	return nil
}
