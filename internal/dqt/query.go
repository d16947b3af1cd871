package dqt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"traid/internal/dqt/match"
	"traid/internal/person"
)

// Criteria are what a free search asks for. All that is set must fit.
type Criteria struct {
	TRN   person.TRN
	NINO  string // upper case, eight or nine characters
	Email string
	Born  string   // "1984-02-17", a part that was not given as underscores: "1984-__-__"
	Words []string // folded; the record has a name with a word like it
}

func (c Criteria) empty() bool {
	return c.TRN.IsZero() && c.NINO == "" && c.Email == "" && c.Born == "" && len(c.Words) == 0
}

// anyPart stands in a date for a part that was not given.
const (
	anyYear = "____"
	anyDay  = "__"
)

var (
	queryEmail = regexp.MustCompile(`\S+@\S+`)
	queryNINO  = regexp.MustCompile(`(?i)\b[a-z]{2}[ .\-]?[0-9]{2}[ .\-]?[0-9]{2}[ .\-]?[0-9]{2}(?:[ .\-]?[a-d])?\b`)
	queryISO   = regexp.MustCompile(`\b([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})\b`)
	queryDate  = regexp.MustCompile(`\b([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})\b`)
	queryDay   = regexp.MustCompile(`(?i)\b([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]*(?:of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/., ]*([0-9]{4}|[0-9]{2})?\b`)
	queryMonth = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[. ]+([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})\b`)
	queryRun   = regexp.MustCompile(`\b([0-9]{2})([0-9]{2})([0-9]{4})\b`)
	queryTRN   = regexp.MustCompile(`(?i)\b(?:RP ?)?([0-9]{2})/([0-9]{5})\b|\b([0-9]{5,7})\b|\b([0-9](?:[ \-]?[0-9]){6})\b`)
	queryYear  = regexp.MustCompile(`\b((?:19|20)[0-9]{2})\b`)
	queryLabel = regexp.MustCompile(`(?i)\b(?:trn|nino|ni number|dob|born|date of birth)\b:?`)
)

var monthNumber = map[string]int{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

// parseQuery takes a query apart: each identifier and date it recognises, and
// the words that remain as names. Of two of a kind the first counts.
func parseQuery(query string, thisYear int) Criteria {
	q := norm.NFKC.String(query)
	var c Criteria
	take := func(re *regexp.Regexp, use func(m []string) bool) {
		at := re.FindStringSubmatchIndex(q)
		if at == nil {
			return
		}
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = q[at[2*i]:at[2*i+1]]
			}
		}
		if use(m) {
			q = q[:at[0]] + " " + q[at[1]:]
		}
	}
	born := func(year, month, day string) bool {
		if c.Born != "" {
			return false
		}
		c.Born = datePattern(year, month, day, thisYear)
		return c.Born != ""
	}
	take(queryEmail, func(m []string) bool {
		_, ok := match.EmailKey(m[0])
		if ok {
			c.Email = m[0]
		}
		return ok
	})
	take(queryNINO, func(m []string) bool {
		_, ok := match.NINOKey(m[0])
		if ok {
			c.NINO = person.LenientNINO(m[0])
		}
		return ok
	})
	take(queryLabel, func([]string) bool { return true })
	take(queryLabel, func([]string) bool { return true })
	take(queryISO, func(m []string) bool { return born(m[1], m[2], m[3]) })
	take(queryDate, func(m []string) bool { return born(m[3], m[2], m[1]) || born(m[3], m[1], m[2]) })
	take(queryDay, func(m []string) bool {
		return born(m[3], strconv.Itoa(monthNumber[strings.ToLower(m[2])]), m[1])
	})
	take(queryMonth, func(m []string) bool {
		return born(m[3], strconv.Itoa(monthNumber[strings.ToLower(m[1])]), m[2])
	})
	take(queryRun, func(m []string) bool { return born(m[3], m[2], m[1]) || born(m[1]+m[2], m[3][:2], m[3][2:]) })
	take(queryTRN, func(m []string) bool {
		trn, ok := person.LenientTRN(m[0])
		c.TRN = trn
		return ok
	})
	take(queryYear, func(m []string) bool { return born(m[1], "", "") })
	c.Words = person.Words(q)
	return c
}

// datePattern gives a date with underscores for what is missing, "" for what is
// no date. Two digits of a year are the latest in which a teacher can be born.
func datePattern(year, month, day string, thisYear int) string {
	if len(year) == 2 {
		n, _ := strconv.Atoi(year)
		if n += 2000; n > thisYear-16 {
			n -= 100
		}
		year = strconv.Itoa(n)
	}
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	switch {
	case month == "" && day == "":
		return year + "-" + anyDay + "-" + anyDay
	case year == "":
		if _, err := person.ParseDate(fmt.Sprintf("2000-%02d-%02d", m, d)); err != nil {
			return ""
		}
		return fmt.Sprintf("%s-%02d-%02d", anyYear, m, d)
	}
	full := fmt.Sprintf("%s-%02d-%02d", year, m, d)
	if _, err := person.ParseDate(full); err != nil {
		return ""
	}
	return full
}
