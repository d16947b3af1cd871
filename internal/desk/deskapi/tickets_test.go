package deskapi_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traid/internal/desk"
	"traid/internal/desk/deskapi"
)

// ticketKeys are the keys of every ticket of Zendesk's, as recorded.
var ticketKeys = strings.Fields(`allow_attachments allow_channelback assignee_id brand_id collaborator_ids created_at custom_fields
	custom_status_id description due_at email_cc_ids external_id fields follower_ids followup_ids forum_topic_id from_messaging_channel
	group_id has_incidents id is_public organization_id priority problem_id raw_subject recipient requester_id satisfaction_rating
	sharing_agreement_ids status subject submitter_id tags ticket_form_id type updated_at url via`)

func TestATicketHasEveryKeyInTheShapesThatClientsNeed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.send("POST", "/tickets", `{"ticket":{"subject":"S","comment":{"body":"B"}}}`).want(201)
		ticket := made.ticket()
		if diff := cmp.Diff(ticketKeys, slices.Sorted(maps.Keys(ticket))); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		for _, key := range strings.Fields("external_id assignee_id group_id type priority recipient organization_id forum_topic_id problem_id due_at satisfaction_rating") {
			if ticket[key] != nil {
				t.Errorf("%s is %v, want null", key, ticket[key])
			}
		}
		for _, key := range strings.Fields("collaborator_ids follower_ids email_cc_ids tags sharing_agreement_ids followup_ids") {
			if list, ok := ticket[key].([]any); !ok || len(list) != 0 {
				t.Errorf("%s is %v, want an empty list", key, ticket[key])
			}
		}
		for _, key := range []string{"created_at", "updated_at"} {
			if ticket[key] != "2026-11-23T12:00:00Z" {
				t.Errorf("%s is %v", key, ticket[key])
			}
		}
		if n := id(ticket["id"]); n < 1 || n > 999_999 {
			t.Errorf("ticket id %v, want a small number", ticket["id"])
		}
		for _, n := range []any{ticket["requester_id"], made.body["audit"].(map[string]any)["id"], ticket["custom_fields"].([]any)[0].(map[string]any)["id"]} {
			if i := id(n); i < 1e12 || i >= 1e13 {
				t.Errorf("id %v, want thirteen digits", n)
			}
		}
		audit := made.body["audit"].(map[string]any)
		if diff := cmp.Diff(strings.Fields("author_id created_at events id metadata ticket_id via"), slices.Sorted(maps.Keys(audit))); diff != "" {
			t.Errorf("audit's keys (-want +got):\n%s", diff)
		}
		system := audit["metadata"].(map[string]any)["system"].(map[string]any)
		if system["client"] != "desk-test/1" || system["ip_address"] != "127.0.0.1" {
			t.Errorf("metadata.system is %v", system)
		}
		comment := audit["events"].([]any)[0].(map[string]any)
		want := map[string]any{
			"type": "Comment", "body": "B", "plain_body": "B", "public": true, "attachments": []any{},
			"html_body": `<div class="zd-comment" dir="auto"><p dir="auto">B</p></div>`,
		}
		for key, v := range want {
			if diff := cmp.Diff(v, comment[key]); diff != "" {
				t.Errorf("comment's %s: %s", key, diff)
			}
		}
		created := map[string]any{}
		for _, e := range audit["events"].([]any)[1:] {
			e := e.(map[string]any)
			if _, ok := e["previous_value"]; e["type"] != "Create" || ok {
				t.Errorf("event of a creation: %v", e)
			}
			created[e["field_name"].(string)] = e["value"]
		}
		if diff := cmp.Diff(map[string]any{"subject": "S", "status": "new", "requester_id": ticket["requester_id"].(fmt.Stringer).String()}, created); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestACreationIsTakenInEveryShapeThatClientsSend(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for name, c := range map[string]struct{ members, description string }{
			"body":                      {`"comment":{"body":"text"}`, "text"},
			"value":                     {`"comment":{"value":"text"}`, "text"},
			"html_body":                 {`"comment":{"html_body":"<p>one<br/>two &amp; three</p><p onclick='x'>four</p>"}`, "one\ntwo & three\n\nfour"},
			"body wins over html_body":  {`"comment":{"body":"text","html_body":"<p>rich</p>"}`, "text"},
			"description":               {`"description":"text"`, "text"},
			"description, null comment": {`"description":"text","comment":null`, "text"},
			"comment as a text":         {`"comment":"text"`, "text"},
			"a zero byte is dropped":    {`"comment":{"body":"te\u0000xt"}`, "text"},
			"a lone surrogate":          {`"comment":{"body":"te\ud800xt"}`, "te\uFFFDxt"},
		} {
			t.Run(name, func(t *testing.T) {
				if got := r.send("POST", "/tickets", `{"ticket":{`+c.members+`}}`).want(201).ticket()["description"]; got != c.description {
					t.Errorf("description %q, want %q", got, c.description)
				}
			})
		}
		trn := r.fields["TRN"].ID
		for name, members := range map[string]string{
			"list":                  fmt.Sprintf(`"custom_fields":[{"id":%d,"value":"0123456"}]`, trn),
			"list with text ids":    fmt.Sprintf(`"custom_fields":[{"id":"%d","value":"0123456"}]`, trn),
			"list without a value":  fmt.Sprintf(`"custom_fields":[{"id":%d,"value":"0123456"},{"id":%d}]`, trn, r.fields["Outcome"].ID),
			"one object":            fmt.Sprintf(`"custom_fields":{"id":"%d","value":"0123456"}`, trn),
			"map":                   fmt.Sprintf(`"custom_fields":{"%d":"0123456"}`, trn),
			"under the other name":  fmt.Sprintf(`"fields":[{"id":%d,"value":"0123456"}]`, trn),
			"a null beside a value": fmt.Sprintf(`"custom_fields":[{"id":%d,"value":"0123456"},{"id":%d,"value":null}]`, trn, r.fields["Outcome"].ID),
		} {
			t.Run(name, func(t *testing.T) {
				ticket := r.send("POST", "/tickets", `{"ticket":{"description":"d",`+members+`}}`).want(201).ticket()
				if got := r.value(ticket, "TRN"); got != "0123456" {
					t.Errorf("TRN is %v", got)
				}
				if got := r.value(ticket, "Outcome"); got != nil {
					t.Errorf("Outcome is %v, want null", got)
				}
			})
		}
	})
}

