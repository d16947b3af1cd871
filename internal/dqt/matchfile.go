package dqt

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"traid/internal/person"
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
// register. A row that cannot be read has the result "refused".
func (s *Service) MatchFile(ctx context.Context, claims io.Reader, out io.Writer, o MatchOptions) (MatchReport, error) {
	t, err := openTable(claims, claimColumns, true)
	if err != nil {
		return MatchReport{}, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	w := csv.NewWriter(out)
	header := []string{"id", "result", "trn", "basis", "reason"}
	for i := range fileCandidates {
		header = append(header, fmt.Sprintf("candidate_%d_trn", i+1), fmt.Sprintf("candidate_%d_bits", i+1))
	}
	if err := w.Write(header); err != nil {
		return MatchReport{}, fmt.Errorf("dqt: write matches: %w", err)
	}
	var report MatchReport
	err = s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		for {
			r, err := t.next()
			if errors.Is(err, io.EOF) {
				o.Progress(Progress{Stage: "match", Done: t.in.read, Total: o.Size})
				return nil
			}
			if err != nil {
				return err
			}
			line, err := matchRow(ctx, v, state, r, &report)
			if err != nil {
				return err
			}
			if err := w.Write(line); err != nil {
				return fmt.Errorf("dqt: write matches: %w", err)
			}
			if report.Claims++; report.Claims%progressEvery == 0 {
				o.Progress(Progress{Stage: "match", Done: t.in.read, Total: o.Size})
			}
		}
	})
	if err != nil {
		return MatchReport{}, err
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return MatchReport{}, fmt.Errorf("dqt: write matches: %w", err)
	}
	return report, nil
}

func matchRow(ctx context.Context, v View, state State, r row, report *MatchReport) ([]string, error) {
	line := make([]string, 5, 5+2*fileCandidates)
	if r.refusal != "" {
		report.Refused++
		if at := r.t.columns["id"]; at < len(r.cells) {
			line[0] = cell(r.cells[at])
		}
		line[1], line[4] = "refused", "line "+strconv.Itoa(r.line)+": "+r.refusal
		return line[:cap(line)], nil
	}
	claim := Claim{
		FirstName: NewText(r.get("first_name")), MiddleName: NewText(r.get("middle_name")), LastName: NewText(r.get("last_name")),
		DateOfBirth: NewText(r.get("date_of_birth")), NINO: NewText(r.get("national_insurance_number")), TRN: NewText(r.get("trn")), Email: NewText(r.get("email")),
	}
	for _, p := range list(r.get("previous_names")) {
		claim.PreviousNames = append(claim.PreviousNames, claimedName(p, claim))
	}
	result, err := find(ctx, v, claim)
	if err != nil {
		return nil, err
	}
	line[0] = cell(r.cells[r.t.columns["id"]])
	if result.Matched() {
		report.Matched++
		line[1], line[2], line[3] = "match", result.TRN.Reveal(), string(result.Basis)
	} else {
		report.NotMatched++
		line[1], line[4] = "no_match", string(result.Reason)
	}
	ranked, err := rank(ctx, v, state, claim, fileCandidates)
	if err != nil {
		return nil, err
	}
	for _, c := range ranked {
		line = append(line, c.Record.TRN.Reveal(), strconv.FormatFloat(float64(c.Bits), 'f', 2, 64))
	}
	for len(line) < 5+2*fileCandidates {
		line = append(line, "")
	}
	return line, nil
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
