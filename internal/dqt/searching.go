package dqt

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"

	"traid/internal/dqt/match"
)

// searching is one free search at work.
type searching struct {
	v     index
	q     Query
	c     Criteria
	words *dictionary
}

// run gives everything that is found, best first: what fits all criteria; when
// nothing does, what fits the most.
func (s *searching) run(ctx context.Context) ([]match.ID, error) {
	found, err := s.all(ctx, s.c)
	if err != nil || len(found) > 0 {
		return ids(found), err
	}
	var some []hit
	for _, part := range s.c.parts() {
		more, err := s.all(ctx, part)
		if err != nil {
			return nil, err
		}
		some = append(some, more...)
	}
	return ids(s.fitting(some)), nil
}

// limit bounds how many records are ordered.
func (s *searching) limit() int {
	if s.q.filtered() {
		return filteredLimit
	}
	return searchLimit
}

// parts gives each criterion alone, the words of a name together and each.
func (c Criteria) parts() []Criteria {
	parts := []Criteria{{TRN: c.TRN}, {NINO: c.NINO}, {Email: c.Email}, {Born: c.Born}, {Words: c.Words}}
	if len(c.Words) > 1 {
		for _, w := range c.Words {
			parts = append(parts, Criteria{Words: []string{w}})
		}
	}
	return slices.DeleteFunc(parts, Criteria.empty)
}

// hit is a record that was found.
type hit struct {
	id          match.ID
	fits, score int // how many criteria it fits, and how well
	inactive    bool
	last, first string
}

func ids(hits []hit) []match.ID {
	out := make([]match.ID, len(hits))
	for i, h := range hits {
		out[i] = h.id
	}
	return out
}

// fitting keeps, of hits that may stand twice, those that fit the most.
func (s *searching) fitting(hits []hit) []hit {
	best, seen := 0, map[match.ID]bool{}
	for _, h := range hits {
		best = max(best, h.fits)
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool {
		twice := seen[h.id]
		seen[h.id] = true
		return twice || h.fits < best
	})
	sortHits(hits)
	return hits
}

func sortHits(hits []hit) {
	slices.SortFunc(hits, func(a, b hit) int {
		behind := 0
		if a.inactive != b.inactive {
			behind = -1
			if a.inactive {
				behind = 1
			}
		}
		return cmp.Or(cmp.Compare(b.score, a.score), behind, strings.Compare(a.last, b.last), strings.Compare(a.first, b.first), cmp.Compare(a.id, b.id))
	})
}

