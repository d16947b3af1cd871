package dqt

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/table"
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
	Stage       string // "read" and "match" in bytes, "store" in pages of keys, "load" in records
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
	// stageAtOnce is how many records one transaction of an import writes: other
	// writers wait no longer than that.
	stageAtOnce = 5000
	// sweepAtOnce is the same for rows that are deleted.
	sweepAtOnce = 5000
	// holdFor is how long an import that was killed keeps others out.
	holdFor = 30 * time.Second
	// derivation is part of every fingerprint. Change it whenever what a record is
	// found by is made otherwise, so that the next import makes it anew.
	derivation = "5"
)

// Import takes a register file into the register. It writes the rows that it
// changes as a generation that nobody sees, a few at a time, and makes that the
// present one at the end: readers see all of the import or nothing, and no
// writer waits for it. One that is killed leaves the register as it was.
//
// Rows that are refused are in the report and change nothing. The same file
// again changes nothing. With Complete the records that are not in the file go,
// unless they are more than one in a hundred: then the whole file is refused.
func (s *Service) Import(ctx context.Context, file io.Reader, o ImportOptions) (ImportReport, error) {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	t, err := table.Open(file, table.Columns{Required: registerColumns})
	if err != nil {
		return ImportReport{}, err
	}
	token := make([]byte, 16)
	_, _ = rand.Read(token)
	m := &importer{s: s, o: o, holder: hex.EncodeToString(token), known: map[match.ID]Known{}, lines: map[match.ID]int{}, words: map[string]uint32{}}
	if err := m.hold(ctx); err != nil {
		return ImportReport{}, err
	}
	if err := m.run(ctx, t); err != nil {
		end := context.WithoutCancel(ctx) // also an import that was stopped lets the next one begin
		_ = s.store.InTx(end, func(ctx context.Context, tx Tx) error {
			_, err := tx.HoldImport(ctx, m.holder, s.now(), s.now())
			return err
		})
		return ImportReport{}, err
	}
	return m.report, nil
}

// importer is one import at work.
type importer struct {
	s      *Service
	o      ImportOptions
	holder string
	state  State
	known  map[match.ID]Known
	report ImportReport

	lines      map[match.ID]int // where each record stands in the file, refused ones too
	unreadable int              // rows whose TRN could not be read
	mergedRows []Record         // of the file; where they lead is seen at its end
	mergedLine map[match.ID][]string

	held       time.Time // until when others are kept out
	unfinished bool      // the import before this one was not ended
	replaced   Replaced  // by this one

	staged  Rows
	renew   []match.ID // that stand in the register otherwise: what they were found by goes
	change  match.Change
	left    []match.Member // who leaves a cohort
	joined  []match.Member // who joins one, or is in it otherwise
	words   map[string]uint32
	byWord  []string
	holders []uint64 // word's number, record: added
	lost    []uint64 // likewise, taken away
}

// run reads the file, stages what it changes and flips.
func (m *importer) run(ctx context.Context, t *table.Table) error {
	if err := m.s.store.View(ctx, func(ctx context.Context, v View) (err error) {
		if m.state, err = v.State(ctx); err != nil {
			return err
		}
		return v.Known(ctx, func(id match.ID, k Known) { m.known[id] = k })
	}); err != nil {
		return err
	}
	if m.unfinished {
		if err := m.sweep(ctx); err != nil {
			return err
		}
	}
	if err := m.read(ctx, t); err != nil {
		return err
	}
	gone, err := m.gone()
	if err != nil {
		return err
	}
	merged := m.withSurvivors(gone)
	if err := m.stageMerged(ctx, merged, gone); err != nil {
		return err
	}
	slices.SortStableFunc(m.report.Rejected, func(a, b Rejection) int { return cmp.Compare(a.Line, b.Line) })
	if len(m.lines) == 0 || m.report.Rows == len(m.report.Rejected) { // nothing of the register is newer than before
		return m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.EndImport(ctx, m.holder) })
	}
	if err := m.stageKeys(ctx); err != nil {
		return err
	}
	if err := m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Flip(ctx, m.holder, Imported{
			Generation: m.next(), At: m.s.now(), Complete: m.o.Complete,
			New: m.report.New, Changed: m.report.Changed, Gone: m.report.Gone, Unchanged: m.report.Unchanged,
			Rejected: len(m.report.Rejected), Records: len(m.known) + m.report.New - m.report.Gone,
		})
	}); err != nil {
		return err
	}
	return m.finish(ctx)
}

