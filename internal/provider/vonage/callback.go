package vonage

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// Callback implements [smsir.CalledBack]. It reads the receipts and the replies of both APIs, whichever is set for
// sending: where replies go is a setting of the Vonage account.
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	params, h := read(r)
	if status, proved := a.proved(r, params, h); !proved {
		return smsir.CallbackAnswer{Status: status}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	told := smsir.CallbackAnswer{Status: http.StatusOK}
	var err error
	switch {
	case h != nil && h.Status != "":
		err = a.hookReceipt(r, h, &told)
	case h != nil:
		err = a.hookInbound(r, h, &told)
	case params.Get("messageId") == "":
		err = smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	case params.Get("status") != "":
		a.receipt(r, params, &told)
	default:
		err = a.inbound(r, params, &told)
	}
	if err != nil {
		return smsir.CallbackAnswer{}, err
	}
	return told, nil
}

// hook is a call of the Messages API.
type hook struct {
	UUID      string   `json:"message_uuid"`
	Channel   string   `json:"channel"`
	To        word     `json:"to"`
	From      word     `json:"from"`
	Timestamp string   `json:"timestamp"`
	Reference string   `json:"client_ref"`
	Status    string   `json:"status"`
	Error     *problem `json:"error"`
	Usage     struct {
		Currency string `json:"currency"`
		Price    word   `json:"price"`
	} `json:"usage"`
	Destination struct {
		Network word `json:"network_code"`
	} `json:"destination"`
	Text string `json:"text"`
}

// read reads a call: the parameters of the SMS API, or the object of the Messages API. What cannot be read is neither.
func read(r smsir.CallbackRequest) (url.Values, *hook) {
	if r.Method == http.MethodGet {
		address, err := url.Parse(r.URL)
		if err != nil {
			return nil, nil
		}
		params, err := url.ParseQuery(address.RawQuery)
		if err != nil {
			return nil, nil
		}
		return params, nil
	}
	kind, _, _ := mime.ParseMediaType(http.Header(r.Header).Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		params, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return nil, nil
		}
		return params, nil
	}
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	if dec.Decode(&fields) != nil {
		return nil, nil
	}
	if _, ok := fields["message_uuid"]; ok {
		var h hook
		if json.Unmarshal(r.Body, &h) != nil {
			return nil, nil
		}
		return nil, &h
	}
	params := url.Values{}
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			params.Set(name, v)
		case json.Number:
			params.Set(name, v.String())
		case bool:
			params.Set(name, map[bool]string{true: "true", false: "false"}[v])
		}
	}
	return params, nil
}

// proved reports whether a call comes from Vonage. status is what is answered if it does not, 0 for the usual.
func (a *account) proved(r smsir.CallbackRequest, params url.Values, h *hook) (status int, ok bool) {
	if !ours(a.key, params.Get("api-key")) {
		return 0, false
	}
	switch {
	case len(r.Header["Authorization"]) > 0:
		return 0, a.signedBody(r)
	case params.Has("sig"):
		return 0, a.signedParams(params)
	case a.proof == proofAddress:
		return 0, true
	case h != nil && len(a.signatures) > 0:
		// When signing fails at Vonage, it sends calls unsigned, and signed again only if it is told to come again.
		return http.StatusServiceUnavailable, false
	}
	return 0, false
}

// receipt reads what became of a part of a message of the SMS API. A status that says nothing new, or that we do not
// know, changes nothing.
func (a *account) receipt(r smsir.CallbackRequest, params url.Values, told *smsir.CallbackAnswer) {
	out := smsir.Receipt{
		Reference: params.Get("messageId"), Attempt: attemptOf(params.Get("client-ref")), To: recipient(params.Get("msisdn")),
		Part: true, ArrivedAt: a.now(), Code: params.Get("err-code"), Price: smsir.ParseMoney(params.Get("price"), currency), Network: params.Get("network-code"), Raw: raw(r),
	}
	out.DoneAt, _ = time.Parse("0601021504", params.Get("scts")) // in UTC, without seconds
	switch status := params.Get("status"); status {
	case "accepted", "buffered":
		out.Status = smsir.Sent
	case "delivered":
		out.Status = smsir.Delivered
	case "expired", "failed", "rejected":
		note, mapped := a.codes.receipt.Report(out.Code)
		out.Unmapped = !mapped && out.Code != "" && out.Code != codeDelivered
		out.Status = smsir.Undelivered
		if status == "expired" {
			out.Status = smsir.Expired
		}
		out.Error = &smsir.Failure{Class: note.Class, Code: status, Text: note.Text, ProviderCode: out.Code}
	default:
		return
	}
	told.Receipts = []smsir.Receipt{out}
}

