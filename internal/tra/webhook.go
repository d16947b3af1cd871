package tra

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"traid/internal/fault"
	"traid/internal/ident"
)

// Webhook is where a client wants to be told that an answer was released. Each
// client has one at most.
type Webhook struct {
	Client    Client
	URL       string
	Secrets   []string // one, or two while one takes the place of the other; only the service fills them
	Sealed    string   // as they are kept
	Disabled  bool     // the receiver has said that it wants no more
	CreatedAt time.Time
	UpdatedAt time.Time
}

// maxSecrets is how many of a webhook's secrets are good at once.
const maxSecrets = 2

// DeliveryID is the id of what a client is told: the same for every attempt, so
// that a receiver knows a repetition.
type DeliveryID string

// DeliveryStatus is how far a delivery has come.
type DeliveryStatus string

// The statuses.
const (
	DeliveryPending DeliveryStatus = "pending"
	DeliveryDone    DeliveryStatus = "delivered"
	DeliveryFailed  DeliveryStatus = "failed" // given up; it can be had anew
)

// DeliveryType is what a client is told of.
type DeliveryType string

// The types.
const (
	DeliverAnswer   DeliveryType = "answer.released"
	DeliverQuestion DeliveryType = "question.asked"
	DeliverPing     DeliveryType = "ping" // means nothing
)

// Delivery is what a client is told: that there is something to ask for.
type Delivery struct {
	ID         DeliveryID
	Seq        int64 // in its client's deliveries, from 1; given by the store
	Client     Client
	Type       DeliveryType
	Kind       Kind
	Request    RequestID
	Status     DeliveryStatus
	Attempts   int64
	CreatedAt  time.Time
	LastAt     time.Time // zero: not tried yet
	LastAnswer int       // the receiver's HTTP status; 0: none
	LastError  string    // why the last attempt failed; empty: it did not
}

// deliveriesKept is how long deliveries can be listed and had anew.
const deliveriesKept = 30 * 24 * time.Hour

// RegisterWebhook has a client be told at a URL, signed with each of the secrets.
// The same again changes nothing; created is false where there was one before.
func (s *Service) RegisterWebhook(ctx context.Context, c Client, url string, secrets []string) (w Webhook, created bool, err error) {
	var wrong []fault.Field
	if reason := s.announcer.CheckURL(url); reason != "" {
		wrong = append(wrong, fault.Field{Pointer: "/url", Reason: reason})
	}
	if n := len(secrets); n == 0 || n > maxSecrets || n > len(slices.Compact(slices.Sorted(slices.Values(secrets)))) {
		wrong = append(wrong, fault.Field{Pointer: "/secrets", Reason: "give one, or two that differ"})
	}
	if len(wrong) > 0 {
		return Webhook{}, false, fault.InvalidFields(wrong...)
	}
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		old, known, err := found(tx.Webhook(ctx, c))
		if err != nil {
			return err
		}
		created = !known
		w = Webhook{Client: c, URL: url, Secrets: secrets, CreatedAt: now, UpdatedAt: now}
		if known {
			w.CreatedAt = old.CreatedAt
			if before, err := s.open(old); err == nil && old.URL == url && !old.Disabled && slices.Equal(before, secrets) {
				w.UpdatedAt = old.UpdatedAt
				return nil
			}
		}
		if w.Sealed, err = s.seal(secrets); err != nil {
			return err
		}
		return tx.SaveWebhook(ctx, w)
	})
	return w, created, err
}

// Webhook gives where a client wants to be told; fault.NotFound: nowhere.
func (s *Service) Webhook(ctx context.Context, c Client) (Webhook, error) {
	w, err := s.store.Webhook(ctx, c)
	if err != nil {
		return Webhook{}, err
	}
	w.Secrets, err = s.open(w)
	return w, err
}

// RemoveWebhook has a client told nowhere any more; it polls.
func (s *Service) RemoveWebhook(ctx context.Context, c Client) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error { return tx.DropWebhook(ctx, c) })
}

// PingWebhook tells a client something that means nothing, at once and once, and
// gives what its receiver answered.
func (s *Service) PingWebhook(ctx context.Context, c Client) (Delivery, error) {
	w, err := s.Webhook(ctx, c)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{ID: DeliveryID("ping_" + ident.NewUUID()), Type: DeliverPing, Client: c, Attempts: 1, CreatedAt: s.now(), LastAt: s.now(), Status: DeliveryDone}
	if d.LastAnswer, err = s.announcer.Announce(ctx, w, d); err != nil {
		d.Status, d.LastError = DeliveryFailed, fault.SafeText(err)
	}
	return d, ctx.Err()
}

// Deliveries lists what a client was told in the last 30 days, in its order,
// after a place (0: from the first) and of a status or of any; next is 0 at the end.
func (s *Service) Deliveries(ctx context.Context, c Client, status DeliveryStatus, after int64, limit int) (list []Delivery, next int64, err error) {
	list, err = s.store.Deliveries(ctx, c, status, after, limit+1)
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = list[limit-1].Seq
	}
	return list, next, err
}

