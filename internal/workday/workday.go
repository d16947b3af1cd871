// Package workday counts the working days of England in London time.
package workday

import (
	"errors"
	"slices"
	"time"
	_ "time/tzdata" // London's clock changes, also where the machine has no zone files
)

// London is the zone in which days begin and end. It is read only.
var London = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // the zone files are in the program
	}
	return l
}()

// holidays are England's bank holidays. Source: https://www.gov.uk/bank-holidays
// (England and Wales); the days of 2028 follow from the Banking and Financial
// Dealings Act 1971. Extend the table before its end.
var holidays = []string{
	"2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25", "2024-12-26",
	"2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26",
	"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
	"2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28",
	"2028-01-03", "2028-04-14", "2028-04-17", "2028-05-01", "2028-05-29", "2028-08-28", "2028-12-25", "2028-12-26",
}

// The years that the table covers.
const (
	firstYear = 2024
	lastYear  = 2028
)

// ErrBeyondTable says that the table of bank holidays does not reach the day.
var ErrBeyondTable = errors.New("workday: the table of bank holidays does not reach that far")

const (
	cutOff   = 17 // o'clock in London: what is submitted later counts as the next day's
	promised = 5  // working days until an answer is expected
)

// IsWorkday tells whether the day of t in London is a working day.
func IsWorkday(t time.Time) (bool, error) {
	t = t.In(London)
	if t.Year() < firstYear || t.Year() > lastYear {
		return false, ErrBeyondTable
	}
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return !weekend && !slices.Contains(holidays, t.Format(time.DateOnly)), nil
}

// ExpectedBy gives the moment by which an answer is expected: 17:00 in London
// on the fifth working day. The first is the first working day after the one
// of the submission; on a working day, what comes at 17:00 or later counts as
// the next day's.
func ExpectedBy(submitted time.Time) (time.Time, error) {
	day := submitted.In(London)
	works, err := IsWorkday(day)
	if err != nil {
		return time.Time{}, err
	}
	if works && day.Hour() >= cutOff {
		day = nextDay(day)
	}
	for n := 0; n < promised; {
		day = nextDay(day)
		works, err := IsWorkday(day)
		if err != nil {
			return time.Time{}, err
		}
		if works {
			n++
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), cutOff, 0, 0, 0, London).UTC(), nil
}

// Until counts the working days in London that are left until the day of then:
// those after the day of now, that of then included. 0 when it is today or over.
func Until(now, then time.Time) (int, error) {
	day, last := now.In(London), then.In(London).Format(time.DateOnly)
	n := 0
	for day.Format(time.DateOnly) < last {
		day = nextDay(day)
		works, err := IsWorkday(day)
		if err != nil {
			return 0, err
		}
		if works {
			n++
		}
	}
	return n, nil
}

// Taken counts the working days that an answer took as ExpectedBy counts them:
// 5 on the day by which it is expected, 0 on the day of the submission.
func Taken(submitted, answered time.Time) (int, error) {
	day := submitted.In(London)
	works, err := IsWorkday(day)
	if err != nil {
		return 0, err
	}
	if works && day.Hour() >= cutOff {
		day = nextDay(day)
	}
	return Until(day, answered)
}

// After gives the same time of day in London n working days later. Beyond the
// table of bank holidays only weekends are left out.
func After(t time.Time, n int) time.Time {
	at := t.In(London)
	day := at
	for n > 0 {
		day = nextDay(day)
		works, err := IsWorkday(day)
		if err != nil {
			works = day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
		}
		if works {
			n--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), London).UTC()
}

// nextDay gives noon of the next day, which no clock change moves to another.
func nextDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 12, 0, 0, 0, London)
}

// A working day is counted from opening to cutOff, after which what comes is the
// next day's: eight hours.
const (
	opening = 9 // o'clock in London
	Day     = (cutOff - opening) * time.Hour
)

// Worked gives the working time from one instant to another: of every working
// day in London the hours from 9:00 to 17:00. Beyond the table of bank holidays
// only weekends are left out.
func Worked(from, to time.Time) time.Duration {
	var sum time.Duration
	last := to.In(London).Format(time.DateOnly)
	for day := from.In(London); day.Format(time.DateOnly) <= last; day = nextDay(day) {
		sum += worked(day, from, to)
	}
	return sum
}

// Before gives the latest instant from which on d of working time, which is
// more than none, have passed until now.
func Before(now time.Time, d time.Duration) time.Time {
	for day := now.In(London); ; day = time.Date(day.Year(), day.Month(), day.Day()-1, 12, 0, 0, 0, London) {
		of := worked(day, time.Time{}, now)
		if of < d {
			d -= of
			continue
		}
		end := time.Date(day.Year(), day.Month(), day.Day(), cutOff, 0, 0, 0, London)
		if now.Before(end) {
			end = now
		}
		return end.Add(-d).UTC()
	}
}

// worked gives the working time of one day in London between two instants.
func worked(day, from, to time.Time) time.Duration {
	if works, err := IsWorkday(day); err == nil && !works || err != nil && (day.Weekday() == time.Saturday || day.Weekday() == time.Sunday) {
		return 0
	}
	begin := time.Date(day.Year(), day.Month(), day.Day(), opening, 0, 0, 0, London)
	end := time.Date(day.Year(), day.Month(), day.Day(), cutOff, 0, 0, 0, London)
	if from.After(begin) {
		begin = from
	}
	if to.Before(end) {
		end = to
	}
	return max(end.Sub(begin), 0)
}