// all gives the records that fit all criteria, best first.
func (s *searching) all(ctx context.Context, c Criteria) ([]hit, error) {
	listed, narrow, err := s.listed(ctx, c)
	if err != nil {
		return nil, err
	}
	if narrow { // few enough to look at each
		hits, err := s.graded(ctx, c, listed)
		return slices.DeleteFunc(hits, func(h hit) bool { return h.fits < c.size() }), err
	}
	found, err := s.named(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.graded(ctx, c, found)
}

// size is how many criteria there are.
func (c Criteria) size() int {
	n := len(c.Words)
	for _, is := range []bool{!c.TRN.IsZero(), c.NINO != "", c.Email != "", c.Born != ""} {
		if is {
			n++
		}
	}
	return n
}

// listed gives the records under the keys of a query's numbers and its date,
// those that stand under all of them; narrow is false for a query of words alone.
func (s *searching) listed(ctx context.Context, c Criteria) (found []match.ID, narrow bool, err error) {
	narrowBy := func(some []match.ID) {
		slices.Sort(some)
		some = slices.Compact(some)
		if !narrow {
			found, narrow = some, true
			return
		}
		found = slices.DeleteFunc(found, func(id match.ID) bool { _, is := slices.BinarySearch(some, id); return !is })
	}
	if !c.TRN.IsZero() {
		id := IDOf(c.TRN)
		more, err := s.under(ctx, match.AliasKey(id))
		if err != nil {
			return nil, false, err
		}
		narrowBy(append(more, id))
	}
	if k, ok := match.NINOKey(c.NINO); ok {
		more, err := s.under(ctx, k)
		if err != nil {
			return nil, false, err
		}
		narrowBy(more)
	}
	if k, ok := match.EmailKey(c.Email); ok {
		more, err := s.under(ctx, k)
		if err != nil {
			return nil, false, err
		}
		narrowBy(more)
	}
	if c.Born != "" && (narrow || len(c.Words) == 0 || !strings.Contains(c.Born, "_")) {
		more, err := s.under(ctx, bornKeys(c.Born)...)
		if err != nil {
			return nil, false, err
		}
		narrowBy(more)
	}
	return found, narrow, nil
}

// Bounds of the years of birth that a day without a year may mean.
const (
	firstYear = 1920
	lastYear  = 2012
)

// days gives the days that a date with missing parts may mean.
func days(pattern string) []string {
	if !strings.Contains(pattern, "_") {
		return []string{pattern}
	}
	var out []string
	if strings.HasPrefix(pattern, anyYear) {
		for year := firstYear; year <= lastYear; year++ {
			out = append(out, fmt.Sprintf("%04d%s", year, pattern[len(anyYear):]))
		}
		return out
	}
	for month := 1; month <= 12; month++ {
		for day := 1; day <= 31; day++ {
			out = append(out, fmt.Sprintf("%s-%02d-%02d", pattern[:4], month, day))
		}
	}
	return out
}

// partsOf gives the parts of a date, zero for one that is missing.
func partsOf(pattern string) (year, month, day uint32) {
	number := func(s string) uint32 {
		n, _ := strconv.ParseUint(s, 10, 32) // a missing one is no number
		return uint32(n)
	}
	return number(pattern[:4]), number(pattern[5:7]), number(pattern[8:])
}

// bornKeys gives the keys of the days that a date with missing parts may mean.
func bornKeys(pattern string) (keys []match.Key) {
	for _, day := range days(pattern) {
		if k, ok := match.Describe(match.Description{DateOfBirth: day}).BornKey(); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// under gives the records under keys, up to the limit and what the last key leads to.
func (s *searching) under(ctx context.Context, keys ...match.Key) (found []match.ID, err error) {
	for part := range slices.Chunk(keys, 32) {
		pages := make([]match.PageNumber, len(part))
		for i, k := range part {
			pages[i] = k.Page()
		}
		slices.Sort(pages)
		if err := s.v.Look(ctx, Wanted{Pages: slices.Compact(pages)}, Tell{Page: func(page match.PageNumber, packed string) {
			for _, k := range part {
				if k.Page() == page {
					some, _ := match.Holders(packed, k)
					found = append(found, some...)
				}
			}
		}}); err != nil {
			return nil, err
		}
		if len(found) >= s.limit() {
			break
		}
	}
	return found, nil
}

// named gives the records that have a name like each of the query's words, at
// most about the limit: those that have the words themselves, then those
// whose names begin with them, and only where these are few, those that are
// written or sound alike.
func (s *searching) named(ctx context.Context, c Criteria) ([]match.ID, error) {
	sets := make([]*idSet, len(c.Words))
	for i := range sets {
		sets[i] = newIDSet()
		defer sets[i].free()
	}
	fits := func(match.ID) bool { return true }
	if strings.Contains(c.Born, "_") { // a part of the date tells apart whom the name does not
		outlines, err := s.v.Outlines(ctx)
		if err != nil {
			return nil, err
		}
		year, month, day := partsOf(c.Born)
		fits = func(id match.ID) bool { return outlines.MayBeBorn(id, year, month, day) }
	}
	var found []match.ID
	for how := exact; how < unlike; how++ {
		if how == alike && len(found) >= fewFound {
			break
		}
		for i, w := range c.Words {
			if err := s.v.WordHolders(ctx, s.words.like(w, how), func(_, packed string) error {
				eachID(packed, sets[i].add)
				return nil
			}); err != nil {
				return nil, err
			}
		}
		found = common(sets, fits, s.limit())
		if len(found) >= s.limit() {
			break
		}
	}
	return found, nil
}

// idSet is a set of records' numbers, a bit for each, and a bit for each word
// of these that holds one.
type idSet struct {
	bits   [maxIDs/64 + 1]uint64
	filled [maxIDs/64/64 + 1]uint64
}

// maxIDs is how many numbers a TRN of seven digits may be.
const maxIDs = 10_000_000

// idSets are empty sets: each is more than a megabyte.
var idSets = sync.Pool{New: func() any { return new(idSet) }}

func newIDSet() *idSet { return idSets.Get().(*idSet) }

func (s *idSet) add(id match.ID) {
	if id < maxIDs {
		s.bits[id/64] |= 1 << (id % 64)
		s.filled[id/64/64] |= 1 << (id / 64 % 64)
	}
}

// free empties a set that is not used any more.
func (s *idSet) free() {
	eachBit(s.filled[:], 0, func(i int) bool {
		s.bits[i] = 0
		return true
	})
	clear(s.filled[:])
	idSets.Put(s)
}

// common gives the numbers that stand in all sets and fit, up to about atMost.
func common(sets []*idSet, fits func(match.ID) bool, atMost int) (ids []match.ID) {
	for at := range sets[0].filled {
		filled := sets[0].filled[at]
		for _, s := range sets[1:] {
			filled &= s.filled[at]
		}
		eachBit([]uint64{filled}, at*64, func(i int) bool {
			all := sets[0].bits[i]
			for _, s := range sets[1:] {
				all &= s.bits[i]
			}
			eachBit([]uint64{all}, i*64, func(id int) bool {
				if fits(match.ID(id)) {
					ids = append(ids, match.ID(id))
				}
				return true
			})
			return len(ids) < atMost
		})
		if len(ids) >= atMost {
			break
		}
	}
	return ids
}

// eachBit calls do with the number of each bit that is set, until do gives false.
func eachBit(words []uint64, from int, do func(n int) bool) {
	for i, w := range words {
		for ; w != 0; w &= w - 1 {
			if !do(from + i*64 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// graded looks at the features of records and puts the best first.
func (s *searching) graded(ctx context.Context, c Criteria, found []match.ID) ([]hit, error) {
	hits := make([]hit, 0, len(found))
	var f match.Features
	g := newGrader(c)
	err := s.v.Look(ctx, Wanted{IDs: found}, Tell{Features: func(id match.ID, packed string) error {
		if err := f.Unpack(packed); err != nil {
			return fmt.Errorf("dqt: search: %w", err)
		}
		if s.q.lets(&f) {
			hits = append(hits, g.grade(id, &f))
		}
		return nil
	}})
	sortHits(hits)
	return hits, err
}
