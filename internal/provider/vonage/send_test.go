package vonage

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

const attempt = smsir.ID(4711)

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr +1", Segments: 1, Validity: time.Hour}
}

// TestSMSRequest: the form and the credentials, word for word.
func TestSMSRequest(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_795_435_200, 0)
	for name, tt := range map[string]struct {
		settings  []string
		from      string
		encoding  smsir.Encoding
		validity  time.Duration
		want      url.Values // beside to, text and client-ref
		noReceipt bool
	}{
		"default sender":        {nil, "", smsir.EncodingGSM7, time.Hour, pairs("from", "12025550130", "type", "text", "ttl", "3600000", "callback", callback), false},
		"sender of the message": {nil, "ACME", smsir.EncodingUCS2, 90 * time.Second, pairs("from", "ACME", "type", "unicode", "ttl", "90000", "callback", callback), false},
		"almost over":           {nil, "", smsir.EncodingGSM7, time.Second, pairs("from", "12025550130", "type", "text", "ttl", "20000", "callback", callback), false},
		"longest":               {nil, "", smsir.EncodingGSM7, 30 * 24 * time.Hour, pairs("from", "12025550130", "type", "text", "ttl", "604800000", "callback", callback), false},
		"no signature secret":   {[]string{settingSignature, ""}, "", smsir.EncodingGSM7, time.Hour, pairs("from", "12025550130", "type", "text", "ttl", "3600000"), true},
		"proved by the address": {[]string{settingSignature, "", settingProof, proofAddress}, "", smsir.EncodingGSM7, time.Hour, pairs("from", "12025550130", "type", "text", "ttl", "3600000", "callback", callback), false},
		"signed, no API secret": {[]string{settingSecret, ""}, "", smsir.EncodingGSM7, time.Hour, pairs("from", "12025550130", "type", "text", "ttl", "3600000", "callback", callback, "api_key", key, "timestamp", "1795435200"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			a := newAccount(t, f, apiSMS, tt.settings...)
			a.now = func() time.Time { return now }
			s := submission(takes)
			s.From, s.Encoding, s.Validity = tt.from, tt.encoding, tt.validity
			got, err := a.Send(t.Context(), s)
			want := smsir.Accepted{References: []string{"0A00000000000001"}, NoReceipt: tt.noReceipt, Price: smsir.Money{Micros: 33_300, Currency: "EUR"}}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v, want %+v", got, err, want)
			}
			c := f.Calls()[0]
			tt.want.Set("to", "12025550120")
			tt.want.Set("text", s.Text)
			tt.want.Set("client-ref", attempt.Format(smsir.PrefixAttempt))
			form := c.Form()
			if form.Has("api_key") { // the far side has checked the signature
				form.Del("sig")
			}
			if !reflect.DeepEqual(form, tt.want) {
				t.Errorf("form %v, want %v", form, tt.want)
			}
			if basic(c) == form.Has("api_key") || c.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || c.Header.Get("Idempotency-Key") != "" {
				t.Errorf("headers %v", c.Header)
			}
		})
	}
}

