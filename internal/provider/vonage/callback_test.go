package vonage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// noon is when the calls of these tests come.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	messageID   = "0A0000001234567B"
	messageUUID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
)

// TestSignatureVectors: signatures made by another program after Vonage's description. That program also makes the
// signatures which the tests of Vonage's own PHP library name.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	params := pairs("msisdn", "12025550120", "to", "12025550130", "messageId", messageID, "text", "Grüße & 50% = mehr +1", "type", "unicode",
		"keyword", "GRÜSSE", "message-timestamp", "2026-11-23 12:00:00", "timestamp", "1795435200", "nonce", "b2f1", "sig", "is no part of it")
	for method, want := range map[string]string{
		"md5hash": "e30961d722f02632bcad7ee6989aea24",
		"md5":     "2F4E2974A5321CCAD39D19AE9A0E4444",
		"sha1":    "9CE8D586EF440BC15F0DE9DBEE077F989C7718D9",
		"sha256":  "F1830390904043206A7F49F4F448FC5D98EE276CD076E05C9E11C34B57889E65",
		"sha512":  "B050703AB61FE2BE9805B1E130A05A011096EDC94454FEA9FF50CD18D97871F4D74864B5185C84C4C5B01A6679B9CF8C11C466EDFC6F79060F1D3830F0446A22",
	} {
		if got := sign(method, []byte(secret), params); got != want {
			t.Errorf("%s: got %s, want %s", method, got, want)
		}
	}
}

// form makes a POST of parameters, signed with a method and a secret ("" for no signature).
func form(method, key string, params url.Values) smsir.CallbackRequest {
	params = maps.Clone(params)
	if key != "" {
		if !params.Has("timestamp") {
			params.Set("timestamp", strconv.FormatInt(noon.Unix(), 10))
		}
		params.Set("sig", sign(method, []byte(key), params))
	}
	return smsir.CallbackRequest{Method: "POST", URL: callback, Body: []byte(params.Encode()), Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}}
}