func (m *importer) next() int64 { return m.state.Generation + 1 }

// hold keeps other imports out for a while longer.
func (m *importer) hold(ctx context.Context) error {
	now := m.s.now()
	if m.held.Sub(now) > holdFor/2 {
		return nil
	}
	m.held = now.Add(holdFor)
	return m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		unfinished, err := tx.HoldImport(ctx, m.holder, now, m.held)
		m.unfinished = m.unfinished || unfinished
		return err
	})
}

// sweep deletes what an import that was killed left: what it staged, or what it replaced.
func (m *importer) sweep(ctx context.Context) error {
	for done := false; !done; {
		if err := m.hold(ctx); err != nil {
			return err
		}
		if err := m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) (err error) {
			done, err = tx.Sweep(ctx, m.state.Generation, sweepAtOnce)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// finish deletes what the import replaced, and ends it.
func (m *importer) finish(ctx context.Context) error {
	r := m.replaced
	for len(r.IDs)+len(r.Pages)+len(r.Born)+len(r.Words) > 0 {
		if err := m.hold(ctx); err != nil {
			return err
		}
		part := Replaced{IDs: cut(&r.IDs), Pages: cut(&r.Pages), Born: cut(&r.Born), Words: cut(&r.Words)}
		if err := m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.SweepReplaced(ctx, m.next(), part) }); err != nil {
			return err
		}
	}
	return m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.EndImport(ctx, m.holder) })
}

// cut takes the first of a list off it.
func cut[T any](list *[]T) []T {
	n := min(len(*list), sweepAtOnce)
	part := (*list)[:n]
	*list = (*list)[n:]
	return part
}

// read reads the file's rows and stages those that are new or changed.
func (m *importer) read(ctx context.Context, t *table.Table) error {
	m.mergedLine = map[match.ID][]string{}
	rows := parallel(ctx, t, func(r table.Row) readRow { return parseRow(r, m.known, m.o.Values) })
	defer rows.stop()
	for {
		batch, read, err := rows.next()
		if err == io.EOF {
			m.o.Progress(Progress{Stage: "read", Done: t.Read(), Total: m.o.Size})
			return m.flush(ctx)
		} else if err != nil {
			return err
		}
		for i := range batch {
			m.report.Rows++
			if err := m.row(ctx, &batch[i]); err != nil {
				return err
			}
		}
		m.o.Progress(Progress{Stage: "read", Done: read, Total: m.o.Size})
	}
}

// row takes one row of the file.
func (m *importer) row(ctx context.Context, r *readRow) error {
	id, rec := r.id, r.record
	at, twice := m.lines[id]
	if r.refusal == "" && twice {
		r.refusal = fmt.Sprintf("trn: stands in line %d too", at)
	}
	if r.refusal != "" {
		m.refuse(r.line, r.refusal, r.cells)
		if rec.TRN.IsZero() {
			m.unreadable++
		} else if !twice {
			m.lines[id] = r.line
		}
		return nil
	}
	m.lines[id] = r.line
	for _, w := range r.warnings {
		m.report.Warnings = append(m.report.Warnings, Warning{Line: r.line, Reason: w})
	}
	if rec.Status == Merged {
		m.mergedRows = append(m.mergedRows, rec)
		if m.o.Values {
			m.mergedLine[id] = r.cells
		}
		return nil
	}
	had, is := m.known[id]
	switch {
	case !is:
		m.report.New++
	case had.Fingerprint != r.fingerprint:
		m.report.Changed++
	default:
		m.report.Unchanged++
		return nil
	}
	return m.stage(ctx, rec, r.fingerprint, r.found)
}

func (m *importer) refuse(line int, reason string, cells []string) {
	if !m.o.Values {
		cells = nil
	}
	m.report.Rejected = append(m.report.Rejected, Rejection{Line: line, Reason: reason, values: cells})
}

// found is what a record is found by.
type found struct {
	packed []byte
	born   match.Day
	keys   []match.Key
	counts []match.Key
	words  []string
}

