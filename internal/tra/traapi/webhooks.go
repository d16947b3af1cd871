package traapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/tra"
	"traid/internal/webhook"
	wire "traid/internal/wire/trav1"
)

// webhooks is what the API needs of tra.Service to tell clients.
type webhooks interface {
	// RegisterWebhook has a client told at a URL; created is false where there was one before.
	RegisterWebhook(ctx context.Context, c tra.Client, url string, secrets []string) (w tra.Webhook, created bool, err error)
	Webhook(ctx context.Context, c tra.Client) (tra.Webhook, error)
	RemoveWebhook(ctx context.Context, c tra.Client) error
	// PingWebhook makes one attempt at once and gives what came of it.
	PingWebhook(ctx context.Context, c tra.Client) (tra.Delivery, error)
	// Deliveries lists what a client is told after a place; next is 0 on the last page.
	Deliveries(ctx context.Context, c tra.Client, status tra.DeliveryStatus, after int64, limit int) (list []tra.Delivery, next int64, err error)
	Redeliver(ctx context.Context, c tra.Client, id tra.DeliveryID) error
}

// mountWebhooks puts the operations on a client's webhook onto an API.
func (h handlers) mountWebhooks(api *httpd.API) {
	op := func(method, path, id, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: "/api/v1/webhook" + path, Summary: summary, Description: description,
			Security: httpd.Scope(wire.ScopeRequests), Tags: []string{"Webhook"}, Errors: errors,
		}
	}
	put := op(http.MethodPut, "", "put-webhook", "Say where to tell that an answer was released",
		"A hint, by Standard Webhooks 1.0.0: the answer itself is read as ever. The same again changes nothing.")
	put.Responses = map[string]*huma.Response{
		"200": {Description: "There was one before."},
		"201": {Description: "It is the client's first.", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Webhook"}}}},
	}
	httpd.Register(api, put, h.putWebhook)
	httpd.Register(api, op(http.MethodGet, "", "get-webhook", "Read where", "", http.StatusNotFound), h.getWebhook)
	httpd.Register(api, op(http.MethodDelete, "", "delete-webhook", "Be told nowhere any more", "Again changes nothing."), h.deleteWebhook)
	httpd.Register(api, op(http.MethodPost, "/ping", "ping-webhook", "Be told something that means nothing, at once",
		"One attempt, whose outcome is the answer.", http.StatusNotFound), h.pingWebhook)
	httpd.Register(api, op(http.MethodGet, "/deliveries", "list-deliveries", "What the client was told in the last 30 days", ""), h.deliveries)
	again := op(http.MethodPost, "/deliveries/{id}/redeliver", "redeliver", "Be told something anew", "", http.StatusNotFound)
	again.DefaultStatus = http.StatusAccepted
	httpd.Register(api, again, h.redeliver)
}

// registration is a webhook as it comes in.
type registration struct{ Body wire.WebhookRequest }

// Resolve looks at the secrets; the URL is judged by who will call it.
func (in *registration) Resolve(huma.Context) []error {
	var r reader
	for i, s := range in.Body.Secrets {
		if err := webhook.CheckSecret(s); err != nil {
			r.refuse("secrets["+strconv.Itoa(i)+"]", "is whsec_ and 24 to 64 bytes in base64")
		}
	}
	return r.wrong
}

type hooked struct {
	Status int
	Body   wire.Webhook
}

func hookOf(w tra.Webhook) wire.Webhook {
	out := wire.Webhook{URL: w.URL, Secrets: len(w.Secrets), Status: wire.WebhookEnabled, CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC()}
	if w.Disabled {
		out.Status = wire.WebhookDisabled
	}
	return out
}

func (h handlers) putWebhook(ctx context.Context, in *registration) (*hooked, error) {
	w, created, err := h.svc.RegisterWebhook(ctx, client(ctx), in.Body.URL, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return &hooked{status, hookOf(w)}, nil
}

func (h handlers) getWebhook(ctx context.Context, _ *struct{}) (*hooked, error) {
	w, err := h.svc.Webhook(ctx, client(ctx))
	if err != nil {
		return nil, err
	}
	return &hooked{http.StatusOK, hookOf(w)}, nil
}

func (h handlers) deleteWebhook(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, h.svc.RemoveWebhook(ctx, client(ctx))
}

type delivered struct{ Body wire.Delivery }

func (h handlers) pingWebhook(ctx context.Context, _ *struct{}) (*delivered, error) {
	d, err := h.svc.PingWebhook(ctx, client(ctx))
	if err != nil {
		return nil, err
	}
	return &delivered{deliveryOf(d)}, nil
}

func deliveryOf(d tra.Delivery) wire.Delivery {
	out := wire.Delivery{
		ID: string(d.ID), Type: string(d.Type), Status: string(d.Status), Attempts: d.Attempts, CreatedAt: d.CreatedAt.UTC(), LastError: text(d.LastError),
	}
	if d.Request != "" {
		out.RequestID, out.Kind = text(string(d.Request)), text(string(d.Kind))
	}
	if !d.LastAt.IsZero() {
		at := d.LastAt.UTC().Truncate(time.Microsecond)
		out.LastAttemptAt = &at
	}
	if d.LastAnswer != 0 {
		out.LastAnswer = &d.LastAnswer
	}
	return out
}

type told struct {
	Status string `query:"status" enum:"pending,delivered,failed" doc:"Any when left out."`
	After  string `query:"after" pattern:"^[0-9]{1,18}$" patternDescription:"a place" doc:"next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
}

type tellings struct{ Body wire.DeliveryList }

func (h handlers) deliveries(ctx context.Context, in *told) (*tellings, error) {
	after, err := strconv.ParseInt("0"+in.After, 10, 64)
	if err != nil {
		return nil, fault.InvalidFields(fault.Field{Pointer: "after", Reason: "is no place that you were given"})
	}
	list, next, err := h.svc.Deliveries(ctx, client(ctx), tra.DeliveryStatus(in.Status), after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := wire.DeliveryList{Deliveries: []wire.Delivery{}}
	for _, d := range list {
		out.Deliveries = append(out.Deliveries, deliveryOf(d))
	}
	if next != 0 {
		out.Next = text(strconv.FormatInt(next, 10))
	}
	return &tellings{out}, nil
}

type telling struct {
	ID string `path:"id" maxLength:"100" doc:"Of the delivery."`
}

func (h handlers) redeliver(ctx context.Context, in *telling) (*struct{}, error) {
	return nil, h.svc.Redeliver(ctx, client(ctx), tra.DeliveryID(in.ID))
}
