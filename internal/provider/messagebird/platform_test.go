package messagebird

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

//go:embed testdata/event.json
var eventBody []byte

// birdSecret is the secret of a webhook as Bird shows it.
func birdSecret(word string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(word))
}

// birdSign is Bird's signature.
func birdSign(word string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(word))
	mac.Write([]byte(fmt.Sprintf("msg_1.%d.%s", at.Unix(), body)))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func birdCallAt(at time.Time, body []byte, signatures string) smsir.CallbackRequest {
	return smsir.CallbackRequest{Method: "POST", URL: callback, Body: body, Header: map[string][]string{
		"Content-Type": {"application/json"}, "Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {fmt.Sprint(at.Unix())}, "Webhook-Signature": {signatures},
	}}
}

func birdCall(body []byte) smsir.CallbackRequest {
	return birdCallAt(clock(), body, birdSign("one", clock(), body))
}

// changed is the event of testdata with other data; "type" and "timestamp" are beside it.
func changed(change map[string]any) []byte {
	var e map[string]any
	if err := json.Unmarshal(eventBody, &e); err != nil {
		panic(err)
	}
	for name, value := range change {
		if name == "type" || name == "timestamp" {
			e[name] = value
			continue
		}
		e["data"].(map[string]any)[name] = value
	}
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return body
}

// TestPlatformProof: what proves nothing changes nothing.
func TestPlatformProof(t *testing.T) {
	t.Parallel()
	both := []string{settingSigned2, birdSecret("two")}
	at := func(d time.Duration) smsir.CallbackRequest {
		return birdCallAt(clock().Add(d), eventBody, birdSign("one", clock().Add(d), eventBody))
	}
	header := func(name string, values ...string) smsir.CallbackRequest {
		r := birdCall(eventBody)
		r.Header["Webhook-"+name] = values
		return r
	}
	good := birdSign("one", clock(), eventBody)
	other, byGet, empty := birdCall(eventBody), birdCall(eventBody), birdCall(eventBody)
	other.Body = changed(map[string]any{"type": "sms.failed"})
	byGet.Method = "GET"
	empty.Body = nil
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		fine     bool
	}{
		"signed":                       {birdCall(eventBody), nil, true},
		"signed, while it changes":     {birdCall(eventBody), both, true},
		"signed with the other secret": {header("Signature", birdSign("two", clock(), eventBody)), both, true},
		"several signatures":           {header("Signature", "v1a,x "+birdSign("three", clock(), eventBody)+" "+good), nil, true},
		"five minutes old":             {at(-5 * time.Minute), nil, true},
		"five minutes ahead":           {at(5 * time.Minute), nil, true},
		"older: replayed":              {at(-5*time.Minute - time.Second), nil, false},
		"newer: made for later":        {at(5*time.Minute + time.Second), nil, false},
		"secret of somebody else":      {header("Signature", birdSign("three", clock(), eventBody)), both, false},
		"empty secret":                 {header("Signature", birdSign("", clock(), eventBody)), both, false},
		"body changed":                 {other, nil, false},
		"body gone":                    {empty, nil, false},
		"by GET":                       {byGet, nil, false},
		"id changed":                   {header("Id", "msg_2"), nil, false},
		"no id":                        {header("Id"), nil, false},
		"time changed":                 {header("Timestamp", fmt.Sprint(clock().Unix()+1)), nil, false},
		"time that is none":            {header("Timestamp", "now"), nil, false},
		"two times":                    {header("Timestamp", fmt.Sprint(clock().Unix()), "1"), nil, false},
		"no signature":                 {header("Signature"), nil, false},
		"empty signature":              {header("Signature", ""), nil, false},
		"two headers":                  {header("Signature", good, good), nil, false},
		"no version":                   {header("Signature", strings.TrimPrefix(good, "v1,")), nil, false},
		"another version":              {header("Signature", "v2"+strings.TrimPrefix(good, "v1")), nil, false},
		"we have no secret":            {birdCall(eventBody), []string{settingSigning, ""}, false},
		"a token of the SMS API":       {posted("application/json", string(eventBody)), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := newPlatform(t, newFar(t), tt.settings...).Callback(t.Context(), tt.r)
			checkProof(t, told, err, tt.fine)
		})
	}
}

