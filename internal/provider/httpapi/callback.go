package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/network"
)

// maxRaw is how much of a call is kept, in bytes, and maxTold how many things one call may tell.
const (
	maxRaw  = 4 << 10
	maxTold = 1000
)

// Callback implements [smsir.CalledBack].
func (a *adapter) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	c := a.spec.callback
	if c == nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The description of this provider expects no calls.")
	}
	if c.method != "" && c.method != r.Method || !a.proves(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The call does not prove where it comes from.")
	}
	address, err := url.Parse(r.URL)
	if err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The address of the call cannot be read.")
	}
	d := document{header: http.Header(r.Header), query: address.Query(), body: r.Body}
	if err := d.read(c.format); err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is not the %s that the description says.", c.format)
	}
	answer := smsir.CallbackAnswer{Status: c.status, ContentType: c.contentType, Body: []byte(c.body)}
	if c.body == "" {
		answer.Body = nil
	}
	things, err := c.things(&d)
	if err != nil {
		return smsir.CallbackAnswer{}, err
	}
	raw := a.raw(r, address)
	for _, thing := range things {
		d.at = thing
		if err := a.read(&answer, &d, raw); err != nil {
			return smsir.CallbackAnswer{}, err
		}
	}
	return answer, nil
}

// things lists what a call tells: one thing, or each of its list.
func (c *callbackMap) things(d *document) ([]any, error) {
	if c.each == nil {
		return []any{d.root}, nil
	}
	nodes := c.each.nodes(d)
	if len(nodes) == 1 {
		if list, ok := nodes[0].([]any); ok {
			nodes = list
		}
	}
	if len(nodes) > maxTold {
		return nil, smsir.Errorf(smsir.CodeInvalid, "The call tells %d things, more than %d.", len(nodes), maxTold)
	}
	return nodes, nil
}

// read reads one thing: a receipt or a message from a handset, whichever recognises it.
func (a *adapter) read(answer *smsir.CallbackAnswer, d *document, raw string) error {
	if m := a.spec.receipt; m != nil && hold(m.when, d) {
		if word := strings.TrimSpace(m.status.first(d)); word != "" {
			if receipt, ok := a.receipt(d, word); ok {
				receipt.Raw = raw
				answer.Receipts = append(answer.Receipts, receipt)
			}
			return nil
		}
	}
	if m := a.spec.inbound; m != nil && hold(m.when, d) {
		in := smsir.Inbound{
			Reference: strings.TrimSpace(m.id.first(d)), From: a.spec.numbers.in(m.from.first(d)), To: a.spec.numbers.in(m.to.first(d)),
			Text: m.text.first(d), ReceivedAt: m.time.read(d), Raw: raw,
		}
		if in.From != "" && in.To != "" && len(in.Reference) <= maxReference {
			if in.ReceivedAt.IsZero() {
				in.ReceivedAt = a.now()
			}
			answer.Inbound = append(answer.Inbound, in)
			return nil
		}
	}
	return smsir.Errorf(smsir.CodeInvalid, "The call is neither a receipt nor a message as the description says them.")
}

// receipt reads what became of a message; false when the word for its status says nothing new, or is not known.
func (a *adapter) receipt(d *document, word string) (smsir.Receipt, bool) {
	m := a.spec.receipt
	meaning, known := m.meaning(word)
	if !known || meaning.ignored {
		return smsir.Receipt{}, false
	}
	r := smsir.Receipt{
		Reference: strings.TrimSpace(m.id.first(d)), Status: meaning.status, NonSend: meaning.nonSend, DoneAt: m.time.read(d), ArrivedAt: a.now(),
		Code: shorten(strings.TrimSpace(m.code.first(d)), 100), Price: m.price.read(d), Network: m.networkOf(d),
	}
	if len(r.Reference) > maxReference {
		r.Reference = ""
	}
	if to := a.spec.numbers.in(m.to.first(d)); strings.HasPrefix(to, "+") {
		r.To = to
	}
	carried := d.query.Get(attemptParameter)
	if m.attempt != nil {
		carried = strings.TrimSpace(m.attempt.first(d))
	}
	if id, err := smsir.ParseID(smsir.PrefixAttempt, carried); err == nil {
		r.Attempt = id
	}
	if r.Attempt == 0 && r.Reference == "" {
		return smsir.Receipt{}, false // about nothing that we could find
	}
	if r.Status == smsir.Undelivered || r.Status == smsir.Expired {
		note, mapped := a.spec.codes[r.Code]
		if !mapped {
			note = errmap.Note{Class: smsir.ClassPermanent, Text: "The message was not delivered."}
			if r.Status == smsir.Expired {
				note.Text = "The message could not be delivered in time."
			}
		}
		r.Unmapped = !mapped && r.Code != ""
		r.Error = &smsir.Failure{Class: note.Class, Code: r.Status.String(), Text: note.Text, ProviderCode: r.Code, ProviderText: shorten(m.txt.first(d), maxWords)}
		if r.Error.ProviderCode == "" {
			r.Error.ProviderCode = word
		}
	}
	return r, true
}

// networkOf is the network of the recipient, "" where the call does not say.
func (m *receiptMap) networkOf(d *document) string {
	if m.mcc != nil {
		return network.Join(m.mcc.first(d), m.mnc.first(d))
	}
	return network.Parse(m.network.first(d))
}

// meaning is what a word means, in any case of its letters.
func (m *receiptMap) meaning(word string) (reported, bool) {
	if meaning, ok := m.statuses[word]; ok {
		return meaning, true
	}
	for known, meaning := range m.statuses {
		if strings.EqualFold(known, word) {
			return meaning, true
		}
	}
	return reported{}, false
}

// raw is a call as it came, without the path, whose last part is a secret, and without a secret in a parameter.
func (a *adapter) raw(r smsir.CallbackRequest, address *url.URL) string {
	text := string(r.Body)
	if text == "" {
		query := address.Query()
		if secret := a.spec.callback.signature.query; secret != "" {
			query.Del(secret)
		}
		text = query.Encode()
	}
	text = a.hides(text)
	return strings.ToValidUTF8(text[:min(len(text), maxRaw)], "")
}