func TestKeysThatAreNotHeededAreNamed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.send("POST", "/tickets?async=false&include=None&Access=&OnlyViewable=false",
			`{"extra":1,"ticket":{"id":7,"url":"x","created_at":"0001-01-01T00:00:00Z","odd\n\"key":1,"followers":[],"brand_id":null,"comment":{"body":"B","created_at":"0001-01-01T00:00:00Z"}}}`).want(201)
		want := `Removed restricted keys ["extra", "ticket.comment.created_at", "ticket.created_at", "ticket.id", "ticket.odd\n\"key", "ticket.url"] from parameters according to whitelist`
		if got := made.header.Get("X-Zendesk-API-Warn"); got != want {
			t.Errorf("warning %s, want %s", got, want)
		}
		if id(made.ticket()["id"]) == 7 {
			t.Error("the caller chose the id")
		}
		if got := r.send("POST", "/tickets", `{"ticket":{"description":"d"}}`).want(201).header.Get("X-Zendesk-API-Warn"); got != "" {
			t.Errorf("warning %s about nothing", got)
		}
	})
}

func TestACreationIsRefusedWithTheFieldThatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		trn, outcome := r.fields["TRN"].ID, r.fields["Outcome"].ID
		for name, c := range map[string]struct {
			body   string
			status int
			error  string
			text   string
		}{
			"no JSON":                 {`{`, 400, "InvalidRequest", ""},
			"a list":                  {`[]`, 400, "InvalidRequest", ""},
			"two objects":             {`{"ticket":{"description":"d"}} {}`, 400, "InvalidRequest", ""},
			"no body":                 {``, 400, "ParameterMissing", "ticket"},
			"no ticket":               {`{"subject":"S"}`, 400, "ParameterMissing", "ticket"},
			"no description":          {`{"ticket":{"subject":"S"}}`, 422, "RecordInvalid", "Description: cannot be blank"},
			"blank comment":           {`{"ticket":{"comment":{"body":"  \n"}}}`, 422, "RecordInvalid", "Description: cannot be blank"},
			"unknown status":          {`{"ticket":{"description":"d","status":"on-hold"}}`, 422, "RecordInvalid", `"status"`},
			"unknown priority":        {`{"ticket":{"description":"d","priority":"asap"}}`, 422, "RecordInvalid", `"priority"`},
			"unknown type":            {`{"ticket":{"description":"d","type":"wish"}}`, 422, "RecordInvalid", `"type"`},
			"bad email":               {`{"ticket":{"description":"d","requester":{"name":"N","email":"no address"}}}`, 422, "RecordInvalid", "Email: is not properly formatted"},
			"long name":               {`{"ticket":{"description":"d","requester":{"name":"` + strings.Repeat("n", 256) + `","email":"a@example.org"}}}`, 422, "RecordInvalid", "too long"},
			"long comment":            {`{"ticket":{"description":"` + strings.Repeat("n", 65536) + `"}}`, 422, "RecordInvalid", "too long"},
			"unknown requester":       {`{"ticket":{"description":"d","requester_id":12}}`, 422, "RecordInvalid", `"requester"`},
			"unknown assignee":        {`{"ticket":{"description":"d","assignee_id":12}}`, 422, "RecordInvalid", `"assignee"`},
			"unknown assignee's mail": {`{"ticket":{"description":"d","assignee_email":"nobody@example.org"}}`, 422, "RecordInvalid", `"assignee"`},
			"unknown group":           {`{"ticket":{"description":"d","group_id":12}}`, 422, "RecordInvalid", `"group"`},
			"unknown author":          {`{"ticket":{"comment":{"body":"d","author_id":12}}}`, 422, "RecordInvalid", "Author: is not known"},
			"solved by nobody":        {`{"ticket":{"description":"d","status":"solved"}}`, 422, "RecordInvalid", "Assignee: is required when solving a ticket"},
			"TRN of six digits":       {fmt.Sprintf(`{"ticket":{"description":"d","custom_fields":[{"id":%d,"value":"123456"}]}}`, trn), 422, "RecordInvalid", fmt.Sprintf(`"ticket_field_id":%d`, trn)},
			"unknown option":          {fmt.Sprintf(`{"ticket":{"description":"d","custom_fields":[{"id":%d,"value":"trn_found"}]}}`, outcome), 422, "RecordInvalid", "Outcome: is not one of the field's options"},
			"a list as a value":       {fmt.Sprintf(`{"ticket":{"description":"d","custom_fields":[{"id":%d,"value":["a"]}]}}`, outcome), 422, "RecordInvalid", "is not a text"},
			"unknown field":           {`{"ticket":{"description":"d","custom_fields":[{"id":5,"value":"x"}]}}`, 422, "RecordInvalid", "is not known"},
			"uploads":                 {`{"ticket":{"comment":{"body":"d","uploads":["abc"]}}}`, 422, "RecordInvalid", `"uploads"`},
			"followers":               {`{"ticket":{"description":"d","followers":[{"user_id":1}]}}`, 422, "RecordInvalid", `"followers"`},
			"a follow-up":             {`{"ticket":{"description":"d","via_followup_source_id":100001}}`, 422, "RecordInvalid", `"via_followup_source_id"`},
			"subject as an object":    {`{"ticket":{"description":"d","subject":{}}}`, 422, "RecordInvalid", `"subject"`},
		} {
			t.Run(name, func(t *testing.T) { r.send("POST", "/tickets", c.body).refused(c.status, c.error, c.text) })
		}
		several := r.send("POST", "/tickets", `{"ticket":{"status":"x","type":"y"}}`).want(422)
		if details := several.body["details"].(map[string]any); len(details) != 3 {
			t.Errorf("details %v, want status, type and base at once", details)
		}
		r.send("POST", "/tickets", `{"ticket":{"description":"`+strings.Repeat("x", 1<<20)+`"}}`).want(413)
		if n := r.get("/tickets").body["count"]; n.(fmt.Stringer).String() != "0" {
			t.Errorf("%v tickets were made", n)
		}
	})
}

