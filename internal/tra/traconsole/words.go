package traconsole

import (
	"fmt"
	"math"
	"strings"
	"time"

	"traid/internal/person"
	"traid/internal/tra"
	"traid/internal/workday"
)

// tagView is a status in words and a colour.
type tagView struct{ Text, Class string }

const (
	grey   = "govuk-tag--grey"
	blue   = "govuk-tag--blue"
	green  = "govuk-tag--green"
	yellow = "govuk-tag--yellow"
	orange = "govuk-tag--orange"
	red    = "govuk-tag--red"
	purple = "govuk-tag--purple"
)

// hidden is a value that a form carries without showing it.
type hidden struct{ Name, Value string }

var kindWords = map[tra.Kind]string{tra.TRNValidation: "TRN validation", tra.BarringCheck: "Barring check"}

// stateTag says where a request stands; a decision on its way is a state of its own to operators.
func stateTag(r tra.Request, open *tra.Decision) tagView {
	switch {
	case r.State == tra.InSecondReview:
		return tagView{"Second review", purple}
	case r.State.Open() && open != nil && open.Stage.Open():
		return tagView{"Decided", green}
	case r.State == tra.Received:
		return tagView{"Received", blue}
	case r.State == tra.WithOperator:
		return tagView{"With operator", blue}
	case r.State == tra.WaitingForPerson:
		return tagView{"Waits for the person", yellow}
	case r.State == tra.Answered:
		return tagView{"Answered", green}
	case r.State == tra.Withdrawn:
		return tagView{"Withdrawn", grey}
	}
	return tagView{string(r.State), grey}
}

var flagTags = map[tra.Flag]tagView{
	tra.TicketCreationFailing:   {"No ticket", orange},
	tra.TicketRefused:           {"Ticket refused", orange},
	tra.TicketMissing:           {"Ticket missing", orange},
	tra.SeveralTickets:          {"Several tickets", orange},
	tra.AnswerUnreadable:        {"Unreadable answer", orange},
	tra.AnswerContradictsRecord: {"Contradicts the record", orange},
	tra.AnswerOutdated:          {"Record changed since", orange},
	tra.AnswerNotOnTicket:       {"Not on the ticket", orange},
	tra.RegisterBehind:          {"Register behind", yellow},
	tra.Overdue:                 {"Overdue", red},
}

func flagTag(f tra.Flag) tagView {
	if t, ok := flagTags[f]; ok {
		return t
	}
	return tagView{strings.ReplaceAll(string(f), "_", " "), orange}
}

var queueWords = map[tra.Queue]string{
	tra.QueueOpen: "Open", tra.QueueUnassigned: "Unassigned", tra.QueueMine: "Mine", tra.QueueSoon: "Due soon", tra.QueueOverdue: "Overdue",
	tra.QueueReview: "Second review", tra.QueueAsked: "Person asked", tra.QueueAttention: "Needs attention", tra.QueueDeciding: "Decided", tra.QueueToday: "Answered today", tra.QueueAnswered: "Answered",
}

// emptyWords say what it means that a queue is empty.
var emptyWords = map[tra.Queue]string{
	tra.QueueOpen:       "Nobody is waiting for an operator. New requests appear here within a second of their arrival.",
	tra.QueueUnassigned: "Every open case has an operator.",
	tra.QueueMine:       "You have no open case. Take one from the unassigned cases.",
	tra.QueueSoon:       "Nobody was promised an answer within two working days.",
	tra.QueueOverdue:    "Nobody waits longer than was promised.",
	tra.QueueReview:     "No decision waits for a second operator.",
	tra.QueueAsked:      "Nobody has been asked a question that is still open.",
	tra.QueueAttention:  "No case has a problem with its ticket or its answer.",
	tra.QueueDeciding:   "No decision is on its way. Decisions stand here until they are released to the client.",
	tra.QueueToday:      "No answer has been released today.",
	tra.QueueAnswered:   "No answer has been released yet.",
}

// sortWords name the orders of the list.
var sortWords = map[tra.Sort]string{tra.SortWaited: "Longest wait first", tra.SortDue: "Due first", tra.SortArrived: "Newest first"}

