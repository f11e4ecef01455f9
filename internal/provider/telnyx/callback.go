package telnyx

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// window is how far the time of a signature may be from ours, either way.
const window = 5 * time.Minute

// event is what a call tells.
type event struct {
	Data struct {
		Type     string  `json:"event_type"`
		Occurred string  `json:"occurred_at"`
		Payload  payload `json:"payload"`
	} `json:"data"`
}

// payload is a message as an event tells of it.
type payload struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	From      struct {
		Number string `json:"phone_number"`
	} `json:"from"`
	To []struct {
		Number string `json:"phone_number"`
		Status string `json:"status"`
	} `json:"to"`
	Text      string          `json:"text"`
	Webhook   string          `json:"webhook_url"`
	Received  string          `json:"received_at"`
	Completed string          `json:"completed_at"`
	Cost      json.RawMessage `json:"cost"`
	Errors    []fault         `json:"errors"`
}

// Callback implements [smsir.CalledBack]: Telnyx tells what became of a message, or that somebody wrote to one of the
// account's numbers. Events of other kinds change nothing.
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if !a.signed(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no event of Telnyx's.")
	}
	p := e.Data.Payload
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	switch e.Data.Type {
	case "message.sent", "message.finalized":
		if !idForm.MatchString(p.ID) || len(p.To) != 1 {
			return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message, or not one recipient.")
		}
		if receipt, ok := a.receipt(r, e); ok {
			out.Receipts = []smsir.Receipt{receipt}
		}
	case "message.received":
		if !idForm.MatchString(p.ID) || p.From.Number == "" || len(p.To) == 0 || p.To[0].Number == "" {
			return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
		}
		in := smsir.Inbound{Reference: p.ID, From: p.From.Number, To: p.To[0].Number, Text: p.Text, ReceivedAt: moment(p.Received), Raw: raw(r)}
		if in.ReceivedAt.IsZero() {
			in.ReceivedAt = a.now()
		}
		out.Inbound = []smsir.Inbound{in}
	}
	return out, nil
}

// signed reports whether a request bears a signature of Telnyx's: of the time and the body, not older or newer than the
// window. It does not cover the address.
// https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
func (a *account) signed(r smsir.CallbackRequest) bool {
	given, at := r.Header["Telnyx-Signature-Ed25519"], r.Header["Telnyx-Timestamp"]
	if len(given) != 1 || len(at) != 1 {
		return false
	}
	seconds, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil || a.now().Sub(time.Unix(seconds, 0)).Abs() > window {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(given[0])
	if err != nil || len(signature) != ed25519.SignatureSize {
		return false
	}
	signed := append([]byte(at[0]+"|"), r.Body...)
	for _, key := range a.public {
		if ed25519.Verify(key, signed, signature) {
			return true
		}
	}
	return false
}

// receipt reads what became of a message; false if it says nothing that we know. Our attempt is taken from the address
// in the body, which is signed, and not from the one that was called.
func (a *account) receipt(r smsir.CallbackRequest, e event) (smsir.Receipt, bool) {
	p := e.Data.Payload
	out := smsir.Receipt{
		Reference: p.ID, Attempt: attemptOf(p.Webhook), To: p.To[0].Number, ArrivedAt: a.now(), DoneAt: moment(p.Completed), Raw: raw(r),
		Price: priceOf(p.Cost),
	}
	if out.DoneAt.IsZero() {
		out.DoneAt = moment(e.Data.Occurred)
	}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	var first fault
	if len(p.Errors) > 0 {
		first = p.Errors[0]
		out.Code = string(first.Code)
	}
	switch status := p.To[0].Status; status {
	case "queued", "sending", "sent", "delivery_unconfirmed":
		out.Status = smsir.Sent // "unconfirmed": the carrier never reported
	case "delivered":
		out.Status = smsir.Delivered
	case "sending_failed", "delivery_failed", "expired":
		note, mapped := a.meaning(first, a.codes.Report)
		out.Unmapped = !mapped && out.Code != ""
		out.Status = smsir.Undelivered
		if status == "expired" || out.Code == "40005" || out.Code == "40014" {
			out.Status = smsir.Expired
		}
		// "sending_failed" is Telnyx's word for what never left it; "delivery_failed" was refused further on.
		out.NonSend = status == "sending_failed" && out.Status == smsir.Undelivered && (note.Class == smsir.ClassRetry || note.Class == smsir.ClassThrottle)
		out.Error = &smsir.Failure{Class: note.Class, Code: status, Text: note.Text, ProviderCode: out.Code, ProviderText: first.words()}
	default:
		return smsir.Receipt{}, false
	}
	return out, true
}

// moment reads a time, the zero time when it is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// raw is a call as it came.
func raw(r smsir.CallbackRequest) string {
	return strings.ToValidUTF8(string(r.Body[:min(len(r.Body), maxRaw)]), "")
}