// TestReportCodes compares reports.json with the list below, and what a receipt with each word comes to.
func TestReportCodes(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	c, p := newClassic(t, f), newPlatform(t, f)
	want := map[smsir.FailureClass]string{
		smsir.ClassPermanent:     "1,5,9,11,12,13,21,35,36,unknown subscriber,expired,carrier rejected,generic delivery failure",
		smsir.ClassRecipientTemp: "6,27,31,32,34,unavailable subscriber,received network error,unreachable",
		smsir.ClassBlocked:       "103,opted out",
		smsir.ClassConfig:        "104,insufficient balance",
		smsir.ClassThrottle:      "capacity limit reached",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.SplitSeq(codes, ",") {
			n++
			note := c.reports.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			r := report("status", "delivery_failed", "statusErrorCode", code)
			if code[0] > '9' {
				r = report("status", "delivery_failed", "statusReason", code)
			}
			told, err := c.Callback(t.Context(), r)
			if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Unmapped || told.Receipts[0].Error.Class != class || told.Receipts[0].Error.Text != note.Text {
				t.Errorf("%s: got %+v, %v, want class %q", code, told, err, class)
			}
			told, err = p.Callback(t.Context(), birdCall(changed(map[string]any{"type": "sms.failed", "error": map[string]any{"code": code}})))
			if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Unmapped || told.Receipts[0].Error.Class != class {
				t.Errorf("%s, Bird: got %+v, %v, want class %q", code, told, err, class)
			}
		}
	}
	if n != len(c.reports.Codes) {
		t.Errorf("reports.json has %d codes, want %d", len(c.reports.Codes), n)
	}
}

// TestPlatformReceipts: what each event comes to.
func TestPlatformReceipts(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, newFar(t))
	for _, tt := range []struct {
		kind     string
		want     smsir.Status
		code     string
		class    smsir.FailureClass
		unmapped bool
	}{
		{"sms.accepted", smsir.Sent, "", "", false},
		{"sms.sent", smsir.Sent, "", "", false},
		{"sms.delivered", smsir.Delivered, "", "", false},
		{"sms.undelivered", smsir.Undelivered, "E77777", smsir.ClassPermanent, true},
		{"sms.failed", smsir.Undelivered, "unreachable", smsir.ClassRecipientTemp, false},
		{"sms.rejected", smsir.Undelivered, "", smsir.ClassPermanent, false},
		{"sms.expired", smsir.Expired, "", smsir.ClassPermanent, false},
	} {
		change := map[string]any{"type": tt.kind}
		if tt.code != "" {
			change["error"] = map[string]any{"code": tt.code, "description": "words"}
		}
		body := changed(change)
		told, err := p.Callback(t.Context(), birdCall(body))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%s: got %+v, %v, want one receipt", tt.kind, told, err)
			continue
		}
		got := told.Receipts[0]
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != tt.code || (got.Error.ProviderText == "words") != (tt.code != "") || got.Error.Text == "") {
			t.Errorf("%s: got the error %+v, want class %q", tt.kind, got.Error, tt.class)
		}
		got.Error = nil
		want := smsir.Receipt{
			Reference: bird1, Attempt: attempt, To: takes, Status: tt.want, DoneAt: clock().Add(-time.Second), ArrivedAt: clock(), Code: tt.code, Raw: string(body), Unmapped: tt.unmapped,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", tt.kind, got, want)
		}
	}
	none := smsir.CallbackAnswer{Status: 200}
	for name, body := range map[string][]byte{
		"a new event": changed(map[string]any{"type": "sms.brand_new"}), "an e-mail": changed(map[string]any{"type": "email.delivered", "sms_id": ""}), "no type": []byte(`{}`),
	} {
		if told, err := p.Callback(t.Context(), birdCall(body)); err != nil || !reflect.DeepEqual(told, none) {
			t.Errorf("%s: got %+v, %v, want nothing", name, told, err)
		}
	}
	received := map[string]any{"type": "sms.received", "text": "x"}
	for name, body := range map[string][]byte{
		"no JSON": []byte("x"), "no message": changed(map[string]any{"sms_id": ""}), "no text": changed(map[string]any{"type": "sms.received"}),
		"no sender": changed(map[string]any{"type": "sms.received", "text": "x", "from": ""}), "no recipient": changed(map[string]any{"type": "sms.received", "text": "x", "to": ""}),
	} {
		if told, err := p.Callback(t.Context(), birdCall(body)); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
	for name, metadata := range map[string]any{"none": nil, "not ours": map[string]any{"attempt": "theirs"}, "of another form": map[string]any{"attempt": 1}} {
		told, err := p.Callback(t.Context(), birdCall(changed(map[string]any{"metadata": metadata})))
		if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Attempt != 0 {
			t.Errorf("metadata %s: got %+v, %v, want a receipt without attempt", name, told, err)
		}
	}
	// Replies.
	received["from"], received["to"] = takes, sender
	body := changed(received)
	want := smsir.CallbackAnswer{Status: 200, Inbound: []smsir.Inbound{{Reference: bird1, From: takes, To: sender, Text: "x", ReceivedAt: clock().Add(-time.Second), Raw: string(body)}}}
	if told, err := p.Callback(t.Context(), birdCall(body)); err != nil || !reflect.DeepEqual(told, want) {
		t.Errorf("a reply: got %+v, %v, want %+v", told, err, want)
	}
	received["timestamp"], received["to"] = "", "22395"
	told, err := p.Callback(t.Context(), birdCall(changed(received)))
	if err != nil || len(told.Inbound) != 1 || told.Inbound[0].To != "22395" || !told.Inbound[0].ReceivedAt.Equal(clock()) {
		t.Errorf("to a short code: got %+v, %v, want it as it is, at the time of arrival", told, err)
	}
}
