package trasql_test

import (
	"context"
	"testing"
	"time"

	"traid/internal/tra"
)

func TestWebhooksAndDeliveriesAreKept(t *testing.T) {
	eachOffice(t, func(o *office) {
		want := tra.Webhook{Client: "a", URL: "https://a.example", Sealed: "x", CreatedAt: start, UpdatedAt: start}
		keep := func(w tra.Webhook) {
			o.Helper()
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveWebhook(ctx, w) })
			got, err := o.store.Webhook(o.Context(), w.Client)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "webhook", got, want)
		}
		keep(want)
		want.URL, want.Sealed, want.Disabled, want.UpdatedAt = "https://b.example", "y", true, start.Add(time.Hour)
		later := want
		later.CreatedAt = start.Add(time.Hour) // when it first was there stays
		keep(later)
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DropWebhook(ctx, "a") })
		_, err := o.store.Webhook(o.Context(), "a")
		wantNotFound(o, "a removed webhook", err)

		add := func(id tra.DeliveryID, c tra.Client, at time.Time) tra.Delivery {
			o.Helper()
			d := tra.Delivery{ID: id, Type: tra.DeliverQuestion, Client: c, Kind: tra.BarringCheck, Request: "r1", Status: tra.DeliveryPending, CreatedAt: at}
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.AddDelivery(ctx, d) })
			return d
		}
		list := func(c tra.Client, status tra.DeliveryStatus, after int64, want ...tra.Delivery) {
			o.Helper()
			got, err := o.store.Deliveries(o.Context(), c, status, after, 2)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "deliveries", got, append([]tra.Delivery{}, want...))
		}
		one, two, three := add("z", "a", start), add("y", "a", start.Add(time.Hour)), add("x", "a", start.Add(2*time.Hour))
		one.Seq, two.Seq, three.Seq = 1, 2, 3
		other := add("w", "b", start)
		other.Seq = 1
		list("a", "", 0, one, two)
		list("a", "", 2, three)
		list("b", "", 0, other)
		two.Status, two.Attempts, two.LastAt, two.LastAnswer, two.LastError = tra.DeliveryFailed, 3, start.Add(time.Minute), 500, "why"
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveDelivery(ctx, two) })
		list("a", tra.DeliveryFailed, 0, two)
		list("a", tra.DeliveryPending, 0, one, three)
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.DropDeliveries(ctx, start.Add(time.Minute)) })
		list("a", "", 0, two, three)
		_, err = o.store.Delivery(o.Context(), "z")
		wantNotFound(o, "an old delivery", err)
		o.taken("the same id", func(ctx context.Context, tx tra.Tx) error { return tx.AddDelivery(ctx, two) })
	})
}
