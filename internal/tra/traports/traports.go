// Package traports is how tra speaks to the register, to the helpdesk and to
// its clients' webhooks: it turns their words into tra's own and back. It has
// no rules; what it cannot read is "could not ask", never "no".
package traports

import "traid/internal/fault"

// unreadable is an answer that does not say what it must.
func unreadable(who string) error {
	return fault.New(fault.Unavailable, "The "+who+"'s answer cannot be read.")
}
