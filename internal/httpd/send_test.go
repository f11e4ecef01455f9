package httpd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

func TestSend(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	keyID, secret := g.key(owner, "messages:send", "messages:read")

	var m api.Message
	a := g.ok(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"(202) 555-0100","text":"It’s here","from":"SMSir","class":"otp",` +
		`"validity_seconds":600,"on_unknown":"retry_once","client_ref":"order-1","tags":["a","b"],"metadata":{"k":"v"}}`}, 202, &m)
	if m.To != "+12025550100" || m.ToRaw != "(202) 555-0100" || m.Country != "US" || m.From != "SMSir" || m.Text != "It's here" || m.Class != "otp" ||
		m.Encoding != "gsm7" || m.Segments != 1 || m.Status != "queued" || m.Final || m.OnUnknown != "retry_once" || m.ClientRef != "order-1" ||
		!slices.Equal(m.Tags, []string{"a", "b"}) || !maps.Equal(m.Metadata, map[string]string{"k": "v"}) {
		t.Errorf("accepted: %s", a.body)
	}
	if m.CreatedBy != (api.Actor{Kind: "api_key", ID: keyID, Name: "test"}) {
		t.Errorf("created_by: %+v", m.CreatedBy)
	}
	if got := m.ExpiresAt.Sub(m.AcceptedAt); got != 10*time.Minute {
		t.Errorf("validity: %v", got)
	}
	for _, h := range []string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
		if a.header.Get(h) == "" {
			t.Errorf("no header %s", h)
		}
	}
	fetched := g.ok(request{method: "GET", path: "/v1/messages/" + m.ID, as: secret}, 200, nil)
	if string(fetched.body) != string(a.body) {
		t.Errorf("a send answers\n%s\nfetched it is\n%s", a.body, fetched.body)
	}
	g.refused(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"+12025550101","text":"x","client_ref":"order-1"}`}, 409, smsir.CodeClientRefUsed)

	var events api.EventList
	g.ok(request{method: "GET", path: "/v1/messages/" + m.ID + "/events", as: secret}, 200, &events)
	if len(events.Items) != 1 || events.Items[0].Type != "message.accepted" || events.Items[0].Seq != 1 || events.Items[0].MessageID != m.ID || events.Items[0].Data.Status != "queued" {
		t.Errorf("events: %+v", events)
	}
	var attempts api.AttemptList
	g.ok(request{method: "GET", path: "/v1/messages/" + m.ID + "/attempts", as: secret}, 200, &attempts)
	if attempts.Items == nil || len(attempts.Items) != 0 {
		t.Errorf("attempts: %+v", attempts)
	}

	later := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	g.ok(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"+12025550100","text":"later","send_at":"` + later.Format(time.RFC3339) + `"}`}, 202, &m)
	if m.Status != "scheduled" || m.SendAt == nil || !m.SendAt.Equal(later) || m.NextAttemptAt == nil {
		t.Errorf("scheduled: %+v", m)
	}
	g.ok(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"+12025550100","text":"undo","hold_seconds":5}`}, 202, &m)
	if m.Status != "scheduled" || m.Reason != "undo_window" {
		t.Errorf("held: %+v", m)
	}
}

