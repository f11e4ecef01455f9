package vonage

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
)

// signedSMS and signedHook make calls that are believed.
func signedSMS(v url.Values) smsir.CallbackRequest { return form("sha256", signing, v) }

func signedHook(body string) smsir.CallbackRequest {
	return hooked(body, mint(hs256, signing, claimsFor(body)))
}

// TestReceiptsSMS: what each status and code of the SMS API comes to, whichever API is set for sending.
func TestReceiptsSMS(t *testing.T) {
	t.Parallel()
	accounts := []*account{at(t, noon, apiSMS), at(t, noon, apiMessages)}
	for _, tt := range []struct {
		status, code string
		want         smsir.Status
		class        smsir.FailureClass
		unmapped     bool
	}{
		{"accepted", "0", smsir.Sent, "", false},
		{"buffered", "0", smsir.Sent, "", false},
		{"delivered", "0", smsir.Delivered, "", false},
		{"expired", "0", smsir.Expired, smsir.ClassPermanent, false},
		{"expired", "2", smsir.Expired, smsir.ClassRecipientTemp, false},
		{"failed", "", smsir.Undelivered, smsir.ClassPermanent, false},
		{"failed", "0", smsir.Undelivered, smsir.ClassPermanent, false},
		{"failed", "1", smsir.Undelivered, smsir.ClassPermanent, false},
		{"failed", "2", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"failed", "8", smsir.Undelivered, smsir.ClassRetry, false},
		{"failed", "4", smsir.Undelivered, smsir.ClassBlocked, false},
		{"rejected", "6", smsir.Undelivered, smsir.ClassBlocked, false},
		{"rejected", "15", smsir.Undelivered, smsir.ClassConfig, false},
		{"rejected", "98", smsir.Undelivered, smsir.ClassPermanent, true},
	} {
		for _, a := range accounts {
			r := signedSMS(dlr(tt.status, tt.code))
			told, err := a.Callback(t.Context(), r)
			want := smsir.Receipt{
				Reference: messageID, Attempt: attempt, To: takes, Status: tt.want, Part: true, DoneAt: time.Date(2026, 11, 23, 11, 59, 0, 0, time.UTC), ArrivedAt: noon,
				Code: tt.code, Raw: string(r.Body), Price: smsir.Money{Micros: 33_300, Currency: "EUR"}, Network: "310090", Unmapped: tt.unmapped,
			}
			if err != nil || len(told.Receipts) != 1 || told.Status != 200 {
				t.Errorf("%s %s: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
				continue
			}
			got := told.Receipts[0]
			if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.Code != tt.status || got.Error.Text == "" || got.Error.ProviderCode != tt.code) {
				t.Errorf("%s %s: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
			}
			if got.Error = nil; !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s: got %+v, want %+v", tt.status, tt.code, got, want)
			}
		}
	}
	for _, status := range []string{"unknown", "brand_new"} {
		if told, err := accounts[0].Callback(t.Context(), signedSMS(dlr(status, "1"))); err != nil || len(told.Receipts)+len(told.Inbound) != 0 {
			t.Errorf("%s: got %+v, %v, want nothing", status, told, err)
		}
	}
}

