package httpapi

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir"
)

// callbackMap says how the provider calls, how that is proved, and what it is answered.
type callbackMap struct {
	method      string // "" for both
	format      string
	signature   signature
	each        *source // nil: the call tells one thing
	status      int
	contentType string
	body        string
}

// receiptMap says where in a call a receipt stands.
type receiptMap struct {
	when                               []condition
	id, attempt, to, status, code, txt *source
	network, mcc, mnc                  *source // one, or the other two
	statuses                           map[string]reported
	time                               *timeRule
	price                              priceRule
}

// reported is what a word for a status means.
type reported struct {
	status  smsir.Status
	nonSend bool
	ignored bool
}

// inboundMap says where in a call a message from a handset stands.
type inboundMap struct {
	when               []condition
	id, from, to, text *source
	time               *timeRule
}

// timeRule says where a time stands, and how it is written.
type timeRule struct {
	source
	layout string
	zone   *time.Location
}

// Layouts that have a name.
const (
	layoutUnix      = "unix"
	layoutUnixMilli = "unix_ms"
	layoutRFC3339   = "rfc3339"
)

// read is the time that a call tells; zero when it tells none that can be read.
func (r *timeRule) read(d *document) time.Time {
	if r == nil {
		return time.Time{}
	}
	text := r.first(d)
	switch r.layout {
	case layoutUnix, layoutUnixMilli:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 || n > 1<<46 {
			return time.Time{}
		}
		if r.layout == layoutUnix {
			return time.Unix(n, 0).UTC()
		}
		return time.UnixMilli(n).UTC()
	case layoutRFC3339:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return time.Time{}
		}
		return at.UTC()
	}
	at, err := time.ParseInLocation(r.layout, text, r.zone)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (t *tree) callback(s *spec, n *yaml.Node) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, "callback")
	c := &callbackMap{method: o.word("method", "", http.MethodPost, http.MethodGet)}
	c.format = o.word("format", formatJSON, formatForm, formatQuery, formatXML)
	c.each = t.source(o.child("each"), "callback.each", c.format)
	if t.err == nil && c.each != nil && !c.each.hasPath {
		t.fail(n, "callback.each", "Write the path to the list, or . if the call itself is one.")
	}
	t.signature(s, &c.signature, o.need("signature", "Say how a call proves where it comes from. If the provider signs nothing: signature: none (then the secret in the address is the only proof)."))
	if a := o.child("answer"); a != nil {
		below := t.object(a, "callback.answer")
		if n := below.child("status"); n != nil {
			c.status = t.integer(n, "callback.answer.status", 200, 299)
		}
		c.contentType, c.body = t.text(below.child("content_type"), "callback.answer.content_type"), t.text(below.child("body"), "callback.answer.body")
		below.done()
		if t.err == nil && c.body != "" && (c.contentType == "" || strings.ContainsFunc(c.contentType, func(r rune) bool { return r < ' ' || r > '~' })) {
			t.fail(a, "callback.answer", "A body needs a content_type, such as text/plain.")
		}
		if c.status == 0 && c.body != "" {
			c.status = http.StatusOK
		}
	}
	o.done()
	s.callback = c
}

// calledFormat is the format of calls, JSON when the description does not say it (a fault that is told elsewhere).
func (s *spec) calledFormat() string {
	if s.callback == nil {
		return formatJSON
	}
	return s.callback.format
}

