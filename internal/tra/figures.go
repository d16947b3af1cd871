package tra

import (
	"context"
	"slices"
	"time"

	"traid/internal/fault"
	"traid/internal/workday"
)

// FigureFilter says of what figures are.
type FigureFilter struct {
	Days int  // until now; 28 when 0, at most 365
	Kind Kind // empty: of both
}

// Figures are what a supervisor sees of the work. They name nobody.
type Figures struct {
	From, To  time.Time
	Weekly    bool // Arrived and Answered are by week, otherwise by day
	Steps     []FigureStep
	Arrived   int
	Answered  int   // first answers
	Waiting   int   // now
	Overdue   int   // of Waiting
	Taken     []int // working days of each first answer, ascending
	Outcomes  map[Outcome]int
	Reasons   map[FailureReason]int
	Again     int         // later versions of answers
	Reopened  int         // cases and tickets that were opened again
	Reviewed  int         // second reviews
	SentBack  int         // of Reviewed: the second operator did not agree
	Picked    map[int]int // decisions of the console for a record, by its place among the candidates; 0: it was not among them
	Decisions int         // sum of Picked
}

// FigureStep is one day, or one week, of the time that figures are of.
type FigureStep struct {
	Begins            time.Time
	Arrived, Answered int
}

// FigureAnswer is an answer as figures count it.
type FigureAnswer struct {
	Version     int64
	Outcome     Outcome
	Reason      FailureReason
	AnsweredAt  time.Time
	SubmittedAt time.Time
}

// FigureRows are what figures are counted from.
type FigureRows struct {
	Arrivals           []time.Time
	Answers            []FigureAnswer
	Waiting, Overdue   int
	Reopened           int
	Reviewed, SentBack int
	Picked             map[int]int
}

// Bounds of the time that figures are of, in days.
const (
	figureDays     = 28
	mostFigureDays = 365
	byDayUntil     = 35 // longer times are by week
)

// Figures counts the work of the last days, for supervisors; Forbidden for others.
func (s *Service) Figures(ctx context.Context, op Operator, f FigureFilter) (Figures, error) {
	if !op.Supervisor {
		return Figures{}, fault.New(fault.Forbidden, "Figures are for supervisors.")
	}
	if f.Days <= 0 {
		f.Days = figureDays
	}
	f.Days = min(f.Days, mostFigureDays)
	now := s.now()
	out := Figures{To: now, Weekly: f.Days > byDayUntil, Outcomes: map[Outcome]int{}, Reasons: map[FailureReason]int{}}
	today := now.In(workday.London)
	out.From = time.Date(today.Year(), today.Month(), today.Day()-f.Days+1, 0, 0, 0, 0, workday.London)
	rows, err := s.store.FigureRows(ctx, f.Kind, out.From, now)
	if err != nil {
		return Figures{}, err
	}
	out.steps()
	for _, at := range rows.Arrivals {
		out.Arrived++
		out.step(at).Arrived++
	}
	taken := map[[2]string]int{}
	for _, a := range rows.Answers {
		if a.Version > 1 {
			out.Again++
			continue
		}
		out.Answered++
		out.step(a.AnsweredAt).Answered++
		out.Outcomes[a.Outcome]++
		if a.Reason != "" {
			out.Reasons[a.Reason]++
		}
		key := [2]string{a.SubmittedAt.In(workday.London).Format("2006-01-02 15"), a.AnsweredAt.In(workday.London).Format(time.DateOnly)}
		n, known := taken[key]
		if !known {
			if n, err = workday.Taken(a.SubmittedAt, a.AnsweredAt); err != nil {
				return Figures{}, err
			}
			taken[key] = n
		}
		out.Taken = append(out.Taken, n)
	}
	slices.Sort(out.Taken)
	out.Waiting, out.Overdue, out.Reopened = rows.Waiting, rows.Overdue, rows.Reopened
	out.Reviewed, out.SentBack, out.Picked = rows.Reviewed, rows.SentBack, rows.Picked
	for _, n := range rows.Picked {
		out.Decisions += n
	}
	return out, nil
}

// steps makes the days or weeks of the time, the last of which ends now.
func (f *Figures) steps() {
	long := 1
	if f.Weekly {
		long = 7
	}
	for begins := f.From; begins.Before(f.To); begins = begins.AddDate(0, 0, long) {
		f.Steps = append(f.Steps, FigureStep{Begins: begins})
	}
}

// step gives the day or week of an instant.
func (f *Figures) step(at time.Time) *FigureStep {
	i, _ := slices.BinarySearchFunc(f.Steps, at, func(s FigureStep, at time.Time) int {
		if s.Begins.After(at) {
			return 1
		}
		return -1
	})
	return &f.Steps[max(i-1, 0)]
}

// Percentile gives how many working days an answer took at most in p of 100
// cases, by the nearest rank; false where nothing was answered.
func (f Figures) Percentile(p int) (int, bool) {
	n := len(f.Taken)
	if n == 0 {
		return 0, false
	}
	return f.Taken[max((p*n+99)/100, 1)-1], true
}

// placeOf gives the place of the picked record among the candidates that the
// register has for the claim, from 1; 0 where it is not among them, and false
// where that cannot be told.
func (s *Service) placeOf(ctx context.Context, r Request, claim Claim, d Decision) (int, bool) {
	if r.Kind != TRNValidation || d.Outcome != TRNFound {
		return 0, false
	}
	list, _, err := s.register.Candidates(ctx, r.ID, claim, candidateLimit)
	if err != nil {
		return 0, false // a figure is not worth a decision
	}
	return 1 + slices.IndexFunc(list, func(c Candidate) bool { return c.Record.TRN == d.TRN }), true
}
