package dqt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/person"
)

// ImportOptions say how a register file is taken in. The zero value works.
type ImportOptions struct {
	Complete bool  // the file is the whole register: what is not in it is gone
	Values   bool  // keep the values of refused rows, for WriteRejections
	Size     int64 // bytes of the file, for the progress; zero when not known
	Progress func(Progress)
}

// Progress says how far an import or a match is.
type Progress struct {
	Stage       string // "read" in bytes, "store" in records, "match" in bytes
	Done, Total int64  // Total is zero when it is not known
}

// ImportReport says what an import did.
type ImportReport struct {
	Rows                            int // of the file, without the header
	New, Changed, Unchanged, Merged int // Merged counts those of New and Changed that became merged
	Gone                            int // with Complete: records that were not in the file
	Kept                            int // with Complete: records not in the file that were left, since a row's TRN could not be read
	Rejected                        []Rejection
	Warnings                        []Warning
}

const (
	// maxGone is the share of the register, in per cent, that one file may take away.
	maxGone = 1
	// putAtOnce is how many records are stored between two reports of progress.
	putAtOnce = 500
	// progressEvery is the same for rows read.
	progressEvery = 1000
	// derivation is part of every fingerprint. Change it whenever what an Entry is
	// found by is made otherwise, so that the next import makes it anew.
	derivation = "1"
)

// parsed is a register file that was read, before it is compared with the register.
type parsed struct {
	records    []Record
	lines      map[person.TRN]int // where each stands, refused ones too
	unreadable int                // rows whose TRN could not be read
	report     ImportReport
	refused    map[person.TRN]bool
	values     map[int][]string // of every row that may still be refused, by line
}

// Import takes a register file into the register, in one transaction: readers
// see all of it or nothing. Rows that are refused are in the report and change
// nothing. The same file again changes nothing. With Complete the records that
// are not in the file go, unless they are more than one in a hundred: then the
// whole file is refused.
func (s *Service) Import(ctx context.Context, file io.Reader, o ImportOptions) (ImportReport, error) {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	p, err := readRegister(ctx, file, o)
	if err != nil {
		return ImportReport{}, err
	}
	var report ImportReport
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		report, err = s.apply(ctx, tx, p, o)
		return err
	})
	if err != nil {
		return ImportReport{}, err
	}
	return report, nil
}

func readRegister(ctx context.Context, file io.Reader, o ImportOptions) (*parsed, error) {
	t, err := openTable(file, registerColumns, false)
	if err != nil {
		return nil, err
	}
	p := &parsed{lines: map[person.TRN]int{}, refused: map[person.TRN]bool{}, values: map[int][]string{}}
	for {
		r, err := t.next()
		if err == io.EOF {
			o.Progress(Progress{Stage: "read", Done: t.in.read, Total: o.Size})
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		if p.report.Rows++; p.report.Rows%progressEvery == 0 {
			o.Progress(Progress{Stage: "read", Done: t.in.read, Total: o.Size})
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("dqt: read file: %w", err)
			}
		}
		rec, warnings, refusal := recordOf(r)
		if at, twice := p.lines[rec.TRN]; refusal == "" && twice {
			refusal = fmt.Sprintf("trn: stands in line %d too", at)
		}
		if o.Values && (refusal != "" || rec.Status == Merged) {
			p.values[r.line] = t.inOrder(r.cells)
		}
		if refusal != "" {
			p.refuse(r.line, refusal)
			if rec.TRN.IsZero() {
				p.unreadable++
			} else if _, twice := p.lines[rec.TRN]; !twice {
				p.lines[rec.TRN], p.refused[rec.TRN] = r.line, true
			}
			continue
		}
		p.lines[rec.TRN] = r.line
		for _, w := range warnings {
			p.report.Warnings = append(p.report.Warnings, Warning{Line: r.line, Reason: w})
		}
		p.records = append(p.records, rec)
	}
}

// inOrder gives the cells of a row in the order of registerColumns.
func (t *table) inOrder(cells []string) []string {
	if len(cells) != len(t.header) {
		return slices.Clone(cells)
	}
	out := make([]string, len(registerColumns))
	for i, c := range registerColumns {
		out[i] = cells[t.columns[c]]
	}
	return out
}

func (p *parsed) refuse(line int, reason string) {
	p.report.Rejected = append(p.report.Rejected, Rejection{Line: line, Reason: reason, values: p.values[line]})
}