func TestStatusesMoveByTheRules(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		assignee := fmt.Sprintf(`"assignee_id":%d`, r.me())
		if got := r.put(r.make(``), assignee).want(200).ticket()["group_id"]; id(got) == 0 {
			t.Error("an assigned ticket has no group")
		}
		for name, c := range map[string]struct {
			start  string   // members of the creation
			update []string // updates, the last of which is judged
			want   string   // status, or what is refused
		}{
			"new":                            {``, nil, "new"},
			"new stays new":                  {``, []string{`"status":"new","priority":"high"`}, "new"},
			"assigned at creation":           {"," + assignee, nil, "open"},
			"assigned":                       {``, []string{assignee}, "open"},
			"assigned and said to be new":    {``, []string{assignee + `,"status":"new"`}, "open"},
			"assigned by address":            {``, []string{`"assignee_email":"TRA@desk.invalid"`}, "open"},
			"unassigned again":               {"," + assignee, []string{`"assignee_id":null`}, "open"},
			"back to new":                    {`,"status":"open"`, []string{`"status":"new"`}, "cannot go back to new"},
			"solved back to new":             {`,"status":"solved",` + assignee, []string{`"status":"new"`}, "cannot go back to new"},
			"solved":                         {"," + assignee, []string{`"status":"solved"`}, "solved"},
			"solved with its assignee":       {``, []string{`"status":"solved",` + assignee}, "solved"},
			"solved without an assignee":     {`,"status":"open"`, []string{`"status":"solved"`}, "Assignee: is required"},
			"closed without an assignee":     {`,"status":"open"`, []string{`"status":"closed"`}, "Assignee: is required"},
			"a solved one loses its agent":   {`,"status":"solved",` + assignee, []string{`"assignee_id":null`}, "Assignee: is required"},
			"solved and opened":              {`,"status":"solved",` + assignee, []string{`"status":"open"`}, "open"},
			"unknown":                        {``, []string{`"status":"deleted"`}, `"status"`},
			"null is no wish":                {`,"status":"pending"`, []string{`"status":null`}, "pending"},
			"closed, then anything":          {`,"status":"closed",` + assignee, []string{`"priority":"low"`}, "closed prevents ticket update"},
			"closed, then nothing":           {`,"status":"closed",` + assignee, []string{``}, "closed prevents ticket update"},
			"closed, then opened":            {`,"status":"closed",` + assignee, []string{`"status":"open"`}, "closed prevents ticket update"},
			"closed, then a comment":         {`,"status":"closed",` + assignee, []string{`"comment":{"body":"x"}`}, "closed prevents ticket update"},
			"an agent's comment opens not":   {`,"status":"solved",` + assignee, []string{`"comment":{"body":"x"}`}, "solved"},
			"a null comment":                 {`,"status":"solved",` + assignee, []string{`"comment":null`}, "solved"},
			"an empty comment":               {``, []string{`"comment":{"body":""}`}, "Comment: cannot be blank"},
			"a requester by name, afterward": {``, []string{`"requester":{"name":"N","email":"n@example.org"}`}, "at creation only"},
		} {
			t.Run(name, func(t *testing.T) {
				ticket := r.make(c.start)
				before := r.show(ticket)
				last := answer{t: t, status: 200}
				for _, u := range c.update {
					last = r.put(ticket, u)
				}
				if last.status == 200 {
					if got := r.show(ticket)["status"]; got != c.want {
						t.Errorf("status %v, want %s", got, c.want)
					}
					return
				}
				last.refused(422, "RecordInvalid", c.want)
				if diff := cmp.Diff(before, r.show(ticket)); diff != "" {
					t.Errorf("the refused update changed the ticket: %s", diff)
				}
			})
		}
	})
}

