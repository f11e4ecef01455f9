package sinch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
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

// event is what a call tells: a receipt or a reply.
type event struct {
	Type string `json:"type"`
	// of a receipt
	Batch      string `json:"batch_id"`
	Recipient  word   `json:"recipient"`
	Status     string `json:"status"`
	Code       word   `json:"code"`
	Reference  string `json:"client_reference"`
	At         string `json:"at"`
	OperatorAt string `json:"operator_status_at"`
	Operator   word   `json:"operator"` // where the account is set up for it
	// of a reply
	ID       string `json:"id"`
	From     word   `json:"from"`
	To       word   `json:"to"`
	Body     string `json:"body"`
	Received string `json:"received_at"`
}

// word is a number that comes with or without quotes, as it is written.
type word string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *word) UnmarshalJSON(b []byte) error {
	*w = word(strings.Trim(string(b), `"`))
	if *w == "null" {
		*w = ""
	}
	return nil
}

// Callback implements [smsir.CalledBack]: Sinch tells what became of a message (recipient_delivery_report_sms), or that
// somebody wrote to one of the numbers (mo_text). Reports of other kinds change nothing.
func (p *plan) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if r.Method != http.MethodPost || len(p.secrets) > 0 && !p.signed(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no report of Sinch's.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	switch e.Type {
	case "recipient_delivery_report_sms":
		if !idForm.MatchString(e.Batch) {
			return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
		}
		if receipt, ok := p.receipt(r, e); ok {
			out.Receipts = []smsir.Receipt{receipt}
		}
	case "mo_text":
		if !idForm.MatchString(e.ID) || e.From == "" || e.To == "" {
			return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
		}
		in := smsir.Inbound{Reference: e.ID, From: number(e.From), To: number(e.To), Text: e.Body, ReceivedAt: moment(e.Received), Raw: raw(r)}
		if in.ReceivedAt.IsZero() {
			in.ReceivedAt = p.now()
		}
		out.Inbound = []smsir.Inbound{in}
	}
	return out, nil
}

// signed reports whether a request bears a signature that one of the secrets makes: of the body, a nonce and the time,
// which is not older or newer than the window. Only HMAC-SHA256 counts.
// https://developers.sinch.com/docs/conversation/callbacks
func (p *plan) signed(r smsir.CallbackRequest) bool {
	one := func(name string) string {
		if values := r.Header[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	given, nonce, at := one("X-Sinch-Webhook-Signature"), one("X-Sinch-Webhook-Signature-Nonce"), one("X-Sinch-Webhook-Signature-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || nonce == "" || one("X-Sinch-Webhook-Signature-Algorithm") != "HmacSHA256" || p.now().Sub(time.Unix(seconds, 0)).Abs() > window {
		return false
	}
	fits := false
	for _, secret := range p.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(r.Body)
		mac.Write([]byte("." + nonce + "." + at))
		if hmac.Equal([]byte(given), []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))) {
			fits = true
		}
	}
	return fits
}

// codeExpired is the code of a message that expired before it left Sinch.
const codeExpired = "406"

// receipt reads what became of a message; false if it says nothing that we know.
func (p *plan) receipt(r smsir.CallbackRequest, e event) (smsir.Receipt, bool) {
	out := smsir.Receipt{
		Reference: e.Batch, To: number(e.Recipient), ArrivedAt: p.now(), DoneAt: moment(e.OperatorAt), Code: string(e.Code), Network: string(e.Operator), Raw: raw(r),
	}
	if id, err := smsir.ParseID(smsir.PrefixAttempt, e.Reference); err == nil {
		out.Attempt = id
	}
	if out.DoneAt.IsZero() {
		out.DoneAt = moment(e.At)
	}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	switch e.Status {
	case "Queued", "Dispatched", "Unknown":
		out.Status = smsir.Sent // "Unknown": the carrier never reported
	case "Delivered":
		out.Status = smsir.Delivered
	case "Aborted", "Rejected", "Failed", "Deleted", "Cancelled", "Canceled", "Expired":
		note, mapped := p.codes.Report(out.Code)
		out.Unmapped = !mapped && out.Code != ""
		out.Status = smsir.Undelivered
		if e.Status == "Expired" || out.Code == codeExpired {
			out.Status = smsir.Expired
		}
		// "Aborted" is Sinch's word for what never reached a carrier.
		out.NonSend = e.Status == "Aborted" && (note.Class == smsir.ClassRetry || note.Class == smsir.ClassThrottle)
		out.Error = &smsir.Failure{Class: note.Class, Code: strings.ToLower(e.Status), Text: note.Text, ProviderCode: out.Code, ProviderText: e.Status}
	default:
		return smsir.Receipt{}, false
	}
	return out, true
}

// number is an E.164 number as Sinch writes it, without the plus sign, with it; a short code or a name as it is.
func number(w word) string {
	if text := string(w); len(text) < 8 || strings.Trim(text, "0123456789") != "" {
		return text
	}
	return "+" + string(w)
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
