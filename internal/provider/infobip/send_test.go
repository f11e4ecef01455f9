package infobip

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const attempt = smsir.ID(4711)

var (
	_ smsir.CalledBack        = (*account)(nil)
	_ smsir.StatusQuerier     = (*account)(nil)
	_ smsir.CredentialChecker = (*account)(nil)
	_ smsir.BalanceReporter   = (*account)(nil)
)

func clock() time.Time { return time.Date(2026, 11, 29, 12, 0, 5, 0, time.UTC) }

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr <1>", Validity: time.Hour}
}

// TestRequest: the body and the headers, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	const body = `{"messages": [{
		"sender": "SENDER", "destinations": [{"to": "12025550120", "messageId": "att_00000000004k7"}], "content": {"text": "Grüße & 50% = mehr <1>"},
		"options": {"validityPeriod": {"amount": SECONDS, "timeUnit": "SECONDS"}} HOOKS
	}]}`
	const hooks = `, "webhooks": {"delivery": {"url": "` + callback + `"}, "contentType": "application/json", "callbackData": "att_00000000004k7"}`
	for name, tt := range map[string]struct {
		from     string
		validity time.Duration
		sender   string
		seconds  string
		silent   bool // no callback
	}{
		"default sender":        {"", time.Hour, "12025550130", "3600", false},
		"sender of the message": {"ACME", 90*time.Second + 999*time.Millisecond, "ACME", "90", false},
		"long validity":         {"+12025550139", 1000 * time.Hour, "12025550139", "172800", false},
		"hardly any time left":  {"", time.Second, "12025550130", "30", false},
		"no public address":     {"", time.Hour, "12025550130", "3600", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			a := newAccount(t, f)
			s := submission(takes)
			s.From, s.Validity = tt.from, tt.validity
			with := hooks
			if tt.silent {
				a.callback, with = "", ""
			}
			got, err := a.Send(t.Context(), s)
			if err != nil || !reflect.DeepEqual(got, smsir.Accepted{References: []string{ours}, NoReceipt: tt.silent}) {
				t.Fatalf("got %+v, %v, want our id", got, err)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(strings.NewReplacer("SENDER", tt.sender, "SECONDS,", tt.seconds+",", "HOOKS", with).Replace(body)), &want); err != nil {
				t.Fatal(err)
			}
			c := f.Calls()[0]
			if !reflect.DeepEqual(c.Object(), want) {
				t.Errorf("sent %s, want %v", c.Body, want)
			}
			for name, want := range map[string]string{"Authorization": "App " + key, "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": ""} {
				if got := c.Header.Get(name); got != want {
					t.Errorf("header %s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestNoSender(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	_, err := newAccount(t, f, settingSender, "").Send(t.Context(), submission(takes))
	var e *smsir.SendError
	if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "no_sender" || len(f.Calls()) != 0 {
		t.Errorf("got %v after %d requests, want not_sent, permanent, no_sender after none", err, len(f.Calls()))
	}
}

// TestCodes compares codes.json with the list below, and what a rejection with each word comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassPermanent: "E400 BAD_REQUEST REJECTED_NETWORK REJECTED_PREFIX_MISSING REJECTED_INVALID_UDH REJECTED_MESSAGE_TOO_LONG MISSING_TO " +
			"REJECTED_DESTINATION UNDELIVERABLE_REJECTED_PLATFORM UNDELIVERABLE_REJECTED_OPERATOR UNDELIVERABLE_NOT_DELIVERED UNDELIVERABLE_NOT_SENT " +
			"EXPIRED_EXPIRED EXPIRED_DLR_UNKNOWN EC_UNKNOWN_SUBSCRIBER EC_UNIDENTIFIED_SUBSCRIBER EC_UNKNOWN_EQUIPMENT EC_ILLEGAL_SUBSCRIBER " +
			"EC_TELESERVICE_NOT_PROVISIONED EC_ILLEGAL_EQUIPMENT EC_CALL_BARRED EC_FACILITY_NOT_SUPPORTED EC_DATA_MISSING EC_UNEXPECTED_DATA_VALUE " +
			"EC_UNKNOWN_ERROR EC_CANNOT_RECEIVE_SC EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS EC_INVALID_DESTINATION_ADDRESS EC_INVALID_REQUEST_DESTINATION " +
			"EC_MSG_TEXT_TOO_LONG EC_REJECTED_SPAM_BY_OPERATOR EC_DEACTIVATED_LIST EC_MESSAGE_CANCELED EC_VALIDITY_EXPIRED EC_OPERATOR_NOT_FOUND " +
			"EC_CONTENT_BLOCKED_BY_OPERATOR EC_DESTINATION_BLOCKED_BY_OPERATOR EC_DESTINATION_NOT_SMS_PROVISIONED EC_DEST_ADDRESS_SUSPENDED " +
			"EC_ACCOUNT_NOT_PROVISIONED_FOR_CHANNEL EC_SMS_REJECTED_BY_MOBILE_OPERATOR",
		smsir.ClassConfig: "E401 E403 E404 UNAUTHORIZED FORBIDDEN NOT_FOUND REJECTED_SOURCE REJECTED_NOT_ENOUGH_CREDITS REJECTED_SENDER " +
			"REJECTED_PREPAID_PACKAGE_EXPIRED REJECTED_DESTINATION_NOT_REGISTERED REJECTED_ROUTE_NOT_AVAILABLE EC_INVALID_SOURCE_ADDRESS " +
			"EC_ACCOUNT_ACCESS_DENIED EC_CAMPAIGNID_NOT_PROVISIONED EC_INVALID_GLOBAL_CAMPAIGN_ID EC_ACC_HAS_NO_ADRESS_FOR_DESR " + //nolint:misspell // the word is theirs
			"EC_SIGNALS_HARD_LIMIT_REACHED EC_BLACKLISTED_SENDERADDRESS EC_MONTHLY_LIMIT_REACHED EC_SOURCE_ADDRESS_IS_BLOCKED " +
			"EC_TF_NUMBER_NOT_VERIFIED EC_SC_NOT_PROVISIONED EC_SC_EXPIRED EC_SC_BLOCKED EC_CAMPAIGN_ID_REJECTED",
		smsir.ClassThrottle: "E429 TOO_MANY_REQUESTS EC_LIMIT_REACHED EC_QUOTA_REACHED EC_10DLC_LIMIT_REACHED",
		smsir.ClassBlocked: "REJECTED_DND REJECTED_DESTINATION_BLOCKLISTED SIGNALS_BLOCKED EC_SC_BLOCKED_BY_END_USER EC_CONTENT_BLOCKED " +
			"EC_BLOCKED_BY_CAMPAIGN_BLACKLIST EC_SIGNALS_BLOCKED EC_IMSI_BLACKLISTED EC_BLACKLISTED_DESTINATIONADDRESS EC_SC_BLOCKED_FOR_END_USER",
		smsir.ClassRetry:   "REJECTED_FLOODING_FILTER REJECTED_SYSTEM_ERROR EC_DESTINATION_FLOODING EC_DESTINATION_TXT_FLOODING",
		smsir.ClassUnknown: "REJECTED_DUPLICATE_MESSAGE_ID",
		smsir.ClassRecipientTemp: "EC_UNKNOWN_BASE_STATION EC_ABSENT_SUBSCRIBER_SM EC_ROAMING_NOT_ALLOWED EC_ABSENT_SUBSCRIBER EC_SUBSCRIBER_BUSY_FOR_MT_SMS " +
			"EC_SM_DELIVERY_FAILURE EC_MESSAGE_WAITING_LIST_FULL EC_SYSTEM_FAILURE EC_SM_DF_MEMORYCAPACITYEXCEEDED EC_NO_RESPONSE " +
			"EC_USER_OUT_OF_CREDIT EC_TEMPORARY_HANDSET_FAILURE EC_NO_RADIO_RESOURCE_AVAILABLE EC_RESOURCE_LIMITATION EC_DEST_OVERLOADED " +
			"EC_MOBILE_OPERATOR_NETWORK_ERROR",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			note := a.codes.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			if strings.HasPrefix(code, "EC_") || class == smsir.ClassUnknown {
				continue // of receipts
			}
			answer := outcall.Response{Status: 200, Body: []byte(`{"messages":[{"messageId":"x","status":{"groupName":"REJECTED","name":"` + code + `","description":"words"}}]}`)}
			state := smsir.AttemptRefused
			if class == smsir.ClassThrottle {
				state = smsir.AttemptNotSent
			}
			_, err := a.judge(answer, ours)
			var e *smsir.SendError
			if !errors.As(err, &e) || e.State != state || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Unmapped {
				t.Errorf("rejected with %s: got %v, want %v %q and Infobip's words", code, err, state, class)
			}
		}
	}
	if n != len(a.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(a.codes.Codes), n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	says := func(group, name string) string {
		return `{"messages":[{"messageId":"` + ours + `","status":{"groupName":"` + group + `","name":"` + name + `","description":"x"}}]}`
	}
	good := says("PENDING", "PENDING_ACCEPTED")
	for _, tt := range []struct {
		status    int
		body      string
		truncated bool
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		unmapped  bool
	}{
		{200, good, false, 0, "", "", false},
		{200, says("DELIVERED", "DELIVERED_TO_OPERATOR"), false, 0, "", "", false},
		{200, says("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), false, 0, "", "", false},
		{200, says("REJECTED", "REJECTED_DUPLICATE_MESSAGE_ID"), false, 0, "", "", false},
		{200, says("REJECTED", "BRAND_NEW"), false, smsir.AttemptRefused, smsir.ClassPermanent, "BRAND_NEW", true},
		{200, says("REJECTED", "REJECTED_SYSTEM_ERROR"), false, smsir.AttemptRefused, smsir.ClassRetry, "REJECTED_SYSTEM_ERROR", false},
		{200, says("REJECTED", ""), false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, good, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, says("", ""), false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, `{"messages":[{"status":{"groupName":"PENDING"}}]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, `{"messages":[]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{307, good, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", false},
		{400, `{"errorCode":"E400","description":"x"}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "E400", false},
		{400, `{"errorCode":"E499","description":"x"}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "E499", true},
		{400, `{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"x"}}}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "BAD_REQUEST", false},
		{403, `{"errorCode":"E403","description":"x"}`, false, smsir.AttemptRefused, smsir.ClassConfig, "E403", false},
		{401, ``, false, smsir.AttemptRefused, smsir.ClassConfig, "E401", false},
		{403, `<html>`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 403", false},
		{429, `<html>`, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{500, `{"errorCode":"E500","description":"x"}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 500", false},
		{503, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
	} {
		got, err := a.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: tt.truncated}, ours)
		if tt.state == 0 {
			if err != nil || !reflect.DeepEqual(got.References, []string{ours}) {
				t.Errorf("%d %s: got %+v, %v, want it accepted", tt.status, tt.body, got, err)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != tt.state || e.Class != tt.class || e.ProviderCode != tt.code || e.Unmapped != tt.unmapped {
			t.Errorf("%d %s: got %+v, want %v %s %q", tt.status, tt.body, err, tt.state, tt.class, tt.code)
		}
	}
}

// TestSettings: what is wrong is named, and the base URL may be written without https.
func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, tt := range map[string][]string{
		"no address": {settingBase, ""}, "address of another form": {settingBase, "https://example.com/?x=1"}, "no key": {settingKey, ""},
	} {
		var e *smsir.Error
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt...)}); !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt[0] {
			t.Errorf("%s: got %v, want it to name %s", name, err, tt[0])
		}
	}
	for given, want := range map[string]string{
		"xxxxx.api.infobip.com": "https://xxxxx.api.infobip.com", "https://xxxxx.api.infobip.com/": "https://xxxxx.api.infobip.com", "http://127.0.0.1:1": "http://127.0.0.1:1",
	} {
		if p, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, settingBase, given)}); err != nil || p.(*account).base != want {
			t.Errorf("base URL %q: got %+v, %v, want %s", given, p, err, want)
		}
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f)
	if got, err := a.Balance(t.Context()); err != nil || got != (smsir.Balance{Amount: "47.79134", Currency: "EUR"}) {
		t.Errorf("got %+v, %v, want 47.79134 EUR", got, err)
	}
	if err := a.CheckCredentials(t.Context()); err != nil {
		t.Errorf("good credentials: got %v", err)
	}
	if err := newAccount(t, f, settingKey, "other").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeCredentialsRefused {
		t.Errorf("wrong credentials: got %v, want code %s", err, smsir.CodeCredentialsRefused)
	}
	if err := newAccount(t, f, settingBase, f.URL+"/elsewhere").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("wrong address: got %v, want code %s", err, smsir.CodeProviderUnreachable)
	}
}

// TestQueryStatus: what the log proves about an attempt whose answer was lost.
func TestQueryStatus(t *testing.T) {
	t.Parallel()
	entry := func(id, group, name string) map[string]any {
		return map[string]any{"messageId": id, "status": map[string]any{"groupName": group, "name": name}}
	}
	for name, tt := range map[string]struct {
		took  []map[string]any
		after time.Duration // since the start
		deaf  bool
		want  smsir.Verdict
	}{
		"pending":                          {[]map[string]any{entry(ours, "PENDING", "PENDING_ENROUTE")}, time.Second, false, smsir.VerdictAccepted},
		"delivered":                        {[]map[string]any{entry(ours, "DELIVERED", "DELIVERED_TO_HANDSET")}, time.Hour, false, smsir.VerdictAccepted},
		"undeliverable":                    {[]map[string]any{entry(ours, "UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED")}, time.Hour, false, smsir.VerdictAccepted},
		"rejected":                         {[]map[string]any{entry(ours, "REJECTED", "REJECTED_NOT_ENOUGH_CREDITS")}, time.Second, false, smsir.VerdictNotAccepted},
		"rejected, but it has it":          {[]map[string]any{entry(ours, "REJECTED", "REJECTED_DUPLICATE_MESSAGE_ID")}, time.Second, false, smsir.VerdictAccepted},
		"ours among others":                {[]map[string]any{entry("1", "PENDING", ""), entry(ours, "PENDING", "")}, time.Second, true, smsir.VerdictAccepted},
		"none, too early to tell":          {nil, settled - time.Second, false, smsir.VerdictUnknown},
		"none":                             {nil, settled, false, smsir.VerdictNotAccepted},
		"none, longer ago than its memory": {nil, memory, false, smsir.VerdictUnknown},
		"others only: it was not asked":    {[]map[string]any{entry("1", "PENDING", "")}, settled, true, smsir.VerdictUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			f.took, f.deaf = tt.took, tt.deaf
			got, err := newAccount(t, f).QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, To: takes, Text: "x", StartedAt: clock().Add(-tt.after)})
			want := smsir.StatusAnswer{Verdict: tt.want}
			if tt.want == smsir.VerdictAccepted {
				want.References = []string{ours}
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if calls := f.Calls(); len(calls) != 1 || calls[0].Query.Encode() != "messageId="+ours {
				t.Errorf("asked %d times, want once for our id", len(calls))
			}
		})
	}
	f := newFar(t)
	if got, err := newAccount(t, f).QueryStatus(t.Context(), smsir.StatusQuery{StartedAt: clock().Add(-time.Hour)}); err != nil || got.Verdict != smsir.VerdictUnknown || len(f.Calls()) != 0 {
		t.Errorf("no attempt: got %+v, %v, want nothing known and nothing asked", got, err)
	}
	q := smsir.StatusQuery{Attempt: attempt, StartedAt: clock().Add(-time.Hour)}
	for name, change := range map[string][]string{"wrong credentials": {settingKey, "x"}, "wrong address": {settingBase, f.URL + "/elsewhere"}} {
		if got, err := newAccount(t, f, change...).QueryStatus(t.Context(), q); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}
