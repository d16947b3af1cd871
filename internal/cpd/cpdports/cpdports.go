// Package cpdports is how cpd speaks to the TRA API and to the register: it
// turns their answers into cpd's own words. It has no rules; what it cannot
// read is "could not ask", never "no".
package cpdports

import (
	"traid/internal/fault"
	"traid/internal/person"
)

// unreadable is an answer that does not say what it must.
func unreadable(who string) error {
	return fault.New(fault.Unavailable, "The "+who+"'s answer cannot be read.")
}

// trnOf reads the seven digits of a TRN; zero when they are not one.
func trnOf(s *string) person.TRN {
	if s == nil {
		return person.TRN{}
	}
	trn, err := person.NewTRN(*s)
	if err != nil {
		return person.TRN{}
	}
	return trn
}