// inbound reads a reply of the SMS API. One that came in several parts is told part by part: each is a call of its own,
// with concat-ref, concat-part and concat-total in what is kept of it.
func (a *account) inbound(r smsir.CallbackRequest, params url.Values, told *smsir.CallbackAnswer) error {
	if params.Get("msisdn") == "" || params.Get("to") == "" {
		return smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
	}
	told.Inbound = []smsir.Inbound{{
		Reference: params.Get("messageId"), From: number(params.Get("msisdn")), To: number(params.Get("to")), Text: params.Get("text"),
		ReceivedAt: a.now(), Raw: raw(r),
	}}
	return nil
}

// sms reports whether a call of the Messages API is about an SMS, and one that names a message. Those of other channels
// change nothing.
func (h *hook) sms() (bool, error) {
	if !uuidForm.MatchString(h.UUID) {
		return false, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	return h.Channel == "sms", nil
}

// hookReceipt reads what became of a message of the Messages API.
func (a *account) hookReceipt(r smsir.CallbackRequest, h *hook, told *smsir.CallbackAnswer) error {
	if ok, err := h.sms(); err != nil || !ok {
		return err
	}
	out := smsir.Receipt{
		Reference: h.UUID, Attempt: attemptOf(h.Reference), To: recipient(string(h.To)), ArrivedAt: a.now(),
		Price: smsir.ParseMoney(string(h.Usage.Price), h.Usage.Currency), Network: string(h.Destination.Network), Raw: raw(r),
	}
	out.DoneAt, _ = time.Parse(time.RFC3339, h.Timestamp)
	switch h.Status {
	case "submitted", "accepted":
		out.Status = smsir.Sent
	case "delivered", "read":
		out.Status = smsir.Delivered
	case "rejected", "undeliverable":
		var why problem
		if h.Error != nil {
			why = *h.Error
		}
		out.Code, out.Status = why.code(), smsir.Undelivered
		note, mapped := a.codes.messages.Report(out.Code)
		out.Unmapped = !mapped && out.Code != ""
		if out.Code == codeExpired {
			out.Status = smsir.Expired
		}
		out.Error = &smsir.Failure{Class: note.Class, Code: h.Status, Text: note.Text, ProviderCode: out.Code, ProviderText: why.words()}
	default:
		return nil
	}
	told.Receipts = []smsir.Receipt{out}
	return nil
}

// hookInbound reads a reply of the Messages API, which is whole.
func (a *account) hookInbound(r smsir.CallbackRequest, h *hook, told *smsir.CallbackAnswer) error {
	if ok, err := h.sms(); err != nil || !ok {
		return err
	}
	if h.From == "" || h.To == "" {
		return smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
	}
	told.Inbound = []smsir.Inbound{{Reference: h.UUID, From: number(string(h.From)), To: number(string(h.To)), Text: h.Text, ReceivedAt: a.now(), Raw: raw(r)}}
	return nil
}

// attemptOf is our attempt in a reference of ours, 0 when it is not there.
func attemptOf(reference string) smsir.ID {
	id, err := smsir.ParseID(smsir.PrefixAttempt, reference)
	if err != nil {
		return 0
	}
	return id
}

// recipient is the number of a receipt in E.164, "" when it is none.
func recipient(s string) string {
	if n := number(strings.TrimPrefix(s, "+")); strings.HasPrefix(n, "+") {
		return n
	}
	return ""
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// cut keeps whole characters only: not every database takes halves.
func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxRaw)], "") }

// raw is a call as it came, without the path, whose last part is a secret.
func raw(r smsir.CallbackRequest) string {
	text := string(r.Body)
	if r.Method == http.MethodGet {
		_, text, _ = strings.Cut(r.URL, "?")
	}
	return cut(text)
}