// TestSendInvalid: what stage 1 refuses names the field of the request.
func TestSendInvalid(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for body, want := range map[string]string{ // the fault: field and code
		`{"to":"hello","text":"x"}`:                                                            "to number_invalid",
		`{"to":"+1202","text":"x"}`:                                                            "to number_too_short",
		`{"to":"+12025550100","text":"x","from":"TwelveLetter"}`:                               "from sender_too_long",
		`{"to":"+12025550100","text":"x","hold_seconds":601}`:                                  "hold_seconds out_of_range",
		`{"to":"+12025550100","text":"x","hold_seconds":5,"send_at":"2030-01-01T00:00:00Z"}`:   "hold_seconds hold_with_send_at",
		`{"to":"+12025550100","text":"x","send_at":"` + past + `"}`:                            "send_at send_at_past",
		`{"to":"+12025550100","text":"x","send_at":"tomorrow"}`:                                "send_at wrong_format",
		`{"to":"+12025550100","text":"x","validity_seconds":59}`:                               "validity_seconds validity_out_of_range",
		`{"to":"+12025550100","text":"x","class":"urgent"}`:                                    "class not_a_choice",
		`{"to":"+12025550100","text":"x","on_unknown":"maybe"}`:                                "on_unknown not_a_choice",
		`{"to":"+12025550100","text":"x","provider":"simulator"}`:                              "provider provider_unknown",
		`{"to":"+12025550100","text":"x","tags":["` + strings.Repeat("x", 65) + `"]}`:          "tags[0] too_long",
		`{"to":"+12025550100","text":"x","metadata":{"k":"` + strings.Repeat("x", 501) + `"}}`: "metadata metadata_length",
		`{"to":"+12025550100","text":"` + strings.Repeat("x", 1601) + `"}`:                     "text too_long",
		`{"to":"+12025550100","text":""}`:                                                      "text required",
		`{"to":"+12025550100"}`:                                                                "text required",
		`{"text":"x"}`:                                                                         "to required",
		`{"to":["+12025550100"],"text":"x"}`:                                                   "to wrong_type",
		`{"to":"+12025550100","text":"x","status":"delivered"}`:                                "status unknown_field",
		`{"to":"+12025550100","text":"x","final":true}`:                                        "final unknown_field",
		`{"to":"+12025550100","text":"x","workspace_id":"wks_1"}`:                              "workspace_id unknown_field",
		`{"to":"+12025550100","text":"x","created_by":{"kind":"system"}}`:                      "created_by unknown_field",
	} {
		a := g.refused(request{method: "POST", path: "/v1/messages", as: owner.token, body: body}, 422, smsir.CodeInvalid)
		var p api.Problem
		a.read(t, &p)
		if len(p.Errors) != 1 || p.Errors[0].Field+" "+p.Errors[0].Code != want || p.Errors[0].Detail == "" {
			t.Errorf("%.100s: errors %+v, want one: %s", body, p.Errors, want)
		}
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages", as: owner.token}, 200, &list)
	if len(list.Items) != 0 {
		t.Errorf("%d messages were stored", len(list.Items))
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	post := func(body string) request {
		return request{method: "POST", path: "/v1/batches", as: owner.token, body: body}
	}
	var b api.BatchResult
	g.ok(post(`{"to":["+12025550100","202-555-0101","+1 202 555 0100"],"text":"hello","tags":["t"]}`), 202, &b)
	if len(b.Messages) != 2 || len(b.Duplicates) != 1 || b.Duplicates[0] != (api.BatchDuplicate{Index: 2, Of: 0, To: "+12025550100"}) || len(b.Skipped) != 0 {
		t.Errorf("batch: %+v", b)
	}
	for _, m := range b.Messages {
		if m.BatchID != b.BatchID || m.Text != "hello" || !slices.Equal(m.Tags, []string{"t"}) {
			t.Errorf("message of the batch: %+v", m)
		}
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages?batch=" + b.BatchID, as: owner.token}, 200, &list)
	if len(list.Items) != 2 {
		t.Errorf("%d messages in the batch", len(list.Items))
	}

	g.ok(post(`{"messages":[{"to":"+12025550100","text":"one"},{"to":"+12025550100","text":"two","metadata":{"b":"2"}},{"to":"+12025550101"}],"text":"three","metadata":{"a":"1","b":"1"}}`), 202, &b)
	var texts []string
	for _, m := range b.Messages {
		texts = append(texts, m.Text)
	}
	if !slices.Equal(texts, []string{"one", "two", "three"}) || !maps.Equal(b.Messages[1].Metadata, map[string]string{"a": "1", "b": "2"}) ||
		!maps.Equal(b.Messages[0].Metadata, map[string]string{"a": "1", "b": "1"}) {
		t.Errorf("one text each: %+v", b.Messages)
	}

	faults := func(body string) (all []string) {
		var p api.Problem
		g.refused(post(body), 422, smsir.CodeInvalid).read(t, &p)
		for _, e := range p.Errors {
			all = append(all, e.Field+" "+e.Code)
		}
		return all
	}
	for body, want := range map[string][]string{
		`{"to":["+12025550100","x","+1"],"text":"hello"}`:                                                                    {"to[1] number_invalid", "to[2] number_too_short"},
		`{"messages":[{"to":"x","text":"a"},{"to":"+12025550100"}]}`:                                                         {"messages[0].to number_invalid", "text text_missing"},
		`{"messages":[{"to":"+12025550100","text":"a","client_ref":"r"},{"to":"+12025550101","text":"a","client_ref":"r"}]}`: {"messages[1].client_ref client_ref_repeated"},
		`{"to":["+12025550100"],"messages":[{"to":"+12025550100"}],"text":"a"}`:                                              {"messages not_together"},
		`{"text":"a"}`:                               {"to required"},
		`{"to":[],"text":"a"}`:                       {"to required"},
		`{"to":["+12025550100"]}`:                    {"text text_missing"},
		`{"messages":[{"text":"a"},{"to":5,"x":1}]}`: {"messages[0].to required", "messages[1].to wrong_type", "messages[1].x unknown_field"},
		`{"to":[` + strings.TrimSuffix(strings.Repeat(`"+12025550100",`, 1001), ",") + `],"text":"a"}`: {"to too_many"},
	} {
		if got := faults(body); !slices.Equal(got, want) {
			t.Errorf("%.80s: faults %q, want %q", body, got, want)
		}
	}

	g.ok(post(`{"to":["+12025550102","nonsense"],"text":"hello","on_invalid":"skip"}`), 202, &b)
	if len(b.Messages) != 1 || len(b.Skipped) != 1 || b.Skipped[0].Index != 1 || b.Skipped[0].To != "nonsense" || b.Skipped[0].Code != "number_invalid" {
		t.Errorf("with a row left out: %+v", b)
	}

	var to []string
	for i := range 1000 {
		to = append(to, fmt.Sprintf(`"+1202555%04d"`, i))
	}
	g.ok(post(`{"to":[`+strings.Join(to, ",")+`],"text":"many"}`), 202, &b)
	if len(b.Messages) != 1000 {
		t.Errorf("a thousand recipients gave %d messages", len(b.Messages))
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	send := func(as, path, key, body string) request {
		return request{method: "POST", path: path, as: as, body: body, header: map[string]string{"Idempotency-Key": key}}
	}
	const body = `{"to":"+12025550100","text":"once","tags":["a"],"metadata":{"x":"1","y":"2"}}`
	first := g.ok(send(owner.token, "/v1/messages", "k1", body), 202, nil)
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a replay")
	}
	for _, same := range []string{body, ` { "metadata":{"y":"2","x":"1"}, "text" : "\u006fnce", "tags":["a"],"to":"+12025550100"}`, strings.Replace(body, "}}", `},"from":null}`, 1)} {
		again := g.ok(send(owner.token, "/v1/messages", "k1", same), 202, nil)
		if string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: replay %q\n%s\nwant\n%s", same, again.header.Get("Idempotent-Replayed"), again.body, first.body)
		}
	}
	g.refused(send(owner.token, "/v1/messages", "k1", strings.Replace(body, "once", "twice", 1)), 422, smsir.CodeIdempotencyReuse)
	g.refused(send(owner.token, "/v1/messages", "k1", strings.Replace(body, `"a"`, `"b"`, 1)), 422, smsir.CodeIdempotencyReuse)

	var m, n api.Message
	first.read(t, &m)
	g.ok(send(other.token, "/v1/messages", "k1", body), 202, &n)
	if n.ID == m.ID {
		t.Error("a key crossed workspaces")
	}
	g.ok(send(owner.token, "/v1/messages/"+m.ID+"/resend", "k1", ""), 202, &n)
	if n.ID == m.ID || n.ResendOf != m.ID {
		t.Errorf("a key crossed endpoints: %+v", n)
	}
	var b1, b2 api.BatchResult
	g.ok(send(owner.token, "/v1/batches", "k1", `{"to":["+12025550100"],"text":"batch"}`), 202, &b1)
	g.ok(send(owner.token, "/v1/batches", "k1", `{"to":["+12025550100"],"text":"batch"}`), 202, &b2)
	if b1.BatchID != b2.BatchID {
		t.Errorf("a batch was accepted twice: %s, %s", b1.BatchID, b2.BatchID)
	}

	// A refusal is not kept: correct the request, use the key again.
	g.refused(send(owner.token, "/v1/messages", "k2", `{"to":"x","text":"a"}`), 422, smsir.CodeInvalid)
	g.ok(send(owner.token, "/v1/messages", "k2", `{"to":"+12025550100","text":"a"}`), 202, nil)

	for _, key := range []string{" ", "    ", strings.Repeat("k", 256), "clé", "😀", "a\tb", "a\x7fb"} {
		var p api.Problem
		g.refused(send(owner.token, "/v1/messages", key, body), 422, smsir.CodeInvalid).read(t, &p)
		if len(p.Errors) != 1 || p.Errors[0].Field != "header.Idempotency-Key" {
			t.Errorf("key %q: %+v", key, p.Errors)
		}
	}
	g.ok(send(owner.token, "/v1/messages", strings.Repeat("k", 255), body), 202, nil)
	g.ok(send(owner.token, "/v1/messages", "with space ~!", body), 202, nil)
}

// TestSimultaneousRetries: however many come at once with one key, one message is made.
func TestSimultaneousRetries(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	const n = 16
	answers := make(chan answer, n)
	for range n {
		go func() {
			answers <- g.do(request{
				method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"once"}`,
				header: map[string]string{"Idempotency-Key": "same"},
			})
		}()
	}
	ids := map[string]bool{}
	for range n {
		a := <-answers
		var m api.Message
		if err := json.Unmarshal(a.body, &m); err != nil || a.status != 202 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		ids[m.ID] = true
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages", as: owner.token}, 200, &list)
	if len(ids) != 1 || len(list.Items) != 1 {
		t.Errorf("%d ids were answered, %d messages are stored", len(ids), len(list.Items))
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	sender := g.join(owner, "member", "member@example.com")
	viewer := g.join(owner, "viewer", "viewer@example.com")
	_, reader := g.key(owner, "messages:read")
	_, canceler := g.key(owner, "messages:cancel")
	cancel := func(as, id string) request {
		return request{method: "POST", path: "/v1/messages/" + id + "/cancel", as: as}
	}
	var r api.CancelResult
	id := g.send(sender.token)
	g.refused(cancel(viewer.token, id), 403, api.CodeForbidden)
	g.refused(cancel(reader, id), 403, api.CodeForbidden)
	g.ok(cancel(sender.token, id), 200, &r)
	if r.Result != "canceled" || r.Message.Status != "canceled" || !r.Message.Final {
		t.Errorf("canceled: %+v", r)
	}
	var p api.Problem
	g.refused(cancel(sender.token, id), 409, smsir.CodeTooLate).read(t, &p)
	if p.Message == nil || p.Message.ID != id || p.Message.Status != "canceled" {
		t.Errorf("too late: %+v", p)
	}
	g.refused(cancel(sender.token, g.send(owner.token)), 403, api.CodeForbidden)
	g.ok(cancel(owner.token, g.send(sender.token)), 200, nil)
	g.ok(cancel(canceler, g.send(sender.token)), 200, nil)

	// While an attempt is open a cancel is only a request.
	id = g.send(owner.token)
	n, err := smsir.ParseID(smsir.PrefixMessage, id)
	if err != nil {
		t.Fatal(err)
	}
	g.intend(n)
	g.ok(cancel(owner.token, id), 202, &r)
	if r.Result != "cancel_requested" || r.Message.Status != "sending" || !r.Message.CancelRequested {
		t.Errorf("cancel of a message under way: %+v", r)
	}
	g.ok(cancel(owner.token, id), 202, &r)
}

// TestRecall: a cancel of what a provider has is too late, unless the provider can be asked to delete it.
func TestRecall(t *testing.T) {
	t.Parallel()
	var can atomic.Bool
	g := newGate(t, func(d *Deps) { d.Recalls = func(smsir.UUID) bool { return can.Load() } })
	owner := g.setup()
	sent := func() string {
		id := g.send(owner.token)
		n, err := smsir.ParseID(smsir.PrefixMessage, id)
		if err != nil {
			t.Fatal(err)
		}
		g.intend(n)
		m, err := g.store.MessagesByID(t.Context(), []smsir.ID{n})
		if err != nil {
			t.Fatal(err)
		}
		attempts, err := g.store.Attempts(t.Context(), m[0].Workspace, n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.store.Finish(t.Context(), store.Finish{Attempt: attempts[0].ID, Message: n, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{id}}}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	one, two := sent(), sent()
	cancel := request{method: "POST", path: "/v1/messages/" + one + "/cancel", as: owner.token}
	g.refused(cancel, 409, smsir.CodeTooLate)
	can.Store(true)
	var m api.Message
	if g.ok(request{method: "GET", path: "/v1/messages/" + one, as: owner.token}, 200, &m); !m.Recallable {
		t.Errorf("before: %+v", m)
	}
	var r api.CancelResult
	if g.ok(cancel, 202, &r); r.Result != "cancel_requested" || r.Message.Status != "sent" || !r.Message.CancelRequested || r.Message.Recallable {
		t.Errorf("recalled: %+v", r)
	}
	var many api.BulkCanceled
	g.ok(request{method: "POST", path: "/v1/messages/bulk-cancel", as: owner.token, body: fmt.Sprintf(`{"ids":[%q]}`, two)}, 200, &many)
	if many.CancelRequested != 1 {
		t.Errorf("recalled with others: %+v", many)
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var old, fresh api.Message
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"“quoted”","smart":false,"from":"SMSir","class":"bulk","tags":["x"],"client_ref":"r1"}`}, 202, &old)
	g.ok(request{method: "POST", path: "/v1/messages/" + old.ID + "/resend", as: owner.token, body: `{"hold_seconds":10}`}, 202, &fresh)
	if fresh.ID == old.ID || fresh.ResendOf != old.ID || fresh.Text != old.Text || fresh.From != "SMSir" || fresh.Class != "bulk" || fresh.ClientRef != "" ||
		fresh.Reason != "undo_window" || !slices.Equal(fresh.Tags, old.Tags) {
		t.Errorf("sent again: %+v", fresh)
	}
	g.ok(request{method: "POST", path: "/v1/messages/" + old.ID + "/resend", as: owner.token}, 202, &fresh)
	g.refused(request{method: "POST", path: "/v1/messages/" + old.ID + "/resend", as: owner.token, body: `{"text":"other"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "POST", path: "/v1/messages/msg_0000000000001/resend", as: owner.token}, 404, smsir.CodeNotFound)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	preview := func(body string) (p api.Preview) {
		g.ok(request{method: "POST", path: "/v1/messages/preview", as: owner.token, body: body}, 200, &p)
		return p
	}
	p := preview(`{"to":["(202) 555-0100","+12025550100","x"],"text":"It’s “here” – [now]","from":"TwelveChars!"}`)
	if p.Text != `It's "here" - [now]` || p.Encoding != "gsm7" || p.Segments != 1 || p.Units != 21 || p.UnitsLeft != 139 || p.PerSegment != 160 {
		t.Errorf("preview: %+v", p)
	}
	if len(p.Replaced) != 4 || p.Replaced[0] != (api.Replacement{From: "’", To: "'", Count: 1}) {
		t.Errorf("replaced: %+v", p.Replaced)
	}
	if len(p.Costly) != 2 || p.Costly[0] != (api.CostlyCharacter{Character: "[", Index: 14, Count: 1, Reason: "two_septets"}) {
		t.Errorf("costly: %+v", p.Costly)
	}
	if len(p.Recipients) != 3 || p.Recipients[0].E164 != "+12025550100" || p.Recipients[0].National == "" || p.Recipients[0].Country != "US" ||
		p.Recipients[2].Problem == nil || p.Duplicates != 1 {
		t.Errorf("recipients: %+v", p.Recipients)
	}
	if len(p.Problems) != 1 || p.Problems[0].Field != "from" {
		t.Errorf("problems: %+v", p.Problems)
	}
	p = preview(`{"text":"é😀ł","smart":false}`)
	if p.Encoding != "ucs2" || p.Units != 4 || p.PerSegment != 70 || len(p.Costly) != 2 || p.Costly[0] != (api.CostlyCharacter{Character: "😀", Index: 1, Count: 1, Reason: "forces_ucs2"}) {
		t.Errorf("preview in UCS-2: %+v", p)
	}
	p = preview(`{}`)
	if p.Segments != 0 || p.Recipients == nil || p.Problems == nil || len(p.Problems) != 0 {
		t.Errorf("preview of nothing: %+v", p)
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages", as: owner.token}, 200, &list)
	if len(list.Items) != 0 {
		t.Errorf("a preview stored %d messages", len(list.Items))
	}
}

// TestRateLimit: a caller that sends too fast is told to wait; others are not touched.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := newGate(t, func(d *Deps) { d.SendRate = Rate{PerSecond: 2, Burst: 3}; d.Clock = func() time.Time { return now } })
	owner := g.setup()
	_, secret := g.key(owner, "messages:send", "messages:read")
	for i := range 3 {
		a := g.ok(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"+12025550100","text":"x"}`}, 202, nil)
		if got, want := a.header.Get("RateLimit-Remaining"), fmt.Sprint(2-i); got != want {
			t.Errorf("RateLimit-Remaining %s, want %s", got, want)
		}
	}
	a := g.refused(request{method: "POST", path: "/v1/messages", as: secret, body: `{"to":"+12025550100","text":"x"}`}, 429, api.CodeRateLimited)
	if a.header.Get("Retry-After") != "1" || a.header.Get("RateLimit-Remaining") != "0" || a.header.Get("RateLimit-Limit") != "3" || a.header.Get("RateLimit-Reset") != "2" {
		t.Errorf("headers: %v", a.header)
	}
	g.ok(request{method: "GET", path: "/v1/messages", as: secret}, 200, nil) // reading is not sending
	g.send(owner.token)
	now = now.Add(time.Second)
	g.send(secret)
	a = g.refused(request{method: "POST", path: "/v1/batches", as: secret, body: `{"to":["+12025550100","+12025550101"],"text":"x"}`}, 429, api.CodeRateLimited)
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("a batch: %v", a.header)
	}
}