// mint makes a token as Vonage does.
func mint(head, key string, claims map[string]any) string {
	raw, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(head)) + "." + enc(raw)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + enc(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claimsFor are those of a call with a body. change lists claims by name and value; nil takes one out.
func claimsFor(body string, change ...any) map[string]any {
	c := map[string]any{
		"iat": noon.Unix(), "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5", "iss": "Vonage", "payload_hash": fmt.Sprintf("%x", sha256.Sum256([]byte(body))),
		"api_key": key, "application_id": application,
	}
	for i := 0; i+1 < len(change); i += 2 {
		c[change[i].(string)] = change[i+1]
		if change[i+1] == nil {
			delete(c, change[i].(string))
		}
	}
	return c
}

// hooked makes a POST of a body, with a token ("" for none).
func hooked(body, token string) smsir.CallbackRequest {
	r := smsir.CallbackRequest{Method: "POST", URL: callback, Body: []byte(body), Header: map[string][]string{"Content-Type": {"application/json"}}}
	if token != "" {
		r.Header["Authorization"] = []string{"Bearer " + token}
	}
	return r
}

// dlr is a receipt of the SMS API.
func dlr(status, code string, more ...string) url.Values {
	v := pairs(append([]string{
		"msisdn", "12025550120", "to", "ACME", "network-code", "310090", "messageId", messageID, "price", "0.03330000", "status", status,
		"scts", "2611231159", "err-code", code, "api-key", key, "client-ref", attempt.Format(smsir.PrefixAttempt), "message-timestamp", "2026-11-23 12:00:00",
	}, more...)...)
	return v
}

// report is a receipt of the Messages API.
func report(status string, change ...any) string {
	m := map[string]any{
		"message_uuid": messageUUID, "to": "12025550120", "from": "12025550130", "timestamp": "2026-11-23T11:59:00.331Z", "status": status,
		"client_ref": attempt.Format(smsir.PrefixAttempt), "channel": "sms", "usage": map[string]string{"currency": "EUR", "price": "0.0333"},
		"destination": map[string]string{"network_code": "310260"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		m[change[i].(string)] = change[i+1]
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// at is an account at a time.
func at(t *testing.T, now time.Time, api string, settings ...string) *account {
	a := newAccount(t, newFar(t), api, settings...)
	a.now = func() time.Time { return now }
	return a
}

// believed checks that a call is believed or refused, and that a refused one tells nothing.
func believed(t *testing.T, a *account, r smsir.CallbackRequest, want bool) {
	t.Helper()
	told, err := a.Callback(t.Context(), r)
	switch {
	case want && (err != nil || len(told.Receipts)+len(told.Inbound) != 1 || told.Status != 200):
		t.Errorf("got %+v, %v, want it believed", told, err)
	case !want && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || len(told.Receipts)+len(told.Inbound) != 0):
		t.Errorf("got %+v, %v, want it refused and nothing told", told, err)
	}
}

// TestWhoIsBelievedSMS: the signature in the parameters.
func TestWhoIsBelievedSMS(t *testing.T) {
	t.Parallel()
	const other = "another-one-that-is-no-secret"
	good := form("sha256", signing, dlr("delivered", "0"))
	seconds := func(d time.Duration) url.Values {
		return dlr("delivered", "0", "timestamp", strconv.FormatInt(noon.Add(d).Unix(), 10))
	}
	body := func(r smsir.CallbackRequest, f func(url.Values)) smsir.CallbackRequest {
		v, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		f(v)
		r.Body = []byte(v.Encode())
		return r
	}
	get := smsir.CallbackRequest{Method: "GET", URL: callback + "?" + string(good.Body)}
	var object map[string]any
	raw := func(v url.Values) []byte {
		object = map[string]any{}
		for name := range v {
			object[name] = v.Get(name)
		}
		b, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	signedForm, err := url.ParseQuery(string(good.Body))
	if err != nil {
		t.Fatal(err)
	}
	asJSON := smsir.CallbackRequest{Method: "POST", URL: callback, Body: raw(signedForm), Header: map[string][]string{"Content-Type": {"application/json"}}}
	address := []string{settingProof, proofAddress}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		want     bool
	}{
		"right":                      {good, nil, true},
		"GET":                        {get, nil, true},
		"JSON":                       {asJSON, nil, true},
		"in small letters":           {body(good, func(v url.Values) { v.Set("sig", strings.ToLower(v.Get("sig"))) }), nil, true},
		"first secret, in rotation":  {good, []string{settingSignature2, other}, true},
		"other secret, in rotation":  {form("sha256", other, dlr("delivered", "0")), []string{settingSignature2, other}, true},
		"MD5 hash, as set":           {form("md5hash", signing, dlr("delivered", "0")), []string{settingMethod, "md5hash"}, true},
		"MD5, as set":                {form("md5", signing, dlr("delivered", "0")), []string{settingMethod, "md5"}, true},
		"SHA-1, as set":              {form("sha1", signing, dlr("delivered", "0")), []string{settingMethod, "sha1"}, true},
		"SHA-512, as set":            {form("sha512", signing, dlr("delivered", "0")), []string{settingMethod, "sha512"}, true},
		"a new parameter":            {form("sha256", signing, dlr("delivered", "0", "brand-new", "a&b=c")), nil, true},
		"no API key in it":           {form("sha256", signing, dlr("delivered", "0", "api-key", "")), nil, false}, // twice now
		"5 minutes old":              {form("sha256", signing, seconds(-5*time.Minute)), nil, true},
		"5 minutes ahead":            {form("sha256", signing, seconds(5*time.Minute)), nil, true},
		"older":                      {form("sha256", signing, seconds(-5*time.Minute-time.Second)), nil, false},
		"further ahead":              {form("sha256", signing, seconds(5*time.Minute+time.Second)), nil, false},
		"a weaker method than set":   {form("md5hash", signing, dlr("delivered", "0")), nil, false},
		"other secret":               {form("sha256", other, dlr("delivered", "0")), nil, false},
		"the API secret":             {form("sha256", secret, dlr("delivered", "0")), nil, false},
		"unsigned":                   {form("sha256", "", dlr("delivered", "0")), nil, false},
		"unsigned GET":               {smsir.CallbackRequest{Method: "GET", URL: callback + "?" + dlr("delivered", "0").Encode()}, nil, false},
		"empty signature":            {body(good, func(v url.Values) { v.Set("sig", "") }), nil, false},
		"no timestamp":               {body(good, func(v url.Values) { v.Del("timestamp"); v.Set("sig", sign("sha256", []byte(signing), v)) }), nil, false},
		"timestamp that is none":     {form("sha256", signing, dlr("delivered", "0", "timestamp", "now")), nil, false},
		"another status":             {body(good, func(v url.Values) { v.Set("status", "failed") }), nil, false},
		"another message":            {body(good, func(v url.Values) { v.Set("messageId", "0A1") }), nil, false},
		"another time":               {body(good, func(v url.Values) { v.Set("timestamp", "1795435201") }), nil, false},
		"one parameter more":         {body(good, func(v url.Values) { v.Set("x", "y") }), nil, false},
		"one parameter less":         {body(good, func(v url.Values) { v.Del("price") }), nil, false},
		"a parameter twice":          {body(good, func(v url.Values) { v.Add("status", "failed") }), nil, false},
		"no form":                    {smsir.CallbackRequest{Method: "POST", URL: callback, Body: []byte("%zz"), Header: good.Header}, nil, false},
		"no secret is set":           {form("sha256", "", dlr("delivered", "0")), []string{settingSignature, ""}, false},
		"no secret, right signature": {good, []string{settingSignature, ""}, false},
		"another account":            {form("sha256", signing, func() url.Values { v := dlr("delivered", "0"); v.Set("api-key", "ffff0000"); return v }()), nil, false},
		"by the address, unsigned":   {form("sha256", "", dlr("delivered", "0")), address, true},
		"by the address, signed":     {good, address, true},
		"by the address, empty":      {body(good, func(v url.Values) { v.Set("sig", "") }), address, false},
		"by the address, wrongly":    {form("sha256", other, dlr("delivered", "0")), address, false},
		"by the address, other's":    {form("sha256", "", func() url.Values { v := dlr("delivered", "0"); v.Set("api-key", "ffff0000"); return v }()), address, false},
		"by the address, no secret":  {form("sha256", "", dlr("delivered", "0")), append(address, settingSignature, ""), true},
		"an address that is none":    {smsir.CallbackRequest{Method: "GET", URL: "://\x00"}, nil, false},
		"a query that is none":       {smsir.CallbackRequest{Method: "GET", URL: callback + "?%zz"}, nil, false},
		"parameters beside the body": {smsir.CallbackRequest{Method: "POST", URL: get.URL, Header: good.Header}, nil, false},
		"a JSON list":                {smsir.CallbackRequest{Method: "POST", URL: callback, Body: []byte("[1]")}, nil, false},
		"nothing at all":             {smsir.CallbackRequest{Method: "POST", URL: callback}, nil, false},
		"with the token of something": {func() smsir.CallbackRequest {
			r := good
			r.Header = maps.Clone(r.Header)
			r.Header["Authorization"] = []string{"Bearer x"}
			return r
		}(), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			believed(t, at(t, noon, apiSMS, tt.settings...), tt.r, tt.want)
		})
	}
}

// TestWhoIsBelievedMessages: the token beside the body.
func TestWhoIsBelievedMessages(t *testing.T) {
	t.Parallel()
	const other = "another-one-that-is-no-secret-of-32-bytes"
	body := report("delivered")
	with := func(change ...any) smsir.CallbackRequest {
		return hooked(body, mint(hs256, signing, claimsFor(body, change...)))
	}
	good := with()
	header := func(values ...string) smsir.CallbackRequest {
		r := hooked(body, "")
		r.Header["Authorization"] = values
		return r
	}
	bearer := good.Header["Authorization"][0]
	address := []string{settingProof, proofAddress}
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		want     bool
	}{
		"right":                     {good, nil, true},
		"bearer in small letters":   {header("bearer" + strings.TrimPrefix(bearer, "Bearer")), nil, true},
		"hash in capitals":          {with("payload_hash", strings.ToUpper(fmt.Sprintf("%x", sha256.Sum256([]byte(body))))), nil, true},
		"other secret, in rotation": {hooked(body, mint(hs256, other, claimsFor(body))), []string{settingSignature2, other}, true},
		"an hour old":               {with("iat", noon.Add(-time.Hour).Unix()), nil, true},
		"with an end":               {with("iat", nil, "exp", noon.Add(time.Minute).Unix()), nil, true},
		"old, with an end":          {with("iat", noon.Add(-30*24*time.Hour).Unix(), "exp", noon.Add(time.Minute).Unix()), nil, true},
		"ended a moment ago":        {with("exp", noon.Add(-4*time.Minute).Unix()), nil, true},
		"issued a moment ahead":     {with("iat", noon.Add(4*time.Minute).Unix()), nil, true},
		"names no account":          {with("api_key", nil, "application_id", nil), nil, true},
		"application in capitals":   {with("application_id", strings.ToUpper(application)), nil, true},
		"ended":                     {with("exp", noon.Add(-5*time.Minute).Unix()), nil, false},
		"issued later":              {with("iat", noon.Add(6*time.Minute).Unix()), nil, false},
		"older than any repeat":     {with("iat", noon.Add(-25*time.Hour).Unix()), nil, false},
		"no time":                   {with("iat", nil), nil, false},
		"other secret":              {hooked(body, mint(hs256, other, claimsFor(body))), nil, false},
		"the API secret":            {hooked(body, mint(hs256, secret, claimsFor(body))), nil, false},
		"no secret is set":          {good, []string{settingSignature, ""}, false},
		"empty secret":              {hooked(body, mint(hs256, "", claimsFor(body))), []string{settingSignature, ""}, false},
		"another body":              {hooked(report("rejected"), strings.TrimPrefix(bearer, "Bearer ")), nil, false},
		"body with a word more":     {hooked(strings.Replace(body, "sms", "sms ", 1), strings.TrimPrefix(bearer, "Bearer ")), nil, false},
		"body with more space":      {hooked(strings.ReplaceAll(body, `":`, `": `)+"\n", strings.TrimPrefix(bearer, "Bearer ")), nil, true},
		"no hash":                   {with("payload_hash", nil), nil, false},
		"empty hash":                {with("payload_hash", ""), nil, false},
		"alg none":                  {hooked(body, strings.Join(append(strings.Split(mint(`{"alg":"none"}`, signing, claimsFor(body)), ".")[:2], ""), ".")), nil, false},
		"alg HS512":                 {hooked(body, mint(`{"alg":"HS512"}`, signing, claimsFor(body))), nil, false},
		"alg RS256":                 {hooked(body, mint(`{"alg":"RS256"}`, signing, claimsFor(body))), nil, false},
		"another account":           {with("api_key", "ffff0000"), nil, false},
		"another application":       {with("application_id", "11111111-bbbb-cccc-dddd-0123456789ab"), nil, false},
		"no token":                  {header(), nil, false},
		"empty header":              {header(""), nil, false},
		"Basic":                     {header("Basic " + strings.TrimPrefix(bearer, "Bearer ")), nil, false},
		"two tokens":                {header("Bearer x", bearer), nil, false},
		"nonsense":                  {header("Bearer a.b.c"), nil, false},
		"GET":                       {func() smsir.CallbackRequest { r := good; r.Method = "GET"; return r }(), nil, false},
		"by the address, unsigned":  {hooked(body, ""), address, true},
		"by the address, wrongly":   {header("Bearer a.b.c"), address, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			believed(t, at(t, noon, apiMessages, tt.settings...), tt.r, tt.want)
		})
	}
}

// TestComeAgain: a call of the Messages API without any signature has to come again, where it could be signed.
func TestComeAgain(t *testing.T) {
	t.Parallel()
	wrong := hooked(report("delivered"), "a.b.c")
	for name, tt := range map[string]struct {
		r        smsir.CallbackRequest
		settings []string
		want     int
	}{
		"unsigned":               {hooked(report("delivered"), ""), nil, 503},
		"wrongly signed":         {wrong, nil, 0},
		"nothing signs":          {hooked(report("delivered"), ""), []string{settingSignature, ""}, 0},
		"of the SMS API":         {form("sha256", "", dlr("delivered", "0")), nil, 0},
		"that cannot be read":    {hooked(`{"message_uuid":`, ""), nil, 0},
		"with a strange message": {hooked(`{"message_uuid":7}`, ""), nil, 0},
	} {
		told, err := at(t, noon, apiMessages, tt.settings...).Callback(t.Context(), tt.r)
		if smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{Status: tt.want}) {
			t.Errorf("%s: got %+v, %v, want it refused with status %d", name, told, err, tt.want)
		}
	}
}
