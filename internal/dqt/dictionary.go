package dqt

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"traid/internal/dqt/match"
)

// dictionary is every word of a name that the register holds: small beside the
// records, and looked through whole for words that are written or sound alike.
type dictionary struct {
	generation int64
	words      []match.Word // in order
	holders    []int        // how many records have each
}

// dictionary gives the words of the register's present generation, read once.
func (s *Service) dictionary(ctx context.Context, v View, state State) (*dictionary, error) {
	s.names.Lock()
	defer s.names.Unlock()
	if s.words != nil && s.words.generation == state.Generation {
		return s.words, nil
	}
	d := &dictionary{generation: state.Generation}
	if err := v.Words(ctx, func(word string, holders int) {
		d.words, d.holders = append(d.words, match.NewWord(word)), append(d.holders, holders)
	}); err != nil {
		return nil, err
	}
	sort.Sort(d) // a database orders texts in its own way
	s.words = d
	return d, nil
}

func (d *dictionary) Len() int           { return len(d.words) }
func (d *dictionary) Less(i, j int) bool { return d.words[i].Text() < d.words[j].Text() }
func (d *dictionary) Swap(i, j int) {
	d.words[i], d.words[j] = d.words[j], d.words[i]
	d.holders[i], d.holders[j] = d.holders[j], d.holders[i]
}

// nearness says how well a word of a name fits one of a query.
type nearness int

const (
	exact  nearness = iota
	begins          // begins with it
	alike           // is written or sounds nearly like it
	unlike
)

// wordsAtOnce bounds how many words of the register one word of a query stands for.
const wordsAtOnce = 30

// like gives the words that fit w as well as asked; where they are too many the
// nearest, and of these the most frequent.
func (d *dictionary) like(w string, how nearness) []string {
	type one struct {
		text    string
		far     int
		holders int
	}
	var found []one
	add := func(i, far int) {
		if d.holders[i] > 0 {
			found = append(found, one{d.words[i].Text(), far, d.holders[i]})
		}
	}
	from, _ := slices.BinarySearchFunc(d.words, w, func(word match.Word, w string) int { return strings.Compare(word.Text(), w) })
	switch how {
	case exact:
		if from < len(d.words) && d.words[from].Text() == w {
			add(from, 0)
		}
	case begins:
		for i := from; i < len(d.words) && strings.HasPrefix(d.words[i].Text(), w); i++ {
			if d.words[i].Text() != w {
				add(i, 0)
			}
		}
	case alike:
		if len(w) < leastAlike {
			break
		}
		claimed := match.NewWord(w)
		for i := range d.words {
			far := slices.Index(nearest, claimed.Level(&d.words[i]))
			if far >= 0 && !strings.HasPrefix(d.words[i].Text(), w) {
				add(i, far)
			}
		}
	}
	if len(found) > wordsAtOnce {
		slices.SortFunc(found, func(a, b one) int {
			return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(b.holders, a.holders), strings.Compare(a.text, b.text))
		})
		found = found[:wordsAtOnce]
	}
	words := make([]string, len(found))
	for i, f := range found {
		words[i] = f.text
	}
	return words
}

// nearest are the levels of words that are alike.
var nearest = []match.Level{match.OneEdit, match.Close, match.SoundsAlike}

// leastAlike is how long a word is at least for others to be like it.
const leastAlike = 3
