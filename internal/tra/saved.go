package tra

import (
	"context"
	"time"

	"traid/internal/person"
)

// savedFor is how long a form that was not handed in is kept: over a week of leave.
const savedFor = 10 * 24 * time.Hour

// SavedForm is what an operator typed into a form of a case and has not handed
// in. There is one for each operator and case: the last. Nobody else sees it.
type SavedForm struct {
	Request   RequestID
	Reference Reference // of the request; for reading only
	Operator  string
	Form      string      // which one, as the console names it
	Values    person.Text // as the form sends them
	Revision  int64       // of the case as the operator saw it
	At        time.Time
	// Changed says who has changed the case since, when and what; empty: nobody
	// has. Set where a case is read.
	Changed string
}

// SaveForm keeps what an operator typed; what they typed before into any form
// of the case is replaced. The operator goes on with the case that they hold.
func (s *Service) SaveForm(ctx context.Context, op Operator, f SavedForm) error {
	r, _, err := s.caseOf(ctx, op, f.Request)
	if err != nil {
		return err
	}
	if err := s.renew(ctx, op, r); err != nil {
		return err
	}
	f.Operator, f.At = op.Email, s.now()
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.SaveForm(ctx, f) })
}

// DropForm forgets what an operator typed for a case.
func (s *Service) DropForm(ctx context.Context, op Operator, id RequestID) error {
	if _, _, err := s.caseOf(ctx, op, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.DropForm(ctx, id, op.Email) })
}

// savedForm gives what an operator has typed for a case; nil: nothing.
func (s *Service) savedForm(ctx context.Context, op Operator, r Request, open *Decision) (*SavedForm, error) {
	f, kept, err := found(s.store.SavedForm(ctx, r.ID, op.Email))
	if err != nil || !kept {
		return nil, err
	}
	if r.Revision != f.Revision {
		f.Changed, err = s.changed(ctx, s.store, r, open)
	}
	return &f, err
}

// dropOldForms forgets what nobody came back to.
func (s *Service) dropOldForms(ctx context.Context) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.DropForms(ctx, s.now().Add(-savedFor)) })
}
