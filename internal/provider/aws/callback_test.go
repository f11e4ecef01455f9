package aws

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

const (
	certPath = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	certURL  = "https://sns.eu-west-1.amazonaws.com" + certPath
	token    = "2336412f37fb687f5d51e6e241d44a2cb1361fbb"
)

// keys are made once for all tests: that of SNS, and that of somebody else.
var keys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var all [2]*rsa.PrivateKey
	for i := range all {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[i] = key
	}
	return all
})

func certificate(t testing.TB, from, to time.Time) []byte {
	t.Helper()
	key := keys()[0]
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// home is the SNS of the topic's region: it has a certificate, and confirms subscriptions.
func home(t testing.TB, cert []byte, status int) *providertest.Far {
	return providertest.NewFar(t, func(_ *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		w.WriteHeader(status)
		if c.Path == certPath {
			_, _ = w.Write(cert)
		}
	})
}

func good(t testing.TB) *providertest.Far {
	return home(t, certificate(t, noon.Add(-time.Hour), noon.Add(time.Hour)), http.StatusOK)
}

func listening(t testing.TB, f *providertest.Far) *account {
	return newAccount(t, f, false, settingConfig, "set", settingTopic, topic)
}

// about is a notification that tells something, not signed yet.
func about(message string) *notification {
	return &notification{
		Type: typeNotification, MessageID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", TopicArn: topic, Message: message, Timestamp: "2026-11-29T12:00:00.000Z", Version: "2", CertURL: certURL,
	}
}

// signed signs a notification with a key and makes a call of it.
func signed(t testing.TB, n *notification, key *rsa.PrivateKey) smsir.CallbackRequest {
	t.Helper()
	text := []byte(signedText(n))
	hash, s1, s2 := crypto.SHA256, sha1.Sum(text), sha256.Sum256(text)
	sum := s2[:]
	if n.Version == "1" {
		hash, sum = crypto.SHA1, s1[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, sum)
	if err != nil {
		t.Fatal(err)
	}
	n.Signature = base64.StdEncoding.EncodeToString(signature)
	return call(t, n)
}

func call(t testing.TB, n *notification) smsir.CallbackRequest {
	t.Helper()
	fields := map[string]any{
		"Type": n.Type, "MessageId": n.MessageID, "TopicArn": n.TopicArn, "Message": n.Message, "Timestamp": n.Timestamp,
		"SignatureVersion": n.Version, "Signature": n.Signature, "SigningCertURL": n.CertURL,
	}
	if n.Subject != nil {
		fields["Subject"] = *n.Subject
	}
	if n.Token != "" {
		fields["Token"], fields["SubscribeURL"] = n.Token, n.Subscribe
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return smsir.CallbackRequest{Method: http.MethodPost, URL: callback, Header: map[string][]string{"Content-Type": {"text/plain; charset=UTF-8"}}, Body: body}
}

func told(kind string) string {
	return fmt.Sprintf(`{"eventType":%q,"eventVersion":"1.0","eventTimestamp":1795953600000,"isFinal":true,"destinationPhoneNumber":%q,"mcc":"310","mnc":"800","messageId":%q,"messageStatus":"X","messageStatusDescription":"words","context":{"smsir_attempt":%q},"totalMessageParts":1,"totalMessagePrice":0.00581,"totalCarrierFee":0.003}`,
		kind, takes, message1, attempt.Format(smsir.PrefixAttempt))
}

// TestSignedText: what SNS signs, as its documentation writes it down.
func TestSignedText(t *testing.T) {
	t.Parallel()
	n := about("My Test Message")
	subject := "My subject"
	if got, want := signedText(n), "Message\nMy Test Message\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nTimestamp\n2026-11-29T12:00:00.000Z\nTopicArn\n"+topic+"\nType\nNotification\n"; got != want {
		t.Errorf("got %q,\nwant %q", got, want)
	}
	n.Subject = &subject
	if got := signedText(n); !strings.Contains(got, "\nSubject\nMy subject\nTimestamp\n") {
		t.Errorf("with a subject: got %q", got)
	}
	n.Type, n.Token, n.Subscribe = typeConfirm, "tok", "https://x"
	if got, want := signedText(n), "Message\nMy Test Message\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubscribeURL\nhttps://x\nTimestamp\n2026-11-29T12:00:00.000Z\nToken\ntok\nTopicArn\n"+topic+"\nType\nSubscriptionConfirmation\n"; got != want {
		t.Errorf("got %q,\nwant %q", got, want)
	}
}

// TestWhoIsBelieved: only what SNS has signed for the topic of the settings, whatever a call says about itself.
func TestWhoIsBelieved(t *testing.T) {
	t.Parallel()
	subject := "subject"
	delivered := told("TEXT_DELIVERED")
	for name, tt := range map[string]struct {
		change func(n *notification) // before it is signed
		forge  func(n *notification) // afterwards
		key    int                   // 1: somebody else's
		cert   [2]time.Duration      // its life, from noon; 0: an hour around
		method string
		fine   bool
		asks   int // requests to SNS
	}{
		"signed with SHA256":          {fine: true, asks: 1},
		"signed with SHA1":            {change: func(n *notification) { n.Version = "1" }, fine: true, asks: 1},
		"with a subject":              {change: func(n *notification) { n.Subject = &subject }, fine: true, asks: 1},
		"somebody else's key":         {key: 1, asks: 1},
		"no signature":                {forge: func(n *notification) { n.Signature = "" }, asks: 1},
		"not base64":                  {forge: func(n *notification) { n.Signature = "%" }},
		"another message":             {forge: func(n *notification) { n.Message = told("TEXT_BLOCKED") }, asks: 1},
		"another time":                {forge: func(n *notification) { n.Timestamp = "2027-11-29T12:00:00.000Z" }, asks: 1},
		"a subject more":              {forge: func(n *notification) { n.Subject = &subject }, asks: 1},
		"another topic, well signed":  {change: func(n *notification) { n.TopicArn = strings.Replace(topic, "receipts", "others", 1) }},
		"another account":             {change: func(n *notification) { n.TopicArn = strings.Replace(topic, "000000000001", "000000000002", 1) }},
		"another type":                {forge: func(n *notification) { n.Type = typeGone }, asks: 1},
		"another version":             {change: func(n *notification) { n.Version = "3" }},
		"the hash of the other":       {forge: func(n *notification) { n.Version = "1" }, asks: 1},
		"certificate of another host": {change: func(n *notification) { n.CertURL = "https://sns.eu-west-1.amazonaws.com.evil.example" + certPath }},
		"certificate of a bucket":     {change: func(n *notification) { n.CertURL = "https://s3.eu-west-1.amazonaws.com" + certPath }},
		"of another region":           {change: func(n *notification) { n.CertURL = "https://sns.us-east-1.amazonaws.com" + certPath }},
		"certificate over http":       {change: func(n *notification) { n.CertURL = "http" + strings.TrimPrefix(certURL, "https") }},
		"with a user":                 {change: func(n *notification) { n.CertURL = "https://u:p@sns.eu-west-1.amazonaws.com" + certPath }},
		"with a port":                 {change: func(n *notification) { n.CertURL = "https://sns.eu-west-1.amazonaws.com:8443" + certPath }},
		"with a query":                {change: func(n *notification) { n.CertURL = certURL + "?x" }},
		"another path":                {change: func(n *notification) { n.CertURL = "https://sns.eu-west-1.amazonaws.com/?Action=x#" + certPath }},
		"no certificate":              {change: func(n *notification) { n.CertURL = "" }},
		"certificate that has ended":  {cert: [2]time.Duration{-2 * time.Hour, -time.Hour}, asks: 1},
		"certificate of tomorrow":     {cert: [2]time.Duration{time.Hour, 2 * time.Hour}, asks: 1},
		"GET":                         {method: http.MethodGet},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			life := tt.cert
			if life == [2]time.Duration{} {
				life = [2]time.Duration{-time.Hour, time.Hour}
			}
			f := home(t, certificate(t, noon.Add(life[0]), noon.Add(life[1])), http.StatusOK)
			n := about(delivered)
			if tt.change != nil {
				tt.change(n)
			}
			r := signed(t, n, keys()[tt.key])
			if tt.forge != nil {
				tt.forge(n)
				r = call(t, n)
			}
			if tt.method != "" {
				r.Method = tt.method
			}
			got, err := listening(t, f).Callback(t.Context(), r)
			switch {
			case tt.fine && (err != nil || len(got.Receipts) != 1):
				t.Errorf("got %+v, %v, want a receipt", got, err)
			case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(got, smsir.CallbackAnswer{})):
				t.Errorf("got %+v, %v, want it refused and nothing told", got, err)
			}
			if len(f.Calls()) != tt.asks {
				t.Errorf("SNS was asked %d times, want %d", len(f.Calls()), tt.asks)
			}
		})
	}
}

