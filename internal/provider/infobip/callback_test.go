package infobip

import (
	_ "embed"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

//go:embed testdata/report.json
var reportBody []byte

//go:embed testdata/inbound.json
var inboundBody []byte

func call(body []byte) smsir.CallbackRequest {
	return smsir.CallbackRequest{Method: "POST", URL: callback, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: body}
}

// report is one element of a report, with other values.
func report(change map[string]any) map[string]any {
	var body struct{ Results []map[string]any }
	if err := json.Unmarshal(reportBody, &body); err != nil {
		panic(err)
	}
	for name, value := range change {
		body.Results[0][name] = value
	}
	return body.Results[0]
}

func results(all ...map[string]any) []byte {
	if all == nil {
		all = []map[string]any{}
	}
	body, err := json.Marshal(map[string]any{"results": all})
	if err != nil {
		panic(err)
	}
	return body
}

func said(group, name string) map[string]any {
	return map[string]any{"groupName": group, "name": name, "description": "status words"}
}

func failed(group, name string, permanent bool) map[string]any {
	return map[string]any{"groupName": group, "name": name, "description": "error words", "permanent": permanent}
}

// TestReceipts: what each status comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	none := failed("OK", "NO_ERROR", false)
	for _, tt := range []struct {
		status, err map[string]any
		want        smsir.Status
		nonSend     bool
		class       smsir.FailureClass
		code, words string
		unmapped    bool
	}{
		{said("PENDING", "PENDING_ENROUTE"), none, smsir.Sent, false, "", "", "", false},
		{said("DELIVERED", "DELIVERED_TO_OPERATOR"), none, smsir.Sent, false, "", "", "", false},
		{said("DELIVERED", "DELIVERED_TO_HANDSET"), none, smsir.Delivered, false, "", "", "", false},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), failed("HANDSET_ERRORS", "EC_ABSENT_SUBSCRIBER", false), smsir.Undelivered, false, smsir.ClassRecipientTemp, "EC_ABSENT_SUBSCRIBER", "error words", false},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), failed("HANDSET_ERRORS", "EC_UNKNOWN_SUBSCRIBER", true), smsir.Undelivered, false, smsir.ClassPermanent, "EC_UNKNOWN_SUBSCRIBER", "error words", false},
		{said("UNDELIVERABLE", "UNDELIVERABLE_REJECTED_OPERATOR"), failed("USER_ERRORS", "EC_CONTENT_BLOCKED", true), smsir.Undelivered, false, smsir.ClassBlocked, "EC_CONTENT_BLOCKED", "error words", false},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), failed("HANDSET_ERRORS", "EC_NEW", false), smsir.Undelivered, false, smsir.ClassRecipientTemp, "EC_NEW", "error words", true},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), failed("HANDSET_ERRORS", "EC_NEW", true), smsir.Undelivered, false, smsir.ClassPermanent, "EC_NEW", "error words", true},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), failed("OPERATOR_ERRORS", "EC_NEW", false), smsir.Undelivered, false, smsir.ClassPermanent, "EC_NEW", "error words", true},
		{said("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), none, smsir.Undelivered, false, smsir.ClassPermanent, "UNDELIVERABLE_NOT_DELIVERED", "status words", false},
		{said("EXPIRED", "EXPIRED_EXPIRED"), failed("USER_ERRORS", "EC_VALIDITY_EXPIRED", true), smsir.Expired, false, smsir.ClassPermanent, "EC_VALIDITY_EXPIRED", "error words", false},
		{said("EXPIRED", "EXPIRED_DLR_UNKNOWN"), none, smsir.Expired, false, smsir.ClassPermanent, "EXPIRED_DLR_UNKNOWN", "status words", false},
		{said("REJECTED", "REJECTED_SYSTEM_ERROR"), none, smsir.Undelivered, true, smsir.ClassRetry, "REJECTED_SYSTEM_ERROR", "status words", false},
		{said("REJECTED", "REJECTED_FLOODING_FILTER"), failed("USER_ERRORS", "EC_DESTINATION_FLOODING", true), smsir.Undelivered, true, smsir.ClassRetry, "REJECTED_FLOODING_FILTER", "status words", false},
		{said("REJECTED", "REJECTED_NOT_ENOUGH_CREDITS"), none, smsir.Undelivered, false, smsir.ClassConfig, "REJECTED_NOT_ENOUGH_CREDITS", "status words", false},
		{said("REJECTED", "REJECTED_DND"), none, smsir.Undelivered, false, smsir.ClassBlocked, "REJECTED_DND", "status words", false},
		{said("REJECTED", "REJECTED_NEW"), none, smsir.Undelivered, false, smsir.ClassPermanent, "REJECTED_NEW", "status words", true},
	} {
		element := report(map[string]any{"status": tt.status, "error": tt.err})
		told, err := a.Callback(t.Context(), call(results(element)))
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%v: got %+v, %v, want one receipt", tt.status, told, err)
			continue
		}
		got := told.Receipts[0]
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != tt.code || got.Error.ProviderText != tt.words || got.Error.Text == "") {
			t.Errorf("%v %v: got the error %+v, want %s %s %q", tt.status, tt.err, got.Error, tt.class, tt.code, tt.words)
		}
		got.Error = nil
		raw, _ := json.Marshal(element)
		want := smsir.Receipt{
			Reference: ours, Attempt: attempt, To: takes, Status: tt.want, NonSend: tt.nonSend, DoneAt: time.Date(2026, 11, 29, 12, 0, 4, 250_000_000, time.UTC),
			ArrivedAt: clock(), Code: tt.code, Raw: string(raw), Price: smsir.Money{Micros: 10200, Currency: "EUR"}, Network: "310260", Unmapped: tt.unmapped,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, want %+v", tt.status, got, want)
		}
	}
}

