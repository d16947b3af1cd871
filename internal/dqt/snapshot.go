package dqt

import (
	"context"
	"strings"

	"traid/internal/dqt/match"
)

// Snapshot is one state of the register in memory, for many claims at once. It
// never changes and may be read from many goroutines.
type Snapshot struct {
	State
	pages   [match.Pages]string
	cohorts map[match.Day]string
	arena   string   // all cohorts
	at      []uint32 // where a record stands in it, by its number, plus one; zero for none

	outlines match.Outlines
}

// Snapshot reads the register into memory: of two million records about half a
// gigabyte.
func (s *Service) Snapshot(ctx context.Context, progress func(Progress)) (*Snapshot, error) {
	out := &Snapshot{cohorts: map[match.Day]string{}}
	err := s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		out.State = state
		var arena strings.Builder
		cohorts := map[match.Day][2]int{}
		n := 0
		if err := v.EachCohort(ctx, func(born match.Day, packed string) error {
			from := arena.Len()
			arena.WriteString(packed)
			cohorts[born] = [2]int{from, arena.Len()}
			for rest := packed; rest != ""; n++ {
				at := arena.Len() - len(rest)
				id, features, after, err := match.NextMember(rest)
				if err != nil {
					return err
				}
				if err := out.outlines.Add(id, features); err != nil {
					return err
				}
				for int(id) >= len(out.at) {
					out.at = append(out.at, 0)
				}
				out.at[id] = uint32(at) + 1
				rest = after
			}
			if progress != nil {
				progress(Progress{Stage: "load", Done: int64(n), Total: int64(state.Records)})
			}
			return nil
		}); err != nil {
			return err
		}
		out.arena = arena.String()
		for born, c := range cohorts {
			out.cohorts[born] = out.arena[c[0]:c[1]]
		}
		return v.EachPage(ctx, func(page match.PageNumber, packed string) error {
			out.pages[page] = packed
			return nil
		})
	})
	return out, err
}

// Size is Index's.
func (s *Snapshot) Size(context.Context) (int, error) { return s.Records, nil }

// Outlines is Index's.
func (s *Snapshot) Outlines(context.Context) (*match.Outlines, error) { return &s.outlines, nil }

// Look is Index's.
func (s *Snapshot) Look(_ context.Context, w Wanted, tell Tell) error {
	for _, p := range w.Pages {
		if s.pages[p] != "" {
			tell.Page(p, s.pages[p])
		}
	}
	if cohort := s.cohorts[w.Born]; w.Born != 0 && cohort != "" && len(cohort) <= CohortLimit {
		if err := tell.Cohort(cohort); err != nil {
			return err
		}
	}
	for _, id := range w.IDs {
		if int(id) >= len(s.at) || s.at[id] == 0 {
			continue
		}
		_, features, _, err := match.NextMember(s.arena[s.at[id]-1:])
		if err != nil {
			return err
		}
		if err := tell.Features(id, features); err != nil {
			return err
		}
	}
	return nil
}

// Find is the automatic check by the documented rule.
func (s *Snapshot) Find(ctx context.Context, c Claim) (FindResult, error) { return find(ctx, s, c) }

// Match looks for the records that may be the claimant's.
func (s *Snapshot) Match(ctx context.Context, m *match.Model, c Claim) (*match.Search, error) {
	return Match(ctx, s, m, c)
}