// foundBy makes what a living record is found by.
func foundBy(r Record) found {
	d := r.description()
	f := match.Describe(d)
	words := match.NameWords(d)
	for _, m := range r.members {
		for _, w := range match.NameWords(m.description()) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return found{packed: f.Pack(nil), born: f.Born(), keys: f.Keys(IDOf(r.TRN), nil), counts: f.Counts(nil), words: words}
}

// stage takes a record that is new or changed, with what it is found by.
func (m *importer) stage(ctx context.Context, r Record, print uint64, by found) error {
	id := IDOf(r.TRN)
	if _, is := m.known[id]; is {
		m.renew = append(m.renew, id)
	}
	m.staged.Records = append(m.staged.Records, StagedRecord{ID: id, Record: r, Fingerprint: print})
	m.add(id, by, true)
	if len(m.staged.Records) >= stageAtOnce {
		return m.flush(ctx)
	}
	return nil
}

// add adds what a record is found by.
func (m *importer) add(id match.ID, by found, counted bool) {
	m.staged.Features = append(m.staged.Features, StagedFeatures{ID: id, Packed: by.packed})
	m.joined = append(m.joined, match.Member{Born: by.born, ID: id, Packed: by.packed})
	for _, k := range by.keys {
		m.change.Added = append(m.change.Added, match.ItemOf(k, id))
	}
	if counted {
		for _, k := range by.counts {
			m.change.CountedUp = append(m.change.CountedUp, match.ItemOf(k, 0))
		}
	}
	for _, w := range by.words {
		m.holders = append(m.holders, m.word(w)<<32|uint64(id))
	}
}

// word gives a word's number.
func (m *importer) word(w string) uint64 {
	n, is := m.words[w]
	if !is {
		n = uint32(len(m.byWord))
		m.words[w] = n
		m.byWord = append(m.byWord, w)
	}
	return uint64(n)
}

// flush writes what is staged, after taking away what the changed records were
// found by until now.
func (m *importer) flush(ctx context.Context) error {
	if err := m.hold(ctx); err != nil {
		return err
	}
	if err := m.forget(ctx); err != nil {
		return err
	}
	if len(m.staged.Records)+len(m.staged.Features) == 0 {
		return nil
	}
	rows := m.staged
	m.staged = Rows{Records: rows.Records[:0:0], Features: rows.Features[:0:0]}
	return m.put(ctx, rows)
}

func (m *importer) put(ctx context.Context, rows Rows) error {
	if m.state.Generation > 0 {
		for _, r := range rows.Features {
			m.replaced.IDs = append(m.replaced.IDs, r.ID)
		}
		for _, r := range rows.Pages {
			m.replaced.Pages = append(m.replaced.Pages, r.Page)
		}
		for _, r := range rows.Cohorts {
			m.replaced.Born = append(m.replaced.Born, r.Born)
		}
		for _, r := range rows.Words {
			m.replaced.Words = append(m.replaced.Words, r.Word)
		}
	}
	return m.s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := tx.HoldImport(ctx, m.holder, m.s.now(), m.held); err != nil {
			return err // another import has taken this one for dead
		}
		return tx.Stage(ctx, m.next(), rows)
	})
}

// forget takes away what the records to be renewed are found by in the register.
func (m *importer) forget(ctx context.Context) error {
	if len(m.renew) == 0 {
		return nil
	}
	ids := m.renew
	m.renew = nil
	return m.s.store.View(ctx, func(ctx context.Context, v View) error {
		old, err := v.Records(ctx, ids)
		if err != nil {
			return err
		}
		if err := withMembers(ctx, v, old); err != nil {
			return err
		}
		for _, r := range old {
			if r.Status != Merged {
				m.remove(IDOf(r.TRN), foundBy(r), true)
			}
		}
		return nil
	})
}

func (m *importer) remove(id match.ID, by found, counted bool) {
	m.left = append(m.left, match.Member{Born: by.born, ID: id})
	for _, k := range by.keys {
		m.change.Removed = append(m.change.Removed, match.ItemOf(k, id))
	}
	if counted {
		for _, k := range by.counts {
			m.change.CountedDown = append(m.change.CountedDown, match.ItemOf(k, 0))
		}
	}
	for _, w := range by.words {
		m.lost = append(m.lost, m.word(w)<<32|uint64(id))
	}
}

