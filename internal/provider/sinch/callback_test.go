package sinch

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
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

//go:embed testdata/report.json
var reportBody []byte

//go:embed testdata/inbound.json
var inboundBody []byte

const (
	secret  = "one"
	secret2 = "two"
)

func sign(secret string, at time.Time, body []byte) map[string][]string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(string(body) + ".nonce1." + stamp))
	return map[string][]string{
		"Content-Type": {"application/json"}, "X-Sinch-Webhook-Signature-Timestamp": {stamp}, "X-Sinch-Webhook-Signature-Nonce": {"nonce1"},
		"X-Sinch-Webhook-Signature-Algorithm": {"HmacSHA256"}, "X-Sinch-Webhook-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

func call(body []byte) smsir.CallbackRequest {
	return smsir.CallbackRequest{Method: "POST", URL: callback, Header: sign(secret, clock(), body), Body: body}
}

func changed(change map[string]any) []byte {
	var e map[string]any
	if err := json.Unmarshal(reportBody, &e); err != nil {
		panic(err)
	}
	for name, value := range change {
		e[name] = value
	}
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return body
}

// TestProof: what proves nothing changes nothing, where Sinch signs.
func TestProof(t *testing.T) {
	t.Parallel()
	with := func(change func(r *smsir.CallbackRequest)) smsir.CallbackRequest {
		r := call(reportBody)
		change(&r)
		return r
	}
	header := func(name string, values ...string) smsir.CallbackRequest {
		return with(func(r *smsir.CallbackRequest) { r.Header["X-Sinch-Webhook-Signature"+name] = values })
	}
	signed := func(secret string, at time.Time) smsir.CallbackRequest {
		return with(func(r *smsir.CallbackRequest) { r.Header = sign(secret, at, r.Body) })
	}
	wide := hmac.New(sha512.New, []byte(secret))
	wide.Write([]byte(string(reportBody) + ".nonce1." + fmt.Sprint(clock().Unix())))
	both := []string{settingSecret, secret, settingSecret2, secret2}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		fine     bool
	}{
		"signed":                       {call(reportBody), []string{settingSecret, secret}, true},
		"signed, while it changes":     {call(reportBody), both, true},
		"signed with the other secret": {signed(secret2, clock()), both, true},
		"five minutes old":             {signed(secret, clock().Add(-5*time.Minute)), both, true},
		"five minutes ahead":           {signed(secret, clock().Add(5*time.Minute)), both, true},
		"Sinch does not sign":          {with(func(r *smsir.CallbackRequest) { r.Header = nil }), nil, true},
		"not signed, but it should be": {with(func(r *smsir.CallbackRequest) { r.Header = nil }), both, false},
		"older: replayed":              {signed(secret, clock().Add(-5*time.Minute-time.Second)), both, false},
		"newer: made for later":        {signed(secret, clock().Add(5*time.Minute+time.Second)), both, false},
		"secret of somebody else":      {signed("three", clock()), both, false},
		"empty secret":                 {signed("", clock()), both, false},
		"body changed":                 {with(func(r *smsir.CallbackRequest) { r.Body = changed(map[string]any{"status": "Failed"}) }), both, false},
		"body gone":                    {with(func(r *smsir.CallbackRequest) { r.Body = nil }), both, false},
		"time changed":                 {header("-Timestamp", fmt.Sprint(clock().Unix()+1)), both, false},
		"time that is none":            {header("-Timestamp", "now"), both, false},
		"two times":                    {header("-Timestamp", fmt.Sprint(clock().Unix()), "1"), both, false},
		"nonce changed":                {header("-Nonce", "nonce2"), both, false},
		"no nonce":                     {header("-Nonce"), both, false},
		"no signature":                 {header(""), both, false},
		"empty signature":              {header("", ""), both, false},
		"another algorithm":            {header("-Algorithm", "HmacSHA512"), both, false},
		"no algorithm":                 {header("-Algorithm"), both, false},
		"by GET":                       {with(func(r *smsir.CallbackRequest) { r.Method = "GET" }), nil, false},
		"HMAC-SHA512": {with(func(r *smsir.CallbackRequest) {
			r.Header["X-Sinch-Webhook-Signature"] = []string{base64.StdEncoding.EncodeToString(wide.Sum(nil))}
			r.Header["X-Sinch-Webhook-Signature-Algorithm"] = []string{"HmacSHA512"}
		}), both, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := newPlan(t, newFar(t), tt.settings...).Callback(t.Context(), tt.r)
			switch {
			case tt.fine && (err != nil || len(told.Receipts) != 1):
				t.Errorf("got %+v, %v, want a receipt", told, err)
			case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
				t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
			}
		})
	}
}

