package telnyx

import (
	"crypto/ed25519"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

//go:embed testdata/finalized.json
var finalizedEvent []byte

//go:embed testdata/received.json
var receivedEvent []byte

// pair is a key pair; n tells it from others.
func pair(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+n)), ed25519.SeedSize)))
}

func publicKey(n byte) string {
	return base64.StdEncoding.EncodeToString(pair(n).Public().(ed25519.PublicKey))
}

func clock() time.Time { return time.Date(2026, 11, 29, 12, 0, 5, 0, time.UTC) }

func sign(key ed25519.PrivateKey, at time.Time, body []byte) map[string][]string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signature := ed25519.Sign(key, append([]byte(stamp+"|"), body...))
	return map[string][]string{
		"Content-Type": {"application/json"}, "Telnyx-Timestamp": {stamp}, "Telnyx-Signature-Ed25519": {base64.StdEncoding.EncodeToString(signature)},
	}
}

func call(body []byte) smsir.CallbackRequest {
	return smsir.CallbackRequest{Method: "POST", URL: callback + "?attempt=att_0000000000001", Header: sign(pair(1), clock(), body), Body: body}
}

// changed is the event of a receipt with other values. change edits its payload.
func changed(change func(payload map[string]any)) []byte {
	var e map[string]any
	if err := json.Unmarshal(finalizedEvent, &e); err != nil {
		panic(err)
	}
	change(e["data"].(map[string]any)["payload"].(map[string]any))
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return body
}

// TestProof: what proves nothing changes nothing.
func TestProof(t *testing.T) {
	t.Parallel()
	with := func(change func(r *smsir.CallbackRequest)) smsir.CallbackRequest {
		r := call(finalizedEvent)
		change(&r)
		return r
	}
	signed := func(n byte, at time.Time) smsir.CallbackRequest {
		return with(func(r *smsir.CallbackRequest) { r.Header = sign(pair(n), at, r.Body) })
	}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		fine     bool
	}{
		"signed":                      {call(finalizedEvent), nil, true},
		"signed with the other key":   {signed(2, clock()), []string{settingPublic2, publicKey(2)}, true},
		"only the other key is there": {signed(2, clock()), []string{settingPublic, "", settingPublic2, publicKey(2)}, true},
		"five minutes old":            {signed(1, clock().Add(-5*time.Minute)), nil, true},
		"five minutes ahead":          {signed(1, clock().Add(5*time.Minute)), nil, true},
		"older: replayed":             {signed(1, clock().Add(-5*time.Minute-time.Second)), nil, false},
		"newer: made for later":       {signed(1, clock().Add(5*time.Minute+time.Second)), nil, false},
		"key of another account":      {signed(2, clock()), nil, false},
		"no key set":                  {call(finalizedEvent), []string{settingPublic, ""}, false},
		"body changed": {with(func(r *smsir.CallbackRequest) {
			r.Body = []byte(strings.Replace(string(r.Body), "delivered", "delivery_failed", 1))
		}), nil, false},
		"body gone": {with(func(r *smsir.CallbackRequest) { r.Body = nil }), nil, false},
		"time changed": {with(func(r *smsir.CallbackRequest) {
			r.Header["Telnyx-Timestamp"] = []string{fmt.Sprint(clock().Unix() + 1)}
		}), nil, false},
		"time gone":         {with(func(r *smsir.CallbackRequest) { delete(r.Header, "Telnyx-Timestamp") }), nil, false},
		"time that is none": {with(func(r *smsir.CallbackRequest) { r.Header["Telnyx-Timestamp"] = []string{"now"} }), nil, false},
		"two times": {with(func(r *smsir.CallbackRequest) {
			r.Header["Telnyx-Timestamp"] = append(r.Header["Telnyx-Timestamp"], "1")
		}), nil, false},
		"no signature":           {with(func(r *smsir.CallbackRequest) { delete(r.Header, "Telnyx-Signature-Ed25519") }), nil, false},
		"empty signature":        {with(func(r *smsir.CallbackRequest) { r.Header["Telnyx-Signature-Ed25519"] = []string{""} }), nil, false},
		"signature that is none": {with(func(r *smsir.CallbackRequest) { r.Header["Telnyx-Signature-Ed25519"] = []string{"%%%"} }), nil, false},
		"signature of the body alone": {with(func(r *smsir.CallbackRequest) {
			r.Header["Telnyx-Signature-Ed25519"] = []string{base64.StdEncoding.EncodeToString(ed25519.Sign(pair(1), r.Body))}
		}), nil, false},
		"another path is not its doing": {with(func(r *smsir.CallbackRequest) { r.URL = callback }), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, newFar(t), tt.settings...)
			a.now = clock
			told, err := a.Callback(t.Context(), tt.r)
			switch {
			case tt.fine && (err != nil || len(told.Receipts) != 1 || told.Receipts[0].Attempt != attempt):
				t.Errorf("got %+v, %v, want a receipt of the attempt in the body", told, err)
			case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
				t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
			}
		})
	}
}

