package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"traid/internal/notify"
	"traid/internal/notify/notifytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var hello = notifytest.Template{ID: "f33517ff-2a88-4f6e-b855-c550268ce08a", Name: "hello", Subject: "To ((who))", Body: "Hello ((who)).\n\nGoodbye."}

// open gives a client of an account on a clock that the test moves.
func open(t *testing.T, key string) (*notify.Client, *notifytest.Server, *time.Time) {
	t.Helper()
	now := noon
	server := notifytest.New(t, func() time.Time { return noon }, hello)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := notify.New(notify.Options{Key: key, BaseURL: server.URL + "/", HTTP: transport, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return client, server, &now
}

func email(reference string) notify.Email {
	return notify.Email{To: "ann@example.org", Template: hello.ID, Reference: reference, Personalisation: map[string]string{"who": "Ann"}}
}

func wantKind(t *testing.T, what string, err error, want notify.Kind) {
	t.Helper()
	if !notify.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
	} else if strings.Contains(err.Error(), "ann") || strings.Contains(err.Error(), "Ann") {
		t.Errorf("%s: the error repeats a value: %v", what, err)
	}
}

func TestAnEmailIsSentAndItsStatusRead(t *testing.T) {
	client, server, _ := open(t, notifytest.Key)
	id, err := client.Send(t.Context(), email("r1"))
	if err != nil {
		t.Fatal(err)
	}
	sent := server.Emails()
	if len(sent) != 1 || sent[0].ID != id || sent[0].Reference != "r1" || sent[0].Subject != "To Ann" || sent[0].Body != "Hello Ann.\n\nGoodbye." {
		t.Errorf("sent %+v, want one as it was handed in", sent)
	}
	server.Set("r1", "permanent-failure")
	if got, err := client.Notification(t.Context(), id); err != nil || got != (notify.Notification{ID: id, Reference: "r1", Status: notify.PermanentFailure, CreatedAt: noon}) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = client.Notification(t.Context(), "740e5834-3a29-46b4-9a6f-16142fde533a")
	wantKind(t, "an unknown one", err, notify.Missing)
}

// Notify holds no reference unique: looking is the sender's part.
func TestAReferenceIsLookedUp(t *testing.T) {
	client, server, _ := open(t, notifytest.Key)
	server.Meets(notifytest.LoseAnswer, 1)
	_, err := client.Send(t.Context(), email("r1"))
	wantKind(t, "a lost answer", err, notify.Unknown)
	found, err := client.ByReference(t.Context(), "r1")
	if err != nil || len(found) != 1 || found[0].ID != server.Emails()[0].ID {
		t.Errorf("after a lost answer: got %+v, %v", found, err)
	}
	if _, err := client.Send(t.Context(), email("r1")); err != nil {
		t.Error(err)
	}
	if found, err = client.ByReference(t.Context(), "r1"); err != nil || len(found) != 2 {
		t.Errorf("sent twice: got %d, %v, want both", len(found), err)
	}
	if found, err = client.ByReference(t.Context(), "r2"); err != nil || len(found) != 0 {
		t.Errorf("a reference that was not used: got %+v, %v", found, err)
	}
}

func TestWhatNotifyRefusesHasItsKind(t *testing.T) {
	client, server, now := open(t, notifytest.Key)
	send := func(e notify.Email) error {
		_, err := client.Send(t.Context(), e)
		return err
	}
	nobody, noTemplate, noValue := email("r"), email("r"), email("r")
	nobody.To, noTemplate.Template, noValue.Personalisation = "ann", "740e5834-3a29-46b4-9a6f-16142fde533a", nil
	wantKind(t, "no address", send(nobody), notify.Refused)
	wantKind(t, "no template", send(noTemplate), notify.Refused)
	wantKind(t, "a value that is missing", send(noValue), notify.Refused)
	for trouble, kind := range map[string]notify.Kind{
		notifytest.RateLimit: notify.RateLimited, notifytest.DayLimit: notify.DayLimited, notifytest.Down: notify.Unknown,
	} {
		server.Meets(trouble, 1)
		wantKind(t, trouble, send(email("r")), kind)
	}
	for _, off := range []time.Duration{-31 * time.Second, 31 * time.Second} {
		*now = noon.Add(off)
		wantKind(t, "a clock that is wrong", send(email("r")), notify.Credentials)
	}
	*now = noon.Add(29 * time.Second)
	if err := send(email("r")); err != nil {
		t.Errorf("a clock that is nearly right: %v", err)
	}
	if n := len(server.Emails()); n != 1 {
		t.Errorf("%d emails were sent, want 1", n)
	}
	other, _, _ := open(t, strings.Replace(notifytest.Key, "3d844edf", "3d844ede", 1))
	_, err := other.EmailTemplates(t.Context())
	wantKind(t, "another key", err, notify.Credentials)
}

func TestWhatIsNoAnswerOfNotifyIsUnknown(t *testing.T) {
	for what, handle := range map[string]http.HandlerFunc{
		"a page":               func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"a 400 of a proxy":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
		"a 403 of a proxy":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"a redirect":           func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"JSON without content": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
	} {
		server := httptest.NewServer(handle)
		transport := &http.Transport{}
		client, err := notify.New(notify.Options{Key: notifytest.Key, BaseURL: server.URL, HTTP: transport})
		if err != nil {
			t.Fatal(err)
		}
		for call, do := range map[string]func(context.Context) error{
			"send":     func(ctx context.Context) error { _, err := client.Send(ctx, email("r")); return err },
			"look":     func(ctx context.Context) error { _, err := client.ByReference(ctx, "r"); return err },
			"read":     func(ctx context.Context) error { _, err := client.Notification(ctx, "r"); return err },
			"template": func(ctx context.Context) error { _, err := client.EmailTemplates(ctx); return err },
		} {
			wantKind(t, what+", "+call, do(t.Context()), notify.Unknown)
		}
		transport.CloseIdleConnections()
		server.Close()
		_, err = client.Send(t.Context(), email("r"))
		wantKind(t, "nobody there", err, notify.Unknown)
	}
}

func TestTheTemplatesAreListed(t *testing.T) {
	client, _, _ := open(t, notifytest.Key)
	got, err := client.EmailTemplates(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if g := got[0]; g.ID != hello.ID || g.Name != "hello" || g.Subject != hello.Subject || g.Body != hello.Body || !slices.Equal(g.Placeholders, []string{"who"}) {
		t.Errorf("got %+v", g)
	}
}

func TestAKeyIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, key := range []string{"", "secretkey", "name-26785a09-ab16-4eb0-8407-a37497a57506", notifytest.Key + "x", notifytest.Key[len("traid-test-"):]} {
		_, err := notify.New(notify.Options{Key: key})
		if err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}
