package trasql

import (
	"context"
	"time"

	"traid/internal/sqldb"
	"traid/internal/tra"
)

// Webhook gives where a client wants to be told.
func (x reads) Webhook(ctx context.Context, c tra.Client) (tra.Webhook, error) {
	w, err := x.q.Webhook(ctx, string(c))
	if err != nil {
		return tra.Webhook{}, readError("webhook", c, err)
	}
	return tra.Webhook{
		Client: c, URL: w.Url, Sealed: w.Secrets, Disabled: w.Disabled, CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}, nil
}

// SaveWebhook keeps where a client wants to be told; when it first did stays.
func (x *tx) SaveWebhook(ctx context.Context, w tra.Webhook) error {
	return writeError("webhook", w.Client, x.q.SaveWebhook(ctx, SaveWebhookParams{
		Client: string(w.Client), Url: w.URL, Secrets: w.Sealed, Disabled: w.Disabled,
		CreatedAt: sqldb.Time(w.CreatedAt), UpdatedAt: sqldb.Time(w.UpdatedAt),
	}))
}

// DropWebhook forgets it.
func (x *tx) DropWebhook(ctx context.Context, c tra.Client) error {
	return writeError("webhook", c, x.q.DropWebhook(ctx, string(c)))
}

// Delivery gives what a client is told.
func (x reads) Delivery(ctx context.Context, id tra.DeliveryID) (tra.Delivery, error) {
	d, err := x.q.Delivery(ctx, string(id))
	if err != nil {
		return tra.Delivery{}, readError("delivery", id, err)
	}
	return deliveryOf(d)
}

func deliveryOf(d Delivery) (tra.Delivery, error) {
	return tra.Delivery{
		ID: tra.DeliveryID(d.ID), Seq: d.Seq, Client: tra.Client(d.Client), Type: tra.DeliveryType(d.Type), Kind: tra.Kind(d.Kind), Request: tra.RequestID(d.Request),
		Status: tra.DeliveryStatus(d.Status), Attempts: d.Attempts, CreatedAt: d.CreatedAt.UTC(), LastAt: timeOf(d.LastAt),
		LastAnswer: int(d.LastAnswer), LastError: d.LastError,
	}, nil
}

// Deliveries lists what a client is told, after a place and of a status or of any.
func (s *Store) Deliveries(ctx context.Context, c tra.Client, status tra.DeliveryStatus, after int64, limit int) ([]tra.Delivery, error) {
	rows, err := s.q.Deliveries(ctx, DeliveriesParams{Client: string(c), Seq: after, Column3: string(status), Limit: int32(limit)})
	if err != nil {
		return nil, readError("deliveries", c, err)
	}
	return all(rows, deliveryOf)
}

// AddDelivery adds what a client is to be told, after all that was before.
func (x *tx) AddDelivery(ctx context.Context, d tra.Delivery) error {
	seq, err := x.q.NextNumber(ctx, "deliveries/"+string(d.Client))
	if err != nil {
		return writeError("delivery", d.ID, err)
	}
	return writeError("delivery", d.ID, x.q.AddDelivery(ctx, AddDeliveryParams{
		ID: string(d.ID), Seq: seq, Client: string(d.Client), Kind: string(d.Kind), Request: string(d.Request),
		Status: string(d.Status), CreatedAt: sqldb.Time(d.CreatedAt), Type: string(d.Type),
	}))
}

// SaveDelivery keeps how far it has come.
func (x *tx) SaveDelivery(ctx context.Context, d tra.Delivery) error {
	n, err := x.q.SaveDelivery(ctx, SaveDeliveryParams{
		ID: string(d.ID), Status: string(d.Status), Attempts: d.Attempts, LastAt: sqldb.NullTime(d.LastAt), LastAnswer: int64(d.LastAnswer), LastError: d.LastError,
	})
	return changed("delivery", d.ID, n, err)
}

// DropDeliveries forgets those that are older.
func (x *tx) DropDeliveries(ctx context.Context, before time.Time) error {
	return writeError("deliveries", before, x.q.DropDeliveries(ctx, sqldb.Time(before)))
}
