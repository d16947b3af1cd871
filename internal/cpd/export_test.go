package cpd

import "context"

// ApplyAnswer applies an answer in a transaction of its own.
func (s *Service) ApplyAnswer(ctx context.Context, a Answer) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return s.apply(ctx, tx, a) })
}
