package dqteval_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"traid/internal/dqt/dqteval"
	"traid/internal/synth"
)

// febrl reads one side of FEBRL's data set 4: lines of columns by name, by the
// person's number.
func febrl(t *testing.T, name string) map[int]map[string]string {
	t.Helper()
	file, err := os.Open("testdata/febrl/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := csv.NewReader(file)
	in.TrimLeadingSpace = true
	lines, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	people := map[int]map[string]string{}
	for _, l := range lines[1:] {
		person := map[string]string{}
		for i, column := range lines[0] {
			person[column] = l[i]
		}
		n, err := strconv.Atoi(strings.Split(person["rec_id"], "-")[1])
		if err != nil {
			t.Fatal(err)
		}
		people[n] = person
	}
	return people
}

// nino writes an identity number of seven digits as an NI number: its first
// digit is the second letter, so that one wrong digit is one wrong character.
func nino(identity string) string {
	if len(identity) != 7 {
		return ""
	}
	return "A" + "ABCEGHJKLM"[identity[0]-'0':][:1] + identity[1:]
}

func day(digits string) string {
	if len(digits) != 8 {
		return ""
	}
	return digits[:4] + "-" + digits[4:6] + "-" + digits[6:]
}

// TestDataThatNobodyHereMade ranks the 5,000 corrupted descriptions of FEBRL's data set
// 4 against the 5,000 people, by name, date of birth and their identity number
// in the place of the NI number, and without it.
func TestDataThatNobodyHereMade(t *testing.T) {
	trn := func(n int) string { return fmt.Sprintf("%07d", n+1) }
	var register, with, without strings.Builder
	register.WriteString(synth.Header + "\n")
	for n, p := range febrl(t, "dataset4a.csv") {
		last := p["surname"]
		if p["given_name"]+last == "" {
			last = "unknown" // a record has a name
		}
		fmt.Fprintf(&register, "%s,active,%s,,%s,,%s,%s,,,\n", trn(n), p["given_name"], last, day(p["date_of_birth"]), nino(p["soc_sec_id"]))
	}
	with.WriteString(claimsHead)
	without.WriteString(claimsHead)
	for n, p := range febrl(t, "dataset4b.csv") {
		line := fmt.Sprintf("%d,%s,,%s,,%s,%%s,,,%s,,,,\n", n, p["given_name"], p["surname"], day(p["date_of_birth"]), trn(n))
		fmt.Fprintf(&with, line, nino(p["soc_sec_id"]))
		fmt.Fprintf(&without, line, "")
	}
	s := snapshot(t, strings.NewReader(register.String()))
	figures := map[string]ranking{}
	for name, c := range map[string]struct {
		claims string
		least  int // ranked first, of 5,000
	}{
		"with their identity number":    {with.String(), 4990},
		"without their identity number": {without.String(), 4900},
	} {
		r, err := dqteval.Evaluate(t.Context(), s, strings.NewReader(c.claims), dqteval.Options{Thresholds: fixed(.999)})
		if err != nil {
			t.Fatal(err)
		}
		figures[name] = rankingOf(r)
		if r.Overall.First.Count < c.least {
			t.Errorf("%s: ranked first %d of %d, want at least %d", name, r.Overall.First.Count, r.Overall.Claims, c.least)
		}
	}
	pinned(t, "febrl.golden", figures)
}