// checkWords say why the automatic check found no record.
var checkWords = map[tra.Check]string{
	tra.CheckUnknown: "Not known yet", tra.CheckMatch: "Finds a record now", tra.CheckNothingToSearch: "No usable TRN or NI number",
	tra.CheckFirstNameMissing: "No first name", tra.CheckIdentifiersConflict: "TRN and NI number disagree", tra.CheckFirstNameDiffers: "First name differs",
	tra.CheckSeveralRecords: "Several records", tra.CheckNotFound: "No record found",
}

// outcomeWords name an outcome as a heading or a choice.
var outcomeWords = map[tra.Outcome]string{
	tra.TRNFound: "TRN found", tra.Failed: "Failed", tra.Barred: "Barred", tra.NotBarred: "Not barred",
}

var stageWords = map[tra.Stage]string{
	tra.StageSecondReview: "waits for a second operator", tra.StageToWrite: "is being put on the ticket", tra.StageOnTicket: "is on the ticket",
	tra.StageReleased: "released", tra.StageUndone: "undone", tra.StageSentBack: "sent back", tra.StageRefused: "refused", tra.StageOvertaken: "overtaken by a later one",
}

var fieldWords = map[string]string{
	"first_name": "First name", "middle_name": "Middle name", "last_name": "Last name", "previous_names": "Previous names", "previous_name": "Previous name", "merged_record": "A record merged into it", "birth_year": "Year of birth", "birth_day": "Day and month of birth", "date_of_birth": "Date of birth",
	"national_insurance_number": "National Insurance number", "trn": "TRN", "email": "Email address",
}

func fieldName(field string) string {
	if w, ok := fieldWords[field]; ok {
		return w
	}
	return strings.ReplaceAll(field, "_", " ")
}

func dayOf(d person.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format("2 January 2006")
}

// recordedDay shows a day as the register has it; what is no day is shown as it is.
func recordedDay(s string) string {
	if d, err := person.ParseDate(s); err == nil {
		return dayOf(d)
	}
	return s
}

func dayIn(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(workday.London).Format("Mon 2 Jan 2006")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(workday.London).Format("2 January 2006, 15:04")
}

// minute is an instant of today.
func minute(t time.Time) string { return t.In(workday.London).Format("15:04") }

func clock(t time.Time) string { return t.In(workday.London).Format("15:04:05") }

// shortDay is a day of this year without it, for tables.
func shortDay(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.In(workday.London).Year() == now.In(workday.London).Year():
		return t.In(workday.London).Format("Mon 2 Jan")
	}
	return dayIn(t)
}

// waited says how much working time has passed since an instant, in hours.
func waited(since, now time.Time) string {
	d := workday.Worked(since, now)
	if d < time.Hour {
		return "under 1 hour"
	}
	return count(int(d/time.Hour), "hour")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func fullName(first, last person.Name) string {
	return strings.TrimSpace(first.Reveal() + " " + last.Reveal())
}

func names(list []person.FullName) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fullName(n.First, n.Last)
	}
	return strings.Join(out, ", ")
}

func texts(list []person.Text) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Reveal()
	}
	return strings.Join(out, ", ")
}

// likely says how likely a candidate is, in words and per cent. No candidate is certain.
func likely(p float64) (words, percent string) {
	switch {
	case p >= .99:
		words = "Very likely"
	case p >= .9:
		words = "Likely"
	case p >= .5:
		words = "More likely than not"
	case p >= .1:
		words = "Possible"
	default:
		words = "Unlikely"
	}
	switch {
	case p < .01:
		percent = "under 1%"
	case p >= .99:
		percent = fmt.Sprintf("%.1f%%", min(math.Floor(p*1000)/10, 99.9))
	default:
		percent = fmt.Sprintf("%.0f%%", math.Floor(p*100))
	}
	return words, percent
}

// within is a text as it stands inside a sentence.
func within(s string) string {
	if s == "" || strings.HasPrefix(s, "TRN") {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
