package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"text/tabwriter"
)

// setting is one setting of the program: an environment variable.
type setting struct {
	Name    string
	Default string
	Meaning string
	Secret  bool
	check   func(value string) error
}

// The settings' names.
const (
	setData     = "TRAID_DATA"
	setDatabase = "TRAID_DATABASE_URL"
	setDQTAddr  = "TRAID_DQT_ADDR"
	setLogLevel = "TRAID_LOG_LEVEL"
)

// settingsTable lists every setting there is.
var settingsTable = []setting{
	{Name: setData, Default: "traid-data", Meaning: "folder of the SQLite files, one a service"},
	{Name: setDatabase, Meaning: "PostgreSQL, a schema a service; SQLite when empty", Secret: true, check: checkPostgres},
	{Name: setDQTAddr, Default: "127.0.0.1:8083", Meaning: "address of the register service", check: checkAddr},
	{Name: setLogLevel, Default: "info", Meaning: "debug, info, warn or error", check: checkLevel},
}

// Settings are the settings in force.
type Settings struct {
	values map[string]string
	from   map[string]string // "environment" or "default"
}

// readSettings reads the environment and reports every mistake at once.
func readSettings(getenv func(string) string) (Settings, error) {
	s := Settings{values: map[string]string{}, from: map[string]string{}}
	var errs []error
	for _, d := range settingsTable {
		value, from := getenv(d.Name), "environment"
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
	return s, errors.Join(errs...)
}

func (s Settings) get(name string) string { return s.values[name] }

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

func checkLevel(value string) error {
	if !strings.Contains(" debug info warn error ", " "+value+" ") {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}
