package twilio

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
)

// Callback implements [smsir.CalledBack]: Twilio tells what became of a message (the parameter MessageStatus), or that
// somebody wrote to one of the account's numbers.
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	form, told, err := parameters(r)
	if err != nil || !a.signed(r, form) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	if sid := told.Get("AccountSid"); sid != "" && sid != a.sid {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The call is about another account.")
	}
	sid := told.Get("MessageSid")
	if sid == "" {
		sid = told.Get("SmsSid")
	}
	if !sidForm.MatchString(sid) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	if told.Get("MessageStatus") != "" {
		return a.receipt(r, told, sid), nil
	}
	if told.Get("From") == "" || told.Get("To") == "" {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
	}
	return smsir.CallbackAnswer{
		Inbound:     []smsir.Inbound{{Reference: sid, From: told.Get("From"), To: told.Get("To"), Text: told.Get("Body"), ReceivedAt: a.now(), Raw: raw(r)}},
		Status:      http.StatusOK,
		ContentType: "text/xml",
		Body:        []byte(`<?xml version="1.0" encoding="UTF-8"?><Response></Response>`), // no answer to the sender
	}, nil
}

// parameters reads what a request tells. form is what its signature covers besides the address: nil unless the body is
// a form.
func parameters(r smsir.CallbackRequest) (form, told url.Values, err error) {
	address, err := url.Parse(r.URL)
	if err != nil {
		return nil, nil, err
	}
	if r.Method == http.MethodGet {
		told, err = url.ParseQuery(address.RawQuery)
		return nil, told, err
	}
	kind, _, _ := mime.ParseMediaType(http.Header(r.Header).Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		form, err = url.ParseQuery(string(r.Body))
		return form, form, err
	}
	told = url.Values{}
	var fields map[string]string
	if json.Unmarshal(r.Body, &fields) == nil {
		for name, value := range fields {
			told.Set(name, value)
		}
	}
	return nil, told, nil // whether it was JSON shows after the signature
}

// receipt reads what became of a message. A status that says nothing new, or that we do not know, changes nothing.
func (a *account) receipt(r smsir.CallbackRequest, told url.Values, sid string) smsir.CallbackAnswer {
	out := smsir.Receipt{
		Reference: sid, Attempt: attemptOf(r.URL), To: told.Get("To"), ArrivedAt: a.now(), Code: told.Get("ErrorCode"), Raw: raw(r),
	}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	status := told.Get("MessageStatus")
	switch status {
	case "accepted", "scheduled", "queued", "sending", "sent", "partially_delivered":
		out.Status = smsir.Sent
	case "delivered", "read":
		out.Status = smsir.Delivered
	case "undelivered", "failed":
		note, mapped := a.codes.report(out.Code)
		out.Unmapped = !mapped && out.Code != ""
		out.Status = smsir.Undelivered
		if out.Code == strconv.Itoa(codeExpired) {
			out.Status = smsir.Expired
		}
		// "failed" is Twilio's word for what never left it; "undelivered" was refused further on.
		out.Fraud = note.Fraud
		out.NonSend = status == "failed" && (note.Class == smsir.ClassRetry || note.Class == smsir.ClassThrottle)
		out.Error = &smsir.Failure{Class: note.Class, Code: status, Text: note.Text, ProviderCode: out.Code, ProviderText: told.Get("ErrorMessage")}
	case "canceled":
		out.Status = smsir.Undelivered
		out.Error = &smsir.Failure{Class: smsir.ClassPermanent, Code: "canceled_at_provider", Text: "The message was canceled at Twilio.", ProviderCode: out.Code}
	default:
		return smsir.CallbackAnswer{}
	}
	return smsir.CallbackAnswer{Receipts: []smsir.Receipt{out}}
}

// attemptOf is our attempt in an address, 0 when it is not there. The signature covers it.
func attemptOf(address string) smsir.ID {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	id, err := smsir.ParseID(smsir.PrefixAttempt, u.Query().Get(attemptParameter))
	if err != nil {
		return 0
	}
	return id
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// raw is a call as it came, without the path, whose last part is a secret.
func raw(r smsir.CallbackRequest) string {
	text := string(r.Body)
	if r.Method == http.MethodGet {
		_, text, _ = strings.Cut(r.URL, "?")
	}
	return text[:min(len(text), maxRaw)]
}