// TestCalls: several at once, what says nothing, and what cannot be read.
func TestCalls(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	var reply struct{ Results []map[string]any }
	if err := json.Unmarshal(inboundBody, &reply); err != nil {
		t.Fatal(err)
	}
	strange := map[string]any{"messageId": "1", "hello": 1}
	told, err := a.Callback(t.Context(), call(results(report(nil), strange, report(map[string]any{"messageId": "2", "callbackData": "theirs"}), reply.Results[0])))
	if err != nil || len(told.Receipts) != 2 || len(told.Inbound) != 1 {
		t.Fatalf("got %+v, %v, want two receipts and a reply", told, err)
	}
	if told.Receipts[0].Reference != ours || told.Receipts[0].Attempt != attempt || told.Receipts[1].Reference != "2" || told.Receipts[1].Attempt != 0 {
		t.Errorf("got %+v, want ours with its attempt and theirs without", told.Receipts)
	}
	again, err := a.Callback(t.Context(), call(results(report(nil))))
	if err != nil || !reflect.DeepEqual(again.Receipts, told.Receipts[:1]) {
		t.Errorf("again: got %+v, %v, want the same", again, err)
	}
	none := smsir.CallbackAnswer{Status: 200}
	for name, body := range map[string][]byte{
		"a new group": results(report(map[string]any{"status": said("BRAND_NEW", "X")})), "no group": results(report(map[string]any{"status": said("", "")})),
		"a duplicate": results(report(map[string]any{"status": said("REJECTED", "REJECTED_DUPLICATE_MESSAGE_ID")})), "nothing": results(),
	} {
		if told, err := a.Callback(t.Context(), call(body)); err != nil || !reflect.DeepEqual(told, none) {
			t.Errorf("%s: got %+v, %v, want nothing", name, told, err)
		}
	}
	for name, body := range map[string][]byte{
		"no JSON": []byte("x"), "no results": []byte(`{}`), "no message": results(report(map[string]any{"messageId": ""})), "strange only": results(strange),
		"no sender": []byte(`{"results":[{"messageId":"1","to":"2","text":"x"}]}`), "no text": []byte(`{"results":[{"messageId":"1","to":"2","from":"3"}]}`),
	} {
		if told, err := a.Callback(t.Context(), call(body)); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
	get := call(reportBody)
	get.Method = "GET"
	if told, err := a.Callback(t.Context(), get); smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{}) {
		t.Errorf("by GET: got %+v, %v, want it refused", told, err)
	}
}

// TestReceiptDetails: prices, times and attempts that are not there, and a long report.
func TestReceiptDetails(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	for name, tt := range map[string]struct {
		change map[string]any
		check  func(r smsir.Receipt) bool
	}{
		"no currency yet":     {map[string]any{"price": map[string]any{"pricePerMessage": 0, "currency": "UNKNOWN"}}, func(r smsir.Receipt) bool { return r.Price == smsir.Money{} }},
		"no price":            {map[string]any{"price": nil}, func(r smsir.Receipt) bool { return r.Price == smsir.Money{} }},
		"a price that is not": {map[string]any{"price": "x"}, func(r smsir.Receipt) bool { return r.Price == smsir.Money{} && r.Status == smsir.Delivered }},
		"one part":            {map[string]any{"messageCount": 1}, func(r smsir.Receipt) bool { return r.Price.Micros == 5100 }},
		"no callback data":    {map[string]any{"callbackData": nil}, func(r smsir.Receipt) bool { return r.Attempt == attempt }},
		"no time":             {map[string]any{"doneAt": "now"}, func(r smsir.Receipt) bool { return r.DoneAt.IsZero() }},
		"another time":        {map[string]any{"doneAt": "2026-11-29T12:00:04Z"}, func(r smsir.Receipt) bool { return r.DoneAt.Equal(clock().Add(-time.Second)) }},
		"a short code":        {map[string]any{"to": "22395"}, func(r smsir.Receipt) bool { return r.To == "" }},
		"a long report":       {map[string]any{"pad": strings.Repeat("ü", 5000)}, func(r smsir.Receipt) bool { return len(r.Raw) <= maxRaw && len(r.Raw) > maxRaw-4 }},
	} {
		told, err := a.Callback(t.Context(), call(results(report(tt.change))))
		if err != nil || len(told.Receipts) != 1 || !tt.check(told.Receipts[0]) {
			t.Errorf("%s: got %+v, %v", name, told, err)
		}
	}
}

// TestReplies: somebody writes to a number of the account.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	told, err := a.Callback(t.Context(), call(inboundBody))
	if err != nil || len(told.Inbound) != 1 || len(told.Receipts) != 0 {
		t.Fatalf("got %+v, %v, want a reply", told, err)
	}
	got := told.Inbound[0]
	if !strings.Contains(got.Raw, `"keyword": "STOP"`) {
		t.Errorf("kept %s, want the reply as it came", got.Raw)
	}
	got.Raw = ""
	want := smsir.Inbound{Reference: "817790313235066447", From: takes, To: sender, Text: "STOP bitte – ü", ReceivedAt: time.Date(2026, 11, 29, 12, 0, 3, 0, time.UTC)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	timeless := []byte(`{"results":[{"messageId":"1","from":"ACME","to":"22395","text":""}]}`)
	told, err = a.Callback(t.Context(), call(timeless))
	if err != nil || len(told.Inbound) != 1 || told.Inbound[0].From != "ACME" || told.Inbound[0].To != "22395" || !told.Inbound[0].ReceivedAt.Equal(clock()) {
		t.Errorf("from a name to a short code: got %+v, %v, want both as they are, at the time of arrival", told, err)
	}
}
