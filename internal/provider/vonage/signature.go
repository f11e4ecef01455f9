package vonage

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // the method that Vonage begins with
	"crypto/sha1" //nolint:gosec // a method of Vonage's
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/jws"
)

const (
	// tolerance is how far Vonage's clock and ours may be apart, and how old the signature in a parameter may be.
	tolerance = 5 * time.Minute
	// repeats is how long Vonage repeats a call that was not answered. It does not say whether it signs it anew, so a
	// token without an end of its own is good for as long; what it tells twice is told once, behind us.
	repeats = 24 * time.Hour
)

// digests are the methods of a signature in a parameter. All are HMACs but md5hash, which is the hash of what is signed
// with the secret behind it.
func digests() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{"md5hash": md5.New, "md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
}

// sign makes the signature of parameters: "&name=value" of each, in the order of the names, where & and = in a value
// are written as _. https://developer.vonage.com/en/getting-started/concepts/signing-messages
func sign(method string, secret []byte, params url.Values) string {
	var signed strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "sig" {
			signed.WriteString("&" + name + "=" + strings.NewReplacer("&", "_", "=", "_").Replace(params.Get(name)))
		}
	}
	if method == "md5hash" {
		sum := md5.Sum(append([]byte(signed.String()), secret...)) //nolint:gosec // the method that Vonage begins with
		return hex.EncodeToString(sum[:])
	}
	mac := hmac.New(digests()[method], secret)
	mac.Write([]byte(signed.String()))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

// signedParams reports whether parameters bear a signature that one of the secrets made a short time ago.
func (a *account) signedParams(params url.Values) bool {
	seconds, err := strconv.ParseInt(params.Get("timestamp"), 10, 64)
	if err != nil || a.now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	for _, values := range params {
		if len(values) != 1 {
			return false // which one was signed?
		}
	}
	given, fits := strings.ToUpper(params.Get("sig")), false
	for _, secret := range a.signatures {
		if hmac.Equal([]byte(given), []byte(strings.ToUpper(sign(a.method, secret, params)))) {
			fits = true
		}
	}
	return fits
}

// token is what matters of the claims of a token of Vonage's.
type token struct {
	Hash        string   `json:"payload_hash"`
	Key         string   `json:"api_key"`
	Application string   `json:"application_id"`
	Issued      *float64 `json:"iat"`
	Expires     *float64 `json:"exp"`
}

// signedBody reports whether a request bears a token that one of the secrets has signed, for its body and this account.
// https://developer.vonage.com/en/getting-started/concepts/webhooks
func (a *account) signedBody(r smsir.CallbackRequest) bool {
	given := r.Header["Authorization"]
	if len(given) != 1 || r.Method != http.MethodPost {
		return false
	}
	scheme, compact, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	raw, err := jws.VerifyHS256(strings.TrimSpace(compact), a.signatures, a.now(), tolerance)
	var t token
	if err != nil || json.Unmarshal(raw, &t) != nil {
		return false
	}
	if !hashes(t.Hash, r.Body) {
		return false
	}
	if t.Expires == nil && (t.Issued == nil || a.now().Sub(time.Unix(int64(*t.Issued), 0)) > repeats+tolerance) {
		return false
	}
	return ours(a.key, t.Key) && ours(strings.ToLower(a.application), strings.ToLower(t.Application))
}

// hashes reports whether a hash is that of a body: as it came or, because Vonage describes it so, without the space
// between its JSON tokens.
func hashes(given string, body []byte) bool {
	fits := func(b []byte) bool {
		sum := sha256.Sum256(b)
		return hmac.Equal([]byte(strings.ToLower(given)), []byte(hex.EncodeToString(sum[:])))
	}
	var dense bytes.Buffer
	return fits(body) || json.Compact(&dense, body) == nil && fits(dense.Bytes())
}

// ours reports whether what a call says of its account fits the settings, as far as both say something.
func ours(set, told string) bool { return set == "" || told == "" || set == told }
