package dqt

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

// Store keeps the register. View is one state of it, whatever is written
// meanwhile; nothing of an import is seen before it is complete.
type Store interface {
	View(ctx context.Context, do func(ctx context.Context, v View) error) error
	// InTx runs do in one transaction; do may run more than once.
	InTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error
}

// View reads one state of the register.
type View interface {
	Looker
	State(ctx context.Context) (State, error)
	// Records gives the records with the numbers as they are stored, ordered by
	// number; a number without a record is left out.
	Records(ctx context.Context, ids []match.ID) ([]Record, error)
	// Cohorts gives whole cohorts, however many are in them.
	Cohorts(ctx context.Context, born []match.Day, do func(born match.Day, packed string) error) error
	EachPage(ctx context.Context, do func(page match.PageNumber, packed string) error) error
	EachCohort(ctx context.Context, do func(born match.Day, packed string) error) error
	// Known gives every record's number with what tells whether it changed.
	Known(ctx context.Context, do func(id match.ID, k Known)) error
	// Staged is Records with what is staged up to a generation.
	Staged(ctx context.Context, generation int64, ids []match.ID) ([]StagedRecord, error)
	// Words gives every word of a name with how many records have it.
	Words(ctx context.Context, do func(word string, holders int)) error
	// WordHolders gives the records of each of the words, packed.
	WordHolders(ctx context.Context, words []string, do func(word, packed string) error) error
}

// Index is what leads from a claim to candidates.
type Index interface {
	Looker
	// Outlines gives an outline of every record.
	Outlines(ctx context.Context) (*match.Outlines, error)
}

// Looker finds what a search wants to see.
type Looker interface {
	// Size gives how many records there are.
	Size(ctx context.Context) (int, error)
	// Look reads all that is wanted at once and tells what is there.
	Look(ctx context.Context, w Wanted, tell Tell) error
}

// CohortLimit is the longest cohort, in bytes, that a look reads: that of a date
// which stands for an unknown one may hold a good part of the register.
const CohortLimit = 512 << 10

// Wanted is what one look reads.
type Wanted struct {
	Pages []match.PageNumber
	Born  match.Day  // whose cohort, zero for none
	IDs   []match.ID // whose features
}

// Tell is told what a look finds. What was not wanted needs no function.
type Tell struct {
	Page     func(page match.PageNumber, packed string)
	Cohort   func(packed string) error
	Features func(id match.ID, packed string) error
}

// State says how large the register is and when it was last brought up to
// date; the zero time when never.
type State struct {
	Generation int64 // of the last import
	Records    int
	AsAt       time.Time
}

// Tx is what one transaction can do.
type Tx interface {
	// HoldImport begins an import or goes on with it until a time; unfinished says
	// that the one before it was not ended. ErrImporting when another one is at work.
	HoldImport(ctx context.Context, holder string, now, until time.Time) (unfinished bool, err error)
	// Stage writes rows of a generation that is not yet seen, in the place of
	// what it already wrote there.
	Stage(ctx context.Context, generation int64, rows Rows) error
	// Flip makes a staged generation the register's present one.
	Flip(ctx context.Context, holder string, i Imported) error
	// EndImport ends an import that left no row which is not the register's.
	EndImport(ctx context.Context, holder string) error
	// Sweep deletes up to about limit rows that are staged beyond a generation, are
	// replaced up to it or hold nothing, and tells whether none is left. It looks
	// at every row.
	Sweep(ctx context.Context, generation int64, limit int) (done bool, err error)
	// SweepReplaced does that for what a generation replaced.
	SweepReplaced(ctx context.Context, generation int64, r Replaced) error
	Audit(ctx context.Context, a Audit) error
	// AlertKey gives the secret that open alerts are hashed under: fresh, where none is kept yet.
	AlertKey(ctx context.Context, fresh []byte) ([]byte, error)
}

// ErrImporting says that another import is at work.
var ErrImporting = fault.New(fault.Conflict, "Another import is at work. Wait until it is done and try again; one that was killed is forgotten after half a minute.")

// Known is what is remembered of a record to see whether it changed.
type Known struct {
	Fingerprint uint64
	MergedInto  match.ID // zero: not merged
}

// Rows are rows of one generation.
type Rows struct {
	Records  []StagedRecord
	Features []StagedFeatures
	Pages    []StagedPage
	Cohorts  []StagedCohort
	Words    []StagedWord
}

// The rows. A zero Record, and packed features without bytes, are of a record that is gone.
type (
	StagedRecord struct {
		ID match.ID
		Record
		Fingerprint uint64
	}
	StagedFeatures struct {
		ID     match.ID
		Packed []byte
	}
	StagedPage struct {
		Page   match.PageNumber
		Packed []byte
	}
	StagedCohort struct {
		Born   match.Day
		Packed []byte
	}
	StagedWord struct {
		Word    string
		Holders int
		Packed  []byte
	}
)