// TestWithoutATopicNobodyIsBelieved: SNS as a service, and End User Messaging without a topic, hear nothing.
func TestWithoutATopicNobodyIsBelieved(t *testing.T) {
	t.Parallel()
	f := good(t)
	for _, sns := range []bool{false, true} {
		if _, err := newAccount(t, f, sns).Callback(t.Context(), signed(t, about(told("TEXT_DELIVERED")), keys()[0])); smsir.CodeOf(err) != smsir.CodeCallbackRefused {
			t.Errorf("SNS %v: got %v, want it refused", sns, err)
		}
	}
}

// TestCertificateIsFetchedOnce: it is kept, and one that cannot be had is not asked for at every call.
func TestCertificateIsFetchedOnce(t *testing.T) {
	t.Parallel()
	f := good(t)
	a := listening(t, f)
	for range 3 { // a call that comes again tells the same again: the store knows it
		got, err := a.Callback(t.Context(), signed(t, about(told("TEXT_DELIVERED")), keys()[0]))
		if err != nil || len(got.Receipts) != 1 {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := len(f.Calls()); n != 1 {
		t.Errorf("the certificate was fetched %d times, want once", n)
	}
	for name, f := range map[string]*providertest.Far{
		"not there": home(t, nil, http.StatusNotFound), "no certificate": home(t, []byte("<html>"), http.StatusOK),
		"another thing": home(t, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE THING", Bytes: []byte("x")}), http.StatusOK),
		"broken":        home(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), http.StatusOK),
	} {
		now := noon
		a := listening(t, f)
		a.now = func() time.Time { return now }
		for i, want := range []int{1, 1, 2} {
			if i == 2 {
				now = now.Add(fetchPause)
			}
			got, err := a.Callback(t.Context(), signed(t, about(told("TEXT_DELIVERED")), keys()[0]))
			if code := smsir.CodeOf(err); err == nil || code != "" || !reflect.DeepEqual(got, smsir.CallbackAnswer{}) {
				t.Errorf("%s: got %+v, %v, want an error that makes SNS come again", name, got, err)
			}
			if n := len(f.Calls()); n != want {
				t.Errorf("%s: call %d: the certificate was asked for %d times, want %d", name, i, n, want)
			}
		}
	}
}

// TestSubscription: a question that SNS has signed is answered there, at an address of our own making.
func TestSubscription(t *testing.T) {
	t.Parallel()
	question := func() *notification {
		n := about("You have chosen to subscribe")
		n.Type, n.Token, n.Subscribe = typeConfirm, token, "https://evil.example/?Action=ConfirmSubscription"
		return n
	}
	f := good(t)
	got, err := listening(t, f).Callback(t.Context(), signed(t, question(), keys()[0]))
	if err != nil || got.Status != http.StatusOK || len(got.Receipts)+len(got.Inbound) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	calls := f.Calls()
	if len(calls) != 2 || calls[1].Method != http.MethodGet || calls[1].Path != "/" || calls[1].Query.Get("Action") != "ConfirmSubscription" || calls[1].Query.Get("Token") != token || calls[1].Query.Get("TopicArn") != topic {
		t.Fatalf("SNS was asked %+v, want a confirmation with the token", calls)
	}
	if calls[1].Header.Get("Authorization") != "" {
		t.Error("our credentials went along")
	}
	f = good(t)
	if _, err := listening(t, f).Callback(t.Context(), signed(t, question(), keys()[1])); smsir.CodeOf(err) != smsir.CodeCallbackRefused || len(f.Calls()) != 1 {
		t.Errorf("forged: got %v after %d requests, want it refused after the certificate alone", err, len(f.Calls()))
	}
	f = good(t)
	odd := question()
	odd.Token = "x&Action=DeleteTopic"
	if _, err := listening(t, f).Callback(t.Context(), signed(t, odd, keys()[0])); smsir.CodeOf(err) != smsir.CodeInvalid || len(f.Calls()) != 1 {
		t.Errorf("odd token: got %v after %d requests, want it unreadable", err, len(f.Calls()))
	}
	cert := certificate(t, noon.Add(-time.Hour), noon.Add(time.Hour))
	f = providertest.NewFar(t, func(_ *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		if c.Path == certPath {
			_, _ = w.Write(cert)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	})
	if _, err := listening(t, f).Callback(t.Context(), signed(t, question(), keys()[0])); err == nil || smsir.CodeOf(err) != "" {
		t.Errorf("SNS says no: got %v, want an error that makes it come again", err)
	}
	f = good(t)
	gone := question()
	gone.Type = typeGone
	if got, err := listening(t, f).Callback(t.Context(), signed(t, gone, keys()[0])); err != nil || got.Status != http.StatusOK || len(f.Calls()) != 1 {
		t.Errorf("unsubscribed: got %+v, %v after %d requests", got, err, len(f.Calls()))
	}
}

// TestReceipts: what each event comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := listening(t, good(t))
	for kind, want := range map[string]struct {
		status smsir.Status
		class  smsir.FailureClass
	}{
		"TEXT_QUEUED": {smsir.Sent, ""}, "TEXT_PENDING": {smsir.Sent, ""}, "TEXT_SENT": {smsir.Sent, ""}, "TEXT_SUCCESSFUL": {smsir.Sent, ""},
		"TEXT_DELIVERED":           {smsir.Delivered, ""},
		"TEXT_TTL_EXPIRED":         {smsir.Expired, smsir.ClassRecipientTemp},
		"TEXT_BLOCKED":             {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_CARRIER_BLOCKED":     {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_CARRIER_UNREACHABLE": {smsir.Undelivered, smsir.ClassRecipientTemp},
		"TEXT_INVALID":             {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_INVALID_MESSAGE":     {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_PROTECT_BLOCKED":     {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_SPAM":                {smsir.Undelivered, smsir.ClassPermanent},
		"TEXT_UNREACHABLE":         {smsir.Undelivered, smsir.ClassRecipientTemp},
		"TEXT_UNKNOWN":             {}, "TEXT_TELEPORTED": {}, "VOICE_ANSWERED": {}, "": {},
	} {
		got, err := a.Callback(t.Context(), signed(t, about(told(kind)), keys()[0]))
		if err != nil || got.Status != http.StatusOK || len(got.Inbound) != 0 {
			t.Errorf("%s: got %+v, %v", kind, got, err)
			continue
		}
		if want.status == 0 {
			if len(got.Receipts) != 0 {
				t.Errorf("%s: got %+v, want nothing told", kind, got.Receipts)
			}
			continue
		}
		if len(got.Receipts) != 1 {
			t.Errorf("%s: got %+v, want one receipt", kind, got)
			continue
		}
		r := got.Receipts[0]
		if r.Status != want.status || r.Attempt != attempt || r.Reference != message1 || r.To != takes || r.Code != kind || !r.DoneAt.Equal(noon) || !r.ArrivedAt.Equal(noon) || r.Raw == "" || r.Price != (smsir.Money{Micros: 8810, Currency: "USD"}) || r.Network != "310800" {
			t.Errorf("%s: got %+v, want %+v", kind, r, want)
		}
		if (r.Error != nil) != (want.class != "") || r.Error != nil && (r.Error.Class != want.class || r.Error.ProviderCode != kind || r.Error.ProviderText != "words" || r.Error.Text == "") {
			t.Errorf("%s: error %+v, want class %q", kind, r.Error, want.class)
		}
	}
}

// TestReplies: what somebody wrote to a two-way number, and what else may be in a topic.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := listening(t, good(t))
	body := `{"originationNumber":"+447700900123","destinationNumber":"+447700900456","messageKeyword":"JOIN","messageBody":"Grüße","inboundMessageId":"cae173d2-66b9-564c-8309-21f858e9fb84","previousPublishedMessageId":"x"}`
	got, err := a.Callback(t.Context(), signed(t, about(body), keys()[0]))
	want := []smsir.Inbound{{Reference: "cae173d2-66b9-564c-8309-21f858e9fb84", From: "+447700900123", To: "+447700900456", Text: "Grüße", ReceivedAt: noon, Raw: body}}
	if err != nil || !reflect.DeepEqual(got.Inbound, want) || len(got.Receipts) != 0 {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, other := range []string{`hello`, `{}`, `[]`, `{"eventType":7}`, `{"messageBody":"x"}`, `{"eventType":"TEXT_DELIVERED","messageId":"../x"}`} {
		if got, err := a.Callback(t.Context(), signed(t, about(other), keys()[0])); err != nil || len(got.Receipts)+len(got.Inbound) != 0 || got.Status != http.StatusOK {
			t.Errorf("%s: got %+v, %v, want it passed over", other, got, err)
		}
	}
}
