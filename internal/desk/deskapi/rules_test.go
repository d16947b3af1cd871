package deskapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"traid/internal/desk"
	"traid/internal/desk/deskapi"
	"traid/internal/desk/deskports"
)

func TestAWebhookIsToldSignedAndTriedAgain(t *testing.T) {
	status, wait, calls := 200, "", 0
	var header http.Header
	var body string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		header, body, calls = r.Header, string(raw), calls+1
		if wait != "" {
			w.Header().Set("Retry-After", wait)
		}
		w.WriteHeader(status)
	}))
	defer hook.Close()
	eachWith(t, desk.Options{Sender: deskports.NewSender(loopback, time.Now)}, deskapi.Options{PerMinute: 100_000}, func(t *testing.T, r *rig) {
		made := r.send("POST", "/webhooks", fmt.Sprintf(`{"webhook":{"name":"W","endpoint":%q,"http_method":"POST","request_format":"json","status":"active",
			"subscriptions":["zen:event-type:ticket.status_changed"]}}`, hook.URL)).want(201).body["webhook"].(map[string]any)
		path := "/webhooks/" + made["id"].(string)
		secret := r.get(path + "/signing_secret").body["signing_secret"].(map[string]any)["secret"].(string)
		deliver := func() {
			t.Helper()
			if err := r.svc.DeliverDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ticket := r.make("")
		for name, c := range map[string]struct {
			status, calls int
			wait          string
		}{
			"taken": {200, 1, ""}, "refused": {403, 1, ""}, "a conflict": {409, 4, ""}, "away without a time": {503, 1, ""},
			"away for long": {503, 1, "60"}, "away for a while": {429, 6, "7"},
		} {
			status, wait, calls = c.status, c.wait, 0
			next := "open"
			if r.show(ticket)["status"] == "open" {
				next = "pending"
			}
			r.put(ticket, `"status":"`+next+`"`).want(200)
			for range 10 {
				deliver()
				r.clock.move(10 * time.Second)
			}
			if calls != c.calls {
				t.Errorf("%s: called %d times, want %d", name, calls, c.calls)
			}
			stamp := header.Get("X-Zendesk-Webhook-Signature-Timestamp")
			if header.Get("X-Zendesk-Webhook-Signature") != desk.Sign(secret, stamp, body) || header.Get("X-Zendesk-Webhook-Id") != made["id"] ||
				len(header.Get("X-Zendesk-Webhook-Invocation-Id")) != 26 || header.Get("User-Agent") != "Zendesk Webhook" || header.Get("X-Zendesk-Account-Id") == "" {
				t.Errorf("%s: headers %v", name, header)
			}
			if !strings.Contains(body, fmt.Sprintf(`"subject":"zen:ticket:%d"`, ticket)) || !strings.Contains(body, `"type":"zen:event-type:ticket.status_changed"`) {
				t.Errorf("%s: body %s", name, body)
			}
			r.clock.move(6 * time.Minute) // the circuit forgets
		}
	})
}

// The secret is the one that Zendesk's documentation gives for testing; the
// signature was made by OpenSSL.
func TestAWebhooksSignatureIsZendesks(t *testing.T) {
	got := desk.Sign("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "2021-03-25T05:09:27Z", `{"event":"ticket.updated","id":123}`)
	if want := "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

func TestAClosedTicketIsFollowedUpAndMergedOnesAreClosed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		a, b := r.make(`,"tags":["x"]`), r.make("")
		r.send("POST", fmt.Sprintf("/tickets/%d/merge", b), fmt.Sprintf(`{"ids":[%d]}`, a)).want(200)
		if got := r.show(a); got["status"] != "closed" || fmt.Sprint(got["tags"]) != "[closed_by_merge x]" {
			t.Errorf("the merged ticket is %v with %v", got["status"], got["tags"])
		}
		r.send("POST", fmt.Sprintf("/tickets/%d/merge", a), fmt.Sprintf(`{"ids":[%d]}`, b)).refused(422, "RecordInvalid", "closed prevents ticket update")
		follow := r.send("POST", "/tickets", fmt.Sprintf(`{"ticket":{"comment":{"body":"B"},"via_followup_source_id":%d}}`, a)).want(201).ticket()
		if fmt.Sprint(follow["tags"]) != "[closed_by_merge x]" || fmt.Sprint(r.show(a)["followup_ids"]) != fmt.Sprintf("[%v]", follow["id"]) {
			t.Errorf("the follow-up has %v, its source %v", follow["tags"], r.show(a)["followup_ids"])
		}
		path := fmt.Sprintf("/tickets/%d", b)
		r.send("DELETE", path, "").want(204)
		r.send("PUT", fmt.Sprintf("/deleted_tickets/%d/restore", b), "").want(200)
		r.get(path)
		r.send("DELETE", path, "").want(204)
		r.clock.move(31 * 24 * time.Hour)
		if err := r.svc.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.send("PUT", fmt.Sprintf("/deleted_tickets/%d/restore", b), "").refused(404, "RecordNotFound", "")
	})
}