// TestReceiptsMessages: what each status and code of the Messages API comes to.
func TestReceiptsMessages(t *testing.T) {
	t.Parallel()
	accounts := []*account{at(t, noon, apiSMS), at(t, noon, apiMessages)}
	problem := func(typ string, title any, detail string) []any {
		return []any{"error", map[string]any{"type": typ, "title": title, "detail": detail, "instance": "x"}}
	}
	const page = "https://developer.vonage.com/api-errors/messages#"
	for _, tt := range []struct {
		status   string
		change   []any
		want     smsir.Status
		class    smsir.FailureClass
		code     string
		words    string
		unmapped bool
	}{
		{"submitted", nil, smsir.Sent, "", "", "", false},
		{"accepted", nil, smsir.Sent, "", "", "", false},
		{"delivered", nil, smsir.Delivered, "", "", "", false},
		{"rejected", problem(page+"1050", "1050", "Number barred"), smsir.Undelivered, smsir.ClassBlocked, "1050", "Number barred", false},
		{"rejected", problem("", 1240, "Illegal Number"), smsir.Undelivered, smsir.ClassBlocked, "1240", "Illegal Number", false},
		{"rejected", problem("https://developer.nexmo.com/api-errors/messages-olympus#1000", 1000, ""), smsir.Undelivered, smsir.ClassThrottle, "1000", "1000", false},
		{"undeliverable", problem(page+"1180", "Absent Subscriber Temporary", ""), smsir.Undelivered, smsir.ClassRecipientTemp, "1180", "Absent Subscriber Temporary", false},
		{"undeliverable", problem(page+"1360", "1360", "TTL was activated"), smsir.Expired, smsir.ClassPermanent, "1360", "TTL was activated", false},
		{"undeliverable", problem(page+"9999", "9999", "new"), smsir.Undelivered, smsir.ClassPermanent, "9999", "new", true},
		{"undeliverable", nil, smsir.Undelivered, smsir.ClassPermanent, "", "", false},
	} {
		for _, a := range accounts {
			body := report(tt.status, tt.change...)
			told, err := a.Callback(t.Context(), signedHook(body))
			if err != nil || len(told.Receipts) != 1 || told.Status != 200 {
				t.Errorf("%s: got %+v, %v, want one receipt", body, told, err)
				continue
			}
			want := smsir.Receipt{
				Reference: messageUUID, Attempt: attempt, To: takes, Status: tt.want, DoneAt: time.Date(2026, 11, 23, 11, 59, 0, 331e6, time.UTC), ArrivedAt: noon,
				Code: tt.code, Raw: body, Price: smsir.Money{Micros: 33_300, Currency: "EUR"}, Network: "310260", Unmapped: tt.unmapped,
			}
			got := told.Receipts[0]
			if (got.Error != nil) != (tt.class != "") || got.Error != nil && (*got.Error != smsir.Failure{Class: tt.class, Code: tt.status, Text: got.Error.Text, ProviderCode: tt.code, ProviderText: tt.words} || got.Error.Text == "") {
				t.Errorf("%s: got the error %+v, want class %q", body, got.Error, tt.class)
			}
			if got.Error = nil; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", body, got, want)
			}
		}
	}
	for name, body := range map[string]string{
		"a new status": report("brand_new"), "another channel": report("delivered", "channel", "whatsapp"), "another channel's reply": report("", "channel", "whatsapp", "text", "Hello"),
	} {
		if told, err := accounts[0].Callback(t.Context(), signedHook(body)); err != nil || len(told.Receipts)+len(told.Inbound) != 0 {
			t.Errorf("%s: got %+v, %v, want nothing", name, told, err)
		}
	}
}

