package httpapi

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
)

// spec is a description as it was read and checked. It never changes, and is safe for concurrent use.
type spec struct {
	name       string
	timeout    time.Duration
	secrets    map[string]string // placeholder of a secret's name -> placeholder of its number
	numbers    numbers
	words      map[string]map[string]string // of {{encoding}}, {{class}} and {{from.type}}
	hexText    bool                         // text that is not GSM 7-bit is handed over as UCS-2 in hexadecimal
	minLeft    time.Duration
	maxLeft    time.Duration
	send       request
	answer     answerMap
	codes      map[string]errmap.Note
	dedupe     *dedupe
	callback   *callbackMap
	receipt    *receiptMap
	inbound    *inboundMap
	status     *statusMap
	balance    *balanceMap
	check      *checkMap
	usedSecret map[string]bool // placeholders of the secrets that must be set
}

// dedupe says that the upstream takes one attempt only once, however often it is handed over.
type dedupe struct {
	window    time.Duration // how long it remembers an attempt
	duplicate []string      // codes with which it says that it has it already
}

// answerMap says what answers to a submission mean.
type answerMap struct {
	format     string
	accepted   outcomeRule
	refused    *outcomeRule
	id         *source
	code       *source
	text       *source
	retryAfter *source
	price      priceRule
}

// outcomeRule is met by a status of HTTP in a set and conditions on the answer.
type outcomeRule struct {
	status []statusRange
	where  []condition
}

type statusRange struct{ from, to int }

func (r outcomeRule) status1(status int) bool {
	for _, s := range r.status {
		if status >= s.from && status <= s.to {
			return true
		}
	}
	return false
}

func (r outcomeRule) met(status int, d *document) bool {
	return r.status1(status) && hold(r.where, d)
}

// priceRule says where a price stands.
type priceRule struct{ amount, currency *source }

// parse reads a description.
func parse(text string) (*spec, *smsir.Error) {
	t := &tree{}
	s := &spec{usedSecret: map[string]bool{}}
	root := t.parseYAML(text)
	if t.err == nil {
		t.spec(s, root)
	}
	if t.err != nil {
		return nil, t.err
	}
	return s, nil
}

func (t *tree) spec(s *spec, root *yaml.Node) {
	o := t.object(root, "")
	s.name = t.text(o.need("name", "Write how the provider is called."), "name")
	if t.err == nil && (s.name == "" || len(s.name) > 60) {
		t.fail(o.child("name"), "name", "Write 1 to 60 characters.")
	}
	s.timeout = t.duration(o.child("timeout"), "timeout", time.Second, time.Minute, 0)
	t.secretNames(s, o.child("secrets"))
	t.numbers(s, o.child("numbers"))
	t.words(s, o.child("words"))
	s.hexText = t.object(o.child("text"), "text").sole("ucs2", "plain", "hex") == "hex"
	validity := t.object(o.child("validity"), "validity")
	s.minLeft = t.duration(validity.child("min"), "validity.min", time.Second, 7*24*time.Hour, time.Second)
	s.maxLeft = t.duration(validity.child("max"), "validity.max", time.Second, 7*24*time.Hour, 7*24*time.Hour)
	validity.done()
	if t.err == nil && s.minLeft > s.maxLeft {
		t.fail(validity.node, "validity", "min is longer than max.")
	}
	auth := t.auth(s, o.child("auth"), "auth")
	t.request(s, &s.send, o.need("send", "Write the request that hands a message over."), "send", sendPlaceholder, auth)
	t.answer(&s.answer, o.need("answer", "Write how the answer to a message is read."))
	t.codes(s, o.child("errors"))
	t.dedupe(s, o.child("dedupe"))
	t.callback(s, o.child("callback"))
	t.receipt(s, o.child("receipt"))
	t.inbound(s, o.child("inbound"))
	t.status(s, o.child("status"), auth)
	t.balance(s, o.child("balance"), auth)
	t.check(s, o.child("check"), auth)
	o.done()
	if t.err != nil {
		return
	}
	if s.callback != nil && s.receipt == nil && s.inbound == nil {
		t.fail(o.child("callback"), "callback", "Nobody reads the calls. Add receipt or inbound, or take it out.")
	}
	if s.callback == nil && (s.receipt != nil || s.inbound != nil) {
		t.fail(o.node, "callback", "It is missing. Say how the calls with receipts and messages look (format) and how they are proved (signature).")
	}
}

// sole reads the one key of a mapping that knows no other.
func (o *object) sole(key string, words ...string) string {
	w := o.word(key, words...)
	o.done()
	return w
}

// secretNames gives names to the numbered secrets.
func (t *tree) secretNames(s *spec, n *yaml.Node) {
	s.secrets = map[string]string{}
	for i := range maxSecrets {
		number := "secret." + strconv.Itoa(i+1)
		s.secrets[number] = number
	}
	t.object(n, "secrets").each(func(name string, key, value *yaml.Node) {
		number := t.integer(value, join("secrets", name), 1, maxSecrets)
		if !wordForm.MatchString(name) {
			t.fail(key, "secrets", "%q is no name. Take letters, digits and _, with a letter first.", clip(name))
		}
		s.secrets["secret."+name] = "secret." + strconv.Itoa(number)
	})
}

