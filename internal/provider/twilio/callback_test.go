package twilio

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

const sms1 = "SM00000000000000000000000000000001"

// TestSignatureVectors: signatures that Twilio's own library (twilio for Node, 5.x) makes of the same requests.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	const address = "https://sms.example.com/callbacks/prv_1/abc?attempt=att_0000000000001"
	status := url.Values{
		"MessageSid": {sms1}, "MessageStatus": {"delivered"}, "To": {"+12025550120"}, "From": {"+12025550130"}, "AccountSid": {sid},
		"ApiVersion": {"2010-04-01"}, "SmsSid": {sms1}, "SmsStatus": {"delivered"},
	}
	for _, tt := range []struct {
		address string
		form    url.Values
		want    string
	}{
		{address, status, "JaowDc9bd0ySQIEWSf6jEJs0VqM="},
		{strings.Replace(address, ".com/", ".com:443/", 1), status, "4KiAUuyhKc2br1wU7aaxUYmLgjc="},
		{address, url.Values{"b": {"2", "1", "2"}, "a": {"x y"}, "B": {"ü"}}, "1boEagAOZr4kj6oOQuGnOtKHcAE="},
		{address + "&bodySHA256=3fa110c8e821a40302234de1b7c447c7dea9435a4bc1cbabfcfc3872fc8a0045", nil, "Mj66lOmdxJnw7GIako0gYpkYUds="},
	} {
		if got := sign(token, tt.address, tt.form); got != tt.want {
			t.Errorf("%s with %v: got %s, want %s", tt.address, tt.form, got, tt.want)
		}
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://a.example/x?y=:1":     "https://a.example:443/x?y=:1",
		"http://a.example/":            "http://a.example:80/",
		"https://a.example:443/x":      "https://a.example/x",
		"https://a.example:8443/x%2fy": "https://a.example/x%2fy",
		"http://a.example:80":          "http://a.example",
		"http://[2001:db8::1]/x":       "http://[2001:db8::1]:80/x",
		"http://[2001:db8::1]:80/x":    "http://[2001:db8::1]/x",
		"https://a.example?x=1":        "https://a.example:443?x=1",
	} {
		if got := spellings(address); !reflect.DeepEqual(got, []string{address, want}) {
			t.Errorf("%s: got %q, want it and %q", address, got, want)
		}
	}
	if got := spellings("nonsense"); len(got) != 0 {
		t.Errorf("no address: got %q", got)
	}
}

// call makes a signed POST of a form.
func call(key, address string, form url.Values) smsir.CallbackRequest {
	return smsir.CallbackRequest{
		Method: "POST", URL: address, Body: []byte(form.Encode()),
		Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}, "X-Twilio-Signature": {sign(key, address, form)}},
	}
}

