package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/smsir/smsir"
)

// signed reports whether a request bears a signature that one of the auth tokens makes. What is signed is the address
// as Twilio calls it, followed by the parameters of a form, each as its name and its value. A body that is no form is
// signed through its hash in the parameter bodySHA256 of the address. Without a token nothing is signed.
// https://www.twilio.com/docs/usage/webhooks/webhooks-security
func (a *account) signed(r smsir.CallbackRequest, form url.Values) bool {
	given := r.Header["X-Twilio-Signature"]
	if len(given) != 1 {
		return false
	}
	if form == nil && len(r.Body) > 0 && !hashed(r) {
		return false
	}
	fits := false
	for _, token := range a.tokens {
		for _, address := range spellings(r.URL) {
			if hmac.Equal([]byte(given[0]), []byte(sign(token, address, form))) {
				fits = true
			}
		}
	}
	return fits
}

// sign makes a signature.
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range sortedKeys(form) {
		values := slices.Sorted(slices.Values(form[name]))
		for _, value := range slices.Compact(values) { // a value that comes twice counts once
			mac.Write([]byte(name))
			mac.Write([]byte(value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sortedKeys(form url.Values) []string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names) // byte by byte, as Twilio does
	return names
}

// hashed reports whether the address names the hash of the body.
func hashed(r smsir.CallbackRequest) bool {
	u, err := url.Parse(r.URL)
	if err != nil {
		return false
	}
	given := strings.ToLower(u.Query().Get("bodySHA256"))
	sum := sha256.Sum256(r.Body)
	return hmac.Equal([]byte(given), []byte(hex.EncodeToString(sum[:])))
}

// spellings are the address with and without the port: Twilio signs either. Nothing else in it is touched.
func spellings(address string) []string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		return []string{address, scheme + "://" + host[:i] + path}
	}
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return []string{address, scheme + "://" + host + port + path}
}
