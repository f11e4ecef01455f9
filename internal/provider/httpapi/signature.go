package httpapi

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some providers sign with HMAC-SHA1
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir"
)

// signature says how a call proves where it comes from. Exactly one way is set; none is the secret in the address
// alone, which the door has checked.
type signature struct {
	none      bool
	hmac      *macRule
	basic     bool
	user      *template
	header    string // compared with secrets
	query     string // likewise
	standard  bool   // Standard Webhooks
	secrets   []*template
	tolerance time.Duration
}

// macRule says what an HMAC is made of and where it stands.
type macRule struct {
	hash            func() hash.Hash
	base64          bool
	header          string
	prefix          string
	over            *template
	timestampHeader string
	timestampMillis bool
	key             string // raw, hex or base64
}

// defaultTolerance is how far the clock of a signature may be from ours.
const defaultTolerance = 5 * time.Minute

func (t *tree) signature(s *spec, sig *signature, n *yaml.Node) {
	if n == nil || t.err != nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		if sig.none = n.Value == "none"; !sig.none {
			t.fail(n, "callback.signature", "%q is no way to sign. Write none, or hmac, basic, bearer, header, query or standard_webhooks with its keys.", clip(n.Value))
		}
		return
	}
	o := t.object(n, "callback.signature")
	ways := 0
	for _, way := range []string{"hmac", "basic", "bearer", "header", "query", "standard_webhooks"} {
		below := o.child(way)
		if below == nil {
			continue
		}
		ways++
		path := join("callback.signature", way)
		b := t.object(below, path)
		secret := "secret"
		switch way {
		case "hmac":
			t.mac(s, sig, b, path)
		case "basic":
			sig.basic, secret = true, "password"
			sig.user = t.template(s, b.need("username", "Write the name with which the provider logs in here."), path, accountPlaceholder)
		case "bearer":
			sig.header = "Authorization"
		case "header":
			sig.header, secret = t.text(b.need("name", "Write the name of the header."), path), "value"
		case "query":
			sig.query, secret = t.text(b.need("name", "Write the name of the parameter."), path), "value"
		case "standard_webhooks":
			sig.standard = true
			sig.tolerance = t.duration(b.child("tolerance"), join(path, "tolerance"), 10*time.Second, time.Hour, defaultTolerance)
		}
		t.secretTemplates(s, sig, b, secret, path, way == "bearer")
		b.done()
	}
	o.done()
	if t.err == nil && ways != 1 {
		t.fail(n, "callback.signature", "Say in one way how calls are signed: hmac, basic, bearer, header, query or standard_webhooks.")
	}
}

// secretTemplates reads the secrets that count: one, or a list while one takes over from another.
func (t *tree) secretTemplates(s *spec, sig *signature, o *object, key, path string, bearer bool) {
	n := o.need(key, "Write {{secret.2}}, and the value in the setting of that name.")
	if n == nil || t.err != nil {
		return
	}
	first := true
	for _, v := range listOrOne(n) {
		before := make(map[string]bool, len(s.usedSecret))
		for name := range s.usedSecret {
			before[name] = true
		}
		value := t.template(s, v, join(path, key), func(string) bool { return false })
		if t.err == nil && len(value.names()) == 0 {
			t.fail(v, join(path, key), "A secret does not stand in the description, which everybody who manages providers can read. Write {{secret.2}}, and the value in the setting of that name.")
			return
		}
		if !first {
			s.usedSecret = before // the others may be empty
		}
		first = false
		if bearer && value != nil {
			value.pieces = append([]piece{{literal: "Bearer "}}, value.pieces...)
		}
		sig.secrets = append(sig.secrets, value)
	}
}