func report(status string, more ...string) url.Values {
	form := url.Values{"MessageSid": {sms1}, "SmsSid": {sms1}, "AccountSid": {sid}, "MessageStatus": {status}, "SmsStatus": {status}, "To": {takes}, "From": {sender}, "ApiVersion": {"2010-04-01"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Add(more[i], more[i+1])
	}
	return form
}

// TestWhoIsBelieved: only a request that one of the tokens has signed, for the address at which it is.
func TestWhoIsBelieved(t *testing.T) {
	t.Parallel()
	const other = "ffffffffffffffffffffffffffffffff"
	address := callback + "?attempt=" + attempt.Format(smsir.PrefixAttempt)
	good := call(token, address, report("delivered"))
	change := func(r smsir.CallbackRequest, f func(*smsir.CallbackRequest)) smsir.CallbackRequest {
		r.Header = maps.Clone(r.Header)
		f(&r)
		return r
	}
	signature := func(values ...string) smsir.CallbackRequest {
		return change(good, func(r *smsir.CallbackRequest) { r.Header["X-Twilio-Signature"] = values })
	}
	body := []byte(`{"MessageSid":"` + sms1 + `","MessageStatus":"delivered"}`)
	jsonCall := func(hash, key string) smsir.CallbackRequest {
		at := address + "&bodySHA256=" + hash
		return smsir.CallbackRequest{Method: "POST", URL: at, Body: body, Header: map[string][]string{"Content-Type": {"application/json"}, "X-Twilio-Signature": {sign(key, at, nil)}}}
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	got := func(at string, key string) smsir.CallbackRequest {
		at += "?" + report("delivered").Encode()
		return smsir.CallbackRequest{Method: "GET", URL: at, Header: map[string][]string{"X-Twilio-Signature": {sign(key, at, nil)}}}
	}
	withPort := change(good, func(r *smsir.CallbackRequest) {
		r.Header["X-Twilio-Signature"] = []string{sign(token, strings.Replace(address, ".com/", ".com:443/", 1), report("delivered"))}
	})
	for name, tt := range map[string]struct {
		r      smsir.CallbackRequest
		tokens []string // settings
		fine   bool
	}{
		"right":                     {good, nil, true},
		"signed with the port":      {withPort, nil, true},
		"other token, in rotation":  {call(other, address, report("delivered")), []string{settingToken2, other}, true},
		"first token, in rotation":  {good, []string{settingToken2, other}, true},
		"an empty parameter":        {call(token, address, report("delivered", "ErrorMessage", "")), nil, true},
		"a parameter that is new":   {call(token, address, report("delivered", "Brand-New", "x")), nil, true},
		"a parameter twice":         {call(token, address, report("delivered", "x", "2", "x", "1")), nil, true},
		"JSON":                      {jsonCall(hash, token), nil, true},
		"JSON, hash in capitals":    {jsonCall(strings.ToUpper(hash), token), nil, true},
		"GET":                       {got(callback, token), nil, true},
		"other token":               {call(other, address, report("delivered")), nil, false},
		"empty token":               {call("", address, report("delivered")), nil, false},
		"no token is set":           {call("", address, report("delivered")), []string{settingToken, "", settingKey, keySID, settingKeySecret, "x"}, false},
		"no token, right signature": {good, []string{settingToken, "", settingKey, keySID, settingKeySecret, "x"}, false},
		"the key's secret":          {call("x", address, report("delivered")), []string{settingKey, keySID, settingKeySecret, "x"}, false},
		"no signature":              {change(good, func(r *smsir.CallbackRequest) { delete(r.Header, "X-Twilio-Signature") }), nil, false},
		"an empty signature":        {signature(""), nil, false},
		"two signatures":            {signature("x", sign(token, address, report("delivered"))), nil, false},
		"nonsense":                  {signature("nonsense"), nil, false},
		"for another address":       {change(good, func(r *smsir.CallbackRequest) { r.URL = callback }), nil, false},
		"for another attempt": {change(good, func(r *smsir.CallbackRequest) {
			r.URL = callback + "?attempt=" + (attempt + 1).Format(smsir.PrefixAttempt)
		}), nil, false},
		"for http": {change(good, func(r *smsir.CallbackRequest) { r.URL = "http" + strings.TrimPrefix(r.URL, "https") }), nil, false},
		"for another host": {change(good, func(r *smsir.CallbackRequest) {
			r.URL = strings.Replace(r.URL, "sms.example.com", "sms.example.net", 1)
		}), nil, false},
		"another status":         {change(good, func(r *smsir.CallbackRequest) { r.Body = []byte(report("undelivered").Encode()) }), nil, false},
		"one parameter more":     {change(good, func(r *smsir.CallbackRequest) { r.Body = append(r.Body[:len(r.Body):len(r.Body)], "&x=y"...) }), nil, false},
		"no body":                {change(good, func(r *smsir.CallbackRequest) { r.Body = nil }), nil, false},
		"a body that is no form": {change(good, func(r *smsir.CallbackRequest) { r.Body = []byte("%zz") }), nil, false},
		"form said to be JSON":   {change(good, func(r *smsir.CallbackRequest) { r.Header["Content-Type"] = []string{"application/json"} }), nil, false},
		"body unsigned, address is": {change(good, func(r *smsir.CallbackRequest) {
			r.Header["Content-Type"] = nil
			r.Header["X-Twilio-Signature"] = []string{sign(token, address, nil)}
		}), nil, false},
		"JSON with another hash":  {jsonCall(strings.Repeat("0", 64), token), nil, false},
		"JSON without a hash":     {jsonCall("", token), nil, false},
		"JSON with another token": {jsonCall(hash, other), nil, false},
		"GET for another address": {change(got(callback, token), func(r *smsir.CallbackRequest) { r.URL += "&MessageStatus=failed" }), nil, false},
		"another account, well signed": {call(token, address, func() url.Values {
			f := report("delivered")
			f.Set("AccountSid", "AC00000000000000000000000000000002")
			return f
		}()), nil, false},
		"an address that is none": {change(good, func(r *smsir.CallbackRequest) { r.URL = "://\x00" }), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := newAccount(t, newFar(t), tt.tokens...).Callback(t.Context(), tt.r)
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
	a := newAccount(t, newFar(t))
	address := callback + "?attempt=" + attempt.Format(smsir.PrefixAttempt)
	for _, tt := range []struct {
		status, code string
		want         smsir.Status
		final        bool // that is, not smsir.Sent
		nonSend      bool
		class        smsir.FailureClass
	}{
		{"accepted", "", smsir.Sent, false, false, ""},
		{"scheduled", "", smsir.Sent, false, false, ""},
		{"queued", "", smsir.Sent, false, false, ""},
		{"sending", "", smsir.Sent, false, false, ""},
		{"sent", "", smsir.Sent, false, false, ""},
		{"partially_delivered", "", smsir.Sent, false, false, ""},
		{"delivered", "", smsir.Delivered, true, false, ""},
		{"read", "", smsir.Delivered, true, false, ""},
		{"undelivered", "30003", smsir.Undelivered, true, false, smsir.ClassRecipientTemp},
		{"undelivered", "30001", smsir.Undelivered, true, false, smsir.ClassRetry},
		{"undelivered", "99999", smsir.Undelivered, true, false, smsir.ClassPermanent},
		{"undelivered", "", smsir.Undelivered, true, false, smsir.ClassPermanent},
		{"failed", "30001", smsir.Undelivered, true, true, smsir.ClassRetry},
		{"failed", "30022", smsir.Undelivered, true, true, smsir.ClassThrottle},
		{"failed", "30500", smsir.Undelivered, true, true, smsir.ClassRetry},
		{"failed", "30007", smsir.Undelivered, true, false, smsir.ClassPermanent},
		{"failed", "21610", smsir.Undelivered, true, false, smsir.ClassBlocked},
		{"failed", "30034", smsir.Undelivered, true, false, smsir.ClassConfig},
		{"failed", "30036", smsir.Expired, true, false, smsir.ClassPermanent},
		{"canceled", "", smsir.Undelivered, true, false, smsir.ClassPermanent},
	} {
		form := report(tt.status)
		if tt.code != "" {
			form.Set("ErrorCode", tt.code)
		}
		told, err := a.Callback(t.Context(), call(token, address, form))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 {
			t.Errorf("%s %s: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
			continue
		}
		got := told.Receipts[0]
		if got.Status != tt.want || got.NonSend != tt.nonSend || got.Code != tt.code || got.Reference != sms1 || got.Attempt != attempt ||
			got.To != takes || got.ArrivedAt.IsZero() || !got.DoneAt.IsZero() || got.Raw != form.Encode() || got.ID != 0 {
			t.Errorf("%s %s: got %+v, want %v of the attempt", tt.status, tt.code, got, tt.want)
		}
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != tt.code || got.Error.Text == "") {
			t.Errorf("%s %s: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
		}
	}
	for _, status := range []string{"receiving", "received", "brand_new"} {
		if told, err := a.Callback(t.Context(), call(token, address, report(status))); err != nil || !reflect.DeepEqual(told, smsir.CallbackAnswer{}) {
			t.Errorf("%s: got %+v, %v, want nothing", status, told, err)
		}
	}
	for _, address := range []string{callback, callback + "?attempt=", callback + "?attempt=msg_0000000000001", callback + "?attempt=att_x"} {
		if told, err := a.Callback(t.Context(), call(token, address, report("sent"))); err != nil || told.Receipts[0].Attempt != 0 {
			t.Errorf("%s: got %+v, %v, want a receipt without an attempt", address, told, err)
		}
	}
	whatsapp := report("sent")
	whatsapp.Set("To", "whatsapp:"+takes)
	if told, err := a.Callback(t.Context(), call(token, callback, whatsapp)); err != nil || told.Receipts[0].To != "" {
		t.Errorf("another channel: got %+v, %v, want a receipt without a number", told, err)
	}
	long := report("sent", "Extra", strings.Repeat("x", 10_000))
	if told, err := a.Callback(t.Context(), call(token, callback, long)); err != nil || len(told.Receipts[0].Raw) != maxRaw {
		t.Errorf("a long call: kept %d bytes, %v, want %d", len(told.Receipts[0].Raw), err, maxRaw)
	}
	for name, form := range map[string]url.Values{
		"no message": {"AccountSid": {sid}, "MessageStatus": {"sent"}}, "no sid": {"MessageSid": {"x"}, "MessageStatus": {"sent"}},
		"no sender": {"MessageSid": {sms1}, "Body": {"x"}, "To": {sender}}, "no recipient": {"MessageSid": {sms1}, "Body": {"x"}, "From": {takes}},
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
	a.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	form := url.Values{
		"ToCountry": {"US"}, "SmsMessageSid": {sms1}, "NumMedia": {"0"}, "SmsSid": {sms1}, "SmsStatus": {"received"}, "Body": {"STOP bitte – ü"},
		"To": {sender}, "NumSegments": {"1"}, "MessageSid": {sms1}, "AccountSid": {sid}, "From": {takes}, "ApiVersion": {"2010-04-01"}, "OptOutType": {"STOP"},
	}
	want := smsir.Inbound{Reference: sms1, From: takes, To: sender, Text: "STOP bitte – ü", ReceivedAt: a.now(), Raw: form.Encode()}
	told, err := a.Callback(t.Context(), call(token, callback, form))
	if err != nil || !reflect.DeepEqual(told.Inbound, []smsir.Inbound{want}) || len(told.Receipts) != 0 {
		t.Fatalf("got %+v, %v, want %+v", told, err, want)
	}
	if told.Status != 200 || told.ContentType != "text/xml" || !strings.Contains(string(told.Body), "<Response></Response>") {
		t.Errorf("answered %d %s %s, want an empty response in TwiML", told.Status, told.ContentType, told.Body)
	}
	at := callback + "?" + form.Encode()
	get := smsir.CallbackRequest{Method: "GET", URL: at, Header: map[string][]string{"X-Twilio-Signature": {sign(token, at, nil)}}}
	if told, err = a.Callback(t.Context(), get); err != nil || !reflect.DeepEqual(told.Inbound, []smsir.Inbound{want}) {
		t.Errorf("by GET: got %+v, %v, want the same", told, err)
	}
}