// TestParts: every part has a result of its own.
func TestParts(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f, apiSMS)
	s := submission(takes)
	s.Text = strings.Repeat("x", 400)
	got, err := a.Send(t.Context(), s)
	want := smsir.Accepted{References: []string{"0A00000000000001", "0A00000000000002", "0A00000000000003"}, Price: smsir.Money{Micros: 99_900, Currency: "EUR"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// reports takes receipts, and refuses the first few.
type reports struct {
	mu       sync.Mutex
	refuse   int
	receipts []smsir.Receipt
	got      chan struct{}
}

func (r *reports) Receipt(_ context.Context, in smsir.Receipt) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse > 0 {
		r.refuse--
		return errors.New("the store is down")
	}
	r.receipts = append(r.receipts, in)
	r.got <- struct{}{}
	return nil
}

func (*reports) Inbound(context.Context, smsir.Inbound) error { return errors.New("nobody replied") }

// TestMixedParts: of three parts Vonage took one. The message was taken, and ends as undelivered in part.
func TestMixedParts(t *testing.T) {
	t.Parallel()
	answer := `{"message-count":"3","messages":[{"status":"0","message-id":"0A1","message-price":"0.5"},` +
		`{"status":"1","error-text":"Throughput Rate Exceeded"},{"status":"77","error-text":"Something new"}]}`
	synctest.Test(t, func(t *testing.T) {
		a := bare(t)
		a.callback = "" // Vonage reports nothing, but we do
		got, err := a.judgeSMS(outcall.Response{Status: 200, Body: []byte(answer)}, submission(mixed))
		name := attempt.Format(smsir.PrefixAttempt)
		if want := []string{"0A1", name + "/2", name + "/3"}; err != nil || !reflect.DeepEqual(got.References, want) || got.Price.Micros != 500_000 || got.NoReceipt {
			t.Fatalf("got %+v, %v, want the references %q", got, err, want)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		sink := &reports{refuse: 2, got: make(chan struct{}, 9)}
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx, sink) }()
		<-sink.got
		<-sink.got
		for i, want := range []smsir.Receipt{
			{Reference: name + "/2", Code: "1", Error: &smsir.Failure{Class: smsir.ClassThrottle, Code: "partial", Text: "Vonage took 1 of 3 parts. Vonage asks to slow down.", ProviderCode: "1", ProviderText: "Throughput Rate Exceeded"}},
			{Reference: name + "/3", Code: "77", Unmapped: true, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "partial", Text: "Vonage took 1 of 3 parts. Vonage refused the message.", ProviderCode: "77", ProviderText: "Something new"}},
		} {
			got := sink.receipts[i]
			want.Provider, want.To, want.Status, want.Raw = smsir.UUID{1}, mixed, smsir.Undelivered, answer
			want.DoneAt, want.ArrivedAt = got.DoneAt, got.ArrivedAt
			if !reflect.DeepEqual(got, want) || got.ArrivedAt.IsZero() || got.Attempt != 0 {
				t.Errorf("receipt %d: got %+v, want %+v", i, got, want)
			}
		}
		a.refused.add(smsir.Receipt{Reference: "later"}) // while it runs
		<-sink.got
		cancel()
		if err := <-ended; err != nil || len(sink.receipts) != 3 {
			t.Errorf("Run ended with %v after %d receipts, want nil after 3", err, len(sink.receipts))
		}
	})
}

// bare is an account that is not asked to call anybody.
func bare(t testing.TB) *account {
	t.Helper()
	p, err := Kind().Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: map[string]string{
		settingAPI: apiSMS, settingKey: key, settingSecret: secret, settingSignature: signing, settingSender: sender,
	}, CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*account)
}

// TestMessageRequest: the object and the token of the Messages API, word for word.
func TestMessageRequest(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_795_435_200, 0)
	type object = map[string]any
	for name, tt := range map[string]struct {
		settings  []string
		from      string
		encoding  smsir.Encoding
		validity  time.Duration
		want      object // beside what is always the same
		noReceipt bool
	}{
		"default sender":        {nil, "", smsir.EncodingGSM7, time.Hour, object{"from": "12025550130", "ttl": 3600.0, "sms": object{"encoding_type": "text"}, "webhook_url": callback, "webhook_version": "v1"}, false},
		"sender of the message": {nil, "ACME", smsir.EncodingUCS2, 90*time.Second + 999*time.Millisecond, object{"from": "ACME", "ttl": 90.0, "sms": object{"encoding_type": "unicode"}, "webhook_url": callback, "webhook_version": "v1"}, false},
		"almost over":           {nil, "", smsir.EncodingGSM7, 0, object{"from": "12025550130", "ttl": 20.0, "sms": object{"encoding_type": "text"}, "webhook_url": callback, "webhook_version": "v1"}, false},
		"no signature secret":   {[]string{settingSignature, ""}, "", smsir.EncodingGSM7, time.Hour, object{"from": "12025550130", "ttl": 3600.0, "sms": object{"encoding_type": "text"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			a := newAccount(t, f, apiMessages, tt.settings...)
			a.now = func() time.Time { return now }
			s := submission(takes)
			s.From, s.Encoding, s.Validity = tt.from, tt.encoding, tt.validity
			got, err := a.Send(t.Context(), s)
			if want := (smsir.Accepted{References: []string{"aaaaaaaa-bbbb-cccc-dddd-000000000001"}, NoReceipt: tt.noReceipt}); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v, want %+v", got, err, want)
			}
			for field, value := range map[string]string{"message_type": "text", "channel": "sms", "to": "12025550120", "text": s.Text, "client_ref": attempt.Format(smsir.PrefixAttempt)} {
				tt.want[field] = value
			}
			c := f.Calls()[0]
			if !reflect.DeepEqual(c.Object(), tt.want) {
				t.Errorf("body %v, want %v", c.Object(), tt.want)
			}
			bearer := c.Header.Get("Authorization")
			told := unpack(t, bearer)
			if told.Application != application || told.Issued != now.Unix() || told.Expires != now.Unix()+900 || told.ID == "" {
				t.Errorf("claims %+v", told)
			}
			parts := strings.Split(strings.TrimPrefix(bearer, "Bearer "), ".")
			signature, err := base64.RawURLEncoding.DecodeString(parts[2])
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			if err != nil || rsa.VerifyPKCS1v15(&privateKey(t).PublicKey, crypto.SHA256, sum[:], signature) != nil {
				t.Errorf("the token %s is not signed with the private key: %v", bearer, err)
			}
		})
	}
}