func TestAnEndUsersCommentOpensWhatWaitedOrWasSolved(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		assignee := fmt.Sprintf(`,"assignee_id":%d`, r.me())
		for status, want := range map[string]string{"open": "open", "pending": "open", "hold": "open", "solved": "open"} {
			t.Run(status, func(t *testing.T) {
				ticket := r.make(`,"requester":{"name":"Ann Example","email":"Ann@example.org"},"status":"` + status + `"` + assignee)
				requester := id(r.show(ticket)["requester_id"])
				got := r.put(ticket, fmt.Sprintf(`"comment":{"body":"still here","author_id":%d}`, requester)).want(200)
				if got.ticket()["status"] != want {
					t.Errorf("status %v, want %s", got.ticket()["status"], want)
				}
			})
		}
		ticket := r.make(`,"requester":{"name":"Ann Example","email":"ann@EXAMPLE.org"}`)
		requester := id(r.show(ticket)["requester_id"])
		if got := r.put(ticket, fmt.Sprintf(`"comment":{"body":"x","author_id":%d}`, requester)).want(200).ticket()["status"]; got != "new" {
			t.Errorf("new ticket: status %v", got)
		}
		if got := r.get(fmt.Sprintf("/users/%d", requester)).body["user"].(map[string]any); got["role"] != "end-user" || got["name"] != "Ann Example" {
			t.Errorf("requester %v", got)
		}
		solved := r.make(assignee + fmt.Sprintf(`,"requester_id":%d`, requester))
		r.put(solved, fmt.Sprintf(`"status":"solved","comment":{"body":"x","author_id":%d}`, requester)).want(200)
		if got := r.show(solved)["status"]; got != "solved" {
			t.Errorf("what the same update asks for wins: status %v", got)
		}
		theirs := r.send("POST", "/tickets", fmt.Sprintf(`{"ticket":{"comment":{"body":"x","author_id":%d}}}`, requester)).want(201)
		if id(theirs.ticket()["submitter_id"]) != requester || id(theirs.ticket()["requester_id"]) != r.me() {
			t.Errorf("who wrote the first comment did not submit it: %s", theirs.raw)
		}
		if a, b := id(r.show(solved)["requester_id"]), requester; a != b {
			t.Errorf("one address, two users: %d, %d", a, b)
		}
	})
}

func TestASolvedTicketClosesAfterFourDays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		agent := fmt.Sprintf(`,"assignee_id":%d`, r.me())
		solved, opened, open := r.make(agent), r.make(agent), r.make(agent)
		r.put(solved, `"status":"solved"`).want(200)
		r.put(opened, `"status":"solved"`).want(200)
		r.clock.move(24 * time.Hour)
		r.put(opened, `"status":"open"`).want(200)
		r.put(opened, `"status":"solved"`).want(200)
		r.put(solved, `"priority":"low"`).want(200) // does not begin the four days anew
		r.clock.move(72*time.Hour - time.Second)
		for _, want := range []string{"solved", "closed"} {
			if err := r.svc.CloseOld(t.Context()); err != nil {
				t.Fatal(err)
			}
			for ticket, want := range map[int64]string{solved: want, opened: "solved", open: "open"} {
				if got := r.show(ticket)["status"]; got != want {
					t.Errorf("status %v, want %s", got, want)
				}
			}
			r.clock.move(time.Second) // to the end of the four days
		}
		audits := r.get(fmt.Sprintf("/tickets/%d/audits", solved)).body["audits"].([]any)
		last := audits[len(audits)-1].(map[string]any)
		if id(last["author_id"]) != -1 || last["via"].(map[string]any)["channel"] != "rule" {
			t.Errorf("closed by %v", last)
		}
	})
}

func TestAKeyMakesOneTicketForTwoHours(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const body = `{"ticket":{"subject":"S","external_id":"ext-1","comment":{"body":"B"}}}`
		create := func(key, body string) answer {
			t.Helper()
			return r.send("POST", "/tickets", body, "Idempotency-Key: "+key)
		}
		first := create("key-1", body).want(201)
		if got := first.header.Get("x-idempotency-lookup"); got != "miss" {
			t.Errorf("first: lookup %q", got)
		}
		r.put(id(first.ticket()["id"]), `"subject":"changed"`).want(200)
		again := create("key-1", body).want(201)
		if got := again.header.Get("x-idempotency-lookup"); got != "hit" {
			t.Errorf("again: lookup %q", got)
		}
		if again.raw != first.raw || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("again: %s at %s, want the first answer", again.raw, again.header.Get("Location"))
		}
		create("key-1", strings.Replace(body, `"S"`, `"T"`, 1)).refused(400, "IdempotentRequestError", "Request parameters don't match the given idempotency key")
		if got := create("key-1", body+" ").want(400).header.Get("x-idempotency-lookup"); got != "hit" {
			t.Errorf("conflict: lookup %q", got)
		}
		if got := create("key-2", body).want(201); id(got.ticket()["id"]) == id(first.ticket()["id"]) {
			t.Error("another key gave the same ticket")
		}
		// A refused creation is not remembered.
		if got := create("key-3", `{"ticket":{}}`).want(422).header.Get("x-idempotency-lookup"); got != "miss" {
			t.Errorf("refused: lookup %q", got)
		}
		create("key-3", body).want(201)
		if got := r.send("POST", "/tickets", body).want(201).header.Get("x-idempotency-lookup"); got != "" {
			t.Errorf("without a key: lookup %q", got)
		}

		r.clock.move(2*time.Hour - time.Second)
		if got := create("key-1", body).want(201); got.raw != first.raw {
			t.Error("forgotten a second before two hours")
		}
		r.clock.move(time.Second)
		late := create("key-1", body).want(201)
		if got := late.header.Get("x-idempotency-lookup"); got != "miss" || id(late.ticket()["id"]) == id(first.ticket()["id"]) {
			t.Errorf("after two hours: lookup %q, ticket %v", got, late.ticket()["id"])
		}
		if n := len(r.get("/tickets?external_id=ext-1").body["tickets"].([]any)); n != 5 {
			t.Errorf("%d tickets with the external id, want 5", n)
		}
	})
}