func (t *tree) receipt(s *spec, n *yaml.Node) {
	if n == nil || t.err != nil {
		return
	}
	o, format := t.object(n, "receipt"), s.calledFormat()
	at := func(key string) *source { return t.source(o.child(key), join("receipt", key), format) }
	r := &receiptMap{when: t.conditions(o.child("when"), "receipt.when", format), id: at("id"), attempt: at("attempt"), to: at("to"), code: at("code"), txt: at("text")}
	r.network, r.mcc, r.mnc = at("network"), at("mcc"), at("mnc")
	if t.err == nil && ((r.mcc == nil) != (r.mnc == nil) || r.network != nil && r.mcc != nil) {
		t.fail(n, "receipt", "Write network where the two codes of the recipient's network stand together, or mcc and mnc where they stand apart.")
	}
	r.status = t.source(o.need("status", "Say where the word for the status stands."), "receipt.status", format)
	r.price = t.price(o.child("price"), "receipt.price", format)
	r.time = t.time(o.child("time"), "receipt.time", format)
	r.statuses = map[string]reported{}
	t.object(o.need("statuses", "Say what the provider's words mean, such as DELIVRD: delivered."), "receipt.statuses").each(func(word string, key, value *yaml.Node) {
		meaning, ok := meanings()[t.text(value, join("receipt.statuses", word))]
		if !ok {
			t.fail(value, join("receipt.statuses", word), "%q is none of: sent, delivered, undelivered, expired, not_sent (never left the provider, may be tried again), ignore.", clip(value.Value))
		}
		if word == "" {
			t.fail(key, "receipt.statuses", "The word is empty.")
		}
		r.statuses[word] = meaning
	})
	o.done()
	if t.err == nil && r.id == nil && r.attempt == nil && !s.send.uses("callback") {
		t.fail(n, "receipt", "Nothing tells which message a receipt is about. Add id, or attempt, or put {{callback}} into the request so that the address carries it.")
	}
	s.receipt = r
}

func meanings() map[string]reported {
	return map[string]reported{
		"sent": {status: smsir.Sent}, "delivered": {status: smsir.Delivered}, "undelivered": {status: smsir.Undelivered},
		"expired": {status: smsir.Expired}, "not_sent": {status: smsir.Undelivered, nonSend: true}, "ignore": {ignored: true},
	}
}

func (t *tree) inbound(s *spec, n *yaml.Node) {
	if n == nil || t.err != nil {
		return
	}
	o, format := t.object(n, "inbound"), s.calledFormat()
	at := func(key string, need bool) *source {
		if need {
			return t.source(o.need(key, "Say where it stands."), join("inbound", key), format)
		}
		return t.source(o.child(key), join("inbound", key), format)
	}
	s.inbound = &inboundMap{
		when: t.conditions(o.child("when"), "inbound.when", format),
		id:   at("id", false), from: at("from", true), to: at("to", true), text: at("text", true),
		time: t.time(o.child("time"), "inbound.time", format),
	}
	o.done()
}

// time reads where a time stands: a path to one in RFC 3339, or a mapping with format and zone.
func (t *tree) time(n *yaml.Node, path, format string) *timeRule {
	if n == nil || t.err != nil {
		return nil
	}
	r := &timeRule{layout: layoutRFC3339, zone: time.UTC}
	if n.Kind == yaml.ScalarNode {
		t.sourcePath(&r.source, n, path, format)
		return r
	}
	o := t.object(n, path)
	if f := o.child("format"); f != nil {
		r.layout = t.text(f, join(path, "format"))
		named := r.layout == layoutUnix || r.layout == layoutUnixMilli || r.layout == layoutRFC3339
		if t.err == nil && !named && time.Date(2011, 10, 9, 8, 7, 6, 0, time.UTC).Format(r.layout) == r.layout {
			t.fail(f, join(path, "format"), "%q is none of unix, unix_ms, rfc3339, and no layout: write the moment 2006-01-02 15:04:05 as the provider would.", clip(r.layout))
		}
	}
	if z := o.child("zone"); z != nil {
		text := t.text(z, join(path, "zone"))
		if !regexp.MustCompile(`^[+-][01][0-9]:[0-5][0-9]$`).MatchString(text) {
			t.fail(z, join(path, "zone"), "Write the distance from UTC between quotes, such as \"+02:00\".")
		} else if at, err := time.Parse("-07:00", text); err == nil {
			_, seconds := at.Zone()
			r.zone = time.FixedZone(text, seconds)
		}
	}
	t.sourceKeys(&r.source, o, format)
	o.done()
	return r
}