// TestReceipts: what each status comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	a.now = clock
	for _, tt := range []struct {
		status, code string
		want         smsir.Status
		nonSend      bool
		class        smsir.FailureClass
		unmapped     bool
	}{
		{"queued", "", smsir.Sent, false, "", false},
		{"sending", "", smsir.Sent, false, "", false},
		{"sent", "", smsir.Sent, false, "", false},
		{"delivery_unconfirmed", "", smsir.Sent, false, "", false},
		{"delivered", "", smsir.Delivered, false, "", false},
		{"delivery_failed", "40001", smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"delivery_failed", "40006", smsir.Undelivered, false, smsir.ClassRecipientTemp, false},
		{"delivery_failed", "40011", smsir.Undelivered, false, smsir.ClassThrottle, false},
		{"delivery_failed", "40005", smsir.Expired, false, smsir.ClassPermanent, false},
		{"delivery_failed", "99999", smsir.Undelivered, false, smsir.ClassPermanent, true},
		{"delivery_failed", "", smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"sending_failed", "40318", smsir.Undelivered, true, smsir.ClassThrottle, false},
		{"sending_failed", "40320", smsir.Undelivered, true, smsir.ClassRetry, false},
		{"sending_failed", "40014", smsir.Expired, false, smsir.ClassPermanent, false},
		{"sending_failed", "40305", smsir.Undelivered, false, smsir.ClassConfig, false},
		{"sending_failed", "40300", smsir.Undelivered, false, smsir.ClassBlocked, false},
		{"expired", "", smsir.Expired, false, smsir.ClassPermanent, false},
	} {
		body := changed(func(p map[string]any) {
			p["to"].([]any)[0].(map[string]any)["status"] = tt.status
			if tt.code != "" {
				p["errors"] = []any{map[string]any{"code": tt.code, "title": "their STOP words"}}
			}
		})
		told, err := a.Callback(t.Context(), call(body))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%s %s: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
			continue
		}
		want := smsir.Receipt{
			Reference: message1, Attempt: attempt, To: takes, Status: tt.want, NonSend: tt.nonSend, DoneAt: time.Date(2026, 11, 29, 12, 0, 4, 250_000_000, time.UTC),
			ArrivedAt: clock(), Code: tt.code, Raw: string(body), Price: smsir.Money{Micros: 5100, Currency: "USD"}, Unmapped: tt.unmapped,
		}
		got := told.Receipts[0]
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.Text == "" || got.Error.ProviderCode != tt.code || tt.code != "" && got.Error.ProviderText != "their STOP words") {
			t.Errorf("%s %s: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
		}
		got.Error = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: got %+v, want %+v", tt.status, tt.code, got, want)
		}
	}
	none := smsir.CallbackAnswer{Status: 200}
	for name, body := range map[string][]byte{
		"a new status":     changed(func(p map[string]any) { p["to"].([]any)[0].(map[string]any)["status"] = "brand_new" }),
		"another event":    []byte(`{"data":{"event_type":"call.initiated","payload":{}}}`),
		"no event by name": []byte(`{"data":{}}`),
	} {
		if told, err := a.Callback(t.Context(), call(body)); err != nil || !reflect.DeepEqual(told, none) {
			t.Errorf("%s: got %+v, %v, want nothing", name, told, err)
		}
	}
	for name, body := range map[string][]byte{
		"no JSON": []byte("x"), "no id": changed(func(p map[string]any) { p["id"] = "" }), "no recipient": changed(func(p map[string]any) { p["to"] = []any{} }),
		"two recipients": changed(func(p map[string]any) { p["to"] = append(p["to"].([]any), p["to"].([]any)[0]) }),
		"no sender":      []byte(`{"data":{"event_type":"message.received","payload":{"id":"` + message1 + `","to":[{"phone_number":"+12025550130"}]}}}`),
	} {
		if told, err := a.Callback(t.Context(), call(body)); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}

// TestReceiptDetails: an address of ours that carries no attempt, times and prices that are not there, and a long call.
func TestReceiptDetails(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	a.now = clock
	told, err := a.Callback(t.Context(), call(changed(func(p map[string]any) {
		p["webhook_url"], p["completed_at"], p["cost"] = nil, nil, nil
		p["text"] = strings.Repeat("ü", 8000)
	})))
	if err != nil || len(told.Receipts) != 1 {
		t.Fatalf("got %+v, %v, want a receipt", told, err)
	}
	r := told.Receipts[0]
	if r.Attempt != 0 || r.Reference != message1 || r.Price != (smsir.Money{}) || !r.DoneAt.Equal(time.Date(2026, 11, 29, 12, 0, 4, 500_000_000, time.UTC)) {
		t.Errorf("got %+v, want no attempt, no price and the time of the event", r)
	}
	if len(r.Raw) > maxRaw || len(r.Raw) < maxRaw-4 {
		t.Errorf("kept %d bytes, want %d", len(r.Raw), maxRaw)
	}
}

// TestReplies: somebody writes to a number of the account.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	a.now = clock
	want := smsir.Inbound{
		Reference: "00000000-0000-4000-8000-000000000002", From: takes, To: sender, Text: "STOP bitte – ü",
		ReceivedAt: time.Date(2026, 11, 29, 12, 0, 3, 0, time.UTC), Raw: string(receivedEvent),
	}
	if told, err := a.Callback(t.Context(), call(receivedEvent)); err != nil || !reflect.DeepEqual(told, smsir.CallbackAnswer{Inbound: []smsir.Inbound{want}, Status: 200}) {
		t.Errorf("got %+v, %v, want %+v", told, err, want)
	}
	timeless := []byte(strings.Replace(string(receivedEvent), `"received_at": "2026-11-29T12:00:03.000+00:00"`, `"received_at": "now"`, 1))
	if told, err := a.Callback(t.Context(), call(timeless)); err != nil || len(told.Inbound) != 1 || !told.Inbound[0].ReceivedAt.Equal(clock()) {
		t.Errorf("without a time: got %+v, %v, want the time of arrival", told, err)
	}
}
