package dqteval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
)

// FitOptions say how parameters are estimated. The zero value works.
type FitOptions struct {
	Model    *match.Model // the prior, and where the estimate begins; match.Default by default
	Claims   int          // at most so many claims are looked at; 50,000 by default
	Progress func(dqt.Progress)
}

const (
	fitClaims   = 50_000
	fitRounds   = 8
	fitSettled  = 1e-3    // an estimate is settled when no m moves by more of itself
	fitPairs    = 40      // records that each claim is compared with by chance
	priorClaims = 300     // claims that the prior's m counts for
	priorPairs  = 100_000 // pairs that its u counts for

	leastRate     = 1e-6 // of a level: slips and shared numbers exist
	fitCandidates = 10   // of each claim
	leastProbable = 1e-6 // what is less so changes no sum
	fitAtOnce     = 2000 // claims that are held in memory
)

// Fit estimates the engine's parameters from claims, without looking at their
// truth. U, how often a level occurs between two people, is counted on claims
// and the likeliest records of other claims. M, between two descriptions of one
// person, comes from expectation and maximization (Dempster, Laird and Rubin,
// 1977) on the model of Fellegi and Sunter (1969): a claim is one candidate's, or
// nobody's, with the probability that the engine gives by the last estimate, and
// its evidence counts for m with that probability. Fields count as independent of each
// other. The prior keeps parameters of which the claims say little near where
// they were.
func Fit(ctx context.Context, register *dqt.Snapshot, claims io.Reader, o FitOptions) ([]match.Parameter, error) {
	if o.Model == nil {
		o.Model = match.Default()
	}
	if o.Claims == 0 {
		o.Claims = fitClaims
	}
	if o.Progress == nil {
		o.Progress = func(dqt.Progress) {}
	}
	f := &fitting{register: register, model: o.Model, prior: o.Model.Parameters()}
	if err := f.read(ctx, claims, o.Claims); err != nil {
		return nil, err
	}
	if err := f.chance(ctx); err != nil {
		return nil, err
	}
	parameters := f.prior
	for round := range fitRounds {
		counted, err := f.expect(ctx)
		if err != nil {
			return nil, err
		}
		next := f.maximize(counted)
		moved := 0.0
		for i := range next {
			moved = max(moved, math.Abs(next[i].M-parameters[i].M)/parameters[i].M)
		}
		parameters = next
		if f.model, err = match.NewModel(parameters); err != nil {
			return nil, fmt.Errorf("dqteval: fit: %w", err)
		}
		o.Progress(dqt.Progress{Stage: "fit", Done: int64(round + 1), Total: fitRounds})
		if moved < fitSettled {
			break
		}
	}
	return parameters, nil
}

// fitting is one estimate.
type fitting struct {
	register *dqt.Snapshot
	model    *match.Model
	prior    []match.Parameter
	rows     []claim
	u        levelCounts
}

// levelCounts counts levels of pairs.
type levelCounts struct {
	level map[match.FieldLevel]float64
	field map[match.Field]float64
}

func newLevelCounts() levelCounts {
	return levelCounts{map[match.FieldLevel]float64{}, map[match.Field]float64{}}
}

func (c levelCounts) add(levels []match.FieldLevel, weight float64) {
	for _, l := range levels {
		c.level[l] += weight
		c.field[l.Field] += weight
	}
}

