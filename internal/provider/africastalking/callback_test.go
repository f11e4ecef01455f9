package africastalking

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(t *testing.T, now time.Time) *account {
	a := newAccount(t, newFar(t))
	a.now = func() time.Time { return now }
	return a
}

func pairs(more ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(more); i += 2 {
		v.Add(more[i], more[i+1])
	}
	return v
}

func call(form url.Values) smsir.CallbackRequest {
	return smsir.CallbackRequest{Method: "POST", URL: callback, Body: []byte(form.Encode()), Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}}
}

func report(status string, more ...string) url.Values {
	return pairs(append([]string{"id", "ATXid_1", "status", status, "phoneNumber", takes, "networkCode", "63902", "retryCount", "0"}, more...)...)
}

// TestReceipts: what each status and reason comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := at(t, noon)
	for _, tt := range []struct {
		status, reason string
		want           smsir.Status
		class          smsir.FailureClass
		unmapped       bool
	}{
		{"Sent", "", smsir.Sent, "", false},
		{"Submitted", "", smsir.Sent, "", false},
		{"Buffered", "", smsir.Sent, "", false},
		{"Success", "", smsir.Delivered, "", false},
		{"Rejected", "", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"Rejected", "UserInBlackList", smsir.Undelivered, smsir.ClassBlocked, false},
		{"Rejected", "InvalidLinkId", smsir.Undelivered, smsir.ClassConfig, false},
		{"Failed", "UserDoesNotExist", smsir.Undelivered, smsir.ClassPermanent, false},
		{"Failed", "DeliveryFailure", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"Failed", "SomethingNew", smsir.Undelivered, smsir.ClassRecipientTemp, true},
		{"Failed", "", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"Expired", "", smsir.Expired, smsir.ClassRecipientTemp, false},
		{"AbsentSubscriber", "", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"AbsentSubscriber", "UserIsInactive", smsir.Undelivered, smsir.ClassPermanent, false},
	} {
		form := report(tt.status)
		if tt.reason != "" {
			form.Set("failureReason", tt.reason)
		}
		told, err := a.Callback(t.Context(), call(form))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%v: got %+v, %v, want one receipt", form, told, err)
			continue
		}
		got := told.Receipts[0]
		want := smsir.Receipt{Reference: "ATXid_1", To: takes, Status: tt.want, ArrivedAt: noon, Code: tt.reason, Network: "63902", Raw: form.Encode(), Unmapped: tt.unmapped}
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (*got.Error != smsir.Failure{Class: tt.class, Code: strings.ToLower(tt.status), Text: got.Error.Text, ProviderCode: tt.reason} || got.Error.Text == "") {
			t.Errorf("%v: got the error %+v, want class %q", form, got.Error, tt.class)
		}
		if got.Error = nil; !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, want %+v", form, got, want)
		}
	}
	if told, err := a.Callback(t.Context(), call(report("BrandNew"))); err != nil || len(told.Receipts)+len(told.Inbound) != 0 {
		t.Errorf("a new status: got %+v, %v, want nothing", told, err)
	}
	form := report("Success")
	form.Set("phoneNumber", "12025550120")
	if told, err := a.Callback(t.Context(), call(form)); err != nil || told.Receipts[0].To != "" {
		t.Errorf("a number that is not in E.164: got %+v, %v, want none", told, err)
	}
	if told, err := a.Callback(t.Context(), call(report("Success", "x", strings.Repeat("x", 10_000)))); err != nil || len(told.Receipts[0].Raw) != maxRaw {
		t.Errorf("a long call: got %+v, %v, want %d bytes of it", told, err, maxRaw)
	}
	if got := cut(strings.Repeat("x", maxRaw-1) + "ü"); !utf8.ValidString(got) || len(got) != maxRaw-1 {
		t.Errorf("cut in the middle of a character: kept %d bytes, valid %v", len(got), utf8.ValidString(got))
	}
}

// TestReplies: somebody writes to a short code, or opts out of an alphanumeric sender.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := at(t, noon)
	message := pairs("from", takes, "to", "12345", "text", "Habari & ü", "id", "9c5d0b1e", "date", "2026-11-23 11:59:58", "linkId", "", "networkCode", "63902")
	optOut := pairs("senderId", "ACME", "phoneNumber", takes)
	for name, tt := range map[string]struct {
		form url.Values
		want smsir.Inbound
	}{
		"message": {message, smsir.Inbound{Reference: "9c5d0b1e", From: takes, To: "12345", Text: "Habari & ü", ReceivedAt: noon, Raw: message.Encode()}},
		"opt-out": {optOut, smsir.Inbound{From: takes, To: "ACME", Text: "STOP", ReceivedAt: noon, Raw: optOut.Encode()}},
	} {
		told, err := a.Callback(t.Context(), call(tt.form))
		if err != nil || !reflect.DeepEqual(told.Inbound, []smsir.Inbound{tt.want}) || len(told.Receipts) != 0 || told.Status != 200 {
			t.Errorf("%s: got %+v, %v, want %+v", name, told, err, tt.want)
		}
	}
	get := call(message)
	get.Method, get.URL, get.Body = "GET", callback+"?"+message.Encode(), nil
	odd := call(message)
	odd.Method = "GET"
	object := call(message)
	object.Header, object.Body = map[string][]string{"Content-Type": {"application/json"}}, []byte(`{"id":"x","status":"Success"}`)
	broken := call(message)
	broken.Body = []byte("%zz")
	for name, r := range map[string]smsir.CallbackRequest{
		"GET": get, "GET with a body": odd, "JSON": object, "no form": broken, "nothing": call(nil), "no id": call(pairs("status", "Success", "phoneNumber", takes)),
		"no sender": call(pairs("to", "12345", "text", "x")), "no recipient": call(pairs("from", takes, "text", "x")),
		"a subscription": call(pairs("phoneNumber", takes, "shortCode", "12345", "keyword", "NEWS", "updateType", "Addition")),
	} {
		if told, err := a.Callback(t.Context(), r); smsir.CodeOf(err) != smsir.CodeInvalid || !reflect.DeepEqual(told, smsir.CallbackAnswer{}) {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}