// gone gives the records that a complete file lacks. A refused row is not missing.
func (m *importer) gone() ([]match.ID, error) {
	if !m.o.Complete {
		return nil, nil
	}
	var gone []match.ID
	for id := range m.known {
		if _, there := m.lines[id]; !there {
			gone = append(gone, id)
		}
	}
	if m.unreadable > 0 {
		m.report.Kept, gone = len(gone), nil
	}
	if len(gone)*100 > len(m.known)*maxGone {
		return nil, fault.New(fault.Conflict, fmt.Sprintf(
			"%d of the register's %d records are not in the file. A complete file may lack at most %d in a hundred: nothing was changed.", len(gone), len(m.known), maxGone))
	}
	m.report.Gone = len(gone)
	slices.Sort(gone)
	return gone, nil
}

// withSurvivors refuses merged rows that lead to no record, or round in a
// circle, and gives the others.
func (m *importer) withSurvivors(gone []match.ID) []Record {
	into := m.leading(gone)
	for _, r := range m.mergedRows {
		into[IDOf(r.TRN)] = IDOf(r.MergedInto)
	}
	merged := m.mergedRows
	for again := true; again; { // a row that is refused may have been another one's survivor
		again = false
		merged = slices.DeleteFunc(merged, func(r Record) bool {
			id := IDOf(r.TRN)
			reason := leads(into, id)
			if reason == "" {
				return false
			}
			m.refuse(m.lines[id], reason, m.mergedLine[id])
			if k, is := m.known[id]; is {
				again = again || into[id] != k.MergedInto
				into[id] = k.MergedInto
			} else {
				delete(into, id)
				again = true
			}
			return true
		})
	}
	return merged
}

// leading says for every record of the register and the file what it is merged
// into, zero for nothing; without the merged rows of the file.
func (m *importer) leading(gone []match.ID) map[match.ID]match.ID {
	into := make(map[match.ID]match.ID, len(m.known)+len(m.lines))
	for id, k := range m.known {
		into[id] = k.MergedInto
	}
	for _, id := range gone {
		delete(into, id)
	}
	refused := map[int]bool{}
	for _, r := range m.report.Rejected {
		refused[r.Line] = true
	}
	for id, line := range m.lines {
		if !refused[line] {
			into[id] = 0
		}
	}
	return into
}

// leads says why a merged record leads to no survivor, "" when it does.
func leads(into map[match.ID]match.ID, id match.ID) string {
	at := id
	for range mergeDepth {
		next, is := into[at]
		switch {
		case !is:
			return "status: merged into a record that is not there"
		case next == 0:
			return ""
		case next == id:
			return "status: merged into itself"
		}
		at = next
	}
	return "status: merged through too many records"
}

// stageMerged stages the merged rows of the file and what is gone, and makes
// anew every record that something is merged into, or was.
func (m *importer) stageMerged(ctx context.Context, merged []Record, gone []match.ID) error {
	into := m.leading(gone)
	for _, r := range merged {
		into[IDOf(r.TRN)] = IDOf(r.MergedInto)
	}
	touched := map[match.ID]bool{} // survivors whose members may be others than before
	lead := func(into func(match.ID) match.ID, id match.ID) {
		for range mergeDepth {
			if id = into(id); id == 0 {
				return
			}
			touched[id] = true
		}
	}
	before := func(id match.ID) match.ID { return m.known[id].MergedInto }
	after := func(id match.ID) match.ID { return into[id] }
	changed := map[match.ID]Record{}
	for _, r := range merged {
		id, print := IDOf(r.TRN), fingerprint(r)
		had, is := m.known[id]
		switch {
		case !is:
			m.report.New++
		case had.Fingerprint != print:
			m.report.Changed++
		default:
			m.report.Unchanged++
			continue
		}
		if had.MergedInto == 0 {
			m.report.Merged++
		}
		if is {
			m.renew = append(m.renew, id)
			lead(before, id)
		}
		lead(after, id)
		changed[id] = r
		m.staged.Records = append(m.staged.Records, StagedRecord{ID: id, Record: r, Fingerprint: print})
		m.staged.Features = append(m.staged.Features, StagedFeatures{ID: id})
	}
	for _, id := range gone {
		m.renew = append(m.renew, id)
		lead(before, id)
		m.staged.Records = append(m.staged.Records, StagedRecord{ID: id})
		m.staged.Features = append(m.staged.Features, StagedFeatures{ID: id})
	}
	members := map[match.ID][]match.ID{}
	for id, to := range into {
		if to == 0 {
			continue
		}
		if k := m.known[id]; k.MergedInto != to { // also one that was merged and is no more, or the other way
			lead(before, id)
		}
		at := id
		for range mergeDepth {
			if at = into[at]; at == 0 {
				break
			}
			members[at] = append(members[at], id)
		}
	}
	for id, k := range m.known { // a survivor whose own row changed keeps its members; one that lost a member is made anew
		if k.MergedInto != 0 && into[id] != k.MergedInto {
			lead(before, id)
		}
	}
	for id := range members {
		if _, ofFile := m.lines[id]; ofFile && into[id] == 0 {
			touched[id] = true
		}
	}
	if err := m.flush(ctx); err != nil {
		return err
	}
	survivors := slices.Sorted(maps.Keys(touched))
	for part := range slices.Chunk(survivors, stageAtOnce) {
		if err := m.stageSurvivors(ctx, part, into, members, changed); err != nil {
			return err
		}
	}
	return nil
}