// apply compares the file with the register and stores the difference.
func (s *Service) apply(ctx context.Context, tx Tx, p *parsed, o ImportOptions) (ImportReport, error) {
	known, err := tx.Known(ctx)
	if err != nil {
		return ImportReport{}, err
	}
	f := *p // apply may run more than once: nothing of p is changed
	f.report.Rejected = slices.Clone(p.report.Rejected)
	report := &f.report

	gone := f.gone(known, o.Complete)
	if o.Complete && f.unreadable > 0 {
		report.Kept, gone = len(gone), nil
	}
	if len(gone)*100 > len(known)*maxGone {
		return ImportReport{}, fault.New(fault.Conflict, fmt.Sprintf(
			"%d of the register's %d records are not in the file. A complete file may lack at most %d in a hundred: nothing was changed.", len(gone), len(known), maxGone))
	}
	records := f.withSurvivors(known, gone)

	var entries []Entry
	for _, r := range records {
		had, is := known[r.TRN]
		print := fingerprint(r)
		switch {
		case !is:
			report.New++
		case had.Fingerprint != print:
			report.Changed++
		default:
			report.Unchanged++
			continue
		}
		if r.Status == Merged && had.MergedInto.IsZero() {
			report.Merged++
		}
		entries = append(entries, entryOf(r, print))
	}
	report.Gone = len(gone)
	slices.SortStableFunc(report.Rejected, func(a, b Rejection) int { return cmp.Compare(a.Line, b.Line) })

	if err := tx.Delete(ctx, gone); err != nil {
		return ImportReport{}, err
	}
	total := int64(len(entries))
	for done := 0; done < len(entries); done += putAtOnce {
		if err := tx.Put(ctx, entries[done:min(done+putAtOnce, len(entries))]); err != nil {
			return ImportReport{}, err
		}
		o.Progress(Progress{Stage: "store", Done: min(int64(done+putAtOnce), total), Total: total})
	}
	if len(records) == 0 {
		return *report, nil // nothing of the register is newer than before
	}
	return *report, tx.Imported(ctx, Imported{
		At: s.now(), Complete: o.Complete, New: report.New, Changed: report.Changed, Gone: report.Gone, Unchanged: report.Unchanged,
		Rejected: len(report.Rejected), Records: len(known) + report.New - report.Gone,
	})
}

// gone gives the records that a complete file lacks. A refused row is not missing.
func (p *parsed) gone(known map[person.TRN]Known, complete bool) []person.TRN {
	if !complete {
		return nil
	}
	var gone []person.TRN
	for trn := range known {
		if _, there := p.lines[trn]; !there {
			gone = append(gone, trn)
		}
	}
	slices.SortFunc(gone, func(a, b person.TRN) int { return cmp.Compare(a.Reveal(), b.Reveal()) })
	return gone
}

// withSurvivors refuses merged rows that lead to no record, or round in a
// circle, and gives the others.
func (p *parsed) withSurvivors(known map[person.TRN]Known, gone []person.TRN) []Record {
	into := make(map[person.TRN]person.TRN, len(known)+len(p.records)) // zero: not merged
	for trn, k := range known {
		into[trn] = k.MergedInto
	}
	for _, trn := range gone {
		delete(into, trn)
	}
	for _, r := range p.records {
		into[r.TRN] = r.MergedInto
	}
	records := slices.Clone(p.records)
	for again := true; again; { // a row that is refused may have been another one's survivor
		again = false
		records = slices.DeleteFunc(records, func(r Record) bool {
			if r.Status != Merged {
				return false
			}
			reason := leads(into, r.TRN)
			if reason == "" {
				return false
			}
			p.refuse(p.lines[r.TRN], reason)
			if k, is := known[r.TRN]; is {
				again = again || into[r.TRN] != k.MergedInto
				into[r.TRN] = k.MergedInto
			} else {
				delete(into, r.TRN)
				again = true
			}
			return true
		})
	}
	return records
}

// leads says why a merged record leads to no survivor, "" when it does.
func leads(into map[person.TRN]person.TRN, trn person.TRN) string {
	at := trn
	for range mergeDepth {
		next, is := into[at]
		switch {
		case !is:
			return "status: merged into a record that is not there"
		case next.IsZero():
			return ""
		case next == trn:
			return "status: merged into itself"
		}
		at = next
	}
	return "status: merged through too many records"
}

// entryOf makes what a record is found by.
func entryOf(r Record, print string) Entry {
	f := match.Describe(r.description())
	e := Entry{Record: r, Fingerprint: print, Keys: match.RecordKeys(f), Words: match.NameWords(f)}
	e.FirstKey, e.LastKey = f.NameKeys()
	for _, n := range r.NINOs {
		if key := ninoKey(n); key != "" && !slices.Contains(e.NINOKeys, key) {
			e.NINOKeys = append(e.NINOKeys, key)
		}
	}
	return e
}

// fingerprint tells whether two descriptions of a record are the same.
func fingerprint(r Record) string {
	fields := []string{
		derivation, r.TRN.Reveal(), string(r.Status), r.MergedInto.Reveal(), r.FirstName.Reveal(), r.MiddleName.Reveal(), r.LastName.Reveal(),
		r.DateOfBirth.Reveal(), r.Email.Reveal(), r.QTSDate.Reveal(), "previous",
	}
	for _, p := range r.PreviousNames {
		fields = append(fields, p.First.Reveal(), p.Last.Reveal())
	}
	fields = append(fields, "ninos")
	for _, n := range r.NINOs {
		fields = append(fields, n.Reveal())
	}
	fields = append(fields, "alerts")
	for _, a := range r.Alerts {
		fields = append(fields, a.Code, a.Start.Reveal(), a.End.Reveal(), a.Details.Reveal())
	}
	raw, _ := json.Marshal(fields) // strings always marshal
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}
