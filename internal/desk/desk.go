// Package desk is a helpdesk as Zendesk Support is one, as far as the TRA's
// support needs it: tickets with their statuses, comments, custom fields and
// audits, and the agents who work on them. It holds the rules; it stores
// nothing and knows no HTTP. What a ticket is about, it does not know either.
package desk

import (
	"errors"
	"slices"
	"strings"

	"traid/internal/person"
)

// TicketID is a ticket's number, counted up from a small one.
type TicketID int64

// UserID is an agent's or an end user's id; zero for nobody.
type UserID int64

// System is the author of what the desk does by itself.
const System UserID = -1

// GroupID is the id of a group of agents; zero for none.
type GroupID int64

// FieldID is the id of a custom field.
type FieldID int64

// Status is where a ticket stands. New comes once, Closed is final.
type Status string

// The statuses.
const (
	New     Status = "new"
	Open    Status = "open"
	Pending Status = "pending" // waits for the requester
	Hold    Status = "hold"    // waits for somebody else
	Solved  Status = "solved"
	Closed  Status = "closed"
)

// Deleted is what an export shows as the status of a deleted ticket. No ticket is set to it.
const Deleted Status = "deleted"

var statuses = []Status{New, Open, Pending, Hold, Solved, Closed}

var (
	types      = []string{"problem", "incident", "question", "task"}
	priorities = []string{"urgent", "high", "normal", "low"}
)

// Text is what people write into a ticket: it may hold anything about anybody,
// so it hides itself from logs.
type Text = person.Text

// NewText hides a text.
func NewText(v string) Text { return person.NewText(v) }

func blank(t Text) bool { return strings.TrimSpace(t.Reveal()) == "" }

// Value is what an event set: nothing, a text or a list. It hides itself as Text does.
type Value struct {
	Text
	list []string
}

// TextValue is a text; nothing when it is empty.
func TextValue(v string) Value { return Value{Text: NewText(v)} }

// ListValue is a list, which may be empty.
func ListValue(v []string) Value { return Value{list: append([]string{}, v...)} }

// List gives the list, false for a value that is none.
func (v Value) List() ([]string, bool) { return v.list, v.list != nil }

func (v Value) equal(w Value) bool {
	return v.Text == w.Text && (v.list == nil) == (w.list == nil) && slices.Equal(v.list, w.list)
}

// What a store answers beside faults of the kind NotFound.
var (
	// ErrTaken is a value that has to be unique and stands already: the transaction is worth another run.
	ErrTaken = errors.New("desk: it stands already")
	// ErrCollision is a transaction that others kept from being made: nothing was changed.
	ErrCollision = errors.New("desk: database collision")
)
