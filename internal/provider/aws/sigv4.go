package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	stampForm = "20060102T150405Z"
)

// signer signs requests with AWS Signature Version 4.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type signer struct {
	id, secret string
	region     string
	service    string
}

// sign dates a request and signs it, with all of its headers and its body.
func (s signer) sign(r *http.Request, body []byte, now time.Time) {
	stamp := now.UTC().Format(stampForm)
	r.Header.Set("X-Amz-Date", stamp)
	canonical, signed := canonicalRequest(r, body)
	scope := strings.Join([]string{stamp[:8], s.region, s.service, "aws4_request"}, "/")
	sum := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{algorithm, stamp, scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + s.secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	r.Header.Set("Authorization", algorithm+" Credential="+s.id+"/"+scope+", SignedHeaders="+signed+", Signature="+hex.EncodeToString(mac(key, text)))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// canonicalRequest writes a request as both sides hash it, and lists the headers that are signed.
func canonicalRequest(r *http.Request, body []byte) (text, signed string) {
	headers := map[string]string{"host": r.Host}
	if r.Host == "" {
		headers["host"] = r.URL.Host
	}
	for name, values := range r.Header {
		trimmed := make([]string, len(values))
		for i, v := range values {
			trimmed[i] = strings.Join(strings.Fields(v), " ")
		}
		headers[strings.ToLower(name)] = strings.Join(trimmed, ",")
	}
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, name := range names {
		b.WriteString(name + ":" + headers[name] + "\n")
	}
	signed = strings.Join(names, ";")
	sum := sha256.Sum256(body)
	b.WriteString("\n" + signed + "\n" + hex.EncodeToString(sum[:]))
	return b.String(), signed
}

// canonicalQuery sorts the parameters, and escapes them as AWS does.
func canonicalQuery(query url.Values) string {
	var all []string
	for name, values := range query {
		for _, value := range values {
			all = append(all, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "&")
}

// escape writes everything but the unreserved characters of RFC 3986 as %XX.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
