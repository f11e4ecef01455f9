package messagebird

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

const (
	secret  = "one"
	secret2 = "two"
	form    = "application/x-www-form-urlencoded"
)

// token signs a call as MessageBird does. change replaces claims; nil takes one out.
func token(algorithm, secret, address string, body []byte, change map[string]any) string {
	claims := map[string]any{"iss": "MessageBird", "nbf": clock().Unix(), "exp": clock().Unix() + 60, "jti": "1", "url_hash": sum([]byte(address))}
	if len(body) > 0 {
		claims["payload_hash"] = sum(body)
	}
	for name, value := range change {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(map[string]any{"alg": algorithm, "typ": "JWT"}) + "." + part(claims)
	made := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[algorithm]
	if made == nil {
		return signed + "."
	}
	mac := hmac.New(made, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// report is a status report as MessageBird calls it in. change lists parameters by name and value.
func report(change ...string) smsir.CallbackRequest {
	query := url.Values{
		"id": {message1}, "reference": {attempt.Format(smsir.PrefixAttempt)}, "recipient": {"12025550120"}, "status": {"delivered"}, "statusReason": {"successfully delivered"},
		"statusDatetime": {"2026-11-29T12:00:04+00:00"}, "messageLength": {"22"}, "messagePartCount": {"1"}, "price[amount]": {"0.0612"}, "price[currency]": {"EUR"}, "mccmnc": {"310260"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		query.Set(change[i], change[i+1])
	}
	return signed(smsir.CallbackRequest{Method: "GET", URL: callback + "?" + query.Encode()})
}

// signed is a call with MessageBird's signature.
func signed(r smsir.CallbackRequest) smsir.CallbackRequest {
	header := map[string][]string{}
	for name, values := range r.Header {
		header[name] = values
	}
	header["Messagebird-Signature-Jwt"] = []string{token("HS256", secret, r.URL, r.Body, nil)}
	r.Header = header
	return r
}

func posted(kind, body string) smsir.CallbackRequest {
	return signed(smsir.CallbackRequest{Method: "POST", URL: callback, Header: map[string][]string{"Content-Type": {kind}}, Body: []byte(body)})
}

// TestClassicProof: what proves nothing changes nothing.
func TestClassicProof(t *testing.T) {
	t.Parallel()
	r, both := report(), []string{settingSigned2, secret2}
	with := func(tokens ...string) smsir.CallbackRequest {
		r := report()
		r.Header = map[string][]string{"Messagebird-Signature-Jwt": tokens}
		return r
	}
	claims := func(change map[string]any) smsir.CallbackRequest {
		return with(token("HS256", secret, r.URL, nil, change))
	}
	other := report("status", "delivery_failed")
	other.Header = r.Header
	added := report()
	added.Body = []byte("x")
	taken := posted(form, url.Values{"id": {message1}, "status": {"delivered"}}.Encode())
	taken.URL, taken.Body = r.URL, nil
	taken.Header["Messagebird-Signature-Jwt"] = []string{token("HS256", secret, r.URL, []byte("x"), nil)}
	at := func(nbf, exp time.Duration) map[string]any {
		return map[string]any{"nbf": clock().Add(nbf).Unix(), "exp": clock().Add(exp).Unix()}
	}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		fine     bool
	}{
		"signed":                       {r, nil, true},
		"signed, while it changes":     {r, both, true},
		"signed with the other key":    {with(token("HS256", secret2, r.URL, nil, nil)), both, true},
		"half a minute late":           {claims(at(-89*time.Second, -29*time.Second)), nil, true},
		"half a minute ahead":          {claims(at(30*time.Second, 90*time.Second)), nil, true},
		"later: replayed":              {claims(at(-90*time.Second, -30*time.Second)), nil, false},
		"earlier: made for later":      {claims(at(31*time.Second, 90*time.Second)), nil, false},
		"no end":                       {claims(map[string]any{"exp": nil}), nil, false},
		"no start":                     {claims(map[string]any{"nbf": nil}), nil, false},
		"another issuer":               {claims(map[string]any{"iss": "ACME"}), nil, false},
		"no issuer":                    {claims(map[string]any{"iss": nil}), nil, false},
		"another address":              {claims(map[string]any{"url_hash": sum([]byte(callback))}), nil, false},
		"no address":                   {claims(map[string]any{"url_hash": nil}), nil, false},
		"an answer changed":            {other, nil, false},
		"payload added":                {added, nil, false},
		"payload taken out":            {taken, nil, false},
		"empty payload hash":           {claims(map[string]any{"payload_hash": ""}), nil, false},
		"key of somebody else":         {with(token("HS256", "three", r.URL, nil, nil)), both, false},
		"empty key":                    {with(token("HS256", "", r.URL, nil, nil)), nil, false},
		"HS384":                        {with(token("HS384", secret, r.URL, nil, nil)), nil, false},
		"HS512":                        {with(token("HS512", secret, r.URL, nil, nil)), nil, false},
		"none":                         {with(token("none", secret, r.URL, nil, nil)), nil, false},
		"two tokens":                   {with(token("HS256", secret, r.URL, nil, nil), token("HS256", secret, r.URL, nil, nil)), nil, false},
		"no token":                     {with(), nil, false},
		"empty token":                  {with(""), nil, false},
		"we have no key":               {r, []string{settingSigning, ""}, false},
		"we have none, nor have they":  {with(token("HS256", "", r.URL, nil, nil)), []string{settingSigning, ""}, false},
		"a signature of the platform":  {birdCall(eventBody), nil, false},
		"our key has changed meantime": {r, []string{settingSigning, "three"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := newClassic(t, newFar(t), tt.settings...).Callback(t.Context(), tt.r)
			checkProof(t, told, err, tt.fine)
		})
	}
}

func checkProof(t *testing.T, told smsir.CallbackAnswer, err error, fine bool) {
	t.Helper()
	switch {
	case fine && (err != nil || len(told.Receipts) != 1):
		t.Errorf("got %+v, %v, want a receipt", told, err)
	case !fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
		t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
	}
}

// TestOfficialDocument holds the proof against the vectors that MessageBird publishes for those who verify its
// signatures. Of the valid ones we refuse those with algorithms that MessageBird does not use.
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("SMSIR_PROVIDER_SPECS")
	if folder == "" {
		t.Skip("NOT RUN: MessageBird's vectors are not there. Set SMSIR_PROVIDER_SPECS to the folder with messagebird_reference.json.")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "messagebird_reference.json")) //nolint:gosec // the folder is ours
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Method, Secret, URL, Payload, Token string
		Timestamp                                 time.Time
		Valid                                     bool
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 40 {
		t.Fatalf("got %d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		c := &classic{account{secrets: [][]byte{[]byte(v.Secret)}, now: func() time.Time { return v.Timestamp }}}
		r := smsir.CallbackRequest{Method: v.Method, URL: v.URL, Header: map[string][]string{"Messagebird-Signature-Jwt": {v.Token}}, Body: []byte(v.Payload)}
		want := v.Valid && !strings.HasPrefix(v.Name, "HS384") && !strings.HasPrefix(v.Name, "HS512")
		if got := c.signed(r); got != want {
			t.Errorf("%s: got %v, want %v", v.Name, got, want)
		}
	}
}

// TestClassicReceipts: what each status comes to.
func TestClassicReceipts(t *testing.T) {
	t.Parallel()
	c := newClassic(t, newFar(t))
	for _, tt := range []struct {
		status, code, reason string
		want                 smsir.Status
		class                smsir.FailureClass
		unmapped             bool
	}{
		{"scheduled", "", "", smsir.Sent, "", false},
		{"buffered", "", "pending DLR", smsir.Sent, "", false},
		{"sent", "", "", smsir.Sent, "", false},
		{"delivered", "", "successfully delivered", smsir.Delivered, "", false},
		{"expired", "", "expired", smsir.Expired, smsir.ClassPermanent, false},
		{"delivery_failed", "1", "unknown subscriber", smsir.Undelivered, smsir.ClassPermanent, false},
		{"delivery_failed", "27", "unavailable subscriber", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"delivery_failed", "103", "opted out", smsir.Undelivered, smsir.ClassBlocked, false},
		{"delivery_failed", "104", "", smsir.Undelivered, smsir.ClassConfig, false},
		{"delivery_failed", "0", "Capacity limit reached", smsir.Undelivered, smsir.ClassThrottle, false},
		{"delivery_failed", "9999", "unavailable subscriber", smsir.Undelivered, smsir.ClassRecipientTemp, false},
		{"delivery_failed", "9999", "who knows", smsir.Undelivered, smsir.ClassPermanent, true},
		{"delivery_failed", "", "", smsir.Undelivered, smsir.ClassPermanent, false},
	} {
		r := report("status", tt.status, "statusErrorCode", tt.code, "statusReason", tt.reason)
		told, err := c.Callback(t.Context(), r)
		if err != nil || len(told.Receipts) != 1 || len(told.Inbound) != 0 || told.Status != 200 {
			t.Errorf("%s %s: got %+v, %v, want one receipt", tt.status, tt.code, told, err)
			continue
		}
		got, code := told.Receipts[0], tt.code
		if code == "0" {
			code = ""
		}
		if (got.Error != nil) != (tt.class != "") || got.Error != nil && (got.Error.Class != tt.class || got.Error.ProviderCode != code || got.Error.ProviderText != tt.reason || got.Error.Text == "" || got.Error.Code != tt.status) {
			t.Errorf("%s %s: got the error %+v, want class %q", tt.status, tt.code, got.Error, tt.class)
		}
		got.Error = nil
		_, query, _ := strings.Cut(r.URL, "?")
		want := smsir.Receipt{
			Reference: message1, Attempt: attempt, To: takes, Status: tt.want, DoneAt: clock().Add(-time.Second), ArrivedAt: clock(), Code: code, Raw: query,
			Unmapped: tt.unmapped, Price: smsir.Money{Micros: 61200, Currency: "EUR"}, Network: "310260",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: got %+v, want %+v", tt.status, tt.code, got, want)
		}
	}
	if told, err := c.Callback(t.Context(), report("status", "brand_new")); err != nil || !reflect.DeepEqual(told, smsir.CallbackAnswer{Status: 200}) {
		t.Errorf("a new status: got %+v, %v, want nothing", told, err)
	}
	bare := signed(smsir.CallbackRequest{Method: "GET", URL: callback + "?id=" + message1 + "&status=delivered&reference=theirs&pad=" + strings.Repeat("x", 5000)})
	told, err := c.Callback(t.Context(), bare)
	if err != nil || len(told.Receipts) != 1 {
		t.Fatalf("got %+v, %v, want a receipt", told, err)
	}
	if r := told.Receipts[0]; r.Attempt != 0 || r.To != "" || !r.DoneAt.IsZero() || r.Price != (smsir.Money{}) || len(r.Raw) != maxRaw {
		t.Errorf("got %+v, want nothing that is not there, and %d bytes", r, maxRaw)
	}
	for name, r := range map[string]smsir.CallbackRequest{
		"no id": report("id", ""), "no JSON": posted("application/json", "x"), "no form": posted(form, "%zz"),
		"no sender": posted(form, "id=1&recipient=12025550130&body=x"), "no recipient": posted(form, "id=1&originator=12025550120&body=x"),
		"no query": signed(smsir.CallbackRequest{Method: "GET", URL: callback + "?%zz"}),
	} {
		if told, err := c.Callback(t.Context(), r); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}

// TestClassicReplies: somebody writes to a number of the account.
func TestClassicReplies(t *testing.T) {
	t.Parallel()
	c := newClassic(t, newFar(t))
	fields := url.Values{
		"id": {"c002"}, "originator": {"12025550120"}, "recipient": {"12025550130"}, "body": {"STOP bitte – ü"}, "createdDatetime": {"2026-11-29T12:00:03+00:00"},
	}
	for name, tt := range map[string]struct {
		r   smsir.CallbackRequest
		raw string
	}{
		"form":  {posted(form, fields.Encode()), fields.Encode()},
		"query": {signed(smsir.CallbackRequest{Method: "GET", URL: callback + "?" + fields.Encode()}), fields.Encode()},
		"JSON": {
			posted("application/json", `{"message_id":"c002","sender":12025550120,"receiver":"12025550130","payload":"STOP bitte – ü","createdDatetime":"2026-11-29T13:00:03+01:00","list":[]}`),
			`{"message_id":"c002","sender":12025550120,"receiver":"12025550130","payload":"STOP bitte – ü","createdDatetime":"2026-11-29T13:00:03+01:00","list":[]}`,
		},
	} {
		want := smsir.CallbackAnswer{Status: 200, Inbound: []smsir.Inbound{{
			Reference: "c002", From: takes, To: sender, Text: "STOP bitte – ü", ReceivedAt: clock().Add(-2 * time.Second), Raw: tt.raw,
		}}}
		if told, err := c.Callback(t.Context(), tt.r); err != nil || !reflect.DeepEqual(told, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, told, err, want)
		}
	}
	told, err := c.Callback(t.Context(), posted(form, "id=1&originator=12025550120&recipient=22395"))
	if err != nil || len(told.Inbound) != 1 || told.Inbound[0].To != "22395" || !told.Inbound[0].ReceivedAt.Equal(clock()) {
		t.Errorf("to a short code: got %+v, %v, want it as it is, at the time of arrival", told, err)
	}
}