// stageSurvivors makes living records anew with what is merged into them.
func (m *importer) stageSurvivors(ctx context.Context, ids []match.ID, into map[match.ID]match.ID, members map[match.ID][]match.ID, changed map[match.ID]Record) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id match.ID) bool { to, is := into[id]; return !is || to != 0 })
	var ask []match.ID
	for _, id := range ids {
		slices.Sort(members[id])
		ask = append(append(ask, id), members[id]...)
	}
	by := map[match.ID]Record{}
	prints := map[match.ID]uint64{}
	if err := m.s.store.View(ctx, func(ctx context.Context, v View) error {
		old, err := v.Records(ctx, ids)
		if err != nil {
			return err
		}
		if err := withMembers(ctx, v, old); err != nil {
			return err
		}
		for _, r := range old {
			if r.Status != Merged {
				m.remove(IDOf(r.TRN), foundBy(r), false)
			}
		}
		staged, err := v.Staged(ctx, m.next(), ask)
		for _, r := range staged {
			by[r.ID], prints[r.ID] = r.Record, r.Fingerprint
		}
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		r, there := by[id]
		if !there {
			continue
		}
		r.Members, r.members = members[id], nil
		for _, mid := range members[id] {
			if one, there := by[mid]; there {
				r.members = append(r.members, one)
			}
		}
		m.staged.Records = append(m.staged.Records, StagedRecord{ID: id, Record: r, Fingerprint: prints[id]})
		m.add(id, foundBy(r), false)
	}
	return m.flush(ctx)
}

// stageKeys writes the pages of keys and the words that the import changes.
func (m *importer) stageKeys(ctx context.Context) error {
	m.change.Sort()
	total := int64(match.Pages)
	type touched struct {
		page match.PageNumber
		part match.Change
	}
	var batch []touched
	write := func() error {
		if err := m.hold(ctx); err != nil {
			return err
		}
		numbers := make([]match.PageNumber, len(batch))
		for i, b := range batch {
			numbers[i] = b.page
		}
		old := map[match.PageNumber]string{}
		if m.state.Generation > 0 {
			if err := m.s.store.View(ctx, func(ctx context.Context, v View) error {
				return v.Look(ctx, Wanted{Pages: numbers}, Tell{Page: func(page match.PageNumber, packed string) { old[page] = packed }})
			}); err != nil {
				return err
			}
		}
		var rows Rows
		for _, b := range batch {
			rows.Pages = append(rows.Pages, StagedPage{Page: b.page, Packed: match.MergePage(b.page, old[b.page], b.part)})
		}
		m.o.Progress(Progress{Stage: "store", Done: int64(batch[len(batch)-1].page) + 1, Total: total})
		batch = batch[:0]
		return m.put(ctx, rows)
	}
	if err := m.change.Each(func(page match.PageNumber, part match.Change) error {
		if batch = append(batch, touched{page, part}); len(batch) >= stageAtOnce {
			return write()
		}
		return nil
	}); err != nil {
		return err
	}
	if len(batch) > 0 {
		if err := write(); err != nil {
			return err
		}
	}
	m.change = match.Change{}
	m.o.Progress(Progress{Stage: "store", Done: total, Total: total})
	if err := m.stageCohorts(ctx); err != nil {
		return err
	}
	return m.stageWords(ctx)
}

// cohortsAtOnce is how many cohorts one transaction of an import writes.
const cohortsAtOnce = 200

