package workday_test

import (
	"errors"
	"testing"
	"time"

	"traid/internal/workday"
)

func TestExpectedBy(t *testing.T) {
	for what, c := range map[string]struct{ submitted, want string }{
		"a Monday morning":                 {"2026-11-23T09:00:00Z", "2026-11-30T17:00:00Z"},
		"a minute before the cut-off":      {"2026-11-23T16:59:00Z", "2026-11-30T17:00:00Z"},
		"at the cut-off":                   {"2026-11-23T17:00:00Z", "2026-12-01T17:00:00Z"},
		"a Friday evening":                 {"2026-11-20T18:00:00Z", "2026-11-27T17:00:00Z"},
		"a Sunday night":                   {"2026-11-22T23:30:00Z", "2026-11-27T17:00:00Z"},
		"over Christmas and New Year":      {"2026-12-24T10:00:00Z", "2027-01-05T17:00:00Z"},
		"over Easter, into summer time":    {"2027-03-25T10:00:00Z", "2027-04-05T16:00:00Z"},
		"in summer 17:00 is 16:00 UTC":     {"2026-07-06T16:00:00Z", "2026-07-14T16:00:00Z"},
		"the night the clocks go back":     {"2026-10-25T00:30:00Z", "2026-10-30T17:00:00Z"},
		"the last weekday of a substitute": {"2027-12-24T10:00:00Z", "2028-01-05T17:00:00Z"},
	} {
		submitted, _ := time.Parse(time.RFC3339, c.submitted)
		got, err := workday.ExpectedBy(submitted)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s: got %s %v, want %s", what, c.submitted, got.Format(time.RFC3339), err, c.want)
		}
	}
}

func TestBeyondTheTableIsAnError(t *testing.T) {
	if got, err := workday.ExpectedBy(time.Date(2028, 12, 28, 9, 0, 0, 0, time.UTC)); !errors.Is(err, workday.ErrBeyondTable) {
		t.Errorf("got %v %v, want ErrBeyondTable", got, err)
	}
}

func TestUntil(t *testing.T) {
	for what, c := range map[string]struct {
		now, then string
		want      int
	}{
		"the answer of a Monday":   {"2026-11-23T09:00:00Z", "2026-11-30T17:00:00Z", 5},
		"over a weekend":           {"2026-11-27T20:00:00Z", "2026-11-30T17:00:00Z", 1},
		"from a Sunday":            {"2026-11-29T09:00:00Z", "2026-11-30T17:00:00Z", 1},
		"today":                    {"2026-11-30T09:00:00Z", "2026-11-30T17:00:00Z", 0},
		"over":                     {"2026-12-01T09:00:00Z", "2026-11-30T17:00:00Z", 0},
		"over Christmas":           {"2026-12-24T10:00:00Z", "2027-01-05T17:00:00Z", 5},
		"a late evening in summer": {"2026-07-06T23:30:00Z", "2026-07-08T16:00:00Z", 1},
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		then, _ := time.Parse(time.RFC3339, c.then)
		if got, err := workday.Until(now, then); err != nil || got != c.want {
			t.Errorf("%s: got %d, %v, want %d", what, got, err, c.want)
		}
	}
	far := time.Date(2028, 12, 28, 9, 0, 0, 0, time.UTC)
	if _, err := workday.Until(far, far.AddDate(0, 0, 7)); !errors.Is(err, workday.ErrBeyondTable) {
		t.Errorf("beyond the table: got %v", err)
	}
}

func TestTakenCountsAsTheExpectationDoes(t *testing.T) {
	for what, c := range map[string]struct {
		submitted, answered string
		want                int
	}{
		"on the same day":             {"2026-11-23T09:00:00Z", "2026-11-23T16:00:00Z", 0},
		"as expected":                 {"2026-11-23T09:00:00Z", "2026-11-30T17:00:00Z", 5},
		"after the cut-off":           {"2026-11-23T17:30:00Z", "2026-11-25T09:00:00Z", 1},
		"submitted late on a Friday":  {"2026-11-27T18:00:00Z", "2026-11-30T09:00:00Z", 1},
		"submitted on a Saturday":     {"2026-11-28T18:00:00Z", "2026-11-30T09:00:00Z", 1},
		"answered on a Sunday":        {"2026-11-27T09:00:00Z", "2026-11-29T09:00:00Z", 0},
		"over Christmas, a long wait": {"2026-12-24T10:00:00Z", "2027-01-05T17:00:00Z", 5},
	} {
		submitted, _ := time.Parse(time.RFC3339, c.submitted)
		answered, _ := time.Parse(time.RFC3339, c.answered)
		if got, err := workday.Taken(submitted, answered); err != nil || got != c.want {
			t.Errorf("%s: got %d, %v, want %d", what, got, err, c.want)
		}
	}
}

func TestWorkingTimeIsCountedFromNineToFive(t *testing.T) {
	at := func(s string) time.Time {
		t.Helper()
		v, err := time.ParseInLocation("2006-01-02 15:04", s, workday.London)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, c := range map[string]struct {
		from, to string
		want     time.Duration
	}{
		"within an afternoon":               {"2026-11-25 13:30", "2026-11-25 16:00", 150 * time.Minute},
		"from before nine":                  {"2026-11-25 07:00", "2026-11-25 10:00", time.Hour},
		"in the evening":                    {"2026-11-25 18:00", "2026-11-25 23:00", 0},
		"over a night":                      {"2026-11-25 16:00", "2026-11-26 10:00", 2 * time.Hour},
		"over a weekend":                    {"2026-11-27 16:30", "2026-11-30 09:30", time.Hour},
		"over a bank holiday":               {"2026-12-24 09:00", "2026-12-29 17:00", 2 * workday.Day},
		"over the end of summer time":       {"2026-10-23 09:00", "2026-10-26 17:00", 2 * workday.Day},
		"beyond the table of bank holidays": {"2029-01-05 09:00", "2029-01-08 17:00", 2 * workday.Day},
		"backwards":                         {"2026-11-26 10:00", "2026-11-25 16:00", 0},
	} {
		if got := workday.Worked(at(c.from), at(c.to)); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	// Before is the latest instant that is so long ago: a second later is too late.
	for now := at("2026-12-22 06:00"); now.Before(at("2026-12-31 20:00")); now = now.Add(37 * time.Minute) {
		for _, d := range []time.Duration{time.Second, workday.Day, 3*workday.Day + time.Minute, 5 * workday.Day} {
			since := workday.Before(now, d)
			if got, later := workday.Worked(since, now), workday.Worked(since.Add(time.Second), now); got != d || later >= d {
				t.Errorf("%v before %v is %v, from where %v pass, and %v from a second later", d, now, since, got, later)
			}
		}
	}
}
