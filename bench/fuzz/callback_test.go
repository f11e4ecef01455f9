package fuzz

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"encoding/base64"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/africastalking"
	"github.com/smsir/smsir/internal/provider/clickatell"
	"github.com/smsir/smsir/internal/provider/infobip"
	"github.com/smsir/smsir/internal/provider/messagebird"
	"github.com/smsir/smsir/internal/provider/plivo"
	"github.com/smsir/smsir/internal/provider/sinch"
	"github.com/smsir/smsir/internal/provider/telnyx"
	"github.com/smsir/smsir/internal/provider/twilio"
	"github.com/smsir/smsir/internal/provider/vonage"
)

const (
	address = "https://sms.example.com/callbacks/prv_1/abc"
	word    = "0123456789abcdef0123456789abcdef"
	account = "AC00000000000000000000000000000001"
)

// callers are configured providers of the kinds that call back, by name.
func callers(tb testing.TB) map[string]smsir.CalledBack {
	tb.Helper()
	all := map[string]smsir.CalledBack{}
	for _, k := range []struct {
		kind     smsir.ProviderKind
		settings map[string]string
	}{
		{africastalking.Kind(), map[string]string{"username": "clinic", "api_key": word}},
		{clickatell.Kind(), map[string]string{"api_key": word}},
		{infobip.Kind(), map[string]string{"api_key": word, "base_url": "https://abc.api.example.com"}},
		{messagebird.Kind(), map[string]string{"access_key": word}},
		{plivo.Kind(), map[string]string{"auth_id": "MA" + strings.Repeat("A", 18), "auth_token": word}},
		{sinch.Kind(), map[string]string{"service_plan_id": "plan", "api_token": word, "region": "us"}},
		{telnyx.Kind(), map[string]string{"api_key": word}},
		{twilio.Kind(), map[string]string{"account_sid": account, "auth_token": word}},
		{vonage.Kind(), map[string]string{"api": "sms", "api_key": "abcd1234", "api_secret": word, "proof": "address"}},
	} {
		p, err := k.kind.Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: k.settings, CallbackURL: address})
		if err != nil {
			tb.Fatalf("%s: %v", k.kind.Name, err)
		}
		back, ok := p.(smsir.CalledBack)
		if !ok {
			tb.Fatalf("%s does not call back", k.kind.Name)
		}
		all[k.kind.Name] = back
	}
	return all
}

// signed is Twilio's signature of a form.
func signed(at string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(word))
	_, _ = io.WriteString(mac, at)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			_, _ = io.WriteString(mac, name+v)
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// call hands bytes to a provider as a request and judges what it makes of them.
func call(t *testing.T, back smsir.CalledBack, r smsir.CallbackRequest) (believed bool) {
	t.Helper()
	told, err := back.Callback(t.Context(), r)
	if err != nil {
		if len(told.Receipts)+len(told.Inbound) > 0 {
			t.Fatalf("%v, and yet it tells %+v", err, told)
		}
		return false
	}
	for _, c := range told.Receipts {
		switch c.Status {
		case smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Expired:
		default:
			t.Fatalf("a receipt says %v", c.Status)
		}
		if c.Reference == "" && c.Attempt == 0 || c.NonSend && c.Status != smsir.Undelivered && c.Status != smsir.Expired {
			t.Fatalf("a receipt about nothing, or one that contradicts itself: %+v", c)
		}
	}
	for _, in := range told.Inbound {
		if in.From == "" {
			t.Fatalf("a reply of nobody: %+v", in)
		}
	}
	if len(told.Receipts)+len(told.Inbound) > len(r.Body)+len(r.URL) {
		t.Fatalf("%d bytes tell of %d things", len(r.Body)+len(r.URL), len(told.Receipts)+len(told.Inbound))
	}
	return true
}