// stageCohorts writes the cohorts that the import changes.
func (m *importer) stageCohorts(ctx context.Context) error {
	changes := append(m.left, m.joined...) // who leaves and joins stays
	m.left, m.joined = nil, nil
	slices.SortStableFunc(changes, func(a, b match.Member) int { return cmp.Compare(a.Born, b.Born) })
	var days []match.Day
	for i, c := range changes {
		if i == 0 || c.Born != changes[i-1].Born {
			days = append(days, c.Born)
		}
	}
	for part := range slices.Chunk(days, cohortsAtOnce) {
		if err := m.hold(ctx); err != nil {
			return err
		}
		old := map[match.Day]string{}
		if m.state.Generation > 0 {
			if err := m.s.store.View(ctx, func(ctx context.Context, v View) error {
				return v.Cohorts(ctx, part, func(born match.Day, packed string) error {
					old[born] = packed
					return nil
				})
			}); err != nil {
				return err
			}
		}
		var rows Rows
		for _, born := range part {
			n := slices.IndexFunc(changes, func(c match.Member) bool { return c.Born != born })
			if n < 0 {
				n = len(changes)
			}
			packed, err := match.MergeCohort(old[born], changes[:n])
			if err != nil {
				return err
			}
			changes = changes[n:]
			rows.Cohorts = append(rows.Cohorts, StagedCohort{Born: born, Packed: packed})
		}
		if err := m.put(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// stageWords writes the words of names whose holders the import changes.
func (m *importer) stageWords(ctx context.Context) error {
	slices.Sort(m.holders)
	slices.Sort(m.lost)
	number := func(pair uint64) uint32 { return uint32(pair >> 32) }
	var numbers []uint32
	for _, list := range [][]uint64{m.holders, m.lost} {
		for i, p := range list {
			if i == 0 || number(p) != number(list[i-1]) {
				numbers = append(numbers, number(p))
			}
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	added, lost := m.holders, m.lost
	cut := func(list *[]uint64, n uint32) (ids []match.ID) {
		for len(*list) > 0 && number((*list)[0]) == n {
			ids = append(ids, match.ID((*list)[0]))
			*list = (*list)[1:]
		}
		return slices.Compact(ids)
	}
	for part := range slices.Chunk(numbers, stageAtOnce) {
		if err := m.hold(ctx); err != nil {
			return err
		}
		names := make([]string, len(part))
		for i, n := range part {
			names[i] = m.byWord[n]
		}
		old := map[string][]match.ID{}
		if m.state.Generation > 0 {
			if err := m.s.store.View(ctx, func(ctx context.Context, v View) error {
				return v.WordHolders(ctx, names, func(word, packed string) error {
					eachID(packed, func(id match.ID) { old[word] = append(old[word], id) })
					return nil
				})
			}); err != nil {
				return err
			}
		}
		var rows Rows
		for i, n := range part {
			now := cut(&added, n)
			gone := cut(&lost, n)
			ids := append(slices.DeleteFunc(old[names[i]], func(id match.ID) bool {
				_, is := slices.BinarySearch(gone, id)
				return is
			}), now...)
			slices.Sort(ids)
			ids = slices.Compact(ids)
			rows.Words = append(rows.Words, StagedWord{Word: names[i], Holders: len(ids), Packed: packIDs(ids)})
		}
		if err := m.put(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint tells whether two descriptions of a record are the same.
func fingerprint(r Record) uint64 {
	h := fnv.New64a()
	add := func(parts ...string) {
		for _, p := range parts {
			_, _ = io.WriteString(h, strconv.Itoa(len(p)))
			_, _ = io.WriteString(h, ":"+p)
		}
	}
	add(derivation, r.TRN.Reveal(), string(r.Status), r.MergedInto.Reveal(), r.FirstName.Reveal(), r.MiddleName.Reveal(), r.LastName.Reveal(),
		r.DateOfBirth.Reveal(), r.Email.Reveal(), r.QTSDate.Reveal(), "previous")
	for _, p := range r.PreviousNames {
		add(p.First.Reveal(), p.Last.Reveal())
	}
	add("ninos")
	for _, n := range r.NINOs {
		add(n.Reveal())
	}
	add("alerts")
	for _, a := range r.Alerts {
		add(a.Code, a.Start.Reveal(), a.End.Reveal(), a.Details.Reveal())
	}
	return h.Sum64()
}
