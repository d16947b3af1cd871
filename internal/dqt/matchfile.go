package dqt

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"traid/internal/dqt/match"
	"traid/internal/person"
	"traid/internal/table"
)

// claimColumns are the columns of a claims file; it may have others.
var claimColumns = []string{"id", "first_name", "middle_name", "last_name", "previous_names", "date_of_birth", "national_insurance_number", "trn", "email"}

// fileCandidates is how many candidates a line of the result has.
const fileCandidates = 5

// MatchOptions say how a claims file is read. The zero value works.
type MatchOptions struct {
	Size     int64 // bytes of the file, for the progress; zero when not known
	Progress func(Progress)
}

// MatchReport counts what a claims file came to.
type MatchReport struct {
	Claims, Matched, NotMatched, Refused int
}

// MatchFile runs the automatic check and the ranking over a file of claims and
// writes a line for each, in their order, all against one state of the
// register, which it reads into memory first. A row that cannot be read has the
// result "refused".
func (s *Service) MatchFile(ctx context.Context, claims io.Reader, out io.Writer, o MatchOptions) (MatchReport, error) {
	t, err := table.Open(claims, table.Columns{Required: claimColumns, Others: true})
	if err != nil {
		return MatchReport{}, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	snapshot, err := s.Snapshot(ctx, o.Progress)
	if err != nil {
		return MatchReport{}, err
	}
	w := csv.NewWriter(out)
	header := []string{"id", "result", "trn", "basis", "reason"}
	for i := range fileCandidates {
		header = append(header, fmt.Sprintf("candidate_%d_trn", i+1), fmt.Sprintf("candidate_%d_bits", i+1))
	}
	_ = w.Write(header) // an error stays in w
	var report MatchReport
	rows := parallel(ctx, t, func(r table.Row) matched { return s.matchRow(ctx, snapshot, r) })
	defer rows.stop()
	for {
		part, read, err := rows.next()
		for _, m := range part {
			if m.err != nil {
				return MatchReport{}, m.err
			}
			report.Claims++
			*m.counted(&report)++
			_ = w.Write(m.line)
		}
		if err := w.Error(); err != nil {
			return MatchReport{}, fmt.Errorf("dqt: write matches: %w", err)
		}
		if err == io.EOF {
			break
		} else if err != nil {
			return MatchReport{}, err
		}
		o.Progress(Progress{Stage: "match", Done: read, Total: o.Size})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return MatchReport{}, fmt.Errorf("dqt: write matches: %w", err)
	}
	o.Progress(Progress{Stage: "match", Done: t.Read(), Total: o.Size})
	return report, nil
}

// matched is a line of the result.
type matched struct {
	line []string
	err  error
}

func (m matched) counted(r *MatchReport) *int {
	switch m.line[1] {
	case "match":
		return &r.Matched
	case "refused":
		return &r.Refused
	}
	return &r.NotMatched
}

func (s *Service) matchRow(ctx context.Context, snapshot *Snapshot, r table.Row) matched {
	line := make([]string, 5, 5+2*fileCandidates)
	line[0] = table.Cell(r.Raw("id"))
	if r.Refusal != "" {
		line[1], line[4] = "refused", "line "+strconv.Itoa(r.Line)+": "+r.Refusal
		return matched{line: line[:cap(line)]}
	}
	claim := claimOf(r)
	result, err := snapshot.Find(ctx, claim)
	if err != nil {
		return matched{err: err}
	}
	search, err := snapshot.Match(ctx, match.Default(), claim)
	if err != nil {
		return matched{err: err}
	}
	if s.check == Model {
		result = extended(result, search)
	}
	if result.Matched() {
		line[1], line[2], line[3] = "match", result.TRN.Reveal(), string(result.Basis)
	} else {
		line[1], line[4] = "no_match", string(result.Reason)
	}
	for _, c := range search.Ranked(fileCandidates) {
		line = append(line, TRNOf(c.ID).Reveal(), strconv.FormatFloat(float64(c.Bits), 'f', 2, 64))
	}
	return matched{line: line[:cap(line)]}
}

// claimOf reads a row of a claims file.
func claimOf(r table.Row) Claim {
	claim := Claim{
		FirstName: NewText(r.Get("first_name")), MiddleName: NewText(r.Get("middle_name")), LastName: NewText(r.Get("last_name")),
		DateOfBirth: NewText(r.Get("date_of_birth")), NINO: NewText(r.Get("national_insurance_number")), TRN: NewText(r.Get("trn")), Email: NewText(r.Get("email")),
	}
	for _, p := range list(r.Get("previous_names")) {
		claim.PreviousNames = append(claim.PreviousNames, claimedName(p, claim))
	}
	return claim
}

// claimedName reads an earlier name of a claims file like one of a register file.
func claimedName(text string, c Claim) ClaimedName {
	var own Record
	own.FirstName, _ = person.ParseName(c.FirstName.Reveal())
	own.MiddleName, _ = person.ParseName(c.MiddleName.Reveal())
	n, err := previousName(text, own)
	if err != nil {
		return ClaimedName{Last: NewText(strings.TrimSpace(text))}
	}
	return ClaimedName{First: NewText(n.First.Reveal()), Last: NewText(n.Last.Reveal())}
}
