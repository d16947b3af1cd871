package desk

import (
	"context"
	"time"
)

// Account is what there is one of in every account: its brand, its form and
// the statuses that Zendesk counts among the custom ones.
type Account struct {
	ID        int64
	Brand     int64
	Form      int64
	Statuses  map[Status]int64 // closed has that of solved
	CreatedAt time.Time
}

// The names under which an account's ids are kept.
const (
	accountItself = "account"
	accountBrand  = "brand"
	accountForm   = "ticket_form"
	accountStatus = "custom_status_"
)

// customStatuses are the statuses that have one of an account's own.
var customStatuses = []Status{New, Open, Pending, Hold, Solved}

// seedAccount makes the account's own ids where they are missing.
func (s *Service) seedAccount(ctx context.Context, tx Tx) error {
	there, err := tx.AccountIDs(ctx)
	if err != nil || len(there) > 0 {
		return err
	}
	names := []string{accountItself, accountBrand, accountForm}
	for _, status := range customStatuses {
		names = append(names, accountStatus+string(status))
	}
	first, err := tx.NextIDs(ctx, len(names))
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := tx.AddAccountID(ctx, name, first+int64(i), s.at()); err != nil {
			return err
		}
	}
	return nil
}

// Account gives what there is one of.
func (s *Service) Account(ctx context.Context) (Account, error) {
	if known := s.account.Load(); known != nil {
		return *known, nil
	}
	a := Account{Statuses: map[Status]int64{}}
	err := s.store.View(ctx, func(ctx context.Context, r Reads) error {
		ids, err := r.AccountIDs(ctx)
		if err != nil {
			return err
		}
		a.ID, a.Brand, a.Form = ids[accountItself].ID, ids[accountBrand].ID, ids[accountForm].ID
		a.CreatedAt = ids[accountItself].CreatedAt
		for _, status := range customStatuses {
			a.Statuses[status] = ids[accountStatus+string(status)].ID
		}
		a.Statuses[Closed] = a.Statuses[Solved]
		return nil
	})
	if err == nil && a.ID != 0 { // it never changes
		s.account.Store(&a)
	}
	return a, err
}

// AccountID is an id of the account's own.
type AccountID struct {
	ID        int64
	CreatedAt time.Time
}

// StatusOf gives the status that an account's own one stands for.
func (a Account) StatusOf(id int64) (Status, bool) {
	for _, status := range customStatuses {
		if a.Statuses[status] == id {
			return status, true
		}
	}
	return "", false
}

// CustomStatuses lists the statuses that have an id.
func CustomStatuses() []Status { return append([]Status{}, customStatuses...) }