// integer reads a whole number within bounds.
func (t *tree) integer(n *yaml.Node, path string, low, high int) int {
	text := t.text(n, path)
	if t.err != nil {
		return low
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < low || number > high {
		t.fail(n, path, "%q is no whole number from %d to %d.", clip(text), low, high)
		return low
	}
	return number
}

// duration reads a span such as 30s, 5m or 12h, within bounds.
func (t *tree) duration(n *yaml.Node, path string, low, high, missing time.Duration) time.Duration {
	if n == nil || t.err != nil {
		return missing
	}
	text := t.text(n, path)
	d, err := time.ParseDuration(text)
	if t.err == nil && (err != nil || d < low || d > high) {
		t.fail(n, path, "%q is no span of time from %v to %v. Write such as 30s, 5m or 12h.", clip(text), low, high)
		return missing
	}
	return d
}

// statuses reads a set of HTTP statuses: numbers, and classes such as 2xx.
func (t *tree) statuses(n *yaml.Node, path string, missing ...statusRange) []statusRange {
	if n == nil {
		return missing
	}
	var all []statusRange
	for _, text := range t.texts(n, path) {
		if len(text) == 3 && text[1:] == "xx" && text[0] >= '1' && text[0] <= '5' {
			from := int(text[0]-'0') * 100
			all = append(all, statusRange{from, from + 99})
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 100 || number > 599 {
			t.fail(n, path, "%q is no status of HTTP. Write such as 200, or 2xx for all that begin with 2.", clip(text))
			return nil
		}
		all = append(all, statusRange{number, number})
	}
	return all
}

func (t *tree) outcome(n *yaml.Node, path, format string, missing ...statusRange) outcomeRule {
	o := t.object(n, path)
	r := outcomeRule{status: t.statuses(o.child("status"), join(path, "status"), missing...)}
	r.where = t.conditions(o.child("where"), join(path, "where"), format)
	o.done()
	return r
}

func (t *tree) answer(a *answerMap, n *yaml.Node) {
	o := t.object(n, "answer")
	a.format = o.word("format", formatJSON, formatXML, formatForm, formatText)
	a.accepted = t.outcome(o.child("accepted"), "answer.accepted", a.format, statusRange{200, 299})
	if n := o.child("refused"); n != nil {
		r := t.outcome(n, "answer.refused", a.format, statusRange{200, 299}, statusRange{400, 499})
		if t.err == nil && len(r.where) == 0 {
			t.fail(n, "answer.refused", "Say by what a refusal is recognised (where). A status alone stands in errors, as \"HTTP 403\".")
		}
		a.refused = &r
	}
	a.id = t.source(o.child("id"), "answer.id", a.format)
	a.code = t.source(o.child("code"), "answer.code", a.format)
	a.text = t.source(o.child("text"), "answer.text", a.format)
	a.retryAfter = t.source(o.child("retry_after"), "answer.retry_after", a.format)
	a.price = t.price(o.child("price"), "answer.price", a.format)
	o.done()
	for _, r := range a.accepted.status {
		if t.err == nil && (r.from < 200 || r.to > 299) {
			t.fail(n, "answer.accepted", "Only a status of 200 to 299 can say that a message was taken.")
		}
	}
	if t.err == nil && a.format == formatText && len(a.accepted.where) == 0 {
		t.fail(n, "answer.accepted", "An answer that is any text proves nothing. Say with where by what it is recognised, such as {match: \"^OK\"}.")
	}
	if t.err == nil && len(a.accepted.where) == 0 && a.id == nil {
		t.fail(n, "answer", "Say by what it is seen that a message was taken: an id, or accepted with where.")
	}
}

func (t *tree) price(n *yaml.Node, path, format string) priceRule {
	if n == nil {
		return priceRule{}
	}
	o := t.object(n, path)
	p := priceRule{
		amount:   t.source(o.need("amount", "Say where the amount stands."), join(path, "amount"), format),
		currency: t.source(o.need("currency", "Say where the currency stands, or write {value: EUR}."), join(path, "currency"), format),
	}
	o.done()
	return p
}

// codes reads the table of the provider's codes.
func (t *tree) codes(s *spec, n *yaml.Node) {
	s.codes = map[string]errmap.Note{}
	t.object(n, "errors").each(func(code string, key, value *yaml.Node) {
		path := join("errors", code)
		o := t.object(value, path)
		class := o.word("class", "", string(smsir.ClassRetry), string(smsir.ClassThrottle), string(smsir.ClassPermanent), string(smsir.ClassConfig),
			string(smsir.ClassBlocked), string(smsir.ClassRecipientTemp), string(smsir.ClassUnknown))
		note := errmap.Note{Class: smsir.FailureClass(class), Text: t.text(o.need("text", "Write a sentence that says what happened and what to do."), path)}
		o.done()
		switch {
		case t.err != nil:
		case code == "" || note.Class == "" || note.Text == "":
			t.fail(key, path, "An error has a code, a class (retry, throttle, permanent, config, blocked, recipient_temp or unknown) and a text.")
		default:
			s.codes[code] = note
		}
	})
}

func (t *tree) dedupe(s *spec, n *yaml.Node) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, "dedupe")
	s.dedupe = &dedupe{
		window:    t.duration(o.need("for", "Write how long the provider remembers an attempt, such as 12h; half of what it promises is a good value."), "dedupe.for", time.Minute, 7*24*time.Hour, 0),
		duplicate: t.texts(o.child("duplicate"), "dedupe.duplicate"),
	}
	o.done()
	if t.err == nil && !s.send.uses("attempt", "attempt.number") {
		t.fail(n, "dedupe", "The provider can only recognise an attempt that it is told. Put {{attempt}} where it expects its key (send.headers, send.query or the body).")
	}
}
