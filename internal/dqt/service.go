package dqt

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/workday"
)

// Store keeps the register. What it gives hides no import half: View is one
// state of the register, whatever is written meanwhile.
type Store interface {
	View(ctx context.Context, do func(ctx context.Context, v View) error) error
	// InTx runs do in one transaction; do may run more than once.
	InTx(ctx context.Context, do func(ctx context.Context, tx Tx) error) error
}

// View reads one state of the register. Records come as stored, without their
// alerts, ordered by TRN; a TRN without a record is left out.
type View interface {
	Records(ctx context.Context, trns []person.TRN) ([]Record, error)
	Alerts(ctx context.Context, trns []person.TRN) (map[person.TRN][]Alert, error)
	// MergedInto gives, for each of the TRNs, those whose records were merged into its record directly.
	MergedInto(ctx context.Context, trns []person.TRN) (map[person.TRN][]person.TRN, error)
	// NINOHolders gives the records that hold an NI number, now or earlier; it is compared whole.
	NINOHolders(ctx context.Context, nino string) ([]person.TRN, error)
	// KeyHolders gives the records under any of the keys. A key with more than atMost records is left out.
	KeyHolders(ctx context.Context, keys []match.Key, atMost int) ([]person.TRN, error)
	// NameCounts tells how many records have each of the first names and of the family names, by their keys.
	NameCounts(ctx context.Context, firsts, lasts []string) (first, last map[string]int, err error)
	// Matching gives at most limit records that fit all the criteria.
	Matching(ctx context.Context, c Criteria, limit int) ([]Record, error)
	State(ctx context.Context) (State, error)
}

// State says how large the register is and when it was last brought up to
// date; the zero time when never.
type State struct {
	Records int
	AsAt    time.Time
}

// Tx is what one transaction can do.
type Tx interface {
	// Known gives every record's TRN with what tells whether it changed.
	Known(ctx context.Context) (map[person.TRN]Known, error)
	// Put stores records with all that is found by them, in place of what stood under their TRNs.
	Put(ctx context.Context, entries []Entry) error
	Delete(ctx context.Context, trns []person.TRN) error
	// Imported notes an import that is complete with this transaction, and counts names anew.
	Imported(ctx context.Context, i Imported) error
	Audit(ctx context.Context, a Audit) error
	// AlertKey gives the secret that open alerts are hashed under: fresh, where none is kept yet.
	AlertKey(ctx context.Context, fresh []byte) ([]byte, error)
}

// Known is what is remembered of a record to see whether it changed.
type Known struct {
	Fingerprint string
	MergedInto  person.TRN
}

// Entry is a record with what it is found by.
type Entry struct {
	Record
	Fingerprint       string
	FirstKey, LastKey string      // by which names are counted
	NINOKeys          []string    // whole NI numbers, as the automatic check compares them
	Keys              []match.Key // for candidates
	Words             []string    // folded words of all its names, for search
}

// Imported is one import.
type Imported struct {
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
	Now func() time.Time // time.Now by default
}

// Service is the register's use cases.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService gives the service.
func NewService(store Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{store: store, now: o.Now}
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
		r, found, err := survivor(ctx, v, trn)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoRecord
		}
		state, err := v.State(ctx)
		if err != nil {
			return err
		}
		one := []Record{r}
		if err := withMerged(ctx, v, one); err != nil {
			return err
		}
		out = Shown{Record: one[0], AsAt: state.AsAt}
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

// withMerged adds to each record what was merged into it, and the alerts of both.
func withMerged(ctx context.Context, v View, records []Record) error {
	level := make([]person.TRN, len(records))
	owner := make(map[person.TRN]int, len(records)) // which of the records a TRN leads to
	for i, r := range records {
		level[i], owner[r.TRN] = r.TRN, i
	}
	for depth := 0; len(level) > 0 && depth < mergeDepth; depth++ {
		alerts, err := v.Alerts(ctx, level)
		if err != nil {
			return err
		}
		merged, err := v.MergedInto(ctx, level)
		if err != nil {
			return err
		}
		var next []person.TRN
		for _, trn := range level {
			r := &records[owner[trn]]
			r.Alerts = append(r.Alerts, alerts[trn]...)
			for _, m := range merged[trn] {
				if _, seen := owner[m]; !seen {
					owner[m] = owner[trn]
					r.merged = append(r.merged, m)
					next = append(next, m)
				}
			}
		}
		level = next
	}
	return nil
}
