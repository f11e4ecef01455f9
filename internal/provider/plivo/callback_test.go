package plivo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

const nonce = "05429567804466091622"

// mac signs a text that stands in the tests as Plivo puts it together.
func mac(token, text string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func address() string { return callback + "?attempt=" + attempt.Format(smsir.PrefixAttempt) }

// report is the form of a receipt. change lists parameters by name and value.
func report(status string, change ...string) url.Values {
	form := url.Values{
		"From": {"12025550130"}, "To": {"12025550120"}, "MessageUUID": {message1}, "ParentMessageUUID": {message1}, "PartInfo": {"1 of 1"},
		"Status": {status}, "Units": {"1"}, "TotalRate": {"0.00550"}, "TotalAmount": {"0.00550"}, "MCC": {"310"}, "MNC": {"000"},
		"DeliveryReportTime": {"2026-11-29 12:00:04.250000"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func call(token, at string, form url.Values) smsir.CallbackRequest {
	u, err := url.Parse(at)
	if err != nil {
		panic(err)
	}
	return smsir.CallbackRequest{Method: "POST", URL: at, Body: []byte(form.Encode()), Header: map[string][]string{
		"Content-Type":               {"application/x-www-form-urlencoded"},
		"X-Plivo-Signature-V3-Nonce": {nonce},
		"X-Plivo-Signature-V3":       {mac(token, signedText(at, u.Query(), form, nonce))},
	}}
}

// TestSignedText: what is signed, word for word.
func TestSignedText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		at   string
		form url.Values
		want string
	}{
		"query and form":  {"https://sms.example.com/c?b=2&a=1", url.Values{"To": {"1"}, "From": {"2"}}, "https://sms.example.com/c?a=1&b=2.From2To1.n"},
		"form alone":      {"https://sms.example.com/c", url.Values{"To": {"1"}, "From": {"2"}}, "https://sms.example.com/c?From2To1.n"},
		"query alone":     {"https://sms.example.com/c?b=2&a=1", nil, "https://sms.example.com/c?a=1&b=2.n"},
		"neither":         {"https://sms.example.com/c", nil, "https://sms.example.com/c.n"},
		"decoded":         {"https://sms.example.com/c?t=a%20b%26", url.Values{"Text": {"ü &"}}, "https://sms.example.com/c?t=a b&.Textü &.n"},
		"repeated":        {"https://sms.example.com/c?a=2&a=1", url.Values{"x": {"b", "a"}}, "https://sms.example.com/c?a=1&a=2.xaxb.n"},
		"letter case":     {"https://sms.example.com/c", url.Values{"a": {"1"}, "B": {"2"}}, "https://sms.example.com/c?B2a1.n"},
		"port, as called": {"https://sms.example.com:8443/c", url.Values{"a": {"1"}}, "https://sms.example.com:8443/c?a1.n"},
	} {
		u, err := url.Parse(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := signedText(tt.at, u.Query(), tt.form, "n"); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestProof: what proves nothing changes nothing.
func TestProof(t *testing.T) {
	t.Parallel()
	good := call(token, address(), report("delivered"))
	with := func(change func(r *smsir.CallbackRequest)) smsir.CallbackRequest {
		r := call(token, address(), report("delivered"))
		change(&r)
		return r
	}
	signature := good.Header["X-Plivo-Signature-V3"][0]
	get := callback + "?" + report("delivered").Encode()
	byGet := smsir.CallbackRequest{Method: "GET", URL: get, Header: map[string][]string{
		"X-Plivo-Signature-V3-Nonce": {nonce}, "X-Plivo-Signature-V3": {mac(token, signedText(get, report("delivered"), nil, nonce))},
	}}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		fine     bool
	}{
		"signed":                      {good, nil, true},
		"by GET":                      {byGet, nil, true},
		"signed with the other token": {call(token2, address(), report("delivered")), []string{settingToken2, token2}, true},
		"two signatures": {with(func(r *smsir.CallbackRequest) {
			r.Header["X-Plivo-Signature-V3"] = []string{mac("unknown", "x") + "," + signature}
		}), nil, true},
		"the main account's signature": {with(func(r *smsir.CallbackRequest) {
			r.Header["X-Plivo-Signature-Ma-V3"], r.Header["X-Plivo-Signature-V3"] = []string{signature}, []string{mac("sub", "x")}
		}), nil, true},
		"signed with an unknown token": {call(token2, address(), report("delivered")), nil, false},
		"signed with an empty token":   {call("", address(), report("delivered")), nil, false},
		"other body":                   {with(func(r *smsir.CallbackRequest) { r.Body = []byte(report("failed").Encode()) }), nil, false},
		"body gone":                    {with(func(r *smsir.CallbackRequest) { r.Body = nil }), nil, false},
		"other attempt":                {with(func(r *smsir.CallbackRequest) { r.URL = callback + "?attempt=att_0000000000001" }), nil, false},
		"other provider's address":     {with(func(r *smsir.CallbackRequest) { r.URL = strings.Replace(r.URL, "prv_1", "prv_2", 1) }), nil, false},
		"other nonce":                  {with(func(r *smsir.CallbackRequest) { r.Header["X-Plivo-Signature-V3-Nonce"] = []string{"1"} }), nil, false},
		"no nonce":                     {with(func(r *smsir.CallbackRequest) { delete(r.Header, "X-Plivo-Signature-V3-Nonce") }), nil, false},
		"two nonces":                   {with(func(r *smsir.CallbackRequest) { r.Header["X-Plivo-Signature-V3-Nonce"] = []string{nonce, nonce} }), nil, false},
		"no signature":                 {with(func(r *smsir.CallbackRequest) { delete(r.Header, "X-Plivo-Signature-V3") }), nil, false},
		"empty signature":              {with(func(r *smsir.CallbackRequest) { r.Header["X-Plivo-Signature-V3"] = []string{""} }), nil, false},
		"signature of version 2 alone": {with(func(r *smsir.CallbackRequest) {
			delete(r.Header, "X-Plivo-Signature-V3")
			r.Header["X-Plivo-Signature-V2"] = []string{mac(token, callback+nonce)}
			r.Header["X-Plivo-Signature-V2-Nonce"] = []string{nonce}
		}), nil, false},
		"a body that is no form":  {with(func(r *smsir.CallbackRequest) { r.Header["Content-Type"] = []string{"application/json"} }), nil, false},
		"a body with GET":         {with(func(r *smsir.CallbackRequest) { *r = byGet; r.Body = []byte("x") }), nil, false},
		"an address that is none": {with(func(r *smsir.CallbackRequest) { r.URL = "://\x00" }), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := newAccount(t, newFar(t), tt.settings...).Callback(t.Context(), tt.r)
			switch {
			case tt.fine && (err != nil || len(told.Receipts) != 1):
				t.Errorf("got %+v, %v, want a receipt", told, err)
			case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
				t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
			}
		})
	}
}

// TestReceipts: what each status comes to, and that a call that comes again says the same.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	for _, tt := range []struct {
		status, code string
		want         smsir.Status
		nonSend      bool
		class        smsir.FailureClass
		unmapped     bool
	}{
		{"queued", "", smsir.Sent, false, "", false},
		{"sent", "000", smsir.Sent, false, "", false},
		{"delivered", "000", smsir.Delivered, false, "", false},
		{"read", "", smsir.Delivered, false, "", false},
		{"undelivered", "80", smsir.Undelivered, false, smsir.ClassRecipientTemp, false},
		{"undelivered", "20", smsir.Undelivered, false, smsir.ClassRetry, false},
		{"undelivered", "99999", smsir.Undelivered, false, smsir.ClassPermanent, true},
		{"undelivered", "", smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"rejected", "50", smsir.Undelivered, false, smsir.ClassPermanent, false},
		{"failed", "300", smsir.Undelivered, true, smsir.ClassRetry, false},
		{"failed", "20", smsir.Undelivered, true, smsir.ClassRetry, false},
		{"failed", "200", smsir.Undelivered, false, smsir.ClassBlocked, false},
		{"failed", "900", smsir.Undelivered, false, smsir.ClassConfig, false},
		{"failed", "420", smsir.Expired, false, smsir.ClassPermanent, false},
	} {
		form := report(tt.status)
		if tt.code != "" {
			form.Set("ErrorCode", tt.code)
		}
		told, err := a.Callback(t.Context(), call(token, address(), form))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%s %s: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
			continue
		}
		if again, err := a.Callback(t.Context(), call(token, address(), form)); err != nil || !reflect.DeepEqual(again, told) {
			t.Errorf("%s %s, again: got %+v, %v, want the same", tt.status, tt.code, again, err)
		}
		got := told.Receipts[0]
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != tt.code || got.Error.Text == "") {
			t.Errorf("%s %s: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
		}
		got.Error = nil
		want := smsir.Receipt{
			Reference: message1, Attempt: attempt, To: takes, Status: tt.want, NonSend: tt.nonSend, DoneAt: time.Date(2026, 11, 29, 12, 0, 4, 250_000_000, time.UTC),
			ArrivedAt: clock(), Code: tt.code, Raw: form.Encode(), Price: smsir.Money{Micros: 5500, Currency: "USD"}, Network: "310000", Unmapped: tt.unmapped,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: got %+v, want %+v", tt.status, tt.code, got, want)
		}
	}
	if told, err := a.Callback(t.Context(), call(token, address(), report("brand_new"))); err != nil || !reflect.DeepEqual(told, smsir.CallbackAnswer{Status: 200}) {
		t.Errorf("a new status: got %+v, %v, want nothing", told, err)
	}
	for _, at := range []string{callback, callback + "?attempt=", callback + "?attempt=msg_0000000000001"} {
		if told, err := a.Callback(t.Context(), call(token, at, report("sent", "DeliveryReportTime", ""))); err != nil || told.Receipts[0].Attempt != 0 || !told.Receipts[0].DoneAt.IsZero() {
			t.Errorf("%s: got %+v, %v, want a receipt without an attempt and without a time", at, told, err)
		}
	}
	if told, err := a.Callback(t.Context(), call(token, callback, report("sent", "Extra", strings.Repeat("x", 10_000)))); err != nil || len(told.Receipts[0].Raw) != maxRaw {
		t.Errorf("a long call: kept %d bytes, %v, want %d", len(told.Receipts[0].Raw), err, maxRaw)
	}
	for name, form := range map[string]url.Values{
		"no message": report("sent", "MessageUUID", ""), "no id": report("sent", "MessageUUID", "x"),
		"no sender": {"MessageUUID": {message1}, "Text": {"x"}, "To": {"1"}}, "no recipient": {"MessageUUID": {message1}, "Text": {"x"}, "From": {"1"}},
		"neither a status nor a text": {"MessageUUID": {message1}, "From": {"1"}, "To": {"1"}},
	} {
		if told, err := a.Callback(t.Context(), call(token, callback, form)); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}

// TestReplies: somebody writes to a number of the account.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	form := url.Values{"From": {"12025550120"}, "To": {"12025550130"}, "Type": {"sms"}, "Text": {"STOP bitte – ü"}, "MessageUUID": {message1}, "Units": {"1"}}
	want := smsir.CallbackAnswer{Status: 200, Inbound: []smsir.Inbound{{
		Reference: message1, From: takes, To: sender, Text: "STOP bitte – ü", ReceivedAt: clock(), Raw: form.Encode(),
	}}}
	if told, err := a.Callback(t.Context(), call(token, callback, form)); err != nil || !reflect.DeepEqual(told, want) {
		t.Errorf("got %+v, %v, want %+v", told, err, want)
	}
	for given, want := range map[string]string{"12025550120": takes, takes: takes, "22395": "22395", "ACME": "ACME", "": ""} {
		if got := number(given); got != want {
			t.Errorf("number %q: got %q, want %q", given, got, want)
		}
	}
}
