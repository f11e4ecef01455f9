package httpapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// post is a call as the door hands it over.
func post(address, contentType, body string, header ...string) smsir.CallbackRequest {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return smsir.CallbackRequest{Method: http.MethodPost, URL: address, Header: h, Body: []byte(body)}
}

func mac(h func() hash.Hash, key, text string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// TestWhoIsBelieved: for each way to sign, the right call, and what differs from it in one thing.
func TestWhoIsBelieved(t *testing.T) {
	t.Parallel()
	const body = `{"id":"m1","s":"OK"}`
	const key2, key3 = "hush-hush", "third-one" // secrets 2 and 3
	sig := func(s string) string {
		return with("", strings.Replace(calls, "signature: none", "signature: "+s, 1))
	}
	both := `["{{secret.2}}", "{{secret.3}}"]`
	now := strconv.FormatInt(noon.Unix(), 10)
	standardKey := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567"))
	standard := func(id, stamp, key, body string) smsir.CallbackRequest {
		return post(callback, "application/json", body, "Webhook-Id", id, "Webhook-Timestamp", stamp,
			"Webhook-Signature", "v1a,xyz v1,"+base64.StdEncoding.EncodeToString(mac(sha256.New, key, id+"."+stamp+"."+body)))
	}
	hexBody := `{hmac: {header: X-Sig, secret: ` + both + `, prefix: "sha256="}}`
	stamped := `{hmac: {hash: sha512, encoding: base64, header: X-Sig, secret: "{{secret.2}}", over: "{{timestamp}}.{{body}}", timestamp_header: X-Time, tolerance: 1m}}`
	stampedCall := func(at time.Time, key, signed string) smsir.CallbackRequest {
		stamp := strconv.FormatInt(at.Unix(), 10)
		return post(callback, "application/json", signed, "X-Time", stamp, "X-Sig", base64.StdEncoding.EncodeToString(mac(sha512.New, key, stamp+"."+body)))
	}
	for name, tt := range map[string]struct {
		signature string
		r         smsir.CallbackRequest
		fine      bool
	}{
		"none":                        {"none", post(callback, "application/json", body), true},
		"hmac":                        {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, key2, body))), true},
		"hmac in capitals":            {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+strings.ToUpper(hex.EncodeToString(mac(sha256.New, key2, body)))), true},
		"hmac, key in rotation":       {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, key3, body))), true},
		"hmac, other key":             {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, "other", body))), false},
		"hmac, empty key":             {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, "", body))), false},
		"hmac, other body":            {hexBody, post(callback, "application/json", body+" ", "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, key2, body))), false},
		"hmac, no prefix":             {hexBody, post(callback, "application/json", body, "X-Sig", hex.EncodeToString(mac(sha256.New, key2, body))), false},
		"hmac, no header":             {hexBody, post(callback, "application/json", body), false},
		"hmac, empty header":          {hexBody, post(callback, "application/json", body, "X-Sig", ""), false},
		"hmac, two headers":           {hexBody, post(callback, "application/json", body, "X-Sig", "x", "X-Sig", "sha256="+hex.EncodeToString(mac(sha256.New, key2, body))), false},
		"hmac-sha1":                   {`{hmac: {hash: sha1, header: X-Sig, secret: "{{secret.2}}"}}`, post(callback, "application/json", body, "X-Sig", hex.EncodeToString(mac(sha1.New, key2, body))), true},
		"sha1 where sha256 is wanted": {hexBody, post(callback, "application/json", body, "X-Sig", "sha256="+hex.EncodeToString(mac(sha1.New, key2, body))), false},
		"hmac over the address":       {`{hmac: {header: X-Sig, secret: "{{secret.2}}", over: "{{method}}{{url}}{{body}}"}}`, post(callback+"?attempt=x", "application/json", body, "X-Sig", hex.EncodeToString(mac(sha256.New, key2, "POST"+callback+"?attempt=x"+body))), true},
		"hmac over another address":   {`{hmac: {header: X-Sig, secret: "{{secret.2}}", over: "{{method}}{{url}}{{body}}"}}`, post(callback+"?attempt=y", "application/json", body, "X-Sig", hex.EncodeToString(mac(sha256.New, key2, "POST"+callback+"?attempt=x"+body))), false},
		"with a time":                 {stamped, stampedCall(noon.Add(-59*time.Second), key2, body), true},
		"with a time ahead":           {stamped, stampedCall(noon.Add(59*time.Second), key2, body), true},
		"replayed later":              {stamped, stampedCall(noon.Add(-61*time.Second), key2, body), false},
		"from the future":             {stamped, stampedCall(noon.Add(61*time.Second), key2, body), false},
		"with a time, other body":     {stamped, stampedCall(noon, key2, `{"id":"m2","s":"OK"}`), false},
		"with a time, other key":      {stamped, stampedCall(noon, key3, body), false},
		"replayed with a new time": {stamped, func() smsir.CallbackRequest {
			r := stampedCall(noon.Add(-time.Hour), key2, body)
			r.Header["X-Time"] = []string{now}
			return r
		}(), false},
		"a time that is none":   {stamped, post(callback, "application/json", body, "X-Time", "today", "X-Sig", base64.StdEncoding.EncodeToString(mac(sha512.New, key2, "today."+body))), false},
		"no time":               {stamped, post(callback, "application/json", body, "X-Sig", base64.StdEncoding.EncodeToString(mac(sha512.New, key2, "."+body))), false},
		"basic":                 {`{basic: {username: me, password: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+key2))), true},
		"basic, other name":     {`{basic: {username: me, password: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("you:"+key2))), false},
		"basic, other password": {`{basic: {username: me, password: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("me:x"))), false},
		"basic, nothing":        {`{basic: {username: me, password: "{{secret.2}}"}}`, post(callback, "application/json", body), false},
		"bearer":                {`{bearer: {secret: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Bearer "+key2), true},
		"bearer, other token":   {`{bearer: {secret: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Bearer "+key3), false},
		"bearer, no token":      {`{bearer: {secret: "{{secret.2}}"}}`, post(callback, "application/json", body, "Authorization", "Bearer "), false},
		"header":                {`{header: {name: x-token, value: ` + both + `}}`, post(callback, "application/json", body, "X-Token", key3), true},
		"header, other":         {`{header: {name: x-token, value: ` + both + `}}`, post(callback, "application/json", body, "X-Token", "x"), false},
		"query":                 {`{query: {name: k, value: "{{secret.2}}"}}`, post(callback+"?k="+key2, "application/json", body), true},
		"query, other":          {`{query: {name: k, value: "{{secret.2}}"}}`, post(callback+"?k=x", "application/json", body), false},
		"query, twice":          {`{query: {name: k, value: "{{secret.2}}"}}`, post(callback+"?k=x&k="+key2, "application/json", body), false},
		"query, nothing":        {`{query: {name: k, value: "{{secret.2}}"}}`, post(callback, "application/json", body), false},
		"Standard Webhooks":     {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, standard("msg_1", now, "0123456789abcdef01234567", body), true},
		"Standard Webhooks, other body": {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, func() smsir.CallbackRequest {
			r := standard("msg_1", now, "0123456789abcdef01234567", body)
			r.Body = []byte(body + " ")
			return r
		}(), false},
		"Standard Webhooks, other id": {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, func() smsir.CallbackRequest {
			r := standard("msg_1", now, "0123456789abcdef01234567", body)
			r.Header["Webhook-Id"] = []string{"msg_2"}
			return r
		}(), false},
		"Standard Webhooks, too old":          {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, standard("msg_1", strconv.FormatInt(noon.Add(-6*time.Minute).Unix(), 10), "0123456789abcdef01234567", body), false},
		"Standard Webhooks, other key":        {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, standard("msg_1", now, "x123456789abcdef01234567", body), false},
		"Standard Webhooks, without an id":    {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, standard("", now, "0123456789abcdef01234567", body), false},
		"Standard Webhooks, nothing at all":   {`{standard_webhooks: {secret: ["{{secret.3}}", "{{secret.4}}"]}}`, post(callback, "application/json", body), false},
		"an address that is none, unsigned":   {`{query: {name: k, value: "{{secret.2}}"}}`, post("://\x00", "application/json", body), false},
		"another method than the description": {"none\n  method: GET", post(callback, "application/json", body), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := settings(sig(tt.signature), "secret_4", "whsec_"+standardKey)
			if strings.Contains(tt.signature, "standard") {
				in["secret_3"] = base64.StdEncoding.EncodeToString([]byte("the key that is going out"))
			}
			p, _ := opened(t, in, atNoon)
			told, err := p.(smsir.CalledBack).Callback(t.Context(), tt.r)
			switch {
			case tt.fine && (err != nil || len(told.Receipts) != 1):
				t.Errorf("got %+v, %v, want a receipt", told, err)
			case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
				t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
			}
		})
	}
}

// TestNobodyCalls: a description without calls believes nobody.
func TestNobodyCalls(t *testing.T) {
	t.Parallel()
	p, _ := opened(t, settings(small), atNoon)
	if _, err := p.(smsir.CalledBack).Callback(t.Context(), post(callback, "application/json", `{"id":"m1","s":"OK"}`)); smsir.CodeOf(err) != smsir.CodeCallbackRefused {
		t.Errorf("got %v, want it refused", err)
	}
}

// callExample calls an example back.
func callExample(t *testing.T, name string, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	t.Helper()
	p, _ := opened(t, settings(example(t, name)), atNoon)
	return p.(smsir.CalledBack).Callback(t.Context(), r)
}

// TestExampleReceipts: every word of the examples, and words that they do not know.
func TestExampleReceipts(t *testing.T) {
	t.Parallel()
	id := attempt.Format(smsir.PrefixAttempt)
	bulk := func(status, subtype string) smsir.CallbackRequest {
		if subtype == "" {
			subtype = "null"
		}
		return post(callback, "application/json", fmt.Sprintf(`[{"id":"77","type":"SENT","to":"12025550120","body":"hi","userSuppliedId":%q,"status":{"id":"%s.%s","type":%q,"subtype":%s}}]`,
			id, status, subtype, status, map[bool]string{true: "null", false: strconv.Quote(subtype)}[subtype == "null"]))
	}
	click := func(code, errorCode string) smsir.CallbackRequest {
		form := url.Values{"message_id": {"77"}, "custom_string": {id}, "status_code": {code}, "status_text": {"text"}, "error_code": {errorCode}, "error_text": {"why"}, "timestamp": {"1795435140"}}
		return post(callback, "application/x-www-form-urlencoded", form.Encode())
	}
	kannel := func(kind, reply string) smsir.CallbackRequest {
		q := url.Values{"attempt": {id}, "type": {kind}, "reply": {reply}}
		return smsir.CallbackRequest{Method: http.MethodGet, URL: callback + "?" + q.Encode(), Header: http.Header{}}
	}
	minuteAgo := noon.Add(-time.Minute)
	for name, tt := range map[string]struct {
		example string
		r       smsir.CallbackRequest
		status  smsir.Status // 0: nothing told
		code    string
		class   smsir.FailureClass
		done    time.Time
		unknown bool
	}{
		"BulkSMS sent":          {"bulksms", bulk("SENT", ""), smsir.Sent, "", "", time.Time{}, false},
		"BulkSMS accepted":      {"bulksms", bulk("ACCEPTED", ""), smsir.Sent, "", "", time.Time{}, false},
		"BulkSMS delivered":     {"bulksms", bulk("DELIVERED", ""), smsir.Delivered, "", "", time.Time{}, false},
		"BulkSMS expired":       {"bulksms", bulk("FAILED", "EXPIRED"), smsir.Expired, "EXPIRED", smsir.ClassRecipientTemp, time.Time{}, false},
		"BulkSMS handset":       {"bulksms", bulk("FAILED", "HANDSET_ERROR"), smsir.Undelivered, "HANDSET_ERROR", smsir.ClassRecipientTemp, time.Time{}, false},
		"BulkSMS opted out":     {"bulksms", bulk("FAILED", "BLOCKED"), smsir.Undelivered, "BLOCKED", smsir.ClassBlocked, time.Time{}, false},
		"BulkSMS no route":      {"bulksms", bulk("FAILED", "NOT_SENT"), smsir.Undelivered, "NOT_SENT", smsir.ClassPermanent, time.Time{}, false},
		"BulkSMS failed":        {"bulksms", bulk("FAILED", ""), smsir.Undelivered, "", smsir.ClassPermanent, time.Time{}, false},
		"BulkSMS unknown":       {"bulksms", bulk("UNKNOWN", ""), 0, "", "", time.Time{}, false},
		"BulkSMS new word":      {"bulksms", bulk("ARRIVED", ""), 0, "", "", time.Time{}, false},
		"BulkSMS empty list":    {"bulksms", post(callback, "application/json", `[]`), 0, "", "", time.Time{}, false},
		"ClickSend sent":        {"clicksend", click("200", ""), smsir.Sent, "", "", minuteAgo, false},
		"ClickSend delivered":   {"clicksend", click("201", ""), smsir.Delivered, "", "", minuteAgo, false},
		"ClickSend for now":     {"clicksend", click("300", ""), smsir.Sent, "", "", minuteAgo, false},
		"ClickSend failed":      {"clicksend", click("301", "999"), smsir.Undelivered, "999", smsir.ClassPermanent, minuteAgo, true},
		"ClickSend new code":    {"clicksend", click("777", ""), 0, "", "", time.Time{}, false},
		"Kannel delivered":      {"kannel", kannel("1", "id:1 stat:DELIVRD err:000"), smsir.Delivered, "000", "", time.Time{}, false},
		"Kannel undelivered":    {"kannel", kannel("2", "id:1 stat:UNDELIV err:01B"), smsir.Undelivered, "01B", smsir.ClassPermanent, time.Time{}, true},
		"Kannel queued":         {"kannel", kannel("4", ""), smsir.Sent, "", "", time.Time{}, false},
		"Kannel taken":          {"kannel", kannel("8", "ACK/"), smsir.Sent, "", "", time.Time{}, false},
		"Kannel refused":        {"kannel", kannel("16", "NACK/0x0000000b/Invalid Destination"), smsir.Undelivered, "", smsir.ClassPermanent, time.Time{}, false},
		"Kannel expired":        {"kannel", kannel("34", ""), smsir.Expired, "", smsir.ClassPermanent, time.Time{}, false},
		"Kannel unknown":        {"kannel", kannel("66", ""), 0, "", "", time.Time{}, false},
		"Kannel without ours":   {"kannel", smsir.CallbackRequest{Method: http.MethodGet, URL: callback + "?type=1&reply="}, 0, "", "", time.Time{}, false},
		"Kannel foreign number": {"kannel", smsir.CallbackRequest{Method: http.MethodGet, URL: callback + "?type=1&reply=&attempt=att_zzz"}, 0, "", "", time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callExample(t, tt.example, tt.r)
			if err != nil || len(got.Inbound) != 0 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if tt.status == 0 {
				if len(got.Receipts) != 0 {
					t.Errorf("got %+v, want nothing told", got.Receipts)
				}
				return
			}
			if len(got.Receipts) != 1 {
				t.Fatalf("got %+v, want one receipt", got)
			}
			r := got.Receipts[0]
			reference := "77"
			if tt.example == "kannel" {
				reference = ""
			}
			if r.Status != tt.status || r.Attempt != attempt || r.Reference != reference || r.Code != tt.code || !r.DoneAt.Equal(tt.done) || !r.ArrivedAt.Equal(noon) || r.Raw == "" || r.Unmapped != tt.unknown || r.NonSend {
				t.Errorf("got %+v, want %+v", r, tt)
			}
			if (r.Error != nil) != (tt.class != "") || r.Error != nil && (r.Error.Class != tt.class || r.Error.Text == "" || r.Error.ProviderCode == "") {
				t.Errorf("error %+v, want class %q", r.Error, tt.class)
			}
			if tt.example == "bulksms" && r.To != takes {
				t.Errorf("recipient %q, want %q", r.To, takes)
			}
		})
	}
}

// TestExampleReplies: what somebody wrote, as each of the examples brings it.
func TestExampleReplies(t *testing.T) {
	t.Parallel()
	want := smsir.Inbound{Reference: "88", From: "+447700900123", To: "+447700900456", Text: "Hi & bye ü", ReceivedAt: noon.Add(-time.Minute)}
	short := want
	short.To = "12345"
	kannelQuery := url.Values{"from": {want.From}, "to": {"12345"}, "text": {want.Text}, "id": {"88"}, "time": {"1795435140"}}
	clickForm := url.Values{"message_id": {"88"}, "from": {"+447700900123"}, "to": {"+44 7700 900456"}, "body": {want.Text}, "timestamp": {"1795435140"}}
	for name, tt := range map[string]struct {
		r    smsir.CallbackRequest
		want smsir.Inbound
	}{
		"bulksms":   {post(callback, "application/json", `[{"id":"88","type":"RECEIVED","from":"447700900123","to":"00447700900456","body":"Hi & bye ü","submission":{"id":"1","date":"2026-11-23T13:59:00+02:00"}}]`), want},
		"clicksend": {post(callback, "application/x-www-form-urlencoded", clickForm.Encode()), want},
		"kannel":    {smsir.CallbackRequest{Method: http.MethodGet, URL: callback + "?" + kannelQuery.Encode()}, short},
	} {
		got, err := callExample(t, name, tt.r)
		if err != nil || len(got.Receipts) != 0 || len(got.Inbound) != 1 {
			t.Errorf("%s: got %+v, %v, want one message", name, got, err)
			continue
		}
		in := got.Inbound[0]
		if in.Raw == "" || strings.Contains(in.Raw, "callbacks") {
			t.Errorf("%s: raw %q, want the call without its address", name, in.Raw)
		}
		if in.Raw = ""; !reflect.DeepEqual(in, tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, in, tt.want)
		}
	}
	got, err := callExample(t, "clicksend", post(callback, "application/x-www-form-urlencoded", clickForm.Encode()))
	if err != nil || got.Status != 200 || got.ContentType != "text/plain" || string(got.Body) != "OK" {
		t.Errorf("the answer is %+v, %v, want OK", got, err)
	}
}

// TestCallsThatCannotBeRead are told apart from those that prove nothing.
func TestCallsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	many := "[" + strings.Repeat(`{"type":"SENT","id":"1","status":{"id":"SENT.null"}},`, maxTold) + `{}]`
	for name, r := range map[string]smsir.CallbackRequest{
		"no JSON":      post(callback, "application/json", `{`),
		"neither":      post(callback, "application/json", `[{"id":"1","type":"OTHER"}]`),
		"no status":    post(callback, "application/json", `[{"id":"1","type":"SENT"}]`),
		"no sender":    post(callback, "application/json", `[{"id":"1","type":"RECEIVED","to":"1","body":"x"}]`),
		"too many":     post(callback, "application/json", many),
		"bad address":  post("https://a.example/%zz", "application/json", `[]`),
		"one of three": post(callback, "application/json", `[{"type":"SENT","id":"1","status":{"id":"SENT.null"}},{},{"type":"SENT","id":"2","status":{"id":"SENT.null"}}]`),
	} {
		got, err := callExample(t, "bulksms", r)
		if smsir.CodeOf(err) != smsir.CodeInvalid || !reflect.DeepEqual(got, smsir.CallbackAnswer{}) {
			t.Errorf("%s: got %+v, %v, want it unreadable and nothing told", name, got, err)
		}
	}
}

// TestRawKeepsNoSecret: neither the parameter that proves a call nor a secret in its body is kept, and not more than
// 4 KiB.
func TestRawKeepsNoSecret(t *testing.T) {
	t.Parallel()
	text := with("", strings.NewReplacer("signature: none", "format: query\n  signature: {query: {name: k, value: \"{{secret.2}}\"}}").Replace(calls))
	p, _ := opened(t, settings(text), atNoon)
	q := url.Values{"k": {"hush-hush"}, "id": {"m1"}, "s": {"ok"}, "note": {"hush-hush" + strings.Repeat("ü", 3000)}}
	got, err := p.(smsir.CalledBack).Callback(t.Context(), smsir.CallbackRequest{Method: http.MethodGet, URL: callback + "?" + q.Encode()})
	if err != nil || len(got.Receipts) != 1 {
		t.Fatalf("got %+v, %v, want a receipt", got, err)
	}
	if raw := got.Receipts[0].Raw; strings.Contains(raw, "hush") || strings.Contains(raw, "k=") || len(raw) > maxRaw || !strings.Contains(raw, "id=m1") {
		t.Errorf("raw is %q", raw)
	}
}

// TestTimes: the ways in which a time is written.
func TestTimes(t *testing.T) {
	t.Parallel()
	for rule, told := range map[string]string{
		"time: t":                                                             "2026-11-23T13:00:00+01:00",
		"time: {at: t, format: unix}":                                         "1795435200",
		"time: {at: t, format: unix_ms}":                                      "1795435200000",
		"time: {at: t, format: \"2006-01-02 15:04:05\"}":                      "2026-11-23 12:00:00",
		"time: {at: t, format: \"0601021504\", zone: \"-05:00\"}":             "2611230700",
		"time: {at: t, format: \"02.01.2006 15:04\", match: \"^on (.*)$\"}":   "on 23.11.2026 12:00",
		"time: {header: X-Time, format: \"Mon, 02 Jan 2006 15:04:05 -0700\"}": "",
		"time: {value: \"2026-11-23T12:00:00Z\"}":                             "",
		"time: [{at: never}, {at: t}]":                                        "fault",
	} {
		text := with("", strings.Replace(calls, "  id: id\n", "  id: id\n  "+rule+"\n", 1))
		if told == "fault" {
			if _, err := parse(text); err == nil {
				t.Errorf("%s: no error", rule)
			}
			continue
		}
		p, _ := opened(t, settings(text), atNoon)
		body := fmt.Sprintf(`{"id":"m1","s":"OK","t":%q}`, told)
		got, err := p.(smsir.CalledBack).Callback(t.Context(), post(callback, "application/json", body, "X-Time", "Mon, 23 Nov 2026 13:00:00 +0100"))
		if err != nil || len(got.Receipts) != 1 || !got.Receipts[0].DoneAt.Equal(noon) {
			t.Errorf("%s of %s: got %+v, %v, want %v", rule, told, got.Receipts, err, noon)
		}
		if !strings.Contains(body, "2026") && !strings.Contains(body, "17954") && !strings.Contains(body, "2611") {
			continue
		}
		got, err = p.(smsir.CalledBack).Callback(t.Context(), post(callback, "application/json", `{"id":"m1","s":"OK","t":"soon"}`))
		if err != nil || len(got.Receipts) != 1 || !got.Receipts[0].DoneAt.IsZero() {
			t.Errorf("%s of a time that is none: got %+v, %v, want no time", rule, got.Receipts, err)
		}
	}
}

// TestNetworks: the ways in which the network of the recipient is told, and what is none.
func TestNetworks(t *testing.T) {
	t.Parallel()
	together, apart := "network: n", "mcc: n.c\n  mnc: n.n"
	for _, tt := range []struct{ rule, told, want string }{
		{together, `"63902"`, "63902"},
		{together, `63902`, "63902"},
		{together, `"310-026"`, "310026"},
		{together, `"Safaricom"`, ""},
		{together, `null`, ""},
		{apart, `{"c":"310","n":"026"}`, "310026"},
		{apart, `{"c":639,"n":2}`, "63902"},
		{apart, `{"c":639}`, ""},
	} {
		p, _ := opened(t, settings(with("", calls+"  "+tt.rule)), atNoon)
		got, err := p.(smsir.CalledBack).Callback(t.Context(), post(callback, "application/json", `{"id":"m1","s":"OK","n":`+tt.told+`}`))
		if err != nil || len(got.Receipts) != 1 || got.Receipts[0].Network != tt.want {
			t.Errorf("%s of %s: got %+v, %v, want network %q", tt.rule, tt.told, got.Receipts, err, tt.want)
		}
	}
}

// TestPathsOfDocuments: where a value stands in JSON, XML and forms.
func TestPathsOfDocuments(t *testing.T) {
	t.Parallel()
	const xmlBody = `<?xml version="1.0" encoding="UTF-8"?><r:response xmlns:r="x"><message id="1">one</message><message id="2"> two &amp; </message><empty/></r:response>`
	const jsonBody = `{"a":{"b":[{"c":1},{"c":"x"},{"c":null},{"d":true}]},"a.b":"dot","m~n":{"x/y":"ptr"},"*":"star","":"none"}`
	for _, tt := range []struct {
		format, body, path string
		want               []string
	}{
		{formatJSON, jsonBody, "a.b.0.c", []string{"1"}},
		{formatJSON, jsonBody, "a.b.*.c", []string{"1", "x"}},
		{formatJSON, jsonBody, "a.b.3.d", []string{"true"}},
		{formatJSON, jsonBody, "/a.b", []string{"dot"}},
		{formatJSON, jsonBody, "/m~0n/x~1y", []string{"ptr"}},
		{formatJSON, jsonBody, "$.a.b.1.c", []string{"x"}},
		{formatJSON, jsonBody, "a.b.9.c", nil},
		{formatJSON, jsonBody, "a.b.-1.c", nil},
		{formatJSON, jsonBody, "a.b", nil},
		{formatJSON, `[[1,2],[3]]`, "*.*", []string{"1", "2", "3"}},
		{formatXML, xmlBody, "response.message", []string{"one"}},
		{formatXML, xmlBody, "response.message.1", []string{"two &"}},
		{formatXML, xmlBody, "response.message.*.@id", []string{"1", "2"}},
		{formatXML, xmlBody, "response.message.@id", []string{"1"}},
		{formatXML, xmlBody, "response.empty", []string{""}},
		{formatXML, xmlBody, "response.none", nil},
		{formatXML, xmlBody, "response.message.@none", nil},
		{formatForm, "a.b=1&c=2&c=3", "a.b", []string{"1"}},
		{formatForm, "a.b=1&c=2&c=3", "$.c.*", []string{"2", "3"}},
	} {
		tr := &tree{}
		src := tr.source(tr.parseYAML(strconv.Quote(tt.path)), "x", tt.format)
		d := document{body: []byte(tt.body)}
		if err := d.read(tt.format); err != nil || tr.err != nil {
			t.Fatalf("%s: %v, %v", tt.path, err, tr.err)
		}
		if got := src.all(&d); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s in %s: got %q, want %q", tt.path, tt.format, got, tt.want)
		}
	}
	for name, body := range map[string]string{
		"entity": `<!DOCTYPE x [<!ENTITY e "eeee">]><x>&e;</x>`, "open": `<x>`, "two": `<x/><y/>`, "none": ``, "charset": `<?xml version="1.0" encoding="utf-7"?><x/>`,
		"deep": strings.Repeat("<x>", 1000),
	} {
		d := document{body: []byte(body)}
		if err := d.read(formatXML); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
