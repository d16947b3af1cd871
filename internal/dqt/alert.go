package dqt

import (
	_ "embed"
	"encoding/csv"
	"strings"
	"sync"

	"traid/internal/person"
)

// AlertType is what a code of an alert means.
type AlertType struct {
	Code, Category, Name string
	Prohibition          bool // counts as a prohibition from teaching
	Internal             bool // for the register's own people
}

//go:embed alert_types.csv
var alertTypesCSV string

var alertTypes = sync.OnceValue(func() map[string]AlertType {
	rows, err := csv.NewReader(strings.NewReader(alertTypesCSV)).ReadAll()
	if err != nil {
		panic("dqt: alert_types.csv: " + err.Error())
	}
	types := make(map[string]AlertType, len(rows))
	for _, r := range rows[1:] { // code,category,name,internal_only,still_assigned,prohibition
		types[r[0]] = AlertType{Code: r[0], Category: r[1], Name: r[2], Prohibition: r[5] == "true", Internal: r[3] == "true"}
	}
	return types
})

// AlertTypeOf gives the type of a code, false for a code that is not known.
func AlertTypeOf(code string) (AlertType, bool) {
	t, ok := alertTypes()[code]
	return t, ok
}

// Alert is a restriction or a note on a record. Its days are kept as the
// register has them.
type Alert struct {
	Code       string
	Start, End Text // End is the last day in force; empty while it has none
	Details    Text
}

// OpenOn tells whether the alert is in force on a day in London: from its start
// until its end has passed. A start or an end that cannot be read counts as open.
func (a Alert) OpenOn(day person.Date) bool {
	if start, err := person.ParseDate(a.Start.Reveal()); err == nil && day.Before(start) {
		return false
	}
	end, err := person.ParseDate(a.End.Reveal())
	return err != nil || !end.Before(day)
}