// TestOddReceipts: what is missing or strange in a receipt.
func TestOddReceipts(t *testing.T) {
	t.Parallel()
	a := at(t, noon, apiSMS)
	first := func(r smsir.CallbackRequest) smsir.Receipt {
		t.Helper()
		told, err := a.Callback(t.Context(), r)
		if err != nil || len(told.Receipts) != 1 {
			t.Fatalf("%s: got %+v, %v, want a receipt", r.Body, told, err)
		}
		return told.Receipts[0]
	}
	for _, reference := range []string{"", "msg_0000000000001", "somebody else's"} {
		v := dlr("delivered", "0")
		v.Set("client-ref", reference)
		if got := first(signedSMS(v)); got.Attempt != 0 || got.Reference != messageID {
			t.Errorf("client-ref %q: got %+v, want no attempt", reference, got)
		}
		if got := first(signedHook(report("delivered", "client_ref", reference))); got.Attempt != 0 || got.Reference != messageUUID {
			t.Errorf("client_ref %q: got %+v, want no attempt", reference, got)
		}
	}
	v := dlr("delivered", "0")
	v.Set("scts", "yesterday")
	v.Set("msisdn", "ACME")
	v.Set("price", "")
	if got := first(signedSMS(v)); !got.DoneAt.IsZero() || got.To != "" || got.Price != (smsir.Money{}) {
		t.Errorf("no time, number or price: got %+v", got)
	}
	if got := first(signedHook(report("delivered", "timestamp", "yesterday", "to", "ACME", "usage", nil))); !got.DoneAt.IsZero() || got.To != "" || got.Price != (smsir.Money{}) {
		t.Errorf("no time, number or price: got %+v", got)
	}
	if got := first(signedHook(report("delivered", "to", 12025550120))); got.To != takes {
		t.Errorf("a number that is one in JSON: got %+v", got)
	}
	long := first(signedHook(report("delivered", "text", "x"+strings.Repeat("ü", 4000))))
	if len(long.Raw) > maxRaw || len(long.Raw) < maxRaw-3 || !utf8.ValidString(long.Raw) {
		t.Errorf("a long call: kept %d bytes, valid %v, want %d of whole characters", len(long.Raw), utf8.ValidString(long.Raw), maxRaw)
	}
	for name, r := range map[string]smsir.CallbackRequest{
		"no message":         signedSMS(pairs("status", "delivered", "msisdn", "12025550120")),
		"no sender":          signedSMS(pairs("messageId", messageID, "to", "12025550130", "text", "x")),
		"no recipient":       signedSMS(pairs("messageId", messageID, "msisdn", "12025550120", "text", "x")),
		"no UUID":            signedHook(report("delivered", "message_uuid", "")),
		"no UUID, in reply":  signedHook(report("", "message_uuid", "../../../../../../x")),
		"no sender in JSON":  signedHook(report("", "from", "")),
		"no JSON":            signedHook(`{"message_uuid":`),
		"older form of JSON": signedHook(report("delivered", "to", map[string]string{"type": "sms", "number": "12025550120"})),
	} {
		if told, err := a.Callback(t.Context(), r); smsir.CodeOf(err) != smsir.CodeInvalid || !reflect.DeepEqual(told, smsir.CallbackAnswer{}) {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}

// TestReplies: somebody writes to a number of the account.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := at(t, noon, apiSMS)
	params := pairs("msisdn", "12025550120", "to", "12025550130", "messageId", messageID, "text", "STOP bitte – ü & = x", "type", "unicode", "keyword", "STOP",
		"message-timestamp", "2026-11-23 11:59:58", "nonce", "b2f1")
	changed := func(v url.Values, more ...string) url.Values {
		out := url.Values{}
		for name := range v {
			out.Set(name, v.Get(name))
		}
		for i := 0; i+1 < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	hook := map[string]any{
		"channel": "sms", "message_uuid": messageUUID, "to": "12025550130", "from": "12025550120", "timestamp": "2026-11-23T11:59:58Z", "message_type": "text",
		"text": "STOP bitte – ü & = x", "sms": map[string]string{"num_messages": "1", "keyword": "STOP"}, "usage": map[string]string{"currency": "EUR", "price": "0"},
	}
	raw, err := json.Marshal(hook)
	if err != nil {
		t.Fatal(err)
	}
	whole := smsir.Inbound{Reference: messageID, From: takes, To: sender, Text: "STOP bitte – ü & = x", ReceivedAt: noon}
	with := func(f func(*smsir.Inbound)) smsir.Inbound { in := whole; f(&in); return in }
	get := smsir.CallbackRequest{Method: "GET", URL: callback + "?" + string(signedSMS(params).Body)}
	for name, tt := range map[string]struct {
		r    smsir.CallbackRequest
		want smsir.Inbound
	}{
		"form":          {signedSMS(params), whole},
		"GET":           {get, whole},
		"to short code": {signedSMS(changed(params, "to", "12345")), with(func(in *smsir.Inbound) { in.To = "12345" })},
		"from a name":   {signedSMS(changed(params, "msisdn", "ACME")), with(func(in *smsir.Inbound) { in.From = "ACME" })},
		"first part":    {signedSMS(changed(params, "concat", "true", "concat-ref", "1", "concat-total", "2", "concat-part", "1")), whole},
		"second part":   {signedSMS(changed(params, "concat", "true", "concat-ref", "1", "concat-total", "2", "concat-part", "2", "messageId", "0A2", "text", "rest")), with(func(in *smsir.Inbound) { in.Reference, in.Text = "0A2", "rest" })},
		"binary":        {signedSMS(changed(params, "type", "binary", "text", "", "data", "0011", "udh", "0605")), with(func(in *smsir.Inbound) { in.Text = "" })},
		"Messages API":  {signedHook(string(raw)), with(func(in *smsir.Inbound) { in.Reference = messageUUID })},
	} {
		told, err := a.Callback(t.Context(), tt.r)
		if err != nil || len(told.Inbound) != 1 || len(told.Receipts) != 0 || told.Status != 200 {
			t.Errorf("%s: got %+v, %v, want one reply", name, told, err)
			continue
		}
		tt.want.Raw = string(tt.r.Body)
		if tt.r.Method == "GET" {
			_, tt.want.Raw, _ = strings.Cut(tt.r.URL, "?")
		}
		if got := told.Inbound[0]; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
		if strings.HasSuffix(name, "part") && !strings.Contains(tt.want.Raw, "concat-part=") {
			t.Errorf("%s: what is kept does not tell that it is a part: %s", name, tt.want.Raw)
		}
	}
}
