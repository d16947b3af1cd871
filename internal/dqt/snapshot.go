package dqt

import (
	"context"
	"encoding/binary"
	"strings"

	"traid/internal/dqt/match"
)

// Snapshot is one state of the register in memory, for many claims at once. It
// never changes and may be read from many goroutines.
type Snapshot struct {
	State
	pages [match.Pages]string
	at    []uint32 // where the features of a record stand in arena, plus one; zero for none
	arena string   // features, each behind its length
}

// Snapshot reads the register into memory: of two million records about half a
// gigabyte.
func (s *Service) Snapshot(ctx context.Context, progress func(Progress)) (*Snapshot, error) {
	out := &Snapshot{}
	err := s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		out.State = state
		var arena strings.Builder
		var length [binary.MaxVarintLen64]byte
		n := 0
		if err := v.EachFeatures(ctx, func(id match.ID, packed string) error {
			for int(id) >= len(out.at) {
				out.at = append(out.at, 0)
			}
			out.at[id] = uint32(arena.Len()) + 1
			arena.Write(length[:binary.PutUvarint(length[:], uint64(len(packed)))])
			arena.WriteString(packed)
			if n++; n%progressEvery == 0 && progress != nil {
				progress(Progress{Stage: "load", Done: int64(n), Total: int64(state.Records)})
			}
			return nil
		}); err != nil {
			return err
		}
		out.arena = arena.String()
		return v.EachPage(ctx, func(page match.PageNumber, packed string) error {
			out.pages[page] = packed
			return nil
		})
	})
	return out, err
}

// Pages is Index's.
func (s *Snapshot) Pages(_ context.Context, pages []match.PageNumber, do func(page match.PageNumber, packed string) error) error {
	for _, p := range pages {
		if s.pages[p] != "" {
			if err := do(p, s.pages[p]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Features is Index's.
func (s *Snapshot) Features(_ context.Context, ids []match.ID, do func(id match.ID, packed string) error) error {
	for _, id := range ids {
		if int(id) >= len(s.at) || s.at[id] == 0 {
			continue
		}
		rest := s.arena[s.at[id]-1:]
		n, width := uint64(rest[0]), 1
		if n >= 0x80 { // a second byte is enough: features are shorter than 16 KiB
			n, width = n&0x7f|uint64(rest[1])<<7, 2
		}
		if err := do(id, rest[width:width+int(n)]); err != nil {
			return err
		}
	}
	return nil
}

// Find is the automatic check by the documented rule.
func (s *Snapshot) Find(ctx context.Context, c Claim) (FindResult, error) { return find(ctx, s, c) }

// Match looks for the records that may be the claimant's.
func (s *Snapshot) Match(ctx context.Context, m *match.Model, c Claim) (*match.Search, error) {
	return Match(ctx, s, m, s.Records, c)
}
