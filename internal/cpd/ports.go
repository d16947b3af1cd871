package cpd

import (
	"context"
	"time"

	"traid/internal/person"
)

// TRA is the TRA API. Errors are faults: Unavailable says nothing about the answer.
type TRA interface {
	// Submit hands a request in; repeating it changes nothing.
	Submit(ctx context.Context, s Submission) (RequestStatus, error)
	Get(ctx context.Context, kind Kind, id RequestID) (RequestStatus, error)
	// Withdraw takes a request back; Conflict once it is answered, NotFound where it never arrived.
	Withdraw(ctx context.Context, kind Kind, id RequestID) error
	// Answers gives the answers released after a cursor, in order, and the next cursor.
	Answers(ctx context.Context, after Cursor, limit int) ([]Answer, Cursor, error)
}

// Register is the register of teachers.
type Register interface {
	// Find is the automatic check.
	Find(ctx context.Context, d Details) (Finding, error)
	// OpenAlert tells whether the record with the TRN has an open alert, and as at when.
	OpenAlert(ctx context.Context, trn person.TRN) (open bool, asAt time.Time, err error)
}