// TestReceipts: what each status comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	p := newPlan(t, newFar(t))
	for _, tt := range []struct {
		status   string
		code     int
		want     smsir.Status
		nonSend  bool
		class    smsir.FailureClass
		unmapped bool
	}{
		{"Queued", 400, smsir.Sent, false, "", false},
		{"Dispatched", 401, smsir.Sent, false, "", false},
		{"Unknown", 0, smsir.Sent, false, "", false},
		{"Delivered", 0, smsir.Delivered, false, "", false},
		{"Aborted", 404, smsir.Undelivered, true, smsir.ClassRetry, false},
		{"Aborted", 403, smsir.Undelivered, true, smsir.ClassRetry, false},
		{"Aborted", 402, smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"Aborted", 413, smsir.Undelivered, false, smsir.ClassConfig, false},
		{"Aborted", 406, smsir.Expired, false, smsir.ClassPermanent, false},
		{"Cancelled", 407, smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"Rejected", 300, smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"Rejected", 64, smsir.Undelivered, false, smsir.ClassThrottle, false},
		{"Failed", 404, smsir.Undelivered, false, smsir.ClassRetry, false},
		{"Failed", 99999, smsir.Undelivered, false, smsir.ClassPermanent, true},
		{"Deleted", 399, smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"Expired", 399, smsir.Expired, false, smsir.ClassPermanent, false},
	} {
		body := changed(map[string]any{"status": tt.status, "code": tt.code})
		told, err := p.Callback(t.Context(), call(body))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%s %d: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
			continue
		}
		got, code := told.Receipts[0], strconv.Itoa(tt.code)
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != code || got.Error.Text == "" || got.Error.Code != strings.ToLower(tt.status)) {
			t.Errorf("%s %d: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
		}
		got.Error = nil
		want := smsir.Receipt{
			Reference: batch1, Attempt: attempt, To: takes, Status: tt.want, NonSend: tt.nonSend, DoneAt: time.Date(2026, 11, 29, 12, 0, 4, 0, time.UTC),
			ArrivedAt: clock(), Code: code, Network: "35000", Raw: string(body), Unmapped: tt.unmapped,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %d: got %+v, want %+v", tt.status, tt.code, got, want)
		}
	}
	none := smsir.CallbackAnswer{Status: 200}
	for name, body := range map[string][]byte{
		"a new status": changed(map[string]any{"status": "BrandNew"}), "a summary": changed(map[string]any{"type": "delivery_report_sms"}),
		"a binary reply": changed(map[string]any{"type": "mo_binary"}), "no type": []byte(`{}`),
	} {
		if told, err := p.Callback(t.Context(), call(body)); err != nil || !reflect.DeepEqual(told, none) {
			t.Errorf("%s: got %+v, %v, want nothing", name, told, err)
		}
	}
	for name, body := range map[string][]byte{
		"no JSON": []byte("x"), "no batch": changed(map[string]any{"batch_id": ""}), "no sender": []byte(`{"type":"mo_text","id":"1","to":"2"}`),
		"no recipient": []byte(`{"type":"mo_text","id":"1","from":"2"}`), "no id": []byte(`{"type":"mo_text","from":"1","to":"2"}`),
	} {
		if told, err := p.Callback(t.Context(), call(body)); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
	bare := changed(map[string]any{"client_reference": "theirs", "operator_status_at": nil, "recipient": 12025550120, "pad": strings.Repeat("ü", 5000)})
	told, err := p.Callback(t.Context(), call(bare))
	if err != nil || len(told.Receipts) != 1 {
		t.Fatalf("got %+v, %v, want a receipt", told, err)
	}
	if r := told.Receipts[0]; r.Attempt != 0 || r.To != takes || !r.DoneAt.Equal(time.Date(2026, 11, 29, 12, 0, 4, 500_000_000, time.UTC)) || len(r.Raw) > maxRaw || len(r.Raw) < maxRaw-4 {
		t.Errorf("got %+v, want no attempt, the recipient, Sinch's own time and %d bytes", r, maxRaw)
	}
}

// TestReplies: somebody writes to a number of the plan.
func TestReplies(t *testing.T) {
	t.Parallel()
	p := newPlan(t, newFar(t))
	want := smsir.CallbackAnswer{Status: 200, Inbound: []smsir.Inbound{{
		Reference: "01HZ0000000000000000000002", From: takes, To: sender, Text: "STOP bitte – ü", ReceivedAt: time.Date(2026, 11, 29, 12, 0, 3, 0, time.UTC), Raw: string(inboundBody),
	}}}
	if told, err := p.Callback(t.Context(), call(inboundBody)); err != nil || !reflect.DeepEqual(told, want) {
		t.Errorf("got %+v, %v, want %+v", told, err, want)
	}
	short := []byte(`{"type":"mo_text","id":"1","from":12025550120,"to":"22395","body":""}`)
	told, err := p.Callback(t.Context(), call(short))
	if err != nil || len(told.Inbound) != 1 || told.Inbound[0].To != "22395" || told.Inbound[0].From != takes || !told.Inbound[0].ReceivedAt.Equal(clock()) {
		t.Errorf("to a short code: got %+v, %v, want it as it is, at the time of arrival", told, err)
	}
}