func (t *tree) mac(s *spec, sig *signature, o *object, path string) {
	m := &macRule{}
	m.hash = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha1": sha1.New}[o.word("hash", "sha256", "sha512", "sha1")]
	m.base64 = o.word("encoding", "hex", "base64") == "base64"
	m.header, m.prefix = t.text(o.need("header", "Write the header in which the signature stands."), path), t.text(o.child("prefix"), path)
	m.key = o.word("key", "raw", "hex", "base64")
	m.timestampHeader = t.text(o.child("timestamp_header"), path)
	m.timestampMillis = o.word("timestamp_unit", "s", "ms") == "ms"
	tolerance := o.child("tolerance")
	sig.tolerance = t.duration(tolerance, join(path, "tolerance"), 10*time.Second, time.Hour, defaultTolerance)
	signed := func(name string) bool {
		return name == "body" || name == "timestamp" || name == "url" || name == "method"
	}
	over := o.child("over")
	if m.over = t.template(s, over, join(path, "over"), signed); over == nil {
		m.over = &template{pieces: []piece{{name: "body"}}}
	}
	if t.err == nil {
		stamped, body := false, false
		for _, name := range m.over.names() {
			stamped, body = stamped || name == "timestamp", body || name == "body"
		}
		switch {
		case !body:
			t.fail(over, join(path, "over"), "What is signed must have {{body}} in it, or anybody could change what a signed call tells.")
		case stamped != (m.timestampHeader != ""):
			t.fail(o.node, path, "A time belongs to what is signed: put {{timestamp}} into over and its header into timestamp_header, or leave both out.")
		case tolerance != nil && !stamped:
			t.fail(tolerance, path, "tolerance is for signatures with a time. Take it out.")
		}
	}
	sig.hmac = m
}

// proves reports whether a call proves where it comes from. Every comparison takes the same time whatever it finds.
func (a *adapter) proves(r smsir.CallbackRequest) bool {
	sig, v, header := &a.spec.callback.signature, a.account(a.now()), http.Header(r.Header)
	if sig.none {
		return true
	}
	fits := false
	for _, t := range sig.secrets {
		if secret, empty := t.render(v, same); !empty && a.fits(sig, secret, v, r, header) {
			fits = true
		}
	}
	return fits
}

func (a *adapter) fits(sig *signature, secret string, v values, r smsir.CallbackRequest, header http.Header) bool {
	switch {
	case sig.hmac != nil:
		return a.macFits(sig, secret, r, header)
	case sig.standard:
		return a.standardFits(sig, secret, r, header)
	case sig.basic:
		user, password, ok := (&http.Request{Header: header}).BasicAuth()
		name := equal(user, sig.user.plain(v))
		return equal(password, secret) && name && ok
	case sig.header != "":
		given := header.Values(sig.header)
		return len(given) == 1 && equal(given[0], secret)
	case sig.query != "":
		address, err := url.Parse(r.URL)
		if err != nil {
			return false
		}
		given := address.Query()[sig.query]
		return len(given) == 1 && equal(given[0], secret)
	}
	return false
}

func (a *adapter) macFits(sig *signature, secret string, r smsir.CallbackRequest, header http.Header) bool {
	m := sig.hmac
	given := header.Values(m.header)
	if len(given) != 1 {
		return false
	}
	signed := values{"body": string(r.Body), "url": r.URL, "method": r.Method}
	if m.timestampHeader != "" {
		signed["timestamp"] = header.Get(m.timestampHeader)
		if !a.recent(signed["timestamp"], m.timestampMillis, sig.tolerance) {
			return false
		}
	}
	key, err := keyOf(secret, m.key)
	if err != nil {
		return false
	}
	mac := hmac.New(m.hash, key)
	mac.Write([]byte(m.over.plain(signed)))
	want := m.prefix + hex.EncodeToString(mac.Sum(nil))
	got := given[0]
	if m.base64 {
		want = m.prefix + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	} else {
		got = m.prefix + strings.ToLower(strings.TrimPrefix(got, m.prefix)) // hexadecimal in either case
		if !strings.HasPrefix(given[0], m.prefix) {
			return false
		}
	}
	return equal(got, want)
}

// standardFits checks a signature of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id.timestamp.body, in
// base64, any of those in the header that are of version 1.
func (a *adapter) standardFits(sig *signature, secret string, r smsir.CallbackRequest, header http.Header) bool {
	id, stamp := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	if id == "" || !a.recent(stamp, false, sig.tolerance) {
		return false
	}
	key, err := keyOf(strings.TrimPrefix(secret, "whsec_"), "base64")
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(r.Body)
	want, fits := "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), false
	for given := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		if equal(given, want) {
			fits = true
		}
	}
	return fits
}

// recent reports whether a time is near ours.
func (a *adapter) recent(stamp string, millis bool, tolerance time.Duration) bool {
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || n <= 0 || n > 1<<46 {
		return false
	}
	at := time.Unix(n, 0)
	if millis {
		at = time.UnixMilli(n)
	}
	return a.now().Sub(at).Abs() <= tolerance
}

func keyOf(secret, encoding string) ([]byte, error) {
	switch encoding {
	case "hex":
		return hex.DecodeString(secret)
	case "base64":
		return base64.StdEncoding.DecodeString(secret)
	}
	return []byte(secret), nil
}

func equal(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}
