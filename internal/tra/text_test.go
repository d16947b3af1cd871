package tra

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"traid/internal/person"
)

// TestOperatorTextIsReadAsGiven plays the given cases of agents' words.
func TestOperatorTextIsReadAsGiven(t *testing.T) {
	raw, err := os.ReadFile("testdata/operator_text.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID    string
			Input struct {
				Comments []struct{ Author, Body string }
			}
			Expected struct {
				Outcome    string
				TRN        string
				Candidates []string
			}
			Why string
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			got := readThese(t, c.Input.Comments)
			want := TextReading{Outcome: TextOutcome(c.Expected.Outcome)}
			if c.Expected.TRN != "" {
				want.TRN, _ = person.NewTRN(c.Expected.TRN)
			}
			for _, trn := range c.Expected.Candidates {
				candidate, _ := person.NewTRN(trn)
				want.Candidates = append(want.Candidates, candidate)
			}
			if got.Outcome != want.Outcome || got.TRN != want.TRN || !slices.Equal(got.Candidates, want.Candidates) {
				t.Errorf("%s: got %s %s %v", c.Why, got.Outcome, got.TRN.Reveal(), reveal(got.Candidates))
			}
		})
	}
}

func reveal(trns []person.TRN) (out []string) {
	for _, trn := range trns {
		out = append(out, trn.Reveal())
	}
	return out
}

func readThese(t *testing.T, given []struct{ Author, Body string }) TextReading {
	t.Helper()
	var comments []Comment
	for _, g := range given {
		c := Comment{Text: g.Body}
		switch g.Author {
		case "agent":
			c.Agent = "1"
		case "system":
			c.Ours = true
		case "requester":
		default:
			t.Fatalf("who is %q?", g.Author)
		}
		comments = append(comments, c)
	}
	return ReadText(comments)
}

// TestOtherWordsOfAgents are cases of the same kinds as the given ones.
func TestOtherWordsOfAgents(t *testing.T) {
	type comment = struct{ Author, Body string }
	ours := comment{"system", "opening comment"}
	agent := func(bodies ...string) []comment {
		out := []comment{ours}
		for _, b := range bodies {
			out = append(out, comment{"agent", b})
		}
		return out
	}
	for name, c := range map[string]struct {
		comments []comment
		want     TextOutcome
		trn      string
	}{
		"the whole comment":                        {agent("2921020"), TextFound, "2921020"},
		"the whole comment with spaces":            {agent(" 29 21020 "), TextFound, "2921020"},
		"RP form":                                  {agent("It is RP 29/21020."), TextFound, "2921020"},
		"teacher reference number in full":         {agent("Teacher reference number: 2921020"), TextFound, "2921020"},
		"a label in bold":                          {agent("**TRN:** 2921020"), TextFound, "2921020"},
		"seven digits in the middle of words":      {agent("I called 2921020 and nobody answered"), TextNone, ""},
		"eight digits":                             {agent("TRN 29210200"), TextNone, ""},
		"bold eight digits":                        {agent("**29210200**"), TextNone, ""},
		"all zeros":                                {agent("TRN **0000000**"), TextNone, ""},
		"digits of another script":                 {agent("TRN ٢٩٢١٠٢٠"), TextNone, ""},
		"a quoted line":                            {agent("> Your TRN is **2921020**\nThanks, noted"), TextNone, ""},
		"the latest that says something":           {agent("Your TRN is **2921020**", "Sorry, TRN 3030303"), TextFound, "3030303"},
		"a later word that says nothing":           {agent("Your TRN is **2921020**", "Have a good day"), TextFound, "2921020"},
		"no match with a candidate":                {agent("No match found. Is TRN 2921020 right?"), TextConflict, ""},
		"could not find":                           {agent("We could not find a record for this person"), TextFailed, ""},
		"unable to locate":                         {agent("Unable to locate on DQT"), TextFailed, ""},
		"a requester's bold number":                {[]comment{ours, {"requester", "**2921020**"}}, TextNone, ""},
		"an agent's first comment is never read":   {[]comment{{"agent", "**2921020**"}}, TextNone, ""},
		"a TRN corrected with the wrong one named": {agent("TRN 2921020, not TRN 3030303"), TextConflict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := readThese(t, c.comments)
			if got.Outcome != c.want || got.TRN.Reveal() != c.trn {
				t.Errorf("got %s %q, want %s %q", got.Outcome, got.TRN.Reveal(), c.want, c.trn)
			}
		})
	}
}