func TestNoSender(t *testing.T) {
	t.Parallel()
	for _, api := range []string{apiSMS, apiMessages} {
		f := newFar(t)
		_, err := newAccount(t, f, api, settingSender, "").Send(t.Context(), submission(takes))
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "no_sender" || len(f.Calls()) != 0 {
			t.Errorf("%s: got %v after %d requests, want not_sent, permanent, no_sender after none", api, err, len(f.Calls()))
		}
	}
}

// classes lists codes by class.
type classes map[smsir.FailureClass]string

// TestCodes compares the tables with docs/delivery.md and Vonage's lists, and what a refusal with each code comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := bare(t)
	for _, tt := range []struct {
		name   string
		table  *errmap.Table
		want   classes
		refuse func(code string) error // nil: it comes in receipts only
	}{
		{"SMS API", a.codes.sms, classes{
			smsir.ClassThrottle: "1 10", smsir.ClassPermanent: "2 3 6 12 22 15 33", smsir.ClassRetry: "5", smsir.ClassBlocked: "7",
			smsir.ClassConfig: "4 8 9 11 14 23 29 32",
		}, func(code string) error {
			_, err := a.judgeSMS(outcall.Response{Status: 200, Body: []byte(`{"messages":[{"status":"` + code + `","error-text":"words"}]}`)}, submission(takes))
			return err
		}},
		{"receipts", a.codes.receipt, classes{
			smsir.ClassPermanent: "1 99 3 9 10 11 12 52 53", smsir.ClassRecipientTemp: "2 7", smsir.ClassBlocked: "4 6 13 14",
			smsir.ClassRetry: "5 8", smsir.ClassConfig: "15 16 39 50 51 54",
		}, nil},
		{"Messages API", a.codes.messages, classes{
			smsir.ClassThrottle: "1000 1241", smsir.ClassRetry: "1030 1100 1200 1230", smsir.ClassBlocked: "1050 1210 1240 1270 1280",
			smsir.ClassConfig:        "1060 1070 1080 1110 1140 1160 account-suspended forbidden invalid-api-key jwt-expired jwt-revoked low-balance unathorized unauthorized unprovisioned",
			smsir.ClassPermanent:     "1010 1020 1021 1022 1040 1090 1120 1130 1150 1170 1190 1250 1260 1290 1300 1310 1320 1330 1340 1360",
			smsir.ClassRecipientTemp: "1180 1220",
		}, func(code string) error {
			_, err := a.judgeMessage(outcall.Response{Status: 422, Body: []byte(`{"type":"https://developer.vonage.com/api-errors/messages#` + code + `","detail":"words"}`)})
			return err
		}},
	} {
		n := 0
		for class, list := range tt.want {
			for code := range strings.FieldsSeq(list) {
				n++
				if note := tt.table.Codes[code]; note.Class != class || note.Text == "" {
					t.Errorf("%s, code %s: got %q %q, want class %q and a text", tt.name, code, note.Class, note.Text, class)
				}
				if tt.refuse == nil {
					continue
				}
				state := smsir.AttemptRefused
				if class == smsir.ClassThrottle {
					state = smsir.AttemptNotSent
				}
				var e *smsir.SendError
				if err := tt.refuse(code); !errors.As(err, &e) || e.State != state || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Text == "" || e.Unmapped {
					t.Errorf("%s, refused with %s: got %v, want %v %q and Vonage's words", tt.name, code, err, state, class)
				}
			}
		}
		if n != len(tt.table.Codes) {
			t.Errorf("%s: the table has %d codes, want %d", tt.name, len(tt.table.Codes), n)
		}
		if !strings.HasPrefix(tt.table.Source, "https://developer.vonage.com/") {
			t.Errorf("%s: the source is %q, want Vonage's page", tt.name, tt.table.Source)
		}
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := bare(t)
	const problemJSON = `{"type":"https://developer.vonage.com/api-errors#%s","title":"Title","detail":"Detail"}`
	sms := func(r outcall.Response) (smsir.Accepted, error) { return a.judgeSMS(r, submission(takes)) }
	for _, tt := range []struct {
		judge    func(outcall.Response) (smsir.Accepted, error)
		status   int
		body     string
		state    smsir.AttemptState // 0: accepted
		class    smsir.FailureClass
		code     string
		unmapped bool
		wait     time.Duration
	}{
		{sms, 200, `{"messages":[{"status":"0","message-id":"0A1"}]}`, 0, "", "", false, 0},
		{sms, 200, `{"messages":[{"status":0,"message-id":"0A1","message-price":0.5}]}`, 0, "", "", false, 0},
		{sms, 200, `{"messages":[{"status":"0"}]}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false, 0},
		{sms, 200, `{"messages":[{"message-id":"0A1"}]}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false, 0},
		{sms, 200, `{"messages":[]}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false, 0},
		{sms, 200, `<html>`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false, 0},
		{sms, 200, `{"messages":[{"status":"0","message-id":"0A1"},{"status":"1"},{"status":""}]}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false, 0},
		{sms, 200, `{"messages":[{"status":"77","error-text":"new"}]}`, smsir.AttemptRefused, smsir.ClassPermanent, "77", true, 0},
		{sms, 200, `{"messages":[{"status":"5"},{"status":"9"}]}`, smsir.AttemptRefused, smsir.ClassRetry, "5", false, 0},
		{sms, 200, `{"messages":[{"status":"1","error-text":"please wait [ 1250 ] and retry"}]}`, smsir.AttemptNotSent, smsir.ClassThrottle, "1", false, 1250 * time.Millisecond},
		{sms, 200, `{"messages":[{"status":"1","error-text":"[ ] [99999999999]"}]}`, smsir.AttemptNotSent, smsir.ClassThrottle, "1", false, 0},
		{sms, 400, `<html>`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false, 0},
		{sms, 401, fmt.Sprintf(problemJSON, "unauthorized"), smsir.AttemptRefused, smsir.ClassConfig, "unauthorized", false, 0},
		{sms, 429, ``, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false, 0},
		{sms, 500, `{"messages":[{"status":"5"}]}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 500", false, 0},
		{a.judgeMessage, 202, `{"message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}`, 0, "", "", false, 0},
		{a.judgeMessage, 202, `{"message_uuid":""}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false, 0},
		{a.judgeMessage, 202, `{"message_uuid":"../../../../../../x"}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false, 0},
		{a.judgeMessage, 204, ``, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 204", false, 0},
		{a.judgeMessage, 402, fmt.Sprintf(problemJSON, "low-balance"), smsir.AttemptRefused, smsir.ClassConfig, "low-balance", false, 0},
		{a.judgeMessage, 402, fmt.Sprintf(problemJSON, "brand-new"), smsir.AttemptRefused, smsir.ClassConfig, "brand-new", true, 0},
		{a.judgeMessage, 422, fmt.Sprintf(problemJSON, "9999"), smsir.AttemptRefused, smsir.ClassPermanent, "9999", true, 0},
		{a.judgeMessage, 422, `{"title":"1120","detail":"Illegal Sender"}`, smsir.AttemptRefused, smsir.ClassPermanent, "1120", false, 0},
		{a.judgeMessage, 422, `{"title":1120}`, smsir.AttemptRefused, smsir.ClassPermanent, "1120", false, 0},
		{a.judgeMessage, 422, `{"title":"Sorry"}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 422", false, 0},
		{a.judgeMessage, 403, `<html>`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 403", false, 0},
		{a.judgeMessage, 500, fmt.Sprintf(problemJSON, "1030"), smsir.AttemptUnknown, smsir.ClassUnknown, "1030", false, 0},
		{a.judgeMessage, 503, ``, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false, 0},
	} {
		what := fmt.Sprintf("%d %s", tt.status, tt.body)
		got, err := tt.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body)})
		if tt.state == 0 {
			if err != nil || len(got.References) != 1 {
				t.Errorf("%s: got %+v, %v, want it accepted", what, got, err)
			}
			if _, err := tt.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: true}); err == nil {
				t.Errorf("%s, truncated: accepted", what)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != tt.state || e.Class != tt.class || e.ProviderCode != tt.code || e.Unmapped != tt.unmapped || e.RetryAfter != tt.wait || e.Code == "" || e.Text == "" {
			t.Errorf("%s: got %+v, want %v %q [%s], unmapped %v, after %v", what, err, tt.state, tt.class, tt.code, tt.unmapped, tt.wait)
		}
	}
}

// TestKeys: a private key in the forms in which people have it.
func TestKeys(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(privateKey(t))}))
	for name, text := range map[string]string{
		"file": file, "PKCS #1": old, "Windows": strings.ReplaceAll(file, "\n", "\r\n"), "one line": strings.ReplaceAll(file, "\n", ""),
		"spaces": strings.ReplaceAll(file, "\n", " "), "from JSON": strings.ReplaceAll(file, "\n", `\n`), "with words around it": "my key\n" + file + "\nend",
	} {
		if got, err := parseKey(text); err != nil || !got.Equal(privateKey(t)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no end": file[:100], "no key": strings.ReplaceAll(file, "M", "*"), "its half": file[:60] + file[len(file)-30:],
		"of another kind": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	} {
		if _, err := parseKey(text); err == nil {
			t.Errorf("%s: got a key", name)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for _, tt := range []struct {
		api    string
		change []string
		field  string // of the error, "" for none
	}{
		{apiSMS, nil, ""},
		{apiMessages, nil, ""},
		{"", []string{settingApplication, application, settingPrivateKey, keyFile(t)}, ""},
		{"carrier pigeon", nil, settingAPI},
		{apiSMS, []string{settingKey, ""}, settingKey},
		{apiSMS, []string{settingSecret, ""}, ""},
		{apiSMS, []string{settingSecret, "", settingSignature, ""}, settingSecret},
		{apiSMS, []string{settingMethod, "rot13"}, settingMethod},
		{apiSMS, []string{settingProof, "word of honour"}, settingProof},
		{apiSMS, []string{settingREST, "https://user:pw@rest.example.com"}, settingREST},
		{apiSMS, []string{settingREST, "", settingBase, "", settingMethod, "", settingProof, ""}, ""},
		{apiMessages, []string{settingApplication, ""}, settingApplication},
		{apiMessages, []string{settingApplication, "../../../../../../../../../../../../x"}, settingApplication},
		{apiMessages, []string{settingPrivateKey, ""}, settingPrivateKey},
		{apiMessages, []string{settingPrivateKey, "secret"}, settingPrivateKey},
		{apiMessages, []string{settingKey, "", settingSecret, ""}, ""},
		{apiMessages, []string{settingBase, "https://"}, settingBase},
	} {
		_, err := Kind().Open(smsir.ProviderConfig{Settings: f.settings(t, tt.api, tt.change...)})
		var e *smsir.Error
		switch {
		case tt.field == "" && err != nil:
			t.Errorf("%q %v: got %v, want no error", tt.api, tt.change, err)
		case tt.field != "" && (!errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.field || e.Text == ""):
			t.Errorf("%q %v: got %v, want an error about %q", tt.api, tt.change, err, tt.field)
		}
	}
	if a := bare(t); a.rest != defaultREST || a.base != defaultBase || a.method != "sha256" || a.proof != proofSignature {
		t.Errorf("without settings: %s, %s, %s, %s", a.rest, a.base, a.method, a.proof)
	}
}