func TestCreationsAtOnceWithOneKeyMakeOneTicket(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const callers = 8
		answers := make([]answer, callers)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range answers {
			wg.Go(func() {
				<-start
				answers[i], _ = r.try("POST", "/tickets", `{"ticket":{"description":"d","external_id":"ext-1","requester":{"name":"N","email":"n@example.org"}}}`, "Idempotency-Key: one")
			})
		}
		close(start)
		wg.Wait()
		misses := 0
		for _, a := range answers {
			if a.status != 201 || a.raw != answers[0].raw {
				t.Errorf("status %d: %s", a.status, a.raw)
			}
			if a.header.Get("x-idempotency-lookup") == "miss" {
				misses++
			}
		}
		if n := len(r.get("/tickets").body["tickets"].([]any)); n != 1 || misses != 1 {
			t.Errorf("%d tickets, %d misses", n, misses)
		}
	})
}

func TestASafeUpdateIsRefusedWhenTheTicketHasChanged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket := r.make(``)
		seen := r.show(ticket)["updated_at"].(string)
		r.clock.move(time.Second)
		stamp := func(s string) string { return `"safe_update":true,"updated_stamp":"` + s + `"` }
		r.put(ticket, `"priority":"low",`+stamp(strings.Replace(seen, "Z", ".123456789Z", 1))).want(200)
		r.put(ticket, `"priority":"high",`+stamp(seen)).refused(409, "UpdateConflict", "")
		r.put(ticket, `"priority":"high","safe_update":"true","updated_stamp":"`+seen+`"`).refused(409, "UpdateConflict", "")
		r.put(ticket, `"safe_update":true`).refused(422, "RecordInvalid", "updated_stamp")
		r.put(ticket, stamp("yesterday")).refused(422, "RecordInvalid", "updated_stamp")
		r.put(ticket, `"priority":"normal","safe_update":false,"updated_stamp":"`+seen+`"`).want(200)
		if got := r.show(ticket)["priority"]; got != "normal" {
			t.Errorf("priority %v", got)
		}
		tags := fmt.Sprintf("/tickets/%d/tags", ticket)
		for _, method := range []string{"PUT", "POST", "DELETE"} {
			r.send(method, tags, `{"tags":["a"],`+stamp(seen)+`}`).refused(409, "UpdateConflict", "")
		}
		r.send("PUT", tags, `{"tags":["a"],`+stamp(r.show(ticket)["updated_at"].(string))+`}`).want(200)
	})
}

func TestAnUpdateIsPartialAndMovesUpdatedAtOnlyWithAnEvent(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket := r.make(`,"external_id":"ext","type":"task","priority":"low","tags":["b","A","b"]`)
		before := r.show(ticket)
		if diff := cmp.Diff([]any{"a", "b"}, before["tags"]); diff != "" {
			t.Errorf("tags: %s", diff)
		}
		r.clock.move(time.Minute)
		same := r.put(ticket, `"priority":"low","tags":["a","b"],"subject":"S"`).want(200)
		if n := len(same.body["audit"].(map[string]any)["events"].([]any)); n != 0 {
			t.Errorf("%d events of an update that changes nothing", n)
		}
		if diff := cmp.Diff(before, r.show(ticket)); diff != "" {
			t.Errorf("changed by nothing: %s", diff)
		}
		r.put(ticket, `"type":null,"external_id":null,"tags":[]`).want(200)
		after := r.show(ticket)
		before["type"], before["external_id"], before["tags"], before["updated_at"] = nil, nil, []any{}, "2026-11-23T12:01:00Z"
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("(-want +got): %s", diff)
		}
		r.clock.move(time.Minute)
		if got := r.put(ticket, `"comment":{"body":"alone"}`).want(200).ticket()["updated_at"]; got != "2026-11-23T12:02:00Z" {
			t.Errorf("a comment alone: updated_at %v", got)
		}
		r.put(999, `"type":null`).refused(404, "RecordNotFound", "Not found")
		r.send("PUT", "/tickets/nonsense", `{"ticket":{}}`).refused(404, "RecordNotFound", "Not found")
		r.send("PUT", fmt.Sprintf("/tickets/%d", ticket), `{}`).refused(400, "ParameterMissing", "ticket")
	})
}

