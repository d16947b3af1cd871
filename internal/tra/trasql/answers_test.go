package trasql_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"traid/internal/person"
	"traid/internal/tra"
)

func answer(request tra.RequestID, version int64) tra.Answer {
	return tra.Answer{Request: request, Client: "cpd", Kind: tra.TRNValidation, Version: version, Outcome: tra.Failed, Reason: tra.NoRecord, AnsweredAt: start}
}

// release adds an answer and tells its position.
func (o *office) release(a tra.Answer) (position int64) {
	o.Helper()
	o.tx(func(ctx context.Context, tx tra.Tx) (err error) {
		position, err = tx.AddAnswer(ctx, a)
		return err
	})
	return position
}

func TestAClientsAnswersHavePositionsOfTheirOwn(t *testing.T) {
	eachOffice(t, func(o *office) {
		full := tra.Answer{
			Request: "r1", Client: "cpd", Kind: tra.BarringCheck, Version: 1, Outcome: tra.TRNFound, TRN: must(person.NewTRN("0012345")),
			Reason: tra.OtherReason, Note: "note", AnsweredAt: start,
		}
		theirs := answer("r2", 1)
		theirs.Client = "another"
		for _, c := range []struct {
			answer tra.Answer
			want   int64
		}{{full, 1}, {theirs, 1}, {answer("r3", 1), 2}, {answer("r1", 2), 3}} {
			if got := o.release(c.answer); got != c.want {
				o.Errorf("position of %s version %d: got %d, want %d", c.answer.Request, c.answer.Version, got, c.want)
			}
		}
		o.taken("the same version again", func(ctx context.Context, tx tra.Tx) error {
			_, err := tx.AddAnswer(ctx, answer("r1", 2))
			return err
		})
		broken := errors.New("broken")
		if err := o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) error {
			_, err := tx.AddAnswer(ctx, answer("r4", 1))
			return errors.Join(err, broken)
		}); !errors.Is(err, broken) {
			o.Fatal(err)
		}
		if got := o.release(answer("r4", 1)); got != 4 {
			o.Errorf("after two that failed: got %d, want 4", got)
		}

		read := func(after int64, limit int) []string {
			o.Helper()
			answers, err := o.store.Answers(o.Context(), "cpd", after, limit)
			if err != nil {
				o.Fatal(err)
			}
			out := []string{}
			for _, a := range answers {
				out = append(out, fmt.Sprintf("%d:%s/%d", a.Position, a.Request, a.Version))
			}
			return out
		}
		same(o, "all", read(0, 10), []string{"1:r1/1", "2:r3/1", "3:r1/2", "4:r4/1"})
		same(o, "after one", read(1, 2), []string{"2:r3/1", "3:r1/2"})
		same(o, "at the end", read(4, 10), []string{})

		first, err := o.store.Answers(o.Context(), "cpd", 0, 1)
		if err != nil {
			o.Fatal(err)
		}
		full.Position = 1
		same(o, "answer", first, []tra.Answer{full})
		newest, err := o.store.NewestAnswer(o.Context(), "r1")
		if err != nil {
			o.Fatal(err)
		}
		want := answer("r1", 2)
		want.Position = 3
		same(o, "newest", newest, want)
		_, err = o.store.NewestAnswer(o.Context(), "r9")
		wantNotFound(o, "an answer", err)
	})
}

// A reader of the feed that goes on after the last position it saw misses an
// answer for ever when a later position can be seen before an earlier one.
func TestPositionsAreSeenInOrderWhileAnswersAreReleasedAtOnce(t *testing.T) {
	const workers, each = 6, 20
	eachOffice(t, func(o *office) {
		broken := errors.New("broken")
		var writers sync.WaitGroup
		for w := range workers {
			writers.Go(func() {
				for i := range each {
					id := tra.RequestID(fmt.Sprintf("r%d-%d", w, i))
					var want error
					if i%2 == 0 {
						want = broken // it had a position, which the next one gets
					}
					if err := o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) error {
						if _, err := tx.AddAnswer(ctx, answer(id, 1)); err != nil {
							return err
						}
						return want
					}); !errors.Is(err, want) {
						o.Errorf("got %v, want %v", err, want)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { writers.Wait(); close(done) }()
		var last int64
		for finished := false; !finished; {
			select {
			case <-done:
				finished = true // and read once more
			default:
			}
			answers, err := o.store.Answers(o.Context(), "cpd", last, 1000)
			if err != nil {
				o.Error(err)
				<-done
				return
			}
			for _, a := range answers {
				if a.Position != last+1 {
					o.Errorf("position %d was seen after %d", a.Position, last)
				}
				last = a.Position
			}
		}
		if last != workers*each/2 {
			o.Errorf("the last position is %d, want %d", last, workers*each/2)
		}
	})
}
