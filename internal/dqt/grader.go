package dqt

import (
	"strings"

	"traid/internal/dqt/match"
)

// What a criterion adds to a record's place in the list.
const (
	scoreIdentifier = 64
	scoreBorn       = 32
	scoreBornPart   = 8
)

// scoreName is what a name that fits exactly adds, by what it is; one that only
// begins so, or is alike, adds a half or a quarter.
var scoreName = [...]int{match.LastName: 16, match.FirstName: 16, match.PreviousName: 12, match.MiddleNames: 8}

// grader says how well records fit a query.
type grader struct {
	c        Criteria
	claim    *match.Features
	words    []match.Word
	nearness map[string]nearness // of names that were compared, by the word's place and the name
}

func newGrader(c Criteria) *grader {
	g := &grader{c: c, claim: match.Describe(match.Description{Email: c.Email}), nearness: map[string]nearness{}}
	for _, w := range c.Words {
		g.words = append(g.words, match.NewWord(w))
	}
	return g
}

func (g *grader) grade(id match.ID, f *match.Features) hit {
	h := hit{id: id, inactive: f.Inactive, last: strings.Clone(f.LastName()), first: strings.Clone(f.FirstName())} // f points into what was read
	add := func(fits bool, score int) {
		if fits {
			h.fits, h.score = h.fits+1, h.score+score
		}
	}
	add(!g.c.TRN.IsZero() && f.HoldsTRN(IDOf(g.c.TRN)), scoreIdentifier)
	add(g.c.NINO != "" && f.HoldsStem(g.c.NINO), scoreIdentifier)
	add(g.c.Email != "" && f.SameEmail(g.claim), scoreIdentifier)
	if g.c.Born != "" && fitsPattern(dayOf(f.Born()), g.c.Born) {
		score := scoreBorn
		if strings.Contains(g.c.Born, "_") {
			score = scoreBornPart
		}
		add(true, score)
	}
	for i := range g.words {
		best := 0
		f.EachName(func(kind match.NameKind, name string) {
			if n := g.near(i, name); name != "" && n != unlike {
				best = max(best, scoreName[kind]>>n)
			}
		})
		add(best > 0 || g.only(), max(best, 1))
	}
	return h
}

// only tells whether the query is of words alone: then the records were found
// by them, if only by a particle that is compared with nothing.
func (g *grader) only() bool { return g.c.size() == len(g.c.Words) }

// near tells how well a name fits the i-th word; names come again and again.
func (g *grader) near(i int, name string) nearness {
	key := string(rune('a'+i)) + name
	if n, had := g.nearness[key]; had {
		return n
	}
	w, other := &g.words[i], match.NewWord(strings.Clone(name))
	n := unlike
	switch level := w.Level(&other); {
	case level == match.Equal:
		n = exact
	case strings.HasPrefix(name, w.Text()):
		n = begins
	case level == match.OneEdit, level == match.Close, level == match.SoundsAlike:
		n = alike
	}
	g.nearness[strings.Clone(key)] = n
	return n
}

func dayOf(born uint32) string {
	if born == 0 {
		return ""
	}
	b := []byte("0000-00-00")
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '-' {
			b[i] = byte('0' + born%10)
			born /= 10
		}
	}
	return string(b)
}