// seeds are calls as the providers make them.
func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		`id=ATXid_1&status=Success&phoneNumber=%2B447700900123&networkCode=1`, `id=ATXid_1&status=Failed&failureReason=UserInBlackList&phoneNumber=%2B447700900123`,
		`from=%2B447700900123&to=12345&text=STOP&id=x&date=2026-11-29+12%3A00%3A00&linkId=`,
		`msisdn=447700900123&to=Clinic&messageId=0A0000001234ABCD&status=delivered&scts=2611291200&err-code=0&message-timestamp=2026-11-29+12%3A00%3A00&client-ref=att_0000000000001`,
		`msisdn=447700900123&to=12025550130&messageId=0A0000001234ABCD&text=part&concat=true&concat-ref=1&concat-total=2&concat-part=1`,
		`MessageSid=SM00000000000000000000000000000001&AccountSid=` + account + `&MessageStatus=delivered&To=%2B447700900123&ErrorCode=30003`,
		`MessageSid=SM00000000000000000000000000000001&AccountSid=` + account + `&From=%2B447700900123&To=%2B12025550130&Body=STOP`,
		`MessageUUID=1&Status=delivered&To=447700900123&ErrorCode=000`,
	} {
		f.Add(s, false, "application/x-www-form-urlencoded")
		f.Add(s, true, "")
	}
	for _, s := range []string{
		`{"results":[{"messageId":"1","to":"447700900123","status":{"groupName":"DELIVERED","id":5},"error":{"id":0},"doneAt":"2026-11-29T12:00:00.000+0000"}]}`,
		`{"type":"recipient_delivery_report_sms","batch_id":"b","recipient":"447700900123","status":"Delivered","code":0,"at":"2026-11-29T12:00:00Z"}`,
		`{"type":"mo_text","id":"m","from":"447700900123","to":"12345","body":"STOP"}`,
		`{"data":{"event_type":"message.finalized","payload":{"id":"1","to":[{"phone_number":"+447700900123","status":"delivered"}]}}}`,
		`{"event":{"messageStatusUpdate":[{"messageId":"1","statusCode":"DELIVERED_TO_DEVICE","timestamp":1}]}}`, `[]`, `null`, `{"results":null}`,
	} {
		f.Add(s, false, "application/json")
	}
}

// FuzzCallbacks: any bytes, to every kind, with nothing that proves them but the secret in the address.
func FuzzCallbacks(f *testing.F) {
	seeds(f)
	all := callers(f)
	f.Fuzz(func(t *testing.T, body string, get bool, kind string) {
		r := smsir.CallbackRequest{Method: "POST", URL: address + "?attempt=att_0000000000001", Header: map[string][]string{"Content-Type": {kind}}, Body: []byte(body)}
		if get {
			r = smsir.CallbackRequest{Method: "GET", URL: address + "?" + body, Header: map[string][]string{}}
		}
		for name, back := range all {
			if call(t, back, r) && name == "twilio" {
				t.Fatalf("twilio believes what nobody signed: %q", body)
			}
		}
	})
}

// FuzzVonageDLR: any bytes as a receipt or a reply of Vonage.
func FuzzVonageDLR(f *testing.F) { fuzzKind(f, "vonage") }

// FuzzATCallback: any bytes as a receipt, a reply or an opt-out of Africa's Talking.
func FuzzATCallback(f *testing.F) { fuzzKind(f, "africastalking") }

// fuzzKind gives one kind all the time. What it reads twice must be the same.
func fuzzKind(f *testing.F, kind string) {
	f.Helper()
	seeds(f)
	back := callers(f)[kind]
	f.Fuzz(func(t *testing.T, body string, get bool, content string) {
		r := smsir.CallbackRequest{Method: "POST", URL: address, Header: map[string][]string{"Content-Type": {content}}, Body: []byte(body)}
		if get {
			r = smsir.CallbackRequest{Method: "GET", URL: address + "?" + body, Header: map[string][]string{}}
		}
		if first, second := call(t, back, r), call(t, back, r); first != second {
			t.Fatalf("%q is believed: %v, and then %v", body, first, second)
		}
	})
}

// FuzzTwilioWebhook: any form with a signature that fits is read, and with one bit of it changed it is not believed.
func FuzzTwilioWebhook(f *testing.F) {
	seeds(f)
	back := callers(f)["twilio"]
	f.Fuzz(func(t *testing.T, body string, get bool, _ string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		r := smsir.CallbackRequest{Method: "POST", URL: address + "?attempt=att_0000000000001", Body: []byte(body)}
		covered := form
		if get {
			r = smsir.CallbackRequest{Method: "GET", URL: address + "?" + body}
			covered = nil
			if _, err := url.Parse(r.URL); err != nil {
				return // no HTTP request has such an address
			}
		}
		sig := signed(r.URL, covered)
		header := func(s string) map[string][]string {
			return map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Twilio-Signature": {s}}
		}
		r.Header = header(sig)
		_, err = back.Callback(t.Context(), r)
		if told := form.Get("AccountSid"); smsir.CodeOf(err) == smsir.CodeCallbackRefused && (told == "" || told == account) {
			t.Fatalf("%q is signed and refused", body)
		}
		call(t, back, r)
		raw, err := base64.StdEncoding.DecodeString(sig)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(body)%len(raw)] ^= 1 << (len(body) % 8)
		r.Header = header(base64.StdEncoding.EncodeToString(raw))
		if _, err := back.Callback(t.Context(), r); smsir.CodeOf(err) != smsir.CodeCallbackRefused {
			t.Fatalf("%q with a wrong signature: %v", body, err)
		}
	})
}
