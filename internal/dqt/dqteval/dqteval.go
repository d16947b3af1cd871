// Package dqteval measures the register's engine on claims whose truth is
// known: how often the true record is found, ranked first, accepted without a
// person, and how often somebody else's is; how fast; and where it fails. It
// also estimates the engine's parameters from such claims' evidence. It changes
// nothing and decides nothing, and no report of it holds a value of a claim or
// of a record.
package dqteval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
)

// Options say how claims are evaluated. The zero value works.
type Options struct {
	Model      *match.Model // match.Default by default
	Thresholds *Thresholds  // those of an earlier report; by default they are found on these claims
	Size       int64        // bytes of the file, for the progress; zero when not known
	Progress   func(dqt.Progress)
}

// atOnce is how many claims a worker takes at a time.
const atOnce = 200

// Evaluate runs a file of claims with the truth through the engine, on every
// processor, and reports what came of it.
func Evaluate(ctx context.Context, register *dqt.Snapshot, claims io.Reader, o Options) (*Report, error) {
	if register.Records == 0 {
		return nil, errNoRegister
	}
	file, err := openClaims(claims)
	if err != nil {
		return nil, err
	}
	if o.Model == nil {
		o.Model = match.Default()
	}
	if o.Progress == nil {
		o.Progress = func(dqt.Progress) {}
	}
	e := &evaluating{register: register, model: o.Model}
	all := newTotals(file)
	began := time.Now()
	err = e.each(ctx, file, func(read int64, outcomes []outcome) {
		for i := range outcomes {
			all.add(&outcomes[i])
		}
		o.Progress(dqt.Progress{Stage: "evaluate", Done: read, Total: o.Size})
	})
	if err != nil {
		return nil, err
	}
	if all.overall.claims == 0 {
		return nil, errNoClaim
	}
	report := all.report(o.Thresholds)
	report.Register = Register{Records: register.Records, AsAt: register.AsAt}
	elapsed := time.Since(began)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	report.Speed = all.speed(elapsed, runtime.GOMAXPROCS(0), memory.Sys)
	return report, nil
}

// evaluating is what the workers share.
type evaluating struct {
	register *dqt.Snapshot
	model    *match.Model
}

// part is some rows of the file on their way through a worker.
type part struct {
	rows []claim
	read int64
	out  chan worked
}

type worked struct {
	outcomes []outcome
	err      error
}

// each has every claim evaluated and hands the outcomes on in the order of the file.
func (e *evaluating) each(ctx context.Context, file *claimsFile, do func(read int64, outcomes []outcome)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	todo, inOrder := make(chan part, workers), make(chan part, 2*workers)
	broken := make(chan error, 1)
	go func() {
		defer close(inOrder)
		defer close(todo)
		for {
			rows, err := file.next(atOnce)
			if len(rows) > 0 {
				p := part{rows: rows, read: file.read(), out: make(chan worked, 1)}
				for _, to := range []chan part{inOrder, todo} {
					select {
					case to <- p:
					case <-ctx.Done():
						return
					}
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					broken <- err
				}
				return
			}
		}
	}()
	for range workers {
		go func() {
			for p := range todo {
				var w worked
				for i := range p.rows {
					o, err := e.evaluate(ctx, &p.rows[i])
					if err != nil {
						w.err = err
						break
					}
					w.outcomes = append(w.outcomes, o)
				}
				p.out <- w
			}
		}()
	}
	for p := range inOrder {
		select {
		case w := <-p.out:
			if w.err != nil {
				return w.err
			}
			do(p.read, w.outcomes)
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("dqteval: %w", err)
		}
	}
	select {
	case err := <-broken:
		return err
	default:
		return ctx.Err()
	}
}

// outcome is what came of one claim.
type outcome struct {
	id      string
	values  []string // of the columns that are reported by
	refused bool
	nanos   int64

	inRecord  bool // the claimant has a record
	lost      bool // which is not in the register
	retrieved bool
	rank      int // of the claimant's record among other people's, from 1; 0: none
	compared  int

	rule    settled
	by      dqt.NoMatch // why the rule settled nothing
	check   settled     // the rule and the model together, as the program does it
	best    settled     // the first candidate
	sure    float64     // log2 of its odds
	allowed bool        // the policy lets the model settle it

	trueBits, otherBits float64 // of the claimant's record, of the best other
	hasTrue, hasOther   bool
	evidence, instead   []match.Evidence // of a miss: of the claimant's record, of the one that was put before it
}