// Redeliver tells a client anew what it was told before. fault.NotFound where it
// was not told that, or over 30 days ago.
func (s *Service) Redeliver(ctx context.Context, c Client, id DeliveryID) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		d, err := tx.Delivery(ctx, id)
		if err == nil && d.Client != c {
			err = fault.New(fault.NotFound, "There is no such delivery.")
		}
		if err != nil {
			return err
		}
		d.Status = DeliveryPending
		if err := tx.SaveDelivery(ctx, d); err != nil {
			return err
		}
		return tx.Enqueue(ctx, TaskAnnounce, RequestID(d.ID), s.now())
	})
}

// announce has the client told of an answer that the transaction releases,
// where it wants to be.
func (s *Service) announce(ctx context.Context, tx Tx, a Answer) error {
	return s.tell(ctx, tx, Delivery{
		ID: DeliveryID(fmt.Sprintf("%s_%d", a.Request, a.Version)), Type: DeliverAnswer, Client: a.Client, Kind: a.Kind, Request: a.Request,
	})
}

// tell has a client told of something, where it wants to be.
func (s *Service) tell(ctx context.Context, tx Tx, d Delivery) error {
	w, wanted, err := found(tx.Webhook(ctx, d.Client))
	if err != nil || !wanted || w.Disabled {
		return err
	}
	now := s.now()
	if err := tx.DropDeliveries(ctx, now.Add(-deliveriesKept)); err != nil {
		return err
	}
	d.Status, d.CreatedAt = DeliveryPending, now
	if err := tx.AddDelivery(ctx, d); err != nil {
		return err
	}
	return tx.Enqueue(ctx, TaskAnnounce, RequestID(d.ID), now)
}

// announceTries bounds how often a client is told of an answer by itself: for
// about a day. Its own poll brings the answer in any case.
const announceTries = 28

// AnnounceAnswer tells a client that an answer was released. A receiver that
// wants no more of it (fault.Gone) is told nothing until it registers again.
func (s *Service) AnnounceAnswer(ctx context.Context, id DeliveryID) error {
	var task Task
	var d Delivery
	var w Webhook
	due, wanted := false, false
	now := s.now()
	err := s.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		if task, due, err = tx.Lease(ctx, TaskAnnounce, RequestID(id), now, now.Add(leaseFor)); err != nil || !due {
			return err
		}
		if d, due, err = found(tx.Delivery(ctx, id)); err != nil || !due || d.Status != DeliveryPending { // too long ago, or told
			due = false
			if err != nil {
				return err
			}
			return tx.FinishTask(ctx, task)
		}
		w, wanted, err = found(tx.Webhook(ctx, d.Client))
		return err
	})
	if err != nil || !due {
		return err
	}
	answer := 0
	if cause := error(fault.New(fault.Gone, "The client wants to be told nowhere.")); !wanted || w.Disabled {
		err = cause
	} else if w.Secrets, err = s.open(w); err == nil {
		answer, err = s.announcer.Announce(ctx, w, d)
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if _, there, err := found(tx.Delivery(ctx, id)); err != nil || !there {
			return err
		}
		return s.announced(ctx, tx, task, d, answer, err)
	})
}

// announced keeps what came of an attempt.
func (s *Service) announced(ctx context.Context, tx Tx, task Task, d Delivery, answer int, cause error) error {
	d.Attempts++
	d.LastAt, d.LastAnswer, d.LastError = s.now(), answer, ""
	if cause == nil {
		d.Status = DeliveryDone
		if err := s.story(ctx, tx, d.Request, bySystem, ClientTold, ""); err != nil {
			return err
		}
	} else {
		d.LastError = fault.SafeText(cause)
		gone := fault.Is(cause, fault.Gone)
		if gone && answer != 0 {
			w, err := tx.Webhook(ctx, d.Client)
			if err != nil {
				return err
			}
			w.Disabled, w.UpdatedAt = true, s.now()
			if err := tx.SaveWebhook(ctx, w); err != nil {
				return err
			}
		}
		if !gone && task.Attempts < announceTries {
			if err := tx.SaveDelivery(ctx, d); err != nil {
				return err
			}
			return tx.DelayTask(ctx, task, s.now().Add(fault.RetryAfter(task.Attempts)))
		}
		d.Status = DeliveryFailed
		s.o.Logger.WarnContext(ctx, "a client could not be told of an answer", "request", string(d.Request), "kind", fault.KindOf(cause).String())
	}
	if err := tx.SaveDelivery(ctx, d); err != nil {
		return err
	}
	return tx.FinishTask(ctx, task)
}

// seal keeps secrets so that the database alone does not give them away.
func (s *Service) seal(secrets []string) (string, error) {
	aead, err := s.sealer()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(strings.Join(secrets, " ")), nil)), nil
}

// open gives a webhook's secrets. Under another hash key there is no way to.
func (s *Service) open(w Webhook) ([]string, error) {
	aead, err := s.sealer()
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(w.Sealed)
	if err != nil || len(raw) < aead.NonceSize() {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], nil)
	if err != nil {
		return nil, errSealed
	}
	return strings.Fields(string(plain)), nil
}

var errSealed = fault.New(fault.Gone, "The webhook's secrets were sealed under another key: it has to be registered again.")

// sealer works under a key of its own that follows from the hash key.
func (s *Service) sealer() (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, s.hashKey)
	mac.Write([]byte("webhook secrets"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