func TestAnOptionIsATagToo(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		outcome := r.fields["Outcome"]
		found, failed := outcome.options["trn_found"], outcome.options["failed"]
		ticket := r.make(`,"tags":["z"]`)
		check := func(when string, value any, tags ...any) {
			t.Helper()
			now := r.show(ticket)
			if got := r.value(now, "Outcome"); got != value {
				t.Errorf("%s: Outcome is %v, want %v", when, got, value)
			}
			slices.SortFunc(tags, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			if diff := cmp.Diff(tags, now["tags"]); diff != "" {
				t.Errorf("%s: tags: %s", when, diff)
			}
		}
		set := func(v string) string { return fmt.Sprintf(`"custom_fields":[{"id":%d,"value":%s}]`, outcome.ID, v) }
		tags := fmt.Sprintf("/tickets/%d/tags", ticket)
		r.put(ticket, set(`"`+found+`"`)).want(200)
		check("set", found, "z", found)
		r.put(ticket, set(`"`+failed+`"`)).want(200)
		check("changed", failed, "z", failed)
		r.send("DELETE", tags, `{"tags":["`+failed+`"]}`).want(204)
		check("tag removed", nil, "z")
		r.send("PUT", tags, `{"tags":["`+found+`"]}`).want(200)
		check("tag added", found, "z", found)
		r.send("PUT", tags, `{"tags":["`+failed+`"]}`).want(200)
		check("another option's tag added", failed, "z", failed)
		r.put(ticket, `"tags":["y"]`).want(200)
		check("tags replaced", nil, "y")
		r.put(ticket, `"tags":["y"],`+set(`"`+found+`"`)).want(200)
		check("both at once", found, "y", found)
		r.put(ticket, set(`null`)).want(200)
		check("cleared", nil, "y")
		for name, f := range r.fields {
			for option, value := range f.options {
				if strings.Contains(value, option) || !regexp.MustCompile(`^o[a-z0-9]{12}$`).MatchString(value) {
					t.Errorf("%s: the value %q of %s tells something", name, value, option)
				}
			}
		}
	})
}

func TestTagsHaveTheirOwnEndpoints(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket := r.make(`,"tags":"one two"`)
		path := fmt.Sprintf("/tickets/%d/tags", ticket)
		want := func(a answer, tags string) {
			t.Helper()
			if got := strings.TrimSpace(a.raw); got != `{"tags":[`+tags+`]}` {
				t.Errorf("%s, want tags %s", got, tags)
			}
		}
		want(r.get(path), `"one","two"`)
		want(r.send("PUT", path+".json", `{"tags":["three","one"]}`).want(200), `"one","three","two"`)
		want(r.send("POST", path, `{"tags":["four words in one"]}`).want(201), `"four_words_in_one"`)
		r.send("DELETE", path, `{"tags":["four_words_in_one","none"]}`).want(204)
		want(r.get(path), ``)
		r.send("PUT", path, `{}`).refused(400, "ParameterMissing", "tags")
		r.send("PUT", path, `{"tags":[{}]}`).refused(422, "RecordInvalid", "tags")
		r.send("GET", "/tickets/9/tags", "").refused(404, "RecordNotFound", "")
		r.send("PUT", "/tickets/9/tags", `{"tags":[]}`).refused(404, "RecordNotFound", "")
		r.put(ticket, fmt.Sprintf(`"status":"closed","assignee_id":%d`, r.me())).want(200)
		for _, method := range []string{"PUT", "POST", "DELETE"} {
			r.send(method, path, `{"tags":["a"]}`).refused(422, "RecordInvalid", "closed prevents ticket update")
		}
	})
}

func TestCommentsAreListed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket := r.make(``) // its first comment is private
		if r.show(ticket)["is_public"] != false {
			t.Error("a private first comment makes the ticket public")
		}
		r.clock.move(time.Minute)
		r.put(ticket, `"comment":{"body":"two\r\n<three>\n\nfour"},"metadata":{"custom":{"op_id":"x"}}`).want(200)
		other := r.as("operator two")
		other.put(ticket, `"comment":{"body":"public","public":true}`).want(200)
		other.put(ticket, `"priority":"low"`).want(200)
		path := fmt.Sprintf("/tickets/%d/comments", ticket)
		all := r.get(path + "?include=users")
		comments := all.body["comments"].([]any)
		if len(comments) != 3 || id(all.body["count"]) != 3 || all.body["next_page"] != nil {
			t.Fatalf("comments: %s", all.raw)
		}
		if n := len(all.body["users"].([]any)); n != 2 {
			t.Errorf("%d users", n)
		}
		second := comments[1].(map[string]any)
		if diff := cmp.Diff(strings.Fields("attachments audit_id author_id body created_at html_body id metadata plain_body public type via"), slices.Sorted(maps.Keys(second))); diff != "" {
			t.Errorf("keys (-want +got): %s", diff)
		}
		want := map[string]any{
			"body": "two\r\n<three>\n\nfour", "plain_body": "two\r\n<three>\n\nfour", "public": false, "created_at": "2026-11-23T12:01:00Z",
			"html_body": `<div class="zd-comment" dir="auto"><p dir="auto">two<br>&lt;three&gt;</p><p dir="auto">four</p></div>`,
		}
		for k, v := range want {
			if second[k] != v {
				t.Errorf("%s is %v, want %v", k, second[k], v)
			}
		}
		if op := second["metadata"].(map[string]any)["custom"].(map[string]any)["op_id"]; op != "x" {
			t.Errorf("op_id %v", op)
		}
		if r.show(ticket)["is_public"] != true {
			t.Error("a public comment leaves the ticket private")
		}
		newest := r.get(path + "?sort=-created_at&page%5Bsize%5D=2")
		bodies := func(a answer) (out []string) {
			for _, c := range a.body["comments"].([]any) {
				out = append(out, c.(map[string]any)["body"].(string))
			}
			return out
		}
		if diff := cmp.Diff([]string{"public", "two\r\n<three>\n\nfour"}, bodies(newest)); diff != "" {
			t.Errorf("newest first: %s", diff)
		}
		rest := r.send("GET", newest.body["links"].(map[string]any)["next"].(string), "").want(200)
		if diff := cmp.Diff([]string{"B"}, bodies(rest)); diff != "" || rest.body["meta"].(map[string]any)["has_more"] != false {
			t.Errorf("the rest: %s", diff)
		}
		if got := r.get(fmt.Sprintf("/tickets/%d?include=users,groups,comment_count", ticket)); id(got.ticket()["comment_count"]) != 3 ||
			len(got.body["users"].([]any)) != 1 || len(got.body["groups"].([]any)) != 1 {
			t.Errorf("sideloads: %s", got.raw)
		}
		r.send("GET", "/tickets/9/comments", "").refused(404, "RecordNotFound", "")
		r.send("GET", "/tickets/9/audits", "").refused(404, "RecordNotFound", "")
	})
}