// Replaced names rows of which the register has a newer one.
type Replaced struct {
	IDs   []match.ID
	Pages []match.PageNumber
	Born  []match.Day
	Words []string
}

// Imported is one import.
type Imported struct {
	Generation                    int64
	At                            time.Time
	Complete                      bool
	New, Changed, Gone, Unchanged int
	Rejected                      int
	Records                       int // in the register afterwards
}

// Audit says who asked for people's data, and why. It holds no personal value.
type Audit struct {
	At      time.Time
	Client  string
	Action  string // "candidates" or "search"
	Case    string // id of the case
	Purpose string
	Records int // how many records were given
}

// Options of a Service; the zero value works.
type Options struct {
	Now   func() time.Time // time.Now by default
	Check Check            // Rule by default
}

// Service is the register's use cases.
type Service struct {
	store Store
	now   func() time.Time
	check Check

	names sync.Mutex
	words *dictionary // of the generation that was searched last

	outlining sync.Mutex
	outlined  outlined
}

// NewService gives the service.
func NewService(store Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{store: store, now: o.Now, check: o.Check}
}

// State says how large the register is and how new.
func (s *Service) State(ctx context.Context) (state State, err error) {
	err = s.store.View(ctx, func(ctx context.Context, v View) error {
		state, err = v.State(ctx)
		return err
	})
	return state, err
}

// today is the day in London.
func (s *Service) today() person.Date { return person.DateOf(s.now().In(workday.London)) }

// Asker is who asks for people's data, and for which case or purpose.
type Asker struct {
	Client, Case, Purpose string
}

// check refuses an asker without a reason, or with a personal value in it.
func (a Asker) check() error {
	switch {
	case a.Case == "" && a.Purpose == "":
		return fault.InvalidFields(fault.Field{Pointer: "/case", Reason: "say the case or the purpose"})
	case person.HasPersonalNumber(a.Purpose):
		return fault.InvalidFields(fault.Field{Pointer: "/purpose", Reason: "holds what looks like a number or a date of a person"})
	}
	return nil
}

func (s *Service) audit(ctx context.Context, who Asker, action string, records int) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Audit(ctx, Audit{At: s.now(), Client: who.Client, Action: action, Case: who.Case, Purpose: who.Purpose, Records: records})
	})
}

// ErrNoRecord says that no record has the TRN.
var ErrNoRecord = fault.New(fault.NotFound, "No record has this TRN.")

// Shown is one record with its alerts.
type Shown struct {
	Record     Record
	MergedFrom person.TRN // the TRN that was asked for, when its record is merged into this one
	AsAt       time.Time
}

// Show gives the record of a TRN with its alerts; of a merged one, its
// survivor. ErrNoRecord without one.
func (s *Service) Show(ctx context.Context, trn person.TRN) (Shown, error) {
	var out Shown
	err := s.store.View(ctx, func(ctx context.Context, v View) error {
		r, err := survivor(ctx, v, IDOf(trn))
		if err != nil {
			return err
		}
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		out = Shown{Record: r, AsAt: state.AsAt}
		if r.TRN != trn {
			out.MergedFrom = trn
		}
		return nil
	})
	return out, err
}

// AlertExists tells whether an alert on the record of a TRN, or on one merged
// into it, is open in London today, and as what: the state is another one when
// the record's open alerts are others, empty without one, and tells nothing
// else. ErrNoRecord without a record.
func (s *Service) AlertExists(ctx context.Context, trn person.TRN) (state string, asAt time.Time, err error) {
	shown, err := s.Show(ctx, trn)
	if err != nil || !s.HasOpenAlert(shown.Record) {
		return "", shown.AsAt, err
	}
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh)
	var key []byte
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		key, err = tx.AlertKey(ctx, fresh)
		return err
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return s.alertState(shown.Record, key), shown.AsAt, nil
}

// alertState hashes the codes and the starts of a record's open alerts. Both
// are few enough to be tried, and the same on two records tells that they have
// the same alert: hence the key, and the TRN.
func (s *Service) alertState(r Record, key []byte) string {
	var open []string
	for _, a := range r.Alerts {
		if s.IsOpen(a) {
			open = append(open, a.Code+"\x00"+a.Start.Reveal())
		}
	}
	slices.Sort(open)
	mac := hmac.New(sha256.New, key)
	for _, part := range append([]string{r.TRN.Reveal()}, open...) {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// HasOpenAlert tells whether one of a record's alerts is open in London today.
func (s *Service) HasOpenAlert(r Record) bool {
	for _, a := range r.Alerts {
		if s.IsOpen(a) {
			return true
		}
	}
	return false
}

// IsOpen tells whether an alert is open in London today.
func (s *Service) IsOpen(a Alert) bool { return a.OpenOn(s.today()) }
