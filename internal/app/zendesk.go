package app

import (
	"time"

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