// settled says whether a claim would be linked, and to whom.
type settled int8

const (
	toNobody settled = iota
	rightly
	wrongly // to another person's record
)

// ranked is how many candidates are looked at; a claimant's record behind
// these is looked for among all.
const ranked = 6

// evaluate runs one claim.
func (e *evaluating) evaluate(ctx context.Context, c *claim) (outcome, error) {
	o := outcome{id: c.id, values: c.values, refused: c.refused}
	if c.refused {
		return o, nil
	}
	truth, err := e.truth(ctx, c)
	if err != nil {
		return o, err
	}
	o.inRecord, o.lost = len(c.truth) > 0, len(c.truth) > 0 && len(truth) == 0
	began := time.Now()
	byRule, err := e.register.Find(ctx, c.claim)
	if err != nil {
		return o, fmt.Errorf("dqteval: the rule: %w", err)
	}
	search, err := e.register.Match(ctx, e.model, c.claim)
	if err != nil {
		return o, fmt.Errorf("dqteval: the engine: %w", err)
	}
	top := search.Ranked(ranked)
	o.nanos = time.Since(began).Nanoseconds()

	judge := func(id match.ID) settled {
		if truth[id] {
			return rightly
		}
		return wrongly
	}
	if o.by = byRule.Reason; byRule.Matched() {
		o.rule = judge(dqt.IDOf(byRule.TRN))
	}
	if o.check = o.rule; o.check == toNobody && o.by != dqt.IdentifiersConflict {
		if id, sure := search.Accepted(); sure {
			o.check = judge(id)
		}
	}
	o.compared, _ = search.Found(0)
	for id := range truth {
		_, found := search.Found(id)
		o.retrieved = o.retrieved || found
	}
	if o.retrieved && !hasOne(top, truth) {
		top = search.Ranked(o.compared)
	}
	others, at, before := 0, -1, -1
	for i, r := range top {
		switch {
		case truth[r.ID] && at < 0:
			at, o.rank = i, others+1
			o.trueBits, o.hasTrue = float64(r.Bits), true
		case !truth[r.ID]:
			if others == 0 {
				before, o.otherBits, o.hasOther = i, float64(r.Bits), true
			}
			others++
		}
	}
	if len(top) > 0 {
		best := top[0]
		o.best, o.sure = judge(best.ID), logOdds(best.Probability)
		o.allowed = best.Safe && !best.Inactive && byRule.Reason != dqt.IdentifiersConflict
	}
	if o.missed() {
		if at >= 0 {
			o.evidence = search.Evidence(top[at], nobodys)
		}
		if before >= 0 && (at < 0 || before < at) {
			o.instead = search.Evidence(top[before], nobodys)
		}
	}
	return o, nil
}

// missed tells whether a claim is worth showing.
func (o *outcome) missed() bool {
	return o.rule == wrongly || o.best == wrongly && o.sure > 0 || o.inRecord && o.rank != 1 || o.best == rightly && o.sure < 0
}

// nobodys stands in for the record behind evidence of which only levels and
// bits are wanted, never the values.
var nobodys = match.Description{TRNs: []string{"1000001"}, NINOs: []string{"QQ000001A"}}

func hasOne(top []match.Ranked, ids map[match.ID]bool) bool {
	for _, r := range top {
		if ids[r.ID] {
			return true
		}
	}
	return false
}

// truth gives the records of the claimant that are in the register; of a
// merged one, its survivor.
func (e *evaluating) truth(ctx context.Context, c *claim) (map[match.ID]bool, error) {
	there := map[match.ID]bool{}
	for _, id := range c.truth {
		if err := e.register.Look(ctx, dqt.Wanted{IDs: []match.ID{id}}, dqt.Tell{Features: func(id match.ID, _ string) error {
			there[id] = true
			return nil
		}}); err != nil {
			return nil, fmt.Errorf("dqteval: the truth: %w", err)
		}
		if there[id] {
			continue
		}
		key := match.AliasKey(id)
		if err := e.register.Look(ctx, dqt.Wanted{Pages: []match.PageNumber{key.Page()}}, dqt.Tell{Page: func(_ match.PageNumber, packed string) {
			survivors, _ := match.Holders(packed, key)
			for _, s := range survivors {
				there[s] = true
			}
		}}); err != nil {
			return nil, fmt.Errorf("dqteval: the truth: %w", err)
		}
	}
	return there, nil
}