func TestTicketsAreListedByPageAndByCursor(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var made []int64
		for i := range 5 {
			made = append(made, r.make(fmt.Sprintf(`,"external_id":"ext-%d"`, i%2)))
			r.clock.move(time.Second)
		}
		r.put(made[1], `"priority":"low"`).want(200)
		ids := func(a answer) []int64 {
			out := []int64{}
			for _, v := range a.want(200).body["tickets"].([]any) {
				out = append(out, id(v.(map[string]any)["id"]))
			}
			return out
		}
		same := func(what string, got []int64, want ...int64) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		same("all", ids(r.get("/tickets.json?external_id")))
		same("by external id", ids(r.get("/tickets?external_id=ext-1")), made[1], made[3])
		same("by an external id that none has", ids(r.get("/tickets?external_id="+url.QueryEscape("ext-1\x00 'or"))))
		same("newest first", ids(r.get("/tickets?sort_by=created_at&sort_order=desc")), made[4], made[3], made[2], made[1], made[0])
		same("by update", ids(r.get("/tickets?sort_by=updated_at")), made[0], made[2], made[3], made[4], made[1])

		first := r.get("/tickets?per_page=2&page=2&external_id=ext-0")
		if id(first.body["count"]) != 3 || first.body["next_page"] != nil {
			t.Errorf("second of two pages: %s", first.raw)
		}
		same("second page", ids(first), made[4])
		same("the page before", ids(r.send("GET", first.body["previous_page"].(string), "")), made[0], made[2])
		r.send("GET", "/tickets?page=101", "").refused(400, "InvalidPaginationDepth", "")

		for _, sort := range []string{"id", "-id", "updated_at", "-updated_at"} {
			order := slices.Clone(made)
			if strings.Contains(sort, "updated") {
				order = []int64{made[0], made[2], made[3], made[4], made[1]}
			}
			if sort[0] == '-' {
				slices.Reverse(order)
			}
			var got []int64
			page := r.get("/tickets?page[size]=2&sort=" + sort)
			for i := 0; ; i++ {
				got = append(got, ids(page)...)
				meta, links := page.body["meta"].(map[string]any), page.body["links"].(map[string]any)
				if _, ok := page.body["count"]; ok {
					t.Error("a cursor's page has a count")
				}
				if meta["has_more"] == false {
					before := r.send("GET", links["prev"].(string), "").want(200)
					same(sort+" back", ids(before), order[2], order[3])
					if before.body["meta"].(map[string]any)["has_more"] != true {
						t.Errorf("%s back: no more", sort)
					}
					beyond := r.send("GET", links["next"].(string), "") // there is a link even at the end
					same(sort+" beyond", ids(beyond))
					break
				}
				page = r.send("GET", links["next"].(string), "").want(200)
				if i > 9 {
					t.Fatal("no end")
				}
			}
			same(sort, got, order...)
		}
		r.send("GET", "/tickets?page[after]=nonsense", "").refused(400, "InvalidPaginationParameter", "")

		same("show_many", ids(r.get(fmt.Sprintf("/tickets/show_many.json?ids=%d,7,%d%%2Cx,%d", made[2], made[0], made[2]))), made[2], made[0])
		r.send("GET", "/tickets/show_many?ids="+strings.TrimSuffix(strings.Repeat("1,", 101), ","), "").refused(400, "TooManyValues", `"max_count":100`)
		if got := r.get("/tickets/count").body["count"].(map[string]any)["value"]; id(got) != 5 {
			t.Errorf("count %v", got)
		}
	})
}

func TestADeletedTicketIsGoneButForTheExport(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ticket, other := r.make(`,"external_id":"ext"`), r.make(``)
		path := fmt.Sprintf("/tickets/%d", ticket)
		r.clock.move(time.Minute)
		if a := r.send("DELETE", path+".json", `{}`).want(204); a.raw != "" {
			t.Errorf("body %q", a.raw)
		}
		for _, c := range [][2]string{{"GET", ""}, {"PUT", ""}, {"DELETE", ""}, {"GET", "/comments"}, {"GET", "/audits"}, {"GET", "/tags"}, {"PUT", "/tags"}} {
			body := ""
			if c[0] == "PUT" {
				body = `{"ticket":{},"tags":[]}`
			}
			r.send(c[0], path+c[1], body).refused(404, "RecordNotFound", "Not found")
		}
		for _, list := range []string{"/tickets?external_id=ext", fmt.Sprintf("/tickets/show_many?ids=%d", ticket)} {
			if n := len(r.get(list).body["tickets"].([]any)); n != 0 {
				t.Errorf("%s: %d tickets", list, n)
			}
		}
		start := r.clock.now().Add(-2 * time.Minute).Unix()
		r.clock.move(2 * time.Minute)
		shown := map[int64]any{}
		for _, v := range r.get(fmt.Sprintf("/incremental/tickets/cursor?start_time=%d", start)).body["tickets"].([]any) {
			v := v.(map[string]any)
			shown[id(v["id"])] = v["status"]
		}
		if diff := cmp.Diff(map[int64]any{ticket: "deleted", other: "new"}, shown); diff != "" {
			t.Errorf("export: %s", diff)
		}
		if n := len(r.get(fmt.Sprintf("/incremental/tickets/cursor?exclude_deleted=true&start_time=%d", start)).body["tickets"].([]any)); n != 1 {
			t.Errorf("export without deleted ones: %d", n)
		}
	})
}

