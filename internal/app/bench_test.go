package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"traid/internal/person"
	"traid/internal/sqldb/sqldbtest"
	"traid/internal/tra"
)

// BenchmarkToldByWebhook runs the program with its defaults, but for a release
// after a second, and measures how long after its release a client is told of an
// answer, by a webhook that it registered.
func BenchmarkToldByWebhook(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchTold(b, "") })
	b.Run("postgres", func(b *testing.B) { benchTold(b, sqldbtest.PostgresURL(b)) })
}

func benchTold(b *testing.B, database string) {
	const client tra.Client = "a-client"
	type call struct {
		id string
		at time.Time
	}
	calls := make(chan call, b.N)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		if id, _, of := strings.Cut(r.Header.Get("webhook-id"), "_"); of {
			calls <- call{id, at}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	env := map[string]string{setData: b.TempDir(), setDatabase: database, setLogLevel: "error", setReleaseAfter: "1s", setWebhookAllow: "127.0.0.1"}
	for _, addr := range addrOf {
		env[addr] = "127.0.0.1:0"
	}
	settings, err := readSettings(func(name string) string { return env[name] })
	if err != nil {
		b.Fatal(err)
	}
	p := &program{settings: settings, stdout: io.Discard, stderr: io.Discard, logger: newLogger(b.Output(), "error"), now: time.Now}
	if database != "" {
		if err := errors.Join(p.migrate(b.Context()), settings.generate()); err != nil {
			b.Fatal(err)
		}
	}
	sys, err := p.build(b.Context(), allRoles())
	if err != nil {
		b.Fatal(err)
	}
	defer sys.close()
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- sys.serve(ctx, true, nil) }()
	if _, _, err := sys.tra.RegisterWebhook(ctx, client, receiver.URL, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}); err != nil {
		b.Fatal(err)
	}
	name, err := person.ParseName("Zofia")
	if err != nil {
		b.Fatal(err)
	}
	born, err := person.ParseDate("1984-02-17")
	if err != nil {
		b.Fatal(err)
	}
	due := map[string]time.Time{}
	var released, waited []time.Duration
	b.ResetTimer()
	for i := range b.N {
		id := tra.RequestID(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		v, _, err := sys.tra.Submit(ctx, tra.Submission{ID: id, Client: client, Kind: tra.TRNValidation, Claim: tra.Claim{FirstName: name, DateOfBirth: born}})
		if err != nil {
			b.Fatal(err)
		}
		d, err := sys.tra.Decide(ctx, tra.Operator{Email: "olive@example.org"}, v.ID, tra.Deciding{Revision: 1, Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check every name."})
		for try := 0; err != nil && try < 10; try++ { // its ticket came in between
			var k tra.Case
			if k, err = sys.tra.Case(ctx, tra.Operator{Email: "olive@example.org"}, v.ID); err == nil {
				d, err = sys.tra.Decide(ctx, tra.Operator{Email: "olive@example.org"}, v.ID, tra.Deciding{Revision: k.Request.Revision, Outcome: tra.Failed, Reason: tra.NoRecord, Note: "Check every name."})
			}
		}
		if err != nil {
			b.Fatal(err)
		}
		due[string(id)] = d.ReleaseAt
		c := <-calls
		answered, err := sys.tra.Get(ctx, client, tra.TRNValidation, tra.RequestID(c.id))
		if err != nil || answered.Answer == nil {
			b.Fatal(err)
		}
		released, waited = append(released, c.at.Sub(answered.Answer.AnsweredAt)), append(waited, c.at.Sub(due[c.id]))
	}
	b.StopTimer()
	slices.Sort(released)
	slices.Sort(waited)
	b.ReportMetric(float64(released[len(released)/2].Milliseconds()), "ms-released-to-told-p50")
	b.ReportMetric(float64(released[len(released)-1].Milliseconds()), "ms-released-to-told-max")
	b.ReportMetric(float64(waited[len(waited)/2].Milliseconds()), "ms-due-to-told-p50")
	b.ReportMetric(float64(waited[len(waited)-1].Milliseconds()), "ms-due-to-told-max")
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
}