func (f *fitting) read(ctx context.Context, claims io.Reader, most int) error {
	file, err := openClaims(claims)
	if err != nil {
		return err
	}
	for err == nil && len(f.rows) < most {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var rows []claim
		rows, err = file.next(atOnce)
		for _, r := range rows {
			if !r.refused {
				f.rows = append(f.rows, r)
			}
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.rows = f.rows[:min(len(f.rows), most)]
	if len(f.rows) < 2 {
		return errNoClaim
	}
	return nil
}

// chance counts levels between claims and records that only chance brings
// together: the likeliest records of other claims.
func (f *fitting) chance(ctx context.Context) error {
	f.u = newLevelCounts()
	described := make([]*match.Features, len(f.rows))
	records := make([]match.ID, len(f.rows))
	if err := f.all(ctx, func(i int, search *match.Search) error {
		described[i] = search.Claim()
		if top := search.Ranked(1); len(top) > 0 {
			records[i] = top[0].ID
		}
		return nil
	}); err != nil {
		return err
	}
	var record match.Features
	for i, id := range records {
		if id == 0 {
			continue
		}
		if err := f.register.Look(ctx, dqt.Wanted{IDs: []match.ID{id}}, dqt.Tell{Features: func(_ match.ID, packed string) error {
			if err := record.Unpack(packed); err != nil {
				return fmt.Errorf("dqteval: fit: %w", err)
			}
			for n := range fitPairs {
				other := (i + (n+1)*(n+1)*977) % len(f.rows)
				if other != i && records[other] != id && described[other] != nil {
					f.u.add(f.model.Levels(described[other], &record), 1)
				}
			}
			return nil
		}}); err != nil {
			return err
		}
	}
	return nil
}

// expect counts levels between claims and their candidates, each as much as it
// is probable that they are of one person.
func (f *fitting) expect(ctx context.Context) (levelCounts, error) {
	counts := newLevelCounts()
	var record match.Features
	err := f.all(ctx, func(_ int, search *match.Search) error {
		for _, r := range search.Ranked(fitCandidates) {
			if r.Probability < leastProbable {
				break
			}
			if err := f.register.Look(ctx, dqt.Wanted{IDs: []match.ID{r.ID}}, dqt.Tell{Features: func(_ match.ID, packed string) error {
				if err := record.Unpack(packed); err != nil {
					return fmt.Errorf("dqteval: fit: %w", err)
				}
				counts.add(f.model.Levels(search.Claim(), &record), r.Probability)
				return nil
			}}); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// all runs every claim through the engine on every processor, and hands the
// searches on in the order of the claims, so that sums are the same each time.
func (f *fitting) all(ctx context.Context, do func(i int, search *match.Search) error) error {
	for from := 0; from < len(f.rows); from += fitAtOnce {
		rows := f.rows[from:min(from+fitAtOnce, len(f.rows))]
		searches, broken := make([]*match.Search, len(rows)), make([]error, len(rows))
		var next atomic.Int64
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for i := next.Add(1) - 1; i < int64(len(rows)); i = next.Add(1) - 1 {
					searches[i], broken[i] = f.register.Match(ctx, f.model, rows[i].claim)
				}
			})
		}
		workers.Wait()
		if err := errors.Join(errors.Join(broken...), ctx.Err()); err != nil {
			return fmt.Errorf("dqteval: fit: %w", err)
		}
		for i, s := range searches {
			if err := do(from+i, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// maximize gives the parameters that the counts make likeliest, with the prior.
func (f *fitting) maximize(m levelCounts) []match.Parameter {
	priorM, priorU := map[match.Field]float64{}, map[match.Field]float64{} // what the prior's levels add up to
	for _, p := range f.prior {
		if !f.kept(p) {
			priorM[p.Field] += p.M
			priorU[p.Field] += p.U
		}
	}
	out := make([]match.Parameter, len(f.prior))
	for i, p := range f.prior {
		out[i] = p
		if f.kept(p) {
			continue
		}
		at := match.FieldLevel{Field: p.Field, Level: p.Level}
		estimate := func(counts levelCounts, prior, sum, weight float64) float64 {
			return min(max((counts.level[at]+weight*prior/sum)/(counts.field[p.Field]+weight), leastRate), 1)
		}
		out[i].M = estimate(m, p.M, priorM[p.Field], priorClaims)
		out[i].U = estimate(f.u, p.U, priorU[p.Field], priorPairs)
		out[i].Source = fmt.Sprintf("EM: %.0f pairs of one person and %.0f of two; before: m %.3g and u %.3g, %s", m.field[p.Field], f.u.field[p.Field], p.M, p.U, origin(p.Source))
	}
	return out
}

// kept tells whether a parameter is by convention and not estimated: that names changed
// places is weighed with the family name alone, and 1 January like any date.
func (f *fitting) kept(p match.Parameter) bool {
	return p.Field == match.FieldFirstName && p.Level == match.Swapped || p.Level == match.EqualDefault
}

// origin gives where the parameters came from before any estimate.
func origin(source string) string {
	if at := strings.LastIndex(source, ", "); at >= 0 && strings.HasPrefix(source, "EM: ") {
		return source[at+2:]
	}
	return source
}