func TestTheExportGivesEachChangeOnceAndLeavesOutTheNewest(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		start := r.clock.now().Unix() - 60
		a, b, c := r.make(``), r.make(``), r.make(``) // in one second
		r.clock.move(time.Minute)
		path := fmt.Sprintf("/incremental/tickets/cursor.json?start_time=%d&cursor=undefined&page[size]=100&per_page=2", start)
		ids := func(a answer) []int64 {
			out := []int64{}
			for _, v := range a.want(200).body["tickets"].([]any) {
				out = append(out, id(v.(map[string]any)["id"]))
			}
			return out
		}
		if got := ids(r.get(path)); len(got) != 0 {
			t.Errorf("%v are not a minute old", got)
		}
		r.clock.move(time.Second)
		first := r.get(path)
		if got := ids(first); !slices.Equal(got, []int64{a, b}) || first.body["end_of_stream"] != false {
			t.Errorf("first page %v: %s", got, first.raw)
		}
		row := first.body["tickets"].([]any)[0].(map[string]any)
		if id(row["generated_timestamp"]) != start+60 {
			t.Errorf("generated_timestamp %v, want %d", row["generated_timestamp"], start+60)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(append([]string{"generated_timestamp"}, ticketKeys...))), slices.Sorted(maps.Keys(row))); diff != "" {
			t.Errorf("keys (-want +got): %s", diff)
		}
		if !strings.HasPrefix(first.body["after_url"].(string), r.url+"/api/v2/incremental/tickets/cursor.json?cursor=") {
			t.Errorf("after_url %v", first.body["after_url"])
		}
		last := r.send("GET", first.body["after_url"].(string), "").want(200)
		if got := ids(last); !slices.Equal(got, []int64{c}) || last.body["end_of_stream"] != true {
			t.Errorf("last page %v: %s", got, last.raw)
		}
		cursor := func(a answer) string { return "/incremental/tickets/cursor?cursor=" + a.body["after_cursor"].(string) } // the = at the end raw
		empty := r.get(cursor(last))
		if got := ids(empty); len(got) != 0 || empty.body["after_cursor"] != last.body["after_cursor"] {
			t.Errorf("after the end: %s", empty.raw)
		}
		// A change without an event is exported, though updated_at stays.
		r.put(b, `"metadata":{"op_id":"x"}`).want(200)
		r.clock.move(61 * time.Second)
		again := r.get(cursor(empty))
		if got := ids(again); !slices.Equal(got, []int64{b}) {
			t.Errorf("after a change: %v", got)
		}
		if row := again.body["tickets"].([]any)[0].(map[string]any); row["updated_at"] != "2026-11-23T12:00:00Z" || id(row["generated_timestamp"]) != start+121 {
			t.Errorf("updated_at %v, generated_timestamp %v", row["updated_at"], row["generated_timestamp"])
		}

		now := r.clock.now().Unix()
		for name, c := range map[string]struct {
			query  string
			status int
			error  string
		}{
			"too recent":   {fmt.Sprintf("start_time=%d", now-59), 422, "StartTimeTooRecent"},
			"no start":     {"", 400, "InvalidValue"},
			"no number":    {"start_time=yesterday", 400, "InvalidValue"},
			"bad cursor":   {"cursor=nonsense", 400, "InvalidCursor"},
			"other cursor": {"cursor=MTIz", 400, "InvalidCursor"},
		} {
			t.Run(name, func(t *testing.T) {
				r.send("GET", "/incremental/tickets/cursor?"+c.query, "").refused(c.status, c.error, "")
			})
		}
		r.get(fmt.Sprintf("/incremental/tickets/cursor?start_time=%d", now-60))
	})
}

func TestTheExportsDelayAndLimitAreOptions(t *testing.T) {
	eachWith(t, desk.Options{ExportDelay: 2 * time.Second}, deskapi.Options{Limits: deskapi.Limits{Exports: 10}}, func(t *testing.T, r *rig) {
		start := r.clock.now().Unix() - 60
		r.make(``)
		r.clock.move(2 * time.Second)
		path := fmt.Sprintf("/incremental/tickets/cursor?start_time=%d", start)
		if n := len(r.get(path).body["tickets"].([]any)); n != 0 {
			t.Errorf("%d tickets after two seconds", n)
		}
		r.clock.move(time.Second)
		if n := len(r.get(path).body["tickets"].([]any)); n != 1 {
			t.Errorf("%d tickets after three seconds", n)
		}
		for range 8 {
			r.get(path)
		}
		if got := r.send("GET", path, "").refused(429, "APIRateLimitExceeded", "").header.Get("Retry-After"); got != "57" {
			t.Errorf("Retry-After %q", got)
		}
		r.get("/tickets")
		r.clock.move(57 * time.Second)
		r.get(path)
	})
}
