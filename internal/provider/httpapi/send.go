package httpapi

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// Send implements [smsir.Provider].
func (a *adapter) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	answer, err := a.submit(ctx, s)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// submit makes the request of a submission and sends it.
func (a *adapter) submit(ctx context.Context, s smsir.Submission) (outcall.Response, error) {
	v, fault := a.submitted(s, a.now())
	if fault != nil {
		return outcall.Response{}, fault
	}
	req, err := a.spec.send.build(ctx, v)
	if err != nil {
		return outcall.Response{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "bad_request",
			Text: "The request cannot be made of this message: " + err.Error() + ". Check the description.",
		}
	}
	return a.http.Do(ctx, req)
}

// told is an answer with what it says.
type told struct {
	answer outcall.Response
	doc    document
	broken bool // it does not have the format of the description, or is not whole
	code   string
	text   string
}

// maxWords is how much of the provider's words is kept, in bytes.
const maxWords = 1000

// maxReference is the length of an id of the provider's, in bytes.
const maxReference = 200

func (a *adapter) hear(answer outcall.Response) told {
	m := &a.spec.answer
	t := told{answer: answer, doc: document{header: answer.Header, body: answer.Body}}
	t.broken = t.doc.read(m.format) != nil || answer.Truncated
	if !t.broken {
		t.code, t.text = strings.TrimSpace(m.code.first(&t.doc)), m.text.first(&t.doc)
	}
	t.code, t.text = shorten(a.hides(t.code), 100), shorten(a.hides(t.text), maxWords)
	return t
}

func shorten(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// judge tells what an answer to a submission means, in the order of what is certain.
func (a *adapter) judge(answer outcall.Response) (smsir.Accepted, error) {
	t := a.hear(answer)
	m := &a.spec.answer
	_, named := a.spec.codes[t.code]
	met := !t.broken && !(named && t.code != "") && m.accepted.met(answer.Status, &t.doc)
	ids := references(m.id, &t.doc)
	if met && (m.id == nil || len(ids) > 0) {
		return smsir.Accepted{References: ids, NoReceipt: a.spec.receipt == nil || a.address == "", Price: m.price.read(&t.doc)}, nil
	}
	if answer.Status/100 == 3 {
		return smsir.Accepted{}, a.failure(t, smsir.AttemptUnknown, errmap.Note{Class: smsir.ClassUnknown, Text: "The address of the interface leads elsewhere. Check send.url in the description."}, "redirected")
	}
	note, mapped, refused := a.refusal(t)
	switch {
	case met && !refused:
		note = errmap.Note{Class: smsir.ClassUnknown, Text: a.spec.name + " answered, but without the id of a message."}
		return smsir.Accepted{}, a.failure(t, smsir.AttemptUnknown, note, "no_reference")
	case !refused || note.Class == smsir.ClassUnknown:
		if note.Text == "" {
			note.Text = a.spec.name + " gave no answer that tells what became of the message."
		}
		note.Class = smsir.ClassUnknown
		return smsir.Accepted{}, a.failure(t, smsir.AttemptUnknown, note, "no_answer")
	case note.Class == smsir.ClassThrottle:
		e := a.failure(t, smsir.AttemptNotSent, note, "throttled")
		e.RetryAfter = a.retryAfter(t)
		return smsir.Accepted{}, e
	}
	e := a.failure(t, smsir.AttemptRefused, note, "refused")
	e.Unmapped = !mapped
	if note.Class == smsir.ClassRetry || note.Class == smsir.ClassConfig {
		e.RetryAfter = a.retryAfter(t)
	}
	return smsir.Accepted{}, e
}

// references are the ids that stand in an answer, each once.
func references(at *source, d *document) (all []string) {
	for _, id := range at.all(d) {
		if id = strings.TrimSpace(id); id != "" && len(id) <= maxReference && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// refusal finds out whether an answer is a no, and what it means. What counts: a status that the description names in
// errors; a code that it names there, or the rule that it gives for refusals, in an answer of 2xx or 4xx; any code in
// one of 4xx.
func (a *adapter) refusal(t told) (note errmap.Note, mapped, refused bool) {
	status := "HTTP " + strconv.Itoa(t.answer.Status)
	byStatus, named := a.spec.codes[status]
	inBand := t.answer.Status/100 == 2 || t.answer.Status/100 == 4
	rule := a.spec.answer.refused
	if rule != nil {
		inBand = rule.status1(t.answer.Status)
	}
	byCode, known := a.spec.codes[t.code]
	switch {
	case t.broken && !named:
	case known && inBand && t.code != "":
		return byCode, true, true
	case named:
		return byStatus, true, true
	case inBand && rule != nil && rule.met(t.answer.Status, &t.doc), rule == nil && t.answer.Status/100 == 4 && t.code != "" && t.answer.Status != http.StatusRequestTimeout:
		if t.answer.Status != http.StatusTooManyRequests {
			return a.unmapped(t.answer.Status), false, true
		}
	}
	if t.answer.Status == http.StatusTooManyRequests {
		return errmap.Note{Class: smsir.ClassThrottle, Text: a.spec.name + " asks to slow down."}, true, true
	}
	return errmap.Note{}, false, false
}

// unmapped is what is assumed of a code that the description does not have: for good, unless the status says that
// something is wrong with the account or the address.
func (a *adapter) unmapped(status int) errmap.Note {
	switch status {
	case 401, 402, 403, 404, 405:
		return errmap.Note{Class: smsir.ClassConfig, Text: a.spec.name + " does not let this account do that. Check the credentials and the description."}
	}
	return errmap.Note{Class: smsir.ClassPermanent, Text: a.spec.name + " refused the message."}
}

// retryAfter is how long the provider asks to wait: by the description, or by the header of that name.
func (a *adapter) retryAfter(t told) time.Duration {
	if said := strings.TrimSpace(a.spec.answer.retryAfter.first(&t.doc)); said != "" {
		return outcall.RetryAfter(http.Header{"Retry-After": {said}}, a.now())
	}
	return outcall.RetryAfter(t.answer.Header, a.now())
}

// failure keeps the provider's words. Where it gives no code, the HTTP status stands for it.
func (a *adapter) failure(t told, state smsir.AttemptState, note errmap.Note, code string) *smsir.SendError {
	e := &smsir.SendError{State: state, Class: note.Class, Code: code, Text: note.Text, ProviderCode: t.code, ProviderText: t.text}
	if e.ProviderCode == "" {
		e.ProviderCode = "HTTP " + strconv.Itoa(t.answer.Status)
	}
	return e
}

var (
	decimalForm  = regexp.MustCompile(`^[+-]?[0-9]{1,12}(\.[0-9]{1,18})?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

// read is a price as it is told; zero when there is none that can be read.
func (p priceRule) read(d *document) smsir.Money {
	amount, currency := strings.TrimSpace(p.amount.first(d)), strings.ToUpper(strings.TrimSpace(p.currency.first(d)))
	if !currencyForm.MatchString(currency) {
		return smsir.Money{}
	}
	return smsir.ParseMoney(amount, currency)
}
